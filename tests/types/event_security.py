"""`event-security`: a match in Tangier, the groups that travel from Antwerp, one person under a stadium ban."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content

JORIS: Content = {
    "key": "p1",
    "category": "suspect",
    "names": [{"text": "Joris Vandenabeele", "script": "Latn", "kind": "primary"}],
    "births": [{"date": "1997-08-30", "calendar": "gregorian", "kind": "exact"}],
    "nationalities": ["BE"],
    "minor": "no",
}
AWAY: Content = {
    "name": "Supporters uit Antwerpen",
    "side": "visiting",
    "size": 900,
    "risk": "mixed",
    "at_risk": 120,
    "elements": ["pyrotechnics", "without-tickets"],
}
HOME: Content = {"name": "جمهور الفريق المحلي", "side": "home", "size": 30_000, "risk": "not-assessed"}
BAN: Content = {
    "kind": "stadium-ban",
    "authority": "SPF Intérieur, cellule football",
    "reference": "SV-2026-0417",
    "date": "2026-03-02",
    "until": "2028-03-01",
}
OFFENCE: Content = {
    "offence": "Coups et blessures lors d'une rencontre",
    "committed_on": "2026-04-18",
    "stage": "convicted",
    "authority": "Politierechtbank Antwerpen",
    "reference": "AN-2026-1131",
}
POSTS = [{"function": "head", "number": 1}, {"function": "spotter", "number": 4}]

SAMPLE = Sample(
    name="event-security",
    bodies={
        "event-notice": {
            "name": "كأس الصداقة، طنجة - أنتويرب",
            "nature": "football",
            "date": "2027-01-20",
            "ends_on": "2027-01-20",
            "time": "20:45",
            "place": {"text": "الملعب الكبير", "city": "طنجة", "country": "MA"},
            "groups": [AWAY | {"risk": "not-assessed"}, HOME],
            "expected": "Les deux clubs ne se sont jamais rencontrés.",
            "contact": "Point national d'information football",
        },
        "risk-assessment": {
            "groups": [AWAY],
            "overall": "normal",
            "grounds": "Engins pyrotechniques lors de deux déplacements sur cinq.",
            "source": "A",
            "information": "2",
        },
        "risk-update": {"change": "lower", "overall": "low", "last": True, "groups": [AWAY | {"at_risk": 40}]},
        "travel": {
            "journeys": [
                {
                    "group": "Supporters uit Antwerpen",
                    "size": 400,
                    "means": "air",
                    "organised": True,
                    "arrives_on": "2027-01-19",
                    "time": "11:20",
                    "arrives_at": "Aéroport de Tanger",
                    "leaves_on": "2027-01-21",
                    "tickets": "all",
                }
            ]
        },
        "invite-delegation": {
            "posts": POSTS,
            "tasks": ["inform", "spot", "talk-to-groups"],
            "arrives": "2027-01-18",
            "leaves": "2027-01-21",
            "host": "ولاية أمن طنجة",
            "conditions": "Hébergement à charge de la partie organisatrice.",
        },
        "delegation": {
            "answer": "sent",
            "posts": POSTS,
            "head": "Commissaris 0417",
            "reachable": "+32 2 000 00 00",
            "executive_powers": False,
            "armed": False,
            "dress": "civilian",
        },
        "person-named": {"decision": BAN, "expected_because": "ticket", "with_group": "Supporters uit Antwerpen"},
        "incident": {
            "nature": ["pyrotechnics"],
            "on": "2026-11-21",
            "time": "19:10",
            "place": "محطة القطار",
            "what": "Fumigènes à l'arrivée du train ; personne n'a été blessé.",
            "groups": ["Supporters uit Antwerpen"],
            "hurt": 0,
            "held": 3,
            "consular": "all-told",
        },
        "event-moved": {"date": "2027-02-03", "ends_on": "2027-02-03", "reason": "postponed"},
        "debrief": {
            "held_on": "2026-11-21",
            "course": "minor-incidents",
            "groups": [{"group": "Supporters uit Antwerpen", "size": 850, "against_assessment": "as-assessed"}],
            "held": 3,
            "delegation": "Les spotters ont permis d'éviter un encerclement.",
            "lessons": "Ouvrir les portes visiteurs plus tôt.",
        },
        "event-cancelled": {"reason": "no-visitors"},
    },
    subjects={"person-named": [JORIS]},
    handling=["H1", "H2"],
    channel={"purposes": ["public-security"]},
    envelope={
        "purpose": "public-security",
        "necessity": "Veiligheid van een wedstrijd waar supporters van de andere zijde naartoe reizen.",
    },
    life=[
        ("opener", "event-notice"),
        ("answerer", "acknowledge"),
        ("answerer", "take-charge"),
        ("answerer", "risk-assessment"),
        ("opener", "invite-delegation"),
        ("answerer", "delegation"),
        ("answerer", "person-named"),
        ("opener", "event-moved"),
        ("answerer", "risk-assessment"),
        ("answerer", "travel"),
        ("answerer", "risk-update"),
        ("opener", "incident"),
        ("opener", "debrief"),
        ("answerer", "debrief"),
        ("opener", "close"),
        ("answerer", "report-deletion"),
    ],
)
