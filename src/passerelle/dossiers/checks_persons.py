"""Content rules about the persons of an act: who may stand in it, with what, and what must be said for it.

    checks = [{ protected = { categories = ["victim", "witness"], minors = true, handling = ["H1", "H2"] } }]

As those of `checks`; they look at categories, minor flags and keys, and never at a name.

Left unchecked: whether a category is the right one. The author's approver and the partner look at that.
"""

from collections.abc import Iterator, Mapping

from passerelle.dossiers.check import Check, Content
from passerelle.dossiers.problem import Problem

_MINOR = ("yes", "doubt")  # doubt is a minor


class Ascribed(Check, frozen=True):
    """Whoever is of these categories is named under `who` by an item of the list in this field of the body.

    So nobody is a suspect by standing beside one: each needs something that is ascribed to that very person.
    """

    categories: tuple[str, ...]
    field: str

    def named(self) -> tuple[str, ...]:
        return (self.field,)

    def words(self) -> Mapping[str, tuple[str, ...]]:
        return {"category": self.categories}

    def fault(self) -> str:
        return "" if self.categories else "one category or more"

    def problems(self, content: Content) -> Iterator[Problem]:
        items = content.get("body", {}).get(self.field, ())
        named = {key for item in items for key in item.get("who", ())}
        for number, person in enumerate(content.get("subjects", ())):
            if person["category"] in self.categories and person["key"] not in named:
                category = person["category"]
                yield Problem(
                    f"subjects[{number}]", f"something in body.{self.field} ascribed to this {category}", "none"
                )


class MinorsOnly(Check, frozen=True):
    """In these acts every person is a minor or may be one; in every other act none is."""

    acts: tuple[str, ...]

    def words(self) -> Mapping[str, tuple[str, ...]]:
        return {"act": self.acts}

    def fault(self) -> str:
        return "" if self.acts else "one act or more"

    def problems(self, content: Content) -> Iterator[Problem]:
        theirs, acts = content.get("act") in self.acts, " or ".join(self.acts)
        for number, person in enumerate(content.get("subjects", ())):
            at, minor = f"subjects[{number}].minor", person["minor"]
            if theirs and minor not in _MINOR:
                yield Problem(at, "yes or doubt, in this act", minor)
            elif not theirs and minor in _MINOR:
                yield Problem(at, f"no: a minor stands in {acts} alone", minor)


class Protected(Check, frozen=True):
    """With persons of these categories, or with minors, an act carries these handling codes."""

    handling: tuple[str, ...]
    categories: tuple[str, ...] = ()
    minors: bool = False

    def words(self) -> Mapping[str, tuple[str, ...]]:
        return {"category": self.categories, "handling": self.handling}

    def fault(self) -> str:
        return "" if self.handling and (self.categories or self.minors) else "handling, and categories or minors"

    def problems(self, content: Content) -> Iterator[Problem]:
        found = [
            one["category"]
            for one in content.get("subjects", ())
            if one["category"] in self.categories or (self.minors and one["minor"] in _MINOR)
        ]
        if found and (missing := [code for code in self.handling if code not in content["handling"]]):
            codes = " and ".join(missing)
            yield Problem("handling", f"{codes} too, with a person to protect", ", ".join(content["handling"]))


class PersonsWithout(Check, frozen=True):
    """Persons of these categories have none of these fields."""

    categories: tuple[str, ...]
    fields: tuple[str, ...]

    def words(self) -> Mapping[str, tuple[str, ...]]:
        return {"category": self.categories, "person": self.fields}

    def fault(self) -> str:
        return "" if self.categories and self.fields else "categories and fields"

    def problems(self, content: Content) -> Iterator[Problem]:
        for number, person in enumerate(content.get("subjects", ())):
            category = person["category"]
            for name in self.fields if category in self.categories else ():
                if name in person:
                    yield Problem(f"subjects[{number}].{name}", f"no such field of a {category}", "a value")


class NoStatements(Check, frozen=True):
    """The act says what it says in fields: no statement goes with it."""

    def problems(self, content: Content) -> Iterator[Problem]:
        if statements := content.get("statements", ()):
            yield Problem("statements", "none: what this act says is said in fields", str(len(statements)))


PERSONS: dict[str, type[Check]] = {
    "ascribed": Ascribed,
    "minors_only": MinorsOnly,
    "no_statements": NoStatements,
    "persons_without": PersonsWithout,
    "protected": Protected,
}
