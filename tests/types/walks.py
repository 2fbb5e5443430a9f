"""Where the acts of a sample can lead a dossier, found by trying: no node, only the rule over its acts.

    for place in places(sample): place.way, place.standing, place.moves

A move is an act of a side, with a body, and the message that it names. The lives of the
sample come first, then what follows from any of their steps, breadth first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from passerelle.dossiers.content import facts_of
from passerelle.dossiers.rules import Names, Side
from passerelle.dossiers.state import EMPTY, Event, Standing, fold, named, refusals, step
from passerelle.dossiers.types import ActType
from tests.types import Sample, Told
from tests.unit.dossiers import samples as shared
from tests.unit.dossiers.samples import Content

SIDES: tuple[Side, Side] = ("opener", "answerer")
ASKING = ("ask-onward", "ask-evidence")
NO_QUESTION = shared.BODIES["consent"]["question"]
"""What a sample answers; a life or a way puts the question that was asked in its place."""
MOST = 4000
"""So many standings of one type are looked at; what is not found by then is said not to be found."""


@dataclass(frozen=True)
class Move:
    """An act of a side. `variant`: which of the sample's bodies; `message`: the number in the way of what it names.

    `urgency`: another than the sample's, or ""; `question`: the number of the question that it answers.
    """

    side: Side
    act: str
    variant: int = 0
    message: int | None = None
    urgency: str = ""
    question: int | None = None


Way = tuple[Move, ...]


@dataclass(frozen=True)
class Place:
    """A standing that can be reached: the shortest way there, and what each side may do next."""

    way: Way
    standing: Standing = field(repr=False)
    moves: tuple[Move, ...] = field(repr=False)

    @property
    def state(self) -> str:
        return self.standing.state

    def of(self, side: Side) -> list[Move]:
        return [one for one in self.moves if one.side == side]


@cache
def variants(sample: "Sample", act: str) -> tuple[Content, ...]:
    """The contents that the sample has of an act: the plain one, and those of its lives."""
    made = [sample.act(act)]
    for _, name, *more in (one for life in (sample.life, *sample.lives) for one in life):
        if name == act and more and more[0] not in ({}, None):
            made.append(sample.act(act, **more[0]))
    return tuple(one for number, one in enumerate(made) if one["body"] not in [two["body"] for two in made[:number]])


def name_of(number: int) -> str:
    """The id of the message of a number, for a fold."""
    return f"m{number:03}"


def event_of(sample: "Sample", move: Move, number: int, after: tuple[str, ...]) -> Event:
    return Event(name_of(number), move.side, move.act, after, facts_of(content_of(sample, move), sample.kind))


def content_of(sample: "Sample", move: Move) -> Content:
    """The content of a move, its message named as in a fold."""
    content = variants(sample, move.act)[move.variant]
    body = {name: value for name, value in content["body"].items() if name != "message"}
    if move.message is not None:
        body["message"] = name_of(move.message)
    if move.question is not None:
        body["question"] = name_of(move.question)
    return {**content, "body": body, "urgency": move.urgency or content["urgency"]}


def events_of(sample: "Sample", way: Way) -> list[Event]:
    """The acts of a way, each written after all before it."""
    made: list[Event] = []
    for number, move in enumerate(way):
        made.append(event_of(sample, move, number, (name_of(number - 1),) if number else ()))
    return made


def candidates(sample: "Sample", way: Way, act: ActType, side: Side) -> Iterator[Move]:
    """The act of this side with each body, naming the newest message of each act of each side, or the opening one."""
    for variant, _ in enumerate(variants(sample, act.name)):
        if "message" not in act.schema.get("required", ()):
            yield Move(side, act.name, variant)
            continue
        newest = {(one.side, one.act): number for number, one in enumerate(way)}
        for number in sorted(newest.values(), reverse=True):
            yield Move(side, act.name, variant, number, question=_question(sample, way, act, variant, number))


def _question(sample: "Sample", way: Way, act: ActType, variant: int, message: int) -> int | None:
    """The newest question about a message that an act with this body can answer."""
    if variants(sample, act.name)[variant]["body"].get("question") != NO_QUESTION:
        return None
    asked = (number for number, one in enumerate(way) if one.act in ASKING and one.message == message)
    return max(asked, default=None)


def refused(sample: "Sample", way: Way, standing: Standing, move: Move) -> tuple[Any, ...]:
    """What check 10 says of a move after a way."""
    message = named(
        sample.kind, events_of(sample, way), standing, name_of(-1 if move.message is None else move.message)
    )
    return refusals(sample.kind, standing, move.act, move.side, content_of(sample, move), named=message)


def moves_at(sample: "Sample", way: Way, standing: Standing) -> Iterator[Move]:
    """What each side may do, one move for each body and each different outcome."""
    for act in sample.kind.acts.values():
        for side in SIDES:
            if act.opening and (way or side == "answerer"):
                continue
            outcomes: set[Any] = set()
            for move in candidates(sample, way, act, side):
                if refused(sample, way, standing, move):
                    continue
                after = step(sample.kind, standing, event_of(sample, move, len(way), standing.heads))
                outcome = (move.variant, after.state, tuple(after.facts))
                if outcome not in outcomes:
                    outcomes.add(outcome)
                    yield move


def _mark(sample: "Sample", way: Way, standing: Standing) -> Any:
    """What makes two ways alike for the search: the state, and which acts rules would find with which words."""
    facts: Mapping[str, Any] = standing.facts
    kept = sorted((name, fact.by, tuple(sorted(fact.values.items()))) for name, fact in facts.items())
    newest = max(facts, key=lambda name: facts[name].at, default="")
    asked = {
        (one.side, one.act, one.variant, "" if one.question is None else way[one.question].act)
        for one in way
        if one.act in _asked_for(sample)
    }
    return (standing.state, standing.back, tuple(kept), newest, tuple(sorted(asked)))


@cache
def _asked_for(sample: "Sample") -> frozenset[str]:
    """The acts that a rule asks the message named to be one of."""
    rules = [rule for act in sample.kind.acts.values() for rule in act.rules if isinstance(rule, Names)]
    return frozenset(name for rule in rules for name in (*rule.act, *rule.answers))


def way_of(sample: "Sample", life: Sequence[Told]) -> Way:
    """The moves of a life, each naming the newest message that it may."""
    way: Way = ()
    for side, name, *more in life:
        body = sample.act(name, **(more[0] if more else {}))["body"]
        standing = fold(sample.kind, events_of(sample, way)) if way else EMPTY
        for move in candidates(sample, way, sample.kind.acts[name], "opener" if side == "opener" else "answerer"):
            if variants(sample, name)[move.variant]["body"] == body and not refused(sample, way, standing, move):
                way = (*way, move)
                break
        else:
            raise AssertionError(f"{sample.name}: {side} {name}, after {[one.act for one in way]}")
    return way


@cache
def places(sample: "Sample") -> tuple[Place, ...]:
    """The first place found in each state."""
    found: dict[str, Place] = {}
    for place in search(sample):
        found.setdefault(place.state, place)
        if len(found) == len(sample.kind.states) + 1:
            break
    return tuple(place for state, place in found.items() if state)


def search(sample: "Sample", start: Way = ()) -> Iterator[Place]:
    """All places, from those of the sample's lives on or from the end of another way, at most MOST of them."""
    todo: list[Way] = [start]
    if not start:
        lived = [way_of(sample, life) for life in (sample.life, *sample.lives)]
        todo += dict.fromkeys(way[:number] for way in lived for number in range(1, len(way) + 1))
    seen: set[Any] = set()
    for way in todo:
        standing = fold(sample.kind, events_of(sample, way)) if way else EMPTY
        moves = tuple(moves_at(sample, way, standing))
        yield Place(way, standing, moves)
        for move in moves:
            after = step(sample.kind, standing, event_of(sample, move, len(way), standing.heads))
            mark = _mark(sample, (*way, move), after)
            if mark not in seen and len(seen) < MOST:
                seen.add(mark)
                todo.append((*way, move))


@cache
def first_moves(sample: "Sample") -> dict[tuple[Side, str], tuple[Way, Move]]:
    """For each act and each side that can do it: a way to where it may, and the move itself."""
    found: dict[tuple[Side, str], tuple[Way, Move]] = {}
    wanted = {(side, act.name) for act in sample.kind.acts.values() for side in SIDES if may_ever(act, side)}
    for place in search(sample):
        for move in place.moves:
            found.setdefault((move.side, move.act), (place.way, move))
        if wanted <= set(found):
            break
    return found


def may_ever(act: ActType, side: Side) -> bool:
    """Whether some way of the act is for this side."""
    if act.by in SIDES and act.by != side:
        return False
    return any(way.by in ("", side) and not way.crossing for way in act.transitions)
