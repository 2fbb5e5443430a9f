"""The bytes of the search: what was written is read; whatever else comes is refused by its form, never by a crash."""

import os
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.core.errors import NoteError
from passerelle.exchange import sealing
from passerelle.exchange.checks import BatchRefusedError
from passerelle.identity import keys
from passerelle.search import blinding, sizes, wire, wire_tables

BE, MA = (keys.NodeKeys(name, keys.generate(name)) for name in ("be", "ma"))
NOW = 1_795_262_400_000
HANDLE = bytes(range(16)).hex()
EPOCHS = ("a" * 64, "b" * 64)
ELEMENTS = blinding.blind(bytes(32), ["a|1"], 10).elements
ASKING = wire.Asking("tracing-wanted-persons", "c" * 64, ELEMENTS)


def question(asking: wire.Asking = ASKING) -> bytes:
    return wire.question(
        ("be", "ma"), HANDLE, "wanted", EPOCHS, asking, to=MA.sealing.public, signer=BE.envelope, now=NOW
    )


def opened(body: bytes) -> tuple[wire.QuestionHeader, wire.Asking]:
    length = int.from_bytes(body[:4])
    header = wire.read_question_header(body[4 : 4 + length])
    return header, wire.open_question(header, body[4 + length :], sender=BE.envelope.verifier, key=MA.sealing)


ANSWER = wire.Answer(
    tuple(wire.Evaluated(epoch, ELEMENTS, bytes([place]) * sizes.PROOF) for place, epoch in enumerate(EPOCHS)),
    7,
    70,
    True,
    b"a list",
)


def answer(given_: wire.Answer = ANSWER) -> bytes:
    header, asking = opened(question())
    return wire.answer(header, asking, given_, to=BE.sealing.public, signer=MA.envelope, now=NOW)


def read(body: bytes, epochs: tuple[str, ...] = EPOCHS, count: int = 10) -> tuple[wire.AnswerHeader, wire.Answer]:
    header, sealed = wire.read_answer(body)
    return header, wire.open_answer(header, sealed, epochs, count, sender=MA.envelope.verifier, key=BE.sealing)


def test_questions_and_answers_come_back_as_they_were_written() -> None:
    header, asking = opened(question())
    assert asking == ASKING
    assert (header.sender, header.receiver, header.handle, header.index) == ("be", "ma", HANDLE, "wanted")
    assert (header.epochs, header.time) == (EPOCHS, NOW)
    back, found = read(answer())
    assert found == ANSWER
    assert (back.sender, back.handle, back.elements) == ("ma", HANDLE, ASKING.digest)


def test_a_question_says_nothing_of_elements_in_clear_and_its_size_hangs_on_their_number() -> None:
    one, other = (
        wire.Asking(ASKING.purpose, ASKING.channel, blinding.blind(os.urandom(32), [key], 10).elements)
        for key in ("a|1", "something|quite|different")
    )
    first, second = question(one), question(other)
    assert len(first) == len(second)
    assert not any(ELEMENTS[at : at + 32] in question() for at in range(0, len(ELEMENTS), 32))


def test_an_answer_for_other_epochs_or_another_number_is_refused() -> None:
    body = answer()
    for epochs, count in ((EPOCHS[:1], 10), (EPOCHS[::-1], 10), (EPOCHS, 9), (EPOCHS, 11)):
        with pytest.raises(BatchRefusedError) as found:
            read(body, epochs, count)
        assert str(found.value.check) == "0"


def sealed(plain: bytes) -> bytes:
    """A question with this inside, as a partner who writes what it likes seals it."""
    info = question()[4:].partition(b"\n\n")[0].rpartition(b"\n")[0] + b"\n"
    return sealing.seal_under(info, plain, to=MA.sealing.public, signer=BE.envelope)


def plain(count: int = 10, more: bytes = b"", version: int = 1, purpose: bytes = b"x") -> bytes:
    head = struct.pack(">BB", version, len(purpose)) + purpose + bytes(32) + ASKING.digest
    return head + struct.pack(">I", count) + ELEMENTS + more


@pytest.mark.parametrize(
    ("inside", "check"),
    [
        (b"", "0"),
        (plain(version=2), "0"),
        (plain(purpose=b"\xff"), "0"),
        (plain(more=b"x"), "0"),
        (plain(count=11), "0"),
        (plain(count=0), "9"),
        (plain(count=2**32 - 1), "9"),
        (plain(count=9, more=b""), "0"),
        (plain()[:-1] + b"x", "9"),
    ],
)
def test_an_inside_out_of_form_is_refused(inside: bytes, check: str) -> None:
    with pytest.raises(BatchRefusedError) as found:
        opened(sealed(inside))
    assert str(found.value.check) == check
    assert opened(sealed(plain()))[1].elements == ELEMENTS


HEADER = question()[4:].partition(b"\n\n")[0].split(b"\n")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (0, b"passerelle-question/2"),
        (1, b"be"),
        (1, b" ma"),
        (2, b"AAAA"),
        (2, b"*"),
        (3, b"Wanted"),
        (3, b"../x"),
        (4, b"-"),
        (4, EPOCHS[0].encode()),
        (4, f"{EPOCHS[0]} {EPOCHS[0]}".encode()),
        (4, f"{EPOCHS[0]}  {EPOCHS[1]}".encode()),
        (6, b"-1"),
        (6, b"01"),
        (6, b"1e3"),
    ],
)
def test_a_header_out_of_form_is_refused(line: int, value: bytes) -> None:
    lines = [value if place == line else one for place, one in enumerate(HEADER)]
    tail = question()[4:].partition(b"\n\n")[2].split(b"\n")[0]
    with pytest.raises(BatchRefusedError) as found:
        wire.read_question_header(b"\n".join(lines) + b"\n\n" + tail + b"\n")
    assert str(found.value.check) == "0"


QUESTION, ANSWERED = question(), answer()


@given(st.integers(0, len(QUESTION) - 1), st.integers(1, 255))
def test_a_changed_byte_of_a_question_is_refused(place: int, by: int) -> None:
    body = bytearray(QUESTION)
    body[place] ^= by
    with pytest.raises(BatchRefusedError):
        opened(bytes(body))


@given(st.integers(0, len(ANSWERED) - 1), st.integers(1, 255))
def test_a_changed_byte_of_an_answer_is_refused(place: int, by: int) -> None:
    body = bytearray(ANSWERED)
    body[place] ^= by
    with pytest.raises(BatchRefusedError):
        read(bytes(body))


@given(st.binary(max_size=300))
def test_whatever_comes_is_refused_by_its_form(data: bytes) -> None:
    for reading in (
        opened,
        read,
        wire.read_question_header,
        lambda one: wire_tables.read_request(one, wire_tables.TABLE_REQUEST),
        lambda one: wire_tables.read_request(one, wire_tables.WITHDRAWALS_REQUEST),
        lambda one: wire_tables.read_shards(one, 0, 10**6),
        wire_tables.read_withdrawals,
    ):
        with pytest.raises((BatchRefusedError, NoteError)):
            reading(data)


@given(st.lists(st.binary(min_size=9, max_size=9), min_size=1, max_size=5), st.integers(0, 9), st.integers(0, 16))
def test_shards_come_back_as_they_were_written(bodies: list[bytes], first: int, hashes: int) -> None:
    path = tuple(bytes([place]) * 32 for place in range(hashes))
    parts = [wire_tables.ShardPart(first + place, path, body) for place, body in enumerate(bodies)]
    written = wire_tables.shards(parts)
    assert wire_tables.read_shards(written, first, 9) == parts
    for wrong_first, size in ((first + 1, 9), (first, 8), (first, 10)):
        with pytest.raises(BatchRefusedError):
            wire_tables.read_shards(written, wrong_first, size)
