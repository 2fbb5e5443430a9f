"""Reading what figures are made of: page by page, so that memory stays flat and no transaction stays open for long.

Rules kept here:
- acts are read by the entries of each log. Times never decrease within a log, so a period is a stretch of it, whose
  ends are found by halving: a month of a store of ten years reads a month;
- a message that got a place in a later generation counts there, once;
- deadlines are read by their key, all of them; the purpose is that of the act with which one began.

Left unchecked: what enters while it is read. A log's end is taken once; a deadline may be read before or behind a
change. A page is one moment of the store, the whole is not.
"""

from collections.abc import Callable, Collection, Iterator

from passerelle.exchange.context import Context
from passerelle.instruments import model
from passerelle.instruments.channel import Channel
from passerelle.instruments.errors import InstrumentFormError
from passerelle.ledger import entry as entries
from passerelle.oversight.statistics import Period, Tally, Words
from passerelle.ports.records import ENTRIES, INSTRUMENTS, LOGS, MESSAGES, Log, Message
from passerelle.ports.store import Reading, Store
from passerelle.ports.timers import TIMERS, Timer

PAGE = 1000
_ALL = 1_000_000
Advance = Callable[[int, int], None]
"""Told how many rows of how many were read."""


def nobody(done: int, of: int) -> None:
    """No one looks at the progress."""


def words_of(ctx: Context) -> tuple[Words, dict[str, str]]:
    """What the channels that are here know, and their titles by digest."""
    channels = {}
    titles = {}
    for record in ctx.store.read(lambda tx: tx.scan(INSTRUMENTS, limit=_ALL)):
        try:
            found = model.parse(record.body)
        except InstrumentFormError:
            continue  # of another version of this program
        if isinstance(found, Channel):
            channels[record.digest] = (frozenset(found.types), found.purposes)
            titles[record.digest] = found.title
    opening = {kind.name: frozenset(kind.opening) for kind in ctx.catalogue}
    return Words(channels, opening), titles


def count(
    ctx: Context,
    tally: Tally,
    period: Period,
    advance: Advance = nobody,
    without: Collection[tuple[str, str]] = (),
) -> None:
    """Count every act and every deadline of a period, but those of channels with types that are named in `without`."""
    stretches = ctx.store.read(lambda tx: [_stretch(tx, log, period) for log in tx.scan(LOGS, "by_link", limit=_ALL)])
    whole, done = sum(end - start for _, start, end in stretches), 0
    for origin, start, end in stretches:
        for read, messages in _acts(ctx.store, origin, start, end):
            for message in messages:
                if (message.channel, message.type) not in without:
                    tally.message(message)
            done += read
            advance(done, whole)
    for timers, purposes in _deadlines(ctx.store, period):
        for timer in timers:
            if timer.started in period and (timer.channel, timer.type) not in without:
                tally.timer(timer, purposes.get(timer.message, ""))
        advance(whole, whole)  # how many there are, only reading all of them would say


def _stretch(tx: Reading, log: Log, period: Period) -> tuple[str, int, int]:
    """The entries of a log within a period: from this index until before that."""
    return log.origin, _first(tx, log, period.begin), _first(tx, log, period.end)


def _first(tx: Reading, log: Log, moment: int) -> int:
    """The first index of an entry that is not before a moment."""
    low, high = 0, log.size if log.last_time >= moment else 0
    if not high:
        return log.size
    while low < high:
        middle = (low + high) // 2
        found = tx.get(ENTRIES, log.origin, middle)
        if found is not None and entries.parse(found.leaf).time >= moment:
            high = middle
        else:
            low = middle + 1
    return low


def _acts(store: Store, origin: str, start: int, end: int) -> Iterator[tuple[int, list[Message]]]:
    """How many entries were read, and the rows of the messages that stand there."""

    def page(tx: Reading, at: int) -> tuple[int, list[Message]]:
        found = tx.scan(ENTRIES, "key", (origin,), after=(at - 1,), limit=min(PAGE, end - at))
        rows = tx.get_many(MESSAGES, [(one.message,) for one in found])
        # The row of a message that was entered again says where it stands now.
        return len(found), [
            row
            for one in found
            if (row := rows.get((one.message,))) is not None and (row.origin, row.index) == (origin, one.index)
        ]

    for at in range(start, end, PAGE):
        yield store.read(lambda tx, at=at: page(tx, at))  # type: ignore[misc]


def _deadlines(store: Store, period: Period) -> Iterator[tuple[list[Timer], dict[str, str]]]:
    after: tuple[str, ...] | None = None

    def page(tx: Reading) -> tuple[list[Timer], dict[str, str]]:
        found = tx.scan(TIMERS, after=after, limit=PAGE)
        wanted = dict.fromkeys((one.message,) for one in found if one.started in period)
        return found, {key[0]: row.purpose for key, row in tx.get_many(MESSAGES, wanted).items()}

    while (found := store.read(page))[0]:
        yield found
        last = found[0][-1]
        after = (last.dossier, last.deadline, last.message)
