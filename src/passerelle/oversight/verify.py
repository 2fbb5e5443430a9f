"""The verifier: what an evidence file proves, from the file alone. No network, no node, no store.

Rules kept here:
- every statement is named, and holds, fails or is absent; nothing is true because the file says so;
- any changed byte fails: the file is canonical JSON under its own SHA-256, every signature, proof and commitment is
  checked, and nothing may stand in it that is not checked (an unknown key fails);
- keys come from the identities in the file. Whether those are the right ones only the reader can say: without trusted
  identities the verdict is "consistent, identities unconfirmed", never more;
- keys that handed over to others prove what the handover names, and no more (`chain`).

What no file can prove is said in words: a four-eyes statement and a deletion certificate are attestations of the node
that signed them; messages that are not in the file may exist.
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.errors import JsonError
from passerelle.core.ids import is_id
from passerelle.core.text import check_node_name
from passerelle.exchange import content as contents
from passerelle.exchange.wire import WITHHELD
from passerelle.identity import identity as identities
from passerelle.identity.identity import Identity
from passerelle.identity.keys import unb64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import proof as proofs
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.oversight import verify_answers
from passerelle.oversight.chain import Chain
from passerelle.oversight.statements import (
    BROKEN,
    FAILED,
    MAX_FILE,
    UNCONFIRMED,
    VERIFIED,
    Report,
    Run,
    Statement,
    check_moment,
    digest_of,
    moment,
    need,
    whole,
)

__all__ = ["FAILED", "MAX_FILE", "UNCONFIRMED", "VERIFIED", "Report", "Statement", "digest_of", "verify"]

FORMAT = "passerelle-evidence/1"
NOT_HELD, LOCAL = "not-held", "local"
_KEYS = {"format", "subject", "created", "by", "identities", "messages", "instruments", "digest"}


class _Message(msgspec.Struct, frozen=True):
    leaf: entries.Leaf
    sender: str
    receiver: str
    lane: str
    content: dict[str, Any] | None

    def is_of(self, kind: str) -> bool:
        return self.content is not None and self.content.get("kind") == kind

    def counts_as(self, kind: str) -> bool:
        """Whether this is a content without dossier, of this kind and of its form: the nodes act on no other."""
        try:
            contents.check_plain(contents.parse(json.canonical(self.content), self.leaf.message))
        except (JsonError, contents.ContentError):
            return False
        return self.is_of(kind)

    def text(self, key: str) -> str:
        """The text under a key of the content, or nothing. Its sender may have signed anything there."""
        return _text((self.content or {}).get(key))


class Verification(Run):
    def __init__(self) -> None:
        super().__init__()
        self.chain = Chain()
        self.messages: dict[str, _Message] = {}
        self.refused: set[str] = set()
        self.roots: dict[tuple[str, int], bytes] = {}
        self.places: dict[tuple[str, int], str] = {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def verify(
    data: bytes, trusted: Iterable[Identity] = (), advance: Callable[[int, int], None] = lambda done, of: None
) -> Report:
    """What the file proves. Never raises for what stands in the file: a broken file is a failed report.

    `advance` is told how many messages of how many were looked at.
    """
    run = Verification()
    value = run.check("file", "is whole: canonical JSON under its own digest", lambda: _whole(data))
    if isinstance(value, dict):
        known: dict[str, list[Identity]] = {}
        for identity in trusted:
            known.setdefault(identity.name, []).append(identity)
        try:
            read_identities(run, value)
            run.chain.read(value["messages"], run.say)
            check_trusted(run, known)
            for done, item in enumerate(value["messages"], 1):
                check_message(run, item)
                advance(done, len(value["messages"]))
            _parties(run)
            run.refused = verify_answers.refusals(run.messages, run.say)
            verify_answers.files(run.messages, run.say)
            _instruments(run, value)
            _subject(run, value)
            _written(run, value)
            _order(run)
        except BROKEN as error:
            run.say("file", "has the form of evidence", "fails", f"{type(error).__name__}: {error}")
        confirmed = bool(run.chain.identities) and all(name in known for name in run.chain.identities)
    else:
        confirmed = False
    return run.report(confirmed)


def _whole(data: bytes) -> dict[str, Any]:
    return whole(data, "evidence", FORMAT, _KEYS, lists=("identities", "messages", "instruments"))


def read_identities(run: Verification, value: dict[str, Any]) -> None:
    for body in value["identities"]:
        identity = run.check("identity", "is an identity file", partial(_identity, body))
        if isinstance(identity, Identity) and not run.chain.add(identity):
            run.say(f"identity {identity.name}", "stands once in the file", "fails", "expected one, got two")


def check_trusted(run: Verification, known: dict[str, list[Identity]]) -> None:
    """Whether the reader trusts each identity, itself or by the handovers that lead to one that he trusts."""
    for name, there in run.chain.identities.items():
        given, about = known.get(name, []), f"identity {name}"
        reached = run.chain.trusted(name, given)
        for identity in there:
            if not given:
                run.say(about, "is one that the reader trusts", "absent", f"fingerprint {identity.fingerprint}")
                continue
            same = identity.fingerprint in reached
            wanted = " or ".join(one.fingerprint for one in given)
            detail = "" if same else f"expected the keys of {wanted}, got {identity.fingerprint}"
            own = identity.key_digest in {one.key_digest for one in given}
            detail = detail or ("" if own else f"by the handovers in the file; fingerprint {identity.fingerprint}")
            run.say(about, "is one that the reader trusts", "holds" if same else "fails", detail)


@lru_cache(256)
def _identity(body: str) -> Identity:
    # Remembered: whoever checks many files meets the same few identities, and reading one costs more than all the rest.
    return identities.parse(body.encode())


def _parties(run: Verification) -> None:
    """No identity stands in the file but those of the nodes that its messages went between."""
    named = {name for message in run.messages.values() for name in (message.sender, message.receiver)}
    for name in run.chain.identities:
        if name not in named:
            run.say(f"identity {name}", "is that of a sender or receiver in the file", "fails", "expected no other")


def _link(origin: str) -> tuple[str, str, str, int]:
    sender, receiver, lane, generation = checkpoints.split_origin(origin)
    need(check_node_name(sender) != check_node_name(receiver), f"expected two nodes, got {sender} twice")
    return sender, receiver, lane, generation


def check_message(run: Verification, item: dict[str, Any]) -> None:
    leaf = run.check("message", "has a leaf", lambda: entries.parse(item["leaf"].encode()))
    if not isinstance(leaf, entries.Leaf):
        return
    about = f"message {leaf.message}"
    _form(run, about, item)
    names = run.check(about, "belongs to a link", partial(_link, leaf.origin))
    if names is None:
        return
    sender, receiver, lane, generation = names
    when = f"entry {leaf.index} of {sender} to {receiver}, lane {lane}, generation {generation}, {moment(leaf.time)}"

    def included() -> str:
        proof = proofs.parse(item["proof"])
        need(str(proof) == item["proof"], "expected the proof in its one form")
        need(proof.checkpoint.origin == leaf.origin, f"expected a checkpoint of {leaf.origin}")
        need(proof.index == leaf.index, f"expected index {leaf.index}, got {proof.index}")
        proof.verify(item["leaf"].encode())
        run.chain.signed(proof.checkpoint, sender, receiver)
        # A sender may sign two logs under one name. A file that takes from both proves neither.
        root, size = proof.checkpoint.root, proof.checkpoint.size
        need(run.roots.setdefault((leaf.origin, size), root) == root, f"expected one root of size {size}, got two")
        there = run.places.setdefault((leaf.origin, leaf.index), leaf.message)
        need(there == leaf.message, f"expected one leaf at index {leaf.index}, got also that of {there}")
        return when

    run.check(about, f"was sent by {sender}: its leaf is in a log that both log keys of {sender} signed", included)
    _receipt(run, about, item, leaf.origin, sender, receiver)
    content = _content(run, about, item, leaf)
    if leaf.message in run.messages:
        run.say(about, "stands once in the file", "fails", "expected one, got two")
    run.messages[leaf.message] = _Message(leaf, sender, receiver, lane, content)
    eyes = content.get("four_eyes") if content else None
    if content and content.get("kind") == "act" and isinstance(eyes, dict):
        detail = f"author {eyes.get('author')}, released by {eyes.get('releaser')}, audit {eyes.get('audit')}"
        run.say(about, f"author and releaser are as {sender} says; its own audit log can refute it", "attested", detail)


def _form(run: Verification, about: str, item: dict[str, Any]) -> None:
    allowed = ({"leaf", "proof", "salt", "content"}, {"leaf", "proof", "withheld"})
    if item.get("withheld", NOT_HELD) not in (*WITHHELD, NOT_HELD, LOCAL):
        run.say(about, "says why its content is withheld", "fails", f"got {str(item['withheld'])[:40]!r}")
    if set(item) not in allowed or not all(isinstance(part, str) for part in item.values()):
        run.say(about, "has the form of a message", "fails", f"expected leaf, proof, salt, content; got {sorted(item)}")


def lines_of(run: Verification, held: Checkpoint, sender: str, receiver: str) -> set[tuple[str, bytes]]:
    """The lines that a checkpoint may bear: of one pair of the sender's log keys, of one of the receiver's receipt."""
    found: set[tuple[str, bytes]] = set()
    for kind, name in (("log", sender), ("receipt", receiver)):
        pairs = [getattr(one, kind) for one in run.chain.identities.get(name, [])]
        there = [
            pair for pair in pairs if any((s.name, s.key) == (pair[0].name, pair[0].id) for s in held.note.signatures)
        ]
        found |= {(key.name, key.id) for key in (there or pairs)[0]} if pairs else set()
    return found


def _receipt(run: Verification, about: str, item: dict[str, Any], origin: str, sender: str, receiver: str) -> None:
    # A receipt does not tell a content that came from one that was withheld on the way: no more is said.
    says = f"was received by {receiver}: leaf durable, outcome committed; content, where it came, opened and matched"
    try:
        held = proofs.parse(item["proof"]).checkpoint
    except BROKEN:
        return  # said above
    if held.origin != origin:
        return  # said above; a receipt of another log is none of this one
    # Each of these four is verified, here or above. A line of another key, be it theirs, would be one that is not.
    lines = lines_of(run, held, sender, receiver)
    strange = [s.name for s in held.note.signatures if (s.name, s.key) not in lines]
    if strange:
        run.say(about, "bears only signatures of the log and of the receipt", "fails", f"got one of {strange[0]}")
    if not any(s.name == f"{receiver}/receipt" for s in held.note.signatures):
        run.say(about, says, "absent", "no cosignature in the file")
        return

    def cosigned() -> str:
        found = run.chain.cosigned(held, sender, receiver)
        detail = f"cosigned {moment((found[0] if found else 0) * 1000)} at size {held.size}"
        return detail

    run.check(about, says, cosigned)


def _content(run: Verification, about: str, item: dict[str, Any], leaf: entries.Leaf) -> dict[str, Any] | None:
    if "withheld" in item:
        run.say(
            about, "its content is in the file", "absent", f"withheld: {item['withheld']}; the leaf reveals nothing"
        )
        return None

    def matches() -> dict[str, Any]:
        body, salt = item["content"].encode(), unb64(item["salt"])
        need(len(salt) == entries.SALT, f"expected a salt of {entries.SALT} bytes, got {len(salt)}")
        need(len(body) == leaf.size, f"expected {leaf.size} bytes of content, got {len(body)}")
        need(entries.commit(salt, body) == leaf.commitment, "expected the committed content, got another")
        content = json.parse_object(body, "content")
        need(content.get("id") == leaf.message, "expected the id of the leaf in the content")
        return content

    given = run.check(about, "its content is the one that the leaf commits to", matches)
    return given if isinstance(given, dict) else None


def _instruments(run: Verification, value: dict[str, Any]) -> None:
    bodies: dict[str, dict[str, Any]] = {}
    for body in value["instruments"]:
        found = hashlib.sha256(body.encode()).hexdigest()
        about = f"instrument {found[:12]}"
        content = run.check(about, "is readable", partial(json.parse_object, body, "instrument"))
        if found in bodies:
            run.say(about, "stands once in the file", "fails", "expected one, got two")
        elif isinstance(content, dict):
            bodies[found] = content
            _signed(run, about, found, content)
    for message_id, message in run.messages.items():
        if not message.is_of("act"):
            continue
        digest = message.text("channel")
        channel = bodies.get(digest, {})
        about = f"message {message_id}"
        says = "names a channel and an agreement that are in the file"
        if _text(channel.get("agreement")) in bodies and _between(channel, message.sender, message.receiver):
            run.say(about, says, "holds", f"channel {digest[:12]}, article {message.text('basis')}")
        else:
            run.say(about, says, "absent", f"channel {digest[:12]}")
    used = {name for m in run.messages.values() if (name := _named(m))}
    used |= {_text(bodies[name].get("agreement")) for name in list(used) if name in bodies}
    for found in bodies:
        if found not in used:
            run.say(f"instrument {found[:12]}", "is named by a message of the file", "fails", "expected no other text")


def _between(instrument: dict[str, Any], one: str, other: str) -> bool:
    return instrument.get("parties") in ([one, other], [other, one])


def _named(message: _Message) -> str:
    """The digest of the instrument that a message is under or about, or nothing."""
    if message.is_of("act"):
        return message.text("channel")
    if message.is_of("instrument.propose"):
        return hashlib.sha256(message.text("instrument").encode()).hexdigest()
    return message.text("digest") if message.text("kind").startswith("instrument.") else ""


def _signed(run: Verification, about: str, digest: str, content: dict[str, Any]) -> None:
    parties = content.get("parties")
    if not isinstance(parties, list):
        run.say(about, "names its parties", "fails", "expected a list")
        return
    for party in parties:
        # An entry signs when it stands where signatures stand, in a governance log from one party to the other.
        entered = [
            m
            for m in run.messages.values()
            if m.sender == party and m.lane == "governance" and _between(content, m.sender, m.receiver)
            if m.text("digest") == digest and m.counts_as("instrument.sign")
        ]
        signing = [m for m in entered if m.leaf.message not in run.refused]
        says = f"was signed by {party}"
        if signing:
            first = min(signing, key=lambda m: m.leaf.time)
            detail = f"{moment(first.leaf.time)} by {first.text('by')}, message {first.leaf.message}"
            run.say(about, says, "holds", detail)
        else:
            run.say(about, says, "absent", "its signature was refused" if entered else "no signing message in the file")


def _subject(run: Verification, value: dict[str, Any]) -> None:
    subject = value["subject"]
    if set(subject) != {"kind", "id"} or subject["kind"] not in ("message", "dossier") or not is_id(subject["id"]):
        run.say("file", "names its subject", "fails", f"expected kind and id, got {str(subject)[:60]}")
    elif subject["kind"] == "message":
        there = subject["id"] in run.messages
        run.say("file", f"is about message {subject['id']}", "holds" if there else "fails")
    else:
        count = sum(m.text("dossier") == subject["id"] for m in run.messages.values())
        detail = f"messages of the dossier: {count}; others may exist that are not in the file"
        # Which dossier a message is of stands in its content: where all of those are withheld, nobody can say.
        hidden = any(m.content is None for m in run.messages.values())
        others = any(m.is_of("act") for m in run.messages.values())
        result = "holds" if count else "absent" if hidden and not others else "fails"
        run.say("file", f"is about dossier {subject['id']}", result, detail)


def _written(run: Verification, value: dict[str, Any]) -> None:
    """Who wrote the file and when: words of the file, which nothing signs."""
    run.check("file", "says when it was written", partial(check_moment, value["created"]))
    if value["by"] in run.chain.identities:
        says = f"was written by {value['by']} at {value['created']}"
        run.say("file", says, "attested", "the file says so; no signature covers it")
    else:
        run.say("file", "names the node that wrote it", "fails", f"expected one of the identities, got {value['by']!r}")


def _order(run: Verification) -> None:
    """Whether what the messages build on is here too, and was entered before by the same sender."""
    leaves = sorted((message.leaf for message in run.messages.values()), key=lambda leaf: (leaf.origin, leaf.index))
    for one, other in pairwise(leaves):
        if one.origin == other.origin and one.time > other.time:
            says = f"was entered at the time of {one.message}, which is before it in the log, or later"
            run.say(f"message {other.message}", says, "fails", f"expected {moment(one.time)} or later")
    missing: set[str] = set()
    for message_id, message in run.messages.items():
        after = (message.content or {}).get("after")
        for earlier_id in map(_text, after if isinstance(after, list) else ()):
            earlier = run.messages.get(earlier_id)
            if earlier is None:
                missing.add(earlier_id)
            elif earlier.leaf.origin == message.leaf.origin and earlier.leaf.index >= message.leaf.index:
                run.say(f"message {message_id}", f"comes after {earlier_id}", "fails", "expected a smaller index")
    acts = any(message.is_of("act") for message in run.messages.values())
    hidden = sum(message.content is None for message in run.messages.values())
    if acts:
        detail = [f"{len(missing)} earlier messages are not in the file"] if missing else []
        # What stands in a withheld content is not known, nor what it builds on.
        detail += [f"{hidden} contents are withheld, and what those build on"] if hidden else []
        result = "absent" if missing or hidden else "holds"
        run.say("file", "holds every message that its messages build on", result, "; ".join(detail))
