"""What verifiers say: statements, each of which holds, fails, is absent or attested, and a verdict over all of them.

A statement holds when the work that checks it raises nothing; whatever it raises fails the statement and nothing else,
so that a reader sees all that is wrong with a file, and no file can stop the verifier.
"""

import hashlib
import re
from collections.abc import Callable, Sequence, Set
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.clock import from_iso, to_iso
from passerelle.core.errors import InputError, PasserelleError

MAX_FILE = 256 * 1024 * 1024
BROKEN = (PasserelleError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
VERIFIED = "verified"
UNCONFIRMED = "consistent, identities unconfirmed"
FAILED = "failed"

# RFC 3339 as every reader has it: Python alone would also take weeks, days without dashes and blanks.
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


class Statement(msgspec.Struct, frozen=True):
    """One thing said of the evidence. `result`: holds, fails, absent (not in the file), attested (not provable)."""

    about: str
    says: str
    result: str
    detail: str = ""


class Report(msgspec.Struct, frozen=True):
    """All statements and the verdict: verified, "consistent, identities unconfirmed" or failed."""

    verdict: str
    statements: tuple[Statement, ...]


class Run:
    """Statements as they are made."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def say(self, about: str, says: str, result: str, detail: str = "") -> None:
        self.statements.append(Statement(about, says, result, detail))

    def check(self, about: str, says: str, work: Callable[[], object], *, quiet: bool = False) -> Any:
        """A statement that holds when `work` raises nothing. Returns what it gives, or None.

        `quiet`: it is said only when it fails, because another one says it of many at once.
        """
        try:
            given = work()
        except BROKEN as error:
            self.say(about, says, "fails", str(error)[:300])
            return None
        if not quiet:
            self.say(about, says, "holds", given if isinstance(given, str) else "")
        return given

    @property
    def failed(self) -> bool:
        return any(statement.result == "fails" for statement in self.statements)

    def report(self, confirmed: bool) -> Report:
        """The statements with their verdict. `confirmed`: the reader trusts every identity in the file."""
        verdict = FAILED if self.failed else VERIFIED if confirmed else UNCONFIRMED
        return Report(verdict, tuple(self.statements))


def need(condition: bool, words: str) -> None:
    """Raises InputError with these words unless the condition holds."""
    if not condition:
        raise InputError(words)


def moment(milliseconds: int) -> str:
    """A time of a log. Its signer may have signed any number, also one that no calendar has."""
    try:
        return to_iso(milliseconds)
    except ArithmeticError:
        return f"{milliseconds} ms after 1970"


def check_moment(text: str) -> None:
    """Raises InputError unless the text is a moment of RFC 3339 with seconds and a zone."""
    need(bool(_MOMENT.fullmatch(text)), f"expected RFC 3339, got {text[:40]!r}")
    from_iso(text)


def digest_of(value: dict[str, Any]) -> str:
    """SHA-256 (hex) over the canonical JSON of the file without its digest."""
    return hashlib.sha256(json.canonical({key: part for key, part in value.items() if key != "digest"})).hexdigest()


def whole(data: bytes, what: str, format_: str, keys: Set[str], lists: Sequence[str]) -> dict[str, Any]:
    """The value of a file that is canonical JSON of this format and these keys, under its own digest.

    `lists`: the keys under which a list stands. Raises JsonError or InputError.
    """
    need(len(data) <= MAX_FILE, f"expected at most {MAX_FILE} bytes, got {len(data)}")
    value = json.parse_object(data, what)
    need(set(value) == keys, f"expected the keys {sorted(keys)}, got {sorted(value)}")
    need(value["format"] == format_, f"expected {format_}, got {str(value['format'])[:40]!r}")
    need(json.canonical(value) == data.removesuffix(b"\n"), "expected canonical JSON, got another encoding")
    need(digest_of(value) == value["digest"], "expected the digest of this content, got another")
    for key in lists:
        need(isinstance(value[key], list), f"expected a list of {key}")
    return value
