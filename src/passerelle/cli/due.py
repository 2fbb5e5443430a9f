"""Commands on time: what is owed by when, and what one was told of it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, acting, command, opened
from passerelle.cli.screen import Screen
from passerelle.core import words
from passerelle.core.words import N_, _, n_

if TYPE_CHECKING:
    from passerelle.exchange.channels import Channels
    from passerelle.node import Node
    from passerelle.office.asking import On
    from passerelle.ports.store import Reading
    from passerelle.ports.timers import Notice, Timer

OWNERS = {"own": N_("here"), "partner": N_("there")}
WHAT = {
    "half": N_("half of the time is over"),
    "nine-tenths": N_("nine tenths of the time are over"),
    "end": N_("the time is over"),
    "escalated": N_("the time is over: decide what happens"),
    "promised": N_("the announced day is over"),
    "call": N_("you are called: acknowledge"),
    "exhausted": N_("nobody else is on call"),
}
DONE = {
    "returned": N_("your draft {message} was sent back"),
    "given": N_("the dossier was given to you"),
    "not-upheld": N_("your release of {message} was not upheld"),
    "hit": N_("your question {message} was answered and has hits"),
}
"""What other people, or the node, did that one is told of."""
LOCAL = {"review": N_("review of a release")}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(
        app,
        "due",
        "due /srv/ma",
        "due /srv/ma --mine --as nadia",
        "due /srv/be --owner partner --within P7D",
    )(due)
    command(app, "notices", "notices /srv/ma --as nadia", "notices /srv/ma --mark-read --as nadia")(notices)


def label_of(node: "Node", kind: str, deadline: str) -> str:
    """What a deadline is called in the language in use."""
    found = node.ctx.catalogue.get(kind)
    if found is not None and deadline in found.deadlines:
        return found.deadlines[deadline].labels.text(words.language())
    return _(LOCAL[deadline]) if deadline in LOCAL else deadline


def _left(milliseconds: int) -> str:
    """A time as a person says it, in its two largest units."""
    minutes = abs(milliseconds) // 60_000
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        said = n_("{count} day", "{count} days", days) + (
            f" {n_('{count} hour', '{count} hours', hours)}" if hours else ""
        )
    elif hours:
        said = n_("{count} hour", "{count} hours", hours) + (
            f" {n_('{count} minute', '{count} minutes', rest)}" if rest else ""
        )
    else:
        said = n_("{count} minute", "{count} minutes", rest)
    return _("overdue by {time}", time=said) if milliseconds < 0 else said


def timer_value(node: "Node", timer: "Timer", reference: str, now: int) -> dict[str, Any]:
    """A deadline as it is shown."""
    from passerelle.core.clock import to_iso

    return {
        "dossier": timer.dossier,
        "reference": reference,
        "partner": timer.partner,
        "type": timer.type,
        "deadline": timer.deadline,
        "label": label_of(node, timer.type, timer.deadline),
        "owner": timer.owner,
        "state": "paused" if timer.paused else "overdue" if now > timer.due else "running",
        "started": to_iso(timer.started),
        "due": "" if timer.paused else to_iso(timer.due),
        "left_ms": timer.due - (timer.paused or now),
        "announced": to_iso(timer.promised) if timer.promised else "",
        "duration": timer.duration,
        "legal": timer.legal,
        "then": _then(node, timer),
        "person": timer.person,
        "message": timer.message,
    }


def _then(node: "Node", timer: "Timer") -> str:
    """The act that is due when the time has run out, or nothing."""
    found = node.ctx.catalogue.get(timer.type)
    return found.deadlines[timer.deadline].then if found and timer.deadline in found.deadlines else ""


def _row_facts(tx: "Reading", node: "Node", timer: "Timer", channels: "Channels") -> "On":
    """The dossier of a timer, with the services that it is for."""
    from passerelle.office import facts
    from passerelle.office.asking import On
    from passerelle.ports.records import DOSSIERS

    row = tx.get(DOSSIERS, timer.dossier)
    if row is None:
        return On(kind="dossier", domain=timer.domain, type=timer.type)
    return facts.of_row(tx, node.ctx, row, channels)


def due(
    folder: Folder,
    owner: Annotated[str, typer.Option("--owner", metavar="own|partner|all", help="Who owes it.")] = "all",
    mine: Annotated[bool, typer.Option("--mine", help="Only what you are told of.")] = False,
    service: Annotated[str, typer.Option("--service", help="Only dossiers given to this service.")] = "",
    within: Annotated[
        str, typer.Option("--within", metavar="DURATION", help="Only what is overdue or ends within it, like P7D.")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", help="How many at most.")] = 100,
    *,
    as_: As,
) -> Answer:
    """Show what is owed and not done, by this node and by its partners: what is overdue first."""
    from passerelle.core.clock import add_duration
    from passerelle.core.errors import InputError
    from passerelle.exchange.channels import Channels
    from passerelle.office import clock, owing
    from passerelle.office.asking import On, Sight
    from passerelle.office.circle import circle_of
    from passerelle.office.owing import Fits
    from passerelle.office.policy import Action
    from passerelle.ports.records import DOSSIERS

    if owner not in (*owing.OWNERS, "all"):
        raise InputError(f"--owner: expected own, partner or all, got {owner[:20]!r}")
    if not 1 <= limit <= 100_000:
        raise InputError(f"--limit: expected 1 to 100000, got {limit}")
    with opened(folder) as node:
        who = acting(node, as_)
        while clock.count(node.ctx):
            pass
        now = node.ctx.clock.now()
        until = add_duration(now, within) if within else None
        owners = owing.OWNERS if owner == "all" else (owner,)

        def work(tx: "Reading") -> tuple[list[dict[str, Any]], bool]:
            sight = Sight(tx, node.office, who, Action.DOSSIER_LOOK)
            fits: list[Fits] = [lambda one: sight.sees(On(kind="dossier", domain=one.domain, type=one.type))]
            if mine:
                fits.append(owing.mine(who.id, circle_of(tx, node.ctx, now)))
            if service:
                fits.append(lambda one: (row := tx.get(DOSSIERS, one.dossier)) is not None and row.service == service)
            channels = Channels(tx, node.ctx)
            fits.append(lambda one: sight.sees(_row_facts(tx, node, one, channels)))
            found, more = owing.owed(tx, owners, lambda one: all(fit(one) for fit in fits), until=until, limit=limit)
            sight.check(found)
            rows = tx.get_many(DOSSIERS, {(one.dossier,) for one in found})
            references = {key[0]: row.own_reference or row.partner_reference for key, row in rows.items()}
            return [timer_value(node, one, references.get(one.dossier, ""), now) for one in found], more

        values, more = node.store.read(work)

    def tell(screen: Screen) -> None:
        heads = ("due", "left", "owed", "deadline", "dossier", "reference", "person")
        screen.table(heads, [_row(one) for one in values], "nothing is due")
        if more:
            screen.line(_("there are more: --limit, --within or --mine"))

    return Answer(values, tell)


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    announced = f" ({_('announced for {day}', day=one['announced'][:10])})" if one["announced"] else ""
    owed = _(OWNERS[one["owner"]]) + ("" if one["owner"] == "own" else f" ({one['partner']})")
    where = (one["dossier"], one["reference"], one["person"])
    return one["due"] or _("paused"), _left(one["left_ms"]) + announced, owed, one["label"], *where


def notice_value(node: "Node", notice: "Notice") -> dict[str, Any]:
    """A notice as it is shown."""
    from passerelle.core.clock import to_iso

    return {
        "time": to_iso(notice.moment),
        "what": notice.what,
        "dossier": notice.dossier,
        "deadline": notice.deadline,
        "label": label_of(node, notice.type, notice.deadline),
        "owner": notice.owner,
        "due": to_iso(notice.due) if notice.due else "",
        "message": notice.message,
        "read": notice.read,
    }


def _told(one: dict[str, Any]) -> str:
    """What a notice says."""
    return _(DONE[one["what"]], message=one["message"]) if one["what"] in DONE else _(WHAT[one["what"]])


def _owed(one: dict[str, Any]) -> str:
    return _(OWNERS[one["owner"]]) if one["owner"] else ""


def notices(
    folder: Folder,
    every: Annotated[bool, typer.Option("--all", help="Those that were read, too.")] = False,
    mark: Annotated[bool, typer.Option("--mark-read", help="From now on these are read.")] = False,
    *,
    as_: As,
) -> Answer:
    """Show what you were told and have not read yet: of deadlines, drafts sent back, dossiers given to you."""
    from passerelle.office import clock
    from passerelle.ports.timers import NOTICES

    with opened(folder) as node:
        who = acting(node, as_)
        old: list[Notice] = []
        if every:
            old = node.store.read(lambda tx: tx.scan(NOTICES, prefix=(who.id, True), limit=10_000, descending=True))
        if mark:  # what is shown, and not what came after it was looked up
            found = clock.mark_read(node.ctx, who.id)
        else:
            found = node.store.read(lambda tx: tx.scan(NOTICES, prefix=(who.id, False), limit=10_000))
        found += old
        values = [notice_value(node, one) for one in found]

    def tell(screen: Screen) -> None:
        heads = ("time", "what", "owed", "deadline", "due", "dossier")
        rows = [(one["time"], _told(one), _owed(one), one["label"], one["due"], one["dossier"]) for one in values]
        screen.table(heads, rows, "nothing new")

    return Answer(values, tell)
