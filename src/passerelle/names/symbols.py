"""The alphabet that names are compared in: each token becomes a short run of symbols, one byte each.

Rules kept here:
- a symbol is a letter or a group of letters that spells one sound (`sh`, `ou`, `dj`); what it sounds like is not
  decided here: the weights say which symbols of one script stand for which of the other, and how often (`weights.py`);
- vowels at the beginning and at the end of a token are symbols of their own: there they are written in both scripts,
  inside they are mostly written in one;
- a doubled consonant is single: Arabic script does not write the doubling (shadda);
- four frequent parts of compound names are one symbol in both scripts: the article, `Abd`, `al-Din`, `Allah`. They
  stand in the text of a token as `A`, `B`, `D`, `L`, because letters are lower case there (`reading.py`).

Romanisations considered: ICAO Doc 9303-3 (section 6), BGN/PCGN 1956, DIN 31635, and the French and Dutch habits of
civil registries in Morocco, Algeria, Tunisia and Belgium.
"""

from functools import lru_cache

LONGEST = 24
"""Symbols of a token; what is beyond is not compared."""

_COMPOUND = ("A", "B", "D", "L")
_GROUPS = (
    *(
        "sch",
        "tch",
        "sh",
        "ch",
        "kh",
        "gh",
        "th",
        "dh",
        "ph",
        "zh",
        "dj",
        "tj",
        "ck",
        "cz",
        "sz",
        "ts",
        "tz",
        "qu",
        "gu",
    ),
    *("ou", "oo", "ee", "aa", "ii", "uu", "ai", "ei", "ay", "ey", "oi", "au", "aw", "ow", "ie", "ia", "ya", "ye"),
)
_LETTERS = tuple("abcdefghijklmnopqrstuvwxyz")
_FIRST = tuple("^" + vowel for vowel in ("a", "e", "i", "o", "u", "y", "ou", "oo", "ai", "ei", "aa", "ya", "ye"))
_LAST = tuple(
    vowel + "$"
    for vowel in ("a", "e", "i", "o", "u", "y", "h", "t", "s", "d", "ou", "ee", "ie", "ia", "ey", "ay", "ai", "oo")
)
_ARABIC = tuple("ابةتثجحخدذرزسشصضطظعغفقكلمنهويپچژگڤ")
_ARABIC_FIRST = ("^ا", "^ع", "^ي", "^و")
_ARABIC_LAST = ("ا$", "ي$", "و$", "ه$")

SYMBOLS: tuple[str, ...] = (
    "",  # nothing: the other side of a gap
    *_COMPOUND,
    *_LETTERS,
    *_GROUPS,
    *_FIRST,
    *_LAST,
    *_ARABIC,
    *_ARABIC_FIRST,
    *_ARABIC_LAST,
)
"""A symbol's number is its place here."""
NUMBERS = {symbol: number for number, symbol in enumerate(SYMBOLS)}

_BY_SIZE = {size: frozenset(group for group in _GROUPS if len(group) == size) for size in (3, 2)}


def _split(text: str) -> list[str]:
    """The letters of a token as groups, longest first; doubled letters that are no group are single."""
    found: list[str] = []
    place = 0
    while place < len(text):
        for size in (3, 2, 1):
            part = text[place : place + size]
            if size == 1 or part in _BY_SIZE[size]:
                break
        place += len(part)
        if not found or found[-1] != part or part in _BY_SIZE[2]:
            found.append(part)
    return found


@lru_cache(maxsize=262_144)
def coded(text: str) -> bytes:
    """The symbols of a token: lower-case letters a to z or Arabic letters, with `A`, `B`, `D`, `L` for compounds.

    At most `LONGEST` symbols; letters that are no symbol are left out.
    """
    parts = _split(text)
    letters = [place for place, part in enumerate(parts) if part not in _COMPOUND]
    if letters:
        first, last = letters[0], letters[-1]
        if len(letters) > 1 and parts[last] + "$" in NUMBERS:
            parts[last] += "$"
        if "^" + parts[first] in NUMBERS:
            parts[first] = "^" + parts[first]
    return bytes(NUMBERS[part] for part in parts if part in NUMBERS)[:LONGEST]
