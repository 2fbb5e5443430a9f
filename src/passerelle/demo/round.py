"""The closing round: one act of every dossier type, each under a channel of its own kind.

The channels of the round are four, by what the law keeps apart: police, justice, financial intelligence, and what is
about nobody. Who may not read is shown too: financial intelligence is for the financial intelligence units alone.
"""

from typing import TYPE_CHECKING, NamedTuple

from passerelle.core import ids
from passerelle.core.clock import add_duration, day_of
from passerelle.core.errors import ForbiddenError
from passerelle.demo import cast
from passerelle.demo.cast import Content
from passerelle.demo.shown import Shown, acts
from passerelle.demo.stage import FailedError, Side
from passerelle.exchange.desk import Act
from passerelle.office import consulting, workflow
from passerelle.office.asking import recorded
from passerelle.ports.records import DOSSIERS
from passerelle.ports.store import Writing

if TYPE_CHECKING:
    from passerelle.demo.story import Story

_DAY = 86_400_000
_PEOPLE = {"police": ("017", "003"), "expertise": ("017", "003"), "fiu": ("060", "061"), "justice": ("070", "071")}
"""Who writes and who releases, by field; a judicial act is written by a magistrate too."""


class Field(NamedTuple):
    """What a channel of the round says: its service and kind, wall and regime come with the kind of its purposes."""

    title: str
    article: str
    purposes: tuple[str, ...]
    services: Content
    regime: str = "LED"
    categories: tuple[str, ...] = ("suspect", "convicted", "wanted", "victim", "witness", "relative", "contact")


FIELDS = {
    "police": Field(
        "Police cooperation on crime",
        "6",
        ("criminal-investigation", "public-security", "asset-recovery", "detection", "content-referral", "cybercrime"),
        {"police": "police"},
    ),
    "justice": Field(
        "Judicial cooperation",
        "9",
        ("mutual-legal-assistance", "extradition", "execution-of-sentences"),
        {"justice": "justice"},
    ),
    "fiu": Field(
        "Financial intelligence",
        "11",
        ("financial-intelligence",),
        {"fiu": "fiu"},
        "FIU",
        ("suspect", "contact"),
    ),
    "expertise": Field(
        "Threats and experience",
        "13",
        ("threat-assessment", "experience", "cyber-defence"),
        {"police": "police"},
        categories=(),
    ),
}


def closing(story: "Story") -> None:
    """One act of each type that was not shown yet, released as its type demands, at ma when the scene ends."""
    be, ma = story.be, story.ma
    event = day_of(be.node.ctx.clock.now() + 60 * _DAY)
    shown = acts(event)
    story.scene(f"A closing round: one act of each of the {len(be.node.ctx.catalogue)} dossier types")
    channels = _channels(story, shown)
    released = {one.kind: _released(story, be, one, channels[one.field]) for one in shown}
    be.node.wake()
    for one in shown:
        message, _ = released[one.kind]
        story.arrived(ma, message, one.kind)
        story.check(True, f"{one.kind}: {one.words}")
    _others(story)
    _not_yours(story, released["financial-intelligence"][1])


def _channels(story: "Story", shown: list[Shown]) -> dict[str, str]:
    """A channel for each field, signed by both."""
    catalogue = story.be.node.ctx.catalogue
    now = story.be.node.ctx.clock.now()
    begins, ends = day_of(now - _DAY), day_of(add_duration(now, "P2Y"))
    made = {}
    for name, field in FIELDS.items():
        kinds = [one.kind for one in shown if one.field == name]
        types = {
            kind: {"version": catalogue.types[kind].version, "digest": catalogue.types[kind].digest, "acts": ["*"]}
            for kind in kinds
        }
        text = cast.channel(
            catalogue,
            story.agreement,
            kinds[0],
            field.title,
            [field.article],
            begins,
            ends,
            domain=name,
            purposes=list(field.purposes),
            categories=list(field.categories),
            types=types,
            handling=["H0", "H1", "H2"],
            sides=cast.sides(field.regime, field.services, personal=bool(field.categories)),
            **({} if field.categories else {"fields": ["body.*", "attachments"]}),
        )
        made[name] = story.sign(f"channel: {field.title}", text)
    return made


def _released(story: "Story", side: Side, one: Shown, channel: str) -> tuple[str, str]:
    """The act, written by one and released by another as its type demands: its message and its dossier."""
    kind = side.node.ctx.catalogue.types[one.kind]
    act, field = kind.acts[one.act], FIELDS[one.field]
    dossier = ids.new_id()
    content = {
        "dossier": dossier,
        "type": one.kind,
        "act": one.act,
        "channel": channel,
        "purpose": one.purpose,
        "basis": field.article,
        "necessity": "An invented case, shown in the demonstration.",
        "recipient": next(iter(field.services)),
        "handling": list(kind.defaults.handling),
        "classification": "restricted",
        "retention": story.retention,
        "urgency": kind.defaults.urgency,
        "body": one.body,
        **({"subjects": list(one.subjects)} if one.subjects else {}),
    }
    author, releaser = _PEOPLE[one.field]
    if act.judicial:
        author = "072"
    written = Act(partner="ma", lane="routine", content=content, author=f"{side.name}-{author}")
    attest = list(act.attest)
    draft = workflow.draft(side.node.office, side.person(author), written, attest=attest, submit=True)
    message = workflow.release(side.node.office, side.person(releaser), [draft.id])[0]
    return message.id, dossier


def _others(story: "Story") -> None:
    """The types that have scenes of their own."""
    rows = story.ma.node.store.read(lambda tx: tx.scan(DOSSIERS, limit=100_000))
    there = {one.type for one in rows}
    kinds = {kind.name for kind in story.ma.node.ctx.catalogue}
    story.check(there == kinds, f"ma holds dossiers of all {len(kinds)} types, each under what both sides signed")


def _not_yours(story: "Story", dossier: str) -> None:
    """An officer of the police is refused what is between financial intelligence units."""
    ma = story.ma
    row = story.dossier(ma, dossier)
    if row is None:
        raise FailedError("expected the financial intelligence dossier at ma, got none")
    found, who = row, ma.person("017")

    def look(tx: Writing) -> None:
        consulting.dossier(tx, ma.node.office, who, found, [], "out of curiosity")

    try:
        with recorded(ma.node.office):
            ma.node.store.write("demo.look", look)
        story.check(False, "financial intelligence is closed to others")
    except ForbiddenError as error:
        story.tell(f"[dim]{error}[/dim]")
        story.check(True, "an officer of ma's police cannot read what is between financial intelligence units")
