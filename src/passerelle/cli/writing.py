"""Act files as officers write them, and what the node can add to them by itself.

An officer may leave out what the situation leaves no choice about. It is then taken from the one channel that is in
force, from the dossier so far, or from the defaults of the dossier type, and the answer names it. Where there is a
choice nothing is guessed: the error lists the choices. Whether the act may leave is judged behind this door, with what
was written and what was added alike.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from passerelle.cli.door import read_file
from passerelle.cli.forms import blanks
from passerelle.core import json
from passerelle.core.clock import add_duration, day_of, to_iso
from passerelle.core.errors import ForbiddenError, InputError, NotFoundError
from passerelle.dossiers.content import minor_of
from passerelle.dossiers.types import ActType, DossierType
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.instruments.channel import Channel
from passerelle.ports.records import CONTENTS, INSTRUMENTS, MESSAGES, Dossier, Message
from passerelle.ports.store import Reading

_ALL = 100_000
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


class Filled(msgspec.Struct, frozen=True):
    """An act ready for the desk. `added`: what was left out and put in, by key."""

    content: dict[str, Any]
    lane: str
    added: dict[str, Any]


def read_act(path: Path) -> dict[str, Any]:
    """The object that a .json or .toml file says; dates of TOML become texts. Raises InputError."""
    value = _parsed(path, read_file(path, "act"))
    if left := list(blanks(value)):
        raise InputError(f"{path.name}: expected every <…> of the form to be filled in, got {', '.join(left)} left")
    return value


def _parsed(path: Path, data: bytes) -> dict[str, Any]:
    if path.suffix == ".json":
        return json.parse_object(data, path.name)
    if path.suffix != ".toml":
        raise InputError(f"act: expected a file that ends in .json or .toml, got {path.name!r}")
    try:
        value = _plain(tomllib.loads(data.decode("utf-8")))
    except UnicodeDecodeError:
        raise InputError(f"{path.name}: expected UTF-8, got other bytes") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{path.name}: expected TOML, {error}") from None
    made: dict[str, Any] = value
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_plain(child) for child in value]
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InputError(f"act: expected moments with a zone, got {value}")
        return to_iso(round(value.timestamp() * 1000))
    return value.isoformat() if isinstance(value, date) else value


class _Filler:
    """One act file being completed; `lacking` collects everything that a person must still say."""

    def __init__(self, tx: Reading, ctx: Context, partner: str, written: Mapping[str, Any]) -> None:
        self.tx, self.ctx, self.partner = tx, ctx, partner
        self.now = ctx.clock.now()
        self.content = dict(written)
        self.added: dict[str, Any] = {}
        self.lacking: list[str] = []

    def put(self, key: str, value: Any) -> None:
        self.content[key] = self.added[key] = value

    def one_of(self, key: str, choices: Iterable[str], used: Iterable[str] = ()) -> None:
        """Put in the only choice, or the only one that this dossier used so far."""
        if key in self.content:
            return
        listed = sorted(choices)
        before = sorted(set(used) & set(listed))
        found = listed if len(listed) == 1 else before if len(before) == 1 else []
        if found:
            self.put(key, found[0])
        else:
            self.lacking.append(f"{key}: expected one of {', '.join(listed) or 'nothing'}, got nothing")

    def done(self) -> None:
        if self.lacking:
            raise InputError("; ".join(self.lacking))


def fill(
    tx: Reading,
    ctx: Context,
    written: Mapping[str, Any],
    *,
    partner: str,
    kind: DossierType,
    act: ActType,
    dossier: str,
    row: Dossier | None,
    lane: str,
) -> Filled:
    """An act with everything put in that leaves no choice. Raises InputError naming the choices, ForbiddenError."""
    filler = _Filler(tx, ctx, partner, written)
    for key, value in (("dossier", dossier), ("type", kind.name), ("act", act.name)):
        if filler.content.setdefault(key, value) != value:
            raise InputError(f"{key}: expected {value}, got {str(filler.content[key])[:64]!r} in the file")
    channel = _channel(filler, kind, row)
    acts = _acts(tx, row)
    earlier = _contents(tx, acts)
    if channel is not None:
        filler.one_of("purpose", channel.purposes, (one.get("purpose", "") for _, one in earlier))
        filler.one_of("basis", channel.articles, (one.get("basis", "") for _, one in earlier))
        services = channel.sides[partner].services
        filler.one_of("recipient", services, (one.get("recipient", "") for own, one in earlier if own))
        _conditions(filler, channel, kind)
        if not lane:
            urgency = filler.content.get("urgency", kind.defaults.urgency)
            lane = _lane(filler, channel, act, {one.lane for one in acts}, urgency)
    if "urgency" not in filler.content:
        filler.put("urgency", kind.defaults.urgency)
    if "reference" not in filler.content and row is not None and row.own_reference:
        filler.put("reference", row.own_reference)
    _minors(filler)
    filler.done()
    return Filled(filler.content, lane, filler.added)


def _channel(filler: _Filler, kind: DossierType, row: Dossier | None) -> Channel | None:
    """The channel that the act names, or the only one that it can name."""
    channels = Channels(filler.tx, filler.ctx)
    named = filler.content.get("channel")
    if named is None:
        known = filler.tx.scan(INSTRUMENTS, "by_partner", (filler.partner, "channel"), limit=_ALL)
        fitting = []
        for record in known:
            standing = channels.standing(record.digest)
            if standing is None or not isinstance(standing.instrument, Channel) or not standing.in_force(filler.now):
                continue
            if kind.name in standing.instrument.types and (row is None or _follows(channels, record.digest, row)):
                fitting.append(record.digest)
        if not fitting and row is not None:
            fitting = [row.channel]  # it has ended; acts that wind the dossier down still name it
        if not fitting:
            words = f"expected a channel with {filler.partner} that is in force and names {kind.name}, got none"
            raise ForbiddenError(words)
        filler.one_of("channel", fitting)
        named = filler.content.get("channel")
    if named is None:
        return None
    found = channels.standing(named) if isinstance(named, str) else None
    channel = found.instrument if found else None
    if not isinstance(channel, Channel) or filler.partner not in channel.parties:
        raise NotFoundError(f"channel: expected the digest of a channel with {filler.partner}, got {str(named)[:64]!r}")
    return channel


def _follows(channels: Channels, digest: str, row: Dossier) -> bool:
    seen: set[str] = set()
    while digest and digest not in seen:
        if digest == row.channel:
            return True
        seen.add(digest)
        standing = channels.standing(digest)
        digest = standing.instrument.supersedes if standing else ""
    return False


def _acts(tx: Reading, row: Dossier | None) -> list[Message]:
    """The acts of the dossier so far."""
    found = tx.scan(MESSAGES, "by_dossier", (row.id,), limit=_ALL) if row else []
    return [one for one in found if one.kind == "act" and one.state in ("applied", "sequenced", "unsequenced")]


def _contents(tx: Reading, acts: list[Message]) -> list[tuple[bool, dict[str, Any]]]:
    """What acts say that are still held, with whether they are own."""
    bodies = tx.get_many(CONTENTS, [(one.id,) for one in acts])
    return [(one.direction == "out", json.parse_object(bodies[(one.id,)].body)) for one in acts if (one.id,) in bodies]


def _conditions(filler: _Filler, channel: Channel, kind: DossierType) -> None:
    """Handling, classification and retention: the defaults of the type, as far as the channel lets them."""
    own, defaults = filler.ctx.name, kind.defaults
    if "handling" not in filler.content:
        if set(defaults.handling) <= channel.handling:
            filler.put("handling", list(defaults.handling))
        else:
            filler.lacking.append(f"handling: expected some of {', '.join(sorted(channel.handling))}, got nothing")
    if "classification" not in filler.content:
        allowed = channel.levels[: channel.ceiling + 1]
        # A type speaks of levels by the name that either side gives them.
        rows = [level[own] for level in allowed if defaults.classification in level.values()]
        filler.one_of("classification", [level[own] for level in allowed], rows)
    if "retention" not in filler.content:
        ends = min(add_duration(filler.now, one) for one in (defaults.retention, channel.retention))
        filler.put("retention", day_of(ends))


def _lane(filler: _Filler, channel: Channel, act: ActType, used: set[str], urgency: object) -> str:
    """The only lane, the one used so far, or the flash lane for what is immediate."""
    lanes = sorted(act.lanes & channel.lanes) or sorted(act.lanes)
    for found in (lanes, sorted(used & set(lanes))):
        if len(found) == 1:
            return found[0]
    if urgency == "immediate" and "flash" in lanes:
        return "flash"
    filler.lacking.append(f"--lane: expected one of {', '.join(lanes)}, got nothing")
    return ""


def _minors(filler: _Filler) -> None:
    """The minor flag follows from the birth dates; it is the same function that checks it."""
    subjects = filler.content.get("subjects")
    if not isinstance(subjects, list):
        return
    made = []
    for number, person in enumerate(subjects):
        births: Any = person.get("births", []) if isinstance(person, dict) else None
        if isinstance(person, dict) and "minor" not in person and _dated(births):
            flag = minor_of(births, day_of(filler.now))
            filler.added[f"subjects[{number}].minor"] = flag
            made.append({**person, "minor": flag})
        else:
            made.append(person)
    filler.content["subjects"] = made


def _dated(births: Any) -> bool:
    """Whether the births have the form that their own check reads."""
    return isinstance(births, list) and all(
        isinstance(one, dict)
        and one.get("calendar") in ("gregorian", "hijri")
        and "kind" in one
        and all(_DATE.fullmatch(str(one.get(key, "0000"))) for key in ("date", "until"))
        and "date" in one
        for one in births
    )
