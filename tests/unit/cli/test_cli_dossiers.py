"""Dossiers by the command line: forms, drafts, four eyes, releases, and the timeline of both sides."""

import json
import tomllib
from pathlib import Path

import pytest

from passerelle import catalogue
from passerelle.cli.forms import blanks, example_of, toml_of
from passerelle.dossiers.content import problems
from passerelle.dossiers.types import Catalogue
from passerelle.exchange import desk
from passerelle.node import Node
from tests.unit.cli.scene import call, channel, configure, migration, ok, request, said, value
from tests.unit.dossiers import samples

CATALOGUE = Catalogue.load()
CATALOGUE_FILES = Path(catalogue.__file__).parent
OPEN = ("open", "ma", "--type", "wanted-trace")


def dossier(scene, name, wanted, *options):
    return value("dossier", "show", scene.of(name), wanted, *options)


def acts(shown):
    return [one["act"] for one in shown["timeline"]]


# -- forms -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(CATALOGUE), ids=lambda kind: kind.name)
def test_a_type_has_forms_and_examples(kind):
    act = kind.acts[kind.opening[0]]
    for language in ("en", "ar"):
        text = ok("dossier", "form", kind.name, act.name, "--language", language).out
        assert tomllib.loads(text) == value("dossier", "form", kind.name, act.name, "--language", language)["content"]
        assert act.labels.text(language) in text
    made = value("dossier", "form", kind.name, act.name, "--example")["content"]
    assert tomllib.loads(ok("dossier", "form", kind.name, act.name, "--example").out) == made


@pytest.mark.parametrize("kind", list(CATALOGUE), ids=lambda kind: kind.name)
def test_every_act_has_a_form(kind):
    for act in kind.acts.values():
        for language in ("en", "ar"):
            empty = example_of(kind, act, language, blank=True)
            text = toml_of(kind, act, empty, language)
            assert tomllib.loads(text) == empty
            assert act.labels.text(language) in text
            assert "necessity" in list(blanks(empty))


@pytest.mark.parametrize("kind", list(CATALOGUE), ids=lambda kind: kind.name)
def test_every_example_has_the_fields_that_its_act_asks_for(kind):
    """Also what checks and demands ask for, as far as fields of the body go."""
    for act in kind.acts.values():
        made = example_of(kind, act)
        assert list(blanks(made)) == []
        assert tomllib.loads(toml_of(kind, act, made, "en")) == made
        assert (made.pop("act", "") == act.name) == (act.opening and len(kind.opening) > 1), "one opens by itself"
        persons = [one | {"minor": "no"} for one in made.get("subjects", [])]
        content = samples.act(kind.name, act.name, **(made | {"subjects": persons} if persons else made))
        found = problems(content, kind, now=samples.NOW)
        assert [one for one in found if one.path.startswith("body") and one.got == "nothing"] == []


def test_the_form_of_a_dossier_opens_one(partners):
    agreement = next(one["digest"] for one in value("instrument", "list", partners.be) if one["kind"] == "agreement")
    partners.sign("migration", migration(agreement))
    kinds = ("identification", "border-data", "listed-person", "urgent-alert", "wanted-trace")
    for kind in kinds:
        if kind in kinds[:2]:
            partners.all_are_of("migration" if kind == "identification" else "police")
        path = partners.write("form.toml", ok("dossier", "form", kind, "--example").out)
        made = value("dossier", "open", partners.be, "ma", "--type", kind, "--file", path, "--as", "ann")
        assert made["act"] == CATALOGUE.types[kind].opening[0]
    empty = partners.write("empty.toml", ok("dossier", "form", "wanted-trace").out)
    result = call("dossier", "open", partners.be, "ma", "--type", "wanted-trace", "--file", empty, "--as", "ann")
    assert result.code == 2
    assert "body.warrant.court" in result.err
    shown = {one["type"] for one in value("dossier", "drafts", partners.be)}
    assert shown == set(kinds[1:]), "who went over to the police does not see what was written for migration"


def test_forms_that_are_not_there():
    assert call("dossier", "form", "letter-of-love").code == 3
    assert call("dossier", "form", "wanted-trace", "forgive").code == 3
    assert call("dossier", "form", "wanted-trace", "--language", "de").code == 2


# -- what the node puts in ---------------------------------------------------------------------------------------------


def test_what_leaves_no_choice_is_put_in_and_said(partners):
    made = partners.draft("be", request(), *OPEN)
    digest = next(one["digest"] for one in value("instrument", "list", partners.be) if one["kind"] == "channel")
    assert (
        made["added"].items()
        >= {
            "channel": digest,
            "purpose": "tracing-wanted-persons",
            "basis": "7(1)",
            "recipient": "police",
            "classification": "restricted",
            "urgency": "standard",
            "subjects[0].minor": "no",
        }.items()
    )
    assert made["added"]["handling"] == ["H0", "H2"]
    assert made["lane"] == "routine"
    path = partners.write("again.json", request())
    shown = ok("dossier", "open", partners.be, "ma", "--type", "wanted-trace", "--file", path, "--as", "ann").out
    assert "put in: basis = 7(1)" in shown
    assert "dossier submit" in shown


def test_what_is_written_is_never_replaced(partners):
    wanted = {"handling": ["H0", "H1"], "classification": "unclassified", "urgency": "urgent", "basis": "7(1)"}
    made = partners.draft("be", request(**wanted), *OPEN)
    assert not wanted.keys() & made["added"].keys()
    [draft] = value("dossier", "drafts", partners.be, "--content")
    assert draft["content"].items() >= {key: one for key, one in wanted.items() if key != "handling"}.items()
    assert draft["content"]["handling"] == ["H0", "H1"]


def test_where_there_is_a_choice_the_choices_are_said(partners):
    agreement, first = (
        next(one["digest"] for one in value("instrument", "list", partners.be) if one["kind"] == kind)
        for kind in ("agreement", "channel")
    )
    wide = partners.sign(
        "wide",
        channel(
            agreement, title="Another", purposes=["prosecution", "criminal-investigation"], articles=["5(1)", "7(1)"]
        ),
    )
    path = partners.write("act.json", request())
    arguments = ("dossier", *OPEN[:1], partners.be, *OPEN[1:], "--as", "ann", "--file")
    result = call(*arguments, path)
    assert result.code == 2
    assert f"channel: expected one of {', '.join(sorted((first, wide)))}, got nothing" in result.err
    result = call(*arguments, partners.write("act.json", request(channel=wide)))
    assert result.code == 2
    assert "purpose: expected one of criminal-investigation, prosecution, got nothing" in result.err
    assert "basis: expected one of 5(1), 7(1), got nothing" in result.err
    named = request(channel=wide, purpose="prosecution", basis="5(1)")
    made = value(*arguments, partners.write("act.json", named), "--submit")
    ok("dossier", "release", partners.be, made["draft"], "--as", "luc")
    partners.settle()
    # In a dossier that is there, its own channel, purpose and basis leave no choice any more.
    charged = partners.draft(
        "ma", said(service="police", contact="Nadia"), "act", made["dossier"], "--act", "take-charge"
    )
    assert charged["added"].items() >= {"channel": wide, "purpose": "prosecution", "basis": "5(1)"}.items()
    assert charged["added"]["classification"] == "diffusion-restreinte"


def test_without_a_channel_nothing_leaves(strangers):
    path = strangers.write("act.json", request())
    result = call("dossier", "open", strangers.be, "ma", "--type", "wanted-trace", "--file", path, "--as", "ann")
    assert result.code == 4
    assert "channel with ma" in result.err


def test_files_that_are_no_act(partners):
    arguments = ("dossier", "open", partners.be, "ma", "--type", "wanted-trace", "--as", "ann", "--file")
    for name, text in (
        ("a.json", "{"),
        ("a.json", "[]"),
        ("a.json", '{"a": 1, "a": 2}'),
        ("a.toml", "a ="),
        ("a.txt", "{}"),
        ("a.toml", "body = 2026-01-01T00:00:00\n"),
        ("a.json", json.dumps(request(id="mine"))),
        ("a.json", json.dumps(request(type="listed-person"))),
        ("a.json", json.dumps(request(act="close"))),
        ("a.json", json.dumps(request(dossier="mine"))),
        ("a.json", json.dumps(request(surplus="x"))),
        ("a.json", json.dumps(request(body={}))),
        ("a.json", json.dumps(request(subjects=[]))),
        ("a.json", json.dumps(request(subjects="Youssef"))),
        ("a.json", json.dumps(request(subjects=[{"births": [{"date": "soon"}]}]))),
        ("a.json", json.dumps(request(reference="a\u202eb"))),
    ):
        result = call(*arguments, partners.write(name, text))
        assert result.code == 2, (text, result)
        assert "Traceback" not in result.err
    (partners.folder / "b.toml").write_bytes(b'a = "\xff"')
    assert call(*arguments, partners.folder / "b.toml").code == 2
    assert call(*arguments, partners.folder / "none.json").code == 2
    path = partners.write("act.json", request())
    assert call(*arguments, partners.write("c.json", request(channel="0" * 64))).code == 3
    assert call(*arguments, partners.write("c.json", request(channel=7))).code == 3
    assert call("dossier", "open", partners.be, "ma", "--type", "nothing", "--file", path).code == 3
    assert call("dossier", "open", partners.be, "zz", "--type", "wanted-trace", "--file", path).code == 3
    assert value("dossier", "drafts", partners.be) == []
    assert ok("dossier", "drafts", partners.be).out == "no draft\n"


def test_an_act_in_toml(partners):
    text = (
        'necessity = "Trace"\n[[subjects]]\nkey = "p1"\ncategory = "wanted"\n'
        '[[subjects.names]]\ntext = "Youssef El Amraoui"\nscript = "Latn"\nkind = "primary"\n'
        '[[subjects.births]]\ndate = 1986-03-14\ncalendar = "gregorian"\nkind = "exact"\n'
        '[body.warrant]\nkind = "warrant"\nreference = "B"\ncourt = "C"\ndate = 2025-09-08\n'
        'offence = "D"\nsentence = "E"\n'
    )
    made = value(
        "dossier", "open", partners.be, "ma", "--type", "wanted-trace", "--file", partners.write("act.toml", text)
    )
    assert made["act"] == "request"


# -- drafts and releases -----------------------------------------------------------------------------------------------


def test_four_eyes(partners):
    made = partners.draft("be", request(), *OPEN)
    [listed] = value("dossier", "drafts", partners.be)
    assert listed["draft"] == made["draft"]
    assert made["draft"] in ok("dossier", "drafts", partners.be, "--content").out
    result = call("dossier", "release", partners.be, made["draft"], "--as", "ann", "--json")
    assert result.code == 4
    assert result.error["error"] == "NotAllowedError"
    assert "four eyes" in result.error["message"]
    [message] = value("dossier", "release", partners.be, made["draft"][:14], "--as", "luc")
    assert (message["author"], message["releaser"], message["dossier"]) == ("ann", "luc", made["dossier"])
    assert value("dossier", "drafts", partners.be) == []
    again = call("dossier", "release", partners.be, made["draft"], "--as", "luc")
    assert again.code == 4
    assert f"got message {made['draft']}, released by luc on 2" in again.err


def test_all_drafts_are_released_or_none(partners):
    one, two = (partners.draft("be", request(reference=f"BE-{number}"), *OPEN) for number in (1, 2))
    assert call("dossier", "release", partners.be, one["draft"], "019ab3ff", "--as", "luc").code == 3
    assert len(value("dossier", "drafts", partners.be)) == 2
    released = value("dossier", "release", partners.be, one["draft"], two["draft"], one["draft"], "--as", "luc")
    assert [made["message"] for made in released] == [one["draft"], two["draft"]]


def test_a_draft_is_thrown_away(partners):
    made = partners.draft("be", request(), *OPEN)
    assert call("dossier", "discard", partners.be, made["draft"], "--as", "luc").code == 2
    ok("dossier", "discard", partners.be, made["draft"], "--as", "luc", "--reason", "wrong person")
    assert value("dossier", "drafts", partners.be) == []
    assert call("dossier", "discard", partners.be, made["draft"], "--as", "luc", "--reason", "again").code == 4


# -- the timeline ------------------------------------------------------------------------------------------------------


def test_a_dossier_on_both_sides(partners):
    made = partners.act("be", request(), *OPEN)
    shown = dossier(partners, "be", "BE-2026-0017")
    assert shown["dossier"] == made["dossier"]
    assert shown["timeline"][0]["delivery"] == {"state": "in-line", "words": "in line: has no index yet"}
    partners.deliver("be")
    assert dossier(partners, "be", made["dossier"])["timeline"][0]["delivery"]["words"] == "stored by ma"
    review = said(examined=["political", "military", "religious", "racial"], outcome="none-found")
    partners.act("ma", said(service="police", contact="Nadia"), "act", made["dossier"], "--act", "take-charge")
    partners.act("ma", review, "act", made["dossier"][:14], "--act", "review")
    place = {"kind": "seen", "text": "طنجة", "country": "MA"}
    partners.act("ma", said(on="2026-01-02", place=place), "act", made["dossier"], "--act", "located")
    partners.settle()
    for name, own in (("be", 1), ("ma", 3)):
        shown = dossier(partners, name, made["dossier"])
        assert shown["state"] == "located"
        assert acts(shown) == ["request", "take-charge", "review", "located"]
        assert [one["state_after"] for one in shown["timeline"]] == ["opened", "in-charge", "in-charge", "located"]
        assert sum(one["own"] for one in shown["timeline"]) == own
        assert {one["delivery"]["state"] for one in shown["timeline"]} == {"stored", "received"}
        assert not any(one["overtaken"] for one in shown["timeline"])
        text = ok("dossier", "show", partners.of(name), made["dossier"], "--content").out
        assert "nadia / samir" in text
        assert "يوسف العمراوي" in text
        assert "طنجة" in text
        assert "\u2068" not in text
    assert "provisional-arrest" in dossier(partners, "be", made["dossier"])["next"]
    assert "content" not in dossier(partners, "ma", made["dossier"])["timeline"][0]
    content = dossier(partners, "ma", made["dossier"], "--content")["timeline"][0]["content"]
    assert content["four_eyes"]["releaser"] == "luc"
    assert "Localisé" in ok("dossier", "show", partners.be, made["dossier"], "--language", "fr").out


def test_acts_that_cross_are_marked(partners):
    made = partners.open()
    partners.act("be", said(ground="legal-impediment"), "act", made, "--act", "suspend")
    partners.act("ma", said(outcome="no-result", indexed=False), "act", made, "--act", "close")
    partners.settle()
    for name in ("be", "ma"):
        shown = dossier(partners, name, made)
        assert shown["state"] == "suspended"
        assert [(one["act"], one["overtaken"]) for one in shown["timeline"]] == [
            ("request", False),
            ("suspend", False),
            ("close", True),
        ]
        assert "overtaken by a crossing act" in ok("dossier", "show", partners.of(name), made).out


def test_a_refusal_names_its_checks(partners):
    made = partners.open()
    node = Node.open(partners.be, check_own=False)
    try:
        channel_digest = dossier(partners, "be", made)["channel"]
        content = {
            "dossier": made,
            "type": "wanted-trace",
            "act": "cancelled",
            "channel": channel_digest,
            "purpose": "tracing-wanted-persons",
            "basis": "7(1)",
            "necessity": "Played by a dishonest sender",
            "recipient": "police",
            "handling": ["H0"],
            "classification": "restricted",
            "retention": "2099-01-01",
            "urgency": "standard",
            "body": {"reason": "error", "indexed": False},
        }
        act = desk.Act(partner="ma", lane="routine", content=content, author="ann", releaser="ann")
        desk.post(node.ctx, [act])
    finally:
        node.close()
    assert dossier(partners, "be", made)["state"] == "cancelled"
    partners.settle()
    for name in ("be", "ma"):
        shown = dossier(partners, name, made)
        assert shown["state"] == "opened"
        refused = shown["timeline"][-1]
        assert (refused["act"], refused["state_after"]) == ("cancelled", "")
        assert refused["delivery"]["state"] == "refused"
        assert refused["delivery"]["checks"] == ["8"]
    words = dossier(partners, "be", made)["timeline"][-1]["delivery"]["words"]
    assert words == "refused by ma, does not hold: [8] act allowed by the channel"
    assert "retention" in dossier(partners, "ma", made)["timeline"][-1]["delivery"]["words"]
    alarms = value("alarm", "list", partners.be)
    assert [one["what"] for one in alarms] == ["message.refused"]


def test_the_state_forbids_what_does_not_fit(partners):
    made = partners.open()
    path = partners.write("act.json", said(on="2026-01-02", place={"kind": "seen", "text": "Tanger"}))
    arguments = ("dossier", "act", partners.ma, made, "--file", path, "--as", "nadia", "--act")
    result = call(*arguments, "sighting", "--json")
    assert result.code == 4
    assert [one["check"] for one in result.error["objections"]] == ["10"]
    assert call(*arguments, "arrest-everybody").code == 3
    assert call("dossier", "act", partners.ma, "BE-0000", "--file", path, "--act", "sighting").code == 3


def test_a_channel_that_ended_lets_a_dossier_wind_down(partners):
    made = partners.open()
    digest = dossier(partners, "be", made)["channel"]
    ok("instrument", "terminate", partners.ma, digest, "--as", "karima", "--reason", "denounced")
    partners.settle()
    closing = partners.act("be", said(outcome="no-longer-needed", indexed=False), "act", made, "--act", "close")
    assert closing["act"] == "close"
    partners.settle()
    assert dossier(partners, "ma", made)["state"] == "closed"
    path = partners.write("act.json", request())
    result = call("dossier", "open", partners.be, "ma", "--type", "wanted-trace", "--file", path, "--as", "ann")
    assert result.code == 4


def test_lists(partners):
    first = partners.open()
    second = partners.open(request(reference="BE-2026-0018"))
    partners.act("be", said(outcome="done", indexed=False), "act", second, "--act", "close")

    def listed(*options, name="be"):
        return [one["dossier"] for one in value("dossier", "list", partners.of(name), *options)]

    assert listed() == [second, first]
    assert listed("--status", "open") == [first]
    assert listed("--status", "ended") == [second]
    assert listed("--type", "wanted-trace", "--status", "open", "--partner", "ma") == [first]
    assert listed("--type", "listed-person") == []
    assert listed("--partner", "ma", "--most", "1") == [second]
    assert listed("--partner", "zz") == []
    assert set(listed(name="ma")) == {first, second}
    assert "BE-2026-0018" in ok("dossier", "list", partners.ma).out
    assert ok("dossier", "list", partners.be, "--type", "listed-person").out == "no dossier\n"
    assert call("dossier", "list", partners.be, "--status", "asleep").code == 2
    assert call("dossier", "list", partners.be, "--most", "0").code == 2
    assert "مفتوح" in ok("dossier", "list", partners.be, "--status", "open", "--language", "ar").out


def test_names_of_several_dossiers(partners):
    partners.open()
    partners.open()  # the same reference twice
    assert call("dossier", "show", partners.be, "BE-2026-0017").code == 2
    one, two = (row["dossier"] for row in value("dossier", "list", partners.be))
    common = next(one[:end] for end in range(36, 0, -1) if one[:end] == two[:end])
    result = call("dossier", "show", partners.be, common)
    assert result.code == 2
    assert "several" in result.err
    assert call("dossier", "show", partners.be, one[:3]).code == 3
    assert call("dossier", "show", partners.be, "").code == 3


def test_a_dossier_is_found_by_the_reference_that_the_partner_gave(partners):
    made = partners.open()
    for text in ("BE-2026-0017", made):
        assert value("dossier", "show", partners.ma, text)["dossier"] == made
    assert "BE-2026-0017" in ok("due", partners.ma, "--as", "nadia").out
    other = partners.open(request(reference="BE-2026-0018"))
    # Your own reference comes first, whatever the partner calls another dossier.
    ok("dossier", "reference", partners.ma, made, "BE-2026-0018", "--as", "nadia")
    assert value("dossier", "show", partners.ma, "BE-2026-0018")["dossier"] == made
    assert {one["reference"] for one in value("due", partners.ma, "--as", "nadia")} == {"BE-2026-0018"}
    third = partners.open(request(reference="BE-2026-0017"))
    result = call("dossier", "show", partners.ma, "BE-2026-0017")
    assert result.code == 2
    assert made in result.err
    assert third in result.err
    assert call("dossier", "show", partners.ma, "BE-2026-9999").code == 3
    # A partner's reference that looks like another dossier's id does not stand for that dossier.
    false = partners.open(request(reference=other))
    assert value("dossier", "show", partners.ma, other)["dossier"] == other
    short = other[:-1]
    partners.open(request(reference=short))
    assert call("dossier", "show", partners.ma, short).code == 2
    assert value("dossier", "show", partners.ma, false)["dossier"] == false


def test_the_catalogue():
    listed = {one["type"]: one["digest"] for one in value("catalogue", "list")}
    assert listed == {kind.name: kind.digest for kind in CATALOGUE}
    shown = value("catalogue", "show", "wanted-trace", "--language", "fr")
    assert shown["digest"] == listed["wanted-trace"]
    assert shown["acts"]["request"]["opening"] is True
    assert "Arrestation" in ok("catalogue", "show", "wanted-trace", "--language", "fr").out
    assert listed["listed-person"] in ok("catalogue", "list").out
    assert call("catalogue", "show", "nothing").code == 3


def test_types_of_a_nodes_own(partners):
    folder = partners.be / "types"
    folder.mkdir()
    text = (CATALOGUE_FILES / "listed-person.toml").read_text("utf-8")
    (folder / "own-list.toml").write_text(text.replace('name = "listed-person"', 'name = "own-list"'), "utf-8")
    configure(partners.be, "catalogue", folders=("types",))
    assert "own-list" in {one["type"] for one in value("catalogue", "list", "--node", partners.be)}
    assert "own-list" in ok("catalogue", "show", "own-list", "--node", partners.be).out
    assert value("dossier", "form", "own-list", "--node", partners.be)["act"] == "notice"
