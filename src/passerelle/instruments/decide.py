"""Whether a message may pass under a channel.

One pure function, asked by the sender before a message leaves and by the receiver when it enters, so that both come to
the same answer.

Rules kept here, by the number of the receiver's check:

7  the two nodes are the channel's parties in the right direction; what a standing lacks (signatures, receipt,
   agreement) is lacking here; the entry's time lies within the channel's and the agreement's time:
   - `written` is judged, not the arrival; a message that enters may arrive until the channel's delivery grace after the
     end (a courier is on his way);
   - an end that the sender may not have known (termination by the other side, supersession) lets a message enter that
     was written up to the grace after it, and then arrive up to the grace after it was written;
   - a superseded channel still lets messages of open dossiers leave, up to the grace, while the partner's receipt of
     the signature under its successor is on the way: nobody is left without a channel;
   - after an end, acts that wind a dossier down (close, report deletion; marked by the type) still pass, at any time,
     unless they would open one; everything else goes on under the superseding channel, if there is one.
8  type with the signed digest, act, lane, purpose (of an area that the type is for), basis (an article of the
   channel), recipient service (of a kind between which the type passes; the sender has one, too), handling codes,
   classification at or below the ceiling, retention no longer than the longest and not past, fields, categories of
   persons, four eyes where demanded, size within a day's limit.

A channel that is narrower in any of these never allows more. All reasons of a no are given, not only the first.

Left unchecked, because others see it: whether the content is valid (check 9), the state of the dossier and that its
channel is of the same lineage (check 10, see `lineage`), the sum of a day's entries and bytes (check 6), whether an
entry's time runs ahead of the receiver's clock by more than `CLOCK_AHEAD` (exchange), and whether the four-eyes
statement is true: it is the sender's attestation, which its own auditor can refute.
"""

from datetime import date
from functools import lru_cache

import msgspec

from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration, to_iso
from passerelle.core.errors import InputError
from passerelle.instruments.channel import Channel, DossierType
from passerelle.instruments.errors import listed
from passerelle.instruments.standing import Ending, Standing, arrival_limit, standing
from passerelle.instruments.verdict import YES, Reason, Verdict, reason

__all__ = ["CLOCK_AHEAD", "Reason", "Request", "Standing", "Verdict", "decide", "standing"]

CLOCK_AHEAD = 300_000
"""Milliseconds by which an entry's time may run ahead of the receiver's clock."""

_EPOCH_DAY = date(1970, 1, 1).toordinal()


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel is asked.

    `areas`: those of the purposes that the type is for; `services`: the kinds of services between which it passes, none
    for all. `leaving`: this node sends it (then `written` is now). `opening`: the act opens a dossier; `wind_down`: its
    type marks the act as one that ends things. `basis`: an article. `retention`: ISO date, the last day on which the
    receiver may keep it. `fields`: paths of all fields that are filled (`subjects.names`, `body.warrant`); those of
    `special` are special categories of data (Directive (EU) 2016/680, article 10), which only a pattern that names them
    covers. `written`: the entry's time, milliseconds. `size`: bytes of the content.
    """

    sender: str
    receiver: str
    leaving: bool
    lane: str
    type: str
    type_digest: str
    act: str
    opening: bool
    wind_down: bool
    areas: frozenset[str]
    purpose: str
    basis: str
    recipient: str
    handling: frozenset[str]
    classification: str
    retention: str
    fields: frozenset[str]
    categories: frozenset[str]
    author: str
    releaser: str
    written: int
    size: int
    special: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()


def decide(request: Request, standing: Standing, now: int) -> Verdict:
    """Whether the message may leave or enter under this channel, with all reasons if not.

    `now`: this node's clock, milliseconds. Raises TypeError when the standing is not that of a channel.
    """
    channel = standing.instrument
    if not isinstance(channel, Channel):
        raise TypeError(f"expected the standing of a channel, got that of {channel.kind}")
    reasons: list[Reason] = []
    _in_force(request, standing, now, reasons)
    _content(request, channel, reasons)
    _retention(request, channel, now, reasons)
    if (kind := channel.types.get(request.type)) is not None:
        _act(request, kind, reasons)
    else:
        reasons.append(reason("type", "type", f"one of {listed(channel.types)}", request.type))
    return Verdict(tuple(reasons)) if reasons else YES


def _in_force(request: Request, standing: Standing, now: int, reasons: list[Reason]) -> None:
    """Check 7."""
    own, partner = standing.own, standing.partner
    if request.leaving:
        expected, lacking = (own, partner), standing.to_send
    else:
        expected, lacking = (partner, own), standing.to_accept
    if (request.sender, request.receiver) != expected:
        got = f"from {request.sender} to {request.receiver}"
        reasons.append(reason("parties", "sender", "from {} to {}".format(*expected), got))
    if lacking:
        reasons += lacking
    if request.written < standing.begins:
        since = _moment(standing.begins)
        reasons.append(reason("not-yet", "written", f"not before {since}", _moment(request.written)))
    if request.written >= standing.calm_until or now > standing.calm_arrival:
        _ends(request, standing, now, reasons)


def _ends(request: Request, standing: Standing, now: int, reasons: list[Reason]) -> None:
    """Check 7, for a message written or arrived after some end."""
    if request.wind_down and not request.opening:
        return
    written = request.written
    for end in standing.endings:
        if written >= end.at and not _tolerated(request, end):
            path = "agreement" if end.inherited else "channel"
            expected = f"written before {_moment(end.at)}" + (f" (now: {end.successor})" if end.successor else "")
            reasons.append(reason(end.why, path, expected, _moment(written)))
        elif not request.leaving:
            latest = end.arrival if written < end.at else arrival_limit(written, standing.instrument.grace)
            if now > latest:
                reasons.append(reason("late", "arrival", f"arrived by {_moment(latest)}", _moment(now)))


def _tolerated(request: Request, end: Ending) -> bool:
    """Whether a message written after the end may pass: one side cannot know yet, or cannot send under the next yet."""
    if request.written > end.arrival:
        return False
    if request.leaving:
        return not end.ready and not request.opening
    return end.unknown_to(request.sender)


def _content(request: Request, channel: Channel, reasons: list[Reason]) -> None:
    """Check 8, all but the type, the act and the retention."""
    if request.lane not in channel.lanes:
        reasons.append(reason("lane", "lane", f"one of {listed(channel.lanes)}", request.lane))
    if request.purpose not in channel.purposes:
        reasons.append(reason("purpose", "purpose", f"one of {listed(channel.purposes)}", request.purpose))
    elif (area := channel.area_of[request.purpose]) not in request.areas:
        # Data for one area never enter a channel for another, whatever else the channel would allow.
        expected = f"a purpose of the areas {listed(request.areas)}, which {request.type} is for"
        reasons.append(reason("purpose-area", "purpose", expected, f"{request.purpose}, of the area {area}"))
    if request.basis not in channel.articles:
        reasons.append(reason("basis", "basis", f"one of {listed(channel.articles)}", request.basis))
    receiver, sender = channel.sides.get(request.receiver), channel.sides.get(request.sender)
    if receiver is not None and request.recipient not in receiver.services:
        reasons.append(reason("recipient", "recipient", f"one of {listed(receiver.services)}", request.recipient))
    elif receiver is not None and not _passes(request, receiver.services[request.recipient]):
        fitting = listed(sorted(name for name, kind in receiver.services.items() if _passes(request, kind))) or "none"
        expected = f"a service of the kind {listed(sorted(request.services))}: {fitting}"
        got = f"{request.recipient}, of the kind {receiver.services[request.recipient]}"
        reasons.append(reason("recipient-kind", "recipient", expected, got))
    if sender is not None and not any(_passes(request, kind) for kind in sender.services.values()):
        expected = f"a service of the kind {listed(sorted(request.services))} on the sending side"
        reasons.append(reason("sender-kind", f"sides.{request.sender}.services", expected, listed(sender.services)))
    if sender is not None and request.classification not in sender.levels:
        expected = f"at most {channel.levels[channel.ceiling][request.sender]}: {listed(sender.levels)}"
        reasons.append(reason("classification", "classification", expected, request.classification))
    if not request.handling <= channel.handling:
        surplus = listed(request.handling - channel.handling)
        reasons.append(reason("handling", "handling", f"only {listed(channel.handling)}", surplus))
    if not request.categories <= channel.categories:
        surplus = listed(request.categories - channel.categories)
        reasons.append(reason("category", "subjects.category", f"only {listed(channel.categories)}", surplus))
    # A set operation in C leaves only what a pattern like body.* must cover.
    if unnamed := request.fields - channel.fields.named:
        surplus_fields = sorted(field for field in unnamed if not channel.fields.covers(field))
        reasons += [reason("field", field, "a field that the channel lists", field) for field in surplus_fields]
    if not request.special <= channel.fields.named:
        expected = "a field that the channel lists by its full name"
        unlisted = sorted(request.special - channel.fields.named)
        reasons += [reason("special-field", field, expected, field) for field in unlisted]
    if request.size > channel.bytes_a_day:
        reasons.append(reason("size", "size", f"at most {channel.bytes_a_day} bytes a day", f"{request.size} bytes"))


def _passes(request: Request, kind: str) -> bool:
    """Whether the type passes between services of this kind."""
    return not request.services or kind in request.services


def _retention(request: Request, channel: Channel, now: int, reasons: list[Reason]) -> None:
    """Check 8: how long the receiver may keep it (Directive (EU) 2016/680, article 5)."""
    if (day := _day(request.retention)) is None:
        reasons.append(reason("retention-form", "retention", "a date like 2026-11-21", request.retention[:40]))
        return
    if day > (last := _last_day(request.written // MILLISECONDS_A_DAY, channel.retention)):
        expected = f"at most {channel.retention}, to {_moment(last * MILLISECONDS_A_DAY)[:10]}"
        reasons.append(reason("retention-long", "retention", expected, request.retention))
    if day < now // MILLISECONDS_A_DAY:
        reasons.append(reason("retention-past", "retention", f"not before {_moment(now)[:10]}", request.retention))


def _act(request: Request, kind: DossierType, reasons: list[Reason]) -> None:
    """Check 8: the type's file, the act, four eyes (a magistrate who releases is another person, too)."""
    if request.type_digest != kind.digest:
        reasons.append(reason("type-digest", "type", f"the file {kind.digest}", request.type_digest))
    if request.act not in kind.acts:
        reasons.append(reason("act", "act", f"one of {listed(kind.acts.names)}", request.act))
    if kind.in_pairs(request.act) and (
        request.author == request.releaser or not request.author or not request.releaser
    ):
        reasons.append(reason("four-eyes", "four_eyes", "an author and another person who releases", "one person"))


@lru_cache(maxsize=4096)
def _day(text: str) -> int | None:
    """The day's number since the epoch; None when the text is no date in the one form."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day.toordinal() - _EPOCH_DAY if day.isoformat() == text else None


@lru_cache(maxsize=4096)
def _last_day(day: int, retention: str) -> int:
    """The day on which the period ends that begins with `day`; the day itself when it cannot be counted."""
    try:
        return add_duration(day * MILLISECONDS_A_DAY, retention) // MILLISECONDS_A_DAY
    except InputError:
        return day


def _moment(milliseconds: int) -> str:
    """For a message: the moment, or the plain number where a partner gave one that no calendar has."""
    try:
        return to_iso(milliseconds)
    except (OverflowError, ValueError):
        return f"{milliseconds} ms"
