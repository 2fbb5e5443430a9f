"""What a message says once it is corrected, and what is then wrong with it: pure functions.

    body.corrections = [{ field = "subjects[0].births[0].date", value = "1986-03-15" }, ...]

Rules kept here:
- a correction never makes of a message what could not have been sent: the whole content is judged as it is afterwards,
  at the time of its own entry, so a birth is corrected with the minor flag that follows from it;
- a field is one that the form of the message knows. It may be new where the form allows it, in a list the next one; an
  empty value removes what is there. Places in lists are those before the correction;
- who is meant stays: no person comes or goes, and no key, no message named and nothing that the channel decides by
  (purpose, recipient, classification, handling, files) is corrected. Such a message is withdrawn and written anew;
- a correction is not corrected: the message itself is corrected again.

Left unchecked: whether the new value is true. What the rules of the dossier asked of the message (its words of closed
lists) stays as it was when it was applied.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from passerelle.dossiers import content as contents
from passerelle.dossiers.problem import Problem, shown
from passerelle.dossiers.schema import inner
from passerelle.dossiers.shapes import DossierType

Correction = Mapping[str, str]
_MAY = ("necessity", "handling_note", "reference", "also_via", "subjects", "statements", "body")
_STEP = re.compile(r"([a-z_]+)(?:\[(\d+)\])?")
_GONE = object()


def steps_of(field: str) -> list[str | int]:
    """The steps of a path of the form that a correction has: `subjects[0].key` is ["subjects", 0, "key"]."""
    found: list[str | int] = []
    for name, number in _STEP.findall(field):
        found += [name, int(number)] if number else [name]
    return found


def problems(was: Mapping[str, Any], made: Mapping[str, Any], kind: DossierType, *, now: int) -> Iterator[Problem]:
    """What is wrong with a content once it is corrected and was not before; paths begin with `body.corrections`.

    `now`: milliseconds, of its own entry.
    """
    if found := contents.problems(made, kind, now=now):
        known = {(one.path, one.expected) for one in contents.problems(was, kind, now=now)}
        for one in found:
            if (one.path, one.expected) not in known:
                yield Problem(f"body.corrections.{one.path}", one.expected, one.got)


def corrected(
    content: Mapping[str, Any], corrections: Iterable[Correction], kind: DossierType
) -> tuple[Mapping[str, Any], list[Problem]]:
    """The content as it is afterwards, and which corrections name no field that may be corrected."""
    made: dict[str, Any] = deepcopy(dict(content))
    wrong: list[Problem] = []
    for number, one in enumerate(corrections):
        steps = steps_of(one["field"])
        schema = _schema(kind, str(content["act"]), steps)
        if schema is None or _fixed(steps) or not _put(made, steps, _value(one["value"], schema)):
            expected = "a field of that message which may be corrected"
            wrong.append(Problem(f"body.corrections[{number}].field", expected, shown(one["field"])))
    return _without(made), wrong


def categories(corrections: Iterable[Correction], keys: list[str]) -> dict[str, str]:
    """The categories that corrections give to persons, by key. `keys`: those of the message, in its order."""
    found = {}
    for one in corrections:
        match steps_of(one["field"]):
            case ["subjects", int(number), "category"] if number < len(keys):
                found[keys[number]] = one["value"]
    return found


def _fixed(steps: list[str | int]) -> bool:
    person = steps[0] == "subjects" and (len(steps) < 3 or steps[2] == "key")
    return steps[0] not in _MAY or person or steps in (["body"], ["body", "message"], ["body", "question"])


def _schema(kind: DossierType, act: str, steps: list[str | int]) -> Mapping[str, Any] | None:
    """The form of a field, or None when the message has none there."""
    body = kind.acts[act].schema
    forms = {**kind.envelope["$defs"], **body["$defs"]}
    if steps[0] == "body":
        return inner(body, steps[1:], forms)
    return inner(kind.envelope, steps, forms)


def _value(text: str, schema: Mapping[str, Any]) -> object:
    """The value that a text stands for in a form; as it is where it stands for none, so that the form refuses it."""
    if not text:
        return _GONE
    if schema.get("type") == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if schema.get("type") == "integer" and re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    return text


def _put(made: dict[str, Any], steps: list[str | int], value: object) -> bool:
    """Put the value there. False when there is no such place, or nothing to remove."""
    holder: Any = made
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if isinstance(step, int):
            if not isinstance(holder, list) or step > len(holder):
                return False
            there = step < len(holder)
            if not there and holder is made.get("subjects"):
                return False
        else:
            if not isinstance(holder, dict):
                return False
            there = step in holder
        if value is _GONE and not there:
            return False
        new = value if following is None else holder[step] if there else [] if isinstance(following, int) else {}
        if isinstance(step, int) and not there:
            holder.append(new)
        else:
            holder[step] = new
        holder = new
    return True


def _without(value: Any) -> Any:
    """The value without what was removed."""
    if isinstance(value, dict):
        return {name: _without(child) for name, child in value.items() if child is not _GONE}
    if isinstance(value, list):
        return [_without(child) for child in value if child is not _GONE]
    return value
