"""Where a passphrase or a PIN comes from. Never from an argument or the environment: others read those.

    prompt            a person types it at the terminal
    file:PATH         the first line of a file of its owner alone; a relative path is below the node's folder
    credential:NAME   the file NAME that systemd gave (LoadCredentialEncrypted=); a command without one asks a person

Left unchecked: who may read a credential. That is systemd's, which hands it to the one service.
"""

import os
from collections.abc import Callable
from pathlib import Path

from passerelle.core.errors import KeyFileError
from passerelle.core.retold import E_
from passerelle.identity.keys import read_private

Ask = Callable[[str], str]
"""Ask a person for what is named, and return what he typed."""

PASSPHRASE, PIN, BACKUP = E_("passphrase of the keys"), E_("PIN of the token"), E_("passphrase of the backup")
_MOST = 4096
_DIRECTORY = "CREDENTIALS_DIRECTORY"


def nobody(what: str) -> str:
    """There is nobody to be asked. Raises KeyFileError."""
    raise KeyFileError(f"expected the {what} from a credential or a file, or a terminal to ask at; got none of these")


def read(source: str, what: str, folder: Path, ask: Ask = nobody) -> str:
    """What a source gives. `what`: its name for persons. Raises KeyFileError, without a word of what it gave."""
    way, _, rest = source.partition(":")
    given = os.environ.get(_DIRECTORY, "")
    if way == "prompt" or (way == "credential" and not given):
        text = ask(what)
    elif way == "credential":
        text = _line(_read(Path(given) / rest, what), what)
    else:
        text = _line(read_private(folder / rest), what)
    if not text:
        raise KeyFileError(f"expected a {what} from {source}, got nothing")
    return text


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST + 1)
    except OSError as error:
        raise KeyFileError(f"expected the {what} in the credential {path}, got {error.strerror}") from None


def _line(data: bytes, what: str) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise KeyFileError(f"expected a {what} in UTF-8, got other bytes") from None
    line, _, rest = text.partition("\n")
    if rest or len(data) > _MOST:
        raise KeyFileError(f"expected a {what} of one line, got more")
    return line.removesuffix("\r")
