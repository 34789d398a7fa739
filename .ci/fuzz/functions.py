"""Which functions of some source files a program reaches: run by gdb's Python.

gdb -batch -x functions.py --args PROGRAM ARGUMENT…, with the files in $FILES and the program's
symbols, as nm prints them, in $SYMBOLS. The program has fixed addresses. Each function gets a
breakpoint that goes away when it is hit; a generic one is reached when one instance is.

What a child of fork(2) reaches counts, too, for the inputs of target $TARGET in $FORKING: each is
run once more, and its first child is watched instead of it.
"""

import os

import gdb

for setting in ("pagination off", "confirm off", "print thread-events off", "style enabled off"):
    gdb.execute("set " + setting)
gdb.execute("handle all nostop noprint pass", to_string=True)
gdb.execute("handle SIGTRAP stop nopass", to_string=True)

files = os.environ["FILES"].split()
functions = {}
with open(os.environ["SYMBOLS"]) as symbols:
    for line in symbols:
        address, kind, name = line.split(maxsplit=2)
        if kind not in "tTwW":
            continue
        place = gdb.find_pc_line(int(address, 16))
        file = place.symtab.fullname() if place.symtab else ""
        if any(file.endswith("/" + of) for of in files):
            breakpoint = gdb.Breakpoint("*0x" + address)
            breakpoint.silent = True
            short = file[file.rindex("src/") :]
            functions[breakpoint.number] = f"{short}:{place.line}"

reached = set()


def stopped(event):
    for breakpoint in getattr(event, "breakpoints", ()):
        reached.add(functions.get(breakpoint.number))
        breakpoint.enabled = False


def run():
    gdb.execute("run", to_string=True)
    while gdb.selected_inferior().pid:
        gdb.execute("continue", to_string=True)


gdb.events.stop.connect(stopped)
run()
for path in os.environ["FORKING"].split():
    gdb.execute("set follow-fork-mode child")
    gdb.execute(f"set args {os.environ['TARGET']} {path}")
    run()

places = set(functions.values())
print(f"functions: {len(places)}, reached: {len(places & reached)}")
for place in sorted(places - reached):
    file, line = place.split(":")
    print(f"not reached: {file}: {open(file).readlines()[int(line) - 1].strip()}")
