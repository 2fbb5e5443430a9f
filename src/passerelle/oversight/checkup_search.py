"""Reading what `doctor_search` judges. Nothing is changed, nobody is asked."""

from collections import Counter
from collections.abc import Iterator

from passerelle.core.clock import add_duration
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.instruments.channel import Channel
from passerelle.instruments.standing import Standing
from passerelle.oversight.doctor_search import CHANNEL_AHEAD, QUESTION_LATE, TABLE_LATE, Asks, Held
from passerelle.ports.search import (
    BASE,
    DELTA,
    EPOCH_KEYS,
    MANIFESTS,
    QUESTIONS,
    SEARCH_HITS,
    WITHDRAWALS,
    WITHDRAWN,
    Index,
)
from passerelle.ports.store import Reading
from passerelle.search import indexes, withdrawing

_MANY = 100_000


def held(tx: Reading, ctx: Context, now: int) -> list[Held]:
    """The indexes that this node holds and that go on, as they stand at `now` (ms)."""
    channels = Channels(tx, ctx)
    return [_held(tx, channels, row, now) for row in indexes.all_of(tx, "open")]


def _held(tx: Reading, channels: Channels, row: Index, now: int) -> Held:
    turn = add_duration(0, row.delta_every)
    tables = [one for one in withdrawing.epochs(tx, row.name, withdrawing.ASKED) if one.ends > now]
    keys = tx.get_many(EPOCH_KEYS, [(one.id,) for one in tables])
    standing = channels.standing(row.channel)
    ends = standing.endings[0].at if standing and standing.endings and not _goes_on(channels, row, standing) else 0
    return Held(
        name=row.name,
        late=tuple((kind, due) for kind, due in ((BASE, row.due_base), (DELTA, row.due_delta)) if due + turn < now),
        lost=len(tables) - len(keys),
        withdrawn=sum(tx.count(WITHDRAWN, "key", (one.id,)) for one in tables if one.state == "current"),
        ends=ends if ends < now + CHANNEL_AHEAD else 0,
    )


def _goes_on(channels: Channels, row: Index, standing: Standing) -> bool:
    """Whether the channel that takes the place of an index's own lets it go on."""
    after = channels.standing(standing.superseded_by) if standing.superseded_by else None
    channel = after.instrument if after else None
    if not isinstance(channel, Channel) or channel.search is None or standing.endings[0].why != "superseded":
        return False
    return indexes.under(row, channel, channel.search) is not None


def asks(tx: Reading, now: int) -> list[Asks]:
    """The indexes of partners that this node asks or could ask, as they stand at `now` (ms)."""
    missing: dict[tuple[str, str], int] = {}
    there = set[tuple[str, str]]()
    for one in _live(tx, now):
        there.add((one[0], one[1]))
        if one[2] and one[2] + TABLE_LATE <= now:
            missing[one[0], one[1]] = min(one[2], missing.get((one[0], one[1]), one[2]))
    unlisted = Counter(
        (one.partner, one.index)
        for one in tx.scan(SEARCH_HITS, "by_state", ("unverified",), limit=_MANY)
        if one.expires > now and not _listed(tx, one.partner, one.index, now)
    )
    waiting = Counter(
        (one.partner, one.index)
        for one in tx.scan(QUESTIONS, "by_state", ("waiting",), limit=_MANY)
        if one.asked + QUESTION_LATE <= now
    )
    return [
        Asks(index, partner, missing.get((partner, index), 0), unlisted[partner, index], waiting[partner, index])
        for partner, index in sorted(there | unlisted.keys() | waiting.keys())
    ]


def _live(tx: Reading, now: int) -> Iterator[tuple[str, str, int]]:
    """Partner and index of each table that was announced and has not run out; when, if it is not here, else 0."""
    for state in ("announced", "here"):
        for one in tx.scan(MANIFESTS, "by_state", (state,), limit=_MANY):
            if one.expires > now:
                yield one.partner, one.index, one.published if state == "announced" else 0


def _listed(tx: Reading, partner: str, index: str, now: int) -> bool:
    there = tx.get(WITHDRAWALS, partner, index)
    return there is not None and there.until > now
