"""What a policy says against itself: permits that a forbid makes void, actions that nobody can do, nobody who manages.

Cedar's validator finds what is wrong with one policy; this looks at what they do to each other. It asks the policy
itself, about made-up persons and things: persons with one role, with two of those that are named, and with all; things
with each fact that a policy in question looks at, once so and once otherwise, and with the words that it names.

Rules kept here:
- a permit counts when in one of these cases it is among the reasons of a yes; its hard rules count like forbids;
- cases are tried in an order that is mixed but always the same, and no more than `MOST` of them for a permit, or
  `LEAST` for each of its actions.

Left unchecked: a permit that only holds in a case that was not made up (three words at once, say) is reported though it
would do. That errs on the side of a question too many.
"""

import itertools
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import cedarpy
import msgspec

from passerelle.office import hard, lockout
from passerelle.office.hard import On
from passerelle.office.people import ANYWHERE, Role
from passerelle.office.policy import Action, Holder, Policy, actions_of

MOST, LEAST = 3000, 300
_ME, _OTHER = "somebody", "somebody-else"
_HERE = "some-domain"
_ROLES = tuple(role.value for role in Role)
_VALUES: Mapping[str, tuple[Any, ...]] = {
    "kind": (),
    "domain": (_HERE, ANYWHERE),
    "lane": ("routine", "flash", "governance", ""),
    "type": ("some-type", ""),
    "act": ("some-act", ""),
    "author": (_OTHER, _ME, ""),
    "magistrate": (False, True),
    "four_eyes": (False, True),
    "review": (False, True),
    "person": (_OTHER, _ME, ""),
    "role": ("", *_ROLES),
    "holds": ((), *((role,) for role in _ROLES)),
    "last": (False, True),
}
_USUAL: dict[str, Any] = {name: values[0] if values else "" for name, values in _VALUES.items()}


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong. `what`: void, idle, nobody, lockout; `name`: the policy or the action."""

    what: str
    name: str
    words: str


def findings(policy: Policy) -> list[Finding]:
    """Everything that a policy says against itself, whoever the people are."""
    found: list[Finding] = []
    done: dict[str, set[str]] = {action.value: set() for action in Action}
    for key, part in policy.parts.items():
        if part["effect"] == "permit":
            found += _permit(policy, key, part, done)
    for action, by in done.items():
        if not by:
            found.append(Finding("nobody", action, f"{action}: expected somebody who can do it, no permit allows it"))
    everybody = (Holder(_ME, ((role, ANYWHERE),)) for role in _ROLES)
    if not any(lockout.manages(policy, one) for one in everybody):
        words = "expected a role that may write people down and give roles, no role may: everybody would be locked out"
        found.append(Finding("lockout", "", words))
    return found


def _permit(policy: Policy, key: str, part: Any, done: dict[str, set[str]]) -> list[Finding]:
    name = policy.names[key]
    alone = cedarpy.PolicySet.from_json_str(
        json.dumps({"templates": {}, "staticPolicies": {key: part}, "templateLinks": []})
    )
    against: set[str] = set()
    applies = works = False
    actions = actions_of(part)
    most = max(LEAST, MOST // max(1, len(actions)))
    for action in actions:
        looked = [
            part,
            *(one for one in policy.parts.values() if one["effect"] == "forbid" and action in actions_of(one)),
        ]
        for who, on in _cases(looked, action, most):
            if not policy.satisfied(alone, who, action, on):
                continue
            applies = True
            if hard.broken(who.id, who.held, action.value, on):
                against.add("a rule of the code")
                continue
            allowed, names = policy.outcome(who, action, on)
            if allowed:
                works = True
                done[action.value].add(name)
                break
            against |= set(names)
    if works:
        return []
    if not applies:
        return [Finding("idle", name, f"{name}: expected a permit that can apply, none of its cases can be")]
    return [Finding("void", name, f"{name}: expected a permit that permits something, it is void by {_list(against)}")]


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "what else is said"


def _cases(parts: Sequence[Any], action: Action, most: int) -> Iterator[tuple[Holder, On]]:
    """Persons and things that make a difference to these policies."""
    mentioned, texts, people = _mentioned(parts)
    choices: list[tuple[Any, ...]] = []
    names = [name for name in _VALUES if name in mentioned]
    for name in names:
        extra: list[Any] = []
        if isinstance(_USUAL[name], str):
            extra = sorted(people if name in ("author", "person") else texts)
        choices.append(tuple(dict.fromkeys((*_VALUES[name], *extra))) or ("",))
    roles = [role for role in _ROLES if role in mentioned] or list(_ROLES)
    held = [(one,) for one in _ROLES] + list(itertools.combinations(roles, 2)) + [_ROLES]
    for who, roles_, *values in _mixed([(_ME, *sorted(people)), held, *choices], most):
        facts: dict[str, Any] = (
            _USUAL | {"kind": action.value.partition(".")[0]} | dict(zip(names, values, strict=True))
        )
        facts |= {key: who for key in ("author", "person") if facts[key] == _ME}
        yield Holder(who, tuple((role, facts["domain"]) for role in roles_)), On(**facts)


def _mixed(choices: Sequence[Sequence[Any]], most: int) -> Iterator[list[Any]]:
    """The combinations of the choices, at most so many, in a mixed order that is always the same."""
    size = math.prod(map(len, choices))
    chance = random.Random(0)  # noqa: S311 - an order, no secret
    for number in chance.sample(range(size), min(size, most)):
        combined, rest = [], number
        for one in choices:
            rest, place = divmod(rest, len(one))
            combined.append(one[place])
        yield combined


def _mentioned(parts: Sequence[Any]) -> tuple[set[str], set[str], set[str]]:
    """Attributes, texts and persons that policies speak of."""
    attributes: set[str] = set()
    texts: set[str] = set()
    people: set[str] = set()

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for one in value:
                walk(one)
        elif isinstance(value, dict):
            if isinstance(value.get("attr"), str):
                attributes.add(value["attr"])
            if isinstance(value.get("Value"), str):
                texts.add(value["Value"])
            if value.get("type") == "Person" and isinstance(value.get("id"), str):
                people.add(value["id"])
            if isinstance(value.get("pattern"), list):
                texts.add("".join(str(one.get("Literal", "")) for one in value["pattern"] if isinstance(one, dict)))
            for name, one in value.items():
                if name != "annotations":
                    walk(one)

    walk(list(parts))
    return attributes, texts, people - {""}
