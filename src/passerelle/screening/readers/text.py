"""Files of text as lines, in one of four encodings, with the place of every byte that is none of its letters.

UTF-8 and UTF-16 are known by their byte order mark. Without one a file is UTF-8 when most of its bytes beyond ASCII are
letters of UTF-8, so that a damaged one does not turn into another encoding. Else it is Windows-1256 when most of them
stand side by side, as Arabic letters do, and Windows-1252 when most stand alone, as accented ones do. Of a file that
can't be read twice (a pipe) only the beginning is looked at.

A line is never longer than `MAX_LINE`: what is longer is passed over, and told. A byte that can't be read becomes a
mark (U+DC00 and the byte, as Python's surrogateescape does), is told, and is refused where it stands in a value.
"""

import codecs
import io
import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from passerelle.core.errors import InputError

PIECE = 1 << 16
MAX_LINE = 1 << 20
"""The longest line, in characters."""

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with byte order mark",
    "utf-16": "UTF-16",
    "windows-1252": "Windows-1252",
    "windows-1256": "Windows-1256",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_MARKS = re.compile("[\udc00-\udcff]")
_BEYOND = re.compile(rb"[\x80-\xff]+")
_UTF8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_MARKING = "passerelle-mark"


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_MARKING, _mark)


class Source:
    """A file whose beginning has been looked at."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._begin = file.tell() if file.seekable() else None
        self.head = _filled(file)
        self.encoding = ""
        self.unended = 0  # the number of the last line, where it has no end and was read

    def pieces(self) -> Iterator[bytes]:
        """The whole file, from its beginning."""
        yield self.head
        while piece := self._file.read(PIECE):
            yield piece

    def glance(self) -> Iterator[bytes]:
        """As much of the file as can be read before it is read."""
        yield self.head
        if self._begin is not None:
            while piece := self._file.read(PIECE):
                yield piece
            self._file.seek(self._begin + len(self.head))


def _filled(file: BinaryIO) -> bytes:
    parts, size = [], 0
    while size < PIECE and (piece := file.read(PIECE - size)):
        parts.append(piece)
        size += len(piece)
    return b"".join(parts)


class Line(NamedTuple):
    """A line without its end. `marked`: where its first byte stands that can't be read, from 1; `long`: it was cut."""

    number: int
    text: str
    marked: int = 0
    long: bool = False

    @property
    def byte(self) -> str:
        """The first byte that can't be read, as 0xE9."""
        return f"0x{ord(self.text[self.marked - 1]) - 0xDC00:02X}"


def known(encoding: str) -> str:
    """The encoding itself. Raises InputError when it is none of the four."""
    name = encoding.lower()
    if name not in ENCODINGS:
        raise InputError(f"encoding: expected one of {', '.join(ENCODINGS)}, got {encoding[:40]!r}")
    return name


def encoding_of(source: Source) -> str:
    """One of `ENCODINGS`, from the byte order mark or from what the bytes are."""
    if not source.encoding:
        marked = (name for bom, name in _BOMS if source.head.startswith(bom))
        source.encoding = next(marked, None) or _by_letters(source)
    return source.encoding


def _by_letters(source: Source) -> str:
    letters = others = side_by_side = alone = 0
    for piece in source.glance():
        if piece.isascii():
            continue
        bare = _UTF8.sub(b"", piece)
        letters += len(piece) - len(bare)
        others += sum(map(len, _BEYOND.findall(bare)))
        for run in _BEYOND.findall(piece):
            side_by_side, alone = (side_by_side + len(run), alone) if len(run) > 1 else (side_by_side, alone + 1)
    if letters >= others:
        return "utf-8"
    return "windows-1256" if side_by_side > alone else "windows-1252"


def lines(source: Source, encoding: str) -> Iterator[Line]:
    """The lines of a file, ended by LF, CR LF or CR."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(_MARKING), translate=True)
    number, rest, long = 1, "", False
    for piece in _with_end(source):
        parts = (rest + decoder.decode(piece, final=not piece)).split("\n")
        rest = parts.pop()
        for part in parts:
            yield _line(number, part, long)
            number, long = number + 1, False
        if len(rest) > MAX_LINE:
            rest, long = rest[:100], True
    if rest:
        source.unended = number
        yield _line(number, rest, long)


def _with_end(source: Source) -> Iterator[bytes]:
    yield from (piece for piece in source.pieces() if piece)
    yield b""


def _line(number: int, text: str, long: bool) -> Line:
    if long or len(text) > MAX_LINE:
        return Line(number, text[:100], 0, True)
    found = None if text.isascii() else _MARKS.search(text)
    return Line(number, text, found.start() + 1 if found else 0)
