"""Tables end, and with them their keys; an index ends with its channel, or with the trust in the partner.

Rules kept here:
- at the end of a table its key is deleted, and it is written down: from then on nobody, this node neither, can evaluate
  anything under it. No backup has it. The shards go after it, the claims P7D after the expiry that the manifest names;
- a table whose key is not here came back with a backup: it ends, it is told, and new tables are due at once;
- tables may be ended early by a person; the partner is told, and new ones are due at once;
- an index goes on under a channel that takes the place of its own, if that lets it: new tables are due at once, and who
  may not stand in it any more leaves (`following`);
- else an index whose channel is no longer in force, or whose partner is not confirmed, ends: its keys and entries go,
  and no list of withdrawn references is signed for it any more, without which no hit of it is shown anywhere;
- each step is small, and is done again where it was stopped.

Left unchecked: that nothing of a key is left on the disk below the store; the store's own rules say how it deletes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import add_duration
from passerelle.core.errors import NotFoundError, StateError
from passerelle.core.retold import E_
from passerelle.exchange import manifests, notes
from passerelle.exchange.context import Context
from passerelle.office import work
from passerelle.office.asking import Office, ask
from passerelle.office.policy import Action
from passerelle.ports.people import Person
from passerelle.ports.records import PARTNERS
from passerelle.ports.search import (
    BASE,
    CLAIMS,
    DELTA,
    EPOCH_KEYS,
    EPOCHS,
    FOLLOWED,
    INDEX_ENTRIES,
    INDEXES,
    SHARD_BODIES,
    SHARDS,
    WITHDRAWN,
    Epoch,
    Index,
)
from passerelle.ports.store import Reading, Writing
from passerelle.search import indexes, withdrawing

PAGE = 500
_SHARDS = 16
_ALL = 100_000
CLAIMED = "P7D"
"""How long after the expiry of a table claims on it may come."""


class Ended(msgspec.Struct, frozen=True):
    """What a look did. `keys`: how many were destroyed."""

    keys: int = 0
    steps: int = 0


def look(ctx: Context) -> Ended:
    """End what is over, a small step at a time, until nothing is."""
    keys = steps = 0
    while (done := step(ctx)) is not None:
        keys, steps = keys + done, steps + 1
    return Ended(keys, steps)


def step(ctx: Context) -> int | None:
    """One small step: how many keys it destroyed; None when there is nothing to do."""
    now = ctx.clock.now()
    for finds, does in _STEPS:
        found = ctx.store.read(lambda tx, finds=finds: finds(tx, ctx, now))  # type: ignore[misc]
        if found is not None:
            keys: int = ctx.store.write("index.end", lambda tx, does=does, found=found: does(tx, ctx, found))  # type: ignore[misc]
            return keys
    return None


# -- tables ------------------------------------------------------------------------------------------------------------


def destroy(tx: Writing, ctx: Context, epoch: Epoch, by: str, why: str) -> Epoch:
    """The key of a table goes; the table is over. `why`: a word."""
    made = msgspec.structs.replace(epoch, state="over", ends=ctx.clock.now())
    tx.put(EPOCHS, [made])
    tx.delete(EPOCH_KEYS, [(epoch.id,)])
    details = {"epoch": epoch.id, "kind": epoch.kind, "number": epoch.number, "why": why}
    notes.record(tx, ctx, What.INDEX_KEY_DESTROYED, by, f"index/{epoch.index}", details)
    return made


def expire(office: Office, who: Person, name: str, ids: Sequence[str], reason: str) -> list[Epoch]:
    """End tables early (their ids; none: all of the index that are asked); the partner is told.

    Raises NotFoundError, StateError, InputError, NotAllowedError.
    """
    words, ctx = work.check_line(reason, "--reason"), office.ctx

    def do(tx: Writing) -> list[Epoch]:
        row = indexes.opened(tx, name)
        ask(tx, office, who, Action.INDEX_EXPIRE, indexes.on(row))
        there = {one.id: one for one in withdrawing.epochs(tx, name, withdrawing.ASKED)}
        if unknown := [one for one in ids if one not in there]:
            raise NotFoundError(f"EPOCH: expected a table of index {name} that is asked, got {unknown[0][:64]!r}")
        if not there:
            raise StateError(f"expected a table of index {name} that is asked, got none")
        ended = [destroy(tx, ctx, there[one], who.id, "expired-early") for one in (ids or there)]
        manifests.expire(tx, ctx, row.partner, name, tuple(ids), who.id, words)
        tx.put(INDEXES, [_due_again(row, ended, ctx.clock.now())])
        details = {"epochs": [one.id for one in ended], "reason": words}
        notes.record(tx, ctx, What.INDEX_EXPIRED, who.id, indexes.named(row), details)
        return ended

    return ctx.store.write("index.expire", do)


def _due_again(row: Index, ended: Sequence[Epoch], now: int) -> Index:
    """The index with new tables due in place of those that were current."""
    kinds = {one.kind for one in ended}
    base = now if BASE in kinds else row.due_base
    return msgspec.structs.replace(row, due_base=base, due_delta=now if DELTA in kinds else row.due_delta)


def _over(tx: Reading, ctx: Context, now: int) -> list[Epoch] | None:
    """Tables whose time is over, or whose key is not here."""
    found = [one for state in withdrawing.ASKED for one in tx.scan(EPOCHS, "by_state", (state,), limit=_ALL)]
    held = tx.get_many(EPOCH_KEYS, [(one.id,) for one in found])
    return [one for one in found if one.ends <= now or (one.id,) not in held] or None


def _end(tx: Writing, ctx: Context, found: list[Epoch]) -> int:
    keys, now, lost = 0, ctx.clock.now(), dict[str, list[Epoch]]()
    for seen in found:
        epoch = tx.get(EPOCHS, seen.id)
        if epoch is None or epoch.state not in withdrawing.ASKED:
            continue
        if tx.get(EPOCH_KEYS, epoch.id) is None:
            lost.setdefault(epoch.index, []).append(epoch)
            tx.put(EPOCHS, [msgspec.structs.replace(epoch, state="over", ends=now)])
        elif epoch.ends <= now:
            destroy(tx, ctx, epoch, "node", "over")
            keys += 1
    for name, gone in lost.items():
        _lost(tx, ctx, name, gone)
    return keys


def _lost(tx: Writing, ctx: Context, name: str, gone: Sequence[Epoch]) -> None:
    """The store was put back, and keys are in no backup."""
    row, now = tx.get(INDEXES, name), ctx.clock.now()
    text = (
        f"index {name}: expected the keys of its tables, got none for {len(gone)}: "
        "the store was put back; new tables follow"
    )
    notes.alarm(tx, ctx, "index.keys-lost", gone[0].partner, text)
    details = {"epochs": [one.id for one in gone], "reason": "keys-lost"}
    notes.record(tx, ctx, What.INDEX_EXPIRED, "node", f"index/{name}", details)
    if row is not None and row.state == "open":
        tx.put(INDEXES, [msgspec.structs.replace(row, due_base=now, due_delta=now)])
        # All of it is followed anew: the register knows who was taken out since the backup, and no mark tells it.
        marks = tx.scan(FOLLOWED, "key", (name,), limit=10_000_000)
        tx.put(FOLLOWED, [msgspec.structs.replace(one, mark="") for one in marks])
        # All tables: what was published since the backup is not known here, nor what was withdrawn of it.
        _tell(tx, ctx, row, (), E_("the keys of these tables are lost"))


def _tell(tx: Writing, ctx: Context, row: Index, ids: tuple[str, ...], words: str) -> None:
    """Tell the partner, as long as anything is sent to him."""
    partner = tx.get(PARTNERS, row.partner)
    if partner is not None and partner.status == "confirmed":
        manifests.expire(tx, ctx, row.partner, row.name, ids, "node", words)


# -- indexes -----------------------------------------------------------------------------------------------------------


def _superseded(tx: Reading, ctx: Context, now: int) -> Index | None:
    """An index, as it is under the channel that took the place of its own."""
    return next((made for row in indexes.all_of(tx, "open") if (made := indexes.moved(tx, ctx, row))), None)


def _move(tx: Writing, ctx: Context, seen: Index) -> int:
    row = tx.get(INDEXES, seen.name)
    made = indexes.moved(tx, ctx, row) if row is not None and row.state == "open" else None
    if row is not None and made is not None:
        tx.put(INDEXES, [made])
        details = {"source": "channel", "before": row.channel, "channel": made.channel}
        notes.record(tx, ctx, What.INDEX_FOLLOWED, "node", indexes.named(row), details)
    return 0


def _fallen(tx: Reading, ctx: Context, now: int) -> Index | None:
    """An index under which nobody may be searched any more."""
    return next((row for row in indexes.all_of(tx, "open") if why_fallen(tx, ctx, row)), None)


def why_fallen(tx: Reading, ctx: Context, row: Index) -> str:
    """Why an index has to end; nothing when it goes on."""
    partner = tx.get(PARTNERS, row.partner)
    if partner is None or partner.status != "confirmed":
        return E_("the partner is not confirmed any more")
    try:
        indexes.channel_of(tx, ctx, row.channel, row.partner, sending=False)
    except StateError:
        return E_("its channel is not in force any more")
    return ""


def _end_index(tx: Writing, ctx: Context, seen: Index) -> int:
    row = tx.get(INDEXES, seen.name)
    words = why_fallen(tx, ctx, row) if row is not None and row.state == "open" else ""
    if row is None or not words:
        return 0
    tx.put(INDEXES, [msgspec.structs.replace(row, state="ended")])
    asked = withdrawing.epochs(tx, row.name, withdrawing.ASKED)
    for epoch in asked:
        destroy(tx, ctx, epoch, "node", "index-ended")
    _tell(tx, ctx, row, (), words)
    notes.alarm(tx, ctx, "index.ended", row.partner, f"index {row.name} ended: {words}")
    notes.record(tx, ctx, What.INDEX_ENDED, "node", indexes.named(row), {"reason": words})
    return len(asked)


# -- what is left of them ----------------------------------------------------------------------------------------------


def _silent(tx: Reading, ctx: Context, now: int) -> Epoch | None:
    """A table whose making ended without a word."""
    return next((one for one in tx.scan(EPOCHS, "by_state", ("making",), limit=1) if one.ends <= now), None)


def _sweep_made(tx: Writing, ctx: Context, epoch: Epoch) -> int:
    there = tx.get(EPOCHS, epoch.id)
    if there is None or there.state != "making":
        return 0
    tx.delete(EPOCH_KEYS, [(epoch.id,)])
    if not _shards_go(tx, epoch) and not _claims_go(tx, epoch):
        tx.delete(EPOCHS, [(epoch.id,)])
    return 0


def _left(tx: Reading, ctx: Context, now: int) -> Epoch | Index | None:
    """A table that is over, of which something is here that need not be; an index that ended, with entries; or one with
    rows of persons who left long ago.
    """
    for one in tx.scan(EPOCHS, "by_state", ("over",), limit=_ALL):
        if tx.scan(SHARDS, "key", (one.id,), limit=1) or claims_end(one) <= now:
            return one
    for row in indexes.all_of(tx):
        if row.state == "ended" and _has_rows(tx, row):
            return row
        if row.state == "open" and withdrawing.past(tx, row, 1):
            return row
    return None


def _has_rows(tx: Reading, row: Index) -> bool:
    if tx.scan(INDEX_ENTRIES, "key", (row.name,), limit=1):
        return True
    return bool(tx.scan(FOLLOWED, "key", (row.name,), limit=1))


def claims_end(epoch: Epoch) -> int:
    """Until when (ms) claims on a table may come."""
    return add_duration(epoch.expires, CLAIMED)


def _sweep(tx: Writing, ctx: Context, found: Epoch | Index) -> int:
    if isinstance(found, Index):
        _sweep_index(tx, found)
    elif not _shards_go(tx, found) and claims_end(found) <= ctx.clock.now() and not _claims_go(tx, found):
        tx.delete(EPOCHS, [(found.id,)])
    return 0


def _sweep_index(tx: Writing, row: Index) -> None:
    if row.state == "ended":
        entries = tx.scan(INDEX_ENTRIES, "key", (row.name,), limit=PAGE)
        followed = tx.scan(FOLLOWED, "key", (row.name,), limit=PAGE)
        tx.delete(INDEX_ENTRIES, [(one.index, one.number) for one in entries])
        tx.delete(FOLLOWED, [(one.index, one.source) for one in followed])
    else:
        gone = withdrawing.past(tx, row, PAGE)
        tx.delete(INDEX_ENTRIES, [(one.index, one.number) for one in gone])


def _shards_go(tx: Writing, epoch: Epoch) -> bool:
    """Delete some shards of a table; whether there were any."""
    some = tx.scan(SHARDS, "key", (epoch.id,), limit=_SHARDS)
    keys = [(one.epoch, one.number) for one in some]
    tx.delete(SHARD_BODIES, keys)
    tx.delete(SHARDS, keys)
    return bool(some)


def _claims_go(tx: Writing, epoch: Epoch) -> bool:
    """Delete some claims of a table, and what was withdrawn of it; whether there were any."""
    claims = tx.scan(CLAIMS, "key", (epoch.id,), limit=_SHARDS)
    withdrawn = tx.scan(WITHDRAWN, "key", (epoch.id,), limit=PAGE)
    tx.delete(CLAIMS, [(one.epoch, one.part) for one in claims])
    tx.delete(WITHDRAWN, [(one.epoch, one.reference) for one in withdrawn])
    return bool(claims or withdrawn)


_STEPS: tuple[tuple[Callable[..., Any], Callable[..., int]], ...] = (
    (_superseded, _move),
    (_fallen, _end_index),
    (_over, _end),
    (_silent, _sweep_made),
    (_left, _sweep),
)
"""What is looked for, in this order, and what is done about it."""
