"""Exports of the audit log: what they hold, what the verifier says of them, and that nothing changed passes."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passerelle.core import ids, json
from passerelle.core.audit import What
from passerelle.core.errors import NotFoundError, StateError
from passerelle.exchange import notes
from passerelle.identity import witness as witness_files
from passerelle.ledger import audit as texts
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry, merkle
from passerelle.oversight import audit_check, audit_export, audit_log, audit_reopen
from passerelle.oversight.statements import FAILED, UNCONFIRMED, VERIFIED, Report, digest_of
from passerelle.oversight.verify_audit import verify
from passerelle.ports.audit import AUDIT_BLOCKS, COSIGNED
from passerelle.ports.records import AUDITS
from passerelle.ports.work import DRAFTS, Draft
from tests.peers.pair import NOW
from tests.peers.test_witness import copied, put_back
from tests.peers.witnessed import HOUR, Watched
from tests.unit.oversight.test_evidence_corpus import changes, sealed

DOSSIER = "019a0000-0000-7000-8000-00000000d055"
OTHER = "019a0000-0000-7000-8000-00000000d056"


def write(node: Watched, what: What = What.ACT_DRAFTED, on: str = DOSSIER, **details: Any) -> str:
    """A record on a dossier that somebody has begun to draft."""

    def work(tx: Any) -> str:
        return notes.record(tx, node.ctx, what, "ann", on, details, on if ids.is_id(on) else "").id

    return str(node.ctx.store.write("test.record", work))


def export(node: Watched, **subject: Any) -> dict[str, Any]:
    span = subject.pop("span", (0, 0))
    data = audit_export.collect(node.ctx, node.be.identity, subject, "eva", span)
    made: dict[str, Any] = json.parse_object(data)
    return made


def trusted(node: Watched, ma: Any) -> tuple[Any, ...]:
    return node.be.identity, ma.identity


def results(report: Report, says: str, about: str = "") -> list[tuple[str, str]]:
    return [(one.result, one.detail) for one in report.statements if says in one.says and about in one.about]


@cache
def scene() -> tuple[Watched, Any, dict[str, str]]:
    """Three blocks that ma cosigned, and one that is closed and was not shown yet."""
    node = Watched()
    ma = node.partner()
    named = {"drafted": write(node, reason="for the file"), "other": write(node, on=OTHER)}
    node.step()
    named["attested"] = write(node, What.ACT_ATTESTED, statement="no protection claim is pending")
    named["erased"] = write(node, What.ACT_DISCARDED)
    named["released"] = write(node, What.ACT_RELEASED, author="ann")
    node.step()

    def erase(tx: Any) -> None:
        there = tx.get(AUDITS, named["erased"])
        tx.put(AUDITS, [msgspec.structs.replace(there, salt=b"", details=b"", what="", who="", on="")])

    node.ctx.store.write("test.erase", erase)
    node.step()
    named["late"] = write(node)
    node.clock.advance(HOUR)
    audit_log.close_now(node.ctx)
    named["waiting"] = write(node)
    return node, ma, named


# -- what is written and what is said of it ----------------------------------------------------------------------------


def test_a_dossier_s_trail_is_proven_record_by_record() -> None:
    node, ma, named = scene()
    value = export(node, kind="dossier", id=DOSSIER)
    report = verify(sealed(value), trusted(node, ma))
    assert report.verdict == VERIFIED, [one for one in report.statements if one.result == "fails"]
    shown = {one.about for one in report.statements if one.says.startswith("stands in block")}
    wanted = {named[name] for name in ("drafted", "attested", "erased", "released", "late")}
    assert shown == {f"record {one}" for one in wanted}
    assert results(report, "its details", named["released"]) == [("holds", f"act.released by ann on {DOSSIER}")]
    assert results(report, "its details", named["drafted"])[0][1].endswith(": for the file")
    for name in ("attested", "erased"):
        ((result, _),) = results(report, "its details are in the file", named[name])
        assert result == "absent"
    assert "protection" not in json.canonical(value).decode()
    assert [one[0] for one in results(report, "was cosigned by ma")] == ["holds"]
    assert [one[0] for one in results(report, "was cosigned by a witness")] == ["absent"]  # the last block
    assert verify(sealed(value)).verdict == UNCONFIRMED
    assert verify(sealed(value), [node.be.identity]).verdict == UNCONFIRMED
    assert verify(sealed(value), [ma.identity]).verdict == UNCONFIRMED
    stranger = Watched().partner("fr")
    assert verify(sealed(value), [node.be.identity, ma.identity, stranger.identity]).verdict == VERIFIED


def test_whole_blocks_are_shown_to_be_whole() -> None:
    node, ma, _ = scene()
    value = export(node, kind="time", span=(0, NOW + 100 * HOUR))
    assert value["subject"] == {"kind": "blocks", "first": "1/0", "last": "1/3"}
    report = verify(sealed(value), trusted(node, ma))
    assert report.verdict == VERIFIED
    assert results(report, "holds every block") == [("holds", "4 blocks, 6 records")]
    assert [one[1] for one in results(report, "holds all its records")] == [f"{n} records" for n in (2, 3, 0, 1)]
    assert results(report, "with their details", "block 1/1")[0][1].startswith("2 records erased or kept")
    part = export(node, kind="time", span=(NOW + 2 * HOUR, NOW + 2 * HOUR + 1))
    assert part["subject"] == {"kind": "blocks", "first": "1/1", "last": "1/2"}
    assert verify(sealed(part), trusted(node, ma)).verdict == VERIFIED


def test_one_record_is_proven_alone() -> None:
    node, ma, named = scene()
    value = export(node, kind="record", id=named["released"])
    assert [len(one["records"]) for one in value["blocks"]] == [1]
    report = verify(sealed(value), trusted(node, ma))
    assert report.verdict == VERIFIED
    assert results(report, f"is about record {named['released']}") == [("holds", "")]


def test_what_cannot_be_exported_is_said() -> None:
    node, _, named = scene()
    with pytest.raises(StateError, match="to have a record in a closed block, got none yet"):
        export(node, kind="record", id=named["waiting"])
    for kind in ("record", "dossier"):
        with pytest.raises(NotFoundError):
            export(node, kind=kind, id=ids.new_id())
    with pytest.raises(StateError, match="a block that was closed at"):
        export(node, kind="time", span=(NOW + 1000 * HOUR, NOW + 2000 * HOUR))


def test_an_export_is_itself_written_down() -> None:
    node, _, _ = scene()
    value = export(node, kind="dossier", id=DOSSIER)
    found = [one for one in node.rows(AUDITS) if one.what == "audit.exported"]
    assert json.parse_object(found[-1].details)["digest"] == value["digest"]
    assert (found[-1].who, found[-1].on) == ("eva", DOSSIER)


def test_a_draft_of_a_dossier_that_is_not_there_yet_is_found_by_it() -> None:
    node = Watched()
    draft = Draft(id=ids.new_id(), partner="ma", dossier=DOSSIER, act="open", body=b"{}", author="ann", created=NOW)

    def work(tx: Any) -> list[str]:
        tx.add(DRAFTS, [draft])
        on = (draft.id, DOSSIER, f"draft/{draft.id}", f"dossier/{DOSSIER}", "partner/ma", ids.new_id())
        return [notes.record(tx, node.ctx, What.ACT_DRAFTED, "ann", one, {}).dossier for one in on]

    assert node.ctx.store.write("test.draft", work) == [DOSSIER] * 4 + ["", ""]


@cache
def reopened() -> tuple[Watched, Any]:
    """Two generations: the store was put back, two blocks were lost, the log reopened."""
    node = Watched()
    ma = node.partner()
    write(node)
    node.step()
    put_back(node, 2)
    write(node)
    node.step()
    audit_reopen.reopen(node.ctx, "sam", "restored from the backup of Monday")
    node.step()
    node.step()
    return node, ma


def test_a_log_that_was_reopened_says_what_it_continues_and_what_was_lost() -> None:
    node, ma = reopened()
    value = export(node, kind="time", span=(0, NOW + 100 * HOUR))
    report = verify(sealed(value), trusted(node, ma))
    assert report.verdict == VERIFIED, [one for one in report.statements if one.result == "fails"]
    assert results(report, "continues passerelle/be/audit/1 at size 3")[0][0] == "holds"
    assert results(report, "follows the block before it") == [("absent", "lost: 2 blocks")]
    assert results(report, "holds every block from 1/0 to 2/1") == [("holds", "3 blocks, 3 records")]
    alone = verify(sealed(export(node, kind="time", span=(NOW + 6 * HOUR, NOW + 7 * HOUR))), trusted(node, ma))
    assert alone.verdict == VERIFIED


def test_the_store_s_own_log_is_gone_over() -> None:
    for node in (scene()[0], reopened()[0]):
        found = node.ctx.store.read(lambda tx, node=node: audit_check.check(tx, node.ctx))
        assert found.wrong == ()
        assert found.records + found.waiting == len(node.rows(AUDITS))
    assert scene()[0].ctx.store.read(lambda tx: audit_check.check(tx, scene()[0].ctx)).erased == 1


TAMPERED: dict[str, Callable[[Any], Any]] = {
    "another person": lambda one: msgspec.structs.replace(one, who="luc"),
    "another dossier": lambda one: msgspec.structs.replace(one, dossier=OTHER),
    "out of its dossier's trail": lambda one: msgspec.structs.replace(one, dossier=""),
    "another person, and no details to tell": lambda one: msgspec.structs.replace(
        one, who="luc", salt=b"", details=b""
    ),
    "other details": lambda one: msgspec.structs.replace(one, details=one.details.replace(b"ann", b"luc")),
    "another commitment": lambda one: msgspec.structs.replace(one, commitment=bytes(32)),
    "another time": lambda one: msgspec.structs.replace(one, time=one.time + 1),
    "another place": lambda one: msgspec.structs.replace(one, place=one.place + 7),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_store_that_was_written_to_with_other_tools_is_found_out(name: str) -> None:
    node, _, named = scene()
    store = copied(node)
    other = Watched(store)

    def tamper(tx: Any) -> None:
        tx.put(AUDITS, [TAMPERED[name](tx.get(AUDITS, named["released"]))])

    store.write("test.tamper", tamper)
    assert other.ctx.store.read(lambda tx: audit_check.check(tx, other.ctx)).wrong != ()


@pytest.mark.parametrize("what", ["record", "block", "last block"])
def test_what_is_gone_is_missed(what: str) -> None:
    node, _, named = scene()
    other = Watched(copied(node))

    def remove(tx: Any) -> None:
        if what == "record":
            tx.delete(AUDITS, [(named["released"],)])
        else:
            tx.delete(AUDIT_BLOCKS, [(1, 1 if what == "block" else 3)])

    other.ctx.store.write("test.remove", remove)
    assert other.ctx.store.read(lambda tx: audit_check.check(tx, other.ctx)).wrong != ()


def test_a_log_that_was_written_anew_is_not_what_was_cosigned() -> None:
    """The operator holds the keys and makes a consistent log of other records: the cosignature tells."""
    node = Watched()
    node.partner()
    write(node)
    backup = copied(node)
    node.step()
    cosigned = node.rows(COSIGNED)
    node.swap(backup)
    write(node)
    audit_log.close_now(node.ctx)
    node.ctx.store.write("test.keep", lambda tx: tx.put(COSIGNED, cosigned))
    found = node.ctx.store.read(lambda tx: audit_check.check(tx, node.ctx))
    assert found.wrong == ("passerelle/be/audit/1 is not what ma cosigned at size 1",)


def test_a_log_that_was_put_back_is_shorter_than_what_was_cosigned() -> None:
    """The store of last night is consistent in itself; the cosignature that was kept names more blocks."""
    node = Watched()
    node.partner()
    write(node)
    node.step()
    backup = copied(node)
    write(node)
    node.step()
    cosigned = node.rows(COSIGNED)
    node.swap(backup)
    node.ctx.store.write("test.keep", lambda tx: tx.put(COSIGNED, cosigned))
    found = node.ctx.store.read(lambda tx: audit_check.check(tx, node.ctx))
    assert found.wrong == ("passerelle/be/audit/1: expected 2 blocks, which ma cosigned, got 1",)


# -- forgeries ---------------------------------------------------------------------------------------------------------


HARMLESS = {
    r"created: first letter": "another year: a claim of the file, and told as one",
    r"(identity|witnesses\[\d\])\{\}\.country: (first|last) letter": "not a key",
    r"(identity|witnesses\[\d\])\{\}\.languages\[0\]: twice": "not a key",
    r"(identity|witnesses\[\d\])\{\}\.endpoints.*": "not a key",
    r"(identity|witnesses\[\d\])\{\}\.tls#?: (first letter|last letter|byte \d+)": "not a key",
    r"(blocks|checkpoints|witnesses)\[\d\]: exchanged with the one before": "no order",
    r"blocks\[\d\]\.records\[\d\]: exchanged with the one before": "each has its own place and path",
    r"checkpoints\[\d\]/\[\d+\]: exchanged with the one before": "no order among signature lines",
    r"blocks\[\d\]\.records\[\d\]: gone": "others may exist: the file of a dossier says so",
    r"blocks\[\d\]: gone": "the same",
}


def walk(node: Watched, ma: Any, value: dict[str, Any], exceptions: dict[str, str], skip: str = "digest") -> set[str]:
    """Every small change of a file fails, or is listed as harmless and proves no more.

    The digest is made anew for each; places that begin with `skip` are left out. Returns the exceptions that were used.
    """
    good = verify(sealed(value), trusted(node, ma))
    assert good.verdict == VERIFIED
    holds = {(one.about, one.says, one.detail) for one in good.statements if one.result == "holds"}
    tried, used = 0, Counter[str]()
    for where, what, made in changes(value):
        if re.match(f"[.]?({skip}|digest)", where):
            continue
        tried += 1
        report = verify(sealed(made), trusted(node, ma))
        if report.verdict == FAILED:
            continue
        reason = next((one for one in exceptions if re.fullmatch(one, f"{where}: {what}")), "")
        assert reason, f"{where}: {what} slipped through"
        used[reason] += 1
        now = {(one.about, one.says, one.detail) for one in report.statements if one.result == "holds"}
        assert {one for one in now - holds if one[0] != "file"} == set(), f"{where}: {what} proves more"
    assert tried > 300
    return set(used)


@cache
def small() -> tuple[Watched, Any]:
    """Two blocks, in each a record of the dossier, one of them erased, and one of another; in the first one more."""
    node = Watched()
    ma = node.partner()
    write(node)
    for kept in (True, False):
        one = write(node, reason="why")
        write(node, on=OTHER)
        node.step()
        there = node.ctx.store.read(lambda tx, one=one: tx.get(AUDITS, one))
        gone = there if kept else msgspec.structs.replace(there, salt=b"", details=b"")
        node.ctx.store.write("test.erase", lambda tx, gone=gone: tx.put(AUDITS, [gone]))
    return node, ma


def test_whatever_is_changed_in_a_trail_fails_or_does_no_harm() -> None:
    node, ma = small()
    used = walk(node, ma, export(node, kind="dossier", id=DOSSIER), HARMLESS)
    assert used == set(HARMLESS), "an exception that is not needed"


def test_whatever_is_changed_in_whole_blocks_fails_or_does_no_harm() -> None:
    node, ma = small()
    kept = {key: why for key, why in HARMLESS.items() if "gone" not in key and "records" not in key}
    value = export(node, kind="time", span=(0, NOW + 9 * HOUR))
    walk(node, ma, value, kept, "identity|witnesses|checkpoints")


def test_a_file_with_another_digest_or_in_another_form_fails() -> None:
    node, ma, named = scene()
    data = sealed(export(node, kind="record", id=named["released"]))
    assert verify(data, trusted(node, ma)).verdict == VERIFIED
    for bad in (data[:-2], data.replace(b"act.released", b"act.refused!"), b" " + data, data + b"\n", b"", b"{}"):
        assert verify(bad, trusted(node, ma)).verdict == FAILED


def forged(node: Watched, value: dict[str, Any], commitment: bytes) -> dict[str, Any]:
    """The file with its only block under a log that the node signs anew: it holds the keys."""
    made = json.parse_object(json.canonical(value))
    (block,) = made["blocks"]
    old = texts.parse_leaf(block["leaf"].encode())
    leaf = texts.BlockLeaf(old.origin, 0, old.time, commitment).encode()
    root = merkle.leaf_hash(leaf)
    held = checkpoints.sign(node.ctx.keys.log, old.origin, 1, root)
    made["checkpoints"], block["under"], block["path"] = [str(held)], 0, []
    block["leaf"] = leaf.decode()
    made["witnesses"] = []
    made["digest"] = digest_of(made)
    return made


def test_an_operator_who_rewrites_the_log_has_no_witness_for_it() -> None:
    """With the keys of the node anything can be signed; nobody cosigned it, and that is what the file says."""
    node, _, named = scene()
    value = export(node, kind="record", id=named["released"])
    (block,) = value["blocks"]
    commitment = texts.parse_leaf(block["leaf"].encode()).commitment
    report = verify(sealed(forged(node, value, commitment)), [node.be.identity])
    assert report.verdict == VERIFIED
    assert results(report, "was cosigned by a witness") == [("absent", "the node alone has signed it")]


def test_two_logs_of_one_name_in_one_file_fail() -> None:
    node, ma, named = scene()
    value = export(node, kind="record", id=named["released"])
    other = forged(node, value, entry.commit(bytes(32), b"x"))
    both = json.parse_object(json.canonical(value))
    size = checkpoints.parse(both["checkpoints"][0]).size
    origin = checkpoints.parse(both["checkpoints"][0]).origin
    both["checkpoints"].append(str(checkpoints.sign(node.ctx.keys.log, origin, size, bytes(32))))
    both["blocks"].append(other["blocks"][0] | {"under": 1})
    report = verify(sealed(both), trusted(node, ma))
    assert report.verdict == FAILED
    assert any("one root of size" in one.detail for one in report.statements)


def test_a_witness_with_its_own_file_is_trusted_by_that_file(tmp_path: Any) -> None:
    from tests.peers.test_witness import folder_of

    node, folder = Watched(), folder_of(tmp_path)
    node.oversight(folder)
    one = write(node)
    node.step()
    data = sealed(export(node, kind="record", id=one))
    assert verify(data, [node.be.identity, folder.identity]).verdict == VERIFIED
    assert verify(data, [node.be.identity]).verdict == UNCONFIRMED
    moved = json.parse_object(folder.identity.body) | {"endpoints": ["https://elsewhere"]}
    same = witness_files.parse(json.canonical(moved))
    assert verify(data, [node.be.identity, same]).verdict == VERIFIED
    assert verify(data, [node.be.identity, folder_of(tmp_path / "x").identity]).verdict == FAILED


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(st.sampled_from([DOSSIER, OTHER, "be"]), max_size=6), min_size=1, max_size=6))
def test_every_export_of_every_log_verifies(hours: list[list[str]]) -> None:
    node = Watched()
    ma = node.partner()
    for hour in hours:
        for on in hour:
            write(node, on=on)
        node.step()
    written = [on for hour in hours for on in hour]
    report = verify(sealed(export(node, kind="time", span=(0, NOW + 1000 * HOUR))), trusted(node, ma))
    assert report.verdict == VERIFIED
    assert results(report, "holds every block")[0][1] == f"{len(hours)} blocks, {len(written)} records"
    for dossier in {DOSSIER, OTHER} & set(written):
        report = verify(sealed(export(node, kind="dossier", id=dossier)), trusted(node, ma))
        assert report.verdict == VERIFIED
        assert len(results(report, "stands in block")) == written.count(dossier)
