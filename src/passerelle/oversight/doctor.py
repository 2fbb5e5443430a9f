"""What is wrong with a node, in words, with what to do about it. Each check is a function of values; nothing is read.

Rules kept here:
- a finding says what was found, how bad it is, and the next step: a command wherever there is one;
- `error`: messages do not pass, or evidence, secrecy or order is at risk; `warning`: it will come to that, or persons
  should look; `ok`: looked at and well, so that silence is never taken for health;
- no finding holds personal data: it counts, and names partners, lanes, files and types.

The node, its lanes, its keys and its audit log are looked at here; what persons owe and agreed in `doctor_office`.

Left unchecked: the machine itself (disks that lie, memory), and whether a partner's people are well.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from passerelle.core.clock import to_iso
from passerelle.core.spoken import duration
from passerelle.core.words import _, n_

Level = Literal["ok", "warning", "error"]

MIB = 1024 * 1024
LEAST_FREE = 100 * MIB
"""Bytes: with fewer free the node will stand still soon."""
LOW_FREE = 1024 * MIB

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
SKEW_BAD = 5 * MINUTE
"""Milliseconds: entries further ahead are refused."""
SKEW_LOW = 30 * SECOND
LONG_IN_LINE = HOUR
LONG_WAITING = DAY


class Finding(msgspec.Struct, frozen=True):
    """What was found. `check`: which check says it; `todo`: what to do, "" when nothing is to be done."""

    check: str
    level: Level
    what: str
    todo: str = ""


class File(msgspec.Struct, frozen=True):
    """A file or folder of a node. `mode`: permission bits; -1 when it is not there. `private`: of its owner alone."""

    path: str
    mode: int
    owner: int
    private: bool


class Link(msgspec.Struct, frozen=True):
    """How a lane to and from a partner stands. Counts of messages; times in milliseconds, 0 = none."""

    partner: str
    lane: str
    in_line: int = 0
    oldest_in_line: int = 0
    without_receipt: int = 0
    oldest_without_receipt: int = 0
    waiting: int = 0
    oldest_waiting: int = 0
    failures: int = 0
    reason: str = ""
    stopped: tuple[str, ...] = ()  # directions that stand still


class Met(msgspec.Struct, frozen=True):
    """What came of a status question. `skew`: partner's clock minus this one's, milliseconds."""

    partner: str
    status: str
    reached: bool
    reason: str = ""
    skew: int = 0


def found_well(check: str, findings: Iterable[Finding], well: str) -> Iterator[Finding]:
    """The findings, or that all is well."""
    seen = False
    for one in findings:
        seen = True
        yield one
    if not seen:
        yield Finding(check, "ok", well)


# ---- the folder ------------------------------------------------------------------------------------------------------


def permissions(files: Sequence[File], user: int) -> Iterator[Finding]:
    """Files are there, belong to the node's user, and nobody else reads secrets or writes anything."""
    return found_well("permissions", _permissions(files, user), _("files belong to the node's user alone"))


def _permissions(files: Sequence[File], user: int) -> Iterator[Finding]:
    for file in files:
        path = file.path
        if file.mode < 0:
            todo = _("put it back from the backup: {path}", path=path)
            yield Finding("permissions", "error", _("{path} is not there", path=path), todo)
        elif file.owner != user:
            what = _("{path} belongs to another user", path=path)
            yield Finding("permissions", "error", what, f"chown {user} {path}")
        elif file.private and file.mode & 0o077:
            what = _("others can read {path} (mode {mode})", path=path, mode=f"{file.mode:04o}")
            yield Finding("permissions", "error", what, f"chmod go= {path}")
        elif file.mode & 0o022:
            what = _("others can write {path} (mode {mode})", path=path, mode=f"{file.mode:04o}")
            yield Finding("permissions", "error", what, f"chmod go-w {path}")


def disk(path: str, free: int, store: int) -> Iterator[Finding]:
    """There is room: bytes that are free, and bytes that the store takes (0 when it is elsewhere)."""
    fields = {"free": free // MIB, "path": path, "store": store // MIB}
    if free < LEAST_FREE:
        what = _("{free} MiB are free on the disk of {path}", **fields)
        yield Finding("disk", "error", what, _("make room now: a full disk stops the node, nothing is lost by it"))
    elif free < max(LOW_FREE, store // 10):
        what = _("{free} MiB are free on the disk of {path}, the store takes {store} MiB", **fields)
        yield Finding("disk", "warning", what, _("make room, or move the node's folder to a larger disk"))
    else:
        yield Finding("disk", "ok", _("{free} MiB are free on the disk of {path}", **fields))


# ---- time and partners -----------------------------------------------------------------------------------------------


def clock(now: int, newest: int, met: Sequence[Met]) -> Iterator[Finding]:
    """The clock goes forward, and with those of the partners. `newest`: time of this node's newest record."""
    return found_well("clock", _clock(now, newest, met), _("the clock goes with the records and the partners reached"))


def _clock(now: int, newest: int, met: Sequence[Met]) -> Iterator[Finding]:
    ntp = _("set the clock by NTP (timedatectl set-ntp true)")
    if newest > now + SECOND:
        what = _(
            "the clock was put back: the newest record is of {newest}, now is {now}",
            newest=to_iso(newest),
            now=to_iso(now),
        )
        yield Finding("clock", "error", what, ntp)
    for one in met:
        if not one.reached or abs(one.skew) < SKEW_LOW:
            continue
        fields = {"time": duration(f"PT{abs(one.skew) // SECOND}S"), "partner": one.partner}
        if one.skew > 0:
            what = _("this clock is {time} behind that of {partner}", **fields)
        else:
            what = _("this clock is {time} ahead of that of {partner}", **fields)
        yield Finding("clock", "error" if abs(one.skew) >= SKEW_BAD else "warning", what, ntp)


def partners(met: Sequence[Met], folder: str) -> Iterator[Finding]:
    """Partners are confirmed and answer."""
    if not met:
        todo = f"passerelle partner add {folder} FILE"
        yield Finding("partners", "warning", _("there is no partner"), todo)
    for one in met:
        if one.status == "unconfirmed":
            what = _("partner {partner} is not confirmed: nothing passes", partner=one.partner)
            todo = f"passerelle partner confirm {folder} {one.partner} --fingerprint …"
            yield Finding("partners", "warning", what, todo)
        elif one.status == "suspended":
            what = _("partner {partner} is suspended: nothing passes", partner=one.partner)
            yield Finding("partners", "warning", what, f"passerelle partner show {folder} {one.partner}")
        elif one.status == "by-hand":
            yield Finding("partners", "ok", _("{partner} has no endpoint: it is reached by hand", partner=one.partner))
        elif not one.reached:
            what = _("{partner} does not answer: {reason}", partner=one.partner, reason=one.reason)
            todo = _("look at the network between both, then ask {partner}'s operator", partner=one.partner)
            yield Finding("partners", "error", what, todo)
        else:
            yield Finding("partners", "ok", _("{partner} answers", partner=one.partner))


def serving(is_served: bool, folder: str) -> Iterator[Finding]:
    """A process serves the folder."""
    if is_served:
        yield Finding("serving", "ok", _("a process serves this folder"))
    else:
        what = _("no process serves this folder: nothing leaves and nothing comes in")
        yield Finding("serving", "error", what, f"passerelle serve {folder}")


# ---- what waits ------------------------------------------------------------------------------------------------------


def links(found: Sequence[Link], now: int, folder: str) -> Iterator[Finding]:
    """Messages move: none waits for long, nothing fails, no log stands still."""
    return found_well("links", (one for link in found for one in _link(link, now, folder)), _("messages move"))


def _link(link: Link, now: int, folder: str) -> Iterator[Finding]:
    names = {"partner": link.partner, "lane": link.lane}
    queue = f"passerelle queue {folder}"
    for direction in link.stopped:
        what = _("the log {direction} of {partner}, lane {lane}, stands still", direction=direction, **names)
        yield Finding("links", "error", what, queue)
    if link.failures:
        what = n_(
            "{count} try to reach {partner} in lane {lane} failed: {reason}",
            "{count} tries to reach {partner} in lane {lane} failed: {reason}",
            link.failures,
            reason=link.reason,
            **names,
        )
        yield Finding("links", "warning", what, queue)
    if link.in_line and now - link.oldest_in_line >= LONG_IN_LINE:
        what = n_(
            "{count} message to {partner}, lane {lane}, is in line since {since}",
            "{count} messages to {partner}, lane {lane}, are in line since {since}",
            link.in_line,
            since=to_iso(link.oldest_in_line),
            **names,
        )
        yield Finding("links", "warning", what, queue)
    if link.without_receipt and now - link.oldest_without_receipt >= LONG_IN_LINE:
        what = n_(
            "{count} message to {partner}, lane {lane}, has no receipt since {since}",
            "{count} messages to {partner}, lane {lane}, have no receipt since {since}",
            link.without_receipt,
            since=to_iso(link.oldest_without_receipt),
            **names,
        )
        yield Finding("links", "warning", what, queue)
    if link.waiting and now - link.oldest_waiting >= LONG_WAITING:
        what = n_(
            "{count} message of {partner}, lane {lane}, waits for another since {since}",
            "{count} messages of {partner}, lane {lane}, wait for others since {since}",
            link.waiting,
            since=to_iso(link.oldest_waiting),
            **names,
        )
        yield Finding("links", "warning", what, queue)


def backup(last: int, now: int, late: int, folder: str) -> Iterator[Finding]:
    """There is a backup that is not too old. `last`: when it was made, 0 for never; `late`: milliseconds."""
    todo = f"passerelle backup create {folder} --out FILE"
    if not last:
        yield Finding("backup", "warning", _("there is no backup of this node"), todo)
    elif now - last > late:
        yield Finding("backup", "warning", _("the last backup is of {time}", time=to_iso(last)), todo)
    else:
        yield Finding("backup", "ok", _("the last backup is of {time}", time=to_iso(last)))


# ---- keys, log and eyes ----------------------------------------------------------------------------------------------


def rotation(waiting: Mapping[str, str]) -> Iterator[Finding]:
    """Every partner knows the keys in force. `waiting`: partners who do not, and what it waits for, "" for nothing."""
    for partner, reason in sorted(waiting.items()):
        what = _("{partner} does not know the keys in force yet", partner=partner)
        if reason:
            what += f": {reason}"
        yield Finding("rotation", "warning", what, _("keep the old keys, and let the node serve until it does"))
    if not waiting:
        yield Finding("rotation", "ok", _("every partner knows the keys in force"))


def lost_details(count: int) -> str:
    """That so many audit records have no details any more: a finding, as long as no command of a node erases them."""
    return n_(
        "{count} audit record has lost its details; nothing in this node erases them yet",
        "{count} audit records have lost their details; nothing in this node erases them yet",
        count,
    )


def audit(stopped: str, erased: int, wrong: Sequence[str], folder: str) -> Iterator[Finding]:
    """The audit log goes on and holds. `stopped`: why it stands still; `erased`: without details; `wrong`: what."""
    return found_well("audit", _audit(stopped, erased, wrong, folder), _("the audit log goes on"))


def _audit(stopped: str, erased: int, wrong: Sequence[str], folder: str) -> Iterator[Finding]:
    todo = _("find out who wrote to the store; a backup shows what was there before")
    if stopped:
        what = _("the audit log stands still: {reason}", reason=stopped)
        yield Finding("audit", "error", what, f"passerelle audit reopen {folder} --reason …")
    for words in wrong:
        yield Finding("audit", "error", _("the audit log is damaged: {words}", words=words), todo)
    if erased:
        yield Finding("audit", "warning", lost_details(erased), todo)


class Eye(msgspec.Struct, frozen=True):
    """One who watches over the audit log. `state` as in `watching_state`; `since`: when it last cosigned, or was first
    asked, in words, or empty; `reason` in words, or empty.
    """

    name: str
    state: str
    since: str = ""
    reason: str = ""


def witnesses(eyes: Sequence[Eye], folder: str) -> Iterator[Finding]:
    """Somebody watches over the audit log, answers, and remembers what it cosigned."""
    return found_well("witnesses", _witnesses(eyes, folder), _("the audit log is watched over"))


def _witnesses(eyes: Sequence[Eye], folder: str) -> Iterator[Finding]:
    if not eyes:
        what = _("nobody watches over the audit log: whoever holds this node can rewrite it")
        yield Finding("witnesses", "warning", what, f"passerelle audit witness add {folder} FILE")
    for one in eyes:
        if what := _eye(one):
            yield Finding("witnesses", "warning", what, f"passerelle audit witness list {folder}")


def _eye(one: Eye) -> str:
    """What is wrong with one who watches, or nothing."""
    if one.state == "late":
        what = _("witness {name} has cosigned nothing since {time}", name=one.name, time=one.since)
    elif one.state == "lies":
        what = _("witness {name} answered what cannot be", name=one.name)
    elif one.state == "put-back":
        what = _("witness {name} was put back: it holds less than it has cosigned", name=one.name)
    else:
        return ""
    return f"{what}: {one.reason}" if one.reason else what
