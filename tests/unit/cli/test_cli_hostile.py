"""A serving process among hostile clients, and a partner that floods it: it stays small, and messages go through."""

import hashlib
import json
import os
import re
import socket
import ssl
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from passerelle.core.settings import load
from passerelle.exchange import sealing, wire
from passerelle.identity.keys import b64
from passerelle.ledger.checkpoint import origin
from passerelle.node import Node
from tests.unit.cli.scene import configure, ok, request, served, value

MIB = 1024 * 1024
CONNECTIONS, BODIES = 64, 24 * MIB
BOUND = 120 * MIB + CONNECTIONS * MIB // 2 + 4 * BODIES
"""What docs/how-to/operator.md says that such a node needs at most."""


def flood_of(folder: Path) -> bytes:
    """The largest request that a partner can make, with its own signature, and nothing behind it that opens."""
    node = Node.open(folder)
    sealed = os.urandom(8 * MIB)
    info = wire._info(wire.BATCH, origin("be", "ma", "routine", 1), 0, 1, "0" * 64, int(time.time() * 1000))
    note = sealing.sign_note(
        info.decode() + b64(hashlib.sha256(sealed).digest()) + "\n", node.ctx.keys.envelope
    ).encode()
    node.close()
    body = struct.pack(">I", len(note)) + note + sealed
    return f"POST /passerelle/1/batch HTTP/1.1\r\nHost: ma\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


class Hostile:
    """Clients that do what they like until they are stopped. Each has an address of its own."""

    def __init__(self, port: int, flood: bytes) -> None:
        self.port, self.flood = port, flood
        self.stopped = threading.Event()
        self.done = 0
        self.threads = [
            threading.Thread(target=self._go, args=(f"127.0.1.{number + 1}", deed))
            for number, deed in enumerate((self.idle, self.half, self.slow, self.long, self.many, self.idle, self.half))
        ]
        self.threads += [threading.Thread(target=self._go, args=("127.0.2.1", self.partner)) for _ in range(3)]

    def __enter__(self) -> "Hostile":
        for one in self.threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for one in self.threads:
            one.join(60)

    def _go(self, source, deed):
        while not self.stopped.is_set():
            with suppress(OSError):
                deed(source)
            self.done += 1

    def plain(self, source):
        return socket.create_connection(("127.0.0.1", self.port), 5, (source, 0))

    def secured(self, source):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(self.plain(source))

    def idle(self, source):
        """Thirty connections on which nothing comes."""
        held = []
        try:
            for _ in range(30):
                held.append(self.secured(source))
            self.stopped.wait(0.5)
        finally:
            for one in held:
                one.close()

    def half(self, source):
        """Handshakes that begin and go on no more."""
        held = [self.plain(source) for _ in range(30)]
        for one in held:
            with suppress(OSError):
                one.sendall(b"\x16\x03\x01\x02\x00\x01")
        self.stopped.wait(0.5)
        for one in held:
            one.close()

    def slow(self, source):
        """A header, a byte at a time."""
        with self.secured(source) as one:
            for letter in b"POST /passerelle/1/batch HTTP/1.1\r\n" * 10:
                one.send(bytes([letter]))
                if self.stopped.wait(0.01):
                    return

    def long(self, source):
        """A body without an end."""
        with self.secured(source) as one:
            one.sendall(b"POST /passerelle/1/batch HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
            one.sendall(b"4\r\n\0\0\x10\0\r\n")
            while not self.stopped.is_set():
                one.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    def many(self, source):
        """Requests that make no sense."""
        with self.secured(source) as one:
            one.sendall(b"POST /passerelle/1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n" + b"x" * 10)
            one.recv(1000)

    def partner(self, source):
        """The largest bodies, signed."""
        with self.secured(source) as one:
            one.settimeout(30)
            one.sendall(self.flood)
            one.recv(1000)


def memory(process, what):
    """VmRSS or VmHWM (the most so far) of a process, in bytes."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found
    return int(found.group(1)) * 1024


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from Linux' /proc")
def test_a_node_among_hostile_clients_stays_small_and_takes_what_partners_send(partners):
    path = configure(partners.ma, "limits", connections=CONNECTIONS, body_bytes=BODIES)
    port = int(load(path).server.listen.rpartition(":")[2])
    made = partners.draft("be", request(), "open", "ma", "--type", "wanted-trace")
    flood = flood_of(partners.be)
    with served(partners.ma) as process, Hostile(port, flood) as hostile:
        ok("dossier", "release", partners.be, made["draft"], "--as", "luc")
        with served(partners.be):
            for _ in range(2000):
                shown = value("dossier", "show", partners.be, made["dossier"])["timeline"][0]["delivery"]["state"]
                if shown == "stored":
                    break
            assert shown == "stored"
        most = memory(process, "VmHWM")
    events = [json.loads(line) for line in (partners.ma / "serve.log").read_text().splitlines()]
    assert hostile.done > 50
    assert any(one["event"] == "partner.refused" and one.get("check") == "1" for one in events)
    assert not [one for one in events if one["event"] == "program.failed"]
    assert most < BOUND, f"{most // MIB} MiB"
