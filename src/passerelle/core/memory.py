"""How a process that serves for years uses memory: its threads share what is free.

The C library of most Linux systems (glibc) keeps what was freed apart for each thread that had it (mallopt(3),
M_ARENA_MAX). A node moves files in pieces of a megabyte through a few threads, so this would cost it tens of megabytes.
"""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_CHOICES = (
    (_M_ARENA_MAX, 2),
    (_M_MMAP_THRESHOLD, 4 * 1024 * 1024),  # a piece is no block of its own: asking the system for each costs more
    (_M_TRIM_THRESHOLD, 8 * 1024 * 1024),  # so much is kept free; more is given back
)


def share() -> bool:
    """From now on threads share what is free. False where the system has no such choice."""
    try:
        choose = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return sum(bool(choose(what, value)) for what, value in _CHOICES) == len(_CHOICES)
