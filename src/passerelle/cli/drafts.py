"""Commands on drafts: look at them, submit, release, send back, throw away."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli.door import Answer, As, Folder, Reason, acting, command, opened, said
from passerelle.cli.screen import Screen
from passerelle.cli.terms import term
from passerelle.core.words import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from passerelle.dossiers.types import DossierType
    from passerelle.office.asking import Office
    from passerelle.ports.people import Person
    from passerelle.ports.store import Reading, Writing
    from passerelle.ports.work import Draft

DraftId = Annotated[str, typer.Argument(metavar="DRAFT", help="Id of the draft, or its beginning.", show_default=False)]
Version = Annotated[
    int,
    typer.Option(
        "--version", metavar="N", min=0, help="The version that you have read.", show_default="the one that stands"
    ),
]
Attest = Annotated[
    list[str] | None,
    typer.Option(
        "--attest",
        metavar="NAME",
        help="What the type asks the author to state here; it never leaves this node. May be repeated.",
    ),
]
Comment = Annotated[str, typer.Option("--comment", help="Why, in words.", show_default=False)]
STATES = ("draft", "submitted", "returned")


def register(dossier: typer.Typer) -> None:
    """Add the commands to the group of dossiers."""
    command(
        dossier,
        "drafts",
        "dossier drafts /srv/be --mine",
        "dossier drafts /srv/be --to-release --as luc",
        "dossier drafts /srv/be 019ab3 --content --as luc",
    )(drafts)
    command(
        dossier,
        "submit",
        "dossier submit /srv/be 019ab3 --as ann",
        "dossier submit /srv/be 019ab3 --attest no-protection-claim --as ann",
    )(submit)
    command(
        dossier,
        "send-back",
        'dossier send-back /srv/be 019ab3 --comment "which warrant?" --as luc',
    )(send_back)
    command(dossier, "release", "dossier release /srv/be 019ab3 --as luc", "dossier release /srv/be 019ab3 019ab4")(
        release
    )
    command(dossier, "discard", 'dossier discard /srv/be 019ab3 --as luc --reason "wrong person"')(discard)


def draft_value(one: "Draft", *, read: bool = True) -> dict[str, Any]:
    """A draft without what it says. `read`: for somebody who may read it, so that he sees the words about it, too."""
    from passerelle.core.clock import to_iso

    return {
        "draft": one.id,
        "state": one.state,
        "version": one.version,
        "dossier": one.dossier,
        "partner": one.partner,
        "type": one.type,
        "act": one.act,
        "lane": one.lane,
        "author": one.author,
        "created": to_iso(one.created),
        "changed": to_iso(one.changed),
        "changed_by": one.changed_by,
        "approved_by": one.first,
        "comment": one.comment if read else "",
        "attested": list(one.attested) if read else [],
    }


def named(tx: "Reading", office: "Office", who: "Person", text: str) -> "Draft":
    """The draft that a person means.

    Raises NotFoundError, InputError, or StateError for one that was released, when he may look at its dossier.
    """
    from passerelle.cli.finding import find
    from passerelle.core.errors import NotFoundError
    from passerelle.office import workflow
    from passerelle.office.veil import Veil
    from passerelle.ports.records import MESSAGES
    from passerelle.ports.work import DRAFTS

    try:
        return find(tx, DRAFTS, text, "a draft", Veil(tx, office, who))
    except NotFoundError:
        try:
            released = find(tx, MESSAGES, text, "a draft", Veil(tx, office, who)).id
        except NotFoundError:
            released = ""
        if released:
            workflow.check_known(tx, office, who, released)
        raise


def drafts(
    folder: Folder,
    wanted: Annotated[
        list[str] | None, typer.Argument(metavar="[DRAFT]…", help="Ids of drafts, or their beginnings. Without: all.")
    ] = None,
    mine: Annotated[bool, typer.Option("--mine", help="Only those that you wrote.")] = False,
    to_release: Annotated[
        bool, typer.Option("--to-release", help="Only those that wait for release, by somebody else than you.")
    ] = False,
    state: Annotated[str, typer.Option("--state", metavar="|".join(STATES), help="Only those of this state.")] = "",
    dossier: Annotated[str, typer.Option("--dossier", metavar="DOSSIER", help="Only those of this dossier.")] = "",
    content: Annotated[bool, typer.Option("--content", help="Show what they say, too. It is recorded.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why you read them.")] = "",
    *,
    as_: As,
) -> Answer:
    """List the drafts of the domains that you may see, the one that waits longest first."""
    from passerelle.cli.timeline import act_label
    from passerelle.core import json, words
    from passerelle.core.errors import InputError
    from passerelle.office import consulting, lists
    from passerelle.office.policy import Action

    if state not in ("", *STATES):
        raise InputError(f"--state: expected one of {', '.join(STATES)}, got {state[:20]!r}")
    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Reading") -> list["Draft"]:
            states = ("submitted",) if to_release else (state,) if state else STATES
            names = {named(tx, node.office, who, one).id for one in wanted or ()}
            seen = lists.drafts(
                tx,
                node.office,
                who,
                states=states,
                author=who.id if mine else "",
                dossier=_dossier(tx, node.office, who, dossier),
                action=Action.DRAFT_READ if content else Action.DRAFT_LOOK,
            )
            return [
                one
                for one in seen
                if (not names or one.id in names) and not (to_release and who.id in (*one.authors, one.first))
            ]

        def consult(tx: "Writing") -> list["Draft"]:
            found = read(tx)
            for one in found:
                consulting.draft(tx, node.office, who, one, reason)
            return found

        found = node.store.write("draft.read", consult) if content else node.store.read(read)
        types = node.ctx.catalogue.types
        mine_to_read = node.store.read(lambda tx: lists.readable(tx, node.office, who, found))
    values = [
        draft_value(one, read=one.id in mine_to_read)
        | {"label": act_label(types.get(one.type), one.act, words.language())}
        | ({"content": json.parse_object(one.body)} if content else {})
        for one in found
    ]
    return Answer(values, lambda screen: _show(screen, values, types))


def _dossier(tx: "Reading", office: "Office", who: "Person", text: str) -> str:
    """The dossier's id: of one that is here, or as a draft that opens one names it."""
    from passerelle.cli.finding import find_dossier
    from passerelle.core.errors import NotFoundError
    from passerelle.office.veil import Veil
    from passerelle.ports.work import DRAFTS

    veil = Veil(tx, office, who)
    try:
        return find_dossier(tx, text, veil).id if text else ""
    except NotFoundError:
        if any(not veil.hides(one) for one in tx.scan(DRAFTS, "by_dossier", (text,), limit=1)):
            return text
        raise


def _show(screen: Screen, values: list[dict[str, Any]], types: "Mapping[str, DossierType]") -> None:
    from passerelle.cli.contents import lines_of

    keys = ("draft", "state", "version", "changed", "partner", "dossier", "label", "author")
    heads = (_("draft"), _("state"), _("version"), _("changed"), _("partner"), _("dossier"), _("act"), _("author"))
    screen.table(
        heads,
        [[state_words(one) if key == "state" else str(one[key]) for key in keys] for one in values],
        _("no draft"),
    )
    for one in values:
        if one["comment"]:
            screen.line(_("draft {draft}: {person} says: {comment}", **_said(one), comment=one["comment"]))
        if "content" in one:
            screen.title(_("draft {draft}", draft=one["draft"]))
            for line in lines_of(one["content"], types.get(one["type"])):
                screen.line(line)


def state_words(one: dict[str, Any]) -> str:
    """The state of a draft in words; of one that was approved once, for whom it waits."""
    return _("waits for a second approver") if one["approved_by"] else term(one["state"])


def _said(one: dict[str, Any]) -> dict[str, str]:
    return {"draft": one["draft"], "person": one["changed_by"]}


def submit(folder: Folder, draft: DraftId, version: Version = 0, attest: Attest = None, *, as_: As) -> Answer:
    """Submit a draft: from now on it waits for somebody who may release it."""
    from passerelle.office import workflow

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: named(tx, node.office, who, draft))
        made = workflow.submit(node.office, who, found.id, attest=attest or (), seen=version or found.version)
    return said(draft_value(made), _("draft {draft} ({act}) waits for release", draft=made.id, act=made.act))


def send_back(folder: Folder, draft: DraftId, comment: Comment, version: Version = 0, *, as_: As) -> Answer:
    """Send a submitted draft back to its author, with a comment."""
    from passerelle.office import workflow

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: named(tx, node.office, who, draft))
        made = workflow.send_back(node.office, who, found.id, comment, seen=version or found.version)
    return said(draft_value(made), _("draft {draft} went back to {person}", draft=made.id, person=made.author))


def release(
    folder: Folder,
    wanted: Annotated[list[str], typer.Argument(metavar="DRAFT…", help="Ids of drafts, or their beginnings.")],
    version: Version = 0,
    *,
    as_: As,
) -> Answer:
    """Release submitted drafts: from now on they are in line to the partner. All of them, or none. What names an
    offence of opinion leaves when a second person releases it.

    The audit record says whether you had read what you released (drafts --content), or had written it.
    """
    from passerelle.core.errors import InputError
    from passerelle.office import consulting, workflow
    from passerelle.ports.work import DRAFTS

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: [named(tx, node.office, who, one) for one in wanted])
        seen = {one.id: one.version for one in found}
        if version and len(seen) > 1:
            raise InputError(f"--version: expected it with one draft, got {len(seen)}")
        if version:
            seen = dict.fromkeys(seen, version)
        messages = workflow.release(node.office, who, seen, seen=seen)
        node.wake()
        owed = node.store.read(lambda tx: _owed(tx, [one.id for one in messages]))
        unread = node.store.read(lambda tx: consulting.unread(tx, messages))
        left = {one.id for one in messages}
        waiting = node.store.read(lambda tx: tx.get_many(DRAFTS, [(one,) for one in seen if one not in left]))
    values: list[dict[str, Any]] = [
        {
            "message": one.id,
            "dossier": one.dossier,
            "partner": one.partner,
            "act": one.act,
            "author": one.author,
            "releaser": one.releaser,
            "lane": one.lane,
            "review_due": owed.get(one.id, ""),
            "seen": one.id not in unread,
        }
        for one in messages
    ]
    approved = [draft_value(one) for one in waiting.values()]

    def show(screen: Screen) -> None:
        for one in approved:
            words = _("draft {draft} ({act}) is approved; it waits for a second approver", **_named(one))
            screen.line(words)
        for one in values:
            screen.line(
                _(
                    "message {message} ({act}) is in line to {partner}, lane {lane}, dossier {dossier}",
                    **{key: one[key] for key in ("message", "act", "partner", "lane", "dossier")},
                )
            )
            if not one["seen"]:
                screen.line(_("You released it without having read it here; the record of the release says so."))
            if one["review_due"]:
                screen.line(_("Another person reviews it before {moment}.", moment=one["review_due"]))

    return Answer([*values, *approved], show)


def _named(one: dict[str, Any]) -> dict[str, str]:
    return {"draft": one["draft"], "act": one["act"]}


def _owed(tx: "Reading", messages: list[str]) -> dict[str, str]:
    """By when the messages that were released alone are to be reviewed."""
    from passerelle.core.clock import to_iso
    from passerelle.ports.work import REVIEWS

    return {key[0]: to_iso(one.due) for key, one in tx.get_many(REVIEWS, [(name,) for name in messages]).items()}


def discard(folder: Folder, draft: DraftId, reason: Reason, version: Version = 0, *, as_: As) -> Answer:
    """Throw a draft away. That it was there, and why it went, stays in the audit log."""
    from passerelle.office import workflow

    with opened(folder) as node:
        who = acting(node, as_)
        found = node.store.read(lambda tx: named(tx, node.office, who, draft))
        made = workflow.discard(node.office, who, found.id, reason, seen=version or found.version)
    return said(draft_value(made) | {"discarded": True}, _("draft {draft} is thrown away", draft=made.id))
