"""The asker's side of the search, beside the pumps: questions that wait go, tables and lists are fetched.

Rules kept here:
- for each partner one question at a time, and beside it one table or list: a question never waits for a table of
  gigabytes, and no partner for another;
- of several processes the one that sends to a partner does it; two that do it at once would do no harm: the same
  handle is debited once, the same shard kept once;
- a partner that is away is tried again after pauses that grow, and at once when it gives a sign of life; so is what
  waits when the service starts;
- what is over is deleted a little at a time, by one process.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from passerelle.core.errors import LeaseLostError, PasserelleError, TransportError
from passerelle.exchange.context import Context
from passerelle.ports.search import Question
from passerelle.search import answering, fetching, sending
from passerelle.service.parts import Part, Step
from passerelle.service.pumping import way
from passerelle.transport.https import NotServedError, RefusedByPartnerError

if TYPE_CHECKING:
    from passerelle.service.serving import Service

LISTS_SECONDS = 30
"""How often is looked for lists of withdrawn references that run out."""
_MOST_PAUSES = 10_000


class _Lines:
    """What is asked of each partner. What is held here a restart may forget."""

    def __init__(self, service: "Service", ctx: Context) -> None:
        self._service, self._ctx = service, ctx
        self._tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._away: dict[str, float] = {}  # since when a partner could not be reached
        self._begun: set[str] = set()
        self._paused: dict[str, tuple[int, float]] = {}  # tables and lists: tried so often, not again before
        self._looked: dict[str, float] = {}

    async def step(self) -> float:
        """Begin what is due. Returns after how many seconds to look again."""
        for partner in self._service.pumps.reached():
            self._go(partner, "ask", self._ask)
            self._go(partner, "fetch", self._fetch)
        return self._service.poll

    def _go(self, partner: str, what: str, work: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        task = self._tasks.pop((partner, what), None)
        if task is not None and task.done():
            task.result()
            task = None
        self._tasks[partner, what] = task or asyncio.create_task(work(partner))

    async def end(self) -> None:
        """Nothing goes on."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _post(self, partner: str, name: str, body: bytes) -> bytes:
        endpoints, pins = await asyncio.to_thread(way, self._ctx, partner)
        answer = await self._service.client.post_any(endpoints, pins, name, body)
        self._away.pop(partner, None)
        return answer

    def _failed(self, partner: str, error: BaseException) -> bool:
        """Note what failed. Returns whether the partner is away."""
        away = isinstance(error, TransportError) and not isinstance(error, NotServedError | RefusedByPartnerError)
        if away:
            self._away[partner] = self._service.now()
        return away

    def _alive(self, partner: str) -> bool:
        """Whether pauses end: the service has just begun, or the partner was away and is back."""
        since = self._away.get(partner)
        return partner not in self._begun or (since is not None and self._service.met(partner) > since)

    # -- questions ----------------------------------------------------------------------------------------------

    async def _ask(self, partner: str) -> None:
        """Send what waits, one question after the other."""
        alive = self._alive(partner)
        self._begun.add(partner)
        tried: set[str] = set()
        while not self._service.stopping.is_set():
            question = await asyncio.to_thread(sending.due, self._ctx, partner, tried, alive=alive)
            if question is None:
                return
            tried.add(question.id)
            try:
                await self._one(question)
            except LeaseLostError:
                raise
            except RefusedByPartnerError as error:
                await asyncio.to_thread(sending.refused, self._ctx, question, error.check)
                self._service.metrics.question("out", "refused")
                self._service.say("question.refused", partner=partner, check=error.check)
            except (PasserelleError, OSError) as error:
                self._service.metrics.question("out", "failed")
                self._service.say("question.failed", partner=partner, reason=error)
                draw = random.random()  # noqa: S311 - spreads retries, protects nothing
                await asyncio.to_thread(sending.failed, self._ctx, question, str(error), draw, anew=alive)
                if self._failed(partner, error):
                    return

    async def _one(self, question: Question) -> None:
        posting = await asyncio.to_thread(sending.prepare, self._ctx, question)
        if posting is None:
            return
        answer = await self._post(question.partner, "question", posting.body)
        done = await asyncio.to_thread(sending.take, self._ctx, posting, answer)
        self._service.metrics.question("out", "done")
        self._service.say("question.answered", partner=question.partner, elements=done.count)
        self._service.wake_of(ASKING.name).set()

    # -- tables and lists ---------------------------------------------------------------------------------------

    async def _fetch(self, partner: str) -> None:
        """Fetch what was announced, and lists that run out."""
        if self._alive(partner):
            self._paused = {name: one for name, one in self._paused.items() if not name.startswith(f"{partner}/")}
        while not self._service.stopping.is_set():
            leave = frozenset(name.partition("/")[2] for name in self._paused if not self._due(name))
            wanted = await asyncio.to_thread(fetching.next_table, self._ctx, partner, leave)
            if wanted is None:
                break
            if not await self._try(partner, wanted.manifest.id, self._table(wanted)):
                return
        if self._service.now() - self._looked.get(partner, -LISTS_SECONDS) >= LISTS_SECONDS:
            for index in await asyncio.to_thread(fetching.lists_due, self._ctx, partner):
                if self._due(f"{partner}/{index}") and not await self._try(partner, index, self._list(partner, index)):
                    return
            self._looked[partner] = self._service.now()

    async def _table(self, wanted: fetching.Wanted) -> None:
        partner = wanted.manifest.partner
        answer = await self._post(partner, "table", wanted.body)
        if await asyncio.to_thread(fetching.keep, self._ctx, wanted, answer):
            self._service.say("table.fetched", partner=partner, shards=wanted.manifest.shards)
            self._service.wake_of(ASKING.name).set()  # what waited for it goes

    async def _list(self, partner: str, index: str) -> None:
        body = await asyncio.to_thread(fetching.ask_list, self._ctx, partner, index)
        answer = await self._post(partner, "withdrawals", body)
        await asyncio.to_thread(fetching.keep_list, self._ctx, partner, index, answer)

    async def _try(self, partner: str, what: str, work: Coroutine[Any, Any, None]) -> bool:
        """Do it, or pause. False when the partner is away."""
        name = f"{partner}/{what}"
        try:
            await work
            self._paused.pop(name, None)
        except LeaseLostError:
            raise
        except (PasserelleError, OSError) as error:
            self._service.say("table.failed", partner=partner, reason=error)
            times = self._paused.get(name, (0, 0.0))[0]
            chance = random.random()  # noqa: S311 - spreads retries, protects nothing
            if len(self._paused) > _MOST_PAUSES:
                self._paused.clear()
            self._paused[name] = times + 1, self._service.now() + self._ctx.policy.pause(times, chance) / 1000
            return not self._failed(partner, error)
        return True

    def _due(self, name: str) -> bool:
        return self._paused.get(name, (0, 0.0))[1] <= self._service.now()


@asynccontextmanager
async def _asking(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    lines = _Lines(service, ctx)
    try:
        yield lines.step
    finally:
        await lines.end()


@asynccontextmanager
async def _forgetting(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Delete tables that nobody asks any more, and what is kept of questions that were answered long ago."""

    async def step() -> float:
        more = await asyncio.to_thread(fetching.tidy, ctx)
        more |= await asyncio.to_thread(answering.tidy, ctx)
        return 0 if more else FORGETTING_SECONDS

    yield step


FORGETTING_SECONDS = 60
ASKING = Part(name="asking", begin=_asking, duty="send")
FORGETTING = Part(name="forgetting", begin=_forgetting, lease="clock")
