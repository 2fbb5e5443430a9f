"""`urgent-alert` between two nodes, from the alert to the end; what each node stops, at which check."""

import pytest

from tests.peers.agree import agree
from tests.peers.pair import partners, texts, types_for
from tests.types.life import Life, contents, stopped
from tests.unit.dossiers import samples
from tests.unit.dossiers.samples import DANGER, Content

pytestmark = pytest.mark.shows("urgent-alert", "rules")


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
