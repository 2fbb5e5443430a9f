"""Which script a name is written in, and its letters brought to one form within that script.

Rules kept here:
- compatibility forms are folded (NFKC), so ligatures, full-width letters and presentation forms are plain letters;
- what cannot be seen is dropped: controls, zero-width characters, bidirectional marks, soft hyphens, variation
  selectors;
- Arabic script: vowel signs, shadda and tatweel are dropped; alef with hamza or madda is alef; hamza on its own is
  dropped, on waw or yeh it leaves the carrier; Persian, Urdu and Maghreb letters get their nearest common letter,
  except those that spell sounds of their own (peh, tcheh, jeh, gaf, veh), because Latin letters tell them apart;
- Latin script: lower case without marks;
- any other script is romanised letter by letter by `anyascii`, and is Latin from there on.

A token that mixes scripts (`Аli` with a Cyrillic first letter) is read letter by letter like any other; `scripts` tells
that it is mixed, so that a reader of a list can say so.
"""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

_WORDS = {
    "LATIN": "Latn",
    "ARABIC": "Arab",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "ARMENIAN": "Armn",
    "GEORGIAN": "Geor",
    "ETHIOPIC": "Ethi",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "TAMIL": "Taml",
    "THAI": "Thai",
    "TIFINAGH": "Tfng",
    "HIRAGANA": "Hira",
    "KATAKANA": "Kana",
    "HANGUL": "Hang",
    "CJK": "Hani",
}
"""First word of a character's Unicode name -> ISO 15924 word."""

_SAME = str.maketrans(
    {
        **dict.fromkeys("أإآٱٲٳٵ", "ا"),
        **dict.fromkeys("ىیېۍێے", "ي"),
        **dict.fromkeys("ئۓ", "ي"),
        **dict.fromkeys("ؤۆۇۈۋ", "و"),
        **dict.fromkeys("کڪګ", "ك"),
        **dict.fromkeys("ڨڭݣگڠ", "گ"),
        **dict.fromkeys("ھہەۀۂۃ", "ه"),
        **dict.fromkeys("ڥڢݢ", "ف"),
        **dict.fromkeys("ټٹ", "ت"),
        **dict.fromkeys("ډڈ", "د"),
        **dict.fromkeys("ړڑ", "ر"),
        **dict.fromkeys("ښ", "ش"),
        **dict.fromkeys("ڼںڻ", "ن"),
        **dict.fromkeys("څځ", "ج"),
        **dict.fromkeys("ءٔٴـ", None),
    }
)
_PLAIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ß": "ss",
        "ı": "i",
        "ə": "a",
        "ŋ": "ng",
        "ç": "s",
    }
)
_SEEN = re.compile(r"[\u0600-\u06ff\u0750-\u077f]")
_MARKS = re.compile(r"[\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
_APOSTROPHES = re.compile("['`´‘’‛ʼʻʾʿʹʺˈ″′]")


@lru_cache(maxsize=65_536)
def script(character: str) -> str:
    """The script of one letter as an ISO 15924 word, `Zyyy` for what is no letter, `Zzzz` for a letter of another."""
    if not character.isalpha():
        return "Zyyy"
    return _WORDS.get(unicodedata.name(character, "").partition(" ")[0].partition("-")[0], "Zzzz")


def scripts(text: str) -> frozenset[str]:
    """The scripts of the letters of a text, as ISO 15924 words (`Latn`, `Arab`, `Cyrl` …)."""
    return frozenset(map(script, unicodedata.normalize("NFKC", text))) - {"Zyyy"}


def is_arabic(text: str) -> bool:
    """Whether there is a letter of the Arabic script."""
    return _SEEN.search(text) is not None


def visible(text: str) -> str:
    """The text in NFKC without what cannot be seen and without Arabic vowel signs; controls and separators become
    blanks.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for character in unicodedata.normalize("NFKC", text):
        category = unicodedata.category(character)
        if category in {"Cc", "Zl", "Zp", "Zs"}:
            kept.append(" ")
        elif category not in {"Cf", "Cs", "Cn", "Co"}:
            kept.append(character)
    return _MARKS.sub("", "".join(kept))


def folded(token: str) -> str:
    """One token, letters only: Arabic letters in one form, or lower-case a to z."""
    if token.isascii():
        return "".join(filter(str.isalpha, token)).lower()
    if is_arabic(token):
        kept = token.translate(_SAME)
        return "".join(letter for letter in kept if "\u0620" <= letter <= "\u06d3" and letter.isalpha())
    plain = unicodedata.normalize("NFD", _APOSTROPHES.sub("", token).lower().translate(_PLAIN))
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Mn")
    return "".join(filter(str.isalpha, plain if plain.isascii() else anyascii(plain))).lower()
