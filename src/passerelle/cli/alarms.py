"""Commands on alarms: what persons must look at."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, command, group, opened, permitted, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.ports.records import Alarm
    from passerelle.ports.store import Writing

_ALL = 10_000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    alarm = group(app, "alarm", "Alarms: what persons must look at.")
    command(alarm, "list", "alarm list /srv/be", "alarm list /srv/be --all")(list_all)
    command(alarm, "seen", "alarm seen /srv/be 019ab3 --as eva")(seen)


def alarm_value(alarm: "Alarm") -> dict[str, Any]:
    """An alarm as it is shown."""
    from passerelle.core.clock import to_iso

    return {
        "alarm": alarm.id,
        "time": to_iso(alarm.time),
        "what": alarm.what,
        "partner": alarm.partner,
        "text": retold(alarm.text),
        "status": alarm.status,
    }


def list_all(
    folder: Folder, every: Annotated[bool, typer.Option("--all", help="Those that were seen, too.")] = False, *, as_: As
) -> Answer:
    """List the alarms that nobody has seen yet."""
    from passerelle.ports.records import ALARMS

    with opened(folder) as node:
        permitted(node, as_, "alarm.look")
        found = node.store.read(lambda tx: tx.scan(ALARMS, "by_status", ("open",), limit=_ALL))
        if every:
            found += node.store.read(lambda tx: tx.scan(ALARMS, "by_status", ("seen",), limit=_ALL))
    values = [alarm_value(one) for one in found]

    def tell(screen: Screen) -> None:
        keys = ("alarm", "time", "status", "what", "partner", "text")
        screen.table(keys, [[term(one[key]) for key in keys] for one in values], "no alarm")

    return Answer(values, tell)


def seen(
    folder: Folder,
    alarm: Annotated[str, typer.Argument(metavar="ALARM", help="Id of the alarm, or its beginning.")],
    as_: As,
) -> Answer:
    """Note that a person has looked at an alarm."""
    import msgspec

    from passerelle.cli.finding import find
    from passerelle.core.audit import What
    from passerelle.core.errors import StateError
    from passerelle.exchange import notes
    from passerelle.ports.records import ALARMS

    with opened(folder) as node:
        who = permitted(node, as_, "alarm.seen")

        def work(tx: "Writing") -> "Alarm":
            found = find(tx, ALARMS, alarm, "an alarm")
            if found.status != "open":
                raise StateError(f"expected an open alarm, got one that is {found.status}")
            changed = msgspec.structs.replace(found, status="seen")
            tx.put(ALARMS, [changed])
            notes.record(tx, node.ctx, What.ALARM_SEEN, who.id, found.id, {"alarm": found.what})
            return changed

        changed = node.store.write("alarm.seen", work)
    return said(alarm_value(changed), _("alarm {id} was seen by {by}", id=changed.id, by=who.id))
