"""The life of each type between two real nodes, and every act it has, at both ends."""

import pytest

from passerelle.dossiers.content import problems
from passerelle.ports.records import MESSAGES
from tests.peers.agree import agree
from tests.peers.pair import CATALOGUE, NOW
from tests.types import Sample, every, samples, shipped
from tests.types.life import Life


@pytest.mark.parametrize("sample", every("life"))
def test_a_life_from_opening_to_end(sample: Sample) -> None:
    pair = sample.pair()
    for steps in (sample.life, *sample.lives):
        states = Life(pair, sample).play(*steps)
        assert sample.kind.states[states[-1]].status == "ended"
    for peer in (pair.be, pair.ma):
        assert not [one.reason for one in peer.all(MESSAGES) if one.state == "refused"]
    agree(pair)


@pytest.mark.parametrize("sample", every("life"))
def test_every_act_of_the_sample_is_valid(sample: Sample) -> None:
    for name in sample.kind.acts:
        content = sample.act(name)
        if "message" in sample.kind.acts[name].schema.get("required", ()):
            content["body"]["message"] = content["id"]
        assert problems(content, sample.kind, now=NOW) == (), name


def test_each_shipped_type_has_a_sample() -> None:
    assert [name for name, one in samples().items() if shipped(one)] == sorted(CATALOGUE.types)


def test_a_type_that_no_code_knows_is_tried_as_all_are() -> None:
    """The one that docs/how-to/add-a-type.md writes."""
    assert [name for name, one in samples().items() if not shipped(one)] == ["vehicle-check"]
