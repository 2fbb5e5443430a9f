"""The skeleton of a token: its consonants in one alphabet that Arabic and Latin script share.

Rules kept here:
- consonants that romanisations mix are one class: ك ق k q c; س ص ث s; د ذ ض ظ d dh; ط ت t th; ه ح خ h kh … (after ICAO
  Doc 9303-3 section 6, BGN/PCGN and the French habits of Maghreb registries);
- vowels, ع and ء are left out, because they are written in one script and not in the other, or in many ways; و and ي are
  left out with them, since both are as often vowels;
- a token of fewer than two consonants keeps its vowels, in three classes, with ع as a and و, ي as u, i. So Ali and علي are
  `ali`, Aya and آية are `aia`, and a short name does not lose everything;
- `Abd`, `al-Din`, `Allah` are one letter each; the article is left out.

Two names of one skeleton need not be one name: Hassan and Hussein have the same. The skeleton finds and explains; the
weights compare.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from passerelle.names.symbols import SYMBOLS, coded

_CLASSES = {
    "b": "b p ب پ",
    "f": "f v ph ف ڤ",
    "t": "t th t$ ط ت",
    "d": "d dh d$ ذ د ض ظ",
    "z": "z zh tz ز ژ ts",
    "s": "s s$ cz sz س ص ث",
    "x": "sh ch sch tch ش چ",
    "j": "j dj tj ج",
    "g": "g gh gu غ گ",
    "k": "k q c ck qu ك ق x",
    "h": "h kh ح ه خ",
    "r": "r ر",
    "l": "l ل",
    "m": "m م",
    "n": "n ن",
    "B": "B",
    "D": "D",
    "L": "L",
}
_ALSO = {
    "c": "s x", "ch": "k h", "g": "j", "j": "h g x", "th": "d s", "dh": "z", "z": "d s", "ts": "t s", "tz": "s", "s": "z", "sz": "z", "x": "s h",
    "x$": "s", "ck": "h", "kh": "k", "gh": "h", "ق": "g h", "غ": "r h", "ظ": "z", "ذ": "z", "ث": "t", "ض": "z", "گ": "k j", "ج": "g",
    "خ": "k", "v": "b w", "w": "f w", "و": "w", "b": "f", "پ": "f", "ph": "b", "p": "f", "ڤ": "b w", "چ": "t", "tch": "t", "dj": "d g", "tj": "t",
    "ة": "t h", "h$": "t", "ت": "h", "q": "g", "gu": "j", "D": "d n", "L": "l", "B": "b d", "sch": "s", "ه$": "h t", "د": "t", "d": "t", "t": "d",
    "ح": "k", "ف": "b", "س": "z", "ش": "s", "sh": "s h", "ص": "z", "ز": "s", "zh": "j x", "ژ": "j x", "j$": "y", "ط": "d",
}  # fmt: skip
"""Other classes that a symbol may stand for, where tokens are told apart quickly before they are aligned."""
_VOWELS = {
    "a": "a ^a a$ aa ^aa ا ^ا ا$ ع ^ع e ^e e$ ya ^ya ia ia$ ة ah h$",
    "i": "i ^i i$ y ^y y$ ee ee$ ii ei ey ey$ ai ^ai ai$ ay ay$ ie ie$ ^ei ye ^ye ي ^ي ي$ ya ^ya ia ia$",
    "u": "o ^o o$ u ^u u$ ou ^ou ou$ oo ^oo oo$ uu au aw ow oi w و ^و و$",
}

_ORDER = (*_CLASSES, "w")


def _table(classes: dict[str, str]) -> list[str]:
    found = [""] * len(SYMBOLS)
    for place, symbol in enumerate(SYMBOLS):
        found[place] = "".join(name for name, members in classes.items() if symbol and symbol in members.split())
    return found


CONSONANTS: Sequence[str] = _table(_CLASSES)
"""Class of each symbol, empty for vowels."""
VOWELS: Sequence[str] = ["".join(sorted(classes)) for classes in _table(_VOWELS)]


@lru_cache(maxsize=262_144)
def skeleton(code: bytes) -> str:
    """The skeleton of a coded token. Empty only when the token has no symbol."""
    found = ""
    for symbol in code:
        name = CONSONANTS[symbol]
        if name and not found.endswith(name):
            found += name
    if len(found) >= 2:
        return found
    kept = ""
    for symbol in code:
        for name in CONSONANTS[symbol] or VOWELS[symbol]:
            if not kept.endswith(name):
                kept += name
    return kept


def of_text(reading: str) -> str:
    """The skeleton of a token's reading (`reading.Token.readings`)."""
    return skeleton(coded(reading))


def masks() -> npt.NDArray[np.int64]:
    """For each symbol the consonant classes that it may stand for, as bits."""
    found = np.zeros(len(SYMBOLS), np.int64)
    for place, symbol in enumerate(SYMBOLS):
        for name in CONSONANTS[place] + _ALSO.get(symbol, "").replace(" ", ""):
            if name in _ORDER:
                found[place] |= 1 << _ORDER.index(name)
    return found


def primary() -> npt.NDArray[np.int64]:
    """For each symbol the bit of its own class, 0 for vowels."""
    return np.array([1 << _ORDER.index(name) if (name := CONSONANTS[place]) else 0 for place in range(len(SYMBOLS))], np.int64)
