"""Strategies that make valid contents out of a type's schemas, and ways to break one constraint of them."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from passerelle.core.clock import day_of
from passerelle.dossiers.content import minor_of
from passerelle.dossiers.types import ActType, DossierType
from tests.unit.dossiers.samples import NOW, Content, act

TODAY = date.fromisoformat(day_of(NOW))
LETTERS = st.characters(exclude_categories=["C", "Z"], max_codepoint=0xFFFF)
LINES = st.text(LETTERS, min_size=1, max_size=12)
Schema = dict[str, Any]


def days(first: str, last: str) -> st.SearchStrategy[str]:
    return st.dates(date.fromisoformat(first), date.fromisoformat(last)).map(date.isoformat)


@st.composite
def births(draw: st.DrawFn) -> Content:
    calendar = draw(st.sampled_from(["gregorian", "hijri"]))
    kind = draw(st.sampled_from(["exact", "approximate", "claimed", "between"]))
    year = draw(st.integers(1905, 2025) if calendar == "gregorian" else st.integers(1325, 1446))
    form = draw(st.sampled_from(["{0:04d}", "{0:04d}-{1:02d}", "{0:04d}-{1:02d}-{2:02d}"]))
    text = form.format(year, draw(st.integers(1, 12)), draw(st.integers(1, 28)))
    made = {"date": text, "calendar": calendar, "kind": kind}
    if kind == "between":
        made["until"] = f"{year + draw(st.integers(1, 5)):04d}"
    return made


@st.composite
def documents(draw: st.DrawFn) -> Content:
    issued = draw(st.dates(date(1990, 1, 1), TODAY))
    expires = issued + timedelta(days=draw(st.integers(0, 3650)))
    whole = {
        "issued": issued.isoformat()[: draw(st.sampled_from([4, 7, 10]))],
        "expires": expires.isoformat(),
        "country": "MA",
        "note": draw(LINES),
    }
    made = {"kind": draw(st.sampled_from(["passport", "identity-card", "residence", "other"])), "number": draw(LINES)}
    return made | {name: whole[name] for name in draw(st.lists(st.sampled_from(sorted(whole)), unique=True))}


class Maker:
    """Makes values of the schemas of one type."""

    def __init__(self, kind: DossierType) -> None:
        self.kind = kind
        self.defs: dict[str, Any] = {}
        for one in kind.acts.values():
            self.defs |= one.schema["$defs"]

    def value(self, schema: Schema) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            special = {"birth": births, "document": documents}.get(name)
            return special() if special else self.value(self.defs[name])
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        return getattr(self, schema["type"])(schema)  # type: ignore[no-any-return]

    def boolean(self, schema: Schema) -> st.SearchStrategy[bool]:
        return st.booleans()

    def integer(self, schema: Schema) -> st.SearchStrategy[int]:
        return st.integers(schema["minimum"], schema["maximum"])

    def string(self, schema: Schema) -> st.SearchStrategy[str]:
        if "format" in schema:
            last = {"past": TODAY.isoformat()}.get(schema.get("x-date", ""), "2031-12-31")
            return days({"future": TODAY.isoformat()}.get(schema.get("x-date", ""), "1999-01-01"), last)
        pattern = schema.get("pattern", "")
        if not pattern.startswith("^") or "\\S" in pattern:
            return LINES
        return st.from_regex(pattern, fullmatch=True)

    def array(self, schema: Schema) -> st.SearchStrategy[list[Any]]:
        least, most = schema.get("minItems", 0), schema["maxItems"]
        unique = repr if schema.get("uniqueItems") else None
        return st.lists(self.value(schema["items"]), min_size=least, max_size=min(most, least + 2), unique_by=unique)

    def object(self, schema: Schema) -> st.SearchStrategy[Content]:
        fields = {name: self.value(child) for name, child in schema.get("properties", {}).items()}
        needed = {name: made for name, made in fields.items() if name in schema.get("required", ())}
        optional = {name: made for name, made in fields.items() if name not in needed}
        return st.fixed_dictionaries(needed, optional=optional)

    def persons(self, what: ActType) -> st.SearchStrategy[list[Content]]:
        rule = what.subjects
        fields = self.defs["person"]["properties"]
        taken = {name: child for name, child in fields.items() if name not in rule.without}
        person = self.object({**self.defs["person"], "properties": taken})
        full = {name: self.value(self.defs["person"]["properties"][name]) for name in rule.needs}

        def finished(parts: tuple[Content, Content, str, int]) -> Content:
            made = parts[0] | parts[1] | {"category": parts[2], "key": f"p{parts[3]}"}
            return made | {"minor": minor_of(made.get("births", ()), TODAY.isoformat())}

        one = st.tuples(
            person, st.fixed_dictionaries(full), st.sampled_from(sorted(rule.categories)), st.integers(1, 999)
        ).map(finished)
        most = min(rule.max, rule.min + 3)
        return st.lists(one, min_size=rule.min, max_size=most, unique_by=lambda made: made["key"])


@st.composite
def contents(draw: st.DrawFn, maker: Maker, what: ActType) -> Content:
    """A valid content of the act."""
    body = draw(maker.object(dict(what.schema)).filter(what.validator.is_valid))
    persons = draw(maker.persons(what))
    keys = [person["key"] for person in persons]
    statements = draw(st.lists(maker.object(maker.defs["statement"]), max_size=2 if maker.kind.statements else 0))
    codes = st.sampled_from(sorted(maker.kind.handling.allowed - {"H3"}))
    handling = draw(st.sets(codes, min_size=1)) | set(maker.kind.handling.always)
    for statement in statements:
        statement["about"] = draw(st.lists(st.sampled_from(keys), unique=True)) if keys else []
        if not maker.kind.privileged:
            statement.pop("privileged", None)
        if statement["risk_of_ill_treatment"]:
            handling |= {"H1", "H2"}
    made = act(maker.kind.name, what.name, body=body, handling=sorted(handling))
    return _met(draw, maker, what, made | {"subjects": persons, "statements": statements})


def _met(draw: st.DrawFn, maker: Maker, what: ActType, made: Content) -> Content:
    """The content with what the type demands of it: fields put in or taken out, handling codes, persons."""
    for demand in what.demands:
        if demand.when.holds(made):
            for name in demand.then.fields:
                if name not in made["body"]:
                    schema = {"type": "object", "properties": {name: what.schema["properties"][name]}}
                    whole = maker.object(schema | {"required": [name]})
                    made["body"] |= draw(whole.filter(lambda part: what.validator.is_valid({**made["body"], **part})))
            made["handling"] = sorted({*made["handling"], *demand.then.handling})
            if len(made["subjects"]) < demand.then.persons:
                assume(False)
        elif demand.otherwise == "nothing":
            for name in demand.then.fields:
                made["body"].pop(name, None)
    return made


# ---- breaking one constraint -----------------------------------------------------------------------------------------

Breaking = tuple[str, Callable[[Content], None]]


def resolved(schema: Schema, defs: dict[str, Any]) -> Schema:
    return defs[schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema


def at(content: Any, steps: list[str | int]) -> Any:
    for step in steps:
        content = content[step]
    return content


def text_of(steps: list[str | int]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def breakings(schema: Schema, defs: dict[str, Any], value: Any, steps: list[str | int]) -> Iterator[Breaking]:
    """Each way to break one constraint of the value's schema, with the path at which it must be told."""

    def put(new: Any, where: list[str | int]) -> Callable[[Content], None]:
        def change(content: Content) -> None:
            at(content, where[:-1])[where[-1]] = new

        return change

    def drop(where: list[str | int]) -> Callable[[Content], None]:
        def change(content: Content) -> None:
            del at(content, where[:-1])[where[-1]]

        return change

    schema = resolved(schema, defs)
    if steps:
        yield text_of(steps), put(1.5, steps)
    if "enum" in schema or "const" in schema:
        yield text_of(steps), put("no such word", steps)
    elif schema["type"] == "string":
        if "pattern" in schema or "format" in schema:
            yield text_of(steps), put("\n", steps)
        yield text_of(steps), put("x" * 20_000, steps)
    elif schema["type"] == "array":
        yield text_of(steps), put([*value, *([value[0]] if value else [None])] * 300, steps)
        for number, item in enumerate(value):
            yield from breakings(schema["items"], defs, item, [*steps, number])
    elif schema["type"] == "object":
        yield text_of([*steps, "zz"]), put(1, [*steps, "zz"])
        for name in schema.get("required", ()):
            yield text_of([*steps, name]), drop([*steps, name])
        for name, child in value.items():
            if steps or name != "body":
                yield from breakings(schema["properties"][name], defs, child, [*steps, name])


def broken(content: Content, change: Callable[[Content], None]) -> Content:
    made = deepcopy(content)
    change(made)
    return made
