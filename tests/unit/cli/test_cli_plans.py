"""How the database reads for every command that looks: through an index, never a table from end to end."""

from unittest import mock

import pytest

from benchmarks._plans import Statements
from passerelle.cli.finding import find_dossier
from passerelle.core.errors import NotFoundError
from passerelle.node import Node
from passerelle.office import people
from passerelle.office.asking import this_user
from tests.unit.cli.scene import COORDINATOR, FIRST, PEOPLE, call, said
from tests.unit.cli.test_cli_door import COMMANDS

CHANGING = {("keys", "adopt"), ("keys", "protect"), ("keys", "unprotect"), ("store", "upgrade")}
LOOKING = [
    path
    for path, found in COMMANDS
    if [one.name for one in found.params if one.required] == ["folder"]
    and "as_" in {one.name for one in found.params}
    and path not in {("doctor",), *CHANGING}  # doctor is called below
]
FILTERS = (
    ("--status", "open"),
    ("--type", "wanted-trace"),
    ("--partner", "ma"),
    ("--partner", "nobody"),
    ("--type", "wanted-trace", "--partner", "ma", "--status", "ended"),
    ("--mine",),
    ("--assigned", "luc"),
    ("--desk", "north"),
    ("--service", "police"),
    ("--unassigned",),
)
PERSONS = (PEOPLE["be"][0], PEOPLE["be"][1], FIRST["be"], COORDINATOR["be"], "ada")


@pytest.fixture
def looked_at(partners):
    """A node with a dossier, which every command finds open."""
    first = partners.open()
    partners.act("ma", said(ground="not-competent"), "act", first, "--act", "refuse")
    partners.settle()
    node = Node.open(partners.be)
    now, today = node.ctx.clock.now(), node.office.today()

    def auditor(tx):
        people.add(tx, people.NewPerson(id="ada", users=(this_user(),)), now, "eva")
        people.grant(tx, "ada", "auditor", now, "eva", domain="*", begin=today, until="")

    node.store.write("test.auditor", auditor)
    with mock.patch.object(Node, "open", return_value=node), mock.patch.object(Node, "close"):
        yield node, first
    node.store.close()


def run(node, path, *more):
    """A command by the first person who may; none is refused to everybody."""
    results = []
    for person in PERSONS:
        results.append(call(*path, node.folder, *more, "--as", person))
        if results[-1].code == 0:
            return
    pytest.fail(f"{path} {more}: {results}")


def test_no_command_that_looks_reads_a_table_through(looked_at):
    node, dossier = looked_at
    assert len(LOOKING) > 8
    with Statements(node.store) as seen:
        for path in LOOKING:
            run(node, path)
        for options in FILTERS:
            run(node, ("dossier", "list"), *options)
        for options in ((), ("--content",)):
            run(node, ("dossier", "show"), dossier, *options)
        assert node.store.read(lambda tx: find_dossier(tx, dossier[:-1])).id == dossier
        with pytest.raises(NotFoundError):
            node.store.read(lambda tx: find_dossier(tx, "a reference of nobody"))
        assert call("doctor", node.folder, "--offline", "--as", FIRST["be"]).code in (0, 1)
    assert len(seen.forms) > 30
    assert seen.scans() == []
