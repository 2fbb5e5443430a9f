"""Checks 0 to 6: one forgery for each field of a batch, by a sender who holds its real keys. None changes anything.

Every field that the specification names is replaced by every kind of wrong value; whatever depends on it is made anew,
so that nothing else is wrong. The receiver must name the right check and its store must not differ by a byte.
"""

import hashlib
import os
import struct
from typing import Any

import msgspec
import pytest

from passerelle.exchange import answering, inbox, links, sealing, wire
from passerelle.exchange.checks import Check
from passerelle.identity.keys import b64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger.note import Signature
from passerelle.ports.records import MESSAGES, PARTNERS
from tests.peers.copies import dump, fork
from tests.peers.pair import NOW, BatchRefusedError, Pair, make_peer, partners
from tests.unit.exchange import forge
from tests.unit.exchange.forge import (
    HASH_FORMS,
    HASH_OTHERS,
    ID_FORMS,
    NUMBER_FORMS,
    OTHER_DIGITS,
    OTHERS,
    STRANGER,
    Forger,
    Wrong,
    flipped,
    numbers,
)

AHEAD = 5 * 60_000
LINES: Wrong = [("newline", lambda v: v + "\n" + v), ("NUL", lambda v: v + "\0"), ("return", lambda v: v + "\r")]
LATIN: Wrong = [("not UTF-8", lambda v: v + "\udcff"), ("letter beyond ASCII", lambda v: v + "é")]
NOT_UTF8 = LATIN[:1]

Case = tuple[str, str, Any, str]  # field, name of the forgery, change, number of the check
CASES: list[Case] = []
TAKEN: list[Case] = []  # what looks odd and is right


def forged(field: str, check: str, *lists: Wrong) -> None:
    CASES.extend((field, name, change, check) for wrong in lists for name, change in wrong)


def sets(*values: tuple[str, Any]) -> Wrong:
    return [(name, lambda _, value=value: value) for name, value in values]


# -- the header --------------------------------------------------------------------------------------------------------

forged("header.kind", "0", sets(("recovered", wire.RECOVERED), ("status", wire.STATUS), ("empty", "")), LINES, LATIN)
forged("header.kind", "0", sets(("version 2", "passerelle-batch/2"), ("entry", entries.VERSION)))
forged("header.origin.prefix", "0", sets(("empty", ""), ("other", "passerelles")), LINES, NOT_UTF8)
forged(
    "header.origin.sender", "1", sets(("unknown", "fr"), ("empty", ""), ("receiver itself", "ma"), ("upper case", "BE"))
)
forged("header.origin.sender", "1", sets(("long", "b" * 5000), ("blank", "be "), ("bidi", "be\u202e")))
forged("header.origin.sender", "0", sets(("slash", "be/be")), LINES, NOT_UTF8)
forged(
    "header.origin.receiver", "2", sets(("other", "fr"), ("sender itself", "be"), ("empty", ""), ("upper case", "MA"))
)
forged("header.origin.receiver", "0", sets(("slash", "ma/ma")), LINES, NOT_UTF8)
forged("header.origin.lane", "2", sets(("flash", "flash"), ("governance", "governance")))
forged("header.origin.lane", "0", sets(("empty", ""), ("unknown", "fast"), ("upper case", "Routine")), LINES, LATIN)
forged("header.origin.generation", "2", sets(("next", "2"), ("later", "7"), ("last", "999999999")))
forged("header.origin.generation", "0", sets(("zero", "0"), ("ten digits", "1" * 10)), NUMBER_FORMS[:-3], LINES)
forged("header.origin.generation", "0", OTHER_DIGITS, sets(("one and arabic digit", "1٣"), ("fullwidth", "1２")))
for bound in ("start", "end"):
    forged(f"header.{bound}", "0", NUMBER_FORMS, OTHER_DIGITS, numbers(1, 2), LINES, NOT_UTF8)
forged("header.end", "0", numbers(-1), sets(("zero", "0"), ("two", "1 2")))
forged("header.seal", "1", sets(("own key", lambda: None)))
CASES.pop()
forged(
    "header.seal",
    "1",
    sets(("empty", ""), ("stranger's", STRANGER.sealing.id), ("zeros", "0" * 16), ("long", "a" * 3000)),
)
forged(
    "header.seal", "1", [("upper case", lambda v: v[:-1] + v[-1].swapcase() if v[-1].isalpha() else v.upper() + "A")]
)
forged("header.time", "0", NUMBER_FORMS, OTHER_DIGITS, LINES, NOT_UTF8)
forged("header.digest", "1", HASH_FORMS, HASH_OTHERS)
forged("header.digest", "0", LINES)
forged(
    "header.lines",
    "0",
    [("one missing", lambda v: v[:-1]), ("one more", lambda v: [*v, "more"]), ("none", lambda v: [])],
)
forged(
    "header.lines",
    "0",
    [(f"{i} and {i + 1} swapped", lambda v, i=i: [*v[:i], v[i + 1], v[i], *v[i + 2 :]]) for i in range(4)],
)
forged(
    "header.all", "0", [("one behind the hash", lambda v: [*v, "x"]), ("a blank line", lambda v: [*v[:3], "", *v[3:]])]
)
forged("header.signer", "1", sets(("stranger", STRANGER.envelope), ("another be", OTHERS.envelope)))
forged(
    "header.signatures",
    "1",
    [
        ("one bit", lambda v: [msgspec.structs.replace(v[0], value=flipped(v[0].value, 7))]),
        ("short", lambda v: [msgspec.structs.replace(v[0], value=v[0].value[:-1])]),
        ("long", lambda v: [msgspec.structs.replace(v[0], value=v[0].value + b"\0")]),
        ("one byte", lambda v: [msgspec.structs.replace(v[0], value=b"\0")]),
        ("other key id", lambda v: [msgspec.structs.replace(v[0], key=flipped(v[0].key, 0))]),
        ("other name", lambda v: [msgspec.structs.replace(v[0], name="fr/envelope")]),
        ("name of the log key", lambda v: [msgspec.structs.replace(v[0], name="be/log")]),
        ("twice", lambda v: [v[0], v[0]]),
        ("twice, one wrong", lambda v: [v[0], msgspec.structs.replace(v[0], value=bytes(64))]),
        ("only a stranger's", lambda v: [Signature("fr/envelope", b"\1\2\3\4", bytes(64))]),
    ],
)
forged(
    "header.signatures",
    "0",
    [
        ("none", lambda v: []),
        ("without the dash", lambda v: [v[0].line().removeprefix("— ")]),
        ("not base64", lambda v: ["— be/envelope ****\n"]),
        ("four bytes", lambda v: [f"— be/envelope {b64(bytes(4))}\n"]),
        ("17 of them", lambda v: [*v, *(Signature(f"x{i}", bytes(4), bytes(9)) for i in range(16))]),
        ("a plus in the name", lambda v: [msgspec.structs.replace(v[0], name="be+x")]),
        ("more behind", lambda v: [v[0], "more\n"]),
        ("no newline", lambda v: [v[0].line()[:-1]]),
        ("stray bits", lambda v: [v[0].line()[:-2] + "B\n" if v[0].line()[-2] == "A" else v[0].line()[:-2] + "\n"]),
    ],
)
forged(
    "body.length",
    "0",
    [("0", lambda v: 0), ("-1", lambda v: v - 1), ("+1", lambda v: v + 1), ("largest", lambda v: 2**32 - 1)],
)
forged("body.length", "0", [("8193", lambda v: 8193)])
forged("header", "0", [("long", lambda v: v.replace(b"\n\n", b"\n" + b"a" * 9000 + b"\n\n")), ("empty", lambda v: b"")])
forged("body", "0", [(f"cut at {n}", lambda v, n=n: v[:n]) for n in (0, 1, 3, 4, 5, 40, 100, 200)])
forged("body", "0", [("too large", lambda v: v + bytes(sealing.MAX_BODY + 1 - len(v)))])
forged(
    "body",
    "1",
    [
        ("one byte more", lambda v: v + b"\0"),
        ("one byte less", lambda v: v[:-1]),
        ("no ciphertext", lambda v: v[: 4 + int.from_bytes(v[:4])]),
    ],
)
for at in (0, 1, 500, 1087, 1088, 1119, 1120, 1500, -17, -16, -1):
    forged("sealed", "1", [(f"bit of byte {at}", lambda v, at=at: flipped(v, at))])
    forged("ciphertext", "1", [(f"bit of byte {at}", lambda v, at=at: flipped(v, at))])
forged(
    "ciphertext",
    "1",
    [
        ("empty", lambda v: b""),
        ("key only", lambda v: v[:1120]),
        ("short", lambda v: v[:-1]),
        ("long", lambda v: v + b"\0"),
    ],
)
forged("ciphertext", "1", [("zeros", lambda v: bytes(len(v)))])
forged("seal.to", "1", sets(("a stranger", STRANGER.sealing.public), ("another be", OTHERS.sealing.public)))
forged(
    "seal.info",
    "1",
    [("empty", lambda v: b""), ("another time", lambda v: v.replace(b"\n1", b"\n2")), ("cut", lambda v: v[:-1])],
)

# -- the inside --------------------------------------------------------------------------------------------------------

forged("plain.version", "0", sets(("0", 0), ("2", 2), ("255", 255)))
forged("plain.checkpoint_length", "0", [("0", lambda v: 0), ("-1", lambda v: v - 1), ("+1", lambda v: v + 1)])
forged("plain.checkpoint_length", "0", sets(("largest", 2**32 - 1), ("over the limit", 128 * 1024 + 1)))
forged(
    "plain.start", "0", [("+1", lambda v: v + 1), ("largest", lambda v: 2**64 - 1), ("two to the 63", lambda v: 2**63)]
)
forged(
    "plain.count", "0", [("0", lambda v: 0), ("-1", lambda v: v - 1), ("+1", lambda v: v + 1), ("1001", lambda v: 1001)]
)
forged("plain.count", "0", sets(("largest", 2**32 - 1)))
forged("plain.rest", "0", sets(("a byte", b"\0"), ("another entry", b"\0\1a\1\6erased")))
forged("plain", "0", [(f"cut at {n}", lambda v, n=n: v[:n]) for n in (0, 1, 4, 5, 100)])
forged("plain", "0", [(f"cut {n} before the end", lambda v, n=n: v[:-n]) for n in (1, 2, 30, 2000)])
forged("plain", "0", [("too large", lambda v: v + bytes(sealing.MAX_PLAINTEXT + 1 - len(v)))])

# -- the checkpoint ----------------------------------------------------------------------------------------------------

forged(
    "checkpoint.origin",
    "2",
    [("other lane", lambda v: v.replace("routine", "flash")), ("generation 2", lambda v: v[:-1] + "2")],
)
forged(
    "checkpoint.origin",
    "2",
    [("other sender", lambda v: v.replace("/be/", "/fr/")), ("other receiver", lambda v: v.replace("/ma/", "/fr/"))],
)
forged(
    "checkpoint.origin",
    "2",
    [("turned round", lambda v: v.replace("be/ma", "ma/be")), ("long", lambda v: v + "x" * 100)],
)
forged("checkpoint.origin", "0", sets(("empty", "")), LINES, NOT_UTF8)
forged("checkpoint.size", "0", NUMBER_FORMS, OTHER_DIGITS, LINES, NOT_UTF8)
forged("checkpoint.size", "4", numbers(1, -1, 5), sets(("zero", "0")))
forged("checkpoint.root", "0", HASH_FORMS, LINES, NOT_UTF8)
forged("checkpoint.root", "5", HASH_OTHERS)
forged(
    "checkpoint.root",
    "5",
    [(f"bit {bit}", lambda v, bit=bit: b64(flipped(wire.unb64(v), bit, bit % 8))) for bit in (0, 15, 31)],
)
forged(
    "checkpoint.lines",
    "0",
    [("extension", lambda v: [*v, "more"]), ("no root", lambda v: v[:2]), ("origin only", lambda v: v[:1])],
)
forged(
    "checkpoint.lines", "0", [("swapped", lambda v: [v[0], v[2], v[1]]), ("blank line", lambda v: [v[0], "", *v[1:]])]
)


def value(number: int, change: Any) -> Any:
    """A change of the value of one signature."""

    def made(lines: list[Signature]) -> list[Signature]:
        lines = list(lines)
        lines[number] = msgspec.structs.replace(lines[number], value=change(lines[number].value))
        return lines

    return made


for number, name in ((0, "Ed25519"), (1, "ML-DSA-44")):
    forged("checkpoint.signatures", "3", [(f"{name} missing", lambda v, n=number: [v[1 - n]])])
    forged("checkpoint.signatures", "3", [(f"{name} twice", lambda v, n=number: [*v, v[n]])])
    forged(
        "checkpoint.signatures",
        "3",
        [(f"{name} of others", lambda v, n=number: [v[1 - n], Signature(v[n].name, v[n].key, v[1 - n].value)])],
    )
    forged(
        "checkpoint.signatures",
        "3",
        [(f"{name} bit {at}", value(number, lambda v, at=at: flipped(v, at))) for at in (0, 7, 8, 31, 63, -1)],
    )
    forged(
        "checkpoint.signatures",
        "3",
        [(f"{name} cut to {n}", value(number, lambda v, n=n: v[:n])) for n in (1, 8, 9, 63)],
    )
    forged("checkpoint.signatures", "3", [(f"{name} longer", value(number, lambda v: v + b"\0"))])
    forged(
        "checkpoint.signatures",
        "3",
        [(f"{name} key id", lambda v, n=number: [v[1 - n], msgspec.structs.replace(v[n], key=flipped(v[n].key, 3))])],
    )
    forged(
        "checkpoint.signatures",
        "3",
        [(f"{name} name", lambda v, n=number: [v[1 - n], msgspec.structs.replace(v[n], name="be/receipt")])],
    )
forged(
    "checkpoint.signatures",
    "3",
    [
        ("a time", value(1, lambda v: struct.pack(">Q", 1) + v[8:])),
        ("a late time", value(1, lambda v: b"\xff" * 8 + v[8:])),
    ],
)
forged(
    "checkpoint.signatures",
    "0",
    [("none", lambda v: []), ("17", lambda v: [*v, *(Signature(f"x{i}", bytes(4), bytes(9)) for i in range(15))])],
)
forged(
    "checkpoint",
    "0",
    [
        ("not a note", lambda v: b"x"),
        ("empty", lambda v: b""),
        ("too long", lambda v: v + b"\xe2\x80\x94 x " + b"A" * 131072 + b"\n"),
    ],
)

# -- the leaves --------------------------------------------------------------------------------------------------------

LEAF = "entry.1.leaf"
forged(f"{LEAF}.version", "4", sets(("2", "passerelle-entry/2"), ("empty", ""), ("batch", wire.BATCH)), LINES, LATIN)
forged(
    f"{LEAF}.origin",
    "4",
    [("other lane", lambda v: v.replace("routine", "flash")), ("generation 2", lambda v: v[:-1] + "2")],
)
forged(
    f"{LEAF}.origin",
    "4",
    [("other sender", lambda v: v.replace("/be/", "/fr/")), ("other receiver", lambda v: v.replace("/ma/", "/fr/"))],
)
forged(
    f"{LEAF}.origin", "4", [("turned round", lambda v: v.replace("be/ma", "ma/be"))], sets(("empty", "")), LINES, LATIN
)
forged(f"{LEAF}.index", "4", NUMBER_FORMS, OTHER_DIGITS, numbers(1, -1, 2), LINES, NOT_UTF8)
forged(
    f"{LEAF}.time",
    "4",
    NUMBER_FORMS,
    OTHER_DIGITS,
    sets(("the epoch", "0"), ("before the last", str(NOW))),
    LINES,
    NOT_UTF8,
)
forged(
    f"{LEAF}.time",
    "4",
    [("before the one before", lambda v: str(int(v) - 1)), ("6 minutes ahead", lambda v: str(int(v) + 6 * 60_000))],
)
forged(
    f"{LEAF}.time",
    "4",
    [
        ("a millisecond too far ahead", lambda v: str(int(v) + AHEAD + 1)),
        ("the year 9999", lambda v: "253402300799999"),
    ],
)
forged(f"{LEAF}.message", "4", ID_FORMS, LINES, NOT_UTF8)
forged(f"{LEAF}.size", "4", NUMBER_FORMS, OTHER_DIGITS, numbers(1, -1), sets(("zero", "0")), LINES, NOT_UTF8)
forged(f"{LEAF}.commitment", "4", HASH_FORMS[:-1], HASH_OTHERS, LINES, NOT_UTF8)
forged(
    f"{LEAF}.lines",
    "4",
    [
        ("one missing", lambda v: v[:-1]),
        ("one more", lambda v: [*v, "x"]),
        ("none", lambda v: []),
        ("empty line", lambda v: [*v, ""]),
    ],
)
forged(
    f"{LEAF}.lines",
    "4",
    [(f"{i} and {i + 1} swapped", lambda v, i=i: [*v[:i], v[i + 1], v[i], *v[i + 2 :]]) for i in range(6)],
)
forged(
    LEAF,
    "4",
    [("no newline", lambda v: v[:-1]), ("returns", lambda v: v.replace(b"\n", b"\r\n")), ("empty", lambda v: b"")],
)
forged(LEAF, "4", [("that of entry 0", lambda v: None)])
CASES.pop()
forged(
    LEAF,
    "0",
    [("1025 bytes", lambda v: v[:-1] + b"A" * (1025 - len(v)) + b"\n"), ("60,000 bytes", lambda v: v + b"A" * 60_000)],
)
forged(LEAF, "4", [("1024 bytes", lambda v: v[:-1] + b"A" * (1024 - len(v)) + b"\n")])
forged(
    "entry.1.leaf_length",
    "0",
    [("-1", lambda v: v - 1), ("+1", lambda v: v + 1), ("0", lambda v: 0), ("largest", lambda v: 65535)],
)
forged("entry.1.kind", "0", sets(("2", 2), ("1", 1), ("255", 255)))
forged("entry.1.salt", "4", [(f"bit of byte {at}", lambda v, at=at: flipped(v, at)) for at in (0, 15, 31)])
forged("entry.1.salt", "4", [("zeros", lambda v: bytes(32)), ("random", lambda v: os.urandom(32))])
forged("entry.1.salt", "0", [("31 bytes", lambda v: v[1:]), ("33 bytes", lambda v: v + b"\0"), ("none", lambda v: b"")])
forged("entry.1.content", "4", [(f"bit of byte {at}", lambda v, at=at: flipped(v, at)) for at in (0, 1, 200, -1)])
forged(
    "entry.1.content",
    "4",
    [
        ("empty", lambda v: b""),
        ("shorter", lambda v: v[:-1]),
        ("longer", lambda v: v + b" "),
        ("other", lambda v: bytes(len(v))),
    ],
)
forged("entry.1.content", "0", [("over 1 MiB", lambda v: v + b" " * (wire.MAX_CONTENT + 1 - len(v)))])
forged("entry.1.content_length", "0", [("0", lambda v: 0), ("+1", lambda v: v + 1), ("-1", lambda v: v - 1)])
forged("entry.1.content_length", "0", sets(("largest", 2**32 - 1), ("over 1 MiB", wire.MAX_CONTENT + 1)))
forged(
    "items",
    "4",
    [
        ("backwards", lambda v: v[::-1]),
        ("one left out", lambda v: [v[0], v[2]]),
        ("one twice", lambda v: [v[0], v[0], *v[1:]]),
    ],
)
forged("items", "4", [("the last left out in front", lambda v: v[1:])])
REASONS = ("", "Erased", "withheld", "not permitted", "not-held", "refused", "erased ", "er", "x" * 255, "né")


@pytest.fixture(scope="module")
def base() -> Pair:
    """be has three acts with an index that ma has not got; the logs of both hold more from before."""
    pair = partners()
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "acknowledge")
    pair.settle()
    for _ in range(3):
        pair.answer("be", dossier, "ask-more")
    Forger(pair)
    pair.clock.advance(1000)
    return pair


def refused(pair: Pair, body: bytes) -> str:
    """The number with which ma refuses the batch. Not a byte of its store may change."""
    before = dump(pair.ma.store)
    with pytest.raises(BatchRefusedError) as error:
        inbox.receive(pair.ma.ctx, body)
    assert dump(pair.ma.store) == before
    return str(error.value.check)


def taken(pair: Pair, body: bytes) -> None:
    """The batch is accepted after all: what was refused before has left no trace."""
    inbox.receive(pair.ma.ctx, body)
    states = [m.state for m in pair.ma.all(MESSAGES) if m.direction == "in" and m.kind == "act"]
    assert states == ["applied"] * 4


@pytest.mark.parametrize(("field", "name", "change", "check"), CASES, ids=[f"{c[0]} {c[1]} [{c[3]}]" for c in CASES])
def test_a_forged_field_is_refused_with_its_number(base: Pair, field: str, name: str, change: Any, check: str) -> None:
    pair = fork(base)
    assert refused(pair, Forger(pair).build({field: change})) == check


def test_the_honest_batch_is_accepted_by_all_those_who_refused(base: Pair) -> None:
    pair = fork(base)
    taken(pair, Forger(pair).build())


def test_there_is_a_forgery_for_each_field(base: Pair) -> None:
    pair = fork(base)
    forger = Forger(pair)
    forger.build()
    fields = {name for name in forger.asked if not name.startswith(("entry.0.", "entry.2."))}
    tried = {case[0] for case in CASES}
    # The origin is forged part by part. `withheld` chooses the form of the item; the reasons have a test of their own.
    assert fields - tried == {"header.origin", "entry.1.withheld"}


@pytest.mark.parametrize("reason", REASONS)
def test_a_withheld_entry_names_a_known_reason(base: Pair, reason: str) -> None:
    pair = fork(base)
    body = Forger(pair).build({"entry.1.withheld": "erased", "entry.1.reason": reason.encode()})
    assert refused(pair, body) == "0"


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("kind", 0),
        ("kind", 2),
        ("reason_length", 5),
        ("reason_length", 7),
        ("reason_length", 0),
        ("reason_length", 255),
    ],
)
def test_the_framing_of_a_withheld_entry(base: Pair, field: str, change: int) -> None:
    pair = fork(base)
    assert refused(pair, Forger(pair).build({"entry.1.withheld": "erased", f"entry.1.{field}": change})) == "0"


def head_of(body: bytes) -> bytes:
    return body[4 : 4 + int.from_bytes(body[:4])]


HEADERS = [case for case in CASES if case[0].startswith("header") and case[0] != "header"]


@pytest.mark.parametrize(("field", "name", "change", "check"), HEADERS, ids=[f"{c[0]} {c[1]}" for c in HEADERS])
def test_what_is_asked_before_the_rest_is_read_refuses_no_more_than_the_whole(
    base: Pair, field: str, name: str, change: Any, check: str
) -> None:
    """A header that is let in is judged again with the rest; one that is not, would not have been."""
    pair = fork(base)
    body = Forger(pair).build({field: change})
    before = dump(pair.ma.store)
    assert asked(pair, head_of(body)) in {"", check} & {"", "0", "1"}
    assert dump(pair.ma.store) == before


def asked(pair: Pair, head: bytes) -> str:
    """The number with which a header is not let in, or nothing."""
    try:
        inbox.admit(pair.ma.ctx, head)
    except BatchRefusedError as error:
        return str(error.check)
    return ""


def test_a_stranger_s_header_is_not_let_in(base: Pair) -> None:
    pair = fork(base)
    inbox.admit(pair.ma.ctx, head_of(Forger(pair).build()))
    for signer in (STRANGER.envelope, OTHERS.envelope):
        with pytest.raises(BatchRefusedError) as error:
            inbox.admit(pair.ma.ctx, head_of(Forger(pair).build({"header.signer": signer})))
        assert error.value.check == Check.SIGNATURE
    for head in (b"", b"x", b"\xff" * 100):
        with pytest.raises(BatchRefusedError) as error:
            inbox.admit(pair.ma.ctx, head)
        assert error.value.check == Check.FORM


# -- what is odd but right ---------------------------------------------------------------------------------------------

RIGHT: list[tuple[str, dict[str, Any]]] = [
    ("a header of another time", {"header.time": "1"}),
    ("a header of the future", {"header.time": str(2**63 - 1)}),
    (
        "a stranger's signature beside",
        {"header.signatures": lambda v: [*v, Signature("fr/envelope", b"\1\2\3\4", bytes(64))]},
    ),
    (
        "a stranger's signature on the checkpoint",
        {"checkpoint.signatures": lambda v: [Signature("fr/log", b"\1\2\3\4", bytes(64)), *v]},
    ),
    (
        "a garbled cosignature on the checkpoint",
        {"checkpoint.signatures": lambda v: [*v, Signature("ma/receipt", b"\1\2\3\4", bytes(72))]},
    ),
    ("the last entry 5 minutes ahead", {"entry.2.leaf.time": lambda v: str(int(v) + AHEAD)}),
    ("signatures in another order", {"checkpoint.signatures": lambda v: v[::-1]}),
]


@pytest.mark.parametrize(("name", "changes"), RIGHT, ids=[name for name, _ in RIGHT])
def test_what_is_odd_but_right_is_accepted(base: Pair, name: str, changes: dict[str, Any]) -> None:
    pair = fork(base)
    taken(pair, Forger(pair).build(changes))


def test_a_stranger_s_line_is_not_handed_on_in_the_receipt(base: Pair) -> None:
    pair = fork(base)
    strange = Signature("fr/log", b"\1\2\3\4", bytes(64))
    answer = inbox.receive(pair.ma.ctx, Forger(pair).build({"checkpoint.signatures": lambda v: [strange, *v]}))
    names = [(one.name, one.key) for one in checkpoints.parse(answer).note.signatures]
    keys = [*pair.be.identity.log, *pair.ma.identity.receipt]
    assert sorted(names) == sorted((key.name, key.id) for key in keys)


# -- combinations ------------------------------------------------------------------------------------------------------


def test_a_batch_of_keys_that_are_not_pinned_costs_one_verification(
    base: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signature comes before the seal is opened."""
    pair = fork(base)
    body = Forger(pair).build({"header.signer": STRANGER.envelope})
    monkeypatch.setattr(type(pair.ma.ctx.keys.sealing), "open", lambda *_: pytest.fail("decapsulated for a stranger"))
    assert refused(pair, body) == "1"


@pytest.mark.parametrize("status", ["unconfirmed", "suspended"])
def test_nothing_is_taken_from_a_partner_that_persons_have_not_confirmed(base: Pair, status: str) -> None:
    pair = fork(base)
    body = Forger(pair).build()
    partner = pair.ma.store.read(lambda tx: tx.get(PARTNERS, "be"))
    changed = msgspec.structs.replace(partner, status=status)
    pair.ma.store.write("test", lambda tx: tx.put(PARTNERS, [changed]))
    assert refused(pair, body) == "1"
    assert refused_question(pair, pair.be.sender.question(os.urandom(16))) == "1"


def refused_question(pair: Pair, question: bytes) -> str:
    before = dump(pair.ma.store)
    with pytest.raises(BatchRefusedError) as error:
        answering.status(pair.ma.ctx, question)
    assert dump(pair.ma.store) == before
    return str(error.value.check)


def test_a_batch_for_another_node_is_refused_there_and_here(base: Pair) -> None:
    """What be sends to ma, fr cannot use, though be is its partner too."""
    pair = fork(base)
    third = Pair(pair.clock, pair.be, make_peer("fr", "be", pair.clock))
    from tests.peers.pair import introduce

    introduce(third.ma, pair.be)
    body = Forger(pair).build()
    before = dump(third.ma.store)
    with pytest.raises(BatchRefusedError) as error:
        inbox.receive(third.ma.ctx, body)
    assert error.value.check == Check.SIGNATURE
    assert dump(third.ma.store) == before


def test_a_message_id_is_used_once(base: Pair) -> None:
    pair = fork(base)
    mine = next(m for m in pair.ma.all(MESSAGES) if m.direction == "out" and m.kind == "act")
    known = next(m for m in pair.ma.all(MESSAGES) if m.direction == "in" and m.kind == "act")
    signing = next(m for m in pair.ma.all(MESSAGES) if m.direction == "in" and m.kind == "instrument.sign")
    for used in (mine, known, signing):
        assert refused(pair, Forger(pair).build({"entry.1.leaf.message": used.id})) == "4"
    forger = Forger(pair)
    twice = entries.parse(forger.items[0].leaf).message
    assert refused(pair, forger.build({"entry.1.leaf.message": twice})) == "4"


def test_a_known_message_is_not_entered_again_in_its_own_log_or_in_another_lane(base: Pair) -> None:
    """Even with its own salt and content: an id has one place in a log, and one lane."""
    for lane in ("routine", "flash"):
        pair = fork(base)
        taken(pair, Forger(pair).build())
        again = Forger(pair, lane="routine", start=1).items[0]
        extra = Forger(pair, lane="routine", start=0)
        if lane == "flash":
            dossier = next(m.dossier for m in pair.be.all(MESSAGES) if m.dossier)
            pair.answer("be", dossier, "ask-more", lane="routine")
        forger = _of_lane(pair, lane, again, extra)
        assert refused(pair, forger) == "4", lane


def _of_lane(pair: Pair, lane: str, item: wire.Item, routine: Forger) -> bytes:
    """A batch of one entry, which repeats a known message, at the end of a log (or as the first of a new one)."""
    if lane == "routine":
        routine.items = [*routine.items, item]
        leaf = f"entry.{len(routine.items) - 1}.leaf"
        return routine.build({f"{leaf}.time": str(pair.clock.now())})
    routine.items, routine.frontier, routine.start = [item], b"", 0
    routine.log = msgspec.structs.replace(
        routine.log, origin=routine.log.origin.replace("routine", "flash"), lane="flash"
    )
    return routine.build({"entry.0.leaf.time": str(pair.clock.now())})


def test_a_gap_is_refused(base: Pair) -> None:
    pair = fork(base)
    start = Forger(pair).start
    assert start is not None
    assert refused(pair, Forger(pair, start=start + 1).build()) == "4"


def test_times_do_not_decrease_across_batches(base: Pair) -> None:
    pair = fork(base)
    last = pair.clock.now() + AHEAD
    inbox.receive(pair.ma.ctx, Forger(pair).build({"entry.2.leaf.time": str(last)}))
    pair.answer("be", next(m.dossier for m in pair.be.all(MESSAGES) if m.dossier), "ask-more")
    forger = Forger(pair)
    assert forger.start is not None
    forger.start, forger.items = forger.start + 3, forger.items[3:]
    for time, right in ((last - 1, False), (last, True)):
        forger.frontier = pair.ma.store.read(lambda tx: links.current(tx, "be", "in", "routine")).frontier  # type: ignore[union-attr]
        body = forger.build({"entry.0.leaf.time": str(time), "items": lambda v: [(0, v[0][1])]})
        if right:
            inbox.receive(pair.ma.ctx, body)
        else:
            assert refused(pair, body) == "4"


@pytest.mark.parametrize("kind", ["overlap", "same", "old", "older"])
def test_a_replayed_batch_is_answered_again_and_applied_once(base: Pair, kind: str) -> None:
    pair = fork(base)
    older = Forger(pair, start=0).build({"items": lambda v: v[:1], "header.time": "1"})
    whole = Forger(pair).build()
    taken(pair, whole)
    before = dump(pair.ma.store)
    body = {"same": whole, "overlap": Forger(pair, start=0).build(), "old": older, "older": older}[kind]
    answer = checkpoints.parse(inbox.receive(pair.ma.ctx, body))
    assert answer.size == 4
    assert checkpoints.verify_cosignature(answer, pair.ma.identity.receipt) == pair.clock.now() // 1000
    assert dump(pair.ma.store) == before


def test_an_overlap_with_new_entries_appends_only_these(base: Pair) -> None:
    pair = fork(base)
    first = Forger(pair).build({"items": lambda v: v[:1]})
    inbox.receive(pair.ma.ctx, first)
    before = {m.id: m for m in pair.ma.all(MESSAGES)}
    taken(pair, Forger(pair, start=0).build())
    after = {m.id: m for m in pair.ma.all(MESSAGES)}
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 2


@pytest.mark.parametrize("change", ["salt", "content", "reason"])
def test_the_contents_of_known_entries_are_matched_even_though_they_are_skipped(base: Pair, change: str) -> None:
    pair = fork(base)
    inbox.receive(pair.ma.ctx, Forger(pair).build({"items": lambda v: v[:1]}))
    if change == "reason":  # a content that is withheld by now is no contradiction
        taken(pair, Forger(pair, start=0).build({"entry.1.withheld": "erased"}))
        return
    forged = {f"entry.1.{change}": lambda v: flipped(v, 3)}
    assert refused(pair, Forger(pair, start=0).build(forged)) == "4"


def test_clocks_behind_and_ahead(base: Pair) -> None:
    """A receiver whose clock is behind refuses what lies more than 5 minutes ahead, until its clock has come there."""
    pair = fork(base)
    body = Forger(pair).build()
    pair.clock.advance(-AHEAD - 1001)  # the entries got their times 1 second before this clock's first moment
    assert refused(pair, body) == "4"
    pair.clock.advance(1)
    taken(pair, body)
    pair = fork(base)
    body = Forger(pair).build()
    pair.clock.advance(400 * 86_400_000)
    inbox.receive(pair.ma.ctx, body)  # late is not wrong: what that means for an act, check 7 says


def test_the_hash_in_the_header_is_that_of_the_ciphertext(base: Pair) -> None:
    """Two batches of one sender: the header of one does not open the other."""
    pair = fork(base)
    one, other = Forger(pair).build(), Forger(pair).build()
    cut = 4 + int.from_bytes(one[:4])
    assert refused(pair, one[:cut] + other[4 + int.from_bytes(other[:4]) :]) == "1"
    assert hashlib.sha256(one).digest() != hashlib.sha256(other).digest()


# -- generations -------------------------------------------------------------------------------------------------------


def generation(pair: Pair, changes: dict[str, Any] | None = None, number: int = 2, **fields: Any) -> bytes:
    """A batch that begins a generation of be's routine log, with fields of its first content changed."""
    from passerelle.core import ids, json
    from passerelle.exchange import links
    from passerelle.ports.records import LOGS

    peer = pair.ma
    held = peer.store.read(lambda tx: links.current(tx, "be", "in", "routine"))
    receipt = checkpoints.parse(inbox.receipt(peer.ctx, held)) if held else None
    name = ids.new_id()
    content = {
        "v": 1,
        "kind": "generation",
        "id": name,
        "governance": "1/2",
        "after": [],
        "previous": str(receipt) if receipt else "",
        "size": receipt.size if receipt else 0,
        "root": b64(receipt.root) if receipt else b64(forge.merkle.EMPTY_ROOT),
        "by": "be-op",
        "reason": "restored",
    }
    content |= {key: change(content[key]) if callable(change) else change for key, change in fields.items()}
    body = json.canonical({key: part for key, part in content.items() if part is not None})
    salt = os.urandom(32)
    origin = checkpoints.origin("be", "ma", "routine", number)
    leaf = entries.Leaf(origin, 0, pair.clock.now(), name, len(body), entries.commit(salt, body)).encode()
    forger = Forger(pair)
    log = pair.be.store.read(lambda tx: tx.get(LOGS, forger.log.origin))
    assert log is not None
    forger.log = msgspec.structs.replace(log, origin=origin, generation=number)
    forger.items, forger.frontier, forger.start = [wire.Item(leaf, salt, body)], b"", 0
    return forger.build(changes)


def held_of(pair: Pair) -> tuple[int, int]:
    from passerelle.exchange import links

    log = pair.ma.store.read(lambda tx: links.current(tx, "be", "in", "routine"))
    assert log is not None
    return log.generation, log.size


def test_a_proper_generation_is_accepted(base: Pair) -> None:
    pair = fork(base)
    inbox.receive(pair.ma.ctx, generation(pair))
    assert held_of(pair) == (2, 1)


def test_a_generation_that_skips_one_is_accepted_when_it_continues_what_is_held(base: Pair) -> None:
    """A generation that never reached the receiver is not missed: it is the checkpoint named that counts."""
    pair = fork(base)
    inbox.receive(pair.ma.ctx, generation(pair, number=4))
    assert held_of(pair) == (4, 1)
    assert refused(pair, generation(pair, number=3)) == "2"
    assert refused(pair, Forger(pair).build()) == "2"


WRONG_GENERATIONS: list[tuple[str, Any]] = [
    ("kind", "instrument.sign"),
    ("kind", "act"),
    ("kind", "refusal"),
    ("v", 2),
    ("v", True),
    ("id", "0190a000-0000-7000-8000-000000000000"),
    ("governance", "0/0"),
    ("after", ["0190a000-0000-7000-8000-000000000000"]),
    ("size", lambda v: v + 1),
    ("size", lambda v: v - 1),
    ("size", 0),
    ("size", -1),
    ("size", "1"),
    ("size", True),
    ("root", b64(bytes(32))),
    ("root", ""),
    ("root", lambda v: v[:-1]),
    ("root", None),
    ("previous", ""),
    ("previous", None),
    ("previous", "anything"),
    ("previous", lambda v: v.replace("routine", "flash")),
    ("previous", lambda v: v.replace("\n1\n", "\n2\n")),
    ("previous", lambda v: v.replace("— be/log", "— xx/log")),
    ("previous", 5),
    ("by", ""),
    ("by", None),
    ("reason", ""),
    ("reason", None),
    ("more", "x"),
]


@pytest.mark.parametrize(
    ("field", "change"), WRONG_GENERATIONS, ids=[f"{f}-{i}" for i, (f, _) in enumerate(WRONG_GENERATIONS)]
)
def test_a_generation_that_does_not_name_exactly_what_is_held_is_refused(base: Pair, field: str, change: Any) -> None:
    pair = fork(base)
    assert refused(pair, generation(pair, **{field: change})) == "2"


def test_a_generation_needs_its_content_and_its_first_place(base: Pair) -> None:
    pair = fork(base)
    assert refused(pair, generation(pair, {"entry.0.withheld": "erased"})) == "2"
    inbox.receive(pair.ma.ctx, generation(pair))
    assert refused(pair, Forger(pair).build()) == "2"  # the old log is closed
    with pytest.raises(BatchRefusedError) as error:
        inbox.receive(pair.ma.ctx, generation(pair, number=2))  # another first leaf: equivocation
    assert error.value.check == Check.LEAVES
    assert held_of(pair) == (2, 1)
