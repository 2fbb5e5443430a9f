"""Files that acts bear, as they stand in the store: sealed in, bound to a message, read, and deleted piece by piece.

    seal     a file becomes sealed pieces under an address; it belongs to no message yet
    bind     the act that announces it is written: from now on it is uploaded (`attachments_out`)
    open     the file, piece by piece, whoever sent it (`attachments_in` took it)
    forget   a message's content is gone, and its files with it
    tidy     what is over: files that were never sent, uploads that did not go on, pieces of what was deleted

Rules kept here:
- memory holds a few pieces, whatever the size; a transaction too;
- a file that is deleted is gone for every reader in the transaction that deletes it. Its pieces, sealed under a key
  that is gone, are overwritten afterwards in small transactions, so that a large file never holds up a flash alert;
- if we stop while a file is sealed in, what is there expires.

Left to the caller: whether the act may bear files (the type and the channel say), and who may read one.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import msgspec

from passerelle.core import ids
from passerelle.core.clock import MILLISECONDS_A_DAY
from passerelle.core.errors import IdentityError, InputError, NotFoundError, SealError, StateError
from passerelle.core.text import check_text
from passerelle.exchange.context import Context
from passerelle.exchange.media import MEDIA, Reader
from passerelle.identity import stream
from passerelle.identity.keys import b64, unb64
from passerelle.ledger import merkle, pieces
from passerelle.ports.attachments import (
    ATTACHMENTS,
    BODIES,
    LEFTOVERS,
    PIECES,
    UNFINISHED,
    Attachment,
    Body,
    Leftover,
    Piece,
    Unfinished,
)
from passerelle.ports.records import Message
from passerelle.ports.store import Reading, Writing

MOST = 20
"""Files of one act at most."""

_AT_ONCE = 4  # pieces in a transaction
_NAME = re.compile(r"[^\s/\\.]([^/\\\n\t]{0,158}[^\s/\\.])?")


class Announced(msgspec.Struct, frozen=True):
    """A file as an act's `attachments` names it: `msgspec.to_builtins` of it is the item. `key` in base64."""

    address: str
    size: int
    media: str
    name: str
    key: str


# -- sealing in --------------------------------------------------------------------------------------------------------


def seal(ctx: Context, source: BinaryIO, *, name: str, media: str) -> Announced:
    """Take a file into the store, sealed. It expires unless an act that names it is written in time.

    Raises InputError for an empty or too large file, a name or type that an attachment can't have, and a file whose
    bytes are not of its type.
    """
    check_text(name, "name")
    if not _NAME.fullmatch(name):
        raise InputError(
            "name: expected a file's name of 1 to 160 characters, without a path, no blank or dot at its ends "
            f"(--name gives it another), got {name[:40]!r}"
        )
    if media not in MEDIA:
        raise InputError(f"media: expected one of {', '.join(MEDIA)}, got {media[:80]!r}")
    sealing = _Sealing(ctx, media)
    try:
        for chunk, last in _chunks(source):
            sealing.add(chunk, last)
        return sealing.end(name)
    except BaseException:
        ctx.store.write("attachments.undo", lambda tx: delete(tx, [sealing.row]))
        raise


def _chunks(source: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """A file's chunks, each with whether it is the last."""
    chunk = _full(source)
    while chunk:
        following = _full(source) if len(chunk) == stream.CHUNK else b""
        yield chunk, not following
        chunk = following


def _full(source: BinaryIO) -> bytes:
    """A whole chunk, or what is left: a pipe gives less than it was asked for."""
    parts = []
    missing = stream.CHUNK
    while missing and (part := source.read(missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


class _Sealing:
    """One file on its way into the store."""

    def __init__(self, ctx: Context, media: str) -> None:
        self._ctx, self._key = ctx, stream.new_key()
        self._reader = Reader(media)
        self._tree = merkle.Tree()
        self._number = 0
        self._begun = False
        self._chunks: list[bytes] = []
        self._rows: list[tuple[Piece, Body]] = []
        now = ctx.clock.now()
        self.row = Attachment(
            id=ids.new_id(),
            source="",
            address="",
            state="sealing",
            size=0,
            media=media,
            noted=now,
            expires=now + MILLISECONDS_A_DAY,
        )

    def add(self, chunk: bytes, last: bool) -> None:
        if problem := self._reader.problem(chunk, last=last):
            raise InputError(f"file: {problem}")
        size = self.row.size + len(chunk)
        if size > (most := self._ctx.policy.uploads.file_bytes):
            raise InputError(f"file: expected at most {most} bytes, got more")
        self.row = msgspec.structs.replace(self.row, size=size)
        self._chunks.append(stream.seal_chunk(self._key, self._number, last, chunk))
        self._number += 1
        if last or len(self._chunks) == pieces.CHUNKS:
            self._piece()
        if not last and len(self._rows) == _AT_ONCE:
            began = time.monotonic()
            self._keep()
            # The store has one writer at a time: a large file leaves it to the pumps half of the time.
            time.sleep(time.monotonic() - began)

    def _piece(self) -> None:
        body = b"".join(self._chunks)
        self._chunks.clear()
        node = pieces.node_of(body)
        number = self.row.count
        self.row = msgspec.structs.replace(self.row, count=number + 1)
        piece = Piece(file=self.row.id, number=number, node=node, nodes=self._tree.push(node))
        self._rows.append((piece, Body(file=self.row.id, number=number, body=body)))

    def _keep(self) -> None:
        begun = self._begun
        expires = self._ctx.clock.now() + MILLISECONDS_A_DAY
        self.row = msgspec.structs.replace(self.row, expires=max(self.row.expires, expires))

        def work(tx: Writing) -> None:
            if begun and tx.get(ATTACHMENTS, self.row.id) is None:
                raise StateError("expected a file that is being written, got one that has expired meanwhile")
            tx.put(ATTACHMENTS, [self.row])
            tx.add(PIECES, [piece for piece, _ in self._rows])
            tx.add(BODIES, [body for _, body in self._rows])

        self._ctx.store.write("attachments.seal", work)
        self._begun = True
        self._rows.clear()

    def end(self, name: str) -> Announced:
        if not self.row.size:
            raise InputError("file: expected at least 1 byte, got an empty file")
        expires = self._ctx.clock.now() + self._ctx.policy.uploads.unsent
        address = self._tree.root().hex()
        self.row = msgspec.structs.replace(self.row, address=address, state="sealed", expires=expires)
        self._keep()
        return Announced(address, self.row.size, self.row.media, name, b64(self._key))


# -- what an act announces ---------------------------------------------------------------------------------------------


def announced(content: Mapping[str, Any]) -> list[Announced]:
    """The files that a valid content names."""
    return [msgspec.convert(one, Announced) for one in content.get("attachments", ())]


def own(tx: Reading, address: str) -> Attachment | None:
    """This node's own file of an address."""
    found = tx.scan(ATTACHMENTS, "by_address", (address, ""), limit=1)
    return found[0] if found else None


def check(tx: Reading, content: Mapping[str, Any]) -> list[Attachment]:
    """The own files that a content names, each there and still free. Raises InputError."""
    rows = []
    for place, one in enumerate(announced(content)):
        at, row = f"attachments[{place}]", own(tx, one.address)
        if row is None:
            raise InputError(f"{at}: expected a file that was attached here, got {one.address[:12]}, not there")
        if row.state != "sealed":
            raise InputError(f"{at}: expected a file of no other message, got {one.address[:12]}, {row.state}")
        if (row.size, row.media) != (one.size, one.media):
            expected = f"{row.size} bytes of {row.media}"
            raise InputError(f"{at}: expected {expected}, as attached, got {one.size} of {one.media}")
        first = tx.get(BODIES, row.id, 0)
        try:
            chunk = pieces.chunks_of(first.body if first else b"")[0]
            stream.open_chunk(unb64(one.key), 0, stream.chunks_in(row.size) == 1, chunk)
        except (SealError, IdentityError, ValueError, IndexError):
            raise InputError(f"{at}.key: expected the key that the file was sealed with, got another") from None
        rows.append(row)
    return rows


def bind(tx: Writing, message: Message, content: Mapping[str, Any]) -> None:
    """The act that announces these files is written: they are its own from now on. Raises InputError."""
    rows = [
        msgspec.structs.replace(
            row,
            state="bound",
            expires=0,
            partner=message.partner,
            lane=message.lane,
            message=message.id,
            place=place,
        )
        for place, row in enumerate(check(tx, content))
    ]
    tx.put(ATTACHMENTS, rows)


def keep(tx: Writing, ctx: Context, addresses: Iterable[str]) -> None:
    """Files that a draft names and that is still being written: they expire later."""
    expires = ctx.clock.now() + ctx.policy.uploads.unsent
    found = [row for address in addresses if (row := own(tx, address)) is not None and row.state == "sealed"]
    tx.put(ATTACHMENTS, [msgspec.structs.replace(row, expires=expires) for row in found])


def drop(tx: Writing, addresses: Iterable[str]) -> None:
    """Files that no draft names any more, and no message has, are gone."""
    found = (own(tx, address) for address in addresses)
    delete(tx, [row for row in found if row is not None and row.state == "sealed"])


# -- reading -----------------------------------------------------------------------------------------------------------


def held(tx: Reading, address: str) -> Attachment | None:
    """A file of this address of which all pieces are here, whoever sent it."""
    found = tx.scan(ATTACHMENTS, "by_address", (address,), limit=100)
    return next((row for row in found if whole(row)), None)


def whole(row: Attachment) -> bool:
    """Whether all pieces of a file are here."""
    return row.state != "sealing" and row.count == pieces.pieces_in(row.size)


def progress(tx: Reading, message: str) -> list[Attachment]:
    """The files of a message, in its order: what came of each, and how many of its pieces are here."""
    return tx.scan(ATTACHMENTS, "by_message", (message,), limit=MOST)


def open_stream(ctx: Context, address: str, key: bytes) -> Iterator[bytes]:
    """The bytes of a file, about a megabyte at a time.

    Raises NotFoundError when the file is not here, or not whole, or is deleted meanwhile; SealError for another key.
    """
    row = ctx.store.read(lambda tx: held(tx, address))
    if row is None:
        raise NotFoundError(f"expected a file that is here and whole, got {address[:12]}")
    for number in range(row.count):
        yield opened(row.size, number, body_of(ctx, row, number), key)


def body_of(ctx: Context, row: Attachment, number: int) -> bytes:
    """The sealed bytes of a piece. Raises NotFoundError when it is not there (any more)."""

    def read(tx: Reading) -> bytes:
        # Pieces outlive their file a little: what was deleted is not read any more.
        found = tx.get(BODIES, row.id, number) if tx.get(ATTACHMENTS, row.id) is not None else None
        if found is None:
            raise NotFoundError(f"expected piece {number} of file {row.address[:12]}, got none: it was deleted")
        return found.body

    return ctx.store.read(read)


def chunks(size: int, number: int, body: bytes, key: bytes) -> Iterator[bytes]:
    """The opened chunks of a piece. Raises SealError."""
    last = stream.chunks_in(size) - 1
    for at, chunk in enumerate(pieces.chunks_of(body), number * pieces.CHUNKS):
        yield stream.open_chunk(key, at, at == last, chunk)


def opened(size: int, number: int, body: bytes, key: bytes) -> bytes:
    """The bytes of a file that a piece holds. Raises SealError."""
    return b"".join(chunks(size, number, body, key))


# -- deleting ----------------------------------------------------------------------------------------------------------


def delete(tx: Writing, rows: Sequence[Attachment]) -> None:
    """These files are gone; their pieces follow (`tidy`)."""
    for row in rows:
        if begun(row):
            unfinished(tx, row.partner, -1, -row.size)
    tx.delete(ATTACHMENTS, [(row.id,) for row in rows])
    tx.put(LEFTOVERS, [Leftover(row.id) for row in rows])


def forget(tx: Writing, message: str) -> list[Attachment]:
    """The files of a message whose content is gone: gone with it. Returns what they were."""
    rows = progress(tx, message)
    delete(tx, rows)
    return rows


def begun(row: Attachment) -> bool:
    """Whether a file counts among what its partner has begun: one that comes in one piece never does."""
    return row.state in ("expected", "checking") and row.count > 0 and pieces.pieces_in(row.size) > 1


def unfinished(tx: Writing, partner: str, files: int, size: int) -> Unfinished:
    """Count what a partner has begun to upload. Returns what it has now, which the caller may still refuse."""
    now = tx.get(UNFINISHED, partner) or Unfinished(partner)
    changed = Unfinished(partner, now.files + files, now.bytes + size)
    tx.put(UNFINISHED, [changed])
    return changed


def tidy(ctx: Context) -> bool:
    """One small step: delete what is over. Returns whether there may be more."""

    def work(tx: Writing) -> bool:
        return _sweep(tx) or _expire(tx, ctx.clock.now())

    def needed(tx: Reading) -> bool:
        if tx.scan(LEFTOVERS, limit=1):
            return True
        return any(_over(tx, state, ctx.clock.now()) for state in ("sealing", "sealed", "expected"))

    return ctx.store.read(needed) and ctx.store.write("attachments.tidy", work)


def _sweep(tx: Writing) -> bool:
    found = tx.scan(LEFTOVERS, limit=1)
    if not found:
        return False
    file = found[0].file
    gone = [(file, one.number) for one in tx.scan(PIECES, "key", (file,), limit=_AT_ONCE)]
    tx.delete(BODIES, gone)
    tx.delete(PIECES, gone)
    if len(gone) < _AT_ONCE:
        tx.delete(LEFTOVERS, [(file,)])
    return True


def _over(tx: Reading, state: str, now: int) -> list[Attachment]:
    found = tx.scan(ATTACHMENTS, "by_expiry", (state,), after=(0,), limit=_AT_ONCE)
    return [row for row in found if row.expires <= now]


def _expire(tx: Writing, now: int) -> bool:
    over = [row for state in ("sealing", "sealed", "expected") for row in _over(tx, state, now)]
    delete(tx, over)
    # What a partner began begins again: the announcement stands.
    again = [row for row in over if row.state == "expected"]
    tx.put(ATTACHMENTS, [msgspec.structs.replace(row, id=ids.new_id(), count=0, expires=0) for row in again])
    return bool(over)
