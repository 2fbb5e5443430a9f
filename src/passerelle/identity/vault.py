"""What seals the key files of a folder: a random key, itself sealed by a passphrase, in the file `vault` beside them.

Rules kept here:
- the passphrase is stretched by scrypt (RFC 7914; OWASP's cost) once an open, whatever the number of files;
- every key file is sealed by AES-256-GCM under the random key, bound to its label and public half: a file cannot stand
  for another;
- a change of passphrase writes the vault anew and touches no key file: the disk has the old one or the new one, whole.

Left unchecked: that a passphrase is a good one, beyond its length. Who has a copy of the old vault and the old
passphrase still opens what was sealed: where that is a threat, keys are rotated.
"""

import os
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from passerelle.core import json
from passerelle.core.errors import IdentityError, JsonError, KeyFileError
from passerelle.identity.keys import b64, unb64

FORMAT = "passerelle vault 1"
COST = 17
"""Binary logarithm of scrypt's N: 128 MiB and some tenths of a second."""
LEAST = 12
"""Characters of a passphrase."""
_COSTS = (10, 20)
_NONCE, _SALT, _KEY = 12, 16, 32
_BLOCK, _LANES = 8, 1


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file `vault`."""

    format: str
    cost: int
    salt: str
    key: str


class Vault:
    """The open vault."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._aead = AESGCM(key)

    def seal(self, plain: bytes, bound: bytes) -> bytes:
        """A nonce and the ciphertext, bound to `bound`."""
        nonce = os.urandom(_NONCE)
        return nonce + self._aead.encrypt(nonce, plain, bound)

    def open(self, sealed: bytes, bound: bytes) -> bytes:
        """Raises KeyFileError when it was sealed by another vault, for something else, or was changed."""
        try:
            return self._aead.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
        except (InvalidTag, ValueError):
            raise KeyFileError("expected a key file sealed by this vault, got another or a damaged one") from None

    def password(self) -> str:
        """The password of the TLS keys, which another library opens."""
        made = HKDF(hashes.SHA256(), _KEY, None, b"passerelle tls").derive(self._key)
        return b64(made)

    def locked(self, passphrase: str, cost: int = COST) -> bytes:
        """The file that a passphrase opens. Raises KeyFileError for a short one."""
        if len(passphrase) < LEAST:
            raise KeyFileError(f"expected a passphrase of {LEAST} characters or more, got {len(passphrase)}")
        salt = os.urandom(_SALT)
        head = {"format": FORMAT, "cost": cost, "salt": b64(salt)}
        outer = Vault(_stretch(passphrase, salt, cost))
        return json.canonical({**head, "key": b64(outer.seal(self._key, json.canonical(head)))}) + b"\n"


def fresh() -> Vault:
    """A vault with a key of its own."""
    return Vault(os.urandom(_KEY))


def unlock(body: bytes, passphrase: str, where: str) -> Vault:
    """The vault in a file. Raises KeyFileError for another passphrase, and for a file that is none."""
    try:
        found: Any = msgspec.convert(json.parse_object(body, where), _File)
        salt, sealed = unb64(found.salt), unb64(found.key)
    except (JsonError, msgspec.ValidationError, IdentityError) as error:
        raise KeyFileError(f"{where}: expected a vault of key files, got another file: {error}") from None
    if found.format != FORMAT or not _COSTS[0] <= found.cost <= _COSTS[1]:
        raise KeyFileError(f"{where}: expected {FORMAT} with a cost of {_COSTS[0]} to {_COSTS[1]}, got another")
    head = {"format": found.format, "cost": found.cost, "salt": found.salt}
    try:
        return Vault(Vault(_stretch(passphrase, salt, found.cost)).open(sealed, json.canonical(head)))
    except KeyFileError:
        raise KeyFileError(f"{where}: expected the passphrase of these keys, got another") from None


def _stretch(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt, _KEY, 2**cost, _BLOCK, _LANES).derive(passphrase.encode())
