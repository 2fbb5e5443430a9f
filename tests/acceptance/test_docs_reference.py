"""Tables and figures of the documentation, compared with what the code says."""

import ast
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from passerelle import persons
from passerelle.backup import archive
from passerelle.cli import exits
from passerelle.cli.terms import ALARMS
from passerelle.core import json as strict
from passerelle.core import log, settings
from passerelle.core.audit import Operation, What
from passerelle.dossiers import demands, figures, rules, tables
from passerelle.dossiers.reading import Common
from passerelle.dossiers.types import SHARED, Catalogue
from passerelle.exchange import attachments_wire, content, context, courier_file, register, sealing, wire
from passerelle.exchange.checks import Check
from passerelle.identity import backups, identity, witness
from passerelle.instruments import model
from passerelle.instruments.verdict import CODES
from passerelle.ledger import audit, entry, handover, note
from passerelle.office import stage
from passerelle.office.people import Role
from passerelle.oversight import search_opening, statements, verify, verify_audit, verify_log
from passerelle.persons import weights
from passerelle.persons.model import Birth, Document, Name, Number, Person, Place
from passerelle.search import sizes, wire_tables
from passerelle.search import wire as searching

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "passerelle"


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def _section(text: str, title: str) -> str:
    """What stands under a heading, up to the next of its level or above."""
    level, _ = title.split(" ", 1)
    begin = text.index(f"\n{title}\n") + 1
    end = re.search(rf"^#{{1,{len(level)}}} ", text[begin + len(title) :], re.MULTILINE)
    return text[begin : begin + len(title) + end.start()] if end else text[begin:]


def _rows(text: str) -> list[list[list[str]]]:
    """The tables of a text, each a list of rows, each a list of cells; heads left out."""
    found: list[list[list[str]]] = []
    for block in re.findall(r"(?:^\|.*\|\n?)+", text, re.MULTILINE):
        lines = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in block.splitlines()]
        found.append([[cell.strip() for cell in line] for line in lines[2:]])
    return found


def _code(cell: str) -> str:
    found = re.fullmatch(r"`([^`]+)`", cell)
    assert found, f"expected `code` in the first cell, got {cell!r}"
    return found.group(1)


# ---- settings --------------------------------------------------------------------------------------------------------


def _real_settings() -> dict[str, Any]:
    found = {}
    for section, kind in get_type_hints(settings.Settings).items():
        for field in msgspec.structs.fields(kind):
            found[f"{section}.{field.name}"] = field.default
    return found


def _default(cell: str) -> Any:
    """The default that a cell of a table says."""
    if cell == "–":
        return msgspec.NODEFAULT
    return {"[]": (), "none": (), "empty": "", "https://<listen>": ()}.get(cell, int(cell) if cell.isdigit() else cell)


@pytest.mark.parametrize("where", ["docstring", "operator"])
def test_the_settings_are_those_that_there_are(where: str) -> None:
    text = settings.__doc__ if where == "docstring" else _section(_page("how-to/operator.md"), "## Settings")
    assert text
    rows = {row[0].strip("`"): row[2].strip("`") for row in _rows(text + "\n")[0]}
    assert {name: _default(cell) for name, cell in rows.items()} == _real_settings()


def test_both_tables_of_settings_say_the_same() -> None:
    code = _rows((settings.__doc__ or "") + "\n")[0]
    page = _rows(_section(_page("how-to/operator.md"), "## Settings"))[0]
    assert [row[1] for row in code] == [row[1].replace("`", "") for row in page]


# ---- the protocol ----------------------------------------------------------------------------------------------------


def test_the_formats_of_the_protocol_are_those_of_the_code() -> None:
    named = set(re.findall(r"passerelle-[a-z-]+/\d+", _page("protocol.md")))
    code = {entry.VERSION, identity.FORMAT, verify.FORMAT}
    code |= {wire.BATCH, wire.RECOVERED, wire.STATUS, wire.STATUS_ANSWER, wire.RECOVER}
    code |= {audit.RECORD, audit.BLOCK, audit.LEAF, witness.FORMAT, verify_audit.FORMAT, handover.VERSION}
    code |= {verify_log.FORMAT, courier_file.FORMAT, courier_file.REFUSAL, attachments_wire.UPLOAD}
    code |= {archive.FORMAT, backups.PRIVATE, backups.PUBLIC, register.FORMAT}
    code |= {searching.QUESTION, searching.ANSWER, search_opening.FORMAT}
    code |= {wire_tables.WITHDRAWALS, wire_tables.WITHDRAWALS_REQUEST, wire_tables.TABLE_REQUEST}
    code |= {f"passerelle-{derived}/1" for derived in ("index", "table", "references", "search")}
    in_code = set()
    for file in SOURCE.rglob("*.py"):
        in_code |= set(re.findall(r'"(passerelle-[a-z-]+/\d+)"', file.read_text("utf-8")))
    assert named == code == in_code


KIB, MIB = 1024, 1024 * 1024
LIMITS = {
    "1 to {:,} entries": wire.MAX_ENTRIES,
    "content {} MiB": wire.MAX_CONTENT // MIB,
    "plaintext {} MiB": sealing.MAX_PLAINTEXT // MIB,
    "body 8 MiB + {} KiB": (sealing.MAX_BODY - 8 * MIB) // KIB,
    "checkpoint {} KiB": note.MAX_NOTE // KIB,
    "leaf has at most {:,} bytes": entry.MAX_LEAF,
    "random salt of {} bytes": entry.SALT,
    "nesting of at most {}": strict.MAX_DEPTH,
    "at most {} MiB, with exactly these keys": verify.MAX_FILE // MIB,
    "at most {} minutes ahead": context.MAX_AHEAD // 60_000,
    "at most {}; `[]` but for acts": content.MAX_AFTER,
    "number of elements, 1 to {:,}": sizes.MOST_ELEMENTS,
    "a multiple of 64, at most {:,}": wire_tables.MOST_REFERENCES,
}


@pytest.mark.parametrize("words", LIMITS)
def test_the_limits_of_the_protocol_are_those_of_the_code(words: str) -> None:
    plain = " ".join(_page("protocol.md").split())
    assert words.format(LIMITS[words]) in plain
    assert "header 8 KiB" in plain


def test_the_kinds_and_checks_of_the_protocol_are_those_of_the_code() -> None:
    text = _page("protocol.md")
    kinds = [_code(row[0]) for row in _rows(_section(text, "## 6 Contents"))[1]]
    assert set(kinds) == set(content.KINDS)
    assert [row[0] for row in _rows(_section(text, "## Checks of the receiver"))[0]] == [str(one) for one in Check]
    for reason in wire.WITHHELD:
        assert f"`{reason}`" in text


# ---- instruments -----------------------------------------------------------------------------------------------------


def _schema(name: str) -> dict[str, Any]:
    file = resources.files("passerelle.instruments").joinpath("schemas", f"{name}.json")
    return dict(json.loads(file.read_text("utf-8")))


def _keys(schema: Mapping[str, Any], defs: Mapping[str, Any], path: str = "") -> dict[str, bool]:
    """The keys of a schema and whether they are required, as the page writes them."""
    if "$ref" in schema:
        schema = {**defs[schema["$ref"].rpartition("/")[2]], **schema}
    found: dict[str, bool] = {}
    for one in schema.get("anyOf", ()):
        found |= _keys(one, defs, path)
    if schema.get("type") == "object":
        for name, child in schema.get("properties", {}).items():
            here = f"{path}.{name}".lstrip(".")
            found |= {here: name in schema.get("required", ())} | _keys(child, defs, here)
        extra = schema.get("additionalProperties")
        if isinstance(extra, dict):
            word = {"node": "<party>", "slug": "<name>"}[schema["propertyNames"]["$ref"].rpartition("/")[2]]
            found |= {f"{path}.{word}": True} | _keys(extra, defs, f"{path}.{word}")
    elif schema.get("type") == "array":
        found |= {f"{path}[]{key.removeprefix(path)}": need for key, need in _keys(schema["items"], defs, path).items()}
    return found


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("## Keys that every kind has", "common"),
        ("## Keys of an agreement", "agreement"),
        ("## Keys of a channel", "channel"),
    ],
)
def test_the_keys_of_instruments_are_those_of_the_schemas(title: str, name: str) -> None:
    schema, common = _schema(name), _schema("common")
    defs = common["$defs"] | schema.get("$defs", {})
    real = _keys({"type": "object"} | schema, defs)
    rows = _rows(_section(_page("instruments.md"), title))[0]
    assert [_code(row[0]) for row in rows] == list(real)
    for key, need, *_ in rows:
        if not need.startswith("see"):
            assert (need == "yes") == real[_code(key)], key


def test_closed_lists_of_instruments_are_complete() -> None:
    text = " ".join(_page("instruments.md").split())
    for name in ("agreement", "channel", "common"):
        for words in _enums(_schema(name)):
            assert all(f"`{word}`" in text for word in words), words
    rows = {_code(row[0]): row for row in _rows(_section(_page("instruments.md"), "## Keys of a channel"))[1]}
    areas = _schema("vocabulary")["areas"]
    assert set(rows) == set(areas)
    for area, entry_ in areas.items():
        assert re.findall(r"`([^`]+)`", rows[area][1]) == entry_["purposes"]


def _enums(schema: Any) -> list[list[str]]:
    if isinstance(schema, dict):
        own = [schema["enum"]] if isinstance(schema.get("enum"), list) else []
        return own + [found for child in schema.values() for found in _enums(child)]
    return [found for child in schema for found in _enums(child)] if isinstance(schema, list) else []


def test_every_reason_is_told_with_its_check() -> None:
    rows = _rows(_section(_page("instruments.md"), "## The judgement of a message"))[0]
    assert {_code(row[0]): row[1] for row in rows} == CODES


def test_the_size_of_an_instrument() -> None:
    assert f"at most {model.MAX_BYTES // KIB} KiB" in _page("instruments.md")


# ---- the catalogue ---------------------------------------------------------------------------------------------------

TABLES = [
    ("## The file", 0, tables.RawType),
    ("### Persons", 0, tables.RawSubjects),
    ("### Handling codes", 0, tables.RawHandling),
    ("### Defaults", 0, tables.RawDefaults),
    ("### States", 0, tables.RawState),
    ("### Acts", 0, tables.RawAct),
    ("### Acts", 1, tables.RawChange),
    ("### Acts", 2, tables.RawTransition),
    ("### Files", 0, tables.RawAttachments),
    ("### Files", 1, tables.RawFiles),
    ("### Demands", 0, demands.Demand),
    ("### Demands", 1, demands.When),
    ("### Demands", 2, demands.Then),
    ("### Rules", 0, rules.RequiresBefore),
    ("### Rules", 1, rules.ByAuthorOf),
    ("### Rules", 2, rules.Names),
    ("### Rules", 3, rules.NoLowerThan),
    ("### Hits of a search", 0, tables.RawSearch),
    ("### Hits of a search", 1, tables.RawAnswers),
    ("### Figures of the treaty", 0, tables.RawFigure),
    ("### Figures of the treaty", 1, figures.FigureRule),
    ("### Deadlines", 0, tables.RawDeadline),
    ("### Deadlines", 1, tables.RawMoment),
]


@pytest.mark.parametrize(("title", "number", "kind"), TABLES, ids=lambda one: getattr(one, "__name__", None))
def test_the_keys_of_a_type_file_are_those_of_the_loader(title: str, number: int, kind: Any) -> None:
    rows = _rows(_section(_page("catalogue.md"), title))[number]
    real = {field.encode_name: field.required for field in msgspec.structs.fields(kind)}
    assert {_code(row[0]) for row in rows} == set(real)
    for key, need, *_ in rows:
        if need in ("yes", "no"):
            assert (need == "yes") == real[_code(key)], key


def test_every_table_and_rule_of_the_loader_is_told() -> None:
    raw = {one for name, one in vars(tables).items() if name.startswith("Raw") and one is not tables.Raw}
    assert raw - {kind for _, _, kind in TABLES} == {tables.RawCommon, tables.RawEnvelope}
    assert set(rules.RULES) == set(re.findall(r"^`(\w+)`:", _section(_page("catalogue.md"), "### Rules"), re.MULTILINE))
    side = get_args(msgspec.structs.fields(tables.RawAct)[0].type)
    text = _section(_page("catalogue.md"), "### Acts")
    assert all(f"`{word}`" in text for word in side)


def _acts(title: str) -> dict[str, tuple[str, int, bool]]:
    rows = next(table for table in _rows(_section(_page("catalogue.md"), title)) if len(table[0]) == 5)
    return {_code(row[0]): (row[1], int(row[2]), row[3] == "yes") for row in rows}


def test_the_acts_are_those_of_the_files() -> None:
    shipped = resources.files("passerelle.catalogue")
    common = Common(*((shipped / name).read_bytes() for name in SHARED))
    assert _acts("### Common acts") == {name: (act.by, act.rank, act.wind_down) for name, act in common.acts.items()}
    catalogue = Catalogue.load()
    for kind in catalogue:
        own = {act.name: (act.by, act.rank, act.wind_down) for act in kind.acts.values() if not act.common}
        assert _acts(f"### {kind.name}") == own
    assert set(re.findall(r"^### ([a-z-]+)$", _page("catalogue.md"), re.MULTILINE)) == set(catalogue.types)
    text = _section(_page("catalogue.md"), "### Common acts")
    assert all(f"`{word}`" in text for word in (*common.states, *common.grounds))


def test_the_digest_is_made_as_the_page_says() -> None:
    shipped = resources.files("passerelle.catalogue")

    def read(name: str) -> Any:
        return tomllib.loads((shipped / name).read_text("utf-8"))

    for kind in Catalogue.load():
        value = {"common": read("common.toml"), "envelope": read("envelope.toml"), "type": read(f"{kind.name}.toml")}
        body = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert hashlib.sha256(body).hexdigest() == kind.digest


# ---- the rest --------------------------------------------------------------------------------------------------------


def test_the_exit_codes_are_those_of_the_command_line() -> None:
    rows = _rows(_section(_page("how-to/operator.md"), "## Exit codes"))[0]
    assert {int(code): words for code, words in rows} == exits.MEANING


def test_the_stages_are_those_that_there_are() -> None:
    rows = _rows(_section(_page("how-to/officer.md"), "## Follow it"))[0]
    assert {row[0] for row in rows} == set(stage.STAGES)


def _alarms(file: Path) -> set[str]:
    """The words of all alarms that a module raises."""
    calls = [one for one in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(one, ast.Call)]
    raising = [one for one in calls if isinstance(one.func, ast.Attribute) and one.func.attr == "alarm"]
    return {one.args[2].value for one in raising if isinstance(one.args[2], ast.Constant)}


def test_every_alarm_is_told() -> None:
    raised = {word for file in SOURCE.rglob("*.py") for word in _alarms(file)}
    rows = _rows(_section(_page("how-to/operator.md"), "## Look after it"))[0]
    assert raised == {_code(row[0]) for row in rows} == set(ALARMS)


def test_every_event_of_the_log_is_told() -> None:
    rows = _rows(_section(_page("how-to/operator.md"), "### The log"))[0]
    told = {
        name: set() if fields == "" else set(fields.split(", "))
        for names, fields, _ in rows
        for name in re.findall(r"`([a-z.-]+)`", names)
    }
    assert told.keys() == log.EVENTS.keys()
    for name, fields in log.EVENTS.items():
        assert fields.keys() <= told[name], name


def test_the_roles_are_those_of_the_code() -> None:
    rows = _rows(_section(_page("how-to/security-officer.md"), "## Give and take roles"))[0]
    assert [_code(row[0]) for row in rows] == [role.value for role in Role]


def test_every_verdict_and_result_of_the_verifier_is_told() -> None:
    text = _section(_page("how-to/auditor.md"), "## Verify it")
    for word in (
        statements.VERIFIED,
        statements.UNCONFIRMED,
        statements.FAILED,
        "holds",
        "fails",
        "absent",
        "attested",
    ):
        assert f"| {word} |" in text


def test_the_words_of_the_audit_log_are_those_of_the_code() -> None:
    rows = _rows(_section(_page("how-to/auditor.md"), "## Words of the audit log"))[0]
    told = {_code(word): (kind, local == "yes") for word, kind, local in rows}
    assert told == {one.value: (one.operation.value, one.local) for one in What}
    for operation in Operation:
        assert operation.value in _page("how-to/dpo.md")


def test_the_weights_of_what_two_persons_have_in_common() -> None:
    found = {}
    for part, finding, word, bits in _rows(_section(_page("persons.md"), "## How much a finding is worth"))[0]:
        found[part, _code(finding.partition(":")[0])] = (word, float(bits))
    parts = ("birth", "document", "number", "place", "sex", "nationality")
    levels = {(part, level): weight for part in parts for level, weight in weights.levels(part).items()}
    assert found == {name: (weight.verdict, round(weight.bits, 1)) for name, weight in levels.items()}


def test_the_comparison_of_two_persons_reads_as_on_its_page() -> None:
    one = Person(
        names=(Name(text="Yassine El Hammouti"),),
        births=(Birth(date="1966-05-03"),),
        documents=(Document(kind="passport", number="AB12O4567", country="MA"),),
        numbers=(Number(value="66.05.03-033 29", country="BE"),),
        places=(Place(text="Nador, Maroc"),),
    )
    other = Person(
        names=(Name(text="ياسين الحموتي"),),
        births=(Birth(date="1386-01-12", calendar="hijri"),),
        documents=(Document(kind="passport", number="AB1204567", country="MA"),),
        places=(Place(text="الناظور"),),
    )
    page = re.search(r"^```\n(.*?)^```$", _page("persons.md"), re.MULTILINE | re.DOTALL)
    assert page
    told = "\n".join(persons.compare(one, other).sentences())
    assert page.group(1).replace("\n    ", " ").strip() == re.sub("[\u2068\u2069]", "", told)
