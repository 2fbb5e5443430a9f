"""Evidence files to spoil: good ones of two real nodes, every small change of one, and a node that signs what it likes.

`files()` has the good files. `changes` walks through a JSON value and gives it back with one thing changed, again and
again: through objects and lists, and through texts that are objects, lines, keys or base64 themselves. `Liar` holds the
real keys of a node and makes entries, checkpoints and receipts that no honest node would make.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from passerelle.core import ids, json
from passerelle.exchange import erasing, governance, outbox
from passerelle.exchange.register import Register
from passerelle.exchange.sender import Sender
from passerelle.identity.identity import Identity
from passerelle.identity.keys import NodeKeys, b64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle, proof
from passerelle.ledger.note import Signature
from passerelle.oversight.evidence import collect
from passerelle.oversight.verify import Report, digest_of, verify
from passerelle.ports.attachments import ATTACHMENTS
from passerelle.ports.records import CONTENTS, INSTRUMENTS, LOGS, MESSAGES, Content
from tests.peers import uploads
from tests.peers.pair import TYPES, Pair, Peer, introduce, make_peer, partners, strangers, texts

# -- good files --------------------------------------------------------------------------------------------------------


def evidence(peer: Peer, wanted: str) -> dict[str, Any]:
    """The evidence of a message or dossier as this node writes it, read."""
    return json.parse_object(collect(peer.ctx, peer.identity, wanted, "ann"))


def sealed(value: dict[str, Any]) -> bytes:
    """The bytes of a file under the digest of what now stands in it."""
    return json.canonical(value | {"digest": digest_of(value)}) + b"\n"


_judged: dict[tuple[bytes, tuple[str, ...]], Report] = {}


def judged(data: bytes, trusted: Iterable[Identity] = ()) -> Report:
    """What the product's verifier says of a file; remembered, since two tests ask it of the same thousands."""
    key = hashlib.sha256(data).digest(), tuple(one.fingerprint for one in trusted)
    if key not in _judged:
        _judged[key] = verify(data, trusted)
    return _judged[key]


def rewritten(peer: Peer, message_id: str, **changed: Any) -> None:
    """An own message that has no index yet gets another content, whatever the node's own check says."""
    kept = peer.store.read(lambda tx: tx.get(CONTENTS, message_id))
    assert kept is not None
    content = json.parse_object(kept.body) | changed
    body = json.canonical(content)
    row = msgspec.structs.replace(peer.message(message_id), size=len(body), commitment=entries.commit(kept.salt, body))
    if peer.store.read(lambda tx: tx.get(INSTRUMENTS, content.get("channel", ""))):
        row = msgspec.structs.replace(row, channel=content["channel"])

    def work(tx: Any) -> None:
        tx.put(MESSAGES, [row])
        tx.put(CONTENTS, [Content(message=message_id, salt=kept.salt, body=body)])

    peer.store.write("test.rewritten", work)


def last(peer: Peer, kind: str, direction: str = "out") -> str:
    """The newest message of a kind."""
    return str([one.id for one in peer.all(MESSAGES) if (one.kind, one.direction) == (kind, direction)][-1])


@dataclass(frozen=True)
class Scene:
    """Two nodes and what happened between them, by name."""

    pair: Pair
    ids: dict[str, str]

    def file(self, by: str, name: str) -> dict[str, Any]:
        return evidence(self.pair.peer(by), self.ids[name])

    @property
    def trusted(self) -> tuple[Identity, Identity]:
        return self.pair.be.identity, self.pair.ma.identity


@cache
def exchanged() -> Scene:
    """A dossier with five acts, of which ma refused one; and one that still waits for ma's receipt."""
    pair = partners()
    dossier, opening = pair.open_trace()
    pair.settle()
    charge = pair.answer("ma", dossier, "take-charge")
    pair.settle()
    bad = pair.answer("be", dossier, "ask-more")
    rewritten(pair.be, bad.id, urgency="whenever")
    pair.settle()
    pair.answer("ma", dossier, "review")
    pair.settle()
    flash = pair.answer("ma", dossier, "sighting", "flash")
    pair.settle()
    fresh, late = pair.open_trace()
    outbox.sequence(pair.be.ctx, "ma", "routine")
    named = {
        "opening": opening.id,
        "answer": charge.id,
        "refused": bad.id,
        "refusal": last(pair.ma, "refusal"),
        "flash": flash.id,
        "late": late.id,
        "dossier": dossier,
        "late dossier": fresh,
        "proposal": last(pair.be, "instrument.propose"),
        "signature": last(pair.be, "instrument.sign"),
        "their signature": last(pair.ma, "instrument.sign"),
    }
    return Scene(pair, named)


@cache
def reopened() -> Scene:
    """be's log began a new generation; one message went again in it, one came after."""
    pair = partners()
    dossier, opening = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "take-charge")
    pair.settle()
    lost = pair.answer("be", dossier, "remind")
    outbox.sequence(pair.be.ctx, "ma", "routine")  # it has an index in the first generation, and ma never sees that one
    log = next(one for one in pair.be.all(LOGS) if one.origin == "passerelle/be/ma/routine/1")
    pair.be.store.write("test.stop", lambda tx: tx.put(LOGS, [msgspec.structs.replace(log, state="stopped")]))
    pair.reopen(pair.be, "routine")
    later = pair.answer("be", dossier, "ask-more")
    pair.settle()
    named = {
        "opening": opening.id,
        "again": lost.id,
        "after": later.id,
        "generation": last(pair.be, "generation"),
        "dossier": dossier,
    }
    return Scene(pair, named)


@cache
def withheld() -> Scene:
    """be took the content of an act back before it left: ma has its leaf."""
    pair = partners()
    dossier, opening = pair.open_trace()
    pair.settle()
    gone = pair.answer("be", dossier, "ask-more")
    outbox.sequence(pair.be.ctx, "ma", "routine")
    row = msgspec.structs.replace(pair.be.message(gone.id), state="withheld")

    def erase(tx: Any) -> None:
        tx.delete(CONTENTS, [(gone.id,)])
        tx.put(MESSAGES, [row])

    pair.be.store.write("test.erase", erase)
    pair.settle()
    return Scene(pair, {"opening": opening.id, "gone": gone.id, "dossier": dossier})


@cache
def with_files() -> Scene:
    """An act with two files, of which ma took one; and an act that ma erased since."""
    pair = partners()
    photo, fake = uploads.attach(pair.be, uploads.png(5000)), uploads.attach(pair.be, uploads.png(3000))

    def spoil(tx: Any) -> None:
        [row] = tx.scan(ATTACHMENTS, "by_address", (fake.address,), limit=1)
        tx.put(ATTACHMENTS, [msgspec.structs.replace(row, media="image/jpeg")])

    pair.be.store.write("test.spoil", spoil)
    message = uploads.send(pair, photo, msgspec.structs.replace(fake, media="image/jpeg"))
    uploads.settle(pair)
    gone = pair.answer("be", message.dossier, "ask-more")
    pair.settle()
    with TemporaryDirectory() as folder:
        erasing.erase(pair.ma.ctx, Register(Path(folder) / "register", "ma"), gone.id, "dana", "decision")
    return Scene(pair, {"files": message.id, "erased": gone.id, "dossier": message.dossier})


@cache
def unsigned() -> Scene:
    """Acts under channels that do not bind both: one only proposed, one with somebody else; and a refused signature."""
    pair = strangers()
    pair.agreement = pair.sign(texts.agreement())
    pair.channel = pair.sign(texts.channel(pair.agreement, TYPES))
    pair.clock.advance(1000)
    dossier, _ = pair.open_trace()
    pair.settle()
    proposal = texts.channel(pair.agreement, TYPES, title="Proposed")
    proposed = governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=proposal.decode())
    pair.settle()
    under = pair.answer("be", dossier, "remind")
    rewritten(pair.be, under.id, channel=proposed.digest)
    pair.settle()
    # ma and fr have a channel of their own, and be names it.
    others = Pair(
        pair.clock, make_peer("fr", "ma", pair.clock), Peer(pair.ma.ctx, pair.ma.identity, Sender(pair.ma.ctx, "fr"))
    )
    introduce(others.be, others.ma)
    introduce(others.ma, others.be)
    agreement = others.sign(texts.agreement(parties=["fr", "ma"]))
    secret = others.sign(texts.channel(agreement, TYPES, parties=["fr", "ma"]))
    foreign = pair.answer("be", dossier, "ask-more")
    rewritten(pair.be, foreign.id, channel=secret, after=[ids.new_id()])  # it waits, so ma keeps its content
    # A proposal that ma cannot read is refused, and the signature under it.
    text = texts.channel(pair.agreement, TYPES, title="Refused").decode()
    refused = governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=text)
    rewritten(pair.be, last(pair.be, "instrument.propose"), by="")
    governance.act(pair.be.ctx, "ma", "instrument.sign", "be-chief", digest=refused.digest)
    pair.settle()
    named = {
        "dossier": dossier,
        "under a proposal": under.id,
        "under a channel with fr": foreign.id,
        "refused signature": last(pair.be, "instrument.sign"),
    }
    return Scene(pair, named)


# Scene, who writes it, and what of: every good file.
FILES = [
    *((exchanged, by, name) for by in ("be", "ma") for name in ("opening", "answer", "refused", "refusal", "flash")),
    *((exchanged, by, name) for by in ("be", "ma") for name in ("dossier", "proposal", "signature", "their signature")),
    *((exchanged, "be", name) for name in ("late", "late dossier")),
    *((reopened, by, name) for by in ("be", "ma") for name in ("opening", "again", "after", "generation", "dossier")),
    *((withheld, by, name) for by in ("be", "ma") for name in ("gone", "dossier")),
    *((with_files, by, name) for by in ("be", "ma") for name in ("files", "erased", "dossier")),
    *((unsigned, by, name) for by in ("be", "ma") for name in ("under a proposal", "refused signature", "dossier")),
    (unsigned, "ma", "under a channel with fr"),
]


def label(of: tuple[Any, str, str]) -> str:
    return f"{of[0].__name__}: {of[2]}, by {of[1]}"


@cache
def compact() -> tuple[dict[str, Any], tuple[Identity, Identity]]:
    """A small file with one of everything: ma's of the dossier, without all that is like something else in it.

    An act with its content, one that ma refused and has not, ma's refusal, and be's signature of the channel.
    """
    scene = exchanged()
    value = scene.file("ma", "dossier")
    wanted = {scene.ids[name] for name in ("opening", "refused", "refusal", "signature")}
    value["messages"] = [one for one in value["messages"] if one["leaf"].split("\n")[4] in wanted]
    del value["digest"]
    return value, scene.trusted


# -- every small change ------------------------------------------------------------------------------------------------

Changed = Iterator[tuple[str, str, Any]]
"""Where, what was done, and the whole value after it."""

_VKEY = re.compile(r"[a-z0-9.-]+/[a-z]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
_FACTS = re.compile(r"messages\[\d+\]\.content\{\}|instruments\[\d+\]\{\}")


def walked() -> Changed:
    """All changes of the compact file, but of what has the same form as something else in it."""
    value, _ = compact()
    # The first message and the third are of the same log keys and receipt keys as the second.
    alike = ("identities[1]{", "instruments[1]{", "messages[0].leaf/", "messages[0].proof/", "messages[2].proof/")
    for where, what, made in changes(value):
        if not where.startswith(alike):
            yield where, what, made


def disguised() -> Changed:
    """The compact file with one letter, byte or line changed in its first identity."""
    value, _ = compact()
    one, other = value["identities"]
    for where, what, made in changes(one, "identities[0]"):
        if what in ("last letter", "byte 20", "twice", "gone"):
            yield where, what, value | {"identities": [made, other]}


def changes(value: Any, at: str = "") -> Changed:
    """The value with one thing changed, for every thing in it. `at` is where it stands."""
    yield from ((at, what, made) for what, made in _whole(value, at) if made != value or type(made) is not type(value))
    if isinstance(value, dict):
        yield from _in_object(value, at)
    elif isinstance(value, list):
        yield from _in_list(value, at)
    elif isinstance(value, str):
        yield from _in_text(value, at)


def _other(letter: str) -> str:
    """Another letter of the same sort."""
    for first, second in ("09", "az", "AZ"):
        if first <= letter <= second:
            return first if letter == second else chr(ord(letter) + 1)
    return "x"


def _whole(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str) and value:
        yield "last letter", value[:-1] + _other(value[-1])
        if _FACTS.search(at):
            return
        yield "first letter", _other(value[0]) + value[1:]
        yield "emptied", ""
        yield "longer", value + "0"
        yield "blank behind", value + " "
        yield "line feed behind", value + "\n"
        yield "upper case", value.swapcase()
    elif isinstance(value, str):
        yield "filled", "0"
    elif isinstance(value, int):
        yield "one more", int(value) + 1
    if _structured(at):
        yield from ((f"made {json.canonical(other).decode()}", other) for other in (None, 0, True, [], {}, [[]]))


def _structured(at: str) -> bool:
    """Whether JSON stands here, not a part of a text."""
    return bool(at) and not _FACTS.search(at) and "/" not in at and "#" not in at


def _in_object(value: dict[str, Any], at: str) -> Changed:
    names = sorted(value)
    for name in names:
        yield f"{at}.{name}", "key gone", {key: part for key, part in value.items() if key != name}
        for where, what, made in changes(value[name], f"{at}.{name}".lstrip(".")):
            yield where, what, value | {name: made}
    yield at, "key more", value | {"more": ""}
    for one, two in pairwise(names):
        if value[one] != value[two] and not _FACTS.search(at):
            yield f"{at}.{one}", f"exchanged with {two}", value | {one: value[two], two: value[one]}


def _in_list(value: list[Any], at: str) -> Changed:
    for number, part in enumerate(value):
        yield f"{at}[{number}]", "gone", value[:number] + value[number + 1 :]
        yield f"{at}[{number}]", "twice", [*value[: number + 1], *value[number:]]
        if number and part != value[number - 1]:
            swapped = [*value[: number - 1], part, value[number - 1], *value[number + 1 :]]
            yield f"{at}[{number}]", "exchanged with the one before", swapped
        for where, what, made in changes(part, f"{at}[{number}]"):
            yield where, what, [*value[:number], made, *value[number + 1 :]]
    yield at, "one more", [*value, ""]


def _in_text(value: str, at: str) -> Changed:
    if value.startswith("{"):
        inner = json.parse_object(value)
        assert json.canonical(inner).decode() == value
        for where, what, made in changes(inner, at + "{}"):
            yield where, what, json.canonical(made).decode()
        if not _FACTS.search(at + "{}"):
            yield at, "white space", value.replace(",", ", ", 1)
            yield at, "key twice", value.replace("{", '{"' + next(iter(inner)) + '":"",', 1)
    elif "\n" in value.strip("\n") or value.endswith("\n"):
        yield from _in_parts(value, "\n", at + "/")
    elif " " in value and value.startswith(("\u2014 ", "index ")):
        yield from _in_parts(value, " ", at + "#")
    elif _VKEY.fullmatch(value):
        name, key, public = value.split("+", 2)
        for where, what, made in _in_parts(f"{name} {key} {public}", " ", at + "#"):
            yield where, what, made.replace(" ", "+")
    elif _BASE64.fullmatch(value):
        try:
            data = base64.b64decode(value, validate=True)
        except ValueError:
            return  # hex that looks like it
        for place in sorted({0, 3, 4, 11, 12, 20, len(data) // 2, len(data) - 1}):
            if place < len(data):
                changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
                yield f"{at}#", f"byte {place}", b64(changed)
        for what, made in (("byte less", data[:-1]), ("byte more", data + b"\0"), ("no byte", b"")):
            yield f"{at}#", what, b64(made)
        yield f"{at}#", "stray padding", value + "="


def _in_parts(value: str, mark: str, at: str) -> Changed:
    parts: list[Any] = value.split(mark)
    for where, what, made in _in_list(parts, at):
        if all(isinstance(part, str) for part in made):
            yield where, what, mark.join(made)


# -- a node that signs what it likes -----------------------------------------------------------------------------------


@dataclass
class Liar:
    """A log in which `keys` sign any leaves, and that `receiver` cosigns if it is given."""

    keys: NodeKeys
    receiver: NodeKeys | None
    origin: str = "passerelle/be/ma/routine/1"
    leaves: list[bytes] = field(default_factory=list)
    bodies: list[tuple[bytes, bytes] | None] = field(default_factory=list)
    seconds: int = 1_795_000_000

    def add(self, content: dict[str, Any] | bytes, name: str = "", **leaf: Any) -> str:
        """An entry of this content. Returns the id of its message."""
        body = content if isinstance(content, bytes) else json.canonical(content)
        name = name or (str(content.get("id")) if isinstance(content, dict) else ids.new_id())
        salt = leaf.pop("salt", bytes(32))
        made = {
            "origin": self.origin,
            "index": len(self.leaves),
            "time": self.seconds * 1000,
            "message": name,
            "size": len(body),
            "commitment": entries.commit(salt, body),
        }
        self.leaves.append(entries.Leaf(**made | leaf).encode())
        self.bodies.append((salt, body))
        return name

    def items(self) -> list[dict[str, str]]:
        """The messages of an evidence file."""
        tree, nodes = merkle.Tree(), []
        for leaf in self.leaves:
            nodes.append(tree.append(leaf))

        def subtree(last: int, level: int) -> bytes:
            return nodes[last][32 * level : 32 * (level + 1)]

        head = self.checkpoint(tree.size, tree.root())
        made = []
        for index, (leaf, body) in enumerate(zip(self.leaves, self.bodies, strict=True)):
            path = merkle.inclusion(subtree, index, tree.size)
            item = {"leaf": leaf.decode(), "proof": str(proof.make(index, path, head))}
            made.append(
                item | ({"salt": b64(body[0]), "content": body[1].decode()} if body else {"withheld": "erased"})
            )
        return made

    def checkpoint(self, size: int, root: bytes) -> checkpoints.Checkpoint:
        head = checkpoints.sign(self.keys.log, self.origin, size, root)
        if self.receiver is None:
            return head
        more = checkpoints.cosign(self.receiver.receipt, head, self.seconds)
        return checkpoints.with_signatures(head, more)


def file_of(identities: list[Identity], items: list[dict[str, str]], **changed: Any) -> dict[str, Any]:
    """An evidence file of these identities and messages, about the last of them."""
    value: dict[str, Any] = {
        "format": "passerelle-evidence/1",
        "subject": {"kind": "message", "id": items[-1]["leaf"].split("\n")[4]},
        "created": "2026-11-21T12:00:00.000Z",
        "by": identities[0].name,
        "identities": [one.body.decode() for one in identities],
        "messages": items,
        "instruments": [],
    }
    return value | changed


def content(kind: str, **fields: Any) -> dict[str, Any]:
    """A content of any kind with the keys that all have."""
    return {"v": 1, "kind": kind, "id": ids.new_id(), "governance": "1/0", "after": [], **fields}


def rebuilt(item: dict[str, str], lines: list[Signature]) -> dict[str, str]:
    """The message with other signature lines under its checkpoint."""
    head = item["proof"].rpartition("\n\n")[0]
    return item | {"proof": head + "\n\n" + "".join(one.line() for one in lines)}


def stamped(signer: Any, seconds: int, of: checkpoints.Checkpoint, *, quantum: bool) -> Signature:
    """A cosignature, of any key, at any time."""
    if quantum:
        message = checkpoints.cosigned_message(signer.name, seconds, of.origin, of.size, of.root)
    else:
        message = f"cosignature/v1\ntime {seconds}\n{of.note.text}".encode()
    return Signature(signer.name, signer.id, struct.pack(">Q", seconds) + signer.sign(message))


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
