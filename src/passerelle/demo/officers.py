"""The officers' part of the story: an identification, two alerts, refusals by role, and the audit trail with its proof.

Each scene is a function of the story; what it needs of both sides it takes from there.
"""

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from passerelle.core import ids
from passerelle.core.clock import Clock, ManualClock
from passerelle.core.errors import ForbiddenError
from passerelle.demo import cast
from passerelle.demo.stage import FailedError, Side, wait
from passerelle.node import Node
from passerelle.office import clock, oncall, reviews, workflow
from passerelle.office.asking import recorded
from passerelle.ports.records import ALARMS, AUDITS, CONTENTS, Message
from passerelle.ports.store import Writing
from passerelle.ports.timers import NOTICES, Notice

if TYPE_CHECKING:
    from passerelle.demo.story import Story

MINUTE = 60_000
ATTESTED = "no-protection-claim"


def identification(story: "Story") -> None:
    """Who is this person? Asked by be under the attestation that stays at be, answered by ma."""
    story.scene(
        "A person to identify: attested, released, taken in charge by a named person, confirmed, laissez-passer"
    )
    be, ma, dossier = story.be, story.ma, ids.new_id()
    author, approver = cast.desk("identification")
    written = story.written(be, "identification", "request", dossier, author, reference="BE-RET-2026-0042")
    try:
        workflow.draft(be.node.office, be.person(author), written, submit=True)
        story.check(False, "a request without the attestation is not submitted")
    except ForbiddenError as error:
        story.tell(f"[dim]{error}[/dim]")
        story.check("attest" in str(error), "a request without the author's attestation is not submitted")
    draft = workflow.draft(be.node.office, be.person(author), written, attest=[ATTESTED], submit=True)
    message = workflow.release(be.node.office, be.person(approver), [draft.id])[0]
    be.node.wake()
    story.both(dossier, "opened")
    content = be.node.store.read(lambda tx: tx.get(CONTENTS, message.id))
    left = content is not None and ATTESTED.encode() in content.body
    story.check(not left, "be's officer attests what the law asks; no byte of it leaves be")
    for name, state, words in (
        ("take-charge", "in-charge", "taken in charge by a named person at ma"),
        ("nationality-confirmed", "confirmed", "ma confirms the nationality, from the civil register"),
        ("laissez-passer-issued", "laissez-passer", "ma issues a laissez-passer"),
    ):
        more = {"body": story.charge} if name == "take-charge" else {}
        story.send(ma, "identification", name, dossier, **more)
        story.both(dossier, state)
        story.check(True, words)


def alerts(story: "Story") -> None:
    """Two alerts at night: one acknowledged by a person, one that nobody takes up."""
    story.scene("Two alerts at night: one acknowledged by a person; one that nobody takes up, and the next is called")
    be, ma = story.be, story.ma
    _roster(ma)
    message = _alone(story, be, "alert", first := ids.new_id())
    story.both(first, "opened")
    story.check(message.author == message.releaser == "be-009", "be's duty officer releases the alert alone, in flash")
    wait("the call of the first on the list at ma", lambda: _called(ma, first) == ["ma-009"])
    story.check(True, "ma-009, first on the list, is called as soon as it arrives")
    _alone(story, ma, "acknowledge", first)
    story.both(first, "acknowledged")
    story.check(True, "ma-009 acknowledges in person")
    review = reviews.review(be.node.office, be.person("003"), message.id, "upheld", "Right and urgent")
    story.check(review.state == "upheld", "a second person reviews the release, within the 24 hours that were owed")
    _escalate(story)


def _roster(side: Side) -> None:
    """Who is called at night, in order."""
    ctx = side.node.ctx

    def work(tx: Writing) -> None:
        for place, number in ((1, "009"), (2, "010")):
            person = f"{side.name}-{number}"
            begins = ctx.clock.now()
            oncall.put(tx, ctx, f"{side.name}-003", domain="urgent-alert", place=place, person=person, begins=begins)

    ctx.store.write("oncall.put", work)


def _alone(story: "Story", side: Side, name: str, dossier: str) -> Message:
    """What who is on duty writes and releases alone in the flash lane."""
    office, duty = side.node.office, side.person("009")
    written = story.written(side, "urgent-alert", name, dossier, lane="flash")
    draft = workflow.draft(office, duty, written, submit=True)
    message = workflow.release(office, duty, [draft.id])[0]
    side.node.wake()
    return message


def _escalate(story: "Story") -> None:
    be, ma = story.be, story.ma
    _alone(story, be, "alert", second := ids.new_id())
    story.both(second, "opened")
    wait("the call of the first on the list at ma", lambda: _called(ma, second) == ["ma-009"])
    began = ma.node.ctx.clock.now()
    _tick(ma, ManualClock(began + 5 * MINUTE))
    story.check(_called(ma, second) == ["ma-009", "ma-010"], "5 minutes later, by the clock: ma-010 is called")
    _tick(ma, ManualClock(began + 15 * MINUTE))
    alarms = ma.node.store.read(lambda tx: tx.scan(ALARMS, "by_status", ("open",), limit=1000))
    missed = [one for one in alarms if one.what == "deadline.missed" and second in one.text]
    story.check(missed, "after 15 minutes the time is missed: an alarm, and those who decide are told")


def _tick(side: Side, at: Clock) -> None:
    """What the node's clock does at that moment, in this process: the story cannot wait for it."""
    node = Node.open(side.folder, clock=at)
    try:
        clock.tick(node.ctx)
    finally:
        node.close()


def _called(side: Side, dossier: str) -> list[str]:
    """Who was called for an alert, in order."""
    found: list[Notice] = side.node.store.read(lambda tx: tx.scan(NOTICES, limit=100_000))
    return [
        one.person for one in sorted(found, key=lambda one: one.moment) if one.dossier == dossier and one.what == "call"
    ]


def refusals(story: "Story") -> None:
    """What a role does not allow is refused with the reason, and written down."""
    story.scene("A role that does not allow it: refused with the reason, and written down")
    be = story.be
    body = {"list": "Invented list", "number": "X.0001", "listed_on": "2024-05-06"}
    persons = [cast.person(3, "listed")]
    written = story.written(be, "listed-person", "notice", ids.new_id(), subjects=persons, body=body)
    draft = workflow.draft(be.node.office, be.person("017"), written, submit=True)
    try:
        with recorded(be.node.office):
            workflow.release(be.node.office, be.person("030"), [draft.id])
        story.check(False, "an analyst releases nothing")
    except ForbiddenError as error:
        story.tell(f"[dim]{error}[/dim]")
        story.check("approver" in str(error), "an analyst may not release: the reason says which role could")
    trail = be.node.store.read(lambda tx: tx.scan(AUDITS, limit=1_000_000))
    last = next(one for one in reversed(trail) if one.what == "access.refused")
    story.check(last.who == "be-030", "the refusal itself stands in the audit log")
    workflow.discard(be.node.office, be.person("017"), draft.id, "shown, not needed")


def audit(story: "Story") -> None:
    """The trail of one dossier: read, closed into a block that the partner cosigns, verified from a file alone."""
    story.scene("The audit trail of one dossier: who did what, who read it; cosigned, and verified offline")
    node = str(story.be.folder)
    _run(story, "dossier", "show", node, story.main, "--content", "--reason", "Preparing the hearing", "--as", "be-030")
    trail = _trail(story)
    story.check(
        trail[0]["what"] == "act.drafted", f"be's auditor reads the trail: {len(trail)} records, from the draft on"
    )
    read = next((one for one in trail if one["who"] == "be-030"), {})
    story.tell(
        f"[dim]{read.get('time', '')[:19]} {read.get('who', '')}: {read.get('details', {}).get('reason', '')}[/dim]"
    )
    story.check(read.get("operation") == "consultation", "who read the content stands there, with the reason")
    _run(story, "audit", "close", node, "--as", "be-001")
    wait("ma's cosignature", lambda: all(one["cosigned_by"] == ["ma"] for one in _trail(story)[: len(trail)]))
    story.check(True, "the block is closed: one leaf of the audit log, cosigned by ma, who learns nothing of it")
    path = story.folder / "trail.json"
    _run(story, "audit", "export", node, "--dossier", story.main, "--out", str(path), "--as", "be-040")
    trust = [part for name in ("be", "ma") for part in ("--trust", str(story.folder / name / "identity.json"))]
    code, report = story.verify(path, *trust)
    count = len(report["statements"])
    story.check(
        code == 0 and report["verdict"] == "verified", f"the exported trail is verified offline: {count} statements"
    )
    changed = story.folder / "trail-changed.json"
    changed.write_bytes(path.read_bytes().replace(b"be-030", b"be-031", 1))
    code, report = story.verify(changed, *trust)
    story.check(code == 1 and report["verdict"] == "failed", "another name for who read it: failed")


def _trail(story: "Story") -> list[dict[str, Any]]:
    command = ("audit", "list", str(story.be.folder), "--dossier", story.main, "--as", "be-040")
    return list(_run(story, *command))


def _run(story: "Story", *command: str) -> Any:
    """The JSON answer of a command of the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "passerelle", *command, "--json"],
        capture_output=True,
        text=True,
        check=False,
        cwd=story.folder,
    )
    if done.returncode:
        raise FailedError(f"expected an answer of {command[0]} {command[1]}, got {done.stderr[-300:]}")
    return json.loads(done.stdout)
