"""What is told of a timer, when, and to whom: pure functions.

Rules kept here:
- of a timer half the time, nine tenths and the end are told, each once; the stage that was told stands in the timer, so
  a restart, a second process or a clock that goes back tells nothing again;
- a clock that jumps forward, or a node that was off, tells the newest stage only;
- while a timer with `every` runs, persons on call are called one after another: the first at once, the next each time
  that passes. Who should have been called while the node was off is called now: each is another person. When the list
  is at its end, those are told who decide;
- at the end of a time those who decide are told too;
- nobody is told the same thing twice, also who holds several roles;
- told and called are persons of the services that the dossier is for, and dispatchers.

A time has run out when its last millisecond is over.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from passerelle.office.readership import Readers
from passerelle.ports.timers import NEVER, Notice, Timer

FOLLOW = ("officer", "dispatcher")
"""Who is told of a dossier that nobody has in charge."""
DECIDE = ("approver", "dispatcher")
"""Who is told at the end, beside."""
DUTY = ("duty",)


class Word(NamedTuple):
    """Something to be told. `what`: half, nine-tenths, end, promised, call, exhausted; `person`: of a call."""

    what: str
    moment: int
    person: str = ""


def told(timer: Timer, now: int, roster: Sequence[str] = ()) -> tuple[Timer, list[Word]]:
    """The timer behind `now`, and what is to be told. `roster`: who is on call there now, in their order."""
    words: list[Word] = []
    stage, called, state = timer.stage, timer.called, timer.state
    if timer.every:
        reached = max(called, _calls(timer, now))
        words += _called(timer, range(called, reached), roster)
        called = reached
    elif stage < 2 and now <= timer.due:
        reached = 2 if now >= timer.late else 1 if now >= timer.half else 0
        if reached > stage:
            stage = reached
            words.append(Word("half", timer.half) if stage == 1 else Word("nine-tenths", timer.late))
    if now > timer.due:
        state = "missed"
        if stage < 3:
            words.append(Word("end", timer.due))
        later = timer.promised > timer.due and now > timer.promised
        if stage == 3 and later:
            words.append(Word("promised", timer.promised))
        stage = 4 if later or stage == 4 else 3
    following = next_of(timer, stage, called, now)
    return msgspec.structs.replace(timer, stage=stage, called=called, state=state, next=following), words


def _calls(timer: Timer, now: int) -> int:
    """How many calls should have been made by now; none at the end itself."""
    last, begun = min(now, timer.due - 1), timer.started + timer.rested
    return (last - begun) // timer.every + 1 if last >= begun else 0


def _called(timer: Timer, places: range, roster: Sequence[str]) -> Iterator[Word]:
    for place in range(places.start, min(places.stop, len(roster) + 1)):
        moment = timer.started + timer.rested + place * timer.every
        yield Word("call", moment, roster[place]) if place < len(roster) else Word("exhausted", moment)


def next_of(timer: Timer, stage: int, called: int, now: int) -> int:
    """When the clock has something to do with it next, once this was told."""
    if timer.ended:
        return NEVER
    over = timer.due + 1
    if now > timer.due:
        return timer.promised + 1 if stage == 3 and timer.promised > timer.due else NEVER
    if timer.every:
        call = timer.started + timer.rested + called * timer.every
        return call if call < timer.due else over
    return (timer.half, timer.late)[stage] if stage < 2 else over


@dataclass(frozen=True)
class Circle:
    """Who holds a role where today, and who is on call: persons by (role, domain) and by domain.

    A role in the domain `*` is held everywhere; persons who were removed are not among them. `services`: of those
    persons who are of one.
    """

    holders: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    rosters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    persons: frozenset[str] = frozenset()
    services: Mapping[str, str] = field(default_factory=dict)
    _found: dict[tuple[tuple[str, ...], str], tuple[str, ...]] = field(default_factory=dict)

    def within(self, readers: Readers) -> "Circle":
        """Those whose service a dossier is for; dispatchers are of all services, but for a type kept for some kinds."""

        def some(persons: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(one for one in persons if readers.as_of(self.services.get(one, "")) in readers.services)

        holders = {
            place: found if place[0] == "dispatcher" and not readers.kinds else some(found)
            for place, found in self.holders.items()
        }
        rosters = {domain: some(found) for domain, found in self.rosters.items()}
        return Circle(holders, rosters, self.persons, self.services)

    def of(self, roles: tuple[str, ...], domain: str) -> tuple[str, ...]:
        """Everybody who holds one of the roles there, each once."""
        there = self._found.get((roles, domain))
        if there is None:
            found = (self.holders.get((role, where), ()) for role in roles for where in (domain, "*"))
            there = tuple(dict.fromkeys(person for some in found for person in some))
            self._found[roles, domain] = there
        return there

    def roster(self, domain: str) -> tuple[str, ...]:
        """Who is on call for a domain: those of the domain, then those for all, each once."""
        return tuple(dict.fromkeys((*self.rosters.get(domain, ()), *self.rosters.get("*", ()))))

    def in_charge(self, timer: Timer) -> tuple[str, ...]:
        """The person in charge; else those who hold the role that the timer names, or who follow its dossier."""
        if timer.tell:
            return self.of((timer.tell,), timer.domain) or self.of(DECIDE, timer.domain)
        if timer.person in self.persons:
            return (timer.person,)
        return self.of(FOLLOW, timer.domain)


def notices(timer: Timer, words: Iterable[Word], circle: Circle, now: int) -> list[Notice]:
    """One notice for each person who is told, each once."""
    whom: dict[str, tuple[str, int]] = {}
    for word in words:
        for person in _first(timer, word, circle):
            whom.setdefault(person, (word.what, word.moment))
        if word.what == "end":
            for person in circle.of(DECIDE, timer.domain):
                whom.setdefault(person, ("escalated", word.moment))
    about = (timer.dossier, timer.deadline, timer.message)
    return [
        Notice(person, False, moment, *about, what, timer.owner, timer.type, timer.due, now)
        for person, (what, moment) in whom.items()
    ]


def _first(timer: Timer, word: Word, circle: Circle) -> tuple[str, ...]:
    """Who is told this word itself."""
    if word.what == "call":
        return (word.person,)
    if word.what == "exhausted":
        return circle.of((*DUTY, *DECIDE), timer.domain)
    return circle.in_charge(timer)
