"""The list of the Security Council: what goes where, and what a bad file does."""

import tracemalloc
from datetime import date
from io import BytesIO

import pytest

from passerelle.persons.model import Birth, Document, Entry, Fault, Name, Number, Place
from passerelle.screening.readers import Options, Reading, entries

OPTIONS = Options(today=date(2026, 6, 1))
PERSON = """
    <INDIVIDUAL>
      <DATAID>1</DATAID>
      <FIRST_NAME>YOUNES</FIRST_NAME><SECOND_NAME>EL TAZROUTI</SECOND_NAME><THIRD_NAME>BEN SALAH</THIRD_NAME>
      <UN_LIST_TYPE>Example</UN_LIST_TYPE><REFERENCE_NUMBER>XXi.001</REFERENCE_NUMBER>
      <GENDER>Male</GENDER>
      <NAME_ORIGINAL_SCRIPT>يونس التزروتي</NAME_ORIGINAL_SCRIPT>
      <TITLE><VALUE>Dr.</VALUE></TITLE>
      <NATIONALITY><VALUE>Iran (Islamic Republic of)</VALUE><VALUE>Atlantis</VALUE></NATIONALITY>
      <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Abu Example</ALIAS_NAME>
        <DATE_OF_BIRTH>1969-02-03</DATE_OF_BIRTH><COUNTRY_OF_BIRTH>Morocco</COUNTRY_OF_BIRTH>
        <NOTE>used in 1999</NOTE></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>The Tall</ALIAS_NAME></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><DATE>1970-01-02</DATE>
        <NOTE>24/06/1402 (Hijri Calendar)</NOTE></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>APPROXIMATELY</TYPE_OF_DATE><YEAR>1971</YEAR></INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1972</FROM_YEAR><TO_YEAR>1974</TO_YEAR>
      </INDIVIDUAL_DATE_OF_BIRTH>
      <INDIVIDUAL_PLACE_OF_BIRTH><CITY>Oujda</CITY><COUNTRY>Morocco</COUNTRY></INDIVIDUAL_PLACE_OF_BIRTH>
      <INDIVIDUAL_ADDRESS><STREET>1, Long Street</STREET><CITY>Old Town</CITY><COUNTRY>Atlantis</COUNTRY>
        <NOTE>until 2001</NOTE></INDIVIDUAL_ADDRESS>
      <INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT><NUMBER>AB 123456</NUMBER>
        <ISSUING_COUNTRY>Türkiye</ISSUING_COUNTRY><DATE_OF_ISSUE>2001-02-03</DATE_OF_ISSUE>
        <NOTE>expired on 2 Feb. 2006</NOTE></INDIVIDUAL_DOCUMENT>
      <INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>National Identification Number</TYPE_OF_DOCUMENT>
        <NUMBER>7-77</NUMBER><ISSUING_COUNTRY>Viet Nam</ISSUING_COUNTRY></INDIVIDUAL_DOCUMENT>
      <INDIVIDUAL_DOCUMENT/>
      <SOMETHING_NEW>seen at sea</SOMETHING_NEW>
      <COMMENTS1>A comment
that goes on.</COMMENTS1>
    </INDIVIDUAL>"""


def of_(persons: str, entities: str = "") -> bytes:
    text = f"<CONSOLIDATED_LIST><INDIVIDUALS>{persons}</INDIVIDUALS><ENTITIES>{entities}</ENTITIES></CONSOLIDATED_LIST>"
    return ("<?xml version='1.0' encoding='UTF-8'?>\n" + text).encode()


def simple(name: str, more: str = "") -> str:
    return f"<INDIVIDUAL><DATAID>9</DATAID><FIRST_NAME>{name}</FIRST_NAME>{more}</INDIVIDUAL>"


def read(data: bytes) -> tuple[list[Entry], list[Fault], Reading]:
    reading = entries(BytesIO(data), None, options=OPTIONS)
    found = list(reading)
    return [one for one in found if isinstance(one, Entry)], [one for one in found if isinstance(one, Fault)], reading


def test_everything_goes_where_it_belongs() -> None:
    (one,), faults, reading = read(of_(PERSON, "<ENTITY><FIRST_NAME>A FIRM</FIRST_NAME></ENTITY>" * 3))
    assert not faults
    assert (reading.form, reading.guessed, reading.encoding, reading.skipped) == ("un", True, "UTF-8", 3)
    assert (one.id, one.line) == ("XXi.001", 3)
    person = one.person
    assert person.names == (
        Name(text="YOUNES EL TAZROUTI BEN SALAH"),
        Name(text="يونس التزروتي", kind="spelling"),
        Name(text="Abu Example", kind="alias"),
        Name(text="The Tall", kind="alias", quality="low"),
    )
    assert person.births == (
        Birth(date="1969-02-03", kind="claimed"),
        Birth(date="1970-01-02"),
        Birth(date="1402-06-24", calendar="hijri"),
        Birth(date="1971", kind="approximate"),
        Birth(date="1972", until="1974", kind="between"),
    )
    assert (person.sex, person.nationalities) == ("male", ("IR",))
    assert person.places == (
        Place(text="Morocco", country="MA"),
        Place(text="Oujda", country="MA"),
        Place(text="1, Long Street, Old Town, Atlantis", kind="residence"),
    )
    (paper,) = person.documents
    assert (paper.kind, paper.number, paper.country) == ("passport", "AB 123456", "TR")
    assert (paper.issued, paper.expires, paper.note) == ("2001-02-03", "2006-02-02", "expired on 2 Feb. 2006")
    assert person.numbers == (Number(value="7-77", country="VN"),)
    for said in ("nationality: Atlantis", "un list type: Example", "title: Dr.", "Abu Example: used in 1999"):
        assert said in one.note
    assert "something new: seen at sea" in one.note
    assert one.note.endswith("A comment that goes on.")


def test_a_passport_that_stands_in_its_note_only() -> None:
    paper = (
        "<INDIVIDUAL_DOCUMENT><TYPE_OF_DOCUMENT>Passport</TYPE_OF_DOCUMENT>"
        "<NOTE>Example passport number L 19160 issued on 28 Feb. 1996</NOTE></INDIVIDUAL_DOCUMENT>"
    )
    (one,), faults, _ = read(of_(simple("A", paper)))
    assert not faults
    (found,) = one.person.documents
    assert (found.kind, found.number, found.issued) == ("passport", "L 19160", "1996-02-28")
    assert isinstance(found, Document)


ALIAS = "<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>X</ALIAS_NAME></INDIVIDUAL_ALIAS>"


def test_the_memory_taken_does_not_grow_with_the_aliases() -> None:
    peaks = []
    for many in (5_000, 20_000):
        data = of_(simple("MANY", ALIAS * many))
        tracemalloc.start()
        read(data)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]


def test_too_many_aliases_cost_one_person_only() -> None:
    found, (fault,), reading = read(of_(simple("FIRST") + simple("MANY", ALIAS * 100_000) + simple("LAST")))
    assert [one.person.names[0].text for one in found] == ["FIRST", "LAST"]
    assert fault.message == "expected at most 10000 elements for one person, got 300002"
    assert fault.line == 2
    assert reading.whole


def test_more_names_than_a_person_may_have() -> None:
    aliases = "".join(
        f"<INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>X{at}</ALIAS_NAME></INDIVIDUAL_ALIAS>"
        for at in range(1001)
    )
    found, (fault,), _ = read(of_(simple("MANY", aliases) + simple("LAST")))
    assert [one.person.names[0].text for one in found] == ["LAST"]
    assert "expected at most 1000 names" in fault.message


def test_a_name_that_may_not_stand_is_told_with_its_place_and_the_rest_kept() -> None:
    text = (
        "<CONSOLIDATED_LIST><INDIVIDUALS>\n<INDIVIDUAL><DATAID>9</DATAID>\n<FIRST_NAME>GOOD</FIRST_NAME>\n"
        "  <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>EVIL\u202etxt</ALIAS_NAME></INDIVIDUAL_ALIAS>\n"
        f"  <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>{'L' * 10_001}</ALIAS_NAME></INDIVIDUAL_ALIAS>\n"
        "  <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME> </ALIAS_NAME></INDIVIDUAL_ALIAS>\n"
        "</INDIVIDUAL></INDIVIDUALS></CONSOLIDATED_LIST>"
    )
    (one,), faults, _ = read(text.encode())
    assert [name.text for name in one.person.names] == ["GOOD"]
    assert [fault.line for fault in faults] == [4, 5, 6]
    assert [fault.message for fault in faults] == [
        "name: expected text without control or bidirectional characters, got U+202E",
        "name: expected at most 10000 characters, got 10001",
        "expected a name, got an empty one",
    ]


@pytest.mark.parametrize("name", ["Жан Пиер", "Aбу", "a\u200bb", "أ\u200cب", "x" * 10_000, "O", "ben al de"])
def test_odd_names_are_kept(name: str) -> None:
    (one,), faults, _ = read(of_(simple(name)))
    assert not faults
    assert one.person.names[0].text == name


@pytest.mark.parametrize(
    ("text", "said", "line", "column"),
    [
        ('<!DOCTYPE a [<!ENTITY x "y">]>\n<a>&x;</a>', "expected XML without a document type", 1, 13),
        ("<a></a>", "expected CONSOLIDATED_LIST, got 'a'", 1, 1),
        ("<CONSOLIDATED_LIST>\n<INDIVIDUALS><", "expected XML, got unclosed token", 2, 14),
        ("<CONSOLIDATED_LIST>\n<A>&b;</A></CONSOLIDATED_LIST>", "expected XML, got undefined entity", 2, 4),
        ("<CONSOLIDATED_LIST>" + "<A>" * 30, "expected elements at most 20 deep, got a deeper one", 1, 77),
        ("<CONSOLIDATED_LIST>\n\x01", "expected XML, got not well-formed (invalid token)", 2, 1),
        (
            "<?xml version='1.0' encoding='none-such'?><a/>",
            "expected XML in an encoding that is known, got another",
            1,
            31,
        ),
        ("<", "expected XML, got unclosed token", 1, 1),
    ],
)
def test_broken_xml_ends_the_reading_with_its_place(text: str, said: str, line: int, column: int) -> None:
    found, (fault,), reading = read(text.encode())
    assert not found
    assert said in fault.message
    assert (fault.line, fault.column) == (line, column)
    assert not reading.whole


def test_what_came_before_the_break_is_kept() -> None:
    found, (fault,), reading = read(of_(simple("FIRST") + simple("SECOND"))[:-40])
    assert [one.person.names[0].text for one in found] == ["FIRST", "SECOND"]
    assert fault.message.startswith("expected XML, got")
    assert not reading.whole


def test_a_tag_without_end_is_not_held() -> None:
    data = b"<CONSOLIDATED_LIST><INDIVIDUALS><INDIVIDUAL a='" + b"x" * 3_000_000
    _found, (fault,), reading = read(data)
    assert fault.message == "expected tags of at most 1048576 bytes, got more"
    assert not reading.whole
