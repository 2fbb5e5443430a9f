"""The processes that evaluate are there before the first question: a start takes longer than an answer.

Rules kept here:
- only where a partner may ask: an index goes on, and a table of it is asked. Without one nothing is started, and what
  was is ended;
- each process that answers partners has its own. It looks once a minute, and at once when it publishes;
- nothing waits for them: a question that comes before starts what it needs.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from passerelle.exchange.context import Context
from passerelle.ports.search import EPOCHS
from passerelle.ports.store import Reading
from passerelle.search.evaluating import Evaluator
from passerelle.service.parts import Part, Step

if TYPE_CHECKING:
    from passerelle.service.serving import Service

LOOK = 60.0
"""Seconds between two looks."""


def wanted(tx: Reading) -> bool:
    """Whether a partner may ask: tables are asked as long as their index goes on."""
    return bool(tx.scan(EPOCHS, "by_state", ("current",), limit=1))


def look(ctx: Context, evaluator: Evaluator) -> bool:
    """Start what is wanted, end what is not. Returns whether processes were started. Raises SearchError."""
    if ctx.store.read(wanted):
        return evaluator.warm()
    evaluator.cool()
    return False


@asynccontextmanager
async def _evaluating(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    async def step() -> float:
        await asyncio.to_thread(look, ctx, service.evaluator)
        return LOOK

    yield step


EVALUATING = Part(name="evaluating", begin=_evaluating, duty="receive")
