"""A plain file held against evidence: whether it is one that a message of the evidence announced.

A message names for each file its address, its size and the key that it was sealed with. Sealing is deterministic, so
whoever has file and evidence seals it again and compares the address: no node is needed, and the file itself need not
travel with the evidence. What the file shows, and how it came into the hands of the reader, is said by nothing here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from passerelle.core import json
from passerelle.identity.keys import unb64
from passerelle.identity.stream import KEY
from passerelle.ledger import entry as entries
from passerelle.ledger.resealing import Resealing
from passerelle.oversight.statements import BROKEN, FAILED, Report, Run

_PART = 1 << 20


class _Named(NamedTuple):
    """A file as a message announced it."""

    message: str
    number: int
    address: str
    size: int
    media: str
    key: bytes


def verify(report: Report, evidence: bytes, files: Mapping[str, Callable[[], BinaryIO]]) -> Report:
    """What the evidence proves (`report`) and which of these files it announced, by the names that the reader gives.

    A file that no message announced fails; an announced file that was not given is absent.
    """
    run = Run()
    named = list(_announced(json.parse_object(evidence)["messages"])) if report.verdict != FAILED else []
    seen: set[_Named] = set()
    for name, open_ in files.items():
        same = _matching(named, open_)
        seen.update(same)
        about = f"file {name}"
        for one in same:
            detail = f"{one.size} bytes, {one.media}, address {one.address}"
            run.say(about, f"is file {one.number} of message {one.message}, byte for byte", "holds", detail)
        if report.verdict == FAILED:
            run.say(about, "is one that a message of the evidence announced", "fails", "the evidence fails")
        elif not same:
            detail = f"it is none of the {len(named)} files that are announced"
            run.say(about, "is one that a message of the evidence announced", "fails", detail)
    for one in named:
        if one not in seen:
            run.say(f"message {one.message}", f"its file {one.number} was given to compare", "absent", one.address)
    return Report(FAILED if run.failed else report.verdict, report.statements + tuple(run.statements))


def _announced(messages: Sequence[dict[str, Any]]) -> Iterator[_Named]:
    """The files that acts of the evidence name, as far as what they name is of the form."""
    for item in messages:
        leaf = entries.parse(item["leaf"].encode())
        content = json.parse_object(item["content"]) if "content" in item else {}
        listed = content.get("attachments") if content.get("kind") == "act" else None
        for number, one in enumerate(listed if isinstance(listed, list) else (), 1):
            try:
                key, size = unb64(one["key"]), one["size"]
                address, media = str(one["address"]), str(one["media"])
            except BROKEN:
                continue
            if isinstance(size, int) and size > 0 and len(key) == KEY:
                yield _Named(leaf.message, number, address, size, media, key)


def _matching(named: Sequence[_Named], open_: Callable[[], BinaryIO]) -> list[_Named]:
    """The announcements that a file is, read once, whatever it is called."""
    with open_() as source:
        size = source.seek(0, 2)
        source.seek(0)
        tried = [(one, Resealing(one.key, one.size)) for one in named if one.size == size]
        while tried and (part := source.read(_PART)):
            for _, made in tried:
                made.add(part)
    return [one for one, made in tried if made.is_at(one.address)]
