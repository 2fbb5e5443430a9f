"""The register of erasures: a file outside the store, one line for each, so that no restored store brings them back.

    {"format":"passerelle-erasures/1","node":"be"}
    {"by":"dana","commitment":"<hex>","ground":"request","message":"<id>","time":1795262400000,"v":1}

Rules kept here:
- a line is durable (fsync of the file and of its folder) before the store changes. If we stop between
  the two, the next start erases what the line names;
- the first line says what the file is and whose: it is there from a node's beginning, so that a register in which
  nothing was erased is known from any other file;
- one writer at a time, held by a lock on the file; its owner alone reads it (mode 0600);
- what stands behind the last line end is of a write that never ended: it binds nothing, and the next write takes it
  away. In a file that a person gives it is the beginning of a line, or the file is another;
- any other line that is not of the form stops whoever reads: an erasure that cannot be read would be undone in silence.

Left unchecked: that the file is the only one. Of several processes with folders of their own each has its register;
whoever restores reads all of them. A file that is lost is written anew from the store at the next start.
"""

import fcntl
import os
import re
from collections.abc import Iterable
from pathlib import Path

from passerelle.core import durable, ids, json
from passerelle.core.errors import InputError
from passerelle.ports.erasures import Erasure, Ground

NAME = "erasures.jsonl"
FORMAT = "passerelle-erasures/1"
MOST_LINE = 1000
_KEYS = {"v", "message", "commitment", "time", "by", "ground"}


_FORM = (
    *(b'{"by":"', re.compile(rb'(?:[^"\\\x00-\x1f]|\\.)*\\?')),
    *(b'","commitment":"', re.compile(rb"[0-9a-f]{0,64}")),
    *(b'","ground":"', re.compile(rb"[a-z-]*")),
    *(b'","message":"', re.compile(rb"[0-9a-f-]{0,36}")),
    *(b'","time":', re.compile(rb"[0-9]*")),
    b',"v":1}',
)


class Register:
    """The register of a node at a path; it need not be there yet."""

    def __init__(self, path: Path, node: str) -> None:
        self.path, self.node = path, node

    def read(self) -> list[Erasure]:
        """Every erasure in it, the first first. Raises InputError: unreadable, or not of the form."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(f"expected a readable register of erasures, got {self.path}: {error.strerror}") from None
        return parse(data, str(self.path), self.node) if b"\n" in data else []

    def begin(self) -> None:
        """The file is there and says whose it is. Raises InputError when it cannot be written, or is another file."""
        self._append(b"")

    def add(self, erasures: Iterable[Erasure]) -> None:
        """Write erasures; they are durable when this returns. Raises InputError as `begin`."""
        if text := b"".join(map(_line, erasures)):
            self._append(text)

    def _append(self, text: bytes) -> None:
        try:
            self._write(text)
        except OSError as error:
            raise InputError(f"expected to write the register of erasures, got {self.path}: {error.strerror}") from None

    def _write(self, text: bytes) -> None:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            first = _header(self.node)
            if not _cut(handle):
                text = first + text
            elif os.pread(handle, len(first), 0) != first:
                raise _other(str(self.path), self.node)
            # One write as a rule; what is left of a short one is written before anybody is told.
            while text:
                text = text[os.write(handle, text) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        durable.sync(self.path.parent)


def parse(data: bytes, where: str, node: str, *, given: bool = False) -> list[Erasure]:
    """Every erasure that the bytes of this node's register say, the first first.

    `given`: by a person, who may have named any file.
    Raises InputError when it is the register of another node, or none, or a line is not of the form.
    """
    first, *lines = data.split(b"\n")
    if not lines or first + b"\n" != _header(node):
        raise _other(where, node)
    torn = lines.pop()  # it was never finished
    if given and not _is_begun(torn):
        raise InputError(f"{where}: expected erasures to the end, got {len(torn)} bytes of something else")
    return [_parse(line, f"{where}, line {number}") for number, line in enumerate(lines, 2)]


def _header(node: str) -> bytes:
    return json.canonical({"format": FORMAT, "node": node}) + b"\n"


def _other(where: str, node: str) -> InputError:
    return InputError(f"{where}: expected the register of erasures of {node}, got another file")


def _is_begun(torn: bytes) -> bool:
    """Whether these are the first bytes of a line."""
    at = 0
    for part in _FORM:
        if isinstance(part, bytes):
            there = torn[at : at + len(part)]
            if not part.startswith(there):
                return False
            at += len(there)
        elif found := part.match(torn, at):
            at = found.end()
    return at == len(torn)


def _line(one: Erasure) -> bytes:
    value = {
        "v": 1,
        "message": one.message,
        "commitment": one.commitment.hex(),
        "time": one.time,
        "by": one.by,
        "ground": one.ground,
    }
    return json.canonical(value) + b"\n"


def _parse(line: bytes, where: str) -> Erasure:
    if len(line) > MOST_LINE:
        raise InputError(f"{where}: expected at most {MOST_LINE} bytes, got {len(line)}")
    value = json.parse_object(line, where)
    made = Erasure(
        message=str(value.get("message")),
        commitment=_bytes(value.get("commitment")),
        time=value["time"] if isinstance(value.get("time"), int) else -1,
        by=str(value.get("by")),
        ground=str(value.get("ground")),
    )
    known = made.ground in set(Ground) and made.time >= 0 and len(made.commitment) == 32
    if value.keys() != _KEYS or value["v"] != 1 or not ids.is_id(made.message) or not known:
        raise InputError(f"{where}: expected an erasure ({', '.join(sorted(_KEYS))}), got another line")
    return made


def _bytes(text: object) -> bytes:
    try:
        return bytes.fromhex(text) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _cut(handle: int) -> int:
    """Take away what stands behind the last line end. Returns the bytes that are left."""
    size = end = os.fstat(handle).st_size
    while end and os.pread(handle, 1, end - 1) != b"\n":
        end -= 1
    if end < size:
        os.ftruncate(handle, end)
    return end
