"""A pair of nodes that may search each other's indexes: be asks, ma holds."""

import hashlib
from typing import Any

import msgspec

from passerelle.core.clock import MILLISECONDS_A_DAY
from passerelle.exchange.manifests import Announced
from passerelle.ports.search import Question
from tests.peers.pair import Pair

SEARCH = {
    "purposes": ["tracing-wanted-persons"],
    "categories": ["suspect", "wanted"],
    "quota": {"burst": 2000, "day": 20_000},
}
"""What a channel says of searching."""


def announced(pair: Pair, **changes: Any) -> Announced:
    """A manifest of ma for be, of a table that is nowhere."""
    now = pair.clock.now()
    made = Announced(
        index="wanted",
        partner="be",
        holder="ma",
        channel=pair.channel,
        purposes=("tracing-wanted-persons",),
        kind="base",
        number=1,
        public=hashlib.sha256(b"public").digest(),
        root=hashlib.sha256(b"root").digest(),
        count=1024,
        shards=1,
        shard_size=20_000,
        published=now,
        expires=now + 38 * MILLISECONDS_A_DAY,
        delta_every="PT2H",
    )
    return msgspec.structs.replace(made, **changes)


def question_row(pair: Pair, **changes: Any) -> Question:
    """A question of be that waits."""
    now = pair.clock.now()
    made = Question(
        id="0" * 32,
        partner="ma",
        index="wanted",
        channel=pair.channel,
        domain="wanted-persons",
        purpose="tracing-wanted-persons",
        basis="dossier",
        dossier="",
        about="",
        by="ann",
        asked=now,
        persons=1,
        keys=1,
        count=10,
        elements=bytes(32),
        commitment=bytes(32),
        audit="",
        expires=now + MILLISECONDS_A_DAY,
    )
    return msgspec.structs.replace(made, **changes)
