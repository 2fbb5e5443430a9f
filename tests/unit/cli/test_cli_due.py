"""What is owed, what one was told, who is on call, which days nobody works: at the command line."""

import msgspec
import pytest

from passerelle.core.clock import ManualClock, SystemClock, from_iso
from passerelle.node import Node
from passerelle.office import clock
from passerelle.office.asking import this_user
from passerelle.ports.timers import TIMERS
from tests.unit.cli.scene import call, ok, said, served, value

DAY = 86_400_000


def due(folder, *options):
    return value("due", folder, *options)


def names(found):
    return [(one["deadline"], one["owner"], one["state"]) for one in found]


def late(folder, days):
    """The clock of a node that far from now, once."""
    node = Node.open(folder, clock=ManualClock(SystemClock().now() + days * DAY))
    try:
        clock.tick(node.ctx)
    finally:
        node.close()


def overdue(folder, deadline):
    """A deadline of this node ended a minute ago, and no clock has seen it yet."""
    node = Node.open(folder)

    def work(tx):
        (timer,) = [one for one in tx.scan(TIMERS, limit=100) if one.deadline == deadline]
        due = node.ctx.clock.now() - 60_000
        tx.put(TIMERS, [msgspec.structs.replace(timer, due=due, next=due + 1)])

    try:
        clock.refresh(node.ctx)
        clock.tick(node.ctx)
        node.store.write("test.overdue", work)
    finally:
        node.close()


def test_both_sides_see_what_is_owed_and_by_whom(partners):
    dossier = partners.open()
    here = due(partners.be, "--as", "ann")
    there = due(partners.ma, "--as", "nadia")
    assert names(here) == [("acknowledge", "partner", "running"), ("answer", "partner", "running")]
    assert names(there) == [("acknowledge", "own", "running"), ("answer", "own", "running")]
    assert [one["due"] for one in here] == [one["due"] for one in there]
    assert {one["dossier"] for one in here} == {dossier}
    assert here[0]["reference"] == "BE-2026-0017"
    assert due(partners.be, "--owner", "own", "--as", "ann") == []
    assert names(due(partners.ma, "--within", "PT1M", "--as", "nadia")) == []
    assert len(due(partners.ma, "--within", "P30D", "--as", "nadia")) == 2
    assert len(due(partners.ma, "--limit", 1, "--as", "nadia")) == 1


def test_what_is_overdue_comes_first_though_no_clock_has_told_it(partners):
    partners.open()
    due(partners.ma, "--as", "nadia")
    overdue(partners.ma, "answer")
    found = due(partners.ma, "--as", "nadia")
    assert names(found) == [("answer", "own", "overdue"), ("acknowledge", "own", "running")]
    text = ok("due", partners.ma, "--as", "nadia", "--language", "en").out
    assert "overdue by 1 minute" in text
    assert "Amraoui" not in text
    assert names(due(partners.ma, "--within", "PT1M", "--as", "nadia")) == [("answer", "own", "overdue")]


def test_mine_is_what_i_have_in_charge_or_nobody_has_and_i_follow(partners):
    dossier = partners.open()
    assert len(due(partners.ma, "--mine", "--as", "nadia")) == 2
    assert due(partners.ma, "--mine", "--as", "samir") == []
    ok("person", "grant", partners.ma, "samir", "dispatcher", "--as", "omar")
    assert len(due(partners.ma, "--mine", "--as", "samir")) == 2
    ok("dossier", "assign", partners.ma, dossier, "--person", "nadia", "--service", "police", "--as", "samir")
    assert due(partners.ma, "--mine", "--as", "samir") == []
    assert {one["person"] for one in due(partners.ma, "--mine", "--as", "nadia")} == {"nadia"}
    assert len(due(partners.ma, "--service", "police", "--as", "nadia")) == 2
    assert due(partners.ma, "--service", "justice", "--as", "nadia") == []


def test_an_answer_takes_it_off_the_list(partners):
    dossier = partners.open()
    partners.act("ma", said(), "act", dossier, "--act", "acknowledge")
    assert names(due(partners.ma, "--as", "nadia")) == [("answer", "own", "running")]
    assert "answer" not in ok("due", partners.be, "--owner", "own", "--as", "ann").out


def test_who_may_not_see_dossiers_sees_no_deadlines(partners):
    partners.open()
    due(partners.be, "--as", "ann")
    result = call("due", partners.be, "--as", "eva", "--json")
    assert result.code == 4, result


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--owner", "nobody"), "--owner: expected own, partner or all, got 'nobody'"),
        (("--within", "a week"), "expected an ISO 8601 duration like PT8H or P3D, got 'a week'"),
        (("--limit", "0"), "--limit: expected 1 to 100000, got 0"),
    ],
)
def test_wrong_options_of_due(partners, options, words):
    result = call("due", partners.be, *options, "--as", "ann", "--json")
    assert result.code == 2
    assert words in result.error["message"]


def test_notices_are_one_s_own_and_read_once(partners):
    partners.open()
    assert value("notices", partners.ma, "--as", "nadia") == []
    late(partners.ma, 40)
    told = value("notices", partners.ma, "--as", "nadia")
    assert {(one["deadline"], one["what"]) for one in told} == {("acknowledge", "end"), ("answer", "end")}
    assert {one["what"] for one in value("notices", partners.ma, "--as", "samir")} == {"escalated"}
    assert "the time is over" in ok("notices", partners.ma, "--as", "nadia", "--language", "en").out
    assert value("notices", partners.ma, "--mark-read", "--as", "nadia") == told
    assert value("notices", partners.ma, "--as", "nadia") == []
    again = value("notices", partners.ma, "--all", "--as", "nadia")
    assert {one["read"] for one in again} == {True}
    assert len(again) == len(told)
    late(partners.ma, 50)
    assert value("notices", partners.ma, "--as", "nadia") == []


def test_one_is_told_what_others_did_in_words(partners):
    dossier = partners.open()
    draft = partners.draft("ma", said(ground="not-competent"), "act", dossier, "--act", "refuse")["draft"]
    ok("dossier", "send-back", partners.ma, draft, "--comment", "which unit?", "--as", "samir")
    ok("dossier", "assign", partners.ma, dossier, "--person", "nadia", "--as", "samir")
    told = value("notices", partners.ma, "--as", "nadia")
    assert [(one["what"], one["message"], one["dossier"], one["due"], one["deadline"]) for one in told] == [
        ("returned", draft, dossier, "", ""),
        ("given", dossier, dossier, "", ""),
    ]
    text = ok("notices", partners.ma, "--as", "nadia", "--language", "en").out
    assert f"your draft {draft} was sent back" in text
    assert "the dossier was given to you" in text
    for language, words in (("fr", f"votre projet {draft}"), ("nl", f"uw ontwerp {draft}"), ("ar", "مسودتكم")):
        assert words in ok("notices", partners.ma, "--as", "nadia", "--language", language).out
    assert value("notices", partners.ma, "--mark-read", "--as", "nadia") == told
    assert value("notices", partners.ma, "--as", "nadia") == []
    assert value("notices", partners.ma, "--as", "samir") == []


@pytest.fixture
def on_duty(partners):
    """ma with a dispatcher, driss, and two persons on duty."""
    for person, role in (("driss", "dispatcher"), ("rachid", "duty"), ("salma", "duty")):
        ok("person", "add", partners.ma, person, "--user", this_user(), "--as", "omar")
        ok("person", "grant", partners.ma, person, role, "--as", "omar")
    return partners.ma


def test_who_is_on_call(on_duty):
    ok("oncall", "set", on_duty, "wanted-persons", 2, "salma", "--as", "driss")
    ok("oncall", "set", on_duty, "wanted-persons", 1, "rachid", "--until", "2099-01-01", "--as", "driss")
    ok("oncall", "set", on_duty, "*", 1, "salma", "--from", "2098-01-01T08:00", "--as", "driss")
    listed = value("oncall", "list", on_duty, "--as", "nadia")
    assert [(one["domain"], one["place"], one["person"], one["state"]) for one in listed] == [
        ("*", 1, "salma", "to come"),
        ("wanted-persons", 1, "rachid", "on call"),
        ("wanted-persons", 2, "salma", "on call"),
    ]
    assert listed[0]["from"] == "2098-01-01T07:00:00.000Z"  # in Casablanca
    assert listed[1]["until"][:10] == "2098-12-31"
    roster = value("oncall", "who", on_duty, "wanted-persons", "--as", "nadia")
    assert [one["person"] for one in roster] == ["rachid", "salma"]
    assert value("oncall", "who", on_duty, "elsewhere", "--as", "nadia") == []
    later = value("oncall", "who", on_duty, "elsewhere", "--at", "2098-06-01", "--as", "nadia")
    assert [one["person"] for one in later] == ["salma"]
    ok("oncall", "end", on_duty, "wanted-persons", 1, "--as", "driss")
    roster = value("oncall", "who", on_duty, "wanted-persons", "--as", "nadia")
    assert [one["person"] for one in roster] == ["salma"]
    assert len(value("oncall", "list", on_duty, "--all", "--as", "nadia")) == 3
    ok("oncall", "end", on_duty, "*", 1, "--as", "driss")
    assert len(value("oncall", "list", on_duty, "--as", "nadia")) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("*", 1, "nadia"), 4, "expected a person who holds duty in *"),
        (("*", 1, "nobody"), 3, "expected a person of this node, got 'nobody'"),
        (("*", 0, "rachid"), 2, "place: expected 1 to 99, got 0"),
        (("Tout", 1, "rachid"), 2, "domain: expected a channel's domain"),
        (("*", 1, "rachid", "--until", "2020-01-01"), 2, "until: expected a moment behind"),
        (
            ("*", 1, "rachid", "--from", "2019-01-01", "--until", "2020-01-01"),
            2,
            "until: expected a moment to come, got 2019-12-31",
        ),
        (
            ("*", 1, "rachid", "--from", "soon"),
            2,
            "--from: expected a day or a moment like 2026-11-21T18:00, got 'soon'",
        ),
    ],
)
def test_a_wrong_person_or_time_on_call(on_duty, arguments, code, words):
    result = call("oncall", "set", on_duty, *arguments, "--as", "driss", "--json")
    assert words in result.error["message"]
    assert result.code == code, result


def test_a_place_belongs_to_one_person_at_a_time(on_duty):
    ok("oncall", "set", on_duty, "*", 1, "rachid", "--as", "driss")
    result = call("oncall", "set", on_duty, "*", 1, "salma", "--from", "2098-01-01", "--as", "driss", "--json")
    assert "expected a place that is free then, got 1 of *, which rachid has" in result.error["message"]
    result = call("oncall", "end", on_duty, "*", 2, "--as", "driss", "--json")
    assert "expected a place that somebody has, got 2 of *" in result.error["message"]


def test_only_a_dispatcher_says_who_is_on_call(on_duty):
    result = call("oncall", "set", on_duty, "*", 1, "rachid", "--as", "nadia", "--json")
    assert result.code == 4, result


FILE = """
country = "MA"
years = [2027, 2027]
weekend = ["saturday", "sunday"]
source = "announced by the ministry"
[[holidays]]
days = ["2027-03-11"]
labels = { en = "Feast", fr = "Fête", nl = "Feest", ar = "عيد" }
"""


def test_calendars_are_shown_and_a_file_of_the_service_replaces_its_years(partners):
    shown = value("calendar", "show", partners.be, "MA", "--year", 2027)
    assert {"day": "2027-03-10", "name": "Eid al-Fitr", "provisional": True} in shown["holidays"]
    assert shown["weekend"] == ["saturday", "sunday"]
    (partners.be / "calendars").mkdir()
    (partners.be / "calendars" / "MA-2027.toml").write_text(FILE, "utf-8")
    shown = value("calendar", "show", partners.be, "MA", "--year", 2027, "--language", "fr")
    assert shown["holidays"] == [{"day": "2027-03-11", "name": "Fête", "provisional": False}]
    assert shown["file"] == "MA-2027.toml"
    checked = {one["country"]: one for one in value("calendar", "check", partners.be)}
    assert checked["MA"]["files"] == ["MA-2027.toml", "MA.toml"]
    assert checked["BE"]["provisional"] == []
    assert checked["MA"]["gaps"] == []
    text = ok("calendar", "show", partners.be, "MA", "--year", 2026).out
    assert "provisional" in text
    assert "Friday" in text


def test_a_calendar_that_is_wrong_or_not_there(partners):
    result = call("calendar", "show", partners.be, "FR", "--json")
    assert "expected a year that a calendar of FR has (no year)" in result.error["message"]
    result = call("calendar", "show", partners.be, "MA", "--year", "2050", "--json")
    assert "(2025 to 2035), got 2050" in result.error["message"]
    result = call("calendar", "show", partners.be, "MA", "--year", "soon", "--json")
    assert "--year: expected a year like 2027, got 'soon'" in result.error["message"]
    (partners.be / "calendars").mkdir()
    (partners.be / "calendars" / "MA.toml").write_text(FILE.replace("2027-03-11", "2028-03-11"), "utf-8")
    for arguments in (("calendar", "check", partners.be), ("due", partners.be, "--as", "ann")):
        result = call(*arguments, "--json")
        assert result.code == 2, result
        assert "MA.toml: holidays[0].days: expected days of 2027 to 2027, got 2028-03-11" in result.error["message"]


def test_a_day_is_a_day() -> None:
    from passerelle.cli.oncall import moment_there

    assert moment_there("2026-11-21", "Europe/Brussels", "x") == from_iso("2026-11-20T23:00:00Z")
    assert moment_there("2026-11-21T18:00", "Europe/Brussels", "x") == from_iso("2026-11-21T17:00:00Z")
    assert moment_there("2026-11-21T18:00Z", "Europe/Brussels", "x") == from_iso("2026-11-21T18:00:00Z")


def test_a_node_at_work_tells_what_is_due(partners):
    partners.open()
    overdue(partners.ma, "answer")
    with served(partners.ma):
        for _ in range(30):  # each look takes a while of its own
            if told := value("notices", partners.ma, "--as", "nadia"):
                break
    assert [(one["deadline"], one["what"]) for one in told] == [("answer", "end")]
    assert [one["what"] for one in value("notices", partners.ma, "--as", "samir")] == ["escalated"]
