"""How high a dossier is classified, by the names that this side has for levels.

Each message is taken by the table of the channel that it names. A dossier is as high as the highest of its messages
whose content is held here; what a person may see of it is for others to say.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.instruments import levels
from passerelle.instruments.channel import Channel
from passerelle.office.onward import contents_of
from passerelle.ports.records import Message
from passerelle.ports.store import Reading


class Level(msgspec.Struct, frozen=True):
    """A level: as the message bears it, as it is called here (empty: the table has none), its place in the table."""

    said: str
    own: str
    rank: int


def of_message(channels: Channels, ctx: Context, message: Message, content: Mapping[str, Any]) -> Level:
    """The level of a message."""
    said = str(content.get("classification", ""))
    standing = channels.standing(message.channel) if message.channel else None
    channel = standing.instrument if standing else None
    if not isinstance(channel, Channel):
        return Level(said, "", -1)
    sender = ctx.name if message.direction == "out" else message.partner
    own = levels.equivalent(channel, said, sender, ctx.name)
    return Level(said, own, levels.rank(channel, sender, said))


def of_messages(tx: Reading, ctx: Context, messages: Iterable[Message]) -> dict[str, Level]:
    """The levels of the acts whose content is held, by message."""
    rows = {one.id: one for one in messages if one.kind == "act"}
    channels = Channels(tx, ctx)
    contents = contents_of(tx, rows)
    return {name: of_message(channels, ctx, rows[name], content) for name, content in contents.items()}


def highest(found: Mapping[str, Level]) -> str:
    """The highest of these levels, as it is called here; empty when none is known."""
    return max(found.values(), key=lambda one: one.rank).own if found else ""
