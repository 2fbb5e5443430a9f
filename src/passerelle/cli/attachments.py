"""Commands on files that messages bear: see how they stand, write one down."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, group, opened
from passerelle.cli.drafts import named
from passerelle.cli.screen import Screen
from passerelle.cli.terms import outcome, term
from passerelle.core.words import _

if TYPE_CHECKING:
    from collections.abc import Collection

    from passerelle.exchange.attachments import Announced
    from passerelle.node import Node
    from passerelle.office.asking import Office
    from passerelle.ports.people import Person
    from passerelle.ports.records import Message
    from passerelle.ports.store import Reading, Writing
    from passerelle.ports.work import Draft

Wanted = Annotated[
    str,
    typer.Argument(
        metavar="N|ADDRESS", help="The file's number in `attachment list`, or its address or the beginning of it."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    attachment = group(app, "attachment", "Files that messages bear.")
    command(
        attachment,
        "list",
        "attachment list /srv/be BE-2026-0017 --as ann",
        'attachment list /srv/be 019ab3 --content --reason "weekly threat review" --as eva',
    )(list_all)
    command(
        attachment,
        "save",
        "attachment save /srv/be 019ab3 1 --out passport.jpg --as ann",
        'attachment save /srv/be 019ab3 5f2c81 --out /mnt/viewer --reason "to compare the prints" --as eva',
    )(save)


# ---- how they stand --------------------------------------------------------------------------------------------------


def state_words(one: dict[str, Any]) -> str:
    """How a file stands, in words."""
    if one["outcome"] and one["state"] == "refused":
        return _("refused: {why}", why=outcome(one["outcome"]))
    if one["state"] == "waiting" and one["here"] < one["size"]:
        return f"{term('waiting')}, {100 * one['here'] // one['size']} %"
    return term(one["state"])


def list_all(
    folder: Folder,
    wanted: Annotated[
        str,
        typer.Argument(
            metavar="DOSSIER|MESSAGE|DRAFT",
            help="Id of a dossier, a message or a draft or its beginning, or a reference of a dossier.",
        ),
    ],
    content: Annotated[
        bool, typer.Option("--content", help="Show their names, too: those are content. It is recorded.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Why you read it: needed when you neither have it nor acted in it.")
    ] = "",
    *,
    as_: As,
) -> Answer:
    """List the files of a dossier, a message or a draft, and how each stands: waiting, complete, refused, erased."""
    from passerelle.cli.reading import amount

    with opened(folder) as node:
        who = acting(node, as_)

        def look(tx: "Reading") -> list[dict[str, Any]]:
            return _listed(tx, node.office, who, *_target(tx, node.office, who, wanted))

        def read(tx: "Writing") -> list[dict[str, Any]]:
            dossier, targets = _target(tx, node.office, who, wanted)
            seen = _consulted(tx, node.office, who, dossier, targets, reason)
            return _listed(tx, node.office, who, dossier, targets, content=seen)

        values = node.store.write("dossier.read", read) if content else node.store.read(look)

    def tell(screen: Screen) -> None:
        heads = (_("message"), _("number"), *((_("name"),) if content else ()), _("type of file"), _("size"))
        rows = [
            (
                one["message"],
                str(one["number"] or ""),
                *((one["name"],) if content else ()),
                one["media"],
                amount(one["size"]) if one["size"] else "",
                state_words(one),
                one["address"][:12],
            )
            for one in values
        ]
        screen.table((*heads, _("state"), _("address")), rows, _("no file"))

    return Answer(values, tell)


def _target(tx: "Reading", office: "Office", who: "Person", wanted: str) -> tuple[str, "list[Message] | list[Draft]"]:
    """What a person means: the id of its dossier and its messages, or a draft."""
    from passerelle.cli.finding import find, find_dossier
    from passerelle.core.errors import NotFoundError
    from passerelle.office import attaching
    from passerelle.office.veil import Veil
    from passerelle.ports.records import MESSAGES

    try:
        row = find_dossier(tx, wanted, Veil(tx, office, who))
        return row.id, attaching.messages_of(tx, row.id)
    except NotFoundError:
        try:
            message = find(tx, MESSAGES, wanted, "a dossier, a message or a draft", Veil(tx, office, who))
        except NotFoundError:
            draft = named(tx, office, who, wanted)
            return draft.dossier, [draft]
        return message.dossier, [message]


def _listed(
    tx: "Reading",
    office: "Office",
    who: "Person",
    dossier: str,
    targets: "list[Message] | list[Draft]",
    *,
    content: "Collection[str]" = (),
) -> list[dict[str, Any]]:
    """`content`: the messages and drafts of which the names are shown, too."""
    from passerelle.cli.reading import file_value
    from passerelle.office import attaching, facts
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action
    from passerelle.ports.work import Draft

    values: list[dict[str, Any]] = []
    asked = False
    for one in targets:
        if isinstance(one, Draft):
            ask(tx, office, who, Action.DRAFT_LOOK, facts.of_draft(tx, office.ctx, one))
            found = attaching.of_draft(tx, one)
        else:
            if not asked:
                on = facts.of_any(tx, office.ctx, dossier or one.id)
                ask(tx, office, who, Action.DOSSIER_LOOK, on)
                asked = True
            found = attaching.of_message(tx, one)
            if not found and attaching.is_erased(tx, one.id):
                values.append({"message": one.id, **_ERASED} | ({"name": ""} if content else {}))
        names = attaching.named(tx, one) if one.id in content else []
        for standing in found:
            value = {"message": one.id, **file_value(standing)}
            if content:
                value["name"] = names[standing.number - 1] if standing.number <= len(names) else ""
            values.append(value)
    return values


_ERASED = {
    "number": 0,
    "address": "",
    "media": "",
    "size": 0,
    "here": 0,
    "state": "erased",
    "outcome": "",
    "answer": "",
}


def _consulted(
    tx: "Writing",
    office: "Office",
    who: "Person",
    dossier: str,
    targets: "list[Message] | list[Draft]",
    reason: str,
) -> set[str]:
    """The messages and drafts of which somebody may read the content."""
    from passerelle.core.errors import NotFoundError
    from passerelle.office import consulting
    from passerelle.ports.records import DOSSIERS
    from passerelle.ports.work import Draft

    messages = []
    seen = set()
    for one in targets:
        if isinstance(one, Draft):
            consulting.draft(tx, office, who, one, reason, what="attachment")
            seen.add(one.id)
        else:
            messages.append(one)
    if messages:
        row = tx.get(DOSSIERS, dossier)
        if row is None:
            raise NotFoundError(f"expected a message of a dossier, got {messages[0].id}")
        seen |= consulting.dossier(tx, office, who, row, messages, reason, what="attachment").messages
    return seen


# ---- writing one down ------------------------------------------------------------------------------------------------


def save(
    folder: Folder,
    message: Annotated[
        str, typer.Argument(metavar="MESSAGE|DRAFT", help="Id of the message or the draft, or its beginning.")
    ],
    wanted: Wanted,
    out: Annotated[
        Path, typer.Option("--out", help="The new file, or a folder for it under its own name.", show_default=False)
    ],
    reason: Annotated[
        str, typer.Option("--reason", help="Why you read it: needed when you neither have it nor acted in it.")
    ] = "",
    *,
    as_: As,
) -> Answer:
    """Write a file that a message bears into a new file that you alone can read. The reading is recorded first.

    It is never opened here, and nothing has looked into it: have it scanned before somebody does.
    """
    from passerelle.cli.reading import amount
    from passerelle.exchange import filenames
    from passerelle.office import attaching

    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Writing") -> "Announced":
            target = _one(tx, node.office, who, message)
            return attaching.read(tx, node.office, who, target, wanted, reason)

        one = node.store.write("attachment.read", read)
        name = filenames.safe(one.name, one.media)
        path = out / name if out.is_dir() else out
        _write(path, one, node)
    value = {"file": str(path), "address": one.address, "bytes": one.size, "media": one.media}
    value["warning"] = one.media in filenames.UNTOLD

    def tell(screen: Screen) -> None:
        screen.line(_("{file}: {size}, {media}, as announced", file=path, size=amount(one.size), media=one.media))
        if value["warning"]:
            screen.line(_("A file of this type can hold programs. Nobody has looked: have it scanned, do not run it."))

    return Answer(value, tell)


def _one(tx: "Reading", office: "Office", who: "Person", text: str) -> "Message | Draft":
    """The message or the draft that a person means. Raises NotFoundError, InputError."""
    from passerelle.cli.finding import find
    from passerelle.core.errors import NotFoundError
    from passerelle.office.veil import Veil
    from passerelle.ports.records import MESSAGES

    try:
        return find(tx, MESSAGES, text, "a message or a draft", Veil(tx, office, who))
    except NotFoundError:
        return named(tx, office, who, text)


def _write(path: Path, one: "Announced", node: "Node") -> None:
    """The file, verified while it is written; nothing is left of it when that fails."""
    from passerelle.core import durable
    from passerelle.core.errors import InputError, StateError
    from passerelle.exchange import attachments
    from passerelle.identity.keys import unb64
    from passerelle.ledger.resealing import Resealing

    key = unb64(one.key)
    made = Resealing(key, one.size)

    def parts() -> Iterator[bytes]:
        for part in attachments.open_stream(node.ctx, one.address, key):
            made.add(part)
            yield part

    try:
        new = durable.create(path)
    except OSError as error:
        raise InputError(f"--out: expected a new file, got {path}: {error.strerror}") from None
    try:
        with new as file:
            file.writelines(parts())
            durable.settle(file)
        if not made.is_at(one.address):
            raise StateError(
                f"expected the file of {one.address[:12]}, got other bytes from the store; nothing is kept"
            )
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise
