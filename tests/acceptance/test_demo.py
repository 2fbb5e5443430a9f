"""The demonstration is the product's main job, run as a stranger runs it: two processes, every step checked."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from passerelle.node import Node

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("PASSERELLE_DATA", ROOT.parent / "shared" / "data"))
LIST = DATA / "lists" / "un-consolidated.xml"


def _run(tmp_path, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "passerelle.demo", "--once", "--json", "--out", str(tmp_path / "out"), *arguments],
        capture_output=True,
        text=True,
        timeout=280,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        check=False,
    )


def test_the_story_ends_well_on_a_real_published_list(tmp_path):
    if not LIST.exists():
        pytest.skip(f"the published list is not at {LIST}; set PASSERELLE_DATA to the folder that has it")
    done = _run(tmp_path, "--list", str(LIST))
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["ok"]
    assert figures["listed_persons"] == 81
    assert (figures["travellers_asked_blind"], figures["elements_that_ma_saw"]) == (300, 1500)
    assert figures["routine_still_queued_when_flash_arrived"] > 0
    for name in ("be", "ma"):
        assert figures[f"{name}_entries_sent"] == figures[f"{name}_entries_receipted"]
        assert (tmp_path / "out" / name / "identity.json").exists()
    assert (tmp_path / "out" / "evidence.json").stat().st_size == figures["evidence_bytes"]


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    done = _run(tmp_path)
    assert done.returncode == 2
    assert "expected a new or empty folder" in done.stderr
    assert (tmp_path / "out" / "mine").read_text() == "x"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<a/>", "expected CONSOLIDATED_LIST"),
        ("<CONSOLIDATED_LIST/>", "INDIVIDUAL"),
        ("<a", "expected XML"),
        ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "document type"),
    ],
)
def test_a_list_that_is_none_ends_the_story_with_a_clear_word(tmp_path, content, words):
    from passerelle.core.errors import InputError
    from passerelle.demo import published

    path = tmp_path / "list.xml"
    path.write_text(content)
    with pytest.raises(InputError, match=words):
        published.read(path)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_ends_the_demonstration_the_nodes_end_with_it(tmp_path, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "passerelle.demo", "--out", str(tmp_path / "out")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
    )
    try:
        # The story is under way once it speaks of its first scene: one node at least is being started.
        for line in process.stdout:
            if "confirms" in line:
                break
        process.send_signal(number)
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    for name in ("be", "ma"):
        node = Node.open(tmp_path / "out" / name)
        with node.serving():  # nobody holds the folder any more
            pass
        node.close()


def test_a_list_that_cannot_be_read_is_told_before_the_story_begins(tmp_path):
    done = _run(tmp_path, "--list", str(tmp_path / "missing.xml"))
    assert done.returncode == 2
    assert "expected a readable file" in done.stderr
    assert "1." not in done.stderr
