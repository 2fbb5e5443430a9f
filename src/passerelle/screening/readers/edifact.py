"""UN/EDIFACT interchanges (ISO 9735) as segments with their place.

The service characters are those of UNA, else the usual ones (`:+.?'`). The character set is that of the syntax
identifier in UNB; bytes that it does not have are told and refused where they stand in a value. Line ends between
segments are passed over. A segment is at most `MAX_SEGMENT` bytes: what is longer ends the reading.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from passerelle.persons.model import Fault
from passerelle.screening.readers.text import Source

MAX_SEGMENT = 1 << 16
_TAG = re.compile("[A-Z][A-Z0-9]{2}")
CHARSETS = {
    "UNOA": "ascii",
    "UNOB": "ascii",
    "UNOC": "iso8859-1",
    "UNOD": "iso8859-2",
    "UNOE": "iso8859-5",
    "UNOF": "iso8859-7",
    "UNOG": "iso8859-3",
    "UNOH": "iso8859-4",
    "UNOI": "iso8859-6",
    "UNOJ": "iso8859-8",
    "UNOK": "iso8859-9",
    "UNOW": "utf-8",
    "UNOY": "utf-8",
}


class Segment(NamedTuple):
    """A segment: its place in the file from 1, its tag, its elements, each a list of components; without the tag."""

    number: int
    tag: str
    elements: list[list[str]]
    columns: list[int]

    def get(self, element: int, component: int = 0) -> str:
        """A component by place, both from 0; nothing when it is not there."""
        found = self.elements[element] if element < len(self.elements) else []
        return found[component].strip() if component < len(found) else ""

    def at(self, element: int) -> tuple[int, int]:
        """Where an element begins: number of the segment, character in it from 1."""
        return self.number, self.columns[element] if element < len(self.columns) else 1


class Service(NamedTuple):
    """The service characters of an interchange."""

    component: str = ":"
    element: str = "+"
    release: str = "?"
    terminator: str = "'"


class BrokenError(Exception):
    """An interchange that cannot be read on."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


class Interchange:
    """The segments of a file, as they come."""

    def __init__(self, source: Source) -> None:
        self.charset = "UNOA"
        self._source = source
        self._service = Service()

    def segments(self) -> Iterator[Segment | Fault]:
        """Segments, and faults of those that have no tag or bytes that can't be read. Raises BrokenError."""
        for number, data in enumerate(self._raw(), 1):
            yield from self._segment(number, data)

    def _raw(self) -> Iterator[bytes]:
        """The bytes of each segment, without their terminator; UNA is passed over."""
        rest, number, begun = b"", 1, False
        pieces = self._source.pieces()
        ended = False
        while True:
            if not begun and (len(rest) >= 64 or ended):
                rest, begun = self._una(rest.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n\t ")), True
            if begun:
                parts = self._parts(rest)
                rest = parts.pop()
                for part in parts:
                    yield part
                    number += 1
                if len(rest) > MAX_SEGMENT:
                    message = f"expected segments of at most {MAX_SEGMENT} characters, got more"
                    raise BrokenError(Fault(line=number, column=MAX_SEGMENT, message=message))
            if ended:
                break
            piece = next(pieces, b"")
            ended = not piece
            rest += piece
        if rest.strip():
            message = f"expected {self._service.terminator} at the end of a segment, got the end of the file"
            raise BrokenError(Fault(line=number, column=len(rest), message=message))

    def _una(self, data: bytes) -> bytes:
        if not data.startswith(b"UNA"):
            return data
        if len(data) < 9 or not data[3:9].isascii():
            raise BrokenError(Fault(line=1, column=4, message="expected six service characters after UNA, got fewer"))
        text = data[3:9].decode("ascii")
        made = Service(text[0], text[1], text[3], text[5])
        used = [one for one in made if one != " "]
        if len(set(used)) != len(used) or any(one.isalnum() for one in used) or " " in (made[0], made[1], made[3]):
            message = f"expected service characters that differ after UNA, got {text!r}"
            raise BrokenError(Fault(line=1, column=4, message=message))
        self._service = made
        return data[9:].lstrip(b"\r\n")

    def _parts(self, data: bytes) -> list[bytes]:
        """The data split at terminators that are not released; the last part is not ended yet."""
        parts = [b""]
        for piece in self._split(data, self._service.terminator):
            parts.append(piece)
        return parts[1:]

    def _split(self, data: bytes, at: str) -> Iterator[bytes]:
        release = self._service.release
        mark, begin, place = at.encode(), 0, 0
        while (place := data.find(mark, place)) >= 0:
            if not _released(data, place, release.encode(), begin):
                yield data[begin:place].lstrip(b"\r\n") if at == self._service.terminator else data[begin:place]
                begin = place + 1
            place += 1
        yield data[begin:]

    def _segment(self, number: int, data: bytes) -> Iterator[Segment | Fault]:
        if data[:3] == b"UNB":
            self.charset = data[4:8].decode("ascii", "replace")
            if self.charset not in CHARSETS:
                known = ", ".join(CHARSETS)
                fault = Fault(line=number, column=5, message=f"expected one of {known}, got {self.charset!r}")
                raise BrokenError(fault)
        text = data.decode(CHARSETS[self.charset], "surrogateescape")
        bad = next((place for place, one in enumerate(text) if "\udc80" <= one <= "\udcff"), -1)
        if bad >= 0:
            got = f"0x{ord(text[bad]) - 0xDC00:02X}"
            yield Fault(line=number, column=bad + 1, message=f"expected {self.charset}, got byte {got}")
        service = self._service
        columns, elements, column = [], [], 1
        for element in _unreleased(text, service.element, service.release):
            columns.append(column)
            column += len(element) + 1
            components = _unreleased(element, service.component, service.release)
            elements.append([_bare(one, service.release) for one in components])
        tag = elements[0][0] if elements else ""
        if not _TAG.fullmatch(tag):
            yield Fault(line=number, column=1, message=f"expected the tag of a segment, got {tag[:10]!r}")
        else:
            yield Segment(number, tag, elements[1:], columns[1:])


def _released(data: bytes, place: int, release: bytes, begin: int) -> bool:
    """Whether an odd number of release characters stands before a place."""
    if release == b" ":
        return False
    count = 0
    while place - count > begin and data[place - count - 1 : place - count] == release:
        count += 1
    return count % 2 == 1


def _unreleased(text: str, at: str, release: str) -> list[str]:
    """The text split where the character stands without a release character before it."""
    if release == " " or release not in text:
        return text.split(at)
    parts, begin, place = [], 0, 0
    while place < len(text):
        if text[place] == release:
            place += 2
        elif text[place] == at:
            parts.append(text[begin:place])
            begin = place = place + 1
        else:
            place += 1
    return [*parts, text[begin:]]


def _bare(text: str, release: str) -> str:
    """The text without its release characters."""
    if release == " " or release not in text:
        return text
    return re.sub(re.escape(release) + "(.?)", r"\1", text, flags=re.DOTALL)
