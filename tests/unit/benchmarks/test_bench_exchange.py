"""The benchmark of the exchange: its messages, its processes, what it prints, and one short run of the whole."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import _peers, exchange
from benchmarks._children import ROOT, BenchError, Child, scratch
from benchmarks._children import run as a_run
from benchmarks._machine import busy_of, described, fdatasync_rate
from benchmarks._nodes import make_pair
from benchmarks._samples import BE, MA, Acts
from passerelle.exchange import desk
from passerelle.node import Node

ANSWERING = """
import asyncio
from benchmarks._children import answer
async def double(number):
    print("not an answer")
    return 2 * number
async def wait():
    await asyncio.sleep(60)
async def fail():
    raise ValueError("on purpose")
asyncio.run(answer({"double": double, "wait": wait, "fail": fail}))
"""


@pytest.fixture
def child(tmp_path):
    made = Child("child", [sys.executable, "-c", ANSWERING], tmp_path)
    yield made
    made.end()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_child_answers(child):
    assert [child.ask("double", number=number) for number in (1, 21)] == [2, 42]


def test_a_child_that_fails_says_why_and_goes_on(child):
    with pytest.raises(BenchError, match=r"child: fail: ValueError: on purpose[\s\S]*Traceback"):
        child.ask("fail")
    assert child.ask("double", number=4) == 8


def test_a_child_that_does_not_answer_in_time(child):
    with pytest.raises(BenchError, match="no answer in time"):
        child.ask("wait", limit=0.2)


def test_a_child_that_has_ended(child):
    child.end()
    with pytest.raises((BenchError, ValueError)):
        child.ask("double", number=1)
    assert gone(child.pid)


def test_a_child_ends_in_the_middle_of_its_work(child):
    with pytest.raises(BenchError, match="no answer in time"):
        child.ask("wait", limit=0.2)
    start = time.monotonic()
    child.end()
    assert time.monotonic() - start < 4
    assert gone(child.pid)


def stopped_run(started: list[Child]) -> None:
    with a_run() as place:
        (place.folder / "file").write_text("x")
        started.append(place.child("child", "benchmarks._nodes", "receiver", str(place.folder)))
        raise KeyboardInterrupt


def test_a_run_leaves_nothing_whatever_ends_it():
    started: list[Child] = []
    with pytest.raises(KeyboardInterrupt):
        stopped_run(started)
    assert not (scratch() / f"run-{os.getpid()}").exists()
    assert gone(started[0].pid)


def test_a_run_clears_what_a_killed_one_left():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = scratch() / f"run-{ended.pid}"
    left.mkdir()
    with a_run():
        assert not left.exists()


def test_the_machine(tmp_path):
    assert "processors" in described()
    assert fdatasync_rate(tmp_path, 0.02) > 0
    assert list(tmp_path.iterdir()) == []
    assert busy_of(2**30) is None


def test_acts_are_valid_and_of_one_size(tmp_path):
    digest = make_pair(tmp_path, (9, 10))
    node = Node.open(tmp_path / BE)
    try:
        acts = Acts(digest, exchange.SIZE, "1/4")
        messages = desk.post(node.ctx, acts.take(5))
        assert {message.size for message in messages} == {exchange.SIZE}
        assert {message.act for message in messages} == {"request", "notice"}
        assert len({message.dossier for message in messages}) == 5
        assert {message.partner for message in messages} == {MA}
        assert len(acts.body()) == exchange.SIZE
    finally:
        node.close()


def found(**rates: list[float]) -> exchange.Found:
    made = exchange.Found(fdatasync=[300.0], as4=[150.0, 160.0, 170.0])
    for kind, values in rates.items():
        made.rates[kind, 100] = values
    made.spent["sender: step", 100] = [40.0]
    made.spent["sender: step", 10] = [90.0]
    return made


def test_figures():
    made = exchange.figures_of(found(whole=[2000, 2500, 3000], line=[4000], ceiling=[10_000]), exchange.Plan())
    assert [(one.what, one.peer, one.ratio) for one in made] == [
        ("exchange, whole path, batch 100", "ceiling", 0.25),
        ("exchange, in line to receipt, batch 100", "ceiling", 0.4),
        ("exchange, whole path, batch 100", "as4 0.2.0, 1 a request", 2500 / 160),
        ("processor time, sender: step, batch 100", "", None),
        ("fdatasync of 4 KiB", "", None),
    ]


def test_what_was_wanted():
    reached = exchange.verdicts(found(whole=[2000], ceiling=[8000]))
    missed = exchange.verdicts(found(whole=[1999], ceiling=[8000]))
    assert [text.rpartition(". ")[2] for text in reached] == ["Reached: 2,000.", "Reached: 0.25."]
    assert [text.rpartition(". ")[2] for text in missed] == ["Missed: 1,999.", "Missed: 0.2499."]
    assert exchange.verdicts(found(whole=[2000])) == []


def test_a_profile():
    made = exchange.profile_lines("sender", [["json/encoder.py:1 encode", 3.0, 24.7, 30.1]])
    assert made == [
        "",
        "sender, for one message",
        "own µs  with callees  calls  function",
        "  24.7          30.1   3.00  json/encoder.py:1 encode",
    ]


def test_the_plan():
    assert exchange.parsed([])[0] == exchange.Plan()
    assert exchange.parsed(["--quick"])[0] == exchange.QUICK
    plan, asked = exchange.parsed(["--batch", "7", "--batch", "7", "--runs", "5", "--json"])
    assert (plan.batches, plan.runs, asked.json) == ((7,), 5, True)


@pytest.mark.parametrize("wrong", [["--batch", "0"], ["--batch", "1001"], ["--runs", "2"], ["--runs", "x"]])
def test_arguments_out_of_bounds(wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        exchange.parsed(wrong)
    assert stopped.value.code == 2
    assert capsys.readouterr().out == ""


def test_a_peer_that_cannot_be_installed_is_noted(monkeypatch):
    def environment(*asked: object, **more: object) -> Path:
        raise BenchError("as4==0.2.0: no such thing")

    monkeypatch.setattr(_peers, "environment", environment)
    made = exchange.Found()
    with a_run() as place:
        exchange.measure_as4(place, exchange.QUICK, made, exchange.Clock(5, lambda words: None), make=True)
    assert made.notes == ["as4 could not be measured: as4==0.2.0: no such thing"]
    assert made.as4 == []


def test_an_environment_is_not_made_when_it_may_not(monkeypatch, tmp_path):
    monkeypatch.setattr(_peers, "scratch", lambda: tmp_path)
    with pytest.raises(BenchError, match="not installed yet"):
        _peers.environment("nothing", "nothing==1", limit=1, make=False)


COMMAND = [sys.executable, "benchmarks/exchange.py", "--quick", "--batch", "500", "--no-peer", "--json"]
ENVIRONMENT = os.environ | {"PYTHONPATH": f"src{os.pathsep}."}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_stopped_in_the_middle(number, code):
    with subprocess.Popen(
        COMMAND, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        folder = scratch() / f"run-{running.pid}"
        end = time.monotonic() + 60
        while not (folder / "ceiling-sender.stderr").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        running.send_signal(number)
        out, _ = running.communicate(timeout=60)
    assert (running.returncode, out) == (code, b"")
    assert not folder.exists()


def test_a_short_run_prints_one_list():
    start = time.monotonic()
    done = subprocess.run(COMMAND, cwd=ROOT, env=ENVIRONMENT, capture_output=True, timeout=150, check=False)
    assert done.returncode == 0, done.stderr.decode()
    read = json.loads(done.stdout)
    whole, line = read[:2]
    assert (whole["what"], whole["peer"]) == ("exchange, whole path, batch 500", "ceiling")
    assert line["what"] == "exchange, in line to receipt, batch 500"
    assert whole["ratio"] == pytest.approx(whole["value"] / whole["peer_value"], rel=0.01)
    assert time.monotonic() - start < 140
