"""Drafts and releases: who may take which step, what becomes of a draft, what never leaves."""

import msgspec
import pytest

from passerelle.core import json
from passerelle.core.errors import ForbiddenError, InputError, NotFoundError, StateError
from passerelle.exchange.desk import RefusedError
from passerelle.office import consulting, reviews, workflow
from passerelle.office.asking import NotAllowedError
from passerelle.office.workflow import NotAttestedError
from passerelle.oversight import audit_export, audit_log, evidence
from passerelle.ports.people import PERSONS
from passerelle.ports.records import ALARMS, AUDITS, KINDS
from passerelle.ports.timers import NOTICES, TIMERS
from passerelle.ports.work import DRAFTS, REVIEWS
from passerelle.store.faults import Crash, FaultPlan
from tests.peers.pair import TYPES, acts, partners, texts, types_for
from tests.peers.staff import Desk

HOUR = 3_600_000
PURPOSES = ["criminal-investigation", "tracing-wanted-persons", "prevention"]


@pytest.fixture
def desk():
    return Desk(partners(channel={"purposes": PURPOSES}))


def request(desk, **changes):
    return desk.pair.act("be", acts.wanted_request(**changes))


def alert(desk, lane="flash"):
    return desk.pair.act("be", acts.urgent_alert(), lane=lane)


def submitted(desk, act=None, who=None):
    return workflow.draft(desk.office, who or desk.ann, act or request(desk), submit=True)


def words(desk, dossier):
    """What the audit log says of a dossier, in order."""
    return [one.what for one in desk.pair.be.all(AUDITS) if one.dossier == dossier]


def told(desk):
    """Whom the acts of others were told to."""
    return [(one.person, one.what, one.message, one.dossier) for one in desk.pair.be.all(NOTICES) if not one.due]


# -- the life of a draft -----------------------------------------------------------------------------------------------


def test_a_draft_is_sent_back_changed_and_released(desk):
    made = workflow.draft(desk.office, desk.ann, request(desk))
    assert (made.state, made.version, made.author) == ("draft", 1, "ann")
    assert workflow.submit(desk.office, desk.ann, made.id).state == "submitted"
    back = workflow.send_back(desk.office, desk.luc, made.id, "  which warrant? ")
    assert (back.state, back.comment, back.changed_by) == ("returned", "which warrant?", "luc")
    assert told(desk) == [("ann", "returned", made.id, made.dossier)]
    changed = request(desk, dossier=made.dossier, necessity="The warrant of Brussels")
    edited = workflow.edit(desk.office, desk.ann, made.id, changed)
    assert (edited.state, edited.version, edited.edition, edited.comment) == ("draft", 4, 2, "which warrant?")
    workflow.submit(desk.office, desk.ann, made.id)
    [message] = workflow.release(desk.office, desk.luc, [made.id])
    assert (message.id, message.author, message.releaser) == (made.id, "ann", "luc")
    assert desk.pair.be.all(DRAFTS) == []
    assert words(desk, made.dossier) == [
        "act.drafted",
        "act.submitted",
        "act.sent-back",
        "act.edited",
        "act.submitted",
        "act.released",
    ]
    desk.pair.settle()
    assert desk.pair.ma.message(made.id).state == "applied"


def test_only_what_was_submitted_leaves(desk):
    made = workflow.draft(desk.office, desk.ann, request(desk))
    with pytest.raises(StateError, match="to be submitted, got one that was written by ann on 2026"):
        workflow.release(desk.office, desk.luc, [made.id])
    workflow.submit(desk.office, desk.ann, made.id)
    workflow.send_back(desk.office, desk.luc, made.id, "no")
    with pytest.raises(StateError, match="got one that was sent back by luc"):
        workflow.release(desk.office, desk.luc, [made.id])
    with pytest.raises(StateError, match="sent back by luc"):
        workflow.send_back(desk.office, desk.luc, made.id, "twice")
    workflow.discard(desk.office, desk.ann, made.id, "not needed")
    for step in (
        lambda: workflow.submit(desk.office, desk.ann, made.id),
        lambda: workflow.release(desk.office, desk.luc, [made.id]),
        lambda: workflow.edit(desk.office, desk.ann, made.id, request(desk, dossier=made.dossier)),
    ):
        with pytest.raises(StateError, match="thrown away by ann"):
            step()
    [kept] = desk.pair.be.all(DRAFTS)
    assert (kept.state, kept.body, kept.comment) == ("discarded", b"", "not needed")
    with pytest.raises(NotFoundError):
        workflow.release(desk.office, desk.luc, ["019ab3ff-0000-7000-8000-000000000000"])


def test_an_edit_takes_a_submitted_draft_back(desk):
    made = submitted(desk)
    workflow.edit(desk.office, desk.ann, made.id, request(desk, dossier=made.dossier))
    with pytest.raises(StateError, match="written by ann"):
        workflow.release(desk.office, desk.luc, [made.id])


def test_an_edit_is_of_the_same_act(desk):
    made = submitted(desk)
    with pytest.raises(InputError, match="dossier: expected"):
        workflow.edit(desk.office, desk.ann, made.id, request(desk))


def test_all_are_released_or_none(desk):
    one, two = submitted(desk), workflow.draft(desk.office, desk.ann, request(desk))
    with pytest.raises(StateError):
        workflow.release(desk.office, desk.luc, [one.id, two.id])
    assert desk.pair.be.message(one.id) is None
    workflow.submit(desk.office, desk.ann, two.id)
    released = workflow.release(desk.office, desk.luc, [one.id, two.id, one.id])
    assert [message.id for message in released] == [one.id, two.id]


def test_what_the_channel_forbids_is_refused_at_every_step(desk):
    wrong = request(desk, purpose="immigration-control")
    with pytest.raises(RefusedError, match="purpose"):
        workflow.draft(desk.office, desk.ann, wrong)
    made = submitted(desk)
    with pytest.raises(RefusedError, match="purpose"):
        workflow.edit(
            desk.office, desk.ann, made.id, request(desk, dossier=made.dossier, purpose="immigration-control")
        )
    desk.pair.clock.advance(800 * 24 * HOUR)  # the retention date that it names has passed
    with pytest.raises(RefusedError, match="retention"):
        workflow.release(desk.office, desk.luc, [made.id])
    assert [one.state for one in desk.pair.be.all(DRAFTS)] == ["submitted"]


# -- who comes too late ------------------------------------------------------------------------------------------------


def test_who_comes_too_late_is_told_who_did_what(desk):
    made = submitted(desk)
    workflow.release(desk.office, desk.luc, [made.id])
    for step in (
        lambda: workflow.send_back(desk.office, desk.max, made.id, "wait"),
        lambda: workflow.release(desk.office, desk.max, [made.id]),
        lambda: workflow.discard(desk.office, desk.ann, made.id, "wait"),
    ):
        with pytest.raises(StateError, match=f"got message {made.id}, released by luc on 2026-11-21T12:00:01.000Z"):
            step()


def test_a_step_begins_at_the_version_that_was_seen(desk):
    made = workflow.draft(desk.office, desk.ann, request(desk))
    workflow.edit(desk.office, desk.bea, made.id, request(desk, dossier=made.dossier), seen=1)
    with pytest.raises(StateError, match="at version 1, got version 2, written by bea on 2026"):
        workflow.edit(desk.office, desk.ann, made.id, request(desk, dossier=made.dossier), seen=1)
    assert workflow.submit(desk.office, desk.bea, made.id, seen=2).version == 3


def test_nobody_releases_another_edition_than_the_one_he_read(desk):
    made = submitted(desk)

    def read(tx):
        consulting.draft(tx, desk.office, desk.luc, tx.get(DRAFTS, made.id))

    desk.pair.be.store.write("test.read", read)
    workflow.edit(desk.office, desk.ann, made.id, request(desk, dossier=made.dossier, necessity="Something else"))
    workflow.submit(desk.office, desk.ann, made.id)
    with pytest.raises(StateError, match=r"as luc read it on .* changed by ann since; read it again"):
        workflow.release(desk.office, desk.luc, [made.id])
    desk.pair.be.store.write("test.read", read)
    assert workflow.release(desk.office, desk.luc, [made.id])


# -- four eyes ---------------------------------------------------------------------------------------------------------


def test_no_author_is_the_second_pair_of_eyes(desk):
    made = submitted(desk, who=desk.max)
    with pytest.raises(NotAllowedError, match="four eyes: expected another person than the author"):
        workflow.release(desk.office, desk.max, [made.id])
    # Whoever wrote an earlier version has written it, too.
    workflow.edit(desk.office, desk.ann, made.id, request(desk, dossier=made.dossier))
    workflow.submit(desk.office, desk.ann, made.id)
    with pytest.raises(NotAllowedError, match="four eyes"):
        workflow.release(desk.office, desk.max, [made.id])
    assert workflow.release(desk.office, desk.luc, [made.id])[0].author == "ann"


def test_the_author_alone_submits(desk):
    made = workflow.draft(desk.office, desk.ann, request(desk))
    with pytest.raises(ForbiddenError, match="by its author, ann, got bea"):
        workflow.submit(desk.office, desk.bea, made.id)


def test_who_may_not_take_a_step_learns_nothing_of_how_a_draft_stands(desk):
    """Not who wrote it, nor when: the refusal comes first, and is written down."""
    made = workflow.draft(desk.office, desk.ann, request(desk))
    stranger = desk.olga
    for step in (
        lambda: workflow.send_back(desk.office, stranger, made.id, "x"),
        lambda: workflow.release(desk.office, stranger, [made.id]),
        lambda: workflow.discard(desk.office, stranger, made.id, "x"),
        lambda: workflow.submit(desk.office, stranger, made.id, seen=7),
    ):
        with pytest.raises(NotAllowedError) as refused:
            step()
        assert "by ann" not in str(refused.value)


def test_roles(desk):
    made = submitted(desk)
    for who in (desk.bea, desk.driss, desk.eva, desk.olga, desk.dan):
        with pytest.raises(NotAllowedError, match=r"draft\.release"):
            workflow.release(desk.office, who, [made.id])
    for who in (desk.luc, desk.driss, desk.eva, desk.olga, desk.dan):
        with pytest.raises(NotAllowedError):
            workflow.draft(desk.office, who, request(desk))
    with pytest.raises(NotAllowedError, match=r"draft\.send-back"):
        workflow.send_back(desk.office, desk.bea, made.id, "no")


def test_an_officer_releases_alone_what_nobody_puts_under_four_eyes(desk):
    made = submitted(desk)
    workflow.release(desk.office, desk.luc, [made.id])
    remind = desk.pair.act("be", acts.act("wanted-trace", "remind", dossier=made.dossier))
    alone = submitted(desk, remind)
    assert workflow.release(desk.office, desk.ann, [alone.id])[0].releaser == "ann"
    desk.pair.settle()
    assert desk.pair.ma.message(alone.id).state == "applied"


def test_what_the_channel_lists_needs_two():
    strict = {"wanted-trace": TYPES["wanted-trace"] | {"four_eyes": ["*"]}}
    desk = Desk(partners(channel={"types": {**TYPES, **strict}}))
    made = submitted(desk)
    workflow.release(desk.office, desk.luc, [made.id])
    remind = submitted(desk, desk.pair.act("be", acts.act("wanted-trace", "remind", dossier=made.dossier)))
    with pytest.raises(NotAllowedError, match="four eyes"):
        workflow.release(desk.office, desk.ann, [remind.id])


def test_a_judicial_act_is_released_by_a_magistrate(desk):
    made = submitted(desk)
    workflow.release(desk.office, desk.luc, [made.id])
    desk.pair.settle()
    for name in ("take-charge", "review"):
        desk.pair.answer("ma", made.dossier, name)
        desk.pair.settle()
    arrest = submitted(desk, desk.pair.act("be", acts.act("wanted-trace", "provisional-arrest", dossier=made.dossier)))
    with pytest.raises(NotAllowedError, match="judicial act: expected the role magistrate"):
        workflow.release(desk.office, desk.luc, [arrest.id])
    assert workflow.release(desk.office, desk.zoe, [arrest.id])[0].releaser == "zoe"
    own = submitted(desk, who=desk.zoe)
    with pytest.raises(NotAllowedError, match="four eyes"):
        workflow.release(desk.office, desk.zoe, [own.id])


# -- what the record of a release says ---------------------------------------------------------------------------------


def seen_of(desk):
    """Of each release, in order: whether its releaser had it before him."""
    found = [one for one in desk.pair.be.all(AUDITS) if one.what == "act.released"]
    return [json.parse_object(one.details)["seen"] for one in sorted(found, key=lambda one: one.id)]


def test_the_record_of_a_release_says_whether_it_was_read(desk):
    store = desk.pair.be.store
    unread, read, other = submitted(desk), submitted(desk), submitted(desk)
    store.write("t", lambda tx: consulting.draft(tx, desk.office, desk.luc, read))
    store.write("t", lambda tx: consulting.draft(tx, desk.office, desk.zoe, other))  # another person's reading
    messages = workflow.release(desk.office, desk.luc, [unread.id, read.id, other.id])
    assert seen_of(desk) == [False, True, False]
    assert store.read(lambda tx: consulting.unread(tx, messages)) == {unread.id, other.id}


def test_who_wrote_what_he_releases_has_seen_it(desk):
    message = released_alone(desk)
    assert seen_of(desk) == [True]
    assert desk.pair.be.store.read(lambda tx: consulting.unread(tx, [message])) == set()


def test_an_import_was_read_elsewhere_and_the_record_says_so(desk):
    workflow.post(desk.office, desk.ann, desk.luc, [request(desk)])
    assert seen_of(desk) == [False]


def test_a_release_is_told_only_to_those_who_may_look_at_the_dossier(desk):
    made = submitted(desk)
    workflow.release(desk.office, desk.luc, [made.id])
    steps = (
        lambda who: workflow.release(desk.office, who, [made.id]),
        lambda who: workflow.submit(desk.office, who, made.id),
        lambda who: workflow.send_back(desk.office, who, made.id, "x"),
        lambda who: workflow.discard(desk.office, who, made.id, "x"),
        lambda who: workflow.edit(desk.office, who, made.id, request(desk, dossier=made.dossier)),
    )
    for step in steps:
        with pytest.raises(StateError, match=r"released by luc on 2026"):
            step(desk.driss)
        with pytest.raises(NotFoundError, match="expected a draft that is here") as caught:
            step(desk.olga)
        assert "luc" not in str(caught.value)


# -- on duty -----------------------------------------------------------------------------------------------------------


def released_alone(desk):
    made = submitted(desk, alert(desk), desk.dan)
    [message] = workflow.release(desk.office, desk.dan, [made.id])
    return message


def test_who_is_on_duty_releases_alone_and_owes_a_review(desk):
    message = released_alone(desk)
    [owed] = desk.pair.be.all(REVIEWS)
    assert (owed.message, owed.released_by, owed.state) == (message.id, "dan", "open")
    assert owed.due == message.noted + 24 * HOUR
    [timer] = [one for one in desk.pair.be.all(TIMERS) if one.deadline == "review"]
    assert (timer.state, timer.due, timer.tell) == ("running", owed.due, "approver")
    desk.pair.settle()
    assert desk.pair.ma.message(message.id).state == "applied"
    with pytest.raises(NotAllowedError, match="review: expected another person"):
        reviews.review(desk.office, desk.dan, message.id, "upheld", "I was right")
    done = reviews.review(desk.office, desk.luc, message.id, "upheld", "danger was real")
    assert (done.state, done.done_by, done.comment) == ("upheld", "luc", "danger was real")
    [timer] = [one for one in desk.pair.be.all(TIMERS) if one.deadline == "review"]
    assert (timer.state, timer.ended_by) == ("met", "luc")
    assert told(desk) == []  # what was upheld needs nobody
    with pytest.raises(StateError, match="upheld by luc on 2026"):
        reviews.review(desk.office, desk.max, message.id, "not-upheld", "late")
    assert desk.pair.be.all(ALARMS) == []


def test_a_release_that_is_not_upheld_raises_an_alarm(desk):
    message = released_alone(desk)
    reviews.review(desk.office, desk.luc, message.id, "not-upheld", "no danger")
    [alarm] = desk.pair.be.all(ALARMS)
    assert alarm.what == "review.not-upheld"
    assert f"correct or withdraw it in dossier {message.dossier}" in alarm.text
    assert told(desk) == [("dan", "not-upheld", message.id, message.dossier)]
    with pytest.raises(InputError, match="outcome"):
        reviews.review(desk.office, desk.luc, message.id, "maybe", "x")
    with pytest.raises(NotFoundError):
        reviews.review(desk.office, desk.luc, "none", "upheld", "x")


def test_overdue_reviews_stand_first(desk):
    late = released_alone(desk)
    desk.pair.clock.advance(25 * HOUR)
    fresh = released_alone(desk)

    def look(who, **how):
        return [one.message for one in desk.pair.be.store.read(lambda tx: reviews.seen(tx, desk.office, who, **how))]

    assert look(desk.luc) == [late.id, fresh.id]
    assert look(desk.luc, overdue=True) == [late.id]
    reviews.review(desk.office, desk.luc, late.id, "upheld", "yes")
    assert look(desk.luc) == [fresh.id]
    assert look(desk.luc, done=True) == [fresh.id, late.id]
    [timer] = [one for one in desk.pair.be.all(TIMERS) if one.deadline == "review" and one.message == late.id]
    assert timer.state == "late"


def test_duty_alone_only_in_the_flash_lane_and_only_where_the_channel_lets_him(desk):
    routine = submitted(desk, alert(desk, "routine"), desk.max)
    with pytest.raises(NotAllowedError, match=r"draft\.release"):
        workflow.release(desk.office, desk.dan, [routine.id])
    wanted = submitted(desk)
    with pytest.raises(NotAllowedError):
        workflow.release(desk.office, desk.dan, [wanted.id])
    strict = {"urgent-alert": TYPES["urgent-alert"] | {"four_eyes": ["alert"]}}
    listed = Desk(partners(channel={"types": {**TYPES, **strict}, "purposes": PURPOSES}))
    made = submitted(listed, alert(listed), listed.dan)
    with pytest.raises(NotAllowedError, match="four eyes"):
        workflow.release(listed.office, listed.dan, [made.id])
    assert listed.pair.be.all(REVIEWS) == []
    # Another person released it: two pairs of eyes have seen it, and nothing is owed.
    workflow.release(listed.office, listed.luc, [made.id])
    assert listed.pair.be.all(REVIEWS) == []


def test_an_officer_is_not_on_duty(desk):
    made = submitted(desk, alert(desk), desk.ann)
    with pytest.raises(NotAllowedError, match=r"draft\.release-on-duty"):
        workflow.release(desk.office, desk.ann, [made.id])
    # Who is on duty may release what an officer wrote; he does it alone, so it is reviewed.
    workflow.release(desk.office, desk.dan, [made.id])
    assert [one.author for one in desk.pair.be.all(REVIEWS)] == ["ann"]
    made = submitted(desk, alert(desk), desk.max)
    workflow.release(desk.office, desk.dan, [made.id])
    with pytest.raises(ForbiddenError, match="expected another person than those who wrote"):
        reviews.review(desk.office, desk.max, made.id, "upheld", "mine")


# -- attestation -------------------------------------------------------------------------------------------------------


@pytest.fixture
def migration():
    pair = partners()
    pair.channel = pair.sign(texts.migration_channel(pair.agreement, types_for("migration")))
    pair.clock.advance(1000)
    return Desk(pair, service="migration")


def identify(desk, **changes):
    return desk.pair.act("be", acts.identification_request(**changes))


def test_what_is_attested_is_there_at_each_step(migration):
    desk = migration
    made = workflow.draft(desk.office, desk.ann, identify(desk))
    with pytest.raises(NotAttestedError, match="expected no-protection-claim to be attested by the author"):
        workflow.submit(desk.office, desk.ann, made.id)
    with pytest.raises(NotAttestedError):
        workflow.draft(desk.office, desk.ann, identify(desk), submit=True)
    with pytest.raises(InputError, match="attest: expected one of no-protection-claim, got 'all-is-well'"):
        workflow.draft(desk.office, desk.ann, identify(desk), attest=["all-is-well"])
    dossier = made.dossier
    workflow.edit(desk.office, desk.ann, made.id, identify(desk, dossier=dossier), attest=["no-protection-claim"])
    workflow.submit(desk.office, desk.ann, made.id)
    later = workflow.draft(desk.office, desk.ann, identify(desk))
    with pytest.raises(NotAttestedError, match=r"\(--attest no-protection-claim\), got nothing"):
        workflow.submit(desk.office, desk.ann, later.id)
    with pytest.raises(InputError, match="attest: expected one of no-protection-claim, got 'all-is-well'"):
        workflow.submit(desk.office, desk.ann, later.id, attest=["all-is-well"])
    given = workflow.submit(desk.office, desk.ann, later.id, attest=["no-protection-claim"])
    assert (given.state, given.attested) == ("submitted", ("no-protection-claim",))
    assert words(desk, later.dossier) == ["act.drafted", "act.attested", "act.submitted"]
    # Another author has stated nothing, whoever did before him.
    edited = workflow.edit(desk.office, desk.bea, made.id, identify(desk, dossier=dossier))
    assert edited.attested == ()
    with pytest.raises(NotAttestedError):
        workflow.submit(desk.office, desk.bea, made.id)
    workflow.edit(desk.office, desk.bea, made.id, identify(desk, dossier=dossier), attest=["no-protection-claim"])
    kept = workflow.edit(desk.office, desk.bea, made.id, identify(desk, dossier=dossier))
    assert kept.attested == ("no-protection-claim",)
    # Of another person nothing was attested.
    other = workflow.edit(desk.office, desk.bea, made.id, identify(desk, dossier=dossier, necessity="Another person"))
    assert other.attested == ()
    workflow.edit(desk.office, desk.bea, made.id, identify(desk, dossier=dossier), attest=["no-protection-claim"])
    workflow.submit(desk.office, desk.bea, made.id)
    assert workflow.release(desk.office, desk.luc, [made.id])


def test_what_is_attested_leaves_in_no_byte(migration):
    desk = migration
    pair = desk.pair
    made = workflow.draft(desk.office, desk.ann, identify(desk), attest=["no-protection-claim"], submit=True)
    workflow.send_back(desk.office, desk.luc, made.id, "COMMENT-INSIDE")
    workflow.submit(desk.office, desk.ann, made.id)
    workflow.release(desk.office, desk.luc, [made.id])
    pair.settle()
    told = pair.be.ctx.catalogue.types["identification"].acts["request"].attest["no-protection-claim"]
    secret = [
        "no-protection-claim",
        "attest",
        "COMMENT-INSIDE",
        *(getattr(told, one) for one in told.__struct_fields__),
    ]
    evidence_file = evidence.collect(pair.be.ctx, pair.be.identity, made.dossier, "ann")
    audit_log.close_now(pair.be.ctx)
    trail = audit_export.collect(pair.be.ctx, pair.be.identity, {"kind": "dossier", "id": made.dossier}, "eva")
    assert b"act.released" in trail
    # Batches are sealed, so what left is looked at where it was opened: everything that the partner keeps.
    arrived = b"".join(msgspec.json.encode(pair.ma.all(kind)) for kind in KINDS)
    bodies = b"".join(one.body for kind in KINDS if kind.name == "contents" for one in pair.ma.all(kind))
    assert made.id.encode() in bodies
    for word in secret:
        for data in (arrived, bodies, evidence_file, trail, *pair.sent):
            assert word.encode() not in data
            assert json.canonical(word)[1:-1] not in data
    # It is written down here, once, in a record of its own that no export opens.
    [kept] = [one for one in pair.be.all(AUDITS) if b"no-protection-claim" in one.details]
    assert kept.what == "act.attested"


def test_who_sends_back_his_own_draft_and_who_has_gone_are_told_nothing(desk):
    own = workflow.draft(desk.office, desk.max, request(desk), submit=True)
    workflow.send_back(desk.office, desk.max, own.id, "I forgot the warrant")
    gone = workflow.draft(desk.office, desk.bea, request(desk), submit=True)
    row = desk.pair.be.store.read(lambda tx: tx.get(PERSONS, "bea"))
    gone_at = msgspec.structs.replace(row, removed=1)
    desk.pair.be.store.write("test.removed", lambda tx: tx.put(PERSONS, [gone_at]))
    workflow.send_back(desk.office, desk.luc, gone.id, "who has it now?")
    assert told(desk) == []


def test_a_draft_that_is_not_sent_back_after_all_tells_nobody(desk):
    made = workflow.draft(desk.office, desk.ann, request(desk), submit=True)
    store = desk.pair.be.store
    store._fault = FaultPlan("desk.send-back:commit")
    with pytest.raises(Crash):
        workflow.send_back(desk.office, desk.luc, made.id, "why?")
    store._fault = FaultPlan()
    assert told(desk) == []
    assert store.read(lambda tx: tx.get(DRAFTS, made.id)).state == "submitted"
