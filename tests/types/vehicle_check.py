"""`vehicle-check`: the type that docs/how-to/add-a-type.md writes, read from that page. No code knows it."""

import re
import tempfile
from functools import cache
from pathlib import Path

from passerelle.dossiers.types import Catalogue
from tests.types import Sample

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-type.md"


@cache
def catalogue() -> Catalogue:
    """The shipped types and the one of the page."""
    text = "\n\n".join(re.findall(r"```toml\n(.*?)\n```", PAGE.read_text("utf-8"), re.DOTALL))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "vehicle-check.toml").write_text(text, "utf-8")
        return Catalogue.load(Path(folder))


SAMPLE = Sample(
    name="vehicle-check",
    catalogue=catalogue,
    bodies={
        "question": {"plate": "12345-A-6", "country": "MA", "stolen_on": "2026-11-02"},
        "finding": {"registered": True, "since": "2019-04-02"},
    },
    life=[
        ("opener", "question"),
        ("answerer", "acknowledge"),
        ("answerer", "take-charge"),
        ("answerer", "finding"),
        ("answerer", "finding", {"body": {"registered": False}}),
        ("opener", "close"),
    ],
)
