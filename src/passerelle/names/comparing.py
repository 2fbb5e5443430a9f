"""Comparing the names of two persons, and saying in words what they have in common.

Rules kept here:
- of two persons the best pair of names counts: a person has aliases, and one true one is enough to look;
- the score ranks. It is a number in (0, 1) that grows with the evidence; one half is where, among look-alikes of
  published lists, true and false matches are told apart best. It is no probability that two persons are one: it knows
  nothing but names, and the same name is borne by many. Nothing is decided by it;
- `explained` pairs the tokens once more and says of each pair why, in the reader's language; particles and titles
  weigh little and are told like any part. Order is not told: both names are shown as they were written.
"""

from collections.abc import Iterable, Sequence
from math import exp
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from passerelle.core.words import _
from passerelle.names import kernel
from passerelle.names.block import Block, readable
from passerelle.names.reading import INITIAL, MOST_TOKENS, Token
from passerelle.names.script import scripts, visible
from passerelle.names.skeleton import of_text
from passerelle.names.weights import weights

Scores = npt.NDArray[np.float64]
_NONE = np.zeros((0, kernel.FEATURES))
_NOTHING = -700.0
"""Log-odds below which there was nothing to compare."""


class NameSet:
    """The names of one person, prepared. `texts`: as given."""

    __slots__ = ("block", "texts")

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = tuple(texts)
        self.block = Block([self.texts])


def prepared(texts: Iterable[str]) -> NameSet:
    """The names of one person, read once for many comparisons. What cannot be read is like nothing."""
    return NameSet(texts)


def odds(one: Block, rows: Sequence[int] | Any, other: Block, columns: Sequence[int] | Any) -> Scores:
    """Scores (n,) of pairs of persons, as log-odds: person `rows[k]` of one block with `columns[k]` of the other."""
    known = weights()
    left, right = np.asarray(rows, np.int64), np.asarray(columns, np.int64)
    scores = np.empty(len(left), np.float64)
    kernel.many(
        one.table(), one.flat, one.starts, one.persons, left,
        other.table(), other.flat, other.starts, other.persons, right,
        known.ratios, known.inner, known.factors, kernel.space(), scores, _NONE,
    )  # fmt: skip
    return scores


def scored(values: Any) -> Any:
    """Log-odds as numbers in (0, 1); of those without any readable name 0."""
    return np.where(values > _NOTHING, 1.0 / (1.0 + np.exp(-np.maximum(values, _NOTHING))), 0.0)


def compare(one: NameSet, other: NameSet) -> float:
    """How close the names of two persons are, in [0, 1), higher is closer; 0 when one has no readable name."""
    value = float(odds(one.block, [0], other.block, [0])[0])
    return 1.0 / (1.0 + exp(-value)) if value > _NOTHING else 0.0


def compare_many(one: NameSet, others: Sequence[NameSet] | Block) -> Scores:
    """`compare` with each of many persons, (n,). A block (`Block(names of each person)`) is far quicker than a list."""
    if isinstance(others, Block):
        found: Scores = scored(odds(one.block, np.zeros(len(others), np.int64), others, np.arange(len(others))))
        return found
    return np.array([compare(one, other) for other in others], np.float64)


class Part(msgspec.Struct, frozen=True):
    """What two names have in common at one place, or one has alone.

    `kind`: same | skeleton | alike | near | initial | joined, or left | right: only in the first, only in the second.
    `fit`: share of the evidence that two true spellings would give, 0 to 1.
    """

    kind: str
    left: str
    right: str
    fit: float = 0.0

    def sentence(self) -> str:
        """The part in words, in the language in use."""
        match self.kind:
            case "same":
                return _("{left} = {right}: written alike", left=self.left, right=self.right)
            case "skeleton":
                return _("{left} ~ {right}: same skeleton", left=self.left, right=self.right)
            case "alike":
                return _("{left} ~ {right}: spellings of one name", left=self.left, right=self.right)
            case "near":
                return _("{left} ~ {right}: perhaps spellings of one name", left=self.left, right=self.right)
            case "initial":
                return _("{left} ~ {right}: same initial", left=self.left, right=self.right)
            case "joined":
                return _("{left} ~ {right}: joined on one side", left=self.left, right=self.right)
            case "left":
                return _("{left}: only in the first name", left=self.left)
        return _("{right}: only in the second name", right=self.right)


class Comparison(msgspec.Struct, frozen=True):
    """Two persons' names: the score in [0, 1), the two texts that are closest, their parts. Empty texts: none is
    readable.
    """

    score: float
    left: str
    right: str
    parts: tuple[Part, ...]

    def sentences(self) -> list[str]:
        """The parts in words, in the language in use; and what is odd in how the names are written."""
        words = dict.fromkeys(word for text in (self.left, self.right) for word in visible(text).split())
        mixed = [
            _("{word}: letters of several scripts in one word", word=word) for word in words if len(scripts(word)) > 1
        ]
        return [part.sentence() for part in self.parts] + mixed


def explained(one: NameSet, other: NameSet) -> Comparison:
    """`compare`, and why."""
    known = weights()
    left, right = one.block, other.block
    room = kernel.space()
    value, i, j = kernel.best_names(
        left.table(), left.flat, left.starts, 0, len(one.texts),
        right.table(), right.flat, right.starts, 0, len(other.texts),
        known.ratios, known.inner, known.factors, room,
    )  # fmt: skip
    if i < 0:
        return Comparison(0.0, "", "", ())
    a, b = left.flat[left.starts[i] : left.starts[i + 1]], right.flat[right.starts[j] : right.starts[j + 1]]
    count = kernel.pair(left.table(), a, 0, len(a), right.table(), b, 0, len(b), known.ratios, known.inner, room)
    texts = one.texts[i], other.texts[j]
    return Comparison(1.0 / (1.0 + exp(-value)), *texts, tuple(_parts(left, right, a, b, texts, room[2][:count])))


def _parts(left: Block, right: Block, a: Any, b: Any, texts: tuple[str, str], pairs: Any) -> Iterable[Part]:
    lefts, rights = readable(texts[0])[:MOST_TOKENS], readable(texts[1])[:MOST_TOKENS]
    used: tuple[set[int], set[int]] = set(), set()
    row = kernel.space()[7]
    for i, j in pairs.tolist():
        one, others = _at(lefts, i), _at(rights, j)
        used[0].update(place % kernel.MOST + step for place in (i,) for step in range(len(one)))
        used[1].update(place % kernel.MOST + step for place in (j,) for step in range(len(others)))
        written = " ".join(token.written for token in one), " ".join(token.written for token in others)
        if len(one) + len(others) > 2:
            yield Part("joined", *written)
            continue
        evidence = kernel.tokens(left.table(), a[i], right.table(), b[j], weights().ratios, row)
        fit = float(kernel.share(left.table(), a[i], right.table(), b[j], evidence))
        yield Part(_kind(one[0], others[0], fit), *written, round(fit, 3))
    for place, token in enumerate(lefts):
        if place not in used[0]:
            yield Part("left", token.written, "")
    for place, token in enumerate(rights):
        if place not in used[1]:
            yield Part("right", "", token.written)


def _at(tokens: Sequence[Token], place: int) -> Sequence[Token]:
    return tokens[place : place + 1] if place < kernel.MOST else tokens[place - kernel.MOST : place - kernel.MOST + 2]


def _kind(one: Token, other: Token, fit: float) -> str:
    if INITIAL in {one.kind, other.kind}:
        return "initial"
    if one.written.casefold() == other.written.casefold():
        return "same"
    if set(map(of_text, one.readings)) & set(map(of_text, other.readings)):
        return "skeleton"
    return "alike" if fit >= 0.6 else "near"
