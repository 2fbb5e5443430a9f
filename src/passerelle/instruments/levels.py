"""Levels of classification: what a partner's level is called here, and which of two is higher.

Each channel has a table of equivalence, from low to high; a row is what both sides call one level. A message bears the
level by its sender's name for it. `decide` refuses what lies above the ceiling; this only tells.
"""

from passerelle.instruments.channel import Channel


def rank(channel: Channel, party: str, level: str) -> int:
    """The place of a level of this party in the channel's table, from 0; -1 for one that is not in it."""
    return next((place for place, row in enumerate(channel.levels) if row.get(party) == level), -1)


def equivalent(channel: Channel, level: str, sender: str, own: str) -> str:
    """What the sender's level is called at `own`; empty for one that the table does not have."""
    place = rank(channel, sender, level)
    return channel.levels[place].get(own, "") if place >= 0 else ""
