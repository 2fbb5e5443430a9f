"""What the asker's node fetches: tables that were announced, shard by shard, and lists of withdrawn references.

Rules kept here:
- a base before the delta that rests on it: in the order in which they were published, of each kind the newest alone;
- a shard is kept only when it stands under the root that the manifest names; what is here is not asked for again, after
  a stop at any point either. What does not match is refused with an alarm, and asked for again after a pause: who
  changes it on the way must not end a table. A manifest whose own sizes cannot be is over at once;
- a table is asked from the transaction on that brings its last shard (`manifests.here`);
- the shards of a table that is over go, a few at a time, once no question waits that was sent under it;
- a list of withdrawn references is taken when its holder signed it for this node, and never for a newer one. It is
  fetched whether a question hit or not, else the holder would learn that.

Left unchecked: that a list is complete. A holder that leaves out what it withdrew harms whom it confirms to.
"""

import os
from typing import NamedTuple

import msgspec

from passerelle.core.errors import NoteError, ProofError, SearchError
from passerelle.exchange import announcing, manifests, notes, sealing, trust
from passerelle.exchange.checks import BatchRefusedError
from passerelle.exchange.context import MAX_AHEAD, Context
from passerelle.identity.identity import Identity
from passerelle.ports.search import (
    MANIFESTS,
    QUESTIONS,
    SHARD_BODIES,
    SHARDS,
    WITHDRAWALS,
    Manifest,
    Shard,
    ShardBody,
    Withdrawals,
)
from passerelle.ports.store import Reading, Writing
from passerelle.search import hits, table, wire_tables

EARLY = 30 * 60_000
"""Milliseconds before its end at which a list is fetched anew."""
_FEW = 8
_ALL = 100_000


class Wanted(NamedTuple):
    """A table that is to be fetched, from a shard on, and the request for it."""

    manifest: Manifest
    first: int
    body: bytes


# ---- tables ----------------------------------------------------------------------------------------------------------


def next_table(ctx: Context, partner: str, leave: frozenset[str] = frozenset()) -> Wanted | None:
    """What is to be fetched next from a partner. `leave`: tables that are left for later."""

    def read(tx: Reading) -> tuple[Manifest, int] | None:
        found = sorted(_announced(tx, partner, ctx.clock.now()), key=lambda one: (one.published, one.kind))
        for one in found:
            if one.id not in leave:
                last = tx.scan(SHARDS, "key", (one.id,), limit=1, descending=True)
                return one, last[0].number + 1 if last else 0
        return None

    if (wanted := ctx.store.read(read)) is None:
        return None
    manifest, first = wanted
    mine = ctx.store.read(lambda tx: trust.mine(tx, ctx, partner))
    names, nonce = (ctx.name, partner), os.urandom(16)
    body = wire_tables.ask_table(names, manifest.id, first, nonce, ctx.clock.now(), mine.envelopes)
    return Wanted(manifest, first, body)


def _announced(tx: Reading, partner: str, now: int) -> list[Manifest]:
    """Of each index and kind the newest table that was announced and is not here, if it has not run out."""
    newest: dict[tuple[str, str], Manifest] = {}
    for one in tx.scan(MANIFESTS, "by_state", ("announced",), limit=_ALL):
        if one.partner == partner and one.expires > now:
            other = newest.setdefault((one.index, one.kind), one)
            newest[one.index, one.kind] = max(one, other, key=lambda each: each.number)
    return list(newest.values())


def keep(ctx: Context, wanted: Wanted, answer: bytes) -> bool:
    """Keep the shards that came. Returns whether the whole table is here.

    Raises SearchError when they are not those of the manifest, or the manifest is of no table; an alarm says so.
    """
    manifest = wanted.manifest
    size, said = table.shard_size(manifest.count), announcing.parse(manifest.body.decode()).shard_size
    if said != size:
        words = f"expected shards of {size} bytes for {manifest.count} match keys, got {said}"
        ctx.store.write("search.wrong-table", lambda tx: _wrong(tx, ctx, manifest, words, ends=True))
        raise SearchError(words)
    try:
        parts = _checked(manifest, wanted.first, size, answer)
    except (BatchRefusedError, ProofError, SearchError) as error:
        words = str(error)
        ctx.store.write("search.wrong-table", lambda tx: _wrong(tx, ctx, manifest, words))
        raise SearchError(f"expected shards of the table {manifest.id[:12]}, got others: {words}") from None

    def work(tx: Writing) -> bool:
        now_is = tx.get(MANIFESTS, manifest.id)
        if now_is is None or now_is.state != "announced":
            return False  # it ended meanwhile
        tx.put(SHARDS, [Shard(manifest.id, one.number, table.digest(one.body), len(one.body)) for one in parts])
        tx.put(SHARD_BODIES, [ShardBody(manifest.id, one.number, one.body) for one in parts])
        whole = parts[-1].number == manifest.shards - 1
        if whole:
            manifests.here(tx, ctx, now_is)
        return whole

    return ctx.store.write("search.keep", work)


def _checked(manifest: Manifest, first: int, size: int, answer: bytes) -> list[wire_tables.ShardPart]:
    """The shards of an answer, each proven and readable. Raises BatchRefusedError, ProofError, SearchError."""
    parts = wire_tables.read_shards(answer, first, size)
    for one in parts:
        table.check_shard(one.body, one.number, manifest.shards, one.path, manifest.root)
        table.Shard(one.body, manifest.count // manifest.shards)
    return parts


def _wrong(tx: Writing, ctx: Context, manifest: Manifest, words: str, *, ends: bool = False) -> None:
    """A table that is not what its manifest says is never asked. `ends`: nor fetched."""
    now_is = tx.get(MANIFESTS, manifest.id)
    if now_is is None or now_is.state != "announced":
        return
    if ends:
        tx.put(MANIFESTS, [msgspec.structs.replace(now_is, state="over")])
    text = f"the {manifest.kind} {manifest.number} of index {manifest.index} does not match its manifest: {words}"
    notes.alarm(tx, ctx, "search.table-wrong", manifest.partner, text[:1000], once=manifest.id)


def tidy(ctx: Context) -> bool:
    """Delete a little of what is over. Returns whether there was any."""

    def work(tx: Writing) -> bool:
        now = ctx.clock.now()
        ended = [one for one in tx.scan(MANIFESTS, "by_state", ("here",), limit=_ALL) if one.expires <= now]
        ended += [one for one in tx.scan(MANIFESTS, "by_state", ("announced",), limit=_ALL) if one.expires <= now]
        tx.put(MANIFESTS, [msgspec.structs.replace(one, state="over") for one in ended])
        waiting = tx.scan(QUESTIONS, "by_state", ("waiting",), limit=_ALL)
        needed = {name for one in waiting for name in (one.base, one.delta) if name}
        for one in tx.scan(MANIFESTS, "by_state", ("over",), limit=_ALL):
            if one.id not in needed and _forget(tx, one, now):
                return True
        return bool(ended)

    if not ctx.store.read(lambda tx: tx.scan(MANIFESTS, limit=1)):
        return False
    return ctx.store.write("search.forget", work)


def _forget(tx: Writing, manifest: Manifest, now: int) -> bool:
    """Delete a few shards of a table that is over, at last its manifest unless it bears the highest number."""
    there = tx.scan(SHARDS, "key", (manifest.id,), limit=_FEW, descending=True)
    keys = [(one.epoch, one.number) for one in there]
    tx.delete(SHARD_BODIES, keys)
    tx.delete(SHARDS, keys)
    if there or now < manifest.expires + manifests.KNOWN:
        return bool(there)
    line = (manifest.partner, manifest.index, manifest.kind)
    newest = tx.scan(MANIFESTS, "by_index", line, limit=1, descending=True)
    if newest[0].id == manifest.id:
        return False
    tx.delete(MANIFESTS, [(manifest.id,)])
    return True


# ---- lists of withdrawn references -----------------------------------------------------------------------------------


def lists_due(ctx: Context, partner: str) -> list[str]:
    """The indexes of a partner of which a newer list is wanted: of a question somebody may look for hits.

    Whether there is one makes no difference: the partner would learn it from who fetches and who does not.
    """

    def read(tx: Reading) -> list[str]:
        answered = tx.scan(QUESTIONS, "by_partner", (partner, "answered"), limit=_ALL)
        soon, due = ctx.clock.now() + EARLY, []
        for name in sorted({one.index for one in answered}):
            there = tx.get(WITHDRAWALS, partner, name)
            if there is None or there.until <= soon:
                due.append(name)
        return due

    return ctx.store.read(read)


def ask_list(ctx: Context, partner: str, index: str) -> bytes:
    """The request for the newest list of an index."""
    mine = ctx.store.read(lambda tx: trust.mine(tx, ctx, partner))
    names, nonce = (ctx.name, partner), os.urandom(16)
    return wire_tables.ask_withdrawals(names, index, nonce, ctx.clock.now(), mine.envelopes)


def keep_list(ctx: Context, partner: str, index: str, answer: bytes) -> None:
    """Keep a list that came. Raises NoteError or SignatureError."""
    identity = ctx.store.read(lambda tx: ctx.confirmed(tx, partner))[1]
    found = read_list(ctx, partner, index, answer, identity)
    ctx.store.write("search.list", lambda tx: hits.keep(tx, found))


def read_list(ctx: Context, partner: str, index: str, data: bytes, identity: Identity) -> Withdrawals:
    """A list as it is kept, once it is proven that the partner made it for this node, lately.

    Raises NoteError or SignatureError.
    """
    found = wire_tables.read_withdrawals(data)
    sealing.verify_note(found.note, identity.envelope)
    if (found.holder, found.asker, found.index) != (partner, ctx.name, index):
        raise NoteError(f"expected a list of {partner} for {ctx.name}, got one of {found.holder} for {found.asker}")
    now = ctx.clock.now()
    # What was signed for a time to come would be current for longer than it may.
    if found.time > now + MAX_AHEAD or found.until > found.time + wire_tables.CURRENT:
        raise NoteError("expected a list of lately that is current for an hour, got another")
    return Withdrawals(partner, index, found.time, found.until, found.references, data, found.salt, *found.first)
