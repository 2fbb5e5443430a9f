import pytest

from passerelle.persons import telling
from passerelle.persons.finding import Finding
from passerelle.persons.model import Place
from passerelle.persons.places import compared, folded, spots


def never(_one: str, _other: str) -> bool:
    return False


def found(one: Place | str, other: Place | str) -> Finding | None:
    sides = [spots([Place(text=side) if isinstance(side, str) else side]) for side in (one, other)]
    return compared(*sides, never)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Meknès", "MEKNES"),
        ("Casablanca", "الدار البيضاء"),
        ("Tanger, Maroc", "طنجة، المغرب"),
        ("Luik", "Liège (Belgium)"),
        ("Province de Nador", "Nador"),
        ("Old Town (Nador), Morocco", "Nador"),
        ("أكادير", "اكادير"),
        ("'s-Gravenhage", "Den Haag"),
    ],
)
def test_one_place_under_two_names(one: str, other: str) -> None:
    there = found(one, other)
    assert there is not None
    assert (there.level, there.verdict) == ("birth", "agrees")


def test_a_text_that_is_a_country_is_no_town() -> None:
    there = found("Morocco", "Nador, Maroc")
    assert there is not None
    assert there.level == "country"
    abroad = found("Nederland", "Nador, Maroc")
    assert abroad is not None
    assert abroad.level == "abroad"
    assert abroad.bits < 0
    assert found("Morocco", "Nador") is None


def test_only_places_of_birth_are_at_odds() -> None:
    home = Place(text="Gent", country="BE", kind="residence")
    assert found(home, Place(text="Nador", country="MA")) is None
    there = found(home, "Gand")
    assert there is not None
    assert there.level == "other"
    elsewhere = found("Gent", "Nador")
    assert elsewhere is not None
    assert elsewhere.level == "elsewhere"


def test_what_sounds_alike_is_spelled_otherwise() -> None:
    there = compared(
        spots([Place(text="Berkane")]), spots([Place(text="Birkan")]), lambda one, other: one[0] == other[0]
    )
    assert there is not None
    assert there.level == "spelled"
    assert telling.sentence(there) == "place Berkane ~ Birkan: the same place of birth, spelled otherwise"


def test_one_name_in_two_countries_is_two_places() -> None:
    there = found(Place(text="Tripoli", country="LY"), Place(text="Tripoli", country="LB"))
    assert there is not None
    assert there.level == "abroad"


@pytest.mark.parametrize("text", ["", " ", "---", "province", "\u200f"])
def test_words_that_say_nothing_are_no_place(text: str) -> None:
    assert spots([Place(text=text)]) == ()
    assert len(spots([Place(text=text, country="MA")])) == 1


def test_folding() -> None:
    assert folded("  Aïn-el-AOUDA ") == "ain el aouda"
    assert folded("الجديدة") == folded("الجديده")
    assert folded("ص\u064eو\u064aرة") == folded("صوـيرة")
