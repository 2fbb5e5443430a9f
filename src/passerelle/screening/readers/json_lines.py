"""JSON lines: one person a line, strict JSON (`core.json`), each line at most a megabyte.

A line is the short form, `{"id", "names": [...], "birth": [...], "nationality": [...], "documents": [...]}`, where each
item is a text or an object as the model of persons has it, or the full form, `{"id", "person": {...}, "note"}`. A field
that is not known refuses the line. A line without an id gets its number.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, TypeGuard

import msgspec

from passerelle.core.errors import JsonError
from passerelle.core.json import parse
from passerelle.core.retold import E_
from passerelle.persons.model import Birth, Document, Entry, Fault, Name, Number, Person, Place
from passerelle.screening.readers import dates
from passerelle.screening.readers.reading import MAX_NOTE, MAX_OF_A_KIND, MAX_VALUE, At, Draft, Options, Reading
from passerelle.screening.readers.rows import undecoded
from passerelle.screening.readers.text import ENCODINGS, Line, Source, lines

_ID = str | int
_NO_JSON = E_("expected JSON, got something else")
_KINDS = {
    Name: ("primary", "alias", "birth", "maiden", "nom-de-guerre", "spelling", "transliteration"),
    Document: ("passport", "identity-card", "residence", "visa", "other"),
    Place: ("birth", "residence", "seen", "other"),
    Birth: ("exact", "approximate", "claimed", "between"),
}
_SCRIPT = re.compile("[A-Z][a-z]{3}")
_SEXES = ("female", "male", "other", "unknown")


class _Short(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: _ID | None = None
    names: list[str | Name] = []
    birth: list[str | Birth] = []
    births: list[str | Birth] = []
    sex: str = "unknown"
    nationality: list[str] | str = []
    nationalities: list[str] | str = []
    country: str = ""
    documents: list[str | Document] = []
    numbers: list[str | Number] = []
    places: list[str | Place] = []
    note: str = ""


class _Full(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: _ID | None = None
    person: Person
    note: str = ""
    line: int = 0


def read(source: Source, reading: Reading, _options: Options) -> Iterator[Entry | Fault]:
    """The persons of the lines."""
    encoding = "utf-8-sig" if source.head.startswith(b"\xef\xbb\xbf") else "utf-8"
    reading.encoding = ENCODINGS[encoding]
    for line in lines(source, encoding):
        if fault := undecoded(line, encoding):
            yield fault
        elif line.text.strip():
            yield from (reading.torn(one, source.unended) if _is_torn(one) else one for one in _entry(line))


def _is_torn(one: Entry | Fault) -> TypeGuard[Fault]:
    return isinstance(one, Fault) and one.message == _NO_JSON


class _FieldError(Exception):
    """A field that is not known."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"expected one of {', '.join(known)}, got {name[:40]!r}")
        self.name = name


class _Draft(Draft):
    """A draft that finds where in its line a text stands."""

    def __init__(self, line: Line) -> None:
        super().__init__((line.number, 1), marked=False)
        self._line = line.text

    def text(self, value: str, what: str, at: At | None = None, most: int = MAX_VALUE) -> str:
        if at is None and (len(value) > most or not value.isprintable()):
            at = (self.at[0], self._line.find(value) + 1)
        return super().text(value, what, at, most)


def _entry(line: Line) -> Iterator[Entry | Fault]:
    draft = _Draft(line)
    try:
        value = parse(line.text, "line", characters=False)
        if not isinstance(value, dict):
            raise JsonError(f"expected an object, got {type(value).__name__}")
        short = _short(value)
        ident = _filled(draft, short)
    except JsonError as error:
        column = _column(line.text)
        message = str(error).removeprefix("line: ") if not column else _NO_JSON
        yield Fault(line=line.number, column=column or 1, message=message)
    except _FieldError as error:
        yield Fault(line=line.number, column=max(line.text.find(f'"{error.name}"') + 1, 1), message=str(error))
    except msgspec.ValidationError as error:
        message = f"expected a person with names, births, documents and the like, got another form: {error}"
        yield Fault(line=line.number, column=1, message=message)
    else:
        yield from draft.done(ident or str(line.number))


def _column(text: str) -> int:
    """Where the text stops being JSON, from 1; 0 when it is JSON that is refused for another reason."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.colno
    except (ValueError, RecursionError):
        pass
    return 0


def _short(value: dict[str, Any]) -> _Short:
    form = _Full if "person" in value else _Short
    if unknown := next((name for name in value if name not in form.__struct_fields__), None):
        raise _FieldError(unknown, form.__struct_fields__)
    if "person" not in value:
        return msgspec.convert(value, _Short)
    full = msgspec.convert(value, _Full)
    one = full.person
    return _Short(
        id=full.id,
        names=list(one.names),
        births=list(one.births),
        sex=one.sex,
        nationalities=list(one.nationalities),
        documents=list(one.documents),
        numbers=list(one.numbers),
        places=list(one.places),
        note=full.note,
    )


def _filled(draft: Draft, one: _Short) -> str:
    at = draft.at
    for many in (one.names, one.birth, one.births, one.documents, one.numbers, one.places):
        if len(many) > MAX_OF_A_KIND:
            raise JsonError(f"expected at most {MAX_OF_A_KIND} names, dates, documents or places, got {len(many)}")
    for name in one.names:
        _name(draft, name)
    for birth in (*one.birth, *one.births):
        _birth(draft, birth, at)
    draft.sex = _one_of("sex", one.sex, _SEXES)
    for said in (one.nationality, one.nationalities, one.country):
        for country in [said] if isinstance(said, str) else said:
            draft.nationality(country)
    for paper in one.documents:
        _document(draft, paper)
    for number in one.numbers:
        made = Number(value=number) if isinstance(number, str) else number
        draft.number(made.value, draft.country(made.country, made.value))
    for place in one.places:
        spot = Place(text=place) if isinstance(place, str) else place
        draft.place(spot.text, spot.country, kind=_one_of("kind", spot.kind, _KINDS[Place]))
    if len(one.note) > MAX_NOTE:
        draft.fault(f"note: expected at most {MAX_NOTE} characters, got {len(one.note)}")
    draft.note(one.note)
    return draft.text(str(one.id), "id") if one.id is not None else ""


def _one_of(what: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise JsonError(f"{what}: expected one of {', '.join(allowed)}, got {value[:40]!r}")
    return value


def _name(draft: Draft, one: str | Name) -> None:
    if isinstance(one, str):
        draft.name(one, kind="alias" if draft.names else "primary")
        return
    if one.script and not _SCRIPT.fullmatch(one.script):
        raise JsonError(f"script: expected a code of four letters like Latn, got {one.script[:40]!r}")
    draft.name(
        one.text,
        kind=_one_of("kind", one.kind, _KINDS[Name]),
        family=one.family,
        given=one.given,
        quality=_one_of("quality", one.quality, ("good", "low")),
        cut=one.cut,
        script=one.script,
    )


def _birth(draft: Draft, one: str | Birth, at: At) -> None:
    made = Birth(date=one) if isinstance(one, str) else one
    _one_of("kind", made.kind, _KINDS[Birth])
    _one_of("calendar", made.calendar, ("gregorian", "hijri"))
    wrong = [
        text for text in (made.date, made.until) if text and not _date(draft, text, made.calendar, E_("birth"), at)
    ]
    if made.date and not wrong:
        draft.birth(made)


def _date(draft: Draft, text: str, calendar: str, what: str, at: At) -> str:
    """The date itself; nothing, a fault and a note when its calendar has none such."""
    if not text or dates.iso(text, calendar) == text:
        return text
    draft.fault(f"{what}: expected YYYY, YYYY-MM or YYYY-MM-DD, got {text[:40]!r}", at)
    draft.note(f"{what}: {text[:40]}")
    return ""


def _document(draft: Draft, one: str | Document) -> None:
    paper = Document(kind="other", number=one) if isinstance(one, str) else one
    draft.document(
        _one_of("kind", paper.kind, _KINDS[Document]),
        paper.number,
        country=draft.country(paper.country, "issued by"),
        issued=_date(draft, paper.issued, "gregorian", E_("issued"), draft.at),
        expires=_date(draft, paper.expires, "gregorian", E_("expires"), draft.at),
        note=draft.text(paper.note, "note", most=1000),
    )
