"""Forged receipts, status notes and recover notes, by a partner who holds its real keys.

What a forged question may do at the receiver: nothing. What a forged answer may do at the asker: nothing. A partner may
say that it holds less than it does; then it gets everything again, and an alarm is raised.
"""

import os
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest

from passerelle.core.errors import ExchangeError, PasserelleError
from passerelle.exchange import answering, inbox, links, wire
from passerelle.exchange.generation import Reopening
from passerelle.exchange.sender import Posting
from passerelle.identity.keys import b64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle, note
from passerelle.ledger.note import Signature
from passerelle.ports.records import ALARMS, CONFLICTS, CONTENTS, LOGS, MESSAGES, Log
from tests.peers.agree import agree
from tests.peers.copies import Copy, dump, fork, restart
from tests.peers.pair import BatchRefusedError, Pair, partners
from tests.unit.exchange.forge import (
    HASH_FORMS,
    HASH_OTHERS,
    NUMBER_FORMS,
    OTHER_DIGITS,
    OTHERS,
    STRANGER,
    cosigned,
    flipped,
)

NONCE = bytes(range(16))


@pytest.fixture(scope="module")
def base() -> Pair:
    """Three acts of be at ma, two more in line."""
    pair = partners()
    dossier, _ = pair.open_trace()
    for _ in range(2):
        pair.answer("be", dossier, "ask-more")
    pair.settle()
    for _ in range(2):
        pair.answer("be", dossier, "ask-more")
    return pair


def log_of(pair: Pair, lane: str = "routine", by: str = "be") -> Log:
    peer = pair.peer(by)
    log = peer.store.read(lambda tx: links.current(tx, pair.other(peer).ctx.name, "out", lane))
    assert log is not None
    return log


# -- receipts ----------------------------------------------------------------------------------------------------------

Lines = list[Signature]


def posted(pair: Pair) -> tuple[Posting, checkpoints.Checkpoint]:
    posting = pair.be.sender.step("routine")
    assert posting is not None
    return posting, checkpoints.parse(inbox.receive(pair.ma.ctx, posting.body))


def receipt(origin: str, size: int, root: bytes, signatures: Lines) -> bytes:
    return note.make(checkpoints.text_of(origin, size, root), signatures).encode()


def refuses_receipt(pair: Pair, posting: Posting, answer: bytes) -> None:
    before = dump(pair.be.store)
    with pytest.raises(ExchangeError):
        pair.be.sender.received(posting, answer)
    assert dump(pair.be.store) == before


def resigned(change: Callable[[Pair, checkpoints.Checkpoint], tuple[str, int, bytes]]) -> Any:
    """A receipt over something else, rightly cosigned by ma."""

    def made(pair: Pair, given: checkpoints.Checkpoint) -> bytes:
        origin, size, root = change(pair, given)
        return receipt(origin, size, root, list(cosigned(pair.ma.ctx.keys, origin, size, root)))

    return made


def lines(change: Callable[[Pair, Lines], Lines]) -> Any:
    """The right checkpoint with other signature lines."""
    return lambda pair, given: receipt(given.origin, given.size, given.root, change(pair, list(given.note.signatures)))


def root_at(pair: Pair, size: int) -> bytes:
    log = log_of(pair)
    return pair.be.store.read(lambda tx: links.root_of(tx, log, size))


def of_ma(found: Lines) -> Lines:
    return [one for one in found if one.name == "ma/receipt"]


def without_ma(found: Lines) -> Lines:
    return [one for one in found if one.name != "ma/receipt"]


def changed(at: int, change: Callable[[Signature], Signature]) -> Any:
    def made(_: Pair, found: Lines) -> Lines:
        mine = of_ma(found)
        mine[at] = change(mine[at])
        return [*without_ma(found), *mine]

    return lines(made)


def bit(at: int) -> Callable[[Signature], Signature]:
    return lambda one: msgspec.structs.replace(one, value=flipped(one.value, at))


RECEIPTS: dict[str, Any] = {
    "other lane": resigned(lambda p, g: (g.origin.replace("routine", "flash"), g.size, g.root)),
    "other generation": resigned(lambda p, g: (g.origin[:-1] + "2", g.size, g.root)),
    "own log": resigned(lambda p, g: (g.origin.replace("be/ma", "ma/be"), g.size, g.root)),
    "other partner": resigned(lambda p, g: (g.origin.replace("/ma/", "/fr/"), g.size, g.root)),
    "smaller size": resigned(lambda p, g: (g.origin, g.size - 1, root_at(p, g.size - 1))),
    "size before": resigned(lambda p, g: (g.origin, 3, root_at(p, 3))),
    "empty": resigned(lambda p, g: (g.origin, 0, merkle.EMPTY_ROOT)),
    "larger size": resigned(lambda p, g: (g.origin, g.size + 1, g.root)),
    "largest size": resigned(lambda p, g: (g.origin, 2**63 - 1, g.root)),
    "other root": resigned(lambda p, g: (g.origin, g.size, os.urandom(32))),
    "root of another size": resigned(lambda p, g: (g.origin, g.size, root_at(p, 3))),
    "no cosignature": lines(lambda p, found: without_ma(found)),
    "Ed25519 missing": lines(lambda p, found: [*without_ma(found), of_ma(found)[1]]),
    "ML-DSA-44 missing": lines(lambda p, found: [*without_ma(found), of_ma(found)[0]]),
    "Ed25519 twice": lines(lambda p, found: [*found, of_ma(found)[0]]),
    "ML-DSA-44 twice": lines(lambda p, found: [*found, of_ma(found)[1]]),
    "by a stranger": lambda p, g: receipt(g.origin, g.size, g.root, list(cosigned(STRANGER, g.origin, g.size, g.root))),
    "by another ma": lambda p, g: receipt(
        g.origin,
        g.size,
        g.root,
        [msgspec.structs.replace(one, name="ma/receipt") for one in cosigned(OTHERS, g.origin, g.size, g.root)],
    ),
    "by the log keys": lambda p, g: checkpoints.sign(p.ma.ctx.keys.log, g.origin, g.size, g.root).note.encode(),
    "by the sender itself": lambda p, g: receipt(
        g.origin, g.size, g.root, list(cosigned(p.be.ctx.keys, g.origin, g.size, g.root))
    ),
    "two times": lambda p, g: receipt(
        g.origin,
        g.size,
        g.root,
        [
            cosigned(p.ma.ctx.keys, g.origin, g.size, g.root, 1)[0],
            cosigned(p.ma.ctx.keys, g.origin, g.size, g.root, 2)[1],
        ],
    ),
    "another time put in": changed(0, lambda one: msgspec.structs.replace(one, value=bytes(8) + one.value[8:])),
    "a time beyond 2^63": changed(0, lambda one: msgspec.structs.replace(one, value=b"\xff" * 8 + one.value[8:])),
    "Ed25519 cut": changed(0, lambda one: msgspec.structs.replace(one, value=one.value[:8])),
    "ML-DSA-44 cut": changed(1, lambda one: msgspec.structs.replace(one, value=one.value[:-1])),
    "key id": changed(1, lambda one: msgspec.structs.replace(one, key=bytes(4))),
    "name": changed(1, lambda one: msgspec.structs.replace(one, name="ma/log")),
    **{f"Ed25519 bit {at}": changed(0, bit(at)) for at in (0, 7, 8, 40, -1)},
    **{f"ML-DSA-44 bit {at}": changed(1, bit(at)) for at in (0, 7, 8, 1000, -1)},
    "nothing": lambda p, g: b"",
    "no note": lambda p, g: b"thank you",
    "JSON": lambda p, g: b'{"refused":"4"}',
    "not UTF-8": lambda p, g: b"\xff" + str(g).encode(),
    "a whole megabyte": lambda p, g: str(g).encode() + b"A" * (1 << 20),
    "a status answer": lambda p, g: answering.status(p.ma.ctx, p.be.sender.question(NONCE)),
    "a batch": lambda p, g: p.sent[-1],
    "an extension line": lambda p, g: str(g).replace("\n\n", "\nmore\n\n", 1).encode(),
    **{
        f"size {name}": (lambda p, g, change=change: str(g).replace("\n5\n", f"\n{change('5')}\n", 1).encode())
        for name, change in NUMBER_FORMS + OTHER_DIGITS
    },
    **{
        f"root {name}": (lambda p, g, change=change: str(g).replace(b64(g.root), change(b64(g.root)), 1).encode())
        for name, change in HASH_FORMS + HASH_OTHERS
    },
}


@pytest.mark.parametrize("name", RECEIPTS)
def test_a_forged_receipt_is_none(base: Pair, name: str) -> None:
    pair = fork(base)
    pair.sent = list(base.sent)
    posting, given = posted(pair)
    assert (given.size, posting.end) == (5, 5)
    refuses_receipt(pair, posting, RECEIPTS[name](pair, given))
    assert pair.be.sender.received(posting, given.note.encode()) == 5


def test_the_receipt_of_an_earlier_batch_is_none_of_this_one(base: Pair) -> None:
    pair = fork(base)
    earlier = log_of(pair).receipt
    posting, _ = posted(pair)
    refuses_receipt(pair, posting, earlier.encode())


POISON: dict[str, Callable[[Lines], Lines]] = {
    "a stranger's line": lambda found: [Signature("fr/log", b"\1\2\3\4", bytes(64)), *found],
    "a line with the sender's log name": lambda found: [
        *of_ma(found),
        Signature("be/log", b"\1\2\3\4", bytes(64)),
    ],
    "the sender's signature garbled": lambda found: [
        *(msgspec.structs.replace(one, value=flipped(one.value, 9)) for one in without_ma(found)),
        *of_ma(found),
    ],
    "the sender's signatures left out": of_ma,
    "the sender's signatures twice": lambda found: [*without_ma(found), *found],
}


@pytest.mark.parametrize("name", POISON)
def test_what_else_stands_on_a_receipt_does_not_spoil_the_evidence(base: Pair, name: str) -> None:
    """The receipt that is kept bears the own signatures and the partner's cosignatures, nothing else."""
    pair = fork(base)
    posting, given = posted(pair)
    answer = receipt(given.origin, given.size, given.root, POISON[name](list(given.note.signatures)))
    assert pair.be.sender.received(posting, answer) == 5
    kept = checkpoints.parse(log_of(pair).receipt)
    checkpoints.verify(kept, pair.be.identity.log)
    checkpoints.verify_cosignature(kept, pair.ma.identity.receipt)
    assert len(kept.note.signatures) == 4


# -- status questions --------------------------------------------------------------------------------------------------


def question(pair: Pair, changes: dict[str, Any], keys: Any = None) -> bytes:
    """A status question with lines changed, signed with the real key."""
    values = {
        "kind": wire.STATUS,
        "names": "be ma",
        "nonce": b64(NONCE),
        "start": b64(NONCE),
        "time": str(pair.clock.now()),
    }
    text = [changes[key](value) if key in changes else value for key, value in values.items()]
    if "lines" in changes:
        text = changes["lines"](text)
    whole = "".join(f"{line}\n" for line in text)
    signer = keys or pair.be.ctx.keys.envelope
    signature = Signature(signer.name, signer.id, signer.sign(whole.encode()))
    return f"{whole}\n{signature.line()}".encode()


NONCES = [(name, change) for name, change in HASH_FORMS if name != "long"]
QUESTIONS: list[tuple[str, dict[str, Any], str]] = [
    *(
        (f"kind {other}", {"kind": lambda v, other=other: other}, "0")
        for other in ("", wire.BATCH, wire.RECOVER, "passerelle-status/2")
    ),
    *((f"time {name}", {"time": change}, "0") for name, change in NUMBER_FORMS + OTHER_DIGITS),
    *((f"{key} {name}", {key: change}, "0") for key in ("nonce", "start") for name, change in NONCES),
    *(
        (f"{key} of {size}", {key: lambda v, size=size: b64(bytes(size))}, "0")
        for key in ("nonce", "start")
        for size in (15, 17)
    ),
    ("a line more", {"lines": lambda v: [*v, "x"]}, "0"),
    ("a line less", {"lines": lambda v: v[:-1]}, "0"),
    ("sender unknown", {"names": lambda v: "fr ma"}, "1"),
    ("sender empty", {"names": lambda v: " ma"}, "1"),
    ("one name", {"names": lambda v: "be"}, "2"),
    ("receiver other", {"names": lambda v: "be fr"}, "2"),
    ("receiver the asker", {"names": lambda v: "be be"}, "2"),
    ("a third name", {"names": lambda v: "be ma x"}, "2"),
    ("turned round", {"names": lambda v: "ma be"}, "1"),
]


@pytest.mark.parametrize(("name", "changes", "check"), QUESTIONS, ids=[name for name, _, _ in QUESTIONS])
def test_a_forged_status_question_is_refused(base: Pair, name: str, changes: dict[str, Any], check: str) -> None:
    asks(base, question(base, changes), answering.status, check)


def asks(pair: Pair, data: bytes, ask: Any, check: str) -> None:
    before = dump(pair.ma.store)
    with pytest.raises(BatchRefusedError) as error:
        ask(pair.ma.ctx, data)
    assert str(error.value.check) == check
    assert dump(pair.ma.store) == before


def test_a_status_question_is_signed_by_the_envelope_key_alone(base: Pair) -> None:
    answering.status(base.ma.ctx, question(base, {}))
    keys = base.be.ctx.keys
    for signer in (STRANGER.envelope, OTHERS.envelope, keys.log[0], keys.receipt[0]):
        asks(base, question(base, {}, signer), answering.status, "1")
    for broken in (b"", b"x", question(base, {})[:-5], b"\xff" + question(base, {})):
        asks(base, broken, answering.status, "0")
        asks(base, broken, answering.recover, "0")
    asks(base, question(base, {}), answering.recover, "0")


# -- status answers ----------------------------------------------------------------------------------------------------


def answer(pair: Pair, changes: dict[str, Any], signer: Any = None) -> bytes:
    """ma's status answer with fields changed, signed with its real key. `routine.size` is the size line of a lane."""

    def put(name: str, value: Any) -> Any:
        return changes[name](value) if name in changes else value

    states: list[str] = []
    held: list[bytes] = []
    for lane in checkpoints.LANES:
        log = pair.ma.store.read(lambda tx, lane=lane: links.current(tx, "be", "in", lane))  # type: ignore[misc]
        size, root = (log.size, merkle.Tree(log.size, log.frontier).root()) if log else (0, merkle.EMPTY_ROOT)
        cells = {"lane": lane, "generation": str(log.generation if log else 0), "size": str(size), "root": b64(root)}
        states.append(" ".join(put(f"{lane}.{name}", value) for name, value in cells.items()))
        held.append(put(f"{lane}.receipt", inbox.receipt(pair.ma.ctx, log) if log else b""))
    values = {"kind": wire.STATUS_ANSWER, "names": "ma be", "nonce": b64(NONCE), "time": str(pair.clock.now())}
    text = [put(name, value) for name, value in values.items()]
    whole = "".join(f"{line}\n" for line in put("lines", [*text, *states]))
    signer = signer or pair.ma.ctx.keys.envelope
    signed = f"{whole}\n{Signature(signer.name, signer.id, signer.sign(whole.encode())).line()}".encode()
    parts = put("parts", [signed, *held])
    return bytes(put("whole", b"".join(struct.pack(">I", len(part)) + part for part in parts)))


def held_as(change: Callable[[Pair, checkpoints.Checkpoint], bytes]) -> Any:
    return lambda pair: {"routine.receipt": lambda old: change(pair, checkpoints.parse(old))}


def bigger(pair: Pair, *, keys: Any = None, generation: int = 1, size: int = 9) -> dict[str, Any]:
    """A claim to hold more than there is, with whatever signatures a partner can make."""
    origin, root = f"passerelle/be/ma/routine/{generation}", bytes(32)
    keys = keys or pair.ma.ctx.keys
    signed = checkpoints.sign(keys.log, origin, size, root)
    lines = [*signed.note.signatures, *cosigned(pair.ma.ctx.keys, origin, size, root)]
    return {
        "routine.generation": lambda v: str(generation),
        "routine.size": lambda v: str(size),
        "routine.root": lambda v: b64(root),
        "routine.receipt": lambda v: receipt(origin, size, root, lines),
    }


ANSWERS: dict[str, Callable[[Pair], dict[str, Any]]] = {
    **{
        f"kind {other}": (lambda p, other=other: {"kind": lambda v: other})
        for other in ("", wire.STATUS, wire.BATCH, "passerelle-status-answer/2")
    },
    "another question": lambda p: {"nonce": lambda v: b64(os.urandom(16))},
    **{
        f"names {other}": (lambda p, other=other: {"names": lambda v: other})
        for other in ("be ma", "fr be", "ma fr", "ma", "ma be x")
    },
    **{f"time {name}": (lambda p, change=change: {"time": change}) for name, change in NUMBER_FORMS + OTHER_DIGITS},
    **{
        f"size {name}": (lambda p, change=change: {"routine.size": change})
        for name, change in NUMBER_FORMS + OTHER_DIGITS
    },
    **{
        f"generation {name}": (lambda p, change=change: {"routine.generation": change})
        for name, change in NUMBER_FORMS + OTHER_DIGITS
    },
    **{
        f"root {name}": (lambda p, change=change: {"routine.root": change}) for name, change in HASH_FORMS + HASH_OTHERS
    },
    "size +1": lambda p: {"routine.size": lambda v: str(int(v) + 1)},
    "size -1": lambda p: {"routine.size": lambda v: str(int(v) - 1)},
    "generation +1": lambda p: {"routine.generation": lambda v: "2"},
    "generation 0 with entries": lambda p: {"routine.generation": lambda v: "0"},
    "lane other": lambda p: {"routine.lane": lambda v: "flash"},
    "lanes swapped": lambda p: {"lines": lambda v: [*v[:4], v[5], v[4], v[6]]},
    "a lane missing": lambda p: {"lines": lambda v: v[:-1]},
    "a lane more": lambda p: {"lines": lambda v: [*v, v[-1]]},
    "a generation of nothing": lambda p: {"flash.generation": lambda v: "1"},
    "a late generation of nothing": lambda p: {"flash.generation": lambda v: "9"},
    "a root of nothing": lambda p: {"flash.root": lambda v: b64(bytes(32))},
    "a receipt of nothing": lambda p: {"flash.receipt": lambda v: inbox.receipt(p.ma.ctx, held(p))},
    "no receipt": lambda p: {"routine.receipt": lambda v: b""},
    "receipt of another lane": lambda p: {"routine.receipt": lambda v: inbox.receipt(p.ma.ctx, held(p, "governance"))},
    "receipt of an own log": lambda p: {"routine.receipt": lambda v: log_of(p, "governance", "ma").receipt.encode()},
    "receipt without cosignatures": held_as(
        lambda p, g: receipt(g.origin, g.size, g.root, without_ma(list(g.note.signatures)))
    ),
    "receipt with one cosignature": held_as(
        lambda p, g: receipt(g.origin, g.size, g.root, list(g.note.signatures)[:-1])
    ),
    "receipt with a broken cosignature": held_as(changed(1, bit(50))),
    "receipt cosigned by a stranger": held_as(
        lambda p, g: receipt(
            g.origin,
            g.size,
            g.root,
            [*without_ma(list(g.note.signatures)), *cosigned(STRANGER, g.origin, g.size, g.root)],
        )
    ),
    "receipt without own signatures": held_as(
        lambda p, g: receipt(g.origin, g.size, g.root, of_ma(list(g.note.signatures)))
    ),
    "receipt not a note": lambda p: {"routine.receipt": lambda v: b"x"},
    "more, signed by itself": bigger,
    "more, signed by a stranger": lambda p: bigger(p, keys=STRANGER),
    "more, signed by another be": lambda p: bigger(p, keys=OTHERS),
    "a later generation, signed by itself": lambda p: bigger(p, generation=2),
    "a part less": lambda p: {"parts": lambda v: v[:-1]},
    "a part more": lambda p: {"parts": lambda v: [*v, b""]},
    "no parts": lambda p: {"parts": lambda v: []},
    "cut": lambda p: {"whole": lambda v: v[:-3]},
    "more behind": lambda p: {"whole": lambda v: v + b"\0"},
    "a long part": lambda p: {"whole": lambda v: b"\xff\xff\xff\xff" + v[4:]},
    "garbage": lambda p: {"whole": lambda v: b"\0\0\0\1x"},
}


def held(pair: Pair, lane: str = "routine") -> Log:
    log = pair.ma.store.read(lambda tx: links.current(tx, "be", "in", lane))
    assert log is not None
    return log


@pytest.mark.parametrize("name", ANSWERS)
def test_a_forged_status_answer_changes_nothing(base: Pair, name: str) -> None:
    pair = fork(base)
    for posting in filter(None, [pair.be.sender.step("routine")]):  # ma holds more than be has a receipt for
        inbox.receive(pair.ma.ctx, posting.body)
    before = dump(pair.be.store)
    with pytest.raises(ExchangeError):
        pair.be.sender.compare(NONCE, answer(pair, ANSWERS[name](pair)), "routine")
    assert dump(pair.be.store) == before
    assert pair.be.sender.compare(NONCE, answer(pair, {}), "routine")
    assert log_of(pair).cosigned == 5


def test_a_status_answer_is_signed_by_the_envelope_key_alone(base: Pair) -> None:
    pair = fork(base)
    keys = pair.ma.ctx.keys
    before = dump(pair.be.store)
    for signer in (STRANGER.envelope, OTHERS.envelope, keys.log[0], keys.receipt[0], pair.be.ctx.keys.envelope):
        with pytest.raises(ExchangeError):
            pair.be.sender.compare(NONCE, answer(pair, {}, signer), "routine")
    assert dump(pair.be.store) == before


def test_a_replayed_status_answer_is_none(base: Pair) -> None:
    pair = fork(base)
    old = answer(pair, {})
    before = dump(pair.be.store)
    with pytest.raises(ExchangeError):
        pair.be.sender.compare(os.urandom(16), old, "routine")
    assert dump(pair.be.store) == before


def test_a_partner_that_says_it_holds_less_gets_everything_again_and_an_alarm_is_raised(base: Pair) -> None:
    pair = fork(base)
    nothing = {
        "routine.generation": lambda v: "0",
        "routine.size": lambda v: "0",
        "routine.root": lambda v: b64(merkle.EMPTY_ROOT),
        "routine.receipt": lambda v: b"",
    }
    kept = log_of(pair).receipt
    before = dump(pair.ma.store)
    assert pair.be.sender.compare(NONCE, answer(pair, nothing), "routine")
    assert [one.what for one in pair.be.all(ALARMS)] == ["link.partner-behind"]
    assert log_of(pair).receipt == kept  # what it once cosigned is not forgotten
    pair.send(pair.be, "routine")
    assert log_of(pair).cosigned == 5
    assert {m.state for m in pair.ma.all(MESSAGES) if m.kind == "act"} == {"applied"}
    assert dump(pair.ma.store)["meta"] == before["meta"]


# -- recover questions -------------------------------------------------------------------------------------------------


def recover_question(pair: Pair, changes: dict[str, Any], signer: Any = None) -> bytes:
    values = {
        "kind": wire.RECOVER,
        "origin": "passerelle/be/ma/routine/1",
        "interval": "0 3",
        "nonce": b64(NONCE),
        "time": str(pair.clock.now()),
    }
    text = [changes[key](value) if key in changes else value for key, value in values.items()]
    whole = "".join(f"{line}\n" for line in (changes["lines"](text) if "lines" in changes else text))
    signer = signer or pair.be.ctx.keys.envelope
    return f"{whole}\n{Signature(signer.name, signer.id, signer.sign(whole.encode())).line()}".encode()


def origins(*names: str) -> list[tuple[str, dict[str, Any], str]]:
    return [(f"origin {name}", {"origin": lambda v, name=name: name}, "0") for name in names]


RECOVERS: list[tuple[str, dict[str, Any], str]] = [
    *(
        (f"kind {other}", {"kind": lambda v, other=other: other}, "0")
        for other in ("", wire.RECOVERED, wire.STATUS, "passerelle-recover/2")
    ),
    *((f"time {name}", {"time": change}, "0") for name, change in NUMBER_FORMS + OTHER_DIGITS),
    *((f"nonce {name}", {"nonce": change}, "0") for name, change in NONCES),
    *(
        (f"start {name}", {"interval": lambda v, change=change: f"{change('0')} 3"}, "0")
        for name, change in NUMBER_FORMS + OTHER_DIGITS
    ),
    *(
        (f"end {name}", {"interval": lambda v, change=change: f"0 {change('3')}"}, "0")
        for name, change in NUMBER_FORMS + OTHER_DIGITS
    ),
    *(
        (f"interval {other}", {"interval": lambda v, other=other: other}, "0")
        for other in ("3 3", "3 9", "2 1", "9 10", "0 0", "0", "0 3 3", "")
    ),
    *origins(
        "", "passerelle/be/ma/routine", "passerelle/be/ma/routine/0", "x/be/ma/routine/1", "passerelle/be/ma/fast/1"
    ),
    *origins("passerelle/be/ma/routine/١", "passerelle/be/ma/routine/1１", "passerelle/be/ma/routine/01"),
    ("another's log", {"origin": lambda v: "passerelle/fr/ma/routine/1"}, "1"),
    ("the receiver's own log", {"origin": lambda v: "passerelle/ma/be/routine/1"}, "1"),
    ("of another receiver", {"origin": lambda v: "passerelle/be/fr/routine/1"}, "2"),
    ("of an empty lane", {"origin": lambda v: "passerelle/be/ma/flash/1"}, "2"),
    ("of a later generation", {"origin": lambda v: "passerelle/be/ma/routine/2"}, "2"),
    ("a line more", {"lines": lambda v: [*v, "x"]}, "0"),
    ("a line less", {"lines": lambda v: v[:-1]}, "0"),
]


@pytest.mark.parametrize(("name", "changes", "check"), RECOVERS, ids=[name for name, _, _ in RECOVERS])
def test_a_forged_recover_question_is_refused(base: Pair, name: str, changes: dict[str, Any], check: str) -> None:
    asks(base, recover_question(base, changes), answering.recover, check)


def test_a_recover_question_is_signed_by_the_envelope_key_alone(base: Pair) -> None:
    answering.recover(base.ma.ctx, recover_question(base, {}))
    for signer in (STRANGER.envelope, OTHERS.envelope, base.be.ctx.keys.log[0]):
        asks(base, recover_question(base, {}, signer), answering.recover, "1")


# -- recover answers ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lost() -> Pair:
    """be was put back to before its last two acts; ma holds five."""
    pair = partners()
    dossier, _ = pair.open_trace()
    for _ in range(2):
        pair.answer("be", dossier, "ask-more")
    pair.settle()
    copy = Copy(pair.be.store)
    for _ in range(2):
        pair.answer("be", dossier, "ask-more")
    pair.settle()
    restart(pair, "be", copy.open())
    assert not pair.compare(pair.be, "routine")
    return pair


def asked(pair: Pair) -> tuple[Reopening, bytes]:
    job = Reopening(pair.be.ctx, "ma", "routine")
    job.told(NONCE, answer(pair, {}))
    request = job.request(os.urandom(16))
    assert request is not None
    return job, request


def recovered(
    pair: Pair,
    items: Callable[[list[wire.Item]], list[wire.Item]] = lambda found: found,
    *,
    start: int = 3,
    kind: str = wire.RECOVERED,
    origin: str = "passerelle/be/ma/routine/1",
    checkpoint: Callable[[checkpoints.Checkpoint], checkpoints.Checkpoint] = lambda one: one,
    to: Any = None,
    signer: Any = None,
) -> bytes:
    """ma's answer with something changed."""
    given = pair.ma.store.read(lambda tx: links.items(tx, "passerelle/be/ma/routine/1", 3, 5, 1 << 20))
    batch = wire.Batch(start, checkpoint(checkpoints.parse(held(pair).receipt)), tuple(items(given)))
    to = to or pair.be.identity.sealing
    signer = signer or pair.ma.ctx.keys.envelope
    return wire.seal_batch(kind, origin, batch, to=to, signer=signer, now=pair.clock.now())


def releafed(at: int, **fields: Any) -> Callable[[list[wire.Item]], list[wire.Item]]:
    def made(found: list[wire.Item]) -> list[wire.Item]:
        found = list(found)
        leaf = msgspec.structs.replace(entries.parse(found[at].leaf), **fields)
        found[at] = msgspec.structs.replace(found[at], leaf=leaf.encode())
        return found

    return made


def refilled(at: int, **fields: Any) -> Callable[[list[wire.Item]], list[wire.Item]]:
    return lambda found: [*found[:at], msgspec.structs.replace(found[at], **fields), *found[at + 1 :]]


def invented(pair: Pair, index: int) -> wire.Item:
    """An act that be never wrote, in a leaf that be never signed."""
    body = pair.ma.store.read(lambda tx: links.items(tx, "passerelle/be/ma/routine/1", 4, 5, 1 << 20))[0]
    leaf = entries.parse(body.leaf)
    name = "0190a000-0000-7000-8000-00000000000a"
    content = body.content.replace(leaf.message.encode(), name.encode())
    salt = bytes(32)
    made = msgspec.structs.replace(
        leaf, index=index, message=name, size=len(content), commitment=entries.commit(salt, content)
    )
    return wire.Item(made.encode(), salt, content)


def signed_by(keys: Any) -> Callable[[checkpoints.Checkpoint], checkpoints.Checkpoint]:
    return lambda one: checkpoints.sign(keys.log, one.origin, one.size, one.root)


RECOVERED: dict[str, Callable[[Pair], bytes]] = {
    "not a batch": lambda p: b"x",
    "nothing": lambda p: b"",
    "a receipt": lambda p: held(p).receipt.encode(),
    "kind batch": lambda p: recovered(p, kind=wire.BATCH),
    "other origin": lambda p: recovered(p, origin="passerelle/be/ma/flash/1"),
    "other generation": lambda p: recovered(p, origin="passerelle/be/ma/routine/2"),
    "own origin": lambda p: recovered(p, origin="passerelle/ma/be/routine/1"),
    "earlier start": lambda p: recovered(p, start=2),
    "later start": lambda p: recovered(p, start=4),
    "sealed to a stranger": lambda p: recovered(p, to=STRANGER.sealing.public),
    "signed by a stranger": lambda p: recovered(p, signer=STRANGER.envelope),
    "signed by be itself": lambda p: recovered(p, signer=p.be.ctx.keys.envelope),
    "signed by the log key": lambda p: recovered(p, signer=p.ma.ctx.keys.log[0]),
    "swapped": lambda p: recovered(p, lambda found: found[::-1]),
    "one twice": lambda p: recovered(p, lambda found: [found[0], found[0]]),
    "leaf of another time": lambda p: recovered(p, releafed(0, time=1)),
    "leaf of another message": lambda p: recovered(p, releafed(1, message="0190a000-0000-7000-8000-00000000000a")),
    "leaf of another size": lambda p: recovered(p, releafed(1, size=1)),
    "leaf of another log": lambda p: recovered(p, releafed(1, origin="passerelle/be/ma/flash/1")),
    "leaf of another index": lambda p: recovered(p, releafed(1, index=9)),
    "leaf of another commitment": lambda p: recovered(p, releafed(1, commitment=bytes(32))),
    "withheld, leaf of another commitment": lambda p: recovered(
        p, lambda found: refilled(1, withheld="erased")(releafed(1, commitment=bytes(32))(found))
    ),
    "leaf no leaf": lambda p: recovered(p, refilled(0, leaf=b"x")),
    "salt": lambda p: recovered(p, refilled(0, salt=bytes(32))),
    "content": lambda p: recovered(p, refilled(1, content=b"{}")),
    "content empty": lambda p: recovered(p, refilled(1, content=b"")),
    "content garbled": lambda p: recovered(p, lambda f: refilled(1, content=flipped(f[1].content, 30))(f)),
    "an act more than be signed": lambda p: recovered(p, lambda found: [*found, invented(p, 5)]),
    "an act instead of one that be signed": lambda p: recovered(p, lambda found: [found[0], invented(p, 4)]),
    "a checkpoint of the partner's own": lambda p: recovered(p, checkpoint=signed_by(p.ma.ctx.keys)),
    "a checkpoint of a stranger": lambda p: recovered(p, checkpoint=signed_by(OTHERS)),
    "a checkpoint of another log": lambda p: recovered(
        p, checkpoint=lambda one: checkpoints.sign(p.be.ctx.keys.log, one.origin[:-1] + "2", one.size, one.root)
    ),
    "a checkpoint that is too small": lambda p: recovered(
        p, checkpoint=lambda one: checkpoints.sign(p.be.ctx.keys.log, one.origin, 4, one.root)
    ),
}


@pytest.mark.parametrize("name", RECOVERED)
def test_a_forged_recover_answer_puts_nothing_into_the_own_log(lost: Pair, name: str) -> None:
    pair = fork(lost)
    job, _ = asked(pair)
    before = dump(pair.be.store)
    # Other leaves in the last place are seen at the root: then all of it is asked for, as after a fork.
    with suppress(ExchangeError):
        job.recovered(RECOVERED[name](pair))
        assert job.request(NONCE) is not None
    with pytest.raises(PasserelleError):
        job.finish("be-op", "restored")
    assert dump(pair.be.store) == before
    # The honest answer still does it, on the same job.
    while (request := job.request(os.urandom(16))) is not None:
        job.recovered(answering.recover(pair.ma.ctx, request))
    job.finish("be-op", "restored")
    pair.settle()
    assert pair.be.store.read(lambda tx: tx.get(LOGS, "passerelle/be/ma/routine/1")).size == 5  # type: ignore[union-attr]
    assert not pair.be.all(CONFLICTS)
    agree(pair)


def test_a_partner_may_withhold_what_it_was_given_but_not_hide_that_it_was(lost: Pair) -> None:
    pair = fork(lost)
    job, _ = asked(pair)
    job.recovered(recovered(pair, refilled(1, withheld="erased")))
    job.finish("be-op", "restored")
    message = next(m for m in pair.be.all(MESSAGES) if m.origin.endswith("routine/1") and m.index == 4)
    assert message.state == "withheld"
    assert pair.be.store.read(lambda tx: tx.get(CONTENTS, message.id)) is None


def test_recovery_is_finished_only_when_all_is_here(lost: Pair) -> None:
    pair = fork(lost)
    job, _ = asked(pair)
    before = dump(pair.be.store)
    with pytest.raises(PasserelleError):
        job.finish("be-op", "restored")
    for by, reason in (("", "restored"), ("be-op", "")):
        with pytest.raises(PasserelleError):
            job.finish(by, reason)
    assert dump(pair.be.store) == before


@pytest.mark.parametrize("name", ANSWERS)
def test_a_forged_status_answer_does_not_mislead_a_recovery(lost: Pair, name: str) -> None:
    pair = fork(lost)
    job = Reopening(pair.be.ctx, "ma", "routine")
    before = dump(pair.be.store)
    with pytest.raises(ExchangeError):
        job.told(NONCE, answer(pair, ANSWERS[name](pair)))
    assert dump(pair.be.store) == before
