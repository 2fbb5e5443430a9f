"""Processes that compute for a node: how many may be, and that none outlives it."""

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing.connection import wait


def processors() -> int:
    """How many processors this process may use, at least one."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def began() -> None:
    """Of a process that was started to compute: whatever ends who started it ends it, and nothing else."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(1)
