"""Invented persons, as many as are asked for, for measurements of lists that no published list is long enough for.

How they are made: names that are observed are cut in two, given name and rest (or, where a source writes
`FAMILY, Given`, at the comma), and put together anew: the first part of one row with the second part of another row of
the same country and the same way of writing. Drawing whole rows keeps every part as frequent as it is in the source. A
quarter get the first part of a third row in between, as fathers' and second names are. Birth years are drawn from the
observed ones, month and day evenly.

- Half of the persons are of the Maghreb, where both scripts are known for each part: of these six in ten are written in
  Latin script, two in ten in both, two in ten in Arabic alone. The other half are of all countries that are observed.
- One in ten has a second spelling: the parts the other way round, as another office would write them.
- The observed names stand in the folder that PASSERELLE_DATA names (README: tests). Nothing of them is shipped, and
  what is made here is kept nowhere.
- The same seed gives the same persons, whatever the number of them: they are made in blocks of 65,536, each from the
  seed and its own number, so a block can be made without those before it.

Not like a real population: the parts are as few as were observed (about 30,000), so in a list of millions each is
borne by hundreds, and nobody has a family name that no other has. Namesakes and look-alikes are therefore more than in
real lists of that size, and a search has more to compare.
"""

import csv
import datetime
import gzip
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks._children import ROOT, BenchError

DATA = Path(os.environ.get("PASSERELLE_DATA", ROOT.parent / "shared" / "data"))
BLOCK = 65_536
_LEAST = 40
_MAGHREB = ("TN", "DZ")


class Made(NamedTuple):
    """A person that does not exist. `birth`: YYYY-MM-DD."""

    id: str
    names: tuple[str, ...]
    birth: str


class Part(NamedTuple):
    """A part of a name, in the scripts in which it is known; empty where it is not."""

    latin: str
    arabic: str


class Pool(NamedTuple):
    """Names of one country, written in one way. A row's first and second part have the same place."""

    first: list[Part]
    second: list[Part]
    comma: bool


class Source(NamedTuple):
    """What persons are made of."""

    maghreb: list[Pool]
    others: list[Pool]
    years: list[int]


def _rows(name: str) -> Iterator[Any]:
    path = DATA / "names" / name
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for line in file:
                yield json.loads(line)
    except FileNotFoundError:
        raise BenchError(f"the names are not at {path}; set PASSERELLE_DATA to the folder that has names/") from None


def _cut(name: str) -> tuple[str, str, bool]:
    family, comma, given = name.partition(", ")
    if comma:
        return family.strip(), given.strip(), True
    head, _, tail = name.strip().partition(" ")
    return head, tail.strip(), False


def _latin() -> Iterator[tuple[str, str]]:
    """Country and name of each observed person."""
    for one in _rows("persons.jsonl.gz"):
        if one["names"]:
            yield (one["nationality"] or [""])[0], one["names"][0]
    for one in _rows("travellers.jsonl.gz"):
        if one["names"]:
            yield one["country"], one["names"][0]


def _both(country: str) -> Pool:
    path = DATA / "names" / f"fullnames-{country}.tsv.gz"
    pool = Pool([], [], False)
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            first, second, _ = _cut(row[1])
            first_arabic, second_arabic, _ = _cut(row[0])
            if second and second_arabic:
                pool.first.append(Part(first, first_arabic))
                pool.second.append(Part(second, second_arabic))
    return pool


def source() -> Source:
    """Read what was observed. Raises BenchError when it is not there."""
    pools: dict[tuple[str, bool], Pool] = defaultdict(lambda: Pool([], [], False))
    for country, name in _latin():
        first, second, comma = _cut(name)
        if second:
            pool = pools[country, comma]
            pool.first.append(Part(first, ""))
            pool.second.append(Part(second, ""))
    others = [
        pool._replace(comma=comma) for (country, comma), pool in sorted(pools.items()) if len(pool.first) >= _LEAST
    ]
    births = (
        birth for name in ("persons.jsonl.gz", "travellers.jsonl.gz") for one in _rows(name) for birth in one["birth"]
    )
    years = [int(birth[:4]) for birth in births]
    return Source([_both(country) for country in _MAGHREB], others, years)


def people(made_of: Source, count: int, *, seed: int = 1, start: int = 0) -> Iterator[Made]:
    """Persons `start` to `start + count` of a population that goes on for ever. Ids are their numbers."""
    end = start + count
    for block in range(start // BLOCK, -(-end // BLOCK)):
        base = block * BLOCK
        made = _block(made_of, seed, block)
        yield from made[max(0, start - base) : min(BLOCK, end - base)]


def _block(made_of: Source, seed: int, block: int) -> list[Made]:
    draw = np.random.default_rng([seed, block])
    pools = made_of.maghreb + made_of.others
    half = len(made_of.maghreb)
    sizes = np.array([len(pool.first) for pool in pools])
    share = np.concatenate([part / part.sum() / 2 for part in (sizes[:half], sizes[half:])])
    of = draw.choice(len(pools), BLOCK, p=share)
    first, second, between = ((draw.random(BLOCK) * sizes[of]).astype(np.int64).tolist() for _ in range(3))
    three, script, twice = (draw.integers(0, 100, BLOCK).tolist() for _ in range(3))
    years = draw.choice(np.array(made_of.years), BLOCK).tolist()
    days = draw.integers(0, 365, BLOCK).tolist()
    number = block * BLOCK
    made = []
    for at, place in enumerate(of.tolist()):
        pool = pools[place]
        one, other = pool.first[first[at]], pool.second[second[at]]
        more = pool.first[between[at]] if three[at] < 25 and not pool.comma else None
        names = _written(one, other, more, pool.comma, script[at] if place < half else 0, twice[at] < 10)
        made.append(Made(str(number + at), names, _day(years[at], days[at])))
    return made


def _written(one: Part, other: Part, more: Part | None, comma: bool, script: int, twice: bool) -> tuple[str, ...]:
    """The name, in the scripts that `script` (0 to 99) says, and again the other way round."""
    names = []
    if script < 80:
        between = f" {more.latin}" if more else ""
        names.append(f"{one.latin}, {other.latin}" if comma else f"{one.latin}{between} {other.latin}")
    if script >= 60:
        between = f" {more.arabic}" if more else ""
        names.append(f"{one.arabic}{between} {other.arabic}")
    if twice:
        names.append(f"{other.latin} {one.latin}" if comma else f"{other.latin}, {one.latin}")
    return tuple(names)


_DAYS = [(datetime.date(2001, 1, 1) + datetime.timedelta(days=day)).strftime("-%m-%d") for day in range(365)]


def _day(year: int, day: int) -> str:
    return f"{year}{_DAYS[day]}"
