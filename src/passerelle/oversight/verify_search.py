"""The verifier of opened questions: whether what was asked is what both sides wrote down, from files alone.

    passerelle verify opening.json --audit ours.json --audit theirs.json

Rules kept here, as in `verify`:
- every statement is named, and holds, fails, is absent or attested; nothing is true because the file says so;
- the elements are computed anew from match keys and seed: a wrong seed, key or width fails;
- an export of an audit log is verified first, by its own rules, and bears nothing out unless it stands;
- nothing is verified without the record of the question in the log of the side that asked.

What no file can prove is said in words: who the person is beyond his match keys, that the dossier is about him, and
that the log of the side that answered has every question.
"""

import hashlib
from collections.abc import Iterable
from functools import partial
from typing import Any

from passerelle.core.audit import What
from passerelle.core.clock import from_iso
from passerelle.identity.keys import unb64
from passerelle.ledger import entry as entries
from passerelle.oversight.search_opening import FORMAT
from passerelle.oversight.statements import BROKEN, FAILED, UNCONFIRMED, Report, Run, check_moment, moment, need, whole
from passerelle.oversight.verify_audit import Trusted, read
from passerelle.oversight.verify_audit_whole import AuditRun, Record
from passerelle.search import opening
from passerelle.search.opening import Opened

_KEYS = {"format", "by", "created", "question", "salt", "opening", "digest"}
_FACTS = {
    *("partner", "index", "channel", "purpose", "basis", "dossier", "audit"),
    *("handle", "count", "elements", "opening", "asked"),
}


_AT_ONCE = 60_000
"""Milliseconds between a question and its record at most: one transaction writes both."""


def is_opening(data: bytes) -> bool:
    """Whether the file says that it is an opened question; canonical JSON has one way to say it."""
    return f'"format":"{FORMAT}"'.encode() in data


def verify(data: bytes, audits: Iterable[bytes] = (), trusted: Iterable[Trusted] = ()) -> Report:
    """What the files prove together. Never raises for what stands in a file: a broken file is a failed report."""
    run, known, written = Run(), list(trusted), False
    value = run.check("file", "is whole: canonical JSON under its own digest", lambda: _whole(data))
    verdicts: set[str] = set()
    if isinstance(value, dict):
        try:
            said = value["question"]
            opened = _opened(run, value)
            logs: dict[str, AuditRun] = {}
            for number, body in enumerate(audits, 1):
                there, own = read(body, known)
                run.statements += own.statements
                verdicts.add(own.verdict)
                if own.verdict == FAILED or there.node is None:
                    run.say(f"--audit {number}", "can be held against the question", "fails", "the export fails")
                elif there.node.name in logs:
                    run.say(f"--audit {number}", "is of a side that no other export is of", "fails", there.node.name)
                else:
                    logs[there.node.name] = there
            written = _asked(run, value["by"], said, logs.pop(value["by"], None))
            _answered(run, value["by"], said, logs.pop(said["partner"], None))
            for name in logs:
                run.say(
                    f"audit log of {name}", "is of one of the two sides", "fails", f"{value['by']}, {said['partner']}"
                )
            _unknown(run, said, opened)
        except BROKEN as error:
            run.say("file", "has the form of an opened question", "fails", f"{type(error).__name__}: {error}"[:300])
    # What the file says stands under no signature: without the record in the asker's log nothing confirms it.
    return run.report(written and UNCONFIRMED not in verdicts)


def _whole(data: bytes) -> dict[str, Any]:
    value = whole(data, "opened question", FORMAT, _KEYS, lists=())
    need(set(value["question"]) == _FACTS, f"expected {sorted(_FACTS)} of the question")
    check_moment(value["created"])
    check_moment(value["question"]["asked"])
    return value


# -- the file itself ---------------------------------------------------------------------------------------------------


def _opened(run: Run, value: dict[str, Any]) -> Opened | None:
    said = value["question"]
    about = f"question {said['handle']}"

    def commits() -> str:
        salt, text = unb64(value["salt"]), value["opening"].encode()
        need(len(salt) == entries.SALT, f"expected a salt of {entries.SALT} bytes, got {len(salt)}")
        got = entries.commit(salt, text).hex()
        need(got == said["opening"], f"expected the commitment {said['opening']}, got {got}")
        detail = f"commitment {got}"
        return detail

    run.check(about, "opens to what it committed to", commits)
    opened = run.check(about, "has an opening of its form", partial(_parsed, value["opening"]), quiet=True)
    if not isinstance(opened, Opened):
        return None

    def computed() -> str:
        need(opened.handle == said["handle"], f"expected the opening of {said['handle']}, got {opened.handle}")
        need(opened.width == said["count"], f"expected {said['count']} elements, got {opened.width}")
        got = opening.digest(opened.elements()).hex()
        need(got == said["elements"], f"expected elements with the digest {said['elements']}, got {got}")
        keys, padding = len(opened.keys), opened.width - len(opened.keys)
        detail = f"match keys: {keys}, padding: {padding}, digest {got}"
        return detail

    run.check(about, "asked the elements that its match keys and seed give", computed)
    return opened


def _parsed(text: str) -> Opened:
    return opening.parse(text.encode())


# -- the logs of both sides --------------------------------------------------------------------------------------------


def _asked(run: Run, own: str, said: dict[str, Any], log: AuditRun | None) -> bool:
    """Whether the side that asked wrote it down, with this digest and commitment, and which dossier stands behind."""
    about = f"audit log of {own}"
    if log is None:
        run.say(about, "has the question as it was opened", "absent", "its export was not given: --audit")
        return False
    record = log.records.get(said["audit"])
    if record is None:
        run.say(about, "has the question as it was opened", "absent", "the export has no such record; others may exist")
        return False

    def same() -> str:
        told = _details(record)
        need(told["what"] == What.SEARCH_ASKED.value, f"expected {What.SEARCH_ASKED.value}, got {told['what']}")
        names = ("handle", "partner", "index", "channel", "purpose", "basis", "count", "elements", "opening")
        _compared({"dossier": ""} | told, {name: said[name] for name in (*names, "dossier")})
        asked = from_iso(said["asked"])
        need(abs(asked - record.leaf.time) <= _AT_ONCE, f"expected it asked at {moment(record.leaf.time)}, got another")
        detail = f"record {record.leaf.id}: asked by {told['who']} at {moment(record.leaf.time)}"
        return detail

    holds = run.check(about, "has the question as it was opened", same) is not None
    if record.details is not None:
        told = record.details
        detail = f"dossier {told['dossier']}" if "dossier" in told else f"a list, on the basis: {told.get('basis')}"
        run.check(about, "says what stood behind the question", lambda: detail)
    return holds


def _answered(run: Run, own: str, said: dict[str, Any], log: AuditRun | None) -> None:
    """That the side that answered wrote down the same handle, digest and count."""
    about, says = f"audit log of {said['partner']}", "has the same handle, digest and count"
    if log is None:
        run.say(about, says, "absent", "its export was not given: --audit")
        return
    found = [one for one in log.records.values() if _is_answer(one, said["handle"])]
    if not found:
        run.say(about, says, "absent", "the export has no such record; the question may not have been answered")
        return

    def same() -> str:
        for one in found:
            told = _details(one)
            names = ("handle", "index", "purpose", "count", "elements")
            _compared(told, {name: said[name] for name in names} | {"who": own})
        detail = f"record {found[0].leaf.id}: answered at {moment(found[0].leaf.time)}"
        return detail

    run.check(about, says, same)


def _is_answer(record: Record, handle: str) -> bool:
    told = record.details or {}
    return told.get("what") == What.SEARCH_ANSWERED.value and told.get("handle") == handle


def _details(record: Record) -> dict[str, Any]:
    need(record.details is not None, f"expected the details of record {record.leaf.id}, got them withheld")
    return record.details or {}


def _compared(told: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, one in wanted.items():
        need(told.get(name) == one, f"{name}: expected {str(one)[:80]}, got {str(told.get(name))[:80]}")


def _unknown(run: Run, said: dict[str, Any], opened: Opened | None) -> None:
    """What no file can prove."""
    if opened is not None:
        digest = hashlib.sha256("\n".join(opened.keys).encode()).hexdigest()[:16]
        detail = f"match keys are all there is (digest {digest}): who shares them is asked about alike"
        run.say("file", "says who was asked about", "absent", detail)
    run.say(
        "file", "shows that the answering side wrote down every question", "absent", f"{said['partner']} alone knows"
    )
