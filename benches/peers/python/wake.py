"""Waits for SIGINT as CPython does it, and writes the time at which its handler ran."""

import os
import signal
import socket
import time

came = []


def handler(signum, frame):
    came.append(time.clock_gettime_ns(time.CLOCK_MONOTONIC))


signal.signal(signal.SIGINT, handler)
# The descriptor that it waits on, so that no signal is missed between a look and the wait.
reader, writer = socket.socketpair()
writer.setblocking(False)
signal.set_wakeup_fd(writer.fileno())
os.write(1, (0).to_bytes(8, "little"))
while True:
    while not came:
        reader.recv(1)
    os.write(1, came.pop(0).to_bytes(8, "little"))
