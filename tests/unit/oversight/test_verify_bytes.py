"""Any changed byte of an evidence file fails: whatever is put, cut, moved, or written in another way."""

import json as plain_json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from passerelle.core import json
from passerelle.oversight.verify import FAILED, MAX_FILE, VERIFIED, verify
from tests.unit.oversight.test_evidence_corpus import compact, sealed

VALUE, TRUSTED = compact()
DATA = sealed(VALUE)
places = st.integers(0, len(DATA) - 1)
few = settings(max_examples=150)


def fails(data: bytes) -> bool:
    return verify(data, TRUSTED).verdict == FAILED


def test_it_is_good_before() -> None:
    assert verify(DATA, TRUSTED).verdict == VERIFIED


@few
@given(places, st.integers(1, 255))
def test_a_byte_is_another(place: int, by: int) -> None:
    assert fails(DATA[:place] + bytes([DATA[place] ^ by]) + DATA[place + 1 :])


def test_each_of_many_bytes_has_a_bit_changed() -> None:
    """Places that chance may not meet: one in 89, so that all parts of all lines of the file come up."""
    for place in range(0, len(DATA), 89):
        for bit in (0, 5):  # 5 changes the case of a letter and makes a letter of a figure
            assert fails(DATA[:place] + bytes([DATA[place] ^ 1 << bit]) + DATA[place + 1 :]), place


@few
@given(places, st.binary(min_size=1, max_size=5))
def test_bytes_are_put_in(place: int, more: bytes) -> None:
    assert fails(DATA[:place] + more + DATA[place:])


@few
@given(places, st.integers(1, 200))
def test_bytes_are_cut_out(place: int, length: int) -> None:
    assume(place + length < len(DATA))
    assert fails(DATA[:place] + DATA[place + length :])


@few
@given(st.integers(2, len(DATA)))
def test_it_is_cut_off(length: int) -> None:
    """All but the line feed at the end, which may be there or not."""
    assert fails(DATA[:-length])
    assert verify(DATA[:-1], TRUSTED).verdict == VERIFIED


@few
@given(st.binary(min_size=1, max_size=50))
def test_something_stands_behind_or_before(more: bytes) -> None:
    assert fails(DATA + more)
    assert fails(more + DATA)
    assert more == b"\n" or fails(DATA[:-1] + more)


@few
@given(places, places, st.integers(1, 100))
def test_two_parts_change_places(one: int, other: int, length: int) -> None:
    one, other = sorted((one, other))
    assume(one + length <= other and other + length <= len(DATA))
    moved = DATA[:one] + DATA[other : other + length] + DATA[one + length : other] + DATA[one : one + length]
    made = moved + DATA[other + length :]
    assume(made != DATA)
    assert fails(made)


TEXT = DATA.decode()
LOOSE = plain_json.loads(TEXT)


def written(value: Any) -> str:
    """The keys in the order in which they are."""
    return plain_json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"


WRITTEN = {
    "white space": plain_json.dumps(LOOSE, sort_keys=True, ensure_ascii=False),
    "indented": plain_json.dumps(LOOSE, sort_keys=True, ensure_ascii=False, indent=1),
    "escaped": plain_json.dumps(LOOSE, sort_keys=True, separators=(",", ":")),
    "reordered keys": written({key: LOOSE[key] for key in sorted(LOOSE, reverse=True)}),
    "reordered keys of a message": written(
        LOOSE | {"messages": [dict(sorted(one.items(), reverse=True)) for one in LOOSE["messages"]]}
    ),
    "a key twice": TEXT.replace('{"by":', '{"by":"ma","by":', 1),
    "the same key twice": TEXT.replace('"by":"ma",', '"by":"ma","by":"ma",', 1),
    "an escaped solidus": TEXT.replace("passerelle/be", "passerelle\\/be", 1),
    "an escaped letter": TEXT.replace('"by"', '"b\\u0079"', 1),
    "an escaped letter in upper case": TEXT.replace("\\n", "\\u000A", 1),
    "a line feed more": TEXT + "\n",
    "a carriage return": TEXT[:-1] + "\r\n",
    "a blank": TEXT[:-1] + " ",
    "a byte order mark": "\ufeff" + TEXT,
    "a second value": TEXT + "{}",
    "in a list": "[" + TEXT[:-1] + "]",
    "as a string": plain_json.dumps(TEXT),
    "a comma at the end": TEXT[:-2] + ",}\n",
    "a comment": TEXT[:-2] + "/**/}\n",
    "nothing": "",
    "an empty object": "{}",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_the_same_written_in_another_way(name: str) -> None:
    made = WRITTEN[name].encode()
    assert made != DATA
    assert fails(made)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-7"])
def test_another_encoding(encoding: str) -> None:
    assert fails(TEXT.encode(encoding))
    assert fails(TEXT.encode().replace("—".encode(), "—".encode("cp1252")))


# -- whatever stands in the file, there is a report -------------------------------------------------------------------

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def readable(value: Any) -> bool:
    try:
        json.parse(json.canonical(value))
    except (ValueError, json.JsonError):
        return False
    return True


@few
@given(st.sampled_from(sorted(set(VALUE) - {"digest"})), values)
def test_any_value_under_any_key_is_reported(key: str, value: Any) -> None:
    assume(readable(value) and value != VALUE[key])
    assume((key, value) != ("instruments", []))  # they are absent then
    assert fails(sealed(VALUE | {key: value}))


@few
@given(st.sampled_from(["messages", "identities", "instruments"]), st.integers(0, 1), values)
def test_any_value_in_any_list_is_reported(key: str, at: int, value: Any) -> None:
    assume(readable(value))
    assert fails(sealed(VALUE | {key: [*VALUE[key][:at], value, *VALUE[key][at + 1 :]]}))


@few
@given(st.sampled_from(sorted(VALUE["messages"][0])), values)
def test_any_value_in_any_part_of_a_message_is_reported(key: str, value: Any) -> None:
    assume(readable(value) and value != VALUE["messages"][0][key])
    messages = [VALUE["messages"][0] | {key: value}, *VALUE["messages"][1:]]
    assert fails(sealed(VALUE | {"messages": messages}))


@few
@given(st.binary(max_size=300))
def test_any_bytes_are_reported(data: bytes) -> None:
    report = verify(data)
    assert report.verdict == FAILED
    assert [one.result for one in report.statements] == ["fails"]


def test_a_file_that_is_too_large_is_not_even_read() -> None:
    (only,) = verify(bytes(MAX_FILE + 1)).statements
    assert (only.result, only.detail) == ("fails", f"expected at most {MAX_FILE} bytes, got {MAX_FILE + 1}")


def test_nothing_proves_nothing() -> None:
    for gone in ({"messages": []}, {"identities": []}, {"messages": [], "identities": [], "instruments": []}):
        assert fails(sealed(VALUE | gone))
