"""Figures of the treaty: durations that the channel says, held against durations in the body of an act.

    [figures.remaining]
    duration = "P6M"

    [acts.request]
    figures = [{ field = "remaining", at_least = "remaining" }]

No figure of a treaty stands in code: the type has a default, the channel that both sides signed replaces it. Durations
are compared as the calendar has them from the day of the entry (UTC): P6M of 1 September is longer than P180D.

Left unchecked: whether the channel's figure is the treaty's; both sides read and sign it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration
from passerelle.dossiers.problem import Problem


class FigureRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A duration in the body (`field`) is not shorter, or not longer, than the figures of these names; "" is none."""

    field: str
    at_least: str = ""
    at_most: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The figures that it asks for."""
        return tuple(name for name in (self.at_least, self.at_most) if name)


def problems(
    body: Mapping[str, Any], rules: Iterable[FigureRule], figures: Mapping[str, str], written: int
) -> Iterator[Problem]:
    """What in a valid body does not keep to the figures (ISO 8601 by name). `written`: the entry's time, milliseconds.

    A field that is not there is not compared.
    """
    day = written - written % MILLISECONDS_A_DAY
    for rule in rules:
        text = body.get(rule.field)
        if text is None:
            continue
        if rule.at_least and add_duration(day, text) < add_duration(day, figures[rule.at_least]):
            yield Problem(f"body.{rule.field}", f"at least {figures[rule.at_least]}, the figure {rule.at_least}", text)
        if rule.at_most and add_duration(day, text) > add_duration(day, figures[rule.at_most]):
            yield Problem(f"body.{rule.field}", f"at most {figures[rule.at_most]}, the figure {rule.at_most}", text)
