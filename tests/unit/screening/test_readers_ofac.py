"""The list of specially designated nationals: three files, and what stands inside the remarks."""

from datetime import date
from io import BytesIO

import pytest

from passerelle.persons.model import Birth, Document, Entry, Fault, Name, Number, Place
from passerelle.screening.readers import Options, Reading, entries

N = "-0- "
SDN = (
    '11,"TAZROUKI, Younes","individual","EXAMPLE","Director, Firm",' + ",".join([N] * 6) + ',"{remarks}"\n'
    '12,"EXAMPLE SHIPPING CO.",-0- ,"EXAMPLE",' + ",".join([N] * 8) + "\n"
    '13,"ZAROUALI",individual,"EXAMPLE",' + ",".join([N] * 8) + "\n\x1a"
)
ALT = '11,1,"aka","TAZRUKI, Yunus",-0- \n12,2,"aka","ESCO",-0- \n11,3,"fka","YOUNES THE FIRST","once"\n\x1a'
ADD = '11,1,"1 Long Street","Old Town","Korea, North","in use"\n13,2,-0- ,-0- ,-0- ,-0- \n\x1a'


def read(*files: str | bytes, form: str | None = "ofac") -> tuple[list[Entry], list[Fault], Reading]:
    raw = [BytesIO(one.encode() if isinstance(one, str) else one) for one in files]
    reading = entries(raw, form, options=Options(today=date(2026, 6, 1)))
    found = list(reading)
    return [one for one in found if isinstance(one, Entry)], [one for one in found if isinstance(one, Fault)], reading


def of_(remarks: str) -> Entry:
    (one, _other), faults, _ = read(SDN.format(remarks=remarks))
    assert not faults
    return one


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_three_files_are_one_list_in_any_order(order: tuple[int, int, int]) -> None:
    files = [SDN.format(remarks="DOB 1 Jan 1960."), ALT, ADD]
    (one, other), faults, reading = read(*(files[at] for at in order), form=None)
    assert not faults
    assert (reading.form, reading.skipped, reading.encoding) == ("ofac", 1, "UTF-8")
    assert (one.id, one.line) == ("11", 1)
    assert one.person.names == (
        Name(text="TAZROUKI, Younes", family="TAZROUKI", given="Younes"),
        Name(text="TAZRUKI, Yunus", kind="alias", family="TAZRUKI", given="Yunus"),
        Name(text="YOUNES THE FIRST", kind="alias"),
    )
    assert one.person.places == (Place(text="1 Long Street, Old Town", country="KP", kind="residence"),)
    for said in ("programme: EXAMPLE", "title: Director, Firm", "YOUNES THE FIRST: once", "address: in use"):
        assert said in one.note
    assert (other.id, other.person.names) == ("13", (Name(text="ZAROUALI"),))


@pytest.mark.parametrize(
    ("remark", "births"),
    [
        ("DOB 10 Dec 1948", [Birth(date="1948-12-10")]),
        ("DOB Dec 1948", [Birth(date="1948-12")]),
        ("DOB 1948; alt. DOB 1949", [Birth(date="1948"), Birth(date="1949")]),
        ("DOB circa 1958", [Birth(date="1958", kind="approximate")]),
        ("DOB circa 3 May 1958", [Birth(date="1958-05-03", kind="approximate")]),
        ("DOB 1961 to 1965", [Birth(date="1961", until="1965", kind="between")]),
        ("DOB 1 Jan 1961 to 31 Dec 1965", [Birth(date="1961-01-01", until="1965-12-31", kind="between")]),
    ],
)
def test_births_in_remarks(remark: str, births: list[Birth]) -> None:
    assert list(of_(f"{remark}.").person.births) == births


@pytest.mark.parametrize(
    ("remark", "paper"),
    [
        ("Passport AB12345 (Egypt)", Document(kind="passport", number="AB12345", country="EG", note="Passport")),
        ("alt. Passport RL 12345 (Korea, North) issued 5 May 2001 expires 4 May 2006",
         Document(kind="passport", number="RL 12345", country="KP", issued="2001-05-05", expires="2006-05-04",
                  note="Passport")),
        ("Passport 123 Belgium", Document(kind="passport", number="123", country="BE", note="Passport; Belgium")),
        ("Diplomatic Passport D-12 (Syria) expires Jan 2007",
         Document(kind="passport", number="D-12", country="SY", expires="2007-01", note="Diplomatic Passport")),
        ("Driver's License No. N360 (Mexico)",
         Document(kind="other", number="N360", country="MX", note="Driver's License No")),
        ("Residency Number 003-55 (Costa Rica)",
         Document(kind="residence", number="003-55", country="CR", note="Residency Number")),
        ("Passport 12345 (Atlantis)", Document(kind="passport", number="12345", note="Passport; Atlantis")),
    ],
)  # fmt: skip
def test_documents_in_remarks(remark: str, paper: Document) -> None:
    assert of_(f"{remark}.").person.documents == (paper,)


@pytest.mark.parametrize(
    ("remark", "number"),
    [
        ("Cedula No. 123456 (Colombia)", Number(value="123456", country="CO")),
        ("alt. Cedula No. R-19 447 (Guatemala)", Number(value="R-19 447", country="GT")),
        ("National ID No. 1234", Number(value="1234")),
        ("C.U.R.P. TAYO600101HBC (Mexico)", Number(value="TAYO600101HBC", country="MX")),
        ("National Foreign ID Number 55 (Spain)", Number(value="55", country="ES")),
        ("Moroccan Personal ID No. E 1234 (Morocco) issued 20 Mar 1999", Number(value="E 1234", country="MA")),
        ("National ID No. (Iran) 12345", Number(value="12345", country="IR")),
    ],
)
def test_numbers_in_remarks(remark: str, number: Number) -> None:
    assert of_(f"{remark}.").person.numbers == (number,)


def test_the_rest_of_the_remarks_is_kept() -> None:
    remarks = (
        "POB Oujda, Congo, Democratic Republic of the; alt. POB Nowhere; nationality Morocco; citizen Belgium; "
        "Gender Male; a.k.a. 'THE TALL ONE'; Linked To: FIRM 12 (Morocco; formerly); arrested 1 Apr 2003; "
        "Chinese Commercial Code 1728 1696; DOB unknown."
    )
    one = of_(remarks)
    assert one.person.places == (Place(text="Oujda", country="CD"), Place(text="Nowhere"))
    assert one.person.nationalities == ("MA", "BE")
    assert one.person.sex == "male"
    assert one.person.names[1] == Name(text="THE TALL ONE", kind="alias", quality="low")
    assert not one.person.documents
    assert not one.person.births
    for said in ("Linked To: FIRM 12 (Morocco; formerly)", "arrested 1 Apr 2003", "Commercial Code", "DOB unknown"):
        assert said in one.note


def test_records_that_are_wrong_cost_themselves_only() -> None:
    sdn = SDN.format(remarks="DOB 1960.").replace('13,"ZAROUALI"', 'x13,"ZAROUALI"')
    (one,), faults, reading = read(sdn, ALT.replace("Yunus", "Yu\u202enus"), ADD + '\n11,1,"short"\n')
    assert [fault.message for fault in faults] == [
        "add.csv: expected 6 cells, the first a number, got 3 and '11'",
        "alt.csv: name: expected text without control or bidirectional characters, got U+202E",
        "sdn.csv: expected 12 cells, the first a number, got 12 and 'x13'",
    ]
    assert [name.text for name in one.person.names] == ["TAZROUKI, Younes", "YOUNES THE FIRST"]
    assert reading.whole


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (("a,b\n",), "expected sdn.csv, alt.csv and add.csv (12, 5 and 6 cells), got a file with 2 cells"),
        ((ALT, ADD), "expected sdn.csv among the files (12 cells), got none"),
        ((ALT, ALT), "got a file with 5 cells"),
        (("",), "got a file with 0 cells"),
    ],
)
def test_files_that_are_not_the_three(files: tuple[str, ...], said: str) -> None:
    found, (fault,), reading = read(*files)
    assert not found
    assert said in fault.message
    assert not reading.whole
