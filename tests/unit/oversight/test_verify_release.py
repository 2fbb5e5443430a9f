"""Evidence held against its sender's audit log: who wrote and who released is what the log has, or it is refuted."""

from typing import Any

from passerelle.core import json
from passerelle.oversight import audit_export, audit_log
from passerelle.oversight.statements import FAILED, UNCONFIRMED, VERIFIED, Report
from passerelle.oversight.verify_release import verify
from passerelle.ports.records import CONTENTS
from tests.peers.pair import Pair, acts, partners
from tests.unit.oversight.test_evidence_corpus import evidence, rewritten, sealed

SAYS = "its release is in the audit log of be as it says"


def scene() -> tuple[Pair, str, str]:
    pair = partners()
    dossier, message = pair.open_trace()
    return pair, dossier, message.id


def said(pair: Pair, wanted: str, subject: dict[str, Any], trust: bool = True) -> tuple[Report, list[tuple[str, str]]]:
    """What is said of the release of a message that be has sent."""
    pair.settle()
    pair.clock.advance(1000)
    audit_log.close_now(pair.be.ctx)
    audit = audit_export.collect(pair.be.ctx, pair.be.identity, subject, "rita", (0, 2**60))
    trusted = (pair.be.identity, pair.ma.identity) if trust else ()
    report = verify(sealed(evidence(pair.be, wanted)), audit, trusted)
    return report, [(one.result, one.detail) for one in report.statements if one.says == SAYS]


def lie(pair: Pair, message: str, **changed: Any) -> None:
    """be's statement of four eyes is made another before it is sent."""
    kept = pair.be.store.read(lambda tx: tx.get(CONTENTS, message))
    assert kept is not None
    eyes = json.parse_object(kept.body)["four_eyes"]
    rewritten(pair.be, message, four_eyes=eyes | changed)


def test_what_the_log_has_bears_it_out() -> None:
    pair, dossier, message = scene()
    for subject in ({"kind": "dossier", "id": dossier}, {"kind": "time"}):
        report, found = said(pair, message, subject)
        assert report.verdict == VERIFIED
        ((result, detail),) = found
        assert result == "holds"
        assert "be-017 wrote, be-003 released at " in detail
    report, _ = said(pair, message, {"kind": "time"}, trust=False)
    assert report.verdict == UNCONFIRMED


def test_another_releaser_than_in_the_log_is_refuted() -> None:
    for changed in ({"releaser": "be-004"}, {"author": "be-018"}):
        pair, dossier, message = scene()
        lie(pair, message, **changed)
        report, found = said(pair, message, {"kind": "dossier", "id": dossier})
        assert report.verdict == FAILED
        assert [one[0] for one in found] == ["fails"]


def test_a_second_approver_stands_in_the_log_or_is_refuted() -> None:
    pair = partners()
    content = acts.wanted_request()
    dossier, message = content["dossier"], pair.post("be", content, second="be-009").id
    report, ((result, detail),) = said(pair, message, {"kind": "dossier", "id": dossier})
    assert (report.verdict, result) == (VERIFIED, "holds")
    assert detail.endswith(", be-009 approved, too")
    for second in ("be-009", "be-010"):
        pair, dossier, message = scene()
        lie(pair, message, second=second)
        report, found = said(pair, message, {"kind": "dossier", "id": dossier})
        assert (report.verdict, [one[0] for one in found]) == (FAILED, ["fails"])


def test_a_release_that_was_never_written_down_is_refuted_by_the_whole_log_alone() -> None:
    pair, dossier, message = scene()
    lie(pair, message, audit="ab" * 32)
    report, found = said(pair, message, {"kind": "dossier", "id": dossier})
    assert (report.verdict, [one[0] for one in found]) == (VERIFIED, ["absent"])
    report, found = said(pair, message, {"kind": "time"})
    assert (report.verdict, found) == (FAILED, [("fails", "the log has no such record")])


def test_the_log_of_the_receiver_says_nothing_of_it() -> None:
    pair, _, message = scene()
    pair.settle()
    audit_log.close_now(pair.ma.ctx)
    audit = audit_export.collect(pair.ma.ctx, pair.ma.identity, {"kind": "time"}, "rita", (0, 2**60))
    report = verify(sealed(evidence(pair.be, message)), audit, (pair.be.identity, pair.ma.identity))
    assert [one for one in report.statements if one.says == SAYS] == []


def test_a_file_that_fails_is_not_held_against_anything() -> None:
    pair, _, message = scene()
    report, _ = said(pair, message, {"kind": "time"})
    pair.settle()
    broken = verify(sealed(evidence(pair.be, message)), b"{}", (pair.be.identity, pair.ma.identity))
    assert report.verdict == VERIFIED
    assert broken.verdict == FAILED
    assert [one.detail for one in broken.statements if one.says == "can be held against the audit log"] == [
        "one of the two files fails"
    ]
