import pytest

from passerelle.names.keys import coarse
from passerelle.names.reading import read
from passerelle.names.skeleton import CONSONANTS, of_text
from passerelle.names.symbols import LONGEST, SYMBOLS, coded


def skeletons(text: str) -> set[str]:
    return {of_text(reading) for reading in read(text)[0].readings}


@pytest.mark.parametrize(
    ("latin", "arabic"),
    [
        ("El Meskini", "المسكيني"),
        ("Lmeskini", "المسكيني"),
        ("Abdelkader", "عبد القادر"),
        ("Ali", "علي"),
        ("Aya", "آية"),
        ("Mohammed", "محمد"),
        ("Noureddine", "نور الدين"),
        ("Youssef", "يوسف"),
        ("Zaynab", "زينب"),
    ],
)
def test_both_scripts_share_the_skeleton(latin, arabic):
    assert skeletons(latin) & skeletons(arabic)


def test_a_short_name_keeps_its_vowels():
    assert skeletons("Ali") == {"ali"}
    assert skeletons("Aya") == {"aia"}
    assert skeletons("Ali").isdisjoint(skeletons("Eloi"))


def test_names_apart_have_other_skeletons():
    assert skeletons("Rachid").isdisjoint(skeletons("Hamid"))


def test_a_symbol_has_one_class_at_most():
    assert all(len(name) <= 1 for name in CONSONANTS)
    assert len(SYMBOLS) <= 256


def test_a_code_is_never_longer_than_its_table():
    assert len(coded("b" + "ca" * 40)) == LONGEST


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kacem", "قاسم"),
        ("Gacem", "قاسم"),
        ("Othmane", "عثمان"),
        ("Ghali", "غالي"),
        ("Cherif", "شريف"),
        ("Salah", "صالح"),
    ],
)
def test_the_coarse_skeleton_folds_habits_of_romanisation(one, other):
    assert coarse(read(one)[0].readings[-1]) == coarse(read(other)[0].readings[-1])
