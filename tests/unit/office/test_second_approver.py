"""Offences of opinion: what names one leaves when two persons approved who did not write it."""

import pytest

from passerelle.core import json
from passerelle.core.errors import StateError
from passerelle.exchange.desk import RefusedError
from passerelle.office import facts, lists, workflow
from passerelle.office.asking import NotAllowedError
from passerelle.ports.records import AUDITS, CONTENTS
from passerelle.ports.work import DRAFTS
from tests.peers.pair import TYPES, acts, partners
from tests.peers.staff import Desk, hire

OPINION = "Apologie du terrorisme"
PURPOSES = ["criminal-investigation", "tracing-wanted-persons", "prosecution", "public-security", "prevention"]


@pytest.fixture
def desk():
    strict = {"wanted-trace": TYPES["wanted-trace"] | {"four_eyes": ["take-charge"]}}
    made = Desk(partners(channel={"types": {**TYPES, **strict}, "purposes": PURPOSES}))
    made.lou = hire(made.pair.be, "lou", "approver")
    return made


def request(desk, offence=OPINION, **changes):
    content = acts.wanted_request(**changes)
    warrant = {**content["body"]["warrant"], "offence": offence}
    return {**content, "body": {**content["body"], "warrant": warrant}}


def submitted(desk, content=None, who=None):
    act = desk.pair.act("be", content or request(desk))
    return workflow.draft(desk.office, who or desk.ann, act, submit=True)


def release(desk, who, made, **how):
    return workflow.release(desk.office, who, [made.id], **how)


def draft(desk, made):
    return next(one for one in desk.pair.be.all(DRAFTS) if one.id == made.id)


def content(desk, message):
    body = desk.pair.be.store.read(lambda tx: tx.get(CONTENTS, message.id))
    return json.parse_object(body.body)


def come(desk, made, **people):
    """An act of the partner, with a second approver."""
    message = desk.pair.post("ma", made, **people)
    desk.pair.settle()
    return message


def test_two_persons_approve_who_did_not_write_it(desk):
    made = submitted(desk)
    assert release(desk, desk.luc, made) == []
    waiting = draft(desk, made)
    assert (waiting.state, waiting.first, waiting.edition) == ("submitted", "luc", made.edition)
    for who, words in ((desk.luc, "second approver: expected another person"), (desk.ann, "four eyes")):
        with pytest.raises(NotAllowedError, match=words):
            release(desk, who, made)
    [message] = release(desk, desk.lou, made)
    assert (message.author, message.releaser) == ("ann", "lou")
    desk.pair.settle()
    assert desk.pair.ma.message(made.id).state == "applied"
    found = desk.pair.ma.message(made.id)
    assert facts.names_opinion(found)
    told = [one.what for one in desk.pair.be.all(AUDITS) if one.dossier == made.dossier]
    assert told == ["act.drafted", "act.submitted", "act.approved", "act.released"]


def test_the_partner_sees_who_the_second_was(desk):
    made = submitted(desk)
    release(desk, desk.luc, made)
    [message] = release(desk, desk.lou, made)
    eyes = content(desk, message)["four_eyes"]
    assert (eyes["author"], eyes["releaser"], eyes["second"]) == ("ann", "lou", "luc")


def test_other_offences_wait_for_nobody_more(desk):
    made = submitted(desk, request(desk, "Drug trafficking"))
    [message] = release(desk, desk.luc, made)
    assert "second" not in content(desk, message)["four_eyes"]


def test_an_approval_is_of_what_was_read(desk):
    made = submitted(desk)
    release(desk, desk.luc, made)
    with pytest.raises(StateError, match=r"version 2, got version 3, approved by luc on 2026"):
        release(desk, desk.lou, made, seen={made.id: made.version})
    workflow.edit(desk.office, desk.ann, made.id, desk.pair.act("be", request(desk, dossier=made.dossier)))
    assert draft(desk, made).first == ""
    workflow.submit(desk.office, desk.ann, made.id)
    assert release(desk, desk.lou, made) == []
    workflow.send_back(desk.office, desk.luc, made.id, "what did he do?")
    assert draft(desk, made).first == ""
    workflow.submit(desk.office, desk.ann, made.id)
    assert draft(desk, made).first == ""
    assert release(desk, desk.luc, made) == []
    assert len(release(desk, desk.lou, made)) == 1


def test_who_approved_first_and_then_wrote_is_an_author_like_others(desk):
    made = submitted(desk)
    release(desk, desk.max, made)
    workflow.edit(desk.office, desk.max, made.id, desk.pair.act("be", request(desk, dossier=made.dossier)))
    workflow.submit(desk.office, desk.max, made.id)
    with pytest.raises(NotAllowedError, match="four eyes"):
        release(desk, desk.max, made)


def test_both_are_asked_for_alike(desk):
    made = submitted(desk)
    for who in (desk.bea, desk.eva, desk.driss, desk.dan, desk.olga):
        with pytest.raises(NotAllowedError):
            release(desk, who, made)
    release(desk, desk.luc, made)
    for who in (desk.bea, desk.eva, desk.driss, desk.dan, desk.olga):
        with pytest.raises(NotAllowedError):
            release(desk, who, made)
    assert len(release(desk, desk.zoe, made)) == 1


def test_of_several_those_that_need_no_second_leave(desk):
    one, two = submitted(desk), submitted(desk, request(desk, "Armed robbery"))
    left = workflow.release(desk.office, desk.luc, [one.id, two.id])
    assert [message.id for message in left] == [two.id]
    assert [waiting.id for waiting in desk.pair.be.all(DRAFTS)] == [one.id]
    with pytest.raises(NotAllowedError):
        workflow.release(desk.office, desk.luc, [one.id, submitted(desk).id])
    assert sum(bool(waiting.first) for waiting in desk.pair.be.all(DRAFTS)) == 1


def test_what_can_no_longer_leave_is_not_approved(desk):
    made = submitted(desk)
    desk.pair.clock.advance(2 * 366 * 86_400_000)
    with pytest.raises(RefusedError):
        release(desk, desk.luc, made)
    assert draft(desk, made).first == ""


def test_an_import_needs_the_second_too(desk):
    with pytest.raises(RefusedError, match=r"four_eyes\.second: expected a second approver"):
        workflow.post(desk.office, desk.ann, desk.luc, [desk.pair.act("be", request(desk))])


@pytest.mark.parametrize("offence", [OPINION, "Armed robbery"])
def test_acting_on_what_the_partner_sent_needs_two_approvers(desk, offence):
    opening = come(desk, request(desk, offence), second="ma-009")
    assert facts.names_opinion(desk.pair.be.message(opening.id)) is (offence == OPINION)
    free = submitted(desk, acts.act("wanted-trace", "acknowledge", dossier=opening.dossier))
    assert len(release(desk, desk.ann, free)) == 1
    charge = submitted(desk, acts.act("wanted-trace", "take-charge", dossier=opening.dossier))
    if offence == OPINION:
        assert release(desk, desk.luc, charge) == []
        [message] = release(desk, desk.lou, charge)
        assert content(desk, message)["four_eyes"]["second"] == "luc"
    else:
        assert len(release(desk, desk.luc, charge)) == 1


def test_a_refusal_waits_for_no_second(desk):
    opening = come(desk, request(desk), second="ma-009")
    made = submitted(desk, acts.act("wanted-trace", "refuse", dossier=opening.dossier))
    assert len(release(desk, desk.luc, made)) == 1


def test_lists_show_for_whom_it_waits(desk):
    made = submitted(desk)
    release(desk, desk.luc, made)

    def listed(who):
        found = desk.pair.be.store.read(lambda tx: lists.drafts(tx, desk.office, who, states=("submitted",)))
        return [(one.id, one.first) for one in found]

    assert listed(desk.lou) == [(made.id, "luc")]
