"""New generations of logs that stand still, begun by a person: what takes asking partners and witnesses first."""

import asyncio
import os

from passerelle.exchange.generation import Reopening
from passerelle.ledger.checkpoint import Checkpoint
from passerelle.node import Node
from passerelle.oversight import audit_reopen
from passerelle.ports.audit import AuditLog
from passerelle.ports.records import Log
from passerelle.service.pumping import way
from passerelle.transport.https import Client
from passerelle.transport.watching import Watching


def reopen(
    node: Node, partner: str, lane: str, by: str, reason: str, *, although_open: bool = False
) -> tuple[Log, int]:
    """Open a new generation of an own log, over the network: ask, take back, close, begin.

    Returns the new log, and how many entries came back.

    Raises StateError when the log is not stopped or frozen, TransportError when the partner cannot be reached.
    """
    endpoints, pins = way(node.ctx, partner)
    job = Reopening(node.ctx, partner, lane, although_open=although_open)

    async def post(name: str, body: bytes) -> bytes:
        client = Client(node.settings.exchange.timeout_ms)
        try:
            return await client.post_any(endpoints, pins, name, body)
        finally:
            await client.close()

    nonce = os.urandom(16)
    job.told(nonce, asyncio.run(post("status", job.question(nonce))))
    while (request := job.request(os.urandom(16))) is not None:
        job.recovered(asyncio.run(post("recover", request)))
    log = job.finish(by, reason)
    node.wake()
    return log, job.returned


def reopen_audit(node: Node, by: str, reason: str) -> AuditLog:
    """Begin a new generation of the audit log, behind what those who watch over it hold. Raises StateError."""

    async def shown() -> tuple[Checkpoint, ...]:
        client = Client(node.settings.exchange.timeout_ms)
        try:
            return await Watching(node.ctx, node.settings.audit, client, lambda *_, **__: None).held()
        finally:
            await client.close()

    return audit_reopen.reopen(node.ctx, by, reason, asyncio.run(shown()))
