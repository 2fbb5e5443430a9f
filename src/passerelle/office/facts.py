"""The facts of a dossier, a draft, an act, as the policy asks for them: read from the store and the catalogue.

Rules kept here:
- the domain is that of the channel under which it stands; where this node does not have the channel it is empty, and
  only a role held everywhere covers it;
- an act is under four eyes, or kept for magistrates, when the type or the channel says so; it may be released on duty
  and reviewed afterwards when the type gives a time for the review and the channel demands no second person;
- an act that names an offence of opinion needs a second approver, and so does one under four eyes in a dossier where
  the partner named one: it is under four eyes then, and never reviewed afterwards;
- a dossier's lane is that of its newest message: what is urgent now is what the duty officer sees;
- the services of a dossier, and of a draft or a message in it, are what `readership` says.
"""

import msgspec

from passerelle.core import json
from passerelle.core.errors import NotFoundError
from passerelle.dossiers import opinion
from passerelle.dossiers.rules import OPINION
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.exchange.counted import COUNTING, remembered
from passerelle.instruments.channel import Channel
from passerelle.office import readership
from passerelle.office.hard import On
from passerelle.office.people import ANYWHERE
from passerelle.ports.records import DOSSIERS, MESSAGES, Dossier, Message
from passerelle.ports.store import Reading
from passerelle.ports.work import Draft

_ALL = 100_000


def domain_of(tx: Reading, ctx: Context, digest: str) -> str:
    """The domain of an instrument by its digest: `*` for one that is no channel, empty for one that is not here."""
    found = Channels(tx, ctx).standing(digest) if digest else None
    return str(getattr(found.instrument, "domain", ANYWHERE)) if found else ""


def of_act(
    channels: Channels, ctx: Context, *, kind: str, id: str, type: str, act: str, channel: str, lane: str, author: str
) -> On:
    """An act that is written or to be released. `kind`: dossier (while it is written) or draft."""
    named = ctx.catalogue.types.get(type)
    rule = named.acts.get(act) if named else None
    found = channels.standing(channel) if channel else None
    instrument = found.instrument if found else None
    listed = magistrate = False
    if isinstance(instrument, Channel) and (entry := instrument.types.get(type)) is not None:
        listed, magistrate = entry.in_pairs(act), act in entry.magistrate
    return On(
        kind=kind,
        id=id,
        domain=str(getattr(instrument, "domain", ANYWHERE)) if instrument else "",
        lane=lane,
        type=type,
        act=act,
        author=author,
        magistrate=magistrate or bool(rule and rule.magistrate),
        judicial=bool(rule and rule.judicial),
        four_eyes=listed or bool(rule and rule.four_eyes),
        review=lane == "flash" and not listed and bool(rule and rule.review),
    )


def of_draft(tx: Reading, ctx: Context, draft: Draft, channels: Channels | None = None) -> On:
    """A draft. `channels`: those read already, for a list."""
    channels = channels or Channels(tx, ctx)
    on = of_act(
        channels,
        ctx,
        kind="draft",
        id=draft.id,
        type=draft.type,
        act=draft.act,
        channel=draft.channel,
        lane=draft.lane,
        author=draft.author,
    )
    if (row := tx.get(DOSSIERS, draft.dossier)) is not None:
        readers = readership.of_row(tx, ctx, row, channels)
    else:
        readers = readership.of_draft(tx, ctx, draft, channels)
    on = msgspec.structs.replace(on, readers=readers)
    if not _needs_second(tx, ctx, draft, on):
        return on
    return msgspec.structs.replace(on, four_eyes=True, review=False, second=True, first=draft.first)


def _needs_second(tx: Reading, ctx: Context, draft: Draft, on: On) -> bool:
    """Whether a draft names an offence of opinion, or answers, under four eyes, in a dossier where the partner did.

    What ends things (a refusal, the closing) does not wait for that.
    """
    kind = ctx.catalogue.types.get(draft.type)
    act = kind.acts.get(draft.act) if kind else None
    if kind is None or act is None or not draft.body:
        return False
    if act.offences and opinion.found(json.parse_object(draft.body), kind):
        return True
    if act.wind_down or not on.four_eyes or not any(one.offences for one in kind.acts.values()):
        return False
    messages = tx.scan(MESSAGES, "by_dossier", (draft.dossier,), limit=_ALL)
    return any(names_opinion(one) for one in messages if one.direction == "in")


def names_opinion(message: Message) -> bool:
    """Whether a message that counts names an offence of opinion."""
    return message.state in COUNTING[message.direction] and OPINION in remembered(message)


def of_row(tx: Reading, ctx: Context, row: Dossier, channels: Channels | None = None) -> On:
    """A dossier in a list: what its row says."""
    readers = readership.of_row(tx, ctx, row, channels)
    return On(kind="dossier", id=row.id, domain=row.domain, type=row.type, readers=readers)


def of_dossier(tx: Reading, ctx: Context, row: Dossier, channels: Channels | None = None) -> On:
    """A dossier that is opened. `channels`: those read already."""
    newest = tx.scan(MESSAGES, "by_dossier", (row.id,), limit=1, descending=True)
    lane = newest[0].lane if newest else ""
    return On(
        kind="dossier",
        id=row.id,
        domain=row.domain,
        lane=lane,
        type=row.type,
        author=row.person,
        readers=readership.of_dossier(tx, ctx, row, channels),
    )


def of_message(tx: Reading, ctx: Context, message: Message) -> On:
    """A message of either side."""
    row = tx.get(DOSSIERS, message.dossier) if message.dossier else None
    return On(
        kind="message",
        id=message.id,
        domain=domain_of(tx, ctx, message.channel) if message.channel else ANYWHERE,
        lane=message.lane,
        act=message.act,
        author=message.author if message.direction == "out" else "",
        readers=readership.of_row(tx, ctx, row) if row else None,
    )


def of_any(tx: Reading, ctx: Context, id: str) -> On:
    """The dossier or message with this id. Raises NotFoundError."""
    row = tx.get(DOSSIERS, id)
    if row is not None:
        return of_dossier(tx, ctx, row)
    message = tx.get(MESSAGES, id)
    if message is None:
        raise NotFoundError(f"expected the id of a dossier or a message, got {id[:64]!r}")
    return of_message(tx, ctx, message)
