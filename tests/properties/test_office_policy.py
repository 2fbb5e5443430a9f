"""What holds of every person, thing and moment, whatever the roles and the policy."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from passerelle.office import hard, lockout, people
from passerelle.office.hard import On
from passerelle.office.people import Role
from passerelle.office.policy import Action, Holder, Policy
from passerelle.ports.people import Grant

DOMAINS = ("wanted-persons", "counter-terrorism", "*")
PEOPLE = ("ann", "luc", "")
ROLES = tuple(role.value for role in Role)
SHIPPED = Policy.shipped()
EVERYTHING = Policy('@id("all") permit (principal, action, resource);')
"""The most generous policy there can be."""

held = st.frozensets(st.tuples(st.sampled_from(ROLES), st.sampled_from(DOMAINS)), max_size=5)
things = st.builds(
    On,
    kind=st.sampled_from(("dossier", "draft", "person")),
    id=st.just("1"),
    domain=st.sampled_from(DOMAINS),
    lane=st.sampled_from(("routine", "flash", "")),
    author=st.sampled_from(PEOPLE),
    magistrate=st.booleans(),
    judicial=st.booleans(),
    four_eyes=st.booleans(),
    review=st.booleans(),
    person=st.sampled_from(PEOPLE),
    role=st.sampled_from((*ROLES, "")),
    holds=st.lists(st.sampled_from(ROLES), max_size=2, unique=True).map(tuple),
    last=st.booleans(),
)


def holder(roles: frozenset[tuple[str, str]]) -> Holder:
    return Holder("ann", tuple(sorted(roles)))


@settings(max_examples=300)
@given(held, st.data(), st.sampled_from(list(Action)), things)
def test_taking_a_grant_away_never_allows_more(roles, data, action, on):
    fewer = data.draw(st.frozensets(st.sampled_from(sorted(roles)))) if roles else roles
    if SHIPPED.decide_anew(holder(fewer), action, on).allowed:
        assert SHIPPED.decide_anew(holder(roles), action, on).allowed


@settings(max_examples=200)
@given(held, st.sampled_from(list(Action)), things)
def test_what_is_kept_is_what_is_decided(roles, action, on):
    assert SHIPPED.decide(holder(roles), action, on) == SHIPPED.decide_anew(holder(roles), action, on)


@settings(max_examples=200)
@given(held, things, st.sampled_from((SHIPPED, EVERYTHING)))
def test_nobody_releases_what_he_wrote_but_alone_or_on_duty(roles, on, policy):
    who = holder(roles)
    mine = On(**{name: getattr(on, name) for name in on.__struct_fields__} | {"author": "ann", "kind": "draft"})
    assert not policy.decide_anew(who, Action.DRAFT_RELEASE, mine).allowed
    alone = policy.decide_anew(who, Action.DRAFT_RELEASE_ALONE, mine).allowed
    assert not (alone and (mine.four_eyes or mine.magistrate or mine.judicial))
    duty = policy.decide_anew(who, Action.DRAFT_RELEASE_ON_DUTY, mine).allowed
    assert not (duty and (mine.lane != "flash" or not mine.review or mine.magistrate or mine.judicial))


@settings(max_examples=200)
@given(held, things)
def test_judicial_acts_are_released_by_magistrates_whatever_the_policy_says(roles, on):
    judicial = On(**{name: getattr(on, name) for name in on.__struct_fields__} | {"magistrate": True})
    here = {role for role, domain in roles if domain in ("*", on.domain)}
    if EVERYTHING.decide_anew(holder(roles), Action.DRAFT_RELEASE, judicial).allowed:
        assert "magistrate" in here
    if EVERYTHING.decide_anew(holder(roles), Action.DOSSIER_OPEN, judicial).allowed:
        assert here & ({"magistrate"} if on.judicial else {"magistrate", "officer", "liaison"})


@settings(max_examples=200)
@given(held, things)
def test_nobody_gives_himself_what_he_does_not_hold(roles, on):
    mine = On(**{name: getattr(on, name) for name in on.__struct_fields__} | {"person": "ann"})
    if EVERYTHING.decide_anew(holder(roles), Action.PERSON_GRANT, mine).allowed:
        assert mine.last
        assert mine.role in mine.holds


@given(st.sampled_from(list(Action)), things)
def test_nobody_without_a_role_does_anything(action, on):
    assert not EVERYTHING.decide_anew(Holder("ann", ()), action, on).allowed


@settings(max_examples=200)
@given(held, st.sampled_from(list(Action)), things)
def test_the_hard_rules_do_not_grow_weaker_with_fewer_roles(roles, action, on):
    for one in roles:
        fewer = tuple(sorted(roles - {one}))
        if hard.broken("ann", tuple(sorted(roles)), action.value, on):
            assert hard.broken("ann", fewer, action.value, on)


# -- days --------------------------------------------------------------------------------------------------------------

FIRST = date(2026, 11, 21)
offsets = st.integers(-4, 8)


def day(offset: int) -> str:
    return (FIRST + timedelta(days=offset)).isoformat()


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    begin = draw(offsets)
    until = draw(st.one_of(st.none(), st.integers(begin, begin + 5)))
    return Grant(
        id=draw(st.uuids()).hex,
        person="ann",
        role=draw(st.sampled_from(("security", "officer"))),
        domain="*",
        begin=day(begin),
        until="" if until is None else day(until),
        given=0,
        given_by="x",
        revoked=draw(st.sampled_from((0, 0, 0, 1))),
    )


@settings(max_examples=100)
@given(st.lists(grants(), max_size=4), st.lists(grants(), max_size=3))
def test_somebody_manages_people_exactly_until_the_day_that_is_said(anns, lucs):
    everybody = {"ann": anns, "luc": lucs}
    last = lockout.covered_until(SHIPPED, everybody, day(0))
    expected = ""
    for offset in range(30):
        there = any(
            one.role == "security" and people.in_force(one, day(offset))
            for held_ in everybody.values()
            for one in held_
        )
        if not there:
            break
        expected = day(offset)
    assert last == (lockout.NEVER if expected == day(29) else expected)


@given(grants(), offsets)
def test_a_grant_holds_from_its_first_to_its_last_day(one, offset):
    on = day(offset)
    inside = one.begin <= on and (not one.until or on <= one.until)
    assert people.in_force(one, on) == (inside and not one.revoked)
    if people.in_force(one, on):
        assert people.to_come(one, on)
    if not people.to_come(one, on):
        assert not any(people.in_force(one, day(later)) for later in range(offset, 40))
