"""A server with shortened limits in a thread, and clients that misbehave on real sockets."""

import asyncio
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from passerelle.core.settings import LimitsSettings
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.exchange.inbox import Admitted
from passerelle.identity import tls
from passerelle.transport.https import Server, application

HEAD = b"ma routine 3\n"
PATH = "/passerelle/1/batch"


class Running:
    """A server at work, what it counted, and what its handlers wait for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.counted: Counter[str] = Counter()
        self.went: Counter[tuple[str, str]] = Counter()
        self.go = threading.Event()
        self.go.set()
        self.working = threading.Semaphore(0)
        self.answer = b"fine"
        self.server: Any = None

    def handle(self, body: bytes) -> bytes:
        self.working.release()
        assert self.go.wait(30)
        return self.answer

    @staticmethod
    def admit(head: bytes) -> Admitted:
        name, lane, entries = head.decode().split()
        if name == "stranger":
            raise BatchRefusedError(Check.SIGNATURE, "expected a partner, got a stranger")
        return Admitted(name, lane, int(entries))

    def plain(self, source: str = "127.0.0.1") -> socket.socket:
        """A connection without TLS on it yet."""
        return socket.create_connection(("127.0.0.1", self.port), 20, (source, 0))

    def connect(self, source: str = "127.0.0.1", **options: Any) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = self.plain(source)
        for name, value in options.items():
            plain.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        return context.wrap_socket(plain)

    def until(self, what: Callable[[], bool]) -> None:
        """Wait until something that another thread does is so."""
        end = time.monotonic() + 20
        while not what():
            assert time.monotonic() < end, (dict(self.counted), dict(self.went))
            threading.Event().wait(0.005)


@contextmanager
def running(folder: Path, **limits: int) -> Iterator[Running]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        made = Running(probe.getsockname()[1])
    private, certificate = tls.make_certificate("be")
    key, pem = folder / "tls.key", folder / "tls.pem"
    key.write_bytes(private)
    pem.write_bytes(certificate)
    handlers = dict.fromkeys(("batch", "status", "recover"), made.handle)

    def count(what: str, why: str) -> None:
        made.went[what, why] += 1

    def counted(why: str) -> None:
        made.counted[why] += 1

    started = threading.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        app = application(handlers, lambda event, **fields: None, made.admit, count=count)
        made.server = Server(app, "127.0.0.1", made.port, str(key), str(pem), LimitsSettings(**limits), counted)
        task = asyncio.create_task(made.server.serve())
        while not made.server.started:
            await asyncio.sleep(0.005)
        started.set()
        await task

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert started.wait(20)
        yield made
    finally:
        made.go.set()
        made.server.stop()
        thread.join(30)
        loop.close()
        assert not thread.is_alive()


def batch(body: bytes = b"", head: bytes = HEAD, path: str = PATH, more: str = "", length: int | None = None) -> bytes:
    """A request whose body begins with a header."""
    whole = len(head).to_bytes(4, "big") + head + body
    said = f"Content-Length: {len(whole) if length is None else length}\r\n" if length != -1 else ""
    return f"POST {path} HTTP/1.1\r\nHost: be\r\n{said}{more}\r\n".encode() + whole


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of an answer; status 0 when the connection ended without one."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (part := received(connection)):
            return 0, data
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().splitlines() if line.startswith(b"content-length")]
    while lengths and len(body) < int(lengths[0]) and (part := received(connection)):
        body += part
    return int(head.split()[1]), head.lower() + b"\n\n" + body


def received(connection: socket.socket) -> bytes:
    """What came, or nothing at the end."""
    try:
        return connection.recv(65536)
    except (ConnectionError, ssl.SSLError):
        return b""


def ended(connection: socket.socket) -> bool:
    """Wait for the end of a connection. A timeout is an error."""
    while received(connection):
        pass
    return True
