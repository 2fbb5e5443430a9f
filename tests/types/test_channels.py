"""What a channel may say of dossier types: purposes of their areas, acts and deadlines that they have."""

from typing import Any

import pytest

from passerelle.core.errors import InputError
from passerelle.exchange import governance
from passerelle.ports.records import INSTRUMENTS
from tests.peers.pair import Peer, partners, texts, types_for


def test_no_channel_for_crime_can_be_signed_with_the_type_nor_one_for_migration_with_another() -> None:
    pair = partners()
    every = types_for("criminal") | types_for("migration")
    crime = texts.channel(pair.agreement, every, title="Everything at once").decode()
    migration = texts.migration_channel(pair.agreement, every, title="Everything at once").decode()
    with pytest.raises(InputError, match=r"types\.identification: expected a channel for migration purposes"):
        governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=crime)
    with pytest.raises(InputError, match=r"types\.wanted-trace: expected a channel for criminal purposes"):
        governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=migration)


def test_what_a_partner_proposes_is_looked_at_before_it_is_signed() -> None:
    """A partner whose node does not look (it has other types) proposes; this one does not sign."""
    pair = partners()
    every = types_for("criminal") | types_for("migration")
    body = texts.channel(pair.agreement, every, title="Everything at once").decode()
    types = dict(pair.ma.ctx.catalogue.types)
    object.__setattr__(pair.ma.ctx.catalogue, "types", {})
    try:
        made = governance.act(pair.ma.ctx, "be", "instrument.propose", "officer", instrument=body)
    finally:
        object.__setattr__(pair.ma.ctx.catalogue, "types", types)
    pair.settle("governance")
    with pytest.raises(InputError, match=r"types\.identification"):
        governance.act(pair.be.ctx, "ma", "instrument.sign", "chief", digest=made.digest)
    assert not stored(pair.be, made.digest).own_signed


SEARCH = {"purposes": ["criminal-investigation"], "categories": ["listed"], "quota": {"burst": 500, "day": 9000}}


@pytest.mark.parametrize(
    ("names", "fits"),
    [
        (["border-data"], True),  # opens with a hit
        (["cyber", "listed-person"], True),  # has persons of that category for an index
        (["wanted-trace"], False),  # has others
        (["cyber", "extradition"], False),
    ],
)
def test_what_may_be_searched_is_something(names: list[str], fits: bool) -> None:
    pair = partners()
    types = {name: one for name, one in types_for("criminal").items() if name in names}
    assert len(types) == len(names)
    body = texts.channel(pair.agreement, types, title="Search", search=SEARCH).decode()
    if fits:
        assert governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=body)
        return
    with pytest.raises(InputError, match=r"search: expected a type that opens with a hit, or whose listed may stand"):
        governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=body)


def test_of_a_type_that_is_not_here_nothing_is_said() -> None:
    pair = partners()
    types = {"wanted-trace": types_for("criminal")["wanted-trace"], "visit": {"digest": "ab" * 32}}
    body = texts.channel(pair.agreement, types, title="Search", search=SEARCH).decode()
    assert governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=body)


def stored(peer: Peer, digest: str) -> Any:
    return peer.store.read(lambda tx: tx.get(INSTRUMENTS, digest))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"acts": ["request", "requests"]}, r"types\.identification\.acts: .*got requests"),
        ({"deadlines": {"answers": "P30D"}}, r"types\.identification\.deadlines: .*got answers"),
        ({"acts": ["*"], "four_eyes": ["dance"]}, r"types\.identification\.four_eyes: .*got dance"),
    ],
)
def test_a_channel_names_acts_and_deadlines_that_its_types_have(entry: dict[str, Any], words: str) -> None:
    pair = partners()
    types = {name: one | entry for name, one in types_for("migration").items()}
    body = texts.migration_channel(pair.agreement, types).decode()
    with pytest.raises(InputError, match=words):
        governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=body)


def test_a_channel_exceeds_no_treaty_limit_and_gives_the_laissez_passer_its_time() -> None:
    pair = partners()
    types = types_for("migration")
    types["identification"]["deadlines"] = {"laissez-passer": "P5D"}
    assert pair.sign(texts.migration_channel(pair.agreement, types))
    types = types_for("criminal")
    types["wanted-trace"]["deadlines"] = {"extradition-request": "P41D"}
    body = texts.channel(pair.agreement, types, title="Too long").decode()
    with pytest.raises(InputError, match=r"extradition-request: expected at most P40D, got P41D"):
        governance.act(pair.be.ctx, "ma", "instrument.propose", "officer", instrument=body)
