"""Whether a node at work can do its work, what it is made of, and what it asks of its store for its metrics.

Rules kept here: what is looked at costs the store one small transaction at most every few seconds, however often it is
asked for; what hangs is said to hang, within `_PATIENCE` seconds, and is not asked again before it has ended; nothing
here waits for the threads that others need; words are those of this module, an error is never quoted.
"""

import asyncio
import platform
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from importlib import metadata
from typing import TYPE_CHECKING

import passerelle
from passerelle.core.errors import PasserelleError
from passerelle.exchange.wire import BATCH
from passerelle.ledger.checkpoint import LANES
from passerelle.oversight import audit_log, checkup
from passerelle.ports.audit import COSIGNED
from passerelle.ports.records import ALARMS, META, Meta
from passerelle.ports.search import QUESTIONS
from passerelle.ports.store import Reading
from passerelle.store import SCHEMA
from passerelle.transport.metrics import Metrics

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.service.serving import Service

PROBE = "probe"
_FRESH = 2.0  # seconds that what was found counts
_PATIENCE = 5.0  # seconds that a store may take to answer
_LIBRARIES = ("aiohttp", "cryptography", "h11", "msgspec", "psycopg", "sqlalchemy", "starlette", "uvicorn")


class _Look:
    """Something looked at in a thread of `pool`: once at a time, and nobody waits for it longer than `_PATIENCE`."""

    def __init__(self, pool: Executor, look: Callable[[], None]) -> None:
        self._pool, self._look = pool, look
        self._running: asyncio.Future[None] | None = None

    async def __call__(self) -> None:
        """Raises what `look` raises, and TimeoutError."""
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().run_in_executor(self._pool, self._look)
        done, _ = await asyncio.wait((self._running,), timeout=_PATIENCE)
        if not done:
            raise TimeoutError(f"expected an answer within {round(_PATIENCE)} s, got none")
        self._running.result()


class Health:
    """What `/-/ready` and `/metrics` ask."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._stores = self._keys = ""
        self._looked = self._asked = -_FRESH
        self._looking, self._asking = asyncio.Lock(), asyncio.Lock()
        self._pool = pool = ThreadPoolExecutor(3, "health")  # the default's threads may all hang in the store
        self._store = _Look(pool, self._probe)
        self._held = _Look(pool, service.ctx.keys.ready)
        self._counts = _Look(pool, lambda: ask(service.node, service.metrics))

    def close(self) -> None:
        """Nothing is asked any more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def ready(self) -> Mapping[str, str]:
        """What is not well, by what was looked at; nothing for what is."""
        service = self._service
        async with self._looking:
            if service.now() - self._looked >= _FRESH:
                self._stores, self._keys = await asyncio.gather(
                    _words(self._store, "the store does not answer in time", "the store does not write"),
                    _words(self._held, "private keys do not answer in time", "private keys cannot be used"),
                )
                self._looked = service.now()
        return {
            "store": self._stores,
            "keys": self._keys,
            "listener": "" if service.listens() else "partners cannot reach this node yet",
            "stopping": "the node is about to stop" if service.stopping.is_set() else "",
        }

    def _probe(self) -> None:
        """The store answers, and writes."""
        store, now = self._service.ctx.store, str(self._service.ctx.clock.now())
        store.write("admin.probe", lambda tx: tx.put(META, [Meta(name=PROBE, value=now)]))

    async def metrics(self) -> bytes:
        """All counts, with what had to be asked; of a store that does not answer, what it said last."""
        service, metrics = self._service, self._service.metrics
        async with self._asking:
            if service.now() - self._asked >= _FRESH:
                try:
                    await self._counts()
                except (PasserelleError, OSError) as error:
                    service.part_failed("admin", error)
                self._asked = service.now()
        began = service.now()
        await asyncio.sleep(0)
        server = service.server
        connections, room = (len(server.guard), server.room.used) if server else (0, 0)
        metrics.now(connections=connections, room=room, lag=service.now() - began)
        return metrics.text()


async def _words(look: _Look, late: str, failed: str) -> str:
    try:
        await look()
    except TimeoutError:
        return late
    except (PasserelleError, OSError):
        return failed
    return ""


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
            questions=tx.count(QUESTIONS, "by_state", ("waiting",)),
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
