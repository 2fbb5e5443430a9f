"""The identity file: what one operator hands to another, and what both compare by voice.

Canonical JSON, so that it has one fingerprint: the SHA-256 of its bytes. It holds the node's name, country, languages,
time zone, endpoints, the pin of its TLS certificate and its public keys. It carries no signature: trust comes from
persons who compare the fingerprint, and from then on keys speak for themselves.
"""

import hashlib
import re
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from passerelle.core import json
from passerelle.core.errors import IdentityError, InputError, JsonError
from passerelle.core.text import check_node_name
from passerelle.identity.keys import (
    ED25519,
    ED25519_COSIGNATURE,
    MLDSA44,
    NodeKeys,
    PublicKeys,
    SealKey,
    Verifier,
    b64,
    parse_vkey,
    unb64,
)

FORMAT = "passerelle-identity/1"
LANGUAGES = ("fr", "nl", "ar", "en")
_MAX = 64 * 1024
_KINDS = {"log", "receipt", "witness", "envelope", "sealing"}
_COUNTRY = re.compile(r"[A-Z]{2}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_ENDPOINT = re.compile(r"https://[A-Za-z0-9.\-\[\]:]+")


class Identity(msgspec.Struct, frozen=True):
    """A node as its partners know it. `body` is the exact file."""

    body: bytes
    name: str
    country: str
    languages: tuple[str, ...]
    timezone: str
    endpoints: tuple[str, ...]
    tls: str
    log: tuple[Verifier, Verifier]
    receipt: tuple[Verifier, Verifier]
    witness: tuple[Verifier, Verifier]
    envelope: Verifier
    sealing: SealKey

    @property
    def keys(self) -> PublicKeys:
        return PublicKeys(self.log, self.receipt, self.witness, self.envelope, self.sealing)

    @property
    def fingerprint(self) -> str:
        """64 hex digits."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def key_digest(self) -> str:
        """64 hex digits over name and keys alone: stays the same when only an address changes."""
        keys = (*self.log, *self.receipt, *self.witness, self.envelope)
        lines = [self.name, *(key.vkey for key in keys), self.sealing.id]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def make(
    keys: NodeKeys | PublicKeys,
    name: str = "",
    *,
    country: str,
    languages: tuple[str, ...],
    timezone: str,
    endpoints: tuple[str, ...],
    tls: str,
) -> Identity:
    """The identity of a node. Raises IdentityError when a value is not of its form."""
    name = keys.name if isinstance(keys, NodeKeys) else name
    public = keys.public if isinstance(keys, NodeKeys) else keys
    sealing = {"mlkem768": b64(public.sealing.mlkem), "x25519": b64(public.sealing.x25519)}
    value = {
        "format": FORMAT,
        "name": name,
        "country": country,
        "languages": list(languages),
        "timezone": timezone,
        "endpoints": list(endpoints),
        "tls": tls,
        "keys": {
            "log": [key.vkey for key in public.log],
            "receipt": [key.vkey for key in public.receipt],
            "witness": [key.vkey for key in public.witness],
            "envelope": public.envelope.vkey,
            "sealing": sealing,
        },
    }
    return parse(json.canonical(value))


def changed(before: Identity, keys: PublicKeys, *, endpoints: tuple[str, ...] | None = None, tls: str = "") -> Identity:
    """The same node with other keys, addresses or certificate. Raises IdentityError."""
    return make(
        keys,
        before.name,
        country=before.country,
        languages=before.languages,
        timezone=before.timezone,
        endpoints=before.endpoints if endpoints is None else endpoints,
        tls=tls or before.tls,
    )


@cache
def _zones() -> frozenset[str]:
    """The names of time zones that this machine knows; the list takes milliseconds to gather."""
    return frozenset(available_timezones())


def _need(condition: bool, expected: str, got: Any) -> None:
    if not condition:
        raise IdentityError(f"identity: expected {expected}, got {str(got)[:60]!r}")


def _keys(value: Any, count: int, label: str) -> list[Verifier]:
    _need(isinstance(value, list) and len(value) == count, f"{count} keys in {label}", value)
    return [parse_vkey(text) for text in value]


def _pair(value: Any, label: str, name: str, classical: int) -> tuple[Verifier, Verifier]:
    first, second = _keys(value, 2, label)
    _need((first.kind, second.kind) == (classical, MLDSA44), f"an Ed25519 and an ML-DSA-44 key in {label}", value)
    _need(first.name == second.name == f"{name}/{label}", f"key name {name}/{label}", first.name)
    return first, second


def parse(body: bytes) -> Identity:
    """The identity that a file says. Raises IdentityError with what was expected and got."""
    _need(len(body) <= _MAX, f"at most {_MAX} bytes", len(body))
    try:
        value = json.parse_object(body, "identity")
    except JsonError as error:
        raise IdentityError(str(error)) from None
    wanted = {"format", "name", "country", "languages", "timezone", "endpoints", "tls", "keys"}
    _need(set(value) == wanted, f"the keys {sorted(wanted)}", sorted(value))
    _need(json.canonical(value) == body, "canonical JSON (sorted keys, no white space)", "another encoding")
    _need(value["format"] == FORMAT, FORMAT, value["format"])
    try:
        name = check_node_name(value["name"])
    except InputError as error:
        raise IdentityError(f"identity: {error}") from None
    _need(
        isinstance(value["country"], str) and bool(_COUNTRY.fullmatch(value["country"])),
        "a country code like BE",
        value["country"],
    )
    languages, endpoints, keys = value["languages"], value["endpoints"], value["keys"]
    _need(
        isinstance(languages, list) and bool(languages) and all(text in LANGUAGES for text in languages),
        f"languages among {', '.join(LANGUAGES)}",
        languages,
    )
    _need(
        isinstance(value["timezone"], str) and value["timezone"] in _zones(),
        "a time zone like Europe/Brussels",
        value["timezone"],
    )
    _need(
        isinstance(endpoints, list) and all(isinstance(e, str) and _ENDPOINT.fullmatch(e) for e in endpoints),
        "endpoints like https://host:port",
        endpoints,
    )
    _need(
        isinstance(value["tls"], str) and bool(_HEX64.fullmatch(value["tls"])),
        "a SHA-256 of a certificate",
        value["tls"],
    )
    _need(isinstance(keys, dict) and set(keys) == _KINDS, "five kinds of keys", keys)
    sealing = keys["sealing"]
    _need(isinstance(sealing, dict) and set(sealing) == {"mlkem768", "x25519"}, "the two raw sealing keys", sealing)
    envelope = _keys([keys["envelope"]], 1, "envelope")[0]
    _need(
        envelope.kind == ED25519 and envelope.name == f"{name}/envelope",
        f"an Ed25519 key {name}/envelope",
        envelope.name,
    )
    seal = SealKey(unb64(sealing["mlkem768"]), unb64(sealing["x25519"]))
    _need(len(seal.mlkem) == 1184 and len(seal.x25519) == 32, "keys of 1184 and 32 bytes", len(seal.mlkem))
    return Identity(
        body=body,
        name=name,
        country=value["country"],
        languages=tuple(languages),
        timezone=ZoneInfo(value["timezone"]).key,
        endpoints=tuple(endpoints),
        tls=value["tls"],
        log=_pair(keys["log"], "log", name, ED25519),
        receipt=_pair(keys["receipt"], "receipt", name, ED25519_COSIGNATURE),
        witness=_pair(keys["witness"], "witness", name, ED25519_COSIGNATURE),
        envelope=envelope,
        sealing=seal,
    )
