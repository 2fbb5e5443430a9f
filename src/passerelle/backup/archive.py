"""The file of a backup: what it says of itself in clear, who can open it, a sealed stream, and a signature.

    passerelle-backup/1 and a line feed
    u32 length, manifest (canonical JSON)
    u32 length, seals (canonical JSON): the data key, sealed to each backup key and to a passphrase
    the stream in chunks of 64 KiB (identity/stream.py) under the data key
    a signed note by <node>/envelope over the digest of all of the above, u32 length of the note

Rules kept here:
- the manifest holds no personal data: names of nodes and logs, counts, sizes, roots. The seals are bound to it;
- anybody can check that the file is whole and who signed it, without a key; with the data key everything opens, and
  what does not is named by its place;
- lengths are bounded before anything is read; memory is that of one chunk.

Left unchecked: whether the identity in the manifest is the node's own. Its fingerprint is shown; partners know it.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from passerelle.core import durable, json
from passerelle.core.errors import BackupError, IdentityError, InputError, PasserelleError, SealError
from passerelle.core.folders import regular
from passerelle.identity import backups, identity, stream
from passerelle.identity.backups import Seal
from passerelle.identity.identity import Identity
from passerelle.identity.keys import Signer, b64
from passerelle.ledger import merkle, note
from passerelle.ledger.note import Signature
from passerelle.ports.audit import AUDIT_LOGS, AuditLog
from passerelle.ports.records import LOGS, Log
from passerelle.ports.store import Reading

FORMAT = "passerelle-backup/1"
_MAGIC = f"{FORMAT}\n".encode()
_MANIFEST, _SEALS = 16 * 1024 * 1024, 1024 * 1024
_BLOCK = 1024 * 1024
_ALL = 1_000_000


class LogState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log as it stands in the backup. `root`: base64."""

    origin: str
    size: int
    root: str


def logs_of(tx: Reading) -> tuple[LogState, ...]:
    """All logs of a node, its audit log too."""
    rows: tuple[Log | AuditLog, ...] = (*tx.scan(LOGS, limit=_ALL), *tx.scan(AUDIT_LOGS, limit=_ALL))
    return tuple(LogState(one.origin, one.size, b64(merkle.Tree(one.size, one.frontier).root())) for one in rows)


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup says of itself in clear. `identity`: the identity file in force; `created`: RFC 3339."""

    format: str
    node: str
    created: str
    program: str
    schema: int
    keys: bool
    files: dict[str, int]
    records: dict[str, int]
    logs: tuple[LogState, ...]
    absent: tuple[str, ...]
    identity: str

    def encode(self) -> bytes:
        return json.canonical(msgspec.to_builtins(self))


class Archive(msgspec.Struct, frozen=True):
    """A backup file as anybody can read it. `begin`, `end`: where the sealed stream lies."""

    path: Path
    manifest: Manifest
    about: bytes
    seals: tuple[Seal, ...]
    identity: Identity
    begin: int
    end: int
    size: int
    digest: str = ""  # SHA-256 of the whole file, in hex, once it was read to its end


class Writer:
    """Writes a backup file. `close` signs it; before that it is none."""

    def __init__(self, out: BinaryIO, about: bytes, seals: Sequence[Seal], key: bytes) -> None:
        self._out, self._key = out, key
        self._hash = hashlib.sha256()
        self._held = bytearray()
        self._number = 0
        shut = json.canonical(msgspec.to_builtins(list(seals)))
        self._put(_MAGIC + _length(about) + about + _length(shut) + shut)

    def write(self, data: bytes) -> None:
        self._held += data
        while len(self._held) > stream.CHUNK:  # the last chunk is known at the end only
            self._seal(bytes(self._held[: stream.CHUNK]), last=False)
            del self._held[: stream.CHUNK]

    def close(self, signer: Signer) -> str:
        """Seal what is left, sign, make it durable. Returns the SHA-256 of the whole file, in hex."""
        self._seal(bytes(self._held), last=True)
        digest = self._hash.digest()
        text = f"{FORMAT}\n{b64(digest)}\n"
        signed = note.make(text, [Signature(signer.name, signer.id, signer.sign(text.encode()))]).encode()
        self._put(signed + _length(signed))
        durable.settle(self._out)
        return self._hash.hexdigest()

    def _seal(self, plain: bytes, last: bool) -> None:
        self._put(stream.seal_chunk(self._key, self._number, last, plain))
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._hash.update(data)
        self._out.write(data)


def _length(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big")


def is_one(path: Path) -> bool:
    """Whether a file begins as a backup does."""
    with regular(path) as file:
        return file.read(len(_MAGIC)) == _MAGIC


def read(path: Path) -> Archive:
    """What a file says of itself, unproven. Raises BackupError saying where it is not what it must be."""
    try:
        with regular(path) as file:
            return _read(path, file)
    except OSError as error:
        raise InputError(f"expected a readable backup, got {path}: {error.strerror}") from None


def _read(path: Path, file: BinaryIO) -> Archive:
    size = os.fstat(file.fileno()).st_size
    if file.read(len(_MAGIC)) != _MAGIC:
        raise BackupError(f"{path}: expected a backup, which begins with {FORMAT}, got another file")
    about = _part(path, file, "manifest", _MANIFEST)
    shut = _part(path, file, "seals", _SEALS)
    begin = file.tell()
    file.seek(max(begin, size - 4))
    end = size - 4 - int.from_bytes(file.read(4), "big")
    if not begin < end < size - 4 or size - 4 - end > note.MAX_NOTE:
        raise BackupError(f"{path}: expected a signature at the end, got none: the file was cut")
    try:
        manifest = msgspec.convert(json.parse_object(about, "manifest"), Manifest)
        seals = tuple(msgspec.convert(json.parse(shut, "seals"), list[Seal]))
        own = identity.parse(manifest.identity.encode())
    except (msgspec.ValidationError, PasserelleError) as error:
        raise BackupError(f"{path}: {error}") from None
    if manifest.format != FORMAT or manifest.encode() != about or own.name != manifest.node:
        raise BackupError(f"{path}: expected a manifest of {FORMAT} of {own.name}, got another")
    return Archive(path, manifest, about, seals, own, begin, end, size)


def _part(path: Path, file: BinaryIO, name: str, most: int) -> bytes:
    length = int.from_bytes(file.read(4), "big")
    if not 0 < length <= most:
        raise BackupError(f"{path}: {name}: expected 1 to {most} bytes, got {length}")
    data = file.read(length)
    if len(data) < length:
        raise BackupError(f"{path}: {name}: expected {length} bytes, got {len(data)}: the file was cut")
    return data


def digest_of(found: Archive) -> str:
    """The SHA-256 of the whole file, in hex, as any program gives it."""
    with found.path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def examine(path: Path) -> Archive:
    """A backup that was read from end to end and bears its node's signature. Raises BackupError, SignatureError."""
    found = read(path)
    if not found.seals:
        raise BackupError(f"{path}: expected a data key that is sealed to somebody, got none")
    if (found.end - found.begin - 1) % stream.SEALED < stream.TAG:
        raise BackupError(f"{path}: expected whole chunks, got {found.end - found.begin} bytes: the file was cut")
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        left = found.end
        while left and (block := file.read(min(_BLOCK, left))):
            hashed.update(block)
            left -= len(block)
        rest = file.read(found.size - found.end)
    signed = note.parse(rest[:-4])
    (digest,) = signed.lines(FORMAT, 1)
    if digest != b64(hashed.digest()):
        raise BackupError(f"{path}: expected the bytes that were signed, got others: the file was damaged")
    envelope = found.identity.keys.envelope
    envelope.verify(signed.need(envelope.name, envelope.id), signed.text.encode())
    hashed.update(rest)
    return msgspec.structs.replace(found, digest=hashed.hexdigest())


def opened(archive: Archive, key: bytes) -> Iterator[bytes]:
    """The plain stream, chunk by chunk. Raises BackupError naming the first chunk that does not open, and its place."""
    with archive.path.open("rb") as file:
        file.seek(archive.begin)
        left, number = archive.end - archive.begin, 0
        while left:
            place = file.tell()
            sealed = file.read(min(stream.SEALED, left))
            left -= len(sealed)
            try:
                yield stream.open_chunk(key, number, left == 0, sealed)
            except SealError as error:
                raise BackupError(f"{archive.path}: at byte {place}: {error}") from None
            number += 1


def data_key(archive: Archive, key: bytes | None, passphrase: str, where: str = "--key") -> bytes:
    """The data key, by the private backup key (the text of its file) or by the passphrase. Raises SealError."""
    try:
        if key is not None:
            return backups.open_with_key(archive.seals, archive.about, backups.read_private(key, where))
        return backups.open_with_passphrase(archive.seals, archive.about, passphrase)
    except IdentityError as error:
        raise type(error)(f"{archive.path}: {error}" if isinstance(error, SealError) else str(error)) from None
