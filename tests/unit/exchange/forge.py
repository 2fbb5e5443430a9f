"""A dishonest sender: it holds all real keys of its node and may put anything in any place of a batch.

`Forger.build` makes the sealed batch that the honest node would post, field by field in the order in which one depends
on another. A change replaces one field; everything that depends on it (roots, signatures, hashes, the seal) is made
anew with the real keys, so that nothing is wrong but the field that was forged.

    forger = Forger(pair)
    forger.build()                                          # an honest batch
    forger.build({"entry.1.leaf.size": "12"})               # one whose second leaf lies about its size
    forger.build({"checkpoint.root": lambda text: ...})     # a function of what would stand there
"""

import hashlib
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from passerelle.exchange import governance, links, outbox, sealing, wire
from passerelle.identity.keys import NodeKeys, SealKey, b64, generate
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle, note
from passerelle.ledger.note import Signature
from tests.peers.pair import Pair, Peer

Changes = dict[str, Any]
STRANGER = NodeKeys("fr", generate("fr"))
OTHERS = NodeKeys("be", generate("be"))  # somebody else's keys under the sender's name

# The fields of each form, in the order of the specification. `test_forgeries_spec` compares them with its text.
HEADER = ("kind", "origin", "start", "end", "seal", "time", "digest")
LEAF = ("version", "origin", "index", "time", "message", "size", "commitment")
CHECKPOINT = ("origin", "size", "root")
PLAIN = ("version", "checkpoint_length", "start", "count")
CONTENT_ITEM = ("leaf_length", "kind", "salt", "content_length", "content")
REASON_ITEM = ("leaf_length", "kind", "reason_length", "reason")


def cosigned(keys: NodeKeys, origin: str, size: int, root: bytes, seconds: int = 0) -> tuple[Signature, Signature]:
    """Cosignatures of a node's receipt keys over any checkpoint."""
    bare = checkpoints.Checkpoint(origin, size, root, note.make(checkpoints.text_of(origin, size, root)))
    return checkpoints.cosign(keys.receipt, bare, seconds)


@dataclass
class Forger:
    """The batch that `by` would post next in a lane of `pair`, in pieces. Entries that are in line get their index."""

    pair: Pair
    lane: str = "routine"
    by: str = "be"
    start: int | None = None
    items: list[wire.Item] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        peer, partner = self.peer, self.pair.other(self.peer).ctx
        outbox.sequence(peer.ctx, partner.name, self.lane, on_entered=governance.entered)
        log = peer.store.read(lambda tx: links.current(tx, partner.name, "out", self.lane))
        assert log is not None
        self.log = log
        begin = log.cosigned if self.start is None else self.start
        self.start = begin
        self.items = peer.store.read(lambda tx: links.items(tx, log.origin, begin, log.size, sealing.MAX_PLAINTEXT))
        self.frontier = peer.store.read(
            lambda tx: merkle.frontier_at(links.Tree(tx, log.origin).subtree, begin) if begin else b""
        )
        self.keys = peer.ctx.keys
        self.to = self.pair.other(peer).identity.sealing

    @property
    def peer(self) -> Peer:
        return self.pair.peer(self.by)

    @property
    def now(self) -> int:
        return self.pair.clock.now()

    def build(self, changes: Changes | None = None) -> bytes:
        """The sealed batch with these fields changed. Every change must find its field."""
        self._changes = dict(changes or {})
        self.asked = {}
        body = self._build()
        assert not self._changes, f"no such field: {sorted(self._changes)}"
        return body

    def put(self, name: str, value: Any) -> Any:
        """What stands in a field: `value` unless it is changed. Remembers what was asked."""
        self.asked[name] = value
        if name in self._changes:
            change = self._changes.pop(name)
            return change(value) if callable(change) else change
        return value

    # -- from the inside out ------------------------------------------------------------------------------------

    def _build(self) -> bytes:
        items = self.put("items", list(enumerate(self.items)))
        leaves, bodies = [], []
        for number, (index, item) in enumerate(items):
            leaf = self._leaf(f"entry.{number}.leaf", index, item)
            leaves.append(leaf)
            bodies.append(self._item(f"entry.{number}", leaf, item))
        begin = self.start or 0
        tree = merkle.Tree(begin, self.frontier)
        for leaf in leaves:
            tree.append(leaf)
        head = self._checkpoint(begin + len(leaves), tree.root())
        plain = b"".join(
            (
                struct.pack(">B", self.put("plain.version", 1)),
                struct.pack(">I", self.put("plain.checkpoint_length", len(head))),
                head,
                struct.pack(">Q", self.put("plain.start", begin)),
                struct.pack(">I", self.put("plain.count", len(leaves))),
                *bodies,
                self.put("plain.rest", b""),
            )
        )
        return self._seal(self.put("plain", plain), begin, begin + len(leaves))

    def _leaf(self, at: str, index: int, item: wire.Item) -> bytes:
        leaf = entries.parse(item.leaf)
        place = (self.start or 0) + index
        content = item.content
        values = {
            "version": entries.VERSION,
            "origin": self.log.origin,
            "index": str(place),
            "time": str(leaf.time),
            "message": leaf.message,
            "size": str(leaf.size),
            "commitment": b64(entries.commit(item.salt, content)) if not item.withheld else b64(leaf.commitment),
        }
        lines = [self.put(f"{at}.{name}", values[name]) for name in LEAF]
        made = "".join(f"{line}\n" for line in self.put(f"{at}.lines", lines))
        return bytes(self.put(at, made.encode("utf-8", "surrogateescape")))

    def _item(self, at: str, leaf: bytes, item: wire.Item) -> bytes:
        parts = [struct.pack(">H", self.put(f"{at}.leaf_length", len(leaf))), leaf]
        withheld = self.put(f"{at}.withheld", item.withheld)
        if withheld:
            reason = self.put(f"{at}.reason", withheld.encode())
            kind, length = self.put(f"{at}.kind", 1), self.put(f"{at}.reason_length", len(reason))
            parts += [struct.pack(">BB", kind, length), reason]
        else:
            salt, content = self.put(f"{at}.salt", item.salt), self.put(f"{at}.content", item.content)
            parts += [struct.pack(">B", self.put(f"{at}.kind", 0)), salt]
            parts += [struct.pack(">I", self.put(f"{at}.content_length", len(content))), content]
        return b"".join(parts)

    def _checkpoint(self, size: int, root: bytes) -> bytes:
        values = {"origin": self.log.origin, "size": str(size), "root": b64(root)}
        lines = [self.put(f"checkpoint.{name}", values[name]) for name in CHECKPOINT]
        text = "".join(f"{line}\n" for line in self.put("checkpoint.lines", lines))
        signatures = self.put("checkpoint.signatures", self.sign_log(text, lines))
        made = text + "\n" + "".join(one if isinstance(one, str) else one.line() for one in signatures)
        return bytes(self.put("checkpoint", made.encode("utf-8", "surrogateescape")))

    def sign_log(self, text: str, lines: list[str], keys: NodeKeys | None = None) -> list[Signature]:
        """Both signatures of log keys over whatever the text says, as far as it can be signed."""
        classical, quantum = (keys or self.keys).log
        try:
            size = int(lines[1]) if lines[1].isascii() else 0
            message = checkpoints.cosigned_message(quantum.name, 0, lines[0], size, _loose(lines[2]))
        except (ValueError, struct.error):
            message = b""
        return [
            Signature(classical.name, classical.id, classical.sign(text.encode("utf-8", "surrogateescape"))),
            Signature(quantum.name, quantum.id, struct.pack(">Q", 0) + quantum.sign(message)),
        ]

    def _seal(self, plain: bytes, start: int, end: int) -> bytes:
        parts = self.log.origin.split("/")
        names = ("prefix", "sender", "receiver", "lane", "generation")
        origin = "/".join(self.put(f"header.origin.{name}", part) for name, part in zip(names, parts, strict=True))
        to: SealKey = self.put("seal.to", self.to)
        values = {
            "kind": wire.BATCH,
            "origin": origin,
            "start": str(start),
            "end": str(end),
            "seal": self.to.id,
            "time": str(self.now),
        }
        told = {name: self.put(f"header.{name}", values[name]) for name in HEADER[:-1]}
        lines = [told["kind"], told["origin"], f"{told['start']} {told['end']}", told["seal"], told["time"]]
        lines = self.put("header.lines", lines)
        info = self.put("seal.info", "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
        sealed = self.put("ciphertext", to.seal(plain, info))
        digest = self.put("header.digest", b64(hashlib.sha256(sealed).digest()))
        text = "".join(f"{line}\n" for line in self.put("header.all", [*lines, digest]))
        raw = text.encode("utf-8", "surrogateescape")
        signer = self.put("header.signer", self.keys.envelope)
        signatures = self.put("header.signatures", [Signature(signer.name, signer.id, signer.sign(raw))])
        made = raw + b"\n" + "".join(one if isinstance(one, str) else one.line() for one in signatures).encode()
        head = self.put("header", made)
        length = self.put("body.length", len(head))
        sealed = self.put("sealed", sealed)  # changed behind the signature's back
        return bytes(self.put("body", struct.pack(">I", length) + head + sealed))


def _loose(text: str) -> bytes:
    """32 bytes for a root that may not be one."""
    try:
        data = __import__("base64").b64decode(text)
    except ValueError:
        data = b""
    return data[:32].ljust(32, b"\0")


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    """One bit changed."""
    at %= len(data)
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


# -- what a field of a kind can wrongly hold: (name of the forgery, function of the right value) ----------------------

Wrong = list[tuple[str, Callable[[Any], Any]]]

NUMBER_FORMS: Wrong = [
    ("empty", lambda v: ""),
    ("minus", lambda v: f"-{v}"),
    ("plus", lambda v: f"+{v}"),
    ("leading zero", lambda v: f"0{v}"),
    ("blank before", lambda v: f" {v}"),
    ("blank behind", lambda v: f"{v} "),
    ("fraction", lambda v: f"{v}.0"),
    ("exponent", lambda v: "1e3"),
    ("hex", lambda v: "0x1"),
    ("underscore", lambda v: "1_0"),
    ("two to the 63", lambda v: str(2**63)),
    ("long", lambda v: "9" * 200),
    ("word", lambda v: "one"),
]
OTHER_DIGITS: Wrong = [
    ("arabic digits", lambda v: "١٢"),
    ("fullwidth digits", lambda v: "１２"),
    ("superscript", lambda v: "²"),
]
HASH_FORMS: Wrong = [
    ("empty", lambda v: ""),
    ("no padding", lambda v: v.rstrip("=")),
    ("more padding", lambda v: v + "="),
    ("stray bits", lambda v: v[:-2] + chr(ord(v[-2]) + 1) + "="),
    ("url alphabet", lambda v: "-_" + v[2:]),
    ("31 bytes", lambda v: b64(bytes(31))),
    ("33 bytes", lambda v: b64(bytes(33))),
    ("hex", lambda v: "00" * 32),
    ("blank", lambda v: v + " "),
    ("long", lambda v: b64(bytes(600))),
]
HASH_OTHERS: Wrong = [
    ("zeros", lambda v: b64(bytes(32))),
    ("random", lambda v: b64(os.urandom(32))),
    ("empty tree", lambda v: b64(merkle.EMPTY_ROOT)),
]
ID_FORMS: Wrong = [
    ("empty", lambda v: ""),
    ("upper case", lambda v: v.upper()),
    ("no dashes", lambda v: v.replace("-", "")),
    ("version 4", lambda v: v[:14] + "4" + v[15:]),
    ("variant", lambda v: v[:19] + "f" + v[20:]),
    ("braces", lambda v: "{" + v + "}"),
    ("longer", lambda v: v + "0"),
    ("path", lambda v: "../../etc/passwd"),
]


def numbers(*more: int) -> Wrong:
    """Other numbers of right form."""
    return [(f"{step:+d}", lambda v, step=step: str(int(v) + step)) for step in more] + [
        ("largest", lambda v: str(2**63 - 1))
    ]
