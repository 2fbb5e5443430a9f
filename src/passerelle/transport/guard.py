"""The door of a listener: who may hold a connection, and how long.

Rules kept here:
- connections are counted from `accept` on, before a byte of TLS is spent on them, in all and by address;
- when all are taken, the oldest on which nobody has proven to be a partner makes room; no partner is turned out for a
  stranger;
- a connection that does nothing ends: in the handshake, within the header of a request, behind an answer that came
  before the end of its body, idle. Within bodies and answers see `flow`;
- one request at a time: who sends the next before the answer (pipelining) is cut off. HTTP/1.1 only.

Threats met here: idle and half-open connections, slow handshakes and headers, a flood of connections that would keep
partners out. Left to the network in front: a flood of packets.
"""

import asyncio
import gc
import ipaddress
import socket
import struct
from asyncio import sslproto
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from passerelle.core.errors import TransportError
from passerelle.core.settings import LimitsSettings

_BACKLOG = 512
_CLEARED = 64  # connections that were closed since what they left was collected
_BUFFER = 64 * 1024  # bytes of TLS that one connection holds; the library's own measure is four times as much
_TURNED_AWAY = 64  # refused in a row before other work has its turn
Count = Callable[[str], None]
sslproto.SSLProtocol.max_size = _BUFFER


class Seat(socket.socket):
    """An accepted connection, which leaves its place when it is closed."""

    guard: "Guard"
    address: str
    number: int
    taken = False

    def close(self) -> None:
        self.guard.left(self)
        self.guard.closed(self)
        super().close()


class Guard:
    """The connections of a listener. `count` is told why one ended or was turned away, in one word."""

    def __init__(self, limits: LimitsSettings, count: Count = lambda reason: None) -> None:
        self.limits, self.count = limits, count
        self._seats: dict[int, Seat] = {}
        self._open = 0  # those among them, too, that were turned out and are not closed yet
        self._closed = 0
        self._strangers: dict[Seat, None] = {}  # the oldest first
        self._addresses: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._seats)

    def takes(self, seat: Seat) -> bool:
        """Whether a connection that was just accepted may stay."""
        if self._open >= self.limits.connections + self.limits.connections // 4:
            self.count("full")  # a burst: those that were turned out are closed first
            return False
        if self._addresses[seat.address] >= self.limits.connections_an_address:
            self.count("address-full")
            return False
        if len(self._seats) >= self.limits.connections:
            if not self._strangers:
                self.count("full")
                return False
            self._turn_out(next(iter(self._strangers)))
        self._open += 1
        seat.taken = True
        self._seats[seat.number] = seat
        self._strangers[seat] = None
        self._addresses[seat.address] += 1
        return True

    def _turn_out(self, seat: Seat) -> None:
        self.count("made-room")
        self.left(seat)
        with suppress(OSError):  # its transport sees the end, wherever it stands: in the handshake too
            seat.shutdown(socket.SHUT_RDWR)

    def of(self, transport: asyncio.BaseTransport) -> Seat | None:
        """The seat of a transport."""
        return self._seats.get(transport.get_extra_info("socket").fileno())

    def proven(self, seat: Seat | None) -> None:
        """A partner is on this connection."""
        if seat is not None:
            self._strangers.pop(seat, None)

    def closed(self, seat: Seat) -> None:
        """A connection is closed. A handshake that failed leaves its buffers in a circle, which only this finds."""
        if seat.taken:
            seat.taken = False
            self._open -= 1
            self._closed += 1
            if self._closed % _CLEARED == 0:
                gc.collect()

    def left(self, seat: Seat) -> None:
        """A connection is closed, or is about to be."""
        if self._seats.get(seat.number) is seat:
            del self._seats[seat.number]
            self._strangers.pop(seat, None)
            self._addresses[seat.address] -= 1
            if not self._addresses[seat.address]:
                del self._addresses[seat.address]


class Listening(socket.socket):
    """A listening socket that asks the guard before anybody spends anything on a connection."""

    guard: Guard

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection that may stay. Raises BlockingIOError when there is none now."""
        for _ in range(_TURNED_AWAY):
            plain, address = super().accept()
            seat = Seat(self.family, self.type, self.proto, plain.detach())
            seat.guard, seat.address, seat.number = self.guard, _network(address[0]), seat.fileno()
            if self.guard.takes(seat):
                _keep_alive(seat, self.guard.limits.body_ms)
                return seat, address
            seat.close()
        raise BlockingIOError


def _network(address: str) -> str:
    """What counts as one address: an IPv6 customer has a network of 64 bits at least."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if found.version == 4 or found.ipv4_mapped is not None:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))


def _keep_alive(seat: Seat, stalled_ms: int) -> None:
    """A peer that is gone without a word, or takes nothing of what is sent, is noticed by the system."""
    seat.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", 30),
        ("TCP_KEEPINTVL", 10),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", stalled_ms),
    ):
        if hasattr(socket, name):
            seat.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class Guarded(H11Protocol):
    """HTTP/1.1 on one connection, with an end to every way of doing nothing."""

    guard: Guard

    def __init__(self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, {**app_state, "connection": self}, _loop)
        self._seat: Seat | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._awaited = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._seat = self.guard.of(transport)
        self.timeout_keep_alive = self.guard.limits.stranger_ms / 1000  # type: ignore[assignment]
        self._await("header", self.guard.limits.header_ms)

    def proven(self) -> None:
        """A partner has signed what came on this connection."""
        self.guard.proven(self._seat)
        self.timeout_keep_alive = self.guard.limits.idle_ms / 1000  # type: ignore[assignment]

    def end(self, reason: str) -> None:
        """Cut the connection off: what the other side has not taken is not kept for it, by the system neither."""
        self.guard.count(reason)
        if self._seat is not None and self._seat.fileno() >= 0:
            self._seat.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if (asked := self._unanswered()) and not asked.more_body and self.conn.trailing_data[0]:
            self.end("pipelined")
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        self._await("", 0)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self.guard.count("malformed")
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:  # an answer is on its way already
            self.transport.abort()

    def _unanswered(self) -> RequestResponseCycle | None:
        """The request that is at work."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle if cycle is not None and not cycle.response_complete else None

    def _look(self) -> None:
        """What is awaited now, and until when."""
        limits = self.guard.limits
        if self.transport.is_closing() or self._unanswered():
            self._await("", 0)
        elif self.conn.their_state is h11.SEND_BODY:
            self._await("unwanted", limits.stranger_ms)  # answered already; time to read that, and no more
        elif self.timeout_keep_alive_task is None:
            self._await("header", limits.header_ms)
        else:
            self._await("", 0)

    def _await(self, what: str, milliseconds: int) -> None:
        if what == self._awaited:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._awaited = what
        self._timer = self.loop.call_later(milliseconds / 1000, self.end, what) if what else None


class Listener(uvicorn.Server):
    """A running server whose connections are guarded."""

    def __init__(self, config: uvicorn.Config, guard: Guard, host: str, port: int) -> None:
        super().__init__(config)
        config.http = type("Protocol", (Guarded,), {"guard": guard})
        self.guard, self._address = guard, (host, port)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """None: the process has one stop, and it is the node's."""
        yield

    async def startup(self, sockets: Any = None) -> None:
        """Listen. Raises TransportError when the address is taken or is none of this machine."""
        await self.lifespan.startup()
        loop, limits, config = asyncio.get_running_loop(), self.guard.limits, self.config
        seconds: dict[str, Any] = {}
        if config.ssl is not None:
            seconds = {"ssl_handshake_timeout": limits.handshake_ms / 1000, "ssl_shutdown_timeout": 2.0}

        def made() -> asyncio.Protocol:
            kind: Any = config.http_protocol_class
            return kind(config=config, server_state=self.server_state, app_state=self.lifespan.state)  # type: ignore[no-any-return]

        self.servers = []
        for one in _listening(*self._address):
            one.guard = self.guard
            server = await loop.create_server(made, sock=one, ssl=config.ssl, backlog=_BACKLOG, **seconds)
            self.servers.append(server)
        self.started = True


def _listening(host: str, port: int) -> Iterator[Listening]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, proto, _, address in dict.fromkeys(found):
            one = Listening(family, kind, proto)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.setblocking(False)
            yield one
    except OSError as error:
        words = error.strerror or type(error).__name__
        raise TransportError(f"expected a free address to listen on, got one that is not: {words}") from None
