"""A hit becomes a dossier by its claim: what is refused, what counts as true and false, what goes at its time."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from passerelle.core import json
from passerelle.core.errors import ForbiddenError, InputError, NotFoundError, StateError
from passerelle.exchange import announcing, claiming, desk, links, manifests, outbox
from passerelle.exchange.channels import Channels
from passerelle.exchange.desk import Act
from passerelle.office import workflow
from passerelle.office.asking import NotAllowedError
from passerelle.office.people import Role
from passerelle.ports.lists import LIST_ENTRIES
from passerelle.ports.records import LOGS
from passerelle.ports.search import CLAIMED, CLAIMS, EPOCHS, OPENINGS, QUESTIONS, SEARCH_FIGURES, SEARCH_HITS
from passerelle.search import beside, drafting, fetching, hits, keeping
from passerelle.store import copying
from tests.peers.blind import DAY, HOUR, PURPOSE, Blind, hire, person
from tests.peers.pair import CATALOGUE
from tests.peers.searching import announced
from tests.types import organised_crime
from tests.types.border_data import FOLLOW_UP, NOT_THE_PERSON, SAMPLE, SCREENING

YOUSSEF = person("Youssef Amraoui", birth="1986-03-14")
TRAVEL = {"travel": SCREENING["travel"]}


class Border(Blind):
    """A list of which two were hits; the first becomes a dossier of `border-data`."""

    def __init__(self) -> None:
        super().__init__()
        [asked] = self.ask_list()
        self.asked = self.answer(asked)
        self.luc = hire(self.be, "luc", Role.APPROVER)

    def written(self, number: int = 1, **body: Any) -> dict[str, Any]:
        """The act as `ann` writes it."""

        def work(tx: Any) -> dict[str, Any]:
            kind, act = drafting.type_of(tx, self.be.ctx, self.asked)
            hit = tx.get(SEARCH_HITS, self.asked.id, number)
            sample = SAMPLE.act("screening-hit")
            keep = ("necessity", "basis", "recipient", "handling", "classification", "retention", "urgency")
            given = {name: sample[name] for name in keep} | {"body": TRAVEL}
            made = drafting.written(tx, self.be.ctx, self.asked, hit, given, kind, act)
            made |= {"dossier": sample["dossier"], "type": kind.name, "act": act.name}
            made["subjects"][0]["minor"] = "no"
            made["body"] |= body
            return made

        return self.be.store.read(work)

    def draft(self, number: int = 1, **body: Any) -> Any:
        act = Act(partner="ma", lane="routine", content=self.written(number, **body), author="ann")
        return workflow.draft(
            self.office,
            self.ann,
            act,
            submit=True,
            also=lambda tx, made: drafting.link(tx, self.office, self.ann, self.asked, number, "", made),
        )

    def open(self, number: int = 1) -> Any:
        """Drafted, released, and at ma."""
        draft = self.draft(number)
        [message] = workflow.release(self.office, self.luc, [draft.id])
        self.pair.settle()
        return self.be.message(message.id)

    def say(self, opened: Any, body: dict[str, Any]) -> Any:
        """ma follows the hit up."""
        made = SAMPLE.act(
            "hit-follow-up", dossier=opened.dossier, after=[opened.id], body={**body, "message": opened.id}
        )
        message = self.pair.post("ma", made)
        self.pair.settle()
        return message

    def figures(self, peer: Any) -> dict[str, int]:
        [row] = peer.all(SEARCH_FIGURES)
        return {name: getattr(row, name) for name in ("hits", "opened", "confirmed", "rejected")}

    def hit(self, number: int = 1) -> Any:
        return self.be.store.read(lambda tx: tx.get(SEARCH_HITS, self.asked.id, number))


@pytest.fixture
def border():
    return Border()


def test_a_hit_opens_a_dossier_with_its_claim_and_the_answer_counts_on_both_sides(border):
    draft = border.draft()
    assert (border.hit().state, border.hit().draft) == ("unverified", draft.id)
    with pytest.raises(StateError, match=f"expected a hit that no draft has, got 1 of draft {draft.id}"):
        border.draft()
    [message] = workflow.release(border.office, border.luc, [draft.id])
    assert (border.hit().state, border.hit().dossier) == ("opened", message.dossier)
    border.pair.settle()
    assert border.ma.message(message.id).state == "applied"
    [claimed] = border.ma.all(CLAIMED)
    assert (claimed.dossier, claimed.reference, claimed.entries) == (message.dossier, border.hit().reference, ("1",))
    assert border.figures(border.be) == {"hits": 2, "opened": 1, "confirmed": 0, "rejected": 0}
    assert border.figures(border.ma) == {"hits": 1, "opened": 1, "confirmed": 0, "rejected": 0}
    border.say(border.be.message(message.id), FOLLOW_UP)
    assert border.hit().state == "confirmed"
    for peer in (border.be, border.ma):
        assert border.figures(peer)["confirmed"] == 1


def test_a_namesake_is_rejected_and_counted_once(border):
    opened = border.open(2)
    border.say(opened, NOT_THE_PERSON)
    assert border.hit(2).state == "rejected"
    for peer in (border.be, border.ma):
        assert border.figures(peer) | {"hits": 0} == {"hits": 0, "opened": 1, "confirmed": 0, "rejected": 1}


def test_an_answer_that_does_not_count_any_more_is_not_counted(border):
    opened = border.open()
    answer = SAMPLE.act(
        "hit-follow-up", dossier=opened.dossier, after=[opened.id], body={**FOLLOW_UP, "message": opened.id}
    )
    message = border.pair.post("ma", answer)
    assert border.figures(border.ma)["confirmed"] == 1
    outbox.withdraw(border.ma.ctx, message.id, "nadia", "error")
    assert border.figures(border.ma) == {"hits": 1, "opened": 1, "confirmed": 0, "rejected": 0}


def test_who_asked_does_not_answer_himself(border):
    """Of a type in which both sides reply."""
    hit = border.hit()
    proof = {"index": hit.index, "reference": hit.reference, "claim": hit.claim.hex()}
    content = organised_crime.SAMPLE.act("request", subjects=[organised_crime.BRAM])
    content |= {"body": content["body"] | proof, "purpose": PURPOSE}
    written = border.pair.act("be", content).content
    draft = workflow.draft(
        border.office,
        border.ann,
        Act(partner="ma", lane="routine", content=written, author="ann"),
        submit=True,
        also=lambda tx, made: drafting.link(tx, border.office, border.ann, border.asked, 1, "", made),
    )
    [message] = workflow.release(border.office, border.luc, [draft.id])
    border.pair.settle()
    for by, outcome, state in (("be", "confirmed", "opened"), ("ma", "not-the-person", "rejected")):
        body = {"text": "After a comparison.", "hit_outcome": outcome}
        border.pair.post(by, organised_crime.SAMPLE.act("reply", dossier=message.dossier, body=body))
        border.pair.settle()
        assert border.hit().state == state
    for peer in (border.be, border.ma):
        assert border.figures(peer) | {"hits": 0} == {"hits": 0, "opened": 1, "confirmed": 0, "rejected": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"claim": "0" * 64},
        {"reference": "0123456789abcdef"},
        {"index": "other"},
        {"claim": None, "index": None},
    ],
)
def test_the_receiver_refuses_a_claim_of_what_was_never_hit(border, wrong):
    content = border.written()
    content["body"] = {name: one for name, one in (content["body"] | wrong).items() if one is not None}
    careless = replace(border.be.ctx, policy=replace(border.be.ctx.policy, check_own=False))
    [message] = desk.post(careless, [Act(partner="ma", lane="routine", content=content, author="ann", releaser="luc")])
    border.pair.settle()
    assert border.be.message(message.id).state == "refused"
    assert "8" in border.ma.message(message.id).checks
    assert border.ma.all(CLAIMED) == []
    assert border.ma.dossier(message.dossier) is None or border.ma.dossier(message.dossier).count == 0


def test_a_claim_of_another_partner_or_another_reference_opens_nothing(border):
    one, other = border.hit(1), border.hit(2)

    def behind(partner: str, reference: str, claim: bytes) -> Any:
        return border.ma.store.read(lambda tx: claiming.behind(tx, partner, "wanted", reference, claim.hex()))

    assert behind("be", one.reference, one.claim)[1] == (1,)
    assert behind("be", one.reference, other.claim) is None
    assert behind("fr", one.reference, one.claim) is None
    assert behind("be", one.reference[:15], one.claim) is None


def test_a_node_that_was_put_back_lets_in_what_it_cannot_judge_any_more(border):
    kind, content = CATALOGUE.types["border-data"], border.written()
    made = announced(border.pair, number=2)
    message = border.ma.store.write("x", lambda tx: manifests.publish(tx, border.ma.ctx, "be", made.text, "node"))
    border.pair.settle("governance")
    now = border.pair.clock.now()

    def judged(index="wanted", written=now):
        def work(tx):
            channel = Channels(tx, border.ma.ctx).standing(border.pair.channel).instrument
            body = content["body"] | {"claim": "0" * 64, "index": index}
            said = {**content, "body": body}
            return claiming.judged(tx, kind, said, channel, "be", leaving=False, written=written)

        return [one.check for one in border.ma.store.read(work)]

    assert message.kind == "index.publish"
    assert judged() == ["8"]  # the table was announced and is not known, but the store was never put back
    log = border.ma.store.read(lambda tx: links.current(tx, "be", "out", "governance"))
    later = msgspec.structs.replace(log, origin=f"{log.origin}+", generation=2)
    border.ma.store.write("x", lambda tx: tx.add(LOGS, [later]))
    assert judged() == []
    assert judged(index="other") == ["8"]
    assert judged(written=made.published - 1) == ["8"]
    epoch = border.ma.store.read(lambda tx: tx.get(EPOCHS, border.epoch))
    known = msgspec.structs.replace(epoch, id=announcing.id_of(made.text))
    border.ma.store.write("x", lambda tx: tx.put(EPOCHS, [known]))
    assert judged() == ["8"]


def test_a_draft_that_is_thrown_away_gives_the_hit_back(border):
    draft = border.draft()
    workflow.discard(border.office, border.ann, draft.id, "wrong hit")
    assert (border.hit().state, border.hit().draft) == ("unverified", "")
    assert border.figures(border.be)["opened"] == 0
    border.open()
    assert border.hit().state == "opened"


def test_a_hit_that_was_withdrawn_opens_nothing(border):
    border.current(*(one.reference for one in hits.founds(border.hit())))
    with pytest.raises(ForbiddenError, match="expected a reference of index wanted that counts, got one that ma"):
        border.draft()
    border.pair.clock.advance(HOUR)
    with pytest.raises(StateError, match="expected a current withdrawal list"):
        border.draft(2)


def test_a_draft_on_a_hit_that_was_withdrawn_meanwhile_names_nobody_to_the_partner(border):
    draft, reference = border.draft(), border.hit().reference
    border.current(reference)
    with pytest.raises(ForbiddenError, match="expected a reference of index wanted that counts, got one that ma"):
        workflow.release(border.office, border.luc, [draft.id])
    assert border.ma.all(CLAIMED) == []
    border.current()
    [message] = workflow.release(border.office, border.luc, [draft.id])
    assert border.be.message(message.id).state == "unsequenced"


def test_only_what_the_search_knows_is_put_in(border):
    made = border.written()
    assert made["body"]["screened_on"] == "2026-11-21"
    assert (made["body"]["link"], made["body"]["offence"]) == ("travel-to-evade", "Trafficking in firearms")
    assert made["subjects"][0]["category"] == "to-identify"

    hit = border.hit()

    def work(tx: Any) -> Any:
        kind, act = drafting.type_of(tx, border.be.ctx, border.asked)
        return drafting.written(tx, border.be.ctx, border.asked, hit, {"body": {"claim": "0"}}, kind, act)

    with pytest.raises(InputError, match="claim: expected it to be put in from the hit, got it in the file"):
        border.be.store.read(work)


def test_at_its_time_a_question_leaves_figures_and_digests(border):
    opened = border.open()
    border.pair.clock.advance(DAY)
    assert keeping.expire_all(border.be.ctx) == 1
    assert border.be.all(OPENINGS) == []
    [left] = border.be.all(SEARCH_HITS)
    assert (left.dossier, left.person, left.claim, left.key) == (opened.dossier, b"", b"", "")
    [question] = border.be.all(QUESTIONS)
    assert (question.state, question.elements) == ("over", border.asked.elements)
    assert keeping.expire_all(border.be.ctx) == 0
    border.say(opened, FOLLOW_UP)
    assert border.figures(border.be)["confirmed"] == 1
    everything = b"".join(border.be.store.read(lambda tx: list(copying.dump(tx))))
    assert b"RACHID" not in everything


def test_a_question_that_lost_its_opening_is_over(border):
    [question] = border.ask(YOUSSEF)
    border.be.store.write("x", lambda tx: tx.delete(OPENINGS, [(question.id,)]))
    keeping.expire_all(border.be.ctx)
    assert border.question(question).state == "over"
    assert border.question(question).reason == "no backup has what it asked"


def test_a_hit_and_all_of_a_question_are_erased_on_request(border):
    dana = hire(border.be, "dana", Role.DPO)
    with pytest.raises(NotAllowedError):
        keeping.erase(border.office, border.ann, border.asked, 1, "request", "decision 2026/114")
    with pytest.raises(InputError, match="--ground: expected one of time-limit"):
        keeping.erase(border.office, dana, border.asked, 1, "whim", "decision 2026/114")
    keeping.erase(border.office, dana, border.asked, 1, "request", "decision 2026/114")
    assert [one.number for one in border.found(border.asked)] == [2]
    assert border.be.store.read(lambda tx: keeping.missing(tx, tx.get(QUESTIONS, border.asked.id))) == 0
    keeping.erase(border.office, dana, border.asked, 0, "order", "court order 77")
    assert border.found(border.asked) == []
    assert border.be.all(OPENINGS) == []
    with pytest.raises(StateError, match="which is over"):
        keeping.erase(border.office, dana, border.asked, 0, "order", "court order 77")


def test_the_holder_sees_his_own_entry_beside_the_person_asked_about(border):
    opened = border.open()
    row = border.ma.dossier(opened.dossier)

    def look(who: Any, reason: str = "") -> Any:
        return border.ma.store.write("test.claim", lambda tx: beside.look(tx, border.theirs, who, row, reason))

    with pytest.raises(InputError, match="--reason: expected why"):
        look(border.nadia)
    [side] = look(border.nadia, "to answer it")
    assert side.asked.names[0].text == "EL AMRAOUI YOUSSEF"
    assert [(one.source, one.who, one.here) for one in side.behind] == [("list/watch", "Q1", True)]
    assert side.behind[0].person.names[0].text == "يوسف العمراوي"
    assert side.reference == border.hit().reference
    [entries] = [json.parse_object(one.details) for one in border.audits("index.read", border.ma)]
    assert (entries["entries"], entries["dossier"]) == (["list/watch/Q1"], opened.dossier)
    [read] = [json.parse_object(one.details) for one in border.audits("content.read", border.ma)]
    assert (read["reason"], read["messages"]) == ("to answer it", [opened.id])
    for who in (hire(border.ma, "omar", Role.OPERATOR), hire(border.ma, "far", Role.OFFICER, domain="migration")):
        with pytest.raises(NotAllowedError):
            look(who, "curious")
    # The entry goes with the next import: what it was is not there to be shown.
    border.ma.store.write("x", lambda tx: tx.delete(LIST_ENTRIES, [("E1", "Q1")]))
    [side] = look(border.nadia, "to answer it")
    assert side.behind[0].person is None


def test_a_dossier_without_a_claim_has_none_to_look_at(border):
    border.pair.settle()
    row = border.ma.dossier(border.dossier)
    with pytest.raises(NotFoundError, match="expected a dossier that the partner opened on a hit"):
        border.ma.store.write("x", lambda tx: beside.look(tx, border.theirs, border.nadia, row, "why not"))


def test_a_hit_whose_dossier_the_partner_refuses_waits_again(border):
    border.ma.store.write("x", lambda tx: tx.delete(CLAIMS, [(border.epoch, 0)]))
    opened = border.open()
    assert opened.state == "refused"
    assert (border.hit().state, border.hit().draft, border.hit().dossier) == ("unverified", "", "")
    assert border.figures(border.be) == {"hits": 2, "opened": 0, "confirmed": 0, "rejected": 0}


def test_lists_of_withdrawals_are_fetched_whether_there_is_a_hit_or_not():
    for person_ in (YOUSSEF, person("Els Janssens", birth="1964-01-09")):
        blind = Blind()
        [question] = blind.ask(person_)
        blind.answer(question)
        assert fetching.lists_due(blind.be.ctx, "ma") == []
        blind.pair.clock.advance(HOUR)
        assert fetching.lists_due(blind.be.ctx, "ma") == ["wanted"]
