"""The register of erasures: durable, private, whole or not there."""

import stat
from pathlib import Path

import pytest

from passerelle.core.errors import InputError, JsonError
from passerelle.core.ids import new_id
from passerelle.exchange.register import NAME, Register, parse
from passerelle.ports.erasures import Erasure, Ground


def made(ground: str = Ground.REQUEST.value) -> Erasure:
    return Erasure(message=new_id(), commitment=b"\x07" * 32, time=1_795_262_400_000, by="dana", ground=ground)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path / NAME, "be")


def test_what_was_written_is_read_in_its_order(register: Register) -> None:
    assert register.read() == []
    first, second, third = made(), made(Ground.ORDER.value), made()
    register.add([first, second])
    Register(register.path, "be").add([third])
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
    lines[1] = lines[1].replace(before, after, 1)
    register.path.write_bytes(b"\n".join(lines))
    with pytest.raises(InputError, match="line 2: expected an erasure"):
        register.read()


def test_a_line_that_is_no_json_is_named_by_its_number(register: Register) -> None:
    register.add([made(), made()])
    register.path.write_bytes(register.path.read_bytes() + b"not json\n")
    with pytest.raises(JsonError, match="line 4"):
        register.read()


def test_what_is_no_file_is_said_when_it_is_read_and_written(register: Register) -> None:
    register.path.mkdir()
    with pytest.raises(InputError, match="expected a readable register"):
        register.read()
    with pytest.raises(InputError, match="expected to write the register"):
        register.add([made()])


def test_one_in_which_nothing_was_erased_is_known_from_any_other_file(register: Register) -> None:
    register.begin()
    data = register.path.read_bytes()
    assert data == b'{"format":"passerelle-erasures/1","node":"be"}\n'
    assert parse(data, "it", "be", given=True) == []
    register.begin()
    assert register.path.read_bytes() == data
    with pytest.raises(InputError, match="expected the register of erasures of ma"):
        parse(data, "it", "ma")
    for other in (b"", b"\n", data[:-1], b'{"name":"be"}', b'{"name":"be"}\n', data.replace(b"/1", b"/2")):
        with pytest.raises(InputError, match="expected the register of erasures of be, got another file"):
            parse(other, "it", "be", given=True)


def test_nothing_is_written_behind_another_file(register: Register) -> None:
    register.path.write_bytes(b"notes of a person\n")
    for deed in (register.begin, lambda: register.add([made()]), register.read):
        with pytest.raises(InputError, match="got another file"):
            deed()
    assert register.path.read_bytes() == b"notes of a person\n"


def test_a_beginning_that_was_torn_is_begun_again(register: Register) -> None:
    register.begin()
    whole = register.path.read_bytes()
    for end in range(len(whole)):
        register.path.write_bytes(whole[:end])
        assert register.read() == []
        register.begin()
        assert register.path.read_bytes() == whole


def test_what_a_person_gives_ends_in_a_line_or_in_the_beginning_of_one(register: Register) -> None:
    first, second = made(), Erasure(new_id(), b"\xff" * 32, 0, 'd"\\\u00e9', Ground.TIME_LIMIT.value)
    register.add([first])
    begin = register.path.stat().st_size
    register.add([second])
    whole = register.path.read_bytes()
    for end in range(begin, len(whole)):
        assert parse(whole[:end], "it", "be", given=True) == [first]
    for torn in (b"x", b"\0" * 40, b'{"v":1', b'{"name":"be"', whole[begin:-1] + b" "):
        assert parse(whole + torn, "it", "be") == [first, second]
        with pytest.raises(InputError, match="of something else"):
            parse(whole + torn, "it", "be", given=True)
