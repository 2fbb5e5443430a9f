"""The door itself: help, --json, errors as one line, exit codes, nothing heavy at the start."""

import resource
import shlex
import subprocess
from importlib import import_module
from pkgutil import walk_packages

import pytest
import typer
from typer.main import get_command

import passerelle
from passerelle.cli import exits
from passerelle.cli.app import app
from passerelle.cli.door import Answer, command
from passerelle.core import errors
from tests.unit.cli.scene import SOURCE, call, environment, ok, process, value
from tests.unit.cli.scene import command as command_line


def every_command():
    """The path and the object of each command."""

    def below(path, one):
        children = getattr(one, "commands", None)
        if children is None:
            yield path, one
        else:
            for name, child in children.items():
                yield from below((*path, name), child)

    return list(below((), get_command(app)))


COMMANDS = every_command()


def test_these_are_the_commands():
    assert {" ".join(path) for path, _ in COMMANDS} == {
        "courier export",
        "courier import",
        "courier show",
        "keys show",
        "keys status",
        "keys rotate",
        "keys revoke",
        "keys renew",
        "keys adopt",
        "keys compared",
        "store upgrade",
        "node confirm",
        "keys list",
        "keys check",
        "keys protect",
        "keys unprotect",
        "audit list",
        "audit show",
        "audit status",
        "audit prove",
        "audit export",
        "audit verify",
        "audit close",
        "audit reopen",
        "audit witness add",
        "audit witness list",
        "audit witness remove",
        "witness init",
        "witness self",
        "witness add",
        "witness serve",
        "witness show",
        "init",
        "serve",
        "config show",
        "config check",
        "unit",
        "exits",
        "version",
        "person add",
        "person list",
        "person show",
        "person change",
        "person grant",
        "person revoke",
        "person remove",
        "policy show",
        "policy check",
        "policy why",
        "policy adopt",
        "partner self",
        "partner add",
        "partner list",
        "partner show",
        "partner confirm",
        "partner suspend",
        "instrument example",
        "instrument propose",
        "instrument list",
        "instrument show",
        "instrument sign",
        "instrument reject",
        "instrument terminate",
        "dossier open",
        "dossier act",
        "dossier drafts",
        "dossier release",
        "dossier discard",
        "dossier show",
        "dossier list",
        "dossier form",
        "dossier edit",
        "dossier submit",
        "dossier send-back",
        "dossier assign",
        "dossier hand-over",
        "dossier note",
        "dossier reference",
        "dossier via",
        "dossier review",
        "dossier reviews",
        "relation add",
        "relation withdraw",
        "relation list",
        "relation show",
        "relation graph",
        "relation kinds",
        "trace",
        "list import",
        "list list",
        "list show",
        "list changes",
        "list entry",
        "list remove",
        "screen run",
        "screen list",
        "screen hits",
        "screen show",
        "screen confirm",
        "screen reject",
        "screen confirmed",
        "screen report",
        "screen erase",
        "screen expire",
        "index create",
        "index add",
        "index remove",
        "index publish",
        "index expire",
        "index withdraw",
        "index show",
        "index claim",
        "search person",
        "search list",
        "search questions",
        "search stop",
        "search hits",
        "search show",
        "search open",
        "search erase",
        "search figures",
        "search open-commitment",
        "queue",
        "message withdraw",
        "attach",
        "detach",
        "attachment list",
        "attachment save",
        "erase",
        "erasures",
        "backup key",
        "backup create",
        "backup show",
        "backup verify",
        "restore",
        "store migrate",
        "alarm list",
        "alarm seen",
        "due",
        "notices",
        "oncall set",
        "oncall end",
        "oncall list",
        "oncall who",
        "calendar show",
        "calendar check",
        "names compare",
        "names join",
        "names keys",
        "names score",
        "names search",
        "link list",
        "link reopen",
        "link allow",
        "lease list",
        "evidence of",
        "evidence log",
        "statistics",
        "doctor",
        "completion",
        "verify",
        "catalogue list",
        "catalogue show",
        "catalogue check",
    }


@pytest.mark.parametrize(("path", "found"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_command_has_help_with_examples_and_json(path, found):
    shown = ok(*path, "--help").out
    assert "Examples:" in shown
    assert f"passerelle {' '.join(path)}" in shown.partition("Examples:")[2]
    assert "--json" in shown
    assert found.help
    assert found.help[0].isupper()


def examples_of(found):
    """The command lines of the examples, up to a pipe or a redirection."""
    text = (found.epilog or "").replace("\\\n", " ")
    for line in text.split("\n"):
        if line.startswith("  passerelle "):
            words = shlex.split(line)
            stop = next(
                (at for at, word in enumerate(words) if word.lstrip("0123456789")[:1] in ("|", ">", "<")), len(words)
            )
            yield words[1:stop]


@pytest.mark.parametrize(("path", "found"), COMMANDS, ids=[" ".join(path) for path, _ in COMMANDS])
def test_every_example_parses(path, found):
    examples = list(examples_of(found))
    assert examples
    for words in examples:
        assert words[: len(path)] == list(path), words
        context = found.make_context("passerelle", words[len(path) :])  # raises for what the command does not take
        context.close()


def test_without_arguments_help_is_shown():
    assert ok().out == ok("--help").out
    assert "Exit codes: passerelle" in ok().out


def test_version():
    assert ok("version").out == f"passerelle {passerelle.__version__}\n"
    assert value("version") == {"version": passerelle.__version__}


def test_version_is_quick_and_loads_nothing_heavy():
    heavy = ("sqlalchemy", "cryptography", "aiohttp", "uvicorn", "jsonschema_rs", "rich", "structlog", "segno")
    code = (
        "import sys; from passerelle.cli.app import run; code = run(['version']);"
        f"print([name for name in {heavy!r} if name in sys.modules]); sys.exit(code)"
    )
    done = subprocess.run(
        [command_line()[0], "-c", code], env=environment(), capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines()[1] == "[]"
    assert min(_seconds() for _ in range(5)) < 0.3


def _seconds():
    """Processor time of one start: the clock on the wall also tells what else the machine does."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process("version").code == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_exit_codes_are_shown():
    shown = value("exits")
    assert shown == {str(code): words for code, words in exits.MEANING.items()}
    assert set(exits.MEANING) == {0, 1, 2, 3, 4, 5, 6, 7, 70}
    assert "70" in ok("exits").out


def test_every_error_of_the_product_has_an_exit_code():
    for module in walk_packages([str(SOURCE / "passerelle")], "passerelle."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    found = [errors.PasserelleError]
    for one in found:
        found += one.__subclasses__()
    codes = {one.__name__: exits.code_of(one.__new__(one)) for one in found}
    assert exits.BUG not in codes.values()
    assert codes["NotFoundError"] == 3
    assert codes["SettingsError"] == codes["JsonError"] == codes["InstrumentFormError"] == codes["ContentError"] == 2
    assert codes["InstrumentStateError"] == codes["StateError"] == codes["RefusedError"] == 4
    assert codes["BusyError"] == codes["SchemaError"] == codes["FullError"] == 5
    assert codes["RefusedByPartnerError"] == codes["TransportError"] == 6
    assert codes["KeyFileError"] == codes["SignatureError"] == 7
    known = {one.__name__ for one in found} | {"TyperException", "OSError"}
    assert set(exits.BY_CLASS) <= known


@pytest.mark.parametrize(
    "arguments",
    [
        ("nothing",),
        ("--nothing",),
        ("version", "--nothing"),
        ("partner",),
        ("partner", "show"),
        ("serve",),
        ("verify",),
    ],
)
def test_wrong_usage_is_one_line_and_code_2(arguments):
    plain = call(*arguments)
    assert (plain.code, plain.out) == (2, "")
    assert plain.err.startswith("error: expected ")
    assert plain.err.count("\n") == 1
    assert "--help" in plain.err
    shown = call(*arguments, "--json")
    assert shown.code == 2
    assert shown.error["error"] == "UsageError"


def test_an_error_of_the_product_is_one_line(tmp_path):
    plain = call("config", "show", tmp_path)
    assert plain.code == 2
    assert plain.err.startswith("error: expected settings at ")
    assert plain.err.count("\n") == 1
    made = call("config", "show", tmp_path, "--json")
    assert made.error == {"error": "SettingsError", "message": plain.err.removeprefix("error: ").rstrip("\n")}


def test_a_bug_says_where_and_not_what(tmp_path):
    broken = typer.Typer(rich_markup_mode=None)

    def crash() -> Answer:
        """Crash."""
        raise KeyError("a name that nobody else may read")

    command(broken, "crash")(crash)
    command(broken, "other")(crash)
    for options in ((), ("--json",)):
        result = call("crash", *options, commands=broken)
        assert result.code == 70
        assert result.out == ""
        assert "unexpected KeyError at test_cli_door:" in result.err
        assert "nobody else" not in result.err
        assert "Traceback" not in result.err


def test_a_file_that_cannot_be_used_is_one_line(tmp_path):
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "passerelle.toml").write_text(
        '[node]\nname = "be"\ncountry = "BE"\nlanguages = ["fr"]\ntimezone = "Europe/Brussels"\n'
        '[catalogue]\nfolders = ["missing"]\n'
    )
    result = call("catalogue", "list", "--node", tmp_path / "node")
    assert result.code == 1
    assert result.err.startswith("error: ")
    assert "missing" in result.err
    assert "Traceback" not in result.err


def test_a_reader_that_goes_away_is_no_crash():
    done = subprocess.run(
        ["/bin/sh", "-c", f"{' '.join(command_line('catalogue', 'show', 'wanted-trace'))} | head -n 0"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""


def test_whatever_opens_a_node_is_done_by_a_person():
    def walk(command, path=()):
        for name, one in getattr(command, "commands", {}).items():
            yield from walk(one, (*path, name))
        if not hasattr(command, "commands"):
            yield " ".join(path), command

    # Making and running the node, reading its settings, and what needs no more of it than its catalogue.
    without = {
        "init",
        "serve",
        "config show",
        "unit",
        "catalogue list",
        "catalogue show",
        "catalogue check",
        "dossier form",
    }
    without |= {"calendar show", "calendar check", "restore"}
    for name, one in walk(get_command(app)):
        if name.startswith("witness"):
            continue  # a folder of its own, which knows no persons
        options = {option for parameter in one.params for option in getattr(parameter, "opts", ())}
        opens = any(parameter.metavar == "DIR" for parameter in one.params)
        assert name in without or "--as" in options or not opens, name
