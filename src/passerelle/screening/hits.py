"""Hits: who looks at them, who says what they are, and what stays.

Rules kept here:
- a hit is *unverified* until a person who has looked at it confirms or rejects it, with a reason; a machine never does;
- whoever reads hits is written down before they are shown: who ran the screening has a reason, others give theirs;
- what is confirmed stays until its retention date: who the traveller is, the entry as it was, what was explained, who
  decided, when and why. Everything else of a screening goes when its time is over (`keeping`);
- a decision may be taken back as long as what it is about is here: a confirmed hit that is rejected is erased at once;
- what is erased on request stays erased, also in a store that is put back;
- that a person of the same name was rejected before hides no hit. The earlier decision is told with it.

Left unchecked: what is done about a confirmed hit. That is a dossier's, under a channel.
"""

from collections.abc import Callable

import msgspec

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.core.retold import E_
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.exchange.register import Register
from passerelle.office import work
from passerelle.office.asking import Office, Sight, ask
from passerelle.office.policy import Action
from passerelle.persons.model import Entry
from passerelle.ports.erasures import ERASURES, Erasure, Ground
from passerelle.ports.people import Person
from passerelle.ports.records import AUDITS
from passerelle.ports.screening import CONFIRMED, HITS, RUNS, Confirmed, Hit, Run
from passerelle.ports.store import Reading, Writing
from passerelle.screening import figures
from passerelle.screening.lists import check_retention, decode, erasure
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
    _check_done(run)
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
    _check_done(run)
    seen = _found(tx, run, number)
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


def _check_done(run: Run) -> None:
    if run.state == "running":
        raise StateError(f"expected a screening that is done, got {run.id}, which still runs")
    if run.state in ("stopped", "broken"):
        raise StateError(f"expected a screening that is done, got {run.id}, which was stopped: screen again")


def _found(tx: Reading, run: Run, number: int) -> Seen:
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


# -- erasing -----------------------------------------------------------------------------------------------------------


def erase(office: Office, register: Register, who: Person, run: Run, number: int, ground: str, reason: str) -> None:
    """Erase a hit before its time, for good: that it was, stands in the register outside the store.

    `reason`: for the audit log, in words that name nobody. Raises InputError, NotAllowedError, NotFoundError.
    """
    if ground not in set(Ground):
        raise InputError(f"--ground: expected one of {', '.join(Ground)}, got {ground[:40]!r}")
    words = work.check_line(reason, "--reason")
    ctx = office.ctx

    def planned(tx: Reading) -> list[Erasure]:
        ask(tx, office, who, Action.HIT_ERASE, on(run.domain, "hit"))
        _found(tx, run, number)
        there = tx.scan(CONFIRMED, "by_run", (run.id, number), limit=1)
        return [erasure(one.id, ctx.clock.now(), who.id, Ground(ground)) for one in there]

    made = ctx.store.read(planned)
    register.add(made)

    def do(tx: Writing) -> None:
        ask(tx, office, who, Action.HIT_ERASE, on(run.domain, "hit"))
        tx.put(ERASURES, made)
        tx.delete(CONFIRMED, [(one.message,) for one in made])
        tx.delete(HITS, [(run.id, number)])
        details = {"number": number, "list": run.list, "ground": ground, "reason": words}
        notes.record(tx, ctx, What.HITS_ERASED, who.id, f"screening/{run.id}", details)

    ctx.store.write("hit.erase", do)


# -- deciding ----------------------------------------------------------------------------------------------------------


def decide(
    office: Office,
    who: Person,
    run: Run,
    number: int,
    outcome: str,
    reason: str,
    explain: Callable[[Seen], tuple[str, ...]],
    retention: str = "",
) -> Seen:
    """Say what a hit is. `explain` words it as the person was told; `retention`: shorter than the screening's.

    Raises InputError, NotAllowedError, NotFoundError; StateError when the person has not looked at it, or it is decided
    so already.
    """
    words = work.check_line(reason, "--reason")
    ctx = office.ctx

    def do(tx: Writing) -> Seen:
        ask(tx, office, who, Action.HIT_DECIDE, on(run.domain, "hit"))
        now_is = tx.get(RUNS, run.id) or run
        _check_done(now_is)
        seen = _found(tx, now_is, number)
        if seen.state == outcome:
            raise StateError(f"expected a hit that is not {outcome} yet, got {number}, {outcome} by {seen.decided_by}")
        if not _has_looked(tx, who, now_is, number):
            raise StateError(
                f"expected a hit that {who.id} has looked at (screen show), got {number}, which he has not"
            )
        changed = {"state": outcome, "decided": ctx.clock.now(), "decided_by": who.id, "reason": words}
        if outcome == "confirmed":
            made = _confirm(tx, ctx, who, now_is, number, words, explain(seen), retention)
            changed |= {"until": made.until, "said": made.said}
        else:
            _reject(tx, ctx, who, now_is, seen, words)
        what = What.HIT_CONFIRMED if outcome == "confirmed" else What.HIT_REJECTED
        details = {"number": number, "list": run.list, "entry": seen.entry.id, "reason": words}
        notes.record(tx, ctx, what, who.id, f"screening/{run.id}", details)
        return msgspec.structs.replace(seen, **changed)

    return ctx.store.write("hit.decide", do)


def _has_looked(tx: Reading, who: Person, run: Run, number: int) -> bool:
    """Whether it is written down that this person was shown this hit by itself."""
    for one in tx.scan(AUDITS, "by_on", (f"screening/{run.id}",), limit=_ALL, descending=True):
        if one.what == What.HIT_READ.value and one.who == who.id and one.details:
            details = json.parse_object(one.details)
            if details.get("read") == "hit" and details.get("hits") == [number]:
                return True
    return False


def _confirm(
    tx: Writing, ctx: Context, who: Person, run: Run, number: int, words: str, said: tuple[str, ...], retention: str
) -> Confirmed:
    hit = tx.get(HITS, run.id, number)
    if hit is None:
        raise NotFoundError(f"expected a hit of screening {run.id}, got {number}")
    now = ctx.clock.now()
    longest = add_duration(now, run.retention)
    until = add_duration(now, check_retention(retention, now)) if retention else longest
    if until > longest:
        raise InputError(f"--retention: expected at most {run.retention}, as channel or type say, got {retention}")
    made = Confirmed(
        id=ids.new_id(),
        run=run.id,
        number=number,
        rank=hit.rank,
        list=run.list,
        domain=run.domain,
        edition=run.number,
        entry=hit.entry,
        purpose=run.purpose,
        basis=run.basis,
        link=run.link,
        offence=run.offence,
        journey=run.journey,
        channel=run.channel,
        script=hit.script,
        against=hit.against,
        traveller=hit.traveller,
        body=hit.body,
        said=said,
        screened=run.begun,
        screened_by=run.by,
        decided=now,
        decided_by=who.id,
        reason=words,
        until=until,
    )
    tx.delete(HITS, [(run.id, number)])
    tx.add(CONFIRMED, [made])
    _counted(tx, run, hit, "confirmed", "rejected" if hit.state == "rejected" else "")
    return made


def _reject(tx: Writing, ctx: Context, who: Person, run: Run, seen: Seen, words: str) -> None:
    if seen.state == "confirmed":
        for one in tx.scan(CONFIRMED, "by_run", (run.id, seen.number), limit=1):
            tx.delete(CONFIRMED, [(one.id,)])
            _counted(tx, run, one, "rejected", "confirmed")
        return
    hit = tx.get(HITS, run.id, seen.number)
    if hit is not None:
        now = ctx.clock.now()
        tx.put(HITS, [msgspec.structs.replace(hit, state="rejected", decided=now, decided_by=who.id, reason=words)])
        _counted(tx, run, hit, "rejected")


def _counted(tx: Writing, run: Run, hit: Hit | Confirmed, what: figures.Count, not_any_more: str = "") -> None:
    tally = figures.Tally(run.list, figures.month_of(run.begun))
    tally.count(hit, what)
    for name in figures.COUNTS:
        if name == not_any_more:
            tally.count(hit, name, -1)
    tally.add_to(tx)
