"""Contents made out of the types' own schemas: all are valid, and one broken constraint is told where it is."""

from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerelle.core import json
from passerelle.dossiers.content import categories_of, fields_of, problems
from passerelle.dossiers.types import Catalogue, DossierType
from tests.types import samples
from tests.unit.dossiers.generate import Maker, breakings, broken, contents
from tests.unit.dossiers.samples import NOW, Content

CATALOGUE = Catalogue.load()
MAKERS = {kind.name: Maker(kind) for kind in CATALOGUE}


@st.composite
def drawn(draw: st.DrawFn) -> tuple[DossierType, Content]:
    kind = draw(st.sampled_from(list(CATALOGUE)))
    what = kind.acts[draw(st.sampled_from(list(kind.acts)))]
    return kind, draw(contents(MAKERS[kind.name], what, samples()[kind.name].act(what.name)))


@given(drawn())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_what_the_schemas_make_is_valid(made: tuple[DossierType, Content]) -> None:
    kind, content = made
    read = json.parse_object(json.canonical(content))
    assert problems(read, kind, now=NOW) == ()
    assert fields_of(read) <= kind.fields
    assert categories_of(read) <= kind.acts[read["act"]].subjects.categories


@given(drawn(), st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_one_broken_constraint_is_told_where_it_is(made: tuple[DossierType, Content], data: st.DataObject) -> None:
    kind, content = made
    act = kind.acts[content["act"]]
    whole: dict[str, Any] = {**kind.envelope, "properties": {**kind.envelope["properties"], "body": dict(act.schema)}}
    defs = {**act.schema["$defs"], **kind.envelope["$defs"]}
    ways = [*breakings(whole, defs, content, []), *breakings(dict(act.schema), defs, content["body"], ["body"])]
    path, change = data.draw(st.sampled_from(ways))
    before = deepcopy(content)
    found = problems(broken(content, change), kind, now=NOW)
    assert content == before
    told = [problem.path for problem in found]
    assert any(one == path or one.startswith((f"{path}[", f"{path}.")) for one in told), (path, told)
    assert all(len(problem.got) <= 80 for problem in found)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_anything_can_be_judged(value: Any) -> None:
    for kind in CATALOGUE:
        assert problems(value, kind, now=NOW)
