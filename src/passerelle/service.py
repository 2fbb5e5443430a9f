"""A node at work: the partner interface, and for each partner and lane one pump, until it is told to stop.

Rules kept here:
- each lane of each partner has a pump of its own: flash never waits behind routine;
- a pump compares both copies before it gives out an index, at the start and after every failure;
- a pump that stands still (stopped or frozen log, nothing in line, retry not due) waits for a wake or for the clock;
- what is owed, and by when, is looked at when something came in, when a time is over, and once every poll;
- a batch that comes in is a sign of life: it brings a waiting retry towards that partner forward;
- a stop lets every transaction end; what is on its way is sent again after the next start.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from contextlib import suppress

from passerelle import ceremony
from passerelle.core.audit import What
from passerelle.core.errors import PasserelleError, TransportError
from passerelle.core.settings import split_listen
from passerelle.exchange import inbox, links, notes, trust
from passerelle.exchange.context import Context
from passerelle.exchange.generation import Reopening
from passerelle.exchange.sender import Posting, Sender
from passerelle.exchange.wire import parse_header, parse_status_request
from passerelle.ledger.checkpoint import LANES, Checkpoint, split_origin
from passerelle.node import Node
from passerelle.office import clock as timekeeping
from passerelle.oversight import audit_reopen, witnesses
from passerelle.oversight.witness_desk import StoreDesk
from passerelle.ports.audit import AuditLog
from passerelle.ports.records import ATTEMPTS, PARTNERS, Log
from passerelle.ports.store import Reading
from passerelle.transport.https import Client, RefusedByPartnerError, Server, application
from passerelle.transport.watching import Watching
from passerelle.transport.witness import routes

Say = Callable[..., None]
KEYS_SECONDS = 60

_CALM = 0.2
"""Seconds without a batch after which nothing is in the way of the node's own work."""


class Service:
    """What `passerelle serve` runs."""

    def __init__(self, node: Node, say: Say) -> None:
        self.node, self.ctx, self.say = node, node.ctx, say
        self._client = Client(node.settings.exchange.timeout_ms)
        self._senders: dict[str, Sender] = {}
        self._wakes: dict[tuple[str, str], asyncio.Event] = {}
        self._failing: set[tuple[str, str]] = set()
        self._alive: set[tuple[str, str]] = set()
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._stop = asyncio.Event()
        self._clock_wake = asyncio.Event()
        self._moved = 0.0  # when a batch last came or went
        self._loop = asyncio.get_running_loop()
        handlers = {"batch": self._batch, "status": self._status, "recover": self._recover}
        host, port = split_listen(node.settings.server.listen)
        app = application(
            handlers,
            lambda words: say("partner.refused", reason=words),
            lambda head: inbox.admit(self.ctx, head),
            routes(witnesses.PATH, StoreDesk(self.ctx), lambda words: say("witness.refused", reason=words)),
        )
        key, certificate = node.certificate()
        self._server = Server(app, host, port, str(key), str(certificate))

    # -- what partners ask, in threads --------------------------------------------------------------------------

    def _batch(self, body: bytes) -> bytes:
        answer = inbox.receive(self.ctx, body)
        header, _ = parse_header(body)
        sender, _, lane, _ = split_origin(header.origin)
        self._loop.call_soon_threadsafe(self._life, sender, lane)
        return answer

    def _status(self, body: bytes) -> bytes:
        answer = inbox.status(self.ctx, body)
        self._loop.call_soon_threadsafe(self._life, parse_status_request(body).sender)
        return answer

    def _recover(self, body: bytes) -> bytes:
        return inbox.recover(self.ctx, body)

    def _life(self, partner: str, lane: str = "") -> None:
        """The partner sent something: it can be reached, and there may be a refusal for it in this lane."""
        lanes = {one for name, one in tuple(self._failing) if name == partner}
        self._alive |= {(partner, one) for one in lanes}
        self._clock_wake.set()
        if lane:
            self._moved = self._loop.time()
        for one in lanes | ({lane} if lane else set()):
            self.wake(partner, one)

    def wake(self, partner: str = "", lane: str = "") -> None:
        """Have the pumps of a partner, or of all, of a lane, or of all, look at what is in line."""
        for (name, which), event in self._wakes.items():
            if partner in ("", name) and lane in ("", which):
                event.set()
        if not partner:
            self._clock_wake.set()

    # -- the whole ----------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Ask for the end; `run` returns when everything has ended."""
        self._stop.set()
        self.wake()

    async def run(self, wake: socket.socket | None, ready: Callable[[], None]) -> None:
        """Serve until `stop`. Raises TransportError when the address is taken."""
        if wake is not None:
            self._loop.add_reader(wake, self._woken, wake)
        serving = asyncio.create_task(self._server.serve())
        keeping: list[asyncio.Task[None]] = []
        try:
            while not self._server.started:
                if serving.done():
                    serving.result()
                    raise TransportError("expected the partner interface to start, got an end")
                await asyncio.sleep(0.01)
            await asyncio.to_thread(self._note, What.NODE_STARTED)
            keeping = [asyncio.create_task(one()) for one in (self._keep_audit, self._keep_time, self._keep_keys)]
            ready()
            while not self._stop.is_set():
                await self._staff()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), self.node.settings.exchange.poll_ms / 1000)
        finally:
            if wake is not None:
                self._loop.remove_reader(wake)
            self._stop.set()
            self.wake()
            await asyncio.gather(*self._tasks.values(), *keeping, return_exceptions=True)
            self._server.stop()
            with suppress(TransportError):
                await serving
            await self._client.close()
            await asyncio.to_thread(self._note, What.NODE_STOPPED)

    def _note(self, what: What) -> None:
        pid = {"process": os.getpid()}
        self.ctx.store.write("service.note", lambda tx: notes.record(tx, self.ctx, what, "node", self.ctx.name, pid))

    async def _keep_audit(self) -> None:
        """Close the blocks of the audit log, each in its time, and have them cosigned."""
        watching = Watching(self.ctx, self.node.settings.audit, self._client, self.say)
        while not self._stop.is_set():
            try:
                await watching.step(busy=self._busy())
            except PasserelleError as error:
                self.say("audit.failed", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), self.node.settings.exchange.poll_ms / 1000)

    def _woken(self, wake: socket.socket) -> None:
        with suppress(OSError):
            while wake.recv(64):
                pass
        self.wake()

    async def _staff(self) -> None:
        """One pump for each lane of each confirmed partner."""
        partners = await asyncio.to_thread(lambda: self.ctx.store.read(lambda tx: tx.scan(PARTNERS, limit=10_000)))
        for partner in partners:
            if partner.status != "confirmed":
                continue
            for lane in LANES:
                key = (partner.name, lane)
                if key in self._tasks and not self._tasks[key].done():
                    continue
                self._senders.setdefault(partner.name, Sender(self.ctx, partner.name))
                self._wakes.setdefault(key, asyncio.Event())
                self._tasks[key] = asyncio.create_task(self._pump(partner.name, lane))

    # -- the clock ----------------------------------------------------------------------------------------------

    async def _keep_time(self) -> None:
        """Count what changed and tell what is due: when something came, when a time is over, once every poll."""
        poll = self.node.settings.exchange.poll_ms / 1000
        fresh = False
        while not self._stop.is_set():
            self._clock_wake.clear()
            pause = poll
            try:
                if not fresh:
                    await asyncio.to_thread(timekeeping.refresh, self.ctx)
                    fresh = True
                began = self._loop.time()
                done, following = await asyncio.to_thread(timekeeping.step, self.ctx)
                if done:
                    await self._give_way(self._loop.time() - began)
                    continue
                pause = min(poll, max(0.005, (following - self.ctx.clock.now()) / 1000))
            except PasserelleError as error:
                self.say("clock.failed", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._clock_wake.wait(), pause)

    async def _give_way(self, spent: float) -> None:
        """While batches come and go, counting takes a tenth of the time at most: a batch is what others wait for."""
        if self._busy():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 9 * spent)

    def _busy(self) -> bool:
        return self._loop.time() - self._moved < _CALM

    # -- keys ---------------------------------------------------------------------------------------------------

    async def _keep_keys(self) -> None:
        """Destroy private keys that nobody goes by any more: sealing keys at the end of their grace."""
        while not self._stop.is_set():
            try:
                for one in await asyncio.to_thread(ceremony.tidy, self.node):
                    self.say("key.destroyed", kind=one.kind, id=one.id)
            except (PasserelleError, OSError) as error:
                self.say("keys.failed", reason=str(error))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), KEYS_SECONDS)

    # -- one pump -----------------------------------------------------------------------------------------------

    async def _pump(self, partner: str, lane: str) -> None:
        wake = self._wakes[partner, lane]
        while not self._stop.is_set():
            wake.clear()
            try:
                if not await self._step(partner, lane):
                    await self._rest(wake)
            except PasserelleError as error:
                if not await asyncio.to_thread(self._confirmed, partner):
                    return
                await asyncio.to_thread(self._failed, partner, lane, error)

    async def _rest(self, wake: asyncio.Event) -> None:
        if self._stop.is_set():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(wake.wait(), self.node.settings.exchange.poll_ms / 1000)

    def _due(self, partner: str, lane: str) -> bool:
        attempt = self.ctx.store.read(lambda tx: tx.get(ATTEMPTS, partner, lane))
        if attempt is None or not attempt.failures:
            self._failing.discard((partner, lane))
            return True
        self._failing.add((partner, lane))
        alive = (partner, lane) in self._alive
        self._alive.discard((partner, lane))
        return attempt.due <= self.ctx.clock.now() or (alive and not attempt.reached)

    def _next(self, sender: Sender, lane: str) -> Posting | None:
        """The next batch to post, in a thread of its own: nothing while the lane is not due or must be compared."""
        if not self._due(sender.partner, lane) or lane not in sender.compared:
            return None
        return sender.step(lane)

    async def _step(self, partner: str, lane: str) -> bool:
        """One batch. False when there is nothing to do."""
        sender = self._senders[partner]
        if lane not in sender.compared:
            due = await asyncio.to_thread(self._due, partner, lane)
            if not due or not await self._compare(sender, lane):
                return False
        posting = await asyncio.to_thread(self._next, sender, lane)
        if posting is None:
            return False
        answer = await self._post(partner, "batch", posting.body)
        size = await asyncio.to_thread(sender.received, posting, answer)
        self._moved = self._loop.time()
        if lane == "governance":
            self.wake(partner)  # what waited for a change of keys to be taken goes on
        self.say("batch.receipted", partner=partner, lane=lane, start=posting.start, size=size)
        return True

    async def _compare(self, sender: Sender, lane: str) -> bool:
        def still() -> bool:
            log = self.ctx.store.read(lambda tx: links.current(tx, sender.partner, "out", lane))
            return log is not None and log.state in ("stopped", "frozen")

        if await asyncio.to_thread(still):
            return False
        nonce = os.urandom(16)
        answer = await self._post(sender.partner, "status", await asyncio.to_thread(sender.question, nonce))
        may = await asyncio.to_thread(sender.compare, nonce, answer, lane)
        if not may:
            self.say("link.stands-still", partner=sender.partner, lane=lane)
        elif lane == "governance":
            self.wake(sender.partner)
        return may

    async def _post(self, partner: str, name: str, body: bytes) -> bytes:
        endpoints, pins = await asyncio.to_thread(_way, self.ctx, partner)
        return await self._client.post_any(endpoints, pins, name, body)

    def _confirmed(self, partner: str) -> bool:
        found = self.ctx.store.read(lambda tx: tx.get(PARTNERS, partner))
        return found is not None and found.status == "confirmed"

    def _failed(self, partner: str, lane: str, error: PasserelleError) -> None:
        refused = isinstance(error, RefusedByPartnerError)
        self._failing.add((partner, lane))
        due = self._senders[partner].failed(lane, str(error), refused=refused)
        self.say("send.failed", partner=partner, lane=lane, reason=str(error), next_ms=due - self.ctx.clock.now())


def _way(ctx: Context, partner: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where a partner is reached, and the certificates that it may show."""

    def read(tx: Reading) -> tuple[tuple[str, ...], tuple[str, ...]]:
        row, identity = ctx.confirmed(tx, partner)
        return identity.endpoints, trust.pins(tx, ctx, row)

    return ctx.store.read(read)


def reopen(
    node: Node, partner: str, lane: str, by: str, reason: str, *, although_open: bool = False
) -> tuple[Log, int]:
    """Open a new generation of an own log, over the network: ask, take back, close, begin.

    Returns the new log, and how many entries came back.

    Raises StateError when the log is not stopped or frozen, TransportError when the partner cannot be reached.
    """
    endpoints, pins = _way(node.ctx, partner)
    job = Reopening(node.ctx, partner, lane, although_open=although_open)

    async def post(name: str, body: bytes) -> bytes:
        client = Client(node.settings.exchange.timeout_ms)
        try:
            return await client.post_any(endpoints, pins, name, body)
        finally:
            await client.close()

    nonce = os.urandom(16)
    job.told(nonce, asyncio.run(post("status", job.question(nonce))))
    while (request := job.request(os.urandom(16))) is not None:
        job.recovered(asyncio.run(post("recover", request)))
    log = job.finish(by, reason)
    node.wake()
    return log, job.returned


def reopen_audit(node: Node, by: str, reason: str) -> AuditLog:
    """Begin a new generation of the audit log, behind what those who watch over it hold. Raises StateError."""

    async def shown() -> tuple[Checkpoint, ...]:
        client = Client(node.settings.exchange.timeout_ms)
        try:
            return await Watching(node.ctx, node.settings.audit, client, lambda *_, **__: None).held()
        finally:
            await client.close()

    return audit_reopen.reopen(node.ctx, by, reason, asyncio.run(shown()))
