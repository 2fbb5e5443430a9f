"""One pair of nodes and many dossiers of a type, which take each step together: a batch for each round and side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from passerelle.core.ids import new_id
from passerelle.dossiers.state import Standing
from passerelle.exchange import desk
from passerelle.ports.records import MESSAGES
from tests.types import Sample
from tests.types.life import NODES
from tests.types.walks import SIDES, Move, Way, variants
from tests.unit.dossiers.samples import Content

WIDE = {"limits": {"entries": 100_000, "bytes": 500_000_000}}
"""The limit of a day is not what is tried here."""


@dataclass
class Played:
    """A dossier on both nodes: the way it takes, and the messages of its acts so far."""

    way: Way
    id: str = field(default_factory=new_id)
    messages: list[str] = field(default_factory=list)


class Field:
    """The nodes and what was played on them."""

    def __init__(self, sample: Sample, **channel: Any) -> None:
        self.sample = sample
        self.pair = sample.pair(**WIDE, **channel)

    def content(self, dossier: Played, move: Move) -> Content:
        """The act of a move, as its officer writes it."""
        made = variants(self.sample, move.act)[move.variant]
        body = dict(made["body"])
        if move.message is not None:
            body["message"] = dossier.messages[move.message]
        if move.question is not None:
            body["question"] = dossier.messages[move.question]
        urgency = move.urgency or made["urgency"]
        return {**made, "id": new_id(), "dossier": dossier.id, "body": body, "urgency": urgency}

    def play(self, ways: Iterable[Way]) -> list[Played]:
        """A dossier for each way, played to its end."""
        dossiers = [Played(tuple(one)) for one in ways]
        for number in range(max((len(one.way) for one in dossiers), default=0)):
            self.post([(one, one.way[number]) for one in dossiers if len(one.way) > number])
            self.settle()
        return dossiers

    def post(self, moves: Sequence[tuple[Played, Move]]) -> None:
        """Each side's acts in one batch, none of which the other side has seen when it writes its own."""
        for side in SIDES:
            mine = [(dossier, self.content(dossier, move)) for dossier, move in moves if move.side == side]
            acts = [self.pair.act(NODES[side], content) for _, content in mine]
            written = desk.post(self.pair.peer(NODES[side]).ctx, acts) if acts else ()
            for (dossier, _), message in zip(mine, written, strict=True):
                dossier.messages.append(message.id)

    def settle(self) -> None:
        self.pair.settle("routine")

    def standing(self, dossier: Played) -> Standing:
        """Where the dossier stands on both nodes."""
        here, there = self.pair.be.dossier(dossier.id), self.pair.ma.dossier(dossier.id)
        assert here.standing == there.standing, dossier.way
        return Standing.from_text(here.standing)

    def refused(self) -> list[Any]:
        """The messages that a node refused, with the reason of the node that did."""
        found = [one for peer in (self.pair.be, self.pair.ma) for one in peer.all(MESSAGES)]
        return [(one.act, one.state, one.reason) for one in found if one.state not in ("sequenced", "applied")]
