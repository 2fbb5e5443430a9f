"""Carrying the audit log's checkpoints to those who watch, and their answers back.

At the start each is asked what it holds, before a new block is closed: a store that was put back learns it before it
signs anything. After that each gets the checkpoint of every new block, and is asked what it holds whenever it refuses.
"""

import asyncio
from contextlib import suppress

from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError, LedgerError, SignatureError, TransportError
from passerelle.core.log import Say
from passerelle.core.settings import AuditSettings
from passerelle.exchange.context import Context
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.oversight import audit_log, witnesses
from passerelle.oversight.witnesses import Watcher
from passerelle.transport.https import Client
from passerelle.transport.witness import ADD, HELD

TRIES = 3
"""How often one watcher is shown the log in a row: refused, asked what it holds, shown it from there."""


class Watching:
    """The audit log's way to those who watch over it."""

    def __init__(self, ctx: Context, settings: AuditSettings, client: Client, say: Say) -> None:
        self._ctx, self._client, self._say = ctx, client, say
        self._every, self._late = add_duration(0, settings.every), add_duration(0, settings.late)
        self._partners = settings.partners
        self._compared = False
        self._away: set[str] = set()  # those of whom the log says that they cannot be reached

    async def step(self, *, busy: bool = False) -> None:
        """Close the block when it is due, and show the log to whoever has not cosigned it. Raises StoreError."""
        if not self._compared:
            await asyncio.gather(*(self._ask(one) for one in await self._watchers()))
            self._compared = True
        block = await asyncio.to_thread(audit_log.keep, self._ctx, self._every, busy=busy)
        if block is not None:
            self._say("audit.closed", generation=block.generation, index=block.index)
        await asyncio.gather(*(self._show(one) for one in await self._watchers()))

    async def held(self) -> tuple[Checkpoint, ...]:
        """What all who can be reached hold of this node's log, each proven."""
        found = []
        for one in await self._watchers():
            with suppress(TransportError, LedgerError, SignatureError, InputError):
                question = await asyncio.to_thread(witnesses.question, self._ctx, one)
                status, answer = await self._post(one, HELD, question)
                if status == 200:
                    found.append((await asyncio.to_thread(witnesses.proven, self._ctx, one, answer))[1])
        return tuple(found)

    async def _watchers(self) -> list[Watcher]:
        def look() -> list[Watcher]:
            return self._ctx.store.read(lambda tx: witnesses.watchers(tx, self._ctx, self._partners))

        return await asyncio.to_thread(look)

    async def _post(self, watcher: Watcher, name: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the first endpoint that answers. Raises TransportError."""
        failure = TransportError(f"{watcher.name}: expected an endpoint in its identity file, got none")
        for endpoint in watcher.endpoints:
            try:
                status, answer = await self._client.exchange(f"{endpoint}/{name}", watcher.tls, body)
                if status != 503:
                    return status, answer
                failure = TransportError(f"{endpoint}: later")
            except TransportError as error:
                failure = error
        raise failure

    async def _ask(self, watcher: Watcher) -> bool:
        """Learn what a watcher holds. Whether the log may go on towards it."""
        try:
            question = await asyncio.to_thread(witnesses.question, self._ctx, watcher)
            status, answer = await self._post(watcher, HELD, question)
        except TransportError as error:
            await self._missed(watcher, str(error))
            return False
        self._reached(watcher)
        if status not in (200, 404):
            reason = f"it answers {status} when asked what it holds: does it have this node's identity file?"
            await asyncio.to_thread(witnesses.away, self._ctx, watcher, reason, self._late)
            return False
        return await asyncio.to_thread(witnesses.told, self._ctx, watcher, answer if status == 200 else None)

    async def _show(self, watcher: Watcher) -> None:
        status = 0
        for _ in range(TRIES):
            request = await asyncio.to_thread(witnesses.request, self._ctx, watcher)
            if request is None:
                return
            try:
                status, answer = await self._post(watcher, ADD, request.encode())
            except TransportError as error:
                await self._missed(watcher, str(error))
                return
            self._reached(watcher)
            if status == 200:
                if await asyncio.to_thread(witnesses.cosigned, self._ctx, watcher, request, answer):
                    self._say("audit.cosigned", witness=watcher.name, size=request.checkpoint.size)
                return
            if status not in (404, 409, 422):
                break
            if not await self._ask(watcher):
                return  # what came of it is noted
        await asyncio.to_thread(self._refused, watcher, status)

    async def _missed(self, watcher: Watcher, reason: str) -> None:
        """It cannot be reached: said once, until it can."""
        if watcher.name not in self._away:
            self._away.add(watcher.name)
            self._say("audit.witness-away", witness=watcher.name, reason=reason)
        await asyncio.to_thread(witnesses.away, self._ctx, watcher, reason, self._late)

    def _reached(self, watcher: Watcher) -> None:
        if watcher.name in self._away:
            self._away.discard(watcher.name)
            self._say("audit.witness-back", witness=watcher.name)

    def _refused(self, watcher: Watcher, status: int) -> None:
        """It was asked what it holds, shown the log from there, and refuses all the same."""
        self._say("audit.refused", witness=watcher.name, status=status)
        if status in (409, 422):
            witnesses.lies(self._ctx, watcher, "it refuses a log that continues what it shows that it holds")
            return
        words = {
            403: "it has other keys of this node's log: give its people the identity file",
            404: "it does not know this node's log: give its people the identity file",
        }
        witnesses.away(self._ctx, watcher, words.get(status, f"it answers {status}"), self._late)
