"""Two nodes that write in one dossier, each seeing the other's acts late: makes every kind of crossing.

Own acts are seen at once; the partner's arrive in the order in which they were written, and wait until what they were
written after is there. An act is written only when the writer's own view allows it.
"""

from random import Random
from typing import Any

from passerelle.dossiers.rules import Side
from passerelle.dossiers.state import EMPTY, Event, Standing, closure, fold, named, next_acts, refusals, step
from passerelle.dossiers.types import ActType, DossierType

SIDES: tuple[Side, Side] = ("opener", "answerer")


def other(side: Side) -> Side:
    return "answerer" if side == "opener" else "opener"


def identifier(rng: Random) -> str:
    """An id whose place among others says nothing about when it was made."""
    number = rng.getrandbits(128) & ~(0xF << 76) & ~(3 << 62) | 7 << 76 | 2 << 62
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def words(act: ActType, name: str) -> list[Any]:
    """What a remembered field can say."""
    schema = act.schema["properties"][name]
    schema = act.schema["$defs"][schema["$ref"].removeprefix("#/$defs/")] if "$ref" in schema else schema
    return schema.get("enum") or [True, False]


def wanted(kind: DossierType, act: str) -> dict[str, Any]:
    """The words that rules of the type ask of an act, the first of each field."""
    acts = kind.acts.values()
    rules = [rule for one in acts for rule in (*one.rules, *(rule for way in one.transitions for rule in way.rules))]
    asked = [where for rule in rules for name, where in rule.conditions() if name == act]
    return {field: some[0] for where in asked for field, some in where.items()}


class Node:
    """One side's view."""

    def __init__(self, kind: DossierType, side: Side) -> None:
        self.kind = kind
        self.side = side
        self.seen: dict[str, Event] = {}
        self.standing = EMPTY

    def take(self, event: Event) -> None:
        """Apply an act as a node does: one step when it builds on the heads, else the fold over all."""
        newest = event.after == self.standing.heads
        self.seen[event.id] = event
        self.standing = step(self.kind, self.standing, event) if newest else fold(self.kind, self.seen.values())

    def judged(self, event: Event, standing: Standing) -> list[str]:
        """What check 10 says of an act at a standing."""
        past = closure(self.seen.values(), event.after)
        found = named(self.kind, past, standing, event.facts.get("message"))
        content = {
            "body": event.facts,
            "subjects": [{"key": key, "category": ""} for key in event.facts.get("subjects", ())],
        }
        problems = refusals(self.kind, standing, event.act, event.by, content, named=found)
        return [str(one) for one in problems]

    def write(self, rng: Random, name: str | None = None, *, asked: bool = False) -> Event | None:
        """An act that this view allows, None when the one drawn is not allowed after all.

        `asked`: it says the words that some rule of the type asks of such an act, where there is one.
        """
        names = next_acts(self.kind, self.standing, self.side)
        if not names or (name is not None and name not in names):
            return None
        # Half of the time something that can move the dossier, or nearly all would be receipts and questions.
        moving = [one for one in names if any(way.to != "@same" for way in self.kind.acts[one].transitions)]
        act = self.kind.acts[name or rng.choice(moving if moving and rng.random() < 0.5 else names)]
        facts: dict[str, Any] = {field: rng.choice(words(act, field)) for field in act.remembered}
        own = {field: some for rule in act.rules for field, some in rule.own().items()}
        facts |= {field: some[-1] if asked else rng.choice(some) for field, some in own.items()}
        if asked:
            facts |= wanted(self.kind, act.name)
        if act.opening or rng.random() < 0.1:
            facts["subjects"] = ["p1" if act.opening else "p2"]
        names_one = "message" in act.schema.get("required", ())
        for message in rng.sample(list(self.seen), len(self.seen)) if names_one else [None]:
            named_by = facts if message is None else {**facts, "message": message}
            event = Event(identifier(rng), self.side, act.name, self.standing.heads, named_by)
            if not self.judged(event, self.standing):
                return event
        return None


class Dossier:
    """Two nodes and what is under way between them."""

    def __init__(self, kind: DossierType, rng: Random) -> None:
        self.kind = kind
        self.rng = rng
        self.nodes = {side: Node(kind, side) for side in SIDES}
        self.sent: dict[Side, list[Event]] = {"opener": [], "answerer": []}
        self.arrived: dict[Side, int] = {"opener": 0, "answerer": 0}  # of this side's acts, at the other
        first = self.write("opener", kind.opening[0])
        assert first is not None
        self.deliver("opener")

    def write(self, side: Side, name: str | None = None) -> Event | None:
        event = self.nodes[side].write(self.rng, name)
        if event is not None:
            self.nodes[side].take(event)
            self.sent[side].append(event)
        return event

    def deliver(self, side: Side, count: int = 1_000_000) -> None:
        """Bring this side's next acts to the other. The receiver must judge each as its author did."""
        receiver = self.nodes[other(side)]
        for event in self.sent[side][self.arrived[side] :][:count]:
            if not set(event.after) <= set(receiver.seen):
                return
            known = fold(self.kind, closure(receiver.seen.values(), event.after))
            assert receiver.judged(event, known) == []
            receiver.take(event)
            self.arrived[side] += 1

    def play(self, *acts: tuple[Side, str]) -> None:
        """Write these acts one after the other, each delivered at once. What they say is drawn until it is allowed."""
        for side, name in acts:
            while self.write(side, name) is None:
                pass
            self.deliver(side)

    def settle(self) -> None:
        """Bring everything to both."""
        while any(self.arrived[side] < len(self.sent[side]) for side in SIDES):
            for side in SIDES:
                self.deliver(side)

    def run(self, turns: int) -> None:
        """Write and deliver at random, then settle."""
        for _ in range(turns):
            side = self.rng.choice(SIDES)
            if self.rng.random() < 0.7:
                self.write(side)
            else:
                self.deliver(side, self.rng.randint(1, 3))
        self.settle()

    @property
    def events(self) -> list[Event]:
        return [*self.sent["opener"], *self.sent["answerer"]]
