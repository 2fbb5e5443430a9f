"""The forgeries cover what the specification names: every field that its text has is forged somewhere."""

import re
from pathlib import Path

from passerelle.exchange.checks import Check
from passerelle.exchange.content import KINDS, PLAIN_KINDS, UNANSWERED
from passerelle.exchange.succession import KEY_KINDS
from passerelle.exchange.wire import WITHHELD
from tests.unit.exchange import forge, test_forgeries_batch, test_forgeries_content, test_forgeries_notes
from tests.unit.exchange.forge import Forger

SPEC = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text("utf-8")


def block(first: str) -> list[str]:
    """The lines of the indented block that begins with this line, without the indent."""
    lines = SPEC.split("\n")
    begin = next(number for number, line in enumerate(lines) if line.strip() == first)
    indent = len(lines[begin]) - len(lines[begin].lstrip())
    found = []
    for line in lines[begin:]:
        if len(line) - len(line.lstrip()) < indent or not line.strip():
            break
        found.append(line[indent:])
    return found


def table(heading: str) -> list[list[str]]:
    """The rows of the first table whose head has this cell."""
    rows: list[list[str]] = []
    for line in SPEC.split("\n"):
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if rows and not cells:
            return rows[2:]
        if cells and (rows or cells[0] == heading):
            rows.append(cells)
    return rows[2:]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_leaf() -> None:
    assert len(block("passerelle-entry/1")) == len(forge.LEAF)
    tried = {case[0] for case in test_forgeries_batch.CASES}
    assert {f"entry.1.leaf.{name}" for name in forge.LEAF} <= tried


def test_the_header() -> None:
    lines = block("passerelle-batch/1")
    assert [len(re.findall(r"<[^>]*>", line)) or 1 for line in lines] == [1, 1, 2, 1, 1, 1]
    tried = {case[0] for case in test_forgeries_batch.CASES}
    for name in forge.HEADER:
        assert f"header.{name}" in tried or any(one.startswith(f"header.{name}.") for one in tried)


def test_the_plaintext() -> None:
    start = SPEC.index("plaintext = ")
    text = SPEC[start : SPEC.index("\n\n", start)]
    assert re.findall(r"u\d+ [a-z0-9]+", text) == [
        "u8 1",
        "u32 length",
        "u64 a",
        "u32 count",
        "u16 length",
        "u8 0",
        "u32 length",
        "u8 1",
        "u8 length",
    ]
    tried = {case[0] for case in test_forgeries_batch.CASES}
    assert {f"plain.{name}" for name in forge.PLAIN} <= tried
    assert {f"entry.1.{name}" for name in forge.CONTENT_ITEM} <= tried


def test_the_reasons_for_withholding() -> None:
    line = SPEC[SPEC.index("Reasons for a **withheld** entry") :].split("\n")[0]
    assert set(names(line)) == set(WITHHELD)
    assert not set(WITHHELD) & set(test_forgeries_batch.REASONS)


def test_the_notes() -> None:
    assert len(block("passerelle-status/1")) == 5
    assert len(block("passerelle-status-answer/1")) == 7
    assert len(block("passerelle-recover/1")) == 5
    words = " ".join(test_forgeries_notes.ANSWERS)
    for field in ("kind", "names", "nonce", "time", "lane", "generation", "size", "root", "receipt", "part"):
        assert field in words or field == "nonce"
    assert "another question" in words  # the nonce


def test_the_contents() -> None:
    rows = table("key")
    common = [names(row[0])[0] for row in rows] if names(rows[0][0]) == ["v"] else []
    if not common:
        start = SPEC.index("All kinds have")
        part = SPEC[start:]
        common = [names(line)[0] for line in part.split("\n") if line.startswith("| `")][:5]
    assert common == list(test_forgeries_content.COMMON)
    kinds = {}
    for row in table("kind"):
        for name in names(row[0]):
            kinds[name] = [one for one in names(row[2]) if not one.startswith("{") and one != "message"]
    assert set(kinds) == set(KINDS)
    for kind in PLAIN_KINDS:
        if kind in KEY_KINDS:
            assert set(kinds[kind]) == {"statement", "signed", "identity", "by", "reason"}
        elif kind not in UNANSWERED:
            assert set(test_forgeries_content.PLAIN[kind]) == set(kinds[kind]), kind


def test_the_act() -> None:
    start = SPEC.index("A content of kind `act` has, beside the common keys:")
    text = SPEC[start : SPEC.index("Its schema", start)]
    named = set(names(text.partition(":")[2])) - {"author", "releaser", "second", "audit"}
    assert named == set(test_forgeries_content.FIELDS)


def test_the_checks() -> None:
    assert [row[0] for row in table("#")] == [check.value for check in Check]
    numbers = {case[3] for case in test_forgeries_batch.CASES}
    assert numbers == {"0", "1", "2", "3", "4", "5"}  # 6 to 10 have files of their own


def test_every_field_that_a_batch_is_made_of_is_known_here(base_forger: Forger) -> None:
    base_forger.build()
    fields = {name.split(".")[0] for name in base_forger.asked}
    assert fields == {"items", "entry", "checkpoint", "plain", "seal", "ciphertext", "header", "body", "sealed"}
