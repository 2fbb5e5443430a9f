"""One sealed body: a header (signed note of the `envelope` key), then one HPKE message that opens under it alone.

Rules kept here:
- the header's lines before the last are the HPKE `info`; the last line is the hash of the ciphertext. So the signature
  covers the ciphertext and is checked before anything is decapsulated;
- all sizes are bounded before anything is allocated.

Left to the callers: what stands in the lines, and in the plaintext.
"""

import hashlib
import struct
from collections.abc import Sequence
from typing import Protocol

from passerelle.core.errors import NoteError, SealError, SignatureError
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.identity.keys import OpenKey, SealKey, Signer, Verifier, b64
from passerelle.ledger import note
from passerelle.ledger.note import Note, Signature

MAX_HEADER = 8192
MAX_PLAINTEXT = 8 * 1024 * 1024
MAX_BODY = MAX_PLAINTEXT + 64 * 1024

Envelopes = Signer | Sequence[Signer]
"""The envelope key, or all that the reader may go by while it was not seen to have taken a new one."""


def sign_note(text: str, signer: Envelopes) -> Note:
    """A note of the envelope key."""
    signers = (signer,) if isinstance(signer, Signer) else signer
    return note.make(text, [Signature(one.name, one.id, one.sign(text.encode())) for one in signers])


def verify_note(found: Note, verifier: Verifier) -> None:
    """Raises SignatureError unless the note bears this key's signature."""
    verifier.verify(found.need(verifier.name, verifier.id), found.text.encode())


def refuse(words: str) -> BatchRefusedError:
    """What is refused by its size or form (0)."""
    return BatchRefusedError(Check.FORM, words)


def seal_under(info: bytes, plain: bytes, *, to: SealKey, signer: Envelopes) -> bytes:
    """A header of these lines and of the hash of the ciphertext, signed; then the ciphertext, which opens under it."""
    sealed = to.seal(plain, info)
    text = info.decode() + b64(hashlib.sha256(sealed).digest()) + "\n"
    head = sign_note(text, signer).encode()
    return struct.pack(">I", len(head)) + head + sealed


def header_part(body: bytes) -> bytes:
    """The header's note once all of it has come, or nothing. Raises BatchRefusedError (0) when it is too large."""
    if len(body) < 4:
        return b""
    (length,) = struct.unpack(">I", body[:4])
    if length > MAX_HEADER:
        raise refuse(f"expected a header of at most {MAX_HEADER} bytes, got {length}")
    return body[4 : 4 + length] if len(body) >= 4 + length else b""


def split_body(body: bytes) -> tuple[bytes, bytes]:
    """The header's note and the ciphertext of a sealed body; nothing is verified yet. Raises BatchRefusedError (0)."""
    if len(body) > MAX_BODY:
        raise refuse(f"expected at most {MAX_BODY} bytes, got {len(body)}")
    if len(body) < 4:
        raise refuse(f"expected a header, got {len(body)} bytes")
    (length,) = struct.unpack(">I", body[:4])
    if length > MAX_HEADER or 4 + length > len(body):
        raise refuse(f"expected a header of at most {MAX_HEADER} bytes, got {length} in a body of {len(body)}")
    return body[4 : 4 + length], body[4 + length :]


class Sealed(Protocol):
    """A header that says to which key its ciphertext was sealed, and with which hash."""

    @property
    def seal(self) -> str: ...

    @property
    def digest(self) -> str: ...

    @property
    def note(self) -> Note: ...

    @property
    def info(self) -> bytes: ...


def open_under(header: Sealed, sealed: bytes, *, sender: Verifier, key: OpenKey) -> bytes:
    """What was sealed under a header. Raises BatchRefusedError: 1 for the signature or the seal, 0 for its size."""
    # The signature comes first: a stranger costs one Ed25519 verification, no decapsulation.
    try:
        verify_note(header.note, sender)
    except (SignatureError, NoteError) as error:
        raise BatchRefusedError(Check.SIGNATURE, str(error)) from None
    if b64(hashlib.sha256(sealed).digest()) != header.digest:
        raise BatchRefusedError(Check.SIGNATURE, "expected the ciphertext that the header names, got another")
    if header.seal != key.id:
        raise BatchRefusedError(Check.SIGNATURE, f"expected a seal to key {key.id}, got {header.seal[:24]!r}")
    try:
        plain = key.open(sealed, header.info)
    except SealError as error:
        raise BatchRefusedError(Check.SIGNATURE, str(error)) from None
    if len(plain) > MAX_PLAINTEXT:
        raise refuse(f"expected at most {MAX_PLAINTEXT} bytes inside, got {len(plain)}")
    return plain
