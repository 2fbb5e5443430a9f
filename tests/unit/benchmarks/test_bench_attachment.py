"""Files through two processes that serve: bounded memory, an alert that overtakes a large file, a kill in between."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import msgspec
import pytest

from benchmarks import attachment
from benchmarks._children import Run
from benchmarks._children import run as a_run
from benchmarks._pair import make_pair
from benchmarks._plan import free_ports
from benchmarks._samples import BE, MA, Acts, alert
from benchmarks.attachment import MIB, MOST_MEMORY, Source, ended, serving, size_of
from passerelle.exchange import attachments, desk
from passerelle.identity.keys import unb64
from passerelle.node import Node
from passerelle.ports.records import LOGS, MESSAGES


@pytest.fixture
def place() -> Iterator[Run]:
    with a_run() as made:
        yield made


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("1MB", 10**6), ("4GiB", 4 * 1024**3), ("32mib", 32 * MIB), ("1.5KB", 1500)]
)
def test_sizes(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["0", "x", "1TB", "-1", "MB"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        size_of(text)


def test_a_source_is_a_file_of_its_size_without_repetition() -> None:
    source = Source(2 * MIB + 100)
    data = b"".join(iter(lambda: source.read(100_000), b""))
    assert len(data) == 2 * MIB + 100
    assert data[:MIB] != data[MIB : 2 * MIB]


def test_a_file_takes_bounded_memory_in_both_processes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert attachment.main(["--size", "32MiB", "--json"]) == 0
    found = {one["what"]: one for one in json.loads(capsys.readouterr().out)}
    for name in ("sender", "receiver"):
        memory = found[f"largest memory of the {name}"]
        assert 30 < memory["value"] <= MOST_MEMORY == memory["peer_value"]
    assert found["sent and answered, 1 of 33,554,432 bytes"]["value"] > 1


def until(what: Any, seconds: float = 60) -> float:
    """Wait until something that another process does is so. Returns when it was."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.002)
    return time.monotonic()


def test_an_alert_overtakes_a_large_file_and_a_killed_receiver_goes_on_from_there(place: Run) -> None:
    channel = make_pair(place.folder, tuple(free_ports(2)))  # type: ignore[arg-type]
    children = {name: serving(place, name) for name in (BE, MA)}
    with closing(Node.open(place.folder / BE)) as be, closing(Node.open(place.folder / MA)) as ma:
        one = attachments.seal(be.ctx, Source(96 * MIB), name="f.bin", media="application/octet-stream")  # type: ignore[arg-type]
        film = next(act for act in Acts(channel, 4096, "1/3").take(2) if act.content["type"] == "wanted-trace")
        bearing = msgspec.structs.replace(film, content=film.content | {"attachments": [msgspec.to_builtins(one)]})
        (message,) = desk.post(be.ctx, [bearing])
        be.wake()

        def row(node: Node) -> Any:
            found = node.store.read(lambda tx: attachments.progress(tx, message.id))
            return found[0] if found else None

        until(lambda: row(ma) is not None and row(ma).count)
        (flash,) = desk.post(be.ctx, [alert(channel)])
        be.wake()
        began = time.monotonic()

        def stored() -> bool:
            sent = be.store.read(lambda tx: tx.get(MESSAGES, flash.id))
            log = be.store.read(lambda tx: tx.get(LOGS, sent.origin)) if sent and sent.origin else None
            return log is not None and sent.index < log.cosigned

        taken = until(stored) - began
        assert row(ma).state == "expected", "the file was there before the alert"
        assert taken < 2
        os.kill(children[MA].pid, signal.SIGKILL)
        place.end(children[MA])
        kept = row(ma).count
        assert 0 < kept < 96
        children[MA] = serving(place, MA)
        until(lambda: row(be).state == "complete")
        assert row(ma).state == "complete"
        assert sum(len(part) for part in attachments.open_stream(ma.ctx, one.address, unb64(one.key))) == 96 * MIB
        answers = [one for one in ma.store.read(lambda tx: tx.scan(MESSAGES, limit=100)) if one.kind == "attachment"]
        assert len(answers) == 1
    ended(place, *children.values())
