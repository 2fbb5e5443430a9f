"""Commands on lists in clear: import, look, read an entry, remove. A list never leaves this node."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, Reason, acting, command, group, opened, permitted, said
from passerelle.cli.screen import Screen
from passerelle.core.words import N_, _, n_

if TYPE_CHECKING:
    from passerelle.ports.lists import Edition, List
    from passerelle.ports.store import Reading, Writing

Name = Annotated[str, typer.Argument(metavar="LIST", help="Name of the list.", show_default=False)]
MappingFile = Annotated[
    Path | None, typer.Option("--mapping", metavar="FILE", help="Which column of a CSV file holds what: TOML or JSON.")
]
Encoding = Annotated[str, typer.Option("--encoding", metavar="NAME", help="Of the file.", show_default="found out")]
_MOST = 1000
DID = {"added": N_("entry added"), "changed": N_("entry changed"), "removed": N_("entry removed")}
"""What an import did to an entry, as it is shown."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    made = group(app, "list", "Lists in clear: this node's own lists of persons, which never leave it.")
    command(
        made,
        "import",
        "list import /srv/be un-sanctions consolidated.xml --domain wanted-persons --purpose tracing-wanted-persons "
        '--basis "Security Council resolution 1267 (1999)" --retention P90D --as carl',
        "list import /srv/be un-sanctions consolidated.xml --as carl",
        "list import /srv/be lost sdn.csv alt.csv add.csv --form ofac --whole --as carl",
    )(import_)
    command(made, "list", "list list /srv/be --as ann")(list_all)
    command(made, "show", "list show /srv/be un-sanctions --as ann")(show)
    command(
        made,
        "changes",
        "list changes /srv/be un-sanctions --as ann",
        "list changes /srv/be un-sanctions --what removed --as ann",
    )(changes)
    command(made, "entry", 'list entry /srv/be un-sanctions QDi.999 --reason "passport at the counter" --as ann')(entry)
    command(made, "remove", 'list remove /srv/be un-sanctions --reason "the resolution ended" --as carl')(remove)


def import_(
    folder: Folder,
    name: Annotated[str, typer.Argument(metavar="LIST", help="Name of the list, new or known.", show_default=False)],
    paths: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The file, or the files.", show_default=False)],
    form: Annotated[
        str, typer.Option("--form", metavar="un|ofac|csv|jsonl", help="Form of the file.", show_default="found out")
    ] = "",
    domain: Annotated[
        str, typer.Option("--domain", metavar="DOMAIN", help="Whose work it is for. Of a new list.")
    ] = "",
    purpose: Annotated[
        str, typer.Option("--purpose", metavar="WORD", help="A purpose that channels know. Of a new list.")
    ] = "",
    basis: Annotated[str, typer.Option("--basis", help="The law that allows it, in words. Of a new list.")] = "",
    retention: Annotated[
        str,
        typer.Option(
            "--retention",
            metavar="DURATION",
            help="How long entries stay unless an import confirms them, like P90D.",
            show_default="that of the list, or of the settings",
        ),
    ] = "",
    mapping: MappingFile = None,
    encoding: Encoding = "",
    whole: Annotated[
        bool, typer.Option("--whole/--partial", help="One fault refuses the whole file, or keeps the rest of it.")
    ] = False,
    fewer: Annotated[
        bool, typer.Option("--fewer", help="It is right that half of the entries, or more, are in it no longer.")
    ] = False,
    *,
    as_: As,
) -> Answer:
    """Import a list, or a newer version of one. All of it counts at once, or nothing; what changed is said."""
    from passerelle.cli.progress import progress
    from passerelle.cli.sources import LISTS, fault_values, files
    from passerelle.screening import importing
    from passerelle.screening.importing import FaultsError, Wanted

    with opened(folder) as node, files(paths, form, LISTS, node.office.today(), mapping, encoding, "FILE") as source:
        who = acting(node, as_)
        there = node.store.read(lambda tx: _there(tx, name))
        keeps = retention or ("" if there else node.settings.screening.retention)
        digest, reading = source.digest(), source.read()
        wanted = Wanted(
            name=name,
            form=reading.form,
            domain=domain,
            purpose=purpose,
            basis=basis,
            retention=keeps,
            whole=whole,
            fewer=fewer,
        )
        try:
            with progress(_("importing")) as advance:
                made = importing.run(
                    node.office,
                    node.register,
                    who,
                    wanted,
                    digest,
                    reading,
                    lambda done: advance(source.done(), source.size),
                    lambda: reading.whole,
                )
        except FaultsError as error:
            return _refused(error)
        with progress(_("bringing the index up to date")) as advance:
            node.indexes.open(made.row, advance)
        node.indexes.forget()
    value = _value(made.row) | {
        "import": _edition(made.edition),
        "same": made.same,
        "form_guessed": reading.guessed,
        "skipped": reading.skipped,
        "left_out": list(reading.left_out),
        "faults": fault_values(made.faults),
    }
    return Answer(value, lambda screen: _tell_import(screen, value))


def _there(tx: "Reading", name: str) -> "List | None":
    from passerelle.ports.lists import LISTS

    return tx.get(LISTS, name)


def _refused(error: Any) -> Answer:
    """Every fault of a file of which all was wanted."""
    from passerelle.cli import exits
    from passerelle.cli.sources import fault_values, tell_faults

    value = {"refused": True, "count": error.count, "faults": fault_values(error.faults)}

    def tell(screen: Screen) -> None:
        tell_faults(screen, value["faults"], value["count"])
        words = n_("{count} fault: nothing was imported", "{count} faults: nothing was imported", value["count"])
        screen.line(words)

    return Answer(value, tell, exits.USAGE)


def _tell_import(screen: Screen, value: dict[str, Any]) -> None:
    from passerelle.cli.sources import tell_faults

    made = value["import"]
    if value["same"]:
        screen.line(_("list {name}: these files were imported before, nothing changed", name=value["list"]))
    else:
        screen.line(
            _(
                "list {name}, version {number}: {entries} entries; added {added}, changed {changed}, removed {removed}",
                name=value["list"],
                **{key: made[key] for key in ("number", "entries", "added", "changed", "removed")},
            )
        )
    if value["skipped"]:
        screen.line(n_("{count} entry is no person", "{count} entries are no persons", value["skipped"]))
    if value["left_out"]:
        screen.line(_("columns that nothing was taken from: {columns}", columns=_(", ").join(value["left_out"])))
    if (count := made["faults"]) and not value["same"]:
        screen.line(n_("{count} fault in the file:", "{count} faults in the file:", count))
        tell_faults(screen, value["faults"], count)
    screen.line(_("entries stay until {day}, unless an import confirms them", day=value["expires"][:10]))


def list_all(folder: Folder, *, as_: As) -> Answer:
    """List the lists: their purposes, how many entries they have, and until when."""
    from passerelle.screening import keeping, lists

    with opened(folder) as node:
        permitted(node, as_, "list.look")
        keeping.expire_all(node.ctx)
        values = [_value(one) for one in node.store.read(lists.listed)]

    def tell(screen: Screen) -> None:
        keys = ("list", "domain", "purpose", "entries", "expires")
        heads = (_("list"), _("domain"), _("purpose"), _("list entries"), _("until"))
        screen.table(heads, [[one[key] for key in keys] for one in values], _("no list"))

    return Answer(values, tell)


def show(folder: Folder, name: Name, *, as_: As) -> Answer:
    """Show what a list is for, and what each import changed in it."""
    from passerelle.screening import keeping, lists

    with opened(folder) as node:
        permitted(node, as_, "list.look")
        keeping.expire_all(node.ctx)

        def read(tx: "Reading") -> dict[str, Any]:
            row = lists.find(tx, name)
            made = {"imports": [_edition(one) for one in lists.editions(tx, row)], "behind": lists.is_behind(tx, row)}
            return _value(row) | made

        value = node.store.read(read)

    def tell(screen: Screen) -> None:
        keys = ("list", "domain", "purpose", "basis", "form", "retention", "entries", "expires")
        heads = ("list", "domain", "purpose", "legal basis", "form", "retention", "list entries", "until")
        screen.fields([(_(head), value[key]) for head, key in zip(heads, keys, strict=True)])
        if value["behind"]:
            screen.line(_("it was put back to before an import that took entries out: import it again"))
        screen.title(_("imports"))
        wanted = ("number", "time", "by", "entries", "added", "changed", "removed", "faults")
        heads_ = (
            *("version", "time", "person", "list entries"),
            *("entries added", "entries changed", "entries removed", "faults"),
        )
        screen.table(heads_, [[one[key] for key in wanted] for one in value["imports"]], _("nothing was imported"))

    return Answer(value, tell)


def changes(
    folder: Folder,
    name: Name,
    version: Annotated[
        int, typer.Option("--version", metavar="N", min=0, help="Which import.", show_default="the latest")
    ] = 0,
    what: Annotated[
        str, typer.Option("--what", metavar="added|changed|removed", help="Only these.", show_default="all")
    ] = "",
    most: Annotated[int, typer.Option("--most", min=1, max=100_000, help="How many at most.")] = _MOST,
    *,
    as_: As,
) -> Answer:
    """Show which entries an import added, changed and removed, by their ids. They are kept for the latest import."""
    from passerelle.core.errors import InputError, StateError
    from passerelle.office.asking import ask, may
    from passerelle.office.policy import Action
    from passerelle.screening import lists

    if what and what not in lists.WHATS:
        raise InputError(f"--what: expected one of {', '.join(lists.WHATS)}, got {what[:20]!r}")
    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Reading") -> dict[str, Any]:
            row = lists.find(tx, name)
            if not may(tx, node.office, who, Action.LIST_IMPORT, lists.on(row)):
                ask(tx, node.office, who, Action.LIST_READ, lists.on(row))
            edition = lists.edition_of(tx, row, version)
            if edition.id != row.edition:
                raise StateError(
                    f"expected the latest import, got number {edition.number}, of which only counts are kept: "
                    f"added {edition.added}, changed {edition.changed}, removed {edition.removed}"
                )
            found = lists.changes(tx, edition, what, limit=most + 1)
            rows = [{"entry": one.entry, "what": one.what} for one in found[:most]]
            return _edition(edition) | {"list": name, "changes": rows, "cut": len(found) > most}

        value = node.store.read(read)

    def tell(screen: Screen) -> None:
        if value["number"] == 1:
            screen.line(_("the first import: every entry is new"))
            return
        rows = [(one["entry"], _(DID[one["what"]])) for one in value["changes"]]
        screen.table((_("entry"), _("change")), rows, _("nothing changed"))
        if value["cut"]:
            screen.line(_("There are more than were looked at."))

    return Answer(value, tell)


def entry(
    folder: Folder,
    name: Name,
    entry_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the entry in its source.", show_default=False)],
    reason: Reason,
    *,
    as_: As,
) -> Answer:
    """Show an entry. The reading is recorded, with its reason."""
    from passerelle.cli.sources import person_fields, person_value
    from passerelle.screening import keeping, lists

    with opened(folder) as node:
        who = acting(node, as_)
        keeping.expire_all(node.ctx)

        def read(tx: "Writing") -> Any:
            return lists.read(tx, node.office, who, lists.find(tx, name), entry_id, reason)

        found = node.store.write("list.entry", read)
    value = {"list": name, "entry": found.id, "person": person_value(found.person), "note": found.note}

    def tell(screen: Screen) -> None:
        screen.fields([(_("entry"), found.id), *person_fields(value["person"]), (_("note"), found.note)])

    return Answer(value, tell)


def remove(folder: Folder, name: Name, reason: Reason, *, as_: As) -> Answer:
    """Remove a list: its entries and its index are erased. Confirmed hits stay until their own dates."""
    from passerelle.screening import lists
    from passerelle.store.base import BaseStore

    with opened(folder) as node:
        who = acting(node, as_)
        row = lists.remove(node.office, node.register, who, name, reason)
        node.indexes.forget()
        if isinstance(node.store, BaseStore):
            node.store.settle(1.0)
    words = n_(
        "list {name} is removed, {count} entry is erased",
        "list {name} is removed, {count} entries are erased",
        row.entries,
        name=name,
    )
    return said({"list": name, "entries": row.entries}, words)


def _value(row: "List") -> dict[str, Any]:
    from passerelle.core.clock import to_iso
    from passerelle.ports.lists import NEVER

    return {
        "list": row.name,
        "domain": row.domain,
        "purpose": row.purpose,
        "basis": row.basis,
        "form": row.form,
        "retention": row.retention,
        "entries": row.entries,
        "expires": "" if row.expires >= NEVER else to_iso(row.expires),
    }


def _edition(one: "Edition") -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    keys = ("number", "by", "form", "entries", "added", "changed", "removed", "faults")
    return {key: getattr(one, key) for key in keys} | {"time": to_iso(one.moved), "digest": one.source}
