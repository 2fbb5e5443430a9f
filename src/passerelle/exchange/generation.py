"""Opening a new generation of an own log: by persons, after a restore or a fork, so that no index is used twice.

The steps, each safe to repeat:
1. ask the partner what it holds of the log (its cosigned checkpoint bears this node's own signature, so it is proof);
2. take back what this store lacks, generation by generation from the partner's newest down to this store's newest: the
   partner offers the entries and the contents that it still has. They are this node's own messages: they are checked
   against the own signature, put in their old place and count again. Where one generation ends is said by the first
   entry of the next;
3. close the log at exactly the size the partner holds and begin the next generation with a message that names that
   checkpoint. Entries behind it were never cosigned: their messages go back in line and get a new index. The partner
   knows a message by its id, so none is applied twice.

What two copies of the log make together is judged in `reconciling`. What the partner does not hold and this store lost
is lost: nobody else has it. What was written but not sent is kept.
"""

from typing import Any

import msgspec

from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.errors import (
    ExchangeError,
    InputError,
    JsonError,
    NoteError,
    SignatureError,
    StateError,
)
from passerelle.exchange import (
    arrivals,
    attachments_out,
    erasing,
    intake,
    links,
    notes,
    outbox,
    reconciling,
    rotation,
    sender,
    trust,
    wire,
)
from passerelle.exchange import content as contents
from passerelle.exchange.cases import Cases
from passerelle.exchange.context import Context
from passerelle.identity.history import History
from passerelle.identity.identity import Identity
from passerelle.identity.keys import b64
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.ports.records import (
    ATTEMPTS,
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


class _Part:
    """One generation as the partner holds it: where it ends, and what came back of it.

    `start` entries are here already and surely the same; `taken` are those behind them.
    """

    def __init__(self, generation: int, origin: str, size: int, root: bytes, start: int) -> None:
        self.generation, self.origin, self.size, self.root, self.start = generation, origin, size, root, start
        self.taken: list[tuple[entries.Leaf, wire.Item]] = []
        self.receipt: Checkpoint | None = None

    @property
    def next(self) -> int:
        return self.start + len(self.taken)

    @property
    def complete(self) -> bool:
        return self.next >= self.size

    def again(self) -> None:
        """What is here does not begin what is there: all of it is taken."""
        self.start, self.taken = 0, []


class Reopening:
    """One reopening of one log; the caller posts `question` and `request` and hands back the answers.

    `although_open`: persons insist, because the partner has frozen its copy of a log that looks well here.
    """

    def __init__(self, ctx: Context, partner: str, lane: str, *, although_open: bool = False) -> None:
        self.ctx, self.partner, self.lane = ctx, partner, lane
        log = ctx.store.read(lambda tx: links.current(tx, partner, "out", lane))
        states = ("stopped", "frozen", "open") if although_open else ("stopped", "frozen")
        if log is None or log.state not in states:
            words = log.state if log else "none"
            raise StateError(f"expected a log to {partner} in lane {lane} that is stopped or frozen, got {words}")
        self._allowed = states
        self._newest = log.generation
        self._parts: list[_Part] = []
        self._whole = False  # the partner's copy begins with the oldest of the parts

    @property
    def returned(self) -> int:
        """How many entries the partner has given back."""
        return sum(len(part.taken) for part in self._parts)

    # -- asking -------------------------------------------------------------------------------------------------

    def question(self, nonce: bytes) -> bytes:
        """The status request to post first."""
        return sender.Sender(self.ctx, self.partner).question(nonce)

    def told(self, nonce: bytes, answer: bytes) -> None:
        """Take the partner's status. Raises ExchangeError."""
        _, states = sender.status_of(self.ctx, self.partner, nonce, answer)
        state, held = next(one for one in states if one[0].lane == self.lane)
        part = self._part(max(state.generation, 1), state.size, state.root)
        part.receipt = held and self._bare(held)
        self._parts = [part]

    def _identity(self) -> Identity:
        return self.ctx.store.read(lambda tx: self.ctx.confirmed(tx, self.partner))[1]

    def _mine(self) -> trust.Mine:
        return self.ctx.store.read(lambda tx: trust.mine(tx, self.ctx, self.partner))

    def _bare(self, given: Checkpoint) -> Checkpoint:
        """A checkpoint that the partner gave, with one pair of signatures of each of us and no other line."""

        def read(tx: Reading) -> tuple[trust.Mine, History]:
            row = self.ctx.confirmed(tx, self.partner)[0]
            return trust.mine(tx, self.ctx, self.partner), trust.theirs(tx, self.ctx, row)

        mine, theirs = self.ctx.store.read(read)
        try:
            return mine.bare(given, trust.cosigned_by(given, theirs)[1])
        except (NoteError, SignatureError):
            # It bears none, as a `previous` may. Or it is of keys that this store forgot: a line that nobody here can
            # verify would spoil the evidence, so the entry stands without a receipt.
            return mine.bare(given, self._identity().receipt)

    def _own(self, held: Checkpoint, generation: int) -> None:
        """What the partner says it holds must bear this node's own signature."""
        expected = checkpoints.origin(self.ctx.name, self.partner, self.lane, generation)
        if held.origin != expected:
            raise NoteError(f"expected a checkpoint of {expected}, got {held.origin}")
        trust.signed_by(held, self._mine().own)

    def _part(self, generation: int, size: int, root: bytes) -> _Part:
        origin = checkpoints.origin(self.ctx.name, self.partner, self.lane, generation)

        def common(tx: Reading) -> int:
            log = tx.get(LOGS, origin)
            if log is None:
                return 0
            if size <= log.size:
                return size if links.root_of(tx, log, size) == root else 0
            # Whether what is here begins what is there is seen when the rest has come and the root is made.
            return log.size

        return _Part(generation, origin, size, root, self.ctx.store.read(common))

    def request(self, nonce: bytes) -> bytes | None:
        """The next recover request to post, or None when all is here."""
        if not self._parts:
            raise StateError("expected the partner's status first")
        part = self._parts[-1]
        if part.complete:
            return None
        ctx = self.ctx
        signers = self._mine().envelopes
        return wire.recover_request(part.origin, part.next, part.size, nonce, ctx.clock.now(), signers)

    def recovered(self, answer: bytes) -> None:
        """Take entries back. Raises ExchangeError when they are not this node's own."""
        ctx, part = self.ctx, self._parts[-1]
        try:
            header, sealed = wire.parse_header(answer, wire.RECOVERED)
            key = ctx.keys.opener(header.seal) or ctx.keys.sealing
            batch = wire.open_batch(header, sealed, sender=self._identity().envelope, key=key)
            self._own(batch.checkpoint, part.generation)
            if header.origin != part.origin or batch.start != part.next:
                raise NoteError(f"expected entries from {part.next} of {part.origin}, got others")
            if batch.checkpoint.size < header.end:
                raise NoteError(f"expected a checkpoint of {header.end} entries, got one of {batch.checkpoint.size}")
            self._take(part, batch)
        except (NoteError, SignatureError) as error:
            raise ExchangeError(f"recovery from {self.partner}: {error}") from None
        if part.complete and not self._matches(part):
            if part.start == 0:
                raise ExchangeError("expected the entries under this node's own signature, got others")
            part.again()
        elif part.complete:
            self._before(part)

    def _take(self, part: _Part, batch: wire.Batch) -> None:
        for index, item in enumerate(batch.items[: part.size - part.next], part.next):
            leaf = entries.parse(item.leaf)
            if (leaf.origin, leaf.index) != (part.origin, index):
                raise NoteError(f"expected entry {index}, got {leaf.index}")
            if not item.withheld and entries.commit(item.salt, item.content) != leaf.commitment:
                raise NoteError(f"entry {index}: expected the content that the leaf commits to, got another")
            part.taken.append((leaf, item))

    def _matches(self, part: _Part) -> bool:
        def work(tx: Reading) -> bytes:
            tree = links.Tree(tx, part.origin, [item.leaf for _, item in part.taken], part.start)
            return merkle.root_at(tree.subtree, part.size)

        return self.ctx.store.read(work) == part.root

    def _before(self, part: _Part) -> None:
        """A whole generation that this store never had: its first entry says where the one before it ended."""
        if part.generation == 1 or part.start > 0:
            return  # who has the beginning of a generation has those before it as they ended
        leaf, item = part.taken[0]
        own = self.ctx.store.read(lambda tx: tx.get(ENTRIES, part.origin, 0))
        if own is not None and own.leaf == item.leaf:
            return
        try:
            content = contents.parse(item.content, leaf.message)
            contents.check_plain(content)
            if content["kind"] != "generation":
                raise contents.ContentError(f"expected a message of kind generation, got {content['kind']}")
            if not content["previous"]:
                self._whole = True  # the partner held nothing before this one
                return
            previous = checkpoints.parse(content["previous"])
            # Not always the number before: one that the partner never saw is closed empty.
            generation = checkpoints.split_origin(previous.origin)[3]
            self._own(previous, generation)
            if generation >= part.generation:
                raise NoteError(f"expected an earlier generation, got {generation}")
        except (JsonError, NoteError, SignatureError, contents.ContentError) as error:
            raise ExchangeError(f"first entry of generation {part.generation}: {error}") from None
        before = self._part(generation, previous.size, previous.root)
        before.receipt = self._bare(previous)
        self._parts.append(before)

    # -- writing ------------------------------------------------------------------------------------------------

    def finish(self, by: str, reason: str) -> Log:
        """Write everything: what came back, the closing, the new generation's first message. Returns the new log."""
        if not by or not reason:
            raise InputError("expected the person who opens the generation and the reason")
        if self.request(bytes(16)) is not None:
            raise StateError("expected all entries of the partner's copy to be here first")
        return self.ctx.store.write("generation.open", lambda tx: self._finish(tx, by, reason))

    def _finish(self, tx: Writing, by: str, reason: str) -> Log:
        ctx = self.ctx
        newest = links.current(tx, self.partner, "out", self.lane)
        if newest is None or newest.state not in self._allowed or newest.generation != self._newest:
            raise StateError("expected a log that is stopped or frozen, got one that was reopened meanwhile")
        again: list[Message] = []
        for part in reversed(self._parts):
            again += self._close(tx, part, reason)
        top = self._parts[0]
        for log in links.generations(tx, self.partner, "out", self.lane):
            unknown = log.origin not in {part.origin for part in self._parts}
            if unknown and (self._whole or log.generation > self._parts[-1].generation):
                # Never seen by the partner, or no longer, as it was put back behind it: all of it goes again.
                again += reconciling.unsent(tx, links.entries(tx, log.origin, 0, log.size), log.origin)
                tx.put(LOGS, [msgspec.structs.replace(log, state="closed", closing=0, cosigned=0, reason=reason)])
        # A generation of which entries left in a file may still arrive, whoever forgot it.
        left, _ = ctx.marks.carried(self.partner, self.lane)
        carried = checkpoints.split_origin(left)[3] if left else 0
        generation = max(newest.generation, top.generation, carried) + 1
        # Times of a new log need not follow those of the old one: a clock that was ahead does not block it for good.
        opened = self._begin(tx, generation, ctx.clock.now(), by, reason)
        # One that was behind in an older generation, and came back in a later one, has its place.
        placed = {leaf.message for part in self._parts for leaf, _ in part.taken}
        again = [message for message in again if message.id not in placed]
        tx.put(MESSAGES, again)
        attachments_out.again(tx, [message.id for message in again])
        rotation.withdrawn(tx, self.partner)
        Cases(tx, ctx).recount({message.dossier for message in again if message.dossier})
        returned = [leaf.message for part in self._parts for leaf, _ in part.taken]
        intake.wake_own(tx, ctx, self.partner, self.lane, returned)
        erasing.arrived(tx, ctx, returned)
        tx.delete(ATTEMPTS, [(self.partner, self.lane)])  # nothing is held back by what failed before
        details = {"reason": reason, "closed_at": top.size}
        notes.record(tx, ctx, What.GENERATION_OPENED, by, opened.origin, details)
        return opened

    def _close(self, tx: Writing, part: _Part, reason: str) -> list[Message]:
        """Close one generation as the partner holds it. Returns the messages behind its end."""
        there = tx.get(LOGS, part.origin)
        old = there or links.fresh(self.ctx.name, self.partner, "out", self.lane, part.generation)
        old, lost = self._put_back(tx, part, old)
        again = reconciling.unsent(tx, links.entries(tx, old.origin, part.size, old.size), old.origin, lost)
        closed = msgspec.structs.replace(
            old,
            state="closed",
            closing=part.size,
            cosigned=part.size,
            receipt=reconciling.longest(tx, old, part.receipt),
            reason=reason,
        )
        tx.put(LOGS, [closed])
        return again

    def _begin(self, tx: Writing, generation: int, now: int, by: str, reason: str) -> Log:
        """The new log with its first entry: its index is given out here, so that nothing can stand before it."""
        top = self._parts[0]
        fresh = links.fresh(self.ctx.name, self.partner, "out", self.lane, generation)
        fields: dict[str, Any] = {
            "previous": str(reconciling.known(tx, self.ctx, self.partner, top.receipt)) if top.receipt else "",
            "size": top.size,
            "root": b64(top.root),
            "by": by,
            "reason": reason,
        }
        first = outbox.simple(tx, self.ctx, self.partner, self.lane, "generation", **fields)
        return outbox.enter(tx, self.ctx, fresh, first, now)

    def _put_back(self, tx: Writing, part: _Part, old: Log) -> tuple[Log, list[str]]:
        """The own log as the partner holds it, with what came back; and messages that a fork pushed out of it."""
        if not part.taken:
            return old, []
        lost: list[str] = []
        # Where all of it was taken, what is the same stays as it is.
        ours = links.entries(tx, old.origin, part.start, old.size)
        same = reconciling.same(ours, [item.leaf for _, item in part.taken])
        start, taken, ours = part.start + same, part.taken[same:], ours[same:]
        if not taken:
            return old, []
        if ours:
            # A fork: ours is kept as proof, theirs bears our signature and the partner's receipt and takes its place.
            kept = Conflict(
                id=ids.new_id(),
                origin=old.origin,
                index=start,
                time=self.ctx.clock.now(),
                ours="\n".join(entry.leaf.decode() for entry in ours),
                theirs=str(part.receipt or ""),
            )
            tx.add(CONFLICTS, [kept])
            tx.delete(ENTRIES, [(old.origin, entry.index) for entry in ours])
            returned = {leaf.message for leaf, _ in taken}
            lost = [entry.message for entry in ours if entry.message not in returned]
        tree = merkle.Tree(start, merkle.frontier_at(links.Tree(tx, old.origin).subtree, start))
        rows, messages, bodies = [], [], []
        there = tx.get_many(MESSAGES, [(leaf.message,) for leaf, _ in taken])
        now = self.ctx.clock.now()
        for leaf, item in taken:
            nodes = tree.append(item.leaf)
            rows.append(Entry(origin=old.origin, index=leaf.index, leaf=item.leaf, nodes=nodes, message=leaf.message))
            known = there.get((leaf.message,))
            if known is None:
                messages.append(arrivals.own_row(self.partner, self.lane, leaf, item, now))
            else:
                messages.append(reconciling.placed(known, leaf, item))
            if not item.withheld:
                bodies.append(Content(message=leaf.message, salt=item.salt, body=item.content))
        tx.add(ENTRIES, rows)
        tx.put(MESSAGES, messages)
        tx.put(CONTENTS, bodies)
        counted = {name for (name,), known in there.items() if known.index >= 0}
        arrivals.take_back(tx, self.ctx, messages, {content.message: content.body for content in bodies}, counted)
        last = taken[-1][0].time
        return msgspec.structs.replace(old, size=tree.size, frontier=tree.frontier, last_time=last), lost
