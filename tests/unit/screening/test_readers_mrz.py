"""Machine-readable zones: what each format says, what a wrong digit does, what was cut."""

import re
from datetime import date
from io import BytesIO

import pytest

from passerelle.persons.model import Entry, Fault
from passerelle.screening.readers import Options, entries
from tests import zones

TODAY = date(2026, 6, 1)
ICAO_TD3 = (  # the specimen of Doc 9303-4, appendix B
    b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\n"
)
ICAO_TD1 = (  # Doc 9303-5, appendix B
    b"I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<\n"
)
ICAO_TD2 = b"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6\n"
ICAO_MRV_A = b"V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<\n"


def read(data: bytes | str, *, keep: bool = True, form: str | None = "mrz") -> tuple[list[Entry], list[Fault]]:
    raw = data.encode() if isinstance(data, str) else data
    found = list(entries(BytesIO(raw), form, options=Options(today=TODAY, keep_misread=keep)))
    return [one for one in found if isinstance(one, Entry)], [one for one in found if isinstance(one, Fault)]


@pytest.mark.parametrize("data", [ICAO_TD3, ICAO_TD1, ICAO_TD2])
def test_the_specimens_of_the_standard_are_read_without_fault(data: bytes) -> None:
    (one,), faults = read(data, form=None)
    assert not faults
    (name,) = one.person.names
    assert (name.text, name.family, name.given, name.cut) == ("ERIKSSON, ANNA MARIA", "ERIKSSON", "ANNA MARIA", False)
    assert [birth.date for birth in one.person.births] == ["1974-08-12"]
    assert one.person.sex == "female"
    assert one.person.nationalities == ()
    assert "nationality: UTO (Utopia, of specimens)" in one.note
    (paper,) = one.person.documents
    assert paper.number in ("L898902C3", "D23145890")
    assert paper.expires == "2012-04-15"


def test_a_visa_of_the_standard_says_that_its_holder_has_no_known_nationality() -> None:
    (one,), faults = read(ICAO_MRV_A, form=None)
    assert not faults
    assert one.person.documents[0].kind == "visa"
    assert one.person.documents[0].number == "L8988901C"
    assert "nationality: XXX (person of unspecified nationality)" in one.note
    assert "optional data: 6ZE184226B" in one.note
    assert [birth.date for birth in one.person.births] == ["1940-09-07"]


def test_small_visas_and_germany() -> None:
    text = zones.visa(36, "TAZROUT", "YASMINA", "C1234567", "D<<", "010203", "F", "300101")
    (one,), faults = read(text)
    assert not faults
    assert one.person.nationalities == ("DE",)
    assert one.person.documents[0].country == "DE"


def test_a_wrong_digit_is_told_and_the_traveller_kept_and_marked() -> None:
    good = zones.td3("TAZROUT", "YASMINA", "AB1234567", "MAR", "850517", "F", "300101")
    line = good.splitlines()[1]
    wrong = good.replace(line, line[:9] + str((int(line[9]) + 1) % 10) + line[10:])
    (one,), faults = read(wrong)
    first, whole = faults
    assert (first.line, first.column) == (2, 10)
    assert first.message == f"check digit of the document number: expected {line[9]}, got {(int(line[9]) + 1) % 10}"
    assert whole.message.startswith("check digit of the whole zone")
    assert "misread: check digit of the document number" in one.note
    assert one.person.documents[0].number == "AB1234567"
    assert read(wrong, keep=False)[0] == []
    assert len(read(wrong, keep=False)[1]) == 2


@pytest.mark.parametrize("write", [zones.td1, zones.td2])
def test_a_long_number_goes_on_in_the_optional_data(write: object) -> None:
    text = write("VAN DER LEEUW", "JAN PIET", "590123456789", "BEL", "850517", "M", "300101")  # type: ignore[operator]
    (one,), faults = read(text)
    assert not faults
    assert one.person.documents[0].number == "590123456789"
    assert "optional" not in one.note
    at = text.index("789") + 3
    (_one,), faults = read(text[:at] + str((int(text[at]) + 1) % 10) + text[at + 1 :])
    assert faults[0].message.startswith("check digit of the document number: expected")


def test_a_long_number_may_count_the_filler_between() -> None:
    first = "I<BEL000590240<601"
    first = (first + zones.digit("000590240<601")).ljust(30, "<")
    second = "8505172M3001019BEL" + "<" * 11
    second = second[:6] + zones.digit("850517") + "M300101" + zones.digit("300101") + second[15:]
    second += zones.digit(first[5:] + second[:7] + second[8:15] + second[18:29])
    (one,), faults = read(f"{first}\n{second}\n{'TAZROUT<<YASMINA'.ljust(30, '<')}\n")
    assert not faults
    assert one.person.documents[0].number == "000590240601"


@pytest.mark.parametrize(("given", "cut"), [("MARIA", False), ("MARIA ANNA LUISA ESTEFANIA CAROLINA BEATRIZ", True)])
def test_a_name_that_fills_its_field_may_have_lost_its_end(given: str, cut: bool) -> None:
    (one,), faults = read(zones.td3("TAZROUT", given, "AB1234567", "MAR", "850517", "F", "300101"))
    assert not faults
    assert one.person.names[0].cut is cut


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("850517", [("1985-05-17", False)]),
        ("260601", [("2026-06-01", True), ("1926-06-01", True)]),
        ("260602", [("1926-06-02", False)]),  # tomorrow nobody is born
        ("120304", [("2012-03-04", True), ("1912-03-04", True)]),
        ("8505<<", [("1985-05", False)]),
        ("85<<<<", [("1985", False)]),
        ("<<<<<<", []),
    ],
)
def test_the_century_of_a_birth(written: str, expected: list[tuple[str, bool]]) -> None:
    (one,), faults = read(zones.td3("TAZROUT", "YASMINA", "AB1234567", "MAR", written, "F", "300101"))
    assert not faults
    assert [(birth.date, birth.uncertain) for birth in one.person.births] == expected


def test_a_day_that_no_month_has_is_told_and_kept_in_words() -> None:
    (one,), faults = read(zones.td3("TAZROUT", "YASMINA", "AB1234567", "MAR", "850231", "F", "300101"))
    assert [fault.message for fault in faults] == ["birth: expected a date as YYMMDD, got 850231"]
    assert "birth: 850231" in one.note


def test_zones_follow_each_other_with_and_without_blank_lines() -> None:
    texts = [
        zones.td3("EEN", "A", "AB1234561", "BEL", "850517", "F", "300101"),
        zones.td1("DEUX", "B", "AB1234562", "FRA", "850517", "M", "300101"),
        zones.td2("TROIS", "C", "AB1234563", "MAR", "850517", "<", "300101"),
        zones.visa(44, "VIER", "D", "AB1234564", "NLD", "850517", "X", "300101"),
    ]
    for text in ("".join(texts), "\n\n".join(texts), "\r\n".join("".join(texts).splitlines()), " \n" + "".join(texts)):
        found, faults = read(text)
        assert not faults
        assert [one.person.names[0].family for one in found] == ["EEN", "DEUX", "TROIS", "VIER"]
        assert [one.id for one in found] == ["1", "2", "3", "4"]


def test_a_lost_line_costs_its_own_zone_only() -> None:
    one = zones.td3("EEN", "A", "AB1234561", "BEL", "850517", "F", "300101")
    two = zones.td1("DEUX", "B", "AB1234562", "FRA", "850517", "M", "300101")
    three = zones.td3("DRIE", "C", "AB1234563", "NLD", "850517", "M", "300101")
    lost = one.splitlines()[0] + "\n"
    for text in (lost + two + three, lost + three + two, "".join(two.splitlines(True)[:2]) + two + three):
        found, faults = read(text)
        assert {entry.person.names[0].family for entry in found} == {"DEUX", "DRIE"}
        assert len(faults) == 1
        assert re.fullmatch(
            r"expected \d lines of \d\d characters \(TD\d\), got \d of \d\d(, \d\d)*", faults[0].message
        )
        assert faults[0].line in (1, 2)


def test_other_characters_are_told_with_their_place() -> None:
    text = zones.td3("TAZROUT", "YASMINA", "AB1234567", "MAR", "850517", "F", "300101")
    (one,), faults = read(text.replace("TAZROUT", "TAZRO*T"))
    assert (faults[0].line, faults[0].column) == (1, 11)
    assert faults[0].message == "expected A to Z, 0 to 9 or <, got U+002A"
    assert one.person.names[0].family == "TAZRO T"
    (same,), faults = read(text.lower())
    assert not faults
    assert same.person.names[0].family == "TAZROUT"


@pytest.mark.parametrize("width", [1, 29, 31, 45, 5000])
def test_a_line_of_another_width_is_refused(width: int) -> None:
    found, faults = read("P" * width)
    assert not found
    assert f"got {width}" in faults[0].message


def test_a_state_that_is_none_is_told() -> None:
    (one,), faults = read(zones.td3("TAZROUT", "YASMINA", "AB1234567", "QQQ", "850517", "F", "300101"))
    assert {fault.column for fault in faults} == {3, 11}
    assert "nationality: QQQ" in one.note
