"""What a person sees: lines and tables, in colour on a terminal only.

Texts of partners and officers are printed as they are, never as markup. Text that runs from right to left is isolated
(U+2068 … U+2069) on a terminal, so that it does not turn the columns beside it around; a pipe gets the bare text, but
for Arabic, whose sentences read wrongly without isolates wherever they are shown.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from passerelle.core import words
from passerelle.core.text import visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

STYLES = {
    "confirmed": "green",
    "in force": "green",
    "open": "green",
    "holds": "green",
    "verified": "bold green",
    "unconfirmed": "yellow",
    "waiting": "yellow",
    "absent": "yellow",
    "attested": "cyan",
    "suspended": "red",
    "stopped": "bold red",
    "frozen": "bold red",
    "refused": "red",
    "fails": "bold red",
    "failed": "bold red",
}
"""Words that stand out where they begin a cell."""


def _style(text: str) -> str:
    words = text.split()
    return STYLES.get(" ".join(words[:2])) or STYLES.get(words[0].rstrip(":,"), "") if words else ""


_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d{3}Z")
_SENTENCE = 24  # letters that a folded column needs at least
# Control characters but newline and tab, and direction marks that turn their surroundings around.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escaped(text: str) -> str:
    """JSON text in which the same characters are escaped."""
    return _UNSEEN.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def isolated(text: str) -> str:
    """The text between isolates when some of it runs from right to left."""
    return f"\u2068{text}\u2069" if words.runs_left(text) else text


def _bare(text: str) -> str:
    """What a pipe gets."""
    return visible(text) if words.language() == "ar" else visible(text).replace("\u2068", "").replace("\u2069", "")


class Screen:
    """Standard output as a person reads it."""

    def __init__(self) -> None:
        self.terminal = sys.stdout.isatty()

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
        shown = [(name, str(value)) for name, value in pairs if value not in ("", None, [], ())]
        width = max((len(name) for name, _ in shown), default=0) + 1
        for name, value in shown:
            label = f"{name}:".ljust(width) + " "
            if self.terminal:
                from rich.text import Text

                self._console.print(Text.assemble((label, "dim"), self._cell(value)), soft_wrap=True)
            else:
                self.line(label + value)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str = "nothing") -> None:
        """Rows under heads. `empty` is said when there are none."""
        made = [[_MOMENT.sub(r"\1Z", str(cell)) for cell in row] for row in rows]
        if not made:
            self.line(empty)
        elif self.terminal:
            self._wide(heads, made)
        else:
            self._plain(heads, made)

    def _wide(self, heads: Sequence[str], rows: list[list[str]]) -> None:
        """A table that folds sentences but no id; where ids do not fit beside each other, one block a row."""
        from rich.cells import cell_len
        from rich.table import Table

        table = Table(box=None, pad_edge=False, header_style="dim")
        needed = 2 * len(heads)
        for place, head in enumerate(heads):
            whole = not any(" " in row[place] for row in rows)
            width = max(cell_len(row[place]) for row in rows)
            needed += max(cell_len(head), width if whole else min(width, _SENTENCE))
            table.add_column(head, overflow="fold", no_wrap=whole, min_width=width if whole else None)
        if needed > self._console.width:
            for number, row in enumerate(rows):
                if number:
                    self.line()
                self.fields(zip(heads, row, strict=True))
            return
        for row in rows:
            table.add_row(*map(self._cell, row))
        self._console.print(table)

    def _plain(self, heads: Sequence[str], rows: list[list[str]]) -> None:
        flat = [[_bare(cell).replace("\n", " ") for cell in row] for row in [list(heads), *rows]]
        widths = [max(len(row[place]) for row in flat) for place in range(len(heads))]
        for row in flat:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            sys.stdout.write("  ".join(cells).rstrip() + "\n")

    @staticmethod
    def _cell(text: str, style: str = "") -> "Text":
        from rich.text import Text

        seen = visible(text)
        return Text(isolated(seen), style or _style(seen.strip()))
