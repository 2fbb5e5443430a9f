"""Three processes over two leases in any order of looks, steps and late writes, each with a clock of its own."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from passerelle.core.clock import ManualClock
from passerelle.core.errors import LeaseLostError
from passerelle.exchange.leases import Contender, FencedStore, Plan, View
from passerelle.ports.leases import LEASES, PROCESSES, Lease, Process
from passerelle.ports.records import META, Meta
from tests.peers.pair import NOW, make_peer

WHO = st.sampled_from(["a", "b", "c"])
SINGLE, DEALT = ("clock",), ("pump/ma", "pump/fr")
SECONDS = 10


class Leases(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.ctx = make_peer("be", "ma", ManualClock(NOW)).ctx
        self.store = self.ctx.store
        self.clocks = dict.fromkeys("abc", 0.0)
        self.started = 0
        self.contenders = {name: self.contender(name) for name in "abc"}
        self.planned: dict[str, tuple[Plan, View, float]] = {}
        self.seen: dict[str, list[tuple[float, View]]] = {name: [] for name in "abc"}
        self.given: dict[tuple[str, int], str] = {}  # which process a token was given to
        self.stores: list[tuple[Lease, FencedStore]] = []

    def contender(self, name: str) -> Contender:
        self.started += 1
        me = Process(
            id=f"{name}{self.started}",
            instance=name,
            host="h",
            folder="f",
            pid=1,
            does=("send", "clock"),
            seconds=SECONDS,
        )
        return Contender(self.ctx, me, monotonic=lambda: self.clocks[name])

    @rule(who=WHO, seconds=st.sampled_from([1, 9, 10, 40]))
    def time_passes(self, who: str, seconds: int) -> None:
        self.clocks[who] += seconds

    @rule(who=WHO)
    def look(self, who: str) -> None:
        view = self.contenders[who].look()
        self.seen[who].append((self.clocks[who], view))
        self.planned[who] = self.contenders[who].plan(view, SINGLE, DEALT), view, self.clocks[who]

    @rule(who=WHO)
    def act(self, who: str) -> None:
        """What was planned is done, now or much later: it may have been frozen in between."""
        plan, view, at = self.planned.pop(who, (None, None, 0.0))
        if plan is None or view is None:
            return
        before = dict(self.contenders[who].held)
        self.contenders[who].act(plan)
        for name, lease in self.contenders[who].held.items():
            if before.get(name) == lease:
                continue
            me = self.contenders[who].me.id
            assert lease.holder == me
            assert self.given.setdefault((name, lease.token), me) == me
            self.stores.append((lease, FencedStore(self.store, lease)))
            old = view.leases.get(name, Lease(name))
            assert lease.token == old.token + 1
            if old.holder and not old.holder.startswith(who):  # one of before is known to be dead
                self.was_silent(who, old.holder, at)

    @rule(who=WHO)
    def step(self, who: str) -> None:
        self.look(who)
        self.act(who)

    def was_silent(self, who: str, holder: str, at: float) -> None:
        """From some look on the holder gave no sign for the whole time, on the taker's clock, and gives none now."""
        row = self.row(holder)
        looks = [(time, view.processes.get(holder)) for time, view in self.seen[who]]
        same = [time for time, seen in looks if (seen.beat if seen else -1) == (row.beat if row else -1)]
        assert at - min(same) >= SECONDS

    def row(self, process: str) -> Any:
        return self.store.read(lambda tx: tx.get(PROCESSES, process))

    @rule(who=WHO, name=st.sampled_from([*SINGLE, *DEALT]))
    def give_back(self, who: str, name: str) -> None:
        self.contenders[who].give_back((name,))

    @rule(who=WHO)
    def restart(self, who: str) -> None:
        """Killed: it forgets everything, and leaves its leases as they were."""
        self.contenders[who] = self.contender(who)
        self.planned.pop(who, None)
        self.seen[who] = []

    @rule(data=st.data())
    def write_late(self, data: Any) -> None:
        """Somebody who held a lease once writes, whatever he believes: kept only under the newest token."""
        if not self.stores:
            return
        lease, fenced = data.draw(st.sampled_from(self.stores))
        there = self.store.read(lambda tx: tx.get(LEASES, lease.name))
        value = f"{lease.name}/{lease.token}"
        if there == lease:
            fenced.write("test", lambda tx: tx.put(META, [Meta(name="work", value=value)]))
            return
        before = self.store.read(lambda tx: tx.get(META, "work"))
        with pytest.raises(LeaseLostError, match=f"expected token {lease.token} for test"):
            fenced.write("test", lambda tx: tx.put(META, [Meta(name="work", value=value)]))
        assert self.store.read(lambda tx: tx.get(META, "work")) == before

    @invariant()
    def one_token_is_valid(self) -> None:
        there = self.store.read(lambda tx: {one.name: one for one in tx.scan(LEASES, limit=100)})
        for name in {lease.name for lease, _ in self.stores}:
            valid = [lease for lease, _ in self.stores if lease.name == name and lease == there[name]]
            assert len(valid) <= 1
            assert there[name].token == max(lease.token for lease, _ in self.stores if lease.name == name)

    def teardown(self) -> None:
        """Whatever was before: when only one still gives signs, it gets everything in twice the time."""
        if not hasattr(self, "contenders"):
            return
        alone = self.contenders["a"]
        for _ in range(3):
            alone.step(SINGLE, DEALT)
            self.clocks["a"] += SECONDS
        alone.step(SINGLE, DEALT)
        assert alone.held.keys() == {*SINGLE, *DEALT}


TestLeases = Leases.TestCase
TestLeases.settings = settings(max_examples=150, stateful_step_count=40)
