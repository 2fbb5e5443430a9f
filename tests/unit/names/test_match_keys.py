import pytest

from passerelle.core.errors import InputError
from passerelle.names import blocks, match_keys, prepared

DAY = ["1980-05-17"]


def share(one: str, other: str, births: list[str] = DAY) -> bool:
    return not set(match_keys([one], births)).isdisjoint(match_keys([other], births))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Yassine El Meskini", "ياسين المسكيني"),
        ("LMESKINI, Yassin", "Yassine El Meskini"),
        ("Fayçal Othmane", "فيصل عثمان"),
        ("Youssef Ben Hamouda", "يوسف بنحمودة"),
        ("Hayet Gacem", "حياة قاسم"),
        ("Elyes Zerhouni", "الياس الزرهوني"),
        ("Houda Guizani", "هدى الجيزاني"),
        ("Abd el Kader", "عبد القادر"),
        ("Nour Eddine", "نور الدين"),
    ],
)
def test_spellings_share_a_key(one, other):
    assert share(one, other)


def test_another_birth_date_is_another_key():
    keys = set(match_keys(["Yassine El Meskini"], DAY))
    assert keys.isdisjoint(match_keys(["Yassine El Meskini"], ["1980-05-18"]))


def test_a_partial_date_gives_keys_of_the_year():
    listed = match_keys(["Yassine El Meskini"], ["1980-05"])
    assert listed == match_keys(["Yassine El Meskini"], ["1980"])
    assert set(listed).isdisjoint(match_keys(["Yassine El Meskini"], DAY))
    assert not set(listed).isdisjoint(match_keys(["Yassine El Meskini"], DAY, years=True))


@pytest.mark.parametrize("name", ["Yassine", "Z", "", "12", "المسكيني"])
def test_one_token_gives_no_key(name):
    assert match_keys([name], DAY) == []


def test_no_birth_date_gives_no_key():
    assert match_keys(["Yassine El Meskini"], []) == []


def test_at_most_ten():
    names = ["Yassine Omar Zaynab Tazi Lahlou El Meskini", "Rachid Hamid Boutaleb", "ياسين عمر المسكيني"]
    assert len(match_keys(names, ["1980-05-17", "1981", "1982-01-02"], years=True)) == 10


@pytest.mark.parametrize("birth", ["17/05/1980", "80", "", "1980-5-17"])
def test_a_date_of_another_form_is_refused(birth):
    with pytest.raises(InputError, match="expected YYYY, YYYY-MM or YYYY-MM-DD, got"):
        match_keys(["Yassine El Meskini"], [birth])


def test_a_key_shows_no_name():
    assert all("meskini" not in key.lower() for key in match_keys(["Yassine El Meskini"], DAY))


def test_spellings_share_a_block_and_strangers_do_not():
    one, other = blocks(prepared(["Yassine El Meskini"])), blocks(prepared(["ياسين المسكيني"]))
    assert set(one) & set(other)
    assert set(one).isdisjoint(blocks(prepared(["Pieter Achterberg"])))
    assert all(-(2**63) <= key < 2**63 for key in one)


@pytest.mark.parametrize(("one", "other"), [("Mohamed", "محمد"), ("Ould Youssef", "Yousef"), ("Ali", "Aly")])
def test_a_frequent_name_that_is_all_there_is_finds_itself(one, other):
    assert set(blocks(prepared([one]))) & set(blocks(prepared([other])))
    assert set(blocks(prepared([one]))).isdisjoint(blocks(prepared([f"{other} Achterberg"])))
