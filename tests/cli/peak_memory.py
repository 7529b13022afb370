#!/usr/bin/python3
"""Run a program and note the most memory that it had at once.

    peak_memory.py DIRECTORY PROGRAM ARGUMENT...

The peak, in bytes, goes to DIRECTORY/RANK, RANK being Open MPI's. It is the resident set size, looked
at every few milliseconds; of shared memory, a page counts in part for each process that uses it.
"""
import os
import re
import subprocess
import sys
import time

if len(sys.argv) < 3:
    print(__doc__, end="", file=sys.stderr)
    sys.exit(2)


def kilobytes(path, fields):
    with open(path, encoding="ascii") as file:
        text = file.read()
    return sum(int(re.search(rf"^{field}:\s+(\d+) kB", text, re.M).group(1)) for field in fields)


def memory_of(pid):
    try:
        return 1024 * (kilobytes(f"/proc/{pid}/status", ("RssAnon", "RssFile")) +
                       kilobytes(f"/proc/{pid}/smaps_rollup", ("Pss_Shmem",)))
    except (OSError, AttributeError):
        return 0  # it has just ended


process = subprocess.Popen(sys.argv[2:])
peak = 0
while process.poll() is None:
    peak = max(peak, memory_of(process.pid))
    time.sleep(0.005)
with open(os.path.join(sys.argv[1], os.environ.get("OMPI_COMM_WORLD_RANK", "0")), "w") as file:
    print(peak, file=file)
sys.exit(process.returncode if process.returncode >= 0 else 128 - process.returncode)
