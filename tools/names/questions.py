"""Questions to measure with: one name, one true entry, ten look-alikes and 140 others, as the evaluation does it.

Look-alikes of questions that are made here are the entries whose spelling is nearest (rapidfuzz, token sort ratio), the
true one and those of the very same spelling left out.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

from rapidfuzz import fuzz, process

from passerelle.names.script import is_arabic
from tools.names.data import Names
from tools.names.factors import Candidate

_LOOK_ALIKES, _OTHERS = 10, 140


def of_evaluation(names: Names, group: str, *, kept: bool | None = None) -> Iterator[Candidate]:
    """The evaluation's own questions of a group; `kept`: only those that only measure, or only the others."""
    for query in names.queries:
        if query["group"] == group and kept in {None, names.kept(query)}:
            for entry, _, kind in query["candidates"]:
                yield [query["query"]], names.persons[entry]["names"], kind


def of_travellers(names: Names, draw: random.Random) -> Iterator[Candidate]:
    """Members of parliaments by one of their Latin spellings, asked of the others."""
    people = [[name for name in row["names"] if not is_arabic(name)] for row in names.travellers_apart]
    pool = [spelled for spelled in people if spelled]
    for spelled in pool:
        if len(spelled) > 1 and fuzz.token_sort_ratio(spelled[0], spelled[-1]) >= 60:
            yield from _question(spelled[-1], spelled[:-1], pool, [other[0] for other in pool], draw)


def of_full_names(names: Names, draw: random.Random) -> Iterator[Candidate]:
    """Full names in Arabic script, asked of the Latin ones."""
    pairs = names.full_apart
    for arabic, latin in pairs:
        yield from _question(arabic, [latin], [[other] for _, other in pairs], [other for other, _ in pairs], draw)


def _question(
    asked: str, true: Sequence[str], pool: Sequence[Sequence[str]], spelled: Sequence[str], draw: random.Random
) -> Iterator[Candidate]:
    """`spelled`: what look-alikes are looked for in, beside `pool`."""
    yield [asked], true, "pos"
    same = {name.casefold() for name in (*true, asked)}

    def other(place: int) -> bool:
        return not same & {name.casefold() for name in (*pool[place], spelled[place])}

    near = process.extract(asked, spelled, scorer=fuzz.token_sort_ratio, limit=_LOOK_ALIKES + 5)
    alike = [place for _, _, place in near if other(place)][:_LOOK_ALIKES]
    for place in alike:
        yield [asked], pool[place], "hard"
    for place in draw.sample(range(len(pool)), _OTHERS):
        if other(place):
            yield [asked], pool[place], "rand"


def interval(share: float, number: int) -> tuple[float, float]:
    """95 % interval of a share of `number` (Wilson, JASA 1927)."""
    z = 1.96
    middle = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z / (1 + z * z / number) * (share * (1 - share) / number + z * z / (4 * number * number)) ** 0.5
    return middle - half, middle + half


def described(name: str, figures: tuple[int, float, float, float]) -> dict[str, Any]:
    """Figures of a group, with intervals."""
    number, thousand, ten_thousand, f1 = figures
    low, high = interval(thousand, number)
    low4, high4 = interval(ten_thousand, number)
    return {
        "group": name,
        "questions": number,
        "recall@1e-3": f"{thousand:.3f} ({low:.3f} to {high:.3f})",
        "recall@1e-4": f"{ten_thousand:.3f} ({low4:.3f} to {high4:.3f})",
        "F1 hard": f"{f1:.3f}",
    }
