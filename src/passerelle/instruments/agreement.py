"""The kind `agreement`: what two states, or two services, have agreed, as far as channels refer to it.

Rules beyond the schema: the scope names both parties; no article twice; in force not before it was signed; a text that
is no treaty says which treaties it carries out (required of a technical arrangement), a treaty does not.

Left unchecked: whether the states really concluded it. A node's signature acknowledges a text, it concludes none.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from passerelle.instruments.errors import Findings, listed
from passerelle.instruments.kinds import Instrument, Kind, data, moment, register, same_names, window


class Treaty(msgspec.Struct, frozen=True):
    """A treaty that an arrangement carries out; `digest` when it is an instrument of its own, else ""."""

    title: str
    reference: str
    digest: str = ""


class Agreement(Instrument, frozen=True, kw_only=True):
    """An agreement. `nature`: treaty, technical-arrangement, political-commitment or military. `signed`: ISO date.

    `scope`: by party, its state (ISO 3166 alpha-2) and the territory in words. `articles`: subject by number.
    """

    nature: str
    reference: str
    signed: str
    states: dict[str, str]
    scope: dict[str, str]
    articles: dict[str, str]
    treaties: tuple[Treaty, ...] = ()


def build(value: dict[str, Any], common: Mapping[str, Any], findings: Findings) -> Agreement:
    """An agreement from its object, valid by the schema."""
    nature: str = value["nature"]
    same_names(value["scope"], value["parties"], "scope", findings)
    numbers = [article["number"] for article in value["articles"]]
    if twice := {number for number in numbers if numbers.count(number) > 1}:
        findings.add("articles", "each number once", f"{listed(twice)} more than once")
    begins, ends = window(value["in_force"], "in_force", findings)
    if begins < moment(value["signed"], "signed", findings):
        findings.add(
            "in_force.from", f"a time not before {value['signed']}, when it was signed", value["in_force"]["from"]
        )
    treaties = value.get("treaties", [])
    if nature == "treaty" and treaties:
        findings.add("treaties", "nothing in a treaty", f"{len(treaties)} treaties")
    if nature == "technical-arrangement" and not treaties:
        findings.add("treaties", "the treaties that the arrangement carries out", "nothing")
    return Agreement(
        **common,
        begins=begins,
        ends=ends,
        nature=nature,
        reference=value["reference"],
        signed=value["signed"],
        states={party: side["state"] for party, side in value["scope"].items()},
        scope={party: side["territory"] for party, side in value["scope"].items()},
        articles={article["number"]: article["subject"] for article in value["articles"]},
        treaties=tuple(Treaty(**treaty) for treaty in treaties),
    )


AGREEMENT = Kind("agreement", data("agreement"), build)
register(AGREEMENT)
