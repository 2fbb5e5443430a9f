"""What this process holds, and for how long: leases are taken, kept and given back while the service runs.

Rules kept here:
- a process gives a sign of life four times in the time after which it would be given up, and says when it cannot;
- what is done under a lease has a context whose writes are fenced, and ends when the lease is lost;
- a lease is given back when nothing is done under it any more: whoever takes it finds nothing under way here.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Any

from passerelle.core.errors import LeaseLostError, PasserelleError
from passerelle.core.log import Say
from passerelle.exchange.context import Context
from passerelle.exchange.leases import Contender, FencedStore
from passerelle.ports.leases import Lease


async def rest(wake: asyncio.Event, seconds: float) -> None:
    """Wait for a wake, at most so long."""
    with suppress(TimeoutError):
        await asyncio.wait_for(wake.wait(), seconds)


class Tenure:
    """The time in which this process does something: while it holds the lease, or, without one, while it serves.

    `ctx` is what all of it is done with. `over` is set at the end.
    """

    def __init__(self, ctx: Context, lease: Lease | None = None) -> None:
        self.lease, self.over = lease, asyncio.Event()
        self.ctx = ctx if lease is None else replace(ctx, store=FencedStore(ctx.store, lease))
        self._wakes: list[asyncio.Event] = [self.over]
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Have something done in this time."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        return task

    def wakes(self, event: asyncio.Event) -> asyncio.Event:
        """What rests on this event is woken at the end, too."""
        self._wakes.append(event)
        return event

    def end(self) -> None:
        """Nothing new is begun."""
        for event in self._wakes:
            event.set()

    async def ended(self) -> None:
        """Everything has ended."""
        self.end()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Holding:
    """Keeps the leases of a process. `single`: what one process does alone; `dealt`: what is shared out (`want`)."""

    def __init__(
        self, contender: Contender, single: tuple[str, ...], begin: Callable[[Tenure], None], say: Say
    ) -> None:
        self.tenures: dict[str, Tenure] = {}
        self._contender, self._single, self._begin, self._say = contender, single, begin, say
        self._dealt: tuple[str, ...] = ()
        self._wake = asyncio.Event()
        self._turn = asyncio.Lock()  # the contender is not for two at once
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._ending = self._stopped = False

    def want(self, dealt: tuple[str, ...]) -> None:
        """What there is to share out. Looked at at once when it is new."""
        if dealt != self._dealt:
            self._dealt = dealt
            self._wake.set()

    async def run(self) -> None:
        """Hold what can be held, until `leave`."""
        while not self._stopped:
            self._wake.clear()
            step = asyncio.create_task(self.step())
            done, _ = await asyncio.wait((step,), timeout=self._contender.me.seconds)
            if not done:  # others may have taken over what is done here: its writes are refused
                seconds = self._contender.me.seconds
                self._say("lease.failed", reason=TimeoutError(f"no sign of life was taken for {seconds} s"))
            try:
                await step
            except PasserelleError as error:
                self._say("lease.failed", reason=error)
            await rest(self._wake, self._contender.me.seconds / 4)

    async def step(self) -> None:
        """One sign of life, and what follows from it. Raises StoreError."""
        async with self._turn:
            plan = await asyncio.to_thread(self._contender.step, self._single, self._dealt)
        held = self._contender.held
        for name, tenure in tuple(self.tenures.items()):
            if held.get(name) != tenure.lease:
                self.lost(tenure)
                del self.tenures[name]
        for name, lease in held.items():
            there = self.tenures.get(name)
            if not self._ending and (there is None or (there.over.is_set() and name not in self._leaving)):
                self._say("lease.taken", lease=name, token=lease.token)
                self.tenures[name] = Tenure(self._contender.ctx, lease)
                self._begin(self.tenures[name])
        for name in plan.surplus:
            if name in self.tenures and name not in self._leaving:
                self._leaving[name] = asyncio.create_task(self._give_back(name))

    async def _give_back(self, name: str) -> None:
        await self.tenures[name].ended()
        with suppress(PasserelleError):  # others see that this process is silent about it, or it is tried again
            async with self._turn:
                await asyncio.to_thread(self._contender.give_back, (name,))
            self.tenures.pop(name, None)
            self._say("lease.given-back", lease=name)
        self._leaving.pop(name)

    def refused(self, tenure: Tenure, error: LeaseLostError) -> None:
        """A write came too late and was not kept: what is done under this lease ends."""
        if tenure.lease is not None:
            self._say("write.refused", lease=tenure.lease.name, token=tenure.lease.token, reason=error)
        self.lost(tenure)

    def lost(self, tenure: Tenure) -> None:
        """Another process has the lease: what is done under it ends."""
        if tenure.lease is not None and not tenure.over.is_set():
            self._say("lease.lost", lease=tenure.lease.name, token=tenure.lease.token)
            self._wake.set()
        tenure.end()

    def end(self) -> None:
        """Nothing new is begun under any lease."""
        self._ending = True
        for tenure in self.tenures.values():
            tenure.end()

    async def ended(self) -> None:
        """Everything under a lease has ended; signs of life go on to be given meanwhile."""
        await asyncio.gather(*(tenure.ended() for tenure in tuple(self.tenures.values())), *self._leaving.values())

    async def leave(self) -> None:
        """Give everything back and say no more. Nothing may be under way."""
        self._stopped = True
        self._wake.set()
        try:
            async with self._turn:
                await asyncio.to_thread(self._contender.leave)
        except PasserelleError as error:
            self._say("lease.failed", reason=error)
