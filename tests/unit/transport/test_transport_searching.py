"""The search over real TLS: what is answered, who is turned away and when, what is told later."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from passerelle.core.errors import TransportError
from passerelle.core.settings import LimitsSettings
from passerelle.exchange.checks import BatchRefusedError
from passerelle.identity import tls
from passerelle.ports.records import PARTNERS
from passerelle.ports.search import ASKED
from passerelle.search import evaluating, fetching, sending, wire
from passerelle.search.answering import Desk
from passerelle.search.evaluating import Evaluator
from passerelle.transport.https import Client, NotServedError, RefusedByPartnerError, Server
from passerelle.transport.searching import Searching
from tests.peers.copies import fork
from tests.peers.pair import Pair, partners
from tests.peers.searching import SEARCH, Search, Table, key, publish, wait


@pytest.fixture(scope="module")
def base() -> Pair:
    pair = partners(channel={"search": SEARCH})
    publish(pair, Table(key(number) for number in range(10)))
    Search(pair).arrive()
    return pair


@dataclass
class Interface:
    """ma's interface at work, and be's way to it."""

    search: Search
    endpoint: str
    pin: str
    client: Client
    counted: list[tuple[str, str]] = field(default_factory=list)

    async def post(self, name: str, body: bytes) -> bytes:
        return await self.client.post(self.endpoint, self.pin, name, body)


@asynccontextmanager
async def interface(search: Search, folder: Path, **limits: int) -> AsyncIterator[Interface]:
    private, certificate = tls.make_certificate("ma")
    (folder / "tls.key").write_bytes(private)
    (folder / "tls.pem").write_bytes(certificate)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = Interface(search, f"https://127.0.0.1:{port}", tls.pin_of(certificate), Client(20_000))
    evaluator = Evaluator(waiting=4)
    desk = Desk(search.pair.ma.ctx, evaluator)
    searching = Searching(desk, lambda event, **fields: None, lambda *what: made.counted.append(what))
    where = (str(folder / "tls.key"), str(folder / "tls.pem"))
    server = Server(Starlette(routes=searching.routes), "127.0.0.1", port, *where, LimitsSettings(**limits))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield made
    finally:
        await made.client.close()
        server.stop()
        await serving
        searching.close()
        evaluator.close()


Scenario = Callable[[Interface], Awaitable[None]]


def play(base: Pair, folder: Path, scenario: Scenario, **limits: int) -> None:
    async def main() -> None:
        async with interface(Search(fork(base)), folder, **limits) as made:
            await scenario(made)

    asyncio.run(main())


def test_a_question_a_table_and_a_list(base: Pair, tmp_path: Path) -> None:
    async def scenario(made: Interface) -> None:
        pair = made.search.pair
        posting = made.search.post(wait(pair, [3, 50]))
        done = sending.take(pair.be.ctx, posting, await made.post("question", posting.body))
        assert (done.state, done.hits) == ("answered", 1)
        publish(pair, Table([key(1)]), number=2, published=pair.clock.now() + 1)
        pair.settle("governance")
        wanted = fetching.next_table(pair.be.ctx, "ma")
        assert wanted is not None
        assert fetching.keep(pair.be.ctx, wanted, await made.post("table", wanted.body))
        body = fetching.ask_list(pair.be.ctx, "ma", "wanted")
        fetching.keep_list(pair.be.ctx, "ma", "wanted", await made.post("withdrawals", body))
        assert made.counted == [("question", "done")]

    play(base, tmp_path, scenario)


def test_a_refusal_is_the_number_and_no_word_more(base: Pair, tmp_path: Path) -> None:
    async def scenario(made: Interface) -> None:
        pair = made.search.pair
        posting = made.search.post(wait(pair, [3]))
        body = posting.body
        wrong = {
            "question": [(b"", "0"), (b"\0\0\0\2xx", "0"), (body[:-1], "1"), (body + b"x", "1")],
            "table": [(b"", "0"), (b"x" * 9000, "0"), (fetching.ask_list(pair.be.ctx, "ma", "wanted"), "0")],
            "withdrawals": [(b"", "0"), (fetching.ask_list(pair.be.ctx, "ma", "stolen"), "10")],
        }
        for name, those in wrong.items():
            for one, number in those:
                with pytest.raises(RefusedByPartnerError) as found:
                    await made.post(name, one)
                assert found.value.check == number, (name, one[:40])
        assert {what for what, _ in made.counted} == {"refused", "question"}
        assert {why for what, why in made.counted if what == "question"} == {"refused"}
        assert not pair.ma.all(ASKED)

    play(base, tmp_path, scenario)


def test_a_stranger_is_turned_away_by_the_header_alone(base: Pair, tmp_path: Path) -> None:
    """The rest of the body never comes, and the answer does not wait for it."""

    async def scenario(made: Interface) -> None:
        pair = made.search.pair
        posting = made.search.post(wait(pair, [3]))
        pair.ma.store.write("test.forget", lambda tx: tx.delete(PARTNERS, [("be",)]))
        head = posting.body[: 4 + int.from_bytes(posting.body[:4])]

        async def body() -> AsyncIterator[bytes]:
            yield head
            await asyncio.Event().wait()

        url = f"{made.endpoint}/passerelle/1/question"
        async with made.client.request("POST", url, made.pin, data=body()) as response:
            assert response.status == 422
            assert await response.read() == b'{"refused":"1"}'

    play(base, tmp_path, scenario)


def test_too_large_is_refused_as_soon_as_it_is_known(base: Pair, tmp_path: Path) -> None:
    async def scenario(made: Interface) -> None:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        port = int(made.endpoint.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        head = f"POST /passerelle/1/question HTTP/1.1\r\nHost: ma\r\nContent-Length: {wire.MAX_QUESTION + 1}\r\n\r\n"
        writer.write(head.encode())  # and not a byte more
        assert (await reader.readline()).split()[1] == b"422"
        writer.close()

    play(base, tmp_path, scenario)


def test_who_comes_while_too_much_is_evaluated_comes_later_and_is_debited_once(
    base: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go = threading.Semaphore(0), threading.Event()
    evaluate = evaluating._evaluate

    def slow(secrets: Any, elements: bytes) -> Any:
        began.release()
        assert go.wait(20)
        return evaluate(secrets, elements)

    monkeypatch.setattr(evaluating, "_evaluate", slow)

    async def scenario(made: Interface) -> None:
        pair = made.search.pair
        postings = [made.search.post(wait(pair, [number])) for number in range(3)]
        first = [asyncio.create_task(made.post("question", one.body)) for one in postings[:2]]
        for _ in first:
            assert await asyncio.to_thread(began.acquire, timeout=20)
        with pytest.raises(NotServedError, match="later"):
            await made.post("question", postings[2].body)
        assert made.counted == [("question", "busy"), ("later", "evaluating")]
        body = fetching.ask_list(pair.be.ctx, "ma", "wanted")
        await made.post("withdrawals", body)  # what is evaluated is in nobody else's way
        go.set()
        answers = [await one for one in first]
        answers.append(await made.post("question", postings[2].body))
        for posting, answer in zip(postings, answers, strict=True):
            assert sending.take(pair.be.ctx, posting, answer).hits == 1
        assert [one.count for one in pair.ma.all(ASKED)] == [10, 10, 10]
        assert sending.take(pair.be.ctx, postings[2], answers[2]).left_day == 20_000 - 30

    play(base, tmp_path, scenario)


def test_no_room_is_told_before_the_body_is_read(base: Pair, tmp_path: Path) -> None:
    async def scenario(made: Interface) -> None:
        pair = made.search.pair
        posting = made.search.post(wait(pair, [3], width=10))
        with pytest.raises((NotServedError, TransportError)):
            await made.post("question", posting.body)
        assert {what for what, _ in made.counted} == {"later"}

    play(base, tmp_path, scenario, partner_requests=1, wait_ms=10)


def test_a_desk_refuses_before_it_opens(base: Pair) -> None:
    search = Search(fork(base))
    posting = search.post(wait(search.pair, [3]))
    admitted = search.desk.admit(posting.body[4 : 4 + int.from_bytes(posting.body[:4])])
    assert (admitted.partner, admitted.lane) == ("be", "routine")
    with pytest.raises(BatchRefusedError):
        search.desk.admit(b"passerelle-question/1\n")
