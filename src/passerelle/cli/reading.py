"""How the delivery of a message stands, in words."""

from typing import Any

from passerelle.core.retold import retold
from passerelle.core.words import _
from passerelle.exchange.checks import MEANING
from passerelle.office import stage
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
