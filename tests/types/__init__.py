"""One sample of each dossier type, and tests that every type passes alike.

    tests/types/<type_with_underscores>.py    SAMPLE = Sample(...): valid acts with invented persons, and a life
    tests/types/test_<type>.py                the type's own rules
    tests/types/test_all_*.py                 what holds of every type, over all samples

A new type needs its file, its sample and nothing else to go through the tests of all types.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import pytest

from passerelle.dossiers.types import Catalogue, DossierType
from tests.peers.pair import CATALOGUE, Pair, partners, type_entry
from tests.unit.dossiers import samples as shared
from tests.unit.dossiers.samples import Content
from tests.unit.instruments.samples import NOTHING_PERSONAL, SERVICES

Told = tuple[str, str] | tuple[str, str, Content]
"""A step of a life: the side (`opener` or `answerer`), its act, and what the content says otherwise than the sample."""

ENVELOPES: dict[str, Content] = {
    "criminal": {},
    "migration": {"purpose": "identification-for-return", "basis": "9", "handling": ["H1", "H2"]},
    "security": {"purpose": "national-security", "handling": ["H2"]},
    "general": {"purpose": "experience", "handling": ["H2"]},
}
"""What an act says where the area of its purpose asks for it, beside what `samples.act` gives."""


@dataclass(frozen=True, eq=False)
class Sample:
    """Valid acts of one type.

    `name`: of the type; `area`: of the purposes under which it is tried. `bodies`: by act; common acts have bodies in
    `samples.BODIES` unless the type changes them. `subjects`, `statements`: by act, none where not named. `handling`:
    codes of every act, without it those the type starts with. `services`: names and kinds, the same on both sides of
    the channel; the first is the recipient. `envelope`: other words of every act (purpose, necessity, ...). `names`:
    the act whose last message `body.message` names, where the rules of the type ask for a certain one. `channel`: what
    a channel for it says otherwise. `life`: from the opening act through the interesting states to an end.
    `lives`: others, with bodies of their own, to where the first does not come.
    """

    name: str
    area: str = "criminal"
    bodies: Mapping[str, Content] = field(default_factory=dict)
    subjects: Mapping[str, Sequence[Content]] = field(default_factory=dict)
    statements: Mapping[str, Sequence[Content]] = field(default_factory=dict)
    handling: Sequence[str] = ()
    services: Mapping[str, str] = field(default_factory=dict)
    envelope: Content = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    channel: Content = field(default_factory=dict)
    life: Sequence[Told] = ()
    lives: Sequence[Sequence[Told]] = ()

    catalogue: Callable[[], Catalogue] = lambda: CATALOGUE

    @cached_property
    def kind(self) -> DossierType:
        return self.catalogue().types[self.name]

    def act(self, name: str, **changes: Any) -> Content:
        """A valid content of the act; `message` fills `body.message`, other keys replace those of the envelope."""
        body = self.bodies.get(name, shared.BODIES.get(name) if self.kind.acts[name].common else None) or {}
        body = changes.pop("body", body)
        if "message" in changes:
            body = {**body, "message": changes.pop("message")}
        services = self.services or SERVICES[self.area]
        made: Content = {
            "recipient": next(iter(services)),
            "handling": list(self.handling or self.kind.defaults.handling),
            "body": body,
        }
        for key, chosen in (("subjects", self.subjects), ("statements", self.statements)):
            if chosen.get(name):
                made[key] = list(chosen[name])
        made = ENVELOPES[self.area] | made | dict(self.envelope) | changes
        return deepcopy(shared.act(self.name, name, **made))

    def opening(self, **changes: Any) -> Content:
        """The first act of the life, which opens a dossier."""
        _, name, *more = self.life[0]
        return self.act(name, **{**(more[0] if more else {}), **changes})

    def pair(self, **channel: Any) -> Pair:
        """Two nodes with a channel for this type alone, with services and area as the sample says."""
        categories = {one for act in self.kind.acts.values() if act.subjects.max for one in act.subjects.categories}
        persons = {"categories": sorted(categories)} if categories else NOTHING_PERSONAL
        types = {self.name: type_entry(self.name, self.catalogue())}
        said = {"types": types, **persons, **self.channel, **channel}
        services = dict(self.services or SERVICES[self.area])
        return partners(area=self.area, channel=said, services=services, catalogue=self.catalogue())


@cache
def samples() -> dict[str, Sample]:
    """The samples by name of their type, in the order of the names."""
    names = [one.name for one in pkgutil.iter_modules(__path__) if not one.name.startswith("test_")]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    found = [module.SAMPLE for module in modules if hasattr(module, "SAMPLE")]
    return {one.name: one for one in sorted(found, key=lambda one: one.name)}


def shipped(sample: Sample) -> bool:
    """Whether the type comes with the program; one that tests bring is tried as all are, and has no row on the page."""
    return sample.name in CATALOGUE.types


def every(*columns: str) -> list[Any]:
    """Parameters for a test over all samples, which show these columns of docs/coverage.md for each type."""
    return [
        pytest.param(one, id=name, marks=[pytest.mark.shows(name, column) for column in columns if shipped(one)])
        for name, one in samples().items()
    ]
