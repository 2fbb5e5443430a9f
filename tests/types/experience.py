"""`experience`: a training that is offered, agreed, held, evaluated and followed up."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content

OFFER: Content = {
    "kind": "training",
    "field": "forensics",
    "subject": "Relevé de traces papillaires sur support humide.",
    "for": "Techniciens de police scientifique",
    "places": 12,
    "languages": ["fr"],
    "from_day": "2027-03-01",
    "until_day": "2027-03-05",
}
DAYS: Content = {
    "days": [
        {"day": "2027-03-01", "theme": "Prélèvement", "form": "Atelier"},
        {"day": "2027-03-02", "theme": "المختبر"},
    ],
    "place": "École de police",
    "country": "BE",
    "languages": ["fr"],
    "costs": "each-its-own",
}

SAMPLE = Sample(
    name="experience",
    area="general",
    bodies={
        "offer": OFFER,
        "request": {name: value for name, value in OFFER.items() if name != "places"} | {"number": 8},
        "programme": DAYS,
        "material": {"title": "دليل رفع الآثار", "kind": "handbook", "language": "ar"},
        "evaluation": {
            "from_day": "2026-10-05",
            "until_day": "2026-10-09",
            "participants": 11,
            "useful": "very",
            "points": ["Traduire le manuel"],
        },
        "follow-up": {"visit": "V-2026-07", "points": [{"point": "Traduire le manuel", "status": "under-way"}]},
    },
    envelope={"purpose": "training", "necessity": "Former les techniciens des deux services."},
    names={"agree": "programme"},
    channel={"purposes": ["training", "experience"]},
    life=[
        ("opener", "offer"),
        ("answerer", "take-charge"),
        ("answerer", "programme"),
        ("opener", "agree"),
        ("opener", "material"),
        ("answerer", "evaluation"),
        ("opener", "follow-up"),
        ("opener", "close"),
    ],
)
