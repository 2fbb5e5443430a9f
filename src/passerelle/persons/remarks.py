"""What is to be remarked on one person alone: dates that do not exist, numbers that cannot be right or say otherwise.

    for remark in of_person(person): print(telling.remark(remark))

A remark takes nothing out of the comparison. It tells an officer that a figure may be misread, and where two statements
of one source are at odds.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from passerelle.persons import births, marks
from passerelle.persons.dates import span
from passerelle.persons.finding import Kind
from passerelle.persons.marks import Mark
from passerelle.persons.model import Birth, Person

What = Literal["weak", "cut", "no-date", "check", "form", "odd-birth", "odd-sex"]


class Remark(NamedTuple):
    """`text`: the number or date as it stands; `form`: the number's form at home; `said`: what it says."""

    kind: Kind
    what: What
    text: str
    form: str = ""
    said: Birth | str | None = None
    claimed: Birth | str | None = None


def of_person(
    person: Person, numbers: Sequence[Mark] | None = None, documents: Sequence[Mark] | None = None
) -> list[Remark]:
    """What is to be remarked on a person. `numbers`, `documents`: the marks where they are made already."""
    numbers = marks.of_numbers(person.numbers) if numbers is None else numbers
    documents = marks.of_documents(person.documents) if documents is None else documents
    found = [
        Remark("birth", "no-date", text)
        for birth in person.births
        for text in (birth.date, birth.until)
        if text and span(text, birth.calendar) is None
    ]
    kinds: tuple[tuple[Kind, Sequence[Mark]], ...] = (("number", numbers), ("document", documents))
    for kind, those in kinds:
        for mark in those:
            found += _of_mark(kind, mark, person)
    return found


def of_name(person: Person, text: str) -> list[Remark]:
    """What the source says of the name that matched: that it is a weak alias, that its end may be missing."""
    name = next((name for name in person.names if name.text == text), None)
    if name is None:
        return []
    found = [Remark("name", "weak", text)] if name.quality == "low" else []
    return [*found, Remark("name", "cut", text)] if name.cut else found


def _of_mark(kind: Kind, mark: Mark, person: Person) -> list[Remark]:
    held, text = mark.held, marks.written(mark)
    if held is None:
        return []
    if held.fault:
        return [Remark(kind, held.fault, text, held.name)]
    found = []
    numbered = births.readings(held.births, numbered=True)
    if births.at_odds(births.readings(person.births), numbered):
        found.append(Remark(kind, "odd-birth", text, held.name, held.births[0], person.births[0]))
    if held.sex != "unknown" and person.sex in ("female", "male") and person.sex != held.sex:
        found.append(Remark(kind, "odd-sex", text, held.name, held.sex, person.sex))
    return found
