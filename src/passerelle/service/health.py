"""Whether a node at work can do its work, what it is made of, and what it asks of its store for its metrics.

Rules kept here: what is looked at costs the store one small transaction at most every few seconds, however often it is
asked for; words are those of this module, an error is never quoted.
"""

import asyncio
import platform
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import TYPE_CHECKING

import passerelle
from passerelle.core.errors import KeyFileError, PasserelleError
from passerelle.exchange.wire import BATCH
from passerelle.ledger.checkpoint import LANES
from passerelle.oversight import audit_log, checkup
from passerelle.ports.audit import COSIGNED
from passerelle.ports.records import ALARMS, META, Meta
from passerelle.ports.store import Reading, Writing
from passerelle.store import SCHEMA
from passerelle.transport.metrics import Metrics

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.service.serving import Service

PROBE = "probe"
_FRESH = 2.0  # seconds that what was found counts
_PATIENCE = 5.0  # seconds that a store may take to answer
_LIBRARIES = ("aiohttp", "cryptography", "h11", "msgspec", "psycopg", "sqlalchemy", "starlette", "uvicorn")


class Health:
    """What `/-/ready` and `/metrics` ask."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._stores = self._keys = ""
        self._looked = self._asked = -_FRESH
        self._one = asyncio.Lock()  # probes never pile up behind a store that does not answer

    async def ready(self) -> Mapping[str, str]:
        """What is not well, by what was looked at; nothing for what is."""
        service = self._service
        async with self._one:
            if service.now() - self._looked >= _FRESH:
                self._stores, self._keys = await asyncio.gather(self._store(), asyncio.to_thread(self._held))
                self._looked = service.now()
        return {
            "store": self._stores,
            "keys": self._keys,
            "listener": "" if service.listens() else "partners cannot reach this node yet",
            "stopping": "the node is about to stop" if service.stopping.is_set() else "",
        }

    def _held(self) -> str:
        """Whether the private keys in use are at hand."""
        try:
            self._service.ctx.keys.ready()
        except KeyFileError:
            return "private keys cannot be used"
        return ""

    async def _store(self) -> str:
        """Whether the store answers, and writes."""
        store, now = self._service.ctx.store, str(self._service.ctx.clock.now())

        def write(tx: Writing) -> None:
            tx.put(META, [Meta(name=PROBE, value=now)])

        try:
            async with asyncio.timeout(_PATIENCE):
                await asyncio.to_thread(store.write, "admin.probe", write)
        except TimeoutError:
            return "the store does not answer in time"
        except (PasserelleError, OSError):
            return "the store does not write"
        return ""

    async def metrics(self) -> bytes:
        """All counts, with what had to be asked."""
        service, metrics = self._service, self._service.metrics
        async with self._one:
            if service.now() - self._asked >= _FRESH:
                try:
                    await asyncio.to_thread(ask, service.node, metrics)
                except (PasserelleError, OSError) as error:
                    service.part_failed("admin", error)
                self._asked = service.now()
        began = service.now()
        await asyncio.sleep(0)
        server = service.server
        connections, room = (len(server.guard), server.room.used) if server else (0, 0)
        metrics.now(connections=connections, room=room, lag=service.now() - began)
        return metrics.text()


def ask(node: "Node", metrics: Metrics) -> None:
    """Put into the metrics what the store knows: counts by an index, first rows of an index, no walk over a table."""
    now = node.ctx.clock.now()

    def read(tx: Reading) -> None:
        links = checkup.links_of(tx)
        for lane in LANES:
            here = [one for one in links if one.lane == lane]
            for way, state, count, oldest in (
                ("out", "in-line", "in_line", "oldest_in_line"),
                ("out", "without-receipt", "without_receipt", "oldest_without_receipt"),
                ("in", "waiting", "waiting", "oldest_waiting"),
            ):
                since = min((getattr(one, oldest) for one in here if getattr(one, oldest)), default=now)
                many = sum(getattr(one, count) for one in here)
                metrics.waiting(way, lane, state, many, max(0, now - since) / 1000)
        log = audit_log.current(tx, node.ctx.name)
        newest = max((one.time for one in tx.scan(COSIGNED, "key", (log.origin,), limit=1000)), default=0)
        metrics.asked(
            alarms=tx.count(ALARMS, "by_status", ("open",)),
            blocks=log.size,
            cosigned=max(0, now - newest) / 1000 if newest else -1,
        )

    node.ctx.store.read(read)


def versions(node: "Node", started: float, now: Callable[[], float] = time.time) -> dict[str, object]:
    """What this process is made of. `started`: seconds since 1970."""
    return {
        "passerelle": passerelle.__version__,
        "protocol": BATCH,
        "schema": SCHEMA,
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "types": {name: str(kind.version) for name, kind in sorted(node.ctx.catalogue.types.items())},
        "up_seconds": round(now() - started),
    }
