"""What a question committed to, opened for an auditor: the verifier holds it against the audit logs of both sides."""

from typing import Any

import msgspec
import pytest

from passerelle.core import json
from passerelle.core.audit import What
from passerelle.core.errors import StateError
from passerelle.exchange import notes
from passerelle.identity.keys import b64, unb64
from passerelle.ledger import entry as entries
from passerelle.office.asking import NotAllowedError
from passerelle.office.people import Role
from passerelle.oversight import audit_export, audit_log, search_opening, verify_search
from passerelle.oversight.statements import digest_of
from passerelle.search import keeping, opening
from tests.peers.blind import DAY, Blind, hire, person

YOUSSEF = person("Youssef Amraoui", birth="1986-03-14")
OURS, THEIRS = "audit log of be", "audit log of ma"


class Audited(Blind):
    def __init__(self) -> None:
        super().__init__()
        self.eva = hire(self.be, "eva", Role.AUDITOR)
        [self.asked] = self.ask(YOUSSEF)
        self.answer(self.asked)
        details = {"handle": self.asked.id, "index": "wanted", "purpose": self.asked.purpose, "count": 10}
        details |= {"elements": self.asked.elements.hex()}
        on = f"search/{self.asked.id}"
        self.ma.store.write(
            "test.answered", lambda tx: notes.record(tx, self.ma.ctx, What.SEARCH_ANSWERED, "be", on, details)
        )

    def file(self) -> bytes:
        return search_opening.collect(self.office, self.eva, self.asked)

    def export(self, peer: Any) -> bytes:
        audit_log.close_now(peer.ctx)
        self.pair.clock.advance(1000)
        return audit_export.collect(peer.ctx, peer.identity, {"kind": "time"}, "eva", (0, 2**61))

    def trusted(self) -> list[Any]:
        return [self.be.identity, self.ma.identity]


@pytest.fixture(scope="module")
def base():
    return Audited()


@pytest.fixture(scope="module")
def files(base):
    return base.file(), base.export(base.be), base.export(base.ma)


def results(report: Any) -> dict[tuple[str, str], str]:
    return {(one.about, one.says): one.result for one in report.statements}


def changed(data: bytes, change: Any) -> bytes:
    """The file with something else in it, under a digest that fits."""
    value = json.parse_object(data)
    change(value)
    value["digest"] = digest_of(value)
    return json.canonical(value) + b"\n"


def test_both_logs_have_what_the_opening_computes(base, files):
    made, ours, theirs = files
    report = verify_search.verify(made, [ours, theirs], base.trusted())
    found = results(report)
    about = f"question {base.asked.id}"
    assert found[about, "opens to what it committed to"] == "holds"
    assert found[about, "asked the elements that its match keys and seed give"] == "holds"
    assert found[OURS, "has the question as it was opened"] == "holds"
    assert found[THEIRS, "has the same handle, digest and count"] == "holds"
    behind = next(one for one in report.statements if one.says == "says what stood behind the question")
    assert behind.detail == f"dossier {base.dossier}"
    assert found["file", "says who was asked about"] == "absent"
    assert found["file", "shows that the answering side wrote down every question"] == "absent"
    assert report.verdict == "verified"
    assert verify_search.verify(made, [ours, theirs]).verdict == "consistent, identities unconfirmed"


def test_without_exports_only_the_opening_is_checked(base, files):
    report = verify_search.verify(files[0], [], base.trusted())
    assert results(report)[OURS, "has the question as it was opened"] == "absent"
    assert report.verdict == "consistent, identities unconfirmed"


def reopened(value: dict[str, Any], **changes: Any) -> None:
    """Another opening, committed to anew, as somebody would who wants to have asked something else."""
    opened = opening.parse(value["opening"].encode())
    made = {"handle": opened.handle, "keys": opened.keys, "seed": opened.seed, "width": opened.width} | changes
    value["opening"] = opening.text(made["handle"], made["keys"], made["seed"], made["width"]).decode()
    value["question"]["opening"] = entries.commit(unb64(value["salt"]), value["opening"].encode()).hex()


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        (lambda value: reopened(value, seed=bytes(32)), "asked the elements that its match keys and seed give"),
        (lambda value: reopened(value, keys=("y1950|kx|rs",)), "asked the elements that its match keys and seed give"),
        (lambda value: reopened(value, width=50), "has an opening of its form"),
        (lambda value: reopened(value, handle="0" * 32), "asked the elements that its match keys and seed give"),
        (lambda value: value.update(salt=b64(bytes(32))), "opens to what it committed to"),
        (lambda value: value["question"].update(dossier="019ab000-0000-7000-8000-000000000000"), "has the question"),
        (lambda value: value["question"].update(purpose="prosecution"), "has the question"),
        (lambda value: value["question"].update(index="other"), "has the same handle"),
        (lambda value: value["question"].update(note="more"), "is whole"),
        (lambda value: value.update(opening="{}"), "has an opening of its form"),
    ],
)
def test_another_opening_fails(base, files, change, fails):
    made, ours, theirs = files
    report = verify_search.verify(changed(made, change), [ours, theirs], base.trusted())
    assert report.verdict == "failed"
    assert any(one.result == "fails" and one.says.startswith(fails) for one in report.statements)


def test_no_fact_of_the_question_may_be_another(base, files):
    made, *logs = files
    facts = json.parse_object(made)["question"]
    others = {"count": 50, "asked": "2026-11-20T09:00:00.000Z", "dossier": "", "basis": "Act 1"}
    for name, there in facts.items():
        other = others.get(name, "0" * len(str(there)))
        forged = changed(made, lambda value, name=name, other=other: value["question"].update({name: other}))
        report = verify_search.verify(forged, logs, base.trusted())
        absent = "consistent, identities unconfirmed"
        assert report.verdict == (absent if name == "audit" else "failed"), name  # other records may exist
    forged = changed(made, lambda value: value.update(by="fr"))
    assert verify_search.verify(forged, logs, base.trusted()).verdict == "failed"


def test_no_byte_of_the_file_may_be_another(files):
    made = files[0]
    for place in range(0, len(made), 13):
        forged = made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :]
        assert verify_search.verify(forged).verdict == "failed", place


def test_an_export_that_fails_or_is_of_nobody_bears_nothing_out(base, files):
    made, ours, theirs = files
    broken = verify_search.verify(made, [ours[:-40], theirs], base.trusted())
    assert broken.verdict == "failed"
    assert verify_search.verify(made, [ours, ours], base.trusted()).verdict == "failed"
    other = changed(made, lambda value: value["question"].update(partner="fr"))
    assert verify_search.verify(other, [ours, theirs], base.trusted()).verdict == "failed"
    assert verify_search.verify(b"{}", []).verdict == "failed"
    assert verify_search.verify(made[:-9], []).verdict == "failed"


def test_what_the_holder_wrote_down_of_another_question_is_no_answer_to_this_one(base, files):
    made, ours, theirs = files
    value = json.parse_object(made)
    assert verify_search.is_opening(made)
    assert not verify_search.is_opening(ours)
    question = msgspec.structs.replace(base.asked, elements=bytes(32))
    other = changed(made, lambda value: value.update(question=search_opening.facts(question)))
    report = verify_search.verify(other, [ours, theirs], base.trusted())
    assert results(report)[THEIRS, "has the same handle, digest and count"] == "fails"
    assert value["question"]["elements"] in theirs.decode()


def test_only_an_auditor_opens_it_it_is_written_down_and_not_after_its_time():
    blind = Audited()
    with pytest.raises(NotAllowedError):
        search_opening.collect(blind.office, blind.ann, blind.asked)
    blind.file()
    [record] = blind.audits("commitment.opened")
    assert (record.who, record.dossier) == ("eva", blind.dossier)
    blind.pair.clock.advance(366 * DAY)
    keeping.expire_all(blind.be.ctx)
    with pytest.raises(
        StateError, match=r"expected a question whose time is not over, got .*: the log keeps its digest"
    ):
        blind.file()
