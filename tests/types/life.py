"""One dossier of one type between two nodes, and what each node stops, at which check."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from passerelle.core import json
from passerelle.exchange.desk import RefusedError
from passerelle.ports.records import CONTENTS
from tests.peers.pair import Pair, Peer
from tests.types import Sample, samples
from tests.types.walks import ASKING, NO_QUESTION
from tests.unit.dossiers.samples import Content

NODES = {"opener": "be", "answerer": "ma", "be": "be", "ma": "ma"}
"""The node of each side: `be` opens every dossier of these tests."""


@contextmanager
def unchecked(peer: Peer) -> Iterator[None]:
    """A node that lets everything leave: what the partner's own checks are for."""
    policy = peer.ctx.policy
    object.__setattr__(peer.ctx, "policy", replace(policy, check_own=False))
    try:
        yield
    finally:
        object.__setattr__(peer.ctx, "policy", policy)


class Life:
    """One dossier of one type between two nodes. Whoever acts is named by side or by node."""

    def __init__(self, pair: Pair, sample: Sample | str, lane: str = "routine") -> None:
        self.pair, self.lane = pair, lane
        self.sample = samples()[sample] if isinstance(sample, str) else sample
        self.dossier = ""
        self.answer = ""  # the message that a test asks about
        self.last: dict[str, str] = {}  # messages, by node and by act

    def begin(self, act: str = "", **changes: Any) -> Any:
        """The opening act of the sample's life, or another one. `author`, `releaser`, `second`: its people."""
        people = {key: changes.pop(key) for key in ("author", "releaser", "second") if key in changes}
        content = self.sample.act(act, **changes) if act else self.sample.opening(**changes)
        self.dossier = content["dossier"]
        return self._post("be", content, people)

    def say(self, by: str, name: str, **changes: Any) -> Any:
        """An act of this side, which names the message that it must unless `message` says which."""
        return self._post(NODES[by], self.content(by, name, **changes), {})

    def content(self, by: str, name: str, **changes: Any) -> Content:
        """The act that `say` would post; an answer is to the last question, unless it says to which."""
        given = "message" in changes or "message" in changes.get("body", {})
        if not given and (message := self.named(NODES[by], name)):
            changes["message"] = message
        made = self.sample.act(name, **{"dossier": self.dossier} | changes)
        if made["body"].get("question") == NO_QUESTION:
            made["body"]["question"] = self.last.get("question", NO_QUESTION)
        return made

    def named(self, node: str, name: str) -> str:
        """The message that an act of this node names: the last of the act that its rules ask for, or of a side."""
        act = self.sample.kind.acts[name]
        if name in self.sample.names:
            return self.last[self.sample.names[name]]
        if "message" not in act.schema.get("required", ()):
            return ""
        return self.last[node if act.by != "receiver" else self.pair.other(self.pair.peer(node)).ctx.name]

    def play(self, *steps: Any) -> list[str]:
        """Opens and takes the steps of a life, the sample's when none are given. The states as they were entered."""
        steps = steps or tuple(self.sample.life)
        self.begin(**(steps[0][2] if len(steps[0]) > 2 else {}))
        states = [self.state]
        for by, name, *more in steps[1:]:
            self.say(by, name, **(more[0] if more else {}))
            if states[-1] != self.state:
                states.append(self.state)
        return states

    def _post(self, node: str, content: Content, people: dict[str, str]) -> Any:
        message = self.pair.post(node, content, self.lane, **people)
        self.pair.settle("routine", "flash")
        self.last[node] = self.last[message.act] = message.id
        if message.act in ASKING:
            self.last["question"] = message.id
        return message

    @property
    def state(self) -> str:
        here, there = self.pair.be.dossier(self.dossier), self.pair.ma.dossier(self.dossier)
        assert here.standing == there.standing
        return str(here.state)


def stopped(pair: Pair, content: Content, by: str = "be", lane: str = "routine", **people: str) -> tuple[str, ...]:
    """The checks that an act fails: the same at the desk that writes it and, let out all the same, at the partner's."""
    peer, other = pair.peer(by), pair.other(pair.peer(by))
    with pytest.raises(RefusedError) as caught:
        pair.post(by, content, lane, **people)
    with unchecked(peer):
        message = pair.post(by, content, lane, **people)
    pair.settle("routine", "flash")
    refused = other.message(message.id)
    assert refused.state == "refused"
    assert refused.reason == "; ".join(one.words for one in caught.value.objections)[:2000]
    assert other.store.read(lambda tx: tx.get(CONTENTS, message.id)) is None, "its content is not kept"
    checks = peer.message(message.id).checks
    assert set(checks) == {str(one.check) for one in caught.value.objections}
    return tuple(checks)


def stops(life: Life, by: str, name: str, **changes: Any) -> tuple[str, ...]:
    """The checks that the next act of this side fails, as `stopped` says."""
    return stopped(life.pair, life.content(by, name, **changes), by=NODES[by])


def reasons(pair: Pair, content: Content, by: str = "be", lane: str = "routine", **people: str) -> list[str]:
    """What the desk tells an author whose act it stops."""
    with pytest.raises(RefusedError) as caught:
        pair.post(by, content, lane, **people)
    return [one.words for one in caught.value.objections]


def contents(peer: Peer, act: str) -> list[Content]:
    """All contents of this act that a node holds."""
    found = peer.store.read(lambda tx: tx.scan(CONTENTS, limit=1000))
    read = [json.parse_object(bytes(one.body)) for one in found]
    return [one for one in read if one.get("act") == act]
