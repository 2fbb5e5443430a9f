"""Opening a new generation of an own log: by persons, after a restore or a fork, so that no index is used twice.

The steps, each safe to repeat:
1. ask the partner what it holds of the log (its cosigned checkpoint bears this node's own signature, so it is proof);
2. take back what this store lacks: the partner offers the entries and the contents that it still has. They are this
   node's own messages: they are checked against the own signature, put in their old place and count again;
3. close the log at exactly the size the partner holds and begin the next generation with a message that names that
   checkpoint. Entries behind it were never cosigned: their messages go back in line and get a new index. The partner
   knows a message by its id, so none is applied twice.

What the partner does not hold and this store lost is lost: nobody else has it. What was written but not sent is kept.
"""

import msgspec

from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.errors import ExchangeError, IdentityError, InputError, NoteError, SignatureError, StateError
from passerelle.exchange import intake, links, notes, outbox, sender, wire
from passerelle.exchange.context import Context
from passerelle.identity.keys import b64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ports.records import (
    CONFLICTS,
    CONTENTS,
    ENTRIES,
    LOGS,
    MESSAGES,
    Conflict,
    Content,
    Entry,
    Log,
    Message,
)
from passerelle.ports.store import Reading, Writing


def allow(ctx: Context, partner: str, lane: str, by: str) -> None:
    """On the receiving side of a frozen log: persons let the partner begin a new generation. Raises StateError."""

    def work(tx: Writing) -> None:
        log = links.current(tx, partner, "in", lane)
        if log is None or log.state != "frozen":
            raise StateError(f"expected a frozen log of {partner} in lane {lane}, got {log.state if log else 'none'}")
        tx.put(LOGS, [msgspec.structs.replace(log, reopen=True)])
        notes.record(tx, ctx, What.GENERATION_ALLOWED, by, log.origin, {})

    ctx.store.write("generation.allow", work)


class Reopening:
    """One reopening of one log; the caller posts `question` and `request` and hands back the answers."""

    def __init__(self, ctx: Context, partner: str, lane: str) -> None:
        self.ctx, self.partner, self.lane = ctx, partner, lane
        log = ctx.store.read(lambda tx: links.current(tx, partner, "out", lane))
        if log is None or log.state not in ("stopped", "frozen"):
            words = log.state if log else "none"
            raise StateError(f"expected a log to {partner} in lane {lane} that is stopped or frozen, got {words}")
        self._held: Checkpoint | None = None
        self._generation = log.generation
        self._taken: list[tuple[entries.Leaf, wire.Item]] = []
        self._from = 0
        self._lost: tuple[str, ...] = ()

    def question(self, nonce: bytes) -> bytes:
        """The status request to post first."""
        return sender.Sender(self.ctx, self.partner).question(nonce)

    def told(self, nonce: bytes, answer: bytes) -> None:
        """Take the partner's status. Raises ExchangeError."""
        ctx = self.ctx
        identity = ctx.store.read(lambda tx: ctx.confirmed(tx, self.partner))[1]
        try:
            _, states = wire.parse_status_answer(
                answer, sender=ctx.name, receiver=self.partner, nonce=nonce, verifier=identity.envelope
            )
            state, held = next(one for one in states if one[0].lane == self.lane)
            if held is not None:
                checkpoints.verify(held, (ctx.keys.log[0].verifier, ctx.keys.log[1].verifier))
                if held.origin != checkpoints.origin(ctx.name, self.partner, self.lane, state.generation):
                    raise NoteError(f"expected a checkpoint of this link, got {held.origin}")
        except (NoteError, SignatureError, IdentityError) as error:
            raise ExchangeError(f"status of {self.partner}: {error}") from None
        self._held = held
        self._generation = max(state.generation, 1)
        self._from = ctx.store.read(lambda tx: self._common(tx))

    def _common(self, tx: Reading) -> int:
        """How many of this store's entries are surely those that the partner holds."""
        if self._held is None:
            return 0
        log = tx.get(LOGS, self._held.origin)
        if log is None:
            return 0
        if self._held.size <= log.size:
            same = links.root_of(tx, log, self._held.size) == self._held.root
            return self._held.size if same else 0
        # Whether what is here begins what is there is seen when the rest has come and the root is made.
        return log.size

    def request(self, nonce: bytes) -> bytes | None:
        """The next recover request to post, or None when all is here."""
        held = self._held
        start = self._from + len(self._taken)
        if held is None or start >= held.size:
            return None
        ctx = self.ctx
        return wire.recover_request(held.origin, start, held.size, nonce, ctx.clock.now(), ctx.keys.envelope)

    def recovered(self, answer: bytes) -> None:
        """Take entries back. Raises ExchangeError when they are not this node's own."""
        ctx, held = self.ctx, self._held
        identity = ctx.store.read(lambda tx: ctx.confirmed(tx, self.partner))[1]
        start = self._from + len(self._taken)
        if held is None:
            raise ExchangeError("expected a status first")
        header, sealed = wire.parse_header(answer, wire.RECOVERED)
        batch = wire.open_batch(header, sealed, sender=identity.envelope, key=ctx.keys.sealing)
        if header.origin != held.origin or batch.start != start:
            raise ExchangeError(f"expected entries from {start} of {held.origin}, got {batch.start} of {header.origin}")
        for index, item in enumerate(batch.items, start):
            leaf = entries.parse(item.leaf)
            if (leaf.origin, leaf.index) != (held.origin, index):
                raise ExchangeError(f"expected entry {index}, got {leaf.index}")
            if not item.withheld and entries.commit(item.salt, item.content) != leaf.commitment:
                raise ExchangeError(f"entry {index}: expected the content that the leaf commits to, got another")
            self._taken.append((leaf, item))
        if self._from + len(self._taken) >= held.size and not self._matches():
            if self._from == 0:
                raise ExchangeError("expected the entries under this node's own signature, got others")
            # The store's beginning is not the partner's: take all of it.
            self._from, self._taken = 0, []

    def _matches(self) -> bool:
        held = self._held
        assert held is not None  # noqa: S101 - the caller asked for its entries

        def work(tx: Reading) -> bytes:
            tree = links.Tree(tx, held.origin, [item.leaf for _, item in self._taken], self._from)
            return merkle.root_at(tree.subtree, held.size)

        return self.ctx.store.read(work) == held.root

    def finish(self, by: str, reason: str) -> Log:
        """Write everything: what came back, the closing, the new generation's first message. Returns the new log."""
        if not by or not reason:
            raise InputError("expected the person who opens the generation and the reason")
        if self.request(b"\0" * 16) is not None:
            raise StateError("expected all entries of the partner's copy to be here first")
        return self.ctx.store.write("generation.open", lambda tx: self._finish(tx, by, reason))

    def _finish(self, tx: Writing, by: str, reason: str) -> Log:
        ctx, held = self.ctx, self._held
        newest = links.current(tx, self.partner, "out", self.lane)
        if newest is None or newest.state not in ("stopped", "frozen"):
            raise StateError("expected a log that is stopped or frozen, got one that was reopened meanwhile")
        size = held.size if held else 0
        root = held.root if held else merkle.EMPTY_ROOT
        origin = checkpoints.origin(ctx.name, self.partner, self.lane, self._generation)
        old = tx.get(LOGS, origin) or links.fresh(ctx.name, self.partner, "out", self.lane, self._generation)
        old = self._put_back(tx, old)
        again = self._behind(tx, old, size)
        if newest.origin != old.origin:
            again += self._behind(tx, newest, 0)
        closed = msgspec.structs.replace(
            old,
            state="closed",
            closing=size,
            cosigned=size,
            receipt=str(held) if held else "",
            reason=reason,
        )
        tx.put(LOGS, [closed])
        fresh = links.fresh(ctx.name, self.partner, "out", self.lane, max(newest.generation, self._generation) + 1)
        if newest.origin not in (closed.origin, fresh.origin):
            tx.put(LOGS, [msgspec.structs.replace(newest, state="closed", closing=0, reason=reason)])
        fields = {
            "previous": str(held) if held else "",
            "size": size,
            "root": b64(root),
            "by": by,
            "reason": reason,
        }
        first = outbox.simple(tx, ctx, self.partner, self.lane, "generation", **fields)
        # The log's first index is given out here, so that no other message can stand before it.
        now = max(ctx.clock.now(), old.last_time)
        leaf = entries.Leaf(fresh.origin, 0, now, first.id, first.size, first.commitment).encode()
        tree = merkle.Tree()
        nodes = tree.append(leaf)
        tx.add(ENTRIES, [Entry(origin=fresh.origin, index=0, leaf=leaf, nodes=nodes, message=first.id)])
        numbered = msgspec.structs.replace(first, state="sequenced", origin=fresh.origin, index=0, time=now)
        tx.put(MESSAGES, [numbered, *again])
        opened = msgspec.structs.replace(fresh, size=1, frontier=tree.frontier, last_time=now)
        tx.put(LOGS, [opened])
        notes.record(tx, ctx, What.GENERATION_OPENED, by, opened.origin, {"reason": reason, "closed_at": size})
        return opened

    def _put_back(self, tx: Writing, old: Log) -> Log:
        """The own log as the partner holds it, with what came back."""
        if not self._taken:
            return old
        if old.size > self._from:
            # A fork: ours is kept as proof, theirs bears our signature and the partner's receipt and takes its place.
            lost = links.entries(tx, old.origin, self._from, old.size)
            text = "\n".join(entry.leaf.decode() for entry in lost)
            proof = Conflict(
                id=ids.new_id(),
                origin=old.origin,
                index=self._from,
                time=self.ctx.clock.now(),
                ours=text,
                theirs=str(self._held),
            )
            tx.add(CONFLICTS, [proof])
            tx.delete(ENTRIES, [(old.origin, entry.index) for entry in lost])
            returned = {leaf.message for leaf, _ in self._taken}
            self._lost = tuple(entry.message for entry in lost if entry.message not in returned)
        frontier = merkle.frontier_at(links.Tree(tx, old.origin).subtree, self._from)
        tree = merkle.Tree(self._from, frontier)
        rows, messages, contents = [], [], []
        there = tx.get_many(MESSAGES, [(leaf.message,) for leaf, _ in self._taken])
        for leaf, item in self._taken:
            nodes = tree.append(item.leaf)
            rows.append(Entry(origin=old.origin, index=leaf.index, leaf=item.leaf, nodes=nodes, message=leaf.message))
            messages.append(
                _message_of(self.partner, self.lane, leaf, item, there.get((leaf.message,)), self.ctx.clock.now())
            )
            if not item.withheld:
                contents.append(Content(message=leaf.message, salt=item.salt, body=item.content))
        tx.add(ENTRIES, rows)
        tx.put(MESSAGES, messages)
        tx.put(CONTENTS, contents)
        intake.take_back(tx, self.ctx, messages, {content.message: content.body for content in contents})
        last = self._taken[-1][0].time
        return msgspec.structs.replace(old, size=tree.size, frontier=tree.frontier, last_time=max(old.last_time, last))

    def _behind(self, tx: Writing, old: Log, size: int) -> list[Message]:
        """Messages of entries that the partner never cosigned: back in line."""
        rows = links.entries(tx, old.origin, size, old.size)
        found = tx.get_many(MESSAGES, [(name,) for name in (*(row.message for row in rows), *self._lost)])
        return [
            msgspec.structs.replace(message, state="unsequenced", origin="", index=-1, time=0)
            for message in found.values()
            if message.origin == old.origin and message.kind != "generation" and message.state == "sequenced"
        ]


def _message_of(
    partner: str, lane: str, leaf: entries.Leaf, item: wire.Item, there: Message | None, noted: int
) -> Message:
    base = there or intake.own_row(partner, lane, leaf, item, noted)
    state = "withheld" if item.withheld else "sequenced"
    if there is not None and there.state in ("refused", "withdrawn"):
        state = there.state
    return msgspec.structs.replace(base, state=state, origin=leaf.origin, index=leaf.index, time=leaf.time)
