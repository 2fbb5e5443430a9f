"""`urgent-alert`: an attack being prepared, what was done against it, and the all-clear."""

from tests.types import Sample
from tests.unit.dossiers.samples import BODIES, DANGER, OWN_BODIES, statement

SAMPLE = Sample(
    name="urgent-alert",
    bodies={
        **{name: BODIES[name] for name in ("action-taken", "all-clear")},
        **OWN_BODIES["urgent-alert"],
        "alert": DANGER,
    },
    statements={"alert": [statement(about=[], source="B", information="2", obtained="human-source")]},
    envelope={"necessity": "Éviter un attentat.", "urgency": "immediate"},
    life=[
        ("opener", "alert"),
        ("answerer", "acknowledge"),
        ("answerer", "take-charge"),
        ("answerer", "action-taken"),
        ("opener", "all-clear"),
        ("answerer", "action-taken"),
        ("opener", "all-clear"),
        ("answerer", "close"),
    ],
)
