from pathlib import Path

from benchmarks import verify


def test_a_log_is_written_verified_and_held_against_bare_hashing(tmp_path: Path) -> None:
    figures, notes = verify.measure(tmp_path, 2000, 1)
    assert [figure.what for figure in figures] == [
        "verify the file",
        "memory of it",
        "write the file",
        "check the store",
    ]
    assert all(figure.value > 0 for figure in figures)
    assert [figure.peer for figure in figures] == ["bare hashing", "", "bare hashing", "bare hashing"]
    assert notes[0].startswith("2,000 entries")
