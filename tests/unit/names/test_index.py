import shutil
import stat
from pathlib import Path

import numpy as np
import pytest

from passerelle.core.errors import InputError, StateError
from passerelle.names import Index, StaleIndexError, compare, prepared
from passerelle.names import index as index_module
from passerelle.names.block import Block
from passerelle.names.segment import Segment

PEOPLE = [
    ("a-1", ["EL MESKINI, Yassine", "ياسين المسكيني"]),
    ("a-2", ["EL MESKINI, Rachid"]),
    ("a-3", ["Abdelkader Zerhouni"]),
    ("ب-4", ["عبد القادر الزرهوني"]),
    ("a-5", ["Marieke Zevenbergen"]),
    ("a-6", ["Mohamed Ali"]),
    ("a-7", []),
    ("a-8", ["123"]),
    ("a-9", ["al el"]),
]


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index.build(tmp_path / "index", PEOPLE)


def ids(index: Index, *names: str, top: int = 10) -> list[str]:
    return [one for one, _ in index.search(names, top)]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_nearest_comes_first_in_either_script(index):
    assert ids(index, "Lmeskini Yassin")[:2] == ["a-1", "a-2"]
    assert ids(index, "ياسين المسكيني")[0] == "a-1"
    assert set(ids(index, "Abd el Kader ZERHOUNI")[:2]) == {"a-3", "ب-4"}


def test_the_score_is_that_of_the_comparison(index):
    names = dict(PEOPLE)
    for asked in (["Lmeskini Yassin"], ["Zerhouni"], ["M. Ali", "محمد علي"]):
        for one, score in index.search(asked, 10):
            assert score == pytest.approx(compare(prepared(asked), prepared(names[one])))


def test_a_person_comes_once_however_many_names_fit(index):
    assert ids(index, "Yassine El Meskini", "ياسين المسكيني", "Lmeskini").count("a-1") == 1


def test_no_more_than_asked_for(index):
    assert ids(index, "El Meskini", top=1) == ids(index, "El Meskini")[:1]


@pytest.mark.parametrize("names", [[], [""], ["123"], ["\u200b"], ["x" * 10_000]])
def test_what_cannot_be_read_finds_nobody(index, names):
    assert index.search(names, 10) == []


def test_it_is_opened_again(index, tmp_path):
    again = Index.open(tmp_path / "index")
    assert len(again) == len(PEOPLE)
    assert again.search(["Lmeskini"], 10) == index.search(["Lmeskini"], 10)
    assert "ب-4" in again
    assert "b-4" not in again


def test_its_files_are_their_owners_alone(index, tmp_path):
    for path in (tmp_path / "index").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_an_id_that_comes_twice_is_refused_and_nothing_changes(index, tmp_path):
    before = files(tmp_path / "index")
    with pytest.raises(InputError, match="expected each id once, got 'b' twice"):
        index.update([("b", ["Omar"]), ("b", ["Tazi"])])
    assert files(tmp_path / "index") == before


# ---- changes ---------------------------------------------------------------------------------------------------------


def test_changes_are_those_of_an_index_made_anew(index, tmp_path):
    changed = index.update([("a-2", ["TAZI, Omar"]), ("n-1", ["Rachid El Meskini"])], ["a-3", "unknown"])
    names = {**dict(PEOPLE), "a-2": ["TAZI, Omar"], "n-1": ["Rachid El Meskini"]}
    del names["a-3"]
    anew = Index.build(tmp_path / "anew", names.items())
    assert len(changed) == len(anew)
    for asked in ("Omar Tazi", "El Meskini", "Zerhouni Abdelkader", "ياسين المسكيني", "Mohamed"):
        assert changed.search([asked], 20) == anew.search([asked], 20)


def test_what_is_removed_is_gone_from_the_files(index, tmp_path):
    code = Block([["Zevenbergen"]]).table()[0][0].tobytes().rstrip(b"\0")
    assert any(code in data for data in files(tmp_path / "index").values())
    assert any(b"a-5" in data for data in files(tmp_path / "index").values())
    index.update([], ["a-5"])
    assert not any(code in data or b"a-5" in data for data in files(tmp_path / "index").values())
    assert "a-5" not in Index.open(tmp_path / "index")


def test_everything_can_be_removed(index):
    empty = index.update([], [one for one, _ in PEOPLE])
    assert len(empty) == 0
    assert empty.search(["El Meskini"], 10) == []
    assert ids(empty.update([("n", ["Omar Tazi"])]), "Tazi") == ["n"]


def test_an_empty_list_has_an_index(tmp_path):
    index = Index.build(tmp_path / "index", [])
    assert index.search(["Omar"], 10) == []
    assert ids(index.update([("n", ["Omar Tazi"])]), "Tazi") == ["n"]


def test_who_has_it_open_goes_on_with_the_old_one(index):
    new = index.update([], ["a-1"])
    assert "a-1" in ids(index, "Lmeskini Yassin")
    assert "a-1" not in ids(new, "Lmeskini Yassin")


# ---- stops and damage ------------------------------------------------------------------------------------------------


def test_a_stop_before_the_new_part_is_named_leaves_the_old_one(index, tmp_path, monkeypatch):
    def stop(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(index_module.durable, "replace", stop)
    with pytest.raises(OSError, match="no room"):
        index.update([], ["a-1"])
    monkeypatch.undo()
    again = Index.open(tmp_path / "index")
    assert "a-1" in again
    changed = again.update([], ["a-1"])
    assert "a-1" not in changed
    assert len(list((tmp_path / "index").glob("part-*"))) == 1


@pytest.mark.parametrize("missing", ["index.json", "part-1/codes.npy", "part-1"])
def test_an_index_that_is_not_whole_is_not_opened(index, tmp_path, missing):
    path = tmp_path / "index" / missing
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(StaleIndexError):
        Index.open(tmp_path / "index")
    assert len(Index.build(tmp_path / "index", PEOPLE)) == len(PEOPLE)


def test_a_file_that_is_cut_off_is_noticed(index, tmp_path):
    path = tmp_path / "index" / "part-1" / "flat.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(StaleIndexError, match="expected a whole index"):
        Index.open(tmp_path / "index")


def test_the_index_of_another_version_is_made_anew(index, tmp_path, monkeypatch):
    monkeypatch.setattr(index_module, "version", lambda: "another")
    with pytest.raises(StaleIndexError):
        Index.open(tmp_path / "index")


def test_progress_is_told(tmp_path):
    told: list[int] = []
    Index.build(tmp_path / "index", ((str(one), ["Omar Tazi"]) for one in range(25_000)), progress=told.append)
    assert told == [10_000, 20_000, 25_000]


def test_a_frequent_name_is_found_among_many(tmp_path):
    many = [(str(one), [f"Mohamed {name}"]) for one, name in enumerate(["Tazi", "Lahlou", "Filali"] * 1000)]
    index = Index.build(tmp_path / "index", [*many, ("x", ["Mohamed Ali"])])
    assert ids(index, "محمد علي")[0] == "x"
    assert len(ids(index, "Mohamed", top=50)) == 50


def test_a_part_gives_its_ids_in_order(index):
    part = Segment(Segment.made(PEOPLE))
    assert list(part.ids()) == [one for one, _ in PEOPLE]
    assert [part.row(one) for one, _ in PEOPLE] == list(range(len(PEOPLE)))
    assert part.row("") == -1
    assert np.array_equal(part.without([])["flat"].shape, Segment.made(PEOPLE)["flat"].shape)


def test_who_opens_it_while_it_changes_gets_the_new_one(index, tmp_path, monkeypatch):
    read = index_module._written
    seen = []

    def then_changed(folder: Path) -> tuple[int, str]:
        found = read(folder)
        if not seen:
            seen.append(found)
            index.update([("n-1", ["Idriss Benjelloun"])])
        return found

    monkeypatch.setattr(index_module, "_written", then_changed)
    assert ids(Index.open(tmp_path / "index"), "Idris Benjeloun")[:1] == ["n-1"]


def test_a_change_is_never_made_from_a_state_that_is_gone(index, tmp_path):
    index.update([("n-1", ["Idriss Benjelloun"])])
    with pytest.raises(StateError, match="expected the one that was opened, got one that has changed since"):
        index.update([("n-2", ["Soukaina Rahali"])])
    kept = Index.open(tmp_path / "index")
    assert "n-1" in kept
    assert "n-2" not in kept


def test_half_a_character_is_no_id(index, tmp_path):
    with pytest.raises(InputError, match=r"got half a character in 'x.ud800'"):
        Index.build(tmp_path / "other", [("x\ud800", ["Omar Tazi"])])
    assert "\ud800" not in index
    assert len(index.update([], ["\ud800"])) == len(PEOPLE)
