"""Blind search by the command line, through two nodes at work: asked, opened, answered by a person, audited."""

import json
import time
import tomllib
from datetime import date

import pytest

from tests.unit.cli.scene import call, channel, ok, said, served, value
from tests.unit.cli.test_cli_work import hire
from tests.unit.instruments import samples as texts

SEARCH = {
    "purposes": ["tracing-wanted-persons"],
    "categories": ["suspect", "wanted", "listed"],
    "quota": {"burst": 5000, "day": 50_000},
}
NEW = ("--domain", "wanted-persons", "--purpose", "tracing-wanted-persons", "--basis", "Act 1", "--retention", "P1Y")
WATCH = [
    {
        "id": "Q1",
        "names": ["يوسف العمراوي"],
        "birth": ["1986-03-14"],
        "documents": [{"kind": "passport", "number": "ZX0000017", "country": "MA"}],
    },
    {"id": "Q2", "names": ["Rachid Bensalem"], "birth": ["1970-02-01"]},
]
TRAVELLERS = [
    {"id": "12A", "names": ["EL AMRAOUI YOUSSEF"], "birth": ["1986-03-14"]},
    {"id": "12B", "names": ["ELS JANSSENS"], "birth": ["1964-01-09"]},
    {"id": "14C", "names": ["RACHID BEN SALEM"], "birth": ["1970-02-01"]},
    {"id": "15D", "names": ["NADIA WITHOUT BIRTH"]},
]
ASKED = ("--purpose", "tracing-wanted-persons", "--basis", "Act on passenger data, article 24")
LIST = (*ASKED, "--link", "travel-to-evade", "--offence", "Trafficking in firearms", "--journey", "Ferry, 21 November")
HIT = {
    "necessity": "To know whether the traveller is the person of the index",
    "body": {"travel": {"on": date.today().isoformat(), "carrier": "Ferry", "from": "Tanger Med", "to": "Algeciras"}},
}


def lines(*found):
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in found)


def until(work, wanted, seconds=30):
    """What a look gives once it is as wanted."""
    end = time.monotonic() + seconds
    while not wanted(found := work()):
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def scene(_strangers, tmp_path_factory):
    """`be` and `ma` at work, with a channel that has a search; be has the tables of ma's index of two persons."""
    made = _strangers.copy(tmp_path_factory.mktemp("searching"))
    hire(made, "be", "dana", "dpo")
    hire(made, "be", "aldo", "auditor")
    hire(made, "ma", "amal", "auditor")
    agreement = made.sign("agreement", texts.agreement())
    categories = [*SEARCH["categories"], "to-identify"]
    digest = made.sign("channel", channel(agreement, search=SEARCH, categories=categories))
    ok("list", "import", made.ma, "watch", made.write("watch.jsonl", lines(*WATCH)), *NEW, "--as", "karima")
    ok("index", "create", made.ma, "sought", "be", "--channel", digest, "--list", "watch", "--as", "karima")
    ok("index", "publish", made.ma, "sought", "--as", "karima")
    made.dossier = made.open()
    with served(made.ma), served(made.be):
        yield made


@pytest.fixture(scope="module")
def asked(scene):
    """A list that ann asked about, answered."""
    path = scene.write("travellers.jsonl", lines(*TRAVELLERS))

    def ask():
        return call("search", "list", scene.be, "ma", path, *LIST, "--wait", "30", "--as", "ann", "--json")

    # Until the table is here the question waits; until it is announced there is no index to ask.
    made = until(ask, lambda result: result.code == 0)
    return made.json


def test_a_list_is_asked_about_and_hits_are_unverified(scene, asked):
    [question] = asked["questions"]
    assert (question["state"], question["persons"], question["hits"], question["index"]) == ("answered", 3, 2, "sought")
    assert (asked["persons"], asked["without_key"]) == (3, ["15D"])
    assert [(one["person"]["id"], one["state"]) for one in asked["found"]] == [
        ("12A", "unverified"),
        ("14C", "unverified"),
    ]
    assert question["left_day"] == 50_000 - question["elements"]
    shown = ok("search", "hits", scene.be, question["question"][:8], "--as", "ann").out
    assert "EL AMRAOUI YOUSSEF" in shown
    assert "a hit is no finding; a dossier on it asks the partner to compare" in shown
    one = ok("search", "show", scene.be, question["question"], "1", "--as", "ann").out
    assert "names and birth date" in one
    listed = value("search", "questions", scene.be, "--as", "dana")
    assert [row["question"] for row in listed] == [question["question"]]
    assert call("search", "hits", scene.be, question["question"], "--as", "eva").code == 4


def test_a_person_is_asked_about_on_a_dossier(scene, asked):
    usual = ("search", "person", scene.be, "ma", "--dossier", scene.dossier)
    hit = value(*usual, "--document", "passport:MA:zx 0000017", "--wait", "30", "--as", "ann")
    assert [one["by"] for one in hit["found"]] == [["document"]]
    named = value(*usual, "--wait", "30", "--as", "ann")
    assert [one["by"] for one in named["found"]] == [["date"]]
    miss = ok(*usual, "--name", "Els Janssens", "--birth", "1964-01-09", "--wait", "30", "--as", "ann").out
    assert "no hit" in miss
    assert hit["questions"][0]["dossier"] == scene.dossier
    path = scene.write("hit.json", HIT)
    none = call(
        "search",
        "open",
        scene.be,
        value("search", "questions", scene.be, "--as", "ann")[0]["question"],
        "--file",
        path,
        "--as",
        "ann",
    )
    assert (none.code, "expected a question with hits that can be opened, got none" in none.err) == (2, True)
    nobody = call(*usual, "--name", "Els Janssens", "--as", "ann")
    assert (nobody.code, "expected somebody with a birth date, a document" in nobody.err) == (2, True)
    for wrong in (("--birth", "31.12.1990"), ("--document", "AB123"), ("--number", "123")):
        result = call(*usual, "--name", "Els Janssens", *wrong, "--as", "ann")
        assert result.code == 2, result
        assert wrong[0] in result.err


def test_a_hit_is_opened_compared_and_answered_and_both_count_it(scene, asked):
    question = asked["questions"][0]["question"]
    form = ok("search", "open", scene.be, question, "--form", "--as", "ann").out
    assert 'necessity = "<' in form
    assert "[body.travel]" in form
    assert not {"claim", "reference", "index", "screened_on", "link"} & set(tomllib.loads(form)["body"])
    assert "[[subjects]]" not in form
    path = scene.write("hit.json", HIT)
    for number, outcome in ((1, "confirmed"), (2, "not-the-person")):
        usual = ("search", "open", scene.be, question, number, "--file", path, "--lane", "routine", "--submit")
        [draft] = value(*usual, "--as", "ann")
        assert (draft["act"], draft["type"], draft["hit"]) == ("screening-hit", "border-data", number)
        again = call(*usual, "--as", "ann")
        assert (again.code, "expected a hit that no draft has" in again.err) == (4, True)
        [message] = value("dossier", "release", scene.be, draft["draft"], "--as", "luc")
        dossier = message["dossier"]

        def claims(dossier=dossier):
            return call("index", "claim", scene.ma, dossier, "--reason", "to answer it", "--as", "nadia", "--json")

        [claim] = until(claims, lambda result: result.code == 0).json
        [entry] = claim["entries"]
        assert (entry["source"], entry["entry"], claim["state"]) == ("list/watch", f"Q{number}", "opened")
        assert claim["asked"]["names"][0]["text"] == TRAVELLERS[0 if number == 1 else 2]["names"][0]
        assert entry["score"] > 0.5
        assert entry["explanation"]
        content = said(
            message=message["message"],
            verified_by="Officer on duty",
            by_a_person=True,
            verified_on=date.today().isoformat(),
            verified_at="14:30",
            compared=["identity-data"],
            outcome=outcome,
            **({"measure": "referred"} if number == 1 else {}),
        )
        scene.act("ma", content, "act", dossier, "--act", "hit-follow-up", "--lane", "routine")

        def state(number=number):
            found = value("search", "hits", scene.be, question, "--as", "ann")["found"]
            return next(one["state"] for one in found if one["hit"] == number)

        until(state, {"confirmed": "confirmed", "not-the-person": "rejected"}[outcome].__eq__)
    told = ok("index", "claim", scene.ma, dossier, "--reason", "once more", "--as", "nadia").out
    assert "own entry Q2 of list/watch" in told
    for folder, side, by in ((scene.be, "asked", "dana"), (scene.ma, "answered", "omar")):
        [line] = [one for one in value("search", "figures", folder, "--as", by)["figures"] if one["side"] == side]
        assert (line["opened"], line["confirmed"], line["rejected"], line["false_share"]) == (2, 1, 1, 0.5)
    assert "our hits by the script of the name" in ok("search", "figures", scene.be, "--as", "dana").out
    scripts = {one["script"]: one for one in value("search", "figures", scene.be, "--as", "dana")["scripts"]}
    assert (scripts["Latn"]["confirmed"], scripts["Latn"]["rejected"]) == (1, 1)


def test_a_question_is_opened_for_an_auditor_and_verified_against_both_logs(scene, asked):
    question = asked["questions"][0]["question"]
    made = scene.folder / "question.json"
    assert call("search", "open-commitment", scene.be, question, "--out", made, "--as", "ann").code == 4
    ok("search", "open-commitment", scene.be, question, "--out", made, "--as", "aldo")
    trust = []
    for folder, by, operator in ((scene.be, "aldo", "eva"), (scene.ma, "amal", "omar")):
        ok("audit", "close", folder, "--as", operator)
        ok("audit", "export", folder, "--out", scene.folder / f"{folder.name}.audit.json", "--as", by)
        trust += ["--trust", folder / "identity.json"]
    held = [part for name in ("be", "ma") for part in ("--audit", scene.folder / f"{name}.audit.json")]
    report = value("verify", made, *held, *trust)
    assert report["verdict"] in ("verified", "consistent, identities unconfirmed"), report
    found = {(one["about"], one["says"]): one["result"] for one in report["statements"]}
    assert found[f"question {question}", "asked the elements that its match keys and seed give"] == "holds"
    assert found["audit log of be", "has the question as it was opened"] == "holds"
    assert found["audit log of ma", "has the same handle, digest and count"] == "holds"
    made.with_name("wrong.json").write_bytes(made.read_bytes().replace(b'"count":10', b'"count":50'))
    assert call("verify", made.with_name("wrong.json"), *held).code == 1


def test_what_is_wrong_is_told_before_anybody_is_asked(scene, asked):
    before = value("search", "questions", scene.be, "--as", "dana")
    path = scene.write("travellers.jsonl", lines(*TRAVELLERS))
    usual = ["search", "list", scene.be, "ma", path, *LIST, "--as", "ann"]
    for bad, words in (
        ("", "expected travellers, got an empty file"),
        ('{"id": "1", "na', "got an end on line 1"),
        ("NAME;BIRTH DATE\n", "got nobody"),
    ):
        result = call("search", "list", scene.be, "ma", scene.write("bad.jsonl", bad), *LIST, "--as", "ann")
        assert (result.code, words in result.err) == (2, True), result
    for wrong in (
        ("--link", "origin"),
        ("--purpose", "prosecution"),
        ("--index", "other"),
        ("--journey", "all muslims"),
    ):
        result = call(*usual, *wrong)
        assert result.code in (2, 3), result
        assert wrong[0] in result.err
    assert call("search", "hits", scene.be, "0000", "--as", "ann").code == 3
    assert value("search", "questions", scene.be, "--as", "dana") == before


def test_the_only_hit_is_opened_at_once_and_shown_where_it_cannot_be(scene, asked):
    usual = ("search", "person", scene.be, "ma", "--dossier", scene.dossier, "--wait", "30", "--as", "ann")
    path = scene.write("hit.json", HIT)
    lacking = call(*usual, "--open", path, "--json")
    assert (lacking.code, lacking.json["drafts"]) == (2, [])
    assert "--lane: expected one of flash, routine, got nothing" in lacking.json["not_opened"]
    assert [one["state"] for one in lacking.json["found"]] == ["unverified"]
    told = call(*usual, "--open", path)
    assert f"search open {scene.be}" in told.out
    whole = HIT | {"body": HIT["body"] | {"link": "travel-to-evade", "offence": "Trafficking in firearms"}}
    made = value(*usual, "--open", scene.write("whole.json", whole), "--lane", "routine")
    assert (made["drafts"][0]["act"], made["not_opened"]) == ("screening-hit", "")
    many = ("search", "list", scene.be, "ma", scene.write("travellers.jsonl", lines(*TRAVELLERS)), *LIST)
    assert (
        value(*many, "--open", path, "--wait", "30", "--as", "ann")["not_opened"] == "--open: expected one hit, got 2"
    )


def test_a_question_waits_stops_and_is_erased(scene, asked):
    usual = ("search", "person", scene.be, "ma", "--dossier", scene.dossier, "--name", "Els Janssens")
    made = value(*usual, "--birth", "1964-01-09", "--wait", "0", "--as", "ann")
    question = made["questions"][0]["question"]
    stopped = call("search", "stop", scene.be, question, "--reason", "wrong person", "--as", "ann")
    state = "stopped" if stopped.code == 0 else "answered"
    rows = {one["question"]: one for one in value("search", "questions", scene.be, "--as", "dana")}
    assert rows[question]["state"] in (state, "answered")
    ground = ("--ground", "request", "--reason", "decision 2026/114", "--as", "dana")
    ok("search", "erase", scene.be, question, *ground)
    assert call("search", "erase", scene.be, question, *ground).code == 4
