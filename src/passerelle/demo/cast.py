"""What the story is played with: an agreement, channels, persons. All of it is invented; nobody of these exists."""

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
        {"number": "6", "subject": "Serious and organised crime, terrorism, large events, property, border data"},
        {"number": "7", "subject": "Tracing of wanted persons"},
        {"number": "8", "subject": "Alerts in case of danger to life or of an attack being prepared"},
        {"number": "9", "subject": "Letters rogatory, extradition, transfer of sentenced persons"},
        {"number": "10", "subject": "Identification of presumed nationals in irregular stay"},
        {"number": "11", "subject": "Exchange between financial intelligence units"},
        {"number": "12", "subject": "Protection of personal data"},
        {"number": "13", "subject": "Threats, methods and training"},
    ],
}

_LEVELS = [
    {"be": "unclassified", "ma": "non-classifie"},
    {"be": "restricted", "ma": "diffusion-restreinte"},
]


# What a channel for each type says, where types differ; the first purpose, article and service are those of its acts.
_POLICE = {"police": "police"}
_KINDS: dict[str, Content] = {
    "wanted-trace": {
        "purposes": ["tracing-wanted-persons"],
        "articles": ["7"],
        "categories": ["wanted", "convicted"],
        "four_eyes": ["*"],
        "necessity": "Trace the person named in the warrant",
    },
    "listed-person": {
        "purposes": ["criminal-investigation"],
        "articles": ["5"],
        "categories": ["listed"],
        "four_eyes": ["*"],
        "necessity": "Make the listing known",
    },
    "identification": {
        "purposes": ["identification-for-return"],
        "articles": ["10"],
        "categories": ["to-identify"],
        "handling": ["H1", "H2"],
        "four_eyes": ["*"],
        "services": {"migration": "migration"},
        "deadlines": {"laissez-passer": "P5D"},
        "necessity": "Establish identity and nationality, to carry out an enforceable return decision",
    },
    "border-data": {
        "purposes": ["criminal-investigation"],
        "articles": ["6"],
        "categories": ["to-identify", "listed"],
        "handling": ["H0", "H2"],
        "four_eyes": ["*"],
        "necessity": "Verify whether a traveller is the person on the index",
    },
    "urgent-alert": {
        "purposes": ["prevention"],
        "articles": ["8"],
        "categories": ["suspect", "victim", "witness", "contact", "to-identify"],
        # Neither alert nor all-clear: a duty officer may release them alone in the flash lane.
        "four_eyes": ["refuse"],
        "necessity": "Prevent the danger",
        "urgency": "immediate",
    },
}


_DESKS = {"identification": ("080", "081")}


def desk(kind: str) -> tuple[str, str]:
    """Who writes and who releases acts of a type, on either side."""
    return _DESKS.get(kind, ("017", "003"))


_PLAIN: Content = {"purposes": [], "categories": [], "four_eyes": []}
"""Of a type for which a scene says the rest."""


def _side(state: str, regime: str, law: str, authority: str, ground: Content, services: Content) -> Content:
    return {
        "state": state,
        "regime": regime,
        "law": law,
        "authority": authority,
        "services": services,
        "transfer": ground,
    }


_LAWS = {
    "LED": ("Act of 30 July 2018, title 2", "Supervisory body for police information", "37(1)(a)"),
    "GDPR": ("Act of 15 December 1980; Regulation (EU) 2016/679", "Data protection authority", "46(2)(a)"),
    "FIU": ("Act of 18 September 2017 on money laundering", "Data protection authority", "37(1)(a)"),
}


def sides(regime: str, services: Content, *, personal: bool = True) -> Content:
    """Both sides, under a regime: LED, GDPR or FIU; with a ground of transfer where personal data may pass."""
    law, authority, article = _LAWS[regime]
    be = {"ground": "appropriate-safeguards", "article": article, "reference": "Article 12"}
    ma = {"ground": "national-law", "reference": "Act 09-08, article 43"}
    if not personal:
        be = ma = {"ground": "none"}
    return {
        "be": _side("BE", regime, law, authority, be, services),
        "ma": _side("MA", regime, "Act 09-08", "National commission for data protection", ma, services),
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
    found, said = catalogue.types[kind], _KINDS.get(kind, _PLAIN)
    entry = {"version": str(found.version), "digest": found.digest, "acts": ["*"], "four_eyes": said["four_eyes"]}
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
        "sides": sides("GDPR" if "migration" in found.areas else "LED", said.get("services", _POLICE)),
        "purposes": said["purposes"],
        "types": {kind: entry | {"deadlines": said.get("deadlines", {})}},
        "fields": ["subjects.*", "statements.*", "body.*", "attachments"],
        "categories": said["categories"],
        "handling": said.get("handling", ["H0", "H1", "H2"]),
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


RETURN_DECISION: Content = {
    "reference": "BE-RET-2025-00417",
    "authority": "Immigration office",
    "date": "2025-10-20",
    "enforceable": True,
}
CLAIM: Content = {"from": "person-and-documents", "father": "Driss Ouazzani", "languages": ["ar", "fr"]}
DANGER: Content = {
    "danger": "attack",
    "what": "A vehicle with explosives is said to be prepared for a Christmas market.",
    "where": [{"text": "Brussels, place Sainte-Catherine", "country": "BE", "precision": "exact"}],
    "when": {"moment": "within-days"},
    "certainty": "probable",
    "source": "B",
    "information": "2",
    "contact": "Duty desk, +32 2 000 00 00",
    "asked": ["warned", "verified"],
}

_PASS: Content = {"number": "LP-0042", "issued_on": "2025-11-03"}
_BODIES: dict[tuple[str, str], Content] = {
    ("identification", "request"): {"return_decision": RETURN_DECISION, "claim": CLAIM},
    ("identification", "take-charge"): {"service": "Consular identification desk", "contact": "ma-210"},
    ("identification", "ask-more"): {"questions": ["In which municipality was the father born?"]},
    ("identification", "more-information"): {"answers": ["In Khouribga, about 1961."], "claim": CLAIM},
    ("identification", "consular-interview"): {"stage": "held", "on": "2025-11-01", "place": "Consulate, Brussels"},
    ("identification", "nationality-confirmed"): {
        "identity": "as-claimed",
        "by": ["civil-register", "interview"],
        "laissez_passer": "will-be-issued",
    },
    ("identification", "nationality-not-confirmed"): {"conclusion": "cannot-be-established", "by": ["civil-register"]},
    ("identification", "refuse"): {"ground": "legal-impediment"},
    ("identification", "returned"): {"on": "2025-11-20", "border_post": "Mohammed V airport"},
    ("urgent-alert", "alert"): DANGER,
    ("urgent-alert", "acknowledge"): {"person": "Duty officer 0417", "reachable": "+212 5 00 00 00 00"},
    ("urgent-alert", "take-charge"): {"service": "Operations room", "contact": "ma-301"},
    ("urgent-alert", "action-taken"): {"measures": ["verified", "informed-services"], "held": False},
    ("urgent-alert", "all-clear"): {"reason": "averted"},
    ("urgent-alert", "close"): {"outcome": "done"},
}


def _written(kind: str, name: str, retention: str) -> Content:
    """The body, and the person of an opening act, of the types whose acts are written the same each time."""
    if (kind, name) == ("identification", "laissez-passer-issued"):
        return {"body": {**_PASS, "valid_until": retention}}
    if (kind, name) == ("identification", "request"):
        return {"body": _BODIES[kind, name], "subjects": [person(2, "to-identify")]}
    return {"body": _BODIES[kind, name]} if (kind, name) in _BODIES else {}


def act(kind: str, name: str, dossier: str, channel: str, retention: str, by: str, **more: Any) -> Content:
    """An act as an officer of `by` writes it; whatever is given in `more` replaces what stands here."""
    said = _KINDS[kind]
    return {
        "dossier": dossier,
        "type": kind,
        "act": name,
        "channel": channel,
        "purpose": said["purposes"][0],
        "basis": said["articles"][0],
        "necessity": said["necessity"],
        "recipient": next(iter(said.get("services", _POLICE))),
        "handling": said.get("handling", ["H0"]),
        "classification": "restricted" if by == "be" else "diffusion-restreinte",
        "retention": retention,
        "urgency": said.get("urgency", "standard"),
        **_written(kind, name, retention),
        **more,
    }
