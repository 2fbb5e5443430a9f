"""Keys of a node and the statements each may make.

Rules kept here:
- one key, one kind of statement: `log` keys sign the node's own checkpoints, `receipt` keys cosign partners'
  checkpoints, `witness` keys cosign partners' audit logs, the `envelope` key signs batch headers and status notes, the
  `sealing` key opens what is sealed;
- signature types are those that C2SP assigns: 0x01 Ed25519 over the note text (signed-note), 0x04 Ed25519
  cosignature and 0x06 ML-DSA-44 cosignature (tlog-cosignature). Checkpoints carry both a classical and a post-quantum
  signature and both must verify, so evidence outlives either;
- a public key is always shown as a C2SP verifier key: `name+keyid+base64(type byte, key)`;
- private keys live in files of their owner alone; a file that others can read is refused, not repaired silently.

Left unchecked: who holds the key files. Custody in hardware is the business of the key files' replacement.
"""

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa, mlkem, x25519

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


class Signer:
    """A private key with its name and signature type."""

    def __init__(self, name: str, kind: int, seed: bytes) -> None:
        self._key: Any
        if kind == MLDSA44:
            self._key = mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)
        else:
            self._key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, kind, self._key.public_key().public_bytes_raw())
        self.name, self.kind, self.id = name, kind, self.verifier.id

    def sign(self, message: bytes) -> bytes:
        return bytes(self._key.sign(message))


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

    def __init__(self, seed: bytes) -> None:
        kem = mlkem.MLKEM768PrivateKey.from_seed_bytes(seed[:64])
        dh = x25519.X25519PrivateKey.from_private_bytes(seed[64:])
        self._key = hpke.MLKEM768X25519PrivateKey(kem, dh)
        self.public = SealKey(kem.public_key().public_bytes_raw(), dh.public_key().public_bytes_raw())
        self.id = self.public.id

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """The plaintext. Raises SealError when it was sealed to another key, for another header, or was changed."""
        try:
            return _SUITE.decrypt(sealed, self._key, info)
        except Exception:  # the library names no closed set; every failure means the same here
            raise SealError("expected a message sealed to this node's key and this header, got another") from None


class NodeKeys:
    """All private keys of a node."""

    def __init__(self, name: str, seeds: dict[str, bytes]) -> None:
        self.name = name
        self.log = (Signer(f"{name}/log", ED25519, seeds["log"]), Signer(f"{name}/log", MLDSA44, seeds["log-pq"]))
        self.receipt = (
            Signer(f"{name}/receipt", ED25519_COSIGNATURE, seeds["receipt"]),
            Signer(f"{name}/receipt", MLDSA44, seeds["receipt-pq"]),
        )
        self.witness = (
            Signer(f"{name}/witness", ED25519_COSIGNATURE, seeds["witness"]),
            Signer(f"{name}/witness", MLDSA44, seeds["witness-pq"]),
        )
        self.envelope = Signer(f"{name}/envelope", ED25519, seeds["envelope"])
        self.sealing = OpenKey(seeds["sealing"])


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


def generate(name: str, random: Callable[[int], bytes] = os.urandom) -> dict[str, bytes]:
    """Fresh seeds of all keys of a node."""
    return {label: random(length) for label, length in SEEDS.items()}


def write_private(path: Path, data: bytes) -> None:
    """Create a file that only its owner reads. Raises KeyFileError when it is there."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileError(f"expected no file at {path}, got one") from None
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


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


def save(folder: Path, seeds: dict[str, bytes]) -> None:
    """Write one file a seed, `<label>.key`, into a new folder of the owner alone."""
    folder.mkdir(mode=0o700)
    for label, seed in seeds.items():
        write_private(folder / f"{label}.key", b64(seed).encode() + b"\n")


def load(name: str, folder: Path) -> NodeKeys:
    """The keys of a node from its folder. Raises KeyFileError naming the file."""
    seeds: dict[str, bytes] = {}
    for label, length in SEEDS.items():
        path = folder / f"{label}.key"
        try:
            seeds[label] = unb64(read_private(path).decode("ascii", "replace").strip())
        except KeyFileError:
            raise
        except IdentityError as error:
            raise KeyFileError(f"{path}: {error}") from None
        if len(seeds[label]) != length:
            raise KeyFileError(f"{path}: expected {length} bytes, got {len(seeds[label])}")
    return NodeKeys(name, seeds)
