"""Which processes work on this store, and what only one of them may do at a time."""

from passerelle.ports.store import Kind, Record


class Lease(Record, frozen=True):
    """The right to do what `name` says: `pump/<partner>`, `clock`, `audit`. Its sign of life is its holder's beat.

    `token` grows with each new holder, so that what an old one still writes is known by it.
    """

    name: str
    holder: str = ""  # the id of a process; empty: it was given back
    token: int = 0
    since: int = 0  # when the holder took it (ms)


class Process(Record, frozen=True):
    """A process that serves. `beat` grows as long as it lives; it is removed when it ends in order.

    `seconds`: how long it may be silent before others take its leases. `seen` is for people: no decision goes by it.
    """

    id: str  # made anew at each start
    instance: str
    host: str
    folder: str
    pid: int
    does: tuple[str, ...] = ()  # receive | send | clock
    listen: str = ""
    seconds: int = 10
    beat: int = 0
    started: int = 0
    seen: int = 0  # when it last gave a sign, by its own clock (ms)

    def is_silent(self, now: int) -> bool:
        """Whether its last sign is old, as far as the clocks of two machines agree. For people."""
        return now - self.seen > 1000 * self.seconds


LEASES = Kind("leases", Lease, ("name",))
PROCESSES = Kind("processes", Process, ("id",))
KINDS = (LEASES, PROCESSES)
