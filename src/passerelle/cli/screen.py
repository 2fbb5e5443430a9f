"""What a person sees: lines and tables, in colour on a terminal only.

Texts of partners and officers are printed as they are, never as markup. Text that runs from right to left is isolated
(U+2068 … U+2069) on a terminal, so that it does not turn the columns beside it around; a pipe gets the bare text, but
for Arabic, whose sentences read wrongly without isolates wherever they are shown. Names of fields and heads of columns
are translated here (`_` in them is a blank); what stands in the cells is the caller's. Columns keep their order in
Arabic too: dates, ids and names of commands fill most of them, and a table is compared with a colleague's.
"""

import os
import re
import sys
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, TextIO

from passerelle.core import words
from passerelle.core.text import visible
from passerelle.core.words import N_, _

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

STYLES = {
    N_("confirmed"): "green",
    N_("in force"): "green",
    N_("open"): "green",
    N_("holds"): "green",
    N_("verified"): "bold green",
    N_("unconfirmed"): "yellow",
    N_("waiting"): "yellow",
    N_("absent"): "yellow",
    N_("attested"): "cyan",
    N_("suspended"): "red",
    N_("stopped"): "bold red",
    N_("frozen"): "bold red",
    N_("refused"): "red",
    N_("fails"): "bold red",
    N_("failed"): "bold red",
}
"""Words that stand out where they begin a cell."""


@cache
def _styles(language: str) -> dict[str, str]:
    with words.speaking(language):
        return {_(word): style for word, style in STYLES.items()}


def _style(text: str) -> str:
    begin = text.lstrip(_OPEN).split()
    known = _styles(words.language())
    return known.get(" ".join(begin[:2])) or known.get(begin[0].rstrip(":,"), "") if begin else ""


_OPEN, _CLOSE, _LEFT = "\u2068", "\u2069", "\u200e"
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{3}Z")
_SENTENCE = 24  # letters that a folded column needs at least
# Control characters but newline and tab, and direction marks that turn their surroundings around.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(text: str) -> str:
    """JSON text in which the same characters are escaped."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def isolated(text: str) -> str:
    """The text between isolates when some of it runs from right to left."""
    return f"{_OPEN}{text}{_CLOSE}" if words.runs_left(text) else text


def _bare(text: str) -> str:
    """What a pipe gets."""
    return visible(text) if words.language() == "ar" else visible(text).replace(_OPEN, "").replace(_CLOSE, "")


def _width(text: str) -> int:
    """Letters that take room."""
    return len(text) - sum(text.count(mark) for mark in (_OPEN, _CLOSE, _LEFT))


def _begin() -> str:
    """What a row begins with: in Arabic a mark that keeps its columns in their order, whatever its first cell says."""
    return _LEFT if words.language() == "ar" else ""


def _name(word: str) -> str:
    """The name of a field or a column as it is shown."""
    return _(word.replace("_", " "))


def on_terminal(stream: TextIO) -> bool:
    """Whether a stream is shown by a terminal that moves and colours.

    TERM=dumb says no to a terminal, FORCE_COLOR (not empty) yes to a pipe. NO_COLOR takes the colours alone: the
    library that paints heeds it.
    """
    if os.environ.get("TERM", "") in ("dumb", "unknown"):
        return False
    return stream.isatty() or bool(os.environ.get("FORCE_COLOR"))


class Screen:
    """Standard output as a person reads it."""

    def __init__(self) -> None:
        self.terminal = on_terminal(sys.stdout)

    @cached_property
    def _console(self) -> "Console":
        from rich.console import Console

        return Console(file=sys.stdout, markup=False, emoji=False, highlight=False)

    def line(self, text: str = "") -> None:
        """One line or several; on a terminal the words of `STYLES` stand out."""
        if self.terminal:
            for one in text.split("\n"):
                self._console.print(self._cell(one), soft_wrap=True)
        else:
            sys.stdout.write(_bare(text) + "\n")

    def raw(self, text: str) -> None:
        """A text of a format of its own, as it is: no colours, no isolates."""
        sys.stdout.write(text)

    def title(self, text: str) -> None:
        """A heading, with an empty line before it."""
        self.line()
        if self.terminal:
            self._console.print(self._cell(text, "bold"), soft_wrap=True)
        else:
            self.line(text)

    def fields(self, pairs: Iterable[tuple[str, object]]) -> None:
        """`name: value` lines, values below each other; empty values are left out."""
        colon = _(":")
        shown = [(_name(name) + colon, str(value)) for name, value in pairs if value not in ("", None, [], ())]
        width = max((len(name) for name, _value in shown), default=0)
        for name, value in shown:
            label = name.ljust(width) + " "
            if self.terminal:
                from rich.text import Text

                self._console.print(Text.assemble((label, "dim"), self._cell(value)), soft_wrap=True)
            else:
                self.line(label + words.isolated(value))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "nothing") -> None:
        """Rows under heads. `empty` is said when there are none."""
        made = [[_MOMENT.sub(r"\1Z", str(cell)) for cell in row] for row in rows]
        if not made:
            self.line(_(empty))
        elif self.terminal:
            self._wide(heads, made)
        else:
            self._plain(heads, made)

    def _wide(self, heads: Sequence[str], rows: list[list[str]]) -> None:
        """A table that folds sentences but no id; where ids do not fit beside each other, one block a row."""
        from rich.cells import cell_len
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="dim")
        needed, mixed = 2 * len(heads), any(words.runs_left(cell) for row in rows for cell in row)
        for place, head in enumerate(map(_name, heads)):
            whole = not any(" " in row[place] for row in rows)
            width = max(cell_len(row[place]) for row in rows)
            # A folded cell would leave its isolate open on the first line, which turns the columns after it around.
            needed += max(cell_len(head), width if whole or mixed else min(width, _SENTENCE))
            table.add_column(head, overflow="fold", no_wrap=whole, min_width=width if whole else None)
        if needed > self._console.width:
            for number, row in enumerate(rows):
                if number:
                    self.line()
                self.fields(zip(heads, row, strict=True))
            return
        for row in rows:
            table.add_row(*(self._cell(cell, first=not place) for place, cell in enumerate(row)))
        self._console.print(table)

    def _plain(self, heads: Sequence[str], rows: list[list[str]]) -> None:
        named = [list(map(_name, heads)), *rows]
        flat = [[_bare(words.isolated(cell.replace("\n", " "))) for cell in row] for row in named]
        widths = [max(_width(row[place]) for row in flat) for place in range(len(heads))]
        for row in flat:
            cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
            sys.stdout.write(_begin() + "  ".join(cells).rstrip() + "\n")

    @staticmethod
    def _cell(text: str, style: str = "", *, first: bool = False) -> "Text":
        from rich.text import Text

        seen = visible(text)
        return Text((_begin() if first else "") + isolated(seen), style or _style(seen.strip()))
