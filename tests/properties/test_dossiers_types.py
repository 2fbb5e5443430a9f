"""What holds for every history and every content of `identification` and `urgent-alert`."""

from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerelle.dossiers.content import minor_of, problems
from passerelle.dossiers.state import EMPTY, closure, order, step
from passerelle.dossiers.types import Catalogue, DossierType
from tests.unit.dossiers import samples
from tests.unit.dossiers.generate import TODAY, Maker, births, contents
from tests.unit.dossiers.histories import Dossier
from tests.unit.dossiers.samples import NOW, Content

CATALOGUE = Catalogue.load()
IDENTIFICATION = CATALOGUE.types["identification"]
ALERT = CATALOGUE.types["urgent-alert"]
MAKER = Maker(IDENTIFICATION)


def histories(kind: DossierType, *opening: tuple[Any, str]) -> st.SearchStrategy[Dossier]:
    """Histories of two nodes, settled, after these acts."""

    def made(seed: int, turns: int) -> Dossier:
        dossier = Dossier(kind, Random(seed))
        dossier.play(*opening)
        dossier.run(turns)
        return dossier

    return st.builds(made, st.integers(0, 2**32), st.integers(1, 30))


# ---- identification


@given(histories(IDENTIFICATION, ("answerer", "nationality-confirmed"), ("answerer", "laissez-passer-issued")))
@settings(max_examples=200)
def test_no_crossing_hides_a_return(dossier: Dossier) -> None:
    """A return is never overtaken, and the only end beside it is that of a request which had been withdrawn before."""
    standing = dossier.nodes["opener"].standing
    returns = [event for event in dossier.events if event.act == "returned"]
    assert not {event.id for event in returns} & set(standing.overtaken)
    if returns:
        assert standing.state in ("returned", "withdrawn")


@given(histories(IDENTIFICATION))
@settings(max_examples=200)
def test_no_document_is_issued_without_a_confirmation_that_stood(dossier: Dossier) -> None:
    for event in dossier.events:
        if event.act in ("laissez-passer-issued", "returned"):
            before = closure(dossier.events, event.after)
            withdrawn = {one.facts.get("message") for one in before if one.act == "withdraw"}
            assert any(one.act == "nationality-confirmed" and one.id not in withdrawn for one in before)


@given(histories(IDENTIFICATION))
@settings(max_examples=100)
def test_what_the_state_keeps_tells_no_reason(dossier: Dossier) -> None:
    """What moves the dossier carries ids and words of a closed list, and a suspension no word at all."""
    for name, fact in dossier.nodes["answerer"].standing.facts.items():
        assert name != "suspend" or fact.values == {}
        for field, value in fact.values.items():
            schema = IDENTIFICATION.acts[name].schema["properties"][field]
            assert value in schema["enum"]


@st.composite
def texts_within(draw: st.DrawFn) -> tuple[Content, str]:
    """A valid content of any act, one of its free texts replaced by one that says what is left unsaid, and where."""
    what = IDENTIFICATION.acts[draw(st.sampled_from(list(IDENTIFICATION.acts)))]
    content = draw(contents(MAKER, what))
    schema = {"type": "object", "properties": dict(what.schema.get("properties", {}))}
    ways = [("necessity", ("necessity",)), *_free(schema, content["body"], ("body",))]
    path, steps = draw(st.sampled_from(ways))
    word = draw(st.sampled_from(IDENTIFICATION.unsaid)).removesuffix("*")
    text = draw(st.sampled_from(["{}", "- {}.", "Dossier 12 {} clos", "{}\n", "« {} »"])).format(
        draw(st.sampled_from([str.upper, str.lower, str.title, str]))(word)
    )
    made = deepcopy(content)
    at: Any = made
    for one in steps[:-1]:
        at = at[one]
    at[steps[-1]] = text
    return made, path


def _free(schema: Any, value: Any, steps: tuple[Any, ...]) -> list[tuple[str, tuple[Any, ...]]]:
    """The free texts of a body: notes, lines, long texts."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        if name in ("note", "text", "long-text"):
            return [("".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in steps)[1:], steps)]
        schema = MAKER.defs[name]
    if isinstance(value, dict) and schema.get("type") == "object":
        return [
            one for name, child in value.items() for one in _free(schema["properties"][name], child, (*steps, name))
        ]
    if isinstance(value, list) and schema.get("type") == "array":
        return [one for at, child in enumerate(value) for one in _free(schema["items"], child, (*steps, at))]
    return []


@given(texts_within())
@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_no_free_text_of_any_act_says_what_is_left_unsaid(made: tuple[Content, str]) -> None:
    content, path = made
    assert path in [one.path for one in problems(content, IDENTIFICATION, now=NOW)]


@given(st.lists(births(), min_size=1, max_size=3), st.sampled_from([None, samples.ACCOMPANIED, samples.ALONE]))
@settings(max_examples=300)
def test_whoever_may_be_a_minor_is_protected_as_one(given_births: list[Content], situation: Content | None) -> None:
    flag = minor_of(given_births, TODAY.isoformat())
    person = samples.SALMA | {"births": given_births, "minor": flag}
    found = problems(samples.minor_request(situation, subjects=[person]), IDENTIFICATION, now=NOW)
    assert (not found) == ((flag == "no") == (situation is None))
    assert all(one.path == "body.minor" for one in found)


# ---- urgent alert


@given(histories(ALERT))
@settings(max_examples=200)
def test_no_end_hides_measures_that_nobody_had_seen(dossier: Dossier) -> None:
    """An alert that was closed after an all-clear was closed by who knew of every report: the side that made them."""
    standing = EMPTY
    for event in order(ALERT, dossier.events):
        before, standing = standing, step(ALERT, standing, event)
        if event.act == "close" and before.state == "all-clear":
            assert event.by == "answerer"
            seen = {one.id for one in closure(dossier.events, event.after)}
            reports = [one for one in dossier.events if one.act == "action-taken" and one.by == "answerer"]
            assert all(one.id in seen for one in reports)
            assert any(one.act == "all-clear" for one in closure(dossier.events, event.after))


@given(histories(ALERT))
@settings(max_examples=200)
def test_measures_and_acknowledgements_are_never_overtaken(dossier: Dossier) -> None:
    acts = {event.id: event for event in dossier.events}
    lost = {(acts[one].act, acts[one].by) for one in dossier.nodes["opener"].standing.overtaken}
    assert not {("action-taken", "answerer"), ("acknowledge", "answerer")} & lost
