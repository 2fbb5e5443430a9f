"""A person of a dossier as a `Person`, and back.

    subject = from_dossier(content["subjects"][0])
    subject.person                       # compare it, screen it
    to_dossier(subject)                  # as it was

Nothing is lost on the way: what a dossier says of a person beside who he is (key, category, minor, note, nationality in
words) stays in the `Subject`. What is absent and what stands there as its default (`sex` unknown, `quality` good) mean
the same in a dossier, and come back absent.

A person from elsewhere may know what a dossier has no field for: a name cut off, a date whose day and month may be the
other way round, a visa, a number without a country, a place without words. `lost` names it; `to_dossier` refuses unless
it is told to leave it out.

Left unchecked: whether the result is a valid person of a dossier; its own check does that.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from passerelle.core.errors import InputError
from passerelle.persons.model import Document, Name, Person

_BESIDE = ("key", "category", "minor", "note", "nationalities_text")
_REQUIRED = {
    "names": ("text", "script", "kind"),
    "births": ("date", "calendar", "kind"),
    "documents": ("kind", "number"),
    "numbers": ("kind", "country", "value"),
    "places": ("kind", "text"),
}


class Subject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person, and what a dossier says of him besides; each as in `catalogue/envelope.toml`, empty when absent."""

    person: Person
    key: str
    category: str
    minor: str
    note: str = ""
    nationalities_text: str = ""


def from_dossier(person: Mapping[str, Any]) -> Subject:
    """A person of a dossier. Raises InputError when it has not that form, naming the field, expected and got."""
    beside = {name: value for name, value in person.items() if name in _BESIDE}
    try:
        who = msgspec.convert({name: value for name, value in person.items() if name not in beside}, Person)
        return msgspec.convert({**beside, "person": who}, Subject)
    except msgspec.ValidationError as error:
        raise InputError(f"person: {str(error)[:300]}") from None


def lost(person: Person) -> list[str]:
    """What a dossier has no field for, as paths into the person: `names[0].cut`."""
    return list(_lost(person))


def _lost(person: Person) -> Iterator[str]:
    for at, name in enumerate(person.names):
        if name.cut:
            yield f"names[{at}].cut"
    for at, birth in enumerate(person.births):
        if birth.uncertain:
            yield f"births[{at}].uncertain"
    for at, document in enumerate(person.documents):
        if document.kind == "visa":
            yield f"documents[{at}].kind"
    for at, number in enumerate(person.numbers):
        if not number.country:
            yield f"numbers[{at}]"
    for at, place in enumerate(person.places):
        if not place.text:
            yield f"places[{at}]"


def to_dossier(subject: Subject, *, losing: bool = False) -> dict[str, Any]:
    """The person as a dossier has it. Raises InputError when something would be lost, unless `losing` allows it."""
    gone = lost(subject.person)
    if gone and not losing:
        raise InputError(f"person: expected what a dossier has a field for, got {', '.join(gone[:10])}")
    made: dict[str, Any] = {name: value for name in _BESIDE if (value := getattr(subject, name))}
    person = _kept(subject.person)
    made |= msgspec.json.decode(msgspec.json.encode(person))
    for field, required in _REQUIRED.items():
        # Records leave out what is a default; a dossier wants some of it said.
        for record, one in zip(made.get(field, ()), getattr(person, field), strict=True):
            record |= {name: getattr(one, name) for name in required}
    return made


def _kept(person: Person) -> Person:
    """The person without what a dossier has no field for, and with the scripts of his names."""
    return msgspec.structs.replace(
        person,
        names=tuple(map(_name, person.names)),
        births=tuple(msgspec.structs.replace(birth, uncertain=False) for birth in person.births),
        documents=tuple(map(_document, person.documents)),
        numbers=tuple(number for number in person.numbers if number.country),
        places=tuple(place for place in person.places if place.text),
    )


def _name(name: Name) -> Name:
    from passerelle.persons.naming import script_of  # brings all that compares names

    return msgspec.structs.replace(name, cut=False, script=name.script or script_of(name.text))


def _document(document: Document) -> Document:
    return msgspec.structs.replace(document, kind="other") if document.kind == "visa" else document
