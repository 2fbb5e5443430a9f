"""Purpose walls: what may be held against what, and what an author has to consent to first."""

import itertools

import pytest

from passerelle.core.errors import NotFoundError, StateError
from passerelle.instruments.lineage import names
from passerelle.instruments.model import parse
from passerelle.office import relations, walls
from passerelle.office.asking import NotAllowedError
from passerelle.office.relations import Wanted
from passerelle.office.walls import Side, WallError
from passerelle.ports.relations import RELATIONS
from tests.peers.pair import acts
from tests.peers.related import WHY, Related, third, trace_with
from tests.peers.staff import hire
from tests.unit.instruments import samples as texts

HERE, ALERTS, FUNDS = "wanted-persons", "terrorism", "funds"
PROSECUTION = {"purpose": "prosecution"}


@pytest.fixture(scope="module")
def scene():
    """`wanted-persons` and `terrorism` name each other; `funds` names `wanted-persons`, which does not name it."""
    made = Related(links=[{"domain": ALERTS}])
    made.alerts = made.sign(domain=ALERTS, title="Terrorism", links=[{"domain": HERE}])
    made.funds = made.sign(domain=FUNDS, title="Funds", links=[made.wanted])
    both = {"migration": "migration", "police": "civil"}  # one house, which keeps the civil register too
    made.migration = made.sign("migration", links=[made.wanted], domain="returns", services=both)
    made.here, _ = made.trace(handling=["H0"])
    return made


# -- of one purpose, of another ----------------------------------------------------------------------------------------


def test_one_purpose_meets_itself_whichever_channel_carries_it(scene):
    there, _ = scene.trace(scene.funds, handling=["H0"])
    assert scene.relate(scene.here, there).state == "noted"


def test_two_purposes_meet_where_both_channels_name_the_other(scene):
    there, _ = scene.trace(scene.alerts, handling=["H0"], **PROSECUTION)
    assert scene.relate(scene.here, there).state == "noted"
    assert scene.relate(there, scene.here, "travelled-with").state == "noted"


def test_one_channel_alone_that_names_the_other_is_not_enough(scene):
    there, _ = scene.trace(scene.funds, handling=["H0"], **PROSECUTION)
    words = "the channel of domain wanted-persons does not name that of domain funds"
    for one, other in ((scene.here, there), (there, scene.here)):
        with pytest.raises(WallError, match=words):
            scene.relate(one, other)


def test_a_channel_that_carries_two_purposes_does_not_name_itself(scene):
    there, _ = scene.trace(handling=["H0"], **PROSECUTION)
    with pytest.raises(WallError, match="domain wanted-persons does not name that of domain wanted-persons"):
        scene.relate(scene.here, there)


def test_migration_and_crime_never_meet_whatever_channels_say(scene):
    scene.pair.channel = scene.migration
    returned, _ = scene.post("be", acts.identification_request(), scene.migration)
    for kind, ends in (("same-person", {}), ("see-also", {"one": Wanted(scene.here), "other": Wanted(returned)})):
        with pytest.raises(WallError, match="criminal and migration use never is"):
            scene.relate(scene.here, returned, kind, **ends)


def test_what_a_relation_rests_on_stands_behind_the_same_walls(scene):
    there, _ = scene.trace(handling=["H0"])
    _, message = scene.trace(scene.funds, handling=["H0"], **PROSECUTION)
    with pytest.raises(WallError, match="does not name that of domain funds"):
        scene.relate(scene.here, there, because=((message, 1),))


def test_a_thing_stands_behind_the_walls_of_its_dossier(scene):
    there, _ = scene.trace(scene.funds, handling=["H0"], **PROSECUTION)
    group = Wanted(scene.here, thing="group", name="Casa Nord")
    scene.relate(scene.here, scene.here, "member-of", other=group)
    with pytest.raises(WallError):
        scene.relate(there, scene.here, "member-of", other=group)


def test_a_channel_that_ended_names_nothing_any_more():
    made = Related(links=[{"domain": ALERTS}])
    alerts = made.sign(domain=ALERTS, links=[{"domain": HERE}], valid={"until": "2026-12-01"})
    here, _ = made.trace(handling=["H0"])
    there, _ = made.trace(alerts, handling=["H0"], **PROSECUTION)
    made.pair.clock.advance(20 * 86_400_000)
    with pytest.raises(WallError, match="the channel of domain terrorism is not in force"):
        made.relate(here, there)


def test_the_channel_that_superseded_says_what_is_named():
    made = Related(links=[{"domain": ALERTS}])
    alerts = made.sign(domain=ALERTS, links=[{"domain": HERE}])
    here, _ = made.trace(handling=["H0"])
    there, _ = made.trace(alerts, handling=["H0"], **PROSECUTION)
    made.sign(domain=ALERTS, title="Without links", supersedes=alerts)
    with pytest.raises(WallError, match="domain terrorism does not name"):
        made.relate(here, there)


CHANNELS = [
    parse(texts.channel_for(area, "a" * 64, texts.TYPES, domain=domain, title=domain, **more))
    for area, domain, more in (
        ("criminal", "one", {"links": [{"domain": "two"}, {"domain": "one"}, {"domain": "three"}]}),
        ("criminal", "two", {"links": [{"domain": "one"}], "purposes": ["prosecution", "cybercrime"]}),
        ("criminal", "three", {}),
        ("migration", "four", {"links": [{"domain": "one"}, {"domain": "two"}, {"domain": "five"}]}),
        ("security", "five", {"links": [{"domain": "one"}, {"domain": "four"}]}),
        ("general", "six", {"links": [{"domain": "one"}, {"domain": "four"}]}),
    )
]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(CHANNELS, CHANNELS)))
def test_walls_hold_for_any_pair_of_channels_and_purposes(one, other):
    """What is let through is of one wall, of areas that may meet, and of one purpose or named from both sides."""
    for near, far, feeds in itertools.product(one.purposes, other.purposes, (True, False)):
        sides = [
            Side(dossier, "ma", "wanted-trace", purpose, channel.domain, channel, in_force=True, feeds=feeds)
            for dossier, purpose, channel in (("a", near, one), ("b", far, other))
        ]
        passed = []
        for pair in (sides, sides[::-1]):
            try:
                walls.between(*pair, {})
                passed.append(True)
            except WallError:
                passed.append(False)
        areas = {*one.areas, *other.areas}
        together = one.wall == other.wall and not areas >= {"criminal", "migration"}
        together = together and not areas >= {"migration", "security"}
        both = names(one, other, {}) and names(other, one, {})
        assert passed == [together and (near == far or (both and feeds))] * 2


# -- passing on needs consent ------------------------------------------------------------------------------------------


@pytest.fixture
def asked(scene):
    """A trace of ma with H2, in a channel that ours names; a dossier of another purpose; who asks and who answers."""
    theirs, message = scene.trace(scene.alerts, by="ma", **PROSECUTION)

    def ask(purpose, decision):
        scene.pair.channel = scene.alerts
        body = {"to": "the desk of wanted persons", "purpose": purpose, "reason": "same person", "message": message}
        question = scene.pair.answer("be", theirs, "ask-onward", body=body, handling=["H0"], **PROSECUTION)
        scene.pair.settle()
        body = {"message": message, "question": question.id, "decision": decision}
        body |= {"conditions": "not in court"} if decision == "conditional" else {}
        scene.pair.answer("ma", theirs, "consent", body=body, handling=["H0"], **PROSECUTION)
        scene.pair.settle()

    return theirs, ask


def test_h2_for_another_purpose_waits_for_the_authors_consent(scene, asked):
    theirs, ask = asked
    with pytest.raises(WallError, match=r"H2: expected the consent of ma .* for criminal-investigation"):
        scene.relate(scene.here, theirs)
    ask("execution-of-sentences", "granted")
    with pytest.raises(WallError, match="H2"):
        scene.relate(scene.here, theirs)
    ask("criminal-investigation", "refused")
    with pytest.raises(WallError, match="H2"):
        scene.relate(scene.here, theirs)
    ask("criminal-investigation", "conditional")
    assert scene.relate(scene.here, theirs).state == "noted"
    ask("criminal-investigation", "refused")
    with pytest.raises(WallError, match="H2"):
        scene.relate(scene.here, theirs, "travelled-with")


def test_h2_for_another_partner_waits_for_the_authors_consent(scene):
    pair, channel = third(scene)
    theirs, _ = scene.trace(by="ma")
    french = trace_with(pair, channel, handling=["H0"])
    with pytest.raises(WallError, match="H2: expected the consent of ma"):
        scene.relate(theirs, french)
    free, _ = scene.trace(by="ma", handling=["H0"])
    assert scene.relate(free, french).state == "noted"


def test_own_messages_with_h2_wait_for_nobody(scene):
    ours, _ = scene.trace()
    there, _ = scene.trace(scene.alerts, handling=["H0"], **PROSECUTION)
    assert scene.relate(ours, there).state == "noted"


# -- what may not be used ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", ["withdraw", "restrict"])
def test_nothing_new_rests_on_what_was_withdrawn_or_is_restricted(scene, act):
    there, message = scene.notice(handling=["H0"])
    scene.answer("be", there, act, message=message)
    with pytest.raises(StateError, match=f"expected a message that may be used, got {message}: see {act}"):
        scene.relate(scene.here, there)
    assert there not in str(scene.pair.be.all(RELATIONS))


def test_a_restriction_that_is_over_bars_nothing(scene):
    there, message = scene.notice(handling=["H0"])
    body = {"message": message, "reason": "accuracy-contested", "until": "2026-11-22"}
    scene.answer("be", there, "restrict", body=body)
    scene.pair.clock.advance(3 * 86_400_000)
    assert scene.relate(scene.here, there).state == "noted"


# -- sister services ---------------------------------------------------------------------------------------------------


def test_what_a_sister_service_is_not_shown_no_relation_shows(scene):
    """The partner wrote to the police; the analyst of the justice is none of it."""
    theirs, _ = scene.notice(by="ma", handling=["H0"])
    there, _ = scene.notice(by="ma", handling=["H0"])
    made = scene.relate(theirs, there)
    mara = hire(scene.pair.be, "mara", "analyst", service="justice")
    with pytest.raises(NotAllowedError, match="service"):
        relations.add(scene.office, mara, scene.new(theirs, there, "travelled-with"), WHY)
    found = scene.store.write("t", lambda tx: relations.of(tx, scene.office, mara, made.one, WHY))
    assert found.rows == ()
    with pytest.raises(NotFoundError):
        relations.withdraw(scene.office, mara, made.id, "not mine")


def test_a_consent_that_was_asked_for_another_service_or_was_taken_back_opens_nothing(scene):
    theirs, message = scene.notice(by="ma", handling=["H0", "H2"], **PROSECUTION)
    scene.pair.channel = scene.wanted
    there, _ = scene.trace(scene.alerts, handling=["H0"], purpose="tracing-wanted-persons")

    def ask(**more):
        asked = {"to": "another desk", "purpose": "tracing-wanted-persons", "reason": "same person"}
        question = scene.answer("be", theirs, "ask-onward", body=asked | {"message": message} | more)
        body = {"message": message, "question": question, "decision": "granted"}
        return scene.answer("ma", theirs, "consent", body=body)

    ask(service="justice")
    with pytest.raises(WallError, match="H2"):
        scene.relate(theirs, there)
    given = ask()
    assert scene.relate(theirs, there).state == "noted"
    scene.answer("ma", theirs, "withdraw", message=given)
    with pytest.raises(WallError, match="H2"):
        scene.relate(theirs, there, "travelled-with")


def test_data_of_a_type_that_keeps_them_to_itself_serve_no_other_purpose():
    """Identification: not even where the channel names its own domain."""
    made = Related()
    migration = made.sign("migration", domain="returns", links=[{"domain": "returns"}])
    one, _ = made.post("be", acts.identification_request(handling=["H1", "H2"]), migration)
    same, _ = made.post("be", acts.identification_request(), migration)
    other, _ = made.post("be", acts.identification_request(purpose="return"), migration)
    eva = hire(made.pair.be, "mina", "analyst", service="migration")
    assert relations.add(made.office, eva, made.new(one, same), WHY).state == "noted"
    with pytest.raises(WallError, match="data of the type identification serve no other purpose"):
        relations.add(made.office, eva, made.new(one, other), WHY)
