"""Strategies that make valid contents out of a type's schemas, and ways to break one constraint of them."""

from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from jsonschema_rs import is_valid

from passerelle.core.clock import day_of
from passerelle.dossiers.checks import Apart, AsPerson, Impersonal, InOrder, OneOf, PublicAddress, Refers
from passerelle.dossiers.checks_persons import PERSONS
from passerelle.dossiers.content import minor_of
from passerelle.dossiers.types import ActType, DossierType
from tests.unit.dossiers.persons import fitted
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
        self._forms: dict[str, st.SearchStrategy[Any]] = {}
        self._bodies: dict[str, st.SearchStrategy[Content]] = {}

    def value(self, schema: Schema) -> st.SearchStrategy[Any]:
        if "$ref" in schema:
            name = schema["$ref"].removeprefix("#/$defs/")
            if name not in self._forms:
                special = {"birth": births, "document": documents}.get(name)
                self._forms[name] = special() if special else self.value(self.defs[name])
            return self._forms[name]
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
        words = resolved(schema["items"], self.defs).get("enum")
        if words and unique:
            return st.lists(st.sampled_from(words), min_size=least, max_size=min(most, least + 2), unique=True)
        return st.lists(self.value(schema["items"]), min_size=least, max_size=min(most, least + 2), unique_by=unique)

    def object(self, schema: Schema) -> st.SearchStrategy[Content]:
        fields = {name: self.value(child) for name, child in schema.get("properties", {}).items()}
        needed = {name: made for name, made in fields.items() if name in schema.get("required", ())}
        optional = {name: made for name, made in fields.items() if name not in needed}
        plain = st.fixed_dictionaries(needed, optional=optional)
        return _conditioned(self, plain, schema) if "allOf" in schema else plain

    def body(self, what: ActType) -> st.SearchStrategy[Content]:
        """Bodies of an act, nearly all of them valid."""
        if what.name not in self._bodies:
            self._bodies[what.name] = self.object(dict(what.schema))
        return self._bodies[what.name]

    def persons(self, what: ActType, least: int = 0) -> st.SearchStrategy[list[Content]]:
        rule = what.subjects
        if not rule.max:
            return st.just([])
        fields = self.defs["person"]["properties"]
        taken = {name: child for name, child in fields.items() if name not in rule.without}
        person = self.object({**self.defs["person"], "properties": taken})
        full = {name: self.value(self.defs["person"]["properties"][name]) for name in rule.needs}

        def finished(parts: tuple[Content, Content, str, int]) -> Content:
            made = parts[0] | parts[1] | {"category": parts[2], "key": f"p{parts[3]}"}
            return made | {"minor": minor_of(made.get("births", ()), TODAY.isoformat())}

        # Keys that no sample uses: a key is one person's, of one category.
        one = st.tuples(
            person, st.fixed_dictionaries(full), st.sampled_from(sorted(rule.categories)), st.integers(50, 999)
        ).map(finished)
        least = max(least, rule.min)
        return st.lists(one, min_size=least, max_size=min(rule.max, least + 3), unique_by=lambda made: made["key"])


@st.composite
def _conditioned(draw: st.DrawFn, maker: Maker, plain: st.SearchStrategy[Content], schema: Schema) -> Content:
    """An object with what its conditions ask for: fields put in or taken out until all hold, or nearly so."""
    value, fields = draw(plain), schema["properties"]
    for part in [*schema["allOf"], *schema["allOf"]]:
        holds = is_valid({**part["if"], "$defs": maker.defs}, value)
        branch = part.get("then" if holds else "else", {})
        for name, rule in branch.get("properties", {}).items():
            if rule is False:
                value.pop(name, None)
            elif name in value and not is_valid({**rule, "$defs": maker.defs}, value[name]):
                value[name] = draw(maker.value({**resolved(fields[name], maker.defs), **rule}))
        for name in branch.get("required", ()):
            if name not in value:
                value[name] = draw(maker.value(fields[name]))
    return value


def make(
    draw: st.DrawFn, maker: Maker, what: ActType, base: Content | None = None, keep: Collection[str] = ()
) -> Content:
    """A valid content of the act. `base`: one whose envelope it has; `keep`: fields of the body that are as there."""
    kind = maker.kind
    base = base or act(kind.name, what.name)
    # What is corrected must be there in another message, which is not known here.
    keep = (*keep, "corrections") if what.corrects else keep
    body = _kept(draw(maker.body(what)), base["body"], keep)
    assume(what.validator.is_valid(body))
    persons = _apart(draw(maker.persons(what)), what)
    keys = [person["key"] for person in persons]
    statements = draw(st.lists(maker.object(maker.defs["statement"]), max_size=2 if kind.statements else 0))
    codes = st.sampled_from(sorted(kind.handling.allowed - {"H3"}))
    handling = draw(st.sets(codes, min_size=1)) | set(kind.handling.always)
    for statement in statements:
        statement["about"] = draw(st.lists(st.sampled_from(keys), unique=True)) if keys else []
        if not kind.privileged:
            statement.pop("privileged", None)
        if statement["risk_of_ill_treatment"]:
            handling |= {"H1", "H2"}
    made = {**base, "body": body, "handling": sorted(handling), "subjects": persons, "statements": statements}
    made = _met(draw, maker, what, fitted(made, kind, what))
    return fitted(_checked(made, base, what), kind, what)


contents = st.composite(make)


def _kept(body: Content, base: Content, keep: Collection[str]) -> Content:
    there = {name: base[name] for name in keep if name in base}
    return {name: value for name, value in body.items() if name not in keep} | there


def _apart(persons: list[Content], what: ActType) -> list[Content]:
    """The persons who may stand in one act with the first of them."""
    for check in what.checks:
        if isinstance(check, Apart):
            first = next(
                (one["category"] for one in persons if any(one["category"] in g for g in check.categories)), ""
            )
            own = [group for group in check.categories if first in group]
            other = {one for group in check.categories if group not in own for one in group}
            persons = [one for one in persons if not own or one["category"] not in other]
    return persons


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
                made["subjects"] = _apart(draw(maker.persons(what, demand.then.persons)), what)
        elif demand.otherwise == "nothing":
            for name in demand.then.fields:
                made["body"].pop(name, None)
    return made


def _checked(made: Content, base: Content, what: ActType) -> Content:
    """The content with what the content rules of the type ask for; of a rule not known here, as the base has it."""
    body = made["body"]
    for check in what.checks:
        names = [name for name in check.named() if name in body]
        if isinstance(check, InOrder):
            body |= dict(zip(names, sorted(body[name] for name in names), strict=True))
        elif isinstance(check, OneOf):
            _one_of(check, body, base["body"], names)
        elif isinstance(check, PublicAddress):
            for name in names:
                some = [f"https://www.example.org/{number}" for number in range(len(body[name]))]
                body[name] = some if isinstance(body[name], list) else "https://www.example.org/1"
        elif isinstance(check, Refers):
            made["body"] = body = _referring(check, made, base)
        elif isinstance(check, AsPerson):
            words = {word for name in names for word in ([body[name]] if isinstance(body[name], str) else body[name])}
            for person in made.get("subjects", ()):
                person[check.of] = sorted(words)
        elif not isinstance(check, (Apart, Impersonal, *PERSONS.values())):
            made["body"] = body = _kept(body, base["body"], check.named())
    assume(what.validator.is_valid(body))
    assume(not any(list(one.problems(made)) for one in what.checks if isinstance(one, Impersonal)))
    return made


def _referring(check: Refers, made: Content, base: Content) -> Content:
    """The body, with the fields that refer to others as the base has them where they refer to nothing."""
    if not list(check.problems(made)):
        return made["body"]
    if any(way.startswith("subjects.") for way in check.ways()):
        made |= {"subjects": base.get("subjects", []), "statements": []}
    return _kept(made["body"], base["body"], {way.split(".")[1] for way in check.ways() if way.startswith("body.")})


def _one_of(check: OneOf, body: Content, base: Content, names: list[str]) -> None:
    for name in names[check.most :]:
        del body[name]
    for name in check.fields:
        if len(names) < check.least and name not in body and name in base:
            body[name] = base[name]
            names.append(name)


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
        yield text_of(steps), put(7 if schema.get("type") == "object" else {"zz": 1}, steps)
    if "enum" in schema or "const" in schema:
        yield text_of(steps), put("no such word", steps)
    elif schema["type"] == "string":
        if "pattern" in schema or "format" in schema:
            yield text_of(steps), put("\n", steps)
        yield text_of(steps), put("x" * 20_000, steps)
    elif schema["type"] == "array":
        some, most = value or [None], schema["maxItems"]
        yield text_of(steps), put((some * (most // len(some) + 2))[: most + 1], steps)
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
