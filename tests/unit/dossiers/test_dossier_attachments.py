"""What an act may say of its attachments (check 9)."""

from importlib import resources
from pathlib import Path

import pytest

from passerelle.dossiers.content import fields_of, problems, special_of
from passerelle.dossiers.schema import CatalogueError
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


KINDS = Catalogue.load().types
PRINTS = GOOD | {"media": "image/x-wsq", "name": "Prints.wsq"}


@pytest.mark.parametrize("kind", sorted(samples.OPENINGS))
def test_every_opening_act_bears_photographs_and_documents(kind: str) -> None:
    act = KINDS[kind].acts[KINDS[kind].opening[0]]
    assert {"photographs", "documents"} <= {one.name for one in act.attachments.kinds}
    content = samples.OPENINGS[kind](attachments=[GOOD, GOOD | {"address": "cd" * 32, "media": "application/pdf"}])
    assert problems(content, KINDS[kind], now=samples.NOW) == ()


def test_an_act_bears_no_kind_of_file_that_its_type_does_not_name() -> None:
    content = samples.OPENINGS["urgent-alert"](attachments=[PRINTS])
    expected = "attachments[0].media: expected a file of photographs, documents, recordings, got image/x-wsq"
    assert [str(one) for one in problems(content, KINDS["urgent-alert"], now=samples.NOW)] == [expected]


def test_an_act_that_bears_none_takes_none() -> None:
    content = samples.act("wanted-trace", "remind", attachments=[GOOD])
    expected = "attachments: expected no files, as remind bears none, got 1"
    assert [str(one) for one in problems(content, TYPE, now=samples.NOW)] == [expected]


def test_an_act_bears_as_many_as_its_type_says() -> None:
    most = TYPE.acts["sighting"].attachments.most
    files = [GOOD | {"address": f"{at:064x}"} for at in range(most + 1)]
    content = samples.act("wanted-trace", "sighting", attachments=files[:-1])
    assert problems(content, TYPE, now=samples.NOW) == ()
    content = samples.act("wanted-trace", "sighting", attachments=files)
    expected = f"attachments: expected at most {most} files, got {most + 1}"
    assert [str(one) for one in problems(content, TYPE, now=samples.NOW)] == [expected]


def test_fingerprints_are_a_special_category_of_their_own_name() -> None:
    with_prints = samples.wanted_request(attachments=[GOOD, PRINTS | {"address": "cd" * 32}])
    assert special_of(with_prints, TYPE) == {"attachments.fingerprints"}
    assert special_of(samples.wanted_request(attachments=[GOOD]), TYPE) == frozenset()
    assert special_of(samples.wanted_request(), TYPE) == frozenset()
    assert {"attachments", "attachments.fingerprints"} <= TYPE.fields
    assert "attachments.fingerprints" not in KINDS["urgent-alert"].fields


def test_a_word_left_unsaid_is_found_in_the_name_of_a_file() -> None:
    kind = KINDS["identification"]
    content = samples.OPENINGS["identification"](attachments=[GOOD | {"name": "asile 2024.png"}])
    found = [one.path for one in problems(content, kind, now=samples.NOW)]
    assert found == ["attachments[0].name"]


def test_every_media_type_is_of_one_kind() -> None:
    kinds = {kind for act in TYPE.acts.values() for kind in act.attachments.kinds}
    assert sorted(one for kind in kinds for one in kind.media) == list(MEDIA)


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ('kinds = ["photographs", "documents"]', 'kinds = ["pictures"]', "acts.notice.attachments.kinds"),
        ('"documents"], most = 10', '"documents"], most = 21', "acts.notice.attachments.most"),
        ('"documents"], most = 10', '"documents"], most = 0', "acts.notice.attachments.most"),
        ('kinds = ["photographs", "documents"]', "kinds = []", "acts.notice.attachments.most"),
        ('"documents"], most', '"documents"], least = 1, most', "acts.notice.attachments.least"),
    ],
)
def test_a_type_that_names_files_wrongly_is_not_loaded(before: str, after: str, path: str, tmp_path: Path) -> None:
    shipped = resources.files("passerelle.catalogue") / "listed-person.toml"
    text = shipped.read_text("utf-8")
    assert before in text
    text = text.replace(before, after, 1).replace('name = "listed-person"', 'name = "listed"', 1)
    (tmp_path / "listed.toml").write_text(text, "utf-8")
    with pytest.raises(CatalogueError, match=path.replace(".", r"\.")):
        Catalogue.load(tmp_path)
