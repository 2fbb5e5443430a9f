"""Uploads as they travel: the signed note of a request, the frames of its body, what is still missing.

    HEAD, PUT /passerelle/1/attachment/<address>
    Passerelle-Upload: base64 of a note of the sender's envelope key

        passerelle-upload/1
        <sender> <receiver>
        <address>
        <first> <end>            pieces [first, end) that the body brings; equal in a HEAD
        <time>

The body of a PUT has for each piece: one byte, how many hashes its path has; the path; the piece. 200 says in
`Passerelle-Missing` what is still missing: up to 64 ranges `first-last`, joined by commas; nothing when all is there.

Rules kept here: a request is bound to its address, its pieces and its time. One that is replayed within the time brings
what is proven and known already, so nothing more than that is kept of it.
"""

from collections.abc import Iterable, Sequence

import msgspec

from passerelle.core.errors import ExchangeError, IdentityError, NoteError
from passerelle.exchange.sealing import Envelopes, sign_note
from passerelle.identity.keys import b64, unb64
from passerelle.ledger import merkle, note
from passerelle.ledger.checkpoint import number
from passerelle.ledger.note import Note
from passerelle.ledger.pieces import MAX_PATH

PATH = "/passerelle/1/attachment"
UPLOAD = "passerelle-upload/1"
SIGNED = "Passerelle-Upload"
MISSING = "Passerelle-Missing"
MOST_PIECES = 16
"""Pieces of one request."""
MOST_RANGES = 64
WINDOW = 15 * 60_000
"""Milliseconds that a request's time may lie from the receiver's clock, before or after."""

Range = tuple[int, int]
"""Pieces [first, end)."""


class UploadError(ExchangeError):
    """The request is none (400), or none of a partner (403)."""

    def __init__(self, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.status = status


class Request(msgspec.Struct, frozen=True):
    """What an upload's header says; nothing is verified yet."""

    sender: str
    receiver: str
    address: str
    first: int
    end: int
    time: int
    note: Note


def request(sender: str, receiver: str, address: str, pieces: Range, now: int, signer: Envelopes) -> str:
    """The value of the header `Passerelle-Upload`."""
    text = f"{UPLOAD}\n{sender} {receiver}\n{address}\n{pieces[0]} {pieces[1]}\n{now}\n"
    return b64(sign_note(text, signer).encode())


def parse_request(header: str) -> Request:
    """Raises UploadError."""
    try:
        found = note.parse(unb64(header))
        names, address, interval, time = found.lines(UPLOAD, 4)
        sender, _, receiver = names.partition(" ")
        first, _, end = interval.partition(" ")
        made = Request(
            sender, receiver, address, number(first, "a piece"), number(end, "a piece"), number(time, "a time"), found
        )
    except (NoteError, IdentityError) as error:
        raise UploadError(f"{SIGNED}: {error}") from None
    if not 0 <= made.end - made.first <= MOST_PIECES:
        raise UploadError(f"{SIGNED}: expected at most {MOST_PIECES} pieces, got {made.first} to {made.end}")
    return made


def frame(path: Sequence[bytes], body: bytes) -> bytes:
    """A piece with its path, as the body of a PUT has it."""
    return b"".join((bytes([len(path)]), *path, body))


def split_path(data: bytes) -> list[bytes]:
    """The hashes of a path."""
    return [data[at : at + merkle.HASH] for at in range(0, len(data), merkle.HASH)]


def path_bytes(count: int) -> int:
    """Bytes of a path of so many hashes. Raises UploadError for a longer one than there is."""
    if count > MAX_PATH:
        raise UploadError(f"expected a path of at most {MAX_PATH} hashes, got {count}")
    return count * merkle.HASH


def missing_text(there: Iterable[int], count: int, begin: int = 0) -> str:
    """The value of `Passerelle-Missing`. `there`: the pieces that are here, in order, behind the first `begin`, which
    are here too; `count` all of them.
    """
    ranges: list[str] = []
    for at in (*there, count):
        if at > begin and len(ranges) < MOST_RANGES:
            ranges.append(f"{begin}-{at - 1}")
        begin = at + 1
    return ",".join(ranges)


def parse_missing(text: str, count: int) -> list[Range]:
    """The ranges of pieces that are missing. Raises ExchangeError when they are none of `count` pieces."""
    found: list[Range] = []
    for part in text.split(",") if text else ():
        first, _, last = part.partition("-")
        try:
            found.append((number(first, "a piece"), number(last, "a piece") + 1))
        except NoteError as error:
            raise ExchangeError(f"{MISSING}: {error}") from None
    borders = [border for one in found for border in one]
    if borders != sorted(set(borders)) or (borders and borders[-1] > count) or len(found) > MOST_RANGES:
        raise ExchangeError(f"{MISSING}: expected ranges of {count} pieces in order, got {text[:80]!r}")
    return found
