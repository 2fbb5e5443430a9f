"""`asset-recovery`: accounts and a flat of Rachid Benkirane-Doukkali are traced, frozen, confiscated and shared."""

from tests.types import Sample
from tests.unit.dossiers.samples import Content

RACHID: Content = {
    "key": "p1",
    "category": "suspect",
    "names": [
        {"text": "Rachid Benkirane-Doukkali", "script": "Latn", "kind": "primary"},
        {"text": "رشيد بنكيران الدكالي", "script": "Arab", "kind": "primary"},
    ],
    "births": [{"date": "1979-02-11", "calendar": "gregorian", "kind": "exact"}],
    "nationalities": ["BE", "MA"],
    "minor": "no",
}
HOLDER: Content = {
    "key": "p2",
    "category": "contact",
    "names": [{"text": "نجاة الصقلي التازي", "script": "Arab", "kind": "primary"}],
    "births": [{"date": "1983", "calendar": "gregorian", "kind": "approximate"}],
    "minor": "no",
}
LETTER: Content = {
    "authority": "Onderzoeksrechter te Antwerpen",
    "reference": "RC-2026-0093",
    "date": "2026-11-16",
    "dossier": "01932f3a-1234-7abc-8def-0123456789ab",
}
FLAT: Content = {
    "item": "a1",
    "kind": "real-estate",
    "identified_by": "Titre foncier 06/00417",
    "held_by": "another-person",
    "holder": "p2",
    "where": "طنجة",
    "value": {"number": "1850000", "currency": "MAD"},
    "valued_on": "2026-10-30",
}
WALLET: Content = {
    "item": "a2",
    "kind": "crypto-asset",
    "identified_by": "bc1qinvented0000000000000000000000000",
    "held_by": "the-person",
    "value": {"number": "0.41700000", "currency": "BTC"},
}
ITEMS = [{"item": "a1"}, {"item": "a2", "amount": {"number": "0.2", "currency": "BTC"}}]

SAMPLE = Sample(
    name="asset-recovery",
    bodies={
        "tracing-request": {
            "case": {
                "offence": "Witwassen van opbrengsten uit drughandel",
                "stage": "investigation",
                "authority": "Parket Antwerpen",
                "reference": "AN-55-2026",
                "facts": "Contante stortingen in 2024 en 2025.",
            },
            "sought": ["account", "real-estate", "crypto-asset"],
            "believed_because": "Virements répétés vers une étude notariale de Tanger.",
            "companies": [{"name": "Doukkali Import SARL", "country": "MA", "link": "beneficial-owner"}],
            "known": [WALLET],
            "period": "2023-2026",
            "amount": {"number": "900000", "currency": "EUR"},
        },
        "found": {"assets": [FLAT, WALLET], "searched": ["المحافظة العقارية"], "dissipation": True},
        "freezing-announced": {"letter": LETTER, "items": ITEMS, "in_view_of": "confiscation"},
        "frozen": {
            "letter": LETTER,
            "items": ITEMS,
            "on": "2026-11-20",
            "authority": "قاضي التحقيق بطنجة",
            "until": "2027-05-20",
            "third_parties": "claimed",
        },
        "confiscated": {
            "letter": LETTER,
            "items": ITEMS,
            "order": {
                "court": "Cour d'appel d'Anvers",
                "reference": "CA-2026-77",
                "date": "2026-11-19",
                "final": True,
            },
            "third_parties": "respected",
            "still_frozen": False,
        },
        "shared": {
            "letter": LETTER,
            "arrangement": "Arrangement 2026/3",
            "requesting_share": 50,
            "amount": {"number": "1700000.50", "currency": "MAD"},
        },
        "returned": {
            "letter": LETTER,
            "items": [{"item": "a2"}],
            "to": "victims",
            "on": "2026-11-21",
            "still_frozen": False,
        },
        "freezing-lifted": {
            "on": "2026-11-21",
            "authority": "قاضي التحقيق بطنجة",
            "reason": "request-withdrawn",
            "still_frozen": False,
        },
    },
    subjects={"tracing-request": [RACHID], "found": [HOLDER]},
    channel={"purposes": ["asset-recovery"]},
    envelope={
        "purpose": "asset-recovery",
        "necessity": "Vermogen terugvinden dat uit drughandel afkomstig lijkt.",
    },
    life=[
        ("opener", "tracing-request"),
        ("answerer", "take-charge"),
        ("answerer", "found"),
        ("opener", "freezing-announced"),
        ("answerer", "frozen"),
        ("answerer", "confiscated"),
        ("answerer", "shared"),
        ("answerer", "returned"),
        ("opener", "close"),
        ("answerer", "report-deletion"),
    ],
)
