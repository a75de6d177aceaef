#!/usr/bin/env python3
"""usage: measure.py OUTPUT COMMAND [ARG...]

Runs COMMAND, with its standard output in the file OUTPUT, and prints, parted by tabs: wall seconds by
the monotonic clock, CPU seconds (user and system, children included), peak memory in bytes (the largest
process; never less than this one's own ten megabytes). Exits as COMMAND did.
"""

import os
import sys
import time

output, *command = sys.argv[1:]
into_file = [(os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)]

started = time.monotonic()
process = os.posix_spawnp(command[0], command, os.environ, file_actions=into_file)
_, status, usage = os.wait4(process, 0)
elapsed = time.monotonic() - started

print(f"{elapsed:.6f}\t{usage.ru_utime + usage.ru_stime:.6f}\t{usage.ru_maxrss * 1024}")
code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
