"""The named content rules that a type file may use (`checks`): data there, small functions here.

    checks = [{ one_of = { fields = ["consent", "removal_order"] } }]

A JSON Schema sees one field after the other and a demand sees words of closed lists; a check sees the whole content. It
is part of check 9, so it is made on both sides. A check of the type holds for each of its acts, as far as they have the
fields; a check of an act names fields of that act.

Those about persons stand in `checks_persons`, `impersonal` in `checks_impersonal`. To add a check: a `Check` with its
parameters, what they name, what it finds, and an entry in `CHECKS`. It takes values alone: no dossier, no channel, no
store, no network.

Left unchecked: what a text means.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from passerelle.dossiers import texts
from passerelle.dossiers.check import Check, Content
from passerelle.dossiers.checks_impersonal import Impersonal
from passerelle.dossiers.checks_persons import PERSONS
from passerelle.dossiers.problem import Problem, place, shown
from passerelle.dossiers.stix import Stix


class OneOf(Check, frozen=True):
    """Of these fields of the body, `least` to `most` are there."""

    fields: tuple[str, ...]
    least: int = 1
    most: int = 1

    def named(self) -> tuple[str, ...]:
        return self.fields

    def fault(self) -> str:
        if len(set(self.fields)) < 2 or not 0 <= self.least <= self.most <= len(self.fields) or not self.most:
            return "two fields or more, and least and most within their number"
        return ""

    def lacking(self, body: Mapping[str, Any]) -> tuple[str, ...]:
        """The first fields that a body would need, beside those it has, to have enough of them."""
        there = [name for name in self.fields if name in body]
        return tuple(name for name in self.fields if name not in body)[: max(0, self.least - len(there))]

    def problems(self, content: Content) -> Iterator[Problem]:
        there = [name for name in self.fields if name in content.get("body", {})]
        if not self.least <= len(there) <= self.most:
            wanted = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
            yield Problem("body", f"{wanted} of {', '.join(self.fields)}", ", ".join(there) or "none")


class InOrder(Check, frozen=True):
    """Days in these fields of the body, as far as they are there, none before the one named before it."""

    fields: tuple[str, ...]

    def named(self) -> tuple[str, ...]:
        return self.fields

    def fault(self) -> str:
        return "" if len(set(self.fields)) >= 2 else "two fields or more"

    def problems(self, content: Content) -> Iterator[Problem]:
        body, last = content.get("body", {}), ""
        for name in self.fields:
            day = body.get(name, "")
            if day and day < last:
                yield Problem(f"body.{name}", f"{last} or later", day)
            last = max(day, last)


class Differ(Check, frozen=True):
    """What stands under `part` in these fields of the body differs: two scales side by side are never one."""

    fields: tuple[str, ...]
    part: str

    def named(self) -> tuple[str, ...]:
        return self.fields

    def fault(self) -> str:
        return "" if len(set(self.fields)) >= 2 else "two fields or more"

    def problems(self, content: Content) -> Iterator[Problem]:
        seen: list[Any] = []
        for name in self.fields:
            for steps, value in texts.at(content, ("body", name, self.part)):
                if value in seen:
                    yield Problem(place(steps), "a value that no other has", shown(value))
                seen.append(value)


PERSON_LISTS = ("nationalities",)
"""The fields of a person that `as_person` may compare: lists of words."""


class AsPerson(Check, frozen=True):
    """The words in these fields of the body are, together, those of the field `of` of each person: none is left out."""

    fields: tuple[str, ...]
    of: str

    def named(self) -> tuple[str, ...]:
        return self.fields

    def fault(self) -> str:
        return "" if self.fields and self.of in PERSON_LISTS else "fields, and of: " + ", ".join(PERSON_LISTS)

    def problems(self, content: Content) -> Iterator[Problem]:
        body = content.get("body", {})
        found = [body.get(name, ()) for name in self.fields]
        said = {word for one in found for word in ([one] if isinstance(one, str) else one)}
        for number, person in enumerate(content.get("subjects", ())):
            if said != set(person.get(self.of, ())):
                expected = f"the same as in {' and '.join(self.fields)}: {', '.join(sorted(said)) or 'none'}"
                yield Problem(f"subjects[{number}].{self.of}", expected, ", ".join(person.get(self.of, ())) or "none")


class Apart(Check, frozen=True):
    """Persons of different groups of categories never stand in one act, and its statements speak of its own persons."""

    categories: tuple[tuple[str, ...], ...]

    def words(self) -> Mapping[str, tuple[str, ...]]:
        return {"category": tuple(one for group in self.categories for one in group)}

    def fault(self) -> str:
        flat = [one for group in self.categories for one in group]
        if len(self.categories) < 2 or not all(self.categories) or len(set(flat)) < len(flat):
            return "two groups or more, each category in one of them"
        return ""

    def problems(self, content: Content) -> Iterator[Problem]:
        persons = content.get("subjects", ())
        found = {one["category"] for one in persons}
        groups = [sorted(found.intersection(group)) for group in self.categories]
        if len(here := [group for group in groups if group]) > 1:
            together = " beside ".join(" and ".join(group) for group in here)
            yield Problem("subjects", "persons of one group, in an act of their own", together)
        keys = {one["key"] for one in persons}
        for number, statement in enumerate(content.get("statements", ())):
            for at, key in enumerate(statement["about"]):
                if key not in keys:
                    yield Problem(f"statements[{number}].about[{at}]", "the key of a person of this act", key)


class Refers(Check, frozen=True):
    """What stands at the end of each way of `uses` stands at the end of one of `keys` too, where it stands once.

    So a level is one of its scale, and a party of a transaction is a person, an account or an entity of the same act.
    """

    keys: tuple[str, ...]
    uses: tuple[str, ...]

    def ways(self) -> tuple[str, ...]:
        return (*self.keys, *self.uses)

    def fault(self) -> str:
        return "" if self.keys and self.uses else "one way or more in keys and in uses"

    def problems(self, content: Content) -> Iterator[Problem]:
        known: set[Any] = set()
        for way in self.keys:
            for steps, key in texts.at(content, tuple(way.split("."))):
                if key in known:
                    yield Problem(place(steps), "a value that no other has", str(key))
                known.add(key)
        for way in self.uses:
            for steps, key in texts.at(content, tuple(way.split("."))):
                if key not in known:
                    yield Problem(place(steps), "one of " + (", ".join(sorted(known)) or "none"), str(key))


class PublicAddress(Check, frozen=True):
    """Web addresses that everybody can open: http or https, a public host, nobody's name or password before it.

    Nor does the address itself let in: no invitation to a closed group, and no key in what it asks.
    """

    fields: tuple[str, ...]

    def named(self) -> tuple[str, ...]:
        return self.fields

    def fault(self) -> str:
        return "" if self.fields else "one field or more"

    def problems(self, content: Content) -> Iterator[Problem]:
        for name in self.fields:
            value = content.get("body", {}).get(name, ())
            for number, one in enumerate([value] if isinstance(value, str) else value):
                if why := _not_public(one):
                    at = f"body.{name}" if isinstance(value, str) else f"body.{name}[{number}]"
                    yield Problem(at, "a public web address, http or https", why)


_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+(?:[a-z]{2,63}|xn--[a-z\d-]{1,59})")
_NOT_PUBLIC = (
    *("local", "localhost", "internal", "intranet", "lan", "corp", "home", "private", "home.arpa", "onion", "i2p"),
    *("invalid", "test", "alt"),
)
# Closed groups by the hosts of their invitations: what the path begins with; "" means every path.
_INVITATIONS = {
    "t.me": ("/+", "/joinchat/", "/c/"),
    "telegram.me": ("/+", "/joinchat/", "/c/"),
    "telegram.dog": ("/+", "/joinchat/", "/c/"),
    "chat.whatsapp.com": ("",),
    "discord.gg": ("",),
    "discord.com": ("/invite/", "/channels/"),
    "signal.group": ("",),
    "invite.viber.com": ("",),
    "join.slack.com": ("",),
}
_KEYS = re.compile(
    r"(?:^|[&;?])(?:[a-z_-]{0,20}(?:token|secret|passw(?:or)?d|pwd|signature|api_?key|session(?:_?id)?|sid|invite|jwt)|sig|auth|key)=",
    re.IGNORECASE,
)


def _not_public(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
        port = parts.port
    except (ValueError, UnicodeError):
        return "none"
    if parts.scheme not in ("http", "https") or any(one.isspace() for one in text):
        return "another"
    if "@" in parts.netloc:
        return "one with a user before the host"
    if port == 0:
        return "port 0"
    if any(unquote(parts.path).lower().startswith(one) for one in _INVITATIONS.get(host.removeprefix("www."), ())):
        return "an invitation to a closed group"
    if _KEYS.search(unquote(parts.query)) or _KEYS.search(unquote(parts.fragment)):
        return "one with a key to what is not public"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not _HOST.fullmatch(host) or any(host == one or host.endswith("." + one) for one in _NOT_PUBLIC):
            return "a host that is not public"
        return ""
    return "" if address.is_global else "a host that is not public"


CHECKS: dict[str, type[Check]] = {
    **PERSONS,
    "apart": Apart,
    "as_person": AsPerson,
    "differ": Differ,
    "impersonal": Impersonal,
    "in_order": InOrder,
    "one_of": OneOf,
    "public_address": PublicAddress,
    "refers": Refers,
    "stix": Stix,
}
