"""The peer: AS4 messages by the Python package `as4`, between two processes. Runs in an environment of its own.

The package builds, signs, encrypts, parses, verifies and receipts; it has neither transport nor storage. Added here is
the least of both, with the standard library: a threaded HTTPS server on loopback, connections that stay open with the
server's certificate pinned, and a SQLite file a side (write-ahead log, synchronous FULL) with one commit a message: the
receiver's before its receipt leaves, the sender's when the receipt has been verified. Several messages are on their way
at once. One message is one request: AS4 knows no batches.

Profile: Peppol's, which is the package's only one: RSA-2048 signatures with SHA-256, gzip, AES-128-GCM under RSA-OAEP,
certificates pinned. The payload is the exchange's content, as the text of one XML element.
"""

import asyncio
import http.client
import os
import sqlite3
import ssl
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import as4
from as4 import peppol
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks._children import BenchError, answer

BE, MA = "PBE000001", "PMA000001"
_STUCK = 30.0
_MOST = 1 << 20
_ABOUT: dict[str, str] = {
    "sender": "9932:9999999999",
    "recipient": "9932:1111111111",
    "sender_country_id": "BE",
    "document_type_identifier_scheme": "busdox-docid-qns",
    "document_type_identifier_value": "urn:passerelle:content::Content##urn:passerelle:act::1.0",
    "process_identifier": "urn:passerelle:act:1.0",
}


def _credentials(name: str) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _write(folder: Path, name: str, certificate: x509.Certificate) -> None:
    made = folder / f"{name}.new"
    made.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.rename(folder / f"{name}.pem")


def _read(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.pem").read_bytes())


class Shelf:
    """The least durable storage: one row and one commit a message."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("page_size = 8192", "journal_mode = WAL", "synchronous = FULL", "cache_size = -16000"):
            self._connection.execute(f"PRAGMA {pragma}").fetchall()
        self._connection.execute(
            "CREATE TABLE messages (id TEXT PRIMARY KEY, body BLOB NOT NULL, receipt BLOB NOT NULL)"
        )

    def keep(self, message_id: str, body: bytes, receipt: bytes) -> None:
        """Durable on return."""
        with self._lock:
            self._connection.execute("INSERT INTO messages VALUES (?, ?, ?)", (message_id, body, receipt))

    def count(self) -> int:
        with self._lock:
            ((count,),) = self._connection.execute("SELECT count(*) FROM messages").fetchall()
        return int(count)

    def close(self) -> None:
        with self._lock:
            self._connection.close()


def _handler(receive: Callable[[dict[str, str], bytes], bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        timeout = _STUCK

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            if not 0 < length <= _MOST:
                self.send_error(413)
                return
            signal = receive(dict(self.headers), self.rfile.read(length))
            self.send_response(200)
            self.send_header("Content-Type", "application/soap+xml;charset=utf-8")
            self.send_header("Content-Length", str(len(signal)))
            self.end_headers()
            self.wfile.write(signal)
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Handler


async def receiver(folder: str) -> None:
    """Serve on a free port until standard input ends."""
    place = Path(folder)
    key, certificate = _credentials(MA)
    _write(place, MA, certificate)
    tls_key = place / "receiver.key"
    tls_key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    shelf = Shelf(place / "receiver.db")
    party = peppol.create_peppol_internal_party(MA, certificate, as4.AS4LocalPrivateKey(key))
    policy: list[as4.SecurityPolicy] = []

    def receive(headers: dict[str, str], body: bytes) -> bytes:
        found = peppol.parse_peppol_message(headers, body, party, security_policy=policy[0])
        signal: bytes = found.build_signal()[1]
        if found.successful:
            shelf.keep(found.message_id, next(iter(found.message.decrypted_data.values())), signal)
        return signal

    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receive))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(place / f"{MA}.pem", tls_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()

    async def ready() -> int:
        return int(server.server_address[1])

    async def trust() -> None:
        policy.append(as4.SecurityPolicy(signer_resolver=as4.pinned_certificates(_read(place, BE))))

    async def check() -> int:
        return shelf.count()

    try:
        await answer({"ready": ready, "trust": trust, "check": check})
    finally:
        server.shutdown()
        server.server_close()
        shelf.close()


class Pushing:
    """The sender: several threads, each with a connection."""

    def __init__(self, folder: Path) -> None:
        key, certificate = _credentials(BE)
        _write(folder, BE, certificate)
        self._certificate = _read(folder, MA)
        self._party = peppol.create_peppol_internal_party(BE, certificate, as4.AS4LocalPrivateKey(key))
        self._remote = peppol.create_peppol_external_party(MA, self._certificate)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.check_hostname = False
        self._context.load_verify_locations(folder / f"{MA}.pem")
        self._shelf = Shelf(folder / "sender.db")
        self._payload = b""
        self._port = 0

    async def ready(self, port: int, content: str) -> None:
        text = content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        self._payload = f'<Content xmlns="urn:passerelle:content">{text}</Content>'.encode()
        self._port = port

    def _one(self, connection: http.client.HTTPSConnection) -> None:
        message = peppol.build_peppol_message(
            self._payload, local_party=self._party, remote_party=self._remote, **_ABOUT
        )
        body, boundary = message.get_request_data()
        connection.request("POST", "/as4", body, message.get_http_headers(boundary))
        response = connection.getresponse()
        signal = response.read(_MOST)
        if response.status != 200:
            raise BenchError(f"expected 200, got {response.status}")
        receipt = peppol.parse_peppol_receipt(signal, self._certificate)
        if receipt.error is not None or receipt.original_message_id != message.message_id:
            raise BenchError(f"expected a receipt, got {receipt.error}")
        receipt.verify_non_repudiation(message.signed_references)
        self._shelf.keep(message.message_id, self._payload, signal)

    def _push(self, ramp: float, seconds: float, most: int, threads: int) -> dict[str, Any]:
        lock, done, end = threading.Lock(), [0], time.monotonic() + ramp + seconds
        failures: list[Exception] = []

        def work() -> None:
            connection = http.client.HTTPSConnection("127.0.0.1", self._port, timeout=_STUCK, context=self._context)
            try:
                while time.monotonic() < end and done[0] < most and not failures:
                    self._one(connection)
                    with lock:
                        done[0] += 1
            except Exception as error:
                failures.append(error)
            finally:
                connection.close()

        working = [threading.Thread(target=work, daemon=True) for _ in range(threads)]
        for one in working:
            one.start()
        time.sleep(ramp)
        start, before = time.perf_counter(), done[0]
        while any(one.is_alive() for one in working) and time.monotonic() < end and done[0] < most:
            time.sleep(0.005)
        taken, passed = time.perf_counter() - start, done[0] - before
        for one in working:
            one.join(_STUCK)
        if failures:
            raise failures[0]
        if not passed:
            raise BenchError(f"expected messages within {seconds} seconds, got none")
        return {"messages": passed, "seconds": taken, "rate": passed / taken, "payload": len(self._payload)}

    async def whole(self, ramp: float, seconds: float, most: int, threads: int) -> dict[str, Any]:
        return await asyncio.to_thread(self._push, ramp, seconds, most, threads)

    async def check(self) -> int:
        return self._shelf.count()


async def sender(folder: str) -> None:
    """Push until standard input ends."""
    pushing = Pushing(Path(folder))
    await answer({"ready": pushing.ready, "whole": pushing.whole, "check": pushing.check})


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    os.umask(0o077)
    asyncio.run({"receiver": receiver, "sender": sender}[role](*rest))
