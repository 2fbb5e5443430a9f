"""Every act that each side of each type can do passes between two real nodes, and leads where the rules say."""

import pytest

from passerelle.dossiers.state import fold
from tests.peers.agree import agree
from tests.types import Sample, every
from tests.types.field import Field
from tests.types.walks import SIDES, events_of, first_moves, may_ever, places


@pytest.mark.parametrize("sample", every("life"))
def test_every_state_and_every_act_can_be_reached(sample: Sample) -> None:
    """By the acts of the sample; where one cannot, the sample lacks a body, or the type a way."""
    assert set(sample.kind.states) - {one.state for one in places(sample)} == set()
    possible = {(side, act.name) for act in sample.kind.acts.values() for side in SIDES if may_ever(act, side)}
    assert possible - set(first_moves(sample)) == set()


@pytest.mark.parametrize("sample", every("life"))
def test_every_act_passes_from_each_side_that_has_it(sample: Sample) -> None:
    field = Field(sample)
    played = field.play((*way, move) for way, move in first_moves(sample).values())
    assert field.refused() == []
    for dossier in played:
        expected = fold(sample.kind, events_of(sample, dossier.way))
        standing = field.standing(dossier)
        assert (standing.state, standing.status) == (expected.state, expected.status), dossier.way
        assert not standing.overtaken
    agree(field.pair)
