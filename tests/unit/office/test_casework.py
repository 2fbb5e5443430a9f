"""Who has a dossier, what is written down about it, who read it, and which lists show it."""

import msgspec
import pytest

from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.exchange import notes
from passerelle.office import casework, clock, consulting, lists, work
from passerelle.office.asking import NotAllowedError
from passerelle.oversight import audit_log, evidence
from passerelle.ports.records import AUDITS, DOSSIERS, KINDS
from passerelle.ports.timers import NOTICES, ONCALL, OnCall
from tests.peers.pair import acts, partners
from tests.peers.staff import Desk, hire

DAY = 86_400_000


@pytest.fixture
def desk():
    made = Desk(partners())
    made.dossier, made.message = made.pair.open_trace()
    made.pair.settle()
    return made


def row(desk, dossier=None):
    return desk.pair.be.store.read(lambda tx: tx.get(DOSSIERS, dossier or desk.dossier))


def told(desk):
    return sorted((one.person, one.what, one.dossier) for one in desk.pair.be.all(NOTICES))


def look(staff, who, **wish):
    found = staff.pair.be.store.read(lambda tx: lists.dossiers(tx, staff.office, who, lists.Wish(**wish)))
    return [one.id for one in found.rows]


def read(desk, who, reason="", dossier=None):
    def work_(tx):
        there = tx.get(DOSSIERS, dossier or desk.dossier)
        consulting.dossier(tx, desk.office, who, there, casework.messages(tx, there), reason)

    desk.pair.be.store.write("test.read", work_)


# -- who has it --------------------------------------------------------------------------------------------------------


def test_a_dossier_is_given_and_handed_over(desk):
    casework.assign(desk.office, desk.driss, desk.dossier, service="police", desk="fugitives")
    assert (row(desk).service, row(desk).desk, row(desk).person) == ("police", "fugitives", "")
    casework.assign(desk.office, desk.driss, desk.dossier, service="police", desk="fugitives", person="ann")
    with pytest.raises(InputError, match="note"):
        casework.hand_over(desk.office, desk.ann, desk.dossier, "bea", " ")
    casework.hand_over(desk.office, desk.ann, desk.dossier, "bea", "waiting for the hotel's list")
    found = row(desk)
    assert (found.service, found.desk, found.person, found.given) == ("police", "fugitives", "bea", "person/bea")
    history = desk.pair.be.store.read(lambda tx: work.history(tx, desk.dossier))
    assert [(one.by, one.person, one.note) for one in history] == [
        ("driss", "", ""),
        ("driss", "ann", ""),
        ("ann", "bea", "waiting for the hotel's list"),
    ]
    assert told(desk) == [("ann", "given", desk.dossier), ("bea", "given", desk.dossier)]
    # Ann no longer has it: what she had to say about it is said.
    with pytest.raises(NotAllowedError):
        casework.hand_over(desk.office, desk.ann, desk.dossier, "max", "again")
    with pytest.raises(StateError, match="another person than the one who has the dossier"):
        casework.hand_over(desk.office, desk.bea, desk.dossier, "bea", "me")


def test_who_takes_a_dossier_or_keeps_it_is_told_nothing(desk):
    casework.assign(desk.office, desk.ann, desk.dossier, person="ann")
    casework.assign(desk.office, desk.driss, desk.dossier, desk="fugitives", person="ann")
    casework.assign(desk.office, desk.driss, desk.dossier, desk="fugitives")
    assert told(desk) == []


def test_of_two_dossiers_that_are_given_at_once_both_are_told(desk):
    other, _ = desk.pair.open_trace()
    for one in (desk.dossier, other):
        casework.assign(desk.office, desk.driss, one, person="ann")
    assert told(desk) == sorted(("ann", "given", one) for one in (desk.dossier, other))


def test_a_message_moves_no_assignment(desk):
    casework.assign(desk.office, desk.driss, desk.dossier, desk="fugitives", person="ann")
    desk.pair.answer("ma", desk.dossier, "take-charge")
    desk.pair.answer("ma", desk.dossier, "review")
    desk.pair.settle()
    assert row(desk).state == "in-charge"
    assert (row(desk).desk, row(desk).person, row(desk).given) == ("fugitives", "ann", "person/ann")


def test_only_to_who_may_read_it(desk):
    for person in ("driss", "olga"):
        with pytest.raises(StateError, match=f"one who may read dossier .*, got {person}"):
            casework.assign(desk.office, desk.driss, desk.dossier, person=person)
    hire(desk.pair.be, "mia", "officer", domain="migration")
    with pytest.raises(StateError, match="got mia"):
        casework.assign(desk.office, desk.driss, desk.dossier, person="mia")
    with pytest.raises(NotFoundError, match="nobody"):
        casework.assign(desk.office, desk.driss, desk.dossier, person="nobody")
    with pytest.raises(InputError, match="a service, a desk or a person"):
        casework.assign(desk.office, desk.driss, desk.dossier)
    with pytest.raises(NotFoundError):
        casework.assign(desk.office, desk.driss, "none", person="ann")


def test_who_may_give(desk):
    casework.assign(desk.office, desk.ann, desk.dossier, person="ann")  # an officer takes one himself
    with pytest.raises(NotAllowedError, match=r"dossier\.assign"):
        casework.assign(desk.office, desk.ann, desk.dossier, person="bea")
    with pytest.raises(NotAllowedError):
        casework.assign(desk.office, desk.eva, desk.dossier, person="eva")
    with pytest.raises(NotAllowedError, match=r"dossier\.assign"):
        casework.assign(desk.office, desk.bea, desk.dossier, person="bea")  # ann was faster
    casework.hand_over(desk.office, desk.luc, desk.dossier, "bea", "ann is on leave")
    assert row(desk).person == "bea"


def test_when_a_person_goes_his_dossiers_wait_for_somebody(desk):
    hire(desk.pair.be, "tom", "officer", until="2026-11-22")
    casework.assign(desk.office, desk.driss, desk.dossier, person="tom")
    other, _ = desk.pair.open_trace()
    assert look(desk, desk.driss, unassigned=True) == [other]
    desk.pair.clock.advance(3 * DAY)
    assert look(desk, desk.driss, unassigned=True) == [other, desk.dossier]
    found = desk.pair.be.store.read(lambda tx: lists.dossiers(tx, desk.office, desk.driss, lists.Wish()))
    assert found.gone == {"tom"}
    assert work.waits(row(desk), found.gone)
    assert look(desk, desk.driss, person="tom") == [desk.dossier]
    casework.hand_over(desk.office, desk.driss, desk.dossier, "ann", "tom has left")
    assert look(desk, desk.driss, unassigned=True) == [other]


# -- what is written down ----------------------------------------------------------------------------------------------


def test_references_notes_and_other_ways(desk):
    casework.refer(desk.office, desk.ann, desk.dossier, "BE-2026-0099")
    assert row(desk).own_reference == "BE-2026-0099"
    other, _ = desk.pair.open_trace(reference="BE-2026-0100")
    with pytest.raises(StateError, match="no other dossier has"):
        casework.refer(desk.office, desk.ann, other, "BE-2026-0099")
    casework.note(desk.office, desk.ann, desk.dossier, "called the prosecutor")
    with pytest.raises(NotAllowedError):
        casework.note(desk.office, desk.driss, desk.dossier, "seen")
    casework.via(desk.office, desk.ann, desk.dossier, "siena", "1234567-2-1", "2026-11-20")
    for system, reference, sent in (("pigeon", "1", ""), ("siena", " ", ""), ("siena", "1", "yesterday")):
        with pytest.raises(InputError):
            casework.via(desk.office, desk.ann, desk.dossier, system, reference, sent)
    store = desk.pair.be.store
    [note] = store.read(lambda tx: work.notes(tx, desk.dossier))
    assert (note.by, note.text) == ("ann", "called the prosecutor")
    [via] = store.read(lambda tx: work.vias(tx, desk.dossier))
    assert (via.system, via.reference, via.sent) == ("siena", "1234567-2-1", "2026-11-20")


def test_what_is_written_here_stays_here(desk):
    casework.assign(desk.office, desk.driss, desk.dossier, desk="DESK-INSIDE", person="ann", note="WORDS-INSIDE")
    casework.hand_over(desk.office, desk.ann, desk.dossier, "bea", "HANDED-INSIDE")
    casework.note(desk.office, desk.ann, desk.dossier, "NOTE-INSIDE")
    casework.via(desk.office, desk.ann, desk.dossier, "interpol", "VIA-INSIDE")
    read(desk, desk.eva, "REASON-INSIDE")
    desk.pair.answer("be", desk.dossier, "remind")
    desk.pair.settle()
    arrived = b"".join(msgspec.json.encode(desk.pair.ma.all(kind)) for kind in KINDS)
    written = evidence.collect(desk.pair.be.ctx, desk.pair.be.identity, desk.dossier, "ann")
    assert desk.dossier.encode() in arrived
    assert desk.dossier.encode() in written
    assert b"INSIDE" not in arrived + written
    assert b"INSIDE" not in b"".join(desk.pair.sent)


# -- reading -----------------------------------------------------------------------------------------------------------


def test_who_read_what_when_and_why(desk):
    casework.assign(desk.office, desk.driss, desk.dossier, person="ann")
    read(desk, desk.ann)
    with pytest.raises(InputError, match=r"--reason: expected why dossier .* is read by eva"):
        read(desk, desk.eva)
    desk.pair.clock.advance(DAY)
    read(desk, desk.eva, "weekly threat review")
    evidence.collect(desk.pair.be.ctx, desk.pair.be.identity, desk.dossier, "luc")
    found = desk.pair.be.store.read(lambda tx: consulting.readers(tx, desk.dossier))
    assert [(one.who, one.what, one.reason) for one in found] == [
        ("luc", "evidence", ""),
        ("eva", "dossier", "weekly threat review"),
        ("ann", "dossier", "has the dossier"),
    ]
    assert found[1].time - found[2].time == DAY
    assert found[1].messages == 1


def test_who_never_reads(desk):
    hire(desk.pair.be, "carl", "coordinator")
    sec = hire(desk.pair.be, "sam", "security")
    for who in (desk.driss, desk.olga, sec, hire(desk.pair.be, "carl")):
        with pytest.raises(NotAllowedError, match="coordinators, dispatchers, security officers and operators"):
            read(desk, who, "curious")
    assert desk.pair.be.store.read(lambda tx: consulting.readers(tx, desk.dossier)) == []


def test_who_is_on_duty_reads_what_is_urgent(desk):
    with pytest.raises(NotAllowedError):
        read(desk, desk.dan, "on call")
    desk.pair.answer("be", desk.dossier, "cancelled", lane="flash")
    read(desk, desk.dan, "on call")


def test_who_is_called_needs_no_reason_to_read(desk):
    pair = desk.pair
    rosa = hire(pair.be, "rosa", "duty")
    now = pair.clock.now()
    pair.be.store.write("t", lambda tx: tx.put(ONCALL, [OnCall("*", 1, 0, "dan", 2**62, "driss", now)]))
    dossier = pair.post("ma", acts.urgent_alert(), lane="flash").dossier
    pair.settle()
    with pytest.raises(InputError, match="got nothing"):
        read(desk, desk.dan, dossier=dossier)  # not called yet
    clock.tick(pair.be.ctx)
    read(desk, desk.dan, dossier=dossier)
    clock.mark_read(pair.be.ctx, "dan")
    read(desk, desk.dan, dossier=dossier)
    with pytest.raises(InputError, match="nor was called for it"):
        read(desk, rosa, dossier=dossier)
    found = pair.be.store.read(lambda tx: consulting.readers(tx, dossier))
    assert [(one.who, one.reason) for one in found] == [("dan", "was called for it")] * 2


# -- lists -------------------------------------------------------------------------------------------------------------


def test_lists_by_what_is_asked(desk):
    pair = desk.pair
    made = [desk.dossier]
    for _ in range(3):
        pair.clock.advance(1000)
        made.append(pair.open_trace()[0])
    listed = pair.post("be", acts.listed_notice()).dossier
    newest = [listed, *reversed(made)]
    # The last two moved at the same moment: the id decides.
    assert look(desk, desk.ann) == sorted(newest[:2], reverse=True) + newest[2:]
    assert look(desk, desk.ann, most=1) == [max(newest[:2])]
    assert look(desk, desk.ann, type="listed-person") == [listed]
    assert look(desk, desk.ann, type="identification") == []
    assert look(desk, desk.ann, partner="ma", type="wanted-trace", status="open") == list(reversed(made))
    assert look(desk, desk.ann, partner="fr") == look(desk, desk.ann, status="ended") == []
    casework.assign(desk.office, desk.driss, made[0], service="police", desk="fugitives")
    casework.assign(desk.office, desk.ann, made[1], person="ann")
    assert look(desk, desk.ann, desk="fugitives") == [made[0]]
    assert look(desk, desk.ann, service="police") == [made[0]]
    assert look(desk, desk.ann, person="ann") == [made[1]]
    assert set(look(desk, desk.driss, unassigned=True)) == {made[2], made[3], listed}
    with pytest.raises(InputError, match="open or ended"):
        look(desk, desk.ann, status="lost")


def test_nobody_sees_what_is_not_of_his_domains(desk):
    mia = hire(desk.pair.be, "mia", "officer", domain="migration")
    with pytest.raises(NotAllowedError):
        look(desk, mia)
    theirs = desk.pair.be.store.read(lambda tx: tx.get(DOSSIERS, desk.dossier))
    moved = msgspec.structs.replace(theirs, id=theirs.id[:-1] + "0", domain="migration")
    desk.pair.be.store.write("test.put", lambda tx: tx.put(DOSSIERS, [moved]))
    assert look(desk, mia) == [moved.id]
    assert set(look(desk, desk.ann)) == {moved.id, desk.dossier}


def test_a_list_costs_what_it_shows(desk):
    """However many dossiers there are that one may not see, they are not walked over."""
    theirs = row(desk)
    many = [
        msgspec.structs.replace(theirs, id=f"{theirs.id[:-6]}{number:06x}", domain="other", updated=number)
        for number in range(3000)
    ]
    store = desk.pair.be.store
    store.write("test.put", lambda tx: tx.put(DOSSIERS, many))
    who = hire(desk.pair.be, "una", "officer", domain="wanted-persons")
    read_rows = 0

    class Counting:
        def __init__(self, tx):
            self.tx = tx

        def __getattr__(self, name):
            return getattr(self.tx, name)

        def scan(self, kind, *where, **how):
            nonlocal read_rows
            found = self.tx.scan(kind, *where, **how)
            read_rows += len(found) if kind is DOSSIERS else 0
            return found

    for wish in (
        {},
        {"type": "wanted-trace"},
        {"partner": "ma"},
        {"unassigned": True},
        {"desk": "x"},
        {"person": "una"},
    ):
        read_rows = 0
        store.read(lambda tx, w=wish: lists.dossiers(Counting(tx), desk.office, who, lists.Wish(**w)))
        assert read_rows < 10, wish
    everybody = lists.Wish(most=50)
    read_rows = 0
    store.read(lambda tx: lists.dossiers(Counting(tx), desk.office, desk.ann, everybody))
    assert read_rows < 500


def test_what_the_audit_log_says_of_a_reading_is_what_its_details_say(desk):
    read(desk, desk.ann, "Preparing the hearing")
    records = desk.pair.be.store.read(lambda tx: tx.scan(AUDITS, limit=1000))
    assert [one.what for one in records if not audit_log.agrees(one)] == []
    assert records[-1].what == "content.read"


def test_details_cannot_replace_what_a_record_says_itself():
    with pytest.raises(TypeError, match="what"):
        notes.make_record(1, What.CONTENT_READ, "ann", "x", {"what": "dossier"})
