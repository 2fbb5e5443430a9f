"""Fingerprints as persons compare them."""

import hashlib
import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerelle.core.errors import InputError, NotFoundError
from passerelle.identity import fingerprint as forms

HASH = hashlib.sha256(b"identity").hexdigest()
OTHER = hashlib.sha256(b"another").hexdigest()
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)


def apart(one, other):
    """How many letters must be changed, put in or left out to come from one to the other."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        last, row[0] = row[0], number
        for place, its in enumerate(other, 1):
            last, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, last + (letter != its))
    return row[-1]


@pytest.mark.parametrize("language", forms.LANGUAGES)
def test_word_lists(language):
    words = forms.word_list(language)
    plain = [forms.plain(word) for word in words]
    assert len(words) == len(set(plain)) == 256
    assert plain == sorted(plain)
    for word in words:
        assert unicodedata.is_normalized("NFC", word)
        assert word == word.casefold()
        assert word.isalpha()
        assert 2 <= len(word) <= 12
    script = "ARABIC" if language == "ar" else "LATIN"
    assert all(unicodedata.name(letter).startswith(script) for word in words for letter in word)
    for number, one in enumerate(plain):
        for other in plain[:number]:
            assert not one.startswith(other)
            assert not other.startswith(one)
            assert apart(one, other) >= 2, (one, other)
            assert language == "ar" or one[:4] != other[:4], (one, other)


def test_unknown_language():
    with pytest.raises(NotFoundError, match="de"):
        forms.words(HASH, "de")


@given(hashes)
def test_digits_are_the_remainder(fingerprint):
    groups = forms.digits(fingerprint).split(" ")
    assert [len(group) for group in groups] == [5] * 12
    assert int("".join(groups)) == int(fingerprint, 16) % 10**60


@given(hashes, st.sampled_from(forms.LANGUAGES))
def test_every_form_matches_itself_and_nothing_else(fingerprint, language):
    other = hashlib.sha256(fingerprint.encode()).hexdigest()
    digits, words = forms.digits(fingerprint), forms.words(fingerprint, language)
    assert len(words) == 24
    for given_ in (
        digits,
        digits.replace(" ", ""),
        digits.replace(" ", "\n"),
        digits.replace(" ", " – "),
        fingerprint,
        fingerprint.upper(),
        ":".join(fingerprint[start : start + 2] for start in range(0, 64, 2)),
        " ".join(words),
        "، ".join(words),
        "\u200f" + " ".join(words) + "\u2069",
        " ".join(map(forms.plain, words)).upper(),
        forms.qr_text("be", fingerprint),
    ):
        assert forms.matches(given_, "be", fingerprint), given_
        assert not forms.matches(given_, "be", other), given_


def test_arabic_digits():
    arabic = forms.digits(HASH).translate({ord("0") + number: 0x660 + number for number in range(10)})
    assert forms.matches(arabic, "be", HASH)


def test_the_name_in_a_qr_code_counts():
    assert not forms.matches(forms.qr_text("be", HASH), "ma", HASH)


@given(st.integers(0, 23), st.integers(1, 255), st.sampled_from(forms.LANGUAGES))
def test_one_other_word_is_another_fingerprint(place, shift, language):
    words = forms.words(HASH, language)
    listed = forms.word_list(language)
    words[place] = listed[(listed.index(words[place]) + shift) % 256]
    assert not forms.matches(" ".join(words), "be", HASH)


@given(st.integers(0, 59), st.integers(1, 9))
def test_one_other_digit_is_another_fingerprint(place, shift):
    digits = list(forms.digits(HASH).replace(" ", ""))
    digits[place] = str((int(digits[place]) + shift) % 10)
    assert not forms.matches("".join(digits), "be", HASH)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        forms.digits(HASH)[:-1],
        forms.digits(HASH) + "1",
        HASH[:-1],
        " ".join(forms.words(HASH, "fr")[:-1]),
        " ".join([*forms.words(HASH, "fr"), "abeille"]),
        " ".join([*forms.words(HASH, "fr")[:-1], *forms.words(OTHER, "ar")[:1]]),
        "xylophone",
        "passerelle:be:",
    ],
)
def test_what_is_no_fingerprint(text):
    with pytest.raises(InputError, match="expected"):
        forms.matches(text, "be", HASH)


@given(st.text(max_size=200))
def test_any_text_is_a_fingerprint_or_said_to_be_none(text):
    with suppress(InputError):
        assert not forms.matches(text, "be", HASH)
