"""The register of erasures: a file outside the store, one line for each, so that no restored store brings them back.

    {"by":"dana","commitment":"<hex>","ground":"request","message":"<id>","time":1795262400000,"v":1}

Rules kept here:
- a line is durable (fsync of the file and of its folder) before the store changes. If we stop between
  the two, the next start erases what the line names;
- one writer at a time, held by a lock on the file; its owner alone reads it (mode 0600);
- what stands behind the last line end is of a write that never ended: it binds nothing, and the next write takes it
  away. Any other line that is not of the form stops whoever reads: an erasure that cannot be read would be undone in
  silence.

Left unchecked: that the file is the only one. Of several processes with folders of their own each has its register;
whoever restores reads all of them. A file that is lost is written anew from the store at the next start.
"""

import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from passerelle.core import durable, ids, json
from passerelle.core.errors import InputError
from passerelle.ports.erasures import Erasure, Ground

NAME = "erasures.jsonl"
MOST_LINE = 1000
_KEYS = {"v", "message", "commitment", "time", "by", "ground"}


class Register:
    """The register at a path; it need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[Erasure]:
        """Every erasure in it, the first first. Raises InputError: unreadable, or not of the form."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise InputError(f"expected a readable register of erasures, got {self.path}: {error.strerror}") from None
        return parse(data, str(self.path))

    def add(self, erasures: Iterable[Erasure]) -> None:
        """Write erasures; they are durable when this returns. Raises InputError when they cannot be written."""
        text = b"".join(map(_line, erasures))
        if not text:
            return
        try:
            self._write(text)
        except OSError as error:
            raise InputError(f"expected to write the register of erasures, got {self.path}: {error.strerror}") from None

    def _write(self, text: bytes) -> None:
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            _cut(handle)
            # One write as a rule; what is left of a short one is written before anybody is told.
            while text:
                text = text[os.write(handle, text) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        durable.sync(self.path.parent)


def parse(data: bytes, where: str) -> list[Erasure]:
    """Every erasure that a register's bytes say, the first first. Raises InputError when a line is not of the form."""
    lines = data.split(b"\n")[:-1]  # what stands behind the last line end was never finished
    return [_parse(line, f"{where}, line {number}") for number, line in enumerate(lines, 1)]


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


def _cut(handle: int) -> None:
    """Take away what stands behind the last line end."""
    size = end = os.fstat(handle).st_size
    while end and os.pread(handle, 1, end - 1) != b"\n":
        end -= 1
    if end < size:
        os.ftruncate(handle, end)
