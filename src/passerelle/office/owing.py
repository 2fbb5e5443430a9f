"""What is owed and not done: by this node and by its partners, what is overdue first.

Rules kept here: a person sees the deadlines of the dossiers that he may see; what ran out a moment ago is overdue here,
whether or not the clock has told it yet; only what was asked for is read, in pages, so that a store of any size answers
at once.
"""

from collections.abc import Callable, Iterator

from passerelle.office.reminders import Circle
from passerelle.ports.store import Key, Reading
from passerelle.ports.timers import TIMERS, Timer

_PAGE = 500
OWNERS = ("own", "partner")

Fits = Callable[[Timer], bool]


def _walk(tx: Reading, state: str, owner: str) -> Iterator[Timer]:
    """Timers of a state and an owner by their end."""
    after: Key = ()
    while page := tx.scan(TIMERS, "by_state", (state, owner), after=after, limit=_PAGE):
        yield from page
        if len(page) < _PAGE:
            return
        after = TIMERS.place_of("by_state", page[-1])[2:]


def owed(
    tx: Reading, owners: tuple[str, ...], fits: Fits, *, until: int | None = None, limit: int = 100
) -> tuple[list[Timer], bool]:
    """At most `limit` timers by their end, so what is overdue comes first, and whether there are more.

    Paused ones come last. `until`: none that ends later (milliseconds), and none that pauses. `fits`: which of them; it
    may look at the store.
    """
    found: list[Timer] = []
    for owner in owners:
        for state in ("missed", "running", "paused") if until is None else ("missed", "running"):
            count = 0
            for timer in _walk(tx, state, owner):
                if until is not None and timer.due > until:
                    break
                if fits(timer):
                    found.append(timer)
                    count += 1
                    if count > limit:
                        break
    found.sort(key=lambda one: (bool(one.paused), one.due, one.dossier, one.deadline))
    return found[:limit], len(found) > limit


def mine(person: str, circle: Circle) -> Fits:
    """The timers that a person is told of: those that he has in charge, and those that nobody has and he follows."""
    return lambda timer: person in circle.in_charge(timer)
