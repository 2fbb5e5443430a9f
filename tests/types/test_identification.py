"""`identification` between two nodes, from the request to the return; what each node stops, at which check."""

from dataclasses import replace

import pytest

from passerelle.core import json
from passerelle.core.errors import StateError
from passerelle.oversight import audit_export, audit_log, evidence, verify, verify_audit
from passerelle.ports.records import CONTENTS, MESSAGES
from tests.peers.agree import agree
from tests.peers.pair import CATALOGUE, Pair, partners
from tests.types import samples as samples_of
from tests.types.life import Life, contents, reasons, stopped
from tests.unit.dossiers import samples
from tests.unit.dossiers.samples import ALONE, ILYAS, RETURN, SALMA, Content

SECRET = ("protection", "asylum", "asile", "asiel", "لجوء", "attest")

pytestmark = pytest.mark.shows("identification", "rules")


@pytest.fixture
def migration() -> Pair:
    return partners(area="migration")


def test_an_identification_from_request_to_return(migration: Pair) -> None:
    life = Life(migration, "identification")
    opening = life.begin()
    states = [life.state]
    for by, name in (
        ("ma", "acknowledge"),
        ("ma", "take-charge"),
        ("ma", "ask-more"),
        ("be", "more-information"),
        ("ma", "consular-interview"),
        ("ma", "nationality-not-confirmed"),
        ("be", "more-information"),
        ("be", "suspend"),
        ("be", "resume"),
        ("ma", "nationality-confirmed"),
        ("ma", "laissez-passer-issued"),
        ("be", "laissez-passer-expired"),
        ("ma", "laissez-passer-issued"),
        ("be", "returned"),
        ("ma", "report-deletion"),
    ):
        life.say(by, name)
        if states[-1] != life.state:
            states.append(life.state)
    assert states == [
        "opened",
        "in-charge",
        "interview",
        "not-confirmed",
        "in-charge",
        "suspended",
        "in-charge",
        "confirmed",
        "laissez-passer",
        "confirmed",
        "laissez-passer",
        "returned",
    ]
    assert migration.ma.message(opening.id).state == "applied"
    agree(migration)


def test_nothing_of_a_protection_claim_reaches_the_partner(migration: Pair) -> None:
    """The whole of what the answering side holds, byte by byte, of a dossier that was suspended for such a claim."""
    life = Life(migration, "identification")
    life.begin()
    life.say("be", "suspend")
    life.say("be", "resume")
    life.say("be", "suspend")
    life.say("be", "withdraw", message=migration.be.dossier(life.dossier).heads[0])
    for content in migration.ma.store.read(lambda tx: tx.scan(CONTENTS, limit=1000)):
        text = bytes(content.body).decode().casefold()
        if '"kind":"act"' in text:
            assert not any(word in text for word in SECRET), text
    first, second = contents(migration.ma, "suspend")
    same = {"body", "necessity", "purpose", "basis", "handling", "urgency"}
    assert {key: first[key] for key in same if key in first} == {key: second[key] for key in same if key in second}
    assert first["body"] == {}


@pytest.mark.parametrize(
    "content",
    [
        samples.minor_request(None),
        samples.minor_request({key: value for key, value in ALONE.items() if key != "guardian"}),
        samples.minor_request({key: value for key, value in ALONE.items() if key != "best_interests"}),
        samples.minor_request(None, subjects=[ILYAS | {"minor": "no"}]),
        samples.identification_request(body={"claim": samples.CLAIM}),
        samples.identification_request(
            body={"return_decision": RETURN | {"enforceable": False}, "claim": samples.CLAIM}
        ),
        samples.identification_request(handling=["H0", "H1", "H2"]),
        samples.identification_request(handling=["H2"]),
        samples.identification_request(necessity="Retour après le rejet de la demande d'asile"),
        samples.identification_request(statements=[samples.statement()]),
        samples.identification_request(subjects=[SALMA | {"note": "x"}]),
        samples.identification_request() | {"attest": ["no-protection-claim"]},
    ],
    ids=[
        "unaccompanied minor",
        "no guardian",
        "no best interests",
        "minor said to be none",
        "no return decision",
        "not enforceable",
        "H0",
        "without H1",
        "text left unsaid",
        "statements",
        "note on a person",
        "attestation",
    ],
)
def test_check_9_on_both_sides(migration: Pair, content: Content) -> None:
    assert stopped(migration, content) == ("9",)


def test_an_unaccompanied_minor_with_guardian_and_decision_passes(migration: Pair) -> None:
    content = samples.minor_request(ALONE)
    message = migration.post("be", content)
    migration.settle("routine")
    assert migration.ma.message(message.id).state == "applied"


def test_who_turns_out_to_be_a_minor_is_confirmed_with_guardian_and_decision_alone(migration: Pair) -> None:
    life = Life(migration, "identification")
    life.begin()
    child = ILYAS | {"key": "p2"}
    body = samples.BODIES["nationality-confirmed"] | {"identity": "other"}
    for situation in ({}, {"minor": {name: value for name, value in ALONE.items() if name != "best_interests"}}):
        content = life.content("ma", "nationality-confirmed", body=body | situation, subjects=[child])
        assert stopped(migration, content, by="ma") == ("9",)
    life.say("ma", "nationality-confirmed", body=body | {"minor": ALONE}, subjects=[child])
    assert life.state == "confirmed"


def test_check_9_for_what_the_answering_side_may_not_say(migration: Pair) -> None:
    life = Life(migration, "identification")
    life.begin()
    for name, body in (
        ("suspend", {"ground": "legal-impediment"}),
        ("refuse", {"ground": "human-rights"}),
        ("refuse", {"ground": "legal-impediment", "comment": "x"}),
        ("ask-more", {"questions": ["A-t-elle demandé l'asile ?"]}),
    ):
        content = samples.act("identification", name, dossier=life.dossier, body=body)
        assert stopped(migration, content, by="ma") == ("9",), name
    assert life.state == "opened"


def test_check_10_no_document_before_a_confirmation(migration: Pair) -> None:
    life = Life(migration, "identification")
    life.begin()
    for by, name in (("ma", "laissez-passer-issued"), ("be", "returned"), ("be", "resume"), ("be", "reopen")):
        assert stopped(migration, samples.act("identification", name, dossier=life.dossier), by=by) == ("10",), name


def test_check_8_a_purpose_of_another_area_on_both_sides() -> None:
    """Migration may share a channel with training, and its data still never go there."""
    pair = partners(area="migration", channel={"purposes": ["identification-for-return", "training"]})
    content = samples.identification_request(purpose="training")
    assert stopped(pair, content) == ("8",)
    [words] = reasons(pair, samples.identification_request(purpose="training"))
    assert "purpose-area" in words
    assert "identification" in words


def test_only_migration_services_and_civil_registers_receive_it() -> None:
    sample = samples_of()["identification"]
    pair = replace(sample, services={"migration": "migration", "police": "police", "registry": "civil"}).pair()
    assert stopped(pair, sample.act("request", recipient="police")) == ("8",)
    pair.post("be", sample.act("request", recipient="registry"))


# ---- suspensions and refusals stay here

KEPT = {"suspend", "resume", "refuse"}


def ended(pair: Pair) -> Life:
    """A dossier that was suspended, resumed, and in the end refused."""
    life = Life(pair, "identification")
    life.begin()
    for by, name in (("be", "suspend"), ("be", "resume"), ("ma", "refuse")):
        life.say(by, name)
    assert life.state == "refused"
    return life


def test_suspension_and_refusal_are_kept_out_of_evidence(migration: Pair) -> None:
    life = ended(migration)
    both = [migration.be.identity, migration.ma.identity]
    for peer in (migration.be, migration.ma):
        data = evidence.collect(peer.ctx, peer.identity, life.dossier, "auditor")
        items = json.parse_object(data)["messages"]
        acts = [json.parse_object(one["content"].encode()).get("act") for one in items if "content" in one]
        assert "request" in acts
        assert not KEPT & set(acts)
        assert [one["withheld"] for one in items if "withheld" in one] == ["local"] * 3
        assert verify.verify(data, both).verdict != verify.FAILED
        for message in peer.all(MESSAGES):
            if message.act in KEPT:
                with pytest.raises(StateError, match="kept out of exports"):
                    evidence.collect(peer.ctx, peer.identity, message.id, "auditor")


def test_and_out_of_what_leaves_of_the_audit_log(migration: Pair) -> None:
    life = ended(migration)
    for peer in (migration.be, migration.ma):
        audit_log.sequence(peer.ctx)
        audit_log.close(peer.ctx)
        data = audit_export.collect(peer.ctx, peer.identity, {"kind": "dossier", "id": life.dossier}, "auditor")
        text = data.decode()
        assert not any(f'\\"act\\":\\"{name}\\"' in text for name in KEPT), "none of them is named"
        assert '"withheld":"local"' in text
        report = verify_audit.verify(data, [migration.be.identity, migration.ma.identity])
        assert report.verdict != verify.FAILED, [one for one in report.statements if one.result == "fails"]


def test_another_type_keeps_nothing_back() -> None:
    for kind in CATALOGUE.types.values():
        assert kind.kept == (KEPT if kind.name == "identification" else frozenset()), kind.name
