"""Lists and screening by the command line: imported, screened, decided, reported, erased, in four languages."""

import asyncio
import json
import shutil
import sqlite3
import stat
from contextlib import closing
from types import SimpleNamespace

import pytest

from passerelle.core.clock import ManualClock, from_iso
from passerelle.node import Node
from passerelle.ports.screening import HITS, RUNS
from passerelle.service import keeping
from passerelle.service.serving import PARTS
from tests.edifact import FLIGHT, interchange
from tests.unit.cli.scene import call, configure, ok, served, value
from tests.unit.cli.test_cli_work import hire
from tests.zones import td3

NEW = ("--domain", "wanted-persons", "--purpose", "tracing-wanted-persons", "--basis", "Act on the list, article 4")
ASKED = ("--link", "travel-to-evade", "--offence", "Terrorist offence")
JOURNEY = ("--journey", "Ferry from Tanger Med to Algeciras")
DAY = 86_400_000

LIST = [
    {
        "id": "Q1",
        "names": ["Youssef El Amraoui", "يوسف العمراوي"],
        "birth": ["1986-03-14"],
        "documents": [{"kind": "passport", "number": "AB123456", "country": "MA"}],
        "note": "an invented person",
    },
    {"id": "Q2", "names": ["Rachid Bensalem"], "birth": ["1970-02-01"]},
    {"id": "Q3", "names": ["Khadija Ait Ourir"]},
]
TRAVELLERS = [
    {"id": "12A", "names": ["YOUSSEF EL AMRAOUI"], "birth": ["1986-03-14"]},
    {"id": "12B", "names": ["ELS JANSSENS"], "birth": ["1964-01-09"]},
    {"id": "14C", "names": ["RACHID BENSALEM"], "birth": ["1970-02-01"]},
]


def lines(*found):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found)


@pytest.fixture(scope="module")
def _listed(_strangers, tmp_path_factory):
    made = _strangers.copy(tmp_path_factory.mktemp("listed"))
    hire(made, "be", "bea", "officer")
    hire(made, "be", "dana", "dpo")
    path = made.write("watch.jsonl", lines(*LIST))
    ok("list", "import", made.be, "watch", path, *NEW, "--as", "carl")
    return made


@pytest.fixture
def listed(_listed, tmp_path):
    """A node of be with a list, and bea, an officer, and dana, the data protection officer."""
    return _listed.copy(tmp_path)


def screened(scene, *more, found=TRAVELLERS):
    path = scene.write("travellers.jsonl", lines(*found))
    return value("screen", scene.be, "watch", "--travellers", path, *ASKED, *JOURNEY, *more, "--as", "ann")


def test_a_list_is_imported_shown_and_removed(strangers):
    be, path = strangers.be, strangers.write("watch.jsonl", lines(*LIST) + "not a person\n")
    refused = call("list", "import", be, "watch", path, "--as", "carl")
    assert (refused.code, refused.err) == (2, "error: --domain: expected a word like wanted-persons, got ''\n")
    whole = call("list", "import", be, "watch", path, *NEW, "--whole", "--json", "--as", "carl")
    assert (whole.code, whole.json["count"]) == (2, 1)
    assert [(one["line"], one["column"]) for one in whole.json["faults"]] == [(4, 1)]
    assert "line 4, column 1: " in call("list", "import", be, "watch", path, *NEW, "--whole", "--as", "carl").out
    assert value("list", "list", be, "--as", "ann") == []
    made = value("list", "import", be, "watch", path, *NEW, "--retention", "P90D", "--as", "carl")
    counts = {key: made["import"][key] for key in ("number", "entries", "added", "changed", "removed", "faults")}
    assert counts == {"number": 1, "entries": 3, "added": 3, "changed": 0, "removed": 0, "faults": 1}
    assert (made["form"], made["form_guessed"], made["retention"], made["same"]) == ("jsonl", True, "P90D", False)
    again = ok("list", "import", be, "watch", path, "--as", "carl").out
    assert "list watch: these files were imported before, nothing changed" in again
    assert "fault" not in again
    strangers.write(
        "watch.jsonl", lines(LIST[0], LIST[1] | {"birth": ["1971"]}, {"id": "Q4", "names": ["Karim Alaoui"]})
    )
    assert (
        "list watch, version 2: 3 entries; added 1, changed 1, removed 1"
        in ok("list", "import", be, "watch", path, "--as", "carl").out
    )
    assert value("list", "changes", be, "watch", "--as", "carl")["changes"] == [
        {"entry": "Q2", "what": "changed"},
        {"entry": "Q3", "what": "removed"},
        {"entry": "Q4", "what": "added"},
    ]
    only = value("list", "changes", be, "watch", "--what", "removed", "--as", "ann")["changes"]
    assert only == [{"entry": "Q3", "what": "removed"}]
    older = call("list", "changes", be, "watch", "--version", "1", "--as", "ann")
    assert (older.code, "of which only counts are kept: added 3, changed 0, removed 0" in older.err) == (4, True)
    shown = value("list", "show", be, "watch", "--as", "ann")
    assert [(one["number"], one["entries"], one["by"]) for one in shown["imports"]] == [(2, 3, "carl"), (1, 3, "carl")]
    assert (shown["purpose"], shown["basis"], shown["behind"]) == ("tracing-wanted-persons", NEW[-1], False)
    assert call("list", "show", be, "other", "--as", "ann").code == 3
    ok("list", "remove", be, "watch", "--reason", "the law ended", "--as", "carl")
    assert value("list", "list", be, "--as", "ann") == []
    assert list((be / "lists").iterdir()) == []


def test_who_keeps_a_list_does_not_read_it(listed):
    be = listed.be
    for who in ("carl", "eva"):
        refused = call("list", "entry", be, "watch", "Q1", "--reason", "curious", "--as", who)
        assert (refused.code, "Youssef" in refused.out + refused.err) == (4, False)
    assert call("list", "changes", be, "watch", "--as", "dana").code == 0
    assert call("list", "entry", be, "watch", "Q1", "--as", "ann").code == 2
    shown = ok("list", "entry", be, "watch", "Q1", "--reason", "passport at the counter", "--as", "ann").out
    assert "Youssef El Amraoui; يوسف العمراوي" in shown
    assert "AB123456 MA" in shown
    trail = value("audit", "list", be, "--what", "list.read", "--as", "dana")
    assert [(one["who"], one["details"]["entry"]) for one in trail] == [("ann", "Q1")]


def test_travellers_are_screened_and_persons_decide(listed):
    be = listed.be
    made = screened(listed)
    assert (made["travellers"], made["hits"], made["state"], made["faults"]) == (3, 2, "done", 0)
    assert {(one["traveller"]["id"], one["entry"]["id"]) for one in made["found"]} == {("12A", "Q1"), ("14C", "Q2")}
    assert all(one["state"] == "unverified" and one["explanation"] for one in made["found"])
    run = made["run"]
    first = next(one["hit"] for one in made["found"] if one["entry"]["id"] == "Q1")
    second = next(one["hit"] for one in made["found"] if one["entry"]["id"] == "Q2")
    early = call("screen", "confirm", be, run, first, "--reason", "same passport", "--as", "ann")
    assert (early.code, "has looked at (screen show)" in early.err) == (4, True)
    text = ok("screen", "show", be, run[:13], first, "--as", "ann").out
    for words in ("YOUSSEF EL AMRAOUI", "Youssef El Amraoui", "an invented person", "nobody has decided"):
        assert words in text
    decided = ok("screen", "confirm", be, run, first, "--reason", "same passport", "--as", "ann").out
    assert f"hit {first} is confirmed and stays until" in decided
    ok("screen", "show", be, run, second, "--reason", "relief", "--as", "bea")
    ok("screen", "reject", be, run, second, "--reason", "twenty years younger", "--as", "bea")
    states = {one["hit"]: one["state"] for one in value("screen", "hits", be, run, "--as", "ann")["found"]}
    assert states == {first: "confirmed", second: "rejected"}
    left = value("screen", "hits", be, run, "--state", "unverified", "--as", "ann")["found"]
    assert left == []
    [row] = value("screen", "list", be, "--as", "ann")
    assert (row["waiting"], row["hits"], row["link"], row["journey"]) == (0, 2, "travel-to-evade", JOURNEY[1])
    [kept] = value("screen", "confirmed", be, "--reason", "weekly review", "--as", "dana")
    assert (kept["entry"]["id"], kept["traveller"]["id"], kept["by"], kept["reason"]) == (
        "Q1",
        "12A",
        "ann",
        "same passport",
    )
    assert kept["explanation"]
    again = screened(listed)
    [before] = next(one["before"] for one in again["found"] if one["entry"]["id"] == "Q2")
    assert (before["by"], before["reason"]) == ("bea", "twenty years younger")
    report = value("screen", "report", be, "--as", "dana")
    assert (report[-1]["travellers"], report[-1]["hits"], report[-1]["false_share"]) == (6, 4, 0.5)
    assert "50 %" in ok("screen", "report", be, "--as", "dana").out
    assert value("statistics", be, "--as", "dana")["screening"] == report
    assert value("statistics", be, "--mask", "5", "--as", "dana")["screening"] == []
    assert "screened against own lists" in ok("statistics", be, "--as", "dana").out
    for who in ("carl", "eva", "luc"):
        assert call("screen", "watch", "--as", who).code != 0
        assert call("screen", "confirm", be, run, second, "--reason", "x", "--as", who).code == 4


def test_what_is_not_named_is_said(listed):
    be, path = listed.be, listed.write("travellers.jsonl", lines(*TRAVELLERS))
    where = ("screen", "run", be, "watch", "--travellers", path)
    missing = call(*where, *ASKED, "--as", "ann")
    assert (missing.code, "--journey: expected the journey in words" in missing.err) == (2, True)
    wrong = call(*where, "--link", "suspicion", "--offence", "Theft", *JOURNEY, "--as", "ann")
    assert (wrong.code, "--link: expected one of aimed-at-transport" in wrong.err) == (2, True)
    assert call(*where, *ASKED, "--journey", "the Muslims on the ferry", "--as", "ann").code == 2
    assert call(*where, *ASKED, *JOURNEY, "--form", "un", "--as", "ann").code == 2
    assert call(*where, *ASKED, *JOURNEY, "--as", "luc").code == 4
    assert call(*where, *ASKED, *JOURNEY, "--channel", "abcd", "--as", "ann").code == 3
    assert call("screen", "run", be, "other", "--travellers", path, *ASKED, *JOURNEY, "--as", "ann").code == 3
    other = listed.write("other.txt", "no person\n")
    nothing = call("screen", "run", be, "watch", "--travellers", other, *ASKED, *JOURNEY, "--as", "ann")
    assert (nothing.code, "expected a file of one of the forms" in nothing.err) == (2, True)
    empty = listed.write("nobody.jsonl", '{"names": []}\n')
    nobody = call("screen", "run", be, "watch", "--travellers", empty, *ASKED, *JOURNEY, "--as", "ann")
    assert (nobody.code, "expected at least one traveller" in nobody.err) == (2, True)
    assert value("screen", "list", be, "--as", "ann")[0]["state"] == "broken"
    cut = listed.write("cut.edi", interchange([*FLIGHT])[:150])
    ended = call("screen", "run", be, "watch", "--travellers", cut, *ASKED, *JOURNEY, "--as", "ann")
    assert (ended.code, "expected a file that can be read to its end, got an end on line" in ended.err) == (2, True)
    stopped = value("screen", "list", be, "--as", "ann")[0]["run"]
    refused = call("screen", "hits", be, stopped, "--as", "ann")
    assert (refused.code, "which was stopped: screen again" in refused.err) == (4, True)


def test_travellers_that_cannot_be_read_are_told_with_their_place(listed):
    path = listed.write("travellers.jsonl", lines(TRAVELLERS[0]) + "??\n" + lines(TRAVELLERS[1]))
    text = ok("screen", listed.be, "watch", "--travellers", path, *ASKED, *JOURNEY, "--as", "ann").out
    assert "1 fault in the file; look at these travellers by hand:" in text
    assert "line 2, column 1: " in text
    assert path.exists()


def test_settings_bound_what_is_shown(listed):
    configure(listed.be, "screening", most=1)
    listed.write("more.jsonl", "")
    twins = [{"id": f"T{number}", "names": ["Rachid Bensalem"], "birth": ["1970-02-01"]} for number in range(3)]
    ok("list", "import", listed.be, "watch", listed.write("watch.jsonl", lines(*twins)), "--as", "carl")
    made = screened(listed, found=TRAVELLERS[2:])
    assert (made["hits"], made["cut"]) == (1, 2)
    path = listed.write("travellers.jsonl", lines(TRAVELLERS[2]))
    text = ok("screen", listed.be, "watch", "--travellers", path, *ASKED, *JOURNEY, "--as", "ann").out
    assert "2 more hits are not shown" in text


def test_hits_go_when_their_time_is_over_with_and_without_a_service(listed):
    made = screened(listed)
    clock = ManualClock(0)
    said = []

    def later(milliseconds):
        node = Node.open(listed.be, clock=clock)
        clock.time = from_iso(made["begun"]) + milliseconds
        return node

    node = later(DAY - 1)
    keeping.erase_over(node, lambda event, **fields: said.append((event, fields)))
    assert node.store.read(lambda tx: tx.count(HITS)) == 2
    node.close()
    node = later(DAY)
    keeping.erase_over(node, lambda event, **fields: said.append((event, fields)))
    assert said == [("screening.erased", {"count": 1})]
    assert node.store.read(lambda tx: tx.count(HITS)) == 0
    assert node.store.read(lambda tx: tx.get(RUNS, made["run"])).state == "erased"
    node.close()
    shown = ok("screen", "hits", listed.be, made["run"], "--as", "ann").out
    assert "its time is over: only confirmed hits stay" in shown
    assert ok("screen", "expire", listed.be, "--as", "eva").out == "nothing is over\n"


def test_index_files_are_private_and_made_again(listed):
    folder = listed.be / "lists"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    before = sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))
    shutil.rmtree(folder)
    assert screened(listed)["hits"] == 2
    assert sorted(str(one.relative_to(folder)) for one in folder.rglob("*")) == before


def test_doctor_says_what_lists_and_hits_wait_for(listed):
    checks = {
        one["check"]: one["level"]
        for one in json.loads(call("doctor", listed.be, "--offline", "--json", "--as", "eva").out)
    }
    assert (checks["lists"], checks["hits"]) == ("ok", "ok")


def test_a_passengers_message_says_the_journey(listed):
    someone = [["NAD", "FL", "", "", ["EL AMRAOUI", "YOUSSEF"]], ["DTM", ["329", "860314"]]]
    path = listed.write("passengers.edi", interchange([*FLIGHT, *someone]))
    made = value("screen", listed.be, "watch", "--travellers", path, *ASKED, "--as", "ann")
    assert (made["form"], made["journey"]) == ("paxlst", "XX XX123 CMN-BRU 2026-06-01T14:30")
    assert [one["entry"]["id"] for one in made["found"]] == ["Q1"]


def test_a_zone_is_found_by_its_number_under_another_name(listed):
    path = listed.write("zones.txt", td3("JANSSENS", "ELS", "AB123456", "MAR", "640109", "F", "300101"))
    made = value("screen", listed.be, "watch", "--travellers", path, *ASKED, *JOURNEY, "--as", "ann")
    assert (made["form"], made["travellers"], [one["entry"]["id"] for one in made["found"]]) == ("mrz", 1, ["Q1"])


def test_the_source_of_an_import_is_in_the_audit_log_and_no_path(listed):
    [record] = value("audit", "list", listed.be, "--what", "list.imported", "--as", "dana")
    assert "watch.jsonl" not in json.dumps(record)
    assert len(record["details"]["digest"]) == 64


def test_a_restored_node_has_its_lists_and_confirmed_hits_and_no_other_hit(listed):
    be, key, out, put = listed.be, listed.folder / "backup.key", listed.folder / "be.backup", listed.folder / "put"
    run = screened(listed)["run"]
    ok("screen", "show", be, run, "1", "--as", "ann")
    ok("screen", "confirm", be, run, "1", "--reason", "same passport", "--as", "ann")
    value("backup", "key", "--out", key)
    value("backup", "create", be, "--out", out, "--to", f"{key}.pub")
    made = value("backup", "show", out)
    assert (made["records"]["screening_hits"], made["records"]["screening_confirmed"]) == (0, 1)
    assert not any(name.startswith("lists/") for name in made["files"])
    ok("backup", "verify", out, "--key", key)
    value("restore", out, put, "--key", key, "--no-newer-erasures", "the disk is lost")
    shown = ok("screen", "hits", put, run, "--as", "ann").out
    assert "1 hit is not here: no backup has them; screen again" in shown
    assert [one["hit"] for one in value("screen", "hits", put, run, "--as", "ann")["found"]] == [1]
    assert not (put / "lists").exists()
    path = listed.write("travellers.jsonl", lines(*TRAVELLERS))
    again = value("screen", put, "watch", "--travellers", path, *ASKED, *JOURNEY, "--as", "ann")
    assert again["hits"] == 2


def over(scene):
    """The time of every screening is over."""
    with closing(sqlite3.connect(scene.be / "store.db")) as made:
        made.execute("UPDATE screenings SET expires = begun")
        made.commit()


def left(scene):
    with closing(sqlite3.connect(scene.be / "store.db")) as made:
        return made.execute("SELECT count(*), (SELECT state FROM screenings) FROM screening_hits").fetchone()


def test_a_node_that_starts_erases_what_is_over_before_it_serves(listed):
    screened(listed)
    over(listed)
    assert left(listed) == (2, "done")
    with served(listed.be):
        assert left(listed) == (0, "erased")
    assert "screening.erased" in (listed.be / "serve.log").read_text()


def test_a_node_that_serves_erases_step_by_step(listed):
    screened(listed)
    over(listed)
    node = Node.open(listed.be)
    service = SimpleNamespace(poll=1.5)

    async def steps():
        async with keeping.SCREENING.begin(service, node.ctx) as step:
            return [await step() for _ in range(3)]

    assert keeping.SCREENING in PARTS
    assert asyncio.run(steps()) == [0, 1.5, 1.5]
    node.close()
    assert left(listed) == (0, "erased")
