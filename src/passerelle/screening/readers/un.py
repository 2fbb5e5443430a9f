"""The consolidated list of the United Nations Security Council, in the XML that its secretariat publishes.

Persons only: entities (`ENTITY`) are counted as skipped. Names, aliases and their quality, births, places,
nationalities and documents go where they belong; list, titles, functions and comments into the note, and so does what
no field fits.
What an alias says of a birth is `claimed`. A person who takes more than `_MOST` elements or `_LONGEST` characters is
refused whole, the others are read on; XML that is broken ends the reading there.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator

from passerelle.core.errors import XmlError
from passerelle.core.xml import StrictXml
from passerelle.persons.model import Birth, Entry, Fault
from passerelle.screening.readers import countries, dates
from passerelle.screening.readers.reading import At, Draft, Options, Reading
from passerelle.screening.readers.text import Source

_DEEPEST, _MOST, _LONGEST = 20, 10_000, 1 << 20
_SEARCHED = 1_000  # characters of a note
_PERSON = ("CONSOLIDATED_LIST", "INDIVIDUALS", "INDIVIDUAL")
_ENTITY = ("CONSOLIDATED_LIST", "ENTITIES", "ENTITY")
_NAMES = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME", "FIFTH_NAME", "SIXTH_NAME")
_SEX = {"male": "male", "female": "female"}
_HOUSEKEEPING = {
    "DATAID", "VERSIONNUM", "SORT_KEY", "SORT_KEY_LAST_MOD", "LIST_TYPE", "LAST_DAY_UPDATED", "REFERENCE_NUMBER",
}  # fmt: skip
_HIJRI = re.compile(r"(\d{1,2})/(\d{1,2})/(1[2-5]\d\d)\s*\(?Hijri", re.IGNORECASE)
_IN_NOTE = re.compile(
    r"(?:number|no\.?)\s+((?:[A-Z]{1,3}[ -]?)?\d[\w/-]*)|^((?:[A-Z]{1,3}[ -]?)?\d[\w/-]{4,})", re.IGNORECASE
)
_DAY = r"(?:on|date)?:?\s*(\d{1,2}\s+[A-Za-z]+\.?\s+\d{4}|[A-Za-z]+\.?\s+\d{1,2},?\s+\d{4})"
_EXPIRES = re.compile(rf"expir\w*\s+{_DAY}")
_ISSUED = re.compile(rf"issued\s+{_DAY}")


class Element:
    """An element of a person: its name, text and children, and where it begins."""

    __slots__ = ("at", "children", "name", "text")

    def __init__(self, name: str, at: At) -> None:
        self.name, self.at, self.text = name, at, ""
        self.children: list[Element] = []

    def value(self, name: str) -> str:
        """The text of its first child of this name, on one line; or nothing."""
        return next((_line(one.text) for one in self.children if one.name == name), "")


def _line(text: str) -> str:
    return " ".join(part for part in re.split(r"[ \t\r\n]+", text) if part)


class _Collector:
    """Persons as they end; of what stands outside them only the names of what is open."""

    def __init__(self, reading: Reading) -> None:
        self.ended: deque[Element | Fault] = deque()
        self._reading = reading
        self._path: list[str] = []
        self._open: list[Element] = []
        self._size = self._count = 0
        self.xml = StrictXml(start=self._start, text=self._text, end=self._end, deepest=_DEEPEST)

    def _start(self, name: str) -> None:
        self._path.append(name)
        if len(self._path) == 1 and name != _PERSON[0]:
            raise XmlError(f"expected {_PERSON[0]}, got {name[:40]!r}", *self.xml.place)
        if self._open:
            self._count += 1
            made = Element(name, self.xml.place)
            if self._count <= _MOST:
                self._open[-1].children.append(made)
            self._open.append(made)
        elif tuple(self._path) == _PERSON:
            self._open, self._count, self._size = [Element(name, self.xml.place)], 0, 0
        elif tuple(self._path) == _ENTITY:
            self._reading.skipped += 1

    def _text(self, text: str) -> None:
        if self._open:
            self._size += len(text)
            if self._size <= _LONGEST:
                self._open[-1].text += text

    def _end(self) -> None:
        self._path.pop()
        if not self._open:
            return
        one = self._open.pop()
        if not self._open:
            self.ended.append(one if self._count <= _MOST and self._size <= _LONGEST else self._too_large(one))

    def _too_large(self, one: Element) -> Fault:
        if self._count > _MOST:
            message = f"expected at most {_MOST} elements for one person, got {self._count}"
        else:
            message = f"expected at most {_LONGEST} characters for one person, got {self._size}"
        return Fault(line=one.at[0], column=one.at[1], message=message)


def read(source: Source, reading: Reading, _options: Options) -> Iterator[Entry | Fault]:
    """The persons of the list."""
    collector = _Collector(reading)
    try:
        for piece in source.pieces():
            collector.xml.feed(piece)
            reading.encoding = collector.xml.encoding
            yield from _taken(collector.ended)
        collector.xml.feed(b"", final=True)
    except XmlError as error:
        yield from _taken(collector.ended)
        yield reading.broken(str(error), (error.line, error.column))
        return
    yield from _taken(collector.ended)


def _taken(ended: deque[Element | Fault]) -> Iterator[Entry | Fault]:
    while ended:
        one = ended.popleft()
        if isinstance(one, Fault):
            yield one
        else:
            yield from _person(one)


def _person(one: Element) -> Iterator[Entry | Fault]:
    draft = Draft(one.at)
    first = next((child.at for child in one.children if child.name == "FIRST_NAME"), one.at)
    draft.name(" ".join(text for name in _NAMES if (text := one.value(name))), first)
    comments: list[Element] = []
    for child in one.children:
        take = _PARTS.get(child.name)
        if take is not None:
            take(draft, child)
        elif child.name.startswith("COMMENTS"):
            comments.append(child)
        elif child.name not in _HOUSEKEEPING and child.name not in _NAMES:
            for text in _texts(child):
                draft.note(f"{child.name.lower().replace('_', ' ')}: {text}", child.at)
    for comment in comments:
        draft.note(_line(comment.text), comment.at)
    ident = draft.text(one.value("REFERENCE_NUMBER") or one.value("DATAID"), "id")
    if not ident:
        draft.fault("expected a REFERENCE_NUMBER, got none")
    yield from draft.done(ident or f"line-{one.at[0]}")


def _texts(one: Element) -> Iterator[str]:
    if text := _line(one.text):
        yield text
    for child in one.children:
        yield from _texts(child)


def _original(draft: Draft, one: Element) -> None:
    if text := _line(one.text):
        draft.name(text, one.at, kind="spelling")


def _alias(draft: Draft, one: Element) -> None:
    quality = one.value("QUALITY")
    name, born = one.value("ALIAS_NAME"), one.value("DATE_OF_BIRTH")
    if name or quality:
        low = quality.casefold() in ("low", "weak")
        draft.name(name, one.at, kind="alias", quality="low" if low else "good")
    if born:
        _birth_text(draft, born, one.at, "claimed")
    if one.value("CITY_OF_BIRTH") or one.value("COUNTRY_OF_BIRTH"):
        draft.place(one.value("CITY_OF_BIRTH"), one.value("COUNTRY_OF_BIRTH"), at=one.at)
    if note := one.value("NOTE"):
        draft.note(f"{name}: {note}", one.at)


def _birth_text(draft: Draft, text: str, at: At, kind: str) -> None:
    made = dates.iso(text[:10]) or dates.spoken(text)
    if made:
        draft.birth(Birth(date=made, kind=kind))
    elif spoken := dates.spoken_birth(text):
        draft.birth(spoken)
    else:
        draft.fault(f"birth: expected a date like 1980-05-17 or 1980, got {text[:40]!r}", at)
        draft.note(f"birth: {text}", at)


def _birth(draft: Draft, one: Element) -> None:
    note = one.value("NOTE")
    about = one.value("TYPE_OF_DATE") == "APPROXIMATELY" or note.casefold().startswith("approx")
    kind = "approximate" if about else "exact"
    first, last = one.value("FROM_YEAR"), one.value("TO_YEAR")
    if first and last and dates.iso(first) and dates.iso(last):
        draft.birth(Birth(date=dates.iso(first), until=dates.iso(last), kind="between"))
    elif text := one.value("DATE") or one.value("YEAR") or first or last:
        _birth_text(draft, text, one.at, kind)
    if found := _HIJRI.search(note[:_SEARCHED]):
        day, month, year = map(int, found.groups())
        if date := dates.partial(year, month, day, "hijri"):
            either = day <= 12 and day != month
            draft.birth(Birth(date=date, calendar="hijri", kind=kind, uncertain=either))
    if note and not about:
        draft.note(f"birth: {note}", one.at)


def _spot(one: Element) -> str:
    return ", ".join(text for name in ("STREET", "CITY", "STATE_PROVINCE", "ZIP_CODE") if (text := one.value(name)))


def _birth_place(draft: Draft, one: Element) -> None:
    draft.place(_spot(one), one.value("COUNTRY"), at=one.at)
    _place_note(draft, one, "place of birth")


def _address(draft: Draft, one: Element) -> None:
    draft.place(_spot(one), one.value("COUNTRY"), kind="residence", at=one.at)
    _place_note(draft, one, "address")


def _place_note(draft: Draft, one: Element, what: str) -> None:
    if note := one.value("NOTE"):
        draft.note(f"{what}: {', '.join(filter(None, (_spot(one), one.value('COUNTRY'), note)))}", one.at)


def _document(draft: Draft, one: Element) -> None:
    said, number, note = one.value("TYPE_OF_DOCUMENT"), one.value("NUMBER"), one.value("NOTE")
    begin = note[:_SEARCHED]
    kinds = f"{said} {one.value('TYPE_OF_DOCUMENT2')}".casefold()
    if not number and (found := _IN_NOTE.search(begin)):
        number = found.group(1) or found.group(2)
    issuer = one.value("ISSUING_COUNTRY") or one.value("COUNTRY_OF_ISSUE")
    country = countries.alpha2(issuer)
    more = [
        one.value("TYPE_OF_DOCUMENT2"), one.value("CITY_OF_ISSUE"), "" if country else issuer, note
    ]  # fmt: skip
    remark = "; ".join(text for text in more if text)
    if not number:
        if remark:
            draft.note(f"{said or 'document'}: {remark}", one.at)
    elif "national" in kinds and "passport" not in kinds:
        draft.number(number, country, one.at)
        if remark:
            draft.note(f"{number}: {remark}", one.at)
    else:
        kind = "passport" if "passport" in kinds else "identity-card" if "ident" in kinds else "other"
        issued = dates.iso(one.value("DATE_OF_ISSUE")[:10]) or _day_in(_ISSUED, begin)
        draft.document(
            kind,
            number,
            one.at,
            country=country,
            issued=issued,
            expires=_day_in(_EXPIRES, begin),
            note=draft.text(remark, "note", one.at, 1000),
        )


def _day_in(pattern: "re.Pattern[str]", note: str) -> str:
    found = pattern.search(note)
    return dates.spoken(found.group(1)) if found else ""


def _sex(draft: Draft, one: Element) -> None:
    text = _line(one.text)
    draft.sex = _SEX.get(text.casefold(), "unknown")
    if text and draft.sex == "unknown":
        draft.note(f"gender: {text}", one.at)


def _nationality(draft: Draft, one: Element) -> None:
    for text in _texts(one):
        draft.nationality(text, one.at)


_PARTS: dict[str, Callable[[Draft, Element], None]] = {
    "NAME_ORIGINAL_SCRIPT": _original,
    "INDIVIDUAL_ALIAS": _alias,
    "INDIVIDUAL_DATE_OF_BIRTH": _birth,
    "INDIVIDUAL_PLACE_OF_BIRTH": _birth_place,
    "INDIVIDUAL_ADDRESS": _address,
    "INDIVIDUAL_DOCUMENT": _document,
    "GENDER": _sex,
    "NATIONALITY": _nationality,
}
