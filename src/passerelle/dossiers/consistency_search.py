"""What `[search]` of a type says must fit its acts: a hit that cannot be proven, or not be answered, opens nothing.

Checked: the act that opens bears persons, and the three fields of a hit in their exact form; none of them can stand
there without the others, whatever a channel says; the answer is an act of the side that holds the index, in words that
its field has, and none of them means both.

Left unchecked: whether a claim is true. The holder of the index sees to that (`exchange/claiming`).
"""

from passerelle.dossiers.consistency_known import Known
from passerelle.dossiers.schema import resolved
from passerelle.dossiers.shapes import ActType, SearchRule

HIT = {
    "index": "^[a-z0-9][a-z0-9-]{0,63}$",
    "reference": "^[0-9a-f]{16}$",
    "claim": "^[0-9a-f]{64}$",
}
"""The fields of a hit in the body of the act that opens with it, and the pattern of each."""


class Search(Known):
    """The table `[search]` of a type, held against its acts."""

    def run(self) -> None:
        """Raise CatalogueError, the first contradiction."""
        if (rule := self.kind.search) is not None:
            self._opens(rule)
            self._answers(rule)

    def _opens(self, rule: SearchRule) -> None:
        self.one_of("search.opens", [rule.opens], self.kind.opening)
        act = self.kind.acts[rule.opens]
        path = f"acts.{act.name}"
        for name, pattern in HIT.items():
            field = act.schema.get("properties", {}).get(name)
            if field is None or resolved(field, act.schema["$defs"]).get("pattern") != pattern:
                raise self.fail(
                    f"{path}.body.properties.{name}", f"a text of {pattern}", "none" if field is None else "another"
                )
        required = act.schema.get("required", ())
        for name in ("index", "claim"):
            if name in required:
                raise self.fail(f"{path}.body.required", f"not {name}: a channel may be without search", name)
        tied = tuple(name for name in ("index", "reference") if name not in required)
        if not self._tied(act, tied):
            expected = f'when present = ["claim"], then fields = [{", ".join(tied)}], otherwise = "nothing"'
            raise self.fail(f"{path}.demands", expected, "none")
        if not act.subjects.max:
            raise self.fail(f"{path}.subjects.max", "at least 1, since a hit is of a person", "0")

    def _tied(self, act: ActType, fields: tuple[str, ...]) -> bool:
        """Whether these fields stand in the body exactly when the claim does."""
        return any(
            demand.when.present == ("claim",)
            and not (demand.when.persons or demand.when.body or demand.when.absent)
            and demand.otherwise == "nothing"
            and set(fields) <= set(demand.then.fields)
            for demand in act.demands
        )

    def _answers(self, rule: SearchRule) -> None:
        path, answers = "search.answers", rule.answers
        self.one_of(f"{path}.act", [answers.act], self.kind.acts)
        if self.kind.acts[answers.act].by not in ("answerer", "either"):
            raise self.fail(f"{path}.act", "an act of the side that holds the index", answers.act)
        for what, words in (("confirmed", answers.confirmed), ("rejected", answers.rejected)):
            if not words:
                raise self.fail(f"{path}.{what}", "at least one word", "none")
            self.where(f"{path}.{what}", answers.act, {answers.field: words})
        if both := set(answers.confirmed) & set(answers.rejected):
            raise self.fail(f"{path}.rejected", "words that do not confirm", ", ".join(sorted(both)))
