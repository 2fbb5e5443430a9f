"""What a message says, line by line, and how its delivery stands."""

from collections.abc import Iterator
from typing import Any

from passerelle.core.retold import retold
from passerelle.core.words import _
from passerelle.exchange.checks import MEANING
from passerelle.ports.records import LOGS, MESSAGES, WAITS, Message
from passerelle.ports.store import Reading

_FRAME = ("v", "kind", "id", "governance", "after", "dossier", "type", "act")


def lines_of(content: dict[str, Any]) -> Iterator[str]:
    """A content as indented lines, without the frame that the timeline shows anyway."""
    yield from _lines({key: value for key, value in content.items() if key not in _FRAME}, 1)


def _lines(value: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for key, child in value.items() if isinstance(value, dict) else enumerate(value, 1):
        flat = not isinstance(child, dict | list)
        if not flat and not (isinstance(child, list) and all(not isinstance(one, dict | list) for one in child)):
            yield f"{indent}{key}:"
            yield from _lines(child, depth + 1)
        else:
            text = _word(child) if flat else ", ".join(map(_word, child))
            # A line that a text brings along cannot pass for a line of ours.
            yield f"{indent}{key}: " + text.replace("\n", f"\n{indent}  | ")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def checks_in_words(checks: tuple[str, ...]) -> str:
    """Numbers of checks with what they mean."""
    known = {str(check): words for check, words in MEANING.items()}
    return "; ".join(f"[{number}] {_(known.get(number, 'unknown'))}" for number in checks)


def delivery(tx: Reading, message: Message) -> dict[str, Any]:
    """How a message stands: a state of a closed list, and the words for it."""
    state, told = _own(tx, message) if message.direction == "out" else _partners(tx, message)
    made: dict[str, Any] = {"state": state, "words": told}
    if message.checks:
        made |= {"checks": list(message.checks), "refusal": message.refusal}
    return made


def _own(tx: Reading, message: Message) -> tuple[str, str]:
    if message.state == "unsequenced":
        return "in-line", _("in line: has no index yet")
    if message.state == "refused":
        checks = checks_in_words(message.checks)
        return "refused", _("refused by {partner}, does not hold: {checks}", partner=message.partner, checks=checks)
    if message.state == "withdrawn":
        return "withdrawn", _("never sent: {reason}", reason=retold(message.reason))
    if message.state == "withheld":
        return "withheld", _("content withheld: {reason}", reason=retold(message.reason))
    log = tx.get(LOGS, message.origin)
    if log is not None and log.cosigned > message.index:
        return "stored", _("stored by {partner}", partner=message.partner)
    words = _("entered at index {index}, no receipt of {partner} yet", index=message.index, partner=message.partner)
    return "sent", words


def _partners(tx: Reading, message: Message) -> tuple[str, str]:
    if message.state == "waiting":
        return "waiting", _("waiting for {what}", what=_(" and ").join(needs(tx, message)))
    if message.state == "refused":
        return "refused", _("refused here: {reason}", reason=retold(message.reason) or checks_in_words(message.checks))
    if message.state == "withheld":
        return "withheld", _("came without content: {reason}", reason=retold(message.reason))
    return "received", _("received")


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
