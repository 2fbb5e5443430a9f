"""The cells of the page, collected from the tests that carry `pytest.mark.shows(type, column)`.

Rules kept here: a cell is shown by a test that pytest collects, parameters included, so what was renamed or removed
shows nothing any more. Only files that name the mark are collected, so this takes seconds.

Left unchecked: whether a test shows what it says. Its reader does that; whether it passes, the suite.
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
TYPES = (
    "identification",
    "wanted-trace",
    "terrorism",
    "urgent-alert",
    "organised-crime",
    "human-trafficking",
    "financial-intelligence",
    "asset-recovery",
    "border-data",
    "event-security",
    "mutual-legal-assistance",
    "sentenced-person-transfer",
    "extradition",
    "content-referral",
    "cyber",
    "threat-contribution",
    "experience",
    "listed-person",
)
COLUMNS = ("life", "refusals", "rules", "deadlines", "languages", "crossing")
_MARKS = ("shows(", "every(")


class Shown(NamedTuple):
    """A test: its file from the root of the project, and its name without parameters."""

    file: str
    test: str


Cells = dict[tuple[str, str], list[Shown]]


class _Collector:
    """A plugin of pytest that keeps what carries the mark."""

    def __init__(self) -> None:
        self.cells: Cells = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        for item in items:
            shown = Shown(item.location[0], item.originalname)
            for mark in item.iter_markers("shows"):
                cell = self.cells.setdefault(tuple(mark.args), [])
                if shown not in cell:
                    cell.append(shown)


def files() -> list[str]:
    """The test files that name the mark."""
    found = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(one) for one in found if any(word in one.read_text("utf-8") for word in _MARKS)]


def collected() -> Cells:
    """The tests of each cell. Raises RuntimeError when pytest cannot collect them."""
    collector = _Collector()
    options = ["--collect-only", "--quiet", "-p", "no:cacheprovider", f"--rootdir={ROOT}"]
    said = io.StringIO()
    with redirect_stdout(said):
        done = pytest.main([*options, *files()], plugins=[collector])
    if done != pytest.ExitCode.OK:
        raise RuntimeError(f"expected tests that pytest collects, got: {said.getvalue()[-2000:]}")
    return collector.cells


def wrong(cells: Mapping[tuple[str, str], list[Shown]]) -> Iterator[str]:
    """Cells that no test shows, and marks that name no cell."""
    for kind in TYPES:
        for column in COLUMNS:
            if not cells.get((kind, column)):
                yield f"{kind}, {column}: expected a test that shows it, got none"
    for (kind, column), tests in cells.items():
        if kind not in TYPES or column not in COLUMNS:
            yield f"{tests[0].file}: {tests[0].test}: expected a type and a column of the page, got {kind}, {column}"
