"""What must be named before anybody is asked about, and how long what comes of it stays.

Rules kept here:
- a question stands under a channel in force that has a search, for one of its purposes, never a migration one;
- about one person it has a dossier: of this node, open, that the person who asks reads, in a domain where he may ask,
  of a type that serves the purpose. A dossier under another channel or for another purpose stands behind the same walls
  as everywhere (`office.walls`);
- about a list it has a legal basis in words, and names the objective link, the offence and the journey by the rules of
  a screening (`screening.rules`): no criterion of origin or religion, no offence of opinion;
- only an index that the partner has announced under this channel and for this purpose, and that has not expired, is
  asked;
- what opens a question about a person goes with the dossier's retention, after a year at most; that of a list after the
  time that the type gives for a passenger list.

Left unchecked: whether the person stands in the dossier. Who asks answers for it; an auditor can open what he asked.
"""

from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration, from_iso
from passerelle.core.errors import ForbiddenError, InputError, NotFoundError, StateError
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.exchange.counted import COUNTING
from passerelle.instruments.channel import Channel
from passerelle.instruments.standing import Standing
from passerelle.office import consulting, facts
from passerelle.office.asking import Office, On, ask
from passerelle.office.policy import Action
from passerelle.office.walls import Walls, opening
from passerelle.persons import subject
from passerelle.persons.model import Person
from passerelle.ports.people import Person as Who
from passerelle.ports.records import CONTENTS, INSTRUMENTS, MESSAGES, Dossier
from passerelle.ports.search import BASE, MANIFESTS, Manifest
from passerelle.ports.store import Reading
from passerelle.screening import rules
from passerelle.screening.lists import check_basis, purposes
from passerelle.screening.rules import Asked
from passerelle.search.blinding import most_keys
from passerelle.search.sizes import MOST_ELEMENTS

LONGEST = "P1Y"
"""How long what opens a question stays at most."""
DOSSIER = "dossier"
_MIGRATION = "migration"
_ALL = 100_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asked, for what. `channel`: a digest, "" for the only one; `index`: "" for all that may be asked."""

    partner: str
    purpose: str
    channel: str = ""
    index: str = ""


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """On what a question stands. `basis`: `dossier` or a legal basis in words; `said`: of a list, link, offence and
    journey; `expires`: when what opens it goes (ms); `most`: match keys of one question, so that the quota of each
    index, as its manifest says it, holds its elements.
    """

    partner: str
    indexes: tuple[str, ...]
    channel: str
    domain: str
    purpose: str
    basis: str
    expires: int
    dossier: str = ""
    said: dict[str, str] = {}
    most: int = MOST_ELEMENTS


def on(domain: str, kind: str = "search", name: str = "") -> On:
    """A question as the policy sees it."""
    return On(kind=kind, id=name, domain=domain)


def of_person(tx: Reading, office: Office, who: Who, wanted: Wanted, row: Dossier) -> Ground:
    """The ground of a question about one person. Raises NotAllowedError, WallError, InputError, StateError."""
    ctx = office.ctx
    standing, channel = channel_of(tx, ctx, wanted)
    ask(tx, office, who, Action.SEARCH_ASK, on(channel.domain))
    ask(tx, office, who, Action.SEARCH_ASK, on(row.domain))
    ask(tx, office, who, Action.DOSSIER_READ, facts.of_dossier(tx, ctx, row))
    if row.status != "open":
        raise StateError(f"--dossier: expected a dossier that is open, got {row.id}, which has ended")
    area, kind = _area(wanted.purpose, channel), ctx.catalogue.get(row.type)
    if kind is None or area not in kind.areas or _MIGRATION in kind.areas:
        raise ForbiddenError(
            f"--dossier: expected one of a type that serves {wanted.purpose}, which is {area}, got {row.type}"
        )
    first = opening(tx, row)
    if first is None:
        raise StateError(f"--dossier: expected a dossier with a message, got {row.id} without any")
    Walls(tx, ctx, who.service).asking(first, standing, wanted.purpose)
    return Ground(
        partner=wanted.partner,
        indexes=indexes(tx, ctx, wanted, channel),
        channel=channel.digest,
        domain=channel.domain,
        purpose=wanted.purpose,
        basis=DOSSIER,
        expires=_until(tx, ctx, row, channel),
        dossier=row.id,
        most=most_of(tx, ctx, wanted, channel),
    )


def of_list(tx: Reading, office: Office, who: Who, wanted: Wanted, asked: Asked, basis: str) -> Ground:
    """The ground of questions about travellers. Raises NotAllowedError, InputError, StateError, NotFoundError."""
    ctx = office.ctx
    _standing, channel = channel_of(tx, ctx, wanted)
    ask(tx, office, who, Action.SEARCH_ASK, on(channel.domain))
    _area(wanted.purpose, channel)
    kind = rules.type_of(ctx)
    said = rules.named(asked, wanted.purpose, kind)
    times = rules.times(tx, ctx, kind, channel.digest)
    return Ground(
        partner=wanted.partner,
        indexes=indexes(tx, ctx, wanted, channel),
        channel=channel.digest,
        domain=channel.domain,
        purpose=wanted.purpose,
        basis=check_basis(basis),
        expires=add_duration(ctx.clock.now(), times.unconfirmed),
        said={"link": said.link, "offence": said.offence, "journey": said.journey},
        most=most_of(tx, ctx, wanted, channel),
    )


def person_of(tx: Reading, office: Office, who: Who, row: Dossier, key: str = "") -> Person:
    """A person of a dossier as the newest message that this person may read names him. `key`: "" for the only one.

    Raises NotAllowedError; NotFoundError with the keys that may be named.
    """
    ask(tx, office, who, Action.DOSSIER_READ, facts.of_dossier(tx, office.ctx, row))
    messages = tx.scan(MESSAGES, "by_dossier", (row.id,), limit=_ALL)
    readable = consulting.opened(tx, office, who, row, messages).messages
    found: dict[str, Any] = {}
    for one in messages:
        held = tx.get(CONTENTS, one.id) if one.id in readable and one.state in COUNTING[one.direction] else None
        found |= {each["key"]: each for each in (json.parse_object(held.body).get("subjects", ()) if held else ())}
    chosen = key or (next(iter(found)) if len(found) == 1 else "")
    if chosen not in found:
        known = ", ".join(found) or "none"
        raise NotFoundError(f"--person: expected one of {known}, got {chosen[:40] or 'nothing'}")
    return subject.from_dossier(found[chosen]).person


# -- channel and index -------------------------------------------------------------------------------------------------


def channel_of(tx: Reading, ctx: Context, wanted: Wanted) -> tuple[Standing, Channel]:
    """The channel under which a partner is asked: the one that is named, or the only one in force with a search.

    Raises InputError, NotFoundError, StateError.
    """
    ctx.confirmed(tx, wanted.partner)
    channels, now = Channels(tx, ctx), ctx.clock.now()
    if wanted.channel:
        standing = channels.standing(wanted.channel)
        channel = standing.instrument if standing else None
        if standing is None or not isinstance(channel, Channel) or wanted.partner not in channel.parties:
            raise NotFoundError(f"--channel: expected a channel with {wanted.partner}, got {wanted.channel[:12]}")
        if not standing.in_force(now):
            raise StateError(f"--channel: expected a channel in force, got {wanted.channel[:12]}, which is not")
        if channel.search is None:
            raise StateError(f"--channel: expected a channel with a search, got {wanted.channel[:12]}, which has none")
        return standing, channel
    found = []
    for record in tx.scan(INSTRUMENTS, "by_partner", (wanted.partner, "channel"), limit=_ALL):
        standing = channels.standing(record.digest)
        channel = standing.instrument if standing else None
        if standing is None or not isinstance(channel, Channel) or channel.search is None:
            continue
        if standing.in_force(now):
            found.append((standing, channel))
    # Of several the one that has the purpose; of a single one it is told which purposes it has.
    if len(found) > 1:
        found = [one for one in found if one[1].search and wanted.purpose in one[1].search.purposes]
    if len(found) != 1:
        known = ", ".join(channel.digest[:12] for _, channel in found) or "none"
        raise InputError(
            f"--channel: expected the only channel in force with {wanted.partner} that has a search for "
            f"{wanted.purpose[:60]}, got {known}"
        )
    return found[0]


def _area(purpose: str, channel: Channel) -> str:
    """The area of a purpose for which the channel lets search."""
    known = sorted(channel.search.purposes) if channel.search else []
    if purpose not in known:
        raise InputError(f"--purpose: expected one of {', '.join(known)}, got {purpose[:60]!r}")
    area = channel.area_of.get(purpose) or purposes().get(purpose, "")
    if area == _MIGRATION:
        raise ForbiddenError(f"--purpose: expected no migration purpose, for which nobody is searched, got {purpose}")
    return area


def indexes(tx: Reading, ctx: Context, wanted: Wanted, channel: Channel) -> tuple[str, ...]:
    """The names of the partner's indexes that may be asked. Raises NotFoundError when there is none."""
    found = sorted({one.index for one in bases(tx, ctx, wanted.partner, wanted.index) if fits(one, wanted, channel)})
    if not found and wanted.index:
        raise NotFoundError(
            f"--index: expected an index of {wanted.partner} for {wanted.purpose} that is announced and has not "
            f"expired, got {wanted.index[:60]}"
        )
    if not found:
        raise NotFoundError(
            f"expected an index of {wanted.partner} for {wanted.purpose} that is announced, and not expired, got none"
        )
    return tuple(found)


def most_of(tx: Reading, ctx: Context, wanted: Wanted, channel: Channel) -> int:
    """How many match keys a question may have, so that each index that is asked takes its elements at once."""
    bursts = [one.burst for one in bases(tx, ctx, wanted.partner, wanted.index) if fits(one, wanted, channel)]
    if channel.search:
        bursts.append(channel.search.burst)
    return most_keys(min((one for one in bursts if one), default=MOST_ELEMENTS))


def bases(tx: Reading, ctx: Context, partner: str, index: str = "") -> list[Manifest]:
    """The base tables that a partner has announced and that have not expired."""
    now = ctx.clock.now()
    found = tx.scan(MANIFESTS, "by_index", (partner, index) if index else (partner,), limit=_ALL)
    return [one for one in found if one.kind == BASE and one.state != "over" and one.expires > now]


def fits(one: Manifest, wanted: Wanted, channel: Channel) -> bool:
    """Whether a table may be asked under this channel for this purpose."""
    return one.channel == channel.digest and wanted.purpose in one.purposes


# -- how long ----------------------------------------------------------------------------------------------------------


def _until(tx: Reading, ctx: Context, row: Dossier, channel: Channel) -> int:
    """When the dossier's last retention date is over; a year at most."""
    now = ctx.clock.now()
    messages = tx.scan(MESSAGES, "by_dossier", (row.id,), limit=_ALL)
    bodies = tx.get_many(CONTENTS, [(one.id,) for one in messages])
    days = [str(json.parse_object(one.body).get("retention", "")) for one in bodies.values()]
    last = max((one for one in days if one), default="")
    end = from_iso(f"{last}T00:00:00Z") + MILLISECONDS_A_DAY if last else add_duration(now, channel.retention)
    if end <= now:
        raise StateError(f"--dossier: expected one whose retention is not over, got {row.id}, kept until {last}")
    return min(end, add_duration(now, LONGEST))
