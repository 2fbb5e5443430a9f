"""What completes the value of an option or an argument, found by the name that help shows for it.

Rules kept here:
- `open|ended` and `A|B` offer the words, `PARTNER` the partners of the folder that was typed before it. A new command
  gets this without doing anything;
- of a folder only what every person with a role may see is offered (partners, dossier types, names of lists and of
  indexes), and the persons that this user may act as; to a user who may act as nobody, nothing. Dossiers are never
  offered;
- completing never fails and never says why it offers nothing: the shell would print it into the line.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from passerelle.node import Node

_WORD = r"(?:[a-z][a-z0-9-]*|[A-Z](?=\||$)|[0-9])"
_WORDS = re.compile(rf"{_WORD}(?:\|{_WORD})+")


def _partners(node: "Node") -> Iterable[str]:
    return (one.name for one in node.partners())


def _lists(node: "Node") -> Iterable[str]:
    from passerelle.screening import lists

    return (one.name for one in node.store.read(lists.listed))


def _indexes(node: "Node") -> Iterable[str]:
    from passerelle.search import indexes

    return (one.name for one in node.store.read(indexes.all_of))


def _types(node: "Node") -> Iterable[str]:
    return node.ctx.catalogue.types


def _persons(node: "Node") -> Iterable[str]:
    from passerelle.office import people
    from passerelle.office.asking import this_user

    return (one.id for one in node.store.read(lambda tx: people.seated(tx, this_user())))


def _relations() -> Iterable[str]:
    from passerelle.dossiers.relations import kinds

    return kinds()


_OF_FOLDER: dict[str, Callable[["Node"], Iterable[str]]] = {
    "PARTNER": _partners,
    "TYPE": _types,
    "LIST": _lists,
    "INDEX": _indexes,
}
_OF_USER: dict[str, Callable[["Node"], Iterable[str]]] = {"--as": _persons}
_OF_PROGRAM: dict[str, Callable[[], Iterable[str]]] = {"RELATION": _relations}
_NAMES = {"--partner": "PARTNER", "--type": "TYPE", "partner": "PARTNER", "type_name": "TYPE", "relation": "RELATION"}


def values_for(info: Any, name: str) -> Callable[..., list[str]] | None:
    """What completes a parameter, from what help calls its value, its option or its name; None when nothing does."""
    metavar = getattr(info, "metavar", None) or ""
    options = [one for one in (info.default, *(info.param_decls or ())) if isinstance(one, str)]
    if _WORDS.fullmatch(metavar):
        words = metavar.split("|")
        return lambda incomplete: [word for word in words if word.startswith(incomplete)]
    for option in options:
        if option in _OF_USER:
            return _offer(_OF_USER[option])
    kind = next((_NAMES[one] for one in (*options, name) if one in _NAMES), metavar)
    if kind in _OF_PROGRAM:
        return lambda incomplete: sorted(one for one in _OF_PROGRAM[kind]() if one.startswith(incomplete))
    return _offer(_OF_FOLDER[kind]) if kind in _OF_FOLDER else None


def _offer(find: Callable[["Node"], Iterable[str]]) -> Callable[..., list[str]]:
    def offered(ctx: typer.Context, incomplete: str) -> list[str]:
        # Behind an option whose value is still to come the library gives up: what stood before it is left over.
        folder = ctx.params.get("folder") or ctx.params.get("node") or next(iter(ctx.args), "")
        try:
            return sorted(one for one in _known(Path(str(folder)), find) if one.startswith(incomplete))
        except Exception:  # a shell prints whatever is said here into the line that is typed
            return []

    return offered


def _known(folder: Path, find: Callable[["Node"], Iterable[str]]) -> list[str]:
    from passerelle.node import Node

    node = Node.open(folder)
    try:
        return list(find(node)) if list(_persons(node)) else []
    finally:
        node.close()
