"""Two real nodes in folders, the command line run in this process, and bytes carried between them by hand."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from datetime import date, timedelta
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from passerelle.cli.app import app, run
from passerelle.core import settings, settings_text
from passerelle.core.json import canonical
from passerelle.dossiers.types import Catalogue
from passerelle.exchange import answering, inbox
from passerelle.exchange.sender import Sender
from passerelle.ledger.checkpoint import LANES
from passerelle.node import Node
from passerelle.office.asking import this_user
from tests.unit.instruments import samples as texts

SOURCE = Path(__file__).parents[3] / "src"
PEOPLE = {"be": ("ann", "luc"), "ma": ("nadia", "samir")}
"""Who writes and who releases."""
FIRST = {"be": "eva", "ma": "omar"}
"""Who made the node: operator and security officer."""
COORDINATOR = {"be": "carl", "ma": "karima"}


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out.count("\n") == 1, self
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        assert self.out == "", self
        return json.loads(self.err)


def usual(arguments: tuple[object, ...]) -> tuple[object, ...]:
    """The arguments, with the person whose work it is on this node where a test names none."""
    words = [str(one) for one in arguments] or [""]
    name = next((Path(one).name for one in words[:4] if Path(one).name in PEOPLE and "/" in one), "")
    without = words[0] in ("init", "serve", "config", "unit", "catalogue", "calendar", "restore") or words[:2] in (
        ["dossier", "form"],
        ["relation", "kinds"],
    )
    if not name or without or "--as" in words:
        return arguments
    who = {"instrument": COORDINATOR[name], "dossier": PEOPLE[name][0], "message": PEOPLE[name][0]}
    who |= {"evidence": PEOPLE[name][0], "relation": PEOPLE[name][0], "trace": PEOPLE[name][0]}
    releasing = words[:2] in (["dossier", "release"], ["dossier", "discard"])
    return (*arguments, "--as", PEOPLE[name][1] if releasing else who.get(words[0], FIRST[name]))


def call(*arguments: object, commands: Any = app) -> Result:
    """Run a command in this process, as the person whose work it is when none is named."""
    arguments = usual(arguments)
    out, err = (TextIOWrapper(BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        code = run([str(one) for one in arguments], commands)
    texts_ = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return Result(code, *texts_)


def ok(*arguments: object) -> Result:
    """Run a command that must succeed."""
    result = call(*arguments)
    assert result.code == 0, result
    assert result.err == "", result
    return result


def value(*arguments: object) -> Any:
    """What a command gives with --json."""
    return ok(*arguments, "--json").json


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE), "COLUMNS": "200"}


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "passerelle", *map(str, usual(arguments))]


def process(*arguments: object) -> Result:
    """Run a command in a process of its own."""
    done = subprocess.run(
        command(*arguments),
        env=environment(),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@contextmanager
def served(folder: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """A node at work in a process of its own, from when it says that it is ready."""
    log = folder / "serve.log"
    with (
        log.open("w") as err,
        subprocess.Popen(
            command("serve", folder, "--json", *options),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        ) as started,
    ):
        try:
            assert started.stdout is not None
            line = started.stdout.readline()
            assert line, log.read_text()
            assert json.loads(line)["ready"] is True
            yield started
        finally:
            if started.poll() is None:
                started.send_signal(signal.SIGTERM)
            started.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_node(folder: Path, name: str, *more: object) -> Any:
    where = {"be": ("BE", "fr,nl", "Europe/Brussels"), "ma": ("MA", "ar,fr", "Africa/Casablanca")}[name]
    options = zip(("--country", "--languages", "--timezone"), where, strict=True)
    listen = f"127.0.0.1:{free_port()}"
    told = (part for pair in options for part in pair)
    return value("init", folder, "--name", name, *told, "--listen", listen, "--person", FIRST[name], *more)


def configure(folder: Path, section: str, **values: object) -> Path:
    """Other values in a section of a node's settings. Returns their file."""
    path = folder / "passerelle.toml"
    made = settings.load(path, {})
    changed = msgspec.structs.replace(getattr(made, section), **values)
    path.write_text(settings_text.render(msgspec.structs.replace(made, **{section: changed})), "utf-8")
    return path


def age(folder: Path) -> None:
    """The store of a node becomes one of schema 2, as the program of then had made it."""
    path, now = folder / "store.db", folder / "store.db.now"
    path.rename(now)
    path.touch(0o600)
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.executescript((Path(__file__).parents[2] / "contract" / "schema-2" / "sqlite.sql").read_text())
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("ATTACH ? AS now", (str(now),))
        tables = [name for (name,) in made.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")]
        for table in tables:
            columns = [f'"{row[1]}"' for row in made.execute(f'PRAGMA main.table_info("{table}")')]
            names = ", ".join(columns)
            made.execute(f'INSERT INTO main."{table}" ({names}) SELECT {names} FROM now."{table}"')
        made.execute("UPDATE main.meta SET value = '2' WHERE name = 'schema'")
    for end in ("", "-wal", "-shm"):
        Path(f"{now}{end}").unlink(missing_ok=True)


def staff(folder: Path, name: str) -> None:
    """The people of a node and what they hold, all acted by the user who runs the tests."""
    author, releaser = PEOPLE[name]
    for person, role in ((author, "officer"), (releaser, "approver"), (COORDINATOR[name], "coordinator")):
        ok("person", "add", folder, person, "--user", this_user(), "--as", FIRST[name])
        ok("person", "grant", folder, person, role, "--as", FIRST[name])


class Scene:
    """`be` and `ma`, who have confirmed each other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.be, self.ma = folder / "be", folder / "ma"

    def of(self, name: str) -> Path:
        return self.folder / name

    def introduce(self) -> None:
        for one in PEOPLE:
            make_node(self.of(one), one)
            staff(self.of(one), one)
        for one, other in (("be", "ma"), ("ma", "be")):
            by = FIRST[one]
            made = value("partner", "self", self.of(other), "--as", FIRST[other])
            ok("partner", "add", self.of(one), self.of(other) / "identity.json", "--as", by)
            ok("partner", "confirm", self.of(one), other, "--fingerprint", made["fingerprint"], "--as", by)

    def deliver(self, name: str, *lanes: str) -> None:
        """Everything that this node has in line goes to the other."""
        other = "ma" if name == "be" else "be"
        node, receiver = Node.open(self.of(name)), Node.open(self.of(other))
        try:
            sender = Sender(node.ctx, other)
            for lane in lanes or LANES:
                nonce = os.urandom(16)
                if not sender.compare(nonce, answering.status(receiver.ctx, sender.question(nonce)), lane):
                    continue
                while (posting := sender.step(lane)) is not None:
                    sender.received(posting, inbox.receive(receiver.ctx, posting.body))
        finally:
            node.close()
            receiver.close()

    def settle(self) -> None:
        """Everything goes both ways, refusals included."""
        for name in ("be", "ma", "be", "ma"):
            self.deliver(name)

    def write(self, name: str, content: Any) -> Path:
        """A file that a person wrote."""
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8")
        return path

    def all_are_of(self, service: str) -> None:
        """Who writes and releases is of this service: some types pass between certain kinds of services alone."""
        for name, people in PEOPLE.items():
            for person in people:
                ok("person", "change", self.of(name), person, "--service", service, "--as", FIRST[name])

    def sign(self, name: str, text: bytes) -> str:
        """Propose and sign an instrument on both sides, all by the command line."""
        path = self.folder / f"{name}.json"
        path.write_bytes(text)
        digest = value("instrument", "propose", self.be, "ma", path, "--as", "carl")["digest"]
        ok("instrument", "sign", self.be, digest, "--as", "carl")
        self.deliver("be")
        ok("instrument", "sign", self.ma, digest, "--as", "karima")
        self.deliver("ma")
        return str(digest)

    def govern(self) -> tuple[str, str]:
        """An agreement and a channel in force."""
        agreement = self.sign("agreement", texts.agreement())
        return agreement, self.sign("channel", channel(agreement))

    def draft(self, name: str, content: Any, *where: object) -> Any:
        """A submitted draft of an officer; `where`: the arguments of `dossier open` or `dossier act`."""
        verb, *rest = where
        path = self.write("act.json", content)
        author = PEOPLE[name][0]
        return value("dossier", verb, self.of(name), *rest, "--file", path, "--submit", "--as", author)

    def act(self, name: str, content: Any, *where: object) -> Any:
        """A released act."""
        made = self.draft(name, content, *where)
        releaser = PEOPLE[name][1]
        return value("dossier", "release", self.of(name), made["draft"], "--as", releaser)[0]

    def open(self, content: Any | None = None) -> str:
        """A wanted-trace that be has opened and ma has received. Returns its id."""
        made = self.act("be", content or request(), "open", "ma", "--type", "wanted-trace")
        self.settle()
        return str(made["dossier"])

    def copy(self, to: Path) -> "Scene":
        for name in ("be", "ma"):
            shutil.copytree(self.of(name), to / name)
        return Scene(to)


def channel(agreement: str, **changes: Any) -> bytes:
    """A channel that leaves one choice: one purpose, one article, one service a side. In force since a month."""
    return _channel(agreement, "criminal", {"purposes": ["tracing-wanted-persons"], "articles": ["7(1)"]}, changes)


def migration(agreement: str, **changes: Any) -> bytes:
    """A channel for migration purposes, as narrow."""
    made = {"purposes": ["identification-for-return"], "articles": ["9"], "categories": ["to-identify"]}
    return _channel(agreement, "migration", made | {"title": "Identification"}, changes)


def _channel(agreement: str, area: str, narrow: dict[str, Any], changes: dict[str, Any]) -> bytes:
    service = "migration" if area == "migration" else "police"
    kinds: dict[str, dict[str, Any]] = {
        name: {"digest": one.digest, "version": str(one.version)}
        for name, one in Catalogue.load().types.items()
        if area in one.areas and (not one.services or service in one.services)
    }
    if "wanted-trace" in kinds:
        kinds["wanted-trace"]["four_eyes"] = ["*"]
    text = texts.migration_channel if area == "migration" else texts.channel
    made = json.loads(text(agreement, kinds))
    day = date.today()
    made["valid"] = {
        "from": (day - timedelta(days=30)).isoformat(),
        "until": (day + timedelta(days=365)).isoformat(),
    }
    for side in made["sides"].values():
        side["services"] = {service: service}
    return canonical(made | narrow | changes)


def request(**changes: Any) -> dict[str, Any]:
    """The file of a request, with an invented person in two scripts; what leaves no choice is left out."""
    day = date.today() - timedelta(days=60)
    return {
        "necessity": "Trace the person named in the warrant",
        "reference": "BE-2026-0017",
        "subjects": [
            {
                "key": "p1",
                "category": "wanted",
                "names": [
                    {"text": "Youssef El Amraoui", "script": "Latn", "kind": "primary"},
                    {"text": "يوسف العمراوي", "script": "Arab", "kind": "primary"},
                ],
                "births": [{"date": "1986-03-14", "calendar": "gregorian", "kind": "exact"}],
            }
        ],
        "body": {
            "warrant": {
                "kind": "warrant",
                "reference": "BR-2025/0417",
                "court": "Tribunal de Bruxelles",
                "date": day.isoformat(),
                "offence": "Trafic de stupéfiants",
                "sentence": "Réclusion de cinq ans",
            }
        },
    } | changes


def said(necessity: str = "It is part of the answer", **body: Any) -> dict[str, Any]:
    """The file of a short act."""
    return {"necessity": necessity, "body": body}
