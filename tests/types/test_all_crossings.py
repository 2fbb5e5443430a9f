"""Acts that the two sides do at once, from every state of every type, on two real nodes.

Each node has its own act first and the partner's afterwards, so both orders of arrival are tried with every pair. From
each state every act that moves the dossier crosses every such act of the other side; those that move nothing are done
in one dossier, all of a side after one another, and cross all of the other side.
"""

from itertools import product

import pytest

from passerelle.dossiers.state import step
from tests.peers.agree import agree
from tests.types import Sample, every
from tests.types.field import Field, Played
from tests.types.walks import SIDES, Move, Place, event_of, places, refused


def moving(sample: Sample, place: Place, move: Move) -> bool:
    """Whether the act leads elsewhere, or to where another act of its kind is judged differently."""
    after = step(sample.kind, place.standing, event_of(sample, move, len(place.way), place.standing.heads))
    return after.state != place.state or bool(refused(sample, place.way, after, move))


def crossings(sample: Sample, place: Place) -> list[tuple[list[Move], list[Move]]]:
    """What the opener and the answerer do at once: sets of acts, one dossier for each pair of sets."""
    sides = []
    for side in SIDES:
        still = [one for one in place.of(side) if not moving(sample, place, one)]
        sides.append(([still] if still else []) + [[one] for one in place.of(side) if moving(sample, place, one)])
    return list(product(*sides))


@pytest.mark.parametrize("sample", every("crossing"))
def test_acts_that_cross_lead_to_one_state_on_both_nodes(sample: Sample) -> None:
    field = Field(sample)
    planned = [(place, pair) for place in places(sample) for pair in crossings(sample, place)]
    crossed = {(place.state, one.side, one.act) for place, pair in planned for side in pair for one in side}
    for place in places(sample):
        if all(place.of(side) for side in SIDES):
            assert {(place.state, one.side, one.act) for one in place.moves} <= crossed
    dossiers = field.play(place.way for place, _ in planned)
    for number in range(max(len(side) for _, pair in planned for side in pair)):
        due: list[tuple[Played, Move]] = []
        for dossier, (_, pair) in zip(dossiers, planned, strict=True):
            due += [(dossier, side[number]) for side in pair if len(side) > number]
        field.post(due)  # nobody has seen what the other side did meanwhile
    field.settle()
    assert field.refused() == [], "an honest act is never refused for what crossed it"
    for dossier in dossiers:
        assert field.standing(dossier).state in sample.kind.states
    agree(field.pair)
