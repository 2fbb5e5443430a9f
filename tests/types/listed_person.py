"""`listed-person`: Hamza El Gharbaoui, on an invented list, is seen and later delisted."""

from tests.types import Sample
from tests.unit.dossiers.samples import BODIES, HAMZA

SAMPLE = Sample(
    name="listed-person",
    bodies={
        "notice": {
            "list": "Liste consolidée (exemple)",
            "number": "QX.i.017.21",
            "listed_on": "2021-02-03",
            "comments": "Entrée inventée pour les essais.",
        },
        "seen": BODIES["seen"],
        "delisted": BODIES["delisted"],
    },
    subjects={"notice": [HAMZA]},
    life=[
        ("opener", "notice"),
        ("answerer", "acknowledge"),
        ("answerer", "take-charge"),
        ("answerer", "seen"),
        ("opener", "delisted"),
        ("answerer", "report-deletion"),
    ],
)
