"""The group ristretto255 of libsodium, by `rbcl`: with types, and by as many threads as there are processors.

The library lets go of the interpreter lock while it computes. When it is loaded it unpacks libsodium into a file of the
folder for temporary files, which therefore must allow programs to be run, and leaves it there; here the file is taken
away as soon as it is loaded.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import rbcl

from passerelle.search.processors import processors

if sys.platform == "linux":
    Path(rbcl._sodium._name).unlink(missing_ok=True)

_T = TypeVar("_T")
_One = Callable[[bytes], bytes]
_Two = Callable[[bytes, bytes], bytes]

is_element: Callable[[bytes], bool] = rbcl.crypto_core_ristretto255_is_valid_point
"""Whether 32 bytes are the canonical form of an element. The identity is one."""
from_hash: _One = rbcl.crypto_core_ristretto255_from_hash
"""The element that 64 uniform bytes stand for."""
add: _Two = rbcl.crypto_core_ristretto255_add
"""The sum of two elements."""
times: _Two = rbcl.crypto_scalarmult_ristretto255
"""The product of a scalar and an element. Raises RuntimeError when it is the identity, or the element is none."""
times_base: _One = rbcl.crypto_scalarmult_ristretto255_base_allow_scalar_zero
"""The product of a scalar and the generator."""
reduced: _One = rbcl.crypto_core_ristretto255_scalar_reduce
"""The scalar that 64 uniform bytes stand for."""
scalar_times: _Two = rbcl.crypto_core_ristretto255_scalar_mul
"""The product of two scalars."""
scalar_inverse: _One = rbcl.crypto_core_ristretto255_scalar_invert
"""The inverse of a scalar that is not zero."""

_WORTH = 128  # elements that are worth a thread


def spread(work: Callable[[int, int], _T], count: int) -> list[_T]:
    """What `work(start, end)` gives for ranges that make up 0 to `count`, in order; more than one by threads."""
    threads = max(1, min(processors(), count // _WORTH))
    ends = [count * place // threads for place in range(threads + 1)]
    if threads == 1:
        return [work(0, count)]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, ends[:-1], ends[1:]))
