"""The command that says where something comes from: from a statement, a person or a relation back to its messages."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, LanguageOption, acting, command, opened
from passerelle.cli.relations import Why
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.retold import retold
from passerelle.core.words import _, isolated

if TYPE_CHECKING:
    from passerelle.dossiers.types import DossierType, Language
    from passerelle.node import Node
    from passerelle.office.tracing import Source, Trace
    from passerelle.ports.people import Person
    from passerelle.ports.store import Reading, Writing


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(
        app,
        "trace",
        "trace /srv/be 019ab3#1 --as ann",
        'trace /srv/be BE-2026-0017:p1 --reason "question of the court" --as eva',
        'trace /srv/be 019ab4 --reason "is it still right?" --as eva --json',
    )(trace)


def trace(
    folder: Folder,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="A statement (MESSAGE#2), a message, a person (DOSSIER:p1) or a relation.",
            show_default=False,
        ),
    ],
    reason: Why = "",
    language: LanguageOption = "",
    *,
    as_: As,
) -> Answer:
    """Show where it comes from: sender, release, log, channel, consent; what was said of it later, which relations rest
    on it, who read it. The reading is recorded.
    """
    from passerelle.cli.dossiers import checked_language

    with opened(folder) as node:
        who = acting(node, as_)
        speaks = checked_language(language)

        def read(tx: "Writing") -> dict[str, Any]:
            return _value(tx, node, _traced(tx, node, who, what, reason), speaks)

        value = node.store.write("trace", read)
        types = node.ctx.catalogue.types
    return Answer(value, lambda screen: _tell(screen, value, types))


def _traced(tx: "Writing", node: "Node", who: "Person", what: str, reason: str) -> "Trace":
    """What somebody means, by the form of it; an id is that of a relation, or else of a message."""
    from passerelle.cli import ends
    from passerelle.cli.finding import find
    from passerelle.core.errors import NotFoundError
    from passerelle.office import tracing
    from passerelle.office.veil import Veil
    from passerelle.ports.relations import RELATIONS

    if "#" not in what:
        if ":" in what and (wanted := ends.wanted(tx, what, Veil(tx, node.office, who))).key:
            return tracing.of_person(tx, node.office, who, wanted.dossier, wanted.key, reason)
        try:
            relation = find(tx, RELATIONS, what, "a relation")
        except NotFoundError:
            pass
        else:
            return tracing.of_relation(tx, node.office, who, relation.id, reason)
    message, number = ends.message_of(tx, what, Veil(tx, node.office, who))
    return tracing.of_message(tx, node.office, who, message, number, reason)


def _value(tx: "Reading", node: "Node", made: "Trace", speaks: "Language") -> dict[str, Any]:
    from passerelle.cli import ends
    from passerelle.cli.relations import relation_value

    value: dict[str, Any] = {"statement": made.statement, "person": None, "relation": None}
    if made.person:
        newest = made.sources[-1].message.id
        value["person"] = ends.value_of(tx, made.person, newest, speaks)
    if made.relation is not None:
        value["relation"] = relation_value(tx, made.relation, speaks)
    types = node.ctx.catalogue.types
    value["sources"] = [_source(tx, one, types.get(one.row.type), speaks) for one in made.sources]
    return value


def _source(tx: "Reading", one: "Source", kind: "DossierType | None", speaks: "Language") -> dict[str, Any]:
    from passerelle.cli.relations import relation_value
    from passerelle.cli.timeline import act_label
    from passerelle.core.clock import to_iso

    message, said, eyes = one.message, one.content, one.content.get("four_eyes", {})
    channel, audit = one.channel, one.audit
    return {
        "message": message.id,
        "dossier": message.dossier,
        "reference": one.row.own_reference or one.row.partner_reference,
        "type": message.type,
        "act": message.act,
        "label": act_label(kind, message.act, speaks),
        "sender": one.sender,
        "recipient": said.get("recipient", ""),
        "author": message.author or eyes.get("author", ""),
        "releaser": message.releaser or eyes.get("releaser", ""),
        "second": eyes.get("second", ""),
        "audit": eyes.get("audit", ""),
        "audit_block": f"{audit.generation}/{audit.index}/{audit.place}" if audit and audit.index >= 0 else "",
        "log": message.origin,
        "index": message.index,
        "entered": to_iso(message.time) if message.time else "",
        "commitment": message.commitment.hex(),
        "receipted": one.receipted,
        "channel": message.channel,
        "channel_title": channel.title if channel else "",
        "domain": channel.domain if channel else "",
        "agreement": channel.agreement if channel else "",
        "agreement_title": one.agreement,
        "basis": said.get("basis", ""),
        "purpose": message.purpose,
        "necessity": said.get("necessity", ""),
        "handling": said.get("handling", []),
        "handling_note": said.get("handling_note", ""),
        "classification": said.get("classification", ""),
        "retention": said.get("retention", ""),
        "erased": to_iso(one.erased.time) if one.erased else "",
        "erased_by": one.erased.by if one.erased else "",
        "later": [
            {
                "act": later.act,
                "label": act_label(kind, later.act, speaks),
                "message": later.message,
                "side": later.side,
                "time": to_iso(later.time),
                **later.words,
            }
            for later in one.later
        ],
        "relations": [relation_value(tx, relation, speaks) for relation in one.relations],
        "readers": [
            {"who": read.who, "time": to_iso(read.time), "what": read.what, "reason": read.reason}
            for read in one.readers
        ],
    }


def _tell(screen: Screen, value: dict[str, Any], types: Any) -> None:
    from passerelle.cli.contents import lines_of
    from passerelle.cli.ends import words_of
    from passerelle.cli.relations import tell_relation

    if value["relation"]:
        tell_relation(screen, value["relation"])
    elif value["person"]:
        screen.line(words_of(value["person"]))
    elif value["statement"]:
        kind = types.get(value["sources"][0]["type"])
        for line in lines_of({"statements": [value["statement"]]}, kind):
            screen.line(line)
    for one in value["sources"]:
        _tell_source(screen, one)


def _tell_source(screen: Screen, one: dict[str, Any]) -> None:
    from passerelle.cli.relations import relation_words

    dossier = one["reference"] or one["dossier"]
    screen.title(_(", ").join(map(isolated, (one["label"], one["sender"], dossier, one["message"]))))
    people = " / ".join(name for name in (one["author"], one["second"], one["releaser"]) if name)
    where = f"{one['log']} {one['index']}" if one["log"] else _("in line: has no index yet")
    screen.fields(
        [
            (_("author / released by"), people),
            (_("record of the release"), f"{one['audit']} {one['audit_block']}".strip()),
            (_("recipient"), one["recipient"]),
            (_("log, index"), where),
            (_("entered"), one["entered"]),
            (_("receipt"), _("yes") if one["receipted"] else _("no")),
            (_("channel"), f"{one['channel_title']} ({one['domain']}, {one['channel'][:12]})"),
            (_("agreement"), one["agreement_title"]),
            (_("article"), one["basis"]),
            (_("purpose"), one["purpose"]),
            (_("handling"), _(", ").join(one["handling"])),
            (_("other restriction"), one["handling_note"]),
            (_("classification"), one["classification"]),
            (_("kept until"), one["retention"]),
            (_("erased"), f"{one['erased']} {one['erased_by']}".strip()),
        ]
    )
    for later in one["later"]:
        words = [later[key] for key in ("decision", "purpose", "to", "conditions", "reason", "until") if key in later]
        told = _(", ").join(isolated(word) for word in words)
        screen.line(f"{later['time'][:19]}Z {isolated(later['side'])}: {later['label']}: {told} ({later['message']})")
    for relation in one["relations"]:
        screen.line(_("rests on it: {words} ({id})", words=relation_words(relation), id=relation["relation"]))
    for read in one["readers"]:
        screen.line(
            _(
                "{moment} read by {person} ({what}): {reason}",
                person=read["who"],
                moment=read["time"][:19] + "Z",
                what=term(read["what"]),
                reason=retold(read["reason"]),
            )
        )
