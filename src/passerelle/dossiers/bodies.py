"""The body of a common act as a type has it: with fewer fields, fewer words, or fields of its own.

    [acts.suspend]
    common = true
    leaves_out = ["ground", "until"]

Rules kept here: a field or a word that is left out must have been there, so that a typing mistake leaves nothing in; a
list of words only grows shorter; a field that is added has another name than those that are there. What the parts of
the body say of each other (`allOf`) must still hold together, which the linter of the schema sees to.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from passerelle.core.errors import DossierError
from passerelle.dossiers.shapes import Labels

Body = dict[str, Any]
Fail = Callable[[str, str, str], DossierError]


class Adds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields that a type adds to the body of a common act, and which of them are required."""

    properties: dict[str, Any]
    required: tuple[str, ...] = ()


def with_grounds(body: Body, grounds: Mapping[str, Labels]) -> Body:
    """The body with the grounds of refusal in the place of `enum = "grounds"`."""
    fields = {}
    for name, field in body.get("properties", {}).items():
        if isinstance(field, dict) and field.get("enum") == "grounds":
            values = {ground: msgspec.structs.asdict(labels) for ground, labels in grounds.items()}
            field = {**field, "enum": list(grounds), "x-values": values}  # noqa: PLW2901
        fields[name] = field
    return {**body, "properties": fields} if fields else body


def narrowed(
    body: Body, leaves_out: tuple[str, ...], only: Mapping[str, tuple[str, ...]], adds: Adds | None, fail: Fail
) -> Body:
    """The body without these fields, with these words only, and with those fields. `fail(key, expected, got)`."""
    fields: dict[str, Any] = dict(body.get("properties", {}))
    required = list(body.get("required", ()))
    for name in leaves_out:
        if name not in fields:
            raise fail("leaves_out", "one of " + ", ".join(fields), name)
        del fields[name]
        required = [one for one in required if one != name]
    for name, words in only.items():
        if name not in fields:
            raise fail("only", "one of " + ", ".join(fields), name)
        fields[name] = _fewer(fields[name], words, f"only.{name}", fail)
    if adds:
        for name in adds.properties:
            if name in body.get("properties", {}):
                raise fail(f"adds.properties.{name}", "a field that is not there yet", name)
        fields |= adds.properties
        required += adds.required
    return {**body, "properties": fields, "required": required}


def _fewer(field: Any, words: tuple[str, ...], path: str, fail: Fail) -> dict[str, Any]:
    known = field.get("enum")
    if not isinstance(known, list):
        raise fail(path, "a field of a closed list", "another")
    for word in words:
        if word not in known:
            raise fail(path, "one of " + ", ".join(known), word)
    if not words or len(set(words)) < len(words):
        raise fail(path, "different words, at least one", ", ".join(words) or "none")
    return {**field, "enum": list(words), "x-values": {word: field["x-values"][word] for word in words}}
