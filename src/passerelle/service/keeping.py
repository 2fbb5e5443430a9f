"""What a node keeps in order beside batches: blocks of the audit log, what is owed and by when, keys that have ended,
what was erased while a reader was in the way, screenings, lists and questions whose time is over.

Rules kept here: what is owed is looked at when something came in, when a time is over, and once every poll; while
batches come and go, none of this takes more than a tenth of the time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from passerelle import ceremony
from passerelle.exchange import erasing
from passerelle.exchange.context import Context
from passerelle.office import clock as timekeeping
from passerelle.screening import keeping as screened
from passerelle.search import keeping as searched
from passerelle.service.holding import rest
from passerelle.service.parts import Part, Step
from passerelle.store.base import BaseStore
from passerelle.transport.watching import Watching

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.service.serving import Service

KEYS_SECONDS = 60
ERASING_SECONDS = 60


def erase_again(node: "Node", say: Callable[..., None]) -> None:
    """What was erased stays erased, whatever store is here now. Raises InputError for a register that is damaged."""
    if done := erasing.begin(node.ctx, node.register):
        say("erasures.replayed", count=done)


def erase_over(node: "Node", say: Callable[..., None]) -> None:
    """What is over is erased before anything else, whatever store is here now."""
    if done := screened.expire_all(node.ctx):
        say("screening.erased", count=done)
    if done := searched.expire_all(node.ctx):
        say("search.erased", count=done)
    node.indexes.forget()


@asynccontextmanager
async def _audit(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Close the blocks of the audit log, each in its time, and have them cosigned."""
    watching = Watching(ctx, service.node.settings.audit, service.client, service.say)

    async def step() -> float:
        await watching.step(busy=service.busy())
        return service.poll

    yield step


@asynccontextmanager
async def _clock(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Count what changed and tell what is due."""
    await asyncio.to_thread(timekeeping.refresh, ctx)

    async def step() -> float:
        began = service.now()
        done, following = await asyncio.to_thread(timekeeping.step, ctx)
        if done:
            if service.busy():  # a batch is what others wait for, and wakes this
                await rest(service.stopping, 9 * (service.now() - began))
            return 0
        return min(service.poll, max(0.005, (following - ctx.clock.now()) / 1000))

    yield step


@asynccontextmanager
async def _keys(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Destroy private keys that nobody goes by any more: sealing keys at the end of their grace."""

    async def step() -> float:
        for one in await asyncio.to_thread(ceremony.tidy, service.node):
            service.say("key.destroyed", kind=one.kind, id=one.id)
        return KEYS_SECONDS

    yield step


@asynccontextmanager
async def _erasing(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Empty the database's log: what any process erased while somebody was reading stands there still. And erase index
    files of lists that are not here any more.
    """
    store = service.node.store

    async def step() -> float:
        if isinstance(store, BaseStore):
            await asyncio.to_thread(store.settle, 1.0)
        await asyncio.to_thread(service.node.indexes.forget)
        return ERASING_SECONDS

    yield step


@asynccontextmanager
async def _screening(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Erase hits, lists and what questions left, at their time, a little at a time."""

    def expire() -> bool:
        return screened.expire(ctx) or searched.expire(ctx)

    async def step() -> float:
        return 0 if await asyncio.to_thread(expire) else service.poll

    yield step


AUDIT = Part(name="audit", begin=_audit, lease="audit")
CLOCK = Part(name="clock", begin=_clock, lease="clock")
KEYS = Part(name="keys", begin=_keys)  # each process those of its folder
ERASING = Part(name="erasing", begin=_erasing, duty="")
SCREENING = Part(name="screening", begin=_screening, lease="clock")
