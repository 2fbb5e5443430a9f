"""Files at the desk: added to a draft, taken out again, read by whoever may, and how each of them stands.

Rules kept here:
- a file is an edit of the draft: it takes a submitted one back, makes whoever does it one of its authors, and nobody
  releases it unread;
- the policy and the act's own rule are asked before a byte is taken in, and by the edit once more. If we stop in
  between, or the edit is refused, what was sealed is dropped or expires;
- a file is read as content is: policy, reason, audit record, and then the bytes. Its name is content, too.

Left unchecked: what stands inside a file. It is never opened here.
"""

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, NamedTuple

import msgspec

from passerelle.core import json
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.dossiers.shapes import AttachmentRule
from passerelle.exchange import attachments
from passerelle.exchange.attachments import Announced
from passerelle.exchange.desk import Act
from passerelle.identity.stream import CHUNK
from passerelle.ledger.pieces import CHUNKS
from passerelle.office import consulting, drafts, facts, workflow
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.ports.attachments import Attachment
from passerelle.ports.erasures import ERASURES
from passerelle.ports.people import Person
from passerelle.ports.records import CONTENTS, DOSSIERS, MESSAGES, Message
from passerelle.ports.store import Reading, Writing
from passerelle.ports.work import DRAFTS, Draft

STATES = ("attached", "in-line", "waiting", "complete", "refused", "lost", "erased", "expired")


class Given(NamedTuple):
    """A file that somebody adds. `media`: what he says it is; its bytes are held against it."""

    source: BinaryIO
    name: str
    media: str


class Standing(msgspec.Struct, frozen=True):
    """How a file of a message or a draft stands. `number` from 1; `here`: bytes of it that are on this node.

    `state`: one of STATES. `outcome`: the receiver's word for what came of it, `answer`: the message that says so.
    """

    number: int
    address: str
    media: str
    size: int
    state: str
    here: int
    outcome: str = ""
    answer: str = ""


# ---- adding and taking out -------------------------------------------------------------------------------------------


def attach(
    office: Office, who: Person, draft_id: str, files: Sequence[Given], *, seen: int | None = None
) -> tuple[Draft, list[Announced]]:
    """Take files in and add them to a draft.

    Raises InputError (a file that is not of its type, that the act may not bear, or too large), and as `workflow.edit`.
    """
    ctx = office.ctx

    def look(tx: Reading) -> tuple[Draft, AttachmentRule]:
        workflow.check_known(tx, office, who, draft_id)
        if (there := tx.get(DRAFTS, draft_id)) is not None:
            ask(tx, office, who, Action.DRAFT_EDIT, facts.of_draft(tx, ctx, there))
        found = drafts.find(tx, draft_id, drafts.OPEN, seen)
        kind = ctx.catalogue.get(found.type)
        rule = kind.acts[found.act].attachments if kind and found.act in kind.acts else AttachmentRule()
        return found, rule

    found, rule = ctx.store.read(look)
    there = drafts.files_of(found)
    _fits(found, rule, [*(one["media"] for one in there), *(one.media for one in files)])
    made: list[Announced] = []
    try:
        for one in files:
            made.append(attachments.seal(ctx, one.source, name=one.name, media=one.media))
        listed = [*there, *(msgspec.to_builtins(one) for one in made)]
        return _edit(office, who, found, listed), made
    except BaseException:
        ctx.store.write("attachments.undo", lambda tx: attachments.drop(tx, [one.address for one in made]))
        raise


def _fits(found: Draft, rule: AttachmentRule, media: Sequence[str]) -> None:
    if not rule.most:
        raise InputError(f"attach: expected an act that bears files, got {found.act}, which bears none")
    if len(media) > rule.most:
        raise InputError(f"attach: expected at most {rule.most} files in {found.act}, got {len(media)}")
    for one in media:
        if one not in rule.media:
            kinds = ", ".join(kind.name for kind in rule.kinds)
            raise InputError(f"attach: expected a file of {kinds} in {found.act}, got {one}")


def detach(office: Office, who: Person, draft_id: str, wanted: Iterable[str], *, seen: int | None = None) -> Draft:
    """Take files out of a draft; they are deleted. `wanted`: their numbers from 1, or addresses or beginnings of them.

    Raises NotFoundError, and as `workflow.edit`.
    """

    def look(tx: Reading) -> Draft:
        workflow.check_known(tx, office, who, draft_id)
        if (there := tx.get(DRAFTS, draft_id)) is not None:
            ask(tx, office, who, Action.DRAFT_EDIT, facts.of_draft(tx, office.ctx, there))
        return drafts.find(tx, draft_id, drafts.OPEN, seen)

    found = office.ctx.store.read(look)
    there = drafts.files_of(found)
    gone = {place_of(there, one) for one in wanted}
    return _edit(office, who, found, [one for place, one in enumerate(there) if place not in gone])


def _edit(office: Office, who: Person, found: Draft, files: Sequence[dict[str, Any]]) -> Draft:
    act = drafts.act_of(found)
    content = {key: value for key, value in act.content.items() if key != "attachments"}
    if files:
        content["attachments"] = list(files)
    changed = Act(partner=act.partner, lane=act.lane, content=content, author=who.id)
    return workflow.edit(office, who, found.id, changed, seen=found.version)


def place_of(files: Sequence[dict[str, Any]], wanted: str) -> int:
    """Where a file stands in a list, by its number from 1, its address or the beginning of that (4 letters at least).

    Raises NotFoundError, or InputError when several addresses begin so.
    """
    if wanted.isascii() and wanted.isdecimal() and 1 <= int(wanted[:9]) <= len(files):
        return int(wanted) - 1
    fitting = [place for place, one in enumerate(files) if len(wanted) >= 4 and one["address"].startswith(wanted)]
    if len(fitting) > 1:
        raise InputError(f"expected the address of one file, got {wanted[:64]!r}, with which several begin")
    if not fitting:
        expected = f"a number from 1 to {len(files)}" if files else "a message with files"
        raise NotFoundError(f"attachment: expected {expected}, or an address of them, got {wanted[:64]!r}")
    return fitting[0]


# ---- how they stand --------------------------------------------------------------------------------------------------


def of_message(tx: Reading, message: Message) -> list[Standing]:
    """The files of a message, in its order. Those of an erased one are not known any more."""
    return [standing(row, message) for row in attachments.progress(tx, message.id)]


def standing(row: Attachment, message: Message) -> Standing:
    """How one of them stands."""
    here = min(row.size, row.count * CHUNKS * CHUNK)
    if row.state in ("complete", "refused", "lost"):
        state = row.state
    elif message.state == "unsequenced":
        state = "in-line"
    else:
        state = "waiting"
    return Standing(row.place + 1, row.address, row.media, row.size, state, here, row.outcome, row.answer)


def of_draft(tx: Reading, found: Draft) -> list[Standing]:
    """The files of a draft."""
    made = []
    for number, one in enumerate(drafts.files_of(found), 1):
        row = attachments.own(tx, one["address"])
        state = "expired" if row is None else "attached"
        made.append(Standing(number, one["address"], one["media"], one["size"], state, one["size"] if row else 0))
    return made


def is_erased(tx: Reading, message_id: str) -> bool:
    """Whether what the message said, and with it what its files were, was erased here."""
    return tx.get(ERASURES, message_id) is not None


# ---- reading ---------------------------------------------------------------------------------------------------------


def read(tx: Writing, office: Office, who: Person, target: Message | Draft, wanted: str, reason: str) -> Announced:
    """The file that somebody is about to read, after the record of it is written.

    Raises NotAllowedError, InputError (no reason), NotFoundError, StateError (not here, or not whole).
    """
    if isinstance(target, Draft):
        ask(tx, office, who, Action.ATTACHMENT_SAVE, facts.of_draft(tx, office.ctx, target))
        one = _chosen(drafts.files_of(target), wanted)
        consulting.draft(tx, office, who, target, reason, what="attachment", file=one.address)
    else:
        row = tx.get(DOSSIERS, target.dossier) if target.dossier else None
        if row is None:
            raise NotFoundError(f"expected a message of a dossier, got {target.id}")
        ask(tx, office, who, Action.ATTACHMENT_SAVE, facts.of_dossier(tx, office.ctx, row))
        body = tx.get(CONTENTS, target.id)
        if body is None:
            words = "erased here" if is_erased(tx, target.id) else "which came or stayed without content"
            raise StateError(f"expected a message with its content, got {target.id}, {words}")
        one = _chosen(json.parse_object(body.body).get("attachments", []), wanted)
        consulting.dossier(tx, office, who, row, [target], reason, what="attachment", file=one.address)
    if attachments.held(tx, one.address) is None:
        raise StateError(f"expected a file that is here and whole, got {one.address[:12]}, which is not")
    return one


def _chosen(files: Sequence[dict[str, Any]], wanted: str) -> Announced:
    return msgspec.convert(files[place_of(files, wanted)], Announced)


def named(tx: Reading, target: Message | Draft) -> list[str]:
    """The names of the files: content, for somebody who reads it."""
    if isinstance(target, Draft):
        return [str(one["name"]) for one in drafts.files_of(target)]
    body = tx.get(CONTENTS, target.id)
    return [str(one["name"]) for one in json.parse_object(body.body).get("attachments", [])] if body else []


def messages_of(tx: Reading, dossier: str) -> list[Message]:
    """The messages of a dossier, in the order in which they came."""
    return tx.scan(MESSAGES, "by_dossier", (dossier,), limit=100_000)
