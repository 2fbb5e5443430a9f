"""A dossier type drawn: its states with the acts that lead from one to the next, and its deadlines. Here as text.

    print(text_of(kind, "ar"))

The drawing holds what is done on purpose: no way that only crossing acts take, no act that leaves the dossier where it
is. States stand in the order in which a dossier can come to them; `svg` draws the same.

Plain lines, one fact each, so that any terminal shows them, in either direction: arrows point the way of reading.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

from passerelle.core.clock import add_duration
from passerelle.core.spoken import duration
from passerelle.core.words import N_, _, runs_left, speaking
from passerelle.dossiers.shapes import ActType, Deadline, DossierType, Language, Moment, Transition
from passerelle.dossiers.ways import targets

SIDES = {"opener": N_("the opening side"), "answerer": N_("the answering side")}
"""Who the sides of a dossier are called."""
_HOUR = 3_600_000
_LONGEST = 24


class Step(NamedTuple):
    """An act that leads from a state ("" before the opening) to another, or back to where it was left ("@back").

    `by`: the side that alone may take it, or "". `bound`: rules say more about when.
    """

    source: str
    target: str
    act: str
    by: str
    bound: bool


def steps_of(kind: DossierType) -> list[Step]:
    """The ways on purpose from one state to another, in the order of the file."""
    found: dict[Step, None] = {}
    for act in kind.acts.values():
        for source in ("", *kind.states):
            for way in _taken(act, source):
                target = source if way.to == "@same" else way.to
                if target != source:
                    by = way.by or ("opener" if way.opening else act.by if act.by in SIDES else "")
                    found[Step(source, target, act.name, by, bool(way.rules or way.names or act.rules))] = None
    return list(found)


def _taken(act: ActType, source: str) -> Iterator[Transition]:
    """The ways of an act that can be the first that fits, for one side or both."""
    left = {"opener", "answerer"}
    for way in act.transitions:
        sides = {way.by} if way.by else {"opener", "answerer"}
        if source in way.sources and not way.crossing and left & sides:
            yield way
            if not way.rules and not way.names and way.opening is None:
                left -= sides


def layers_of(kind: DossierType) -> list[list[str]]:
    """The states by the fewest acts that lead to them; those that are ended stand in the last layer."""
    layers: list[list[str]] = []
    here, seen = [""], {""}
    while here:
        after = {name for one in here for name in targets(kind, one)} - seen
        here = [name for name in kind.states if name in after]
        seen |= after
        if some := [name for name in here if kind.states[name].status == "open"]:
            layers.append(some)
    ended = [state.name for state in kind.states.values() if state.status == "ended"]
    return [*layers, ended]


def legend() -> list[str]:
    """What the signs of a drawing mean, in the language in use."""
    return [f"○ {_('open')}   ■ {_('ended')}   * {_('only when its rules allow it')}"]


def side(by: str) -> str:
    """Who may take a step, in the language in use; empty when both may."""
    return _(SIDES[by]) if by in SIDES else ""


def figures(deadline: Deadline) -> str:
    """The times of a deadline in the language in use."""
    return " / ".join(map(span, dict.fromkeys(deadline.duration.values()))) or _("only as the channel says")


def span(text: str) -> str:
    """An ISO 8601 duration in the language in use, and as the file has it."""
    return _("{duration} ({text})", duration=duration(text), text=text)


def length(deadline: Deadline) -> float:
    """How long a deadline is drawn, between 0 and 1: an hour is short, a month long, all of them fit."""
    times = [add_duration(0, one) / _HOUR for one in deadline.duration.values()]
    return min(1.0, math.log10(max(times) + 1) / 4) if times else 0.5


def moments(kind: DossierType, some: tuple[Moment, ...], language: Language) -> str:
    """Acts and states by their labels."""
    named = (kind.acts[one.act] if one.act else kind.states.get(one.state) for one in some)
    return _(", ").join(dict.fromkeys(one.labels.text(language) for one in named if one))


def text_of(kind: DossierType, language: Language) -> str:
    """States, steps and deadlines as plain text in one of the four languages."""
    with speaking(language):
        lines = [_("States, and what leads from one to the next"), "", *legend(), ""]
        steps = steps_of(kind)
        arrow = "←" if runs_left(kind.labels.text(language)) else "→"
        for number, layer in enumerate(layers_of(kind)):
            for name in layer:
                lines += _state(kind, name, steps, arrow, language, first=number == 0)
        if kind.deadlines:
            lines += [_("Deadlines, from what begins them to what ends them"), ""]
            for deadline in kind.deadlines.values():
                lines += _deadline(kind, deadline, language)
    return "\n".join(lines).rstrip() + "\n"


def _state(
    kind: DossierType, name: str, steps: list[Step], arrow: str, language: Language, *, first: bool
) -> Iterator[str]:
    state = kind.states[name]
    mark = "■" if state.status == "ended" else "○"
    yield f"{mark} {state.labels.text(language)}"
    if first and (opened := [one for one in steps if not one.source and one.target == name]):
        yield "    " + _("opened by: {acts}", acts=_acts(kind, opened, language))
    ways: dict[str, list[Step]] = {}
    for one in steps:
        if one.source == name:
            ways.setdefault(one.target, []).append(one)
    for target, some in ways.items():
        where = _("back to where it stood") if target == "@back" else kind.states[target].labels.text(language)
        yield f"    {arrow} {where}{_(':')} {_acts(kind, some, language)}"
    yield ""


def _acts(kind: DossierType, steps: list[Step], language: Language) -> str:
    """The acts of some steps, each with the side that alone may do it, and `*` where rules say more."""
    told = []
    for one in steps:
        text = kind.acts[one.act].labels.text(language) + ("*" if one.bound else "")
        told.append(f"{text} ({side(one.by)})" if one.by else text)
    return _(", ").join(told)


def _deadline(kind: DossierType, deadline: Deadline, language: Language) -> Iterator[str]:
    bar = "─" * max(1, round(_LONGEST * length(deadline) / 2))
    begins, ends = (moments(kind, some, language) for some in (deadline.runs_from, deadline.ends_at))
    yield f"{deadline.labels.text(language)} ({side(deadline.owner)})"
    yield f"    {begins} ├{bar} {figures(deadline)} {bar}┤ {ends}"
    yield ""
