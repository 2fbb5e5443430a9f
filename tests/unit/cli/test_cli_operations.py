"""What an operator's tools see of a serving node: health, metrics, the log, the signs for systemd."""

import asyncio
import json
import os
import re
import socket
import ssl
import urllib.error
import urllib.request
from contextlib import suppress

import pytest
from prometheus_client.parser import text_string_to_metric_families

from passerelle.core.log import EVENTS
from passerelle.node import Node
from passerelle.service import Service
from passerelle.service.health import Health
from passerelle.transport.metrics import LABELS
from tests.unit.cli.scene import PEOPLE, call, configure, free_port, ok, request, served, value


def listening(folder):
    """Have a node listen for its operator. Returns the address."""
    address = f"127.0.0.1:{free_port()}"
    configure(folder, "admin", listen=address)
    return address


def page(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def until(get, wanted):
    """Ask until the answer comes; each question is a process's worth of work, so nothing sleeps."""
    for _ in range(2000):
        if get() == wanted:
            return
    raise AssertionError(get())


def told(names, text):
    """Which names stand in a text, as words of their own."""
    return [name for name in names if re.search(rf"\b{re.escape(name)}\b", text)]


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory, _partners):
    """What both nodes showed after an exchange: pages of be, logs of both, and every name that none of it may tell."""
    scene = _partners.copy(tmp_path_factory.mktemp("exchanged"))
    address = listening(scene.be)
    made = scene.draft("be", request(), "open", "ma", "--type", "wanted-trace")
    with served(scene.ma), served(scene.be):
        ok("dossier", "release", scene.be, made["draft"], "--as", "luc")

        def delivery():
            return value("dossier", "show", scene.be, made["dossier"])["timeline"][0]["delivery"]["state"]

        until(delivery, "stored")
        shown = value("dossier", "show", scene.be, made["dossier"])
        pages = {path: page(address, path) for path in ("/-/live", "/-/ready", "/-/versions", "/metrics")}
        strange = page(address, "/passerelle/1/batch"), page(address, "/")
    logs = {name: (scene.of(name) / "serve.log").read_text() for name in PEOPLE}
    ports = [(scene.of(name) / "passerelle.toml").read_text().split("127.0.0.1:")[1][:5] for name in PEOPLE]
    names = [made["dossier"], shown["timeline"][0]["message"], made["draft"], *ports, "Amraoui", "BR-2025", "العمراوي"]
    names += [person for pair in PEOPLE.values() for person in pair] + ["eva", "omar", "carl", "karima"]
    return pages, strange, logs, names


def test_health_is_told(exchanged):
    pages, strange, _, _ = exchanged
    assert pages["/-/live"] == (200, '{"live":true}')
    status, body = pages["/-/ready"]
    assert (status, json.loads(body)["ready"]) == (200, True)
    versions = json.loads(pages["/-/versions"][1])
    assert versions["protocol"].startswith("passerelle-")
    assert versions["types"]["wanted-trace"]
    assert {status for status, _ in strange} == {404}


def test_metrics_count_and_name_nobody(exchanged):
    pages, _, _, names = exchanged
    text = pages["/metrics"][1]
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    for one in samples:
        for label, word in one.labels.items():
            assert label == "le" or word in LABELS[label], one
    assert told(names, text) == []
    found = {(one.name, *sorted(one.labels.values())): one.value for one in samples}
    assert found["passerelle_batches_total", "out", "routine"] == 1
    assert found["passerelle_entries_total", "out", "routine"] == 1
    assert found["passerelle_bytes_total", "out", "routine"] > 1000
    assert found["passerelle_messages", "in-line", "out", "routine"] == 0
    assert found["passerelle_store_seconds_count", "done", "write"] > 3
    assert found["passerelle_audit_blocks",] >= 0
    assert found["passerelle_questions_waiting",] == 0
    assert found["process_resident_memory_bytes",] > 10_000_000


def test_the_log_names_nobody_and_says_what_the_table_says(exchanged):
    _, _, logs, names = exchanged
    for log in logs.values():
        lines = [json.loads(line) for line in log.splitlines()]
        assert {"node.started", "node.stopped"} <= {line["event"] for line in lines}
        for line in lines:
            assert line.keys() - {"event", "time", "left_out"} <= EVENTS[line["event"]].keys()
        assert told(names, log) == []
    assert '"event": "batch.receipted"' in logs["be"]


def test_a_node_that_cannot_write_is_not_ready(strangers):
    async def run():
        node = Node.open(strangers.be)
        service = Service(node, lambda event, **fields: None)
        health = Health(service)
        found = await health.ready()
        assert (found["store"], found["keys"], found["stopping"]) == ("", "", "")
        assert found["listener"]  # nothing listens yet
        node.close()
        service.stop()
        found = await Health(service).ready()
        assert found["store"] == "the store does not write"
        assert found["stopping"]

    asyncio.run(run())


def test_many_questions_are_one_transaction(strangers):
    async def run():
        node = Node.open(strangers.be)
        health = Health(Service(node, lambda event, **fields: None))
        seen = []
        node.store.observe = lambda *what: seen.append(what)
        await asyncio.gather(*(health.ready() for _ in range(50)))
        assert len(seen) == 1
        await asyncio.gather(*(health.metrics() for _ in range(50)))
        assert len(seen) == 2
        node.close()

    asyncio.run(run())


def test_without_an_address_nothing_listens_for_the_operator(strangers):
    assert value("config", "show", strangers.be)["admin.listen"]["value"] == ""


def test_systemd_is_told(strangers, monkeypatch, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        with served(strangers.be):
            seen = [told.recv(100) for _ in range(4)]
        assert seen == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]
        while (last := told.recv(100)) == b"WATCHDOG=1":
            pass
        assert last == b"STOPPING=1"


def test_an_abstract_address_is_told_too(strangers, monkeypatch):
    name = f"passerelle-{os.getpid()}-{free_port()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind("\0" + name)
        told.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        with served(strangers.be):
            assert told.recv(100) == b"READY=1"


def test_the_operators_address_is_not_the_partners(strangers):
    path = strangers.be / "passerelle.toml"
    taken = path.read_text().split('listen = "')[1].split('"')[0]
    configure(strangers.be, "admin", listen=taken)
    result = call("config", "show", strangers.be)
    assert result.code == 2
    assert "another address" in result.err


def test_an_address_that_is_taken_stops_nobody(strangers):
    address = listening(strangers.be)
    host, _, port = address.rpartition(":")
    with socket.socket() as taken:
        taken.bind((host, int(port)))
        taken.listen()
        with served(strangers.be):
            log = strangers.be / "serve.log"
            until(lambda: value("queue", strangers.be)["serving"] and '"part": "admin"' in log.read_text(), True)


MARK = "JanJanssens19860314"
HOSTILE = [
    f"GET /{MARK} HTTP/1.1\r\nHost: {MARK}\r\nX-{MARK}: {MARK}\r\n\r\n",
    f"{MARK} {MARK}\r\n\r\n",
    f"POST /passerelle/1/batch HTTP/1.1\r\nHost: be\r\nContent-Length: {MARK}\r\n\r\n",
    *(
        f"POST /passerelle/1/{name} HTTP/1.1\r\nHost: be\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        for name in ("batch", "status", "recover", "witness/add-checkpoint", "witness/held")
        for body in (
            f"\0\0\0\x20{MARK}{MARK}{MARK}",
            f"{MARK}\n{MARK}\n\n— {MARK} {MARK}=\n",
            f"old {MARK}\n\n{MARK}\n1\n{MARK}\n\n— {MARK} AAAA\n",
            f"passerelle-status/1\n{MARK}\nbe\n{MARK}\n{MARK}\n\n— {MARK}/envelope AAAAAAAA\n",
            "\0\0\0\x70passerelle-batch/1\n{0}/be/routine/1\n0 1\n{0}\n{0}\n{0}\n\n— {0}/envelope AAAAAAAA\n{0}".format(
                MARK.lower()
            ),
        )
    ),
]


def test_nothing_that_strangers_write_comes_into_the_log(strangers):
    address = (strangers.be / "passerelle.toml").read_text().split('listen = "')[1].split('"')[0]
    host, _, port = address.partition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with served(strangers.be):
        with socket.create_connection((host, int(port)), 20) as plain:
            plain.sendall(MARK.encode())
            assert plain.recv(1000) is not None
        for sent in HOSTILE:
            with context.wrap_socket(socket.create_connection((host, int(port)), 20)) as one:
                one.sendall(sent.replace("Host:", "Connection: close\r\nHost:").encode())
                with suppress(ConnectionError, ssl.SSLError):
                    while one.recv(65536):
                        pass
    log = (strangers.be / "serve.log").read_text()
    assert len([line for line in log.splitlines() if '"partner.refused"' in line]) >= 10
    assert MARK.lower() not in log.lower()
    assert "Janssens" not in log
    assert "Traceback" not in log
