"""Help and usage errors in the language in use, though the library that prints them speaks English.

Commands and their help are made when the door is loaded, in English; they are translated when they are printed. Names
of commands, options and values (`--reason`, `PARTNER`) are the same in every language: documents and colleagues name
them. What the library says itself is looked up by it in the catalogue (`gettext`), or retold by pattern (`USAGE`).

In Arabic a sentence runs from the right; rows of two columns keep their columns, and each text in them is isolated.
"""

import gettext
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typer.core import TyperCommand, TyperGroup

from passerelle.core import words
from passerelle.core.retold import E_
from passerelle.core.words import N_, _

WORDS = (
    N_("Arguments"),
    N_("Options"),
    N_("Commands"),
    N_("required"),
    N_("default: {default}"),
    N_("env var: {var}"),
    N_("(dynamic)"),
    N_("Missing command."),
    N_("No such command {name!r}."),
)
"""What typer looks up by itself."""

USAGE = (
    E_("Missing argument {name}."),
    E_("Missing option {name}."),
    E_("Missing parameter: {name}"),
    E_("No such option: {name}"),
    E_("No such option: {name} (Possible options: {known})"),
    E_("Invalid value for {name}: {reason}"),
    E_("Invalid value: {reason}"),
    E_("{reason} Did you mean {known}?"),
    E_("Got unexpected extra argument(s) ({arguments})"),
    E_("Option {name} requires an argument."),
    E_("Option {name} requires {number} arguments."),
    E_("Option {name} does not take a value."),
    E_("Argument {name} takes {number} values."),
    E_("{value} is not a valid integer."),
)
"""What typer says in English only."""

_VARIABLE = "LANGUAGE"  # where gettext looks first
_ROW = re.compile(r"(?P<name>  \S.*?  +|\s{6,})(?P<text>\S.*)")


@contextmanager
def speaking() -> Iterator[None]:
    """Let the library look its words up in the catalogue of the language in use."""
    asked, domain = os.environ.get(_VARIABLE), gettext.textdomain()
    os.environ[_VARIABLE] = words.language()
    gettext.bindtextdomain(words.DOMAIN, str(words.folder()))
    gettext.textdomain(words.DOMAIN)
    try:
        yield
    finally:
        del os.environ[_VARIABLE]
        if asked is not None:
            os.environ[_VARIABLE] = asked
        gettext.textdomain(domain)


class _Spoken:
    """Help in the language in use."""

    def get_help(self, ctx: Any) -> str:
        text: str = super().get_help(ctx)  # type: ignore[misc]
        return "\n".join(map(_from_right, text.split("\n"))) if words.language() == "ar" else text

    def format_help(self, ctx: Any, formatter: Any) -> None:
        one: Any = self
        one.help, one.epilog = _(one.help or ""), _epilog(one.epilog or "")
        for parameter in one.get_params(ctx):
            parameter.help = _(parameter.help or "")
            if isinstance(parameter.show_default, str):
                parameter.show_default = _(parameter.show_default)
        super().format_help(ctx, formatter)  # type: ignore[misc]

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        one: Any = self
        formatter.write_usage(ctx.command_path, " ".join(one.collect_usage_pieces(ctx)), prefix=_("Usage:") + " ")

    def get_help_option(self, ctx: Any) -> Any:
        made = super().get_help_option(ctx)  # type: ignore[misc]
        if made is not None:
            made.help = _("Show this message and exit.")
        return made

    def get_short_help_str(self, limit: int = 45) -> str:
        one: Any = self
        one.help = _(one.help or "")
        made: str = super().get_short_help_str(limit)  # type: ignore[misc]
        return made


class Command(_Spoken, TyperCommand):
    """A command whose help speaks the language in use."""


class Group(_Spoken, TyperGroup):
    """A group whose help speaks the language in use."""


class Usual(Group):
    """A group with one usual command, `of`: it is meant where none is named."""

    usual = "of"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = not args or args[0] == "--help" or args[0] in self.commands
        return super().parse_args(ctx, args if named else [self.usual, *args])


class Running(Usual):
    """A group whose usual command is `run`."""

    usual = "run"


def _epilog(text: str) -> str:
    """Each paragraph is a text of its own; lines of commands are as they are typed."""
    return "\n".join(line if line.startswith((" ", "\b")) else _(line) for line in text.split("\n"))


def _from_right(line: str) -> str:
    """A line of Arabic help. A row keeps its columns (U+200E), its text is isolated from right to left (U+2067)."""
    row = _ROW.fullmatch(line)
    if row is None or not words.runs_left(row["text"]):
        return line
    return f"\u200e{row['name']}\u2067{row['text']}\u2069"
