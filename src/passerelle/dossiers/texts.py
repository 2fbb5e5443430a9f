"""The texts that a person writes in an act, one by one with their places.

Names and places of persons are not among them: what is looked for in a text may be somebody's name.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Steps = tuple[str | int, ...]
_LOOKED_AT = ("necessity", "handling_note", "reference", "also_via", "statements", "body")
_NOT_OF_PERSONS = ("names", "places")


def written(content: Mapping[str, Any]) -> Iterator[tuple[Steps, str]]:
    """The place and the text of each: necessity, notes, statements, fields of the body, names of files."""
    said = {name: content[name] for name in _LOOKED_AT if name in content}
    persons = [
        {name: value for name, value in one.items() if name not in _NOT_OF_PERSONS}
        for one in content.get("subjects", ())
    ]
    files = [{"name": one["name"]} for one in content.get("attachments", ())]
    yield from within(said | {"subjects": persons, "attachments": files})


def within(value: Any, steps: Steps = ()) -> Iterator[tuple[Steps, str]]:
    """All texts of a parsed value."""
    if isinstance(value, str):
        yield steps, value
    elif isinstance(value, Mapping):
        for name, child in value.items():
            yield from within(child, (*steps, name))
    elif isinstance(value, list | tuple):
        for number, child in enumerate(value):
            yield from within(child, (*steps, number))


def at(value: Any, way: tuple[str, ...], steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """The values at the end of a way, `*` being each item of a list; nothing where a part is missing or another."""
    if not way:
        yield steps, value
    elif way[0] == "*" and isinstance(value, list | tuple):
        for number, child in enumerate(value):
            yield from at(child, way[1:], (*steps, number))
    elif isinstance(value, Mapping) and way[0] in value:
        yield from at(value[way[0]], way[1:], (*steps, way[0]))
