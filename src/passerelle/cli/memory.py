"""How a process that serves for years keeps its memory: what is freed goes back to the system.

Rules kept here: what is there at the start is looked through no more, so that collecting is cheap; large blocks come
from the system and go back to it, instead of staying in the heap of the thread that last had one. Elsewhere than on
Linux with glibc the second does nothing.
"""

import ctypes
import gc
from contextlib import suppress

_ARENA_MAX, _MMAP_THRESHOLD = -8, -3  # mallopt(3)
_ARENAS, _LARGE = 2, 512 * 1024


def settle() -> None:
    """To be called once, when everything is loaded and before threads are started."""
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)
    gc.collect()
    gc.freeze()
