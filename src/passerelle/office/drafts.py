"""The life of a draft: which step follows which, and who comes too late.

    draft -> submitted -> [approved first] -> released (the message of the same id)
      ^         |                 |
      |         v
    edited <- returned            discarded: from each of the three

Rules kept here:
- a step starts from the version that the person had in front of him. Of two persons who act on one draft at once the
  store lets one pass; the other is told who did what, and when;
- who writes a version is its author, and stays among the draft's authors: none of them is its second pair of eyes;
- an edit takes a submitted draft back: nobody releases what was changed after it was submitted;
- where an act needs a second approver, the first one's approval stands in the draft and leaves its state alone; an
  edit and a sending back wipe it;
- whoever has read a draft does not release another version of it unread;
- what the type asks the author to attest stands in the draft, by name, and nowhere in the act.

Left unchecked: whether the person may do it (`workflow`), and whether the act may leave (`exchange.desk`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from passerelle.core import json
from passerelle.core.clock import to_iso
from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.dossiers.types import ActType
from passerelle.exchange.desk import Act
from passerelle.ports.store import Reading
from passerelle.ports.work import DRAFTS, Draft

OPEN = ("draft", "submitted", "returned")
LONGEST_COMMENT = 2000
_DONE = {
    "draft": "written",
    "submitted": "submitted",
    "returned": "sent back",
    "discarded": "thrown away",
}


def find(tx: Reading, draft_id: str, allowed: Iterable[str], seen: int | None = None) -> Draft:
    """A draft in one of these states, at the version `seen` unless that is None.

    Raises NotFoundError, or StateError that tells who did what in the meantime.
    """
    found = tx.get(DRAFTS, draft_id)
    if found is None:
        raise NotFoundError(f"expected a draft that is here, got {draft_id!r}")
    wanted = tuple(allowed)
    if found.state not in wanted:
        raise StateError(f"expected draft {draft_id} to be {' or '.join(wanted)}, got one that was {last_step(found)}")
    if seen is not None and seen != found.version:
        words = f"expected draft {draft_id} at version {seen}, got version {found.version}, {last_step(found)}"
        raise StateError(words)
    return found


def last_step(draft: Draft) -> str:
    """What happened to the draft last, by whom and when."""
    if draft.first:
        return f"approved by {draft.first} on {to_iso(draft.approved)}"
    return f"{_DONE[draft.state]} by {draft.changed_by} on {to_iso(draft.changed)}"


def made(draft_id: str, act: Act, attested: Iterable[str], now: int) -> Draft:
    """The first version of a draft."""
    content = act.content
    return Draft(
        id=draft_id,
        partner=act.partner,
        dossier=content["dossier"],
        act=content["act"],
        body=json.canonical(content),
        author=act.author,
        created=now,
        type=content["type"],
        channel=str(content.get("channel", "")),
        lane=act.lane,
        authors=(act.author,),
        attested=tuple(sorted(set(attested))),
        changed=now,
        changed_by=act.author,
    )


def edited(draft: Draft, act: Act, attested: Iterable[str], now: int) -> Draft:
    """The next version, by the author of `act`. Raises InputError when it is no longer the same act and dossier."""
    for what in ("dossier", "type", "act"):
        if act.content[what] != getattr(draft, what):
            raise InputError(f"{what}: expected {getattr(draft, what)}, as in the draft, got {act.content[what]!r}")
    fresh = made(draft.id, act, attested, now)
    return msgspec.structs.replace(
        fresh,
        created=draft.created,
        version=draft.version + 1,
        edition=draft.edition + 1,
        authors=(*(one for one in draft.authors if one != act.author), act.author),
        comment=draft.comment,
    )


def moved(draft: Draft, state: str, by: str, now: int, comment: str = "") -> Draft:
    """The draft after a step that leaves what it says alone; discarded, it says nothing more."""
    return msgspec.structs.replace(
        draft,
        state=state,
        version=draft.version + 1,
        comment=comment,
        changed=now,
        changed_by=by,
        body=b"" if state == "discarded" else draft.body,
        first="",
        approved=0,
    )


def approved(draft: Draft, by: str, now: int) -> Draft:
    """The draft after its first approval: it waits as before, now for a second approver."""
    return msgspec.structs.replace(draft, first=by, approved=now, version=draft.version + 1)


def act_of(draft: Draft, releaser: str = "") -> Act:
    """The act as it stands in the draft."""
    content: dict[str, Any] = json.parse_object(draft.body)
    return Act(
        partner=draft.partner,
        lane=draft.lane,
        content=content,
        author=draft.author,
        releaser=releaser,
        second=draft.first,
    )


def files_of(draft: Draft) -> list[dict[str, Any]]:
    """The files that the draft announces, as its content names them."""
    if not draft.body:
        return []
    found = json.parse_object(draft.body).get("attachments", [])
    return found if isinstance(found, list) else []


def addresses_of(draft: Draft) -> set[str]:
    """The addresses of these files."""
    return {str(one["address"]) for one in files_of(draft)}


def check_comment(text: str, what: str = "comment") -> str:
    """Words of one person to another. Raises InputError."""
    words = text.strip()
    if not 1 <= len(words) <= LONGEST_COMMENT or "\0" in words:
        raise InputError(f"{what}: expected 1 to {LONGEST_COMMENT} characters, got {len(words)}")
    return words


def check_attested(act: ActType, attested: Iterable[str]) -> tuple[str, ...]:
    """The names themselves. Raises InputError for one that the act does not ask for."""
    names = tuple(sorted(set(attested)))
    for name in names:
        if name not in act.attest:
            known = ", ".join(act.attest) or "nothing: this act asks for none"
            raise InputError(f"attest: expected one of {known}, got {name[:64]!r}")
    return names


def lacking(asked: Mapping[str, object], attested: Iterable[str]) -> list[str]:
    """What the act asks its author to attest, and he has not."""
    return [name for name in asked if name not in set(attested)]
