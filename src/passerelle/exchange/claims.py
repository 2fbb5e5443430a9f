"""What a holder keeps to judge a claim: for each reference of an epoch the hash of its claim, and whom it is about.

A claim is 32 bytes that only who asked and hit can derive, from the output of the match key. Its hash says nothing of
index, key or person. Rows stand sorted in parts, by the first bits of their references, so that one is found by reading
one part, however large the index was.

Left unchecked: where rows come from (`search`), and what a right claim opens (`claiming`).
"""

import hashlib
import hmac
from bisect import bisect_left

REFERENCE = 8
"""Bytes of a reference."""
HASHED = 16
ROW = REFERENCE + HASHED + 4
"""Bytes of a row: reference, hash of the claim, number of the entry (big-endian)."""
_PART = 8_192  # padded keys of a part, about


def hashed(claim: bytes) -> bytes:
    """What is kept of a claim."""
    return hashlib.sha256(claim).digest()[:HASHED]


def row(number: int, claim: bytes, entry: int) -> bytes:
    """A row of the claims. `number`: the reference; `entry`: the number of an entry, below 2^32."""
    return number.to_bytes(REFERENCE, "big") + hashed(claim) + entry.to_bytes(4, "big")


def named(reference: str, salt: bytes) -> str:
    """How a list of withdrawn references with this salt names one: 16 hex digits."""
    return hmac.digest(salt, bytes.fromhex(reference), "sha256")[:REFERENCE].hex()


def part_bits(count: int) -> int:
    """How many top bits of a reference say in which part of the claims it stands, for a table's padded count."""
    return max(0, count - 1).bit_length() - (_PART - 1).bit_length() if count > _PART else 0


def part_of(number: int, count: int) -> int:
    """The part of the claims that a reference stands in."""
    return number >> (64 - part_bits(count))


def referred(body: bytes, number: int) -> tuple[bytes, tuple[int, ...]] | None:
    """What a part of the claims (sorted rows) has for a reference: the hash of its claim, the entries' numbers."""
    rows = _rows(body, number)
    return (rows[0][0], tuple(entry for _hash, entry in rows)) if rows else None


def claimed(body: bytes, number: int, claim: bytes) -> tuple[int, ...]:
    """The entries behind a reference whose claim this is; none when it is another. Two keys may share a reference."""
    wanted = hashed(claim)
    return tuple(entry for one, entry in _rows(body, number) if hmac.compare_digest(one, wanted))


def _rows(body: bytes, number: int) -> list[tuple[bytes, int]]:
    """Of each row with this reference the hash of its claim and the number of its entry."""
    wanted, count = number.to_bytes(REFERENCE, "big"), len(body) // ROW
    at = bisect_left(range(count), wanted, key=lambda place: body[place * ROW : place * ROW + REFERENCE])
    found = []
    while body[at * ROW : at * ROW + REFERENCE] == wanted:
        one = body[at * ROW + REFERENCE : (at + 1) * ROW]
        found.append((one[:HASHED], int.from_bytes(one[HASHED:], "big")))
        at += 1
    return found
