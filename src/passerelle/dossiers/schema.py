"""JSON Schema 2020-12 as the catalogue uses it: a closed subset, checked when it is read, compiled once.

Why a subset: JSON Schema leaves unknown keywords alone, so a typing mistake would silently accept everything. Here
- only the keywords below may be used, objects are closed, texts, lists and numbers bounded, references resolve;
- each field has a label in four languages, each word of an `enum` too;
- patterns are matched by an engine that takes linear time, and nothing is ever fetched.

What a content has too much or too little of is told as `Problem`s, at most `MOST_PROBLEMS` of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import msgspec
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError, Validator, meta

from passerelle.core.errors import DossierError
from passerelle.core.json import MAX_DEPTH
from passerelle.core.retold import E_
from passerelle.core.text import forbidden_character
from passerelle.dossiers.problem import Problem, place, shown
from passerelle.dossiers.shapes import Labels, Steps

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_PROBLEMS = 50
_ANNOTATIONS = {"x-labels", "x-help", "x-values", "x-date", "x-offence"}
_BY_TYPE = {
    "object": {"properties", "required", "additionalProperties", "allOf"},
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
    "string": {"minLength", "maxLength", "pattern", "format"},
    "integer": {"minimum", "maximum"},
    "boolean": set[str](),
}
_CONDITION = {"if", "then", "else"}


class CatalogueError(DossierError):
    """A dossier type file says something that cannot be."""

    def __init__(
        self,
        file: str,
        path: str,
        expected: str,
        got: str,
        others: "tuple[CatalogueError, ...]" = (),
        *,
        line: int = 0,
    ) -> None:
        super().__init__(f"{file}: {path}: expected {expected}, got {got}")
        self.file, self.path, self.expected, self.got = file, path, expected, got
        self.line = line
        """Where it was found, from 1, in a file that could not be read; 0: where its path stands."""
        self.others = others
        """What else is wrong beside it."""


class Faults:
    """What is wrong with a file, part by part: one that fails does not keep the next from being looked at.

    with faults: look at a part; and in the end: faults.settle()
    """

    def __init__(self) -> None:
        self.found: list[CatalogueError] = []

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, CatalogueError):
            self.found += [error, *error.others]
            return True
        return False

    def settle(self) -> None:
        """Raise the first that was found, the rest being its `others`."""
        if self.found:
            self.found[0].others = tuple(self.found[1:])
            raise self.found[0]


class Linter:
    """Checks the schemas of one file. `defs` are those that its references may name."""

    def __init__(self, file: str, defs: Mapping[str, Any]) -> None:
        self.file = file
        self.defs = defs

    def fail(self, path: str, expected: str, got: Any) -> CatalogueError:
        return CatalogueError(self.file, path, expected, got if isinstance(got, str) else shown(got))

    def check(self, schema: Any, path: str, *, field: bool) -> None:
        """Raise CatalogueError unless the schema keeps the rules of this module. `field`: it needs a label."""
        if not isinstance(schema, dict):
            raise self.fail(path, "a schema", schema)
        if field or "x-labels" in schema:
            self.labels(schema.get("x-labels"), f"{path}.x-labels")
        if "x-help" in schema:
            self.labels(schema["x-help"], f"{path}.x-help")
        if schema.get("x-date", "past") not in ("past", "future"):
            raise self.fail(f"{path}.x-date", "past or future", schema["x-date"])
        kinds = [kind for kind in ("$ref", "const", "enum", "type") if kind in schema]
        if len(kinds) != 1:
            raise self.fail(path, "one of $ref, const, enum, type", ", ".join(kinds) or "none")
        kind = kinds[0]
        self._offence(schema, kind, f"{path}.x-offence")
        allowed = {kind} | _ANNOTATIONS
        if kind == "type":
            if not isinstance(schema["type"], str) or schema["type"] not in _BY_TYPE:
                raise self.fail(f"{path}.type", "one of " + ", ".join(_BY_TYPE), schema["type"])
            allowed |= _BY_TYPE[schema["type"]]
        for key in schema:
            if key not in allowed:
                raise self.fail(f"{path}.{key}", "one of " + ", ".join(sorted(allowed)), key)
        getattr(self, "_" + (schema["type"] if kind == "type" else kind.strip("$")))(schema, path)

    def _offence(self, schema: dict[str, Any], kind: str, path: str) -> None:
        """True beside a text that names an offence; beside an `enum` those of its words that are of opinion."""
        said = schema.get("x-offence", True)
        if kind == "enum" and "x-offence" in schema:
            if not isinstance(said, list) or not said or not set(said) <= set(schema["enum"]):
                raise self.fail(path, "words of the list", said)
        elif said is not True:
            raise self.fail(path, "true, or nothing", said)
        elif "x-offence" in schema and kind != "$ref" and schema.get("type") != "string":
            raise self.fail(path, "a text", kind)

    def labels(self, value: Any, path: str) -> None:
        """Raise CatalogueError unless there are words in each language."""
        try:
            labels = msgspec.convert(value, Labels)
        except msgspec.ValidationError as error:
            raise self.fail(path, "labels in en, fr, nl, ar", str(error)) from None
        for language in Labels.__struct_fields__:
            if not labels.text(language).strip():  # type: ignore[arg-type]
                raise self.fail(f"{path}.{language}", "a label", "nothing")

    def _ref(self, schema: dict[str, Any], path: str) -> None:
        name = str(schema["$ref"]).removeprefix("#/$defs/")
        if name not in self.defs or not str(schema["$ref"]).startswith("#/$defs/"):
            raise self.fail(f"{path}.$ref", "#/$defs/ and one of " + ", ".join(self.defs), schema["$ref"])

    def _const(self, schema: dict[str, Any], path: str) -> None:
        if not isinstance(schema["const"], str | int):
            raise self.fail(f"{path}.const", "a text, a whole number, true or false", schema["const"])

    def _enum(self, schema: dict[str, Any], path: str) -> None:
        words = schema["enum"]
        if not isinstance(words, list) or not words or len({str(word) for word in words}) != len(words):
            raise self.fail(f"{path}.enum", "a list of different words", words)
        values = schema.get("x-values")
        if not isinstance(values, dict) or set(values) != set(words):
            raise self.fail(f"{path}.x-values", "labels for " + ", ".join(map(str, words)), ", ".join(values or ()))
        for word in words:
            self.labels(values[word], f"{path}.x-values.{word}")

    def _boolean(self, schema: dict[str, Any], path: str) -> None:
        pass

    def _integer(self, schema: dict[str, Any], path: str) -> None:
        if "minimum" not in schema or "maximum" not in schema:
            raise self.fail(path, "minimum and maximum", "an unbounded number")

    def _string(self, schema: dict[str, Any], path: str) -> None:
        pattern = str(schema.get("pattern", ""))
        anchored = pattern.startswith("^") and pattern.endswith("$")
        if schema.get("format", "date") != "date":
            raise self.fail(f"{path}.format", "date", schema["format"])
        if "maxLength" not in schema and "format" not in schema and not anchored:
            raise self.fail(path, "maxLength, a date, or a pattern from ^ to $", "an unbounded text")
        if "x-date" in schema and "format" not in schema:
            raise self.fail(f"{path}.x-date", "format = date beside it", "none")

    def _array(self, schema: dict[str, Any], path: str) -> None:
        if "maxItems" not in schema:
            raise self.fail(path, "maxItems", "an unbounded list")
        self.check(schema.get("items"), f"{path}.items", field=False)

    def _object(self, schema: dict[str, Any], path: str) -> None:
        fields = schema.get("properties", {})
        if not isinstance(fields, dict):
            raise self.fail(f"{path}.properties", "an object", fields)
        if path != "envelope.properties.body" and schema.get("additionalProperties") is not False:
            raise self.fail(f"{path}.additionalProperties", "false", schema.get("additionalProperties"))
        faults = Faults()
        for name, child in fields.items():
            with faults:
                self.check(child, f"{path}.properties.{name}", field=True)
        with faults:
            self._known(schema.get("required", []), fields, f"{path}.required")
        for number, part in enumerate(schema.get("allOf", [])):
            with faults:
                self._condition(part, fields, f"{path}.allOf[{number}]")
        faults.settle()

    def _known(self, names: Any, fields: dict[str, Any], path: str) -> None:
        for name in names if isinstance(names, list) else [names]:
            if name not in fields:
                raise self.fail(path, "one of " + ", ".join(fields), name)

    def _condition(self, part: Any, fields: dict[str, Any], path: str) -> None:
        """`if` some fields have some constants, `then` (or `else`) others are required or forbidden."""
        if not isinstance(part, dict) or "if" not in part or not set(part) <= _CONDITION or len(part) < 2:
            raise self.fail(path, "if with then or else", ", ".join(part) if isinstance(part, dict) else part)
        for word, schema in part.items():
            if not isinstance(schema, dict) or not set(schema) <= {"required", "properties"}:
                raise self.fail(f"{path}.{word}", "required, properties", schema)
            self._known(schema.get("required", []), fields, f"{path}.{word}.required")
            self._known(list(schema.get("properties", {})), fields, f"{path}.{word}.properties")


def compiled(schema: dict[str, Any], file: str, path: str) -> Validator:
    """The validator of a schema. Raises CatalogueError when the schema is none."""
    try:
        meta.validate(schema)
        return Draft202012Validator(schema, validate_formats=True, pattern_options=RegexOptions(), offline=True)
    except (ValidationError, ValueError) as error:
        raise CatalogueError(file, path, "a JSON Schema 2020-12", str(error).splitlines()[0][:120]) from None


def circle(defs: Mapping[str, Any]) -> str:
    """The name of a definition that refers to itself, directly or through others, or nothing."""
    direct = {name: set(_referred(schema)) & set(defs) for name, schema in defs.items()}
    for name in defs:
        reached, todo = set(direct[name]), list(direct[name])
        while todo:
            fresh = direct[todo.pop()] - reached
            reached |= fresh
            todo += fresh
        if name in reached:
            return name
    return ""


def _referred(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix("#/$defs/")
        for child in schema.values():
            yield from _referred(child)
    elif isinstance(schema, list):
        for child in schema:
            yield from _referred(child)


def resolved(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with what its reference stands for, its own words first. Definitions do not refer to themselves."""
    found = dict(schema)
    while "$ref" in found:
        found = {**defs[found.pop("$ref").removeprefix("#/$defs/")], **found}
    return found


def inner(schema: Mapping[str, Any], steps: Iterable[str | int], defs: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema of what stands at the end of a way: names of fields, and for items of lists numbers or `*`.

    None where a value of the schema has nothing there.
    """
    here = resolved(schema, defs)
    for step in steps:
        is_item = step == "*" or isinstance(step, int)
        found = here.get("items") if is_item else here.get("properties", {}).get(step)
        if found is None:
            return None
        here = resolved(found, defs)
    return here


def _parts(schema: Mapping[str, Any], defs: Mapping[str, Any], steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """A schema and all that stand in it, each with the way to its values; what a reference stands for comes behind it.

    Definitions do not refer to themselves.
    """
    yield steps, schema
    if "$ref" in schema:
        yield from _parts(defs[schema["$ref"].removeprefix("#/$defs/")], defs, steps)
    for name, child in schema.get("properties", {}).items():
        yield from _parts(child, defs, (*steps, name))
    if "items" in schema:
        yield from _parts(schema["items"], defs, (*steps, "*"))


def dated(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[tuple[Steps, Literal["past", "future"]]]:
    """Where in a body the days stand that are marked `x-date`."""
    for steps, part in _parts(schema, defs):
        if "x-date" in part and "$ref" not in part:
            yield steps, part["x-date"]


def offences(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[tuple[Steps, tuple[str, ...]]]:
    """Where in a body an offence is named (`x-offence`): in words, or by one of these words of a closed list."""
    done: set[Steps] = set()
    for steps, part in _parts(schema, defs):
        if "x-offence" in part and steps not in done:  # a reference may be marked, and what it stands for, too
            done.add(steps)
            yield steps, tuple(part["x-offence"]) if "enum" in part else ()


def keyed(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> Iterator[Steps]:
    """Where in a body persons are named by their keys."""
    return (steps for steps, part in _parts(schema, defs) if part.get("$ref") == "#/$defs/key")


_EXPECTED = {
    "uniqueItems": "different items",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "pattern": "text of the form {}",
    "const": "{}",
}


_TYPES = {
    "object": E_("a table of fields"),
    "array": E_("a list"),
    "string": E_("text"),
    "integer": E_("a whole number"),
    "boolean": E_("true or false"),
}


def problems_of(validator: Validator, content: Any, within: Steps = ()) -> list[Problem]:
    """What the schema finds wrong with a content that is not valid: 1 to MOST_PROBLEMS; paths begin with `within`."""
    found: list[Problem] = []
    for error in validator.iter_errors(content):
        name, value = error.kind.name, error.kind.value
        steps = (*within, *error.instance_path)
        if name == "required":
            found.append(Problem(place((*steps, value)), "a value", "nothing"))
        elif name in ("additionalProperties", "falseSchema"):
            # Of a closed object without any field the validator only says that it must be empty.
            keys = value if name == "additionalProperties" else _inside(content, error.instance_path)
            # In one order, whoever wrote the content: both sides say the same of it.
            found += [Problem(place((*steps, shown(key))), "no such field", "a value") for key in sorted(keys)]
        else:
            found.append(Problem(place(steps), _expected(name, value), shown(error.instance)))
        if len(found) >= MOST_PROBLEMS:
            break
    # Never empty for a content that is not valid, whatever the validator had to say about it.
    return found[:MOST_PROBLEMS] or [Problem(place(within), "a valid value", shown(content))]


def _inside(content: Any, steps: list[str | int]) -> list[str]:
    for step in steps:
        content = content[step]
    return list(content) if isinstance(content, dict) else []


def _expected(name: str, value: Any) -> str:
    if name == "enum":
        return "one of " + ", ".join(map(shown, value))
    if name == "type":
        return " or ".join(_TYPES.get(one, str(one)) for one in (value if isinstance(value, list) else [value]))
    if name == "format":
        return "a date that exists, like 2026-11-21" if value == "date" else str(value)
    return _EXPECTED.get(name, name).format(shown(value))


def forbidden_in(value: Any, path: str = "", depth: int = 0) -> tuple[str, str] | None:
    """Where a parsed file holds what JSON or the exchange does not: a path and what was found. None when nowhere."""
    if isinstance(value, str):
        character = forbidden_character(value)
        return (path, character) if character else None
    if depth > MAX_DEPTH:
        return path, f"one more than {MAX_DEPTH} deep"
    if isinstance(value, dict):
        children = ((f"{path}.{key}" if path else str(key), child) for key, child in value.items())
    elif isinstance(value, list):
        children = ((f"{path}[{number}]", child) for number, child in enumerate(value))
    else:
        return None if isinstance(value, int) else (path, type(value).__name__)
    return next((found for inner, child in children if (found := forbidden_in(child, inner, depth + 1))), None)
