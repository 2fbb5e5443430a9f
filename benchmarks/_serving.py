"""A process in which a node is at work, as `passerelle serve` has it; and the one of the receiver, `ma`.

Rules kept here: the service is the product's, with TLS, pinned certificates and pumps; what is added notes how long a
call took. A run is good only when every message was applied: `check` asks the receiver's store.
"""

import asyncio
import cProfile
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._children import BenchError, answer
from benchmarks._meter import Meter
from benchmarks._samples import BE, LANE
from passerelle.node import Node
from passerelle.ports.records import MESSAGES
from passerelle.service import Service

_STUCK = 30.0
_WELL = ("batch.receipted", "lease.taken")


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
        if what == "batch.receipted" and facts["lane"] == LANE:
            self._told(facts["size"])
        elif what not in _WELL:
            self.troubles.append(f"{what} {facts}")

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

    async def check(partner: str = BE) -> dict[str, int]:
        def count(state: str) -> int:
            return node.store.read(lambda tx: tx.count(MESSAGES, "by_queue", (partner, "in", LANE, state)))

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


if __name__ == "__main__":
    asyncio.run(receiver(*sys.argv[1:]))
