"""A node whose PostgreSQL server hangs says so, and works again when the server does."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.living import Process
from tests.frozen import frozen
from tests.peers.test_processes import Several, events, until
from tests.unit.cli.scene import free_port

ENOUGH = 15.0
"""Seconds in which whoever watches a node gets an answer, whatever hangs."""


@pytest.fixture
def several(tmp_path: Path, postgres_server: str) -> Iterator[Several]:
    made = Several(tmp_path, postgres_server)
    yield made
    made.close()


def page(address: str, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=ENOUGH) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except urllib.error.URLError as error:
        return 0, str(error.reason)  # it does not listen yet


def failures(program: Process) -> list[Any]:
    return [it for it in events(program) if it["event"] == "lease.failed"]


def test_a_server_that_hangs_is_told_and_outlived(
    several: Several, postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"127.0.0.1:{free_port()}"
    monkeypatch.setenv("PASSERELLE_ADMIN_LISTEN", address)
    one = several.serve("be", "one")
    until(lambda: page(address, "/-/ready")[0] == 200, "the node to be well")
    with frozen(postgres_server):
        until(lambda: failures(one), "the log to say so")
        began = time.monotonic()
        assert page(address, "/metrics")[0] == 200
        status, body = page(address, "/-/ready")
        assert time.monotonic() - began < ENOUGH
        told = json.loads(body)
        assert (status, told["ready"], told["keys"]) == (503, False, "well")
        assert told["store"] in ("the store does not answer in time", "the store does not write")
        assert page(address, "/-/live")[0] == 200
    until(lambda: page(address, "/-/ready")[0] == 200, "the node to be well again")
    known = failures(one)
    several.write("be", 7)
    monkeypatch.delenv("PASSERELLE_ADMIN_LISTEN")
    several.serve("ma", "one")
    several.moves("be")
    assert failures(one) == known
    one.end()
