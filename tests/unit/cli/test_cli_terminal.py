"""What a terminal shows and a pipe does not: colour, and names isolated from the columns around them."""

import os
import pty
import subprocess

from tests.unit.cli.scene import command, environment, ok, request


def on_terminal(*arguments, **more):
    """What a person sees at a terminal."""
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            command(*arguments),
            env={**environment(), "TERM": "xterm-256color", "COLUMNS": "200"} | more,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
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
            assert started.wait(60) == 0, seen
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


def test_markup_of_others_is_text(partners):
    made = partners.open(request(reference="[red]x[/red]"))
    assert "[red]x[/red]" in on_terminal("dossier", "show", partners.be, made)
    assert "[red]x[/red]" in ok("dossier", "show", partners.be, made).out
