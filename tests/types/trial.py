"""What both nodes say of an act: the desk that would write it, and the node that would receive it.

Each act of a type has a dossier on two real nodes in which it may be done. `judged` asks both nodes without sending,
so thousands of acts can be tried; `sent` lets acts out unchecked and gives what the partner refused, over the wire.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any

from passerelle.core import ids, json
from passerelle.dossiers.rules import Side
from passerelle.exchange import outbox
from passerelle.exchange.cases import Cases
from passerelle.exchange.judging import Objection
from passerelle.exchange.outbox import Outgoing
from passerelle.ledger import entry as entries
from passerelle.ports.records import Content as Kept
from passerelle.ports.records import Message
from tests.peers.pair import Peer
from tests.types import Sample
from tests.types.field import Field, Played
from tests.types.life import NODES
from tests.types.walks import Move, Way, first_moves, places
from tests.unit.dossiers.samples import AUDIT, Content

Told = tuple[str, str]
"""The number of a check, and the path of the field that is told."""


def told(objections: Sequence[Objection]) -> tuple[Told, ...]:
    return tuple((str(one.check), one.words.partition(": ")[0]) for one in objections)


class Trial:
    """Two nodes with a dossier for each way, in which acts are tried."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.field = Field(sample)
        self.firsts = first_moves(sample)
        ways = {way for way, _ in self.firsts.values()} | {one.way for one in places(sample)}
        self.dossiers: dict[Way, Played] = {one.way: one for one in self.field.play(sorted(ways, key=len))}

    def content(self, way: Way, move: Move) -> Content:
        """A whole content, as the desk of the side makes it."""
        dossier = self.dossiers[way]
        node = self.field.pair.peer(NODES[move.side])
        row = node.dossier(dossier.id)
        act = self.field.pair.act(NODES[move.side], self.field.content(dossier, move))
        eyes = {"author": act.author, "releaser": act.releaser, "audit": AUDIT}
        if getattr(act, "second", ""):
            eyes["second"] = act.second
        return {
            "v": 1,
            "kind": "act",
            "id": ids.new_id(),
            "governance": node.store.read(lambda tx: outbox.governance_of(tx, node.ctx, act.partner)),
            "after": [*row.heads] if row and way else [],
            "four_eyes": eyes,
            **act.content,
        }

    def acts(self) -> Iterator[tuple[Side, str, Content]]:
        """Each act of each side that has it, valid where it stands."""
        for (side, name), (way, move) in self.firsts.items():
            yield side, name, self.content(way, move)

    def judged(
        self, side: Side, content: Content, lane: str = "routine"
    ) -> tuple[tuple[Objection, ...], tuple[Objection, ...]]:
        """What the desk of the side says, and what the partner's node would."""
        here = self.field.pair.peer(NODES[side])
        there = self.field.pair.other(here)
        return self._judge(here, there, content, lane, True), self._judge(there, here, content, lane, False)

    def _judge(self, node: Peer, other: Peer, content: Content, lane: str, leaving: bool) -> tuple[Objection, ...]:
        now, size = node.ctx.clock.now(), len(outbox.encode(content))
        read = content if leaving else json.parse_object(outbox.encode(content))
        return node.store.read(
            lambda tx: tuple(
                Cases(tx, node.ctx).judge(
                    read, partner=other.ctx.name, leaving=leaving, lane=lane, written=now, now=now, size=size
                )
            )
        )

    def sent(self, side: Side, contents: Sequence[Content]) -> list[Any]:
        """The partner's rows of contents that leave unchecked, in one batch, whatever they say."""
        here = self.field.pair.peer(NODES[side])
        there = self.field.pair.other(here)
        outgoing = [_outgoing(here, there.ctx.name, one) for one in contents]
        here.store.write("test.sent", lambda tx: outbox.write(tx, outgoing))
        self.field.pair.settle("routine")
        return [there.message(one.message.id) for one in outgoing]


def _outgoing(node: Peer, partner: str, content: Content) -> Outgoing:
    body, salt, name = outbox.encode(content), os.urandom(32), content["id"]
    row = Message(
        id=name,
        partner=partner,
        direction="out",
        lane="routine",
        kind="act",
        state="unsequenced",
        noted=node.ctx.clock.now(),
        size=len(body),
        commitment=entries.commit(salt, body),
        position=ids.order_of(ids.new_id()),
    )
    return Outgoing(row, Kept(message=name, salt=salt, body=body))
