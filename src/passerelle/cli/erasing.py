"""Commands on erasure: erase what a message says, and the list of what was erased."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, opened, permitted, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.ports.erasures import Erasure
    from passerelle.ports.store import Reading

_MOST = 1000
_SECONDS = 3.0
"""How long it is waited for readers to end."""


Ground = Annotated[
    str,
    typer.Option(
        "--ground",
        metavar="time-limit|unlawful|request|order|originator|other",
        help="On which ground.",
        show_default=False,
    ),
]
Because = Annotated[
    str,
    typer.Option("--reason", help="Why, in words that name no person: they stay in the audit log.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "erase",
        'erase /srv/be 019ab3 --ground request --reason "decision 2026/114 of the authority" --as dana',
    )(erase)
    command(app, "erasures", "erasures /srv/be --as dana", "erasures /srv/be --json --as dana")(erasures)


def erase(
    folder: Folder,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Id of the message, or its beginning.")],
    ground: Ground,
    reason: Because,
    *,
    as_: As,
) -> Answer:
    """Erase what a message says, with its attachments, for good. Its leaf, its receipts and the dossier's state stay.

    A message that is still in line is taken back instead: passerelle message withdraw.
    """
    from passerelle.cli.finding import find
    from passerelle.core.errors import InputError
    from passerelle.exchange import erasing
    from passerelle.office import facts
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action
    from passerelle.office.work import check_line
    from passerelle.ports.erasures import Ground
    from passerelle.ports.records import MESSAGES
    from passerelle.store.base import BaseStore

    if ground not in set(Ground):
        raise InputError(f"--ground: expected one of {', '.join(Ground)}, got {ground[:40]!r}")
    words = check_line(reason, "--reason")
    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: find(tx, MESSAGES, message, "a message"))
        on = node.store.read(lambda tx: facts.of_message(tx, node.ctx, found))
        node.store.read(lambda tx: ask(tx, node.office, who, Action.MESSAGE_ERASE, on))
        made = erasing.erase(node.ctx, node.register, found.id, who.id, words, Ground(ground))
        settled = not isinstance(node.store, BaseStore) or node.store.settle(_SECONDS)
        value = node.store.read(lambda tx: _value(tx, made)) | {"settled": settled}
    words = _("what message {id} said is erased; its leaf and its receipts stay", id=found.id)
    if not settled:
        more = _("somebody is still reading: the bytes leave the store's files when that ends, at most a minute later")
        words = f"{words}\n{more}"
    return said(value, words)


def erasures(folder: Folder, as_: As) -> Answer:
    """List what was erased: which message, when, by whom, on which ground."""
    from passerelle.ports.erasures import ERASURES

    with opened(folder) as node:
        permitted(node, as_, "erasure.look")

        def read(tx: "Reading") -> list[dict[str, Any]]:
            found = tx.scan(ERASURES, "by_time", limit=_MOST, descending=True)
            return [_value(tx, one) for one in found]

        values = node.store.read(read)

    def tell(screen: Screen) -> None:
        heads = (_("time"), _("message"), _("partner"), _("act"), _("ground"), _("person"), _("dossier"))
        keys = ("time", "message", "partner", "act", "ground", "by", "dossier")
        rows = [tuple(term(one[key]) for key in keys) for one in values]
        screen.table(heads, rows, _("nothing was erased"))

    return Answer(values, tell)


def _value(tx: "Reading", one: "Erasure") -> dict[str, Any]:
    from passerelle.core.clock import to_iso
    from passerelle.ports.records import MESSAGES

    message = tx.get(MESSAGES, one.message)
    return {
        "message": one.message,
        "time": to_iso(one.time),
        "by": one.by,
        "ground": one.ground,
        "partner": message.partner if message else "",
        "dossier": message.dossier if message else "",
        "act": message.act if message else "",
        "here": one.here,
    }
