"""What is over goes: hits that nobody confirmed, confirmed ones at their date, lists whose time is over, leftovers.

Whoever looks at screenings calls `expire_all` first, so that nothing is shown whose time is over, with or without a
service; the service calls it at its start, before anything else, and then again and again. A store that was put back
holds what was over meanwhile until then, and no longer.

Rules kept here: each step is small, so a long list never holds up anybody; a hit that nobody decided is counted as it
goes; the run's row stays, and says when it was what for.
"""

from typing import Any

import msgspec

from passerelle.core.audit import What
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.ports.erasures import ERASURES
from passerelle.ports.screening import CONFIRMED, HITS, RUNS, Run
from passerelle.ports.store import Kind, Reading, Writing
from passerelle.screening import figures, lists

PAGE = 500


def expire_all(ctx: Context) -> int:
    """Erase all that is over. Returns how many steps it took."""
    done = 0
    while expire(ctx):
        done += 1
    return done


def expire(ctx: Context) -> bool:
    """One small step: erase something that is over. Returns whether there may be more."""
    now = ctx.clock.now()
    if ctx.store.read(lambda tx: bool(_silent(tx, now) or _leaving(tx, now) or _past(tx, now) or _again(tx))):
        ctx.store.write("screen.expire", lambda tx: _step(tx, ctx, now))
        return True
    return lists.expire(ctx) or lists.tidy(ctx)


def _step(tx: Writing, ctx: Context, now: int) -> None:
    tx.put(RUNS, [msgspec.structs.replace(one, state="stopped") for one in _silent(tx, now)])
    for run in _leaving(tx, now):
        _sweep(tx, ctx, run)
    for one in (*_past(tx, now), *_again(tx)):
        tx.delete(CONFIRMED, [(one.id,)])
        details = {"number": one.number, "list": one.list, "confirmed": True}
        notes.record(tx, ctx, What.HITS_ERASED, "node", f"screening/{one.run}", details)


def _silent(tx: Reading, now: int) -> list[Run]:
    """Screenings that ended without a word."""
    return [one for one in tx.scan(RUNS, "by_state", ("running",), limit=PAGE) if one.moved <= now - lists.SILENT]


def _leaving(tx: Reading, now: int) -> list[Run]:
    """One screening whose hits go: it was stopped, or its time is over."""
    stopped = tx.scan(RUNS, "by_state", ("stopped",), limit=1)
    return stopped or [one for one in tx.scan(RUNS, "by_state", ("done",), limit=1) if one.expires <= now]


def _past(tx: Reading, now: int) -> list[Any]:
    return [one for one in tx.scan(CONFIRMED, "by_until", limit=PAGE) if one.until <= now]


def _again(tx: Reading) -> list[Any]:
    """Confirmed hits that were erased on request and are here again."""
    erased = tx.scan(ERASURES, "by_here", (False,), limit=100_000)  # none, but in a store that was put back
    return list(tx.get_many(CONFIRMED, [(one.message,) for one in erased]).values()) if erased else []


def _sweep(tx: Writing, ctx: Context, run: Run) -> None:
    """A page of hits goes; with the last one the run is erased, or broken."""
    found = tx.scan(HITS, "key", (run.id,), limit=PAGE)
    tx.delete(HITS, _keys(HITS, found))
    over = run.state == "done"
    if over:
        tally = figures.Tally(run.list, figures.month_of(run.begun))
        for hit in found:
            if hit.state == "unverified":
                tally.count(hit, "lapsed")
        tally.add_to(tx)
    if len(found) == PAGE:
        return
    tx.put(RUNS, [msgspec.structs.replace(run, state="erased" if over else "broken")])
    if over:
        notes.record(tx, ctx, What.HITS_ERASED, "node", f"screening/{run.id}", {"hits": run.hits, "list": run.list})


def _keys(kind: Kind[Any], found: list[Any]) -> list[tuple[Any, ...]]:
    return [kind.key_of(one) for one in found]
