"""Uploads over real TLS: who is turned away, what is kept of what ends early, and what is told later."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from passerelle.core.errors import TransportError
from passerelle.core.settings import LimitsSettings
from passerelle.exchange import attachments_out
from passerelle.exchange import attachments_wire as wire
from passerelle.exchange.attachments_wire import MISSING, PATH, SIGNED
from passerelle.exchange.context import Uploads as Limits
from passerelle.identity import tls
from passerelle.ports.attachments import BODIES, Attachment
from passerelle.transport.https import Client, Server
from passerelle.transport.uploads import ClosedError, NotAwaitedError, Uploading, Uploads
from tests.peers.pair import Pair, partners
from tests.peers.test_attachments import pair_with
from tests.peers.uploads import MIB, attach, files, png, read, send


@dataclass
class Interface:
    """The receiver's interface at work, and the sender's way to it."""

    pair: Pair
    endpoint: str
    pin: str
    way: Uploading
    answered: list[tuple[str, str]]
    log: list[str]

    async def raw(
        self, address: str, header: str, body: bytes, length: int, *, cut: bool = False
    ) -> tuple[int, dict[str, str]]:
        """A PUT by hand, whose body may be shorter than it says. `cut`: the connection ends behind it."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        port = int(self.endpoint.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        signed = f"{SIGNED}: {header}\r\n" if header else ""
        head = f"PUT {PATH}/{address} HTTP/1.1\r\nHost: ma\r\n{signed}Content-Length: {length}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        if cut:
            writer.close()
            return 0, {}
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        writer.close()
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        return int(lines[0].split()[1]), headers

    def row(self, message: Any) -> Attachment:
        return files(self.pair.be, message.id)[0]

    def there(self) -> int:
        return len(self.pair.ma.all(BODIES))


@asynccontextmanager
async def interface(pair: Pair, folder: Path, **limits: int) -> AsyncIterator[Interface]:
    private, certificate = tls.make_certificate("ma")
    (folder / "tls.key").write_bytes(private)
    (folder / "tls.pem").write_bytes(certificate)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answered: list[tuple[str, str]] = []
    log: list[str] = []

    def said(*words: Any, **more: Any) -> None:
        log.append(f"{words} {more}")

    app = Starlette(routes=Uploads(pair.ma.ctx, lambda *who: answered.append(who), said).routes)
    where = (str(folder / "tls.key"), str(folder / "tls.pem"))
    server = Server(app, "127.0.0.1", port, *where, LimitsSettings(**limits))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    client = Client(20_000)
    way = Uploading(pair.be.ctx, client)
    try:
        yield Interface(pair, f"https://127.0.0.1:{port}", tls.pin_of(certificate), way, answered, log)
    finally:
        await client.close()
        server.stop()
        await serving


Scenario = Callable[[Interface], Awaitable[None]]


def play(pair: Pair, folder: Path, scenario: Scenario, **limits: int) -> None:
    async def main() -> None:
        async with interface(pair, folder, **limits) as made:
            await scenario(made)

    asyncio.run(main())


def body_of(pair: Pair, row: Attachment, first: int, end: int) -> bytes:
    return b"".join(attachments_out.frame(pair.be.ctx, row, number) for number in range(first, end))


def test_a_file_is_brought_asked_about_and_answered(tmp_path: Path) -> None:
    pair = partners()
    one = attach(pair.be, png(5 * MIB + 9))
    message = send(pair, one)

    async def scenario(made: Interface) -> None:
        row, to = made.row(message), (made.endpoint, made.pin)
        with pytest.raises(NotAwaitedError):
            await made.way.missing(row, *to)
        pair.settle()
        assert await made.way.missing(row, *to) == [(0, 6)]
        assert await made.way.put(row, (0, 4), *to) == [(4, 6)]
        assert made.answered == []
        assert await made.way.put(row, (2, 6), *to) == []
        assert made.answered == [("be", "routine")]
        with pytest.raises(ClosedError):
            await made.way.missing(row, *to)
        with pytest.raises(TransportError, match="certificate"):
            await made.way.missing(row, made.endpoint, "0" * 64)

    play(pair, tmp_path, scenario)
    assert read(pair.ma, one) == read(pair.be, one)


def test_what_a_request_has_brought_before_it_ends_is_kept(tmp_path: Path) -> None:
    pair = partners()
    message = send(pair, attach(pair.be, png(4 * MIB)))
    pair.settle()

    async def scenario(made: Interface) -> None:
        row = made.row(message)
        header, body = attachments_out.bring(pair.be.ctx, row, (0, 4)), body_of(pair, row, 0, 4)
        cut = body[: 2 * MIB + 1000]
        await made.raw(row.address, header, cut, len(body), cut=True)
        while made.there() < 1:
            await asyncio.sleep(0.01)
        assert made.there() <= 2
        missing = await made.way.missing(row, made.endpoint, made.pin)
        assert missing[-1][1] == 4
        assert await made.way.put(row, (0, 4), made.endpoint, made.pin) == []

    play(pair, tmp_path, scenario)
    assert files(pair.ma, message.id)[0].state == "complete"


def test_a_stranger_is_turned_away_before_his_body_is_read(tmp_path: Path) -> None:
    pair = partners()
    message = send(pair, attach(pair.be, png(2 * MIB)))
    pair.settle()

    async def scenario(made: Interface) -> None:
        row = made.row(message)
        now = pair.clock.now()
        forged = wire.request("be", "ma", row.address, (0, 2), now, [pair.ma.ctx.keys.envelope])
        good = attachments_out.bring(pair.be.ctx, row, (0, 1))
        for header, address, status in (
            ("", row.address, 400),
            ("AAAA", row.address, 400),
            (forged, row.address, 403),
            (good, "ab" * 32, 403),
        ):
            # Not a byte of the body is sent, and the answer is there.
            assert (await made.raw(address, header, b"", 10**9))[0] == status
        assert made.there() == 0

    play(pair, tmp_path, scenario)


def test_what_is_no_piece_of_the_file_ends_the_request(tmp_path: Path) -> None:
    pair = partners()
    message = send(pair, attach(pair.be, png(3 * MIB)))
    pair.settle()

    async def scenario(made: Interface) -> None:
        row = made.row(message)
        header, body = attachments_out.bring(pair.be.ctx, row, (0, 2)), body_of(pair, row, 0, 2)
        broken = body[:100] + bytes([body[100] ^ 1]) + body[101:]
        assert (await made.raw(row.address, header, broken, len(body)))[0] == 422
        assert (await made.raw(row.address, header, b"\xff" + body[1:], len(body)))[0] == 400
        assert made.there() <= 1
        status, headers = await made.raw(row.address, header, body, len(body))
        assert (status, headers[MISSING.lower()]) == (200, "2-2")

    play(pair, tmp_path, scenario)


def test_who_has_no_room_is_told_later(tmp_path: Path) -> None:
    pair = partners()
    pair.ma = pair_with(pair.ma, Limits(unfinished_files=1))
    message = send(pair, attach(pair.be, png(2 * MIB)), attach(pair.be, png(2 * MIB)))
    pair.settle()

    async def scenario(made: Interface) -> None:
        first, second = files(pair.be, message.id)
        to = (made.endpoint, made.pin)
        await made.way.put(first, (0, 1), *to)
        with pytest.raises(TransportError, match="later"):
            await made.way.put(second, (0, 1), *to)
        header, body = attachments_out.bring(pair.be.ctx, second, (0, 1)), body_of(pair, second, 0, 1)
        status, headers = await made.raw(second.address, header, body, len(body))
        assert status == 503
        assert int(headers["retry-after"]) > 0
        assert await made.way.put(first, (1, 2), *to) == []
        assert await made.way.put(second, (0, 2), *to) == []

    play(pair, tmp_path, scenario)
