"""The skeleton of a token: its consonants in one alphabet that Arabic and Latin script share.

Rules kept here:
- consonants that romanisations mix are one class: ك ق k q c; س ص ث s; د ذ ض ظ d dh; ط ت t th; ه ح خ h kh … (after ICAO
  Doc 9303-3 section 6, BGN/PCGN and the French habits of Maghreb registries);
- vowels, ع and ء are left out, because they are written in one script and not in the other, or in many ways; و and ي
  are left out with them, since both are as often vowels;
- a token of fewer than two consonants keeps its vowels, in three classes, with ع as a and و, ي as u, i. So Ali and علي
  are `ali`, Aya and آية are `aia`, and a short name does not lose everything;
- `Abd`, `al-Din`, `Allah` are one letter each; the article is left out.

Two names of one skeleton need not be one name: Hassan and Hussein have the same. The skeleton finds and explains; the
weights compare.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from passerelle.names.symbols import SYMBOLS, coded
from passerelle.names.tables import classes

_CLASSES, _ALSO = classes("skeleton"), classes("also")
_ORDER = (*_CLASSES, "w")


def _table(known: dict[str, list[str]]) -> list[str]:
    return ["".join(name for name, members in known.items() if symbol in members) for symbol in SYMBOLS]


CONSONANTS: Sequence[str] = _table(_CLASSES)
"""Class of each symbol, empty for vowels."""
VOWELS: Sequence[str] = ["".join(sorted(classes)) for classes in _table(classes("vowels"))]


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
        for name in (*CONSONANTS[place], *_ALSO.get(symbol, ())):
            if name in _ORDER:
                found[place] |= 1 << _ORDER.index(name)
    return found


def primary() -> npt.NDArray[np.int64]:
    """For each symbol the bit of its own class, 0 for vowels."""
    return np.array(
        [1 << _ORDER.index(name) if (name := CONSONANTS[place]) else 0 for place in range(len(SYMBOLS))], np.int64
    )
