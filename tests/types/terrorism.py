"""`terrorism`: who went to a conflict zone and recruits others there, and his child, who needs care."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content, statement

# Nobody of these exists.
TARIK: Content = {
    "key": "p1",
    "category": "suspect",
    "names": [
        {"text": "Tarik Oulad Merzouga", "script": "Latn", "kind": "primary"},
        {"text": "طارق أولاد مرزوكة", "script": "Arab", "kind": "primary"},
        {"text": "Abou Zaytoun", "script": "Latn", "kind": "nom-de-guerre", "quality": "low"},
    ],
    "births": [{"date": "1993", "calendar": "gregorian", "kind": "approximate"}],
    "nationalities": ["BE", "MA"],
    "minor": "no",
}
SISTER: Content = {
    "key": "p2",
    "category": "relative",
    "names": [{"text": "Hafsa Oulad Merzouga", "script": "Latn", "kind": "primary"}],
    "births": [{"date": "1990-04-11", "calendar": "gregorian", "kind": "exact"}],
    "minor": "no",
}
COURIER: Content = {
    "key": "p4",
    "category": "suspect",
    "names": [{"text": "Joris Van Hemelrijk", "script": "Latn", "kind": "alias", "quality": "low"}],
    "births": [{"date": "1988", "until": "1992", "calendar": "gregorian", "kind": "between"}],
    "minor": "no",
}
CHILD: Content = {
    "key": "p3",
    "category": "relative",
    "names": [{"text": "Yahya Oulad Merzouga", "script": "Latn", "kind": "primary"}],
    "births": [{"date": "2019", "calendar": "gregorian", "kind": "approximate"}],
    "minor": "yes",
}

TRAVEL: Content = {"stage": "in-zone", "from": "Charleroi", "to": "Nord-Est de la Syrie", "via": ["Istanbul"]}
CONDUCT: Content = {
    "kind": "recruitment",
    "who": ["p1"],
    "summary": "A proposé à trois personnes de rejoindre le groupe et payé le billet de l'une d'elles.",
    "when": "2026-09",
    "known": "witness",
    "source": "B",
    "information": "2",
}
CARRIED: Content = {
    "kind": "financing",
    "who": ["p4"],
    "summary": "سلم مبلغا ماليا إلى الوسيط.",
    "known": "official-record",
    "source": "A",
    "information": "1",
}
OPENING: Content = {
    "phenomenon": "foreign-fighter",
    "offence": "Recrutement pour le terrorisme (article 140ter du Code pénal)",
    "conduct": [CONDUCT],
    "travel": TRAVEL,
}
WELFARE: Content = {
    "situation": "in-camp",
    "accompanied_by": "other-relative",
    "needs": ["guardian", "civil-status", "safe-return"],
    "welfare_authority": "Administration générale de l'aide à la jeunesse",
    "views": "Souhaite rester avec sa tante.",
}

SAMPLE = Sample(
    name="terrorism",
    bodies={
        "information": OPENING,
        "request": OPENING | {"questions": ["هل عبر هذا الشخص حدودكم منذ 2025؟"]},
        "reply": {"text": "نعم، عبر مرتين سنة 2025.", "conduct": [CARRIED]},
        "follow-up": {"outcome": "investigation", "held": False, "summary": "Enquête ouverte à Bruxelles."},
        "minor-welfare": WELFARE,
    },
    subjects={
        "information": [TARIK, SISTER],
        "request": [TARIK],
        "reply": [COURIER],
        "minor-welfare": [CHILD],
    },
    statements={"request": [statement(obtained="witness", source="B", information="2", text="A quitté le pays.")]},
    handling=["H0", "H1", "H2"],
    envelope={"purpose": "criminal-investigation", "necessity": "Prévenir un départ et identifier le réseau."},
    life=[
        ("opener", "request"),
        ("answerer", "acknowledge"),
        ("answerer", "take-charge"),
        ("answerer", "reply"),
        ("opener", "minor-welfare"),
        ("opener", "follow-up"),
        ("answerer", "follow-up", {"body": {"outcome": "not-confirmed", "held": False}}),
        ("opener", "close"),
    ],
)
