"""The peer: AS2 messages by a full server, django-pyas2, between two of its sites. Runs in an environment of its own.

Each site is the server as its makers ship it, with a SQLite database and a folder of its own. The receiver is served by
gunicorn with several workers. The sender does, in several processes at once, what the command `sendas2message` does:
build, sign, encrypt, write down, post, check the signed receipt (MDN, in the same connection), write down.

Profile: RSA-2048 signatures with SHA-256 on message and receipt, AES-128-CBC, no compression.

In its favour: the databases have a write-ahead log, and a transaction that writes begins as one, else several clients
at once would fail; keys lie unencrypted, so that none is derived for each message; there is no TLS, since AS2 seals its
messages itself; nothing is logged.
Not so: files of messages and receipts are not synced to the disk, and a second message of the same id would be taken in
before it is known as one. Those are its makers' choices, and left so.
"""

import asyncio
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from benchmarks._children import BenchError, answer

BE, MA = "as2be", "as2ma"
_STUCK = 30.0
_SETTINGS = """
SECRET_KEY = "of a benchmark"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "pyas2",
]
MIDDLEWARE = []
TEMPLATES = [{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}}]
DATABASES = {{"default": {{"ENGINE": "immediate", "NAME": "{folder}/db.sqlite3",
    "OPTIONS": {{"timeout": 20}}, "CONN_MAX_AGE": None}}}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
MEDIA_ROOT = "{folder}"
ROOT_URLCONF = "urls"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1 << 26
USE_TZ = True
LOGGING_CONFIG = None
"""
_IMMEDIATE = """
from django.db.backends.sqlite3 import base

class DatabaseWrapper(base.DatabaseWrapper):
    def _start_transaction_under_autocommit(self):
        self.cursor().execute("BEGIN IMMEDIATE")
"""
"""Django 4.2 begins a transaction as a reader; of two that then want to write SQLite refuses one at once."""
_URLS = 'from django.urls import include, path\nurlpatterns = [path("pyas2/", include("pyas2.urls"))]\n'
_WSGI = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"


def _credentials(folder: Path, name: str) -> None:
    """A key and its certificate, in one file, and the certificate alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

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
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / f"{name}.key").write_bytes(private + public)
    (folder / f"{name}.pem").write_bytes(public)


def _enter(folder: Path) -> None:
    """This process works with the site in the folder."""
    import django

    sys.path.insert(0, str(folder))
    os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
    django.setup()


def site(folder: Path, own: str, other: str, port: int) -> None:
    """Make a site, which knows the other, reached at this port."""
    from django.core.management import call_command

    place = folder / own
    place.mkdir()
    (place / "settings.py").write_text(_SETTINGS.format(folder=place))
    (place / "immediate").mkdir()
    (place / "immediate" / "__init__.py").touch()
    (place / "immediate" / "base.py").write_text(_IMMEDIATE)
    (place / "urls.py").write_text(_URLS)
    (place / "wsgi.py").write_text(_WSGI)
    with closing(sqlite3.connect(place / "db.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    _enter(place)
    call_command("migrate", verbosity=0)
    from pyas2.models import Organization, Partner, PrivateKey, PublicCertificate

    key = PrivateKey.objects.create(name=own, key=(folder / f"{own}.key").read_bytes(), key_pass="")
    Organization.objects.create(name=own, as2_name=own, encryption_key=key, signature_key=key)
    body = (folder / f"{other}.pem").read_bytes()
    certificate = PublicCertificate.objects.create(name=other, certificate=body, verify_cert=False)
    Partner.objects.create(
        name=other,
        as2_name=other,
        target_url=f"http://127.0.0.1:{port}/pyas2/as2receive",
        content_type="application/octet-stream",
        encryption="aes_128_cbc",
        encryption_cert=certificate,
        signature="sha256",
        signature_cert=certificate,
        mdn=True,
        mdn_mode="SYNC",
        mdn_sign="sha256",
    )


def make(folder: Path, port: int) -> None:
    """Both sites, each in a process of its own, because a process is in one site for good."""
    for name in (BE, MA):
        _credentials(folder, name)
    for own, other in ((BE, MA), (MA, BE)):
        words = [sys.executable, "-m", "benchmarks._as2", "site", str(folder), own, other, str(port)]
        subprocess.run(words, check=True, timeout=_STUCK)


def _counted(direction: str) -> dict[str, int]:
    """Messages that are done, with their signed receipts, and others."""
    from django.db import connection
    from pyas2.models import Message

    connection.close()
    mine = Message.objects.filter(direction=direction)
    done = mine.filter(status="S", signed=True, encrypted=True, mdn__signed=True).count()
    return {"done": done, "others": mine.count() - done}


async def receiver(folder: str, port: str, workers: str) -> None:
    """Serve until standard input ends."""
    place = Path(folder)
    make(place, int(port))
    words = ["-m", "gunicorn", "--chdir", str(place / MA), "--bind", f"127.0.0.1:{port}", "--workers", workers]
    serving = subprocess.Popen(
        [sys.executable, *words, "--preload", "--log-level", "error", "--worker-tmp-dir", folder, "wsgi:application"],
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "settings"},
    )
    _enter(place / MA)

    async def ready() -> None:
        for _ in range(round(_STUCK * 50)):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", int(port))
            except OSError:
                if serving.poll() is not None:
                    raise BenchError("expected the server to start, got an end") from None
                await asyncio.sleep(0.02)
                continue
            writer.close()
            return
        raise BenchError("expected the server to start, got no start in time")

    async def check() -> dict[str, int]:
        return await asyncio.to_thread(_counted, "IN")

    try:
        await answer({"ready": ready, "check": check})
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(_STUCK)


def _send(payload: bytes) -> None:
    """What the command `sendas2message` does with a file."""
    from pyas2.models import Message, Organization, Partner
    from pyas2lib import Message as As2Message

    own, partner = Organization.objects.get(as2_name=BE), Partner.objects.get(as2_name=MA)
    built = As2Message(sender=own.as2org, receiver=partner.as2partner)
    built.build(
        payload,
        filename="content",
        subject=partner.subject,
        content_type=partner.content_type,
        disposition_notification_to=own.email_address or "no-reply@pyas2.com",
    )
    row, _ = Message.objects.create_from_as2message(
        as2message=built, payload=payload, filename="content", direction="OUT", status="P"
    )
    row.send_message(built.headers, built.content)
    if row.status != "S":
        raise BenchError(f"expected a receipt, got {row.detailed_status}")


def _work(payload: bytes, done: Any, stop: Event, failures: Any) -> None:
    """One client: messages one after the other."""
    from django.db import connection

    connection.close()  # the parent's, of before the fork
    try:
        while not stop.is_set():
            _send(payload)
            with done.get_lock():
                done.value += 1
    except BaseException as error:
        failures.put(f"{type(error).__name__}: {error}")


class Pushing:
    """The sender's site, with several clients."""

    def __init__(self, folder: Path) -> None:
        _enter(folder / BE)
        from pyas2 import models  # loaded before the clients are forked  # noqa: F401

        self._payloads: dict[int, bytes] = {}

    async def ready(self, content: str, large: int) -> None:
        self._payloads = {len(content.encode()): content.encode(), large: os.urandom(large)}

    def _push(self, size: int, clients: int, ramp: float, seconds: float) -> dict[str, Any]:
        fork = multiprocessing.get_context("fork")
        done, stop, failures = fork.Value("q", 0), fork.Event(), fork.SimpleQueue()
        working = [
            fork.Process(target=_work, args=(self._payloads[size], done, stop, failures), daemon=True)
            for _ in range(clients)
        ]
        for one in working:
            one.start()
        time.sleep(ramp)
        start, before = time.perf_counter(), done.value
        while time.perf_counter() - start < seconds and failures.empty():
            time.sleep(0.005)
        taken, passed = time.perf_counter() - start, done.value - before
        stop.set()
        for one in working:
            one.join(_STUCK)
        if not failures.empty():
            raise BenchError(f"expected every message receipted, got {failures.get()}")
        if not passed:
            raise BenchError(f"expected messages within {seconds} seconds, got none")
        return {"messages": passed, "seconds": taken, "rate": passed / taken}

    async def whole(self, size: int, clients: int, ramp: float, seconds: float) -> dict[str, Any]:
        return await asyncio.to_thread(self._push, size, clients, ramp, seconds)

    async def check(self) -> dict[str, int]:
        return await asyncio.to_thread(_counted, "OUT")


async def sender(folder: str) -> None:
    """Push until standard input ends."""
    pushing = Pushing(Path(folder))
    await answer({"ready": pushing.ready, "whole": pushing.whole, "check": pushing.check})


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    os.umask(0o077)
    if role == "site":
        site(Path(rest[0]), rest[1], rest[2], int(rest[3]))
    else:
        asyncio.run({"receiver": receiver, "sender": sender}[role](*rest))
