"""What the receiver of a message said of it in its own log: a refusal, or what came of a file that it announced.

Only the receiver of a message answers it, and only to its sender; nobody answers an answer. One that makes no sense
says nothing.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from passerelle.exchange.attachments_in import COMPLETE
from passerelle.exchange.content import UNANSWERED
from passerelle.ledger.entry import Leaf
from passerelle.oversight.statements import moment

Say = Callable[[str, str, str, str], None]


class Message(Protocol):
    """A message as the verifier has read it."""

    @property
    def leaf(self) -> Leaf: ...
    @property
    def sender(self) -> str: ...
    @property
    def receiver(self) -> str: ...
    @property
    def content(self) -> dict[str, Any] | None: ...
    def is_of(self, kind: str) -> bool: ...
    def counts_as(self, kind: str) -> bool: ...


def refusals(messages: Mapping[str, Message], say: Say) -> set[str]:
    """Say which messages were refused. Returns their ids."""
    refused = set()
    for answer in messages.values():
        if not answer.is_of("refusal") or not answer.counts_as("refusal"):
            continue
        for one in (answer.content or {})["refused"]:
            about = _answered(messages, one["message"], answer)
            if about is not None:
                refused.add(about.leaf.message)
                checks = ", ".join(one["checks"])
                detail = f"checks {checks}, {moment(answer.leaf.time)}, message {answer.leaf.message}"
                say(f"message {about.leaf.message}", f"was refused by {answer.sender}", "holds", detail)
    return refused


def files(messages: Mapping[str, Message], say: Say) -> None:
    """Say which files the receiver took, and which it did not."""
    for answer in messages.values():
        if not answer.is_of("attachment") or not answer.counts_as("attachment"):
            continue
        content = answer.content or {}
        about = _answered(messages, content["message"], answer)
        if about is None or not about.is_of("act"):
            continue
        number = _number(about, content["address"])
        if not number:
            continue
        detail = f"{content['outcome']}, {moment(answer.leaf.time)}, message {answer.leaf.message}"
        name = f"message {about.leaf.message}"
        if content["outcome"] == COMPLETE:
            say(name, f"its file {number} is whole and of its type, says {answer.sender}", "holds", detail)
        else:
            say(name, f"its file {number} was not taken, says {answer.sender}", "holds", detail)


def _answered(messages: Mapping[str, Message], name: str, answer: Message) -> Message | None:
    """The message that an answer is about, where its receiver gave it to its sender."""
    found = messages.get(name)
    if found is None or any(found.is_of(kind) for kind in UNANSWERED):
        return None
    return found if (found.sender, found.receiver) == (answer.receiver, answer.sender) else None


def _number(about: Message, address: str) -> int:
    """The number of a file among those that the message names, from 1; 0 when it names none of this address."""
    listed = (about.content or {}).get("attachments")
    named = [one.get("address") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return named.index(address) + 1 if address in named else 0
