"""Secrets that a command needs: from a file, from a credential of systemd, or typed; never from the command line."""

import os
import sys
from pathlib import Path

import typer

from passerelle.core.words import _


def passphrase(file: Path | None, credential: str, *, new: bool = False) -> str:
    """A passphrase: the first line of `file`; else of the systemd credential of this name, if there is one; else typed.

    `new`: typed twice. Raises InputError, KeyFileError for a file that others can read.
    """
    from passerelle.core.errors import InputError
    from passerelle.identity.keys import read_private

    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if file is None and folder and (Path(folder) / credential).exists():
        file = Path(folder) / credential
    if file is not None:
        found = read_private(file).decode("utf-8", "replace").partition("\n")[0].rstrip("\r")
    elif sys.stdin.isatty():
        found = typer.prompt(_("passphrase"), hide_input=True, confirmation_prompt=new, err=True)
    else:
        raise InputError(f"expected a passphrase in a file, in the systemd credential {credential}, or typed, got none")
    if not found:
        raise InputError("expected a passphrase, got nothing")
    return str(found)
