"""Whether a channel and the dossier types that it names fit, asked before this node proposes or signs it.

A channel names types by name and digest; what they are stands in this node's catalogue. Rules kept here, for each type
that the catalogue has with the digest named:
- the channel serves at least one purpose of an area that the type is for: a channel for criminal purposes cannot carry
  a type for migration purposes, nor the other way round;
- each side has a service of a kind between which the type passes, where the type names kinds;
- where something may be searched, a type has persons for an index of the channel's categories, or opens with a hit;
- acts, acts under four eyes or of magistrates, deadlines and figures are those of the type; no period exceeds the
  `most` of its deadline, and one that is counted back is by days.

Left unchecked: types that this node does not have, or has with another digest. Such a channel may be signed ahead of
the file; until the file is there, every act under it is refused with 8 or 9.
"""

from collections.abc import Iterable, Iterator

from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError
from passerelle.dossiers.shapes import DossierType
from passerelle.dossiers.types import Catalogue
from passerelle.instruments.channel import Channel
from passerelle.instruments.channel import DossierType as Entry
from passerelle.instruments.errors import Problem, listed
from passerelle.instruments.kinds import Instrument


def misfits(instrument: Instrument, catalogue: Catalogue) -> tuple[Problem, ...]:
    """What in an instrument does not fit the catalogue's types; nothing for one that is no channel."""
    if not isinstance(instrument, Channel):
        return ()
    found: list[Problem] = list(_unsearchable(instrument, catalogue))
    for name, entry in instrument.types.items():
        kind = catalogue.get(name)
        if kind is not None and kind.digest == entry.digest:
            found += _of_type(instrument, entry, kind)
    return tuple(found)


def check(instrument: Instrument, catalogue: Catalogue) -> None:
    """Raises InputError with everything that does not fit."""
    if found := misfits(instrument, catalogue):
        raise InputError("; ".join(f"{one.path}: expected {one.expected}, got {one.got}" for one in found))


def _of_type(channel: Channel, entry: Entry, kind: DossierType) -> Iterator[Problem]:
    path = f"types.{kind.name}"
    if not channel.areas & kind.areas:
        expected = f"a channel for {' or '.join(sorted(kind.areas))} purposes, for which {kind.name} is made"
        yield Problem(path, expected, f"one for {listed(sorted(channel.areas))} purposes")
    for party, side in channel.sides.items():
        if kind.services and kind.services.isdisjoint(side.services.values()):
            expected = f"a service of the kind {listed(sorted(kind.services))}, between which alone {kind.name} passes"
            yield Problem(f"sides.{party}.services", expected, listed(side.services))
    for where, acts in (("acts", entry.acts), ("four_eyes", entry.four_eyes), ("magistrate", entry.magistrate)):
        yield from _unknown(f"{path}.{where}", acts.names, kind.acts)
    yield from _unknown(f"{path}.deadlines", entry.deadlines, kind.deadlines)
    yield from _unknown(f"{path}.figures", entry.figures, kind.figures)
    for name, text in entry.deadlines.items():
        if (deadline := kind.deadlines.get(name)) is None:
            continue
        if deadline.most and add_duration(0, text) > add_duration(0, deadline.most):
            yield Problem(f"{path}.deadlines.{name}", f"at most {deadline.most}", text)
        if deadline.back and "T" in text:
            yield Problem(f"{path}.deadlines.{name}", "a period by days, as it is counted back from a day", text)


def _unsearchable(channel: Channel, catalogue: Catalogue) -> Iterator[Problem]:
    """What may be searched is something: of the types, each of which is known, one has persons or opens with a hit."""
    if channel.search is None:
        return
    for name, entry in channel.types.items():
        kind = catalogue.get(name)
        if kind is None or kind.digest != entry.digest or kind.search or kind.indexed & channel.search.categories:
            return
    categories = listed(sorted(channel.search.categories))
    yield Problem(
        "search", f"a type that opens with a hit, or whose {categories} may stand in an index", listed(channel.types)
    )


def _unknown(path: str, names: Iterable[str], known: Iterable[str]) -> Iterator[Problem]:
    if surplus := set(names) - set(known):
        yield Problem(path, f"among {listed(known)}", listed(surplus))
