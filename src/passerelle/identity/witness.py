"""The identity file of a witness: what nodes get whose audit logs it watches, and what is compared by voice.

Canonical JSON, so that it has one fingerprint. It holds the witness's name, where it is reached, the pin of its TLS
certificate and its pair of cosignature keys. It has no signature of its own: trust comes from persons who compare.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.errors import IdentityError, InputError, JsonError, KeyFileError
from passerelle.core.text import check_node_name
from passerelle.identity import keys as key_files
from passerelle.identity.keys import ED25519_COSIGNATURE, MLDSA44, Signer, Verifier, b64, parse_vkey, unb64

FORMAT = "passerelle-witness/1"
SEEDS = {"witness": 32, "witness-pq": 32}
_KEYS = {"format", "name", "endpoints", "tls", "witness"}
_MAX = 64 * 1024
_HEX64 = re.compile(r"[0-9a-f]{64}")
_ENDPOINT = re.compile(r"https://[A-Za-z0-9.\-\[\]:]+(?:/[A-Za-z0-9._~-]+)*")

Signers = tuple[Signer, Signer]


class WitnessIdentity(msgspec.Struct, frozen=True):
    """A witness as nodes know it. `body` is the exact file; `endpoints` are submission prefixes (C2SP tlog-witness)."""

    body: bytes
    name: str
    endpoints: tuple[str, ...]
    tls: str
    keys: tuple[Verifier, Verifier]

    @property
    def fingerprint(self) -> str:
        """64 hex digits."""
        return hashlib.sha256(self.body).hexdigest()


def make(name: str, signers: Signers, endpoints: tuple[str, ...], tls: str) -> WitnessIdentity:
    """The identity of a witness. Raises IdentityError when a value is not of its form."""
    value = {
        "format": FORMAT,
        "name": name,
        "endpoints": list(endpoints),
        "tls": tls,
        "witness": [signer.verifier.vkey for signer in signers],
    }
    return parse(json.canonical(value))


def _need(condition: bool, expected: str, got: Any) -> None:
    if not condition:
        raise IdentityError(f"witness: expected {expected}, got {str(got)[:60]!r}")


def parse(body: bytes) -> WitnessIdentity:
    """The witness that a file says. Raises IdentityError with what was expected and got."""
    _need(len(body) <= _MAX, f"at most {_MAX} bytes", len(body))
    try:
        value = json.parse_object(body, "witness")
        _need(set(value) == _KEYS, f"the keys {sorted(_KEYS)}", sorted(value))
        name = check_node_name(value["name"]) if isinstance(value["name"], str) else ""
    except (JsonError, InputError) as error:
        raise IdentityError(f"witness: {error}") from None
    _need(json.canonical(value) == body, "canonical JSON (sorted keys, no white space)", "another encoding")
    _need(value["format"] == FORMAT, FORMAT, value["format"])
    _need(bool(name), "a name", value["name"])
    endpoints, tls, keys = value["endpoints"], value["tls"], value["witness"]
    _need(
        isinstance(endpoints, list)
        and bool(endpoints)
        and all(isinstance(one, str) and _ENDPOINT.fullmatch(one) for one in endpoints),
        "endpoints like https://host:port",
        endpoints,
    )
    _need(isinstance(tls, str) and bool(_HEX64.fullmatch(tls)), "a SHA-256 of a certificate", tls)
    _need(isinstance(keys, list) and len(keys) == 2, "two keys", keys)
    first, second = (parse_vkey(text) for text in keys)
    _need((first.kind, second.kind) == (ED25519_COSIGNATURE, MLDSA44), "an Ed25519 and an ML-DSA-44 key", keys)
    _need(first.name == second.name == f"{name}/witness", f"key name {name}/witness", first.name)
    return WitnessIdentity(body, name, tuple(endpoints), tls, (first, second))


def signers_of(name: str, seeds: dict[str, bytes]) -> Signers:
    """The keys that the seeds make."""
    label = f"{name}/witness"
    return Signer(label, ED25519_COSIGNATURE, seeds["witness"]), Signer(label, MLDSA44, seeds["witness-pq"])


def load(name: str, folder: Path) -> Signers:
    """The keys of a witness from its folder. Raises KeyFileError naming the file."""
    seeds: dict[str, bytes] = {}
    for label, length in SEEDS.items():
        path = folder / f"{label}.key"
        try:
            seeds[label] = unb64(key_files.read_private(path).decode("ascii", "replace").strip())
        except KeyFileError:
            raise
        except IdentityError as error:
            raise KeyFileError(f"{path}: {error}") from None
        if len(seeds[label]) != length:
            raise KeyFileError(f"{path}: expected {length} bytes, got {len(seeds[label])}")
    return signers_of(name, seeds)


def encoded(seed: bytes) -> bytes:
    """A seed as its key file holds it."""
    return b64(seed).encode() + b"\n"
