"""Sending one lane to one partner: compare, sequence, seal, post, keep the receipt.

Nothing here waits or does I/O over the network: a driver posts what these functions give and hands back what came. So
two nodes can be run in one process, and every loss, repetition or stop between two steps can be played.

    compare   at every start and after every failure, before any index is given out: sizes and roots of both copies
    step      sequence what is in line, take what the partner lacks, sign the checkpoint, seal one batch
    received  check the receipt against the own log, keep it
    failed    note the reason, choose when to try again (exponential, full jitter)

If we stop after sequencing: the entries are there and are sent at the next step. After posting: the partner answers
the same again. After the receipt came and before it is kept: the same batch goes again and is known there.
"""

import random
from dataclasses import dataclass, field

import msgspec

from passerelle.core.errors import ExchangeError, IdentityError, NoteError, SignatureError
from passerelle.exchange import governance, links, notes, outbox, rotation, trust, wire
from passerelle.exchange.context import MAX_AHEAD, Context
from passerelle.identity.history import History
from passerelle.identity.identity import Identity
from passerelle.identity.keys import Verifier
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ports.records import ATTEMPTS, LOGS, MESSAGES, Attempt, Log
from passerelle.ports.store import Reading, Writing

_AHEAD = "this node's clock is more than 5 minutes ahead of that of {}: nothing gets an index before both agree"


@dataclass(frozen=True)
class Posting:
    """A sealed batch on its way: what to post and to whom, and what the receipt must cover."""

    to: Identity
    partner: str
    lane: str
    origin: str
    start: int
    end: int
    body: bytes


@dataclass
class Sender:
    """The sending side towards one partner. Holds only what a restart may forget."""

    ctx: Context
    partner: str
    compared: set[str] = field(default_factory=set)
    skew: int = 0  # partner's clock minus ours when last compared, ms

    # -- comparison ---------------------------------------------------------------------------------------------

    def question(self, nonce: bytes) -> bytes:
        """The status request to post."""
        ctx = self.ctx
        mine = ctx.store.read(lambda tx: trust.mine(tx, ctx, self.partner))
        return wire.status_request(ctx.name, self.partner, nonce, ctx.clock.now(), mine.envelopes)

    def compare(self, nonce: bytes, answer: bytes, lane: str) -> bool:
        """Take the partner's status of one lane: resend, go on (True), or stop and raise an alarm (False).

        Of one lane only, because the answer says nothing sure of a lane in which a batch is on its way.
        Raises ExchangeError when the answer is none.
        """
        ctx = self.ctx
        time, states = status_of(ctx, self.partner, nonce, answer)
        self.skew = time - ctx.clock.now()

        if self.skew < -MAX_AHEAD:
            # An entry's time can never be taken back: what got one now, the partner would refuse until it is reached.
            raise ExchangeError(_AHEAD.format(self.partner))
        state, held = next(one for one in states if one[0].lane == lane)
        governing = next(one for one, _ in states if one.lane == "governance")

        def work(tx: Writing) -> bool:
            if lane != "governance" and _behind(tx, self.partner, governing):
                # It may have forgotten which keys it took: its governance log is compared and sent first.
                self.compared.discard("governance")
                return False
            attempt = tx.get(ATTEMPTS, self.partner, lane)
            if attempt is not None and attempt.failures and _idle(tx, self.partner, lane):
                tx.delete(ATTEMPTS, [(self.partner, lane)])
            return _reconcile(tx, ctx, self.partner, state, held)

        may = ctx.store.write("sender.compare", work)
        if may:
            self.compared.add(lane)
        return may

    # -- sending ------------------------------------------------------------------------------------------------

    def step(self, lane: str) -> Posting | None:
        """The next batch of a lane to post, or None when nothing is left or the lane stands still."""
        ctx = self.ctx
        if lane not in self.compared:
            raise ExchangeError(f"expected lane {lane} to be compared with {self.partner} first")
        if lane == "governance":
            rotation.tell(ctx, self.partner, self.compared)
        outbox.sequence(ctx, self.partner, lane, on_entered=governance.entered)
        made = ctx.store.read(lambda tx: self._take(tx, lane))
        if made is None:
            return None
        log, items, root, mine = made
        identity = ctx.store.read(lambda tx: ctx.confirmed(tx, self.partner))[1]
        end = log.cosigned + len(items)
        checkpoint = mine.checkpoint(log.origin, end, root)
        batch = wire.Batch(log.cosigned, checkpoint, tuple(items))
        body = wire.seal_batch(
            wire.BATCH, log.origin, batch, to=identity.sealing, signer=mine.envelopes, now=ctx.clock.now()
        )
        return Posting(identity, self.partner, lane, log.origin, log.cosigned, end, body)

    def _take(self, tx: Reading, lane: str) -> tuple[Log, list[wire.Item], bytes, trust.Mine] | None:
        policy = self.ctx.policy
        log = links.sending(tx, self.partner, lane)
        if log is None or log.state in ("stopped", "frozen"):
            return None
        mine = trust.mine(tx, self.ctx, self.partner)
        most = mine.most(log)
        end = min(links.to_send(log), log.cosigned + policy.batch_entries)
        end = end if most is None else min(end, most)
        if log.cosigned >= end:
            return None
        items = links.items(tx, log.origin, log.cosigned, end, policy.batch_bytes)
        return log, items, links.root_of(tx, log, log.cosigned + len(items)), mine

    def received(self, posting: Posting, answer: bytes) -> int:
        """Keep the receipt that came for a batch. Returns the size it covers. Raises ExchangeError when it is none."""
        ctx = self.ctx
        theirs = ctx.store.read(lambda tx: trust.theirs(tx, ctx, ctx.confirmed(tx, self.partner)[0]))
        try:
            given = checkpoints.parse(answer)
            if given.origin != posting.origin:
                raise NoteError(f"expected a receipt for {posting.origin}, got one for {given.origin}")
            _, cosigners = trust.cosigned_by(given, theirs)
        except (NoteError, SignatureError) as error:
            raise ExchangeError(f"receipt of {self.partner}: {error}") from None

        def work(tx: Writing) -> int:
            log = tx.get(LOGS, posting.origin)
            if log is None or not posting.end <= given.size <= log.size:
                raise ExchangeError(f"receipt of {self.partner}: expected size {posting.end} or more, got {given.size}")
            if links.root_of(tx, log, given.size) != given.root:
                raise ExchangeError(f"receipt of {self.partner}: expected the root of this log, got another")
            keep_receipt(tx, ctx, log, given, cosigners)
            attempt = tx.get(ATTEMPTS, self.partner, posting.lane)
            if attempt is not None and attempt.failures:
                tx.put(ATTEMPTS, [Attempt(partner=self.partner, lane=posting.lane)])
            return given.size

        return ctx.store.write("sender.receipt", work)

    def failed(self, lane: str, reason: str, draw: float | None = None, *, refused: bool = False) -> int:
        """Note a failure; the lane must be compared again. Returns when to try again (ms). `draw` in [0, 1).

        `refused`: the partner answered with the number of a check, which no retry mends: persons are told, once.
        """
        self.compared.discard(lane)
        chance = random.random() if draw is None else draw  # noqa: S311 - spreads retries, protects nothing

        def work(tx: Writing) -> int:
            before = tx.get(ATTEMPTS, self.partner, lane) or Attempt(partner=self.partner, lane=lane)
            policy, now = self.ctx.policy, self.ctx.clock.now()
            most = min(policy.retry_most, policy.retry_first << min(before.failures, 30))
            due = now + most // 2 + int(chance * (most - most // 2))
            changed = msgspec.structs.replace(
                before, failures=before.failures + 1, failed=now, reason=reason, due=due, reached=refused
            )
            tx.put(ATTEMPTS, [changed])
            if refused and before.reason != reason:
                text = f"{self.partner} refuses what is sent in lane {lane}: {reason}"
                notes.alarm(tx, self.ctx, "link.refused", self.partner, text)
            return due

        return self.ctx.store.write("sender.failed", work)


def status_of(
    ctx: Context, partner: str, nonce: bytes, answer: bytes
) -> tuple[int, list[tuple[wire.LogState, Checkpoint | None]]]:
    """The partner's clock (ms) and what it holds of each lane, proven. Raises ExchangeError.

    The partner must prove what it says it holds with this node's own signatures, and its receipt with its cosignatures:
    what it gives here is kept as a receipt.
    """

    def read(tx: Reading) -> tuple[Identity, trust.Mine, History]:
        row, identity = ctx.confirmed(tx, partner)
        return identity, trust.mine(tx, ctx, partner), trust.theirs(tx, ctx, row)

    identity, mine, theirs = ctx.store.read(read)
    try:
        time, states = wire.parse_status_answer(
            answer, sender=ctx.name, receiver=partner, nonce=nonce, verifier=identity.envelope
        )
        for state, held in states:
            if held is None:
                continue
            expected = checkpoints.origin(ctx.name, partner, state.lane, state.generation)
            if held.origin != expected:
                raise NoteError(f"expected a checkpoint of {expected}, got {held.origin}")
            trust.signed_by(held, mine.own)
            trust.cosigned_by(held, theirs)
    except (NoteError, SignatureError, IdentityError) as error:
        raise ExchangeError(f"status of {partner}: {error}") from None
    return time, states


def _behind(tx: Reading, partner: str, state: wire.LogState) -> bool:
    """Whether the partner holds less of the governance log than it once cosigned: it was put back."""
    log = links.sending(tx, partner, "governance")
    return log is not None and (state.generation or 1) <= log.generation and state.size < log.cosigned


def _idle(tx: Reading, partner: str, lane: str) -> bool:
    """Whether nothing is in line and nothing lacks a receipt: then what failed before is over once they have met."""
    log = links.sending(tx, partner, lane)
    line = tx.scan(MESSAGES, "by_queue", (partner, "out", lane, "unsequenced"), limit=1)
    return not line and (log is None or log.cosigned >= links.to_send(log))


def keep_receipt(tx: Writing, ctx: Context, log: Log, given: Checkpoint, cosigners: tuple[Verifier, Verifier]) -> None:
    """A cosigned checkpoint of an own log: the receipt of every entry below its size. Its cosignatures hold."""
    held = checkpoints.parse(log.receipt).size if log.receipt else -1
    if given.size >= held:
        given = trust.mine(tx, ctx, log.partner).bare(given, cosigners)
    changed = msgspec.structs.replace(
        log,
        cosigned=max(log.cosigned, given.size),
        receipt=str(given) if given.size >= held else log.receipt,
    )
    tx.put(LOGS, [changed])
    if log.lane == "governance" and changed.cosigned > log.cosigned:
        governance.stored(tx, ctx, links.entries(tx, log.origin, log.cosigned, changed.cosigned))


def _reconcile(tx: Writing, ctx: Context, partner: str, state: wire.LogState, held: Checkpoint | None) -> bool:
    """Compare one lane. True when it may go on; otherwise it stands still and persons are told."""
    log = links.current(tx, partner, "out", state.lane)
    if log is None:
        if state.size == 0 and state.generation <= 1:
            return True
        # This store has never heard of a log that this node signed: it was put back from before its first entry.
        fresh = links.fresh(ctx.name, partner, "out", state.lane, state.generation)
        return _stop(tx, ctx, fresh, f"the partner holds {state.size} entries of a log that is empty here")
    if log.state in ("stopped", "frozen"):
        return False
    generation = state.generation or 1
    if generation > log.generation:
        return _stop(tx, ctx, log, f"the partner holds generation {generation}, this store only {log.generation}")
    logs = {one.generation: one for one in links.generations(tx, partner, "out", state.lane)}
    for one in logs.values():
        if one.generation > generation and one.cosigned:
            # The partner was put back behind this generation: it goes again from its first entry.
            tx.put(LOGS, [msgspec.structs.replace(one, cosigned=0)])
        elif one.generation < generation and one.cosigned < links.to_send(one):
            # It holds what continues this generation, so it has this one to its end (again: it was behind it once).
            tx.put(LOGS, [msgspec.structs.replace(one, cosigned=links.to_send(one))])
    old = logs.get(generation)
    if old is None and state.size == 0:
        return True
    if old is None:
        return _stop(tx, ctx, log, f"the partner holds generation {generation}, which this store never had")
    if state.size > (old.size if old.state == "open" else links.to_send(old)):
        return _stop(tx, ctx, log, f"the partner holds {state.size} entries, this store {old.size}: it was put back")
    if links.root_of(tx, old, state.size) != state.root:
        changed = msgspec.structs.replace(log, state="frozen", reason=f"another root at size {state.size}")
        tx.put(LOGS, [changed])
        text = f"the partner's copy of {old.origin} differs at size {state.size}: two logs were signed here"
        notes.alarm(tx, ctx, "link.frozen", partner, text)
        return False
    if held is not None and state.size > old.cosigned:
        theirs = trust.theirs(tx, ctx, ctx.confirmed(tx, partner)[0])
        keep_receipt(tx, ctx, old, held, trust.cosigned_by(held, theirs)[1])
    elif state.size < old.cosigned:
        tx.put(LOGS, [msgspec.structs.replace(old, cosigned=state.size)])
        text = f"{partner} was put back from a copy: entries {state.size} to {old.cosigned} of {old.origin} go again"
        notes.alarm(tx, ctx, "link.partner-behind", partner, text)
    return True


def _stop(tx: Writing, ctx: Context, log: Log, words: str) -> bool:
    tx.put(LOGS, [msgspec.structs.replace(log, state="stopped", reason=words)])
    text = f"{log.origin}: {words}; nothing is sent until a person opens a new generation"
    notes.alarm(tx, ctx, "link.stopped", log.partner, text)
    return False
