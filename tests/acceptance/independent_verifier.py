"""A second verifier of evidence files, written from docs/protocol.md alone: it imports nothing of the product.

    python independent_verifier.py evidence.json --trust be.json --trust ma.json

Section numbers are those of that page. It knows the Python standard library and `cryptography`, for the signatures.
"""

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

FAILED, VERIFIED, UNCONFIRMED = "failed", "verified", "consistent, identities unconfirmed"
MOST_BYTES = 256 * 1024 * 1024
KEYS = {"log", "receipt", "witness", "envelope", "sealing"}
WITHHELD = ("erased", "withdrawn", "not-permitted", "not-held", "local")

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_NODE = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_ORIGIN = re.compile(r"passerelle/([^/\n]+)/([^/\n]+)/(flash|routine|governance)/([1-9][0-9]{0,8})")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


class Wrong(Exception):  # noqa: N818 - it says what is wrong with the file, not with the program
    """Something in the file is not as the protocol has it."""


def need(condition: bool, words: str) -> None:
    if not condition:
        raise Wrong(words)


# -- 1 words and encodings ---------------------------------------------------------------------------------------------


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def from_base64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Wrong(f"base64: {error}") from None
    need(base64.b64encode(data).decode() == text, "base64 that its writer would not have written")
    return data


def number(text: str) -> int:
    need(_NUMBER.fullmatch(text) is not None and int(text) < 2**63, f"no decimal number: {text[:30]!r}")
    return int(text)


def strict_json(data: bytes) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len({key for key, _ in pairs}) == len(pairs), "a key twice in an object")
        return dict(pairs)

    def whole(text: str) -> int:
        need(len(text) <= 17 and abs(int(text)) < 2**53, f"an integer beyond 2^53: {text[:30]}")
        return int(text)

    def never(text: str) -> Any:
        raise Wrong(f"no integer: {text[:30]}")

    try:
        value = json.loads(
            data.decode(), object_pairs_hook=once, parse_int=whole, parse_float=never, parse_constant=never
        )
    except (ValueError, RecursionError) as error:
        raise Wrong(f"no strict JSON: {error}") from None
    _clean(value, 1)
    return value


def _clean(value: Any, depth: int) -> None:
    if isinstance(value, str):
        need(not _FORBIDDEN.search(value), "a forbidden character")
    elif isinstance(value, dict | list):
        need(depth <= 32, "nested too deep")
        for child in (*value, *value.values()) if isinstance(value, dict) else value:
            _clean(child, depth + 1)


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def object_of(data: bytes) -> dict[str, Any]:
    value = strict_json(data)
    need(isinstance(value, dict), "no object")
    return dict(value)


def texts(*values: Any) -> None:
    need(all(isinstance(value, str) for value in values), "expected strings")


# -- 2 keys and identities ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    name: str
    kind: int
    public: bytes
    vkey: str

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public)[:4]

    def check(self, signature: bytes, message: bytes) -> None:
        key: Any = _public(self.kind, self.public)
        try:
            key.verify(signature, message)
        except InvalidSignature:
            raise Wrong(f"a signature of {self.name} that is none") from None


@cache
def _public(kind: int, public: bytes) -> Any:
    return (MLDSA44PublicKey if kind == 6 else Ed25519PublicKey).from_public_bytes(public)


def vkey(text: str, name: str, kind: int) -> Key:
    texts(text)
    parts = text.split("+", 2)
    need(len(parts) == 3, "a verifier key has three parts")
    data = from_base64(parts[2])
    need(parts[0] == name, f"expected a key named {name}")
    need(data[:1] == bytes([kind]) and len(data) == 1 + (1312 if kind == 6 else 32), f"expected a key of type {kind}")
    key = Key(name, kind, data[1:], text)
    need(parts[1] == key.id.hex(), "another key ID")
    return key


@dataclass(frozen=True)
class Identity:
    name: str
    log: tuple[Key, ...]
    receipt: tuple[Key, ...]
    witness: tuple[Key, ...]
    envelope: tuple[Key, ...]
    key_digest: str
    fingerprint: str


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def identity(body: bytes) -> Identity:
    need(len(body) <= 64 * 1024, "an identity file of more than 64 KiB")
    value = object_of(body)
    need(canonical(value) == body, "an identity file that is not canonical")
    need(
        set(value) == {"format", "name", "country", "languages", "timezone", "endpoints", "tls", "keys"},
        "other keys in an identity file",
    )
    name, keys = value["name"], value["keys"]
    texts(name, value["country"], value["timezone"], value["tls"])
    need(value["format"] == "passerelle-identity/1", "another format of identity")
    need(_NODE.fullmatch(name) is not None, "no node name")
    need(re.fullmatch("[A-Z]{2}", value["country"]) is not None, "no country")
    need(value["timezone"] in _zones(), "no time zone")
    need(re.fullmatch("[0-9a-f]{64}", value["tls"]) is not None, "no hash of a certificate")
    languages, endpoints = value["languages"], value["endpoints"]
    need(isinstance(languages, list) and len(languages) > 0, "no list of languages")
    need(all(one in ("fr", "nl", "ar", "en") for one in languages), "no language")
    need(isinstance(endpoints, list), "no list of endpoints")
    texts(*endpoints)
    need(
        all(re.fullmatch(r"https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\]):[0-9]{1,5}", one) for one in endpoints),
        "no endpoint",
    )
    need(isinstance(keys, dict) and set(keys) == KEYS, "other kinds of keys")
    for pair in (keys["log"], keys["receipt"], keys["witness"]):
        need(isinstance(pair, list) and len(pair) == 2, "expected two keys")
    log = vkey(keys["log"][0], f"{name}/log", 1), vkey(keys["log"][1], f"{name}/log", 6)
    receipt = vkey(keys["receipt"][0], f"{name}/receipt", 4), vkey(keys["receipt"][1], f"{name}/receipt", 6)
    witness = vkey(keys["witness"][0], f"{name}/witness", 4), vkey(keys["witness"][1], f"{name}/witness", 6)
    envelope = vkey(keys["envelope"], f"{name}/envelope", 1)
    sealing = keys["sealing"]
    need(isinstance(sealing, dict) and set(sealing) == {"mlkem768", "x25519"}, "other sealing keys")
    texts(sealing["mlkem768"], sealing["x25519"])
    mlkem, x25519 = from_base64(sealing["mlkem768"]), from_base64(sealing["x25519"])
    need(len(mlkem) == 1184 and len(x25519) == 32, "sealing keys of another length")
    lines = [name, *(key.vkey for key in (*log, *receipt, *witness, envelope)), sha256(mlkem + x25519).hex()[:16]]
    digest = sha256("\n".join(lines).encode()).hex()
    return Identity(name, log, receipt, witness, (envelope,), digest, sha256(body).hex())


# -- 3 logs ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    origin: str
    index: int
    time: int
    message: str
    size: int
    commitment: bytes
    sender: str
    receiver: str
    lane: str


def leaf_of(text: str) -> Leaf:
    need(text.isascii() and len(text) <= 1024, "a leaf is ASCII of at most 1,024 bytes")
    lines = text.split("\n")
    need(len(lines) == 8 and lines[0] == "passerelle-entry/1" and not lines[7], "a leaf has seven lines")
    named = _ORIGIN.fullmatch(lines[1])
    if named is None:
        raise Wrong("no origin")
    sender, receiver, lane = named.group(1, 2, 3)
    need(bool(_NODE.fullmatch(sender) and _NODE.fullmatch(receiver)) and sender != receiver, "no two nodes")
    need(_ID.fullmatch(lines[4]) is not None, "no message id")
    commitment = from_base64(lines[6])
    need(len(commitment) == 32, "a commitment has 32 bytes")
    index, time, size = number(lines[2]), number(lines[3]), number(lines[5])
    return Leaf(lines[1], index, time, lines[4], size, commitment, sender, receiver, lane)


@dataclass(frozen=True)
class Checkpoint:
    text: str
    origin: str
    size: int
    root: bytes
    lines: list[tuple[str, bytes]]
    """Of each signature the key's name, and key ID and value."""

    def of(self, key: Key) -> bytes | None:
        """The value of a key's signature, or None where there is none."""
        found = [value[4:] for name, value in self.lines if (name, value[:4]) == (key.name, key.id)]
        need(len(found) < 2, f"two signatures of {key.name}")
        return found[0] if found else None


def checkpoint_of(note: str) -> Checkpoint:
    """A signed note: text, an empty line, signature lines that begin with an em dash."""
    need(len(note) <= 128 * 1024, "a note of more than 128 KiB")
    text, empty, tail = note.rpartition("\n\n")
    need(bool(empty) and tail.endswith("\n"), "a note has a text and signatures")
    said = text.split("\n")
    need(len(said) == 3, "a checkpoint has three lines")
    root = from_base64(said[2])
    need(len(root) == 32, "a root has 32 bytes")
    lines = []
    for line in tail[:-1].split("\n"):
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] == "\u2014" and parts[1] != "", "no signature line")
        lines.append((parts[1], from_base64(parts[2])))
    need(len(lines) <= 16, "more than 16 signatures")
    return Checkpoint(text + "\n", said[0], number(said[1]), root, lines)


def cosigned_message(key: Key, time: int, of: Checkpoint) -> bytes:
    """What ML-DSA-44 signs (C2SP tlog-cosignature)."""
    who, what = key.name.encode(), of.origin.encode()
    head = b"subtree/v1\n\0" + bytes([len(who)]) + who + time.to_bytes(8) + bytes([len(what)]) + what
    return head + bytes(8) + of.size.to_bytes(8) + of.root


def _stamped(value: bytes, length: int) -> tuple[int, bytes]:
    need(len(value) == 8 + length, "a signature of another length")
    return int.from_bytes(value[:8]), value[8:]


def check_log(of: Checkpoint, keys: tuple[Key, ...]) -> None:
    first, second = of.of(keys[0]), of.of(keys[1])
    if first is None or second is None:
        raise Wrong("expected both signatures of the log")
    need(len(first) == 64, "a signature of another length")
    keys[0].check(first, of.text.encode())
    time, signature = _stamped(second, 2420)
    need(time == 0, "a log's own signature has timestamp 0")
    keys[1].check(signature, cosigned_message(keys[1], 0, of))


def check_receipt(of: Checkpoint, keys: tuple[Key, ...]) -> int | None:
    """The time of a receipt in seconds; None where it bears no cosignature."""
    first, second = of.of(keys[0]), of.of(keys[1])
    if first is None and second is None:
        return None
    if first is None or second is None:
        raise Wrong("expected both cosignatures")
    time, signature = _stamped(first, 64)
    need(time < 2**63, "a time beyond 2^63")
    keys[0].check(signature, f"cosignature/v1\ntime {time}\n{of.text}".encode())
    other, signature = _stamped(second, 2420)
    need(time == other, "two times in the cosignatures")
    keys[1].check(signature, cosigned_message(keys[1], time, of))
    return time


def proof_of(text: str) -> tuple[int, list[bytes], Checkpoint]:
    """A C2SP tlog-proof without extra data: index, path, checkpoint."""
    head, empty, note = text.partition("\n\n")
    lines = head.split("\n")
    need(bool(empty) and lines[0] == "c2sp.org/tlog-proof@v1" and len(lines) > 1, "no tlog-proof")
    need(lines[1].startswith("index "), "a proof has an index")
    path = [from_base64(line) for line in lines[2:]]
    need(len(path) <= 64 and all(len(node) == 32 for node in path), "a path is of 64 hashes at most")
    return number(lines[1].removeprefix("index ")), path, checkpoint_of(note)


def root_of(nodes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, of leaf hashes."""
    while len(nodes) > 1:
        pairs = range(0, len(nodes) - 1, 2)
        nodes = [sha256(b"\1" + nodes[at] + nodes[at + 1]) for at in pairs] + nodes[len(nodes) // 2 * 2 :]
    return nodes[0]


def root_by(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that a path of RFC 6962 leads to from a leaf, by its recursion over the sizes of subtrees."""
    need(0 <= index < size, "an index beyond the size")
    if size == 1:
        need(not path, "a path that is too long")
        return sha256(b"\0" + leaf)
    need(bool(path), "a path that is too short")
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        return sha256(b"\1" + root_by(leaf, index, split, path[:-1]) + path[-1])
    return sha256(b"\1" + path[-1] + root_by(leaf, index - split, size - split, path[:-1]))


# -- 11 keys over time -------------------------------------------------------------------------------------------------


@dataclass
class Handover:
    """A statement by which one identity hands over to the next. `lasts`: by kind and origin."""

    sender: str
    receiver: str
    message: str
    time: int
    revoked: str
    before: str
    after: str
    lasts: dict[tuple[str, str], int]


def handover_of(text: str) -> Handover:
    lines = text.split("\n")
    need(
        text.isascii() and len(lines) > 7 and lines[0] == "passerelle-keys/1" and not lines[-1], "no statement on keys"
    )
    names, action = lines[1].split(" "), lines[4].split(" ")
    need(len(names) == 2, "no two nodes")
    revoked = action[1] if len(action) == 2 else ""
    need(action in (["rotate"], ["revoke", revoked]) and (not revoked or revoked in KEYS), "neither rotate nor revoke")
    need(all(re.fullmatch("[0-9a-f]{64}", one) is not None for one in lines[5:7]), "no hashes of identities")
    lasts = {}
    for line in lines[7:-1]:
        parts = line.split(" ")
        need(len(parts) == 3 and parts[0] in ("log", "receipt", "witness"), "no last size")
        need((parts[0], parts[1]) not in lasts, "a log twice")
        lasts[parts[0], parts[1]] = number(parts[2])
    return Handover(names[0], names[1], lines[2], number(lines[3]), revoked, lines[5], lines[6], lasts)


def check_handover(text: str, said: Handover, signed: str, before: Identity, after: Identity) -> None:
    """Exactly one line of each key that must sign."""
    note = checkpoint_of(signed)
    need(note.origin == f"passerelle-keys/{said.sender}/{said.receiver}/{said.message}", "another origin")
    need((note.size, note.root) == (1, sha256(b"\0" + text.encode())), "another statement")
    count = 0
    for kind in ("log", "receipt", "witness", "envelope"):
        old = set() if kind == said.revoked else {getattr(before, kind)}
        for keys in old | {getattr(after, kind)}:
            count += len(keys)
            if kind == "log":
                check_log(note, keys)
            elif kind == "envelope":
                value = note.of(keys[0])
                need(value is not None and len(value) == 64, "no signature of the envelope key")
                keys[0].check(value or b"", note.text.encode())
            else:
                need(check_receipt(note, keys) is not None, f"no cosignatures of the {kind} keys")
    need(len(note.lines) == count, "a line of another key")


# -- 9 evidence files --------------------------------------------------------------------------------------------------


@dataclass
class Message:
    leaf: Leaf
    content: dict[str, Any] | None

    def get(self, key: str) -> Any:
        return (self.content or {}).get(key)


@dataclass
class Verifier:
    """What was found: each with its outcome (holds, fails, absent, attested), and in the end the verdict."""

    findings: list[tuple[str, str]] = field(default_factory=list)
    identities: dict[str, list[Identity]] = field(default_factory=dict)
    handovers: list[tuple[Handover, Identity, Identity]] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    roots: dict[tuple[str, int], bytes] = field(default_factory=dict)
    places: dict[tuple[str, int], str] = field(default_factory=dict)
    trusted: bool = True

    def say(self, outcome: str, what: str) -> None:
        self.findings.append((outcome, what))

    @contextmanager
    def checking(self, what: str) -> Iterator[None]:
        try:
            yield
        except Wrong as error:
            self.say("fails", f"{what}: {error}")
        else:
            self.say("holds", what)

    def verdict(self) -> str:
        if any(outcome == "fails" for outcome, _ in self.findings):
            return FAILED
        return VERIFIED if self.trusted and self.identities else UNCONFIRMED

    # 9.1
    def file(self, data: bytes) -> dict[str, Any] | None:
        with self.checking("the file"):
            need(len(data) <= MOST_BYTES, "more than 256 MiB")
            value = object_of(data)
            need(canonical(value) == data.removesuffix(b"\n"), "not canonical")
            wanted = {"format", "subject", "created", "by", "identities", "messages", "instruments", "digest"}
            need(set(value) == wanted, "other keys")
            need(value["format"] == "passerelle-evidence/1", "another format")
            rest = {key: part for key, part in value.items() if key != "digest"}
            need(sha256(canonical(rest)).hex() == value["digest"], "another digest")
            for name in ("identities", "messages", "instruments"):
                need(isinstance(value[name], list), f"no list of {name}")
            texts(*value["identities"], *value["instruments"], value["by"], value["created"])
            return value
        return None

    # 9, whole logs
    def log(self, data: bytes, given: list[Identity]) -> None:
        line, _, leaves = data.partition(b"\n")
        with self.checking("the log"):
            need(len(line) < 16 * 1024 * 1024, "a head of more than 16 MiB")
            value = object_of(line)
            need(canonical(value) == line, "not canonical")
            wanted = {"format", "origin", "created", "by", "identities", "messages", "checkpoints", "digest"}
            need(set(value) == wanted and value["format"] == "passerelle-log/1", "other keys or another format")
            rest = {key: part for key, part in value.items() if key != "digest"}
            need(sha256(canonical(rest)).hex() == value["digest"], "another digest")
            for name in ("identities", "messages", "checkpoints"):
                need(isinstance(value[name], list), f"no list of {name}")
            texts(*value["identities"], *value["checkpoints"], value["origin"], value["by"], value["created"])
            for body in value["identities"]:
                self.identity(body)
            for item in value["messages"]:
                self.handover(item)
            self.trust(given)
            for item in value["messages"]:
                self.message(item)
            lines = leaves.decode("ascii", "replace").split("\n")
            need(len(lines) % 7 == 1 and not lines[-1], "leaves that are not whole")
            rows = ["\n".join(lines[at : at + 7]) + "\n" for at in range(0, len(lines) - 1, 7)]
            self._entries(value, rows)
            need(_MOMENT.fullmatch(value["created"]) is not None, "no moment of RFC 3339")
            need(value["by"] in self.identities, "written by nobody in the file")

    def _entries(self, value: dict[str, Any], rows: list[str]) -> None:
        found = [leaf_of(row) for row in rows]
        need(bool(found), "no entries")
        first, held = found[0], [checkpoint_of(note) for note in value["checkpoints"]]
        for index, leaf in enumerate(found):
            need((leaf.origin, leaf.index) == (value["origin"], index), f"entry {index} of another place")
            need(leaf.time >= found[max(index - 1, 0)].time, f"entry {index} is older than the one before")
        need(len(held) in (1, 2) and held[-1].size == len(found), "no checkpoint of the whole log")
        times = [self._signatures(one, first) for one in held]
        if len(held) == 2:
            need(held[0].size < held[1].size and times[0] is not None and times[1] is None, "no receipt before the end")
        for one in held:
            need(one.origin == value["origin"], "a checkpoint of another log")
            root = root_of([sha256(b"\0" + row.encode()) for row in rows[: one.size]])
            need(one.root == root == self.roots.setdefault((one.origin, one.size), root), "another root")
        both = {first.sender, first.receiver}
        need(set(self.identities) <= both, "an identity of another node")
        for message in self.messages.values():
            need({message.leaf.sender, message.leaf.receiver} == both, "a message of another link")
            need(message.get("kind") in ("keys.rotate", "keys.revoke"), "a message that changes no keys")

    # 9.2
    def identity(self, body: str) -> None:
        with self.checking("an identity"):
            found = identity(body.encode())
            there = self.identities.setdefault(found.name, [])
            need(all(one.fingerprint != found.fingerprint for one in there), f"one of {found.name} twice")
            there.append(found)

    def handover(self, item: Any) -> None:
        """A change of keys, before the messages: what keys prove depends on it."""
        try:
            leaf = leaf_of(item["leaf"])
            content = object_of(item["content"].encode())
        except (Wrong, KeyError, TypeError, AttributeError):
            return
        if content.get("kind") not in ("keys.rotate", "keys.revoke"):
            return
        with self.checking("a change of keys"):
            wanted = {"v", "kind", "id", "governance", "after", "statement", "signed", "identity", "by", "reason"}
            need(set(content) == wanted, "other keys")
            texts(content["statement"], content["signed"], content["identity"])
            said = handover_of(content["statement"])
            need(said.message == leaf.message == content["id"], "the statement of another message")
            need(bool(said.revoked) == (content["kind"] == "keys.revoke"), "a statement of the other kind")
            there = self.identities.get(said.sender, [])
            before = [one for one in there if one.key_digest == said.before]
            after = [one for one in there if one.fingerprint == said.after]
            need(bool(before and after), "identities that are not in the file")
            need(identity(content["identity"].encode()).fingerprint == said.after, "another identity than it names")
            check_handover(content["statement"], said, content["signed"], before[0], after[0])
            self.handovers.append((said, before[0], after[0]))

    def trust(self, given: list[Identity]) -> None:
        for name, there in self.identities.items():
            theirs = {one.key_digest for one in given if one.name == name}
            reached = {one.fingerprint for one in there if one.key_digest in theirs}
            for _ in self.handovers:
                for _, one, other in self.handovers:
                    if reached & {one.fingerprint, other.fingerprint} and one.name == name:
                        reached |= {one.fingerprint, other.fingerprint}
            if not theirs:
                self.trusted = False
                self.say("absent", f"whether {name} is who it says")
            for one in there:
                if theirs and one.fingerprint not in reached:
                    self.say("fails", f"other keys of {name} than the reader has")

    # 9.3
    def message(self, item: Any) -> None:
        with self.checking("a message"):
            need(isinstance(item, dict), "no object")
            need(set(item) in ({"leaf", "proof", "salt", "content"}, {"leaf", "proof", "withheld"}), "other keys")
            texts(*item.values())
            leaf = leaf_of(item["leaf"])
            need(leaf.message not in self.messages, f"{leaf.message} twice")
            self.messages[leaf.message] = Message(leaf, None)
            index, path, checkpoint = proof_of(item["proof"])
            need((checkpoint.origin, index) == (leaf.origin, leaf.index), "a proof of another entry")
            root = root_by(item["leaf"].encode(), index, checkpoint.size, path)
            need(root == checkpoint.root, "a proof that leads elsewhere")
            self._signatures(checkpoint, leaf)
            need(self.roots.setdefault((leaf.origin, checkpoint.size), root) == root, "two roots of one size")
            need(self.places.setdefault((leaf.origin, index), leaf.message) == leaf.message, "two leaves at one index")
            if "withheld" in item:
                need(item["withheld"] in WITHHELD, "no reason for a withheld content")
                self.say("absent", f"the content of {leaf.message}: {item['withheld']}")
                return
            body, salt = item["content"].encode(), from_base64(item["salt"])
            need(len(salt) == 32, "a salt has 32 bytes")
            need(len(body) == leaf.size, "a content of another size")
            need(sha256(salt + body) == leaf.commitment, "a content that was not committed to")
            content = object_of(body)
            need(content.get("id") == leaf.message, "a content with another id")
            self.messages[leaf.message] = Message(leaf, content)

    def _signatures(self, checkpoint: Checkpoint, leaf: Leaf) -> int | None:
        senders, receivers = self.identities.get(leaf.sender, []), self.identities.get(leaf.receiver, [])
        if not senders:
            raise Wrong(f"no identity of {leaf.sender}")
        log = self._borne(checkpoint, [one.log for one in senders])
        check_log(checkpoint, log)
        receipt = self._borne(checkpoint, [one.receipt for one in receivers]) if receivers else ()
        strange = {(name, value[:4]) for name, value in checkpoint.lines} - {
            (key.name, key.id) for key in (*log, *receipt)
        }
        need(not strange, "a signature line of another key")
        time = check_receipt(checkpoint, receipt) if receipt else None
        self._old(checkpoint, "receipt", receipt, leaf.receiver, leaf.sender, time)
        self._old(checkpoint, "log", log, leaf.sender, leaf.receiver, time)
        self.say("absent" if time is None else "holds", f"receipt of {leaf.message} by {leaf.receiver} at {time}")
        return time

    def _borne(self, checkpoint: Checkpoint, pairs: list[tuple[Key, ...]]) -> tuple[Key, ...]:
        return next((pair for pair in pairs if checkpoint.of(pair[0]) is not None), pairs[-1])

    def _old(self, of: Checkpoint, kind: str, keys: tuple[Key, ...], node: str, partner: str, time: int | None) -> None:
        """11: what keys that were handed over prove."""
        if kind == "receipt" and time is None:
            return
        for said, before, after in self.handovers:
            ended = getattr(before, kind) == keys != getattr(after, kind)
            if (said.sender, said.receiver) != (node, partner) or not ended:
                continue
            within = of.size <= said.lasts.get((kind, of.origin), 0)
            if kind == "log" and said.revoked == "log":
                need(time is not None, "a revoked key, and no cosignature")
                within = within or (time or 0) * 1000 <= said.time
            need(within, f"an old {kind} key at size {of.size}")

    # 9.4
    def instruments(self, bodies: list[str]) -> None:
        found: dict[str, dict[str, Any]] = {}
        for body in bodies:
            with self.checking("an instrument"):
                digest = sha256(body.encode()).hex()
                need(digest not in found, "twice")
                found[digest] = object_of(body.encode())
                parties = found[digest].get("parties")
                need(isinstance(parties, list), "no parties")
                self._signed(digest, parties if isinstance(parties, list) else [])
        named = set(map(self._named, self.messages.values()))
        named |= {str(found[one].get("agreement")) for one in list(named) if one in found}
        for digest in found:
            if digest not in named:
                self.say("fails", f"instrument {digest}: named by nothing in the file")
        for one in self.messages.values():  # 9.5
            if one.get("kind") == "act":
                channel = found.get(str(one.get("channel")), {})
                there = str(channel.get("agreement")) in found
                self.say("holds" if there else "absent", f"channel and agreement of {one.leaf.message}")
                self.say("attested", f"author and releaser of {one.leaf.message}: {one.get('four_eyes')}")

    def _named(self, one: Message) -> str:
        kind = str(one.get("kind"))
        if kind == "act":
            return str(one.get("channel"))
        if kind == "instrument.propose":
            return sha256(str(one.get("instrument")).encode()).hex()
        return str(one.get("digest")) if kind.startswith("instrument.") else ""

    def _signed(self, digest: str, parties: list[Any]) -> None:
        for party in parties:
            by = [
                one.leaf.message
                for one in self.messages.values()
                if (one.get("kind"), one.get("digest")) == ("instrument.sign", digest)
                if (one.leaf.sender, one.leaf.lane) == (party, "governance")
            ]
            self.say("holds" if by else "absent", f"instrument {digest} signed by {party}: {', '.join(by)}")

    # 9.6
    def order(self) -> None:
        last: dict[str, int] = {}
        for one in sorted(self.messages.values(), key=lambda one: one.leaf.index):
            if one.leaf.time < last.get(one.leaf.origin, 0):
                self.say("fails", f"{one.leaf.message} is older than what stands before it in its log")
            last[one.leaf.origin] = one.leaf.time
        for one in self.messages.values():
            refused = one.get("refused") if one.get("kind") == "refusal" else None
            for part in refused if isinstance(refused, list) else []:
                named = self.messages.get(str(part.get("message"))) if isinstance(part, dict) else None
                if named and (named.leaf.sender, named.leaf.receiver) == (one.leaf.receiver, one.leaf.sender):
                    self.say("holds", f"{named.leaf.message} was refused: {part.get('checks')}")
            after = one.get("after")
            for name in after if isinstance(after, list) else []:
                before = self.messages.get(str(name))
                if before is None:
                    self.say("absent", f"{name}, on which {one.leaf.message} builds")
                elif before.leaf.origin == one.leaf.origin and before.leaf.index >= one.leaf.index:
                    self.say("fails", f"{one.leaf.message} stands before {name}, on which it builds")

    # 9.7
    def subject(self, value: dict[str, Any]) -> None:
        with self.checking("the subject"):
            subject = value["subject"]
            need(isinstance(subject, dict) and set(subject) == {"kind", "id"}, "no kind and id")
            texts(subject["kind"], subject["id"])
            need(subject["kind"] in ("message", "dossier"), "of another kind")
            need(_ID.fullmatch(subject["id"]) is not None, "no id")
            if subject["kind"] == "message":
                need(subject["id"] in self.messages, "not in the file")
            elif all(one.get("dossier") != subject["id"] for one in self.messages.values()):
                need(all(one.get("kind") != "act" for one in self.messages.values()), "not in the file, but others")
                need(any(one.content is None for one in self.messages.values()), "not in the file")
                self.say("absent", "contents that say which dossier they are of")
        with self.checking("when the file was written"):
            need(_MOMENT.fullmatch(value["created"]) is not None, "no moment of RFC 3339")
            try:
                datetime.fromisoformat(value["created"])
            except ValueError as error:
                raise Wrong(str(error)) from None
        with self.checking("the node that wrote it"):
            need(value["by"] in self.identities, "not in the file")
        named = {name for one in self.messages.values() for name in (one.leaf.sender, one.leaf.receiver)}
        for name in self.identities:
            if name not in named:
                self.say("fails", f"identity {name}: of no sender or receiver in the file")


def verify(data: bytes, trusted: Iterable[bytes] = ()) -> Verifier:
    """What a file proves to a reader who trusts these identity files."""
    run = Verifier()
    given = [identity(body) for body in trusted]
    if b'"format":"passerelle-log/1"' in data.partition(b"\n")[0]:
        run.log(data, given)
        return run
    value = run.file(data)
    if value is not None:
        for body in value["identities"]:
            run.identity(body)
        for item in value["messages"]:
            run.handover(item)
        run.trust(given)
        for item in value["messages"]:
            run.message(item)
        run.instruments(value["instruments"])
        run.order()
        run.subject(value)
    return run


def main() -> int:
    reader = argparse.ArgumentParser(description="Verify an evidence file.")
    reader.add_argument("file", type=Path)
    reader.add_argument("--trust", type=Path, action="append", default=[], help="an identity file that you trust")
    given = reader.parse_args()
    run = verify(given.file.read_bytes(), [path.read_bytes() for path in given.trust])
    for outcome, what in run.findings:
        print(f"{outcome:<9} {what}")
    print(run.verdict())
    return 1 if run.verdict() == FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
