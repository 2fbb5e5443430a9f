"""The processes that evaluate: started when needed, bounded, and gone with whoever started them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from multiprocessing.connection import wait
from pathlib import Path

import pytest

from passerelle.core.errors import ElementError, SearchError
from passerelle.search import blinding, ending, oprf
from passerelle.search.evaluating import BusyEvaluatorError, Evaluator
from passerelle.service import evaluating
from tests.unit.search.holder import NAME_, Holder

SECRETS = (bytes(range(32)), bytes(range(1, 33)))
SHORT = blinding.blind(bytes(32), ["a|1", "b|2"], 10).elements
LONG = blinding.blind(bytes(32), ["a|1", "b|2"], 100).elements


@pytest.fixture(scope="module")
def evaluator() -> Iterator[Evaluator]:
    made = Evaluator(processes=2)
    yield made
    made.close()


def test_long_and_short_give_what_one_call_gives(evaluator: Evaluator) -> None:
    blinded = blinding.blind(bytes(32), ["a|1", "b|2"], 100)
    for elements in (SHORT, LONG):
        pairs = evaluator.evaluate(SECRETS, elements)
        assert [one for one, _ in pairs] == [oprf.evaluate(secret, elements)[0] for secret in SECRETS]
    for secret, (evaluated, proof) in zip(SECRETS, evaluator.evaluate(SECRETS, LONG), strict=True):
        outputs = blinded.unblind(evaluated, proof, oprf.public(secret))
        assert list(outputs.values()) == oprf.outputs(secret, [b"a|1", b"b|2"])


def test_what_is_no_element_is_refused_wherever_it_is_noticed(evaluator: Evaluator) -> None:
    for elements in (bytes(32) * 2, bytes(32) * 100, b""):
        with pytest.raises(ElementError, match="expected"):
            evaluator.evaluate(SECRETS, elements)


def test_a_short_question_starts_no_process() -> None:
    made = Evaluator()
    made.evaluate(SECRETS, SHORT)
    assert made._pool is None
    made.close()


def test_processes_that_were_started_ahead_answer_the_first_question() -> None:
    made = Evaluator(processes=3)
    assert made.warm()
    assert made._pool is not None
    ahead = set(made._pool._processes)
    assert len(ahead) == 2
    assert len(made.evaluate(SECRETS, LONG)) == 2
    assert ahead <= set(made._pool._processes)  # one may be started before it is noted that others are free
    assert not made.warm()  # they are there
    processes = [*made._pool._processes.values()]
    made.cool()
    for one in processes:
        assert wait([one.sentinel], 20)  # it has ended, whoever took note of it
    made.close()
    assert not made.warm()  # nothing starts behind the end of the service


def test_without_a_table_that_is_asked_nothing_is_started(tmp_path: Path) -> None:
    holder = Holder(tmp_path)
    made = Evaluator(processes=1)
    assert not evaluating.look(holder.ctx, made)
    holder.create()
    assert not evaluating.look(holder.ctx, made)
    assert made._pool is None
    holder.publish()
    assert evaluating.look(holder.ctx, made)
    ending.expire(holder.office, holder.carl, NAME_, [], "lost")
    assert not evaluating.look(holder.ctx, made)
    assert made._pool is None


def test_who_comes_after_too_many_is_told_later() -> None:
    made = Evaluator(waiting=4)
    with made.turn("be"), made.turn("be"):
        with pytest.raises(BusyEvaluatorError, match="fewer than 2"):  # nobody has more than half
            made.turn("be").__enter__()
        with made.turn("fr"), made.turn("nl"), pytest.raises(BusyEvaluatorError, match="fewer than 4"):
            made.turn("de").__enter__()
    with made.turn("be"):
        assert len(made.evaluate(SECRETS, SHORT)) == 2
    made.close()
    with pytest.raises(BusyEvaluatorError):
        made.turn("be").__enter__()


def test_a_process_that_is_killed_is_told_and_replaced(evaluator: Evaluator) -> None:
    evaluator.evaluate(SECRETS, LONG)
    assert evaluator._pool is not None
    process = next(iter(evaluator._pool._processes.values()))
    os.kill(process.pid, signal.SIGKILL)
    process.join(20)
    with pytest.raises(SearchError, match="ask again"):
        evaluator.evaluate(SECRETS, LONG)
    assert len(evaluator.evaluate(SECRETS, LONG)) == 2


KILLED = """
import os, sys
from passerelle.search.evaluating import Evaluator
from tests.unit.search.test_search_evaluating import LONG, SECRETS
made = Evaluator(processes=2)
made.evaluate(SECRETS, LONG)
print(*[one.pid for one in made._pool._processes.values()], flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc who is there")
def test_whoever_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text("if __name__ == '__main__':" + KILLED.replace("\n", "\n    "))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    # The output ends when the last process that has it is gone, so reading to its end waits for that.
    done = subprocess.run([sys.executable, script], env=environment, stdout=subprocess.PIPE, timeout=60, check=False)
    children = [int(one) for one in done.stdout.split()]
    assert len(children) == 2
    assert not [one for one in children if alive(one)]


def alive(process: int) -> bool:
    """Whether a process is at work; one that has ended may be listed until somebody takes note of it."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
