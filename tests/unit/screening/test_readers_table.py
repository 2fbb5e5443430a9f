"""Tables and JSON lines: mappings, encodings, dates, and rows that are wrong."""

import json
from datetime import date
from io import BytesIO
from typing import Any

import msgspec
import pytest

from passerelle.core.errors import InputError
from passerelle.persons.model import Birth, Document, Entry, Fault, Name, Number, Person, Place
from passerelle.screening.readers import Options, Reading, entries, mapping_from

TODAY = date(2026, 6, 1)


def read(data: bytes | str, form: str | None = "csv", **options: Any) -> tuple[list[Entry], list[Fault], Reading]:
    raw = data.encode() if isinstance(data, str) else data
    reading = entries(BytesIO(raw), form, options=Options(today=TODAY, **options))
    found = list(reading)
    return [one for one in found if isinstance(one, Entry)], [one for one in found if isinstance(one, Fault)], reading


MAPPING = b"""
date = "dd/mm/yyyy"
separator = "|"
[columns]
"Dossier" = "id"
"Nom" = "family"
"Prenom 1" = "given"
"Prenom 2" = "given"
"Autres noms" = "alias"
"Nom de jeune fille" = { field = "name", kind = "maiden" }
"Sobriquet" = { field = "alias", quality = "low", kind = "nom-de-guerre" }
"Naissance" = "birth"
"Naissance H." = { field = "birth", calendar = "hijri" }
"Lieu" = "place-of-birth"
"Pays" = "country-of-birth"
"CIN" = { field = "number", country = "MA" }
"Passeport" = { field = "document", kind = "passport" }
"Delivre par" = "document-country"
"Expire" = "document-expires"
"Sexe" = "sex"
"Nationalites" = "nationality"
"""


def test_a_mapping_says_what_each_column_holds() -> None:
    header = (
        "Dossier;Nom;Prenom 1;Prenom 2;Autres noms;Nom de jeune fille;Sobriquet;Naissance;Naissance H.;Lieu;Pays;CIN;"
        "Passeport;Delivre par;Expire;Sexe;Nationalites;Couleur"
    )
    row = (
        "D-7;TAZROUTI;Yasmina;Lina;Y. Tazruti|Jasmina Tazrouti;Ouarti;la Grande;03/04/1980;12/10/1400;Oujda;Maroc;"
        "F123456;AB1234567;Belgique;01/02/2030;F;marocaine|Belge;bleu"
    )
    (one,), faults, reading = read(f"{header}\n{row}\n", mapping=mapping_from(MAPPING))
    assert not faults
    assert (one.id, one.line) == ("D-7", 2)
    assert one.person == Person(
        names=(
            Name(text="TAZROUTI, Yasmina Lina", family="TAZROUTI", given="Yasmina Lina"),
            Name(text="Y. Tazruti", kind="alias"),
            Name(text="Jasmina Tazrouti", kind="alias"),
            Name(text="Ouarti", kind="maiden"),
            Name(text="la Grande", kind="nom-de-guerre", quality="low"),
        ),
        births=(Birth(date="1980-04-03"), Birth(date="1400-10-12", calendar="hijri")),
        sex="female",
        nationalities=("MA", "BE"),
        documents=(Document(kind="passport", number="AB1234567", country="BE", expires="2030-02-01"),),
        numbers=(Number(value="F123456", country="MA"),),
        places=(Place(text="Oujda", country="MA"),),
    )
    assert reading.left_out == ("Couleur",)
    assert reading.encoding == "UTF-8"


def test_obvious_names_of_columns_need_no_mapping() -> None:
    text = "Ref,Family name,Given names,Alias 1,Alias 2,Date of birth,Nationality,Passport number,Colour\n"
    text += 'A1,"Tazrouti","Yasmina",Yassi,,1980-05,MAR,AB1,blue\n'
    (one,), faults, reading = read(text, form=None)
    assert not faults
    assert (reading.form, reading.guessed, reading.left_out) == ("csv", True, ("Colour",))
    assert one.id == "A1"
    assert [name.text for name in one.person.names] == ["Tazrouti, Yasmina", "Yassi"]
    assert one.person.births == (Birth(date="1980-05"),)
    assert one.person.nationalities == ("MA",)
    assert one.person.documents[0].kind == "passport"
    (arabic,), faults, _ = read("الاسم العائلي;الاسم الشخصي;تاريخ الازدياد\nالتزروتي;ياسمينة;١٩٨٠-٠٥-١٧\n")
    assert not faults
    assert arabic.person.names[0].text == "التزروتي, ياسمينة"
    assert arabic.person.births == (Birth(date="1980-05-17"),)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    (one,), faults, _ = read(f'name{delimiter}note\nTazrouki{delimiter}"a{delimiter}b; c, d"\n')
    assert not faults
    assert one.person.names[0].text == "Tazrouki"
    assert one.note == f"a{delimiter}b; c, d".replace("\t", " ").replace("a|", "a; ")


@pytest.mark.parametrize(
    ("encoding", "name", "said"),
    [
        ("utf-8", "Zoé التزروتي Łucja", "UTF-8"),
        ("utf-8-sig", "Zoé التزروتي Łucja", "UTF-8 with byte order mark"),
        ("utf-16", "Zoé التزروتي Łucja", "UTF-16"),
        ("windows-1252", "Zoé Ümit Garçon", "Windows-1252"),
        ("windows-1256", "ياسمينة التزروتي, Zoé", "Windows-1256"),
    ],
)
def test_four_encodings(encoding: str, name: str, said: str) -> None:
    (one,), faults, reading = read(f'name;note\n"{name}";x\n'.encode(encoding))
    assert not faults
    assert one.person.names[0].text == name
    assert reading.encoding == said


def test_a_damaged_byte_turns_no_file_into_another_encoding() -> None:
    data = "name\nياسمينة التزروتي\nTaz".encode() + b"\xe9" + "rouki\nياسمينة\n".encode()
    found, faults, reading = read(data)
    assert reading.encoding == "UTF-8"
    assert [(fault.line, fault.column, fault.message) for fault in faults] == [
        (3, 4, "expected UTF-8, got byte 0xE9"),
        (3, 1, "expected a name, a document or a number, got none"),
    ]
    assert [one.person.names[0].text for one in found] == ["ياسمينة التزروتي", "ياسمينة"]


def test_the_encoding_that_is_named_is_taken() -> None:
    data = "name\nياسمينة\n".encode("windows-1256")
    assert read(data, encoding="windows-1256")[0][0].person.names[0].text == "ياسمينة"
    with pytest.raises(InputError, match=r"encoding: expected one of utf-8, .*, got 'latin-9'"):
        read(data, encoding="latin-9")
    with pytest.raises(InputError, match=r"delimiter: expected one of , ; tab \|, got '::'"):
        read(data, delimiter="::")


@pytest.mark.parametrize(
    ("encoding", "bad", "message", "column"),
    [
        ("utf-8", b"Taz\xe9rouki", "expected UTF-8, got byte 0xE9", 4),
        ("windows-1252", b"Taz\x81rouki", "expected Windows-1252, got byte 0x81", 4),
        (
            "utf-16",
            "Taz".encode("utf-16-le") + b"\x00\xdc" + "r".encode("utf-16-le"),
            "expected UTF-16, got byte 0x00",
            4,
        ),
    ],
)
def test_a_byte_that_cannot_be_read_costs_its_value(encoding: str, bad: bytes, message: str, column: int) -> None:
    codec = "utf-16-le" if encoding == "utf-16" else encoding
    start = b"\xff\xfe" if encoding == "utf-16" else b""
    data = start + "name;alias\n".encode(codec) + bad + ";Kept\nNext;\n".encode(codec)
    found, faults, _ = read(data, encoding=encoding)
    assert [(fault.line, fault.column, fault.message) for fault in faults] == [(2, column, message)]
    assert [[name.text for name in one.person.names] for one in found] == [["Kept"], ["Next"]]


def test_rows_that_are_wrong_cost_themselves_only() -> None:
    text = (
        "name;birth\n"
        "One;1980\n"
        "Two\n"
        "Three;1980;more\n"
        '"Four"x;1980\n'
        'Fi"ve;1980\n'
        '"Six;1980\n'
        "Seven;1980\n"
        "Eight\u202e;1981\n"
        "Nine;31/02/1980\n"
        ";1980\n"
        "\n"
        "Ten;1980\n"
    )
    found, faults, reading = read(text + "End;1980\n" * 120)
    assert [one.person.names[0].text for one in found[:5]] == ["One", 'Fi"ve', "Seven", "Nine", "Ten"]
    assert reading.entries == 125
    assert reading.whole
    assert [(fault.line, fault.column, fault.message) for fault in faults] == [
        (3, 1, "expected 2 cells as in the header, got 1"),
        (4, 1, "expected 2 cells as in the header, got 3"),
        (5, 6, "expected a delimiter or the end of the line after a closing quote, got something else"),
        (7, 1, "expected a closing quote within 100 lines, got none"),
        (9, 6, "name: expected text without control or bidirectional characters, got U+202E"),
        (9, 1, "expected a name, a document or a number, got none"),
        (10, 6, "birth: expected a date like 17/05/1980, got '31/02/1980'"),
        (11, 1, "expected a name, a document or a number, got none"),
    ]
    assert "birth: 31/02/1980" in found[3].note


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a header with the names of the columns, got an empty file"),
        ("\n \n", "expected a header with the names of the columns, got an empty file"),
        ("colour;size\nred;1\n", "expected a column with names, documents or numbers, got colour, size"),
        (";".join(f"alias {at}" for at in range(1001)), "expected at most 1000 columns, got 1001"),
        ("name;name\nA;B\n", "expected a column 'name' once, got it 2 times"),
        ('"name\n', "expected a header with the names of the columns, got none"),
        (b"n\xffme;x\n", "expected a column with names, documents or numbers"),
    ],
)
def test_a_header_that_says_nothing_ends_the_reading(text: str | bytes, said: str) -> None:
    found, faults, reading = read(text)
    assert not found
    assert said in faults[-1].message
    assert not reading.whole


def test_a_cell_with_too_many_values_costs_its_row() -> None:
    found, (fault,), _ = read(f"name;alias\nOne;{'|'.join(map(str, range(2000)))}\nTwo;2|2\n")
    assert [one.person.names[0].text for one in found] == ["Two"]
    assert fault.message.startswith("expected at most 1000 names, dates, documents or places of one person")


def test_a_line_without_end_is_passed_over() -> None:
    found, (fault,), _ = read("name\n" + "x" * 3_000_000 + "\nNext\n")
    assert fault.message == "expected lines of at most 1048576 characters, got a longer one"
    assert fault.line == 2
    assert [one.person.names[0].text for one in found] == ["Next"]


@pytest.mark.parametrize(
    ("written", "form", "expected"),
    [
        ("1980-05-17", "", [Birth(date="1980-05-17")]),
        ("17/05/1980", "", [Birth(date="1980-05-17")]),
        ("05/17/1980", "", [Birth(date="1980-05-17")]),
        ("03/04/1980", "", [Birth(date="1980-04-03", uncertain=True)]),
        ("04/04/1980", "", [Birth(date="1980-04-04")]),
        ("03/04/1980", "dd/mm/yyyy", [Birth(date="1980-04-03")]),
        ("03/04/1980", "mm/dd/yyyy", [Birth(date="1980-03-04")]),
        ("00/04/1980", "", [Birth(date="1980-04")]),
        ("00.00.1980", "", [Birth(date="1980")]),
        ("1980/05/17", "", [Birth(date="1980-05-17")]),
        ("05/1980", "", [Birth(date="1980-05")]),
        ("17 mai 1980", "", [Birth(date="1980-05-17")]),
        ("17 mei 1980", "", [Birth(date="1980-05-17")]),
        ("17 غشت 1980", "", [Birth(date="1980-08-17")]),
        ("1980", "dd/mm/yyyy", [Birth(date="1980")]),
        ("circa 1980", "", [Birth(date="1980", kind="approximate")]),
        ("1978 to 1980", "", [Birth(date="1978", until="1980", kind="between")]),
        ("1978-1980", "", [Birth(date="1978", until="1980", kind="between")]),
        ("17-MAY-1980", "dd-mon-yyyy", [Birth(date="1980-05-17")]),
        ("17.05.80", "dd.mm.yy", [Birth(date="1980-05-17")]),
        ("17/05/20", "", [Birth(date="2020-05-17", uncertain=True), Birth(date="1920-05-17", uncertain=True)]),
    ],
)
def test_dates_of_tables(written: str, form: str, expected: list[Birth]) -> None:
    mapping = mapping_from(f'date = "{form}"\n[columns]\nn = "name"\nb = "birth"\n'.encode())
    (one,), faults, _ = read(f"n;b\nA;{written}\n", mapping=mapping)
    assert not faults
    assert list(one.person.births) == expected


def test_a_birth_in_three_columns() -> None:
    mapping = mapping_from(b'{"columns": {"n": "name", "y": "birth-year", "m": "birth-month", "d": "birth-day"}}')
    found, faults, _ = read("n;y;m;d\nA;1980;5;17\nB;1980;;\nC;1980;13;1\n", mapping=mapping)
    assert [one.person.births for one in found] == [(Birth(date="1980-05-17"),), (Birth(date="1980"),), ()]
    assert [fault.message for fault in faults] == [
        "birth: expected a year, a month and a day in numbers, got '1980-13-1'"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"[columns]\na = 'colour'", "expected columns with fields of id, name"),
        (b"[columns]\na = { field = 'name', size = 1 }", "expected columns with fields"),
        (b"[columns]\na = 'name'\na = 'id'", "expected TOML or JSON"),
        (b'{"columns": {"a": "name", "a": "id"}}', "expected each key once"),
        (
            b"[columns]\na = { field = 'birth', date = 'dd/mm' }",
            "expected a form of dates like dd/mm/yyyy, got 'dd/mm'",
        ),
        (b"[columns]\na = { field = 'name', kind = 'visa' }", "expected a kind of primary, alias"),
        (b"[columns]\na = { field = 'sex', kind = 'visa' }", "expected a kind of none, got 'visa'"),
        (b"encoding = 'ebcdic'\n[columns]\na = 'name'", "encoding: expected one of utf-8"),
        (b"delimiter = '::'\n[columns]\na = 'name'", "expected columns with fields"),
        (b"\xff", "expected UTF-8"),
        (b"", "expected columns with fields"),
    ],
)
def test_a_mapping_that_is_wrong_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(InputError, match="expected") as caught:
        mapping_from(text)
    assert said in str(caught.value)


def test_a_column_that_the_table_does_not_have_is_refused() -> None:
    found, (fault,), reading = read("a;b\nA;B\n", mapping=mapping_from(b"[columns]\nc = 'name'"))
    assert not found
    assert fault.message == "expected a column 'c' once, got it 0 times in a, b"
    assert not reading.whole


def test_json_lines_in_both_forms() -> None:
    person = Person(
        names=(
            Name(text="Tazrouti, Yasmina", family="Tazrouti", given="Yasmina", script="Latn", cut=True),
            Name(text="التزروتي", kind="transliteration", quality="low", script="Arab"),
        ),
        births=(Birth(date="1400-01-02", calendar="hijri", kind="between", until="1401", uncertain=True),),
        sex="female",
        nationalities=("MA",),
        documents=(Document(kind="passport", number="AB1", country="MA", expires="2030-01-01", note="seen"),),
        numbers=(Number(value="F1", country="MA"),),
        places=(Place(text="Oujda", country="MA"),),
    )
    full = Entry(id="x-1", person=person, note="a note")
    lines = [
        json.dumps({"id": 7, "names": ["A", "B"], "birth": ["1980-05"], "nationality": ["Maroc"], "documents": ["P1"]}),
        "",
        msgspec.json.encode(full).decode(),
        json.dumps({"names": ["C"], "birth": ["1980-05-17"], "country": "Cambodia"}),
    ]
    found, faults, reading = read("\n".join(lines), form=None)
    assert not faults
    assert reading.form == "jsonl"
    assert [one.id for one in found] == ["7", "x-1", "4"]
    assert found[0].person == Person(
        names=(Name(text="A"), Name(text="B", kind="alias")),
        births=(Birth(date="1980-05"),),
        nationalities=("MA",),
        documents=(Document(kind="other", number="P1"),),
    )
    assert msgspec.structs.replace(found[1], line=0) == full
    assert found[2].person.nationalities == ("KH",)


@pytest.mark.parametrize(
    ("line", "said", "column"),
    [
        ('{"names": ["A"],}', "expected JSON", 17),
        ('{"names": ["A"], "names": ["B"]}', "expected each key once, got 'names' twice", 1),
        ('{"names": ["A"], "colour": 1}', "expected one of id, names, birth, births, sex, nationality", 18),
        ('{"person": {}, "names": []}', "expected one of id, person, note, line, got 'names'", 16),
        ('{"names": "A"}', "expected a person with names, births", 1),
        ("[]", "expected an object, got list", 1),
        ('{"names": ' + "[" * 40 + "]" * 40 + "}", "expected nesting of at most 32, got more", 1),
        ('{"names": ["A" , "B"} ]', "expected JSON", 21),
        ('{"names": ["A"], "sex": "m"}', "sex: expected one of female, male, other, unknown, got 'm'", 1),
        ('{"names": [' + ",".join(['"A"'] * 1001) + "]}", "expected at most 1000 names", 1),
        ('{"id": 1}', "expected a name, a document or a number, got none", 1),
        ('{"names": [{"text": "A", "script": "latin"}]}', "script: expected a code of four letters like Latn", 1),
        ('{"id": NaN}', "expected a JSON value, got NaN", 1),
    ],
)
def test_a_wrong_line_of_json_costs_itself_only(line: str, said: str, column: int) -> None:
    found, faults, reading = read(f'{{"names": ["One"]}}\n{line}\n{{"names": ["Two"]}}\n', form="jsonl")
    assert [one.person.names[0].text for one in found] == ["One", "Two"]
    assert [(fault.line, fault.column) for fault in faults] == [(2, column)]
    assert said in faults[0].message
    assert reading.whole


def test_a_character_that_may_not_stand_costs_its_name_only() -> None:
    text = '{"names": ["A\\u202eB", "C\u009eD", "E\\udc41", "Good"], "note": "n\u202e"}'
    (one,), faults, _ = read(text, form="jsonl")
    assert [name.text for name in one.person.names] == ["Good"]
    said = "expected text without control or bidirectional characters, got"
    assert [(fault.column, fault.message) for fault in faults] == [
        (1, f"name: {said} U+202E"),
        (26, f"name: {said} U+009E"),
        (1, f"name: {said} U+DC41"),
        (61, f"note: {said} U+202E"),
    ]


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("csv", 'id,name\n1,Yasmina Tazrouti\n2,"Jan Lee'),
        ("csv", "id,name\n1,Yasmina Tazrouti\n2"),
        ("jsonl", '{"id": 1, "names": ["Yasmina Tazrouti"]}\n{"id": 2, "na'),
    ],
)
def test_a_file_that_was_cut_within_its_last_line_is_not_whole(form: str, text: str) -> None:
    found, faults, reading = read(text, form=form)
    assert ([one.id for one in found], len(faults), reading.whole) == (["1"], 1, False)
    found, faults, reading = read(text + "\n", form=form)
    assert ([one.id for one in found], len(faults), reading.whole) == (["1"], 1, True)


def test_every_fault_has_a_line_and_a_column() -> None:
    long = "x" * 10_001
    table = f'id,name,birth\n1,{long},1980\n2,A\x01b,1980\n3,Good Name,{"9" * 200}\n"'
    lines = [{"id": 1, "names": [long]}, {"id": 2, "names": ["a\0b"]}, {"id": 3, "nmaes": []}, {"n\u00e9": 1}]
    text = "\n".join(map(json.dumps, lines))
    for data, form, expected in ((table, "csv", [2, 3, 4, 5]), (text, "jsonl", [1, 2, 3, 4])):
        _, faults, _ = read(data, form=form)
        assert sorted({fault.line for fault in faults}) == expected
        assert all(fault.column >= 1 for fault in faults)


def test_what_an_item_says_wrongly_goes_into_the_note() -> None:
    paper = {"kind": "visa", "number": "V1", "country": "Atlantis", "expires": "2020-13"}
    line = {"names": ["A"], "documents": [paper], "numbers": [{"value": "7", "country": "Maroc"}]}
    (one,), (fault,), _ = read(json.dumps(line), form="jsonl")
    assert one.person.documents == (Document(kind="visa", number="V1"),)
    assert one.person.numbers == (Number(value="7", country="MA"),)
    assert fault.message == "expires: expected YYYY, YYYY-MM or YYYY-MM-DD, got '2020-13'"
    assert one.note == "issued by: Atlantis; expires: 2020-13"


def test_a_date_that_is_none_costs_itself_only() -> None:
    (one,), (fault,), _ = read('{"names": ["A", ""], "birth": ["1980-02-30"]}'.replace(', ""', ""), form="jsonl")
    assert fault.message == "birth: expected YYYY, YYYY-MM or YYYY-MM-DD, got '1980-02-30'"
    assert "1980-02-30" in one.note


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"PK\x03\x04", b"plain words on a line\n"])
def test_what_is_of_no_form_is_said(data: bytes) -> None:
    found, (fault,), reading = read(data, form=None)
    assert not found
    assert fault.message.startswith("expected a file of one of the forms un, ofac, csv, jsonl, mrz, paxlst")
    assert not reading.whole


def test_forms_and_files_that_do_not_fit() -> None:
    with pytest.raises(InputError, match="form: expected one of un, ofac"):
        read(b"", form="xls")
    with pytest.raises(InputError, match="csv: expected one file, got 2"):
        entries([BytesIO(b"name\n"), BytesIO(b"name\n")], "csv", options=Options(today=TODAY))
    with pytest.raises(InputError, match="expected a file, got none"):
        entries([], "csv", options=Options(today=TODAY))
