"""What is wrong with an act, said so that its author can put it right.

A problem names a field, what was expected there and what was found, and never shows more than 80 characters of it: it
is meant for the form of the author and for this node's own records. A partner is told the number of the check only.
"""

from typing import Any

import msgspec

MOST_SHOWN = 80


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    `path` names the field, e.g. `subjects[0].births[0].date`, empty for the whole; `expected` and `got` are English
    text, `got` of at most 80 characters.
    """

    path: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, got {self.got}"


def shown(value: Any) -> str:
    """The value as text of at most 80 characters; objects and lists by their kind and size only."""
    if isinstance(value, str):
        text = value if value.isprintable() else ascii(value)[1:-1]
    elif isinstance(value, dict):
        text = f"an object of {len(value)}"
    elif isinstance(value, list | tuple):
        text = f"a list of {len(value)}"
    else:
        text = "nothing" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1] + "…"


def place(steps: list[str | int] | tuple[str | int, ...]) -> str:
    """The path of steps: `["subjects", 0, "key"]` is `subjects[0].key`."""
    text = ""
    for step in steps:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text
