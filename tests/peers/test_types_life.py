"""`identification` and `urgent-alert` between two nodes, from opening to end; what each node stops, at which check."""

from typing import Any

import pytest

from passerelle.core.errors import InputError
from passerelle.exchange import governance
from passerelle.ports.records import CONTENTS, INSTRUMENTS
from tests.peers.agree import agree
from tests.peers.pair import Pair, Peer, partners, texts, types_for
from tests.types.life import Life, contents, reasons, stopped
from tests.unit.dossiers import samples
from tests.unit.dossiers.samples import ALONE, DANGER, ILYAS, RETURN, SALMA, Content

SECRET = ("protection", "asylum", "asile", "asiel", "لجوء", "attest")


# ---- identification


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


def test_no_channel_for_crime_can_be_signed_with_the_type_nor_one_for_migration_with_another() -> None:
    pair = partners()
    every = types_for("criminal") | types_for("migration")
    crime = texts.channel(pair.agreement, every, title="Everything at once").decode()
    migration = texts.migration_channel(pair.agreement, every, title="Everything at once").decode()
    with pytest.raises(InputError, match=r"types\.identification: expected a channel for migration purposes"):
        governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=crime)
    with pytest.raises(InputError, match=r"types\.wanted-trace: expected a channel for criminal purposes"):
        governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=migration)


def test_what_a_partner_proposes_is_looked_at_before_it_is_signed() -> None:
    """A partner whose node does not look (it has other types) proposes; this one does not sign."""
    pair = partners()
    every = types_for("criminal") | types_for("migration")
    body = texts.channel(pair.agreement, every, title="Everything at once").decode()
    types = dict(pair.ma.ctx.catalogue.types)
    object.__setattr__(pair.ma.ctx.catalogue, "types", {})
    try:
        made = governance.act(pair.ma.ctx, "be", "instrument.propose", "officer", instrument=body)
    finally:
        object.__setattr__(pair.ma.ctx.catalogue, "types", types)
    pair.settle("governance")
    with pytest.raises(InputError, match=r"types\.identification"):
        governance.act(pair.be.ctx, "ma", "instrument.sign", "chief", digest=made.digest)
    assert not stored(pair.be, made.digest).own_signed


def stored(peer: Peer, digest: str) -> Any:
    return peer.store.read(lambda tx: tx.get(INSTRUMENTS, digest))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"acts": ["request", "requests"]}, r"types\.identification\.acts: .*got requests"),
        ({"deadlines": {"answers": "P30D"}}, r"types\.identification\.deadlines: .*got answers"),
        ({"acts": ["*"], "four_eyes": ["dance"]}, r"types\.identification\.four_eyes: .*got dance"),
    ],
)
def test_a_channel_names_acts_and_deadlines_that_its_types_have(entry: dict[str, Any], words: str) -> None:
    pair = partners()
    types = {name: one | entry for name, one in types_for("migration").items()}
    body = texts.migration_channel(pair.agreement, types).decode()
    with pytest.raises(InputError, match=words):
        governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=body)


def test_a_channel_exceeds_no_treaty_limit_and_gives_the_laissez_passer_its_time() -> None:
    pair = partners()
    types = types_for("migration")
    types["identification"]["deadlines"] = {"laissez-passer": "P5D"}
    assert pair.sign(texts.migration_channel(pair.agreement, types))
    types = types_for("criminal")
    types["wanted-trace"]["deadlines"] = {"extradition-request": "P41D"}
    body = texts.channel(pair.agreement, types, title="Too long").decode()
    with pytest.raises(InputError, match=r"extradition-request: expected at most P40D, got P41D"):
        governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=body)


# ---- urgent alert


def test_an_alert_from_the_flash_lane_to_the_all_clear() -> None:
    pair = partners()
    life = Life(pair, "urgent-alert", "flash")
    opening = life.begin(releaser="be-017")
    assert (opening.author, opening.releaser) == ("be-017", "be-017"), "the duty officer alone"
    states = [life.state]
    for by, name, more in (
        ("ma", "acknowledge", {}),
        ("ma", "take-charge", {}),
        ("be", "correct", {"message": opening.id}),
        ("ma", "action-taken", {}),
        ("be", "action-taken", {}),
        ("be", "all-clear", {}),
        ("ma", "action-taken", {}),
        ("be", "all-clear", {}),
        ("ma", "close", {}),
    ):
        life.say(by, name, **more)
        if states[-1] != life.state:
            states.append(life.state)
    assert states == ["opened", "acknowledged", "in-charge", "acted", "all-clear", "acted", "all-clear", "closed"]
    assert pair.ma.message(opening.id).lane == "flash"
    [read] = contents(pair.be, "acknowledge")
    assert read["body"]["person"] == "ضابط المداومة 0417"
    agree(pair)


def test_alone_only_in_the_flash_lane_and_only_what_the_type_lets() -> None:
    pair = partners()
    alone = {"releaser": "be-017"}
    assert stopped(pair, samples.urgent_alert(), lane="routine", **alone) == ("8",)
    life = Life(pair, "urgent-alert", "flash")
    life.begin(**alone)
    refusing = samples.act("urgent-alert", "refuse", dossier=life.dossier)
    assert stopped(pair, refusing, by="ma", lane="flash", releaser="ma-017") == ("8",)
    assert life.state == "opened"


def test_a_channel_may_demand_two_persons_also_in_the_flash_lane() -> None:
    pair = partners()
    types = types_for("criminal")
    types["urgent-alert"]["four_eyes"] = ["alert"]
    pair.channel = pair.sign(texts.channel(pair.agreement, types, title="Two persons, always"))
    assert stopped(pair, samples.urgent_alert(), lane="flash", releaser="be-017") == ("8",)
    message = pair.post("be", samples.urgent_alert(), "flash")
    pair.settle("flash")
    assert pair.ma.message(message.id).state == "applied"


VICTIM = {"key": "p1", "category": "victim", "minor": "doubt"}


@pytest.mark.parametrize(
    "content",
    [
        samples.urgent_alert(body={key: value for key, value in DANGER.items() if key != "certainty"}),
        samples.urgent_alert(body={key: value for key, value in DANGER.items() if key != "source"}),
        samples.urgent_alert(subjects=[VICTIM]),
        samples.urgent_alert(subjects=[VICTIM | {"category": "relative"}]),
        samples.urgent_alert(statements=[samples.statement(about=[], privileged="lawyer")]),
    ],
    ids=["how sure", "4x4", "victim without H1 and H2", "relative", "privileged"],
)
def test_check_9_of_an_alert_on_both_sides(content: Content) -> None:
    assert stopped(partners(), content, lane="flash") == ("9",)


def test_an_acknowledgement_without_a_person_is_none() -> None:
    pair = partners()
    life = Life(pair, "urgent-alert", "flash")
    life.begin()
    content = samples.act("urgent-alert", "acknowledge", dossier=life.dossier, body={})
    assert stopped(pair, content, by="ma", lane="flash") == ("9",)
    assert life.state == "opened"


def test_check_10_of_an_alert_on_both_sides() -> None:
    pair = partners()
    life = Life(pair, "urgent-alert", "flash")
    life.begin()
    asked = {
        "opened": [("ma", "close"), ("be", "take-charge")],
        "all-clear": [("be", "close"), ("ma", "refuse")],
        "closed": [("ma", "take-charge"), ("be", "action-taken"), ("be", "all-clear")],
    }
    for state, acts in asked.items():
        if state != "opened":
            life.say(*{"all-clear": ("be", "all-clear"), "closed": ("ma", "close")}[state])
        assert life.state == state
        for by, name in acts:
            content = samples.act("urgent-alert", name, dossier=life.dossier)
            expected = ("9",) if name == "take-charge" and by == "be" else ("10",)
            assert stopped(pair, content, by=by, lane="flash") == expected, (state, name)


def test_a_routine_lane_that_lies_still_does_not_hold_back_an_alert() -> None:
    pair = partners()
    pair.open_trace()
    message = pair.post("be", samples.urgent_alert(), "flash")
    pair.settle("flash")
    assert pair.ma.message(message.id).state == "applied"
