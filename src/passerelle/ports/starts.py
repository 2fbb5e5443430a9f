"""How often a node began to serve, for each folder that it serves from."""

from passerelle.ports.store import Kind, Record


class Start(Record, frozen=True):
    """The newest start from a folder. `folder`: the id in its `place.json`; `token`: drawn anew at each start."""

    folder: str
    number: int
    token: str
    time: int


STARTS = Kind("starts", Start, ("folder",))

KINDS = (STARTS,)
