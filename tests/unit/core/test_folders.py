"""Files and folders that are there whole or not at all, whoever else makes one, and however it ends."""

import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from passerelle.core.errors import FullError, InputError
from passerelle.core.folders import fresh, fresh_file, regular

KILLED = """
import sys, time
from pathlib import Path
from passerelle.core.folders import fresh_file
with fresh_file(Path(sys.argv[1]), nameless=sys.argv[2] == "True") as file:
    file.write(b"a part")
    file.flush()
    print("here", flush=True)
    time.sleep(60)
"""


def killed(path, nameless):
    command = [sys.executable, "-c", KILLED, str(path), str(nameless)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "here\n"
        during = os.listdir(path.parent)
        process.send_signal(signal.SIGKILL)
    return during


@pytest.mark.parametrize("nameless", [True, False])
def test_what_is_there_is_never_replaced(tmp_path, nameless):
    path = tmp_path / "out"

    def both():
        with fresh_file(path, nameless=nameless) as slow:
            slow.write(b"the first")
            with fresh_file(path, nameless=nameless) as fast:
                fast.write(b"the second, which is whole")

    with pytest.raises(InputError, match="which is there"):
        both()
    assert path.read_bytes() == b"the second, which is whole"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["out"]


def test_a_link_that_leads_nowhere_is_there_too(tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="which is there"), fresh_file(tmp_path / "out"):
        pass


def test_nothing_is_left_of_one_that_was_killed(tmp_path):
    assert killed(tmp_path / "out", True) == []
    assert os.listdir(tmp_path) == []


def test_what_a_kill_leaves_goes_with_the_next_whatever_its_name(tmp_path):
    (left,) = killed(tmp_path / "out-monday", False)
    assert os.listdir(tmp_path) == [left]
    with fresh_file(tmp_path / "out-tuesday", nameless=False) as one:
        one.write(b"whole")
        assert left not in os.listdir(tmp_path)
        with fresh_file(tmp_path / "out-wednesday", nameless=False):  # which leaves alone what is being written
            pass
    assert sorted(os.listdir(tmp_path)) == ["out-tuesday", "out-wednesday"]
    assert (tmp_path / "out-tuesday").read_bytes() == b"whole"


def test_a_full_disk_is_told_as_such(tmp_path):
    def fill():
        with fresh(tmp_path / "be") as made, (made / "x").open("wb") as file, open("/dev/full", "wb", 0) as full:
            file.write(b"x")
            full.write(b"x")

    with pytest.raises(FullError, match="be: expected room on the disk, got none"):
        fill()
    assert os.listdir(tmp_path) == []


def test_a_disk_without_room_is_said_with_the_file_and_leaves_none(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with (
            pytest.raises(FullError, match=r"to-ma\.courier: expected room on the disk"),
            fresh_file(tmp_path / "to-ma.courier") as file,
        ):
            file.write(bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert os.listdir(tmp_path) == []


def test_what_may_never_end_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="not a regular file"):
            regular(path)
    (tmp_path / "file").write_bytes(b"here")
    with regular(tmp_path / "file") as file:
        assert file.read() == b"here"
