"""What becomes of relations when what they rest on is erased, withdrawn, corrected or restricted."""

import pytest

from passerelle.core.errors import StateError
from passerelle.exchange import erasing
from passerelle.exchange.register import Register
from passerelle.office.relations import Wanted
from passerelle.ports.erasures import Ground
from passerelle.ports.records import AUDITS
from passerelle.ports.relations import AGAIN, RELATIONS, THINGS, THREADS
from tests.peers.related import Related

NOTE = "Cicatrice au menton, remarque tirée du message"


@pytest.fixture
def scene():
    made = Related()
    made.a, made.first = made.notice(handling=["H0"])
    made.b, made.second = made.notice(handling=["H0"])
    return made


def erase(scene, tmp_path, message):
    register = Register(tmp_path / "erasures.jsonl", "be")
    erasing.erase(scene.pair.be.ctx, register, message, "dana", "decision 2026/114", Ground.REQUEST)


def kept(scene):
    return [one for kind in (RELATIONS, THREADS, THINGS) for one in scene.pair.be.all(kind)]


@pytest.mark.parametrize("which", ["first", "second", "third"])
def test_nothing_of_a_relation_remains_when_a_message_it_rests_on_is_erased(scene, tmp_path, which):
    _, scene.third = scene.notice(handling=["H0"])
    plate = "1-ABC-017 (Tanger)"
    because = ((scene.third, 0),)
    scene.relate(scene.a, scene.b, because=because, note=NOTE)
    other = Wanted(scene.b, thing="vehicle", name=plate)
    scene.relate(scene.a, scene.b, "uses", other=other, because=because, note=NOTE)
    erase(scene, tmp_path, getattr(scene, which))
    assert kept(scene) == []
    assert NOTE not in scene.everything()
    assert plate not in scene.everything()
    assert all(NOTE.encode() not in one.details and b"p1" not in one.details for one in scene.pair.be.all(AUDITS))


def test_what_was_withdrawn_and_replaced_goes_with_the_message_too(scene, tmp_path):
    old = scene.relate(scene.a, scene.b, note=NOTE)
    scene.relate(scene.a, scene.b, "travelled-with", instead=old.id)
    erase(scene, tmp_path, scene.first)
    assert kept(scene) == []
    assert NOTE not in scene.everything()


def test_relations_that_rest_on_something_else_stay(scene, tmp_path):
    c, _ = scene.notice(handling=["H0"])
    group = Wanted(scene.b, thing="group", name="Casa Nord")
    scene.relate(scene.a, scene.b, "member-of", other=group)
    stays = scene.relate(scene.b, c)
    member = scene.relate(c, scene.b, "member-of", other=group)
    erase(scene, tmp_path, scene.first)
    assert {one.id for one in scene.pair.be.all(RELATIONS)} == {stays.id, member.id}
    assert [one.name for one in scene.pair.be.all(THINGS)] == ["Casa Nord"]


def test_the_last_content_of_a_dossier_takes_its_relations_along(scene, tmp_path):
    c, only = scene.notice(handling=["H0"])
    scene.relate(scene.a, c, "see-also", one=Wanted(scene.a), other=Wanted(c))
    erase(scene, tmp_path, only)
    assert kept(scene) == []


def test_a_store_that_is_put_back_loses_them_again(scene, tmp_path):
    """The register names messages; what rests on them is found anew."""
    scene.relate(scene.a, scene.b, note=NOTE)
    before = {kind: scene.pair.be.all(kind) for kind in (RELATIONS, THREADS)}
    contents = [one for one in scene.pair.be.all(erasing.CONTENTS) if one.message == scene.first]
    erase(scene, tmp_path, scene.first)

    def put_back(tx):
        tx.put(erasing.CONTENTS, contents)
        for kind, rows in before.items():
            tx.put(kind, rows)

    scene.store.write("test.put-back", put_back)
    entries = scene.pair.be.all(erasing.ERASURES)
    assert erasing.replay(scene.pair.be.ctx, entries) == 1
    assert kept(scene) == []


def test_what_rests_on_a_withdrawn_message_ends_and_stays_as_ended(scene):
    made = scene.relate(scene.a, scene.b)
    act = scene.answer("be", scene.a, "withdraw", message=scene.first)
    ended = scene.store.read(lambda tx: tx.get(RELATIONS, made.id))
    assert (ended.state, ended.reason, ended.ended_by) == ("withdrawn", act, "")
    assert scene.of(made.one) == []
    assert scene.of(made.one, ended=True) == [made.id]
    told = [one for one in scene.pair.be.all(AUDITS) if one.what == "relation.withdrawn"]
    assert {one.dossier for one in told} == {scene.a, scene.b}
    assert {one.who for one in told} == {"node"}
    with pytest.raises(StateError, match="see withdraw"):
        scene.relate(scene.a, scene.b)


@pytest.mark.parametrize("act", ["correct", "restrict"])
def test_what_rests_on_a_corrected_or_restricted_message_is_to_be_looked_at_again(scene, act):
    made = scene.relate(scene.a, scene.b)
    c, _ = scene.notice(handling=["H0"])
    other = scene.relate(scene.b, c)
    assert scene.of(AGAIN) == []
    message = scene.answer("be", scene.a, act, message=scene.first)
    assert scene.of(AGAIN) == [made.id]
    marked = scene.store.read(lambda tx: tx.get(RELATIONS, made.id))
    assert (marked.state, marked.again) == ("noted", message)
    assert scene.store.read(lambda tx: tx.get(RELATIONS, other.id)).again == ""


def test_what_was_looked_at_again_is_written_anew(scene):
    made = scene.relate(scene.a, scene.b)
    message = scene.answer("be", scene.a, "correct", message=scene.first)
    new = scene.relate(scene.a, scene.b, because=((message, 0),), instead=made.id)
    assert scene.of(AGAIN) == []
    assert scene.of(new.one) == [new.id]


def test_what_the_partner_withdraws_is_followed_too(scene):
    theirs, message = scene.notice(by="ma", handling=["H0"])
    made = scene.relate(scene.a, theirs)
    scene.answer("ma", theirs, "withdraw", message=message)
    assert scene.store.read(lambda tx: tx.get(RELATIONS, made.id)).state == "withdrawn"
