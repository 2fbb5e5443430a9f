"""Files that are made whole or not at all."""

import os
import resource
from pathlib import Path

import pytest

from passerelle.core.errors import FullError
from passerelle.core.folders import fresh_file, regular


def test_a_disk_without_room_is_said_with_the_file_and_leaves_none(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with (
            pytest.raises(FullError, match="expected room on the disk"),
            fresh_file(tmp_path / "to-ma.courier") as file,
        ):
            file.write(bytes(100_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_what_may_never_end_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(OSError, match="not a regular file"):
            regular(path)
    (tmp_path / "file").write_bytes(b"here")
    with regular(tmp_path / "file") as file:
        assert file.read() == b"here"
