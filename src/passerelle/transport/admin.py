"""Health and metrics, for the operator's own tools: plain HTTP on a listener of its own, never on that of partners.

    GET /-/live       200 while the loop turns; whoever gets no answer starts the process anew
    GET /-/ready      200, or 503 with what is not well, in words of this node
    GET /-/versions   of the program, its formats, its libraries, its dossier types
    GET /metrics      what it counts (`metrics`)

Rules kept here: nothing can be changed, no identifier is told, no answer quotes an error. Who may reach it is for the
address to say (`admin.listen`): that of the machine itself, or of a network of the operator's.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from passerelle.transport.metrics import CONTENT_TYPE

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""What is looked at, each with what is not well, or nothing."""


def application(
    ready: Ready, versions: Callable[[], Mapping[str, object]], metrics: Callable[[], Awaitable[bytes]]
) -> Starlette:
    """The four pages."""

    async def live(request: Request) -> Response:
        return JSONResponse({"live": True})

    async def is_ready(request: Request) -> Response:
        found = await ready()
        well = not any(found.values())
        told = {name: words or "well" for name, words in found.items()}
        return JSONResponse({"ready": well, **told}, 200 if well else 503)

    async def all_versions(request: Request) -> Response:
        return JSONResponse(dict(versions()))

    async def counts(request: Request) -> Response:
        return Response(await metrics(), media_type=CONTENT_TYPE, headers={"Content-Type": CONTENT_TYPE})

    pages = {"/-/live": live, "/-/ready": is_ready, "/-/versions": all_versions, "/metrics": counts}
    return Starlette(routes=[Route(path, page, methods=["GET"]) for path, page in pages.items()])
