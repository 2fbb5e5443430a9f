"""Passenger list messages: PAXLST of UN/EDIFACT, D.02B and D.12B, as the guide of WCO, IATA and ICAO has them.

Travellers are the names (NAD) after the first journey (TDT): passengers, crew and those in transit. A name that fills
its 35 characters (D.12B: 70) may have lost its end: it is `cut`. The journeys go into `Reading.voyages`. What counts
segments, messages, travellers and crew (UNT, UNE, UNZ, CNT) and what refers back is verified; a difference is a fault
and the travellers are kept. Lines of faults are segments, columns the characters in them.

Left out: what says nothing of who somebody is (contacts, seats, baggage, booking); the sender of the message.
"""

from collections.abc import Iterator

from passerelle.core.retold import E_
from passerelle.persons.model import Entry, Fault
from passerelle.screening.readers.edifact import BrokenError, Interchange, Segment
from passerelle.screening.readers.passengers import CREW, ROLES, Flight, Passenger
from passerelle.screening.readers.reading import Options, Reading
from passerelle.screening.readers.text import Source

_MAX_VOYAGES = 100
_WIDTHS = {"02B": 35, "05B": 35, "12B": 70}
_MESSAGES, _IN_GROUP, _GROUPS = E_("messages"), E_("messages in the group"), E_("groups")
_ENDS = {"UNH": "UNT", "UNG": "UNE", "UNB": "UNZ"}


def read(source: Source, reading: Reading, options: Options) -> Iterator[Entry | Fault]:
    """The travellers of the messages."""
    interchange = Interchange(source)
    messages = _Messages(reading, options)
    try:
        for segment in interchange.segments():
            reading.encoding = interchange.charset
            if isinstance(segment, Fault):
                yield segment
            else:
                yield from messages.take(segment)
    except BrokenError as error:
        yield from messages.flush()
        yield reading.broken(error.fault.message, (error.fault.line, error.fault.column))
    else:
        yield from messages.flush()
        yield from messages.unended()


class _Messages:
    """The interchange as it goes by: what is open, what was counted."""

    def __init__(self, reading: Reading, options: Options) -> None:
        self._reading, self._options = reading, options
        self._references: dict[str, str] = {}  # of what is open, outermost first
        self._last = self._segments = self._number = 0
        self._counts = {_MESSAGES: 0, _IN_GROUP: 0, _GROUPS: 0}
        self._people = {"41": 0, "42": 0}
        self._width = 35
        self._travelling = False
        self._flight: Flight | None = None
        self._who: Passenger | None = None

    def take(self, one: Segment) -> Iterator[Entry | Fault]:
        self._last, self._segments = one.number, self._segments + 1
        if one.number == 1 and one.tag != "UNB":
            yield _fault(one, None, f"expected UNB as first segment, got {one.tag}")
        if one.tag in ("NAD", "TDT", "CNT") or one.tag.startswith("UN"):
            yield from self.flush()
        if one.tag in ("UNB", "UNG", "UNH"):
            yield from self._begun(one)
        elif one.tag in ("UNT", "UNE", "UNZ"):
            yield from self._ended(one)
        elif one.tag == "CNT":
            yield from self._counted(one)
        elif one.tag == "TDT":
            self._end_flight()
            self._flight, self._travelling = Flight(one), True
        elif one.tag == "NAD":
            self._named(one)
        elif self._who is not None:
            self._who.take(one)
        elif self._flight is not None:
            self._flight.take(one)

    def flush(self) -> Iterator[Entry | Fault]:
        """End the traveller who is open."""
        if self._who is not None:
            who, self._who = self._who, None
            yield from who.done(str(self._number))

    def unended(self) -> Iterator[Fault]:
        """What was begun and not ended, at the end of the file."""
        self._end_flight()
        if not self._last:
            yield self._reading.broken("expected an interchange of segments, got none", (1, 1))
        for tag in reversed(self._references):
            yield self._reading.broken(f"expected {_ENDS[tag]} before the end of the file, got none", (self._last, 1))

    def _begun(self, one: Segment) -> Iterator[Fault]:
        if one.tag in self._references:
            yield _fault(one, None, f"expected {_ENDS[one.tag]} before {one.tag}, got none")
        self._references.pop(one.tag, None)
        self._references[one.tag] = one.get(0 if one.tag == "UNH" else 4)
        if one.tag == "UNB":
            self._counts = dict.fromkeys(self._counts, 0)
        elif one.tag == "UNG":
            self._counts[_GROUPS] += 1
            self._counts[_IN_GROUP] = 0
        else:
            yield from self._message(one)

    def _message(self, one: Segment) -> Iterator[Fault]:
        self._counts[_MESSAGES] += 1
        self._counts[_IN_GROUP] += 1
        self._segments, self._travelling = 1, False
        self._people = dict.fromkeys(self._people, 0)
        self._end_flight()
        kind, release = one.get(1, 0), one.get(1, 2)
        self._width = _WIDTHS.get(release, 35)
        if kind != "PAXLST":
            yield _fault(one, 1, f"expected a message PAXLST, got {kind[:10]!r}")
        elif release not in _WIDTHS:
            known = ", ".join(f"D.{name}" for name in _WIDTHS)
            yield _fault(one, 1, f"expected PAXLST of {known}, got {release[:10]!r}")

    def _ended(self, one: Segment) -> Iterator[Fault]:
        self._end_flight()
        begun = next(tag for tag, end in _ENDS.items() if end == one.tag)
        reference = self._references.pop(begun, None)
        if reference is None:
            yield _fault(one, None, f"expected {begun} before {one.tag}, got none")
            return
        what = _IN_GROUP if begun == "UNG" else _GROUPS if self._counts[_GROUPS] else _MESSAGES
        expected = self._segments if begun == "UNH" else self._counts[what]
        if one.get(0).lstrip("0") != str(expected or ""):
            said = E_("segments") if begun == "UNH" else what
            yield _fault(one, 0, f"{one.tag}: expected {expected} {said}, got {one.get(0)[:20]!r}")
        if one.get(1) != reference:
            got = one.get(1)[:20]
            yield _fault(one, 1, f"{one.tag}: expected the reference {reference[:20]!r} of {begun}, got {got!r}")

    def _counted(self, one: Segment) -> Iterator[Fault]:
        kind, said = one.get(0, 0), one.get(0, 1)
        counted = self._people.get(kind)
        if counted is not None and said.lstrip("0") != str(counted or ""):
            who = E_("crew") if kind == "41" else E_("passengers")
            yield _fault(one, 0, f"CNT: expected {counted} {who}, got {said[:20]!r}")

    def _end_flight(self) -> None:
        if self._flight is not None and len(self._reading.voyages) < _MAX_VOYAGES:
            made = self._flight.voyage()
            if made not in self._reading.voyages:
                self._reading.voyages.append(made)
        self._flight = None

    def _named(self, one: Segment) -> None:
        role = one.get(0)
        if role == "MS" or (role not in ROLES and not self._travelling):
            return  # who sends
        self._end_flight()
        self._number += 1
        self._people["41" if role in CREW else "42"] += 1
        self._who = Passenger(one, self._width, self._options)


def _fault(one: Segment, element: int | None, message: str) -> Fault:
    line, column = (one.number, 1) if element is None else one.at(element)
    return Fault(line=line, column=column, message=message)
