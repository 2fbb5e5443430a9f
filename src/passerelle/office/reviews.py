"""The second pair of eyes that comes afterwards: reviews of what a duty officer released alone.

Rules kept here:
- the review is owed from the moment of the release, within the time that the type gives (a timer of this node: it is
  reminded, and missing it is an audit record);
- another person than the one who released the act, and than those who wrote it, reviews it, once;
- an act that is not upheld has left all the same: an alarm says what can be done about it, and who released it
  is told.

Left unchecked: who may review (`workflow` and the policy).
"""

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import ForbiddenError, InputError, NotFoundError, StateError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.office import drafts, readership, telling, timers
from passerelle.office.asking import Office, On, Sight, ask
from passerelle.office.policy import Action
from passerelle.ports.people import Person
from passerelle.ports.records import DOSSIERS, MESSAGES, Message
from passerelle.ports.store import Reading, Writing
from passerelle.ports.work import REVIEWS, Review

OUTCOMES = ("upheld", "not-upheld")
TIMER = "review"
_MOST = 100_000


def begin(tx: Writing, ctx: Context, message: Message, duration: str) -> Review:
    """The act was released alone: from now on its review is owed. `duration`: ISO 8601."""
    timer = timers.begin(tx, ctx, message, TIMER, duration, tell="approver")
    made = Review(
        message=message.id,
        dossier=message.dossier,
        partner=message.partner,
        act=message.act,
        channel=message.channel,
        domain=timer.domain,
        released=message.noted,
        released_by=message.releaser,
        author=message.author,
        due=timer.due,
    )
    tx.add(REVIEWS, [made])
    return made


def review(office: Office, who: Person, message_id: str, outcome: str, comment: str) -> Review:
    """Say whether the release was right. Raises InputError, NotFoundError, NotAllowedError or StateError."""
    if outcome not in OUTCOMES:
        raise InputError(f"outcome: expected one of {', '.join(OUTCOMES)}, got {outcome[:40]!r}")
    words = drafts.check_comment(comment)
    ctx = office.ctx

    def work(tx: Writing) -> Review:
        found = tx.get(REVIEWS, message_id)
        message = tx.get(MESSAGES, message_id)
        if found is None or message is None:
            raise NotFoundError(f"expected a message that is owed a review, got {message_id!r}")
        ask(tx, office, who, Action.MESSAGE_REVIEW, facts(found, tx, ctx))
        if who.id in (found.released_by, found.author):
            words_ = f"review: expected another person than those who wrote and released the act, got {who.id}"
            raise ForbiddenError(words_)
        if found.state != "open":
            done = f"{found.state} by {found.done_by} on {to_iso(found.done)}"
            raise StateError(f"expected a review that is still owed, got one that was {done}")
        made = msgspec.structs.replace(found, state=outcome, done=ctx.clock.now(), done_by=who.id, comment=words)
        tx.put(REVIEWS, [made])
        timers.meet(tx, ctx, message, TIMER, who.id)
        details = {"message": message_id, "act": found.act, "outcome": outcome, "comment": words}
        notes.record(tx, ctx, What.ACT_REVIEWED, who.id, found.dossier, details, found.dossier)
        if outcome == "not-upheld":
            notes.alarm(tx, ctx, "review.not-upheld", found.partner, _what_to_do(found, who))
            telling.tell(tx, ctx, telling.NOT_UPHELD, found.released_by, who.id, found.dossier, message_id)
        return made

    return ctx.store.write("desk.review", work)


def _what_to_do(found: Review, who: Person) -> str:
    return (
        f"{who.id} did not uphold message {found.message} ({found.act}), which {found.released_by} released alone: "
        f"correct or withdraw it in dossier {found.dossier}, and see to what {found.partner} has done with it"
    )


def facts(found: Review, tx: Reading, ctx: Context) -> On:
    """A review as the policy sees it."""
    row = tx.get(DOSSIERS, found.dossier)
    return On(
        kind="message",
        id=found.message,
        domain=found.domain,
        lane="flash",
        act=found.act,
        author=found.released_by,
        review=True,
        readers=readership.of_row(tx, ctx, row) if row else None,
    )


def listed(tx: Reading, now: int, *, overdue: bool = False, done: bool = False) -> list[Review]:
    """Reviews that are owed, the one due first first, so that overdue ones stand on top; with `done` the others too."""
    found = [one for one in tx.scan(REVIEWS, "by_state", ("open",), limit=_MOST) if not overdue or one.due < now]
    if done and not overdue:
        for state in OUTCOMES:
            found += tx.scan(REVIEWS, "by_state", (state,), limit=_MOST)
    return found


def seen(tx: Reading, office: Office, who: Person, *, overdue: bool = False, done: bool = False) -> list[Review]:
    """The reviews of the domains that a person may see, as `listed` gives them."""
    sight = Sight(tx, office, who, Action.REVIEW_LOOK)
    every = listed(tx, office.ctx.clock.now(), overdue=overdue, done=done)
    found = [one for one in every if sight.sees(msgspec.structs.replace(facts(one, tx, office.ctx), author=""))]
    sight.check(found)
    return found
