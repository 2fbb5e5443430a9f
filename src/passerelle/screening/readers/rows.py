"""Comma-separated values (RFC 4180) as records with their place, whatever one of them does to the rest.

A record spans at most `MAX_LINES` lines and a megabyte. A quote that is never closed, or stands where none may, costs
its own line: the next record begins on the line after it. Text in quotes is taken strictly (`"a"b` is refused).
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from passerelle.persons.model import Fault
from passerelle.screening.readers.reading import At
from passerelle.screening.readers.text import ENCODINGS, MAX_LINE, Line

MAX_LINES = 100
_SEARCHED = 10_000
DELIMITERS = ",;\t|"
csv.field_size_limit(4 * MAX_LINE)  # of the process; a record ends before


class Row(NamedTuple):
    """A record: its first line from 1, its cells, and its text as it stands in the file.

    Places are looked for in records of ordinary length only: in one of a megabyte that would take its square.
    """

    line: int
    cells: list[str]
    raw: str

    def place(self, cell: str) -> At:
        """Where a cell stands, as far as its text says so."""
        at = self.raw.find(cell.replace('"', '""')) if cell and len(self.raw) <= _SEARCHED else -1
        if at < 0:
            return self.line, 0
        before = self.raw[:at]
        return self.line + before.count("\n"), at - (before.rfind("\n") + 1) + 1


class _EndlessError(Exception):
    """A record that does not end."""


class _Feed:
    """The lines of the file, those of the record at hand remembered."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines, self._again = lines, deque[Line]()
        self.taken: list[Line] = []
        self._size = 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_LINES or self._size > MAX_LINE:
            raise _EndlessError
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        self._size += len(line.text)
        return line.text + "\n"

    def begin(self) -> None:
        self.taken, self._size = [], 0

    def give_back(self) -> None:
        """All lines of this record but its first are read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        del self.taken[1:]


def records(lines: Iterator[Line], delimiter: str, encoding: str) -> Iterator[Row | Fault]:
    """The records that are not blank. Bytes that can't be read are told before the record that has them."""
    feed = _Feed(lines)
    while True:
        feed.begin()
        reader = csv.reader(feed, delimiter=delimiter, strict=True)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _EndlessError) as error:
            yield _unreadable(feed, error)
            continue
        yield from _told(feed.taken, encoding)
        if any(one.long for one in feed.taken):
            continue
        if any(cell.strip() for cell in cells):
            yield Row(feed.taken[0].number, cells, "\n".join(one.text for one in feed.taken))


def _unreadable(feed: _Feed, error: Exception) -> Fault:
    first = feed.taken[0]
    if isinstance(error, csv.Error) and len(feed.taken) == 1 and "end of data" not in str(error):
        message = "expected a delimiter or the end of the line after a closing quote, got something else"
        return Fault(line=first.number, column=_wrong_quote(first.text), message=message)
    feed.give_back()
    message = f"expected a closing quote within {MAX_LINES} lines, got none"
    return Fault(line=first.number, column=max(first.text.rfind('"') + 1, 1), message=message)


def _wrong_quote(text: str) -> int:
    """Where a quote closes before something that may not follow it, from 1."""
    inside = False
    for at, one in enumerate(text):
        if one == '"':
            inside = not inside
            after = text[at + 1 : at + 2]
            if not inside and after and after not in f'"{DELIMITERS}':
                return at + 1
    return 1


def _told(taken: list[Line], encoding: str) -> Iterator[Fault]:
    yield from (fault for one in taken if (fault := undecoded(one, encoding)))


def undecoded(line: Line, encoding: str) -> Fault | None:
    """The fault of a line that is too long, or has a byte that can't be read."""
    if line.long:
        message = f"expected lines of at most {MAX_LINE} characters, got a longer one"
        return Fault(line=line.number, column=MAX_LINE, message=message)
    if line.marked:
        name = ENCODINGS[encoding]
        return Fault(line=line.number, column=line.marked, message=f"expected {name}, got byte {line.byte}")
    return None


def delimiter_of(text: str) -> str:
    """The delimiter of a header: of comma, semicolon, tab and bar what stands most often outside quotes."""
    bare = "".join(text.split('"')[::2])
    return max(DELIMITERS, key=bare.count)
