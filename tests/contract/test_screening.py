"""Screening on every store: hits are shown when a run is done, decided by persons, and gone when their time is over."""

from pathlib import Path

import pytest

from passerelle.core.errors import NotFoundError, StateError
from passerelle.ports.screening import CONFIRMED, HITS, RUNS
from passerelle.screening import figures, keeping
from passerelle.store.faults import Crash, FaultPlan
from tests.conftest import Place
from tests.unit.screening.desk import TRAVELLERS, WANTED, Counter, entry

HOUR, DAY = 3_600_000, 86_400_000


def test_travellers_are_screened_decided_and_forgotten(place: Place, tmp_path: Path) -> None:
    desk = Counter(tmp_path, place.open())
    desk.take(WANTED)
    run = desk.screen()
    assert (run.state, run.travellers, run.hits, run.number) == ("done", 3, 2, 1)
    assert run.expires == run.begun + DAY
    shown = desk.page(run)
    assert {(one.traveller.id, one.entry.id, one.state) for one in shown} == {
        ("12A", "Q1", "unverified"),
        ("14C", "Q2", "unverified"),
    }
    assert [one.score for one in shown] == sorted((one.score for one in shown), reverse=True)
    assert [one.number for one in shown] == [1, 2]
    first, second = desk.number_of(run, "Q1"), desk.number_of(run, "Q2")
    desk.decide(run, first, "confirmed")
    desk.decide(run, second, "rejected", desk.bea)
    assert {one.entry.id: one.state for one in desk.page(run)} == {"Q1": "confirmed", "Q2": "rejected"}
    desk.clock.advance(DAY - 1)
    keeping.expire_all(desk.ctx)
    assert desk.left() == {"screening_hits": 1, "screening_confirmed": 1}
    desk.clock.advance(1)
    keeping.expire_all(desk.ctx)
    assert desk.left() == {"screening_hits": 0, "screening_confirmed": 1}
    assert desk.run(run).state == "erased"
    kept = desk.show(run, first)
    assert (kept.traveller.id, kept.entry, kept.said, kept.reason) == ("12A", WANTED[0], ("alike",), "compared by hand")
    with pytest.raises(NotFoundError, match=r"expected a confirmed hit of screening .*, whose time is over"):
        desk.show(run, second)
    desk.clock.advance(366 * DAY)
    keeping.expire_all(desk.ctx)
    assert desk.left() == {"screening_hits": 0, "screening_confirmed": 0}


POINTS = [f"screen.{one}:{when}" for one in ("begin", "batch", "order", "done") for when in ("begin", "commit", "done")]


@pytest.mark.parametrize("point", POINTS)
def test_a_screening_that_stops_anywhere_shows_nothing_and_leaves_nothing(
    place: Place, tmp_path: Path, point: str
) -> None:
    plans = [FaultPlan()]
    desk = Counter(tmp_path, place.open(lambda at: plans[-1](at)))  # noqa: PLW0108 - the last of them, whichever it is
    desk.take(WANTED)
    many = [entry(f"s{number}", "RACHID BENSALEM", birth="1970-02-01") for number in range(120)]
    plans.append(FaultPlan(point, 2 if "batch" in point else 1))
    with pytest.raises(Crash):
        desk.screen(many)
    plans.append(FaultPlan())
    [run] = desk.read(lambda tx: tx.scan(RUNS, limit=9)) or [None]
    if point == "screen.done:done":
        assert (run.state, len(desk.page(run, most=1000))) == ("done", 120)
        return
    if run is not None:
        with pytest.raises(StateError, match="which still runs"):
            desk.page(run)
    desk.clock.advance(HOUR)
    keeping.expire_all(desk.ctx)
    assert desk.left() == {"screening_hits": 0, "screening_confirmed": 0}
    assert desk.read(lambda tx: figures.report(tx, "", "")) == []
    if run is not None:
        with pytest.raises(StateError, match="which was stopped: screen again"):
            desk.page(run)
    assert desk.screen(TRAVELLERS).state == "done"


def test_large_runs_are_erased_in_steps_and_every_undecided_hit_is_counted(place: Place, tmp_path: Path) -> None:
    desk = Counter(tmp_path, place.open())
    desk.take(WANTED)
    many = [entry(f"s{number}", "RACHID BENSALEM", birth="1970-02-01") for number in range(keeping.PAGE + 20)]
    run = desk.screen(many)
    for number in (1, 2, 3):
        desk.decide(run, number, "rejected")
    desk.decide(run, 4, "confirmed")
    desk.clock.advance(DAY)
    assert keeping.expire_all(desk.ctx) > 1
    [travellers, counted, whole] = desk.read(lambda tx: figures.report(tx, "", ""))
    assert (travellers.travellers, travellers.hits) == (len(many), 0)
    assert (counted.hits, counted.confirmed, counted.rejected, counted.lapsed) == (len(many), 1, 3, len(many) - 4)
    assert (counted.undecided, counted.false_share) == (0, 0.75)
    assert whole[3:] == (len(many), *counted[4:])
    assert desk.read(lambda tx: (tx.count(HITS), tx.count(CONFIRMED))) == (0, 1)
