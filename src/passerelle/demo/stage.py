"""The stage: node folders, their processes, and waiting for what must happen, bounded in time."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from passerelle.core.errors import StateError
from passerelle.core.settings import (
    CatalogueSettings,
    ExchangeSettings,
    NodeSettings,
    ServerSettings,
    Settings,
    StoreSettings,
)
from passerelle.founding import create
from passerelle.node import Node
from passerelle.office import people, staff
from passerelle.office.asking import this_user
from passerelle.office.people import NewPerson, Role
from passerelle.ports.people import Person

T = TypeVar("T")


class FailedError(StateError):
    """A step of the story did not come out as it must."""


def free_port() -> int:
    """A TCP port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(what: str, get: Callable[[], T], seconds: float = 60) -> T:
    """The first true value that `get` gives. Raises FailedError after the time."""
    end = time.monotonic() + seconds
    while not (value := get()):
        if time.monotonic() > end:
            raise FailedError(f"expected within {seconds:g} s: {what}")
        time.sleep(0.02)
    return value


STAFF = {
    "017": Role.OFFICER,
    "020": Role.OFFICER,
    "003": Role.APPROVER,
    "011": Role.MAGISTRATE,
    "012": Role.COORDINATOR,
    "009": Role.DUTY,
    "010": Role.DUTY,
    "030": Role.ANALYST,
    "040": Role.AUDITOR,
    "050": Role.DPO,
    "060": Role.OFFICER,
    "061": Role.APPROVER,
    "070": Role.OFFICER,
    "071": Role.MAGISTRATE,
    "072": Role.MAGISTRATE,
    "080": Role.OFFICER,
    "081": Role.APPROVER,
}
"""The people of each side, by the end of their id, and the role that each holds in all domains."""
SERVICES = {"06": "fiu", "07": "justice", "08": "migration"}
"""The service of those whose number begins so; the others are of the police."""


class Side:
    """One service's node: its folder, its process."""

    def __init__(self, folder: Path, name: str, country: str, languages: tuple[str, ...], timezone: str) -> None:
        self.folder, self.name = folder, name
        settings = Settings(
            node=NodeSettings(name=name, country=country, languages=languages, timezone=timezone),
            server=ServerSettings(listen=f"127.0.0.1:{free_port()}"),
            store=StoreSettings(),
            catalogue=CatalogueSettings(),
            exchange=ExchangeSettings(batch_entries=25, retry_first_ms=50, retry_most_ms=500, poll_ms=100),
        )
        create(folder, settings, NewPerson(id=f"{name}-001", users=(this_user(),)))
        self.process: subprocess.Popen[str] | None = None
        self.node = Node.open(folder)
        for number, role in STAFF.items():
            new = NewPerson(id=f"{name}-{number}", users=(this_user(),), service=SERVICES.get(number[:2], "police"))
            staff.add(self.node.office, self.person("001"), new)
            staff.grant(self.node.office, self.person("001"), f"{name}-{number}", role)

    def person(self, number: str) -> Person:
        """One of the people of this side."""
        return self.node.store.read(lambda tx: people.find(tx, f"{self.name}-{number}"))

    def start(self) -> None:
        """Start the node's process and wait until it listens."""
        log = (self.folder / "serve.log").open("a")
        with log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "passerelle", "serve", str(self.folder), "--json"],
                stdout=subprocess.PIPE,
                stderr=log,
                stdin=subprocess.DEVNULL,
                text=True,
                env=os.environ,
            )
        assert self.process.stdout is not None  # noqa: S101 - it was asked for
        line = self.process.stdout.readline()
        try:
            ready = bool(json.loads(line))
        except ValueError:
            ready = False
        if not ready:
            self.process.wait(10)
            self.process.stdout.close()
            words = (self.folder / "serve.log").read_text()[-600:]
            raise FailedError(f"expected the process of {self.name} to listen, got: {words}")

    def _end(self, number: int) -> int:
        if self.process is None:
            return 0
        self.process.send_signal(number)
        code = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        return code

    def stop(self) -> int:
        """Ask the process to end. Returns its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: no transaction is finished, nothing is said."""
        self._end(signal.SIGKILL)

    def copy_store(self, to: Path) -> None:
        """A cold copy of the store; the process must not run."""
        self.node.close()
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(mode=0o700)
        for path in self.folder.glob("store.db*"):
            shutil.copy2(path, to / path.name)
        self.node = Node.open(self.folder)

    def put_back(self, copy: Path) -> None:
        """The store as it was in the copy; the process must not run."""
        self.node.close()
        for path in self.folder.glob("store.db*"):
            path.unlink()
        for path in copy.iterdir():
            shutil.copy2(path, self.folder / path.name)
        self.node = Node.open(self.folder)

    def reopen(self) -> None:
        """The node of the folder as it is now; the process must not run."""
        self.node.close()
        self.node = Node.open(self.folder)

    def close(self) -> None:
        self._end(signal.SIGTERM)
        self.node.close()
