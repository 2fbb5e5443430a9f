"""Files between two nodes in one process: what the service and HTTPS do, step by step and by hand."""

import io
import os
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from passerelle.exchange import attachments, attachments_in, attachments_out
from passerelle.exchange import attachments_wire as wire
from passerelle.exchange.attachments import Announced
from passerelle.exchange.attachments_in import AnsweredError, LaterError, UnknownFileError
from passerelle.exchange.attachments_out import LANES
from passerelle.identity.keys import unb64
from passerelle.ledger import pieces
from passerelle.ports.attachments import ATTACHMENTS, Attachment
from tests.peers.pair import Pair, Peer, acts

MIB = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n"


def png(size: int, seed: int = 0) -> bytes:
    return (PNG + (bytes([seed % 256]) + os.urandom(1023)) * (size // 1024 + 1))[:size]


def attach(peer: Peer, data: bytes, *, media: str = "image/png", name: str = "photo.png") -> Announced:
    return attachments.seal(peer.ctx, io.BytesIO(data), name=name, media=media)


def items(announced: Iterable[Announced]) -> list[Any]:
    return [msgspec.to_builtins(one) for one in announced]


def send(pair: Pair, *announced: Announced, lane: str = "routine", by: str = "be") -> Any:
    """An act that opens a dossier and bears these files, in line."""
    return pair.post(by, acts.wanted_request(attachments=items(announced)), lane)


def post_one(pair: Pair, peer: Peer, row: Attachment, range_: tuple[int, int]) -> list[tuple[int, int]]:
    """One PUT with these pieces, or a HEAD with none. Returns what is missing then."""
    other = pair.other(peer).ctx
    header = attachments_out.bring(peer.ctx, row, range_)
    admitted = attachments_in.admit(other, header, row.address, brings=range_[0] < range_[1])
    for number in range(*range_):
        frame = attachments_out.frame(peer.ctx, row, number)
        path = wire.split_path(frame[1 : 1 + wire.path_bytes(frame[0])])
        body = frame[1 + wire.path_bytes(frame[0]) :]
        if attachments_in.take(other, admitted.row, number, path, body):
            return []
    return wire.parse_missing(attachments_in.missing(other, admitted), pieces.pieces_in(row.size))


def upload(pair: Pair, peer: Peer, most: int = 2, until: Callable[[], bool] = lambda: False) -> None:
    """Upload what is due of a node, `most` pieces a request, until all is answered or `until` says so."""
    partner = pair.other(peer).ctx.name
    for lane in LANES:
        done: set[str] = set()
        while found := [one for one in attachments_out.following(peer.ctx, partner, lane) if one.id not in done]:
            row = found[0]
            done.add(row.id)
            try:
                missing = post_one(pair, peer, row, (0, 0))
                while missing and not until():
                    first, end = missing[0]
                    missing = post_one(pair, peer, row, (first, min(end, first + most)))
            except (AnsweredError, UnknownFileError, LaterError):
                continue


def settle(pair: Pair) -> None:
    """Messages, files and answers."""
    pair.settle()
    for peer in (pair.be, pair.ma):
        upload(pair, peer)
        while attachments_in.finish_all(peer.ctx) or attachments.tidy(peer.ctx):
            pass
    pair.settle()


def files(peer: Peer, message: str) -> list[Attachment]:
    return peer.store.read(lambda tx: attachments.progress(tx, message))


def rows(peer: Peer) -> list[Attachment]:
    return peer.all(ATTACHMENTS)


def read(peer: Peer, one: Announced) -> bytes:
    return b"".join(attachments.open_stream(peer.ctx, one.address, unb64(one.key)))
