"""What a number says of itself: whether it is sound, and the birth date and the sex that some national numbers hold.

    held = read("85.07.30-033 28", "BE")    # sound, an NN, of a man born on 1985-07-30

`forms.toml` says which forms a country has; python-stdnum knows them. A number is read by the first form that it is
valid for. Of one that is valid for none it is told that its check digit fails (then it may be misread), or that it
has another form where the country's persons have numbers of no other.

Left alone: numbers of a country without a form here, and numbers without a country. python-stdnum asks no server in
what is used of it; it takes today's year from the machine to tell 1926 from 2026 in some numbers.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import import_module, resources
from typing import Any, Literal, NamedTuple

import msgspec
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.util import clean

from passerelle.persons.model import Birth

_MOST = 64  # signs: no form is longer
_SEX = {"M": "male", "F": "female"}
_OWN_SERIES = ("passport", "visa")  # documents that bear no national number
_CENTURIES = ("19", "20")
_FIRST_UNKNOWN_MONTH = 13  # of a NIR: months from here on stand for "not known"


class Held(NamedTuple):
    """What is known of a number. `name`: its form at home; `fault`: `check` or `form`, empty when it is sound."""

    name: str
    sound: bool
    fault: Literal["", "check", "form"] = ""
    births: tuple[Birth, ...] = ()
    sex: str = "unknown"


class _Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    country: str
    name: str
    module: str = ""
    pattern: str = ""
    century: Literal["held", "guessed"] = "held"
    only: bool = False
    kinds: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    form: tuple[_Form, ...]
    document: tuple[_Form, ...]


@cache
def _file() -> _File:
    text = (resources.files("passerelle.persons") / "forms.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _File)


@cache
def _forms(country: str, kind: str) -> Sequence[_Form]:
    """The forms of a country: of its national numbers (`kind` empty), or of one kind of its documents."""
    if not kind:
        return [form for form in _file().form if form.country == country]
    both = (*_file().document, *_file().form)
    return [form for form in both if form.country == country and kind in form.kinds]


@lru_cache(maxsize=65_536)
def read(value: str, country: str, kind: str = "") -> Held | None:
    """What a number holds; `kind`: of the document that it stands on, empty for a national number.

    None when nothing can be said: no form is known for it, or it may be a number of another kind.
    """
    if not country or len(value) > _MOST:
        return None
    worst: Held | None = None
    for form in _forms(country, kind):
        held = _read_as(form, value)
        if held.sound:
            return held
        told = held.fault == "check" or (form.only and not kind)
        if told and (worst is None or (held.fault, worst.fault) == ("check", "form")):
            worst = held
    if kind in _OWN_SERIES:
        return worst
    # Lists write the number of a card for that of a person, and the other way round. Only a sound one tells itself.
    others = (_read_as(form, value) for form in _forms(country, "" if kind else "identity-card"))
    return next((held for held in others if held.sound), worst)


def _read_as(form: _Form, value: str) -> Held:
    if form.pattern:
        plain = clean(value, " -./").upper()
        sound = re.fullmatch(form.pattern, plain) is not None
        return Held(form.name, sound, "" if sound else "form")
    module: Any = import_module(f"stdnum.{form.module}")
    try:
        number = module.validate(value)
    except InvalidChecksum:
        return Held(form.name, False, "check")
    except ValidationError:
        return Held(form.name, False, "form")
    return Held(form.name, True, "", _births(form, module, number), _sex(form, module, number))


def _births(form: _Form, module: Any, number: str) -> tuple[Birth, ...]:
    date = _date(form, module, number)
    if not date:
        return ()
    if form.century == "held":
        return (Birth(date=date),)
    return tuple(Birth(date=century + date[2:]) for century in _CENTURIES)


def _date(form: _Form, module: Any, number: str) -> str:
    """The birth date that the number holds, as far as it does; empty when it holds none."""
    if form.module == "fr.nir":
        month = number[3:5]
        return f"19{number[1:3]}-{month}" if 1 <= int(month) < _FIRST_UNKNOWN_MONTH else f"19{number[1:3]}"
    if not hasattr(module, "get_birth_date"):
        return ""
    try:
        if date := module.get_birth_date(number):
            return str(date.isoformat())
        year, month = module.get_birth_year(number), module.get_birth_month(number)
    except ValidationError:
        return ""
    return "" if not year else f"{year:04d}-{month:02d}" if month else f"{year:04d}"


def _sex(form: _Form, module: Any, number: str) -> str:
    if form.module == "fr.nir":
        return {"1": "male", "2": "female"}.get(number[0], "unknown")
    if not hasattr(module, "get_gender"):
        return "unknown"
    try:
        return _SEX.get(module.get_gender(number) or "", "unknown")
    except ValidationError:
        return "unknown"
