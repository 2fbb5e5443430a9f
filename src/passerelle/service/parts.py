"""What a service does beside batches, over and over: a part begins, makes steps and rests in between, and ends.

To add one: a module with a `Part` in this package, and its name in `PARTS` of `serving`.

Rules kept here: a step that fails is said and tried again; a part that rests wakes when the service wakes it or at its
end; what only one of several processes may do names a lease, and is done with the context of that lease.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passerelle.core.errors import LeaseLostError, PasserelleError
from passerelle.exchange.context import Context
from passerelle.service.holding import Tenure, rest

if TYPE_CHECKING:
    from passerelle.service.serving import Service

Step = Callable[[], Awaitable[float]]
"""One step of a part. Returns after how many seconds the next is due; a wake may bring it forward."""

Begin = Callable[["Service", Context], AbstractAsyncContextManager[Step]]
"""Enters a part: what is held as long as it runs (a listener, a connection) is opened before, closed behind."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """`name` stands in the log (`part.failed`). A step never blocks: that goes to a thread (`asyncio.to_thread`).

    `lease`: done by one process at a time, the one that holds this lease; empty: by every process. `duty`: which of
    `passerelle serve --only` it belongs to; empty: to all.
    """

    name: str
    begin: Begin
    lease: str = ""
    duty: str = "clock"


async def keep(service: "Service", part: Part, tenure: Tenure) -> None:
    """Run a part to the end of the tenure."""
    wake = tenure.wakes(service.wake_of(part.name))
    try:
        while not tenure.over.is_set():
            try:
                async with part.begin(service, tenure.ctx) as step:
                    await _steps(service, part, tenure, step, wake)
            except LeaseLostError:
                raise
            except (PasserelleError, OSError) as error:
                service.part_failed(part.name, error)
                await rest(tenure.over, service.poll)
    except LeaseLostError as error:
        service.holding.refused(tenure, error)


async def _steps(service: "Service", part: Part, tenure: Tenure, step: Step, wake: asyncio.Event) -> None:
    while not tenure.over.is_set():
        wake.clear()
        pause = service.poll
        try:
            pause = await step()
        except LeaseLostError:
            raise
        except (PasserelleError, OSError) as error:
            service.part_failed(part.name, error)
        if not tenure.over.is_set():
            await rest(wake, pause)
