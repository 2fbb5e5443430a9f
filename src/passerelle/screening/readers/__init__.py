"""Lists and travellers' messages as files, read into persons: bytes in, `Entry` or `Fault` out, as they come.

    reading = entries([file], None, options=Options(today=today))
    for item in reading: ...        # an Entry, or a Fault with line, column, expected and got
    reading.form, reading.encoding, reading.entries, reading.faults, reading.whole

Pure: nothing is fetched, opened or kept; memory stays bounded by the largest entry. Only of the list that comes as
three files the two smaller ones are held. Nothing in a file raises: what is wrong with it is a `Fault`, and reading
goes on where it can. When it cannot, `Reading.whole` is false. Whether the rest is kept or all of it refused is for the
caller to decide.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from passerelle.core.errors import InputError
from passerelle.persons.model import Entry, Fault
from passerelle.screening.readers import json_lines, mrz, ofac, paxlst, table, un
from passerelle.screening.readers.mapping import Mapping, mapping_from
from passerelle.screening.readers.reading import Options, Reading, Voyage
from passerelle.screening.readers.rows import DELIMITERS
from passerelle.screening.readers.text import Source, encoding_of, known

__all__ = ["FORMS", "Mapping", "Options", "Reading", "Voyage", "entries", "mapping_from"]

_One = Callable[[Source, Reading, Options], Iterator[Entry | Fault]]
_READERS: dict[str, _One] = {
    "un": un.read,
    "csv": table.read,
    "jsonl": json_lines.read,
    "mrz": mrz.read,
    "paxlst": paxlst.read,
}
FORMS = ("un", "ofac", "csv", "jsonl", "mrz", "paxlst")
"""The forms that are read."""


def entries(files: BinaryIO | Sequence[BinaryIO], form: str | None, *, options: Options) -> Reading:
    """The entries of a file, or of files that belong together (`ofac`), in a form of `FORMS`; None: by the beginning.

    Raises InputError for a form, encoding or delimiter that is not known and for too many files, OSError when a file
    can't be read.
    """
    if form is not None and form not in FORMS:
        raise InputError(f"form: expected one of {', '.join(FORMS)}, got {form[:40]!r}")
    if options.encoding:
        known(options.encoding)
    if options.delimiter not in ("", *DELIMITERS):
        raise InputError(f"delimiter: expected one of , ; tab |, got {options.delimiter[:10]!r}")
    many = list(files) if isinstance(files, Sequence) else [files]
    if not many:
        raise InputError("expected a file, got none")
    sources = [Source(file) for file in many]
    taken = form or next((one for one in map(guessed, sources) if one == "ofac"), guessed(sources[0]))
    reading = Reading(taken, guessed=form is None)
    if not taken:
        message = f"expected a file of one of the forms {', '.join(FORMS)}, got none that is known"
        return reading.of(iter((reading.broken(message, (1, 1)),)))
    if taken == "ofac":
        return reading.of(ofac.read(sources, reading, options))
    if len(sources) > 1:
        raise InputError(f"{taken}: expected one file, got {len(sources)}")
    return reading.of(_READERS[taken](sources[0], reading, options))


def guessed(source: Source) -> str:
    """The form that the beginning of a file has, or nothing."""
    encoding = encoding_of(source)
    text = source.head.decode(encoding, "replace").lstrip("\ufeff\r\n\t ")
    first = text.partition("\n")[0].strip()
    if text.startswith("<"):
        return "un"
    if text.startswith(("UNA", "UNB+")):
        return "paxlst"
    if text.startswith("{"):
        return "jsonl"
    if mrz.looks_like(first):
        return "mrz"
    if ofac.looks_like(first):
        return "ofac"
    return "csv" if first.isalpha() or any(one in first for one in ",;\t|") else ""
