"""In which state a dossier is: one deterministic rule over the set of its messages.

The rule. Each message names in `after` what its author had seen. Messages are put into one order that respects this
(Kahn's algorithm); wherever several could come next, the one with the smallest (rank, id) does; of equal rank, an act
that revokes the opening message comes last, so that what was revoked with it is known. Each is then applied to the
state reached. An act that finds no way from that state, because an act of the other side came in between, is
*overtaken*: kept in the dossier, named in the standing, and it moves nothing. Rules of a transition are part of whether
there is a way; rules of the act are not: they say what an author may do, and what was rightly done stays done.

So the standing depends on the set of messages alone: not on the order of their arrival, the process or the node. Two
nodes that hold the same messages of a dossier show the same state, and each can compute it from an export.

Why `step` is enough most of the time. When the closure of a message's `after` is all that is known (its `after` are the
heads), everything else comes before it in every order that respects `after`; and as long as it has not been reached it
is never a candidate, so the order of the rest is what it was without it. Hence fold(all + message) =
step(fold(all), message). In every other case, and when a message is taken away, fold anew.

What the order is based on can't be used to rewrite the past: an id is only compared between messages of equal rank
that did not know each other.

Checks: an act is judged (`refusals`, check 10) at the standing of what its author had seen, not at what arrived since;
so both nodes judge alike. A second opening of the same dossier is judged at the standing of the whole dossier, since
no opening can rightly cross another.

Left unchecked: that `after` names messages of this dossier, and that `by` is who signed (checks 1 to 5). Edges to
unknown ids are ignored. Messages that wait for each other in a circle are never applied; if given, the smallest
(rank, id) among them goes first, so that the rule is total.
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from passerelle.core.errors import DossierError
from passerelle.dossiers.content import facts_of, named_keys
from passerelle.dossiers.problem import Problem, shown
from passerelle.dossiers.rules import CATEGORIES, Deed, Fact, Named, Side
from passerelle.dossiers.shapes import ActType, DossierType, Status, Transition

FORM = 2  # of the text of a standing


class Event(msgspec.Struct, frozen=True):
    """One act of a dossier, as far as the state needs it. Made by `event_of`.

    `facts`: what `content.facts_of` gives.
    """

    id: str
    by: Side
    act: str
    after: tuple[str, ...] = ()
    facts: dict[str, Any] = {}


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """Where a dossier stands. Never changed; holds no personal data.

    `state` is "" before the opening. `back`: the state that `@back` leads to. `opening`: the id of the opening message.
    `count`: messages so far. `heads`: those that no other names, sorted. `subjects`: the persons so far, by key, with
    their category ("": not known). `facts`: the last applied act of each name that rules look at. `overtaken`: ids, in
    the order.
    """

    form: int = FORM
    state: str = ""
    status: Status = "open"
    back: str = ""
    opening: str = ""
    count: int = 0
    heads: tuple[str, ...] = ()
    subjects: dict[str, str] = {}
    facts: dict[str, Fact] = {}
    overtaken: tuple[str, ...] = ()

    def to_text(self) -> str:
        """Compact JSON for a cache."""
        return _encoder.encode(self).decode()

    @classmethod
    def from_text(cls, text: str) -> "Standing":
        """The standing of such a text. Raises DossierError when it is of another form; then fold anew."""
        try:
            standing = _decoder.decode(text)
        except msgspec.DecodeError as error:
            raise DossierError(f"expected a standing of form {FORM}, got {str(error)[:100]}") from None
        if standing.form != FORM:
            raise DossierError(f"expected a standing of form {FORM}, got form {standing.form}")
        return standing


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Standing)
EMPTY = Standing()


def event_of(kind: DossierType, content: Mapping[str, Any], by: Side) -> Event:
    """The event of a content that passed `content.problems` with this type."""
    return Event(content["id"], by, content["act"], tuple(content["after"]), facts_of(content, kind))


# ---- the order -------------------------------------------------------------------------------------------------------


def _known(events: Iterable[Event]) -> dict[str, Event]:
    known: dict[str, Event] = {}
    for event in events:
        if known.setdefault(event.id, event) != event:
            raise DossierError(f"expected one message of the id {event.id}, got two that differ")
    return known


def order(kind: DossierType, events: Iterable[Event]) -> list[Event]:
    """The events in the one order that all nodes use. Raises DossierError when two of one id differ."""
    known = _known(events)
    missing: dict[str, int] = {}
    followers: dict[str, list[str]] = {}
    for event in known.values():
        before = {id_ for id_ in event.after if id_ in known}
        missing[event.id] = len(before)
        for id_ in before:
            followers.setdefault(id_, []).append(event.id)

    opened = {event.id for event in known.values() if event.act in kind.opening}

    def place(id_: str) -> tuple[int, bool, str]:
        event = known[id_]
        if (act := kind.acts.get(event.act)) is None:
            return (0, False, id_)
        return (act.rank, act.revokes and event.facts.get("message") in opened, id_)

    ready = [place(id_) for id_, number in missing.items() if not number]
    heapq.heapify(ready)
    made: list[Event] = []
    while missing:
        if not ready:  # a circle: see above
            ready = [min(map(place, missing))]
        *_, id_ = heapq.heappop(ready)
        if missing.pop(id_, None) is None:
            continue
        made.append(known[id_])
        for follower in followers.get(id_, ()):
            if follower in missing:
                missing[follower] -= 1
                if not missing[follower]:
                    heapq.heappush(ready, place(follower))
    return made


def closure(events: Iterable[Event], heads: Iterable[str]) -> tuple[Event, ...]:
    """The events that the heads name, with all that came before them. Unknown heads are ignored."""
    known = _known(events)
    todo = [id_ for id_ in heads if id_ in known]
    seen = set(todo)
    while todo:
        fresh = {id_ for id_ in known[todo.pop()].after if id_ in known} - seen
        seen |= fresh
        todo += fresh
    return tuple(event for id_, event in known.items() if id_ in seen)


def fold(kind: DossierType, events: Iterable[Event]) -> Standing:
    """The standing after all the events, given in any order. Raises DossierError when two of one id differ."""
    standing = EMPTY
    for event in order(kind, events):
        standing = step(kind, standing, event)
    return standing


# ---- one step --------------------------------------------------------------------------------------------------------


def _ways(
    act: ActType, standing: Standing, by: Side, facts: Mapping[str, Any], *, crossing: bool
) -> Iterator[Transition]:
    """The transitions that fit, their rules left aside; with `crossing`, those that only a crossing takes too."""
    message = facts.get("message")
    opening = message is not None and message == standing.opening
    for way in act.transitions:
        if (
            standing.state in way.sources
            and (not way.by or way.by == by)
            and (way.opening is None or way.opening == opening)
            and (not way.names or any(fact.id == message for fact in _last(standing, way.names)))
            and (crossing or not way.crossing)
            and (way.to != "@back" or standing.back)
        ):
            yield way


def _last(standing: Standing, names: Iterable[str]) -> Iterator[Fact]:
    """The last occurrences of these acts."""
    return (standing.facts[name] for name in names if name in standing.facts)


def _taken(act: ActType, standing: Standing, event: Event) -> Transition | None:
    """The first transition that fits and whose own rules hold."""
    deed = Deed(event.by)
    for way in _ways(act, standing, event.by, event.facts, crossing=True):
        if not any(rule.problem(standing.facts, deed) for rule in way.rules):
            return way
    return None


def _facts(act: ActType, looked_at: Collection[str], standing: Standing, event: Event) -> dict[str, Fact]:
    """The facts after an act that was applied: its own put in, those of a message it revokes taken out."""
    facts = standing.facts
    if act.revokes:
        message = event.facts.get("message")
        facts = {name: fact for name, fact in facts.items() if fact.id != message}
    if act.name in looked_at:
        values = {name: event.facts[name] for name in act.remembered if name in event.facts}
        facts = {**facts, act.name: Fact(standing.count + 1, event.id, event.by, values)}
    return facts


def step(kind: DossierType, standing: Standing, event: Event) -> Standing:
    """The standing after one more event, applied last. Right when the event's `after` are the standing's heads."""
    act = kind.acts.get(event.act)
    after = event.after
    heads = (*(id_ for id_ in standing.heads if id_ not in after), event.id)
    subjects, told = standing.subjects, event.facts.get(CATEGORIES, {})
    if told or "subjects" in event.facts:
        brought = dict.fromkeys(event.facts.get("subjects", ()), "")
        subjects = dict(sorted({**brought, **subjects, **told}.items()))
    way = _taken(act, standing, event) if act else None
    state, back, facts, overtaken = standing.state, standing.back, standing.facts, standing.overtaken
    if act is None or way is None:
        overtaken = (*overtaken, event.id)
    else:
        if way.to == "@back":
            state, back = back, ""
        elif way.to not in ("@same", state):
            state, back = way.to, state if act.keep_back else ""
        facts = _facts(act, kind.looked_at, standing, event)
    return Standing(
        state=state,
        status=kind.states[state].status if state else "open",
        back=back,
        opening=event.id if way is not None and not standing.state else standing.opening,
        count=standing.count + 1,
        heads=tuple(sorted(heads)),
        subjects=subjects,
        facts=facts,
        overtaken=overtaken,
    )


# ---- what is allowed -------------------------------------------------------------------------------------------------


def named(kind: DossierType, past: Iterable[Event], standing: Standing, message: object) -> Named | None:
    """The message of this id among the events of a closure, whose standing it is; None when it is not one of them."""
    events = _known(past)
    over = set(standing.overtaken)
    revoking = {name for name, act in kind.acts.items() if act.revokes}
    gone = {one.facts.get("message") for one in events.values() if one.act in revoking and one.id not in over}
    standing_ = [one for one in events.values() if one.id not in over and one.id not in gone]

    def of(id_: object, deep: bool) -> Named | None:
        one = events.get(str(id_))
        if one is None:
            return None
        under = frozenset(other.act for other in standing_ if other.facts.get("message") == id_)
        plain = Named(one.act, one.by, one.facts, id_ in gone, under)
        if not deep:
            return plain
        return msgspec.structs.replace(
            plain,
            newest=not _later(kind, events, standing_, one),
            asked=of(one.facts.get("question"), False),
            about=of(one.facts.get("message"), False),
        )

    return of(message, True)


def _later(kind: DossierType, events: Mapping[str, Event], among: Iterable[Event], one: Event) -> bool:
    """Whether one of these, of the same act and about the same message and question, comes after it in the order."""
    same = [other.id for other in among if other.id != one.id and _like(other) == _like(one)]
    if not same:
        return False
    places = {event.id: place for place, event in enumerate(order(kind, events.values()))}
    return any(places[id_] > places[one.id] for id_ in same)


def _like(event: Event) -> tuple[Any, ...]:
    return event.act, event.facts.get("message"), event.facts.get("question")


def _by_problem(act: ActType, by: Side, author: Side | None, message: object) -> Problem | None:
    if act.refers:
        if author is None:
            return Problem("body.message", "a message of this dossier that the author had seen", shown(message))
        if (author == by) != (act.by == "author"):
            whose = "an own message" if act.by == "author" else "a message of the other side"
            return Problem("body.message", whose, f"a message of the {author}")
    elif act.by not in ("either", by):
        return Problem("act", f"an act of the {by}", f"{act.name}, an act of the {act.by}")
    return None


def _unknown_subjects(act: ActType, standing: Standing, content: Mapping[str, Any]) -> list[Problem]:
    known = {*standing.subjects, *(person["key"] for person in content.get("subjects", ()))}
    return [
        Problem(where, "the key of a person of this dossier", shown(key))
        for where, key in named_keys(act, content)
        if key not in known
    ]


def _other_persons(standing: Standing, content: Mapping[str, Any]) -> list[Problem]:
    """A key is one person's: it comes again with the category that it had."""
    return [
        Problem(f"subjects[{number}].category", f"{known}, as before under this key", shown(person["category"]))
        for number, person in enumerate(content.get("subjects", ()))
        if (known := standing.subjects.get(person["key"])) and known != person["category"]
    ]


def refusals(
    kind: DossierType,
    standing: Standing,
    act: str,
    by: Side,
    content: Mapping[str, Any],
    *,
    named: Named | None = None,
) -> tuple[Problem, ...]:
    """Why the state of the dossier does not allow the act (check 10). Empty: it does.

    `standing`: of the closure of the content's `after`; for an opening act, of the whole dossier as it is here.
    `content`: one that passed `content.problems`. `named`: the message that `body.message` names, when it is within
    that closure (`named` gives it); None when it is not or when no message is named.
    """
    what = kind.acts.get(act)
    if what is None:
        return (Problem("act", "one of " + ", ".join(kind.acts), shown(act)),)
    if what.opening and standing.state:
        return (Problem("act", "an act in a dossier that is open already", f"{act}, which opens one"),)
    if not what.opening and not standing.state:
        return (Problem("dossier", "a dossier that has been opened", "none"),)
    body = content.get("body", {})
    message = body.get("message")
    if problem := _by_problem(what, by, named.by if named else None, message):
        return (problem,)
    facts = {} if message is None else {"message": message}
    ways = list(_ways(what, standing, by, facts, crossing=False))
    if not ways:
        expected = "one of " + ", ".join(next_acts(kind, standing, by))
        return (Problem("act", expected, f"{act}, while {standing.state or 'not opened'}"),)
    deed = Deed(by, body, named)
    broken = [[problem for rule in way.rules if (problem := rule.problem(standing.facts, deed))] for way in ways]
    found = [problem for rule in what.rules if (problem := rule.problem(standing.facts, deed))]
    return (
        *found,
        *([] if [] in broken else broken[0]),
        *_unknown_subjects(what, standing, content),
        *_other_persons(standing, content),
    )


def next_acts(kind: DossierType, standing: Standing, by: Side) -> tuple[str, ...]:
    """The acts that the standing allows this side, in the order of the file.

    What an act's own body may say, and whether there is a message that it may name, is not looked at.
    """
    return tuple(act.name for act in kind.acts.values() if _possible(act, standing, by))


def _possible(act: ActType, standing: Standing, by: Side) -> bool:
    if not act.refers and act.by not in ("either", by):
        return False
    deed = Deed(by)
    if any(rule.problem(standing.facts, deed) for rule in act.rules):
        return False
    messages: tuple[dict[str, str], ...] = ({}, {"message": standing.opening}) if act.refers else ({},)
    named = {name for way in act.transitions for name in way.names}
    messages += tuple({"message": fact.id} for fact in _last(standing, named))
    return any(
        not any(rule.problem(standing.facts, deed) for rule in way.rules)
        for facts in messages
        for way in _ways(act, standing, by, facts, crossing=False)
    )
