import os
import subprocess
import sys
from itertools import count
from random import Random
from typing import Any

import pytest

from passerelle.core.errors import DossierError
from passerelle.dossiers.rules import Side
from passerelle.dossiers.state import (
    EMPTY,
    Event,
    Standing,
    closure,
    event_of,
    fold,
    named,
    next_acts,
    order,
    refusals,
    step,
)
from passerelle.dossiers.types import Catalogue
from tests.unit.dossiers import samples
from tests.unit.dossiers.histories import Dossier

CATALOGUE = Catalogue.load()
WANTED = CATALOGUE.types["wanted-trace"]
LISTED = CATALOGUE.types["listed-person"]


class Story:
    """A dossier told act by act; ids are letters in the order of telling unless given."""

    def __init__(self, kind: Any = WANTED) -> None:
        self.kind = kind
        self.events: list[Event] = []
        self.number = count()

    def tell(self, by: Side, act: str, *, after: str | None = None, id: str = "", **facts: Any) -> str:
        """Add an act; `after` are letters, None stands for all that was told before."""
        id = id or chr(ord("a") + next(self.number))
        before = tuple(fold(self.kind, self.events).heads) if after is None else tuple(after)
        self.events.append(Event(id, by, act, before, facts))
        return id

    @property
    def now(self) -> Standing:
        return fold(self.kind, self.events)

    def refused(self, by: Side, act: str, body: dict[str, Any] | None = None) -> list[str]:
        found = named(self.kind, self.events, self.now, (body or {}).get("message"))
        return [str(one) for one in refusals(self.kind, self.now, act, by, {"body": body or {}}, named=found)]


def arrest_asked() -> Story:
    story = Story()
    story.tell("opener", "request", subjects=["p1"])
    story.tell("answerer", "review", outcome="none-found")
    story.tell("opener", "provisional-arrest")
    return story


def arrested() -> Story:
    story = arrest_asked()
    story.tell("answerer", "arrested")
    return story


# ---- plain stories


def test_a_dossier_from_opening_to_close() -> None:
    story = Story()
    assert (story.now, next_acts(WANTED, EMPTY, "opener"), next_acts(WANTED, EMPTY, "answerer")) == (
        EMPTY,
        ("request",),
        (),
    )
    seen = []
    for by, act, facts in (
        ("opener", "request", {"subjects": ["p1"]}),
        ("answerer", "acknowledge", {}),
        ("answerer", "take-charge", {}),
        ("answerer", "review", {"outcome": "none-found"}),
        ("answerer", "sighting", {}),
        ("answerer", "located", {}),
        ("opener", "provisional-arrest", {}),
        ("answerer", "arrested", {}),
        ("opener", "extradition-announced", {}),
        ("opener", "close", {}),
    ):
        assert act in next_acts(WANTED, story.now, by), act  # type: ignore[arg-type]
        assert story.refused(by, act) == [], act  # type: ignore[arg-type]
        story.tell(by, act, **facts)  # type: ignore[arg-type]
        seen.append(story.now.state)
    assert seen == [
        "opened",
        "opened",
        "in-charge",
        "in-charge",
        "in-charge",
        "located",
        "arrest-requested",
        "arrested",
        "extradition-announced",
        "closed",
    ]
    assert story.now.status == "ended"
    assert (story.now.count, story.now.opening, story.now.subjects, story.now.overtaken) == (10, "a", {"p1": ""}, ())


def test_nobody_acts_before_the_review() -> None:
    story = Story()
    story.tell("opener", "request")
    acting = {"sighting", "located", "reply", "no-trace"}
    assert not acting & set(next_acts(WANTED, story.now, "answerer"))
    for act in sorted(acting):
        assert story.refused("answerer", act) == ["act: expected review, outcome none-found before, got none"]
    story.tell("answerer", "review", outcome="undecided")
    assert story.refused("answerer", "located")
    story.tell("answerer", "review", outcome="none-found")
    assert acting <= set(next_acts(WANTED, story.now, "answerer"))
    story.tell("answerer", "review", outcome="found")
    assert story.refused("answerer", "located"), "the last review counts"
    assert story.refused("answerer", "refuse") == []


def test_a_withdrawn_review_no_longer_counts() -> None:
    story = Story()
    story.tell("opener", "request")
    review = story.tell("answerer", "review", outcome="none-found")
    assert story.refused("answerer", "located") == []
    assert story.refused("answerer", "withdraw", {"message": review}) == []
    story.tell("answerer", "withdraw", message=review)
    assert story.refused("answerer", "located")
    assert "review" not in story.now.facts


def test_no_arrest_without_assurances_that_still_stand() -> None:
    story = Story()
    story.tell("opener", "request")
    story.tell("answerer", "review", outcome="none-found")
    assert story.refused("answerer", "arrested") != []
    asked = story.tell("opener", "provisional-arrest")
    assert story.refused("answerer", "arrested") == []
    story.tell("opener", "withdraw", message=asked)
    assert story.now.state == "in-charge"
    assert story.refused("answerer", "arrested") != []
    story.tell("opener", "provisional-arrest")
    assert story.refused("answerer", "arrested") == []


def test_custody_ends_only_with_a_reported_release_or_an_extradition() -> None:
    story = arrested()
    assert "close" not in next_acts(WANTED, story.now, "opener")
    story.tell("opener", "cancelled")
    assert (story.now.state, story.now.status) == ("release-pending", "open")
    custody = "released or not-held or escaped or deceased"
    released = f"act: expected release-due, custody {custody}, after arrested, before, got none"
    assert story.refused("opener", "close") == [released]
    story.tell("answerer", "release-due", custody="held")
    assert story.refused("answerer", "close") == [released]
    story.tell("answerer", "release-due", custody="released")
    assert story.refused("answerer", "close") == []
    story.tell("answerer", "close")
    assert story.now.state == "closed"


def test_an_earlier_release_says_nothing_about_a_later_arrest() -> None:
    story = arrested()
    story.tell("answerer", "release-due", custody="released")
    assert story.now.state == "release-due"
    assert story.refused("opener", "close") == []
    story.tell("opener", "extradition-announced")
    story.tell("answerer", "arrested")
    story.tell("answerer", "refuse")
    assert story.now.state == "release-pending"
    assert story.refused("opener", "close") != []


def test_only_who_suspended_resumes_and_where_it_stood() -> None:
    story = Story()
    story.tell("opener", "request")
    story.tell("answerer", "review", outcome="none-found")
    story.tell("answerer", "located")
    story.tell("answerer", "suspend")
    assert (story.now.state, story.now.back) == ("suspended", "located")
    assert "resume" not in next_acts(WANTED, story.now, "opener")
    assert story.refused("opener", "resume") == ["act: expected the side that did suspend last, got opener"]
    assert story.refused("answerer", "resume") == []
    story.tell("answerer", "resume")
    assert (story.now.state, story.now.back) == ("located", "")
    assert story.refused("answerer", "resume") != []


def test_a_person_in_custody_is_not_forgotten_in_a_suspended_dossier() -> None:
    for by in ("opener", "answerer"):
        assert "suspend" not in next_acts(WANTED, arrested().now, by)  # type: ignore[arg-type]


def test_withdrawing_the_opening_message() -> None:
    story = Story(LISTED)
    notice = story.tell("opener", "notice")
    assert story.refused("opener", "withdraw", {"message": notice}) == []
    story.tell("answerer", "close")
    story.tell("opener", "withdraw", message=notice)
    assert (story.now.state, story.now.status) == ("withdrawn", "ended")
    tracing = Story()
    request = tracing.tell("opener", "request")
    assert tracing.refused("opener", "withdraw", {"message": request}), "a request is cancelled instead"
    assert "cancelled" in next_acts(WANTED, tracing.now, "opener")
    assert "withdraw" in next_acts(WANTED, tracing.now, "opener")


# ---- refusals


def test_what_the_state_refuses() -> None:
    story = Story()
    assert story.refused("answerer", "reply") == ["dossier: expected a dossier that has been opened, got none"]
    assert story.refused("answerer", "request") == [
        "act: expected an act of the answerer, got request, an act of the opener"
    ]
    story.tell("opener", "request")
    assert story.refused("opener", "request")[0].startswith("act: expected an act in a dossier that is open already")
    assert story.refused("opener", "dance")[0].endswith("got dance")
    assert story.refused("opener", "take-charge") == [
        "act: expected an act of the opener, got take-charge, an act of the answerer"
    ]
    assert story.refused("opener", "reopen")[0].endswith("got reopen, while opened")
    story.tell("opener", "close")
    assert story.refused("opener", "reopen") == []


def test_who_may_touch_whose_message() -> None:
    story = arrest_asked()
    own, where = {"message": "a"}, "body.message: expected "
    for act in ("correct", "restrict"):
        assert story.refused("opener", act, own) == []
        assert story.refused("answerer", act, own) == [f"{where}an own message, got a message of the opener"]
        assert story.refused("opener", act, {"message": "b2"}) == [
            f"{where}a message of this dossier that the author had seen, got b2"
        ]
    assert story.refused("answerer", "ask-onward", own) == []
    assert story.refused("opener", "ask-onward", own) == [
        f"{where}a message of the other side, got a message of the opener"
    ]
    assert story.refused("opener", "consent", own) == []


def test_statements_are_about_persons_of_the_dossier() -> None:
    story = Story()
    story.tell("opener", "request", subjects=["p1"])
    story.tell("answerer", "review", outcome="none-found")
    content = samples.sighting(statements=[samples.statement("p1"), samples.statement("p2")])
    told = refusals(WANTED, story.now, "sighting", "answerer", content)
    assert [one.path for one in told] == ["statements[1].about[0]"]
    content["subjects"] = [samples.YOUSSEF | {"key": "p2"}]
    assert refusals(WANTED, story.now, "sighting", "answerer", content) == ()


# ---- crossings


def crossed(
    kind: Any, base: Story, first: tuple[Side, str, dict[str, Any]], second: tuple[Side, str, dict[str, Any]]
) -> Story:
    """Two acts that did not know each other, both after all of the story."""
    heads = "".join(base.now.heads)
    story = Story(kind)
    story.events = list(base.events)
    for (by, act, facts), id_ in ((first, "y"), (second, "z")):
        story.tell(by, act, after=heads, id=id_, **facts)
    return story


@pytest.mark.parametrize(
    ("first", "second", "state", "lost"),
    [
        (("answerer", "arrested", {}), ("opener", "cancelled", {}), "release-pending", ()),
        (("answerer", "arrested", {}), ("opener", "close", {}), "arrested", ("close",)),
        (("answerer", "arrested", {}), ("opener", "suspend", {}), "arrested", ("suspend",)),
        (("answerer", "arrested", {}), ("opener", "extradition-announced", {}), "extradition-announced", ()),
        (("answerer", "refuse", {}), ("opener", "close", {}), "refused", ()),
        (("answerer", "refuse", {}), ("opener", "cancelled", {}), "cancelled", ()),
        (("answerer", "refuse", {}), ("opener", "suspend", {}), "refused", ()),
        (("answerer", "suspend", {}), ("opener", "suspend", {}), "suspended", ()),
        (("answerer", "located", {}), ("opener", "close", {}), "closed", ()),
        (("answerer", "suspend", {}), ("opener", "extradition-announced", {}), "extradition-announced", ("suspend",)),
    ],
)
def test_crossings_while_an_arrest_is_asked(first: Any, second: Any, state: str, lost: tuple[str, ...]) -> None:
    for one, two in ((first, second), (second, first)):
        story = crossed(WANTED, arrest_asked(), one, two)
        assert story.now.state == state
        acts = {event.id: event.act for event in story.events}
        assert tuple(acts[id_] for id_ in story.now.overtaken) == lost


def test_liberty_has_the_last_word() -> None:
    for one, two in (
        (("answerer", "release-due", {"custody": "held"}), ("opener", "extradition-announced", {})),
        (("opener", "extradition-announced", {}), ("answerer", "release-due", {"custody": "held"})),
    ):
        story = crossed(WANTED, arrested(), one, two)  # type: ignore[arg-type]
        assert story.now.state == "release-due"
        assert "extradition-announced" in next_acts(WANTED, story.now, "opener")


def test_a_closure_that_crosses_a_release_due_waits_for_the_release() -> None:
    base = arrested()
    base.tell("opener", "extradition-announced")
    for custody, state in (("held", "release-due"), ("released", "closed")):
        story = crossed(WANTED, base, ("answerer", "release-due", {"custody": custody}), ("opener", "close", {}))
        assert story.now.state == state


def test_an_arrest_is_never_overtaken_whatever_it_came_after() -> None:
    # The answerer wrote something of a high rank first, so the opener's closure is applied before the arrest.
    for ending, state in (("close", "arrested"), ("cancelled", "release-pending"), ("suspend", "arrested")):
        story = arrest_asked()
        heads = "".join(story.now.heads)
        story.tell("answerer", "withdraw", after=heads, id="x", message="none")
        story.tell("answerer", "arrested", after="x", id="y")
        story.tell("opener", ending, after=heads, id="z")
        assert (story.now.state, story.now.status, story.now.overtaken) == (state, "open", ())


def test_both_suspended_at_once() -> None:
    story = crossed(WANTED, arrest_asked(), ("answerer", "suspend", {}), ("opener", "suspend", {}))
    assert (story.now.state, story.now.back) == ("suspended", "arrest-requested")
    assert story.now.facts["suspend"].by == "opener"
    assert story.refused("opener", "resume") == []
    assert story.refused("answerer", "resume") != []


# ---- order, closure, standing


def test_the_order_respects_after_then_rank_then_id() -> None:
    story = Story()
    story.tell("opener", "request", id="q")
    story.tell("opener", "close", after="q", id="a")
    story.tell("answerer", "review", after="q", id="z", outcome="found")
    story.tell("answerer", "remind", after="z", id="b")
    story.tell("answerer", "acknowledge", after="q", id="n")
    story.tell("answerer", "acknowledge", after="q", id="m")
    assert "".join(event.id for event in order(WANTED, reversed(story.events))) == "qmnzba"
    assert story.now.heads == ("a", "b", "m", "n")


def test_closure() -> None:
    story = arrest_asked()
    assert [event.id for event in closure(story.events, ["b"])] == ["a", "b"]
    assert closure(story.events, ["nowhere"]) == ()
    assert closure(story.events, []) == ()
    assert fold(WANTED, closure(story.events, ["c", "b"])) == story.now


def test_edges_to_unknown_messages_are_ignored() -> None:
    one = Event("a", "opener", "request", ("unknown",), {})
    assert fold(WANTED, [one]).state == "opened"


def test_a_circle_is_put_in_some_order_all_the_same() -> None:
    ring = [
        Event("a", "opener", "request"),
        Event("b", "opener", "close", ("c",)),
        Event("c", "opener", "remind", ("b",)),
        Event("d", "opener", "acknowledge", ("d",)),
    ]
    assert [event.id for event in order(WANTED, ring)] == ["a", "c", "b", "d"]
    assert fold(WANTED, ring) == fold(WANTED, reversed(ring))


def test_the_same_message_twice_counts_once_and_two_of_one_id_are_an_error() -> None:
    story = arrest_asked()
    assert fold(WANTED, [*story.events, *story.events]) == story.now
    with pytest.raises(DossierError, match="one message of the id a"):
        fold(WANTED, [*story.events, Event("a", "opener", "close")])


def test_an_act_that_the_type_does_not_know_moves_nothing() -> None:
    story = arrest_asked()
    story.tell("opener", "dance")
    assert (story.now.state, story.now.overtaken) == ("arrest-requested", ("d",))


def test_a_second_opening_that_slipped_in_moves_nothing() -> None:
    events = [Event("a", "opener", "request"), Event("b", "opener", "request")]
    assert (fold(WANTED, events).opening, fold(WANTED, events).overtaken) == ("a", ("b",))


def test_the_text_of_a_standing() -> None:
    standing = arrested().now
    text = standing.to_text()
    assert Standing.from_text(text) == standing
    assert Standing.from_text(text).to_text() == text
    assert len(text) < 400
    for wrong in ("", "{}", "[1]", "[2,3]", text[:-1]):
        with pytest.raises(DossierError, match="a standing of form 2"):
            Standing.from_text(wrong)


def test_events_of_contents() -> None:
    request = samples.wanted_request()
    review = samples.act("wanted-trace", "review", dossier=request["dossier"], after=[request["id"]])
    seen = samples.sighting(dossier=request["dossier"], after=[review["id"]])
    standing = EMPTY
    for content, by in ((request, "opener"), (review, "answerer"), (seen, "answerer")):
        assert refusals(WANTED, standing, content["act"], by, content) == ()  # type: ignore[arg-type]
        standing = step(WANTED, standing, event_of(WANTED, content, by))  # type: ignore[arg-type]
    assert (standing.state, standing.heads, standing.subjects) == ("opened", (seen["id"],), {"p1": "wanted"})
    assert "Amraoui" not in standing.to_text()


def test_states_do_not_depend_on_the_process() -> None:
    script = (
        "from random import Random\n"
        "from passerelle.dossiers.types import Catalogue\n"
        "from tests.unit.dossiers.histories import Dossier\n"
        "kind = Catalogue.load().types['wanted-trace']\n"
        "for seed in range(5):\n"
        "    dossier = Dossier(kind, Random(seed)); dossier.run(30)\n"
        "    print(dossier.nodes['opener'].standing.to_text())\n"
    )
    expected = ""
    for seed in range(5):
        dossier = Dossier(WANTED, Random(seed))
        dossier.run(30)
        expected += dossier.nodes["answerer"].standing.to_text() + "\n"
    for hash_seed in ("0", "1", "4711"):
        run = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout == expected


@pytest.mark.parametrize("ids", ["yz", "zy"])
def test_of_two_withdrawals_that_cross_that_of_the_opening_message_comes_last(ids: str) -> None:
    """Whether the host was told may decide where the dossier ends; no id of a message does."""
    story = Story(CATALOGUE.types["content-referral"])
    story.tell("opener", "referral")
    told = story.tell("answerer", "forwarded")
    heads = "".join(story.now.heads)
    story.tell("opener", "withdraw", after=heads, id=ids[0], message="a")
    story.tell("answerer", "withdraw", after=heads, id=ids[1], message=told)
    assert [one.id for one in order(story.kind, story.events)][-2:] == [ids[1], ids[0]]
    assert story.now.facts == {}
