"""The records of time: what is owed by when, who was told of it, who is on call.

The timers of dossiers are derived from their messages, as a dossier's state is: a transaction that changes a dossier
marks it as touched, and the clock counts its timers anew from what is there.
"""

import msgspec

from passerelle.ports.store import Kind

NEVER = 2**62
"""The time of what does not come any more."""


class Timer(msgspec.Struct, frozen=True):
    """Something is owed from a message on, until it is done. Times in milliseconds.

    `deadline`: its name in the dossier's type, or `review` and the like for one of this node alone (`local`).
    `legal`: that it was missed is an audit record. `person`: who has the dossier in charge, or "". `tell`: the role
    that is told instead, or "". `every`, `called`: while it runs the next on call is called each time this passes, and
    so many were called. `promised`: the end of the day for which the owing side announced it, 0 = none.

    `paused`: since when it rests, 0 = it does not; `due` is then what it was. `rested`: so much later it ends for the
    pauses before.

    `state`: running, paused, met, late (done behind its end), missed (behind its end and not done), lapsed (nothing is
    owed any more). `stage`: what was told: 0 nothing, 1 half of the time, 2 nine tenths, 3 the end, 4 the announced
    day. `next`: when the clock has something to do with it.
    """

    dossier: str
    deadline: str
    message: str
    partner: str
    type: str
    channel: str
    domain: str
    owner: str  # own | partner
    duration: str
    started: int
    half: int
    late: int
    due: int
    next: int
    state: str = "running"
    stage: int = 0
    ended: int = 0
    ended_by: str = ""
    promised: int = 0
    every: int = 0
    called: int = 0
    person: str = ""
    tell: str = ""
    legal: bool = False
    local: bool = False
    paused: int = 0
    rested: int = 0


class Touched(msgspec.Struct, frozen=True):
    """A dossier whose timers must be counted anew. `turn`: 0 = before the others, because people are called for it."""

    dossier: str
    turn: int = 1


class Notice(msgspec.Struct, frozen=True):
    """What one person is told, once: about a timer, or what another person did. `moment`: when it was due to be told.

    `what`: half, nine-tenths, end, escalated (the end, told to who decides), promised (the announced day is over), call
    (on call), exhausted (nobody else is on call). Without a deadline, an owner and a due time (0): returned (the draft
    `message` was sent back), given (the dossier), not-upheld (the release of `message`), hit (of the
    question `message`).
    """

    person: str
    read: bool
    moment: int
    dossier: str
    deadline: str
    message: str
    what: str
    owner: str
    type: str
    due: int
    written: int


class OnCall(msgspec.Struct, frozen=True):
    """A person who is called for a domain (`*`: all), in this place of the order, from a moment until another."""

    domain: str
    place: int
    begins: int
    person: str
    ends: int
    set_by: str
    set_at: int


TIMERS = Kind(
    "timers",
    Timer,
    ("dossier", "deadline", "message"),
    by_next=("next",),
    by_state=("state", "owner", "due"),
)
TOUCHED = Kind("touched", Touched, ("dossier",), by_turn=("turn",))
NOTICES = Kind("notices", Notice, ("person", "read", "moment", "message", "deadline", "what"))
ONCALL = Kind("oncall", OnCall, ("domain", "place", "begins"))

TIME_KINDS = (TIMERS, TOUCHED, NOTICES, ONCALL)
