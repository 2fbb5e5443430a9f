"""`sentenced-person-transfer`: conditions, consent or the grounds of the protocol, two states that agree, and after."""

from dataclasses import replace

import pytest

from passerelle.dossiers.content import problems
from passerelle.dossiers.state import Standing
from passerelle.office import clock
from passerelle.ports.timers import TIMERS
from tests.peers.agree import agree
from tests.peers.pair import NOW, Pair, type_entry
from tests.types.life import Life, reasons, stopped, stops
from tests.types.sentenced_person_transfer import BY_HOME_STATE, CONSENT, JUDGMENT, REMOVAL, REQUEST, SAMIR, SAMPLE
from tests.unit.dossiers.samples import Content

pytestmark = pytest.mark.shows("sentenced-person-transfer", "rules")

BOTH = (("opener", "sentencing-agreement"), ("answerer", "administering-agreement"))
FLED = {key: value for key, value in REMOVAL.items() if key != "removal_order"} | {
    "ground": "fled",
    "fled_on": "2026-05-01",
}
Step = tuple[str, str] | tuple[str, str, Content]


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


def begun(*acts: Step, request: Content = REQUEST, pair: Pair | None = None) -> Life:
    """A dossier with this request and these acts; with a body where one is given."""
    life = Life(pair or SAMPLE.pair(), SAMPLE)
    life.begin(body=request)
    for side, name, *body in acts:
        life.say(side, name, **({"body": body[0]} if body else {}))
    return life


def without(body: Content, *names: str) -> Content:
    return {key: value for key, value in body.items() if key not in names}


# ---- who asks


@pytest.mark.parametrize("asked_by", ["person", "sentencing-state", "administering-state"])
@pytest.mark.parametrize("request_", [REQUEST, BY_HOME_STATE], ids=["sentencing state", "administering state"])
def test_the_person_or_a_state_asks_and_either_state_opens(asked_by: str, request_: Content) -> None:
    content = SAMPLE.opening(body=request_ | {"asked_by": asked_by})
    assert problems(content, SAMPLE.kind, now=NOW) == ()


def test_check_9_who_asks_is_said(pair: Pair) -> None:
    for name in ("asked_by", "opener_is", "ground"):
        assert stopped(pair, SAMPLE.opening(body=without(REQUEST, name))) == ("9",)


@pytest.mark.parametrize("name", ["sentence-information", "sentencing-agreement"])
def test_check_10_what_belongs_to_the_sentencing_state_is_refused_to_the_other(pair: Pair, name: str) -> None:
    assert stops(begun(pair=pair), "answerer", name) == ("10",)
    assert stops(begun(request=BY_HOME_STATE, pair=pair), "opener", name) == ("10",)


@pytest.mark.parametrize("name", ["sentence-continued", "sentence-served", "enforcement-to-end"])
def test_check_10_enforcement_is_reported_by_the_state_that_has_it(name: str) -> None:
    life = begun(("answerer", "consent-verified"), *BOTH, ("opener", "hand-over"))
    wrong = "answerer" if name == "enforcement-to-end" else "opener"
    assert stops(life, wrong, name) == ("10",)


# ---- the conditions of article 3


@pytest.mark.parametrize(
    "body",
    [
        without(REQUEST, "judgment"),
        REQUEST | {"judgment": without(JUDGMENT, "final")},
        REQUEST | {"judgment": JUDGMENT | {"final": False}},
        without(REQUEST, "term"),
        without(REQUEST, "remaining"),
        without(REQUEST, "nationality"),
        without(REQUEST, "other_nationality"),
        without(REQUEST, "other_nationalities"),
        REQUEST | {"other_nationality": "none"},
    ],
    ids=[
        "no judgment",
        "final unsaid",
        "not final",
        "no term",
        "no remaining time",
        "no nationality",
        "other nationality unsaid",
        "which other one",
        "none, and one named",
    ],
)
def test_check_9_the_conditions_are_fields(pair: Pair, body: Content) -> None:
    assert stopped(pair, SAMPLE.opening(body=body)) == ("9",)


@pytest.mark.parametrize(
    ("nationalities", "body"),
    [
        (["MA", "FR"], without(REQUEST, "other_nationalities") | {"other_nationality": "none"}),
        (["MA", "FR", "ES"], REQUEST),
        (["FR"], REQUEST),
    ],
    ids=["hidden", "a third one", "not the one that counts"],
)
def test_check_9_a_second_nationality_is_never_hidden(pair: Pair, nationalities: list[str], body: Content) -> None:
    content = SAMPLE.opening(body=body, subjects=[SAMIR | {"nationalities": nationalities}])
    assert stopped(pair, content) == ("9",)
    assert "subjects[0].nationalities" in reasons(pair, content)[0]


def test_check_9_a_person_without_nationality_cannot_be_transferred(pair: Pair) -> None:
    assert stopped(pair, SAMPLE.opening(subjects=[without(SAMIR, "nationalities")])) == ("9",)


def test_check_9_a_minor_has_a_legal_representative(pair: Pair) -> None:
    for born in ("2010-02-03", "2008"):
        births = [{"date": born, "calendar": "gregorian", "kind": "exact"}]
        person = SAMIR | {"births": births, "minor": "yes" if "-" in born else "doubt"}
        assert stopped(pair, SAMPLE.opening(subjects=[person])) == ("9",)
        body = REQUEST | {"representative": {"name": "Naïma Belhaj", "appointed_by": "De droit"}}
        assert problems(SAMPLE.opening(body=body, subjects=[person]), SAMPLE.kind, now=NOW) == ()


@pytest.mark.parametrize(("remaining", "checks"), [("P5M", ("8",)), ("P5M29D", ("8",)), ("P6M", ()), ("P40Y", ())])
def test_check_8_the_remaining_time_is_held_against_the_figure(remaining: str, checks: tuple[str, ...]) -> None:
    pair = SAMPLE.pair()
    content = SAMPLE.opening(body=REQUEST | {"remaining": remaining})
    if checks:
        assert stopped(pair, content) == checks
    else:
        begun(request=REQUEST | {"remaining": remaining}, pair=pair)


def test_the_figure_is_the_channel_s() -> None:
    entry = type_entry(SAMPLE.name) | {"figures": {"remaining": "P3Y"}}
    assert stopped(SAMPLE.pair(types={SAMPLE.name: entry}), SAMPLE.opening()) == ("8",)
    entry = type_entry(SAMPLE.name) | {"figures": {"remaining": "P1M"}}
    begun(request=REQUEST | {"remaining": "P2M"}, pair=SAMPLE.pair(types={SAMPLE.name: entry}))


def test_a_sentence_without_an_end_has_no_remaining_time(pair: Pair) -> None:
    begun(request=without(REQUEST, "remaining") | {"term": "indeterminate"}, pair=pair)


def test_check_8_so_is_what_the_sentencing_state_says_when_the_other_asked() -> None:
    life = begun(request=BY_HOME_STATE)
    body = SAMPLE.bodies["sentence-information"] | {"remaining": "P2M"}
    assert stops(life, "answerer", "sentence-information", body=body) == ("8",)


def test_check_10_no_agreement_before_judgment_and_remaining_time_are_known() -> None:
    life = begun(request=BY_HOME_STATE)
    assert stops(life, "opener", "administering-agreement") == ("10",)
    assert stops(life, "answerer", "sentencing-agreement") == ("10",)
    life.say("answerer", "sentence-information")
    life.say("answerer", "sentencing-agreement")
    life.say("opener", "administering-agreement")
    assert life.state == "agreed"


@pytest.mark.parametrize("name", ["national", "dual_criminality", "enforcement"])
def test_check_9_the_state_of_nationality_confirms_what_the_convention_asks(pair: Pair, name: str) -> None:
    body = SAMPLE.bodies["administering-agreement"]
    life = begun(pair=pair)
    assert stops(life, "answerer", "administering-agreement", body=without(body, name)) == ("9",)
    assert stops(life, "answerer", "administering-agreement", body=body | {name: False}) == ("9",)


# ---- consent, or the protocol's ground with the opinion


@pytest.mark.parametrize(
    "body",
    [
        without(CONSENT, "before"),
        CONSENT | {"before": without(CONSENT["before"], "name")},
        CONSENT | {"before": CONSENT["before"] | {"office": "guard"}},
        without(CONSENT, "on"),
        without(CONSENT, "language"),
        without(CONSENT, "explained"),
        CONSENT | {"explained": CONSENT["explained"][:4]},
        without(CONSENT, "voluntary"),
        CONSENT | {"voluntary": False},
        without(CONSENT, "given_by"),
    ],
    ids=[
        "by whom",
        "no name",
        "no official",
        "when",
        "language",
        "consequences",
        "one consequence left out",
        "voluntary unsaid",
        "not voluntary",
        "who gave it",
    ],
)
def test_check_9_consent_is_verified_by_an_official_with_the_consequences_explained(pair: Pair, body: Content) -> None:
    assert stops(begun(pair=pair), "answerer", "consent-verified", body=body) == ("9",)


@pytest.mark.parametrize("outcome", ["", "does-not-consent", "taken-back"])
def test_check_10_no_hand_over_without_consent(outcome: str) -> None:
    body = without(CONSENT, "voluntary", "given_by") | {"outcome": outcome}
    verified: list[Step] = [("answerer", "consent-verified", body)] if outcome else []
    life = begun(*verified, *BOTH)
    assert life.state == "agreed"
    assert stops(life, "opener", "hand-over") == ("10",)
    life.say("opener", "opinion-recorded")
    assert stops(life, "opener", "hand-over") == ("10",), "an opinion is no consent"


def test_check_10_a_consent_taken_back_bars_the_hand_over() -> None:
    life = begun(("answerer", "consent-verified"), *BOTH)
    life.say("opener", "consent-verified", body=without(CONSENT, "voluntary", "given_by") | {"outcome": "taken-back"})
    assert stops(life, "opener", "hand-over") == ("10",)
    life.say("answerer", "consent-verified")
    life.say("opener", "hand-over")
    assert life.state == "transferred"


@pytest.mark.parametrize("request_", [REMOVAL, FLED], ids=["removal order", "fled"])
def test_check_10_without_consent_only_after_the_person_was_heard(request_: Content) -> None:
    life = begun(*BOTH, request=request_)
    assert stops(life, "opener", "hand-over") == ("10",)
    life.say("opener", "opinion-recorded")
    life.say("opener", "hand-over")
    assert life.state == "transferred"
    agree(life.pair)


@pytest.mark.parametrize(
    "body",
    [
        without(REMOVAL, "removal_order"),
        REMOVAL | {"asked_by": "person"},
        REMOVAL | {"asked_by": "administering-state", "opener_is": "administering-state"},
        without(FLED, "fled_on"),
        FLED | {"asked_by": "administering-state"},
        REMOVAL | {"removal_order": without(REMOVAL["removal_order"], "reference")},
    ],
    ids=["no order", "asked by the person", "by the other state", "no day of flight", "fled, by the other", "order"],
)
def test_check_9_the_protocol_s_grounds_are_the_sentencing_state_s(pair: Pair, body: Content) -> None:
    assert stopped(pair, SAMPLE.opening(body=body)) == ("9",)


@pytest.mark.parametrize("name", ["before", "on", "language", "told", "opinion"])
def test_check_9_an_opinion_says_who_heard_it_when_and_in_which_language(pair: Pair, name: str) -> None:
    body = without(SAMPLE.bodies["opinion-recorded"], name)
    assert stops(begun(pair=pair), "opener", "opinion-recorded", body=body) == ("9",)


# ---- the decisions of both states


@pytest.mark.parametrize("missing", [0, 1], ids=["sentencing state", "administering state"])
def test_check_10_no_hand_over_without_both_agreements(missing: int) -> None:
    life = begun(("answerer", "consent-verified"), BOTH[1 - missing])
    assert life.state == "half-agreed"
    assert stops(life, "opener", "hand-over") == ("10",)


def test_check_10_an_agreement_that_was_withdrawn_does_not_count() -> None:
    life = begun(("answerer", "consent-verified"), *BOTH)
    life.say("answerer", "withdraw", message=life.last["administering-agreement"])
    assert stops(life, "opener", "hand-over") == ("10",)


def test_agreements_that_cross_make_two() -> None:
    life = begun(("answerer", "consent-verified"))
    life.pair.post("be", life.content("opener", "sentencing-agreement"), "routine")
    life.pair.post("ma", life.content("answerer", "administering-agreement"), "routine")
    life.pair.settle("routine")
    assert life.state == "agreed"


def test_judicial_acts_are_written_and_released_by_magistrates(pair: Pair) -> None:
    judicial = {name for name, act in SAMPLE.kind.acts.items() if act.judicial}
    assert judicial == {"request", "sentencing-agreement", "administering-agreement", "refuse"}
    assert stopped(pair, SAMPLE.opening(), releaser="be-017") == ("8",)


@pytest.mark.parametrize("side", ["opener", "answerer"])
def test_either_state_may_refuse(side: str) -> None:
    life = begun(*BOTH)
    life.say(side, "refuse", body={"ground": "no-agreement"})
    assert life.state == "refused"


# ---- hand-over and what follows


def test_a_hand_over_is_never_overtaken() -> None:
    life = begun(("answerer", "consent-verified"), *BOTH)
    taken_back = without(CONSENT, "voluntary", "given_by") | {"outcome": "taken-back"}
    life.pair.post("ma", life.content("answerer", "consent-verified", body=taken_back), "routine")
    life.pair.post("be", life.content("opener", "hand-over"), "routine")
    life.pair.settle("routine")
    assert life.state == "transferred"
    assert Standing.from_text(life.pair.be.dossier(life.dossier).standing).overtaken == ()


def test_check_10_after_the_hand_over_the_dossier_ends_with_the_sentence() -> None:
    life = begun(("answerer", "consent-verified"), *BOTH, ("opener", "hand-over"))
    for side, name in (("opener", "close"), ("answerer", "close"), ("answerer", "refuse"), ("opener", "suspend")):
        assert stops(life, side, name) == ("10",), name
    opening = life.pair.be.dossier(life.dossier).opening
    assert stops(life, "opener", "withdraw", message=opening) == ("10",)
    life.say("opener", "enforcement-to-end")
    assert life.state == "termination-due"
    life.say("answerer", "sentence-served", body={"on": "2026-11-21", "how": "terminated"})
    assert life.state == "served"


@pytest.mark.parametrize("event", ["continued", "converted"])
def test_check_9_a_sentence_is_not_made_harder_and_what_was_served_is_deducted(event: str) -> None:
    body = {"event": event, "on": "2026-11-21", "not_harder": True, "deducted": True}
    if event == "converted":
        body |= {"decision": "TPI Tanger 2026/12", "to_serve": "P2Y"}
    assert problems(SAMPLE.act("sentence-continued", body=body), SAMPLE.kind, now=NOW) == ()
    for name in ("not_harder", "deducted"):
        for changed in (without(body, name), body | {name: False}):
            assert problems(SAMPLE.act("sentence-continued", body=changed), SAMPLE.kind, now=NOW)


# ---- deadlines: the channel's alone


def test_without_a_figure_of_the_channel_no_time_runs() -> None:
    life = begun()
    clock.tick(life.pair.ma.ctx)
    assert life.pair.ma.all(TIMERS) == []


def test_the_channel_s_figure_runs() -> None:
    entry = type_entry(SAMPLE.name) | {"deadlines": {"decision": "P90D"}}
    life = begun(pair=SAMPLE.pair(types={SAMPLE.name: entry}))
    clock.tick(life.pair.ma.ctx)
    assert [(one.deadline, one.duration, one.state) for one in life.pair.ma.all(TIMERS)] == [
        ("decision", "P90D", "running")
    ]


def test_check_8_between_justice_services_alone() -> None:
    sample = replace(SAMPLE, services={"justice": "justice", "police": "police"})
    assert stopped(sample.pair(), sample.opening(recipient="police")) == ("8",)
