"""Everything that is shown goes through the catalogues: a language made of other letters leaves no English behind."""

import re
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from typer.main import get_command

from passerelle.cli.app import app
from passerelle.core import retold, words
from passerelle.instruments import text as instruments
from tests.unit.cli.scene import call, ok, request
from tools.words.find import all_texts

# The small letters of another alphabet, one for each of ours.
OTHER = str.maketrans({chr(ord("a") + place): chr(0x24D0 + place) for place in range(26)})
_CODE = re.compile(r"(`[^`]*`|<[^>]*>|(?<!\w)--[a-z-]+)")
_WORD = re.compile(r"[a-z]{3,}")


def pseudo(text):
    """The text in other letters; fields, code and options stay."""
    made = ""
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        parts = [(text, None, None, None)]
    for literal, name, _spec, conversion in parts:
        halves = _CODE.split(literal)
        made += "".join(half if place % 2 else half.translate(OTHER) for place, half in enumerate(halves))
        if name is not None:
            made += f"{{{name}{'!' + conversion if conversion else ''}}}"
    return made


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    """French, in other letters."""
    folder = tmp_path_factory.mktemp("locale")
    made = Catalog(locale="fr")
    for one in all_texts():
        ids = (one.text, one.plural) if one.plural else one.text
        made.add(ids, tuple(map(pseudo, ids)) if one.plural else pseudo(one.text), context=one.context)
    (folder / "fr" / "LC_MESSAGES").mkdir(parents=True)
    with (folder / "fr" / "LC_MESSAGES" / "passerelle.mo").open("wb") as file:
        write_mo(file, made)
    return folder


def forget():
    for one in (words._translations, retold._catalogue, instruments._labels):
        one.cache_clear()


@pytest.fixture(autouse=True)
def _french(catalogue, monkeypatch):
    monkeypatch.setenv("PASSERELLE_LANGUAGE", "fr")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(words, "folder", lambda: catalogue)
    monkeypatch.setattr(retold, "folder", lambda: catalogue)
    forget()
    yield
    forget()


def commands(command, *names):
    if hasattr(command, "commands"):
        yield names
        for name, inner in command.commands.items():
            yield from commands(inner, *names, name)
    else:
        yield names


NAMES = [" ".join(names) for names in commands(get_command(app))]
TYPED = {word for name in NAMES for word in _WORD.findall(name)} | {"passerelle", "path", "str", "int", "float", "file"}
VALUES = {"store", "channel", "type", "purpose", "month"}  # defaults, which are typed as they stand


@pytest.mark.parametrize("name", NAMES)
def test_help_is_translated(name):
    said = ok(*name.split(), "--help").out
    prose = "\n".join(line for line in said.splitlines() if not re.match(r"\s+(passerelle|\.\.\.) |\s{6,}--", line))
    usage, _line, rest = prose.partition("\n")
    left = set(_WORD.findall(_CODE.sub("", rest))) - TYPED - VALUES
    choices = {word for one in re.findall(r"\S+(?:\|\S+)+", rest) for word in _WORD.findall(one)}
    assert left - choices == set()
    assert usage.startswith("U")


def data(value):
    """The words of what a command gives with --json: what is not prose."""
    if isinstance(value, dict):
        return {word for child in value.values() for word in data(child)}
    if isinstance(value, list):
        return {word for child in value for word in data(child)}
    return set(_WORD.findall(str(value)))


@pytest.mark.parametrize(
    "arguments",
    [
        ("queue",),
        ("partner", "list"),
        ("partner", "show", "ma"),
        ("partner", "self"),
        ("instrument", "list"),
        ("link", "list"),
        ("dossier", "list"),
        ("dossier", "drafts"),
        ("alarm", "list", "--all"),
    ],
    ids=" ".join,
)
def test_output_is_translated(partners, arguments):
    partners.open(request())
    typed = [
        *arguments[:1],
        *([] if len(arguments) == 1 else arguments[1:2]),
        partners.be,
        *arguments[2:],
        "--language",
        "fr",
    ]
    said = ok(*typed).out
    allowed = data(ok(*typed, "--json").json)
    assert set(_WORD.findall(_CODE.sub("", said))) - allowed - TYPED == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("dossier", "show", "nowhere", "1234"),
        ("partner", "confirm"),
        ("nothing",),
        ("queue", "--what"),
        ("exits", "too", "many"),
        ("catalogue", "show", "no-such-type"),
        ("verify", "nowhere.json"),
        ("queue", "/", "--language", "xx"),
    ],
)
def test_errors_are_translated(arguments):
    result = call(*arguments)
    assert result.code
    assert "expected" not in result.err
    assert "got" not in re.findall(r"\w+", result.err)
