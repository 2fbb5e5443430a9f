"""Names prepared for comparison: a table of tokens, and persons as runs of names, names as runs of tokens.

Rules kept here:
- a token stands in the table once, whatever number of names has it: a list of a million persons has some hundred
  thousand tokens;
- everything is numpy arrays of fixed kinds, so a block can lie in a file and be mapped into memory;
- a name that cannot be read is an empty name, which nothing is like; who must know asks `reading.read`.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from passerelle.names.reading import INITIAL, MOST_TOKENS, NAME, PARTICLE, PATRONYMIC, TITLE, NameReadError, Token, read
from passerelle.names.symbols import LONGEST, coded
from passerelle.names.weights import Weights, weights

Array = npt.NDArray[Any]
_KINDS = {NAME: 0, PARTICLE: 1, TITLE: 2, INITIAL: 3, PATRONYMIC: 4}
Key = tuple[tuple[str, ...], str, bool]
"""Readings, kind, whether in Arabic script: عبد الله and Abdallah have the same readings."""


@lru_cache(maxsize=4_096)  # one name after the other is asked for by whoever prepares, explains, makes keys
def readable(text: str) -> tuple[Token, ...]:
    """The tokens of a name; none when it cannot be read. A name of nothing but particles and titles is one of names,
    and so is one of a single letter.
    """
    try:
        tokens = read(text)
    except NameReadError:
        return ()
    if len(tokens) == 1 or all(token.kind in {PARTICLE, TITLE} for token in tokens):
        return tuple(Token(token.written, token.readings, NAME, token.arabic, token.family) for token in tokens)
    return tokens


class Tokens:
    """A table of tokens that grows; `arrays` gives it as the loops take it."""

    def __init__(self, known: Weights | None = None) -> None:
        self._weights = known or weights()
        self._numbers: dict[Key, int] = {}
        self._listed: list[Key] = []
        self._arrays: tuple[Array, ...] | None = None

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, token: Token) -> int:
        """The number of a token, from 0."""
        key = (token.readings, token.kind, token.arabic)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._numbers)
            self._arrays = None
        return found

    def keys(self) -> Iterable[Key]:
        """The key of each token, in order."""
        return self._numbers

    def key(self, number: int) -> Key:
        """The key of a token."""
        if len(self._listed) != len(self._numbers):
            self._listed = list(self._numbers)
        return self._listed[number]

    def arrays(self) -> tuple[Array, ...]:
        """The arrays of `kernel`: codes, lengths, said, expected, card."""
        if self._arrays is None:
            known, size = self._weights, len(self._numbers)
            codes = np.zeros((size, 2, LONGEST), np.uint8)
            lengths = np.zeros((size, 2), np.uint8)
            said = np.zeros(size, np.float32)
            kinds, script = np.zeros(size, np.int64), np.zeros(size, np.int64)
            for place, (readings, kind, arabic) in enumerate(self._numbers):
                kinds[place], script[place] = _KINDS[kind], arabic
                for r, reading in enumerate(readings):
                    code = coded(reading)
                    codes[place, r, : len(code)] = np.frombuffer(code, np.uint8)
                    lengths[place, r] = len(code)
                said[place] = known.said(coded(readings[-1]), kind)
            own = known.own(codes)
            count = np.bitwise_count(own).astype(np.int64)
            card = known.mask(codes) | own << 20 | np.minimum(count, 15) << 40 | kinds << 44 | script << 47
            self._arrays = (
                codes.reshape(2 * size, LONGEST),
                lengths,
                said,
                known.expected(codes, lengths, script),
                card,
            )
        return self._arrays


class Block:
    """Persons by their names, prepared: person `p` has the names `persons[p]` to `persons[p + 1]`, name `n` the tokens
    `flat[starts[n]:starts[n + 1]]`.
    """

    def __init__(self, names: Iterable[Sequence[str]], *, tokens: Tokens | None = None) -> None:
        """Reads the names of each person, in order."""
        self.tokens = Tokens() if tokens is None else tokens
        flat: list[int] = []
        starts, persons = [0], [0]
        number = self.tokens.number
        for texts in names:
            for text in texts:
                flat.extend(map(number, readable(text)[:MOST_TOKENS]))
                starts.append(len(flat))
            persons.append(len(starts) - 1)
        self.flat = np.array(flat, np.int32)
        self.starts = np.array(starts, np.int64)
        self.persons = np.array(persons, np.int64)

    def __len__(self) -> int:
        return len(self.persons) - 1

    def table(self) -> tuple[Array, ...]:
        """The token table as the loops take it."""
        return self.tokens.arrays()
