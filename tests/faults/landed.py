"""What must be true of two nodes and of what was written, after whatever was killed."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from passerelle.core import json
from passerelle.exchange import attachments, links
from passerelle.identity.keys import unb64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.attachments import ATTACHMENTS, Attachment
from passerelle.ports.records import ALARMS, CONTENTS, ENTRIES, LOGS, MESSAGES, Message
from passerelle.ports.store import Reading
from tests.peers import agree as truths
from tests.peers.agree import current
from tests.peers.copies import rows
from tests.peers.pair import Pair, Peer

DECIDED = ("applied", "waiting", "refused", "withheld")


def no_receipt_ahead(pair: Pair) -> int:
    """What a receipt covers is at the receiver: every leaf, decided, under the root that both signed.

    The sender is read first: a receiver that works on can only have more. Returns how many entries are receipted.
    """
    receipted = 0
    for peer in (pair.be, pair.ma):
        other = pair.other(peer)
        for log in [one for one in rows(peer.store, LOGS) if one.direction == "out" and one.receipt]:
            held = checkpoints.parse(log.receipt)
            assert log.cosigned <= held.size, f"{log.origin}: expected receipts of {log.cosigned}, got {held.size}"

            def read(tx: Reading, origin: str = log.origin, size: int = held.size) -> Any:
                leaves = tx.scan(ENTRIES, "key", (origin,), limit=size)
                return leaves, tx.get_many(MESSAGES, [(one.message,) for one in leaves])

            leaves, messages = other.store.read(read)
            assert len(leaves) == held.size, f"{log.origin}: receipted to {held.size}, stored to {len(leaves)}"
            tree = merkle.Tree()
            for one in leaves:
                tree.append(one.leaf)
                assert messages[one.message,].state in DECIDED, f"{one.message}: receipted and not decided"
            assert tree.root() == held.root, f"{log.origin}: receipted under another root"
            receipted += held.size
    return receipted


def at_rest(pair: Pair) -> bool:
    """Whether everything in line has left and is receipted, on both sides."""
    for peer in (pair.be, pair.ma):
        for lane in LANES:
            line = (peer.sender.partner, "out", lane, "unsequenced")
            if peer.store.read(lambda tx, line=line: tx.count(MESSAGES, "by_queue", line)):  # type: ignore[misc]
                return False
            log = current(peer, "out", lane)
            if log is not None and log.cosigned != links.to_send(log):
                return False
            if any(peer.message(row.message).state == "sequenced" for row in _unanswered(peer, lane)):
                return False
    return True


def _unanswered(peer: Peer, lane: str) -> list[Attachment]:
    """Own files of which the partner has not said what became of them."""
    line = ("bound", peer.sender.partner, lane)
    return peer.store.read(lambda tx: tx.scan(ATTACHMENTS, "by_line", line, limit=100_000))


def files_whole(pair: Pair, files: Mapping[str, Mapping[str, str]]) -> int:
    """Each file of a message that was applied is at the partner, complete, and opens to the bytes that were attached.

    `files`: SHA-256 by address, by author. Returns how many were opened.
    """
    opened = 0
    for peer in (pair.be, pair.ma):
        other = pair.other(peer)
        for address, digest in files[peer.ctx.name].items():
            own = peer.store.read(lambda tx, address=address: attachments.own(tx, address))  # type: ignore[misc]
            assert own is not None, f"{address[:12]}: attached, and not there"
            if peer.message(own.message).state != "sequenced":
                continue
            assert (own.state, own.outcome) == ("complete", "complete"), f"{address[:12]}: {own.state} {own.outcome}"
            content = peer.store.read(lambda tx, own=own: tx.get(CONTENTS, own.message))  # type: ignore[misc]
            named = attachments.announced(json.parse(content.body))
            key = next(unb64(one.key) for one in named if one.address == address)
            there = hashlib.sha256()
            for part in attachments.open_stream(other.ctx, address, key):
                there.update(part)
            assert there.hexdigest() == digest, f"{address[:12]}: the partner has another file"
            opened += 1
    return opened


def none_lost(pair: Pair, written: Mapping[str, Sequence[str]]) -> None:
    """Each act whose write returned is at the partner, applied, or refused with a reason that its author knows."""
    for peer in (pair.be, pair.ma):
        ids = [(one,) for one in written[peer.ctx.name]]
        mine, theirs = _messages(peer, ids), _messages(pair.other(peer), ids)
        lost = [one for (one,) in ids if (one,) not in mine or (one,) not in theirs]
        assert not lost, f"{len(lost)} lost: {lost[:5]}"
        for key, there in theirs.items():
            here = mine[key]
            told = here.state == "sequenced" if there.state == "applied" else here.checks == there.checks != ()
            assert there.state in ("applied", "refused"), f"{key[0]} is {there.state} at the partner"
            assert told, f"{key[0]} is {there.state} at the partner and {here.state} here"


def _messages(peer: Peer, ids: list[tuple[str]]) -> dict[Any, Message]:
    return peer.store.read(lambda tx: tx.get_many(MESSAGES, ids))


def none_doubled(pair: Pair) -> None:
    """No message stands twice, in whatever log of a side, nor at two places in a queue."""
    for peer in (pair.be, pair.ma):
        count = Counter(one.message for one in rows(peer.store, ENTRIES))
        doubled = [one for one, times in count.items() if times > 1]
        assert not doubled, f"{len(doubled)} doubled: {doubled[:5]}"
        places = Counter((one.direction, one.position) for one in rows(peer.store, MESSAGES))
        assert max(places.values(), default=1) == 1, places.most_common(2)


def nobody_alarmed(peer: Peer) -> None:
    """A process that was killed is no old backup and no second story: no log stands still, nobody is woken."""
    alarms = [one for one in rows(peer.store, ALARMS) if one.what.startswith("link.")]
    assert not alarms, f"{peer.ctx.name}: {alarms[0].what}: {alarms[0].text}"


def all_well(pair: Pair, written: Mapping[str, Sequence[str]]) -> int:
    """At rest: whole trees, receipts, contents, states, instruments; nothing lost or doubled. Returns the messages."""
    truths.agree(pair)
    none_doubled(pair)
    none_lost(pair, written)
    for peer in (pair.be, pair.ma):
        nobody_alarmed(peer)
    return len(rows(pair.be.store, MESSAGES))
