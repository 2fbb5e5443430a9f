"""The statement by which a node's keys hand over to the next, as it stands in an entry of the governance log.

ASCII, each line ended by a newline; `log`, `receipt`, `witness` lines as many as there are:

    passerelle-keys/1
    <sender> <receiver>
    <message id>
    <time, milliseconds>
    rotate | revoke <kind>
    <key digest of the identity before>
    <fingerprint of the identity file after>
    log <origin> <last size>           a log of the sender's, and the last size that the old log keys sign
    receipt <origin> <last size>       a log of the receiver's, and the last size that the old receipt keys cosign
    witness <origin> <last size>       likewise of the receiver's audit log

It is signed as what keys sign anyway: as the one leaf of a log of its own, with the origin
`passerelle-keys/<sender>/<receiver>/<message id>` and size 1. Log keys sign that checkpoint, receipt and witness keys
cosign it, the envelope key signs its text: no key learns to sign another form, and the origin is that of no other log.

Rules kept here:
- *rotate*: every signing key of both identities signs. A thief of some keys hands over nothing;
- *revoke*: the same, but that the old key of one kind does not sign. One kind at a time: who could leave out two could
  name as lost what he did not steal;
- the statement names both nodes, the message and both identities: it is good for one entry of one log, once;
- there is one signature line of each key that must sign, and no other.
"""

import re

import msgspec

from passerelle.core.errors import NoteError, SignatureError
from passerelle.core.ids import is_id
from passerelle.identity.keys import SIGNING, NodeKeys, PublicKeys, Signer, Verifier
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle, note
from passerelle.ledger.checkpoint import Checkpoint, number
from passerelle.ledger.note import Note, Signature

VERSION = "passerelle-keys/1"
MAX_LINES = 2000
_HEX = re.compile(r"[0-9a-f]{64}")
_NAMING = ("log", "receipt", "witness")


class Handover(msgspec.Struct, frozen=True):
    """What the statement says. `lasts`: (kind, origin, size); `revoked`: a kind, or nothing for a rotation."""

    sender: str
    receiver: str
    message: str
    time: int
    before: str
    after: str
    revoked: str = ""
    lasts: tuple[tuple[str, str, int], ...] = ()

    @property
    def origin(self) -> str:
        return f"passerelle-keys/{self.sender}/{self.receiver}/{self.message}"

    @property
    def text(self) -> str:
        action = f"revoke {self.revoked}" if self.revoked else "rotate"
        head = (VERSION, f"{self.sender} {self.receiver}", self.message, str(self.time), action)
        lines = (*head, self.before, self.after, *(f"{kind} {origin} {size}" for kind, origin, size in self.lasts))
        return "".join(f"{line}\n" for line in lines)

    @property
    def named(self) -> dict[tuple[str, str], int]:
        """The last sizes, by kind and origin."""
        return {(kind, origin): size for kind, origin, size in self.lasts}


def parse(text: str) -> Handover:
    """The statement that the text says. Raises NoteError."""
    lines = text.split("\n")
    if not text.isascii() or lines[0] != VERSION or not 8 <= len(lines) <= MAX_LINES or lines[-1]:
        raise NoteError(f"expected {VERSION} and 7 to {MAX_LINES} lines, got {lines[0][:40]!r} and {len(lines)}")
    (sender, _, receiver), action = lines[1].partition(" "), lines[4]
    revoked = action.removeprefix("revoke ") if action != "rotate" else ""
    if revoked not in ("", *SIGNING, "sealing") or action not in ("rotate", f"revoke {revoked}"):
        raise NoteError(f"expected rotate, or revoke and a kind of key, got {action[:40]!r}")
    if not is_id(lines[2]) or not _HEX.fullmatch(lines[5]) or not _HEX.fullmatch(lines[6]):
        raise NoteError("expected a message id and the hashes of two identities")
    lasts = []
    for line in lines[7:-1]:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] not in _NAMING:
            raise NoteError(f"expected log, receipt or witness, an origin and a size, got {line[:60]!r}")
        lasts.append((parts[0], parts[1], number(parts[2], "a size")))
    time = number(lines[3], "a time")
    made = Handover(sender, receiver, lines[2], time, lines[5], lines[6], revoked, tuple(lasts))
    if made.text != text or len(made.named) != len(lasts):
        raise NoteError("expected a statement in its one form, each log once")
    return made


def _checkpoint(handover: Handover) -> Checkpoint:
    root = merkle.leaf_hash(handover.text.encode())
    return Checkpoint(handover.origin, 1, root, note.make(checkpoints.text_of(handover.origin, 1, root)))


def _signing(handover: Handover, before: PublicKeys, after: PublicKeys) -> list[tuple[str, tuple[Verifier, ...]]]:
    """Which keys must sign, by kind."""
    found = []
    for kind in SIGNING:
        old = () if kind == handover.revoked else (before.pair(kind),)
        found += [(kind, keys) for keys in dict.fromkeys((*old, after.pair(kind)))]
    return found


def sign(handover: Handover, keys: NodeKeys, before: PublicKeys, after: PublicKeys) -> Note:
    """The signed note of the statement. Raises SignatureError when a private key that must sign is not held."""
    bare = _checkpoint(handover)
    lines: list[Signature] = []
    for kind, public in _signing(handover, before, after):
        signers = keys.signers(public)
        if not signers:
            raise SignatureError(f"expected the private {kind} key {public[0].id.hex()} to sign with, got none")
        lines += _signatures(kind, signers, bare, handover.time // 1000)
    return note.make(bare.note.text, lines)


def _signatures(kind: str, signers: tuple[Signer, ...], bare: Checkpoint, seconds: int) -> tuple[Signature, ...]:
    if kind == "envelope":
        signer = signers[0]
        return (Signature(signer.name, signer.id, signer.sign(bare.note.text.encode())),)
    pair = (signers[0], signers[1])
    if kind == "log":
        return checkpoints.sign(pair, bare.origin, 1, bare.root).note.signatures
    return checkpoints.cosign(pair, bare, seconds)


def verify(handover: Handover, signed: Note, before: PublicKeys, after: PublicKeys) -> None:
    """Raises NoteError or SignatureError unless every key that must sign has signed this statement, and no other."""
    bare = _checkpoint(handover)
    if signed.text != bare.note.text:
        raise NoteError(f"expected signatures of the statement {handover.origin}, got those of another")
    given = Checkpoint(bare.origin, 1, bare.root, signed)
    needed = _signing(handover, before, after)
    for kind, keys in needed:
        if kind == "envelope":
            keys[0].verify(signed.need(keys[0].name, keys[0].id), signed.text.encode())
        elif kind == "log":
            checkpoints.verify(given, (keys[0], keys[1]))
        else:
            checkpoints.verify_cosignature(given, (keys[0], keys[1]))
    count = sum(len(keys) for _, keys in needed)
    if len(signed.signatures) != count:
        raise NoteError(f"expected {count} signature lines, got {len(signed.signatures)}")
