"""What a policy lets a role do that the shipped one never lets it: for a person to look at before it is adopted.

    findings(Policy(text))    # one for each role that may do more, with what

A service may have its reasons, so nothing is refused for it. But that a coordinator reads what is said about persons,
or an auditor sends, is not to slip in with a permit that says too little about who.

Rules kept here:
- asked are the two policies themselves, about made-up persons who hold one role alone and things that make a
  difference (`contradictions.cases`), hard rules included;
- an action is looked at when it has a permit that the shipped policy has not, or lacks a forbid that it has: what else
  is changed widens nothing.

Left unchecked: what somebody may do who holds several roles; and a permit that holds only in a case that was not made
up.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from passerelle.office.contradictions import LEAST, Finding, among, cases
from passerelle.office.people import Role
from passerelle.office.policy import Action, Policy, actions_of

_READ = (
    Action.DOSSIER_READ,
    Action.DRAFT_READ,
    Action.EVIDENCE_EXPORT,
    Action.LIST_READ,
    Action.HIT_READ,
    Action.INDEX_READ,
    Action.SEARCH_READ,
)
_SEND = (Action.DRAFT_RELEASE, Action.DRAFT_RELEASE_ALONE, Action.DRAFT_RELEASE_ON_DUTY)
_NO_CHANGE = (Role.AUDITOR, Role.ANALYST)
NEVER: Mapping[Role, tuple[Action, ...]] = {
    Role.COORDINATOR: _READ + _SEND,
    Role.OPERATOR: _READ + _SEND,
    Role.SECURITY: _READ + _SEND,
    Role.DISPATCHER: _READ + _SEND,
    Role.ANALYST: _SEND,
    Role.AUDITOR: _SEND,
    Role.DPO: _SEND,
}
"""What roles never do, beside what `_changes` says of those who change nothing."""
_ITS_OWN = (Action.PERSON_SPEAK,)
"""Changes that everybody makes for himself."""


def findings(policy: Policy) -> list[Finding]:
    """Each role that may do what the shipped policy never lets it, with what."""
    shipped = Policy.shipped()
    parts = _widening(shipped, policy)
    touched = {action for part in parts for action in actions_of(part)}
    found: list[Finding] = []
    for role in Role:
        wider = [one.value for one in _never(role) if one in touched and _may(policy, shipped, role, one, parts)]
        if wider:
            name, actions = role.value, ", ".join(wider)
            words = (
                f"{name}: expected a role to do nothing that the shipped policy never lets it, "
                f"got one that may now do {actions}"
            )
            found.append(Finding("wider", role.value, words))
    return found


def _never(role: Role) -> Iterator[Action]:
    yield from NEVER.get(role, ())
    if role in _NO_CHANGE:
        groups = {name for part in _changes() for name in actions_of(part)}
        yield from (one for one in Action if one in groups and one not in (*_SEND, *_ITS_OWN))


def _changes() -> list[Any]:
    """The shipped forbid on changes: its actions are those that change something."""
    shipped = Policy.shipped()
    return [shipped.parts[key] for key, name in shipped.names.items() if name == "auditors-change-nothing"]


def _widening(shipped: Policy, policy: Policy) -> list[Any]:
    """Permits that only the policy has, and forbids that only the shipped one has."""
    return [
        *(one for one in policy.parts.values() if one["effect"] == "permit" and not among(one, shipped)),
        *(one for one in shipped.parts.values() if one["effect"] == "forbid" and not among(one, policy)),
    ]


def _may(policy: Policy, shipped: Policy, role: Role, action: Action, parts: list[Any]) -> bool:
    """Whether somebody with this role alone may do it somewhere, where the shipped policy refuses it to him."""
    looked = [one for one in (*parts, *policy.parts.values()) if action in actions_of(one)]
    return any(
        policy.decide_anew(who, action, on).allowed and not shipped.decide_anew(who, action, on).allowed
        for who, on in cases(looked, action, LEAST, [(role.value,)])
    )
