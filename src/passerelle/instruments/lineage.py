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


def may_link(channel: Channel, other: Channel, known: Mapping[str, records.Instrument]) -> bool:
    """Whether a dossier under `channel` may point to one under `other`.

    The channel must name the other one, or an older or newer one of its lineage, in `links`; for the way back the other
    one must name this one.
    """
    if channel.wall != other.wall:
        return False
    areas = channel.areas | other.areas
    if any(areas.issuperset(pair) for pair in data("vocabulary")["never_together"]):
        return False
    return any(same_lineage(link, other.digest, known) for link in channel.links)
