"""Works until SIGINT asks it to stop."""

import signal
import threading

stop = threading.Event()
signal.signal(signal.SIGINT, lambda signum, frame: stop.set())
print("Working...", flush=True)
stop.wait()
print("SIGINT asked to stop")
print("Program exited safely", flush=True)
