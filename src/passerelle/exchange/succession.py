"""Partners' handovers: whether one is genuine, what their old keys prove from then on, and persons who compare again.

Rules kept here:
- a handover is taken as a whole or its batch is refused [3], so that what is cosigned was taken;
- nothing goes back: one to an identity that is known, or from one that was replaced, changes nothing;
- old log keys prove no more than is held when a key is revoked or persons compared; of a rotation, what it names.

Our own handovers are made in `rotation`.
"""

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import IdentityError, JsonError, NoteError, SignatureError
from passerelle.exchange import comparing, links, notes, trust
from passerelle.exchange import content as contents
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.exchange.context import Context
from passerelle.exchange.wire import Item
from passerelle.identity import identity as identities
from passerelle.identity.history import History, Stage
from passerelle.identity.identity import Identity
from passerelle.identity.keys import PublicKeys
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import handover, note
from passerelle.ledger.checkpoint import LANES
from passerelle.ledger.handover import Handover
from passerelle.ports.keys import CANDIDATES, SPANS, Candidate, Span
from passerelle.ports.records import (
    PARTNERS,
    Log,
    Message,
    Partner,
)
from passerelle.ports.store import Reading, Writing

KEY_KINDS = ("keys.rotate", "keys.revoke")
_BROKEN = (IdentityError, NoteError, SignatureError, JsonError, contents.ContentError)


def _read(ctx: Context, partner: str, message: str, content: dict[str, object]) -> tuple[Handover, Identity]:
    contents.check_plain(content)
    statement = handover.parse(str(content["statement"]))
    made = identities.parse(str(content["identity"]).encode())
    named = (statement.sender, statement.receiver, statement.message, statement.after)
    if named != (partner, ctx.name, message, made.fingerprint) or made.name != partner:
        raise NoteError(f"expected a handover of {partner} to {ctx.name} in message {message}, got another")
    if bool(statement.revoked) != (content["kind"] == "keys.revoke"):
        raise NoteError(f"expected a statement of {content['kind']}, got another")
    return statement, made


def _genuine(content: dict[str, object], statement: Handover, made: Identity, before: Identity, past: History) -> None:
    if statement.before != before.key_digest:
        raise NoteError(f"expected a handover from the keys {before.key_digest[:16]}, got {statement.before[:16]}")
    for kind in before.keys.changed(made.keys):
        if past.knows(kind, getattr(made.keys, kind)):
            raise IdentityError(f"expected a new {kind} key, got one that was handed over before")
    handover.verify(statement, note.parse(str(content["signed"])), before.keys, made.keys)


def introduced(ctx: Context, partner: str, items: Sequence[Item]) -> list[PublicKeys]:
    """The keys that a revocation among these entries hands over to: the checkpoint above it may bear no others.

    Nothing is changed; `enter` checks the same again, with what is held.
    """

    def read(tx: Reading) -> tuple[Partner, History]:
        row = ctx.confirmed(tx, partner)[0]
        return row, trust.theirs(tx, ctx, row)

    row, past = ctx.store.read(read)
    found = []
    for item in items:
        if contents.kind_of(item.content) != "keys.revoke":
            continue
        try:
            message = entries.parse(item.leaf).message
            content = contents.parse(item.content, message)
            statement, made = _read(ctx, partner, message, content)
            _genuine(content, statement, made, ctx.identity_of(row), past)
        except _BROKEN:
            continue
        found.append(made.keys)
    return found


def enter(tx: Writing, ctx: Context, partner: str, row: Message, content: dict[str, object]) -> None:
    """A partner's handover: taken, or its batch is refused [3], so that what is cosigned was taken.

    One to an identity that is known, or from one that was replaced, is no news: it was sent again, or persons were
    quicker.
    """
    there, before = ctx.confirmed(tx, partner)
    past = trust.theirs(tx, ctx, there)
    try:
        statement, made = _read(ctx, partner, row.id, content)
        if made.fingerprint == there.fingerprint or _known(tx, partner, made) is not None:
            _confirms(tx, ctx, partner, row.id, content, statement, made)
            return
        spans = tx.scan(SPANS, "key", (partner,), limit=trust.ALL)
        if statement.before in {ctx.parsed(span.identity).key_digest for span in spans[:-1]}:
            return  # it was on its way when persons compared a newer identity: nothing goes back
        _genuine(content, statement, made, before, past)
        lasts = _proven(tx, partner, statement, before.keys.changed(made.keys))
    except _BROKEN as error:
        raise BatchRefusedError(Check.CHECKPOINT, f"message {row.id}: {error}") from None
    how, who = "revoked" if statement.revoked else "rotated", f"{partner}: {content['by']}"
    _bind(tx, ctx, there, made, lasts, how, who, row.id)
    comparing.anew(tx, ctx, partner)
    details = {"kinds": list(before.keys.changed(made.keys)), "message": row.id, "reason": str(content["reason"])}
    notes.record(tx, ctx, What.PARTNER_KEYS_CHANGED, who, partner, details)
    if statement.revoked:
        text = f"{partner} revoked its {statement.revoked} key: {content['reason']}"
        notes.alarm(tx, ctx, "keys.revoked", partner, text[:1000])


def _known(tx: Reading, partner: str, made: Identity) -> Span | None:
    spans = tx.scan(SPANS, "key", (partner,), limit=trust.ALL)
    return next((span for span in spans if span.fingerprint == made.fingerprint), None)


def _confirms(
    tx: Writing,
    ctx: Context,
    partner: str,
    message: str,
    content: dict[str, object],
    statement: Handover,
    made: Identity,
) -> None:
    """A genuine handover to an identity that persons bound before it came: it is kept as the proof of the same."""
    span = _known(tx, partner, made)
    if span is None or span.message or not span.number:
        return
    before = tx.get(SPANS, partner, span.number - 1)
    with suppress(*_BROKEN):
        old = ctx.parsed(before.identity) if before else made
        _genuine(content, statement, made, old, History([Stage(old.keys)]))
        tx.put(SPANS, [msgspec.structs.replace(span, message=message)])


def _proven(tx: Reading, partner: str, statement: Handover, kinds: Sequence[str]) -> dict[tuple[str, str], int]:
    """The last sizes as they count here. Raises NoteError when the statement names less than was cosigned here."""
    named = statement.named
    for lane in LANES if "log" in kinds else ():
        for log in links.generations(tx, partner, "in", lane):
            key = ("log", log.origin)
            if statement.revoked == "log":
                named[key] = log.size  # what is held is proven; nothing more is, whatever the statement allows
            elif named.get(key, 0) < log.size:
                raise NoteError(f"expected a last size of {log.size} or more for {log.origin}, got {named.get(key, 0)}")
    for lane in LANES if "receipt" in kinds else ():
        for log in links.generations(tx, partner, "out", lane):
            key = ("receipt", log.origin)
            held = _receipted(log)
            named[key] = held if statement.revoked == "receipt" else max(named.get(key, 0), held)
    return named


def _receipted(log: Log) -> int:
    return checkpoints.parse(log.receipt).size if log.receipt else 0


def _bind(
    tx: Writing,
    ctx: Context,
    there: Partner,
    made: Identity,
    lasts: dict[tuple[str, str], int],
    how: str,
    by: str,
    message: str = "",
) -> Partner:
    """A partner goes by another identity from here on; its old keys prove what was named."""
    now = ctx.clock.now()
    last = tx.scan(SPANS, "key", (there.name,), limit=1, descending=True)
    number = last[0].number + 1 if last else 1
    spans = [Span(there.name, number, made.body, made.fingerprint, now, how, by, message, trust.lines_of(lasts))]
    if not last:
        spans.append(
            Span(there.name, 0, there.identity, there.fingerprint, there.changed, "confirmed", there.changed_by)
        )
    tx.put(SPANS, spans)
    bound = msgspec.structs.replace(there, identity=made.body, fingerprint=made.fingerprint, changed=now, changed_by=by)
    tx.put(PARTNERS, [bound])
    waiting = tx.get(CANDIDATES, there.name)
    if waiting is not None and waiting.fingerprint == made.fingerprint:
        tx.delete(CANDIDATES, [(there.name,)])
    return bound


def rebind(tx: Writing, ctx: Context, there: Partner, candidate: Candidate, by: str) -> Partner:
    """Persons compared a new identity file of a known partner: it counts from here on.

    What its old keys proved stays: the sizes that are held here, and not an entry more.
    """
    lasts: dict[tuple[str, str], int] = {}
    for lane in LANES:
        lasts |= {("log", log.origin): log.size for log in links.generations(tx, there.name, "in", lane)}
        for log in links.generations(tx, there.name, "out", lane):
            lasts["receipt", log.origin] = _receipted(log)
    return _bind(tx, ctx, there, ctx.parsed(candidate.identity), lasts, "confirmed", by)
