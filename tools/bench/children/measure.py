"""Runs a program and reports what it took, as the kernel counted it: wait4 tells the time and the memory of a process and
of the children that it waited for, to the microsecond, and adds nothing to them.

usage: measure.py REPORT STDOUT PROGRAM [ARGUMENT ...]
"""

import json
import os
import sys
import time


def own_peak():
    """The most memory that this program had: its getrusage also counts what the one had that started it."""
    with open("/proc/self/status", encoding="ascii") as file:
        lines = dict(line.split(":", 1) for line in file)
    return int(lines["VmHWM"].split()[0]) * 1024


report, stdout, program, *arguments = sys.argv[1:]
output = os.open(stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
actions = [(os.POSIX_SPAWN_DUP2, output, 1)]

started = time.monotonic()
child = os.posix_spawn(program, [program, *arguments], os.environ, file_actions=actions)
_, status, usage = os.wait4(child, 0)
wall = time.monotonic() - started

with open(report, "w", encoding="utf8") as file:
    json.dump(
        {
            "code": os.waitstatus_to_exitcode(status),
            "wallSeconds": wall,
            "cpuSeconds": usage.ru_utime + usage.ru_stime,
            "peakBytes": usage.ru_maxrss * 1024,
            # A process starts with the memory of the one that starts it, so a smaller peak cannot be seen.
            "leastPeakBytes": own_peak(),
        },
        file,
    )
