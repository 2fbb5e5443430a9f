"""The clock: counts timers of dossiers that changed, and tells what is due.

Rules kept here:
- what was touched is counted before anything is told, and a timer whose dossier was touched meanwhile is left for the
  next round: an answer that is here is never followed by a reminder;
- telling is one transaction for many timers: their new stage and the notices are there together or not at all. So a
  stop anywhere, a second process, a clock that jumps reminds nobody twice and forgets nobody;
- a dossier that cannot be counted raises an alarm and holds up no other.
"""

from collections.abc import Iterable

import msgspec

from passerelle.core.errors import DossierError, InputError
from passerelle.exchange import notes
from passerelle.exchange.cases import marks
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.office import counting, readership, reminders, timers
from passerelle.office.circle import circle_of
from passerelle.office.readership import Readers
from passerelle.office.reminders import Circle, Word
from passerelle.ports.records import DOSSIERS, META, PARTNERS, Meta
from passerelle.ports.store import Key, Reading, Writing
from passerelle.ports.timers import NEVER, NOTICES, TIMERS, TOUCHED, Notice, Timer

COUNT, TELL = 100, 10_000
"""Dossiers counted and timers told in one transaction."""
_BASIS = "timers"


def tick(ctx: Context) -> int:
    """Do everything that is due now. Returns when there is something to do next (`NEVER`: nothing is running)."""
    while True:
        while count(ctx):
            pass
        told, following = tell(ctx)
        if not told and (following > ctx.clock.now() or not _touched(ctx)):
            return following


def step(ctx: Context) -> tuple[int, int]:
    """One round: count some dossiers, tell some timers. Returns of how many, and when there is something to do next.

    None: nothing is left to do now.
    """
    counted = count(ctx)
    told, following = tell(ctx)
    return counted + told, following


def _touched(ctx: Context) -> bool:
    return bool(ctx.store.read(lambda tx: tx.scan(TOUCHED, limit=1)))


# ---- counting --------------------------------------------------------------------------------------------------------


def count(ctx: Context, limit: int = COUNT) -> int:
    """Count the timers of dossiers that were touched. Returns how many dossiers."""
    if not _touched(ctx):
        return 0

    def work(tx: Writing) -> int:
        turn = tx.scan(TOUCHED, "by_turn", limit=limit)
        channels = Channels(tx, ctx)
        for mark in turn:
            try:
                counting.recount(tx, ctx, mark.dossier, channels)
            except (DossierError, InputError) as error:
                notes.alarm(tx, ctx, "timers.failed", "", f"dossier {mark.dossier}: {error}"[:1000])
        tx.delete(TOUCHED, [(mark.dossier,) for mark in turn])
        return len(turn)

    return ctx.store.write("clock.count", work)


def refresh(ctx: Context) -> bool:
    """When calendars, types or time zones are others than last time: have all that runs counted anew."""

    def places(tx: Reading) -> dict[str, tuple[str, str]]:
        found = tx.scan(PARTNERS, limit=10_000)
        return {one.name: (ctx.identity_of(one).country, ctx.identity_of(one).timezone) for one in found}

    now = counting.basis(ctx, ctx.store.read(places))
    if (there := ctx.store.read(lambda tx: tx.get(META, _BASIS))) is not None and there.value == now:
        return False
    for state in ("running", "missed", "paused"):
        after: Key | None = ()
        while after is not None:
            after = _touch_page(ctx, state, after)
    ctx.store.write("clock.basis", lambda tx: tx.put(META, [Meta(name=_BASIS, value=now)]))
    return True


def _touch_page(ctx: Context, state: str, after: Key) -> Key | None:
    """Touch the dossiers of one page of timers. Returns where the next begins, or None."""

    def work(tx: Writing) -> Key | None:
        page = tx.scan(TIMERS, "by_state", (state,), after=after, limit=TELL)
        tx.put(TOUCHED, marks(ctx, {timer.dossier: timer.type for timer in page if not timer.local}))
        return TIMERS.place_of("by_state", page[-1])[1:] if page else None

    return ctx.store.write("clock.touch", work)


# ---- telling ---------------------------------------------------------------------------------------------------------


def tell(ctx: Context, limit: int = TELL) -> tuple[int, int]:
    """Tell what is due of at most `limit` timers. Returns of how many, and when the next is due."""
    first = ctx.store.read(lambda tx: tx.scan(TIMERS, "by_next", limit=1))
    if not first or first[0].next > ctx.clock.now():
        return 0, first[0].next if first else NEVER

    def work(tx: Writing) -> tuple[int, int]:
        now = ctx.clock.now()
        rows = tx.scan(TIMERS, "by_next", limit=limit)
        due = [one for one in rows if one.next <= now]
        following = rows[len(due)].next if len(due) < len(rows) else (now if due else NEVER)
        marked = bool(tx.scan(TOUCHED, limit=1))
        if due and marked:
            waiting = tx.get_many(TOUCHED, {(one.dossier,) for one in due})
            due = [one for one in due if (one.dossier,) not in waiting]
        if not due:
            return 0, following
        _tell(tx, ctx, due, circle_of(tx, ctx, now), now)
        return len(due), following

    return ctx.store.write("clock.tell", work)


def _tell(tx: Writing, ctx: Context, due: Iterable[Timer], circle: Circle, now: int) -> None:
    changed: list[Timer] = []
    written: list[Notice] = []
    due = list(due)
    rows = tx.get_many(DOSSIERS, {(one.dossier,) for one in due})
    channels = Channels(tx, ctx)
    within: dict[Readers, Circle] = {}
    for timer in due:
        row = rows.get((timer.dossier,))
        readers = readership.of_row(tx, ctx, row, channels) if row else None
        if readers and readers not in within:
            within[readers] = circle.within(readers)
        told = within[readers] if readers else circle
        roster = told.roster(timer.domain) if timer.every else ()
        after, words = reminders.told(timer, now, roster)
        changed.append(after)
        made = reminders.notices(after, words, told, now) if words else []
        written += made
        for word in words:
            if word.what in ("end", "exhausted"):
                _beside(tx, ctx, after, word, nobody=not made)
    tx.put(TIMERS, changed)
    tx.put(NOTICES, written)


def _beside(tx: Writing, ctx: Context, timer: Timer, word: Word, *, nobody: bool) -> None:
    """What the end of a time and an exhausted list mean beside the notices."""
    if word.what == "end":
        timers.missed(tx, ctx, timer)
        if timer.every or nobody:
            who = "nobody is there to be told" if nobody else "nobody has taken it up"
            text = f"dossier {timer.dossier}: {timer.deadline} was due and is not done; {who}"
            notes.alarm(tx, ctx, "deadline.missed", timer.partner, text)
    elif word.what == "exhausted":
        text = f"dossier {timer.dossier}: {timer.deadline} runs, and nobody else is on call for {timer.domain or 'it'}"
        notes.alarm(tx, ctx, "oncall.exhausted", timer.partner, text)


def mark_read(ctx: Context, person: str, limit: int = 10_000) -> list[Notice]:
    """The notices of a person that were unread, now read."""

    def work(tx: Writing) -> list[Notice]:
        unread = tx.scan(NOTICES, "key", (person, False), limit=limit)
        tx.delete(NOTICES, [NOTICES.key_of(one) for one in unread])
        tx.put(NOTICES, [msgspec.structs.replace(one, read=True) for one in unread])
        return unread

    return ctx.store.write("notices.read", work)


__all__ = ["count", "mark_read", "refresh", "tell", "tick"]
