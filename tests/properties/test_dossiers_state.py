"""The one rule by which both nodes reach the same state: what holds for every history."""

from collections import Counter
from functools import cache
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.dossiers.rules import OF_ACTS, Named, Side
from passerelle.dossiers.state import EMPTY, Event, Standing, closure, fold, next_acts, order, refusals, step
from passerelle.dossiers.types import Catalogue, DossierType
from passerelle.dossiers.ways import targets
from tests.unit.dossiers.histories import SIDES, Dossier, Node, other

CATALOGUE = Catalogue.load()
KINDS = st.sampled_from(list(CATALOGUE))
EVERY = pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.name)
WANTED = CATALOGUE.types["wanted-trace"]


@st.composite
def histories(draw: st.DrawFn, kind: DossierType | None = None) -> Dossier:
    """A history of two nodes, settled; its course is drawn from a seed."""
    rng = Random(draw(st.integers(0, 2**32)))
    dossier = Dossier(kind or draw(KINDS), rng)
    dossier.run(draw(st.integers(0, 40)))
    return dossier


@given(histories(), st.randoms(use_true_random=False))
def test_both_nodes_and_any_order_give_the_same_standing(dossier: Dossier, rng: Random) -> None:
    events = dossier.events
    texts = {node.standing.to_text() for node in dossier.nodes.values()}
    for _ in range(3):
        rng.shuffle(events)
        texts.add(fold(dossier.kind, events).to_text())
    assert len(texts) == 1
    assert Standing.from_text(texts.pop()) == dossier.nodes["opener"].standing


@given(histories())
def test_the_order_respects_what_each_author_had_seen(dossier: Dossier) -> None:
    place = {event.id: number for number, event in enumerate(order(dossier.kind, dossier.events))}
    assert len(place) == len(dossier.events)
    for event in dossier.events:
        assert all(place[before] < place[event.id] for before in event.after)


@given(histories())
def test_one_step_on_the_newest_is_the_fold_over_all(dossier: Dossier) -> None:
    """Each prefix of the order: where an act builds on all heads, a step gives what the fold over all gives."""
    done: list[Event] = []
    standing = EMPTY
    for event in order(dossier.kind, dossier.events):
        newest = event.after == standing.heads
        assert newest == (len(closure(done, event.after)) == len(done))
        done.append(event)
        standing = step(dossier.kind, standing, event)
        assert standing == fold(dossier.kind, done)
        assert standing.heads == tuple(sorted({one.id for one in done} - {id_ for one in done for id_ in one.after}))


@given(histories(), st.data())
def test_an_act_on_top_of_everything_only_adds(dossier: Dossier, data: st.DataObject) -> None:
    """The fast path, for any set that is closed under `after`, not only for prefixes of the order."""
    top = data.draw(st.sampled_from(dossier.events))
    events = closure(dossier.events, top.after)
    assert step(dossier.kind, fold(dossier.kind, events), top) == fold(dossier.kind, [*events, top])


@given(histories())
def test_what_the_standing_says(dossier: Dossier) -> None:
    standing = dossier.nodes["opener"].standing
    assert standing.status == dossier.kind.states[standing.state].status
    assert standing.count == len(dossier.events)
    assert set(standing.overtaken) <= {event.id for event in dossier.events}
    by_id = {event.id: event for event in dossier.events}
    # What moves nothing and can be done from any state is never overtaken.
    for id_ in standing.overtaken:
        assert by_id[id_].act not in ("acknowledge", "correct", "restrict", "withdraw", "report-deletion", "consent")


@given(histories(), st.sampled_from(SIDES))
def test_what_may_come_next_is_what_is_not_refused(dossier: Dossier, side: str) -> None:
    standing = dossier.nodes["opener"].standing
    for name, act in dossier.kind.acts.items():
        bodies: list[tuple[dict[str, str], Named | None]] = [({}, None)]
        if act.refers:
            found = Named("", side if act.by == "author" else other(side))  # type: ignore[arg-type]
            bodies = [({"message": "none"}, found), ({"message": standing.opening}, found)]
        allowed = [
            refusals(dossier.kind, standing, name, side, {"body": body}, named=found) == ()  # type: ignore[arg-type]
            for body, found in bodies
        ]
        comes = name in next_acts(dossier.kind, standing, side)  # type: ignore[arg-type]
        # What the body says and whom it names is not looked at beforehand: such an act may be refused all the same.
        blind = any(isinstance(rule, OF_ACTS) for rule in act.rules)
        assert comes == any(allowed) or (blind and comes), name


# ---- the types

FEW = 2


@cache
def situations(name: str) -> dict[tuple[str, ...], Node]:
    """Each state with each choice of acts that may follow, reached by acts that are allowed; views that saw all.

    Of those that differ only in what was done before, the first few: with all of them a type of many rules has
    thousands.
    """
    kind = CATALOGUE.types[name]
    found: dict[tuple[str, ...], Node] = {}
    alike: Counter[tuple[object, ...]] = Counter()
    todo: list[Node] = []

    def keep(view: Node) -> None:
        standing = view.standing
        key = (standing.state, standing.back, *sorted(standing.facts))
        nexts = [next_acts(kind, standing, side) for side in SIDES]
        seen_alike = (standing.state, standing.back, *nexts)
        if key not in found and alike[seen_alike] < FEW:
            alike[seen_alike] += 1
            found[key] = view
            todo.append(view)

    for opens in kind.opening:
        start = Node(kind, "opener")
        opening = start.write(Random(0), opens)
        assert opening is not None
        start.take(opening)
        keep(start)
    while todo:
        node = todo.pop(0)
        for side in SIDES:
            for act in next_acts(kind, node.standing, side):
                for seed in range(3):
                    view = view_of(node, side)
                    event = view.write(Random(seed * 1000 + len(found)), act, asked=not seed)
                    if event is not None:
                        view.take(event)
                        keep(view)
    return found


def view_of(node: Node, side: Side) -> Node:
    """The same view, for this side to go on from."""
    view = Node(node.kind, side)
    view.seen, view.standing = dict(node.seen), node.standing
    return view


@EVERY
def test_every_state_is_reached_by_acts_that_are_allowed(kind: DossierType) -> None:
    assert {node.standing.state for node in situations(kind.name).values()} == set(kind.states)


@EVERY
def test_from_every_situation_an_end_can_be_reached_by_acts_that_are_allowed(kind: DossierType) -> None:
    """Rules included: nobody gets stuck in a state that only a forbidden act would leave."""
    for name, node in situations(kind.name).items():
        seen, todo = {node.standing.to_text()}, [node]
        while todo and not any(one.standing.status == "ended" for one in todo):
            current = todo.pop(0)
            for side in SIDES:
                for act in next_acts(kind, current.standing, side):
                    for seed in range(4):
                        view = view_of(current, side)
                        event = view.write(Random(seed), act, asked=not seed)
                        if event is not None:
                            view.take(event)
                            facts = sorted((one, str(fact.values)) for one, fact in view.standing.facts.items())
                            key = f"{view.standing.state} {facts}"
                            if key not in seen:
                                seen.add(key)
                                todo.append(view)
        assert todo, name


@EVERY
def test_every_pair_of_acts_that_cross(kind: DossierType) -> None:
    """From every situation, each pair of acts that the two sides may do at once: one result, whichever comes first.

    Acts of equal rank must lead to the same state whatever their ids are; otherwise chance would decide.
    """
    pairs = 0
    for node in situations(kind.name).values():
        base, heads = list(node.seen.values()), node.standing.heads
        opening = node.seen[node.standing.opening]
        drawn: dict[str, list[Event]] = {}
        for side in SIDES:
            view = view_of(node, side)
            made = [view.write(Random(seed), act) for act in next_acts(kind, view.standing, side) for seed in (1, 2)]
            drawn[side] = [event for event in made if event is not None]
        for one, two in product(drawn["opener"], drawn["answerer"]):
            pairs += 1
            results = set()
            for first, second in ((one, two), (two, one)):
                acts = [
                    Event("x", first.by, first.act, heads, first.facts),
                    Event("y", second.by, second.act, heads, second.facts),
                ]
                result = node.standing
                for event in order(kind, [opening, *acts])[1:]:
                    result = step(kind, result, event)
                if (
                    pairs % 100 == 0
                ):  # each time it would be slow, and what is left to show is that the base comes first
                    assert result == fold(kind, [*acts[::-1], *base[::-1]])
                results.add(result.state)
            assert len(results) == 1, (node.standing.state, one.act, two.act, results)
    assert pairs > 1000


@given(histories(WANTED))
@settings(max_examples=200)
def test_no_crossing_hides_a_person_in_custody(dossier: Dossier) -> None:
    """An ended tracing dossier never leaves open whether a person who was arrested in it is still held."""
    standing = EMPTY
    held = False
    for event in order(WANTED, dossier.events):
        before, standing = standing.state, step(WANTED, standing, event)
        if event.act == "arrested":
            held = True
            assert event.id not in standing.overtaken
        elif event.act == "release-due":
            held = held and event.facts["custody"] == "held"
        elif before == "extradition-announced" and standing.state == "closed":
            held = False  # goes on in the dossier of extradition
        assert not (held and standing.status == "ended")


@given(st.integers(0, 2**32), st.integers(1, 30))
@settings(max_examples=200)
def test_no_crossing_hides_a_person_in_custody_from_the_arrest_on(seed: int, turns: int) -> None:
    dossier = Dossier(WANTED, Random(seed))
    while "arrested" not in next_acts(WANTED, dossier.nodes["answerer"].standing, "answerer"):
        dossier = Dossier(WANTED, dossier.rng)
        dossier.play(("answerer", "review"), ("opener", "provisional-arrest"))
    dossier.run(turns)
    test_no_crossing_hides_a_person_in_custody.hypothesis.inner_test(dossier)


@given(histories(WANTED))
def test_a_cancellation_is_lost_to_nothing_but_another(dossier: Dossier) -> None:
    standing = EMPTY
    for event in order(WANTED, dossier.events):
        before, standing = standing, step(WANTED, standing, event)
        if event.act == "cancelled" and event.id in standing.overtaken:
            assert before.state == "cancelled"


@EVERY
def test_an_open_state_can_be_left(kind: DossierType) -> None:
    for state in kind.states.values():
        assert state.status == "ended" or targets(kind, state.name)
