"""Marks beside a store: what no copy of it takes along."""

import os
import shutil
import stat
from pathlib import Path

from passerelle.store.marks import FileMarks
from passerelle.store.memory import MemoryStore


def marks(folder: Path) -> FileMarks:
    return FileMarks(folder, MemoryStore())


def test_a_mark_stands_until_an_index_is_given_out_by_any_process(tmp_path: Path) -> None:
    one, other = marks(tmp_path), marks(tmp_path)
    assert one.look("ma", "flash") == ""
    assert not one.stands("ma", "flash", "")
    first = one.touch("ma", "flash")
    assert other.stands("ma", "flash", first)
    os.utime(tmp_path / "marks" / "ma.flash", ns=(1, 1))  # whatever a tool sets, the kernel notes the change
    second = other.look("ma", "flash")
    assert first != second
    assert not other.stands("ma", "flash", first)
    assert one.look("ma", "routine") == ""


def test_what_a_lost_transaction_touched_still_stands_for_its_own_process(tmp_path: Path) -> None:
    one = marks(tmp_path)
    first = one.touch("ma", "flash")
    while one.touch("ma", "flash", first) == first:
        pass  # the kernel's clock has a grain
    assert one.stands("ma", "flash", first)
    assert not marks(tmp_path).stands("ma", "flash", first)


def test_a_folder_that_was_copied_or_put_back_holds_no_mark(tmp_path: Path) -> None:
    folder, copy = tmp_path / "be", tmp_path / "copy"
    folder.mkdir()
    one = marks(folder)
    first = one.touch("ma", "flash")
    shutil.copytree(folder, copy)
    assert marks(copy).life != one.life
    shutil.rmtree(folder)
    shutil.copytree(copy, folder, copy_function=shutil.copy2)
    assert not marks(folder).stands("ma", "flash", first)


def test_how_far_a_log_left_is_durable_and_never_less(tmp_path: Path) -> None:
    one = marks(tmp_path)
    assert one.carried("ma", "flash") == ("", 0)
    one.carry("ma", "flash", "passerelle/be/ma/flash/1", 7)
    one.carry("ma", "flash", "passerelle/be/ma/flash/1", 5)
    assert marks(tmp_path).carried("ma", "flash") == ("passerelle/be/ma/flash/1", 7)
    one.carry("ma", "flash", "passerelle/be/ma/flash/2", 1)
    assert one.carried("ma", "flash") == ("passerelle/be/ma/flash/2", 1)
    assert stat.S_IMODE((tmp_path / "marks").stat().st_mode) == 0o700


def test_a_note_that_cannot_be_read_counts_for_nothing(tmp_path: Path) -> None:
    one = marks(tmp_path)
    (tmp_path / "marks" / "ma.flash.carried").write_text("torn")
    assert one.carried("ma", "flash") == ("", 0)
