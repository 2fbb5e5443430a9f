"""A person as options describe him: names, births, documents, national numbers."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from passerelle.persons.model import Person


def described_by(
    names: "list[str] | tuple[()]",
    births: "list[str] | tuple[()]",
    documents: "list[str] | tuple[()]",
    numbers: "list[str] | tuple[()]",
) -> "Person":
    """The person that options describe. Raises InputError."""
    from passerelle.core.errors import InputError
    from passerelle.persons.model import Birth, Document, Name, Number, Person

    def born(text: str) -> Birth:
        calendar, _sep, date = text.rpartition(":")
        if calendar not in ("", "gregorian", "hijri") or not re.fullmatch(r"\d{4}(-\d\d){0,2}", date):
            raise InputError(f"--birth: expected a date like 1986-03-14, 1986 or hijri:1406-07, got {text[:40]!r}")
        return Birth(date=date, calendar=calendar or "gregorian")

    def paper(text: str) -> Document:
        kind, country, number = [*text.split(":", 2), "", ""][:3]
        known = ("passport", "identity-card", "residence", "visa", "other")
        if kind not in known or not re.fullmatch(r"[A-Z]{2}|", country) or not number:
            raise InputError(f"--document: expected {'|'.join(known)}:COUNTRY:NUMBER, got {text[:60]!r}")
        return Document(kind=kind, country=country, number=number)

    def numbered(text: str) -> Number:
        country, _sep, value = text.partition(":")
        if not re.fullmatch(r"[A-Z]{2}", country) or not value:
            raise InputError(f"--number: expected COUNTRY:VALUE like BE:86.03.14-000.00, got {text[:60]!r}")
        return Number(country=country, value=value)

    return Person(
        names=tuple(Name(text=one) for one in names),
        births=tuple(map(born, births)),
        documents=tuple(map(paper, documents)),
        numbers=tuple(map(numbered, numbers)),
    )
