"""Timers that this node begins and ends itself: what it owes by its own rules, and no message says.

The review of an act that a duty officer released alone is one. Timers of dossiers are not begun: they are counted from
messages (see `clock`).

Rules kept here: a local timer runs in this node's own time zone and calendar; it is begun once, however often `begin`
is called; it ends once. What was already over when it is met is late, and a legal one that was missed is an audit
record, also when the clock did not run in between.
"""

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError
from passerelle.dossiers import timing
from passerelle.exchange import notes
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.ports.records import DOSSIERS, Message
from passerelle.ports.store import Writing
from passerelle.ports.timers import NEVER, TIMERS, Timer


def begin(
    tx: Writing, ctx: Context, message: Message, deadline: str, duration: str, *, tell: str, legal: bool = True
) -> Timer:
    """Something is owed here from this message on, told to those who hold the role `tell` (and who is in charge).

    `deadline`: a name, one running at a time for a message. `duration`: ISO 8601; days are those of the calendar.
    Returns the timer that is there when it was begun before. Raises InputError when it would be over already.
    """
    known = tx.get(TIMERS, message.dossier, deadline, message.id)
    if known is not None:
        return known
    start = message.time or message.noted
    end = timing.end_of(start, duration, "calendar", ctx.place(tx))
    if end.due <= ctx.clock.now():
        raise InputError(f"expected a deadline in the future, got {duration} from a moment that is over")
    row = tx.get(DOSSIERS, message.dossier)
    half, late, due = timing.stages(start, end.due)
    made = Timer(
        dossier=message.dossier,
        deadline=deadline,
        message=message.id,
        partner=message.partner,
        type=row.type if row else "",
        channel=message.channel,
        domain=Channels(tx, ctx).domain(message.channel),
        owner="own",
        duration=duration,
        started=start,
        half=half,
        late=late,
        due=due,
        next=half,
        tell=tell,
        legal=legal,
        local=True,
    )
    tx.put(TIMERS, [made])
    return made


def meet(tx: Writing, ctx: Context, message: Message, deadline: str, by: str) -> Timer:
    """What was owed is done; `by`: the person. Ended before: nothing changes. Raises NotFoundError."""
    timer = tx.get(TIMERS, message.dossier, deadline, message.id)
    if timer is None or not timer.local:
        raise NotFoundError(f"expected a {deadline} that is owed for message {message.id}, got none")
    if timer.ended:
        return timer
    ended = over(timer, ctx.clock.now(), by)
    if ended.state == "late" and timer.stage < 3:
        missed(tx, ctx, timer)
    tx.put(TIMERS, [ended])
    return ended


def over(timer: Timer, at: int, by: str) -> Timer:
    """The timer, ended at this moment."""
    state = "met" if at <= timer.due else "late"
    stage = 3 if state == "late" else timer.stage
    return msgspec.structs.replace(timer, ended=max(1, at), ended_by=by, state=state, stage=stage, next=NEVER)


def missed(tx: Writing, ctx: Context, timer: Timer) -> None:
    """Write down that a legal deadline was missed; of others nothing is written."""
    if timer.legal:
        details = {
            "deadline": timer.deadline,
            "message": timer.message,
            "owner": ctx.name if timer.owner == "own" else timer.partner,
            "due": timer.due,
        }
        notes.record(tx, ctx, What.DEADLINE_MISSED, "node", timer.dossier, details)
