"""What must be true of two nodes: their logs, and, once everything has arrived, their dossiers and messages."""

from collections import Counter
from collections.abc import Collection
from typing import Any

from passerelle.exchange import generation, links, trust
from passerelle.identity.history import History
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.records import CONTENTS, DOSSIERS, ENTRIES, INSTRUMENTS, LOGS, MESSAGES, PARTNERS, WAITS
from passerelle.ports.store import Reading
from tests.peers.copies import rows
from tests.peers.pair import Pair, Peer

FATES = {"sequenced": "applied", "refused": "refused", "withheld": "withheld"}


def histories(peer: Peer, other: str) -> tuple[History, History]:
    """The keys of this node towards the other, and those of the other, over time."""

    def read(tx: Reading) -> tuple[History, History]:
        partner = tx.get(PARTNERS, other)
        assert partner is not None
        return trust.mine(tx, peer.ctx, other).own, trust.theirs(tx, peer.ctx, partner)

    return peer.store.read(read)


def receipted(held: checkpoints.Checkpoint) -> bool:
    """Whether a checkpoint bears cosignatures. One that came back under keys that were forgotten does not."""
    return any(line.name.endswith("/receipt") for line in held.note.signatures)


def logs_hold(pair: Pair) -> None:
    """Every log is what its leaves make it; its receipt bears the right signatures and lies within it."""
    for peer in (pair.be, pair.ma):
        found = rows(peer.store, ENTRIES)
        mine, theirs = histories(peer, pair.other(peer).ctx.name)
        for log in rows(peer.store, LOGS):
            leaves = sorted((one for one in found if one.origin == log.origin), key=lambda one: one.index)
            assert [one.index for one in leaves] == list(range(log.size)), log.origin
            tree = merkle.Tree()
            last = 0
            roots = [tree.root()]
            for one in leaves:
                leaf = entries.parse(one.leaf)
                assert (leaf.origin, leaf.index, leaf.message) == (log.origin, one.index, one.message)
                assert leaf.time >= last
                last = leaf.time
                assert tree.append(one.leaf) == one.nodes
                roots.append(tree.root())
            assert tree.frontier == log.frontier
            if log.receipt:
                held = checkpoints.parse(log.receipt)
                assert held.origin == log.origin
                trust.signed_by(held, mine if log.direction == "out" else theirs)
                if log.direction == "out":
                    if log.state == "open" or receipted(held):
                        trust.cosigned_by(held, theirs)
                    assert log.cosigned <= log.size
                else:
                    assert held.size == log.size == log.cosigned
                if held.size <= log.size:
                    assert held.root == roots[held.size], log.origin


def entries_once(pair: Pair) -> None:
    """No message stands twice in one log; each message of a node is of one place."""
    for peer in (pair.be, pair.ma):
        count = Counter((one.origin, one.message) for one in rows(peer.store, ENTRIES))
        assert max(count.values(), default=1) == 1, count.most_common(1)
        at = {(one.origin, one.index): one.message for one in rows(peer.store, ENTRIES)}
        for message in rows(peer.store, MESSAGES):
            if message.index >= 0:
                assert at.get((message.origin, message.index)) == message.id, message


def receipts_behind_storage(pair: Pair) -> None:
    """What a sender holds a receipt for is durable at the receiver (as long as nobody put back an old copy)."""
    for peer in (pair.be, pair.ma):
        other = pair.other(peer)
        held = {one.origin: one for one in rows(other.store, LOGS) if one.direction == "in"}
        for log in rows(peer.store, LOGS):
            if log.direction == "out" and log.cosigned:
                theirs = held.get(log.origin)
                assert theirs is not None, log.origin
                assert theirs.size >= log.cosigned, log.origin


def contents_kept(peer: Peer) -> None:
    """A content is kept exactly for what counts or waits, or is this node's own and was not erased."""
    kept = {one.message for one in rows(peer.store, CONTENTS)}
    for message in rows(peer.store, MESSAGES):
        if message.direction == "in":
            assert (message.id in kept) == (message.state in ("applied", "waiting")), message
        elif message.state in ("unsequenced", "sequenced"):
            assert message.id in kept, message


def standing(dossier: Any, exact: bool) -> dict[str, Any]:
    """What both nodes must say alike of a dossier."""
    names = ["type", "state", "status", "count"]
    names += ["heads", "standing"] if exact else []
    names += ["opener"] if dossier.state else []  # nobody opened it when its opening was refused
    return {name: getattr(dossier, name) for name in names}


def was_sent(peer: Peer, message: Any) -> bool:
    """Whether the partner must have a message.

    Not one that begins a generation which never reached it, nor one that it refused and then lost: that stands in no
    log that it holds, and does not go again.
    """
    if message.state == "withdrawn":
        return False
    if message.kind != "generation" and message.state != "refused":
        return True
    log = peer.store.read(lambda tx: tx.get(LOGS, message.origin)) if message.index >= 0 else None
    return log is not None and message.index < log.cosigned


def waiting_in(peer: Peer) -> list[Any]:
    """What messages wait for; not what was refused before a restore and has not come again."""
    return [one for one in rows(peer.store, WAITS) if not one.need.startswith("refused:")]


def stuck(pair: Pair, lost: Collection[str]) -> set[str]:
    """Messages that wait for one that no node has any more, for what waits for that, or for a lost part of a log."""
    waits = [one for peer in (pair.be, pair.ma) for one in waiting_in(peer)]
    found: set[str] = set()
    while True:
        more = {one.message for one in waits if one.need in lost or one.need in found or (lost and ":" in one.need)}
        if more <= found:
            return found
        found |= more


def agree(pair: Pair, *, exact: bool = True, lost: Collection[str] = ()) -> None:
    """Once all has arrived: the same messages with the same fate, the same dossiers, the same instruments.

    Not `exact`: what an own refused message was written after went with its content, which nobody else keeps. `lost`:
    messages that no node has any more, because their author was put back before they reached anybody.
    """
    logs_hold(pair)
    entries_once(pair)
    waiting = stuck(pair, lost)
    left_out = {one.dossier for peer in (pair.be, pair.ma) for one in rows(peer.store, MESSAGES) if one.id in waiting}
    for peer in (pair.be, pair.ma):
        contents_kept(peer)
        other = pair.other(peer)
        theirs = {one.id: one for one in rows(other.store, MESSAGES) if one.direction == "in"}
        mine = [one for one in rows(peer.store, MESSAGES) if one.direction == "out" and was_sent(peer, one)]
        assert {one.id for one in mine} ^ set(theirs) == set()
        for one in mine:
            there = theirs[one.id]
            fate = FATES.get(one.state)
            if there.reason == "not-permitted" and not exact:
                fate = (
                    "withheld" if one.state == "refused" else fate
                )  # refused once, and nobody has its content any more
            assert there.state == fate or one.id in waiting, (one, there)
            assert there.commitment == one.commitment
            assert (there.origin, there.index) == (one.origin, one.index), (one, there)
        assert {one.message for one in waiting_in(peer)} <= waiting, waiting_in(peer)
        for log in rows(peer.store, LOGS):
            if log.direction == "out":
                assert log.cosigned == links.to_send(log), log
    ours, their = (
        {one.id: standing(one, exact) for one in rows(peer.store, DOSSIERS) if one.count and one.id not in left_out}
        for peer in (pair.be, pair.ma)
    )
    assert ours == their, [
        (ours.get(one), their.get(one)) for one in {*ours, *their} if ours.get(one) != their.get(one)
    ]
    assert instruments(pair.be, pair.ma) == instruments(pair.ma, pair.be)


def instruments(peer: Peer, other: Peer) -> dict[str, Any]:
    """What both nodes must say alike of each instrument."""
    return {
        one.digest: (
            {peer.ctx.name: one.own_signed, other.ctx.name: one.partner_signed},
            (one.rejected, one.rejected_by),
            (one.terminated, one.terminated_by),
        )
        for one in rows(peer.store, INSTRUMENTS)
    }


def recover(pair: Pair) -> None:
    """What persons do when logs stand still: they allow and open new generations until nothing stands still."""
    for _ in range(6):
        compared = pair.compared
        for peer in (pair.be, pair.ma):
            for lane in LANES:
                pair.look(peer, lane)
                if lane not in peer.sender.compared:
                    pair.compare(peer, lane)
        stood = pair.compared > compared
        for peer in (pair.be, pair.ma):
            other = pair.other(peer)
            for lane in LANES:
                out = current(peer, "out", lane)
                held = current(other, "in", lane)
                frozen = held is not None and held.state == "frozen"
                if frozen and held is not None and not held.reopen:
                    generation.allow(other.ctx, peer.ctx.name, lane, "op")
                if out is not None and (frozen or out.state in ("stopped", "frozen")):
                    pair.reopen(peer, lane, although_open=True)
                    peer.sender.compared.discard(lane)
                    # The new generation is delivered before anything else is looked at.
                    if pair.compare(peer, lane):
                        pair.send(peer, lane)
                    stood = True
        if not stood:
            return
    raise AssertionError("logs that still stand still after six times")


def current(peer: Peer, direction: str, lane: str) -> Any:
    return peer.store.read(lambda tx: links.current(tx, peer.sender.partner, direction, lane))
