"""Compiling a loop with numba: once a machine, kept beside the module or in the user's cache folder where that can be.

Where neither can be written to (a service without a home, a read-only system), the loops are compiled at every start.

The loops allocate nothing: memory is given to them by who calls. So numba need not count who uses an array (`_nrt`),
which would take most of the time of such short calls.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., Any])


_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(loop: Loop) -> Loop:
    """The loop, compiled at its first call."""
    make: Any = njit
    try:
        made: Loop = make(cache=True, **_OPTIONS)(loop)
    except RuntimeError:  # numba finds no folder that it may write to
        made = make(**_OPTIONS)(loop)
    return made
