"""Reads the type files, strictly: a file that is not exactly of the form, or contradicts itself, is refused whole.

`tables` says what a file may hold; here the parts are put together: common acts and states merged in, `@open` and the
like written out, schemas checked and compiled. Contradictions between the parts are found by `consistency`.

Every refusal is a CatalogueError with file, path, what was expected and what was found.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
from jsonschema_rs import Validator

from passerelle.core import json
from passerelle.dossiers.bodies import narrowed, with_grounds
from passerelle.dossiers.check import Check
from passerelle.dossiers.checks import CHECKS
from passerelle.dossiers.common import Common, check_name, states_of
from passerelle.dossiers.indexing import NEVER
from passerelle.dossiers.rules import OF_ACTS, RULES, Rule, Untainted
from passerelle.dossiers.schema import DIALECT, CatalogueError, Faults, Linter, circle, compiled, dated, keyed, offences
from passerelle.dossiers.shapes import (
    ActType,
    Answers,
    AttachmentRule,
    Deadline,
    Defaults,
    DossierType,
    Figure,
    HandlingRule,
    Labels,
    Moment,
    SearchRule,
    StateType,
    SubjectRule,
    Transition,
)
from passerelle.dossiers.tables import (
    RawAct,
    RawAttachments,
    RawChange,
    RawDeadline,
    RawFigure,
    RawMoment,
    RawSubjects,
    RawTransition,
    RawType,
    convert,
    mended,
    parse,
)

__all__ = ["Common", "Reader"]

_UNNAMED = ("key", "category", "minor")  # of a person: always there, so no channel lists them


def _named(tables: list[dict[str, Any]], path: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Tables that hold the parameters of a check or a rule under its name: path, name ("" where not one), table."""
    for number, table in enumerate(tables):
        yield f"{path}[{number}]", next(iter(table)) if len(table) == 1 else "", table


class Reader:
    """Puts one type together out of its file and what all types share."""

    def __init__(self, data: bytes, file: str, common: Common) -> None:
        self.file = file
        self.common = common
        self.tables = parse(data, file)
        self.faults = Faults()
        with self.faults:
            convert(self.tables, RawType, file, "")
        self.raw = convert(mended(self.tables) if self.faults.found else self.tables, RawType, file, "")
        self.defs = {**common.defs, **self.raw.defs}
        self.linter = Linter(file, self.defs)

    def fail(self, path: str, expected: str, got: str) -> CatalogueError:
        return CatalogueError(self.file, path, expected, got)

    def read(self) -> DossierType:
        """The type, whose parts have been read but not yet compared with each other.

        Raises CatalogueError, the first of all that is wrong with the parts; `others` of it are the rest.
        """
        raw, common = self.raw, self.common
        self._defs()
        grounds: dict[str, Labels] = {}
        for name, table in raw.grounds.items():
            with self.faults:
                # Before they stand in the body of a common act, where another file would be blamed.
                self.linter.labels(table, f"grounds.{name}")
                grounds[name] = convert(table, Labels, self.file, f"grounds.{name}")
        self.grounds = {**self._common_grounds(), **grounds}
        # A state that is wrong still has its name, or each way to it would be called wrong, too.
        stand_in = {name: StateType(name, "open", raw.labels, raw.help) for name in raw.states}
        self.states = {**common.states, **{name: one for name, one in stand_in.items() if name not in common.states}}
        self.checks: tuple[Check, ...] = ()
        for name, table in raw.states.items():
            with self.faults:
                self.states |= states_of({name: table}, self.file)
        with self.faults:
            self.checks = self._checks(raw.checks, "checks")
        acts = self._acts()
        deadlines: dict[str, Deadline] = {}
        figures: dict[str, Figure] = {}
        for name, table in raw.deadlines.items():
            with self.faults:
                deadlines[name] = self._deadline(name, table)
        for name, table in raw.figures.items():
            with self.faults:
                figures[name] = self._figure(name, table)
        self.faults.settle()
        content = {"common": common.tables, "envelope": common.envelope_tables, "type": self.tables}
        return DossierType(
            name=raw.name,
            version=raw.version,
            digest=hashlib.sha256(json.canonical(content)).hexdigest(),
            labels=raw.labels,
            help=raw.help,
            areas=frozenset(raw.areas),
            services=frozenset(raw.services),
            indexed=self._indexed(),
            privileged=raw.privileged,
            statements=raw.statements,
            handling=self._handling(),
            unsaid=raw.unsaid,
            opinion=common.raw.opinion,
            acts=_remembering(acts, deadlines),
            states=self._reached(acts),
            deadlines=deadlines,
            figures=figures,
            grounds=self.grounds,
            defaults=Defaults(**msgspec.structs.asdict(raw.defaults)),
            envelope=common.envelope,
            fields=self._fields(acts),
            search=self._search(acts),
            validator=common.validator,
        )

    def _defs(self) -> None:
        """The names, and the forms of the type. Forms that are wrong are not compiled into acts."""
        raw, common = self.raw, self.common
        with self.faults:
            check_name(raw.name, self.file, "name")
        for what, theirs, own in (
            ("defs", common.defs, raw.defs),
            ("states", common.states, raw.states),
            ("grounds", common.grounds, raw.grounds),
        ):
            for name in own.keys() & theirs.keys():
                with self.faults:
                    raise self.fail(f"{what}.{name}", "a name that is not a common one", name)
        known = len(self.faults.found)
        for name, schema in raw.defs.items():
            with self.faults:
                self.linter.check(schema, f"defs.{name}", field=False)
        if len(self.faults.found) == known and (name := circle(self.defs)):
            with self.faults:
                raise self.fail(f"defs.{name}", "a definition that does not refer to itself", name)
        self.sound = len(self.faults.found) == known

    def _common_grounds(self) -> Mapping[str, Labels]:
        """The common grounds of refusal that the type has: all of them, or those it names."""
        known, named = self.common.grounds, self.raw.common_grounds
        for name in named or ():
            if name not in known:
                with self.faults:
                    raise self.fail("common_grounds", "common grounds: " + ", ".join(known), name)
        return known if named is None else {name: known[name] for name in known if name in named}

    def _handling(self) -> HandlingRule:
        raw, codes = self.raw.handling, self.defs["handling"]["enum"]
        return HandlingRule(frozenset(codes if raw.allowed is None else raw.allowed), raw.always)

    def _indexed(self) -> frozenset[str]:
        raw = self.raw.indexed
        if isinstance(raw, bool):
            return frozenset(self.raw.subjects.categories or ()) - NEVER if raw else frozenset()
        return frozenset(raw)

    def _search(self, acts: Mapping[str, ActType]) -> SearchRule | None:
        if (raw := self.raw.search) is None:
            return None
        act = acts.get(raw.opens)
        always = act is not None and "reference" in act.schema.get("required", ())
        return SearchRule(raw.opens, always, Answers(**msgspec.structs.asdict(raw.answers)))

    def _checks(self, tables: list[dict[str, Any]], path: str) -> tuple[Check, ...]:
        made: list[Check] = []
        for at, name, table in _named(tables, path):
            if name not in CHECKS:
                raise self.fail(at, "one check of: " + ", ".join(CHECKS), ", ".join(table) or "none")
            made.append(convert(table[name], CHECKS[name], self.file, f"{at}.{name}"))
        return tuple(made)

    # ---- acts

    def _acts(self) -> dict[str, ActType]:
        known, faults = self.common.acts, self.faults
        for name in self.raw.without:
            if name not in known:
                with faults:
                    raise self.fail("without", "common acts: " + ", ".join(self.common.acts), name)
        acts: dict[str, ActType] = {}
        changes: dict[str, RawChange] = {}
        for name, table in self.raw.acts.items():
            path = f"acts.{name}"
            with faults:
                check_name(name, self.file, path)
                if "common" in table:
                    if name not in known or name in self.raw.without:
                        raise self.fail(path, "a common act that is not left out", name)
                    changes[name] = convert(table, RawChange, self.file, path)
                elif name in known:
                    raise self.fail(path, "common = true, to change a common act", "a second act of this name")
                else:
                    raw = convert(table, RawAct, self.file, path)
                    body = self._body(name, raw.body, self.file)
                    acts[name] = self._act(name, raw, RawChange(common=True), body, common=False)
        for name, raw in known.items():
            if name not in self.raw.without:
                with faults:
                    change = changes.get(name, RawChange(common=True))
                    acts[name] = self._act(name, raw, change, self._common_body(name, raw, change), common=True)
        return acts

    def _act(
        self, name: str, raw: RawAct, change: RawChange, body: tuple[dict[str, Any], Validator], *, common: bool
    ) -> ActType:
        def chosen(own: Any, inherited: Any) -> Any:
            return inherited if own is None else own

        path = f"acts.{name}"
        ways: list[Transition] = []
        for number, way in enumerate(chosen(change.transitions, raw.transitions)):
            with self.faults:
                ways.append(self._transition(way, f"{path}.transitions[{number}]"))
        schema, validator = body
        rules = self._rules(chosen(change.rules, raw.rules), f"{path}.rules")
        judicial = chosen(change.judicial, raw.judicial)
        magistrate = judicial or chosen(change.magistrate, raw.magistrate)
        return ActType(
            name=name,
            by=chosen(change.by, raw.by),
            rank=chosen(change.rank, raw.rank),
            opening=raw.opening,
            common=common,
            lanes=frozenset(chosen(change.lanes, chosen(raw.lanes, self.raw.lanes))),
            wind_down=chosen(change.wind_down, raw.wind_down),
            revokes=raw.revokes,
            keep_back=raw.keep_back,
            corrects=raw.corrects,
            four_eyes=magistrate or chosen(change.four_eyes, raw.four_eyes),
            magistrate=magistrate,
            judicial=judicial,
            announces=raw.announces,
            attest=chosen(change.attest, raw.attest),
            review=chosen(change.review, raw.review),
            exported=chosen(change.exported, raw.exported),
            labels=chosen(change.labels, raw.labels),
            help=chosen(change.help, raw.help),
            # What happens on purpose is looked at before what only a crossing brings about.
            transitions=tuple(sorted(ways, key=lambda way: way.crossing)),
            rules=rules if raw.untainted is None else (*rules, Untainted(raw.untainted)),
            subjects=self._subjects(raw.subjects, change.subjects, opening=raw.opening),
            demands=chosen(change.demands, raw.demands),
            checks=(*self.checks, *self._checks(chosen(change.checks, raw.checks), f"{path}.checks")),
            figures=chosen(change.figures, raw.figures),
            schema=schema,
            remembered=(),
            dated=tuple(dated(schema, self.defs)) if self.sound else (),
            offences=tuple(offences(schema, self.defs)) if self.sound else (),
            keyed=tuple(keyed(schema, self.defs)) if self.sound else (),
            attachments=self._attachments(chosen(change.attachments, raw.attachments), f"{path}.attachments"),
            validator=validator,
        )

    def _attachments(self, raw: RawAttachments | None, path: str) -> AttachmentRule:
        if raw is None or (not raw.kinds and not raw.most):  # a type may take the files from a common act
            return AttachmentRule()
        known = self.common.files
        for name in raw.kinds:
            if name not in known:
                raise self.fail(f"{path}.kinds", "kinds of files: " + ", ".join(known), name)
        most = self.common.envelope["properties"]["attachments"]["maxItems"]
        if not raw.kinds or not 1 <= raw.most <= most:
            raise self.fail(f"{path}.most", f"1 to {most} files of some kind", f"{raw.most} of {len(raw.kinds)} kinds")
        return AttachmentRule(raw.most, tuple(known[name] for name in raw.kinds))

    def _subjects(self, own: RawSubjects, change: RawSubjects, *, opening: bool) -> SubjectRule:
        """The type's rule; an act that does not open brings as many persons as it likes up to the type's number."""
        values = msgspec.structs.asdict(self.raw.subjects)
        for name in ("max", "categories"):
            if values[name] is None:
                raise self.fail(f"subjects.{name}", "a value", "nothing")
        values |= {} if opening else {"min": 0, "needs": ()}
        for part in (own, change):
            values |= {name: value for name, value in msgspec.structs.asdict(part).items() if value is not None}
        needs, without = (tuple(values[name] or ()) for name in ("needs", "without"))
        return SubjectRule(values["min"] or 0, values["max"], frozenset(values["categories"]), needs, without)

    def _transition(self, raw: RawTransition, path: str) -> Transition:
        sources: set[str] = set()
        for word in raw.from_:
            if word == "@none":
                sources.add("")
            elif word in ("@open", "@ended", "@any"):
                sources |= {state.name for state in self.states.values() if word in ("@any", "@" + state.status)}
            elif word in self.states:
                sources.add(word)
            else:
                raise self.fail(f"{path}.from", "a state of: " + ", ".join(self.states), word)
        if raw.to not in self.states and raw.to not in ("@same", "@back"):
            raise self.fail(f"{path}.to", "@same, @back or a state of: " + ", ".join(self.states), raw.to)
        rules = self._rules(raw.rules, f"{path}.rules", of_act=False)
        return Transition(frozenset(sources), raw.to, raw.by, raw.opening, raw.crossing, rules, raw.names)

    def _rules(self, tables: list[dict[str, Any]], path: str, *, of_act: bool = True) -> tuple[Rule, ...]:
        """Rules of an act, or of one of its transitions, which see less (`OF_ACTS`)."""
        rules: list[Rule] = []
        known = {name: rule for name, rule in RULES.items() if of_act or rule not in OF_ACTS}
        for at, name, table in _named(tables, path):
            if name not in known:
                raise self.fail(at, "one rule of: " + ", ".join(known), ", ".join(table) or "none")
            rules.append(convert(table[name], known[name], self.file, f"{at}.{name}"))
        return tuple(rules)

    # ---- bodies

    def _body(self, name: str, raw_body: dict[str, Any], file: str) -> tuple[dict[str, Any], Validator]:
        """The JSON Schema of the body: always a closed object; `enum = "grounds"` stands for the grounds of refusal."""
        path = f"acts.{name}.body"
        body = with_grounds({"type": "object", "additionalProperties": False, **raw_body}, self.grounds)
        Linter(file, self.defs).check(body, path, field=False)
        schema = {"$schema": DIALECT, **body, "$defs": self.defs}
        return schema, compiled(schema, file, path) if self.sound else self.common.validator

    def _common_body(self, name: str, raw: RawAct, change: RawChange) -> tuple[dict[str, Any], Validator]:
        bodies = self.common.bodies
        if change.leaves_out or change.only or change.adds:
            body = with_grounds(raw.body, self.grounds)
            body = narrowed(body, change.leaves_out, change.only, change.adds, partial(self._no_body, name))
            return self._body(name, body, self.file)
        if with_grounds(raw.body, {}) != raw.body:
            return self._body(name, raw.body, "common.toml")
        if name not in bodies:
            body = {"type": "object", "additionalProperties": False, **raw.body}
            Linter("common.toml", self.common.defs).check(body, f"acts.{name}.body", field=False)
            schema = {"$schema": DIALECT, **body, "$defs": self.common.defs}
            bodies[name] = schema, compiled(schema, "common.toml", f"acts.{name}.body")
        return bodies[name]

    def _no_body(self, act: str, key: str, expected: str, got: str) -> CatalogueError:
        return self.fail(f"acts.{act}.{key}", expected, got)

    def _fields(self, acts: Mapping[str, ActType]) -> frozenset[str]:
        person = self.defs["person"]["properties"]
        hidden = {*_UNNAMED, *(self.raw.subjects.without or ())}
        names = {f"subjects.{name}" for name in person if name not in hidden}
        if self.raw.statements:
            names |= {f"statements.{name}" for name in self.defs["statement"]["properties"]}
        for kind in {kind for act in acts.values() for kind in act.attachments.kinds}:
            names.add(f"attachments.{kind.name}" if kind.special else "attachments")
        return frozenset(names | {f"body.{name}" for act in acts.values() for name in act.schema.get("properties", {})})

    # ---- states and deadlines

    def _reached(self, acts: Mapping[str, ActType]) -> dict[str, StateType]:
        """The states without the common ones to which nothing leads in this type."""
        led_to = {way.to for act in acts.values() for way in act.transitions}
        return {name: state for name, state in self.states.items() if name in led_to or name not in self.common.states}

    def _deadline(self, name: str, table: dict[str, Any]) -> Deadline:
        path = f"deadlines.{name}"
        check_name(name, self.file, path)
        raw = convert(table, RawDeadline, self.file, path)
        values = msgspec.structs.asdict(raw)
        values |= {"runs_from": _moments(raw.runs_from), "ends_at": _moments(raw.ends_at)}
        return Deadline(name=name, **values)

    def _figure(self, name: str, table: dict[str, Any]) -> Figure:
        check_name(name, self.file, f"figures.{name}")
        raw = convert(table, RawFigure, self.file, f"figures.{name}")
        return Figure(name, raw.duration, raw.labels)


def _moments(raw: list[RawMoment]) -> tuple[Moment, ...]:
    return tuple(Moment(moment.act, moment.state, moment.by, dict(moment.where)) for moment in raw)


def _remembering(acts: Mapping[str, ActType], deadlines: Mapping[str, Deadline]) -> dict[str, ActType]:
    """The acts, each with the fields of its body that rules and deadlines ask for."""
    asked: dict[str, set[str]] = {}
    for act in acts.values():
        for rule in (*act.rules, *(rule for way in act.transitions for rule in way.rules)):
            for name, where in rule.conditions():
                asked.setdefault(name, set()).update(where)
    for deadline in deadlines.values():
        for moment in (*deadline.runs_from, *deadline.ends_at):
            asked.setdefault(moment.act, set()).update(moment.where)
    return {name: replace(act, remembered=tuple(sorted(asked.get(name, ())))) for name, act in acts.items()}
