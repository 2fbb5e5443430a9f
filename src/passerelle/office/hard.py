"""The rules that no policy may lift, and the facts that all rules speak of.

1. *Four eyes.* Nobody releases what he wrote himself by `draft.release`, whatever his roles.
2. *Alone.* `draft.release-alone` releases one's own act only where neither channel nor type puts it under four eyes.
3. *On duty.* `draft.release-on-duty` releases alone only in the flash lane, and only an act that channel and type let
   be reviewed afterwards; a second person then reviews it.
4. *Magistrates.* What type or channel keep for magistrates is written by an officer, a liaison officer or a magistrate,
   and released by a magistrate; never alone. What the type makes a judicial act is written by a magistrate, too.
5. *Oneself.* Nobody gives a role to himself but one that he holds, and that only as the last who could
   (`on.last`: nobody else may); nobody changes who acts as himself.
6. *Review.* Nobody reviews what he released alone.
7. *Second approver.* What names an offence of opinion, or answers what does, leaves when two persons approved who did
   not write it; never alone, never on duty.
8. *Services.* Content is shown to, written and released by persons of the services that it is addressed to
   (`readership`).

They stand in code because a policy is a text that one security officer can replace, and these are what the partner and
the law were promised. What the partner checks of them again (8, four eyes) stays where it is, in `exchange`.
"""

from collections.abc import Sequence

import msgspec

from passerelle.office import readership
from passerelle.office.readership import Readers

RELEASE, RELEASE_ALONE, RELEASE_ON_DUTY = "draft.release", "draft.release-alone", "draft.release-on-duty"
REVIEW = "message.review"
_WRITING = ("dossier.open", "dossier.act", "draft.edit")
_ANY = "*"


class On(msgspec.Struct, frozen=True, kw_only=True):
    """What is acted on: the facts that a policy can speak of. A fact that a thing does not have is empty or false.

    `kind`: dossier, draft, message, instrument, partner, link, alarm, person, policy, node …; `domain`: that of the
    channel, or `*` for what belongs to none; `author`: who wrote it; `magistrate`, `four_eyes`, `review`: what type and
    channel say of the act; `judicial`: the type has it written by a magistrate, too; `person`, `role`, `holds`: of a
    grant, whom it is about, what is given, what he holds; `second`: it needs a second approver;
    `first`: who approved it first; `readers`: the services of a dossier here, None where it belongs to none.
    """

    kind: str
    id: str = ""
    domain: str = _ANY
    lane: str = ""
    type: str = ""
    act: str = ""
    author: str = ""
    magistrate: bool = False
    judicial: bool = False
    four_eyes: bool = False
    review: bool = False
    person: str = ""
    role: str = ""
    holds: tuple[str, ...] = ()
    last: bool = False
    second: bool = False
    first: str = ""
    readers: Readers | None = None


def broken(person: str, held: Sequence[tuple[str, str]], action: str, on: On, service: str = "") -> str:
    """The hard rule that this would break, in words; empty when it breaks none. `service`: that of the person."""
    here = {role for role, domain in held if domain in (_ANY, on.domain)}
    if action == RELEASE and person == on.author:
        return f"four eyes: expected another person than the author to release the act, got its author, {person}"
    if action == RELEASE and on.second and person == on.first:
        return f"second approver: expected another person than the one who approved the act first, got {person}"
    if action in (RELEASE_ALONE, RELEASE_ON_DUTY) and on.second:
        return "second approver: expected the release of the act by two persons who did not write it, got one alone"
    if action == REVIEW and person == on.author:
        return f"review: expected another person than the one who released the act, got {person}"
    if action == RELEASE_ALONE and on.four_eyes:
        return "four eyes: expected a second person to release the act, as channel or type demand, got one alone"
    if action == RELEASE_ON_DUTY and not (on.lane == "flash" and on.review):
        return (
            "on duty: expected an act in the flash lane that channel and type let be reviewed afterwards, "
            f"got {on.act or 'an act'} in lane {on.lane or '-'}"
        )
    if action in ("person.grant", "person.change") and person == on.person:
        return _oneself(action, on)
    if (on.magistrate or on.judicial) and (words := _judicial(here, action, on)):
        return words
    return readership.barred(person, service, here, action, on.readers) if on.readers else ""


def _judicial(here: set[str], action: str, on: On) -> str:
    domain, held = on.domain, ", ".join(sorted(here)) or "none"
    if action in (RELEASE_ALONE, RELEASE_ON_DUTY):
        return "judicial act: expected its release by a magistrate who did not write it, got one person alone"
    if action == RELEASE and "magistrate" not in here:
        return f"judicial act: expected the role magistrate in domain {domain}, got {held}"
    if action in _WRITING and on.judicial and "magistrate" not in here:
        return f"judicial act: expected the role magistrate in domain {domain} to write it, got {held}"
    if action in _WRITING and not here & {"magistrate", "officer", "liaison"}:
        return f"judicial act: expected a role among officer, liaison, magistrate in domain {domain}, got {held}"
    return ""


def _oneself(action: str, on: On) -> str:
    if action == "person.change":
        return "oneself: expected another person to change who acts as somebody, got the person himself"
    if on.role in on.holds and on.last:
        return ""
    return (
        "oneself: expected another person to give a role (the last who can may prolong what he holds), "
        "got the person himself"
    )
