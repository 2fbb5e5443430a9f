"""`mutual-legal-assistance`: records, a hearing and a service for an invented case, partly executed, then executed."""

from tests.types import Sample
from tests.unit.dossiers.samples import SALMA, YOUSSEF, Content

LETTER: Content = {
    "authority": "Juge d'instruction, tribunal de première instance (exemple)",
    "reference": "CR/2026/0117",
    "date": "2026-11-02",
}
HEARING: Content = {"as": "witness", "mode": "in-person", "questions": ["Depuis quand le compte est-il ouvert ?"]}
SERVICE: Content = {"document": "Citation CR/2026/0117-3", "manner": "personal", "summons": True, "safe_conduct": True}
SEARCH: Content = {
    "place": {"text": "12, rue de l'Exemple", "city": "Tanger", "country": "MA"},
    "what": "Pièces comptables des années 2023 et 2024.",
    "order": {"court": "Juge d'instruction (exemple)", "reference": "PQ/2026/9", "date": "2026-10-30"},
}
FREEZING: Content = {
    "property": "Solde du compte 000-0000000-00",
    "held_by": "Banque (exemple)",
    "value": "12 500 EUR",
    "order": {"court": "Juge d'instruction (exemple)", "reference": "GEL/2026/4", "date": "2026-10-30"},
}
REQUEST: Content = {
    "letter": LETTER,
    "issued_by": "investigating-judge",
    "object": "Établir l'origine des fonds versés sur le compte.",
    "offence": "Escroquerie",
    "facts": "Entre mars et juin 2026, des versements ont été obtenus par de fausses factures.",
    "provisions": "Code pénal, article 496",
    "production": {
        "what": "Extraits du compte",
        "holder": "Banque (exemple)",
        "from_day": "2026-03-01",
        "until_day": "2026-06-30",
    },
    "hearing": HEARING,
    "service": SERVICE,
    "appear_on": "2027-02-15",
}
TRANSFER: Content = {
    "letter": LETTER | {"reference": "DN/2026/0044"},
    "issued_by": "prosecutor",
    "offence": "Vol avec effraction",
    "facts": "Un vol a été commis dans la nuit du 3 mai 2026.",
    "reason": "nationality",
    "state": "investigation",
    "own_proceedings": "suspended",
}
PIECE: Content = {
    "number": 1,
    "kind": "document",
    "description": "Extraits du compte, 24 pages",
    "taken_on": "2026-11-18",
    "taken_by": "Brigade financière (exemple)",
    "seal": "S-4471",
}
CUSTODY: Content = {"on": "2026-11-19", "from": "Brigade financière", "to": "Parquet général", "seals": "intact"}
EVIDENCE: Content = {
    "pieces": [PIECE],
    "custody": [CUSTODY],
    "route": "diplomatic",
    "only_for_request": True,
    "freely_obtained": True,
}
DONE: Content = {"on": "2026-11-20", "authority": "Parquet général (exemple)", "measures": ["production", "hearing"]}

SUSPECT: Content = YOUSSEF | {"category": "suspect"}
WITNESS: Content = SALMA | {"category": "witness"}

SAMPLE = Sample(
    name="mutual-legal-assistance",
    bodies={
        "request": REQUEST,
        "transfer-proceedings": TRANSFER,
        "date-set": {"on": "2026-12-01", "time": "10:00", "place": "Tribunal (exemple)", "measures": ["hearing"]},
        "conditions": {"kinds": ["confidentiality"], "conditions": "Aucune copie aux parties civiles avant le procès."},
        "conditions-answered": {"decision": "accepted"},
        "postponed": {"reason": "investigation", "until": "2027-01-15"},
        "partly-executed": DONE | {"outstanding": ["service"], "reason": "Destinataire absent", "until": "2027-01-10"},
        "executed": DONE
        | {"measures": ["service"], "served": {"outcome": "in-person", "on": "2026-11-20"}, "result": "Acte remis."},
        "evidence-sent": EVIDENCE,
        "evidence-lent": EVIDENCE | {"return_by": "2027-06-30"},
        "evidence-returned": {"numbers": [1], "custody": [CUSTODY], "route": "diplomatic"},
        "return-settled": {"how": "all-back"},
        "proceedings-taken": {"authority": "Parquet (exemple)", "reference": "NP/2026/8", "on": "2026-11-20"},
        "proceedings-result": {"outcome": "convicted", "on": "2026-11-21", "final": False},
        "refuse": {"ground": "dual-criminality", "reasons": "Les faits ne sont pas punissables ici."},
    },
    subjects={"request": [WITNESS], "transfer-proceedings": [SUSPECT]},
    life=[
        ("opener", "request"),
        ("answerer", "acknowledge"),
        ("answerer", "take-charge"),
        ("answerer", "conditions"),
        ("opener", "conditions-answered"),
        ("answerer", "postponed"),
        ("answerer", "partly-executed"),
        ("answerer", "evidence-sent"),
        ("answerer", "evidence-lent"),
        ("answerer", "executed"),
        ("opener", "evidence-returned"),
        ("answerer", "return-settled"),
        ("opener", "close"),
    ],
)
