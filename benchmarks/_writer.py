"""A process of officers beside a node at work: it writes acts into the node's store, a batch a transaction, no further
ahead of the receipts than a few batches, so that what is measured is the steady way of a message.
"""

import asyncio
import sys
import time
from pathlib import Path

from benchmarks._children import BenchError, answer
from benchmarks._samples import LANE, MA, Acts
from passerelle.exchange import desk, links
from passerelle.node import Node

AHEAD = 3
_LOOK = 0.002
_STUCK = 60.0


def fill(node: Node, acts: Acts, count: int, batch: int) -> None:
    """Write so many. Returns when the last is written. Raises BenchError when receipts stay away."""
    rest, written = count, cosigned(node)
    while rest:
        end = time.monotonic() + _STUCK
        while written - cosigned(node) > AHEAD * batch:
            if time.monotonic() > end:
                raise BenchError("expected receipts to come, got none")
            time.sleep(_LOOK)
        now = min(batch, rest)
        desk.post(node.ctx, acts.take(now))
        node.wake()
        written, rest = written + now, rest - now


def cosigned(node: Node) -> int:
    """Messages of the routine lane that are receipted."""
    log = node.store.read(lambda tx: links.current(tx, MA, "out", LANE))
    return log.cosigned if log else 0


async def writer(folder: str, channel: str, size: str) -> None:
    """Write what is asked for until standard input ends."""
    node = Node.open(Path(folder))
    acts = Acts(channel, int(size), "1/4")

    async def write(count: int, batch: int) -> None:
        await asyncio.to_thread(fill, node, acts, count, batch)

    try:
        await answer({"write": write})
    finally:
        node.close()


if __name__ == "__main__":
    asyncio.run(writer(*sys.argv[1:]))
