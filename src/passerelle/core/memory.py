"""How a process that serves for years uses memory: what is freed goes back to the system.

The C library of most Linux systems (glibc) keeps freed megabytes for each thread that once had them, and by default gets
so used to large blocks that it no longer gives them back (mallopt(3), M_MMAP_THRESHOLD). A node moves files in pieces of
a megabyte through a few threads, so this would cost it tens of megabytes for nothing.
"""

import ctypes

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE = 256 * 1024
_ARENAS = 2


def give_back() -> bool:
    """From now on large blocks are given back when they are freed. False where the system has no such choice."""
    try:
        choose = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(choose(_M_MMAP_THRESHOLD, _LARGE)) and bool(choose(_M_ARENA_MAX, _ARENAS))
