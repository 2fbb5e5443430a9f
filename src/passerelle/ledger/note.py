"""Signed notes (C2SP signed-note): text, a blank line, signature lines.

Rules kept here: UTF-8, no control character but newline, text ends in a newline, at most 16 signatures, canonical
base64. A signature line of a key that the reader does not know says nothing and is ignored; one of a known key must
verify.
"""

import re
from collections.abc import Sequence

import msgspec

from passerelle.core.errors import IdentityError, NoteError, SignatureError
from passerelle.identity.keys import b64, unb64

MAX_SIGNATURES = 16
MAX_NOTE = 128 * 1024
_DASH = "— "
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


class Signature(msgspec.Struct, frozen=True):
    """One signature line: key name, 4-byte key ID, the rest."""

    name: str
    key: bytes
    value: bytes

    def line(self) -> str:
        return f"{_DASH}{self.name} {b64(self.key + self.value)}\n"


class Note(msgspec.Struct, frozen=True):
    """A text (with its final newline) and its signatures."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(s.line() for s in self.signatures)

    def encode(self) -> bytes:
        return str(self).encode()

    def find(self, name: str, key: bytes) -> Signature | None:
        """The one signature of this key, or None. Raises NoteError when there are two."""
        found = [s for s in self.signatures if s.name == name and s.key == key]
        if len(found) > 1:
            raise NoteError(f"expected one signature of {name}, got {len(found)}")
        return found[0] if found else None

    def need(self, name: str, key: bytes) -> bytes:
        """The value of the one signature of this key. Raises SignatureError when there is none."""
        found = self.find(name, key)
        if found is None:
            raise SignatureError(f"expected a signature of {name} ({key.hex()}), got none")
        return found.value

    def lines(self, first: str, count: int) -> list[str]:
        """The text's lines behind the first, which must read `first`. Raises NoteError for another form."""
        lines = self.text.split("\n")
        if lines[0] != first or len(lines) != count + 2:
            raise NoteError(f"expected {first!r} and {count} lines, got {lines[0][:40]!r} and {len(lines) - 2}")
        return lines[1:-1]


def parse(data: bytes | str, most: int = MAX_NOTE) -> Note:
    """The note that the bytes say. Raises NoteError. `most`: bytes that it may have."""
    if len(data) > most:
        raise NoteError(f"expected a note of at most {most} bytes, got {len(data)}")
    try:
        text = data.decode() if isinstance(data, bytes) else data
    except UnicodeDecodeError:
        raise NoteError("expected a note in UTF-8") from None
    if _CONTROL.search(text):
        raise NoteError("expected a note without control characters")
    head, mark, tail = text.rpartition("\n\n")
    if not mark or not head or not tail.endswith("\n"):
        raise NoteError("expected text, a blank line and signature lines")
    signatures = []
    for line in tail[:-1].split("\n"):
        parts = line.removeprefix(_DASH).split(" ")
        if not line.startswith(_DASH) or len(parts) != 2 or not parts[0] or "+" in parts[0]:
            raise NoteError(f"expected a signature line, got {line[:40]!r}")
        try:
            raw = unb64(parts[1])
        except IdentityError as error:
            raise NoteError(f"signature line: {error}") from None
        if len(raw) < 5:
            raise NoteError(f"expected a signature of at least 5 bytes, got {len(raw)}")
        signatures.append(Signature(parts[0], raw[:4], raw[4:]))
    if len(signatures) > MAX_SIGNATURES:
        raise NoteError(f"expected at most {MAX_SIGNATURES} signatures, got {len(signatures)}")
    return Note(head + "\n", tuple(signatures))


def make(text: str, signatures: Sequence[Signature] = ()) -> Note:
    """A note of lines that end in a newline. Raises NoteError when the text could be misread."""
    if not text.endswith("\n") or "\n\n" in text or _CONTROL.search(text):
        raise NoteError("expected non-empty lines that each end in a newline")
    return Note(text, tuple(signatures))
