"""Instruments on the wire: what the messages of the governance lane do to the records of both nodes.

Rules kept here:
- steps are the pure transitions of `instruments.lifecycle`, taken at the entry's time, so both nodes reach the same
  record. An own step is shown from when it is written and bears the entry's time from when it has one;
- an own signature counts for sending only once the partner has cosigned its entry;
- a channel that does not fit the types of this node's catalogue is neither proposed nor signed here;
- an own step that the partner refuses is undone as far as it claimed something of the partner.
"""

from typing import Any

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import from_iso
from passerelle.core.errors import InputError, InstrumentError, NotFoundError
from passerelle.exchange import content as contents
from passerelle.exchange import fitting, links, notes, outbox
from passerelle.exchange.checks import Check
from passerelle.exchange.context import Context
from passerelle.exchange.judging import Objection
from passerelle.instruments import lifecycle
from passerelle.instruments.model import parse
from passerelle.ports.records import CONTENTS, INSTRUMENTS, MESSAGES, Entry, Instrument, Message
from passerelle.ports.store import Reading, Writing

_ALL = 100_000
_AUDIT = {
    "instrument.propose": What.INSTRUMENT_PROPOSED,
    "instrument.sign": What.INSTRUMENT_SIGNED,
    "instrument.reject": What.INSTRUMENT_REJECTED,
    "instrument.terminate": What.INSTRUMENT_TERMINATED,
}


def known(tx: Reading, partner: str) -> dict[str, Instrument]:
    """All instruments with a partner, by digest."""
    return {one.digest: one for one in tx.scan(INSTRUMENTS, "by_partner", (partner,), limit=_ALL)}


def _step(
    tx: Reading, ctx: Context, partner: str, side: str, content: dict[str, Any], message: str, time: int
) -> Instrument:
    """The record after a step. Raises InstrumentError, with its check, or InputError."""
    records = known(tx, partner)
    kind = content["kind"]
    if kind == "instrument.propose":
        body = content["instrument"].encode()
        return lifecycle.propose(body, node=ctx.name, partner=partner, proposer=side, time=time, known=records)
    record = records.get(content["digest"])
    if kind == "instrument.sign":
        return lifecycle.sign(record, side=side, time=time, message=message, known=records)
    if kind == "instrument.reject":
        return lifecycle.reject(record, side=side, time=time, reason=content["reason"])
    effective = from_iso(content["from"])
    return lifecycle.terminate(record, side=side, time=time, effective=effective, reason=content["reason"])


def act(ctx: Context, partner: str, kind: str, by: str, **fields: Any) -> Instrument:
    """An own step: checked, shown at once, and in line to the partner, in one transaction.

    `kind` is `instrument.propose|sign|reject|terminate`; `by` the person. Raises InstrumentError, InputError.
    """
    if not by:
        raise InputError("expected the person who acts, got nothing")

    def work(tx: Writing) -> Instrument:
        ctx.confirmed(tx, partner)
        now = ctx.clock.now()
        message = outbox.simple(tx, ctx, partner, "governance", kind, by=by, **fields)
        body = tx.get(CONTENTS, message.id)
        if body is None:
            raise NotFoundError(f"expected the content of {message.id}")
        content = contents.parse(body.body, message.id)
        contents.check_plain(content)
        record = _step(tx, ctx, partner, ctx.name, content, message.id, now)
        if kind in ("instrument.propose", "instrument.sign"):
            fitting.check(parse(record.body), ctx.catalogue)
        tx.put(INSTRUMENTS, [record])
        notes.record(tx, ctx, _AUDIT[kind], by, record.digest, {"message": message.id})
        return record

    return ctx.store.write("governance.act", work)


def enter(tx: Writing, ctx: Context, partner: str, row: Message, content: dict[str, Any]) -> list[Objection]:
    """A step of the partner: applied, or refused with 9 or 10."""
    try:
        record = _step(tx, ctx, partner, partner, content, row.id, row.time)
    except InstrumentError as error:
        return [Objection(Check(getattr(error, "check", "") or "10"), str(error))]
    except InputError as error:
        return [Objection(Check.CONTENT, str(error))]
    new = tx.get(INSTRUMENTS, record.digest) is None
    tx.put(INSTRUMENTS, [record])
    notes.record(tx, ctx, _AUDIT[content["kind"]], f"{partner}: {content['by']}", record.digest, {"message": row.id})
    if new:
        _own_steps_again(tx, ctx, partner)
    return []


def _own_steps_again(tx: Writing, ctx: Context, partner: str) -> None:
    """Own steps that could not be taken before, in the order of writing.

    There are some only after a restore, when the own log came back before the partner's was sent again. An own step
    rests on the partner's proposals and on earlier own steps, on nothing else; one that was taken is not taken twice.
    """
    mine = tx.scan(MESSAGES, "by_queue", (partner, "out", "governance", "sequenced"), limit=_ALL)
    bodies = tx.get_many(CONTENTS, [(message.id,) for message in mine if message.kind in _AUDIT])
    for message in mine:
        if body := bodies.get((message.id,)):
            content = contents.parse(body.body, message.id)
            again(tx, ctx, message, content, cosigned=links.covered(tx, message))


def again(tx: Writing, ctx: Context, message: Message, content: dict[str, Any], *, cosigned: bool) -> None:
    """An own step that came back from the partner after a restore.

    One that does not fit may rest on a proposal of the partner's that has not come back yet: then it waits for that.
    """
    try:
        record = _step(tx, ctx, message.partner, ctx.name, content, message.id, message.time)
    except (InstrumentError, InputError):
        return
    if record.own_message == message.id and cosigned:
        record = msgspec.structs.replace(record, own_cosigned=True)
    tx.put(INSTRUMENTS, [record])
    entered(tx, ctx, [message])  # an old copy may hold it as it was before it had its entry


def entered(tx: Writing, ctx: Context, messages: list[Message]) -> None:
    """Own steps got their entries: their records bear the entries' times."""
    for message in messages:
        if message.kind in _AUDIT:
            _placed(tx, ctx, message)


def entered_again(tx: Writing, ctx: Context, message: Message) -> None:
    """A step of the partner stands in a new generation: both nodes count it from its newest entry."""
    if message.kind in _AUDIT and message.state == "applied":
        _placed(tx, ctx, message)


def _placed(tx: Writing, ctx: Context, message: Message) -> None:
    """The record of a step bears the time of the step's entry."""
    own = message.direction == "out"
    body = tx.get(CONTENTS, message.id)
    record = _record_of(tx, message, contents.parse(body.body, message.id)) if body else None
    if record is None:
        return
    if message.kind == "instrument.propose" and (record.proposed_by != message.partner) == own:
        record = msgspec.structs.replace(record, proposed=message.time)
    elif message.kind == "instrument.sign" and own and record.own_message == message.id:
        record = msgspec.structs.replace(record, own_signed=message.time)
    elif message.kind == "instrument.sign" and not own and record.partner_message == message.id:
        record = msgspec.structs.replace(record, partner_signed=message.time)
    elif message.kind in ("instrument.reject", "instrument.terminate"):
        # The other side may have ended it meanwhile, at a time that is earlier now.
        record = _ended_anew(tx, ctx, record)
    tx.put(INSTRUMENTS, [record])


def _ended_anew(tx: Reading, ctx: Context, record: Instrument) -> Instrument:
    """The record with its ends as all steps that count give them: of each kind the earliest, by entry times."""
    found: dict[str, list[tuple[int, str, str]]] = {"instrument.reject": [], "instrument.terminate": []}
    for direction, state in (("out", "unsequenced"), ("out", "sequenced"), ("in", "applied")):
        for one in tx.scan(MESSAGES, "by_queue", (record.partner, direction, "governance", state), limit=_ALL):
            body = tx.get(CONTENTS, one.id) if one.kind in found else None
            content = contents.parse(body.body, one.id) if body else {}
            if content.get("digest") == record.digest:
                at = max(one.time or one.noted, from_iso(content["from"]) if "from" in content else 0)
                found[one.kind].append((at, record.partner if direction == "in" else ctx.name, content["reason"]))
    rejected = min(found["instrument.reject"], default=(0, "", ""))
    terminated = min(found["instrument.terminate"], default=(0, "", ""))
    return msgspec.structs.replace(
        record,
        rejected=rejected[0],
        rejected_by=rejected[1],
        terminated=terminated[0],
        terminated_by=terminated[1],
        reason=terminated[2] or rejected[2],
    )


def _record_of(tx: Reading, message: Message, content: dict[str, Any]) -> Instrument | None:
    if message.kind == "instrument.propose" and "instrument" in content:
        return tx.get(INSTRUMENTS, parse(content["instrument"].encode()).digest)
    return tx.get(INSTRUMENTS, content.get("digest", ""))


def stored(tx: Writing, ctx: Context, entries: list[Entry]) -> None:
    """The partner cosigned entries of the governance log: own signatures among them count for sending."""
    found = tx.get_many(MESSAGES, [(entry.message,) for entry in entries])
    for message in found.values():
        if message.kind != "instrument.sign" or message.state != "sequenced":
            continue
        for record in tx.scan(INSTRUMENTS, "by_partner", (message.partner,), limit=_ALL):
            if record.own_message == message.id:
                tx.put(INSTRUMENTS, [lifecycle.cosigned(record, time=message.time)])


def take_away(tx: Writing, ctx: Context, row: Message, content: dict[str, Any]) -> None:
    """A step of the partner that was taken, and had been refused before this node was put back, counts no more."""
    record = _record_of(tx, row, content) if row.kind in _AUDIT else None
    if record is None or row.state != "applied":
        return
    tx.put(MESSAGES, [msgspec.structs.replace(row, state="refused")])
    if row.kind == "instrument.sign" and record.partner_message == row.id:
        record = msgspec.structs.replace(record, partner_signed=0, partner_message="")
    elif row.kind in ("instrument.reject", "instrument.terminate"):
        record = _ended_anew(tx, ctx, record)
    tx.put(INSTRUMENTS, [record])


def refused(tx: Writing, ctx: Context, message: Message) -> None:
    """The partner refused an own step; its row says so already."""
    if not message.kind.startswith("instrument."):
        return
    body = tx.get(CONTENTS, message.id)
    record = _record_of(tx, message, contents.parse(body.body, message.id) if body else {})
    if record is None:
        return
    words = f"{message.partner} refused it: checks {', '.join(message.checks)}"
    if message.kind == "instrument.sign" and record.own_message == message.id:
        record = msgspec.structs.replace(record, own_signed=0, own_cosigned=False, own_message="", reason=words)
    elif message.kind == "instrument.propose" and record.proposed_by != message.partner:
        record = msgspec.structs.replace(record, rejected=ctx.clock.now(), rejected_by=message.partner, reason=words)
    elif message.kind in ("instrument.reject", "instrument.terminate"):
        record = _ended_anew(tx, ctx, record)
    tx.put(INSTRUMENTS, [record])
    # Written after a restore, it may have stood in the way of an earlier own step that came back.
    _own_steps_again(tx, ctx, message.partner)
