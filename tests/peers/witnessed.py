"""Nodes whose audit logs are watched, in one process: the real interfaces, called without a network in between.

`Wire` stands where the client stands: it carries a post to the application that listens at that address, and can lose,
change and forge what comes back.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from passerelle.core.clock import ManualClock
from passerelle.core.errors import TransportError
from passerelle.core.settings import AuditSettings
from passerelle.identity import identity as identities
from passerelle.oversight import witnesses
from passerelle.oversight.witness_desk import StoreDesk
from passerelle.oversight.witness_folder import WitnessFolder
from passerelle.ports.audit import AUDIT_LOGS, COSIGNED, WATCHES, WITNESSES, Witness
from passerelle.ports.records import ALARMS, PARTNERS
from passerelle.store.memory import MemoryStore
from passerelle.transport import witness as interface
from passerelle.transport.watching import Watching
from tests.peers.pair import NOW, Peer, introduce, make_peer

HOUR = 3_600_000
Answer = tuple[int, bytes]


async def post(application: Any, path: str, body: bytes) -> Answer:
    """What an application answers to a post, in process (ASGI)."""
    parts = [{"type": "http.request", "body": body, "more_body": False}]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return parts.pop() if parts else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(dict(message))

    scope = {"type": "http", "method": "POST", "path": path, "headers": [], "query_string": b"", "http_version": "1.1"}
    await application(scope, receive, send)
    return sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:])


class Wire:
    """The network: applications by address, and what happens on the way."""

    def __init__(self) -> None:
        self.applications: dict[str, Any] = {}
        self.posts: list[tuple[str, bytes]] = []
        self.spoil: Callable[[str, Answer], Answer] = lambda path, answer: answer
        self.instead: Callable[[str], Answer | None] = lambda path: None

    async def exchange(self, url: str, pin: str, body: bytes) -> Answer:
        scheme, _, rest = url.partition("://")
        address, _, path = rest.partition("/")
        self.posts.append((f"/{path}", body))
        if address not in self.applications:
            raise TransportError(f"{scheme}://{address}: no answer in time")
        if (other := self.instead(f"/{path}")) is not None:
            return other
        answer = await post(self.applications[address], f"/{path}", body)
        return self.spoil(f"/{path}", answer)


class Watched:
    """One node, `be`, with its wire. `partner` and `oversight` add who watches."""

    def __init__(self, store: Any = None, **settings: Any) -> None:
        self.clock = ManualClock(NOW)
        self.wire = Wire()
        self.settings = AuditSettings(**settings)
        self.say: Callable[..., None] = lambda *_, **__: None
        self.be = make_peer("be", "ma", self.clock, store or MemoryStore())
        self.start()

    @property
    def ctx(self) -> Any:
        return self.be.ctx

    def start(self) -> None:
        """The node's process begins: it asks before it closes a block."""
        self.watching = Watching(self.ctx, self.settings, self.wire, self.say)  # type: ignore[arg-type]

    def swap(self, store: Any) -> None:
        """Another store under the same keys: a backup was put back."""
        self.be = make_peer("be", "ma", self.clock, store)
        self.start()

    def step(self, hours: float = 1) -> None:
        self.clock.advance(int(hours * HOUR))
        asyncio.run(self.watching.step())

    def partner(self, name: str = "ma") -> Peer:
        """A partner that serves as witness at its own address."""
        peer = make_peer(name, "be", self.clock)
        value = msgspec.json.decode(peer.identity.body) | {"endpoints": [f"https://{name}"]}
        identity = identities.parse(identities.json.canonical(value))
        peer = Peer(peer.ctx, identity, peer.sender)
        introduce(peer, self.be)
        introduce(self.be, peer)
        self.serve(name, interface.routes(witnesses.PATH, StoreDesk(peer.ctx), lambda *_, **__: None))
        return peer

    def serve(self, address: str, routes: Any) -> None:
        from starlette.applications import Starlette

        self.wire.applications[address] = Starlette(routes=routes)

    def oversight(self, folder: WitnessFolder) -> None:
        """A witness of its own, which knows this node and which this node knows."""
        from passerelle.identity import fingerprint

        folder.watch(self.be.identity.body, fingerprint.digits(self.be.identity.fingerprint))
        made = folder.identity
        row = Witness(made.name, made.body, made.fingerprint, "active", NOW, "ann")
        self.ctx.store.write("test.witness", lambda tx: tx.put(WITNESSES, [row]))
        self.wire.applications[made.endpoints[0].removeprefix("https://")] = interface.application(
            folder, lambda *_, **__: None
        )

    # -- what is there ------------------------------------------------------------------------------------------

    def rows(self, kind: Any) -> list[Any]:
        found: list[Any] = self.ctx.store.read(lambda tx: tx.scan(kind, limit=10_000))
        return found

    @property
    def log(self) -> Any:
        return self.ctx.store.read(lambda tx: tx.scan(AUDIT_LOGS, "by_generation", limit=1, descending=True))[0]

    def cosigned(self, name: str) -> int:
        found = [one.size for one in self.rows(COSIGNED) if (one.witness, one.origin) == (name, self.log.origin)]
        return found[0] if found else 0

    def watch(self, name: str) -> Any:
        return next(one for one in self.rows(WATCHES) if one.witness == name)

    def alarms(self) -> list[str]:
        return [one.what for one in self.rows(ALARMS)]

    def confirm(self, name: str, status: str) -> None:
        def work(tx: Any) -> None:
            tx.put(PARTNERS, [msgspec.structs.replace(tx.get(PARTNERS, name), status=status)])

        self.ctx.store.write("test.partner", work)
