"""Each check of `doctor` says nothing of a node that is well, and finds the one thing that is broken."""

import os
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from passerelle.core.clock import from_iso
from passerelle.core.words import speaking
from passerelle.dossiers.types import Catalogue
from passerelle.ledger import checkpoint as checkpoints
from passerelle.ledger import entry as entries
from passerelle.oversight import checkup, doctor, doctor_office, doctor_processes, logs
from passerelle.oversight.checkup import CHECKS, Patient
from passerelle.oversight.doctor import DAY, HOUR, MIB, MINUTE, File, Link, Met
from passerelle.oversight.doctor_office import Named
from passerelle.ports.backups import BACKUPS, Backup
from passerelle.ports.leases import Process
from passerelle.ports.records import ALARMS, ATTEMPTS, ENTRIES, LOGS, MESSAGES, Alarm, Attempt
from passerelle.ports.timers import TIMERS
from passerelle.ports.work import DRAFTS, REVIEWS, Draft, Review
from tests.peers.pair import acts, partners
from tests.unit.oversight.test_statistics import timer

NOW = from_iso("2026-11-21T12:00:00Z")


def levels(found):
    return [one.level for one in found]


def only(found):
    (one,) = found
    assert one.level != "ok"
    assert one.what
    assert one.todo
    return one


# ---- the folder ------------------------------------------------------------------------------------------------------


def test_files_of_the_owner_alone():
    well = [File("n", 0o755, 7, False), File("n/keys", 0o700, 7, True), File("n/identity.json", 0o644, 7, False)]
    assert levels(doctor.permissions(well, 7)) == ["ok"]
    for file, words in (
        (File("n/keys/log.key", 0o640, 7, True), "others can read n/keys/log.key (mode 0640)"),
        (File("n/store.db", 0o606, 7, True), "others can read n/store.db"),
        (File("n/passerelle.toml", 0o664, 7, False), "others can write n/passerelle.toml"),
        (File("n/keys/log.key", 0o600, 8, True), "belongs to another user"),
        (File("n/tls.key", -1, -1, True), "n/tls.key is not there"),
    ):
        found = only(doctor.permissions([*well, file], 7))
        assert found.level == "error"
        assert words in found.what
        assert file.path in found.todo


def test_files_are_seen_as_they_are(tmp_path):
    (tmp_path / "secret").write_text("x")
    (tmp_path / "secret").chmod(0o644)
    tmp_path.chmod(0o755)
    files = checkup.files_of(tmp_path, ["secret", "gone"], [])
    assert [(file.mode, file.private) for file in files] == [(0o755, False), (0o644, True), (-1, True)]
    assert len(list(doctor.permissions(files, os.geteuid()))) == 2


@pytest.mark.parametrize(
    ("free", "store", "level"),
    [
        (50_000 * MIB, 100 * MIB, "ok"),
        (1023 * MIB, 0, "warning"),
        (2000 * MIB, 30_000 * MIB, "warning"),
        (99 * MIB, 0, "error"),
    ],
)
def test_room_on_the_disk(free, store, level):
    (found,) = doctor.disk("/srv/be", free, store)
    assert found.level == level
    assert (found.todo == "") == (level == "ok")


# ---- time and partners -----------------------------------------------------------------------------------------------


def test_the_clock():
    assert levels(doctor.clock(NOW, NOW, [Met("ma", "confirmed", True, skew=29_000)])) == ["ok"]
    back = only(doctor.clock(NOW, NOW + 2000, []))
    assert back.level == "error"
    assert "put back" in back.what
    for skew, level, words in (
        (31_000, "warning", "31 seconds behind that of ma"),
        (-31_000, "warning", "31 seconds ahead of that of ma"),
        (5 * MINUTE, "error", "behind"),
        (-6 * MINUTE, "error", "ahead"),
    ):
        found = only(doctor.clock(NOW, 0, [Met("ma", "confirmed", True, skew=skew)]))
        assert found.level == level
        assert words in found.what
    assert levels(doctor.clock(NOW, 0, [Met("ma", "confirmed", False, skew=10**9)])) == ["ok"]


def test_partners():
    assert levels(doctor.partners([Met("ma", "confirmed", True)], "n")) == ["ok"]
    assert only(doctor.partners([], "n")).todo == "passerelle partner add n FILE"
    assert "confirm n ma" in only(doctor.partners([Met("ma", "unconfirmed", False)], "n")).todo
    assert only(doctor.partners([Met("ma", "suspended", False)], "n")).level == "warning"
    gone = only(doctor.partners([Met("ma", "confirmed", False, "no answer in time")], "n"))
    assert gone.level == "error"
    assert "no answer in time" in gone.what


def test_serving():
    assert levels(doctor.serving(True, "n")) == ["ok"]
    assert only(doctor.serving(False, "n")).todo == "passerelle serve n"


def test_processes_that_share_a_store():
    def process(name, seen, *does):
        return Process(name, name, f"host-{name}", "n", 1, does=does, seconds=10, seen=seen)

    all_ = ("receive", "send", "clock")
    assert levels(doctor_processes.processes([], NOW, "n")) == ["ok"]
    assert levels(doctor_processes.processes([process("a", NOW - 9000, *all_)], NOW, "n")) == ["ok"]
    both = [process("a", NOW, "receive"), process("b", NOW - 11_000, *all_)]
    silent, *nobodys = doctor_processes.processes(both, NOW, "n")
    assert (silent.level, "b on host-b" in silent.what) == ("warning", True)
    assert [(one.level, one.todo) for one in nobodys] == [
        ("error", "passerelle serve n --only send"),
        ("error", "passerelle serve n --only clock"),
    ]


# ---- what waits ------------------------------------------------------------------------------------------------------


def test_links():
    quiet = Link("ma", "routine", in_line=3, oldest_in_line=NOW - HOUR + 1, waiting=1, oldest_waiting=NOW - DAY + 1)
    assert levels(doctor.links([quiet], NOW, "n")) == ["ok"]
    for link, words in (
        (Link("ma", "flash", in_line=2, oldest_in_line=NOW - HOUR), "2 messages to ma, lane flash, are in line since"),
        (
            Link("ma", "flash", without_receipt=1, oldest_without_receipt=NOW - HOUR),
            "1 message to ma, lane flash, has no",
        ),
        (Link("ma", "flash", waiting=1, oldest_waiting=NOW - DAY), "1 message of ma, lane flash, waits for another"),
        (
            Link("ma", "flash", failures=4, reason="no answer in time"),
            "4 tries to reach ma in lane flash failed: no answer",
        ),
    ):
        found = only(doctor.links([link], NOW, "n"))
        assert found.level == "warning"
        assert words in found.what
        assert found.todo == "passerelle queue n"
    assert only(doctor.links([Link("ma", "flash", stopped=("out",))], NOW, "n")).level == "error"


def test_counts_of_what_persons_see_to():
    for check in (doctor_office.alarms, doctor_office.drafts, doctor_office.deadlines, doctor_office.reviews):
        assert levels(check(0, "n")) == ["ok"]
        assert "passerelle " in only(check(2, "n")).todo
        assert "2 " in only(check(2, "n")).what


# ---- what was agreed -------------------------------------------------------------------------------------------------


def test_calendars():
    assert levels(doctor_office.calendars({"BE": 2027, "MA": 2030}, 2026, 2027)) == ["ok"]
    assert only(doctor_office.calendars({"BE": 2026, "MA": 2030}, 2026, 2027)).level == "warning"
    assert only(doctor_office.calendars({"BE": 2025}, 2026, 2026)).level == "error"
    assert only(doctor_office.calendars({"XX": 0}, 2026, 2026)).level == "error"


def test_types_of_channels():
    held = {"wanted-trace": "a" * 64}
    assert levels(doctor_office.catalogue([Named("c" * 64, "ma", "wanted-trace", "a" * 64)], held, "n")) == ["ok"]
    other = only(doctor_office.catalogue([Named("c" * 64, "ma", "wanted-trace", "b" * 64)], held, "n"))
    assert "another version of the type wanted-trace" in other.what
    assert "is not here" in only(doctor_office.catalogue([Named("c" * 64, "ma", "cyber", "b" * 64)], held, "n")).what


# ---- keys and people -------------------------------------------------------------------------------------------------


def test_keys_that_a_partner_does_not_know():
    assert levels(doctor.rotation({})) == ["ok"]
    assert "ma does not know the keys in force yet: 3 entries" in only(doctor.rotation({"ma": "3 entries wait"})).what


def test_somebody_can_manage_people():
    assert levels(doctor_office.lockout("9999-12-31", "2026-11-21", "2026-12-21", "n")) == ["ok"]
    assert only(doctor_office.lockout("2026-12-20", "2026-11-21", "2026-12-21", "n")).level == "warning"
    assert only(doctor_office.lockout("", "2026-11-21", "2026-12-21", "n")).level == "error"


# ---- a whole node ----------------------------------------------------------------------------------------------------


@pytest.fixture
def pair():
    made = partners()
    dossier, _ = made.open_trace()
    made.settle()
    made.answer("ma", dossier, "acknowledge")
    made.settle()
    return made


def look(peer, tmp_path, check="", **how):
    patient = Patient(peer.ctx, tmp_path, None, (Met("ma", "confirmed", True),), **how)
    found = CHECKS[check](patient) if check else checkup.findings(patient)
    return list(found)


def test_a_node_that_is_well(pair, tmp_path):
    made = Backup(digest="00", time=pair.clock.now(), size=1, by="eva", keys=True)
    pair.be.store.write("test", lambda tx: tx.put(BACKUPS, [made]))
    found = look(pair.be, tmp_path)
    of_this_node = [one for one in found if one.check not in ("disk", "calendars")]
    assert set(levels(of_this_node)) == {"ok"}
    assert {one.check for one in found} == set(CHECKS) - {"people"}


def test_a_backup_that_is_old_or_was_never_made(pair, tmp_path):
    (never,) = look(pair.be, tmp_path, "backup")
    assert (never.level, never.todo) == ("warning", f"passerelle backup create {tmp_path} --out FILE")
    made = Backup(digest="00", time=pair.clock.now(), size=1, by="eva", keys=True)
    pair.be.store.write("test", lambda tx: tx.put(BACKUPS, [made]))
    assert levels(look(pair.be, tmp_path, "backup")) == ["ok"]
    pair.clock.advance(2 * doctor.DAY + 1)
    assert levels(look(pair.be, tmp_path, "backup")) == ["warning"]


def test_nothing_personal_is_said(pair, tmp_path):
    broken = msgspec.structs.replace(pair.be.all(LOGS)[0], size=99)
    pair.be.store.write("test", lambda tx: tx.put(LOGS, [broken]))
    for language in ("en", "fr", "nl", "ar"):
        with speaking(language):
            text = str(look(pair.be, tmp_path, served=False))
        assert "Amraoui" not in text
        assert "BE-2026" not in text


def test_what_waits_is_found(pair, tmp_path):
    pair.open_trace()
    pair.clock.advance(2 * HOUR)
    found = only(look(pair.be, tmp_path, "links"))
    assert "1 message to ma, lane routine, is in line since 2026-11-21T12:00" in found.what
    pair.be.sender.step("routine")
    pair.clock.advance(2 * HOUR)
    assert (
        "1 message to ma, lane routine, has no receipt since 2026-11-21T14:00"
        in only(look(pair.be, tmp_path, "links")).what
    )
    pair.settle()
    assert levels(look(pair.be, tmp_path, "links")) == ["ok"]
    failing = Attempt(partner="ma", lane="flash", failures=3, failed=NOW, reason="refused", due=NOW)
    pair.be.store.write("test", lambda tx: tx.put(ATTEMPTS, [failing]))
    assert "3 tries" in only(look(pair.be, tmp_path, "links")).what


def test_a_log_that_stands_still_is_found(pair, tmp_path):
    log = next(one for one in pair.be.all(LOGS) if one.direction == "out" and one.lane == "routine")
    pair.be.store.write("test", lambda tx: tx.put(LOGS, [msgspec.structs.replace(log, state="stopped")]))
    assert "stands still" in only(look(pair.be, tmp_path, "links")).what


def test_alarms_and_overdue_answers_are_found(pair, tmp_path):
    alarm = Alarm(id="a1", time=NOW, what="link.stopped", partner="ma", text="…")
    opened = next(one for one in pair.ma.all(MESSAGES) if one.direction == "in" and one.kind == "act")
    late = [timer("d1", opened, "missed"), timer("d2", opened, "running", due=NOW - 1), timer("d3", opened, "running")]
    pair.ma.store.write("test", lambda tx: (tx.put(ALARMS, [alarm]), tx.put(TIMERS, late)))
    assert "1 alarm was not looked at" in only(look(pair.ma, tmp_path, "alarms")).what
    assert "2 answers that are owed here are overdue" in only(look(pair.ma, tmp_path, "deadlines")).what


def test_old_drafts_and_overdue_reviews_are_found(pair, tmp_path):
    drafts = [
        Draft(id=f"d{number}", partner="ma", dossier="x", act="remind", body=b"{}", author="ann", created=1, **more)
        for number, more in enumerate(({"changed": NOW - 8 * DAY}, {"changed": NOW - DAY}, {"state": "discarded"}))
    ]
    review = Review(
        message="m", dossier="x", partner="ma", act="alert", channel="c", domain="d", released=1, released_by="dan",
        author="dan", due=NOW - 1,
    )  # fmt: skip
    pair.be.store.write("test", lambda tx: (tx.put(DRAFTS, drafts), tx.put(REVIEWS, [review])))
    assert "1 draft did not move for 7 days" in only(look(pair.be, tmp_path, "drafts")).what
    assert "1 review is overdue" in only(look(pair.be, tmp_path, "reviews")).what


def test_a_clock_that_was_put_back_is_found(pair, tmp_path):
    assert levels(look(pair.be, tmp_path, "clock")) == ["ok"]
    pair.clock.advance(-HOUR)
    assert "put back" in only(look(pair.be, tmp_path, "clock")).what


def test_a_type_that_the_channel_does_not_mean_is_found(pair, tmp_path):
    kinds = dict(pair.be.ctx.catalogue.types)
    del kinds["wanted-trace"]
    lacking = replace(pair.be.ctx, catalogue=Catalogue(kinds))
    found = list(CHECKS["catalogue"](Patient(lacking, tmp_path, None)))
    assert "wanted-trace" in only(found).what


# ---- logs ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def long(monkeypatch):
    """A log of several pages."""
    monkeypatch.setattr(logs, "PAGE", 3)
    made = partners()
    for number in range(8):
        made.post("be", acts.listed_notice())
        made.clock.advance(number)
        made.settle()
    return made


def routine(peer):
    return next(one for one in peer.all(LOGS) if one.lane == "routine" and one.size == 8)


def change(peer, kind, record, **fields):
    changed = msgspec.structs.replace(record, **fields)
    peer.store.write("test", lambda tx: tx.put(kind, [changed]))
    return changed


def test_a_log_that_holds(long):
    for peer in (long.be, long.ma):
        told = []
        assert logs.damage(peer.store, routine(peer), told.append) == ""
        assert told == [3, 3, 2]


def leaf_of(peer, index):
    found = next(one for one in peer.all(ENTRIES) if one.origin == routine(peer).origin and one.index == index)
    return found, entries.parse(found.leaf)


def test_damaged_entries(long):
    peer = long.be
    entry, leaf = leaf_of(peer, 4)
    for fields, words in (
        ({"leaf": msgspec.structs.replace(leaf, size=leaf.size + 1).encode()}, "entry 4 does not match its hashes"),
        ({"leaf": b"nothing"}, "entry 4 cannot be read"),
        ({"leaf": msgspec.structs.replace(leaf, index=5).encode()}, "entry 4 is one of another place"),
        ({"leaf": msgspec.structs.replace(leaf, time=1).encode()}, "entry 4 is older than the one before it"),
        ({"nodes": b"\0" * len(entry.nodes)}, "entry 4 does not match its hashes"),
    ):
        change(peer, ENTRIES, entry, **fields)
        assert words in logs.damage(peer.store, routine(peer))
        change(peer, ENTRIES, entry)
    assert logs.damage(peer.store, routine(peer)) == ""


@pytest.mark.parametrize("index", [0, 3, 7])
def test_missing_entries_and_rows(long, index):
    peer = long.be
    entry, _ = leaf_of(peer, index)
    peer.store.write("test", lambda tx: tx.delete(ENTRIES, [(entry.origin, entry.index)]))
    assert logs.damage(peer.store, routine(peer)) == f"entry {index} is missing"
    change(peer, ENTRIES, entry)
    peer.store.write("test", lambda tx: tx.delete(MESSAGES, [(entry.message,)]))
    assert logs.damage(peer.store, routine(peer)) == f"the message of entry {index} has no row"


def test_damaged_rows_of_logs(long):
    peer = long.be
    log = routine(peer)
    other = checkpoints.sign(peer.ctx.keys.log, log.origin, 5, b"\7" * 32)
    strange = checkpoints.sign(peer.ctx.keys.log, log.origin.replace("routine", "flash"), 5, b"\7" * 32)
    for fields, words in (
        ({"size": 9, "frontier": log.frontier * 2}, "entry 8 is missing"),
        ({"frontier": b"\0" * len(log.frontier)}, "the right edge of the tree is not that of the entries"),
        ({"frontier": b"\0"}, "the right edge cannot be read"),
        ({"receipt": str(other)}, "the receipt of size 5 has another root than the entries"),
        ({"receipt": str(strange)}, "the receipt is of passerelle/be/ma/flash/1"),
        ({"receipt": "nothing"}, "the receipt cannot be read"),
        ({"size": 7}, "the receipt covers 8 entries, the log has 7"),
    ):
        assert words in logs.damage(peer.store, msgspec.structs.replace(log, **fields))


def test_every_log_is_walked_with_progress(long, tmp_path):
    seen = []
    found = look(long.be, tmp_path, "logs", advance=lambda done, of: seen.append((done, of)))
    assert levels(found) == ["ok"]
    whole = sum(log.size for log in long.be.all(LOGS))
    assert seen[-1] == (whole, whole)
    assert all(first < second for (first, _), (second, _) in pairwise(seen))
    change(long.be, LOGS, routine(long.be), frontier=b"\0" * 32)
    assert "passerelle/be/ma/routine/1 is damaged" in only(look(long.be, tmp_path, "logs")).what
    assert look(long.be, tmp_path, "logs", thorough=False) == []


def test_an_audit_log_that_stands_still_is_unwatched_or_was_changed(pair, tmp_path):
    from passerelle.core.settings import AuditSettings
    from passerelle.oversight import audit_log
    from passerelle.ports.audit import AUDIT_LOGS, WATCHES, Watch
    from passerelle.ports.records import AUDITS

    audit_log.close_now(pair.be.ctx)
    pair.clock.advance(24 * 3_600_000)
    assert levels(look(pair.be, tmp_path, "audit")) == ["ok"]
    assert levels(look(pair.be, tmp_path, "witnesses")) == ["ok"]
    assert levels(look(pair.be, tmp_path, "witnesses", audit=AuditSettings(partners="never"))) == ["warning"]
    for watch, words in (
        (Watch(witness="ma", since=1, reason="no answer in time"), "since 1970-01-01T00:00:00.001Z: no answer in time"),
        (Watch(witness="ma", since=1), "since 1970-01-01T00:00:00.001Z"),
        (Watch(witness="ma", alarm="witness.lies", reason="another tree"), "answered what cannot be: another tree"),
        (Watch(witness="ma", alarm="witness.behind"), "was put back"),
    ):
        pair.be.store.write("test", lambda tx, watch=watch: tx.put(WATCHES, [watch]))
        (found,) = look(pair.be, tmp_path, "witnesses")
        assert (found.level, words in found.what) == ("warning", True), found
    changed = msgspec.structs.replace(pair.be.all(AUDITS)[0], who="somebody")
    stopped = msgspec.structs.replace(pair.be.all(AUDIT_LOGS)[0], state="stopped", reason="ma holds more")

    def spoil(tx):
        tx.put(AUDITS, [changed])
        tx.put(AUDIT_LOGS, [stopped])

    pair.be.store.write("test", spoil)
    assert levels(look(pair.be, tmp_path, "audit")) == ["error", "error"]
    assert levels(look(pair.be, tmp_path, "audit", thorough=False)) == ["error"]
    assert levels(look(pair.be, tmp_path, "witnesses")) == ["warning"]  # whatever else is wrong


def test_audit_records_that_lost_their_details_are_a_finding(pair, tmp_path):
    from passerelle.oversight import audit_log
    from passerelle.ports.records import AUDITS

    audit_log.close_now(pair.be.ctx)
    lost = {"salt": b"", "details": b"", "what": "", "who": "", "on": "", "dossier": ""}
    for count, words in ((1, "1 audit record has lost its details"), (2, "2 audit records have lost their details")):
        change(pair.be, AUDITS, pair.be.all(AUDITS)[count], **lost)
        (found,) = look(pair.be, tmp_path, "audit")
        assert (found.level, words in found.what) == ("warning", True), found
