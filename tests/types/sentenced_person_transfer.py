"""`sentenced-person-transfer`: Samir Ouazzani Belhaj, sentenced in Belgium, asks to serve the rest in Morocco."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content

SAMIR: Content = {
    "key": "p1",
    "category": "convicted",
    "names": [
        {"text": "Samir Ouazzani Belhaj", "script": "Latn", "kind": "primary"},
        {"text": "سمير الوزاني بلحاج", "script": "Arab", "kind": "primary"},
    ],
    "births": [{"date": "1990-12-01", "calendar": "gregorian", "kind": "exact"}],
    "nationalities": ["MA", "FR"],
    "minor": "no",
}
JUDGMENT: Content = {
    "reference": "2025/3318",
    "court": "Cour d'appel de Mons",
    "date": "2025-06-12",
    "offence": "Vol avec violences",
    "sentence": "Cinq ans d'emprisonnement",
    "final": True,
    "final_on": "2025-07-01",
}
ORDER: Content = {
    "kind": "expulsion",
    "authority": "Dienst Vreemdelingenzaken",
    "reference": "UIT-2026-12",
    "date": "2026-02-03",
}
CONSUL: Content = {"office": "consul", "name": "قنصل المغرب 04", "authority": "القنصلية العامة ببروكسل"}
EXPLAINED = ["how-enforced", "release-rules", "pardon-and-review", "other-proceedings", "no-return"]
REQUEST: Content = {
    "opener_is": "sentencing-state",
    "asked_by": "person",
    "asked_on": "2026-10-05",
    "ground": "consent",
    "judgment": JUDGMENT,
    "term": "fixed",
    "remaining": "P2Y3M",
    "served": {"began": "2024-11-20", "until": "2026-11-20", "duration": "P2Y", "before_trial": "P4M"},
    "nationality": "MA",
    "other_nationality": "yes",
    "other_nationalities": ["FR"],
}
BY_HOME_STATE: Content = {name: REQUEST[name] for name in ("asked_on", "ground", "other_nationalities")} | {
    "opener_is": "administering-state",
    "asked_by": "person",
    "nationality": "MA",
    "other_nationality": "yes",
}
REMOVAL = REQUEST | {"asked_by": "sentencing-state", "ground": "removal-order", "removal_order": ORDER}
CONSENT: Content = {
    "outcome": "consents",
    "before": CONSUL,
    "on": "2026-11-18",
    "language": "ar",
    "interpreter": False,
    "explained": EXPLAINED,
    "voluntary": True,
    "given_by": "person",
}

SAMPLE = Sample(
    name="sentenced-person-transfer",
    bodies={
        "request": REQUEST,
        "sentence-information": {
            "judgment": JUDGMENT,
            "term": "fixed",
            "remaining": "P2Y2M",
            "counted_on": "2026-11-21",
            "law": "Code pénal, articles 461 et 468",
        },
        "information": {
            "about": ["enforcement", "person-told"],
            "text": "تواصل المحكمة تنفيذ العقوبة كما حُكم بها.",
            "told_on": "2026-11-20",
        },
        "opinion-recorded": {
            "before": CONSUL,
            "on": "2026-11-18",
            "language": "ar",
            "interpreter": False,
            "told": True,
            "opinion": "against",
            "words": "أفضل البقاء قرب أبنائي.",
        },
        "consent-verified": CONSENT,
        "sentencing-agreement": {
            "authority": "SPF Justice",
            "reference": "TR-2026-0417",
            "date": "2026-11-20",
            "told_on": "2026-11-21",
        },
        "administering-agreement": {
            "authority": "وزارة العدل",
            "reference": "ن/2026/55",
            "date": "2026-11-20",
            "national": True,
            "dual_criminality": True,
            "enforcement": "continued",
        },
        "hand-over": {
            "on": "2026-11-21",
            "manner": "handed-over",
            "place": "Brussels Airport",
            "received_by": "المديرية العامة للأمن الوطني",
        },
        "sentence-continued": {"event": "continued", "on": "2026-11-21", "not_harder": True, "deducted": True},
        "enforcement-to-end": {"reason": "pardon", "authority": "SPF Justice", "date": "2026-11-21"},
        "sentence-served": {"on": "2026-11-21", "how": "served"},
    },
    subjects={"request": [SAMIR]},
    services={"justice": "justice"},
    envelope={
        "purpose": "execution-of-sentences",
        "necessity": "Permettre à la personne de purger sa peine dans son pays.",
    },
    life=[
        ("opener", "request"),
        ("answerer", "take-charge"),
        ("answerer", "consent-verified"),
        ("opener", "sentencing-agreement"),
        ("answerer", "administering-agreement"),
        ("opener", "hand-over"),
        ("answerer", "sentence-continued"),
        ("answerer", "sentence-served"),
        ("opener", "report-deletion"),
    ],
    lives=[
        # The state of nationality asks, at the person's wish; the sentence is reviewed while it is served.
        [
            ("opener", "request", {"body": BY_HOME_STATE}),
            ("answerer", "sentence-information"),
            ("opener", "administering-agreement"),
            ("answerer", "consent-verified"),
            ("answerer", "sentencing-agreement"),
            ("answerer", "hand-over"),
            ("opener", "sentence-continued"),
            ("answerer", "enforcement-to-end"),
            ("opener", "sentence-served"),
        ],
        # Without consent, after a removal order: the person is heard.
        [
            ("opener", "request", {"body": REMOVAL}),
            ("opener", "opinion-recorded"),
            ("answerer", "administering-agreement"),
            ("opener", "sentencing-agreement"),
            ("opener", "hand-over"),
            ("opener", "enforcement-to-end"),
            ("answerer", "sentence-served"),
        ],
    ],
)
