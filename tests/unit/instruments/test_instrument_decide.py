import pytest

from passerelle.core.clock import MILLISECONDS_A_DAY, from_iso
from passerelle.instruments.decide import CLOCK_AHEAD, decide
from passerelle.instruments.errors import InstrumentStateError
from passerelle.instruments.standing import standing
from passerelle.instruments.verdict import CODES
from tests.unit.instruments.samples import NOW, SIGNED, TYPES, agreement, channel, prepared, proposed, request, signed

AGREEMENT = agreement()
UNDER = signed(AGREEMENT).digest
DAY = MILLISECONDS_A_DAY
GRACE = 3 * DAY
FROM, UNTIL = from_iso("2026-01-01T00:00:00Z"), from_iso("2028-01-01T00:00:00Z")
TRACE = TYPES["wanted-trace"]


def as_receiver(*, types=TYPES, agreed=None, record=None, successors=(), **overrides):
    """The channel as ma sees it, which receives from be."""
    under = standing(signed(AGREEMENT, partner="be", **(agreed or {})))
    body = channel(UNDER, types, **overrides)
    return standing(signed(body, partner="be", **(record or {})), under, successors)


def as_sender(*, agreed=None, record=None, successors=(), **overrides):
    """The channel as be sees it, which sends to ma."""
    under = standing(signed(AGREEMENT, **(agreed or {})))
    return standing(signed(channel(UNDER, **overrides), **(record or {})), under, successors)


def leaving(written=NOW, **overrides):
    return request(leaving=True, written=written, **overrides)


def codes(verdict):
    assert all(reason.check == CODES[reason.code] for reason in verdict.reasons)
    assert verdict.allowed == (not verdict.reasons)
    return [reason.code for reason in verdict.reasons]


def enters(written, now=None, retention="2028-02-01", **parts):
    """Codes for a message that enters, written and arrived at these moments."""
    wanted = {key: parts.pop(key) for key in ("opening", "wind_down") if key in parts}
    return codes(
        decide(
            request(written=written, retention=retention, **wanted),
            as_receiver(**parts),
            written if now is None else now,
        )
    )


def leaves(now, retention="2028-02-01", **parts):
    wanted = {key: parts.pop(key) for key in ("opening", "wind_down") if key in parts}
    return codes(decide(leaving(now, retention=retention, **wanted), as_sender(**parts), now))


def test_allowed_on_both_sides():
    assert decide(leaving(), as_sender(), NOW).allowed
    verdict = decide(request(), as_receiver(), NOW)
    assert verdict.allowed
    assert verdict.reasons == ()
    assert verdict.checks == ()


@pytest.mark.parametrize(
    ("code", "path", "got", "change"),
    [
        ("type", "type", "extradition", {"type": "extradition"}),
        ("type-digest", "type", "33" * 32, {"type_digest": "33" * 32}),
        ("lane", "lane", "governance", {"lane": "governance"}),
        ("purpose", "purpose", "return", {"purpose": "return"}),
        (
            "purpose-area",
            "purpose",
            "criminal-investigation, of the area criminal",
            {"areas": frozenset({"migration"})},
        ),
        ("basis", "basis", "9", {"basis": "9"}),
        ("recipient", "recipient", "intelligence", {"recipient": "intelligence"}),
        (
            "recipient-kind",
            "recipient",
            "police, of the kind police",
            {"services": frozenset({"justice"})},
        ),
        ("handling", "handling", "H9", {"handling": frozenset({"H0", "H9"})}),
        ("classification", "classification", "confidential", {"classification": "confidential"}),
        ("classification", "classification", "diffusion-restreinte", {"classification": "diffusion-restreinte"}),
        ("retention-form", "retention", "20271121", {"retention": "20271121"}),
        ("retention-form", "retention", "2027-02-30", {"retention": "2027-02-30"}),
        ("retention-long", "retention", "2028-11-22", {"retention": "2028-11-22"}),
        ("retention-past", "retention", "2026-11-20", {"retention": "2026-11-20"}),
        ("field", "religion", "religion", {"fields": frozenset({"subjects.names", "religion"})}),
        ("category", "subjects.category", "to-identify", {"categories": frozenset({"wanted", "to-identify"})}),
        ("special-field", "body.health", "body.health", {"special": frozenset({"body.health"})}),
        ("size", "size", "100000001 bytes", {"size": 100_000_001}),
        ("parties", "sender", "from fr to ma", {"sender": "fr"}),
        ("parties", "sender", "from be to fr", {"receiver": "fr"}),
    ],
)
def test_one_reason(code, path, got, change):
    for asked, asker in ((request, as_receiver()), (leaving, as_sender())):
        [reason] = decide(asked(**change), asker, NOW).reasons
        assert (reason.code, reason.path, reason.got) == (code, path, got)
        assert reason.expected
        assert str(reason).endswith(f"({code}, check {CODES[code]})")


def test_a_type_passes_only_between_its_kinds_of_services_on_both_sides():
    fiu = {"services": frozenset({"fiu", "justice"})}
    assert decide(request(recipient="justice", **fiu), as_receiver(), NOW).allowed
    # The sending side has none: a service of the receiving side alone is not enough.
    police = {"sides": {"be": {"services": {"police": "police", "justice": None}}}}
    for verdict in (
        decide(request(recipient="justice", **fiu), as_receiver(**police), NOW),
        decide(leaving(recipient="justice", **fiu), as_sender(**police), NOW),
    ):
        [reason] = verdict.reasons
        assert (reason.code, reason.path, reason.got) == ("sender-kind", "sides.be.services", "police")
        assert reason.expected == "a service of the kind fiu, justice on the sending side"


def test_acts_of_magistrates_are_under_four_eyes_too():
    kept = {"wanted-trace": {"digest": TRACE, "magistrate": ["request"]}}
    here = as_receiver(types=kept)
    assert decide(request(act="request"), here, NOW).allowed
    assert codes(decide(request(act="request", author="a", releaser="a"), here, NOW)) == ["four-eyes"]
    assert decide(request(act="reply", author="a", releaser="a"), here, NOW).allowed


def test_direction():
    # Its own message that comes back, and the partner's message as if it were to leave.
    assert codes(decide(request(sender="ma", receiver="be"), as_receiver(), NOW)) == ["parties", "classification"]
    assert codes(decide(leaving(), as_receiver(), NOW)) == ["parties"]


def test_acts():
    here = as_receiver(types={"wanted-trace": {"digest": TRACE, "acts": ["request", "reply"]}})
    assert decide(request(act="reply"), here, NOW).allowed
    [reason] = decide(request(act="arrested"), here, NOW).reasons
    assert (reason.code, reason.expected, reason.got) == ("act", "one of reply, request", "arrested")


@pytest.mark.parametrize("demanded", [["request"], ["*"]])
def test_four_eyes(demanded):
    here = as_receiver(types={"wanted-trace": {"digest": TRACE, "four_eyes": demanded}})
    assert decide(request(), here, NOW).allowed
    for pair in ({"releaser": "be-017"}, {"releaser": ""}, {"author": ""}):
        [reason] = decide(request(**pair), here, NOW).reasons
        assert reason.code == "four-eyes"
        assert "be-017" not in str(reason), "a reason names no person"
    assert decide(request(act="reply", releaser="be-017"), here, NOW).allowed == (demanded == ["request"])
    assert decide(request(releaser="be-017"), as_receiver(), NOW).allowed


def test_field_patterns():
    here = as_receiver(fields=["subjects.names", "body.*", "reference"])

    def surplus(*fields, special=()):
        asked = request(fields=frozenset(fields), special=frozenset(special))
        return [reason.path for reason in decide(asked, here, NOW).reasons]

    assert surplus("subjects.names", "subjects.names.text", "body.warrant", "body.warrant.court", "reference") == []
    assert surplus("body") == ["body"]
    assert surplus("subjects.births", "subjects.name", "bodies.x", "subjects") == [
        "bodies.x",
        "subjects",
        "subjects.births",
        "subjects.name",
    ]
    assert surplus("body.x", special=["body.x"]) == ["body.x"], "no star covers a special category"
    assert surplus("subjects.names", special=["subjects.names"]) == []


def test_retention_to_the_day():
    here = as_receiver(retention="P1M", valid={"from": "2026-01-01", "until": "2026-12-31"})
    written = from_iso("2026-11-21T23:59:59Z")
    assert decide(request(retention="2026-12-21", written=written), here, written).allowed
    assert codes(decide(request(retention="2026-12-22", written=written), here, written)) == ["retention-long"]
    assert decide(request(retention="2026-11-21", written=written), here, written).allowed
    # It was in time when it was written, and is past when the courier arrives.
    assert codes(decide(request(retention="2026-11-21", written=written), here, written + 1000)) == ["retention-past"]


def test_several_reasons_at_once():
    here = as_receiver(record={"partner_signed": 0})
    asked = request(
        type="x", purpose="y", basis="z", lane="w", recipient="v", retention="", fields=frozenset({"a", "b"})
    )
    verdict = decide(asked, here, NOW)
    expected = [
        "partner-signature",
        "lane",
        "purpose",
        "basis",
        "recipient",
        "field",
        "field",
        "retention-form",
        "type",
    ]
    assert codes(verdict) == expected
    assert verdict.checks == ("7", "8")


@pytest.mark.parametrize(
    ("record", "to_send", "to_accept"),
    [
        ({"own_signed": 0, "own_cosigned": False}, ["own-signature"], ["own-signature"]),
        ({"partner_signed": 0}, ["partner-signature"], ["partner-signature"]),
        ({"own_cosigned": False}, ["own-cosigned"], []),
        ({"rejected": SIGNED, "rejected_by": "ma"}, ["rejected"], ["rejected"]),
        (
            {"own_signed": 0, "own_cosigned": False, "partner_signed": 0},
            ["own-signature", "partner-signature"],
            ["own-signature", "partner-signature"],
        ),
    ],
)
def test_signatures_of_channel_and_agreement(record, to_send, to_accept):
    for parts in ({"record": record}, {"agreed": record}):
        assert leaves(NOW, **parts) == to_send
        assert enters(NOW, **parts) == to_accept
    assert leaves(NOW, record=record, agreed=record) == to_send * 2
    path = decide(leaving(), as_sender(agreed=record), NOW).reasons[0].path
    assert path == "agreement"


def test_without_its_agreement():
    here = standing(signed(channel(UNDER), partner="be"))
    assert codes(decide(request(), here, NOW)) == ["agreement-missing"]


def test_an_agreement_that_does_not_fit():
    other = agreement(articles=[{"number": "7(1)", "subject": "Tracing"}])
    here = prepared(channel(signed(other).digest), other, partner="be")
    assert codes(decide(request(), here, NOW)) == ["agreement-mismatch"]
    assert here.effective_at is None


def test_standings_of_other_instruments_are_refused():
    with pytest.raises(InstrumentStateError):
        standing(signed(channel(UNDER)), standing(signed(agreement(title="Other"))))
    with pytest.raises(InstrumentStateError):
        standing(signed(channel(UNDER)), standing(signed(AGREEMENT)), [as_sender(title="Not a successor")])
    with pytest.raises(InstrumentStateError):
        standing(signed(channel(UNDER), partner="fr"))
    with pytest.raises(InstrumentStateError):
        standing(signed(channel(UNDER), digest="00" * 32))
    with pytest.raises(TypeError):
        decide(request(), standing(signed(AGREEMENT)), NOW)


@pytest.mark.parametrize(
    ("parts", "since"),
    [
        ({}, FROM),
        ({"record": {"own_signed": FROM + DAY}}, FROM + DAY),
        ({"record": {"partner_signed": FROM + DAY}}, FROM + DAY),
        ({"agreed": {"own_signed": FROM + DAY}}, FROM + DAY),
        ({"valid": {"from": "2026-02-01T12:00:00Z"}}, from_iso("2026-02-01T12:00:00Z")),
    ],
)
def test_it_takes_effect(parts, since):
    assert as_sender(**parts).effective_at == since
    assert leaves(since - 1, retention="2026-06-01", **parts) == ["not-yet"]
    assert leaves(since, retention="2026-06-01", **parts) == []
    # The entry's time counts, not the arrival.
    assert enters(since - 1, now=since + DAY, retention="2026-06-01", **parts) == ["not-yet"]
    assert enters(since, retention="2026-06-01", **parts) == []


def test_it_expires():
    assert leaves(UNTIL - 1) == []
    assert leaves(UNTIL) == ["expired"]
    assert enters(UNTIL - 1) == []
    assert enters(UNTIL - 1, now=UNTIL + GRACE) == []
    assert enters(UNTIL - 1, now=UNTIL + GRACE + 1) == ["late"]
    assert enters(UNTIL) == ["expired"], "both knew the date"


def test_the_agreement_ends():
    until = from_iso("2026-07-01T00:00:00Z")
    under = agreement(in_force={"until": "2026-06-30"})
    here = prepared(channel(signed(under).digest), under, partner="be")
    ask = {"retention": "2026-12-31"}
    assert decide(request(written=until - 1, **ask), here, until + GRACE).allowed
    [reason] = decide(request(written=until, **ask), here, until).reasons
    assert (reason.code, reason.path) == ("expired", "agreement")
    assert here.ended_at == until


END = from_iso("2026-06-01T08:00:00Z")


def test_terminated_by_the_receiver():
    parts = {"record": {"terminated": END, "terminated_by": "ma"}}
    assert enters(END - 1, **parts) == []
    assert enters(END - 1, now=END + GRACE, **parts) == []
    assert enters(END - 1, now=END + GRACE + 1, **parts) == ["late"]
    # The sender may not have known ...
    assert enters(END + GRACE, **parts) == []
    assert enters(END + GRACE, now=END + 2 * GRACE, **parts) == []
    assert enters(END + GRACE, now=END + 2 * GRACE + 1, **parts) == ["late"]
    assert enters(END + GRACE + 1, **parts) == ["terminated"]
    # ... but once he does, he sends nothing.
    assert leaves(END - 1, **parts) == []
    assert leaves(END, **parts) == ["terminated"]


def test_terminated_by_the_sender():
    parts = {"record": {"terminated": END, "terminated_by": "be"}}
    assert enters(END - 1, now=END + GRACE, **parts) == []
    assert enters(END, **parts) == ["terminated"], "he knew"
    assert leaves(END, **parts) == ["terminated"]


def test_the_agreement_is_terminated():
    parts = {"agreed": {"terminated": END, "terminated_by": "ma"}}
    assert leaves(END, **parts) == ["terminated"]
    assert enters(END + GRACE, **parts) == []
    assert enters(END + GRACE + 1, **parts) == ["terminated"]


@pytest.mark.parametrize(
    "end", [{"terminated": END, "terminated_by": "ma"}, {"terminated": END, "terminated_by": "be"}, {}]
)
def test_acts_that_wind_down_pass_after_the_end(end):
    later = UNTIL + 400 * DAY
    ask = {"retention": "2029-12-31", "wind_down": True, "record": end}
    why = ["expired", "terminated"] if end else ["expired"]
    assert leaves(later, opening=False, **ask) == []
    assert enters(later, opening=False, now=later + 100 * DAY, **ask) == []
    # An act that would open a dossier winds nothing down.
    assert sorted(leaves(later, opening=True, **ask)) == sorted(why)
    assert sorted(enters(later, opening=True, **ask)) == sorted(why)


def successor(*, partner, old, **changes):
    body = channel(UNDER, title="Wanted persons, second", supersedes=old)
    under = standing(signed(AGREEMENT, partner=partner))
    return standing(signed(body, partner=partner, at=END, **changes), under)


def superseded(partner, **changes):
    old = signed(channel(UNDER), partner=partner)
    new = successor(partner=partner, old=old.digest, **changes)
    return standing(old, standing(signed(AGREEMENT, partner=partner)), [new]), new


def test_superseded():
    ask = {"retention": "2026-12-31", "opening": False}
    here, new = superseded("be")
    assert here.superseded_by == new.instrument.digest
    assert here.ended_at == END
    assert decide(request(written=END + GRACE, **ask), here, END + GRACE).allowed, "the sender may not have known"
    [reason] = decide(request(written=END + GRACE + 1, **ask), here, END + GRACE + 1).reasons
    assert reason.code == "superseded"
    assert new.instrument.digest in reason.expected
    there, _ = superseded("ma")
    assert decide(leaving(END - 1, **ask), there, END - 1).allowed
    assert codes(decide(leaving(END, **ask), there, END)) == ["superseded"]
    assert decide(request(written=END, retention="2026-12-31"), new, END).allowed


def test_superseded_while_the_receipt_is_on_the_way():
    """The new one may not be sent under yet: open dossiers go on under the old one, new dossiers wait."""
    there, new = superseded("ma", own_cosigned=False)
    at = END + GRACE
    assert codes(decide(leaving(at, retention="2026-12-31"), new, at)) == ["own-cosigned"]
    assert decide(leaving(at, retention="2026-12-31", opening=False), there, at).allowed
    assert codes(decide(leaving(at, retention="2026-12-31", opening=True), there, at)) == ["superseded"]
    assert codes(decide(leaving(at + 1, retention="2026-12-31", opening=False), there, at + 1)) == ["superseded"]


@pytest.mark.parametrize(
    "changes",
    [
        {"partner_signed": 0},
        {"own_signed": 0},
        {"rejected": END, "rejected_by": "be"},
        {"terminated": END, "terminated_by": "be"},
        {"terminated": END - 1, "terminated_by": "be"},
    ],
)
def test_a_successor_that_never_was_in_force_supersedes_nothing(changes):
    here, new = superseded("be", **changes)
    assert new.effective_at is None
    assert here.superseded_by == ""
    assert here.in_force(END)
    assert decide(request(written=UNTIL - 1, retention="2028-01-01"), here, UNTIL - 1).allowed


def test_a_successor_that_was_in_force_supersedes_for_good():
    here, _ = superseded("be", terminated=END + 1, terminated_by="be")
    assert here.ended_at == END


def test_in_force():
    here = as_sender()
    assert [here.in_force(moment) for moment in (FROM - 1, FROM, UNTIL - 1, UNTIL)] == [False, True, True, False]
    assert not standing(proposed(channel(UNDER)), standing(signed(AGREEMENT))).in_force(NOW)


@pytest.mark.parametrize("written", [-(2**60), 0, 2**60])
def test_moments_that_no_calendar_has(written):
    assert decide(request(written=written), as_receiver(), NOW).checks[0] == "7"


def test_a_termination_far_ahead():
    far = from_iso("9999-12-31T00:00:00Z")
    assert enters(NOW, retention="2027-01-01", record={"terminated": far, "terminated_by": "ma"}) == []


def test_the_skew_that_others_check():
    assert CLOCK_AHEAD == 5 * 60 * 1000


def test_everything_that_the_channel_names_may_be_used_at_once():
    here = as_receiver(fields=["subjects.names", "body.health"], limits={"bytes": 4096})
    asked = request(
        handling=frozenset({"H0", "H1", "H2", "H3"}),
        categories=here.instrument.categories,
        fields=frozenset({"subjects.names", "body.health"}),
        special=frozenset({"subjects.names", "body.health"}),
        size=4096,
    )
    assert decide(asked, here, NOW).reasons == ()
    assert codes(decide(request(size=4097), as_receiver(limits={"bytes": 4096}), NOW)) == ["size"]


def test_the_agreement_is_superseded():
    old = signed(AGREEMENT, partner="be")
    new = standing(signed(agreement(title="Second convention", supersedes=old.digest), partner="be", at=END))
    under = standing(old, None, [new])
    assert under.superseded_by == new.instrument.digest
    here = standing(signed(channel(UNDER), partner="be"), under)
    assert here.superseded_by == "", "no channel has taken the place of this one"
    assert here.ended_at == END
    ask = {"retention": "2026-12-31"}
    assert decide(request(written=END + GRACE, **ask), here, END + GRACE).allowed
    [reason] = decide(request(written=END + GRACE + 1, **ask), here, END + GRACE + 1).reasons
    assert (reason.code, reason.path) == ("superseded", "agreement")
