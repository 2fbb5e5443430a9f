"""Limits a day: how many acts and bytes a channel carries in one direction on a UTC day, by the entry's time.

Both sides count the same entries, so an honest sender, who holds back what would pass the limit until the next day,
never meets check 6. Refusals and instruments belong to no channel and are not counted.
"""

from collections.abc import Sequence

import msgspec

from passerelle.core.clock import day_of, to_iso
from passerelle.exchange.channels import Channels
from passerelle.exchange.checks import BatchRefusedError, Check
from passerelle.exchange.context import Context
from passerelle.instruments.channel import Channel
from passerelle.ledger.entry import Leaf
from passerelle.ports.records import DOSSIERS, USAGE, Message, Usage
from passerelle.ports.store import Reading, Writing


def _more(usage: Usage | None, channel: str, day: str, direction: str, size: int) -> Usage:
    before = usage or Usage(channel=channel, day=day, direction=direction)
    return msgspec.structs.replace(before, entries=before.entries + 1, bytes=before.bytes + size)


def _sum(usage: Usage, more: Usage) -> Usage:
    return msgspec.structs.replace(usage, entries=usage.entries + more.entries, bytes=usage.bytes + more.bytes)


def _passes(channels: Channels, usage: Usage) -> str:
    """Which limit is passed, in words, or nothing."""
    found = channels.standing(usage.channel)
    channel = found.instrument if found else None
    if not isinstance(channel, Channel):
        return ""
    if usage.entries > channel.entries_a_day:
        return f"expected at most {channel.entries_a_day} acts on {usage.day} under {usage.channel[:12]}, got more"
    if usage.bytes > channel.bytes_a_day:
        return f"expected at most {channel.bytes_a_day} bytes on {usage.day} under {usage.channel[:12]}, got more"
    return ""


def held_back(tx: Reading, ctx: Context, message: Message, now: int) -> str:
    """Why a message in line gets no index on the day of `now` (ms), or nothing when the limits do not hold it back."""
    if not message.channel:
        return ""
    key = (message.channel, day_of(now), "out")
    used = tx.get(USAGE, *key)
    words = _passes(Channels(tx, ctx), _more(used, *key, message.size))
    return f"the day's limit is reached: {words}; goes on the next day (UTC)" if words else ""


def within(
    tx: Writing, channels: Channels, partner: str, items: Sequence[tuple[Leaf, dict[str, object]]], now: int
) -> None:
    """Check 6 for what arrives at `now` (ms): counts it, or raises BatchRefusedError and the transaction is lost.

    What a day that is over had no more room for counts for the day on which it arrives. Else an honest sender that was
    put back, and had forgotten what it sent that day, would be refused for ever: the times of its entries never change.
    """
    counted: dict[tuple[str, str, str], Usage] = {}
    for leaf, content in items:
        channel = content.get("channel")
        standing = channels.standing(channel) if isinstance(channel, str) else None
        # Another partner's channel is refused with 7 later on, and its limits are not this one's to use up.
        if not isinstance(channel, str) or standing is None or standing.partner != partner:
            continue
        days = dict.fromkeys((day_of(leaf.time), max(day_of(leaf.time), day_of(now))))
        for day in days:
            key = (channel, day, "in")
            usage = _more(counted.get(key) or tx.get(USAGE, *key), *key, leaf.size)
            if not (words := _passes(channels, usage)):
                counted[key] = usage
                break
        else:
            raise BatchRefusedError(Check.LIMITS, words)
    tx.put(USAGE, list(counted.values()))


def _unknown(partner: str) -> str:
    """In place of a channel: acts to this partner of which only the leaf came back."""
    return f"unknown:{partner}"


def count_again(tx: Writing, messages: Sequence[Message]) -> None:
    """Own acts that came back after a restore, on the days of their entries.

    The partner counted those too whose content it no longer has. Their channel is not known: they count for all.
    """
    counted: dict[tuple[str, str, str], Usage] = {}
    for message in messages:
        channel = message.channel or ("" if message.kind or message.lane == "governance" else _unknown(message.partner))
        if channel:
            key = (channel, day_of(message.time), "out")
            counted[key] = _more(counted.get(key) or tx.get(USAGE, *key), *key, message.size)
    tx.put(USAGE, list(counted.values()))


def may_leave(
    tx: Writing, ctx: Context, line: Sequence[Message], now: int
) -> tuple[list[Message], list[tuple[Message, str]]]:
    """Which messages in line get an index at `now` (ms), and which may no longer leave, with the reason in words.

    The rest stays in line until the day has room again.
    """
    channels = Channels(tx, ctx)
    counted: dict[tuple[str, str, str], Usage] = {}
    full: set[str] = set()
    leaving: list[Message] = []
    ended: list[tuple[Message, str]] = []
    for message in line:
        if not message.channel:
            leaving.append(message)
            continue
        standing = channels.standing(message.channel)
        if standing is None or (standing.calm_until <= now and not _winding_down(tx, ctx, message)):
            moment = to_iso(standing.calm_until) if standing else "unknown"
            ended.append((message, f"its channel ended at {moment}"))
            continue
        if message.channel in full:
            continue
        key = (message.channel, day_of(now), "out")
        before = counted.get(key) or tx.get(USAGE, *key)
        usage = _more(before, *key, message.size)
        unknown = tx.get(USAGE, _unknown(message.partner), day_of(now), "out")
        if _passes(channels, _sum(usage, unknown) if unknown else usage):
            full.add(message.channel)
            continue
        counted[key] = usage
        leaving.append(message)
    tx.put(USAGE, list(counted.values()))
    return leaving, ended


def _winding_down(tx: Reading, ctx: Context, message: Message) -> bool:
    """Acts that wind a dossier down may leave after the end; which those are, its type says."""
    row = tx.get(DOSSIERS, message.dossier)
    kind = ctx.catalogue.get(row.type) if row else None
    return kind is not None and message.act in kind.acts and kind.acts[message.act].wind_down
