"""Which files a backup holds, and where it may put them."""

import msgspec
import pytest

from passerelle.backup import contents
from passerelle.backup.contents import File, Payload
from passerelle.core import settings
from passerelle.core.errors import BackupError, InputError

NODE = '[node]\nname = "be"\ncountry = "BE"\nlanguages = ["fr"]\ntimezone = "Europe/Brussels"\n'
TOKEN = b'{"format":"passerelle key 1","id":"00","label":"log","public":"AA==","sealed":"","token":"be"}'
SEALED = b'{"format":"passerelle key 1","id":"","label":"log","public":"AA==","sealed":"AA==","token":""}'


def make(folder, *paths):
    for path in paths:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"x")


def test_what_belongs_to_a_node_and_nothing_beside_it(tmp_path):
    own = (
        *("passerelle.toml", "identity.json", "tls.key", "tls.pem", "erasures.jsonl", "backup.pub"),
        *("keys/log.key", "keys/vault", "calendars/MA-2027.toml", "types/own.toml", "marks/ma.routine.carried"),
    )
    make(tmp_path, *own, "store.db", "store.db-wal", "serve.lock", "place.json", "marks/ma.routine", "old.backup")
    make(tmp_path, "keys/.log.key.new", "types/notes.txt", "keys.lock")
    text = f'{NODE}[catalogue]\nfolders = ["types", "/srv/types"]\n[backup]\nrecipients = ["backup.pub", "../b.pub"]\n'
    found, absent = contents.names(tmp_path, settings.parse(text))
    assert sorted(found) == sorted(own)
    assert absent == ("/srv/types", "../b.pub")


def test_a_folder_of_types_that_is_the_node_s_own_takes_no_store_along(tmp_path):
    make(tmp_path, "passerelle.toml", "identity.json", "store.db", "own.toml", "tls.key")
    found, _ = contents.names(tmp_path, settings.parse(f'{NODE}[catalogue]\nfolders = ["."]\n'))
    assert sorted(found) == ["identity.json", "own.toml", "passerelle.toml", "tls.key"]


@pytest.mark.parametrize(
    ("path", "body", "private"),
    [
        ("keys/log.key", b"c2VlZA==\n", True),
        ("keys/log.key", SEALED, True),
        ("keys/log.key", TOKEN, False),
        ("keys/vault", b"{}", True),
        ("tls.key", b"-----BEGIN", True),
        ("tls.pem", b"-----BEGIN", False),
        ("keys/identity-00.json", b"{}", False),
    ],
)
def test_what_holds_a_private_key(path, body, private):
    assert contents.is_private(path, body) is private
    assert contents.in_token(body) is (body == TOKEN)


def payload(*found):
    return Payload(iter([b"".join(contents.encode(found)) + b"records"]))


def test_files_come_first_then_the_records():
    one, two = File("a", 0o600, b"1"), File("keys/b", 0o644, b"")
    whole = b"".join(contents.encode([one, two])) + b"records"
    cut = Payload(whole[at : at + 3] for at in range(0, len(whole), 3))
    assert list(cut.files()) == [one, two]
    assert b"".join(cut.records()) == b"records"


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", ".ssh/config", "", "a/.b", "a\0b"])
def test_nothing_is_put_outside_the_folder(path):
    with pytest.raises(BackupError, match="below the folder"):
        list(payload(File(path, 0o600, b"")).files())


def test_what_is_no_file_or_too_large_is_refused(tmp_path):
    with pytest.raises(BackupError, match="something else"):
        list(Payload(iter([b"\0\0\0\x01\xc1"])).files())
    with pytest.raises(BackupError, match="at most"):
        list(Payload(iter([b"\xff\xff\xff\xff"])).files())
    with pytest.raises(BackupError, match="a part of them"):
        list(Payload(iter([msgspec.msgpack.encode(1)])).files())
    with (tmp_path / "large").open("wb") as file:
        file.truncate(contents.LARGEST + 1)
    with pytest.raises(InputError, match="at most"):
        contents.read(tmp_path, ["large"])


def test_a_file_comes_back_for_its_owner(tmp_path):
    for mode, back in ((0o777, 0o644), (0o600, 0o600), (0o444, 0o644), (0o640, 0o640)):
        contents.write(tmp_path, File(f"new/{mode}", mode, b"body"))
        assert (tmp_path / "new" / str(mode)).stat().st_mode & 0o7777 == back
