"""Contradictions within a dossier type: what each part says may be right and still not fit the others.

Checked: states that cannot be reached or cannot come to an end, acts nobody can do, rules that name what
is not there or words that cannot occur, defaults and persons that the forms do not know, demands that nobody can meet,
reviews that cannot happen; of times, what `consistency_times` says; of a search, what `consistency_search` does.

Left unchecked: whether a type is wise. Whether concurrent acts lead where they should is shown by its tests.
"""

import re
from collections.abc import Collection

from passerelle.dossiers.check import Check
from passerelle.dossiers.consistency_known import Known
from passerelle.dossiers.consistency_search import Search
from passerelle.dossiers.consistency_times import Times
from passerelle.dossiers.demands import PERSON_WORDS, Demand
from passerelle.dossiers.indexing import NEVER
from passerelle.dossiers.rules import Names, NoLowerThan, Rule, Untainted
from passerelle.dossiers.schema import Faults
from passerelle.dossiers.shapes import (
    AREAS,
    LANGUAGES,
    SERVICES,
    ActType,
    DossierType,
    Transition,
)
from passerelle.dossiers.unsaid import usable
from passerelle.dossiers.ways import doable, kept, reachable

NEUTRAL = "legal-impediment"
"""The ground of refusal that says nothing about the person; every type has it."""
LANES = ("routine", "flash")
_ALWAYS = ("key", "category", "minor")  # of a person
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_VERSION = re.compile(r"[1-9][0-9]{0,3}\.[0-9]{1,4}")


def check(kind: DossierType, file: str) -> None:
    """Raise CatalogueError, the first contradiction that was found; `others` of it are the rest."""
    checking = _Check(kind, file)
    checking.run()
    checking.faults.settle()


class _Check(Known):
    def __init__(self, kind: DossierType, file: str) -> None:
        super().__init__(kind, file)
        self.faults = Faults()

    def run(self) -> None:
        kind, faults = self.kind, self.faults
        with faults:
            if self.file != f"{kind.name}.toml":
                raise self.fail("name", "the name of the file without .toml", kind.name)
        with faults:
            if not _VERSION.fullmatch(kind.version):
                raise self.fail("version", "a version like 1.0", kind.version)
        with faults:
            if not kind.opening:
                raise self.fail("acts", "an act with opening = true", "none")
        for act in kind.acts.values():
            self._act(act)
        if not faults.found:  # where acts lead is only asked of acts that are right
            self._states()
        times = Times(kind, self.file)
        for part in (self._labels, self._whole, self._defaults, times.figures, Search(kind, self.file).run):
            with faults:
                part()
        for deadline in kind.deadlines.values():
            with faults:
                times.deadline(deadline, f"deadlines.{deadline.name}")

    def _labels(self) -> None:
        """What a person reads has words in each language (bodies and grounds are looked at when they are read)."""
        kind = self.kind
        texts = [("labels", kind.labels), ("help", kind.help)]
        for what, some in (("states", kind.states), ("acts", kind.acts)):
            for name, one in some.items():
                texts += [(f"{what}.{name}.labels", one.labels), (f"{what}.{name}.help", one.help)]
        for what, more in (("deadlines", kind.deadlines), ("figures", kind.figures)):
            texts += [(f"{what}.{name}.labels", one.labels) for name, one in more.items()]
        for path, text in ((f"{path}.{one}", labels.text(one)) for path, labels in texts for one in LANGUAGES):
            if not text.strip():
                with self.faults:
                    raise self.fail(path, "a label", "nothing")

    # ---- acts

    def _act(self, act: ActType) -> None:
        path, faults = f"acts.{act.name}", self.faults
        for part in (self._plain, self._release, self._persons):
            with faults:
                part(act, path)
        for number, way in enumerate(act.transitions):
            with faults:
                self._transition(act, way, f"{path}.transitions[{number}]")
        for rule in (*act.rules, *(rule for way in act.transitions for rule in way.rules)):
            with faults:
                self._rule(act, rule, f"{path}.rules")
        for check in act.checks:
            with faults:
                self._check(act, check, f"{path}.checks")
        for number, demand in enumerate(act.demands):
            with faults:
                self._demand(act, demand, f"{path}.demands[{number}]")

    def _plain(self, act: ActType, path: str) -> None:
        if not 0 <= act.rank <= 99:
            raise self.fail(f"{path}.rank", "0 to 99", str(act.rank))
        self.one_of(f"{path}.lanes", sorted(act.lanes), LANES)
        if "routine" not in act.lanes:
            raise self.fail(f"{path}.lanes", "routine among them", ", ".join(act.lanes) or "none")
        if not act.transitions:
            raise self.fail(f"{path}.transitions", "at least one", "none")
        if act.opening and act.by != "opener":
            raise self.fail(f"{path}.by", "opener, for an opening act", act.by)
        needed = ["message"] if act.refers or act.revokes or act.corrects else []
        for name in [*needed, *(["corrections"] if act.corrects else [])]:
            if name not in act.schema.get("required", ()):
                raise self.fail(f"{path}.body.required", f"{name}, since it depends on it", "none")
        if act.announces and ((act.announces,), "future") not in act.dated:
            raise self.fail(f"{path}.announces", "a field of the body with a day not before today", act.announces)

    def _persons(self, act: ActType, path: str) -> None:
        subjects = act.subjects
        if not 0 <= subjects.min <= subjects.max:
            raise self.fail(f"{path}.subjects", "min not above max", f"{subjects.min} and {subjects.max}")
        person = self.form("person")["properties"]
        self.one_of(f"{path}.subjects.categories", sorted(subjects.categories), self.form("category")["enum"])
        self.one_of(f"{path}.subjects.needs", subjects.needs, person)
        self.one_of(f"{path}.subjects.without", subjects.without, [name for name in person if name not in _ALWAYS])
        if both := set(subjects.needs) & set(subjects.without):
            raise self.fail(f"{path}.subjects.without", "fields that are not needed", ", ".join(sorted(both)))

    def _check(self, act: ActType, check: Check, path: str) -> None:
        if fault := check.fault():
            raise self.fail(path, fault, str(check))
        every = self.kind.acts.values()
        where = every if all(check in one.checks for one in every) else [act]
        self.one_of(path, check.named(), {name: None for one in where for name in one.schema.get("properties", {})})
        known = {
            "category": self.form("category")["enum"],
            "handling": sorted(self.kind.handling.allowed),
            "act": list(self.kind.acts),
            "person": [name for name in self.form("person")["properties"] if name not in _ALWAYS],
        }
        for what, words in check.words().items():
            self.one_of(path, words, known[what])
        for way in check.ways():
            if not any(self.leads(one, way.split(".")) for one in every):
                raise self.fail(path, "a way to a text or a word of some act", way)

    def _rule(self, act: ActType, rule: Rule, path: str) -> None:
        """The acts that it names are there, and the words that it asks of them, and of the act itself, can occur."""
        self.one_of(path, rule.acts(), self.kind.acts)
        for name, where in rule.conditions():
            self.one_of(path, [name], self.kind.acts)
            self.where(path, name, where)
        self.where(path, act.name, rule.own())
        if isinstance(rule, Names | Untainted) and "message" not in act.schema.get("required", ()):
            raise self.fail(f"acts.{act.name}.body.required", "message, since a rule looks at it", "none")
        if isinstance(rule, Names):
            self.one_of(f"{path}.names", (*rule.answers, *rule.free_of), self.kind.acts)
            if rule.since and ((rule.since,), "past") not in act.dated:
                raise self.fail(f"{path}.names.since", "a field of the body with a day not after today", rule.since)
            if rule.answers and (strays := [one for one in rule.act if not self._asked(one)]):
                raise self.fail(f"{path}.names.act", "acts whose body must name question and message", strays[0])
        if isinstance(rule, NoLowerThan):
            words = self.words(act.name, rule.field)
            if sorted(rule.order) != sorted(map(str, words)):
                raise self.fail(f"{path}.order", f"each once of {', '.join(map(str, words))}", ", ".join(rule.order))

    def _asked(self, act: str) -> bool:
        """Whether an act always says which question it answers, about which message."""
        return {"question", "message"} <= set(self.kind.acts[act].schema.get("required", ()))

    def _demand(self, act: ActType, demand: Demand, path: str) -> None:
        """A case that can occur, and something that then must be there and can be."""
        when, then = demand.when, demand.then
        if not (when.persons or when.body or when.present or when.absent):
            raise self.fail(f"{path}.when", "persons, body, present or absent", "nothing")
        for name, words in when.persons.items():
            self.one_of(f"{path}.when.persons", [name], PERSON_WORDS)
            known = self.form("minor")["enum"] if name == "minor" else sorted(act.subjects.categories)
            self.one_of(f"{path}.when.persons.{name}", words, known)
        if when.persons and not act.subjects.max:
            raise self.fail(f"{path}.when.persons", "an act that may bring persons", "none")
        self.where(f"{path}.when.body", act.name, when.body)
        self.one_of(f"{path}.when", (*when.present, *when.absent), act.schema.get("properties", {}))
        self.one_of(f"{path}.then.fields", then.fields, act.schema.get("properties", {}))
        self.one_of(f"{path}.then.handling", then.handling, sorted(self.kind.handling.allowed))
        if not (then.fields or then.persons or then.handling):
            raise self.fail(f"{path}.then", "fields, persons or handling", "nothing")
        if not 0 <= then.persons <= act.subjects.max:
            raise self.fail(f"{path}.then.persons", f"0 to {act.subjects.max}", str(then.persons))
        if demand.otherwise == "nothing" and not then.fields:
            raise self.fail(f"{path}.otherwise", "fields that are not there otherwise", "none")

    def _release(self, act: ActType, path: str) -> None:
        """What the author attests has a name and words; a review only where one person may do what needs two."""
        for name, labels in act.attest.items():
            if not _NAME.fullmatch(name):
                raise self.fail(f"{path}.attest", "names of a-z, 0-9 and dash", name)
            for language in LANGUAGES:
                if not labels.text(language).strip():
                    raise self.fail(f"{path}.attest.{name}.{language}", "a statement", "nothing")
        if not act.review:
            return
        self.duration(f"{path}.review", act.review)
        if act.magistrate:
            raise self.fail(f"{path}.review", "none, since a magistrate releases it", act.review)
        if not act.four_eyes:
            raise self.fail(f"{path}.review", "four_eyes = true beside it", "an act that one person may release")
        if "flash" not in act.lanes:
            raise self.fail(f"{path}.review", "an act of the flash lane", f"lanes {', '.join(sorted(act.lanes))}")

    def _transition(self, act: ActType, way: Transition, path: str) -> None:
        if act.opening != ("" in way.sources) or (act.opening and len(way.sources) > 1):
            raise self.fail(
                f"{path}.from", "@none for an opening act, and for no other", ", ".join(sorted(way.sources))
            )
        if act.opening and (way.to.startswith("@") or way.by or way.rules or way.crossing):
            raise self.fail(path, "a plain way to a state, for an opening act", way.to)
        if way.by and act.by in ("opener", "answerer") and way.by != act.by:
            raise self.fail(f"{path}.by", act.by, way.by)
        if way.opening is not None and not (act.refers or act.revokes):
            raise self.fail(f"{path}.opening", "an act that refers to a message", act.name)
        if way.names and "message" not in act.schema.get("required", ()):
            raise self.fail(f"{path}.names", "an act that refers to a message", act.name)
        for name in way.names:
            if name not in self.kind.acts:
                raise self.fail(f"{path}.names", "one of " + ", ".join(self.kind.acts), name)
        if way.to == "@back" and not kept(self.kind):
            raise self.fail(f"{path}.to", "an act with keep_back = true somewhere", "none")

    # ---- states

    def _states(self) -> None:
        kind = self.kind
        acts, reached = doable(kind)
        for act in kind.acts.values():
            if act.name not in acts:
                expected = "a way on purpose from a state that is reached, and rules that can be kept there"
                with self.faults:
                    raise self.fail(f"acts.{act.name}", expected, "an act that nobody can do")
        for name in kind.states:
            with self.faults:
                self._state(name, reached)

    def _state(self, name: str, reached: Collection[str]) -> None:
        kind, path, state = self.kind, f"states.{name}", self.kind.states[name]
        if state.name not in reached:
            raise self.fail(path, "a state that an act leads to", "none leads there")
        ends = [name for name in reachable(kind, state.name) if kind.states[name].status == "ended"]
        if state.status == "open" and not ends:
            raise self.fail(path, "a way to an ended state, since it is open", "no exit")

    # ---- the rest

    def _whole(self) -> None:
        """What the type says of all its acts."""
        kind, codes = self.kind, self.form("handling")["enum"]
        if not kind.areas:
            raise self.fail("areas", "at least one of " + ", ".join(AREAS), "none")
        self.one_of("areas", sorted(kind.areas), AREAS)
        self.one_of("services", sorted(kind.services), SERVICES)
        self.one_of("handling.allowed", sorted(kind.handling.allowed), codes)
        self.one_of("handling.always", kind.handling.always, sorted(kind.handling.allowed))
        if NEUTRAL not in kind.grounds:
            raise self.fail("common_grounds", f"{NEUTRAL} among them: no refusal may need to say more", "none")
        for name, words in (("unsaid", kind.unsaid), ("opinion", kind.opinion)):
            for word in words:
                if not usable(word):
                    raise self.fail(name, "words of at least three letters", word)
        named = {one for act in kind.acts.values() for one in act.subjects.categories}
        self.one_of("indexed", sorted(kind.indexed), sorted(named - NEVER))

    def _defaults(self) -> None:
        defaults, rule = self.kind.defaults, self.kind.handling
        self.one_of("defaults.handling", defaults.handling, self.form("handling")["enum"])
        if not set(rule.always) <= set(defaults.handling) <= rule.allowed:
            expected = f"codes of {', '.join(sorted(rule.allowed))}" + "".join(f", with {one}" for one in rule.always)
            raise self.fail("defaults.handling", expected, ", ".join(defaults.handling))
        for name in ("urgency", "source", "information"):
            self.one_of(f"defaults.{name}", [getattr(defaults, name)], self.form(name)["enum"])
        self.duration("defaults.retention", defaults.retention)
