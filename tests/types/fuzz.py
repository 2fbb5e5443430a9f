"""Acts of all types, valid and with one broken constraint, judged by two nodes; how many slipped through.

    python -m tests.types.fuzz [--acts N] [--seed N] [--type NAME]

`--acts`: valid acts to make out of the schemas, shared out among the types; each is then broken in every way that its
schema and the rules beside it give. The last line says how many were tried. When one slipped through (a valid act that
a node refused, a bad one that a node let pass, one that the two ends refused unlike) the exit code is 1.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from passerelle.core.ids import new_id
from passerelle.dossiers.rules import Names, Side
from tests.types import Sample, samples
from tests.types.breaking import Bad, beyond
from tests.types.trial import Trial, told
from tests.types.walks import SIDES, candidates, places, refused
from tests.unit.dossiers.generate import Maker, breakings, broken, make
from tests.unit.dossiers.samples import Content

TWO = settings(max_examples=2, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
"""The first example is the plainest one, the second any."""


READ_FIRST = ("v", "kind", "id", "governance", "after")
"""What all kinds of messages share is read before anything else; `test_forgeries_content` shows how."""


class Fuzz:
    """What was tried on one type, and what slipped through."""

    def __init__(self, sample: Sample, random: Random) -> None:
        self.sample, self.random = sample, random
        self.trial = Trial(sample)
        self.maker = Maker(sample.kind)
        self.valid = self.bad = 0
        self.slipped: list[Any] = []

    # ---- what is tried

    def samples(self, schema_breaks: int) -> None:
        """The acts of the sample: valid, then broken in so many ways of the schema and all ways beyond it."""
        for side, name, content in self.trial.acts():
            self.passes(side, name, content)
            self.breaks(side, name, content, schema_breaks)
            for bad in beyond(self.sample, side, self.sample.kind.acts[name], content):
                self.refuses(side, name, content, bad)

    def generated(self, number: int, breaks: int | None = None) -> None:
        """So many valid acts made out of the schemas; each then broken in `breaks` ways of its schema, or in all."""
        acts = list(self.trial.acts())
        for turn in range(0, number, len(acts)):
            for side, name, content in acts[: number - turn]:
                for made in self.made(name, content):
                    self.passes(side, name, made)
                    self.breaks(side, name, made, breaks)

    def out_of_order(self) -> None:
        """In every state each act that may not be done there, by each side."""
        for place in places(self.sample):
            for act in self.sample.kind.acts.values():
                for side in SIDES:
                    for move in candidates(self.sample, place.way, act, side):
                        if problems := refused(self.sample, place.way, place.standing, move):
                            not_its = act.by in SIDES and act.by != side
                            content = self.trial.content(place.way, move)
                            if act.opening:  # as somebody would who opens a dossier again
                                content["after"] = []
                            path = "act" if not_its else "dossier" if act.opening else problems[0].path
                            bad = Bad("9" if not_its else "10", path, lambda content: None)
                            self.refuses(side, act.name, content, bad)
        for side, name, content in self.trial.acts():
            if not self.sample.kind.acts[name].opening:
                unknown = {**content, "dossier": content["id"], "after": []}
                self.refuses(side, name, unknown, Bad("10", "dossier", lambda content: None))

    def wire(self, each: int) -> None:
        """So many bad acts of each act and side, let out unchecked."""
        for side in SIDES:
            out: list[tuple[str, Content, Any]] = []
            for by, name, content in self.trial.acts():
                ways = self.ways(name, content) if by == side else []
                ways = [one for one in ways if one[0].partition("[")[0] not in READ_FIRST]
                for _, change in self.random.sample(ways, min(each, len(ways))):
                    made = {**broken(content, change), "id": new_id()}
                    out.append((name, made, self.trial.judged(side, made)[0]))
            for (name, _, desk), row in zip(out, self.trial.sent(side, [one[1] for one in out]), strict=True):
                self.bad += 1
                words = "; ".join(one.words for one in desk)[:2000]
                if row.state != "refused" or set(row.checks) != {str(one.check) for one in desk} or row.reason != words:
                    self.slipped.append((side, name, "over the wire", row.state, row.checks, row.reason, words))

    # ---- how

    def made(self, name: str, content: Content) -> Iterator[Content]:
        """Some valid content of an act, made out of its schemas; none when none was found."""
        act = self.sample.kind.acts[name]
        found: list[Content] = []

        @st.composite
        def made(draw: st.DrawFn) -> Content:
            return make(draw, self.maker, act, content, self.kept(name))

        @seed(self.random.getrandbits(32))
        @settings(
            max_examples=2,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(made())
        def collect(one: Content) -> None:
            found.append(one)

        collect()
        yield from found[-1:]

    def kept(self, name: str) -> frozenset[str]:
        """The fields that rules about the dossier look at: they stay as the sample has them, where it stands."""
        act = self.sample.kind.acts[name]
        looked_at = {name for rule in act.rules for name in rule.own()} | {rule.field for rule in act.figures}
        looked_at |= {rule.since for rule in act.rules if isinstance(rule, Names) and rule.since}
        return frozenset({"message"}) | frozenset(act.remembered) | looked_at

    def ways(self, name: str, content: Content) -> list[Any]:
        """Each way to break one constraint that a schema says."""
        kind, act = self.sample.kind, self.sample.kind.acts[name]
        whole = {**kind.envelope, "properties": {**kind.envelope["properties"], "body": dict(act.schema)}}
        defs = {**act.schema["$defs"], **kind.envelope["$defs"]}
        return [*breakings(whole, defs, content, []), *breakings(dict(act.schema), defs, content["body"], ["body"])]

    def passes(self, side: Side, name: str, content: Content) -> None:
        self.valid += 1
        desk, receiver = self.trial.judged(side, content)
        if desk or receiver:
            self.slipped.append((side, name, "is valid", told(desk), told(receiver), [str(one.words) for one in desk]))

    def breaks(self, side: Side, name: str, content: Content, most: int | None) -> None:
        ways = self.ways(name, content)
        if most is not None:
            ways = self.random.sample(ways, min(most, len(ways)))
        for path, change in ways:
            self.refuses(side, name, content, Bad("9", path, change))

    def refuses(self, side: Side, name: str, content: Content, bad: Bad) -> None:
        """Both ends refuse the content with this check, at this path, alike."""
        self.bad += 1
        made = broken(content, bad.change)
        desk, receiver = (told(one) for one in self.trial.judged(side, made, bad.lane))
        there = any(
            check == bad.check and (path == bad.path or path.startswith((f"{bad.path}[", f"{bad.path}.")))
            for check, path in receiver
        )
        if desk != receiver or not there or {check for check, _ in desk} != {bad.check}:
            self.slipped.append((side, name, bad.check, bad.path, desk, receiver))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--acts", type=int, default=1000, help="valid acts made out of the schemas, of all types together"
    )
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--type", choices=sorted(samples()), help="of this type alone")
    given_ = parser.parse_args(arguments)
    chosen = [samples()[given_.type]] if given_.type else list(samples().values())
    print(f"fuzz: {given_.acts} acts of {len(chosen)} types from seed {given_.seed}", flush=True)
    valid = bad = slipped = 0
    for sample in chosen:
        fuzz = Fuzz(sample, Random(f"{given_.seed} {sample.name}"))
        fuzz.samples(0)
        fuzz.generated(-(-given_.acts // len(chosen)))
        fuzz.out_of_order()
        fuzz.wire(3)
        valid, bad, slipped = valid + fuzz.valid, bad + fuzz.bad, slipped + len(fuzz.slipped)
        said = f"{fuzz.valid} valid acts, {fuzz.bad} bad ones, {len(fuzz.slipped)} slipped through"
        print(f"fuzz: {sample.name}: {said}", flush=True)
        for one in fuzz.slipped[:20]:
            print("  ", *one)
    print(f"fuzz: {valid} valid acts, {bad} bad ones, {slipped} slipped through")
    return 1 if slipped else 0


if __name__ == "__main__":
    sys.exit(main())
