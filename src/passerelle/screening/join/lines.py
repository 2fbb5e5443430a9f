"""A file of JSON lines -> rows that are checked.

    {"id": "T-17", "names": ["Lmeskini, Yassine"], "birth": ["1980-05-17", "1981"]}

Rules kept here:
- `id` is a text or a whole number, `names` has one name at least, `birth` may be missing; dates are Gregorian, `YYYY`,
  `YYYY-MM` or `YYYY-MM-DD`. Other fields of a line are for other readers, and are passed over;
- a line that is not so is refused with its number and column: of one that was left out nobody would know that it was
  compared with nothing;
- a line has at most a million bytes, a person at most a hundred names.

Left unchecked here: an id that stands twice. The engine looks, where all ids are together.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import msgspec

from passerelle.core.errors import InputError

LONGEST_LINE = 1_000_000
MOST_NAMES = 100
_DATE = re.compile(r"(\d{4})(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")
_BYTE = re.compile(r" \(byte (\d+)\)$")


class Row(NamedTuple):
    """A person. The years are those of the births that are known, None where none is."""

    id: str
    names: list[str]
    first_year: int | None
    last_year: int | None


class _Line(msgspec.Struct, frozen=True):
    id: str | int
    names: list[str]
    birth: list[str] = []


_decoder = msgspec.json.Decoder(_Line)


def rows(file: BinaryIO, what: str) -> Iterator[Row]:
    """The persons of a file, which `what` names. Raises InputError with line and column."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise InputError(f"{what}: line {number}: expected at most {LONGEST_LINE} bytes, got more")
        if not line.isspace():
            yield _row(line, what, number)


def _row(line: bytes, what: str, number: int) -> Row:
    try:
        one = _decoder.decode(line)
    except msgspec.DecodeError as error:
        said = str(error)
        byte = _BYTE.search(said)
        column = len(line[: int(byte[1])].decode("utf-8", "replace")) + 1 if byte else 1
        reason = said[: byte.start()] if byte else said
        raise InputError(
            f"{what}: line {number}, column {column}: expected a person (id, names, birth) as JSON, got: {reason}"
        ) from None
    except UnicodeDecodeError:  # it counts from the beginning of a text, not of the line
        column, found = _not_utf8(line)
        raise InputError(f"{what}: line {number}, column {column}: expected UTF-8, got the byte {found}") from None
    if not 1 <= len(one.names) <= MOST_NAMES:
        names = len(one.names)
        raise InputError(f"{what}: line {number}: names: expected 1 to {MOST_NAMES}, got {names}")
    years = []
    for date in one.birth:
        if not (match := _DATE.fullmatch(date)):
            got = repr(date[:20])
            raise InputError(f"{what}: line {number}: birth: expected YYYY, YYYY-MM or YYYY-MM-DD, got {got}")
        years.append(int(match[1]))
    return Row(str(one.id), one.names, min(years, default=None), max(years, default=None))


def _not_utf8(line: bytes) -> tuple[int, str]:
    """Where the first byte that is none of UTF-8 stands, from 1, and which it is."""
    read = line.decode("utf-8", "surrogateescape")
    at = next(place for place, letter in enumerate(read) if "\udc80" <= letter <= "\udcff")
    return at + 1, f"0x{ord(read[at]) - 0xDC00:02x}"
