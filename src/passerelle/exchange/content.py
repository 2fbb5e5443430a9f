"""Contents as they are read: strict JSON, the fields that all kinds share, and the schemas of kinds without dossier.

Acts in dossiers are validated by their type (`dossiers.content`); everything else is here. A content whose form is
wrong is refused with check 9, whatever it claims to be.
"""

import re
from typing import Any

import jsonschema_rs
import msgspec

from passerelle.core import ids, json
from passerelle.core.errors import ExchangeError, JsonError
from passerelle.ledger.entry import Leaf
from passerelle.ports.records import Message

MAX_AFTER = 64
PLAIN_KINDS = (
    "refusal",
    "attachment",
    "generation",
    "instrument.propose",
    "instrument.sign",
    "instrument.reject",
    "instrument.terminate",
    "keys.rotate",
    "keys.revoke",
    "index.publish",
    "index.expire",
)
KINDS = ("act", *PLAIN_KINDS)
UNANSWERED = ("refusal", "attachment")
"""Kinds that are never refused nor answered: one that makes no sense is kept and moves nothing."""

OUTCOMES = ("complete", "too-large", "wrong-type", "does-not-open", "gone", "again")
"""What comes of an attachment, as its receiver says: see `attachments_in`."""

_MOST_WORD = 64  # no word, digest or name of a person in an act is longer
_GOVERNANCE = re.compile(r"[1-9][0-9]{0,8}/(?:0|[1-9][0-9]{0,14})")
_HEX = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_PERSON = {"type": "string", "minLength": 1, "maxLength": 200}
_WORDS = {"type": "string", "minLength": 1, "maxLength": 2000}
_COMMON = {"v": {"const": 1}, "kind": {"type": "string"}, "id": {}, "governance": {}, "after": {"maxItems": 0}}
_CHECKS = {"type": "array", "minItems": 1, "maxItems": 4, "uniqueItems": True, "items": {"enum": ["7", "8", "9", "10"]}}
_MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$"}

_KEYS: dict[str, Any] = {
    "statement": {"type": "string", "minLength": 1, "maxLength": 262144},
    "signed": {"type": "string", "minLength": 1, "maxLength": 131072},
    "identity": {"type": "string", "minLength": 2, "maxLength": 65536},
    "by": _PERSON,
    "reason": _WORDS,
}

_FIELDS: dict[str, dict[str, Any]] = {
    "refusal": {
        "refused": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1000,
            "items": {
                "type": "object",
                "properties": {"message": {"type": "string", "maxLength": 36}, "checks": _CHECKS},
                "required": ["message", "checks"],
                "additionalProperties": False,
            },
        }
    },
    "attachment": {"message": {"type": "string", "maxLength": 36}, "address": _HEX, "outcome": {"enum": OUTCOMES}},
    "generation": {
        "previous": {"type": "string", "maxLength": 65536},
        "size": {"type": "integer", "minimum": 0},
        "root": {"type": "string", "minLength": 44, "maxLength": 44},
        "by": _PERSON,
        "reason": _WORDS,
    },
    "instrument.propose": {"instrument": {"type": "string", "minLength": 2, "maxLength": 262144}, "by": _PERSON},
    "instrument.sign": {"digest": _HEX, "by": _PERSON},
    "instrument.reject": {"digest": _HEX, "by": _PERSON, "reason": _WORDS},
    "instrument.terminate": {"digest": _HEX, "by": _PERSON, "reason": _WORDS, "from": _MOMENT},
    "keys.rotate": _KEYS,
    "keys.revoke": _KEYS,
    "index.publish": {"manifest": {"type": "string", "minLength": 2, "maxLength": 16384}, "by": _PERSON},
    "index.expire": {
        "index": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,39}$"},
        "epochs": {"type": "array", "maxItems": 1000, "uniqueItems": True, "items": _HEX},
        "by": _PERSON,
        "reason": _WORDS,
    },
}

_validators = {
    kind: jsonschema_rs.validator_for(
        {
            "type": "object",
            "properties": _COMMON | fields,
            "required": [*_COMMON, *fields],
            "additionalProperties": False,
        }
    )
    for kind, fields in _FIELDS.items()
}


class ContentError(ExchangeError):
    """The content is not of the form of its kind (check 9)."""


def parse(body: bytes, message_id: str) -> dict[str, Any]:
    """The content that the bytes say, with the fields that all kinds share. Raises JsonError or ContentError."""
    content = json.parse_object(body, "content")
    kind = content.get("kind")
    if content.get("v") != 1 or content["v"] is True:
        raise ContentError(f"v: expected 1, got {str(content.get('v'))[:20]!r}")
    if kind not in KINDS:
        raise ContentError(f"kind: expected one of {', '.join(KINDS)}, got {str(kind)[:40]!r}")
    if content.get("id") != message_id:
        raise ContentError(f"id: expected that of the entry, {message_id}, got {str(content.get('id'))[:40]!r}")
    governance = content.get("governance")
    if not isinstance(governance, str) or not _GOVERNANCE.fullmatch(governance):
        raise ContentError(f"governance: expected generation/size, got {str(governance)[:40]!r}")
    after = content.get("after")
    if not isinstance(after, list) or len(after) > MAX_AFTER or not all(ids.is_id(one) for one in after):
        raise ContentError(f"after: expected at most {MAX_AFTER} message ids, got {str(after)[:60]!r}")
    if len(set(after)) != len(after) or message_id in after:
        raise ContentError("after: expected each earlier message once")
    return content


def check_plain(content: dict[str, Any]) -> None:
    """Raises ContentError unless a content without dossier is of the form of its kind."""
    kind = content["kind"]
    validator = _validators.get(kind)
    if validator is None:
        raise ContentError(f"kind: expected one of {', '.join(PLAIN_KINDS)}, got {kind!r}")
    if not validator.is_valid(content):
        error = next(validator.iter_errors(content))
        path = ".".join(str(part) for part in error.instance_path) or "content"
        raise ContentError(f"{path}: {error.message[:200]}")


def kind_of(body: bytes) -> str:
    """The kind that the content claims, or nothing when it cannot be read."""
    try:
        kind = json.parse_object(body).get("kind")
    except JsonError:
        return ""
    return kind if isinstance(kind, str) and kind in KINDS else ""


def _word(content: object, key: str) -> str:
    """What stands under a key, where it is a text that a column and an index may hold."""
    value = content.get(key) if isinstance(content, dict) else None
    return value if isinstance(value, str) and len(value) <= _MOST_WORD else ""


def marks_of(content: dict[str, Any]) -> dict[str, str]:
    """The fields of an act's row that its content gives: what lists and figures need, and nothing personal."""
    refusing = content.get("act") == "refuse"
    return {
        "act": _word(content, "act"),
        "channel": _word(content, "channel"),
        "type": _word(content, "type"),
        "purpose": _word(content, "purpose"),
        "ground": _word(content.get("body"), "ground") if refusing else "",
    }


def row_of(partner: str, direction: str, lane: str, leaf: Leaf, content: dict[str, Any] | None, noted: int) -> Message:
    """The row of a message from its leaf and, where there is one, its readable content. `noted` in milliseconds.

    Of the content only the fields that all kinds share were validated yet: what is not of its form is left out.
    """
    content = content or {}
    eyes = content.get("four_eyes")
    dossier = _word(content, "dossier")
    made = Message(
        id=leaf.message,
        partner=partner,
        direction=direction,
        lane=lane,
        kind=content.get("kind", ""),
        state="sequenced" if direction == "out" else "applied",
        dossier=dossier if ids.is_id(dossier) else "",
        after=tuple(content.get("after", ())),
        governance=content.get("governance", ""),
        origin=leaf.origin,
        index=leaf.index,
        time=leaf.time,
        noted=noted,
        size=leaf.size,
        commitment=leaf.commitment,
        author=_word(eyes, "author"),
        releaser=_word(eyes, "releaser"),
        position=ids.order_of(ids.new_id()),
    )
    return msgspec.structs.replace(made, **marks_of(content))
