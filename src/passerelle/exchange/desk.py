"""An officer's acts: drafted by one person, released by another, then a message in line.

Rules kept here:
- the act, its message, its content, the dossier's new state and the audit record of the release are one transaction;
- everything the partner would check (7 to 10) is checked here first by the same functions, when it is drafted and
  again when it is released, because time, channel and dossier may have moved in between;
- author and releaser stand in the message with the commitment of the release's audit record, so that this node's own
  auditor can refute the statement;
- an act builds on the newest messages that this node has seen of the dossier.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.core.errors import DossierError, ForbiddenError, InputError, NotFoundError
from passerelle.exchange import notes, outbox
from passerelle.exchange.cases import Cases, Objection
from passerelle.exchange.content import MAX_AFTER, marks_of
from passerelle.exchange.context import Context
from passerelle.exchange.outbox import Outgoing
from passerelle.ports.records import AUDITS, DRAFTS, Audit, Draft, Message
from passerelle.ports.store import Reading, Writing

LANES = ("routine", "flash")
_SET_HERE = ("v", "kind", "id", "governance", "after", "four_eyes")
_PERSON = re.compile(r"\S{1,64}")


class RefusedError(ForbiddenError):
    """The act may not leave; `objections` has every reason."""

    def __init__(self, objections: Sequence[Objection]) -> None:
        self.objections = tuple(objections)
        super().__init__("; ".join(f"[{one.check}] {one.words}" for one in objections))


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """An act as an officer writes it: the content without what the node sets itself."""

    partner: str
    lane: str
    content: dict[str, Any]
    author: str
    releaser: str = ""


def _person(name: str, what: str) -> str:
    if not _PERSON.fullmatch(name):
        raise InputError(f"{what}: expected a person's name or number without blanks, 64 at most, got {name[:40]!r}")
    return name


def _checked(act: Act) -> None:
    if act.lane not in LANES:
        raise InputError(f"lane: expected {' or '.join(LANES)}, got {act.lane!r}")
    for key in _SET_HERE:
        if key in act.content:
            raise InputError(f"{key}: expected it to be set by the node, got it in the act")
    for key in ("dossier", "type", "act"):
        if not isinstance(act.content.get(key), str):
            raise InputError(f"{key}: expected text, got {act.content.get(key)!r}")
    if not ids.is_id(act.content["dossier"]):
        raise InputError(f"dossier: expected an id (UUIDv7), got {act.content['dossier'][:40]!r}")


def draft(ctx: Context, act: Act) -> Draft:
    """Write an act for another person to release. Raises InputError, NotFoundError or RefusedError."""
    _person(act.author, "author")
    _checked(act)

    def work(tx: Writing) -> Draft:
        ctx.confirmed(tx, act.partner)
        cases = Cases(tx, ctx)
        governance = outbox.governance_of(tx, ctx, act.partner)
        content = _content(cases, act, ids.new_id(), governance, bytes(32))
        if objections := _objections(ctx, cases, act, content, len(outbox.encode(content))):
            raise RefusedError(objections)
        made = Draft(
            id=content["id"],
            partner=act.partner,
            dossier=act.content["dossier"],
            act=act.content["act"],
            body=json.canonical({"lane": act.lane, **act.content}),
            author=act.author,
            created=ctx.clock.now(),
        )
        tx.add(DRAFTS, [made])
        details = {"draft": made.id, "act": made.act}
        notes.record(tx, ctx, What.ACT_DRAFTED, act.author, made.dossier, details, made.dossier)
        return made

    return ctx.store.write("desk.draft", work)


def discard(ctx: Context, draft_id: str, by: str, reason: str) -> None:
    """Throw a draft away. Raises NotFoundError."""
    _person(by, "by")

    def work(tx: Writing) -> None:
        found = _draft(tx, draft_id)
        tx.delete(DRAFTS, [(draft_id,)])
        details = {"draft": draft_id, "reason": reason}
        notes.record(tx, ctx, What.ACT_DISCARDED, by, found.dossier, details, found.dossier)

    ctx.store.write("desk.discard", work)


def release(ctx: Context, draft_ids: Iterable[str], releaser: str) -> list[Message]:
    """Release drafts: all of them leave, or none. Raises NotFoundError or RefusedError naming every reason."""
    _person(releaser, "releaser")
    wanted = list(draft_ids)

    def work(tx: Writing) -> list[Message]:
        acts = []
        for draft_id in wanted:
            found = _draft(tx, draft_id)
            content = json.parse_object(found.body)
            lane = content.pop("lane")
            act = Act(partner=found.partner, lane=lane, content=content, author=found.author, releaser=releaser)
            acts.append((found.id, act))
        messages = _write(tx, ctx, acts)
        tx.delete(DRAFTS, [(draft_id,) for draft_id in wanted])
        return messages

    return ctx.store.write("desk.release", work)


def post(ctx: Context, acts: Sequence[Act]) -> list[Message]:
    """Write acts that were drafted and released elsewhere (an import, another system): all, or none.

    Raises InputError, NotFoundError or RefusedError.
    """
    for act in acts:
        _person(act.author, "author")
        _person(act.releaser, "releaser")
        _checked(act)
    return ctx.store.write("desk.post", lambda tx: _write(tx, ctx, [(ids.new_id(), act) for act in acts]))


def _draft(tx: Reading, draft_id: str) -> Draft:
    found = tx.get(DRAFTS, draft_id)
    if found is None:
        raise NotFoundError(f"expected a draft that waits for release, got {draft_id!r}")
    return found


def _content(cases: Cases, act: Act, message_id: str, governance: str, audit: bytes) -> dict[str, Any]:
    """The content of an act as it would leave now. `audit`: the commitment of the release's record."""
    row = cases.row(act.content["dossier"])
    after = [*row.heads, *row.refused][:MAX_AFTER] if row else []
    return {
        "v": 1,
        "kind": "act",
        "id": message_id,
        "governance": governance,
        "after": after,
        "four_eyes": {"author": act.author, "releaser": act.releaser or "-", "audit": audit.hex()},
        **act.content,
    }


def _objections(ctx: Context, cases: Cases, act: Act, content: dict[str, Any], size: int) -> list[Objection]:
    if not ctx.policy.check_own:
        return []
    now = ctx.clock.now()
    return cases.judge(content, partner=act.partner, leaving=True, lane=act.lane, written=now, now=now, size=size)


def _write(tx: Writing, ctx: Context, acts: Sequence[tuple[str, Act]]) -> list[Message]:
    cases = Cases(tx, ctx)
    cases.preload(act.content["dossier"] for _, act in acts)
    outgoing: list[Outgoing] = []
    audits: list[Audit] = []
    now = ctx.clock.now()
    relied: dict[str, str] = {}
    for partner in dict.fromkeys(act.partner for _, act in acts):
        ctx.confirmed(tx, partner)
        relied[partner] = outbox.governance_of(tx, ctx, partner)
    for message_id, act in acts:
        details = {"message": message_id, "act": act.content["act"], "author": act.author}
        dossier = act.content["dossier"]
        audit = notes.make_record(now, What.ACT_RELEASED, act.releaser, dossier, details, dossier)
        content = _content(cases, act, message_id, relied[act.partner], audit.commitment)
        body = outbox.encode(content)
        if objections := _objections(ctx, cases, act, content, len(body)):
            raise RefusedError(objections)
        made = outbox.prepare(
            content,
            body,
            partner=act.partner,
            lane=act.lane,
            now=now,
            dossier=act.content["dossier"],
            author=act.author,
            releaser=act.releaser,
            **marks_of(content),
        )
        kind = cases.kind_of(content)
        if kind is None or act.content["act"] not in kind.acts:
            raise DossierError(f"type, act: expected those of the catalogue, got {act.content['act']!r}")
        outgoing.append(Outgoing(cases.apply(made.message, content), made.content))
        audits.append(audit)
    outbox.write(tx, outgoing)
    tx.add(AUDITS, audits)
    cases.save()
    return [one.message for one in outgoing]
