"""Two nodes under everything that can happen to them, in any order: nothing is lost, nothing is doubled."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from passerelle.identity.keys import KINDS
from passerelle.ledger.checkpoint import LANES
from tests.faults.world import DAY, HOUR, MINUTE, NAMES, World

names = st.sampled_from(NAMES)
lanes = st.sampled_from(LANES)
fractions = st.floats(0, 1, exclude_max=True, width=32)
modes = st.sampled_from(["ok", "ok", "ok", "request-lost", "answer-lost", "twice", "delayed"])
steps = st.sampled_from(["propose", "sign", "sign", "reject", "terminate"])


class Link(RuleBasedStateMachine):
    """Rules are what can happen; the invariant is what is always true; at the end both nodes say the same."""

    folder: Path | None = None

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    @initialize(entries_a_day=st.sampled_from([5, 1000]), batch_entries=st.sampled_from([1, 3, 500]))
    def begin(self, entries_a_day: int, batch_entries: int) -> None:
        folder = Path(tempfile.mkdtemp(dir=self.folder)) if self.folder else None
        self.world = World(folder, entries_a_day, batch_entries)

    @property
    def w(self) -> World:
        assert self.world is not None
        return self.world

    @rule(name=names)
    def open(self, name: str) -> None:
        self.w.open(name)

    @rule(name=names, choice=fractions, lane=st.sampled_from(["routine", "routine", "flash"]))
    def write(self, name: str, choice: float, lane: str) -> None:
        self.w.write(name, choice, lane)

    @rule(choices=st.tuples(fractions, fractions))
    def write_at_once(self, choices: tuple[float, float]) -> None:
        for name, choice in zip(NAMES, choices, strict=True):
            self.w.write(name, choice)

    @rule(name=names)
    def misbehave(self, name: str) -> None:
        self.w.misbehave(name)

    @rule(name=names, step=steps, choice=fractions)
    def instrument(self, name: str, step: str, choice: float) -> None:
        self.w.instrument(name, step, choice)

    @rule(name=names, lane=lanes, mode=modes)
    def send(self, name: str, lane: str, mode: str) -> None:
        self.w.send(name, lane, mode)

    @rule(name=names, lane=lanes, victim=names, point=st.integers(1, 12))
    def send_and_crash(self, name: str, lane: str, victim: str, point: int) -> None:
        self.w.crash_at(victim, point)
        self.w.send(name, lane)

    @rule()
    def exchange(self) -> None:
        for name in NAMES:
            for lane in LANES:
                self.w.send(name, lane)

    @rule(choice=fractions)
    def deliver_late(self, choice: float) -> None:
        self.w.deliver_late(choice)

    @rule(choice=fractions)
    def replay(self, choice: float) -> None:
        self.w.replay(choice)

    @rule(name=names, kinds=st.sets(st.sampled_from(KINDS), min_size=1))
    def rotate(self, name: str, kinds: set[str]) -> None:
        self.w.rotate(name, *sorted(kinds))

    @rule(name=names)
    def destroy(self, name: str) -> None:
        self.w.destroy(name)

    @rule(name=names)
    def restart(self, name: str) -> None:
        self.w.restart(name)

    @rule(name=names)
    def copy(self, name: str) -> None:
        self.w.copy(name)

    @precondition(lambda self: any(self.w.copies.values()))
    @rule(name=names, choice=fractions)
    def put_back(self, name: str, choice: float) -> None:
        self.w.put_back(name, choice)

    @precondition(lambda self: all(self.w.copies.values()))
    @rule(choices=st.tuples(fractions, fractions))
    def put_both_back(self, choices: tuple[float, float]) -> None:
        for name, choice in zip(NAMES, choices, strict=True):
            self.w.put_back(name, choice)

    @rule(victim=st.none() | names, point=st.integers(1, 20))
    def recover(self, victim: str | None, point: int) -> None:
        if victim:
            self.w.crash_at(victim, point)
        self.w.recover()

    @rule(name=names, lane=lanes)
    def insist(self, name: str, lane: str) -> None:
        self.w.insist(name, lane)

    @rule(milliseconds=st.sampled_from([1, 1000, MINUTE, HOUR, DAY]))
    def pass_time(self, milliseconds: int) -> None:
        self.w.pass_time(milliseconds)

    @rule(name=names, off=st.sampled_from([0, -MINUTE, MINUTE, 4 * MINUTE, -4 * MINUTE, 10 * MINUTE, -10 * MINUTE]))
    def set_clock(self, name: str, off: int) -> None:
        self.w.set_clock(name, off)

    @invariant()
    def holds(self) -> None:
        if self.world is not None:
            self.world.check()

    def teardown(self) -> None:
        if self.world is None:
            return
        try:
            self.world.settle()
        finally:
            self.world.close()
            if self.world.folder is not None:
                shutil.rmtree(self.world.folder)


def run(machine: type[Link], examples: int, steps_: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps_,
            derandomize=True,  # the campaign of tests.faults looks further
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_nothing_is_lost_and_nothing_is_doubled_in_memory() -> None:
    run(Link, 60, 50)


def test_nothing_is_lost_and_nothing_is_doubled_on_sqlite(tmp_path: Path) -> None:
    class OnSqlite(Link):
        folder = tmp_path

    run(OnSqlite, 15, 40)


def test_a_machine_that_could_not_fail_would_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that answers before it has stored is found at once."""
    from passerelle.exchange import inbox

    honest = inbox._accept

    def forgetful(tx, ctx, opened):  # type: ignore[no-untyped-def]
        kept = honest(tx, ctx, opened)
        tx.delete(inbox.ENTRIES, [(kept.origin, kept.size - 1)])
        return kept

    world = World()
    world.open("be")
    monkeypatch.setattr(inbox, "_accept", forgetful)
    world.send("be", "routine")
    with pytest.raises(AssertionError):
        world.check()
