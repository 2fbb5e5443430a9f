"""The whole of a serving node: the partner interface, the pumps and the parts, until it is told to stop.

Rules kept here:
- what must be done before partners can reach this node (`BEFORE`) is done, or the service does not start;
- a batch that comes in is a sign of life: it wakes what may have been waiting for that partner;
- a stop lets every transaction end; what is on its way is sent again after the next start.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from passerelle import whereabouts
from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.errors import PasserelleError, TransportError
from passerelle.core.log import Say
from passerelle.core.settings import split_listen
from passerelle.exchange import answering, inbox, notes
from passerelle.exchange.leases import Contender
from passerelle.exchange.wire import parse_header, parse_status_request
from passerelle.ledger.checkpoint import split_origin
from passerelle.node import MAIN, Node
from passerelle.oversight import witnesses
from passerelle.oversight.witness_desk import StoreDesk
from passerelle.ports.leases import Process
from passerelle.search.answering import Desk
from passerelle.search.evaluating import Evaluator
from passerelle.service import admin, asking, custodian, evaluating, indexing, keeping, notifying, parts, uploading
from passerelle.service.holding import Holding, Tenure, rest
from passerelle.service.parts import Part
from passerelle.service.pumping import PREFIX, Pumps
from passerelle.store.base import BaseStore
from passerelle.transport.https import Client, Server, application
from passerelle.transport.metrics import Metrics
from passerelle.transport.searching import Searching
from passerelle.transport.uploads import Uploads
from passerelle.transport.witness import routes

PARTS: tuple[Part, ...] = (
    keeping.AUDIT,
    keeping.CLOCK,
    keeping.KEYS,
    keeping.ERASING,
    keeping.SCREENING,
    indexing.INDEXING,
    evaluating.EVALUATING,
    custodian.CUSTODY,
    uploading.UPLOADS,
    uploading.TIDYING,
    asking.ASKING,
    asking.FORGETTING,
    admin.ADMIN,
    notifying.NOTIFYING,
)
"""What is kept in order beside batches."""

BEFORE: tuple[Callable[[Node, Say], None], ...] = (
    whereabouts.begin,
    custodian.fetch,
    keeping.erase_again,
    keeping.erase_over,
)
"""What is done at each start before anything else, in a thread of its own; what fails here ends the start."""

_CALM = 0.2
"""Seconds without a batch after which nothing is in the way of the node's own work."""


DUTIES = ("receive", "send", "clock")
"""What `passerelle serve --only` names: taking in what partners send; sending; what is kept in order beside."""


@dataclass(frozen=True)
class Role:
    """What one of the processes that share a store does. `listen`: in place of what the settings say."""

    instance: str = MAIN
    duties: tuple[str, ...] = DUTIES
    listen: str = ""


class Service:
    """What `passerelle serve` runs."""

    pumping = Pumps

    def __init__(self, node: Node, say: Say, role: Role = Role()) -> None:
        self.node, self.ctx, self.say, self.role = node, node.ctx, say, role
        self.client = Client(node.settings.exchange.timeout_ms)
        self.metrics = Metrics()
        if isinstance(node.store, BaseStore):
            node.store.observe = self.metrics.transaction
        self.poll = node.settings.exchange.poll_ms / 1000  # seconds
        self.stopping = asyncio.Event()
        self.pumps = self.pumping(self)
        self._parts = tuple(one for one in PARTS if not one.duty or one.duty in role.duties)
        single = tuple(dict.fromkeys(one.lease for one in self._parts if one.lease))
        self.holding = Holding(self._contender(), single, self._begin, self._lease_said)
        self._always = Tenure(node.ctx)
        self._wakes: dict[str, asyncio.Event] = {}
        self._moved = 0.0  # when a batch last came or went
        self._met: dict[str, float] = {}
        self._loop = asyncio.get_running_loop()
        self.evaluator = Evaluator()
        self._searching = Searching(Desk(self.ctx, self.evaluator), say, self._counted)
        self.server = self._interface() if "receive" in role.duties else None

    def _interface(self) -> Server:
        """What partners reach."""
        node, say = self.node, self.say
        handlers = {"batch": self._batch, "status": self._status, "recover": self._recover}
        host, port = split_listen(self.role.listen or node.settings.server.listen)
        uploads = Uploads(self.ctx, self._answered, say, lambda *what: self.metrics.upload("in", *what))
        app = application(
            handlers,
            say,
            lambda head: inbox.admit(self.ctx, head),
            [*routes(witnesses.PATH, StoreDesk(self.ctx), say), *uploads.routes, *self._searching.routes],
            self._counted,
        )
        key, certificate = node.certificate()
        limits, password, ended = node.settings.limits, node.custody.password(), self.metrics.connection_ended
        return Server(app, host, port, str(key), str(certificate), limits, ended, password=password)

    def _contender(self) -> Contender:
        role, node = self.role, self.node
        process = Process(
            id=ids.new_id(),
            instance=role.instance,
            host=socket.gethostname(),
            folder=str(node.folder.absolute()),
            pid=os.getpid(),
            does=role.duties,
            listen=(role.listen or node.settings.server.listen) if "receive" in role.duties else "",
            seconds=node.settings.lease.seconds,
            started=node.ctx.clock.now(),
        )
        return Contender(node.ctx, process, alone=not node.shared)

    # -- what partners ask, in threads --------------------------------------------------------------------------

    def _batch(self, body: bytes) -> bytes:
        began = time.monotonic()
        answer = inbox.receive(self.ctx, body)
        header, _ = parse_header(body)
        sender, _, lane, _ = split_origin(header.origin)
        seconds, entries = time.monotonic() - began, header.end - header.start
        self.metrics.batch("in", lane, entries=entries, size=len(body), seconds=seconds)
        self._loop.call_soon_threadsafe(self._life, sender, lane)
        return answer

    def _status(self, body: bytes) -> bytes:
        answer = answering.status(self.ctx, body)
        # It may have begun anew, or lost something: whoever sends to it looks whether to compare.
        self._loop.call_soon_threadsafe(self._life, parse_status_request(body).sender, "", True)
        return answer

    def _recover(self, body: bytes) -> bytes:
        return answering.recover(self.ctx, body)

    def _answered(self, partner: str, lane: str) -> None:
        """A file was answered: the answer is in line."""
        self.pumps.wake(partner, lane)

    def _life(self, partner: str, lane: str = "", asked: bool = False) -> None:
        self.wake_of(keeping.CLOCK.name).set()
        self._met[partner] = self.now()
        self.wake_of(asking.ASKING.name).set()
        if lane:
            self.moved(partner)
        self.pumps.life(partner, lane)
        if asked:
            self.pumps.wake(partner)
        if (lane or asked) and PREFIX + partner not in self.holding.tenures and self.node.shared:
            self.node.wake()  # another process sends to this partner: what is in line now is its to send

    # -- what pumps and parts ask -------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds on a clock that only goes forward."""
        return self._loop.time()

    def moved(self, partner: str) -> None:
        """A batch came or went: files may be uploaded that it announced."""
        self._moved = self._met[partner] = self.now()
        self.wake_of(uploading.UPLOADS.name).set()

    def _counted(self, what: str, why: str) -> None:
        if what == "refused":
            self.metrics.refused("in", why)
        elif what == "question":
            self.metrics.question("in", why)
        else:
            self.metrics.later(why)

    def _lease_said(self, event: str, **fields: object) -> None:
        if event != "lease.failed":
            self.metrics.lease(str(fields["lease"]), "gained" if event == "lease.taken" else "lost")
        self.say(event, **fields)

    def listens(self) -> bool:
        """Whether partners reach this process, where it is to be reached at all."""
        return self.server is None or self.server.started

    def part_failed(self, name: str, error: BaseException) -> None:
        """A step of a part failed, and is tried again."""
        self.metrics.part_failed(name)
        self.say("part.failed", part=name, reason=error)

    def met(self, partner: str) -> float:
        """When a batch or a question last came from a partner, or a batch went to it; 0: not yet."""
        return self._met.get(partner, 0.0)

    def busy(self) -> bool:
        """Whether batches come and go."""
        return self.now() - self._moved < _CALM

    def wake_of(self, part: str) -> asyncio.Event:
        """What wakes a part that rests."""
        return self._wakes.setdefault(part, asyncio.Event())

    def wake(self, partner: str = "", lane: str = "") -> None:
        """Have the pumps of a partner, or of all, of a lane, or of all, look at what is in line."""
        self.pumps.wake(partner, lane)
        if not partner:
            self.wake_of(keeping.CLOCK.name).set()
            self.wake_of(indexing.INDEXING.name).set()
            self.wake_of(asking.ASKING.name).set()

    # -- the whole ----------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Ask for the end; `run` returns when everything has ended."""
        self.stopping.set()
        self._always.end()
        self.holding.end()

    async def run(self, wake: socket.socket | None, ready: Callable[[], None]) -> None:
        """Serve until `stop`. Raises TransportError when the address is taken."""
        for one in BEFORE:
            await asyncio.to_thread(one, self.node, self.say)
        if wake is not None:
            self._loop.add_reader(wake, self._woken, wake)
        listening = asyncio.create_task(self.server.serve()) if self.server else None
        holding: asyncio.Task[None] | None = None
        try:
            await self._listens(listening)
            await asyncio.to_thread(self._note, What.NODE_STARTED)
            await self._share()
            holding = asyncio.create_task(self.holding.run())
            for part in self._parts:
                if not part.lease:
                    self._always.start(parts.keep(self, part, self._always))
            ready()
            while not self.stopping.is_set():
                try:
                    await self._share()
                except PasserelleError as error:  # the store hangs, or is away: whoever waits is served when it is back
                    self.part_failed("pump", error)
                await rest(self.stopping, self.poll)
        finally:
            if wake is not None:
                self._loop.remove_reader(wake)
            self.stop()
            await asyncio.gather(self._always.ended(), self.holding.ended())
            if listening is not None and self.server is not None:
                self.server.stop()
                with suppress(TransportError):
                    await listening
            await self.client.close()
            self._searching.close()
            await asyncio.to_thread(self.evaluator.close)
            if holding is not None:
                await self.holding.leave()
                await holding
            await asyncio.to_thread(self._note, What.NODE_STOPPED)

    async def _listens(self, listening: asyncio.Task[None] | None) -> None:
        """The partner interface has started."""
        while listening is not None and self.server is not None and not self.server.started:
            if listening.done():
                listening.result()
                raise TransportError("expected the partner interface to start, got an end")
            await asyncio.sleep(0.01)

    async def _share(self) -> None:
        """What there is to send, and to whom, is shared out; a pump that ended runs again."""
        if "send" in self.role.duties:
            self.holding.want(tuple(PREFIX + partner for partner in await self.pumps.partners()))
            self.pumps.staff()

    def _begin(self, tenure: Tenure) -> None:
        """Do what a lease is for."""
        name = tenure.lease.name if tenure.lease else ""
        if name.startswith(PREFIX):
            self.pumps.begin(tenure, name.removeprefix(PREFIX))
        for part in self._parts:
            if part.lease and part.lease == name:
                tenure.start(parts.keep(self, part, tenure))

    def _note(self, what: What) -> None:
        which = {"process": os.getpid(), "instance": self.role.instance}
        self.ctx.store.write("service.note", lambda tx: notes.record(tx, self.ctx, what, "node", self.ctx.name, which))

    def _woken(self, wake: socket.socket) -> None:
        with suppress(OSError):
            while wake.recv(64):
                pass
        self.wake()
