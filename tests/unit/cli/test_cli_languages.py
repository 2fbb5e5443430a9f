"""Everything that is shown goes through the catalogues: a language made of other letters leaves no English behind."""

import json
import re
from string import Formatter

import pytest
import typer
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from typer.main import get_command

from passerelle.cli import help
from passerelle.cli.app import app
from passerelle.core import retold, words
from passerelle.instruments import text as instruments
from tests.unit.cli.scene import call, request
from tools.words.find import all_texts

# The small letters of another alphabet, one for each of ours.
OTHER = str.maketrans({chr(ord("a") + place): chr(0x24D0 + place) for place in range(26)})
_CODE = re.compile(r"(`[^`]*`|<[^>]*>|(?<!\w)--[a-z0-9-]+)")
_WORD = re.compile(r"[a-z]{3,}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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
    """All groups and commands below one, with their names."""
    yield names, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, *names, name)


TREE = dict(commands(get_command(app)))
TYPED = {word for names in TREE for name in names for word in _WORD.findall(name)}
TYPED |= {"passerelle", "path", "str", "int", "float", "file"}
CODES = {"domain", "kind"}  # facts of a question, as policies name them
VALUES = {"store", "channel", "type", "purpose", "month", "prompt"}  # defaults, which are typed as they stand
VALUES |= {"partial"}  # of two options, the one that holds where none is typed
VALUES |= {"receive", "send", "clock"}  # what one of several processes does, likewise
VALUES |= {"query", "local"}  # a key of JSON lines; machines of Spark, local[*]


def left_in(help_text):
    """The English that help still has."""
    prose = [line for line in help_text.splitlines() if not re.match(r"\s+(passerelle|\.\.\.) |\s{6,}--", line)]
    rest = "\n".join(prose[1:])
    choices = {word for one in re.findall(r"\S+(?:\|\S+)+", rest) for word in _WORD.findall(one)}
    return set(_WORD.findall(_CODE.sub("", rest))) - TYPED - VALUES - choices


def test_help_is_translated():
    with words.speaking("fr"), help.speaking():
        said = {
            names: command.get_help(typer.Context(command, info_name=" ".join(("passerelle", *names))))
            for names, command in commands(get_command(app))
        }
    assert len(said) > 40
    assert all(text.startswith("Uⓢⓐⓖⓔ: ") for text in said.values())
    assert {names: left for names, text in said.items() if (left := left_in(text))} == {}


def data(value):
    """The words of what a command gives with --json: what is not prose."""
    if isinstance(value, dict):
        return {word for child in value.values() for word in data(child)}
    if isinstance(value, list):
        return {word for child in value for word in data(child)}
    return set(_WORD.findall(str(value)))


SEEN = """queue {be}
partner list {be}
partner show {be} ma
partner self {be}
instrument list {be}
link list {be}
dossier list {be}
dossier drafts {be}
dossier show {be} {dossier} --as luc
alarm list {be} --all
person list {be}
person show {be} ann
policy check
policy why {be} ann draft.release
due {be} --as luc
notices {be}
oncall list {be}
oncall who {be} wanted-persons
statistics {be} --as ann
doctor {be} --offline
calendar check {be}"""


SCREENED = """list list {be}
list show {be} watch
list changes {be} watch --as ann
list entry {be} watch Q1 --reason review --as ann
screen {be} watch --travellers {file} --link travel-to-evade --offence Murder --journey Ferry --as ann
screen list {be} --as ann
screen hits {be} {run} --as ann
screen show {be} {run} 1 --as ann
screen confirmed {be} --reason review --as ann
screen report {be} --as ann"""


def test_output_is_translated(partners):
    assert english_in(SEEN, be=partners.be, dossier=partners.open(request())) == {}


def test_lists_and_screenings_are_translated(partners):
    be, file = partners.be, partners.write("watch.jsonl", '{"id": "Q1", "names": ["Karim Alaoui"]}\nno person\n')
    new = ("--domain", "wanted-persons", "--purpose", "tracing-wanted-persons", "--basis", "Act 1")
    call("list", "import", be, "watch", file, *new, "--as", "carl")
    said = ("--link", "travel-to-evade", "--offence", "Murder", "--journey", "Ferry", "--as", "ann")
    run = json.loads(call("screen", be, "watch", "--travellers", file, *said, "--json").out)["run"]
    call("screen", "show", be, run, "1", "--as", "ann")
    call("screen", "confirm", be, run, "1", "--reason", "review", "--as", "ann")
    assert english_in(SCREENED, be=be, file=file, run=run) == {}


def english_in(lines, **fields):
    """The English that the output of these commands has, by command."""
    left = {}
    for line in lines.splitlines():
        typed = [*line.format(**fields).split(), "--language", "fr"]  # the person speaks English
        said = call(*typed)
        assert "ⓔⓡⓡⓞⓡ: " not in said.err, said
        allowed = data(json.loads(call(*typed, "--json").out))
        plain = _CODE.sub("", _ID.sub("", said.out))
        if english := set(_WORD.findall(plain)) - allowed - TYPED - CODES:
            left[line] = english
    return left


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
