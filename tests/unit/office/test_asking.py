"""Who may act as whom, and what is asked at every door."""

import os
import pwd
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from passerelle.core.clock import from_iso
from passerelle.core.errors import InputError
from passerelle.office import asking, people
from passerelle.office.asking import NotAllowedError, Office, On, Sight, ask, may, recorded
from passerelle.office.policy import Action
from tests.unit.office.bureau import NOON

HERE = On(kind="dossier", domain="wanted-persons", lane="routine")


def asks(bureau, who, action=Action.DOSSIER_OPEN, on=HERE):
    return bureau.read(lambda tx: ask(tx, bureau.office, who, action, on))


# -- who acts ----------------------------------------------------------------------------------------------------------


def test_the_only_person_of_a_user_needs_no_name(bureau):
    assert asking.acting(bureau.office, "", "u-eva").id == "eva"
    assert asking.acting(bureau.office, "eva", "u-eva").id == "eva"


def test_of_several_persons_one_must_be_named(bureau):
    bureau.hire("ann")
    bureau.ctx.store.write("t", lambda tx: people.seat(tx, "ann", ("u-eva", "u-ann")))
    with pytest.raises(InputError, match="expected one of ann, eva, got nothing"):
        asking.acting(bureau.office, "", "u-eva")
    assert asking.acting(bureau.office, "ann", "u-eva").id == "ann"


@pytest.mark.parametrize(("named", "user"), [("eva", "u-ann"), ("", "stranger"), ("nobody", "u-eva"), ("", "")])
def test_nobody_acts_as_another(bureau, named, user):
    bureau.hire("ann")
    with pytest.raises(NotAllowedError, match="--as: expected a person that user"):
        asking.acting(bureau.office, named, user)


def test_the_user_is_what_the_kernel_says(monkeypatch):
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(variable, "somebody-else")
    kept = Path("/proc/self/loginuid")
    login = int(kept.read_text()) if kept.exists() else 2**32 - 1
    number = os.getuid() if login == 2**32 - 1 else login
    assert asking.this_user() == pwd.getpwuid(number).pw_name


# -- what is asked -----------------------------------------------------------------------------------------------------


def test_a_role_in_the_domain_is_enough(bureau):
    ann = bureau.hire("ann", "officer", domain="wanted-persons")
    assert asks(bureau, ann).policies == ("officers-write",)
    with pytest.raises(NotAllowedError) as refused:
        asks(bureau, ann, on=On(kind="dossier", domain="counter-terrorism"))
    assert str(refused.value) == (
        "dossier.open: expected a role among officer, magistrate, liaison in domain counter-terrorism, "
        "got officer (wanted-persons)"
    )


def test_a_person_without_role_is_told_so(bureau):
    ann = bureau.hire("ann")
    with pytest.raises(NotAllowedError, match="got ann, who was never given one"):
        asks(bureau, ann, Action.NODE_LOOK)


@pytest.mark.parametrize(
    ("begin", "until", "words"),
    [
        ("2026-01-01", "2026-11-20", "whose role officer ended on 2026-11-20"),
        ("2026-11-22", "", "whose role officer begins on 2026-11-22"),
    ],
)
def test_a_grant_holds_between_its_days(bureau, begin, until, words):
    ann = bureau.hire("ann", "officer", begin=begin, until=until)
    with pytest.raises(NotAllowedError, match=words):
        asks(bureau, ann)


@pytest.mark.parametrize(
    ("begin", "until"), [("2026-11-21", "2026-11-21"), ("2026-11-21", ""), ("2026-01-01", "2026-11-21")]
)
def test_first_and_last_day_are_included(bureau, begin, until):
    assert asks(bureau, bureau.hire("ann", "officer", begin=begin, until=until))


def test_the_day_is_that_of_the_nodes_time_zone(bureau):
    ann = bureau.hire("ann", "officer", begin="2026-11-22", until="2026-11-22")
    bureau.clock.time = from_iso("2026-11-21T23:30:00Z")  # half past midnight in Brussels
    assert asks(bureau, ann)
    utc = Office(bureau.ctx, ZoneInfo("UTC"))
    with pytest.raises(NotAllowedError, match="begins on 2026-11-22"):
        bureau.read(lambda tx: ask(tx, utc, ann, Action.DOSSIER_OPEN, HERE))
    bureau.clock.time = from_iso("2026-11-22T23:00:00Z")  # midnight
    with pytest.raises(NotAllowedError, match="ended on 2026-11-22"):
        asks(bureau, ann)


def test_what_was_revoked_a_moment_ago_counts_no_more(bureau):
    ann = bureau.hire("ann", "officer")
    assert asks(bureau, ann)
    bureau.ctx.store.write("t", lambda tx: people.revoke(tx, people.grants_of(tx, "ann"), NOON, "eva"))
    with pytest.raises(NotAllowedError, match="whose role officer was revoked"):
        asks(bureau, ann)


def test_four_eyes_stand_whatever_the_roles(bureau):
    ann = bureau.hire("ann", "officer", "approver", "magistrate", "duty")
    on = On(kind="draft", domain="wanted-persons", lane="flash", author="ann", four_eyes=True, review=True)
    with pytest.raises(NotAllowedError, match="another person than the author"):
        asks(bureau, ann, Action.DRAFT_RELEASE, on)


# -- refusals are written down -----------------------------------------------------------------------------------------


def test_a_refusal_is_an_audit_record_though_its_transaction_is_lost(bureau):
    ann = bureau.hire("ann", "analyst")

    def work(tx):
        people.seat(tx, "ann", ("half-done",))
        ask(tx, bureau.office, ann, Action.DOSSIER_OPEN, HERE)

    with pytest.raises(NotAllowedError), recorded(bureau.office):
        bureau.ctx.store.write("t", work)
    assert bureau.read(lambda tx: people.users_of(tx, "ann")) == ["u-ann"]
    [written] = bureau.audits("access.refused")
    assert (written["who"], written["on"], written["action"]) == ("ann", "dossier", "dossier.open")
    assert written["reason"].startswith("dossier.open: expected a role among officer, magistrate, liaison")


def test_a_refusal_is_written_down_once(bureau):
    ann = bureau.hire("ann", "analyst")
    with pytest.raises(NotAllowedError), recorded(bureau.office), recorded(bureau.office):
        asks(bureau, ann)
    assert len(bureau.audits("access.refused")) == 1


# -- lists -------------------------------------------------------------------------------------------------------------


def sees(bureau, who, *things):
    def read(tx):
        sight = Sight(tx, bureau.office, who, Action.DOSSIER_LOOK)
        found = [one for one in things if sight.sees(one)]
        sight.check(found)
        return found

    return bureau.read(read)


def test_a_list_holds_what_one_may_see(bureau):
    ann = bureau.hire("ann", "officer", domain="wanted-persons")
    other = On(kind="dossier", domain="counter-terrorism", id="2")
    assert sees(bureau, ann, HERE, other) == [HERE]
    assert sees(bureau, ann) == []


def test_a_list_of_which_one_may_see_nothing_is_a_refusal(bureau):
    carl = bureau.hire("carl", "coordinator")
    with pytest.raises(NotAllowedError, match="got coordinator"):
        sees(bureau, carl, HERE)
    with pytest.raises(NotAllowedError, match="never given one"):
        sees(bureau, bureau.hire("ann"))


def test_asking_for_what_is_left_out_writes_nothing(bureau):
    ann = bureau.hire("ann", "analyst")
    assert not bureau.read(lambda tx: may(tx, bureau.office, ann, Action.DOSSIER_OPEN, HERE))
    assert bureau.read(lambda tx: may(tx, bureau.office, ann, Action.DOSSIER_READ, HERE))
    assert bureau.audits() == []
