"""The holder's desk: a partner's questions, its requests for tables and for lists of withdrawn references.

Of a question, in this order; the number is what the asker learns:

    0  size and form                       1  signed by a confirmed partner, then opens
    2  made out to this node, lately       9  elements of the group, none of them the identity
    7  channel in force for both           8  made for searching this index for this purpose
    10 epochs of this index for this partner whose keys are here
    9  the handle, if it is known, with these elements
    6  the quota, by elements

Rules kept here:
- debit, what is kept of the question and its audit record are one transaction, before anything is evaluated: requests
  at the same time cannot share what is left, and a stop behind it costs the asker nothing, since
- a handle that comes again with the same elements is answered again and not debited again, 32 times (`AGAIN`): enough
  for answers that are lost, too few to ask each new table of months for nothing. Then it is debited as if it were new;
- all that is kept is handle, index, purpose, digest and number of elements, and when. It goes after P38D (`KEPT`): no
  epoch that could have answered lives longer, so an answer to the same elements is worth nothing more; the audit log
  has what must be proven. A question is taken for P7D of its time, so none that was forgotten comes again.
- tables and lists are for the partner that they are made for.

Left unchecked: whom a question is about. Nobody here can know.
"""

import os
from collections.abc import Iterable
from typing import NamedTuple, TypeGuard

import msgspec

from passerelle.core.audit import What
from passerelle.core.clock import MILLISECONDS_A_DAY, day_of
from passerelle.core.errors import ElementError, NoteError, SearchError, SignatureError
from passerelle.exchange import claiming, claims, inbox, manifests, notes, sealing, trust
from passerelle.exchange.channels import Channels
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.exchange.context import Context
from passerelle.exchange.inbox import Admitted
from passerelle.identity.identity import Identity
from passerelle.instruments.channel import Channel
from passerelle.ledger.note import Note
from passerelle.ports.search import (
    ASKED,
    EPOCH_KEYS,
    EPOCHS,
    INDEXES,
    QUOTAS,
    SHARD_BODIES,
    SHARDS,
    Asked,
    Epoch,
    Index,
)
from passerelle.ports.store import Reading, Writing
from passerelle.search import quota, suite, table, wire, wire_tables, withdrawing
from passerelle.search.evaluating import Evaluator
from passerelle.search.wire import Asking, QuestionHeader
from passerelle.search.withdrawing import ListFullError, Listing

KEPT = 38 * MILLISECONDS_A_DAY
"""Milliseconds that what was asked is known: as long as a base table can live (P1M and P7D)."""
AGAIN = 32
"""How often a question is answered again for one debit."""
WINDOW = 7 * MILLISECONDS_A_DAY
"""Milliseconds that the time of a question may lie from this clock."""
REQUEST_WINDOW = 15 * 60_000
"""The same of a request for a table or a list."""
TABLE_BYTES = 4 * 1024 * 1024
"""Bytes of shards in one answer, about."""
_ALL = 100_000
_FEW = 500


class _Debited(NamedTuple):
    """A question that may be answered: keys of its epochs, what the quota leaves, what is withdrawn."""

    secrets: tuple[bytes, ...]
    left_burst: int
    left_day: int
    near: bool
    listing: Listing


class Desk:
    """Answers for one node. Methods may be called from any thread; refusals are BatchRefusedError."""

    def __init__(self, ctx: Context, evaluator: Evaluator) -> None:
        self._ctx, self._evaluator = ctx, evaluator

    # -- questions ----------------------------------------------------------------------------------------------

    def admit(self, head: bytes) -> Admitted:
        """Asked before the rest of a question is read: does a partner sign its header? Raises 0, 1."""
        header = wire.read_question_header(head)
        self._signed(header.sender, header.note)
        return Admitted(header.sender, "routine", 1)

    def question(self, body: bytes) -> bytes:
        """Answer a question. Raises BatchRefusedError; BusyEvaluatorError and SearchError: later."""
        ctx = self._ctx
        head, sealed = sealing.split_body(body)
        header = wire.read_question_header(head)
        identity = inbox.trusted(ctx, header.sender)
        key = ctx.keys.opener(header.seal) or ctx.keys.sealing
        asking = wire.open_question(header, sealed, sender=identity.envelope, key=key)
        self._made_out(header.receiver, header.time, WINDOW)
        with self._evaluator.turn(header.sender):
            return self._answer(header, asking, identity)

    def _answer(self, header: QuestionHeader, asking: Asking, asker: Identity) -> bytes:
        ctx = self._ctx
        try:
            suite.split(asking.elements)
        except ElementError as error:
            raise BatchRefusedError(Check.CONTENT, str(error)) from None
        try:
            debited = ctx.store.write("search.answer", lambda tx: _debit(tx, ctx, header, asking))
        except ListFullError as error:
            self._full(header.sender, header.index, error)
            raise
        if debited is None:
            raise BatchRefusedError(Check.LIMITS, "expected elements within the quota, got more")
        pairs = self._evaluator.evaluate(debited.secrets, asking.elements)
        given = wire.Answer(
            tuple(wire.Evaluated(epoch, *pair) for epoch, pair in zip(header.epochs, pairs, strict=True)),
            debited.left_burst,
            debited.left_day,
            debited.near,
            self._list(header.sender, header.index, debited.listing),
        )
        mine = ctx.store.read(lambda tx: trust.mine(tx, ctx, header.sender))
        return wire.answer(header, asking, given, to=asker.sealing, signer=mine.envelopes, now=ctx.clock.now())

    def _signed(self, sender: str, note: Note) -> Identity:
        identity = inbox.trusted(self._ctx, sender)
        try:
            sealing.verify_note(note, identity.envelope)
        except (SignatureError, NoteError) as error:
            raise BatchRefusedError(Check.SIGNATURE, str(error)) from None
        return identity

    def _made_out(self, receiver: str, time: int, window: int) -> None:
        if receiver != self._ctx.name:
            raise BatchRefusedError(Check.ORIGIN, f"expected a question to {self._ctx.name}, got one to {receiver}")
        if abs(time - self._ctx.clock.now()) > window:
            raise BatchRefusedError(Check.ORIGIN, f"expected a time within {window} ms of this clock, got {time}")

    # -- lists and tables ---------------------------------------------------------------------------------------

    def request(self, body: bytes, form: str) -> wire_tables.Request:
        """A request that a partner signed, for this node. Raises 0, 1, 2."""
        asked = wire_tables.read_request(body, form)
        self._signed(asked.sender, asked.note)
        self._made_out(asked.receiver, asked.time, REQUEST_WINDOW)
        return asked

    def withdrawals(self, asked: wire_tables.Request) -> bytes:
        """The newest list of withdrawn references. Raises 10 for an index that this partner does not have."""

        def work(tx: Reading) -> Listing:
            index = tx.get(INDEXES, asked.what)
            if index is None or index.partner != asked.sender or index.state != "open":
                raise BatchRefusedError(Check.STATE, f"expected an index for {asked.sender}, got {asked.what}")
            return withdrawing.listing(tx, index.name, wire_tables.MOST_REFERENCES)

        try:
            listing = self._ctx.store.read(work)
        except ListFullError as error:
            self._full(asked.sender, asked.what, error)
            raise
        return self._list(asked.sender, asked.what, listing)

    def _full(self, partner: str, index: str, error: ListFullError) -> None:
        """Nobody is answered before a new base is published: persons are told."""
        once, text = f"{partner}/{index}/{day_of(self._ctx.clock.now())}", f"index {index} for {partner}: {error}"

        def work(tx: Writing) -> None:
            notes.alarm(tx, self._ctx, "search.list-full", partner, text, once=once)

        self._ctx.store.write("search.list-full", work)

    def _list(self, partner: str, index: str, listing: Listing) -> bytes:
        ctx, now = self._ctx, self._ctx.clock.now()
        mine = ctx.store.read(lambda tx: trust.mine(tx, ctx, partner))
        salt, times = os.urandom(wire_tables.SALT), (now, now + wire_tables.CURRENT)
        named, first = _filled(listing.references, salt), (listing.base, listing.delta)
        return wire_tables.withdrawals((ctx.name, partner), index, times, salt, named, mine.envelopes, first)

    def table(self, asked: wire_tables.Request) -> bytes:
        """Shards of a table from the one asked on. Raises 10 for one that this partner does not have, or not now."""

        def work(tx: Reading) -> bytes:
            epoch = tx.get(EPOCHS, asked.what)
            if not _answered(epoch, asked.sender, self._ctx.clock.now()) or asked.first >= epoch.shards:
                words = f"expected a table that is published for {asked.sender}, got {asked.what[:12]}/{asked.first}"
                raise BatchRefusedError(Check.STATE, words)
            return wire_tables.shards(_parts(tx, epoch, asked.first))

        return self._ctx.store.read(work)


def tidy(ctx: Context) -> bool:
    """Delete some of what is kept of questions and is over. Returns whether there was any."""

    def gone(tx: Reading) -> list[Asked]:
        before = ctx.clock.now() - KEPT
        return [one for one in tx.scan(ASKED, "by_time", limit=_FEW) if one.time < before]

    def work(tx: Writing) -> bool:
        those = gone(tx)
        tx.delete(ASKED, [(one.partner, one.handle) for one in those])
        return bool(those)

    return bool(ctx.store.read(gone)) and ctx.store.write("search.tidy", work)


# -- judging -----------------------------------------------------------------------------------------------------------


def _debit(tx: Writing, ctx: Context, header: QuestionHeader, asking: Asking) -> _Debited | None:
    """Judge a question, debit it and write it down; nothing when the quota is used up."""
    partner, now = header.sender, ctx.clock.now()
    index, channel = _index(tx, ctx, header, asking)
    listing = withdrawing.listing(tx, index.name, wire_tables.MOST_REFERENCES)
    secrets = _secrets(tx, header, index, listing, now)
    known = tx.get(ASKED, partner, header.handle)
    row = Asked(partner, header.handle, index.name, asking.purpose, asking.digest, asking.count, now)
    if known is not None and _same(known) != _same(row):
        raise BatchRefusedError(Check.CONTENT, "expected a handle that is fresh, got one of another question")
    terms = quota.Terms(*(min(pair) for pair in ((index.burst, channel[0]), (index.day, channel[1]))))
    free = known is not None and known.again < AGAIN
    elements = 0 if free else asking.count
    verdict = quota.ask(tx.get(QUOTAS, partner, index.name), partner, index.name, terms, elements, now)
    tx.put(QUOTAS, [verdict.row])
    _tell(tx, ctx, index, verdict, now)
    if not verdict.allowed:
        claiming.tally(tx, claiming.ANSWERED, partner, index.name, now, refused=1)
        return None
    if known is not None and free:
        tx.put(ASKED, [msgspec.structs.replace(known, again=known.again + 1)])
    else:
        tx.put(ASKED, [row])
        claiming.tally(tx, claiming.ANSWERED, partner, index.name, now, questions=1, elements=asking.count)
        details = {"handle": row.handle, "index": row.index, "purpose": row.purpose, "count": row.count}
        details |= {"elements": row.elements.hex()}
        notes.record(tx, ctx, What.SEARCH_ANSWERED, partner, f"search/{row.handle}", details)
    return _Debited(secrets, verdict.left_burst, verdict.left_day, verdict.near, listing)


def _same(row: Asked) -> tuple[str, str, bytes, int]:
    return row.index, row.purpose, row.elements, row.count


def _index(tx: Reading, ctx: Context, header: QuestionHeader, asking: Asking) -> tuple[Index, tuple[int, int]]:
    """The index that is asked, and the quota of its channel. Raises 7, 8, 10."""
    channels = Channels(tx, ctx)
    purposes = frozenset((asking.purpose,))
    for objection in manifests.under(channels, asking.channel, header.sender, purposes, ctx.clock.now()):
        raise BatchRefusedError(objection.check, objection.words)
    index = tx.get(INDEXES, header.index)
    if index is None or index.partner != header.sender or index.state != "open":
        raise BatchRefusedError(Check.STATE, f"expected an index for {header.sender}, got {header.index}")
    if asking.channel != index.channel or asking.purpose not in index.purposes:
        words = f"expected the channel and a purpose of index {index.name}, got {asking.purpose[:60]}"
        raise BatchRefusedError(Check.CHANNEL, words)
    standing = channels.standing(asking.channel)
    channel = standing.instrument if standing else None
    allowed = channel.search if isinstance(channel, Channel) else None
    if allowed is None:
        raise BatchRefusedError(Check.CHANNEL, "expected a channel that allows to search")
    return index, (allowed.burst, allowed.day)


def _answered(epoch: Epoch | None, partner: str, now: int) -> TypeGuard[Epoch]:
    """Whether an epoch is this partner's and is answered now."""
    return (
        epoch is not None
        and epoch.partner == partner
        and epoch.state in ("current", "past")
        and now < min(epoch.ends, epoch.expires)
    )


def _secrets(tx: Reading, header: QuestionHeader, index: Index, listing: Listing, now: int) -> tuple[bytes, ...]:
    """The keys of the epochs that are asked. Raises 10, also for one of which no withdrawn references are listed."""
    found = []
    for name, kind in zip(header.epochs, ("base", "delta"), strict=False):
        epoch, held = tx.get(EPOCHS, name), tx.get(EPOCH_KEYS, name)
        if not _answered(epoch, header.sender, now) or (epoch.index, epoch.kind) != (index.name, kind) or held is None:
            raise BatchRefusedError(Check.STATE, f"expected a {kind} of index {index.name}, got {name[:12]}")
        if not listing.about(kind, epoch.number):
            raise BatchRefusedError(Check.STATE, f"expected the newest {kind} of index {index.name}, got {name[:12]}")
        found.append(held.secret)
    return tuple(found)


def _tell(tx: Writing, ctx: Context, index: Index, verdict: quota.Verdict, now: int) -> None:
    """An alarm when the day's quota is nearly used, and one when a question was refused: each once a day."""
    once, left = (
        f"{index.partner}/{index.name}/{day_of(now)}",
        f"{verdict.left_burst} at once, {verdict.left_day} today",
    )
    if not verdict.allowed:
        text = f"{index.partner} asked more of index {index.name} than its quota leaves: {left}"
        notes.alarm(tx, ctx, "search.quota-full", index.partner, text, once=once)
    elif verdict.near_day:
        text = f"{index.partner} has used four fifths of its quota of index {index.name}: {left}"
        notes.alarm(tx, ctx, "search.quota-near", index.partner, text, once=once)


# -- what goes out -----------------------------------------------------------------------------------------------------


def _filled(references: Iterable[str], salt: bytes) -> list[str]:
    """References as a list with this salt names them, sorted, filled up to a multiple of 64 with random ones."""
    found = {claims.named(one, salt) for one in references}
    wanted = max(1, -(-len(found) // wire_tables.FILLED)) * wire_tables.FILLED
    while len(found) < wanted:
        found.add(os.urandom(8).hex())
    return sorted(found)


def _parts(tx: Reading, epoch: Epoch, first: int) -> list[wire_tables.ShardPart]:
    """Shards with their paths, as many as one answer has room for and at least one."""
    digests = [one.digest for one in tx.scan(SHARDS, "key", (epoch.id,), limit=_ALL)]
    parts: list[wire_tables.ShardPart] = []
    size = 0
    for number in range(first, epoch.shards):
        body = tx.get(SHARD_BODIES, epoch.id, number)
        if body is None or len(digests) != epoch.shards:
            raise SearchError(f"expected {epoch.shards} shards of {epoch.id[:12]}, got fewer")
        size += len(body.body)
        if parts and size > TABLE_BYTES:
            break
        parts.append(wire_tables.ShardPart(number, tuple(table.path(digests, number)), body.body))
    return parts
