"""The whole path of a blind search through two nodes: 300 travellers asked about, an index of a million match keys.

From the bytes of the passenger message in the asker's process to the hits that its officer is shown: read, match keys,
blinded, written down (audit, question, opening), sealed, posted over TLS, judged, debited, evaluated under the keys of
base and delta with proofs, sealed, verified, unblinded, looked up in tables of the store, kept, read under the policy.
The nodes stand on one machine and share its processors. The first of the runs is a warm-up and is not counted.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from benchmarks import _search_nodes as nodes
from benchmarks._children import BenchError, Run
from benchmarks._pair import make_nodes, partners
from benchmarks._plan import free_ports
from benchmarks._samples import BE, MA, searching
from benchmarks.table import Figure, Runs
from passerelle.demo import travellers
from passerelle.node import Node
from passerelle.office.people import Role

_LONG = 1800.0
_DAY = "2026-11-22"


class Path(NamedTuple):
    """What the whole path took. `whole`: seconds from the list to the hits; `answered`: of that, from what was written
    down to the answer that was kept; `published`, `fetched`: seconds that the table took before, once; `table`: padded
    match keys; `persons`, `elements`, `hits`: of each run.
    """

    whole: Runs
    answered: Runs
    published: float
    fetched: float
    table: int
    persons: int
    elements: int
    hits: int


def measure(
    place: Run, *, keys: int = 1_000_000, runs: int = 3, say: Callable[[str], None] = lambda words: None
) -> Path:
    """Raises BenchError when an answer does not come, or not with the hits that it must have."""
    folder = place.folder / "path"
    folder.mkdir()
    make_nodes(folder, dict(zip((BE, MA), free_ports(2), strict=True)), {})
    channel = partners(folder, BE, MA, searching)
    node = Node.open(folder / BE)
    try:
        nodes.hire(node, "be-asker", Role.OFFICER)
    finally:
        node.close()
    holder = place.child("search-ma", "benchmarks._search_nodes", MA, str(folder / MA))
    asker = place.child("search-be", "benchmarks._search_nodes", BE, str(folder / BE))
    say(f"an index of {keys} match keys")
    listed = nodes.read(travellers.entries(), "jsonl")
    known = [msgspec.json.encode(one).decode() for one in listed if one.id in travellers.KNOWN]
    published = holder.ask("index", _LONG, channel=channel, keys=keys, known=known)
    for one in (holder, asker):
        one.ask("serve")
    say("the table, shard by shard")
    fetched = asker.ask("fetched", _LONG, most=_LONG / 2)
    text = travellers.passengers(travellers.travellers(), _DAY)
    found = []
    for number in range(runs + 1):
        say(f"{travellers.TRAVELLERS} travellers, run {number} of {runs}")
        found.append(asker.ask("ask", text=text))
        if found[-1]["hits"] != len(travellers.THREE):
            raise BenchError(f"expected {len(travellers.THREE)} hits, got {found[-1]['hits']}")
    place.end(asker, holder)
    return Path(
        whole=Runs([one["whole"] for one in found[1:]]),
        answered=Runs([one["answered"] for one in found[1:]]),
        published=published["seconds"],
        fetched=fetched,
        table=published["count"],
        persons=found[0]["persons"],
        elements=found[0]["elements"],
        hits=found[0]["hits"],
    )


def measured(place: Run, quick: bool) -> tuple[list[Figure], list[str]]:
    """The figures of the path, and what is to be said of them. `quick`: a small index, one run."""
    made = measure(place, keys=20_000 if quick else 1_000_000, runs=1 if quick else 5)
    words = f"{made.persons} persons asked of {made.table:,} padded match keys, two nodes"
    figures = [
        Figure(f"{words}: from the list to the hits", made.whole, "s"),
        Figure(f"{words}: of that until the answer is kept", made.answered, "s"),
        Figure(f"{words}: the table fetched and checked before, once", Runs([made.fetched]), "s"),
    ]
    said = f"path: {made.elements} elements, under base and delta; {made.hits} hits; both nodes share the processors"
    return figures, [said]
