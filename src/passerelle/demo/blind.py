"""A flight is asked about blind: 300 travellers, of whom three are on ma's index under other spellings.

The list never leaves be, the index never leaves ma. What persons type, they type here; who decides on a hit is an
officer of ma, played by what his entry and the traveller have in common beside name and birth.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from passerelle.core.clock import add_duration, day_of
from passerelle.demo import cast, travellers
from passerelle.demo.stage import FailedError, Side, wait
from passerelle.demo.years import typed
from passerelle.office import workflow
from passerelle.ports.search import ASKED, BASE, DELTA, MANIFESTS, SEARCH_FIGURES, SHARDS, SearchFigure

if TYPE_CHECKING:
    from passerelle.demo.story import Story

_DAY = 86_400_000
KIND, DOMAIN, PURPOSE = "border-data", "borders", "criminal-investigation"
LIST, INDEX = "sought", "sought-for-be"
QUOTA = {"burst": 5_000, "day": 20_000}
NAMESAKE = "EL MESKINI"
OFFENCE = "Trafficking in firearms, Criminal Code art. 324bis"
BASIS = "Act of 25 December 2016 on passenger data, article 24 (for the demonstration)"
_HIT_FILE = """
basis = "6"
recipient = "police"
necessity = "Verify whether the traveller is the person on the index."
handling = ["H0", "H2"]
retention = "{retention}"

[body.travel]
on = "{day}"
carrier = "EX 117"
from = "Casablanca"
to = "Brussels"
"""


class _Shown(NamedTuple):
    """A hit as be sees it."""

    number: int
    name: str
    dossier: str


def asked(story: "Story") -> None:
    """The whole of it: an index, a question about everybody on a flight, three dossiers, and what both sides count."""
    be, ma = story.be, story.ma
    story.scene(
        f"{travellers.TRAVELLERS} travellers asked about blind: three are on ma's index under other spellings, one of "
        "them a namesake"
    )
    _channel(story)
    _index(story)
    question, found = _question(story)
    _seen(story, question)
    hits = _opened(story, question, found)
    outcomes = {one.name: _compared(story, one) for one in hits}
    confirmed = [name for name, outcome in outcomes.items() if outcome == "confirmed"]
    story.check(
        len(confirmed) == 2 and outcomes[NAMESAKE] == "not-the-person",
        f"{' and '.join(sorted(confirmed))}: confirmed. {NAMESAKE}: a namesake, of another birthplace and passport",
    )
    wait("what ma answered at be", lambda: _figures(be, "asked").confirmed + _figures(be, "asked").rejected == 3)
    mine, theirs = _figures(be, "asked"), _figures(ma, "answered")
    story.check(
        (mine.confirmed, mine.rejected) == (theirs.confirmed, theirs.rejected) == (2, 1),
        "both sides count 2 true hits and 1 false one, and name nobody",
    )
    story.figures["travellers_asked_blind"] = travellers.TRAVELLERS
    story.figures["elements_that_ma_saw"] = mine.elements


def _channel(story: "Story") -> None:
    now = story.be.node.ctx.clock.now()
    text = cast.channel(
        story.be.node.ctx.catalogue,
        story.agreement,
        KIND,
        "Border data and blind search",
        ["6"],
        day_of(now - _DAY),
        day_of(add_duration(now, "P2Y")),
        domain=DOMAIN,
        search={"purposes": [PURPOSE], "categories": ["listed"], "quota": QUOTA},
    )
    story.channels[KIND] = story.sign("channel: Border data and blind search", text)


def _index(story: "Story") -> None:
    """Ma imports its list, makes an index of it for be; be has the tables, which tell nothing."""
    ma, path = story.ma, story.folder / "sought.jsonl"
    path.write_text(travellers.entries(), "utf-8")
    words = ("--domain", DOMAIN, "--purpose", PURPOSE, "--basis", "Criminal procedure code (invented)")
    typed("list", "import", ma.folder, LIST, path, *words, "--retention", "P90D", "--as", "ma-012")
    path.unlink()
    channel = story.channels[KIND]
    typed("index", "create", ma.folder, INDEX, "be", "--channel", channel, "--list", LIST, "--as", "ma-012")
    wait("the tables of the index at be", lambda: _here(story.be) == {BASE, DELTA})
    shards = story.be.node.store.read(lambda tx: tx.scan(SHARDS, limit=1000))
    size = sum(one.size for one in shards) // 1024
    story.check(
        size > 0,
        f"ma's index of {travellers.ENTRIES:,} persons: be has {size} KiB that tell no name, nor how many they are",
    )


def _here(side: Side) -> set[str]:
    found = side.node.store.read(lambda tx: tx.scan(MANIFESTS, "by_state", ("here",), limit=100))
    return {one.kind for one in found}


def _question(story: "Story") -> tuple[str, list[dict[str, Any]]]:
    """Be asks about the flight, in one question."""
    be, path = story.be, story.folder / "EX117.edi"
    day = day_of(be.node.ctx.clock.now())
    path.write_text(travellers.passengers(travellers.travellers(), day), "latin-1")
    why = ("--purpose", PURPOSE, "--basis", BASIS, "--link", "travel-to-evade", "--offence", OFFENCE)
    answer = typed("search", "list", be.folder, "ma", path, *why, "--wait", 60, "--as", "be-017")
    path.unlink()
    [question] = answer["questions"]
    found = sorted(answer["found"], key=_name)
    names = ", ".join(_name(one) for one in found)
    story.check(
        question["state"] == "answered"
        and len(found) == 3 == len([one for one in found if one["state"] == "unverified"]),
        f"be got 3 hits of {answer['persons']}, unverified, every element proven: {names}",
    )
    return question["question"], found


def _name(hit: dict[str, Any]) -> str:
    return str(hit["person"]["person"]["names"][0]["text"]).partition(",")[0]


def _seen(story: "Story", question: str) -> None:
    """What ma has of it."""
    row = story.ma.node.store.read(lambda tx: tx.get(ASKED, "be", question))
    if row is None:
        raise FailedError("expected ma to have written down that it was asked, got nothing")
    story.check(
        row.purpose == PURPOSE and row.count == 1_500,
        f"ma saw: {row.count:,} elements for {row.purpose}. Not about whom, by whom, in which case, nor whether it hit",
    )


def _opened(story: "Story", question: str, found: list[dict[str, Any]]) -> list[_Shown]:
    """A dossier on each hit: written by the officer who asked, released by another."""
    be, path = story.be, story.folder / "hit.toml"
    day = day_of(be.node.ctx.clock.now())
    path.write_text(_HIT_FILE.format(retention=story.retention, day=day))
    numbers, by = [one["hit"] for one in found], ("--submit", "--as", "be-017")
    drafts = typed("search", "open", be.folder, question, *numbers, "--file", path, "--lane", "routine", *by)
    path.unlink()
    names = {one["hit"]: _name(one) for one in found}
    workflow.release(be.node.office, be.person("003"), [one["draft"] for one in drafts])
    be.node.wake()
    shown = [_Shown(one["hit"], names[one["hit"]], one["dossier"]) for one in drafts]
    for one in shown:
        story.both(one.dossier, "hit")
    story.check(True, "three dossiers, each with the claim that only who asked and hit can have; ma's node checks it")
    return shown


def _compared(story: "Story", hit: _Shown) -> str:
    """Ma's officer sees his own entry beside the traveller, and answers. Returns the outcome."""
    ma = story.ma
    [side] = typed("index", "claim", ma.folder, hit.dossier, "--reason", "to verify the hit", "--as", "ma-017")
    asked, entry = side["asked"], side["entries"][0]
    if hit.name == NAMESAKE:
        story.tell(f"[dim]ma compares: {'; '.join(entry['explanation'])}[/dim]")
    same = any(_told(asked, *where) & _told(entry["person"], *where) for where in _DECIDES)
    body = {
        "message": _opening(story, hit.dossier),
        "verified_by": "Border police officer 417",
        "by_a_person": True,
        "verified_on": day_of(ma.node.ctx.clock.now()),
        "verified_at": "14:30",
        "compared": ["identity-data", "document"],
        **({"outcome": "confirmed", "measure": "questioned"} if same else {"outcome": "not-the-person"}),
    }
    story.send(ma, KIND, "hit-follow-up", hit.dossier, body=body)
    return str(body["outcome"])


_DECIDES = (("documents", "number"), ("places", "text"))
"""What this officer looks at where name and birth are the same."""


def _told(person: dict[str, Any], part: str, field: str) -> set[str]:
    return {str(one[field]).casefold() for one in person.get(part, ())}


def _opening(story: "Story", dossier: str) -> str:
    row = story.dossier(story.ma, dossier)
    if row is None:
        raise FailedError("expected the dossier of a hit at ma, got none")
    return row.opening


_COUNTS = ("questions", "elements", "hits", "opened", "confirmed", "rejected")


def _figures(side: Side, what: str) -> SearchFigure:
    """The counts of a side, of all months."""
    other = "ma" if side.name == "be" else "be"
    rows = side.node.store.read(lambda tx: tx.scan(SEARCH_FIGURES, "key", (what, other, INDEX), limit=100))
    sums = {name: sum(getattr(one, name) for one in rows) for name in _COUNTS}
    return SearchFigure(side=what, partner=other, index=INDEX, month="", **sums)
