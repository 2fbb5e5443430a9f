"""Prepared names as bytes that stand for themselves: for tables that pass from one process or machine to another.

Rules kept here:
- a person is a run of token records of one size, so a column of persons is read as arrays without a loop in Python;
- what the comparison looks at is all there: neither texts nor a table of tokens are needed to compare, and what comes
  out is the number that `compare` gives, to nine digits: the last bits of an exponential are the processor's affair,
  and nothing is to depend on which one it was;
- the bytes hold for one version of the tables (`weights.json`) and one order of bytes; they are for the time of a job,
  not for keeping.
"""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from passerelle.names.block import Block
from passerelle.names.comparing import Scores, odds, scored

Array = npt.NDArray[Any]
_DIGITS = 9


@cache
def _shapes() -> tuple[tuple[Any, tuple[int, ...]], ...]:
    """What the comparison looks at in a token: kind and shape of each column of a token table, in its order."""
    return tuple((one.dtype, one.shape) for one in Block([("a",)]).table())  # a table of one token


@cache
def _record() -> Any:
    """A token's record: the number of its name, and its part of each column."""
    return np.dtype([("name", "i4"), *((str(at), *column) for at, column in enumerate(_shapes()))])


def packed(block: Block) -> list[bytes]:
    """The names of each person of a block as bytes; empty where none can be read."""
    if not len(block.flat):
        return [b""] * len(block)
    records = np.empty(len(block.flat), _record())
    for at, column in enumerate(block.table()):
        records[str(at)] = column.reshape(len(block.tokens), *_shapes()[at][1])[block.flat]
    sizes = np.diff(block.starts)
    records["name"] = np.repeat(np.arange(len(sizes)), sizes)
    ends = block.starts[block.persons]
    return [records[first:last].tobytes() for first, last in pairwise(ends)]


class Packed(Block):
    """A column of persons as a block. `data` (uint8): their bytes in a row; `ends` (n + 1): where each of them ends."""

    def __init__(self, data: Array, ends: Array) -> None:
        records = data[ends[0] : ends[-1]].view(_record())
        tokens = (ends - ends[0]) // _record().itemsize
        self._table = tuple(
            np.ascontiguousarray(records[str(at)]).reshape(-1, *shape[1:]) for at, (_, shape) in enumerate(_shapes())
        )
        self.flat = np.arange(len(records), dtype=np.int32)
        begins = np.ones(len(records) + 1, bool)
        begins[1:-1] = records["name"][1:] != records["name"][:-1]
        begins[tokens] = True
        self.starts = np.flatnonzero(begins).astype(np.int64)
        self.persons = np.searchsorted(self.starts, tokens).astype(np.int64)

    def table(self) -> tuple[Array, ...]:
        return self._table


def compared(one: Packed, other: Packed) -> Scores:
    """How close the persons of each row are, as `compare` has it. Both have the same number of rows."""
    rows = np.arange(len(one))
    scores: Scores = np.round(scored(odds(one, rows, other, rows)), _DIGITS)
    return scores
