"""Keys of a node and the statements each may make.

Rules kept here:
- one key, one kind of statement: `log` keys sign the node's own checkpoints, `receipt` keys cosign partners'
  checkpoints, `witness` keys cosign partners' audit logs, the `envelope` key signs batch headers and status notes, the
  `sealing` key opens what is sealed;
- signature types are those that C2SP assigns: 0x01 Ed25519 over the note text (signed-note), 0x04 Ed25519
  cosignature and 0x06 ML-DSA-44 cosignature (tlog-cosignature). Checkpoints carry both a classical and a post-quantum
  signature and both must verify, so evidence outlives either;
- a public key is always shown as a C2SP verifier key: `name+keyid+base64(type byte, key)`;
- private keys live in files of their owner alone; a file that others can read is refused, not repaired silently;
- a node may hold more private keys than those in use: the ones it hands over from, and sealing keys that still open
  what is on its way. They are found by their public half, never by the name of a file.

A private key is a seed in memory, or `Kept` elsewhere (a sealed file, a token) and fetched when it is first used: who
signs nothing needs no passphrase and no PIN.

Left to `custody`: where private keys are kept.
"""

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Callable, Container, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519

from passerelle.core import durable
from passerelle.core.errors import IdentityError, KeyFileError, SealError, SignatureError

ED25519 = 0x01
ED25519_COSIGNATURE = 0x04
MLDSA44 = 0x06
_SIZES = {ED25519: 32, ED25519_COSIGNATURE: 32, MLDSA44: 1312}

# RFC 9180 with the hybrid KEM of ML-KEM-768 and X25519: safe as long as one of the two is.
_SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def b64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    """The bytes of canonical base64. Raises IdentityError for anything that `b64` would not have written."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise IdentityError(f"expected base64, got {text[:24]!r}") from error
    if b64(data) != text:
        raise IdentityError(f"expected canonical base64, got {text[:24]!r}")
    return data


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The 4-byte key ID of C2SP signed-note: SHA-256(name, newline, type byte, public key)[:4]."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


class Verifier(msgspec.Struct, frozen=True):
    """A public key with its name and signature type."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.kind, self.public)

    @property
    def vkey(self) -> str:
        """The C2SP verifier key: `name+hex key id+base64(type, key)`."""
        return f"{self.name}+{self.id.hex()}+{b64(bytes([self.kind]) + self.public)}"

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raises SignatureError when the signature (64 or 2,420 bytes) is not this key's over the message."""
        try:
            _public(self.kind, self.public).verify(signature, message)
        except InvalidSignature:
            raise SignatureError(f"expected a signature of {self.name} ({self.id.hex()}), got one that fails") from None


_publics: dict[tuple[int, bytes], Any] = {}


def _public(kind: int, public: bytes) -> Any:
    # Parsing an ML-DSA key costs as much as a verification; a node meets few keys, so they are kept.
    found = _publics.get((kind, public))
    if found is None:
        if len(_publics) > 1000:
            _publics.clear()
        if kind == MLDSA44:
            found = mldsa.MLDSA44PublicKey.from_public_bytes(public)
        else:
            found = ed25519.Ed25519PublicKey.from_public_bytes(public)
        _publics[kind, public] = found
    return found


def parse_vkey(text: str) -> Verifier:
    """The key that a C2SP verifier key says. Raises IdentityError."""
    try:
        name, hexed, encoded = text.split("+", 2)
        data = unb64(encoded)
    except (ValueError, AttributeError):
        raise IdentityError(f"expected a verifier key name+id+base64, got {str(text)[:40]!r}") from None
    kind = data[0] if data else -1
    if _SIZES.get(kind) != len(data) - 1:
        raise IdentityError(f"expected an Ed25519 or ML-DSA-44 key, got type {kind} with {len(data) - 1} bytes")
    verifier = Verifier(name, kind, data[1:])
    if verifier.id.hex() != hexed:
        raise IdentityError(f"expected key id {verifier.id.hex()} for {name}, got {hexed[:16]!r}")
    return verifier


class Kept(Protocol):
    """A private key that is not in memory before it is used. Using it raises KeyFileError and its kinds.

    `public`: raw; of a sealing key the ML-KEM-768 key, then the X25519 key. `place`: where it is, in words.
    """

    @property
    def public(self) -> bytes: ...

    @property
    def place(self) -> str: ...

    def sign(self, message: bytes) -> bytes: ...

    def open(self, sealed: bytes, info: bytes) -> bytes: ...

    def ready(self) -> None:
        """Fetch it now. Raises what using it would."""
        ...


Secret = bytes | Kept
"""A private key: its seed, or where it is kept."""


class Signer:
    """A private key with its name and signature type."""

    def __init__(self, name: str, kind: int, secret: Secret) -> None:
        self._key: Any = secret
        self.kept: Kept | None = None
        if not isinstance(secret, bytes):
            public, self.kept = secret.public, secret
        else:
            self._key = private_key(kind, secret)
            public = self._key.public_key().public_bytes_raw()
        self.verifier = Verifier(name, kind, public)
        self.name, self.kind, self.id = name, kind, self.verifier.id

    def sign(self, message: bytes) -> bytes:
        return bytes(self._key.sign(message))


def private_key(kind: int, seed: bytes) -> Any:
    """The library's private key of a signature type."""
    if kind == MLDSA44:
        return mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed)


class SealKey(msgspec.Struct, frozen=True):
    """A public sealing key: the raw ML-KEM-768 key (1,184 bytes) and the raw X25519 key (32 bytes)."""

    mlkem: bytes
    x25519: bytes

    @property
    def id(self) -> str:
        """16 hex digits: the first 8 bytes of SHA-256 over both raw keys."""
        return hashlib.sha256(self.mlkem + self.x25519).hexdigest()[:16]

    def seal(self, plaintext: bytes, info: bytes) -> bytes:
        """One HPKE message (RFC 9180, base mode): encapsulated key, then ciphertext."""
        try:
            key = hpke.MLKEM768X25519PublicKey(
                mlkem.MLKEM768PublicKey.from_public_bytes(self.mlkem),
                x25519.X25519PublicKey.from_public_bytes(self.x25519),
            )
        except ValueError as error:
            raise IdentityError(f"expected raw ML-KEM-768 and X25519 keys, got {error}") from None
        return _SUITE.encrypt(plaintext, key, info)


class OpenKey:
    """A private sealing key, made of the ML-KEM-768 seed (64 bytes) and the raw X25519 key (32 bytes)."""

    def __init__(self, secret: Secret) -> None:
        self.kept: Kept | None = None
        if not isinstance(secret, bytes):
            self.kept = secret
            self.public = SealKey(secret.public[:-32], secret.public[-32:])
        else:
            kem = mlkem.MLKEM768PrivateKey.from_seed_bytes(secret[:64])
            dh = x25519.X25519PrivateKey.from_private_bytes(secret[64:])
            self._key = hpke.MLKEM768X25519PrivateKey(kem, dh)
            self.public = SealKey(kem.public_key().public_bytes_raw(), dh.public_key().public_bytes_raw())
        self.id = self.public.id

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """The plaintext. Raises SealError when it was sealed to another key, for another header, or was changed."""
        if self.kept is not None:
            return self.kept.open(sealed, info)
        try:
            return _SUITE.decrypt(sealed, self._key, info)
        except Exception:  # the library names no closed set; every failure means the same here
            raise SealError("expected a message sealed to this node's key and this header, got another") from None


# Each seed's length in bytes: Ed25519 and ML-DSA-44 seeds are 32, ML-KEM-768's 64, X25519's 32.
SEEDS = {
    "log": 32,
    "log-pq": 32,
    "receipt": 32,
    "receipt-pq": 32,
    "witness": 32,
    "witness-pq": 32,
    "envelope": 32,
    "sealing": 96,
}

KINDS = ("log", "receipt", "witness", "envelope", "sealing")
SIGNING = KINDS[:4]
"""Kinds of keys that sign; a sealing key opens."""


class PublicKeys(msgspec.Struct, frozen=True):
    """The public keys of a node at one time, by kind."""

    log: tuple[Verifier, Verifier]
    receipt: tuple[Verifier, Verifier]
    witness: tuple[Verifier, Verifier]
    envelope: Verifier
    sealing: SealKey

    def pair(self, kind: str) -> tuple[Verifier, ...]:
        """The verifiers of a signing kind: two, or one of `envelope`."""
        found: tuple[Verifier, Verifier] | Verifier = getattr(self, kind)
        return found if isinstance(found, tuple) else (found,)

    def ids(self, kind: str) -> tuple[str, ...]:
        """The ids of a kind's keys, in hex."""
        return (self.sealing.id,) if kind == "sealing" else tuple(key.id.hex() for key in self.pair(kind))

    def changed(self, other: "PublicKeys") -> tuple[str, ...]:
        """The kinds in which two sets differ."""
        return tuple(kind for kind in KINDS if getattr(self, kind) != getattr(other, kind))


class NodeKeys:
    """The private keys of a node: those in use, as attributes by kind, and others that it still holds.

    `look` is asked once for seeds by label when a key is not here: another process may have made it meanwhile.
    """

    log: tuple[Signer, Signer]
    receipt: tuple[Signer, Signer]
    witness: tuple[Signer, Signer]
    envelope: Signer
    sealing: OpenKey

    def __init__(self, name: str, seeds: Mapping[str, Secret]) -> None:
        self.name = name
        self.look: Callable[[], list[tuple[str, Secret]]] = list
        self._signers: dict[Verifier, Signer] = {}
        self._openers: dict[str, OpenKey] = {}
        made: dict[str, Any] = {label: self.add(label, seed) for label, seed in seeds.items()}
        if set(seeds) == set(SEEDS):
            pairs = {kind: (made[kind], made[f"{kind}-pq"]) for kind in SIGNING[:3]}
            public = {kind: (one.verifier, other.verifier) for kind, (one, other) in pairs.items()}
            self.turn(PublicKeys(**public, envelope=made["envelope"].verifier, sealing=made["sealing"].public))

    def add(self, label: str, secret: Secret) -> "Signer | OpenKey":
        """Hold one more private key. `label`: one of `SEEDS`."""
        if label == "sealing":
            opener = OpenKey(secret)
            return self._openers.setdefault(opener.id, opener)
        signer = Signer(f"{self.name}/{label.removesuffix('-pq')}", signature_type(label), secret)
        return self._signers.setdefault(signer.verifier, signer)

    def ready(self) -> None:
        """Fetch the keys in use that are kept elsewhere. Raises KeyFileError and its kinds when one cannot be had."""
        for kind in KINDS:
            held = getattr(self, kind)
            for one in held if isinstance(held, tuple) else (held,):
                if one.kept is not None:
                    one.kept.ready()

    def forget(self, ids: Container[str]) -> None:
        """Hold these keys no longer. `ids` in hex."""
        self._signers = {key: one for key, one in self._signers.items() if key.id.hex() not in ids}
        self._openers = {key: one for key, one in self._openers.items() if key not in ids}

    @property
    def public(self) -> PublicKeys:
        """The public half of the keys in use."""
        pairs = {kind: (getattr(self, kind)[0].verifier, getattr(self, kind)[1].verifier) for kind in SIGNING[:3]}
        return PublicKeys(**pairs, envelope=self.envelope.verifier, sealing=self.sealing.public)

    def turn(self, public: PublicKeys) -> None:
        """Use these keys from now on. Raises KeyFileError when one is not held."""
        found: dict[str, Any] = {kind: self.signers(public.pair(kind)) for kind in SIGNING}
        found["sealing"] = self.opener(public.sealing.id)
        if missing := [f"{kind} ({', '.join(public.ids(kind))})" for kind in KINDS if not found[kind]]:
            raise KeyFileError(f"expected the private keys {', '.join(missing)}, got none of these")
        for kind in KINDS:
            setattr(self, kind, found[kind][0] if kind == "envelope" else found[kind])

    def signers(self, keys: tuple[Verifier, ...]) -> tuple[Signer, ...]:
        """The private keys of these, all of them, or none."""
        if not all(key in self._signers for key in keys):
            self._look()
        return tuple(self._signers[key] for key in keys) if all(key in self._signers for key in keys) else ()

    def opener(self, key: str) -> OpenKey | None:
        """The sealing key of this id, if it is held."""
        if key not in self._openers:
            self._look()
        return self._openers.get(key)

    @property
    def held(self) -> dict[str, str]:
        """The kind of each private key that is held, by id in hex."""
        named = {key.id.hex(): key.name.rpartition("/")[2] for key in self._signers}
        return named | dict.fromkeys(self._openers, "sealing")

    def _look(self) -> None:
        for label, secret in self.look():
            self.add(label, secret)


def signature_type(label: str) -> int:
    """The signature type of a label's keys."""
    if label.endswith("-pq"):
        return MLDSA44
    return ED25519 if label in ("log", "envelope") else ED25519_COSIGNATURE


def generate(name: str, random: Callable[[int], bytes] = os.urandom, kinds: Iterable[str] = KINDS) -> dict[str, bytes]:
    """Fresh seeds of all keys of a node, or of some kinds."""
    return {label: random(length) for label, length in SEEDS.items() if label.removesuffix("-pq") in kinds}


def write_private(path: Path, data: bytes) -> None:
    """Create a file that only its owner reads. Raises KeyFileError when it is there."""
    try:
        durable.write_new(path, data)
    except FileExistsError:
        raise KeyFileError(f"expected no file at {path}, got one") from None


def read_private(path: Path) -> bytes:
    """The bytes of a private file. Raises KeyFileError when it is missing or others can read it."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno())
            if stat.S_IMODE(mode.st_mode) & 0o077:
                raise KeyFileError(f"{path}: expected mode 0600 (owner only), got {stat.S_IMODE(mode.st_mode):04o}")
            if mode.st_uid != os.geteuid():
                raise KeyFileError(f"{path}: expected owner {os.geteuid()}, got {mode.st_uid}")
            return file.read()
    except OSError as error:
        raise KeyFileError(f"{path}: expected a readable key file, got {error.strerror}") from error
