"""What holds for every two persons that are compared, and for every person of a dossier."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hijridate import Gregorian
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from passerelle import persons
from passerelle.core import json
from passerelle.core.errors import InputError
from passerelle.dossiers.types import Catalogue
from passerelle.persons.births import compared, readings
from passerelle.persons.marks import compact
from passerelle.persons.model import Birth, Document, Name, Number, Person, Place
from passerelle.persons.subject import Subject, from_dossier, lost, to_dossier
from tests.unit.dossiers.generate import Maker

# The first comparison of names compiles what the others use.
MAKER = Maker(Catalogue.load().get("identification"))

days = st.builds("{:04d}-{:02d}-{:02d}".format, st.integers(1900, 2020), st.integers(1, 12), st.integers(1, 28))
dates = days | days.map(lambda text: text[:7]) | days.map(lambda text: text[:4])
hijri = st.builds("{:04d}-{:02d}-{:02d}".format, st.integers(1300, 1440), st.integers(1, 12), st.integers(1, 29))
births = (
    st.builds(Birth, date=dates, kind=st.sampled_from(["exact", "approximate", "claimed"]), uncertain=st.booleans())
    | st.builds(Birth, date=hijri, calendar=st.just("hijri"))
    | st.builds(Birth, date=dates, kind=st.just("between"), until=dates)
)
words = st.sampled_from(["Nador", "الناظور", "Fès, Maroc", "Gent", "Gand", "Iraq", "", "x" * 400]) | st.text(
    max_size=12
)
countries = st.sampled_from(["", "MA", "BE", "FR"])
numbers = st.sampled_from(
    ["AB1234567", "AB12O4567", "85.07.30-033 28", "17073003384", "85.07.30-033 29", "L898902C<3", "7"]
)
marks = st.builds(
    Document,
    kind=st.sampled_from(["passport", "identity-card", "visa", "other"]),
    number=numbers | st.text(max_size=10),
    country=countries,
)
people = st.builds(
    Person,
    names=st.lists(
        st.builds(Name, text=st.sampled_from(["Yassine El Hammouti", "ياسين الحموتي", "Eva De Smet", " "]))
    ).map(tuple),
    births=st.lists(births, max_size=3).map(tuple),
    sex=st.sampled_from(["female", "male", "other", "unknown"]),
    nationalities=st.lists(st.sampled_from(["MA", "BE"]), unique=True).map(tuple),
    documents=st.lists(marks, max_size=3).map(tuple),
    numbers=st.lists(st.builds(Number, value=numbers | st.text(max_size=10), country=countries), max_size=2).map(tuple),
    places=st.lists(
        st.builds(Place, text=words, country=countries, kind=st.sampled_from(["birth", "residence"])), max_size=2
    ).map(tuple),
)

ways: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "wide": lambda text: "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in text),
    "dashes": "-".join,
    "blanks": " ".join,
    "arabic": lambda text: text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
}


@given(people, people)
def test_both_ways_around_the_score_is_the_same(one: Person, other: Person) -> None:
    there, back = persons.compare(one, other), persons.compare(other, one)
    assert there.score == back.score
    assert 0 < there.score < 1
    assert {part.kind: part.bits for part in there.parts} == {part.kind: part.bits for part in back.parts}
    assert there.score == persons.score(persons.prepared(one), persons.prepared(other))


@given(people, people)
def test_every_comparison_is_told(one: Person, other: Person) -> None:
    for part in persons.compare(one, other).parts:
        assert (part.verdict == "missing") == (part.finding is None and part.names is None)
        if part.verdict != "missing":
            assert part.sentences()
        elif not part.remarks:
            assert part.left == part.right == ""
            assert part.bits == 0


LONE = ["names", "births", "places", "nationalities", "sex"]


def without(person: Person, *fields: str) -> Person:
    return replace(person, **{field: "unknown" if field == "sex" else () for field in fields})


@given(people, people, st.sampled_from(LONE))
def test_what_one_side_lacks_is_neutral(one: Person, other: Person, field: str) -> None:
    # Numbers hold births and sexes of their own: they are left out here.
    bare, full = without(one, field, "numbers", "documents"), without(other, "numbers", "documents")
    assert persons.compare(bare, full).score == persons.compare(bare, without(full, field)).score


@given(people, people)
def test_numbers_that_one_side_lacks_are_neutral(one: Person, other: Person) -> None:
    kinds = {part.kind: part.bits for part in persons.compare(without(one, "numbers", "documents"), other).parts}
    assert kinds["number"] == kinds["document"] == 0


@given(people, people, births)
def test_a_birth_that_both_have_never_lowers(one: Person, other: Person, birth: Birth) -> None:
    before = persons.compare(one, other, names=0.5).bits
    more = (replace(side, births=(*side.births, birth)) for side in (one, other))
    assert persons.compare(*more, names=0.5).bits >= before


@given(people, people, marks, st.booleans())
def test_a_number_that_both_have_never_lowers(one: Person, other: Person, mark: Document, stated: bool) -> None:
    one, other = without(one, "sex"), without(other, "sex")
    before = persons.compare(one, other, names=0.5).bits
    if stated:
        more = [replace(side, documents=(*side.documents, mark)) for side in (one, other)]
    else:
        number = Number(value=mark.number, country=mark.country)
        more = [replace(side, numbers=(*side.numbers, number)) for side in (one, other)]
    assert persons.compare(*more, names=0.5).bits >= before - 1e-9


@given(people, people, st.sampled_from(["Nador", "Fès, Maroc", "Gent"]), st.sampled_from(["MA", "BE"]))
def test_a_place_or_nationality_that_both_have_never_lowers(
    one: Person, other: Person, text: str, country: str
) -> None:
    before = persons.compare(one, other, names=0.5).bits
    place = Place(text=text, country=country)
    more = [replace(side, places=(*side.places, place)) for side in (one, other)]
    assert persons.compare(*more, names=0.5).bits >= before
    more = [replace(side, nationalities=(*side.nationalities, country)) for side in (one, other)]
    assert persons.compare(*more, names=0.5).bits >= before


@given(days, st.sampled_from([4, 7, 10]), st.sampled_from([4, 7, 10]))
def test_a_partial_date_never_speaks_against_what_it_contains(day: str, one: int, other: int) -> None:
    found = compared(readings([Birth(date=day[:one])]), readings([Birth(date=day[:other])]))
    assert found is not None
    assert found.verdict == "agrees"
    assert found.bits > 0


@given(st.integers(1900, 2020), st.integers(1, 12), st.integers(1, 12), st.booleans())
def test_swapped_days_are_found_both_ways(year: int, month: int, day: int, uncertain: bool) -> None:
    dates = f"{year}-{month:02d}-{day:02d}", f"{year}-{day:02d}-{month:02d}"
    one, other = (readings([Birth(date=date, uncertain=uncertain)]) for date in dates)
    there, back = compared(one, other), compared(other, one)
    assert there is not None
    assert back is not None
    assert (there.level, there.bits) == (back.level, back.bits)
    assert there.level == ("overlap" if month == day else "turned" if uncertain else "swapped")


@given(st.dates(date(1924, 8, 10), date(2020, 12, 31)), st.integers(-2, 2))
def test_a_hijri_date_agrees_with_its_day_whatever_moon_was_seen(day: date, seen: int) -> None:
    written = Gregorian.fromdate(day + timedelta(days=seen)).to_hijri().isoformat()
    found = compared(readings([Birth(date=written, calendar="hijri")]), readings([Birth(date=day.isoformat())]))
    assert found is not None
    assert found.verdict == "agrees"


@given(st.lists(st.sampled_from(sorted(ways)), min_size=1, max_size=6))
def test_a_number_is_one_however_it_is_written(chosen: list[str]) -> None:
    text = "AB1234567"
    for way in chosen:
        text = ways[way](text)
    assert compact(text) == "AB1234567"


@given(MAKER.value({"$ref": "#/$defs/person"}))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_person_of_a_dossier_comes_back_as_he_was(person: dict[str, Any]) -> None:
    subject = from_dossier(person)
    assert lost(subject.person) == []
    assert normal(to_dossier(subject)) == normal(person)
    assert from_dossier(to_dossier(subject)) == subject


def normal(person: dict[str, Any]) -> dict[str, Any]:
    """What is absent and what stands there as its default mean the same."""
    made = json.parse_object(json.canonical(person))
    if made.get("sex") == "unknown":
        del made["sex"]
    for name in made.get("names", ()):
        if name.get("quality") == "good":
            del name["quality"]
    return made


@given(people)
def test_a_person_from_elsewhere_loses_what_is_named_and_nothing_else(person: Person) -> None:
    subject = Subject(person=person, key="p1", category="suspect", minor="doubt")
    if lost(person):
        with pytest.raises(InputError):
            to_dossier(subject)
        return
    back = from_dossier(to_dossier(subject)).person
    assert replace(back, names=tuple(replace(name, script="") for name in back.names)) == person
