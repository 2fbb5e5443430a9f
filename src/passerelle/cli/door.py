"""How a function becomes a command: `--json`, help with examples, and one answer printed."""

import inspect
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar

import typer

from passerelle.cli import exits, help
from passerelle.cli.screen import Screen, escaped
from passerelle.core import words
from passerelle.core.words import N_

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.people import Person
    from passerelle.store import Opening

F = TypeVar("F", bound=Callable[..., Any])


class Answer(NamedTuple):
    """What a command gives: `value` for `--json`, `show` for a person, and the exit code."""

    value: Any
    show: Callable[[Screen], None]
    code: int = exits.DONE


def said(value: Any, text: str) -> Answer:
    """An answer of a few lines."""
    return Answer(value, lambda screen: screen.line(text))


Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The node's folder.", show_default=False)]
PartnerName = Annotated[str, typer.Argument(metavar="PARTNER", help="Name of the partner's node.", show_default=False)]
As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="PERSON",
        help="The person who does this.",
        default_factory=str,
        show_default="the only person that you may act as",
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, in words.", show_default=False)]
LanguageOption = Annotated[
    str,
    typer.Option(
        "--language", metavar="en|fr|nl|ar", help="Language of what is shown.", show_default="that of the person"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON value and nothing else.")]

_JSON = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json)
_LANGUAGE = inspect.Parameter("language", inspect.Parameter.KEYWORD_ONLY, default="", annotation=LanguageOption)


def group(app: typer.Typer, name: str, words: str, kind: type[help.Group] = help.Group) -> typer.Typer:
    """A group of commands below another."""
    made = typer.Typer(name=name, cls=kind, help=words, rich_markup_mode=None, add_completion=False)
    app.add_typer(made)
    return made


def command(app: typer.Typer, name: str, *examples: str) -> Callable[[F], F]:
    """Register a function as a command. It gets `--json` and `--language`, and `as_json` and `language` when it names
    them; its docstring is the help.
    """

    def register(work: F) -> F:
        signature = inspect.signature(work, eval_str=True)
        added = [one for one in (_LANGUAGE, _JSON) if one.name not in signature.parameters]
        parameters = [*signature.parameters.values(), *added]

        def call(*, as_json: bool, language: str, **given: Any) -> None:
            given |= {"as_json": as_json, "language": language}
            answer = work(**{name: value for name, value in given.items() if name in signature.parameters})
            if answer is not None:
                tell(answer, as_json)

        for one in parameters:
            _complete(one)
        made: Any = call
        made.__signature__ = inspect.Signature(parameters)
        made.__annotations__ = {one.name: one.annotation for one in parameters}
        lines = "\n".join(f"  passerelle {one}" for one in examples)
        epilog = f"\b\n{N_('Examples:')}\n{lines}" if examples else None
        app.command(name, cls=help.Command, help=inspect.cleandoc(work.__doc__ or ""), epilog=epilog)(made)
        return work

    return register


def _complete(parameter: inspect.Parameter) -> None:
    """Let the shell complete a parameter as its name and its value's name say."""
    from passerelle.cli.completing import values_for

    for info in getattr(parameter.annotation, "__metadata__", ()):
        if getattr(info, "autocompletion", True) is None:
            info.autocompletion = values_for(info, parameter.name)


def tell(answer: Answer, as_json: bool) -> None:
    """Print an answer; leave with its code."""
    if as_json:
        print_json(answer.value)
    else:
        answer.show(Screen())
    if answer.code:
        raise typer.Exit(answer.code)


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    pure = (sys.stdout.encoding or "").lower().replace("-", "") in ("utf8", "utf")
    text = json.dumps(value, ensure_ascii=not pure, indent=2 if sys.stdout.isatty() else None)
    # A line end of the layout is no text; within texts JSON has escaped it already.
    sys.stdout.write("\n".join(map(escaped, text.split("\n"))) + "\n")
    sys.stdout.flush()


@contextmanager
def opened(
    folder: Path, *, check_own: bool = True, mending: bool = False, opening: "Opening" = "use"
) -> Iterator["Node"]:
    """The node of a folder, closed afterwards. `mending`: to put its keys right; `opening`: what its store is for.

    Where its keys need a passphrase or a PIN that a person types, he is asked when one is first used.
    """
    from passerelle.node import Node
    from passerelle.office.asking import recorded

    node = Node.open(folder, check_own=check_own, mending=mending, opening=opening, ask=secret)
    try:
        with recorded(node.office):
            yield node
    finally:
        node.close()


def secret(what: str, *, twice: bool = False) -> str:
    """A secret that a person types unseen at the terminal. Raises KeyFileError where there is none."""
    from passerelle.core.retold import retold
    from passerelle.identity import passphrases

    if not sys.stdin.isatty():
        return passphrases.nobody(what)
    typed: str = typer.prompt(retold(what), hide_input=True, err=True, confirmation_prompt=twice)
    return typed


def acting(node: "Node", named: str) -> "Person":
    """The person who acts: the one named by `--as`, or the only one that the operating-system user may act as.

    From now on his language is spoken, unless another was asked for.

    Raises NotAllowedError when the user may not act as him, InputError when several could be meant.
    """
    from passerelle.office import asking

    who = asking.acting(node.office, named, asking.this_user())
    words.prefer(who.language)
    return who


def permitted(node: "Node", named: str, action: str, **facts: Any) -> "Person":
    """`acting`, and he may do this now. `facts`: those of `On`. Raises NotAllowedError with the reason, InputError.

    For what a single look or a single function of a room below does. What decides by facts that it changes asks in its
    own transaction (`passerelle.office.asking.ask`).
    """
    from passerelle.office.asking import On, ask
    from passerelle.office.policy import Action

    who = acting(node, named)
    facts.setdefault("kind", action.partition(".")[0])
    node.store.read(lambda tx: ask(tx, node.office, who, Action(action), On(**facts)))
    return who


def read_file(path: Path, what: str, most: int = 300 * 1024 * 1024) -> bytes:
    """A file that a person names, of at most `most` bytes. Raises InputError."""
    from passerelle.core.errors import InputError
    from passerelle.core.folders import regular

    try:
        with regular(path) as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise InputError(f"{what}: expected a file of at most {most} bytes, got more: {path}")
        return data
    except OSError as error:
        raise InputError(f"{what}: expected a readable file, got {path}: {error.strerror}") from None


def write_file(path: Path, data: bytes, what: str = "--out") -> None:
    """A new file that its owner alone reads. Raises InputError when it is there or cannot be made."""
    from passerelle.core import durable
    from passerelle.core.errors import InputError

    try:
        new = durable.create(path)
    except OSError as error:
        raise InputError(f"{what}: expected a new file, got {path}: {error.strerror}") from None
    with new as file:
        file.write(data)
        durable.settle(file)
