"""A person as lists, passengers' messages and dossiers name him, and what a reader of a file yields.

The fields are those of a person in a dossier (`catalogue/envelope.toml`, `defs.person`), so that one goes over into the
other without loss. Nothing is required: a list may know no more than a name, a document no more than a number.
"""

import msgspec


class Name(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A name as it was written. `family`, `given`: its parts where the source tells them apart.

    `script`: as the source says it (ISO 15924: `Latn`, `Arab`), empty when it does not.
    `quality`: `low` for what the source itself calls a weak alias. `cut`: the source may have left off its end (the
    truncation of a machine-readable zone, ICAO 9303-4, -5, -6).
    """

    text: str
    kind: str = "primary"  # primary | alias | birth | maiden | nom-de-guerre | spelling | transliteration
    family: str = ""
    given: str = ""
    script: str = ""
    quality: str = "good"  # good | low
    cut: bool = False


class Birth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A birth date: `YYYY`, `YYYY-MM` or `YYYY-MM-DD` of its calendar; of `between` the first, `until` the last.

    `uncertain`: the source writes it so that day and month may be the other way round, or the century was guessed.
    """

    date: str
    calendar: str = "gregorian"  # gregorian | hijri
    kind: str = "exact"  # exact | approximate | claimed | between
    until: str = ""
    uncertain: bool = False


class Document(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A document. `country`: ISO 3166-1 alpha-2 of who issued it, empty when unknown; dates as in `Birth`."""

    kind: str  # passport | identity-card | residence | visa | other
    number: str
    country: str = ""
    issued: str = ""
    expires: str = ""
    note: str = ""


class Number(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A number that a state gives a person for life. `country`: ISO 3166-1 alpha-2, empty when unknown."""

    value: str
    country: str = ""
    kind: str = "national-number"


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A place in words, and its country (ISO 3166-1 alpha-2) where the source gives one."""

    text: str
    country: str = ""
    kind: str = "birth"  # birth | residence | seen | other


class Person(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A person. `nationalities`: ISO 3166-1 alpha-2."""

    names: tuple[Name, ...] = ()
    births: tuple[Birth, ...] = ()
    sex: str = "unknown"  # female | male | other | unknown
    nationalities: tuple[str, ...] = ()
    documents: tuple[Document, ...] = ()
    numbers: tuple[Number, ...] = ()
    places: tuple[Place, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One person of a list, or one traveller: what the source calls it, who it is, what the source says besides.

    `id`: the source's own reference (`QDi.430`, `2674`, the number of a row), unique within its list. `line`: where it
    begins in the file, from 1. `note`: programme, remark, function, at most 2,000 characters.
    """

    id: str
    person: Person
    line: int = 0
    note: str = ""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be read: where, and what was expected and got. `line` and `column` count from 1."""

    line: int
    column: int
    message: str
