"""The command that shows a dossier: what was exchanged, how far it has come, who has it, who read it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, LanguageOption, acting, command, opened
from passerelle.cli.drafts import draft_value, state_words
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.cli.work import DossierId, assignment_value, note_value, review_value, via_value
from passerelle.core.retold import retold
from passerelle.core.words import _, isolated, n_

if TYPE_CHECKING:
    from passerelle.dossiers.types import DossierType, Language
    from passerelle.office.asking import Office
    from passerelle.office.consulting import Opened
    from passerelle.office.readership import Readers
    from passerelle.ports.people import Person
    from passerelle.ports.records import Dossier, Message
    from passerelle.ports.store import Reading, Writing


def register(dossier: typer.Typer) -> None:
    """Add the command to the group of dossiers."""
    command(
        dossier,
        "show",
        "dossier show /srv/be BE-2026-0017 --as ann",
        'dossier show /srv/be 019ab3 --content --reason "weekly threat review" --as eva',
    )(show)


def show(
    folder: Folder,
    dossier: DossierId,
    content: Annotated[
        bool, typer.Option("--content", help="Show what the messages say, and the notes, too. It is recorded.")
    ] = False,
    reason: Annotated[
        str,
        typer.Option(
            "--reason", help="Why you read it: needed when you neither have it, nor acted in it, nor were called."
        ),
    ] = "",
    language: LanguageOption = "",
    *,
    as_: As,
) -> Answer:
    """Show a dossier: the acts of both sides in order, the state after each, how far each has come, who has it and who
    read it.
    """
    from passerelle.cli.dossiers import checked_language
    from passerelle.cli.finding import find_dossier
    from passerelle.office import casework, consulting, facts
    from passerelle.office.asking import ask
    from passerelle.office.policy import Action
    from passerelle.office.veil import Veil

    with opened(folder) as node:
        who = acting(node, as_)
        speaks = checked_language(language)  # that of the person, when none was asked for

        def look(tx: "Reading") -> dict[str, Any]:
            row = find_dossier(tx, dossier, Veil(tx, node.office, who))
            messages = casework.messages(tx, row)
            ask(tx, node.office, who, Action.DOSSIER_LOOK, facts.of_dossier(tx, node.ctx, row))
            return _value(tx, node.office, who, row, messages, speaks, None)

        def read(tx: "Writing") -> dict[str, Any]:
            row = find_dossier(tx, dossier, Veil(tx, node.office, who))
            messages = casework.messages(tx, row)
            seen = consulting.dossier(tx, node.office, who, row, messages, reason)
            return _value(tx, node.office, who, row, messages, speaks, seen)

        value = node.store.write("dossier.read", read) if content else node.store.read(look)
        kind = node.ctx.catalogue.types.get(value["type"])
    return Answer(value, lambda screen: _show(screen, value, kind))


def _value(
    tx: "Reading",
    office: "Office",
    who: "Person",
    row: "Dossier",
    messages: list["Message"],
    speaks: "Language",
    seen: "Opened | None",
) -> dict[str, Any]:
    """`seen`: what of the content is shown; None: none of it."""
    from passerelle.cli.timeline import act_label, next_acts, row_value, timeline
    from passerelle.core.clock import to_iso
    from passerelle.office import classified, consulting, lists, readership, relations, stage, work
    from passerelle.ports.work import REVIEWS

    ctx = office.ctx
    kind = ctx.catalogue.types.get(row.type)
    value = row_value(row, kind, speaks)
    away = lists.gone(tx, office, [row.person] if row.person else [])
    notes = work.notes(tx, row.id)
    drafts = lists.drafts_of(tx, office, who, row.id)
    readable = lists.readable(tx, office, who, drafts)
    now = ctx.clock.now()
    levels = classified.of_messages(tx, ctx, messages)
    value |= {
        "level": classified.highest(levels),
        "readers": _readers(readership.of_dossier(tx, ctx, row)),
        "stage": stage.of_dossiers(tx, [row])[row.id],
        "in_charge": _in_charge(tx, row),
        "needs_somebody": work.waits(row, away),
        "timeline": timeline(tx, ctx, row, messages, speaks, seen.messages if seen else ()),
        "next": (following := next_acts(tx, ctx, row)),
        "next_labels": {act: act_label(kind, act, speaks) for act in following},
        "drafts": [
            draft_value(one, read=one.id in readable) | {"label": act_label(kind, one.act, speaks)} for one in drafts
        ],
        "given": [assignment_value(one) for one in work.history(tx, row.id)],
        "via": [via_value(one) for one in work.vias(tx, row.id)],
        "reviews": [review_value(one, now) for one in tx.scan(REVIEWS, "by_dossier", (row.id,), limit=1000)],
        "notes_count": len(notes),
        "relations_count": relations.count(tx, office, who, row.id),
        "read_by": [
            {"who": one.who, "time": to_iso(one.time), "what": one.what, "reason": one.reason}
            for one in consulting.readers(tx, row.id)
        ],
    }
    for one in value["timeline"]:
        if "content" in one and (level := levels.get(one["message"])) is not None:
            one["level"] = {"said": level.said, "own": level.own}
    if seen and seen.all:
        value["notes"] = [note_value(one) for one in notes]
    else:
        # What the last person wrote for the next is for those who read the dossier.
        for one in value["given"]:
            del one["note"]
    return value


def _readers(found: "Readers | None") -> dict[str, Any]:
    """Which services of this side the dossier is for, and what others read by whose consent."""
    if found is None:
        return {"services": [], "shares": []}
    return {
        "services": list(found.services),
        "shares": [
            {
                "service": one.service,
                "message": one.message,
                "question": one.question,
                "consent": one.consent,
                "conditions": one.conditions,
            }
            for one in found.shares
        ],
    }


def _in_charge(tx: "Reading", row: "Dossier") -> dict[str, str] | None:
    from passerelle.core.clock import to_iso
    from passerelle.office import stage
    from passerelle.ports.records import CONTENTS, MESSAGES

    message = tx.get(MESSAGES, row.charged) if row.charged else None
    body = tx.get(CONTENTS, row.charged) if message else None
    charge = stage.charge_of(row, message, body.body if body else None)
    if charge is None or message is None:
        return None
    return {
        "person": charge.person,
        "service": charge.service,
        "since": to_iso(charge.since),
        "side": message.partner if message.direction == "in" else "",
        "message": charge.message,
    }


def _show(screen: Screen, value: dict[str, Any], kind: "DossierType | None") -> None:
    given = " / ".join(value[key] for key in ("service", "desk", "person") if value[key])
    screen.fields(
        [
            (_("dossier"), value["dossier"]),
            (_("type"), _coded(value["type_label"], value["type"])),
            (_("partner"), value["partner"]),
            (_("opener"), value["opener"]),
            (_("own reference"), value["own_reference"]),
            (_("partner reference"), value["partner_reference"]),
            (_("channel"), value["channel"]),
            (_("state"), f"{value['label']} ({term(value['status'])})"),
            (_("stage"), term(value["stage"])),
            (_("level"), value["level"]),
            (_("for"), _(", ").join(value["readers"]["services"])),
            (_("given to"), _("{person} (gone)", person=given) if value["needs_somebody"] and given else given),
        ]
    )
    if charge := value["in_charge"]:
        words = _(
            "taken in charge by {person} of {service} since {moment}",
            person=charge["person"],
            service=charge["service"],
            moment=charge["since"][:19] + "Z",
        )
        screen.line(f"{charge['side']}: {words}" if charge["side"] else words)
    for one in value["readers"]["shares"]:
        named = {key: one[key] for key in ("service", "message", "consent")}
        screen.line(_("{service} reads message {message}, by consent {consent}", **named))
        if one["conditions"]:
            screen.line("  " + _("under conditions: {conditions}", conditions=one["conditions"]))
    screen.line()
    _timeline(screen, value["timeline"], kind)
    _around(screen, value)
    if value["next"]:
        acts = _(", ").join(_coded(label, act) for act, label in value["next_labels"].items())
        screen.line("\n" + _("this side may now: {acts}", acts=acts))


def _coded(label: str, code: str) -> str:
    """A label with the word that commands take."""
    return label if label == code else f"{label} ({isolated(code)})"


def _timeline(screen: Screen, found: list[dict[str, Any]], kind: "DossierType | None") -> None:
    from passerelle.cli.contents import lines_of

    rows = []
    for one in found:
        people = one["author"] if one["releaser"] in ("", one["author"]) else f"{one['author']} / {one['releaser']}"
        time = one["entered"] or one["written"] or one["received"]
        after = _("overtaken by a crossing act") if one["overtaken"] else one["label_after"]
        rows.append(
            (
                time[:19] + "Z",
                one["side"],
                one["label"],
                people,
                after,
                term(one["stage"]),
                one["delivery"]["words"],
                one["message"],
            )
        )
    heads = (
        _("time"),
        _("side"),
        _("act"),
        _("author / released by"),
        _("state after"),
        _("stage"),
        _("delivery"),
        _("message"),
    )
    screen.table(heads, rows)
    for one in found:
        if one["opinion"]:
            words = _("{act} ({message}) names an offence of opinion: what answers it needs two approvers", **_of(one))
            screen.line(words)
    for one in found:
        if "content" in one:
            screen.title(_(", ").join(map(isolated, (one["label"], one["side"], one["message"]))))
            if "level" in one and one["level"]["own"] not in ("", one["level"]["said"]):
                screen.line("  " + _("{level}: here {own}", level=one["level"]["said"], own=one["level"]["own"]))
            for line in lines_of(one["content"], kind):
                screen.line(line)


def _of(one: dict[str, Any]) -> dict[str, str]:
    return {"act": one["label"], "message": one["message"]}


def _around(screen: Screen, value: dict[str, Any]) -> None:
    """What only this node knows of the dossier."""
    for one in value["drafts"]:
        screen.line(
            _(
                "draft {draft} ({act}) is {state}, by {person} since {moment}",
                draft=one["draft"],
                act=one["label"],
                state=state_words(one),
                person=one["approved_by"] or one["changed_by"],
                moment=one["changed"][:19] + "Z",
            )
        )
    for one in value["via"]:
        screen.line(_("also by {system}: {reference}", system=one["system"], reference=one["reference"]))
    for one in value["given"]:
        to = " / ".join(one[key] for key in ("service", "desk", "person") if one[key])
        screen.line(_("{moment} {person} gave it to {to}", moment=one["time"][:19] + "Z", person=one["by"], to=to))
        if one.get("note"):
            screen.line("  " + one["note"])
    for one in value["reviews"]:
        state = _("overdue") if one["overdue"] else term(one["state"])
        screen.line(
            _("review of {message}: {state}, due {moment}", message=one["message"], state=state, moment=one["due"])
        )
    if "notes" in value:
        for one in value["notes"]:
            screen.line(
                _("{moment} {person} notes: {text}", moment=one["time"][:19] + "Z", person=one["by"], text=one["text"])
            )
    elif value["notes_count"]:
        screen.line(n_("{count} note: --content shows it", "{count} notes: --content shows them", value["notes_count"]))
    if count := value["relations_count"]:
        screen.line(_("relations: {count}; see {command}", count=count, command="relation graph"))
    for one in value["read_by"][:20]:
        screen.line(
            _(
                "{moment} read by {person} ({what}): {reason}",
                moment=one["time"][:19] + "Z",
                person=one["who"],
                what=term(one["what"]),
                reason=retold(one["reason"]),
            )
        )
