"""The bytes beside questions: lists of withdrawn references, requests for them and for shards, shards.

Rules kept here:
- a list of withdrawn references is a signed note, so that it can be shown later. It names them by a hash with a salt of
  its own: two lists held beside each other do not show what came between them to who does not know the references; nor
  does its length say much, it is filled up to a multiple of 64;
- a request is signed and made out to one node; what it asks for is for this partner alone;
- a shard travels with what proves it under the root of its table, and is nothing without that.

Left to the desk: who asks, and for what. Left to the asker: the proofs, and how old a list may be.
"""

import re
import struct
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from passerelle.core.errors import NoteError
from passerelle.exchange.sealing import Envelopes, refuse, sign_note
from passerelle.identity.keys import b64
from passerelle.ledger import note
from passerelle.ledger.checkpoint import number
from passerelle.ledger.note import Note
from passerelle.search.wire import EPOCH, HANDLE, INDEX, MAX_LIST, Bytes, bytes_of, names_of, need

WITHDRAWALS = "passerelle-withdrawals/1"
WITHDRAWALS_REQUEST = "passerelle-withdrawals-request/1"
TABLE_REQUEST = "passerelle-table-request/1"

FILLED = 64
"""A list has a multiple of so many references."""
MOST_REFERENCES = 65_536
"""References of one list at most."""
CURRENT = 60 * 60_000
"""Milliseconds that a list is current."""
SALT = 16
"""Bytes of the salt of a list."""
MAX_PATH = 16
"""Hashes of a shard's path at most."""

_REFERENCE = re.compile(r"[0-9a-f]{16}")


# ---- withdrawn references --------------------------------------------------------------------------------------------


class WithdrawnList(msgspec.Struct, frozen=True):
    """A list of references that count no more, as a holder signed it. `time`, `until` in milliseconds.

    `references`: each as `named` gives it with `salt` (16 bytes); `first`: number of the first base, and of the first
    delta, whose references are listed.
    """

    holder: str
    asker: str
    index: str
    time: int
    until: int
    salt: bytes
    first: tuple[int, int]
    references: tuple[str, ...]
    note: Note


def withdrawals(
    names: tuple[str, str],
    index: str,
    times: tuple[int, int],
    salt: bytes,
    references: Sequence[str],
    signer: Envelopes,
    first: tuple[int, int] = (0, 0),
) -> bytes:
    """A signed list. `names`: holder, asker; `times`: its own, until when it is current; `salt`: 16 random bytes.

    `references`: as `named` gives them, sorted, each once, a multiple of 64. `first`: number of the first
    base, and of the first delta, whose references are listed.
    """
    lines = (WITHDRAWALS, " ".join(names), index, *map(str, times), b64(salt), " ".join(map(str, first)), *references)
    return sign_note("\n".join(lines) + "\n", signer).encode()


def read_withdrawals(data: bytes) -> WithdrawnList:
    """The list that a note says; nothing is verified yet. Raises NoteError."""
    found = note.parse(data, MAX_LIST)
    lines = found.lines(WITHDRAWALS, found.text.count("\n") - 1)
    need(len(lines) >= 6, "names, an index, times, a salt and numbers", len(lines))
    (names, index, time, until, salt, first), references = lines[:6], lines[6:]
    holder, asker = names_of(names)
    need(INDEX.fullmatch(index), "the name of an index", index)
    need(all(map(_REFERENCE.fullmatch, references)), "references of 16 hex digits", "others")
    need(all(one < other for one, other in pairwise(references)), "sorted references, each once", "others")
    need(references and len(references) % FILLED == 0, f"a multiple of {FILLED} references", len(references))
    moments = number(time, "a time"), number(until, "an end")
    base, _, delta = first.partition(" ")
    numbers, salted = (number(base, "a number"), number(delta, "a number")), bytes_of(salt, SALT, "a salt")
    return WithdrawnList(holder, asker, index, *moments, salted, numbers, tuple(references), found)


class Request(msgspec.Struct, frozen=True):
    """A signed request for a list (`what`: the index) or for shards (`what`: the epoch, from `first` on)."""

    sender: str
    receiver: str
    what: str
    first: int
    time: int
    note: Note


def ask_withdrawals(names: tuple[str, str], index: str, nonce: bytes, now: int, signer: Envelopes) -> bytes:
    """Asks for the newest list of an index. `nonce`: 16 random bytes."""
    return sign_note(f"{WITHDRAWALS_REQUEST}\n{' '.join(names)}\n{index}\n{b64(nonce)}\n{now}\n", signer).encode()


def ask_table(names: tuple[str, str], epoch: str, first: int, nonce: bytes, now: int, signer: Envelopes) -> bytes:
    """Asks for shards of a table from `first` on. `nonce`: 16 random bytes."""
    return sign_note(f"{TABLE_REQUEST}\n{' '.join(names)}\n{epoch} {first}\n{b64(nonce)}\n{now}\n", signer).encode()


def read_request(data: bytes, form: str) -> Request:
    """The request of a form that a note says; nothing is verified yet. Raises BatchRefusedError (0)."""
    try:
        found = note.parse(data)
        names, what, nonce, time = found.lines(form, 4)
        sender, receiver = names_of(names)
        bytes_of(nonce, HANDLE, "a nonce")
        first = "0"
        if form == TABLE_REQUEST:
            what, _, first = what.partition(" ")
        fits = EPOCH if form == TABLE_REQUEST else INDEX
        need(fits.fullmatch(what), "the name of an index, or the id of an epoch", what)
        return Request(sender, receiver, what, number(first, "a shard"), number(time, "a time"), found)
    except NoteError as error:
        raise refuse(f"request: {error}") from None


# ---- shards ----------------------------------------------------------------------------------------------------------


class ShardPart(msgspec.Struct, frozen=True):
    """A shard on its way: its number, what proves it under the root of its table, its bytes."""

    number: int
    path: tuple[bytes, ...]
    body: bytes


def shards(parts: Sequence[ShardPart]) -> bytes:
    """The answer to a request for shards."""
    made = []
    for one in parts:
        made += [struct.pack(">IB", one.number, len(one.path)), *one.path, struct.pack(">I", len(one.body)), one.body]
    return b"".join(made)


def read_shards(data: bytes, first: int, size: int) -> list[ShardPart]:
    """The shards of an answer, from `first` on without a gap, each of `size` bytes. Raises BatchRefusedError (0)."""
    rest = Bytes(data)
    parts: list[ShardPart] = []
    while rest.left or not parts:
        place, hashes = rest.number("I"), rest.number("B")
        if place != first + len(parts) or hashes > MAX_PATH:
            raise refuse(f"expected shard {first + len(parts)} and a path of at most {MAX_PATH}, got {place}, {hashes}")
        path = tuple(rest.take(32) for _ in range(hashes))
        if (length := rest.number("I")) != size:
            raise refuse(f"expected a shard of {size} bytes, got {length}")
        parts.append(ShardPart(place, path, rest.take(length)))
    return parts
