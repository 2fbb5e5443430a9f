"""Two nodes, each served by a process of its own, and writers beside them: all may be killed at any time."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from passerelle import founding
from passerelle.core.clock import ManualClock
from passerelle.core.settings import (
    AuditSettings,
    ExchangeSettings,
    LeaseSettings,
    NodeSettings,
    ServerSettings,
    Settings,
    StoreSettings,
)
from passerelle.exchange.context import Context
from passerelle.exchange.sender import Sender
from passerelle.node import Node
from passerelle.store.sqlite import SqliteStore
from tests.peers.pair import TYPES, Pair, Peer, texts
from tests.unit.cli.scene import SOURCE, free_port

NAMES = ("be", "ma")
PATIENCE = 60.0
"""Seconds after which something that should have come is held to never come."""
_PLACES = {"be": ("BE", "Europe/Brussels"), "ma": ("MA", "Africa/Casablanca")}
_ROOT = SOURCE.parent


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{_ROOT}", "PASSERELLE_LANGUAGE": "en"}


def make(folder: Path, stores: Mapping[str, str] = MappingProxyType({})) -> tuple[dict[str, Context], str]:
    """Both nodes below the folder, partners under a signed channel. Their contexts, and the channel's digest.

    Pauses are short, so that a round is; audit blocks are closed every second. `stores`: other places of records.
    """
    for name in NAMES:
        country, zone = _PLACES[name]
        settings = Settings(
            node=NodeSettings(name=name, country=country, languages=("fr",), timezone=zone),
            server=ServerSettings(listen=f"127.0.0.1:{free_port()}"),
            exchange=ExchangeSettings(
                batch_entries=40, poll_ms=50, retry_first_ms=20, retry_most_ms=100, timeout_ms=10_000
            ),
            audit=AuditSettings(every="PT1S"),
            store=StoreSettings(url=stores.get(name, "store.db")),
            lease=LeaseSettings(seconds=1),
        )
        founding.create(folder / name, settings)
    be, ma = Node.open(folder / "be"), Node.open(folder / "ma")
    try:
        for one, other in ((be, ma), (ma, be)):
            one.add_partner(other.identity.body, "operator")
            one.set_partner(other.identity.name, "confirmed", "operator", other.identity.fingerprint)
        pair = Pair(
            ManualClock(0),
            Peer(be.ctx, be.identity, Sender(be.ctx, "ma")),
            Peer(ma.ctx, ma.identity, Sender(ma.ctx, "be")),
        )
        agreement = pair.sign(texts.agreement())
        limits = {"entries": 10_000_000, "bytes": 10_000_000_000}
        valid = {"from": "2026-01-01", "until": "2099-12-31"}
        channel = pair.sign(texts.channel(agreement, TYPES, limits=limits, valid=valid))
        return {"be": be.ctx, "ma": ma.ctx}, channel
    finally:
        be.close()
        ma.close()


class Process:
    """A process that is started, told to end, or killed."""

    def __init__(self, folder: Path, name: str, *words: str) -> None:
        self.folder, self.name, self.words = folder, name, words
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self.words],
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL. On return it is gone."""
        if self._process is not None:
            self._process.kill()
            self._gone()

    def end(self) -> None:
        """As it is meant to end. Raises AssertionError when it does not, or had ended by itself."""
        assert self._process is not None
        assert self._process.poll() is None, f"{self.name} ended by itself\n{self.log.read_text()[-4000:]}"
        assert self._process.stdin is not None
        self._process.stdin.close()
        if self.words[0] == "passerelle":
            self._process.send_signal(signal.SIGTERM)
        self._gone()

    def _gone(self) -> None:
        assert self._process is not None
        self._process.wait(PATIENCE)
        for one in (self._process.stdin, self._process.stdout):
            assert one is not None
            with suppress(BrokenPipeError):
                one.close()

    def ready(self) -> None:
        """Wait until a node says that it listens."""
        assert self._process is not None
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], PATIENCE)
        line = self._process.stdout.readline() if readable else b""
        assert line, f"{self.name} did not start\n{self.log.read_text()[-4000:]}"
        assert json.loads(line)["ready"] is True


class Living:
    """Both nodes, their writers, and what the writers noted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contexts, self.channel = make(folder)
        self.nodes = {
            name: Process(folder, f"serve-{name}", "passerelle", "serve", str(folder / name), "--json")
            for name in NAMES
        }
        self.writers: dict[str, Process] = {}
        self.couriers: list[Process] = []
        for one in self.nodes.values():
            one.start()
        for one in self.nodes.values():
            one.ready()

    def notes(self, name: str) -> Path:
        return self.folder / f"written-{name}"

    def _noted(self, name: str) -> list[str]:
        with suppress(FileNotFoundError):
            text = self.notes(name).read_text()
            return text[: text.rfind("\n") + 1].split()  # a line that has no end counts for nothing
        return []

    def written(self, name: str) -> list[str]:
        """Ids of the messages whose write returned."""
        return [one for one in self._noted(name) if ":" not in one]

    def files(self, name: str) -> dict[str, str]:
        """Of the files that these messages bear, SHA-256 by address."""
        return dict(one.split(":") for one in self._noted(name) if ":" in one)  # type: ignore[misc]

    def write(self, name: str, seed: int) -> None:
        """Start the writer of a node."""
        words = ("tests.faults.writer", str(self.folder / name), self.channel, str(seed), str(self.notes(name)))
        self.writers[name] = made = Process(self.folder, f"writer-{name}", *words)
        made.start()

    def carry(self) -> Process:
        """Start a courier between both."""
        self.couriers.append(
            made := Process(
                self.folder, "courier", "tests.faults.courier", *(str(self.folder / name) for name in NAMES)
            )
        )
        made.start()
        return made

    def busy(self, before: dict[str, int]) -> None:
        """Wait until both writers have written more than `before`."""
        end = time.monotonic() + PATIENCE
        while any(len(self.written(name)) <= before[name] for name in NAMES):
            assert time.monotonic() < end, "expected the writers to write, got nothing"
            for one in self.writers.values():
                assert one.runs, one.log.read_text()[-4000:]
            time.sleep(0.005)

    @contextmanager
    def pair(self, *dead: str) -> Iterator[Pair]:
        """Both nodes on their stores as these are now. Of the nodes that are `dead` a copy of the files is opened:
        what the kill left is for the process that starts next to put right.
        """
        peers = {}
        scratch = self.folder / "left"
        scratch.mkdir()
        try:
            for name in NAMES:
                path = self.folder / name / "store.db"
                if name in dead:
                    for suffix in ("", "-wal"):
                        with suppress(FileNotFoundError):
                            shutil.copyfile(f"{path}{suffix}", f"{scratch / name}.db{suffix}")
                    path = scratch / f"{name}.db"
                ctx = replace(self.contexts[name], store=SqliteStore(path))
                peers[name] = Peer(ctx, None, Sender(ctx, "ma" if name == "be" else "be"))  # type: ignore[arg-type]
            yield Pair(ManualClock(0), peers["be"], peers["ma"], channel=self.channel)
        finally:
            for peer in peers.values():
                peer.store.close()
            shutil.rmtree(scratch)

    def close(self) -> None:
        for one in (*self.couriers, *self.writers.values(), *self.nodes.values()):
            one.kill()
