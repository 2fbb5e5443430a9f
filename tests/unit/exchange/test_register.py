"""The register of erasures: durable, private, whole or not there."""

import stat
from pathlib import Path

import pytest

from passerelle.core.errors import InputError, JsonError
from passerelle.core.ids import new_id
from passerelle.exchange.register import NAME, Register
from passerelle.ports.erasures import Erasure, Ground


def made(ground: str = Ground.REQUEST.value) -> Erasure:
    return Erasure(message=new_id(), commitment=b"\x07" * 32, time=1_795_262_400_000, by="dana", ground=ground)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path / NAME)


def test_what_was_written_is_read_in_its_order(register: Register) -> None:
    assert register.read() == []
    first, second, third = made(), made(Ground.ORDER.value), made()
    register.add([first, second])
    Register(register.path).add([third])
    assert register.read() == [first, second, third]


def test_its_owner_alone_reads_it(register: Register) -> None:
    register.add([made()])
    assert stat.S_IMODE(register.path.stat().st_mode) == 0o600


def test_nothing_is_written_for_nothing(register: Register) -> None:
    register.add([])
    assert not register.path.exists()


@pytest.mark.parametrize("torn", [b"{", b'{"v":1', b"\0" * 40, b"x"])
def test_a_line_without_its_end_binds_nothing_and_goes(register: Register, torn: bytes) -> None:
    first, second = made(), made()
    register.add([first])
    with register.path.open("ab") as file:
        file.write(torn)
    assert register.read() == [first]
    register.add([second])
    assert register.read() == [first, second]


def test_a_line_is_torn_at_any_byte(register: Register) -> None:
    first, second = made(), made()
    register.add([first])
    begin = register.path.stat().st_size
    register.add([second])
    whole = register.path.read_bytes()
    for end in range(begin, len(whole)):
        register.path.write_bytes(whole[:end])
        assert register.read() == [first]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"v":1', b'"v":2'),
        (b'"ground":"request"', b'"ground":"because"'),
        (b'"by":"dana"', b'"by":"dana","name":"Youssef"'),
        (b'"message":"0', b'"message":"x'),
        (b"07", b"7"),
        (b"1795262400000", b'"yesterday"'),
    ],
)
def test_a_line_that_is_not_of_the_form_stops_the_reader(register: Register, before: bytes, after: bytes) -> None:
    register.add([made(), made()])
    lines = register.path.read_bytes().split(b"\n")
    lines[0] = lines[0].replace(before, after, 1)
    register.path.write_bytes(b"\n".join(lines))
    with pytest.raises(InputError, match="line 1: expected an erasure"):
        register.read()


def test_a_line_that_is_no_json_is_named_by_its_number(register: Register) -> None:
    register.add([made(), made()])
    register.path.write_bytes(register.path.read_bytes() + b"not json\n")
    with pytest.raises(JsonError, match="line 3"):
        register.read()


def test_what_is_no_file_is_said_when_it_is_read_and_written(register: Register) -> None:
    register.path.mkdir()
    with pytest.raises(InputError, match="expected a readable register"):
        register.read()
    with pytest.raises(InputError, match="expected to write the register"):
        register.add([made()])
