"""The kind `channel`: what may pass between two nodes, under which articles, and how.

Rules beyond the schema (each has its paragraph in `build` or in `against`):

1. the sides, the level table and the ceiling name both parties; a level of a side stands in one row only;
2. a military agreement never carries a police channel;
3. the services of a channel stand on its side of the wall between police and intelligence;
4. purposes have an area (`schemas/vocabulary.json`, or `areas` for purposes of one's own); migration
   purposes stand never in one channel with criminal purposes; the area fits the wall and the regime of each side;
5. only a treaty is a basis for the transfer of personal data; each sender names its ground (Directive (EU) 2016/680,
   articles 35-38; GDPR 45-49), a derogation under 38(1)(d) or (e) the test of 38(2); a side bound by the directive may
   not name mere national law, except for national security (article 2(3)(a));
6. four eyes and magistrates name acts of the channel; periods are real and not absurd; the end lies after the
   beginning;
7. a search has purposes and categories of the channel: never victims, witnesses, relatives or persons to be identified,
   and nothing under a channel with migration purposes; nobody may ask more at once than in a day;
8. with the agreement at hand: same parties, states and nature, and the articles exist.

Left unchecked: whether an act or a field exists in its dossier type (the type's digest is signed, the file is
elsewhere); what stands in free text.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from passerelle.instruments.agreement import Agreement
from passerelle.instruments.errors import Findings, Problem, listed
from passerelle.instruments.kinds import Instrument, Kind, data, duration, register, same_names, window

ALL = "*"


class Transfer(msgspec.Struct, frozen=True):
    """On what ground a side sends (Directive (EU) 2016/680, articles 35-38).

    `reference`: what gives it, in words; `test`: where the test of article 38(2) is documented.
    """

    ground: str
    article: str = ""
    reference: str = ""
    test: str = ""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One party: state, regime (LED, GDPR, FIU, national-security), its law and supervisory authority in words.

    `services`: kind (police, justice, fiu, migration, civil, intelligence, military) by name; messages name one of them
    as recipient. `levels`: the names of its classification levels at or below the ceiling.
    """

    state: str
    regime: str
    law: str
    authority: str
    services: dict[str, str]
    transfer: Transfer
    levels: frozenset[str]


class Acts(msgspec.Struct, frozen=True):
    """Some acts of a type, or all of them. `act in acts` asks."""

    names: frozenset[str]
    all: bool

    def __contains__(self, act: str) -> bool:
        return self.all or act in self.names


class Fields(msgspec.Struct, frozen=True):
    """Patterns of fields: `subjects.names` covers itself and what lies below it, `body.*` what lies below `body`."""

    named: frozenset[str]
    below: frozenset[str]

    def covers(self, field: str) -> bool:
        """Whether a pattern covers the field."""
        if field in self.named:
            return True
        end = field.rfind(".")
        while end > 0:
            parent = field[:end]
            if parent in self.below or parent in self.named:
                return True
            end = parent.rfind(".")
        return False


class DossierType(msgspec.Struct, frozen=True, kw_only=True):
    """What the channel says of a dossier type.

    `magistrate`: acts that a magistrate releases, who did not write them. `deadlines`, `figures`: ISO 8601 durations
    that replace the type's own, by name.
    """

    version: str
    digest: str
    acts: Acts
    four_eyes: Acts
    magistrate: Acts
    deadlines: dict[str, str]
    figures: dict[str, str]

    def in_pairs(self, act: str) -> bool:
        """Whether the channel demands another person than the author to release the act."""
        return act in self.four_eyes or act in self.magistrate


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What may be searched blind, in either direction. `categories`: of the persons that an index may hold.

    `burst`, `day`: blinded elements that one side may ask of an index at once, and in a UTC day.
    """

    purposes: frozenset[str]
    categories: frozenset[str]
    burst: int
    day: int


class Named(msgspec.Struct, frozen=True):
    """The channels of a domain between two parties, whichever of them is in force."""

    domain: str
    parties: frozenset[str]


class Channel(Instrument, frozen=True, kw_only=True):
    """A channel. `retention`: the longest, ISO 8601. `entries_a_day`, `bytes_a_day`: limits for each direction.

    `area_of`: the area of each purpose. `levels`: the table of equivalence, low to high, level by party; `ceiling`:
    index of its highest row allowed. `links`: the other channels that it names, by digest or by domain and parties.
    `search`: None where nothing may be searched under it.
    """

    articles: frozenset[str]
    nature: str
    domain: str
    wall: str
    sides: dict[str, Side]
    purposes: frozenset[str]
    area_of: dict[str, str]
    types: dict[str, DossierType]
    fields: Fields
    categories: frozenset[str]
    handling: frozenset[str]
    levels: tuple[dict[str, str], ...]
    ceiling: int
    retention: str
    entries_a_day: int
    bytes_a_day: int
    lanes: frozenset[str]
    links: frozenset[str | Named]
    search: Search | None = None

    @property
    def areas(self) -> frozenset[str]:
        """The areas of all its purposes."""
        return frozenset(self.area_of.values())

    @property
    def personal(self) -> bool:
        """Whether personal data may pass."""
        return bool(self.categories)

    def against(self, agreement: Instrument) -> tuple[Problem, ...]:
        """What does not fit the agreement (rule 8)."""
        findings = Findings()
        if agreement.digest != self.agreement or not isinstance(agreement, Agreement):
            findings.add("agreement", f"the agreement {self.agreement}", f"the {agreement.kind} {agreement.digest}")
            return tuple(findings.problems)
        if set(agreement.parties) != set(self.parties):
            findings.add("parties", f"those of the agreement, {listed(agreement.parties)}", listed(self.parties))
        if agreement.nature != self.nature:
            findings.add("nature", f"that of the agreement, {agreement.nature}", self.nature)
        if missing := self.articles - agreement.articles.keys():
            findings.add("articles", f"articles of the agreement, {listed(agreement.articles)}", listed(missing))
        for party, side in self.sides.items():
            if agreement.states.get(party, side.state) != side.state:
                findings.add(f"sides.{party}.state", f"that of the agreement, {agreement.states[party]}", side.state)
        return tuple(findings.problems)


def build(value: dict[str, Any], common: Mapping[str, Any], findings: Findings) -> Channel | None:
    """A channel from its object, valid by the schema."""
    sides, table = value["sides"], value["classification"]
    rows: list[dict[str, str]] = table["levels"]
    # 1: without both parties everywhere the other rules have nothing to stand on.
    both = [
        same_names(names, value["parties"], path, findings)
        for path, names in [
            ("sides", sides),
            ("classification.ceiling", table["ceiling"]),
            *((f"classification.levels.{index}", row) for index, row in enumerate(rows)),
        ]
    ]
    if not all(both):
        return None
    if table["ceiling"] not in rows:
        findings.add("classification.ceiling", "a row of the table of levels", str(table["ceiling"]))
    for party in value["parties"]:
        names = [row[party] for row in rows]
        if len(set(names)) < len(names):
            findings.add("classification.levels", f"each level of {party} once", ", ".join(names))
    # 2
    if value["nature"] == "military" and value["wall"] == "police":
        findings.add("wall", "intelligence: a military agreement never carries a police channel", "police")
    areas = _areas(value, findings)
    for party, side in sides.items():
        _side(f"sides.{party}", side, value["wall"], set(areas.values()), findings)
        _transfer(f"sides.{party}", side, bool(value["categories"]), findings)
    # 5
    if not value["categories"] and any(field.partition(".")[0] == "subjects" for field in value["fields"]):
        findings.add("categories", "the categories of the persons whose fields the channel lists", "nothing")
    if value["categories"] and value["nature"] != "treaty":
        findings.add("nature", "treaty: only a treaty is a basis for the transfer of personal data", value["nature"])
    # 6
    for name, entry in value["types"].items():
        for key in ("four_eyes", "magistrate"):
            surplus = set(entry.get(key, ())) - {ALL, *entry["acts"]}
            if surplus and ALL not in entry["acts"]:
                findings.add(f"types.{name}.{key}", f"acts of the channel, {listed(entry['acts'])}", listed(surplus))
        for key, longest in (("deadlines", "P10Y"), ("figures", "P100Y")):
            for one, text in entry.get(key, {}).items():
                duration(text, f"types.{name}.{key}.{one}", findings, longest=longest)
    if search := value.get("search"):
        _search(search, value, set(areas.values()), findings)
    duration(value["retention"], "retention", findings, longest="P100Y")
    duration(value["grace"], "grace", findings, longest="P1Y")
    begins, ends = window(value["valid"], "valid", findings)
    if findings.problems:
        return None
    return _channel(value, dict(common) | {"begins": begins, "ends": ends}, areas)


def _areas(value: dict[str, Any], findings: Findings) -> dict[str, str]:
    """The area of each purpose (rule 4)."""
    known = {purpose: area for area, entry in data("vocabulary")["areas"].items() for purpose in entry["purposes"]}
    own: dict[str, str] = value.get("areas", {})
    if again := own.keys() & known.keys():
        findings.add("areas", "only purposes that have no area by themselves", listed(again))
    if unused := own.keys() - set(value["purposes"]):
        findings.add("areas", f"only purposes of the channel, {listed(value['purposes'])}", listed(unused))
    area_of = {}
    for index, purpose in enumerate(value["purposes"]):
        if area := known.get(purpose) or own.get(purpose):
            area_of[purpose] = area
        else:
            findings.add(f"purposes.{index}", f"one of {listed(known)}, or an entry in areas", purpose)
    areas = set(area_of.values())
    for pair in data("vocabulary")["never_together"]:
        if areas.issuperset(pair):
            findings.add("purposes", f"a channel of its own for {pair[0]} and for {pair[1]} purposes", "both in one")
    for area in sorted(areas):
        if value["wall"] not in (walls := data("vocabulary")["areas"][area]["walls"]):
            findings.add("wall", f"{listed(walls)} for {area} purposes", value["wall"])
    return area_of


def _side(path: str, side: dict[str, Any], wall: str, areas: set[str], findings: Findings) -> None:
    """Services on their side of the wall (rule 3), a regime that fits the purposes (rule 4)."""
    kinds = data("vocabulary")["walls"][wall]
    for name, kind in side["services"].items():
        if kind not in kinds:
            findings.add(f"{path}.services.{name}", f"{listed(kinds)}: the wall is {wall}", kind)
    for area in sorted(areas):
        if side["regime"] not in (regimes := data("vocabulary")["areas"][area]["regimes"]):
            findings.add(f"{path}.regime", f"{listed(regimes)} for {area} purposes", side["regime"])


def _transfer(path: str, side: dict[str, Any], personal: bool, findings: Findings) -> None:
    """The ground for transfer (rule 5)."""
    words = data("vocabulary")
    transfer, regime = side["transfer"], side["regime"]
    ground, article = transfer["ground"], transfer.get("article", "")
    path += ".transfer"
    if (ground == "none") == personal:
        expected = "a ground, as personal data passes" if personal else "none, as no category of persons is listed"
        findings.add(f"{path}.ground", expected, ground)
    if ground == "none":
        if surplus := transfer.keys() - {"ground"}:
            findings.add(path, "nothing but the ground, which is none", listed(surplus))
        return
    if not transfer.get("reference"):
        findings.add(
            f"{path}.reference", "the decision, instrument, assessment or law that gives the ground", "nothing"
        )
    if ground == "national-law":
        if side["state"] in words["bound_states"] and regime != "national-security":
            findings.add(f"{path}.ground", f"a ground of European Union law: {side['state']} is bound by it", ground)
    else:
        allowed = [number for law in words["laws_of_regime"][regime] for number in words["grounds"][law][ground]]
        if article not in allowed:
            expected = f"{listed(allowed)}: {ground} under {regime}" if allowed else f"no article under {regime}"
            findings.add(f"{path}.article", expected, article or "nothing")
    if article in words["tested"] and not transfer.get("test"):
        findings.add(f"{path}.test", "where the test of article 38(2) is documented", "nothing")


def _search(search: dict[str, Any], value: dict[str, Any], areas: set[str], findings: Findings) -> None:
    """What may be searched (rule 7)."""
    for key in ("purposes", "categories"):
        if surplus := set(search[key]) - set(value[key]):
            findings.add(f"search.{key}", f"{key} of the channel, {listed(value[key])}", listed(surplus))
    if never := areas.intersection(data("vocabulary")["never_searched"]):
        findings.add("search", f"nothing: what {listed(never)} purposes gather is never in an index", "a table")
    burst, day = search["quota"]["burst"], search["quota"]["day"]
    if burst > day:
        findings.add("search.quota.burst", f"at most the elements of a day, {day}", str(burst))


def _acts(names: list[str]) -> Acts:
    return Acts(frozenset(names) - {ALL}, ALL in names)


def _channel(value: dict[str, Any], common: Mapping[str, Any], area_of: dict[str, str]) -> Channel:
    rows: list[dict[str, str]] = value["classification"]["levels"]
    ceiling = rows.index(value["classification"]["ceiling"])
    return Channel(
        **common,
        agreement=value["agreement"],
        grace=value["grace"],
        articles=frozenset(value["articles"]),
        nature=value["nature"],
        domain=value["domain"],
        wall=value["wall"],
        sides={
            party: Side(
                state=side["state"],
                regime=side["regime"],
                law=side["law"],
                authority=side["authority"],
                services=side["services"],
                transfer=Transfer(**side["transfer"]),
                levels=frozenset(row[party] for row in rows[: ceiling + 1]),
            )
            for party, side in value["sides"].items()
        },
        purposes=frozenset(value["purposes"]),
        area_of=area_of,
        types={
            name: DossierType(
                version=entry["version"],
                digest=entry["digest"],
                acts=_acts(entry["acts"]),
                four_eyes=_acts(entry.get("four_eyes", [])),
                magistrate=_acts(entry.get("magistrate", [])),
                deadlines=entry.get("deadlines", {}),
                figures=entry.get("figures", {}),
            )
            for name, entry in value["types"].items()
        },
        fields=Fields(
            frozenset(field for field in value["fields"] if not field.endswith(".*")),
            frozenset(field[:-2] for field in value["fields"] if field.endswith(".*")),
        ),
        categories=frozenset(value["categories"]),
        handling=frozenset(value["handling"]),
        levels=tuple(rows),
        ceiling=ceiling,
        retention=value["retention"],
        entries_a_day=value["limits"]["entries"],
        bytes_a_day=value["limits"]["bytes"],
        lanes=frozenset(value["lanes"]),
        links=frozenset(
            one if isinstance(one, str) else Named(one["domain"], frozenset(one.get("parties", value["parties"])))
            for one in value.get("links", [])
        ),
        search=_searched(value["search"]) if "search" in value else None,
    )


def _searched(search: Mapping[str, Any]) -> Search:
    return Search(purposes=frozenset(search["purposes"]), categories=frozenset(search["categories"]), **search["quota"])


CHANNEL = Kind("channel", data("channel"), build)
register(CHANNEL)
