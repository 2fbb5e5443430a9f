"""Tables made of match keys: who asks finds what is in, the holder finds the entries behind a claim, nothing else."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from passerelle.core.errors import InputError, TableFullError
from passerelle.search import blinding, oprf, table
from passerelle.search.making import BATCH, MadeClaims, MadeShard, Sized, make

SECRET = bytes(range(32))


class Made:
    """What `make` gave, kept."""

    def __init__(self, made: Iterator[Sized | MadeShard | MadeClaims]) -> None:
        first = next(made)
        assert isinstance(first, Sized)
        self.sized = first
        rest = list(made)
        self.shards = [one.body for one in rest if isinstance(one, MadeShard)]
        self.claims = {one.part: one.body for one in rest if isinstance(one, MadeClaims)}
        assert [one.number for one in rest if isinstance(one, MadeShard)] == list(range(first.shards))

    def found(self, *keys: str) -> dict[str, tuple[int, ...]]:
        """What a question finds, and the entries behind its claims."""
        outputs = dict(zip(keys, oprf.outputs(SECRET, (key.encode() for key in keys)), strict=True))
        found = table.find(outputs, self.sized.count, self.shards.__getitem__)
        entries = {}
        for key, one in found.items():
            number = int(one.reference, 16)
            part = self.claims[table.part_of(number, self.sized.count)]
            entries[key] = table.claimed(part, number, one.claim)
            assert table.claimed(part, number, bytes(32)) == ()
        return entries


def keys(count: int) -> list[tuple[str, int]]:
    return [(f"d1971-03-05|k{number}|lmr", number) for number in range(count)]


def test_a_blinded_question_finds_the_entries_behind_its_keys_and_nothing_of_others() -> None:
    made = Made(make(SECRET, [("d1971-03-05|dsn|lmr", 7), ("d1971-03-05|dsn|lmr", 9), ("y1960|br|kml", 8)]))
    assert made.sized == Sized(1024, 1, 2)
    asked = blinding.blind(bytes(32), ["d1971-03-05|dsn|lmr", "y1971|dsn|lmr"], 10)
    outputs = asked.unblind(*oprf.evaluate(SECRET, asked.elements), oprf.public(SECRET))
    ((key, found),) = table.find(outputs, made.sized.count, made.shards.__getitem__).items()
    assert key == "d1971-03-05|dsn|lmr"
    assert table.claimed(made.claims[0], int(found.reference, 16), found.claim) == (7, 9)
    assert made.found("y1960|br|kml", "y1961|br|kml") == {"y1960|br|kml": (8,)}


def test_an_empty_index_is_a_table_like_others() -> None:
    made = Made(make(SECRET, []))
    assert made.sized == Sized(1024, 1, 0)
    assert (len(made.shards[0]), made.claims) == (table.shard_size(1024), {})
    assert made.found("x") == {}


def test_what_waits_on_disk_and_what_processes_make_is_what_is_made_here(tmp_path: Path) -> None:
    those = keys(BATCH + 200)
    told: list[int] = []
    here = Made(make(SECRET, those, processes=1))
    there = Made(make(SECRET, iter(those), processes=2, folder=tmp_path, held=50_000, progress=told.append))
    assert here.sized == there.sized == Sized(16_384, 1, len(those))
    assert here.claims == there.claims
    assert sorted(here.claims) == [0, 1]
    assert sum(map(len, here.claims.values())) == table.ROW * len(those)
    assert told == [BATCH, BATCH + 200]
    asked = [key for key, _number in those[::97]]
    assert here.found(*asked) == there.found(*asked) == {key: (number,) for key, number in those[::97]}
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_several_shards(tmp_path: Path) -> None:
    made = Made(make(SECRET, keys(300), 3 * table.FULL, held=1_000, folder=tmp_path))
    assert made.sized == Sized(3 * table.FULL, 3, 300)
    assert {len(body) for body in made.shards} == {table.shard_size(3 * table.FULL)}
    asked = [key for key, _number in keys(320)]
    assert made.found(*asked) == {key: (number,) for key, number in keys(300)}
    assert sorted(made.claims) == sorted(
        {table.part_of(table.reference(table.referring(SECRET), k), 3 * table.FULL) for k in asked[:300]}
    )


def test_the_same_keys_under_another_secret_have_nothing_in_common() -> None:
    one, other = (Made(make(secret, keys(50))) for secret in (SECRET, bytes(32)))
    references = [
        {body[at : at + 24] for body in made.claims.values() for at in range(0, len(body), 28)} for made in (one, other)
    ]
    assert not references[0] & references[1]
    assert other.found(*(key for key, _number in keys(50))) == {}


def test_a_size_that_is_fixed_has_room_or_is_refused() -> None:
    assert Made(make(SECRET, keys(64), 64)).sized == Sized(64, 1, 64)
    with pytest.raises(TableFullError, match="expected match keys that fit a table of 64, got 65"):
        Made(make(SECRET, keys(65), 64))
    # The same match key of several entries takes the room of one.
    assert Made(make(SECRET, [*keys(64), (keys(1)[0][0], 99)], 64)).sized.keys == 64


@pytest.mark.parametrize(
    ("secret", "those", "count"),
    [
        (bytes(31), keys(1), 0),
        (SECRET, keys(1), 65_537),
        (SECRET, [("", 1)], 0),
        (SECRET, [("k", -1)], 0),
        (SECRET, [("k", 2**32)], 0),
    ],
)
def test_what_no_table_can_be_made_of_is_refused(secret: bytes, those: list[tuple[str, int]], count: int) -> None:
    with pytest.raises(InputError, match="expected"):
        Made(make(secret, those, count))


def test_who_stops_in_between_leaves_nothing_behind(tmp_path: Path) -> None:
    made = make(SECRET, keys(BATCH + 1), processes=2, folder=tmp_path, held=1_000)
    next(made)
    made.close()
    assert list(tmp_path.iterdir()) == []


def test_nothing_of_a_match_key_waits_on_disk_or_stands_in_a_table() -> None:
    key = "d1971-03-05|dsn|lmr"
    made = Made(make(SECRET, [(key, 1)]))
    output = oprf.outputs(SECRET, [key.encode()])[0]
    hidden = (key.encode(), output[:16], table.derive(output).claim, hashlib.sha256(key.encode()).digest())
    for body in (*made.shards, *made.claims.values()):
        assert not any(one in body for one in hidden)


KILLED = """
import multiprocessing, os
from passerelle.search.making import BATCH, make
from tests.unit.search.test_search_making import SECRET, keys
if __name__ == "__main__":
    made = make(SECRET, keys(BATCH + 1), processes=2)
    next(made)
    print(*(one.pid for one in multiprocessing.active_children()), flush=True)
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc who is there")
def test_whoever_is_killed_leaves_no_process_behind_that_holds_the_secret(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # The output ends when the last process that has it is gone, so reading to its end waits for that.
    done = subprocess.run([sys.executable, script], env=environment, stdout=subprocess.PIPE, timeout=60, check=False)
    children = [int(one) for one in done.stdout.split()]
    assert len(children) == 2
    end = time.monotonic() + 30  # its output is closed before a process is gone
    while any(map(alive, children)):
        assert time.monotonic() < end


def alive(process: int) -> bool:
    """Whether a process is at work; one that has ended may be listed until somebody takes note of it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
