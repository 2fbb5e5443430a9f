"""Two real nodes in one process, with a clock that can be moved and a network that can lose, repeat and stop.

Nothing is mocked but the clock and the network: bytes go from `Sender` to `inbox` and back by hand, so a test decides
at each step what arrives.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from passerelle.core.clock import ManualClock, from_iso
from passerelle.core.errors import ExchangeError
from passerelle.dossiers.calendars import Calendars
from passerelle.dossiers.types import Catalogue
from passerelle.exchange import answering, desk, governance, inbox, rotation
from passerelle.exchange.checks import BatchRefusedError
from passerelle.exchange.context import Context, Policy
from passerelle.exchange.desk import Act
from passerelle.exchange.generation import Reopening
from passerelle.exchange.sender import Sender
from passerelle.identity import identity as identities
from passerelle.identity import keys
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.records import DOSSIERS, MESSAGES, PARTNERS, Partner
from passerelle.ports.store import Store
from passerelle.store.memory import MemoryStore
from tests.unit.dossiers import samples as acts
from tests.unit.instruments import samples as texts

NOW = from_iso("2026-11-21T12:00:00Z")
CATALOGUE = Catalogue.load()
CALENDARS = Calendars.load()


def type_entry(name: str, catalogue: Catalogue = CATALOGUE) -> dict[str, Any]:
    """What a channel says of a type whose acts all may pass."""
    kind = catalogue.types[name]
    return {"digest": kind.digest, "version": kind.version, "acts": ["*"]}


def types_for(area: str) -> dict[str, dict[str, Any]]:
    """What a channel for purposes of an area says of each type that is made for them and for its usual services."""
    usual = set(texts.SERVICES[area].values())
    made = [kind for kind in CATALOGUE if area in kind.areas and (not kind.services or kind.services & usual)]
    return {kind.name: type_entry(kind.name) for kind in made}


TYPES = types_for("criminal")
_SEEDS = {name: keys.generate(name) for name in ("be", "ma", "fr")}


@dataclass
class Peer:
    """One node and its way to the other."""

    ctx: Context
    identity: identities.Identity
    sender: Sender

    @property
    def store(self) -> Store:
        return self.ctx.store

    def message(self, message_id: str) -> Any:
        return self.store.read(lambda tx: tx.get(MESSAGES, message_id))

    def dossier(self, dossier_id: str) -> Any:
        return self.store.read(lambda tx: tx.get(DOSSIERS, dossier_id))

    def all(self, kind: Any) -> list[Any]:
        return self.store.read(lambda tx: tx.scan(kind, limit=1_000_000))


def make_peer(
    name: str,
    other: str,
    clock: ManualClock,
    store: Store | None = None,
    catalogue: Catalogue = CATALOGUE,
    **policy: Any,
) -> Peer:
    node_keys = keys.NodeKeys(name, _SEEDS[name])
    country, zone = ("BE", "Europe/Brussels") if name == "be" else ("MA", "Africa/Casablanca")
    made = identities.make(
        node_keys,
        country=country,
        languages=("fr",),
        timezone=zone,
        endpoints=(),
        tls="0" * 64,
    )
    ctx = Context(
        name=name,
        keys=node_keys,
        store=store or MemoryStore(),
        clock=clock,
        catalogue=catalogue,
        policy=Policy(**policy),
        country=country,
        zone=zone,
        calendars=CALENDARS,
    )
    ctx.store.write("test.identity", lambda tx: rotation.first(tx, made, NOW, "op"))
    return Peer(ctx, made, Sender(ctx, other))


def new_identity(peer: Peer, *kinds: str) -> identities.Identity:
    """The identity of a node with new keys of these kinds, whose private halves it holds from now on."""
    held = peer.ctx.keys
    made = {label: held.add(label, seed) for label, seed in keys.generate(peer.ctx.name, kinds=kinds).items()}
    changes: dict[str, Any] = {}
    for kind in kinds:
        one: Any = made[kind]
        other: Any = made.get(f"{kind}-pq")
        changes[kind] = one.public if kind == "sealing" else one.verifier
        if other is not None:
            changes[kind] = (one.verifier, other.verifier)
    public = msgspec.structs.replace(peer.identity.keys, **changes)
    return identities.changed(peer.identity, public)


def introduce(one: Peer, other: Peer, status: str = "confirmed") -> None:
    partner = Partner(
        name=other.ctx.name,
        identity=other.identity.body,
        fingerprint=other.identity.fingerprint,
        status=status,
        added=NOW,
        changed=NOW,
        changed_by="op",
    )
    one.store.write("test.partner", lambda tx: tx.put(PARTNERS, [partner]))


@dataclass
class Pair:
    """`be` and `ma`, who know each other."""

    clock: ManualClock
    be: Peer
    ma: Peer
    agreement: str = ""
    channel: str = ""
    sent: list[bytes] = field(default_factory=list)
    seconds: float = 0.0  # as the pumps of both count them
    compared: int = 0

    def peer(self, name: str) -> Peer:
        return self.be if name == "be" else self.ma

    def other(self, peer: Peer) -> Peer:
        return self.ma if peer is self.be else self.be

    def look(self, peer: Peer, lane: str) -> None:
        self.seconds += 10
        peer.sender.look(lane, self.seconds)

    def compare(self, peer: Peer, lane: str) -> bool:
        self.look(peer, lane)
        nonce = os.urandom(16)
        answer = answering.status(self.other(peer).ctx, peer.sender.question(nonce))
        may = peer.sender.compare(nonce, answer, lane)
        self.compared += may
        return may

    def send(self, peer: Peer, lane: str, network: Callable[[bytes], bytes] | None = None) -> bool:
        """One batch of one lane. False when there was nothing to send."""
        self.look(peer, lane)
        if lane not in peer.sender.compared and not self.compare(peer, lane):
            return False
        posting = peer.sender.step(lane)
        if posting is None:
            return False
        self.sent.append(posting.body)
        deliver = network or (lambda body: inbox.receive(self.other(peer).ctx, body))
        peer.sender.received(posting, deliver(posting.body))
        return True

    def settle(self, *lanes: str) -> None:
        """Send everything both have, refusals included."""
        moved = True
        while moved:
            moved, compared = False, self.compared
            for peer in (self.be, self.ma):
                for lane in lanes or LANES:
                    moved |= self.send(peer, lane)
            moved |= self.compared > compared  # the other one may have learnt by it that it should, too

    def sign(self, body: bytes, by: str = "be") -> str:
        """Propose and sign an instrument on both sides."""
        proposer, other = self.peer(by), self.other(self.peer(by))
        record = governance.act(proposer.ctx, other.ctx.name, "instrument.propose", "officer", instrument=body.decode())
        self.settle("governance")
        for peer in (proposer, other):
            governance.act(
                peer.ctx, self.other(peer).ctx.name, "instrument.sign", f"{peer.ctx.name}-chief", digest=record.digest
            )
            self.settle("governance")
        return record.digest

    def act(self, by: str, content: dict[str, Any], lane: str = "routine", **people: str) -> Act:
        """An act as its officer writes it, under the pair's channel."""
        made = {key: value for key, value in content.items() if key not in desk._SET_HERE}
        if by == "ma":
            made["classification"] = "diffusion-restreinte"
        made["channel"] = self.channel
        people = {"author": f"{by}-017", "releaser": f"{by}-003"} | people
        return Act(partner="ma" if by == "be" else "be", lane=lane, content=made, **people)

    def post(self, by: str, content: dict[str, Any], lane: str = "routine", **people: str) -> Any:
        return desk.post(self.peer(by).ctx, [self.act(by, content, lane, **people)])[0]

    def open_trace(self, **changes: Any) -> tuple[str, Any]:
        """A wanted-trace opened by be, in line to ma. Gives the dossier's id and the message."""
        content = acts.wanted_request(**changes)
        message = self.post("be", content)
        return content["dossier"], message

    def answer(self, by: str, dossier: str, name: str, lane: str = "routine", **changes: Any) -> Any:
        return self.post(by, acts.act("wanted-trace", name, dossier=dossier, **changes), lane)

    def rotate(self, peer: Peer, *kinds: str, revoked: str = "", **how: Any) -> identities.Identity:
        """What a security officer does: new keys of these kinds, and the node goes by them."""
        made = new_identity(peer, *kinds)
        how = {"by": f"{peer.ctx.name}-security", "reason": "every year"} | how
        rotation.start(peer.ctx, made, revoked=revoked, **{"how": "revoked" if revoked else "rotated"} | how)
        peer.identity = made
        return made

    def reopen(self, peer: Peer, lane: str, **how: bool) -> None:
        """What persons do after a restore: recover and begin a new generation."""
        other = self.other(peer)
        job = Reopening(peer.ctx, other.ctx.name, lane, **how)
        nonce = os.urandom(16)
        job.told(nonce, answering.status(other.ctx, job.question(nonce)))
        while (request := job.request(os.urandom(16))) is not None:
            job.recovered(answering.recover(other.ctx, request))
        job.finish("be-op", "restored from a backup")


def strangers(be: Store | None = None, ma: Store | None = None, **policy: Any) -> Pair:
    """Two nodes that have confirmed each other and signed nothing."""
    clock = ManualClock(NOW)
    pair = Pair(clock, make_peer("be", "ma", clock, be, **policy), make_peer("ma", "be", clock, ma, **policy))
    introduce(pair.be, pair.ma)
    introduce(pair.ma, pair.be)
    return pair


def partners(
    be: Store | None = None,
    ma: Store | None = None,
    channel: dict[str, Any] | None = None,
    area: str = "criminal",
    services: dict[str, str] | None = None,
    **policy: Any,  # and the catalogue of both
) -> Pair:
    """Two nodes with an agreement and a channel, for purposes of the area, that both have signed.

    `services`: names and kinds on both sides, in place of those usual for the area.
    """
    pair = strangers(be, ma, **policy)
    pair.agreement = pair.sign(texts.agreement())
    changes = dict(channel or {})
    types = changes.pop("types", types_for(area))
    pair.channel = pair.sign(texts.channel_for(area, pair.agreement, types, services, **changes))
    pair.clock.advance(1000)
    return pair


__all__ = ["BatchRefusedError", "ExchangeError", "Pair", "Peer", "acts", "partners", "strangers", "texts"]
