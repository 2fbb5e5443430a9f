"""Hits: who looks at them, and what is shown.

Rules kept here:
- a hit is *unverified* until a person confirms or rejects it (`deciding`);
- whoever reads hits is written down before they are shown: who ran the screening has a reason, others give theirs;
- nothing is shown of a screening that is not done, and of one whose time is over only what was confirmed;
- that a person of the same name was rejected before hides no hit. The earlier decision is told with it.

Left unchecked: whether what is shown is copied by hand.
"""

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.core.retold import E_
from passerelle.exchange import notes
from passerelle.office import work
from passerelle.office.asking import Office, Sight, ask
from passerelle.office.policy import Action
from passerelle.persons.model import Entry
from passerelle.ports.people import Person
from passerelle.ports.screening import CONFIRMED, HITS, RUNS, Confirmed, Hit, Run
from passerelle.ports.store import Reading, Writing
from passerelle.screening.lists import decode
from passerelle.screening.running import MILLION, on

OUTCOMES = ("confirmed", "rejected")
_ALL = 1_000_000


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A hit as it is shown. `score` in (0, 1); `state`: unverified | confirmed | rejected.

    `before`: what was decided of a traveller named and born alike and the same entry, where it is still here.
    """

    run: str
    number: int
    score: float
    state: str
    list: str
    entry: Entry
    traveller: Entry
    decided: int = 0
    decided_by: str = ""
    reason: str = ""
    until: int = 0
    said: tuple[str, ...] = ()
    before: tuple[Hit, ...] = ()


# -- looking -----------------------------------------------------------------------------------------------------------


def runs(tx: Reading, office: Office, who: Person, name: str = "", most: int = 200) -> list[Run]:
    """The screenings that somebody may see, the latest first. `name`: against this list only."""
    sight = Sight(tx, office, who, Action.SCREENING_LOOK)
    found = [one for one in tx.scan(RUNS, limit=_ALL, descending=True) if name in ("", one.list)]
    made = [one for one in found if sight.sees(on(one.domain))]
    sight.check(made)
    return made[:most]


def page(
    tx: Writing, office: Office, who: Person, run: Run, reason: str, *, state: str = "", after: int = 0, most: int = 50
) -> list[Seen]:
    """Hits of a screening, the closest first, once it is written down who reads them. `after`: so many are passed over.

    Raises NotAllowedError, InputError, StateError when the screening is not done, or its time is over.
    """
    ask(tx, office, who, Action.HIT_READ, on(run.domain, "hit"))
    words = _why(who, run, reason)
    check_done(run)
    kept = tx.scan(CONFIRMED, "by_run", (run.id,), limit=_ALL)
    undecided = tx.scan(HITS, "by_rank", (run.id,), limit=_ALL) if _is_here(run) else []
    every: list[Hit | Confirmed] = [*kept, *undecided]
    every.sort(key=lambda one: (one.rank, one.number))
    wanted = [one for one in every if state in ("", one.state if isinstance(one, Hit) else "confirmed")]
    shown = [_seen(tx, one) for one in wanted[after : after + most]]
    details = {"read": "hits", "hits": [one.number for one in shown], "list": run.list, "reason": words}
    notes.record(tx, office.ctx, What.HIT_READ, who.id, f"screening/{run.id}", details)
    return shown


def show(tx: Writing, office: Office, who: Person, run: Run, number: int, reason: str) -> Seen:
    """One hit, once it is written down who reads it. Raises as `page`, NotFoundError."""
    ask(tx, office, who, Action.HIT_READ, on(run.domain, "hit"))
    words = _why(who, run, reason)
    check_done(run)
    seen = found_hit(tx, run, number)
    details = {"read": "hit", "hits": [number], "list": run.list, "entry": seen.entry.id, "reason": words}
    notes.record(tx, office.ctx, What.HIT_READ, who.id, f"screening/{run.id}", details)
    return seen


def missing(tx: Reading, run: Run) -> int:
    """How many hits of a screening are not here although its time is not over: no backup has them."""
    if not _is_here(run):
        return 0
    there = tx.count(HITS, "key", (run.id,)) + tx.count(CONFIRMED, "by_run", (run.id,))
    return max(0, run.hits - there)


def waiting(tx: Reading, run: Run) -> int:
    """How many hits of a screening wait for a person."""
    return tx.count(HITS, "by_state", (run.id, "unverified")) if _is_here(run) else 0


def _why(who: Person, run: Run, reason: str) -> str:
    if reason:
        return work.check_line(reason, "--reason")
    if run.by == who.id:
        return E_("ran the screening")
    raise InputError(f"--reason: expected why hits of screening {run.id} are read by {who.id}, got nothing")


def _is_here(run: Run) -> bool:
    return run.state == "done"


def check_done(run: Run) -> None:
    """Raises StateError when a screening is not done."""
    if run.state == "running":
        raise StateError(f"expected a screening that is done, got {run.id}, which still runs")
    if run.state in ("stopped", "broken"):
        raise StateError(f"expected a screening that is done, got {run.id}, which was stopped: screen again")


def found_hit(tx: Reading, run: Run, number: int) -> Seen:
    """A hit, confirmed or not. Raises NotFoundError."""
    for one in tx.scan(CONFIRMED, "by_run", (run.id, number), limit=1):
        return _seen(tx, one)
    found = tx.get(HITS, run.id, number) if _is_here(run) else None
    if found is None and run.state == "erased":
        raise NotFoundError(f"expected a confirmed hit of screening {run.id}, whose time is over, got {number}")
    if found is None:
        raise NotFoundError(f"expected a hit of screening {run.id}, got {number}")
    return _seen(tx, found)


def _seen(tx: Reading, one: Hit | Confirmed) -> Seen:
    return _of_hit(tx, one) if isinstance(one, Hit) else _of_confirmed(one)


def _of_hit(tx: Reading, hit: Hit) -> Seen:
    alike = tx.scan(HITS, "by_same", (hit.list, hit.entry, hit.same), limit=20)
    return Seen(
        run=hit.run,
        number=hit.number,
        score=1 - hit.rank / MILLION,
        state=hit.state,
        list=hit.list,
        entry=decode(hit.body),
        traveller=decode(hit.traveller),
        decided=hit.decided,
        decided_by=hit.decided_by,
        reason=hit.reason,
        before=tuple(one for one in alike if one.run != hit.run and one.state == "rejected"),
    )


def _of_confirmed(one: Confirmed) -> Seen:
    return Seen(
        run=one.run,
        number=one.number,
        score=1 - one.rank / MILLION,
        state="confirmed",
        list=one.list,
        entry=decode(one.body),
        traveller=decode(one.traveller),
        decided=one.decided,
        decided_by=one.decided_by,
        reason=one.reason,
        until=one.until,
        said=one.said,
    )


def confirmed(
    tx: Writing, office: Office, who: Person, reason: str, *, name: str = "", most: int = 200
) -> list[Confirmed]:
    """The confirmed hits that somebody may read, the latest first, once it is written down that he does.

    Raises NotAllowedError, InputError.
    """
    sight = Sight(tx, office, who, Action.HIT_READ)
    if not reason:
        raise InputError(f"--reason: expected why confirmed hits are read by {who.id}, got nothing")
    words = work.check_line(reason, "--reason")
    every = [one for one in tx.scan(CONFIRMED, "by_domain", limit=_ALL) if name in ("", one.list)]
    found = [one for one in every if sight.sees(on(one.domain, "hit"))]
    sight.check(found)
    shown = sorted(found, key=lambda one: one.decided, reverse=True)[:most]
    details = {"read": "hits", "confirmed": [one.id for one in shown], "reason": words}
    notes.record(tx, office.ctx, What.HIT_READ, who.id, "screening", details)
    return shown
