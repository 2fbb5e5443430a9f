"""Which channels belong together: by superseding (a lineage), and by the links that a channel allows.

A dossier lives in a lineage: it is opened under one channel and goes on under those that supersede it. From one lineage
to another nothing passes unless the channel names the other one, both stand on the same side of the wall between police
and intelligence, and neither brings migration data together with criminal or security purposes.
"""

from collections.abc import Mapping

from passerelle.instruments.channel import Channel
from passerelle.instruments.kinds import data
from passerelle.ports import records


def lineage(digest: str, known: Mapping[str, records.Instrument]) -> tuple[str, ...]:
    """The digest and all that it supersedes, newest first, as far as the records (by digest) are known."""
    line = [digest]
    while (record := known.get(line[-1])) is not None and record.supersedes and record.supersedes not in line:
        line.append(record.supersedes)
    return tuple(line)


def same_lineage(one: str, other: str, known: Mapping[str, records.Instrument]) -> bool:
    """Whether one of the two digests supersedes the other, directly or through others."""
    return one in lineage(other, known) or other in lineage(one, known)


def apart(channel: Channel, other: Channel) -> tuple[str, ...]:
    """The two uses or areas of purposes that keep them apart whatever both say; empty when nothing does."""
    if channel.wall != other.wall:
        return (channel.wall, other.wall)
    areas = channel.areas | other.areas
    return next((tuple(pair) for pair in data("vocabulary")["never_together"] if areas.issuperset(pair)), ())


def names(channel: Channel, other: Channel, known: Mapping[str, records.Instrument]) -> bool:
    """Whether the channel names the other one in `links`: it, an older or newer one of its lineage, or its domain."""
    for link in channel.links:
        if isinstance(link, str):
            if same_lineage(link, other.digest, known):
                return True
        elif (link.domain, link.parties) == (other.domain, frozenset(other.parties)):
            return True
    return False


def may_link(channel: Channel, other: Channel, known: Mapping[str, records.Instrument]) -> bool:
    """Whether a dossier under `channel` may point to one under `other`; for the way back the other one must name it."""
    return not apart(channel, other) and names(channel, other, known)
