"""An index follows lists and dossiers: who comes, who goes, who never stands in one."""

import msgspec
import pytest

from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.dossiers.types import Catalogue
from passerelle.exchange import erasing
from passerelle.office.people import Role
from passerelle.ports.erasures import Ground
from passerelle.ports.search import FOLLOWED
from passerelle.screening import lists
from passerelle.search import acts as acts_of
from passerelle.search import indexes, sources
from passerelle.store.memory import MemoryStore
from tests.peers.pair import acts
from tests.unit.search.holder import DAY, SEARCH, WANTED, Holder, entry

TODAY = "2026-11-21"


@pytest.fixture
def holder(tmp_path):
    made = Holder(tmp_path)
    made.take()
    return made


def with_list(holder, **more):
    holder.create(lists=(("watch", "wanted"),), **more)
    assert holder.follow() == (3, 0)
    return holder


# ---- what may be said of one -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"name": "Sought"}, InputError, "INDEX: expected 1 to 40 of a-z 0-9 -, a letter first, got 'Sought'"),
        ({"partner": "fr"}, StateError, "--channel: expected a channel with fr, got "),
        ({"channel": "f" * 64}, StateError, "--channel: expected a channel with ma, got ffffffffffff"),
        ({"lists": (("nobody", ""),)}, NotFoundError, "expected a list that is here, got 'nobody'"),
        ({"lists": (("watch", "victim"),)}, InputError, "--category: expected one that the channel lets be searched "),
        ({"lists": (("watch", "contact"),)}, InputError, "got 'contact'"),
        ({"types": ("mutual-legal-assistance",)}, InputError, "--type: expected a type whose persons may be searched"),
        ({"types": ("identification",)}, InputError, "--type: expected one of "),
        ({"base_size": 1000}, InputError, "--base-size: expected one of 1024, .* or a multiple of 65536 .*, got 1000"),
        ({"delta_size": 131_072}, InputError, "--delta-size: expected one of 1024, 4096, 16384, 65536, got 131072"),
        ({"delta_every": "P1D"}, InputError, "--delta-every: expected PT5M to PT24H, got 'P1D'"),
        ({"delta_every": "PT1M"}, InputError, "--delta-every: expected PT5M to PT24H, got 'PT1M'"),
        ({"burst": 3001}, InputError, "--burst: expected 10 to 3000, as the channel allows, got 3001"),
        ({"day": 10_001}, InputError, "--day: expected 10 to 10000, as the channel allows, got 10001"),
        ({"burst": 2000, "day": 1000}, InputError, "--burst: expected at most the elements of a day, 1000, got 2000"),
    ],
)
def test_the_channel_says_what_an_index_may_be(holder, changes, error, words):
    with pytest.raises(error, match=words):
        holder.create(**changes)
    assert holder.row("sought") is None


def test_no_index_under_a_channel_without_a_search(tmp_path):
    holder = Holder(tmp_path, search=None)
    with pytest.raises(StateError, match="expected a channel that lets persons be searched, got "):
        holder.create()


def test_a_list_of_another_domain_or_area_is_not_followed(holder):
    holder.carl = holder.hire("cleo", Role.COORDINATOR, domain="*")
    holder.take(name="smugglers", domain="smuggling")
    with pytest.raises(InputError, match="expected a list of domain wanted-persons, got smugglers, of smuggling"):
        holder.create(lists=(("smugglers", ""),))
    holder.take(name="borders", purpose="border-control")
    with pytest.raises(InputError, match="expected a list for criminal purposes, got borders, for border-control"):
        holder.create(lists=(("borders", "listed"),))


def test_a_name_is_given_once(holder):
    row = holder.create(day=500)
    assert (row.burst, row.day, row.categories) == (500, 500, ("convicted", "listed", "suspect", "wanted"))
    with pytest.raises(StateError, match="expected a name that no index has, got sought, which goes on"):
        holder.create()
    [record] = holder.audits("index.created")
    assert (record["who"], record["partner"], record["day"]) == ("carl", "ma", 500)


# ---- lists -----------------------------------------------------------------------------------------------------------


def test_entries_follow_each_import(holder):
    with_list(holder)
    before = {name: one.number for name, one in holder.held().items()}
    holder.take(
        [WANTED[0], entry("Q2", "Khadija Ait Ourir", birth="1991-12-30"), entry("Q4", "Omar Tazi", birth="1975")]
    )
    assert holder.follow() == (2, 2)
    after = {name: one.number for name, one in holder.held().items()}
    assert after.keys() == {"list/watch/Q1", "list/watch/Q2", "list/watch/Q4"}
    assert after["list/watch/Q1"] == before["list/watch/Q1"]
    assert min(after["list/watch/Q2"], after["list/watch/Q4"]) > max(before.values())
    assert holder.follow() == (0, 0)
    assert [(one["came"], one["went"]) for one in holder.audits("index.followed")] == [(3, 0), (2, 2)]


def test_what_changes_no_match_key_changes_no_table(holder):
    with_list(holder)
    number = holder.held()["list/watch/Q1"].number
    holder.take([msgspec.structs.replace(WANTED[0], note="seen in Ghent"), *WANTED[1:]])
    assert holder.follow() == (0, 0)
    assert holder.held()["list/watch/Q1"].number == number


def test_a_look_that_missed_imports_finds_all_that_changed(holder):
    with_list(holder)
    holder.take(WANTED[1:])
    holder.take([*WANTED[2:], entry("Q5", "Ali Amrani", birth="1988-01-02")], fewer=True)
    assert holder.follow() == (1, 2)
    assert holder.names() == {"watch/Q3", "watch/Q5"}


def test_nobody_stays_of_a_list_that_is_removed_or_whose_time_is_over(holder):
    with_list(holder)
    holder.clock.advance(400 * DAY)
    assert holder.follow() == (0, 3)
    holder.take()
    assert holder.follow() == (3, 0)
    lists.remove(holder.office, holder.register, holder.carl, "watch", "over")
    assert holder.follow() == (0, 3)
    holder.take(purpose="border-control", domain="wanted-persons", basis="another law", retention="P1Y")
    assert holder.follow() == (0, 0)


def test_a_list_that_was_put_back_to_before_an_import_leaves_nobody_in(holder):
    with_list(holder)
    rows = holder.taken()
    holder.take(WANTED[1:])
    holder.put_back(rows)
    assert holder.follow() == (0, 3)
    holder.take(WANTED[1:])
    assert holder.follow() == (2, 0)


@pytest.mark.parametrize(
    "births",
    [
        [{"date": "2010-01-01"}],
        [{"date": "1970-01-01"}, {"date": "2012"}],
        [{"date": "2008"}],  # 18 or not, by the day
        [{"date": "2007", "kind": "approximate"}],
        [],
        [{"date": "1925-03-02", "uncertain": True}],  # or 2025: the century was guessed
    ],
)
def test_who_may_be_a_minor_stands_in_no_index(births):
    made = msgspec.convert(
        {"id": "Q9", "person": {"names": [{"text": "Ilyas Ait Ourir"}], "births": births}}, lists.Entry
    )
    assert sources.of_entry("Q9", lists.encode(made), "wanted", TODAY) is None


def test_who_comes_of_age_comes_with_the_month(holder):
    holder.take([*WANTED, entry("Q7", "Ilyas Ait Ourir", birth="2008-12-15")])
    with_list(holder)
    holder.clock.advance(20 * DAY)  # 11 December: a month later, still a minor
    assert holder.follow() == (0, 0)
    holder.clock.advance(25 * DAY)
    assert holder.follow() == (1, 0)
    assert "watch/Q7" in holder.names()


def test_who_can_be_found_by_nothing_stands_in_no_index(holder):
    holder.take([*WANTED, entry("Q8", "Said", birth="1960-01-02")])
    with_list(holder)


# ---- dossiers --------------------------------------------------------------------------------------------------------


@pytest.fixture
def traced(tmp_path):
    """An index that follows traces, and one that is open."""
    made = Holder(tmp_path)
    made.create(types=("wanted-trace",))
    made.dossier, made.message = made.pair.open_trace()
    made.pair.settle()
    return made


def test_the_person_of_an_own_dossier_comes_and_goes_with_it(traced):
    assert traced.follow() == (1, 0)
    [(name, one)] = traced.held().items()
    assert name == f"dossier/{traced.dossier}/{traced.message.id}/p1"
    assert one.category == "wanted"
    assert len(one.keys) >= 3
    assert traced.follow() == (0, 0)
    body = {"reason": "warrant-lifted", "indexed": False}
    traced.pair.answer("be", traced.dossier, "cancelled", body=body, after=[traced.message.id])
    assert traced.follow() == (0, 1)
    assert {one.source for one in traced.read(lambda tx: tx.scan(FOLLOWED, limit=9))} == {"channel"}


def test_an_act_that_the_partner_refuses_takes_its_person_out(tmp_path):
    holder = Holder(tmp_path, check_own=False)
    holder.create(types=("wanted-trace",))
    holder.pair.open_trace(classification="no-such-level")
    holder.pair.open_trace(necessity="")
    holder.follow()
    holder.pair.settle()
    holder.follow()
    assert holder.held() == {}


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({}, 1),
        ({"purpose": "prosecution"}, 0),
        ({"statements": [acts.statement(risk_of_ill_treatment=True)]}, 0),
        ({"subjects": [acts.YOUSSEF | {"births": [{"date": "2008", "calendar": "gregorian", "kind": "exact"}]}]}, 0),
    ],
)
def test_what_an_act_must_not_be(tmp_path, changes, count):
    holder = Holder(tmp_path, check_own=False)
    holder.create(types=("wanted-trace",))
    holder.pair.open_trace(**changes)
    assert holder.follow() == (count, 0)


@pytest.mark.parametrize(("handling", "count"), [(["H0"], 1), (["H0", "H1"], 1), (["H0", "H2"], 0), (["H3"], 0)])
def test_what_was_written_to_somebody_else_under_h2_or_h3_stays_out(tmp_path, handling, count):
    holder = Holder(tmp_path, check_own=False)
    row = holder.create(types=("wanted-trace",))
    dossier, _ = holder.pair.open_trace(handling=handling)

    def found(tx, partner):
        channel, _ = indexes.channel_of(tx, holder.ctx, row.channel, "ma")
        return acts_of.of_dossier(tx, holder.ctx, msgspec.structs.replace(row, partner=partner), channel, dossier)

    assert len(holder.read(lambda tx: found(tx, "ma"))) == 1
    assert len(holder.read(lambda tx: found(tx, "fr"))) == count


def test_what_is_above_the_level_of_the_channel_stays_out(tmp_path):
    holder = Holder(tmp_path, check_own=False)
    holder.create(types=("wanted-trace",))
    holder.pair.open_trace(classification="confidential")
    assert holder.follow() == (0, 0)


@pytest.mark.parametrize("point", ["index.list:commit", "index.list:done", "index.mark:commit"])
def test_a_look_that_was_stopped_is_done_again_and_changes_nothing_twice(tmp_path, point):
    class StoppedError(Exception):
        pass

    armed = []

    def fault(where):
        if armed and where == point:
            armed.clear()
            raise StoppedError

    holder = Holder(tmp_path, MemoryStore(fault))
    holder.take()
    with_list(holder)
    base = holder.publish()
    holder.take([WANTED[0], entry("Q4", "Omar Tazi", birth="1975-03-03")])
    armed.append(point)
    with pytest.raises(StoppedError):
        holder.follow()
    holder.follow()
    assert holder.names() == {"watch/Q1", "watch/Q4"}
    assert len(holder.audits("index.followed")) == 2
    assert holder.withdrawn(base) == holder.references(base) - holder.references(base, 1)


def test_what_a_partner_sent_stands_in_no_index(tmp_path):
    holder = Holder(tmp_path)
    holder.create(types=("wanted-trace",))
    holder.pair.post("ma", acts.wanted_request())
    holder.pair.settle()
    assert holder.follow() == (0, 0)


def test_whom_a_partner_named_first_stands_in_no_index_whoever_speaks_of_him_later(traced):
    kind = Catalogue.load().types["wanted-trace"]
    row = traced.be.dossier(traced.dossier)
    index = traced.row()
    channel, _ = traced.read(lambda tx: indexes.channel_of(tx, traced.ctx, index.channel, "ma"))
    terms = sources.Terms("be", "ma", frozenset(index.purposes), frozenset(index.categories), channel)
    [mine] = traced.read(lambda tx: acts_of.told(tx, traced.ctx, row, kind))

    def found(*history):
        return sources.of_dossier(kind, row, history, terms, traced.clock.now())

    theirs = msgspec.structs.replace(mine, message=msgspec.structs.replace(mine.message, direction="in"), content=None)
    assert len(found(mine)) == len(found(mine, theirs)) == 1
    assert found(theirs, mine) == {}
    other = msgspec.structs.replace(theirs, facts={"subjects": ("p2",)})
    assert len(found(other, mine)) == 1


def answer(traced, name, **more):
    row = traced.be.dossier(traced.dossier)
    made = traced.pair.answer("be", traced.dossier, name, after=list(row.heads), **more)
    traced.pair.settle()
    return made


def test_a_restriction_takes_out_until_it_is_taken_back(traced):
    traced.follow()
    body = {"message": traced.message.id, "reason": "accuracy-contested"}
    made = answer(traced, "restrict", body=body)
    assert traced.follow() == (0, 1)
    answer(traced, "withdraw", body={"message": made.id, "reason": "no-longer-needed"})
    assert traced.follow() == (1, 0)


def test_a_suspension_takes_out_until_it_ends(traced):
    traced.follow()
    answer(traced, "suspend", body={"ground": "procedure-pending"})
    assert traced.follow() == (0, 1)
    answer(traced, "resume")
    assert traced.follow() == (1, 0)


def test_a_correction_changes_the_match_keys(traced):
    traced.follow()
    [before] = traced.held().values()
    corrections = [{"field": "subjects[0].births[0].date", "value": "1968-03-14"}]
    body = {"message": traced.message.id, "reason": "inaccurate", "corrections": corrections}
    answer(traced, "correct", body=body)
    assert traced.follow() == (1, 1)
    [after] = traced.held().values()
    assert set(after.keys) != set(before.keys)
    assert any("1968-03-14" in key for key in after.keys)


def test_erased_content_takes_its_persons_out_at_the_next_look(traced):
    traced.follow()
    erasing.erase(traced.ctx, traced.register, traced.message.id, "dana", "asked for", Ground.REQUEST)
    assert traced.follow() == (0, 1)
    assert traced.held() == {}


def test_at_the_retention_date_a_person_leaves(tmp_path):
    holder = Holder(tmp_path)
    holder.create(types=("wanted-trace",))
    holder.pair.open_trace(retention="2027-01-31")
    assert holder.follow() == (1, 0)
    holder.clock.advance(75 * DAY)
    assert holder.follow() == (0, 1)


def test_an_ending_counts_whatever_the_state_after_it(traced):
    """A cancellation may find the person arrested: the dossier stays open until his release is reported."""
    kind = Catalogue.load().types["wanted-trace"]
    told = [_told("request", "open", "m1"), _told("arrested", "open", "m2"), _told("cancelled", "open", "m3")]
    assert sources.has_ended(kind, told)
    assert not sources.has_ended(kind, told[:2])
    assert sources.has_ended(kind, [*told[:1], _told("close", "ended", "m2")])
    assert not sources.has_ended(kind, [*told[:1], _told("close", "ended", "m2"), _told("reopen", "open", "m3")])


def _told(act, status, id_):
    from passerelle.dossiers.state import Standing
    from passerelle.ports.records import Message

    message = Message(id=id_, partner="ma", direction="out", lane="routine", kind="act", state="sequenced", act=act)
    return sources.Told(message, {}, None, Standing(status=status))


# ---- by hand ---------------------------------------------------------------------------------------------------------


def test_a_person_is_put_in_beside_what_is_followed(holder):
    holder.create()
    holder.follow()
    holder.add("list/watch", "Q2", category="suspect")
    assert {name: (one.category, one.by) for name, one in holder.held().items()} == {
        "list/watch/Q2": ("suspect", "ann")
    }
    holder.take([WANTED[0], entry("Q2", "Khadija Ait Ourir", birth="1991-12-30"), WANTED[2]])
    assert holder.follow() == (1, 1)
    assert holder.names() == {"watch/Q2"}
    holder.take([WANTED[0], WANTED[2]])
    assert holder.follow() == (0, 1)
    [record] = holder.audits("index.added")
    assert (record["source"], record["entry"], record["reason"]) == ("list/watch", "Q2", "asked for")


def test_a_person_of_a_dossier_is_put_in_by_his_key(tmp_path):
    holder = Holder(tmp_path)
    holder.create()
    dossier, _ = holder.pair.open_trace()
    holder.pair.settle()
    holder.add(f"dossier/{dossier}", "p1")
    assert len(holder.held()) == 1
    assert holder.follow() == (0, 0)
    with pytest.raises(InputError, match="expected a person who may be searched"):
        holder.add(f"dossier/{dossier}", "p7")
    with pytest.raises(InputError, match="--category: expected it for a person of a list"):
        holder.add(f"dossier/{dossier}", "p1", category="wanted")


@pytest.mark.parametrize(
    ("source", "entry_", "more", "error", "words"),
    [
        ("list/watch", "Q9", {}, NotFoundError, "expected an entry of list watch, got 'Q9'"),
        ("list/nobody", "Q1", {}, NotFoundError, "expected a list that is here, got 'nobody'"),
        ("list/watch", "Q1", {"category": "relative"}, InputError, "--category: expected one that the channel lets"),
        ("dossier/none", "p1", {}, NotFoundError, "expected a dossier that is here, got 'none'"),
    ],
)
def test_who_cannot_be_put_in(holder, source, entry_, more, error, words):
    holder.create()
    with pytest.raises(error, match=words):
        holder.add(source, entry_, **more)
    assert holder.held() == {}


def test_who_is_taken_out_stays_out_also_when_the_store_is_put_back(holder):
    with_list(holder)
    rows = holder.taken()
    assert holder.remove("list/watch", "Q1").persons == 1
    assert holder.follow() == (0, 0)
    holder.take([entry("Q1", "Rachid Bensalem", birth="1971-02-01"), *WANTED[1:]])
    assert holder.follow() == (0, 0)
    assert holder.names() == {"watch/Q2", "watch/Q3"}
    holder.put_back(rows)
    assert len(holder.held()) == 3
    holder.follow()
    assert "watch/Q1" not in holder.names()
    holder.take(WANTED)
    holder.follow()
    holder.add("list/watch", "Q1")
    holder.take([entry("Q1", "Rachid Bensalem", birth="1972-02-01"), *WANTED[1:]])
    assert holder.follow() == (1, 1)
    assert "watch/Q1" in holder.names()


def test_who_is_not_in_it_yet_can_be_kept_out(holder):
    holder.create(lists=(("watch", "wanted"),))
    assert holder.remove("list/watch", "Q1", holder.dana).persons == 0
    assert holder.follow() == (2, 0)
    with pytest.raises(NotFoundError, match="expected a list that is here, got 'nobody'"):
        holder.remove("list/nobody", "Q1")


def test_search_names_are_those_of_the_channel():
    assert set(SEARCH["categories"]).isdisjoint({"victim", "witness", "relative"})
