from copy import deepcopy
from typing import Any

import pytest

from passerelle.core import json
from passerelle.core.clock import MILLISECONDS_A_DAY, from_iso
from passerelle.dossiers.content import categories_of, facts_of, fields_of, problems
from passerelle.dossiers.problem import Problem, place, shown
from passerelle.dossiers.types import Catalogue, DossierType
from tests.unit.dossiers import samples
from tests.unit.dossiers.samples import NOW, Content, statement

CATALOGUE = Catalogue.load()
WANTED = CATALOGUE.types["wanted-trace"]
LISTED = CATALOGUE.types["listed-person"]


def changed(content: Content, path: str, value: Any) -> Content:
    """The content with one value replaced (or taken away: None); `path` like `subjects.0.births.0.date`."""
    made = deepcopy(content)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner: Any = made
    for step in steps:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return made


def paths(content: Any, kind: DossierType = WANTED, **more: Any) -> list[str]:
    return [problem.path for problem in problems(content, kind, now=NOW, **more)]


def test_samples_are_valid_and_survive_the_wire() -> None:
    for content, kind in (
        (samples.wanted_request(), WANTED),
        (samples.sighting(after=[samples.new_id()]), WANTED),
        (samples.listed_notice(), LISTED),
        (samples.wanted_request(subjects=[samples.LIEVE]), WANTED),
    ):
        assert problems(json.parse_object(json.canonical(content)), kind, now=NOW) == ()


REQUEST = samples.wanted_request()


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("v", 2, "v"),
        ("v", True, "v"),
        ("kind", "refusal", "kind"),
        ("id", "01932f3a-1234-4abc-8def-0123456789ab", "id"),
        ("governance", "0/4", "governance"),
        ("dossier", None, "dossier"),
        ("channel", "C" * 64, "channel"),
        ("necessity", " \n", "necessity"),
        ("necessity", "x" * 2001, "necessity"),
        ("basis", " 7(2)", "basis"),
        ("handling", [], "handling"),
        ("handling", ["H0", "H0"], "handling"),
        ("handling", ["H4"], "handling[0]"),
        ("retention", "2026-02-30", "retention"),
        ("urgency", "now", "urgency"),
        ("four_eyes.audit", None, "four_eyes.audit"),
        ("subjects.0.minor", "maybe", "subjects[0].minor"),
        ("subjects.0.names.1.script", "arab", "subjects[0].names[1].script"),
        ("subjects.0.religion", "x", "subjects[0].religion"),
        ("subjects.0.nationalities", ["MA", "MA"], "subjects[0].nationalities"),
        ("statements.0.source", "D", "statements[0].source"),
        ("statements.0.risk_of_ill_treatment", None, "statements[0].risk_of_ill_treatment"),
        ("body.warrant", None, "body.warrant"),
        ("body.warrant.date", "2025-09-31", "body.warrant.date"),
        ("body.warrant.court", None, "body.warrant.court"),
        ("body.warrant.kind", "suspicion", "body.warrant.kind"),
        ("body.extra", 1, "body.extra"),
        ("extra", 1, "extra"),
        # what no schema says
        ("type", "listed-person", "type"),
        ("act", "no-such-act", "act"),
        ("after", ["01932f3a-1234-7abc-8def-0123456789ab"], "after"),
        ("retention", "2026-11-19", "retention"),
        ("body.warrant.date", "2026-11-23", "body.warrant.date"),
        ("handling", ["H0", "H3"], "handling_note"),
        ("handling_note", "read here only", "handling_note"),
        ("subjects", [], "subjects"),
        ("subjects.0.category", "relative", "subjects[0].category"),
        ("subjects.0.births", None, "subjects[0].births"),
        ("subjects.0.births.0.date", "1986-02-29", "subjects[0].births[0].date"),
        ("subjects.0.births.0.date", "2027-01-01", "subjects[0].births[0].date"),
        ("subjects.0.births.0.date", "1399-08-01", "subjects[0].births[0].date"),
        ("subjects.0.births.0.kind", "between", "subjects[0].births[0].until"),
        ("subjects.0.births.0.until", "1987", "subjects[0].births[0].until"),
        ("subjects.0.documents.0.issued", "2019-06-31", "subjects[0].documents[0].issued"),
        ("subjects.0.documents.0.issued", "2027", "subjects[0].documents[0].issued"),
        ("subjects.0.documents.0.expires", "2019-06-01", "subjects[0].documents[0].expires"),
        ("subjects.0.minor", "yes", "subjects[0].minor"),
        ("statements.0.about", ["p2"], "statements[0].about[0]"),
        ("statements.0.privileged", "lawyer", "statements[0].privileged"),
        ("statements.0.risk_of_ill_treatment", True, "handling"),
    ],
)
def test_one_thing_wrong_is_told_where_it_is(path: str, value: Any, where: str) -> None:
    assert paths(REQUEST) == []
    assert where in paths(changed(REQUEST, path, value))


def test_between_needs_an_end_that_exists_and_comes_after() -> None:
    between = changed(REQUEST, "subjects.0.births.0", {"date": "1986-03", "calendar": "gregorian", "kind": "between"})
    until = "subjects.0.births.0.until"
    assert paths(changed(between, until, "1988")) == []
    for wrong in ("1986-02", "1988-13"):
        assert paths(changed(between, until, wrong)) == ["subjects[0].births[0].until"] + (
            ["subjects[0].minor"] if wrong == "1988-13" else []
        )


def test_hijri_birth_in_the_future_or_of_the_other_calendar() -> None:
    birth = {"date": "1399-08", "calendar": "hijri", "kind": "exact"}
    assert paths(changed(REQUEST, "subjects.0.births.0", birth)) == []
    for wrong in ("1986-03", "1500", "1399-14", "1200"):
        found = paths(changed(REQUEST, "subjects.0.births.0", birth | {"date": wrong}))
        assert "subjects[0].births[0].date" in found, wrong


def test_two_persons_cannot_share_a_key() -> None:
    two = samples.sighting(subjects=[samples.YOUSSEF, samples.YOUSSEF])
    assert paths(two) == ["subjects", "subjects[1].key"]


def test_a_day_is_in_the_future_only_when_it_is_so_everywhere() -> None:
    late = from_iso("2026-11-21T23:30:00Z")
    content = samples.act("wanted-trace", "located", body=samples.BODIES["located"] | {"on": "2026-11-22"})
    assert problems(content, WANTED, now=late) == ()
    assert [one.path for one in problems(content, WANTED, now=late - MILLISECONDS_A_DAY)] == ["body.on"]


def test_a_promised_day_is_not_past() -> None:
    content = samples.act("wanted-trace", "interim", body={"reason": "in-progress", "until": "2026-11-19"})
    assert paths(content) == ["body.until"]


def test_a_birthday_between_writing_and_sending_refuses_nobody() -> None:
    births = [{"date": "2008-11-22", "calendar": "gregorian", "kind": "exact"}]
    written, sent = from_iso("2026-11-21T22:00:00Z"), from_iso("2026-11-22T06:00:00Z")
    head = f"{written:012x}"
    id_ = f"{head[:8]}-{head[8:]}-7000-8000-000000000000"

    def told(minor: str, now: int) -> list[str]:
        person = samples.YOUSSEF | {"births": births, "minor": minor}
        content = samples.wanted_request(id=id_, subjects=[person])
        return [one.path for one in problems(content, WANTED, now=now)]

    assert told("yes", written) == told("yes", sent) == told("no", sent) == []
    assert told("no", written) == ["subjects[0].minor"]
    assert told("yes", sent + 60 * MILLISECONDS_A_DAY) == ["subjects[0].minor"]


def test_material_that_may_come_from_ill_treatment_is_barred_from_court_and_onward_use() -> None:
    tainted = [statement(risk_of_ill_treatment=True)]
    for handling, told in ((["H0"], 1), (["H0", "H1"], 1), (["H0", "H2"], 1), (["H1", "H2"], 0)):
        assert len(paths(samples.wanted_request(statements=tainted, handling=handling))) == told


def test_the_side_is_looked_at_when_it_is_known() -> None:
    assert paths(REQUEST, sender_is_opener=True) == []
    assert paths(REQUEST, sender_is_opener=False) == ["act"]
    assert paths(samples.sighting(), sender_is_opener=True) == ["act"]
    assert paths(samples.act("wanted-trace", "acknowledge"), sender_is_opener=True) == []


def test_assurances_are_fields_of_whatever_may_lead_to_an_arrest() -> None:
    for name in ("provisional-arrest", "extradition-announced"):
        body = samples.BODIES[name]
        assert paths(samples.act("wanted-trace", name)) == []
        for field in ("death_penalty", "ill_treatment", "fair_trial"):
            less = {key: value for key, value in samples.ASSURANCES.items() if key != field}
            assert paths(samples.act("wanted-trace", name, body=body | {"assurances": less})) == [
                f"body.assurances.{field}"
            ]
        without = {key: value for key, value in body.items() if key != "assurances"}
        assert paths(samples.act("wanted-trace", name, body=without)) == ["body.assurances"]
        assert WANTED.acts[name].magistrate


def test_a_review_has_examined_all_four_characters() -> None:
    body = samples.BODIES["review"] | {"examined": ["political", "military", "religious"]}
    assert paths(samples.act("wanted-trace", "review", body=body)) == ["body.examined"]


def test_conditions_of_a_body() -> None:
    refused = samples.act("wanted-trace", "consent", message=samples.new_id())
    assert paths(refused) == []
    assert paths(changed(refused, "body.decision", "conditional")) == ["body.conditions"]


def test_an_act_without_fields_takes_none() -> None:
    assert paths(samples.act("wanted-trace", "resume")) == []
    assert paths(samples.act("wanted-trace", "resume", body={"a": 1, "b": 2})) == ["body.a", "body.b"]
    assert paths(samples.act("wanted-trace", "resume", body=[])) == ["body"]


@pytest.mark.parametrize("content", [None, 1, "x", [], {}, {"body": 1}, {"subjects": {}}, {"act": [], "type": {}}])
def test_anything_may_be_asked(content: Any) -> None:
    assert problems(content, WANTED, now=NOW)


def test_problems_are_few_and_show_little() -> None:
    content = samples.wanted_request(subjects=[{"key": "x" * 500, "zz" * 200: 1}] * 50)
    found = problems(content, WANTED, now=NOW)
    assert 0 < len(found) <= 50
    assert all(len(problem.got) <= 80 for problem in found)
    assert str(Problem("body.a", "b", "c")) == "body.a: expected b, got c"
    assert shown("a\nb") == "a\\nb"
    assert (shown(None), shown(True), shown([1]), shown({"a": 1})) == (
        "nothing",
        "true",
        "a list of 1",
        "an object of 1",
    )
    assert place(["a", 0, "b"]) == "a[0].b"


def test_fields_categories_and_facts() -> None:
    fields = fields_of(REQUEST)
    assert {"subjects.names", "subjects.births", "subjects.documents", "statements.text", "body.warrant"} <= fields
    assert not {"subjects.key", "subjects.category", "subjects.minor"} & fields
    assert fields <= WANTED.fields
    assert fields_of(samples.act("wanted-trace", "acknowledge")) == frozenset()
    assert categories_of(REQUEST) == {"wanted"}
    assert facts_of(REQUEST, WANTED) == {"subjects": ["p1"], "@categories": {"p1": "wanted"}}
    assert facts_of(samples.act("wanted-trace", "review"), WANTED) == {"outcome": "none-found"}
    assert facts_of(samples.act("wanted-trace", "withdraw", message="m"), WANTED) == {"message": "m"}
    assert facts_of(samples.sighting(), WANTED) == {}
