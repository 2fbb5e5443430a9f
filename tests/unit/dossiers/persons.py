"""Makes the persons of a generated content fit the rules about persons that its act has."""

from collections.abc import Sequence
from typing import Any

from hypothesis import assume

from passerelle.dossiers import opinion
from passerelle.dossiers.checks_persons import Ascribed, MinorsOnly, NoStatements, PersonsWithout, Protected
from passerelle.dossiers.types import ActType, DossierType
from tests.unit.dossiers.samples import Content

GROWN = {"date": "1980", "calendar": "gregorian", "kind": "exact"}


def fitted(made: Content, kind: DossierType, what: ActType) -> Content:
    """The content with minors, fields, keys, handling codes and a second approver as the rules want them."""
    persons = made["subjects"]
    for check in what.checks:
        if isinstance(check, MinorsOnly):
            for person in persons:
                _age(person, minor=what.name in check.acts)
        elif isinstance(check, PersonsWithout):
            for person in persons:
                for name in check.fields if person["category"] in check.categories else ():
                    person.pop(name, None)
        elif isinstance(check, Ascribed):
            named = made["body"].get(check.field)
            if named:
                named[0]["who"] = []  # of everybody, below
            else:
                made["subjects"] = persons = [one for one in persons if one["category"] not in check.categories]
        elif isinstance(check, NoStatements):
            made["statements"] = []
    keys = [person["key"] for person in persons]
    for statement in made["statements"]:
        statement["about"] = [key for key in statement["about"] if key in keys]
    for way in what.keyed:
        _name(made["body"], way, keys)
    for check in what.checks:
        if isinstance(check, Protected) and list(check.problems(made)):
            made["handling"] = sorted({*made["handling"], *check.handling})
    for demand in what.demands:
        if demand.when.holds(made):
            made["handling"] = sorted({*made["handling"], *demand.then.handling})
    if opinion.found(made, kind):
        made["four_eyes"] = {**made["four_eyes"], "second": "be-second"}
    return made


def _age(person: Content, *, minor: bool) -> None:
    if (person["minor"] != "no") != minor:
        person.pop("births", None)
        person["minor"] = "doubt"
        if not minor:
            person |= {"births": [GROWN], "minor": "no"}


def _name(value: Any, way: Sequence[str], keys: list[str]) -> None:
    """Every list of keys at the end of the way names all persons; without persons it is not there."""
    first, *rest = way
    if first == "*":
        for item in value:
            _name(item, rest, keys)
    elif first in value and rest == ["*"]:
        value[first] = list(keys)
        if not keys:
            del value[first]
    elif first in value and rest:
        _name(value[first], rest, keys)
    elif first in value:
        assume(keys)
        value[first] = keys[0]
