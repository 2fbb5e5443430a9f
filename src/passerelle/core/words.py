"""What persons read, in their language: English in the code, French, Dutch and Arabic in catalogues.

Rules kept here:
- the English text is the key of its translation; what varies stands in it as a named field, `{draft}`, and is filled in
  after translating. So a translation can put it elsewhere in the sentence, and the catalogue has no invented ids;
- the language belongs to the context (a command, a request), not to the process: two doors can speak two languages;
- a field is isolated (U+2068 … U+2069, Unicode Standard Annex 9) in Arabic, and in every language when it has letters
  that run from right to left: a name, a number or an id then moves no word of the sentence, and the sentence none of
  it. A field cannot close its isolate: what would act on a terminal is replaced in it first;
- letters are not reshaped and nothing is reordered: that is the work of whoever shows the text;
- plural forms are those of the catalogue (Arabic has six).

Catalogues are GNU gettext: `locale/<language>/LC_MESSAGES/passerelle.po`, compiled beside it. English needs none. A
text without translation is shown in English; `./run words check` finds such texts, so none should be there.
"""

import gettext
import string
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal, get_args

from passerelle.core.errors import InputError
from passerelle.core.text import visible

Language = Literal["en", "fr", "nl", "ar"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DOMAIN = "passerelle"
ERRORS = "error"
"""Context, in the catalogues, of texts that the node writes in English and that a door retells."""

_FALLBACK: Language = "en"
_VARIABLES = ("PASSERELLE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_OPEN, _CLOSE = "\u2068", "\u2069"
_language: ContextVar[Language] = ContextVar("language", default=_FALLBACK)
_asked: ContextVar[bool] = ContextVar("asked", default=False)


def folder() -> Path:
    """Where the catalogues are."""
    return Path(str(resources.files("passerelle"))) / "locale"


# ---- which language --------------------------------------------------------------------------------------------------


def language() -> Language:
    """The language in use."""
    return _language.get()


def known(name: str) -> Language:
    """The name itself. Raises InputError when it is none of the four languages."""
    if name not in LANGUAGES:
        raise InputError(f"language: expected one of {', '.join(LANGUAGES)}, got {name[:20]!r}")
    return name


def use(name: str, *, asked: bool = False) -> None:
    """Speak this language from now on in this context; `asked`: a person asked for it by name. Raises InputError."""
    _language.set(known(name))
    _asked.set(asked)


def prefer(name: str) -> None:
    """Speak this language from now on in this context, unless another was asked for by name. Raises InputError."""
    if not _asked.get():
        use(name)


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Speak this language inside a block. Raises InputError."""
    language_before, asked_before = _language.set(known(name)), _asked.set(False)
    try:
        yield
    finally:
        _language.reset(language_before)
        _asked.reset(asked_before)


def from_environment(environment: Mapping[str, str]) -> Language:
    """The language that the environment asks for: PASSERELLE_LANGUAGE, then as POSIX has it LC_ALL, LC_MESSAGES, LANG.

    The first that is set decides; English when it names none of the four.
    """
    for variable in _VARIABLES:
        if asked := environment.get(variable):
            found = asked.partition(".")[0].partition("@")[0].replace("-", "_").partition("_")[0].lower()
            return found if found in LANGUAGES else _FALLBACK
    return _FALLBACK


# ---- texts -----------------------------------------------------------------------------------------------------------


def _(message: str, /, **fields: object) -> str:
    """The message in the language in use, its `{fields}` filled in."""
    return filled(_translations(language()).gettext(message) if message else "", fields)


def n_(one: str, many: str, count: int, /, **fields: object) -> str:
    """The form of a message that fits the number; `{count}` is one of its fields."""
    return filled(_translations(language()).ngettext(one, many, count), {"count": count, **fields})


def N_(message: str) -> str:  # noqa: N802 - the name that catalogues know
    """The message itself: marks a constant for the catalogues; `_` translates it where it is shown."""
    return message


def filled(text: str, fields: Mapping[str, object]) -> str:
    """The text with its fields filled in, each isolated where direction could mix. Without fields the text itself."""
    return text.format_map({key: isolated(str(value)) for key, value in fields.items()}) if fields else text


def isolated(value: str) -> str:
    """The value between isolates when the language in use or a letter of it runs from right to left."""
    if not value or (language() != "ar" and not runs_left(value)):
        return value
    # A line end would end the isolate (it ends the paragraph): each line has its own.
    return "\n".join(f"{_OPEN}{line}{_CLOSE}" if line else "" for line in visible(value).split("\n"))


def runs_left(text: str) -> bool:
    """Whether some letter of the text runs from right to left."""
    return not text.isascii() and any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text)


def fields_of(text: str) -> list[str]:
    """The names of the fields of a message, in order. Raises ValueError when its braces do not match."""
    return [name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None]


@cache
def _translations(name: Language) -> gettext.NullTranslations:
    if name == _FALLBACK:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, folder(), [name])
