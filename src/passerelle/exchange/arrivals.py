"""What arrives is read once; own messages that come back from a partner, after a restore, count again.

Rules kept here: a content that cannot be read is kept as one that claims nothing; what came back moves dossiers,
instruments, keys and files as it did when it was written, and counts for the limits of its day.
"""

from collections.abc import Container
from typing import Any

import msgspec

from passerelle.core.errors import JsonError
from passerelle.exchange import attachments_in, attachments_out, governance, limits, manifests, rotation, succession
from passerelle.exchange import content as contents
from passerelle.exchange.cases import Cases
from passerelle.exchange.context import Context
from passerelle.exchange.wire import Item
from passerelle.ledger.entry import Leaf
from passerelle.ports.records import MESSAGES, WAITS, Message, Wait
from passerelle.ports.store import Writing

BEFORE = "refused:"
"""What an own refusal that came back is a wait for: that message was refused before this node was put back."""


class Arrival(msgspec.Struct, frozen=True):
    """A new entry that brings a new message. `noted` in milliseconds; `content` what could be read, or None."""

    leaf: Leaf
    item: Item
    noted: int
    content: dict[str, Any] | None
    problem: str = ""


def arrival(leaf: Leaf, item: Item, noted: int) -> Arrival:
    """Read an entry's content once."""
    if item.withheld:
        return Arrival(leaf, item, noted, None)
    try:
        return Arrival(leaf, item, noted, contents.parse(item.content, leaf.message))
    except (JsonError, contents.ContentError) as error:
        return Arrival(leaf, item, noted, None, str(error))


def own_row(partner: str, lane: str, leaf: Leaf, item: Item, noted: int) -> Message:
    """The row of an own message that came back from a partner."""
    one = arrival(leaf, item, noted)
    row = contents.row_of(partner, "out", lane, leaf, one.content, noted)
    if not item.withheld:
        return row
    # The partner keeps the content of all but what it refused; its refusal comes again and says why.
    state = "refused" if item.withheld == "not-permitted" else "withheld"
    return msgspec.structs.replace(row, state=state, reason=item.withheld)


def take_back(
    tx: Writing, ctx: Context, messages: list[Message], bodies: dict[str, bytes], counted: Container[str]
) -> None:
    """Own messages that came back after a restore count again: dossiers and instruments follow.

    `counted`: ids of those that had an index here before, and were counted for the limits then.
    """
    cases = Cases(tx, ctx)
    # They had left on their day, so they count for its limit: else what is sent next would be refused for ever [6].
    limits.count_again(tx, [message for message in messages if message.id not in counted])
    for message in messages:
        if message.state != "sequenced" or message.id not in bodies:
            continue
        try:
            content = contents.parse(bodies[message.id], message.id)
        except (JsonError, contents.ContentError):
            continue  # this node once sent it unchecked; the partner refused it and nothing follows from it
        if content["kind"] == "act" and cases.kind_of(content) is not None:
            tx.put(MESSAGES, [cases.apply(message, content)])
            attachments_out.came_back(tx, message, content)
        elif content["kind"] == "attachment":
            attachments_in.returned(tx, ctx, content, message.partner)
        elif content["kind"].startswith("instrument."):
            governance.again(tx, ctx, message, content, cosigned=True)
        elif content["kind"] in manifests.KINDS:
            manifests.again(tx, ctx, content)
        elif content["kind"] in succession.KEY_KINDS:
            rotation.returned(tx, ctx, message, content)
        elif content["kind"] == "refusal":
            tx.put(WAITS, [Wait(message=message.id, need=BEFORE + one["message"]) for one in content["refused"]])
    cases.recount({message.dossier for message in messages if message.dossier})
