"""Posting to partners that answer too much, too slowly, or not as agreed: it ends, with words."""

import asyncio
import hashlib
import socket
import ssl
import threading
from contextlib import suppress

import pytest

from passerelle.core.errors import TransportError
from passerelle.identity import tls
from passerelle.transport.https import Client
from tests.unit.transport.serving import HEAD, running


def pin_of(folder):
    der = ssl.PEM_cert_to_DER_cert((folder / "tls.pem").read_text())
    return hashlib.sha256(der).hexdigest()


def post(port, pin, timeout_ms=20_000):
    async def run():
        client = Client(timeout_ms)
        try:
            return await client.post(f"https://127.0.0.1:{port}", pin, "batch", len(HEAD).to_bytes(4, "big") + HEAD)
        finally:
            await client.close()
            for _ in range(20):  # turns of the loop in which what was cut off closes its socket
                await asyncio.sleep(0.001)

    return asyncio.run(run())


def test_an_answer_that_is_too_large_is_not_read_to_its_end(tmp_path):
    with running(tmp_path) as node:
        node.answer = b"x" * 20 * 1024 * 1024
        with pytest.raises(TransportError, match="at most"):
            post(node.port, pin_of(tmp_path))


def test_an_answer_that_does_not_come_is_not_awaited_for_ever(tmp_path):
    with running(tmp_path) as node:
        node.go.clear()
        with pytest.raises(TransportError, match="no answer in time"):
            post(node.port, pin_of(tmp_path), 300)


def test_no_room_there_is_told(tmp_path):
    with running(tmp_path, partner_entries_a_minute=3) as node:
        assert post(node.port, pin_of(tmp_path)) == b"fine"
        with pytest.raises(TransportError, match="later"):
            post(node.port, pin_of(tmp_path))


ANSWERS = {
    "a header without an end": (b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 4000 + b"\r\n"),
    "a line without an end": (b"HTTP/1.1 200 ", b"x" * 65536),
    "a drop at a time": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "no HTTP": (b"\0\1\2\3\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("which", ANSWERS)
def test_answers_out_of_form_end(tmp_path, which):
    begin, more = ANSWERS[which]
    private, certificate = tls.make_certificate("ma")
    (tmp_path / "tls.key").write_bytes(private)
    (tmp_path / "tls.pem").write_bytes(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem", tmp_path / "tls.key")
    over = threading.Event()

    def answer(listening):
        with suppress(OSError), listening.accept()[0] as plain, context.wrap_socket(plain, server_side=True) as one:
            one.recv(65536)
            one.sendall(begin)
            while not over.wait(0.001):
                one.sendall(more)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        try:
            with pytest.raises(TransportError):
                post(listening.getsockname()[1], pin_of(tmp_path), 1000)
        finally:
            over.set()
            thread.join(20)
    assert not thread.is_alive()
