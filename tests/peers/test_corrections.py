"""Corrections on two nodes: what could not have been sent does not come of one, and both ends judge alike."""

import pytest

from passerelle.dossiers.state import Standing
from passerelle.ports.records import CONTENTS, DOSSIERS
from tests.peers.pair import Pair, acts, partners
from tests.types.life import reasons, stopped
from tests.unit.dossiers.samples import Content


@pytest.fixture
def pair() -> Pair:
    return partners()


def traced(pair: Pair) -> tuple[str, str]:
    """A request of be: the dossier and the message."""
    dossier, message = pair.open_trace()
    pair.settle()
    return dossier, message.id


def correction(dossier: str, message: str, *fields: tuple[str, str]) -> Content:
    corrections = [{"field": field, "value": value} for field, value in fields]
    body = {"message": message, "reason": "inaccurate", "corrections": corrections}
    return acts.act("wanted-trace", "correct", dossier=dossier, body=body)


def why(pair: Pair, content: Content) -> str:
    """What the desk of be says against it; ma says the same when be lets it out unchecked."""
    told = "; ".join(reasons(pair, content))
    assert stopped(pair, content)
    return told


BORN, KIND = "subjects[0].births[0].date", "subjects[0].births[0].kind"


def test_a_birth_is_corrected_with_the_minor_flag_that_follows(pair: Pair) -> None:
    dossier, message = traced(pair)
    young = correction(dossier, message, (BORN, "2015-03-02"), (KIND, "exact"))
    assert "body.corrections.subjects[0].minor: expected yes, as the births give it, got no" in why(pair, young)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ([("subjects[0].category", "victim")], "body.corrections.subjects[0].category"),
        ([("subjects[0].hobby", "x")], "body.corrections[0].field"),
        ([("necessity", "y"), ("subjects[7].note", "x")], "body.corrections[1].field"),
        ([("subjects[0].names[9].text", "x")], "body.corrections[0].field"),
        ([("subjects[0].key", "p2")], "body.corrections[0].field"),
        ([("subjects[0]", "")], "body.corrections[0].field"),
        ([("purpose", "security")], "body.corrections[0].field"),
        ([("necessity", "")], "body.corrections.necessity"),
        ([("subjects[0].names", "Amraoui")], "body.corrections.subjects[0].names: expected a list"),
    ],
)
def test_what_could_not_have_been_sent_does_not_come_of_a_correction(
    pair: Pair, fields: list[tuple[str, str]], path: str
) -> None:
    dossier, message = traced(pair)
    assert path in why(pair, correction(dossier, message, *fields))


def test_what_the_channel_does_not_let_pass_is_not_added_by_a_correction() -> None:
    pair = partners(channel={"fields": ["subjects.names", "subjects.births", "body", "statements", "attachments"]})
    content = acts.wanted_request()
    content["subjects"] = [
        {name: value for name, value in one.items() if name in ("key", "category", "minor", "names", "births")}
        for one in content["subjects"]
    ]
    message = pair.post("be", content)
    pair.settle()
    assert pair.ma.message(message.id).state == "applied"
    found = why(pair, correction(message.dossier, message.id, ("subjects[0].sex", "male")))
    assert "subjects.sex" in found


def test_later_corrections_build_on_those_before_them_and_none_is_corrected(pair: Pair) -> None:
    dossier, message = traced(pair)
    first = pair.post("be", correction(dossier, message, ("subjects[0].note", "Roux.")))
    pair.settle()
    for fields in ([("subjects[0].note", "")], [("subjects[0].note", "Brun."), ("subjects[0].sex", "male")]):
        made = pair.post("be", correction(dossier, message, *fields))
        pair.settle()
        assert pair.ma.message(made.id).state == "applied"
    assert "body.message" in why(pair, correction(dossier, first.id, ("body.corrections[0].value", "Blond.")))


def test_where_the_content_is_gone_nothing_is_judged(pair: Pair) -> None:
    dossier, message = traced(pair)
    for peer in (pair.be, pair.ma):
        peer.store.write("test.gone", lambda tx: tx.delete(CONTENTS, [(message,)]))
    made = pair.post("be", correction(dossier, message, ("subjects[0].sex", "male")))
    pair.settle()
    assert pair.ma.message(made.id).state == "applied"


def test_a_key_keeps_its_category_unless_it_is_corrected(pair: Pair) -> None:
    dossier, message = traced(pair)
    pair.answer("ma", dossier, "review")
    pair.settle()
    person = acts.wanted_request()["subjects"][0] | {"category": "convicted"}
    reply = acts.act("wanted-trace", "reply", dossier=dossier, subjects=[person])
    told = "subjects[0].category: expected wanted, as before under this key, got convicted"
    assert told in reasons(pair, reply, "ma")
    assert stopped(pair, reply, "ma") == ("10",)
    pair.post("be", correction(dossier, message, ("subjects[0].category", "convicted")))
    pair.settle()
    for peer in (pair.be, pair.ma):
        assert Standing.from_text(peer.all(DOSSIERS)[0].standing).subjects == {"p1": "convicted"}
    message = pair.answer("ma", dossier, "reply", subjects=[person]).id
    pair.settle()
    assert pair.be.message(message).state == "applied"
