"""`extradition`: Youssef El Amraoui is arrested, consents before a judge, is lent, surrendered; speciality stays."""

from tests.types import Sample
from tests.unit.dossiers.samples import WARRANT, YOUSSEF, Content

ASSURANCES: Content = {
    "death_penalty": "not-imposed",
    "ill_treatment": "guaranteed-with-visits",
    "fair_trial": "guaranteed",
    "authority": "Ministère de la Justice (exemple)",
    "given_on": "2026-11-10",
}
EXAMINED: Content = {"authority": "Cour d'appel (exemple)", "on": "2026-11-20", "sufficient": True}
PAPER: Content = {"reference": "EX/2026/3-1", "way": "central-authority", "translated": "ar"}
PAPERS: Content = {name: dict(PAPER) for name in ("title", "facts", "law", "description")}
HEARD: Content = {"on": "2026-11-19", "before": "Tribunal (exemple)", "counsel": True, "statement": "objects"}
REQUEST: Content = {
    "warrant": WARRANT,
    "purpose": "prosecution",
    "penalty": "term",
    "maximum_penalty": "P5Y",
    "facts": "Le 4 mai 2025, à Bruxelles, un vol avec violences a été commis.",
    "provisions": "Code pénal, articles 461 et 468",
    "documents": PAPERS,
    "assurances": ASSURANCES,
}
SIMPLIFIED: Content = {
    "judge": "Cour de cassation (exemple)",
    "on": "2026-11-20",
    "counsel": True,
    "interpreter": "ar",
    "informed": True,
    "voluntary": True,
    "speciality_renounced": False,
    "assurances_examined": EXAMINED,
}
DECISION: Content = {
    "outcome": "granted",
    "authority": "Chef du gouvernement (exemple)",
    "reference": "D/2026/55",
    "on": "2026-11-20",
    "dual_criminality": True,
    "assurances_examined": EXAMINED,
}
SPECIALITY: Content = REQUEST | {"person_heard": HEARD}
RE_EXTRADITION: Content = {
    "state": "FR",
    "warrant": WARRANT,
    "facts": "Un vol avec violences commis à Lille.",
    "documents": PAPERS,
    "assurances": ASSURANCES,
    "person_heard": HEARD,
}
GRANTED: Content = {"decision": "granted", "on": "2026-11-20", "assurances_examined": EXAMINED}
REVIEWED: Content = {"examined": ["political", "military", "religious", "racial"], "outcome": "none-found"}

SAMPLE = Sample(
    name="extradition",
    bodies={
        "request": REQUEST,
        "more-information": {"answers": ["La copie du mandat suit par la voie centrale."]},
        "review": REVIEWED,
        "arrested": {
            "on": "2026-11-20",
            "place": "Tanger",
            "authority": "Procureur général (exemple)",
            "consular": {"told": True, "wish": "do-not-notify"},
        },
        "simplified": SIMPLIFIED,
        "decision": DECISION,
        "surrender-set": {
            "on": "2026-12-05",
            "place": "Aéroport de Casablanca",
            "detained": "P16D",
            "assurances_examined": EXAMINED,
        },
        "postponed": {"reason": "own-proceedings", "until": "2027-03-01"},
        "temporary-surrender": {
            "on": "2026-11-20",
            "return_by": "2027-01-31",
            "conditions": "Retour après l'audience.",
            "assurances_examined": EXAMINED,
        },
        "returned": {"on": "2026-11-21", "place": "Aéroport de Casablanca"},
        "surrender": {
            "on": "2026-11-21",
            "place": "Aéroport de Casablanca",
            "detained": "P20D",
            "assurances_examined": EXAMINED,
        },
        "released": {"custody": "released", "reason": "court", "released_on": "2026-11-21"},
        "prosecution-instead": {
            "ground": "own-national",
            "authority": "Procureur général (exemple)",
            "on": "2026-11-20",
            "custody": "held-for-own-case",
        },
        "prosecution-result": {"outcome": "convicted", "on": "2026-11-21", "final": False},
        "speciality-request": SPECIALITY,
        "speciality-answer": GRANTED,
        "other-proceedings": {"court": "Tribunal (exemple)", "on": "2026-11-21"},
        "renounced-proceedings": {"offence": "Recel", "court": "Tribunal (exemple)", "on": "2026-11-21"},
        "not-returned": {"what": "escaped", "on": "2026-11-21"},
        "re-extradition-request": RE_EXTRADITION,
        "re-extradition-answer": GRANTED,
        "re-extradited": {"on": "2026-11-21"},
        "refuse": {"ground": "own-national", "reasons": "La personne est un ressortissant."},
    },
    subjects={"request": [YOUSSEF]},
    names={
        "speciality-answer": "speciality-request",
        "re-extradition-answer": "re-extradition-request",
        "other-proceedings": "speciality-answer",
        "re-extradited": "re-extradition-answer",
    },
    life=[
        ("opener", "request"),
        ("answerer", "take-charge"),
        ("answerer", "review"),
        ("answerer", "arrested"),
        ("opener", "more-information"),
        ("answerer", "simplified"),
        ("answerer", "decision"),
        ("answerer", "postponed"),
        ("answerer", "temporary-surrender"),
        ("opener", "returned"),
        ("answerer", "surrender-set"),
        ("answerer", "surrender"),
        ("opener", "speciality-request"),
        ("answerer", "speciality-answer"),
        ("opener", "other-proceedings"),
        ("opener", "re-extradition-request"),
        ("answerer", "re-extradition-answer"),
        ("opener", "re-extradited"),
        ("opener", "close"),
    ],
    lives=[
        [
            ("opener", "request"),
            ("answerer", "review"),
            ("answerer", "arrested"),
            ("answerer", "simplified", {"body": SIMPLIFIED | {"speciality_renounced": True}}),
            ("answerer", "decision"),
            ("answerer", "temporary-surrender"),
            ("opener", "not-returned"),
            ("opener", "returned"),
            ("answerer", "surrender"),
            ("opener", "renounced-proceedings"),
            ("opener", "close"),
        ],
    ],
)
