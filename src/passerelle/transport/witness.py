"""The interface of a witness over HTTPS (C2SP tlog-witness), and the way to one.

    POST <prefix>/add-checkpoint   old size, proof, checkpoint -> 200 cosignature lines
    POST <prefix>/held             a signed checkpoint of the log -> 200 the newest that is held of it, cosigned

A witness that serves alone has its endpoint for a prefix; a node has `/passerelle/1/witness` below its own. 400, 403,
404, 409 (with the size that is held, `text/x.tlog.size`) and 422 are those of the specification; 503 means: later,
nothing was changed. TLS is pinned to the certificate in the identity file; security never rests on it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from passerelle.core.errors import StoreError
from passerelle.core.log import Say
from passerelle.ledger.witness import MAX_REQUEST
from passerelle.oversight.witness import (
    BehindError,
    InconsistentError,
    RequestError,
    UnknownLogError,
    UnsignedError,
    WitnessError,
)

SIZE = "text/x.tlog.size"
ADD, HELD = "add-checkpoint", "held"

_STATUS: dict[type[WitnessError], int] = {
    RequestError: 400,
    UnsignedError: 403,
    UnknownLogError: 404,
    BehindError: 409,
    InconsistentError: 422,
}


class Desk(Protocol):
    """What a witness does: a folder of its own, or a node for its partners."""

    def add(self, body: bytes) -> bytes: ...

    def held(self, body: bytes) -> bytes: ...


async def _body(request: Request) -> bytes:
    """The body, refused as soon as it is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_REQUEST:
            raise RequestError(f"expected at most {MAX_REQUEST} bytes, got more")
    return bytes(body)


def _endpoint(name: str, handler: Callable[[bytes], bytes], say: Say) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return Response(await asyncio.to_thread(handler, await _body(request)), media_type="text/plain")
        except BehindError as error:
            say("witness.refused", path=name, status=409, reason=error)
            return Response(f"{error.size}\n", 409, media_type=SIZE, headers={"Content-Type": SIZE})
        except WitnessError as error:
            # A stranger learns the number of the specification, and nothing of what is watched here.
            say("witness.refused", path=name, status=_STATUS[type(error)], reason=error)
            return Response(status_code=_STATUS[type(error)])
        except StoreError as error:
            say("witness.refused", path=name, status=503, reason=error)
            return Response(status_code=503)

    return answer


def routes(prefix: str, desk: Desk, say: Say) -> list[Route]:
    """The two routes below a prefix."""
    return [
        Route(f"{prefix}/{name}", _endpoint(name, handler, say), methods=["POST"])
        for name, handler in ((ADD, desk.add), (HELD, desk.held))
    ]


def application(desk: Desk, say: Say) -> Starlette:
    """The interface of a witness that serves alone."""
    return Starlette(routes=routes("", desk, say))
