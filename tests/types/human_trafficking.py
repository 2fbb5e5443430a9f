"""`human-trafficking`: who recruited workers for a farm and kept their papers; one of them is helped."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content, statement

# Nobody of these exists.
RECRUITER: Content = {
    "key": "p1",
    "category": "suspect",
    "names": [{"text": "Gerrit Oosterlynck", "script": "Latn", "kind": "primary"}],
    "births": [{"date": "1975-02-20", "calendar": "gregorian", "kind": "exact"}],
    "documents": [{"kind": "passport", "number": "EZ000033", "country": "BE"}],
    "minor": "no",
}
NAJAT: Content = {
    "key": "p2",
    "category": "victim",
    "names": [
        {"text": "Najat Benhsain", "script": "Latn", "kind": "primary"},
        {"text": "نجاة بنحساين", "script": "Arab", "kind": "primary"},
    ],
    "births": [{"date": "1998-07-30", "calendar": "gregorian", "kind": "exact"}],
    "minor": "no",
}
GIRL: Content = NAJAT | {
    "key": "p3",
    "names": [{"text": "Wiam Benhsain", "script": "Latn", "kind": "primary"}],
    "births": [{"date": "2010-03-01", "calendar": "gregorian", "kind": "exact"}],
    "minor": "yes",
}

FACTS: Content = {
    "exploitation": ["forced-labour"],
    "deeds": ["recruitment", "transport", "harbouring"],
    "means": ["deception", "abuse-of-vulnerability"],
    "offence": "Traite des êtres humains aux fins de travail",
    "facts": "Des personnes recrutées par annonce travaillent sans salaire dans une exploitation maraîchère.",
    "places": [{"role": "exploitation", "text": "Hoogstraten", "country": "BE"}],
}
CONSENT: Content = {"given": True, "by": "victim", "on": "2026-11-18", "explained_in": "ar"}
GUARDIAN: Content = {
    "name": "Annelies Coppens",
    "appointed_by": "Dienst Voogdij",
    "appointed_on": "2026-11-02",
    "child_protection": "Jeugdzorg, dienst Brussel",
}
SUPPORT: Content = {
    "needs": ["accommodation", "legal-aid", "interpretation"],
    "provider": "Centre d'accueil spécialisé",
    "consent": CONSENT,
    "non_punishment": "no-proceedings",
}

SAMPLE = Sample(
    name="human-trafficking",
    bodies={
        "information": FACTS,
        "request": FACTS | {"questions": ["من نشر الإعلان؟"]},
        "reply": {"text": "تم التعرف على ناشر الإعلان.", "not_used_against": True},
        "victim-support": SUPPORT,
    },
    subjects={"information": [RECRUITER], "request": [RECRUITER], "reply": [NAJAT], "victim-support": [NAJAT]},
    statements={"request": [statement(obtained="witness", source="B", information="2", text="A publié l'annonce.")]},
    envelope={"purpose": "criminal-investigation", "necessity": "Identifier les auteurs et aider les victimes."},
    life=[
        ("opener", "request"),
        ("answerer", "acknowledge"),
        ("answerer", "take-charge"),
        ("answerer", "reply"),
        ("opener", "victim-support"),
        ("answerer", "close"),
    ],
)
