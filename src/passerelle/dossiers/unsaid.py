"""Words that a type leaves unsaid: no free text of its acts may contain them.

    unsaid = ["asylum*", "protection internationale", "لجوء"]

Where the mere mention would harm the person, leaving out a field is not enough: the text beside it would carry what the
field does not. The words stand in the type's file, so both sides have signed them and both check them: the author's
node before anything leaves, the receiver's node on arrival (check 9).

How words are found: case, accents, vowel signs, the tatweel and signs that nobody sees do not count, and letters that
Arabic writing takes for each other at the end of a word (ة and ه, ى and ي) are one; between the parts of a phrase any
blank or punctuation may stand. A Latin word is found as a whole, with `*` at its end also with any ending. An Arabic
word is found within longer ones, because article and prepositions are written onto it.

Looked at are all texts that a person writes; names and places of persons are not, because Asilah is a town and a word
of that list may be somebody's name.

Left unchecked: what is said in other words. This stops a slip of the pen, not an intention. A problem never repeats the
word: the receiver keeps the problem and not the text.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from passerelle.dossiers.problem import Problem, place
from passerelle.dossiers.texts import written

_TATWEEL = "\u0640"
_UNSEEN = ("Mn", "Me", "Cf")  # marks on letters; soft hyphen, joiners and the like
_ARABIC = re.compile(r"[\u0600-\u06ff\u0750-\u077f]")
_TOKEN = re.compile(r"[^\W_]+")


def folded(text: str) -> str:
    """The text as it is compared: without case, accents, vowel signs, tatweel and what is not seen."""
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKD", text.casefold()).translate(_compared())


@cache
def _compared() -> dict[int, str | None]:
    """What falls away: characters of such a category (planes 0, 1 and 14 have them), the tatweel; and what is one."""
    codes = (*range(0x20000), *range(0xE0000, 0xE0200))
    unseen = {code: None for code in codes if unicodedata.category(chr(code)) in _UNSEEN}
    return {**unseen, ord(_TATWEEL): None, ord("ة"): "ه", ord("ى"): "ي"}


class _Words:
    """The words of a type, cut up once: a text is looked through token by token, and never by a pattern per word."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.whole: set[str] = set()
        self.begun: tuple[str, ...] = ()
        self.phrases: dict[str, list[tuple[list[str], bool]]] = {}
        self.within: tuple[str, ...] = ()
        for word in words:
            parts, open_end = _TOKEN.findall(folded(word.removesuffix("*"))), word.endswith("*")
            if _ARABIC.search(word):
                self.within += (" ".join(parts),)
            elif len(parts) > 1:
                self.phrases.setdefault(parts[0], []).append((parts, open_end))
            elif open_end:
                self.begun += (parts[0],)
            else:
                self.whole.add(parts[0])

    def said_in(self, text: str) -> bool:
        tokens = _TOKEN.findall(folded(text))
        for at, token in enumerate(tokens):
            if token in self.whole or token.startswith(self.begun):
                return True
            for parts, open_end in self.phrases.get(token, ()):
                if _follow(parts, open_end, tokens[at : at + len(parts)]):
                    return True
        if text.isascii() or not self.within:
            return False
        joined = " ".join(tokens)
        return any(word in joined for word in self.within)


def _follow(parts: list[str], open_end: bool, tokens: list[str]) -> bool:
    if len(tokens) < len(parts) or tokens[:-1] != parts[:-1]:
        return False
    return tokens[-1].startswith(parts[-1]) if open_end else tokens[-1] == parts[-1]


_cut_up = lru_cache(maxsize=64)(_Words)


def usable(word: str) -> bool:
    """Whether a word says something: at least three letters, so that no type forbids half the language."""
    return sum(letter.isalnum() for letter in folded(word)) >= 3


def said_in(text: str, words: tuple[str, ...]) -> bool:
    """Whether a text says one of the words."""
    return bool(words) and _cut_up(words).said_in(text)


def problems(content: Mapping[str, Any], words: tuple[str, ...]) -> Iterator[Problem]:
    """Where a content of the right form says one of the words."""
    if not words:
        return
    known = _cut_up(words)
    for steps, text in written(content):
        if known.said_in(text):
            yield Problem(place(steps), "none of the words that this type leaves unsaid", "one of them")
