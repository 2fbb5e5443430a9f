"""A name as it is written -> its tokens, ready to compare.

Rules kept here:
- separators are blanks, hyphens, commas and every sign that is no letter; apostrophes stand for letters of other
  scripts and are dropped; a capital inside a word begins a new token (`AlGhanim`, `BinSalman`);
- `FAMILY, Given` is read as `Given FAMILY`, and its tokens before the comma are marked as family name;
- the article belongs to the token after it, however it is written: apart (`al-Hassan`, `El Hassan`), assimilated
  (`as-Sayyid`, `Essayed`), without its vowel (`Lmeskini`), joined (`Alhassan`, `الحسن`). Where a joined article cannot
  be told from letters of the name, the token has both readings;
- `Abd` belongs to the name of God after it, `al-Din` and `Allah` to the name before: Abdelkader, Abd el Kader and
  عبد القادر are one token alike;
- a patronymic (Ivanovich, Petrovna, oglu) says whose child somebody is: it is told apart from given and family names,
  which may end alike, by its place;
- particles of descent (ben, bint, ould, aït, van, de), titles, and initials keep their place and say little: they are
  marked, the comparison weighs them.

Left unchecked: which part of a name is the family's where no comma says so, because habits differ and lists mix them.
"""

import re
from functools import lru_cache

import msgspec

from passerelle.core.errors import InputError
from passerelle.names.script import folded, is_arabic, visible
from passerelle.names.tables import words

MOST_TOKENS = 12
"""Tokens of a name that are compared; real names on published lists stay below it."""
LONGEST_NAME = 1_000
"""Characters of a name."""

NAME, PARTICLE, TITLE, INITIAL, PATRONYMIC = "name", "particle", "title", "initial", "patronymic"


class NameReadError(InputError):
    """This is no name that can be compared."""


class Token(msgspec.Struct, frozen=True):
    """A part of a name. `readings`: one or two texts of `symbols.coded`; `written`: as it stood, for explanations.

    `kind`: name | particle | title | initial | patronymic. `family`: it stood before the comma.
    """

    written: str
    readings: tuple[str, ...]
    kind: str
    arabic: bool
    family: bool = False


_PARTICLES, _TITLES, _ARTICLES = words("particles"), words("titles"), words("articles")
_ABD, _DIN, _ALLAH = words("abd"), words("din"), words("allah")
_ASSIMILATED = re.compile(r"[aeu](sh|ch|[rstdnz])")
_ABD_JOINED = re.compile(r"abd(?:[aeiou]?l|[aeiou](?=(?:([rstdnzj])\1))|[aeiou](?=(sh|ch)\2)|)(?P<rest>[a-z]{3,})")
_ABD_ALLAH = re.compile(r"abd[aeiou]?l{1,2}ah?(?P<rest>[a-z]{0,2})")
_DIN_JOINED = re.compile(r"(?P<rest>[a-z]{2,}?)(?:[aeiou]l?dd|[aeiou]ld|[ae]d)(?:i|ee|ie|ey|y)ne?")
_ALLAH_JOINED = re.compile(r"(?P<rest>[a-z]{3,}?)(?:[aeou]llah?|[aeou]lah)")
_PATRONYMIC = re.compile(f"[a-z]{{2,}}(?:{'|'.join(sorted(words('patronymics'), key=len, reverse=True))})")
_CAPITAL_INSIDE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LETTER = r"(?:[^\W\d_]|[\u0900-\u0dff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])"  # and vowel signs of Indic scripts
_LETTERS = re.compile(rf"{_LETTER}+(?:['`´‘’‛ʼʻʾʿʹʺˈ]{_LETTER}+)*")
_BORDER = re.compile(r"(?<=[\u0600-\u06ff])(?=[A-Za-z])|(?<=[A-Za-z])(?=[\u0600-\u06ff])")


def read(text: str) -> tuple[Token, ...]:
    """The tokens of a name, at most `MOST_TOKENS`. Raises NameReadError without a letter or over 1,000 characters."""
    if len(text) > LONGEST_NAME:
        raise NameReadError(f"name: expected at most {LONGEST_NAME} characters, got {len(text)}")
    before, comma, after = _visible(text).partition(",")
    parts = [(token, False) for token in _tokens(after)] + [(token, bool(comma)) for token in _tokens(before)]
    found = tuple(_patronymics(_merged(parts)))[:MOST_TOKENS]
    if not found:
        raise NameReadError(f"name: expected at least one letter, got {text[:40]!r}")
    return found


def _visible(text: str) -> str:
    return visible(text).replace("،", ",")


def _tokens(text: str) -> list[tuple[str, str]]:
    """Of each word: as written, and folded."""
    found = []
    for word in _LETTERS.findall(text):
        for part in _BORDER.split(word):
            for piece in _CAPITAL_INSIDE.split(part) if part.isascii() else (part,):
                if letters := folded(piece):
                    found.append((piece, letters))
    return found


def _merged(parts: list[tuple[tuple[str, str], bool]]) -> list[Token]:
    """Tokens after articles, `Abd`, `al-Din` and `Allah` have joined what they belong to."""
    found: list[Token] = []
    place = 0
    while place < len(parts):
        (written, letters), family = parts[place]
        after = parts[place + 1][0] if place + 1 < len(parts) else None
        further = parts[place + 2][0] if place + 2 < len(parts) else None
        if letters in _ABD and after:
            if _is_article(after[1], further[1] if further else "") and further:
                found.append(_of_god((written, after[0], further[0]), further[1], family))
                place += 3
            else:
                found.append(_of_god((written, after[0]), after[1], family))
                place += 2
            continue
        if after and _is_article(letters, after[1]):
            if after[1] in _DIN and found and found[-1].kind == NAME:
                found[-1] = _ended(found[-1], f"{written} {after[0]}", "D")
            else:
                found.append(_token(f"{written} {after[0]}", after[1], family, article=True))
            place += 2
            continue
        if (
            found
            and found[-1].kind == NAME
            and found[-1].family == family
            and not found[-1].readings[0].endswith(("D", "L"))
        ):
            if letters in _DIN:
                found[-1] = _ended(found[-1], written, "D")
                place += 1
                continue
            if letters in _ALLAH:
                found[-1] = _ended(found[-1], written, "L")
                place += 1
                continue
        found.append(_token(written, letters, family))
        place += 1
    return found


def _patronymics(tokens: list[Token]) -> list[Token]:
    """The first token that ends like a patronymic is one, where the name has a given and a family name besides."""
    names = [place for place, token in enumerate(tokens) if token.kind == NAME]
    if len(names) < 3:
        return tokens
    for place in names[1:]:
        token = tokens[place]
        if not token.family and _PATRONYMIC.fullmatch(token.readings[0]):
            made = Token(token.written, token.readings, PATRONYMIC, token.arabic, token.family)
            return [*tokens[:place], made, *tokens[place + 1 :]]
    return tokens


def _is_article(letters: str, after: str) -> bool:
    if letters in _ARTICLES:
        return True
    match = _ASSIMILATED.fullmatch(letters)
    return bool(match and after.startswith(match.group(1)))


def _of_god(written: tuple[str, ...], letters: str, family: bool) -> Token:
    if letters in _ALLAH or letters in {"lah", "lla", "llah", "له"}:
        return Token(" ".join(written), ("BL",), NAME, is_arabic(letters), family)
    rest = letters[2:] if letters.startswith("ال") and len(letters) > 3 else letters
    stem = readings(rest)[0]
    return Token(" ".join(written), ("B" + stem.lstrip("A"),), NAME, is_arabic(letters), family)


def _ended(token: Token, written: str, mark: str) -> Token:
    readings = tuple(reading + mark for reading in token.readings)
    return Token(f"{token.written} {written}", readings, NAME, token.arabic, token.family)


def _token(written: str, letters: str, family: bool, *, article: bool = False) -> Token:
    arabic = is_arabic(letters)
    if article:
        stem = readings(letters)[0].lstrip("A")
        return Token(written, ("A" + stem,), NAME, arabic, family)
    if letters in _TITLES:
        kind = TITLE
    elif letters in _PARTICLES:
        kind = PARTICLE
    elif len(letters) == 1:
        kind = INITIAL
    else:
        kind = NAME
    return Token(written, readings(letters) if kind == NAME else (letters,), kind, arabic, family)


@lru_cache(maxsize=262_144)
def readings(letters: str) -> tuple[str, ...]:
    """How a folded token may be read: one or two texts with marks for its compounds."""
    if is_arabic(letters):
        return (_arabic(letters),)
    if match := _ABD_ALLAH.fullmatch(letters):
        return ("BL" + match["rest"],)
    if match := _ABD_JOINED.fullmatch(letters):
        return (letters, "B" + match["rest"])
    if match := _DIN_JOINED.fullmatch(letters):
        return (letters, match["rest"] + "D")
    if match := _ALLAH_JOINED.fullmatch(letters):
        return (letters, match["rest"] + "L")
    if len(letters) >= 5:
        if letters[:2] in {"al", "el"}:
            return ("A" + letters[2:],) if letters[2] not in "aeiouy" else (letters, "A" + letters[2:])
        if letters[0] in "aeu" and letters[1] == letters[2] and letters[1] in "rstdnz":
            return (letters, "A" + letters[2:])
        if letters[0] == "l" and letters[1] not in "aeiouyh":
            return (letters, "A" + letters[1:])
    return (letters,)


def _arabic(letters: str) -> str:
    if letters.startswith("عبدال") and len(letters) > 6:
        return "BL" if letters[5:] == "له" else "B" + letters[5:]
    if letters.startswith("عبد") and len(letters) > 5:
        return "B" + letters[3:]
    if letters.endswith("الله") and len(letters) > 5:
        return letters[:-4] + "L"
    if letters.endswith("الدين") and len(letters) > 6:
        return letters[:-5].removeprefix("ال") + "D"
    if letters.startswith("ال") and len(letters) > 3:
        return "A" + letters[2:]
    return letters
