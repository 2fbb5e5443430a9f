"""What an act must contain when it is about certain persons, or says certain words: data there, one function here.

    [[acts.request.demands]]
    when = { persons = { minor = ["yes", "doubt"] } }
    then = { fields = ["minor"] }
    otherwise = "nothing"

A JSON Schema sees the body alone; a demand sees persons, body and handling codes together. It says what must be there
in that case (`then`) and, with `otherwise = "nothing"`, that its fields are there in no other case, so that nobody is
asked for more than the case needs.

Left unchecked: whether what a demanded field says is true. Who asks for it has to look at it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from passerelle.dossiers.problem import Problem
from passerelle.dossiers.rules import Value, holds

PERSON_WORDS = ("minor", "category")
"""The fields of a person that a demand may look at: words of a closed list that every person has."""


class When(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At least one person of the act has these words in all these fields, and the body has these words and fields."""

    persons: dict[str, tuple[str, ...]] = {}
    body: dict[str, tuple[Value, ...]] = {}
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def holds(self, content: Mapping[str, Any]) -> bool:
        if self.persons and not any(holds(self.persons, one) for one in content.get("subjects", ())):
            return False
        body = content.get("body", {})
        if not all(name in body for name in self.present) or any(name in body for name in self.absent):
            return False
        return holds(self.body, body)

    def __str__(self) -> str:
        parts = [f"a person of {name} {' or '.join(words)}" for name, words in self.persons.items()]
        parts += [f"{name} {' or '.join(map(str, words))}" for name, words in self.body.items()]
        parts += [*self.present, *(f"no {name}" for name in self.absent)]
        return " and ".join(parts)


class Then(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of the body, a number of persons and handling codes that must be there."""

    fields: tuple[str, ...] = ()
    persons: int = 0
    handling: tuple[str, ...] = ()


class Demand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the one, then the other; and otherwise `anything` goes or `nothing` stands in those fields."""

    when: When
    then: Then
    otherwise: Literal["anything", "nothing"] = "anything"

    def lacking(self, body: Mapping[str, Any]) -> list[str]:
        """The fields that a body still needs, when it is the body that makes the case."""
        case = not self.when.persons and self.when.holds({"body": body})
        return [name for name in self.then.fields if name not in body] if case else []

    def problems(self, content: Mapping[str, Any]) -> Iterator[Problem]:
        """What is missing in a content of the right form, or is there without the case."""
        body = content.get("body", {})
        if not self.when.holds(content):
            if self.otherwise == "nothing":
                for name in self.then.fields:
                    if name in body:
                        yield Problem(f"body.{name}", f"nothing without {self.when}", "a value")
            return
        for name in self.then.fields:
            if name not in body:
                yield Problem(f"body.{name}", f"a value, for {self.when}", "nothing")
        persons = content.get("subjects", ())
        if len(persons) < self.then.persons:
            yield Problem("subjects", f"at least {self.then.persons}, for {self.when}", str(len(persons)))
        if missing := [code for code in self.then.handling if code not in content["handling"]]:
            yield Problem("handling", f"{' and '.join(missing)} too, for {self.when}", ", ".join(content["handling"]))
