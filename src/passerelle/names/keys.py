"""Match keys: a few short strings that spellings of one name share, for comparing where only equality can be tested.

Rules kept here:
- a key is two tokens of one name as coarse skeletons, in alphabetical order, with the birth date; or with the year
  alone where the date is partial. Never a date alone, never one token alone; `Abd`, `al-Din` and `Allah` count as a
  token where a name has no other;
- the coarse skeleton is coarser than `skeleton.py`: all of k, q, c, g, gh, kh are one; h, ع and vowels are left out;
  th is t; three consonants are kept. A token with fewer than two has its glides (w, y) too, not at the end;
- spellings that leave a skeleton undecided give a second one: article or not (`Lamiri`, `Elyes`), `Ben`, `Bel`, `Bou`
  joined or apart, g and j, c and s, final t;
- a person has at most ten keys: one of each name with each birth date before a second of any, so that no name is left
  out because another has many tokens.

What it costs and finds is measured in docs/measurements.md: coarser finds more and tells more persons apart who are
not the same. A key says nothing about which person is meant: what shares one is looked at by a person.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import combinations, zip_longest

from passerelle.core.errors import InputError
from passerelle.names.block import readable
from passerelle.names.comparing import NameSet
from passerelle.names.reading import INITIAL, NAME, Token
from passerelle.names.script import is_arabic
from passerelle.names.skeleton import of_text
from passerelle.names.weights import weights

MOST_KEYS = 10
_KEPT = 3
_RARE = 6.0
"""Nats that a token must say for two names to be worth comparing because of it alone."""

_LATIN = (
    *(("sch|tch|sh|ch", "x"), ("kh|gh|ck", "k"), ("ph", "f"), ("th", "t"), ("dh", "d"), ("dj|tj", "j")),
    *(
        ("c(?=[eiy])", "s"),
        ("gu(?=[eiy])", "k"),
        ("g(?=[eiy])", "j"),
        ("qu?|c|g", "k"),
        ("x", "ks"),
        ("v", "f"),
        ("p", "b"),
    ),
    *(("w|ou|oo|u|o", "w"), ("y|ee|i", "y"), ("[aehA]", "")),
)
_LATIN_PATTERN = re.compile("|".join(f"({pattern})" for pattern, _ in _LATIN))
_ARABIC = str.maketrans(
    {
        letter: kept or None
        for letters, kept in (
            *(("بپ", "b"), ("فڤ", "f"), ("تطث", "t"), ("دذضظ", "d"), ("سص", "s"), ("ز", "z"), ("جژ", "j"), ("شچ", "x")),
            *(("كقغخگ", "k"), ("ر", "r"), ("ل", "l"), ("م", "m"), ("ن", "n"), ("و", "w"), ("ي", "y"), ("اعهحةA", "")),
        )
        for letter in letters
    }
)
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")
_GLIDES = re.compile("[wy]")
_DOUBLED = re.compile(r"(.)\1+")
_BEN_ARABIC = re.compile("(?:بن|بال|بل|بو)(?=...)")
_BEN_LATIN = re.compile(r"(?:ben+|bin|bel|bal|bou+|bu|mc|be(?=([rstdnz])\1))(?=...)")
_ARTICLE_LATIN = re.compile("(?:l+|el+|al+)(?=[aeiouy].{2})")
_UNDECIDED: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (re.compile("g[eiy]"), lambda text: text.replace("g", "k")),
    (re.compile("c[aou]"), lambda text: text.replace("c", "s")),
    (re.compile("[ae]t$"), lambda text: text[:-1]),
    (re.compile("sh"), lambda text: text.replace("sh", "s")),
)


def coarse(text: str) -> str:
    """The coarse skeleton of a token's reading (`reading.Token.readings`)."""
    if is_arabic(text):
        classes = text.translate(_ARABIC)
    else:
        classes = _LATIN_PATTERN.sub(lambda found: _LATIN[(found.lastindex or 1) - 1][1], text)
    consonants = _DOUBLED.sub(r"\1", _GLIDES.sub("", classes))
    if len(consonants) >= 2:
        return consonants
    return _DOUBLED.sub(r"\1", classes.rstrip("wy")) or classes[:1] or "a"


@lru_cache(maxsize=65_536)
def skeletons(readings: tuple[str, ...]) -> tuple[str, ...]:
    """The coarse skeletons that a token may have, likeliest first."""
    found: dict[str, None] = {}
    for reading in readings:
        letters = reading.lstrip("A")
        found[coarse(reading)] = None
        if is_arabic(reading):
            if reading.startswith("A"):
                found[coarse("ل" + letters)] = None
            elif letters.startswith("ل") and len(letters) > 4:
                found[coarse(letters[1:])] = None
            if match := _BEN_ARABIC.match(letters):
                found[coarse(letters[match.end() :])] = None
            if "ج" in letters:
                found[coarse(letters.replace("ج", "ك"))] = None
            if letters.endswith("ت"):
                found[coarse(letters[:-1])] = None
        else:
            for pattern in (_BEN_LATIN, _ARTICLE_LATIN):
                if match := pattern.match(letters):
                    found[coarse(letters[match.end() :])] = None
            for pattern, other in _UNDECIDED:
                if pattern.search(letters):
                    found[coarse(other(letters))] = None
    for one in tuple(found):
        if len(one) == 2 and (bare := _GLIDES.sub("", one)):
            found[bare] = None
    return tuple(found)


def _parts(tokens: Sequence[Token]) -> list[tuple[str, ...]]:
    """The skeletons of each token of a name that has two or more; else of what it is made of."""
    chosen = [token for token in tokens if token.kind == NAME]
    if len(chosen) < 2:
        chosen = [token for token in tokens if token.kind != INITIAL]
    if len(chosen) == 1:
        reading = chosen[0].readings[-1]
        marks = [letter for letter in reading if letter in "BDL"]
        rest = reading.strip("ABDL")
        return [skeletons((rest,)), (marks[0],)] if marks and rest else [(mark,) for mark in marks]
    return [skeletons(token.readings) for token in chosen]


def _pairs(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Pairs of skeletons of tokens that stand in one name: the likeliest of every pair first, of each name in turn."""
    return _in_turn([_in_turn(_groups(text)) for text in texts])


def _groups(text: str) -> Iterator[list[tuple[str, str]]]:
    """Of each two tokens of a name the pairs of skeletons that they may have."""
    for lefts, rights in combinations(_parts(readable(text)), 2):
        pairs = ((one[:_KEPT], other[:_KEPT]) for one in lefts for other in rights)
        yield [(min(pair), max(pair)) for pair in pairs]


def _in_turn(groups: Iterable[Sequence[tuple[str, str]]]) -> list[tuple[str, str]]:
    """The first of each group, then the second of each, and so on; none twice."""
    return list(dict.fromkeys(pair for row in zip_longest(*groups) for pair in row if pair))


def match_keys(texts: Iterable[str], births: Iterable[str], *, years: bool = False) -> list[str]:
    """The match keys of a person, at most ten, likeliest first; none without a birth date or a readable name.

    `births`: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`. `years`: give the keys of the years of full dates too, as who asks for
    entries with a partial date needs. Raises InputError when a birth has another form.
    """
    dates = []
    for birth in births:
        if not _DATE.fullmatch(birth):
            raise InputError(f"birth: expected YYYY, YYYY-MM or YYYY-MM-DD, got {birth[:20]!r}")
        dates.append(f"d{birth}" if len(birth) == 10 else f"y{birth[:4]}")
    if years:
        dates += [f"y{birth[1:5]}" for birth in dates if birth.startswith("d")]
    kept = list(dict.fromkeys(dates))[:MOST_KEYS]
    return [f"{date}|{one}|{other}" for one, other in _pairs(texts) for date in kept][:MOST_KEYS]


def blocks(one: NameSet) -> list[int]:
    """Signed 64-bit keys: two persons whose names are worth comparing share one of them.

    That is a pair of coarse skeletons, one skeleton (`skeleton.py`) that is rare enough to tell much alone, or the
    coarse skeleton of a name of one word.
    """
    found = {f"{left}|{right}" for left, right in _pairs(one.texts)}
    known = weights()
    for text in one.texts:
        tokens = [token for token in readable(text) if token.kind == NAME]
        for token in tokens:
            finer = {of_text(reading) for reading in token.readings}
            found |= {name for name in finer if len(name) > 2 and known.frequent.get(name, known.rare) >= _RARE}
        if len(tokens) == 1:
            found |= {f"{name}|" for name in skeletons(tokens[0].readings)}
    return sorted(hashed(name) for name in found)


def digest(text: str) -> int:
    """A signed 64-bit number for a text, the same everywhere."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little", signed=True)


hashed = lru_cache(maxsize=262_144)(digest)
"""`digest`, remembered: for skeletons, of which there are few."""
