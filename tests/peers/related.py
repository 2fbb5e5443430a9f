"""A node `be` with several channels to `ma` and one to `fr`, people, and dossiers that may be related or not."""

from typing import Any

from passerelle.exchange import desk
from passerelle.exchange.desk import Act
from passerelle.exchange.sender import Sender
from passerelle.office import relations
from passerelle.office.relations import New, Wanted
from passerelle.ports.records import KINDS
from passerelle.ports.relations import Relation
from tests.peers.pair import Pair, Peer, acts, introduce, make_peer, partners, texts, types_for
from tests.peers.staff import Desk

WHY = "the same number plate in both"


class Related:
    """`eva` analyses, `ann` is an officer. Channels are signed by name; dossiers are opened under one of them."""

    def __init__(self, **channel: Any) -> None:
        self.pair = partners(channel=channel)
        self.desk = Desk(self.pair)
        self.office, self.eva, self.ann = self.desk.office, self.desk.eva, self.desk.ann
        self.wanted = self.pair.channel
        self.store = self.pair.be.store

    def sign(self, area: str = "criminal", **changes: Any) -> str:
        """Another channel with ma, in force from a moment later on."""
        digest = self.pair.sign(texts.channel_for(area, self.pair.agreement, types_for(area), **changes))
        self.pair.clock.advance(1000)
        return digest

    def trace(self, channel: str = "", by: str = "be", **changes: Any) -> tuple[str, str]:
        """A wanted-trace with one person, delivered: the dossier and the message."""
        return self.post(by, acts.wanted_request(**changes), channel)

    def post(self, by: str, content: dict[str, Any], channel: str = "") -> tuple[str, str]:
        """An act under a channel, delivered."""
        self.pair.channel = channel or self.wanted
        message = self.pair.post(by, content)
        self.pair.settle()
        return content["dossier"], message.id

    def notice(self, by: str = "be", **changes: Any) -> tuple[str, str]:
        """A notice of a listed person, delivered; other than a trace it may be withdrawn."""
        return self.post(by, acts.listed_notice(**changes))

    def answer(self, by: str, dossier: str, act: str, type: str = "listed-person", **changes: Any) -> str:
        """An act in a dossier, delivered."""
        return self.post(by, acts.act(type, act, dossier=dossier, **changes))[1]

    def new(self, one: str, other: str, kind: str = "same-person", /, **changes: Any) -> New:
        """What somebody wants to say of the first persons of two dossiers."""
        values: dict[str, Any] = {"one": Wanted(one, "p1"), "other": Wanted(other, "p1")}
        values |= {"source": "B", "information": "2", "nature": "assessment"}
        return New(kind=kind, **(values | changes))

    def relate(self, one: str, other: str, kind: str = "same-person", /, **changes: Any) -> Relation:
        return relations.add(self.office, self.eva, self.new(one, other, kind, **changes), WHY)

    def of(self, on: str, **how: Any) -> list[str]:
        """The ids of the relations that eva sees on this."""
        found = self.store.write("test.of", lambda tx: relations.of(tx, self.office, self.eva, on, WHY, **how))
        return [one.id for one in found.rows]

    def everything(self) -> str:
        """All that stands in the store, as text."""
        return "\n".join(str(self.pair.be.all(kind)) for kind in KINDS)


def third(scene: Related, **changes: Any) -> tuple[Pair, str]:
    """The link of `be` with `fr`, under an agreement and a channel of their own."""
    fr = make_peer("fr", "be", scene.pair.clock)
    be = Peer(scene.pair.be.ctx, scene.pair.be.identity, Sender(scene.pair.be.ctx, "fr"))
    introduce(be, fr)
    introduce(fr, be)
    pair = Pair(scene.pair.clock, be, fr)
    agreement = pair.sign(texts.agreement(parties=["be", "fr"]))
    channel = pair.sign(texts.channel(agreement, types_for("criminal"), parties=["be", "fr"], **changes))
    pair.clock.advance(1000)
    return pair, channel


def trace_with(pair: Pair, channel: str, **changes: Any) -> str:
    """A wanted-trace that be opens with fr, delivered."""
    content = {key: value for key, value in acts.wanted_request(**changes).items() if key not in desk._SET_HERE}
    act = Act(partner="fr", lane="routine", content=content | {"channel": channel}, author="be-017", releaser="be-003")
    desk.post(pair.be.ctx, [act])
    pair.settle()
    return str(content["dossier"])
