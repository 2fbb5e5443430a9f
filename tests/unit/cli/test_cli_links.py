"""Links by the command line: how they stand, and a new generation after a restore or a fork, over real connections."""

import shutil

import pytest

from passerelle.exchange import inbox
from passerelle.exchange.checks import BatchRefusedError
from passerelle.exchange.sender import Sender
from passerelle.node import Node
from tests.unit.cli.scene import call, ok, request, served, value

REOPEN = ("--lane", "routine", "--as", "eva", "--reason", "restored from Monday's copy")


def links(scene, name):
    return {one["origin"]: one for one in value("link", "list", scene.of(name))}


def put_back(scene, while_away):
    """be does something, and its folder is then what it was before."""
    copy = scene.folder / "copy"
    shutil.copytree(scene.be, copy)
    while_away()
    shutil.rmtree(scene.be)
    shutil.move(copy, scene.be)


def test_links_are_listed(partners):
    made = partners.open()
    shown = links(partners, "be")
    out = shown["passerelle/be/ma/routine/1"]
    assert (out["direction"], out["size"], out["cosigned"], out["state"]) == ("out", 1, 1, "open")
    assert out["receipt"].endswith("Z")
    assert shown["passerelle/ma/be/governance/1"]["receipt"] is None
    text = ok("link", "list", partners.be).out
    assert "passerelle/be/ma/routine/1" in text
    assert made not in text


def test_nothing_was_sent_yet(strangers):
    assert value("link", "list", strangers.be) == []
    assert "nothing was sent" in ok("link", "list", strangers.be).out


@pytest.fixture
def stopped(partners):
    """be was put back from a copy: ma holds an entry that be does not know."""
    first = partners.open()
    put_back(partners, lambda: partners.open(request(reference="BE-lost")))
    partners.deliver("be")
    assert links(partners, "be")["passerelle/be/ma/routine/1"]["state"] == "stopped"
    assert [one["own_reference"] for one in value("dossier", "list", partners.be)] == ["BE-2026-0017"]
    assert first
    return partners


def test_a_stopped_link_is_reopened_over_https(stopped):
    [waits] = value("queue", stopped.be)["links"]
    assert (waits["direction"], waits["state"], waits["lane"]) == ("out", "stopped", "routine")
    assert "link reopen" in waits["todo"]
    assert "link reopen" in ok("queue", stopped.be).out
    unreachable = call("link", "reopen", stopped.be, "ma", *REOPEN)
    assert unreachable.code == 6
    assert "127.0.0.1" in unreachable.err
    with served(stopped.ma):
        made = value("link", "reopen", stopped.be, "ma", *REOPEN)
    assert made["origin"] == "passerelle/be/ma/routine/2"
    assert made["taken_back"] == 1
    # What the partner held is here again.
    references = {one["own_reference"] for one in value("dossier", "list", stopped.be)}
    assert references == {"BE-2026-0017", "BE-lost"}
    stopped.settle()
    third = stopped.open(request(reference="BE-third"))
    assert value("dossier", "show", stopped.ma, third)["state"] == "opened"
    shown = links(stopped, "ma")
    assert shown["passerelle/be/ma/routine/1"]["state"] == "closed"
    assert shown["passerelle/be/ma/routine/2"]["state"] == "open"


def test_a_partner_that_does_not_trust_refuses(stopped):
    ok("partner", "suspend", stopped.ma, "be", "--as", "omar")
    with served(stopped.ma):
        result = call("link", "reopen", stopped.be, "ma", *REOPEN, "--json")
    assert result.code == 6
    assert result.error["error"] == "RefusedByPartnerError"


@pytest.fixture
def forked(partners):
    """be was put back, went on without asking, and so signed two logs: ma has frozen its copy, be does not know."""
    partners.open()
    put_back(partners, lambda: partners.open(request(reference="BE-lost")))
    partners.act("be", request(reference="BE-fork"), "open", "ma", "--type", "wanted-trace")
    node, other = Node.open(partners.be), Node.open(partners.ma)
    try:
        sender = Sender(node.ctx, "ma")
        sender.compared.add("routine")  # a sender that does not ask what the partner holds
        with pytest.raises(BatchRefusedError):
            inbox.receive(other.ctx, sender.step("routine").body)
    finally:
        node.close()
        other.close()
    return partners


def all_is_there(scene):
    scene.settle()
    references = {one["partner_reference"] for one in value("dossier", "list", scene.ma)}
    assert references == {"BE-2026-0017", "BE-lost", "BE-fork"}
    assert value("queue", scene.ma)["links"] == []


def test_a_fork_is_frozen_until_persons_of_both_sides_agree(forked):
    partners = forked
    [waits] = value("queue", partners.ma)["links"]
    assert (waits["direction"], waits["state"]) == ("in", "frozen")
    assert "link allow" in waits["todo"]
    assert [one["what"] for one in value("alarm", "list", partners.ma)] == ["link.frozen"]
    partners.deliver("be")
    assert links(partners, "be")["passerelle/be/ma/routine/1"]["state"] in ("frozen", "stopped")
    assert value("link", "allow", partners.ma, "be", "--lane", "routine", "--as", "omar")["allowed_by"] == "omar"
    [waits] = value("queue", partners.ma)["links"]
    assert "be has to open it" in waits["todo"]
    with served(partners.ma):
        ok("link", "reopen", partners.be, "ma", *REOPEN)
    all_is_there(partners)


def test_persons_may_insist_on_a_log_that_looks_well_here(forked):
    ok("link", "allow", forked.ma, "be", "--lane", "routine", "--as", "omar")
    with served(forked.ma):
        assert call("link", "reopen", forked.be, "ma", *REOPEN).code == 4
        made = value("link", "reopen", forked.be, "ma", *REOPEN, "--although-open")
    assert made["generation"] == 2
    all_is_there(forked)


def test_what_stands_in_the_way(partners):
    partners.open()
    assert call("link", "reopen", partners.be, "ma", *REOPEN).code == 4
    assert call("link", "allow", partners.ma, "be", "--lane", "routine", "--as", "omar").code == 4
    assert call("link", "reopen", partners.be, "zz", *REOPEN).code == 3
    for verb in ("reopen", "allow"):
        result = call("link", verb, partners.be, "ma", "--lane", "scenic", *(REOPEN[2:] if verb == "reopen" else ()))
        assert result.code == 2
