"""How many processors this process may use."""

import os
import sys


def processors() -> int:
    """At least one."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
