"""What a policy says against itself: permits that a forbid makes void, actions that nobody can do, nobody who manages.

A permit that works for nobody but those who may anyway is found as well, of persons with one role: *vain*.
(Coordinators may read, says it; a forbid stands against each of them but the one who is an officer, too.) Of the
shipped permits that is not asked: a forbid beside them is how a service takes something back.

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
    "judicial": (False, True),
    "second": (False, True),
    "first": (_OTHER, _ME, ""),
    "four_eyes": (False, True),
    "review": (False, True),
    "person": (_OTHER, _ME, ""),
    "role": ("", *_ROLES),
    "holds": ((), *((role,) for role in _ROLES)),
    "last": (False, True),
}
_PERSONS = ("author", "first", "person")
_HARD: Mapping[Action, set[str]] = {Action.DRAFT_RELEASE_ON_DUTY: {"lane", "review"}}
"""What a hard rule looks at, whatever a policy says."""
_USUAL: dict[str, Any] = {name: values[0] if values else "" for name, values in _VALUES.items()}


class Finding(msgspec.Struct, frozen=True):
    """Something that is wrong, or to be looked at. `name`: the policy, the action, the role.

    `what`: void, idle, vain, nobody, lockout, ends, shared, wider (`widening`).
    """

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
    useless = {one.name for one in found}
    for key, part in policy.parts.items():
        if part["effect"] == "permit" and policy.names[key] not in useless and not among(part, Policy.shipped()):
            found += _vain(policy, key, part, [action for action in actions_of(part) if done[action.value]])
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
    alone = _set_of({key: part})
    against: set[str] = set()
    applies = works = False
    actions = actions_of(part)
    most = max(LEAST, MOST // max(1, len(actions)))
    for action in actions:
        looked = [
            part,
            *(one for one in policy.parts.values() if one["effect"] == "forbid" and action in actions_of(one)),
        ]
        for who, on in cases(looked, action, most):
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


def _vain(policy: Policy, key: str, part: Any, actions: Sequence[Action]) -> list[Finding]:
    """Of these actions those for which forbids take away all that this permit adds to the others."""
    name, alone = policy.names[key], _set_of({key: part})
    others = {one: rest for one, rest in policy.parts.items() if rest["effect"] == "permit" and one != key}
    beside = _set_of(others)
    vain: dict[str, set[str]] = {}
    for action in actions:
        looked = [part, *(one for one in policy.parts.values() if action in actions_of(one))]
        against: set[str] = set()
        for who, on in cases(looked, action, LEAST, [(role,) for role in _ROLES]):
            if not policy.satisfied(alone, who, action, on) or hard.broken(who.id, who.held, action.value, on):
                continue
            allowed, names = policy.outcome(who, action, on)
            if allowed and names == (name,):
                against = set()
                break
            if not allowed and not policy.satisfied(beside, who, action, on):
                against |= set(names)
        if against:
            vain[action.value] = against
    if not vain:
        return []
    idle_for, by = ", ".join(vain), _list(set().union(*vain.values()))
    words = f"{name}: expected a permit that adds something for {idle_for}, all that it adds is void by {by}"
    return [Finding("vain", name, words)]


def among(part: Any, policy: Policy) -> bool:
    """Whether a policy of this text, whatever its name and reason, is among those of `policy`."""
    return any(_core(part) == _core(one) for one in policy.parts.values())


def _core(part: Any) -> dict[str, Any]:
    return {name: one for name, one in part.items() if name != "annotations"}


def _set_of(parts: Mapping[str, Any]) -> cedarpy.PolicySet:
    return cedarpy.PolicySet.from_json_str(
        json.dumps({"staticPolicies": dict(parts), "templates": {}, "templateLinks": []})
    )


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "what else is said"


def cases(
    parts: Sequence[Any], action: Action, most: int, roles_held: Sequence[tuple[str, ...]] = ()
) -> Iterator[tuple[Holder, On]]:
    """Persons and things that make a difference to these policies, at most so many.

    `roles_held`: the roles that the persons hold; without, one, two of those that are named, and all.
    """
    mentioned, texts, people = _mentioned(parts)
    choices: list[tuple[Any, ...]] = []
    mentioned |= _HARD.get(action, set())
    names = [name for name in _VALUES if name in mentioned]
    for name in names:
        extra: list[Any] = []
        if isinstance(_USUAL[name], str):
            extra = sorted(people if name in _PERSONS else texts)
        choices.append(tuple(dict.fromkeys((*_VALUES[name], *extra))) or ("",))
    roles = [role for role in _ROLES if role in mentioned] or list(_ROLES)
    held = [(one,) for one in _ROLES] + list(itertools.combinations(roles, 2)) + [_ROLES]
    held = list(roles_held) or held
    for who, roles_, *values in _mixed([(_ME, *sorted(people)), held, *choices], most):
        facts: dict[str, Any] = (
            _USUAL | {"kind": action.value.partition(".")[0]} | dict(zip(names, values, strict=True))
        )
        facts |= {key: who for key in _PERSONS if facts[key] == _ME}
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
