"""What the messages of the benchmarks say: two invented nodes, an agreement, a channel, and opening acts of one size.

Rules kept here:
- a content is exactly as many bytes as asked, once the node has set its keys: a free text in it is filled up;
- half of the acts open a `wanted-trace`, half a `listed-person`, each in a dossier of its own, with names in Latin and
  in Arabic script; nobody of these exists;
- the channel demands four eyes and every article, field and category that the acts use; only its limits a day are high.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from passerelle.core import ids, json
from passerelle.dossiers.types import Catalogue
from passerelle.exchange.desk import Act

Content = dict[str, Any]

BE, FR, MA = "be", "fr", "ma"
LANDS = {BE: "BE", FR: "FR", MA: "MA"}
LANE, FLASH = "routine", "flash"
_TODAY = datetime.now(UTC).date()
_FILLING = "Vu la dernière fois près de la gare ; voir le registre national. شوهد آخر مرة قرب المحطة. "


def _day(days: int) -> str:
    return (_TODAY + timedelta(days=days)).isoformat()


def agreement(parties: tuple[str, str] = (BE, MA)) -> bytes:
    """A treaty between both, in force since last year."""
    scope = {name: {"state": LANDS[name], "territory": f"Territory of {LANDS[name]}"} for name in parties}
    return json.canonical(
        {
            "v": 1,
            "kind": "agreement",
            "title": "Convention on police cooperation (invented)",
            "parties": list(parties),
            "nature": "treaty",
            "reference": "Example 2024/118",
            "signed": _day(-700),
            "in_force": {"from": _day(-400)},
            "scope": scope,
            "articles": [
                {"number": "5", "subject": "Persons on published lists"},
                {"number": "7", "subject": "Tracing of wanted persons"},
            ],
        }
    )


def channel(catalogue: Catalogue, agreement_digest: str, parties: tuple[str, str] = (BE, MA)) -> bytes:
    """A channel for the types that are sent, with limits a day that no run comes near."""
    one, other = parties
    services = {"police": "police", "justice": "justice"}

    def side(state: str, law: str, **transfer: str) -> Content:
        made = {"state": state, "regime": "LED", "law": law, "authority": "Supervisory body for police information"}
        return made | {"services": services, "transfer": transfer | {"reference": "Article 12"}}

    sides = {
        one: side(LANDS[one], "Act of 30 July 2018, title 2", ground="appropriate-safeguards", article="37(1)(a)"),
        other: side(LANDS[other], "Act 09-08", ground="national-law"),
    }

    types = {
        name: {"version": str(kind.version), "digest": kind.digest, "acts": ["*"], "four_eyes": ["*"]}
        for name in ("wanted-trace", "listed-person", "urgent-alert")
        for kind in (catalogue.types[name],)
    }
    low, high = {one: "unclassified", other: "non-classifie"}, {one: "restricted", other: "diffusion-restreinte"}
    return json.canonical(
        {
            "v": 1,
            "kind": "channel",
            "title": "Wanted and listed persons (invented)",
            "parties": list(parties),
            "agreement": agreement_digest,
            "articles": ["5", "7"],
            "nature": "treaty",
            "domain": "wanted-persons",
            "wall": "police",
            "sides": sides,
            "purposes": ["criminal-investigation", "tracing-wanted-persons"],
            "types": types,
            "fields": ["subjects.*", "statements.*", "body.*", "reference", "attachments"],
            "categories": ["wanted", "convicted", "listed"],
            "handling": ["H0", "H1", "H2"],
            "classification": {"levels": [low, high], "ceiling": high},
            "retention": "P2Y",
            "grace": "P3D",
            "limits": {"entries": 1_000_000_000, "bytes": 1_000_000_000_000},
            "lanes": ["routine", "flash"],
            "valid": {"from": _day(-300), "until": _day(600)},
        }
    )


def searching(catalogue: Catalogue, agreement_digest: str, parties: tuple[str, str] = (BE, MA)) -> bytes:
    """The same channel, under which indexes may be asked blind, and a hit of a list opens a dossier."""
    made = json.parse_object(channel(catalogue, agreement_digest, parties))
    kind = catalogue.types["border-data"]
    made["types"]["border-data"] = {"version": str(kind.version), "digest": kind.digest, "acts": ["*"]}
    made["categories"].append("to-identify")
    quota = {"burst": 1_000_000_000, "day": 1_000_000_000}
    made["search"] = {"purposes": ["criminal-investigation"], "categories": ["wanted", "listed"], "quota": quota}
    return json.canonical(made)


_WANTED: Content = {
    "key": "p1",
    "category": "wanted",
    "names": [
        {"text": "Youssef El Amraoui", "script": "Latn", "kind": "primary", "family": "El Amraoui", "given": "Youssef"},
        {"text": "يوسف العمراوي", "script": "Arab", "kind": "primary", "family": "العمراوي", "given": "يوسف"},
    ],
    "births": [{"date": "1986-03-14", "calendar": "gregorian", "kind": "exact"}],
    "sex": "male",
    "nationalities": ["MA"],
    "places": [{"kind": "birth", "text": "Khouribga", "country": "MA"}],
    "minor": "no",
}
_LISTED: Content = {
    "key": "p1",
    "category": "listed",
    "names": [
        {"text": "حمزة بن طاهر الغرباوي", "script": "Arab", "kind": "primary"},
        {"text": "Hamza ben Tahar El Gharbaoui", "script": "Latn", "kind": "transliteration"},
    ],
    "births": [{"date": "1399", "calendar": "hijri", "kind": "exact"}],
    "minor": "no",
}
_STATEMENT: Content = {
    "about": ["p1"],
    "nature": "fact",
    "obtained": "official-record",
    "risk_of_ill_treatment": False,
    "source": "A",
    "information": "1",
    "language": "fr",
}
_WARRANT: Content = {
    "kind": "warrant",
    "reference": "BR-2025/0417",
    "court": "Tribunal de première instance francophone de Bruxelles",
    "date": _day(-300),
    "offence": "Trafic de stupéfiants en association",
    "sentence": "Réclusion de cinq à dix ans (encourue)",
}


def common(channel_digest: str) -> Content:
    """What every act has."""
    return {
        "channel": channel_digest,
        "purpose": "criminal-investigation",
        "necessity": "Recherche d'une personne visée par un mandat d'arrêt.",
        "recipient": "police",
        "handling": ["H0", "H2"],
        "classification": "restricted",
        "retention": _day(300),
        "urgency": "standard",
        "reference": "BE-2026-0000000",
    }


def _wanted(channel_digest: str, text: str) -> Content:
    return common(channel_digest) | {
        "type": "wanted-trace",
        "act": "request",
        "basis": "7",
        "subjects": [_WANTED],
        "statements": [_STATEMENT | {"text": text}],
        "body": {"warrant": _WARRANT, "danger": "Peut être armé"},
    }


def _listed(channel_digest: str, text: str) -> Content:
    body = {"list": "Liste consolidée (exemple)", "number": "QX.i.017.21", "listed_on": _day(-2000), "comments": text}
    return common(channel_digest) | {
        "type": "listed-person",
        "act": "notice",
        "basis": "5",
        "subjects": [_LISTED],
        "body": body,
    }


def _alert(channel_digest: str) -> Content:
    danger = {
        "danger": "attack",
        "what": "Un véhicule piégé serait préparé.",
        "where": [{"text": "Bruxelles, place Sainte-Catherine", "country": "BE", "precision": "exact"}],
        "when": {"moment": "on-day", "day": _day(1), "time": "17:30"},
        "certainty": "probable",
        "source": "B",
        "information": "2",
        "contact": "Permanence, +32 2 000 00 00",
        "asked": ["warned", "verified"],
    }
    changes = {"type": "urgent-alert", "act": "alert", "basis": "7", "urgency": "immediate", "body": danger}
    return common(channel_digest) | changes | {"necessity": "Éviter un attentat.", "handling": ["H0"]}


def alert(channel_digest: str) -> Act:
    """An urgent alert, in the flash lane."""
    content = _alert(channel_digest) | {"dossier": ids.new_id()}
    return Act(partner=MA, lane=FLASH, content=content, author=Acts.author, releaser=Acts.releaser)


def _text(size: int) -> str:
    """A text of exactly this many bytes."""
    text = (_FILLING * (size // len(_FILLING.encode()) + 1)).encode()[:size].decode(errors="ignore")
    return text + "." * (size - len(text.encode()))


class Acts:
    """Opening acts from `be` to `ma` of exactly `size` bytes of content, as many as are asked for."""

    author, releaser = "be-017", "be-003"

    def __init__(self, channel_digest: str, size: int, governance: str) -> None:
        self._set_by_node: Content = {
            "v": 1,
            "kind": "act",
            "id": ids.new_id(),
            "governance": governance,
            "after": [],
            "dossier": ids.new_id(),
            "four_eyes": {"author": self.author, "releaser": self.releaser, "audit": "0" * 64},
        }
        self._templates = []
        for make in (_wanted, _listed):
            room = size - len(json.canonical(make(channel_digest, "") | self._set_by_node))
            self._templates.append(make(channel_digest, _text(room)))
        self._made = 0

    def _next(self) -> Iterator[Act]:
        while True:
            self._made += 1
            content = dict(self._templates[self._made % 2])
            content["dossier"] = ids.new_id()
            content["reference"] = f"BE-2026-{self._made:07d}"
            yield Act(partner=MA, lane=LANE, content=content, author=self.author, releaser=self.releaser)

    def take(self, count: int) -> list[Act]:
        """The next acts."""
        return list(islice(self._next(), count))

    def body(self) -> bytes:
        """The bytes of the next act's content as they would be written, for those who need bytes alone."""
        (act,) = self.take(1)
        return json.canonical(self._set_by_node | act.content)
