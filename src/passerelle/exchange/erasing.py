"""Erasing the content of a message: bytes, salt and attachments are gone, the leaf and what was proven stay.

Rules kept here:
- the register outside the store has the erasure, durably, before the store changes; `replay` does what a stop in
  between, or a store that was put back, left undone;
- the leaf, the logs and the receipts stay as they are. Without its salt (32 random bytes) the commitment tells nothing;
- the dossier stays as it stands: state, figures and deadlines are derived from what is not personal. The one exception:
  an own message that the partner has not cosigned travels as withheld, `erased`, so it counts on neither side. Had it
  arrived, and its receipt was lost, the partner's next act names it, and it counts on both;
- what was made of the content goes with it: the reference that it gave, the words of a refusal, a review's comment,
  open drafts about it, relations that rest on it. With the last content of a dossier go its notes, drafts, references
  and relations; which other way copies went stays, because those who have them must be told (Directive (EU) 2016/680,
  article 16(6));
- what comes again, from a partner that gives back what this node lost, is decided as before and erased at once.

Left unchecked: copies that left this node on purpose, evidence files, backups. The audit log keeps who did what with
the message, in words of the people here; its details are erased by their own retention.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import JsonError, NotFoundError, StateError
from passerelle.exchange import attachments, attachments_in, links, notes, relating
from passerelle.exchange.cases import Cases
from passerelle.exchange.context import Context
from passerelle.exchange.register import Register
from passerelle.ports.erasures import ERASURES, Erasure, Ground
from passerelle.ports.records import CONTENTS, DOSSIERS, MESSAGES, Dossier, Message
from passerelle.ports.store import Reading, Writing
from passerelle.ports.work import ASSIGNMENTS, DRAFTS, NOTES, REVIEWS, Draft

ERASED = "erased"
_ALL = 1_000_000
_PAGE = 200
_OPEN = ("draft", "submitted", "returned")


def erase(
    ctx: Context, register: Register, message_id: str, by: str, reason: str, ground: Ground = Ground.OTHER
) -> Erasure:
    """Erase what a message says, of either side. `reason`: for the audit log, in words that name nobody.

    Raises NotFoundError, StateError (nothing to erase, or it is on its way), InputError (the register cannot be
    written; nothing was changed).
    """
    made = ctx.store.read(lambda tx: _planned(tx, ctx, message_id, by, ground))
    register.add([made])
    ctx.store.write("erasing.erase", lambda tx: _wipe(tx, ctx, made, {"reason": reason}))
    return made


def replay(ctx: Context, entries: Iterable[Erasure]) -> int:
    """Erase whatever the store still holds of what registers name. Returns how many contents that were.

    For each start and for a store that was put back; any number of registers, any order, any number of times.
    """
    wanted = list({one.message: one for one in entries}.values())
    done = 0
    for start in range(0, len(wanted), _PAGE):
        part = wanted[start : start + _PAGE]

        def work(tx: Writing, part: Sequence[Erasure] = part) -> int:
            return sum(_again(tx, ctx, one) for one in part)

        done += ctx.store.write("erasing.replay", work)
    return done


def begin(ctx: Context, register: Register) -> int:
    """What every start does: replay the register, and write into it what only the store knows. Returns as `replay`."""
    known = register.read()
    register.begin()
    done = replay(ctx, known)
    names = {one.message for one in known}
    after: tuple[Any, ...] | None = None
    while page := ctx.store.read(lambda tx, after=after: tx.scan(ERASURES, after=after, limit=1000)):  # type: ignore[misc]
        register.add(one for one in page if one.message not in names)
        after = (page[-1].message,)
    return done


def arrived(tx: Writing, ctx: Context, messages: Iterable[str]) -> None:
    """Messages that were just stored, and decided: what was erased here before the store was put back goes again."""
    if not tx.scan(ERASURES, "by_here", (False,), limit=1):
        return
    found = tx.get_many(ERASURES, [(name,) for name in messages])
    for one in found.values():
        if not one.here:
            _again(tx, ctx, one)


def taken_there(tx: Writing, seen: Iterable[Message]) -> set[str]:
    """The partner builds on these messages: an own one that was erased on its way had arrived, and counts.

    Returns the dossiers that must be derived anew.
    """
    there = [one for one in seen if (one.kind, one.state, one.reason) == ("act", "withheld", ERASED)]
    back = [one for one in there if one.direction == "out"]
    if back:
        tx.put(MESSAGES, [msgspec.structs.replace(one, state="sequenced", reason="") for one in back])
    return {one.dossier for one in back}


def erased(tx: Reading, messages: Iterable[str]) -> dict[str, Erasure]:
    """Of these messages those whose content was erased here."""
    return {key[0]: one for key, one in tx.get_many(ERASURES, [(name,) for name in messages]).items()}


# ---- one message -----------------------------------------------------------------------------------------------------


def _planned(tx: Reading, ctx: Context, message_id: str, by: str, ground: Ground) -> Erasure:
    message = tx.get(MESSAGES, message_id)
    if message is None:
        raise NotFoundError(f"expected a message that is here, got {message_id!r}")
    there = tx.get(ERASURES, message_id)
    if there is not None and there.here and tx.get(CONTENTS, message_id) is None:
        when = to_iso(there.time)
        raise StateError(f"expected a message with its content, got {message_id}, erased by {there.by} on {when}")
    if message.state == "unsequenced":
        raise StateError(
            f"expected a message that has an index, got {message_id}, which is in line: take it back (message withdraw)"
        )
    if message.state == "waiting":
        raise StateError(f"expected a message that was decided, got {message_id}, which waits for another")
    if message.kind not in ("act", ""):
        raise StateError(
            f"expected an act, got {message_id}, a message of kind {message.kind}: it says nothing of persons"
        )
    if message.state != "refused" and tx.get(CONTENTS, message_id) is None:
        raise StateError(f"expected a message with its content, got {message_id}, which came or stayed without")
    return Erasure(
        message=message.id, commitment=message.commitment, time=ctx.clock.now(), by=by, ground=Ground(ground).value
    )


def _again(tx: Writing, ctx: Context, entry: Erasure) -> bool:
    """Erase once more what a register or an earlier transaction named. True when there was something to erase."""
    known = tx.get(ERASURES, entry.message)
    message = tx.get(MESSAGES, entry.message)
    held = tx.get(CONTENTS, entry.message) is not None
    if known is not None and known.here and not held:
        return False
    # Another message under that id, or one that must be judged first, is none that was erased.
    if message is None or message.state == "waiting" or message.commitment != entry.commitment:
        if known is None:
            tx.put(ERASURES, [msgspec.structs.replace(entry, here=False)])
        return False
    _wipe(tx, ctx, entry, {"replayed": True})
    return held


def _wipe(tx: Writing, ctx: Context, entry: Erasure, details: dict[str, object]) -> None:
    message = tx.get(MESSAGES, entry.message)
    if message is None:
        raise NotFoundError(f"expected a message that is here, got {entry.message!r}")
    content = _content(tx, message)
    files = attachments_in.erased(tx, ctx, message.id)
    tx.delete(CONTENTS, [(message.id,)])
    urgency = content.get("urgency")
    tx.put(ERASURES, [msgspec.structs.replace(entry, here=True, urgency=urgency if isinstance(urgency, str) else "")])
    tx.put(MESSAGES, [_without_words(tx, message)])
    if (review := tx.get(REVIEWS, message.id)) is not None:
        tx.put(REVIEWS, [msgspec.structs.replace(review, comment="")])
    if message.dossier:
        _around(tx, ctx, message, content, entry.by)
    more = {"ground": entry.ground, "attachments": len(files), **details}
    notes.record(tx, ctx, What.CONTENT_ERASED, entry.by, message.id, more)


def _content(tx: Reading, message: Message) -> dict[str, Any]:
    held = tx.get(CONTENTS, message.id)
    try:
        return json.parse_object(held.body) if held else {}
    except JsonError:  # written unchecked, or refused
        return {}


def _without_words(tx: Reading, message: Message) -> Message:
    """The row without words that may quote the content; withheld where the partner will never have the content."""
    if message.state == "refused":
        return msgspec.structs.replace(message, reason="")
    if message.direction == "out" and message.state == "sequenced" and not links.covered(tx, message):
        return msgspec.structs.replace(message, state="withheld", reason=ERASED)
    return message


def _around(tx: Writing, ctx: Context, message: Message, content: dict[str, Any], by: str) -> None:
    """What the dossier has of the content, beside it."""
    row = tx.get(DOSSIERS, message.dossier)
    others = [one for one in tx.scan(MESSAGES, "by_dossier", (message.dossier,), limit=_ALL) if one.id != message.id]
    last = not any(tx.get(CONTENTS, one.id) for one in reversed(others))
    now = ctx.clock.now()
    drafts = tx.scan(DRAFTS, "by_dossier", (message.dossier,), limit=_ALL)
    gone = [one for one in drafts if last or _about(one, message.id)]
    attachments.drop(tx, [address for one in gone for address in _files(one)])
    tx.put(DRAFTS, [_discarded(one, by, now) for one in gone])
    relating.erased(tx, message.id, message.dossier, last=last)
    if last:
        given = tx.scan(ASSIGNMENTS, "by_dossier", (message.dossier,), limit=_ALL)
        tx.put(ASSIGNMENTS, [msgspec.structs.replace(one, note="") for one in given if one.note])
        tx.delete(NOTES, [(one.id,) for one in tx.scan(NOTES, "by_dossier", (message.dossier,), limit=_ALL)])
    if row is not None:
        tx.put(DOSSIERS, [_unnamed(tx, row, message, content, others, last=last)])
        # An own act that the partner never gets has ceased to count: derived last, from the row as it is now.
        now_is = tx.get(MESSAGES, message.id)
        if now_is is not None and now_is.state != message.state:
            Cases(tx, ctx).recount({row.id})


def _unnamed(
    tx: Reading, row: Dossier, message: Message, content: dict[str, Any], others: Sequence[Message], *, last: bool
) -> Dossier:
    """The dossier's row without the reference that the content gave: that of an earlier act of this side, if any."""
    if last:
        return msgspec.structs.replace(row, own_reference="", partner_reference="", title="")
    field = "own_reference" if message.direction == "out" else "partner_reference"
    said = content.get("reference")
    if not said or said != getattr(row, field):
        return row
    same = (one for one in reversed(others) if one.direction == message.direction and one.state != "refused")
    before = (_content(tx, one).get("reference") for one in same)
    return msgspec.structs.replace(row, **{field: next((one for one in before if isinstance(one, str)), "")})


def _about(draft: Draft, message_id: str) -> bool:
    """Whether an open draft is about this message: it corrects, answers or withdraws what it says."""
    if draft.state not in _OPEN:
        return False
    body = json.parse_object(draft.body).get("body")
    return isinstance(body, dict) and body.get("message") == message_id


def _files(draft: Draft) -> list[str]:
    """The addresses of the files of a draft."""
    said = json.parse_object(draft.body) if draft.body else {}
    return [str(one["address"]) for one in said.get("attachments", [])]


def _discarded(draft: Draft, by: str, now: int) -> Draft:
    """A draft that says nothing more, and nothing about what it said."""
    if draft.state == "discarded":
        return msgspec.structs.replace(draft, comment="")
    return msgspec.structs.replace(
        draft,
        state="discarded",
        version=draft.version + 1,
        body=b"",
        comment=ERASED,
        changed=now,
        changed_by=by,
    )
