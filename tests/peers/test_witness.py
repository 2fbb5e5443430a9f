"""An audit log and those who watch over it: that they cosign, and every way in which one side may be wrong."""

from pathlib import Path
from typing import Any

import pytest

from passerelle.core.errors import StateError
from passerelle.exchange import notes
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import witness as wire
from passerelle.oversight import audit_log, audit_reopen, witness, witnesses
from passerelle.oversight.witness import BehindError, InconsistentError, UnknownLogError, UnsignedError
from passerelle.oversight.witness_desk import StoreDesk
from passerelle.oversight.witness_folder import WitnessFolder, create
from passerelle.ports.audit import AUDIT_BLOCKS, FORKS, WITNESSED
from passerelle.ports.records import ALARMS, AUDITS, KINDS, PARTNERS
from passerelle.store.faults import Crash, FaultPlan
from passerelle.store.memory import MemoryStore
from tests.peers.witnessed import Watched


def folder_of(path: Path, name: str = "oversight") -> WitnessFolder:
    create(path / name, name, "127.0.0.1:9443", (f"https://{name}",))
    return WitnessFolder(path / name)


def write(node: Watched, count: int = 1) -> None:
    from passerelle.core.audit import What

    for _ in range(count):
        node.ctx.store.write("test.record", lambda tx: notes.record(tx, node.ctx, What.ALARM_SEEN, "ann", "x", {}))


def copied(node: Watched) -> MemoryStore:
    """The store as it is now: a backup."""
    made = MemoryStore()
    for kind in KINDS:
        rows = node.rows(kind)
        made.write("test.copy", lambda tx, kind=kind, rows=rows: tx.put(kind, rows))
    return made


def question(node: Watched) -> bytes:
    """What a node asks a witness of its own."""
    return witnesses.question(node.ctx, witnesses.Watcher("oversight", "witness", (), "", node.be.identity.witness))


# -- as it should be ---------------------------------------------------------------------------------------------------


def test_a_partner_cosigns_every_hour_and_learns_nothing_of_what_was_done() -> None:
    node = Watched()
    ma = node.partner()
    sizes = []
    for count in (0, 7, 300):
        write(node, count)
        node.step()
        assert node.cosigned("ma") == node.log.size
        sizes.append(len(node.wire.posts[-1][1]))
    held = ma.all(WITNESSED)
    assert [(one.node, one.generation, one.size) for one in held] == [("be", 1, 3)]
    note = checkpoints.parse(node.rows(witnesses.COSIGNED)[0].note)
    checkpoints.verify(note, node.be.identity.log)
    checkpoints.verify_cosignature(note, ma.identity.witness)
    # What crosses is the same for a quiet hour and for a busy one, but for the length of the proof.
    assert max(sizes) - min(sizes) <= 3 * 45
    assert node.alarms() == []


def test_an_hour_has_one_post_and_what_is_cosigned_is_not_shown_again() -> None:
    node = Watched()
    node.partner()
    node.step()
    before = len(node.wire.posts)
    for _ in range(5):
        node.step(0.1)
    assert len(node.wire.posts) == before


def test_a_witness_of_its_own_comes_in_the_place_of_partners_or_beside_them(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    node = Watched()
    node.partner()
    node.oversight(folder)
    node.step()
    assert (node.cosigned("oversight"), node.cosigned("ma")) == (1, 0)
    node.settings = type(node.settings)(partners="always")
    node.start()
    node.step()
    assert (node.cosigned("oversight"), node.cosigned("ma")) == (2, 2)
    origin = node.log.origin
    both = node.ctx.store.read(lambda tx: witnesses.together(witnesses.receipts(tx, origin)))
    assert sorted(one.name for one in both.note.signatures) == [
        *["be/log"] * 2,
        *["ma/witness"] * 2,
        *["oversight/witness"] * 2,
    ]
    node.settings = type(node.settings)(partners="never")
    node.start()
    node.step()
    assert (node.cosigned("oversight"), node.cosigned("ma")) == (3, 2)


def test_only_confirmed_partners_watch_and_are_watched() -> None:
    node = Watched()
    ma = node.partner()
    node.confirm("ma", "suspended")
    node.step()
    assert node.wire.posts == []
    node.confirm("ma", "confirmed")
    ma.store.write("test", lambda tx: tx.delete(PARTNERS, [("be",)]))
    node.step()
    assert node.cosigned("ma") == 0
    assert "does not know" in node.watch("ma").reason


# -- one that is away --------------------------------------------------------------------------------------------------


def test_one_that_is_away_is_asked_again_and_missed_after_a_while() -> None:
    node = Watched(late="PT3H")
    node.partner()
    application = node.wire.applications.pop("ma")
    for _ in range(3):
        node.step()
    assert node.alarms() == []
    node.step()
    node.step()
    assert node.alarms() == ["witness.away"]
    assert "no answer in time" in node.rows(ALARMS)[0].text
    node.wire.applications["ma"] = application
    node.step()
    assert node.cosigned("ma") == node.log.size == 6
    assert node.watch("ma").alarm == ""
    del node.wire.applications["ma"]
    for _ in range(5):
        node.step()
    assert node.alarms() == ["witness.away"] * 2  # each absence is told once


def test_the_log_says_once_that_one_is_away_and_once_that_it_is_back() -> None:
    node = Watched()
    node.partner()
    application = node.wire.applications.pop("ma")
    said = []
    node.say = lambda word, **fields: said.append((word, fields.get("witness"), fields.get("reason", "")))
    node.start()
    for _ in range(4):
        node.step()
    assert [one for one in said if "witness-" in one[0]] == [
        ("audit.witness-away", "ma", "https://ma: no answer in time")
    ]
    node.wire.applications["ma"] = application
    for _ in range(3):
        node.step()
    assert [one[0] for one in said if "witness-" in one[0]] == ["audit.witness-away", "audit.witness-back"]
    del node.wire.applications["ma"]
    node.step()
    assert [one[0] for one in said if "witness-" in one[0]][2:] == ["audit.witness-away"]


def test_a_pause_is_kept_between_tries() -> None:
    node = Watched()
    node.partner()
    node.wire.applications.clear()
    node.step()
    tries = len(node.wire.posts)
    node.step(0)
    assert len(node.wire.posts) == tries
    node.step(0.5)
    assert len(node.wire.posts) == tries + 1


# -- one that lies -----------------------------------------------------------------------------------------------------


def without_line(number: int, answer: bytes) -> bytes:
    lines = answer.split(b"\n")
    del lines[number]
    return b"\n".join(lines)


LIES = {
    "nothing": lambda answer: b"",
    "one signature": lambda answer: without_line(0, answer),
    "the other": lambda answer: without_line(1, answer),
    "a bit": lambda answer: answer[:-9] + (b"A" if answer[-9:-8] != b"A" else b"B") + answer[-8:],
    "words": lambda answer: b"ok\n",
    "twice": lambda answer: answer + answer,
}


@pytest.mark.parametrize("name", LIES)
def test_what_is_no_cosignature_is_never_stored(name: str) -> None:
    node = Watched()
    node.partner()
    node.wire.spoil = lambda path, answer: (answer[0], LIES[name](answer[1])) if path.endswith("checkpoint") else answer
    node.step()
    assert node.cosigned("ma") == 0
    assert node.alarms() == ["witness.lies"]
    node.wire.spoil = lambda path, answer: answer
    node.step()
    assert node.cosigned("ma") == node.log.size


def test_a_cosignature_of_another_checkpoint_is_a_lie() -> None:
    node = Watched()
    node.partner()
    old: list[bytes] = []

    def replay(path: str, answer: Any) -> Any:
        if path.endswith("checkpoint") and answer[0] == 200:
            old.append(answer[1])
            return 200, old[0]
        return answer

    node.wire.spoil = replay
    node.step()
    node.step()
    assert node.cosigned("ma") == 1
    assert node.alarms() == ["witness.lies"]


@pytest.mark.parametrize("status", [409, 422])
def test_one_that_refuses_what_continues_its_own_word_lies(status: int) -> None:
    node = Watched()
    node.partner()
    node.step()
    node.wire.instead = lambda path: (status, b"99\n") if path.endswith("checkpoint") else None
    node.step()
    assert node.alarms() == ["witness.lies"]
    assert node.log.state == "open"


def test_a_size_without_proof_stops_nothing(tmp_path: Path) -> None:
    """A witness claims to hold more and shows a checkpoint that somebody else signed."""
    node, other = Watched(), Watched()
    node.partner()
    stranger = folder_of(tmp_path, "stranger")
    other.oversight(stranger)
    for _ in range(5):
        other.step()
    forged = stranger.held(question(other)).replace(b"be/log", b"no/log")
    node.step()
    node.wire.spoil = lambda path, answer: (409, b"5\n") if path.endswith("checkpoint") else (200, forged)
    node.step()
    assert node.log.state == "open"
    assert node.alarms() == ["witness.lies"]


# -- one that was put back ---------------------------------------------------------------------------------------------


def test_a_witness_that_was_put_back_is_noticed_and_shown_the_log_again() -> None:
    node = Watched()
    ma = node.partner()
    node.step()
    (early,) = ma.all(WITNESSED)
    node.step(), node.step()
    ma.store.write("test.back", lambda tx: tx.put(WITNESSED, [early]))
    node.step()
    assert node.alarms() == ["witness.behind"]
    assert "cosigned passerelle/be/audit/1 of size 3" in node.rows(ALARMS)[0].text
    assert node.cosigned("ma") == node.log.size == 4
    (held,) = ma.all(WITNESSED)
    assert held.size == 4


def test_a_witness_that_lost_all_it_had_begins_again() -> None:
    node = Watched()
    ma = node.partner()
    node.step(), node.step()
    ma.store.write("test.back", lambda tx: tx.delete(WITNESSED, [("be", 1)]))
    node.step()
    assert node.alarms() == ["witness.behind"]
    assert node.cosigned("ma") == 3


def test_a_lost_answer_costs_nothing() -> None:
    node = Watched()
    node.partner()
    node.step()
    lost = iter([(502, b"")])
    node.wire.spoil = lambda path, answer: next(lost, answer)
    node.step()
    node.step()
    assert node.cosigned("ma") == node.log.size == 3
    assert node.alarms() == []


# -- a node that was put back ------------------------------------------------------------------------------------------


def put_back(node: Watched, hours: int) -> None:
    """Work for some hours behind a backup, then put it back."""
    backup = copied(node)
    for _ in range(hours):
        write(node, 2)
        node.step()
    node.swap(backup)


@pytest.mark.parametrize("hours", [1, 3])
def test_a_node_that_was_put_back_signs_nothing_until_persons_reopen(hours: int) -> None:
    node = Watched()
    ma = node.partner()
    write(node, 3)
    node.step()
    put_back(node, hours)
    write(node, 4)
    node.step()
    assert node.log.state == "stopped"
    assert node.alarms() == ["audit.stopped"]
    assert (node.log.size, len(node.rows(AUDIT_BLOCKS))) == (1, 1)
    node.step(5)
    assert node.log.size == 1
    made = audit_reopen.reopen(node.ctx, "ann", "restored from the backup of Monday")
    assert made.previous.startswith(f"passerelle/be/audit/1 {1 + hours} ")
    node.step()
    node.step()
    assert (node.log.generation, node.log.size, node.cosigned("ma")) == (2, 2, 2)
    assert [(one.generation, one.size) for one in ma.all(WITNESSED)] == [(1, 1 + hours), (2, 2)]
    assert ma.all(FORKS) == []
    placed = [one for one in node.rows(AUDITS) if one.generation == 2]
    assert [one.what for one in placed][-1] == "audit.reopened"
    assert len(placed) == 5


def test_a_node_that_grew_on_before_it_could_ask_puts_back_in_line_what_nobody_cosigned() -> None:
    """The witness is away while the store is put back: two blocks are closed that it never sees."""
    node = Watched()
    ma = node.partner()
    write(node)
    node.step()
    backup = copied(node)
    node.step(), node.step()
    node.swap(backup)
    application = node.wire.applications.pop("ma")
    write(node, 3)
    node.step(), node.step(), node.step()
    assert node.log.size == 4
    node.wire.applications["ma"] = application
    node.step()
    assert node.log.state == "stopped"
    assert "another tree of 3 blocks" in node.log.reason
    assert ma.all(FORKS) == []  # it counted from the wrong size: nothing was refused that it signed
    made = audit_reopen.reopen(node.ctx, "ann", "restored")
    assert (made.generation, made.size) == (2, 0)
    first = node.ctx.store.read(lambda tx: tx.get(audit_log.AUDIT_LOGS, "passerelle/be/audit/1"))
    assert (first.state, first.size) == ("closed", 1)
    node.step()
    assert node.cosigned("ma") == 1
    assert {one.generation for one in node.rows(AUDITS)} == {1, 2}
    assert len([one for one in node.rows(AUDITS) if one.generation == 2]) == 4


def test_a_node_put_back_behind_a_generation_learns_of_it_and_takes_the_next() -> None:
    node = Watched()
    node.partner()
    node.step()
    first = copied(node)
    put_back(node, 2)
    node.step()
    audit_reopen.reopen(node.ctx, "ann", "first")
    node.step()
    node.swap(first)
    node.step()
    assert "generation 2, this node has 1" in node.log.reason
    made = audit_reopen.reopen(node.ctx, "ann", "second")
    assert (made.generation, made.previous.split()[0]) == (3, "passerelle/be/audit/2")
    node.step()
    assert node.cosigned("ma") == 1


def test_a_store_put_back_to_before_its_first_block_stops_too() -> None:
    node = Watched()
    node.partner()
    backup = copied(node)
    node.step()
    node.swap(backup)
    node.step()
    assert node.log.state == "stopped"
    assert node.rows(AUDIT_BLOCKS) == []


def test_only_a_log_that_stands_still_is_reopened() -> None:
    node = Watched()
    node.step()
    with pytest.raises(StateError, match="stands still, got one that is open"):
        audit_reopen.reopen(node.ctx, "ann", "why not")


@pytest.mark.parametrize("point", [f"audit.{step}:{at}" for step in ("unplace", "reopen") for at in ("commit", "done")])
def test_reopening_may_stop_anywhere(point: str) -> None:
    node = Watched()
    node.partner()
    node.step()
    put_back(node, 2)
    write(node, 3)
    node.step()
    node.ctx.store._fault = FaultPlan(point)
    with pytest.raises(Crash):
        audit_reopen.reopen(node.ctx, "ann", "restored")
    node.ctx.store._fault = lambda _: None
    if node.log.state == "stopped":
        audit_reopen.reopen(node.ctx, "ann", "restored")
    node.step()
    assert (node.log.generation, node.cosigned("ma")) == (2, 1)
    assert all(one.index >= 0 for one in node.rows(AUDITS))


# -- what a witness refuses --------------------------------------------------------------------------------------------


@pytest.fixture(params=["node", "folder"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A witness of each kind, and a node that it watches."""
    node = Watched()
    if request.param == "node":
        ma = node.partner()
        return node, StoreDesk(ma.ctx)
    folder = folder_of(tmp_path)
    node.oversight(folder)
    return node, folder


def asked(node: Watched, old: int, size: int | None = None, store: Any = None) -> bytes:
    """A request that counts from `old`, of the first `size` blocks."""

    def work(tx: Any) -> bytes:
        log = audit_log.current(tx, "be")
        tree = audit_log.LogTree(tx, log.generation)
        count = log.size if size is None else size
        proof = audit_log.merkle.consistency(tree.subtree, old, count) if 0 < old <= count else []
        root = audit_log.root_of(tx, log, count)
        return wire.Request(old, tuple(proof), checkpoints.sign(node.ctx.keys.log, log.origin, count, root)).encode()

    made: bytes = (store or node.ctx.store).read(work)
    return made


def grow(node: Watched, blocks: int) -> None:
    for _ in range(blocks):
        audit_log.close_now(node.ctx)


def test_the_refusals_are_those_of_the_specification(desk: Any) -> None:
    node, one = desk
    grow(node, 3)
    assert one.add(asked(node, 0)).count(b"\n") == 2
    grow(node, 4)
    with pytest.raises(BehindError) as behind:
        one.add(asked(node, 2))
    assert (behind.value.size, behind.value.fork) == (3, False)
    with pytest.raises(BehindError):
        one.add(asked(node, 0))
    ahead = wire.Request(9, (), wire.parse(asked(node, 0, 5)).checkpoint)
    with pytest.raises(witness.RequestError, match="at most 5"):
        one.add(ahead.encode())
    good = wire.parse(asked(node, 3))
    with pytest.raises(InconsistentError):
        one.add(wire.Request(3, good.proof[:-1], good.checkpoint).encode())
    with pytest.raises(InconsistentError):
        one.add(wire.Request(3, (*good.proof, bytes(32)), good.checkpoint).encode())
    for text in (b"", b"old 3\n", b"old 03\n\n", good.encode().replace(b"old 3", b"new 3"), b"\xff" * 9):
        with pytest.raises(witness.RequestError):
            one.add(text)
    with pytest.raises(UnknownLogError):
        one.add(good.encode().replace(b"passerelle/be/audit", b"passerelle/fr/audit"))
    with pytest.raises(UnknownLogError):
        one.add(good.encode().replace(b"passerelle/be/audit/1", b"passerelle/be/ma/routine/1"))
    unsigned = checkpoints.Checkpoint(
        good.checkpoint.origin,
        good.checkpoint.size,
        good.checkpoint.root,
        type(good.checkpoint.note)(good.checkpoint.note.text, good.checkpoint.note.signatures[:1]),
    )
    with pytest.raises(UnsignedError):
        one.add(wire.Request(3, good.proof, unsigned).encode())
    one.add(good.encode())
    assert witness.checkpoints.parse(one.held(question(node))).size == 7


def test_two_trees_of_one_size_are_never_cosigned_and_kept_as_proof(desk: Any) -> None:
    node, one = desk
    grow(node, 2)
    backup = copied(node)
    grow(node, 1)
    one.add(asked(node, 0))
    other = Watched(backup)
    grow(other, 1)
    with pytest.raises(BehindError) as refused:
        one.add(asked(other, 3))
    assert refused.value.fork
    grow(other, 1)
    with pytest.raises(InconsistentError):
        one.add(asked(other, 3))
    held = checkpoints.parse(one.held(question(node)))
    log = node.log
    assert held.root == node.ctx.store.read(lambda tx: audit_log.root_of(tx, log, 3))
    if isinstance(one, WitnessFolder):
        assert len(one.refused("be")) == 2
    else:
        assert len(one._ctx.store.read(lambda tx: tx.scan(FORKS, limit=9))) == 2
        assert [a.what for a in one._ctx.store.read(lambda tx: tx.scan(ALARMS, limit=9))] == ["witness.fork"] * 2


@pytest.mark.parametrize("at", ["begin", "commit", "done"])
def test_a_witness_that_stops_has_never_cosigned_what_it_does_not_remember(desk: Any, at: str) -> None:
    """Whatever was cut: the next answer continues what is held, and another tree of that size is refused."""
    node, one = desk
    grow(node, 2)
    backup = copied(node)
    one.add(asked(node, 0))
    grow(node, 1)
    plan = FaultPlan(f"witness.keep:{at}")
    if isinstance(one, WitnessFolder):
        one = WitnessFolder(one.folder, fault=plan)
    else:
        one._ctx.store._fault = plan
    with pytest.raises(Crash):
        one.add(asked(node, 2))
    if isinstance(one, WitnessFolder):
        one = WitnessFolder(one.folder)
    held = checkpoints.parse(one.held(question(node))).size
    assert held in (2, 3)
    if held == 2:
        one.add(asked(node, 2))
    other = Watched(backup)
    grow(other, 1)
    with pytest.raises(BehindError):
        one.add(asked(other, 3))


def test_a_witness_s_folder_is_served_once_and_only_whole(tmp_path: Path) -> None:
    from passerelle.core.errors import BusyError, IdentityError, InputError, SettingsError

    folder = folder_of(tmp_path)
    with folder.serving(), pytest.raises(BusyError), WitnessFolder(folder.folder).serving():
        pass
    with pytest.raises(InputError, match="new or empty folder"):
        create(folder.folder, "oversight", "127.0.0.1:9443")
    with pytest.raises(SettingsError, match="witness init"):
        WitnessFolder(tmp_path)
    other = folder_of(tmp_path, "other")
    (folder.folder / "identity.json").write_bytes(other.identity.body)
    with pytest.raises(IdentityError, match="expected the keys of its identity file"):
        WitnessFolder(folder.folder)


def test_a_log_is_added_with_the_fingerprint_that_was_heard(tmp_path: Path) -> None:
    from passerelle.core.errors import IdentityError

    node, folder = Watched(), folder_of(tmp_path)
    with pytest.raises(IdentityError, match="nothing added"):
        folder.watch(node.be.identity.body, "0" * 64)
    assert folder.nodes() == []
    folder.watch(node.be.identity.body, node.be.identity.fingerprint)
    assert folder.nodes() == ["be"]
