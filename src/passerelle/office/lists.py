"""Lists of dossiers and of drafts, as a person may see them.

Rules kept here:
- nobody walks over what he may not see: the domains and types of a person are found first (a few look-ups), and only
  their part of an index is read;
- of a domain, a person sees the rows of his service (`readership`);
- the one that moved last stands first. Parts of an index are merged page by page, so a list costs what it shows;
- what no index answers is looked at row by row, over the newest `WALK` rows, and the answer says when that was not all.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec

from passerelle.core.errors import InputError
from passerelle.exchange.channels import Channels
from passerelle.office import facts
from passerelle.office.asking import Office, On, Sight, holder_of
from passerelle.office.drafts import OPEN
from passerelle.office.people import everybody
from passerelle.office.policy import Action
from passerelle.office.work import given_to
from passerelle.ports.people import Person
from passerelle.ports.records import DOSSIERS, Dossier
from passerelle.ports.store import Reading
from passerelle.ports.work import DRAFTS, Draft

STATUSES = ("open", "ended")
WALK = 20_000
_PAGE = 64
_BEHIND = "~"  # behind every status: a database then seeks past all of a type, and reads none of them
_DOMAINS = 1000


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to see. Empty: all. `person`: who has it; `unassigned`: open ones that nobody has."""

    status: str = ""
    type: str = ""
    partner: str = ""
    person: str = ""
    desk: str = ""
    service: str = ""
    unassigned: bool = False
    most: int = 200


class Found(msgspec.Struct, frozen=True):
    """The rows, the persons who have one and hold no role any more, and whether older ones were not looked at."""

    rows: tuple[Dossier, ...]
    gone: frozenset[str]
    cut: bool = False


def dossiers(tx: Reading, office: Office, who: Person, wish: Wish) -> Found:
    """The dossiers that somebody wants and may see, the one that moved last first. Raises InputError."""
    if wish.status not in ("", *STATUSES):
        raise InputError(f"--status: expected open or ended, got {wish.status[:20]!r}")
    # Two sights, as each says for itself why nothing is seen: of no part at all, or of no row in a part.
    parts_sight = Sight(tx, office, who, Action.DOSSIER_LOOK)
    rows_sight = Sight(tx, office, who, Action.DOSSIER_LOOK)
    channels = Channels(tx, office.ctx)
    known: dict[tuple[object, ...], bool] = {}

    def sees_part(domain: str, kind: str) -> bool:
        return parts_sight.sees(On(kind="dossier", domain=domain, type=kind))

    def sees_row(row: Dossier) -> bool:
        key = (row.domain, row.type, row.channel, row.addressed)
        if key not in known:
            known[key] = rows_sight.sees(facts.of_row(tx, office.ctx, row, channels))
        return known[key]

    away = gone(tx, office) if wish.unassigned else frozenset()
    seen = {domain: kinds for domain, kinds in _parts(tx).items() if any(sees_part(domain, kind) for kind in kinds)}
    parts_sight.check(seen)
    streams = [
        _stream(tx, index, prefix)
        for domain, kinds in seen.items()
        for index, prefix in _prefixes(wish, domain, kinds, away)
    ]
    merged = heapq.merge(*streams, key=lambda row: (row.updated, row.id), reverse=True)
    fits = _fits(wish, sees_row)
    walked = 0
    rows: list[Dossier] = []
    for row in islice(merged, WALK):
        walked += 1
        if fits(row):
            rows.append(row)
            if len(rows) == wish.most:
                break
    if not who.service:  # who must be given one first is told so
        rows_sight.check(rows)
    away |= gone(tx, office, {row.person for row in rows if row.person})
    return Found(tuple(rows), away, cut=walked == WALK)


def gone(tx: Reading, office: Office, among: Iterable[str] | None = None) -> frozenset[str]:
    """The persons who hold no role today: what they had waits for somebody else. `among`: only these are looked at."""
    persons = among if among is not None else [one.id for one in everybody(tx)]
    return frozenset(one for one in persons if not _holds(tx, office, one))


def _holds(tx: Reading, office: Office, person: str) -> bool:
    return bool(holder_of(tx, person, office.today()).held)


def _parts(tx: Reading) -> dict[str, list[str]]:
    """Each domain that there are dossiers of, with their types: one look-up for each pair, however many dossiers."""
    found: dict[str, list[str]] = {}
    after: tuple[str, ...] | None = None
    for _ in range(_DOMAINS):
        page = tx.scan(DOSSIERS, "by_type", after=after, limit=1)
        if not page:
            break
        found.setdefault(page[0].domain, []).append(page[0].type)
        after = (page[0].domain, page[0].type, _BEHIND)
    return found


def _prefixes(
    wish: Wish, domain: str, kinds: Iterable[str], away: frozenset[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The parts of an index that hold what is wanted in a domain, the most telling index first."""
    statuses = ("open",) if wish.unassigned else (wish.status,) if wish.status else STATUSES
    if wish.unassigned:
        wanted = [("by_given", given) for given in ("", *(given_to("person", one) for one in sorted(away)))]
    elif wish.person:
        wanted = [("by_given", given_to("person", wish.person))]
    elif wish.desk:
        wanted = [("by_desk", wish.desk)]
    elif wish.partner:
        for kind in (one for one in kinds if wish.type in ("", one)):
            yield from (("by_partner", (domain, wish.partner, kind, status)) for status in statuses)
        return
    elif wish.type:
        wanted = [("by_type", wish.type)] if wish.type in kinds else []
    else:
        yield from (("by_status", (domain, status)) for status in statuses)
        return
    yield from ((index, (domain, name, status)) for index, name in wanted for status in statuses)


def _stream(tx: Reading, index: str, prefix: tuple[str, ...]) -> Iterator[Dossier]:
    """The rows of a part of an index, the latest first, read a page at a time."""
    after: tuple[int, str] | None = None
    while True:
        page = tx.scan(DOSSIERS, index, prefix, after=after, limit=_PAGE, descending=True)
        yield from page
        if len(page) < _PAGE:
            return
        after = (page[-1].updated, page[-1].id)


def _fits(wish: Wish, sees: Callable[[Dossier], bool]) -> Callable[[Dossier], bool]:
    def fits(row: Dossier) -> bool:
        return (
            wish.type in ("", row.type)
            and wish.partner in ("", row.partner)
            and wish.person in ("", row.person)
            and wish.desk in ("", row.desk)
            and wish.service in ("", row.service)
            and sees(row)
        )

    return fits


def drafts_of(tx: Reading, office: Office, who: Person, dossier: str) -> list[Draft]:
    """The drafts in a dossier that is open before somebody: those that he may see, none when he may see none."""
    sight, channels = Sight(tx, office, who, Action.DRAFT_LOOK), Channels(tx, office.ctx)
    found = tx.scan(DRAFTS, "by_dossier", (dossier,), limit=_PAGE)
    return [one for one in found if one.state in OPEN and sight.sees(facts.of_draft(tx, office.ctx, one, channels))]


def readable(tx: Reading, office: Office, who: Person, found: Iterable[Draft]) -> set[str]:
    """Of these drafts, the ids of those that somebody may read: comments and attestations are for him only."""
    sight, channels = Sight(tx, office, who, Action.DRAFT_READ), Channels(tx, office.ctx)
    return {one.id for one in found if sight.sees(facts.of_draft(tx, office.ctx, one, channels))}


def drafts(
    tx: Reading,
    office: Office,
    who: Person,
    *,
    states: Iterable[str],
    author: str = "",
    dossier: str = "",
    action: Action = Action.DRAFT_LOOK,
) -> list[Draft]:
    """The drafts in these states that somebody may see, the one that waits longest first.

    `author`: only those; `dossier`: only those of this dossier; `action`: to look at them, or to read them.
    """
    found: list[Draft] = []
    wanted = tuple(states)
    if dossier:
        found = [one for one in tx.scan(DRAFTS, "by_dossier", (dossier,), limit=WALK) if one.state in wanted]
    else:
        for state in wanted:
            index, prefix = ("by_author", (author, state)) if author else ("by_state", (state,))
            found += tx.scan(DRAFTS, index, prefix, limit=WALK)
    found = [one for one in found if author in ("", one.author)]
    sight, channels = Sight(tx, office, who, action), Channels(tx, office.ctx)
    made = [one for one in found if sight.sees(facts.of_draft(tx, office.ctx, one, channels))]
    sight.check(made)
    return sorted(made, key=lambda one: (one.changed, one.id))
