"""Compiling a loop with numba: once a machine, kept beside the module or in the user's cache folder where that can be.

Rules kept here:
- what is kept is code that is run: a folder that everybody may write to is not used;
- what is kept may go or be damaged at any time: then it is compiled anew, and nobody is told.

Where nothing can be kept (a service without a home, a read-only system), the loops are compiled at every start, which
takes some ten seconds; NUMBA_CACHE_DIR names a folder for them.

The loops allocate nothing: memory is given to them by who calls. So numba need not count who uses an array (`_nrt`),
which would take most of the time of such short calls.
"""

import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from numba import njit
from numba.core.caching import FunctionCache

Loop = TypeVar("Loop", bound=Callable[..., Any])


_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


_Cache: Any = FunctionCache


class _Kept(_Cache):  # type: ignore[misc]
    """What was compiled of one loop. Nothing that goes wrong with it matters."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # of a damaged pickle anything may come
            with suppress(OSError):
                self.flush()
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        with suppress(OSError):  # the disk is full
            super().save_overload(sig, data)


def private(folder: Path) -> bool:
    """Whether not everybody may write to a folder."""
    return not folder.stat().st_mode & stat.S_IWOTH


def compiled(loop: Loop) -> Loop:
    """The loop, compiled at its first call."""
    made: Any = njit(**_OPTIONS)(loop)
    with suppress(RuntimeError, OSError):  # numba finds no folder that it may write to
        kept: Any = _Kept(loop)
        if private(Path(kept.cache_path)):
            made._cache = kept
    done: Loop = made
    return done
