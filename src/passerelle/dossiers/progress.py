"""How far the answering side has come with a dossier: acknowledged, taken in charge, answered.

Three signed statements of persons, each stronger than the one before and none of them a receipt of a machine:
- *acknowledged*: somebody has read the opening message (`acknowledge`, which names it or names none);
- *charged*: a named person of a named service works on it (`take-charge`);
- *answered*: an act that says what was asked. Which acts those are the type says: its own acts that end its deadline
  `answer`, and whatever leads to the states `answered` and `refused`. A closure, a suspension or an interim reply says
  nothing of what was asked, so it is no answer. After a `reopen` an answer is expected again.

An overtaken act moves the dossier's state nowhere, and is no answer either; that a person has read it, or has it in
charge, is true all the same.

Left unchecked: whether the answer is a good one.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

import msgspec

from passerelle.dossiers.rules import Side, Value, holds
from passerelle.dossiers.shapes import DossierType
from passerelle.dossiers.state import Event, Standing

Level = Literal["", "acknowledged", "charged", "answered"]
_Where = tuple[Side | Literal[""], Mapping[str, tuple[Value, ...]]]
_ANSWER = "answer"
_GIVEN = frozenset({"answered", "refused"})


R = TypeVar("R", bound=msgspec.Struct)
_answers: dict[str, dict[str, tuple[_Where, ...]]] = {}


def answers(kind: DossierType) -> Mapping[str, tuple[_Where, ...]]:
    """The acts that are answers: by which side, and with which words in their body."""
    found = _answers.get(kind.digest)
    if found is None:
        made: dict[str, list[_Where]] = {}
        deadline = kind.deadlines.get(_ANSWER)
        for moment in deadline.ends_at if deadline and deadline.owner == "answerer" else ():
            if moment.act and not kind.acts[moment.act].common:
                made.setdefault(moment.act, []).append((moment.by, moment.where))
        for act in kind.acts.values():
            made.setdefault(act.name, []).extend((way.by, {}) for way in act.transitions if way.to in _GIVEN)
        found = _answers[kind.digest] = {name: tuple(ways) for name, ways in made.items() if ways}
    return found


def level_of(kind: DossierType, act: str, by: Side, facts: Mapping[str, Any], about: str) -> Level:
    """What an act of this side says of the message `about`, which its author had seen."""
    if act == "acknowledge":
        return "acknowledged" if facts.get("message", about) == about else ""
    if by != "answerer":
        return ""
    if act == "take-charge":
        return "charged"
    for side, where in answers(kind).get(act, ()):
        if side in ("", by) and holds(where, facts):
            return "answered"
    return ""


def forgotten(row: R) -> R:
    """The row as before its first act."""
    return msgspec.structs.replace(row, opening="", acknowledged="", charged="", answered="")


def moved(row: R, kind: DossierType, event: Event, standing: Standing) -> R:
    """The row after an act. `standing`: the one after it."""
    if standing.opening == event.id:
        return msgspec.structs.replace(row, opening=event.id)
    if event.act == "reopen":
        return msgspec.structs.replace(row, answered="")
    if event.by != "answerer":
        return row
    level = level_of(kind, event.act, event.by, event.facts, standing.opening)
    if not level or (level == "answered" and event.id in standing.overtaken):
        return row
    return msgspec.structs.replace(row, **{level: event.id})
