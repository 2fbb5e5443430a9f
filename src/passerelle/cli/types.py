"""Commands on the catalogue of dossier types."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from passerelle.cli.door import Answer, LanguageOption, command, group
from passerelle.cli.screen import Screen
from passerelle.core.words import _

if TYPE_CHECKING:
    from collections.abc import Sequence

    from passerelle.dossiers.types import Catalogue, CatalogueError, DossierType

_MOST = 4 * 1024 * 1024
"""Bytes of a type file; the largest that is shipped has 60,000."""
NodeOption = Annotated[str, typer.Option("--node", metavar="DIR", help="Use the catalogue of this node.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    catalogue = group(app, "catalogue", "Dossier types: what may be exchanged, and how.")
    command(catalogue, "list", "catalogue list", "catalogue list --node /srv/be")(list_all)
    command(
        catalogue,
        "show",
        "catalogue show wanted-trace --language fr",
        "catalogue show urgent-alert --language ar --svg alert.svg",
    )(show)
    command(catalogue, "check", "catalogue check visit.toml", "catalogue check visit.toml --folder /srv/be/types")(
        check
    )


def catalogue_of(node: str) -> "Catalogue":
    """The shipped types, with those of a node's own when its folder is given."""
    from passerelle.core import settings
    from passerelle.dossiers.types import Catalogue

    if not node:
        return Catalogue.load()
    from passerelle.node import SETTINGS

    folder = Path(node)
    return Catalogue.load(*(folder / one for one in settings.load(folder / SETTINGS).catalogue.folders))


def type_named(catalogue: "Catalogue", name: str) -> "DossierType":
    """A type of the catalogue. Raises NotFoundError."""
    from passerelle.core.errors import NotFoundError

    kind = catalogue.types.get(name)
    if kind is None:
        raise NotFoundError(f"expected a dossier type of {', '.join(catalogue.types)}, got {name[:64]!r}")
    return kind


def list_all(node: NodeOption = "", language: LanguageOption = "") -> Answer:
    """List the dossier types with their digests, as a channel names them."""
    from passerelle.cli.dossiers import checked_language

    speaks = checked_language(language)
    values = [
        {"type": one.name, "version": one.version, "digest": one.digest, "label": one.labels.text(speaks)}
        for one in catalogue_of(node)
    ]

    def tell(screen: Screen) -> None:
        keys = ("type", "version", "label", "digest")
        screen.table(keys, [[one[key] for key in keys] for one in values])

    return Answer(values, tell)


def show(
    name: Annotated[str, typer.Argument(metavar="TYPE", help="The dossier type.", show_default=False)],
    node: NodeOption = "",
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Write the drawing there, as SVG.", show_default=False)
    ] = None,
    language: LanguageOption = "",
) -> Answer:
    """Show a dossier type in words and drawn: states, acts and who does them, deadlines, grounds of refusal."""
    from passerelle.cli.door import write_file
    from passerelle.cli.dossiers import checked_language
    from passerelle.dossiers import drawing
    from passerelle.dossiers.svg import svg_of
    from passerelle.dossiers.timeline import describe

    speaks = checked_language(language)
    kind = type_named(catalogue_of(node), name)
    text = describe(kind, speaks) + "\n" + drawing.text_of(kind, speaks)
    if svg is not None:
        write_file(svg, svg_of(kind, speaks).encode(), "--svg")
    value = {
        "type": kind.name,
        "version": kind.version,
        "digest": kind.digest,
        "label": kind.labels.text(speaks),
        "help": kind.help.text(speaks),
        "areas": sorted(kind.areas),
        "services": sorted(kind.services),
        "figures": {
            one.name: {"label": one.labels.text(speaks), "duration": one.duration} for one in kind.figures.values()
        },
        "handling": {"allowed": sorted(kind.handling.allowed), "always": list(kind.handling.always)},
        "statements": kind.statements,
        "indexed": sorted(kind.indexed),
        "search": dataclasses.asdict(kind.search) if kind.search else None,
        "unsaid": list(kind.unsaid),
        "acts": {
            act.name: {
                "label": act.labels.text(speaks),
                "by": act.by,
                "opening": act.opening,
                "lanes": sorted(act.lanes),
                "four_eyes": act.four_eyes,
                "magistrate": act.magistrate,
                "judicial": act.judicial,
                "attest": {name: one.text(speaks) for name, one in act.attest.items()},
                "review": act.review,
                "attachments": {
                    "most": act.attachments.most,
                    "kinds": {one.name: sorted(one.media) for one in act.attachments.kinds},
                },
                "demands": [msgspec.to_builtins(one) for one in act.demands],
            }
            for act in kind.acts.values()
        },
        "states": {
            state.name: {"label": state.labels.text(speaks), "status": state.status} for state in kind.states.values()
        },
        "fields": sorted(kind.fields),
    }
    return Answer(
        value,
        lambda screen: screen.line(
            text
            + "\n"
            + _("{type}, version {version}, digest {digest}", type=kind.name, version=kind.version, digest=kind.digest)
        ),
    )


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file of a dossier type.", show_default=False)],
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="DIR", help="The types beside which it is to stand.", show_default=False),
    ] = None,
) -> Answer:
    """Check the file of a dossier type: all that is wrong and where, or its digest when nothing is."""
    from passerelle.cli.door import read_file
    from passerelle.dossiers.types import Catalogue, CatalogueError, look

    data = read_file(file, "FILE", _MOST)
    names = set(Catalogue.load().types)
    for path in sorted(folder.glob("*.toml")) if folder else ():
        if not path.samefile(file):
            names.add(look(path.read_bytes(), path.name, names).name)
    try:
        kind = look(data, file.name, names)
    except CatalogueError as error:
        return _wrong(file.name, data, [error, *error.others])
    value = {"file": file.name, "type": kind.name, "version": kind.version, "digest": kind.digest, "wrong": []}

    def tell(screen: Screen) -> None:
        screen.line(_("{file}: nothing is wrong", file=file.name))
        screen.fields([("type", kind.name), ("version", kind.version), ("digest", kind.digest)])

    return Answer(value, tell)


def _wrong(file: str, data: bytes, errors: "Sequence[CatalogueError]") -> Answer:
    """What is wrong with a file, in the order of its lines; what concerns another file, or the whole, first."""
    from passerelle.cli import exits
    from passerelle.core.retold import retold
    from passerelle.dossiers.lines import line_of, lines_of

    lines = lines_of(data.decode("utf-8", "replace"))
    found = [((one.line or line_of(lines, one.path)) if one.file == file else 0, one) for one in errors]
    found.sort(key=lambda pair: pair[0])
    values = [
        {"file": one.file, "line": line or None, "path": one.path, "expected": one.expected, "got": one.got}
        for line, one in found
    ]

    def tell(screen: Screen) -> None:
        for line, one in found:
            words = retold(str(one).removeprefix(f"{one.file}: "))
            where = _("{file}, line {line}", file=one.file, line=line) if line else one.file
            screen.line(f"{where}{_(':')} {words}")

    return Answer({"file": file, "wrong": values}, tell, exits.USAGE)
