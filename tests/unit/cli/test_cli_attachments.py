"""Files at the desk, by the command line: added, taken out, listed, written down."""

import os
import stat
from types import SimpleNamespace

import msgspec
import pytest

from passerelle.cli.reading import amount
from passerelle.exchange import attachments, filenames
from passerelle.exchange.media import MEDIA
from passerelle.node import Node
from passerelle.office.asking import this_user
from passerelle.ports.attachments import ATTACHMENTS, BODIES
from passerelle.ports.records import AUDITS
from tests.peers import uploads
from tests.unit.cli.scene import FIRST, call, ok, request, value

JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 500
PDF = b"%PDF-1.7\n" + b"judgment " * 9000


@pytest.fixture
def draft(partners):
    """A draft of ann's that opens a dossier, and two files beside it."""
    path = partners.write("act.json", request())
    made = value("dossier", "open", partners.be, "ma", "--type", "wanted-trace", "--file", path, "--as", "ann")
    (partners.folder / "passport.jpg").write_bytes(JPEG)
    (partners.folder / "judgment.pdf").write_bytes(PDF)
    partners.draft_id = made["draft"]
    return partners


def add(scene, *names, **how):
    options = [part for key, one in how.items() for part in (f"--{key}", one)]
    return value("attach", scene.be, scene.draft_id, *(scene.folder / one for one in names), *options, "--as", "ann")


def rows(scene, kind=ATTACHMENTS):
    node = Node.open(scene.be)
    try:
        return node.store.read(lambda tx: tx.scan(kind, limit=1000))
    finally:
        node.close()


def test_files_are_added_as_a_new_version_that_the_approver_sees(draft):
    made = add(draft, "passport.jpg", "judgment.pdf")
    assert [(one["number"], one["media"], one["size"], one["state"]) for one in made["attachments"]] == [
        (1, "image/jpeg", len(JPEG), "attached"),
        (2, "application/pdf", len(PDF), "attached"),
    ]
    assert made["version"] == 2
    [seen] = value("dossier", "drafts", draft.be, draft.draft_id, "--content", "--as", "ann")
    assert [one["name"] for one in seen["content"]["attachments"]] == ["passport.jpg", "judgment.pdf"]
    assert [one.address for one in rows(draft)] == made["added"]


def test_a_submitted_draft_is_taken_back_and_nobody_releases_it_as_he_read_it(draft):
    ok("dossier", "submit", draft.be, draft.draft_id, "--as", "ann")
    ok("dossier", "drafts", draft.be, draft.draft_id, "--content", "--as", "luc")
    add(draft, "passport.jpg")
    assert call("dossier", "release", draft.be, draft.draft_id, "--as", "luc").code == 4
    ok("dossier", "submit", draft.be, draft.draft_id, "--as", "ann")
    again = call("dossier", "release", draft.be, draft.draft_id, "--as", "luc")
    assert again.code == 4
    assert "read it again" in again.err


def test_an_approver_reads_a_file_before_he_releases_it(draft):
    add(draft, "passport.jpg")
    ok("dossier", "submit", draft.be, draft.draft_id, "--as", "ann")
    out = draft.folder / "seen.jpg"
    ok("attachment", "save", draft.be, draft.draft_id, "1", "--out", out, "--as", "luc")
    assert out.read_bytes() == JPEG
    # That he read a file is not that he read the draft.
    released = value("dossier", "release", draft.be, draft.draft_id, "--as", "luc")
    assert released[0]["seen"] is False


def test_what_is_taken_out_is_deleted(draft):
    made = add(draft, "passport.jpg", "judgment.pdf")
    left = value("detach", draft.be, draft.draft_id, "1", "--as", "ann")
    assert [one["media"] for one in left["attachments"]] == ["application/pdf"]
    assert [one.address for one in rows(draft)] == made["added"][1:]
    ok("detach", draft.be, draft.draft_id, made["added"][1][:8], "--as", "ann")
    assert rows(draft) == []
    assert call("detach", draft.be, draft.draft_id, "1", "--as", "ann").code == 3


def test_an_edit_of_the_words_leaves_the_files(draft):
    made = add(draft, "passport.jpg")
    path = draft.write("act.json", request(necessity="Trace the person whom the judgment names"))
    ok("dossier", "edit", draft.be, draft.draft_id, "--file", path, "--as", "ann")
    listed = value("attachment", "list", draft.be, draft.draft_id, "--as", "ann")
    assert [one["address"] for one in listed] == made["added"]


def test_a_draft_that_is_thrown_away_takes_its_files_along(draft):
    add(draft, "passport.jpg")
    ok("dossier", "discard", draft.be, draft.draft_id, "--reason", "wrong person", "--as", "luc")
    assert rows(draft) == []


REFUSED = (
    ("photo.jpg", b"MZ\x90\x00 this program", {}, "got a program"),
    ("photo.jpg", PDF, {}, "got one that begins otherwise"),
    ("page.html", b"<html>", {}, "expected the type of a file"),
    ("page.txt", b"<html><body>", {}, "got HTML, SVG or XML"),
    ("empty.txt", b"", {}, "got an empty file"),
    ("track.mp3", b"ID3 and more", {"media": "text/html"}, "got text/html"),
    ("notes.txt", b"words", {"name": "../notes.txt"}, "without a path"),
    ("unknown", b"\x00\x01\x02", {}, "expected the type of a file"),
)


def test_a_file_that_cannot_leave_is_refused_before_anything_is_kept(draft):
    for name, bytes_, how, says in REFUSED:
        (draft.folder / name).write_bytes(bytes_)
        options = [part for key, one in how.items() for part in (f"--{key}", one)]
        refused = call("attach", draft.be, draft.draft_id, draft.folder / name, *options, "--as", "ann")
        assert refused.code in (2, 3), refused
        assert says in refused.err
    assert rows(draft) == []


def test_of_several_files_all_are_added_or_none(draft):
    (draft.folder / "bad.png").write_bytes(JPEG)
    both = (draft.folder / "passport.jpg", draft.folder / "bad.png")
    assert call("attach", draft.be, draft.draft_id, *both, "--as", "ann").code == 2
    assert rows(draft) == []


def test_an_act_that_bears_no_files_takes_none(partners):
    dossier = partners.open()
    path = partners.write("act.json", {"necessity": "A reminder", "body": {}})
    made = value("dossier", "act", partners.be, dossier, "--act", "remind", "--file", path, "--as", "ann")
    (partners.folder / "passport.jpg").write_bytes(JPEG)
    refused = call("attach", partners.be, made["draft"], partners.folder / "passport.jpg", "--as", "ann")
    assert refused.code == 2
    assert "remind, which bears none" in refused.err


def test_nobody_adds_a_file_to_what_he_may_not_write(draft):
    refused = call("attach", draft.be, draft.draft_id, draft.folder / "passport.jpg", "--as", "luc")
    assert refused.code == 4
    assert rows(draft) == []


def test_the_list_shows_names_only_to_whom_reads_and_writes_that_down(draft):
    add(draft, "passport.jpg")
    shown = value("attachment", "list", draft.be, draft.draft_id, "--as", "luc")
    assert [set(one) & {"name", "media"} for one in shown] == [{"media"}]
    before = len(rows(draft, AUDITS))
    named = value("attachment", "list", draft.be, draft.draft_id, "--content", "--as", "ann")
    assert [one["name"] for one in named] == ["passport.jpg"]
    assert len(rows(draft, AUDITS)) == before + 1
    assert "passport.jpg" in ok("attachment", "list", draft.be, draft.draft_id, "--content", "--as", "ann").out


def test_a_saved_file_is_new_private_and_recorded_first(draft):
    add(draft, "passport.jpg")
    out = draft.folder / "out.jpg"
    made = value("attachment", "save", draft.be, draft.draft_id, "1", "--out", out, "--as", "ann")
    assert (made["file"], made["bytes"], made["warning"]) == (str(out), len(JPEG), False)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again = call("attachment", "save", draft.be, draft.draft_id, "1", "--out", out, "--as", "ann")
    assert again.code == 2
    assert "expected a new file" in again.err
    link = draft.folder / "link"
    link.symlink_to(draft.folder / "elsewhere.jpg")
    assert call("attachment", "save", draft.be, draft.draft_id, "1", "--out", link, "--as", "ann").code == 2
    assert not (draft.folder / "elsewhere.jpg").exists()


def test_into_a_folder_it_goes_under_a_name_that_is_made_safe(draft):
    (draft.folder / "x.zip").write_bytes(b"PK\x03\x04 and more")
    add(draft, "x.zip", name="-rf photo.exe")
    folder = draft.folder / "viewer"
    folder.mkdir()
    made = value("attachment", "save", draft.be, draft.draft_id, "1", "--out", folder, "--as", "ann")
    assert made["file"] == str(folder / "rf photo.exe.zip")
    assert made["warning"] is True
    assert os.listdir(folder) == ["rf photo.exe.zip"]


def test_nothing_is_left_of_a_file_that_does_not_come_whole(draft):
    add(draft, "passport.jpg")
    node = Node.open(draft.be)

    def spoil(tx):
        [body] = tx.scan(BODIES, limit=10)
        changed = body.body[:-1] + bytes([body.body[-1] ^ 1])
        tx.put(BODIES, [type(body)(file=body.file, number=body.number, body=changed)])

    node.store.write("test.spoil", spoil)
    node.close()
    out = draft.folder / "out.jpg"
    failed = call("attachment", "save", draft.be, draft.draft_id, "1", "--out", out, "--as", "ann")
    assert failed.code != 0
    assert not out.exists()


def test_who_may_not_read_saves_nothing(draft):
    add(draft, "passport.jpg")
    ok("person", "add", draft.be, "olga", "--user", this_user(), "--as", FIRST["be"])
    ok("person", "grant", draft.be, "olga", "dispatcher", "--as", FIRST["be"])
    out = draft.folder / "out.jpg"
    for person in ("olga", FIRST["be"]):
        assert call("attachment", "save", draft.be, draft.draft_id, "1", "--out", out, "--as", person).code == 4
    assert not out.exists()


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "media", "safe"),
    [
        ("passport.jpg", "image/jpeg", "passport.jpg"),
        ("photo.exe", "image/jpeg", "photo.exe.jpg"),
        ("PHOTO.JPEG", "image/jpeg", "PHOTO.JPEG"),
        ("../../etc/passwd", "text/plain", "_.._etc_passwd.txt"),
        ("--help", "text/plain", "help.txt"),
        (".bashrc", "text/plain", "bashrc.txt"),
        ("صورة 1.png", "image/png", "صورة 1.png"),
        ("exe\u202egpj.scr", "image/jpeg", "exe_gpj.scr.jpg"),
        ("a\x00b\n.pdf", "application/pdf", "a_b_.pdf"),
        ("   ", "application/pdf", "file.pdf"),
        ("é" * 200 + ".pdf", "application/pdf", "é" * 73 + ".pdf"),
        ("con:aux?.csv", "text/csv", "con_aux_.csv"),
    ],
)
def test_a_name_that_another_chose_is_the_last_part_of_a_path(name, media, safe):
    assert filenames.safe(name, media) == safe


def test_every_type_has_an_ending_of_its_own():
    assert set(filenames.ENDINGS) == set(MEDIA)
    first = [endings[0] for endings in filenames.ENDINGS.values()]
    assert len(set(first)) == len(first)


# -- sent --------------------------------------------------------------------------------------------------------------


class _Both:
    """Both nodes of a scene, opened, as files go between them."""

    def __init__(self, scene):
        self.be, self.ma = (SimpleNamespace(ctx=Node.open(folder).ctx) for folder in (scene.be, scene.ma))

    def other(self, peer):
        return self.ma if peer is self.be else self.be

    def close(self):
        self.be.ctx.store.close()
        self.ma.ctx.store.close()


def carry(scene, *, pieces=None):
    """The files of be go to ma: all of it, or so many pieces."""
    both = _Both(scene)
    done = []
    uploads.upload(both, both.be, 1, lambda: pieces is not None and (done.append(1) or len(done) > pieces))
    both.close()


@pytest.fixture
def sent(draft):
    """The dossier is at ma, its two files are not yet; the second is of four pieces."""
    (draft.folder / "judgment.pdf").write_bytes(b"%PDF-1.7\n" + b"j" * (4 << 20) + b"end")
    add(draft, "passport.jpg", "judgment.pdf")
    ok("dossier", "submit", draft.be, draft.draft_id, "--as", "ann")
    draft.dossier = value("dossier", "release", draft.be, draft.draft_id, "--as", "luc")[0]["dossier"]
    draft.message = draft.draft_id
    return draft


def shown(scene, name):
    who = {"be": "ann", "ma": "nadia"}[name]
    [one] = value("dossier", "show", scene.of(name), scene.dossier, "--as", who)["timeline"]
    return one


def test_a_message_is_shown_as_waiting_until_its_files_are_there(sent):
    assert [one["state"] for one in shown(sent, "be")["attachments"]] == ["in-line", "in-line"]
    sent.settle()
    one = shown(sent, "ma")
    assert one["delivery"]["state"] == "received"  # it is applied: an alert does not wait for its photograph
    assert "waits for its attachments, 0 bytes of 4.1 MiB" in one["delivery"]["words"]
    assert "has not answered for 2 of its files" in shown(sent, "be")["delivery"]["words"]
    carry(sent, pieces=1)
    carry(sent, pieces=2)
    [first, second] = value("attachment", "list", sent.ma, sent.dossier, "--as", "nadia")
    assert (first["state"], second["state"]) == ("complete", "waiting")
    assert 0 < second["here"] < second["size"]
    assert "waiting, " in ok("attachment", "list", sent.ma, sent.message, "--as", "nadia").out
    assert "MiB of 4 MiB" in shown(sent, "ma")["delivery"]["words"]
    carry(sent)
    sent.settle()
    for name in ("be", "ma"):
        one = shown(sent, name)
        assert [file["state"] for file in one["attachments"]] == ["complete", "complete"]
        assert one["delivery"]["words"].endswith("; attachments: 2")


def test_the_queue_says_which_files_wait(sent):
    sent.settle()
    [here, there] = value("queue", sent.ma, "--as", "nadia")["files"]
    assert (here["message"], here["what"], here["file"]) == (sent.message, "request", 1)
    assert "of" in there["waits"]
    assert [one["file"] for one in value("queue", sent.be, "--as", "ann")["files"]] == [1, 2]
    assert "files that wait" in ok("queue", sent.ma, "--as", "nadia").out
    carry(sent)
    sent.settle()
    assert value("queue", sent.ma, "--as", "nadia")["files"] == []
    assert value("queue", sent.be, "--as", "ann")["files"] == []


def test_the_receiver_reads_a_file_when_it_is_whole_and_it_is_recorded_before(sent):
    sent.settle()
    out = sent.folder / "received.jpg"
    early = call("attachment", "save", sent.ma, sent.message, "1", "--out", out, "--reason", "to look", "--as", "nadia")
    assert early.code == 4
    carry(sent)
    without = call("attachment", "save", sent.ma, sent.message, "1", "--out", out, "--as", "nadia")
    assert without.code == 2
    assert "--reason" in without.err
    assert not out.exists()
    ok("attachment", "save", sent.ma, sent.message, "1", "--out", out, "--reason", "to look", "--as", "nadia")
    assert out.read_bytes() == JPEG
    read = value("dossier", "show", sent.ma, sent.dossier, "--as", "nadia")["read_by"][0]
    assert (read["who"], read["what"], read["reason"]) == ("nadia", "attachment", "to look")


def test_what_the_partner_does_not_take_is_told_with_the_reason(sent):
    both = _Both(sent)

    def change(tx):
        # What `be` could not send honestly: a program under the name of a photograph.
        found = [one for one in tx.scan(ATTACHMENTS, limit=10) if one.media == "image/jpeg"]
        tx.put(ATTACHMENTS, [msgspec.structs.replace(one, media="image/png") for one in found])

    both.close()
    sent.settle()
    node = Node.open(sent.ma)
    node.store.write("test.change", change)
    node.close()
    carry(sent)
    sent.settle()
    [first, _] = value("attachment", "list", sent.be, sent.message, "--as", "ann")
    assert (first["state"], first["outcome"]) == ("refused", "wrong-type")
    assert "file 1 was not taken" in shown(sent, "be")["delivery"]["words"]
    assert (
        "refused: its bytes are not of its type" in ok("attachment", "list", sent.be, sent.message, "--as", "ann").out
    )


def test_erased_with_the_message_its_files_are_gone(sent):
    sent.settle()
    carry(sent)
    sent.settle()
    ok("person", "add", sent.ma, "dana", "--user", this_user(), "--as", FIRST["ma"])
    ok("person", "grant", sent.ma, "dana", "dpo", "--as", FIRST["ma"])
    ok("erase", sent.ma, sent.message, "--ground", "order", "--reason", "order 2026/114", "--as", "dana")
    [gone] = value("attachment", "list", sent.ma, sent.dossier, "--as", "nadia")
    assert (gone["message"], gone["state"]) == (sent.message, "erased")
    out = sent.folder / "late.jpg"
    late = call("attachment", "save", sent.ma, sent.message, "1", "--out", out, "--reason", "late", "--as", "nadia")
    assert late.code == 4
    assert "erased here" in late.err
    node = Node.open(sent.ma)
    assert node.store.read(lambda tx: tx.scan(ATTACHMENTS, limit=10)) == []
    while attachments.tidy(node.ctx):
        pass
    assert node.store.read(lambda tx: tx.scan(BODIES, limit=10)) == []
    node.close()


# -- evidence ----------------------------------------------------------------------------------------------------------


def test_a_saved_file_is_held_against_evidence_without_a_node(sent):
    sent.settle()
    carry(sent)
    sent.settle()
    evidence = sent.folder / "evidence.json"
    ok("evidence", sent.be, sent.message, "--out", evidence, "--as", "ann")
    trust = ("--trust", sent.be / "identity.json", "--trust", sent.ma / "identity.json")
    plain = sent.folder / "passport.jpg"
    made = value("verify", evidence, "--attachment", plain, *trust)
    assert made["verdict"] == "verified"
    held = [one for one in made["statements"] if one["about"] == f"file {plain}"]
    assert [one["result"] for one in held] == ["holds"]
    assert f"is file 1 of message {sent.message}, byte for byte" in held[0]["says"]
    others = [one for one in made["statements"] if "was given to compare" in one["says"]]
    assert [one["result"] for one in others] == ["absent"]
    taken = [one for one in made["statements"] if "whole and of its type, says ma" in one["says"]]
    assert [one["result"] for one in taken] == ["holds", "holds"]
    # One byte more, less or other, and it is none of them.
    for bytes_ in (JPEG[:-1], JPEG + b"x", JPEG[:-1] + bytes([JPEG[-1] ^ 1]), b""):
        other = sent.folder / "other.jpg"
        other.write_bytes(bytes_)
        wrong = call("verify", evidence, "--attachment", other, *trust, "--json")
        assert wrong.code == 1
        assert wrong.json["verdict"] == "failed"


def test_sizes_that_differ_look_different():
    assert [amount(size) for size in (1, 65535, 65537)] == ["1 byte", "65535 bytes", "65537 bytes"]
    assert amount(3 << 20) == "3 MiB"
