"""What was compiled is kept for the next start, and nothing that happens to it is of consequence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

LOOP = """
from passerelle.names.compiled import compiled

@compiled
def twice(value: int) -> int:
    return 2 * value

print(twice(21), sum(twice.stats.cache_hits.values()))
"""


@pytest.fixture
def run(tmp_path: Path):
    (tmp_path / "loop.py").write_text(LOOP)
    folder = tmp_path / "kept"
    folder.mkdir()

    def started() -> str:
        known = {"NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run(
            [sys.executable, str(tmp_path / "loop.py")],
            env=os.environ | known,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return folder, started


def test_the_next_start_reads_what_the_first_one_left(run):
    _, started = run
    assert (started(), started()) == ("42 0\n", "42 1\n")


@pytest.mark.parametrize("damage", [b"", b"garbage"])
def test_what_is_damaged_is_compiled_anew(run, damage):
    folder, started = run
    started()
    for one in folder.rglob("*.nb?"):
        one.write_bytes(damage)
    assert started() == "42 0\n"
    assert started() == "42 1\n"


def test_a_folder_that_everybody_may_write_to_is_not_used(run):
    folder, started = run
    started()
    for one in (folder, *folder.glob("*")):
        one.chmod(0o777)
    assert started() == "42 0\n"


def test_who_serves_loads_nothing_that_is_compiled() -> None:
    """It is sixty megabytes, and twelve are for tables; a node that only exchanges has no use for either."""
    known = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    script = "import sys; import passerelle.service.serving; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], env=known, check=True, capture_output=True, text=True)
    assert "passerelle.search.answering" in done.stdout.split()
    assert not {"numba", "numpy", "passerelle.names"} & set(done.stdout.split())
