"""What the documentation says to type exists, and what it points to is there."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.main import get_command

from passerelle.cli.app import app
from passerelle.cli.help import Usual

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))

COMMANDS: Any = get_command(app)
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"(<<'(\w+)'\n).*?^\2$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_START = re.compile(r"(?<![\w./-])(\./run|passerelle) ")
_ENDS = "|>&;)#"


class Line(NamedTuple):
    """A command as it stands on a page. `whole`: its arguments are all there."""

    text: str
    whole: bool


def _command_at(text: str) -> str:
    """The command at the beginning of the text, up to a pipe, a redirection or the end of the line."""
    quote = ""
    for at, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'":
            quote = letter
        elif text.startswith("$(", at):
            depth = text.find(")", at)
            return text[:at] + "SUBSTITUTED" + _command_at(text[depth + 1 :])
        elif letter in _ENDS or letter == "\n":
            return text[:at].removesuffix("2")
    return text


def _commands(page: Path) -> Iterator[Line]:
    text = page.read_text("utf-8")
    for fence in _FENCE.finditer(text):
        if fence.group(2) not in ("sh", "bash"):
            continue
        script = _HEREDOC.sub(r"\1\2", fence.group(3).replace("\\\n", " "))
        for found in _START.finditer(script):
            before = script[: found.start()].rpartition("\n")[2]
            if not before.lstrip().startswith("#"):
                yield Line(_command_at(script[found.start() :]).strip(), True)
    for span in _SPAN.findall(_FENCE.sub("", text)):
        if _START.match(span):
            yield Line(span, False)


def _check_product(words: list[str], whole: bool) -> None:
    """A `passerelle …` command: its groups, options and number of arguments exist."""
    command: Any = COMMANDS
    rest = list(words)
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        if isinstance(command, Usual) and rest[0] not in command.commands:
            rest.insert(0, command.usual)
        assert rest[0] in command.commands, f"no command {rest[0]!r}"
        command = command.commands[rest.pop(0)]
    options = {name: one for one in command.params for name in getattr(one, "opts", ()) if name.startswith("-")}
    options["--help"] = None
    given, positional = set(), []
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            positional.append(word)
            continue
        assert word in options, f"no option {word} of {command.name}"
        given.add(word)
        one = options[word]
        if one is not None and not one.is_flag and rest:
            rest.pop(0)
    if not whole or "--help" in given:
        return
    assert not hasattr(command, "commands"), f"{command.name}: a group, not a command"
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    least = sum(one.required for one in arguments)
    assert len(positional) >= least, f"{command.name}: {positional}"
    assert len(positional) <= len(arguments) or any(one.nargs == -1 for one in arguments), (
        f"{command.name}: {positional}"
    )
    missing = {one.opts[0] for one in command.params if one.required and one.opts[0].startswith("--")} - given
    assert not missing, f"{command.name}: without {missing}"


def _known_runs() -> set[str]:
    script = (ROOT / "run").read_text("utf-8")
    cases = script[script.rindex("case $command in") :]
    return set(re.findall(r"^    (\w+)", cases, re.MULTILINE))


def _check_run(words: list[str], whole: bool) -> None:
    """A `./run …` command."""
    name, *rest = words
    assert name in _known_runs(), f"no ./run {name}"
    if name in ("passerelle", "spark"):
        _check_product(rest, whole)
    elif name == "bench" and rest:
        assert (ROOT / "benchmarks" / f"{rest[0]}.py").is_file(), f"no benchmark {rest[0]}"
    elif name == "demo":
        source = (ROOT / "src/passerelle/demo/__main__.py").read_text("utf-8")
        for word in rest:
            assert not word.startswith("--") or f'"{word}"' in source, f"no option {word} of the demonstration"


@EACH_PAGE
def test_every_command_line_exists(page: Path) -> None:
    for line in _commands(page):
        words = shlex.split(line.text)
        try:
            if words[0] == "./run":
                _check_run(words[1:], line.whole)
            else:
                _check_product(words[1:], line.whole)
        except AssertionError as error:
            raise AssertionError(f"{page.name}: {line.text}: {error}") from None


def test_the_pages_are_read_at_all() -> None:
    lines = list(_commands(ROOT / "README.md"))
    assert len(lines) > 30
    assert {"demo", "test", "check", "bench", "passerelle"} <= {shlex.split(line.text)[1] for line in lines}
    assert any(line.text.startswith("passerelle link reopen") for line in _commands(ROOT / "docs/how-to/operator.md"))


@pytest.mark.parametrize(
    "wrong",
    [
        "./run demonstrate",
        "./run bench nothing",
        "./run demo --twice",
        "./run passerelle inspect /srv/be",
        "passerelle queue /srv/be --all",
        "passerelle partner confirm /srv/be ma --as eva",
        "passerelle queue",
        "passerelle queue /srv/be /srv/ma",
        "passerelle partner",
    ],
)
def test_a_command_that_does_not_exist_is_found(wrong: str) -> None:
    words = shlex.split(wrong)
    with pytest.raises(AssertionError):
        (_check_run if words[0] == "./run" else _check_product)(words[1:], True)


def _anchors(page: Path) -> set[str]:
    """The anchors that headings get on the usual forges."""
    found = set()
    for title in re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower())
        found.add(plain.replace(" ", "-"))
    return found


@EACH_PAGE
def test_internal_links_resolve(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.is_file(), f"{page.name}: no {target}"
        assert not anchor or anchor in _anchors(there), f"{page.name}: no heading for {target}"


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text("utf-8")
    for page in (ROOT / "docs").rglob("*.md"):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert name == "README.md" or f"({name})" in index, f"docs/README.md does not name {name}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs/adr").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_has_its_parts(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.startswith(f"# {int(page.name[:4])} ")
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences", "Rejected"]
    assert 15 <= len(text.splitlines()) <= 40


def test_run_says_what_it_can_do() -> None:
    said = subprocess.run([ROOT / "run", "help"], capture_output=True, text=True, check=True).stdout
    for name in _known_runs():
        assert re.search(rf"^  {name}\b", said, re.MULTILINE), f"./run help does not name {name}"
