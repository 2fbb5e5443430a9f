"""The operator's listener as a part of the service: where `admin.listen` says, and nowhere when it says nothing.

Rules kept here: it has limits of its own, so that whoever reads metrics takes nothing from partners; that it cannot
listen is said and tried again, and stops nobody's messages.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from passerelle.core.errors import TransportError
from passerelle.core.settings import LimitsSettings, split_listen
from passerelle.exchange.context import Context
from passerelle.service.health import Health, versions
from passerelle.service.parts import Part, Step
from passerelle.transport.admin import application
from passerelle.transport.https import Server

if TYPE_CHECKING:
    from passerelle.service.serving import Service

_LIMITS = LimitsSettings(connections=32, connections_an_address=32, stranger_ms=60_000)
_LONG, _AGAIN = 3600.0, 30.0


@asynccontextmanager
async def _admin(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Listen until the service stops. The step looks whether it still does."""
    listen = service.node.settings.admin.listen

    async def nothing() -> float:
        return _LONG

    if not listen:
        yield nothing
        return
    health, started = Health(service), time.time()
    app = application(health.ready, lambda: versions(service.node, started), health.metrics)
    running: list[tuple[Server, asyncio.Task[None]]] = []

    async def step() -> float:
        if running and running[0][1].done():
            _, ended = running.pop()
            service.part_failed(ADMIN.name, ended.exception() or TransportError())
            return _AGAIN
        if not running:
            server = Server(app, *split_listen(listen), limits=_LIMITS)
            running.append((server, asyncio.create_task(server.serve())))
        return service.poll

    try:
        yield step
    finally:
        for server, serving in running:
            server.stop()
            await asyncio.gather(serving, return_exceptions=True)
        health.close()


ADMIN = Part(name="admin", begin=_admin, duty="")
