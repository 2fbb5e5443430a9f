"""How the delivery of a message and of its files stands, in words."""

from collections.abc import Sequence
from typing import Any

from passerelle.cli.terms import outcome
from passerelle.core.retold import retold
from passerelle.core.words import _
from passerelle.exchange.checks import MEANING
from passerelle.office import stage
from passerelle.office.attaching import Standing
from passerelle.ports.records import MESSAGES, WAITS, Message
from passerelle.ports.store import Reading


def checks_in_words(checks: tuple[str, ...]) -> str:
    """Numbers of checks with what they mean."""
    known = {str(check): words for check, words in MEANING.items()}
    return "; ".join(f"[{number}] {_(known.get(number, 'unknown'))}" for number in checks)


def delivery(tx: Reading, message: Message, logs: stage.Logs) -> dict[str, Any]:
    """How a message stands: a state of a closed list, and the words for it."""
    state = stage.delivery(message, logs)
    made: dict[str, Any] = {"state": state, "words": _words(tx, message, state)}
    if message.checks:
        made |= {"checks": list(message.checks), "refusal": message.refusal}
    return made


def _words(tx: Reading, message: Message, state: str) -> str:
    own, partner = message.direction == "out", message.partner
    match state:
        case "in-line":
            return _("in line: has no index yet")
        case "sent":
            return _("entered at index {index}, no receipt of {partner} yet", index=message.index, partner=partner)
        case "stored":
            return _("stored by {partner}", partner=partner)
        case "withdrawn":
            return _("never sent: {reason}", reason=retold(message.reason))
        case "waiting":
            return _("waiting for {what}", what=_(" and ").join(needs(tx, message)))
        case "refused" if own:
            words = checks_in_words(message.checks)
            return _("refused by {partner}, does not hold: {checks}", partner=partner, checks=words)
        case "refused":
            return _("refused here: {reason}", reason=retold(message.reason) or checks_in_words(message.checks))
        case "withheld" if own:
            return _("content withheld: {reason}", reason=retold(message.reason))
        case "withheld":
            return _("came without content: {reason}", reason=retold(message.reason))
    return _("received")


def needs(tx: Reading, message: Message) -> list[str]:
    """What a message of the partner waits for, in words."""
    words = []
    for wait in tx.scan(WAITS, "key", (message.id,), limit=1000):
        kind, _colon, name = wait.need.partition(":")
        if kind == "governance":
            words.append(_("the governance log of {name} up to {size}", name=name, size=message.governance))
        else:
            there = tx.get(MESSAGES, wait.need)
            words.append(
                _("message {id}, which waits itself", id=wait.need) if there else _("message {id}", id=wait.need)
            )
    return words or [_("nothing known")]


# -- the files of a message --------------------------------------------------------------------------------------------


def file_value(one: Standing) -> dict[str, Any]:
    """How a file of a message or a draft stands."""
    return {
        "number": one.number,
        "address": one.address,
        "media": one.media,
        "size": one.size,
        "here": one.here,
        "state": one.state,
        "outcome": one.outcome,
        "answer": one.answer,
    }


def amount(size: int) -> str:
    """A number of bytes in words: below a MiB each one, above with one digit behind the point."""
    for factor, words in ((1 << 30, _("{count} GiB")), (1 << 20, _("{count} MiB"))):
        if size >= factor:
            return words.replace("{count}", f"{size / factor:.1f}".removesuffix(".0"))
    return _("1 byte") if size == 1 else _("{count} bytes", count=size)


def files_in_words(files: Sequence[Standing], *, own: bool) -> str:
    """How many files a message bears, whether it waits for them, and which were not taken."""
    words = [_("attachments: {count}", count=len(files))]
    if waiting := [one for one in files if one.state == "waiting"]:
        size = sum(one.size for one in waiting)
        if own:
            words.append(_("the partner has not answered for {count} of its files", count=len(waiting)))
        else:
            here, whole = amount(sum(one.here for one in waiting)), amount(size)
            words.append(_("waits for its attachments, {here} of {size}", here=here, size=whole))
    words += [
        _("file {number} was not taken: {outcome}", number=one.number, outcome=outcome(one.outcome))
        for one in files
        if one.state == "refused" and one.outcome
    ]
    return "; ".join(words)
