"""Who reads what: the services of persons, recipients, and sister services that ask the originator first."""

from dataclasses import replace

import msgspec
import pytest

from passerelle.core.errors import InputError, StateError
from passerelle.exchange import desk as desks
from passerelle.office import casework, clock, consulting, facts, lists, readership, staff, workflow
from passerelle.office.asking import NotAllowedError, ask
from passerelle.office.circle import circle_of
from passerelle.office.people import NewPerson
from passerelle.office.policy import Action
from passerelle.office.readership import Readers, barred, reads
from passerelle.office.reminders import Circle
from passerelle.ports.people import PERSONS
from passerelle.ports.records import AUDITS, DOSSIERS
from passerelle.ports.timers import NOTICES
from passerelle.store.migrations import to_4
from tests.peers.pair import TYPES, acts, partners
from tests.peers.staff import Desk, hire, office_of
from tests.types import financial_intelligence

ASK = {"to": "Public prosecutor", "purpose": "prosecution", "reason": "A hearing is being prepared"}


class House:
    """`ma` asked the police of `be`, where there is the justice, too."""

    def __init__(self):
        self.pair = partners()
        self.be = self.pair.be
        self.office = office_of(self.be)
        self.ann = hire(self.be, "ann", "officer")
        self.luc = hire(self.be, "luc", "approver")
        self.jo = hire(self.be, "jo", "officer", service="justice")
        self.driss = hire(self.be, "driss", "dispatcher", service="")
        self.opening = self.come(acts.wanted_request())
        self.dossier = self.opening.dossier

    def come(self, content, **changes):
        made = self.pair.post("ma", {**content, **changes})
        self.pair.settle()
        return made

    def ask(self, message="", **changes):
        body = ASK | {"message": message or self.opening.id, "service": "justice"} | changes
        body = {key: value for key, value in body.items() if value is not None}
        made = self.pair.post("be", acts.act("wanted-trace", "ask-onward", dossier=self.dossier, body=body))
        self.pair.settle()
        return made

    def consent(self, question, decision="granted", message="", **more):
        body = {"message": message or self.opening.id, "question": question.id, "decision": decision} | more
        return self.come(acts.act("wanted-trace", "consent", dossier=self.dossier, body=body))

    def read(self, who, *, reason="the hearing of Monday"):
        def work(tx):
            row = tx.get(DOSSIERS, self.dossier)
            return consulting.dossier(tx, self.office, who, row, casework.messages(tx, row), reason)

        return self.be.store.write("test.read", work)

    def move(self, person, service):
        def work(tx):
            tx.put(PERSONS, [msgspec.structs.replace(tx.get(PERSONS, person), service=service)])

        self.be.store.write("test.move", work)

    def may(self, who, action):
        def work(tx):
            ask(tx, self.office, who, action, facts.of_dossier(tx, self.office.ctx, tx.get(DOSSIERS, self.dossier)))

        self.be.store.read(work)

    def listed(self, who):
        return [
            one.id for one in self.be.store.read(lambda tx: lists.dossiers(tx, self.office, who, lists.Wish())).rows
        ]


@pytest.fixture
def house():
    return House()


# -- whose dossier it is -----------------------------------------------------------------------------------------------


def test_a_dossier_is_read_by_the_service_it_is_addressed_to(house):
    assert house.read(house.ann).messages == {house.opening.id}
    with pytest.raises(NotAllowedError, match=r"expected a person of police, .* got one of justice; .*ask-onward"):
        house.read(house.jo)
    assert house.listed(house.ann) == [house.dossier]
    assert house.listed(house.jo) == []


@pytest.mark.parametrize(
    "action",
    [
        Action.DOSSIER_LOOK,
        Action.DOSSIER_READ,
        Action.ATTACHMENT_SAVE,
        Action.EVIDENCE_EXPORT,
        Action.DOSSIER_ACT,
        Action.DOSSIER_NOTE,
        Action.DRAFT_EDIT,
        Action.DRAFT_READ,
        Action.DRAFT_RELEASE,
        Action.DRAFT_SEND_BACK,
        Action.MESSAGE_WITHDRAW,
    ],
)
def test_nothing_of_it_is_for_another_service_whatever_the_roles(house, action):
    roles = ("officer", "approver", "magistrate", "analyst", "liaison", "duty")
    every = hire(house.be, "max", *roles, service="justice")
    with pytest.raises(NotAllowedError, match=r"^service: expected a person of police"):
        house.may(every, action)
    house.may(hire(house.be, "mia", *roles), action)


def test_oversight_is_not_bound_to_a_service_and_a_dispatcher_sees_that_it_is_there(house):
    for role in ("dpo", "auditor"):
        watches = hire(house.be, f"a-{role}", role, service="")
        assert house.read(watches).all
        assert house.listed(watches) == [house.dossier]
    assert house.listed(house.driss) == [house.dossier]
    house.may(house.driss, Action.DOSSIER_ASSIGN)
    both = hire(house.be, "b", "dispatcher", "officer", service="justice")
    with pytest.raises(NotAllowedError, match="service: expected a person of police"):
        house.read(both)


def test_where_a_side_has_several_services_a_person_without_one_is_told_to_be_given_one(house):
    una = hire(house.be, "una", "officer", service="")
    for do in (lambda: house.read(una), lambda: house.listed(una)):
        with pytest.raises(NotAllowedError, match=r"one of the services justice, police, got una, .*person change"):
            do()
    house.move("una", "police")
    assert house.read(una).messages == {house.opening.id}
    house.move("una", "")
    with pytest.raises(NotAllowedError):
        house.read(una)


def test_a_security_officer_gives_a_person_his_service(bureau):
    made = staff.add(bureau.office, bureau.eva, NewPerson(id="una", service="police"))
    assert made.service == "police"
    assert staff.change(bureau.office, bureau.eva, "una", service="justice").service == "justice"
    assert staff.change(bureau.office, bureau.eva, "una", name="Una").service == "justice"
    assert staff.change(bureau.office, bureau.eva, "una", service="").service == ""
    for word in ("The Police", "*", "x" * 65):
        with pytest.raises(InputError, match="expected the word of a service in a channel, like police"):
            staff.change(bureau.office, bureau.eva, "una", service=word)
    with pytest.raises(NotAllowedError, match="oneself"):
        staff.change(bureau.office, bureau.eva, "eva", service="police")
    with pytest.raises(NotAllowedError, match="expected a role among security"):
        staff.change(bureau.office, bureau.hire("una2", "officer"), "una", service="police")


def test_where_a_side_has_one_service_who_has_none_counts_as_of_it():
    only = {"types": {"wanted-trace": TYPES["wanted-trace"]}}
    desk = Desk(partners(services={"police": "police"}, channel=only), service="")
    dossier, _ = desk.pair.open_trace()
    row = desk.pair.be.dossier(dossier)
    jo = hire(desk.pair.be, "jo", "officer", service="justice")

    def read(who):
        def work(tx):
            return consulting.dossier(tx, desk.office, who, row, casework.messages(tx, row), "a reason")

        return desk.pair.be.store.write("test.read", work)

    assert read(desk.ann).all
    with pytest.raises(NotAllowedError, match=r"which the channel names for this side .* got one of justice, whom no"):
        read(jo)


def test_what_a_service_opens_is_its_own(house):
    content = house.pair.act("be", acts.wanted_request()).content
    act = desks.Act(partner="ma", lane="routine", content=content, author="ann")
    made = workflow.draft(house.office, house.ann, act, submit=True)
    judge = hire(house.be, "judge", "approver", "officer", service="justice")
    for do in (
        lambda: workflow.release(house.office, judge, [made.id]),
        lambda: workflow.edit(house.office, judge, made.id, act),
        lambda: workflow.send_back(house.office, judge, made.id, "no"),
    ):
        with pytest.raises(NotAllowedError, match="expected a person of police"):
            do()
    workflow.release(house.office, house.luc, [made.id])
    assert house.be.dossier(content["dossier"]).addressed == ("police",)
    again = content | {"dossier": acts.wanted_request()["dossier"]}
    spy = hire(house.be, "spy", "officer", service="state-security")
    with pytest.raises(NotAllowedError, match=r"side of the wall \(police\), got one of state-security"):
        workflow.draft(house.office, spy, desks.Act(partner="ma", lane="routine", content=again, author="spy"))


def test_each_message_is_read_by_the_service_that_it_names(house):
    other = house.come(acts.act("wanted-trace", "remind", dossier=house.dossier, recipient="justice"))
    own = house.pair.post("be", acts.act("wanted-trace", "take-charge", dossier=house.dossier))
    assert house.be.dossier(house.dossier).addressed == ("justice", "police")
    assert house.read(house.ann).messages == {house.opening.id, own.id}
    assert house.read(house.jo).messages == {other.id, own.id}

    def evidence(tx, wanted):
        return consulting.evidence(tx, house.office, house.ann, wanted, "for the court")

    assert house.be.store.read(lambda tx: evidence(tx, house.opening.id)) == "for the court"
    for wanted in (house.dossier, other.id):
        with pytest.raises(NotAllowedError, match=f"got {other.id}, which another service was sent"):
            house.be.store.read(lambda tx, wanted=wanted: evidence(tx, wanted))


def test_a_dossier_is_given_to_no_sister_service(house):
    with pytest.raises(StateError, match=r"expected one who may read dossier .* got jo: service"):
        casework.assign(house.office, house.driss, house.dossier, person="jo")
    with pytest.raises(StateError, match=r"service: expected one of police, to which dossier .* got justice"):
        casework.assign(house.office, house.driss, house.dossier, service="justice")
    house.consent(house.ask())
    with pytest.raises(StateError, match="service: expected one of police"):
        casework.assign(house.office, house.driss, house.dossier, service="justice")
    casework.assign(house.office, house.driss, house.dossier, service="police", person="ann")


def test_a_store_of_before_learns_to_whom_its_dossiers_were_addressed(house):
    other = house.come(acts.act("wanted-trace", "remind", dossier=house.dossier, recipient="justice"))
    mine, _ = house.pair.post("be", acts.wanted_request()).dossier, house.pair.settle()
    now = house.be.all(DOSSIERS)
    before = [msgspec.structs.replace(one, addressed=()) for one in now]
    house.be.store.write("test.before", lambda tx: tx.put(DOSSIERS, before))
    house.be.store.write("test.upgrade", to_4.address)
    assert house.be.all(DOSSIERS) == now
    assert house.be.dossier(other.dossier).addressed == ("justice", "police")
    # Nobody was of a service when this one was written: it is for those that the channel names.
    assert house.be.dossier(mine).addressed == ()
    assert mine in house.listed(house.jo)
    assert mine in house.listed(house.ann)


# -- sister services ---------------------------------------------------------------------------------------------------


def test_a_sister_service_reads_one_message_once_the_originator_has_consented(house):
    other = house.come(acts.act("wanted-trace", "remind", dossier=house.dossier))
    question = house.ask()
    with pytest.raises(NotAllowedError, match="sister service"):
        house.read(house.jo)
    answer = house.consent(question, "conditional", conditions="For the hearing alone")
    found = house.read(house.jo)
    assert (found.messages, found.all) == ({house.opening.id}, False)
    assert other.id in house.read(house.ann).messages
    on = house.be.store.read(lambda tx: facts.of_dossier(tx, house.office.ctx, tx.get(DOSSIERS, house.dossier)))
    (share,) = on.readers.shares
    assert (share.message, share.service, share.conditions) == (house.opening.id, "justice", "For the hearing alone")
    assert (share.question, share.consent) == (question.id, answer.id)
    house.may(house.jo, Action.DOSSIER_LOOK)
    for action in (Action.EVIDENCE_EXPORT, Action.DOSSIER_ACT, Action.DOSSIER_NOTE, Action.DRAFT_READ):
        with pytest.raises(NotAllowedError, match="sister service"):
            house.may(house.jo, action)
    with pytest.raises(NotAllowedError, match="got one of customs"):
        house.read(hire(house.be, "kim", "officer", service="customs"))
    told = [one for one in house.be.all(AUDITS) if one.what == "content.read" and one.who == "jo"]
    assert len(told) == 1
    assert other.id.encode() not in told[0].details


def test_a_consent_that_is_refused_or_taken_back_lets_nobody_in(house):
    question = house.ask()
    house.consent(question, "refused")
    with pytest.raises(NotAllowedError):
        house.read(house.jo)
    answer = house.consent(question)
    assert house.read(house.jo).messages == {house.opening.id}
    back = {"message": answer.id, "reason": "sent-in-error"}
    house.come(acts.act("wanted-trace", "withdraw", dossier=house.dossier, body=back))
    with pytest.raises(NotAllowedError):
        house.read(house.jo)
    house.consent(house.ask())
    assert house.read(house.jo).messages == {house.opening.id}


def test_a_consent_to_something_else_lets_nobody_in(house):
    other = house.come(acts.act("wanted-trace", "remind", dossier=house.dossier))
    for question in (house.ask(service="customs"), house.ask(other.id), house.ask(service=None)):
        house.consent(question)
    with pytest.raises(NotAllowedError):
        house.read(house.jo)


def test_of_several_questions_for_one_service_the_last_answer_counts(house):
    first, second = house.ask(), house.ask()
    house.consent(first)
    assert house.read(house.jo).messages == {house.opening.id}
    house.consent(second, "refused")
    with pytest.raises(NotAllowedError):
        house.read(house.jo)


def test_a_message_that_its_author_restricted_goes_to_no_sister_service(house):
    house.consent(house.ask())
    body = {"message": house.opening.id, "reason": "accuracy-contested"}
    restricted = house.come(acts.act("wanted-trace", "restrict", dossier=house.dossier, body=body))
    with pytest.raises(NotAllowedError):
        house.read(house.jo)
    lifted = {"message": restricted.id, "reason": "no-longer-needed"}
    house.come(acts.act("wanted-trace", "withdraw", dossier=house.dossier, body=lifted))
    assert house.read(house.jo).messages == {house.opening.id}


@pytest.mark.parametrize("service", ["customs", "state-security", "police"])
def test_nobody_asks_for_a_service_that_no_consent_lets_in(house, service):
    def draft(service):
        body = ASK | {"message": house.opening.id, "service": service}
        act = house.pair.act("be", acts.act("wanted-trace", "ask-onward", dossier=house.dossier, body=body))
        return workflow.draft(house.office, house.ann, act)

    with pytest.raises(InputError, match=rf"a sister service that the channel names \(justice\), got '{service}'"):
        draft(service)
    assert draft("justice").act == "ask-onward"


def test_no_consent_opens_the_wall(house):
    house.consent(house.ask(service="state-security"))
    spy = hire(house.be, "spy", "officer", service="state-security")
    with pytest.raises(
        NotAllowedError, match=r"side of the wall \(police\), got one of state-security, whom no consent"
    ):
        house.read(spy)


def test_what_bears_a_risk_of_ill_treatment_goes_to_no_sister_service(house):
    house.consent(house.ask())
    on = house.be.store.read(lambda tx: facts.of_dossier(tx, house.office.ctx, tx.get(DOSSIERS, house.dossier)))
    message = house.be.message(house.opening.id)
    for risk in (False, True):
        # As a partner's node might let it pass: the reading here does not rest on what it checks.
        content = {"recipient": "police", "statements": [acts.statement(risk_of_ill_treatment=risk)]}
        assert reads(on.readers, "justice", message, content) is not risk
        assert reads(on.readers, "police", message, content)


def test_those_who_are_told_and_called_are_of_the_service(house):
    for name, service in (("dan", "police"), ("joe", "justice"), ("una", "")):
        hire(house.be, name, "duty", "approver", service=service)
    row = house.be.dossier(house.dossier)
    readers = house.be.store.read(lambda tx: readership.of_row(tx, house.office.ctx, row))
    now = house.be.ctx.clock.now()
    circle = house.be.store.read(lambda tx: circle_of(tx, house.office.ctx, now))
    told = circle.within(readers)
    assert sorted(circle.of(("approver",), "wanted-persons")) == ["dan", "joe", "luc", "una"]
    assert sorted(told.of(("approver",), "wanted-persons")) == ["dan", "luc"]
    assert told.of(("dispatcher",), "wanted-persons") == ("driss",)
    called = Circle(rosters={"*": ("joe", "dan")}, services={"joe": "justice", "dan": "police"}).within(readers)
    assert called.roster("wanted-persons") == ("dan",)


def test_the_clock_tells_nobody_of_another_service(house):
    hire(house.be, "joe", "approver", service="justice")
    while clock.count(house.be.ctx):
        pass
    house.pair.clock.advance(60 * 86_400_000)
    clock.tick(house.be.ctx)
    told = {one.person for one in house.be.all(NOTICES)}
    assert {"ann", "luc"} <= told
    assert not told & {"jo", "joe"}


# -- types that are kept for kinds of services -------------------------------------------------------------------------


@pytest.mark.parametrize("services", [{"cellule": "fiu", "police": "police"}, {"cellule": "fiu"}])
def test_between_financial_intelligence_units_nobody_else_writes_or_reads(services):
    sample = replace(financial_intelligence.SAMPLE, services=services)
    pair = sample.pair()
    office = office_of(pair.be)
    roles = ("officer", "approver", "magistrate", "analyst")
    mine = hire(pair.be, "fay", *roles, service="cellule")
    other = hire(pair.be, "lou", *roles, service="cellule")
    strangers = [hire(pair.be, "pol", *roles, service="police"), hire(pair.be, "una", *roles, service="")]
    act = pair.act("be", sample.opening())
    for who in strangers:
        with pytest.raises(NotAllowedError, match=r"of the kind fiu|one of the services cellule, got una"):
            workflow.draft(office, who, act)
    made = workflow.draft(office, mine, act, submit=True)
    for who in strangers:
        with pytest.raises(NotAllowedError, match="service: expected"):
            workflow.release(office, who, [made.id])
    assert len(workflow.release(office, other, [made.id])) == 1
    row = pair.be.dossier(made.dossier)

    def read(who):
        def work(tx):
            return consulting.dossier(tx, office, who, row, casework.messages(tx, row), "a reason")

        return pair.be.store.write("test.read", work)

    for who in strangers:
        with pytest.raises(NotAllowedError, match="service: expected"):
            read(who)
        with pytest.raises(NotAllowedError, match="service: expected"):
            pair.be.store.read(lambda tx: consulting.evidence(tx, office, who, row.id, "a reason"))  # noqa: B023
    assert read(mine).all
    assert read(hire(pair.be, "dana", "dpo", service="")).all


def test_a_type_for_kinds_of_services_is_for_their_persons_alone():
    one = Readers(side=("cellule",), services=("cellule",), kinds=("fiu",), fitting=("cellule",), wall="police")
    two = Readers(side=("cellule", "police"), services=("cellule",), kinds=("fiu",), fitting=("cellule",))
    for readers in (one, two):
        assert barred("ann", "cellule", {"officer"}, "dossier.read", readers) == ""
        assert "expected a person of one of the services cellule, got ann" in barred(
            "ann", "", {"officer"}, "dossier.read", readers
        )
        assert "of the kind fiu" in barred("ann", "police", {"officer"}, "dossier.open", readers)
        assert barred("dana", "", {"dpo"}, "dossier.read", readers) == ""
        assert barred("dana", "", {"dpo"}, "draft.release", readers)
        assert not readers.lets_in("police")
