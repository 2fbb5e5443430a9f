"""Which deadlines run in a dossier, from which act, to which: a pure function over its acts.

Rules kept here:
- the acts are taken in the one order that both nodes use; an overtaken one starts and ends nothing;
- a deadline runs from the first act that starts it to the first that ends it, and from the next that starts it again;
  what starts it once more while it runs moves nothing;
- where the type says so (`anew`), what starts it once more begins it anew: what it runs towards was moved. The run
  before has lapsed with that act, or was missed by then. A message that was revoked moved nothing;
- one that is counted back (`back`) runs from its act to the end of the day that lies its figure before the day in the
  body; where that was over when the act came, to the end of the day of the act. Nobody misses what he could not know;
- an act whose message was revoked later never ended a deadline; one that it had started has lapsed;
- a deadline that is still open when the dossier ends has lapsed, unless it began with that end or after it, or the type
  says that it outlives the dossier (`outlives`): then a revocation that ends the dossier does not take it away either;
- where each act has its own run (`each`), it ends with the act that names it, or with a state;
- while the dossier is suspended nothing runs, unless the type says so (`pauses`): a run goes on with what was left of
  it. One that had been missed by then stays missed. What is counted back from an event does not wait, since the event
  does not; where its end came meanwhile, it ends with the day on which work goes on;
- the figure is the channel's where it names the deadline, else the type's for the urgency of the act that starts it. No
  figure for this urgency: it does not run. `most` cuts what is longer, whoever said it;
- a day that the owing side announces moves no deadline: nobody extends his own duty. It is shown beside it.

Both sides count alike as far as they know the same acts, times and calendars. What only one side counts (the partner's
holidays, say) is a reminder to its own people and decides nothing: no act is refused because a deadline is over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from passerelle.dossiers import timing
from passerelle.dossiers.rules import Side, holds
from passerelle.dossiers.shapes import Deadline, DossierType, Moment
from passerelle.dossiers.timing import Place


@dataclass(frozen=True)
class Happening:
    """An act of a dossier that counts, as far as deadlines need it.

    `time`: of its entry, or when it was written while it has none (`entered` says which), milliseconds. `state`: the
    state it led to, "" when it moved nothing. `facts`: words of its body that rules ask for. `urgency` and `days` (the
    days in its body, by field): None when the content is gone.
    """

    id: str
    act: str
    by: Side
    time: int
    entered: bool = True
    applied: bool = True
    state: str = ""
    status: str = "open"
    facts: Mapping[str, Any] = field(default_factory=dict)
    urgency: str | None = None
    days: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Run:
    """A deadline that runs or ran. `end`: what ended it; `met`: it was done, else it lapsed. `promised`: ISO day.

    `promise_gone`: a day was announced, and the content that said which is gone. `rests`: from when to when it paused,
    milliseconds; `resting`: since when it does, or None.
    """

    deadline: Deadline
    start: Happening
    end: Happening | None = None
    met: bool = False
    promised: str = ""
    promise_gone: bool = False
    rests: tuple[tuple[int, int], ...] = ()
    resting: int | None = None


@dataclass(frozen=True)
class Span:
    """From when to when, milliseconds. `unknown`: the first year whose holidays are not known, or 0.

    `rested`: how much later it ends than it would have without its pauses.
    """

    started: int
    due: int
    duration: str
    unknown: int = 0
    rested: int = 0


def runs(kind: DossierType, happenings: Sequence[Happening]) -> list[Run]:
    """All that ran or runs, deadline by deadline in the order of the file, each in the order of its beginnings."""
    gone = _revoked(kind, happenings)
    found: list[Run] = []
    for deadline in kind.deadlines.values():
        found += _runs(kind, deadline, happenings, gone)
    return found


def _revoked(kind: DossierType, happenings: Iterable[Happening]) -> dict[str, Happening]:
    """The messages whose effect was taken back, and by what."""
    found: dict[str, Happening] = {}
    for one in happenings:
        if one.applied and "message" in one.facts and one.act in kind.acts and kind.acts[one.act].revokes:
            found.setdefault(str(one.facts["message"]), one)
    return found


def _runs(
    kind: DossierType, deadline: Deadline, happenings: Iterable[Happening], gone: Mapping[str, Happening]
) -> list[Run]:
    found: list[Run] = []
    running: list[int] = []  # places in `found`; one at most, unless each has its own
    ended, resting = False, False
    for one in happenings:
        if not one.applied:
            continue
        starts = _any(deadline.runs_from, one) and _runs_for(deadline, one)
        now_ended, ended = one.status == "ended" and not ended, one.status == "ended"
        resting = one.state in kind.resting if one.state else resting
        begins_anew = deadline.anew and starts and one.id not in gone
        for place in running:
            run = _rested(found[place], one, resting=resting)
            if one.id not in gone and _ends(deadline, run, one):
                run = _ended(run, one, met=True)
            elif begins_anew or (_lapses(run, one, gone, now_ended) and not (deadline.outlives and ended)):
                run = _ended(run, one)
            elif one.by == deadline.owner:
                run = _promised(kind, run, one)
            found[place] = run
        running = [place for place in running if found[place].end is None]
        if starts and (deadline.each or not running):
            running.append(len(found))
            found.append(_rested(Run(deadline, one), one, resting=resting))
    return found


def _lapses(run: Run, one: Happening, gone: Mapping[str, Happening], now_ended: bool) -> bool:
    """Whether nothing is owed any more: what started it was revoked by this act, or the dossier ended with it."""
    return now_ended or gone.get(run.start.id) is one


def _ends(deadline: Deadline, run: Run, one: Happening) -> bool:
    """Whether it is what was owed; where each act has its own run, what was owed from that act."""
    if not deadline.each:
        return _any(deadline.ends_at, one)
    named = one.facts.get("message") == run.start.id
    return _any((moment for moment in deadline.ends_at if moment.state or named), one)


def _rested(run: Run, one: Happening, *, resting: bool) -> Run:
    """The run, resting from this act on, or no longer."""
    if resting and run.deadline.pauses and run.resting is None:
        return replace(run, resting=one.time)
    return _woken(run, one) if not resting and run.resting is not None else run


def _woken(run: Run, one: Happening) -> Run:
    return run if run.resting is None else replace(run, rests=(*run.rests, (run.resting, one.time)), resting=None)


def _ended(run: Run, one: Happening, *, met: bool = False) -> Run:
    return replace(_woken(run, one), end=one, met=met)


def _promised(kind: DossierType, run: Run, one: Happening) -> Run:
    """The run with the day that the owing side announces, if this act does."""
    act = kind.acts.get(one.act)
    if act is None or not act.announces:
        return run
    if one.days is None:
        return replace(run, promise_gone=True)
    day = one.days.get(act.announces, "")
    return replace(run, promised=day) if day else run


def _any(moments: Iterable[Moment], one: Happening) -> bool:
    return any(
        (not moment.by or moment.by == one.by)
        and (one.act == moment.act and holds(moment.where, one.facts) if moment.act else one.state == moment.state)
        for moment in moments
    )


def _runs_for(deadline: Deadline, one: Happening) -> bool:
    return one.urgency is None or not deadline.duration or one.urgency in deadline.duration


def span(run: Run, place: Place, figure: str = "") -> Span | None:
    """From when to when it runs, in the owing side's place. `figure`: the channel's, or "".

    None without a figure, or without the day from which it is counted back. Raises InputError when the figure is no
    duration (of days, to be counted back), or the place has a zone that is not known.
    """
    deadline, start = run.deadline, run.start
    since = (start.days or {}).get(deadline.since, "") if deadline.since else ""
    duration = figure or deadline.duration.get(start.urgency or "", "") or next(iter(deadline.duration.values()), "")
    if not duration or (deadline.back and not since):
        return None
    if deadline.back:
        return rested(run, _back(deadline, start.time, since, duration, place), place)
    started = timing.first_of(since, place.zone) if since else start.time
    end = timing.end_of(started, duration, deadline.days, place)
    if deadline.most and (most := timing.end_of(started, deadline.most, deadline.days, place)).due < end.due:
        end, duration = most, deadline.most
    return rested(run, Span(started, end.due, duration, end.unknown), place)


def rested(run: Run, found: Span, place: Place) -> Span:
    """The span with what its pauses add. `found`: without them. Raises InputError when the zone is not known."""
    due, unknown = found.due, found.unknown
    for begin, end in run.rests:
        rest = max(begin, found.started), end
        if rest[0] > due or rest[1] <= rest[0]:
            continue
        if run.deadline.back:  # the event does not wait
            due = max(due, timing.day_ends(timing.day_there(end, place.zone), place.zone)) if end > due else due
            continue
        due, missing = timing.later(due, rest, found.duration, run.deadline.days, place)
        unknown = unknown or missing
    return replace(found, due=due, unknown=unknown, rested=due - found.due)


def _back(deadline: Deadline, told: int, day: str, duration: str, place: Place) -> Span:
    """The span of a deadline that is counted back from a day, told by an act of this time."""
    end = timing.end_before(day, duration, deadline.days, place)
    if deadline.most and (most := timing.end_before(day, deadline.most, deadline.days, place)).due > end.due:
        end, duration = most, deadline.most
    today = timing.day_ends(timing.day_there(told, place.zone), place.zone)
    return Span(told, max(end.due, today), duration, end.unknown)


State = Literal["running", "paused", "met", "late", "missed", "lapsed"]


def state_of(run: Run, due: int, now: int) -> State:
    """How it stands: done in time or behind its end, lapsed, still running, paused, or missed and not done."""
    if run.end is None and run.resting is not None and run.resting <= due:
        return "paused"
    if run.end is None:
        return "missed" if now > due else "running"
    if run.end.time > due:
        return "late"
    return "met" if run.met else "lapsed"
