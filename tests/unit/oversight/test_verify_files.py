"""A plain file held against evidence: it is the one that was announced, or it fails."""

import io
import random
from collections.abc import Callable
from typing import Any, BinaryIO

import pytest

from passerelle.core import json
from passerelle.exchange import attachments
from passerelle.identity.keys import unb64
from passerelle.identity.stream import CHUNK
from passerelle.ledger.pieces import CHUNKS
from passerelle.ledger.resealing import Resealing, is_file
from passerelle.oversight import verify_files
from passerelle.oversight.verify import FAILED, VERIFIED, Report, verify
from tests.peers.pair import partners
from tests.unit.oversight.test_evidence_corpus import sealed, with_files

PIECE = CHUNKS * CHUNK
SIZES = (1, CHUNK - 1, CHUNK, CHUNK + 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 3 * CHUNK + 7)


@pytest.mark.parametrize("size", SIZES)
def test_a_file_has_the_address_under_which_it_was_sealed_however_it_is_read(size: int) -> None:
    ctx = partners().be.ctx
    data = random.Random(size).randbytes(size)
    made = attachments.seal(ctx, io.BytesIO(data), name="file.bin", media="application/octet-stream")
    key = unb64(made.key)
    for part in (size, 1000, CHUNK, PIECE + 1):
        parts = [data[at : at + part] for at in range(0, size, part)]
        assert is_file(made.address, key, size, parts)
    assert not is_file(made.address, key, size, [data[:-1] + bytes([data[-1] ^ 1])])
    assert not is_file(made.address, key, size, [data[:-1]])
    assert not is_file(made.address, key, size, [data, b"x"])
    assert not is_file(made.address, bytes(32), size, [data])
    reading = Resealing(key, size)
    reading.add(data)
    assert reading.is_at(made.address)
    assert reading.is_at(made.address)  # asked twice, it says the same


def photo() -> bytes:
    """The bytes of the first file of the scene."""
    scene = with_files()
    be = scene.pair.be
    content = next(
        json.parse_object(item["content"])
        for item in scene.file("be", "files")["messages"]
        if scene.ids["files"] in item["leaf"]
    )
    one = content["attachments"][0]
    return b"".join(attachments.open_stream(be.ctx, one["address"], unb64(one["key"])))


def held(value: dict[str, Any], *files: bytes) -> Report:
    data = sealed(value)
    opened: dict[str, Callable[[], BinaryIO]] = {
        f"{number}.png": (lambda body=body: io.BytesIO(body))  # type: ignore[misc]
        for number, body in enumerate(files)
    }
    return verify_files.verify(verify(data, with_files().trusted), data, opened)


@pytest.mark.parametrize("by", ["be", "ma"])
def test_both_sides_evidence_says_which_file_it_is(by: str) -> None:
    report = held(with_files().file(by, "files"), photo())
    assert report.verdict == VERIFIED
    said = [(one.result, one.says) for one in report.statements if one.about == "file 0.png"]
    assert said == [("holds", f"is file 1 of message {with_files().ids['files']}, byte for byte")]
    absent = [one.says for one in report.statements if "was given to compare" in one.says]
    assert absent == ["its file 2 was given to compare"]


def test_a_file_that_nobody_announced_fails_the_whole() -> None:
    report = held(with_files().file("be", "files"), photo(), b"another")
    assert report.verdict == FAILED
    assert [one.result for one in report.statements if one.about == "file 1.png"] == ["fails"]


def test_nothing_is_said_of_a_file_by_evidence_that_fails() -> None:
    value = with_files().file("be", "files")
    value["messages"][0]["leaf"] += "x"
    report = held(value, photo())
    assert report.verdict == FAILED
    assert [one.detail for one in report.statements if one.about == "file 0.png"] == ["the evidence fails"]


def test_the_receiver_s_answers_are_statements_of_its_own() -> None:
    scene = with_files()
    report = held(scene.file("be", "files"))
    about = f"message {scene.ids['files']}"
    said = [one.says for one in report.statements if one.about == about and one.result == "holds"]
    assert "its file 1 is whole and of its type, says ma" in said
    assert "its file 2 was not taken, says ma" in said


def test_what_ma_erased_is_absent_from_its_evidence_and_there_in_be_s() -> None:
    scene = with_files()
    for by, words in (("ma", "withheld: erased"), ("be", "")):
        report = verify(sealed(scene.file(by, "erased")), scene.trusted)
        assert report.verdict == VERIFIED
        missing = [
            one.detail for one in report.statements if one.result == "absent" and scene.ids["erased"] in one.about
        ]
        assert [one.startswith("withheld: erased") for one in missing if "withheld" in one] == ([True] if words else [])
