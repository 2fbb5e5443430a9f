"""What every reader yields and counts, and the bounds that each keeps.

A text is kept as it was written, but in Unicode's composed form (NFC), on one line and without blanks at its ends.
Refused, with a `Fault` at its place, the rest of the entry kept: a name that is empty, longer than `MAX_NAME`, or has
control or bidirectional characters (`core.text`); and any other text that has them. An entry with more of a kind than
`MAX_OF_A_KIND`, or with nothing to know a person by, is refused whole.

Left alone: mixed scripts, zero-width characters, whether an id comes twice (whoever keeps the list knows).
"""

import unicodedata
from collections.abc import Iterator
from datetime import date
from typing import TypeVar

import msgspec

from passerelle.core.retold import E_
from passerelle.core.text import forbidden_character
from passerelle.persons.model import Birth, Document, Entry, Fault, Name, Number, Person, Place
from passerelle.screening.readers import countries
from passerelle.screening.readers.mapping import Mapping

NAME = E_("name")
MAX_NAME = 10_000
MAX_VALUE = 160
MAX_TEXT = 300
MAX_NOTE = 2_000
MAX_OF_A_KIND = 1_000
_BLANKS = str.maketrans({"\r": " ", "\n": " ", "\t": " "})

At = tuple[int, int]
"""Line and column, from 1. A place that is not known better is the beginning of the record: a fault has no column 0."""
_T = TypeVar("_T")


class Voyage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A journey that travellers are named for. Places as written, times `YYYY-MM-DDTHH:MM`, local."""

    number: str
    carrier: str = ""
    origin: str = ""
    destination: str = ""
    departs: str = ""
    arrives: str = ""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to read. `today`: the day against which two-digit years are read (no birth lies after it).

    `encoding`: one of `text.ENCODINGS`, or empty to find it out. `delimiter`: of a CSV file, or empty. `keep_misread`:
    a traveller whose machine-readable zone is wrong somewhere is kept and marked, since a misread must hide nobody.
    """

    today: date
    mapping: Mapping | None = None
    encoding: str = ""
    delimiter: str = ""
    keep_misread: bool = True


class Reading(Iterator[Entry | Fault]):
    """The entries and faults of a file as they are read, and what was counted so far.

    `form`: the form taken; `guessed`: nobody said it. `encoding`: the one taken. `skipped`: entries of a list that are
    no persons. `left_out`: columns that nothing was taken from. `whole`: false once something made the rest of the file
    unreadable. `voyages`: the journeys that travellers were named for, at most a hundred.
    """

    def __init__(self, form: str, *, guessed: bool = False) -> None:
        self.form, self.guessed = form, guessed
        self.encoding = ""
        self.entries = self.faults = self.skipped = 0
        self.left_out: tuple[str, ...] = ()
        self.voyages: list[Voyage] = []
        self.whole = True
        self._items: Iterator[Entry | Fault] = iter(())

    def of(self, items: Iterator[Entry | Fault]) -> "Reading":
        """The reading itself, of these."""
        self._items = items
        return self

    def __next__(self) -> Entry | Fault:
        item = next(self._items)
        if isinstance(item, Entry):
            self.entries += 1
        else:
            self.faults += 1
        return item

    def torn(self, fault: Fault, unended: int) -> Fault:
        """A fault of the form of a line. Where it is the last line, and has no end, the file was cut there."""
        self.whole = self.whole and fault.line != unended
        return fault

    def broken(self, message: str, at: At = (1, 1)) -> Fault:
        """The fault that ends the reading before the end of the file."""
        self.whole = False
        return Fault(line=at[0], column=max(at[1], 1), message=message)


class Draft:
    """An entry being put together, and what was wrong with parts of it."""

    def __init__(self, at: At, *, marked: bool = True) -> None:
        """`marked`: bytes that could not be read stand as marks in what comes, and have been told."""
        self.at, self._marked = at, marked
        self.faults: list[Fault] = []
        self.names: list[Name] = []
        self.births: list[Birth] = []
        self.documents: list[Document] = []
        self.numbers: list[Number] = []
        self.places: list[Place] = []
        self.nationalities: list[str] = []
        self.sex = "unknown"
        self._notes: list[str] = []
        self._noted = 0
        self._full = False

    def fault(self, message: str, at: At | None = None) -> None:
        line, column = at or self.at
        if len(self.faults) >= MAX_OF_A_KIND:
            self._full = True
        else:
            self.faults.append(Fault(line=line, column=max(column, 1), message=message))

    def refuse(self) -> None:
        """Refuse the entry whole: it says more of a kind than may be."""
        self._full = True

    def text(self, value: str, what: str, at: At | None = None, most: int = MAX_VALUE) -> str:
        """The value as it is kept, or nothing and a fault. A byte that could not be read has been told already."""
        line, column = at or self.at
        if len(value) > most:
            self.fault(f"{what}: expected at most {most} characters, got {len(value)}", at)
            return ""
        if value.isascii() and value.isprintable():
            return value.strip() if "  " not in value else " ".join(value.split())
        flat = value.translate(_BLANKS)
        if found := forbidden_character(flat):
            if not (self._marked and "U+DC00" <= found <= "U+DCFF"):
                there = flat.index(chr(int(found.removeprefix("U+"), 16)))
                message = f"{what}: expected text without control or bidirectional characters, got {found}"
                self.fault(message, (line, column + there if column else 0))
            return ""
        return " ".join(part for part in unicodedata.normalize("NFC", flat).split(" ") if part)

    def name(
        self,
        value: str,
        at: At | None = None,
        *,
        kind: str = "primary",
        family: str = "",
        given: str = "",
        quality: str = "good",
        cut: bool = False,
        script: str = "",
    ) -> None:
        """Add a name. `family` and `given` are its parts as the source has them, `script` what it says itself."""
        before = len(self.faults)
        text = self.text(value, NAME, at, MAX_NAME)
        if not text:
            if len(self.faults) == before and not (self._marked and any("\udc00" <= one <= "\udcff" for one in value)):
                self.fault("expected a name, got an empty one", at)
            return
        parts = {"family": self.text(family, NAME, at, MAX_NAME), "given": self.text(given, NAME, at, MAX_NAME)}
        made = Name(text=text, kind=kind, quality=quality, cut=cut, script=script, **parts)
        if not any(one.text == text and one.family == made.family for one in self.names[:50]):
            self._add(self.names, made)

    def birth(self, made: Birth) -> None:
        self._add(self.births, made)

    def country(self, value: str, what: str, at: At | None = None) -> str:
        """The code of a country; of one that is not known the text goes into the note, after what it is of."""
        text = self.text(value, E_("country"), at)
        code = countries.alpha2(text)
        if text and not code:
            self.note(f"{what}: {text}")
        return code

    def document(self, kind: str, number: str, at: At | None = None, **more: str) -> None:
        """Add a document: `country` is an alpha-2 code, `issued` and `expires` are dates, `note` is text."""
        if kept := self.text(number, E_("document"), at):
            self._add(self.documents, Document(kind=kind, number=kept, **more))

    def number(self, value: str, country: str = "", at: At | None = None) -> None:
        if kept := self.text(value, E_("number"), at):
            self._add(self.numbers, Number(value=kept, country=country))

    def place(self, value: str, country: str = "", *, kind: str = "birth", at: At | None = None) -> None:
        """Add a place. `country`: its name or code; what names no country known stays in the text."""
        text = self.text(value, E_("place"), at, MAX_TEXT)
        named = self.text(country, E_("country"), at)
        code = countries.alpha2(named)
        if named and not code:
            text = f"{text}, {named}" if text else named
        if text or code:
            self._add(self.places, Place(text=text or named, country=code, kind=kind))

    def nationality(self, value: str, at: At | None = None) -> None:
        """Add a nationality by the name or code of its country; of an unknown one the text goes into the note."""
        text = self.text(value, E_("nationality"), at)
        if code := countries.alpha2(text):
            self._add(self.nationalities, code)
        elif text:
            self.note(f"nationality: {text}")

    def note(self, value: str, at: At | None = None) -> None:
        """Add a remark. Of the whole note 2,000 characters are kept; the last says so when it was longer."""
        if self._noted <= MAX_NOTE and (text := self.text(value, E_("note"), at, 1 << 20)):
            self._notes.append(text)
            self._noted += len(text) + 2

    def _add(self, many: list[_T], one: _T) -> None:
        if one in many[-50:]:
            return
        if len(many) >= MAX_OF_A_KIND:
            self._full = True
        else:
            many.append(one)

    def done(self, ident: str) -> Iterator[Entry | Fault]:
        """The faults, then the entry, unless it is refused whole."""
        if self._full:
            message = f"expected at most {MAX_OF_A_KIND} names, dates, documents or places of one person, got more"
            yield Fault(line=self.at[0], column=self.at[1], message=message)
        yield from self.faults
        line, column = self.at
        if self._full:
            return
        if not (self.names or self.documents or self.numbers):
            yield Fault(line=line, column=column, message="expected a name, a document or a number, got none")
            return
        note = "; ".join(self._notes)
        person = Person(
            names=tuple(self.names),
            births=tuple(self.births),
            sex=self.sex,
            nationalities=tuple(self.nationalities),
            documents=tuple(self.documents),
            numbers=tuple(self.numbers),
            places=tuple(self.places),
        )
        yield Entry(
            id=ident, person=person, line=line, note=note if len(note) <= MAX_NOTE else note[: MAX_NOTE - 1] + "…"
        )
