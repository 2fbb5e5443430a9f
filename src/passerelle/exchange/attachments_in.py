"""Taking files: announced by an applied act, admitted by a signed header, proven piece by piece, answered once.

    announce   the act is applied at once; its files are expected from now on. One that is too large is answered already
    admit      before any byte of a body is read: a confirmed partner signed this request, and announced this file
    take       a piece: proven by its path, opened with the message's key, durable, and only then answered
    close      all of it is here and agrees with its type, or it can't be taken: a message of kind `attachment` says so

Rules kept here:
- what a partner did not announce, or another announced, is not there for it;
- the answer is written in the transaction of the last piece, or, of a text in several pieces, which is read once more,
  right after; if we stop in between, the next step of the service (`finish_all`) does it. It is written once;
- a partner that begins more than its quota is told to come later; what it leaves unfinished expires by this node's
  clock, is deleted, and may begin again.

Threats met here: a stranger (signature before the body), bytes that nobody announced (path to the announced address),
a flood of unfinished files (quota), a program under the name of a photograph (`media`).
"""

from typing import Any

import msgspec

from passerelle.core import ids
from passerelle.core.errors import ExchangeError, NotFoundError, SealError, SignatureError, StateError
from passerelle.exchange import attachments, comparing, media, outbox
from passerelle.exchange import attachments_wire as wire
from passerelle.exchange.attachments_wire import UploadError
from passerelle.exchange.content import OUTCOMES
from passerelle.exchange.context import Context
from passerelle.exchange.sealing import verify_note
from passerelle.identity import stream
from passerelle.identity.keys import unb64
from passerelle.ledger import pieces
from passerelle.ports.attachments import ATTACHMENTS, BODIES, LEFTOVERS, PIECES, Attachment, Body, Leftover, Piece
from passerelle.ports.records import Message
from passerelle.ports.store import Reading, Writing

KIND = "attachment"
COMPLETE, TOO_LARGE, WRONG_TYPE, NOT_OPENED, GONE, AGAIN = OUTCOMES
"""`GONE`: the content was erased before all of the file was here. `AGAIN`: this node was put back and lost a file that
it had answered, and wants it once more."""

_MOST = 1_000_000


class UnknownFileError(NotFoundError):
    """Nothing of this address is expected from this partner."""


class AnsweredError(StateError):
    """The file was answered; the answer is on its way in the log."""


class LaterError(ExchangeError):
    """The partner has begun too much: it may come again later."""


# -- announcing --------------------------------------------------------------------------------------------------------


def clash(tx: Reading, partner: str, content: dict[str, Any]) -> str:
    """Why a valid act may not announce its files, in words, or nothing: an address belongs to one message."""
    for place, one in enumerate(attachments.announced(content)):
        if tx.scan(ATTACHMENTS, "by_address", (one.address, partner), limit=1):
            return f"attachments[{place}].address: expected one that no other message announced, got {one.address[:12]}"
    return ""


def announce(tx: Writing, ctx: Context, message: Message, content: dict[str, Any]) -> None:
    """The files of a partner's act that was just applied are expected."""
    limits = ctx.policy.uploads
    for place, one in enumerate(attachments.announced(content)):
        row = Attachment(
            id=ids.new_id(),
            source=message.partner,
            address=one.address,
            state="expected",
            size=one.size,
            media=one.media,
            key=unb64(one.key),
            partner=message.partner,
            lane=message.lane,
            message=message.id,
            place=place,
            noted=ctx.clock.now(),
        )
        tx.put(ATTACHMENTS, [row])
        if one.size > min(limits.file_bytes, limits.unfinished_bytes):
            _close(tx, ctx, row, TOO_LARGE)


def returned(tx: Writing, ctx: Context, content: dict[str, Any], partner: str) -> None:
    """An own answer came back after a restore. A file that it says is here, and that is not, is asked for again."""
    found = tx.scan(ATTACHMENTS, "by_address", (content["address"], partner), limit=1)
    if content["outcome"] == COMPLETE and found and found[0].state == "expected":
        _answer(tx, ctx, found[0], AGAIN)


# -- one request -------------------------------------------------------------------------------------------------------


class Admitted(msgspec.Struct, frozen=True):
    """A request that a partner signed, for a file that it announced."""

    row: Attachment
    first: int
    end: int


def admit(ctx: Context, header: str, address: str, *, brings: bool) -> Admitted:
    """Whether a request may go on. `brings`: it has a body with pieces.

    Raises UploadError, UnknownFileError, AnsweredError.
    """
    asked = wire.parse_request(header)

    def read(tx: Reading) -> Attachment | None:
        try:
            verify_note(asked.note, ctx.confirmed(tx, asked.sender)[1].envelope)
        except (NotFoundError, StateError, SignatureError) as error:
            raise UploadError(str(error), 403) from None
        found = tx.scan(ATTACHMENTS, "by_address", (address, asked.sender), limit=1)
        return found[0] if found else None

    row = ctx.store.read(read)
    if (asked.receiver, asked.address) != (ctx.name, address):
        raise UploadError(f"expected a request for {address[:12]} at {ctx.name}, got one for another", 403)
    if abs(asked.time - ctx.clock.now()) > wire.WINDOW:
        raise UploadError(f"expected a time within {wire.WINDOW} ms of this clock, got {asked.time}", 403)
    if row is None:
        raise UnknownFileError(f"expected an address that {asked.sender} announced, got {address[:12]}")
    if row.state in ("complete", "refused"):
        comparing.doubt(ctx, asked.sender, row.answer)
        raise AnsweredError(f"expected a file that was not answered, got {row.address[:12]}, {row.outcome}")
    if (asked.first < asked.end) != brings or asked.end > pieces.pieces_in(row.size):
        raise UploadError(f"expected pieces of this file and a body, got {asked.first} to {asked.end}")
    return Admitted(row, asked.first, asked.end)


def missing(ctx: Context, admitted: Admitted) -> str:
    """What is missing of a file, as the answer's header says it."""
    row = admitted.row

    def read(tx: Reading) -> str:
        total, now = pieces.pieces_in(row.size), tx.get(ATTACHMENTS, row.id)
        last = tx.scan(PIECES, "key", (row.id,), limit=1, descending=True)
        if now is not None and last and last[0].number == now.count - 1:
            return wire.missing_text((), total, now.count)  # as they come in order, without a look at each
        there = [one.number for one in tx.scan(PIECES, "key", (row.id,), limit=_MOST)]
        return wire.missing_text(there, total)

    return ctx.store.read(read)


def take(ctx: Context, row: Attachment, number: int, path: list[bytes], body: bytes) -> bool:
    """Keep a piece. Returns whether the file was answered by it.

    Raises ProofError (not a piece of this file), LaterError, UnknownFileError and AnsweredError.
    """
    node = pieces.verify(bytes.fromhex(row.address), row.size, number, body, path)
    wrong = _look(row, number, body)

    def work(tx: Writing) -> Attachment:
        now = tx.get(ATTACHMENTS, row.id)
        if now is None:
            raise UnknownFileError(f"expected a file that is awaited, got {row.address[:12]}, begun anew or erased")
        if now.state != "expected":
            raise AnsweredError(f"expected a file that is awaited, got {row.address[:12]}, {now.state}")
        if wrong:
            return _close(tx, ctx, now, wrong)
        if tx.get(PIECES, row.id, number) is not None:
            return now
        tx.add(PIECES, [Piece(file=row.id, number=number, node=node)])
        tx.add(BODIES, [Body(file=row.id, number=number, body=body)])
        return _counted(tx, ctx, now)

    kept = ctx.store.write("attachments.take", work)
    if kept.state == "checking":
        return finish(ctx, kept)
    return kept.state != "expected"


def _look(row: Attachment, number: int, body: bytes) -> str:
    """The outcome that a proven piece already decides, or nothing."""
    reader, last = media.Reader(row.media), stream.chunks_in(row.size) - 1
    text = media.is_text(row.media) and pieces.pieces_in(row.size) == 1
    wrong = ""
    try:
        for at, chunk in enumerate(attachments.chunks(row.size, number, body, row.key)):
            if not wrong and number == 0 and (at == 0 or text):
                wrong = reader.problem(chunk, last=at == last)
    except SealError:
        return NOT_OPENED
    return WRONG_TYPE if wrong else ""


def _counted(tx: Writing, ctx: Context, row: Attachment) -> Attachment:
    """One piece more is here."""
    total, limits = pieces.pieces_in(row.size), ctx.policy.uploads
    changed = msgspec.structs.replace(row, count=row.count + 1, expires=ctx.clock.now() + limits.expire)
    if not row.count and total > 1:
        begun = attachments.unfinished(tx, row.partner, 1, row.size)
        if begun.files > limits.unfinished_files or begun.bytes > limits.unfinished_bytes:
            raise LaterError(f"expected fewer unfinished files of {row.partner}, got {begun.files}")
    if changed.count < total:
        tx.put(ATTACHMENTS, [changed])
        return changed
    if total == 1 or not media.is_text(row.media):
        return _close(tx, ctx, changed, COMPLETE)
    changed = msgspec.structs.replace(changed, state="checking", expires=0)
    tx.put(ATTACHMENTS, [changed])
    return changed


# -- answering ---------------------------------------------------------------------------------------------------------


def finish(ctx: Context, row: Attachment) -> bool:
    """Read a text of which all pieces are here, and answer it. Returns whether it was answered."""
    reader, total = media.Reader(row.media), pieces.pieces_in(row.size)
    wrong = ""
    try:
        for number in range(total):
            plain = attachments.opened(row.size, number, attachments.body_of(ctx, row, number), row.key)
            if reader.problem(plain, last=number == total - 1):
                wrong = WRONG_TYPE
                break
    except NotFoundError:
        return False  # it was erased meanwhile

    def work(tx: Writing) -> bool:
        now = tx.get(ATTACHMENTS, row.id)
        if now is None or now.state != "checking":
            return False
        _close(tx, ctx, now, wrong or COMPLETE)
        return True

    return ctx.store.write("attachments.finish", work)


def finish_all(ctx: Context) -> bool:
    """Answer what a stop left unanswered. Returns whether there was any."""
    rows = ctx.store.read(lambda tx: tx.scan(ATTACHMENTS, "by_expiry", ("checking",), limit=100))
    return sum(finish(ctx, row) for row in rows) > 0


def _close(tx: Writing, ctx: Context, row: Attachment, outcome: str) -> Attachment:
    """Decide a file. What is not taken is not kept."""
    if attachments.begun(row):
        attachments.unfinished(tx, row.partner, -1, -row.size)
    changed = msgspec.structs.replace(
        row,
        state="complete" if outcome == COMPLETE else "refused",
        outcome=outcome,
        answer=_answer(tx, ctx, row, outcome),
        expires=0,
        key=b"",
    )
    if outcome != COMPLETE:
        changed = msgspec.structs.replace(changed, id=ids.new_id(), count=0)
        tx.delete(ATTACHMENTS, [(row.id,)])
        tx.put(LEFTOVERS, [Leftover(row.id)])
    tx.put(ATTACHMENTS, [changed])
    return changed


def _answer(tx: Writing, ctx: Context, row: Attachment, outcome: str) -> str:
    message = outbox.simple(
        tx, ctx, row.partner, row.lane, KIND, message=row.message, address=row.address, outcome=outcome
    )
    return message.id


def erased(tx: Writing, ctx: Context, message: str) -> list[Attachment]:
    """The content of a message is gone, and its files with it. A partner that is still uploading one is told.

    Returns what they were.
    """
    rows = attachments.forget(tx, message)
    for row in rows:
        if row.source and row.state in ("expected", "checking"):
            _answer(tx, ctx, row, GONE)
    return rows
