"""The named rules that a type file may use: data there, a few generic functions here.

A rule looks at what was done before in the dossier (`Fact`) and at the act that is judged (`Deed`), and says what
stands in the way. To add one: a `Rule` with its parameters, what it looks at and what it finds, and an entry in
`RULES`.

An act's rules are judged when it is written and again when it is received, at the messages its author had seen. A
transition's rules are also judged when the acts of both sides are put in order (see `state`); there only facts and the
acting side are known, so a rule that looks at the act's own body or at a message that it names is a rule of acts alone
(`OF_ACTS`).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from passerelle.core.clock import day_of
from passerelle.core.retold import E_
from passerelle.dossiers.problem import Problem

Side = Literal["opener", "answerer"]
Value = str | int | bool
RISK = "@risk"
"""The fact that a message has a statement with a risk of ill-treatment; no field of a body has such a name."""
CATEGORIES = "@categories"
"""The categories of the persons that a message brings, or corrects, by their keys."""
WESTMOST = 12 * 60 * 60 * 1000
"""Milliseconds: no place on Earth is further behind UTC."""
OPINION = "@opinion"
"""The fact that a message names an offence of opinion."""


class Fact(msgspec.Struct, frozen=True, array_like=True):
    """The last act of a name that was applied: its place in the order (from 1), message, author, remembered fields."""

    at: int
    id: str
    by: Side
    values: dict[str, Value] = {}


def holds(where: Mapping[str, tuple[Value, ...]], values: Mapping[str, Value]) -> bool:
    """Whether each named field has one of its words."""
    return all(field in values and values[field] in words for field, words in where.items())


def _words(where: Mapping[str, tuple[Value, ...]]) -> str:
    """What a rule asks of the fields of an act, behind its name."""
    return "".join(f", {field} {' or '.join(map(str, some))}" for field, some in where.items())


def newest(acts: Iterable[str], facts: Mapping[str, Fact]) -> Fact | None:
    """The one of these acts that was applied last."""
    return max((facts[name] for name in acts if name in facts), key=lambda fact: fact.at, default=None)


class Named(msgspec.Struct, frozen=True):
    """The message that `body.message` names: its act, author and facts, as the author of the judged act saw it.

    `revoked`: its author took it back; `under`: the acts that name it and stand; `newest`: no later message of its act
    that stands says something about the same message and question; `asked`, `about`: the question and the message
    that it names itself; `entered`: milliseconds of its entry in a log, 0 where that is not known.
    """

    act: str
    by: Side
    facts: dict[str, Any] = {}
    revoked: bool = False
    under: frozenset[str] = frozenset()
    newest: bool = True
    asked: "Named | None" = None
    about: "Named | None" = None
    entered: int = 0


class Deed(msgspec.Struct, frozen=True):
    """The act that is judged.

    `body`: None where only the side is known: in the order of acts, and before it is written. `named`: None when its
    body names no message that its author had seen.
    """

    by: Side
    body: Mapping[str, Any] | None = None
    named: Named | None = None


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule with its parameters."""

    def acts(self) -> tuple[str, ...]:
        """The acts whose last occurrence the rule looks at."""
        return ()

    def needs(self) -> tuple[str, ...]:
        """The acts of which one must have been done before; none: it can be kept without any."""
        return ()

    def conditions(self) -> tuple[tuple[str, Mapping[str, tuple[Value, ...]]], ...]:
        """Acts, and which words of their fields the rule asks for."""
        return ()

    def own(self) -> Mapping[str, tuple[Value, ...]]:
        """The fields of the judged act's own body that the rule looks at, with the words it knows."""
        return {}

    def problem(self, facts: Mapping[str, Fact], deed: Deed) -> Problem | None:
        """What stands in the way of the act, or None."""
        return None


class RequiresBefore(Rule, frozen=True):
    """One of the acts was applied before, after the last `since` if that was; the last of them has these words."""

    act: tuple[str, ...]
    where: dict[str, tuple[Value, ...]] = {}
    since: str = ""

    def acts(self) -> tuple[str, ...]:
        return (*self.act, self.since) if self.since else self.act

    def needs(self) -> tuple[str, ...]:
        return self.act

    def conditions(self) -> tuple[tuple[str, Mapping[str, tuple[Value, ...]]], ...]:
        return tuple((name, self.where) for name in self.act)

    def problem(self, facts: Mapping[str, Fact], deed: Deed) -> Problem | None:
        from_on = facts[self.since].at if self.since in facts else 0
        last = newest(self.act, facts)
        if last is not None and last.at > from_on and holds(self.where, last.values):
            return None
        words = _words(self.where)
        since = f", after {self.since}," if from_on else ""
        return Problem("act", f"{' or '.join(self.act)}{words}{since} before", "none")


class ByAuthorOf(Rule, frozen=True):
    """Only the side that did the last `act` may do this."""

    act: str

    def acts(self) -> tuple[str, ...]:
        return (self.act,)

    def needs(self) -> tuple[str, ...]:
        return (self.act,)

    def conditions(self) -> tuple[tuple[str, Mapping[str, tuple[Value, ...]]], ...]:
        return ((self.act, {}),)

    def problem(self, facts: Mapping[str, Fact], deed: Deed) -> Problem | None:
        fact = facts.get(self.act)
        if fact is not None and fact.by == deed.by:
            return None
        return Problem("act", f"the side that did {self.act} last", deed.by)


class Names(Rule, frozen=True):
    """The message that `body.message` names is one of the acts, with these words, and was not revoked.

    `newest`: and nothing newer of its act stands (of answers: to the same question). `answers`: and it answers one of
    these acts of the other side, about the same message; neither question nor message were revoked. `free_of`: and
    none of these acts stands against it or the message that it is about. `since`: a field of the own body with a day,
    which is not before that of its entry wherever on Earth its author was.
    """

    act: tuple[str, ...]
    where: dict[str, tuple[Value, ...]] = {}
    newest: bool = False
    answers: tuple[str, ...] = ()
    free_of: tuple[str, ...] = ()
    since: str = ""

    def needs(self) -> tuple[str, ...]:
        return self.act

    def conditions(self) -> tuple[tuple[str, Mapping[str, tuple[Value, ...]]], ...]:
        return tuple((name, self.where) for name in self.act)

    def problem(self, facts: Mapping[str, Fact], deed: Deed) -> Problem | None:
        if deed.body is None:
            return None
        named = deed.named
        if named is None or named.act not in self.act or named.revoked or not holds(self.where, named.facts):
            words = _words(self.where)
            got = "another message" if named is None else f"{named.act}, revoked" if named.revoked else named.act
            return Problem("body.message", f"a message that is {' or '.join(self.act)}{words}", got)
        if self.newest and not named.newest:
            return Problem("body.message", f"the newest {named.act}", "one that a newer one replaced")
        if self.answers and (got := self._unanswering(named)):
            return Problem("body.message", f"an answer to {' or '.join(self.answers)} that stands", got)
        barred = {one for each in (named, named.about) if each for one in each.under if one in self.free_of}
        if barred:
            return Problem("body.message", "a message that may be used", f"one under {', '.join(sorted(barred))}")
        return self._early(named, deed.body)

    def _unanswering(self, named: Named) -> str:
        """Why the message is no answer to a question that stands; empty when it is one."""
        asked, about = named.asked, named.about
        if asked is None or asked.act not in self.answers or asked.by == named.by:
            return E_("an answer to no such question")
        if asked.facts.get("message") != named.facts.get("message"):
            return E_("an answer about another message than was asked about")
        if asked.revoked:
            return E_("a question that was taken back")
        return E_("a message that was taken back") if about is None or about.revoked else ""

    def _early(self, named: Named, body: Mapping[str, Any]) -> Problem | None:
        day = body.get(self.since) if self.since else None
        if day is None or not named.entered:
            return None
        first = day_of(named.entered - WESTMOST)
        return None if day >= first else Problem(f"body.{self.since}", f"{first} or later", day)


class NoLowerThan(Rule, frozen=True):
    """The word in this field of the body is not lower, in this order, than in the last of the acts that has one."""

    act: tuple[str, ...]
    field: str
    order: tuple[str, ...]

    def acts(self) -> tuple[str, ...]:
        return self.act

    def conditions(self) -> tuple[tuple[str, Mapping[str, tuple[Value, ...]]], ...]:
        return tuple((name, self.own()) for name in self.act)

    def own(self) -> Mapping[str, tuple[Value, ...]]:
        return {self.field: self.order}

    def problem(self, facts: Mapping[str, Fact], deed: Deed) -> Problem | None:
        last = newest(self.act, facts)
        if deed.body is None or last is None or self.field not in last.values:
            return None
        least = self.order.index(str(last.values[self.field]))
        got = deed.body.get(self.field)
        if got is not None and self.order.index(got) >= least:
            return None
        return Problem(f"body.{self.field}", " or ".join(self.order[least:]), "nothing" if got is None else got)


class Untainted(Rule, frozen=True):
    """The message that `body.message` names has no statement with a risk that it was obtained by ill-treatment.

    Asked when the body has the words of `where`. It is not in `RULES`: an act has it by its key `untainted`, which a
    type cannot take away.
    """

    where: dict[str, tuple[Value, ...]] = {}

    def own(self) -> Mapping[str, tuple[Value, ...]]:
        return self.where

    def problem(self, facts: Mapping[str, Fact], deed: Deed) -> Problem | None:
        if (
            deed.named is None
            or deed.body is None
            or not deed.named.facts.get(RISK)
            or not holds(self.where, deed.body)
        ):
            return None
        return Problem(
            "body.message",
            "a message without a risk of ill-treatment, which bars use in court and onward use",
            f"{deed.named.act} with such a statement",
        )


RULES: dict[str, type[Rule]] = {
    "requires_before": RequiresBefore,
    "by_author_of": ByAuthorOf,
    "names": Names,
    "no_lower_than": NoLowerThan,
}
OF_ACTS = (Names, NoLowerThan, Untainted)
"""The rules that no transition can have."""
