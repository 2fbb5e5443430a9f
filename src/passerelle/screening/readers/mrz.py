"""Machine-readable zones of travel documents as text: TD1, TD2, TD3, MRV-A and MRV-B (ICAO Doc 9303-3 to -7).

Zones follow each other, with or without blank lines between. Every check digit is verified; one that fails, and a
character that may not stand where it does, is a fault, and the traveller is kept and marked in the note unless the
options say otherwise, since a misread must hide nobody. A number longer than nine characters (TD1, TD2) goes on in the
optional data; its check digit is taken over the number alone or, as some states do, over the filler between too.

The century of a birth is a guess (`dates.two_digits`). A name that fills its field may have lost its end: it is `cut`.
So is one that leaves no more than the filler after a word, since not every issuer ends a cut name with a letter (Doc
9303-3, 4.6). Small letters are read as capitals, and blanks at both ends of a line are passed over. A line of no known
width is a fault, and reading goes on with the next zone.
"""

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from passerelle.core.retold import E_
from passerelle.persons.marks import check_digit
from passerelle.persons.model import Birth, Entry, Fault
from passerelle.screening.readers import countries, dates
from passerelle.screening.readers.reading import At, Draft, Options, Reading
from passerelle.screening.readers.rows import undecoded
from passerelle.screening.readers.text import ENCODINGS, Line, Source, encoding_of, known, lines
from passerelle.screening.readers.zones import EXPIRY, NUMBER, Check, Span, Zone, zone_of

_OTHERS = re.compile("[^A-Z0-9<]")
_FIRST = re.compile("[ACIPV][A-Z0-9<]{29}(?:[A-Z0-9<]{6})?(?:[A-Z0-9<]{8})?")
_CAPITALS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SEX = {"M": "male", "F": "female", "X": "other", "<": "unknown"}
_KINDS = {"P": "passport", "V": "visa", "I": "identity-card", "A": "identity-card", "C": "identity-card"}


def looks_like(text: str) -> bool:
    """Whether a line may be the first of a zone."""
    return len(text.strip()) in (30, 36, 44) and bool(_FIRST.fullmatch(text.strip()))


def read(source: Source, reading: Reading, options: Options) -> Iterator[Entry | Fault]:
    """The travellers of the zones; each has the number of its zone as id."""
    encoding = known(options.encoding) if options.encoding else encoding_of(source)
    reading.encoding = ENCODINGS[encoding]
    number = 0
    waiting: list[Line] = []
    for line in chain(lines(source, encoding), (Line(0, ""),)):
        if fault := undecoded(line, encoding):
            yield fault
        text = line.text.strip()
        if waiting and (not text or not _goes_on(waiting, text)):
            number += 1
            yield from _zone(waiting, str(number), options)
            waiting = []
        if text:
            waiting.append(line)


def _goes_on(waiting: list[Line], text: str) -> bool:
    """Whether a line belongs to the zone that was begun. Where one was lost, what looks like a first line does not."""
    zone = zone_of(waiting[0].text.strip())
    if zone is None or len(waiting) == zone.lines or len(text) != zone.width:
        return False
    if not looks_like(text):
        return True
    if len(waiting) == 2:
        return sum(map(str.isdigit, text)) <= 2  # the names of TD1
    return sum(map(str.isdigit, text[:7] if zone.lines == 3 else text)) >= 4


def _zone(taken: list[Line], ident: str, options: Options) -> Iterator[Entry | Fault]:
    zone = zone_of(taken[0].text.strip())
    line = taken[0]
    if zone is None:
        width = len(line.text.strip())
        message = f"expected a line of 30, 36 or 44 characters of a machine-readable zone, got {width}"
        yield Fault(line=line.number, column=min(width, 45), message=message)
        return
    short = next((one for one in taken if len(one.text.strip()) != zone.width), None)
    if short is not None or len(taken) < zone.lines:
        at = short or taken[-1]
        widths = ", ".join(str(len(one.text.strip())) for one in taken)
        got = f"{len(taken)} of {widths}"
        message = f"expected {zone.lines} lines of {zone.width} characters ({zone.name}), got {got}"
        yield Fault(line=at.number, column=1, message=message)
        return
    yield from _Reader(zone, taken, options).entry(ident)


class _Part(NamedTuple):
    text: str
    at: At


class _Reader:
    """One zone being read."""

    def __init__(self, zone: Zone, taken: list[Line], options: Options) -> None:
        self._zone, self._options = zone, options
        self._numbers = [line.number for line in taken]
        self._indents = [len(line.text) - len(line.text.lstrip()) for line in taken]
        self._draft = Draft((taken[0].number, 1))
        self._texts = []
        for line in taken:
            text = line.text.strip().translate(_CAPITALS)
            if not line.marked and (found := _OTHERS.search(text)):
                message = f"expected A to Z, 0 to 9 or <, got U+{ord(found.group()):04X}"
                self._draft.fault(message, (line.number, found.start() + 1 + len(line.text) - len(line.text.lstrip())))
            self._texts.append(_OTHERS.sub("<", text))

    def _part(self, span: Span) -> _Part:
        line, first, last = span
        return _Part(self._texts[line][first:last], (self._numbers[line], self._indents[line] + first + 1))

    def entry(self, ident: str) -> Iterator[Entry | Fault]:
        draft, zone = self._draft, self._zone
        number = self._number()
        for check in zone.checks:
            if not (check.what == NUMBER and number is not None):
                self._verify(check)
        code = self._part((0, 0, 2)).text
        issuer = self._country(self._part(zone.country), E_("issued by"))
        if digits := number if number is not None else self._part(zone.number).text.rstrip("<"):
            draft.document(
                _KINDS.get(code[0], "other"), digits.replace("<", " "), self._part(zone.number).at, country=issuer,
                expires=self._expires(), note="" if code in ("P<", "V<", "I<") else f"code {code.rstrip('<')}",
            )  # fmt: skip
        self._name()
        self._birth()
        if nationality := self._country(self._part(zone.nationality), E_("nationality")):
            draft.nationality(nationality)
        sex = self._part(zone.sex)
        if sex.text not in _SEX:
            draft.fault(f"sex: expected M, F, X or <, got {sex.text!r}", sex.at)
        draft.sex = _SEX.get(sex.text, "unknown")
        if (optional := self._optional(number)) and any(optional):
            draft.note(f"optional data: {' '.join(optional)}")
        if draft.faults:
            draft.note("misread: " + "; ".join(fault.message for fault in draft.faults[:5]))
        if draft.faults and not self._options.keep_misread:
            yield from draft.faults
            return
        yield from draft.done(ident)

    def _verify(self, check: Check) -> None:
        over = "".join(self._part(span).text for span in check.over)
        expected, got = check_digit(over), self._part(check.digit)
        if got.text == expected or (check.may_be_filler and not over.strip("<") and got.text in "<0"):
            return
        if check.what == EXPIRY and not over.strip("<") and got.text == "<":
            return  # a document that does not expire (9303-5, note l)
        self._draft.fault(f"check digit of the {check.what}: expected {expected}, got {got.text}", got.at)

    def _number(self) -> str | None:
        """A document number of more than nine characters, verified; None when it has at most nine."""
        zone = self._zone
        where = zone.checks[0].digit
        if not zone.long_number or self._part(where).text != "<":
            return None
        principal, rest = self._part(zone.number).text, self._part(zone.optional[0])
        more = rest.text.partition("<")[0]
        if len(more) < 2 or not principal.rstrip("<"):
            return None
        number, got = principal + more[:-1], more[-1]
        expected = check_digit(number)
        if got not in (expected, check_digit(f"{principal}<{more[:-1]}")):
            at = (rest.at[0], rest.at[1] + len(more) - 1)
            self._draft.fault(f"check digit of the {NUMBER}: expected {expected}, got {got}", at)
        return number

    def _optional(self, number: str | None) -> list[str]:
        texts = [self._part(span).text for span in self._zone.optional]
        if number is not None:
            texts[0] = texts[0].partition("<")[2]
        return [" ".join(part for part in text.split("<") if part) for text in texts if text.strip("<")]

    def _country(self, part: _Part, what: str) -> str:
        code = part.text.rstrip("<")
        if (found := countries.alpha3(code)) or not code:
            return found
        if meaning := countries.of_nobody(code):
            self._draft.note(f"{what}: {code} ({meaning})")
        else:
            self._draft.fault(f"{what}: expected the code of a state (ICAO 9303-3), got {code!r}", part.at)
            self._draft.note(f"{what}: {code}")
        return ""

    def _name(self) -> None:
        field = self._part(self._zone.names)
        family, _, given = field.text.partition("<<")
        family, given = (" ".join(word for word in text.split("<") if word) for text in (family, given))
        if found := re.search("[0-9]", field.text):
            message = f"expected letters and < in the name, got {found.group()}"
            self._draft.fault(message, (field.at[0], field.at[1] + found.start()))
        if not (family or given):
            self._draft.fault("expected a name, got an empty one", field.at)
            return
        text = f"{family}, {given}" if family and given else family or given
        left = len(field.text) - len(field.text.rstrip("<"))
        cut = left < (2 if given else 3)
        self._draft.name(text, field.at, family=family, given=given, cut=cut)

    def _birth(self) -> None:
        part = self._part(self._zone.birth)
        year, month, day = (part.text[at : at + 2] for at in (0, 2, 4))
        if not part.text.strip("<") or year == "<<":
            return
        month, day = (text if text != "<<" else "00" for text in (month, day))
        found: tuple[Birth, ...] = ()
        if (year + month + day).isdigit():
            found = dates.two_digits(int(year), int(month), int(day) if int(month) else 0, self._options.today)
        for one in found:
            self._draft.birth(one)
        if not found:
            self._draft.fault(f"birth: expected a date as YYMMDD, got {part.text}", part.at)
            self._draft.note(f"birth: {part.text}")

    def _expires(self) -> str:
        part = self._part(self._zone.expires)
        if not part.text.strip("<0"):
            return ""
        text = part.text.replace("<", "0")
        year, month, day = (int(text[at : at + 2]) for at in (0, 2, 4)) if text.isdigit() else (0, 99, 99)
        made = dates.near(year, month, day, self._options.today)
        if not made:
            self._draft.fault(f"expiry: expected a date as YYMMDD, got {part.text}", part.at)
            self._draft.note(f"expires: {part.text}")
        return made
