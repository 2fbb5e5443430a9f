import pytest

from tests.unit.office.bureau import Bureau


@pytest.fixture
def bureau() -> Bureau:
    return Bureau()
