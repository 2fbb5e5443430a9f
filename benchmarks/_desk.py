"""The process of a sender: a node with a desk in it, which writes as fast as receipts come.

Rules kept here:
- the service is the product's; what is added holds back a lane until told, and notes how long a call took;
- the desk writes in a thread of its own, one transaction a batch, and is never more than two batches ahead of the
  receipts: one on its way, one in line;
- a batch size is what an operator would set: `exchange.batch_entries`.
"""

import asyncio
import cProfile
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks._children import BenchError, answer
from benchmarks._meter import Meter
from benchmarks._samples import LANE, MA, Acts
from benchmarks._serving import Serving
from benchmarks._steady import Window
from passerelle.exchange import desk, links
from passerelle.exchange.context import Context
from passerelle.exchange.sender import Posting, Sender
from passerelle.node import Node
from passerelle.service import Service
from passerelle.service.pumping import Pumps

AHEAD = 2
"""Batches that the desk may have written and that are not receipted yet."""
_AT_ONCE = 500
_STUCK = 30.0


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
        self._writing: asyncio.Task[None]
        self._loaded = (0.0, 0)

    async def ready(self) -> None:
        return None

    async def begin(self, batch: int) -> None:
        """Serve with batches of this size."""
        await self.close()
        ctx = replace(self._node.ctx, policy=replace(self._node.ctx.policy, batch_entries=batch))
        own = self._node
        node = Node(own.folder, own.settings, own.identity, ctx, own.custody)
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

    async def load(self) -> None:
        """Write batch after batch from now on, until `calm`."""
        made = self._desk
        assert made is not None
        self._watch = lambda size: None
        self._loaded = (time.perf_counter(), made.receipted)
        self._writing = asyncio.create_task(asyncio.to_thread(made.keep_writing, self._batch))

    async def calm(self) -> float:
        """End the load. Returns messages a second that were receipted under it."""
        made = self._desk
        assert made is not None
        since, before = self._loaded
        rate = (made.receipted - before) / (time.perf_counter() - since)
        made.stop()
        await self._writing
        await self._drained()
        return rate

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
    """The process of a sender."""
    sitting = Sitting(Path(folder), channel_digest, int(size), int(receiver))
    names = ("ready", "begin", "whole", "load", "calm", "line", "check", "profile", "top")
    try:
        await answer({name: getattr(sitting, name) for name in names})
    finally:
        await sitting.end()


if __name__ == "__main__":
    asyncio.run(sender(*sys.argv[1:]))
