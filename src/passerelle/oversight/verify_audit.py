"""The verifier of audit exports: what a file of the audit log proves, from the file alone.

Rules kept here, as in `verify`:
- every statement is named, and holds, fails, is absent or attested; nothing is true because the file says so;
- any changed byte fails: the file is canonical JSON under its own SHA-256, every signature, proof and commitment is
  checked, and nothing may stand in it that is not checked;
- keys come from the identities in the file; whether those are the right ones only the reader can say.

What no file can prove is said in words: that nothing happened that nobody wrote down; and of records without the whole
of their blocks, that there are no others.

What its blocks show together stands in `verify_audit_whole`; how an export is held against the evidence of a message,
in `verify_release`.
"""

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

from passerelle.core import json
from passerelle.core.errors import IdentityError, InputError
from passerelle.identity import identity as identities
from passerelle.identity import witness as witness_files
from passerelle.identity.identity import Identity
from passerelle.identity.keys import unb64
from passerelle.identity.witness import WitnessIdentity
from passerelle.ledger import audit as texts
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.oversight import verify_audit_whole as audits
from passerelle.oversight.statements import (
    BROKEN,
    Report,
    moment,
    need,
    whole,
)
from passerelle.oversight.verify_audit_whole import AuditRun, Block, Record

FORMAT = "passerelle-audit/1"
WITHHELD = ("erased", "local")
_KEYS = {"format", "subject", "created", "by", "identity", "witnesses", "checkpoints", "blocks", "digest"}
_BLOCK = {"leaf", "under", "path", "salt", "block", "whole", "records"}

Trusted = Identity | WitnessIdentity


def is_audit(data: bytes) -> bool:
    """Whether the file says that it is an export of an audit log; canonical JSON has one way to say it."""
    return f'"format":"{FORMAT}"'.encode() in data


def identity_of(body: bytes) -> Trusted:
    """The identity file of a node or of a witness. Raises IdentityError."""
    return _witness(body.decode("utf-8", "replace"))


def nodes(trusted: Iterable[Trusted]) -> list[Identity]:
    """Those of nodes."""
    return [one for one in trusted if isinstance(one, Identity)]


def verify(data: bytes, trusted: Iterable[Trusted] = ()) -> Report:
    """What the file proves. Never raises for what stands in the file: a broken file is a failed report."""
    return read(data, trusted)[1]


def read(data: bytes, trusted: Iterable[Trusted]) -> tuple[AuditRun, Report]:
    """What stands in the file, and what it proves."""
    run = AuditRun()
    known = list(trusted)
    value = run.check("file", "is whole: canonical JSON under its own digest", lambda: _whole(data))
    confirmed = False
    if isinstance(value, dict):
        try:
            confirmed = _identities(run, value, known)
            for number, text in enumerate(value["checkpoints"]):
                _checkpoint(run, number, text)
            for item in value["blocks"]:
                _block(run, item)
            audits.chain(run)
            audits.subject_of(run, value["subject"])
            audits.written(run, value)
        except BROKEN as error:
            run.say("file", "has the form of an audit export", "fails", f"{type(error).__name__}: {error}")
    return run, run.report(confirmed)


def _whole(data: bytes) -> dict[str, Any]:
    value = whole(data, "audit export", FORMAT, _KEYS, lists=("witnesses", "checkpoints", "blocks"))
    need(bool(value["blocks"]), "expected a block, got none")
    return value


# -- who ---------------------------------------------------------------------------------------------------------------


def _identities(run: AuditRun, value: dict[str, Any], known: list[Trusted]) -> bool:
    """Whether the reader trusts the node and every witness in the file."""
    node = run.check("identity", "is an identity file", partial(_identity, value["identity"]))
    run.node = node if isinstance(node, Identity) else None
    found: list[Trusted] = [run.node] if run.node is not None else []
    for body in value["witnesses"]:
        made = run.check("identity", "is that of a witness or of a partner", partial(_witness, body))
        if not isinstance(made, Identity | WitnessIdentity):
            continue
        keys = made.keys if isinstance(made, WitnessIdentity) else made.witness
        place = keys[0].name, keys[0].id
        if place in run.witnesses or (run.node is not None and made.name == run.node.name):
            run.say(f"identity {made.name}", "stands once in the file", "fails", "expected one, got two")
        run.witnesses[place] = keys
        found.append(made)
    told = [_trusts(run, one, found, known) for one in found]  # each is said, whatever the others are
    return bool(told) and all(told)


@lru_cache(256)
def _identity(body: str) -> Identity:
    return identities.parse(body.encode())


@lru_cache(256)
def _witness(body: str) -> Trusted:
    try:
        return witness_files.parse(body.encode())
    except IdentityError:
        return _identity(body)


def _trusts(run: AuditRun, one: Trusted, there: list[Trusted], known: list[Trusted]) -> bool:
    """Whether the reader trusts it. Keys of before, beside those that he trusts, are not known to him: no failure."""
    about, says = f"identity {one.name}", "is one that the reader trusts"
    given = {_keys(other): other for other in known if other.name == one.name and type(other) is type(one)}
    if _keys(one) in given:
        run.say(about, says, "holds")
        return True
    if not given or any(_keys(other) in given for other in there if type(other) is type(one)):
        run.say(about, says, "absent", f"fingerprint {one.fingerprint}")
        return False
    wanted = " or ".join(other.fingerprint for other in given.values())
    run.say(about, says, "fails", f"expected {wanted}, got {one.fingerprint}")
    return False


def _keys(one: Trusted) -> object:
    return one.key_digest if isinstance(one, Identity) else one.keys


# -- the log -----------------------------------------------------------------------------------------------------------


def _checkpoint(run: AuditRun, number: int, text: str) -> None:
    held = run.check(f"checkpoint {number}", "is a checkpoint of an audit log", partial(_parsed, run, text))
    run.checkpoints.append(held if isinstance(held, Checkpoint) else None)
    if not isinstance(held, Checkpoint):
        return
    about = f"{held.origin} of size {held.size}"

    def signed() -> None:
        checkpoints.verify(held, run.of().log)
        there = run.roots.setdefault((held.origin, held.size), held.root)
        need(there == held.root, f"expected one root of size {held.size}, got two")

    run.check(about, f"is signed by both log keys of {run.of().name}", signed)
    lines = {(one.name, one.key) for one in held.note.signatures}
    seen = [place for place in run.witnesses if place in lines]
    for place in seen:
        who = place[0].removesuffix("/witness")
        run.check(about, f"was cosigned by {who}: it continues what {who} saw before", partial(_seen, held, run, place))
    if not seen:
        run.say(about, "was cosigned by a witness", "absent", "the node alone has signed it")
    mine = {(key.name, key.id) for key in run.of().log}
    mine |= {(key.name, key.id) for place in seen for key in run.witnesses[place]}
    strange = [one.name for one in held.note.signatures if (one.name, one.key) not in mine]
    if strange:
        run.say(about, "bears only signatures of the log and of its witnesses", "fails", f"got one of {strange[0]}")


def _parsed(run: AuditRun, text: str) -> Checkpoint:
    held = checkpoints.parse(text)
    need(str(held) == text, "expected the checkpoint in its one form")
    node, _ = texts.split_origin(held.origin)
    need(node == run.of().name, f"expected an audit log of {run.of().name}, got {held.origin}")
    need(all(str(one) != text for one in run.checkpoints if one), "expected each checkpoint once, got one twice")
    return held


def _seen(held: Checkpoint, run: AuditRun, place: tuple[str, bytes]) -> str:
    detail = f"at {moment(checkpoints.verify_cosignature(held, run.witnesses[place]) * 1000)}"
    return detail


def _block(run: AuditRun, item: dict[str, Any]) -> None:
    leaf = run.check("block", "has a leaf", lambda: texts.parse_leaf(item["leaf"].encode()))
    if not isinstance(leaf, texts.BlockLeaf):
        return
    _, generation = texts.split_origin(leaf.origin)
    about = f"block {generation}/{leaf.index}"
    listed = isinstance(item.get("records"), list) and isinstance(item.get("whole"), bool)
    if set(item) != _BLOCK or not listed or not (item["whole"] or item["records"]):
        run.say(about, "has the form of a block with records", "fails", f"expected {sorted(_BLOCK)}")
    run.check(about, "stands in the audit log under a checkpoint in the file", partial(_included, run, item, leaf))
    opened = run.check(about, "opens to what its leaf commits to", partial(_opened, item, leaf))
    if not isinstance(opened, texts.Block):
        return
    if (generation, leaf.index) in run.blocks:
        run.say(about, "stands once in the file", "fails", "expected one, got two")
    if (opened.previous is not None) != (generation > 1 and leaf.index == 0):
        run.say(about, "names what its generation continues where it must", "fails", str(opened.previous))
    run.blocks[generation, leaf.index] = Block(leaf, generation, opened, item["whole"] is True)
    if item["whole"] is True:
        _all(run, about, item, opened)
    else:
        for one in item["records"]:
            _one(run, about, one, opened)


def _included(run: AuditRun, item: dict[str, Any], leaf: texts.BlockLeaf) -> str:
    need(type(item["under"]) is int and 0 <= item["under"] < len(run.checkpoints), "expected a checkpoint in the file")
    held = run.checkpoints[item["under"]]
    run.used.add(item["under"])
    if held is None:
        raise InputError("expected a checkpoint that is one, got another")
    need(held.origin == leaf.origin, f"expected a checkpoint of {leaf.origin}, got {held.origin}")
    path = _path(item)
    merkle.verify_inclusion(leaf.index, held.size, merkle.leaf_hash(item["leaf"].encode()), path, held.root)
    detail = f"closed {moment(leaf.time)}"
    return detail


def _path(item: dict[str, Any]) -> list[bytes]:
    need(isinstance(item["path"], list), "expected a path of hashes")
    return [unb64(one) for one in item["path"]]


def _opened(item: dict[str, Any], leaf: texts.BlockLeaf) -> texts.Block:
    salt = unb64(item["salt"])
    need(len(salt) == entries.SALT, f"expected a salt of {entries.SALT} bytes, got {len(salt)}")
    need(entries.commit(salt, item["block"].encode()) == leaf.commitment, "expected the block that the leaf commits to")
    return texts.parse_block(item["block"].encode())


def _all(run: AuditRun, about: str, item: dict[str, Any], opened: texts.Block) -> None:
    def complete() -> str:
        tree = merkle.Tree()
        for one in item["records"]:
            need("place" not in one and "path" not in one, "expected no place and path in a whole block")
            tree.append(one["leaf"].encode())
        need(tree.size == opened.size, f"expected {opened.size} records, got {tree.size}")
        need(tree.root() == opened.root, "expected the records that the block commits to, got others")
        detail = f"{tree.size} records"
        return detail

    run.check(about, "holds all its records, in their order", complete)
    withheld = 0
    for one in item["records"]:
        made = run.check(f"a record of {about}", "is as its leaf commits to", partial(_details, run, one), quiet=True)
        withheld += isinstance(made, Record) and made.details is None
    if withheld:
        detail = f"{withheld} records erased or kept on the node; their leaves reveal no details"
        run.say(about, "its records are in the file with their details", "absent", detail)


def _one(run: AuditRun, about: str, one: dict[str, Any], opened: texts.Block) -> None:
    made = run.check(f"a record of {about}", "is as its leaf commits to", partial(_details, run, one), quiet=True)
    if not isinstance(made, Record):
        return
    name = f"record {made.leaf.id}"

    def stands() -> str:
        need(type(one["place"]) is int, "expected a place")
        path = _path(one)
        leaf = merkle.leaf_hash(one["leaf"].encode())
        merkle.verify_inclusion(one["place"], opened.size, leaf, path, opened.root)
        return moment(made.leaf.time)

    run.check(name, f"stands in {about}", stands)
    if made.details is None:
        run.say(name, "its details are in the file", "absent", f"withheld: {one['withheld']}; the leaf reveals none")
    else:
        run.say(name, "its details are those that its leaf commits to", "holds", _words(made.details))


def _words(details: dict[str, Any]) -> str:
    why = f": {details['reason']}" if isinstance(details.get("reason"), str) else ""
    return f"{details['what']} by {details['who']} on {details['on']}{why}"[:300]


def _details(run: AuditRun, one: dict[str, Any]) -> Record:
    leaf = texts.parse_record(one["leaf"].encode())
    keys = set(one) - {"place", "path"}
    need(
        keys in ({"leaf", "salt", "details"}, {"leaf", "withheld"}), f"expected leaf, salt, details; got {sorted(one)}"
    )
    need({"place", "path"} <= set(one) or not {"place", "path"} & set(one), "expected a place and its path")
    need(leaf.id not in run.records, f"expected each record once, got {leaf.id} twice")
    details = None
    if "withheld" in one:
        need(one["withheld"] in WITHHELD, f"expected erased or local, got {str(one['withheld'])[:40]!r}")
    else:
        details = _committed(one, leaf)
    run.records[leaf.id] = Record(leaf, details)
    return run.records[leaf.id]


def _committed(one: dict[str, Any], leaf: texts.RecordLeaf) -> dict[str, Any]:
    body, salt = one["details"].encode(), unb64(one["salt"])
    need(len(salt) == entries.SALT, f"expected a salt of {entries.SALT} bytes, got {len(salt)}")
    need(entries.commit(salt, body) == leaf.commitment, f"record {leaf.id}: expected the committed details, got others")
    details = json.parse_object(body, "details")
    need(details.get("time") == leaf.time, f"record {leaf.id}: expected the time of its leaf in its details")
    for key in ("what", "who", "on"):
        need(isinstance(details.get(key), str), f"record {leaf.id}: expected {key} in its details")
    return details
