"""The files of one language: what the source says now, with the translations that there are; compiled; checked.

Files hold no date, no line number and no version of a tool, so that they change when a text changes, and then only.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from passerelle.core import words
from passerelle.core.text import forbidden_character
from tools.words.find import Found, Place

LANGUAGES = ("fr", "nl", "ar")
PLURALS = {
    "fr": "nplurals=2; plural=(n > 1);",
    "nl": "nplurals=2; plural=(n != 1);",
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);",
}
"""As GNU gettext has them (its manual, "Plural forms")."""

Texts = Mapping[Found, list[Place]]


class _Catalog(Catalog):
    """A catalogue whose head says what readers need and nothing that changes by itself."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Project-Id-Version", "Passerelle"),
            ("Language", str(self.locale)),
            ("Plural-Forms", PLURALS[str(self.locale)]),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]

    mime_headers = property(_get_mime_headers)


def path(language: str, ending: str) -> Path:
    """The file of a language; `ending`: po or mo."""
    return words.folder() / language / "LC_MESSAGES" / f"{words.DOMAIN}.{ending}"


def read(language: str) -> Catalog:
    """The translations as the translator left them."""
    with path(language, "po").open("rb") as file:
        return read_po(file, locale=language)


def renewed(texts: Texts, language: str, old: Catalog) -> Catalog:
    """A catalogue of what the source says now, with the translations of the old one that still have a text."""
    made = _Catalog(
        locale=language, header_comment="# Texts of Passerelle. See docs/how-to/translator.md.", fuzzy=False
    )
    made.num_plurals  # noqa: B018 - read from the locale before the head is written
    for found, places in sorted(texts.items(), key=lambda one: (one[0].context or "", one[1][0].file, one[0].text)):
        known = old.get(found.text, found.context)
        ids = (found.text, found.plural) if found.plural else found.text
        kept = known.string if known is not None and _same_kind(known, found) else ""
        made.add(
            ids,
            kept or (("",) * forms(language) if found.plural else ""),
            locations=[(file, 0) for file in sorted({one.file for one in places})],
            flags=known.flags & {"fuzzy"} if known is not None else (),
            context=found.context,
        )
    return made


def _same_kind(known: Message, found: Found) -> bool:
    return known.pluralizable == bool(found.plural)


def forms(language: str) -> int:
    """How many plural forms the language has."""
    return int(PLURALS[language].partition("=")[2].partition(";")[0])


def text_of(catalog: Catalog) -> bytes:
    """The file that translators edit."""
    out = BytesIO()
    write_po(out, catalog, width=120, include_lineno=False)
    return out.getvalue()


def compiled(language: str, texts: Texts) -> bytes:
    """The file that the program reads: what is translated, and nothing fuzzy."""
    out, made = BytesIO(), renewed(texts, language, read(language))
    for message in list(made):
        # A plural whose forms are empty would show nothing; one that is not there shows English.
        if message.id and not all(_strings(message)):
            made.delete(message.id, message.context)
    write_mo(out, made)
    return out.getvalue()


# ---- checks ----------------------------------------------------------------------------------------------------------


def wrong(texts: Texts, language: str) -> Iterator[str]:
    """What is wrong with the catalogue of a language, one line each; nothing when it is whole."""
    catalog = read(language)
    there = {Found(one.context, *_ids(one)) for one in catalog if one.id}
    for found in sorted(set(texts) - there, key=str):
        yield f"{language}: not in the catalogue: {found.text[:80]!r} ({texts[found][0].file})"
    for found in sorted(there - set(texts), key=str):
        yield f"{language}: no longer in the source: {found.text[:80]!r}"
    for message in catalog:
        if message.id:
            said = str(_ids(message)[0])[:80]
            yield from (f"{language}: {problem}: {said!r}" for problem in problems(message, language))
    if path(language, "po").read_bytes() != text_of(renewed(texts, language, catalog)):
        yield f"{language}: passerelle.po is not in its one form: ./run words update"
    if path(language, "mo").read_bytes() != compiled(language, texts):
        yield f"{language}: passerelle.mo is not that of passerelle.po: ./run words update"


def problems(message: Message, language: str) -> Iterator[str]:
    """What is wrong with one translation."""
    ids, strings = _ids(message), _strings(message)
    wanted = forms(language) if len(ids) == 2 and ids[1] else 1
    if not all(strings):
        yield "not translated"
        return
    if "fuzzy" in message.flags:
        yield "to be looked at again (fuzzy)"
    if len(strings) != wanted:
        yield f"expected {wanted} plural forms, got {len(strings)}"
    templated = message.context == words.ERRORS or wanted > 1 or bool(_fields(ids[0]))
    for string in strings:
        yield from _differences(str(ids[-1] or ids[0]), string, templated=templated, plural=wanted > 1)


def _differences(text: str, string: str, *, templated: bool, plural: bool) -> Iterator[str]:
    if templated:
        try:
            given = _fields(string, strict=True)
        except ValueError as error:
            yield f"braces that do not match ({error})"
            return
        expected = _fields(text)
        if plural:  # a form for one, two or none may say the number in a word
            expected, given = expected - {"count"}, given - {"count"}
        if given != expected:
            yield f"expected the fields {sorted(expected)}, got {sorted(given)}"
    if (text[:1].isspace(), text[-1:].isspace()) != (string[:1].isspace(), string[-1:].isspace()):
        yield "other white space at the ends"
    if text.count("\b") != string.count("\b"):
        yield "other marks of paragraphs (\\b)"
    if found := forbidden_character(string.replace("\b", "")):
        yield f"a character that acts on a terminal, {found}"


def _fields(text: str, *, strict: bool = False) -> set[str]:
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        if strict:
            raise
        return set()
    return {name for _text, name, _spec, _conversion in parsed if name is not None}


def _ids(message: Message) -> tuple[str, str | None]:
    return (message.id[0], message.id[1]) if isinstance(message.id, tuple | list) else (str(message.id), None)


def _strings(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [str(message.string or "")]
