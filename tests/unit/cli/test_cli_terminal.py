"""What a terminal shows and a pipe does not: colour, and names isolated from the columns around them."""

import os
import pty
import subprocess

from tests.unit.cli.scene import call, command, environment, ok, request, value


def on_terminal(*arguments, expected=(0,), typed=(), **more):
    """What a person sees at a terminal; `typed`: what he types, a line at each question."""
    lines = list(typed)
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            command(*arguments),
            env={**environment(), "TERM": "xterm-256color", "COLUMNS": "200"} | more,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,  # or a secret would be asked for at the terminal of who runs the tests
        ) as started:
            os.close(theirs)
            seen = b""
            while True:
                try:
                    part = os.read(ours, 65536)
                except OSError:  # the other end is closed
                    break
                if not part:
                    break
                seen += part
                if seen.endswith(b": ") and lines:
                    os.write(ours, f"{lines.pop(0)}\n".encode())
            assert started.wait(60) in expected, seen
    finally:
        os.close(ours)
    return seen.decode()


def test_right_to_left_text_is_isolated_on_a_terminal_only(partners):
    made = partners.open(request(reference="مرجع ١٧"))
    for arguments in (("dossier", "list"), ("dossier", "show", made)):
        verb = (*arguments[:2], partners.be, *arguments[2:])
        assert "\u2068مرجع ١٧\u2069" in on_terminal(*verb)
        piped = ok(*verb).out
        assert "مرجع ١٧" in piped
        assert "\u2068" not in piped
    assert "\u2068" not in on_terminal("dossier", "list", partners.be, "--json")


def test_colours_on_a_terminal_only(partners):
    for arguments in (("partner", "list", partners.be), ("instrument", "list", partners.be), ("exits",)):
        assert "\x1b[" in on_terminal(*arguments)
        assert "\x1b[3" not in on_terminal(*arguments, NO_COLOR="1")
        assert "\x1b[" not in ok(*arguments).out
    assert "\x1b[" not in on_terminal("partner", "list", partners.be, "--json")


def test_what_the_environment_says_of_colours():
    assert "\x1b[" not in on_terminal("exits", TERM="dumb")
    forced = subprocess.run(
        command("exits"),
        env=environment() | {"FORCE_COLOR": "1", "TERM": "xterm"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "\x1b[" in forced.stdout
    assert "\x1b[3" not in on_terminal("exits", FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b[" not in on_terminal("exits", TERM="dumb", FORCE_COLOR="1")


def test_long_work_shows_how_far_it_is_on_a_terminal_only(partners):
    partners.open()
    dossier = value("dossier", "list", partners.be)[0]["dossier"]
    evidence = partners.folder / "evidence.json"
    for words, arguments in (
        ("counting", ("statistics", partners.be, "--as", "ann")),
        ("looking", ("doctor", partners.ma, "--offline", "--as", "omar")),
        ("collecting", ("evidence", partners.be, dossier, "--out", evidence, "--as", "ann")),
        ("verifying", ("verify", evidence)),
    ):
        seen = on_terminal(*arguments, expected=(0, 1))
        assert words in seen, seen
        assert "\x1b[2K" in seen  # gone at the end
        assert words not in on_terminal(*arguments, expected=(0, 1, 2), TERM="dumb")
        assert words not in call(*arguments).err


def test_markup_of_others_is_text(partners):
    made = partners.open(request(reference="[red]x[/red]"))
    assert "[red]x[/red]" in on_terminal("dossier", "show", partners.be, made)
    assert "[red]x[/red]" in ok("dossier", "show", partners.be, made).out


def test_a_passphrase_is_typed_unseen_and_twice_when_it_is_new(partners):
    lines = ("correct horse", "correct horsf", "correct horse", "correct horse")
    seen = on_terminal("keys", "protect", partners.be, "--as", "eva", typed=lines)
    assert "files are sealed" in seen
    assert "passphrase of the keys" in seen
    assert "correct" not in seen
    assert "can be used" in on_terminal("keys", "check", partners.be, "--as", "eva", typed=("correct horse",))
    wrong = on_terminal("keys", "check", partners.be, "--as", "eva", typed=("another horse",), expected=(7,))
    assert "expected the passphrase of these keys, got another" in wrong
