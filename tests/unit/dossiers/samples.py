"""Valid contents of acts, with invented persons in Latin and Arabic script. For tests of every package.

    request = wanted_request()
    seen = sighting(dossier=request["dossier"], after=[request["id"]])

Each function takes the keys of the envelope as keyword arguments and sets `body` where it is given. Whatever is not
given has a value that is valid on `NOW` and for a year after it.
"""

from typing import Any

from passerelle.core.clock import from_iso
from passerelle.core.ids import new_id

Content = dict[str, Any]

NOW = from_iso("2026-11-21T12:00:00Z")
CHANNEL = "c" * 64
AUDIT = "a" * 64

# Nobody of these exists.
YOUSSEF: Content = {
    "key": "p1",
    "category": "wanted",
    "names": [
        {"text": "Youssef El Amraoui", "script": "Latn", "kind": "primary", "family": "El Amraoui", "given": "Youssef"},
        {"text": "يوسف العمراوي", "script": "Arab", "kind": "primary", "family": "العمراوي", "given": "يوسف"},
        {"text": "Joseph L'Amrawi", "script": "Latn", "kind": "alias", "quality": "low"},
    ],
    "births": [{"date": "1986-03-14", "calendar": "gregorian", "kind": "exact"}],
    "sex": "male",
    "nationalities": ["MA"],
    "documents": [
        {"kind": "passport", "number": "ZX0000017", "country": "MA", "issued": "2019-06-02", "expires": "2024-06-02"}
    ],
    "numbers": [{"kind": "national-number", "country": "BE", "value": "86.03.14-000.00"}],
    "places": [{"kind": "birth", "text": "Khouribga", "country": "MA"}],
    "minor": "no",
}
LIEVE: Content = {
    "key": "p1",
    "category": "convicted",
    "names": [{"text": "Lieve Vandersteen-Maes", "script": "Latn", "kind": "primary"}],
    "births": [{"date": "1971", "calendar": "gregorian", "kind": "approximate"}],
    "sex": "female",
    "nationalities": ["BE"],
    "minor": "no",
}
HAMZA: Content = {
    "key": "p1",
    "category": "listed",
    "names": [
        {"text": "حمزة بن طاهر الغرباوي", "script": "Arab", "kind": "primary"},
        {"text": "Hamza ben Tahar El Gharbaoui", "script": "Latn", "kind": "transliteration"},
        {"text": "Abou Sanad", "script": "Latn", "kind": "nom-de-guerre", "quality": "low"},
    ],
    "births": [
        {"date": "1399", "calendar": "hijri", "kind": "exact"},
        {"date": "1978", "until": "1980", "calendar": "gregorian", "kind": "between"},
    ],
    "minor": "no",
}

SALMA: Content = {
    "key": "p1",
    "category": "to-identify",
    "names": [
        {"text": "Salma Bennani Zerhouni", "script": "Latn", "kind": "primary"},
        {"text": "سلمى بناني زرهوني", "script": "Arab", "kind": "primary"},
    ],
    "births": [{"date": "1994-05-02", "calendar": "gregorian", "kind": "claimed"}],
    "sex": "female",
    "nationalities": ["MA"],
    "documents": [{"kind": "identity-card", "number": "ZZ000021", "country": "MA", "expires": "2019-01-31"}],
    "places": [{"kind": "birth", "text": "أصيلة", "country": "MA"}, {"kind": "birth", "text": "Asilah"}],
    "minor": "no",
}
ILYAS: Content = {
    "key": "p1",
    "category": "to-identify",
    "names": [{"text": "Ilyas Ait Ourir", "script": "Latn", "kind": "primary"}],
    "births": [{"date": "2010-09", "calendar": "gregorian", "kind": "exact"}],
    "minor": "yes",
}

WARRANT: Content = {
    "kind": "warrant",
    "reference": "BR-2025/0417",
    "court": "Tribunal de première instance francophone de Bruxelles",
    "date": "2025-09-08",
    "offence": "Trafic de stupéfiants en association",
    "committed": "Bruxelles, de janvier à juin 2025",
    "sentence": "Réclusion de cinq à dix ans (encourue)",
}
ASSURANCES: Content = {
    "death_penalty": "not-provided-by-law",
    "ill_treatment": "guaranteed-with-visits",
    "fair_trial": "guaranteed",
    "authority": "SPF Justice",
    "given_on": "2026-11-20",
}
PLACE: Content = {"kind": "seen", "text": "طنجة، الميناء المتوسطي", "country": "MA"}

RETURN: Content = {
    "reference": "BE-RET-2026-00417",
    "authority": "Dienst Vreemdelingenzaken",
    "date": "2026-09-30",
    "enforceable": True,
}
CLAIM: Content = {"from": "person-and-documents", "father": "Driss Bennani", "languages": ["ar", "fr"]}
ACCOMPANIED: Content = {"accompanied": True, "with": {"relation": "mother", "name": "Khadija Ait Ourir"}}
ALONE: Content = {
    "accompanied": False,
    "guardian": {"name": "Annelies Coppens", "appointed_by": "Dienst Voogdij", "appointed_on": "2026-08-17"},
    "best_interests": {
        "authority": "Dienst Vreemdelingenzaken",
        "reference": "BE-MIN-2026-0031",
        "date": "2026-10-12",
        "return_in_best_interests": True,
    },
}
DANGER: Content = {
    "danger": "attack",
    "what": "Un véhicule piégé serait préparé pour le marché de Noël.",
    "where": [{"text": "Bruxelles, place Sainte-Catherine", "country": "BE", "precision": "exact"}],
    "when": {"moment": "on-day", "day": "2026-11-22", "time": "17:30"},
    "certainty": "probable",
    "source": "B",
    "information": "2",
    "contact": "Permanence, +32 2 000 00 00",
    "asked": ["warned", "verified"],
}

PHOTO: Content = {
    "address": "5f" * 32,
    "size": 81_920,
    "media": "image/jpeg",
    "name": "يوسف 1.jpg",
    "key": "A" * 43 + "=",
}

# A valid body of every act that the shipped types have, beside the opening ones.
BODIES: dict[str, Content] = {
    "acknowledge": {},
    "take-charge": {"service": "مكتب المبحوث عنهم", "contact": "ناديا"},
    "assign": {"service": "fugitives"},
    "ask-more": {"questions": ["Quelle est la taille de la personne ?"]},
    "no-trace": {"searched": ["ANG", "registre des étrangers"]},
    "interim": {"reason": "not-directly-available", "until": "2026-12-15"},
    "reply": {"text": "Geen bijkomende gegevens."},
    "remind": {},
    "correct": {
        "reason": "inaccurate",
        "corrections": [{"field": "necessity", "value": "Nodig voor het lopende onderzoek."}],
    },
    "withdraw": {"reason": "sent-in-error"},
    "restrict": {"reason": "accuracy-contested"},
    "suspend": {"ground": "legal-impediment"},
    "resume": {},
    "ask-onward": {"to": "Europol", "purpose": "criminal-investigation", "reason": "Lien avec une enquête en cours"},
    "ask-evidence": {"court": "Tribunal de Liège", "reason": "Audience du mois de janvier"},
    "consent": {"question": "01932f3a-1234-7abc-8def-0123456789ab", "decision": "granted"},
    "refuse": {"ground": "legal-impediment"},
    "close": {"outcome": "done"},
    "reopen": {"reason": "Nouveau signalement"},
    "report-deletion": {"scope": "dossier", "deleted_on": "2026-11-21"},
    "review": {"examined": ["political", "military", "religious", "racial"], "outcome": "none-found"},
    "sighting": {"on": "2026-11-20", "place": PLACE, "circumstances": "شوهد قرب المحطة البحرية"},
    "located": {"on": "2026-11-20", "place": PLACE, "certainty": "probable"},
    "provisional-arrest": {"assurances": ASSURANCES, "extradition_intended": True, "warrant_reference": "BR-2025/0417"},
    "arrested": {
        "on": "2026-11-21",
        "place": PLACE,
        "authority": "النيابة العامة لدى محكمة الاستئناف بطنجة",
        "consular": {"told": True, "wish": "do-not-notify"},
    },
    "extradition-announced": {"assurances": ASSURANCES, "sent_on": "2026-11-21", "route": "central-authority"},
    "release-due": {"due": "2026-12-09", "custody": "held"},
    "cancelled": {"reason": "warrant-lifted", "indexed": True, "references": ["00ff00ff00ff00ff"]},
    "seen": {"on": "2026-11-19", "place": PLACE},
    "delisted": {"on": "2026-11-20"},
    "more-information": {"answers": ["Le père est né à Asilah en 1961."], "claim": CLAIM},
    "consular-interview": {"stage": "planned", "on": "2026-12-03", "time": "10:30", "place": "Consulat, Bruxelles"},
    "nationality-confirmed": {"identity": "as-claimed", "by": ["civil-register"], "laissez_passer": "will-be-issued"},
    "nationality-not-confirmed": {"conclusion": "cannot-be-established", "by": ["civil-register", "interview"]},
    "laissez-passer-issued": {"number": "LP-0042", "issued_on": "2026-11-20", "valid_until": "2026-12-20"},
    "laissez-passer-expired": {"number": "LP-0042", "on": "2026-11-20"},
    "returned": {"on": "2026-11-21", "border_post": "Aéroport Mohammed V"},
    "action-taken": {"measures": ["secured", "verified"], "summary": "تم تأمين المكان.", "held": False},
    "all-clear": {"reason": "averted"},
}
# Where a type has a common act with other fields or words.
OWN_BODIES: dict[str, dict[str, Content]] = {
    "identification": {
        "interim": {"reason": "in-progress", "until": "2026-12-15"},
        "suspend": {},
        "reopen": {},
        "withdraw": {"reason": "no-longer-needed"},
    },
    "wanted-trace": {
        "interim": {"reason": "in-progress", "until": "2026-12-15"},
        "close": {"outcome": "done", "indexed": False},
    },
    "urgent-alert": {
        "acknowledge": {"person": "ضابط المداومة 0417", "reachable": "+212 5 00 00 00 00"},
        "close": {"outcome": "done"},
    },
}
# What the envelope says where a type is for other purposes.
ENVELOPES: dict[str, Content] = {
    "identification": {
        "purpose": "identification-for-return",
        "basis": "9",
        "necessity": "Établir l'identité et la nationalité en vue de l'exécution d'une décision de retour.",
        "recipient": "migration",
        "handling": ["H1", "H2"],
    },
    "urgent-alert": {"necessity": "Éviter un attentat.", "urgency": "immediate"},
}


def statement(about: str | list[str] = "p1", **changes: Any) -> Content:
    """A fact from an official record about the person of this key, or of these."""
    made: Content = {
        "about": [about] if isinstance(about, str) else about,
        "nature": "fact",
        "obtained": "official-record",
        "risk_of_ill_treatment": False,
        "source": "A",
        "information": "1",
        "text": "Connu sous deux graphies de son nom ; voir le registre national.",
        "language": "fr",
    }
    return made | changes


def act(kind: str, name: str, **envelope: Any) -> Content:
    """A valid content of the act `name` of the type `kind`; `message` fills `body.message`."""
    body = dict(OWN_BODIES.get(kind, {}).get(name, BODIES.get(name, {})))
    if "message" in envelope:
        body["message"] = envelope.pop("message")
    made: Content = {
        "v": 1,
        "kind": "act",
        "id": new_id(),
        "governance": "1/4",
        "after": [],
        "dossier": new_id(),
        "type": kind,
        "act": name,
        "channel": CHANNEL,
        "purpose": "criminal-investigation",
        "basis": "7(2)",
        "necessity": "Recherche d'une personne visée par un mandat d'arrêt.",
        "recipient": "police",
        "handling": ["H0"],
        "classification": "restricted",
        "retention": "2027-11-21",
        "urgency": "standard",
        "four_eyes": {"author": "be-017", "releaser": "be-003", "audit": AUDIT},
        "reference": "BE-2026-0017",
        "body": body,
    }
    return made | ENVELOPES.get(kind, {}) | envelope


def wanted_request(**envelope: Any) -> Content:
    """The opening act of `wanted-trace`: Youssef El Amraoui under a warrant of arrest."""
    made = {
        "handling": ["H0", "H2"],
        "also_via": ["INTERPOL"],
        "subjects": [YOUSSEF],
        "statements": [statement()],
        "body": {"warrant": WARRANT, "danger": "Peut être armé"},
    }
    return act("wanted-trace", "request", **(made | envelope))


def sighting(**envelope: Any) -> Content:
    """An answer to `wanted_request`: the person was seen at a port. Give `dossier` and `after`."""
    made = {
        "reference": "MA-2026-4411",
        "necessity": "جواب على طلب البحث عن شخص مبحوث عنه.",
        "statements": [statement(text="شوهد يوم الجمعة صباحا.", language="ar", source="B", information="2")],
    }
    return act("wanted-trace", "sighting", **(made | envelope))


def listed_notice(**envelope: Any) -> Content:
    """The opening act of `listed-person`: Hamza El Gharbaoui on an invented list."""
    made = {
        "subjects": [HAMZA],
        "body": {
            "list": "Liste consolidée (exemple)",
            "number": "QX.i.017.21",
            "listed_on": "2021-02-03",
            "comments": "Entrée inventée pour les essais.",
        },
    }
    return act("listed-person", "notice", **(made | envelope))


def identification_request(**envelope: Any) -> Content:
    """The opening act of `identification`: Salma Bennani Zerhouni under an enforceable return decision."""
    made = {"subjects": [SALMA], "body": {"return_decision": RETURN, "claim": CLAIM}}
    return act("identification", "request", **(made | envelope))


def minor_request(situation: Content | None, **envelope: Any) -> Content:
    """The same for a boy of sixteen, whose situation the body gives, or nothing."""
    body = {"return_decision": RETURN, "claim": {"from": "person"}} | ({"minor": situation} if situation else {})
    return identification_request(**({"subjects": [ILYAS], "body": body} | envelope))


def urgent_alert(**envelope: Any) -> Content:
    """The opening act of `urgent-alert`: an attack being prepared."""
    made = {"body": DANGER, "statements": [statement(about=[], source="B", information="2", obtained="human-source")]}
    return act("urgent-alert", "alert", **(made | envelope))


OPENINGS = {
    "identification": identification_request,
    "listed-person": listed_notice,
    "urgent-alert": urgent_alert,
    "wanted-trace": wanted_request,
}
"""What opens a dossier of each shipped type."""
