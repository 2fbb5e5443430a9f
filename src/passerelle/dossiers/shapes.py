"""What a dossier type is once it has been read: frozen records, made by `reading` only.

Names of states and acts are those of the files. Durations are ISO 8601 text, days ISO text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import msgspec
from jsonschema_rs import Validator

from passerelle.dossiers.check import Check
from passerelle.dossiers.demands import Demand
from passerelle.dossiers.figures import FigureRule
from passerelle.dossiers.rules import Rule, Side, Value

Language = Literal["en", "fr", "nl", "ar"]
LANGUAGES: tuple[Language, ...] = ("en", "fr", "nl", "ar")
Status = Literal["open", "ended"]
AREAS = ("criminal", "migration", "security", "general")
"""The areas of purposes: the words of `instruments`' vocabulary, which gives each purpose its area."""
SERVICES = ("police", "justice", "fiu", "migration", "civil", "intelligence", "military")
"""The kinds of services: those of a channel's sides."""
Steps = tuple[str, ...]  # a way into a body; "*" is each item of a list


class Labels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in the four languages."""

    en: str
    fr: str
    nl: str
    ar: str

    def text(self, language: Language) -> str:
        return str(getattr(self, language))


@dataclass(frozen=True)
class StateType:
    """A state. An open one can still reach an end; an ended one may still be left (reopened, cancelled)."""

    name: str
    status: Status
    labels: Labels
    help: Labels


@dataclass(frozen=True)
class Transition:
    """From these states to this one (`@same`, `@back`), for one side or both ("").

    `opening`: only when the message it refers to is the opening one (True), is not (False), or either (None).
    `names`: only when that message is the last of one of these acts, which nobody revoked; empty: whatever it is.
    `crossing`: never done on purpose; what becomes of the act when the other side acted at the same time.
    """

    sources: frozenset[str]
    to: str
    by: Side | Literal[""] = ""
    opening: bool | None = None
    crossing: bool = False
    rules: tuple[Rule, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class SubjectRule:
    """How many persons an act may bring, of which categories, with which fields at least, and without which ones."""

    min: int
    max: int
    categories: frozenset[str]
    needs: tuple[str, ...]
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileKind:
    """A kind of files. `special`: of a special category of data (LED art. 10), which a channel names by itself."""

    name: str
    media: frozenset[str]
    special: bool
    labels: Labels


@dataclass(frozen=True)
class AttachmentRule:
    """How many files an act may bear, of which kinds."""

    most: int = 0
    kinds: tuple[FileKind, ...] = ()

    @cached_property
    def media(self) -> frozenset[str]:
        """The media types of all its kinds."""
        return frozenset(one for kind in self.kinds for one in kind.media)


@dataclass(frozen=True)
class HandlingRule:
    """The handling codes that acts of a type may carry, and those that each act carries."""

    allowed: frozenset[str]
    always: tuple[str, ...]


@dataclass(frozen=True)
class ActType:
    """An act. `by`: opener, answerer, either, or the author or the receiver of the message that `body.message` names.

    `rank`: among concurrent acts the lower is applied first. `lanes`: those it may take. `wind_down`: still allowed
    after the channel was terminated. `revokes`: what the message named had established no longer counts.
    `keep_back`: remembers the state that was left, for `@back`; in the state that it leads to deadlines pause.
    `corrects`: its corrections are judged in the content of the message that it names. `four_eyes`, `magistrate`:
    what the release needs at least; a magistrate who releases is another person than the author. `judicial`: it is
    written by a magistrate, too. `announces`: the field of the body with the day for which the owing side announces
    what it owes, or "". `attest`: statements by name that the author makes on this node before the act may be
    released; they stand in the type, so both sides know that they are asked for, and they are never sent. `review`:
    ISO 8601 duration or ""; in the flash lane a duty officer may release the act alone, and a second person reviews
    it within that time. `exported`: whether its content may stand in a file of evidence or of the audit log that
    leaves this node. `demands`: what must be there for certain persons or words; `checks`: content rules, those of
    the type first; `figures`: durations of the body that are held against figures of the channel. `schema`: JSON
    Schema 2020-12 of the body with its `$defs`. `remembered`: fields of the body that rules and deadlines look at
    later. `dated`: where days stand that must be past or future; `offences`: where offences are named, in words or
    by which words of a list; `keyed`: where persons are named by their keys. `attachments`: the files that it may
    bear.
    """

    name: str
    by: Literal["opener", "answerer", "either", "author", "receiver"]
    rank: int
    opening: bool
    common: bool
    lanes: frozenset[str]
    wind_down: bool
    revokes: bool
    keep_back: bool
    corrects: bool
    four_eyes: bool
    magistrate: bool
    judicial: bool
    announces: str
    attest: Mapping[str, Labels]
    review: str
    exported: bool
    labels: Labels
    help: Labels
    transitions: tuple[Transition, ...]
    rules: tuple[Rule, ...]
    subjects: SubjectRule
    demands: tuple[Demand, ...]
    checks: tuple[Check, ...]
    figures: tuple[FigureRule, ...]
    schema: Mapping[str, Any]
    remembered: tuple[str, ...]
    dated: tuple[tuple[Steps, Literal["past", "future"]], ...]
    offences: tuple[tuple[Steps, tuple[str, ...]], ...]
    keyed: tuple[Steps, ...]
    attachments: AttachmentRule
    validator: Validator = field(repr=False, compare=False)

    @property
    def refers(self) -> bool:
        """Whether who may do this depends on the author of the message that `body.message` names."""
        return self.by in ("author", "receiver")


@dataclass(frozen=True)
class Moment:
    """An act whose body has these words, by one side or both (""), or a state that is entered."""

    act: str = ""
    state: str = ""
    by: Side | Literal[""] = ""
    where: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Deadline:
    """Who owes what by when: a default, which the channel's figure replaces.

    Runs from each of `runs_from` (or from the day in its body's field `since`) to the next of `ends_at`. `back`: it is
    counted back from that day. `anew`: another of `runs_from` begins it anew. `each`: every one of `runs_from` has a
    run of its own, ended by an act that names it in `body.message`, or by a state. `pauses`: it rests while the dossier
    is suspended. `outlives`: the end of the dossier does not end it. No figure for an urgency: it does not run then. No
    figure at all: it runs only where the channel gives one. `days`: how P…D is counted; PT… always runs by the clock.
    `most`: what no channel may exceed; `treaty`: the limit of the treaty that the channel names binds. `then`: the act
    that is due when the time has run out. `escalate`: ISO 8601 duration by the clock, or ""; each time it passes
    without an answer, the next person on call is called.
    """

    name: str
    owner: Side
    runs_from: tuple[Moment, ...]
    ends_at: tuple[Moment, ...]
    duration: Mapping[str, str]
    days: Literal["calendar", "working"]
    labels: Labels
    since: str = ""
    back: bool = False
    anew: bool = False
    each: bool = False
    pauses: bool = True
    outlives: bool = False
    most: str = ""
    treaty: bool = False
    then: str = ""
    escalate: str = ""


@dataclass(frozen=True)
class Answers:
    """How the side whose index was searched says what a hit was: an act, and the words of a field of its body."""

    act: str
    field: str
    confirmed: tuple[str, ...]
    rejected: tuple[str, ...]


@dataclass(frozen=True)
class SearchRule:
    """What becomes of a hit of a blind search: the act that opens a dossier with it, and the answer to it.

    The body of `opens` has `index` (its name), `reference` (16 hex digits) and `claim` (64 hex digits, the proof that
    it was asked and hit); none of them ever stands there without the others, but for a reference that is required.
    `always`: it is, so the act opens on a hit and on nothing else.
    """

    opens: str
    always: bool
    answers: Answers


@dataclass(frozen=True)
class Figure:
    """A figure of the treaty: an ISO 8601 duration by default, which the channel's replaces."""

    name: str
    duration: str
    labels: Labels


@dataclass(frozen=True)
class Defaults:
    """What a form starts with."""

    handling: tuple[str, ...]
    classification: str
    retention: str
    urgency: str
    source: str
    information: str


@dataclass(frozen=True)
class DossierType:
    """A dossier type as both nodes must have it: equal `digest`, equal rules.

    `digest`: SHA-256, lower-case hex, of the canonical JSON of {"common", "envelope", "type"}: the parsed files.
    `areas`: those of the purposes for which it may be used. `services`: the kinds of services between which alone it
    passes; none named: all. `figures`: those of the treaty, as defaults. `indexed`: the categories of persons whose
    data may stand in a search index. `search`: what becomes of a hit of a blind search; None: no dossier of this type
    opens with one. `statements`: whether its acts take statements. `unsaid`: words that no text of
    its acts may contain; `opinion`: those that name an offence of opinion. `acts` and `states` hold the common ones
    too, as this type has them; `grounds` all grounds of refusal; `envelope` the JSON Schema of every act; `fields` the
    names that `content.fields_of` can give for this type, for a channel's list.
    """

    name: str
    version: str
    digest: str
    labels: Labels
    help: Labels
    areas: frozenset[str]
    services: frozenset[str]
    indexed: frozenset[str]
    privileged: bool
    statements: bool
    handling: HandlingRule
    unsaid: tuple[str, ...]
    opinion: tuple[str, ...]
    acts: Mapping[str, ActType]
    states: Mapping[str, StateType]
    deadlines: Mapping[str, Deadline]
    figures: Mapping[str, Figure]
    grounds: Mapping[str, Labels]
    defaults: Defaults
    envelope: Mapping[str, Any]
    fields: frozenset[str]
    search: SearchRule | None
    validator: Validator = field(repr=False, compare=False)

    @cached_property
    def opening(self) -> tuple[str, ...]:
        """The acts that open a dossier."""
        return tuple(act.name for act in self.acts.values() if act.opening)

    @cached_property
    def resting(self) -> frozenset[str]:
        """The states in which work rests: those that an act with `keep_back` leads to."""
        ways = (way for act in self.acts.values() if act.keep_back for way in act.transitions)
        return frozenset(way.to for way in ways if not way.to.startswith("@"))

    @cached_property
    def kept(self) -> frozenset[str]:
        """The acts whose content stays out of every export."""
        return frozenset(act.name for act in self.acts.values() if not act.exported)

    @cached_property
    def calls(self) -> bool:
        """Whether people are called one after another while a deadline of this type runs."""
        return any(deadline.escalate for deadline in self.deadlines.values())

    @cached_property
    def looked_at(self) -> frozenset[str]:
        """The acts whose last occurrence rules and ways look at."""
        ways = [way for act in self.acts.values() for way in act.transitions]
        rules = [rule for act in self.acts.values() for rule in act.rules]
        rules += [rule for way in ways for rule in way.rules]
        return frozenset(
            (*(name for rule in rules for name in rule.acts()), *(name for way in ways for name in way.names))
        )
