"""A node as the witness of its partners' audit logs, over the partner interface, with its own witness keys.

The rules are those of `oversight.witness`; the memory is the node's store. What is cosigned is written first, in one
transaction (`witness.keep`) with the look at what was held: two requests at once cannot both count from one size, and
if we stop after it, the partner asks again and counts from there. What a partner signed and was refused for is kept as
proof, and an alarm tells persons once.

Left unchecked: that a partner shows its log at all. Whoever waits for it is its own oversight.
"""

from passerelle.core import ids
from passerelle.core.errors import NoteError, NotFoundError, SignatureError, StateError
from passerelle.exchange import notes, trust
from passerelle.exchange.context import Context
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger.checkpoint import Checkpoint, Signers, Verifiers
from passerelle.oversight import witness
from passerelle.oversight.witness import (
    BehindError,
    Held,
    InconsistentError,
    UnknownLogError,
    UnsignedError,
    WitnessError,
)
from passerelle.ports.audit import FORKS, WITNESSED, Fork, Witnessed
from passerelle.ports.store import Reading, Writing

MOST_FORKS = 20
"""Proofs kept of one partner: more would tell nothing more."""


class StoreDesk:
    """What the partner interface asks when a partner wants its audit log cosigned."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def add(self, body: bytes) -> bytes:
        """The cosignature lines. Raises WitnessError, StoreError."""
        request, node, generation = witness.read(body)

        def work(tx: Writing) -> Checkpoint | WitnessError:
            held = _newest(tx, node)
            try:
                made = witness.judge(request, generation, _keys(tx, self._ctx, node, request.checkpoint), held)
            except (BehindError, InconsistentError) as error:
                if isinstance(error, InconsistentError) or error.fork:
                    self._suspect(tx, node, held, request.checkpoint)
                return error
            row = Witnessed(node, generation, made.size, str(made), self._ctx.clock.now())
            tx.put(WITNESSED, [row])
            return made

        made = self._ctx.store.write("witness.keep", work)
        if isinstance(made, WitnessError):
            raise made
        return witness.lines(made, self._signers(node), self._ctx.clock.now())

    def held(self, body: bytes) -> bytes:
        """The newest checkpoint that is held of the asker's log, cosigned. Raises WitnessError, StoreError."""
        asked, node = witness.read_question(body)

        def look(tx: Reading) -> Held | None:
            witness.signed(asked, _keys(tx, self._ctx, node, asked))
            return _newest(tx, node)

        held = self._ctx.store.read(look)
        if held is None:
            raise UnknownLogError(f"expected a log that was shown here, got {asked.origin}")
        return witness.shown(held.checkpoint, self._signers(node), self._ctx.clock.now())

    def _signers(self, node: str) -> list[Signers]:
        """The witness keys that this partner may know of us: while it is told of new ones, both."""
        mine = self._ctx.store.read(lambda tx: trust.mine(tx, self._ctx, node))
        return [(pair[0], pair[1]) for pair in mine.signers("witness")]

    def _suspect(self, tx: Writing, node: str, held: Held | None, offered: Checkpoint) -> None:
        known = tx.scan(FORKS, "by_node", (node,), limit=MOST_FORKS)
        if held is None or len(known) >= MOST_FORKS or any(one.offered == str(offered) for one in known):
            return
        made = Fork(ids.new_id(), node, self._ctx.clock.now(), str(held.checkpoint), str(offered))
        tx.add(FORKS, [made])
        words = (
            f"{node} signed {offered.origin} of size {offered.size} that does not continue size {held.checkpoint.size}"
        )
        notes.alarm(tx, self._ctx, "witness.fork", node, words)


def _newest(tx: Reading, node: str) -> Held | None:
    found = tx.scan(WITNESSED, "key", (node,), limit=1, descending=True)
    return Held(found[0].generation, checkpoints.parse(found[0].note)) if found else None


def _keys(tx: Reading, ctx: Context, node: str, given: Checkpoint) -> Verifiers:
    """The log keys of a partner that may sign this. Raises UnknownLogError, UnsignedError."""
    try:
        partner, _ = ctx.confirmed(tx, node)
    except (NotFoundError, StateError) as error:
        raise UnknownLogError(str(error)) from None
    try:
        return trust.signed_by(given, trust.theirs(tx, ctx, partner))
    except (SignatureError, NoteError) as error:
        raise UnsignedError(str(error)) from None
