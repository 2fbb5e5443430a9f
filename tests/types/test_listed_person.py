"""`listed-person`: an entry of a published list is no warrant; who is delisted is erased."""

import pytest

from passerelle.dossiers.types import Catalogue
from tests.peers.pair import Pair
from tests.types import samples
from tests.types.life import Life, stopped
from tests.unit.dossiers.samples import HAMZA

pytestmark = pytest.mark.shows("listed-person", "rules")

SAMPLE = samples()["listed-person"]
TYPE = Catalogue.load().types["listed-person"]


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


def test_an_entry_names_its_list_number_and_day(pair: Pair) -> None:
    body = SAMPLE.bodies["notice"]
    for field in ("list", "number", "listed_on"):
        less = {key: value for key, value in body.items() if key != field}
        assert stopped(pair, SAMPLE.act("notice", body=less)) == ("9",), field
    assert stopped(pair, SAMPLE.act("notice", subjects=[HAMZA | {"category": "suspect"}])) == ("9",)
    assert stopped(pair, SAMPLE.act("notice", subjects=[])) == ("9",)


def test_it_is_no_ground_for_an_arrest(pair: Pair) -> None:
    assert not any("arrest" in name for name in TYPE.acts)
    for field in ("warrant", "assurances", "arrest"):
        assert stopped(pair, SAMPLE.act("notice", body=SAMPLE.bodies["notice"] | {field: "x"})) == ("9",)


def test_who_is_delisted_is_erased_within_p7d(pair: Pair) -> None:
    life = Life(pair, SAMPLE)
    life.begin()
    life.say("be", "delisted")
    assert life.state == "delisted"
    assert set(TYPE.deadlines["deletion"].duration.values()) == {"P7D"}
    assert stopped(pair, life.content("ma", "seen"), by="ma") == ("10",), "nobody is sought for it any more"
    life.say("ma", "report-deletion")
    assert TYPE.indexed == {"listed"}
