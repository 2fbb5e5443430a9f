"""Strict JSON: one reading of the same bytes, and clear words for everything else."""

import contextlib
import json as plain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.core import json
from passerelle.core.errors import JsonError
from passerelle.core.text import forbidden_character

BAD = {
    "duplicate key": b'{"a":1,"a":2}',
    "duplicate key below": b'[{"x":{"a":1,"b":2,"a":3}}]',
    "float": b"[1.5]",
    "exponent": b"[1e5]",
    "huge integer": b"[9007199254740992]",
    "integer of many digits": b"[" + b"9" * 10_000 + b"]",
    "not a number": b"[NaN]",
    "infinity": b"[-Infinity]",
    "deep array": b"[" * 33 + b"]" * 33,
    "deeper than any stack": b"[" * 200_000,
    "deep object": b'{"a":' * 33 + b"1" + b"}" * 33,
    "truncated": b'{"a":[1,2',
    "trailing": b"{} {}",
    "empty": b"",
    "not UTF-8": b'"\xff"',
    "byte order mark": b'\xef\xbb\xbf{"a":1}',
    "lone surrogate": b'"\\ud800"',
    "override, escaped": b'"a\\u202eb"',
    "override, raw": '"a\u202eb"'.encode(),
    "isolate": '"\u2066"'.encode(),
    "null": b'"\\u0000"',
    "escape character": b'"\\u001b[2J"',
    "raw control": b'"\x01"',
    "delete": b'"\x7f"',
    "C1 control": '"\u0085"'.encode(),
    "line separator": '"\u2028"'.encode(),
    "control in a key": b'{"a\\u0007":1}',
    "override in a key": '{"\u202d":1}'.encode(),
    "carriage return": b'"a\\rb"',
}


@pytest.mark.parametrize("name", BAD)
def test_refused(name):
    with pytest.raises(JsonError, match=r"^content: expected "):
        json.parse(BAD[name], "content")


def test_depth_of_32_is_read_and_names_in_every_script_too():
    assert json.parse(b"[" * 32 + b"]" * 32)
    for name in ("المسكيني", "Müller", "Aït Ahmed", "نامه\u200cای", "line\nline\ttab"):
        assert json.parse(plain.dumps([name]).encode()) == [name]
        assert json.parse(plain.dumps([name], ensure_ascii=False).encode()) == [name]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-json.MAX_INTEGER, json.MAX_INTEGER)
    | st.text().filter(lambda t: forbidden_character(t) is None),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8).filter(lambda t: forbidden_character(t) is None), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(values)
def test_what_is_written_canonically_is_read_back_equal(value):
    assert json.parse(json.canonical(value)) == value
    assert json.canonical(json.parse(json.canonical(value))) == json.canonical(value)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_clear_error(data):
    with contextlib.suppress(JsonError):
        assert json.parse(data) == plain.loads(data)


@given(values | st.floats() | st.lists(st.floats() | st.text(), min_size=1, max_size=3))
def test_what_is_found_readable_when_written_is_read(value):
    """The sender's quick check and the receiver's full reading agree."""
    try:
        body = json.canonical(value)
    except (ValueError, UnicodeEncodeError):
        return
    try:
        json.check_written(body)
    except JsonError:
        with pytest.raises(JsonError):
            json.parse(body)
    else:
        assert json.parse(body) == value
