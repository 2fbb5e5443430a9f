"""Numbers as they stand on documents and in registers: brought to one form, and two of them compared.

Rules kept here:
- spaces, dashes, dots and other signs are no part of a number, nor is the case of letters; digits of every script are
  ASCII digits;
- letters and digits that are read for one another (O and 0, I and 1, B and 8, S and 5, Z and 2, G and 6) make two
  numbers equal, and it is told. So do leading zeros that a table lost;
- one sign that differs, or two neighbours exchanged, is a slip. It counts for more where one of the two fails its check
  digit and the other passes;
- a number out of a machine-readable zone is known by its fillers: nine signs and a check digit (Doc 9303-3, 4.9). Ten
  signs without a filler whose last fits as check digit are tried both ways;
- a number that fails its check digit is compared all the same: it may be misread on either side.

Left alone: what two different numbers are worth. Documents are renewed, so it is little. Of one person at most 256
numbers of documents and of registers are compared.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from passerelle.persons.finding import Finding
from passerelle.persons.forms import Held, read
from passerelle.persons.model import Document, Number
from passerelle.persons.weights import levels, table

_CONFUSED = str.maketrans("OQIBSZG", "0018526")
_ZONE = re.compile(r"[A-Z0-9<]{9}[0-9]")
_Part = Literal["document", "number"]
_MOST = 256  # numbers of one person that are compared
_NEAR = 32  # numbers of one person whose near misses are looked at
_FLOOR = 0.5  # bits that equal numbers keep, whatever is taken off


class Mark(NamedTuple):
    """A number of a document or register. `key`: in one form; `loose`: with confusable signs made one.

    `held`: what its form at home holds; None where no form is known.
    """

    source: Document | Number
    key: str
    loose: str
    country: str
    kind: str
    held: Held | None


def compact(text: str) -> str:
    """The number in one form: upper-case letters and ASCII digits, nothing else."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return "".join(_signs(unicodedata.normalize("NFKC", text).upper()))


def _signs(text: str) -> Iterator[str]:
    for sign in text:
        if sign.isalnum():
            digit = unicodedata.decimal(sign, None)
            yield sign if digit is None else str(digit)


def check_digit(signs: str) -> str:
    """The check digit of ICAO Doc 9303-3, 4.9: of A-Z, 0-9 and `<`, weights 7, 3, 1; else empty."""
    total = 0
    for place, sign in enumerate(signs):
        value = 0 if sign == "<" else int(sign, 36) if sign.isascii() and sign.isalnum() else -1
        if value < 0:
            return ""
        total += value * (7, 3, 1)[place % 3]
    return str(total % 10)


def of_documents(documents: Iterable[Document]) -> tuple[Mark, ...]:
    """The marks of documents; one without a number yields none."""
    found: list[Mark] = []
    for one in documents:
        number = unicodedata.normalize("NFKC", one.number).upper().replace(" ", "")
        key, held = compact(number), read(one.number, one.country, one.kind)
        if _ZONE.fullmatch(number) and (one.kind == "passport" or "<" in number):
            fits = check_digit(number[:9]) == number[9]
            body = number[:9].rstrip("<").replace("<", "")
            zone = Held("ICAO 9303", fits, "" if fits else "check")
            if "<" in number:
                key, held = body, zone
            elif fits:
                found += _marks(one, body, zone)
        found += _marks(one, key, held)
    return _bounded(found)


def of_numbers(numbers: Iterable[Number]) -> tuple[Mark, ...]:
    """The marks of national numbers; an empty one yields none."""
    found: list[Mark] = []
    for one in numbers:
        found += _marks(one, compact(one.value), read(one.value, one.country))
    return _bounded(found)


def _bounded(marks: list[Mark]) -> tuple[Mark, ...]:
    """One of each number, country and kind."""
    return tuple({(mark.key, mark.country, mark.kind): mark for mark in marks}.values())[:_MOST]


def _marks(source: Document | Number, key: str, held: Held | None) -> list[Mark]:
    if not key:
        return []
    return [Mark(source, key, key.translate(_CONFUSED).lstrip("0") or "0", source.country, source.kind, held)]


# ---- two sides -------------------------------------------------------------------------------------------------------


def documents(one: Sequence[Mark], other: Sequence[Mark], *, without: str = "") -> Finding | None:
    """The best pair of documents; `without`: a number (`loose`) left out. None when nothing can be compared."""
    return _best("document", _but(one, without), _but(other, without))


def numbers(
    one: Sequence[Mark],
    other: Sequence[Mark],
    one_documents: Sequence[Mark],
    other_documents: Sequence[Mark],
    *,
    without: str = "",
) -> Finding | None:
    """The best pair of national numbers, also where one side has it as the number of a document but a passport."""
    one, other = _but(one, without), _but(other, without)
    found = _best("number", one, other)
    pairs = [
        _equal("number", a, b)
        for left, right in ((one, other_documents), (one_documents, other))
        for a, b in _alike(left, right)
        if "passport" not in (a.kind, b.kind)
    ]
    return max([found, *pairs] if found else pairs, key=_bits, default=None)


def shared(document: Finding | None, number: Finding | None) -> str:
    """The number (`loose`) that both findings are about; empty when they are about two."""
    if document and number and document.level == number.level == "same":
        left, right = document.left, number.left
        if isinstance(left, Mark) and isinstance(right, Mark) and left.loose == right.loose:
            return left.loose
    return ""


def _but(those: Sequence[Mark], without: str) -> Sequence[Mark]:
    return [mark for mark in those if mark.loose != without] if without else those


def _best(part: _Part, one: Sequence[Mark], other: Sequence[Mark]) -> Finding | None:
    if not one or not other:
        return None
    pairs = [_equal(part, a, b) for a, b in _alike(one, other)]
    # A short number that is equal says less than a long one with a slip.
    if max(map(_bits, pairs), default=0.0) < levels(part)["mended"].bits:
        pairs += [_equal(part, a, b) for a in one[:_NEAR] for b in other[:_NEAR] if _lettered(a, b)]
        pairs += [found for a in one[:_NEAR] for b in other[:_NEAR] if (found := _unequal(part, a, b))]
    return max(pairs, key=_bits, default=None)


def _alike(one: Sequence[Mark], other: Sequence[Mark]) -> list[tuple[Mark, Mark]]:
    """The pairs whose numbers are equal, at least once confusable signs and leading zeros are made one."""
    equal = {mark.loose for mark in one} & {mark.loose for mark in other}
    return [(a, b) for a in one if a.loose in equal for b in other if a.loose == b.loose] if equal else []


def _lettered(one: Mark, other: Mark) -> bool:
    """Whether one is the other with its check letter, and sound with it."""
    if abs(len(one.key) - len(other.key)) != 1:
        return False
    short, long = sorted((one, other), key=lambda mark: len(mark.key))
    return bool(long.held and long.held.sound and long.key[-1].isalpha() and long.key[:-1] == short.key)


def _bits(finding: Finding) -> float:
    return finding.bits


def _equal(part: _Part, one: Mark, other: Mark) -> Finding:
    """Two numbers that are equal, at least once confusable signs and leading zeros are made one."""
    weights = table().document
    costs = (table().number if part == "number" else weights).costs
    weight, why, taken = levels(part)["same"], [], 0.0
    if one.key != other.key:
        if one.key.lstrip("0") == other.key.lstrip("0"):
            why.append("zeros")
        elif len(one.key) != len(other.key) and _lettered(one, other):
            why.append("letter")
        else:
            why.append("confused")
        taken += costs[why[0]]
    if one.country and other.country and one.country != other.country:
        why.append("country")
        taken += costs["country"]
    elif one.country != other.country:
        taken += costs["unsaid"]
    if one.kind != other.kind and "other" not in (one.kind, other.kind):
        why.append("kind")
        taken += costs["kind"]
    most = min(weight.bits, weights.a_sign * (min(len(one.key), len(other.key)) - 1))
    verdict = "close" if "country" in why or "confused" in why else weight.verdict
    return Finding(part, "same", verdict, max(_FLOOR, most - taken), one, other, tuple(why))


def _unequal(part: _Part, one: Mark, other: Mark) -> Finding | None:
    """Two numbers that are not equal; None where they need not be: of two kinds, of no known country."""
    weights = table().document
    if min(len(one.key), len(other.key)) >= weights.near_least and one.country == other.country and _slip(one, other):
        sound = {mark.held.sound if mark.held else None for mark in (one, other)}
        level = "mended" if sound == {True, False} else "slip"
        # Two numbers of one register that are both sound are two numbers, however close.
        if part == "document" or level == "mended" or sound != {True}:
            return Finding(part, level, levels(part)[level].verdict, levels(part)[level].bits, one, other, ("slip",))
    if one.kind != other.kind or not one.country or one.country != other.country or one.kind == "other":
        return None
    level = "differs"
    if part == "number":
        if not (one.held and other.held and one.held.sound and other.held.sound):
            level = "unsound"
        elif one.held.name != other.held.name:
            return None
    return Finding(part, level, levels(part)[level].verdict, levels(part)[level].bits, one, other)


def _slip(one: Mark, other: Mark) -> bool:
    """One sign differs, or two neighbours are exchanged."""
    left, right = one.key, other.key
    if len(left) != len(right):
        return False
    places = [place for place, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    if len(places) == 1:
        return True
    return (
        len(places) == 2
        and places[1] == places[0] + 1
        and left[places[0]] == right[places[1]]
        and left[places[1]] == right[places[0]]
    )


def written(mark: Mark) -> str:
    """The number as its source writes it."""
    return mark.source.number if isinstance(mark.source, Document) else mark.source.value
