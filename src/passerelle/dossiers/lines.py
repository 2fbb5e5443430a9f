"""On which line of a TOML file a value stands, so that what is wrong can be shown where it is.

    lines = lines_of(text)
    line_of(lines, "acts.request.transitions[1].to")

`tomllib` gives values without places. This follows the same file once more, as far as keys, tables and lists go; it is
for files that `tomllib` has read, so it refuses nothing.
"""

import re
from collections.abc import Callable

from passerelle.core.json import MAX_DEPTH

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"[ \t]*(?:\"((?:[^\"\\\n]|\\.)*)\"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?\'{3,5}(?!\')|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'',
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}\n#]*")

Lines = dict[str, int]


def line_of(lines: Lines, path: str) -> int:
    """The line of the path, from 1; of what it stands in when it is not there itself; 0 for the whole."""
    while path:
        if path in lines:
            return lines[path]
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return 0


def lines_of(text: str) -> Lines:
    """The line of each key, table and item of a list, by its path as problems name it: `acts.request.by`."""
    return _Follower(text).lines


class _Follower:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.lines: Lines = {}
        self.numbers: dict[str, int] = {}  # of the tables in each list of tables
        table = ""
        self._blank()
        while self.at < len(text):
            if text.startswith("[[", self.at):
                table = self._table(2, listed=True)
            elif text[self.at] == "[":
                table = self._table(1, listed=False)
            else:
                before = self.at
                self._pair(table)
                if self.at == before:
                    return  # not what tomllib reads
            self._blank()

    def _blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _note(self, path: str) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, self.at) + 1)

    def _keys(self) -> list[str]:
        """A key with its dots."""
        keys: list[str] = []
        while found := _KEY.match(self.text, self.at):
            keys.append(next(one for one in found.groups() if one is not None))
            self.at = found.end()
            if not self.text.startswith(".", self.at):
                break
            self.at += 1
        return keys

    def _table(self, brackets: int, *, listed: bool) -> str:
        start = self.at
        self.at += brackets
        keys, path = self._keys(), ""
        end, self.at = self.at + brackets, start
        for place, key in enumerate(keys):
            path = f"{path}.{key}".strip(".")
            self._note(path)
            if listed and place == len(keys) - 1:
                self.numbers[path] = self.numbers.get(path, -1) + 1
            if path in self.numbers:
                path = f"{path}[{self.numbers[path]}]"
                self._note(path)
        self.at = end
        return path

    def _pair(self, table: str) -> None:
        start = self.at
        path = ".".join(filter(None, (table, *self._keys())))
        end, self.at = self.at, start
        self._note(path)
        self.at = end
        if self.text.startswith("=", self.at):
            self.at += 1
            self._value(path)

    def _value(self, path: str) -> None:
        self._blank()
        opened = self.text[self.at : self.at + 1]
        if opened == "{":
            self._items("}", lambda number: self._pair(path))
        elif opened == "[":
            self._items("]", lambda number: self._item(f"{path}[{number}]"))
        else:
            found = _STRING.match(self.text, self.at) or _PLAIN.match(self.text, self.at)
            self.at = found.end() if found else self.at

    def _item(self, path: str) -> None:
        self._note(path)
        self._value(path)

    def _items(self, closing: str, take: Callable[[int], None]) -> None:
        self.depth += 1
        # What is nested deeper no type file holds: nothing of it has a line.
        self.at = self.at + 1 if self.depth <= MAX_DEPTH else len(self.text)
        number = 0
        self._blank()
        while self.at < len(self.text) and self.text[self.at] != closing:
            before = self.at
            take(number)
            self._blank()
            if self.text.startswith(",", self.at):
                self.at += 1
                number += 1
                self._blank()
            elif self.at == before:
                break
        self.depth -= 1
        self.at += 1
