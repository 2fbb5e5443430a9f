"""What an act may say of its attachments (check 9)."""

import pytest

from passerelle.dossiers.content import fields_of, problems
from passerelle.dossiers.types import Catalogue
from passerelle.exchange.media import MEDIA
from tests.unit.dossiers import samples

TYPE = Catalogue.load().types["wanted-trace"]
GOOD = {"address": "ab" * 32, "size": 1, "media": "image/png", "name": "Front.png", "key": "A" * 43 + "="}


def found(*items, **content):
    act = samples.wanted_request(attachments=list(items), **content)
    return [str(one) for one in problems(act, TYPE, now=samples.NOW)]


def test_good_ones_pass_and_count_as_a_field() -> None:
    others = [GOOD | {"address": f"{at:02x}" * 32, "media": media} for at, media in enumerate(MEDIA[:20])]
    assert found(GOOD) == []
    assert found(*others) == []
    assert found(GOOD | {"name": "صورة 1.png", "size": 2**40}) == []
    assert "attachments" in fields_of(samples.wanted_request(attachments=[GOOD]))
    assert "attachments" not in fields_of(samples.wanted_request())


@pytest.mark.parametrize("media", MEDIA)
def test_every_media_type_of_the_list_may_be_named(media: str) -> None:
    assert found(GOOD | {"media": media}) == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"address": "AB" * 32}, "address"),
        ({"address": "ab" * 31}, "address"),
        ({"size": 0}, "size"),
        ({"size": 2**40 + 1}, "size"),
        ({"size": "1"}, "size"),
        ({"media": "text/html"}, "media"),
        ({"media": "image/svg+xml"}, "media"),
        ({"media": "image/png\n"}, "media"),
        ({"name": ""}, "name"),
        ({"name": "../up.png"}, "name"),
        ({"name": ".hidden"}, "name"),
        ({"name": "a/b.png"}, "name"),
        ({"name": "a\\b.png"}, "name"),
        ({"name": "a\n.png"}, "name"),
        ({"name": "x" * 161}, "name"),
        ({"key": "A" * 43}, "key"),
        ({"key": "A" * 42 + "B="}, "key"),
        ({"more": 1}, "more"),
    ],
)
def test_bad_ones_are_told(change: dict[str, object], path: str) -> None:
    assert any(one.startswith(f"attachments[0].{path}") for one in found(GOOD | change)), found(GOOD | change)


def test_there_is_one_address_for_each_and_twenty_at_most() -> None:
    assert found(GOOD, GOOD)[0].startswith("attachments[1].address")
    assert found(*(GOOD | {"address": f"{at:064x}"} for at in range(21)))[0].startswith("attachments:")
    assert found()[0].startswith("attachments:")
