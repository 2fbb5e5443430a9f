"""May this person do this? The one question that every door asks.

    office = node.office
    ask(tx, office, who, Action.DOSSIER_OPEN, On(kind="dossier", domain="wanted-persons", lane="routine"))

Rules kept here:
- the question is asked in the transaction that does the thing, of what the store says there: a grant that was revoked a
  moment ago counts no more;
- which persons `--as` may name is what the store says of the operating-system user, who is told apart by the kernel and
  not by the environment;
- a refusal is an audit record. The transaction that was refused leaves nothing behind, so the record is written in one
  of its own, by `recorded`, inside which every door works.

Left unchecked: the facts in `On`, which who asks reads from the store.
"""

import os
import pwd
from collections.abc import Iterator, Sized
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from passerelle.core.audit import What
from passerelle.core.errors import ForbiddenError, InputError, NotFoundError
from passerelle.exchange import notes
from passerelle.exchange.context import Context
from passerelle.office import people
from passerelle.office.hard import On
from passerelle.ports.people import PERSONS, POLICIES, Person
from passerelle.ports.store import Reading

if TYPE_CHECKING:
    from passerelle.office.policy import Action, Holder, Policy, Verdict

__all__ = ["NotAllowedError", "Office", "On", "Sight", "acting", "ask", "may", "recorded", "this_user"]

_NO_LOGIN = 2**32 - 1


class NotAllowedError(ForbiddenError):
    """The person may not do this."""

    def __init__(self, who: str, action: str, on: str, reason: str) -> None:
        self.who, self.action, self.on, self.reason = who, action, on, reason
        self.recorded = False
        super().__init__(reason)


class HiddenError(NotFoundError):
    """Somebody named what he is not told to be here (`veil`); to him it is not."""

    def __init__(self, who: str, action: str, on: str, words: str = "") -> None:
        self.who, self.action, self.on = who, action, on
        super().__init__(words)


@dataclass(frozen=True)
class Office:
    """What officers' work needs beside the exchange: the node's time zone, and the policy once it was read."""

    ctx: Context
    zone: ZoneInfo
    _policies: "dict[str, Policy]" = field(default_factory=dict)

    def today(self) -> str:
        """The day in the node's time zone."""
        return people.day_in(self.ctx.clock.now(), self.zone)

    def policy(self, tx: Reading) -> "Policy":
        """The policy in force. Raises PolicyError when the one that was adopted no longer validates."""
        from passerelle.office.policy import Policy

        newest = tx.scan(POLICIES, limit=1, descending=True)
        if not newest or not newest[0].text:
            return Policy.shipped()
        found = self._policies.get(newest[0].digest)
        if found is None:
            found = self._policies[newest[0].digest] = Policy(newest[0].text, "the adopted policy")
        return found


def this_user() -> str:
    """The operating-system user; `uid-<number>` for one without a name.

    The one who logged in, where the kernel keeps that (Linux audit login id): it stays the same below `sudo`, so the
    person behind the account that owns the folder is known. Else the user of this process.
    """
    with suppress(OSError, ValueError, KeyError):
        login = int(Path("/proc/self/loginuid").read_text("ascii"))
        if login != _NO_LOGIN:
            return pwd.getpwuid(login).pw_name
    with suppress(KeyError):
        return pwd.getpwuid(os.getuid()).pw_name
    return f"uid-{os.getuid()}"


def holder_of(tx: Reading, person: str, day: str) -> "Holder":
    """A person as the policy sees him on a day. One who was removed holds nothing."""
    from passerelle.office.policy import Holder

    there = tx.get(PERSONS, person)
    if there is None or there.removed:
        return Holder(person, ())
    held = {(one.role, one.domain) for one in people.grants_of(tx, person) if people.in_force(one, day)}
    return Holder(person, tuple(sorted(held)), there.service)


def ask(
    tx: Reading, office: Office, who: Person, action: "Action", on: On, policy: "Policy | None" = None
) -> "Verdict":
    """The verdict, when the person may do this; it says by which policies.

    `who`: whom `acting` gave; `policy`: another than the one in force. Works in a `read` and in a `write`. Raises
    NotAllowedError with the reason, PolicyError when the policy in force no longer validates.
    """
    held = holder_of(tx, who.id, office.today())
    policy = policy or office.policy(tx)
    verdict = policy.decide(held, action, on)
    if not verdict.allowed:
        raise _refused(tx, office, policy, verdict, held, action, on)
    return verdict


def _refused(
    tx: Reading, office: Office, policy: "Policy", verdict: "Verdict", held: "Holder", action: "Action", on: On
) -> NotAllowedError:
    from passerelle.office.explaining import explain

    reason = (
        explain(policy, verdict, held, action, on).reason if held.held else _nothing_held(tx, held.id, office.today())
    )
    return NotAllowedError(held.id, action.value, f"{on.kind}/{on.id}" if on.id else on.kind, reason)


def may(tx: Reading, office: Office, who: Person, action: "Action", on: On) -> bool:
    """Whether the person may do this: for what is shown or left out. Nothing is written down."""
    held = holder_of(tx, who.id, office.today())
    return bool(held.held) and office.policy(tx).decide(held, action, on).allowed


class Sight:
    """What a person sees of a list, within one transaction.

    Asked without ids, so that a list of any length is decided by the few kinds of things that are in it. Raises
    NotAllowedError when he has no role at all.
    """

    def __init__(self, tx: Reading, office: Office, who: Person, action: "Action") -> None:
        self._tx, self._office = tx, office
        self._held = holder_of(tx, who.id, office.today())
        self._policy = office.policy(tx)
        self._action = action
        self._refused: tuple[Verdict, On] | None = None
        if not self._held.held:
            raise NotAllowedError(who.id, action.value, "list", _nothing_held(tx, who.id, office.today()))

    def sees(self, on: On) -> bool:
        """Whether he sees this one."""
        kind = msgspec.structs.replace(on, id="")
        verdict = self._policy.decide(self._held, self._action, kind)
        kept = on.readers is not None and bool(on.readers.kinds)
        other = (bool(self._held.service) or kept) and verdict.rule.startswith("service: ")
        if not verdict.allowed and not other and self._refused is None:  # of another service's work no word is said
            self._refused = verdict, kind
        return verdict.allowed

    def check(self, found: Sized) -> None:
        """Raises NotAllowedError when there was something and he may see none of it: an empty list would mislead."""
        if self._refused is not None and not len(found):
            verdict, on = self._refused
            raise _refused(self._tx, self._office, self._policy, verdict, self._held, self._action, on)


def _nothing_held(tx: Reading, person: str, day: str) -> str:
    grants = people.grants_of(tx, person)
    if not grants:
        return f"expected a person with a role in force, got {person}, who was never given one"
    last = max(grants, key=lambda one: (not one.revoked, one.until or "9999", one.given))
    if last.revoked:
        return f"expected a person with a role in force, got {person}, whose role {last.role} was revoked"
    if last.begin > day:
        return f"expected a person with a role in force, got {person}, whose role {last.role} begins on {last.begin}"
    return f"expected a person with a role in force, got {person}, whose role {last.role} ended on {last.until}"


def acting(office: Office, named: str, user: str) -> Person:
    """The person that an operating-system user acts as: the one named, or the only one.

    Raises NotAllowedError when the user may not act as him, InputError when several could be meant.
    """
    found = office.ctx.store.read(lambda tx: people.seated(tx, user) if user else [])
    if named:
        for person in found:
            if person.id == named:
                return person
    elif len(found) == 1:
        return found[0]
    known = ", ".join(person.id for person in found) or "nobody"
    if not named and found:
        raise InputError(f"--as: expected one of {known}, got nothing")
    got = named or "nothing"
    raise NotAllowedError(
        f"user {user or '?'}",
        "act-as",
        f"person/{named}" if named else "person",
        f"--as: expected a person that user {user or '?'} may act as ({known}), got {got}",
    )


@contextmanager
def recorded(office: Office) -> Iterator[None]:
    """What is refused inside leaves an audit record. Every door works inside; no transaction may be open here."""
    try:
        yield
    except NotAllowedError as error:
        if not error.recorded:
            error.recorded = True
            who, on, details = error.who, error.on, {"action": error.action, "reason": error.reason}
            _write_down(office, who, on, details)
        raise
    except NotFoundError as error:
        for one in _hidden(error):
            _write_down(office, one.who, one.on, {"action": one.action, "reason": str(one)})
        raise


def _write_down(office: Office, who: str, on: str, details: dict[str, str]) -> None:
    office.ctx.store.write(
        "access.refused", lambda tx: notes.record(tx, office.ctx, What.ACCESS_REFUSED, who, on, details)
    )


def _hidden(error: BaseException) -> list[HiddenError]:
    """What was hidden on the way to this error: somebody may have looked for several kinds of things in turn."""
    found: dict[str, HiddenError] = {}
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, HiddenError):
            found[one.on] = one
        one = one.__context__
    return list(found.values())
