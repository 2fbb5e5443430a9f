"""Invented populations: the same for the same seed, made of the parts of one country, wherever one begins to read."""

import pytest

from benchmarks import _people
from benchmarks._people import BLOCK, Part, Pool, Source, people

SOURCE = Source(
    maghreb=[
        Pool(
            [Part("Yassine", "ياسين"), Part("Salma", "سلمى")],
            [Part("Lmeskini", "المسكيني"), Part("Tazi", "التازي")],
            False,
        )
    ],
    others=[
        Pool([Part("DE SMET", ""), Part("MAES", "")], [Part("Joke", ""), Part("Wout", "")], True),
        Pool([Part("Ines", ""), Part("Rui", "")], [Part("da Rocha", ""), Part("Vilar", "")], False),
    ],
    years=[1960, 1985, 2001],
)


def test_the_same_seed_gives_the_same_persons():
    assert list(people(SOURCE, 500)) == list(people(SOURCE, 500))
    assert list(people(SOURCE, 500)) != list(people(SOURCE, 500, seed=2))


def test_a_population_can_be_read_from_anywhere():
    whole = list(people(SOURCE, BLOCK + 20))
    assert list(people(SOURCE, 40, start=BLOCK - 20)) == whole[-40:]
    assert [one.id for one in whole] == [str(number) for number in range(BLOCK + 20)]


def test_parts_of_one_country_meet_in_their_own_way_of_writing():
    made = list(people(SOURCE, 3000))
    commas = {one.names[0] for one in made if ", " in one.names[0]}
    assert commas == {"DE SMET, Joke", "DE SMET, Wout", "MAES, Joke", "MAES, Wout"}
    latin = {part.latin for part in SOURCE.maghreb[0].first}
    assert all(
        word.split(" ")[-1] in ("Lmeskini", "Tazi")
        for word in (one.names[0] for one in made)
        if word.split(" ")[0] in latin
    )


def test_both_scripts_name_one_person():
    given = dict(zip(("Yassine", "Salma"), ("ياسين", "سلمى"), strict=True))
    both = [
        one
        for one in people(SOURCE, 3000)
        if len(one.names) > 1 and one.names[0].split()[0] in given and "," not in one.names[1]
    ]
    assert len(both) > 100
    for one in both:
        assert one.names[1].split()[0] == given[one.names[0].split()[0]]


def test_births_are_days_of_observed_years():
    births = {one.birth for one in people(SOURCE, 1000)}
    assert {birth[:4] for birth in births} == {"1960", "1985", "2001"}
    assert all("01-01" <= birth[5:] <= "12-31" for birth in births)


def test_without_the_observed_names_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(_people, "DATA", tmp_path)
    with pytest.raises(_people.BenchError, match="PASSERELLE_DATA"):
        _people.source()
