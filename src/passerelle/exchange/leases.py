"""Who of several processes on one store does what only one may do: taking, keeping and giving back leases.

Rules kept here:
- a lease is taken over when its holder's beat was seen unchanged for the whole time, on the taker's own clock that only
  goes forward. Clocks of two machines are never compared;
- the token grows with each new holder. A write behind a `FencedStore` reads its lease in its own transaction: with
  another token there nothing of it is kept. So safety rests on the store's transactions alone; times only say how long
  nobody works after a crash. A process that was frozen, and goes on as if nothing had been, writes nothing more;
- what is free is dealt out evenly: a process takes up to its share at once, more only when nobody else took it for the
  whole time, and gives back what is above its share as soon as another lives;
- a process that was known by the lock of its folder, and that lock is free, is dead: nobody waits for it.

If we stop anywhere: the leases stay, and their holder is silent. What was given back is free.

Left unchecked: that a process which beats also works. A part of it that hangs shows by what does not happen (`doctor`).
"""

import math
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from passerelle.core.errors import LeaseLostError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.ports.leases import LEASES, PROCESSES, Lease, Process
from passerelle.ports.store import Reading, Store, Writing

T = TypeVar("T")

_ALL = 100_000
FORGOTTEN = 3600.0
"""Seconds of silence after which a process without leases is no longer shown."""


class FencedStore:
    """A store for what is done under a lease: reads pass, a write is kept only as long as the lease is held."""

    def __init__(self, store: Store, lease: Lease) -> None:
        self._store, self._lease = store, lease

    def read(self, work: Callable[[Reading], T]) -> T:
        return self._store.read(work)

    def write(self, name: str, work: Callable[[Writing], T]) -> T:
        """As `Store.write`. Raises LeaseLostError, with nothing changed, when another process holds the lease."""
        lease = self._lease

        def fenced(tx: Writing) -> T:
            there = tx.get(LEASES, lease.name)
            if there is None or (there.token, there.holder) != (lease.token, lease.holder):
                got = there.token if there else "none"
                raise LeaseLostError(f"{lease.name}: expected token {lease.token} for {name}, got {got}: refused")
            return work(tx)

        return self._store.write(name, fenced)

    def close(self) -> None:
        """Whoever opened the store closes it."""


@dataclass(frozen=True)
class View:
    """Leases and processes at one moment."""

    leases: Mapping[str, Lease]
    processes: Mapping[str, Process]


@dataclass(frozen=True)
class Plan:
    """What to take, as it was seen, and what to give back."""

    take: tuple[Lease, ...] = ()
    surplus: tuple[str, ...] = ()
    silent: frozenset[str] = frozenset()  # processes that gave no sign for the whole time
    forgotten: frozenset[str] = frozenset()


@dataclass
class _Sign:
    """A sign of life and when it was first seen."""

    beat: int
    at: float
    lively: bool = False  # another was seen before


@dataclass
class Contender:
    """One process among those that share a store. `alone`: the store is one that only one process can serve.

    Not for several threads at once.
    """

    ctx: Context
    me: Process
    alone: bool = False
    monotonic: Callable[[], float] = time.monotonic
    held: dict[str, Lease] = field(default_factory=dict)
    _signs: dict[str, _Sign] = field(default_factory=dict)
    _open: dict[Lease, float] = field(default_factory=dict)  # what nobody holds, and when it was first seen so

    def step(self, single: Collection[str], dealt: Collection[str]) -> Plan:
        """Give a sign of life and take what is wanted and may be taken. `dealt`: what is shared out evenly.

        Afterwards `held` says what this process holds; what is `surplus` in the answer is to be given back, once
        nothing is done with it any more. Raises StoreError; then what was held is still tried.
        """
        plan = self.plan(self.look(), single, dealt)
        self.act(plan)
        return plan

    def look(self) -> View:
        """All leases and processes."""

        def read(tx: Reading) -> View:
            leases, processes = tx.scan(LEASES, limit=_ALL), tx.scan(PROCESSES, limit=_ALL)
            return View({one.name: one for one in leases}, {one.id: one for one in processes})

        return self.ctx.store.read(read)

    def plan(self, view: View, single: Collection[str], dealt: Collection[str]) -> Plan:
        """What to do about what was seen."""
        now = self.monotonic()
        self._note(view, now)
        silent = frozenset(one for one in self._signs if self._is_silent(one, view, now))
        wanted = {*single, *dealt}
        can = {name: self._as_seen(name, view) for name in sorted(wanted) if self._may_take(name, view, silent)}
        self._open = {lease: self._open.get(lease, now) for lease in can.values()}
        share = self._share(view, len(dealt), silent)
        mine = sorted(name for name in self.held if name in dealt)
        take = []
        for name, lease in can.items():
            if name in dealt:
                if len(mine) >= share and now - self._open[lease] < self.me.seconds:
                    continue
                mine.append(name)
            take.append(lease)
        extra = sorted(mine)[share:] if not take else []
        surplus = tuple(name for name in self.held if name not in wanted or name in extra)
        holders = {lease.holder for lease in view.leases.values()}
        forgotten = frozenset(
            one for one in silent - holders if one in view.processes and self._forgets(view.processes[one], now)
        )
        return Plan(tuple(take), surplus, silent, forgotten)

    def act(self, plan: Plan) -> None:
        """Do it, in one transaction: what another was faster with is not taken."""

        def work(tx: Writing) -> tuple[Process, dict[str, Lease]]:
            me = msgspec.structs.replace(self.me, beat=self.me.beat + 1, seen=self.ctx.clock.now())
            there = tx.get_many(LEASES, [(name,) for name in {*self.held, *(one.name for one in plan.take)}])
            held = {name: lease for name, lease in self.held.items() if there.get((name,)) == lease}
            for seen in plan.take:
                lease = there.get((seen.name,), Lease(name=seen.name))
                if lease != seen or self._is_back(tx, lease, plan):
                    continue
                if lease.holder in plan.silent and not self._is_dead(tx.get(PROCESSES, lease.holder)):
                    self._tell(tx, lease)
                held[seen.name] = Lease(seen.name, me.id, lease.token + 1, me.seen)
            tx.put(LEASES, [held[one.name] for one in plan.take if one.name in held])
            tx.delete(PROCESSES, [(one,) for one in plan.forgotten])
            tx.put(PROCESSES, [me])
            return me, held

        self.me, self.held = self.ctx.store.write("lease.beat", work)

    def give_back(self, names: Collection[str]) -> None:
        """Nothing is done with these any more: others may take them at once."""
        self._free(names, leave=False)

    def leave(self) -> None:
        """This process ends: nothing is done any more with anything that it held."""
        self._free(tuple(self.held), leave=True)

    def _free(self, names: Collection[str], *, leave: bool) -> None:
        def work(tx: Writing) -> None:
            there = tx.get_many(LEASES, [(name,) for name in names])
            mine = [lease for lease in there.values() if self.held.get(lease.name) == lease]
            tx.put(LEASES, [msgspec.structs.replace(lease, holder="") for lease in mine])
            if leave:
                tx.delete(PROCESSES, [(self.me.id,)])

        self.ctx.store.write("lease.free", work)
        for name in names:
            self.held.pop(name, None)

    # -- what was seen ------------------------------------------------------------------------------------------

    def _note(self, view: View, now: float) -> None:
        """Remember since when the beat of each other process is what it is."""
        holders = {lease.holder for lease in view.leases.values()} - {"", self.me.id}
        signs = {}
        for one in holders | (view.processes.keys() - {self.me.id}):
            beat = view.processes[one].beat if one in view.processes else -1
            known = self._signs.get(one)
            if known is None or known.beat != beat:
                known = _Sign(beat, now, known is not None)
            signs[one] = known
        self._signs = signs

    def _is_silent(self, process: str, view: View, now: float) -> bool:
        row = view.processes.get(process)
        if self._is_dead(row):
            return True
        seconds = max(self.me.seconds, row.seconds if row else 0)
        return now - self._signs[process].at >= seconds

    def _is_dead(self, process: Process | None) -> bool:
        """Whether this process holds the lock now that it held: of the folder, or of its instance there."""
        place = (self.me.host, self.me.folder, self.me.instance)
        same = process is not None and (process.host, process.folder, process.instance) == place
        return self.alone or same

    def _forgets(self, process: Process, now: float) -> bool:
        return self._is_dead(process) or now - self._signs[process.id].at >= FORGOTTEN

    def _may_take(self, name: str, view: View, silent: Collection[str]) -> bool:
        holder = self._as_seen(name, view).holder
        # This process, and not held: the answer to taking it was lost.
        return name not in self.held and (holder in ("", self.me.id) or holder in silent)

    def _as_seen(self, name: str, view: View) -> Lease:
        return view.leases.get(name) or Lease(name=name)

    def _share(self, view: View, count: int, silent: Collection[str]) -> int:
        others = [
            one for one, sign in self._signs.items() if sign.lively and one not in silent and one in view.processes
        ]
        sending = sum("send" in view.processes[one].does for one in others)
        return math.ceil(count / (1 + sending))

    def _is_back(self, tx: Reading, lease: Lease, plan: Plan) -> bool:
        """Whether the silent holder gave a sign after all, between the look and this transaction."""
        if lease.holder not in plan.silent:
            return False
        row = tx.get(PROCESSES, lease.holder)
        return (row.beat if row else -1) != self._signs[lease.holder].beat

    def _tell(self, tx: Writing, lease: Lease) -> None:
        row = tx.get(PROCESSES, lease.holder)
        name, host = (row.instance, row.host) if row else (lease.holder, "?")
        text = (
            f"process {name} on {host} gave no sign of life for {self.me.seconds} seconds: "
            f"{self.me.instance} on {self.me.host} goes on with its work"
        )
        notes.alarm(tx, self.ctx, "process.silent", "", text, once=lease.holder)
