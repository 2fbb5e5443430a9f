"""Lists in clear, on every store: an import is whole or not there, whatever stops it, and what counts no more goes."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerelle.persons.model import Fault
from passerelle.ports.lists import EDITIONS, LIST_CHANGES
from passerelle.screening import importing, lists
from passerelle.store.faults import Crash, FaultPlan
from tests.conftest import Place
from tests.unit.screening.desk import Desk, entry, without_line


def many(*numbers: int, word: str = "") -> list[object]:
    return [entry(f"e{number:05}", f"Person {number} {word}".strip(), passport=f"P{number:06}") for number in numbers]


def test_a_list_is_imported_changed_and_removed(place: Place, tmp_path: Path) -> None:
    desk = Desk(tmp_path, place.open())
    first = desk.take(many(*range(1200)))
    assert (first.row.entries, first.edition.number, first.edition.added) == (1200, 1, 1200)
    assert desk.held() == {one.id: one for one in many(*range(1200))}
    new = [*many(*range(1, 1100)), *many(1100, word="again"), *many(1300)]
    second = desk.take(new)
    counts = (second.edition.number, second.edition.added, second.edition.changed, second.edition.removed)
    assert counts == (2, 1, 1, 100)
    assert desk.held() == {one.id: one for one in new}
    told = {
        what: desk.read(lambda tx, what=what: [one.entry for one in lists.changes(tx, second.edition, what)])
        for what in lists.WHATS
    }
    assert told["added"] == ["e01300"]
    assert told["changed"] == ["e01100"]
    assert (told["removed"][:2], len(told["removed"])) == (["e00000", "e01101"], 100)
    assert desk.rows() == {
        "lists": 1,
        "list_editions": 2,
        "list_entries": 1101,
        "list_keys": 1101,
        "list_changes": 102,
    }
    lists.remove(desk.office, desk.register, desk.carl, "watch", "the law ended")
    assert set(desk.rows().values()) == {0}


POINTS = ("begin", "batch", "compare", "current", "tidy")


@pytest.mark.parametrize("point", [f"list.{one}:{when}" for one in POINTS for when in ("begin", "commit", "done")])
def test_an_import_that_stops_anywhere_is_whole_or_not_there(place: Place, tmp_path: Path, point: str) -> None:
    plans = [FaultPlan()]
    desk = Desk(tmp_path, place.open(lambda at: plans[-1](at)))  # noqa: PLW0108 - the last of them, whichever it is then
    old, new = many(1, 2, 3), many(2, 4)
    desk.take(old)
    plans.append(FaultPlan(point))
    with pytest.raises(Crash):
        desk.take(new)
    plans.append(FaultPlan())
    done = point in ("list.current:done",) or point.startswith("list.tidy")
    assert desk.held() == {one.id: one for one in (new if done else old)}
    # The next import takes the place of what was left, and everything else goes.
    last = many(5)
    desk.take(last)
    assert desk.held() == {one.id: one for one in last}
    assert desk.rows()["list_entries"] == 1
    assert desk.rows()["list_keys"] == 1
    states = desk.read(lambda tx: {one.state for one in tx.scan(EDITIONS, limit=9)})
    assert states == {"current", "past"}
    assert desk.read(lambda tx: {one.edition for one in tx.scan(LIST_CHANGES, limit=9)}) == {
        desk.read(lambda tx: lists.find(tx, "watch")).edition
    }


ENTRIES = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["a", "b"]), st.booleans()), max_size=14)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(imports=st.lists(ENTRIES, min_size=1, max_size=4))
def test_a_list_is_its_last_import(imports: list[list[tuple[int, str, bool]]]) -> None:
    with TemporaryDirectory() as folder:
        follow(Desk(Path(folder)), imports)


def follow(desk: Desk, imports: list[list[tuple[int, str, bool]]]) -> None:
    held: dict[str, object] = {}
    for number, drawn in enumerate(imports):
        found = [
            entry(f"e{one}", f"Person {word}", line=line)
            if good
            else Fault(line=line, column=1, message="expected a name, got none")
            for line, (one, word, good) in enumerate(drawn, 1)
        ]
        wanted: dict[str, object] = {}
        for one in found:
            if not isinstance(one, Fault):
                wanted.setdefault(one.id, without_line(one))
        if not wanted:
            with pytest.raises(importing.InputError, match="expected at least one person in the file"):
                desk.take(found, source=f"{number}")
            assert desk.held() == held
            continue
        made = desk.take(found, source=f"{number}")
        assert desk.held() == wanted
        edition = made.edition
        assert edition.added == len(wanted.keys() - held.keys())
        assert edition.removed == len(held.keys() - wanted.keys())
        assert edition.changed == sum(held[one] != wanted[one] for one in held.keys() & wanted.keys())
        assert edition.faults == len(found) - len(wanted)
        held = wanted
    assert desk.rows()["list_entries"] == len(held)
