"""Each threat of the blind search names code that is there and a test that is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "search.md"
_LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


def threats() -> list[list[str]]:
    """The rows of the table: threat, what holds, where, shown by."""
    text = PAGE.read_text("utf-8").partition("## Threats\n")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def test_each_threat_is_met_by_code_and_shown_by_a_test() -> None:
    rows = threats()
    assert len(rows) > 8
    for row in rows:
        threat, holds, where, shown = row
        assert threat
        assert holds
        paths = re.findall(r"`([^`]+)`", where)
        assert paths, threat
        for path in paths:
            assert (ROOT / "src/passerelle" / path).exists(), f"{threat}: no {path}"
        links = _LINK.findall(shown)
        assert links, f"{threat}: shown by nothing"
        for words, link in links:
            file = (PAGE.parent / link).resolve()
            assert file.is_file(), f"{threat}: no {link}"
            name = "test_" + words.replace(" ", "_")
            assert f"def {name}(" in file.read_text("utf-8"), f"{threat}: no {name} in {link}"
