"""docs/coverage.md says which test shows what of each dossier type, and no cell of it is empty."""

import subprocess
import sys
from pathlib import Path

from tools.coverage import cells
from tools.coverage.cells import COLUMNS, TYPES, Shown, wrong
from tools.coverage.page import text_of

ROOT = Path(__file__).parents[2]
ONE = Shown("tests/types/test_all_lives.py", "test_a_life_from_opening_to_end")


def test_the_page_is_what_the_tests_say() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.coverage", "check"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


def test_an_empty_cell_is_told_with_its_type_and_column() -> None:
    full = {(kind, column): [ONE] for kind in TYPES for column in COLUMNS}
    assert list(wrong(full)) == []
    assert "**none**" not in text_of(full)
    lacking = {cell: tests for cell, tests in full.items() if cell != ("cyber", "rules")}
    assert list(wrong(lacking)) == ["cyber, rules: expected a test that shows it, got none"]
    assert "| `cyber` | [all lives](../tests/types/test_all_lives.py) 1 |" in text_of(lacking)
    assert "**none**" in text_of(lacking)


def test_a_mark_that_names_no_cell_is_told() -> None:
    full = {(kind, column): [ONE] for kind in TYPES for column in COLUMNS}
    [told] = wrong(full | {("cyber", "courage"): [ONE]})
    assert told.endswith("expected a type and a column of the page, got cyber, courage")


def test_every_shipped_type_has_a_row() -> None:
    files = (ROOT / "src" / "passerelle" / "catalogue").glob("*.toml")
    shipped = {one.stem for one in files} - {"common", "envelope", "relations"}
    assert set(cells.TYPES) == shipped
