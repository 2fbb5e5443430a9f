"""What holds for every file: arbitrary bytes become entries and faults, and what was written is read again."""

import string
from datetime import date, timedelta
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.persons.marks import check_digit
from passerelle.persons.model import Entry, Fault
from passerelle.screening.readers import FORMS, Options, Reading, entries
from tests import zones
from tests.edifact import COUNTS, CREW, FLIGHT, TRAVELLER, interchange
from tests.unit.screening.test_readers_ofac import ADD, ALT, SDN
from tests.unit.screening.test_readers_un import PERSON, of_

TODAY = date(2026, 6, 1)
SEEDS = {
    "un": of_(PERSON * 2),
    "ofac": SDN.format(remarks="DOB 1960; Passport 12 (Egypt); POB Oujda, Morocco.").encode(),
    "csv": b'name;family;given;birth;passport\n"A";B;C;03/04/1980;AB1\n',
    "jsonl": b'{"id": 1, "names": ["A"], "birth": ["1980"], "documents": ["X"]}\n',
    "mrz": (zones.td3("A", "B", "AB1234567", "MAR", "850517", "F", "300101") * 2).encode(),
    "paxlst": interchange([*FLIGHT, *TRAVELLER, *CREW, *COUNTS]).encode(),
}
LETTERS = st.text(string.ascii_uppercase, min_size=1, max_size=12)
WORDS = st.lists(LETTERS, min_size=1, max_size=4).map(" ".join)
CODES = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=14)
DAYS = st.integers(0, 30_000).map(lambda days: TODAY - timedelta(days))


def read(data: bytes, form: str | None) -> tuple[list[Entry | Fault], Reading]:
    reading = entries(BytesIO(data), form, options=Options(today=TODAY))
    return list(reading), reading


def sound(data: bytes, form: str | None) -> None:
    """Every answer is an entry that says something or a fault that says where and what."""
    found, reading = read(data, form)
    assert reading.entries + reading.faults == len(found)
    for one in found:
        if isinstance(one, Entry):
            person = one.person
            assert one.id
            assert person.names or person.documents or person.numbers
            assert all(name.text and len(name.text) <= 10_000 for name in person.names)
            assert len(one.note) <= 2_000
        else:
            assert "expected" in one.message
            assert one.line >= 0
            assert one.column >= 0


@pytest.mark.parametrize("form", [*FORMS, None])
@settings(max_examples=150)
@given(data=st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(form: str | None, data: bytes) -> None:
    sound(data, form)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=150)
@given(data=st.data())
def test_files_that_were_changed_somewhere_never_raise(form: str, data: st.DataObject) -> None:
    seed = bytearray(SEEDS[form])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(seed) - 1))
        piece = data.draw(
            st.one_of(st.binary(max_size=4), st.text(max_size=3).map(lambda text: text.encode("utf-8", "replace")))
        )
        seed[at : at + data.draw(st.integers(0, 6))] = piece
        seed = seed or bytearray(b"x")
    sound(bytes(seed), form)


@settings(max_examples=60)
@given(
    sdn=st.binary(max_size=80),
    alt=st.text("0123456789,\"'-ak\n", max_size=80),
    add=st.text("0123456789,-\n", max_size=80),
)
def test_three_arbitrary_files_never_raise(sdn: bytes, alt: str, add: str) -> None:
    files = [SEEDS["ofac"] + sdn, ALT.encode() + alt.encode(), ADD.encode() + add.encode()]
    found = list(entries([BytesIO(one) for one in files], "ofac", options=Options(today=TODAY)))
    assert any(isinstance(one, Entry) for one in found)


@given(text=st.text(string.ascii_uppercase + string.digits + "<", max_size=60))
def test_check_digits_are_those_of_the_standard(text: str) -> None:
    assert check_digit(text) == zones.digit(text)


@given(text=st.text(string.digits, min_size=2, max_size=30), data=st.data())
def test_a_check_digit_finds_every_single_wrong_digit(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([one for one in string.digits if one != text[at]]))
    changed = text[:at] + other + text[at + 1 :]
    # A weight of 7, 3 or 1 has no common divisor with 10, so no two digits weigh the same.
    assert check_digit(changed) != check_digit(text)


@settings(max_examples=150)
@given(
    family=WORDS, given_=st.one_of(st.just(""), WORDS), number=CODES, born=DAYS, sex=st.sampled_from("MFX<"),
    kind=st.sampled_from(["td1", "td2", "td3", "visa-a", "visa-b"]),
)  # fmt: skip
def test_zones_are_read_as_they_were_written(
    family: str, given_: str, number: str, born: date, sex: str, kind: str
) -> None:
    width = {"td1": 30, "td2": 31, "td3": 39, "visa-a": 39, "visa-b": 31}[kind]
    longest = {"td1": 22, "td2": 14}.get(kind, 9)
    number = number[:longest]
    fields = (family, given_, number, "BEL", born.strftime("%y%m%d"), sex, "300101")
    if kind.startswith("visa"):
        text = zones.visa(44 if kind == "visa-a" else 36, *fields)
    else:
        text = getattr(zones, kind)(*fields)
    (one,), reading = read(text.encode(), "mrz")
    assert isinstance(one, Entry), one
    assert reading.faults == 0
    (name,) = one.person.names
    written = zones.name_field(family, given_, width)
    if not name.cut:
        assert (name.family, name.given) == (family, given_)
    if not written.endswith("<"):
        assert name.cut
    assert written.replace("<", " ").split() == " ".join((name.family, name.given)).split()
    assert one.person.documents[0].number == number
    assert born.isoformat() in [birth.date for birth in one.person.births]
    assert one.person.nationalities == ("BE",)


@settings(max_examples=150)
@given(
    family=st.text(string.printable.strip() + "éçالتز", min_size=1, max_size=34),
    given_=st.text(string.ascii_letters + "'?:+", min_size=1, max_size=30),
    service=st.sampled_from(["", ":+.? '", "*|.! ~", "?:.+ '"]),
)
def test_edifact_escapes_are_undone(family: str, given_: str, service: str) -> None:
    body = [*FLIGHT, ["NAD", "FL", "", "", [family, given_]]]
    (one,), reading = read(interchange(body, charset="UNOW", service=service).encode(), "paxlst")
    assert isinstance(one, Entry), one
    assert reading.faults == 0
    assert (one.person.names[0].family, one.person.names[0].given) == (family, given_)
