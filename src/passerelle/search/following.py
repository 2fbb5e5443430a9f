"""An index follows lists and dossiers: who comes there comes, who goes goes, and his references are withdrawn at once.

Rules kept here:
- a look finds what is different by marks (the edition of a list, where a dossier stands) and is cheap where nothing is;
  whoever publishes or shows an index looks first, so it is right without a service;
- a list that another took the place of, whose time is over, which is for something else by now, or which was put back
  to before an import that took entries out, leaves nobody in the index;
- who was a minor is looked at again each month, and with each import;
- an entry whose message was erased, and one whose time is over, goes with the next look whatever the marks say;
- each step is small and whole by itself. A look that stops anywhere is begun again, and changes nothing twice.

The service looks once a minute; what leaves an index is therefore withdrawn within PT1H many times over.
"""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from passerelle.core.audit import What
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.office.asking import Office
from passerelle.ports.erasures import ERASURES
from passerelle.ports.lists import EDITIONS, LIST_CHANGES, LIST_ENTRIES, LISTS, Edition, List
from passerelle.ports.records import DOSSIERS, Dossier
from passerelle.ports.search import FOLLOWED, INDEX_ENTRIES, INDEXES, Followed, Index, IndexEntry
from passerelle.ports.store import Reading, Writing
from passerelle.screening import lists
from passerelle.search import acts, choosing, indexes, sources, withdrawing
from passerelle.search.choosing import DOSSIER, LIST
from passerelle.search.sources import Candidate

PAGE = 500
CHANNEL = "channel"
"""The source whose mark is the channel under which the others were followed."""
Wanted = dict[str, Candidate | None]


class Moved(msgspec.Struct, frozen=True):
    """How many persons came to an index, and how many went."""

    came: int = 0
    went: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(self.came + other.came, self.went + other.went)


def follow(office: Office, name: str) -> Moved:
    """Bring an index to what its sources say now. Of one that ended, nothing."""
    ctx, moved = office.ctx, Moved()
    row = ctx.store.read(lambda tx: indexes.find(tx, name))
    if row.state != "open":
        return moved
    moved += _channel(ctx, row) + _overdue(ctx, row)
    marks = ctx.store.read(lambda tx: tx.scan(FOLLOWED, "key", (name,), limit=10_000_000))
    listed = [one.source.removeprefix(LIST) for one in marks if one.source.startswith(LIST)]
    for one in dict.fromkeys([*row.lists, *listed]):
        moved += _list(office, row, one)
    return moved + _dossiers(ctx, row, [one for one in marks if one.source.startswith(DOSSIER)])


def _noted(tx: Writing, ctx: Context, row: Index, source: str, moved: Moved) -> Moved:
    if moved.came or moved.went:
        dossier = source.removeprefix(DOSSIER) if source.startswith(DOSSIER) else ""
        details = {"source": source, "came": moved.came, "went": moved.went}
        notes.record(tx, ctx, What.INDEX_FOLLOWED, "node", indexes.named(row), details, dossier)
    return moved


def _overdue(ctx: Context, row: Index) -> Moved:
    """Who may be kept no longer leaves."""
    now, total = ctx.clock.now(), Moved()

    def work(tx: Writing) -> Moved:
        page = [one for one in tx.scan(INDEX_ENTRIES, "by_until", (row.name, "in"), limit=PAGE) if one.until <= now]
        withdrawing.out(tx, ctx, row, page, "retention")
        for source in dict.fromkeys(one.source for one in page):
            _noted(tx, ctx, row, source, Moved(0, sum(one.source == source for one in page)))
        return Moved(0, len(page))

    while ctx.store.read(lambda tx: _first_until(tx, row)) <= now:
        total += ctx.store.write("index.overdue", work)
    return total


def _first_until(tx: Reading, row: Index) -> int:
    found = tx.scan(INDEX_ENTRIES, "by_until", (row.name, "in"), limit=1)
    return found[0].until if found else 2**62


# -- lists -------------------------------------------------------------------------------------------------------------


def _channel(ctx: Context, row: Index) -> Moved:
    """Under another channel than at the last look all is looked at anew; first who goes whom it does not allow."""
    if (there := ctx.store.read(lambda tx: tx.get(FOLLOWED, row.name, CHANNEL))) and there.mark == row.channel:
        return Moved()
    went, after = 0, (0,)
    while page := ctx.store.read(
        lambda tx, at=after: tx.scan(INDEX_ENTRIES, "by_state", (row.name, "in"), after=at, limit=PAGE)  # type: ignore[misc]
    ):
        after = (page[-1].number,)
        gone = [one for one in page if one.category not in row.categories]
        went += ctx.store.write("index.channel", lambda tx, gone=gone: _out(tx, ctx, row, gone)) if gone else 0  # type: ignore[misc]

    def mark(tx: Writing) -> None:
        known = tx.scan(FOLLOWED, "key", (row.name,), limit=10_000_000)
        tx.put(FOLLOWED, [msgspec.structs.replace(one, mark="") for one in known])
        tx.put(FOLLOWED, [Followed(index=row.name, source=CHANNEL, mark=row.channel)])

    ctx.store.write("index.mark", mark)
    return Moved(went=went)


def _out(tx: Writing, ctx: Context, row: Index, gone: list[IndexEntry]) -> int:
    there = tx.get_many(INDEX_ENTRIES, [(one.index, one.number) for one in gone])
    those = [one for one in there.values() if one.state == "in"]
    withdrawing.out(tx, ctx, row, those, "channel")
    _noted(tx, ctx, row, CHANNEL, Moved(went=len(those)))
    return len(those)


class _Other(Exception):  # noqa: N818 - no error: somebody imports meanwhile
    """The list is another than when this look began."""


def _list(office: Office, row: Index, name: str) -> Moved:
    """One list: all of it, or the persons of it that somebody chose."""
    ctx, source = office.ctx, LIST + name
    whole = name in row.lists
    before, mark, usable = ctx.store.read(lambda tx: _list_marks(tx, office, row, name))
    if before == mark:
        return Moved()
    total = Moved()
    wanted = _changes(office, row, name, usable, before, mark, whole=whole) if usable else _nobody(ctx, row, source)
    edition = usable.edition if usable else ""
    try:
        while page := dict(islice(wanted, PAGE)):
            total += ctx.store.write("index.list", lambda tx, page=page: _listed(tx, ctx, row, name, edition, page))  # type: ignore[misc]
        ctx.store.write("index.mark", lambda tx: _mark(tx, row, name, edition, mark))
    except _Other:
        return total  # the next look begins anew
    return total


def _list_marks(tx: Reading, office: Office, row: Index, name: str) -> tuple[str, str, List | None]:
    """How far the list was followed, how far it is, and the list if anybody of it may be in the index."""
    known = tx.get(FOLLOWED, row.name, LIST + name)
    there = _usable(tx, office, row, name)
    # Who is a minor today is none for ever.
    mark = f"{there.id}/{there.edition}/{office.today()[:7]}" if there else "none"
    return known.mark if known else "", mark, there


def _usable(tx: Reading, office: Office, row: Index, name: str) -> List | None:
    there = tx.get(LISTS, name)
    if there is None or not there.edition or lists.is_behind(tx, there) or there.expires <= office.ctx.clock.now():
        return None
    channel, search = indexes.channel_of(tx, office.ctx, row.channel, row.partner, sending=False)
    return None if indexes.fits(there, channel, search) else there


def _nobody(ctx: Context, row: Index, source: str) -> Iterator[tuple[str, None]]:
    """Everybody of a source, to go."""
    after: tuple[Any, ...] | None = None
    while page := ctx.store.read(
        lambda tx, at=after: tx.scan(INDEX_ENTRIES, "by_source", (row.name, source), after=at, limit=PAGE)  # type: ignore[misc]
    ):
        after = (page[-1].entry, page[-1].number)
        yield from ((one.entry, None) for one in page if one.state == "in")


def _changes(
    office: Office, row: Index, name: str, there: List, before: str, mark: str, *, whole: bool
) -> Iterator[tuple[str, Candidate | None]]:
    """The entries of a list that are not in the index as they should be."""
    ctx, today = office.ctx, office.today()
    edition: Edition | None = ctx.store.read(lambda tx: tx.get(EDITIONS, there.edition))
    category = row.list_categories[row.lists.index(name)] if whole else ""
    if whole and edition and edition.before and before == mark.replace(there.edition, edition.before):
        yield from _changed(ctx, there, category, today)
        return
    yield from _gone(ctx, row, LIST + name, there, category, today)
    if whole:
        yield from _come(ctx, row, LIST + name, there, category, today)


def _changed(ctx: Context, there: List, category: str, today: str) -> Iterator[tuple[str, Candidate | None]]:
    """What the latest import changed."""
    after: tuple[str] | None = None
    while page := ctx.store.read(
        lambda tx, at=after: tx.scan(LIST_CHANGES, "key", (there.edition,), after=at, limit=PAGE)  # type: ignore[misc]
    ):
        after = (page[-1].entry,)
        names = [one.entry for one in page]
        bodies = ctx.store.read(lambda tx, names=names: _bodies(tx, there, names))  # type: ignore[misc]
        for name in names:
            yield name, sources.of_entry(name, bodies[name], category, today) if name in bodies else None


def _bodies(tx: Reading, there: List, names: Iterable[str]) -> dict[str, bytes]:
    found = tx.get_many(LIST_ENTRIES, [(there.edition, name) for name in names])
    return {one.entry: one.body for one in found.values()}


def _gone(
    ctx: Context, row: Index, source: str, there: List, category: str, today: str
) -> Iterator[tuple[str, Candidate | None]]:
    """Those in the index whom the list has no longer, or otherwise, or whom a person took out of an index put back."""
    after: tuple[Any, ...] | None = None
    while page := ctx.store.read(
        lambda tx, at=after: tx.scan(INDEX_ENTRIES, "by_source", (row.name, source), after=at, limit=PAGE)  # type: ignore[misc]
    ):
        after = (page[-1].entry, page[-1].number)
        held = [one for one in page if one.state == "in"]
        names = [one.entry for one in held]
        bodies = ctx.store.read(lambda tx, names=names: _bodies(tx, there, names))  # type: ignore[misc]
        kept = ctx.store.read(lambda tx, names=names: choosing.kept_out(tx, row, source, names))  # type: ignore[misc]
        for one in held:
            body, kind = bodies.get(one.entry), category or one.category
            if body is None or one.entry in kept:
                yield one.entry, None
            elif one.body != sources.digest(kind.encode(), body):
                yield one.entry, sources.of_entry(one.entry, body, kind, today)


def _come(
    ctx: Context, row: Index, source: str, there: List, category: str, today: str
) -> Iterator[tuple[str, Candidate | None]]:
    """Those of the list who are not in the index, and may be."""
    first = ""
    for page in lists.pages(ctx.store, there.edition):
        # Those whom this look into the index misses are looked up one by one when they are written.
        near = ctx.store.read(
            lambda tx, at=first: tx.scan(INDEX_ENTRIES, "by_source", (row.name, source), after=(at,), limit=4 * PAGE)  # type: ignore[misc]
        )
        known = {one.entry for one in near if one.state == "in"}
        for entry, body in page:
            if entry not in known and (made := sources.of_entry(entry, body, category, today)):
                yield entry, made
        first = page[-1][0] if page else first


def _listed(tx: Writing, ctx: Context, row: Index, name: str, edition: str, page: Wanted) -> Moved:
    _still(tx, name, edition)
    current = tx.get(INDEXES, row.name)
    if current is None or current.state != "open":
        raise _Other
    _, came, went = choosing.change(tx, ctx, current, LIST + name, page)
    return _noted(tx, ctx, current, LIST + name, Moved(came, went))


def _mark(tx: Writing, row: Index, name: str, edition: str, mark: str) -> None:
    _still(tx, name, edition)
    tx.put(FOLLOWED, [Followed(index=row.name, source=LIST + name, mark=mark)])


def _still(tx: Reading, name: str, edition: str) -> None:
    """Raises when the list is not as it was: what was found out about another edition says nothing of this one."""
    there = tx.get(LISTS, name)
    if edition and (there is None or there.edition != edition):
        raise _Other


# -- dossiers ----------------------------------------------------------------------------------------------------------


def _dossiers(ctx: Context, row: Index, marks: list[Followed]) -> Moved:
    known = {one.source.removeprefix(DOSSIER): one.mark for one in marks}
    erased = ctx.store.read(lambda tx: _erased(tx, row))
    total, seen = Moved(), set[str]()
    for there in _open_dossiers(ctx, row):
        seen.add(there.id)
        if known.get(there.id) != _mark_of(there) or there.id in erased:
            total += _dossier(ctx, row, there.id)
    for name in known.keys() - seen:  # ended, or of somebody whom a person chose
        found = ctx.store.read(lambda tx, name=name: tx.get(DOSSIERS, name))  # type: ignore[misc]
        if found is None or known[name] != _mark_of(found) or name in erased:
            total += _dossier(ctx, row, name)
    return total


def _open_dossiers(ctx: Context, row: Index) -> Iterator[Dossier]:
    """The open dossiers of the types that the index follows."""
    for kind in row.types:
        after: tuple[Any, ...] | None = None
        prefix = (row.domain, kind, "open")
        while page := ctx.store.read(
            lambda tx, at=after, prefix=prefix: tx.scan(DOSSIERS, "by_type", prefix, after=at, limit=PAGE)  # type: ignore[misc]
        ):
            yield from page
            after = (page[-1].updated, page[-1].id)


def _mark_of(row: Dossier) -> str:
    """Where a dossier stands, as the acts that count say."""
    said = "\n".join((row.channel, row.status, row.state, str(row.count), row.standing, *row.heads))
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _erased(tx: Reading, row: Index) -> set[str]:
    """The dossiers with a message in the index that is erased by now."""
    found, after = set[str](), (DOSSIER,)
    while page := tx.scan(INDEX_ENTRIES, "by_source", (row.name,), after=after, limit=PAGE):
        after = (page[-1].source, page[-1].entry, page[-1].number)  # type: ignore[assignment]
        held = [one for one in page if one.state == "in" and one.source.startswith(DOSSIER)]
        gone = tx.get_many(ERASURES, [(one.entry.partition("/")[0],) for one in held])
        found |= {one.source.removeprefix(DOSSIER) for one in held if (one.entry.partition("/")[0],) in gone}
        if not page[-1].source.startswith(DOSSIER):
            break
    return found


def _dossier(ctx: Context, row: Index, name: str) -> Moved:
    return ctx.store.write("index.dossier", lambda tx: _follow_dossier(tx, ctx, row, name))


def _follow_dossier(tx: Writing, ctx: Context, row: Index, name: str) -> Moved:
    """One dossier: all of its persons, or those that somebody chose."""
    source, current, there = DOSSIER + name, tx.get(INDEXES, row.name), tx.get(DOSSIERS, name)
    if current is None or current.state != "open":
        return Moved()
    channel, _ = indexes.channel_of(tx, ctx, current.channel, current.partner, sending=False)
    held = withdrawing.standing(tx, current, source)
    found = {one.entry: one for one in acts.of_dossier(tx, ctx, current, channel, name)}
    if there is None or there.type not in current.types:
        chosen = {choosing.who(source, one.entry) for one in held}
        found = {entry: one for entry, one in found.items() if choosing.who(source, entry) in chosen}
    wanted: Wanted = {one.entry: None for one in held} | found
    _, came, went = choosing.change(tx, ctx, current, source, wanted)
    if there is not None and (there.status == "open" or found):
        tx.put(FOLLOWED, [Followed(index=row.name, source=source, mark=_mark_of(there))])
    else:
        tx.delete(FOLLOWED, [(row.name, source)])
    return _noted(tx, ctx, current, source, Moved(came, went))
