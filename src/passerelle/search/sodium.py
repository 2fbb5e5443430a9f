"""The group ristretto255 of libsodium, by `rbcl`: with types, and by as many threads as there are processors.

The library lets go of the interpreter lock while it computes. It is loaded when one of its functions is first used:
then it unpacks libsodium into a file of the folder for temporary files, which therefore must allow programs to be run,
and leaves it there; here the file is taken away as soon as it is loaded.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from passerelle.search.processors import processors

_T = TypeVar("_T")
_One = Callable[[bytes], bytes]
_Two = Callable[[bytes, bytes], bytes]

is_element: Callable[[bytes], bool]
"""Whether 32 bytes are the canonical form of an element. The identity is one."""
from_hash: _One
"""The element that 64 uniform bytes stand for."""
add: _Two
"""The sum of two elements."""
times: _Two
"""The product of a scalar and an element. Raises RuntimeError when it is the identity, or the element is none."""
times_base: _One
"""The product of a scalar and the generator."""
reduced: _One
"""The scalar that 64 uniform bytes stand for."""
scalar_times: _Two
"""The product of two scalars."""
scalar_inverse: _One
"""The inverse of a scalar that is not zero."""

_IN_LIBRARY = {
    "is_element": "crypto_core_ristretto255_is_valid_point",
    "from_hash": "crypto_core_ristretto255_from_hash",
    "add": "crypto_core_ristretto255_add",
    "times": "crypto_scalarmult_ristretto255",
    "times_base": "crypto_scalarmult_ristretto255_base_allow_scalar_zero",
    "reduced": "crypto_core_ristretto255_scalar_reduce",
    "scalar_times": "crypto_core_ristretto255_scalar_mul",
    "scalar_inverse": "crypto_core_ristretto255_scalar_invert",
}

_WORTH = 128  # elements that are worth a thread


def __getattr__(name: str) -> Any:
    """Load the library when one of its functions is first used."""
    if name not in _IN_LIBRARY:
        raise AttributeError(name)
    import rbcl

    if sys.platform == "linux":
        Path(rbcl._sodium._name).unlink(missing_ok=True)
    globals().update({own: getattr(rbcl, there) for own, there in _IN_LIBRARY.items()})
    return globals()[name]


def spread(work: Callable[[int, int], _T], count: int) -> list[_T]:
    """What `work(start, end)` gives for ranges that make up 0 to `count`, in order; more than one by threads."""
    threads = max(1, min(processors(), count // _WORTH))
    ends = [count * place // threads for place in range(threads + 1)]
    if threads == 1:
        return [work(0, count)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, ends[:-1], ends[1:]))
