"""Commands on the catalogue of dossier types."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from passerelle.cli.door import Answer, LanguageOption, command, group
from passerelle.cli.screen import Screen
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.dossiers.types import Catalogue, DossierType

NodeOption = Annotated[str, typer.Option("--node", metavar="DIR", help="Use the catalogue of this node.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    catalogue = group(app, "catalogue", "Dossier types: what may be exchanged, and how.")
    command(catalogue, "list", "catalogue list", "catalogue list --node /srv/be")(list_all)
    command(catalogue, "show", "catalogue show wanted-trace --language fr")(show)


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
    language: LanguageOption = "",
) -> Answer:
    """Show a dossier type in words: states, acts and who does them, deadlines, grounds of refusal."""
    from passerelle.cli.dossiers import checked_language
    from passerelle.dossiers.timeline import describe

    speaks = checked_language(language)
    kind = type_named(catalogue_of(node), name)
    text = describe(kind, speaks)
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
