"""Those who watch over this node's audit log, and how it stands with each: what to ask, what an answer means.

Who watches: the witnesses that persons have added; where there is none (or always, as `audit.partners` says), each
confirmed partner, with its witness keys, over the partner interface.

Rules kept here:
- an answer counts only when both cosignatures of the one asked hold over the very checkpoint that was shown; anything
  else is never stored, and an alarm says that it lies;
- no number counts that bears no signature: what one holds is learnt from the checkpoint that it shows, which bears this
  node's own signatures. So a witness cannot make this node believe that it was put back;
- one that holds less than it has cosigned was put back: an alarm says so, the stored cosignature is the proof, and the
  log is shown again from where it stands;
- one that holds more than this node, another tree, or a later generation has proof that this node was put back: the
  audit log stands still until persons reopen it. So no second tree is signed for anybody;
- one that does not answer is asked again, and an alarm says so when it has been away too long.

Nothing here posts: `transport.watching` carries requests out and answers back.
"""

from typing import NamedTuple

import msgspec

from passerelle.core.clock import to_iso
from passerelle.core.errors import InputError, NoteError, SignatureError
from passerelle.exchange import notes, trust
from passerelle.exchange.context import Context
from passerelle.identity import witness as identities
from passerelle.ledger import audit as texts
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle
from passerelle.ledger import witness as wire
from passerelle.ledger.checkpoint import Checkpoint, Verifiers
from passerelle.ledger.note import MAX_SIGNATURES
from passerelle.ledger.witness import Request
from passerelle.oversight import audit_log
from passerelle.ports.audit import AUDIT_LOGS, COSIGNED, WATCHES, WITNESSES, AuditLog, Cosigned, Watch
from passerelle.ports.keys import ERAS
from passerelle.ports.records import PARTNERS
from passerelle.ports.store import Reading, Writing

PATH = "/passerelle/1/witness"
"""Where, below a partner's endpoint, it serves as a witness."""

PAUSE = 300_000
"""Milliseconds until one that did not answer is asked again, at most."""


class Watcher(NamedTuple):
    """One who watches: a witness, or a partner that serves as one. `endpoints` are submission prefixes."""

    name: str
    kind: str  # witness | partner
    endpoints: tuple[str, ...]
    tls: str
    keys: Verifiers


def watchers(tx: Reading, ctx: Context, partners: str) -> list[Watcher]:
    """Those who are to be shown the log. `partners`: when-none, always or never."""
    added = [one for one in tx.scan(WITNESSES, limit=1000) if one.status == "active"]
    found = []
    for row in added:
        made = identities.parse(row.identity)
        found.append(Watcher(made.name, "witness", made.endpoints, made.tls, made.keys))
    if partners == "always" or (partners == "when-none" and not added):
        for partner in tx.scan(PARTNERS, limit=10_000):
            if partner.status == "confirmed":
                known = ctx.identity_of(partner)
                endpoints = tuple(one + PATH for one in known.endpoints)
                found.append(Watcher(known.name, "partner", endpoints, known.tls, known.witness))
    return found


def watch_of(tx: Reading, name: str) -> Watch:
    """How it stands with one who watches."""
    return tx.get(WATCHES, name) or Watch(witness=name)


# -- what to ask ---------------------------------------------------------------------------------------------------


def question(ctx: Context, watcher: Watcher) -> bytes:
    """With this a watcher is asked what it holds: the present checkpoint, also of an empty log."""
    return ctx.store.read(lambda tx: _signed(tx, ctx, watcher, audit_log.current(tx, ctx.name))).note.encode()


def _signed(tx: Reading, ctx: Context, watcher: Watcher, log: AuditLog) -> Checkpoint:
    """The present checkpoint, for a partner with every log key that it may know, for a witness with those in use."""
    if watcher.kind != "partner":
        return audit_log.checkpoint(tx, ctx, log)
    root = audit_log.root_of(tx, log, log.size)
    known = dict.fromkeys(one.log for one in trust.mine(tx, ctx, watcher.name).sets)
    pairs = [pair for keys in known if (pair := ctx.keys.signers(keys))] or [trust.log_keys(tx, ctx)]
    made = [checkpoints.sign((pair[0], pair[1]), log.origin, log.size, root) for pair in pairs]
    return checkpoints.with_signatures(made[0], tuple(line for one in made[1:] for line in one.note.signatures))


def request(ctx: Context, watcher: Watcher) -> Request | None:
    """The checkpoint to show next, or None: nothing new, the log stands still, or a pause is not over."""

    def look(tx: Reading) -> Request | None:
        log, watch = audit_log.current(tx, ctx.name), watch_of(tx, watcher.name)
        done = tx.get(COSIGNED, log.origin, watcher.name)
        if log.state != "open" or log.size == 0 or (watch.failures and watch.due > ctx.clock.now()):
            return None
        old = watch.holds if watch.origin == log.origin else 0
        if old >= log.size and done is not None and done.size >= log.size:
            return None
        tree = audit_log.LogTree(tx, log.generation)
        proof = merkle.consistency(tree.subtree, old, log.size) if 0 < old <= log.size else []
        return Request(min(old, log.size), tuple(proof), _signed(tx, ctx, watcher, log))

    return ctx.store.read(look)


# -- what an answer means ------------------------------------------------------------------------------------------


def cosigned(ctx: Context, watcher: Watcher, asked: Request, answer: bytes) -> bool:
    """Take the cosignatures of a checkpoint. False when they are none of this watcher over it: an alarm says so."""
    try:
        held, seconds = wire.with_answer(asked.checkpoint, answer, watcher.keys)
    except (NoteError, SignatureError) as error:
        lies(ctx, watcher, f"its answer is no cosignature of size {asked.checkpoint.size}: {error}")
        return False
    ctx.store.write("audit.cosigned", lambda tx: _keep(tx, ctx, watcher, held, seconds))
    return True


def _keep(tx: Writing, ctx: Context, watcher: Watcher, held: Checkpoint, seconds: int) -> None:
    there = tx.get(COSIGNED, held.origin, watcher.name)
    if there is None or held.size >= there.size:
        tx.put(COSIGNED, [Cosigned(held.origin, watcher.name, held.size, str(held), seconds * 1000)])
    now = ctx.clock.now()
    tx.put(WATCHES, [Watch(witness=watcher.name, origin=held.origin, holds=held.size, since=now)])


def told(ctx: Context, watcher: Watcher, answer: bytes | None) -> bool:
    """Take what a watcher says that it holds; None: nothing. Whether the log may go on towards it.

    A checkpoint that this node never signed, or that the watcher does not cosign, is a lie.
    """
    try:
        held = proven(ctx, watcher, answer) if answer is not None else None
    except (NoteError, SignatureError, InputError) as error:
        lies(ctx, watcher, f"what it shows is no checkpoint of this node: {error}")
        return False
    return ctx.store.write("audit.told", lambda tx: _take(tx, ctx, watcher, held))


def proven(ctx: Context, watcher: Watcher, answer: bytes) -> tuple[int, Checkpoint, int]:
    """Generation and checkpoint that a watcher shows, and when (seconds) it cosigned it.

    Raises NoteError, SignatureError or InputError unless this node signed it, and the watcher too.
    """
    held = checkpoints.parse(answer)
    node, generation = texts.split_origin(held.origin)
    if node != ctx.name:
        raise NoteError(f"expected an audit log of {ctx.name}, got {held.origin}")
    checkpoints.verify(held, ctx.store.read(lambda tx: _own(tx, ctx, held)))
    return generation, held, checkpoints.verify_cosignature(held, watcher.keys)


def _own(tx: Reading, ctx: Context, held: Checkpoint) -> Verifiers:
    """This node's log keys, of today or before, of which the checkpoint bears a line."""
    lines = {(one.name, one.key) for one in held.note.signatures}
    for era in tx.scan(ERAS, limit=1_000_000, descending=True):
        first, second = ctx.parsed(era.identity).log
        if (first.name, first.id) in lines:
            return first, second
    return ctx.keys.log[0].verifier, ctx.keys.log[1].verifier


def _take(tx: Writing, ctx: Context, watcher: Watcher, found: tuple[int, Checkpoint, int] | None) -> bool:
    log, watch = audit_log.current(tx, ctx.name), watch_of(tx, watcher.name)
    if found is not None:
        generation, held, seconds = found
        if reason := _beyond(tx, log, generation, held):
            _stop(tx, ctx, log, watcher, held, reason)
            return False
        if held.size == log.size and generation == log.generation and log.size:
            _keep(tx, ctx, watcher, held, seconds)
            return True
    ours = found is not None and found[1].origin == log.origin
    holds = found[1].size if found is not None and ours else 0
    watch = _fallen(tx, ctx, watcher, watch, found)
    tx.put(WATCHES, [msgspec.structs.replace(watch, origin=log.origin, holds=holds)])
    return True


def _beyond(tx: Reading, log: AuditLog, generation: int, held: Checkpoint) -> str:
    """Why what a watcher holds cannot be what this store led up to, or nothing."""
    if generation > log.generation:
        return f"generation {generation}, this node has {log.generation}"
    there = log if generation == log.generation else tx.get(AUDIT_LOGS, held.origin)
    if there is None:
        return f"generation {generation}, which this node does not have"
    if there.state == "closed":
        return ""  # persons closed it, knowing what was held
    if held.size > there.size:
        return f"{held.size} blocks, this node has {there.size}"
    if audit_log.root_of(tx, there, held.size) != held.root:
        return f"another tree of {held.size} blocks"
    return ""


def _stop(tx: Writing, ctx: Context, log: AuditLog, watcher: Watcher, held: Checkpoint, reason: str) -> None:
    if log.state == "stopped":
        return
    words = f"{watcher.name} holds {reason}: this store was put back, or its log rewritten"
    tx.put(AUDIT_LOGS, [msgspec.structs.replace(log, state="stopped", reason=words, receipt=str(held))])
    notes.alarm(tx, ctx, "audit.stopped", watcher.name if watcher.kind == "partner" else "", words)


def _fallen(
    tx: Writing, ctx: Context, watcher: Watcher, watch: Watch, found: tuple[int, Checkpoint, int] | None
) -> Watch:
    """The watch, with an alarm when the watcher holds less than it has cosigned before."""
    last = tx.scan(COSIGNED, "by_witness", (watcher.name,), limit=1, descending=True)
    if not last:
        return watch
    before = (texts.split_origin(last[0].origin)[1], last[0].size)
    if before <= ((found[0], found[1].size) if found is not None else (0, 0)) or watch.alarm == "witness.behind":
        return watch
    words = (
        f"{watcher.name} cosigned {last[0].origin} of size {before[1]} at {to_iso(last[0].time)} and holds "
        f"{found[1].size if found is not None else 'nothing'}: it was put back; it is shown the log again"
    )
    return _alarm(tx, ctx, watcher, watch, "witness.behind", words)


def _alarm(tx: Writing, ctx: Context, watcher: Watcher, watch: Watch, word: str, words: str) -> Watch:
    """Raise an alarm, unless it is the one that is raised already."""
    if watch.alarm == word:
        return watch
    partner = watcher.name if watcher.kind == "partner" else ""
    if word == "witness.behind":
        notes.alarm(tx, ctx, "witness.behind", partner, words)
    elif word == "witness.lies":
        notes.alarm(tx, ctx, "witness.lies", partner, words)
    else:
        notes.alarm(tx, ctx, "witness.away", partner, words)
    return msgspec.structs.replace(watch, alarm=word, reason=words)


def lies(ctx: Context, watcher: Watcher, reason: str) -> None:
    """What a watcher answered cannot be: nothing of it is kept, persons are told, it is asked again later."""

    def work(tx: Writing) -> None:
        watch = _later(watch_of(tx, watcher.name), ctx.clock.now(), reason)
        tx.put(WATCHES, [_alarm(tx, ctx, watcher, watch, "witness.lies", f"{watcher.name}: {reason}")])

    ctx.store.write("audit.lies", work)


def away(ctx: Context, watcher: Watcher, reason: str, late: int) -> None:
    """A watcher did not answer, or does not know this node. `late`: milliseconds until persons are told."""

    def work(tx: Writing) -> None:
        now = ctx.clock.now()
        watch = _later(watch_of(tx, watcher.name), now, reason)
        if now - watch.since >= late:
            words = f"{watcher.name} has cosigned nothing since {to_iso(watch.since)}: {reason}"
            watch = _alarm(tx, ctx, watcher, watch, "witness.away", words)
        tx.put(WATCHES, [watch])

    ctx.store.write("audit.away", work)


def _later(watch: Watch, now: int, reason: str) -> Watch:
    pause = min(PAUSE, 1000 << min(watch.failures, 20))
    return msgspec.structs.replace(
        watch, failures=watch.failures + 1, due=now + pause, reason=reason, since=watch.since or now
    )


# -- what is held --------------------------------------------------------------------------------------------------


def receipts(tx: Reading, origin: str) -> list[Cosigned]:
    """The largest checkpoint that each watcher has cosigned of a generation, largest first."""
    found = tx.scan(COSIGNED, "key", (origin,), limit=1000)
    return sorted(found, key=lambda one: (-one.size, one.witness))


def together(found: list[Cosigned]) -> Checkpoint | None:
    """The largest checkpoint that was cosigned, with the cosignatures of all who cosigned that size."""
    if not found:
        return None
    made = checkpoints.parse(found[0].note)
    for other in (checkpoints.parse(one.note) for one in found[1:] if one.size == found[0].size):
        known = {(one.name, one.key) for one in made.note.signatures}
        more = tuple(one for one in other.note.signatures if (one.name, one.key) not in known)
        if other.note.text == made.note.text and len(made.note.signatures) + len(more) <= MAX_SIGNATURES:
            made = checkpoints.with_signatures(made, more)
    return made
