#!/usr/bin/python3
"""Run a program and note the most memory that it had at once.

    peak_memory.py DIRECTORY PROGRAM ARGUMENT...

The peak, in bytes, goes to DIRECTORY/RANK, RANK being Open MPI's.
"""
import os
import resource
import subprocess
import sys

if len(sys.argv) < 3:
    print(__doc__, end="", file=sys.stderr)
    sys.exit(2)
status = subprocess.call(sys.argv[2:])
peak = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
with open(os.path.join(sys.argv[1], os.environ.get("OMPI_COMM_WORLD_RANK", "0")), "w") as file:
    print(peak, file=file)
sys.exit(status if status >= 0 else 128 - status)
