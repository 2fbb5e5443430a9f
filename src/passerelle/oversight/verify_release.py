"""Evidence held against the sender's audit log: whether who wrote and who released is what the log has.

The sender's four-eyes statement stands in the message with the commitment of the release's record. An audit export of
the sender that has the record bears the statement out, or refutes it. One that is the whole log up to behind the
message, from its first block, and has no such record refutes it too; from any other nothing follows.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from passerelle.core import json
from passerelle.core.audit import What
from passerelle.ledger import entry as entries
from passerelle.oversight import verify as verifier
from passerelle.oversight.statements import FAILED, UNCONFIRMED, VERIFIED, Report, Statement, moment
from passerelle.oversight.verify_audit import Trusted, nodes, read
from passerelle.oversight.verify_audit_whole import AuditRun, Record


def verify(evidence: bytes, audit: bytes, trusted: Iterable[Trusted] = ()) -> Report:
    """What both files prove, and whether the evidence's four-eyes statements are what the audit log has.

    A statement that the log does not bear out fails; one of which the export has no record is absent.
    """
    known = list(trusted)
    report = verifier.verify(evidence, nodes(known))
    run, own = read(audit, known)
    found = list(own.statements)
    if run.node is not None and FAILED not in (own.verdict, report.verdict):
        found += _releases(run, json.parse_object(evidence))
    else:
        found.append(Statement("file", "can be held against the audit log", "fails", "one of the two files fails"))
    statements = report.statements + tuple(found)
    failed = any(one.result == "fails" for one in statements)
    verdicts = {report.verdict, own.verdict}
    return Report(FAILED if failed else UNCONFIRMED if UNCONFIRMED in verdicts else VERIFIED, statements)


def _releases(run: AuditRun, evidence: dict[str, Any]) -> Iterator[Statement]:
    by_commitment = {one.leaf.commitment.hex(): one for one in run.records.values()}
    for item in evidence["messages"]:
        leaf = entries.parse(item["leaf"].encode())
        content = json.parse_object(item["content"]) if "content" in item else {}
        eyes = content.get("four_eyes")
        if not isinstance(eyes, dict) or leaf.origin.split("/")[1] != run.of().name:
            continue
        about, says = f"message {leaf.message}", f"its release is in the audit log of {run.of().name} as it says"
        record = by_commitment.get(str(eyes.get("audit")))
        if record is None:
            wrong = _covers(run, leaf.time)
            detail = "the log has no such record" if wrong else "the export has no such record; others may exist"
            yield Statement(about, says, "fails" if wrong else "absent", detail)
        elif record.details is None:
            yield Statement(about, says, "attested", f"record {record.leaf.id} is there; its details are withheld")
        else:
            yield _compared(about, says, record, leaf.message, eyes)


def _compared(about: str, says: str, record: Record, message: str, eyes: dict[str, Any]) -> Statement:
    told = record.details or {}
    wanted = (What.ACT_RELEASED.value, eyes.get("releaser"), eyes.get("author"), message, eyes.get("second"))
    got = (told["what"], told["who"], told.get("author"), told.get("message"), told.get("second"))
    if got != wanted:
        return Statement(about, says, "fails", f"expected {wanted}, got {got} in record {record.leaf.id}")
    approved = f", {got[4]} approved, too" if got[4] else ""
    detail = f"record {record.leaf.id}: {got[2]} wrote, {got[1]} released at {moment(record.leaf.time)}{approved}"
    return Statement(about, says, "holds", detail)


def _covers(run: AuditRun, time: int) -> bool:
    """Whether the export is all of the log up to behind this time, so that what is not in it is not in the log."""
    there = sorted(run.blocks)
    gapless = there == [(1, index) for index in range(len(there))]
    return gapless and all(one.whole for one in run.blocks.values()) and run.blocks[there[-1]].leaf.time > time
