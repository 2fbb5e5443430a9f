"""The script that lets a shell complete commands, options and values (`completing` says which)."""

import os
from typing import Annotated

import typer

from passerelle.cli.door import Answer, command

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_PASSERELLE_COMPLETE"
"""Set by the shell's script when something is to be completed."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "completion",
        "completion bash > ~/.local/share/bash-completion/completions/passerelle",
        "completion zsh > ~/.zfunc/_passerelle",
        "completion fish > ~/.config/fish/completions/passerelle.fish",
    )(completion)


def completion(
    shell: Annotated[str, typer.Argument(metavar="bash|zsh|fish", help="The shell.", show_default=False)],
) -> Answer:
    """Print the script that lets a shell complete commands, options and values. Where it goes, the examples say."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    from passerelle.core.errors import InputError

    if shell not in SHELLS:
        raise InputError(f"expected one of {', '.join(SHELLS)}, got {shell[:20]!r}")
    text = get_completion_script(prog_name="passerelle", complete_var=VARIABLE, shell=shell) + "\n"
    return Answer({"shell": shell, "script": text}, lambda screen: screen.raw(text))


def prepare() -> None:
    """When something is to be completed: let the library know the shells."""
    if os.environ.get(VARIABLE):
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
