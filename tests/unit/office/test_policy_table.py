"""The table of roles: what each may do by the shipped policy, compared with what the policy decides."""

import re

import pytest

from passerelle.office import policy as policies
from passerelle.office.hard import On
from passerelle.office.people import Role
from passerelle.office.policy import Action, Holder, Policy

DOMAIN = "wanted-persons"
SHIPPED = Policy.shipped()

ALL = set(Role)
ON_DOSSIERS = ALL - {Role.COORDINATOR, Role.SECURITY, Role.OPERATOR}
READERS = {Role.OFFICER, Role.APPROVER, Role.MAGISTRATE, Role.ANALYST, Role.LIAISON, Role.DPO, Role.AUDITOR}
WRITERS = {Role.OFFICER, Role.MAGISTRATE, Role.LIAISON}
NOBODY: set[Role] = set()
BELONG_TO_NONE = {
    Action.ALARM_SEEN: {Role.DISPATCHER, Role.DUTY},
    Action.LINK_PROVE: {Role.OPERATOR, Role.AUDITOR, Role.DPO},
    Action.COURIER_EXPORT: {Role.DISPATCHER},
    Action.COURIER_IMPORT: {Role.DISPATCHER},
}
"""What belongs to no domain: who may do it by a role in any."""

TABLE = {
    # Looking. A dispatcher sees what routing needs: that a dossier is there, not what it says.
    Action.NODE_LOOK: ALL,
    Action.PARTNER_LOOK: ALL,
    Action.INSTRUMENT_LOOK: ALL,
    Action.LINK_LOOK: ALL,
    Action.QUEUE_LOOK: ALL,
    Action.ALARM_LOOK: ALL,
    Action.POLICY_LOOK: ALL,
    Action.STATISTICS_LOOK: ALL,
    Action.AUDIT_LOOK: ALL,
    Action.AUDIT_READ: {Role.AUDITOR, Role.DPO},
    Action.AUDIT_EXPORT: {Role.AUDITOR, Role.DPO},
    Action.AUDIT_CLOSE: {Role.OPERATOR},
    Action.AUDIT_REOPEN: {Role.SECURITY},
    Action.BACKUP_CREATE: {Role.OPERATOR},
    Action.STORE_MIGRATE: {Role.OPERATOR},
    Action.WITNESS_ADD: {Role.SECURITY},
    Action.WITNESS_REMOVE: {Role.SECURITY},
    Action.ONCALL_LOOK: ALL,
    Action.ERASURE_LOOK: ALL,
    Action.PERSON_LOOK: {Role.SECURITY, Role.OPERATOR, Role.AUDITOR, Role.DPO},
    Action.DOSSIER_LOOK: ON_DOSSIERS,
    Action.DRAFT_LOOK: ON_DOSSIERS,
    Action.REVIEW_LOOK: ON_DOSSIERS,
    # Reading: never coordinator, dispatcher, security officer, operator. Who is on duty: in the flash lane, see below.
    Action.DOSSIER_READ: READERS,
    Action.DRAFT_READ: READERS,
    Action.ATTACHMENT_SAVE: READERS,
    Action.EVIDENCE_EXPORT: READERS - {Role.ANALYST, Role.LIAISON},
    # Writing and sending: never an analyst or an auditor. An approver writes nothing, but can stop what others wrote.
    Action.DOSSIER_OPEN: WRITERS,
    Action.DOSSIER_ACT: WRITERS,
    Action.DRAFT_EDIT: WRITERS,
    Action.DRAFT_SEND_BACK: {Role.APPROVER, Role.MAGISTRATE},
    Action.DRAFT_DISCARD: WRITERS | {Role.APPROVER},
    Action.MESSAGE_WITHDRAW: WRITERS | {Role.APPROVER},
    Action.MESSAGE_ERASE: {Role.DPO},
    Action.DRAFT_RELEASE: {Role.APPROVER, Role.MAGISTRATE},
    Action.DRAFT_RELEASE_ALONE: WRITERS,
    Action.DRAFT_RELEASE_ON_DUTY: NOBODY,
    Action.MESSAGE_REVIEW: {Role.APPROVER, Role.MAGISTRATE},
    # Who has it. A dispatcher gives dossiers to others without reading them.
    Action.DOSSIER_ASSIGN: {Role.DISPATCHER, Role.APPROVER},
    Action.DOSSIER_HAND_OVER: {Role.DISPATCHER, Role.APPROVER},
    Action.DOSSIER_NOTE: WRITERS | {Role.APPROVER},
    Action.DOSSIER_REFER: WRITERS | {Role.APPROVER, Role.DISPATCHER},
    # What belongs together. Nothing of it leaves the node, so an analyst may.
    Action.RELATION_ADD: {Role.OFFICER, Role.ANALYST},
    Action.RELATION_WITHDRAW: {Role.OFFICER, Role.ANALYST},
    # Lists and screening. Who keeps a list does not read it; a hit is decided by who works in the domain.
    Action.LIST_LOOK: ALL,
    Action.LIST_READ: READERS,
    Action.LIST_IMPORT: {Role.COORDINATOR, Role.OPERATOR},
    Action.LIST_REMOVE: {Role.COORDINATOR, Role.OPERATOR, Role.DPO},
    Action.SCREENING_LOOK: ON_DOSSIERS,
    Action.SCREENING_RUN: {Role.OFFICER, Role.LIAISON},
    Action.HIT_READ: READERS,
    Action.HIT_DECIDE: {Role.OFFICER, Role.LIAISON},
    Action.HIT_ERASE: {Role.DPO},
    # Indexes of the blind search. Who keeps one does not read it; who is in it, officers say beside what it follows.
    Action.INDEX_LOOK: ALL,
    Action.INDEX_READ: READERS,
    Action.INDEX_CREATE: {Role.COORDINATOR, Role.OPERATOR},
    Action.INDEX_PUBLISH: {Role.COORDINATOR, Role.OPERATOR},
    Action.INDEX_EXPIRE: {Role.COORDINATOR, Role.OPERATOR},
    Action.INDEX_ADD: {Role.OFFICER, Role.LIAISON},
    Action.INDEX_REMOVE: {Role.OFFICER, Role.LIAISON, Role.DPO},
    Action.INDEX_WITHDRAW: {Role.OFFICER, Role.LIAISON, Role.DPO},
    # Blind search, on either side of it.
    Action.SEARCH_LOOK: ON_DOSSIERS,
    Action.SEARCH_ASK: {Role.OFFICER, Role.LIAISON},
    Action.SEARCH_READ: READERS,
    Action.SEARCH_COMMITMENT: {Role.AUDITOR},
    # Governing, running, securing.
    Action.INSTRUMENT_PROPOSE: {Role.COORDINATOR},
    Action.INSTRUMENT_SIGN: {Role.COORDINATOR},
    Action.INSTRUMENT_REJECT: {Role.COORDINATOR},
    Action.INSTRUMENT_TERMINATE: {Role.COORDINATOR},
    Action.ALARM_SEEN: {Role.OPERATOR, Role.DISPATCHER, Role.DUTY},
    Action.ONCALL_SET: {Role.DISPATCHER},
    Action.LINK_REOPEN: {Role.OPERATOR},
    Action.LINK_ALLOW: {Role.SECURITY},
    Action.LINK_PROVE: {Role.OPERATOR, Role.AUDITOR, Role.DPO},
    Action.COURIER_EXPORT: {Role.OPERATOR, Role.DISPATCHER},
    Action.COURIER_IMPORT: {Role.OPERATOR, Role.DISPATCHER},
    Action.PARTNER_ADD: {Role.SECURITY, Role.OPERATOR},
    Action.PARTNER_CONFIRM: {Role.SECURITY},
    Action.PARTNER_SUSPEND: {Role.SECURITY},
    Action.KEYS_SHOW: {Role.SECURITY},
    Action.KEYS_ROTATE: {Role.SECURITY},
    Action.KEYS_REVOKE: {Role.SECURITY},
    Action.KEYS_RENEW: {Role.SECURITY},
    Action.KEYS_ADOPT: {Role.SECURITY},
    Action.KEYS_PROTECT: {Role.SECURITY},
    Action.STORE_UPGRADE: {Role.OPERATOR},
    Action.NODE_CONFIRM: {Role.OPERATOR},
    # People and policy.
    Action.PERSON_ADD: {Role.SECURITY},
    Action.PERSON_CHANGE: {Role.SECURITY},
    Action.PERSON_GRANT: {Role.SECURITY},
    Action.PERSON_REVOKE: {Role.SECURITY},
    Action.PERSON_REMOVE: {Role.SECURITY},
    Action.PERSON_SPEAK: NOBODY,
    Action.POLICY_ADOPT: {Role.SECURITY},
}
"""What each role may do to an ordinary thing of its domain, in the routine lane, that another person wrote."""


def thing(action: Action, **facts: object) -> On:
    return On(kind=action.partition(".")[0], **({"domain": DOMAIN, "lane": "routine", "author": "other"} | facts))


def may(role: Role, action: Action, domain: str = DOMAIN, **facts: object) -> bool:
    return SHIPPED.decide(Holder("me", ((role.value, domain),)), action, thing(action, **facts)).allowed


def test_every_action_is_in_the_table():
    assert set(TABLE) == set(Action)


@pytest.mark.parametrize("action", Action)
def test_the_shipped_policy_is_the_table(action):
    assert {role for role in Role if may(role, action)} == TABLE.get(action)


@pytest.mark.parametrize("action", Action)
def test_no_role_reaches_into_another_domain(action):
    here = {role for role in Role if may(role, action, domain="counter-terrorism")}
    # What a role may do wherever he holds it: see how the node stands, and see to its alarms.
    looks = (Action.DOSSIER_LOOK, Action.DRAFT_LOOK, Action.REVIEW_LOOK, Action.SCREENING_LOOK, Action.SEARCH_LOOK)
    within = set(looks)
    anywhere = {one for one in Action if one.value.endswith(".look")} - within
    expected = TABLE[action] if action in anywhere else NOBODY
    assert here == BELONG_TO_NONE.get(action, expected)


@pytest.mark.parametrize("action", Action)
def test_a_role_everywhere_is_a_role_here(action):
    assert {role for role in Role if may(role, action, domain="*")} == TABLE[action]


FLASH = {
    Action.DOSSIER_READ,
    Action.DRAFT_READ,
    Action.ATTACHMENT_SAVE,
    Action.DOSSIER_OPEN,
    Action.DOSSIER_ACT,
    Action.DRAFT_EDIT,
    Action.DRAFT_DISCARD,
    Action.MESSAGE_WITHDRAW,
    Action.DOSSIER_NOTE,
    Action.DOSSIER_REFER,
}


@pytest.mark.parametrize("action", sorted(FLASH))
def test_who_is_on_duty_works_in_the_flash_lane_alone(action):
    assert may(Role.DUTY, action, lane="flash")
    assert not may(Role.DUTY, action, lane="routine")


def test_a_dossier_is_taken_by_those_who_work_on_it_and_handed_over_by_who_has_it():
    giving = {Role.DISPATCHER, Role.APPROVER}
    for had_by in ("", "me"):
        taking = {role for role in Role if may(role, Action.DOSSIER_ASSIGN, person="me", author=had_by)}
        assert taking == WRITERS | giving
    assert {role for role in Role if may(role, Action.DOSSIER_ASSIGN, person="me", author="somebody")} == giving
    assert may(Role.ANALYST, Action.DOSSIER_HAND_OVER, author="me") is False  # changes nothing
    assert may(Role.OFFICER, Action.DOSSIER_HAND_OVER, author="me")


def test_nobody_reviews_what_he_released():
    assert not any(may(role, Action.MESSAGE_REVIEW, author="me") for role in Role)


def test_who_is_on_duty_releases_alone_what_may_be_reviewed():
    asked = Action.DRAFT_RELEASE_ON_DUTY
    assert may(Role.DUTY, asked, lane="flash", review=True, author="me")
    assert not may(Role.DUTY, asked, lane="routine", review=True, author="me")
    assert not may(Role.DUTY, asked, lane="flash", review=False, author="me")
    others = ALL - {Role.DUTY}
    assert not any(may(role, asked, lane="flash", review=True, author="me") for role in others)


def test_judicial_acts_are_written_by_officers_too_and_released_by_magistrates():
    assert {role for role in Role if may(role, Action.DOSSIER_OPEN, magistrate=True)} == WRITERS
    assert {role for role in Role if may(role, Action.DRAFT_RELEASE, magistrate=True)} == {Role.MAGISTRATE}
    assert {role for role in Role if may(role, Action.DRAFT_RELEASE_ALONE, magistrate=True)} == NOBODY


@pytest.mark.parametrize("action", [Action.DOSSIER_OPEN, Action.DOSSIER_ACT, Action.DRAFT_EDIT])
def test_what_the_type_makes_judicial_is_written_by_magistrates_alone_and_released_by_another(action):
    judicial = {"magistrate": True, "judicial": True}
    assert {role for role in Role if may(role, action, **judicial)} == {Role.MAGISTRATE}
    assert {role for role in Role if may(role, Action.DRAFT_RELEASE, **judicial)} == {Role.MAGISTRATE}
    assert not may(Role.MAGISTRATE, Action.DRAFT_RELEASE, author="me", **judicial)


def test_alone_is_nothing_that_is_under_four_eyes():
    assert {role for role in Role if may(role, Action.DRAFT_RELEASE_ALONE, four_eyes=True)} == NOBODY


def test_everybody_sees_himself_and_chooses_his_language():
    for action in (Action.PERSON_LOOK, Action.PERSON_SPEAK):
        assert {role for role in Role if may(role, action, person="me", domain="*")} == ALL


@pytest.mark.parametrize(
    ("role", "holds", "together"),
    [
        ("auditor", [], True),
        ("auditor", ["auditor"], True),
        ("auditor", ["officer"], False),
        ("officer", ["auditor"], False),
        ("officer", ["approver"], True),
        ("approver", ["officer", "duty"], True),
        ("security", ["operator"], True),
        ("security", ["coordinator"], True),
        ("coordinator", ["officer"], False),
        ("officer", ["operator"], False),
        ("analyst", ["security"], False),
        ("dispatcher", ["operator"], True),
        ("dpo", ["officer"], False),
        ("duty", ["dpo"], False),
        ("analyst", ["dpo"], True),
    ],
)
def test_roles_that_must_not_meet_in_one_person(role, holds, together):
    asked = {"person": "ann", "role": role, "holds": tuple(holds), "domain": "*"}
    verdict = SHIPPED.decide(Holder("eva", (("security", "*"),)), Action.PERSON_GRANT, On(kind="person", **asked))
    assert verdict.allowed is together
    if not together:
        assert verdict.policies


def test_actions_schema_and_policy_speak_of_the_same():
    schema = re.sub(r"//.*", "", policies.schema_text())
    said = re.findall(r"action\s+([^;]*?)\s+(?:in\s+\[[^]]*\]\s+)?appliesTo", schema)
    assert {name for part in said for name in re.findall(r'"([^"]+)"', part)} == set(Action)
    named = set(re.findall(r'Action::"([^"]+\.[^"]+)"', SHIPPED.text))
    assert named <= set(Action)
    attributes = set(On.__struct_fields__) - {"id", "readers"}
    thing_ = schema[schema.index("entity Thing") :]
    assert set(re.findall(r"^\s+(\w+):", thing_[: thing_.index("};")], re.MULTILINE)) == attributes
