"""Sealing of what is too large for one message: chunks of 64 KiB, each sealed alone, in an order that is bound.

Rules kept here:
- AES-256-GCM under a random key that seals one stream and nothing else, so that no nonce ever comes twice;
- the nonce of a chunk is its number (11 bytes, big-endian) and one byte that says whether it is the last (STREAM of
  Hoang, Reyhanitabar, Rogaway and Vizár, as in C2SP age): chunks that are swapped, left out or cut off do not open;
- every chunk but the last is full; the last has 1 to 65,536 bytes. A stream of nothing has no chunks.

Left to the caller: that a key is used once, and to what the stream belongs. AES-GCM commits to no key: another key may
open the same bytes to another text. So whoever names a stream names its key beside it, under one signature.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from passerelle.core.errors import SealError

KEY = 32
CHUNK = 64 * 1024
TAG = 16
SEALED = CHUNK + TAG
"""Bytes of a full chunk once it is sealed."""


def new_key() -> bytes:
    """A random key of 32 bytes, for one stream."""
    return os.urandom(KEY)


def chunks_in(size: int) -> int:
    """How many chunks a stream of `size` bytes has."""
    return -(-size // CHUNK)


def sealed_size(size: int) -> int:
    """Bytes of a sealed stream of `size` bytes."""
    return size + TAG * chunks_in(size)


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def seal_chunk(key: bytes, number: int, last: bool, plain: bytes | memoryview) -> bytes:
    """The sealed chunk: as many bytes and 16 more. Raises SealError for a chunk that is empty, too long, or too short.

    `number` counts from 0; `last`: no chunk follows.
    """
    _check(len(plain), last)
    return AESGCM(key).encrypt(_nonce(number, last), plain, None)


def open_chunk(key: bytes, number: int, last: bool, sealed: bytes | memoryview) -> bytes:
    """The bytes of a sealed chunk. Raises SealError when it was sealed otherwise: another key, number, end or bytes."""
    _check(len(sealed) - TAG, last)
    try:
        return AESGCM(key).decrypt(_nonce(number, last), sealed, None)
    except InvalidTag:
        raise SealError(f"expected chunk {number} of this stream, got one that does not open") from None


def _check(size: int, last: bool) -> None:
    if size != CHUNK and not (last and 0 < size < CHUNK):
        expected = f"1 to {CHUNK}" if last else str(CHUNK)
        raise SealError(f"expected a chunk of {expected} bytes, got {size}")
