"""One pump for each lane of each confirmed partner that has an endpoint: compare, post, keep the receipt, wait.

Rules kept here:
- each lane of each partner has a pump of its own: flash never waits behind routine;
- a pump compares both copies before it gives out an index, at the start, after every failure, every hour, and when the
  partner may have been put back; where a log stands still it asks once, so that the partner knows of this start;
- one process sends to a partner: all its lanes are under one lease, and a new holder compares both copies;
- a pump that stands still (stopped or frozen log, nothing in line, retry not due) waits for a wake or for the clock;
- a sign of life of the partner brings a waiting retry towards it forward.
"""

import asyncio
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from passerelle.core.errors import LeaseLostError, PasserelleError
from passerelle.exchange import links, trust
from passerelle.exchange.context import Context
from passerelle.exchange.sender import Posting, Sender
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.records import ATTEMPTS, PARTNERS
from passerelle.ports.store import Reading
from passerelle.service.holding import Tenure, rest
from passerelle.transport.https import RefusedByPartnerError

if TYPE_CHECKING:
    from passerelle.service.serving import Service


PREFIX = "pump/"
"""Of the lease under which one process sends to a partner; its name follows."""


@dataclass
class _Way:
    """What is under way towards a partner, as long as this process is the one that sends to it."""

    tenure: Tenure
    sender: Sender
    wakes: dict[str, asyncio.Event]
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)


class Pumps:
    """All pumps of a service."""

    def __init__(self, service: "Service") -> None:
        self._service, self.ctx = service, service.ctx
        self._ways: dict[str, _Way] = {}
        self._failing: set[tuple[str, str]] = set()
        self._alive: set[tuple[str, str]] = set()

    def sender(self, ctx: Context, partner: str) -> Sender:
        """A new sending side towards a partner."""
        return Sender(ctx, partner)

    def life(self, partner: str, lane: str = "") -> None:
        """The partner sent something: it can be reached, and there may be a refusal for it in this lane."""
        lanes = {one for name, one in tuple(self._failing) if name == partner}
        self._alive |= {(partner, one) for one in lanes}
        for one in lanes | ({lane} if lane else set()):
            self.wake(partner, one)

    def wake(self, partner: str = "", lane: str = "") -> None:
        """Have the pumps of a partner, or of all, of a lane, or of all, look at what is in line."""
        for name, one in self._ways.items():
            for which, event in one.wakes.items():
                if partner in ("", name) and lane in ("", which):
                    event.set()

    async def partners(self) -> tuple[str, ...]:
        """Those to whom is sent: confirmed partners that have an endpoint; to others everything goes by hand."""
        found = await asyncio.to_thread(lambda: self.ctx.store.read(lambda tx: tx.scan(PARTNERS, limit=10_000)))
        return tuple(one.name for one in found if one.status == "confirmed" and self.ctx.identity_of(one).endpoints)

    def reached(self) -> tuple[str, ...]:
        """Those to whom this process sends now."""
        return tuple(name for name, way in self._ways.items() if not way.tenure.over.is_set())

    def begin(self, tenure: Tenure, partner: str) -> None:
        """From now on, and until the end of the tenure, this process sends to a partner: both copies compared anew."""
        wakes = {lane: tenure.wakes(asyncio.Event()) for lane in LANES}
        self._ways[partner] = _Way(tenure, self.sender(tenure.ctx, partner), wakes)
        self.staff()

    def staff(self) -> None:
        """A pump for each lane where none runs."""
        for way in self._ways.values():
            for lane in LANES:
                if not way.tenure.over.is_set() and (lane not in way.tasks or way.tasks[lane].done()):
                    way.tasks[lane] = way.tenure.start(self._pump(way, lane))

    # -- one pump -----------------------------------------------------------------------------------------------

    async def _pump(self, way: _Way, lane: str) -> None:
        wake, over = way.wakes[lane], way.tenure.over
        try:
            while not over.is_set():
                wake.clear()
                try:
                    if not await self.step(way.sender, lane) and not over.is_set():
                        await rest(wake, self._service.poll)
                except LeaseLostError:
                    raise
                except PasserelleError as error:
                    if not await asyncio.to_thread(self._confirmed, way.sender.partner):
                        return
                    await asyncio.to_thread(self._failed, way.sender, lane, error)
        except LeaseLostError as error:
            self._service.holding.refused(way.tenure, error)

    def _due(self, partner: str, lane: str) -> bool:
        attempt = self.ctx.store.read(lambda tx: tx.get(ATTEMPTS, partner, lane))
        if attempt is None or not attempt.failures:
            self._failing.discard((partner, lane))
            self._alive.discard((partner, lane))
            return True
        self._failing.add((partner, lane))
        alive = (partner, lane) in self._alive
        self._alive.discard((partner, lane))
        return attempt.due <= self.ctx.clock.now() or (alive and not attempt.reached)

    def _ready(self, sender: Sender, lane: str) -> bool:
        """Before each step, in a thread of its own: whether the lane is due; it may have to be compared anew."""
        sender.look(lane, self._service.now())
        return self._due(sender.partner, lane)

    def _next(self, sender: Sender, lane: str) -> Posting | None:
        """The next batch to post, in a thread of its own: nothing while the lane is not due or must be compared."""
        if not self._ready(sender, lane) or lane not in sender.compared:
            return None
        return sender.step(lane)

    async def step(self, sender: Sender, lane: str) -> bool:
        """One batch. False when there is nothing to do."""
        partner = sender.partner
        if lane not in sender.compared:
            ready = await asyncio.to_thread(self._ready, sender, lane)
            if not ready or not await self._compare(sender, lane):
                return False
        posting = await asyncio.to_thread(self._next, sender, lane)
        if posting is None:
            return lane not in sender.compared  # then it is compared anew, at once
        began = self._service.now()
        answer = await self._post(partner, "batch", posting.body)
        size = await asyncio.to_thread(sender.received, posting, answer)
        self._service.moved(partner)
        seconds, entries = self._service.now() - began, posting.end - posting.start
        self._service.metrics.batch("out", lane, entries=entries, size=len(posting.body), seconds=seconds)
        if lane == "governance":
            self.wake(partner)  # what waited for a change of keys to be taken goes on
        self._service.say("batch.receipted", partner=partner, lane=lane, start=posting.start, size=size)
        return True

    async def _compare(self, sender: Sender, lane: str) -> bool:
        def still() -> bool:
            log = self.ctx.store.read(lambda tx: links.current(tx, sender.partner, "out", lane))
            return log is not None and log.state in ("stopped", "frozen")

        if await asyncio.to_thread(still) and sender.told:
            return False
        nonce = os.urandom(16)
        answer = await self._post(sender.partner, "status", await asyncio.to_thread(sender.question, nonce))
        sender.told = True
        self._alive.add((sender.partner, lane))  # it answers: what is in line goes now
        may = await asyncio.to_thread(sender.compare, nonce, answer, lane)
        if not may:
            self._service.say("link.stands-still", partner=sender.partner, lane=lane)
        elif lane == "governance":
            self.wake(sender.partner)
        return may

    async def _post(self, partner: str, name: str, body: bytes) -> bytes:
        endpoints, pins = await asyncio.to_thread(way, self.ctx, partner)
        return await self._service.client.post_any(endpoints, pins, name, body)

    def _confirmed(self, partner: str) -> bool:
        found = self.ctx.store.read(lambda tx: tx.get(PARTNERS, partner))
        return found is not None and found.status == "confirmed"

    def _failed(self, sender: Sender, lane: str, error: PasserelleError) -> None:
        partner, refused = sender.partner, isinstance(error, RefusedByPartnerError)
        self._failing.add((partner, lane))
        due = sender.failed(lane, str(error), refused=refused)
        next_ms = due - self.ctx.clock.now()
        self._service.metrics.failed(lane)
        if isinstance(error, RefusedByPartnerError):
            self._service.metrics.refused("out", error.check)
        self._service.say("send.failed", partner=partner, lane=lane, reason=error, next_ms=next_ms)


def way(ctx: Context, partner: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where a partner is reached, and the certificates that it may show."""

    def read(tx: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
        row, identity = ctx.confirmed(tx, partner)
        return identity.endpoints, trust.pins(tx, ctx, row)

    return ctx.store.read(read)
