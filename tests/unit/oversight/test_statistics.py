"""Figures: what counts, in which group and month, on both sides alike, and with small counts hidden."""

import msgspec
import pytest

from passerelle.core.clock import from_iso
from passerelle.core.errors import InputError
from passerelle.oversight import counting, statistics
from passerelle.oversight.statistics import Tally, chosen, flat, period, report
from passerelle.ports.records import CONTENTS, MESSAGES
from passerelle.ports.timers import TIMERS, Timer
from tests.peers.copies import Copy
from tests.peers.pair import acts, make_peer, partners

EVER = period("", "")
DAY = 86_400_000


def table(peer, by="channel,type,purpose,month", span=EVER, mask=0, page=None):
    words, _ = counting.words_of(peer.ctx)
    tally = Tally(words, chosen(by))
    counting.count(peer.ctx, tally, span, page or counting.nobody)
    return report(tally, mask)


def total(peer, **how):
    return flat(table(peer, **how).total)


def story(**policy):
    """Two dossiers: one refused by ma with a ground, the other taken in charge."""
    pair = partners(**policy)
    first, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", first, "refuse")
    second, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", second, "acknowledge")
    pair.settle()
    return pair


def timer(dossier, message, state, **changes):
    made = Timer(
        dossier=dossier,
        deadline="answer",
        message=message.id,
        partner="be",
        type="wanted-trace",
        channel=message.channel,
        domain="wanted-persons",
        owner="own",
        duration="P7D",
        started=message.time,
        half=0,
        late=0,
        due=message.time + 7 * DAY,
        next=0,
        state=state,
    )
    return msgspec.structs.replace(made, **changes)


def test_both_sides_count_the_same():
    pair = story()
    be, ma = total(pair.be), total(pair.ma)
    assert (be["sent"], be["received"], be["opened"], be["refused"], be["refused_by_partner"]) == (2, 2, 2, 0, 1)
    assert (ma["sent"], ma["received"], ma["opened_by_partner"], ma["refused"]) == (2, 2, 2, 1)
    ground = next(key for key in ma if key.startswith("refused:"))
    assert ma[ground] == be[ground.replace("refused", "refused_by_partner")] == 1
    (row,) = table(pair.be).rows
    assert {row[key] for key in ("type", "purpose", "month")} == {"wanted-trace", "criminal-investigation", "2026-11"}
    assert row["channel"] == pair.channel
    assert [line["month"] for line in table(pair.ma).rows] == ["2026-11"]


def test_figures_outlive_the_contents():
    pair = story()
    before = table(pair.ma)
    gone = [(one.message,) for one in pair.ma.all(CONTENTS)]
    assert gone
    pair.ma.store.write("test.erase", lambda tx: tx.delete(CONTENTS, gone))
    assert table(pair.ma) == before


def test_what_waits_in_line_is_not_sent_yet():
    pair = partners()
    pair.open_trace()
    assert total(pair.be)["sent"] == 0
    pair.settle()
    assert total(pair.be)["sent"] == 1


def test_what_the_other_returned_opens_nothing_and_its_words_are_not_repeated():
    pair = partners(check_own=False)
    pair.post("be", acts.wanted_request(purpose="youssef-el-amraoui"))
    pair.settle()
    be, ma = total(pair.be), total(pair.ma)
    assert (be["sent"], be["opened"], be["returned_by_partner:8"]) == (1, 0, 1)
    assert (ma["received"], ma["opened_by_partner"], ma["returned:8"]) == (1, 0, 1)
    assert "youssef" not in str(table(pair.ma))
    assert table(pair.ma).rows[0]["purpose"] == ""


def test_the_month_is_that_of_the_entry_in_utc_and_the_period_has_both_its_ends():
    pair = partners()
    for moment in ("2026-11-30T23:59:59.999Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"):
        pair.clock.time = from_iso(moment)
        pair.open_trace(retention="2027-06-01")
        pair.settle()
    rows = table(pair.ma, by="month").rows
    assert [(row["month"], row["received"]) for row in rows] == [("2026-11", 1), ("2026-12", 1), ("2027-01", 1)]
    for since, until, count in (
        ("2026", "2026", 2),
        ("2026-12", "2026-12", 1),
        ("2026-11-30", "2026-11-30", 1),
        ("2026-12-01", "2026-12-31", 1),
        ("2027", "", 1),
        ("", "2026-11", 1),
        ("2027-02", "2028", 0),
        ("2025", "2025", 0),
    ):
        assert total(pair.ma, span=period(since, until))["received"] == count, (since, until)


def test_only_the_stretch_of_a_period_is_read():
    pair = partners()
    for _ in range(20):
        pair.open_trace(retention="2027-06-01")
    pair.settle()
    pair.clock.time = from_iso("2026-12-05T00:00:00Z")
    pair.open_trace(retention="2027-06-01")
    pair.settle()
    seen = []
    table(pair.ma, span=period("2026-12", "2026-12"), page=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 1)]


def test_answers_in_time_and_overdue_by_deadline():
    pair = story()
    opened = next(one for one in pair.ma.all(MESSAGES) if one.direction == "in" and one.kind == "act")
    timers = [
        timer(opened.dossier, opened, "met"),
        timer(opened.dossier, opened, "late", deadline="acknowledge"),
        timer("d2", opened, "missed", owner="partner"),
        timer("d3", opened, "running"),
        timer("d4", opened, "met", started=from_iso("2026-12-05T00:00:00Z")),
    ]
    pair.ma.store.write("test.timers", lambda tx: tx.add(TIMERS, timers))
    found = total(pair.ma, span=period("2026-11", "2026-11"))
    assert (found["in_time"], found["in_time:answer"]) == (1, 1)
    assert (found["overdue"], found["overdue:acknowledge"]) == (1, 1)
    assert (found["in_time_by_partner"], found["overdue_by_partner"]) == (0, 1)
    assert table(pair.ma, span=period("2026-11", "2026-11")).rows[0]["purpose"] == "criminal-investigation"
    assert total(pair.ma)["in_time"] == 2


def test_pages_and_progress(monkeypatch):
    pair = story()
    whole = table(pair.ma)
    monkeypatch.setattr(counting, "PAGE", 1)
    seen = []
    assert table(pair.ma, page=lambda done, of: seen.append((done, of))) == whole
    assert [done for done, _ in seen] == list(range(1, len(seen) + 1))
    assert seen[-1][0] == seen[-1][1]


def test_figures_outlive_a_restore():
    pair = partners()
    empty = Copy(pair.be.store)
    for _ in range(3):
        dossier, _ = pair.open_trace()
        pair.settle()
        pair.answer("ma", dossier, "refuse")
    pair.settle()
    before = table(pair.be)
    pair.be = make_peer("be", "ma", pair.clock, empty.open())
    pair.send(pair.be, "routine")
    pair.reopen(pair.be, "routine")
    pair.ma.sender.compared.clear()
    pair.settle()
    assert table(pair.be) == before
    assert before.total["refused_by_partner"]["total"] == 3


def test_a_message_that_has_another_place_by_now_is_counted_there_only():
    pair = story()
    found = next(one for one in pair.be.all(MESSAGES) if one.direction == "out" and one.kind == "act")
    moved = msgspec.structs.replace(found, index=found.index + 100)
    pair.be.store.write("test.move", lambda tx: tx.put(MESSAGES, [moved]))
    assert total(pair.be)["sent"] == 1


def test_dimensions_that_are_not_asked_for_stand_together():
    pair = story()
    assert len(table(pair.be, by="").rows) == 1
    assert set(table(pair.be, by="type").rows[0]) >= {"type", "sent"}
    assert "month" not in table(pair.be, by="type").rows[0]
    assert table(pair.be, by="month,type").by == ("type", "month")


def test_small_counts_are_hidden_with_what_would_give_them_away():
    pair = partners()
    for moment, count in (("2026-11-22T00:00:00Z", 2), ("2026-12-02T00:00:00Z", 7), ("2027-01-02T00:00:00Z", 6)):
        pair.clock.time = from_iso(moment)
        for _ in range(count):
            pair.open_trace(retention="2027-06-01")
        pair.settle()
    made = table(pair.be, by="month", mask=5)
    assert [row["sent"] for row in made.rows] == ["<5", 7, "*"]
    assert made.total["sent"] == 15
    assert [row["received"] for row in made.rows] == [0, 0, 0]
    with pytest.raises(InputError, match="expected 3 or more"):
        table(pair.be, mask=2)


def test_an_empty_store_has_an_empty_table():
    pair = partners()
    for mask in (0, 5):
        made = table(pair.be, mask=mask)
        assert made.rows == ()
        assert flat(made.total)["sent"] == 0


@pytest.mark.parametrize("text", ["2026-13", "2026-02-30", "26", "0000", "2026-1", "today", "2026-01-01T00:00:00Z"])
def test_what_is_no_day(text):
    with pytest.raises(InputError, match="expected a year, a month or a day"):
        period(text, "")


def test_a_period_that_ends_before_it_begins():
    with pytest.raises(InputError, match="expected a period that begins before it ends"):
        period("2027", "2026")


def test_what_is_no_dimension():
    with pytest.raises(InputError, match="expected some of channel, type, purpose, month, got 'author'"):
        chosen("type,author")


def test_months_are_those_of_the_utc_calendar():
    assert statistics.month_of(from_iso("2026-12-31T23:59:59.999Z")) == "2026-12"
    assert statistics.month_of(from_iso("2027-01-01T00:30:00+01:00")) == "2026-12"
