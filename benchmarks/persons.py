"""Comparisons of persons a second, and what birth dates add to names when a list is ranked.

    ./run bench persons
    ./run bench persons --quick

Speed, on invented persons: *made ready*, each once; *ranked*, 1,000 candidates of a search with the scores of their
names at hand, without words; *explained*, with words.

Ranking, where `PASSERELLE_DATA` (by default `../shared/data`) has labelled names: of each query the share whose person
stands first among all persons of the list, by names alone and with births. The list's own birth date of that person is
given with the query; so it is also given as services' files have it:

- *year only*, *1 January*, *swapped*, *one digit*, *Hijri* (the calendar of Umm al-Qura, up to a
  day off, as the moon was seen elsewhere);
- *differing*: one query in four has a date that differs as the dates of one person in published lists differ among each
  other. The weights were judged by the same figures, so this shows what they are made for, not that they are right;
- *another's*: every query has the date of another person: what a wrong date costs.

Besides, how the births of the UN list go together with those of the OFAC list: of persons who have a name of at least
two words letter for letter in common, and of pairs at random; and what is remarked on the numbers of both. And what the
weights of births were taken from: how several dates of one listed person differ, and what two dates share by chance.
"""

import gzip
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

from hijridate import Gregorian

from benchmarks.table import Figure, Runs, parser, show
from passerelle import persons
from passerelle.persons import births, remarks
from passerelle.persons.model import Birth, Document, Entry, Name, Number, Person, Place
from passerelle.persons.places import folded
from passerelle.screening.readers import Options, entries

DATA = Path(os.environ.get("PASSERELLE_DATA") or Path(__file__).parents[2] / "shared/data")
ALONE = "names alone"
_TOWNS = ("Nador", "Fès, Maroc", "Casablanca", "Gent", "الناظور")


def invented(number: int, chance: random.Random) -> list[Person]:
    """Persons who do not exist, as lists know them: some with much, some with little."""

    def day() -> str:
        return f"{chance.randint(1940, 2005)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"

    return [
        Person(
            names=(Name(text=f"Person {one}"),),
            births=tuple(Birth(date=day()) for _ in range(chance.choice((1, 1, 1, 2, 4)))),
            sex=chance.choice(("male", "female", "unknown")),
            nationalities=(chance.choice(("MA", "BE")),),
            documents=tuple(
                Document(kind="passport", number=f"AB{chance.randint(0, 9_999_999):07d}", country="MA")
                for _ in range(chance.choice((0, 1, 2)))
            ),
            numbers=(Number(value=f"A{chance.randint(0, 999_999):06d}", country="MA"),)
            if chance.random() < 0.3
            else (),
            places=(Place(text=chance.choice(_TOWNS)),),
        )
        for one in range(number)
    ]


def speed(runs: int) -> list[Figure]:
    names = [0.5] * 1000
    ready, ranked, told = [], [], []
    for run in range(runs + 1):
        people = invented(1001, random.Random(run))
        begin = time.perf_counter()
        made = [persons.prepared(person) for person in people]
        ready.append(1001 / (time.perf_counter() - begin))
        begin = time.perf_counter()
        persons.scores(made[0], made[1:], names=names)
        ranked.append((time.perf_counter() - begin) * 1000)
        begin = time.perf_counter()
        for other in made[1:51]:
            persons.compare(made[0], other, names=0.5).sentences()
        told.append(50 / (time.perf_counter() - begin))
    # The first run loads what the others find.
    return [
        Figure("persons made ready", Runs(ready[1:]), "1/s"),
        Figure("1,000 candidates ranked", Runs(ranked[1:]), "ms", less_is_better=True),
        Figure("comparisons explained", Runs(told[1:]), "1/s"),
    ]


# ---- what births add -------------------------------------------------------------------------------------------------


def read(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / "names" / name, "rt", encoding="utf8") as file:
        return [json.loads(line) for line in file]


def _digit(text: str, chance: random.Random) -> str:
    place = chance.choice((3, 9))
    return text[:place] + chance.choice([one for one in "123456789" if one != text[place]]) + text[place + 1 :]


def _swapped(text: str, chance: random.Random) -> str:
    year, month, day = text.split("-")
    return f"{year}-{day}-{month}" if int(day) <= 12 else text


def _hijri(text: str, chance: random.Random) -> str:
    try:
        seen = Gregorian.fromisoformat(text) + timedelta(days=chance.choice((-1, 0, 1)))
        return Gregorian.fromdate(seen).to_hijri().isoformat()
    except OverflowError:
        return text


def _differing(text: str, chance: random.Random) -> str:
    if chance.random() >= 0.25:
        return text
    year, month, day = text.split("-")
    kinds = ("digit", "swapped", "month", "year", "anniversary", "near", "apart", "far")
    kind = chance.choices(kinds, (33, 8, 4, 14, 4, 19, 11, 4))[0]
    other = f"{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    match kind:
        case "digit":
            return _digit(text, chance)
        case "swapped":
            return _swapped(text, chance)
        case "month":
            return f"{year}-{month}-{chance.randint(1, 28):02d}"
        case "year":
            return f"{year}-{other}"
        case "anniversary":
            return f"{int(year) + chance.choice((-8, -6, 6, 8))}-{month}-{day}"
    by = {"near": (1, 2), "apart": (3, 5), "far": (6, 12)}[kind]
    return f"{int(year) + chance.choice((-1, 1)) * chance.randint(*by)}-{other}"


WAYS: dict[str, Callable[[str, random.Random], str]] = {
    "as listed": lambda text, chance: text,
    "year only": lambda text, chance: text[:4],
    "1 January": lambda text, chance: f"{text[:4]}-01-01",
    "swapped": _swapped,
    "one digit": _digit,
    "Hijri": _hijri,
    "differing": _differing,
}


def written(dates: Sequence[str], way: str, chance: random.Random) -> tuple[Birth, ...]:
    """One of the dates as the way has it; a partial date stays as it is."""
    if not dates:
        return ()
    listed = dates[0]
    if len(listed) < len("1966-05-17") and way not in ("as listed", "year only"):
        return (Birth(date=listed),)
    text = WAYS[way](listed, chance)
    return (Birth(date=text, calendar="hijri" if way == "Hijri" and text != listed else "gregorian"),)


def ranked(listed: Sequence[dict[str, Any]], queries: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    """The rank of each query's person, by names alone and with each way of its birth. Ties count against it."""
    others = [persons.prepared(_person(one["names"], tuple(map(_birth, one["birth"])))) for one in listed]
    places = {one["id"]: place for place, one in enumerate(listed)}
    chance, ranks = random.Random(7), dict[str, list[int]]()
    for number, query in enumerate(queries):
        true = places[next(entry for entry, same, _kind in query["candidates"] if same)]
        alone = persons.scores(persons.prepared(_person([query["query"]])), others)
        ranks.setdefault(ALONE, []).append(_rank(alone, true))
        wrong = next(one["birth"] for one in (*queries[number + 1 :], *queries) if one["birth"] != query["birth"])
        born = {way: written(query["birth"], way, chance) for way in WAYS}
        for way, its in (born | {"another's": written(wrong, "as listed", chance)}).items():
            one = persons.prepared(_person([query["query"]], its))
            ranks.setdefault(way, []).append(_rank(persons.scores(one, others, names=alone), true))
    return ranks


def ranking() -> tuple[list[Figure], list[str]]:
    """What `ranked` found, as figures, and as notes for each way and each group of queries."""
    listed, queries = read("persons.jsonl.gz"), read("queries.jsonl.gz")
    ranks = ranked(listed, queries)
    alone = ranks.pop(ALONE)
    figures = [
        Figure(f"stands first, birth {way}", Runs([_share(those)]), "of 1", ALONE, Runs([_share(alone)]))
        for way, those in ranks.items()
    ]
    dated = sum(bool(query["birth"]) for query in queries)
    notes = [f"{len(queries)} queries ({dated} with a birth) against {len(listed)} persons; ties count against it"]
    for way, those in ranks.items():
        pairs = list(zip(alone, those, strict=True))
        won, gone = (sum((a == 1, b == 1) == turn for a, b in pairs) for turn in ((False, True), (True, False)))
        notes.append(f"birth {way}: {won} gain the first place, {gone} lose it")
    for group in sorted({query["group"] for query in queries}):
        at = [place for place, query in enumerate(queries) if query["group"] == group]
        all_ways = {ALONE: alone, **ranks}
        said = (f"{way} {_share([those[place] for place in at]):.3f}" for way, those in all_ways.items())
        notes.append(f"{group}, {len(at)} queries: " + ", ".join(said))
    return figures, notes


def of_one_person() -> list[str]:
    """What the weights of births were taken from: how dates of one person differ, and how those of any two agree."""
    listed, travellers = read("persons.jsonl.gz"), read("travellers.jsonl.gz")
    several = [dates for one in listed if len(dates := sorted(set(one["birth"]))) > 1]
    found = Counter[str]()
    for dates in several:
        pairs = [(_born(a), _born(b)) for a, b in combinations(dates, 2)]
        for level, share in _shares(pairs).items():
            found[level] += share / len(several)
    lines = [f"births of one person, {len(several)} persons with several: {_told(found)}"]
    chance = random.Random(8)
    for what, people in (("travellers", travellers), ("listed persons", [one for one in listed if one["birth"]])):
        dates = [one["birth"][0] for one in people]
        years = Counter(text[:4] for text in dates)
        same = sum(count * (count - 1) for count in years.values()) / (len(dates) * (len(dates) - 1))
        january = sum(text.endswith("-01-01") for text in dates) / len(dates)
        lines.append(f"{len(dates):,} {what}: two of one year once in {1 / same:.0f} pairs; {january:.3f} on 1 January")
        pairs = [(_born(chance.choice(dates)), _born(chance.choice(dates))) for _ in range(100_000)]
        lines.append(f"births of 100,000 pairs of {what}: {_told(_shares(pairs))}")
    return lines


def _born(text: str) -> Person:
    return Person(births=(Birth(date=text),))


def between_lists() -> list[str]:
    """How births of two lists go together, for persons of one name and for any two."""
    folder = DATA / "lists"
    with ExitStack() as opened:
        un, *ofac = (
            opened.enter_context((folder / name).open("rb"))
            for name in ("un-consolidated.xml", "ofac-sdn.csv", "ofac-alt.csv", "ofac-add.csv")
        )
        options = Options(today=date.today())
        left = [one.person for one in entries(un, "un", options=options) if isinstance(one, Entry)]
        right = [one.person for one in entries(ofac, "ofac", options=options) if isinstance(one, Entry)]
    by_name: dict[str, list[Person]] = {}
    for person in right:
        for text in {_words(name.text) for name in person.names} - {""}:
            by_name.setdefault(text, []).append(person)
    named = [
        (one, other)
        for one in left
        for other in {id(found): found for name in one.names for found in by_name.get(_words(name.text), ())}.values()
    ]
    chance = random.Random(9)
    anyone = [(chance.choice(left), chance.choice(right)) for _ in range(20_000)]
    those = [*left, *right]
    counted = sum(len(one.numbers) + len(one.documents) for one in those)
    said = Counter(remark.what for one in those for remark in remarks.of_person(one) if remark.kind != "birth")
    return [
        f"{counted:,} numbers of {len(those):,} persons, UN and OFAC; remarked on: {dict(said.most_common())}",
        *(
            f"births of {what}, UN and OFAC: {_told(_shares(pairs))}"
            for what, pairs in (
                (f"{len(named)} pairs of one name", named),
                (f"{len(anyone):,} pairs at random", anyone),
            )
        ),
    ]


def _words(text: str) -> str:
    words = sorted(folded(text).split())
    return " ".join(words) if len(words) > 1 else ""


def _shares(pairs: Sequence[tuple[Person, Person]]) -> dict[str, float]:
    found = Counter[str]()
    for one, other in pairs:
        made = births.compared(births.readings(one.births), births.readings(other.births))
        found[made.level if made else "missing"] += 1
    return {level: count / len(pairs) for level, count in found.items()}


def _told(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{level} {shares[level]:.4f}" for level in sorted(shares, key=lambda name: -shares[name]))


def _person(names: Sequence[str], born: tuple[Birth, ...] = ()) -> Person:
    return Person(names=tuple(Name(text=text) for text in names), births=born)


def _birth(text: str) -> Birth:
    return Birth(date=text)


def _rank(scores: Sequence[float], true: int) -> int:
    return sum(score >= scores[true] for score in scores)


def _share(ranks: Sequence[int]) -> float:
    return sum(rank == 1 for rank in ranks) / len(ranks)


def main() -> None:
    arguments = parser(__doc__ or "").parse_args()
    figures, notes = speed(2 if arguments.quick else 7), []
    if not (DATA / "names" / "queries.jsonl.gz").is_file():
        notes.append(
            f"ranking was not measured: expected labelled names in {DATA / 'names'}, got none (PASSERELLE_DATA)"
        )
    elif not arguments.quick:
        more, notes = ranking()
        figures += more
        notes += of_one_person()
        notes += between_lists() if (DATA / "lists" / "un-consolidated.xml").is_file() else []
    show(figures, title="Comparison of persons", notes=notes, as_json=arguments.json)


if __name__ == "__main__":
    main()
