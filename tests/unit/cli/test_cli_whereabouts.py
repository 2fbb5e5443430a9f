"""Folders that are copied, moved and put back: what a node notices at its start, on real folders."""

import asyncio
import shutil

import pytest

from passerelle import whereabouts
from passerelle.core.errors import StateError
from passerelle.node import Node
from passerelle.ports.records import ALARMS, AUDITS
from passerelle.ports.starts import STARTS
from passerelle.store.faults import Crash, FaultPlan
from tests.unit.cli.scene import call, ok, request, served, value


def start(folder, fault=None):
    """A start of serving, as far as it is counted. The alarms that are open then."""
    node = Node.open(folder, **({"fault": fault} if fault else {}))
    try:
        whereabouts.begin(node)
        return [one.what for one in node.store.read(lambda tx: tx.scan(ALARMS, limit=1000))]
    finally:
        node.close()


def keep(folder, to):
    """A copy of the store alone."""
    to.mkdir()
    for path in folder.glob("store.db*"):
        shutil.copy2(path, to)


def put_back(folder, kept):
    for path in folder.glob("store.db*"):
        path.unlink()
    for path in kept.iterdir():
        shutil.copy2(path, folder)


def test_a_store_that_was_put_back_is_noticed_at_every_kind_of_copy(partners):
    be, kept = partners.be, partners.folder / "kept"
    keep(be, partners.folder / "never")
    assert start(be) == start(be) == []
    keep(be, kept)
    assert start(be) == []
    put_back(be, kept)
    assert start(be) == ["store.put-back"]
    node = Node.open(be)
    try:
        [row] = node.store.read(lambda tx: tx.scan(STARTS, limit=9))
        assert row.number == whereabouts.read(be).number == 4  # 1, 2 and 3 were; what 3 wrote is gone with its store
        [record] = [
            one for one in node.store.read(lambda tx: tx.scan(AUDITS, limit=999)) if one.what == "store.put-back"
        ]
        assert record.who == "node"
    finally:
        node.close()
    assert start(be) == ["store.put-back"]
    put_back(be, partners.folder / "never")
    assert start(be) == ["store.put-back"]
    assert start(be) == ["store.put-back"]


def test_a_store_of_the_same_number_and_another_history_is_noticed(partners):
    be, kept = partners.be, partners.folder / "kept"
    start(be)
    keep(be, kept)
    place = (be / "place.json").read_bytes()
    start(be)
    ours = (be / "place.json").read_bytes()
    put_back(be, kept)
    (be / "place.json").write_bytes(place)
    start(be)  # a second history from the same store
    (be / "place.json").write_bytes(ours)
    assert start(be) == ["store.put-back"]


def test_what_was_sent_since_stops_the_link_and_the_node_says_so_first(partners):
    be, kept = partners.be, partners.folder / "kept"
    start(be)
    keep(be, kept)
    start(be)
    partners.open()
    put_back(be, kept)
    assert start(be) == ["store.put-back"]
    partners.act("be", request(reference="BE-2026-0018"), "open", "ma", "--type", "wanted-trace")
    partners.deliver("be", "routine")
    alarms = {one["what"] for one in value("alarm", "list", be, "--as", "eva")}
    assert alarms == {"store.put-back", "link.stopped"}
    assert len(value("dossier", "list", partners.ma, "--as", "nadia")) == 1


@pytest.mark.parametrize("point", ["node.start:begin", "node.start:commit", "node.start:done"])
def test_a_stop_while_counting_is_no_sign_of_anything(partners, point):
    start(partners.be)
    with pytest.raises(Crash):
        start(partners.be, FaultPlan(point))
    assert start(partners.be) == start(partners.be) == []


def test_a_copied_folder_serves_nothing_before_it_is_confirmed(partners):
    copy = partners.folder / "copy" / "be"
    with served(partners.be):
        pass
    shutil.copytree(partners.be, copy)
    refused = call("serve", copy)
    assert (refused.code, "passerelle node confirm" in refused.err) == (4, True)
    assert call("serve", copy).code == 4
    assert [one["what"] for one in value("alarm", "list", copy, "--as", "eva")] == ["node.elsewhere"]
    doctor = call("doctor", copy, "--offline", "--as", "eva")
    assert "this node served last at" in doctor.out
    assert call("node", "confirm", copy, "--reason", "x", "--as", "ann").code == 4
    assert call("node", "confirm", copy, "--reason", " ", "--as", "eva").code == 4
    assert call("node", "confirm", partners.be, "--reason", "x", "--as", "eva").code == 4
    ok("node", "confirm", copy, "--reason", "the old machine is wiped", "--as", "eva")
    with served(copy):
        pass
    assert start(partners.be) == []


def test_another_machine_is_another_place(partners, monkeypatch, tmp_path):
    start(partners.be)
    other = tmp_path / "machine-id"
    other.write_text("0123456789abcdef0123456789abcdef\n")
    monkeypatch.setattr(whereabouts, "_MACHINE", other)
    with pytest.raises(StateError, match="expected this node at another machine, "):
        start(partners.be)
    monkeypatch.setattr(whereabouts, "_MACHINE", tmp_path / "none")
    assert whereabouts.machine() == ""


def test_a_damaged_place_is_named(partners):
    start(partners.be)
    (partners.be / "place.json").write_text("{}")
    with pytest.raises(StateError, match=r"place\.json: expected what the last start wrote"):
        start(partners.be)


def test_several_processes_count_one_after_the_other(partners):
    async def several():
        await asyncio.gather(*(asyncio.to_thread(start, partners.be) for _ in range(4)))

    asyncio.run(several())
    assert whereabouts.read(partners.be).number == 4
    assert start(partners.be) == []
