"""Sending files: what is to be uploaded next, the requests that do it, and the partner's answers.

    following   the next file of a lane whose message the partner has cosigned, and that it has not answered
    ask, bring  the requests; the caller posts them and hands back what is missing (`attachments_wire.parse_missing`)
    answered    the partner's message: the file is there, or is not taken and why

Rules kept here: nothing is uploaded before its message was cosigned; what the partner holds, it says itself, so any
stop or loss is mended by asking; an upload touches no log and holds no lock, so no lane waits for one. What is kept of
an own file outlives the answer, as its message's content does.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from passerelle.core import ids
from passerelle.exchange import attachments, links, notes, trust
from passerelle.exchange import attachments_wire as wire
from passerelle.exchange.attachments_in import AGAIN, COMPLETE
from passerelle.exchange.attachments_wire import Range
from passerelle.exchange.context import Context
from passerelle.ledger import merkle, pieces
from passerelle.ports.attachments import ATTACHMENTS, PIECES, Attachment
from passerelle.ports.records import CONTENTS, MESSAGES, Message
from passerelle.ports.store import Reading, Writing

LANES = ("flash", "routine")
_PAGE = 100


# -- uploading ---------------------------------------------------------------------------------------------------------


def following(
    ctx: Context, partner: str, lane: str, wanted: Callable[[Attachment], bool] = lambda row: True
) -> list[Attachment]:
    """The next files to upload, some of them, in order; none when none is due. `wanted`: whether one is due."""

    def read(tx: Reading) -> list[Attachment]:
        place: tuple[str, int, str] | None = None
        while True:
            page = tx.scan(ATTACHMENTS, "by_line", ("bound", partner, lane), after=place, limit=_PAGE)
            due = [row for row in page if wanted(row)]
            messages = tx.get_many(MESSAGES, [(row.message,) for row in due])
            found = [row for row in due if links.receipted(tx, messages.get((row.message,)))]
            if found or len(page) < _PAGE:
                return found
            place = (page[-1].message, page[-1].place, page[-1].id)

    return ctx.store.read(read)


def ask(ctx: Context, row: Attachment) -> str:
    """The header of a HEAD."""
    return bring(ctx, row, (0, 0))


def bring(ctx: Context, row: Attachment, range_: Range) -> str:
    """The header of a PUT with these pieces."""
    signers = ctx.store.read(lambda tx: trust.mine(tx, ctx, row.partner)).envelopes
    return wire.request(ctx.name, row.partner, row.address, range_, ctx.clock.now(), signers)


def body_size(row: Attachment, range_: Range) -> int:
    """Bytes of the body of a PUT with these pieces."""
    count = pieces.pieces_in(row.size)
    paths = sum(len(merkle.inclusion(lambda *_: b"", number, count)) for number in range(*range_))
    bodies = sum(pieces.length_of(row.size, number) for number in range(*range_))
    return range_[1] - range_[0] + merkle.HASH * paths + bodies


def frame(ctx: Context, row: Attachment, number: int) -> bytes:
    """One piece with its path. Raises NotFoundError when the file was deleted meanwhile."""

    def read(tx: Reading) -> list[bytes]:
        def nodes(last: int) -> bytes:
            found = tx.get(PIECES, row.id, last)
            return found.nodes if found else b""

        return pieces.path_of(merkle.Kept(nodes).subtree, row.size, number)

    body = attachments.body_of(ctx, row, number)
    return wire.frame(ctx.store.read(read) if pieces.pieces_in(row.size) > 1 else (), body)


# -- what comes of it --------------------------------------------------------------------------------------------------


def answered(tx: Writing, ctx: Context, partner: str, answer: Message, content: dict[str, Any]) -> str:
    """Take the partner's answer about an own file. Returns why it makes no sense, in words, or nothing."""
    own = tx.get(MESSAGES, content["message"])
    if own is None or (own.direction, own.partner, own.kind) != ("out", partner, "act"):
        return f"expected an answer about a message of this node, got one about {content['message']}"
    rows = [row for row in attachments.progress(tx, own.id) if row.address == content["address"]]
    if not rows:
        if tx.get(CONTENTS, own.id) is None:
            return ""  # erased here: there is nothing left that the answer could move
        return f"expected an answer about a file of message {own.id}, got one about {content['address'][:12]}"
    row, outcome = rows[0], content["outcome"]
    if outcome == AGAIN:
        if row.state == "complete" and attachments.whole(row):
            tx.put(ATTACHMENTS, [msgspec.structs.replace(row, state="bound", outcome="", answer="")])
        return ""
    state = "complete" if outcome == COMPLETE else "refused"
    changed = msgspec.structs.replace(row, state=state, outcome=outcome, answer=answer.id)
    tx.put(ATTACHMENTS, [changed])
    if state == "refused" and row.state != "refused":
        text = f"{partner} did not take file {place_of(row)} of message {own.id}: {outcome}"
        notes.alarm(tx, ctx, "attachment.refused", partner, text)
    return ""


def place_of(row: Attachment) -> str:
    """A file as persons count it, from 1; its name is content and stands in no alarm."""
    return str(row.place + 1)


def refused(tx: Writing, own: Message) -> None:
    """The partner refused an own message: its files go nowhere. They are kept as its content is."""
    rows = [row for row in attachments.progress(tx, own.id) if row.state == "bound"]
    tx.put(ATTACHMENTS, [msgspec.structs.replace(row, state="refused") for row in rows])


def again(tx: Writing, messages: Iterable[str]) -> None:
    """Own messages go to the partner again, who forgot them: so do their files."""
    for message in messages:
        rows = [row for row in attachments.progress(tx, message) if row.state in ("complete", "refused")]
        here = [row for row in rows if row.count == pieces.pieces_in(row.size)]
        tx.put(ATTACHMENTS, [msgspec.structs.replace(row, state="bound", outcome="", answer="") for row in here])


def came_back(tx: Writing, message: Message, content: dict[str, Any]) -> None:
    """An own act came back after a restore. What its files were, the partner alone may hold now."""
    there = {row.address for row in attachments.progress(tx, message.id)}
    for place, one in enumerate(attachments.announced(content)):
        if one.address in there:
            continue
        own = attachments.own(tx, one.address)
        row = own if own is not None and own.state == "sealed" else None
        made = row or Attachment(
            id=ids.new_id(), source="", address=one.address, state="lost", size=one.size, media=one.media
        )
        state = "bound" if row else "lost"
        made = msgspec.structs.replace(
            made,
            state=state,
            expires=0,
            partner=message.partner,
            lane=message.lane,
            message=message.id,
            place=place,
        )
        tx.put(ATTACHMENTS, [made])
