"""The verifier: what an evidence file proves, from the file alone. No network, no node, no store.

Rules kept here:
- every statement is named, and holds, fails or is absent; nothing is true because the file says so;
- any changed byte fails: the file is canonical JSON under its own SHA-256, every signature, proof and commitment is
  checked, and nothing may stand in it that is not checked (an unknown key fails);
- keys come from the identities in the file. Whether those are the right ones only the reader can say: without trusted
  identities the verdict is "consistent, identities unconfirmed", never more.

What no file can prove is said in words: a four-eyes statement and a deletion certificate are attestations of the node
that signed them; messages that are not in the file may exist.
"""

import hashlib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.clock import from_iso, to_iso
from passerelle.core.errors import InputError, PasserelleError
from passerelle.exchange.wire import WITHHELD
from passerelle.identity import identity as identities
from passerelle.identity.identity import Identity
from passerelle.identity.keys import unb64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import proof as proofs

FORMAT = "passerelle-evidence/1"
NOT_HELD = "not-held"
MAX_FILE = 256 * 1024 * 1024
_KEYS = {"format", "subject", "created", "by", "identities", "messages", "instruments", "digest"}

VERIFIED = "verified"
UNCONFIRMED = "consistent, identities unconfirmed"
FAILED = "failed"


class Statement(msgspec.Struct, frozen=True):
    """One thing said of the evidence. `result`: holds, fails, absent (not in the file), attested (not provable)."""

    about: str
    says: str
    result: str
    detail: str = ""


class Report(msgspec.Struct, frozen=True):
    """All statements and the verdict: verified, "consistent, identities unconfirmed" or failed."""

    verdict: str
    statements: tuple[Statement, ...]


class _Message(msgspec.Struct, frozen=True):
    leaf: entries.Leaf
    sender: str
    receiver: str
    content: dict[str, Any] | None


class _Verifier:
    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.identities: dict[str, Identity] = {}
        self.messages: dict[str, _Message] = {}

    def say(self, about: str, says: str, result: str, detail: str = "") -> None:
        self.statements.append(Statement(about, says, result, detail))

    def check(self, about: str, says: str, work: Callable[[], object]) -> Any:
        """A statement that holds when `work` raises nothing. Returns what it gives, or None."""
        try:
            given = work()
        except (PasserelleError, ValueError, KeyError, TypeError, UnicodeError) as error:
            self.say(about, says, "fails", str(error)[:300])
            return None
        self.say(about, says, "holds", given if isinstance(given, str) else "")
        return given


def _need(condition: bool, words: str) -> None:
    if not condition:
        raise InputError(words)


def verify(data: bytes, trusted: Iterable[Identity] = ()) -> Report:
    """What the file proves. Never raises for what stands in the file: a broken file is a failed report."""
    run = _Verifier()
    value = run.check("file", "is whole: canonical JSON under its own digest", lambda: _whole(data))
    if isinstance(value, dict):
        known = {identity.name: identity for identity in trusted}
        try:
            _identities(run, value, known)
            for item in value["messages"]:
                _message(run, item)
            _instruments(run, value)
            _subject(run, value)
            _refusals(run)
            _order(run)
        except (KeyError, TypeError, AttributeError) as error:
            run.say("file", "has the form of evidence", "fails", f"{type(error).__name__}: {error}")
        confirmed = bool(run.identities) and all(name in known for name in run.identities)
    else:
        confirmed = False
    failed = any(statement.result == "fails" for statement in run.statements)
    verdict = FAILED if failed else VERIFIED if confirmed else UNCONFIRMED
    return Report(verdict, tuple(run.statements))


def digest_of(value: dict[str, Any]) -> str:
    """SHA-256 (hex) over the canonical JSON of the file without its digest."""
    return hashlib.sha256(json.canonical({key: part for key, part in value.items() if key != "digest"})).hexdigest()


def _whole(data: bytes) -> dict[str, Any]:
    _need(len(data) <= MAX_FILE, f"expected at most {MAX_FILE} bytes, got {len(data)}")
    value = json.parse_object(data, "evidence")
    _need(set(value) == _KEYS, f"expected the keys {sorted(_KEYS)}, got {sorted(value)}")
    _need(value["format"] == FORMAT, f"expected {FORMAT}, got {str(value['format'])[:40]!r}")
    _need(json.canonical(value) == data.removesuffix(b"\n"), "expected canonical JSON, got another encoding")
    _need(digest_of(value) == value["digest"], "expected the digest of this content, got another")
    for key in ("identities", "messages", "instruments"):
        _need(isinstance(value[key], list), f"expected a list of {key}")
    return value


def _identities(run: _Verifier, value: dict[str, Any], known: dict[str, Identity]) -> None:
    for body in value["identities"]:
        identity = run.check("identity", "is an identity file", partial(_identity, body))
        if not isinstance(identity, Identity):
            continue
        if identity.name in run.identities:
            run.say(f"identity {identity.name}", "stands once in the file", "fails", "expected one, got two")
        run.identities[identity.name] = identity
        given = known.get(identity.name)
        about = f"identity {identity.name}"
        if given is None:
            run.say(about, "is one that the reader trusts", "absent", f"fingerprint {identity.fingerprint}")
        else:
            same = given.key_digest == identity.key_digest
            detail = "" if same else f"expected the keys of {given.fingerprint}, got {identity.fingerprint}"
            run.say(about, "is one that the reader trusts", "holds" if same else "fails", detail)


def _identity(body: str) -> Identity:
    return identities.parse(body.encode())


def _message(run: _Verifier, item: dict[str, Any]) -> None:
    leaf = run.check("message", "has a leaf", lambda: entries.parse(item["leaf"].encode()))
    if not isinstance(leaf, entries.Leaf):
        return
    about = f"message {leaf.message}"
    _form(run, about, item)
    names = run.check(about, "belongs to a link", lambda: checkpoints.split_origin(leaf.origin))
    if names is None:
        return
    sender, receiver, lane, generation = names
    when = f"entry {leaf.index} of {sender} to {receiver}, lane {lane}, generation {generation}, {to_iso(leaf.time)}"

    def included() -> str:
        proof = proofs.parse(item["proof"])
        _need(str(proof) == item["proof"], "expected the proof in its one form")
        _need(proof.checkpoint.origin == leaf.origin, f"expected a checkpoint of {leaf.origin}")
        _need(proof.index == leaf.index, f"expected index {leaf.index}, got {proof.index}")
        proof.verify(item["leaf"].encode())
        checkpoints.verify(proof.checkpoint, _of(run, sender).log)
        return when

    run.check(about, f"was sent by {sender}: its leaf is in a log that both log keys of {sender} signed", included)
    _receipt(run, about, item, sender, receiver)
    content = _content(run, about, item, leaf)
    if leaf.message in run.messages:
        run.say(about, "stands once in the file", "fails", "expected one, got two")
    run.messages[leaf.message] = _Message(leaf, sender, receiver, content)
    if content and content.get("kind") == "act":
        eyes = content.get("four_eyes", {})
        detail = f"author {eyes.get('author')}, released by {eyes.get('releaser')}, audit {eyes.get('audit')}"
        run.say(about, f"author and releaser are as {sender} says; its own audit log can refute it", "attested", detail)


def _form(run: _Verifier, about: str, item: dict[str, Any]) -> None:
    allowed = ({"leaf", "proof", "salt", "content"}, {"leaf", "proof", "withheld"})
    if item.get("withheld", NOT_HELD) not in (*WITHHELD, NOT_HELD):
        run.say(about, "says why its content is withheld", "fails", f"got {str(item['withheld'])[:40]!r}")
    if set(item) not in allowed or not all(isinstance(part, str) for part in item.values()):
        run.say(about, "has the form of a message", "fails", f"expected leaf, proof, salt, content; got {sorted(item)}")


def _of(run: _Verifier, name: str) -> Identity:
    if name not in run.identities:
        raise InputError(f"expected the identity of {name} in the file, got none")
    return run.identities[name]


def _receipt(run: _Verifier, about: str, item: dict[str, Any], sender: str, receiver: str) -> None:
    says = f"was received by {receiver}: leaf durable, content opened and matched, outcome committed"
    try:
        held = proofs.parse(item["proof"]).checkpoint
    except (PasserelleError, KeyError, TypeError, AttributeError):
        return  # said above
    lines = {(key.name, key.id) for name in (sender, receiver) for key in _keys(run, name)}
    strange = [s.name for s in held.note.signatures if (s.name, s.key) not in lines]
    if strange:
        run.say(about, "bears only signatures of the two nodes", "fails", f"got one of {strange[0]}")
    if not any(s.name == f"{receiver}/receipt" for s in held.note.signatures):
        run.say(about, says, "absent", "no cosignature in the file")
        return

    def cosigned() -> str:
        time = checkpoints.verify_cosignature(held, _of(run, receiver).receipt)
        return f"cosigned {to_iso(time * 1000)} at size {held.size}"

    run.check(about, says, cosigned)


def _keys(run: _Verifier, name: str) -> tuple[Any, ...]:
    identity = run.identities.get(name)
    return (*identity.log, *identity.receipt) if identity else ()


def _content(run: _Verifier, about: str, item: dict[str, Any], leaf: entries.Leaf) -> dict[str, Any] | None:
    if "withheld" in item:
        run.say(
            about, "its content is in the file", "absent", f"withheld: {item['withheld']}; the leaf reveals nothing"
        )
        return None

    def matches() -> dict[str, Any]:
        body = item["content"].encode()
        _need(len(body) == leaf.size, f"expected {leaf.size} bytes of content, got {len(body)}")
        _need(
            entries.commit(unb64(item["salt"]), body) == leaf.commitment, "expected the committed content, got another"
        )
        content = json.parse_object(body, "content")
        _need(content.get("id") == leaf.message, "expected the id of the leaf in the content")
        return content

    given = run.check(about, "its content is the one that the leaf commits to", matches)
    return given if isinstance(given, dict) else None


def _instruments(run: _Verifier, value: dict[str, Any]) -> None:
    bodies: dict[str, dict[str, Any]] = {}
    for body in value["instruments"]:
        found = hashlib.sha256(body.encode()).hexdigest()
        about = f"instrument {found[:12]}"
        content = run.check(about, "is readable", partial(json.parse_object, body, "instrument"))
        if isinstance(content, dict):
            bodies[found] = content
            _signed(run, about, found, content)
    for message_id, message in run.messages.items():
        content = message.content or {}
        if content.get("kind") != "act":
            continue
        channel = bodies.get(content.get("channel", ""))
        about = f"message {message_id}"
        says = "names a channel and an agreement that are in the file"
        if channel is None or channel.get("agreement") not in bodies:
            run.say(about, says, "absent", f"channel {str(content.get('channel'))[:12]}")
        else:
            run.say(about, says, "holds", f"channel {content['channel'][:12]}, article {content.get('basis')}")
    used = {name for m in run.messages.values() if (name := _named(m.content or {}))}
    used |= {str(bodies[name].get("agreement")) for name in list(used) if name in bodies}
    for found in bodies:
        if found not in used:
            run.say(f"instrument {found[:12]}", "is named by a message of the file", "fails", "expected no other text")


def _named(content: dict[str, Any]) -> str:
    """The digest of the instrument that a message is under or about, or nothing."""
    if content.get("kind") == "instrument.propose":
        return hashlib.sha256(str(content.get("instrument")).encode()).hexdigest()
    return str(content.get("channel") or content.get("digest") or "")


def _signed(run: _Verifier, about: str, digest: str, content: dict[str, Any]) -> None:
    parties = content.get("parties")
    if not isinstance(parties, list):
        run.say(about, "names its parties", "fails", "expected a list")
        return
    for party in parties:
        signing = [
            m
            for m in run.messages.values()
            if m.sender == party and m.content and m.content.get("kind") == "instrument.sign"
            if m.content.get("digest") == digest
        ]
        says = f"was signed by {party}"
        if signing:
            first = min(signing, key=lambda m: m.leaf.time)
            by = first.content["by"] if first.content else ""
            run.say(about, says, "holds", f"{to_iso(first.leaf.time)} by {by}, message {first.leaf.message}")
        else:
            run.say(about, says, "absent", "no signing message in the file")


def _subject(run: _Verifier, value: dict[str, Any]) -> None:
    subject = value["subject"]
    if set(subject) != {"kind", "id"} or subject["kind"] not in ("message", "dossier"):
        run.say("file", "names its subject", "fails", f"expected kind and id, got {str(subject)[:60]}")
    elif subject["kind"] == "message":
        there = subject["id"] in run.messages
        run.say("file", f"is about message {subject['id']}", "holds" if there else "fails")
    else:
        count = sum((m.content or {}).get("dossier") == subject["id"] for m in run.messages.values())
        detail = f"{count} messages of the dossier; others may exist that are not in the file"
        run.say("file", f"is about dossier {subject['id']}", "holds" if count else "fails", detail)
    run.check("file", "says when it was written", lambda: to_iso(from_iso(value["created"])))
    if value["by"] not in run.identities:
        run.say("file", "names the node that wrote it", "fails", f"expected one of the identities, got {value['by']!r}")


def _refusals(run: _Verifier) -> None:
    for message in list(run.messages.values()):
        content = message.content or {}
        if content.get("kind") != "refusal":
            continue
        for one in content.get("refused", []):
            refused = run.messages.get(one.get("message"))
            if refused is not None and refused.sender == message.receiver:
                checks = ", ".join(one.get("checks", []))
                detail = f"checks {checks}, {to_iso(message.leaf.time)}, message {message.leaf.message}"
                run.say(f"message {refused.leaf.message}", f"was refused by {message.sender}", "holds", detail)


def _order(run: _Verifier) -> None:
    """Whether what the messages build on is here too, and was entered before by the same sender."""
    missing: set[str] = set()
    for message_id, message in run.messages.items():
        for earlier_id in (message.content or {}).get("after", []):
            earlier = run.messages.get(earlier_id)
            if earlier is None:
                missing.add(earlier_id)
            elif earlier.leaf.origin == message.leaf.origin and earlier.leaf.index >= message.leaf.index:
                run.say(f"message {message_id}", f"comes after {earlier_id}", "fails", "expected a smaller index")
    acts = any((m.content or {}).get("kind") == "act" for m in run.messages.values())
    if acts:
        detail = f"{len(missing)} earlier messages are not in the file" if missing else ""
        run.say("file", "holds every message that its messages build on", "absent" if missing else "holds", detail)
