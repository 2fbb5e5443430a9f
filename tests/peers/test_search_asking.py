"""Who asks blindly, about whom and why; what an answer leaves; who sees hits."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.core import json
from passerelle.core.errors import ForbiddenError, InputError, NotFoundError, StateError
from passerelle.exchange import manifests
from passerelle.ledger import entry as entries
from passerelle.office.asking import NotAllowedError
from passerelle.office.people import Role
from passerelle.office.walls import WallError
from passerelle.ports.records import DOSSIERS
from passerelle.ports.search import FLEETING, MANIFESTS, OPENINGS, QUESTIONS, SEARCH_FIGURES
from passerelle.ports.timers import NOTICES
from passerelle.search import asking, grounds, hits, opening
from passerelle.search.keys import questions_of
from passerelle.store import copying
from tests.peers.blind import ASKED, DAY, HOUR, TRAVELLERS, WANTED, Blind, entry, hire, person

YOUSSEF = person("Youssef Amraoui", birth="1986-03-14")


@pytest.fixture
def blind():
    return Blind()


def test_a_question_is_written_down_before_it_is_sent_and_says_no_word_of_the_person(blind):
    [question] = blind.ask(YOUSSEF)
    assert (question.state, question.count, question.persons, question.basis) == ("waiting", 10, 1, "dossier")
    [record] = blind.audits("search.asked")
    assert (record.id, record.who, record.dossier) == (question.audit, "ann", blind.dossier)
    said = json.parse_object(record.details)
    assert set(said) == {
        *("time", "what", "who", "on", "dossier"),
        *("handle", "partner", "index", "purpose", "channel", "basis", "elements", "count", "opening"),
    }
    held = blind.be.store.read(lambda tx: tx.get(OPENINGS, question.id))
    for key in held.keys:
        assert key.encode() not in record.details
        assert key.split("|")[1].encode() not in record.details
    text = opening.text(question.id, held.keys, held.seed, question.count)
    assert said["opening"] == entries.commit(held.salt, text).hex() == question.commitment.hex()
    opened = opening.parse(text)
    assert opening.digest(opened.elements()) == question.elements == bytes.fromhex(said["elements"])


def test_no_two_questions_share_anything(blind):
    one, other = (blind.ask(YOUSSEF)[0] for _ in range(2))
    first, second = (blind.be.store.read(lambda tx, q=q: tx.get(OPENINGS, q.id)) for q in (one, other))
    assert first.keys == second.keys
    assert not {one.id, one.elements, one.commitment, first.seed, first.salt} & {
        *(other.id, other.elements, other.commitment, second.seed, second.salt)
    }


def test_a_hit_is_the_person_once_and_a_miss_leaves_nothing_of_him(blind):
    [question] = blind.ask_list()
    assert (question.persons, question.basis) == (3, "Act on passenger data, article 24")
    done = blind.answer(question)
    assert (done.state, done.hits, done.left_burst, done.left_day) == ("answered", 2, 7, 77)
    held = blind.be.store.read(lambda tx: tx.get(OPENINGS, question.id))
    assert held.people == b""
    assert held.keys
    assert [one.entry.id for one in blind.page(question)] == ["1A", "1C"]
    assert [one.by[0] for one in blind.page(question)] == ["document", "date"]
    assert {one.state for one in blind.found(question)} == {"unverified"}
    everything = msgspec.msgpack.encode([blind.be.all(kind) for kind in (QUESTIONS, OPENINGS)])
    assert b"JANSSENS" not in everything
    assert b"1964" in everything
    [figure] = blind.be.all(SEARCH_FIGURES)
    assert (figure.side, figure.questions, figure.elements, figure.hits) == ("asked", 1, question.count, 2)
    # An answer that comes again finds a question that does not wait, and changes nothing.
    assert blind.answer(question) == done
    assert len(blind.found(question)) == 2


def test_who_has_no_key_is_told_and_nobody_is_asked_about_in_vain():
    found = asking.parts_of(TRAVELLERS)
    assert (found.persons, found.without) == (3, ("1D",))
    with pytest.raises(InputError, match=r"expected somebody with a birth date, a document .* got 1 without"):
        asking.parts_of(TRAVELLERS[3:])


def test_a_long_list_becomes_questions_of_one_run(blind):
    found = asking.parts_of(TRAVELLERS, most=6)
    assert len(found.parts) > 1
    assert all(len(one.keys) <= 6 for one in found.parts)
    for part in found.parts:
        for one in part.people:
            assert [part.keys[place] for place in one.keys]
    assert [one.entry.id for part in found.parts for one in part.people] == ["1A", "1B", "1C"]


def test_no_question_is_longer_than_the_index_lets_be_asked_at_once(blind):
    def most():
        return blind.be.store.read(
            lambda tx: grounds.of_list(tx, blind.office, blind.ann, WANTED, ASKED, "Act on passenger data").most
        )

    many = [entry(str(n), "Els Janssens", birth=f"196{n}-01-09", passport=f"EX00000{n}") for n in range(9)]
    assert most() == 2000
    for burst, keys in ((1999, 1500), (499, 250), (10, 10)):
        said = [msgspec.structs.replace(one, burst=burst, day=20_000) for one in blind.be.all(MANIFESTS)]
        blind.be.store.write("x", lambda tx, said=said: tx.put(MANIFESTS, said))
        assert most() == keys
    with pytest.raises(StateError, match="expected questions of at most 10 elements"):
        blind.ask_list(many)  # parted before the manifest said so
    assert blind.be.all(QUESTIONS) == blind.audits("search.asked") == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1950, 1956)), min_size=1, max_size=12), st.integers(10, 30))
@settings(max_examples=40)
def test_however_a_list_is_parted_everybody_is_asked_about_once_with_all_his_keys(people, most):
    names = ("Youssef Amraoui", "Rachid Bensalem", "Els Janssens", "Khadija Ourir", "Jan Peeters", "Nobody")
    listed = [entry(str(n), names[who], birth=f"{year}-03-14") for n, (who, year) in enumerate(people)]
    asked = {one.id: set(questions_of(one.person)) for one in listed}
    if not any(asked.values()):
        return
    found = asking.parts_of(listed, most=most)
    assert [one.entry.id for part in found.parts for one in part.people] == [name for name in asked if asked[name]]
    assert set(found.without) == {name for name in asked if not asked[name]}
    for part in found.parts:
        assert len(part.keys) <= most
        assert set(part.keys) == {part.keys[place] for one in part.people for place in one.keys}
        for one in part.people:
            assert {part.keys[place] for place in one.keys} == asked[one.entry.id]


def test_questions_are_listed_the_latest_first_by_domain(blind):
    for _ in range(3):
        blind.ask(YOUSSEF)
        blind.pair.clock.advance(1000)
    listed = blind.be.store.read(lambda tx: asking.questions(tx, blind.office, blind.ann, most=2))
    assert [one.asked for one in listed] == sorted((one.asked for one in blind.be.all(QUESTIONS)), reverse=True)[:2]
    asking.stop(blind.office, blind.ann, listed[0], "wrong person")
    stopped = blind.be.store.read(lambda tx: asking.questions(tx, blind.office, blind.ann, state="stopped"))
    assert [one.id for one in stopped] == [listed[0].id]
    waiting = blind.be.store.read(lambda tx: asking.questions(tx, blind.office, blind.ann, state="waiting", most=1))
    assert [one.id for one in waiting] == [listed[1].id]
    far = hire(blind.be, "far", Role.OFFICER, domain="migration")
    with pytest.raises(NotAllowedError):
        blind.be.store.read(lambda tx: asking.questions(tx, blind.office, far))


def test_hits_are_shown_with_a_current_withdrawal_list_only(blind):
    [question] = blind.ask(YOUSSEF)
    with pytest.raises(StateError, match=r"expected a question that was answered, got .*, which waits"):
        blind.page(question)
    blind.answer(question)
    assert len(blind.page(question)) == 1
    blind.pair.clock.advance(HOUR)
    with pytest.raises(
        StateError, match="expected a current withdrawal list of index wanted of ma, got one of 2026-11-21T"
    ):
        blind.page(question)
    blind.current()
    assert len(blind.page(question)) == 1
    blind.pair.clock.advance(-HOUR)  # the clock was put back: how old the list is nobody knows
    with pytest.raises(StateError, match="expected a current withdrawal list"):
        blind.page(question)


def test_a_withdrawn_reference_is_deleted_and_counted_and_a_weaker_one_stands_behind_it(blind):
    [question] = blind.ask_list()
    blind.answer(question)
    first, second = blind.found(question)
    references = [one.reference for one in hits.founds(first)]
    assert len(references) > 1
    blind.current(references[0], *(one.reference for one in hits.founds(second)))
    [left] = blind.page(question)
    assert (left.entry.id, left.reference) == ("1A", references[1])
    assert left.by[0] != "document"
    assert blind.question(question).withdrawn == 1
    blind.current(*references)
    assert blind.page(question) == []
    assert blind.question(question).withdrawn == 2
    assert [json.parse_object(one.details)["hits"] for one in blind.audits("hits.erased")] == [1, 1]


@pytest.mark.parametrize("why", ["ended early", "claims over"])
def test_a_hit_of_a_table_of_which_the_partner_lists_nothing_any_more_is_not_shown(blind, why):
    """What was withdrawn of it would not be known."""
    [question] = blind.ask(YOUSSEF)
    blind.answer(question)
    if why == "ended early":
        ended = {"kind": "index.expire", "index": "wanted", "epochs": [], "by": "karim", "reason": "The key is lost."}
        assert blind.be.store.write("x", lambda tx: manifests.enter(tx, blind.be.ctx, "ma", None, ended)) == []
    else:
        keep = msgspec.structs.replace(blind.question(question), expires=blind.pair.clock.now() + 100 * DAY)
        blind.be.store.write("x", lambda tx: tx.put(QUESTIONS, [keep]))
        blind.pair.clock.advance(45 * DAY - 1)
        blind.current()
        assert len(blind.page(question)) == 1
        blind.pair.clock.advance(1)
    blind.current()
    assert blind.page(question) == []
    assert blind.question(question).withdrawn == 1


def test_what_a_list_withdrew_before_the_answer_is_no_hit(blind):
    [probe] = blind.ask(YOUSSEF)
    blind.answer(probe)
    gone = tuple(one.reference for one in hits.founds(blind.found(probe)[0]))
    [question] = blind.ask(YOUSSEF)
    assert blind.answer(question, gone).hits == 0


def test_no_backup_has_who_was_asked_about(blind):
    rachid = TRAVELLERS[2].person
    [question] = blind.ask(rachid)
    seed = blind.be.all(OPENINGS)[0].seed
    waiting = b"".join(blind.be.store.read(lambda tx: list(copying.dump(tx, without=FLEETING))))
    blind.answer(question)
    answered = b"".join(blind.be.store.read(lambda tx: list(copying.dump(tx, without=FLEETING))))
    for backup in (waiting, answered):
        assert question.id.encode() in backup
        assert not [one for one in (seed, b"BEN SALEM", questions_of(rachid)[0].encode()) if one in backup]


def test_an_older_list_never_replaces_a_newer_one(blind):
    [question] = blind.ask(YOUSSEF)
    old = blind.withdrawals("0" * 16)
    blind.pair.clock.advance(1000)
    blind.answer(question)
    assert "0" * 16 not in blind.be.store.write("x", lambda tx: hits.keep(tx, old))


def test_reading_is_written_down_and_others_say_why(blind):
    [question] = blind.ask(YOUSSEF)
    blind.answer(question)
    with pytest.raises(InputError, match=r"--reason: expected why hits of question .* are read by bea, got nothing"):
        blind.page(question, blind.bea)
    blind.page(question, blind.bea, "relief at the desk")
    blind.page(question)
    said = [json.parse_object(one.details) for one in blind.audits("hit.read")]
    assert [(one["who"], one["reason"]) for one in said] == [
        ("bea", "relief at the desk"),
        ("ann", "asked the question"),
    ]
    far = hire(blind.be, "far", Role.OFFICER, domain="migration")
    for who in (far, hire(blind.be, "oscar", Role.OPERATOR, domain="wanted-persons")):
        with pytest.raises(NotAllowedError):
            blind.page(question, who, "curious")


def test_who_asked_is_told_of_hits_until_he_has_looked(blind):
    def told(read=False):
        found = [one for one in blind.be.all(NOTICES) if one.read is read]
        assert not any("YOUSSEF" in repr(one).upper() or "ZX0000017" in repr(one) for one in found)
        return [(one.person, one.what, one.message, one.dossier) for one in found]

    [miss], [hit] = blind.ask(person("Els Janssens", birth="1964-01-09")), blind.ask(YOUSSEF)
    blind.answer(miss)
    assert told() == []
    blind.pair.clock.advance(HOUR)
    blind.answer(hit)
    assert told() == [("ann", "hit", hit.id, blind.dossier)]
    blind.page(hit, blind.bea, "she is away")
    assert len(told()) == 1
    blind.page(hit)
    assert told() == []
    assert told(read=True) == [("ann", "hit", hit.id, blind.dossier)]


def test_who_may_ask(blind):
    for role in (Role.ANALYST, Role.AUDITOR, Role.COORDINATOR, Role.DISPATCHER):
        with pytest.raises(NotAllowedError):
            blind.ask(YOUSSEF, hire(blind.be, f"one-{role}", role))
    with pytest.raises(NotAllowedError):
        blind.ask(YOUSSEF, hire(blind.be, "far", Role.OFFICER, domain="migration"))
    assert blind.be.all(QUESTIONS) == []
    assert blind.audits("search.asked") == []


def test_what_must_be_named(blind):
    with pytest.raises(InputError, match="--purpose: expected one of tracing-wanted-persons, got 'prosecution'"):
        blind.ask(YOUSSEF, purpose="prosecution", channel=blind.pair.channel)
    with pytest.raises(
        NotFoundError, match=r"--index: expected an index of ma for tracing-wanted-persons .* got other"
    ):
        blind.ask(YOUSSEF, index="other")
    with pytest.raises(NotFoundError, match="--channel: expected a channel with ma, got 0000"):
        blind.ask(YOUSSEF, channel="0" * 64)
    with pytest.raises(InputError, match="--link: expected one of aimed-at-transport"):
        blind.ask_list(asked=msgspec.structs.replace(ASKED, link="origin"))
    with pytest.raises(InputError, match="--journey: expected no word of origin or religion"):
        blind.ask_list(asked=msgspec.structs.replace(ASKED, journey="all muslims of the ferry"))
    blind.pair.clock.advance(39 * DAY)
    with pytest.raises(NotFoundError, match="that is announced, and not expired, got none"):
        blind.ask_list()


def test_only_an_open_dossier_stands_behind_a_question(blind):
    dossier, message = blind.pair.open_trace(purpose="tracing-wanted-persons")
    blind.pair.settle()
    blind.pair.answer("be", dossier, "cancelled", after=[message.id])
    blind.pair.settle()
    assert blind.be.dossier(dossier).status == "ended"
    with pytest.raises(StateError, match="--dossier: expected a dossier that is open"):
        blind.ask(YOUSSEF, dossier=dossier)


def test_a_person_of_the_dossier_is_asked_about_as_it_names_him(blind):
    def named(key, who=None):
        row = blind.be.dossier(blind.dossier)
        return blind.be.store.read(lambda tx: grounds.person_of(tx, blind.office, who or blind.ann, row, key))

    assert named("").names == named("p1").names
    assert named("p1").births[0].date == "1986-03-14"
    with pytest.raises(NotFoundError, match="--person: expected one of p1, got p9"):
        named("p9")
    with pytest.raises(NotAllowedError):
        named("p1", hire(blind.be, "far", Role.OFFICER, domain="migration"))
    [question] = blind.ask(named("p1"))
    assert blind.answer(question).hits == 1


def test_what_ended_between_the_look_and_the_question_is_not_asked(blind):
    looks = []

    def ground(tx):
        looks.append(tx)
        row = tx.get(DOSSIERS, blind.dossier)
        if len(looks) > 1:
            row = msgspec.structs.replace(row, status="ended")
        return grounds.of_person(tx, blind.office, blind.ann, WANTED, row)

    with pytest.raises(StateError, match="ended"):
        asking.run(blind.office, blind.ann, ground, asking.parts_of([entry("", "Youssef Amraoui", birth="1986-03-14")]))
    assert len(looks) == 2
    assert blind.be.all(QUESTIONS) == blind.be.all(OPENINGS) == blind.audits("search.asked") == []


def test_a_question_that_waits_is_taken_back(blind):
    [question] = blind.ask(YOUSSEF)
    with pytest.raises(NotAllowedError):
        asking.stop(blind.office, hire(blind.be, "ada", Role.ANALYST), question, "wrong person")
    made = asking.stop(blind.office, blind.ann, question, "wrong person")
    assert (made.state, made.reason) == ("stopped", "wrong person")
    assert [one.people for one in blind.be.all(OPENINGS)] == [b""]
    assert blind.answer(question).state == "stopped"
    assert blind.found(question) == []
    with pytest.raises(StateError, match="which is stopped"):
        asking.stop(blind.office, blind.ann, question, "again")


def test_a_dossier_of_another_area_or_purpose_stands_behind_no_question(blind):
    for type_ in ("experience", "identification"):
        row = msgspec.structs.replace(blind.be.dossier(blind.dossier), id=type_, type=type_)
        blind.be.store.write("x", lambda tx, row=row: tx.put(DOSSIERS, [row]))
        with pytest.raises(ForbiddenError):
            blind.ask(YOUSSEF, dossier=type_)
    with pytest.raises(ForbiddenError, match="--dossier: expected one of a type that serves tracing-wanted-persons"):
        blind.ask(YOUSSEF, dossier="experience")
    dossier, _ = blind.pair.open_trace(purpose="criminal-investigation")
    with pytest.raises(WallError, match=r"got criminal-investigation .* and tracing-wanted-persons"):
        blind.ask(YOUSSEF, dossier=dossier)


def test_what_opens_a_question_goes_with_the_dossier_or_the_list(blind):
    now = blind.pair.clock.now()
    [one] = blind.ask(YOUSSEF)
    [many] = blind.ask_list()
    assert now < one.expires <= now + 366 * DAY
    assert many.expires == now + DAY
