"""`border-data`: one person or one document, hits that a person verifies, and lists that stay where they are."""

from typing import Any

import pytest

from passerelle.dossiers.content import problems
from passerelle.dossiers.types import Catalogue
from passerelle.office import clock
from passerelle.ports.timers import TIMERS
from tests.peers.pair import NOW, Pair
from tests.types.border_data import (
    CROSSING,
    DOCUMENT,
    ERASED,
    FOLLOW_UP,
    HIT,
    NOT_THE_PERSON,
    PERIOD,
    SAMPLE,
    SCREENING,
    SUSPECT,
    TRAVELLER,
)
from tests.types.life import Life, stopped
from tests.unit.dossiers.samples import YOUSSEF, Content, statement

pytestmark = pytest.mark.shows("border-data", "rules")

HOUR = 3_600_000
TYPE = Catalogue.load().types["border-data"]


@pytest.fixture(scope="module")
def pair() -> Pair:
    """For what is stopped: it changes nothing."""
    return SAMPLE.pair()


def opened(name: str, *steps: tuple[Any, ...], pair: Pair | None = None) -> Life:
    """A dossier that this act opened, after these steps."""
    life = Life(pair or SAMPLE.pair(), SAMPLE)
    life.begin(name)
    for by, act, *more in steps:
        life.say(by, act, **(more[0] if more else {}))
    return life


def verified(life: Life, body: Content = FOLLOW_UP) -> None:
    named = life.last.get("hit") or life.last["screening-hit"]
    life.say("ma", "hit-follow-up", body=body | {"message": named})


# ---- one person or one document, never a list ------------------------------------------------------------------------


def test_no_act_brings_more_than_one_person_a_list_or_a_file_that_could_be_one() -> None:
    assert all(act.subjects.max <= 1 for act in TYPE.acts.values())
    assert {kind.name for act in TYPE.acts.values() for kind in act.attachments.kinds} == {"photographs"}
    assert not TYPE.statements
    assert "reply" not in TYPE.acts


@pytest.mark.parametrize(
    "content",
    [
        SAMPLE.act("crossing-question", subjects=[]),
        SAMPLE.act("crossing-question", subjects=[SUSPECT, TRAVELLER | {"key": "p2"}]),
        SAMPLE.act("crossing-question", body=PERIOD | {"document": {"kind": "passport", "number": "X"}}),
        SAMPLE.act("document-question", subjects=[SUSPECT]),
        SAMPLE.act("document-question", body=PERIOD),
        SAMPLE.act("document-lost", subjects=[TRAVELLER]),
        SAMPLE.act("crossing-question", body=PERIOD | {"from_day": "2026-11-21"}),
        SAMPLE.act("crossing-question", statements=[statement()]),
        SAMPLE.act("screening-hit", subjects=[]),
        SAMPLE.act("screening-hit", subjects=[TRAVELLER, TRAVELLER | {"key": "p2"}]),
    ],
    ids=[
        "nobody",
        "two persons",
        "a person and a document",
        "a document and a person",
        "no document",
        "the holder of a lost document",
        "days out of order",
        "statements",
        "a hit of nobody",
        "two travellers",
    ],
)
def test_check_9_exactly_one_person_or_one_document(pair: Pair, content: Content) -> None:
    assert stopped(pair, content) == ("9",)


@pytest.mark.parametrize("media", ["text/csv", "application/zip", "application/pdf"])
def test_check_9_no_file_in_which_a_list_could_travel(pair: Pair, media: str) -> None:
    file = {"address": "ab" * 32, "size": 9, "media": media, "name": "liste", "key": "A" * 43 + "="}
    assert "9" in stopped(pair, SAMPLE.act("screening-hit", attachments=[file]))


ANOTHER = "Aussi : passeport n° ZX0000018"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("ask-more", {"body": {"questions": ["Et ceux-ci ?"]}}),
        ("ask-more", {"body": {"question": ANOTHER}}),
        ("crossing-reply", {"body": {"crossings": [CROSSING | {"document": "ZX0000017 ZX0000018"}]}}),
        ("crossing-reply", {"body": {"crossings": [CROSSING] * 21}}),
        ("crossing-reply", {"body": {"crossings": [CROSSING | {"carrier": "Mme Bennani, née le 3 mai 1990"}]}}),
        ("document-question", {"body": PERIOD | {"document": DOCUMENT | {"number": "ZX0000017, ZX0000018"}}}),
        ("document-question", {"body": PERIOD | {"document": DOCUMENT | {"note": "Et ZX0000018"}}}),
        ("crossing-question", {"necessity": ANOTHER}),
        ("crossing-question", {"subjects": [SUSPECT | {"note": ANOTHER}]}),
        ("no-trace", {"body": {"searched": ["Tanger Med"], "comment": "Mais ZX0000018 oui"}}),
    ],
)
def test_check_9_no_text_has_room_for_a_list(name: str, changes: Content) -> None:
    assert problems(SAMPLE.act(name, **changes), TYPE, now=NOW)
    assert problems(SAMPLE.act(name), TYPE, now=NOW) == ()


def test_a_person_may_come_with_the_numbers_that_identify_him() -> None:
    number = {"kind": "national-number", "country": "BE", "value": "85.01.02-123.45"}
    assert problems(SAMPLE.act("crossing-question", subjects=[SUSPECT | {"numbers": [number]}]), TYPE, now=NOW) == ()


# ---- no criterion of origin or religion ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "field", [{"nationalities": ["MA"]}, {"nationalities_text": "Marocaine"}], ids=["code", "text"]
)
def test_check_9_nobody_is_asked_about_for_origin(pair: Pair, field: Content) -> None:
    for name in ("crossing-question", "screening-hit"):
        assert stopped(pair, SAMPLE.act(name, subjects=[SAMPLE.subjects[name][0] | field])) == ("9",)


CRITERIA = [
    "Voyageurs de religion juive",
    "Etnische afkomst",
    "حسب ديانة المسافر",
    "voyageurs d'origine marocaine",
    "de confession islamique",
    "islam",
    "porte un Coran",
    "imam à Tanger",
    "couple juif",
    "femme en hijab",
    "des Maghrébins",
    "groupe d'Arabes",
    "d'origine nord-africaine",
    "North African males",
    "Moroccan nationals",
    "مسافر مسلم",
    "الدين الإسلامي",
    "من أصل مغربي",
    "Marokkaanse onderdanen",
    "vrouw met hoofddoek",
]


def test_check_9_no_text_gives_such_a_criterion(pair: Pair) -> None:
    assert stopped(pair, SAMPLE.act("crossing-question", necessity=CRITERIA[0])) == ("9",)
    for words in CRITERIA:
        for change in ({"necessity": words}, {"body": PERIOD | {"posts": [words]}}):
            assert problems(SAMPLE.act("crossing-question", **change), TYPE, now=NOW), words


def test_what_a_border_post_says_of_documents_and_journeys_passes() -> None:
    for words in (
        "Passeport délivré au Maroc, présenté à la police marocaine de Tanger Med.",
        "Paspoort gestolen in Antwerpen; de Marokkaanse overheid is verwittigd.",
        "جواز سفر صادر عن السلطات المغربية بمدينة الدار البيضاء، أمام المحكمة",
        "The ferry left from Algeciras; the vehicle was seen before.",
    ):
        assert problems(SAMPLE.act("crossing-question", necessity=words), TYPE, now=NOW) == (), words


# ---- screening -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["link", "offence", "reference", "travel", "screened_on"])
def test_check_9_what_comes_of_a_screening_names_its_objective_link(pair: Pair, name: str) -> None:
    body = {key: value for key, value in SCREENING.items() if key != name}
    assert stopped(pair, SAMPLE.act("screening-hit", body=body)) == ("9",)
    if name == "link":
        assert stopped(pair, SAMPLE.act("screening-hit", body=SCREENING | {"link": "origin"})) == ("9",)


def test_the_claim_of_a_blind_search_comes_with_its_index(pair: Pair) -> None:
    life = opened("screening-hit", pair=pair)
    assert life.state == "hit", "without a search in the channel the reference is enough"
    life.begin("screening-hit", body=HIT)
    assert life.state == "hit"
    for name in ("index", "claim"):
        body = {key: value for key, value in HIT.items() if key != name}
        assert stopped(pair, SAMPLE.act("screening-hit", body=body)) == ("9",), name
    for change in ({"claim": "AB" * 32}, {"claim": "ab" * 31}, {"reference": "0017"}, {"index": "Wanted persons"}):
        assert stopped(pair, SAMPLE.act("screening-hit", body=HIT | change)) == ("9",), change


def test_what_a_search_gave_is_no_text_about_a_person() -> None:
    for reference, number in (("0032470123456789", "0032470123456789"), ("0412345678abcdef", "0412345678")):
        body = HIT | {"reference": reference, "claim": reference * 4}
        assert problems(SAMPLE.act("screening-hit", body=body), TYPE, now=NOW) == (), reference
        assert problems(SAMPLE.act("screening-hit", necessity=number), TYPE, now=NOW), number


def test_a_screening_is_closed_when_its_hit_is_confirmed_and_its_list_erased() -> None:
    life = opened("screening-hit")
    assert life.state == "hit"
    assert stopped(life.pair, life.content("be", "close")) == ("10",)
    verified(life)
    assert stopped(life.pair, life.content("be", "close")) == ("10",), "the list is still there"
    assert stopped(life.pair, life.content("be", "list-erased", body=ERASED | {"all_copies": False})) == ("9",)
    life.say("be", "list-erased")
    life.say("be", "close")
    assert life.state == "closed"


def test_of_a_hit_that_was_none_nothing_stays() -> None:
    life = opened("screening-hit", ("be", "list-erased"))
    verified(life, NOT_THE_PERSON)
    assert stopped(life.pair, life.content("be", "close")) == ("10",)
    life.say("be", "report-deletion")
    life.say("be", "close")
    assert life.state == "closed"


def test_what_was_verified_stays_so_when_it_is_reopened() -> None:
    life = opened("screening-hit", ("be", "list-erased"))
    verified(life)
    life.say("be", "close")
    life.say("be", "reopen")
    assert life.state == "verified"
    life.say("be", "close")
    assert life.state == "closed"


def test_check_10_a_list_is_only_stated_where_there_was_one() -> None:
    life = opened("document-lost")
    assert stopped(life.pair, life.content("be", "list-erased")) == ("10",)


# ---- hits ------------------------------------------------------------------------------------------------------------


def test_check_10_a_hit_is_of_a_document_in_force_and_a_follow_up_of_a_hit() -> None:
    life = opened("crossing-question")
    assert stopped(life.pair, life.content("ma", "hit"), by="ma") == ("10",)
    life = opened("document-alert", pair=life.pair)
    for name in ("crossing-reply", "no-trace"):
        assert stopped(life.pair, life.content("ma", name), by="ma") == ("10",), name
    life.say("ma", "hit")
    assert life.state == "hit"
    assert stopped(life.pair, life.content("be", "close")) == ("10",), "nobody has verified it"
    body = FOLLOW_UP | {"message": life.last["document-alert"]}
    assert stopped(life.pair, life.content("ma", "hit-follow-up", body=body), by="ma") == ("10",)
    verified(life)
    life.say("be", "close")
    assert life.state == "closed"


@pytest.mark.parametrize("name", ["verified_by", "by_a_person", "verified_at", "compared", "outcome", "measure"])
def test_check_9_a_named_person_says_what_was_compared(pair: Pair, name: str) -> None:
    life = opened("document-alert", ("ma", "hit"), pair=pair)
    body = {key: value for key, value in FOLLOW_UP.items() if key != name} | {"message": life.last["hit"]}
    assert stopped(pair, life.content("ma", "hit-follow-up", body=body), by="ma") == ("9",)


def test_nothing_is_done_on_a_hit_that_was_not_confirmed(pair: Pair) -> None:
    life = opened("document-alert", ("ma", "hit"), pair=pair)
    body = NOT_THE_PERSON | {"measure": "document-retained", "message": life.last["hit"]}
    assert stopped(pair, life.content("ma", "hit-follow-up", body=body), by="ma") == ("9",)


def test_no_act_asks_for_an_arrest() -> None:
    assert not [name for name in TYPE.acts if "arrest" in name]
    assert YOUSSEF["category"] in TYPE.acts["crossing-question"].subjects.categories


def test_a_duty_officer_may_tell_and_verify_a_hit_alone_by_night() -> None:
    life = Life(SAMPLE.pair(), SAMPLE, "flash")
    life.begin("screening-hit", releaser="be-017")
    named = {"message": life.last["screening-hit"]}
    content = life.content("ma", "hit-follow-up", body=FOLLOW_UP | named)
    assert stopped(life.pair, content, by="ma", lane="routine", releaser="ma-017") == ("8",)
    life._post("ma", life.content("ma", "hit-follow-up", body=FOLLOW_UP | named), {"releaser": "ma-017"})
    assert life.state == "verified"


def test_an_offence_of_opinion_stops_for_a_second_approver(pair: Pair) -> None:
    for name in ("crossing-question", "document-question", "screening-hit", "document-alert"):
        body = SAMPLE.bodies[name] | {"offence": "Majesteitsschennis"}
        assert stopped(pair, SAMPLE.act(name, body=body)) == ("9",), name


# ---- deadlines -------------------------------------------------------------------------------------------------------


def standing(life: Life) -> dict[str, list[str]]:
    """Of each deadline, how its runs stand, as both nodes have them."""
    sides: list[dict[str, list[str]]] = []
    for peer in (life.pair.be, life.pair.ma):
        clock.tick(peer.ctx)
        found: dict[str, list[str]] = {}
        for one in sorted(peer.all(TIMERS), key=lambda one: (one.started, one.state)):
            found.setdefault(one.deadline, []).append(one.state)
        sides.append(found)
    assert sides[0] == sides[1]
    return sides[0]


def test_each_hit_is_verified_by_itself() -> None:
    life = opened("document-alert", ("ma", "hit"))
    first = life.last["hit"]
    life.pair.clock.advance(60_000)
    life.say("ma", "hit")
    verified(life)
    assert sorted(standing(life)["verification"]) == ["met", "running"]
    life.say("be", "close")
    assert sorted(standing(life)["verification"]) == ["met", "running"], "a closure verifies nothing"
    life.say("ma", "hit-follow-up", body=FOLLOW_UP | {"message": first})
    assert standing(life)["verification"] == ["met", "met"]


@pytest.mark.parametrize("end", ["withdraw", "refuse"])
def test_what_has_to_be_erased_is_owed_however_the_dossier_ends(end: str) -> None:
    life = opened("screening-hit")
    if end == "withdraw":
        verified(life, NOT_THE_PERSON)
        life.say("be", "withdraw", message=life.pair.be.dossier(life.dossier).opening)
        assert standing(life)["erasure-answerer"] == ["running"]
        life.say("be", "report-deletion")
        assert standing(life)["erasure-answerer"] == ["running"], "each side its own"
        assert standing(life)["erasure-opener"] == ["met"]
        life.say("ma", "report-deletion")
        assert standing(life)["erasure-answerer"] == ["met"]
    else:
        life.say("ma", "refuse")
    assert standing(life)["list-erasure"] == ["running"]
    life.say("be", "list-erased")
    assert standing(life)["list-erasure"] == ["met"]


def test_a_hit_is_verified_within_an_hour_a_list_erased_within_a_day() -> None:
    life = opened("screening-hit")
    for peer in (life.pair.be, life.pair.ma):
        clock.tick(peer.ctx)
        lasting = {one.deadline: one.due - one.started for one in peer.all(TIMERS)}
        assert lasting == {"verification": HOUR, "list-erasure": 24 * HOUR}
    verified(life, NOT_THE_PERSON)
    for peer in (life.pair.be, life.pair.ma):
        clock.tick(peer.ctx)
        assert {"erasure-opener", "erasure-answerer"} <= {one.deadline for one in peer.all(TIMERS)}
