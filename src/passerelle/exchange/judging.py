"""What a channel and a type say of one act, with nothing but the act at hand: checks 7 and 8.

The same functions are asked where an act leaves and where it enters. Whether its content is valid (check 9,
`by_content`) is asked before, what the dossier allows (check 10) afterwards, both by `cases`.
"""

import traceback
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from passerelle.dossiers import content as acts
from passerelle.dossiers import figures
from passerelle.dossiers.opinion import NOBODY_YET
from passerelle.dossiers.problem import Problem
from passerelle.dossiers.types import ActType, DossierType
from passerelle.exchange.checks import Check
from passerelle.instruments.channel import Channel
from passerelle.instruments.decide import Request, Standing, decide


class Objection(msgspec.Struct, frozen=True):
    """One reason of a no: the number of the check, and words for this node's own people."""

    check: Check
    words: str
    defect: bool = False
    """This node's own program failed: persons here must look at it."""


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """How an act passes: from whom to whom, whether it leaves here; `written` in milliseconds, `size` in bytes."""

    sender: str
    receiver: str
    leaving: bool
    lane: str
    written: int
    size: int


def by_content(
    content: dict[str, Any], kind: DossierType, *, now: int, sender_is_opener: bool | None, leaving: bool
) -> list[Objection]:
    """What is wrong with a content (check 9); arguments as of `dossiers.content.problems`. `leaving`: from here."""
    wrong = guarded(lambda: acts.problems(content, kind, now=now, sender_is_opener=sender_is_opener))
    for who, name in () if wrong or leaving else content["four_eyes"].items():
        if name == NOBODY_YET:
            wrong.append(Objection(Check.CONTENT, f"four_eyes.{who}: expected a person, got {name}"))
    return wrong


def guarded(find: Callable[[], Iterable[Problem]]) -> list[Objection]:
    """What a check of contents finds.

    A check that fails to come to an end is a no, never the end of the lane: whatever a partner sends, what comes
    behind it in its log is decided.
    """
    try:
        found = list(find())
    except MemoryError:
        raise  # says nothing about the content
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        at = f"{frames[-1].name}:{frames[-1].lineno}" if frames else "-"
        words = f"content: expected a check that comes to an end, got {type(error).__name__} at {at}"
        return [Objection(Check.CONTENT, words, defect=True)]
    return [Objection(Check.CONTENT, str(one)) for one in found]


def under(
    content: dict[str, Any], kind: DossierType, channel: Standing | None, passage: Passage, now: int
) -> list[Objection]:
    """What the channel that the act names (None: not known here) and its type say against it. `now`: milliseconds."""
    if channel is None or not isinstance(channel.instrument, Channel):
        words = f"channel: expected an instrument that both signed, got {content['channel'][:12]} which is not known"
        return [Objection(Check.INSTRUMENT, words), *_by_type(content, kind.acts[content["act"]], passage.lane)]
    verdict = decide(_request(content, kind, passage), channel, now)
    found = [Objection(Check(one.check), str(one)) for one in verdict.reasons]
    found += _figures(content, kind, channel.instrument, passage.written)
    told = any(one.code == "four-eyes" for one in verdict.reasons)
    return found + _by_type(content, kind.acts[content["act"]], passage.lane, told=told)


def _by_type(content: dict[str, Any], act: ActType, lane: str, *, told: bool = False) -> list[Objection]:
    """The type's own minimum of persons, unless the channel has `told` of it, and its lanes."""
    found = []
    alone = content["four_eyes"]["author"] == content["four_eyes"]["releaser"]
    if act.four_eyes and alone and not told and not (act.review and lane == "flash"):
        # A channel may demand four eyes of more acts, never of fewer. Where the type lets a duty officer release alone
        # in the flash lane, a channel that names the act still demands a second person.
        words = f"four_eyes: expected another person to release {act.name}, got its author"
        found.append(Objection(Check.CHANNEL, words))
    if lane not in act.lanes:
        words = f"lane: expected {' or '.join(sorted(act.lanes))} for {act.name}, got {lane}"
        found.append(Objection(Check.CHANNEL, words))
    return found


def _figures(content: dict[str, Any], kind: DossierType, channel: Channel, written: int) -> list[Objection]:
    """What does not keep to the figures of the treaty: those of the channel, or else the type's."""
    entry, rules = channel.types.get(kind.name), kind.acts[content["act"]].figures
    agreed = {one.name: one.duration for one in kind.figures.values()} | (entry.figures if entry else {})
    found = figures.problems(content.get("body", {}), rules, agreed, written)
    return [Objection(Check.CHANNEL, str(one)) for one in found]


def _request(content: dict[str, Any], kind: DossierType, passage: Passage) -> Request:
    act = kind.acts[content["act"]]
    return Request(
        sender=passage.sender,
        receiver=passage.receiver,
        leaving=passage.leaving,
        lane=passage.lane,
        type=kind.name,
        type_digest=kind.digest,
        act=act.name,
        opening=act.opening,
        wind_down=act.wind_down,
        areas=kind.areas,
        services=kind.services,
        purpose=content["purpose"],
        basis=content["basis"],
        recipient=content["recipient"],
        handling=frozenset(content["handling"]),
        classification=content["classification"],
        retention=content["retention"],
        fields=acts.fields_of(content),
        special=acts.special_of(content, kind),
        categories=acts.categories_of(content),
        author=content["four_eyes"]["author"],
        releaser=content["four_eyes"]["releaser"],
        written=passage.written,
        size=passage.size,
    )
