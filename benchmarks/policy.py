"""Decisions a second of the office's policy, beside Cedar alone on the same requests in the same run.

    ./run bench policy            # 2,000 different questions: 40 persons, what officers do all day
    ./run bench policy --quick

- *kept*: `Policy.decide` when the question was asked before. What is kept is named by the whole question (person,
  grants in force, action, all facts), so nothing has to be thrown away when a grant or a day changes;
- *asked anew*: `Policy.decide_anew`: hard rules, entities made and checked against the schema, Cedar. The words of a
  refusal are made afterwards (`explaining`), for those that a person reads;
- *from the store*: `asking.may` in a read transaction: person, grants and policy version read each time;
- *Cedar alone*: `cedarpy.is_authorized` with the policies parsed once and the entities of each request as text that is
  at hand already, checked against the parsed schema as the product does; *as text*: everything parsed for each request,
  as its first example does; *batch*: `is_authorized_batch` over one set of entities for all, parsed once.

Each of them gives the same answers, which is checked before anything is measured.
"""

import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import cedarpy

from benchmarks.table import Figure, Runs, parser, show
from passerelle.core.clock import ManualClock, from_iso
from passerelle.dossiers.types import Catalogue
from passerelle.exchange.context import Context
from passerelle.identity import keys
from passerelle.office import people, policy
from passerelle.office.asking import Office, On, may
from passerelle.office.people import NewPerson, Role
from passerelle.office.policy import Action, Holder, Policy
from passerelle.ports.people import Person
from passerelle.store import open_store
from passerelle.store.memory import MemoryStore

NOW = from_iso("2026-11-21T12:00:00Z")
DOMAINS = ("wanted-persons", "irregular-stay", "counter-terrorism", "financial-intelligence")
ACTIONS = (
    Action.DOSSIER_LOOK,
    Action.DOSSIER_READ,
    Action.DOSSIER_OPEN,
    Action.DOSSIER_ACT,
    Action.DRAFT_EDIT,
    Action.DRAFT_RELEASE,
    Action.DRAFT_RELEASE_ON_DUTY,
    Action.DOSSIER_ASSIGN,
    Action.QUEUE_LOOK,
    Action.EVIDENCE_EXPORT,
)


class Question(NamedTuple):
    """Who, what, to what; and the same as Cedar takes it."""

    who: Holder
    action: Action
    on: On
    request: dict[str, Any]
    entities: str


def questions(number: int) -> list[Question]:
    chance = random.Random(20)
    holders = []
    for person in range(40):
        held = {(chance.choice(list(Role)).value, chance.choice((*DOMAINS, "*"))) for _ in range(chance.randint(1, 4))}
        holders.append(Holder(f"p{person}", tuple(sorted(held))))
    made = []
    for one in range(number):
        who, action = chance.choice(holders), chance.choice(ACTIONS)
        on = On(
            kind=action.value.partition(".")[0],
            id=f"{one:08d}",
            domain=chance.choice(DOMAINS),
            lane=chance.choice(("routine", "routine", "flash")),
            type="wanted-trace",
            act="request",
            author=chance.choice(holders).id,
            magistrate=chance.random() < 0.1,
            four_eyes=chance.random() < 0.8,
            review=chance.random() < 0.2,
        )
        made.append(Question(who, action, on, policy.request(who, action, on), policy.entities_of(who, on)))
    return made


def together(asked: Sequence[Question]) -> tuple[list[dict[str, Any]], str]:
    """All requests over one set of entities: each question has a person of its own, whose domains are the thing's."""
    requests, entities = [], []
    for number, one in enumerate(asked):
        text = json.loads(one.entities)
        name = f"{one.who.id}#{number}"
        text[0]["uid"]["id"] = name
        if one.on.author == one.who.id:
            text[1]["attrs"]["author"]["__entity"]["id"] = name
        entities += text
        requests.append(one.request | {"principal": {"type": "Person", "id": name}})
    return requests, json.dumps(entities)


def rate(work: Callable[[], int], runs: int) -> Runs:
    """Decisions a second of some runs; `work` says how many it made."""
    values = []
    for _ in range(runs):
        begin = time.perf_counter()
        made = work()
        values.append(made / (time.perf_counter() - begin))
    return Runs(values)


def office_of(store: Any, asked: Sequence[Question]) -> tuple[Office, dict[str, Person]]:
    """An office whose people hold what the questions say."""
    node_keys = keys.NodeKeys("be", keys.generate("be"))
    ctx = Context(name="be", keys=node_keys, store=store, clock=ManualClock(NOW), catalogue=Catalogue.load())
    holders = {one.who.id: one.who for one in asked}

    def work(tx: Any) -> dict[str, Person]:
        found = {}
        for person, who in holders.items():
            found[person] = people.add(tx, NewPerson(id=person), NOW, "bench")
            for role, domain in who.held:
                people.grant(tx, person, role, NOW, "bench", domain=domain, begin="2026-01-01", until="")
        return found

    return Office(ctx, ZoneInfo("Europe/Brussels")), store.write("bench", work)


def main() -> None:
    made = parser(__doc__ or "")
    arguments = made.parse_args()
    runs = 2 if arguments.quick else 5
    asked = questions(400 if arguments.quick else 2000)
    shipped = Policy.shipped()
    parsed, schema = cedarpy.PolicySet.from_str(shipped.text), policy.schema()
    requests, all_entities = together(asked)
    entities = cedarpy.Entities.from_json_str(all_entities, schema)

    def alone() -> list[bool]:
        return [
            cedarpy.is_authorized(
                one.request, parsed, cedarpy.Entities.from_json_str(one.entities, schema)
            ).allowed
            for one in asked
        ]  # fmt: skip

    def as_text() -> int:
        few = asked[: len(asked) // 10]
        text = policy.schema_text()
        for one in few:
            cedarpy.is_authorized(one.request, shipped.text, one.entities, text)
        return len(few)

    def batch() -> list[bool]:
        return [one.allowed for one in cedarpy.is_authorized_batch(requests, parsed, entities)]

    def anew() -> list[bool]:
        return [shipped.decide_anew(one.who, one.action, one.on).allowed for one in asked]

    equal = questions(len(asked))  # the same questions in other objects, as each command makes them anew

    def kept() -> list[bool]:
        return [shipped.decide(one.who, one.action, one.on).allowed for one in equal]

    def stored(store: Any) -> Callable[[], int]:
        office, persons = office_of(store, asked)

        def work() -> int:
            def read(tx: Any) -> int:
                for one in asked:
                    may(tx, office, persons[one.who.id], one.action, one.on)
                return len(asked)

            return int(store.read(read))

        return work

    # A hard rule is a no of the product that Cedar alone knows nothing of; everywhere else they agree.
    ours, theirs = anew(), alone()
    differ = [one for one, mine, other in zip(asked, ours, theirs, strict=True) if mine != other]
    broken = [one for one in differ if not policy.hard.broken(one.who.id, one.who.held, one.action.value, one.on)]
    for one in asked:
        shipped.decide(one.who, one.action, one.on)
    if broken or kept() != ours or batch() != theirs:
        raise SystemExit(f"expected equal answers, got {len(broken)} that differ")

    number = len(asked)
    peer = rate(lambda: len(alone()), runs)
    text = rate(as_text, runs)
    bulk = rate(lambda: len(batch()), runs)
    fresh = rate(lambda: len(anew()), runs)
    again = rate(lambda: len(kept()), runs)
    memory = rate(stored(MemoryStore()), runs)
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"{folder}/store.db")
        sqlite = rate(stored(store), runs)
        store.close()
    figures = [
        Figure("kept", again, "1/s", "Cedar alone", peer),
        Figure("asked anew", fresh, "1/s", "Cedar alone", peer),
        Figure("asked anew", fresh, "1/s", "Cedar alone, as text", text),
        Figure("asked anew", fresh, "1/s", "Cedar alone, batch", bulk),
        Figure("kept", again, "1/s", "Cedar alone, batch", bulk),
        Figure("from the store (memory), decision kept", memory, "1/s", "Cedar alone", peer),
        Figure("from the store (SQLite), decision kept", sqlite, "1/s", "Cedar alone", peer),
    ]
    allowed = sum(ours)
    counted = f"{number} questions, {allowed} allowed, {len(differ)} refused by a hard rule alone"
    notes = [f"{counted}; {len(shipped.names)} policies"]
    show(figures, title="Decisions of the policy", notes=notes, as_json=arguments.json)


if __name__ == "__main__":
    main()
