"""The benchmark of the exchange: its messages, its processes, what it prints, and one short run of the whole."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from benchmarks import _peers, _report, exchange
from benchmarks._against import measure_as2, widened
from benchmarks._batches import profile_lines
from benchmarks._children import ROOT, BenchError, Child, scratch
from benchmarks._children import run as a_run
from benchmarks._machine import busy_of, described, fdatasync_rate
from benchmarks._pair import make_pair
from benchmarks._plan import QUICK, SIZE, Clock, Found, Plan
from benchmarks._samples import BE, MA, Acts, alert
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
        started.append(place.child("child", "benchmarks._serving", str(place.folder)))
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
        acts = Acts(digest, SIZE, "1/4")
        messages = desk.post(node.ctx, acts.take(5))
        assert {message.size for message in messages} == {SIZE}
        assert {message.act for message in messages} == {"request", "notice"}
        assert len({message.dossier for message in messages}) == 5
        assert {message.partner for message in messages} == {MA}
        assert len(acts.body()) == SIZE
    finally:
        node.close()


def found(**rates: list[float]) -> Found:
    made = Found(fdatasync=[300.0], clients={2048: 4}, alerts={"load": [0.1] * 99 + [0.3]})
    for kind, values in rates.items():
        made.rates[kind, 2048 if kind == "as2" else 100] = values
    made.spent["sender: step", 100] = [40.0]
    made.spent["sender: step", 10] = [90.0]
    return made


def test_figures():
    rates = {"whole": [2000, 2500, 3000], "line": [4000], "ceiling": [10_000], "as2": [25.0]}
    made = _report.figures_of(found(**rates, postgres=[1000], sqlite=[2000]), Plan())
    assert [(one.what, one.peer, one.ratio) for one in made] == [
        ("exchange, whole path, batch 100", "ceiling", 0.25),
        ("exchange, in line to receipt, batch 100", "ceiling", 0.4),
        ("exchange, whole path, batch 100", _report.AS2, 100),
        ("PostgreSQL on both sides, whole path, batch 100", "SQLite", 0.5),
        (f"{_report.AS2}, 2,048 bytes, 4 clients", "", None),
        ("alert to receipt, under load, batch 100, p50", "", None),
        ("alert to receipt, under load, batch 100, p99", "", None),
        ("processor time, sender: step, batch 100", "", None),
        ("fdatasync of 4 KiB", "", None),
    ]


def test_what_was_wanted():
    reached = _report.verdicts(found(whole=[2000], ceiling=[8000], as2=[20]))
    missed = _report.verdicts(found(whole=[1999], ceiling=[8000], as2=[20]))
    assert [text.rpartition(". ")[2] for text in reached] == [
        "Reached: 2,000.",
        "Reached: 0.25.",
        "Reached: 100.",
        "Reached: 100.",
    ]
    assert [text.rpartition(". ")[2] for text in missed][:3] == ["Missed: 1,999.", "Missed: 0.2499.", "Missed: 99.95."]
    assert len(_report.verdicts(found(whole=[2000]))) == 2


@pytest.mark.parametrize(("part", "value"), [(0.5, 50), (0.99, 99), (0.991, 100), (1.0, 100), (0.0, 1)])
def test_percentiles(part, value):
    assert _report.percentile(list(range(100, 0, -1)), part) == value


def test_a_profile():
    made = profile_lines("sender", [["json/encoder.py:1 encode", 3.0, 24.7, 30.1]])
    assert made == [
        "",
        "sender, for one message",
        "own µs  with callees  calls  function",
        "  24.7          30.1   3.00  json/encoder.py:1 encode",
    ]


def test_the_plan():
    assert exchange.parsed([])[0] == Plan()
    assert exchange.parsed(["--quick"])[0] == QUICK
    plan, asked = exchange.parsed(["--batch", "7", "--batch", "7", "--runs", "5", "--part", "as2", "--json"])
    assert (plan.batches, plan.runs, plan.parts, asked.json) == ((7,), 5, ("as2",), True)


@pytest.mark.parametrize("wrong", [["--batch", "0"], ["--batch", "1001"], ["--runs", "2"], ["--runs", "x"]])
def test_arguments_out_of_bounds(wrong, capsys):
    with pytest.raises(SystemExit) as stopped:
        exchange.parsed(wrong)
    assert stopped.value.code == 2
    assert capsys.readouterr().out == ""


def test_a_peer_that_cannot_be_installed_is_noted(monkeypatch):
    def environment(*asked: object, **more: object) -> Path:
        raise BenchError("django-pyas2==1.2.3: no such thing")

    monkeypatch.setattr(_peers, "environment", environment)
    made = Found()
    with a_run() as place:
        measure_as2(place, QUICK, made, Clock(5, lambda words: None), make=True)
    assert made.notes == ["AS2 could not be measured: django-pyas2==1.2.3: no such thing"]
    assert made.runs("as2", SIZE) is None


def test_an_environment_is_not_made_when_it_may_not(monkeypatch, tmp_path):
    monkeypatch.setattr(_peers, "scratch", lambda: tmp_path)
    with pytest.raises(BenchError, match="not installed yet"):
        _peers.environment("nothing", ("nothing==1",), limit=1, make=False)


def test_the_pattern_of_versions_is_widened(tmp_path):
    path = tmp_path / "oscrypto" / "_openssl" / "_libcrypto_cffi.py"
    path.parent.mkdir(parents=True)
    path.write_text(r"match = re.search('\\b(\\d\\.\\d\\.\\d[a-z]*)\\b', version_string)")
    widened(tmp_path)
    pattern = path.read_text().split("'")[1].replace("\\\\", "\\")
    assert re.search(pattern, "OpenSSL 3.0.19 27 Jan 2026").group(1) == "3.0.19"  # type: ignore[union-attr]


def test_an_alert_is_sent_in_the_flash_lane(tmp_path):
    digest = make_pair(tmp_path, (9, 10))
    node = Node.open(tmp_path / BE)
    try:
        (message,) = desk.post(node.ctx, [alert(digest)])
        assert (message.lane, message.type) == ("flash", "urgent-alert")
    finally:
        node.close()


COMMAND = [sys.executable, "benchmarks/exchange.py", "--quick", "--batch", "500", "--part", "batches", "--json"]
ENVIRONMENT = os.environ | {"PYTHONPATH": f"src{os.pathsep}."}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_stopped_in_the_middle(number, code):
    # Whoever starts the tests in the background of a shell has them ignore SIGINT, and their children with them.
    with subprocess.Popen(
        COMMAND,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread runs here
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
