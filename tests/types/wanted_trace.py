"""`wanted-trace`: Youssef El Amraoui, wanted under a warrant, is found, arrested and released in time."""

from tests.types import Sample
from tests.unit.dossiers.samples import BODIES, OWN_BODIES, WARRANT, YOUSSEF, statement

OWN = (
    "review",
    "sighting",
    "located",
    "provisional-arrest",
    "arrested",
    "extradition-announced",
    "release-due",
    "cancelled",
)

SAMPLE = Sample(
    name="wanted-trace",
    bodies={
        **{name: BODIES[name] for name in OWN},
        "request": {"warrant": WARRANT, "danger": "Peut être armé"},
        "interim": OWN_BODIES["wanted-trace"]["interim"],
        "close": OWN_BODIES["wanted-trace"]["close"],
        "index-withdrawn": {"withdrawn_on": "2026-11-21"},
    },
    subjects={"request": [YOUSSEF]},
    statements={"request": [statement()]},
    life=[
        ("opener", "request"),
        ("answerer", "take-charge"),
        ("answerer", "review"),
        ("answerer", "sighting"),
        ("answerer", "located"),
        ("opener", "provisional-arrest"),
        ("answerer", "arrested"),
        ("opener", "extradition-announced"),
        ("answerer", "release-due"),
        (
            "answerer",
            "release-due",
            {"body": BODIES["release-due"] | {"custody": "released", "released_on": "2026-11-21"}},
        ),
        ("opener", "close"),
    ],
    lives=[[("opener", "request"), ("opener", "cancelled"), ("opener", "index-withdrawn")]],
    names={"index-withdrawn": "cancelled"},
)
