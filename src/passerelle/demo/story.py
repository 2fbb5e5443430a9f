"""The story, scene by scene. Each scene says what it does, does it, and checks what must be true."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from passerelle.core import ids
from passerelle.core.clock import add_duration, day_of
from passerelle.core.errors import ForbiddenError
from passerelle.core.json import canonical
from passerelle.demo import cast, life
from passerelle.demo.stage import FailedError, Side, wait
from passerelle.exchange import desk, governance, links
from passerelle.exchange.desk import Act
from passerelle.node import Node
from passerelle.office import workflow
from passerelle.oversight import evidence
from passerelle.ports.records import ALARMS, DOSSIERS, INSTRUMENTS, LOGS, MESSAGES, Dossier, Message
from passerelle.ports.work import Draft
from passerelle.service import reopen

QUEUED = 500
KILLED = 400


class Story:
    """Two sides and what happens between them. `say` prints a line of commentary."""

    def __init__(self, folder: Path, say: Callable[[str], None]) -> None:
        self.folder, self._say = folder, say
        self.figures: dict[str, int | float | str] = {}
        self.scenes: list[tuple[str, str]] = []
        self.be = Side(folder / "be", "be", "BE", ("fr", "nl"), "Europe/Brussels")
        self.ma = Side(folder / "ma", "ma", "MA", ("ar", "fr"), "Africa/Casablanca")
        self.agreement = ""
        self.channels: dict[str, str] = {}
        self.charge = life.CHARGE
        self.main = ""
        self.photographed = ""
        self._began = time.monotonic()

    # -- small things -------------------------------------------------------------------------------------------

    def scene(self, title: str) -> None:
        self._say(f"\n[bold]{len(self.scenes) + 1}. {title}[/bold]")
        self.scenes.append((title, "shown"))

    def tell(self, words: str) -> None:
        self._say(f"   {words}")

    def check(self, true: object, words: str) -> None:
        """A fact of the story. Raises FailedError when it is none."""
        if not true:
            self.scenes[-1] = (self.scenes[-1][0], f"failed: {words}")
            raise FailedError(f"expected: {words}")
        self._say(f"   [green]✓[/green] {words}")
        self.figures["facts_checked"] = int(self.figures.get("facts_checked", 0)) + 1

    def close(self) -> None:
        self.be.close()
        self.ma.close()

    @property
    def retention(self) -> str:
        return day_of(add_duration(self.be.node.ctx.clock.now(), "P6M"))

    def message(self, side: Side, message_id: str) -> Message | None:
        return side.node.store.read(lambda tx: tx.get(MESSAGES, message_id))

    def dossier(self, side: Side, dossier: str) -> Dossier | None:
        return side.node.store.read(lambda tx: tx.get(DOSSIERS, dossier))

    def state(self, side: Side, dossier: str) -> str:
        found = self.dossier(side, dossier)
        return found.state if found else ""

    def received(self, side: Side, names: list[str]) -> int:
        """How many of these messages a side has taken in."""
        keys = [(name,) for name in names]
        found = side.node.store.read(lambda tx: tx.get_many(MESSAGES, keys))
        return sum(one.state == "applied" for one in found.values())

    def arrived(self, side: Side, name: str, what: str) -> None:
        """Wait until a side has taken a message in."""
        wait(f"{what} at {side.name}", lambda: self.received(side, [name]) == 1)

    def stored(self, side: Side, message_id: str) -> bool:
        """Whether the partner's receipt covers an own message."""
        return side.node.store.read(lambda tx: links.receipted(tx, tx.get(MESSAGES, message_id)))

    def written(self, side: Side, kind: str, name: str, dossier: str, author: str = "017", **more: Any) -> Act:
        """An act as an officer of a side writes it."""
        lane = more.pop("lane", "routine")
        content = cast.act(kind, name, dossier, self.channels[kind], self.retention, side.name, **more)
        other = "ma" if side.name == "be" else "be"
        return Act(partner=other, lane=lane, content=content, author=f"{side.name}-{author}")

    def write(self, side: Side, kind: str, name: str, dossier: str, author: str, **more: Any) -> Draft:
        """Write an act and submit it."""
        written = self.written(side, kind, name, dossier, author, **more)
        return workflow.draft(side.node.office, side.person(author), written, submit=True)

    def send(self, side: Side, kind: str, name: str, dossier: str, **more: Any) -> Message:
        """Draft by one officer, release by another, wake the pump."""
        author, approver = cast.desk(kind)
        draft = self.write(side, kind, name, dossier, author, **more)
        act = side.node.ctx.catalogue.types[kind].acts[name]
        releaser = side.person("011" if act.magistrate else approver)
        message = workflow.release(side.node.office, releaser, [draft.id])[0]
        side.node.wake()
        return message

    def post(self, acts: list[Act]) -> list[Message]:
        """Many acts that one officer of be wrote and another released."""
        return workflow.post(self.be.node.office, self.be.person("020"), self.be.person("003"), acts)

    def both(self, dossier: str, state: str) -> None:
        wait(
            f"dossier {dossier} in state {state} on both sides",
            lambda: self.state(self.be, dossier) == self.state(self.ma, dossier) == state,
        )

    def notices(self, count: int) -> list[Act]:
        """Many listed-person notices, each a dossier of its own."""
        acts = []
        for number in range(count):
            body = {"list": "Invented list", "number": f"X.{number:04d}", "listed_on": "2024-05-06"}
            content = cast.act(
                "listed-person",
                "notice",
                ids.new_id(),
                self.channels["listed-person"],
                self.retention,
                "be",
                subjects=[cast.person(number, "listed")],
                body=body,
            )
            acts.append(Act(partner="ma", lane="routine", content=content, author="be-020", releaser="be-003"))
        return acts

    # -- the scenes ---------------------------------------------------------------------------------------------

    def identities(self) -> None:
        self.scene("Two nodes, two processes, and persons who compare fingerprints")
        self.be.start()
        self.ma.start()
        for one, other in ((self.be, self.ma), (self.ma, self.be)):
            partner = one.node.add_partner(other.node.identity.body, f"{one.name}-operator")
            self.check(partner.status == "unconfirmed", f"{one.name} has the file of {other.name}, not confirmed yet")
        for one, other in ((self.be, self.ma), (self.ma, self.be)):
            spoken = other.node.identity.fingerprint
            one.node.set_partner(other.name, "confirmed", f"{one.name}-operator", spoken)
            self.check(True, f"{one.name} confirms {other.name} by voice: {spoken[:8]} {spoken[8:16]} …")
            one.node.wake()

    def instruments(self) -> None:
        self.scene("An agreement and four channels, proposed by one and signed by both")
        self.agreement = self.sign("agreement", cast.AGREEMENT)
        catalogue = self.be.node.ctx.catalogue
        now = self.be.node.ctx.clock.now()
        begins, ends = day_of(now - 86_400_000), day_of(add_duration(now, "P2Y"))
        for kind, title, article in life.CHANNELS:
            text = cast.channel(catalogue, self.agreement, kind, title, [article], begins, ends)
            self.channels[kind] = self.sign(f"channel: {title}", text)

    def sign(self, what: str, value: dict[str, Any]) -> str:
        be, ma = self.be.node, self.ma.node
        body = canonical(value).decode()
        record = governance.act(be.ctx, "ma", "instrument.propose", "be-coordinator", instrument=body)
        be.wake()
        wait(f"the {what} at ma", lambda: ma.store.read(lambda tx: tx.get(INSTRUMENTS, record.digest)))
        governance.act(ma.ctx, "be", "instrument.sign", "ma-coordinator", digest=record.digest)
        ma.wake()
        governance.act(be.ctx, "ma", "instrument.sign", "be-coordinator", digest=record.digest)
        be.wake()

        def signed() -> bool:
            held = [node.store.read(lambda tx: tx.get(INSTRUMENTS, record.digest)) for node in (be, ma)]
            return all(one and one.own_signed and one.own_cosigned and one.partner_signed for one in held)

        wait(f"both signatures under the {what}", signed)
        self.check(True, f"{what} {record.digest[:12]} signed by both, each signature receipted by the other")
        return record.digest

    def trace_a_person(self) -> None:
        self.scene("A wanted person: opened, released by a second officer, traced, arrested, cancelled, closed")
        self.main = ids.new_id()
        draft = self.write(
            self.be,
            "wanted-trace",
            "request",
            self.main,
            "017",
            subjects=[cast.person(0)],
            body={"warrant": cast.WARRANT},
            reference="BE-2026-0017",
        )
        try:
            workflow.release(self.be.node.office, self.be.person("017"), [draft.id])
            self.check(False, "the author may not release his own act")
        except ForbiddenError as error:
            self.check("four" in str(error), "the author may not release his own act (four eyes)")
        workflow.release(self.be.node.office, self.be.person("003"), [draft.id])
        self.be.node.wake()
        self.both(self.main, "opened")
        self.check(True, "released by a second officer; opened on both sides")
        for side, name, state, words, more in life.LIFE:
            self.send(self.ma if side == "ma" else self.be, "wanted-trace", name, self.main, **more)
            self.both(self.main, state)
            self.check(True, words)

    def overtake(self) -> None:
        self.scene(f"An urgent act in the flash lane overtakes {QUEUED} queued routine messages")
        self.second = ids.new_id()
        self.send(
            self.be,
            "wanted-trace",
            "request",
            self.second,
            subjects=[cast.person(1)],
            body={"warrant": cast.WARRANT},
        )
        self.both(self.second, "opened")
        self.send(self.ma, "wanted-trace", "take-charge", self.second, body=life.CHARGE)
        self.both(self.second, "in-charge")
        self.check(self.ma.stop() == 0, "the process of ma ends cleanly: be queues")
        names = [one.id for one in self.post(self.notices(QUEUED))]
        more = {"reason": "warrant-lifted", "indexed": False}
        urgent = self.send(
            self.be, "wanted-trace", "cancelled", self.second, lane="flash", urgency="immediate", body=more
        )
        self.ma.start()
        wait("the urgent act at ma", lambda: self.received(self.ma, [urgent.id]))
        waiting = QUEUED - self.received(self.ma, names)
        self.figures["routine_still_queued_when_flash_arrived"] = waiting
        self.check(waiting > 0, f"the urgent act is there while {waiting} of {QUEUED} routine messages still wait")
        wait("all routine messages at ma", lambda: self.received(self.ma, names) == QUEUED)
        self.check(True, f"then all {QUEUED} arrive")

    def forbidden(self) -> None:
        self.scene(
            "An act that the channel forbids, refused before leaving; and by the receiver, from a sender who cheats"
        )
        wrong = {"purpose": "immigration-control", "recipient": "tax-office"}
        content = cast.act(
            "listed-person", "notice", ids.new_id(), self.channels["listed-person"], self.retention, "be", **wrong
        )
        content |= {
            "subjects": [cast.person(2, "listed")],
            "body": {"list": "Invented list", "number": "X.9999", "listed_on": "2024-05-06"},
        }
        act = Act(partner="ma", lane="routine", content=content, author="be-017", releaser="be-003")
        try:
            self.post([act])
            self.check(False, "the act is refused before it leaves")
        except ForbiddenError as error:
            for reason in str(error).split("; "):
                self.tell(f"[dim]{reason}[/dim]")
            both = "purpose" in str(error) and "recipient" in str(error)
            self.check(both, "refused before leaving, with every reason at once")
        cheat = Node.open(self.be.folder, check_own=False)
        try:
            message = desk.post(cheat.ctx, [act])[0]
        finally:
            cheat.close()
        self.be.node.wake()
        wait("the refusal at be", lambda: (m := self.message(self.be, message.id)) and m.state == "refused")
        refused = self.message(self.be, message.id)
        held = self.message(self.ma, message.id)
        checks = refused.checks if refused else ()
        self.check(checks == ("8",), f"sent unchecked, refused by ma with number {', '.join(checks)}")
        self.check(held is not None and held.state == "refused", "ma keeps the entry, and not the content")

    def kill_receiver(self) -> None:
        self.scene(f"The receiving process is killed (SIGKILL) in the middle of {KILLED} messages and started again")
        names = [one.id for one in self.post(self.notices(KILLED))]
        self.be.node.wake()
        wait("some messages at ma", lambda: self.received(self.ma, names) > KILLED // 10)
        self.ma.kill()
        there = self.received(self.ma, names)
        self.check(0 < there < KILLED, f"killed with {there} of {KILLED} messages stored")
        self.ma.start()
        wait("all messages at ma", lambda: self.received(self.ma, names) == KILLED)
        log = self.ma.node.store.read(lambda tx: links.current(tx, "be", "in", "routine"))
        size = log.size if log else 0
        entries = self.ma.node.store.read(lambda tx: links.entries(tx, log.origin, 0, size)) if log else []
        leaves = [entry.message for entry in entries]
        self.check(len(set(leaves)) == len(leaves) == size, f"{size} entries, every message exactly once")
        self.check(all(name in leaves for name in names), f"all {KILLED} among them")

    def put_back(self) -> None:
        self.scene("The sender's store is put back from an old copy: noticed, stopped, new generation, nothing lost")
        self.be.stop()
        copy = self.folder / "old-copy"
        self.be.copy_store(copy)
        self.be.start()
        names = [one.id for one in self.post(self.notices(60))]
        self.be.node.wake()
        wait("60 more messages receipted", lambda: all(self.stored(self.be, name) for name in names))
        self.be.stop()
        self.be.put_back(copy)
        self.check(self.message(self.be, names[-1]) is None, "the old copy knows nothing of the last 60 messages")
        self.be.start()

        def stopped() -> bool:
            log = self.be.node.store.read(lambda tx: links.current(tx, "ma", "out", "routine"))
            return log is not None and log.state == "stopped"

        wait("be to notice", stopped)
        alarms = self.be.node.store.read(lambda tx: tx.scan(ALARMS, "by_status", ("open",), limit=1000))
        words = next(one.text for one in alarms if one.what == "link.stopped")
        self.tell(f"[dim]{words}[/dim]")
        self.check(True, "be compares with ma before it gives out an index, and stops")
        log, _ = reopen(self.be.node, "ma", "routine", "be-operator", "store put back from an old copy")
        self.check(log.generation == 2, "a person opens generation 2; ma gave back what be had lost")
        back = [self.message(self.be, name) for name in names]
        self.check(all(one is not None and one.origin for one in back), "all 60 messages are there again")
        fresh = [one.id for one in self.post(self.notices(5))]
        self.be.node.wake()
        wait("new messages at ma", lambda: self.received(self.ma, fresh) == 5)
        self.check(self.received(self.ma, names) == 60, "and new ones arrive in the new generation, none twice")

    def list_of(self, name: str, persons: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        self.scene(f"One dossier for each person of a published list: {name}")
        acts = []
        for number, (subject, body) in enumerate(persons):
            content = cast.act(
                "listed-person",
                "notice",
                ids.new_id(),
                self.channels["listed-person"],
                self.retention,
                "be",
                subjects=[subject],
                body=body,
                reference=f"LIST-{number + 1:05d}",
            )
            acts.append(Act(partner="ma", lane="routine", content=content, author="be-020", releaser="be-003"))
        names = [one.id for one in self.post(acts)]
        self.be.node.wake()
        wait("the whole list at ma", lambda: self.received(self.ma, names) == len(names), 300)
        self.figures["listed_persons"] = len(names)
        same = all(
            self.state(self.be, act.content["dossier"]) == self.state(self.ma, act.content["dossier"]) for act in acts
        )
        self.check(same, f"{len(names)} persons, {len(names)} dossiers, the same state on both sides")

    def evidence(self) -> None:
        self.scene("Evidence: written to a file, verified offline, one byte changed, refused")
        data = evidence.collect(self.be.node.ctx, self.be.node.identity, self.main, "be-auditor")
        path = self.folder / "evidence.json"
        path.write_bytes(data)
        trust = [str(self.folder / name / "identity.json") for name in ("be", "ma")]
        self.figures["evidence_bytes"] = len(data)
        code, report = self.verify(path)
        self.check(code == 0 and "unconfirmed" in report["verdict"], f"alone: {report['verdict']}")
        code, report = self.verify(path, *(part for name in trust for part in ("--trust", name)))
        count = len(report["statements"])
        self.check(code == 0 and report["verdict"] == "verified", f"with both identities: verified, {count} statements")
        changed = bytearray(data)
        at = data.index(b"wanted-trace")
        changed[at] ^= 1
        forged = self.folder / "evidence-changed.json"
        forged.write_bytes(changed)
        code, report = self.verify(forged, *(part for name in trust for part in ("--trust", name)))
        self.check(code == 1 and report["verdict"] == "failed", f"byte {at} changed: failed")

    def verify(self, path: Path, *more: str) -> tuple[int, dict[str, Any]]:
        """The verifier, in a process that has no node, no store, no network."""
        command = [sys.executable, "-m", "passerelle", "verify", str(path), "--json", *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=self.folder)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise FailedError(f"expected a report of the verifier, got {done.stderr[-300:]}") from None

    def end(self) -> None:
        """The closing figures."""
        for side in (self.be, self.ma):
            logs = side.node.store.read(lambda tx: tx.scan(LOGS, limit=10_000))
            sent = [log for log in logs if log.direction == "out"]
            self.figures[f"{side.name}_entries_sent"] = sum(log.size for log in sent)
            self.figures[f"{side.name}_entries_receipted"] = sum(log.cosigned for log in sent)
            self.figures[f"{side.name}_dossiers"] = side.node.store.read(lambda tx: tx.count(DOSSIERS))
        self.figures["seconds"] = round(time.monotonic() - self._began, 1)
