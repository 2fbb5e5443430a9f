"""What an index may be: for whom, under which channel, of which lists and dossiers, how large, how much may be asked.

Rules kept here:
- an index is for one partner, under one channel in force that lets persons be searched; that channel says for which
  purposes, of which categories, and how many elements may be asked: an index may allow less, never more;
- it follows lists of the channel's domain whose purpose is of the area that is searched for, and dossiers of types of
  the channel that may be indexed at all. Of a list one category of persons is said, for a list says none;
- none of this grows: an index for something else is another one. Where another channel takes the place of its own, it
  goes on under that with what both allow (`under`). One that ended may be made anew under its name: its
  numbers go on, because the partner takes none twice, and what was announced of it counts no more;
- sizes are those of the ladder, so that they tell nothing.

Left unchecked: whether a list holds persons of the category that is said of it. Who made the index answers for it, and
the audit log has his name.
"""

import re

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.core.retold import E_
from passerelle.dossiers.indexing import NEVER as NEVER_INDEXED
from passerelle.exchange import manifests, notes
from passerelle.exchange.announcing import LEAST_QUOTA
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.instruments.channel import Channel, Search
from passerelle.office.asking import Office, On, ask
from passerelle.office.policy import Action
from passerelle.ports.lists import List
from passerelle.ports.people import Person
from passerelle.ports.search import FOLLOWED, INDEX_ENTRIES, INDEXES, Index
from passerelle.ports.store import Reading, Writing
from passerelle.screening import lists
from passerelle.search import table

BASE_EVERY = "P1M"
DELTA_SIZE = 4096
DELTA_EVERY = "PT2H"
LISTED = "listed"
"""The category of a list's persons where none is said."""
_LEAST_EVERY, _MOST_EVERY = 5 * 60_000, MILLISECONDS_A_DAY
_MOST_SIZE = 4096 * table.FULL
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ALL = 10_000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an index by who makes it. `lists`: name and category ("": listed); `channel`: its digest.

    `base_size` 0: by the ladder; `burst`, `day` 0: what the channel allows.
    """

    name: str
    partner: str
    channel: str
    lists: tuple[tuple[str, str], ...] = ()
    types: tuple[str, ...] = ()
    base_size: int = 0
    delta_size: int = DELTA_SIZE
    delta_every: str = DELTA_EVERY
    burst: int = 0
    day: int = 0


def on(row: Index) -> On:
    """An index as the policy sees it."""
    return On(kind="index", id=row.name, domain=row.domain)


def named(row: Index) -> str:
    """An index as the audit log names it."""
    return f"index/{row.name}"


def find(tx: Reading, name: str) -> Index:
    """The index of a name. Raises NotFoundError."""
    found = tx.get(INDEXES, name)
    if found is None:
        raise NotFoundError(f"expected an index that is here, got {name[:60]!r}")
    return found


def opened(tx: Reading, name: str) -> Index:
    """An index that has not ended. Raises NotFoundError, StateError."""
    row = find(tx, name)
    if row.state != "open":
        raise StateError(f"expected an index that goes on, got {name}, which ended with its channel")
    return row


def all_of(tx: Reading, state: str = "") -> list[Index]:
    """The indexes, by name; those of one state where one is named."""
    return [one for one in tx.scan(INDEXES, limit=_ALL) if not state or one.state == state]


# -- the channel -------------------------------------------------------------------------------------------------------


def channel_of(tx: Reading, ctx: Context, digest: str, partner: str, *, sending: bool = True) -> tuple[Channel, Search]:
    """The channel under which persons may be searched by this partner now. Raises StateError.

    `sending`: this node may announce tables under it, too; it may not before the partner has cosigned its signature.
    """
    held = Channels(tx, ctx).standing(digest)
    channel = held.instrument if held else None
    if held is None or not isinstance(channel, Channel) or held.partner != partner:
        raise StateError(f"--channel: expected a channel with {partner}, got {digest[:12]}")
    if (sending and held.to_send) or not held.in_force(ctx.clock.now()):
        raise StateError(f"--channel: expected a channel in force, got {digest[:12]}")
    if channel.search is None:
        raise StateError(f"--channel: expected a channel that lets persons be searched, got {digest[:12]}")
    return channel, channel.search


def may_announce(tx: Reading, ctx: Context, row: Index) -> bool:
    """Whether tables of an index may be announced now."""
    try:
        channel_of(tx, ctx, row.channel, row.partner)
    except StateError:
        return False
    return True


def moved(tx: Reading, ctx: Context, row: Index) -> Index | None:
    """An index under the channel that took the place of its own; None when there is none that lets it go on."""
    channels, now, digest = Channels(tx, ctx), ctx.clock.now(), row.channel
    for _ in range(_ALL):
        standing = channels.standing(digest)
        if standing is None or standing.in_force(now) or not standing.superseded_by:
            break
        digest = standing.superseded_by
    if digest == row.channel:
        return None
    try:
        channel, search = channel_of(tx, ctx, digest, row.partner, sending=False)
    except StateError:
        return None
    made = under(row, channel, search)
    return msgspec.structs.replace(made, due_base=now, due_delta=now) if made else None


def under(row: Index, channel: Channel, search: Search) -> Index | None:
    """An index with what it and another channel allow; None when nothing is left of it."""
    purposes = search.purposes & frozenset(row.purposes)
    categories = (search.categories - NEVER_INDEXED) & frozenset(row.categories)
    day = min(row.day, search.day)
    burst = min(row.burst, search.burst, day)
    if channel.domain != row.domain or not purposes or not categories or burst < LEAST_QUOTA:
        return None
    every = zip(row.lists, row.list_categories, strict=True)
    lists_ = [(name, category) for name, category in every if category in categories]
    return msgspec.structs.replace(
        row,
        channel=channel.digest,
        purposes=tuple(sorted(purposes)),
        categories=tuple(sorted(categories)),
        lists=tuple(name for name, _ in lists_),
        list_categories=tuple(category for _, category in lists_),
        types=tuple(name for name in row.types if name in channel.types),
        burst=burst,
        day=day,
    )


def areas_of(channel: Channel, search: Search) -> frozenset[str]:
    """The areas of the purposes that are searched for."""
    return frozenset(channel.area_of[purpose] for purpose in search.purposes)


def fits(row: List, channel: Channel, search: Search) -> str:
    """What a list has that keeps it out of an index under this channel; nothing when it may be followed."""
    if row.domain != channel.domain:
        return f"--list: expected a list of domain {channel.domain}, got {row.name}, of {row.domain}"
    areas = areas_of(channel, search)
    if lists.purposes().get(row.purpose) not in areas:
        return f"--list: expected a list for {' or '.join(sorted(areas))} purposes, got {row.name}, for {row.purpose}"
    return ""


def check_category(category: str, search: Search) -> str:
    """A category that an index under this channel may hold. Raises InputError."""
    if category in NEVER_INDEXED or category not in search.categories:
        known = ", ".join(sorted(search.categories - NEVER_INDEXED))
        raise InputError(f"--category: expected one that the channel lets be searched ({known}), got {category[:40]!r}")
    return category


# -- making one --------------------------------------------------------------------------------------------------------


def create(office: Office, who: Person, wanted: Wanted) -> Index:
    """A new index, or one that ended made anew. Its first tables are due at once.

    Raises InputError, NotFoundError, StateError, NotAllowedError.
    """
    return office.ctx.store.write("index.create", lambda tx: _create(tx, office, who, wanted))


def _create(tx: Writing, office: Office, who: Person, wanted: Wanted) -> Index:
    ctx, now = office.ctx, office.ctx.clock.now()
    if not _NAME.fullmatch(wanted.name):
        raise InputError(f"INDEX: expected 1 to 40 of a-z 0-9 -, a letter first, got {wanted.name[:60]!r}")
    channel, search = channel_of(tx, ctx, wanted.channel, wanted.partner)
    ask(tx, office, who, Action.INDEX_CREATE, On(kind="index", id=wanted.name, domain=channel.domain))
    ctx.confirmed(tx, wanted.partner)
    there = tx.get(INDEXES, wanted.name)
    if there and there.state == "open":
        raise StateError(f"INDEX: expected a name that no index has, got {wanted.name}, which goes on")
    if there and there.partner != wanted.partner:
        raise StateError(f"INDEX: expected a name that no index had, got {wanted.name}, which was for {there.partner}")
    if there and (tx.count(INDEX_ENTRIES, "key", (there.name,)) or tx.count(FOLLOWED, "key", (there.name,))):
        raise StateError(f"INDEX: expected an index whose entries are gone, got {there.name}: try again in a minute")
    followed = [_list(tx, name, category or LISTED, channel, search) for name, category in wanted.lists]
    burst, day = _quota(wanted, search)
    row = Index(
        name=wanted.name,
        partner=wanted.partner,
        channel=wanted.channel,
        domain=channel.domain,
        purposes=tuple(sorted(search.purposes)),
        categories=tuple(sorted(search.categories - NEVER_INDEXED)),
        lists=tuple(name for name, _ in followed),
        list_categories=tuple(category for _, category in followed),
        types=tuple(_type(ctx, name, channel, search) for name in dict.fromkeys(wanted.types)),
        base_size=_size("--base-size", wanted.base_size, _MOST_SIZE) if wanted.base_size else 0,
        delta_size=_size("--delta-size", wanted.delta_size, table.FULL),
        base_every=BASE_EVERY,
        delta_every=_every(wanted.delta_every),
        burst=burst,
        day=day,
        created=now,
        created_by=who.id,
        entries=there.entries if there else 0,
        # Beyond what an index of this name may have announced before the store was put back: the partner takes no
        # number twice.
        epochs=max(there.epochs if there else 0, now // 60_000),
        due_base=now,
        due_delta=now,
    )
    if there:
        # Who left since it ended was withdrawn from none of its tables: hits of them count no more.
        manifests.expire(tx, ctx, row.partner, row.name, (), who.id, E_("the index is made anew"))
    tx.put(INDEXES, [row])
    keys = ("partner", "channel", "lists", "types", "base_size", "delta_size", "delta_every", "burst", "day")
    details = {key: _plain(getattr(row, key)) for key in keys}
    notes.record(tx, ctx, What.INDEX_CREATED, who.id, named(row), details)
    return row


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _list(tx: Reading, name: str, category: str, channel: Channel, search: Search) -> tuple[str, str]:
    if problem := fits(lists.find(tx, name), channel, search):
        raise InputError(problem)
    return name, check_category(category, search)


def _type(ctx: Context, name: str, channel: Channel, search: Search) -> str:
    kind = ctx.catalogue.types.get(name)
    if kind is None or name not in channel.types:
        raise InputError(f"--type: expected one of {', '.join(sorted(channel.types))}, got {name[:60]!r}")
    if not (kind.indexed - NEVER_INDEXED) & search.categories or not kind.areas & areas_of(channel, search):
        raise InputError(
            f"--type: expected a type whose persons may be searched under this channel, got {name}: "
            f"it lets {', '.join(sorted(kind.indexed)) or 'nobody'} be searched"
        )
    return name


def _size(option: str, size: int, most: int) -> int:
    if size in table.LADDER or (0 < size <= most and not size % table.FULL):
        return size
    ladder = ", ".join(map(str, table.LADDER))
    if most > table.FULL:
        raise InputError(f"{option}: expected one of {ladder} or a multiple of {table.FULL} up to {most}, got {size}")
    raise InputError(f"{option}: expected one of {ladder}, got {size}")


def _every(text: str) -> str:
    length = add_duration(0, text)
    if not text.startswith("PT") or not _LEAST_EVERY <= length <= _MOST_EVERY:
        raise InputError(f"--delta-every: expected PT5M to PT24H, got {text[:40]!r}")
    return text


def _quota(wanted: Wanted, search: Search) -> tuple[int, int]:
    """Elements at once and a day: never above the channel's."""
    day = wanted.day or search.day
    burst = wanted.burst or min(search.burst, day)
    for option, got, most in (("--burst", burst, search.burst), ("--day", day, search.day)):
        if not LEAST_QUOTA <= got <= most:
            raise InputError(f"{option}: expected {LEAST_QUOTA} to {most}, as the channel allows, got {got}")
    if burst > day:
        raise InputError(f"--burst: expected at most the elements of a day, {day}, got {burst}")
    return burst, day


# -- its clock ---------------------------------------------------------------------------------------------------------


def next_delta(row: Index, now: int) -> int:
    """When the next delta is due after `now` (ms): on the same clock whatever happens, counted from 1970 on."""
    every = add_duration(0, row.delta_every)
    return (now // every + 1) * every


def expiry(row: Index, kind: str, published: int) -> int:
    """Until when (ms) a table that is published now may be asked: the next one is due well before."""
    if kind == "base":
        return add_duration(add_duration(published, row.base_every), "P7D")
    return published + 2 * add_duration(0, row.delta_every) + 3_600_000
