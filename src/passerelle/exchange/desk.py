"""Acts that leave: checked as the partner will check them, then a message in line.

Rules kept here:
- the act, its message, its content, the dossier's new state and the audit record of the release are one transaction;
- everything the partner would check (7 to 10) is checked here first by the same functions: `check` while an act is
  written, `write` again when it is released, because time, channel and dossier may have moved in between;
- author and releaser stand in the message with the commitment of the release's audit record, so that this node's own
  auditor can refute the statement;
- the files that an act announces are here, and are bound to it in the same transaction;
- an act builds on the newest messages that this node has seen of the dossier.

Left unchecked: who may write and release what. `office.workflow` asks the policy first; `post` is for acts that were
released elsewhere, and for tests.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.errors import DossierError, ForbiddenError, InputError
from passerelle.dossiers import opinion
from passerelle.dossiers.opinion import NOBODY_YET
from passerelle.exchange import attachments, notes, outbox
from passerelle.exchange.cases import Cases
from passerelle.exchange.content import MAX_AFTER, marks_of
from passerelle.exchange.context import Context
from passerelle.exchange.judging import Objection
from passerelle.exchange.outbox import Outgoing
from passerelle.ports.records import AUDITS, Audit, Message
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
    """An act as an officer writes it: the content without what the node sets itself.

    `second`: the second approver, whom an act needs that names an offence of opinion.
    """

    partner: str
    lane: str
    content: dict[str, Any]
    author: str
    releaser: str = ""
    second: str = ""


class Leaving(NamedTuple):
    """An act that is released as the message of this id. `details`: more for the audit record of the release."""

    message: str
    act: Act
    details: Mapping[str, object] = {}


def _person(name: str, what: str) -> str:
    if not _PERSON.fullmatch(name):
        raise InputError(f"{what}: expected a person's name or number without blanks, 64 at most, got {name[:40]!r}")
    return name


def checked(act: Act) -> Act:
    """The act itself, when it is of the form that one has before the node adds its part. Raises InputError."""
    _person(act.author, "author")
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
    return act


def check(tx: Reading, ctx: Context, act: Act, message_id: str) -> None:
    """Whether the act could leave as this message now, by whoever is not its author, and a second one where one is due.

    Raises InputError, NotFoundError, StateError, or RefusedError naming every reason.
    """
    checked(act)
    ctx.confirmed(tx, act.partner)
    cases = Cases(tx, ctx)
    governance = outbox.governance_of(tx, ctx, act.partner)
    kind = cases.kind_of(act.content)
    if kind and opinion.found(act.content, kind):
        act = msgspec.structs.replace(act, second=act.second or NOBODY_YET)
    content = _content(cases, act, message_id, governance, bytes(32))
    if objections := _objections(ctx, cases, act, content, len(outbox.encode(content))):
        raise RefusedError(objections)
    if ctx.policy.check_own:
        attachments.check(tx, content)


def post(ctx: Context, acts: Sequence[Act]) -> list[Message]:
    """Write acts that were drafted and released elsewhere (an import, another system): all, or none.

    Raises InputError, NotFoundError or RefusedError.
    """
    leaving = [Leaving(ids.new_id(), checked(act)) for act in acts]
    return ctx.store.write("desk.post", lambda tx: write(tx, ctx, leaving))


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
        "four_eyes": {
            "author": act.author,
            "releaser": act.releaser or NOBODY_YET,
            **({"second": act.second} if act.second else {}),
            "audit": audit.hex(),
        },
        **act.content,
    }


def _objections(ctx: Context, cases: Cases, act: Act, content: dict[str, Any], size: int) -> list[Objection]:
    if not ctx.policy.check_own:
        return []
    now = ctx.clock.now()
    return cases.judge(content, partner=act.partner, leaving=True, lane=act.lane, written=now, now=now, size=size)


def write(tx: Writing, ctx: Context, leaving: Sequence[Leaving]) -> list[Message]:
    """Put released acts in line: all leave, or none. Raises NotFoundError, or RefusedError with every reason."""
    for one in leaving:
        _person(one.act.releaser, "releaser")
    cases = Cases(tx, ctx)
    cases.preload(one.act.content["dossier"] for one in leaving)
    outgoing: list[Outgoing] = []
    audits: list[Audit] = []
    now = ctx.clock.now()
    relied: dict[str, str] = {}
    for partner in dict.fromkeys(one.act.partner for one in leaving):
        ctx.confirmed(tx, partner)
        relied[partner] = outbox.governance_of(tx, ctx, partner)
    for one in leaving:
        made, audit = _leaves(ctx, cases, one, relied[one.act.partner], now)
        if ctx.policy.check_own:
            attachments.bind(tx, made.message, one.act.content)
        outgoing.append(made)
        audits.append(audit)
    outbox.write(tx, outgoing)
    tx.add(AUDITS, audits)
    cases.save()
    return [one.message for one in outgoing]


def _leaves(ctx: Context, cases: Cases, one: Leaving, governance: str, now: int) -> tuple[Outgoing, Audit]:
    act = one.act
    second = {"second": act.second} if act.second else {}
    details = {"message": one.message, "act": act.content["act"], "author": act.author, **second, **one.details}
    dossier = act.content["dossier"]
    audit = notes.make_record(now, What.ACT_RELEASED, act.releaser, dossier, details, dossier)
    content = _content(cases, act, one.message, governance, audit.commitment)
    body = outbox.encode(content)
    if objections := _objections(ctx, cases, act, content, len(body)):
        raise RefusedError(objections)
    made = outbox.prepare(
        content,
        body,
        partner=act.partner,
        lane=act.lane,
        now=now,
        dossier=dossier,
        author=act.author,
        releaser=act.releaser,
        **marks_of(content),
    )
    kind = cases.kind_of(content)
    if kind is None or act.content["act"] not in kind.acts:
        raise DossierError(f"type, act: expected those of the catalogue, got {act.content['act']!r}")
    return Outgoing(cases.apply(made.message, content), made.content), audit
