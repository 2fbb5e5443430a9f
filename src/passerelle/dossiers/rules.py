"""The named rules that a type file may use: data there, a few generic functions here.

A rule looks at what was done before in the dossier (`Fact`) and at who wants to act, and says what stands in the way.
To add a rule: a frozen struct with its parameters, `acts`, `problem`, and an entry in `RULES`.

An act's rules are judged when it is written and again when it is received, at the messages its author had seen. A
transition's rules are also judged when the acts of both sides are put in order (see `state`).
"""

from collections.abc import Mapping
from typing import Literal, Protocol

import msgspec

from passerelle.dossiers.problem import Problem

Side = Literal["opener", "answerer"]
Value = str | int | bool


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """The last act of a name that was applied: its place in the order (from 1), message, author, remembered fields."""

    at: int
    id: str
    by: Side
    values: dict[str, Value] = {}


def holds(where: Mapping[str, tuple[Value, ...]], values: Mapping[str, Value]) -> bool:
    """Whether each named field has one of its words."""
    return all(field in values and values[field] in words for field, words in where.items())


class Rule(Protocol):
    """A rule with its parameters."""

    def acts(self) -> tuple[str, ...]:
        """The acts whose facts the rule needs."""
        ...

    def conditions(self) -> tuple[tuple[str, Mapping[str, tuple[Value, ...]]], ...]:
        """Acts, and which words of their fields the rule asks for."""
        ...

    def problem(self, facts: Mapping[str, Fact], by: Side) -> Problem | None:
        """What stands in the way of this side's act, or None."""
        ...


class RequiresBefore(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of the acts was applied before, its last one with these words, and after the last `since` if that was."""

    act: tuple[str, ...]
    where: dict[str, tuple[Value, ...]] = {}
    since: str = ""

    def acts(self) -> tuple[str, ...]:
        return (*self.act, self.since) if self.since else self.act

    def conditions(self) -> tuple[tuple[str, Mapping[str, tuple[Value, ...]]], ...]:
        return tuple((name, self.where) for name in self.act)

    def problem(self, facts: Mapping[str, Fact], by: Side) -> Problem | None:
        from_on = facts[self.since].at if self.since in facts else 0
        for name in self.act:
            fact = facts.get(name)
            if fact is not None and fact.at > from_on and holds(self.where, fact.values):
                return None
        words = "".join(f", {field} {' or '.join(map(str, some))}" for field, some in self.where.items())
        since = f", after {self.since}," if from_on else ""
        return Problem("act", f"{' or '.join(self.act)}{words}{since} before", "none")


class ByAuthorOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Only the side that did the last `act` may do this."""

    act: str

    def acts(self) -> tuple[str, ...]:
        return (self.act,)

    def conditions(self) -> tuple[tuple[str, Mapping[str, tuple[Value, ...]]], ...]:
        return ((self.act, {}),)

    def problem(self, facts: Mapping[str, Fact], by: Side) -> Problem | None:
        fact = facts.get(self.act)
        if fact is not None and fact.by == by:
            return None
        return Problem("act", f"the side that did {self.act} last", by)


RULES: dict[str, type[RequiresBefore] | type[ByAuthorOf]] = {
    "requires_before": RequiresBefore,
    "by_author_of": ByAuthorOf,
}
