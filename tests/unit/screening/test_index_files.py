"""The index files of lists: derived, private, made anew whenever they do not fit, gone with their list."""

import shutil
import stat

import pytest

from passerelle.core.errors import StateError
from passerelle.screening import index, lists
from tests.unit.screening.desk import WANTED, Counter, entry


@pytest.fixture
def desk(tmp_path):
    made = Counter(tmp_path / "node")
    made.take([*WANTED, *(entry(f"N{number}", f"Nobody Number{number}") for number in range(40))])
    return made


def row(desk):
    return desk.read(lambda tx: lists.find(tx, "watch"))


def found(desk, *texts):
    return {one for one, score in desk.indexes.open(row(desk)).search(texts, 5) if score > 0.5}


def place(desk):
    return desk.indexes.folder / row(desk).id


def test_it_is_made_when_it_is_first_needed_and_nobody_else_reads_it(desk):
    assert not desk.indexes.folder.exists()
    assert "Q1" in found(desk, "YOUSSEF EL AMRAOUI")
    for one in (desk.indexes.folder, *desk.indexes.folder.rglob("*")):
        mode = stat.S_IMODE(one.stat().st_mode)
        assert mode == (0o700 if one.is_dir() else 0o600) or one.name == "lock", one
    assert {one.name for one in place(desk).iterdir()} == {"lock", row(desk).edition}


def test_it_is_not_made_twice(desk):
    desk.indexes.open(row(desk))
    before = {one: one.stat().st_ino for one in place(desk).rglob("*") if one.is_file()}
    desk.indexes.open(row(desk))
    assert {one: one.stat().st_ino for one in place(desk).rglob("*") if one.is_file()} == before


def test_what_an_import_changed_is_found_and_what_it_took_out_is_not(desk):
    desk.indexes.open(row(desk))
    kept = desk.held()
    del kept["Q2"]
    kept["Q3"] = entry("Q3", "Zineb Lahlou")
    kept["Q4"] = entry("Q4", "Karim Alaoui")
    desk.take(kept.values())
    assert {one.name for one in place(desk).iterdir()} != {"lock", row(desk).edition}
    assert "Q4" in found(desk, "KARIM ALAOUI")
    assert "Q3" in found(desk, "ZINEB LAHLOU")
    assert "Q2" not in found(desk, "RACHID BENSALEM")
    assert "Q3" not in found(desk, "KHADIJA AIT OURIR")
    assert len(desk.indexes.open(row(desk))) == len(kept)
    assert {one.name for one in place(desk).iterdir()} == {"lock", row(desk).edition}


def test_an_update_gives_what_building_anew_gives(desk):
    desk.indexes.open(row(desk))
    changed = [*desk.held().values()][3:]
    changed.append(entry("Q7", "Salma Benjelloun", "سلمى بنجلون"))
    desk.take(changed)
    queries = [[name.text for name in one.person.names] for one in changed]
    updated = [desk.indexes.open(row(desk)).search(texts, 3) for texts in queries]
    shutil.rmtree(desk.indexes.folder)
    built = [desk.indexes.open(row(desk)).search(texts, 3) for texts in queries]
    for one, other in zip(updated, built, strict=True):
        assert [score for _, score in one] == pytest.approx([score for _, score in other])
        assert one[0][0] == other[0][0]


@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "garbage", "half made"])
def test_a_lost_or_damaged_index_is_made_anew(desk, damage):
    desk.indexes.open(row(desk))
    now = place(desk) / row(desk).edition
    if damage == "gone":
        shutil.rmtree(desk.indexes.folder)
    elif damage == "half made":
        now.rename(now.with_name(".new"))
    else:
        for one in [one for one in now.rglob("*") if one.is_file()]:
            body = one.read_bytes()
            one.write_bytes({"empty": b"", "cut": body[: len(body) // 2], "garbage": b"\xff" * len(body)}[damage])
    assert "Q1" in found(desk, "YOUSSEF EL AMRAOUI")
    assert {one.name for one in place(desk).iterdir()} == {"lock", row(desk).edition}


def test_an_update_that_is_stopped_leaves_nothing_that_counts(desk):
    desk.indexes.open(row(desk))
    desk.take([*desk.held().values(), entry("Q8", "Hanane Idrissi")])

    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        desk.indexes.open(row(desk), stop)
    assert not (place(desk) / row(desk).edition).exists()
    assert "Q8" in found(desk, "HANANE IDRISSI")


def test_an_index_of_a_store_that_was_put_back_does_not_fit(desk):
    first = row(desk)
    desk.indexes.open(first)
    desk.take([*desk.held().values(), entry("Q8", "Hanane Idrissi")])
    desk.indexes.open(row(desk))
    with pytest.raises(StateError, match="expected list watch as it was when its index was begun, got another"):
        desk.indexes.open(first)  # its entries are gone
    assert "Q8" in found(desk, "HANANE IDRISSI")


def test_the_files_go_with_the_list(desk):
    desk.indexes.open(row(desk))
    desk.take(WANTED, name="other")
    other = desk.read(lambda tx: lists.find(tx, "other"))
    desk.indexes.open(other)
    lists.remove(desk.office, desk.register, desk.carl, "watch", "over")
    desk.indexes.forget()
    assert [one.name for one in desk.indexes.folder.iterdir()] == [other.id]
    desk.clock.advance(400 * 86_400_000)
    lists.expire(desk.ctx)
    desk.indexes.forget()
    assert [one.name for one in (desk.indexes.folder / other.id).iterdir()] == ["lock"]


def test_nobody_looks_at_progress_unless_asked(desk):
    told = []
    desk.indexes.open(row(desk), lambda done, of: told.append((done, of)))
    assert index.nobody(1, 2) is None
    desk.take([entry(f"M{number}", f"Many Names{number}") for number in range(1200)], fewer=True)
    desk.indexes.open(row(desk), lambda done, of: told.append((done, of)))
    assert told == [(500, 1200), (1000, 1200)]
