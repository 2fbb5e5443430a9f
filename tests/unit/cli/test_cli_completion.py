"""What a shell completes, asked of a real bash; and what is not offered to strangers."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.unit.cli.scene import SOURCE, call, environment, ok, value

BASH = shutil.which("bash")
bash_needed = pytest.mark.skipif(BASH is None, reason="no bash on this machine")


@pytest.fixture
def complete(tmp_path):
    """What bash has to offer for a line of words; the last is completed."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "passerelle"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m passerelle "$@"\n')
    command.chmod(0o755)
    script = (
        "set -u; source <(passerelle completion bash); complete -p passerelle >&2; "
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _passerelle_completion passerelle; '
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )

    def completed(*words, **more):
        done = subprocess.run(
            [BASH, "--norc", "-c", script, "bash", "passerelle", *map(str, words)],
            env=environment() | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(SOURCE)} | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stderr.strip() == "complete -o default -F _passerelle_completion passerelle"
        return [line for line in done.stdout.split("\n") if line]

    return completed


@bash_needed
def test_commands_and_options(complete):
    assert complete("stat") == ["statistics"]
    assert {"list", "show", "open"} <= set(complete("dossier", ""))
    assert set(complete("doctor", "/srv/be", "--qu")) == {"--quick"}
    assert {"--json", "--language", "--as", "--mask"} <= set(complete("statistics", "/srv/be", "--"))
    assert complete("nothing-like-it") == []


@bash_needed
def test_words_of_closed_lists(complete):
    assert complete("dossier", "list", "/srv/be", "--status", "e") == ["ended"]
    assert complete("completion", "") == ["bash", "zsh", "fish"]
    assert complete("relation", "add", "/srv/be", "BE-2026-0017", "mem") == ["member-of"]
    assert complete("relation", "add", "/srv/be", "--source", "") == ["A", "B", "C", "X"]
    assert complete("partner", "self", "/srv/be", "--language", "f") == ["fr"]
    assert complete("screen", "run", "/srv/be", "watch", "--link", "travel") == ["travel-to-prepare", "travel-to-evade"]


@bash_needed
def test_what_a_folder_knows(complete, partners):
    assert complete("partner", "show", partners.be, "") == ["ma"]
    assert complete("dossier", "list", partners.be, "--partner", "") == ["ma"]
    assert "wanted-trace" in complete("dossier", "list", partners.be, "--type", "w")
    assert {"ann", "luc", "eva"} <= set(complete("queue", partners.be, "--as", ""))
    assert complete("queue", partners.be, "--as", "lu") == ["luc"]
    path = partners.write("watch.jsonl", '{"id": "Q1", "names": ["Karim Alaoui"]}')
    said = ("--domain", "wanted-persons", "--purpose", "tracing-wanted-persons", "--basis", "Act 1")
    ok("list", "import", partners.be, "watch", path, *said, "--as", "carl")
    for words in (("list", "show"), ("screen", "run")):
        assert complete(*words, partners.be, "") == ["watch"]


@bash_needed
def test_nothing_is_offered_nor_said_where_there_is_no_node(complete, tmp_path):
    assert complete("partner", "show", tmp_path, "") == []
    assert complete("dossier", "list", tmp_path, "--type", "") == []


def test_nothing_of_a_folder_is_offered_to_a_user_who_may_act_as_nobody(partners, monkeypatch):
    from passerelle.cli.completing import _known, _partners
    from passerelle.office import asking

    assert _known(partners.be, _partners) == ["ma"]
    monkeypatch.setattr(asking, "this_user", lambda: "somebody-else")
    assert _known(partners.be, _partners) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(shell):
    assert "_PASSERELLE_COMPLETE" in ok("completion", shell).out
    assert value("completion", shell)["script"] == ok("completion", shell).out
    tool = shutil.which(shell)
    if tool:
        done = subprocess.run(
            [tool, "-n"], input=ok("completion", shell).out, text=True, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_no_other_shell():
    result = call("completion", "csh")
    assert result.code == 2
    assert "expected one of bash, zsh, fish, got 'csh'" in result.err
