"""What the forgeries share."""

import pytest

from tests.peers.pair import partners
from tests.unit.exchange.forge import Forger


@pytest.fixture
def base_forger() -> Forger:
    pair = partners()
    pair.open_trace()
    return Forger(pair)
