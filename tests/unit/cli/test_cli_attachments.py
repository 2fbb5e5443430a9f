"""Files at the desk, by the command line: added, taken out, listed, written down."""

import os
import stat

import pytest

from passerelle.exchange import filenames
from passerelle.exchange.media import MEDIA
from passerelle.node import Node
from passerelle.office.asking import this_user
from passerelle.ports.attachments import ATTACHMENTS, BODIES
from passerelle.ports.records import AUDITS
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


def test_a_draft_that_is_thrown_away_takes_its_files_along(draft):
    add(draft, "passport.jpg")
    ok("dossier", "discard", draft.be, draft.draft_id, "--reason", "wrong person", "--as", "luc")
    assert rows(draft) == []


@pytest.mark.parametrize(
    ("name", "bytes_", "how", "says"),
    [
        ("photo.jpg", b"MZ\x90\x00 this program", {}, "got a program"),
        ("photo.jpg", PDF, {}, "got one that begins otherwise"),
        ("page.html", b"<html>", {}, "expected the type of a file"),
        ("page.txt", b"<html><body>", {}, "got HTML, SVG or XML"),
        ("empty.txt", b"", {}, "got an empty file"),
        ("track.mp3", b"ID3 and more", {"media": "text/html"}, "got text/html"),
        ("notes.txt", b"words", {"name": "../notes.txt"}, "without a path"),
        ("unknown", b"\x00\x01\x02", {}, "expected the type of a file"),
    ],
)
def test_a_file_that_cannot_leave_is_refused_before_anything_is_kept(draft, name, bytes_, how, says):
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
