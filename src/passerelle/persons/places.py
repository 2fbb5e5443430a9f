"""Places compared: the words of one side against those of the other, and the countries. Few weight.

Rules kept here:
- a text is cut at commas, brackets and dashes between blanks into names; a name of a country (CLDR, in four languages)
  among them says the country where the source gave none. One name in common is one place;
- two names are one when they are alike without case, marks and words such as "province"; when `places.toml` knows them
  for one place (Casablanca, الدار البيضاء); or when they sound alike (the comparison of names);
- only two places of birth can be at odds: people live in many places, and are seen in more.

Left alone: where a place lies, what lies within what, and places of one name in one country.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

import msgspec

from passerelle.core.words import LANGUAGES
from passerelle.persons.finding import Finding
from passerelle.persons.model import Place
from passerelle.persons.weights import levels

_MOST = 32  # places of one person that are compared
_LONGEST = 300  # characters of a text that are read, as a dossier has them
_CUTS = re.compile(r"[,;/()\[\]|،؛]|\s[-–—]\s")
_LETTERS = str.maketrans("أإآٱىة", "اااايه", "ـ")

Alike = Callable[[str, str], bool]
"""Whether two names of places, in any two scripts, sound alike."""


class Spot(NamedTuple):
    """A place made ready. `names`: folded; `country`: as given, or as the text names it; `kind`: birth or other."""

    source: Place
    names: frozenset[str]
    country: str
    birth: bool


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    generic: tuple[str, ...]
    place: tuple[tuple[str, ...], ...]


def folded(text: str) -> str:
    """Letters and digits alone, without case, marks and variants of Arabic letters, words apart by one blank."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).casefold().translate(_LETTERS)
    kept = (sign if sign.isalnum() else " " for sign in plain if not unicodedata.combining(sign))
    return " ".join("".join(kept).split())


@cache
def _known() -> tuple[frozenset[str], Mapping[str, str]]:
    """Words that say nothing of a place; and for each name of a place the first of its names."""
    text = (resources.files("passerelle.persons") / "places.toml").read_text("utf-8")
    file = msgspec.convert(tomllib.loads(text), _File)
    generic = frozenset(map(folded, file.generic))
    same = {_bare(folded(name), generic): folded(names[0]) for _country, *names in file.place for name in names}
    return generic, same


def _bare(name: str, generic: frozenset[str]) -> str:
    return " ".join(word for word in name.split() if word not in generic)


@cache
def _countries() -> Mapping[str, str]:
    """Names of countries, folded, in the languages of the product, and their codes."""
    from babel import Locale

    return {
        folded(name): code
        for language in LANGUAGES
        for code, name in Locale(language).territories.items()
        if len(code) == 2 and code.isalpha()
    }


def spots(places: Sequence[Place]) -> tuple[Spot, ...]:
    """The places of a person made ready; one whose text says nothing and that has no country yields none."""
    return tuple(spot for place in places[:_MOST] if (spot := _spot(place)).names or spot.country)


@lru_cache(maxsize=65_536)
def _spot(place: Place) -> Spot:
    generic, same = _known()
    names, country = set(), place.country
    for part in _CUTS.split(place.text[:_LONGEST]):
        name = folded(part)
        if code := _countries().get(name):
            country = country or code
            continue
        name = _bare(name, generic)
        if name:
            names.add(same.get(name, name))
    return Spot(place, frozenset(names), country, place.kind == "birth")


def compared(one: Sequence[Spot], other: Sequence[Spot], alike: Alike) -> Finding | None:
    """The best pair of places; None when one side has none, or nothing follows from them."""
    best: Finding | None = None
    for left in one:
        for right in other:
            level = _pair(left, right, alike)
            if level:
                weight = levels("place")[level]
                if best is None or weight.bits > best.bits:
                    best = Finding("place", level, weight.verdict, weight.bits, left, right)
    return best


def _pair(one: Spot, other: Spot, alike: Alike) -> str:
    both_births = one.birth and other.birth
    apart = bool(one.country and other.country and one.country != other.country)
    if one.names & other.names and not apart:
        return "birth" if both_births else "other"
    if not both_births:
        return ""
    if apart:
        return "abroad"
    if any(alike(left, right) for left in sorted(one.names) for right in sorted(other.names)):
        return "spelled"
    if one.names and other.names:
        return "elsewhere"
    return "country" if one.country and one.country == other.country else ""
