"""`threat-contribution`: two services on one phenomenon, each on its own scale, and what they say together."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content

FOUR: Content = {"name": "Échelle à quatre niveaux", "levels": ["1 faible", "2 moyen", "3 grave", "4 très grave"]}
THREE: Content = {"name": "سلّم بثلاث درجات", "levels": ["أخضر", "برتقالي", "أحمر"]}
HERE: Content = {"scale": FOUR, "level": "3 grave"}
THERE: Content = {"scale": THREE, "level": "برتقالي"}
VIEW: Content = {
    "trend": "rising",
    "confidence": "moderate",
    "sources": ["open-source", "partner", "official-record"],
    "text": "Les réseaux étendent leurs routes vers la côte ; les saisies augmentent depuis l'été.",
}

SAMPLE = Sample(
    name="threat-contribution",
    area="general",
    bodies={
        "assessment": {
            "phenomenon": "firearms-trafficking",
            "region": {"name": "Sahel occidental", "countries": ["ML", "MR"]},
            "view": HERE,
            "from_day": "2026-07-01",
            "until_day": "2026-12-31",
            **VIEW,
        },
        "own-assessment": {**VIEW, "view": THERE, "text": "تزايد عدد المحجوزات منذ الصيف."},
        "comment": {"text": "Les sources diffèrent sur la cause.", "stance": "partly"},
        "joint-assessment": {
            "opener": HERE,
            "answerer": THERE,
            "mapping": [
                {"opener": "1 faible", "answerer": "أخضر", "relation": "equal"},
                {"opener": "2 moyen", "answerer": "برتقالي", "relation": "part-of"},
                {"opener": "3 grave", "answerer": "برتقالي", "relation": "about-equal"},
                {"opener": "4 très grave", "answerer": "أحمر", "relation": "equal"},
            ],
            "text": "Les deux services constatent une hausse.",
            "differences": "La cause est vue autrement.",
        },
    },
    envelope={"purpose": "threat-assessment", "necessity": "Comparer les analyses des deux services."},
    names={"joint-adopted": "joint-assessment"},
    channel={"purposes": ["threat-assessment"]},
    life=[
        ("opener", "assessment"),
        ("answerer", "take-charge"),
        ("answerer", "own-assessment"),
        ("opener", "comment"),
        ("opener", "joint-assessment"),
        ("answerer", "joint-adopted"),
    ],
)
