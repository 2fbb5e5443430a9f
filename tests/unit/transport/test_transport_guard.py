"""Connections that do nothing, do it slowly, or do too much: each ends, and partners get through."""

import select
import socket
import ssl

import pytest

from tests.unit.transport.serving import HEAD, PATH, answer, batch, ended, received, running


def test_a_partner_is_answered_and_may_stay(tmp_path):
    with running(tmp_path, stranger_ms=100) as node, node.connect() as partner, node.connect() as stranger:
        for _ in range(2):
            partner.sendall(batch(b"x" * 1000))
            assert answer(partner)[0] == 200
        stranger.sendall(b"GET / HTTP/1.1\r\nHost: be\r\n\r\n")
        assert answer(stranger)[0] == 404
        assert ended(stranger)
        partner.sendall(batch())
        assert answer(partner)[0] == 200


def test_a_partners_idle_connection_ends_too(tmp_path):
    with running(tmp_path, idle_ms=100) as node, node.connect() as partner:
        partner.sendall(batch())
        assert answer(partner)[0] == 200
        assert ended(partner)


def test_a_handshake_that_does_not_come_ends(tmp_path):
    with running(tmp_path, handshake_ms=100) as node, node.plain() as silent, node.plain() as slow:
        slow.sendall(b"\x16\x03\x01")
        assert ended(silent)
        assert ended(slow)
        node.until(lambda: len(node.server.guard) == 0)


def test_a_header_that_does_not_come_ends(tmp_path):
    with running(tmp_path, header_ms=100) as node, node.connect() as silent, node.connect() as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHos")
        assert ended(silent)
        assert ended(slow)
        assert node.counted["header"] == 2


def test_the_header_of_a_later_request_is_awaited_no_longer(tmp_path):
    with running(tmp_path, header_ms=100) as node, node.connect() as partner:
        partner.sendall(batch())
        assert answer(partner)[0] == 200
        partner.sendall(b"POST")
        assert ended(partner)
        assert node.counted["header"] == 1


@pytest.mark.parametrize("sent", [0, 4, 40_000])
def test_a_body_that_does_not_come_ends(tmp_path, sent):
    with running(tmp_path, body_ms=200, rate=1024**2) as node, node.connect() as slow:
        slow.sendall(batch(b"x" * 40_000, length=1_000_000)[: len(batch(length=1_000_000)) - len(HEAD) - 4 + sent])
        assert ended(slow)
        assert node.counted["slow"] == 1


def send_for_ever(connection, part):
    while True:
        connection.sendall(part)


def test_a_stranger_learns_it_at_once_and_may_not_go_on(tmp_path):
    with running(tmp_path, stranger_ms=200) as node, node.connect() as stranger:
        begin = batch(head=b"stranger routine 1", length=-1, more="Transfer-Encoding: chunked\r\n")
        first, _, body = begin.partition(b"\r\n\r\n")
        stranger.sendall(first + b"\r\n\r\n" + f"{len(body):x}\r\n".encode() + body + b"\r\n")
        assert answer(stranger)[0] == 422
        with pytest.raises((ConnectionError, ssl.SSLError)):
            send_for_ever(stranger, b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert node.counted["unwanted"] == 1
        assert node.went["refused", "1"] == 1


def test_a_chunked_body_is_bounded(tmp_path):
    with running(tmp_path) as node, node.connect() as partner:
        partner.sendall(f"POST {PATH} HTTP/1.1\r\nHost: be\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        partner.sendall(f"{len(HEAD) + 4:x}\r\n".encode() + len(HEAD).to_bytes(4, "big") + HEAD + b"\r\n")
        for _ in range(130):
            partner.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        assert answer(partner)[0] == 422
        assert node.went["refused", "0"] == 1


def test_a_body_that_says_it_is_too_large_is_not_read(tmp_path):
    with running(tmp_path) as node, node.connect() as partner:
        partner.sendall(batch(length=10**12))
        assert answer(partner)[0] == 422


@pytest.mark.parametrize("together", [True, False])
def test_the_next_request_before_the_answer_is_cut_off(tmp_path, together):
    with running(tmp_path) as node, node.connect() as partner:
        node.go.clear()
        if together:
            partner.sendall(batch() + batch())
        else:
            partner.sendall(batch())
            assert node.working.acquire(timeout=20)
            partner.sendall(batch())
        assert ended(partner)
        assert node.counted["pipelined"] == 1


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (batch(more="Content-Encoding: gzip\r\n"), 415),
        (batch(more="Content-Encoding: identity\r\n"), 200),
        (batch(more="Transfer-Encoding: gzip, chunked\r\n", length=-1), 400),
        (batch(more="".join(f"X-{number}: 1\r\n" for number in range(100))), 431),
        (batch(more=f"X: {'x' * 40_000}\r\n"), (400, 431)),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0),
        (b"\x00\x01\x02\r\n\r\n", 400),
    ],
)
def test_requests_out_of_form(tmp_path, request_, status):
    with running(tmp_path) as node, node.connect() as client:
        client.sendall(request_)
        assert answer(client)[0] in (status if isinstance(status, tuple) else (status,))
        assert client.selected_alpn_protocol() is None


def test_an_address_has_so_many_connections(tmp_path):
    with running(tmp_path, connections_an_address=2) as node, node.plain(), node.plain():
        with node.plain() as third:
            assert ended(third)
        assert node.counted["address-full"] == 1
        with node.connect("127.0.0.2") as other:
            other.sendall(batch())
            assert answer(other)[0] == 200


def test_a_connection_that_ends_gives_its_place_back(tmp_path):
    with running(tmp_path, connections_an_address=1) as node:
        for _ in range(3):
            with node.connect() as one:
                one.sendall(batch())
                assert answer(one)[0] == 200
            node.until(lambda: len(node.server.guard) == 0)
        assert not node.counted


def test_strangers_make_room_and_partners_do_not(tmp_path):
    with running(tmp_path, connections=8) as node, node.connect() as partner:
        partner.sendall(batch())
        assert answer(partner)[0] == 200
        strangers = [node.plain() for _ in range(7)]
        node.until(lambda: len(node.server.guard) == 8)
        with node.connect() as new:
            new.sendall(batch())
            assert answer(new)[0] == 200
            assert ended(strangers[0])
            partner.sendall(batch())
            assert answer(partner)[0] == 200
        assert node.counted["made-room"] == 1
        for one in strangers:
            one.close()


def test_when_all_are_partners_nobody_else_comes_in(tmp_path):
    with running(tmp_path, connections=8) as node:
        partners = [node.connect() for _ in range(8)]
        for one in partners:
            one.sendall(batch())
            assert answer(one)[0] == 200
        with node.plain() as late:
            assert ended(late)
        assert node.counted["full"] == 1
        for one in partners:
            one.close()


def test_an_answer_that_is_not_taken_is_cut_off(tmp_path):
    with running(tmp_path, body_ms=300, rate=1024**3) as node, node.connect(SO_RCVBUF=4096) as partner:
        node.answer = b"x" * 8 * 1024 * 1024
        partner.sendall(batch(path="/passerelle/1/recover"))
        watched = select.poll()
        watched.register(partner, select.POLLHUP | select.POLLERR)
        assert watched.poll(20_000)
        node.until(lambda: len(node.server.guard) == 0 and node.server.room.used == 0)


def test_a_half_open_connection_ends(tmp_path):
    with running(tmp_path, header_ms=200) as node, node.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\n")
        socket.socket.shutdown(client, socket.SHUT_WR)
        assert ended(client)
        node.until(lambda: len(node.server.guard) == 0)


def test_received_tells_the_end_from_silence(tmp_path):
    with running(tmp_path) as node, node.connect() as client:
        client.settimeout(0.05)
        with pytest.raises(TimeoutError):
            received(client)
