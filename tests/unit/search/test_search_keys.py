"""The match keys of persons: what an entry and a question have in common, and what no key is made of."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.persons.model import Birth, Document, Name, Number, Person
from passerelle.search.keys import keys_of, questions_of


def person(
    *names: str,
    born: str = "",
    calendar: str = "gregorian",
    kind: str = "exact",
    until: str = "",
    uncertain: bool = False,
    documents: tuple[tuple[str, str, str], ...] = (),
    numbers: tuple[tuple[str, str], ...] = (),
) -> Person:
    births = (Birth(date=born, calendar=calendar, kind=kind, until=until, uncertain=uncertain),) if born else ()
    return Person(
        names=tuple(Name(text=name) for name in names),
        births=births,
        documents=tuple(Document(kind=one, country=country, number=number) for one, country, number in documents),
        numbers=tuple(Number(country=country, value=value) for country, value in numbers),
    )


def found(entry: Person, asked: Person) -> bool:
    return not set(keys_of(entry)).isdisjoint(questions_of(asked))


def test_a_name_with_its_birth_date_is_found_under_another_spelling() -> None:
    entry = person("ياسين المسكيني", born="1971-03-05")
    assert found(entry, person("Yassine El Meskini", born="1971-03-05"))
    assert not found(entry, person("Yassine El Meskini", born="1971-03-06"))
    assert not found(entry, person("Karim Benali", born="1971-03-05"))


@pytest.mark.parametrize(
    "entry",
    [
        person("Yassine El Meskini", born="1971"),
        person("Yassine El Meskini", born="1971-03"),
        person("Yassine El Meskini", born="1971-01-01"),
        person("Yassine El Meskini", born="1972", kind="approximate"),
        person("Yassine El Meskini", born="1970", kind="between", until="1972"),
        person("Yassine El Meskini", born="1391-01-08", calendar="hijri"),
        person("Yassine El Meskini", born="1971-05-03", uncertain=True),
    ],
)
def test_who_asks_with_a_full_date_finds_entries_that_leave_it_open(entry: Person) -> None:
    assert found(entry, person("Yassine El Meskini", born="1971-03-05"))
    assert not found(entry, person("Yassine El Meskini", born="1976-08-09"))


def test_who_asks_with_a_year_alone_finds_entries_with_a_partial_date_alone() -> None:
    asked = person("Yassine El Meskini", born="1971")
    assert found(person("Yassine El Meskini", born="1971-01-01"), asked)
    assert not found(person("Yassine El Meskini", born="1971-03-05"), asked)


def test_a_hijri_date_is_asked_about_as_the_day_it_is_converted_to() -> None:
    asked = person("Yassine El Meskini", born="1391-01-08", calendar="hijri")
    assert found(person("Yassine El Meskini", born="1971-03-05"), asked)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("passport", "MA", "EH123456"), ("passport", "MA", "eh 123-456")),
        (("passport", "MA", "EH123456"), ("passport", "MA", "EH١٢٣٤٥٦")),
        (("passport", "MA", "OB123456"), ("passport", "MA", "0B123456")),
        (("passport", "", "EH123456"), ("passport", "MA", "EH123456")),
        (("passport", "BE", "EH123456<4"), ("passport", "BE", "EH123456")),
    ],
)
def test_a_document_is_found_as_it_is_written_and_misread(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert found(person(documents=(one,)), person(documents=(other,)))


@pytest.mark.parametrize(
    "other", [("passport", "BE", "EH123456"), ("identity-card", "MA", "EH123456"), ("passport", "MA", "EH123457")]
)
def test_another_document_is_not_found(other: tuple[str, str, str]) -> None:
    assert not found(person(documents=(("passport", "MA", "EH123456"),)), person(documents=(other,)))


def test_a_national_number_is_found_with_or_without_its_country() -> None:
    asked = person(numbers=(("BE", "85.07.30-033 28"),))
    assert found(person(numbers=(("BE", "85073003328"),)), asked)
    assert found(person(numbers=(("", "85073003328"),)), asked)
    assert not found(person(numbers=(("MA", "85073003328"),)), asked)


@pytest.mark.parametrize(
    "nobody",
    [
        Person(),
        person("Yassine El Meskini"),
        person("Yassine", born="1971-03-05"),
        person(born="1971-03-05"),
        person("Yassine El Meskini", born="1971-02-31"),
        person(documents=(("passport", "MA", "1234"), ("other", "", "UNKNOWN"), ("visa", "MA", ""))),
        person(numbers=(("MA", "A12"),)),
    ],
)
def test_there_is_no_key_of_a_date_a_token_or_a_number_that_says_nothing(nobody: Person) -> None:
    assert keys_of(nobody) == questions_of(nobody) == ()


def test_numbers_come_first_and_leave_room_for_names() -> None:
    many = tuple(("passport", "MA", f"EH12345{digit}") for digit in range(9))
    full = keys_of(person("Yassine Omar El Meskini Tazi", born="1971-03-05", documents=many))
    assert [key[:2] for key in full] == ["p|"] * 4 + ["d1"] * 6
    assert [key[:2] for key in keys_of(person("Yassine El Meskini", born="1971-03-05", documents=many))][:9] == [
        "p|"
    ] * 9
    few = questions_of(
        person("Yassine El Meskini", born="1971-03-05", documents=many[:1], numbers=(("MA", "A123456"),))
    )
    assert few[:4] == ("n|MA|A123456", "p|passport|MA|EH123450", "n||A123456", "p|passport||EH123450")
    assert {key.partition("|")[0] for key in few[4:]} == {"d1971-03-05", "y1971"}


def test_a_weak_alias_comes_last() -> None:
    weak = Person(
        names=(Name(text="Abu Tariq El Kebir Omar", quality="low"), Name(text="Yassine El Meskini")),
        births=(Birth(date="1971-03-05"),),
    )
    assert keys_of(weak)[0] == keys_of(person("Yassine El Meskini", born="1971-03-05"))[0]


TEXT = st.text(max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(TEXT, max_size=4), TEXT | st.dates().map(str), st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=12))
def test_at_most_ten_of_whatever_a_list_says(names: list[str], born: str, papers: list[tuple[str, str, str]]) -> None:
    one = person(*names, born=born, documents=tuple(papers), numbers=tuple((c, n) for _k, c, n in papers))
    for keys in (keys_of(one), questions_of(one)):
        assert len(keys) == len(set(keys)) <= 10
        assert all(key.count("|") >= 2 and 0 < len(key.encode()) < 65_536 for key in keys)


NAMES = (
    "Youssef",
    "Nadia",
    "Karim",
    "Fatima Zahra",
    "El Amrani",
    "Ben Salem",
    "De Smet",
    "Ouazzani",
    "Tazi",
    "Belkacem",
)
A_NAME = st.lists(st.sampled_from(NAMES), min_size=2, max_size=4, unique=True).map(" ".join)
DAYS = st.dates(date(1940, 1, 1), date(2005, 12, 31)).map(str)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(A_NAME, min_size=1, max_size=3),
    st.lists(DAYS, min_size=1, max_size=2, unique=True),
    st.integers(0, 9),
    st.data(),
)
def test_who_is_asked_about_by_a_name_and_a_date_of_his_entry_is_always_found(
    names: list[str], days: list[str], papers: int, data: st.DataObject
) -> None:
    """As long as his names and dates, taken together, are no more than the keys that are left to names."""
    documents = tuple(Document(kind="passport", country="MA", number=f"EH12345{digit}") for digit in range(papers))
    listed = Person(
        names=tuple(Name(text=one) for one in names), births=tuple(Birth(date=one) for one in days), documents=documents
    )
    asked = person(data.draw(st.sampled_from(names)), born=data.draw(st.sampled_from(days)))
    assert not set(keys_of(listed)).isdisjoint(questions_of(asked))
