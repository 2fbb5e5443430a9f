"""Leases on every store: a write behind a lost lease is not kept, and what is taken is taken once."""

from typing import Any

import pytest

from passerelle.core.clock import ManualClock
from passerelle.core.errors import LeaseLostError
from passerelle.exchange.leases import Contender, FencedStore
from passerelle.ports.leases import LEASES, PROCESSES, Lease, Process
from passerelle.ports.records import ALARMS, META, Meta
from passerelle.ports.store import Store
from tests.peers.pair import NOW, make_peer

NAMES = ("pump/fr", "pump/ma", "pump/nl")


class Processes:
    """Processes on one store, with one clock for all."""

    def __init__(self, store: Store) -> None:
        self.store, self.time, self.count = store, 0.0, 0
        self.ctx = make_peer("be", "ma", ManualClock(NOW), store).ctx

    def start(self, instance: str, does: tuple[str, ...] = ("send", "clock"), **options: Any) -> Contender:
        self.count += 1
        me = Process(f"{instance}-{self.count}", instance, "host", "/srv/be", self.count, does=does, seconds=10)
        return Contender(self.ctx, me, monotonic=lambda: self.time, **options)

    def leases(self) -> dict[str, Lease]:
        return {one.name: one for one in self.store.read(lambda tx: tx.scan(LEASES, limit=10))}

    def alarms(self) -> list[str]:
        return [one.text for one in self.store.read(lambda tx: tx.scan(ALARMS, limit=10))]

    def rounds(self, *contenders: Contender, count: int, names: tuple[str, ...] = NAMES) -> None:
        for _ in range(count):
            self.time += 2.5
            for one in contenders:
                if surplus := one.step(("clock",), names).surplus:
                    one.give_back(surplus)


@pytest.fixture
def processes(store: Store) -> Processes:
    return Processes(store)


def note(store: Any, value: str) -> None:
    store.write("test", lambda tx: tx.put(META, [Meta(name="note", value=value)]))


def noted(store: Store) -> str | None:
    found = store.read(lambda tx: tx.get(META, "note"))
    return found.value if found else None


def test_a_write_behind_a_lost_lease_is_not_kept(processes: Processes) -> None:
    old, new = processes.start("one"), processes.start("two")
    old.step(("clock",), ())
    fenced = FencedStore(processes.store, old.held["clock"])
    note(fenced, "first")
    for _ in range(5):
        new.step(("clock",), ())
        processes.time += 2.5
    assert new.held["clock"].token == old.held["clock"].token + 1
    with pytest.raises(LeaseLostError, match="clock: expected token 1 for test, got 2: refused"):
        note(fenced, "late")
    assert noted(processes.store) == "first"
    assert fenced.read(lambda tx: tx.get(META, "note")).value == "first"  # type: ignore[union-attr]
    old.step(("clock",), ())
    assert old.held == {}
    note(FencedStore(processes.store, new.held["clock"]), "second")
    assert noted(processes.store) == "second"


def test_nothing_is_taken_from_one_that_gives_signs(processes: Processes) -> None:
    one, two = processes.start("one"), processes.start("two", does=("clock",))
    processes.rounds(one, two, count=20)
    assert one.held.keys() == {"clock", *NAMES}
    assert two.held == {}
    assert processes.alarms() == []


def test_what_is_to_be_sent_is_dealt_out_evenly(processes: Processes) -> None:
    one, two = processes.start("one"), processes.start("two")
    processes.rounds(one, count=2)
    assert len(one.held) == 4
    processes.rounds(one, two, count=4)
    assert sorted(len([name for name in each.held if name in NAMES]) for each in (one, two)) == [1, 2]
    held = (dict(one.held), dict(two.held))
    processes.rounds(one, two, count=8)
    assert (one.held, two.held) == held
    one.leave()
    assert {lease.holder for lease in processes.leases().values()} == {"", two.me.id}
    processes.rounds(two, count=1)
    assert "clock" in two.held
    processes.rounds(two, count=5)
    assert two.held.keys() == {"clock", *NAMES}
    assert processes.alarms() == []


def test_another_that_died_is_told_of_once(processes: Processes) -> None:
    one, two = processes.start("one"), processes.start("two")
    processes.rounds(one, count=1)
    processes.rounds(two, count=4)
    assert two.held == {}
    processes.rounds(two, count=1)
    assert two.held.keys() == {"clock", *NAMES}
    assert processes.alarms() == [
        "process one on host gave no sign of life for 10 seconds: two on host goes on with its work"
    ]


def test_nobody_waits_for_one_whose_lock_is_free(processes: Processes) -> None:
    one = processes.start("one")
    processes.rounds(one, count=1)
    again = processes.start("one")
    again.step(("clock",), NAMES)
    assert again.held.keys() == {"clock", *NAMES}
    again.step(("clock",), NAMES)
    assert [row.id for row in processes.store.read(lambda tx: tx.scan(PROCESSES, limit=10))] == [again.me.id]
    assert processes.alarms() == []


def test_where_one_serves_alone_whatever_is_there_is_dead(processes: Processes) -> None:
    processes.rounds(processes.start("one"), count=1)
    other = processes.start("two", alone=True)
    other.step(("clock",), NAMES)
    assert other.held.keys() == {"clock", *NAMES}
    assert processes.alarms() == []


def test_what_is_no_longer_wanted_is_given_back(processes: Processes) -> None:
    one = processes.start("one")
    processes.rounds(one, count=1)
    processes.rounds(one, count=1, names=("pump/ma",))
    assert one.held.keys() == {"clock", "pump/ma"}
    assert processes.leases()["pump/fr"].holder == ""


def test_a_write_that_began_before_the_takeover_is_not_kept_once_the_new_holder_has_looked(postgres_place: Any) -> None:
    """The new holder goes by what it saw: what the old one began before must not turn up behind its back."""
    processes = Processes(postgres_place.open())
    old = processes.start("one")
    old.step(("clock",), ())
    there = Processes(postgres_place.open())
    calls: list[str] = []

    def work(tx: Any) -> None:
        calls.append("call")
        new = there.start("two")
        new.step(("clock",), ())
        there.time += 10
        new.step(("clock",), ())
        assert new.held["clock"].token == 2
        assert noted(there.store) is None
        tx.put(META, [Meta(name="note", value="late")])

    with pytest.raises(LeaseLostError, match="expected token 1 for test, got 2"):
        FencedStore(processes.store, old.held["clock"]).write("test", work)
    assert calls == ["call"]
    assert noted(there.store) is None
