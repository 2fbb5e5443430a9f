"""Requests and answers: what their bytes may cost this node in memory and in time, whoever sends them.

Rules kept here:
- nothing is decompressed: a body with a content encoding is refused;
- a body that comes, or an answer that is taken, may stand still for so long in all, and has besides the time that its
  bytes take at the least rate; slower is cut off;
- room for a body is taken before it is read, once its header is known to be a partner's: for one partner half of it at
  most, and the last part of it is for urgent ones alone. A request that finds none waits a little, then is told: later;
- room is given back when the answer is written, not when it is made;
- a partner sends no more bytes and entries a minute than is set here, whatever its channels allow: a bucket that fills
  all the time, kept in memory, for each process that serves.

Before a header is known to be a partner's, no more of a body is held than that header needs.
"""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from passerelle.core.errors import TransportError
from passerelle.core.settings import LimitsSettings

MAX_HEADER = 16 * 1024
"""Bytes that the header of a request may have."""
_HEADERS = 64
_PART = 64 * 1024
_URGENT = 8  # the part of the room that is left to urgent requests
Message = Any
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class LaterError(TransportError):
    """There is no room now."""

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(f"no room now: {why}")
        self.why, self.seconds = why, max(1, round(seconds))


def later(error: LaterError) -> Response:
    """The answer to a request for which there is no room."""
    return Response(b'{"later":true}', 503, {"Retry-After": str(error.seconds)}, "application/json")


class Room:
    """Bytes of bodies and answers in memory, and what each partner may use of them. In the event loop only."""

    def __init__(self, limits: LimitsSettings, now: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._now = limits, now
        self.used = 0
        self._of: Counter[str] = Counter()
        self._open: Counter[str] = Counter()
        self._freed = asyncio.Event()  # a new one each time
        self._buckets: dict[str, tuple[_Bucket, _Bucket]] = defaultdict(self._full)

    def _full(self) -> "tuple[_Bucket, _Bucket]":
        limits = self._limits
        return _Bucket(limits.partner_bytes_a_minute, self._now()), _Bucket(
            limits.partner_entries_a_minute, self._now()
        )

    @asynccontextmanager
    async def taken(
        self, partner: str, size: int, *, brings: int = 0, entries: int = 0, urgent: bool = False
    ) -> AsyncIterator[None]:
        """Room for `size` bytes as long as this is entered. `urgent` requests may use what is left to none else.

        `brings`, `entries`: what counts for the minute.

        Raises LaterError when there is none in time, or the partner has sent what it may send a minute.
        """
        for bucket, amount, what in zip(self._buckets[partner], (brings, entries), ("bytes", "entries"), strict=True):
            if wait := bucket.wait(self._now(), amount):
                raise LaterError(what, wait)
        try:
            async with asyncio.timeout(self._limits.wait_ms / 1000):
                while not self._fits(partner, size, urgent):
                    await self._freed.wait()
        except TimeoutError:
            raise LaterError("memory", self._limits.wait_ms / 1000) from None
        self._add(partner, size, 1)
        for bucket, amount in zip(self._buckets[partner], (brings, entries), strict=True):
            bucket.spend(amount)
        try:
            yield
        finally:
            self._add(partner, -size, -1)
            self._freed.set()
            self._freed = asyncio.Event()

    def _fits(self, partner: str, size: int, urgent: bool) -> bool:
        most = self._limits.body_bytes
        requests = self._limits.partner_requests - (0 if urgent else 1)
        share = most // 2 if urgent else most // 2 - most // _URGENT
        return (
            self._open[partner] < requests
            and self._of[partner] + size <= share
            and self.used + size <= (most if urgent else most - most // _URGENT)
        )

    def _add(self, partner: str, size: int, one: int) -> None:
        self.used += size
        self._of[partner] += size
        self._open[partner] += one
        if not self._open[partner]:
            del self._open[partner], self._of[partner]


class _Bucket:
    """What may be spent a minute; it fills all the time. Spent in advance by one request at most."""

    def __init__(self, a_minute: int, now: float) -> None:
        self._most, self._level, self._seen = a_minute, float(a_minute), now

    def wait(self, now: float, amount: int) -> float:
        """Seconds until it may be spent; 0 when it may now."""
        self._level = min(self._most, self._level + (now - self._seen) * self._most / 60)
        self._seen = now
        lacking = min(amount, self._most) - self._level
        return max(0.0, lacking * 60 / self._most)

    def spend(self, amount: int) -> None:
        self._level -= amount


class Flow:
    """An application, with an end to bodies that do not come and answers that are not taken."""

    def __init__(self, app: Any, limits: LimitsSettings, room: Room) -> None:
        self._app, self._limits, self._room = app, limits, room

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if refusal := _unwanted(scope):
            await refusal(scope, receive, send)
            return
        connection = scope.setdefault("state", {}).get("connection")
        coming, going = _Pace(self._limits), _Pace(self._limits)

        async def got() -> Message:
            message = await coming.within(receive())
            coming.bytes += len(message.get("body", b""))
            return message

        async def sent(message: Message) -> None:
            if message.get("status", 500) < 300 and connection is not None:
                connection.proven()  # nobody but a partner is answered so
            for part in _parts(message):
                await going.within(send(part))
                going.bytes += len(part.get("body", b""))

        async with AsyncExitStack() as held:
            scope["state"] |= {"held": held, "room": self._room}
            try:
                await self._app(scope, got, sent)
            except ClientDisconnect:
                pass  # it went away, or was cut off: there is nobody to answer
            except SlowError:
                if connection is not None:
                    connection.end("slow")


class SlowError(TransportError):
    """The other side is slower than the least rate."""


class _Pace:
    """How long the other side was waited for, against what came of it."""

    def __init__(self, limits: LimitsSettings) -> None:
        self._limits, self.bytes, self._waited = limits, 0, 0.0

    async def within(self, step: Awaitable[Any]) -> Any:
        began = time.monotonic()
        left = self._limits.body_ms / 1000 + self.bytes / self._limits.rate - self._waited
        try:
            async with asyncio.timeout(max(0.0, left)):
                return await step
        except TimeoutError:
            raise SlowError from None
        finally:
            self._waited += time.monotonic() - began


def _parts(message: Message) -> list[Message]:
    """An answer in parts, so that one that is not taken is noticed before all of it lies in buffers."""
    body = message.get("body", b"")
    if len(body) <= _PART:
        return [message]
    view, more = memoryview(body), message.get("more_body", False)
    starts = range(0, len(body), _PART)
    return [{**message, "body": bytes(view[at : at + _PART]), "more_body": more or at != starts[-1]} for at in starts]


def _unwanted(scope: Any) -> Response | None:
    headers = scope["headers"]
    if len(headers) > _HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER:
        return Response(status_code=431, headers={"Connection": "close"})
    if any(name == b"content-encoding" and value.strip().lower() != b"identity" for name, value in headers):
        return Response(status_code=415, headers={"Connection": "close"})
    return None


def known(request: Request) -> None:
    """A partner has signed what came with this request: its connection is no stranger's any more."""
    if (connection := getattr(request.state, "connection", None)) is not None:
        connection.proven()


async def hold(request: Request, partner: str, size: int, *, entries: int = 0, urgent: bool = False) -> None:
    """Take room for a body, or for an answer, until the answer is written. Raises LaterError.

    For every interface that takes bodies: once it knows who sends, and before it reads more than a few kilobytes.
    """
    known(request)
    room = getattr(request.state, "room", None)
    if room is not None:
        taken = room.taken(partner, size, brings=declared(request, size), entries=entries, urgent=urgent)
        await request.state.held.enter_async_context(taken)


def declared(request: Request, otherwise: int) -> int:
    """How many bytes the body has, as its header says."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdigit() else otherwise


async def hold_answer(request: Request, size: int) -> None:
    """Take room for an answer to one who has not proven yet who he is: such answers are few at once. As `hold`."""
    room = getattr(request.state, "room", None)
    if room is not None:
        await request.state.held.enter_async_context(room.taken("", size))
