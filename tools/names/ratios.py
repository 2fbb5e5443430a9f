"""How often symbols stand for each other: pairs of spellings -> log-likelihood ratios.

A pair of spellings is made by a pair model without memory: it emits pairs of symbols, or a symbol on one side, until it
ends (Ristad and Yianilos, Learning string-edit distance, IEEE PAMI 1998). Its probabilities are estimated by
expectation and maximisation over all alignments. Pairs that fit badly count a twentieth: the data has errors.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import sqrt
from typing import Any

import numpy as np
from numba import njit
from rapidfuzz.distance import Levenshtein

from passerelle.names.block import readable
from passerelle.names.reading import NAME, Token, readings
from passerelle.names.script import folded
from passerelle.names.symbols import LONGEST, SYMBOLS, coded
from tools.names.data import Names

SIZE = len(SYMBOLS)
ROUNDS = 14
FLOOR = -6.0
_SEEN = 2e-6
"""Probability below which two symbols were never seen to stand for each other."""
Pairs = Mapping[tuple[str, str], float]


def pairs(names: Names) -> dict[str, Pairs]:
    """Weighted pairs of readings for each pair of scripts."""
    mixed, latin, arabic = Counter[tuple[str, str]](), Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    same_arabic, same_latin = defaultdict[str, Counter[str]](Counter), defaultdict[str, Counter[str]](Counter)
    for left, right, count in names.tokens:
        one, other = folded(left), folded(right)
        if len(one) > 1 and len(other) > 1:
            mixed[readings(one)[0], readings(other)[0]] += sqrt(min(count, 20))
            same_arabic[other][one] += min(count, 20)
            same_latin[one][other] += min(count, 20)
    for right, left in names.full:
        for one, other in _in_order(readable(left), readable(right)):
            mixed[one.readings[-1] if other.readings[0].startswith("A") else one.readings[0], other.readings[0]] += 1
    for groups, found in ((same_arabic, latin), (same_latin, arabic)):
        for group in groups.values():
            _add(found, group.most_common(6))
    for other in same_arabic:
        arabic[readings(other)[0], readings(other)[0]] += 0.5
    for person in [*names.trained(), *names.travellers]:
        spelled = [readable(name) for name in person["names"][:8]]
        for place, one_name in enumerate(spelled):
            for other_name in spelled[place + 1 :]:
                for one, other in _alike(one_name, other_name):
                    latin[one, other] += 1 / len(spelled)
    return {"latin-arabic": mixed, "latin-latin": latin, "arabic-arabic": arabic}


def _in_order(one: tuple[Token, ...], other: tuple[Token, ...]) -> list[tuple[Token, Token]]:
    if len(one) != len(other):
        return []
    return [(left, right) for left, right in zip(one, other, strict=True) if left.kind == right.kind == NAME]


def _add(found: Counter[tuple[str, str]], group: list[tuple[str, int]]) -> None:
    """Spellings that one token of the other script stands for, where they are somewhat alike."""
    for place, (one, count) in enumerate(group):
        for other, count2 in group[place + 1 :]:
            if Levenshtein.normalized_similarity(one, other) >= 0.6:
                found[readings(one)[0], readings(other)[0]] += min(count, count2, 3) * 0.3


def _alike(one: tuple[Token, ...], other: tuple[Token, ...]) -> Iterable[tuple[str, str]]:
    """Tokens of two names of one person, paired best first."""
    lefts = [token.readings[0] for token in one if token.kind == NAME and not token.arabic]
    rights = [token.readings[0] for token in other if token.kind == NAME and not token.arabic]
    ranked = sorted(
        ((Levenshtein.normalized_similarity(a, b), i, j) for i, a in enumerate(lefts) for j, b in enumerate(rights)),
        key=lambda each: -each[0],
    )
    used: set[tuple[str, int]] = set()
    for value, i, j in ranked:
        if value >= 0.55 and ("left", i) not in used and ("right", j) not in used:
            used |= {("left", i), ("right", j)}
            yield lefts[i], rights[j]


@njit
def _expected(x: Any, sizes_x: Any, y: Any, sizes_y: Any, counts: Any, model: Any, found: Any) -> float:
    """Adds the expected numbers of pairs of symbols to `found`; the log-likelihood of all pairs."""
    ahead, behind = np.zeros((LONGEST + 2, LONGEST + 2)), np.zeros((LONGEST + 2, LONGEST + 2))
    total = 0.0
    for k in range(len(counts)):
        n, m = sizes_x[k], sizes_y[k]
        for i in range(n + 1):
            for j in range(m + 1):
                value = 1.0 if i == 0 and j == 0 else 0.0
                if i and j:
                    value += ahead[i - 1, j - 1] * model[x[k, i - 1], y[k, j - 1]]
                if i:
                    value += ahead[i - 1, j] * model[x[k, i - 1], 0]
                if j:
                    value += ahead[i, j - 1] * model[0, y[k, j - 1]]
                ahead[i, j] = value
        for i in range(n, -1, -1):
            for j in range(m, -1, -1):
                value = 1.0 if i == n and j == m else 0.0
                if i < n and j < m:
                    value += behind[i + 1, j + 1] * model[x[k, i], y[k, j]]
                if i < n:
                    value += behind[i + 1, j] * model[x[k, i], 0]
                if j < m:
                    value += behind[i, j + 1] * model[0, y[k, j]]
                behind[i, j] = value
        whole = ahead[n, m]
        if whole <= 0:
            continue
        total += counts[k] * np.log(whole)
        weight = counts[k] / whole
        if np.log(whole) / (n + m) < -3.6:
            weight *= 0.05
        for i in range(n + 1):
            for j in range(m + 1):
                part = weight * ahead[i, j]
                if i < n and j < m:
                    found[x[k, i], y[k, j]] += part * model[x[k, i], y[k, j]] * behind[i + 1, j + 1]
                if i < n:
                    found[x[k, i], 0] += part * model[x[k, i], 0] * behind[i + 1, j]
                if j < m:
                    found[0, y[k, j]] += part * model[0, y[k, j]] * behind[i, j + 1]
    return total


def _packed(found: Pairs) -> tuple[Any, ...]:
    coding = [(coded(one), coded(other), weight) for (one, other), weight in found.items()]
    kept = [each for each in coding if each[0] and each[1]]
    sides = [np.zeros((len(kept), LONGEST), np.uint8) for _ in range(2)]
    for place, each in enumerate(kept):
        for side in (0, 1):
            sides[side][place, : len(each[side])] = list(each[side])
    sizes = [np.array([len(each[side]) for each in kept]) for side in (0, 1)]
    return sides[0], sizes[0], sides[1], sizes[1], np.array([each[2] for each in kept])


def trained(found: Pairs, *, symmetrical: bool) -> tuple[Any, Any]:
    """Ratios (symbols, symbols) in nats, and (2, symbols): what each symbol of either side gives on average."""
    x, sizes_x, y, sizes_y, counts = _packed(found)
    lefts, rights = np.unique(x[x > 0]), np.unique(y[y > 0])
    model = np.zeros((SIZE, SIZE))
    model[np.ix_(lefts, rights)] = 0.5 / (len(lefts) * len(rights))
    model[lefts, 0], model[0, rights] = 0.25 / len(lefts), 0.25 / len(rights)
    if symmetrical:
        both = np.intersect1d(lefts, rights)
        model[both, both] += 0.5 / len(both)
    model /= model.sum()
    possible = model > 0
    for _ in range(ROUNDS):
        numbers = np.zeros((SIZE, SIZE))
        _expected(x, sizes_x, y, sizes_y, counts, model, numbers)
        if symmetrical:
            numbers = (numbers + numbers.T) / 2
        numbers[possible] += 0.05
        model = numbers / numbers.sum()
    return _ratios(model, np.bincount(x[x > 0], minlength=SIZE), np.bincount(y[y > 0], minlength=SIZE), symmetrical)


def _ratios(model: Any, lefts: Any, rights: Any, symmetrical: bool) -> tuple[Any, Any]:
    if symmetrical:
        lefts = rights = lefts + rights
    chance = [(side + 1) / (side.sum() + SIZE) for side in (lefts, rights)]
    chance[0][0] = chance[1][0] = 1
    ratios = np.maximum(np.log((model + 1e-7) / (chance[0][:, None] * chance[1][None, :])), FLOOR)
    ratios[(model < _SEEN) & (ratios < 0)] = FLOOR
    ratios[0, 0] = 0
    rows, across = model.sum(axis=1), model.sum(axis=0)
    means = np.zeros((2, SIZE))
    means[0] = np.where(rows > 0, (model * ratios).sum(axis=1) / np.maximum(rows, 1e-12), 0)
    means[1] = np.where(across > 0, (model * ratios).sum(axis=0) / np.maximum(across, 1e-12), 0)
    means[:, 0] = 0
    return ratios, means
