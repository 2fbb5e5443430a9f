"""Passenger list messages: travellers, journeys, service characters, counts, and interchanges that are broken."""

from datetime import date
from io import BytesIO

import pytest

from passerelle.persons.model import Birth, Document, Entry, Fault, Name, Person, Place
from passerelle.screening.readers import Options, Reading, Voyage, entries
from tests.edifact import COUNTS, CREW, FLIGHT, TRAVELLER, interchange, segment

WHOLE = [*FLIGHT, *TRAVELLER, *CREW, *COUNTS]


def read(data: bytes | str, form: str | None = "paxlst") -> tuple[list[Entry], list[Fault], Reading]:
    raw = data.encode() if isinstance(data, str) else data
    reading = entries(BytesIO(raw), form, options=Options(today=date(2026, 6, 1)))
    found = list(reading)
    return [one for one in found if isinstance(one, Entry)], [one for one in found if isinstance(one, Fault)], reading


@pytest.mark.parametrize("release", ["02B", "05B", "12B"])
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_travellers_and_journeys(release: str, end: str) -> None:
    (one, crew), (fault,), reading = read(interchange(WHOLE, release=release, end=end), form=None)
    assert (reading.form, reading.encoding, reading.whole) == ("paxlst", "UNOA", True)
    assert reading.voyages == [
        Voyage(
            number="XX123",
            carrier="XX",
            origin="CMN",
            destination="BRU",
            departs="2026-06-01T14:30",
            arrives="2026-06-01T18:00",
        )
    ]
    assert (one.id, one.line, one.note) == ("1", 11, "passenger")
    assert one.person == Person(
        names=(Name(text="TAZROUTI, YASMINA LINA", family="TAZROUTI", given="YASMINA LINA"),),
        births=(Birth(date="1985-05-17"),),
        sex="female",
        nationalities=("MA",),
        documents=(
            Document(kind="passport", number="AB1234567", country="MA", expires="2030-01-01"),
            Document(kind="visa", number="V7654321", country="BE", expires="2027-01-01"),
        ),
        places=(
            Place(text="1 LONG STREET, OUJDA, 60000", country="MA", kind="residence"),
            Place(text="BE", country="BE", kind="residence"),
            Place(text="OUJDA", country="MA"),
        ),
    )
    assert (crew.id, crew.note) == ("2", "crew; birth: 19850230; nationality: XXA (stateless person)")
    assert (fault.line, fault.column) == (27, 5)
    assert fault.message == "DTM: expected a birth date as YYMMDD or YYYYMMDD, got '19850230'"


def test_what_is_left_empty_is_not_known() -> None:
    body = [["TDT", "20", "XX1234"], ["NAD", "FL", "", "", ["TAZROUTI", "YASMINA"]], ["DTM", ["329", ""]]]
    body += [["DOC", ["P", "110", "111"], "AB1"], ["DTM", ["36", ""]], ["NAT", "2", ""], ["LOC", "91", ""]]
    (one,), faults, reading = read(interchange(body))
    assert not faults
    assert one.person == Person(
        names=(Name(text="TAZROUTI, YASMINA", family="TAZROUTI", given="YASMINA"),),
        documents=(Document(kind="passport", number="AB1"),),
    )
    assert reading.voyages == [Voyage(number="XX1234", carrier="XX")]


@pytest.mark.parametrize("service", ["", ":+.? '", "*|.! ~", ";,.\\ %"])
def test_service_characters_and_their_release(service: str) -> None:
    odd = "O'NEI:L+?? |~*!;,\\% "
    body = [*FLIGHT, ["NAD", "FL", "", "", [odd, "A'B"]]]
    (one,), faults, _ = read(interchange(body, service=service))
    assert not faults
    assert one.person.names[0].family == odd.strip()
    assert one.person.names[0].given == "A'B"


@pytest.mark.parametrize(("release", "width"), [("02B", 35), ("12B", 70)])
def test_a_name_that_fills_its_component_may_have_lost_its_end(release: str, width: int) -> None:
    for length, cut in ((width - 1, False), (width, True)):
        body = [*FLIGHT, ["NAD", "FL", "", "", ["A" * length, "B"]]]
        (one,), faults, _ = read(interchange(body, release=release))
        assert not faults
        assert one.person.names[0].cut is cut


@pytest.mark.parametrize(
    ("charset", "codec", "name"),
    [
        ("UNOC", "iso8859-1", "GARÇON"),
        ("UNOI", "iso8859-6", "التزروتي"),
        ("UNOW", "utf-8", "التزروتي"),
        ("UNOY", "utf-8", "ŁUCJA"),
    ],
)
def test_character_sets(charset: str, codec: str, name: str) -> None:
    body = [*FLIGHT, ["NAD", "FL", "", "", [name, "A"]]]
    (one,), faults, reading = read(interchange(body, charset=charset).encode(codec))
    assert not faults
    assert one.person.names[0].family == name
    assert reading.encoding == charset


def test_a_byte_of_another_character_set_costs_its_value() -> None:
    body = [*FLIGHT, ["NAD", "FL", "", "", ["GARÇON", "A"]], *TRAVELLER]
    (one,), faults, _ = read(interchange(body).encode("latin-1"))
    assert [(fault.line, fault.column, fault.message) for fault in faults] == [
        (11, 13, "expected UNOA, got byte 0xC7"),
        (11, 1, "expected a name, a document or a number, got none"),
    ]
    assert one.person.names[0].family == "TAZROUTI"


def test_several_messages_and_groups() -> None:
    def message(number: int, family: str) -> str:
        head = segment("UNH", f"M{number}", ["PAXLST", "D", "02B", "UN"])
        who = segment("NAD", "FL", "", "", [family, "A"])
        return head + segment("TDT", "20", f"XX{number}") + who + segment("UNT", "4", f"M{number}")

    start = segment("UNB", ["UNOA", "4"], "A", "B", ["260601", "1200"], "R")
    group = segment("UNG", "PAXLST", "A", "B", ["260601", "1200"], "G", "UN", ["D", "02B"])
    both = message(1, "EEN") + message(2, "TWEE")
    for text in (
        start + both + segment("UNZ", "2", "R"),
        start + group + both + segment("UNE", "2", "G") + segment("UNZ", "1", "R"),
    ):
        found, faults, reading = read(text)
        assert not faults
        assert [one.person.names[0].family for one in found] == ["EEN", "TWEE"]
        assert [one.number for one in reading.voyages] == ["XX1", "XX2"]


@pytest.mark.parametrize(
    ("was", "is_", "said"),
    [
        ("UNT+30+MSG1", "UNT+29+MSG1", "UNT: expected 30 segments, got '29'"),
        ("UNT+30+MSG1", "UNT+30+MSG2", "UNT: expected the reference 'MSG1' of UNH, got 'MSG2'"),
        ("UNZ+1+REF1", "UNZ+2+REF1", "UNZ: expected 1 messages, got '2'"),
        ("UNZ+1+REF1", "UNZ+1+REF2", "UNZ: expected the reference 'REF1' of UNB, got 'REF2'"),
        ("CNT+42:1", "CNT+42:7", "CNT: expected 1 passengers, got '7'"),
        ("CNT+41:1", "CNT+41:0", "CNT: expected 1 crew, got '0'"),
        ("PAXLST:D:02B", "PNRGOV:D:02B", "expected a message PAXLST, got 'PNRGOV'"),
        ("PAXLST:D:02B", "PAXLST:D:99Z", "expected PAXLST of D.02B, D.05B, D.12B, got '99Z'"),
        ("ATT+2++F", "ATT+2++Q", "ATT: expected a sex of M, F, U, X, got 'Q'"),
        ("36:300101", "36:301301", "DTM: expected a date as YYMMDD or YYYYMMDD, got '301301'"),
        ("BGM+745", "b+745", "expected the tag of a segment, got 'b'"),
        ("UNZ+1+REF1'", "", "expected UNZ before the end of the file, got none"),
        ("UNH+MSG1", "UNX+MSG1", "expected UNH before UNT, got none"),
        ("UNB+", "UNA:+.? 'UNB+", ""),
    ],
)
def test_what_does_not_agree_is_told_and_the_travellers_kept(was: str, is_: str, said: str) -> None:
    text = interchange([*FLIGHT, *TRAVELLER, *CREW, *COUNTS]).replace("19850230", "19850228")
    assert was in text
    found, faults, _ = read(text.replace(was, is_))
    assert len(found) == 2
    assert said in [fault.message for fault in faults] or (not said and not faults)


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("", "expected an interchange of segments, got none", 1),
        ("UNB+UNOZ:4+A'", "expected one of UNOA, UNOB", 1),
        ("UNA:+", "expected six service characters after UNA, got fewer", 1),
        ("UNA::.? 'UNB", "expected service characters that differ after UNA", 1),
        ("UNB+UNOA:4+A+B+C+D'UNH+1", "expected ' at the end of a segment, got the end of the file", 2),
        ("UNB+UNOA:4+A+B+C+D'" + "X" * 70_000, "expected segments of at most 65536 characters, got more", 2),
    ],
)
def test_an_interchange_that_cannot_be_read_on(text: str, said: str, line: int) -> None:
    found, faults, reading = read(text)
    assert not found
    assert said in faults[-1].message
    assert faults[-1].line == line
    assert not reading.whole


def test_a_cut_interchange_keeps_who_came_before_the_cut() -> None:
    text = interchange(WHOLE)
    found, faults, reading = read(text[: text.index("UNT")] + "UN")
    assert len(found) == 2
    assert faults[-1].message == "expected ' at the end of a segment, got the end of the file"
    assert not reading.whole
