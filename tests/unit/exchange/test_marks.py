"""What of an act stands in its row, so that lists and figures outlive its content."""

from passerelle.ports.records import CONTENTS
from tests.peers.pair import partners


def test_both_sides_keep_type_purpose_and_ground():
    pair = partners()
    dossier, opening = pair.open_trace()
    pair.settle()
    refusal = pair.answer("ma", dossier, "refuse")
    pair.settle()
    for peer in (pair.be, pair.ma):
        row = peer.message(opening.id)
        assert (row.type, row.purpose, row.ground) == ("wanted-trace", "criminal-investigation", "")
        row = peer.message(refusal.id)
        assert (row.type, row.purpose) == ("wanted-trace", "criminal-investigation")
        assert row.ground


def test_they_outlive_the_content():
    pair = partners()
    _, opening = pair.open_trace()
    pair.settle()
    pair.ma.store.write("test.erase", lambda tx: tx.delete(CONTENTS, [(opening.id,)]))
    assert pair.ma.message(opening.id).purpose == "criminal-investigation"


def test_what_is_no_word_is_left_out():
    from passerelle.exchange.content import marks_of

    marks = marks_of({"act": "refuse", "type": 7, "purpose": "p" * 65, "body": {"ground": ["x"]}})
    assert marks == {"act": "refuse", "channel": "", "type": "", "purpose": "", "ground": ""}
    assert marks_of({"act": "suspend", "body": {"ground": "capacity"}})["ground"] == ""
