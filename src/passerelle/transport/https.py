"""The partner interface over HTTPS: three posts of bytes, answered with bytes.

    POST /passerelle/1/batch     a sealed batch       -> 200 the receipt, a signed note
    POST /passerelle/1/status    a status question    -> 200 what is held of the asker's logs
    POST /passerelle/1/recover   a recover question   -> 200 a sealed batch of the asker's own entries

A refusal is 422 with the JSON `{"refused": "<number of the check>"}` and no word more. 503 means: try again later
(locked store, full disk, no room); nothing was changed. Bodies are bounded while they are read (`flow`), connections
from their first moment on (`guard`).

TLS hides metadata and is pinned to the certificate in the partner's identity file; security never rests on it.
"""

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import product
from typing import Any

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from passerelle.core.errors import KeyFileError, StoreError, TransportError
from passerelle.core.log import Say
from passerelle.core.retold import E_
from passerelle.core.settings import LimitsSettings
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.exchange.inbox import Admitted
from passerelle.exchange.sealing import MAX_BODY, MAX_HEADER, header_part
from passerelle.ledger.note import MAX_NOTE
from passerelle.transport import flow, guard
from passerelle.transport.flow import Flow, LaterError, Room

PATHS = {"batch": MAX_BODY, "status": MAX_NOTE, "recover": MAX_NOTE}
Handler = Callable[[bytes], bytes]
Admit = Callable[[bytes], Admitted]
Work = Callable[[Request], Awaitable[bytes]]
"""Reads what was posted, and gives the answer."""
Count = Callable[[str, str], None]
"""Told what a request came to: `refused` with the number of the check, or `later` with the reason in a word."""


class RefusedByPartnerError(TransportError):
    """The partner refused with the number of a check."""

    def __init__(self, check: str) -> None:
        super().__init__(f"the partner refused with check {check}")
        self.check = check


class NotServedError(TransportError):
    """The partner was reached, and did not do it: it says later, or does not know what was asked."""


async def read_body(request: Request, most: int, admit: Admit | None = None, answer: int = 0) -> bytes:
    """The body, refused as soon as it is too large, or begins with a header that no partner signed.

    `answer`: bytes for which room is taken beside those of the body.
    """
    if flow.declared(request, 0) > most:
        raise _too_large(most)
    body = bytearray()
    admitted = admit is None
    async for part in request.stream():
        body += part
        if len(body) > most:
            raise _too_large(most)
        # A stranger is turned away by the first kilobytes: what he would send behind them is never held.
        if not admitted and admit is not None and (head := header_part(bytes(body[: 4 + MAX_HEADER]))):
            one = await asyncio.to_thread(admit, head)
            size, urgent = flow.declared(request, most), one.lane == "flash"
            await flow.hold(request, one.partner, size + answer, entries=one.entries, urgent=urgent)
            admitted = True
    return bytes(body)


def _too_large(most: int) -> BatchRefusedError:
    return BatchRefusedError(Check.FORM, f"expected at most {most} bytes, got more")


def endpoint(name: str, work: Work, say: Say, count: Count) -> Callable[[Request], Awaitable[Response]]:
    """A route that answers bytes with bytes: what `work` gives, or how it ended, without a word more."""

    async def answer(request: Request) -> Response:
        try:
            return Response(await work(request), media_type="application/octet-stream")
        except BatchRefusedError as error:
            say("partner.refused", path=name, check=str(error.check), reason=error.words)
            count("refused", str(error.check))
            return JSONResponse({"refused": str(error.check)}, 422)
        except LaterError as error:
            say("partner.later", path=name, why=error.why)
            count("later", error.why)
            return flow.later(error)
        except (StoreError, KeyFileError) as error:  # a key that cannot be had now, as of a token that is away
            why = "store" if isinstance(error, StoreError) else "keys"
            say("partner.later", path=name, why=why)
            count("later", why)
            return JSONResponse({"later": True}, 503)

    return answer


def _posted(handler: Handler, most: int, admit: Admit | None, answers: int) -> Work:
    async def work(request: Request) -> bytes:
        body = await read_body(request, most, admit)
        if answers:
            await flow.hold_answer(request, answers)
        return await asyncio.to_thread(handler, body)

    return work


_USUAL = LimitsSettings()


def _uncounted(what: str, why: str) -> None:
    """Nobody counts."""


def application(
    handlers: Mapping[str, Handler],
    say: Say,
    admit: Admit | None = None,
    more: Sequence[Route] = (),
    count: Count = _uncounted,
) -> Starlette:
    """The partner interface. `handlers` by name of `PATHS`; they run in threads.

    `admit` is shown the header of a batch before the rest is read; it raises BatchRefusedError for a stranger's. `more`
    are routes beside these.
    """
    routes = []
    for name, most in PATHS.items():
        first, answers = (admit, 0) if name == "batch" else (None, MAX_BODY if name == "recover" else 0)
        work = _posted(handlers[name], most, first, answers)
        routes.append(Route(f"/passerelle/1/{name}", endpoint(name, work, say, count), methods=["POST"]))
    return Starlette(routes=[*routes, *more])


class Server:
    """A running interface, bounded whoever calls. Without key and certificate: plain HTTP, for the own machine."""

    def __init__(
        self,
        app: Starlette,
        host: str,
        port: int,
        key_file: str | None = None,
        certificate_file: str | None = None,
        limits: LimitsSettings = _USUAL,
        count: guard.Count = lambda reason: None,
        password: str | None = None,
    ) -> None:
        self.room = Room(limits)
        config = uvicorn.Config(
            Flow(app, limits, self.room),
            ssl_keyfile=key_file,
            ssl_keyfile_password=password,
            ssl_certfile=certificate_file,
            log_config=None,
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            interface="asgi3",
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=flow.MAX_HEADER,
            timeout_graceful_shutdown=10,
        )
        self.guard = guard.Guard(limits, count)
        self._server = guard.Listener(config, self.guard, host, port)

    async def serve(self) -> None:
        """Until `stop`. Raises TransportError when the address is taken."""
        await self._server.serve()

    @property
    def started(self) -> bool:
        return self._server.started

    def stop(self) -> None:
        self._server.should_exit = True


class Client:
    """Posts to partners. One connection pool for the process."""

    def __init__(self, timeout_ms: int) -> None:
        self._session: aiohttp.ClientSession | None = None
        # One object a pin: the pool of connections knows a partner by it, and a new one each time would reuse none.
        self._fingerprints: dict[str, aiohttp.Fingerprint] = {}
        self._timeout = aiohttp.ClientTimeout(total=timeout_ms / 1000, connect=min(10.0, timeout_ms / 1000))

    async def post(self, endpoint: str, pin: str, name: str, body: bytes) -> bytes:
        """The answer's bytes. Raises RefusedByPartnerError or TransportError with the exact reason."""
        status, content = await self.exchange(f"{endpoint}/passerelle/1/{name}", pin, body)
        return self._checked(endpoint, status, content)

    async def exchange(self, url: str, pin: str, body: bytes) -> tuple[int, bytes]:
        """Status and bytes of what a post is answered with. Raises TransportError when nothing is."""
        headers = {"Content-Type": "application/octet-stream"}
        async with self.request("POST", url, pin, data=body, headers=headers) as response:
            content = await response.content.read(MAX_BODY + 1)
            while len(content) <= MAX_BODY and (part := await response.content.read(MAX_BODY + 1)):
                content += part
            if len(content) > MAX_BODY:
                endpoint = "/".join(url.split("/")[:3])
                raise TransportError(f"{endpoint}: expected an answer of at most {MAX_BODY} bytes, got more")
            return response.status, bytes(content)

    @asynccontextmanager
    async def request(self, method: str, url: str, pin: str, **how: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """A request and its answer; `how` goes to aiohttp. Whatever fails until its end is a TransportError."""
        endpoint = "/".join(url.split("/")[:3])
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout,
                auto_decompress=False,
                headers={"Accept-Encoding": "identity"},
                # One slow partner never waits in the place of others: their number is not bounded here, its own is.
                connector=aiohttp.TCPConnector(limit=0, limit_per_host=_TO_ONE),
            )
        fingerprint = self._fingerprints.setdefault(pin, aiohttp.Fingerprint(bytes.fromhex(pin)))
        try:
            async with self._session.request(method, url, ssl=fingerprint, allow_redirects=False, **how) as response:
                yield response
        except aiohttp.ServerFingerprintMismatch:
            raise TransportError(f"{endpoint}: expected the certificate of the identity file, got another") from None
        except TimeoutError:
            raise TransportError(f"{endpoint}: no answer in time") from None
        except aiohttp.ClientConnectorError as error:
            raise TransportError(f"{endpoint}: cannot be reached: {_why(error.os_error)}") from None
        except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
            raise TransportError(f"{endpoint}: the connection failed: {type(error).__name__}: {error}") from None

    async def post_any(self, endpoints: Sequence[str], pins: str | Sequence[str], name: str, body: bytes) -> bytes:
        """The answer of the first endpoint that gives one; a refusal is an answer. Raises TransportError.

        `pins`: of the certificate; a partner that changes it shows the one before until everybody knows the new one.
        """
        failure = TransportError("expected an endpoint in the partner's identity file, got none")
        for endpoint, pin in product(endpoints, (pins,) if isinstance(pins, str) else pins):
            try:
                return await self.post(endpoint, pin, name, body)
            except RefusedByPartnerError:
                raise
            except TransportError as error:
                failure = error
        raise failure

    @staticmethod
    def _checked(endpoint: str, status: int, content: bytes) -> bytes:
        if status == 422:
            numbers = {f'{{"refused":"{check.value}"}}'.encode(): check.value for check in Check}
            if content in numbers:
                raise RefusedByPartnerError(numbers[content])
        if status == 503:
            raise NotServedError(f"{endpoint}: the partner says: later")
        if status != 200:
            raise NotServedError(f"{endpoint}: expected 200, got {status}")
        return content

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


_TO_ONE = 8
"""Connections to one endpoint at once: three lanes, questions, uploads."""

SYSTEM = (
    E_("Connection refused"),
    E_("Connection reset by peer"),
    E_("Connection timed out"),
    E_("Name or service not known"),
    E_("Network is unreachable"),
    E_("No route to host"),
    E_("Temporary failure in name resolution"),
)
"""What the system most often says when it finds no way, in English whatever the language: a door retells it."""


def _why(error: OSError) -> str:
    words = error.strerror or str(error)
    # The event loop puts the address in the place of the system's own words.
    return os.strerror(error.errno) if error.errno and words.startswith("Connect call failed") else words
