"""From a statement, a person or a relation back to messages, and everything that is known of them."""

import pytest

from passerelle.core.errors import InputError, NotFoundError
from passerelle.exchange import erasing
from passerelle.exchange.register import Register
from passerelle.office import relations, tracing
from passerelle.office.asking import NotAllowedError
from passerelle.ports.erasures import Ground
from passerelle.ports.records import AUDITS
from tests.peers.related import WHY, Related


@pytest.fixture
def scene():
    made = Related()
    made.a, made.first = made.notice(handling=["H0", "H2"], statements=[texts("one"), texts("two")])
    made.b, made.second = made.notice(by="ma", handling=["H0"])
    return made


def texts(words):
    from tests.peers.pair import acts

    return acts.statement(text=words)


def traced(scene, do, who=None):
    return scene.store.write("test.trace", lambda tx: do(tx, scene.office, who or scene.eva))


def test_an_own_statement_leads_to_its_release_log_channel_and_readers(scene):
    found = traced(scene, lambda tx, *who: tracing.of_message(tx, *who, scene.first, 2, WHY))
    [source] = found.sources
    assert found.statement["text"] == "two"
    assert (source.sender, source.message.releaser, source.message.author) == ("be", "be-003", "be-017")
    assert source.audit.commitment.hex() == source.content["four_eyes"]["audit"]
    assert source.audit.what == "act.released"
    assert source.receipted
    assert (source.message.origin.startswith("passerelle"), source.message.index) == (True, 0)
    assert (source.channel.digest, source.agreement) == (scene.wanted, "Convention on police cooperation")
    assert (source.content["basis"], source.message.purpose) == ("7(2)", "criminal-investigation")
    assert [(one.who, one.reason) for one in source.readers] == [("eva", WHY)]


def test_a_partners_statement_leads_to_what_the_partner_signed(scene):
    found = traced(scene, lambda tx, *who: tracing.of_message(tx, *who, scene.second, 0, WHY))
    [source] = found.sources
    assert (source.sender, source.audit) == ("ma", None)
    assert source.content["four_eyes"]["releaser"] == "ma-003"
    assert source.receipted


def test_what_was_said_later_and_the_authors_consent_stand_in_it(scene):
    body = {"to": "Europol", "purpose": "prosecution", "reason": "case 12", "message": scene.first}
    asked = scene.answer("ma", scene.a, "ask-onward", body=body)
    body = {"message": scene.first, "question": asked, "decision": "conditional", "conditions": "not in court"}
    given = scene.answer("be", scene.a, "consent", body=body)
    scene.answer("be", scene.a, "correct", message=scene.first)
    [source] = traced(scene, lambda tx, *who: tracing.of_message(tx, *who, scene.first, 0, WHY)).sources
    assert [(one.act, one.side) for one in source.later] == [("ask-onward", "ma"), ("consent", "be"), ("correct", "be")]
    assert source.later[1].message == given
    assert source.later[1].words == {"question": asked, "decision": "conditional", "conditions": "not in court"}


def test_relations_that_rest_on_a_statement_stand_in_its_trace(scene):
    made = scene.relate(scene.a, scene.b, because=((scene.first, 2),))

    def on(number):
        [source] = traced(scene, lambda tx, *who: tracing.of_message(tx, *who, scene.first, number, WHY)).sources
        return [one.id for one in source.relations]

    assert (on(0), on(1), on(2)) == ([made.id], [], [made.id])
    relations.withdraw(scene.office, scene.eva, made.id, "another")
    assert on(2) == []


def test_a_relation_leads_to_every_message_that_it_rests_on(scene):
    _, third = scene.notice(handling=["H0"])
    made = scene.relate(scene.a, scene.b, because=((third, 0),))
    found = traced(scene, lambda tx, *who: tracing.of_relation(tx, *who, made.id, WHY))
    assert found.relation == made
    assert [one.message.id for one in found.sources] == [scene.first, scene.second, third]


def test_a_person_leads_to_all_that_brought_him_or_spoke_of_him(scene):
    said = scene.answer("ma", scene.a, "reply", statements=[texts("three")])
    scene.answer("ma", scene.a, "reply")
    found = traced(scene, lambda tx, *who: tracing.of_person(tx, *who, scene.a, "p1", WHY))
    assert [one.message.id for one in found.sources] == [scene.first, said]
    with pytest.raises(NotFoundError, match="got 'p9'"):
        traced(scene, lambda tx, *who: tracing.of_person(tx, *who, scene.a, "p9", WHY))


def test_an_erased_message_keeps_who_sent_it_and_who_erased_it(scene, tmp_path):
    register = Register(tmp_path / "erasures.jsonl", "be")
    erasing.erase(scene.pair.be.ctx, register, scene.first, "dana", "decision 2026/114", Ground.REQUEST)
    [source] = traced(scene, lambda tx, *who: tracing.of_message(tx, *who, scene.first, 0, WHY)).sources
    assert (source.content, source.erased.by, source.erased.ground) == ({}, "dana", "request")
    assert (source.sender, source.message.releaser) == ("be", "be-003")
    assert source.audit.what == "act.released"


def test_tracing_is_reading(scene):
    for who in (scene.desk.driss, scene.desk.olga):
        for do in (
            lambda tx, *by: tracing.of_message(tx, *by, scene.first, 0, WHY),
            lambda tx, *by: tracing.of_person(tx, *by, scene.a, "p1", WHY),
        ):
            with pytest.raises(NotAllowedError):
                traced(scene, do, who)
    before = len(scene.pair.be.all(AUDITS))
    with pytest.raises(InputError, match="--reason"):
        traced(scene, lambda tx, *who: tracing.of_message(tx, *who, scene.first))
    with pytest.raises(InputError, match="expected a statement from 1 to 2"):
        traced(scene, lambda tx, *who: tracing.of_message(tx, *who, scene.first, 3, WHY))
    with pytest.raises(NotFoundError, match="expected an act that is here"):
        traced(scene, lambda tx, *who: tracing.of_message(tx, *who, "nothing", 0, WHY))
    assert len(scene.pair.be.all(AUDITS)) == before
