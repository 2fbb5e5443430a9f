"""What the comparison has learned: small tables, with where they come from.

`data/weights.json` is written by `tools/names/train.py` from public name data and holds no name: for each pair of
scripts how much more often two symbols stand for each other than by chance (log-likelihood ratios, in hundredths of a
nat), how frequent the most frequent skeletons are, and the factors that make one number of what two names have in
common. Its `provenance` says which data, how many, and how the factors were chosen.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from passerelle.names.kernel import FEATURES
from passerelle.names.reading import INITIAL, PARTICLE, PATRONYMIC, TITLE
from passerelle.names.skeleton import masks, primary, skeleton
from passerelle.names.symbols import SYMBOLS

Array = npt.NDArray[Any]
_PAIRS = ("latin-latin", "latin-arabic", "arabic-arabic")
_SAID = {PARTICLE: 0.7, TITLE: 0.3, INITIAL: 0.5}
"""What particles, titles and initials say, in nats: little, and the same for all."""
_PATRONYMIC = 3.0
"""What a patronymic says at most: it is often left out."""


@dataclass(frozen=True)
class Weights:
    """`ratios` (5, symbols, symbols) float32: evidence in nats, by 2 * script + script, row and column 0 for gaps;
    last, 1 where a token that begins with one symbol may have the initial of another.
    `likely` (4, symbols) float32: evidence that a symbol gives on average when it is truly spelled. `rare`: what a
    skeleton says that is in none of the `frequent`, in nats. `factors`: of the features and the constant, log-odds.
    """

    ratios: Array
    likely: Array
    frequent: Mapping[str, float]
    rare: float
    factors: Array
    provenance: Mapping[str, Any]
    inner: Array
    _masks: Array
    _primary: Array

    def said(self, code: bytes, kind: str) -> float:
        """What it says, in nats, that two persons share this token: the less frequent, the more."""
        if kind in _SAID:
            return _SAID[kind]
        found = self.frequent.get(skeleton(code), self.rare)
        return min(found, _PATRONYMIC) if kind == PATRONYMIC else found

    def expected(self, codes: Array, lengths: Array, script: Array) -> Array:
        """(n, 2) float32: evidence that a true spelling gives in Latin and in Arabic script; at least 1."""
        found = np.empty((len(codes), 2), np.float32)
        for other in (0, 1):
            each = self.likely[2 * script + other]  # (n, symbols)
            sums = np.stack(
                [np.take_along_axis(each, codes[:, r].astype(np.int64), axis=1).sum(axis=1) for r in (0, 1)], axis=1
            )
            sums[lengths == 0] = np.inf
            found[:, other] = np.maximum(1.0, sums.min(axis=1))
        return found

    def mask(self, codes: Array) -> Array:
        """(n,) int64: the consonant classes that a token may have, as bits."""
        found: Array = np.bitwise_or.reduce(self._masks[codes], axis=(1, 2))
        return found

    def own(self, codes: Array) -> Array:
        """(n,) int64: the consonant classes of a token's first reading, as bits."""
        found: Array = np.bitwise_or.reduce(self._primary[codes[:, 0]], axis=1)
        return found


def made(
    ratios: Array,
    likely: Array,
    frequent: Mapping[str, float],
    rare: float,
    factors: Array,
    provenance: Mapping[str, Any],
) -> Weights:
    """Weights of these tables."""
    inner = np.arange(len(SYMBOLS), dtype=np.uint8)
    numbers = {symbol: place for place, symbol in enumerate(SYMBOLS)}
    for place, symbol in enumerate(SYMBOLS):
        inner[place] = numbers.get(symbol.strip("^$"), place)
    return Weights(
        np.concatenate([ratios, _initials(ratios)[None]]),
        likely,
        frequent,
        rare,
        factors,
        provenance,
        inner,
        masks(),
        primary(),
    )


def _initials(ratios: Array) -> Array:
    """(symbols, symbols) float32: 1 where two symbols begin with one letter, or with letters that stand for each
    other.
    """
    numbers = {symbol: place for place, symbol in enumerate(SYMBOLS)}
    begin = ["a" if symbol == "B" else symbol.strip("^$")[:1] for symbol in SYMBOLS]
    forms = [[numbers[form] for form in (letter, f"^{letter}") if letter and form in numbers] for letter in begin]
    found = np.zeros((len(SYMBOLS), len(SYMBOLS)), np.float32)
    for i, one in enumerate(forms):
        for j, other in enumerate(forms):
            if one and other:
                found[i, j] = begin[i] == begin[j] or ratios[1:3][:, one][:, :, other].max() > 1
    return found


def unpacked(data: Mapping[str, Any]) -> Weights:
    """The weights of the file's content. Raises ValueError when it was written for other symbols."""
    if data["symbols"] != list(SYMBOLS):
        raise ValueError("weights: expected tables for the symbols of this version; train them anew")
    size = len(SYMBOLS)
    three = {name: np.zeros((size, size), np.float32) for name in _PAIRS}
    means = {name: np.zeros((2, size), np.float32) for name in _PAIRS}
    for name in _PAIRS:
        three[name][:] = data["floor"] / 100
        for row, columns in data["ratios"][name].items():
            for column, value in columns.items():
                three[name][int(row), int(column)] = value / 100
        three[name][0, 0] = 0
        means[name][:] = np.array(data["likely"][name], np.float32) / 100
    latin, mixed, arabic = (three[name] for name in _PAIRS)
    ratios = np.stack([latin, mixed, mixed.T.copy(), arabic])
    likely = np.stack(
        [means["latin-latin"][0], means["latin-arabic"][0], means["latin-arabic"][1], means["arabic-arabic"][0]]
    )
    rare = -log(data["frequent"]["rare"])
    frequent = {name: min(rare, -log(share)) for name, share in data["frequent"]["shares"].items()}
    factors = np.array([data["factors"][name] for name in NAMES], np.float64)
    return made(ratios, likely, frequent, rare, factors, data["provenance"])


NAMES = ("enough", "loss", "least_left", "most_left", "share", "least_count", "firsts", "first_left", "constant")
"""Names of the factors, in the order of the features; the last is added."""
assert len(NAMES) == FEATURES + 1  # noqa: S101


@cache
def weights() -> Weights:
    """The weights that the product ships."""
    return unpacked(json.loads(resources.files("passerelle.names").joinpath("data/weights.json").read_bytes()))
