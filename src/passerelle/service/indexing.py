"""What a node does for the indexes that it holds: follow their sources, publish what is due, end what is over.

Rules kept here:
- one process does it, that which keeps the clock. Making a table takes all processors for a while, in processes of
  their own that give way; what else is kept in order goes on beside it;
- sources are looked at once a minute, so what leaves an index is withdrawn long before PT1H;
- what cannot be published now (the disk is full, a process of those that make it ended) is said and tried again after a
  minute; nothing of it is half there.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from passerelle.core.errors import LeaseLostError, PasserelleError
from passerelle.exchange.context import Context
from passerelle.office.asking import Office
from passerelle.ports.lists import NEVER
from passerelle.ports.search import Epoch
from passerelle.search import ending, following, indexes, publishing
from passerelle.service.evaluating import EVALUATING
from passerelle.service.parts import Part, Step
from passerelle.store.base import BaseStore

if TYPE_CHECKING:
    from passerelle.service.serving import Service

LOOK = 60.0
"""Seconds between two looks."""
_SOON = 1.0


def look(office: Office) -> tuple[Epoch | None, int]:
    """Follow and end what there is; publish one table that is due, if any. Returns it, and when the next is due."""
    ctx = office.ctx
    if not ctx.store.read(indexes.all_of):
        return None, NEVER
    ended = ending.look(ctx)
    if ended.keys and isinstance(ctx.store, BaseStore):
        ctx.store.settle(1.0)
    rows = ctx.store.read(lambda tx: indexes.all_of(tx, "open"))
    for row in rows:
        following.follow(office, row.name)
    now = ctx.clock.now()
    for row in [one for one in rows if ctx.store.read(lambda tx, one=one: indexes.may_announce(tx, ctx, one))]:  # type: ignore[misc]
        for kind in ctx.store.read(lambda tx, row=row: publishing.due(tx, row, now)):  # type: ignore[misc]
            return publishing.publish(office, row.name, kind), now
    return None, ctx.store.read(publishing.next_due)


@asynccontextmanager
async def _indexing(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Follow, publish, end."""
    office = Office(ctx, service.node.office.zone)

    async def step() -> float:
        try:
            made, following_ = await asyncio.to_thread(look, office)
        except LeaseLostError:
            raise
        except (PasserelleError, OSError) as error:
            service.part_failed(INDEXING.name, error)
            return LOOK
        if made is None:
            return min(LOOK, max(_SOON, (following_ - ctx.clock.now()) / 1000))
        service.say("index.published", kind=made.kind, number=made.number)
        service.pumps.wake(made.partner, "governance")
        service.wake_of(EVALUATING.name).set()
        return 0

    yield step


INDEXING = Part(name="indexing", begin=_indexing, lease="clock")
