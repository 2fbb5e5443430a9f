"""Contradictions in the times of a dossier type: its deadlines, and the figures of the treaty.

Checked: what begins and ends a deadline is there and can occur; durations are real; what is counted back is counted
from a day, by days; nobody is called too late; each figure is a period that some act looks at.
"""

from passerelle.core.clock import add_duration
from passerelle.dossiers.consistency_known import Known
from passerelle.dossiers.shapes import Deadline, Moment

_DURATION = "#/$defs/duration"


class Times(Known):
    """The times of a type. Everything raises CatalogueError."""

    def figures(self) -> None:
        """Each figure is a period that some act looks at, and each act looks at figures that are there."""
        known, asked = self.kind.figures, set()
        for act in self.kind.acts.values():
            for number, rule in enumerate(act.figures):
                path, fields = f"acts.{act.name}.figures[{number}]", act.schema.get("properties", {})
                self.one_of(path, rule.names, known)
                asked |= set(rule.names)
                if not rule.names:
                    raise self.fail(path, "at_least or at_most", "neither")
                self.one_of(f"{path}.field", [rule.field], fields)
                if fields[rule.field].get("$ref") != _DURATION:
                    raise self.fail(f"{path}.field", f"a field of the form {_DURATION}", rule.field)
        for figure in known.values():
            self.duration(f"figures.{figure.name}.duration", figure.duration)
            if figure.name not in asked:
                raise self.fail(f"figures.{figure.name}", "an act that looks at it", "none")

    def deadline(self, deadline: Deadline, path: str) -> None:
        """What begins and ends it is there, and its times can be kept."""
        self.one_of(f"{path}.duration", deadline.duration, self.form("urgency")["enum"])
        if not (deadline.runs_from and deadline.ends_at):
            raise self.fail(path, "runs_from and ends_at that are not empty", "an empty one")
        for urgency, text in deadline.duration.items():
            self.duration(f"{path}.duration.{urgency}", text)
        if deadline.most:
            self.duration(f"{path}.most", deadline.most)
        if deadline.escalate:
            self._escalate(deadline, f"{path}.escalate")
        for name, moments in (("runs_from", deadline.runs_from), ("ends_at", deadline.ends_at)):
            for number, moment in enumerate(moments):
                self._moment(moment, f"{path}.{name}[{number}]")
        if deadline.then:
            self.one_of(f"{path}.then", [deadline.then], self.kind.acts)
        if deadline.back:
            self._back(deadline, path)
        if deadline.each:
            self._each(deadline, path)
        for moment in deadline.runs_from if deadline.since else ():
            act = self.kind.acts.get(moment.act)
            days = {steps for steps, _ in act.dated} if act else set()
            if (deadline.since,) not in days:
                raise self.fail(f"{path}.since", f"a day in the body of {moment.act or moment.state}", deadline.since)

    def _back(self, deadline: Deadline, path: str) -> None:
        """Counted back from a day, in days."""
        if not deadline.since:
            raise self.fail(f"{path}.since", "the day from which it is counted back", "nothing")
        for name, text in (*deadline.duration.items(), *([("most", deadline.most)] if deadline.most else [])):
            if "T" in text:
                raise self.fail(f"{path}.duration.{name}", "a period by days, to be counted back", text)

    def _each(self, deadline: Deadline, path: str) -> None:
        """What ends one run of many says which: it names a message, or ends them all with a state."""
        if deadline.anew:
            raise self.fail(f"{path}.anew", "false, since each act has a run of its own", "true")
        for number, moment in enumerate(deadline.ends_at):
            if moment.act and "message" not in self.kind.acts[moment.act].schema.get("required", ()):
                raise self.fail(f"{path}.ends_at[{number}]", "a state, or an act that requires message", moment.act)

    def _escalate(self, deadline: Deadline, path: str) -> None:
        """By the clock, and before the time has run out: nobody is called by the calendar, or too late."""
        self.duration(path, deadline.escalate)
        if not deadline.escalate.startswith("PT"):
            raise self.fail(path, "a time by the clock like PT5M", deadline.escalate)
        for text in deadline.duration.values():
            if add_duration(0, deadline.escalate) >= add_duration(0, text):
                raise self.fail(path, f"less than the deadline's own {text}", deadline.escalate)

    def _moment(self, moment: Moment, path: str) -> None:
        if bool(moment.act) == bool(moment.state):
            raise self.fail(path, "either an act or a state", f"{moment.act or 'no act'}, {moment.state or 'no state'}")
        self.one_of(path, [moment.act] if moment.act else [], self.kind.acts)
        self.one_of(path, [moment.state] if moment.state else [], self.kind.states)
        if moment.act:
            self.where(path, moment.act, moment.where)
        elif moment.by or moment.where:
            raise self.fail(path, "by and where only with an act", f"state {moment.state}")
        if (
            moment.act
            and moment.by
            and self.kind.acts[moment.act].by not in (moment.by, "either", "author", "receiver")
        ):
            raise self.fail(f"{path}.by", f"the side that does {moment.act}", moment.by)
