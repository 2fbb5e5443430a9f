import msgspec
import pytest

from passerelle.core.errors import InstrumentError
from passerelle.instruments.errors import InstrumentFormError, InstrumentStateError
from passerelle.instruments.lifecycle import cosigned, propose, reject, sign, terminate
from passerelle.instruments.lineage import lineage, may_link, same_lineage
from passerelle.instruments.model import parse
from tests.unit.instruments.samples import NOW, PROPOSED, SIGNED, agreement, channel, proposed, signed

AGREEMENT = signed(agreement())
BODY = channel(AGREEMENT.digest)
KNOWN = {AGREEMENT.digest: AGREEMENT}


def offer(body=BODY, *, proposer="be", time=PROPOSED, known=KNOWN):
    return propose(body, node="be", partner="ma", proposer=proposer, time=time, known=known)


def known(*records):
    return {record.digest: record for record in (AGREEMENT, *records)}


def refused(check):
    return pytest.raises(InstrumentFormError if check == "9" else InstrumentStateError)


def test_a_whole_life():
    record = offer()
    assert record == proposed(BODY)
    record = sign(record, side="be", time=SIGNED, message="m1", known=KNOWN)
    assert (record.own_signed, record.own_message, record.own_cosigned) == (SIGNED, "m1", False)
    record = sign(record, side="ma", time=SIGNED + 5, message="m2", known=KNOWN)
    assert (record.partner_signed, record.partner_message) == (SIGNED + 5, "m2")
    record = cosigned(record, time=SIGNED + 2)
    assert (record.own_signed, record.own_cosigned) == (SIGNED + 2, True)
    record = terminate(record, side="ma", time=NOW, effective=NOW + 1000, reason="moved on")
    assert (record.terminated, record.terminated_by, record.reason) == (NOW + 1000, "ma", "moved on")


def test_the_errors_bear_the_number_of_the_check():
    for check, body in (("9", b"{}"), ("10", channel(AGREEMENT.digest, supersedes="00" * 32))):
        with refused(check) as caught:
            offer(body)
        assert caught.value.check == check
        assert isinstance(caught.value, InstrumentError)


@pytest.mark.parametrize(
    ("check", "body"),
    [
        ("9", b"{}"),
        ("9", BODY + b" "),
        ("9", channel(AGREEMENT.digest, parties=["be", "fr"])),
        ("9", channel(AGREEMENT.digest, articles=["7(1)", "88"])),
        ("10", channel(AGREEMENT.digest, supersedes="00" * 32)),
        ("10", channel(AGREEMENT.digest, supersedes=AGREEMENT.digest)),
    ],
)
def test_proposals_that_are_refused(check, body):
    with refused(check):
        offer(body)


def test_a_proposal_by_a_stranger():
    with refused("10"):
        offer(proposer="fr")


def test_a_proposal_whose_agreement_is_not_known_yet():
    assert offer(channel(AGREEMENT.digest, articles=["88"]), known={}).digest


def test_proposals_repeated():
    record = signed(BODY)
    assert offer(known=known(record)) is record
    assert offer(known=known(record), proposer="ma", time=PROPOSED + 9) is record, "both sides at once"
    ended = reject(proposed(BODY), side="ma", time=NOW, reason="no")
    assert offer(known=known(ended)) is ended, "the network repeats"
    with refused("10"):
        offer(known=known(ended), time=NOW + 1)
    over = terminate(record, side="ma", time=NOW, effective=NOW, reason="no")
    with refused("10"):
        offer(known=known(over), time=NOW + 1)


def test_superseding():
    old = signed(BODY)
    new = offer(channel(AGREEMENT.digest, supersedes=old.digest), known=known(old))
    assert new.supersedes == old.digest
    other = signed(channel(AGREEMENT.digest, parties=["be", "fr"]), partner="fr")
    with refused("10"):
        offer(channel(AGREEMENT.digest, supersedes=other.digest), known=known(other))


def test_one_living_successor_for_each_side():
    old = signed(BODY)
    one = proposed(channel(AGREEMENT.digest, title="One", supersedes=old.digest))
    two = proposed(channel(AGREEMENT.digest, title="Two", supersedes=old.digest))
    one = sign(one, side="be", time=SIGNED, message="m1", known=known(old, one, two))
    with refused("10"):
        sign(two, side="be", time=NOW, message="m2", known=known(old, one, two))
    assert sign(two, side="ma", time=NOW, message="m2", known=known(old, one, two)).partner_signed == NOW
    for ended in (
        reject(one, side="ma", time=NOW, reason="no"),
        terminate(one, side="be", time=NOW, effective=NOW, reason="the other is better"),
    ):
        assert sign(two, side="be", time=NOW, message="m2", known=known(old, ended, two)).own_signed == NOW
    with refused("10"):
        sign(two, side="be", time=NOW, message="m2", known=known(two))


def with_sides(record, **changes):
    return msgspec.structs.replace(record, **changes)


OPEN = proposed(BODY)
OWN = with_sides(OPEN, own_signed=SIGNED, own_message="m1")
PARTNER = with_sides(OPEN, partner_signed=SIGNED, partner_message="m1")
BOTH = with_sides(OWN, partner_signed=SIGNED, partner_message="m2")
REJECTED = with_sides(OPEN, rejected=SIGNED, rejected_by="ma")
TERMINATED = with_sides(BOTH, terminated=SIGNED, terminated_by="ma")
ENDS_LATER = with_sides(OWN, terminated=NOW + 1, terminated_by="be")


@pytest.mark.parametrize(
    ("step", "side", "allowed", "denied"),
    [
        ("sign", "be", [OPEN, PARTNER], [None, OWN, BOTH, REJECTED, TERMINATED, ENDS_LATER]),
        ("sign", "ma", [OPEN, OWN, ENDS_LATER], [None, PARTNER, BOTH, REJECTED, TERMINATED]),
        ("reject", "be", [OPEN, PARTNER, REJECTED], [None, OWN, BOTH, TERMINATED, ENDS_LATER]),
        ("reject", "ma", [OPEN, OWN, REJECTED, ENDS_LATER], [None, PARTNER, BOTH, TERMINATED]),
        ("terminate", "be", [OWN, BOTH, TERMINATED, ENDS_LATER], [None, OPEN, PARTNER, REJECTED]),
        ("terminate", "ma", [PARTNER, BOTH, TERMINATED], [None, OPEN, OWN, REJECTED, ENDS_LATER]),
        ("sign", "fr", [], [OPEN, BOTH]),
        ("reject", "fr", [], [OPEN, BOTH]),
        ("terminate", "fr", [], [OPEN, BOTH]),
    ],
)
def test_what_each_state_allows(step, side, allowed, denied):
    def take(record):
        if step == "sign":
            return sign(record, side=side, time=NOW, message="m9", known=KNOWN)
        if step == "reject":
            return reject(record, side=side, time=NOW, reason="because")
        return terminate(record, side=side, time=NOW, effective=NOW, reason="because")

    for record in allowed:
        made = take(record)
        assert take(made) == made, "the network may repeat"
    for record in denied:
        with refused("10"):
            take(record)


def test_a_signature_that_crosses_a_termination_counts_until_it_takes_effect():
    ends = with_sides(OWN, terminated=NOW, terminated_by="be")
    assert sign(ends, side="ma", time=NOW - 1, message="m9", known=KNOWN).partner_signed == NOW - 1
    with refused("10"):
        sign(ends, side="ma", time=NOW, message="m9", known=KNOWN)


def test_signing_needs_the_agreement():
    with refused("10"):
        sign(OPEN, side="be", time=NOW, message="m1", known={})
    with refused("9"):
        sign(proposed(channel(AGREEMENT.digest, articles=["88"])), side="ma", time=NOW, message="m1", known=KNOWN)


def test_an_agreement_stands_alone():
    record = propose(AGREEMENT.body, node="be", partner="ma", proposer="ma", time=PROPOSED, known={})
    assert sign(record, side="be", time=NOW, message="m1", known={}).own_signed == NOW


def test_cosigned():
    with refused("10"):
        cosigned(PARTNER, time=NOW)
    once = cosigned(OWN, time=NOW)
    assert cosigned(once, time=NOW) == once


def test_the_first_rejection_counts():
    record = reject(OPEN, side="be", time=NOW, reason="own")
    assert reject(record, side="ma", time=NOW - 5, reason="theirs").rejected_by == "ma"
    assert reject(record, side="ma", time=NOW + 5, reason="theirs") == record
    assert reject(record, side="be", time=NOW, reason="in other words") == record


def test_the_earlier_termination_counts_and_none_counts_backwards():
    record = terminate(BOTH, side="ma", time=NOW, effective=NOW - 1000, reason="at once")
    assert record.terminated == NOW
    later = terminate(BOTH, side="ma", time=NOW, effective=NOW + 1000, reason="in time")
    assert terminate(later, side="be", time=NOW, effective=NOW + 500, reason="sooner").terminated == NOW + 500
    assert terminate(later, side="be", time=NOW, effective=NOW + 2000, reason="later") == later
    assert terminate(later, side="ma", time=NOW, effective=NOW + 1000, reason="in other words") == later


def test_lineage():
    one = signed(BODY)
    two = signed(channel(AGREEMENT.digest, title="Two", supersedes=one.digest))
    three = signed(channel(AGREEMENT.digest, title="Three", supersedes=two.digest))
    other = signed(channel(AGREEMENT.digest, title="Other"))
    records = known(one, two, three, other)
    assert lineage(three.digest, records) == (three.digest, two.digest, one.digest)
    assert lineage(three.digest, {three.digest: three}) == (three.digest, two.digest)
    assert same_lineage(one.digest, three.digest, records)
    assert same_lineage(three.digest, one.digest, records)
    assert same_lineage(one.digest, one.digest, {})
    assert not same_lineage(one.digest, other.digest, records)


def test_links():
    one = signed(BODY)
    two = signed(channel(AGREEMENT.digest, title="Two", supersedes=one.digest))
    records = known(one, two)
    linking = parse(channel(AGREEMENT.digest, title="Terrorism", links=[one.digest]))
    assert may_link(linking, parse(one.body), records)
    assert may_link(linking, parse(two.body), records)
    assert not may_link(parse(one.body), linking, records), "the way back has to be named too"


def test_links_by_domain_name_whatever_is_in_force_between_the_parties():
    here = parse(channel(AGREEMENT.digest, links=[{"domain": "terrorism"}]))
    there = parse(channel(AGREEMENT.digest, domain="terrorism", links=[{"domain": "wanted-persons"}]))
    again = parse(channel(AGREEMENT.digest, domain="terrorism", title="The next one"))
    assert may_link(here, there, {})
    assert may_link(there, here, {})
    assert may_link(here, again, {})
    assert not may_link(here, here, {}), "not even its own domain, unless it says so"
    french = parse(channel(AGREEMENT.digest, domain="terrorism", parties=["be", "fr"]))
    assert not may_link(here, french, {})
    with_french = channel(AGREEMENT.digest, links=[{"domain": "terrorism", "parties": ["fr", "be"]}])
    assert may_link(parse(with_french), french, {})
    assert not may_link(parse(with_french), there, {})


@pytest.mark.parametrize(
    "link", [{"parties": ["be", "ma"]}, {"domain": "x", "parties": ["be"]}, {"domain": "X"}, "x", 7]
)
def test_a_link_that_names_nothing_is_refused(link):
    with pytest.raises(
        InstrumentFormError, match=r"links\.0: expected the digest of a channel, or a table with its domain"
    ):
        parse(channel(AGREEMENT.digest, links=[link]))


def test_links_never_cross_the_wall_nor_join_migration_and_crime():
    one = signed(BODY)
    none = {"ground": "none", "article": None, "reference": None}
    staff = {"regime": "national-security", "services": {"police": None, "justice": None, "staff": "military"}}
    sides = {party: staff | {"transfer": none} for party in ("be", "ma")}
    common = {"fields": ["body.*"], "categories": [], "links": [one.digest]}
    beyond = channel(AGREEMENT.digest, wall="intelligence", purposes=["experience"], sides=sides, **common)
    assert not may_link(parse(beyond), parse(BODY), known(one))
    sides = {party: {"regime": "GDPR", "transfer": none} for party in ("be", "ma")}
    migration = channel(AGREEMENT.digest, purposes=["return"], sides=sides, **common)
    assert not may_link(parse(migration), parse(BODY), known(one))
