"""Published lists in their own format, where they are at hand."""

import gzip
import os
from collections import Counter
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from passerelle.persons.model import Entry, Fault
from passerelle.screening.readers import Options, Reading, entries, remarks
from passerelle.screening.readers.reading import Draft

DATA = Path(os.environ.get("PASSERELLE_DATA", Path(__file__).parents[4] / "shared" / "data"))
UN = DATA / "lists" / "un-consolidated.xml"
OFAC = [DATA / "lists" / f"ofac-{name}.csv" for name in ("sdn", "alt", "add")]
LINES = [DATA / "names" / f"{name}.jsonl.gz" for name in ("persons", "travellers")]


def read(*paths: Path) -> tuple[list[Entry], list[Fault], Reading]:
    for path in paths:
        if not path.is_file():
            pytest.skip(f"the published list is not at {path}; set PASSERELLE_DATA to the folder that has it")
    reading = entries([BytesIO(path.read_bytes()) for path in paths], None, options=Options(today=date(2026, 6, 1)))
    found = list(reading)
    return [one for one in found if isinstance(one, Entry)], [one for one in found if isinstance(one, Fault)], reading


def test_the_list_of_the_security_council() -> None:
    found, faults, reading = read(UN)
    assert not faults
    assert reading.form == "un"
    text = UN.read_text("utf-8")
    assert len(found) == text.count("<INDIVIDUAL>")
    assert reading.skipped == text.count("<ENTITY>")
    assert len({one.id for one in found}) == len(found)
    spelled = sum(any(name.kind == "spelling" for name in one.person.names) for one in found)
    assert spelled == text.count("</NAME_ORIGINAL_SCRIPT>")
    born = sum(bool(one.person.births) for one in found)
    assert born >= 0.95 * len(found)
    nations = [one for one in found if one.person.nationalities]
    assert len(nations) == len([one for one in text.split("<INDIVIDUAL>")[1:] if "<NATIONALITY>" in one])


def test_the_list_of_the_treasury() -> None:
    found, faults, reading = read(*OFAC)
    assert not faults
    assert reading.form == "ofac"
    assert len(found) + reading.skipped == sum(1 for line in OFAC[0].read_text().splitlines() if line.strip("\x1a"))
    assert len({one.id for one in found}) == len(found)
    born = sum("DOB" in line for line in OFAC[0].read_text().splitlines())
    assert sum(bool(one.person.births) for one in found) == born


def test_what_stands_in_the_remarks_of_the_treasury() -> None:
    read(OFAC[0])
    understood, left = Counter[str](), Counter[str]()
    for line in OFAC[0].read_text().splitlines():
        for what, taken in remarks.take(Draft((1, 1)), line.rpartition('"')[0].rpartition('"')[2], (1, 1)):
            (understood if taken else left)[what] += 1
    assert understood["DOB"] > 1000
    assert not left["DOB"]
    assert not left["POB"]
    papers = understood["document"] + understood["number"]
    assert left["paper"] <= 0.01 * papers


@pytest.mark.parametrize("path", LINES, ids=lambda path: path.name)
def test_persons_as_json_lines(path: Path) -> None:
    if not path.is_file():
        pytest.skip(f"the persons are not at {path}; set PASSERELLE_DATA to the folder that has them")
    with gzip.open(path) as file:
        reading = entries(file, None, options=Options(today=date(2026, 6, 1)))
        faults = [one for one in reading if isinstance(one, Fault)]
    assert reading.form == "jsonl"
    lines = gzip.decompress(path.read_bytes()).splitlines()
    kinds = {fault.message.partition(", got")[0] for fault in faults}
    assert kinds <= {
        "expected a name, a document or a number",
        "birth: expected YYYY, YYYY-MM or YYYY-MM-DD",
        "name: expected text without control or bidirectional characters",
    }
    assert reading.entries == len(lines) - sum("expected a name, a doc" in fault.message for fault in faults)
