"""Instruments, records and requests for tests: two invented nodes, `be` and `ma`, and a police channel between them.

Overrides replace a key of the top level; a dict is merged into the dict that stands there, and None takes a key away.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from passerelle.core.clock import from_iso
from passerelle.core.json import canonical
from passerelle.instruments.decide import Request
from passerelle.instruments.model import digest_of
from passerelle.instruments.standing import Standing, standing
from passerelle.ports import records

PROPOSED = from_iso("2025-11-30T09:00:00Z")
SIGNED = from_iso("2025-12-01T09:00:00Z")
"""When both sides have signed what `signed` returns."""
NOW = from_iso("2026-11-21T20:51:49.123Z")
"""A moment at which the sample agreement and channel are in force."""
TYPES = {"wanted-trace": "11" * 32, "listed-person": "22" * 32}
"""Digests of no real file."""


SERVICES = {
    "criminal": {"police": "police", "justice": "justice"},
    "migration": {"migration": "migration"},
    "security": {"security": "intelligence"},
    "general": {"police": "police", "justice": "justice"},
}
"""The services of both sides of a channel for an area, with their kinds."""
_STATE_SECURITY = {"ground": "national-law", "article": None, "reference": "Act of 30 November 1998"}
AREAS: dict[str, dict[str, Any]] = {
    "criminal": {},
    "migration": {},
    "security": {
        "title": "Threats to the security of the State",
        "domain": "state-security",
        "wall": "intelligence",
        "purposes": ["national-security", "state-security-threat"],
        "sides": {one: {"regime": "national-security", "transfer": _STATE_SECURITY} for one in ("be", "ma")},
    },
    "general": {
        "title": "Knowledge without persons",
        "domain": "knowledge",
        "purposes": ["training", "experience", "threat-assessment", "cyber-defence"],
    },
}
"""What a channel for an area says otherwise than `channel`, or `migration_channel`."""
NOTHING_PERSONAL: dict[str, Any] = {
    "categories": [],
    "fields": ["statements.*", "body.*", "reference", "also_via", "handling_note", "attachments"],
    "sides": {
        one: {"transfer": {"ground": "none", "article": None, "reference": None, "test": None}} for one in ("be", "ma")
    },
}
"""What a channel says otherwise under which no data about persons passes."""


def agreement(**overrides: Any) -> bytes:
    """The canonical bytes of a treaty between be and ma, in force from 2025-03-01 without end."""
    one, two = overrides.get("parties", ["be", "ma"])
    value = {
        "v": 1,
        "kind": "agreement",
        "title": "Convention on police cooperation",
        "parties": [one, two],
        "nature": "treaty",
        "reference": "OJ 2024/118",
        "signed": "2024-02-20",
        "in_force": {"from": "2025-03-01"},
        "scope": {one: {"state": "BE", "territory": "Belgium"}, two: {"state": "MA", "territory": "Morocco"}},
        "articles": [
            {"number": "5(1)", "subject": "Information on request"},
            {"number": "7(1)", "subject": "Tracing of wanted persons"},
            {"number": "7(2)", "subject": "Lists of wanted persons"},
            {"number": "9", "subject": "Return of persons"},
        ],
    }
    return canonical(_merged(value, overrides))


def channel(agreement_digest: str, types: Mapping[str, str | Mapping[str, Any]] = TYPES, **overrides: Any) -> bytes:
    """The canonical bytes of a police channel, valid for the years 2026 and 2027.

    `types`: digest by name, or what the channel says of a type (`digest`, `acts`, `four_eyes`, ...); by default all
    acts, none under four eyes.
    """
    one, two = overrides.get("parties", ["be", "ma"])
    entries = {name: {"digest": entry} if isinstance(entry, str) else dict(entry) for name, entry in types.items()}
    levels = ("unclassified", "non-classifie"), ("restricted", "diffusion-restreinte"), ("confidential", "confidentiel")
    value = {
        "v": 1,
        "kind": "channel",
        "title": "Wanted persons",
        "parties": [one, two],
        "agreement": agreement_digest,
        "articles": ["5(1)", "7(1)", "7(2)"],
        "nature": "treaty",
        "domain": "wanted-persons",
        "wall": "police",
        "sides": {
            one: {
                "state": "BE",
                "regime": "LED",
                "law": "Act of 30 July 2018, title 2",
                "authority": "Supervisory Body for Police Information",
                "services": {"police": "police", "justice": "justice"},
                "transfer": {"ground": "appropriate-safeguards", "article": "37(1)(a)", "reference": "Article 12"},
            },
            two: {
                "state": "MA",
                "regime": "LED",
                "law": "Act 09-08",
                "authority": "National Commission for data protection",
                "services": {"police": "police", "justice": "justice"},
                "transfer": {"ground": "national-law", "reference": "Act 09-08, article 43"},
            },
        },
        "purposes": ["criminal-investigation", "prosecution", "execution-of-sentences", "tracing-wanted-persons"],
        "types": {name: {"version": "1.0", "acts": ["*"]} | entry for name, entry in entries.items()},
        "fields": [
            "subjects.*",
            "statements.*",
            "body.*",
            "reference",
            "also_via",
            "handling_note",
            "attachments",
            "attachments.fingerprints",
        ],
        "categories": ["suspect", "wanted", "convicted", "victim", "witness", "relative", "contact", "listed"],
        "handling": ["H0", "H1", "H2", "H3"],
        "classification": {
            "levels": [{one: low, two: other} for low, other in levels],
            "ceiling": {one: "restricted", two: "diffusion-restreinte"},
        },
        "retention": "P2Y",
        "grace": "P3D",
        "limits": {"entries": 1000, "bytes": 100_000_000},
        "lanes": ["routine", "flash"],
        "valid": {"from": "2026-01-01", "until": "2027-12-31"},
    }
    return canonical(_merged(value, overrides))


def migration_channel(agreement_digest: str, types: Mapping[str, str | Mapping[str, Any]], **overrides: Any) -> bytes:
    """The canonical bytes of a channel for migration purposes, under the same agreement and for the same years."""
    one, two = overrides.get("parties", ["be", "ma"])
    services = {"services": {"police": None, "justice": None, "migration": "migration"}, "regime": "GDPR"}
    changes: dict[str, Any] = {
        "title": "Identification of persons in irregular stay",
        "domain": "migration",
        "purposes": ["identification-for-return", "return"],
        "articles": ["9"],
        "categories": ["to-identify"],
        "handling": ["H1", "H2"],
        "lanes": ["routine"],
        "sides": {
            one: services | {"law": "Act of 15 December 1980", "transfer": {"article": "46(2)(a)"}},
            two: services,
        },
    }
    return channel(agreement_digest, types, **_merged(changes, overrides))


def channel_for(
    area: str,
    agreement_digest: str,
    types: Mapping[str, str | Mapping[str, Any]],
    services: Mapping[str, str] | None = None,
    **overrides: Any,
) -> bytes:
    """The canonical bytes of a channel for purposes of an area. `services`: those of both sides, in place of others."""
    made = migration_channel if area == "migration" else channel
    body = made(agreement_digest, types, **_merged(AREAS[area], overrides))
    value = msgspec.json.decode(body)
    for side in value["sides"].values():
        side["services"] = dict(services or SERVICES[area])
    return canonical(value)


def proposed(body: bytes, *, partner: str = "ma", by: str = "be") -> records.Instrument:
    """The record of a proposal, at `PROPOSED`."""
    value = msgspec.json.decode(body)
    return records.Instrument(
        digest=digest_of(body),
        kind=value["kind"],
        partner=partner,
        body=body,
        proposed_by=by,
        proposed=PROPOSED,
        agreement=value.get("agreement", ""),
        supersedes=value.get("supersedes", ""),
    )


def signed(body: bytes, *, partner: str = "ma", at: int = SIGNED, **changes: Any) -> records.Instrument:
    """The record of an instrument that both have signed at `at`; this node's signature is receipted."""
    changes = {"own_signed": at, "own_cosigned": True, "partner_signed": at, "own_message": "m1"} | changes
    return msgspec.structs.replace(proposed(body, partner=partner), **changes)


def prepared(
    channel: bytes, agreement: bytes, *, partner: str = "ma", successors: Iterable[Standing] = (), **changes: Any
) -> Standing:
    """The standing of a channel that both have signed, as its agreement; `changes` go to the channel's record."""
    under = standing(signed(agreement, partner=partner))
    return standing(signed(channel, partner=partner, **changes), under, successors)


def request(**overrides: Any) -> Request:
    """A request to open a wanted-trace from be to ma, as ma asks it at `NOW`; the sample channel allows it."""
    values: dict[str, Any] = {
        "sender": "be",
        "receiver": "ma",
        "leaving": False,
        "lane": "routine",
        "type": "wanted-trace",
        "type_digest": TYPES["wanted-trace"],
        "act": "request",
        "opening": True,
        "wind_down": False,
        "areas": frozenset({"criminal"}),
        "purpose": "criminal-investigation",
        "basis": "7(1)",
        "recipient": "police",
        "handling": frozenset({"H0"}),
        "classification": "restricted",
        "retention": "2027-11-21",
        "fields": frozenset(
            {"subjects.names", "subjects.births", "subjects.category", "body.warrant", "statements.text"}
        ),
        "categories": frozenset({"wanted"}),
        "author": "be-017",
        "releaser": "be-003",
        "written": NOW,
        "size": 4096,
    }
    return Request(**values | overrides)


def _merged(value: dict[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    made = dict(value)
    for key, new in overrides.items():
        if new is None:
            made.pop(key, None)
        elif isinstance(new, dict) and isinstance(made.get(key), dict):
            made[key] = _merged(made[key], new)
        else:
            made[key] = new
    return made
