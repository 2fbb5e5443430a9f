"""`border-data`: a stolen passport is met at a border post and verified; a hit of a list screened blind."""

from tests.types import Sample
from tests.unit.dossiers.samples import SALMA, YOUSSEF, Content


def unlabelled(person: Content) -> Content:
    """The person without a nationality, which this type does not know."""
    return {key: value for key, value in person.items() if key != "nationalities"}


TRAVELLER: Content = unlabelled(SALMA)
SUSPECT: Content = unlabelled(YOUSSEF) | {"category": "suspect"}
DOCUMENT: Content = {"kind": "passport", "number": "ZX0000017", "country": "MA"}
PERIOD: Content = {"from_day": "2026-11-01", "until_day": "2026-11-20", "direction": "both", "offence": "Vol qualifié"}
CROSSING: Content = {
    "on": "2026-11-20",
    "time": "14:05",
    "direction": "exit",
    "post": "Tanger Med",
    "document": "ZX0000017",
    "carrier": "Ferry (exemple)",
}
SCREENING: Content = {
    "reference": "0017aa00bb00cc42",
    "screened_on": "2026-11-21",
    "link": "travel-to-evade",
    "offence": "Vol qualifié",
    "travel": {"on": "2026-11-22", "carrier": "Vol EX 117", "from": "Casablanca", "to": "Bruxelles"},
}
HIT: Content = SCREENING | {"index": "wanted-persons", "claim": "0412345678" + "9ab0" * 13 + "17"}
"""With what a blind search gave; the digits at its beginning are nobody's telephone."""
FOLLOW_UP: Content = {
    "verified_by": "Officier de permanence 0417",
    "by_a_person": True,
    "verified_on": "2026-11-21",
    "verified_at": "14:30",
    "compared": ["identity-data", "document"],
    "outcome": "confirmed",
    "measure": "referred",
}
NOT_THE_PERSON: Content = {key: value for key, value in FOLLOW_UP.items() if key != "measure"} | {
    "outcome": "not-the-person"
}
ERASED: Content = {"erased_on": "2026-11-21", "erased_at": "18:00", "entries": 214, "all_copies": True}

SAMPLE = Sample(
    name="border-data",
    bodies={
        "crossing-question": PERIOD | {"posts": ["Tanger Med"]},
        "document-question": PERIOD | {"document": DOCUMENT},
        "document-lost": {"document": DOCUMENT, "what": "stolen", "since": "2026-11-10"},
        "document-alert": {
            "document": DOCUMENT,
            "why": "altered",
            "then": "verify-and-retain",
            "until": "2027-05-01",
            "offence": "Faux et usage de faux",
        },
        "screening-hit": SCREENING,
        "crossing-reply": {"crossings": [CROSSING]},
        "hit": {"crossing": CROSSING},
        "ask-more": {"question": "Par quel poste le document est-il entré ?"},
        "hit-follow-up": FOLLOW_UP,
        "list-erased": ERASED,
    },
    subjects={"crossing-question": [SUSPECT], "screening-hit": [TRAVELLER], "hit": [TRAVELLER]},
    names={"hit-follow-up": "hit"},
    life=[
        ("opener", "document-lost"),
        ("answerer", "acknowledge"),
        ("answerer", "hit"),
        ("answerer", "hit-follow-up"),
        ("answerer", "hit"),
        ("answerer", "hit-follow-up", {"body": NOT_THE_PERSON}),
        ("answerer", "report-deletion"),
        ("opener", "report-deletion"),
        ("opener", "close"),
    ],
)
