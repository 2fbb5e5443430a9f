import pkgutil
from importlib import import_module

import pytest
import stdnum

from passerelle.persons.forms import _file, read
from passerelle.persons.model import Birth

# Numbers are the examples in the documentation of python-stdnum, or made up to fit.


@pytest.mark.parametrize(
    ("value", "country", "name", "births", "sex"),
    [
        ("85.07.30-033 28", "BE", "NN", ("1985-07-30",), "male"),
        ("17 07 30 033 84", "BE", "NN", ("2017-07-30",), "male"),
        ("98.47.28-997.65", "BE", "BIS", ("1998-07-28",), "male"),
        ("295109912611193", "FR", "NIR", ("1995-10", "2095-10"), "female"),
        ("253072A07300443", "FR", "NIR", ("1953-07", "2053-07"), "female"),
        ("111222333", "NL", "BSN", (), "unknown"),
        ("54362315-K", "ES", "DNI", (), "unknown"),
        ("x-2482300w", "ES", "NIE", (), "unknown"),
        ("RCCMNL83S18D969H", "IT", "codice fiscale", ("1983-11-18", "2083-11-18"), "male"),
        ("AB 123456", "MA", "CIN", (), "unknown"),
        ("44051401359", "PL", "PESEL", ("1944-05-14",), "male"),
    ],
)
def test_what_a_sound_number_holds(value: str, country: str, name: str, births: tuple[str, ...], sex: str) -> None:
    held = read(value, country)
    assert held is not None
    assert (held.name, held.sound, held.fault) == (name, True, "")
    assert set(held.births) == {Birth(date=date) for date in births}
    assert held.sex == sex


@pytest.mark.parametrize(
    ("value", "country", "fault"),
    [
        ("85.07.30-033 29", "BE", "check"),
        ("111252333", "NL", "check"),
        ("295109912611194", "FR", "check"),
        ("123456789", "MA", "form"),
        ("hello", "BE", "form"),
        ("", "NL", "form"),
        ("Ⅻ٣", "BE", "form"),
    ],
)
def test_a_number_that_is_not_sound_says_why_and_nothing_else(value: str, country: str, fault: str) -> None:
    held = read(value, country)
    assert held is not None
    assert (held.sound, held.fault, held.births, held.sex) == (False, fault, (), "unknown")


def test_nothing_is_said_of_numbers_without_a_form() -> None:
    assert read("85073003328", "") is None
    assert read("85073003328", "XX") is None
    assert read("8" * 65, "BE") is None
    assert read("AB1234567", "MA", "passport") is None


def test_another_form_is_a_fault_only_where_there_is_no_other() -> None:
    assert read("AUXM-530929", "DE") is None
    assert read("Z01024064", "NL", "passport") is None
    failed = read("AUXM-530929", "NL")
    assert failed is not None
    assert failed.fault == "form"
    letterless = read("54.362.315", "ES")
    assert letterless is not None
    assert (letterless.name, letterless.sound) == ("DNI", True)


def test_a_card_may_bear_its_own_number_or_that_of_the_person() -> None:
    card = read("591-1917064-58", "BE", "identity-card")
    assert card is not None
    assert (card.name, card.sound) == ("eID", True)
    person = read("85.07.30-033 28", "BE", "identity-card")
    assert person is not None
    assert (person.name, person.sound) == ("NN", True)
    neither = read("591-1917064-59", "BE", "identity-card")
    assert neither is not None
    assert (neither.name, neither.fault) == ("eID", "check")


def test_a_belgian_number_of_unknown_month_holds_its_year() -> None:
    base = 660000001
    value = f"{base:09d}{97 - base % 97:02d}"
    held = read(value, "BE")
    assert held is not None
    assert held.births == (Birth(date="1966"),)


def test_every_form_is_there_and_reads() -> None:
    for form in (*_file().form, *_file().document):
        assert len(form.country) == 2
        assert bool(form.module) != bool(form.pattern), form.name
        if form.module:
            assert hasattr(import_module(f"stdnum.{form.module}"), "validate"), form.module


def test_every_number_that_tells_a_birth_or_a_sex_has_a_form() -> None:
    forms = {form.module for form in _file().form}
    telling = set()
    for _finder, name, package in pkgutil.walk_packages(stdnum.__path__, "stdnum."):
        if not package and name.count(".") == 2:
            module = import_module(name)
            if hasattr(module, "get_birth_date") or hasattr(module, "get_gender"):
                telling.add(name.removeprefix("stdnum."))
    # Either a Belgian NN or a BIS number: both stand in the list by themselves.
    assert telling - forms == {"be.ssn"}
