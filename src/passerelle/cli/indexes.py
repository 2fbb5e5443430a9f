"""Commands on an index of the blind search: make it, say who is in it, publish, end. Its holder's side of it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, PartnerName, Reason, acting, command, group, opened, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _, n_

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.search import Epoch
    from passerelle.search.choosing import Chosen, Left

Name = Annotated[str, typer.Argument(metavar="INDEX", help="Name of the index.", show_default=False)]
DossierOption = Annotated[
    str, typer.Option("--dossier", metavar="DOSSIER", help="A dossier: its id, or a reference of it.")
]
PersonOption = Annotated[str, typer.Option("--person", metavar="KEY", help="A person of the dossier: his key there.")]
ListOption = Annotated[str, typer.Option("--list", metavar="LIST", help="A list in clear.")]
EntryOption = Annotated[str, typer.Option("--entry", metavar="ID", help="A person of the list: the id of his entry.")]


def register(app: typer.Typer) -> typer.Typer:
    """Add the commands. Returns their group."""
    made = group(app, "index", "An index for a partner, who asks it without telling about whom.")
    command(
        made,
        "create",
        "index create /srv/ma sought be --channel 3f9a0c12 --list fugitives --category wanted --type wanted-trace "
        "--as carl",
    )(create)
    command(
        made,
        "add",
        'index add /srv/ma sought --list fugitives --entry F-17 --reason "warrant of this morning" --as ann',
        'index add /srv/ma sought --dossier BXL-2026-17 --person p1 --reason "still sought" --as ann',
    )(add)
    command(made, "remove", 'index remove /srv/ma sought --list fugitives --entry F-17 --reason "arrested" --as ann')(
        remove
    )
    command(
        made, "publish", "index publish /srv/ma sought --as carl", "index publish /srv/ma sought --delta --as carl"
    )(publish)
    command(
        made,
        "expire",
        'index expire /srv/ma sought --all --reason "the machine was stolen" --as carl',
        'index expire /srv/ma sought 7c1d20aa --reason "a wrong list" --as carl',
    )(expire)
    command(
        made,
        "withdraw",
        'index withdraw /srv/ma sought 9f27c1d20aa47be3 --reason "the warrant was lifted" --as ann',
        'index withdraw /srv/ma sought --dossier BXL-2026-17 --reason "cancelled" --as ann',
    )(withdraw)
    return made


def create(
    folder: Folder,
    name: Annotated[str, typer.Argument(metavar="INDEX", help="Name of the new index.", show_default=False)],
    partner: PartnerName,
    channel: Annotated[
        str,
        typer.Option("--channel", metavar="DIGEST", help="The channel that lets it be searched.", show_default=False),
    ],
    followed: Annotated[
        list[str] | None, typer.Option("--list", metavar="LIST", help="A list that it follows. May be repeated.")
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(
            "--category",
            metavar="WORD",
            help="Of the persons of the lists: once for all, or once for each list.",
            show_default="listed",
        ),
    ] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="A type whose open dossiers it follows. May be repeated."),
    ] = None,
    base_size: Annotated[
        int, typer.Option("--base-size", metavar="N", min=0, help="Keys of a base.", show_default="as it needs")
    ] = 0,
    delta_size: Annotated[int, typer.Option("--delta-size", metavar="N", min=0, help="Keys of a delta.")] = 4096,
    delta_every: Annotated[
        str, typer.Option("--delta-every", metavar="DURATION", help="How often a delta is published.")
    ] = "PT2H",
    burst: Annotated[
        int,
        typer.Option("--burst", metavar="N", min=0, help="Elements asked at once.", show_default="that of the channel"),
    ] = 0,
    day: Annotated[
        int,
        typer.Option("--day", metavar="N", min=0, help="Elements asked in a day.", show_default="that of the channel"),
    ] = 0,
    *,
    as_: As,
) -> Answer:
    """Make an index for a partner, under a channel that lets persons be searched. Its first tables follow at once."""
    from passerelle.cli.finding import find
    from passerelle.core.errors import InputError
    from passerelle.ports.records import INSTRUMENTS
    from passerelle.search import indexes

    lists, words = followed or [], category or []
    if len(words) > 1 and len(words) != len(lists):
        raise InputError(f"--category: expected one for all lists or one for each of {len(lists)}, got {len(words)}")
    words = words * len(lists) if len(words) == 1 else words or [""] * len(lists)
    with opened(folder) as node:
        who = acting(node, as_)
        digest = node.store.read(lambda tx: find(tx, INSTRUMENTS, channel, "a channel")).digest
        wanted = indexes.Wanted(
            name=name,
            partner=partner,
            channel=digest,
            lists=tuple(zip(lists, words, strict=True)),
            types=tuple(types or ()),
            base_size=base_size,
            delta_size=delta_size,
            delta_every=delta_every,
            burst=burst,
            day=day,
        )
        row = indexes.create(node.office, who, wanted)
        node.wake()
    value = {"index": row.name, "partner": row.partner, "channel": row.channel, "burst": row.burst, "day": row.day}
    words_ = _(
        "index {name} for {partner} is made; the service publishes it, or: {command}",
        name=row.name,
        partner=row.partner,
        command=f"passerelle index publish {folder} {row.name}",
    )
    return said(value, words_)


def _chosen(node: "Node", list_: str, entry: str, dossier: str, person: str, *, everybody: bool = False) -> "Chosen":
    """Whom the options name. Raises InputError, NotFoundError."""
    from passerelle.cli.finding import find_dossier
    from passerelle.core.errors import InputError
    from passerelle.search.choosing import DOSSIER, LIST, Chosen

    if list_ and entry and not (dossier or person):
        return Chosen(LIST + list_, entry)
    if dossier and (person or everybody) and not (list_ or entry):
        there = node.store.read(lambda tx: find_dossier(tx, dossier))
        return Chosen(DOSSIER + there.id, person)
    raise InputError("expected --list and --entry, or --dossier and --person, got others of them")


def add(
    folder: Folder,
    name: Name,
    reason: Reason,
    list_: ListOption = "",
    entry: EntryOption = "",
    dossier: DossierOption = "",
    person: PersonOption = "",
    category: Annotated[
        str,
        typer.Option(
            "--category", metavar="WORD", help="Of a person of a list.", show_default="that of the list, or listed"
        ),
    ] = "",
    *,
    as_: As,
) -> Answer:
    """Put a person into an index, beside those whom it follows. He is searchable from the next table on."""
    from passerelle.search import choosing

    with opened(folder) as node:
        who = acting(node, as_)
        chosen = _chosen(node, list_, entry, dossier, person)
        row = choosing.add(node.office, node.register, who, name, chosen, category, reason)
        node.wake()
    value = {"index": row.name, "source": chosen.source, "entry": chosen.entry}
    return said(
        value, _("{person} is in index {name}: searchable from the next table on", person=chosen.entry, name=name)
    )


def remove(
    folder: Folder,
    name: Name,
    reason: Reason,
    list_: ListOption = "",
    entry: EntryOption = "",
    dossier: DossierOption = "",
    person: PersonOption = "",
    *,
    as_: As,
) -> Answer:
    """Take a person out of an index and keep him out, whatever it follows. His references are withdrawn at once."""
    from passerelle.search import choosing

    with opened(folder) as node:
        who = acting(node, as_)
        chosen = _chosen(node, list_, entry, dossier, person)
        left = choosing.remove(node.office, node.register, who, name, [chosen], reason)
    value = {"index": name, "source": chosen.source, "entry": chosen.entry}
    return _left(value, name, left)


def _left(value: dict[str, Any], name: str, left: "Left") -> Answer:
    value |= {"persons": left.persons, "references": left.references}
    words = n_(
        "{count} entry left index {name} and stays out; references withdrawn: {references}",
        "{count} entries left index {name} and stay out; references withdrawn: {references}",
        left.persons,
        name=name,
        references=left.references,
    )
    return said(value, words)


def withdraw(
    folder: Folder,
    name: Name,
    reason: Reason,
    references: Annotated[
        list[str] | None, typer.Argument(metavar="[REFERENCE]...", help="References: 16 hex digits each.")
    ] = None,
    dossier: DossierOption = "",
    *,
    as_: As,
) -> Answer:
    """Withdraw references by hand, or all of a dossier. Who stands behind them leaves the index and stays out."""
    from passerelle.core.errors import InputError, StateError
    from passerelle.search import choosing, indexes

    if bool(references) == bool(dossier):
        raise InputError("expected REFERENCE..., or --dossier, got both or neither")
    with opened(folder) as node:
        who = acting(node, as_)
        if references:
            left = choosing.withdraw(node.office, node.register, who, name, references, reason)
        else:
            there = _chosen(node, "", "", dossier, "", everybody=True).dossier
            those = node.store.read(lambda tx: choosing.of_dossier(tx, indexes.find(tx, name), there))
            if not those:
                raise StateError(f"expected a dossier with persons in index {name}, got {dossier[:60]}")
            left = choosing.remove(node.office, node.register, who, name, those, reason)
    return _left({"index": name}, name, left)


def publish(
    folder: Folder,
    name: Name,
    delta: Annotated[bool, typer.Option("--delta", help="What came since the base, instead of a base.")] = False,
    *,
    as_: As,
) -> Answer:
    """Publish a table now: a base, or a delta. What lists and dossiers say by now is followed first."""
    from passerelle.cli.progress import progress
    from passerelle.ports.search import BASE, DELTA
    from passerelle.search import ending, following, publishing

    with opened(folder) as node:
        who = acting(node, as_)
        node.store.read(lambda tx: publishing.may(tx, node.office, who, name))
        ending.look(node.ctx)
        with progress(_("following lists and dossiers")):
            following.follow(node.office, name)
        with progress(_("publishing")) as advance:
            epoch = publishing.publish(node.office, name, DELTA if delta else BASE, who, advance)
        made = [epoch]
        if node.store.read(lambda tx: publishing.current(tx, name, DELTA)) is None:
            made.append(publishing.publish(node.office, name, DELTA, who))
        settle(node)
        node.wake()
    values = [_published(one) for one in made]

    def tell(screen: Screen) -> None:
        rows = [[term(one["kind"]), one["epoch"][:12], one["count"], one["bytes"], one["expires"]] for one in values]
        screen.table((_("table"), _("epoch"), _("keys, padded"), _("bytes"), _("asked until")), rows, "")

    return Answer({"index": name, "tables": values}, tell)


def _published(epoch: "Epoch") -> dict[str, Any]:
    from passerelle.core.clock import to_iso
    from passerelle.search import table

    return {
        "epoch": epoch.id,
        "kind": epoch.kind,
        "number": epoch.number,
        "count": epoch.count,
        "shards": epoch.shards,
        "bytes": epoch.shards * table.shard_size(epoch.count),
        "published": to_iso(epoch.published),
        "expires": to_iso(epoch.expires),
    }


def settle(node: "Node") -> None:
    """What was deleted is gone from the store's files, too."""
    from passerelle.store.base import BaseStore

    if isinstance(node.store, BaseStore):
        node.store.settle(1.0)


def expire(
    folder: Folder,
    name: Name,
    reason: Reason,
    epochs: Annotated[list[str] | None, typer.Argument(metavar="[EPOCH]...", help="Tables, by their epochs.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All tables of the index that are asked.")] = False,
    *,
    as_: As,
) -> Answer:
    """End tables before their time: their keys are destroyed, and the partner is told. New ones are due at once."""
    from passerelle.cli.finding import find
    from passerelle.core.errors import InputError
    from passerelle.ports.search import EPOCHS
    from passerelle.search import ending

    if bool(epochs) == every:
        raise InputError("expected EPOCH..., or --all, got both or neither")
    with opened(folder) as node:
        who = acting(node, as_)
        ids = [node.store.read(lambda tx, one=one: find(tx, EPOCHS, one, "a table")).id for one in epochs or ()]  # type: ignore[misc]
        ended = ending.expire(node.office, who, name, ids, reason)
        settle(node)
        node.wake()
    value = {"index": name, "epochs": [one.id for one in ended]}
    words = n_(
        "{count} table of index {name} ended, its key is destroyed",
        "{count} tables of index {name} ended, their keys are destroyed",
        len(ended),
        name=name,
    )
    return said(value, words)
