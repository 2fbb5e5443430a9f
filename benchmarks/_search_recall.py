"""What a blind search finds and what it finds wrongly, on published names: where only equality of keys can be tested.

The cryptography changes nothing about what is found, so keys are compared directly. The data lie where PASSERELLE_DATA
says (by default `../shared/data`).
"""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from typing import Any

import msgspec

from benchmarks._shares import wilson
from benchmarks.persons import DATA, read
from benchmarks.table import Figure, Runs
from passerelle.persons.model import Birth, Entry, Name, Person
from passerelle.screening.readers import Options, entries
from passerelle.search.keys import keys_of, questions_of

_Keys = Callable[[Person], Iterable[str]]


def there() -> bool:
    """Whether the data are."""
    return (DATA / "names" / "queries.jsonl.gz").is_file() and (DATA / "lists" / "ofac-sdn.csv").is_file()


def listed() -> list[Person]:
    """The persons of the OFAC list."""
    with ExitStack() as opened:
        files = [
            opened.enter_context((DATA / "lists" / f"ofac-{name}.csv").open("rb")) for name in ("sdn", "alt", "add")
        ]
        reading = entries(files, "ofac", options=Options(today=date.today()))
        return [one.person for one in reading if isinstance(one, Entry)]


def index_of(people: Iterable[Person], keys: _Keys = keys_of) -> dict[str, set[int]]:
    """Match key -> places of the persons that have it."""
    made: dict[str, set[int]] = defaultdict(set)
    for place, person in enumerate(people):
        for key in keys(person):
            made[key].add(place)
    return made


def hits(index: Mapping[str, set[int]], person: Person, keys: _Keys = questions_of) -> set[int]:
    """The places of those whom a question finds."""
    return set().union(*(index.get(key, ()) for key in keys(person)))


def one_held_back(people: Sequence[Person], chance: random.Random) -> list[tuple[int, Person, Person]]:
    """Of each person with a birth and two names or more: the place, who is left in the index, who is asked about.

    Asked with one alias that the index then lacks, and the first birth date.
    """
    made = []
    for place, one in enumerate(people):
        if len(one.names) > 1 and one.births:
            left = list(one.names)
            asked = left.pop(chance.randrange(1, len(left)))
            if asked.text not in {name.text for name in left}:
                bare = msgspec.structs.replace(one, names=tuple(left))
                made.append((place, bare, Person(names=(asked,), births=one.births[:1])))
    return made


def each_alone(one: Person) -> list[Person]:
    """Each name of a person with each of his births, those that can be asked about."""
    made = [Person(names=(name,), births=(birth,)) for name in one.names for birth in one.births]
    return [each for each in made if questions_of(each)]


def _of(row: Mapping[str, Any]) -> Person:
    births = tuple(Birth(date=text) for text in row.get("birth", ()))
    return Person(names=tuple(Name(text=text) for text in row["names"]), births=births)


def measured() -> tuple[list[Figure], list[str]]:
    """Recall and false hits, as figures and in words."""
    if not there():
        return [], [f"recall: not measured: expected lists and labelled names in {DATA}, got none (PASSERELLE_DATA)"]
    chance, people = random.Random(1), listed()
    travellers = [_of(row) for row in read("travellers.jsonl.gz")]
    figures, notes = _of_list(people, travellers, chance)
    more, others = _of_queries()
    return [*figures, *more], [*notes, *others]


def _of_list(
    people: Sequence[Person], travellers: Sequence[Person], chance: random.Random
) -> tuple[list[Figure], list[str]]:
    """The OFAC list: an alias that the index lacks, asked with the birth date; and travellers who are on no list."""
    held = one_held_back(people, chance)
    bare = list(people)
    for place, left, _asked in held:
        bare[place] = left
    lacking, whole = index_of(bare), index_of(people)
    found = {
        quality: [place in hits(lacking, asked) for place, _left, asked in held if asked.names[0].quality == quality]
        for quality in ("good", "low")
    }
    others = sum(bool(hits(lacking, asked) - {place}) for place, _left, asked in held)
    as_listed = [place in hits(whole, asked) for place, one in enumerate(people) for asked in each_alone(one)]
    wrong = sum(bool(hits(whole, _bare(one))) for one in travellers)
    papers = [one for one in people if one.documents or one.numbers]
    alone = [Person(documents=one.documents, numbers=one.numbers) for one in papers]
    asked_by_paper = [bool(hits(whole, one)) for one in alone if questions_of(one)]
    dated, keyless = sum(bool(one.births) for one in people), sum(not keys_of(one) for one in people)
    keys = sum(len(keys_of(one)) for one in people)
    each = sum(len(questions_of(_bare(one))) for one in travellers) / len(travellers)
    notes = [
        f"OFAC: {len(people):,} persons, {dated:,} with a birth date, {len(papers):,} with a number; {keyless} have no "
        f"match key; {keys / len(people):.1f} match keys each, {len(whole):,} distinct",
        _share(
            "OFAC, an alias held back (none of the weak ones), asked with the first birth date: found", found["good"]
        ),
        _share("OFAC, a weak alias held back (often another name altogether): found", found["low"]),
        _share("OFAC, each name as it is listed, with each birth date: found", as_listed),
        f"OFAC, the questions with an alias held back: {others} of {len(held):,} hit somebody else besides or instead",
        f"OFAC, travellers who are on no list: {wrong} of {len(travellers):,} hit somebody",
        _share("OFAC, asked by numbers alone: found", asked_by_paper),
        f"a traveller is asked about with {each:.1f} match keys",
    ]
    return [
        Figure("recall, OFAC, an alias held back", Runs([_rate(found["good"])]), "of 1"),
        Figure("recall, OFAC, a weak alias held back", Runs([_rate(found["low"])]), "of 1"),
        Figure("false hits, OFAC, travellers on no list", Runs([wrong / len(travellers)]), "of 1"),
    ], notes


def _of_queries() -> tuple[list[Figure], list[str]]:
    """The labelled queries: each a spelling that the entry lacks, asked with the first birth date."""
    rows = read("persons.jsonl.gz")
    index = index_of(map(_of, rows))
    places = {row["id"]: place for place, row in enumerate(rows)}
    groups: dict[str, list[bool]] = defaultdict(list)
    others = 0
    for query in read("queries.jsonl.gz"):
        if query["birth"]:
            true = places[next(entry for entry, same, _kind in query["candidates"] if same)]
            got = hits(index, _bare(_of({"names": [query["query"]], "birth": query["birth"]})))
            groups[query["group"]].append(true in got)
            others += bool(got - {true})
    asked = sum(map(len, groups.values()))
    notes = [_share(f"labelled queries, {group}: found", one) for group, one in sorted(groups.items())]
    notes.append(
        f"labelled queries: {others} of {asked} hit somebody else besides or instead, of {len(rows):,} persons"
    )
    return [
        Figure(f"recall, labelled queries, {name}", Runs([_rate(one)]), "of 1") for name, one in sorted(groups.items())
    ], notes


def _bare(one: Person) -> Person:
    """As a question has him: one name, one birth date."""
    return Person(names=one.names[:1], births=one.births[:1])


def _rate(found: Sequence[bool]) -> float:
    return sum(found) / len(found)


def _share(what: str, found: Sequence[bool]) -> str:
    share, low, high = wilson(sum(found), len(found))
    return f"{what} {sum(found)} of {len(found)}: {share:.3f} ({low:.3f} to {high:.3f})"
