"""An index by the command line: made, published, shown, withdrawn, ended; and by a service, which does it by itself."""

import json

import pytest

from passerelle.node import Node
from passerelle.ports.search import EPOCHS, MANIFESTS
from tests.unit.cli.scene import call, channel, ok, served, value
from tests.unit.cli.test_cli_operations import until
from tests.unit.cli.test_cli_work import hire
from tests.unit.instruments import samples as texts

NEW = ("--domain", "wanted-persons", "--purpose", "tracing-wanted-persons", "--basis", "Act on the list, article 4")
SEARCH = {
    "purposes": ["tracing-wanted-persons"],
    "categories": ["wanted", "convicted", "listed"],
    "quota": {"burst": 1000, "day": 5000},
}
LIST = [
    {"id": "Q1", "names": ["Rachid Bensalem"], "birth": ["1970-02-01"]},
    {"id": "Q2", "names": ["Khadija Ait Ourir"], "birth": ["1991-11-30"]},
    {"id": "Q3", "names": ["Ilyas Ait Ourir"], "birth": ["2015-01-02"]},
]


@pytest.fixture(scope="module")
def _searched(_strangers, tmp_path_factory):
    made = _strangers.copy(tmp_path_factory.mktemp("searched"))
    agreement = made.sign("agreement", texts.agreement())
    made.channel = made.sign("channel", channel(agreement, search=SEARCH))
    made.deliver("be")
    hire(made, "be", "dana", "dpo")
    path = made.write("watch.jsonl", "".join(json.dumps(one) + "\n" for one in LIST))
    ok("list", "import", made.be, "watch", path, *NEW, "--as", "carl")
    return made


@pytest.fixture
def searched(_searched, tmp_path):
    made = _searched.copy(tmp_path)
    made.channel = _searched.channel
    return made


def created(scene, *more):
    arguments = ("--channel", scene.channel[:12], "--delta-size", 1024, *more)
    return value("index", "create", scene.be, "sought", "ma", *arguments, "--as", "carl")


def test_an_index_is_made_published_and_shown(searched):
    be = searched.be
    assert value("index", "show", be, "--as", "ann") == []
    text = ok("index", "create", be, "other", "ma", "--channel", searched.channel, "--as", "carl").out
    assert "index other for ma is made" in text
    assert "passerelle index publish" in text
    made = created(searched, "--list", "watch", "--category", "wanted", "--type", "wanted-trace")
    assert (made["partner"], made["burst"], made["day"]) == ("ma", 1000, 5000)
    searched.open()
    published = value("index", "publish", be, "sought", "--as", "carl")["tables"]
    assert [(one["kind"], one["count"], one["shards"]) for one in published] == [("base", 1024, 1), ("delta", 1024, 1)]
    text = ok("index", "publish", be, "sought", "--delta", "--as", "carl").out
    assert "delta" in text
    shown = value("index", "show", be, "sought", "--as", "ann")
    assert shown["entries"] == 3
    assert {one["source"]: one["entries"] for one in shown["sources"]} == {"list/watch": 2, "dossiers": 1}
    assert [one["state"] for one in shown["epochs"]] == ["current", "past", "current"]
    text = ok("index", "show", be, "sought", "--as", "carl").out
    for words in ("list/watch", "1024", "0 of 5000 elements", "wanted-persons"):
        assert words in text
    assert "Rachid" not in text
    searched.settle()
    with_ma = Node.open(searched.ma)
    try:
        there = with_ma.store.read(lambda tx: tx.scan(MANIFESTS, limit=10))
    finally:
        with_ma.close()
    assert {one.id for one in there} >= {one["epoch"] for one in published}


def test_who_keeps_an_index_does_not_read_it(searched):
    be = searched.be
    created(searched, "--list", "watch")
    for who in ("carl", "eva"):
        refused = call("index", "show", be, "sought", "--entries", "--reason", "curious", "--as", who)
        assert (refused.code, "Rachid" in refused.out + refused.err) == (4, False)
    assert call("index", "show", be, "sought", "--entries", "--as", "ann").code == 2
    shown = ok("index", "show", be, "sought", "--entries", "--reason", "yearly review", "--as", "ann").out
    assert "Rachid Bensalem" in shown
    assert "Ilyas" not in shown
    trail = value("audit", "list", be, "--what", "index.read", "--as", "dana")
    assert [(one["who"], one["details"]["reason"]) for one in trail] == [("ann", "yearly review")]
    assert call("index", "publish", be, "sought", "--as", "ann").code == 4
    assert (
        call("index", "add", be, "sought", "--list", "watch", "--entry", "Q1", "--reason", "x", "--as", "carl").code
        == 4
    )


def test_persons_are_put_in_and_taken_out_by_hand(searched):
    be = searched.be
    created(searched)
    reason = ("--reason", "asked for", "--as", "ann")
    text = ok("index", "add", be, "sought", "--list", "watch", "--entry", "Q1", *reason).out
    assert "Q1 is in index sought: searchable from the next table on" in text
    wrong = call("index", "add", be, "sought", "--list", "watch", "--entry", "Q3", *reason)
    assert (wrong.code, "expected a person who may be searched" in wrong.err) == (2, True)
    mixed = call("index", "add", be, "sought", "--list", "watch", "--person", "p1", *reason)
    assert (mixed.code, "expected --list and --entry, or --dossier and --person" in mixed.err) == (2, True)
    dossier = searched.open()
    ok("index", "add", be, "sought", "--dossier", dossier[:13], "--person", "p1", *reason)
    ok("index", "publish", be, "sought", "--as", "carl")
    found = value("index", "show", be, "sought", "--dossier", "BE-2026-0017", "--as", "ann")
    assert found["dossier"] == dossier
    references = {one["reference"] for one in found["references"]}
    assert references
    assert not any(one["withdrawn"] for one in found["references"])
    left = value("index", "remove", be, "sought", "--list", "watch", "--entry", "Q1", *reason)
    assert (left["persons"], left["references"] > 0) == (1, True)
    text = ok("index", "withdraw", be, "sought", sorted(references)[0], *reason).out
    assert f"1 entry left index sought and stays out; references withdrawn: {len(references)}" in text
    after = value("index", "show", be, "sought", "--dossier", dossier, "--as", "ann")["references"]
    assert {one["reference"] for one in after if one["withdrawn"]} == references
    none = call("index", "withdraw", be, "sought", "--dossier", dossier, *reason)
    assert (none.code, "expected a dossier with persons in index sought" in none.err) == (4, True)
    assert value("index", "show", be, "sought", "--as", "ann")["entries"] == 0


def test_tables_end_early(searched):
    be = searched.be
    created(searched, "--list", "watch")
    tables = value("index", "publish", be, "sought", "--as", "carl")["tables"]
    both = call("index", "expire", be, "sought", "--reason", "stolen", "--as", "carl")
    assert (both.code, "expected EPOCH..., or --all, got both or neither" in both.err) == (2, True)
    one = value("index", "expire", be, "sought", tables[1]["epoch"][:10], "--reason", "stolen", "--as", "carl")
    assert one["epochs"] == [tables[1]["epoch"]]
    text = ok("index", "expire", be, "sought", "--all", "--reason", "stolen", "--as", "carl").out
    assert "1 table of index sought ended, its key is destroyed" in text
    trail = value("audit", "list", be, "--what", "index.key-destroyed", "--as", "dana")
    assert {one["details"]["epoch"] for one in trail} == {one["epoch"] for one in tables}


def test_a_service_publishes_by_itself(searched):
    be = searched.be
    with served(be):
        created(searched, "--list", "watch", "--category", "wanted")
        until(lambda: len(value("index", "show", be, "sought", "--as", "ann")["epochs"]), 2)
    node = Node.open(be)
    try:
        found = node.store.read(lambda tx: tx.scan(EPOCHS, limit=10))
    finally:
        node.close()
    assert {(one.kind, one.state) for one in found} == {("base", "current"), ("delta", "current")}
    assert '"index.published"' in (be / "serve.log").read_text()
