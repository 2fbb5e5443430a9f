"""What a type file may say: its tables, read strictly.

Unknown keys, other types, missing labels and values that JSON lacks are refused with file, path, what was expected and
what was found (CatalogueError). Whether the parts fit together is judged by `reading` and `consistency`.
"""

import re
import tomllib
from typing import Any, Literal, NoReturn, TypeVar

import msgspec

from passerelle.core.json import MAX_DEPTH
from passerelle.dossiers.bodies import Adds
from passerelle.dossiers.demands import Demand
from passerelle.dossiers.figures import FigureRule
from passerelle.dossiers.rules import Side, Value
from passerelle.dossiers.schema import CatalogueError, Faults, forbidden_in
from passerelle.dossiers.shapes import Labels

T = TypeVar("T")


class Raw(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a file."""


class RawState(Raw, frozen=True):
    """A state."""

    status: Literal["open", "ended"]
    labels: Labels
    help: Labels


class RawTransition(Raw, frozen=True):
    """From which states to which one."""

    from_: tuple[str, ...] = msgspec.field(name="from")
    to: str
    by: Side | Literal[""] = ""
    opening: bool | None = None
    names: tuple[str, ...] = ()
    crossing: bool = False
    rules: list[dict[str, Any]] = []


class RawSubjects(Raw, frozen=True):
    """How many persons, which ones; None: not said here."""

    min: int | None = None
    max: int | None = None
    categories: tuple[str, ...] | None = None
    needs: tuple[str, ...] | None = None
    without: tuple[str, ...] | None = None


class RawHandling(Raw, frozen=True):
    """Handling codes of a type; None: all of them."""

    allowed: tuple[str, ...] | None = None
    always: tuple[str, ...] = ()


class RawFiles(Raw, frozen=True):
    """A kind of files that acts may bear: its media types."""

    media: tuple[str, ...]
    labels: Labels
    special: bool = False


class RawAttachments(Raw, frozen=True):
    """Which kinds of files an act may bear, and how many files."""

    kinds: tuple[str, ...]
    most: int


class RawAct(Raw, frozen=True):
    """An act in full."""

    by: Literal["opener", "answerer", "either", "author", "receiver"]
    rank: int
    transitions: list[RawTransition]
    labels: Labels
    help: Labels
    opening: bool = False
    wind_down: bool = False
    revokes: bool = False
    keep_back: bool = False
    corrects: bool = False
    four_eyes: bool = False
    magistrate: bool = False
    judicial: bool = False
    announces: str = ""
    attest: dict[str, Labels] = {}
    review: str = ""
    exported: bool = True
    lanes: tuple[str, ...] | None = None
    rules: list[dict[str, Any]] = []
    demands: tuple[Demand, ...] = ()
    checks: list[dict[str, Any]] = []
    figures: tuple[FigureRule, ...] = ()
    untainted: dict[str, tuple[Value, ...]] | None = None
    subjects: RawSubjects = RawSubjects()
    body: dict[str, Any] = {}
    attachments: RawAttachments | None = None


class RawChange(Raw, frozen=True):
    """A common act as a type changes it."""

    common: Literal[True]
    labels: Labels | None = None
    help: Labels | None = None
    leaves_out: tuple[str, ...] = ()
    only: dict[str, tuple[str, ...]] = {}
    adds: Adds | None = None
    by: Literal["opener", "answerer", "either", "author", "receiver"] | None = None
    rank: int | None = None
    transitions: list[RawTransition] | None = None
    wind_down: bool | None = None
    four_eyes: bool | None = None
    magistrate: bool | None = None
    judicial: bool | None = None
    attest: dict[str, Labels] | None = None
    review: str | None = None
    exported: bool | None = None
    lanes: tuple[str, ...] | None = None
    rules: list[dict[str, Any]] | None = None
    demands: tuple[Demand, ...] | None = None
    checks: list[dict[str, Any]] | None = None
    figures: tuple[FigureRule, ...] | None = None
    subjects: RawSubjects = RawSubjects()
    attachments: RawAttachments | None = None


class RawMoment(Raw, frozen=True):
    """An act with these words, or a state."""

    act: str = ""
    state: str = ""
    by: Side | Literal[""] = ""
    where: dict[str, tuple[str | int | bool, ...]] = {}


class RawDeadline(Raw, frozen=True):
    """A deadline."""

    owner: Side
    runs_from: list[RawMoment]
    ends_at: list[RawMoment]
    duration: dict[str, str]
    days: Literal["calendar", "working"]
    labels: Labels
    since: str = ""
    back: bool = False
    anew: bool = False
    each: bool = False
    pauses: bool = True
    outlives: bool = False
    most: str = ""
    treaty: bool = False
    then: str = ""
    escalate: str = ""


class RawAnswers(Raw, frozen=True):
    """The act that answers a hit, and the words of its field."""

    act: str
    field: str
    confirmed: tuple[str, ...]
    rejected: tuple[str, ...]


class RawSearch(Raw, frozen=True):
    """What becomes of a hit of a blind search."""

    opens: str
    answers: RawAnswers


class RawFigure(Raw, frozen=True):
    """A figure of the treaty, by default."""

    duration: str
    labels: Labels


class RawDefaults(Raw, frozen=True):
    """What a form starts with."""

    handling: tuple[str, ...]
    classification: str
    retention: str
    urgency: str
    source: str
    information: str


class RawType(Raw, frozen=True):
    """The file of a type."""

    name: str
    version: str
    labels: Labels
    help: Labels
    lanes: tuple[str, ...]
    areas: tuple[str, ...]
    privileged: bool
    subjects: RawSubjects
    defaults: RawDefaults
    acts: dict[str, dict[str, Any]]
    states: dict[str, dict[str, Any]] = {}
    deadlines: dict[str, dict[str, Any]] = {}
    figures: dict[str, dict[str, Any]] = {}
    services: tuple[str, ...] = ()
    grounds: dict[str, dict[str, Any]] = {}
    defs: dict[str, Any] = {}
    without: tuple[str, ...] = ()
    common_grounds: tuple[str, ...] | None = None
    handling: RawHandling = RawHandling()
    statements: bool = True
    indexed: bool | tuple[str, ...] = True
    unsaid: tuple[str, ...] = ()
    checks: list[dict[str, Any]] = []
    search: RawSearch | None = None


class RawCommon(Raw, frozen=True):
    """`common.toml`."""

    states: dict[str, dict[str, Any]]
    acts: dict[str, dict[str, Any]]
    grounds: dict[str, dict[str, Any]]
    files: dict[str, dict[str, Any]]
    opinion: tuple[str, ...]
    defs: dict[str, Any]


class RawEnvelope(Raw, frozen=True):
    """`envelope.toml`."""

    envelope: dict[str, Any]
    defs: dict[str, Any]


_LINE = re.compile(r"at line (\d+),")


def parse(data: bytes, file: str) -> dict[str, Any]:
    """The tables of a TOML file. Raises CatalogueError on bad TOML (path `file`) and on values that JSON lacks."""
    try:
        tables = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line, byte = data.count(b"\n", 0, error.start) + 1, data[error.start]
        raise CatalogueError(file, "file", "UTF-8", f"byte {byte:#x}", line=line) from None
    except tomllib.TOMLDecodeError as error:
        said = _LINE.search(str(error))
        line = int(said.group(1)) if said else data.count(b"\n") + 1
        raise CatalogueError(file, "file", "TOML", str(error), line=line) from None
    except RecursionError:
        raise CatalogueError(file, "file", f"values at most {MAX_DEPTH} deep", "more") from None
    if found := forbidden_in(tables):
        raise CatalogueError(file, found[0], "text, whole numbers, true, false, lists, tables", found[1])
    return tables


_AT = re.compile(r"(.*?)(?: - at `\$\.?(.*)`)?")


def convert(value: Any, kind: type[T], file: str, path: str) -> T:
    """The table as a record. Raises CatalogueError, saying where; `others` of it: what is wrong with other keys."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        faults = Faults()
        with faults:
            _refuse(error, file, path)
        faults.found += [one for one in faults_in(value, kind, file, path) if one.path != faults.found[0].path]
        faults.settle()
        raise


def faults_in(value: Any, kind: type[Any], file: str, path: str) -> list[CatalogueError]:
    """What is wrong with each key of a table by itself."""
    faults = Faults()
    fields = {one.encode_name: one for one in msgspec.structs.fields(kind)}
    for name in value if isinstance(value, dict) else ():
        with faults:
            if name not in fields:
                raise CatalogueError(file, f"{path}.{name}".strip("."), "a known key", str(name))
            try:
                msgspec.convert(value[name], fields[name].type)
            except msgspec.ValidationError as error:
                _refuse(error, file, f"{path}.{name}".strip("."))
    for name, one in fields.items():
        if isinstance(value, dict) and name not in value and one.required:
            with faults:
                raise CatalogueError(file, f"{path}.{name}".strip("."), "a value", "nothing")
    return faults.found


_NO_LABELS = dict.fromkeys(("en", "fr", "nl", "ar"), "?")
_STAND_IN: dict[str, Any] = {
    "name": "unknown",
    "version": "1.0",
    "labels": _NO_LABELS,
    "help": _NO_LABELS,
    "lanes": ["routine"],
    "areas": ["general"],
    "privileged": False,
    "subjects": {"max": 0, "categories": []},
    "defaults": {
        "handling": ["H0"],
        **dict.fromkeys(("classification", "retention", "urgency", "source", "information"), "?"),
    },
    "acts": {},
}


def mended(tables: dict[str, Any]) -> dict[str, Any]:
    """The file without the keys that are wrong, and with something in the place of those it must have.

    For looking at the rest of a file that is refused in any case.
    """
    wrong = {one.path.partition(".")[0].partition("[")[0] for one in faults_in(tables, RawType, "", "")}
    return {**_STAND_IN, **{name: value for name, value in tables.items() if name not in wrong}}


def _refuse(error: msgspec.ValidationError, file: str, path: str) -> NoReturn:
    """Raise the error with the path at which msgspec found it."""
    found = _AT.fullmatch(str(error))
    message, inner = (found.group(1), found.group(2) or "") if found else (str(error), "")
    where = path + inner if inner.startswith("[") else f"{path}.{inner}".strip(".")
    if name := re.fullmatch(r"Object missing required field `(.*)`", message):
        raise CatalogueError(file, f"{where}.{name.group(1)}".strip("."), "a value", "nothing") from None
    if name := re.fullmatch(r"Object contains unknown field `(.*)`", message):
        raise CatalogueError(file, f"{where}.{name.group(1)}".strip("."), "a known key", name.group(1)) from None
    if name := re.fullmatch(r"Invalid enum value '?(.*?)'?", message):
        raise CatalogueError(file, where, "a known word", name.group(1)) from None
    expected, _, got = message.removeprefix("Expected ").partition(", got ")
    raise CatalogueError(file, where, expected, got or "another") from None
