"""Erasing what a message says: nothing of it is left, everything that was proven and derived stays."""

from pathlib import Path
from typing import Any

import pytest

from passerelle.core import json
from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.core.ids import new_id
from passerelle.exchange import erasing, inbox, outbox
from passerelle.exchange.cases import Cases
from passerelle.exchange.register import NAME, Register
from passerelle.office import casework, counting, workflow
from passerelle.oversight.evidence import collect
from passerelle.oversight.verify import FAILED, verify
from passerelle.ports.erasures import ERASURES, Ground
from passerelle.ports.records import AUDITS, CONTENTS, DOSSIERS, ENTRIES, LOGS, MESSAGES
from passerelle.ports.store import Kind
from passerelle.ports.timers import TIMERS
from passerelle.ports.work import DRAFTS, NOTES
from passerelle.store import open_store
from tests.peers.agree import recover
from tests.peers.copies import Copy, restart
from tests.peers.pair import Pair, Peer, acts, partners
from tests.peers.staff import hire, office_of

NAME_OF_THE_PERSON = "Youssef El Amraoui"


class Scene:
    """A wanted-trace that both have, and a register for each."""

    def __init__(self, folder: Path, pair: Pair | None = None) -> None:
        self.folder = folder
        self.pair = pair or partners()
        self.be, self.ma = self.pair.be, self.pair.ma
        self.registers = {name: Register(folder / f"{name}-{NAME}", name) for name in ("be", "ma")}
        self.dossier, self.opening = self.pair.open_trace(reference="BE-2026-0017")
        self.pair.settle()

    def erase(self, peer: Peer, message: str, ground: Ground = Ground.REQUEST) -> Any:
        return erasing.erase(peer.ctx, self.registers[peer.ctx.name], message, "dana", "decision 2026/114", ground)

    def answer(self) -> Any:
        made = self.pair.answer("ma", self.dossier, "take-charge", reference="MA-2026-0404")
        self.pair.settle()
        return made

    def rows(self, peer: Peer, *kinds: Kind[Any]) -> dict[str, Any]:
        return {kind.name: peer.all(kind) for kind in kinds}


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def content_of(peer: Peer, message: str) -> Any:
    return peer.store.read(lambda tx: tx.get(CONTENTS, message))


# -- what goes and what stays ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["be", "ma"])
def test_content_and_salt_go_and_all_that_was_proven_stays(scene: Scene, name: str) -> None:
    scene.answer()
    peer = scene.pair.peer(name)
    before = scene.rows(peer, ENTRIES, LOGS)
    said = peer.message(scene.opening.id)
    standing = peer.dossier(scene.dossier)
    scene.erase(peer, scene.opening.id)
    assert content_of(peer, scene.opening.id) is None
    assert scene.rows(peer, ENTRIES, LOGS) == before
    assert peer.message(scene.opening.id) == said  # it counts as it did, for lists and figures
    row = peer.dossier(scene.dossier)
    assert (row.state, row.standing, row.count, row.heads) == (
        standing.state,
        standing.standing,
        standing.count,
        standing.heads,
    )
    references = {row.own_reference, row.partner_reference}
    assert references == {"", "MA-2026-0404"}


def test_the_other_side_keeps_its_own_until_it_erases_it(scene: Scene) -> None:
    scene.erase(scene.be, scene.opening.id)
    assert content_of(scene.ma, scene.opening.id) is not None


def test_the_dossier_goes_on_and_both_sides_agree(scene: Scene) -> None:
    scene.erase(scene.be, scene.opening.id)
    scene.erase(scene.ma, scene.opening.id)
    scene.answer()
    rows = [peer.dossier(scene.dossier) for peer in (scene.be, scene.ma)]
    assert rows[0].state == rows[1].state == "in-charge"
    assert rows[0].standing == rows[1].standing


def test_folding_everything_anew_gives_the_same(scene: Scene) -> None:
    scene.answer()
    before = scene.ma.dossier(scene.dossier)
    scene.erase(scene.ma, scene.opening.id)
    scene.ma.store.write("test", lambda tx: Cases(tx, scene.ma.ctx).recount([scene.dossier]))
    after = scene.ma.dossier(scene.dossier)
    assert (after.state, after.standing, after.status) == (before.state, before.standing, before.status)


def test_nobody_s_name_is_left_in_any_record(scene: Scene) -> None:
    hire(scene.be, "ann", "officer")
    office = office_of(scene.be)
    ann = hire(scene.be, "ann")
    casework.note(office, ann, scene.dossier, f"{NAME_OF_THE_PERSON} was seen")
    correct = acts.act("wanted-trace", "correct", dossier=scene.dossier, message=scene.opening.id)
    workflow.draft(office, ann, scene.pair.act("be", correct, author="ann"))
    scene.erase(scene.be, scene.opening.id)
    text = repr([scene.be.all(kind) for kind in (MESSAGES, CONTENTS, DOSSIERS, NOTES, DRAFTS)])
    assert NAME_OF_THE_PERSON not in text
    assert "BE-2026-0017" not in text
    assert [one.state for one in scene.be.all(DRAFTS)] == ["discarded"]


def test_a_note_stays_while_the_dossier_says_something(scene: Scene) -> None:
    ann = hire(scene.ma, "ann", "officer")
    casework.note(office_of(scene.ma), ann, scene.dossier, "call the registry")
    answer = scene.answer()
    scene.erase(scene.ma, scene.opening.id)
    assert [one.text for one in scene.ma.all(NOTES)] == ["call the registry"]
    scene.erase(scene.ma, answer.id)
    assert scene.ma.all(NOTES) == []


def test_the_reference_is_again_that_of_the_act_before(scene: Scene) -> None:
    later = scene.pair.post("be", acts.act("wanted-trace", "remind", dossier=scene.dossier, reference="BE-2027-0001"))
    scene.pair.settle()
    assert scene.ma.dossier(scene.dossier).partner_reference == "BE-2027-0001"
    for peer, field in ((scene.be, "own_reference"), (scene.ma, "partner_reference")):
        scene.erase(peer, later.id)
        assert getattr(peer.dossier(scene.dossier), field) == "BE-2026-0017"


def test_a_refusal_keeps_its_numbers_and_loses_its_words(scene: Scene) -> None:
    scene.be.ctx.__dict__["policy"] = type(scene.be.ctx.policy)(check_own=False)
    bad = scene.pair.answer("be", scene.dossier, "take-charge")
    scene.pair.settle()
    assert scene.ma.message(bad.id).state == "refused"
    for peer in (scene.be, scene.ma):
        scene.erase(peer, bad.id)
        row = peer.message(bad.id)
        assert (row.state, row.reason) == ("refused", "")
        assert row.checks


def test_deadlines_stay_what_they_are(scene: Scene) -> None:
    def count(peer: Peer) -> list[Any]:
        peer.store.write("test", lambda tx: counting.recount(tx, peer.ctx, scene.dossier))
        return peer.all(TIMERS)

    until = acts.act("wanted-trace", "interim", dossier=scene.dossier)
    delay = scene.pair.post("ma", until)
    scene.pair.settle()
    before = [count(peer) for peer in (scene.be, scene.ma)]
    assert any(one.promised for one in before[0])
    for peer in (scene.be, scene.ma):
        scene.erase(peer, scene.opening.id)
        scene.erase(peer, delay.id)
    assert [count(peer) for peer in (scene.be, scene.ma)] == before


def test_evidence_says_erased_and_verifies(scene: Scene) -> None:
    scene.answer()
    scene.erase(scene.ma, scene.opening.id)
    data = collect(scene.ma.ctx, scene.ma.identity, scene.dossier, "samir")
    value = json.parse_object(data.strip())
    assert [one.get("withheld") for one in value["messages"] if scene.opening.id in one["leaf"]] == ["erased"]
    report = verify(data, [scene.be.identity, scene.ma.identity])
    assert report.verdict != FAILED
    assert any(scene.opening.id in one.about and "erased" in one.detail for one in report.statements)


def test_what_was_done_is_written_down(scene: Scene) -> None:
    scene.erase(scene.ma, scene.opening.id, Ground.ORDER)
    done = [one for one in scene.ma.all(AUDITS) if one.what == What.CONTENT_ERASED.value]
    assert [(one.who, one.on, one.dossier) for one in done] == [("dana", scene.opening.id, scene.dossier)]
    details = json.parse_object(done[0].details)
    assert (details["ground"], details["reason"]) == ("order", "decision 2026/114")


# -- what cannot be erased ---------------------------------------------------------------------------------------------


def test_what_is_in_line_is_taken_back_instead(scene: Scene) -> None:
    _, waiting = scene.pair.open_trace()
    with pytest.raises(StateError, match="take it back"):
        scene.erase(scene.be, waiting.id)
    assert scene.registers["be"].read() == []
    outbox.withdraw(scene.be.ctx, waiting.id, "ann", "wrong person")


def test_erasing_twice_says_who_did_it_when(scene: Scene) -> None:
    scene.erase(scene.be, scene.opening.id)
    with pytest.raises(StateError, match="erased by dana on 2026-11-21"):
        scene.erase(scene.be, scene.opening.id)
    assert len(scene.registers["be"].read()) == 1


def test_an_unknown_message_and_one_that_governs_are_not_erased(scene: Scene) -> None:
    with pytest.raises(NotFoundError):
        scene.erase(scene.be, new_id())
    signed = next(one for one in scene.be.all(MESSAGES) if one.kind == "instrument.sign")
    with pytest.raises(StateError, match="says nothing of persons"):
        scene.erase(scene.be, signed.id)


def test_a_message_that_waits_is_decided_first(scene: Scene) -> None:
    scene.pair.answer("be", scene.dossier, "reply")
    second = scene.pair.answer("be", scene.dossier, "cancelled", lane="flash")
    scene.pair.settle("flash")
    assert scene.ma.message(second.id).state == "waiting"
    with pytest.raises(StateError, match="waits for another"):
        scene.erase(scene.ma, second.id)
    scene.pair.settle()
    scene.erase(scene.ma, second.id)
    assert content_of(scene.ma, second.id) is None


# -- an own message on its way -----------------------------------------------------------------------------------------


def test_without_a_receipt_it_travels_as_erased_and_counts_on_neither_side(scene: Scene) -> None:
    pair = scene.pair
    act = pair.answer("be", scene.dossier, "cancelled")
    pair.compare(scene.be, "routine")
    scene.be.sender.step("routine")  # it has an index; the batch is lost on its way
    assert scene.be.message(act.id).state == "sequenced"
    scene.erase(scene.be, act.id)
    assert scene.be.message(act.id).state == "withheld"
    pair.settle()
    theirs = scene.ma.message(act.id)
    assert (theirs.state, theirs.reason) == ("withheld", "erased")
    scene.answer()
    rows = [peer.dossier(scene.dossier) for peer in (scene.be, scene.ma)]
    assert rows[0].standing == rows[1].standing
    assert rows[0].state == "in-charge"


def test_that_it_had_arrived_after_all_is_told_by_the_partner_s_next_act(scene: Scene) -> None:
    pair = scene.pair
    act = pair.answer("be", scene.dossier, "cancelled")
    before = scene.be.dossier(scene.dossier).standing

    def lost(body: bytes) -> bytes:
        inbox.receive(scene.ma.ctx, body)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        pair.send(scene.be, "routine", lost)
    scene.erase(scene.be, act.id)
    assert scene.be.dossier(scene.dossier).standing != before
    pair.settle()
    assert (scene.be.message(act.id).state, scene.ma.message(act.id).state) == ("withheld", "applied")
    pair.answer("ma", scene.dossier, "acknowledge", message=act.id)
    pair.settle()
    assert scene.be.message(act.id).state == "sequenced"
    rows = [peer.dossier(scene.dossier) for peer in (scene.be, scene.ma)]
    assert rows[0].standing == rows[1].standing
    assert rows[0].state == "cancelled"
    assert content_of(scene.be, act.id) is None


# -- stops and restores ------------------------------------------------------------------------------------------------


class StoppedError(Exception):
    """The process was killed here."""


def test_a_stop_between_register_and_store_is_made_good_at_the_next_start(scene: Scene) -> None:
    register = scene.registers["ma"]

    class Killed(Register):
        def add(self, erasures: Any) -> None:
            super().add(erasures)
            raise StoppedError

    with pytest.raises(StoppedError):
        erasing.erase(scene.ma.ctx, Killed(register.path, "ma"), scene.opening.id, "dana", "decision")
    assert content_of(scene.ma, scene.opening.id) is not None
    assert erasing.begin(scene.ma.ctx, register) == 1
    assert content_of(scene.ma, scene.opening.id) is None
    assert erasing.begin(scene.ma.ctx, register) == 0
    record = [one for one in scene.ma.all(AUDITS) if one.what == What.CONTENT_ERASED.value]
    assert [json.parse_object(one.details).get("replayed") for one in record] == [True]


def test_a_register_that_cannot_be_written_changes_nothing(scene: Scene) -> None:
    scene.registers["ma"] = Register(scene.folder / "nowhere" / NAME, "ma")
    with pytest.raises(InputError, match="expected to write the register"):
        scene.erase(scene.ma, scene.opening.id)
    assert content_of(scene.ma, scene.opening.id) is not None


def test_a_register_that_was_lost_is_written_anew_from_the_store(scene: Scene) -> None:
    made = scene.erase(scene.ma, scene.opening.id)
    register = scene.registers["ma"]
    register.path.unlink()
    erasing.begin(scene.ma.ctx, register)
    assert [(one.message, one.time, one.by, one.ground) for one in register.read()] == [
        (made.message, made.time, made.by, made.ground)
    ]


def test_several_registers_are_replayed_in_any_order_and_number(scene: Scene) -> None:
    answer = scene.answer()
    first = scene.erase(scene.be, scene.opening.id)
    second = scene.erase(scene.be, answer.id)
    assert erasing.replay(scene.ma.ctx, [second, first, second]) == 2
    assert erasing.replay(scene.ma.ctx, [first, second]) == 0
    assert content_of(scene.ma, answer.id) is None


def test_an_erasure_outlives_a_store_that_is_put_back(scene: Scene) -> None:
    backup = Copy(scene.ma.store)
    scene.erase(scene.ma, scene.opening.id)
    ma = restart(scene.pair, "ma", backup.open())
    assert content_of(ma, scene.opening.id) is not None
    assert erasing.begin(ma.ctx, scene.registers["ma"]) == 1
    assert NAME_OF_THE_PERSON not in repr(ma.all(CONTENTS))


def test_what_a_partner_sends_again_to_a_store_that_was_put_back_is_erased_as_it_comes(tmp_path: Path) -> None:
    pair = partners()
    backup = Copy(pair.ma.store)
    scene = Scene(tmp_path, pair)
    scene.erase(scene.ma, scene.opening.id)
    ma = restart(pair, "ma", backup.open())
    assert erasing.begin(ma.ctx, scene.registers["ma"]) == 0
    pair.be.sender.compared.clear()
    recover(pair)
    pair.settle()
    assert ma.message(scene.opening.id).state == "applied"
    assert ma.dossier(scene.dossier).state == "opened"
    assert content_of(ma, scene.opening.id) is None
    assert ma.dossier(scene.dossier).partner_reference == ""
    assert [one.here for one in ma.all(ERASURES)] == [True]


def test_what_a_partner_gives_back_of_an_own_log_is_erased_as_it_comes(tmp_path: Path) -> None:
    pair = partners()
    backup = Copy(pair.be.store)
    scene = Scene(tmp_path, pair)
    scene.erase(pair.be, scene.opening.id)
    be = restart(pair, "be", backup.open())
    erasing.begin(be.ctx, scene.registers["be"])
    recover(pair)
    pair.settle()
    assert be.message(scene.opening.id).state == "sequenced"
    assert content_of(be, scene.opening.id) is None
    assert be.dossier(scene.dossier).state == pair.ma.dossier(scene.dossier).state == "opened"
    assert NAME_OF_THE_PERSON not in repr(be.all(CONTENTS))


def test_another_message_under_an_erased_id_is_kept(scene: Scene) -> None:
    made = scene.erase(scene.be, scene.opening.id)
    other = type(made)(**{one: getattr(made, one) for one in made.__struct_fields__} | {"commitment": b"\0" * 32})
    assert erasing.replay(scene.ma.ctx, [other]) == 0
    assert content_of(scene.ma, scene.opening.id) is not None


def test_in_sqlite_the_bytes_are_in_no_file(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    pair = partners(be=open_store(str(tmp_path / "store" / "be.db")))
    scene = Scene(tmp_path, pair)
    salt = content_of(pair.be, scene.opening.id).salt

    def found(text: bytes) -> list[str]:
        return [one.name for one in sorted((tmp_path / "store").iterdir()) if text in one.read_bytes()]

    assert found(NAME_OF_THE_PERSON.encode())
    assert found(salt)
    scene.erase(pair.be, scene.opening.id)
    for text in (NAME_OF_THE_PERSON.encode(), b"BE-2026-0017", salt):
        assert found(text) == []
    pair.be.store.close()
