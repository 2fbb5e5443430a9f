"""What stands around a person, a dossier or a thing: a walk along relations that stand, bounded on every side.

Rules kept here:
- the walk goes so many steps, to so many ends, and looks at so many relations of each end, the latest first; what was
  left out for that is said (`cut`). Nothing is scanned, however many relations there are;
- what somebody may not read is not there, and is not counted;
- nobody looks behind a wall: what the walk reaches may be held against what it started from, whatever stands between
  them. So two walls that each are open never open a way that is closed (`walls`);
- behind a relation that says that two are not the same, the walk does not go on;
- what is found is recorded as read, in each dossier that it came from.

Left unchecked: what is corrected or restricted since: the relation says it (`again`).
"""

import msgspec

from passerelle.core.errors import InputError
from passerelle.dossiers.relations import shipped
from passerelle.exchange import relating
from passerelle.office import relations
from passerelle.office.asking import Office
from passerelle.office.ends import End
from passerelle.office.reach import Reach
from passerelle.ports.people import Person
from passerelle.ports.records import MESSAGES, Message
from passerelle.ports.relations import THINGS, Relation
from passerelle.ports.store import Reading, Writing

DEEPEST = 5
MOST = 200
"""Ends that one walk reaches."""
WALK = 500
"""Relations that are looked at for each end."""
LOOK = 5000
"""Relations that one walk looks at in all."""


class Edge(msgspec.Struct, frozen=True):
    """A relation as the walk met it: from the end that was nearer to the one behind; `depth` from 1."""

    relation: Relation
    near: str
    far: str
    depth: int


class Graph(msgspec.Struct, frozen=True):
    """What was found. `ends`: each with the message that says who it is; the first is where the walk began."""

    start: str
    ends: dict[str, str]
    edges: tuple[Edge, ...]
    cut: bool


def neighbourhood(
    tx: Writing, office: Office, who: Person, start: End, reason: str = "", *, depth: int = 2, most: int = MOST
) -> Graph:
    """The neighbourhood of an end, recorded as read. Raises InputError or NotAllowedError."""
    if not 1 <= depth <= DEEPEST:
        raise InputError(f"depth: expected 1 to {DEEPEST}, got {depth}")
    if not 1 <= most <= MOST * 5:
        raise InputError(f"most: expected 1 to {MOST * 5}, got {most}")
    relations.read(tx, office, who, [start.message], reason)
    walk = _Walk(tx, office, who, start, most)
    for step in range(1, depth + 1):
        walk.step(step)
    graph = Graph(start.text, walk.ends, tuple(walk.edges), walk.cut)
    relations.read(tx, office, who, relations.brought(tx, [one.relation for one in graph.edges]), reason)
    return graph


class _Walk:
    """One walk, step by step."""

    def __init__(self, tx: Reading, office: Office, who: Person, start: End, most: int) -> None:
        self._tx, self._most = tx, most
        self._reach = Reach(tx, office, who)
        self._start = start
        self._messages = {start.message.id: start.message}
        self._frontier = [start.text]
        self._seen: set[str] = set()
        self.ends = {start.text: start.message.id}
        self.edges: list[Edge] = []
        self.cut = False
        self._left = LOOK

    def step(self, depth: int) -> None:
        """Go one step further from every end that was reached last."""
        reached: list[str] = []
        for near in self._frontier:
            limit = min(WALK, self._left)
            found = relations.walk(self._tx, near, (True,), limit)
            self._left -= len(found)
            self.cut |= len(found) == limit
            for one in found:
                if one.id in self._seen:
                    continue
                self._seen.add(one.id)
                self._meet(one, near, depth, reached)
        self._frontier = reached

    def _meet(self, one: Relation, near: str, depth: int, reached: list[str]) -> None:
        # Around a dossier stand the relations of all that is in it, each from the end that lies there.
        if near not in (one.one, one.other):
            near = one.one if self._lies(one.one, near) else one.other
        far, message = (one.other, one.other_message) if near == one.one else (one.one, one.one_message)
        mine = one.one_message if near == one.one else one.other_message
        if not self._reach.sees(one) or not self._open(message) or not self._open(mine):
            return
        new = [(end, name) for end, name in ((near, mine), (far, message)) if end not in self.ends]
        if len(self.ends) + len(new) > self._most:
            self.cut = True
            return
        self.ends.update(new)
        self.edges.append(Edge(one, near, far, depth))
        if shipped().kinds[one.kind].through:
            reached += [end for end, _ in new if end == far]

    def _lies(self, end: str, dossier: str) -> bool:
        if end.startswith("thing/"):
            thing = self._tx.get(THINGS, end.partition("/")[2])
            return thing is not None and f"dossier/{thing.dossier}" == dossier
        return f"dossier/{relating.dossier_of(end)}" == dossier

    def _open(self, name: str) -> bool:
        """Whether what a message says may be held against where the walk began."""
        if name not in self._messages:
            message = self._tx.get(MESSAGES, name)
            if message is None:
                return False
            self._messages[name] = message
        return not self._reach.walls.closed(self._start.message, self._messages[name])


def messages_of(tx: Reading, graph: Graph) -> dict[str, Message]:
    """The messages that say who the ends of a graph are."""
    found = tx.get_many(MESSAGES, [(name,) for name in graph.ends.values()])
    return {key[0]: one for key, one in found.items()}
