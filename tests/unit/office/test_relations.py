"""Relations between persons, dossiers and things: what is noted, by whom, and how it is found again."""

import msgspec
import pytest

from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.core.json import parse_object
from passerelle.office import consulting, relations
from passerelle.office.asking import NotAllowedError
from passerelle.office.relations import Wanted
from passerelle.oversight import evidence
from passerelle.ports.records import AUDITS, KINDS
from passerelle.ports.relations import RELATIONS, THINGS, THREADS
from tests.peers.related import WHY, Related
from tests.peers.staff import hire


@pytest.fixture(scope="module")
def made():
    scene = Related()
    scene.a, scene.first = scene.trace()
    scene.b, scene.second = scene.trace()
    return scene


@pytest.fixture
def scene(made):
    """Two traces of one purpose under one channel, without a relation."""
    yield made
    store = made.store

    def clean(tx):
        for kind in (RELATIONS, THINGS, THREADS):
            tx.delete(kind, [kind.key_of(one) for one in tx.scan(kind, limit=1000)])

    store.write("test.clean", clean)


def audits(scene, what):
    found = scene.pair.be.all(AUDITS)
    return [(one, parse_object(one.details)) for one in found if one.what == what]


def test_a_relation_keeps_what_was_said_and_on_what_it_rests(scene):
    because = ((scene.first, 1), (scene.second, 0))
    made = scene.relate(scene.a, scene.b, because=because, note="Même cicatrice, même passeport.")
    assert scene.store.read(lambda tx: tx.get(RELATIONS, made.id)) == made
    assert (made.one, made.other) == (f"person/{scene.a}/p1", f"person/{scene.b}/p1")
    assert (made.one_message, made.other_message) == (scene.first, scene.second)
    assert made.because == (f"{scene.first}#1", scene.second)
    assert (made.source, made.information, made.nature, made.by) == ("B", "2", "assessment", "eva")
    for on in (made.one, made.other, f"dossier/{scene.a}", f"dossier/{scene.b}", f"message/{scene.second}"):
        assert scene.of(on) == [made.id]


def test_combining_is_recorded_on_both_dossiers_without_key_or_word(scene):
    before = len(audits(scene, "relation.added"))
    made = scene.relate(scene.a, scene.b, note="Même cicatrice.")
    found = audits(scene, "relation.added")[before:]
    assert {one.dossier for one, _ in found} == {scene.a, scene.b}
    assert all(details["relation"] == made.id and "note" not in details for _, details in found)
    assert "p1" not in str([details for _, details in found])


def test_reading_is_recorded_on_both_dossiers_and_needs_a_reason(scene):
    with pytest.raises(InputError, match="--reason: expected why dossier"):
        relations.add(scene.office, scene.eva, scene.new(scene.a, scene.b))
    assert scene.pair.be.all(RELATIONS) == []
    made = scene.relate(scene.a, scene.b)
    for dossier in (scene.a, scene.b):
        last = scene.store.read(lambda tx, one=dossier: consulting.readers(tx, one))[0]
        assert (last.who, last.what, last.reason) == ("eva", "relations", WHY)
    with pytest.raises(InputError, match="--reason"):
        scene.store.write("test", lambda tx: relations.of(tx, scene.office, scene.eva, made.one))


def test_only_who_works_in_both_domains_relates_and_sees(scene):
    mia = hire(scene.pair.be, "mia", "analyst", domain="urgent-alerts")
    made = scene.relate(scene.a, scene.b)
    for who in (mia, scene.desk.luc, scene.desk.driss, scene.desk.olga):
        with pytest.raises(NotAllowedError):
            relations.add(scene.office, who, scene.new(scene.a, scene.b, "travelled-with"), WHY)
    for who in (mia, scene.desk.driss):
        assert scene.store.write("t", lambda tx, who=who: relations.of(tx, scene.office, who, made.one, WHY)).rows == ()
        with pytest.raises(NotFoundError):
            scene.store.write("t", lambda tx, who=who: relations.show(tx, scene.office, who, made.id, WHY))
    with pytest.raises(NotFoundError):
        relations.withdraw(scene.office, mia, made.id, "not the same")
    with pytest.raises(NotAllowedError):  # an approver reads it, and changes nothing of it
        relations.withdraw(scene.office, scene.desk.luc, made.id, "not the same")


def test_a_relation_is_withdrawn_and_stays_as_withdrawn(scene):
    made = scene.relate(scene.a, scene.b)
    gone = relations.withdraw(scene.office, scene.ann, made.id, "the scar is on the other arm")
    assert (gone.state, gone.ended_by, gone.reason) == ("withdrawn", "ann", "the scar is on the other arm")
    assert msgspec.structs.replace(gone, state="noted", ended=0, ended_by="", reason="") == made
    assert scene.of(made.one) == []
    assert scene.of(made.one, ended=True) == [made.id]
    with pytest.raises(StateError, match="expected a relation that stands"):
        relations.withdraw(scene.office, scene.ann, made.id, "again")
    assert {details["relation"] for _, details in audits(scene, "relation.withdrawn")} >= {made.id}


def test_a_relation_is_corrected_by_another_that_takes_its_place(scene):
    old = scene.relate(scene.a, scene.b)
    new = scene.relate(scene.b, scene.a, "travelled-with", instead=old.id)
    kept = scene.store.read(lambda tx: tx.get(RELATIONS, old.id))
    assert (kept.state, kept.instead, kept.ended_by) == ("replaced", new.id, "eva")
    assert scene.of(new.one) == [new.id]
    with pytest.raises(StateError, match="which is replaced"):
        scene.relate(scene.a, scene.b, instead=old.id)
    with pytest.raises(InputError, match="of the same ends"):
        scene.relate(scene.a, scene.b, "see-also", one=Wanted(scene.a), instead=new.id)


def test_nothing_is_said_twice_nor_against_what_stands(scene):
    scene.relate(scene.a, scene.b)
    with pytest.raises(StateError, match="does not stand yet"):
        scene.relate(scene.b, scene.a)
    with pytest.raises(StateError, match="that nothing denies"):
        scene.relate(scene.b, scene.a, "not-same-person")
    scene.relate(scene.a, scene.b, "travelled-with")


def test_a_group_stands_in_a_dossier_and_is_found_by_its_name(scene):
    group = Wanted(scene.a, thing="group", name="Casa Nord")
    one = scene.relate(scene.a, scene.b, "member-of", other=group)
    two = scene.relate(scene.b, scene.a, "leads", other=group)
    assert one.other == two.other
    assert [(one.kind, one.name, one.dossier) for one in scene.pair.be.all(THINGS)] == [("group", "Casa Nord", scene.a)]
    assert scene.of(one.other) == [two.id, one.id]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "friend-of"}, "kind: expected one of same-person, "),
        ({"source": "D"}, "source: expected one of A, B, C, X, got 'D'"),
        ({"information": "5"}, "information: expected one of 1, 2, 3, 4"),
        ({"nature": "rumour"}, "nature: expected one of fact, assessment"),
        ({"one": Wanted("{b}", "p1")}, "other: expected another end"),
        ({"one": Wanted("{a}")}, "one: expected person for same-person, got a dossier"),
        ({"one": Wanted("{a}", "p7")}, "expected a person of dossier .*, got 'p7'"),
        ({"one": Wanted("nowhere", "p1")}, "expected a dossier that is here"),
        ({"because": (("{first}", 2),)}, "because: expected a statement from 1 to 1 of message .*, got 2"),
        ({"because": (("nothing", 0),)}, "because: expected a message of a dossier"),
        ({"because": (("{first}", 0),) * 51}, "because: expected at most 50 messages"),
        ({"note": " "}, "note: expected 1 to 4000 characters"),
        ({"kind": "uses", "other": Wanted("{a}", thing="group", name="Nord")}, "other: expected vehicle or telephone"),
        ({"kind": "uses", "other": Wanted("{a}", thing="boat", name="Nord")}, "thing: expected one of group, "),
        ({"kind": "uses", "other": Wanted("{a}", thing="vehicle", name=" ")}, "thing: expected one line"),
        ({"kind": "relative-of"}, "kind: expected dossiers whose type takes a relative, got wanted-trace"),
        ({"instead": "nothing"}, "expected a relation that is here"),
    ],
)
def test_what_is_out_of_form_is_refused_and_nothing_is_left(scene, changes, words):
    places = {"{a}": scene.a, "{b}": scene.b, "{first}": scene.first}

    def filled(value):
        if isinstance(value, Wanted):
            return msgspec.structs.replace(value, dossier=places.get(value.dossier, value.dossier))
        return tuple((places.get(one, one), number) for one, number in value) if isinstance(value, tuple) else value

    given = {key: filled(value) for key, value in changes.items()}
    kind = given.pop("kind", "same-person")
    with pytest.raises((InputError, NotFoundError, StateError), match=words):
        scene.relate(scene.a, scene.b, kind, **given)
    assert scene.pair.be.all(RELATIONS) == scene.pair.be.all(THINGS) == []


def test_a_relation_leaves_the_node_in_no_message_evidence_or_export(scene):
    made = scene.relate(scene.a, scene.b, note="NOTE-INSIDE")
    scene.pair.settle()
    written = evidence.collect(scene.office.ctx, scene.pair.be.identity, scene.a, "ann")
    arrived = str([scene.pair.ma.all(kind) for kind in KINDS]).encode()
    assert scene.a.encode() in written
    assert scene.a.encode() in arrived
    for word in (made.id, "NOTE-INSIDE"):
        assert word.encode() not in written + arrived
