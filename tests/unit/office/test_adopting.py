"""Policies of a service's own: what is refused, what is adopted, what is asked afterwards."""

import pytest

from passerelle.core.errors import InputError
from passerelle.office import adopting, contradictions, people, widening
from passerelle.office.asking import NotAllowedError, On, ask
from passerelle.office.policy import Action, Policy, PolicyError
from passerelle.ports.people import POLICIES, PolicyText

SHIPPED = Policy.shipped().text


def more(name: str, body: str) -> str:
    return f'{SHIPPED}\n@id("{name}")\n{body}\n'


def test_the_shipped_policy_does_not_contradict_itself():
    assert contradictions.findings(Policy.shipped()) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("permit (principal, action, resource", "expected Cedar policies"),
        ("permit (principal, action, resource);", "expected each policy with an @id"),
        (more("people-are-seen", "permit (principal, action, resource);"), "of its own, got people-are-seen"),
        (
            more("x", "permit (principal, action, resource) when { principal.boss };"),
            "keep to the schema, got: x: .*boss",
        ),
        (more("x", 'permit (principal, action == Action::"dossier.burn", resource);'), "keep to the schema.*x: "),
        (more("x", "permit (principal == ?principal, action, resource);"), "without slots"),
        ("//" + " " * 300_000, "expected at most 262144 bytes, got 300002"),
    ],
)
def test_a_policy_that_does_not_validate_is_never_used(bureau, text, words):
    with pytest.raises(PolicyError, match=words):
        Policy(text)
    with pytest.raises(PolicyError, match=words):
        adopting.adopt(bureau.office, bureau.eva, text, "x")
    assert bureau.read(adopting.history) == []


COORDINATORS_READ = """permit (principal, action == Action::"dossier.read", resource)
when { principal.coordinator.contains(resource.domain) && resource.lane == "flash" }
unless { ["security", "operator", "dispatcher", "coordinator"].containsAll(principal.roles) == false };"""


@pytest.mark.parametrize(
    ("body", "what", "words"),
    [
        (COORDINATORS_READ, "void", "it is void by content-is-for-those-who-work-on-it"),
        (
            'permit (principal, action in [Action::"draft.release"], resource) when { resource.author == principal };',
            "void",
            "it is void by a rule of the code",
        ),
        (
            'permit (principal, action, resource) when { resource.lane == "flash" && resource.lane == "routine" };',
            "idle",
            "none of its cases can be",
        ),
    ],
)
def test_a_permit_that_permits_nothing_is_found(body, what, words):
    [found] = contradictions.findings(Policy(more("x", body)))
    assert (found.what, found.name) == (what, "x")
    assert words in found.words


def test_a_permit_that_permits_something_is_not_reported():
    for body in (
        'permit (principal == Person::"a", action == Action::"dossier.open", resource) when { resource.type == "x" };',
        'permit (principal, action in Action::"read", resource) when { principal.duty.contains(resource.domain) };',
        """permit (principal, action == Action::"draft.release", resource)
           when { principal.officer.contains("a-domain") && principal.analyst.contains(resource.domain) &&
                  resource.domain == "a-domain" };""",
    ):
        assert contradictions.findings(Policy(more("x", body))) == []


def test_a_permit_that_a_forbid_makes_void_for_all_that_it_adds_is_found():
    """Who may read as an officer, and is a coordinator too, reads without it."""
    body = """permit (principal, action in [Action::"dossier.read", Action::"instrument.sign"], resource)
              when { principal.coordinator.contains(resource.domain) && resource.lane != "flash" };"""
    [found] = contradictions.findings(Policy(more("x", body)))
    assert (found.what, found.name) == ("vain", "x")
    assert "adds something for dossier.read, all that it adds is void by content-is-for-those" in found.words


EVERYTHING = '@id("all") permit (principal, action, resource);'


def test_what_a_role_may_do_that_the_shipped_policy_never_lets_it_is_named(bureau):
    assert widening.findings(Policy.shipped()) == []
    wider = {one.name: one.words for one in widening.findings(Policy(EVERYTHING))}
    assert set(wider) == {"coordinator", "operator", "security", "dispatcher", "analyst", "auditor", "dpo"}
    assert wider["security"] == (
        "security: expected a role to do nothing that the shipped policy never lets it, got one that may now do "
        "dossier.read, draft.read, evidence.export, list.read, hit.read, index.read, search.read, draft.release, "
        "draft.release-alone, draft.release-on-duty"
    )
    assert "dossier.open" in wider["auditor"]
    assert "dossier.read" not in wider["auditor"]
    assert "person.speak" not in wider["auditor"]
    # The forbids stand: a permit beside them widens nothing. Nor does what is no role's never.
    assert widening.findings(Policy(SHIPPED + EVERYTHING)) == []
    one = 'permit (principal, action == Action::"draft.send-back", resource) when { principal.officer.contains("a") };'
    assert widening.findings(Policy(more("x", one))) == []
    # Forbids that were loosened let in what other permits say, and those that are written beside them.
    send, change = 'forbid (principal, action in [Action::"send"], resource)\nunless {', '"operator"]\n    .containsAny'
    loose = SHIPPED.replace(send, f"{send} principal.analyst.contains(resource.domain) ||")
    loose = loose.replace(change, '"operator", "analyst"]\n    .containsAny')
    [found] = widening.findings(Policy(loose))
    assert found.words.endswith("got one that may now do dossier.hand-over")
    text = f"""{loose}@id("x") permit (principal, action == Action::"draft.release", resource)
    when {{ principal.analyst.contains(resource.domain) && resource.type == "cyber" }};"""
    [found] = widening.findings(Policy(text))
    assert found.words == (
        "analyst: expected a role to do nothing that the shipped policy never lets it, "
        "got one that may now do draft.release, dossier.hand-over"
    )
    # Only to be looked at: a small service may want it so.
    assert [one.what for one in bureau.read(lambda tx: adopting.check(tx, bureau.office, Policy(text)))] == ["wider"]
    adopting.adopt(bureau.office, bureau.eva, text, "our analysts answer for cyber")


def test_an_action_that_nobody_can_do_is_found():
    text = more("x", 'forbid (principal, action == Action::"link.reopen", resource);')
    found = {(one.what, one.name) for one in contradictions.findings(Policy(text))}
    assert found == {("nobody", "link.reopen")}


def test_a_policy_that_locks_everybody_out_is_not_adopted(bureau):
    nobody = more("x", 'forbid (principal, action == Action::"person.grant", resource);')
    with pytest.raises(PolicyError, match="everybody would be locked out"):
        adopting.adopt(bureau.office, bureau.eva, nobody, "x")
    # Fine for a service whose coordinators manage people; here nobody is one.
    others = SHIPPED.replace(
        "principal.security.contains(resource.domain) };", "principal.coordinator.contains(resource.domain) };"
    )
    assert contradictions.findings(Policy(others)) == []
    with pytest.raises(PolicyError, match="nobody would be left: a lock-out"):
        adopting.adopt(bureau.office, bureau.eva, others, "x")
    carl = bureau.hire("carl", "coordinator")
    adopting.adopt(bureau.office, bureau.eva, others, "coordinators do it here")
    assert bureau.read(lambda tx: ask(tx, bureau.office, carl, Action.PERSON_ADD, On(kind="person", person="x")))


def test_a_policy_that_nobody_may_replace_is_not_adopted(bureau):
    """Not even the shipped one could be gone back to: that is asked of the policy in force."""
    for body in (
        'forbid (principal, action == Action::"policy.adopt", resource);',
        f'forbid (principal == Person::"{bureau.eva.id}", action == Action::"policy.adopt", resource);',
    ):
        with pytest.raises(PolicyError, match="who may adopt another policy today, nobody would be left: a lock-out"):
            adopting.adopt(bureau.office, bureau.eva, more("x", body), "x")
    adopting.adopt(
        bureau.office, bureau.eva, more("x", 'forbid (principal, action == Action::"link.reopen", resource);'), "x"
    )
    adopting.adopt(bureau.office, bureau.eva, "", "back")


def test_a_change_holds_at_once_and_can_be_taken_back(bureau):
    ann = bureau.hire("ann", "dispatcher", domain="wanted-persons")
    on = On(kind="dossier", domain="wanted-persons")

    def reads() -> bool:
        try:
            return bureau.read(lambda tx: ask(tx, bureau.office, ann, Action.DOSSIER_READ, on)).allowed
        except NotAllowedError:
            return False

    assert not reads()
    own = SHIPPED.replace(
        "principal.liaison.contains(resource.domain)\n};",
        "principal.liaison.contains(resource.domain) || principal.dispatcher.contains(resource.domain)\n};",
    ).replace(
        "unless {\n  principal.officer",
        "unless {\n  principal.dispatcher.contains(resource.domain) || principal.officer",
    )
    made = adopting.adopt(bureau.office, bureau.eva, own, "a small service")
    assert reads()
    with pytest.raises(InputError, match="got the same"):
        adopting.adopt(bureau.office, bureau.eva, own, "again")
    adopting.adopt(bureau.office, bureau.eva, "", "back")
    assert not reads()
    assert [one.reason for one in bureau.read(adopting.history)] == ["a small service", "back"]
    first, second = bureau.audits("policy.adopted")
    assert (first["before"], first["after"], first["reason"]) == ("shipped", made.digest, "a small service")
    assert (second["before"], second["after"]) == (made.digest, "shipped")


def test_a_user_who_is_both_pairs_of_eyes_is_named(bureau):
    for person, role in (("ann", "officer"), ("luc", "approver"), ("zoe", "approver")):
        bureau.hire(person, role, domain="wanted-persons" if role == "officer" else "*")
    bureau.ctx.store.write("t", lambda tx: people.seat(tx, "zoe", ("u-ann", "u-zoe")))
    [found] = bureau.read(lambda tx: adopting.check(tx, bureau.office, Policy.shipped()))
    assert (found.what, found.name) == ("shared", "u-ann")
    assert "for ann, who writes, and zoe, who releases in" in found.words
    adopting.adopt(
        bureau.office, bureau.eva, more("x", "forbid (principal, action, resource) when { resource.last };"), "x"
    )


def test_only_a_security_officer_adopts(bureau):
    carl = bureau.hire("carl", "coordinator")
    with pytest.raises(NotAllowedError, match="expected a role among security"):
        adopting.adopt(
            bureau.office, carl, more("x", "forbid (principal, action, resource) when { resource.last };"), "x"
        )


def test_a_policy_of_another_version_stops_all_but_the_way_out(bureau):
    old = PolicyText(
        id="0", digest="0" * 64, text='@id("a") permit (principal, action == Action::"gone", resource);', adopted=1,
        adopted_by="eva", reason="x",
    )  # fmt: skip
    bureau.ctx.store.write("t", lambda tx: tx.add(POLICIES, [old]))
    with pytest.raises(PolicyError, match="the adopted policy: expected policies that keep to the schema"):
        bureau.read(lambda tx: ask(tx, bureau.office, bureau.eva, Action.NODE_LOOK, On(kind="node")))
    ann = bureau.hire("ann", "officer")
    with pytest.raises(NotAllowedError):
        adopting.adopt(bureau.office, ann, "", "not she")
    adopting.adopt(bureau.office, bureau.eva, "", "the update dropped an action")
    assert bureau.read(lambda tx: ask(tx, bureau.office, bureau.eva, Action.NODE_LOOK, On(kind="node")))


def test_a_policy_that_fails_while_it_is_asked_refuses(bureau):
    big = "9223372036854775807"
    body = f'forbid (principal, action, resource) when {{ {big} + 1 == 0 && resource.lane == "flash" }};'
    policy = Policy(more("x", body))
    from passerelle.office.policy import Holder

    verdict = policy.decide(Holder("eva", (("operator", "*"),)), Action.NODE_LOOK, On(kind="node"))
    assert not verdict.allowed
    assert "expected a policy that can be evaluated" in verdict.rule
