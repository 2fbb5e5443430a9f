"""The forms of a store's URL, and how little is loaded for each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from passerelle.core.errors import StoreError
from passerelle.store import SCHEMA, open_store
from passerelle.store.memory import MemoryStore
from passerelle.store.sqlite import SqliteStore


def test_memory() -> None:
    assert isinstance(open_store("memory:"), MemoryStore)


def test_a_path(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "node.db"))
    assert isinstance(store, SqliteStore)
    store.close()


@pytest.mark.parametrize(
    "url", ["", "sqlite:///", "sqlite://node.db", "mysql://user:secret@host/db", "postgres://user:secret@host/db"]
)
def test_another_form_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(StoreError, match="expected memory:, a path, sqlite:///path or postgresql://") as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_the_schema_is_that_of_this_program() -> None:
    assert SCHEMA == 6


def test_no_driver_is_loaded_that_is_not_used() -> None:
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    script = "import sys; from passerelle.store import open_store; open_store('memory:'); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    assert not {"sqlalchemy", "sqlite3", "psycopg"} & set(run.stdout.split())
