"""Tables: what a partner gets of an index, and what the holder keeps to judge a claim.

Rules kept here:
- tag, pad and claim of a match key come from its output y by HKDF-Expand (RFC 5869, SHA-512, one block): without y the
  table says nothing, and with it only this key's reference;
- a table maps tag -> reference XOR pad. It is cut into shards by the first bytes of the tag; each shard is filled up
  with random tags and values to the same capacity, so sizes and bytes hang on the padded count alone;
- padded counts are few (`padded`), so the size of an index is known only roughly;
- a shard is trusted only under the root that its manifest names: an RFC 6962 tree over the SHA-256 of each shard;
- a map reaches the library only when it is cut as one of its capacity is: the library reads where the head says, also
  out of bounds, and whoever holds the index chooses the bytes.

A shard is a static map with 64-bit checks of missing keys (`fastconstmap`, verified form): a tag that is not in it is
found all the same about once in 2^64 look-ups, and the claim that would follow is then refused. A sixth of such a map
is zeros where nothing stands; on the wire they are a bitmap: always the same size, and 16.3 bytes a key instead of 19.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from fastconstmap import VerifiedConstMap

from passerelle.core.errors import InputError, SearchError, TableFullError
from passerelle.exchange import claims
from passerelle.ledger import merkle

TAG, CLAIM, REFERENCE = 16, 32, claims.REFERENCE
"""Bytes."""
ROW, hashed, row = claims.ROW, claims.hashed, claims.row
part_bits, part_of, referred, claimed = claims.part_bits, claims.part_of, claims.referred, claims.claimed
"""What the holder keeps of a table to judge claims: `exchange` judges them, so it is written there."""
FULL = 65_536
"""Keys of a shard at most."""
LADDER = (1_024, 4_096, 16_384, FULL)
"""Padded counts of one shard; beyond are multiples of the last."""

_INFO = b"passerelle-table/1"


class Derived(NamedTuple):
    """What an output is good for: the place in the table, what hides the reference there, the proof of having asked."""

    tag: bytes
    pad: int
    claim: bytes


def derive(output: bytes) -> Derived:
    """Tag (16 bytes), pad (64 bits) and claim (32 bytes) of an output (64 bytes)."""
    block = hmac.digest(output, _INFO + b"\x01", "sha512")
    return Derived(block[:TAG], int.from_bytes(block[16:24], "big"), block[24:56])


# ---- references ------------------------------------------------------------------------------------------------------


def referring(secret: bytes) -> bytes:
    """The key that the references of an epoch are drawn with."""
    return hmac.digest(secret, b"passerelle-references/1", "sha256")


def reference(drawn: bytes, key: str) -> int:
    """The reference of a match key (64 bits): the same within an epoch, unrelated across epochs."""
    return int.from_bytes(hmac.digest(drawn, key.encode(), "sha256")[:REFERENCE], "big")


def written(number: int) -> str:
    """A reference as 16 hex digits."""
    return f"{number:016x}"


# ---- sizes -----------------------------------------------------------------------------------------------------------


def padded(keys: int) -> int:
    """The count that so many match keys are padded to: 1,024, 4,096, 16,384, 65,536, then multiples of 65,536.

    Of several shards each has room for what may fall to it: six standard deviations over the mean. Too little room all
    the same is noticed when the table is made, which then takes the next size (`beyond`).
    """
    for count in LADDER:
        if keys <= count:
            return count
    shards = -(-keys // FULL)
    while keys / shards + 6 * (keys / shards) ** 0.5 > FULL:
        shards += 1
    return shards * FULL


def beyond(count: int) -> int:
    """The padded count after this one."""
    return padded(count + 1) if count < FULL else count + FULL


def shards_of(count: int) -> int:
    """How many shards a padded count has: of at most 65,536 keys, all alike.

    Raises InputError when they could not be alike: over 65,536 a count is a multiple of it.
    """
    if count < 1 or (count > FULL and count % FULL):
        raise InputError(f"count: expected 1 to {FULL}, or a multiple of {FULL}, got {count}")
    return max(1, count // FULL)


def shard_size(count: int) -> int:
    """Bytes of each shard of a table with this padded count."""
    return _packed_size(count // shards_of(count))


def shard_of(tag: bytes, shards: int) -> int:
    """The shard that a tag stands in."""
    return int.from_bytes(tag[:8], "big") * shards >> 64


# ---- shards ----------------------------------------------------------------------------------------------------------

# A serialized map: magic, seed, then four 32-bit numbers, the third of them the slots; twice as many words as slots; a
# checksum. All of it little-endian.
_HEAD = 32
_GEOMETRY = slice(16, _HEAD)


@lru_cache(maxsize=16)
def _head(capacity: int) -> tuple[bytes, int]:
    """How a map of so many keys is cut (a part of its head), and how many slots it has. Both hang on nothing else."""
    some = VerifiedConstMap({place.to_bytes(TAG, "big"): 1 for place in range(capacity)}).to_bytes()
    slots = int.from_bytes(some[24:28], "little")
    if len(some) != _HEAD + 16 * slots + 8:
        raise SearchError(f"expected a map of {slots} slots, got {len(some)} bytes")
    return some[_GEOMETRY], slots


def _words(capacity: int) -> int:
    return _HEAD // 8 + 2 * _head(capacity)[1] + 1


def _packed_size(capacity: int) -> int:
    return -(-_words(capacity) // 8) + 8 * (_HEAD // 8 + 2 * capacity + 1)


def shard(rows: Mapping[bytes, int], capacity: int) -> bytes:
    """The bytes of a shard with these rows (tag -> reference XOR pad), filled up with random ones to `capacity`.

    Always as many bytes for one capacity. Raises TableFullError when there are more rows.
    """
    import numpy as np  # a node that neither publishes nor looks anything up does without

    if len(rows) > capacity:
        raise TableFullError(f"expected at most {capacity} match keys in a shard, got {len(rows)}")
    filled = dict(rows)
    while len(filled) < capacity:
        filled[os.urandom(TAG)] = int.from_bytes(os.urandom(8), "big")
    # In the order of the tags, which are random all: what is real leaves no trace in how the map is laid out.
    whole = VerifiedConstMap(dict(sorted(filled.items()))).to_bytes()
    words = np.frombuffer(whole, "<u8")
    there = words != 0
    body: bytes = np.packbits(there).tobytes() + words[there].tobytes()
    if whole[_GEOMETRY] != _head(capacity)[0] or len(body) != _packed_size(capacity):
        raise SearchError("expected a map of its usual form, got another; publish again")
    return body


class Shard:
    """A shard to look tags up in."""

    def __init__(self, body: bytes, capacity: int) -> None:
        """Raises SearchError when the bytes are not a shard of this capacity."""
        import numpy as np

        if not 0 < capacity <= FULL or len(body) != _packed_size(capacity):
            raise SearchError(f"expected a shard of {capacity} match keys, got {len(body)} bytes")
        words = _words(capacity)
        bitmap = np.unpackbits(np.frombuffer(body[: -(-words // 8)], np.uint8))
        there, data = bitmap[:words].astype(bool), np.frombuffer(body[-(-words // 8) :], "<u8")
        if int(np.count_nonzero(bitmap)) != len(data) or int(np.count_nonzero(there)) != len(data):
            raise SearchError("expected a shard whose bitmap fits its words")
        spread = np.zeros(words, "<u8")
        spread[there] = data
        whole = spread.tobytes()
        if whole[_GEOMETRY] != _head(capacity)[0]:
            raise SearchError(f"expected a map of {capacity} match keys, got another")
        try:
            self._map = VerifiedConstMap.from_bytes(whole)
        except ValueError as error:
            raise SearchError(f"expected a shard that can be read: {error}") from None

    def find(self, derived: Derived) -> int | None:
        """The reference that stands under a tag, or None."""
        value = self._map.get(derived.tag)
        return None if value is None else value ^ derived.pad


class Found(NamedTuple):
    """What a table has for a match key: the reference (16 hex digits) and the claim (32 bytes)."""

    reference: str
    claim: bytes


def find(outputs: Mapping[str, bytes], count: int, read: Callable[[int], bytes]) -> dict[str, Found]:
    """Which match keys a table has, from their outputs. `read` gives the bytes of a shard: each is asked for once.

    One shard is in memory at a time. Raises SearchError when a shard is not one of this table's size.
    """
    shards = shards_of(count)
    by_shard: dict[int, list[tuple[str, Derived]]] = {}
    for key, output in outputs.items():
        made = derive(output)
        by_shard.setdefault(shard_of(made.tag, shards), []).append((key, made))
    found = {}
    for number, those in sorted(by_shard.items()):
        opened = Shard(read(number), count // shards)
        for key, made in those:
            if (number_found := opened.find(made)) is not None:
                found[key] = Found(written(number_found), made.claim)
    return found


# ---- the tree over shards --------------------------------------------------------------------------------------------


def digest(body: bytes) -> bytes:
    """SHA-256 of a shard: the leaf of the tree."""
    return hashlib.sha256(body).digest()


def root(digests: Sequence[bytes]) -> bytes:
    """The root over the shards' digests (RFC 6962, 2.1)."""
    tree = merkle.Tree()
    tree.extend([merkle.leaf_hash(one) for one in digests])
    return tree.root()


def path(digests: Sequence[bytes], number: int) -> list[bytes]:
    """What proves that a shard stands under the root, beside its bytes."""

    def subtree(last: int, level: int) -> bytes:
        return root(digests[last + 1 - (1 << level) : last + 1])

    return merkle.inclusion(subtree, number, len(digests))


def check_shard(body: bytes, number: int, shards: int, proof: Sequence[bytes], wanted: bytes) -> None:
    """Raises ProofError unless these bytes are that shard of the table with this root."""
    merkle.verify_inclusion(number, shards, merkle.leaf_hash(digest(body)), proof, wanted)
