"""What waits, for what, and what a person can do about it; and taking back what has not left yet."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, Reason, acting, command, group, opened, permitted, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import N_, _, n_

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.ports.people import Person
    from passerelle.ports.records import Log, Message
    from passerelle.ports.store import Reading

_ALL = 10_000
_SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add the commands."""
    command(app, "queue", "queue /srv/be", "queue /srv/be --json")(queue)
    message = group(app, "message", "Single messages.")
    command(message, "withdraw", 'message withdraw /srv/be 019ab3 --as ann --reason "wrong person"')(withdraw)


def queue(folder: Folder, as_: As) -> Answer:
    """Show everything that waits: in line, without receipt, of the partner, drafts, retries, stopped links, alarms."""
    with opened(folder) as node:
        who = permitted(node, as_, "queue.look")
        value = node.store.read(lambda tx: _read(node, tx) | _drafts(node, tx, who))
        value["serving"] = node.is_served()
    return Answer(value, lambda screen: _show(screen, value))


def _read(node: "Node", tx: "Reading") -> dict[str, Any]:
    from passerelle.cli.alarms import alarm_value
    from passerelle.core.clock import to_iso
    from passerelle.exchange import limits, links
    from passerelle.ledger.checkpoint import LANES
    from passerelle.ports.records import ALARMS, ATTEMPTS, MESSAGES, PARTNERS

    value: dict[str, Any] = {
        name: [] for name in ("in_line", "without_receipt", "waiting", "files", "retries", "links")
    }
    value["more_in_line"] = 0  # beyond those listed
    now = node.ctx.clock.now()
    known = tx.scan(PARTNERS, limit=_ALL)
    partners = [one.name for one in known]
    value["by_hand"] = [one.name for one in known if not node.ctx.identity_of(one).endpoints]
    for partner in partners:
        for lane in LANES:
            line = tx.scan(MESSAGES, "by_queue", (partner, "out", lane, "unsequenced"), limit=_ALL)
            held = {one.channel: limits.held_back(tx, node.ctx, one, now) for one in reversed(line)}
            value["in_line"] += [_message(one, retold(held[one.channel]) or _("has no index yet")) for one in line]
            counted = tx.count(MESSAGES, "by_queue", (partner, "out", lane, "unsequenced"))
            value["more_in_line"] += counted - len(line)
            for log in links.generations(tx, partner, "out", lane):
                value["without_receipt"] += _without_receipt(tx, log)
            waiting = tx.scan(MESSAGES, "by_queue", (partner, "in", lane, "waiting"), limit=_ALL)
            value["waiting"] += [_waiting(tx, one) for one in waiting]
            value["files"] += _files(tx, partner, lane)
            attempt = tx.get(ATTEMPTS, partner, lane)
            if attempt is not None and attempt.failures:
                retry = {
                    "partner": partner,
                    "lane": lane,
                    "failures": attempt.failures,
                    "reason": retold(attempt.reason),
                }
                value["retries"].append(retry | {"failed": to_iso(attempt.failed), "next_try": to_iso(attempt.due)})
            for direction in ("out", "in"):
                found = links.current(tx, partner, direction, lane)
                if found is not None and found.state in ("stopped", "frozen"):
                    value["links"].append(_standing_still(node, found))
    value["alarms"] = [alarm_value(one) for one in tx.scan(ALARMS, "by_status", ("open",), limit=_ALL)]
    return value


def _drafts(node: "Node", tx: "Reading", who: "Person") -> dict[str, Any]:
    """The drafts that wait and that a person may look at; how many others wait."""
    from passerelle.core.clock import to_iso
    from passerelle.exchange.channels import Channels
    from passerelle.office import facts
    from passerelle.office.asking import Sight
    from passerelle.office.policy import Action
    from passerelle.ports.work import DRAFTS

    channels = Channels(tx, node.ctx)
    sight = Sight(tx, node.office, who, Action.DRAFT_LOOK)
    waiting = tx.scan(DRAFTS, "by_state", ("submitted",), limit=_ALL)
    seen = [one for one in waiting if sight.sees(facts.of_draft(tx, node.ctx, one, channels))]
    shown = [
        {"draft": one.id, "partner": one.partner, "dossier": one.dossier, "act": one.act, "author": one.author}
        | {"created": to_iso(one.created)}
        for one in seen
    ]
    return {"drafts": shown, "other_drafts": len(waiting) - len(seen)}


def _message(message: "Message", words: str) -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    return {
        "message": message.id,
        "partner": message.partner,
        "lane": message.lane,
        "what": message.act or message.kind,
        "dossier": message.dossier,
        "since": to_iso(message.noted),
        "waits": words,
    }


def _without_receipt(tx: "Reading", log: "Log") -> list[dict[str, Any]]:
    from passerelle.exchange import links
    from passerelle.ports.records import MESSAGES

    end = links.to_send(log)
    if log.cosigned >= end:
        return []
    found = links.entries(tx, log.origin, log.cosigned, min(end, log.cosigned + _ALL))
    messages = tx.get_many(MESSAGES, [(one.message,) for one in found])
    return [
        _message(messages[(one.message,)], _("index {index}, no receipt yet", index=one.index))
        for one in found
        if (one.message,) in messages
    ]


def _waiting(tx: "Reading", message: "Message") -> dict[str, Any]:
    from passerelle.cli.reading import needs

    return _message(message, _("waits for {what}", what=_(" and ").join(needs(tx, message))))


def _files(tx: "Reading", partner: str, lane: str) -> list[dict[str, Any]]:
    """Files that are awaited here, and own ones of which the partner has said nothing yet."""
    from passerelle.cli.reading import amount
    from passerelle.office import attaching
    from passerelle.ports.attachments import ATTACHMENTS
    from passerelle.ports.records import MESSAGES

    rows = [
        row
        for state in ("expected", "bound")
        for row in tx.scan(ATTACHMENTS, "by_line", (state, partner, lane), limit=_ALL)
    ]
    messages = tx.get_many(MESSAGES, [(row.message,) for row in rows])
    found = []
    for row in rows:
        message = messages.get((row.message,))
        if message is None or message.state == "unsequenced":
            continue  # it waits in line with its message
        one = attaching.standing(row, message)
        own = message.direction == "out"
        words = (
            _("the partner has not answered for it yet")
            if own
            else _("{here} of {size}", here=amount(one.here), size=amount(one.size))
        )
        found.append(_message(message, words) | {"file": one.number})
    return found


def _standing_still(node: "Node", log: "Log") -> dict[str, Any]:
    """A link on which nothing moves, and the way out."""
    folder, partner, lane = node.folder, log.partner, log.lane
    if log.direction == "out":
        command = f"passerelle link reopen {folder} {partner} --lane {lane} --reason …"
        todo = _("find out why, then: {command}", command=command)
        if log.state == "frozen":
            todo += " " + _("(after {partner} has allowed it: link allow)", partner=partner)
    elif log.reopen:
        todo = _("a new generation is allowed; {partner} has to open it", partner=partner)
    else:
        todo = _(
            "{partner} signed two different logs; the proof is kept. When persons of both sides have cleared it: "
            "{command}",
            partner=partner,
            command=f"passerelle link allow {folder} {partner} --lane {lane}",
        )
    return {
        "partner": partner,
        "direction": log.direction,
        "lane": lane,
        "state": log.state,
        "reason": retold(log.reason),
        "origin": log.origin,
        "todo": todo,
    }


_TABLES = {
    "in_line": (N_("in line"), ("partner", "lane", "what", "since", "waits", "message", "dossier")),
    "without_receipt": (
        N_("entered, without the partner's receipt"),
        ("partner", "lane", "what", "since", "waits", "message", "dossier"),
    ),
    "waiting": (
        N_("messages of partners that wait"),
        ("partner", "lane", "what", "since", "waits", "message", "dossier"),
    ),
    "files": (N_("files that wait"), ("partner", "lane", "what", "file", "since", "waits", "message")),
    "drafts": (N_("drafts that wait for release"), ("draft", "partner", "act", "author", "created", "dossier")),
    "retries": (N_("failed, tried again"), ("partner", "lane", "failures", "failed", "next_try", "reason")),
    "links": (N_("links that stand still"), ("direction", "partner", "lane", "state", "reason")),
    "alarms": (N_("alarms"), ("alarm", "time", "what", "partner", "text")),
}


def _show(screen: Screen, value: dict[str, Any]) -> None:
    if not value["other_drafts"] and not any(value[name] for name in _TABLES):
        screen.line(_("nothing waits"))
    for name, (words, keys) in _TABLES.items():
        if value[name]:
            screen.title(_(words))
            screen.table(keys, [[term(str(one[key])) for key in keys] for one in value[name][:_SHOWN]])
            if (more := len(value[name]) - _SHOWN) > 0:
                screen.line(n_("and {count} more (--json has it)", "and {count} more (--json has them)", more))
    if count := value["other_drafts"]:
        words = n_(
            "{count} more draft waits for release, of a domain that is not yours",
            "{count} more drafts wait for release, of domains that are not yours",
            count,
        )
        screen.line(words)
    if value["more_in_line"]:
        count = value["more_in_line"]
        screen.line(
            n_("and {count} more in line that is not listed", "and {count} more in line that are not listed", count)
        )
    for one in value["links"]:
        screen.line()
        screen.line(
            _("to do for {partner}, lane {lane}: {todo}", partner=one["partner"], lane=one["lane"], todo=one["todo"])
        )
    for partner in value["by_hand"]:
        if any(one["partner"] == partner for one in (*value["in_line"], *value["without_receipt"])):
            screen.line()
            what = f"passerelle courier export DIR {partner} --out FILE"
            screen.line(_("{partner} is reached by hand: {command}", partner=partner, command=what))
    if not value["serving"] and (value["in_line"] or value["without_receipt"]):
        screen.line()
        screen.line(_("no process serves this folder: nothing leaves until `passerelle serve` runs"))


def withdraw(
    folder: Folder,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Id of the message, or its beginning.")],
    as_: As,
    reason: Reason,
) -> Answer:
    """Take back a message that has no index yet: it never leaves."""
    from passerelle.cli.finding import find
    from passerelle.exchange import outbox
    from passerelle.office import facts
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action
    from passerelle.office.veil import Veil
    from passerelle.ports.records import MESSAGES

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: find(tx, MESSAGES, message, "a message", Veil(tx, node.office, who)))
        on = node.store.read(lambda tx: facts.of_message(tx, node.ctx, found))
        node.store.read(lambda tx: ask(tx, node.office, who, Action.MESSAGE_WITHDRAW, on))
        gone = outbox.withdraw(node.ctx, found.id, who.id, reason)
    value = {"message": gone.id, "state": gone.state, "reason": gone.reason}
    return said(value, _("message {id} is taken back and never leaves", id=gone.id))
