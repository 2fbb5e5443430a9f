"""The acts of the closing round, one of each type that no other scene shows. Everybody and everything is invented."""

import json
from typing import NamedTuple

from passerelle.demo import cast
from passerelle.demo.cast import Content


class Shown(NamedTuple):
    """An act of the round: its type and name, the field of cooperation, what it is about, body and persons."""

    kind: str
    act: str
    field: str
    purpose: str
    words: str
    body: Content
    subjects: tuple[Content, ...] = ()


SUSPECT = cast.person(7, "suspect")
LETTER: Content = {"authority": "Investigating judge, Brussels", "reference": "CR/2026/0117", "date": "2025-11-02"}
PAPER: Content = {"reference": "EX/2026/3-1", "way": "central-authority", "translated": "ar"}
JUDGMENT: Content = {
    "reference": "2025/3318",
    "court": "Cour d'appel de Mons",
    "date": "2024-06-12",
    "offence": "Vol avec violences",
    "sentence": "Cinq ans d'emprisonnement",
    "final": True,
    "final_on": "2024-07-01",
}
_AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"  # TLP 2.0, as the standard numbers it
_PAP = "marking-definition--7a1c3c52-9a3e-4a57-8f30-0d9a7c1e2b11"
_BUNDLE: Content = {
    "type": "bundle",
    "id": "bundle--44af6c39-c09b-49c5-9de2-394224b04982",
    "objects": [
        {
            "type": "marking-definition",
            "spec_version": "2.1",
            "id": _PAP,
            "created": "2025-11-20T08:00:00Z",
            "definition_type": "statement",
            "definition": {"statement": "PAP:GREEN"},
        },
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": "indicator--2f1b5a3e-8c64-4f0e-9d5e-3b7a64c1d201",
            "created": "2025-11-20T08:00:00.000Z",
            "modified": "2025-11-20T08:00:00.000Z",
            "object_marking_refs": [_AMBER, _PAP],
            "pattern": "[domain-name:value = 'update.example.net']",
            "pattern_type": "stix",
            "valid_from": "2025-11-20T08:00:00Z",
        },
    ],
}
_EXAMINED = ["journalistic", "artistic", "academic", "educational", "countering-terrorism", "controversial-views"]
CRIME: Content = {"offence": "Importation de stupéfiants en association", "facts": "Un conteneur est attendu à Anvers."}


_CRIME = (
    Shown(
        "terrorism",
        "information",
        "police",
        "criminal-investigation",
        "recruitment for a group in a conflict zone: a conduct, not an opinion",
        {
            "phenomenon": "network",
            "offence": "Recrutement pour le terrorisme",
            "conduct": [
                {
                    "kind": "recruitment",
                    "who": ["p1"],
                    "summary": "A payé le billet d'une personne qu'il recrutait.",
                    "known": "witness",
                    "source": "B",
                    "information": "2",
                }
            ],
        },
        (SUSPECT,),
    ),
    Shown(
        "organised-crime",
        "request",
        "police",
        "criminal-investigation",
        "a container with drugs",
        {"phenomenon": "drugs", **CRIME, "questions": ["Qui a loué le conteneur ?"]},
        (SUSPECT,),
    ),
    Shown(
        "human-trafficking",
        "information",
        "police",
        "criminal-investigation",
        "those who recruited; victims never stand beside them",
        {
            "exploitation": ["forced-labour"],
            "deeds": ["recruitment", "transport"],
            "means": ["deception"],
            "offence": "Traite des êtres humains aux fins de travail",
            "facts": "Des personnes recrutées par annonce travaillent sans salaire.",
            "places": [{"role": "exploitation", "text": "Hoogstraten", "country": "BE"}],
        },
        (SUSPECT,),
    ),
)
_OTHERS = (
    Shown(
        "asset-recovery",
        "tracing-request",
        "police",
        "asset-recovery",
        "what a suspect owns abroad",
        {
            "case": {
                "offence": "Blanchiment",
                "stage": "investigation",
                "authority": "Parquet d'Anvers",
                "reference": "AN-55-2026",
                "facts": "Des versements en espèces en 2024 et 2025.",
            },
            "sought": ["account", "real-estate"],
            "believed_because": "Virements répétés vers une étude notariale de Tanger.",
        },
        (SUSPECT,),
    ),
    Shown(
        "border-data",
        "document-lost",
        "police",
        "detection",
        "a stolen passport; lists of passengers never travel",
        {
            "document": {"kind": "passport", "number": "ZX0000017", "country": "MA"},
            "what": "stolen",
            "since": "2025-11-10",
        },
    ),
    Shown(
        "mutual-legal-assistance",
        "request",
        "justice",
        "mutual-legal-assistance",
        "a letter rogatory, written and released by magistrates",
        {
            "letter": LETTER,
            "issued_by": "investigating-judge",
            "object": "Établir l'origine des fonds versés sur un compte.",
            "offence": "Escroquerie",
            "facts": "Des versements ont été obtenus par de fausses factures.",
            "provisions": "Code pénal, article 496",
            "production": {"what": "Extraits du compte", "holder": "Une banque"},
        },
    ),
    Shown(
        "extradition",
        "request",
        "justice",
        "extradition",
        "with assurances as fields and the penalty above the channel's threshold",
        {
            "warrant": cast.WARRANT,
            "purpose": "prosecution",
            "penalty": "term",
            "maximum_penalty": "P10Y",
            "facts": "Entre janvier et juin 2025, un trafic de stupéfiants a été organisé.",
            "provisions": "Loi du 24 février 1921, article 2bis",
            "documents": dict.fromkeys(("title", "facts", "law", "description"), PAPER),
            "assurances": cast.ASSURANCES,
        },
        (cast.person(8, "wanted"),),
    ),
    Shown(
        "sentenced-person-transfer",
        "request",
        "justice",
        "execution-of-sentences",
        "a prisoner who asks to serve his sentence at home",
        {
            "opener_is": "sentencing-state",
            "asked_by": "person",
            "asked_on": "2025-11-05",
            "ground": "consent",
            "judgment": JUDGMENT,
            "term": "fixed",
            "remaining": "P2Y3M",
            "nationality": "MA",
            "other_nationality": "none",
        },
        (cast.person(9, "convicted"),),
    ),
    Shown(
        "financial-intelligence",
        "request",
        "fiu",
        "financial-intelligence",
        "between financial intelligence units alone",
        {
            "matter": "money-laundering",
            "facts": "Versements en espèces fractionnés, puis virements sans cause apparente.",
            "link": "Le compte bénéficiaire est tenu au Maroc.",
            "sought": ["accounts"],
            "use": "Analyse opérationnelle.",
        },
        (SUSPECT,),
    ),
    Shown(
        "content-referral",
        "referral",
        "police",
        "content-referral",
        "public content that shows how to build a bomb; no removal order",
        {
            "url": "https://videos.example.org/watch/417",
            "hash": "7d" * 32,
            "media": "video",
            "language": "fr",
            "seen_on": "2025-11-20",
            "public": True,
            "review": {"examined": _EXAMINED, "finding": "none"},
            "kinds": ["instructs", "incites"],
            "law": "Code pénal, article 140sexies",
            "offence": "Instructions en vue d'une infraction terroriste",
            "why": "La vidéo montre la fabrication d'un engin explosif et appelle à s'en servir.",
        },
    ),
    Shown(
        "cyber",
        "share",
        "expertise",
        "cyber-defence",
        "a bundle of STIX 2.1, held against the standard; its TLP and PAP stay with it",
        {
            "bundle": json.dumps(_BUNDLE),
            "matter": "intrusion",
            "summary": "Chargeur vu chez deux fournisseurs.",
            "tlp": "amber",
            "pap": "green",
        },
    ),
    Shown(
        "threat-contribution",
        "assessment",
        "expertise",
        "threat-assessment",
        "a level on be's own named scale, and nobody in it",
        {
            "phenomenon": "firearms-trafficking",
            "region": {"name": "Sahel occidental", "countries": ["ML", "MR"]},
            "view": {
                "scale": {"name": "Échelle à trois niveaux", "levels": ["1 faible", "2 moyen", "3 grave"]},
                "level": "2 moyen",
            },
            "from_day": "2025-07-01",
            "until_day": "2025-12-31",
            "trend": "rising",
            "confidence": "moderate",
            "sources": ["open-source", "official-record"],
            "text": "Les saisies augmentent depuis l'été.",
        },
    ),
    Shown(
        "experience",
        "request",
        "expertise",
        "experience",
        "a training on traces",
        {
            "kind": "training",
            "field": "forensics",
            "subject": "Relevé de traces papillaires sur support humide.",
            "for": "Techniciens de police scientifique",
            "number": 8,
            "languages": ["fr"],
        },
    ),
)


def acts(event: str) -> list[Shown]:
    """The acts of the round. `event`: the day of the event that one of them announces."""
    return [*_CRIME, _event(event), *_OTHERS]


def _event(day: str) -> Shown:
    return Shown(
        "event-security",
        "event-notice",
        "police",
        "public-security",
        "a match: groups, nobody by name",
        {
            "name": "Tangier - Antwerp",
            "nature": "football",
            "date": day,
            "ends_on": day,
            "place": {"text": "Grand stade", "city": "Tanger", "country": "MA"},
            "groups": [{"name": "Supporters uit Antwerpen", "side": "visiting", "size": 900, "risk": "not-assessed"}],
            "expected": "Eerste ontmoeting van beide ploegen.",
            "contact": "National football information point",
        },
    )
