"""Dossiers told act by act, for tests of states and crossings."""

from itertools import count
from typing import Any

from passerelle.dossiers.deadlines import Happening
from passerelle.dossiers.rules import Side
from passerelle.dossiers.state import EMPTY, Event, Standing, fold, named, order, refusals, step
from passerelle.dossiers.types import DossierType
from tests.unit.dossiers.samples import NOW

Told = tuple[Side, str, dict[str, Any]]


class Story:
    """A dossier told act by act; ids are letters in the order of telling unless given."""

    def __init__(self, kind: DossierType) -> None:
        self.kind = kind
        self.events: list[Event] = []
        self.number = count()

    def tell(self, by: Side, act: str, *, after: str | None = None, id: str = "", **facts: Any) -> str:
        """Add an act; `after` are letters, None stands for all that was told before."""
        id = id or chr(ord("a") + next(self.number))
        before = tuple(fold(self.kind, self.events).heads) if after is None else tuple(after)
        self.events.append(Event(id, by, act, before, facts))
        return id

    def play(self, *told: Told) -> "Story":
        """Each act is allowed at what its author has seen, and told."""
        for by, act, facts in told:
            message = facts.get("message")
            assert self.refused(by, act, {"message": message} if message else None) == [], act
            self.tell(by, act, **facts)
        return self

    @property
    def now(self) -> Standing:
        return fold(self.kind, self.events)

    def happenings(self) -> list[Happening]:
        """The acts as deadlines see them, a minute apart, all of them in a log."""
        found: list[Happening] = []
        standing, before = EMPTY, ""
        for number, event in enumerate(order(self.kind, self.events)):
            standing = step(self.kind, standing, event)
            found.append(
                Happening(
                    id=event.id,
                    act=event.act,
                    by=event.by,
                    time=NOW + number * 60_000,
                    applied=event.id not in standing.overtaken,
                    state=standing.state if standing.state != before else "",
                    status=standing.status,
                    facts=event.facts,
                    urgency=self.kind.defaults.urgency,
                )
            )
            before = standing.state
        return found

    @property
    def lost(self) -> tuple[str, ...]:
        """The acts that were overtaken, by name."""
        acts = {event.id: event.act for event in self.events}
        return tuple(acts[one] for one in self.now.overtaken)

    def refused(self, by: Side, act: str, body: dict[str, Any] | None = None) -> list[str]:
        """What check 10 says of an act whose author has seen all that was told."""
        found = named(self.kind, self.events, self.now, (body or {}).get("message"))
        return [str(one) for one in refusals(self.kind, self.now, act, by, {"body": body or {}}, named=found)]

    def crossed(self, first: Told, second: Told) -> "Story":
        """The story with two acts that did not know each other, both after all of it; the first has the smaller id."""
        heads = "".join(self.now.heads)
        story = Story(self.kind)
        story.events = list(self.events)
        for (by, act, facts), id_ in ((first, "y"), (second, "z")):
            story.tell(by, act, after=heads, id=id_, **facts)
        return story
