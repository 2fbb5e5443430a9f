"""How sure a share or an F1 is that was counted on few cases."""

import random
from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    """A figure, and where it lies with 95 in 100."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


def wilson(hits: int, of: int, sure: float = 0.95) -> Interval:
    """A share and its score interval (Wilson, JASA 22, 1927), which is right for few cases and at 0 and 1 too."""
    if not 0 <= hits <= of or of < 1:
        raise ValueError(f"expected 0 to {of} of at least one, got {hits}")
    z = NormalDist().inv_cdf((1 + sure) / 2)
    share, square = hits / of, z * z / of
    middle = (share + square / 2) / (1 + square)
    reach = z / (1 + square) * sqrt(share * (1 - share) / of + square / (4 * of))
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach))


def f1(said: Sequence[bool], true: Sequence[bool]) -> float:
    """Harmonic mean of precision and recall; 0 where nothing is found."""
    right = sum(one and other for one, other in zip(said, true, strict=True))
    return 2 * right / (sum(said) + sum(true)) if right else 0.0


def f1_interval(said: Sequence[bool], true: Sequence[bool], *, draws: int = 1000, sure: float = 0.95) -> Interval:
    """F1 and its percentile interval over draws of the cases with replacement (bootstrap; Efron, 1979)."""
    draw = random.Random(1)
    cases = list(zip(said, true, strict=True))
    found = sorted(f1(*zip(*draw.choices(cases, k=len(cases)), strict=True)) for _ in range(draws))
    edge = (1 - sure) / 2
    return Interval(f1(said, true), found[int(edge * draws)], found[min(draws - 1, int((1 - edge) * draws))])


def best_threshold(scores: Sequence[float], true: Sequence[bool]) -> float:
    """The score from which on saying yes gives the highest F1."""
    best, at, right, yes, wanted = -1.0, 0.0, 0, 0, sum(true)
    ordered = sorted(zip(scores, true, strict=True), reverse=True)
    for place, (score, one) in enumerate(ordered):
        right, yes = right + one, yes + 1
        last = place + 1 == len(ordered) or ordered[place + 1][0] != score
        if last and (value := 2 * right / (yes + wanted)) > best:
            best, at = value, score
    return at
