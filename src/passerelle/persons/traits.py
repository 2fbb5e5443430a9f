"""Sex and nationality compared: little evidence, and what contradicts is told."""

from collections.abc import Collection, Iterable

from passerelle.persons.finding import Finding
from passerelle.persons.weights import levels

_TOLD = ("female", "male", "other")


def said(stated: str, numbered: Iterable[str]) -> frozenset[str]:
    """The sex that a person is given, else those that his national numbers say; `unknown` says nothing."""
    return frozenset({stated} if stated in _TOLD else set(numbered) & set(_TOLD))


def sex(one: frozenset[str], other: frozenset[str]) -> Finding | None:
    """None when one side does not say it."""
    if not one or not other:
        return None
    level = "agrees" if one & other else "differs" if "other" in one | other else "contradicts"
    left, right = (min(one & other or side) for side in (one, other))
    return Finding("sex", level, *levels("sex")[level], left, right)


def nationality(one: Collection[str], other: Collection[str]) -> Finding | None:
    """One nationality in common is agreement; None when one side has none."""
    if not one or not other:
        return None
    level = "agrees" if set(one) & set(other) else "differs"
    return Finding("nationality", level, *levels("nationality")[level], tuple(one), tuple(other))
