"""Comparing coded tokens and names: the loops, compiled on first use by numba (LLVM comes with its wheel).

Rules kept here:
- a token is compared with a token by a global alignment (Needleman and Wunsch, 1970) over log-likelihood ratios: how
  much more often two symbols stand for each other in two spellings of one name than by chance. The sum is evidence in
  nats that both spell one name; its expectation for two true spellings is known for every token, so a share of it can
  be told;
- a name is compared with a name by pairing tokens best first, each at most once; two neighbours may together stand for
  one token of the other side (`Ben Ali`, `Benali`);
- what is left over counts against: most on the side that has less left over, because parts are often left out on one
  side, rarely on both; and a first name that is left over or paired with another part says that it is a relative;
- before two tokens are aligned their consonant classes are compared as bits: where neither has three fifths of its own
  among those that the other may have, or both together less than half, they are no spellings of one name. That skips
  four alignments of five, and lost one of 1,231 true pairs of tokens;
- no two threads share working space (`room`), and nothing is kept between calls.

A table of tokens is a tuple of arrays (`block.Tokens.arrays`): codes (2 n, 24) uint8 (two readings a token), lengths
(n, 2) uint8, said (n) float32, expected (n, 2) float32, card (n) int64. A card holds, from the lowest bit: 20 bits of
consonant classes that the token may have, 20 of those that it has, 4 bits how many it has, 3 its kind (name, particle,
title, initial, patronymic), 1 its script (Arabic).
"""

from typing import Any

import numpy as np

from passerelle.names.compiled import compiled

Table = tuple[Any, ...]
Room = tuple[Any, ...]

MOST = 12
"""Tokens of a name; from here on a number of a unit means two neighbours as one."""
_CANDIDATES = 2 * MOST * MOST
FEATURES = 8
ENOUGH, LOSS, LEAST_LEFT, MOST_LEFT, SHARE, LEAST_COUNT, FIRSTS, FIRST_LEFT = range(FEATURES)
_PLENTY = 10.0
"""Evidence (nats) beyond which more of it says little: what is left over then tells namesakes apart."""
_NAME, _TITLE, _INITIAL, _PATRONYMIC = 0, 2, 3, 4
_ARTICLE, _INITIALS = 1, 4
_LEAST_SHARE = 0.25
"""Share of the expected evidence below which two tokens are no spellings of one name."""
_MOST_OF_ONE = 12.0
"""Evidence (nats) that one pair of symbols gives at most."""
_WELL = 0.7
"""Share from which a token needs no neighbour to be explained."""
_BAD = np.float32(-99.0)


def space() -> Room:
    """Working space of the loops: features of the best pair of names and of the one at hand, pairs of places,
    candidates (evidence, share, places on both sides), a row of an alignment, two joined tokens.
    """
    return (
        np.zeros(FEATURES), np.zeros(FEATURES), np.zeros((MOST, 2), np.int32),
        np.empty(_CANDIDATES, np.float32), np.empty(_CANDIDATES, np.float32),
        np.empty(_CANDIDATES, np.int32), np.empty(_CANDIDATES, np.int32),
        np.empty(50, np.float32), np.empty((2, 48), np.uint8),
    )  # fmt: skip


@compiled
def align(
    a: Any, i: int, la: int, b: Any, j: int, lb: int, weights: Any, scripts: int, least: float, row: Any
) -> float:
    """Evidence (nats) that two coded tokens spell one name: rows `i` and `j` of `a` and `b`, of `la` and `lb` symbols.

    `weights`: (4, symbols, symbols) float32, row or column 0 gaps; `scripts` which of the four. -99 as soon as it
    cannot be `least` any more. `row`: (50) float32, space.
    """
    row[0] = 0.0
    for y in range(lb):
        row[y + 1] = row[y] + weights[scripts, 0, b[j, y]]
    for x in range(la):
        symbol = a[i, x]
        gap = weights[scripts, symbol, 0]
        corner = row[0]
        left = corner + gap
        row[0] = left
        top = left
        for y in range(lb):
            value = corner + weights[scripts, symbol, b[j, y]]
            corner = row[y + 1]
            up = corner + gap
            value = max(value, up)
            left += weights[scripts, 0, b[j, y]]
            value = max(value, left)
            row[y + 1] = value
            left = value
            top = max(top, value)
        if top + _MOST_OF_ONE * (la - 1 - x) < least:
            return -99.0
    return float(row[lb])


@compiled
def bits(value: int) -> int:
    """How many bits of a 20-bit number are set."""
    value = value - ((value >> 1) & 0x55555)
    value = (value & 0x33333) + ((value >> 2) & 0x33333)
    return (((value + (value >> 4)) & 0xF0F0F) * 0x10101 >> 16) & 0x1F


@compiled
def kind(card: int) -> int:
    """The kind on a card."""
    return card >> 44 & 7


@compiled
def script(card: int) -> int:
    """The script on a card: 0 Latin, 1 Arabic."""
    return card >> 47


@compiled
def _counts(card: int) -> bool:
    return kind(card) == _NAME or kind(card) == _PATRONYMIC


@compiled
def plausible(one: int, other: int) -> bool:
    """Whether two tokens may be spellings of one name, as far as their cards tell."""
    count, count2 = one >> 40 & 15, other >> 40 & 15
    if count == 0 or count2 == 0 or kind(one) == _INITIAL or kind(other) == _INITIAL:
        return True
    shared, shared2 = bits(one >> 20 & other & 0xFFFFF), bits(other >> 20 & one & 0xFFFFF)
    if 5 * shared < 3 * count and 5 * shared2 < 3 * count2:
        return False
    return shared * count2 + shared2 * count >= count * count2


@compiled
def tokens(one: Table, i: int, other: Table, j: int, weights: Any, row: Any) -> float:
    """Evidence (nats) that two tokens spell one name, over their readings; -99 where there can be none."""
    card, card2 = one[4][i], other[4][j]
    k, m = kind(card), kind(card2)
    scripts = 2 * script(card) + script(card2)
    if (k == _TITLE) != (m == _TITLE):
        return -99.0
    if k == _INITIAL or m == _INITIAL:  # noqa: PLR1714 - numba makes no sets of such
        begin, begin2 = one[0][2 * i, 0], other[0][2 * j, 0]
        if begin == _ARTICLE:
            begin = one[0][2 * i, 1]
        if begin2 == _ARTICLE:
            begin2 = other[0][2 * j, 1]
        return 2.0 if weights[_INITIALS, begin, begin2] > 0.0 else -99.0
    best = -99.0
    least = _LEAST_SHARE * min(one[3][i, script(card2)], other[3][j, script(card)])
    if scripts == 0 and (k == _PATRONYMIC) != (m == _PATRONYMIC):
        least *= _WELL / _LEAST_SHARE  # Arkadievich is no spelling of Arkady
    for r in range(2):
        size = one[1][i, r]
        if size == 0:
            continue
        for s in range(2):
            size2 = other[1][j, s]
            if size2 == 0:
                continue
            value = align(one[0], 2 * i + r, size, other[0], 2 * j + s, size2, weights, scripts, least, row)
            best = max(best, value)
    return best


@compiled
def share(one: Table, i: int, other: Table, j: int, evidence: float) -> float:
    """The evidence as a share of what two true spellings would give, at most 1."""
    wanted = min(one[3][i, script(other[4][j])], other[3][j, script(one[4][i])])
    return float(min(1.0, evidence / wanted))


@compiled
def alike(one: Table, i: int, other: Table, places: Any, weights: Any, row: Any, out: Any) -> None:
    """To `out` (n) float32, for each token `places[k]` of a table: what it says (nats) that it spells token `i`; 0:
    nothing.
    """
    for k in range(len(places)):
        j = places[k]
        out[k] = 0.0
        if plausible(one[4][i], other[4][j]):
            value = tokens(one, i, other, j, weights, row)
            if value > 1.0:
                part = share(one, i, other, j, value)
                if part >= _LEAST_SHARE:
                    out[k] = part * min(one[2][i], other[2][j])


@compiled
def joined(table: Table, i: int, inner: Any, out: Any, side: int, at: int) -> int:
    """Writes the first reading of a token behind `at`, its border symbols as inner ones; where it ends."""
    for k in range(table[1][i, 0]):
        if at < out.shape[1]:
            out[side, at] = inner[table[0][2 * i, k]]
            at += 1
    return at


@compiled
def neighbours(
    one: Table, i: int, i2: int, other: Table, j: int, weights: Any, inner: Any, row: Any, work: Any
) -> float:
    """Evidence (nats) that two neighbouring tokens together spell one token of the other side; -99: none."""
    card, card2 = one[4][i] | one[4][i2], other[4][j]
    both = (card & 0xFFFFFFFFFF) | bits(card >> 20 & 0xFFFFF) << 40
    size, size2 = one[1][i, 0] + one[1][i2, 0], other[1][j, 0]
    if not plausible(both, card2) or 2 * size > 3 * size2 + 2 or 3 * size + 2 < 2 * size2:
        return -99.0
    end = joined(one, i2, inner, work, 0, joined(one, i, inner, work, 0, 0))
    last = joined(other, j, inner, work, 1, 0)
    return align(work, 0, end, work, 1, last, weights, 2 * script(one[4][i]) + script(card2), 1.0, row)


@compiled
def pair(
    one: Table, a: Any, at: int, la: int, other: Table, b: Any, at2: int, lb: int,
    weights: Any, inner: Any, room: Room,
) -> int:  # fmt: skip
    """Pairs the tokens of two names, best first; how many pairs. Writes the features to `room[1]`, places to `room[2]`.

    The names are `a[at:at + la]`, `b[at2:at2 + lb]`: token numbers, at most `MOST`. `inner`: the inner symbol of each
    symbol. From `MOST` on a place means the two neighbours that begin at it.
    """
    _, out, pairs, values, shares, lefts, rights, row, _ = room
    found, well_a, well_b = 0, 0, 0
    for i in range(la):
        for j in range(lb):
            if not plausible(one[4][a[at + i]], other[4][b[at2 + j]]):
                continue
            value = tokens(one, a[at + i], other, b[at2 + j], weights, row)
            if value > 1.0:
                part = share(one, a[at + i], other, b[at2 + j], value)
                if part < _LEAST_SHARE:
                    continue
                values[found], shares[found] = value, part
                lefts[found], rights[found] = i, j
                found += 1
                if part > _WELL:
                    well_a |= 1 << i
                    well_b |= 1 << j
    if found and well_a != (1 << la) - 1 and well_b != (1 << lb) - 1:
        found = _with_neighbours(one, a, at, la, other, b, at2, lb, weights, inner, room, found)
    used_a, used_b = 0, 0
    first_a, first_b, firsts = _first(one, a, at, la), _first(other, b, at2, lb), 0.0
    positive, loss, count = 0.0, 0.0, 0
    while True:
        best, place = 1.0, -1
        for k in range(found):
            if values[k] > best:
                best, place = values[k], k
        if place < 0:
            break
        i, j = lefts[place], rights[place]
        values[place] = _BAD
        bits_a = 1 << i if i < MOST else 3 << (i - MOST)
        bits_b = 1 << j if j < MOST else 3 << (j - MOST)
        if used_a & bits_a or used_b & bits_b:
            continue
        ia, jb = a[at + i % MOST], b[at2 + j % MOST]
        if kind(one[4][ia]) != _INITIAL and kind(other[4][jb]) != _INITIAL:
            said, said2 = one[2][ia], other[2][jb]
            if i >= MOST:
                said = said2
            elif j >= MOST:
                said2 = said
            positive += min(said, said2) * shares[place]
            loss += (1.0 / shares[place] - 1.0) * best
        if bits_a >> first_a & 1 and bits_b >> first_b & 1:
            firsts = min(1.0, shares[place] / 0.7)
        used_a |= bits_a
        used_b |= bits_b
        pairs[count, 0] = i
        pairs[count, 1] = j
        count += 1
        if count == MOST:
            break
    left_a, left_b, count_a, count_b = 0.0, 0.0, 0, 0
    for i in range(la):
        if not used_a >> i & 1:
            left_a += one[2][a[at + i]]
            count_a += _counts(one[4][a[at + i]])
    for j in range(lb):
        if not used_b >> j & 1:
            left_b += other[2][b[at2 + j]]
            count_b += _counts(other[4][b[at2 + j]])
    out[ENOUGH] = _PLENTY * (1.0 - np.exp(-positive / _PLENTY)) if found else 0.0
    out[LOSS] = loss
    out[LEAST_LEFT] = min(left_a, left_b)
    out[MOST_LEFT] = max(left_a, left_b)
    out[SHARE] = positive / (positive + left_a + left_b + 1e-9)
    out[LEAST_COUNT] = min(count_a, count_b)
    out[FIRSTS] = firsts
    out[FIRST_LEFT] = (not used_a >> first_a & 1) + (not used_b >> first_b & 1)
    return count


@compiled
def _first(table: Table, name: Any, at: int, size: int) -> int:
    """The place of the first token that is no particle and no title."""
    place = 0
    while place < size - 1 and 1 <= kind(table[4][name[at + place]]) <= 2:
        place += 1
    return place


@compiled
def _with_neighbours(
    one: Table, a: Any, at: int, la: int, other: Table, b: Any, at2: int, lb: int,
    weights: Any, inner: Any, room: Room, found: int,
) -> int:  # fmt: skip
    """Adds what two neighbours of one side and one token of the other have in common; how many candidates then."""
    _, _, _, values, shares, lefts, rights, row, work = room
    for side in range(2):
        size, size2 = (la, lb) if side == 0 else (lb, la)
        for i in range(size - 1):
            for j in range(size2):
                if found == len(values):
                    return found
                if side == 0:
                    x, x2, y = a[at + i], a[at + i + 1], b[at2 + j]
                    if _apart(one, x, x2) or kind(other[4][y]) != _NAME:
                        continue
                    value = neighbours(one, x, x2, other, y, weights, inner, row, work)
                    k, m = script(one[4][x]), script(other[4][y])
                    wanted = min(one[3][x, m] + one[3][x2, m], other[3][y, k])
                else:
                    x, x2, y = b[at2 + i], b[at2 + i + 1], a[at + j]
                    if _apart(other, x, x2) or kind(one[4][y]) != _NAME:
                        continue
                    value = neighbours(other, x, x2, one, y, weights, inner, row, work)
                    k, m = script(one[4][y]), script(other[4][x])
                    wanted = min(other[3][x, k] + other[3][x2, k], one[3][y, m])
                if value > 1.0 and value >= _LEAST_SHARE * wanted:
                    values[found], shares[found] = value, min(1.0, value / wanted)
                    lefts[found], rights[found] = (MOST + i, j) if side == 0 else (j, MOST + i)
                    found += 1
    return found


@compiled
def _apart(table: Table, i: int, j: int) -> bool:
    one, other = table[4][i], table[4][j]
    return bool(kind(one) >= _TITLE or kind(other) >= _TITLE or script(one) != script(other))


@compiled
def best_names(
    one: Table, flat_a: Any, starts_a: Any, first_a: int, last_a: int,
    other: Table, flat_b: Any, starts_b: Any, first_b: int, last_b: int,
    weights: Any, inner: Any, factors: Any, room: Room,
) -> tuple[float, int, int]:  # fmt: skip
    """The best of all pairs of names of two persons: its score (log-odds) and which names. Its features are in
    `room[0]`.
    """
    out, features = room[0], room[1]
    best, left, right = -1e9, -1, -1
    for i in range(first_a, last_a):
        at, la = starts_a[i], starts_a[i + 1] - starts_a[i]
        if la == 0:
            continue
        for j in range(first_b, last_b):
            at2, lb = starts_b[j], starts_b[j + 1] - starts_b[j]
            if lb == 0:
                continue
            pair(one, flat_a, at, la, other, flat_b, at2, lb, weights, inner, room)
            value = factors[FEATURES]
            for k in range(FEATURES):
                value += factors[k] * features[k]
            if value > best:
                best, left, right = value, i, j
                for k in range(FEATURES):
                    out[k] = features[k]
    return best, left, right


@compiled
def many(
    one: Table, flat_a: Any, starts_a: Any, persons_a: Any, rows: Any,
    other: Table, flat_b: Any, starts_b: Any, persons_b: Any, columns: Any,
    weights: Any, inner: Any, factors: Any, room: Room, scores: Any, out: Any,
) -> None:  # fmt: skip
    """Score (log-odds) of each pair `rows[k]`, `columns[k]` of persons; features to `out` where it has as many rows."""
    for k in range(len(rows)):
        i, j = rows[k], columns[k]
        scores[k] = best_names(
            one, flat_a, starts_a, persons_a[i], persons_a[i + 1],
            other, flat_b, starts_b, persons_b[j], persons_b[j + 1],
            weights, inner, factors, room,
        )[0]  # fmt: skip
        if len(out):
            for place in range(FEATURES):
                out[k, place] = room[0][place]
