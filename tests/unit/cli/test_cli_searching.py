"""Two nodes at work with a search between them: what the service does by itself, whoever is away and whoever stops."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from passerelle.node import Node
from passerelle.ports.records import ATTEMPTS, Attempt
from passerelle.ports.search import ASKED, INDEXES, MANIFESTS, QUESTIONS, SEARCH_HITS, WITHDRAWALS, Question
from passerelle.service import Role, Service
from tests.peers.pair import Pair, Peer
from tests.peers.searching import SEARCH, Table, key, publish, wait
from tests.unit.cli.scene import Scene, channel, configure, texts

SLOW = 3_600_000
"""Milliseconds of a pause that no test waits for."""


@pytest.fixture(scope="module")
def searching(_strangers: Scene, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, str]:
    """Two nodes with a channel that allows to search. After a failure they wait for an hour."""
    scene = _strangers.copy(tmp_path_factory.mktemp("searching"))
    agreement = scene.sign("agreement", texts.agreement())
    found = scene.sign("channel", channel(agreement, search=SEARCH))
    scene.settle()
    for folder in (scene.be, scene.ma):
        configure(folder, "exchange", retry_first_ms=60_000, retry_most_ms=SLOW, poll_ms=50)
    return scene, found


class Nodes:
    """Both nodes, open in this process."""

    def __init__(self, scene: Scene, channel: str) -> None:
        self.nodes = {name: Node.open(scene.of(name)) for name in ("be", "ma")}
        peers = {name: self._peer(node) for name, node in self.nodes.items()}
        clock: Any = self.nodes["be"].ctx.clock
        self.pair = Pair(clock, peers["be"], peers["ma"], channel=channel)
        self.said: list[str] = []

    @staticmethod
    def _peer(node: Node) -> Peer:
        sender: Any = None
        return Peer(node.ctx, node.identity, sender)

    @asynccontextmanager
    async def serve(self, name: str, role: Role | None = None) -> AsyncIterator[Service]:
        """One of them at work."""
        ready = asyncio.Event()
        service = Service(self.nodes[name], lambda event, **fields: self.said.append(event), role or Role())
        running = asyncio.create_task(service.run(None, ready.set))
        await asyncio.wait({running, asyncio.create_task(ready.wait())}, return_when=asyncio.FIRST_COMPLETED)
        assert ready.is_set(), running
        try:
            yield service
        finally:
            service.stop()
            await running

    async def until(self, what: Callable[[], Any]) -> Any:
        """Wait until something is so, at most so long."""
        end = time.monotonic() + 20
        while not (found := what()):
            assert time.monotonic() < end, self.said
            await asyncio.sleep(0.01)
        return found

    def question(self) -> Question:
        (found,) = self.pair.be.all(QUESTIONS)
        return found

    def is_(self, state: str) -> Callable[[], bool]:
        return lambda: self.question().state == state


@contextmanager
def opened(searching: tuple[Scene, str], folder: Path, *, patient: bool = True) -> Iterator[Nodes]:
    """Both nodes. Not `patient`: they try again at once."""
    scene, found = searching
    copied = scene.copy(folder)
    for one in () if patient else (copied.be, copied.ma):
        configure(one, "exchange", retry_first_ms=50, retry_most_ms=50)
    made = Nodes(copied, found)
    try:
        yield made
    finally:
        for node in made.nodes.values():
            node.close()


def test_tables_come_and_questions_go_by_themselves(searching: tuple[Scene, str], tmp_path: Path) -> None:
    with opened(searching, tmp_path, patient=False) as nodes:
        pair = nodes.pair

        async def run() -> None:
            async with nodes.serve("ma"), nodes.serve("be") as asker:
                publish(pair, Table(key(number) for number in range(10)))
                nodes.nodes["ma"].wake()
                await nodes.until(lambda: [one for one in pair.be.all(MANIFESTS) if one.state == "here"])
                wait(pair, [3, 50])
                asker.wake()
                await nodes.until(nodes.is_("answered"))
            assert [one.key for one in pair.be.all(SEARCH_HITS)] == [key(3)]
            assert pair.be.all(WITHDRAWALS)
            assert {"table.fetched", "question.answered"} <= set(nodes.said)

        asyncio.run(run())


def test_a_question_waits_for_the_partner_and_goes_at_once_when_it_is_up(
    searching: tuple[Scene, str], tmp_path: Path
) -> None:
    with opened(searching, tmp_path) as nodes:
        pair = nodes.pair

        async def run() -> None:
            async with nodes.serve("be") as asker:
                async with nodes.serve("ma"):
                    publish(pair, Table([key(3)]))
                    nodes.nodes["ma"].wake()
                    await nodes.until(lambda: [one for one in pair.be.all(MANIFESTS) if one.state == "here"])
                question = wait(pair, [3])
                asker.wake()
                await nodes.until(lambda: nodes.question().tries)
                waiting = nodes.question()
                assert (waiting.state, waiting.elements) == ("waiting", question.elements)
                assert waiting.due > pair.clock.now() + 10_000
                async with nodes.serve("ma"):  # its own first question is the sign of life
                    await nodes.until(nodes.is_("answered"))
            assert len(pair.ma.all(ASKED)) == 1

        asyncio.run(run())


def test_a_service_that_starts_sends_what_waits_whatever_pause_it_had(
    searching: tuple[Scene, str], tmp_path: Path
) -> None:
    with opened(searching, tmp_path) as nodes:
        pair = nodes.pair

        async def run() -> None:
            async with nodes.serve("ma"):
                publish(pair, Table([key(3)]))
                question = wait(pair, [3])
                later = msgspec.structs.replace(question, tries=9, due=pair.clock.now() + SLOW)
                pair.be.store.write("test.later", lambda tx: tx.put(QUESTIONS, [later]))
                async with nodes.serve("be"):  # the table comes first, then the question that waits for it
                    await nodes.until(nodes.is_("answered"))
            assert nodes.question().hits == 1

        asyncio.run(run())


def test_one_sign_of_life_is_enough_for_what_is_in_line(searching: tuple[Scene, str], tmp_path: Path) -> None:
    """Whoever was away asks about one lane or three, sooner or later; that it answers ends the pause by itself."""
    with opened(searching, tmp_path) as nodes:
        pair, lane = nodes.pair, "governance"
        later = Attempt("be", lane, failures=9, due=pair.clock.now() + SLOW)
        pair.ma.store.write("test.later", lambda tx: tx.put(ATTEMPTS, [later]))

        async def run() -> None:
            async with nodes.serve("be", Role(duties=("receive",))), nodes.serve("ma") as holder:
                publish(pair, Table([key(3)]))
                await nodes.until(lambda: ("be", lane) in holder.pumps._failing)
                assert pair.be.all(MANIFESTS) == []
                holder.pumps.life("be")
                await nodes.until(lambda: pair.be.all(MANIFESTS))

        asyncio.run(run())


def test_a_refusal_for_good_and_one_that_waits(searching: tuple[Scene, str], tmp_path: Path) -> None:
    with opened(searching, tmp_path, patient=False) as nodes:
        pair = nodes.pair

        async def run() -> None:
            async with nodes.serve("ma"), nodes.serve("be") as asker:
                publish(pair, Table([key(3)]))
                nodes.nodes["ma"].wake()
                await nodes.until(lambda: [one for one in pair.be.all(MANIFESTS) if one.state == "here"])
                less = msgspec.structs.replace(pair.ma.all(INDEXES)[0], burst=9)
                pair.ma.store.write("test.less", lambda tx: tx.put(INDEXES, [less]))
                wait(pair, [3])
                asker.wake()
                waiting = await nodes.until(lambda: nodes.question() if nodes.question().check else None)
                assert (waiting.state, waiting.check) == ("waiting", "6")
                pair.be.store.write("test.gone", lambda tx: tx.delete(QUESTIONS, [(waiting.id,)]))
                wait(pair, [3], purpose="prosecution")
                asker.wake()
                await nodes.until(nodes.is_("refused"))
                assert nodes.question().check == "8"

        asyncio.run(run())
