"""All commands, and the way every one of them ends."""

import json
import os
import sys
from collections.abc import Sequence

import typer
from typer.main import get_command

from passerelle.cli import acts, alarms, dossiers, evidence, exits, instruments, links, nodes, partners, queue, types
from passerelle.core.errors import PasserelleError
from passerelle.core.text import visible

app = typer.Typer(
    name="passerelle",
    help="The node that services of two states run to exchange signed dossiers under what both have signed.",
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog="\b\nA first node:\n"
    "  passerelle init /srv/be --name be --country BE --languages fr,nl --timezone Europe/Brussels\n"
    "  passerelle partner self /srv/be --words fr\n"
    "  passerelle serve /srv/be\n\n"
    "Every command has --help with examples, and --json. Exit codes: passerelle exits.",
)
nodes.register(app)
partners.register(app)
instruments.register(app)
dossier = dossiers.register(app)
acts.register(dossier)
queue.register(app)
alarms.register(app)
links.register(app)
evidence.register(app)
types.register(app)


def run(arguments: Sequence[str], commands: typer.Typer = app) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        given = get_command(commands).main(list(arguments) or ["--help"], "passerelle", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader went away: nothing more to say, not even at the end
        return exits.FAILED
    except (typer.Abort, KeyboardInterrupt):
        return _failed(arguments, "Interrupted", "stopped by the keyboard", exits.FAILED)
    except typer.TyperException as error:
        words = " ".join(error.format_message().split()).rstrip(".")
        where = getattr(getattr(error, "ctx", None), "command_path", "passerelle")
        message = f"expected what `{where} --help` says, got: {words}"
        return _failed(arguments, "UsageError", message, exits.code_of(error))
    except PasserelleError as error:
        return _failed(arguments, type(error).__name__, str(error), exits.code_of(error), _objections(error))
    except OSError as error:
        return _failed(arguments, type(error).__name__, str(error), exits.code_of(error))
    except Exception as error:  # its words may hold content, so only its place is said
        return _failed(arguments, type(error).__name__, f"unexpected {_place(error)}; please report it", exits.BUG)
    return given if isinstance(given, int) else exits.DONE


def _objections(error: PasserelleError) -> dict[str, object]:
    objections = getattr(error, "objections", ())
    return {"objections": [{"check": str(one.check), "words": one.words} for one in objections]} if objections else {}


def _place(error: BaseException) -> str:
    """Where an unexpected error arose: its class, the module and the line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def _failed(arguments: Sequence[str], kind: str, message: str, code: int, more: dict[str, object] | None = None) -> int:
    line = visible(" ".join(message.split()))
    if "--json" in arguments:
        sys.stderr.write(json.dumps({"error": kind, "message": line, **(more or {})}) + "\n")
    else:
        sys.stderr.write(f"error: {line}\n")
    return code
