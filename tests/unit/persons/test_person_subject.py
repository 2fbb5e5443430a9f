from typing import Any

import pytest

from passerelle.core.errors import InputError
from passerelle.persons.model import Birth, Document, Name, Number, Person, Place
from passerelle.persons.subject import Subject, from_dossier, lost, to_dossier

WHOLE: dict[str, Any] = {
    "key": "p1",
    "category": "suspect",
    "minor": "no",
    "note": "speaks Tarifit",
    "nationalities_text": "Moroccan",
    "names": [
        {"text": "Yassine El Hammouti", "script": "Latn", "kind": "primary", "family": "El Hammouti"},
        {"text": "ياسين الحموتي", "script": "Arab", "kind": "spelling", "quality": "low"},
    ],
    "births": [{"date": "1966", "calendar": "gregorian", "kind": "between", "until": "1968-02"}],
    "sex": "male",
    "nationalities": ["MA"],
    "documents": [{"kind": "passport", "number": "AB1234567", "country": "MA", "expires": "2029"}],
    "numbers": [{"kind": "national-number", "country": "BE", "value": "85.07.30-033 28"}],
    "places": [{"kind": "birth", "text": "Nador", "country": "MA"}],
}


def test_a_person_of_a_dossier_comes_back_as_he_was() -> None:
    subject = from_dossier(WHOLE)
    assert subject.person.names[1].quality == "low"
    assert subject.note == "speaks Tarifit"
    assert to_dossier(subject) == WHOLE


def test_the_least_that_a_dossier_may_say() -> None:
    least = {"key": "p2", "category": "to-identify", "minor": "doubt"}
    assert to_dossier(from_dossier(least)) == least


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"names": "Yassine"}, "Expected `array`, got `str`"),
        ({"births": [{"calendar": "hijri"}]}, "missing required field `date`"),
        ({"shoe": 44}, "unknown field `shoe`"),
        ({"key": 7}, "Expected `str`, got `int`"),
    ],
)
def test_another_form_is_refused_and_named(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError) as refused:
        from_dossier({**WHOLE, **change})
    assert told in str(refused.value)


def test_what_a_dossier_cannot_say_is_named_before_it_is_left_out() -> None:
    person = Person(
        names=(Name(text="HAMMOUTI YASSI", cut=True),),
        births=(Birth(date="1966-05-03", uncertain=True),),
        documents=(Document(kind="visa", number="V123"),),
        numbers=(Number(value="123"), Number(value="AB123456", country="MA")),
        places=(Place(text="", country="MA"),),
    )
    subject = Subject(person=person, key="p1", category="suspect", minor="no")
    gone = ["names[0].cut", "births[0].uncertain", "documents[0].kind", "numbers[0]", "places[0]"]
    assert lost(person) == gone
    with pytest.raises(InputError) as refused:
        to_dossier(subject)
    assert all(one in str(refused.value) for one in gone)
    made = to_dossier(subject, losing=True)
    assert made["names"] == [{"text": "HAMMOUTI YASSI", "script": "Latn", "kind": "primary"}]
    assert made["documents"] == [{"kind": "other", "number": "V123"}]
    assert made["numbers"] == [{"kind": "national-number", "country": "MA", "value": "AB123456"}]
    assert "places" not in made
