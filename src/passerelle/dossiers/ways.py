"""Where the ways of a type lead, words of bodies left aside: what follows a state, and what can be done at all."""

from passerelle.dossiers.rules import Rule
from passerelle.dossiers.shapes import DossierType, Transition


def targets(kind: DossierType, state: str) -> set[str]:
    """The states to which some act leads on purpose from a state, rules left aside; `@back` to all that were kept."""
    found: set[str] = set()
    for act in kind.acts.values():
        for way in act.transitions:
            if state in way.sources and not way.crossing:
                found |= kept(kind) if way.to == "@back" else {state if way.to == "@same" else way.to}
    return found - {state}


def kept(kind: DossierType) -> set[str]:
    """The states to which `@back` may lead."""
    ways = [way for act in kind.acts.values() if act.keep_back for way in act.transitions if way.to != "@same"]
    # A common state to which nothing of this type leads is none of its states.
    return {source for way in ways for source in way.sources if source in kind.states}


def reachable(kind: DossierType, start: str) -> set[str]:
    """All states that can come after a state ("" before the opening), itself included."""
    seen, todo = {start}, [start]
    while todo:
        fresh = targets(kind, todo.pop()) - seen
        seen |= fresh
        todo += fresh
    return seen


def doable(kind: DossierType) -> tuple[set[str], set[str]]:
    """The acts that somebody can come to do on purpose, and the states that are come to ("" before the opening).

    An act can be done when one of its ways begins in such a state and what its rules ask for first can be done, too.
    """
    acts: set[str] = set()
    states = {""}
    grown = True
    while grown:
        before = len(acts) + len(states)
        for act in kind.acts.values():
            ways = [way for way in act.transitions if _open(way, states, acts)] if _kept(act.rules, acts) else []
            if ways:
                acts.add(act.name)
                states |= {state for way in ways for state in _to(kind, way)}
        grown = len(acts) + len(states) > before
    return acts, states


def _open(way: Transition, states: set[str], acts: set[str]) -> bool:
    return not way.crossing and not states.isdisjoint(way.sources) and _kept(way.rules, acts)


def _kept(rules: tuple[Rule, ...], acts: set[str]) -> bool:
    return all(not rule.needs() or not acts.isdisjoint(rule.needs()) for rule in rules)


def _to(kind: DossierType, way: Transition) -> set[str]:
    return kept(kind) if way.to == "@back" else set() if way.to == "@same" else {way.to}
