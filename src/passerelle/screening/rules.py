"""What must be named before travellers are screened, and when what came of it goes.

Rules kept here (the type `border-data`; CJEU, C-817/19; Directive (EU) 2016/681, article 6):
- a screening names a purpose, an offence, and the objective link between journey and offence, a word of the type's own
  list; the journey is said in words, or by the passengers' message. No text says what the type leaves unsaid: origin
  and religion are no criterion, and an offence of opinion is none to screen travellers for;
- the purpose is of an area that the type is made for, and of the same area as the list's;
- hits that nobody confirmed go after the time that the type gives for a passenger list, a confirmed one after its
  retention; the signed channel's figures replace both. Where no channel is named, the shortest of those in force.

Left unchecked: whether the link is real. The person who named it answers for it, and the audit log has his name.
"""

import msgspec

from passerelle.core.clock import add_duration
from passerelle.core.errors import InputError, StateError
from passerelle.dossiers.shapes import DossierType
from passerelle.dossiers.unsaid import said_in
from passerelle.exchange.channels import Channels
from passerelle.exchange.context import Context
from passerelle.instruments.channel import Channel
from passerelle.office import work
from passerelle.ports.lists import List
from passerelle.ports.records import INSTRUMENTS
from passerelle.ports.store import Reading
from passerelle.screening.lists import check_purpose, purposes

TYPE = "border-data"
ACT, LINK, ERASURE = "screening-hit", "link", "list-erasure"
"""Of the type: the act that tells of a hit, its field of the objective link, the deadline of a passenger list."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is named by who screens. `purpose`: that of the list where it is ""; `channel`: a digest, or ""."""

    link: str
    offence: str
    journey: str
    purpose: str = ""
    channel: str = ""


class Times(msgspec.Struct, frozen=True):
    """ISO 8601: how long hits stay that nobody confirms, and those that somebody does."""

    unconfirmed: str
    confirmed: str


def type_of(ctx: Context) -> DossierType:
    """The dossier type that has the rules. Raises StateError."""
    found = ctx.catalogue.get(TYPE)
    if found is None:
        raise StateError(f"expected the dossier type {TYPE}, whose rules hold for every screening, got none")
    return found


def links(kind: DossierType) -> dict[str, dict[str, str]]:
    """The objective links that the type knows, with their labels."""
    field = kind.acts[ACT].schema["properties"][LINK]
    return {word: field["x-values"][word] for word in field["enum"]}


def checked(asked: Asked, row: List, kind: DossierType) -> Asked:
    """What was named, as it is kept. Raises InputError with what was expected and got."""
    made = named(asked, asked.purpose or row.purpose, kind)
    area, of_list = purposes()[made.purpose], purposes()[row.purpose]
    if area != of_list:
        raise InputError(
            f"--purpose: expected a {of_list} one, as list {row.name} has, got {made.purpose}, which is {area}"
        )
    return made


def named(asked: Asked, purpose: str, kind: DossierType) -> Asked:
    """What was named of travellers who are looked up for a purpose, whatever they are held against.

    Raises InputError with what was expected and got.
    """
    known = links(kind)
    if asked.link not in known:
        raise InputError(f"--link: expected one of {', '.join(known)}, got {asked.link[:60]!r}")
    if not asked.journey:
        raise InputError("--journey: expected the journey in words, or a passengers' message that says it, got neither")
    if purposes()[check_purpose(purpose)] not in kind.areas:
        areas = " or ".join(sorted(kind.areas))
        raise InputError(
            f"--purpose: expected one for {areas} purposes, for which travellers are screened, got {purpose}"
        )
    texts = {"--offence": asked.offence, "--journey": asked.journey}
    for name, text in texts.items():
        texts[name] = work.check_line(text, name)
        if said_in(text, kind.unsaid):
            raise InputError(f"{name}: expected no word of origin or religion, which are no criterion, got one")
    if said_in(asked.offence, kind.opinion):
        raise InputError("--offence: expected an offence that is not one of opinion, got one")
    return Asked(
        link=asked.link,
        offence=texts["--offence"],
        journey=texts["--journey"],
        purpose=purpose,
        channel=asked.channel,
    )


def times(tx: Reading, ctx: Context, kind: DossierType, digest: str) -> Times:
    """How long hits stay. Raises StateError when the channel is not in force, or does not carry the type."""
    figures = [one for name, one in _in_force(tx, ctx, kind).items() if digest in ("", name)]
    if digest and not figures:
        raise StateError(f"--channel: expected a channel in force with the type {kind.name}, got {digest[:12]}")
    return Times(
        _shortest(
            [kind.deadlines[ERASURE].duration["standard"], *(one.unconfirmed for one in figures)][bool(figures) :]
        ),
        _shortest([kind.defaults.retention, *(one.confirmed for one in figures)]),
    )


def _in_force(tx: Reading, ctx: Context, kind: DossierType) -> dict[str, Times]:
    """The figures of the channels in force that carry the type, by digest."""
    now, channels, found = ctx.clock.now(), Channels(tx, ctx), {}
    for record in tx.scan(INSTRUMENTS, limit=100_000):
        held = channels.standing(record.digest)
        channel = held.instrument if held else None
        if held is None or not isinstance(channel, Channel) or held.to_accept or kind.name not in channel.types:
            continue
        if held.begins <= now and (not held.endings or now < held.endings[0].at):
            figures = channel.types[kind.name].deadlines
            own = kind.deadlines[ERASURE].duration["standard"]
            found[record.digest] = Times(figures.get(ERASURE, own), channel.retention)
    return found


def _shortest(durations: list[str]) -> str:
    return min(durations, key=lambda text: add_duration(0, text))
