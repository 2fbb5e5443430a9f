"""All commands, and the way every one of them ends."""

import json
import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import typer
from typer.main import get_command

from passerelle.cli import (
    accounting,
    acts,
    alarms,
    asking,
    attaching,
    attachments,
    audit,
    backup,
    calendars,
    claims,
    completion,
    config,
    courier,
    doctor,
    dossiers,
    drafts,
    due,
    erasing,
    evidence,
    exits,
    found,
    help,
    hits,
    index_show,
    indexes,
    instruments,
    keys,
    leases,
    links,
    lists,
    names,
    nodes,
    oncall,
    opening,
    partners,
    people,
    policy,
    queue,
    relations,
    screened,
    screening,
    searching,
    showing,
    statistics,
    stores,
    tracing,
    types,
    units,
    upgrading,
    whereabouts,
    witness,
    work,
)
from passerelle.cli.door import LanguageOption
from passerelle.core import words
from passerelle.core.errors import PasserelleError
from passerelle.core.retold import retold
from passerelle.core.text import visible
from passerelle.core.words import N_, _

app = typer.Typer(
    name="passerelle",
    cls=help.Group,
    help=N_("The node that services of two states run to exchange signed dossiers under what both have signed."),
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    epilog=f"\b\n{N_('A first node:')}\n"
    "  passerelle init /srv/be --name be --country BE --languages fr,nl --timezone Europe/Brussels\n"
    "  passerelle partner self /srv/be --words fr\n"
    "  passerelle serve /srv/be\n\n"
    + N_("Every command has --help with examples, and --json. Exit codes: passerelle exits."),
)
nodes.register(app)
config.register(app)
units.register(app)
people.register(app)
policy.register(app)
partners.register(app)
keys.register(app)
instruments.register(app)
dossier = dossiers.register(app)
showing.register(dossier)
acts.register(dossier)
drafts.register(dossier)
work.register(dossier)
attaching.register(app)
attachments.register(app)
relations.register(app)
tracing.register(app)
lists.register(app)
screen = screening.register(app)
hits.register(screen)
screened.register(screen)
index = indexes.register(app)
index_show.register(index)
claims.register(index)
search = searching.begin(app)
asking.register(search)
searching.register(search)
found.register(search)
opening.register(search)
accounting.register(search)
queue.register(app)
erasing.register(app)
due.register(app)
oncall.register(app)
calendars.register(app)
alarms.register(app)
links.register(app)
leases.register(app)
courier.register(app)
evidence.register(app)
witness.register(app, audit.register(app))
types.register(app)
statistics.register(app)
doctor.register(app)
backup.register(app)
names.register(app)
upgrading.register(stores.register(app))
whereabouts.register(app)
completion.register(app)


@app.callback(help=app.info.help)
def root(language: LanguageOption = "") -> None:
    """Options that stand before the command; `run` has read them by then."""


def run(arguments: Sequence[str], commands: typer.Typer = app) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    # Isolates come along when a person copies an id out of an Arabic sentence.
    typed = [one.replace("\u2068", "").replace("\u2069", "") for one in arguments]
    with words.speaking(words.from_environment(os.environ)):
        try:
            if asked := _asked(typed):
                words.use(asked, asked=True)
        except PasserelleError as error:
            return _failed(typed, type(error).__name__, str(error), exits.code_of(error))
        with help.speaking():
            return _run(typed, commands)


def _asked(arguments: Sequence[str]) -> str:
    """The language that is named on the command line, or nothing. Help needs it before the library reads the rest."""
    before = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    for place, one in enumerate(before):
        if one == "--language":
            return "".join(before[place + 1 : place + 2])
        if one.startswith("--language="):
            return one.partition("=")[2]
    return ""


@cache
def _made(commands: typer.Typer) -> Any:
    """The tree of commands, made once: who runs several in a process does not wait for it again."""
    return get_command(commands)


def _run(arguments: Sequence[str], commands: typer.Typer) -> int:
    completion.prepare()
    try:
        given = _made(commands).main(list(arguments) or ["--help"], "passerelle", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader went away: nothing more to say, not even at the end
        return exits.FAILED
    except (typer.Abort, KeyboardInterrupt):
        return _failed(arguments, "Interrupted", _("stopped by the keyboard"), exits.FAILED)
    except typer.TyperException as error:
        said = retold(" ".join(error.format_message().split())).rstrip(".")
        where = getattr(getattr(error, "ctx", None), "command_path", "passerelle")
        message = _("expected what `{where} --help` says, got: {words}", where=where, words=said)
        return _failed(arguments, "UsageError", message, exits.code_of(error))
    except PasserelleError as error:
        return _failed(arguments, type(error).__name__, str(error), exits.code_of(error), _objections(error))
    except OSError as error:
        return _failed(arguments, type(error).__name__, str(error), exits.code_of(error))
    except Exception as error:  # its words may hold content, so only its place is said
        message = _("unexpected {error}; please report it", error=_place(error))
        return _failed(arguments, type(error).__name__, message, exits.BUG)
    return given if isinstance(given, int) else exits.DONE


def _objections(error: PasserelleError) -> dict[str, object]:
    objections = getattr(error, "objections", ())
    told = [{"check": str(one.check), "words": retold(one.words)} for one in objections]
    return {"objections": told} if told else {}


def _place(error: BaseException) -> str:
    """Where an unexpected error arose: its class, the module and the line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def _failed(arguments: Sequence[str], kind: str, message: str, code: int, more: dict[str, object] | None = None) -> int:
    line = visible(retold(" ".join(message.split())))
    if "--json" in arguments:
        sys.stderr.write(json.dumps({"error": kind, "message": line, **(more or {})}) + "\n")
    else:
        sys.stderr.write(_("error:") + f" {line}\n")
    return code
