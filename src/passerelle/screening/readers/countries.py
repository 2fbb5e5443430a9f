"""Countries as lists and documents name them, as ISO 3166-1 alpha-2.

Names in English, French, Dutch, Arabic and Spanish and the codes of three letters come from CLDR (through babel); what
else the lists write stands in `countries.toml`, with its source. Case, accents, blanks and punctuation do not matter.
What names a state that is no more, or none, has no code: the text stays where it stood.
"""

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from importlib import resources

from babel import Locale
from babel.core import get_global

# Codes of CLDR that stand for no country: unions, outlying parts, the unknown one.
_NONE = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})
_LANGUAGES = ("en", "fr", "nl", "ar", "es")
_ALPHA2 = re.compile("[A-Z]{2}")
_ALPHA3 = re.compile("[A-Z]{3}")
_LONGEST = 160


@lru_cache(maxsize=4096)
def alpha2(text: str) -> str:
    """The code of the country that a name or a code of two or three letters means, or nothing."""
    bare = text.strip()
    if not bare or len(bare) > _LONGEST:
        return ""
    if _ALPHA2.fullmatch(bare) and bare in _codes():
        return bare
    if _ALPHA3.fullmatch(bare) and (code := alpha3(bare)):
        return code
    return _names().get(_folded(bare), "")


@lru_cache(maxsize=1024)
def alpha3(code: str) -> str:
    """The alpha-2 code for one of three letters, also those of passports (ICAO 9303-3, 5: `D`, `GBN`), or nothing."""
    if special := _own()["zone"].get(code):
        return str(special)
    if not _ALPHA3.fullmatch(code):
        return ""
    found = get_global("territory_aliases").get(code, ())
    return found[0] if len(found) == 1 and found[0] in _codes() else ""


def of_nobody(code: str) -> str:
    """What a code of a passport means that names no state, `XXA`: "stateless person"; nothing for others."""
    return str(_own()["nobody"].get(code, ""))


def _folded(text: str) -> str:
    bare = "".join(one for one in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(one))
    words = re.findall(r"\w+", bare.replace("&", " and ").replace("'", "").replace("’", ""))
    return " ".join(word for word in words if word not in ("the", "of"))


@cache
def _own() -> dict[str, dict[str, str]]:
    text = resources.files("passerelle.screening.readers").joinpath("countries.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _codes() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").territories if _ALPHA2.fullmatch(str(code))) - _NONE


@cache
def _names() -> dict[str, str]:
    made: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code in _codes():
                made.setdefault(_folded(str(name)), str(code))
    for table in ("names", "people"):
        for name, code in _own()[table].items():
            made[_folded(name)] = code
    return made
