"""The page docs/coverage.md."""

from collections.abc import Iterator
from pathlib import Path

from tools.coverage.cells import COLUMNS, ROOT, TYPES, Cells, Shown

PAGE = ROOT / "docs" / "coverage.md"
HEADS = {
    "life": "Life between two nodes",
    "refusals": "Refusals",
    "rules": "Own rules",
    "deadlines": "Deadlines",
    "languages": "Languages",
    "crossing": "Crossing acts",
}
HEAD = """# Which test shows what of each dossier type

Written by `./run coverage update` out of the marks of the tests; `./run check` fails when a cell is empty or the page
is not what the tests say. A number is that of the tests of a file that show the cell; they are named below.
"""


def text_of(cells: Cells) -> str:
    """The page."""
    lines = [HEAD, f"| type | {' | '.join(HEADS[one] for one in COLUMNS)} |", "| --- " * (len(COLUMNS) + 1) + "|"]
    lines += [f"| `{kind}` | {' | '.join(_cell(cells.get((kind, one), [])) for one in COLUMNS)} |" for kind in TYPES]
    lines += ["", *_alike(cells), *_own(cells)]
    return "\n".join(lines).rstrip() + "\n"


def _cell(tests: list[Shown]) -> str:
    files = {one.file: sum(two.file == one.file for two in tests) for one in tests}
    return ", ".join(f"[{_short(file)}](../{file}) {number}" for file, number in sorted(files.items())) or "**none**"


def _short(file: str) -> str:
    return Path(file).stem.removeprefix("test_").replace("_", " ")


def _sentence(test: str) -> str:
    return test.removeprefix("test_").replace("_", " ")


def _everywhere(cells: Cells, test: Shown, column: str) -> bool:
    return all(test in cells.get((kind, column), []) for kind in TYPES)


def _line(column: str, test: Shown) -> str:
    return f"- {HEADS[column]}: [{_sentence(test.test)}](../{test.file})"


def _alike(cells: Cells) -> Iterator[str]:
    """The tests that every type passes."""
    yield "## What every type passes"
    yield ""
    for column in COLUMNS:
        common = [one for one in cells.get((TYPES[0], column), []) if _everywhere(cells, one, column)]
        yield from (_line(column, one) for one in sorted(common))
    yield ""


def _own(cells: Cells) -> Iterator[str]:
    """The tests of each type alone, by column."""
    for kind in TYPES:
        yield f"## {kind}"
        yield ""
        for column in COLUMNS:
            own = [one for one in cells.get((kind, column), []) if not _everywhere(cells, one, column)]
            yield from (_line(column, one) for one in sorted(own))
        yield ""
