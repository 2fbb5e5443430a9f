"""Levels of both sides: the ceiling at both ends, and what the partner's level is called here."""

import pytest

from passerelle.exchange import desk
from passerelle.exchange.desk import RefusedError
from passerelle.instruments import levels
from passerelle.instruments.model import parse
from passerelle.office import casework, classified
from tests.peers.pair import acts, partners
from tests.unit.instruments import samples as texts

ROWS = [
    {"be": "unclassified", "ma": "non-classifie"},
    {"be": "restricted", "ma": "diffusion-restreinte"},
    {"be": "confidential", "ma": "confidentiel"},
]
ABOVE = {"be": "confidential", "ma": "confidentiel"}
ALLOWED = {"be": ("unclassified", "restricted"), "ma": ("non-classifie", "diffusion-restreinte")}


def trace(pair, by, level):
    act = pair.act(by, acts.wanted_request())
    return desk.Act(
        partner=act.partner,
        lane=act.lane,
        content={**act.content, "classification": level},
        author=act.author,
        releaser=act.releaser,
    )


@pytest.mark.parametrize("by", ["be", "ma"])
def test_nothing_above_the_ceiling_leaves_or_enters(by):
    pair = partners()
    other = "ma" if by == "be" else "be"
    for level in (ABOVE[by], ALLOWED[other][0], ABOVE[other], "secret"):
        with pytest.raises(RefusedError, match=r"^\[8\] classification: expected at most"):
            desk.post(pair.peer(by).ctx, [trace(pair, by, level)])
    for level in ALLOWED[by]:
        desk.post(pair.peer(by).ctx, [trace(pair, by, level)])
    careless = partners(check_own=False)
    sent = [desk.post(careless.peer(by).ctx, [trace(careless, by, one)])[0] for one in (ABOVE[by], ALLOWED[other][1])]
    careless.settle()
    for message in sent:
        found = careless.peer(other).message(message.id)
        assert (found.state, found.checks) == ("refused", ("8",))


@pytest.mark.parametrize("by", ["be", "ma"])
def test_the_order_of_the_table_decides_and_not_the_names(by):
    """Two services may call their lowest level what others call their highest."""
    rows = [ABOVE, *ROWS[:2]]
    pair = partners(channel={"classification": {"levels": rows, "ceiling": ABOVE}})
    desk.post(pair.peer(by).ctx, [trace(pair, by, ABOVE[by])])
    for level in ALLOWED[by]:
        with pytest.raises(RefusedError, match="classification"):
            desk.post(pair.peer(by).ctx, [trace(pair, by, level)])


def test_a_level_that_the_table_lacks_is_refused_at_both_ends():
    pair = partners(channel={"classification": {"levels": ROWS[1:2], "ceiling": ROWS[1]}})
    with pytest.raises(RefusedError, match="expected at most restricted: restricted, got unclassified"):
        desk.post(pair.be.ctx, [trace(pair, "be", "unclassified")])


def test_levels_are_told_by_their_names_here():
    channel = parse(texts.channel("ab" * 32))
    for place, row in enumerate(ROWS):
        assert levels.rank(channel, "be", row["be"]) == place
        assert levels.equivalent(channel, row["ma"], "ma", "be") == row["be"]
        assert levels.equivalent(channel, row["be"], "be", "ma") == row["ma"]
    assert levels.rank(channel, "be", "confidentiel") == levels.rank(channel, "fr", "secret") == -1
    assert levels.equivalent(channel, "restricted", "ma", "be") == ""


def test_a_dossier_is_as_high_as_its_highest_message():
    pair = partners()
    [low] = desk.post(pair.be.ctx, [trace(pair, "be", "unclassified")])
    pair.settle()

    def seen(peer):
        row = peer.dossier(low.dossier)
        found = peer.store.read(lambda tx: classified.of_messages(tx, peer.ctx, casework.messages(tx, row)))
        return classified.highest(found), {name: (one.said, one.own) for name, one in found.items()}

    assert seen(pair.be) == ("unclassified", {low.id: ("unclassified", "unclassified")})
    assert seen(pair.ma) == ("non-classifie", {low.id: ("unclassified", "non-classifie")})
    high = pair.answer("ma", low.dossier, "take-charge")
    pair.settle()
    assert seen(pair.be)[0] == "restricted"
    assert seen(pair.be)[1][high.id] == ("diffusion-restreinte", "restricted")
    assert seen(pair.ma)[0] == "diffusion-restreinte"
    assert classified.highest({}) == ""
