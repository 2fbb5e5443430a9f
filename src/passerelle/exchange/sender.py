"""Sending one lane to one partner: compare, sequence, seal, post, keep the receipt.

Nothing here waits or does I/O over the network: a driver posts what these functions give and hands back what came. So
two nodes can be run in one process, and every loss, repetition or stop between two steps can be played.

    compare   at every start, hour, failure and doubt (`comparing`), before any index: sizes and roots of both copies
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
from passerelle.exchange import (
    attachments_out,
    comparing,
    governance,
    links,
    notes,
    outbox,
    rotation,
    trust,
    wire,
)
from passerelle.exchange.context import MAX_AHEAD, Context
from passerelle.identity.history import History
from passerelle.identity.identity import Identity
from passerelle.identity.keys import Verifier
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ports.courier import Question
from passerelle.ports.records import ATTEMPTS, LOGS, MESSAGES, Attempt, Log
from passerelle.ports.store import Reading, Writing

_AHEAD = "this node's clock is more than 5 minutes ahead of that of {}: nothing gets an index before both agree"


_HOUR, _CALM = 3600.0, 5.0
"""Seconds after which both copies are compared anew in any case, and before which not again for a doubt."""


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


@dataclass(frozen=True)
class Taken:
    """Entries of a log that are about to leave, and what signs for them."""

    log: Log
    start: int
    items: tuple[wire.Item, ...]
    root: bytes
    mine: trust.Mine

    @property
    def end(self) -> int:
        return self.start + len(self.items)


def take(tx: Reading, ctx: Context, log: Log, start: int, most_bytes: int | None = None) -> Taken | None:
    """The entries of one batch from `start`, or None when the log stands still or may be sent no further."""
    policy = ctx.policy
    if log.state in ("stopped", "frozen"):
        return None
    mine = trust.mine(tx, ctx, log.partner)
    most = mine.most(log)
    end = min(links.to_send(log), start + policy.batch_entries)
    end = end if most is None else min(end, most)
    if start >= end:
        return None
    size = policy.batch_bytes if most_bytes is None else min(policy.batch_bytes, most_bytes)
    items = links.items(tx, log.origin, start, end, size)
    return Taken(log, start, tuple(items), links.root_of(tx, log, start + len(items)), mine)


def seal(ctx: Context, to: Identity, taken: Taken) -> bytes:
    """A batch afresh: signed and sealed to the partner."""
    origin, mine = taken.log.origin, taken.mine
    batch = wire.Batch(taken.start, mine.checkpoint(origin, taken.end, taken.root), taken.items)
    return wire.seal_batch(wire.BATCH, origin, batch, to=to.sealing, signer=mine.envelopes, now=ctx.clock.now())


_QUESTIONS = 16
"""Questions on their way that are remembered."""


@dataclass
class Sender:
    """The sending side towards one partner. Holds only what a restart may forget."""

    ctx: Context
    partner: str
    compared: set[str] = field(default_factory=set)
    waiting: dict[str, outbox.Waiting] = field(default_factory=dict)
    told: bool = False  # it was asked, and so knows of this start, since this process sends to the partner
    looked: dict[str, tuple[int, float]] = field(default_factory=dict)  # doubts when last to be compared, and when
    skew: int = 0  # partner's clock minus ours when last compared, ms
    asked: dict[bytes, tuple[str, ...]] = field(default_factory=dict)  # by nonce: what was held then, as is known

    # -- comparison ---------------------------------------------------------------------------------------------

    def look(self, lane: str, now: float) -> None:
        """Before each step: have a lane compared anew if there is reason to. `now`: seconds that only go forward."""
        count = self.ctx.store.read(lambda tx: comparing.doubts(tx, self.partner)).count
        known, at = self.looked.setdefault(lane, (count, now))
        if now - at >= _HOUR or (count != known and now - at >= _CALM):
            self.looked[lane] = (count, now)
            self.compared.discard(lane)

    def question(self, nonce: bytes) -> bytes:
        """The status request to post."""
        ctx = self.ctx

        def read(tx: Reading) -> tuple[trust.Mine, tuple[str, ...]]:
            return trust.mine(tx, ctx, self.partner), comparing.held(tx, self.partner)

        mine, self.asked[nonce] = ctx.store.read(read)
        while len(self.asked) > _QUESTIONS:
            del self.asked[next(iter(self.asked))]
        return wire.status_request(ctx.name, self.partner, nonce, ctx.start, ctx.clock.now(), mine.envelopes)

    def compare(self, nonce: bytes, answer: bytes, lane: str, carried: Question | None = None) -> bool:
        """Take the partner's status of one lane: resend, go on (True), or stop and raise an alarm (False).

        Of one lane only, because the answer says nothing sure of a lane in which a batch is on its way. `carried`: the
        question that left in a file; the answer may be old. Raises ExchangeError when the answer is none.
        """
        ctx = self.ctx
        time, states = status_of(ctx, self.partner, nonce, answer)
        now = ctx.clock.now()
        # One that was carried was given at any time between the question and now.
        self.skew = time - now if carried is None or time > now else min(0, time - carried.time)

        if self.skew < -MAX_AHEAD:
            # An entry's time can never be taken back: what got one now, the partner would refuse until it is reached.
            raise ExchangeError(_AHEAD.format(self.partner))
        state, held = next(one for one in states if one[0].lane == lane)
        governing = next(one for one, _ in states if one.lane == "governance")

        asked = carried.held if carried is not None else self.asked.pop(nonce, ())

        def late(tx: Reading, one: wire.LogState) -> bool:
            state = (one.generation, one.size)
            return bool(asked) and comparing.late(tx, self.partner, asked, one.lane, state)

        def work(tx: Writing) -> bool:
            if carried is None and late(tx, state):
                return False  # a receipt came meanwhile, in a file: it is asked again
            if lane != "governance" and _behind(tx, self.partner, governing) and not late(tx, governing):
                # It may have forgotten which keys it took: its governance log is compared and sent first.
                self.compared.discard("governance")
                return False
            attempt = tx.get(ATTEMPTS, self.partner, lane)
            if attempt is not None and attempt.failures and _idle(tx, self.partner, lane):
                tx.delete(ATTEMPTS, [(self.partner, lane)])
            if not _reconcile(tx, ctx, self.partner, state, held, late=late(tx, state)):
                return False
            if words := comparing.lost(tx, ctx, self.partner, lane):
                log = links.current_or_new(tx, ctx.name, self.partner, "out", lane)
                return _stop(tx, ctx, log, words)
            if carried is not None and not comparing.counts(tx, ctx, carried, lane):
                return False
            comparing.met(tx, ctx, self.partner, lane, time)
            return True

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
        waiting = self.waiting.setdefault(lane, outbox.Waiting())
        outbox.sequence(ctx, self.partner, lane, on_entered=governance.entered, waiting=waiting)
        taken = ctx.store.read(lambda tx: self._next(tx, lane))
        if taken is None:
            return None
        identity = ctx.store.read(lambda tx: ctx.confirmed(tx, self.partner))[1]
        body = seal(ctx, identity, taken)
        return Posting(identity, self.partner, lane, taken.log.origin, taken.start, taken.end, body)

    def _next(self, tx: Reading, lane: str) -> Taken | None:
        log = links.sending(tx, self.partner, lane)
        return take(tx, self.ctx, log, log.cosigned) if log is not None else None

    def received(self, posting: Posting, answer: bytes) -> int:
        """Keep the receipt that came for a batch. Returns the size it covers. Raises ExchangeError when it is none."""
        return self.receipt(posting.origin, posting.lane, answer, posting.end)

    def receipt(self, origin: str, lane: str, answer: bytes, end: int = 0, *, carried: bool = False) -> int:
        """Keep a receipt of an own log for `end` entries at least. Returns the size it covers. Raises ExchangeError.

        `carried`: it came in a file and may be from before the partner was put back; then nothing is changed.
        """
        ctx = self.ctx
        theirs = ctx.store.read(lambda tx: trust.theirs(tx, ctx, ctx.confirmed(tx, self.partner)[0]))
        try:
            given = checkpoints.parse(answer)
            if given.origin != origin:
                raise NoteError(f"expected a receipt for {origin}, got one for {given.origin}")
            seconds, cosigners = trust.cosigned_by(given, theirs)
        except (NoteError, SignatureError) as error:
            raise ExchangeError(f"receipt of {self.partner}: {error}") from None

        def work(tx: Writing) -> int:
            log = tx.get(LOGS, origin)
            if log is None or not end <= given.size <= log.size:
                there = f"{end} to {log.size}" if log else "none"
                raise ExchangeError(f"receipt of {self.partner}: expected size {there}, got {given.size}")
            if links.root_of(tx, log, given.size) != given.root:
                raise ExchangeError(f"receipt of {self.partner}: expected the root of this log, got another")
            if carried and given.size > log.cosigned and comparing.met_after(tx, self.partner, lane, seconds):
                return log.cosigned
            keep_receipt(tx, ctx, log, given, cosigners)
            attempt = tx.get(ATTEMPTS, self.partner, lane)
            if attempt is not None and attempt.failures:
                tx.put(ATTEMPTS, [Attempt(partner=self.partner, lane=lane)])
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
            due = now + policy.pause(before.failures, chance)
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


def _reconcile(
    tx: Writing, ctx: Context, partner: str, state: wire.LogState, held: Checkpoint | None, *, late: bool
) -> bool:
    """Compare one lane. True when it may go on; otherwise it stands still and persons are told.

    `late`: the partner holds more than it says here, as is known since: roots are compared, nothing goes again.
    """
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
    for one in () if late else logs.values():
        if one.generation > generation and one.cosigned:
            # The partner was put back behind this generation: it goes again from its first entry.
            _files_again(tx, one, 0)
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
    if held is not None and state.size >= old.cosigned:
        # Of the same size too: the receipt that is kept may be of a key that was handed over since.
        theirs = trust.theirs(tx, ctx, ctx.confirmed(tx, partner)[0])
        keep_receipt(tx, ctx, old, held, trust.cosigned_by(held, theirs)[1])
    elif state.size < old.cosigned and not late:
        _files_again(tx, old, state.size)
        tx.put(LOGS, [msgspec.structs.replace(old, cosigned=state.size)])
        text = f"{partner} was put back from a copy: entries {state.size} to {old.cosigned} of {old.origin} go again"
        notes.alarm(tx, ctx, "link.partner-behind", partner, text)
    return True


def _files_again(tx: Writing, log: Log, start: int) -> None:
    """Entries from `start` go again to a partner that was put back: with them goes what they announce."""
    rows = links.entries(tx, log.origin, start, log.cosigned) if log.lane != "governance" else []
    attachments_out.again(tx, [row.message for row in rows])


def _stop(tx: Writing, ctx: Context, log: Log, words: str) -> bool:
    tx.put(LOGS, [msgspec.structs.replace(log, state="stopped", reason=words)])
    text = f"{log.origin}: {words}; nothing is sent until a person opens a new generation"
    notes.alarm(tx, ctx, "link.stopped", log.partner, text)
    return False
