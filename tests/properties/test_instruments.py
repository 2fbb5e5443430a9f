"""What holds of instruments whatever they say: narrower never allows more, both sides agree, texts round-trip."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from passerelle.core.clock import MILLISECONDS_A_DAY, add_duration, day_of, from_iso
from passerelle.core.json import canonical
from passerelle.instruments.decide import Request, decide
from passerelle.instruments.errors import InstrumentStateError
from passerelle.instruments.kinds import Instrument
from passerelle.instruments.lifecycle import propose, reject, sign, terminate
from passerelle.instruments.model import digest_of, from_value, parse
from passerelle.instruments.standing import Standing, standing
from passerelle.instruments.text import difference
from passerelle.ports import records
from tests.unit.instruments.samples import SIGNED, agreement, channel, request, signed

AGREEMENT = agreement()
DIGEST = digest_of(AGREEMENT)
DAY = MILLISECONDS_A_DAY
LEVELS = [
    {"be": "unclassified", "ma": "non-classifie"},
    {"be": "restricted", "ma": "diffusion-restreinte"},
    {"be": "confidential", "ma": "confidentiel"},
]
FIELDS = [
    "subjects.*",
    "subjects.names",
    "subjects.births",
    "body.*",
    "body.warrant",
    "body.warrant.court",
    "reference",
]
FILLED = ["subjects.names", "subjects.names.text", "subjects.births", "body.warrant", "body.warrant.court", "reference"]
POOLS = {
    "purposes": ["criminal-investigation", "prosecution", "extradition"],
    "articles": ["5(1)", "7(1)", "7(2)"],
    "fields": FIELDS,
    "categories": ["suspect", "wanted", "listed"],
    "handling": ["H0", "H1", "H2"],
    "lanes": ["routine", "flash"],
}
SEARCHED = {POOLS["purposes"][0], POOLS["categories"][0]}
ACTS = ["request", "reply", "arrested"]
SERVICES = {"police": "police", "justice": "justice"}
TYPES = {"wanted-trace": "11" * 32, "listed-person": "22" * 32}
DAYS = [f"2026-0{month}-0{day}" for month in (1, 2, 3) for day in (1, 5, 9)]


def some(pool, least=1):
    return st.lists(st.sampled_from(pool), min_size=least, unique=True)


@st.composite
def type_entries(draw):
    acts = draw(st.one_of(st.just(["*"]), some(ACTS)))
    return {"acts": acts, "four_eyes": draw(some(ACTS if acts == ["*"] else acts, 0))}


@st.composite
def wide_channels(draw) -> dict[str, Any]:
    """The parts of a channel that decisions depend on."""
    first, last = sorted(draw(some(DAYS, 2))[:2])
    return {
        **{key: draw(some(pool)) for key, pool in POOLS.items()},
        "types": {name: draw(type_entries()) for name in draw(some(list(TYPES)))},
        "services": draw(some(list(SERVICES))),
        "ceiling": draw(st.integers(0, 2)),
        "retention": draw(st.integers(1, 60)),
        "grace": draw(st.integers(0, 10)),
        "bytes": draw(st.integers(1, 5000)),
        "valid": {"from": first, "until": last},
        "search": draw(st.none() | searches()),
    }


@st.composite
def searches(draw) -> dict[str, Any]:
    """What may be searched: of the first purposes and categories, which every channel that has it has, too."""
    burst = draw(st.integers(10, 5000))
    quota = {"burst": burst, "day": draw(st.integers(burst, 90_000))}
    return {"purposes": POOLS["purposes"][:1], "categories": POOLS["categories"][:1], "quota": quota}


@st.composite
def narrowings(draw, wide: dict[str, Any]) -> dict[str, Any]:
    """The same channel or a narrower one, in any number of its parts."""
    narrow = dict(wide)

    def fewer(pool):
        return draw(some(pool)) if draw(st.booleans()) else pool

    for key in ("purposes", "articles", "categories", "handling", "lanes", "services"):
        narrow[key] = fewer(wide[key])
    # A pattern may also be replaced by one that it covers.
    covered = [
        field
        for field in FIELDS
        if any(field == old or (old.endswith(".*") and field[:-1].startswith(old[:-1])) for old in wide["fields"])
    ]
    narrow["fields"] = fewer(sorted({*wide["fields"], *covered})) if draw(st.booleans()) else fewer(wide["fields"])
    narrow["types"] = {}
    for name in fewer(list(wide["types"])):
        entry = wide["types"][name]
        acts = fewer(ACTS if entry["acts"] == ["*"] and draw(st.booleans()) else entry["acts"])
        more = set(entry["four_eyes"]) | set(draw(some(ACTS, 0)))
        narrow["types"][name] = {"acts": acts, "four_eyes": sorted(more if acts == ["*"] else more & set(acts))}
    for key, least in (("ceiling", 0), ("retention", 1), ("grace", 0), ("bytes", 1)):
        narrow[key] = draw(st.integers(least, wide[key]))
    inside = [day for day in DAYS if wide["valid"]["from"] <= day <= wide["valid"]["until"]]
    if draw(st.booleans()) and len(inside) > 1:
        first, last = sorted(draw(some(inside, 2))[:2])
        narrow["valid"] = {"from": first, "until": last}
    return narrow


def bytes_of(parts: dict[str, Any]) -> bytes:
    search = parts["search"] if parts["search"] and {*parts["purposes"], *parts["categories"]} >= SEARCHED else None
    taken = dict.fromkeys(SERVICES.keys() - set(parts["services"]))
    return channel(
        DIGEST,
        {name: {"digest": TYPES[name], **entry} for name, entry in parts["types"].items()},
        **{key: parts[key] for key in (*POOLS, "valid")},
        sides={"be": {"services": taken}, "ma": {"services": taken}},
        classification={"levels": LEVELS, "ceiling": LEVELS[parts["ceiling"]]},
        retention=f"P{parts['retention']}D",
        grace=f"P{parts['grace']}D",
        limits={"bytes": parts["bytes"]},
        search=search,
    )


SPOILT = [
    "lane", "type", "type_digest", "act", "purpose", "basis", "recipient", "handling", "classification", "retention",
    "fields", "special", "categories", "releaser", "written", "size",
]  # fmt: skip


@st.composite
def requests(draw, parts: dict[str, Any]) -> Request:
    """A request that the channel allows by its text, but for at most two parts, which may be anything."""
    spoilt = draw(st.lists(st.sampled_from(SPOILT), max_size=2))

    def one(part, allowed, pool):
        return draw(st.sampled_from(sorted(pool if part in spoilt else allowed)))

    def many(part, allowed, pool):
        return frozenset(draw(some(sorted(pool if part in spoilt else allowed), 0))) if allowed else frozenset()

    begins, ends = (from_iso(f"{parts['valid'][key]}T00:00:00Z") for key in ("from", "until"))
    inside = [begins, begins + 1, ends - 1, ends, ends + DAY - 1]
    written = one("written", inside, [begins - 1, ends + DAY, *inside, *(from_iso(f"{day}T00:00:00Z") for day in DAYS)])
    keep = one("retention", [0, 1, parts["retention"]], [-1, 0, 1, parts["retention"], parts["retention"] + 1, 61])
    name = one("type", parts["types"], TYPES)
    entry = parts["types"].get(name, {"acts": ["*"], "four_eyes": []})
    filled = [field.replace("*", "names") for field in parts["fields"]]
    named = [field for field in parts["fields"] if "*" not in field]
    return request(
        lane=one("lane", parts["lanes"], POOLS["lanes"]),
        type=name,
        type_digest=one("type_digest", [TYPES[name]], TYPES.values()),
        act=one("act", ACTS if entry["acts"] == ["*"] else entry["acts"], ACTS),
        opening=draw(st.booleans()),
        wind_down=draw(st.booleans()),
        purpose=one("purpose", parts["purposes"], POOLS["purposes"]),
        basis=one("basis", parts["articles"], POOLS["articles"]),
        recipient=one("recipient", parts["services"], SERVICES),
        handling=many("handling", parts["handling"], POOLS["handling"]),
        classification=one(
            "classification", [row["be"] for row in LEVELS[: parts["ceiling"] + 1]], [row["be"] for row in LEVELS]
        ),
        retention=day_of(written + keep * DAY),
        fields=many("fields", [*filled, *(f"{field}.text" for field in filled)], FILLED),
        special=many("special", named, FILLED),
        categories=many("categories", parts["categories"], POOLS["categories"]),
        author="be-017",
        releaser=one("releaser", ["be-003"], ["be-017"]),
        written=written,
        size=one("size", [1, parts["bytes"]], [parts["bytes"] + 1, 5001]),
    )


# Mostly at once, else as a courier who takes days.
delays = st.one_of(st.just(0), st.integers(0, 12))


@st.composite
def endings(draw) -> dict[str, Any]:
    """What may have happened to a channel that both signed."""
    if not draw(st.booleans()):
        return {}
    day = draw(st.sampled_from(DAYS))
    return {"terminated": from_iso(f"{day}T00:00:00Z"), "terminated_by": draw(st.sampled_from(["be", "ma"]))}


def stands(body: bytes, node: str, changes: dict[str, Any], successors: tuple[Standing, ...] = ()) -> Standing:
    partner = "ma" if node == "be" else "be"
    return standing(signed(body, partner=partner, **changes), standing(signed(AGREEMENT, partner=partner)), successors)


@given(st.data())
def test_a_narrower_channel_never_allows_more(data):
    wide = data.draw(wide_channels())
    narrow = data.draw(narrowings(wide))
    changes = data.draw(endings())
    asked = data.draw(requests(narrow))
    leaving = data.draw(st.booleans())
    node = "be" if leaving else "ma"
    now = asked.written if leaving else asked.written + data.draw(delays) * DAY
    # To name a field that only a star covered grants it as a special category of data too: that is no narrowing.
    newly_named = set(narrow["fields"]) - set(wide["fields"])
    asked = msgspec.structs.replace(asked, leaving=leaving, special=asked.special - newly_named)
    allowed = decide(asked, stands(bytes_of(narrow), node, changes), now).allowed
    event(f"allowed under the narrow one: {allowed}")
    if allowed:
        assert decide(asked, stands(bytes_of(wide), node, changes), now).reasons == ()


@given(st.data())
def test_a_narrower_record_never_allows_more(data):
    """The same of what happened: a later signature, or an end."""
    parts = data.draw(wide_channels())
    asked = data.draw(requests(parts))
    now = asked.written + data.draw(delays) * DAY
    wide = data.draw(endings())
    narrow = wide | {"own_signed": from_iso(f"{data.draw(st.sampled_from(DAYS))}T00:00:00Z")}
    if not wide:
        narrow |= data.draw(endings())
    allowed = decide(asked, stands(bytes_of(parts), "ma", narrow), now).allowed
    event(f"allowed under the lesser one: {allowed}")
    if allowed:
        assert decide(asked, stands(bytes_of(parts), "ma", wide), now).reasons == ()


@given(st.data())
def test_what_may_leave_may_enter(data):
    """The partner, with the same records, accepts what left, if it arrives within the grace and its retention."""
    parts = data.draw(wide_channels())
    body = bytes_of(parts)
    changes = data.draw(endings())
    sender: tuple[Standing, ...] = ()
    receiver: tuple[Standing, ...] = ()
    if data.draw(st.booleans()):
        new = bytes_of(parts | {"valid": {"from": data.draw(st.sampled_from(DAYS)), "until": "2026-04-01"}})
        new = canonical(json.loads(new) | {"supersedes": digest_of(body)})
        receipted = data.draw(st.booleans())
        sender, receiver = (stands(new, "be", {"own_cosigned": receipted}),), (stands(new, "ma", {}),)
    asked = msgspec.structs.replace(data.draw(requests(parts)), leaving=True)
    sent = decide(asked, stands(body, "be", changes, sender), asked.written).allowed
    event(f"sent: {sent}")
    if sent:
        latest = min(
            add_duration(asked.written, f"P{parts['grace']}D"), from_iso(f"{asked.retention}T00:00:00Z") + DAY - 1
        )
        entered = msgspec.structs.replace(asked, leaving=False)
        for now in (asked.written, max(latest, asked.written)):
            assert decide(entered, stands(body, "ma", changes, receiver), now).reasons == ()


@given(wide_channels())
def test_parse_and_canonical_round_trip(parts):
    body = bytes_of(parts)
    made = parse(body)
    assert made.body == body
    assert canonical(json.loads(made.body)) == body
    assert from_value(json.loads(body)) == made
    assert made.digest == digest_of(body)


@given(wide_channels(), wide_channels())
def test_one_digest_for_one_text(one, other):
    assert (bytes_of(one) == bytes_of(other)) == (digest_of(bytes_of(one)) == digest_of(bytes_of(other)))


values = st.recursive(
    st.integers(-3, 3) | st.booleans() | st.sampled_from(["", "a", "b", "7"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "number"]), inner, max_size=3)
        | st.lists(st.fixed_dictionaries({"number": st.sampled_from(["7", "8", "9"]), "subject": inner}), max_size=3)
    ),
    max_leaves=12,
)


def bare(value: Any) -> Instrument:
    body = canonical({"x": value})
    return Instrument(kind="x", digest=digest_of(body), body=body, title="", parties=("be", "ma"), begins=0, ends=None)


@given(values, values)
def test_the_difference_is_empty_exactly_when_the_texts_are_equal(one, other):
    old, new = bare(one), bare(other)
    assert (difference(old, new) == []) == (old.body == new.body)
    assert difference(old, old) == []
    for change in difference(old, new):
        assert canonical(change.old) != canonical(change.new)


class Node:
    """One side's record of one channel, its clock, and what it sent that the other has not read yet."""

    def __init__(self, name: str, partner: str, skew: int) -> None:
        self.name, self.clock = name, SIGNED + skew
        self.known = {DIGEST: signed(AGREEMENT, partner=partner)}
        body = channel(DIGEST)
        self.record = propose(body, node=name, partner=partner, proposer="be", time=SIGNED, known=self.known)
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def take(self, step: str, parts: dict[str, Any]) -> bool:
        try:
            if step == "sign":
                self.record = sign(self.record, known=self.known, **parts)
            else:
                self.record = {"reject": reject, "terminate": terminate}[step](self.record, **parts)
        except InstrumentStateError:
            return False
        return True

    def act(self, step: str, ahead: int) -> None:
        self.clock += 1
        parts: dict[str, Any] = {"side": self.name, "time": self.clock}
        parts |= {"message": f"{self.name}-{self.clock}"} if step == "sign" else {"reason": "because"}
        if step == "terminate":
            parts["effective"] = self.clock + ahead
        if self.take(step, parts):
            self.sent.append((step, parts))

    def governs(self) -> tuple[int, int] | None:
        """Since and until when, as this node sees it."""
        here = standing(self.record, standing(self.known[DIGEST]))
        return None if here.effective_at is None else (here.effective_at, here.calm_until)


step = st.tuples(
    st.sampled_from(["be", "ma"]),
    st.sampled_from(["sign", "sign", "read", "read", "terminate", "reject"]),
    st.integers(0, 9),
)
signing = st.permutations([("be", "sign", 0), ("ma", "sign", 0), ("be", "read", 0), ("ma", "read", 0)])
steps = st.one_of(
    st.lists(step, max_size=12), st.tuples(signing, st.lists(step, max_size=6)).map(lambda both: both[0] + both[1])
)
AFTER_START = 32 * DAY


@given(steps, st.integers(-5, 5), st.sampled_from([0, AFTER_START]))
def test_both_nodes_agree_when_a_channel_governs_whatever_crosses(steps, skew, start):
    nodes = {"be": Node("be", "ma", start), "ma": Node("ma", "be", start + skew)}
    others = {"be": nodes["ma"], "ma": nodes["be"]}
    for name, step, ahead in steps:
        if step == "read" and others[name].sent:
            nodes[name].take(*others[name].sent.pop(0))
        elif step != "read":
            nodes[name].act(step, ahead)
    for name, node in nodes.items():
        for message in others[name].sent:
            node.take(*message)
    event(f"governs: {nodes['be'].governs() is not None}")
    assert nodes["be"].governs() == nodes["ma"].governs()


@given(st.data())
def test_messages_repeated_by_the_network_change_nothing(data):
    record: records.Instrument = Node("be", "ma", 0).record
    node = Node("be", "ma", 0)
    for side, step, ahead in data.draw(steps):
        if step == "read":
            continue
        node.clock += 1
        parts: dict[str, Any] = {"side": side, "time": node.clock}
        parts |= {"message": f"m{node.clock}"} if step == "sign" else {"reason": "because"}
        if step == "terminate":
            parts["effective"] = node.clock + ahead
        if node.take(step, parts):
            record = node.record
            node.take(step, parts)
            assert node.record == record


@pytest.mark.parametrize("leaving", [True, False])
def test_the_sample_is_allowed_so_the_properties_are_not_empty(leaving):
    body = channel(DIGEST)
    asked = request(leaving=leaving)
    assert decide(asked, stands(body, "be" if leaving else "ma", {}), asked.written).allowed
