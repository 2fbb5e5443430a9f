"""For each deadline of a type, a way on which it runs and one on which it is met, found among the sample's acts."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from passerelle.dossiers.deadlines import Happening, Run, runs
from passerelle.dossiers.shapes import Moment
from passerelle.dossiers.state import EMPTY, step
from tests.types import Sample
from tests.types.walks import Way, content_of, event_of, name_of, search
from tests.unit.dossiers.samples import NOW

MOST = 3000
"""So many ways are looked at before a deadline is said not to start, or not to end."""


class Owed(NamedTuple):
    """A deadline: a way after which it runs, and that way with acts that end it as it should be."""

    deadline: str
    runs: Way
    met: Way


def happenings(sample: Sample, way: Way) -> list[Happening]:
    """The acts of a way as deadlines see them, a minute apart."""
    found: list[Happening] = []
    standing, before = EMPTY, ""
    for number, move in enumerate(way):
        content = content_of(sample, move)
        event = event_of(sample, move, number, standing.heads)
        standing = step(sample.kind, standing, event)
        dated = [steps[0] for steps, _ in sample.kind.acts[move.act].dated if len(steps) == 1]
        made = Happening(
            id=name_of(number),
            act=move.act,
            by=move.side,
            time=NOW + number * 60_000,
            state=standing.state if standing.state != before else "",
            status=standing.status,
            facts=event.facts,
            urgency=content["urgency"],
            days={name: content["body"][name] for name in dated if name in content["body"]},
        )
        found.append(made)
        before = standing.state
    return found


def _ways(sample: Sample, start: Way = ()) -> Iterator[Way]:
    """Ways from a start on, each place with one more act."""
    for place in search(sample, start):
        for move in place.moves:
            yield (*place.way, move)


def _runs(sample: Sample, way: Way, deadline: str) -> list[Run]:
    return [one for one in runs(sample.kind, happenings(sample, way)) if one.deadline.name == deadline]


def owed(sample: Sample, deadline: str) -> Owed | None:
    """The deadline with its ways; None when the sample's acts do not start or do not end it."""
    rule = sample.kind.deadlines[deadline]
    usual = sample.act(sample.kind.opening[0])["urgency"]
    urgency = usual if not rule.duration or usual in rule.duration else next(iter(rule.duration))
    for way in islice(_ways(sample), MOST):
        urgent = tuple(replace(one, urgency=urgency) for one in way)
        last = _runs(sample, urgent, deadline)[-1:] if _may(rule.runs_from, sample, way) else []
        if not last or last[0].end is not None:
            continue
        for longer in islice(_ways(sample, urgent), MOST):
            if _may(rule.ends_at, sample, longer):
                again = _runs(sample, longer, deadline)
                if again and again[-1].met and again[-1].start.id == last[0].start.id:
                    return Owed(deadline, urgent, longer)
    return None


def _may(moments: tuple[Moment, ...], sample: Sample, way: Way) -> bool:
    """Whether the last act of a way can be one of the moments."""
    act = sample.kind.acts[way[-1].act]
    return any(one.act == act.name if one.act else any(to.to == one.state for to in act.transitions) for one in moments)
