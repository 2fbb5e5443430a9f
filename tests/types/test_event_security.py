"""`event-security`: groups before persons, a name only with a decision or an offence, times counted from the event."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from passerelle.dossiers.content import problems
from passerelle.dossiers.state import Standing
from passerelle.office import clock
from passerelle.ports.timers import TIMERS, Timer
from tests.peers.agree import agree
from tests.peers.pair import NOW, Pair, type_entry
from tests.types.event_security import AWAY, BAN, JORIS, OFFENCE, POSTS, SAMPLE
from tests.types.life import Life, reasons, stopped, stops
from tests.unit.dossiers.samples import Content

pytestmark = pytest.mark.shows("event-security", "rules")

NOTICE = SAMPLE.bodies["event-notice"]
NAMED = SAMPLE.bodies["person-named"]
DELEGATION = SAMPLE.bodies["delegation"]


@pytest.fixture(scope="module")
def notified() -> Life:
    """An event that was announced. For what is stopped: it changes nothing."""
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    return life


@pytest.fixture(scope="module")
def assessed() -> Life:
    """The same, and the groups were assessed."""
    return begun("risk-assessment")


def begun(*acts: str) -> Life:
    """A dossier with these acts of the answering side."""
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin()
    for name in acts:
        life.say("answerer", name)
    return life


def without(body: Content, *names: str) -> Content:
    return {key: value for key, value in body.items() if key not in names}


# ---- the notice


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (without(NOTICE, "date"), "body.date"),
        (without(NOTICE, "place"), "body.place"),
        (without(NOTICE, "groups"), "body.groups"),
        (NOTICE | {"groups": [without(AWAY, "size")]}, "body.groups[0].size"),
        (NOTICE | {"groups": [without(AWAY, "risk")]}, "body.groups[0].risk"),
        (NOTICE | {"ends_on": "2027-01-19"}, "body.ends_on"),
    ],
    ids=["no day", "no place", "no groups", "a group without size", "a group without risk category", "over before it"],
)
def test_check_9_a_notice_says_when_where_and_which_groups(notified: Life, body: Content, told: str) -> None:
    assert stopped(notified.pair, SAMPLE.opening(body=body)) == ("9",)
    assert told in reasons(notified.pair, SAMPLE.opening(body=body))[0]


# ---- group risk first


@pytest.mark.parametrize("side", ["opener", "answerer"])
def test_check_10_nobody_is_named_before_the_groups_were_assessed(notified: Life, side: str) -> None:
    assert stops(notified, side, "person-named") == ("10",)


@pytest.mark.parametrize("by", ["opener", "answerer"])
def test_after_the_assessment_of_either_side_a_person_may_be_named(by: str) -> None:
    life = begun()
    life.say(by, "risk-assessment")
    for side in ("opener", "answerer"):
        life.say(side, "person-named")
    agree(life.pair)


def test_check_10_an_assessment_that_was_withdrawn_does_not_count() -> None:
    life = begun("risk-assessment")
    life.say("answerer", "withdraw", message=life.last["risk-assessment"])
    assert life.state == "assessed"
    assert stops(life, "answerer", "person-named") == ("10",)


def test_check_9_no_other_act_brings_a_person() -> None:
    for name in SAMPLE.kind.acts:
        content = SAMPLE.act(name, subjects=[JORIS], handling=["H1", "H2"])
        if "message" in SAMPLE.kind.acts[name].schema.get("required", ()):
            content["body"]["message"] = content["id"]
        found = [one.path for one in problems(content, SAMPLE.kind, now=NOW)]
        assert found == ([] if name == "person-named" else ["subjects"]), name


def test_check_9_one_act_names_one_person(assessed: Life) -> None:
    assert stops(assessed, "answerer", "person-named", subjects=[JORIS, JORIS | {"key": "p2"}]) == ("9",)


@pytest.mark.parametrize("text", ["Mr Janssens mène le groupe.", "Joindre le +32 470 12 34 56."])
def test_check_9_no_act_but_the_one_that_names_bears_a_mark_of_a_person(text: str) -> None:
    for name in SAMPLE.kind.acts:
        content = SAMPLE.act(name, necessity=text)
        if "message" in SAMPLE.kind.acts[name].schema.get("required", ()):
            content["body"]["message"] = content["id"]
        found = [one.path for one in problems(content, SAMPLE.kind, now=NOW)]
        assert found == ([] if name == "person-named" else ["necessity"]), name


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("event-notice", {"expected": "Le meneur, né le 30 août 1997, viendra."}),
        ("ask-more", {"questions": ["Passeport n° ZX0000017 : est-il annoncé ?"]}),
        ("reply", {"text": "Mme Peeters conduit le car."}),
        ("invite-delegation", {"conditions": "Avec Mr Janssens."}),
        ("event-moved", {"comment": "Demandé par Mr Janssens."}),
    ],
)
def test_check_9_no_text_tells_of_a_person_before_anybody_is_named(notified: Life, name: str, body: Content) -> None:
    content = SAMPLE.act(name, body=SAMPLE.bodies.get(name, {}) | body)
    assert [one.path.split(".")[0] for one in problems(content, SAMPLE.kind, now=NOW)] == ["body"]
    calls = NOTICE | {"contact": "Mr Janssens, +32 470 12 34 56"}
    assert problems(SAMPLE.act("event-notice", body=calls), SAMPLE.kind, now=NOW) == (), "who does the work"


def test_check_9_an_assessment_assesses_each_group() -> None:
    unknown = AWAY | {"risk": "not-assessed"}
    for name in ("risk-assessment", "risk-update"):
        content = SAMPLE.act(name, body=SAMPLE.bodies[name] | {"groups": [unknown]})
        assert [one.path for one in problems(content, SAMPLE.kind, now=NOW)] == ["body.groups[0].risk"]


def test_no_file_goes_with_the_journeys_of_groups() -> None:
    assert SAMPLE.kind.acts["travel"].attachments.most == 0


def test_check_10_after_a_move_a_name_needs_a_new_assessment() -> None:
    life = begun("risk-assessment")
    life.say("opener", "event-moved")
    assert stops(life, "answerer", "person-named") == ("10",)
    life.say("opener", "risk-assessment")
    life.say("answerer", "person-named")


# ---- nobody is named without a decision or an offence


@pytest.mark.parametrize(
    "body",
    [
        without(NAMED, "decision"),
        without(NAMED, "expected_because"),
        NAMED | {"decision": without(BAN, "authority")},
        NAMED | {"decision": without(BAN, "reference")},
        NAMED | {"decision": without(BAN, "date")},
        NAMED | {"decision": without(BAN, "until")},
        NAMED | {"decision": BAN | {"until": "2026-11-19"}},
        NAMED | {"decision": BAN | {"kind": "member"}},
        without(NAMED, "decision") | {"offence": without(OFFENCE, "authority")},
        without(NAMED, "decision") | {"offence": without(OFFENCE, "stage")},
        without(NAMED, "decision") | {"offence": OFFENCE | {"committed_on": "2027-01-20"}},
    ],
    ids=[
        "the group alone",
        "why expected",
        "no authority",
        "no reference",
        "no day",
        "no end",
        "a ban that has run out",
        "membership",
        "offence without authority",
        "offence without stage",
        "an offence to come",
    ],
)
def test_check_9_a_name_needs_a_decision_in_force_or_an_offence(assessed: Life, body: Content) -> None:
    assert stops(assessed, "answerer", "person-named", body=body) == ("9",)


def test_a_name_with_an_offence_alone_passes() -> None:
    life = begun("risk-assessment")
    life.say("answerer", "person-named", body=without(NAMED, "decision", "with_group") | {"offence": OFFENCE})
    agree(life.pair)


def test_check_9_a_name_is_neither_used_in_court_nor_passed_on_without_consent(assessed: Life) -> None:
    for codes in (["H0"], ["H1"], ["H2"]):
        assert stops(assessed, "answerer", "person-named", handling=codes) == ("9",)


def test_check_9_an_offence_of_opinion_needs_a_second_approver(assessed: Life) -> None:
    body = without(NAMED, "decision") | {"offence": OFFENCE | {"offence": "Blasphème dans les tribunes"}}
    assert stops(assessed, "answerer", "person-named", body=body) == ("9",)


# ---- the visiting delegation


def test_check_10_a_delegation_comes_when_it_is_invited() -> None:
    life = begun()
    assert stops(life, "answerer", "delegation") == ("10",)
    life.say("opener", "invite-delegation")
    life.say("answerer", "delegation")
    agree(life.pair)


@pytest.mark.parametrize(
    "body",
    [
        DELEGATION | {"executive_powers": True},
        DELEGATION | {"armed": True},
        without(DELEGATION, "executive_powers"),
        without(DELEGATION, "posts"),
        DELEGATION | {"posts": [POSTS[0] | {"function": "arrest-team"}]},
    ],
    ids=["executive powers", "armed", "powers unsaid", "no composition", "a function that there is not"],
)
def test_check_9_a_delegation_has_no_executive_powers(body: Content) -> None:
    assert problems(SAMPLE.act("delegation", body=body), SAMPLE.kind, now=NOW)


def test_a_delegation_may_be_declined_in_one_word() -> None:
    assert problems(SAMPLE.act("delegation", body={"answer": "declined"}), SAMPLE.kind, now=NOW) == ()


# ---- times counted from the event


def dues(pair: Pair) -> dict[str, tuple[str, str]]:
    """Of each deadline, as both nodes have it: the last minute, in its owner's zone, and how its newest run stands."""
    found: dict[str, tuple[str, str]] = {}
    for peer in (pair.be, pair.ma):
        clock.tick(peer.ctx)
    sides = [{one.deadline: one for one in sorted(peer.all(TIMERS), key=_run)} for peer in (pair.be, pair.ma)]
    for name, timer in sides[0].items():
        zone = ZoneInfo("Europe/Brussels" if timer.owner == "own" else "Africa/Casablanca")
        assert (sides[1][name].due, sides[1][name].state) == (timer.due, timer.state)
        minute = datetime.fromtimestamp(timer.due / 1000, UTC).astimezone(zone)
        found[name] = (f"{minute:%Y-%m-%d %H:%M}", timer.state)
    return found


def _run(timer: Timer) -> tuple[int, bool]:
    return (timer.started, timer.state == "running")


def test_assessment_and_update_are_due_before_the_event_and_debriefs_after_it() -> None:
    life = begun()
    assert dues(life.pair) == {
        "assessment": ("2026-12-30 23:59", "running"),
        "update": ("2027-01-15 23:59", "running"),
        "debrief": ("2027-02-03 23:59", "running"),
        "debrief-of-visitors": ("2027-02-03 23:59", "running"),
    }


def test_the_organiser_s_own_assessment_does_not_stand_for_that_of_the_visitors() -> None:
    life = begun()
    life.say("opener", "risk-assessment")
    assert life.state == "opened"
    assert dues(life.pair)["assessment"] == ("2026-12-30 23:59", "running")
    life.say("answerer", "no-trace")
    assert dues(life.pair)["assessment"] == ("2026-12-30 23:59", "met"), "no group is known"


def test_what_should_have_come_before_the_notice_is_due_on_its_day() -> None:
    life = Life(SAMPLE.pair(), SAMPLE)
    life.begin(body=NOTICE | {"date": "2026-11-25", "ends_on": "2026-11-26"})
    found = dues(life.pair)
    assert found["assessment"] == found["update"] == ("2026-11-21 23:59", "running")
    assert found["debrief"] == ("2026-12-10 23:59", "running"), "after the last day"


def test_a_moved_event_starts_the_times_anew() -> None:
    life = begun("risk-assessment")
    assert dues(life.pair)["assessment"] == ("2026-12-30 23:59", "met")
    life.pair.clock.advance(60_000)
    life.say("opener", "event-moved")
    assert life.state == "in-charge"
    assert dues(life.pair) == {
        "assessment": ("2027-01-13 23:59", "running"),
        "update": ("2027-01-29 23:59", "running"),
        "debrief": ("2027-02-17 23:59", "running"),
        "debrief-of-visitors": ("2027-02-17 23:59", "running"),
    }


def test_check_10_an_update_needs_an_assessment_made_since_the_move() -> None:
    life = begun()
    assert stops(life, "answerer", "risk-update") == ("10",)
    life.say("answerer", "risk-assessment")
    life.say("answerer", "risk-update")
    life.say("opener", "event-moved")
    assert stops(life, "answerer", "risk-update") == ("10",)
    life.say("answerer", "risk-assessment")
    life.say("answerer", "risk-update")
    assert life.state == "assessed"


def test_an_assessment_that_crosses_a_move_was_made_for_another_day() -> None:
    life = begun()
    life.pair.clock.advance(60_000)
    life.pair.post("ma", life.content("answerer", "risk-assessment"), "routine")
    life.pair.post("be", life.content("opener", "event-moved"), "routine")
    life.pair.settle("routine")
    assert life.state == "in-charge"
    assert dues(life.pair)["assessment"] == ("2027-01-13 23:59", "running")


def test_an_early_update_is_not_the_one_that_is_due() -> None:
    life = begun("risk-assessment")
    life.say("answerer", "risk-update", body=SAMPLE.bodies["risk-update"] | {"last": False})
    assert dues(life.pair)["update"] == ("2027-01-15 23:59", "running")
    life.say("answerer", "risk-update")
    assert dues(life.pair)["update"] == ("2027-01-15 23:59", "met")


def test_what_was_assessed_before_a_move_is_not_assessed_after_a_suspension() -> None:
    for moved, state in ((True, "in-charge"), (False, "assessed")):
        life = begun("risk-assessment")
        life.say("answerer", "suspend")
        if moved:
            life.say("opener", "event-moved")
        life.say("answerer", "resume")
        assert life.state == state


@pytest.mark.parametrize("side", ["opener", "answerer"])
def test_check_10_an_assessed_event_ends_by_its_debrief(side: str) -> None:
    life = begun()
    assert stops(life, "answerer", "close") == ("10",), "the organiser alone, as long as nothing was assessed"
    life.say("answerer", "risk-assessment")
    assert stops(life, side, "close") == ("10",)
    life.say(side, "debrief")
    life.say(side, "close")
    assert life.state == "closed"


def test_a_debrief_that_came_too_early_stands_in_nobodys_way() -> None:
    life = begun("risk-assessment", "debrief")
    for side, name in (("answerer", "travel"), ("answerer", "risk-update")):
        life.say(side, name)
        assert life.state == "debriefed"
    life.say("answerer", "withdraw", message=life.last["debrief"])
    assert life.state == "assessed"
    life.say("answerer", "debrief")
    life.say("opener", "event-moved")
    assert life.state == "in-charge"
    life.say("answerer", "debrief")
    life.say("answerer", "withdraw", message=life.last["debrief"])
    assert life.state == "in-charge", "not assessed since the move"
    life.say("answerer", "debrief")
    life.say("answerer", "risk-assessment")
    assert life.state == "assessed"
    life.say("answerer", "debrief")
    life.say("opener", "event-cancelled")
    assert life.state == "called-off"


def test_no_time_runs_for_an_event_that_is_called_off() -> None:
    life = begun()
    life.say("opener", "event-cancelled")
    assert life.state == "called-off"
    assert {state for _, state in dues(life.pair).values()} == {"lapsed"}
    assert stops(life, "answerer", "risk-assessment") == ("10",)


def test_the_channel_says_when_names_are_erased_after_the_end() -> None:
    figures = {"erasure": "P7D", "erasure-of-organiser": "P7D"}
    life = Life(SAMPLE.pair(types={SAMPLE.name: type_entry(SAMPLE.name) | {"deadlines": figures}}), SAMPLE)
    life.begin()
    life.say("opener", "event-cancelled")
    life.say("answerer", "report-deletion")
    found = dues(life.pair)
    assert (found["erasure"], found["erasure-of-organiser"]) == (
        ("2026-11-28 23:59", "met"),
        ("2026-11-28 23:59", "running"),
    )


# ---- incident and debrief


def test_check_9_who_is_held_is_told_of_consular_notification(assessed: Life) -> None:
    body = SAMPLE.bodies["incident"]
    assert stops(assessed, "opener", "incident", body=without(body, "consular")) == ("9",)
    assert problems(SAMPLE.act("incident", body=without(body, "consular") | {"held": 0}), SAMPLE.kind, now=NOW) == ()


def test_an_incident_is_never_overtaken() -> None:
    life = begun()
    life.pair.post("ma", life.content("answerer", "incident"), "routine")
    life.pair.post("be", life.content("opener", "event-cancelled"), "routine")
    life.pair.settle("routine")
    assert life.state == "called-off"
    assert Standing.from_text(life.pair.be.dossier(life.dossier).standing).overtaken == ()


def test_check_9_no_debrief_of_an_event_that_has_not_been(assessed: Life) -> None:
    body = SAMPLE.bodies["debrief"] | {"held_on": "2027-01-20"}
    assert stops(assessed, "opener", "debrief", body=body) == ("9",)
