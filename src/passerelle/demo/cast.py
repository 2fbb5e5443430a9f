"""What the story is played with: an agreement, two channels, persons. All of it is invented; nobody of these exists."""

from typing import Any

from passerelle.dossiers.types import Catalogue

Content = dict[str, Any]

AGREEMENT: Content = {
    "v": 1,
    "kind": "agreement",
    "title": "Convention on police cooperation (invented for the demonstration)",
    "parties": ["be", "ma"],
    "nature": "treaty",
    "reference": "Example 2024/118",
    "signed": "2024-02-20",
    "in_force": {"from": "2025-03-01"},
    "scope": {"be": {"state": "BE", "territory": "Belgium"}, "ma": {"state": "MA", "territory": "Morocco"}},
    "articles": [
        {"number": "5", "subject": "Persons on published lists"},
        {"number": "7", "subject": "Tracing of wanted persons"},
        {"number": "12", "subject": "Protection of personal data"},
    ],
}

_LEVELS = [
    {"be": "unclassified", "ma": "non-classifie"},
    {"be": "restricted", "ma": "diffusion-restreinte"},
]


def _side(state: str, regime: str, law: str, authority: str, ground: Content) -> Content:
    return {
        "state": state,
        "regime": regime,
        "law": law,
        "authority": authority,
        "services": {"police": "police", "justice": "justice"},
        "transfer": ground,
    }


def channel(
    catalogue: Catalogue,
    agreement: str,
    kind: str,
    title: str,
    articles: list[str],
    begins: str,
    ends: str,
    **more: Any,
) -> Content:
    """A channel for one dossier type, valid between two dates."""
    found = catalogue.types[kind]
    value: Content = {
        "v": 1,
        "kind": "channel",
        "title": title,
        "parties": ["be", "ma"],
        "agreement": agreement,
        "articles": articles,
        "nature": "treaty",
        "domain": kind,
        "wall": "police",
        "sides": {
            "be": _side(
                "BE",
                "LED",
                "Act of 30 July 2018, title 2",
                "Supervisory body for police information",
                {"ground": "appropriate-safeguards", "article": "37(1)(a)", "reference": "Article 12"},
            ),
            "ma": _side(
                "MA",
                "LED",
                "Act 09-08",
                "National commission for data protection",
                {"ground": "national-law", "reference": "Act 09-08, article 43"},
            ),
        },
        "purposes": ["tracing-wanted-persons"] if kind == "wanted-trace" else ["criminal-investigation"],
        "types": {kind: {"version": str(found.version), "digest": found.digest, "acts": ["*"], "four_eyes": ["*"]}},
        "fields": ["subjects.*", "statements.*", "body.*"],
        "categories": ["wanted", "convicted"] if kind == "wanted-trace" else ["listed"],
        "handling": ["H0", "H1", "H2"],
        "classification": {"levels": _LEVELS, "ceiling": {"be": "restricted", "ma": "diffusion-restreinte"}},
        "retention": "P1Y",
        "grace": "P3D",
        "limits": {"entries": 5000, "bytes": 100_000_000},
        "lanes": ["routine", "flash"],
        "valid": {"from": begins, "until": ends},
    }
    return value | more


_FAMILIES = [
    ("Youssef", "El Amraoui", "يوسف", "العمراوي"),
    ("Nadia", "Ben Chekroun", "نادية", "بن شقرون"),
    ("Karim", "Ouazzani", "كريم", "الوزاني"),
    ("Samira", "Aït Lahcen", "سميرة", "آيت لحسن"),
    ("Rachid", "Belghazi", "رشيد", "بلغازي"),
]


def person(number: int, category: str = "wanted") -> Content:
    """An invented person with names in both scripts."""
    given, family, arabic_given, arabic_family = _FAMILIES[number % len(_FAMILIES)]
    year = 1960 + number % 40
    return {
        "key": "p1",
        "category": category,
        "names": [
            {
                "text": f"{given} {family}",
                "script": "Latn",
                "kind": "primary",
                "family": family,
                "given": given,
            },
            {"text": f"{arabic_given} {arabic_family}", "script": "Arab", "kind": "primary"},
        ],
        "births": [
            {"date": f"{year}-03-14", "calendar": "gregorian", "kind": "exact"},
            {"date": str(year + 1), "calendar": "gregorian", "kind": "claimed"},
        ],
        "nationalities": ["MA"],
        "documents": [{"kind": "passport", "number": f"ZX{number:07d}", "country": "MA"}],
        "places": [{"kind": "birth", "text": "Khouribga", "country": "MA"}],
        "minor": "no",
    }


WARRANT: Content = {
    "kind": "warrant",
    "reference": "BR-2025/0417",
    "court": "Tribunal de première instance de Bruxelles",
    "date": "2025-09-08",
    "offence": "Trafic de stupéfiants en association",
    "committed": "Bruxelles, de janvier à juin 2025",
    "sentence": "Réclusion de cinq à dix ans (encourue)",
}

ASSURANCES: Content = {
    "death_penalty": "not-provided-by-law",
    "ill_treatment": "guaranteed-with-visits",
    "fair_trial": "guaranteed",
    "authority": "Ministry of justice",
    "given_on": "2025-10-01",
}

PLACE: Content = {"kind": "seen", "text": "طنجة، الميناء المتوسطي", "country": "MA"}


def act(kind: str, name: str, dossier: str, channel: str, retention: str, by: str, **more: Any) -> Content:
    """An act as an officer of `by` writes it."""
    return {
        "dossier": dossier,
        "type": kind,
        "act": name,
        "channel": channel,
        "purpose": "tracing-wanted-persons" if kind == "wanted-trace" else "criminal-investigation",
        "basis": "7" if kind == "wanted-trace" else "5",
        "necessity": "Trace the person named in the warrant" if kind == "wanted-trace" else "Make the listing known",
        "recipient": "police",
        "handling": ["H0"],
        "classification": "restricted" if by == "be" else "diffusion-restreinte",
        "retention": retention,
        "urgency": "standard",
        **more,
    }
