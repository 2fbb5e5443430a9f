"""How far a message has come: never more than was signed."""

import pytest

from passerelle.dossiers import progress
from passerelle.dossiers.state import Event, Standing
from passerelle.exchange import outbox
from passerelle.office import casework, stage
from passerelle.ports.records import CONTENTS, DOSSIERS, Dossier
from tests.peers.pair import CATALOGUE, acts, partners


@pytest.fixture
def pair():
    return partners()


def stages(peer, dossier):
    """The stage of the dossier, then of each act by its name."""

    def read(tx):
        row = tx.get(DOSSIERS, dossier)
        kind = peer.ctx.catalogue.types[row.type]
        messages = casework.messages(tx, row)
        found = stage.of_messages(kind, row.opener, messages, peer.ctx.name, stage.Logs(tx))
        return stage.of_dossiers(tx, [row])[dossier], {one.act: found[one.id] for one in messages}

    return peer.store.read(read)


def test_from_in_line_to_answered(pair):
    dossier, _ = pair.open_trace()
    assert stages(pair.be, dossier) == ("in-line", {"request": "in-line"})
    lost = []
    with pytest.raises(ConnectionError):
        pair.send(pair.be, "routine", lambda body: lost.append(body) or _away())
    assert stages(pair.be, dossier)[0] == "sent"
    pair.settle()
    assert stages(pair.be, dossier)[0] == "stored"
    assert stages(pair.ma, dossier) == ("received", {"request": "received"})
    pair.answer("ma", dossier, "acknowledge")
    assert stages(pair.ma, dossier)[0] == "received"  # nobody was told yet
    pair.settle()
    assert stages(pair.be, dossier)[0] == stages(pair.ma, dossier)[0] == "acknowledged"
    pair.answer("ma", dossier, "take-charge")
    pair.settle()
    assert stages(pair.be, dossier)[1] == {"request": "in-charge", "acknowledge": "received", "take-charge": "received"}
    pair.answer("ma", dossier, "review")
    pair.answer("ma", dossier, "interim")
    pair.settle()
    assert stages(pair.be, dossier)[0] == "in-charge"
    pair.answer("ma", dossier, "sighting")
    pair.settle()
    for peer in (pair.be, pair.ma):
        assert stages(peer, dossier)[0] == stages(peer, dossier)[1]["request"] == "answered"


def _away():
    raise ConnectionError


def test_an_answer_says_nothing_of_what_its_author_had_not_seen(pair):
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "take-charge")
    pair.settle()
    pair.answer("be", dossier, "remind")
    pair.answer("ma", dossier, "acknowledge")  # of the request: the reminder is on its way
    pair.settle()
    found = stages(pair.be, dossier)[1]
    assert (found["request"], found["remind"]) == ("in-charge", "stored")
    pair.answer("ma", dossier, "acknowledge")
    pair.settle()
    assert stages(pair.be, dossier)[1]["remind"] == "acknowledged"


def test_an_acknowledgement_of_one_message_is_none_of_another(pair):
    dossier, request = pair.open_trace()
    pair.settle()
    remind = pair.answer("be", dossier, "remind")
    pair.settle()
    pair.answer("ma", dossier, "acknowledge", message=remind.id)
    pair.settle()
    found = stages(pair.be, dossier)
    assert found == ("stored", {"request": "stored", "remind": "acknowledged", "acknowledge": "received"})
    assert request.id


def test_a_dossier_that_never_opened_says_why(pair):
    dossier, message = pair.open_trace()
    outbox.withdraw(pair.be.ctx, message.id, "ann", "wrong person")
    assert stages(pair.be, dossier) == ("withdrawn", {"request": "withdrawn"})


def test_a_long_dossier_is_told_at_once(pair):
    """Each message is walked over once a side, whatever the number of acts that build on it."""
    dossier, _ = pair.open_trace()
    pair.settle()
    for _ in range(150):
        pair.answer("ma", dossier, "acknowledge")
        pair.answer("be", dossier, "remind")
        pair.settle()
    steps = 0

    class Row(dict):
        def __contains__(self, key):
            nonlocal steps
            steps += 1
            return super().__contains__(key)

    found = stages(pair.be, dossier)[1]
    assert found["remind"] == "stored"
    messages = pair.be.store.read(lambda tx: casework.messages(tx, tx.get(DOSSIERS, dossier)))
    walked: set[str] = set()
    rows = Row({one.id: one for one in messages})
    for one in messages:
        stage._before(one, rows, walked)
    assert steps < 4 * len(messages)


def test_after_reopening_an_answer_is_expected_again(pair):
    dossier, _ = pair.open_trace()
    pair.settle()
    for by, name in (("ma", "take-charge"), ("ma", "review"), ("ma", "no-trace"), ("ma", "close"), ("be", "reopen")):
        pair.answer(by, dossier, name)
        pair.settle()
    assert stages(pair.be, dossier)[0] == "in-charge"


def test_an_overtaken_answer_is_none():
    kind = CATALOGUE.types["wanted-trace"]
    row = Dossier(id="d", partner="ma", type=kind.name, channel="", opener="be", state="", status="open", opening="o")
    event = Event("a", "answerer", "no-trace", ("o",))
    counted = Standing(state="answered", opening="o", count=2)
    assert progress.moved(row, kind, event, counted).answered == "a"
    overtaken = Standing(state="suspended", opening="o", count=2, overtaken=("a",))
    assert progress.moved(row, kind, event, overtaken).answered == ""
    # That it was read, or that somebody has it, stays true.
    charged = progress.moved(
        row, kind, Event("c", "answerer", "take-charge", ("o",)), Standing(opening="o", overtaken=("c",))
    )
    assert charged.charged == "c"
    assert progress.moved(row, kind, Event("c", "opener", "reply", ("o",)), counted) == row


def test_what_was_refused_there_says_so(pair):
    dossier, request = pair.open_trace()
    pair.settle()
    pair.answer("ma", dossier, "refuse", body={"ground": "legal-impediment"})
    pair.settle()
    assert stages(pair.be, dossier)[0] == "answered"  # a refusal is an answer: a person gave it, with a ground
    assert pair.be.message(request.id).state == "sequenced"


def test_who_has_it_in_charge(pair):
    dossier, _ = pair.open_trace()
    pair.settle()
    taken = pair.answer("ma", dossier, "take-charge", body={"service": "police", "contact": "Nadia"})
    pair.settle()

    row = pair.be.dossier(dossier)
    message = pair.be.message(row.charged)
    body = pair.be.store.read(lambda tx: tx.get(CONTENTS, row.charged))
    charge = stage.charge_of(row, message, body.body)
    assert (charge.person, charge.service, charge.message) == ("Nadia", "police", taken.id)
    assert charge.since == message.time
    # Its content erased: who wrote it is still known.
    assert stage.charge_of(row, message, None).person == "ma-017"
    assert stage.charge_of(row, None, None) is None


def test_the_row_is_the_same_whichever_way_it_was_reached(pair):
    """Step by step on one side, folded anew on the other: the same acts are named."""
    dossier, _ = pair.open_trace()
    pair.settle()
    pair.answer("be", dossier, "remind")
    pair.answer("ma", dossier, "take-charge")
    pair.answer("ma", dossier, "review")
    pair.answer("ma", dossier, "sighting")
    pair.settle()
    rows = [peer.store.read(lambda tx: tx.get(DOSSIERS, dossier)) for peer in (pair.be, pair.ma)]
    keys = ("opening", "acknowledged", "charged", "answered", "domain")
    one, other = ({key: getattr(row, key) for key in keys} for row in rows)
    assert one == other
    assert one["opening"]
    assert one["answered"]


@pytest.mark.parametrize(
    ("kind", "answers", "others"),
    [
        (
            "wanted-trace",
            {"sighting", "located", "arrested", "no-trace", "reply", "refuse"},
            {"interim", "close", "suspend"},
        ),
        ("listed-person", {"refuse"}, {"acknowledge", "take-charge"}),
        ("identification", {"nationality-confirmed", "nationality-not-confirmed", "no-trace"}, {"suspend", "interim"}),
    ],
)
def test_which_acts_are_answers(kind, answers, others):
    found = progress.answers(CATALOGUE.types[kind])
    assert answers <= found.keys()
    assert not others & found.keys()
    assert acts.OPENINGS.keys() >= {kind}
