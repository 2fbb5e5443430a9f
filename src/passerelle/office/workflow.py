"""What officers do with acts: write, submit, release or send back. Every door goes through here.

Rules kept here:
- one transaction asks the policy, looks at the draft as it is now, checks the act as the partner will (7 to 10) and
  writes. So nobody is let through on a grant, a draft or a channel of a moment ago;
- no act leaves but from a submitted draft, by somebody whom the policy lets release it;
- four eyes: where channel or type want them, nobody who wrote a version of the draft releases it, whatever his roles;
- an act that needs a second approver (`facts`) is approved by one person, and leaves when another one releases it; both
  are asked for alike, and neither wrote it;
- what a duty officer releases alone in the flash lane is owed a review by another person from that moment on;
- what the type asks the author to attest is there when the act is submitted and when it is released. It stands in an
  audit record of its own and in no byte that leaves;
- a step begins at the version that the person saw (`seen`); see `drafts`.

Left unchecked: that the releaser has read the draft. That he read an earlier version and not this one is caught; that
he read none is not refused, for he may have it before him elsewhere, but the record of the release says it (`seen`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.clock import to_iso
from passerelle.core.errors import ForbiddenError, InputError, StateError
from passerelle.dossiers.types import ActType
from passerelle.exchange import attachments, claiming, desk, notes
from passerelle.exchange.context import Context
from passerelle.exchange.desk import Act, Leaving
from passerelle.office import consulting, drafts, facts, readership, reviews, telling
from passerelle.office.asking import Office, On, ask, may
from passerelle.office.policy import Action
from passerelle.ports.people import Person
from passerelle.ports.records import MESSAGES, Message
from passerelle.ports.store import Reading, Writing
from passerelle.ports.work import DRAFTS, Draft


class NotAttestedError(ForbiddenError):
    """The author has not attested what the type asks for."""


def draft(
    office: Office,
    who: Person,
    act: Act,
    *,
    attest: Iterable[str] = (),
    submit: bool = False,
    also: Callable[[Writing, Draft], None] | None = None,
) -> Draft:
    """Write an act, and submit it at once if asked. Its author is `who`. `also`: done in the same transaction.

    Raises InputError, NotFoundError, NotAllowedError, NotAttestedError or RefusedError, and what `also` raises.
    """
    act = _by(act, who)
    desk.checked(act)

    def work(tx: Writing) -> Draft:
        now = office.ctx.clock.now()
        made = drafts.made(ids.new_id(), act, attest, now)
        ask(tx, office, who, _writing(office.ctx, made), facts.of_draft(tx, office.ctx, made))
        kind = _checked(tx, office.ctx, made, act)
        _attest(tx, office.ctx, made, kind, who, now)
        _record(tx, office, What.ACT_DRAFTED, who, made)
        if submit:
            made = _submit(tx, office, who, made, kind, now)
        tx.add(DRAFTS, [made])
        if also is not None:
            also(tx, made)
        return made

    return office.ctx.store.write("desk.draft", work)


def edit(
    office: Office,
    who: Person,
    draft_id: str,
    act: Act,
    *,
    attest: Iterable[str] | None = None,
    seen: int | None = None,
) -> Draft:
    """Write the next version of a draft. A submitted one is taken back by it.

    `attest`: None keeps what the same author attested, as long as the draft says the same: nobody has attested what he
    had not written yet.

    Raises as `draft`, and StateError when somebody else was faster.
    """
    act = _by(act, who)
    desk.checked(act)

    def work(tx: Writing) -> Draft:
        now = office.ctx.clock.now()
        check_known(tx, office, who, draft_id)
        found = drafts.find(tx, draft_id, drafts.OPEN, seen)
        made = drafts.edited(found, act, found.attested if attest is None else attest, now)
        if attest is None and (found.author != who.id or found.body != made.body):
            made = msgspec.structs.replace(made, attested=())
        # Of the services of before: nobody lets his own in by writing a version.
        readers = facts.of_draft(tx, office.ctx, found).readers
        on = msgspec.structs.replace(facts.of_draft(tx, office.ctx, made), readers=readers)
        ask(tx, office, who, Action.DRAFT_EDIT, on)
        kind = _checked(tx, office.ctx, made, act)
        _attest(tx, office.ctx, made, kind, who, now)
        tx.put(DRAFTS, [made])
        attachments.drop(tx, drafts.addresses_of(found) - drafts.addresses_of(made))
        attachments.keep(tx, office.ctx, drafts.addresses_of(made))
        _record(tx, office, What.ACT_EDITED, who, made)
        return made

    return office.ctx.store.write("desk.edit", work)


def submit(office: Office, who: Person, draft_id: str, *, attest: Iterable[str] = (), seen: int | None = None) -> Draft:
    """Hand a draft to whoever may release it. By its author alone, who answers for what it says.

    `attest`: what he attests beside what he has attested already.

    Raises NotFoundError, NotAllowedError, NotAttestedError, RefusedError or StateError.
    """

    def work(tx: Writing) -> Draft:
        now = office.ctx.clock.now()
        _asked_first(tx, office, who, Action.DRAFT_EDIT, draft_id)
        found = drafts.find(tx, draft_id, ("draft", "returned"), seen)
        if who.id != found.author:
            words = f"expected draft {draft_id} to be submitted by its author, {found.author}, got {who.id}"
            raise ForbiddenError(words)
        more = set(attest) - set(found.attested)
        found = msgspec.structs.replace(found, attested=tuple(sorted({*found.attested, *more})))
        kind = _checked(tx, office.ctx, found, drafts.act_of(found))
        if more:
            _attest(tx, office.ctx, found, kind, who, now)
        made = _submit(tx, office, who, found, kind, now)
        tx.put(DRAFTS, [made])
        attachments.keep(tx, office.ctx, drafts.addresses_of(made))
        return made

    return office.ctx.store.write("desk.submit", work)


def send_back(office: Office, who: Person, draft_id: str, comment: str, *, seen: int | None = None) -> Draft:
    """Give a submitted draft back to its author, who is told, and say why.

    Raises NotFoundError, NotAllowedError or StateError.
    """
    words = drafts.check_comment(comment)

    def work(tx: Writing) -> Draft:
        _asked_first(tx, office, who, Action.DRAFT_SEND_BACK, draft_id)
        found = drafts.find(tx, draft_id, ("submitted",), seen)
        made = drafts.moved(found, "returned", who.id, office.ctx.clock.now(), words)
        tx.put(DRAFTS, [made])
        attachments.keep(tx, office.ctx, drafts.addresses_of(made))
        _record(tx, office, What.ACT_SENT_BACK, who, made, comment=words)
        telling.tell(tx, office.ctx, telling.RETURNED, made.author, who.id, made.dossier, made.id)
        return made

    return office.ctx.store.write("desk.send-back", work)


def discard(office: Office, who: Person, draft_id: str, reason: str, *, seen: int | None = None) -> Draft:
    """Throw a draft away: what it says is gone, its files too; that it was there stays. Raises as `send_back`."""
    words = drafts.check_comment(reason, "reason")

    def work(tx: Writing) -> Draft:
        _asked_first(tx, office, who, Action.DRAFT_DISCARD, draft_id)
        found = drafts.find(tx, draft_id, drafts.OPEN, seen)
        made = drafts.moved(found, "discarded", who.id, office.ctx.clock.now(), words)
        tx.put(DRAFTS, [made])
        attachments.drop(tx, drafts.addresses_of(found))
        claiming.discarded(tx, found.id)
        _record(tx, office, What.ACT_DISCARDED, who, made, reason=words)
        return made

    return office.ctx.store.write("desk.discard", work)


def release(
    office: Office, who: Person, draft_ids: Iterable[str], *, seen: Mapping[str, int] | None = None
) -> list[Message]:
    """Release submitted drafts: all of them leave, or none. What needs a second approver is approved, and stays.

    Raises NotFoundError, NotAllowedError, NotAttestedError, RefusedError (naming every reason) or StateError.
    """
    wanted = list(dict.fromkeys(draft_ids))

    def work(tx: Writing) -> list[Message]:
        leaving: list[Leaving] = []
        owed: dict[str, str] = {}
        for draft_id in wanted:
            action, on = _release_asked(tx, office, who, draft_id)
            found = drafts.find(tx, draft_id, ("submitted",), (seen or {}).get(draft_id))
            read = consulting.check_read(tx, who, found)
            kind = _act_type(office.ctx, found)
            _complete(kind, found)
            if on.second and not found.first:
                _approve(tx, office, who, found, seen=read)
                continue
            if action is Action.DRAFT_RELEASE_ON_DUTY:
                owed[draft_id] = kind.review
            leaving.append(Leaving(draft_id, drafts.act_of(found, who.id), {"how": action.value, "seen": read}))
        messages = desk.write(tx, office.ctx, leaving)
        tx.delete(DRAFTS, [(one.message,) for one in leaving])
        for message in messages:
            if duration := owed.get(message.id):
                reviews.begin(tx, office.ctx, message, duration)
        return messages

    return office.ctx.store.write("desk.release", work)


def post(office: Office, author: Person, releaser: Person, acts: Sequence[Act]) -> list[Message]:
    """Acts that one person wrote and another releases, many at once: all leave, or none.

    For an import whose content both have before them elsewhere: this node has not seen the releaser read it, and the
    record says so. Raises as `draft` and `release`.
    """
    written = [(ids.new_id(), _by(act, author)) for act in acts]
    for _, act in written:
        desk.checked(act)

    def work(tx: Writing) -> list[Message]:
        now = office.ctx.clock.now()
        leaving: list[Leaving] = []
        for message_id, act in written:
            made = drafts.made(message_id, act, (), now)
            # Without the id the question is the same for all that are alike, and is answered once.
            written_by = msgspec.structs.replace(facts.of_draft(tx, office.ctx, made), id="")
            ask(tx, office, author, _writing(office.ctx, made), written_by)
            on = msgspec.structs.replace(facts_for(tx, office.ctx, made, releaser), id="")
            action = Action.DRAFT_RELEASE if author.id != releaser.id or on.four_eyes else Action.DRAFT_RELEASE_ALONE
            ask(tx, office, releaser, action, on)
            _complete(_act_type(office.ctx, made), made)
            details = {"how": action.value, "seen": author.id == releaser.id}
            leaving.append(Leaving(message_id, drafts.act_of(made, releaser.id), details))
        return desk.write(tx, office.ctx, leaving)

    return office.ctx.store.write("desk.post", work)


# ---- what the policy is asked ----------------------------------------------------------------------------------------


def facts_for(tx: Reading, ctx: Context, found: Draft, who: Person) -> On:
    """A draft as the policy sees it when somebody is about to release it: whoever wrote a version is its author."""
    on = facts.of_draft(tx, ctx, found)
    return msgspec.structs.replace(on, author=who.id) if who.id in found.authors else on


def _writing(ctx: Context, found: Draft) -> Action:
    kind = ctx.catalogue.get(found.type)
    opens = kind is not None and found.act in kind.opening
    return Action.DOSSIER_OPEN if opens else Action.DOSSIER_ACT


def _how(tx: Reading, office: Office, who: Person, found: Draft, on: On) -> Action:
    """In which way this person would release the draft."""
    if who.id in found.authors:
        if on.review:
            return Action.DRAFT_RELEASE_ON_DUTY
        return Action.DRAFT_RELEASE if on.four_eyes else Action.DRAFT_RELEASE_ALONE
    if on.review and not may(tx, office, who, Action.DRAFT_RELEASE, on):
        return Action.DRAFT_RELEASE_ON_DUTY
    return Action.DRAFT_RELEASE


def _asked_first(tx: Reading, office: Office, who: Person, action: Action, draft_id: str) -> None:
    """Ask before anything else is said of a draft: how it stands, and who wrote it, is not for everybody to learn."""
    check_known(tx, office, who, draft_id)
    if (there := tx.get(DRAFTS, draft_id)) is not None:
        ask(tx, office, who, action, facts.of_draft(tx, office.ctx, there))


def check_known(tx: Reading, office: Office, who: Person, draft_id: str) -> None:
    """Raises StateError for a draft that was released, when this person may look at its dossier.

    To anybody else it is a draft that is not here.
    """
    message = tx.get(MESSAGES, draft_id) if tx.get(DRAFTS, draft_id) is None else None
    if message is None or message.direction != "out" or not message.releaser:
        return
    if may(tx, office, who, Action.DOSSIER_LOOK, facts.of_message(tx, office.ctx, message)):
        words = f"released by {message.releaser} on {to_iso(message.noted)}"
        raise StateError(f"expected a draft, got message {draft_id}, {words}")


def _release_asked(tx: Reading, office: Office, who: Person, draft_id: str) -> tuple[Action, On]:
    """`_asked_first`, of releasing it in the way that is this person's; that way, and what was asked about."""
    check_known(tx, office, who, draft_id)
    there = tx.get(DRAFTS, draft_id)
    if there is None:
        return Action.DRAFT_RELEASE, On(kind="draft")  # `drafts.find` says that it is not here
    on = facts_for(tx, office.ctx, there, who)
    action = _how(tx, office, who, there, on)
    ask(tx, office, who, action, on)
    return action, on


# ---- the steps -------------------------------------------------------------------------------------------------------


def _by(act: Act, who: Person) -> Act:
    return Act(partner=act.partner, lane=act.lane, content=act.content, author=who.id, releaser=act.releaser)


def _act_type(ctx: Context, found: Draft) -> ActType:
    kind = ctx.catalogue.get(found.type)
    act = kind.acts.get(found.act) if kind else None
    if act is None:
        raise InputError(f"act: expected one of the catalogue, got {found.act[:64]!r} of {found.type[:64]!r}")
    return act


def _checked(tx: Reading, ctx: Context, found: Draft, act: Act) -> ActType:
    """The type of an act that could leave now."""
    desk.check(tx, ctx, act, found.id)
    kind = _act_type(ctx, found)
    drafts.check_attested(kind, found.attested)
    readers = facts.of_draft(tx, ctx, found).readers if act.content.get("body") else None
    if readers and (words := readership.misasked(readers, found.act, act.content["body"])):
        raise InputError(words)
    return kind


def _complete(kind: ActType, found: Draft) -> None:
    if lacking := drafts.lacking(kind.attest, found.attested):
        how = " ".join(f"--attest {name}" for name in lacking)
        names = ", ".join(lacking)
        raise NotAttestedError(
            f"attest: expected {names} to be attested by the author of draft {found.id} ({how}), got nothing"
        )


def _approve(tx: Writing, office: Office, who: Person, found: Draft, *, seen: bool) -> None:
    """The first of two approvals: looked at as a release is, written down, and the draft waits for the second."""
    ctx = office.ctx
    desk.check(tx, ctx, drafts.act_of(found, who.id), found.id)
    made = drafts.approved(found, who.id, ctx.clock.now())
    tx.put(DRAFTS, [made])
    attachments.keep(tx, ctx, drafts.addresses_of(made))
    _record(tx, office, What.ACT_APPROVED, who, made, seen=seen)


def _submit(tx: Writing, office: Office, who: Person, found: Draft, kind: ActType, now: int) -> Draft:
    _complete(kind, found)
    made = drafts.moved(found, "submitted", who.id, now)
    _record(tx, office, What.ACT_SUBMITTED, who, made)
    return made


def _attest(tx: Writing, ctx: Context, found: Draft, kind: ActType, who: Person, now: int) -> None:
    """What is attested is written down by itself: no other record, and no export, carries it."""
    if found.attested:
        words: dict[str, Any] = {name: kind.attest[name].en for name in found.attested}
        details = {"draft": found.id, "version": found.version, "attested": words}
        notes.record(tx, ctx, What.ACT_ATTESTED, who.id, found.dossier, details, found.dossier)


def _record(tx: Writing, office: Office, what: What, who: Person, found: Draft, **more: object) -> None:
    details = {"draft": found.id, "act": found.act, "version": found.version, **more}
    notes.record(tx, office.ctx, what, who.id, found.dossier, details, found.dossier)
