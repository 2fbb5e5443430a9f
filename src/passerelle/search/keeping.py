"""What is over goes: what opens a question, who was asked about, hits that no dossier was opened on.

Whoever looks at questions calls `expire_all` first, so that nothing is shown whose time is over, with or without a
service; the service calls it at its start, before anything else, and then again and again.

Rules kept here:
- at a question's time its opening and its unverified hits are erased; of a hit that a draft or a dossier has, the row
  stays without the person, for the figures. The question's row, the digest of its elements and what the audit log says
  stay;
- no backup has openings and hits: a question that waits without what opens it cannot be sent any more, and is over;
- what is erased on request goes at once. It cannot come back with a store that is put back.
"""

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.core.retold import E_
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.office import work
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.ports.erasures import Ground
from passerelle.ports.people import Person
from passerelle.ports.search import OPENINGS, QUESTIONS, SEARCH_HITS, Question
from passerelle.ports.store import Reading, Writing
from passerelle.search.grounds import on

PAGE = 500
NEVER = 2**62
"""When a question goes that is over: its row stays."""
_ALL = 1_000_000


def expire_all(ctx: Context) -> int:
    """Erase all that is over. Returns how many steps it took."""
    done = 0
    while expire(ctx):
        done += 1
    return done


def expire(ctx: Context) -> bool:
    """One small step: what one question left behind is erased. Returns whether there may be more."""
    now = ctx.clock.now()
    if not ctx.store.read(lambda tx: _over(tx, now) or _lost(tx)):
        return False

    def do(tx: Writing) -> bool:
        for one in _over(tx, now):
            _erase(tx, ctx, one, "", "node", {"hits": one.hits - one.withdrawn})
        for one in _lost(tx):
            _erase(tx, ctx, one, E_("no backup has what it asked"), "node", {"hits": 0})
        return True

    return ctx.store.write("search.expire", do)


def _over(tx: Reading, now: int) -> list[Question]:
    return [one for one in tx.scan(QUESTIONS, "by_expiry", limit=1) if one.expires <= now]


def _lost(tx: Reading) -> list[Question]:
    """A question that waits and has no opening."""
    waiting = tx.scan(QUESTIONS, "by_state", ("waiting",), limit=PAGE)
    there = tx.get_many(OPENINGS, [(one.id,) for one in waiting])
    return [one for one in waiting if (one.id,) not in there][:1]


def _erase(tx: Writing, ctx: Context, one: Question, reason: str, by: str, details: dict[str, object]) -> None:
    tx.delete(OPENINGS, [(one.id,)])
    for hit in tx.scan(SEARCH_HITS, "key", (one.id,), limit=_ALL):
        if hit.state == "unverified" and not hit.draft:
            tx.delete(SEARCH_HITS, [(hit.question, hit.number)])
        else:
            tx.put(SEARCH_HITS, [msgspec.structs.replace(hit, person=b"", claim=b"", key="", more=b"")])
    tx.put(QUESTIONS, [msgspec.structs.replace(one, state="over", expires=NEVER, reason=reason or one.reason)])
    notes.record(tx, ctx, What.HITS_ERASED, by, f"search/{one.id}", details, one.dossier)


def missing(tx: Reading, question: Question) -> int:
    """How many hits of an answered question are not here although its time is not over: no backup has them."""
    there = tx.count(SEARCH_HITS, "key", (question.id,))
    return max(0, question.hits - question.withdrawn - there) if question.state == "answered" else 0


def erase(office: Office, who: Person, question: Question, number: int, ground: str, reason: str) -> None:
    """Erase a hit before its time, or (number 0) all that a question left. `reason`: in words that name nobody.

    Raises InputError, NotAllowedError, NotFoundError, StateError.
    """
    if ground not in set(Ground):
        raise InputError(f"--ground: expected one of {', '.join(Ground)}, got {ground[:40]!r}")
    words = work.check_line(reason, "--reason")
    ctx = office.ctx

    def do(tx: Writing) -> None:
        ask(tx, office, who, Action.HIT_ERASE, on(question.domain, "hit", question.id))
        now_is = tx.get(QUESTIONS, question.id) or question
        details: dict[str, object] = {"ground": ground, "reason": words}
        if not number:
            if now_is.state == "over":
                raise StateError(f"expected a question that left something, got {question.id[:12]}, which is over")
            _erase(tx, ctx, now_is, "", who.id, details)
            return
        if tx.get(SEARCH_HITS, question.id, number) is None:
            raise NotFoundError(f"expected a hit of question {question.id[:12]}, got {number}")
        tx.delete(SEARCH_HITS, [(question.id, number)])
        tx.put(QUESTIONS, [msgspec.structs.replace(now_is, hits=now_is.hits - 1)])
        on_ = f"search/{question.id}"
        notes.record(tx, ctx, What.HITS_ERASED, who.id, on_, {"number": number, **details}, question.dossier)

    ctx.store.write("search.erase", do)
