"""Fingerprints as persons compare them: by voice, by sight, or with a camera.

A fingerprint is the SHA-256 of an identity file (64 hex digits). Nobody reads 64 hex digits over a telephone, so it is
shown in one of these forms, each computed from the hash alone:

- **digits**: the hash as one big-endian number, its remainder modulo 10^60, written with 60 decimal digits in 12 groups
  of 5. 60 digits hold 199.3 bits. Digits are read the same way in every language, so they are always shown;
- **words**: one word for each of the first 24 bytes, 192 bits. Byte b is line b (from 0) of `words/<language>.txt`;
- **QR**: the text `passerelle:<name>:<the groups of digits, joined by dashes>`, for a camera.

To pass for a partner, a stranger must make an identity file with the same digits or words: about 2^192 tries, whatever
form was compared. All of the form must be compared; a part of it protects only as far as the part is long.

Each word list has 256 everyday words of one language in the order of their letters (accents and forms of the hamza laid
aside). No two are equal, none begins another, any two differ by at least two letters, and in the Latin alphabet their
first four letters differ; so one misheard letter never makes another word of the list.

`matches` reads what a person typed or a camera saw. It forgives case, spaces, dashes, commas, accents, Arabic digits
and direction marks; it forgives nothing that carries the fingerprint.
"""

import re
import unicodedata
from functools import cache
from importlib import resources

from passerelle.core.errors import InputError, NotFoundError

LANGUAGES = ("en", "fr", "nl", "ar")
GROUPS, GROUP = 12, 5
WORDS = 24
_DIGITS = GROUPS * GROUP
_HEX = re.compile(r"[0-9a-f]{64}")
_SEPARATORS = re.compile(r"[\s,;.:_\u2010-\u2015\u060c-]+")
_DIRECTION = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")
_QR = re.compile(r"passerelle:([a-z0-9.-]+):(.+)", re.DOTALL)
# Two letters that spelling confuses in Arabic, and a ligature that no decomposition takes apart.
_ALIKE = str.maketrans({"ى": "ي", "ة": "ه", "œ": "oe", "ـ": None})


def digits(fingerprint: str) -> str:
    """Twelve groups of five decimal digits, joined by spaces. `fingerprint`: 64 hex digits."""
    text = f"{int(fingerprint, 16) % 10**_DIGITS:0{_DIGITS}d}"
    return " ".join(text[start : start + GROUP] for start in range(0, _DIGITS, GROUP))


def words(fingerprint: str, language: str) -> list[str]:
    """Twenty-four words of a language. Raises NotFoundError when there is no list for it."""
    listed = word_list(language)
    return [listed[byte] for byte in bytes.fromhex(fingerprint)[:WORDS]]


def qr_text(name: str, fingerprint: str) -> str:
    """What a QR code of a node's fingerprint says."""
    return f"passerelle:{name}:{digits(fingerprint).replace(' ', '-')}"


@cache
def word_list(language: str) -> tuple[str, ...]:
    """The 256 words of a language. Raises NotFoundError."""
    if language not in LANGUAGES:
        raise NotFoundError(f"expected words in one of {', '.join(LANGUAGES)}, got {language[:20]!r}")
    file = resources.files("passerelle.identity").joinpath("words", f"{language}.txt")
    return tuple(file.read_text("utf-8").split())


@cache
def _places(language: str) -> dict[str, int]:
    return {plain(word): place for place, word in enumerate(word_list(language))}


def plain(word: str) -> str:
    """A word as it is compared: lower case, without accents, vowel signs and forms of the hamza."""
    apart = unicodedata.normalize("NFKD", word.casefold().translate(_ALIKE))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def matches(given: str, name: str, fingerprint: str) -> bool:
    """Whether what a person gives is this fingerprint (64 hex digits) of the node `name`, in any of the forms.

    Raises InputError when it has none of the forms, so that a slip of the pen is told from a wrong fingerprint.
    """
    text = _DIRECTION.sub("", given).strip()
    if found := _QR.fullmatch(text):
        if found.group(1) != name:
            return False
        text = found.group(2)
    parts = [part for part in _SEPARATORS.split(text) if part]
    joined = "".join(parts).casefold()
    if _HEX.fullmatch(joined):
        return joined == fingerprint
    if joined.isdecimal():
        number = "".join(str(unicodedata.decimal(digit)) for digit in joined)
        if len(number) != _DIGITS:
            raise InputError(f"fingerprint: expected {_DIGITS} digits ({GROUPS} groups of {GROUP}), got {len(number)}")
        return number == digits(fingerprint).replace(" ", "")
    return _words_match([plain(part) for part in parts], fingerprint)


def _words_match(parts: list[str], fingerprint: str) -> bool:
    known = {language: sum(part in _places(language) for part in parts) for language in LANGUAGES}
    language = max(LANGUAGES, key=lambda one: known[one])
    if not known[language]:
        raise InputError(
            f"fingerprint: expected {GROUPS} groups of {GROUP} digits, {WORDS} words of one list, or 64 hex digits, "
            f"got {len(parts)} parts of another form"
        )
    places = _places(language)
    if strange := next((part for part in parts if part not in places), ""):
        raise InputError(f"fingerprint: expected words of the list {language!r}, got {strange[:40]!r}")
    if len(parts) != WORDS:
        raise InputError(f"fingerprint: expected {WORDS} words, got {len(parts)}")
    return bytes(places[part] for part in parts) == bytes.fromhex(fingerprint)[:WORDS]
