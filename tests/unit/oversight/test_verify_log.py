"""A whole log in a file: what is written verifies, and any changed byte fails."""

import io
import json
from typing import Any

import msgspec
import pytest

from passerelle.core import json as strict
from passerelle.core.errors import NoteError, NotFoundError, StateError
from passerelle.ledger import entry, merkle
from passerelle.ledger.leaves import Leaves, roots
from passerelle.oversight import evidence_log, verify_log
from passerelle.oversight.statements import digest_of
from passerelle.oversight.verify import FAILED, UNCONFIRMED, VERIFIED
from passerelle.ports.records import ENTRIES
from tests.acceptance import independent_verifier as independent
from tests.peers.pair import Pair, Peer, partners

ORIGIN = "passerelle/be/ma/routine/1"


def leaf(index: int, time: int | None = None, origin: str = ORIGIN, size: int = 17) -> bytes:
    name = f"019ab2c4-0000-7000-8000-{index:012x}"
    made = entry.Leaf(origin, index, index if time is None else time, name, size, entry.commit(b"", b"%d" % index))
    return made.encode()


def written(peer: Peer, direction: str = "out", lane: str = "routine", generation: int = 0) -> bytes:
    file = io.BytesIO()
    found = peer.store.read(lambda tx: evidence_log.find(tx, peer.sender.partner, direction, lane, generation))
    evidence_log.write(peer.ctx, peer.identity, found, file, "eva", lambda done, of: None)
    return file.getvalue()


def judged(data: bytes, *trusted: Any) -> str:
    """The verdict of the product, and of the verifier that was written from the protocol alone."""
    verdict = verify_log.verify(io.BytesIO(data), trusted).verdict
    if verify_log.is_log(data):
        assert independent.verify(data, [one.body for one in trusted]).verdict() == verdict
    return verdict


@pytest.fixture(scope="module")
def pair() -> Pair:
    made = partners()
    for _ in range(5):
        made.open_trace()
    made.settle()
    return made


@pytest.mark.parametrize(("name", "direction"), [("be", "out"), ("ma", "in")])
@pytest.mark.parametrize("lane", ["routine", "governance"])
def test_both_sides_write_the_same_log(pair: Pair, name: str, direction: str, lane: str) -> None:
    data = written(pair.peer(name), direction, lane)
    assert judged(data, pair.be.identity, pair.ma.identity) == VERIFIED
    assert judged(data) == UNCONFIRMED
    other = written(pair.peer("ma" if name == "be" else "be"), "in" if direction == "out" else "out", lane)
    assert data.partition(b"\n")[2] == other.partition(b"\n")[2]


def test_entries_without_a_receipt_are_there_under_the_senders_word_alone(pair: Pair) -> None:
    made = partners()
    made.open_trace()
    made.settle()
    made.open_trace()
    made.be.sender.step("routine")
    data = written(made.be)
    report = verify_log.verify(io.BytesIO(data), (made.be.identity, made.ma.identity))
    assert report.verdict == VERIFIED
    received = [(one.about, one.result) for one in report.statements if "received" in one.says]
    assert received == [("log, first 1 entries", "holds"), ("log, first 2 entries", "absent")]


def test_a_log_whose_keys_were_handed_over(pair: Pair) -> None:
    made = partners()
    made.open_trace()
    made.settle()
    made.rotate(made.be, "log", "receipt")
    for lane in ("governance", "flash", "routine"):
        made.compare(made.be, lane)
    made.settle()
    old = made.ma.identity, made.be.identity
    for peer, direction in ((made.be, "out"), (made.ma, "in")):
        data = written(peer, direction)
        assert b"keys.rotate" in data
        assert judged(data, *old) == VERIFIED


def test_every_changed_byte_fails(pair: Pair) -> None:
    data = written(pair.be)
    trusted = (pair.be.identity, pair.ma.identity)
    head = data.index(b"\n")
    places = [*range(0, head, 97), *range(head, len(data), 7)]
    for at in places:
        spoiled = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert judged(spoiled, *trusted) == FAILED, at


@pytest.mark.parametrize("cut", [1, 50, 200, 1000])
def test_a_file_that_is_cut_or_goes_on_fails(pair: Pair, cut: int) -> None:
    data = written(pair.be)
    assert judged(data[:-cut]) == FAILED
    assert judged(data + data[-cut:]) == FAILED


def test_what_the_head_says_is_checked(pair: Pair) -> None:
    data = written(pair.be)
    head, _, leaves = data.partition(b"\n")
    value = json.loads(head)
    for changes in (
        {"origin": "passerelle/be/ma/flash/1"},
        {"origin": "passerelle/be/be/routine/1"},
        {"checkpoints": []},
        {"checkpoints": value["checkpoints"] * 2},
        {"checkpoints": value["checkpoints"] * 3},
        {"identities": value["identities"][:1]},
        {"identities": []},
        {"by": "fr"},
        {"created": "yesterday"},
        {"checkpoints": [7]},
    ):
        made = value | changes
        made["digest"] = digest_of(made)
        assert judged(strict.canonical(made) + b"\n" + leaves) == FAILED, changes


def test_a_store_whose_leaves_were_changed_writes_nothing_that_verifies() -> None:
    made = partners()
    for _ in range(3):
        made.open_trace()
    made.settle()
    row = made.be.store.read(lambda tx: tx.get(ENTRIES, ORIGIN, 1))
    assert row is not None
    changed = msgspec.structs.replace(row, leaf=leaf(1))
    made.be.store.write("test.spoil", lambda tx: tx.put(ENTRIES, [changed]))
    with pytest.raises((StateError, NoteError)):
        written(made.be)


def test_a_log_that_is_not_there(pair: Pair) -> None:
    with pytest.raises(NotFoundError):
        written(pair.be, "out", "flash", 9)


# -- the stream of leaves ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [1, 7, 150, 151, 4096, 10**9])
def test_the_root_does_not_depend_on_blocks(block: int) -> None:
    leaves = [leaf(index) for index in range(300)]
    data = b"".join(leaves)
    blocks = [data[at : at + block] for at in range(0, len(data), block)]
    sizes = [1, 2, 129, 256, 300]
    tree, expected = merkle.Tree(), []
    for index, one in enumerate(leaves, 1):
        tree.append(one)
        if index in sizes:
            expected.append((index, tree.root()))
    assert list(roots(blocks, ORIGIN, sizes)) == expected


def test_large_numbers_are_as_good_as_small_ones() -> None:
    big = [leaf(0, 2**63 - 1, size=2**63 - 1), leaf(1, 2**63 - 1)]
    tree = merkle.Tree()
    for one in big:
        tree.append(one)
    assert list(roots(big, ORIGIN, [2])) == [(2, tree.root())]


@pytest.mark.parametrize(
    "wrong",
    [
        leaf(2),
        leaf(0),
        leaf(1, origin="passerelle/be/ma/flash/1"),
        leaf(1)[:-2] + b"\n",
        leaf(1).replace(b"-7000-", b"-4000-"),
        leaf(1).replace(b"entry/1", b"entry/2"),
        b"\n" * 7,
        b"x" * 2000,
        leaf(1).replace(b"\n17\n", b"\n017\n"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(wrong: bytes) -> None:
    with pytest.raises(NoteError):
        list(roots([leaf(0), wrong, leaf(2)], ORIGIN, [3]))


def test_times_do_not_decrease() -> None:
    with pytest.raises(NoteError, match="not before 9"):
        list(roots([leaf(0, 9), leaf(1, 8)], ORIGIN, [2]))


def test_many_leaves_at_once_are_the_same_tree() -> None:
    for first in (0, 1, 5, 64):
        for more in (0, 1, 2, 63, 64, 100):
            slow, fast = merkle.Tree(), merkle.Tree()
            hashes = [merkle.leaf_hash(b"%d" % one) for one in range(first + more)]
            for one in hashes:
                slow.push(one)
            fast.extend(hashes[:first])
            fast.extend(hashes[first:])
            assert (fast.size, fast.frontier, fast.root()) == (slow.size, slow.frontier, slow.root())


def test_a_stream_that_was_not_asked_for_to_its_end() -> None:
    leaves = Leaves(ORIGIN)
    leaves.feed(leaf(0) + leaf(1), 1)
    assert (leaves.tree.size, leaves.rest) == (1, len(leaf(1)))
