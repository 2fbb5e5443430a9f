"""`identification`: Salma Bennani Zerhouni, under an enforceable return decision, is identified and returns."""

from tests.types import Sample
from tests.unit.dossiers.samples import BODIES, CLAIM, ENVELOPES, OWN_BODIES, RETURN, SALMA

OWN = (
    "more-information",
    "consular-interview",
    "nationality-confirmed",
    "nationality-not-confirmed",
    "laissez-passer-issued",
    "laissez-passer-expired",
    "returned",
)

SAMPLE = Sample(
    name="identification",
    area="migration",
    bodies={
        **{name: BODIES[name] for name in OWN},
        **OWN_BODIES["identification"],
        "request": {"return_decision": RETURN, "claim": CLAIM},
    },
    subjects={"request": [SALMA]},
    envelope={"necessity": ENVELOPES["identification"]["necessity"]},
    life=[
        ("opener", "request"),
        ("answerer", "acknowledge"),
        ("answerer", "take-charge"),
        ("answerer", "ask-more"),
        ("opener", "more-information"),
        ("answerer", "consular-interview"),
        ("answerer", "nationality-not-confirmed"),
        ("opener", "more-information"),
        ("opener", "suspend"),
        ("opener", "resume"),
        ("answerer", "nationality-confirmed"),
        ("answerer", "laissez-passer-issued"),
        ("opener", "laissez-passer-expired"),
        ("answerer", "laissez-passer-issued"),
        ("opener", "returned"),
        ("answerer", "report-deletion"),
    ],
)
