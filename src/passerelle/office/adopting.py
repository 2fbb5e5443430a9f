"""Taking another policy into use.

Rules kept here:
- a text that does not parse, does not keep to the schema, contradicts itself, or would leave nobody who may manage
  people or adopt another one, is not adopted; nothing is half adopted;
- every version that was ever in force is kept, with who adopted it and why;
- whether a person may adopt one is asked of the policy in force; when that one no longer validates (a newer version's
  schema), of the policy that is shipped, so that there is a way out.
"""

import itertools

from passerelle.core import ids
from passerelle.core.audit import What
from passerelle.core.errors import InputError
from passerelle.exchange import notes
from passerelle.office import contradictions, lockout, people, widening
from passerelle.office.asking import Office, On, ask, holder_of
from passerelle.office.contradictions import Finding
from passerelle.office.policy import Action, Holder, Policy, PolicyError
from passerelle.ports.people import POLICIES, Person, PolicyText
from passerelle.ports.store import Reading, Writing

_SERIOUS = ("void", "lockout")


def in_force(tx: Reading) -> PolicyText | None:
    """The version in force; None before any was adopted."""
    newest = tx.scan(POLICIES, limit=1, descending=True)
    return newest[0] if newest else None


def history(tx: Reading) -> list[PolicyText]:
    """Every version that was adopted, oldest first."""
    return tx.scan(POLICIES, limit=100_000)


def _judge(tx: Reading, office: Office) -> Policy:
    """The policy that says who may adopt one."""
    try:
        return office.policy(tx)
    except PolicyError:
        return Policy.shipped()


def of_itself(policy: Policy) -> list[Finding]:
    """What is wrong with a policy, or to be looked at, whoever the people are."""
    return contradictions.findings(policy) + widening.findings(policy)


def check(tx: Reading, office: Office, policy: Policy) -> list[Finding]:
    """What is wrong with a policy, by itself and for the people of this node."""
    found = of_itself(policy)
    until = lockout.covered_until(policy, lockout.reachable(tx), office.today())
    if not until and not any(one.what == "lockout" for one in found):
        words = "expected somebody on this node who may manage people today, nobody would be left: a lock-out"
        found.append(Finding("lockout", "", words))
    elif until and until != lockout.NEVER:
        words = f"expected somebody on this node who may manage people without end, nobody is left after {until}"
        found.append(Finding("ends", "", words))
    if until and not _adopted_again(tx, office, policy):
        words = "expected somebody on this node who may adopt another policy today, nobody would be left: a lock-out"
        found.append(Finding("lockout", "", words))
    return found + _shared(tx, office, policy)


def _adopted_again(tx: Reading, office: Office, policy: Policy) -> bool:
    """Whether somebody could replace the policy. One that nobody may replace stays for ever: going back is adopting."""
    today, on = office.today(), On(kind="policy")
    reachable = (holder_of(tx, person, today) for person in lockout.reachable(tx))
    return any(policy.decide(one, Action.POLICY_ADOPT, on).allowed for one in reachable)


def _shared(tx: Reading, office: Office, policy: Policy) -> list[Finding]:
    """Operating-system users who alone are both pairs of eyes: they may write as one person and release as another."""
    today, found = office.today(), []
    holders: dict[str, list[Holder]] = {}
    for person in people.everybody(tx):
        if not person.removed:
            for user in people.users_of(tx, person.id):
                holders.setdefault(user, []).append(holder_of(tx, person.id, today))
    for user, acts in sorted(holders.items()):
        for writer, releaser in itertools.permutations(acts, 2):
            domains = {domain for one in (writer, releaser) for _, domain in one.held}
            for domain in sorted(domains):
                on = On(kind="draft", domain=domain, lane="routine", author=writer.id, four_eyes=True)
                writes = policy.decide(writer, Action.DOSSIER_ACT, on).allowed
                if writes and policy.decide(releaser, Action.DRAFT_RELEASE, on).allowed:
                    words = (
                        f"expected two operating-system users for {writer.id}, who writes, and {releaser.id}, who "
                        f"releases in {domain}, got {user} for both"
                    )
                    found.append(Finding("shared", user, words))
                    break
    return found


def adopt(office: Office, who: Person, text: str, reason: str) -> PolicyText:
    """Take a policy into use; an empty text goes back to the shipped one.

    Raises NotAllowedError, PolicyError (form, contradiction, lock-out), InputError when it is in force already.
    """
    policy = Policy(text) if text else Policy.shipped()

    def work(tx: Writing) -> PolicyText:
        ask(tx, office, who, Action.POLICY_ADOPT, On(kind="policy"), _judge(tx, office))
        there = in_force(tx)
        if text == (there.text if there else ""):
            raise InputError("expected another policy than the one in force, got the same")
        serious = [one.words for one in check(tx, office, policy) if one.what in _SERIOUS]
        if serious:
            raise PolicyError("; ".join(serious))
        made = PolicyText(
            id=ids.new_id(),
            digest=policy.digest,
            text=text,
            adopted=office.ctx.clock.now(),
            adopted_by=who.id,
            reason=reason,
        )
        tx.add(POLICIES, [made])
        before = there.digest if there and there.text else "shipped"
        details = {"before": before, "after": made.digest if text else "shipped", "reason": reason}
        notes.record(tx, office.ctx, What.POLICY_ADOPTED, who.id, "policy", details)
        return made

    return office.ctx.store.write("policy.adopt", work)
