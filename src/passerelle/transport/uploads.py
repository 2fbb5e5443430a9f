"""Uploads over HTTPS: files of announced messages, piece by piece (`exchange.attachments_wire` says the form).

    HEAD /passerelle/1/attachment/<address>     which pieces are missing
    PUT  /passerelle/1/attachment/<address>     pieces with their paths -> 200, which are missing now

    400 the request or its body is out of form     403 no confirmed partner signed it, or not now, not this
    404 no such file is awaited from this partner  410 the file was answered: the answer is in the log
    422 a piece is not of this file                503 later: no room, quota, locked store; with Retry-After

Rules kept here: nothing of a body is read before its header was verified and room for a few pieces was taken (`flow`,
which also ends what is too slow); each piece is durable before the next but one is read, so what a request that ends
early has brought is kept.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import aiohttp
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from passerelle.core.errors import ProofError, StoreError, TransportError
from passerelle.core.log import Say
from passerelle.exchange import attachments_in as desk
from passerelle.exchange import attachments_out as out
from passerelle.exchange import attachments_wire as wire
from passerelle.exchange.attachments_in import Admitted, AnsweredError, LaterError, UnknownFileError
from passerelle.exchange.attachments_wire import MISSING, PATH, SIGNED, Range, UploadError
from passerelle.exchange.context import Context
from passerelle.ledger import pieces
from passerelle.ports.attachments import Attachment
from passerelle.transport import flow
from passerelle.transport.https import Client

PIECE_SECONDS = 60
_HELD = 3 * pieces.PIECE
"""Bytes that a request holds: a piece that comes, one that is kept, and what is in buffers."""


_LATER_SECONDS = 5


Count = Callable[[str, int], None]
"""Told how an upload ended, and how many bytes it brought."""


class ClosedError(TransportError):
    """The partner has answered the file: what it says comes in its log."""


class NotAwaitedError(TransportError):
    """The partner awaits no such file (yet)."""


class NotTakenError(TransportError):
    """The partner was reached, and did not take this request."""


class _Frames:
    """The bytes of a body, exactly as many as are asked for."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    async def take(self, size: int) -> bytes:
        found = bytearray(size)
        at = 0
        while at < size:
            if not self._rest:
                self._rest = memoryview(await self._next(size - at))
            part = self._rest[: size - at]
            found[at : at + len(part)] = part
            at += len(part)
            self._rest = self._rest[len(part) :]
        return bytes(found)

    async def _next(self, missing: int) -> bytes:
        async for part in self._parts:
            if part:
                return part
        raise UploadError(f"expected {missing} bytes more, got the end of the body")


class Uploads:
    """The two routes. `answered(partner, lane)` is called when a file was answered: there is a message to send."""

    def __init__(
        self, ctx: Context, answered: Callable[[str, str], None], say: Say, count: Count = lambda outcome, size: None
    ) -> None:
        self._ctx, self._answered, self._say, self._count = ctx, answered, say, count

    @property
    def routes(self) -> list[Route]:
        return [Route(f"{PATH}/{{address}}", self._answer, methods=["HEAD", "PUT"])]

    async def _answer(self, request: Request) -> Response:
        try:
            return await self._serve(request)
        except UploadError as error:
            return self._refused(error.status, error)
        except UnknownFileError as error:
            return self._refused(404, error)
        except AnsweredError as error:
            return self._refused(410, error)
        except ProofError as error:
            return self._refused(422, error)
        except (LaterError, StoreError) as error:
            self._refused(503, error)
            return flow.later(flow.LaterError(str(error), _LATER_SECONDS))
        except flow.LaterError as error:
            self._refused(503, error)
            return flow.later(error)

    def _refused(self, status: int, error: Exception) -> Response:
        self._say("upload.refused", status=status, reason=error)
        self._count("failed", 0)
        return Response(status_code=status)

    async def _serve(self, request: Request) -> Response:
        address, header = request.path_params["address"], request.headers.get(SIGNED, "")
        brings = request.method == "PUT"
        admitted = await asyncio.to_thread(lambda: desk.admit(self._ctx, header, address, brings=brings))
        flow.known(request)
        if brings:
            await flow.hold(request, admitted.row.partner, _HELD, urgent=admitted.row.lane == "flash")
            if await self._put(admitted, _Frames(request.stream())):
                self._answered(admitted.row.partner, admitted.row.lane)
                return Response(headers={MISSING: ""})
        return Response(headers={MISSING: await asyncio.to_thread(desk.missing, self._ctx, admitted)})

    async def _put(self, admitted: Admitted, frames: _Frames) -> bool:
        """Keep the pieces of a body, one while the next is read. Returns whether the file was answered."""
        row = admitted.row
        keeping: asyncio.Future[bool] | None = None
        answered = False
        try:
            for number in range(admitted.first, admitted.end):
                hashes = wire.path_bytes((await frames.take(1))[0])
                path = wire.split_path(await frames.take(hashes))
                body = await frames.take(pieces.length_of(row.size, number))
                if keeping is not None:
                    answered |= await keeping
                keeping = asyncio.ensure_future(asyncio.to_thread(desk.take, self._ctx, row, number, path, body))
        finally:
            if keeping is not None:
                answered |= await keeping
        self._count("done", sum(pieces.length_of(row.size, one) for one in range(admitted.first, admitted.end)))
        return answered


class Uploading:
    """The way to a partner's routes."""

    def __init__(self, ctx: Context, client: Client) -> None:
        self._ctx, self._client = ctx, client

    async def missing(self, row: Attachment, endpoint: str, pin: str) -> list[Range]:
        """What the partner says is missing. Raises ClosedError, NotAwaitedError or TransportError."""
        signed = await asyncio.to_thread(out.ask, self._ctx, row)
        return await self._send("HEAD", row, endpoint, pin, {SIGNED: signed}, None, PIECE_SECONDS)

    async def put(self, row: Attachment, range_: Range, endpoint: str, pin: str) -> list[Range]:
        """Upload pieces. Returns what is missing then. Raises as `missing`, and NotFoundError when it was deleted."""
        signed = await asyncio.to_thread(out.bring, self._ctx, row, range_)
        size = out.body_size(row, range_)
        seconds = PIECE_SECONDS * (range_[1] - range_[0] + 1)
        headers = {SIGNED: signed, "Content-Length": str(size), "Content-Type": "application/octet-stream"}
        return await self._send("PUT", row, endpoint, pin, headers, self._body(row, range_), seconds)

    async def _body(self, row: Attachment, range_: Range) -> AsyncIterator[bytes]:
        """The pieces, one read while the one before travels."""
        first, end = range_
        following = asyncio.ensure_future(asyncio.to_thread(out.frame, self._ctx, row, first))
        try:
            for number in range(first + 1, end):
                current = await following
                following = asyncio.ensure_future(asyncio.to_thread(out.frame, self._ctx, row, number))
                yield current
            yield await following
        finally:
            following.cancel()

    async def _send(
        self,
        method: str,
        row: Attachment,
        endpoint: str,
        pin: str,
        headers: Mapping[str, str],
        body: AsyncIterator[bytes] | None,
        seconds: float,
    ) -> list[Range]:
        timeout = aiohttp.ClientTimeout(total=seconds, connect=10)
        url = f"{endpoint}{PATH}/{row.address}"
        async with self._client.request(method, url, pin, headers=headers, data=body, timeout=timeout) as response:
            if response.status == 410:
                raise ClosedError
            if response.status == 404:
                raise NotAwaitedError
            if response.status == 503:
                raise NotTakenError(f"{endpoint}: the partner says: later")
            if response.status != 200:
                raise NotTakenError(f"{endpoint}: expected 200, got {response.status}")
            return wire.parse_missing(response.headers.get(MISSING, "?"), pieces.pieces_in(row.size))
