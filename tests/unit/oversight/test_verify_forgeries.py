"""Forgeries with a digest that is right: parts of true files put together wrongly, and a node that lies with its keys.

`FORGED` fails, and for the reason that it is a forgery. `ALLOWED` does not fail: what it changed is no proof of
anything, and the report does not take it for one.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from passerelle.core import ids, json
from passerelle.identity import identity as identities
from passerelle.identity.identity import Identity
from passerelle.identity.keys import NodeKeys, Signer, b64, generate
from passerelle.ledger import checkpoint, entry, merkle, note, proof
from passerelle.ledger.note import Signature
from passerelle.oversight.verify import FAILED, UNCONFIRMED, VERIFIED, Report, verify
from tests.peers.pair import TYPES, texts
from tests.unit.exchange.forge import OTHERS, STRANGER
from tests.unit.oversight.test_evidence_corpus import (
    Liar,
    content,
    exchanged,
    file_of,
    hash_of,
    judged,
    rebuilt,
    sealed,
    stamped,
)

Make = Callable[[], dict[str, Any]]
Items = list[dict[str, str]]

BE, MA = exchanged().trusted
BE_KEYS, MA_KEYS = exchanged().pair.be.ctx.keys, exchanged().pair.ma.ctx.keys


def identity_of(keys: NodeKeys) -> Identity:
    return identities.make(keys, country="BE", languages=("fr",), timezone="UTC", endpoints=(), tls="0" * 64)


FR = identity_of(STRANGER)
TRUSTED = (BE, MA, FR)

FORGED: dict[str, tuple[Make, str]] = {}
"""By name: the file, and what the report says to fail."""
ALLOWED: dict[str, tuple[Make, str]] = {}
"""By name: the file, and what the report must not say to hold (nothing: it proves what the true file proves)."""


# -- two messages of one true file -------------------------------------------------------------------------------------


def true() -> dict[str, Any]:
    """A true file to spoil: be's, of the dossier."""
    return exchanged().file("be", "dossier")


def part(value: dict[str, Any], name: str) -> dict[str, str]:
    (found,) = [one for one in value["messages"] if one["leaf"].split("\n")[4] == exchanged().ids[name]]
    return found


def swapped(one: str, other: str, *keys: str) -> dict[str, Any]:
    value = true()
    first, second = part(value, one), part(value, other)
    for key in keys:
        assert first[key] != second[key]
        first[key], second[key] = second[key], first[key]
    return value


PLACES = {
    ("content",): "its content is the one that the leaf commits to",
    ("salt",): "its content is the one that the leaf commits to",
    ("salt", "content"): "its content is the one that the leaf commits to",
    ("leaf",): "was sent by",
    ("proof",): "was sent by",
    ("proof", "salt", "content"): "was sent by",
}
for _one, _other in (("opening", "refused"), ("opening", "answer"), ("answer", "flash"), ("signature", "opening")):
    for _keys, _words in PLACES.items():
        FORGED[f"{' and '.join(_keys)} of {_one} and {_other} exchanged"] = (
            lambda one=_one, other=_other, keys=_keys: swapped(one, other, *keys),
            _words,
        )


def with_part(name: str, **changed: str) -> dict[str, Any]:
    value = true()
    part(value, name).update(changed)
    return value


def moved(name: str, **lines: str) -> dict[str, Any]:
    """Lines of a leaf changed: `index`, `time` and so on."""
    value = true()
    found = part(value, name)
    names = ("version", "origin", "index", "time", "message", "size", "commitment")
    said = dict(zip(names, found["leaf"].split("\n"), strict=False)) | lines
    found["leaf"] = "".join(f"{said[one]}\n" for one in names)
    if "index" in lines:
        found["proof"] = found["proof"].replace("\nindex 0\n", f"\nindex {lines['index']}\n")
    return value


FORGED["index of leaf and proof"] = (lambda: moved("opening", index="1"), "was sent by be")
FORGED["index beyond the tree"] = (lambda: moved("opening", index="2"), "was sent by be")
FORGED["time of the leaf"] = (lambda: moved("opening", time="1795262401001"), "was sent by be")
FORGED["origin of the leaf"] = (lambda: moved("opening", origin="passerelle/be/ma/flash/1"), "was sent by be")
FORGED["id of the leaf"] = (lambda: moved("opening", message=ids.new_id()), "was sent by be")


def with_content(name: str, **changed: Any) -> dict[str, Any]:
    """Another content, for which the leaf has everything right but that nobody signed it."""
    value = true()
    found = part(value, name)
    body = json.canonical(json.parse_object(found["content"]) | changed)
    salt = bytes(32)
    lines = found["leaf"].split("\n")
    lines[5:7] = [str(len(body)), b64(entry.commit(salt, body))]
    found.update(content=body.decode(), salt=b64(salt), leaf="\n".join(lines))
    return value


FORGED["another content with its own leaf"] = (lambda: with_content("opening", urgency="immediate"), "was sent by be")


# -- signature lines ---------------------------------------------------------------------------------------------------


def liar(receiver: NodeKeys | None = MA_KEYS, count: int = 5, **how: Any) -> Liar:
    made = Liar(BE_KEYS, receiver, **how)
    for number in range(count):
        made.add(content("note", text=f"number {number}"))
    return made


def lines_of(item: dict[str, str]) -> list[Signature]:
    return list(proof.parse(item["proof"]).checkpoint.note.signatures)


def signed(change: Callable[[list[Signature], checkpoint.Checkpoint], list[Signature]], at: int = 2) -> dict[str, Any]:
    """A true entry with other lines under its checkpoint."""
    items = liar().items()
    items[at] = rebuilt(items[at], change(lines_of(items[at]), proof.parse(items[at]["proof"]).checkpoint))
    return file_of([BE, MA], items)


def other_lines() -> list[Signature]:
    """The four lines under an earlier checkpoint of the same log, all of them true."""
    return lines_of(liar(count=3).items()[0])


ROLES = ("the log, classical", "the log, quantum", "the receipt, classical", "the receipt, quantum")
for _at, _role in enumerate(ROLES):
    _says = "was sent by be" if _at < 2 else "was received by ma"
    FORGED[f"line of {_role} left out"] = (
        lambda at=_at: signed(lambda lines, _: lines[:at] + lines[at + 1 :]),
        _says,
    )
    FORGED[f"line of {_role} twice"] = (
        lambda at=_at: signed(lambda lines, _: [*lines, lines[at]]),
        _says,
    )
    FORGED[f"line of {_role} from an earlier checkpoint"] = (
        lambda at=_at: signed(lambda lines, _: [*lines[:at], other_lines()[at], *lines[at + 1 :]]),
        _says,
    )
    FORGED[f"line of {_role} from an earlier checkpoint besides"] = (
        lambda at=_at: signed(lambda lines, _: [*lines, other_lines()[at]]),
        _says,
    )
FORGED["receipt of an earlier checkpoint"] = (
    lambda: signed(lambda lines, _: lines[:2] + other_lines()[2:]),
    "was received by ma",
)
ALLOWED["no receipt"] = (
    lambda: file_of([BE, MA], [rebuilt(one, lines_of(one)[:2]) for one in liar().items()]),
    "was received by ma",
)


def more(make: Callable[[checkpoint.Checkpoint], Iterable[Signature]]) -> Make:
    return lambda: signed(lambda lines, head: [*lines, *make(head)])


_STRANGE = "bears only signatures of the log and of the receipt"
# Each of these lines is by a key of one of the two nodes, or under the name of one: nobody else checks them.
FORGED["line of the sender's receipt key"] = (
    more(lambda head: [stamped(BE_KEYS.receipt[0], 1_795_000_000, head, quantum=False)]),
    _STRANGE,
)
FORGED["line of the receiver's log key"] = (
    more(lambda head: [checkpoint.sign(MA_KEYS.log, head.origin, head.size, head.root).note.signatures[0]]),
    _STRANGE,
)
FORGED["line without a signature, of the receiver's log key"] = (
    more(lambda _: [Signature("ma/log", MA_KEYS.log[1].id, b"nothing at all")]),
    _STRANGE,
)
FORGED["line without a signature, of the sender's receipt key"] = (
    more(lambda _: [Signature("be/receipt", BE_KEYS.receipt[1].id, bytes(2428))]),
    _STRANGE,
)
FORGED["line of the envelope key"] = (
    more(lambda head: [Signature("be/envelope", BE_KEYS.envelope.id, BE_KEYS.envelope.sign(head.note.text.encode()))]),
    _STRANGE,
)
FORGED["line of a witness"] = (
    more(lambda head: [stamped(STRANGER.receipt[0], 1_795_000_000, head, quantum=False)]),
    _STRANGE,
)
FORGED["line of an unknown key under a known name"] = (
    more(lambda _: [Signature("ma/receipt", b"\1\2\3\4", bytes(72))]),
    _STRANGE,
)
FORGED["line of a known key under another name"] = (
    more(lambda _: [Signature("ma/receipt2", MA_KEYS.receipt[0].id, bytes(72))]),
    _STRANGE,
)
FORGED["seventeen lines"] = (
    more(lambda head: [stamped(MA_KEYS.receipt[0], number, head, quantum=False) for number in range(13)]),
    "was sent by be",
)


def by_keys(log: tuple[Signer, Signer], receipt: tuple[Signer, Signer] | None, **how: Any) -> dict[str, Any]:
    """Entries whose lines are made by other keys than those for it, under the names and ids of the right ones."""

    def change(lines: list[Signature], head: checkpoint.Checkpoint) -> list[Signature]:
        text = head.note.text.encode()
        message = checkpoint.cosigned_message("be/log", how.get("stamp", 0), head.origin, head.size, head.root)
        made = [log[0].sign(text), struct.pack(">Q", how.get("stamp", 0)) + log[1].sign(message)]
        if receipt:
            times = how.get("times", (7, 7))
            made += [
                stamped(receipt[0], times[0], head, quantum=False).value,
                stamped(receipt[1], times[1], head, quantum=True).value,
            ]
        return [Signature(old.name, old.key, value) for old, value in zip(lines, made, strict=False)]

    return signed(change)


FORGED["log signed with the receipt keys"] = (lambda: by_keys(BE_KEYS.receipt, MA_KEYS.receipt), "was sent by be")
FORGED["log signed by the receiver"] = (lambda: by_keys(MA_KEYS.log, MA_KEYS.receipt), "was sent by be")
FORGED["log signed by somebody of that name"] = (lambda: by_keys(OTHERS.log, MA_KEYS.receipt), "was sent by be")
FORGED["log signed with a time"] = (lambda: by_keys(BE_KEYS.log, MA_KEYS.receipt, stamp=7), "was sent by be")
FORGED["receipt by the log keys"] = (lambda: by_keys(BE_KEYS.log, MA_KEYS.log), "was received by ma")
FORGED["receipt by the sender"] = (lambda: by_keys(BE_KEYS.log, BE_KEYS.receipt), "was received by ma")
FORGED["receipt at two times"] = (
    lambda: by_keys(BE_KEYS.log, MA_KEYS.receipt, times=(7, 8)),
    "was received by ma",
)
FORGED["receipt at a time beyond all"] = (
    lambda: by_keys(BE_KEYS.log, MA_KEYS.receipt, times=(2**63, 2**63)),
    "was received by ma",
)
FORGED["receipt of a third node in its own name"] = (
    lambda: file_of([BE, MA, FR], liar(STRANGER).items()),
    _STRANGE,
)


# -- proofs ------------------------------------------------------------------------------------------------------------


def proven(change: Callable[[proof.Proof, list[proof.Proof]], proof.Proof], at: int = 2) -> dict[str, Any]:
    """Another proof for a true entry; the change is given those of all five."""
    items = liar().items()
    proofs = [proof.parse(one["proof"]) for one in items]
    items[at] |= {"proof": str(change(proofs[at], proofs))}
    return file_of([BE, MA], items)


def earlier(size: int) -> checkpoint.Checkpoint:
    return proof.parse(liar(count=size).items()[0]["proof"]).checkpoint


def flash() -> checkpoint.Checkpoint:
    return proof.parse(liar(origin="passerelle/be/ma/flash/1").items()[0]["proof"]).checkpoint


PROOFS: dict[str, Callable[[proof.Proof, list[proof.Proof]], proof.Proof]] = {
    "path of the entry before": lambda one, all_: proof.make(one.index, all_[1].path, one.checkpoint),
    "path and index of the entry before": lambda one, all_: all_[1],
    "path turned round": lambda one, _: proof.make(one.index, one.path[::-1], one.checkpoint),
    "path without its end": lambda one, _: proof.make(one.index, one.path[:-1], one.checkpoint),
    "path with its end twice": lambda one, _: proof.make(one.index, [*one.path, one.path[-1]], one.checkpoint),
    "no path": lambda one, _: proof.make(one.index, [], one.checkpoint),
    "path of 65": lambda one, _: proof.make(one.index, [bytes(32)] * 65, one.checkpoint),
    "index of the entry before": lambda one, _: proof.make(1, one.path, one.checkpoint),
    "index beyond": lambda one, _: proof.make(5, one.path, one.checkpoint),
    "earlier checkpoint": lambda one, _: proof.make(one.index, one.path, earlier(4)),
    "checkpoint of another log": lambda one, _: proof.make(one.index, one.path, flash()),
    "checkpoint of the empty log": lambda one, _: proof.make(one.index, [], empty()),
}


def empty() -> checkpoint.Checkpoint:
    return Liar(BE_KEYS, MA_KEYS).checkpoint(0, merkle.EMPTY_ROOT)


for _name, _change in PROOFS.items():
    FORGED[_name] = (lambda change=_change: proven(change), "was sent by be")


def extra() -> dict[str, Any]:
    """The extra data that a tlog-proof may carry elsewhere."""
    items = liar().items()
    items[0] |= {"proof": items[0]["proof"].replace("\nindex ", f"\nextra {b64(b'more')}\nindex ")}
    return file_of([BE, MA], items)


FORGED["extra data in a proof"] = (extra, "was sent by be")


def extended() -> dict[str, Any]:
    """A line behind the root: the quantum signature would not cover it."""
    made = liar()
    head = proof.parse(made.items()[0]["proof"]).checkpoint
    text = head.note.text + "more\n"
    lines = [
        Signature("be/log", BE_KEYS.log[0].id, BE_KEYS.log[0].sign(text.encode())),
        head.note.signatures[1],
    ]
    items = made.items()
    proven_, _, _ = items[0]["proof"].partition("\n\n")
    items[0]["proof"] = f"{proven_}\n\n{text}\n" + "".join(one.line() for one in lines)
    return file_of([BE, MA], items)


def named_long() -> dict[str, Any]:
    """A receipt of the receiver's, right as far as it goes, for a log whose name no quantum signature could say."""
    items = liar(count=1).items()
    head = proof.parse(items[0]["proof"]).checkpoint
    text = checkpoint.text_of("passerelle/be/" + "m" * 300 + "/routine/1", head.size, head.root)
    stamp = struct.pack(">Q", 7)
    first = stamp + MA_KEYS.receipt[0].sign(f"cosignature/v1\ntime 7\n{text}".encode())
    lines = [
        *head.note.signatures[:2],
        Signature("ma/receipt", MA_KEYS.receipt[0].id, first),
        Signature("ma/receipt", MA_KEYS.receipt[1].id, stamp + bytes(2420)),
    ]
    made = proof.make(0, [], checkpoint.Checkpoint("", head.size, head.root, note.make(text, lines)))
    return file_of([BE, MA], [items[0] | {"proof": str(made)}])


FORGED["receipt of a log with a name too long"] = (named_long, "was sent by be")
FORGED["extension line in a checkpoint"] = (extended, "was sent by be")


# -- identities --------------------------------------------------------------------------------------------------------

_SEEDS = {"be": generate("be"), "ma": generate("ma")}
_TURNED = {"log": "receipt", "receipt": "log", "log-pq": "receipt-pq", "receipt-pq": "log-pq"}
_FALSE = {name: NodeKeys(name, seeds) for name, seeds in _SEEDS.items()}


def _turned(name: str, names: Iterable[str] = tuple(_TURNED)) -> NodeKeys:
    """The keys of a node, each under the name of another's role."""
    return NodeKeys(name, _SEEDS[name] | {to: _SEEDS[name][_TURNED[to]] for to in names})


def under(shown: Identity, *others: Identity, log: NodeKeys = BE_KEYS, receipt: NodeKeys = MA_KEYS) -> dict[str, Any]:
    """True entries of these keys under other identities."""
    return file_of([shown, *others], liar_of(log, receipt).items())


def liar_of(log: NodeKeys, receipt: NodeKeys | None) -> Liar:
    made = Liar(log, receipt)
    made.add(content("note", text="one"))
    return made


_TRUST = "is one that the reader trusts"
FORGED["another node under the sender's name"] = (lambda: under(identity_of(OTHERS), MA), "was sent by be")
FORGED["another node under the receiver's name"] = (lambda: under(BE, identity_of(_FALSE["ma"])), "was received by ma")
FORGED["all of it by others under both names"] = (
    lambda: under(identity_of(_FALSE["be"]), identity_of(_FALSE["ma"]), log=_FALSE["be"], receipt=_FALSE["ma"]),
    _TRUST,
)
FORGED["log and receipt keys exchanged in the identity"] = (
    lambda: under(identity_of(_turned("be")), MA, log=_FALSE["be"]),
    "was sent by be",
)
FORGED["quantum keys exchanged in the identity"] = (
    lambda: under(identity_of(_turned("be", ("log-pq", "receipt-pq"))), MA, log=_FALSE["be"]),
    "was sent by be",
)
FORGED["one quantum key for both roles"] = (
    lambda: under(BE, identity_of(_turned("ma", ("receipt-pq",))), receipt=_FALSE["ma"]),
    "was received by ma",
)
FORGED["no identity of the sender"] = (lambda: under(MA), "was sent by be")
FORGED["no identity of the receiver"] = (lambda: under(BE), _STRANGE)
FORGED["identity of nobody in the file"] = (lambda: under(BE, MA, FR), "is that of a sender or receiver in the file")
FORGED["identity twice"] = (lambda: under(BE, MA, MA), "stands once in the file")
FORGED["two identities of one name"] = (
    lambda: under(BE, MA, identity_of(_FALSE["ma"])),
    "is one that the reader trusts",
)
FORGED["one identity twice"] = (lambda: under(BE, MA, MA), "stands once in the file")
FORGED["written by a third node"] = (
    lambda: under(BE, MA) | {"by": "fr", "identities": [one.body.decode() for one in (BE, MA, FR)]},
    "is that of a sender or receiver in the file",
)


# -- a node that lies with its own keys --------------------------------------------------------------------------------


def lie(body: dict[str, Any] | bytes | None = None, origin: str = "passerelle/be/ma/routine/1", **leaf: Any) -> Make:
    def make() -> dict[str, Any]:
        made = Liar(BE_KEYS, MA_KEYS, origin)
        made.add(content("note") if body is None else body, **leaf)
        return file_of([BE, MA], made.items())

    return make


def nested(depth: int) -> bytes:
    """A content of so many objects and arrays inside each other."""
    return (f'{{"id":"{_ID}","n":' + "[" * (depth - 1) + "]" * (depth - 1) + "}").encode()


_ID = ids.new_id()
_CONTENT = "its content is the one that the leaf commits to"
FORGED["size of the content"] = (lie(size=7), _CONTENT)
FORGED["commitment to another content"] = (lie(commitment=bytes(32)), _CONTENT)
FORGED["salt of 31 bytes"] = (lie(salt=bytes(31)), _CONTENT)
FORGED["salt of 33 bytes"] = (lie(salt=bytes(33)), _CONTENT)
FORGED["no salt"] = (lie(salt=b""), _CONTENT)
FORGED["content of another message"] = (lie(content("note"), name=_ID), _CONTENT)
FORGED["content without an id"] = (lie({"kind": "note"}, name=_ID), _CONTENT)
FORGED["content that is no JSON"] = (lie(b"content", name=_ID), _CONTENT)
FORGED["content that is no object"] = (lie(f'["{_ID}"]'.encode(), name=_ID), _CONTENT)
FORGED["content with a key twice"] = (lie(f'{{"id":"{_ID}","id":"{_ID}"}}'.encode(), name=_ID), _CONTENT)
FORGED["content with a fraction"] = (lie(f'{{"id":"{_ID}","n":1.0}}'.encode(), name=_ID), _CONTENT)
FORGED["content with a direction mark"] = (lie(f'{{"id":"{_ID}","n":"\\u202e"}}'.encode(), name=_ID), _CONTENT)
FORGED["content nested too deep"] = (lie(nested(33), name=_ID), _CONTENT)
ALLOWED["content nested as deep as may be"] = (lie(nested(32), name=_ID), "")
FORGED["index in the leaf alone"] = (lie(index=1), "was sent by be")
FORGED["leaf of another generation"] = (
    lambda: other_origin("passerelle/be/ma/routine/2"),
    "was sent by be",
)
FORGED["leaf of another link"] = (lambda: other_origin("passerelle/be/fr/routine/1"), "was sent by be")
for _name, _origin in {
    "no lane": "passerelle/be/ma/post/1",
    "generation 0": "passerelle/be/ma/routine/0",
    "generation with a zero before": "passerelle/be/ma/routine/01",
    "generation of ten digits": "passerelle/be/ma/routine/1000000000",
    "nothing for a receiver": "passerelle/be//routine/1",
    "receiver in upper case": "passerelle/be/MA/routine/1",
    "receiver with a dash at its end": "passerelle/be/ma-/routine/1",
    "receiver of 64 letters": f"passerelle/be/{'m' * 64}/routine/1",
    "sender to itself": "passerelle/be/be/routine/1",
    "another word before": "pont/be/ma/routine/1",
    "a part more": "passerelle/be/ma/routine/1/1",
}.items():
    FORGED[f"origin: {_name}"] = (lie(origin=_origin), "belongs to a link")
for _name, _leaf in {
    "id of version 4": "0190a000-0000-4000-8000-000000000000",
    "id in upper case": "0190A000-0000-7000-8000-000000000000",
    "id without dashes": "0190a00000007000800000000000000000",
}.items():
    FORGED[_name] = (lie(content("note") | {"id": _leaf}, message=_leaf), "has a leaf")
FORGED["time beyond 2^63"] = (lie(time=2**63), "has a leaf")
FORGED["leaf too long"] = (lambda: other_origin("passerelle/be/" + "m" * 1000 + "/routine/1"), "has a leaf")


def other_origin(origin: str) -> dict[str, Any]:
    """A leaf under the signed checkpoint of a log that is not its own."""
    made = Liar(BE_KEYS, MA_KEYS)
    made.add(content("note"), origin=origin)
    return file_of([BE, MA], made.items())


def twice() -> dict[str, Any]:
    """One id in two logs, and two contents."""
    one, other = Liar(BE_KEYS, MA_KEYS), Liar(BE_KEYS, MA_KEYS, "passerelle/be/ma/flash/1")
    for log, text in ((one, "yes"), (other, "no")):
        log.add(content("note", text=text) | {"id": _ID})
    return file_of([BE, MA], [*one.items(), *other.items()])


FORGED["one message in two logs"] = (twice, "stands once in the file")


def two_logs(one: int, other: int, at: int = 0) -> dict[str, Any]:
    """An entry from each of two logs of one name, of these sizes, that both nodes signed."""
    first, second = liar(count=one).items(), liar(count=other).items()
    return file_of([BE, MA], [first[0], second[at]])


FORGED["two roots of one size"] = (lambda: two_logs(3, 3, at=1), "was sent by be")
FORGED["two leaves at one index"] = (lambda: two_logs(3, 4), "was sent by be")


def back() -> dict[str, Any]:
    """An entry whose time lies before that of the one before it."""
    made = liar(count=2)
    made.add(content("note"), time=made.seconds * 1000 - 1)
    return file_of([BE, MA], made.items())


FORGED["time that goes back"] = (back, "was entered at the time of")


def after(build: Callable[[str, str], list[list[str]]]) -> Make:
    """Acts of one log, each built on others of it."""

    def make() -> dict[str, Any]:
        names = [ids.new_id(), ids.new_id()]
        made = Liar(BE_KEYS, MA_KEYS)
        for name, earlier_ in zip(names, build(*names), strict=True):
            made.add(content("act", after=earlier_) | {"id": name})
        return file_of([BE, MA], made.items())

    return make


FORGED["act that builds on itself"] = (after(lambda one, _: [[one], []]), "comes after")
FORGED["act that builds on the next"] = (after(lambda _, other: [[other], []]), "comes after")
FORGED["acts that build on each other"] = (after(lambda one, other: [[other], [one]]), "comes after")
ALLOWED["act that builds on the one before"] = (after(lambda one, _: [[], [one]]), "")


# -- claims that a receiver would not have accepted --------------------------------------------------------------------

_AGREEMENT = texts.agreement().decode()
_CHANNEL = texts.channel(hash_of(_AGREEMENT), TYPES).decode()


def signing(keys: NodeKeys, origin: str, receipt: NodeKeys = MA_KEYS, **fields: Any) -> Items:
    log = Liar(keys, receipt, origin)
    log.add(content("instrument.sign", **{"digest": hash_of(_AGREEMENT), "by": "chief"} | fields))
    return log.items()


def claim(*items: Items, who: Iterable[Identity] = (BE, MA), instruments: Iterable[str] = (_AGREEMENT,)) -> Make:
    """A file of these entries, and the agreement if nothing else is said."""
    return lambda: file_of(list(who), [one for some in items for one in some], instruments=list(instruments))


_TRUE_SIGN = signing(BE_KEYS, "passerelle/be/ma/governance/1")
_SIGNED = "was signed by be"
ALLOWED["signature as it should be"] = (claim(_TRUE_SIGN), "was signed by ma")
ALLOWED["signature in another lane"] = (claim(signing(BE_KEYS, "passerelle/be/ma/routine/1")), _SIGNED)
ALLOWED["signature to a third node"] = (
    claim(signing(BE_KEYS, "passerelle/be/fr/governance/1", STRANGER), who=(BE, FR)),
    _SIGNED,
)
ALLOWED["signature by nobody"] = (claim(signing(BE_KEYS, "passerelle/be/ma/governance/1", by="")), _SIGNED)
ALLOWED["signature with a key more"] = (claim(signing(BE_KEYS, "passerelle/be/ma/governance/1", more=1)), _SIGNED)
ALLOWED["signature by the other side"] = (
    claim(signing(MA_KEYS, "passerelle/ma/be/governance/1", BE_KEYS)),
    _SIGNED,
)


def name_of(items: Items, at: int = 0) -> str:
    return items[at]["leaf"].split("\n")[4]


def refusing(keys: NodeKeys, origin: str, receipt: NodeKeys, name: str, **fields: Any) -> Items:
    log = Liar(keys, receipt, origin)
    log.add(content("refusal", **{"refused": [{"message": name, "checks": ["10"]}]} | fields))
    return log.items()


_BY_MA = ("passerelle/ma/be/governance/1", BE_KEYS, name_of(_TRUE_SIGN))
_REFUSED = "was refused by"
ALLOWED["signature that was refused"] = (claim(_TRUE_SIGN, refusing(MA_KEYS, *_BY_MA)), _SIGNED)
ALLOWED["refusal by a third node"] = (
    claim(
        _TRUE_SIGN,
        refusing(STRANGER, "passerelle/fr/be/governance/1", BE_KEYS, name_of(_TRUE_SIGN)),
        who=(BE, MA, FR),
    ),
    _REFUSED,
)
ALLOWED["refusal by the sender"] = (
    claim(_TRUE_SIGN, refusing(BE_KEYS, "passerelle/be/ma/routine/1", MA_KEYS, name_of(_TRUE_SIGN))),
    _REFUSED,
)
ALLOWED["refusal to a third node"] = (
    claim(
        _TRUE_SIGN,
        refusing(MA_KEYS, "passerelle/ma/fr/governance/1", STRANGER, name_of(_TRUE_SIGN)),
        who=(BE, MA, FR),
    ),
    _REFUSED,
)
_NOT_SO: dict[str, dict[str, Any]] = {
    "no list": {"refused": "all"},
    "empty list": {"refused": []},
    "list of texts": {"refused": [name_of(_TRUE_SIGN)]},
    "no checks": {"refused": [{"message": name_of(_TRUE_SIGN)}]},
    "check 4": {"refused": [{"message": name_of(_TRUE_SIGN), "checks": ["4"]}]},
    "a number for a check": {"refused": [{"message": name_of(_TRUE_SIGN), "checks": [10]}]},
    "a list for a message": {"refused": [{"message": [], "checks": ["10"]}]},
    "a key more": {"more": "words"},
    "another version": {"v": 2},
}
for _name, _fields in _NOT_SO.items():
    ALLOWED[f"refusal: {_name}"] = (claim(_TRUE_SIGN, refusing(MA_KEYS, *_BY_MA, **_fields)), _REFUSED)
_REFUSAL = refusing(MA_KEYS, *_BY_MA)
ALLOWED["refusal of a refusal"] = (
    claim(_REFUSAL, refusing(BE_KEYS, "passerelle/be/ma/governance/1", MA_KEYS, name_of(_REFUSAL)), instruments=[]),
    _REFUSED,
)


def act_of(keys: NodeKeys = BE_KEYS, origin: str = "passerelle/be/ma/routine/1", **fields: Any) -> Items:
    log = Liar(keys, MA_KEYS, origin)
    log.add(content("act", **{"channel": hash_of(_CHANNEL)} | fields))
    return log.items()


def note_of(**fields: Any) -> Items:
    log = Liar(BE_KEYS, MA_KEYS)
    log.add(content("note", **fields))
    return log.items()


_BOTH = [_AGREEMENT, _CHANNEL]
_NAMES = "names a channel and an agreement"
ALLOWED["act under its channel"] = (claim(act_of(), instruments=_BOTH), "was signed by")
ALLOWED["act under a channel of others"] = (
    claim(act_of(STRANGER, "passerelle/fr/ma/routine/1"), who=(FR, MA), instruments=_BOTH),
    _NAMES,
)
ALLOWED["act under an agreement"] = (
    claim(act_of(channel=hash_of(_AGREEMENT)), instruments=[_AGREEMENT]),
    _NAMES,
)
# What is nonsense in a content does no harm: its sender signed that nonsense, and the file proves that it did.
for _key, _value in {"channel": [1], "four_eyes": "two", "after": "none", "dossier": {}, "basis": 7}.items():
    ALLOWED[f"act whose {_key} is nonsense"] = (claim(act_of(**{_key: _value}), instruments=[]), _NAMES)
ALLOWED["act that builds on nonsense"] = (claim(act_of(after=[[1], None, "x"]), instruments=[]), "holds every message")
FORGED["instrument that only an unknown key names"] = (
    claim(act_of(channel="", digest=hash_of(_AGREEMENT))),
    "is named by a message of the file",
)
FORGED["instrument that only another kind names"] = (
    lambda: file_of([BE, MA], note_of(channel=hash_of(_AGREEMENT)), instruments=[_AGREEMENT]),
    "is named by a message of the file",
)
FORGED["instrument that nothing names"] = (claim(act_of(channel="")), "is named by a message of the file")
FORGED["agreement without the channel that names it"] = (claim(act_of()), "is named by a message of the file")
FORGED["instrument twice"] = (claim(_TRUE_SIGN, instruments=[_AGREEMENT] * 2), "stands once in the file")
FORGED["instrument in another layout"] = (
    claim(_TRUE_SIGN, instruments=[_AGREEMENT.replace(",", ", ")]),
    "is named by a message of the file",
)
_NOBODY_S = "{}"
FORGED["instrument without parties"] = (
    claim(signing(BE_KEYS, "passerelle/be/ma/governance/1", digest=hash_of(_NOBODY_S)), instruments=[_NOBODY_S]),
    "names its parties",
)
_UNREAD = "[]"
FORGED["instrument that is no object"] = (
    claim(signing(BE_KEYS, "passerelle/be/ma/governance/1", digest=hash_of(_UNREAD)), instruments=[_UNREAD]),
    "is readable",
)


# -- words of the file itself ------------------------------------------------------------------------------------------


def said(**changed: Any) -> Make:
    return lambda: true() | changed


_SUBJECT = "names its subject"
for _name, _subject in {
    "of no id": {"kind": "dossier", "id": None},
    "of an empty id": {"kind": "dossier", "id": ""},
    "of another kind": {"kind": "file", "id": exchanged().ids["dossier"]},
    "with a key more": {"kind": "dossier", "id": exchanged().ids["dossier"], "of": "be"},
    "without a kind": {"id": exchanged().ids["dossier"]},
    "id in upper case": {"kind": "dossier", "id": exchanged().ids["dossier"].upper()},
}.items():
    FORGED[f"subject {_name}"] = (said(subject=_subject), _SUBJECT)
FORGED["subject a dossier of which there is no message"] = (
    said(subject={"kind": "dossier", "id": exchanged().ids["late dossier"]}),
    "is about dossier",
)
FORGED["subject a message that is not there"] = (
    said(subject={"kind": "message", "id": exchanged().ids["late"]}),
    "is about message",
)
FORGED["subject a dossier by the id of a message"] = (
    said(subject={"kind": "dossier", "id": exchanged().ids["opening"]}),
    "is about dossier",
)
ALLOWED["subject a message of the file"] = (
    said(subject={"kind": "message", "id": exchanged().ids["answer"]}),
    "is about dossier",
)
ALLOWED["written by the other node"] = (said(by="ma"), "was written by")
ALLOWED["written at another time"] = (said(created="1999-12-31T23:59:59Z"), "was written by")
# Moments before the first and after the last that a calendar here has, in other zones.
ALLOWED["written before all times"] = (said(created="0001-01-01T00:00:00+23:59"), "was written by")
ALLOWED["written after all times"] = (said(created="9999-12-31T23:59:59.999999999-23:59"), "was written by")
for _moment in (
    "",
    "2026-11-21",
    "2026-11-21T12:00:00",
    "2026-11-21 12:00:00Z",
    "20261121T120000Z",
    "2026-W47-6T12:00:00Z",
    "2026-11-21T12:00Z",
    "2026-11-21T12:00:00.Z",
    "2026-11-21T12:00:00,5Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T12:60:00Z",
    "2026-11-21T12:00:60Z",
    "2026-02-30T12:00:00Z",
    "0000-01-01T12:00:00Z",
    "2026-11-21T12:00:00+0100",
    "2026-11-21T12:00:00+24:00",
    "2026-11-21T12:00:00 Z",
    "2026-11-21T12:00:00Z\n",
    "٢٠٢٦-11-21T12:00:00Z",
):
    FORGED[f"written at {_moment!r}"] = (said(created=_moment), "says when it was written")

for _reason in ("erased", "withdrawn", "not-permitted", "not-held"):
    ALLOWED[f"content withheld: {_reason}"] = (
        lambda reason=_reason: hidden(reason),
        _CONTENT,
    )
for _reason in ("", "lost", "Erased", "none"):
    FORGED[f"content withheld: {_reason!r}"] = (
        lambda reason=_reason: hidden(reason),
        "says why its content is withheld",
    )


def hidden(reason: str) -> dict[str, Any]:
    items = liar(count=1).items()
    return file_of([BE, MA], [{key: items[0][key] for key in ("leaf", "proof")} | {"withheld": reason}])


FORGED["content withheld and there"] = (
    lambda: file_of([BE, MA], [liar(count=1).items()[0] | {"withheld": "erased"}]),
    "has the form of a message",
)
ALLOWED["message of another dossier added"] = (
    lambda: (value := true()) | {"messages": value["messages"] + exchanged().file("be", "late")["messages"][-1:]},
    "",
)
ALLOWED["entry at a time that no calendar has"] = (lie(time=2**63 - 1), "")
ALLOWED["receipt at a time that no calendar has"] = (
    lambda: by_keys(BE_KEYS.log, MA_KEYS.receipt, times=(2**63 - 1, 2**63 - 1)),
    "",
)


# -- the tests ---------------------------------------------------------------------------------------------------------


def failing(report: Report) -> list[str]:
    return [one.says for one in report.statements if one.result == "fails"]


@pytest.mark.parametrize("name", FORGED)
def test_a_forgery_fails_for_what_is_forged(name: str) -> None:
    make, words = FORGED[name]
    report = judged(sealed(make()), TRUSTED)
    assert report.verdict == FAILED
    assert any(words in one for one in failing(report)), failing(report)


@pytest.mark.parametrize("name", ALLOWED)
def test_what_does_not_fail_proves_nothing_that_is_not_so(name: str) -> None:
    make, words = ALLOWED[name]
    report = judged(sealed(make()), TRUSTED)
    assert report.verdict == VERIFIED, failing(report)
    if words:
        assert not [one for one in report.statements if words in one.says and one.result == "holds"]


def test_the_lies_are_lies_in_one_thing_only() -> None:
    """What the forgeries are made of is good: else they would fail whatever was forged."""
    for make in (true, lie(), lambda: signed(lambda lines, _: lines), lambda: proven(lambda one, _: one)):
        assert judged(sealed(make()), TRUSTED).verdict == VERIFIED
    for make in (lambda: by_keys(BE_KEYS.log, MA_KEYS.receipt), lambda: under(BE, MA), claim(_TRUE_SIGN)):
        assert judged(sealed(make()), TRUSTED).verdict == VERIFIED
    signed_by = judged(sealed(claim(_TRUE_SIGN)()), TRUSTED)
    assert [one.result for one in signed_by.statements if one.says == _SIGNED] == ["holds"]
    refused = judged(sealed(claim(_TRUE_SIGN, _REFUSAL)()), TRUSTED)
    assert [one.detail.split(",")[0] for one in refused.statements if one.says == "was refused by ma"] == ["checks 10"]
    named = judged(sealed(claim(act_of(), instruments=_BOTH)()), TRUSTED)
    assert [one.result for one in named.statements if one.says.startswith(_NAMES)] == ["holds"]


def test_a_world_of_its_own_is_consistent_to_who_trusts_nobody() -> None:
    """Somebody makes both nodes and all that passed between them: only the reader's own identities tell."""
    make, _ = FORGED["all of it by others under both names"]
    data = sealed(make())
    assert verify(data).verdict == UNCONFIRMED
    for one in (BE, MA):
        report = verify(data, (one,))
        assert report.verdict == FAILED
        assert failing(report) == [_TRUST]
