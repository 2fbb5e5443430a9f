"""Hits: what a person says of one, and what stays of it.

Rules kept here:
- a hit is decided by a person who has looked at it by itself, with a reason; a machine never decides;
- what is confirmed stays until its retention date: who the traveller is, the entry as it was, what was explained, who
  decided, when and why. Everything else of a screening goes when its time is over (`keeping`);
- a decision may be taken back as long as what it is about is here: a confirmed hit that is rejected is erased at once;
- what is erased on request stays erased, also in a store that is put back.

Left unchecked: what is done about a confirmed hit. That is a dossier's, under a channel.
"""

from collections.abc import Callable

import msgspec

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.exchange.register import Register
from passerelle.office import work
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.ports.erasures import ERASURES, Erasure, Ground
from passerelle.ports.people import Person
from passerelle.ports.records import AUDITS
from passerelle.ports.screening import CONFIRMED, HITS, RUNS, Confirmed, Hit, Run
from passerelle.ports.store import Reading, Writing
from passerelle.screening import figures
from passerelle.screening.hits import Seen, check_done, found_hit
from passerelle.screening.lists import check_retention, erasure
from passerelle.screening.running import on

_ALL = 1_000_000


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
        found_hit(tx, run, number)
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
        check_done(now_is)
        seen = found_hit(tx, now_is, number)
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
