"""Courier files in memory, between the two nodes of a pair."""

import io
from typing import Any

from passerelle.exchange import courier, courier_file, courier_import
from passerelle.exchange.courier import Exported
from passerelle.exchange.courier_file import Kind
from passerelle.exchange.courier_import import Imported
from tests.peers.pair import Pair, Peer


def written(pair: Pair, peer: Peer, **how: Any) -> tuple[bytes, Exported]:
    """A file of a node to the other one."""
    file = io.BytesIO()
    made = courier.export(peer.ctx, pair.other(peer).ctx.name, file, by="op", **how)
    courier.published(peer.ctx, made)
    return file.getvalue(), made


def file_of(pair: Pair, peer: Peer, **how: Any) -> bytes:
    return written(pair, peer, **how)[0]


def batches(data: bytes) -> list[bytes]:
    return [part.body for part in courier_file.read(io.BytesIO(data)) if part.kind is Kind.BATCH]


def read(peer: Peer, data: bytes) -> Imported:
    return courier_import.take(peer.ctx, io.BytesIO(data), by="op")


def answered(pair: Pair, peer: Peer, data: bytes) -> tuple[Imported, bytes]:
    """What came of a file, and the answer alone."""
    taken = read(peer, data)
    return taken, file_of(pair, peer, lanes=taken.finished, files=False, ask=False, refusals=taken.refusals)


def there_and_back(pair: Pair, peer: Peer, **how: Any) -> Imported:
    """A file carried to the other one, and its answer carried back."""
    return read(peer, answered(pair, pair.other(peer), file_of(pair, peer, **how))[1])


def settle(pair: Pair) -> None:
    """Everything that both have, by hand alone: until two rounds bring nothing new."""
    idle = 0
    for _ in range(30):
        new = 0
        for peer in (pair.be, pair.ma):
            other = pair.other(peer)
            taken, answer = answered(pair, other, file_of(pair, peer))
            new += sum(one.entries for one in taken.taken)
            back = read(peer, answer)
            new += len(back.receipts)
            assert not taken.damage, taken
            assert not back.damage, back
        idle = 0 if new else idle + 1
        if idle == 2:  # the first may have brought no more than the comparison
            return
    raise AssertionError("the nodes do not come to rest")
