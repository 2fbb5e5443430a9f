"""Commands on who is on call for urgent alerts."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, group, opened, permitted, said
from passerelle.cli.screen import Screen
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.ports.timers import OnCall

Domain = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="A channel's domain, or * for all of them.", show_default=False)
]
Place = Annotated[
    int, typer.Argument(metavar="PLACE", help="Place in the order: 1 is called first.", show_default=False)
]
PersonId = Annotated[str, typer.Argument(metavar="PERSON", help="Id of the person.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    made = group(app, "oncall", "On call: who is told at once of an urgent alert, and who next.")
    command(
        made,
        "set",
        "oncall set /srv/ma '*' 1 rachid --as driss",
        "oncall set /srv/ma counter-terrorism 2 salma --from 2026-11-23 --until 2026-11-30 --as driss",
    )(put)
    command(made, "end", "oncall end /srv/ma '*' 1 --as driss")(end)
    command(made, "list", "oncall list /srv/ma", "oncall list /srv/ma --all")(list_all)
    command(
        made,
        "who",
        "oncall who /srv/ma counter-terrorism",
        "oncall who /srv/ma counter-terrorism --at 2026-12-25T03:00",
    )(who)


def moment_there(text: str, zone: str, what: str) -> int:
    """The moment of `2026-11-21` (its beginning), `2026-11-21T18:00` in a zone, or one with a zone of its own.

    Raises InputError.
    """
    from datetime import datetime

    from passerelle.core.clock import from_iso
    from passerelle.core.errors import InputError
    from passerelle.dossiers.timing import first_of, zone_of

    try:
        if len(text) == 10:
            return first_of(text, zone)
        moment = datetime.fromisoformat(text)
        return from_iso((moment if moment.tzinfo else moment.replace(tzinfo=zone_of(zone))).isoformat())
    except (ValueError, InputError):
        raise InputError(f"{what}: expected a day or a moment like 2026-11-21T18:00, got {text[:40]!r}") from None


def _value(one: "OnCall", now: int) -> dict[str, Any]:
    from passerelle.core.clock import to_iso
    from passerelle.ports.timers import NEVER

    return {
        "domain": one.domain,
        "place": one.place,
        "person": one.person,
        "from": to_iso(one.begins),
        "until": "" if one.ends >= NEVER else to_iso(one.ends),
        "state": "to come" if one.begins > now else "over" if one.ends <= now else "on call",
        "set_by": one.set_by,
    }


def put(
    folder: Folder,
    domain: Domain,
    place: Place,
    person: PersonId,
    begins: Annotated[
        str, typer.Option("--from", metavar="MOMENT", help="First moment, like 2026-11-21T18:00.", show_default="now")
    ] = "",
    ends: Annotated[str, typer.Option("--until", metavar="MOMENT", help="Last moment.", show_default="no end")] = "",
    *,
    as_: As,
) -> Answer:
    """Say who is called in this place of the order. The person holds the role duty there.

    A day means its beginning; moments without a zone are those of the node's time zone.
    """
    from passerelle.office import oncall
    from passerelle.office.asking import On, ask
    from passerelle.office.policy import Action
    from passerelle.ports.timers import NEVER

    with opened(folder) as node:
        by = acting(node, as_)
        now = node.ctx.clock.now()
        begin = moment_there(begins, node.ctx.zone, "--from") if begins else now
        until = moment_there(ends, node.ctx.zone, "--until") if ends else NEVER

        def work(tx: Any) -> "OnCall":
            ask(tx, node.office, by, Action.ONCALL_SET, On(kind="oncall", domain=domain, person=person))
            return oncall.put(tx, node.ctx, by.id, domain=domain, place=place, person=person, begins=begin, ends=until)

        made = _value(node.store.write("oncall.set", work), now)
    text = _("{person} is called in place {place} for {domain}", person=person, place=place, domain=domain)
    return said(made, text)


def end(folder: Folder, domain: Domain, place: Place, *, as_: As) -> Answer:
    """End the time of who has a place now, or take back who was to have it next."""
    from passerelle.office import oncall
    from passerelle.office.asking import On, ask
    from passerelle.office.policy import Action

    with opened(folder) as node:
        by = acting(node, as_)

        def work(tx: Any) -> "OnCall":
            ask(tx, node.office, by, Action.ONCALL_SET, On(kind="oncall", domain=domain))
            return oncall.end(tx, node.ctx, by.id, domain=domain, place=place)

        gone = node.store.write("oncall.end", work)
        value = _value(gone, node.ctx.clock.now())
    return said(value, _("{person} is not called any more", person=gone.person))


def list_all(
    folder: Folder,
    every: Annotated[bool, typer.Option("--all", help="Those whose time is over, too.")] = False,
    *,
    as_: As,
) -> Answer:
    """List who is on call now and later, by domain and order."""
    from passerelle.office import oncall

    with opened(folder) as node:
        permitted(node, as_, "oncall.look")
        now = node.ctx.clock.now()
        values = [_value(one, now) for one in node.store.read(lambda tx: oncall.listed(tx, now, over=every))]

    def tell(screen: Screen) -> None:
        keys = ("domain", "place", "person", "from", "until", "state")
        screen.table(keys, [[_(one[key]) if key == "state" else one[key] for key in keys] for one in values], "nobody")

    return Answer(values, tell)


def who(
    folder: Folder,
    domain: Domain,
    at: Annotated[str, typer.Option("--at", metavar="MOMENT", help="When.", show_default="now")] = "",
    *,
    as_: As,
) -> Answer:
    """Say who would be called for a domain, in this order."""
    from passerelle.office.circle import circle_of

    with opened(folder) as node:
        permitted(node, as_, "oncall.look")
        moment = moment_there(at, node.ctx.zone, "--at") if at else node.ctx.clock.now()
        found = node.store.read(lambda tx: circle_of(tx, node.ctx, moment)).roster(domain)
    values = [{"place": place, "person": person} for place, person in enumerate(found, 1)]

    def tell(screen: Screen) -> None:
        rows = [(one["place"], one["person"]) for one in values]
        screen.table(("place", "person"), rows, "nobody is on call: those on duty are told, and it is an alarm")

    return Answer(values, tell)
