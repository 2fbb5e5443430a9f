"""Every pair of acts that the two sides may do at once, on two real nodes, from several points of each type's life.

Each node has its own act first and the partner's afterwards, so both orders of arrival are tried with every pair.
"""

from itertools import product
from typing import Any

import pytest

from passerelle.dossiers.rules import Side
from passerelle.dossiers.state import Standing, next_acts
from passerelle.dossiers.types import ActType, DossierType
from passerelle.exchange import desk
from passerelle.ports.records import MESSAGES
from tests.peers.agree import agree
from tests.peers.pair import CATALOGUE, Pair, partners
from tests.unit.dossiers import samples

Told = tuple[Side, str]
NODES: dict[Side, str] = {"opener": "be", "answerer": "ma"}
AREAS = {"identification": "migration", "urgent-alert": "criminal"}

CONFIRMED: list[Told] = [("answerer", "take-charge"), ("answerer", "nationality-confirmed")]
PASS: list[Told] = [*CONFIRMED, ("answerer", "laissez-passer-issued")]
# What was done before the two acts that cross, by the state that it leads to.
BASES: dict[str, dict[str, list[Told]]] = {
    "identification": {
        "opened": [],
        "interview": [("answerer", "consular-interview")],
        "not-confirmed": [("answerer", "nationality-not-confirmed")],
        "confirmed": CONFIRMED,
        "laissez-passer": PASS,
        "suspended": [*PASS, ("opener", "suspend")],
        "closed": [*CONFIRMED, ("opener", "close")],
        "refused": [("answerer", "refuse")],
        "returned": [*PASS, ("opener", "returned")],
        "withdrawn": [("answerer", "acknowledge"), ("opener", "withdraw")],
    },
    "urgent-alert": {
        "opened": [],
        "acknowledged": [("answerer", "acknowledge")],
        "in-charge": [("answerer", "take-charge")],
        "acted": [("answerer", "action-taken")],
        "all-clear": [("answerer", "acknowledge"), ("opener", "all-clear")],
        "refused": [("answerer", "refuse")],
        "closed": [("opener", "all-clear"), ("answerer", "close")],
        "withdrawn": [("answerer", "acknowledge"), ("opener", "withdraw")],
    },
}


class Field:
    """One pair of nodes and many dossiers, which take each step together: a batch for each step and side."""

    def __init__(self, kind: DossierType) -> None:
        self.kind = kind
        # The limit of a day is not what is tried here.
        self.pair = partners(channel={"limits": {"entries": 100_000, "bytes": 500_000_000}}, area=AREAS[kind.name])
        self.last: dict[tuple[str, Side], str] = {}

    def open(self, count: int) -> list[str]:
        contents = [samples.OPENINGS[self.kind.name]() for _ in range(count)]
        self.post("opener", contents)
        self.pair.settle("routine")
        return [one["dossier"] for one in contents]

    def post(self, side: Side, contents: list[dict[str, Any]]) -> None:
        name = NODES[side]
        acts = [self.pair.act(name, one) for one in contents]
        for message in desk.post(self.pair.peer(name).ctx, acts) if acts else ():
            self.last[message.dossier, side] = message.id
            if self.kind.acts[message.act].opening:
                self.last[message.dossier, "opener"] = message.id

    def content(self, dossier: str, side: Side, act: ActType) -> dict[str, Any] | None:
        """A valid act, None when it needs a message that nobody has written."""
        more: dict[str, Any] = {}
        if "message" in act.schema.get("required", ()):
            author = side if act.by != "receiver" else ("answerer" if side == "opener" else "opener")
            if (dossier, author) not in self.last:
                return None
            more["message"] = self.last[dossier, author]
        return samples.act(self.kind.name, act.name, dossier=dossier, **more)

    def step(self, dossiers: list[str], told: Told) -> None:
        side, name = told
        contents = [self.content(one, side, self.kind.acts[name]) for one in dossiers]
        assert None not in contents
        self.post(side, [one for one in contents if one is not None])
        self.pair.settle("routine")

    def standing(self, dossier: str, node: str = "be") -> Standing:
        row = self.pair.peer(node).dossier(dossier)
        return Standing.from_text(row.standing)


def field_at(kind: DossierType, base: str) -> tuple[Field, list[tuple[str, Told, Told]]]:
    """Nodes with one dossier at the base for each pair of acts, and the pairs."""
    field = Field(kind)
    [first] = field.open(1)
    for told in BASES[kind.name][base]:
        field.step([first], told)
    standing = field.standing(first)
    assert standing.state == base
    possible: dict[Side, list[str]] = {}
    for side in NODES:
        names = next_acts(kind, standing, side)
        possible[side] = [one for one in names if field.content(first, side, kind.acts[one])]
    pairs = list(product(possible["opener"], possible["answerer"]))
    dossiers = field.open(len(pairs))
    for told in BASES[kind.name][base]:
        field.step(dossiers, told)
    return field, [
        (dossier, ("opener", one), ("answerer", two)) for dossier, (one, two) in zip(dossiers, pairs, strict=True)
    ]


EACH = [(kind, base) for kind, bases in BASES.items() for base in bases]


@pytest.mark.parametrize(("name", "base"), EACH)
def test_all_pairs_of_acts_that_cross_lead_to_one_state_on_both_nodes(name: str, base: str) -> None:
    kind = CATALOGUE.types[name]
    field, crossings = field_at(kind, base)
    assert len(crossings) >= 16
    # All are written before any is posted: nobody refers to what he has not seen.
    sides: tuple[tuple[int, Side], ...] = ((1, "opener"), (2, "answerer"))
    written = {
        side: [field.content(one[0], side, kind.acts[one[number][1]]) for one in crossings] for number, side in sides
    }
    for side, contents in written.items():
        field.post(side, [one for one in contents if one is not None])
    pair: Pair = field.pair
    pair.settle("routine")
    for dossier, one, two in crossings:
        here, there = pair.be.dossier(dossier), pair.ma.dossier(dossier)
        assert here.standing == there.standing, (base, one, two)
        assert here.state in kind.states
    for peer in (pair.be, pair.ma):
        states = {one.state for one in peer.store.read(lambda tx: tx.scan(MESSAGES, limit=1_000_000))}
        assert states <= {"sequenced", "applied"}, "an honest act is never refused for what crossed it"
    agree(pair)
