"""The timers of a dossier, counted anew from its messages.

Rules kept here:
- a timer is derived, never edited: from the acts that count, the channel's figures, and the owing side's time zone and
  calendar. What was told of it (its stage) is carried over, so that counting again tells nothing again;
- time runs from the entry of the act; while an own act has none, what the partner owes from it does not run yet: it has
  not left. What this node owes from it runs from its writing;
- when a content was erased, the timer that began with it keeps its figures;
- while it pauses nothing is told of it, and the clock does not look at it;
- a legal time whose end was passed is written down as missed, once, also when the clock was not there to see it.

Left unchecked: that the partner counts the same. It may know other holidays; nothing is decided by this.
"""

import hashlib
import json as plain_json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.clock import add_duration
from passerelle.core.errors import JsonError
from passerelle.dossiers import deadlines, timing
from passerelle.dossiers.deadlines import Happening, Run, Span
from passerelle.dossiers.shapes import DossierType
from passerelle.dossiers.timing import Place
from passerelle.exchange import notes
from passerelle.exchange.cases import Cases
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.exchange.counted import remembered
from passerelle.instruments.channel import Channel
from passerelle.office import reminders, timers
from passerelle.ports.erasures import ERASURES
from passerelle.ports.records import CONTENTS, DOSSIERS, MESSAGES, Dossier, Message
from passerelle.ports.store import Reading, Writing
from passerelle.ports.timers import NEVER, TIMERS, Timer

_ALL = 10_000_000


def recount(tx: Writing, ctx: Context, dossier: str, channels: Channels | None = None) -> None:
    """Count the timers of a dossier anew. Raises DossierError or InputError when its type or a figure is wrong.

    `channels`: those of this transaction, read once for many dossiers.
    """
    row = tx.get(DOSSIERS, dossier)
    kind = ctx.catalogue.types.get(row.type) if row else None
    if row is None or kind is None:
        return
    known = {(one.deadline, one.message): one for one in tx.scan(TIMERS, prefix=(dossier,), limit=_ALL)}
    counted: list[Timer] = []
    channels = channels or Channels(tx, ctx)
    for run in deadlines.runs(kind, list(_happenings(tx, ctx, row, kind))):
        timer = _timer(tx, ctx, channels, row, run, known.get((run.deadline.name, run.start.id)))
        if timer is not None:
            counted.append(timer)
    kept = {(one.deadline, one.message) for one in counted}
    gone = [key for key, one in known.items() if not one.local and key not in kept]
    tx.delete(TIMERS, [(dossier, *key) for key in gone])
    for one in known.values():
        if one.local and one.person != _in_charge(row):
            counted.append(msgspec.structs.replace(one, person=_in_charge(row)))
    tx.put(TIMERS, [one for one in counted if known.get((one.deadline, one.message)) != one])


def _in_charge(row: Dossier) -> str:
    return row.person


# ---- what happened ---------------------------------------------------------------------------------------------------


def _happenings(tx: Reading, ctx: Context, row: Dossier, kind: DossierType) -> Iterator[Happening]:
    """The acts that count, in the order that both nodes use."""
    messages = {one.id: one for one in tx.scan(MESSAGES, "by_dossier", (row.id,), limit=_ALL)}
    history = Cases(tx, ctx).history(row, kind)
    looked_at = _looked_at(kind)
    wanted = [(name,) for name, standing in history if _asks(kind, messages[name], standing.state, looked_at)]
    bodies = tx.get_many(CONTENTS, wanted)
    gone = tx.get_many(ERASURES, [key for key in wanted if key not in bodies])
    before = ""
    for name, standing in history:
        message = messages[name]
        content = _parsed(bodies[name,].body) if (name,) in bodies else {}
        erased = gone.get((name,))
        yield Happening(
            id=name,
            act=message.act,
            by="opener" if (ctx.name if message.direction == "out" else message.partner) == row.opener else "answerer",
            time=message.time or message.noted,
            entered=bool(message.time),
            applied=name not in standing.overtaken,
            state=standing.state if standing.state != before else "",
            status=standing.status,
            facts=remembered(message),
            urgency=erased.urgency or None if erased else content.get("urgency"),
            days=None if erased else {k: v for k, v in content.get("body", {}).items() if isinstance(v, str)},
        )
        before = standing.state


def _looked_at(kind: DossierType) -> tuple[set[str], set[str]]:
    """Acts and states whose messages are read: those that start deadlines, and those that announce a day."""
    moments = [moment for deadline in kind.deadlines.values() for moment in deadline.runs_from]
    acts = {moment.act for moment in moments} | {act.name for act in kind.acts.values() if act.announces}
    return acts, {moment.state for moment in moments if moment.state}


def _asks(kind: DossierType, message: Message, state: str, looked_at: tuple[set[str], set[str]]) -> bool:
    return message.act in looked_at[0] or state in looked_at[1]


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        return json.parse_object(body)
    except JsonError:  # written unchecked, by a test or another version
        return {}


# ---- one timer -------------------------------------------------------------------------------------------------------


def _timer(tx: Writing, ctx: Context, channels: Channels, row: Dossier, run: Run, known: Timer | None) -> Timer | None:
    """The timer of a run, or None while it does not run."""
    deadline = run.deadline
    own = (ctx.name == row.opener) == (deadline.owner == "opener")
    if not own and not run.start.entered:
        return None
    message = tx.get(MESSAGES, run.start.id)
    digest = message.channel if message else row.channel
    place = ctx.place(tx, "" if own else row.partner)
    if known is not None and (run.start.days is None or run.start.urgency is None):
        span: Span | None = deadlines.rested(run, Span(known.started, known.due - known.rested, known.duration), place)
    else:
        span = deadlines.span(run, place, _figure(channels, digest, row.type, deadline.name))
    if span is None:
        return None
    if span.unknown:
        _unknown_year(tx, ctx, row, place, span.unknown)
    return _with_end(tx, ctx, row, run, span, place, known, own=own, channel=digest, channels=channels)


def _with_end(
    tx: Writing,
    ctx: Context,
    row: Dossier,
    run: Run,
    span: Span,
    place: Place,
    known: Timer | None,
    *,
    own: bool,
    channel: str,
    channels: Channels,
) -> Timer:
    deadline, now = run.deadline, ctx.clock.now()
    half, late, due = timing.stages(span.started + span.rested, span.due)
    promised = timing.last_of(run.promised, place.zone) if run.promised else 0
    if known and run.promise_gone:
        promised = max(promised, known.promised)  # the day was told before the content went
    stage, called = (known.stage, known.called) if known else (0, 0)
    if known and promised > known.promised:
        stage = min(stage, 3)  # another day was announced: it is told when that is over too
    if known and due > known.due:
        stage = min(stage, 2)  # a pause came to be known behind its end: the new one is told
    timer = Timer(
        dossier=row.id,
        deadline=deadline.name,
        message=run.start.id,
        partner=row.partner,
        type=row.type,
        channel=channel,
        domain=known.domain if known else channels.domain(channel),
        owner="own" if own else "partner",
        duration=span.duration,
        started=span.started,
        half=half,
        late=late,
        due=due,
        next=NEVER,
        stage=stage,
        state=deadlines.state_of(run, due, now),
        promised=promised,
        every=add_duration(0, deadline.escalate) if deadline.escalate and own else 0,
        called=called,
        person=_in_charge(row),
        legal=deadline.treaty or bool(deadline.escalate),
        rested=span.rested,
    )
    if timer.state == "paused":
        return msgspec.structs.replace(timer, paused=run.resting or 0)
    if run.end is None:
        return msgspec.structs.replace(timer, next=_following(timer, now))
    if timer.state == "late" and stage < 3:
        timers.missed(tx, ctx, timer)
        timer = msgspec.structs.replace(timer, stage=3)
    return msgspec.structs.replace(timer, ended=max(1, run.end.time), ended_by=run.end.id)


def _following(timer: Timer, now: int) -> int:
    """When the clock looks at it: at once when something should have been told by now."""
    if timer.state == "missed" and timer.stage < 3:
        return now
    return reminders.next_of(timer, timer.stage, timer.called, now)


def _figure(channels: Channels, digest: str, kind: str, deadline: str) -> str:
    """The channel's figure for a deadline of a type, or ""."""
    found = channels.standing(digest)
    if found is None or not isinstance(found.instrument, Channel) or kind not in found.instrument.types:
        return ""
    return found.instrument.types[kind].deadlines.get(deadline, "")


def _unknown_year(tx: Writing, ctx: Context, row: Dossier, place: Place, year: int) -> None:
    """Say once for a country and a year that holidays are missing; it is counted with what is known."""
    country = place.calendar.country or "?"
    text = f"expected the holidays of {country} for {year}, got no calendar; deadlines are counted without them"
    notes.alarm(tx, ctx, "calendar.ends", row.partner, text, once=f"{country}/{year}")


# ---- what counting rests on ------------------------------------------------------------------------------------------


def basis(ctx: Context, places: Mapping[str, tuple[str, str]]) -> str:
    """A digest of what timers were counted with beside messages: calendars, types, zones. `places`: by partner."""
    years = {
        f"{country}/{year}": [sorted(known.weekend), sorted(day.isoformat() for day in known.holidays)]
        for country, calendar in ctx.calendars.countries.items()
        for year, known in calendar.years.items()
    }
    types = dict(ctx.catalogue.marks)
    value = {"own": [ctx.country, ctx.zone], "places": {key: list(two) for key, two in places.items()}}
    text = plain_json.dumps({"years": years, "types": types, **value}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
