"""`organised-crime`: drugs in a container, let through under control to those who wait for them."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content, statement

# Nobody of these exists.
BRAM: Content = {
    "key": "p1",
    "category": "suspect",
    "names": [{"text": "Bram Lodewijckx", "script": "Latn", "kind": "primary"}],
    "births": [{"date": "1979-12-02", "calendar": "gregorian", "kind": "exact"}],
    "nationalities": ["BE"],
    "minor": "no",
}
DOCKER: Content = {
    "key": "p2",
    "category": "witness",
    "names": [{"text": "عبد الحق التمسماني", "script": "Arab", "kind": "primary"}],
    "births": [{"date": "1984", "calendar": "gregorian", "kind": "approximate"}],
    "minor": "no",
}

GOODS: Content = {
    "kind": "drugs",
    "description": "Résine de cannabis",
    "quantity": "environ 900 kg",
    "hidden": "Double paroi du conteneur",
}
GROUP: Content = {"name": "Groupe « Scheldekaai »", "persons": 12, "activity": "Import par conteneurs depuis 2024"}
AUTHORITY: Content = {
    "name": "Federaal parket",
    "kind": "public-prosecutor",
    "reference": "FD.35.98.17/26",
    "date": "2026-11-19",
}
RABAT: Content = {
    "name": "النيابة العامة لدى محكمة الاستئناف بطنجة",
    "kind": "public-prosecutor",
    "reference": "2026/17/ن",
    "date": "2026-11-21",
}
RISK: Content = {
    "to_persons": "low",
    "loss_of_goods": "medium",
    "safeguards": "Balise dans le conteneur, équipes d'observation des deux côtés.",
    "stop_when": "Perte de contact de plus d'une heure, ou ouverture du conteneur en route.",
}
FACTS: Content = {
    "phenomenon": "drugs",
    "offence": "Importation de stupéfiants en association",
    "facts": "Un conteneur chargé à Tanger est attendu à Anvers ; il contiendrait de la résine de cannabis.",
}
DELIVERY: Content = FACTS | {
    "operation": "controlled-delivery",
    "from_day": "2026-11-24",
    "until_day": "2026-12-01",
    "goods": [GOODS],
    "handled": "replaced-in-part",
    "route": [
        {"place": "Tanger Med", "country": "MA", "by": "sea", "expected": "2026-11-25", "identifier": "XXCU 000017 0"},
        {"place": "Antwerpen, Delwaidedok", "country": "BE", "by": "road"},
    ],
    "authority": AUTHORITY,
    "risk": RISK,
    "contact": "Permanence stupéfiants, +32 2 000 00 00",
    "group": GROUP,
}
AGREED: Content = {
    "authority": RABAT,
    "contact": "المداومة، +212 5 00 00 00 00",
    "conditions": "تُؤخذ عينات من البضاعة قبل الشحن.",
}

SAMPLE = Sample(
    name="organised-crime",
    bodies={
        "information": FACTS | {"goods": [GOODS]},
        "request": FACTS | {"questions": ["من هو مصدر الحاوية؟"]},
        "propose-operation": DELIVERY,
        "agree-operation": AGREED,
        "decline-operation": {"reason": "too-late"},
        "operation-log": {"event": "begun", "on": "2026-11-21", "time": "06:15", "place": "Tanger Med"},
        "seizure": {"on": "2026-11-21", "place": "Antwerpen", "goods": [GOODS], "report": "PV 0417/26", "held": False},
        "result": {"outcome": "achieved", "goods": "all-seized", "held": False, "summary": "Trois perquisitions."},
        "stop-operation": {"reason": "contact-lost"},
    },
    subjects={"information": [BRAM], "request": [BRAM], "propose-operation": [BRAM]},
    statements={"request": [statement(obtained="technical", source="B", information="2")]},
    envelope={"necessity": "Identifier les destinataires d'un envoi de stupéfiants."},
    life=[
        ("opener", "propose-operation"),
        ("answerer", "acknowledge"),
        ("answerer", "take-charge"),
        ("answerer", "agree-operation"),
        ("opener", "operation-log"),
        ("answerer", "operation-log", {"body": {"event": "taken-over", "on": "2026-11-21", "place": "طنجة"}}),
        ("answerer", "stop-operation"),
        ("opener", "seizure"),
        ("opener", "result"),
        ("answerer", "close"),
    ],
)
