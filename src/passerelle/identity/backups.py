"""Who can open a backup: holders of a backup key, or of a passphrase. The data key is sealed to each of them.

Rules kept here:
- a backup key is a pair of its own, made for nothing else; the node needs the public half alone, the private half is
  kept where the node is not;
- the data key is sealed with HPKE as batches are (RFC 9180, ML-KEM-768 and X25519), under an `info` of its own, or with
  AES-256-GCM under a key that scrypt (RFC 7914) makes of the passphrase. What the backup says of itself in clear is
  bound to each seal, so nobody can put another text before it;
- what a file asks of scrypt is bounded before it is computed.

Left unchecked: how good a passphrase is, beyond its length. Who made a backup: it bears a signature for that, since
anybody can seal to a public key.
"""

import hashlib
import os
from collections.abc import Sequence

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from passerelle.core.errors import IdentityError, InputError, SealError
from passerelle.identity.keys import SEEDS, OpenKey, SealKey, b64, unb64

PRIVATE = "passerelle-backup-key/1"
PUBLIC = "passerelle-backup-recipient/1"
SHORTEST = 12
"""Characters of a passphrase at least."""
COST = 2**17
"""The cost of scrypt (N, with r = 8 and p = 1): 128 MiB of memory and some tenths of a second."""
_MOST_COST = 2**20
_SALT, _NONCE = 16, 12


class KeySeal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="key"):
    """The data key for the holder of a backup key. `to`: that key's id; `sealed`: base64."""

    to: str
    sealed: str


class PassphraseSeal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="passphrase"):
    """The data key for who knows a passphrase. `sealed`: nonce and ciphertext, base64."""

    salt: str
    cost: int
    sealed: str


Seal = KeySeal | PassphraseSeal


def make() -> tuple[bytes, bytes]:
    """A new backup key: the text of the private file, and of the public one."""
    seed = os.urandom(SEEDS["sealing"])
    public = OpenKey(seed).public
    return f"{PRIVATE}\n{b64(seed)}\n".encode(), f"{PUBLIC}\n{b64(public.mlkem + public.x25519)}\n".encode()


def read_private(text: bytes, where: str) -> OpenKey:
    """The private half of a backup key. Raises IdentityError."""
    return OpenKey(_read(text, PRIVATE, SEEDS["sealing"], where))


def read_public(text: bytes, where: str) -> SealKey:
    """The public half of a backup key. Raises IdentityError."""
    raw = _read(text, PUBLIC, 1184 + 32, where)
    return SealKey(raw[:1184], raw[1184:])


def _read(text: bytes, form: str, size: int, where: str) -> bytes:
    lines = text.decode("ascii", "replace").splitlines()
    if len(lines) != 2 or lines[0] != form:
        got = lines[0][:40] if lines else "nothing"
        raise IdentityError(f"{where}: expected a file that begins with {form}, got {got!r}")
    raw = unb64(lines[1])
    if len(raw) != size:
        raise IdentityError(f"{where}: expected a key of {size} bytes, got {len(raw)}")
    return raw


def check_passphrase(text: str) -> None:
    """Raises InputError for one that is too short."""
    if len(text) < SHORTEST:
        raise InputError(f"expected a passphrase of at least {SHORTEST} characters, got {len(text)}")


def seal(key: bytes, about: bytes, recipients: Sequence[SealKey], passphrase: str = "") -> list[Seal]:
    """The data key, sealed to each recipient and to the passphrase. `about`: what it is bound to."""
    made: list[Seal] = [KeySeal(one.id, b64(one.seal(key, _info(about)))) for one in recipients]
    if passphrase:
        check_passphrase(passphrase)
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        sealed = AESGCM(_stretched(passphrase, salt, COST)).encrypt(nonce, key, _info(about))
        made.append(PassphraseSeal(b64(salt), COST, b64(nonce + sealed)))
    return made


def open_with_key(seals: Sequence[Seal], about: bytes, key: OpenKey) -> bytes:
    """The data key. Raises SealError when it was not sealed to this key, or was, for another backup."""
    mine = [one for one in seals if isinstance(one, KeySeal) and one.to == key.id]
    if not mine:
        held = ", ".join(one.to for one in seals if isinstance(one, KeySeal)) or "none"
        raise SealError(f"expected a backup that is sealed to backup key {key.id}, got one sealed to {held}")
    return key.open(unb64(mine[0].sealed), _info(about))


def open_with_passphrase(seals: Sequence[Seal], about: bytes, passphrase: str) -> bytes:
    """The data key. Raises SealError when there is no passphrase, or another one."""
    mine = [one for one in seals if isinstance(one, PassphraseSeal)]
    if not mine:
        raise SealError("expected a backup that is sealed to a passphrase, got one that is sealed to backup keys alone")
    one = mine[0]
    if not (1 < one.cost <= _MOST_COST and one.cost & (one.cost - 1) == 0):
        raise SealError(f"expected a cost of scrypt that is a power of two up to {_MOST_COST}, got {one.cost}")
    sealed = unb64(one.sealed)
    try:
        made = _stretched(passphrase, unb64(one.salt), one.cost)
        return AESGCM(made).decrypt(sealed[:_NONCE], sealed[_NONCE:], _info(about))
    except (InvalidTag, ValueError):
        raise SealError("expected the passphrase of this backup, got another") from None


def _info(about: bytes) -> bytes:
    return b"passerelle-backup/1\n" + hashlib.sha256(about).digest()


def _stretched(passphrase: str, salt: bytes, cost: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase.encode())
