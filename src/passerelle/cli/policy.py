"""Commands on the policy: which one is in force, whether a text is good, why somebody may do something or not."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from passerelle.cli import exits
from passerelle.cli.door import Answer, As, Folder, Reason, acting, command, group, opened, permitted, read_file, said
from passerelle.cli.screen import Screen
from passerelle.core.retold import retold
from passerelle.core.words import _

if TYPE_CHECKING:
    from passerelle.node import Node
    from passerelle.office.contradictions import Finding
    from passerelle.office.hard import On
    from passerelle.office.policy import Policy
    from passerelle.ports.people import PolicyText
    from passerelle.ports.store import Reading

File = Annotated[str, typer.Argument(metavar="[FILE]", help="The policy, Cedar text.", show_default="the one in force")]
NodeOption = Annotated[
    str, typer.Option("--node", metavar="DIR", help="Look at the policy in force and at the people of this node, too.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    policy = group(app, "policy", "The policy: who may do what, and why.")
    command(policy, "show", "policy show /srv/be > policy.cedar", "policy show /srv/be --history")(show)
    command(policy, "check", "policy check policy.cedar", "policy check policy.cedar --node /srv/be --as eva")(check)
    command(
        policy,
        "why",
        "policy why /srv/be ann draft.release --domain wanted-persons --lane routine --as eva",
        "policy why /srv/be luc draft.release --of 019ab3",
    )(why)
    command(
        policy,
        "adopt",
        'policy adopt /srv/be policy.cedar --reason "approvers read no more than they release" --as eva',
        'policy adopt /srv/be --shipped --reason "back to the usual" --as eva',
    )(adopt)


def show(
    folder: Folder,
    schema: Annotated[bool, typer.Option("--schema", help="Show what a policy can speak of.")] = False,
    history: Annotated[bool, typer.Option("--history", help="List every policy that was ever adopted.")] = False,
    version: Annotated[str, typer.Option("--version", help="One that was adopted, by its id or its beginning.")] = "",
    *,
    as_: As,
) -> Answer:
    """Show the policy in force, as Cedar text."""
    from passerelle.cli.finding import find
    from passerelle.office import adopting
    from passerelle.office.policy import default_text, schema_text
    from passerelle.ports.people import POLICIES

    with opened(folder) as node:
        permitted(node, as_, "policy.look")
        if history:
            return _history([_version(one) for one in node.store.read(adopting.history)])
        named = node.store.read(
            lambda tx: find(tx, POLICIES, version, "a policy that was adopted") if version else adopting.in_force(tx)
        )
    text = schema_text() if schema else (named.text if named else "") or default_text()
    value = _version(named) if named else {"policy": "shipped"}
    return Answer(value | {"text": text}, lambda screen: screen.line(text.rstrip("\n")))


def _version(one: "PolicyText") -> dict[str, Any]:
    from passerelle.core.clock import to_iso

    return {
        "policy": one.id if one.text else "shipped",
        "version": one.id,
        "digest": one.digest,
        "adopted": to_iso(one.adopted),
        "adopted_by": one.adopted_by,
        "reason": one.reason,
    }


def _history(values: list[dict[str, Any]]) -> Answer:
    keys = ("version", "adopted", "adopted_by", "reason", "digest")
    rows = [[one[key] for key in keys] for one in values]
    return Answer(
        values, lambda screen: screen.table(keys, rows, _("the shipped policy is in force, no other ever was"))
    )


def check(file: File = "", node: NodeOption = "", *, as_: As) -> Answer:
    """Check a policy: that it keeps to the schema, does not contradict itself, and leaves somebody who manages people.

    It also says what a role may do that the shipped policy never lets it. Without FILE the policy in force on the node
    is checked, or the shipped one. Ends with 1 when something is wrong.
    """
    from passerelle.office import adopting
    from passerelle.office.policy import Policy

    given = Policy(_text(Path(file)), file) if file else None
    if not node:
        policy = given or Policy.shipped()
        return _checked(policy, adopting.of_itself(policy))
    with opened(Path(node)) as opened_node:
        permitted(opened_node, as_, "policy.look")

        def read(tx: "Reading") -> "tuple[Policy, list[Finding]]":
            policy = given or opened_node.office.policy(tx)
            return policy, adopting.check(tx, opened_node.office, policy)

        return _checked(*opened_node.store.read(read))


def _text(path: Path) -> str:
    from passerelle.core.errors import InputError

    try:
        return read_file(path, "policy", 1024 * 1024).decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"policy: expected UTF-8, got {path}") from None


def _checked(policy: "Policy", findings: "list[Finding]") -> Answer:
    serious = [one for one in findings if one.what in ("void", "lockout")]
    value = {
        "good": not serious,
        "policies": len(policy.names),
        "digest": policy.digest,
        "findings": [{"what": one.what, "name": one.name, "words": one.words} for one in findings],
    }

    def tell(screen: Screen) -> None:
        for one in findings:
            kind = _("wrong") if one in serious else _("look at this")
            screen.line(f"{kind}: {retold(one.words)}")
        if not serious:
            screen.line(_("the policy is good: {count} policies keep to the schema", count=len(policy.names)))

    return Answer(value, tell, exits.FAILED if serious else exits.DONE)


def why(
    folder: Folder,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Id of the person.", show_default=False)],
    action: Annotated[
        str, typer.Argument(metavar="ACT", help="What he would do, like draft.release.", show_default=False)
    ],
    of: Annotated[str, typer.Option("--of", metavar="ID", help="To this dossier, draft or message.")] = "",
    domain: Annotated[str, typer.Option("--domain", help="In this domain.")] = "",
    lane: Annotated[str, typer.Option("--lane", metavar="routine|flash", help="In this lane.")] = "",
    author: Annotated[str, typer.Option("--author", metavar="PERSON", help="What this person wrote.")] = "",
    magistrate: Annotated[bool, typer.Option("--magistrate", help="An act that a magistrate releases.")] = False,
    judicial: Annotated[bool, typer.Option("--judicial", help="An act that a magistrate writes, too.")] = False,
    four_eyes: Annotated[bool, typer.Option("--four-eyes", help="An act that is under four eyes.")] = False,
    review: Annotated[bool, typer.Option("--review", help="An act that may be reviewed afterwards.")] = False,
    day: Annotated[str, typer.Option("--on", metavar="DAY", help="On this day.", show_default="today")] = "",
    *,
    as_: As,
) -> Answer:
    """Say whether a person may do something, which policies decide it, and which roles would do.

    The facts come from the thing that --of names; the other options change them, or make up a thing.
    """
    from passerelle.office import asking, people
    from passerelle.office.asking import On, ask
    from passerelle.office.explaining import explain
    from passerelle.office.policy import Action

    asked = _action(action)
    given: dict[str, Any] = {"domain": domain, "lane": lane, "author": author}
    given |= {"magistrate": magistrate or judicial, "judicial": judicial, "four_eyes": four_eyes, "review": review}
    with opened(folder) as node:
        who = acting(node, as_)

        def read(tx: "Reading") -> dict[str, Any]:
            ask(tx, node.office, who, Action.POLICY_LOOK, On(kind="policy"))
            ask(tx, node.office, who, Action.PERSON_LOOK, On(kind="person", id=person, person=person))
            people.find(tx, person, removed=True)
            when = people.check_day(day, "--on") if day else node.office.today()
            on = _thing(node, tx, of, asked.value, {key: one for key, one in given.items() if one})
            held = asking.holder_of(tx, person, when)
            policy = node.office.policy(tx)
            verdict = policy.decide(held, asked, on)
            why = explain(policy, verdict, held, asked, on)
            return {
                "person": person,
                "action": asked.value,
                "on": _facts(on),
                "service": held.service,
                "day": when,
                "holds": [{"role": role, "domain": where} for role, where in held.held],
                "allowed": verdict.allowed,
                "reason": why.reason,
                "policies": [{"id": name, "reason": policy.reason_of(name)} for name in verdict.policies],
                "needed": list(why.needed),
            }

        value = node.store.read(read)
    return Answer(value, lambda screen: _show_why(screen, value))


def _facts(on: "On") -> dict[str, Any]:
    """The facts of a thing that it has; of its services, those whose it is."""
    found = {key: getattr(on, key) for key in on.__struct_fields__ if getattr(on, key)}
    if on.readers:
        found["readers"] = list(on.readers.services)
    return found


def _show_why(screen: Screen, value: dict[str, Any]) -> None:
    words = {"person": value["person"], "action": value["action"]}
    may = _("{person} may do {action}", **words) if value["allowed"] else _("{person} may not do {action}", **words)
    screen.line(may)
    screen.line(retold(value["reason"]))
    holds = ", ".join(f"{one['role']} ({one['domain']})" for one in value["holds"])
    facts = ", ".join(f"{key}={one}" for key, one in value["on"].items())
    screen.fields([("roles", holds or "–"), ("service", value["service"]), ("day", value["day"]), ("asked of", facts)])
    rows = [(one["id"], retold(one["reason"])) for one in value["policies"]]
    if rows:
        screen.table(("policy", "reason"), rows)


def _action(text: str) -> Any:
    """An action by its word, or by what stands behind its dot when that is one action's alone."""
    from passerelle.core.errors import NotFoundError
    from passerelle.office.policy import Action

    found = [one for one in Action if text in (one.value, one.value.partition(".")[2])]
    if len(found) != 1:
        raise NotFoundError(f"act: expected one of {', '.join(Action)}, got {text[:40]!r}")
    return found[0]


def _thing(node: "Node", tx: "Reading", of: str, action: str, given: dict[str, Any]) -> "On":
    """What is asked about: the thing that is named, changed by what was given, or one that is made up."""
    import msgspec

    from passerelle.cli.finding import find, find_dossier
    from passerelle.core.errors import NotFoundError
    from passerelle.office import facts
    from passerelle.office.hard import On
    from passerelle.ports.records import MESSAGES
    from passerelle.ports.work import DRAFTS

    if not of:
        return On(**({"kind": action.partition(".")[0]} | given))
    try:
        named = facts.of_dossier(tx, node.ctx, find_dossier(tx, of))
    except NotFoundError:
        try:
            named = facts.of_draft(tx, node.ctx, find(tx, DRAFTS, of, "a draft"))
        except NotFoundError:
            named = facts.of_message(tx, node.ctx, find(tx, MESSAGES, of, "a dossier, a draft or a message"))
    return msgspec.structs.replace(named, **given)


def adopt(
    folder: Folder,
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="The policy, Cedar text.", show_default=False)] = "",
    shipped: Annotated[bool, typer.Option("--shipped", help="Go back to the policy that is shipped.")] = False,
    *,
    reason: Reason,
    as_: As,
) -> Answer:
    """Take another policy into use, at once. One that contradicts itself or locks everybody out is refused."""
    from passerelle.core.errors import InputError
    from passerelle.office import adopting

    if bool(file) == shipped:
        raise InputError("expected either a FILE or --shipped")
    text = _text(Path(file)) if file else ""
    if file and not text.strip():
        raise InputError(f"policy: expected Cedar text, got nothing in {file}")
    with opened(folder) as node:
        who = acting(node, as_)
        value = _version(adopting.adopt(node.office, who, text, reason))
    return said(value, _("the policy is in force, digest {digest}", digest=value["digest"][:12]))
