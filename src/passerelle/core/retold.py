"""What the node wrote in English, told in the language in use: errors, alarms, reasons, statements of a report.

Rules kept here:
- the rooms of the node write one language, so that a log, an audit record and a test read alike everywhere, and so that
  what was written yesterday can be told to another reader today; only doors call this module;
- a text is recognised by its pattern. The catalogues hold the template of each, as the source has it
  (`expected {expected}, got {got}`); what stands in its fields is filled into the translation. What a field holds is
  told in the same way when it is such a text itself, and is left as it is when not;
- of several templates that fit, the one is taken that leaves the least in English, and of equals the one that says the
  most by itself. A text that none fits is shown as it is: words are never lost, at worst they are English.

Left unchecked: a person who writes exactly a text of the node sees it translated. Nothing is decided by such words.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from itertools import islice
from string import Formatter
from typing import NamedTuple

from passerelle.core.words import DOMAIN, ERRORS, Language, folder, isolated, language

_MAX = 4000
_DEPTH = 4
_TRIED = 8  # of the templates that fit, those that say the most
_SLIGHT = 8  # characters
_SEMICOLON = {"fr": "\u00a0; ", "ar": "؛ "}


class Template:
    """A text of the source: what it says by itself, and the fields between."""

    def __init__(self, text: str, told: str = "") -> None:
        self.text, self.told = text, told
        self.parts: list[str] = [""]
        self.names: list[str] = []
        for literal, name, _spec, _conversion in Formatter().parse(text):
            self.parts[-1] += literal
            if name is not None:
                self.names.append(name)
                self.parts.append("")

    @property
    def weight(self) -> int:
        """How much it says by itself."""
        return sum(map(len, self.parts))

    @cached_property
    def _pattern(self) -> "re.Pattern[str]":
        # What says next to nothing by itself, `{least} and {most}`, joins two values and no two halves of a sentence.
        field = r"(\S*?)" if self.weight < _SLIGHT and len(self.names) > 1 else "(.*?)"
        return re.compile(field.join(map(re.escape, self.parts)), re.DOTALL)

    def match(self, text: str) -> dict[str, str] | None:
        """What stands in the fields, or None when the text is none of this template."""
        if not text.startswith(self.parts[0]) or not text.endswith(self.parts[-1]):
            return None
        at = 0
        for part in self.parts:
            at = text.find(part, at)
            if at < 0:
                return None
            at += len(part)
        found = self._pattern.fullmatch(text)
        return dict(zip(self.names, found.groups(), strict=True)) if found else None

    def fill(self, fields: Mapping[str, str]) -> str:
        """The translation with these fields."""
        return self.told.format_map({key: isolated(value) for key, value in fields.items()})


def retold(text: str) -> str:
    """An English text of the node in the language in use. What is not known is left as it is."""
    if language() == "en" or not text or len(text) > _MAX:
        return text
    told = _told(text, _DEPTH)
    return text if told is None else told.text


def without_fields(text: str) -> str:
    """An English text of the node without what stands in its fields: `…` in their place. Of no known text nothing.

    A field keeps a small number, and a text that is itself one of the node's: neither says anything of a person.
    """
    return _bare(text[:_MAX], _DEPTH)


_SMALL = re.compile(r"-?[0-9]{1,7}")  # not a date of birth, nor the number of a person


def _bare(text: str, depth: int) -> str:
    templates, exact = _catalogue("fr")
    if text in exact or _SMALL.fullmatch(text):
        return text
    if not depth:
        return ""
    for one in templates:
        if (fields := one.match(text)) is not None:
            bare = [_bare(fields[name], depth - 1) or "…" for name in one.names]
            return one.parts[0] + "".join(map("".join, zip(bare, one.parts[1:], strict=True)))
    parts = [_bare(part, depth - 1) for part in text.split("; ")] if "; " in text else [""]
    if all(parts):
        return "; ".join(parts)
    after = _bare(text.partition(": ")[2], depth - 1)
    return f"…: {after}" if after else ""


class _Told(NamedTuple):
    """A text told, and how many blanks stand in what was left in English: the fewer, the better it was understood."""

    text: str
    left: int


def in_a_row(texts: Iterable[str]) -> str:
    """Texts of several words on one line, parted as the language in use parts them."""
    return _SEMICOLON.get(language(), "; ").join(texts)


def _told(text: str, depth: int) -> _Told | None:
    """The text told, or None when nothing of it is known."""
    templates, exact = _catalogue(language())
    if text in exact:
        return _Told(exact[text].fill({}), 0)
    if not depth:
        return None
    found: list[_Told] = []
    if "; " in text:
        parts = [_told(part, depth - 1) for part in text.split("; ")]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            joined = in_a_row(part.text for part in known)
            found.append(_Told(joined, sum(part.left for part in known)))
    fitting = ((one, fields) for one in templates if (fields := one.match(text)) is not None)
    found += [_filled(one, fields, depth) for one, fields in islice(fitting, _TRIED)]
    if not found:
        head, colon, rest = text.partition(": ")
        after = _told(rest, depth - 1) if colon else None
        return None if after is None else _Told(f"{isolated(head)}: {after.text}", after.left + head.count(" "))
    return min(found, key=lambda one: one.left)  # of equals the first, which says the most by itself


def _filled(one: Template, fields: dict[str, str], depth: int) -> _Told:
    told = {key: (value and _told(value, depth - 1)) or _Told(value, value.count(" ")) for key, value in fields.items()}
    return _Told(one.fill({key: part.text for key, part in told.items()}), sum(part.left for part in told.values()))


@cache
def _catalogue(name: Language) -> tuple[tuple[Template, ...], dict[str, Template]]:
    """The templates with fields, the ones that say most first, and those without by their text."""
    from babel.messages.mofile import read_mo

    with (folder() / name / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        # Babel leaves the context as bytes.
        read = [one for one in read_mo(file) if one.context in (ERRORS, ERRORS.encode()) and one.string]
    made = [Template(str(one.id), str(one.string)) for one in read]
    fielded = sorted((one for one in made if one.names), key=lambda one: (-one.weight, one.text))
    return tuple(fielded), {one.parts[0]: one for one in made if not one.names}


def E_(text: str) -> str:  # noqa: N802 - a mark, as `N_`
    """The text itself: marks a constant that a door retells."""
    return text
