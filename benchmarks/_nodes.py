"""Two real nodes, each a process that serves its folder: the receiver `ma`, and the sender `be` with a desk in it.

Rules kept here:
- both run `service.Service` as `passerelle serve` does, with TLS, pinned certificates, pumps and the SQLite store; what
  is added holds back a lane until told, and notes how long a call took;
- the desk writes in a thread of its own, one transaction a batch, and is never more than two batches ahead of the
  receipts: one on its way, one in line;
- a batch size is what an operator would set: `exchange.batch_entries`;
- a run is good only when every message was applied: `check` asks the receiver's store.
"""

import asyncio
import cProfile
import os
import pstats
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from benchmarks._children import BenchError, answer
from benchmarks._samples import BE, LANE, MA, Acts, agreement, channel
from benchmarks._steady import Window
from passerelle import founding
from passerelle.core.settings import ExchangeSettings, NodeSettings, ServerSettings, Settings, StoreSettings
from passerelle.exchange import desk, governance, inbox, links
from passerelle.exchange.context import Context
from passerelle.exchange.sender import Posting, Sender
from passerelle.node import Node
from passerelle.ports.records import MESSAGES
from passerelle.service import Service
from passerelle.service.pumping import Pumps

T = TypeVar("T")

AHEAD = 2
"""Batches that the desk may have written and that are not receipted yet."""
_AT_ONCE = 500
_STUCK = 30.0


# ---- two nodes that have signed what they need -----------------------------------------------------------------------


def make_pair(folder: Path, ports: tuple[int, int], store: str = "store.db") -> str:
    """Make both nodes below the folder, partners under a signed channel. Returns the channel's digest.

    `store`: where `be` keeps its records.
    """
    for name, port in zip((BE, MA), ports, strict=True):
        settings = Settings(
            node=NodeSettings(name=name, country=name.upper(), languages=("fr",), timezone="Europe/Brussels"),
            server=ServerSettings(listen=f"127.0.0.1:{port}"),
            store=StoreSettings(url=store if name == BE else "store.db"),
            exchange=ExchangeSettings(timeout_ms=round(_STUCK * 1000)),
        )
        founding.create(folder / name, settings)
    be, ma = Node.open(folder / BE), Node.open(folder / MA)
    try:
        for one, other in ((be, ma), (ma, be)):
            one.add_partner(other.identity.body, "operator")
            one.set_partner(other.identity.name, "confirmed", "operator", other.identity.fingerprint)
        treaty = _sign(be, ma, agreement())
        return _sign(be, ma, channel(be.ctx.catalogue, treaty))
    finally:
        be.close()
        ma.close()


def _sign(be: Node, ma: Node, body: bytes) -> str:
    made = governance.act(be.ctx, MA, "instrument.propose", "officer", instrument=body.decode())
    settle(be, ma)
    governance.act(be.ctx, MA, "instrument.sign", "be-chief", digest=made.digest)
    governance.act(ma.ctx, BE, "instrument.sign", "ma-chief", digest=made.digest)
    settle(be, ma)
    return made.digest


def settle(be: Node, ma: Node, lane: str = "governance") -> None:
    """Carry both logs of a lane over by hand."""
    for one, other in ((be, ma), (ma, be)):
        sender = Sender(one.ctx, other.ctx.name)
        nonce = os.urandom(16)
        sender.compare(nonce, inbox.status(other.ctx, sender.question(nonce)), lane)
        while posting := sender.step(lane):
            sender.received(posting, inbox.receive(other.ctx, posting.body))


# ---- how long calls take ---------------------------------------------------------------------------------------------


class Meter:
    """Processor time of named calls; while `profiling`, one after the other under cProfile.

    Before Python 3.12 a profile is of the calls alone; from then on it is of what other threads do meanwhile, too.
    """

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self.profile: cProfile.Profile | None = None
        self._turn = threading.Lock()

    def call(self, name: str, work: Callable[..., T], *arguments: Any) -> T:
        profile = self.profile
        if profile is not None:
            with self._turn:
                return profile.runcall(work, *arguments)
        start = time.thread_time()
        try:
            return work(*arguments)
        finally:
            self.spent[name] += time.thread_time() - start

    def top(self, count: int, messages: int) -> tuple[list[list[Any]], list[list[Any]]]:
        """The functions that took most by themselves, and those of the project that took most with their callees.

        Of each: name, calls, own and whole microseconds, all for one message.
        """
        assert self.profile is not None
        found = [
            [_function(where), calls / messages, own * 1e6 / messages, whole * 1e6 / messages, "passerelle" in where[0]]
            for where, (_, calls, own, whole, _) in pstats.Stats(self.profile).stats.items()  # type: ignore[attr-defined]
        ]
        self.profile = None
        by_own = sorted(found, key=lambda row: row[2], reverse=True)[:count]
        by_whole = sorted((row for row in found if row[4]), key=lambda row: row[3], reverse=True)[:count]
        return [row[:4] for row in by_own], [row[:4] for row in by_whole]


def _function(where: tuple[str, int, str]) -> str:
    path, line, name = where
    if path == "~":
        return name
    parts = Path(path).parts
    return f"{'/'.join(parts[-2:])}:{line} {name}"


# ---- the process that serves -----------------------------------------------------------------------------------------


class Serving:
    """A node at work in this process, until it is closed."""

    def __init__(
        self,
        node: Node,
        make: Callable[[Node, Callable[..., None]], Service],
        told: Callable[[int], None] = lambda size: None,
    ) -> None:
        self._node, self._told = node, told
        self._ready = asyncio.Event()
        self.troubles: list[str] = []
        self.service = make(node, self._said)
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        with self._node.serving() as wake:
            await self.service.run(wake, self._ready.set)

    async def ready(self) -> None:
        waiting = asyncio.create_task(self._ready.wait())
        await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED, timeout=_STUCK)
        waiting.cancel()
        if self._task.done():
            self._task.result()
        if not self._ready.is_set():
            raise BenchError("expected the node to start, got no start in time")

    def _said(self, what: str, **facts: Any) -> None:
        if what != "batch.receipted":
            self.troubles.append(f"{what} {facts}")
        elif facts["lane"] == LANE:
            self._told(facts["size"])

    async def close(self) -> None:
        self.service.stop()
        await self._task


class Receiving(Service):
    """The receiver's service, with its batches timed."""

    meter = Meter()

    def _batch(self, body: bytes) -> bytes:
        return self.meter.call("receive", super()._batch, body)


async def receiver(folder: str) -> None:
    """The process of `ma`."""
    node = Node.open(Path(folder))
    serving = Serving(node, Receiving)
    await serving.ready()
    meter = Receiving.meter

    async def check() -> dict[str, int]:
        def count(state: str) -> int:
            return node.store.read(lambda tx: tx.count(MESSAGES, "by_queue", (BE, "in", LANE, state)))

        return {state: await asyncio.to_thread(count, state) for state in ("applied", "refused", "waiting", "withheld")}

    async def spent() -> dict[str, float]:
        return dict(meter.spent)

    async def profile() -> None:
        meter.profile = cProfile.Profile()

    async def top(count: int, messages: int) -> Any:
        return meter.top(count, messages)

    async def ready() -> None:
        return None

    try:
        await answer({"ready": ready, "check": check, "spent": spent, "profile": profile, "top": top})
    finally:
        await serving.close()
        node.close()


# ---- the sender ------------------------------------------------------------------------------------------------------


class Timed(Sender):
    """Sending with its calls timed."""

    meter = Meter()

    def step(self, lane: str) -> Posting | None:
        return self.meter.call("step", super().step, lane)

    def received(self, posting: Posting, answer: bytes) -> int:
        return self.meter.call("keep the receipt", super().received, posting, answer)


class HeldPumps(Pumps):
    """The sender's pumps, timed, with a lane that can be held back."""

    def __init__(self, service: Service) -> None:
        super().__init__(service)
        self.open = asyncio.Event()
        self.held = asyncio.Event()
        self.open.set()

    def sender(self, ctx: Context, partner: str) -> Sender:
        return Timed(ctx, partner)

    async def step(self, sender: Sender, lane: str) -> bool:
        if lane == LANE and not self.open.is_set():
            self.held.set()
            await self.open.wait()
        return await super().step(sender, lane)


class Sending(Service):
    """The sender's service, with a lane that can be held back, and told of every receipt."""

    pumping = HeldPumps
    pumps: HeldPumps

    async def hold(self) -> None:
        """Nothing of the lane is on its way any more, and nothing leaves until `open` is set."""
        self.pumps.held.clear()
        self.pumps.open.clear()
        self.wake(MA)
        await asyncio.wait_for(self.pumps.held.wait(), _STUCK)


class Desk:
    """Writes acts in a thread: `batch` at a time, and no further ahead of the receipts than allowed."""

    def __init__(self, ctx: Context, acts: Acts, wake: Callable[[], None]) -> None:
        self._ctx, self._acts, self._wake = ctx, acts, wake
        self._news = threading.Condition()
        self._stop = False
        self.written = 0
        self.receipted = 0
        self.sizes: set[int] = set()

    def write(self, count: int) -> None:
        """One transaction."""
        messages = Timed.meter.call("write", desk.post, self._ctx, self._acts.take(count))
        self.sizes.update(message.size for message in messages)
        self.written += count
        self._wake()

    def keep_writing(self, batch: int) -> None:
        """Until `stop`."""
        self._stop = False
        while True:
            with self._news:
                self._news.wait_for(lambda: self._stop or self.written - self.receipted < AHEAD * batch, _STUCK)
                if self._stop:
                    return
            self.write(batch)

    def told(self, size: int) -> None:
        with self._news:
            self.receipted = size
            self._news.notify_all()

    def stop(self) -> None:
        with self._news:
            self._stop = True
            self._news.notify_all()


class Sitting:
    """The sender's side: one node, served anew for each batch size."""

    def __init__(self, folder: Path, channel_digest: str, size: int, receiver: int) -> None:
        self._node = Node.open(folder)
        governing = self._node.store.read(lambda tx: links.current(tx, MA, "out", "governance"))
        assert governing is not None
        self._acts = Acts(channel_digest, size, f"{governing.generation}/{governing.size}")
        self._receiver = receiver
        self._serving: Serving | None = None
        self._desk: Desk | None = None
        self._batch = 0
        self._watch: Callable[[int], None] = lambda size: None

    async def ready(self) -> None:
        return None

    async def begin(self, batch: int) -> None:
        """Serve with batches of this size."""
        await self.close()
        ctx = replace(self._node.ctx, policy=replace(self._node.ctx.policy, batch_entries=batch))
        node = Node(self._node.folder, self._node.settings, self._node.identity, ctx)
        self._batch = batch
        serving = self._serving = Serving(node, Sending, self._told)
        loop = asyncio.get_running_loop()
        before = self._desk

        def wake() -> None:
            loop.call_soon_threadsafe(serving.service.wake, MA)

        made = self._desk = Desk(ctx, self._acts, wake)
        if before is not None:
            made.written, made.receipted, made.sizes = before.written, before.receipted, before.sizes
        await serving.ready()

    def _told(self, size: int) -> None:
        assert self._desk is not None
        self._desk.told(size)
        self._watch(size)

    async def _drained(self) -> None:
        assert self._desk is not None
        end = time.monotonic() + _STUCK
        while self._desk.receipted < self._desk.written:
            if time.monotonic() > end:
                raise BenchError(f"expected {self._desk.written} receipted messages, got {self._desk.receipted}")
            await asyncio.sleep(0.005)

    async def whole(self, ramp: float, seconds: float, most: int) -> dict[str, Any]:
        """From the desk to the receipt, in steady state."""
        made = self._desk
        assert made is not None
        before = dict(Timed.meter.spent)
        window = Window(ramp, seconds, made.receipted + most, receiver=self._receiver)
        self._watch = window.receipt
        first = made.written
        writing = asyncio.create_task(asyncio.to_thread(made.keep_writing, self._batch))
        closing = asyncio.create_task(window.closed.wait())
        try:
            await asyncio.wait({writing, closing}, return_when=asyncio.FIRST_COMPLETED, timeout=_STUCK)
        finally:
            made.stop()
            closing.cancel()
            await writing
        await self._drained()
        if not window.result:
            raise BenchError(f"expected receipts for a window of {seconds} seconds, got too few")
        written = made.written - first
        spent = {name: (taken - before.get(name, 0.0)) / written for name, taken in Timed.meter.spent.items()}
        return window.result | {"spent": spent, "written": written}

    async def line(self, count: int) -> dict[str, Any]:
        """From a line of so many messages to the last receipt."""
        made, serving = self._desk, self._serving
        assert made is not None
        assert serving is not None
        service: Sending = serving.service  # type: ignore[assignment]
        await service.hold()
        rest = count
        while rest:
            await asyncio.to_thread(made.write, min(rest, _AT_ONCE))
            rest -= min(rest, _AT_ONCE)
        done = asyncio.Event()
        end = made.written
        self._watch = lambda size: done.set() if size >= end else None
        start = time.perf_counter()
        service.pumps.open.set()
        service.wake(MA)
        await asyncio.wait_for(done.wait(), _STUCK)
        taken = time.perf_counter() - start
        return {"messages": count, "seconds": taken, "rate": count / taken}

    async def check(self) -> dict[str, Any]:
        assert self._desk is not None
        assert self._serving is not None
        found = {"written": self._desk.written, "sizes": sorted(self._desk.sizes)}
        return found | {"troubles": self._serving.troubles[-5:]}

    async def profile(self) -> None:
        Timed.meter.profile = cProfile.Profile()

    async def top(self, count: int, messages: int) -> Any:
        return Timed.meter.top(count, messages)

    async def close(self) -> None:
        if self._serving is not None:
            self._serving.service.pumps.open.set()  # type: ignore[attr-defined]
            await self._serving.close()
            self._serving = None

    async def end(self) -> None:
        await self.close()
        self._node.close()


async def sender(folder: str, channel_digest: str, size: str, receiver: str) -> None:
    """The process of `be`."""
    sitting = Sitting(Path(folder), channel_digest, int(size), int(receiver))
    names = ("ready", "begin", "whole", "line", "check", "profile", "top")
    try:
        await answer({name: getattr(sitting, name) for name in names})
    finally:
        await sitting.end()


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    asyncio.run({"receiver": receiver, "sender": sender}[role](*rest))
