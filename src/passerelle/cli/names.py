"""Names in files: what belongs to no node, and leaves no trace in one."""

import typer

from passerelle.cli import joining, naming
from passerelle.cli.door import group


def register(app: typer.Typer) -> None:
    """Add the commands."""
    made = group(app, "names", "Names in files, compared outside of any node.")
    naming.register(made)
    joining.register(made)
