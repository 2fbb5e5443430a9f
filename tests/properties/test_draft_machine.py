"""The life of drafts under any order of steps by anybody: nothing leaves but what was submitted and released."""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from passerelle.core.errors import ForbiddenError, StateError
from passerelle.office import workflow
from passerelle.ports.records import AUDITS, MESSAGES
from passerelle.ports.work import DRAFTS, Draft
from tests.peers.pair import acts, partners
from tests.peers.staff import Desk

PEOPLE = st.sampled_from(["ann", "bea", "luc", "max", "zoe", "dan", "driss"])
WRITERS = {"ann", "bea", "max", "zoe"}
RELEASERS = {"luc", "max", "zoe"}
NEXT = {
    "submit": ({"draft", "returned"}, "submitted"),
    "send_back": ({"submitted"}, "returned"),
    "edit": ({"draft", "submitted", "returned"}, "draft"),
    "discard": ({"draft", "submitted", "returned"}, "discarded"),
    "release": ({"submitted"}, "released"),
}


class Drafts(RuleBasedStateMachine):
    drafts = Bundle("drafts")

    @initialize()
    def begin(self) -> None:
        self.desk = Desk(partners())
        self.state: dict[str, str] = {}
        self.wrote: dict[str, list[str]] = {}
        self.released: dict[str, str] = {}
        self.delicate: set[str] = set()  # those that name an offence of opinion
        self.first: dict[str, str] = {}

    def request(self, delicate: bool, **changes: Any) -> Any:
        content = acts.wanted_request(**changes)
        offence = "Apologie du terrorisme" if delicate else "Drug trafficking"
        warrant = {**content["body"]["warrant"], "offence": offence}
        return self.desk.pair.act("be", {**content, "body": {**content["body"], "warrant": warrant}})

    def who(self, name: str) -> Any:
        return getattr(self.desk, name)

    def try_(self, step: str, draft: Draft, name: str, do: Any, allowed: bool) -> bool:
        """A step that may be refused; whether it was taken, compared with what the model says."""
        before, after = NEXT[step]
        right = self.state[draft.id] in before
        try:
            do()
        except (StateError, ForbiddenError):
            assert not (right and allowed), (step, name, self.state[draft.id])
            return False
        assert right, (step, name, self.state[draft.id])
        assert allowed, (step, name, self.wrote[draft.id])
        self.state[draft.id] = after
        if step != "release":
            self.first.pop(draft.id, None)
        return True

    @rule(target=drafts, name=PEOPLE, delicate=st.booleans())
    def write(self, name: str, delicate: bool) -> Any:
        act = self.request(delicate)
        try:
            made = workflow.draft(self.desk.office, self.who(name), act)
        except ForbiddenError:
            assert name not in WRITERS
            return multiple()
        assert name in WRITERS
        self.state[made.id], self.wrote[made.id] = "draft", [name]
        if delicate:
            self.delicate.add(made.id)
        return made

    @rule(draft=drafts, name=PEOPLE)
    def edit(self, draft: Draft, name: str) -> None:
        act = self.request(draft.id in self.delicate, dossier=draft.dossier)
        if self.try_(
            "edit",
            draft,
            name,
            lambda: workflow.edit(self.desk.office, self.who(name), draft.id, act),
            name in WRITERS,
        ):
            self.wrote[draft.id].append(name)

    @rule(draft=drafts, name=PEOPLE)
    def submit(self, draft: Draft, name: str) -> None:
        author = self.wrote[draft.id][-1]
        do = lambda: workflow.submit(self.desk.office, self.who(name), draft.id)  # noqa: E731
        self.try_("submit", draft, name, do, name == author)

    @rule(draft=drafts, name=PEOPLE)
    def send_back(self, draft: Draft, name: str) -> None:
        do = lambda: workflow.send_back(self.desk.office, self.who(name), draft.id, "why?")  # noqa: E731
        self.try_("send_back", draft, name, do, name in RELEASERS)

    @rule(draft=drafts, name=PEOPLE)
    def discard(self, draft: Draft, name: str) -> None:
        do = lambda: workflow.discard(self.desk.office, self.who(name), draft.id, "no")  # noqa: E731
        self.try_("discard", draft, name, do, name in WRITERS | {"luc"})

    @rule(draft=drafts, name=PEOPLE)
    def release(self, draft: Draft, name: str) -> None:
        do = lambda: workflow.release(self.desk.office, self.who(name), [draft.id])  # noqa: E731
        first = self.first.get(draft.id)
        allowed = name in RELEASERS and name not in self.wrote[draft.id] and name != first
        if not self.try_("release", draft, name, do, allowed):
            return
        if draft.id in self.delicate and first is None:
            self.first[draft.id], self.state[draft.id] = name, "submitted"
        else:
            self.released[draft.id] = name

    @invariant()
    def only_what_was_rightly_released_is_in_line(self) -> None:
        if not hasattr(self, "desk"):
            return
        peer = self.desk.pair.be
        sent = {one.id: one for one in peer.all(MESSAGES) if one.kind == "act"}
        assert {name: one.releaser for name, one in sent.items()} == self.released
        for name, message in sent.items():
            assert message.author == self.wrote[name][-1]
            assert message.releaser not in self.wrote[name]
            assert self.first.get(name) not in (message.author, message.releaser, *self.wrote[name])
            assert (name in self.first) is (name in self.delicate)
        kept = {one.id: one.state for one in peer.all(DRAFTS)}
        assert kept == {name: state for name, state in self.state.items() if state != "released"}

    def teardown(self) -> None:
        if not hasattr(self, "desk"):
            return
        # The trail alone shows it, too: each release stands behind a submission, with nothing but an approval between.
        trail: dict[str, list[str]] = {}
        for one in self.desk.pair.be.all(AUDITS):
            if one.what.startswith("act."):
                trail.setdefault(one.dossier, []).append(one.what)
        for steps in trail.values():
            for number, what in enumerate(steps):
                if what == "act.released":
                    before = [one for one in steps[:number][-2:] if one != "act.approved"]
                    assert before[-1] == "act.submitted"


Drafts.TestCase.settings = settings(max_examples=40, stateful_step_count=25)
TestDrafts = Drafts.TestCase
