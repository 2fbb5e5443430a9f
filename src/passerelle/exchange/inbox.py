"""Receiving: the numbered checks of a batch, the one transaction that keeps it, and the receipt.

    0  size and form                                  before anything is computed
    1  header signed by a pinned, unsuspended key; then opens
    2  origin names this link and its current generation
    3  signatures of the checkpoint, by keys that may sign this size; a change of keys inside is genuine
    4  indexes continue, times do not decrease, leaves match commitments
    5  root matches the leaves
    6  within the limits a day that are agreed
    7-10 of each message: see `intake`

0-6 refuse the batch and change nothing. The receipt is made after the commit from the stored checkpoint alone, so it
can be made again after a crash: a batch that comes twice is answered twice and applied once.

Threats met here: a stranger (1), a replayed or overlapping batch (known leaves must be equal, decisions are never made
twice), a log that forks (two signed trees that differ at a known index: frozen, proof kept), a batch for another link
or an older generation (2), a flood (0, 6).
"""

from contextlib import suppress
from functools import partial

import msgspec

from passerelle.core import ids
from passerelle.core.errors import ExchangeError, JsonError, NoteError, NotFoundError, SignatureError, StateError
from passerelle.exchange import content as contents
from passerelle.exchange import governance, intake, links, notes, sealing, succession, trust, wire
from passerelle.exchange.arrivals import Arrival, arrival
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.exchange.context import MAX_AHEAD, Context
from passerelle.identity.history import History
from passerelle.identity.identity import Identity
from passerelle.identity.keys import Verifier, b64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle, proof
from passerelle.ports.records import CONFLICTS, ENTRIES, LOGS, MESSAGES, Conflict, Entry, Log, Message
from passerelle.ports.store import Reading, Writing


class _ForkError(ExchangeError):
    """The partner signed two trees that no one log can have."""

    def __init__(self, log: Log, index: int, ours: str, theirs: str) -> None:
        super().__init__(f"{log.origin}: another leaf at index {index} under a signed root")
        self.log, self.index, self.ours, self.theirs = log, index, ours, theirs


class _Opened(msgspec.Struct, frozen=True):
    """A batch whose outside and signatures hold; nothing of the store was asked but the partner's keys."""

    header: wire.Header
    batch: wire.Batch
    partner: str
    identity: Identity
    lane: str
    generation: int
    leaves: tuple[entries.Leaf, ...]
    keys: tuple[Verifier, Verifier]


def receive(ctx: Context, body: bytes) -> bytes:
    """Take a sealed batch. Returns the cosigned checkpoint, a signed note. Raises BatchRefusedError."""
    opened = _open(ctx, body)
    try:
        kept = ctx.store.write("inbox.accept", lambda tx: _accept(tx, ctx, opened))
    except _ForkError as fork:
        ctx.store.write("inbox.freeze", partial(_freeze, ctx=ctx, fork=fork))
        raise BatchRefusedError(Check.LEAVES, str(fork)) from None
    return receipt(ctx, kept)


class Admitted(msgspec.Struct, frozen=True):
    """Who signed the header of a batch, and what he says it is."""

    partner: str
    lane: str
    entries: int


def admit(ctx: Context, head: bytes) -> Admitted:
    """Asked before the rest of a batch is read: does a partner sign its header? Raises BatchRefusedError (0, 1)."""
    header = wire.read_header(head)
    sender, _, lane, _ = checkpoints.split_origin(header.origin)
    try:
        sealing.verify_note(header.note, trusted(ctx, sender).envelope)
    except (SignatureError, NoteError) as error:
        raise BatchRefusedError(Check.SIGNATURE, str(error)) from None
    return Admitted(sender, lane, min(wire.MAX_ENTRIES, max(0, header.end - header.start)))


def receipt(ctx: Context, log: Log) -> bytes:
    """The stored checkpoint of a received log with this node's cosignatures: what is durable here, and no more."""
    held = checkpoints.parse(log.receipt)
    mine = ctx.store.read(lambda tx: trust.mine(tx, ctx, log.partner))
    return mine.cosigned(held, ctx.clock.now() // 1000).note.encode()


def trusted(ctx: Context, name: str) -> Identity:
    """The identity of a confirmed partner. Raises BatchRefusedError (1)."""
    try:
        return ctx.store.read(lambda tx: ctx.confirmed(tx, name))[1]
    except (NotFoundError, StateError) as error:
        raise BatchRefusedError(Check.SIGNATURE, str(error)) from None


def _open(ctx: Context, body: bytes) -> _Opened:
    header, sealed = wire.parse_header(body)
    sender, receiver, lane, generation = checkpoints.split_origin(header.origin)
    identity = trusted(ctx, sender)
    # What was sealed to a key before is on its way still, until the grace is over.
    key = ctx.keys.opener(header.seal) or ctx.keys.sealing
    batch = wire.open_batch(header, sealed, sender=identity.envelope, key=key)
    if receiver != ctx.name:
        raise BatchRefusedError(Check.ORIGIN, f"expected a log to {ctx.name}, got one to {receiver}")
    if batch.checkpoint.origin != header.origin:
        raise BatchRefusedError(
            Check.ORIGIN, f"expected a checkpoint of {header.origin}, got {batch.checkpoint.origin}"
        )
    keys = _signers(ctx, sender, lane, batch)
    # The checkpoint as it is kept bears the log's own signatures and no other line that came with it.
    batch = msgspec.structs.replace(batch, checkpoint=checkpoints.bare(batch.checkpoint, keys))
    return _Opened(header, batch, sender, identity, lane, generation, _leaves(ctx, header, batch), keys)


def _signers(ctx: Context, sender: str, lane: str, batch: wire.Batch) -> tuple[Verifier, Verifier]:
    """Check 3: the keys of the sender that signed the checkpoint and may sign this size.

    A sender whose log key is lost signs with the new one that a revocation in this very batch brings.
    """

    def read(tx: Reading) -> History:
        return trust.theirs(tx, ctx, ctx.confirmed(tx, sender)[0])

    try:
        return trust.signed_by(batch.checkpoint, ctx.store.read(read))
    except (SignatureError, NoteError, NotFoundError, StateError) as error:
        brought = succession.introduced(ctx, sender, batch.items) if lane == "governance" else []
        for keys in brought:
            with suppress(SignatureError, NoteError):
                checkpoints.verify(batch.checkpoint, keys.log)
                return keys.log
        raise BatchRefusedError(Check.CHECKPOINT, str(error)) from None


def _may(tx: Reading, ctx: Context, opened: _Opened) -> None:
    """Check 3 once more, as everything stands when the batch is taken: its keys may have been handed over meanwhile."""
    held = opened.batch.checkpoint
    history = trust.theirs(tx, ctx, ctx.confirmed(tx, opened.partner)[0])
    if opened.keys not in history.may("log", held.origin, held.size):
        words = f"expected keys that sign size {held.size} of {held.origin}, got {opened.keys[0].id.hex()}"
        raise BatchRefusedError(Check.CHECKPOINT, words)


def _leaves(ctx: Context, header: wire.Header, batch: wire.Batch) -> tuple[entries.Leaf, ...]:
    """Check 4, as far as the batch alone tells."""

    def refuse(words: str) -> BatchRefusedError:
        return BatchRefusedError(Check.LEAVES, words)

    end = batch.start + len(batch.items)
    if batch.checkpoint.size != end:
        raise refuse(f"expected a checkpoint of size {end}, got {batch.checkpoint.size}")
    leaves = []
    last = 0
    latest = ctx.clock.now() + MAX_AHEAD
    for index, item in enumerate(batch.items, batch.start):
        try:
            leaf = entries.placed(item.leaf, header.origin, index, last)
        except NoteError as error:
            raise refuse(str(error)) from None
        if leaf.time > latest:
            raise refuse(f"entry {index}: expected a time at most {MAX_AHEAD} ms ahead, got {leaf.time - latest} more")
        last = leaf.time
        if not item.withheld:
            if len(item.content) != leaf.size:
                raise refuse(f"entry {index}: expected {leaf.size} bytes of content, got {len(item.content)}")
            if entries.commit(item.salt, item.content) != leaf.commitment:
                raise refuse(f"entry {index}: expected the content that the leaf commits to, got another")
        leaves.append(leaf)
    names = {leaf.message for leaf in leaves}
    if len(names) != len(leaves):
        raise refuse("expected each message once, got one twice")
    return tuple(leaves)


def _accept(tx: Writing, ctx: Context, opened: _Opened) -> Log:
    batch, leaves = opened.batch, opened.leaves
    log = _log_for(tx, ctx, opened)
    if batch.start > log.size:
        raise BatchRefusedError(Check.LEAVES, f"expected entries from {log.size}, got a gap up to {batch.start}")
    known = min(log.size - batch.start, len(leaves))
    _compare(tx, log, opened, known)
    fresh = batch.items[known:]
    if not fresh:
        # Nothing new: a repeated batch. Its tree must be a part of ours.
        if links.root_of(tx, log, batch.checkpoint.size) != batch.checkpoint.root:
            _differs(tx, log, opened, "another root for entries that are known")
        _may(tx, ctx, opened)
        return log
    if leaves[known].time < log.last_time:
        words = f"expected a time not before {log.last_time}, got {leaves[known].time}"
        raise BatchRefusedError(Check.LEAVES, words)
    tree = merkle.Tree(log.size, log.frontier)
    rows = []
    for leaf, item in zip(leaves[known:], fresh, strict=True):
        nodes = tree.append(item.leaf)
        rows.append(Entry(origin=log.origin, index=leaf.index, leaf=item.leaf, nodes=nodes, message=leaf.message))
    if tree.root() != batch.checkpoint.root:
        raise BatchRefusedError(Check.ROOT, "expected the root of these leaves, got another")
    now = ctx.clock.now()
    arrivals, refused = _arrivals(tx, ctx, opened, known, now)
    changed = msgspec.structs.replace(
        log,
        size=tree.size,
        frontier=tree.frontier,
        cosigned=tree.size,
        last_time=leaves[-1].time,
        receipt=str(batch.checkpoint),
    )
    # Written before the messages are judged: what they rely on is what this log holds now.
    tx.put(LOGS, [changed])
    tx.add(ENTRIES, rows)
    intake.take_in(tx, ctx, opened.partner, opened.lane, arrivals, refused)
    _may(tx, ctx, opened)
    return changed


def _log_for(tx: Writing, ctx: Context, opened: _Opened) -> Log:
    """Check 2: the current log of the link, or the next generation properly begun."""

    def refuse(words: str) -> BatchRefusedError:
        return BatchRefusedError(Check.ORIGIN, words)

    log = links.current_or_new(tx, ctx.name, opened.partner, "in", opened.lane)
    if opened.generation == log.generation:
        if log.state != "open":
            raise refuse(f"expected a new generation, this log is {log.state}")
        return log
    if opened.generation < log.generation:
        raise refuse(f"expected generation {log.generation}, got {opened.generation}")
    # One that this node never saw may lie between: its first batch was lost, and it was closed again by a restore.
    # What counts is the checkpoint that the new one continues.
    if opened.batch.start != 0:
        raise refuse(f"expected generation {log.generation} or the start of a later one, got {opened.generation}")
    if log.state == "frozen" and not log.reopen:
        raise refuse("expected persons here to allow a new generation of a frozen log first")
    _continues(tx, ctx, log, opened)
    closed = msgspec.structs.replace(log, state="closed", closing=log.size, reason="a new generation began")
    if log.size or log.receipt:
        tx.put(LOGS, [closed])
    return links.fresh(ctx.name, opened.partner, "in", opened.lane, opened.generation)


def _continues(tx: Reading, ctx: Context, log: Log, opened: _Opened) -> None:
    """The first entry of a generation names exactly the checkpoint up to which this node holds the one before."""
    first = opened.batch.items[0]
    try:
        content = contents.parse(first.content, opened.leaves[0].message)
        if content.get("kind") != "generation" or first.withheld:
            raise JsonError("expected a message of kind generation first")
        contents.check_plain(content)
        size, root = content["size"], content["root"]
        held = merkle.Tree(log.size, log.frontier).root()
        if (size, root) != (log.size, b64(held)):
            raise JsonError(f"expected to continue size {log.size} of the one before, got {size} or another root")
        _previous(tx, ctx, opened, log, held, content["previous"])
    except (JsonError, NoteError, SignatureError, contents.ContentError) as error:
        raise BatchRefusedError(Check.ORIGIN, f"first entry of generation {opened.generation}: {error}") from None


def _previous(tx: Reading, ctx: Context, opened: _Opened, log: Log, held: bytes, text: str) -> None:
    """The checkpoint of the generation before, as its sender signed it: so the chain can be proven later."""
    if not log.size:
        if text:
            raise NoteError("expected no previous checkpoint where nothing was held")
        return
    previous = checkpoints.parse(text)
    if (previous.origin, previous.size, previous.root) != (log.origin, log.size, held):
        raise NoteError(f"expected the checkpoint of {log.origin} at {log.size}, got that of {previous.origin}")
    trust.signed_by(previous, trust.theirs(tx, ctx, ctx.confirmed(tx, opened.partner)[0]))


def _compare(tx: Writing, log: Log, opened: _Opened, known: int) -> None:
    """Known leaves must be equal; an unequal one under a signed root is equivocation."""
    if not known:
        return
    start = opened.batch.start
    held = links.entries(tx, log.origin, start, start + known)
    for entry, item in zip(held, opened.batch.items, strict=False):
        if entry.leaf != item.leaf:
            _differs(tx, log, opened, f"another leaf at known index {entry.index}", entry.index)


def _differs(tx: Writing, log: Log, opened: _Opened, words: str, index: int = -1) -> None:
    """Either a proven fork, or a batch that does not even agree with its own root."""
    batch = opened.batch
    size, root = batch.checkpoint.size, batch.checkpoint.root
    held = checkpoints.parse(log.receipt)
    if index < 0:
        # Known leaves agree but an earlier one cannot: our tree at their size has another root than they signed, and
        # a consistency proof leads from that root to the one they signed before.
        # The root stands with the path: for a size that is a power of two the path alone does not lead to it.
        path = merkle.consistency(links.Tree(tx, log.origin).subtree, size, held.size) if size < held.size else []
        lines = (f"consistency {size}", b64(links.root_of(tx, log, size)), *map(b64, path))
        ours = "".join(f"{line}\n" for line in lines) + f"\n{log.receipt}"
        raise _ForkError(log, size, ours, str(batch.checkpoint))
    theirs = links.Tree(tx, log.origin, [item.leaf for item in batch.items], batch.start)
    if merkle.root_at(theirs.subtree, size) != root:
        raise BatchRefusedError(Check.LEAVES, words)
    mine = links.Tree(tx, log.origin)
    first = proof.make(index, merkle.inclusion(mine.subtree, index, held.size), held)
    second = proof.make(index, merkle.inclusion(theirs.subtree, index, size), batch.checkpoint)
    raise _ForkError(log, index, str(first), str(second))


def _freeze(tx: Writing, ctx: Context, fork: _ForkError) -> None:
    log = tx.get(LOGS, fork.log.origin) or fork.log
    if log.state == "frozen":
        return
    tx.put(LOGS, [msgspec.structs.replace(log, state="frozen", reason=str(fork))])
    kept = Conflict(
        id=ids.new_id(), origin=log.origin, index=fork.index, time=ctx.clock.now(), ours=fork.ours, theirs=fork.theirs
    )
    tx.add(CONFLICTS, [kept])
    text = f"equivocation: {log.partner} signed two different logs; proof {kept.id} is kept and the link is frozen"
    notes.alarm(tx, ctx, "link.frozen", log.partner, text)


def _arrivals(tx: Writing, ctx: Context, opened: _Opened, known: int, now: int) -> tuple[list[Arrival], list[Message]]:
    """The new entries that are new messages too: one re-sent in a new generation is known and is not decided again.

    Beside them those that are known and refused: whoever sends one again has not got, or has lost, its refusal.
    """
    leaves = opened.leaves[known:]
    there = tx.get_many(MESSAGES, [(leaf.message,) for leaf in leaves])
    arrivals = []
    refused = []
    for leaf, item in zip(leaves, opened.batch.items[known:], strict=True):
        held: Message | None = there.get((leaf.message,))
        if held is not None:
            same = (held.partner, held.direction, held.lane, held.commitment)
            # Within one log an id stands once: only a new generation of the same lane repeats what is known.
            if same != (opened.partner, "in", opened.lane, leaf.commitment) or held.origin == leaf.origin:
                words = f"entry {leaf.index}: expected a fresh message id, got that of another message"
                raise BatchRefusedError(Check.LEAVES, words)
            # The same message under its new leaf: where it stands now is where evidence is found.
            placed = msgspec.structs.replace(held, origin=leaf.origin, index=leaf.index, time=leaf.time)
            tx.put(MESSAGES, [placed])
            governance.entered_again(tx, ctx, placed)
            refused += [placed] if placed.state == "refused" else []
            continue
        arrivals.append(arrival(leaf, item, now))
    return arrivals, refused
