"""What the segments of a PAXLST message say of a journey and of a traveller."""

import re
from collections.abc import Iterator

from passerelle.persons.model import Birth, Entry, Fault
from passerelle.screening.readers import countries, dates
from passerelle.screening.readers.edifact import Segment
from passerelle.screening.readers.reading import At, Draft, Options, Voyage

CREW = ("FM", "DDT")
ROLES = {"FL": "passenger", "FM": "crew", "DDT": "crew in transit", "DDU": "passenger in transit"}
_SEX = {"M": "male", "F": "female", "U": "unknown", "X": "other"}
_KINDS = {"P": "passport", "V": "visa", "I": "identity-card", "A": "identity-card", "C": "identity-card"}
_CARRIER = re.compile(r"(?<=^[A-Z0-9]{2})[A-Z]?[0-9]{1,4}[A-Z]?$")  # what follows an airline's designator
_MOMENT = re.compile(r"(\d{2}|\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d))?")


class Flight:
    """A journey: TDT with the places and times that follow it."""

    def __init__(self, one: Segment) -> None:
        number = one.get(1)
        self._said = {"number": number, "carrier": one.get(4) or _CARRIER.sub("", number)}

    def take(self, one: Segment) -> None:
        what = one.get(0)
        if one.tag == "LOC":
            name = {"125": "origin", "87": "destination"}.get(what)
            value = one.get(1)
        else:
            name = {"189": "departs", "232": "arrives"}.get(one.get(0, 0)) if one.tag == "DTM" else None
            value = _moment(one.get(0, 1))
        if name and value:
            self._said.setdefault(name, value)

    def voyage(self) -> Voyage:
        return Voyage(**{name: value[:40] for name, value in self._said.items()})


def _moment(text: str) -> str:
    """`YYMMDDHHMM` or `YYYYMMDDHHMM`, time left out or not, as `YYYY-MM-DDTHH:MM`; the text when it is neither."""
    found = _MOMENT.fullmatch(text)
    if found is None or not text.isascii():
        return text
    year, month, day, hour, minute = found.groups()
    date = f"{year if len(year) == 4 else '20' + year}-{month}-{day}"
    return f"{date}T{hour}:{minute}" if hour else date


class _Paper:
    """A document being put together: DOC and what follows it."""

    def __init__(self, one: Segment) -> None:
        self.code, self.number, self.at = one.get(0), one.get(1), one.at(1)
        self.country = self.issued = self.expires = self.note = ""


class Passenger:
    """A traveller: NAD with the segments that follow it."""

    def __init__(self, one: Segment, width: int, options: Options) -> None:
        self._options = options
        self._draft = draft = Draft((one.number, 1))
        self._paper: _Paper | None = None
        role = one.get(0)
        draft.note(ROLES.get(role, f"role {role}"))
        parts = [text.strip() for text in one.elements[3]] if len(one.elements) > 3 else []
        family, given = (parts[0] if parts else ""), " ".join(part for part in parts[1:] if part)
        text = f"{family}, {given}" if family and given else family or given
        cut = any(len(part) >= width for part in parts)
        draft.name(text, one.at(3), family=family, given=given, cut=cut)
        street = ", ".join(filter(None, (one.get(4), one.get(5), one.get(6), one.get(7))))
        if street or one.get(8):
            draft.place(street, one.get(8), kind="residence", at=one.at(4))

    def take(self, one: Segment) -> None:
        match one.tag:
            case "ATT" if one.get(0) == "2":
                self._sex(one.get(2) or one.get(1), one.at(2))
            case "DTM":
                self._day(one)
            case "LOC":
                self._location(one)
            case "NAT":
                self._nationality(one)
            case "DOC":
                self._end_paper()
                self._paper = _Paper(one)

    def done(self, ident: str) -> Iterator[Entry | Fault]:
        """The faults and the traveller."""
        self._end_paper()
        yield from self._draft.done(ident)

    def _sex(self, code: str, at: At) -> None:
        if code not in _SEX:
            self._draft.fault(f"ATT: expected a sex of {', '.join(_SEX)}, got {code[:10]!r}", at)
        self._draft.sex = _SEX.get(code, "unknown")

    def _day(self, one: Segment) -> None:
        what, text = one.get(0, 0), one.get(0, 1)
        if not text:
            return
        if what == "329":
            self._birth(text, one.at(0))
        elif what in ("36", "182") and self._paper is not None:
            name = "expires" if what == "36" else "issued"
            digits = dates.plain_digits(text)
            made = ""
            if len(digits) == 6 and digits.isdigit():
                made = dates.near(int(digits[:2]), int(digits[2:4]), int(digits[4:]), self._options.today)
            elif len(digits) == 8 and digits.isdigit():
                made = dates.partial(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
            if not made:
                self._draft.fault(f"DTM: expected a date as YYMMDD or YYYYMMDD, got {text[:20]!r}", one.at(0))
            setattr(self._paper, name, made)

    def _birth(self, text: str, at: At) -> None:
        digits = dates.plain_digits(text)
        found: tuple[Birth, ...] = ()
        if len(digits) == 6 and digits.isdigit():
            month, day = int(digits[2:4]), int(digits[4:])
            found = dates.two_digits(int(digits[:2]), month, day if month else 0, self._options.today)
        elif len(digits) == 8 and digits.isdigit():
            month = int(digits[4:6])
            made = dates.partial(int(digits[:4]), month, int(digits[6:]) if month else 0)
            found = (Birth(date=made),) if made else ()
        for one in found:
            self._draft.birth(one)
        if not found:
            self._draft.fault(f"DTM: expected a birth date as YYMMDD or YYYYMMDD, got {text[:20]!r}", at)
            self._draft.note(f"birth: {text[:40]}")

    def _location(self, one: Segment) -> None:
        what, code = one.get(0), one.get(1, 0)
        if what == "91" and self._paper is not None:
            self._paper.country = self._country(code, one.at(1))
        elif what in ("180", "174"):
            kind = "birth" if what == "180" else "residence"
            words = (one.get(1, 3), one.get(2, 3) or one.get(2), one.get(3, 3) or one.get(3))
            text = ", ".join(word for word in words if word)
            self._draft.place(text, countries.alpha3(code) or code, kind=kind, at=one.at(1))

    def _nationality(self, one: Segment) -> None:
        said = one.get(1, 0) or one.get(1, 3)
        if meaning := countries.of_nobody(said):
            self._draft.note(f"nationality: {said} ({meaning})")
        else:
            self._draft.nationality(countries.alpha3(said) or said, one.at(1))

    def _country(self, code: str, at: At) -> str:
        found = countries.alpha3(code) or countries.alpha2(code)
        if code and not found:
            meaning = countries.of_nobody(code)
            self._draft.note(f"issued by: {code} ({meaning})" if meaning else f"issued by: {code}", at)
        return found

    def _end_paper(self) -> None:
        paper, self._paper = self._paper, None
        if paper is not None and paper.number:
            known = _KINDS.get(paper.code[:1], "other")
            note = "" if paper.code in ("P", "V", "I") else self._draft.text(f"code {paper.code}", "document", paper.at)
            self._draft.document(
                known,
                paper.number,
                paper.at,
                country=paper.country,
                issued=paper.issued,
                expires=paper.expires,
                note=note,
            )
