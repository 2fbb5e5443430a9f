"""Commands on people: who is who on this node, who holds which role where and when."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, Reason, acting, command, group, opened, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core import words
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.ports.people import Grant, Person
    from passerelle.ports.store import Reading

PersonId = Annotated[str, typer.Argument(metavar="PERSON", help="Id of the person.", show_default=False)]
RoleName = Annotated[
    str,
    typer.Argument(
        metavar="ROLE",
        help="The role: officer, approver, magistrate, dispatcher, analyst, coordinator, liaison, duty, dpo, auditor, "
        "security or operator.",
        show_default=False,
    ),
]
Domain = Annotated[
    str, typer.Option("--domain", help="A channel's domain, or * for all of them.", show_default="all of them")
]
Name = Annotated[str, typer.Option("--name", help="The name, as it is shown.", show_default=False)]
Language = Annotated[
    str, typer.Option("--speaks", metavar="en|fr|nl|ar", help="The language he reads.", show_default="that in use")
]
Users = Annotated[
    list[str] | None,
    typer.Option("--user", metavar="USER", help="Operating-system user who may act as him. May be repeated."),
]
Service = Annotated[
    str | None,
    typer.Option(
        "--service", metavar="SERVICE", help="The service that he is of, as channels name it.", show_default=False
    ),
]
From = Annotated[str, typer.Option("--from", metavar="DAY", help="First day, like 2026-11-21.", show_default="today")]
Until = Annotated[str, typer.Option("--until", metavar="DAY", help="Last day.", show_default="no end")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    person = group(app, "person", "People: who they are, and which roles they hold.")
    command(
        person,
        "add",
        'person add /srv/be ann --name "Ann Peeters" --speaks nl --service police --user apeeters --as eva',
    )(add)
    command(person, "list", "person list /srv/be")(list_all)
    command(person, "show", "person show /srv/be ann")(show)
    command(
        person,
        "change",
        "person change /srv/be ann --speaks fr",
        "person change /srv/be ann --user apeeters --user apeeters2 --as eva",
        "person change /srv/be ann --service justice --as eva",
    )(change)
    command(
        person,
        "grant",
        "person grant /srv/be ann officer --domain wanted-persons --as eva",
        "person grant /srv/be lise liaison --domain wanted-persons --from 2026-12-01 --until 2028-11-30 --as eva",
    )(grant)
    command(person, "revoke", 'person revoke /srv/be ann officer --reason "moved to another service" --as eva')(revoke)
    command(person, "remove", 'person remove /srv/be ann --reason "left the service" --as eva')(remove)


def _grant_value(grant: "Grant", day: str) -> dict[str, Any]:
    from passerelle.core.clock import to_iso
    from passerelle.office import people

    state = "in force" if people.in_force(grant, day) else "to come" if people.to_come(grant, day) else "ended"
    return {
        "grant": grant.id,
        "role": grant.role,
        "domain": grant.domain,
        "from": grant.begin,
        "until": grant.until,
        "state": "revoked" if grant.revoked else state,
        "given": to_iso(grant.given),
        "given_by": grant.given_by,
        "reason": grant.reason,
        "revoked": to_iso(grant.revoked) if grant.revoked else "",
        "revoked_by": grant.revoked_by,
    }


def _value(tx: "Reading", person: "Person", day: str) -> dict[str, Any]:
    from passerelle.core.clock import to_iso
    from passerelle.office import people

    return {
        "person": person.id,
        "name": person.name,
        "language": person.language,
        "service": person.service,
        "users": people.users_of(tx, person.id),
        "added": to_iso(person.added),
        "added_by": person.added_by,
        "removed": to_iso(person.removed) if person.removed else "",
        "grants": [_grant_value(one, day) for one in people.grants_of(tx, person.id)],
    }


def _held(value: dict[str, Any]) -> str:
    now = [one for one in value["grants"] if one["state"] in ("in force", "to come")]
    return ", ".join(f"{one['role']}/{one['domain']}" + (f" → {one['until']}" if one["until"] else "") for one in now)


def add(
    folder: Folder,
    person: PersonId,
    name: Name = "",
    speaks: Language = "",
    service: Service = None,
    users: Users = None,
    *,
    as_: As,
) -> Answer:
    """Write down a person. He can do nothing until he is given a role."""
    from passerelle.office import staff
    from passerelle.office.people import NewPerson

    with opened(folder) as node:
        who = acting(node, as_)
        language = speaks or words.language()
        new = NewPerson(id=person, name=name, language=language, users=tuple(users or ()), service=service or "")
        made = staff.add(node.office, who, new)
        value = node.store.read(lambda tx: _value(tx, made, node.office.today()))
    return said(
        value,
        _(
            "{id} ({name}) is written down; give a role: {command}",
            id=made.id,
            name=made.name,
            command=f"passerelle person grant {folder} {made.id} …",
        ),
    )


def list_all(
    folder: Folder,
    every: Annotated[bool, typer.Option("--all", help="Those who were removed, too.")] = False,
    *,
    as_: As,
) -> Answer:
    """List the people and what they hold."""
    from passerelle.office import people
    from passerelle.office.asking import On, Sight
    from passerelle.office.policy import Action

    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Reading") -> list[dict[str, Any]]:
            sight = Sight(tx, node.office, who, Action.PERSON_LOOK)
            shown = [one for one in people.everybody(tx) if every or not one.removed]
            seen = [one for one in shown if sight.sees(On(kind="person", person=one.id))]
            sight.check(seen)
            return [_value(tx, one, node.office.today()) for one in seen]

        values = node.store.read(read)

    def tell(screen: Screen) -> None:
        keys = ("person", "name", "language", "service")
        rows = [(*(one[key] for key in keys), ", ".join(one["users"]), _held(one)) for one in values]
        screen.table((*keys, "users", "roles"), rows, _("nobody"))

    return Answer(values, tell)


def show(folder: Folder, person: PersonId, *, as_: As) -> Answer:
    """Show a person and everything that he was ever given."""
    from passerelle.office import people
    from passerelle.office.asking import On, ask
    from passerelle.office.policy import Action

    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Reading") -> dict[str, Any]:
            ask(tx, node.office, who, Action.PERSON_LOOK, On(kind="person", id=person, person=person))
            return _value(tx, people.find(tx, person, removed=True), node.office.today())

        value = node.store.read(read)

    def tell(screen: Screen) -> None:
        keys = ("person", "name", "language", "service", "added", "added_by", "removed")
        fields = [(key.replace("_", " "), value[key]) for key in keys if value[key]]
        screen.fields([*fields, ("users", ", ".join(value["users"]))])
        screen.line()
        columns = ("role", "domain", "from", "until", "state", "given_by", "reason")
        rows = [[term(one[key]) if key == "state" else one[key] for key in columns] for one in value["grants"]]
        screen.table(columns, rows, _("holds nothing"))

    return Answer(value, tell)


def change(
    folder: Folder,
    person: PersonId,
    name: Name = "",
    speaks: Annotated[
        str, typer.Option("--speaks", metavar="en|fr|nl|ar", help="The language he reads.", show_default=False)
    ] = "",
    service: Service = None,
    no_service: Annotated[bool, typer.Option("--no-service", help="From now on he is of no service.")] = False,
    users: Users = None,
    no_users: Annotated[bool, typer.Option("--no-user", help="From now on nobody acts as him here.")] = False,
    *,
    as_: As,
) -> Answer:
    """Change a person's name, language, service, or who may act as him. Everybody may change his own language."""
    from passerelle.core.errors import InputError
    from passerelle.office import staff

    if users and no_users:
        raise InputError("--user, --no-user: expected one of both, got both")
    if service is not None and no_service:
        raise InputError("--service, --no-service: expected one of both, got both")
    with opened(folder) as node:
        who = acting(node, as_)
        seats = tuple(users) if users else () if no_users else None
        of = "" if no_service else service
        made = staff.change(node.office, who, person, name=name, language=speaks, users=seats, service=of)
        value = node.store.read(lambda tx: _value(tx, made, node.office.today()))
    return said(value, _("{id} is changed", id=made.id))


def grant(
    folder: Folder,
    person: PersonId,
    role: RoleName,
    domain: Domain = "*",
    begin: From = "",
    until: Until = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, in words.")] = "",
    *,
    as_: As,
) -> Answer:
    """Give a person a role, in one domain or in all, for some days or for good."""
    from passerelle.office import staff

    with opened(folder) as node:
        who = acting(node, as_)
        made = staff.grant(node.office, who, person, role, domain=domain, begin=begin, until=until, reason=reason)
        value = {"person": made.person} | _grant_value(made, node.office.today())
    facts = {"person": person, "role": made.role, "domain": made.domain, "begin": made.begin, "until": made.until}
    if made.until:
        return said(value, _("{person} is {role} in {domain} from {begin} until {until}", **facts))
    return said(value, _("{person} is {role} in {domain} from {begin} on", **facts))


def revoke(
    folder: Folder,
    person: PersonId,
    role: RoleName,
    reason: Reason,
    domain: Annotated[str, typer.Option("--domain", help="Only in this domain.", show_default="wherever")] = "",
    *,
    as_: As,
) -> Answer:
    """Take a role back, at once. What was done under it stays done."""
    from passerelle.office import staff

    with opened(folder) as node:
        who = acting(node, as_)
        gone = staff.revoke(node.office, who, person, role, domain=domain, reason=reason)
        values = [{"person": one.person} | _grant_value(one, node.office.today()) for one in gone]
    where = ", ".join(sorted({one.domain for one in gone}))
    return said(values, _("{person} is no more {role} in {where}", person=person, role=role, where=where))


def remove(folder: Folder, person: PersonId, reason: Reason, *, as_: As) -> Answer:
    """Remove a person: no more role, nobody acts as him. What he did keeps his id, which is never given again."""
    from passerelle.office import staff

    with opened(folder) as node:
        who = acting(node, as_)
        gone = staff.remove(node.office, who, person, reason)
        value = node.store.read(lambda tx: _value(tx, gone, node.office.today()))
    return said(value, _("{id} is removed", id=gone.id))
