"""Every deadline of every type runs, is met, and is missed: on both nodes, which count alike."""

from typing import Any

import pytest

from passerelle.office import clock
from passerelle.ports.timers import TIMERS, Timer
from tests.peers.pair import Pair, type_entry
from tests.types import Sample, every
from tests.types.field import Field, Played
from tests.types.owed import owed

FIGURE = "P5D"
"""For what runs only where the channel gives a figure."""


def timers(pair: Pair, dossier: Played, deadline: str) -> tuple[Timer, Timer]:
    """The newest timer of a deadline on both nodes."""
    found = []
    for peer in (pair.be, pair.ma):
        mine = [one for one in peer.all(TIMERS) if (one.dossier, one.deadline) == (dossier.id, deadline)]
        found.append(max(mine, key=lambda one: one.started))
    return found[0], found[1]


def states(pair: Pair, dossiers: dict[str, Played]) -> dict[str, Any]:
    """The state of each deadline in its dossier, once both nodes have looked at the clock."""
    for peer in (pair.be, pair.ma):
        clock.tick(peer.ctx)
    found: dict[str, Any] = {}
    for deadline, dossier in dossiers.items():
        here, there = timers(pair, dossier, deadline)
        assert (here.started, here.due, here.state, here.duration) == (
            there.started,
            there.due,
            there.state,
            there.duration,
        )
        assert {here.owner, there.owner} == {"own", "partner"}
        found[deadline] = here.state
    return found


@pytest.mark.parametrize("sample", every("deadlines"))
def test_each_deadline_runs_is_met_and_is_missed_on_both_nodes(sample: Sample) -> None:
    names = list(sample.kind.deadlines)
    ways = {name: owed(sample, name) for name in names}
    assert [name for name in names if ways[name] is None] == [], "no acts of the sample start it and end it"
    figures = {name: FIGURE for name, one in sample.kind.deadlines.items() if not one.duration}
    field = Field(sample, types={sample.name: {**type_entry(sample.name, sample.catalogue()), "deadlines": figures}})
    missed = dict(zip(names, field.play(way.runs for way in ways.values() if way), strict=True))
    met = dict(zip(names, field.play(way.met for way in ways.values() if way), strict=True))
    assert states(field.pair, missed) == dict.fromkeys(names, "running")
    assert states(field.pair, met) == dict.fromkeys(names, "met")
    due = [timers(field.pair, one, name)[0].due for name, one in missed.items()]
    field.pair.clock.time = max(due, default=0) + 1
    assert states(field.pair, missed) == dict.fromkeys(names, "missed")
    assert states(field.pair, met) == dict.fromkeys(names, "met")
