"""Several real processes on one PostgreSQL database: killed, frozen, sharing partners, receiving the same at once."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from passerelle.core.clock import SystemClock
from passerelle.core.errors import BusyError
from passerelle.exchange import links
from passerelle.exchange.sender import Sender
from passerelle.identity import identity as identities
from passerelle.identity import keys
from passerelle.ledger import checkpoint as checkpoints
from passerelle.node import Node
from passerelle.office.asking import this_user
from passerelle.ports.leases import LEASES, PROCESSES, Lease, Process
from passerelle.ports.records import ALARMS
from passerelle.transport.https import Client
from tests.conftest import PostgresPlace
from tests.faults import landed
from tests.faults.living import PATIENCE, make
from tests.faults.living import Process as Program
from tests.peers.pair import Pair, Peer, acts
from tests.unit.cli.scene import free_port, value


class Several:
    """`be` and `ma` in PostgreSQL, and programs that serve them or write to them."""

    def __init__(self, folder: Path, server: str) -> None:
        self.folder = folder
        self.places = {name: PostgresPlace(server) for name in ("be", "ma")}
        _, self.channel = make(folder, {name: place.url for name, place in self.places.items()})
        self.nodes = {name: Node.open(folder / name) for name in ("be", "ma")}
        peers = [
            Peer(node.ctx, node.identity, Sender(node.ctx, "ma" if name == "be" else "be"))
            for name, node in self.nodes.items()
        ]
        self.pair = Pair(SystemClock(), *peers, channel=self.channel)
        self.person = this_user()
        self.programs: list[Program] = []

    def serve(self, name: str, instance: str, *options: str) -> Program:
        """`passerelle serve` at the address of the settings, or at another."""
        made = Program(
            self.folder,
            f"{name}-{instance}",
            "passerelle",
            "serve",
            str(self.folder / name),
            "--json",
            "--instance",
            instance,
            *options,
        )
        return self._started(made)

    def freezing(self, name: str, instance: str, point: str, file: Path) -> Program:
        words = ("tests.peers.freezing", str(self.folder / name), instance, self.free(), point, str(file))
        return self._started(Program(self.folder, f"{name}-{instance}", *words))

    def free(self) -> str:
        return f"127.0.0.1:{free_port()}"

    def _started(self, made: Program) -> Program:
        made.start()
        self.programs.append(made)
        made.ready()
        return made

    def write(self, name: str, seed: int) -> Program:
        words = ("tests.faults.writer", str(self.folder / name), self.channel, str(seed), str(self.notes(name)))
        made = Program(self.folder, f"writer-{name}", *words)
        made.start()
        self.programs.append(made)
        return made

    def notes(self, name: str) -> Path:
        return self.folder / f"written-{name}"

    def _noted(self, name: str) -> list[str]:
        with suppress(FileNotFoundError):
            text = self.notes(name).read_text()
            return text[: text.rfind("\n") + 1].split()
        return []

    def written(self, name: str) -> list[str]:
        return [one for one in self._noted(name) if ":" not in one]

    def files(self, name: str) -> dict[str, str]:
        return dict(one.split(":") for one in self._noted(name) if ":" in one)  # type: ignore[misc]

    def read(self, name: str, work: Callable[[Any], Any]) -> Any:
        return self.nodes[name].store.read(work)

    def lease(self, name: str, lease: str) -> Lease | None:
        return self.read(name, lambda tx: tx.get(LEASES, lease))

    def holder(self, name: str, lease: str) -> Process:
        """The process that holds a lease, once one does."""

        def look() -> Process | None:
            held = self.lease(name, lease)
            return self.read(name, lambda tx: tx.get(PROCESSES, held.holder)) if held and held.holder else None

        return until(look, f"{lease} to be held")

    def receipted(self, name: str) -> int:
        """How many entries of a node, in all lanes, its partner has cosigned."""
        other = "ma" if name == "be" else "be"
        logs = self.read(name, lambda tx: [links.current(tx, other, "out", lane) for lane in ("flash", "routine")])
        return sum(log.cosigned for log in logs if log)

    def moves(self, name: str, more: int = 20) -> None:
        """Receipts go on to come."""
        before = self.receipted(name)
        until(lambda: self.receipted(name) >= before + more, f"{more} more receipts for {name}")

    def settled(self) -> None:
        """Everything written has arrived, once, and both sides agree."""
        until(lambda: landed.at_rest(self.pair), "both sides to settle")
        landed.all_well(self.pair, {name: self.written(name) for name in ("be", "ma")})
        landed.files_whole(self.pair, {name: self.files(name) for name in ("be", "ma")})

    def close(self) -> None:
        for one in self.programs:
            with suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGCONT)
            one.kill()
        for node in self.nodes.values():
            node.close()
        for place in self.places.values():
            place.close()


def until(look: Callable[[], Any], what: str) -> Any:
    """What `look` gives once it gives something."""
    end = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < end, f"expected {what}, got nothing"
        time.sleep(0.02)
    return found


@pytest.fixture
def several(tmp_path: Path, postgres_server: str) -> Iterator[Several]:
    made = Several(tmp_path, postgres_server)
    yield made
    made.close()


def alarms(several: Several, name: str) -> list[str]:
    """Of processes and links; what is due to officers is another matter."""
    found = several.read(name, lambda tx: tx.scan(ALARMS, limit=1000))
    return [one.what for one in found if one.what.startswith(("process.", "link."))]


def events(program: Program) -> list[Any]:
    """The whole lines of its log."""
    text = program.log.read_text()
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines() if line.startswith("{")]


def taken_over(several: Several, held: Lease) -> bool:
    now = several.lease("be", held.name)
    assert now is not None
    return now.token > held.token


def test_holders_that_are_frozen_and_killed_under_load(several: Several, tmp_path: Path) -> None:
    several.serve("ma", "one")
    file = tmp_path / "freeze"
    one = several.freezing("be", "one", "outbox.sequence:begin", file)
    writer = several.write("be", 3)
    several.moves("be")
    held = several.lease("be", "pump/ma")
    file.touch()
    until(lambda: not file.exists(), "the process to stop itself")
    two = several.serve("be", "two")
    until(lambda: taken_over(several, held), "the lease to be taken over")
    several.moves("be")

    os.kill(one.pid, signal.SIGCONT)

    def refused() -> list[str]:
        return [it["reason"] for it in events(one) if it["event"] == "write.refused" and it["token"] == held.token]

    # That of the step; or that of noting its failure, when the server had ended the transaction meanwhile.
    words = f"pump/ma: expected token {held.token} for "
    until(lambda: [it for it in refused() if it.startswith(words)], "the write to be refused")
    assert {"event": "lease.lost", "lease": "pump/ma", "token": held.token} in events(one)
    several.moves("be")

    held = several.lease("be", "pump/ma")
    assert several.holder("be", "pump/ma").pid == two.pid
    two.kill()
    until(lambda: taken_over(several, held), "the lease to be taken over again")
    assert several.holder("be", "pump/ma").pid == one.pid
    several.moves("be")
    two.start()
    two.ready()

    writer.end()
    several.settled()
    assert alarms(several, "be") == ["process.silent", "process.silent"]
    for it in (one, two):
        it.end()
        assert "Traceback" not in it.log.read_text()
    assert several.lease("be", "pump/ma").holder == ""


def test_partners_are_shared_among_those_that_send(several: Several) -> None:
    other = identities.make(
        keys.NodeKeys("fr", keys.generate("fr")),
        country="FR",
        languages=("fr",),
        timezone="Europe/Paris",
        endpoints=(f"https://{several.free()}",),
        tls="0" * 64,
    )
    several.nodes["be"].add_partner(other.body, "operator")
    several.nodes["be"].set_partner("fr", "confirmed", "operator", other.fingerprint)
    several.serve("ma", "one")
    one = several.serve("be", "one")
    assert {several.holder("be", f"pump/{name}").pid for name in ("fr", "ma")} == {one.pid}
    writer = several.write("be", 5)
    several.moves("be")
    two = several.serve("be", "two", "--only", "send")
    until(
        lambda: {several.holder("be", f"pump/{name}").pid for name in ("fr", "ma")} == {one.pid, two.pid},
        "each to send to one partner",
    )
    several.moves("be")
    writer.end()
    several.settled()
    two.end()
    until(
        lambda: {several.holder("be", f"pump/{name}").pid for name in ("fr", "ma")} == {one.pid}, "one to send to both"
    )
    shown = value("lease", "list", several.folder / "be", "--as", several.person)
    assert [(row["instance"], row["does"]) for row in shown["processes"]] == [("one", ["receive", "send", "clock"])]
    assert {row["lease"]: (row["instance"], row["state"]) for row in shown["leases"]} == dict.fromkeys(
        ("audit", "clock", "pump/fr", "pump/ma"), ("one", "held")
    )
    assert alarms(several, "be") == []


def test_two_processes_take_in_the_same_batch_at_once(several: Several) -> None:
    second = several.free()
    for name, options in (("one", ()), ("two", ("--listen", second, "--only", "receive"))):
        several.serve("ma", name, *options)
    pair, be = several.pair, several.pair.be
    identity = several.nodes["ma"].identity
    endpoints = (identity.endpoints[0], f"https://{second}")
    names: list[str] = []

    async def posted(client: Client, name: str, body: bytes, times: int) -> list[bytes]:
        asked = [client.post(endpoint, identity.tls, name, body) for endpoint in endpoints for _ in range(times)]
        return await asyncio.gather(*asked)

    async def exchange() -> None:
        client = Client(10_000)
        try:
            nonce = os.urandom(16)
            answer = (await posted(client, "status", be.sender.question(nonce), 1))[0]
            assert await asyncio.to_thread(be.sender.compare, nonce, answer, "routine")
            for _ in range(4):
                names.extend(pair.post("be", acts.wanted_request()).id for _ in range(15))
                posting = be.sender.step("routine")
                assert posting is not None
                answers = await posted(client, "batch", posting.body, 3)
                assert {checkpoints.parse(one).size for one in answers} == {posting.end}
                assert {be.sender.received(posting, one) for one in answers} == {posting.end}
        finally:
            await client.close()

    asyncio.run(exchange())
    landed.none_doubled(pair)
    landed.none_lost(pair, {"be": names, "ma": []})
    assert landed.no_receipt_ahead(pair) >= len(names)
    assert {pair.ma.message(one).state for one in names} == {"applied"}


def test_an_instance_serves_once(several: Several) -> None:
    node = several.nodes["be"]
    with node.serving("one"), node.serving("two"):
        assert node.is_served()
        with pytest.raises(
            BusyError, match=r"expected an instance that no process is, got one of .* \(see --instance\)"
        ):
            node.serving("one").__enter__()
    assert not node.is_served()
