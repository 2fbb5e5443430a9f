"""What the doctor says of lists and of hits that wait."""

import pytest

from passerelle.oversight import checkup, doctor_office
from passerelle.oversight.checkup import Patient
from passerelle.screening import keeping, lists
from tests.unit.screening.desk import WANTED, Counter, put_back, taken

HOUR, DAY = 3_600_000, 86_400_000


@pytest.fixture
def desk(tmp_path):
    made = Counter(tmp_path)
    made.take(WANTED)
    return made


def found(desk, check):
    patient = Patient(ctx=desk.ctx, folder=desk.indexes.folder, store=None)
    return [(one.level, one.what) for one in checkup.CHECKS[check](patient)]


def test_lists_are_current_until_their_time_comes(desk):
    assert found(desk, "lists") == [("ok", "lists are current")]
    row = desk.read(lambda tx: lists.find(tx, "watch"))
    desk.clock.time = row.expires - doctor_office.LIST_AHEAD
    words = "the entries of list watch go on 2027-11-21 unless an import confirms them"
    assert found(desk, "lists") == [("warning", words)]
    desk.clock.time = row.expires
    assert found(desk, "lists") == [("error", "list watch has no entries: its time is over")]
    keeping.expire_all(desk.ctx)
    assert found(desk, "lists") == [("error", "list watch has no entries: its time is over")]
    desk.take(WANTED)
    assert found(desk, "lists") == [("ok", "lists are current")]


def test_a_list_that_was_put_back_is_named(desk):
    rows = taken(desk)
    desk.take(WANTED[1:])
    put_back(desk, rows)
    [(level, what)] = found(desk, "lists")
    assert (level, what.partition(";")[0]) == ("error", "list watch was put back to before its latest import")


def test_hits_that_wait_for_more_than_an_hour_are_counted(desk):
    run = desk.screen()
    assert found(desk, "hits") == [("ok", "no hit waits for a person")]
    desk.clock.advance(HOUR)
    assert found(desk, "hits") == [("warning", "2 hits wait for a person")]
    desk.decide(run, 1, "rejected")
    assert found(desk, "hits") == [("warning", "1 hit waits for a person")]
    desk.decide(run, 2, "confirmed")
    assert found(desk, "hits") == [("ok", "no hit waits for a person")]
    desk.screen()
    desk.clock.advance(2 * DAY)  # over, whether it was erased yet or not
    assert found(desk, "hits") == [("ok", "no hit waits for a person")]
