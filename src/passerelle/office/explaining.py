"""Why a verdict is as it is, in words that a person can act on.

Rules kept here:
- a refusal says which roles would do, found by asking the policy itself for each role alone, so that it is true of any
  policy; and the reasons of the forbids that stood against it;
- nothing is decided here: a verdict stands before it is explained.
"""

import msgspec

from passerelle.office import hard
from passerelle.office.hard import On
from passerelle.office.people import ANYWHERE, Role
from passerelle.office.policy import Action, Holder, Policy, Verdict


class Explanation(msgspec.Struct, frozen=True):
    """`reason`: in words; `needed`: the roles that alone would have allowed what was refused."""

    reason: str
    needed: tuple[str, ...] = ()


def explain(policy: Policy, verdict: Verdict, who: Holder, action: Action, on: On) -> Explanation:
    """The words of a verdict."""
    words = "; ".join(policy.reason_of(name) for name in verdict.policies)
    if verdict.allowed or verdict.rule:
        return Explanation(verdict.rule or words)
    held = ", ".join(f"{role} ({domain})" for role, domain in who.held)
    needed = tuple(role.value for role in Role if _would(policy, who, role, action, on))
    if not needed:
        return Explanation(
            words or f"{action}: expected a policy that permits this to somebody, got none for this thing"
        )
    if who.here(on.domain) & set(needed):
        return Explanation(words or f"{action}: expected a policy that permits this, got none for {held}", needed)
    roles, domain = ", ".join(needed), on.domain
    if domain == ANYWHERE:
        reason = f"{action}: expected a role among {roles}, got {held}"
    else:
        reason = f"{action}: expected a role among {roles} in domain {domain}, got {held}"
    return Explanation(f"{reason}; {words}" if words else reason, needed)


def _would(policy: Policy, who: Holder, role: Role, action: Action, on: On) -> bool:
    """Whether this role alone, in the thing's domain, would do."""
    other = msgspec.structs.replace(who, held=((role.value, on.domain),))
    return not hard.broken(who.id, other.held, action.value, on, who.service) and policy.outcome(other, action, on)[0]
