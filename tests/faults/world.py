"""Two nodes, their persons, their network and everything that can happen to them, with what must stay true.

`World` has one method for each thing that can happen. Every choice comes from the caller (a fraction), so that
a run can be played again. After each of them `check` looks at what must always be true; `settle` brings the two nodes
to rest and looks at what must be true then.

What may be lost: a message that neither its author's store nor its receiver's has any more, because a store was put
back from an old copy. `World.lost` collects these; they are found by looking, before and after.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from passerelle.core.clock import ManualClock
from passerelle.core.errors import ExchangeError, InputError, PasserelleError, StateError
from passerelle.dossiers.state import Standing, next_acts
from passerelle.exchange import answering, desk, governance, inbox, rotation, succession, wire
from passerelle.exchange.checks import BatchRefusedError
from passerelle.exchange.context import Context, Policy
from passerelle.exchange.sender import Posting, Sender
from passerelle.identity import identity as identities
from passerelle.identity.keys import SIGNING
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.keys import ERAS, Candidate
from passerelle.ports.marks import MemoryMarks
from passerelle.ports.records import ATTEMPTS, DOSSIERS, ENTRIES, INSTRUMENTS, LOGS, MESSAGES, PARTNERS
from passerelle.ports.store import Store, no_fault
from passerelle.store.faults import Crash, FaultPlan
from passerelle.store.memory import MemoryStore
from passerelle.store.sqlite import SqliteStore
from tests.peers import agree as truths
from tests.peers import carrying
from tests.peers.agree import current
from tests.peers.copies import Copy, rows
from tests.peers.pair import CATALOGUE, NOW, TYPES, Pair, Peer, acts, introduce, make_peer, texts

NAMES = ("be", "ma")
WANTED = CATALOGUE.types["wanted-trace"]
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LONGEST = 12 * DAY  # acts of the samples name days of the weeks after NOW


class Skewed:
    """A node's clock: the common time and how far off it is."""

    def __init__(self, common: ManualClock) -> None:
        self.common, self.off = common, 0

    def now(self) -> int:
        return self.common.now() + self.off


@dataclass
class Body:
    """A batch that was once posted, and what the messages in it rest on."""

    to: str
    data: bytes
    rests_on: frozenset[str]
    governance: tuple[int, int]
    author: str


@dataclass
class World:
    """`folder`: SQLite files there; None: in memory. `entries_a_day`: the limit of the first channel."""

    folder: Path | None = None
    entries_a_day: int = 1000
    batch_entries: int = 3

    common: ManualClock = field(init=False)
    clocks: dict[str, Skewed] = field(init=False)
    pair: Pair = field(init=False)
    channels: list[str] = field(default_factory=list)
    sent: list[Body] = field(default_factory=list)
    held: list[Body] = field(default_factory=list)
    copies: dict[str, list[Copy]] = field(default_factory=lambda: {"be": [], "ma": []})
    lost: set[str] = field(default_factory=set)
    bad: set[str] = field(default_factory=set)  # dossiers that were opened against the channel
    leaves: dict[tuple[str, int], bytes] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)  # nodes that were put back and not everybody has compared with
    counts: dict[str, int] = field(default_factory=dict)
    plans: dict[str, FaultPlan] = field(default_factory=dict)
    number: int = 0
    marks: dict[str, MemoryMarks] = field(default_factory=lambda: {name: MemoryMarks() for name in NAMES})
    files: list[Body] = field(default_factory=list)  # courier files, each as often and as late as anybody likes
    carried: dict[tuple[str, int], bytes] = field(default_factory=dict)  # every leaf that ever left in a file
    folders: dict[str, list[identities.Identity]] = field(default_factory=dict)  # identity files of before

    def __post_init__(self) -> None:
        self.common = ManualClock(NOW)
        self.clocks = {name: Skewed(self.common) for name in NAMES}
        made: dict[str, Peer] = {}
        for name, other in (NAMES, NAMES[::-1]):
            store = self._new_store(name)
            peer = make_peer(name, other, ManualClock(0), store, batch_entries=self.batch_entries)
            made[name] = self._peer(peer, store)
        self.pair = Pair(self.common, made["be"], made["ma"])
        introduce(self.pair.be, self.pair.ma)
        introduce(self.pair.ma, self.pair.be)
        self.pair.agreement = self.pair.sign(texts.agreement())
        limits = {"entries": self.entries_a_day, "bytes": 100_000_000}
        self.pair.channel = self.pair.sign(texts.channel(self.pair.agreement, TYPES, limits=limits))
        self.channels.append(self.pair.channel)
        self.common.advance(1000)
        self.check()

    def _new_store(self, name: str) -> Store:
        if self.folder is None:
            return MemoryStore()
        self.number += 1
        return SqliteStore(self.folder / f"{name}-{self.number}.db")

    def _peer(self, old: Peer, store: Store) -> Peer:
        """The node on this store in a new process."""
        ctx = Context(
            name=old.ctx.name,
            keys=old.ctx.keys,
            store=store,
            clock=self.clocks[old.ctx.name],
            catalogue=old.ctx.catalogue,
            policy=Policy(batch_entries=self.batch_entries),
            marks=self.marks[old.ctx.name],
        )
        return Peer(ctx, old.identity, Sender(ctx, old.sender.partner))

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    # -- crashes ------------------------------------------------------------------------------------------------

    def crash_at(self, name: str, point: int) -> None:
        """The node's store stops the process at the `point`-th fault point from now on."""
        self.plans[name] = plan = FaultPlan(None, point)
        self.pair.peer(name).store._fault = plan  # type: ignore[attr-defined]

    def _safely(self, work: Callable[[], object]) -> None:
        """Do something; a crash that was planned ends the process it hits, and the node starts again."""
        try:
            work()
        except Crash:
            self.count("crashes")
            for name, plan in list(self.plans.items()):
                if len(plan.passed) >= (plan._nth or 0):
                    self.restart(name)

    def restart(self, name: str) -> None:
        """The process ends and begins again on what its store has."""
        peer = self.pair.peer(name)
        store = peer.store
        self.plans.pop(name, None)
        store._fault = no_fault  # type: ignore[attr-defined]
        if isinstance(store, SqliteStore):
            store.close()
            store = SqliteStore(store.path)
        setattr(self.pair, name, self._peer(peer, store))
        self._identify(name)
        self._persons()
        self.count("restarts")

    # -- keys ---------------------------------------------------------------------------------------------------

    def rotate(self, name: str, *kinds: str) -> None:
        """New keys of these kinds. A ceremony that a crash stops leaves the old keys in force, or the new ones."""

        def work() -> None:
            peer = self.pair.peer(name)
            self.folders.setdefault(name, []).append(peer.identity)
            with suppress(PasserelleError):
                self.pair.rotate(peer, *kinds)
                self.count("rotations")

        self._safely(work)

    def destroy(self, name: str) -> None:
        """The node destroys the keys that nobody goes by any more, as far as it knows."""
        self._safely(lambda: rotation.retire(self.pair.peer(name).ctx, lambda ids: None))
        self._persons()

    def _identify(self, name: str) -> None:
        """What opening the folder does: the store says which identity is in force, or goes by the folder's again."""
        peer = self.pair.peer(name)
        eras = rows(peer.store, ERAS)
        known, there = {era.fingerprint for era in eras}, self.folders.setdefault(name, [])
        if peer.identity.fingerprint not in known:
            between = [one for one in there if one.fingerprint not in {*known, peer.identity.fingerprint}]
            forgotten = [*between, peer.identity]
            peer.store.write("test.adopt", lambda tx: rotation.adopt(tx, peer.ctx, forgotten, "op"))
        else:
            peer.identity = identities.parse(eras[-1].identity)
        peer.ctx.keys.turn(peer.identity.keys)

    def _persons(self) -> None:
        """Who was put back to keys of the other that are destroyed cannot be told: persons compare the new identity."""
        for name in NAMES:
            peer, other = self.pair.peer(name), self.pair.other(self.pair.peer(name))
            row = next(one for one in rows(other.store, PARTNERS) if one.name == name)
            old = identities.parse(row.identity).keys
            held = all(peer.ctx.keys.signers(old.pair(kind)) for kind in SIGNING) and peer.ctx.keys.opener(
                old.sealing.id
            )
            if row.fingerprint != peer.identity.fingerprint and not held:
                made = Candidate(name, peer.identity.body, peer.identity.fingerprint, NOW, "op")
                other.store.write(
                    "test.rebind",
                    lambda tx, row=row, other=other, made=made: succession.rebind(tx, other.ctx, row, made, "op"),
                )  # type: ignore[misc]
                with suppress(StateError):
                    rotation.compared(peer.ctx, other.ctx.name, "op")
                self.count("compared again")

    # -- what officers do ---------------------------------------------------------------------------------------

    def open(self, name: str) -> None:
        """A new dossier."""
        content = acts.wanted_request()
        self._post(name, content, "routine")

    def write(self, name: str, choice: float, lane: str = "routine") -> None:
        """One of the acts that a dossier allows, as this node sees it."""
        peer = self.pair.peer(name)
        open_ = [one for one in rows(peer.store, DOSSIERS) if one.opener and one.state]
        if not open_:
            return
        dossier = open_[int(choice * 7919) % len(open_)]
        standing = Standing.from_text(dossier.standing)
        side = "opener" if dossier.opener == name else "answerer"
        names = [one for one in next_acts(WANTED, standing, side) if lane in WANTED.acts[one].lanes]  # type: ignore[arg-type]
        if not names:
            return
        act = names[int(choice * 104_729) % len(names)]
        changes: dict[str, Any] = {"dossier": dossier.id}
        if WANTED.acts[act].refers or act in ("acknowledge", "remind"):
            known = [one.id for one in rows(peer.store, MESSAGES) if one.dossier == dossier.id and one.kind == "act"]
            if WANTED.acts[act].refers and known:
                changes["message"] = known[int(choice * 15_485_863) % len(known)]
        self._post(name, acts.act("wanted-trace", act, **changes), lane)

    def _post(self, name: str, content: dict[str, Any], lane: str, *, unchecked: bool = False) -> None:
        self._safely(lambda: self._posted(name, content, lane, unchecked))

    def _posted(self, name: str, content: dict[str, Any], lane: str, unchecked: bool) -> None:
        pair, peer = self.pair, self.pair.peer(name)
        for channel in reversed(self.channels):
            pair.channel = channel
            policy = peer.ctx.policy
            if unchecked:
                object.__setattr__(peer.ctx, "policy", Policy(batch_entries=self.batch_entries, check_own=False))
            try:
                desk.post(peer.ctx, [pair.act(name, content, lane)])
            except desk.RefusedError:
                continue
            except PasserelleError:
                return
            finally:
                object.__setattr__(peer.ctx, "policy", policy)
            self.count("acts")
            return

    def misbehave(self, name: str) -> None:
        """A node that checks nothing opens a dossier for a purpose that the channel has not: it is refused."""
        content = acts.wanted_request(purpose="curiosity")
        self.bad.add(content["dossier"])
        self._post(name, content, "routine", unchecked=True)

    # -- what heads of service do -------------------------------------------------------------------------------

    def instrument(self, name: str, step: str, choice: float) -> None:
        """A step of an instrument, if it is allowed."""
        peer = self.pair.peer(name)
        known = rows(peer.store, INSTRUMENTS)
        if step == "propose":
            self.number += 1
            supersedes = {"supersedes": self.channels[-1]} if choice < 0.6 else {}
            text = texts.channel(self.pair.agreement, TYPES, title=f"Channel {self.number}", **supersedes)
            fields: dict[str, object] = {"instrument": text.decode()}
        else:
            mine = [one for one in known if one.kind == "channel"]
            if not mine:
                return
            record = mine[int(choice * 7919) % len(mine)]
            fields = {"digest": record.digest}
            if step != "sign":
                fields["reason"] = "A reason."
            if step == "terminate":
                if record.digest == self.channels[0]:
                    return  # something must stay in force
                fields["from"] = "2026-11-22T00:00:00Z"

        def work() -> None:
            with suppress(PasserelleError):
                made = governance.act(peer.ctx, peer.sender.partner, f"instrument.{step}", f"{name}-chief", **fields)
                self.count(f"instrument.{step}")
                if made.digest not in self.channels:
                    self.channels.append(made.digest)

        self._safely(work)

    # -- the network --------------------------------------------------------------------------------------------

    def send(self, name: str, lane: str, mode: str = "ok") -> None:
        """One batch of a lane. `mode`: ok, request-lost, answer-lost, twice, delayed."""
        self._safely(lambda: self._send(name, lane, mode))

    def _send(self, name: str, lane: str, mode: str) -> None:
        peer, other = self.pair.peer(name), self.pair.other(self.pair.peer(name))
        sender = peer.sender
        try:
            self.pair.look(peer, lane)
            if lane not in sender.compared:
                question = sender.question(bytes(16))
                if mode == "request-lost":
                    sender.failed(lane, "lost", 0.5)
                    return
                answer = answering.status(other.ctx, question)
                if not sender.compare(bytes(16), answer, lane):
                    return
            posting = sender.step(lane)
            if posting is None:
                return
            body = self._remember(peer, other, posting)
            self.count("batches")
            if mode in ("request-lost", "delayed"):
                if mode == "delayed":
                    self.held.append(body)
                sender.failed(lane, mode, 0.5)
                return
            receipt = inbox.receive(other.ctx, posting.body)
            if mode == "twice":
                receipt = inbox.receive(other.ctx, posting.body)
            if mode == "answer-lost":
                sender.failed(lane, mode, 0.5)
                return
            sender.received(posting, receipt)
        except ExchangeError as error:
            if isinstance(error, BatchRefusedError):
                self.count(f"refused.{error.check}")
            sender.failed(lane, str(error), 0.5)

    def _remember(self, peer: Peer, other: Peer, posting: Posting) -> Body:
        found = [
            one
            for one in rows(peer.store, MESSAGES)
            if one.origin == posting.origin and posting.start <= one.index < posting.end
        ]
        body = self._body(peer, other, posting.body, found)
        self.sent.append(body)
        return body

    def _body(self, peer: Peer, other: Peer, data: bytes, found: list[Any]) -> Body:
        sizes = [tuple(map(int, one.governance.split("/"))) for one in found if one.governance]
        return Body(
            other.ctx.name,
            data,
            frozenset(name for one in found for name in one.after),
            max(sizes, default=(1, 0)),  # type: ignore[arg-type]
            peer.ctx.name,
        )

    def deliver_late(self, choice: float) -> None:
        """A batch that was delayed arrives; nobody waits for the answer."""
        if self.held:
            body = self.held.pop(int(choice * 7919) % len(self.held))
            self._receive(body)

    def replay(self, choice: float) -> None:
        """Any batch of the past arrives again."""
        if self.sent:
            self._receive(self.sent[int(choice * 7919) % len(self.sent)])

    def _receive(self, body: Body) -> None:
        def work() -> None:
            try:
                inbox.receive(self.pair.peer(body.to).ctx, body.data)
            except BatchRefusedError as error:
                self.count(f"refused.{error.check}")

        self.count("replays")
        self._safely(work)

    # -- by hand ------------------------------------------------------------------------------------------------

    def export(self, name: str, lanes: tuple[str, ...] = LANES, *, onward: bool = False) -> None:
        """A courier file is written; it lies about from then on."""

        def work() -> None:
            peer = self.pair.peer(name)
            data = carrying.file_of(self.pair, peer, lanes=lanes, onward=onward)
            self._keep(peer, data)

        self._safely(work)

    def _keep(self, peer: Peer, data: bytes) -> None:
        other = self.pair.other(peer)
        self._signed(peer, other, data)
        mine = [one for one in rows(peer.store, MESSAGES) if one.direction == "out" and one.index >= 0]
        self.files.append(self._body(peer, other, data, mine))
        self.count("files")

    def _signed(self, peer: Peer, other: Peer, data: bytes) -> None:
        """No two leaves of one index ever leave in files, whatever was put back."""
        for body in carrying.batches(data):
            header, sealed = wire.parse_header(body)
            key = other.ctx.keys.opener(header.seal)
            if key is None:
                continue
            batch = wire.open_batch(header, sealed, sender=peer.identity.envelope, key=key)
            for index, item in enumerate(batch.items, batch.start):
                known = self.carried.setdefault((header.origin, index), item.leaf)
                assert known == item.leaf, f"{header.origin}: two leaves at {index}"
            self.count("carried")

    def take_in(self, choice: float, *, answer: bool = False, cut: float = 1) -> None:
        """Any file is imported, the newest (-1) or another, again, or a part of it; the answer is one more file."""
        if not self.files:
            return
        body = self.files[int(choice * 7919) % len(self.files) if choice >= 0 else -1]

        def work() -> None:
            peer = self.pair.peer(body.to)
            try:
                taken = carrying.read(peer, body.data[: int(cut * len(body.data))])
            except InputError:
                return  # its head is cut, or the keys that signed it were replaced since
            self.count("imports")
            if answer:
                self._keep(peer, carrying.file_of(self.pair, peer, lanes=(), refusals=taken.refusals))

        self._safely(work)

    def boot(self, name: str) -> None:
        """The machine starts anew."""
        self.marks[name].life += "+"
        self.restart(name)

    # -- clocks -------------------------------------------------------------------------------------------------

    def pass_time(self, milliseconds: int) -> None:
        if self.common.now() + milliseconds < NOW + LONGEST:
            self.common.advance(milliseconds)

    def set_clock(self, name: str, off: int) -> None:
        """The node's clock is off by this, from now on."""
        self.clocks[name].off = off

    # -- copies -------------------------------------------------------------------------------------------------

    def copy(self, name: str) -> None:
        """A backup, or a snapshot of the machine."""
        self.number += 1
        made = Copy(self.pair.peer(name).store, self.folder, f"{name}-copy-{self.number}")
        self.copies[name] = [*self.copies[name][-2:], made]
        self.count("copies")

    def put_back(self, name: str, choice: float) -> None:
        """The store is lost and an old copy takes its place. At its start the node compares, as it always does."""
        if not self.copies[name]:
            return
        before = self._somewhere()
        made = self.copies[name][int(choice * 7919) % len(self.copies[name])]
        peer = self.pair.peer(name)
        old = peer.store
        setattr(self.pair, name, self._peer(peer, made.open()))
        old.close()
        self.plans.pop(name, None)
        self._identify(name)
        self._persons()
        self.count("restores")
        self.unsure.add(name)
        after = self._somewhere()
        self.lost |= before - after
        self.lost -= after
        self._forget()
        for lane in LANES:
            self._safely(lambda lane=lane: self._compare(self.pair.peer(name), lane))  # type: ignore[misc]

    def _compare(self, peer: Peer, lane: str) -> None:
        with suppress(PasserelleError):
            self.pair.compare(peer, lane)

    def _own(self, name: str) -> list[Any]:
        return [one for one in rows(self.pair.peer(name).store, MESSAGES) if one.direction == "out"]

    def _somewhere(self) -> set[str]:
        """Messages that a node has."""
        return {one.id for name in NAMES for one in rows(self.pair.peer(name).store, MESSAGES)}

    def _forget(self) -> None:
        """What no node has any more was never: leaves may be given out again, and nothing may rest on what is lost."""
        there = {(one.origin, one.index): one.leaf for name in NAMES for one in rows(self._store(name), ENTRIES)}
        self.leaves = {place: leaf for place, leaf in self.leaves.items() if there.get(place) == leaf}

        def stands(body: Body) -> bool:
            logs = [
                (log.generation, log.size)
                for name in NAMES
                for log in rows(self._store(name), LOGS)
                if log.lane == "governance" and log.origin.split("/")[1] == body.author
            ]
            return not body.rests_on & self.lost and body.governance <= max(logs, default=(1, 0))

        self.sent = [body for body in self.sent if stands(body)]
        self.files = [body for body in self.files if stands(body)]
        self.held = [body for body in self.held if stands(body)]

    def _store(self, name: str) -> Store:
        return self.pair.peer(name).store

    # -- persons ------------------------------------------------------------------------------------------------

    def recover(self) -> None:
        """Persons open new generations where logs stand still; the partner allows it where it froze one."""
        self._safely(self._recover)

    def insist(self, name: str, lane: str) -> None:
        """Persons open a new generation of a log that looks well: what is on its way goes again in it."""
        self._safely(lambda: self._insist(self.pair.peer(name), lane))

    def _insist(self, peer: Peer, lane: str) -> None:
        if current(peer, "out", lane) is not None:
            with suppress(ExchangeError):
                self.pair.reopen(peer, lane, although_open=True)
                self.count("insisted")
            peer.sender.compared.discard(lane)

    def _recover(self) -> None:
        try:
            truths.recover(self.pair)
            self.count("recoveries")
        except ExchangeError as error:
            self.count(f"recover.{type(error).__name__}")
            for peer in (self.pair.be, self.pair.ma):
                peer.sender.compared.clear()

    def _unlock(self) -> None:
        """A handover names less than what came late, out of the net: persons begin its log anew."""
        for peer in (self.pair.be, self.pair.ma):
            stuck = [one for one in rows(peer.store, ATTEMPTS) if one.lane == "governance" and one.failures > 1]
            if stuck and ("check 3" in stuck[0].reason or "check 2" in stuck[0].reason):
                self._insist(peer, "governance")
                self.count("told anew")

    # -- what must be true --------------------------------------------------------------------------------------

    def check(self) -> None:
        """What is true at every moment."""
        pair = self.pair
        self.lost -= self._somewhere()  # what came late after all
        truths.logs_hold(pair)
        truths.entries_once(pair)
        for peer in (pair.be, pair.ma):
            truths.contents_kept(peer)
        if not self.unsure:
            truths.receipts_behind_storage(pair)
        for name in NAMES:
            for one in rows(self._store(name), ENTRIES):
                known = self.leaves.setdefault((one.origin, one.index), one.leaf)
                if known != one.leaf:
                    # Two leaves at one index: only where an author was put back, and never one that is still kept.
                    assert self.counts.get("restores"), (one.origin, one.index)
        self._no_forgeries()

    def _no_forgeries(self) -> None:
        """Each node has of the other only what the other wrote, as it wrote it."""
        for name in NAMES:
            mine = {one.id: one for one in self._own(name)}
            other = self.pair.other(self.pair.peer(name))
            for one in rows(other.store, MESSAGES):
                if one.direction == "in" and one.id in mine:
                    assert one.commitment == mine[one.id].commitment

    def settle(self) -> None:
        """Everything arrives, persons do what they must, clocks are right again: then both say the same."""
        self.held.clear()
        for name in NAMES:
            self.clocks[name].off = 0
            if name in self.plans:
                self.plans.pop(name)
                self._store(name)._fault = no_fault  # type: ignore[attr-defined]
        self.common.advance(DAY)
        for _ in range(60):
            for peer in (self.pair.be, self.pair.ma):
                peer.sender.compared.clear()
            self._recover()
            self._unlock()
            moved = True
            while moved:
                moved = False
                for name in NAMES:
                    for lane in LANES:
                        before = current(self.pair.peer(name), "out", lane)
                        self._send(name, lane, "ok")
                        moved |= before != current(self.pair.peer(name), "out", lane)
            if self._at_rest():
                break
            self.common.advance(HOUR if self.common.now() % DAY else DAY)
            if any(one.state == "unsequenced" for name in NAMES for one in self._own(name)):
                self.common.advance(DAY)  # held back by the limit of a day
        self.unsure.clear()
        self.check()
        assert self._at_rest()
        # An own message of which only the leaf came back: nobody else keeps what was refused.
        exact = not [one for name in NAMES for one in self._own(name) if not one.kind]
        truths.agree(self.pair, exact=exact, lost=self.lost)
        self._none_wronged()

    def _none_wronged(self) -> None:
        """What was checked before it left is not refused, but under an instrument that ended or came back meanwhile.

        Or when the clock was put back between writing and sending, to before the channel began. What is written in such
        a dossier behind is refused too.
        """
        for name in NAMES:
            refused = [one for one in rows(self._store(name), MESSAGES) if one.kind == "act" and one.state == "refused"]
            bad = self.bad | {one.dossier for one in refused if "7" in one.checks}
            assert [one.id for one in refused if one.dossier not in bad] == []

    def _at_rest(self) -> bool:
        for name in NAMES:
            peer = self.pair.peer(name)
            for lane in LANES:
                log = current(peer, "out", lane)
                if log is not None and (log.state != "open" or log.cosigned != log.size):
                    return False
            if any(one.state == "unsequenced" for one in self._own(name)):
                return False
        return True

    def close(self) -> None:
        for name in NAMES:
            self._store(name).close()


__all__ = ["DAY", "HOUR", "LANES", "MINUTE", "NAMES", "World"]
