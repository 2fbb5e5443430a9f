"""A process beside a node at work, as a duty officer's command line is: it writes urgent alerts, one after the other.

Each is timed from before the desk's write to the receipt that the node keeps; the store is asked for it every
millisecond, so that much is the error.
"""

import asyncio
import random
import sys
import time
from pathlib import Path

from benchmarks._children import BenchError, answer
from benchmarks._samples import FLASH, MA, alert
from passerelle.exchange import desk, links
from passerelle.node import Node

_STUCK = 30.0


def times(node: Node, channel: str, count: int, pause: float) -> list[float]:
    """Seconds that each alert took, with pauses of this length on average between them, drawn."""

    def receipted() -> int:
        log = node.store.read(lambda tx: links.current(tx, MA, "out", FLASH))
        return log.cosigned if log else 0

    found = []
    for _ in range(count):
        time.sleep(random.uniform(0.5, 1.5) * pause)
        before = receipted()
        start = time.perf_counter()
        desk.post(node.ctx, [alert(channel)])
        node.wake()
        while receipted() == before:
            if time.perf_counter() - start > _STUCK:
                raise BenchError("expected a receipt for an alert, got none")
            time.sleep(0.001)
        found.append(time.perf_counter() - start)
    return found


async def alerts(folder: str, channel: str) -> None:
    """Write alerts until standard input ends."""
    node = Node.open(Path(folder))

    async def write(count: int, pause: float) -> list[float]:
        return await asyncio.to_thread(times, node, channel, count, pause)

    try:
        await answer({"write": write})
    finally:
        node.close()


if __name__ == "__main__":
    asyncio.run(alerts(*sys.argv[1:]))
