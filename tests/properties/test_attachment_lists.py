"""Whatever an act says of its attachments, sender and receiver judge it by the same numbers."""

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerelle.exchange.cases import Cases
from passerelle.exchange.media import MEDIA
from tests.peers.pair import Pair, acts, partners

GOOD = acts.PHOTO
FIELDS = sorted(GOOD)
_TEXT = st.text(max_size=200)
_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 2**41), _TEXT, st.sampled_from(MEDIA), st.just([]), st.just({})
)


@st.composite
def one_file(draw: st.DrawFn) -> Any:
    made: dict[str, Any] = copy.deepcopy(GOOD)
    made["address"] = f"{draw(st.integers(0, 3)):064x}"
    made["media"] = draw(st.sampled_from(("image/jpeg", "image/x-wsq", *MEDIA)))
    for _ in range(draw(st.integers(0, 2))):
        match draw(st.sampled_from(("change", "drop", "add"))):
            case "change":
                made[draw(st.sampled_from(FIELDS))] = draw(_VALUES)
            case "drop":
                made.pop(draw(st.sampled_from(FIELDS)), None)
            case _:
                made[draw(st.text(min_size=1, max_size=8))] = draw(_VALUES)
    return made


LISTS = st.one_of(_VALUES, st.lists(one_file(), max_size=22), st.lists(_VALUES, max_size=3))
ACTS = st.sampled_from(("request", "sighting", "extradition-announced", "remind"))


@pytest.fixture(scope="module", params=("lists all", "lists none"))
def pair(request: pytest.FixtureRequest) -> Pair:
    fields = {"fields": ["subjects.*", "statements.*", "body.*", "reference"]} if request.param == "lists none" else {}
    return partners(channel=fields)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=LISTS, act=ACTS)
def test_both_sides_give_the_same_numbers(pair: Pair, files: Any, act: str) -> None:
    made = acts.wanted_request() if act == "request" else acts.act("wanted-trace", act)
    content = made | {"channel": pair.channel, "attachments": files}
    now = pair.clock.now()
    numbers = []
    for peer, other, leaving in ((pair.be, "ma", True), (pair.ma, "be", False)):

        def judged(tx: Any, peer: Any = peer, other: str = other, leaving: bool = leaving) -> list[str]:
            found = Cases(tx, peer.ctx).judge(
                content, partner=other, leaving=leaving, lane="routine", written=now, now=now, size=2000
            )
            return sorted({str(one.check) for one in found})

        numbers.append(peer.store.read(judged))
    assert numbers[0] == numbers[1]
