"""Lists: what is said of one, what an import takes and refuses, what an erasure of one outlives."""

import msgspec
import pytest

from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.persons.model import Fault
from passerelle.screening import importing, keeping, lists
from tests.unit.screening.desk import WANTED, Counter, entry, put_back, taken

DAY = 86_400_000


@pytest.fixture
def desk(tmp_path):
    made = Counter(tmp_path)
    made.take(WANTED)
    return made


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "Watch"}, "NAME: expected 1 to 40 of a-z 0-9 -, a letter first, got 'Watch'"),
        ({"domain": ""}, "--domain: expected a word like wanted-persons, got ''"),
        ({"purpose": ""}, "--purpose: expected one of prevention, .*, got ''"),
        ({"purpose": "curiosity"}, "--purpose: expected one of prevention, .*, got 'curiosity'"),
        ({"basis": ""}, "--basis: expected the law or the article that allows it, in words, got nothing"),
        ({"retention": "PT5H"}, "--retention: expected P1D to P10Y, got 'PT5H'"),
        ({"retention": "P20Y"}, "--retention: expected P1D to P10Y, got 'P20Y'"),
        ({"retention": "long"}, "expected an ISO 8601 duration like PT8H or P3D, got 'long'"),
    ],
)
def test_a_list_says_what_it_is_for(tmp_path, changes, words):
    desk = Counter(tmp_path)
    with pytest.raises(InputError, match=words):
        desk.take(WANTED, **{"name": "watch"} | changes)
    assert set(desk.rows().values()) == {0}


@pytest.mark.parametrize(("key", "other"), [("purpose", "prosecution"), ("basis", "Act 2"), ("domain", "terrorism")])
def test_a_list_for_something_else_is_another_list(desk, key, other):
    with pytest.raises(
        InputError, match=f"--{key}: expected .* as list watch has, got {other}: another {key} is another"
    ):
        desk.take(WANTED[:1], **{key: other})
    assert len(desk.held()) == 3


def test_the_same_files_change_nothing_but_the_time(desk):
    before = desk.read(lambda tx: lists.find(tx, "watch"))
    desk.clock.advance(10 * DAY)
    made = desk.take(WANTED)
    assert (made.same, made.edition.number, made.row.expires - before.expires) == (True, 1, 10 * DAY)
    assert desk.audits("list.imported")[-1]["same"] is True
    assert desk.take(WANTED, source="same persons, another file").edition.number == 2


def test_entries_go_when_no_import_confirms_them(desk):
    desk.take(WANTED, retention="P30D")
    desk.clock.advance(30 * DAY)
    keeping.expire_all(desk.ctx)
    assert desk.held() == {}
    assert desk.rows()["list_entries"] == 0
    assert desk.audits("list.removed")[-1]["who"] == "node"
    with pytest.raises(
        StateError, match="expected a list with entries, got watch, whose time is over: import it again"
    ):
        desk.screen()
    assert desk.take(WANTED).edition.number == 2
    assert len(desk.held()) == 3


def test_one_fault_refuses_the_whole_file_where_that_is_asked(desk):
    faults = [Fault(line=number, column=2, message="expected a name, got none") for number in range(1, 151)]
    with pytest.raises(importing.FaultsError) as caught:
        desk.take([WANTED[0], *faults, msgspec.structs.replace(WANTED[0], line=152)], whole=True)
    assert (caught.value.count, len(caught.value.faults)) == (151, importing.MOST_FAULTS)
    assert "got 151, nothing changed; first on line 1, column 2: expected a name, got none" in str(caught.value)
    assert len(desk.held()) == 3
    assert desk.rows()["list_entries"] == 3
    kept = desk.take([WANTED[0], *faults, WANTED[0]])
    assert (kept.edition.entries, kept.edition.faults, len(kept.faults)) == (1, 151, importing.MOST_FAULTS)


def test_half_a_file_or_nobody_changes_nothing(desk):
    wanted = importing.Wanted(name="watch", form="jsonl")

    def take(found, ended):
        return importing.run(
            desk.office, desk.register, desk.carl, wanted, "f" * 64, found, lambda done: None, lambda: ended
        )

    with pytest.raises(
        InputError,
        match="expected a file that can be read to its end, got an end on line 9, column 4: cut; nothing changed",
    ):
        take([WANTED[0], Fault(line=9, column=4, message="cut")], ended=False)
    with pytest.raises(InputError, match=r"expected at least one person in the file, got nobody$"):
        take([], ended=True)
    with pytest.raises(InputError, match="got 1 faults and nobody; first on line 9, column 4: odd"):
        take([Fault(line=9, column=4, message="odd")], ended=True)
    assert len(desk.held()) == 3
    assert desk.rows()["list_entries"] == 3


def test_half_of_a_list_goes_only_when_that_is_said(desk):
    many = [entry(f"N{number}", f"Nobody Number{number}") for number in range(40)]
    desk.take(many)
    words = r"got a file without 20 of its 40 entries; nothing changed: say --fewer if that is right"
    with pytest.raises(StateError, match=words):
        desk.take(many[20:])
    assert len(desk.held()) == 40
    assert desk.rows()["list_entries"] == 40
    assert desk.take(many[19:]).edition.removed == 19
    assert desk.take(many[30:], fewer=True).edition.removed == 11


def test_of_two_imports_of_one_list_the_one_that_began_last_holds(desk):
    def slow():
        yield WANTED[0]
        desk.take(WANTED[1:])
        yield WANTED[0]

    class Slow:
        def __iter__(self):
            return slow()

    with pytest.raises(StateError, match="got one in whose place another began"):
        importing.run(
            desk.office, desk.register, desk.carl, importing.Wanted(name="watch", form="jsonl"), "e" * 64, Slow()
        )
    assert desk.held().keys() == {"Q2", "Q3"}
    lists.tidy_all(desk.ctx)
    assert desk.rows()["list_entries"] == 2


def test_reading_an_entry_is_written_down(desk):
    def read(reason, id_="Q1"):
        return desk.ctx.store.write(
            "x", lambda tx: lists.read(tx, desk.office, desk.ann, lists.find(tx, "watch"), id_, reason)
        )

    with pytest.raises(InputError, match="--reason: expected why an entry of list watch is read by ann, got nothing"):
        read("")
    with pytest.raises(NotFoundError, match="expected an entry of list watch, got 'Q7'"):
        read("counter", "Q7")
    assert read("counter") == WANTED[0]
    [record] = desk.audits("list.read")
    assert (record["who"], record["entry"], record["reason"]) == ("ann", "Q1", "counter")


# ---- a store that is put back ----------------------------------------------------------------------------------------


def test_a_removed_list_goes_again_when_the_store_is_put_back(desk):
    rows = taken(desk)
    lists.remove(desk.office, desk.register, desk.carl, "watch", "over")
    put_back(desk, rows)
    assert len(desk.held()) == 3
    keeping.expire_all(desk.ctx)
    assert desk.rows()["list_entries"] == 0
    with pytest.raises(NotFoundError, match="expected a list that is here, got 'watch'"):
        desk.screen()
    assert desk.audits("list.removed")[-1]["replayed"] is True


def test_nobody_is_screened_against_a_list_that_was_put_back_to_before_an_import(desk):
    rows = taken(desk)
    desk.take(WANTED[1:])
    put_back(desk, rows)
    keeping.expire_all(desk.ctx)
    assert desk.held().keys() == {"Q1", "Q2", "Q3"}
    with pytest.raises(StateError, match="as of its latest import, got one that was put back to before it: import it"):
        desk.screen()
    assert desk.take(WANTED[1:]).edition.number == 2
    assert desk.screen().hits == 1


def test_the_same_file_heals_a_list_that_was_put_back(desk):
    rows = taken(desk)
    desk.take(WANTED[1:])
    put_back(desk, rows)
    made = desk.take(WANTED)  # what stands there already: a newer source names Q1 again
    assert not made.same
    assert desk.screen().hits == 2


def test_an_import_that_took_nothing_out_leaves_an_older_list_usable(desk):
    rows = taken(desk)
    desk.take([*WANTED, entry("Q4", "Karim Alaoui")])
    put_back(desk, rows)
    assert desk.screen().hits == 2
