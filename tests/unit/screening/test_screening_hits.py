"""Who reads hits and says what they are; what is written down; what one decision does to the next."""

import msgspec
import pytest

from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.office.asking import NotAllowedError
from passerelle.office.people import Role
from passerelle.persons.model import Fault
from passerelle.screening import deciding, figures, hits, keeping, lists
from tests.unit.screening.desk import ASKED, LIMITS, TRAVELLERS, WANTED, Counter, entry, put_back, taken

DAY = 86_400_000


@pytest.fixture
def desk(tmp_path):
    made = Counter(tmp_path)
    made.take(WANTED)
    return made


def test_a_hit_is_read_with_a_reason_and_written_down_before_it_is_shown(desk):
    run = desk.screen()
    with pytest.raises(
        InputError, match=f"--reason: expected why hits of screening {run.id} are read by bea, got nothing"
    ):
        desk.page(run, desk.bea)
    desk.page(run, desk.bea, "relief at the counter")
    shown = desk.show(run, 1).entry.id
    first, second = desk.audits("hit.read")
    assert (first["who"], first["reason"], sorted(first["hits"])) == ("bea", "relief at the counter", [1, 2])
    assert (second["who"], second["reason"], second["hits"], second["entry"]) == (
        "ann",
        "ran the screening",
        [1],
        shown,
    )


def test_nobody_decides_on_what_he_has_not_looked_at(desk):
    run = desk.screen()
    desk.page(run)
    words = r"expected a hit that ann has looked at \(screen show\), got 1, which he has not"
    with pytest.raises(StateError, match=words):
        deciding.decide(desk.office, desk.ann, run, 1, "confirmed", "looks alike", lambda seen: ())
    desk.show(run, 2)
    with pytest.raises(StateError, match=words):
        deciding.decide(desk.office, desk.ann, run, 1, "confirmed", "looks alike", lambda seen: ())
    with pytest.raises(InputError, match="--reason: expected one line"):
        deciding.decide(desk.office, desk.ann, run, 2, "confirmed", "", lambda seen: ())
    with pytest.raises(NotFoundError, match="expected a hit of screening"):
        desk.show(run, 3)


def test_who_may_what(desk):
    run = desk.screen()
    ada = desk.hire("ada", Role.ANALYST, domain="wanted-persons")
    far = desk.hire("far", Role.OFFICER, domain="migration")
    for who in (desk.carl, desk.eva, far):
        with pytest.raises(NotAllowedError):
            desk.page(run, who, "curious")
        with pytest.raises(NotAllowedError):
            desk.ctx.store.write(
                "x", lambda tx, who=who: lists.read(tx, desk.office, who, lists.find(tx, "watch"), "Q1", "x")
            )
    for who in (ada, desk.dana):
        assert len(desk.page(run, who, "review")) == 2
        with pytest.raises(NotAllowedError):
            desk.decide(run, 1, "confirmed", who)
    for who in (desk.ann, ada):
        with pytest.raises(NotAllowedError):
            desk.take(WANTED[:1], who=who)
    assert desk.read(lambda tx: [one.id for one in hits.runs(tx, desk.office, desk.dana)]) == [run.id]
    with pytest.raises(NotAllowedError):
        desk.read(lambda tx: hits.runs(tx, desk.office, far))
    with pytest.raises(NotAllowedError):
        lists.remove(desk.office, desk.register, desk.ann, "watch", "why not")
    assert desk.held().keys() == {"Q1", "Q2", "Q3"}


def test_a_decision_may_be_taken_back(desk):
    run = desk.screen()
    number = desk.number_of(run, "Q2")
    desk.decide(run, number, "rejected")
    with pytest.raises(StateError, match=f"expected a hit that is not rejected yet, got {number}, rejected by ann"):
        desk.decide(run, number, "rejected", desk.bea)
    made = desk.decide(run, number, "confirmed", desk.bea)
    assert (made.state, made.decided_by) == ("confirmed", "bea")
    [_, counted, _] = desk.read(lambda tx: figures.report(tx, "", ""))
    assert (counted.confirmed, counted.rejected, counted.undecided) == (1, 0, 1)
    # A confirmed hit that is none after all is erased at once.
    desk.decide(run, number, "rejected")
    assert desk.left() == {"screening_hits": 1, "screening_confirmed": 0}
    [_, counted, _] = desk.read(lambda tx: figures.report(tx, "", ""))
    assert (counted.confirmed, counted.rejected, counted.false_share) == (0, 1, 1.0)
    assert [one["number"] for one in desk.audits("hit.confirmed") + desk.audits("hit.rejected")] == [number] * 3


def test_a_rejected_namesake_is_a_hit_again_and_the_earlier_decision_stands_beside_it(desk):
    first = desk.screen()
    desk.decide(first, desk.number_of(first, "Q2"), "rejected", desk.bea)
    again = desk.screen()
    seen = desk.show(again, desk.number_of(again, "Q2"))
    assert (seen.state, [one.decided_by for one in seen.before]) == ("unverified", ["bea"])
    other = desk.show(again, desk.number_of(again, "Q1"))
    assert other.before == ()
    desk.clock.advance(DAY)
    keeping.expire_all(desk.ctx)
    third = desk.screen()
    assert third.hits == 2
    assert desk.show(third, desk.number_of(third, "Q2")).before == ()


def test_what_a_confirmed_hit_rests_on_outlives_the_entry_and_the_list(desk):
    run = desk.screen()
    number = desk.number_of(run, "Q1")
    desk.decide(run, number, "confirmed", retention="P30D")
    desk.take([WANTED[1], entry("Q9", "Somebody New")])
    assert "Q1" not in desk.held()
    lists.remove(desk.office, desk.register, desk.carl, "watch", "over")
    assert desk.show(run, number).entry == WANTED[0]
    [kept] = desk.ctx.store.write("x", lambda tx: hits.confirmed(tx, desk.office, desk.dana, "review"))
    assert (kept.entry, kept.reason, kept.until) == ("Q1", "compared by hand", desk.clock.now() + 30 * DAY)
    assert (kept.link, kept.offence, kept.journey) == (ASKED.link, ASKED.offence, ASKED.journey)
    with pytest.raises(InputError, match="--reason: expected why confirmed hits are read by dana, got nothing"):
        desk.ctx.store.write("x", lambda tx: hits.confirmed(tx, desk.office, desk.dana, ""))
    desk.clock.advance(30 * DAY)
    keeping.expire_all(desk.ctx)
    assert desk.left()["screening_confirmed"] == 0
    assert desk.audits("hits.erased")[-1]["confirmed"] is True


def test_a_confirmed_hit_stays_no_longer_than_channel_or_type_say(desk):
    run = desk.screen()
    with pytest.raises(InputError, match="--retention: expected at most P1Y, as channel or type say, got P2Y"):
        desk.decide(run, 1, "confirmed", retention="P2Y")
    assert desk.left() == {"screening_hits": 2, "screening_confirmed": 0}


def test_a_confirmed_hit_is_erased_on_request_and_stays_so_when_the_store_is_put_back(desk):
    run = desk.screen()
    number = desk.number_of(run, "Q1")
    desk.decide(run, number, "confirmed")
    rows = taken(desk)
    with pytest.raises(NotAllowedError):
        deciding.erase(desk.office, desk.register, desk.ann, run, number, "request", "decision 2026/114")
    with pytest.raises(InputError, match=r"--ground: expected one of time-limit, .*, got 'whim'"):
        deciding.erase(desk.office, desk.register, desk.dana, run, number, "whim", "decision 2026/114")
    deciding.erase(desk.office, desk.register, desk.dana, run, number, "request", "decision 2026/114")
    assert desk.left()["screening_confirmed"] == 0
    with pytest.raises(NotFoundError):
        desk.show(run, number)
    assert desk.audits("hits.erased")[-1]["ground"] == "request"
    put_back(desk, rows)
    assert desk.left()["screening_confirmed"] == 1
    keeping.expire_all(desk.ctx)
    assert desk.left()["screening_confirmed"] == 0
    [_, counted, _] = desk.read(lambda tx: figures.report(tx, "", ""))
    assert counted.confirmed == 1
    # One that nobody has decided goes at once, too.
    other = desk.screen()
    deciding.erase(desk.office, desk.register, desk.dana, other, 1, "order", "court order 77")
    assert desk.left()["screening_hits"] == 2


def test_a_document_under_another_name_is_a_hit(desk):
    run = desk.screen(
        [entry("1", "ELS JANSSENS", passport="ab 123-456"), entry("2", "ELS JANSSENS", passport="XY999999")]
    )
    assert [(one.traveller.id, one.entry.id) for one in desk.page(run)] == [("1", "Q1")]


def test_only_the_closest_of_one_traveller_are_shown_and_the_others_counted(desk):
    desk.take([entry(f"N{number}", "Rachid Bensalem", birth="1970-02-01") for number in range(8)])
    run = desk.screen(limits=msgspec.structs.replace(LIMITS, most=3))
    assert (run.hits, run.cut) == (3, 5)
    run = desk.screen(TRAVELLERS[2:] * 120)  # several batches
    every = desk.page(run, most=10**6)
    assert [one.number for one in every] == list(range(1, 8 * 120 + 1))
    assert [one.score for one in every] == sorted((one.score for one in every), reverse=True)
    assert desk.screen([TRAVELLERS[1]], limits=msgspec.structs.replace(LIMITS, least=0.99)).hits == 0


def test_travellers_that_cannot_be_read_are_counted_and_half_a_file_screens_nobody(desk):
    fault = Fault(line=3, column=1, message="expected a name, got an empty one")
    run = desk.screen([*TRAVELLERS, fault])
    assert (run.travellers, run.faults, run.state) == (3, 1, "done")
    with pytest.raises(InputError, match="got 1 faults and nobody; first on line 3, column 1: expected a name"):
        desk.screen([fault])
    with pytest.raises(InputError, match="expected at least one traveller, got nobody"):
        desk.screen([])
    with pytest.raises(InputError, match="expected a file that can be read to its end"):
        desk.screen(TRAVELLERS, ended=lambda: False)
    keeping.expire_all(desk.ctx)
    assert sorted(one.state for one in desk.read(lambda tx: hits.runs(tx, desk.office, desk.ann))) == [
        "broken",
        "broken",
        "broken",
        "done",
    ]
    assert desk.left()["screening_hits"] == 2


def test_a_list_that_changes_meanwhile_ends_the_screening(desk):
    def travellers():
        yield from TRAVELLERS * 20
        desk.take(WANTED[:1])
        yield from TRAVELLERS * 20

    with pytest.raises(StateError, match="expected list watch as it was when the screening began, got another"):
        desk.screen(travellers())
    keeping.expire_all(desk.ctx)
    assert desk.left()["screening_hits"] == 0


def test_nothing_of_who_is_no_hit_is_kept(desk):
    run = desk.screen()
    assert (run.travellers, run.hits) == (3, 2)
    from passerelle.store import copying

    whole = b"".join(desk.read(lambda tx: list(copying.dump(tx))))
    assert b"ELS JANSSENS" not in whole
    assert b"YOUSSEF EL AMRAOUI" in whole
    # Nor of an unconfirmed hit in what a backup is made of.
    from passerelle.ports.screening import FLEETING

    backed_up = b"".join(desk.read(lambda tx: list(copying.dump(tx, without=FLEETING))))
    assert b"YOUSSEF EL AMRAOUI" not in backed_up
    assert b"Youssef El Amraoui" in backed_up  # the list itself


def test_after_a_restore_a_screening_says_that_its_hits_are_not_here(desk):
    run = desk.screen()
    assert desk.read(lambda tx: hits.missing(tx, run)) == 0
    from passerelle.ports.screening import HITS

    desk.ctx.store.write("x", lambda tx: tx.delete(HITS, [(run.id, 1), (run.id, 2)]))
    assert desk.read(lambda tx: hits.missing(tx, run)) == 2


def test_the_report_tells_scripts_apart(desk):
    run = desk.screen([entry("1", "يوسف العمراوي", birth="1986-03-14"), *TRAVELLERS])
    for one in desk.page(run):
        desk.decide(run, one.number, "rejected" if one.traveller.id == "1" else "confirmed")
    found = desk.read(lambda tx: figures.report(tx, "", ""))
    share = {one.script: one.false_share for one in found if one.against}
    assert share == {"Arab": 1.0, "Latn": 0.0}
    assert {one.script: one.travellers for one in found if one.list and not one.against} == {"Arab": 1, "Latn": 3}
    assert (found[-1].list, found[-1].travellers, found[-1].hits, found[-1].rejected) == ("", 4, 3, 1)
    assert desk.read(lambda tx: figures.report(tx, "2026-12", "")) == []
    assert desk.read(lambda tx: figures.report(tx, "2026-11", "2026-11", "watch"))[:-1] == found[:-1]
    assert figures.months("2026", "2026") == ("2026-01", "2026-12")
    assert figures.months("2026-03-05", "2026-04-01") == ("2026-03", "2026-04")
