"""Commands that compare names line by line: JSON lines in, one line out for each, in order.

The names are those of who asks: nothing is kept, and no node is opened. A line that cannot be read ends the command
with its number; what was written before stays valid.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from passerelle.cli.door import Answer, command
from passerelle.cli.screen import Screen
from passerelle.core.words import _

_LONGEST = 4 * 1024 * 1024
"""Bytes of a line."""
_AT_ONCE = 20_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "compare", 'names compare "El Meskini, Abdelkader" "عبد القادر المسكيني"')(compare)
    command(app, "score", "names score < pairs.jsonl")(score)
    command(app, "search", "names search list.jsonl 50 < names.jsonl")(search)
    command(app, "keys", "names keys < persons.jsonl")(keys)


def compare(
    one: Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="A name, in any script.")],
    other: Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="The name to compare it with.")],
) -> Answer:
    """Compare two names and say what they have in common. The score ranks; it decides nothing."""
    from passerelle.names import explained, prepared
    from passerelle.names.reading import read

    for text in (one, other):
        read(text)  # who types a name is told what is wrong with it
    found = explained(prepared([one]), prepared([other]))
    value = {
        "score": round(found.score, 6),
        "parts": [{"kind": part.kind, "left": part.left, "right": part.right, "fit": part.fit} for part in found.parts],
    }

    def tell(screen: Screen) -> None:
        screen.fields([("score", f"{found.score:.3f}")])
        for sentence in found.sentences():
            screen.line(sentence)

    return Answer(value, tell)


def score() -> None:
    """Read JSON lines {"query": [names], "entry": [names]}; print how close each is, a number from 0 to 1 a line."""
    import numpy as np

    from passerelle.names import Block, odds, scored

    persons: dict[tuple[str, ...], int] = {}
    rows: list[tuple[int, int]] = []

    def flush() -> None:
        block = Block(persons)
        pairs = np.array(rows, np.int64).reshape(-1, 2)
        for value in scored(odds(block, pairs[:, 0], block, pairs[:, 1])).tolist():
            sys.stdout.write(f"{value!r}\n")
        persons.clear()
        rows.clear()

    for number, line in _lines():
        sides = (tuple(_texts(line, side, number)) for side in ("query", "entry"))
        one, other = (persons.setdefault(side, len(persons)) for side in sides)
        rows.append((one, other))
        if len(rows) == _AT_ONCE:
            flush()
    flush()


def search(
    file: Annotated[
        Path,
        typer.Argument(metavar="LIST", show_default=False, help='JSON lines {"id", "names"}.'),
    ],
    top: Annotated[int, typer.Argument(metavar="TOP", show_default=False, min=1, max=10_000, help="How many a name.")],
) -> None:
    """Read JSON lines {"names": [...]}; print for each the ids of a list that are nearest, best first, as a JSON
    list.
    """
    from passerelle.core.folders import regular
    from passerelle.names import Index

    ids: dict[str, Any] = {}

    def entries() -> Iterator[tuple[str, list[str]]]:
        try:
            opened = regular(file)
        except OSError as error:
            raise _wrong(f"LIST: expected a readable file, got {file}: {error.strerror}") from None
        with opened:
            for number, line in _parsed(opened, file.name):
                one = line.get("id")
                if not isinstance(one, str | int):
                    raise _wrong(
                        f"{file.name}, line {number}: id: expected a text or a whole number, got {type(one).__name__}"
                    )
                ids[str(one)] = one
                yield str(one), _texts(line, "names", number)

    with tempfile.TemporaryDirectory(prefix="passerelle-") as folder:
        index = Index.build(Path(folder) / "index", entries())
        for number, line in _lines():
            found = index.search(_texts(line, "names", number), top)
            sys.stdout.write(json.dumps([ids[one] for one, _score in found]) + "\n")


def keys() -> None:
    """Read JSON lines {"names": [...], "birth": [...]}; print the match keys of each as a JSON list, at most ten."""
    from passerelle.core.errors import InputError
    from passerelle.names import match_keys

    for number, line in _lines():
        births = _texts(line, "birth", number) if line.get("birth") is not None else []
        try:
            found = match_keys(_texts(line, "names", number), births)
        except InputError as error:
            raise _wrong(f"line {number}: {error}") from None
        sys.stdout.write(json.dumps(found) + "\n")


def _lines() -> Iterator[tuple[int, dict[str, Any]]]:
    return _parsed(sys.stdin.buffer, _("standard input"))


def _parsed(file: Any, what: str) -> Iterator[tuple[int, dict[str, Any]]]:
    from passerelle.core.json import parse

    number = 0
    while data := file.readline(_LONGEST + 1):
        number += 1
        if len(data) > _LONGEST:
            raise _wrong(f"{what}, line {number}: expected at most {_LONGEST} bytes, got more")
        if not data.strip():
            continue
        value = parse(data.rstrip(b"\r\n"), f"{what}, line {number}", floats=True, characters=False)
        if not isinstance(value, dict):
            raise _wrong(f"{what}, line {number}: expected an object, got {type(value).__name__}")
        yield number, value


def _texts(line: dict[str, Any], name: str, number: int) -> list[str]:
    value = line.get(name)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _wrong(f"line {number}: {name}: expected a list of texts, got {type(value).__name__}")
    return value


def _wrong(message: str) -> Exception:
    from passerelle.core.errors import InputError

    return InputError(message)
