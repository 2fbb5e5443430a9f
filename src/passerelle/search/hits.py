"""Hits of a question: what comes of an answer, who looks at them, what is shown.

Rules kept here:
- a person is a hit once, by the strongest of his match keys (document, national number, full date, year); the others
  stay behind it as long as it is unverified;
- a hit is *unverified* until the partner says what it is, and it is shown with a current withdrawal list only: without
  one nothing is shown. A reference that the list names is deleted, and counted; so is one of a table of which the
  partner lists nothing any more, because it ended it before its time, its claims are over, or its list says so;
- of who was asked about and is no hit nothing stays but match keys, which only an auditor opens;
- who asked is told that there are hits, and not of whom, until he has looked: the command that asked shows them itself
  when the answer comes in time;
- whoever reads hits is written down before they are shown: who asked has a reason, others give theirs.

Left unchecked: that the answer is of the index that was asked, and its proof. Who calls `taken` has verified both.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.core.retold import E_
from passerelle.exchange import claiming, claims, manifests, notes
from passerelle.exchange.context import MAX_AHEAD, Context
from passerelle.office import telling, work
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.persons.model import Entry
from passerelle.ports.people import Person
from passerelle.ports.search import (
    OPENINGS,
    QUESTIONS,
    SEARCH_HITS,
    WITHDRAWALS,
    Question,
    SearchHit,
    Withdrawals,
)
from passerelle.ports.store import Reading, Writing
from passerelle.screening.matching import scripts_of, texts_of
from passerelle.search import asking, figures
from passerelle.search.grounds import on

_ALL = 1_000_000
_KINDS = {"p": "document", "n": "number", "d": "date", "y": "year"}
"""What match keys begin with, the strongest first."""


class Found(NamedTuple):
    """A match key that an epoch has. `epoch`: id of its manifest; `reference`: 16 hex digits; `claim`: 32 bytes."""

    key: str
    epoch: str
    reference: str
    claim: bytes


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A hit as it is shown. `by`: what hit (document, number, date, year), the strongest first."""

    question: str
    number: int
    index: str
    state: str
    entry: Entry | None
    reference: str
    by: tuple[str, ...]
    draft: str = ""
    dossier: str = ""


_encode = msgspec.msgpack.Encoder().encode
_more = msgspec.msgpack.Decoder(tuple[Found, ...]).decode
_entry = msgspec.msgpack.Decoder(Entry).decode


def kind_of(key: str) -> str:
    """What a match key is made of: document | number | date | year."""
    return _KINDS[key[0]]


def _strength(one: Found) -> tuple[int, str, str]:
    return "pndy".index(one.key[0]), one.key, one.epoch


# -- what comes of an answer -------------------------------------------------------------------------------------------


def taken(
    tx: Writing,
    ctx: Context,
    question: Question,
    found: Iterable[Found],
    withdrawals: Withdrawals | None,
    left_burst: int,
    left_day: int,
) -> Question:
    """A question is answered. `found`: what the tables hold of its keys, verified; `withdrawals`: the list that came
    with the answer.

    A question that does not wait any more stays as it is.
    """
    now_is = tx.get(QUESTIONS, question.id) or question
    held = tx.get(OPENINGS, question.id)
    if now_is.state != "waiting":
        return now_is
    gone = keep(tx, withdrawals) if withdrawals else Listed(None)
    every = list(found)
    by_key: dict[str, list[Found]] = {}
    for one in every:
        if one.reference not in gone:
            by_key.setdefault(one.key, []).append(one)
    made = _made(now_is, held.keys, asking.decode(held.people), by_key) if held and held.people and by_key else []
    tx.add(SEARCH_HITS, made)
    if held is not None:
        tx.put(OPENINGS, [msgspec.structs.replace(held, people=b"")])
    answered = msgspec.structs.replace(
        now_is,
        state="answered",
        answered=ctx.clock.now(),
        hits=len(made),
        reason="",
        check="",
        left_burst=left_burst,
        left_day=left_day,
        base=question.base,
        delta=question.delta,
    )
    tx.put(QUESTIONS, [answered])
    figures.count(tx, answered, hits=len(made))
    if made:
        telling.tell(tx, ctx, telling.HIT, answered.by, "node", answered.dossier, answered.id)
    for script in {one.script for one in made}:
        count = sum(one.script == script for one in made)
        claiming.tally_script(tx, answered.partner, answered.index, answered.asked, script, hits=count)
    return answered


def _made(
    question: Question, keys: tuple[str, ...], people: Iterable[asking.Asked], by_key: dict[str, list[Found]]
) -> list[SearchHit]:
    made: list[SearchHit] = []
    for one in people:
        his = sorted((hit for place in one.keys for hit in by_key.get(keys[place], ())), key=_strength)
        if his:
            first = SearchHit(
                question=question.id,
                number=len(made) + 1,
                partner=question.partner,
                index=question.index,
                domain=question.domain,
                epoch="",
                reference="",
                claim=b"",
                person=_encode(one.entry),
                expires=question.expires,
                script=scripts_of(texts_of(one.entry.person)),
                asked=question.asked,
            )
            made.append(_by(first, his))
    return made


def _by(hit: SearchHit, his: list[Found]) -> SearchHit:
    first, more = his[0], _encode(tuple(his[1:]))
    return msgspec.structs.replace(
        hit, epoch=first.epoch, reference=first.reference, claim=first.claim, key=first.key, more=more
    )


def founds(hit: SearchHit) -> list[Found]:
    """All references of a hit, the strongest first."""
    first = Found(hit.key, hit.epoch, hit.reference, hit.claim)
    return [first, *(_more(hit.more) if hit.more else ())] if hit.reference else []


# -- withdrawals -------------------------------------------------------------------------------------------------------


class Listed:
    """What a list says of references."""

    def __init__(self, withdrawals: Withdrawals | None) -> None:
        self._salt = withdrawals.salt if withdrawals else b""
        self._named = frozenset(withdrawals.references if withdrawals else ())

    def __contains__(self, reference: str) -> bool:
        return bool(self._named) and claims.named(reference, self._salt) in self._named


def keep(tx: Writing, withdrawals: Withdrawals) -> Listed:
    """Keep a verified list unless a newer one is here; what the newest says."""
    there = tx.get(WITHDRAWALS, withdrawals.partner, withdrawals.index)
    if there is None or there.time <= withdrawals.time:
        tx.put(WITHDRAWALS, [withdrawals])
        there = withdrawals
    return Listed(there)


def is_current(tx: Reading, ctx: Context, question: Question) -> bool:
    """Whether the hits of a question may be shown: a withdrawal list of its index is here and has not run out."""
    there = tx.get(WITHDRAWALS, question.partner, question.index)
    return there is not None and _current(there, ctx.clock.now())


def _current(there: Withdrawals, now: int) -> bool:
    """Whether a list is current at `now` (ms). One of a time to come is not: the clock was put back since."""
    return there.time <= now + MAX_AHEAD and now < there.until


def check_current(tx: Reading, ctx: Context, question: Question) -> Withdrawals:
    """The current withdrawal list of the index of a question. Raises StateError when there is none."""
    there = tx.get(WITHDRAWALS, question.partner, question.index)
    if there is None:
        raise StateError(
            f"expected a current withdrawal list of index {question.index} of {question.partner}, got none yet: the "
            "service fetches it when the partner is up"
        )
    if not _current(there, ctx.clock.now()):
        raise StateError(
            f"expected a current withdrawal list of index {question.index} of {question.partner}, got one of "
            f"{to_iso(there.time)}: the service fetches a newer one when the partner is up"
        )
    return there


def withdraw(tx: Writing, ctx: Context, question: Question) -> Question:
    """Delete what the current list withdrew among the unverified hits of a question. Raises StateError without one."""
    newest = check_current(tx, ctx, question)
    gone = Listed(newest)
    there = tx.scan(SEARCH_HITS, "key", (question.id,), limit=_ALL)
    tables = (one.epoch for hit in there for one in founds(hit))
    listed = manifests.listed(tx, tables, ctx.clock.now(), newest.base, newest.delta)
    lost = 0
    for hit in there:
        his = founds(hit)
        left = [one for one in his if one.reference not in gone and one.epoch in listed]
        if hit.state != "unverified" or len(left) == len(his):
            continue
        if left:
            tx.put(SEARCH_HITS, [_by(hit, left)])
        else:
            tx.delete(SEARCH_HITS, [(hit.question, hit.number)])
            lost += 1
    if not lost:
        return question
    made = msgspec.structs.replace(question, withdrawn=question.withdrawn + lost)
    tx.put(QUESTIONS, [made])
    details = {"hits": lost, "withdrawn": True}
    notes.record(tx, ctx, What.HITS_ERASED, "node", f"search/{question.id}", details, question.dossier)
    return made


# -- looking -----------------------------------------------------------------------------------------------------------


def page(
    tx: Writing, office: Office, who: Person, question: Question, reason: str, *, state: str = "", most: int = 1000
) -> tuple[Question, list[Seen]]:
    """The hits of an answered question, once it is written down who reads them, and the question as it is now.

    Raises NotAllowedError, InputError, StateError (not answered, its time is over, no current withdrawal list).
    """
    ask(tx, office, who, Action.SEARCH_READ, on(question.domain, "hit", question.id))
    words = why(who, question, reason)
    now_is = _answered(tx, question)
    made = withdraw(tx, office.ctx, now_is)
    every = tx.scan(SEARCH_HITS, "key", (question.id,), limit=_ALL)
    shown = [_seen(one) for one in every if state in ("", one.state)][:most]
    _read(tx, office, who, question, {"read": "hits", "hits": [one.number for one in shown], "reason": words})
    return made, shown


def show(tx: Writing, office: Office, who: Person, question: Question, number: int, reason: str) -> Seen:
    """One hit, once it is written down who reads it. Raises as `page`, and NotFoundError."""
    ask(tx, office, who, Action.SEARCH_READ, on(question.domain, "hit", question.id))
    words = why(who, question, reason)
    withdraw(tx, office.ctx, _answered(tx, question))
    seen = _seen(find(tx, question, number))
    _read(tx, office, who, question, {"read": "hit", "hits": [number], "reason": words})
    return seen


def find(tx: Reading, question: Question, number: int) -> SearchHit:
    """A hit by its number. Raises NotFoundError."""
    found = tx.get(SEARCH_HITS, question.id, number)
    if found is None:
        raise NotFoundError(f"expected a hit of question {question.id[:12]}, got {number}")
    return found


def entry_of(hit: SearchHit) -> Entry:
    """Who a hit is about. Raises StateError when its time is over."""
    if not hit.person:
        raise StateError(f"expected a hit whose time is not over, got {hit.number} of question {hit.question[:12]}")
    return _entry(hit.person)


def _answered(tx: Reading, question: Question) -> Question:
    now_is = tx.get(QUESTIONS, question.id) or question
    if now_is.state == "waiting":
        raise StateError(f"expected a question that was answered, got {question.id[:12]}, which waits")
    if now_is.state != "answered":
        raise StateError(f"expected a question whose hits are here, got {question.id[:12]}, which is {now_is.state}")
    return now_is


def why(who: Person, question: Question, reason: str) -> str:
    """Why somebody reads of a question: his words, or that he asked. Raises InputError."""
    if reason:
        return work.check_line(reason, "--reason")
    if question.by == who.id:
        return E_("asked the question")
    raise InputError(f"--reason: expected why hits of question {question.id[:12]} are read by {who.id}, got nothing")


def _read(tx: Writing, office: Office, who: Person, question: Question, details: dict[str, object]) -> None:
    telling.seen(tx, telling.HIT, who.id, question.id)
    on_ = f"search/{question.id}"
    notes.record(tx, office.ctx, What.HIT_READ, who.id, on_, details | {"index": question.index}, question.dossier)


def _seen(hit: SearchHit) -> Seen:
    kinds = tuple(dict.fromkeys(kind_of(one.key) for one in founds(hit)))
    return Seen(
        question=hit.question,
        number=hit.number,
        index=hit.index,
        state=hit.state,
        entry=_entry(hit.person) if hit.person else None,
        reference=hit.reference,
        by=kinds,
        draft=hit.draft,
        dossier=hit.dossier,
    )
