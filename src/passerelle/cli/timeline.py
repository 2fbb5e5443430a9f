"""The timeline of a dossier: the acts of both sides in the one order that both nodes use, and the state after each."""

from collections.abc import Collection, Iterable
from typing import Any

from passerelle.cli.reading import delivery, file_value, files_in_words
from passerelle.core import json
from passerelle.core.clock import to_iso
from passerelle.core.words import _
from passerelle.dossiers import state as states
from passerelle.dossiers.rules import Side
from passerelle.dossiers.types import DossierType, Language
from passerelle.exchange import erasing
from passerelle.exchange.cases import Cases
from passerelle.exchange.context import Context
from passerelle.office import attaching, facts, stage
from passerelle.ports.records import CONTENTS, Dossier, Message
from passerelle.ports.store import Reading


def row_value(row: Dossier, kind: DossierType | None, language: Language) -> dict[str, Any]:
    """A dossier's row."""
    state = kind.states.get(row.state) if kind else None
    return {
        "dossier": row.id,
        "type": row.type,
        "type_label": kind.labels.text(language) if kind else row.type,
        "partner": row.partner,
        "state": row.state,
        "label": state.labels.text(language) if state else row.state,
        "status": row.status,
        "opener": row.opener,
        "channel": row.channel,
        "own_reference": row.own_reference,
        "partner_reference": row.partner_reference,
        "opened": to_iso(row.opened),
        "updated": to_iso(row.updated),
        "acts": row.count,
        "domain": row.domain,
        "service": row.service,
        "desk": row.desk,
        "person": row.person,
    }


def timeline(
    tx: Reading,
    ctx: Context,
    row: Dossier,
    found: Iterable[Message],
    language: Language,
    content: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Every message of the dossier. Those that count stand in the order of the state, the rest by time between them.

    `found`: the messages of the dossier; `content`: those whose content is shown, by their ids.
    """
    kind = ctx.catalogue.types.get(row.type)
    messages = {one.id: one for one in found}
    after, overtaken, place = _states(tx, ctx, row, kind)
    logs = stage.Logs(tx)
    stages = stage.of_messages(kind, row.opener, messages.values(), ctx.name, logs)
    bodies = tx.get_many(CONTENTS, [(name,) for name in messages if name in content])
    erased = erasing.erased(tx, messages)

    def standing(message: Message) -> tuple[int, int, int]:
        if message.id in place:
            return place[message.id], 0, 0
        before = [place[one.id] for one in messages.values() if one.id in place and one.noted <= message.noted]
        return max(before, default=-1), 1, message.position

    values = []
    for message in sorted(messages.values(), key=standing):
        value = _value(tx, ctx, message, kind, language, logs)
        state = after.get(message.id, "")
        label = kind.states[state].labels.text(language) if kind and state in kind.states else state
        value |= {"state_after": state, "label_after": label, "overtaken": message.id in overtaken}
        value["stage"] = stages[message.id]
        if files := attaching.of_message(tx, message):
            value["attachments"] = [file_value(one) for one in files]
            value["delivery"]["words"] += "; " + files_in_words(files, own=message.direction == "out")
        if (gone := erased.get(message.id)) is not None:
            value["erased"] = to_iso(gone.time)
            value["delivery"]["words"] += _("; content erased on {day}", day=to_iso(gone.time)[:10])
        if (body := bodies.get((message.id,))) is not None:
            value["content"] = json.parse_object(body.body)
        values.append(value)
    return values


def _states(
    tx: Reading, ctx: Context, row: Dossier, kind: DossierType | None
) -> tuple[dict[str, str], frozenset[str], dict[str, int]]:
    """The state after each act that counts, the overtaken ones, and the place of each in the order."""
    if kind is None:
        return {}, frozenset(), {}
    history = Cases(tx, ctx).history(row, kind)
    after = {name: standing.state for name, standing in history}
    overtaken = frozenset(history[-1][1].overtaken) if history else frozenset()
    return after, overtaken, {name: number for number, (name, _) in enumerate(history)}


def _value(
    tx: Reading, ctx: Context, message: Message, kind: DossierType | None, language: Language, logs: stage.Logs
) -> dict[str, Any]:
    act = kind.acts.get(message.act) if kind else None
    own = message.direction == "out"
    return {
        "message": message.id,
        "side": ctx.name if own else message.partner,
        "own": own,
        "written": to_iso(message.noted) if own else "",
        "received": "" if own else to_iso(message.noted),
        "entered": to_iso(message.time) if message.time else "",
        "act": message.act,
        "label": act.labels.text(language) if act else message.act or message.kind,
        "author": message.author,
        "releaser": message.releaser,
        "lane": message.lane,
        "opinion": facts.names_opinion(message),
        "after": list(message.after),
        "delivery": delivery(tx, message, logs),
    }


def act_label(kind: DossierType | None, act: str, language: Language) -> str:
    """What an act is called; its name when the type is not known."""
    return kind.acts[act].labels.text(language) if kind and act in kind.acts else act


def next_acts(tx: Reading, ctx: Context, row: Dossier) -> list[str]:
    """What this side may do next, as far as the state says."""
    kind = ctx.catalogue.types.get(row.type)
    if kind is None or not row.standing:
        return []
    by: Side = "opener" if row.opener == ctx.name else "answerer"
    return list(states.next_acts(kind, states.Standing.from_text(row.standing), by))
