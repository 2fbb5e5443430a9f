"""What a service does beside batches, over and over: a part begins, makes steps and rests in between, and ends.

To add one: a module with a `Part` in this package, and its name in `PARTS` of `serving`.

Rules kept here: a step that fails is said and tried again; a part that rests wakes when the service wakes it or stops.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passerelle.core.errors import PasserelleError
from passerelle.exchange.context import Context

if TYPE_CHECKING:
    from passerelle.service.serving import Service

Step = Callable[[], Awaitable[float]]
"""One step of a part. Returns after how many seconds the next is due; a wake may bring it forward."""

Begin = Callable[["Service", Context], AbstractAsyncContextManager[Step]]
"""Enters a part: what is held as long as it runs (a listener, a connection) is opened before, closed behind."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """`name` stands in the log (`<name>.failed`). A step never blocks: that goes to a thread (`asyncio.to_thread`)."""

    name: str
    begin: Begin


async def keep(service: "Service", part: Part) -> None:
    """Run a part until the service stops."""
    while not service.stopping.is_set():
        try:
            async with part.begin(service, service.ctx) as step:
                await _steps(service, part, step)
        except (PasserelleError, OSError) as error:
            service.say(f"{part.name}.failed", reason=str(error))
            await rest(service.stopping, service.poll)


async def _steps(service: "Service", part: Part, step: Step) -> None:
    wake = service.wake_of(part.name)
    while not service.stopping.is_set():
        wake.clear()
        pause = service.poll
        try:
            pause = await step()
        except (PasserelleError, OSError) as error:
            service.say(f"{part.name}.failed", reason=str(error))
        if not service.stopping.is_set():
            await rest(wake, pause)


async def rest(wake: asyncio.Event, seconds: float) -> None:
    """Wait for a wake, at most so long."""
    with suppress(TimeoutError):
        await asyncio.wait_for(wake.wait(), seconds)
