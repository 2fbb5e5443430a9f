"""The form of an act: a file to fill in, made from the schema of its type, every field under its label.

What must be there stands in the text, with `<what is meant>` as its value; nothing that a person has to say is said for
him, so a form that was not filled in is refused when it is read (`blanks`). What may be there stands behind `#`, and so
does what the node puts in by itself. `example_of` makes up values instead: for trying things out.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from passerelle.cli.contents import Schema
from passerelle.core.words import _
from passerelle.dossiers.checks import OneOf
from passerelle.dossiers.schema import problems_of, resolved
from passerelle.dossiers.types import ActType, DossierType, Language

_LEFT_OUT = ("purpose", "basis", "recipient", "handling", "classification", "retention", "urgency")
_MAY = ("reference", "also_via", "handling_note")
# What the patterns of the catalogue take; tried in this order.
_SAMPLES = (
    "p1",
    "BE",
    "fr",
    "Latn",
    "1980-01-31",
    "12:00",
    "P1Y",
    "a1",
    "1",
    "EUR",
    "https://www.example.org/",
    "019ab000-0000-7000-8000-000000000000",
    "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
    *("0" * n for n in (16, 64)),
    "indicator--019ab000-0000-4000-8000-000000000000",
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_BLANK = re.compile(r"<.*>", re.DOTALL)


def blanks(value: Any, path: str = "") -> Iterator[str]:
    """Where something of the form was not filled in: the paths of values `<…>`."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from blanks(child, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from blanks(child, f"{path}[{number}]")
    elif isinstance(value, str) and _BLANK.fullmatch(value):
        yield path


class _Forms:
    """Values made from the schemas of one file's definitions: invented ones, or blanks to fill in."""

    def __init__(self, defs: Schema, language: Language, *, blank: bool) -> None:
        self.defs, self.language, self.blank = defs, language, blank

    def resolved(self, schema: Schema) -> Schema:
        """The schema with what its reference names, its own words first."""
        return resolved(schema, self.defs)

    def label(self, schema: Schema) -> str:
        return str(self.resolved(schema).get("x-labels", {}).get(self.language, ""))

    def made(self, schema: Schema, name: str) -> Any:
        """A value of the schema. `name`: what it is called where it stands."""
        schema = self.resolved(schema)
        words = schema.get("x-labels", {}).get(self.language, name)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return f"<{' | '.join(map(str, schema['enum']))}>" if self.blank else schema["enum"][0]
        if schema["type"] == "object":
            fields = schema.get("properties", {})
            return {name: self.made(fields[name], name) for name in schema.get("required", [])}
        if schema["type"] == "array":
            return self._list(schema, words)
        if schema["type"] == "boolean":
            return _("<true | false, without quotes>") if self.blank else False
        if schema["type"] == "integer":
            return (
                _("<{least} … {most}, without quotes>", least=schema["minimum"], most=schema["maximum"])
                if self.blank
                else schema["minimum"]
            )
        return self._text(schema, words)

    def _list(self, schema: Schema, words: str) -> list[Any]:
        items = self.resolved(schema["items"])
        number = max(1, schema.get("minItems", 0))
        if "enum" in items and not self.blank:
            return list(items["enum"][:number])
        made = [self.made(items, words) for _number in range(number)]
        if schema.get("uniqueItems") and number > 1 and not self.blank and all(isinstance(one, str) for one in made):
            return [f"{one} {place}" for place, one in enumerate(made, 1)]
        return made

    def _text(self, schema: Schema, words: str) -> str:
        if schema.get("format") == "date":
            days = {"past": -1, "future": 30}.get(schema.get("x-date", ""), 0)
            sample = (date.today() + timedelta(days=days)).isoformat()
            return _("<{what}, like {sample}>", what=words, sample=sample) if self.blank else sample
        slug = _NO_WORD.sub("-", words.lower()).strip("-")
        for sample in (words[: schema.get("maxLength", 80)], slug, *_SAMPLES):
            if re.search(schema.get("pattern", ""), sample):
                if not self.blank:
                    return sample
                return f"<{words}>" if sample == words else _("<{what}, like {sample}>", what=words, sample=sample)
        return f"<{words}>"


def example_of(kind: DossierType, act: ActType, language: Language = "en", *, blank: bool = False) -> dict[str, Any]:
    """What a person writes for an act, and no more than must be there: invented, or `blank`, to be filled in."""
    common = _Forms(kind.envelope["$defs"], language, blank=blank)
    content: dict[str, Any] = {"act": act.name} if act.opening and len(kind.opening) > 1 else {}
    content["necessity"] = common.made(kind.envelope["properties"]["necessity"], "necessity")
    if act.subjects.min:
        form = _person(kind, act, common)
        person = {name: common.made(form["properties"][name], name) for name in ("category", *act.subjects.needs)}
        content["subjects"] = [{"key": f"p{number}", **person} for number in range(1, act.subjects.min + 1)]
    content["body"] = _body(act, language, blank=blank)
    return content


def _person(kind: DossierType, act: ActType, forms: _Forms) -> dict[str, Any]:
    """The form of a person, with the categories that the act takes."""
    form = dict(forms.resolved({"$ref": "#/$defs/person"}))
    category = {**forms.resolved(form["properties"]["category"]), "enum": sorted(act.subjects.categories)}
    fields = {name: one for name, one in form["properties"].items() if name not in act.subjects.without}
    return form | {"properties": {**fields, "category": category}}


def _body(act: ActType, language: Language, *, blank: bool) -> dict[str, Any]:
    """The body with what its conditions ask for when the first of all choices is made."""
    schema = {"type": "object", **act.schema}
    defs = act.schema.get("$defs", {})
    forms = _Forms(defs, language, blank=False)
    body: dict[str, Any] = forms.made(schema, "body")
    added: list[list[str]] = []
    for _try in range(10):
        missing = [one.path.split(".") for one in problems_of(act.validator, body, ()) if one.got == "nothing"]
        missing += [[name] for check in act.checks if isinstance(check, OneOf) for name in check.lacking(body)]
        missing += [[name] for demand in act.demands for name in demand.lacking(body)]
        if not missing:
            break
        for steps in missing:
            _add(forms, schema, body, steps)
        added += missing
    if not blank:
        return body
    forms = _Forms(defs, language, blank=True)
    empty: dict[str, Any] = forms.made(schema, "body")
    for steps in added:
        _add(forms, schema, empty, steps)
    return empty


def _add(forms: _Forms, schema: Schema, value: dict[str, Any], steps: list[str]) -> None:
    child = forms.resolved(schema).get("properties", {}).get(steps[0])
    if child is None:
        return
    if len(steps) == 1:
        value[steps[0]] = forms.made(child, steps[0])
    elif isinstance(value.get(steps[0]), dict):
        _add(forms, child, value[steps[0]], steps[1:])


# ---- as TOML ---------------------------------------------------------------------------------------------------------


def toml_of(
    kind: DossierType, act: ActType, content: Mapping[str, Any], language: Language, without: Collection[str] = ()
) -> str:
    """The content as TOML, each field under its label, and what may be there beside it.

    `without`: what the node puts in, fields of the body among them: nothing is said of it.
    """
    envelope = kind.envelope["properties"]
    common = _Forms(kind.envelope["$defs"], language, blank=True)
    lines = [
        f"# {act.labels.text(language)} ({kind.labels.text(language)}): {act.help.text(language)}",
        "",
        "# " + _("Put in by the node when there is one choice:"),
    ]
    codes = {**common.resolved(envelope["handling"]["items"]), "enum": sorted(kind.handling.allowed)}
    for name in _LEFT_OUT:
        schema = {**envelope[name], "items": codes} if name == "handling" else envelope[name]
        lines += _optional(common, name, schema)
    for name, words in act.attest.items():
        lines.append("# " + _("the author attests, on this node only:") + f" {words.text(language)} (--attest {name})")
    lines.append("")
    for name in ("act", "necessity"):
        if name in content:
            lines += _field(common, name, envelope[name], content[name])
    for name in _MAY:
        if name != "handling_note" or "H3" in kind.handling.allowed:
            lines += _optional(common, name, envelope[name])
    if act.subjects.max > len(content.get("subjects", [])) and "subjects" not in without:
        categories = " | ".join(sorted(act.subjects.categories))
        lines.append(f"# subjects: {common.label(envelope['subjects'])}: {categories} " + _("(may be there)"))
    if kind.statements:
        lines.append(f"# statements: {common.label(envelope['statements'])} " + _("(may be there)"))
    for person in content.get("subjects", []):
        lines += ["", "[[subjects]]", *_table(common, "subjects", _person(kind, act, common), person)]
    forms = _Forms(act.schema.get("$defs", {}), language, blank=True)
    fields = {name: one for name, one in act.schema.get("properties", {}).items() if name not in without}
    schema = {"type": "object", **act.schema, "properties": fields}
    lines += ["", "[body]", *_table(forms, "body", schema, content["body"])]
    return "\n".join(lines) + "\n"


def _field(forms: _Forms, name: str, schema: Schema, value: Any) -> Iterator[str]:
    """A field that must be there."""
    yield f"# {_words(forms, schema)}"
    yield f"{_key(name)} = {_value(value)}"


def _optional(forms: _Forms, name: str, schema: Schema) -> Iterator[str]:
    """A field that may be there."""
    value = forms.made(schema, name)
    if _deep(value):
        yield f"# {name}: {_words(forms, schema)} " + _("(may be there)")
    else:
        yield f"# {_key(name)} = {_value(value)}    # {_words(forms, schema)}"


def _table(forms: _Forms, path: str, schema: Schema, value: Mapping[str, Any]) -> Iterator[str]:
    """The fields of an object: flat ones, those that may be there, then tables."""
    fields = forms.resolved(schema).get("properties", {})
    for name, child in value.items():
        if not _deep(child):
            yield from _field(forms, name, fields[name], child)
    for name, optional in fields.items():
        if name not in value:
            yield from _optional(forms, name, optional)
    for name, child in value.items():
        below, here = forms.resolved(fields[name]), f"{path}.{_key(name)}"
        if isinstance(child, dict):
            yield from ("", f"# {_words(forms, below)}", f"[{here}]", *_table(forms, here, below, child))
        elif _deep(child):
            for item in child:
                table = _table(forms, here, below["items"], item)
                yield from ("", f"# {_words(forms, below)}", f"[[{here}]]", *table)


def _words(forms: _Forms, schema: Schema) -> str:
    """The label, the words that may stand there, and the help."""
    own = forms.resolved(schema)
    items = forms.resolved(own["items"]) if own.get("type") == "array" else own
    words = forms.label(own)
    if "enum" in items:
        words += ": " + " | ".join(map(str, items["enum"]))
    return f"{words}. {own['x-help'][forms.language]}" if "x-help" in own else words


def _deep(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # A basic string of TOML has the escapes of JSON.
    return json.dumps(value, ensure_ascii=False)
