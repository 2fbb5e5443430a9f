"""Instruments for people: the whole text in words, how it stands, and what changed from one to the next.

Rules kept here:
- everything that the text says is shown, also keys that have no label yet; nothing is shortened;
- what `show` says of signatures and effect comes from a `Standing`, never from the instrument's own words;
- a line that the instrument brings along cannot pass for a line of ours: continuation lines are marked with `|`;
- labels are data (`labels.json`, in English) and are translated as every text is; a key that holds names chosen by the
  parties (`types.*`) is never labelled.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from passerelle.core.clock import to_iso
from passerelle.core.json import canonical
from passerelle.core.retold import retold
from passerelle.core.spoken import duration
from passerelle.core.words import Language, _, filled, isolated, language, speaking
from passerelle.instruments.kinds import Instrument
from passerelle.instruments.standing import Standing
from passerelle.instruments.verdict import Reason
from passerelle.ports import records

_PERIOD = re.compile(r"P(?:\d+[YMWD])*(?:T(?:\d+[HMS])+)?")


class Change(msgspec.Struct, frozen=True):
    """One difference. `old`, `new`: JSON values; None where there was nothing, or nothing is left."""

    path: str
    old: Any
    new: Any


@cache
def _labels(language: Language) -> dict[str, Any]:
    file = resources.files("passerelle.instruments").joinpath("labels.json")
    with speaking(language):
        made: dict[str, Any] = _translated(json.loads(file.read_text("utf-8")))
    return made


def _translated(value: Any) -> Any:
    return {key: _translated(child) for key, child in value.items()} if isinstance(value, dict) else _(value)


def labels() -> dict[str, Any]:
    """The labels in the language in use."""
    return _labels(language())


def render(instrument: Instrument) -> str:
    """The whole text of the instrument, one line for each thing it says."""
    return "\n".join(_lines(json.loads(instrument.body), "", 0, labels())) + "\n"


def show(record: records.Instrument, standing: Standing, now: int) -> str:
    """How the instrument stands at `now` (milliseconds): signed by whom, in force since when, what it supersedes.

    Below it stands the whole text.
    """
    words = labels()["standing"]

    def name(party: str) -> str:
        return f"{party} ({words['this_node']})" if party == standing.own else party

    def say(label: str, **parts: object) -> None:
        made = {key: to_iso(part) if isinstance(part, int) else part for key, part in parts.items()}
        lines.append(_marked(filled(words[label], made), 0))

    instrument = standing.instrument
    lines = [f"{words['digest']}: {record.digest}"]
    _say_effect(standing, now, say, words["open_end"])
    say("proposed", by=name(record.proposed_by), time=record.proposed)
    if record.own_signed:
        held = "signed_held" if record.own_cosigned else "signed_not_held"
        say(held, by=name(standing.own), time=record.own_signed, partner=standing.partner)
    if record.partner_signed:
        say("signed", by=name(standing.partner), time=record.partner_signed)
    for party, signed in ((standing.own, record.own_signed), (standing.partner, record.partner_signed)):
        if not signed:
            say("unsigned", by=name(party))
    if record.rejected:
        say("rejected", by=name(record.rejected_by), time=record.rejected, reason=record.reason)
    if record.terminated:
        say("terminated", by=name(record.terminated_by), time=record.terminated, reason=record.reason)
    if record.supersedes:
        say("supersedes", digest=record.supersedes)
    for end in standing.endings:
        if end.successor and not end.inherited:
            say("superseded", digest=end.successor, time=end.at)
    if standing.agreement is not None:
        say("agreement", digest=instrument.agreement, title=standing.agreement.instrument.title)
    elif instrument.agreement:
        say("agreement_missing", digest=instrument.agreement)
    return "\n".join(lines) + "\n\n" + render(instrument)


def difference(old: Instrument, new: Instrument) -> list[Change]:
    """What differs between two instruments, by path; empty exactly when their texts are equal.

    In lists of names each name that came or went is a change of its own; articles are compared by their number.
    """
    return list(_changes(json.loads(old.body), json.loads(new.body), ""))


def render_difference(changes: list[Change]) -> str:
    """The changes, one on a line."""
    table = labels()
    words = table["difference"]
    if not changes:
        return f"{words['none']}\n"
    lines = []
    for change in changes:
        label = "added" if change.old is None else "removed" if change.new is None else "changed"
        old, new = _plain(change.old), _plain(change.new)
        lines.append(_marked(filled(words[label], {"path": change.path, "old": old, "new": new}), 0))
    return "\n".join(lines) + "\n"


def explain(reason: Reason) -> str:
    """A reason of a verdict in words."""
    return f"{labels()['codes'][reason.code]} ({reason.path}: {retold(reason.got)}; {retold(reason.expected)})"


def _say_effect(standing: Standing, now: int, say: Any, open_end: str) -> None:
    """In force or not, since and until when, and what is lacking."""
    since, until = standing.effective_at, standing.ended_at
    ends: object = open_end if until is None else until
    if since is None:
        say("never")
    elif now < since:
        say("not_yet", since=since, until=ends)
    elif until is not None and now >= until:
        say("over", since=since, until=ends)
    else:
        say("in_force", since=since, until=ends)
    for lack in standing.to_send:
        label = "lacking" if lack in standing.to_accept else "lacking_to_send"
        say(label, path=lack.path, expected=retold(lack.expected), got=retold(lack.got))


def _lines(value: Mapping[str, Any], path: str, depth: int, table: Mapping[str, Any]) -> Iterator[str]:
    """The lines of an object. Keys stand in the order of the labels, then those without label."""
    fields: Mapping[str, str] = table["fields"]
    order = {key: place for place, key in enumerate(fields)}
    free = f"{path}*" in fields
    for key in sorted(value, key=lambda key: (order.get(f"{path}{key}", len(order)), key)):
        here = f"{path}*" if free else f"{path}{key}"
        label = key if free else fields.get(here, key)
        child = value[key]
        indent = "  " * depth
        if isinstance(child, dict):
            yield f"{indent}{label}:"
            yield from _lines(child, f"{here}.", depth + 1, table)
        elif isinstance(child, list) and any(isinstance(item, dict) for item in child):
            yield f"{indent}{label}:"
            for item in child:
                yield _marked(f"{indent}  - {_row(item)}", depth + 1)
        else:
            names = child if isinstance(child, list) else [child]
            yield _marked(f"{indent}{label}: {', '.join(isolated(_value(name, here, table)) for name in names)}", depth)


def _value(value: Any, path: str, table: Mapping[str, Any]) -> str:
    text = _plain(value)
    if _PERIOD.fullmatch(text) and len(text) > 2:
        return f"{duration(text)} ({text})"
    return str(table["values"].get(path, {}).get(text, text))


def _row(item: Any) -> str:
    if not isinstance(item, dict):
        return _plain(item)
    if "number" in item:
        return f"{item['number']}: " + ", ".join(_plain(child) for key, child in item.items() if key != "number")
    return ", ".join(f"{key}: {_plain(child)}" for key, child in item.items())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else canonical(value).decode()


def _marked(text: str, depth: int) -> str:
    return text.replace("\n", "\n" + "  " * depth + "  | ")


def _changes(old: Any, new: Any, path: str) -> Iterator[Change]:
    # Not `old == new`: to Python 1 and true are equal, to a digest they are not.
    if canonical(old) == canonical(new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _changes(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _list_changes(old, new, path)
    else:
        yield Change(path, old, new)


def _list_changes(old: list[Any], new: list[Any], path: str) -> Iterator[Change]:
    before, after = _by_name(old), _by_name(new)
    if before is None or after is None:
        for index in range(max(len(old), len(new))):
            one = old[index] if index < len(old) else None
            yield from _changes(one, new[index] if index < len(new) else None, f"{path}.{index}")
        return
    for name in [*before, *(name for name in after if name not in before)]:
        scalar = not isinstance(before.get(name, after.get(name)), dict)
        yield from _changes(before.get(name), after.get(name), path if scalar else f"{path}[{name}]")
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield Change(path, old, new)


def _by_name(items: list[Any]) -> dict[Any, Any] | None:
    """The items by what names them: a text by itself, an article by its number; None when that is not one each."""
    names = [item.get("number") if isinstance(item, dict) else item for item in items]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return None
    return dict(zip(names, items, strict=True))
