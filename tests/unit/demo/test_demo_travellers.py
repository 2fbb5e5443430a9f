"""Of 300 invented travellers three are on an invented list, under other spellings: nobody else shares a match key."""

import io
from datetime import date

from passerelle.demo import travellers
from passerelle.persons.model import Entry, Person
from passerelle.screening import readers
from passerelle.screening.readers.reading import Options
from passerelle.search.keys import keys_of, questions_of

OPTIONS = Options(today=date(2026, 11, 22))


def _read(text: str, form: str) -> list[Entry]:
    found = list(
        readers.entries(io.BytesIO(text.encode("latin-1" if form == "paxlst" else "utf-8")), form, options=OPTIONS)
    )
    assert all(isinstance(one, Entry) for one in found)
    return [one for one in found if isinstance(one, Entry)]


def _name(person: Person) -> str:
    return person.names[0].text.partition(",")[0]


def test_three_of_them_and_nobody_else() -> None:
    listed = _read(travellers.entries(), "jsonl")
    assert len(listed) == travellers.ENTRIES
    index: dict[str, set[str]] = {}
    for entry in listed:
        for key in keys_of(entry.person):
            index.setdefault(key, set()).add(entry.id)
    those = _read(travellers.passengers(travellers.travellers(), "2026-11-22"), "paxlst")
    assert len(those) == travellers.TRAVELLERS
    asked = [(_name(one.person), questions_of(one.person)) for one in those]
    hits = [(name, {(key[:2], ident) for key in keys for ident in index.get(key, ())}) for name, keys in asked]
    assert {name: found for name, found in hits if found} == {
        "ZEROUALI": {("p|", "MA-0417"), ("d1", "MA-0417")},
        "BENDJELLOUN": {("d1", "MA-1102")},  # by her name in another script; the passport is a new one
        "EL MESKINI": {("d1", "MA-1776")},
    }
    assert sum(bool(found) for _, found in hits) == 3
    assert 1_000 < sum(len(keys) for _, keys in asked) <= 1_500


def test_the_same_each_time() -> None:
    assert travellers.entries() == travellers.entries()
    assert travellers.travellers() == travellers.travellers()
