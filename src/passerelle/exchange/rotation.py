"""Handing over from one set of keys to the next: our own to partners, partners' to us, and by persons.

The order of our own change, and what holds if we stop between two steps:

1. the new private keys are made durable (`identity.files`). If we stop here: keys that no era names; nothing uses them;
2. `start` writes the era, in one transaction. This is the moment of the change. If we stop here: the folder's identity
   file is the one before; it is made anew from the store at the next start;
3. `tell` puts the handover, signed by old and new keys, at the end of the governance log to each partner, once all its
   lanes were compared and nothing stands still. If we stop here: it is an entry like any other and is sent;
4. the partner takes it (`succession.enter`), or refuses its batch [3]: a cosigned handover is one that was taken;
5. private keys that no partner goes by any more are retired: noted, then destroyed (`retire`). If we stop between the
   two: the note is there and the file goes at the next look.

A partner that is away is told later, of the newest identity at once; until then everything that it must read bears
signatures of the keys that it knows too.

Left to persons: a node that lost every key but the new ones, or whose partner was put back to before a change: then the
new identity file is compared by voice again (`succession.rebind`).
"""

from collections.abc import Callable, Container, Sequence
from itertools import pairwise

import msgspec

from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.clock import add_duration
from passerelle.core.errors import StateError
from passerelle.exchange import links, notes, outbox, trust
from passerelle.exchange.context import Context
from passerelle.identity.identity import Identity
from passerelle.identity.keys import KINDS, SIGNING, PublicKeys
from passerelle.instruments import model
from passerelle.ledger import audit, handover
from passerelle.ledger.checkpoint import LANES
from passerelle.ledger.handover import Handover
from passerelle.ports.audit import AUDIT_LOGS, WITNESSED
from passerelle.ports.keys import ERAS, RETIRED, TOLD, Era, Retired, Told
from passerelle.ports.records import (
    CONTENTS,
    INSTRUMENTS,
    MESSAGES,
    META,
    PARTNERS,
    Log,
    Message,
    Meta,
)
from passerelle.ports.store import Reading, Writing

_STANDING = ("stopped", "frozen")
_LEAST_GRACE = "P1D"


# -- our own: the change ----------------------------------------------------------------------------------------------


def first(tx: Writing, identity: Identity, now: int, by: str) -> None:
    """The identity that a node was made with."""
    tx.put(ERAS, [_era(0, identity, now, "made", by, "")])
    tx.put(META, [Meta(name="keys", value=identity.key_digest)])


def _era(number: int, identity: Identity, now: int, how: str, by: str, reason: str, **more: object) -> Era:
    return Era(
        number=number,
        identity=identity.body,
        fingerprint=identity.fingerprint,
        time=now,
        how=how,
        by=by,
        reason=reason,
        **more,  # type: ignore[arg-type]
    )


def adopt(tx: Writing, ctx: Context, forgotten: Sequence[Identity], by: str) -> None:
    """A store that was put back from before changes goes by the keys of its folder again.

    `forgotten`: the identities that it does not know, oldest first. Whom the partners were told it forgot: those who
    took a change hold more of the governance log than it does, and say so at the comparison; the others are told.
    """
    before, now = newest(tx), ctx.clock.now()
    number = before.number + 1 if before else 0
    reason = "the store was put back from before this change"
    tx.add(ERAS, [_era(number + at, one, now, "adopted", by, reason) for at, one in enumerate(forgotten)])
    tx.put(META, [Meta(name="keys", value=forgotten[-1].key_digest)])
    details = {"kinds": [], "reason": reason, "how": "adopted"}
    notes.record(tx, ctx, What.KEYS_ROTATED, by, forgotten[-1].fingerprint, details)


def newest(tx: Reading) -> Era | None:
    """The era in force here."""
    found = tx.scan(ERAS, limit=1, descending=True)
    return found[0] if found else None


def start(
    ctx: Context,
    made: Identity,
    *,
    by: str,
    reason: str,
    revoked: str = "",
    how: str = "rotated",
    lost: Identity | None = None,
) -> Era:
    """The change itself: from here on this node goes by another identity, and partners are told.

    `how`: rotated, revoked (of the kind `revoked`), or renewed (partners are told by persons, not by an entry). `lost`:
    an identity of this node that the store does not know and whose private keys are gone: what it signed is our own.
    Raises StateError while a log to or from a confirmed partner stands still: what its old keys signed is not settled.
    """

    def work(tx: Writing) -> Era:
        before = newest(tx)
        if before is None:
            raise StateError("expected a store that knows its own identity, got one without")
        if how != "renewed":
            still(tx)
        now, number = ctx.clock.now(), before.number + 1
        kinds = ctx.parsed(before.identity).keys.changed(made.keys)
        if lost is not None and all(one.fingerprint != lost.fingerprint for one in tx.scan(ERAS, limit=trust.ALL)):
            tx.add(ERAS, [_era(number, lost, now, "lost", by, "its private keys are lost")])
            number += 1
        era = _era(number, made, now, how, by, reason, kinds=kinds, revoked=revoked)
        tx.add(ERAS, [era])
        tx.put(META, [Meta(name="keys", value=made.key_digest)])
        if how == "renewed":
            for partner in tx.scan(PARTNERS, limit=trust.ALL):
                _by_hand(tx, partner.name, era.number, now)
        what = What.KEYS_REVOKED if revoked else What.KEYS_ROTATED
        details = {"kinds": list(kinds), "reason": reason, "how": how}
        notes.record(tx, ctx, what, by, made.fingerprint, details)
        return era

    era = ctx.store.write("keys.start", work)
    ctx.keys.turn(made.keys)
    return era


def still(tx: Reading) -> None:
    """Raises StateError when a current log of a confirmed partner is stopped or frozen."""
    for partner in tx.scan(PARTNERS, limit=trust.ALL):
        for log in _current(tx, partner.name) if partner.status == "confirmed" else ():
            if log.state in _STANDING:
                words = f"expected every log to be open, got {log.origin}, which is {log.state} ({log.reason})"
                raise StateError(f"{words}: open a new generation first, then change the keys")


def _current(tx: Reading, partner: str) -> list[Log]:
    found = (links.current(tx, partner, direction, lane) for direction in ("out", "in") for lane in LANES)
    return [log for log in found if log is not None]


def met(tx: Writing, ctx: Context, partner: str) -> None:
    """Persons confirmed a partner: it is handed the identity that is in force now."""
    era = newest(tx)
    if era is not None and era.number and not tx.scan(TOLD, "key", (partner,), limit=1):
        _by_hand(tx, partner, era.number, ctx.clock.now())


def compared(ctx: Context, partner: str, by: str) -> int:
    """Persons of a partner have compared this node's present identity file: it goes by that. Returns its number.

    Raises StateError when the partner knows it already.
    """

    def work(tx: Writing) -> int:
        ctx.confirmed(tx, partner)
        era = newest(tx)
        if era is None or trust.mine(tx, ctx, partner).settled:
            raise StateError(f"expected a partner that does not know the present identity, got {partner}, which does")
        _by_hand(tx, partner, era.number, ctx.clock.now())
        details = {"fingerprint": era.fingerprint, "number": era.number}
        notes.record(tx, ctx, What.KEYS_COMPARED, by, partner, details)
        return era.number

    return ctx.store.write("keys.compared", work)


def _by_hand(tx: Writing, partner: str, era: int, now: int) -> None:
    tx.put(TOLD, [Told(partner=partner, number=_next(tx, partner), era=era, time=now)])


def _next(tx: Reading, partner: str) -> int:
    last = tx.scan(TOLD, "key", (partner,), limit=1, descending=True)
    return last[0].number + 1 if last else 0


# -- our own: telling -------------------------------------------------------------------------------------------------


def waits_for(tx: Reading, ctx: Context, partner: str) -> str:
    """Why a partner is not told yet of a change, in words; nothing when it may be told now."""
    logs = [log for lane in LANES if (log := links.current(tx, partner, "out", lane)) is not None]
    for log in logs:
        if log.state in _STANDING:
            return f"{log.origin} is {log.state}"
        if log.lane == "governance" and log.cosigned < log.size and not _revoking(tx, ctx, partner):
            return f"{log.size - log.cosigned} entries of {log.origin} lack a receipt"
    return ""


def tell(ctx: Context, partner: str, compared: Container[str]) -> bool:
    """Put the handover to the newest identity into the governance log to a partner, when it is due and may be.

    `compared`: the lanes in which both copies were compared since this process started: in a log that was put back,
    no last size is known.
    """

    def due(tx: Reading) -> bool:
        mine = trust.mine(tx, ctx, partner)
        return not mine.settled and mine.doubt is None

    if not all(lane in compared for lane in LANES) or not ctx.store.read(due):
        return False

    def work(tx: Writing) -> bool:
        ctx.confirmed(tx, partner)
        if not due(tx):
            return False
        if _speechless(tx, ctx, partner):
            # Keys that it knew are gone: nothing can be handed over. Whether it goes by the new ones, it shows itself.
            _by_hand(tx, partner, trust.mine(tx, ctx, partner).current, ctx.clock.now())
            text = f"the keys that {partner} knew are destroyed: persons there must compare the new identity file"
            notes.alarm(tx, ctx, "keys.not-told", partner, text)
            return False
        return not waits_for(tx, ctx, partner) and _tell(tx, ctx, partner)

    return ctx.store.write("keys.tell", work)


def _revoking(tx: Reading, ctx: Context, partner: str) -> str:
    """The kind of key that the next handover to a partner revokes, or nothing."""
    mine = trust.mine(tx, ctx, partner)
    eras = tx.scan(ERAS, limit=trust.ALL)
    known = ctx.parsed(next(one for one in eras if one.number == mine.known).identity).keys
    for before, era in pairwise(eras):
        if era.number <= mine.known or not era.revoked:
            continue
        if getattr(ctx.parsed(before.identity), era.revoked) == getattr(known, era.revoked):
            return era.revoked
    return ""


def _speechless(tx: Reading, ctx: Context, partner: str) -> bool:
    """Whether private keys that must sign the next handover are not here any more, beside the kind that it revokes."""
    known, revoked = trust.mine(tx, ctx, partner).sets[0], _revoking(tx, ctx, partner)
    return not all(ctx.keys.signers(known.pair(kind)) for kind in SIGNING if kind != revoked)


def _tell(tx: Writing, ctx: Context, partner: str) -> bool:
    mine, now = trust.mine(tx, ctx, partner), ctx.clock.now()
    eras = {era.number: era for era in tx.scan(ERAS, limit=trust.ALL)}
    before, after = (ctx.parsed(eras[number].identity) for number in (mine.known, mine.current))
    log = links.current_or_new(tx, ctx.name, partner, "out", "governance")
    statement = Handover(
        sender=ctx.name,
        receiver=partner,
        message=ids.new_id(),
        time=now,
        before=before.key_digest,
        after=after.fingerprint,
        revoked=_revoking(tx, ctx, partner),
        lasts=_lasts(tx, partner, log, before.keys.changed(after.keys)),
    )
    signed = handover.sign(statement, ctx.keys, before.keys, after.keys)
    message = outbox.simple(
        tx,
        ctx,
        partner,
        "governance",
        "keys.revoke" if statement.revoked else "keys.rotate",
        message_id=statement.message,
        statement=statement.text,
        signed=str(signed),
        identity=after.body.decode(),
        by=eras[mine.current].by,
        reason=eras[mine.current].reason,
    )
    outbox.enter(tx, ctx, log, message, max(now, log.last_time))
    lines = trust.lines_of(statement.named)
    row = Told(partner=partner, number=_next(tx, partner), era=mine.current, time=now, message=message.id, lasts=lines)
    tx.add(TOLD, [row])
    return True


def _lasts(tx: Reading, partner: str, governance: Log, kinds: Sequence[str]) -> tuple[tuple[str, str, int], ...]:
    """For each log the last size that the old keys sign; of the governance log with the entry that says so."""
    found: dict[tuple[str, str], int] = {}
    for lane in LANES if "log" in kinds else ():
        found |= {("log", log.origin): log.size for log in links.generations(tx, partner, "out", lane)}
    if "log" in kinds:
        found |= {("log", log.origin): log.size for log in tx.scan(AUDIT_LOGS, limit=trust.ALL)}
        found["log", governance.origin] = governance.size + 1
    for lane in LANES if "receipt" in kinds else ():
        found |= {("receipt", log.origin): log.size for log in links.generations(tx, partner, "in", lane)}
    for row in tx.scan(WITNESSED, "key", (partner,), limit=trust.ALL) if "witness" in kinds else ():
        found["witness", audit.origin(partner, row.generation)] = row.size
    return tuple((kind, origin, size) for (kind, origin), size in found.items())


def returned(tx: Writing, ctx: Context, message: Message, content: dict[str, object]) -> None:
    """An own handover came back from the partner after a restore: it was told, and has taken it."""
    if any(row.message == message.id for row in tx.scan(TOLD, "key", (message.partner,), limit=trust.ALL)):
        return
    statement = handover.parse(str(content["statement"]))
    era = next((one for one in tx.scan(ERAS, limit=trust.ALL) if one.fingerprint == statement.after), None)
    if era is None:
        text = f"message {message.id} handed over to keys that this store does not know: {statement.after}"
        notes.alarm(tx, ctx, "keys.unknown", message.partner, text)
        return
    lines = trust.lines_of(statement.named)
    number = _next(tx, message.partner)
    tx.add(TOLD, [Told(message.partner, number, era.number, statement.time, message.id, lines)])


def withdrawn(tx: Writing, partner: str) -> None:
    """Handovers whose entry the partner never had, and whose log is closed, are told anew: what they named is over."""
    for row in tx.scan(TOLD, "key", (partner,), limit=trust.ALL):
        message = tx.get(MESSAGES, row.message) if row.message else None
        if message is not None and message.index < 0:
            tx.put(MESSAGES, [msgspec.structs.replace(message, state="withdrawn", reason="told anew")])
            tx.delete(CONTENTS, [(message.id,)])
            tx.delete(TOLD, [(partner, row.number)])


# -- the end of keys --------------------------------------------------------------------------------------------------


def needed(tx: Reading, ctx: Context) -> set[str]:
    """The ids of the private keys that are in use, or that a confirmed partner may still go by."""
    eras = tx.scan(ERAS, limit=trust.ALL)
    sets = [ctx.parsed(eras[-1].identity).keys] if eras else [ctx.keys.public]
    for partner in tx.scan(PARTNERS, limit=trust.ALL):
        if partner.status == "confirmed":
            sets += trust.mine(tx, ctx, partner.name).sets
    return {one for keys in sets for kind in KINDS for one in keys.ids(kind)}


def grace(tx: Reading, ctx: Context, now: int) -> int:
    """Until when (ms) what was sealed before now may still come: the longest delivery grace of all channels."""
    graces = [_LEAST_GRACE]
    for record in tx.scan(INSTRUMENTS, limit=trust.ALL):
        graces.append(model.parse(record.body).grace)
    return max(add_duration(now, one) for one in graces)


def retire(ctx: Context, destroy: Callable[[set[str]], object]) -> list[Retired]:
    """Destroy private keys that nobody goes by any more; sealing keys after the grace. Returns those that went now.

    `destroy` removes them where they are kept, and is called again for those that were noted as destroyed before.
    """

    def work(tx: Writing) -> list[Retired]:
        use, now = needed(tx, ctx), ctx.clock.now()
        rows = {row.id: row for row in tx.scan(RETIRED, limit=trust.ALL)}
        known = {one: kind for keys in _eras(tx, ctx) for kind in KINDS for one in keys.ids(kind)}
        # One that came back into use (a partner was put back) waits no more.
        tx.delete(RETIRED, [(one,) for one, row in rows.items() if one in use and row.state == "waiting"])
        gone = []
        for one, kind in ctx.keys.held.items():
            row = rows.get(one)
            if one in use or one not in known or (row is not None and row.state == "destroyed"):
                continue
            due = row.due if row else grace(tx, ctx, now) if kind == "sealing" else now
            made = Retired(id=one, kind=known[one], due=due, state="destroyed" if due <= now else "waiting")
            tx.put(RETIRED, [made])
            if made.state == "destroyed":
                gone.append(made)
                notes.record(tx, ctx, What.KEY_DESTROYED, "node", one, {"kind": kind})
        return gone

    if not ctx.store.read(lambda tx: tx.count(ERAS) > 1):
        return []
    gone = ctx.store.write("keys.retire", work)

    def past(tx: Reading) -> set[str]:
        use = needed(tx, ctx)
        return {row.id for row in tx.scan(RETIRED, limit=trust.ALL) if row.state == "destroyed" and row.id not in use}

    ended = ctx.store.read(past)
    if ended & set(ctx.keys.held):
        destroy(ended)
        ctx.keys.forget(ended)
    return gone


def _eras(tx: Reading, ctx: Context) -> list[PublicKeys]:
    return [ctx.parsed(era.identity).keys for era in tx.scan(ERAS, limit=trust.ALL)]
