"""The ceiling: the same bytes between two processes with nothing of the product's rules.

For each batch: the sender commits the contents to its SQLite file, seals one HPKE message of the bytes that the
exchange would seal (leaves, salts, contents, a checkpoint; only the indexes have more digits), posts it with the same
client over the same TLS; the receiver, behind the same server, opens it, commits the contents to its SQLite file and
answers with as many bytes as a receipt has. The commit of the next batch runs while one is on its way, as in the
exchange. No signature is made or checked, nothing is parsed, judged or derived.

The SQLite files stand as the store's do: write-ahead log, synchronous FULL, pages of 8 KiB; one table, no index but its
key.
"""

import asyncio
import os
import sqlite3
import struct
import sys
import threading
from pathlib import Path
from typing import Any

from benchmarks._children import BenchError, answer
from benchmarks._samples import BE, LANE, MA, Acts
from benchmarks._steady import Window
from passerelle.core import ids
from passerelle.exchange import wire
from passerelle.identity import keys, tls
from passerelle.identity.keys import OpenKey, SealKey
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.transport.https import Client, Server, application

_STUCK = 30.0
_INFO = b"ceiling\n"
_SEED = 96
_FIRST = 1_000_000  # indexes of one length, so that all entries of a batch are of one size


class Shelf:
    """The least durable storage: contents by number, one commit a batch."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("page_size = 8192", "journal_mode = WAL", "synchronous = FULL", "cache_size = -4000"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute("CREATE TABLE contents (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")

    def keep(self, bodies: list[bytes]) -> None:
        """Durable on return."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO contents (body) VALUES (?)", [(body,) for body in bodies])
            self._connection.execute("COMMIT")

    def count(self) -> int:
        ((count,),) = self._connection.execute("SELECT count(*) FROM contents").fetchall()
        return int(count)

    def close(self) -> None:
        self._connection.close()


def _slices(plain: bytes, head: int, count: int, size: int) -> list[bytes]:
    """The contents of a plaintext whose entries are of one size, each at the entry's end."""
    step = (len(plain) - head) // count
    return [plain[head + step * at - size : head + step * at] for at in range(1, count + 1)]


async def receiver(folder: str, port: str, size: str) -> None:
    """Serve on a port until standard input ends."""
    place, content = Path(folder), int(size)
    seed = os.urandom(_SEED)
    key = OpenKey(seed)
    private, certificate = tls.make_certificate(MA)
    (place / "tls.key").write_bytes(private)
    (place / "tls.pem").write_bytes(certificate)
    shelf = Shelf(place / "receiver.db")
    receipt = os.urandom(1) * 6900  # about what a receipt with its four signatures takes

    def batch(body: bytes) -> bytes:
        count, head = struct.unpack(">II", body[:8])
        shelf.keep(_slices(key.open(body[8:], _INFO), head, count, content))
        return receipt

    server = Server(
        application({"batch": batch, "status": batch, "recover": batch}, lambda event, **fields: None),
        "127.0.0.1",
        int(port),
        str(place / "tls.key"),
        str(place / "tls.pem"),
    )
    serving = asyncio.create_task(server.serve())

    async def ready() -> dict[str, str]:
        while not server.started:
            if serving.done():
                serving.result()
            await asyncio.sleep(0.01)
        return {"pin": tls.pin_of(certificate), "mlkem": key.public.mlkem.hex(), "x25519": key.public.x25519.hex()}

    async def check() -> int:
        return await asyncio.to_thread(shelf.count)

    try:
        await answer({"ready": ready, "check": check})
    finally:
        server.stop()
        await serving
        shelf.close()


class Load:
    """Batches of a size, made once and sent over and over."""

    def __init__(self, acts: Acts, signers: checkpoints.Signers, count: int, size: int) -> None:
        self.bodies = [acts.body() for _ in range(count)]
        origin = checkpoints.origin(BE, MA, LANE, 1)
        items = []
        for index, body in enumerate(self.bodies, _FIRST):
            salt = os.urandom(entries.SALT)
            leaf = entries.Leaf(origin, index, 1_800_000_000_000, ids.new_id(), size, entries.commit(salt, body))
            items.append(wire.Item(leaf.encode(), salt, body))
        checkpoint = checkpoints.sign(signers, origin, _FIRST + count, os.urandom(32))
        self.plain = wire.encode_items(_FIRST, checkpoint, items)
        empty = len(wire.encode_items(_FIRST, checkpoint, []))
        if _slices(self.plain, empty, count, size) != self.bodies:
            raise BenchError("expected entries of one size")
        self.head = struct.pack(">II", count, empty)


class Pushing:
    """The sender of the ceiling."""

    def __init__(self, folder: Path, port: int, size: int) -> None:
        self._shelf = Shelf(folder / "sender.db")
        self._endpoint = f"https://127.0.0.1:{port}"
        self._client = Client(round(_STUCK * 1000))
        self._acts = Acts("0" * 64, size, "1/4")
        self._size = size
        self._signers = keys.NodeKeys(BE, keys.generate(BE)).log
        self._pin = ""
        self._key = SealKey(b"", b"")

    async def ready(self, pin: str, mlkem: str, x25519: str) -> None:
        self._pin, self._key = pin, SealKey(bytes.fromhex(mlkem), bytes.fromhex(x25519))

    async def whole(self, batch: int, ramp: float, seconds: float, most: int) -> dict[str, Any]:
        """From before the sender's commit to the answer, in steady state."""
        load = await asyncio.to_thread(Load, self._acts, self._signers, batch, self._size)
        window = Window(ramp, seconds, most)
        line: asyncio.Queue[Load] = asyncio.Queue(1)

        async def write() -> None:
            while not window.closed.is_set():
                await asyncio.to_thread(self._shelf.keep, load.bodies)
                await line.put(load)

        async def push() -> None:
            sent = 0
            while not window.closed.is_set():
                one = await line.get()
                sealed = await asyncio.to_thread(self._key.seal, one.plain, _INFO)
                await self._client.post(self._endpoint, self._pin, "batch", one.head + sealed)
                sent += batch
                window.receipt(sent)

        writing = asyncio.create_task(write())
        try:
            await asyncio.wait_for(push(), _STUCK)
        finally:
            window.closed.set()
            while not writing.done():
                if not line.empty():
                    line.get_nowait()
                await asyncio.sleep(0.001)
        sealed = len(self._key.seal(load.plain, _INFO))
        return window.result | {"bytes": sealed}

    async def end(self) -> None:
        await self._client.close()
        self._shelf.close()


async def sender(folder: str, port: str, size: str) -> None:
    """Push until standard input ends."""
    pushing = Pushing(Path(folder), int(port), int(size))
    try:
        await answer({"ready": pushing.ready, "whole": pushing.whole})
    finally:
        await pushing.end()


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    asyncio.run({"receiver": receiver, "sender": sender}[role](*rest))
