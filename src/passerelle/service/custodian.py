"""Whether the private keys in use can be used: a token can be pulled out, cut off or locked while the node serves.

Rules kept here: persons are told once when keys cannot be had, and the log says when they are back. Nothing else is
done: whatever needs a key fails, changes nothing, and is tried again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from passerelle.core.errors import KeyFileError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.node import Node
from passerelle.service.parts import Part, Step

if TYPE_CHECKING:
    from passerelle.service.serving import Service

SECONDS = 10


class Watch:
    """Looks whether the keys in use can be used, and tells what changed."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.away = ""

    def look(self) -> str | None:
        """Why keys cannot be had since now; "" when they are back since now; None when nothing changed."""
        before, self.away = self.away, self._reason()
        if bool(before) == bool(self.away):
            return None
        if self.away:
            text = f"private keys cannot be used: {self.away}"
            self.ctx.store.write("keys.away", lambda tx: notes.alarm(tx, self.ctx, "keys.away", "", text))
        return self.away

    def _reason(self) -> str:
        try:
            self.ctx.keys.ready()
        except KeyFileError as error:
            return str(error)
        return ""


@asynccontextmanager
async def _custody(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    watch = Watch(ctx)

    async def step() -> float:
        changed = await asyncio.to_thread(watch.look)
        if changed is not None:
            service.say("keys.away" if changed else "keys.back", reason=changed)
        return SECONDS

    yield step


def fetch(node: Node, say: Callable[..., None]) -> None:
    """Every private key in use can be used, or the service does not start. Raises KeyFileError."""
    node.ctx.keys.ready()


CUSTODY = Part(name="custody", begin=_custody, duty="")
