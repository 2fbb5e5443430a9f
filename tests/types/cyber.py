"""`cyber`: an invented campaign as a bundle of STIX 2.1, seen, partly a false alarm, and mitigated."""

import json

from tests.types import Sample
from tests.unit.dossiers.samples import Content

AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
PAP_GREEN = "marking-definition--7a1c3c52-9a3e-4a57-8f30-0d9a7c1e2b11"
INDICATOR = "indicator--2f1b5a3e-8c64-4f0e-9d5e-3b7a64c1d201"
MALWARE = "malware--0d5c9f4a-6f6e-4b1b-8a55-5d2f1e7c9a02"
MADE: Content = {"spec_version": "2.1", "created": "2026-11-20T08:00:00.000Z", "modified": "2026-11-20T09:30:00.000Z"}
MARKED: Content = {"object_marking_refs": [AMBER, PAP_GREEN]}
OBJECTS: list[Content] = [
    {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": PAP_GREEN,
        "created": "2026-11-20T08:00:00Z",
        "definition_type": "statement",
        "definition": {"statement": "PAP:GREEN"},
    },
    {
        "type": "indicator",
        "id": INDICATOR,
        **MADE,
        **MARKED,
        "name": "Serveur de commande",
        "indicator_types": ["malicious-activity"],
        "pattern": "[domain-name:value = 'update.example.net' OR ipv4-addr:value ISSUBSET '198.51.100.0/28']"
        " FOLLOWEDBY [file:hashes.'SHA-256' = '" + "9c" * 32 + "'] WITHIN 600 SECONDS",
        "pattern_type": "stix",
        "valid_from": "2026-11-20T08:00:00Z",
        "kill_chain_phases": [{"kill_chain_name": "example-chain", "phase_name": "command-and-control"}],
    },
    {"type": "malware", "id": MALWARE, **MADE, **MARKED, "name": "ExampleLoader", "is_family": True},
    {
        "type": "relationship",
        "id": "relationship--5b9b6f8e-2e0f-4c39-9d43-1f0a2b3c4d03",
        **MADE,
        **MARKED,
        "relationship_type": "indicates",
        "source_ref": INDICATOR,
        "target_ref": MALWARE,
    },
    {
        "type": "file",
        "id": "file--1e2d3c4b-5a69-5788-96a5-b4c3d2e1f004",
        "hashes": {"SHA-256": "9c" * 32},
        "size": 81920,
        "extensions": {"windows-pebinary-ext": {"pe_type": "exe", "sections": [{"name": ".text", "entropy": 6.2}]}},
    },
]


def bundle(*objects: Content, **changes: object) -> str:
    """The text of a bundle, of the sample's objects when none are given."""
    made = {"type": "bundle", "id": "bundle--44af6c39-c09b-49c5-9de2-394224b04982", "objects": objects or OBJECTS}
    return json.dumps(made | changes, ensure_ascii=False)


MARKS: Content = {"tlp": "amber", "pap": "green"}
SHARE: Content = {"bundle": bundle(), "matter": "intrusion", "summary": "Chargeur vu chez deux fournisseurs.", **MARKS}
SEEN: Content = {
    "objects": [INDICATOR],
    "count": 3,
    "first_day": "2026-11-19",
    "last_day": "2026-11-21",
    "sector": "energy",
}

SAMPLE = Sample(
    name="cyber",
    bodies={
        "share": SHARE,
        "sighting": SEEN | MARKS,
        "false-positive": {"objects": [INDICATOR], "why": "Adresse d'un miroir public.", **MARKS},
        "mitigation": {"measures": ["searched-logs", "detection-rule"], **MARKS},
        "reply": {"text": "Aucun autre indicateur.", **MARKS},
        "interim": {"reason": "in-progress", "until": "2026-12-15", **MARKS},
        "ask-more": {"questions": ["Depuis quand ?"], **MARKS},
        "no-trace": {"searched": ["SIEM"], **MARKS},
        "correct": {
            "reason": "inaccurate",
            "corrections": [{"field": "necessity", "value": "Reconnaître une attaque."}],
            **MARKS,
        },
        "countermeasure": {"measures": ["blocked"], "objects": [INDICATOR], **MARKS},
    },
    envelope={"purpose": "cybercrime", "necessity": "Reconnaître une attaque en cours.", "urgency": "urgent"},
    channel={"purposes": ["cybercrime"]},
    life=[
        ("opener", "share"),
        ("answerer", "take-charge"),
        ("answerer", "sighting"),
        ("answerer", "false-positive"),
        ("answerer", "mitigation"),
        ("answerer", "countermeasure"),
        ("opener", "close"),
    ],
)
