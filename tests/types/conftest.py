"""What the tests of several types begin with."""

import pytest

from tests.types.life import Life


@pytest.fixture
def life(request: pytest.FixtureRequest) -> Life:
    """A dossier that was opened, of the type whose `SAMPLE` the module of the test names."""
    sample = request.module.SAMPLE
    made = Life(sample.pair(), sample)
    made.begin()
    return made
