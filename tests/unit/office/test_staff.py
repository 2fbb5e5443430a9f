"""Changing who is who."""

import pytest

from passerelle.core.errors import InputError, NotFoundError, StateError
from passerelle.office import oncall, people, staff
from passerelle.office.asking import NotAllowedError, acting
from passerelle.office.circle import circle_of
from passerelle.office.lockout import LockoutError
from passerelle.office.people import NewPerson
from tests.unit.office.bureau import NOON


def grants(bureau, person):
    held = bureau.read(lambda tx: people.grants_of(tx, person))
    return [(one.role, one.domain, one.begin, one.until, bool(one.revoked)) for one in held]


def test_a_person_is_written_down_given_a_role_and_removed(bureau):
    office, eva = bureau.office, bureau.eva
    staff.add(office, eva, NewPerson(id="ann", name="Ann  Peeters", language="nl", users=("ann-os",)))
    staff.grant(office, eva, "ann", "officer", domain="wanted-persons", until="2026-12-31", reason="joins")
    assert acting(office, "", "ann-os").name == "Ann Peeters"
    assert grants(bureau, "ann") == [("officer", "wanted-persons", "2026-11-21", "2026-12-31", False)]
    staff.remove(office, eva, "ann", "left")
    assert grants(bureau, "ann") == [("officer", "wanted-persons", "2026-11-21", "2026-12-31", True)]
    with pytest.raises(NotAllowedError):
        acting(office, "ann", "ann-os")
    with pytest.raises(StateError, match="ann, who was removed"):
        staff.grant(office, eva, "ann", "officer")
    with pytest.raises(InputError, match="an id that nobody has or had here, got ann"):
        staff.add(office, eva, NewPerson(id="ann"))


def test_every_change_is_an_audit_record_with_before_and_after(bureau):
    office, eva = bureau.office, bureau.eva
    staff.add(office, eva, NewPerson(id="ann", users=("one",)))
    staff.change(office, eva, "ann", name="Ann", users=("two",), service="police")
    given = staff.grant(office, eva, "ann", "officer", reason="joins")
    staff.revoke(office, eva, "ann", "officer", reason="moved")
    staff.remove(office, eva, "ann", "left")
    told = [(one["what"], one["who"], one["on"]) for one in bureau.audits()]
    whats = ("person.added", "person.changed", "role.granted", "role.revoked", "person.removed")
    assert told == [(what, "eva", "ann") for what in whats]
    added, changed, granted, revoked, removed = bureau.audits()
    assert added["after"] == {"name": "ann", "language": "en", "service": "", "users": ["one"]}
    assert (changed["before"]["users"], changed["after"]["users"]) == (["one"], ["two"])
    assert (changed["before"]["service"], changed["after"]["service"]) == ("", "police")
    role = {"grant": given.id, "role": "officer", "domain": "*", "from": "2026-11-21", "until": ""}
    assert (granted["after"], granted["reason"]) == (role, "joins")
    assert (revoked["before"], revoked["reason"]) == ([role], "moved")
    assert removed["before"] == {
        "name": "Ann",
        "language": "en",
        "service": "police",
        "users": ["two"],
        "grants": [],
    }


def test_only_a_security_officer_changes_people(bureau):
    for role in ("officer", "coordinator", "operator", "auditor", "dpo"):
        who = bureau.hire(f"a-{role}", role)
        with pytest.raises(NotAllowedError, match="expected a role among security"):
            staff.add(bureau.office, who, NewPerson(id="new"))
        with pytest.raises(NotAllowedError, match="expected a role among security"):
            staff.grant(bureau.office, who, "eva", "coordinator")


def test_a_security_officer_of_a_domain_gives_roles_there_alone(bureau):
    here = bureau.hire("sam", "security", domain="wanted-persons")
    bureau.hire("ann")
    staff.grant(bureau.office, here, "ann", "officer", domain="wanted-persons")
    for domain in ("*", "counter-terrorism"):
        with pytest.raises(NotAllowedError):
            staff.grant(bureau.office, here, "ann", "officer", domain=domain)


def test_nobody_gives_himself_a_role(bureau):
    bureau.hire("sam", "security")
    for role in ("coordinator", "dispatcher", "security"):
        with pytest.raises(NotAllowedError, match="oneself"):
            staff.grant(bureau.office, bureau.eva, "eva", role)
    with pytest.raises(NotAllowedError, match="oneself"):
        staff.change(bureau.office, bureau.eva, "eva", users=("u-eva", "another"))


def test_the_last_who_can_prolongs_what_he_holds_and_nothing_else(bureau):
    bureau.ctx.store.write("t", lambda tx: people.revoke(tx, people.grants_of(tx, "eva"), 1, "test"))
    sam = bureau.hire("sam", "security", until="2026-11-30")
    staff.grant(bureau.office, sam, "sam", "security")
    with pytest.raises(NotAllowedError, match="oneself"):
        staff.grant(bureau.office, sam, "sam", "coordinator")


def test_everybody_chooses_his_own_language_and_nobody_elses(bureau):
    ann = bureau.hire("ann", "auditor")
    assert staff.change(bureau.office, ann, "ann", language="ar").language == "ar"
    with pytest.raises(NotAllowedError):
        staff.change(bureau.office, ann, "eva", language="ar")
    with pytest.raises(NotAllowedError):
        staff.change(bureau.office, ann, "ann", language="fr", name="Other")


def test_roles_that_must_not_meet_are_refused_now_and_for_later(bureau):
    bureau.hire("ann", "officer", begin="2027-01-01")
    with pytest.raises(NotAllowedError, match="nobody audits himself"):
        staff.grant(bureau.office, bureau.eva, "ann", "auditor")
    bureau.hire("lea", "officer", domain="wanted-persons")
    staff.grant(bureau.office, bureau.eva, "lea", "coordinator", domain="counter-terrorism")
    with pytest.raises(NotAllowedError, match="no role that reads content"):
        staff.grant(bureau.office, bureau.eva, "lea", "coordinator")
    bureau.hire("old", "officer", until="2026-11-20")
    staff.grant(bureau.office, bureau.eva, "old", "auditor")


def test_a_role_is_taken_in_one_domain_or_wherever(bureau):
    bureau.hire("ann", "officer", domain="wanted-persons")
    staff.grant(bureau.office, bureau.eva, "ann", "officer", domain="counter-terrorism")
    staff.revoke(bureau.office, bureau.eva, "ann", "officer", domain="wanted-persons", reason="x")
    assert [(one[1], one[4]) for one in grants(bureau, "ann")] == [
        ("wanted-persons", True),
        ("counter-terrorism", False),
    ]
    with pytest.raises(NotFoundError, match="hold the role officer in wanted-persons, got none"):
        staff.revoke(bureau.office, bureau.eva, "ann", "officer", domain="wanted-persons", reason="x")
    staff.revoke(bureau.office, bureau.eva, "ann", "officer", reason="x")
    assert all(one[4] for one in grants(bureau, "ann"))


@pytest.mark.parametrize(
    "facts",
    [
        {"role": "chief"},
        {"domain": "Wanted Persons"},
        {"domain": ""},
        {"begin": "tomorrow"},
        {"begin": "2026-1-1"},
        {"until": "2026-11-20"},
        {"until": "2026-02-30"},
        {"begin": "2027-01-01", "until": "2026-12-31"},
    ],
)
def test_a_grant_out_of_form_is_refused(bureau, facts):
    bureau.hire("ann")
    given = {"role": "officer", "domain": "*", "begin": "", "until": ""} | facts
    with pytest.raises(InputError, match=r"expected .* got"):
        staff.grant(bureau.office, bureau.eva, "ann", given.pop("role"), **given)
    assert grants(bureau, "ann") == []


@pytest.mark.parametrize("person", ["", " ", "a b", "-ann", "x" * 65, "a\u202eb", "a\nb", "e\u0301"])
def test_an_id_out_of_form_is_refused(bureau, person):
    with pytest.raises(InputError, match="expected"):
        staff.add(bureau.office, bureau.eva, NewPerson(id=person))


@pytest.mark.parametrize(
    "new", [{"language": "de"}, {"name": "x" * 121}, {"name": "a\x07b"}, {"users": ("",)}, {"users": ("a b",)}]
)
def test_a_person_out_of_form_is_refused(bureau, new):
    with pytest.raises(InputError, match="expected"):
        staff.add(bureau.office, bureau.eva, NewPerson(id="ann", **new))
    with pytest.raises(NotFoundError):
        bureau.read(lambda tx: people.find(tx, "ann"))


# -- nobody is left ----------------------------------------------------------------------------------------------------


def test_the_last_who_manages_people_stays(bureau):
    office, eva = bureau.office, bureau.eva
    for change in (
        lambda: staff.revoke(office, eva, "eva", "security", reason="x"),
        lambda: staff.remove(office, eva, "eva", "x"),
    ):
        with pytest.raises(LockoutError, match="got nobody: give another first"):
            change()
    assert not any(one[4] for one in grants(bureau, "eva"))
    sam = bureau.hire("sam", "security")
    staff.remove(office, sam, "eva", "left")


def test_a_successor_with_an_end_is_no_successor(bureau):
    bureau.hire("sam", "security", until="2027-06-30")
    with pytest.raises(LockoutError, match="without end, got nobody after 2027-06-30"):
        staff.revoke(bureau.office, bureau.eva, "eva", "security", reason="x")


def test_a_gap_between_two_is_seen(bureau):
    bureau.hire("sam", "security", until="2027-06-30")
    bureau.hire("tom", "security", begin="2027-07-02")
    with pytest.raises(LockoutError, match="got nobody after 2027-06-30"):
        staff.revoke(bureau.office, bureau.eva, "eva", "security", reason="x")
    bureau.hire("una", "security", begin="2027-07-01", until="2027-07-01")
    staff.revoke(bureau.office, bureau.eva, "eva", "security", reason="x")


def test_whom_nobody_may_act_as_is_not_counted(bureau):
    sam = bureau.hire("sam", "security")
    staff.change(bureau.office, bureau.eva, "sam", users=())
    with pytest.raises(LockoutError):
        staff.remove(bureau.office, sam, "eva", "x")


def test_whose_duty_was_taken_is_called_no_more(bureau):
    for person in ("ann", "luc"):
        bureau.hire(person, "duty", domain="wanted-persons")
    for place, person in ((1, "ann"), (2, "luc")):
        bureau.ctx.store.write(
            "t",
            lambda tx, place=place, person=person: oncall.put(
                tx, bureau.ctx, "eva", domain="wanted-persons", place=place, person=person, begins=NOON
            ),
        )

    def called() -> tuple[str, ...]:
        return bureau.read(lambda tx: circle_of(tx, bureau.ctx, NOON)).roster("wanted-persons")

    assert called() == ("ann", "luc")
    staff.revoke(bureau.office, bureau.eva, "ann", "duty", reason="ill")
    assert called() == ("luc",)
