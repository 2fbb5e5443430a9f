"""Uploading the files of announced messages, beside the pumps: for each partner and lane a few small ones at a time,
and one large one.

Rules kept here:
- a lane's uploads are a task of their own that no pump waits for: a flash alert overtakes the film of a routine act,
  and so does its photograph;
- a file that fits one request is brought at once; after any failure the partner is asked first what it has;
- what failed is tried again after pauses that grow; a lane whose partner cannot be reached pauses as a whole, until a
  batch goes or comes again at the latest;
- what was brought is asked about until the partner's answer is in its log, so that an upload that expired there begins
  again;
- of several processes the one that sends to a partner uploads to it; two that do it at once would do no harm;
- once every poll something small of what is over is deleted (`attachments.tidy`), by one process.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from passerelle.core.errors import PasserelleError, TransportError
from passerelle.exchange import attachments, attachments_in, attachments_out, comparing
from passerelle.exchange.attachments_wire import MOST_PIECES, Range
from passerelle.exchange.context import Context
from passerelle.ledger import pieces
from passerelle.ports.attachments import Attachment
from passerelle.service.parts import Part, Step
from passerelle.service.pumping import way
from passerelle.transport.uploads import ClosedError, NotAwaitedError, NotTakenError, Uploading

if TYPE_CHECKING:
    from passerelle.service.serving import Service


AT_ONCE = 4
"""Files on their way at once in a lane, all but one of them small (of one piece): while the partner keeps one, the next
is read."""


@dataclass
class _Try:
    """How a file, or a lane whose partner is away, stands: tried so often, last at `last`, not again before `due`.

    `away`: the partner, when it could not be reached: a sign of life ends the pause.
    """

    times: int = 0
    last: float = 0.0
    due: float = 0.0
    away: str = ""


class _Lines:
    """The uploads of a service. What is held here a restart may forget."""

    def __init__(self, service: "Service", ctx: Context) -> None:
        self._service, self._ctx = service, ctx
        self._way = Uploading(ctx, service.client)
        self._tries: dict[str, _Try] = {}
        self._tasks: dict[tuple[str, str], list[asyncio.Task[None]]] = defaultdict(list)
        self._going: dict[str, Attachment] = {}
        self._found: dict[tuple[str, str], list[Attachment]] = {}
        self._away: dict[tuple[str, str], _Try] = {}

    def _due(self, row: Attachment) -> bool:
        if row.id in self._going or self._pauses(self._tries.get(row.id)):
            return False
        return row.count == 1 or not self._large(row.partner, row.lane)

    def _pauses(self, one: _Try | None) -> bool:
        if one is None or (one.away and self._service.met(one.away) > one.last):
            return False
        return one.due > self._service.now()

    async def _look(self, line: tuple[str, str]) -> list[Attachment]:
        """What is due in a lane. A look into the store finds several, which are taken from this list one by one."""
        if self._pauses(self._away.get(line)):
            return []
        due = list(filter(self._due, self._found.get(line, ())))
        if not due:
            found = await asyncio.to_thread(attachments_out.following, self._ctx, *line, self._due)
            due = list(filter(self._due, found))
        self._found[line] = due
        return due

    async def step(self) -> float:
        """Begin what is due. Returns after how many seconds to look again."""
        for line in product(self._service.pumps.reached(), attachments_out.LANES):
            tasks = self._tasks[line]
            for task in [one for one in tasks if one.done()]:
                tasks.remove(task)
                task.result()
            if len(tasks) == AT_ONCE:
                continue
            if not tasks:
                self._found.pop(line, None)  # what was found long ago may be gone
            more = min(len(await self._look(line)), AT_ONCE - len(tasks))
            tasks += [asyncio.create_task(self._upload(line)) for _ in range(more)]
        return self._service.poll

    async def end(self) -> None:
        """No upload goes on."""
        tasks = [task for those in self._tasks.values() for task in those]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _upload(self, line: tuple[str, str]) -> None:
        """Upload what is due in a lane, file after file; beside others that do the same."""
        while not self._service.stopping.is_set():
            due = await self._look(line)
            if not due:
                return
            row = due.pop(0)
            self._going[row.id] = row
            try:
                await self._one(row)
            finally:
                del self._going[row.id]

    def _large(self, partner: str, lane: str) -> bool:
        """Whether a large file is on its way: memory is bounded by one of a lane."""
        going = tuple(self._going.values())  # a look into the store asks from a thread of its own
        return any((one.partner, one.lane) == (partner, lane) and one.count > 1 for one in going)

    async def _one(self, row: Attachment) -> None:
        """Upload a file as far as it goes now, and note when to look at it again."""
        found, line = self._tries.setdefault(row.id, _Try()), (row.partner, row.lane)
        away = False
        try:
            await self._file(row, fresh=not found.times)
            self._service.say("upload.brought", partner=row.partner, lane=row.lane, pieces=row.count)
            self._service.metrics.upload("out", "done", row.size)
        except ClosedError:
            pass  # the answer is on its way, or comes again: the partner sees that it was forgotten
        except NotAwaitedError:
            # The decision on the message is on its way, or the partner forgot that it has the message.
            await asyncio.to_thread(comparing.doubt, self._ctx, row.partner, row.message)
        except (PasserelleError, OSError) as error:
            away = isinstance(error, TransportError) and not isinstance(error, NotTakenError)
            self._service.say("upload.failed", partner=row.partner, lane=row.lane, reason=error)
            self._service.metrics.upload("out", "failed", 0)
        self._later(found, row.partner if away else "")
        if away:
            self._later(self._away.setdefault(line, _Try()), row.partner)
        else:
            self._away.pop(line, None)
        if len(self._tries) > 10_000:
            self._tries = {name: one for name, one in self._tries.items() if one.due > self._service.now()}

    def _later(self, found: _Try, away: str) -> None:
        now, chance = self._service.now(), random.random()  # noqa: S311 - spreads retries, protects nothing
        found.times, found.last, found.away = found.times + 1, now, away
        found.due = now + self._ctx.policy.pause(found.times, chance) / 1000

    async def _file(self, row: Attachment, *, fresh: bool) -> None:
        count = pieces.pieces_in(row.size)
        missing: list[Range] = [(0, count)]
        endpoint, pin = "", ""
        if not fresh:
            endpoint, pin, missing = await self._any(row, None)
        while missing and not self._service.stopping.is_set():
            range_ = (missing[0][0], min(missing[0][1], missing[0][0] + MOST_PIECES))
            if not endpoint:
                endpoint, pin, missing = await self._any(row, range_)
            else:
                missing = await self._way.put(row, range_, endpoint, pin)

    async def _any(self, row: Attachment, range_: Range | None) -> tuple[str, str, list[Range]]:
        """Ask, or bring, at the first endpoint that answers; it is the one for the rest of the file."""
        endpoints, pins = await asyncio.to_thread(way, self._ctx, row.partner)
        failure = TransportError("expected an endpoint in the partner's identity file, got none")
        for endpoint, pin in product(endpoints, pins):
            try:
                if range_ is None:
                    return endpoint, pin, await self._way.missing(row, endpoint, pin)
                return endpoint, pin, await self._way.put(row, range_, endpoint, pin)
            except (ClosedError, NotAwaitedError):
                raise
            except TransportError as error:
                failure = error
        raise failure


@asynccontextmanager
async def _uploads(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    lines = _Lines(service, ctx)
    try:
        yield lines.step
    finally:
        await lines.end()


@asynccontextmanager
async def _tidying(service: "Service", ctx: Context) -> AsyncIterator[Step]:
    """Answer what a stop left unanswered, and delete what is over, a little at a time."""

    async def step() -> float:
        await asyncio.to_thread(attachments_in.finish_all, ctx)
        return 0 if await asyncio.to_thread(attachments.tidy, ctx) else service.poll

    yield step


UPLOADS = Part(name="uploads", begin=_uploads, duty="send")
TIDYING = Part(name="tidying", begin=_tidying, lease="clock")
