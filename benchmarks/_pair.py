"""Nodes in folders, partners of each other under a signed channel: what every benchmark of nodes begins with."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks._samples import BE, LANDS, MA, agreement, channel
from passerelle import founding
from passerelle.core.settings import ExchangeSettings, NodeSettings, ServerSettings, Settings, StoreSettings
from passerelle.exchange import answering, governance, inbox
from passerelle.exchange.sender import Sender
from passerelle.node import Node

_TIMEOUT_MS = 30_000


def make_pair(folder: Path, ports: tuple[int, int], store: str = "store.db", other: str = "store.db") -> str:
    """Make `be` and `ma` below the folder, partners under a signed channel. Returns the channel's digest.

    `store`: where `be` keeps its records; `other`: where `ma` does.
    """
    make_nodes(folder, dict(zip((BE, MA), ports, strict=True)), {BE: store, MA: other})
    return partners(folder, BE, MA)


def make_nodes(folder: Path, ports: Mapping[str, int], stores: Mapping[str, str]) -> None:
    """Make nodes below the folder, by name."""
    for name, port in ports.items():
        settings = Settings(
            node=NodeSettings(name=name, country=LANDS[name], languages=("fr",), timezone="Europe/Brussels"),
            server=ServerSettings(listen=f"127.0.0.1:{port}"),
            store=StoreSettings(url=stores.get(name, "store.db")),
            exchange=ExchangeSettings(timeout_ms=_TIMEOUT_MS),
        )
        founding.create(folder / name, settings)


def partners(folder: Path, first: str, second: str, channelled: Callable[..., bytes] = channel) -> str:
    """Make two nodes partners, under an agreement and a channel that both sign. Returns the channel's digest.

    `channelled`: makes the channel's text, like `channel`.
    """
    one, other = Node.open(folder / first), Node.open(folder / second)
    try:
        for mine, theirs in ((one, other), (other, one)):
            mine.add_partner(theirs.identity.body, "operator")
            mine.set_partner(theirs.identity.name, "confirmed", "operator", theirs.identity.fingerprint)
        treaty = _sign(one, other, agreement((first, second)))
        return _sign(one, other, channelled(one.ctx.catalogue, treaty, (first, second)))
    finally:
        one.close()
        other.close()


def _sign(one: Node, other: Node, body: bytes) -> str:
    to, back = other.ctx.name, one.ctx.name
    made = governance.act(one.ctx, to, "instrument.propose", "officer", instrument=body.decode())
    settle(one, other)
    governance.act(one.ctx, to, "instrument.sign", f"{back}-chief", digest=made.digest)
    governance.act(other.ctx, back, "instrument.sign", f"{to}-chief", digest=made.digest)
    settle(one, other)
    return made.digest


def settle(one: Node, other: Node, lane: str = "governance") -> None:
    """Carry both logs of a lane over by hand."""
    for mine, theirs in ((one, other), (other, one)):
        sender = Sender(mine.ctx, theirs.ctx.name)
        nonce = os.urandom(16)
        sender.compare(nonce, answering.status(theirs.ctx, sender.question(nonce)), lane)
        while posting := sender.step(lane):
            sender.received(posting, inbox.receive(theirs.ctx, posting.body))
