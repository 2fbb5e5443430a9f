"""What is kept for kinds of services is not here for others: by reference, id, list, figures, reminders."""

from dataclasses import replace

import pytest

from passerelle.cli.finding import find, find_dossier
from passerelle.core.errors import InputError, NotFoundError
from passerelle.office import lists, readership
from passerelle.office.asking import Sight, ask, recorded
from passerelle.office.circle import circle_of
from passerelle.office.facts import of_dossier
from passerelle.office.policy import Action
from passerelle.office.veil import Veil
from passerelle.oversight import counting, statistics
from passerelle.ports.records import AUDITS, DOSSIERS, MESSAGES
from tests.peers.staff import hire, office_of
from tests.types import financial_intelligence

UNITS = replace(financial_intelligence.SAMPLE, services={"cellule": "fiu", "police": "police"})


class House:
    """`ma`'s unit asked that of `be`, where there is the police, too."""

    def __init__(self):
        self.pair = UNITS.pair()
        self.be = self.pair.be
        self.office = office_of(self.be)
        self.fay = hire(self.be, "fay", "officer", "analyst", service="cellule")
        self.pol = hire(self.be, "pol", "officer", "analyst", "approver", service="police")
        self.una = hire(self.be, "una", "officer", service="")
        self.driss = hire(self.be, "driss", "dispatcher", service="police")
        self.dido = hire(self.be, "dido", "dispatcher", service="cellule")
        self.dana = hire(self.be, "dana", "dpo", service="")
        self.opening = self.come("MA-7")
        self.dossier = self.opening.dossier

    def come(self, reference):
        made = self.pair.post("ma", UNITS.opening(reference=reference))
        self.pair.settle()
        return made

    def find(self, who, text):
        with recorded(self.office):
            return self.be.store.read(lambda tx: find_dossier(tx, text, Veil(tx, self.office, who)))

    def message(self, who, text):
        with recorded(self.office):
            return self.be.store.read(lambda tx: find(tx, MESSAGES, text, "a message", Veil(tx, self.office, who)))

    def words(self, do, *given):
        with pytest.raises(NotFoundError) as caught:
            do(*given)
        return str(caught.value)

    def listed(self, who):
        return self.be.store.read(lambda tx: lists.dossiers(tx, self.office, who, lists.Wish())).rows

    def counted(self, who):
        without = self.be.store.read(lambda tx: Veil(tx, self.office, who).left_out())
        words, _ = counting.words_of(self.be.ctx)
        tally = statistics.Tally(words, statistics.chosen("type"))
        counting.count(self.be.ctx, tally, statistics.period("", ""), without=without)
        return [row["type"] for row in statistics.report(tally, 0).rows]


@pytest.fixture
def house():
    return House()


def test_to_another_service_it_is_not_here_in_the_words_for_what_nobody_has(house):
    for who in (house.pol, house.una, house.driss):
        for known, unknown in ((house.dossier, "f" * 36), (house.dossier[:12], "f" * 12), ("MA-7", "MA-8")):
            told = house.words(house.find, who, known)
            assert told == house.words(house.find, who, unknown).replace(unknown, known)
        told = house.words(house.message, who, house.opening.id)
        assert told == house.words(house.message, who, "f" * 36).replace("f" * 36, house.opening.id)
    for who in (house.fay, house.dido, house.dana):
        assert house.find(who, "MA-7").id == house.dossier
        assert house.message(who, house.opening.id[:13]).id == house.opening.id


def test_that_it_was_asked_for_is_written_down(house):
    house.words(house.find, house.pol, "MA-7")
    house.words(house.find, house.pol, "MA-8")
    told = [(one.who, one.on) for one in house.be.all(AUDITS) if one.what == "access.refused"]
    assert told == [("pol", f"dossier/{house.dossier}")]


def test_what_is_hidden_makes_nothing_else_ambiguous(house):
    two = house.come("MA-7")
    with pytest.raises(InputError, match="of several"):
        house.find(house.fay, "MA-7")
    assert two.dossier not in house.words(house.find, house.pol, "MA-7")


def test_lists_and_figures_leave_it_out_without_a_word(house):
    for who in (house.pol, house.una, house.driss):
        assert house.listed(who) == ()
        assert house.counted(who) == []
    for who in (house.fay, house.dido, house.dana):
        assert [one.id for one in house.listed(who)] == [house.dossier]
        assert house.counted(who) == ["financial-intelligence"]


def test_a_draft_of_it_breaks_nobodys_list(house):
    def look(tx, who):
        on = of_dossier(tx, house.office.ctx, tx.get(DOSSIERS, house.dossier))
        sight = Sight(tx, house.office, who, Action.DRAFT_LOOK)
        seen = sight.sees(on)
        sight.check([])
        return seen

    for who, sees in ((house.pol, False), (house.una, False), (house.fay, True)):
        assert house.be.store.read(lambda tx, who=who: look(tx, who)) is sees


def test_a_dispatcher_of_another_service_neither_sees_nor_gives_it_nor_is_reminded_of_it(house):
    row = house.be.dossier(house.dossier)

    def may(who, action):
        house.be.store.read(lambda tx: ask(tx, house.office, who, action, of_dossier(tx, house.office.ctx, row)))

    for action in (Action.DOSSIER_LOOK, Action.DOSSIER_ASSIGN):
        may(house.dido, action)
        with pytest.raises(Exception, match="of a service of the kind fiu"):
            may(house.driss, action)
    readers = house.be.store.read(lambda tx: readership.of_row(tx, house.office.ctx, row))
    circle = house.be.store.read(lambda tx: circle_of(tx, house.office.ctx, house.be.ctx.clock.now()))
    assert circle.within(readers).of(("dispatcher",), row.domain) == ("dido",)
