"""Answering a partner's questions about its own logs: what is held of them, and entries that it lost.

Rules kept here:
- checks 0 to 2 as of a batch: size and form, a signature of the partner's envelope key, a question to this node;
- nothing is changed but what is known of the asker's start (`comparing`);
- nothing is told but of the asker's own logs;
- entries go back sealed to the asker alone, with the checkpoint that this node cosigned: they prove themselves.

Left unchecked: whether a question is new. Whoever plays an old one again learns at most how far the asker's logs are
held, and has both copies compared; contents are sealed to the asker.
"""

from passerelle.core.errors import NoteError, SignatureError
from passerelle.exchange import comparing, inbox, links, sealing, trust, wire
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.exchange.context import Context
from passerelle.identity.identity import Identity
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import merkle
from passerelle.ledger.checkpoint import LANES
from passerelle.ports.records import LOGS, Log
from passerelle.ports.store import Reading


def status(ctx: Context, data: bytes) -> bytes:
    """Answer what this node holds of the asker's logs. Raises BatchRefusedError (0, 1, 2)."""
    request = wire.parse_status_request(data)
    _asked(ctx, request)
    comparing.began(ctx, request.sender, request.begun)

    mine = ctx.store.read(lambda tx: trust.mine(tx, ctx, request.sender))

    def work(tx: Reading) -> list[tuple[wire.LogState, Log | None]]:
        states: list[tuple[wire.LogState, Log | None]] = []
        for lane in LANES:
            log = links.current(tx, request.sender, "in", lane)
            if log is None:
                states.append((wire.LogState(lane, 0, 0, merkle.EMPTY_ROOT), None))
            else:
                root = merkle.Tree(log.size, log.frontier).root()
                states.append((wire.LogState(lane, log.generation, log.size, root), log))
        return states

    held = [(state, inbox.receipt(ctx, log).decode() if log else "") for state, log in ctx.store.read(work)]
    return wire.status_answer(request, held, ctx.clock.now(), mine.envelopes)


def recover(ctx: Context, data: bytes) -> bytes:
    """Offer back entries of the asker's own log, sealed to it. Raises BatchRefusedError (0, 1, 2)."""
    request = wire.parse_recover_request(data)
    identity = _asked(ctx, request)

    def work(tx: Reading) -> wire.Batch:
        log = tx.get(LOGS, request.origin)
        if log is None or log.direction != "in":
            raise BatchRefusedError(Check.ORIGIN, f"expected a log that is held here, got {request.origin}")
        end = min(request.end, request.start + ctx.policy.batch_entries, log.size)
        if not 0 <= request.start < end:
            raise BatchRefusedError(Check.FORM, f"expected entries below {log.size}, got {request.start}")
        items = links.items(tx, log.origin, request.start, end, ctx.policy.batch_bytes)
        return wire.Batch(request.start, checkpoints.parse(log.receipt), tuple(items))

    batch = ctx.store.read(work)
    signer = ctx.store.read(lambda tx: trust.mine(tx, ctx, request.sender)).envelopes
    now = ctx.clock.now()
    return wire.seal_batch(wire.RECOVERED, request.origin, batch, to=identity.sealing, signer=signer, now=now)


def _asked(ctx: Context, request: wire.Request) -> Identity:
    identity = inbox.trusted(ctx, request.sender)
    try:
        sealing.verify_note(request.note, identity.envelope)
    except (SignatureError, NoteError) as error:
        raise BatchRefusedError(Check.SIGNATURE, str(error)) from None
    if request.receiver != ctx.name:
        raise BatchRefusedError(Check.ORIGIN, f"expected a question to {ctx.name}, got one to {request.receiver}")
    return identity
