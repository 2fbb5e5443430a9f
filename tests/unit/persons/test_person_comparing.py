from typing import Any

import pytest

from passerelle import persons
from passerelle.core.words import speaking
from passerelle.persons import remarks, telling, weights
from passerelle.persons.model import Birth, Document, Name, Number, Person, Place

MAN = Person(
    names=(Name(text="Yassine El Hammouti"),),
    births=(Birth(date="1985-07-30"),),
    sex="male",
    nationalities=("MA", "BE"),
    documents=(Document(kind="passport", number="AB1234567", country="MA"),),
    numbers=(Number(value="85.07.30-033 28", country="BE"),),
    places=(Place(text="Nador", country="MA"),),
)


def part(agreement: persons.Agreement, kind: str) -> persons.Part:
    return next(one for one in agreement.parts if one.kind == kind)


def test_a_person_agrees_with_himself_in_every_part() -> None:
    agreement = persons.compare(MAN, MAN)
    assert {one.verdict for one in agreement.parts} == {"agrees"}
    assert 0.999 < agreement.score < 1


def test_with_names_alone_the_score_is_that_of_the_names() -> None:
    one, other = Person(names=MAN.names), Person(names=(Name(text="Yasin Elhamouti"),))
    for value in (0.001, 0.3, 0.9):
        assert persons.compare(one, other, names=value).score == pytest.approx(value)


def test_nothing_known_is_no_evidence() -> None:
    agreement = persons.compare(Person(), Person())
    assert {one.verdict for one in agreement.parts} == {"missing"}
    assert agreement.score == pytest.approx(2**-10, rel=0.01)
    assert agreement.sentences() == [
        "Not compared, as one side does not have it: names, birth, places, documents, national numbers, sex and "
        "nationality"
    ]


def test_scores_of_many_are_those_of_each() -> None:
    others = [
        Person(births=(Birth(date="1985-07-30"),)),
        MAN,
        Person(names=(Name(text="Someone Else"),), sex="female"),
        Person(),
    ]
    one, ready = persons.prepared(MAN), [persons.prepared(other) for other in others]
    found = persons.scores(one, ready)
    assert found == pytest.approx([persons.compare(MAN, other).score for other in others])
    assert persons.scores(one, ready, names=[0.5] * 4) == [persons.score(one, other, names=0.5) for other in ready]
    assert max(found) == found[1]


def test_a_contradiction_ranks_lower_and_is_told_and_hides_nothing() -> None:
    other = Person(names=MAN.names, births=(Birth(date="1951-02-11"),), sex="female", documents=MAN.documents)
    agreement = persons.compare(MAN, other)
    assert part(agreement, "birth").verdict == part(agreement, "sex").verdict == "contradicts"
    assert part(agreement, "document").verdict == "agrees"
    assert agreement.score < persons.compare(MAN, Person(names=MAN.names, documents=MAN.documents)).score
    told = "\n".join(agreement.sentences())
    assert "born 1985-07-30 ~ 1951-02-11: more than five years apart" in told
    assert "sex male ~ female: they contradict each other" in told
    assert "passport AB1234567 of Morocco: the same number" in told


def test_the_birth_that_a_national_number_holds_is_compared() -> None:
    one = Person(numbers=MAN.numbers)
    agreement = persons.compare(one, Person(births=MAN.births, sex="male"))
    assert part(agreement, "birth").verdict == "agrees"
    assert part(agreement, "sex").verdict == "agrees"
    assert "born 1985-07-30: the same day; as the national number has it" in agreement.sentences()


def test_a_number_that_says_otherwise_than_its_person_is_remarked() -> None:
    odd = Person(numbers=MAN.numbers, births=(Birth(date="1990-01-01"),), sex="female")
    told = persons.compare(odd, Person()).sentences()
    assert "The number 85.07.30-033 28 (NN) says born 1985-07-30; the person is given as born 1990-01-01" in told
    assert "The number 85.07.30-033 28 (NN) says male; the person is given as female" in told


def test_what_cannot_be_right_is_remarked_and_not_dropped() -> None:
    bad = Person(
        births=(Birth(date="1966-02-30"),),
        numbers=(Number(value="85.07.30-033 29", country="BE"),),
        documents=(Document(kind="passport", number="L898902C<7"),),
    )
    agreement = persons.compare(bad, bad)
    assert part(agreement, "number").verdict == part(agreement, "document").verdict == "agrees"
    assert part(agreement, "birth").verdict == "missing"
    assert [telling.remark(one) for one in remarks.of_person(bad)] == [
        "1966-02-30 is a date that does not exist",
        "The number 85.07.30-033 29 fails its check digit (NN): perhaps it was misread",
        "The number L898902C<7 fails its check digit (ICAO 9303): perhaps it was misread",
    ]
    told = agreement.sentences()
    assert all(told.count(telling.remark(one)) == 1 for one in remarks.of_person(bad))


def test_a_number_on_a_card_and_in_a_register_counts_once() -> None:
    card = Document(kind="identity-card", number="AB123456", country="MA")
    number = Number(value="AB123456", country="MA")
    both, alone = Person(documents=(card,), numbers=(number,)), Person(numbers=(number,))
    assert persons.compare(both, both).bits == persons.compare(alone, alone).bits
    book = Document(kind="passport", number="ZX7654321", country="MA")
    more = Person(documents=(card, book), numbers=(number,))
    assert persons.compare(more, more).bits > persons.compare(both, both).bits


def test_what_stood_left_and_right_can_be_shown_side_by_side() -> None:
    agreement = persons.compare(
        MAN, Person(births=(Birth(date="1402", calendar="hijri"),), places=(Place(text="Fès"),))
    )
    assert (part(agreement, "birth").left, part(agreement, "birth").right) == ("1985-07-30", "1402 (Hijri)")
    assert (part(agreement, "place").left, part(agreement, "place").right) == ("Nador", "Fès")
    assert part(agreement, "document").left == part(agreement, "document").right == ""


def test_every_finding_and_verdict_has_its_words() -> None:
    for kind in ("birth", "place", "document", "number", "sex", "nationality"):
        for level, weight in weights.levels(kind).items():
            words = (kind, level) in telling._LEVELS or ("document", level) in telling._LEVELS
            assert words or level == "overlap", (kind, level)
            assert telling.verdict(weight.verdict)


def test_it_speaks_the_language_in_use_when_it_is_read() -> None:
    agreement = persons.compare(MAN, Person(births=(Birth(date="1985"),), nationalities=("MA",)))
    with speaking("fr"):
        assert part(agreement, "nationality").right == "Maroc"
    with speaking("ar"):
        assert part(agreement, "nationality").right == "المغرب"
    assert part(agreement, "nationality").right == "Morocco"


def test_many_candidates_get_the_scores_that_each_gets_alone() -> None:
    others = [
        persons.prepared(
            Person(
                births=(Birth(date=f"{1940 + number % 60}-{1 + number % 12:02d}-{1 + number % 28:02d}"),),
                documents=(Document(kind="passport", number=f"AB{number:07d}", country="MA"),),
                places=(Place(text="Nador"),),
                sex="male",
            )
        )
        for number in range(30)
    ]
    one, given = persons.prepared(MAN), [number / 40 for number in range(30)]
    alone = [persons.score(one, other, names=name) for other, name in zip(others, given, strict=True)]
    assert persons.scores(one, others, names=given) == pytest.approx(alone)


def made(**fields: Any) -> persons.Prepared:
    return persons.prepared(Person(**fields))


def test_a_hundred_thousand_signs_cost_no_more_than_a_thousand() -> None:
    long = "A" * 100_000
    odd = made(
        births=tuple(Birth(date=long) for _ in range(3)),
        documents=tuple(Document(kind="passport", number=long + str(number), country="BE") for number in range(200)),
        numbers=(Number(value=long, country="IT"),),
        places=tuple(Place(text=long + "," * number) for number in range(200)),
    )
    assert 0 < persons.score(odd, odd) < 1
