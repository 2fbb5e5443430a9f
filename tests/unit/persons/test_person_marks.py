import pytest

from passerelle.persons import marks, telling
from passerelle.persons.finding import Finding
from passerelle.persons.model import Document, Number


def passport(number: str, country: str = "MA", kind: str = "passport") -> Document:
    return Document(kind=kind, number=number, country=country)


def documents(one: Document, other: Document) -> Finding | None:
    there = marks.documents(marks.of_documents([one]), marks.of_documents([other]))
    back = marks.documents(marks.of_documents([other]), marks.of_documents([one]))
    assert (there and there.bits) == (back and back.bits)
    return there


def numbers(one: Number, other: Number) -> Finding | None:
    return marks.numbers(marks.of_numbers([one]), marks.of_numbers([other]), (), ())


@pytest.mark.parametrize(
    "text", ["AB1234567", "ab 1234567", "AB-123.45/67", "ＡＢ１２３４５６７", "AB١٢٣٤٥٦٧", " ab1234567\u200f"]
)
def test_a_number_has_one_form(text: str) -> None:
    assert marks.compact(text) == "AB1234567"


@pytest.mark.parametrize("text", ["", "  ", "---", "<<<"])
def test_a_number_without_signs_is_none(text: str) -> None:
    assert marks.of_documents([passport(text)]) == ()


# The example of ICAO Doc 9303, part 4, appendix B: its number, birth and expiry.
@pytest.mark.parametrize(
    ("signs", "digit"), [("L898902C3", "6"), ("740812", "2"), ("120415", "9"), ("ZE184226B<<<<<", "1")]
)
def test_check_digits_of_the_machine_readable_zone(signs: str, digit: str) -> None:
    assert marks.check_digit(signs) == digit


def test_no_check_digit_of_other_signs() -> None:
    assert marks.check_digit("é") == marks.check_digit("٣") == ""


@pytest.mark.parametrize(
    ("one", "other", "level", "verdict", "words"),
    [
        (passport("AB1234567"), passport("ab 123-4567"), "same", "agrees", "the same number"),
        (passport("AB12O4567"), passport("AB1204567"), "same", "close", "O and 0"),
        (passport("0012345"), passport("12345"), "same", "agrees", "zeros in front"),
        (passport("AB1234567"), passport("AB1234567", "BE"), "same", "close", "of two countries"),
        (passport("AB1234567"), passport("AB1234567", kind="identity-card"), "same", "agrees", "two kinds"),
        (passport("AB1234567"), passport("AB1234576"), "slip", "close", "two are exchanged"),
        (passport("AB1234567"), passport("AB1234561"), "slip", "close", "one sign differs"),
        (passport("AB1234567"), passport("XY7654321"), "differs", "differs", "another number"),
    ],
)
def test_two_documents(one: Document, other: Document, level: str, verdict: str, words: str) -> None:
    found = documents(one, other)
    assert found is not None
    assert (found.level, found.verdict) == (level, verdict)
    assert words in telling.sentence(found)
    assert (found.bits > 0) == (level != "differs")


def test_each_doubt_takes_some_weight() -> None:
    same = documents(passport("AB1204567"), passport("AB1204567"))
    assert same is not None
    for other in (passport("AB12O4567"), passport("AB1204567", ""), passport("AB1204567", "BE")):
        found = documents(passport("AB1204567"), other)
        assert found is not None
        assert 0 < found.bits < same.bits


def test_a_short_number_says_little() -> None:
    short, long = documents(passport("12"), passport("12")), documents(passport("12345678"), passport("12345678"))
    assert short is not None
    assert long is not None
    assert 0 < short.bits < long.bits / 4


def test_numbers_that_need_not_be_equal_are_not_compared() -> None:
    assert documents(passport("AB1234567"), passport("XY7654321", "BE")) is None
    assert documents(passport("AB1234567"), passport("XY7654321", kind="identity-card")) is None
    assert documents(passport("AB1234567", ""), passport("XY7654321", "")) is None


def test_a_number_of_the_zone_is_read_without_its_check_digit() -> None:
    found = documents(passport("L898902C36", "XX"), passport("L898902C3", "XX"))
    assert found is not None
    assert found.verdict == "agrees"
    body = "D231458<<"
    digit = marks.check_digit(body)
    filled = marks.of_documents([passport(body + digit, "XX")])
    assert [mark.key for mark in filled] == ["D231458"]
    assert filled[0].held is not None
    assert filled[0].held.sound
    failed = marks.of_documents([passport(body + str((int(digit) + 1) % 10), "XX")])[0].held
    assert failed is not None
    assert failed.fault == "check"


def test_one_sign_between_a_sound_and_an_unsound_number_is_a_misreading() -> None:
    found = numbers(
        Number(value="85.07.30-033 28", country="BE"), Number(value="85073003328".replace("33", "34", 1), country="BE")
    )
    assert found is not None
    assert (found.level, found.verdict) == ("mended", "close")
    assert found.bits > 5


def test_a_number_without_its_check_letter() -> None:
    whole, bare = Number(value="54362315K", country="ES"), Number(value="54.362.315", country="ES")
    found = numbers(whole, bare)
    assert found is not None
    assert found.verdict == "agrees"
    assert "but for the check letter" in telling.sentence(found)
    other = numbers(Number(value="54362315A", country="ES"), bare)
    assert other is None or other.bits < found.bits


def test_two_sound_national_numbers_contradict() -> None:
    found = numbers(Number(value="85073003328", country="BE"), Number(value="17073003384", country="BE"))
    assert found is not None
    assert found.verdict == "contradicts"
    assert numbers(Number(value="85073003328", country="BE"), Number(value="AB123456", country="MA")) is None


def test_a_national_number_on_a_card() -> None:
    number = marks.of_numbers([Number(value="AB123456", country="MA")])
    card = marks.of_documents([passport("AB 123456", kind="identity-card")])
    book = marks.of_documents([passport("AB 123456")])
    found = marks.numbers(number, (), (), card)
    assert found is not None
    assert found.verdict == "agrees"
    assert marks.numbers(number, (), (), book) is None


def test_a_short_number_in_common_does_not_hide_a_long_one_with_a_slip() -> None:
    long = passport("AB1234567"), passport("AB1234568")
    short = passport("0", country="")
    alone = marks.documents(marks.of_documents([long[0]]), marks.of_documents([long[1]]))
    both = marks.documents(marks.of_documents([long[0], short]), marks.of_documents([long[1], short]))
    assert alone is not None
    assert both is not None
    assert both.bits >= alone.bits > 0
