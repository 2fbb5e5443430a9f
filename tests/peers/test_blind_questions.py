"""Questions between two nodes: what is found, what is refused, what waits, and what nobody can slip in."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from passerelle.core.clock import MILLISECONDS_A_DAY
from passerelle.core.errors import SearchError
from passerelle.exchange import trust
from passerelle.exchange.checks import BatchRefusedError
from passerelle.ports.records import ALARMS, AUDITS, PARTNERS
from passerelle.ports.search import (
    ASKED,
    EPOCH_KEYS,
    EPOCHS,
    INDEXES,
    OPENINGS,
    QUESTIONS,
    QUOTAS,
    SEARCH_FIGURES,
    SEARCH_HITS,
    WITHDRAWALS,
    Question,
    Withdrawn,
)
from passerelle.ports.search import WITHDRAWN as GONE
from passerelle.search import answering, blinding, oprf, sending, wire
from passerelle.search.evaluating import WAITING, BusyEvaluatorError, Evaluator
from tests.peers.copies import fork, restart
from tests.peers.pair import Pair, partners
from tests.peers.searching import SEARCH, Search, Table, index_row, key, publish, wait

HOUR = 60 * 60_000


@pytest.fixture(scope="module")
def held() -> Table:
    return Table(key(number) for number in range(0, 40, 2))


@pytest.fixture(scope="module")
def base(held: Table) -> Pair:
    """ma's base and delta are at be: persons 0, 2, … 38 are in the base, 101 in the delta."""
    pair = partners(channel={"search": SEARCH})
    publish(pair, held)
    publish(pair, Table([key(101)]), kind="delta", expires=pair.clock.now() + 5 * HOUR)
    Search(pair).arrive()
    return pair


@pytest.fixture
def search(base: Pair) -> Search:
    return Search(fork(base))


def put(search: Search, kind: Any, row: Any, **changes: Any) -> None:
    """A row of ma as it might be otherwise."""
    changed = msgspec.structs.replace(row, **changes)
    search.pair.ma.store.write("test.put", lambda tx: tx.put(kind, [changed]))


def refused(search: Search, posting: sending.Posting) -> str:
    with pytest.raises(BatchRefusedError) as found:
        search.desk.question(posting.body)
    return str(found.value.check)


def test_hits_of_base_and_delta_are_found_and_misses_are_not(search: Search, held: Table) -> None:
    done = search.ask(wait(search.pair, [2, 3, 4, 101]))
    assert (done.state, done.hits, done.left_burst, done.left_day) == ("answered", 3, 1990, 19_990)
    hits = search.pair.be.all(SEARCH_HITS)
    base, delta = done.base, done.delta
    assert {(one.key, one.epoch) for one in hits} == {(key(2), base), (key(4), base), (key(101), delta)}
    assert {one.reference for one in hits if one.epoch == base} == {held.references[key(2)], held.references[key(4)]}


def test_all_that_the_holder_keeps_names_nobody(search: Search) -> None:
    question = wait(search.pair, [2])
    search.ask(question)
    ma = search.pair.ma
    (asked,) = ma.all(ASKED)
    assert (asked.handle, asked.elements, asked.count) == (question.id, question.elements, 10)
    (record,) = [one for one in ma.all(AUDITS) if one.what == "search.answered"]
    details = msgspec.json.decode(record.details)
    assert set(details) == {"time", "what", "who", "on", "handle", "index", "purpose", "elements", "count"}
    assert (details["handle"], details["elements"], details["count"]) == (question.id, question.elements.hex(), 10)
    (figures,) = ma.all(SEARCH_FIGURES)
    assert (figures.questions, figures.elements, figures.hits) == (1, 10, 0)


def test_a_question_is_answered_again_and_debited_once(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    search.desk.question(posting.body)
    again = search.post(posting.question)
    assert again.body != posting.body  # sealed afresh
    done = sending.take(search.pair.be.ctx, again, search.desk.question(again.body))
    assert (done.hits, done.left_day) == (1, 19_990)
    assert len(search.pair.ma.all(ASKED)) == 1
    assert len([one for one in search.pair.ma.all(AUDITS) if one.what == "search.answered"]) == 1


def test_a_question_is_not_answered_again_for_ever(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    for _ in range(answering.AGAIN + 1):
        search.desk.question(posting.body)
    (quota,) = search.pair.ma.all(QUOTAS)
    assert quota.used == 10
    search.desk.question(posting.body)  # as if it were new
    (quota,), (figures,) = search.pair.ma.all(QUOTAS), search.pair.ma.all(SEARCH_FIGURES)
    assert (quota.used, figures.questions, figures.elements) == (20, 2, 20)
    assert len([one for one in search.pair.ma.all(AUDITS) if one.what == "search.answered"]) == 2
    search.desk.question(posting.body)
    (asked,) = search.pair.ma.all(ASKED)
    assert asked.again == 1


def test_who_comes_after_too_many_is_debited_nothing(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    with ExitStack() as others:
        for _ in range(WAITING // 2):
            others.enter_context(search.desk._evaluator.turn("be"))
        with pytest.raises(BusyEvaluatorError):
            search.desk.question(posting.body)
    assert not search.pair.ma.all(ASKED)
    search.desk.question(posting.body)


def test_a_stop_of_the_asker_anywhere_leaves_the_same_question(search: Search) -> None:
    question = wait(search.pair, [2])
    posting = search.post(question)
    answer = search.desk.question(posting.body)
    for _ in range(2):  # before it left, before the answer came
        restart(search.pair, "be")
        (row,) = search.pair.be.all(QUESTIONS)
        assert (row.state, row.id, row.elements) == ("waiting", question.id, question.elements)
        again = search.post(row)
        assert again.blinded == posting.blinded
    done = sending.take(search.pair.be.ctx, again, answer)
    assert done.hits == 1
    assert sending.take(search.pair.be.ctx, again, answer) == done  # twice is once


# ---- what an answer must prove ---------------------------------------------------------------------------------------


def forged(search: Search, posting: sending.Posting, change: Callable[[wire.Answer], wire.Answer]) -> bytes:
    """The answer that ma would give, changed, and signed by ma."""
    be, ma = search.pair.be, search.pair.ma
    header, sealed = wire.read_answer(search.desk.question(posting.body))
    question = posting.question
    epochs = (question.base, question.delta)
    opened = wire.open_answer(
        header, sealed, epochs, question.count, sender=ma.identity.envelope, key=be.ctx.keys.sealing
    )
    head, _ = posting.body[4 : 4 + int.from_bytes(posting.body[:4])], None
    mine = ma.store.read(lambda tx: trust.mine(tx, ma.ctx, "be"))
    return wire.answer(
        wire.read_question_header(head),
        wire.Asking(question.purpose, question.channel, posting.blinded.elements),
        change(opened),
        to=be.identity.sealing,
        signer=mine.envelopes,
        now=ma.ctx.clock.now(),
    )


def with_elements(answer: wire.Answer, change: Callable[[bytes], bytes]) -> wire.Answer:
    first = msgspec.structs.replace(answer.evaluated[0], elements=change(answer.evaluated[0].elements))
    return msgspec.structs.replace(answer, evaluated=(first, *answer.evaluated[1:]))


def one_wrong(elements: bytes) -> bytes:
    """An element of another key among the others."""
    place = 777 * 32
    other, _ = oprf.evaluate(bytes(32), elements[place : place + 32])
    return elements[:place] + other + elements[place + 32 :]


WRONG: dict[str, tuple[int, Callable[[bytes], bytes]]] = {
    "one of 1,500 under a wrong key": (1500, one_wrong),
    "the identity": (10, lambda elements: bytes(32) + elements[32:]),
    "a point that is not canonical": (10, lambda elements: b"\xff" * 32 + elements[32:]),
    "two that changed places": (10, lambda elements: elements[32:64] + elements[:32] + elements[64:]),
}


@pytest.mark.parametrize("how", WRONG)
def test_an_evaluation_that_proves_nothing_ends_the_question_with_an_alarm(search: Search, how: str) -> None:
    width, change = WRONG[how]
    posting = search.post(wait(search.pair, [2, 4, 6], width=width))
    answer = forged(search, posting, lambda one: with_elements(one, change))
    done = sending.take(search.pair.be.ctx, posting, answer)
    assert (done.state, done.check, done.hits) == ("refused", "", 0)
    assert not search.pair.be.all(SEARCH_HITS)
    assert [one.what for one in search.pair.be.all(ALARMS)] == ["search.answer-wrong"]


def test_the_proof_of_another_epoch_is_none(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))

    def swapped(one: wire.Answer) -> wire.Answer:
        first, second = one.evaluated
        made = (
            msgspec.structs.replace(first, elements=second.elements, proof=second.proof),
            msgspec.structs.replace(second, elements=first.elements, proof=first.proof),
        )
        return msgspec.structs.replace(one, evaluated=made)

    assert sending.take(search.pair.be.ctx, posting, forged(search, posting, swapped)).state == "refused"


def test_an_answer_is_not_taken_for_another_question(search: Search) -> None:
    first, second = (search.post(wait(search.pair, [number])) for number in (2, 4))
    answer = search.desk.question(first.body)
    with pytest.raises(SearchError, match="this handle and these elements"):
        sending.take(search.pair.be.ctx, second, answer)
    # The same elements under another handle are another question, too.
    twin = msgspec.structs.replace(first.question, id="ab" * 16)
    with pytest.raises(SearchError, match="this handle and these elements"):
        sending.take(search.pair.be.ctx, first._replace(question=twin), answer)
    assert {one.state for one in search.pair.be.all(QUESTIONS)} == {"waiting"}


def test_an_answer_of_somebody_else_or_changed_on_the_way(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    answer = search.desk.question(posting.body)
    for place in (10, 200, len(answer) - 1):
        changed = answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]
        with pytest.raises(SearchError, match="expected the answer"):
            sending.take(search.pair.be.ctx, posting, changed)
    for changed in (answer[:-1], answer + b"x", b"", answer[:100]):
        with pytest.raises(SearchError, match="expected the answer"):
            sending.take(search.pair.be.ctx, posting, changed)
    assert sending.take(search.pair.be.ctx, posting, answer).state == "answered"


def test_an_answer_with_an_old_list_of_withdrawn_references(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    old = search.list()
    search.pair.clock.advance(1000)
    newer = forged(search, posting, lambda one: one)
    sending.take(search.pair.be.ctx, posting, newer)
    (kept,) = search.pair.be.all(WITHDRAWALS)
    again = search.post(wait(search.pair, [4]))
    sending.take(
        search.pair.be.ctx, again, forged(search, again, lambda one: msgspec.structs.replace(one, withdrawals=old))
    )
    assert search.pair.be.all(WITHDRAWALS) == [kept]  # an older list never takes the place of a newer one


def test_a_withdrawn_reference_is_no_hit(search: Search, held: Table) -> None:
    row = Withdrawn(
        epoch=search.pair.ma.all(EPOCHS)[0].id,
        reference=held.references[key(2)],
        index="wanted",
        time=search.pair.clock.now(),
        why="cancelled",
    )
    search.pair.ma.store.write("test.withdraw", lambda tx: tx.put(GONE, [row]))
    done = search.ask(wait(search.pair, [2, 4]))
    assert done.hits == 1
    assert [one.key for one in search.pair.be.all(SEARCH_HITS)] == [key(4)]


# ---- what the holder refuses -----------------------------------------------------------------------------------------


def rewritten(search: Search, posting: sending.Posting, **changes: Any) -> sending.Posting:
    """The question as a be that checks nothing would send it."""
    be, question = search.pair.be, posting.question
    said = {
        "names": ("be", "ma"),
        "handle": question.id,
        "index": question.index,
        "epochs": (question.base, question.delta),
        "purpose": question.purpose,
        "channel": question.channel,
        "elements": posting.blinded.elements,
        "now": search.pair.clock.now(),
    } | changes
    body = wire.question(
        said["names"],
        said["handle"],
        said["index"],
        said["epochs"],
        wire.Asking(said["purpose"], said["channel"], said["elements"]),
        to=search.pair.ma.identity.sealing,
        signer=be.store.read(lambda tx: trust.mine(tx, be.ctx, "ma")).envelopes,
        now=said["now"],
    )
    return posting._replace(body=body)


IDENTITY, WILD = bytes(32), b"\xff" * 32
ASKED_WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "another node's": ("2", {"names": ("be", "fr")}),
    "a question of last month": ("2", {"now": 0}),
    "an index of nobody": ("10", {"index": "unknown"}),
    "a channel that is none": ("7", {"channel": "0" * 64}),
    "a purpose that is not the index's": ("8", {"purpose": "prosecution"}),
    "a base that is none": ("10", {"epochs": ("0" * 64, "")}),
    "no element": ("9", {"elements": b""}),
    "the identity": ("9", {"elements": IDENTITY * 10}),
    "a point that is not canonical": ("9", {"elements": WILD * 10}),
    "too many": ("9", {"elements": bytes(32 * (blinding.MOST_ELEMENTS + 1))}),
}


@pytest.mark.parametrize("how", ASKED_WRONG)
def test_a_question_that_is_refused_debits_nothing(search: Search, how: str) -> None:
    number, changes = ASKED_WRONG[how]
    posting = search.post(wait(search.pair, [2]))
    assert refused(search, rewritten(search, posting, **changes)) == number
    assert not search.pair.ma.all(ASKED)
    assert not search.pair.ma.all(QUOTAS)


def test_an_index_of_another_channel_or_for_other_purposes_is_not_asked(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    for changes in ({"channel": "0" * 64}, {"purposes": ("prosecution",)}):
        put(search, INDEXES, index_row(search.pair), **changes)
        assert refused(search, posting) == "8"
    assert not search.pair.ma.all(ASKED)


def test_base_and_delta_stand_in_their_own_places(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    question = posting.question
    assert refused(search, rewritten(search, posting, epochs=(question.delta, question.base))) == "10"
    assert refused(search, rewritten(search, posting, epochs=(question.delta, ""))) == "10"
    alone = rewritten(search, posting, epochs=(question.base, ""))
    search.desk.question(alone.body)


def test_a_stranger_and_a_changed_body_are_refused_before_anything_is_opened(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    body = posting.body
    for place, number in ((30, "0"), (len(body) - 1, "1")):
        changed = body[:place] + bytes([body[place] ^ 0x80]) + body[place + 1 :]
        assert refused(search, posting._replace(body=changed)) in (number, "1")
    (row,) = search.pair.ma.all(PARTNERS)
    put(search, PARTNERS, row, status="suspended")
    assert refused(search, posting) == "1"
    with pytest.raises(BatchRefusedError):
        search.desk.admit(body[4 : 4 + int.from_bytes(body[:4])])


def test_a_handle_with_other_elements_is_refused(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    search.desk.question(posting.body)
    other = search.post(wait(search.pair, [4]))
    same = rewritten(search, posting, elements=other.blinded.elements)
    assert refused(search, same) == "9"
    assert refused(search, rewritten(search, posting, elements=posting.blinded.elements[:64])) == "9"
    assert len(search.pair.ma.all(ASKED)) == 1


def test_an_expired_epoch_and_one_whose_key_is_destroyed(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    epochs = {one.kind: one for one in search.pair.ma.all(EPOCHS)}
    put(search, EPOCHS, epochs["base"], state="over")
    assert refused(search, posting) == "10"
    put(search, EPOCHS, epochs["base"], state="past", ends=search.pair.clock.now() + 1)
    search.desk.question(posting.body)
    search.pair.clock.advance(1)
    assert refused(search, posting) == "10"
    put(search, EPOCHS, epochs["base"])
    secret = search.pair.ma.store.read(lambda tx: tx.get(EPOCH_KEYS, epochs["base"].id))
    search.pair.ma.store.write("test.destroy", lambda tx: tx.delete(EPOCH_KEYS, [(epochs["base"].id,)]))
    assert refused(search, posting) == "10"
    search.pair.ma.store.write("test.back", lambda tx: tx.put(EPOCH_KEYS, [secret]))
    search.pair.clock.advance(6 * HOUR)  # the delta has run out
    assert refused(search, posting) == "10"
    put(search, INDEXES, index_row(search.pair), state="ended")
    assert refused(search, rewritten(search, posting, epochs=(posting.question.base, ""))) == "10"


# ---- the quota -------------------------------------------------------------------------------------------------------


def test_the_quota_is_debited_by_elements_and_told(search: Search) -> None:
    put(search, INDEXES, index_row(search.pair), burst=100, day=1000)
    left = [search.ask(wait(search.pair, [2], width=50)).left_burst for _ in range(2)]
    assert left == [50, 0]
    poor = search.post(wait(search.pair, [2]))
    assert refused(search, poor) == "6"
    assert [one.what for one in search.pair.ma.all(ALARMS)] == ["search.quota-full"]
    assert refused(search, poor) == "6"
    assert len(search.pair.ma.all(ALARMS)) == 1  # once a day
    (figures,) = search.pair.ma.all(SEARCH_FIGURES)
    assert (figures.questions, figures.elements, figures.refused) == (2, 100, 2)
    row = sending.refused(search.pair.be.ctx, poor.question, "6")
    assert (row.state, row.due) == ("waiting", search.pair.clock.now() + 60_000)
    search.pair.clock.advance(MILLISECONDS_A_DAY // 100)  # ten elements came back
    assert search.ask(row).left_burst == 0


def test_never_more_than_the_channel_allows(search: Search) -> None:
    put(search, INDEXES, index_row(search.pair), burst=10**6, day=10**6)
    assert search.ask(wait(search.pair, [2], width=1500)).left_burst == 500


def test_a_day_that_is_nearly_used_is_told_once(search: Search) -> None:
    put(search, INDEXES, index_row(search.pair), burst=1000, day=1000)
    for _ in range(3):
        search.ask(wait(search.pair, [2], width=250))
    assert not search.pair.ma.all(ALARMS)
    for _ in range(2):
        search.ask(wait(search.pair, [2], width=50))
    assert [one.what for one in search.pair.ma.all(ALARMS)] == ["search.quota-near"]


def test_questions_at_the_same_time_never_share_what_is_left(held: Table, durable_place: Any) -> None:
    pair = partners(ma=durable_place.open(), channel={"search": SEARCH})
    publish(pair, held)
    search = Search(pair)
    # As two processes have the store: nothing in memory keeps one from the other.
    stores = (pair.ma.store, durable_place.open())
    desks = [answering.Desk(replace(pair.ma.ctx, store=one), Evaluator(waiting=64)) for one in stores]
    search.arrive()
    put(search, INDEXES, index_row(pair), burst=100, day=100)
    postings = [search.post(wait(pair, [2], width=10)) for _ in range(16)]
    answers: list[str] = []

    def ask(place: int, posting: sending.Posting) -> None:
        try:
            desks[place % 2].question(posting.body)
            answers.append("answered")
        except BatchRefusedError as error:
            answers.append(str(error.check))

    threads = [threading.Thread(target=ask, args=pair_) for pair_ in enumerate(postings)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(answers) == ["6"] * 6 + ["answered"] * 10
    (row,) = pair.ma.all(QUOTAS)
    assert (row.used, row.level) == (100, 0)  # the clock stood still
    assert len(pair.ma.all(ASKED)) == 10


# ---- what waits ------------------------------------------------------------------------------------------------------


def next_due(search: Search, **how: Any) -> Question | None:
    return sending.due(search.pair.be.ctx, "ma", **how)


def test_a_question_waits_longer_each_time_and_goes_when_the_partner_is_back(search: Search) -> None:
    question = wait(search.pair, [2])
    pauses = []
    for _ in range(4):
        found = next_due(search)
        assert found is not None
        sending.failed(search.pair.be.ctx, question, "no answer in time", 0.0)
        assert next_due(search) is None
        (row,) = search.pair.be.all(QUESTIONS)
        pauses.append(row.due - search.pair.clock.now())
        search.pair.clock.advance(pauses[-1])
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]
    # What it waits for next begins with short pauses: after a start, and after a table that was missing.
    late = search.pair.be.all(QUESTIONS)[0]
    sending.failed(search.pair.be.ctx, late, "no answer in time", 0.0, anew=True)
    now = search.pair.clock.now()
    assert search.pair.be.all(QUESTIONS)[0].due - now == pauses[0]
    search.pair.be.store.write("test.check", lambda tx: tx.put(QUESTIONS, [msgspec.structs.replace(late, check="10")]))
    sending.failed(search.pair.be.ctx, late, "no answer in time", 0.0)
    assert search.pair.be.all(QUESTIONS)[0].due - now == pauses[0]
    sending.failed(search.pair.be.ctx, question, "no answer in time", 0.0)
    alive = next_due(search, alive=True)
    assert alive is not None
    assert alive.id == question.id
    assert next_due(search, leave=[question.id], alive=True) is None
    assert search.ask(alive).state == "answered"


def test_the_quota_and_a_newer_table_are_waited_for_also_when_the_partner_is_there(search: Search) -> None:
    question = wait(search.pair, [2])
    search.post(question)
    now = search.pair.clock.now()
    rows = [sending.refused(search.pair.be.ctx, question, "6") for _ in range(9)]
    assert [one.due - now for one in rows[:3]] == [60_000, 120_000, 240_000]
    assert rows[-1].due - now == HOUR
    row = sending.refused(search.pair.be.ctx, question, "10")
    assert (row.state, row.check) == ("waiting", "10")
    assert next_due(search, alive=True) is None
    publish(search.pair, Table([key(2)]), number=2, published=now + 1)
    search.arrive()
    found = next_due(search)
    assert found is not None
    assert search.ask(found).hits == 1


def test_a_refusal_that_comes_after_the_newer_table_is_no_reason_to_wait(search: Search) -> None:
    posting = search.post(wait(search.pair, [2]))
    publish(search.pair, Table([key(2)]), number=2, published=search.pair.clock.now() + 1)
    search.arrive()
    row = sending.refused(search.pair.be.ctx, posting.question, "10")
    assert row.due <= search.pair.clock.now()


@pytest.mark.parametrize("check", ["0", "1", "2", "7", "8", "9"])
def test_other_refusals_are_for_good(search: Search, check: str) -> None:
    posting = search.post(wait(search.pair, [2]))
    row = sending.refused(search.pair.be.ctx, posting.question, check)
    assert (row.state, row.check) == ("refused", check)
    assert [one.people for one in search.pair.be.all(OPENINGS)] == [b""]  # who it was about is needed no more
    assert next_due(search, alive=True) is None


def test_a_question_whose_opening_went_or_was_changed_does_not_leave(search: Search) -> None:
    changed, gone = wait(search.pair, [2], elements=bytes(32)), wait(search.pair, [4])
    search.pair.be.store.write("test.gone", lambda tx: tx.delete(OPENINGS, [(gone.id,)]))
    for question in (changed, gone):
        assert sending.prepare(search.pair.be.ctx, question) is None
    assert {one.state for one in search.pair.be.all(QUESTIONS)} == {"refused"}


@pytest.mark.parametrize(("changes", "check"), [({"channel": "0" * 64}, "7"), ({"purpose": "prosecution"}, "8")])
def test_a_question_whose_channel_allows_it_no_more_does_not_leave(
    search: Search, changes: dict[str, str], check: str
) -> None:
    assert sending.prepare(search.pair.be.ctx, wait(search.pair, [2], **changes)) is None
    (row,) = search.pair.be.all(QUESTIONS)
    assert (row.state, row.check) == ("refused", check)


def test_without_a_table_it_waits_for_one(base: Pair) -> None:
    pair = partners(channel={"search": SEARCH})
    search, question = Search(pair), wait(pair, [2])
    assert sending.prepare(pair.be.ctx, question) is None
    (row,) = pair.be.all(QUESTIONS)
    assert (row.state, row.check) == ("waiting", "10")
    publish(pair, Table([key(2)]))
    search.arrive()
    found = next_due(search)
    assert found is not None
    done = search.ask(found)
    assert (done.delta, done.hits) == ("", 1)


def test_without_a_current_delta_it_waits_for_the_next(search: Search) -> None:
    search.pair.clock.advance(6 * HOUR)  # the partner, or this node, was away: its delta has run out
    question = wait(search.pair, [2, 101])
    assert sending.prepare(search.pair.be.ctx, question) is None
    (row,) = search.pair.be.all(QUESTIONS)
    assert (row.state, row.check) == ("waiting", "10")
    now = search.pair.clock.now()
    publish(search.pair, Table([key(101)]), kind="delta", number=2, published=now, expires=now + 5 * HOUR)
    search.arrive()
    found = next_due(search)
    assert found is not None
    assert search.ask(found).hits == 2


def test_what_was_asked_long_ago_is_forgotten(search: Search) -> None:
    search.ask(wait(search.pair, [2]))
    search.pair.clock.advance(answering.KEPT)
    assert not answering.tidy(search.pair.ma.ctx)
    search.pair.clock.advance(1)
    assert answering.tidy(search.pair.ma.ctx)
    assert not search.pair.ma.all(ASKED)
