"""The daily work by the command line: drafts that go to and fro, who has a dossier, who read it, reviews."""

import json
from datetime import date, timedelta

import pytest

from passerelle.cli.contents import lines_of
from passerelle.core import words
from passerelle.core.json import canonical
from passerelle.dossiers.types import Catalogue
from passerelle.office.asking import this_user
from tests.unit.cli.scene import FIRST, call, channel, ok, request, said, value
from tests.unit.core.test_words import balanced
from tests.unit.instruments import samples as texts

OPEN = ("open", "ma", "--type", "wanted-trace")


def hire(scene, name, person, *roles):
    folder, first = scene.of(name), FIRST[name]
    ok("person", "add", folder, person, "--user", this_user(), "--as", first)
    for role in roles:
        ok("person", "grant", folder, person, role, "--as", first)


def form(scene, kind, **more):
    """The file of the opening act, filled in, with more keys on top."""
    lines = [f'{key} = "{word}"\n' for key, word in more.items()]
    return scene.write(f"{kind}.toml", "".join(lines) + ok("dossier", "form", kind, "--example").out)


def show(scene, name, wanted, *options):
    return value("dossier", "show", scene.of(name), wanted, *options)


def test_a_draft_goes_to_and_fro(partners):
    be = partners.be
    path = partners.write("act.json", request())
    made = value("dossier", *OPEN[:1], be, *OPEN[1:], "--file", path)
    assert (made["state"], made["version"]) == ("draft", 1)
    assert value("dossier", "drafts", be, "--to-release", "--as", "luc") == []
    ok("dossier", "submit", be, made["draft"])
    assert [one["draft"] for one in value("dossier", "drafts", be, "--to-release", "--as", "luc")] == [made["draft"]]
    assert value("dossier", "drafts", be, "--to-release") == []  # her own does not wait for her
    assert call("dossier", "send-back", be, made["draft"], "--as", "luc").code == 2
    ok("dossier", "send-back", be, made["draft"], "--comment", "which warrant?", "--as", "luc")
    assert "luc says: which warrant?" in ok("dossier", "drafts", be, "--mine").out
    hire(partners, "be", "driss", "dispatcher")
    [routed] = value("dossier", "drafts", be, "--as", "driss")
    assert (routed["state"], routed["comment"]) == ("returned", "")  # words about content are for who may read it
    [back] = value("dossier", "drafts", be, made["draft"][:14], "--state", "returned")
    assert (back["comment"], back["changed_by"]) == ("which warrant?", "luc")
    changed = partners.write("again.json", request(necessity="The warrant of Brussels"))
    assert call("dossier", "edit", be, made["draft"], "--file", changed, "--version", "1").code == 4
    again = value("dossier", "edit", be, made["draft"], "--file", changed, "--version", "3")
    assert (again["version"], again["state"], again["dossier"]) == (4, "draft", made["dossier"])
    late = call("dossier", "release", be, made["draft"], "--as", "luc")
    assert late.code == 4
    assert "written by ann on" in late.err
    ok("dossier", "submit", be, made["draft"])
    [content] = value("dossier", "drafts", be, made["draft"], "--content", "--as", "luc")
    assert content["content"]["necessity"] == "The warrant of Brussels"
    ok("dossier", "release", be, made["draft"], "--as", "luc")
    assert value("dossier", "drafts", be) == []
    trail = show(partners, "be", made["dossier"])["read_by"]
    assert [(one["who"], one["what"], one["reason"]) for one in trail] == [("luc", "draft", "waits for release")]
    for wrong in (("--state", "lost"), ("--dossier", "none-such"), ("019ab3ff",)):
        assert call("dossier", "drafts", be, *wrong).code in (2, 3)


def test_a_release_that_was_not_read_says_so(partners):
    hire(partners, "be", "rita", "auditor")
    unread, read = (partners.draft("be", request(), *OPEN)["draft"] for _ in range(2))
    said_so = "You released it without having read it here"
    assert said_so in ok("dossier", "release", partners.be, unread, "--as", "luc").out
    ok("dossier", "drafts", partners.be, read, "--content", "--as", "luc")
    assert said_so not in ok("dossier", "release", partners.be, read, "--as", "luc").out
    found = value("audit", "list", partners.be, "--what", "act.released", "--as", "rita")
    assert [one["details"]["seen"] for one in found] == [False, True]
    assert "seen: false" in ok("audit", "list", partners.be, "--what", "act.released", "--as", "rita").out


def test_a_draft_that_was_released_is_unknown_to_strangers(partners):
    hire(partners, "be", "olga", "operator")
    made = partners.draft("be", request(), *OPEN)["draft"]
    ok("dossier", "release", partners.be, made, "--as", "luc")
    told = call("dossier", "release", partners.be, made, "--as", "luc")
    assert (told.code, "released by luc on" in told.err) == (4, True)
    strange = call("dossier", "release", partners.be, made, "--as", "olga")
    assert (strange.code, "luc" in strange.err) == (3, False)


def test_the_second_reader_is_told_that_it_changed(partners):
    made = partners.draft("be", request(), *OPEN)
    ok("dossier", "drafts", partners.be, made["draft"], "--content", "--as", "luc")
    path = partners.write("again.json", request(necessity="Another"))
    ok("dossier", "edit", partners.be, made["draft"], "--file", path)
    ok("dossier", "submit", partners.be, made["draft"])
    result = call("dossier", "release", partners.be, made["draft"], "--as", "luc")
    assert result.code == 4
    assert "changed by ann since; read it again" in result.err


def test_a_dossier_is_dispatched_worked_on_and_read(partners):
    hire(partners, "ma", "driss", "dispatcher")
    hire(partners, "ma", "eva", "analyst")
    hire(partners, "ma", "hanan", "officer")
    ma, made = partners.ma, partners.open()
    [waiting] = value("dossier", "list", ma, "--unassigned", "--as", "driss")
    assert (waiting["dossier"], waiting["stage"], waiting["needs_somebody"]) == (made, "received", True)
    refused = call("dossier", "show", ma, made, "--content", "--as", "driss")
    assert refused.code == 4
    assert "never read content" in refused.err
    ok("dossier", "assign", ma, made, "--desk", "fugitives", "--person", "hanan", "--note", "urgent", "--as", "driss")
    assert value("dossier", "list", ma, "--unassigned", "--as", "driss") == []
    assert [one["dossier"] for one in value("dossier", "list", ma, "--mine", "--as", "hanan")] == [made]
    for options in (("--assigned", "hanan"), ("--desk", "fugitives")):
        assert [one["person"] for one in value("dossier", "list", ma, *options)] == ["hanan"]
    assert call("dossier", "list", ma, "--mine", "--unassigned").code == 2
    ok("dossier", "show", ma, made, "--content", "--as", "hanan")
    assert call("dossier", "show", ma, made, "--content", "--as", "eva").code == 2
    ok("dossier", "show", ma, made, "--content", "--reason", "threat review", "--as", "eva")
    ok("dossier", "note", ma, made, "called the prosecutor", "--as", "hanan")
    ok("dossier", "reference", ma, made, "MA-2026-4411", "--as", "hanan")
    ok("dossier", "via", ma, made, "--system", "interpol", "--reference", "I-77", "--as", "hanan")
    ok("dossier", "hand-over", ma, "MA-2026-4411", "--to", "nadia", "--note", "on leave", "--as", "hanan")
    seen = show(partners, "ma", made, "--as", "driss")
    assert (seen["person"], seen["desk"], seen["own_reference"]) == ("nadia", "fugitives", "MA-2026-4411")
    assert [one["by"] for one in seen["given"]] == ["driss", "hanan"]
    assert not any("note" in one for one in seen["given"])
    assert "notes" not in seen
    assert seen["notes_count"] == 1
    assert [(one["system"], one["reference"]) for one in seen["via"]] == [("interpol", "I-77")]
    assert [(one["who"], one["reason"]) for one in seen["read_by"]] == [
        ("eva", "threat review"),
        ("hanan", "has the dossier"),
    ]
    text = ok("dossier", "show", ma, made, "--content", "--as", "nadia").out
    for said_so in (
        "called the prosecutor",
        "on leave",
        "also by interpol: I-77",
        "read by eva (dossier): threat review",
    ):
        assert said_so in text
    assert "--content shows it" in ok("dossier", "show", ma, made, "--as", "driss").out


def test_stored_is_not_in_charge(partners):
    made = partners.open()
    [row] = value("dossier", "list", partners.be)
    assert row["stage"] == "stored"
    assert show(partners, "be", made)["in_charge"] is None
    charge = said(service="Bureau des fugitifs", contact="Nadia")
    partners.act("ma", charge, "act", made, "--act", "take-charge")
    partners.settle()
    seen = show(partners, "be", made)
    assert seen["stage"] == seen["timeline"][0]["stage"] == "in-charge"
    assert seen["in_charge"].items() >= {"person": "Nadia", "service": "Bureau des fugitifs", "side": "ma"}.items()
    text = ok("dossier", "show", partners.be, made).out
    assert "ma: taken in charge by Nadia of Bureau des fugitifs since 2" in text
    own = partners.draft("ma", said(reason="in-progress", until="2099-01-01"), "act", made, "--act", "interim")
    assert own["added"].get("reference") is None
    assert [(one["draft"], one["state"]) for one in show(partners, "ma", made)["drafts"]] == [
        (own["draft"], "submitted")
    ]
    assert (
        f"draft {own['draft']} (Interim reply) is submitted, by nadia since 2"
        in ok("dossier", "show", partners.ma, made).out
    )
    ok("dossier", "reference", partners.ma, made, "MA-1")
    tells = partners.draft("ma", said(reason="in-progress", until="2099-01-01"), "act", made, "--act", "interim")
    assert tells["added"]["reference"] == "MA-1"


def test_what_names_an_offence_of_opinion_waits_for_a_second_approver(partners):
    be = partners.be
    hire(partners, "be", "lou", "approver")
    said_ = request()
    said_["body"]["warrant"]["offence"] = "Criminal defamation of an official"
    made = partners.draft("be", said_, *OPEN)
    waits = "waits for a second approver"
    assert waits in ok("dossier", "release", be, made["draft"], "--as", "luc").out
    [waiting] = value("dossier", "drafts", be, "--to-release", "--as", "lou")
    assert (waiting["state"], waiting["approved_by"]) == ("submitted", "luc")
    assert value("dossier", "drafts", be, "--to-release", "--as", "luc") == []
    assert waits in ok("dossier", "drafts", be, "--as", "lou").out
    refused = call("dossier", "release", be, made["draft"], "--as", "luc")
    assert (refused.code, "approved the act first" in refused.err) == (4, True)
    [message] = value("dossier", "release", be, made["draft"], "--as", "lou")
    partners.settle()
    there = show(partners, "ma", made["dossier"])
    assert [one["opinion"] for one in there["timeline"]] == [True]
    assert (there["level"], there["readers"]) == ("diffusion-restreinte", {"services": ["police"], "shares": []})
    out = ok("dossier", "show", partners.ma, made["dossier"], "--content", "--reason", "taken in").out
    assert "names an offence of opinion: what answers it needs two approvers" in out
    assert "restricted: here diffusion-restreinte" in out
    assert message["releaser"] == "lou"


@pytest.fixture
def urgent(partners):
    """The channel that is there lets alerts pass, too."""
    hire(partners, "be", "dan", "duty")
    agreement = next(one["digest"] for one in value("instrument", "list", partners.be) if one["kind"] == "agreement")
    partners.alerts = partners.sign("alerts", channel(agreement, title="Alerts", purposes=["prevention"]))
    return partners


def test_who_is_on_duty_releases_and_is_reviewed(urgent):
    be = urgent.be
    path = form(urgent, "urgent-alert", channel=urgent.alerts)
    arguments = ("dossier", "open", be, "ma", "--type", "urgent-alert", "--file", path, "--lane", "flash", "--submit")
    made = value(*arguments, "--as", "dan")
    [message] = value("dossier", "release", be, made["draft"], "--as", "dan")
    assert message["author"] == message["releaser"] == "dan"
    assert message["review_due"]
    urgent.settle()
    assert [one["stage"] for one in value("dossier", "list", be, "--type", "urgent-alert")] == ["stored"]
    [owed] = value("dossier", "reviews", be)
    assert (owed["message"], owed["released_by"], owed["overdue"]) == (message["message"], "dan", False)
    assert value("dossier", "reviews", be, "--overdue") == []
    review = ("dossier", "review", be, message["message"][:14], "--outcome")
    assert call(*review, "upheld", "--comment", "yes", "--as", "dan").code == 4
    assert call(*review, "perhaps", "--comment", "yes", "--as", "luc").code == 2
    out = ok(*review, "not-upheld", "--comment", "no danger", "--as", "luc").out
    assert "--act correct" in out
    assert call(*review, "upheld", "--comment", "yes", "--as", "luc").code == 4
    assert value("dossier", "reviews", be) == []
    assert [one["state"] for one in value("dossier", "reviews", be, "--done")] == ["not-upheld"]
    assert [one["what"] for one in value("alarm", "list", be)] == ["review.not-upheld"]
    assert [one["state"] for one in show(urgent, "be", made["dossier"])["reviews"]] == ["not-upheld"]


def test_what_is_attested_is_asked_for(partners):
    agreement = next(one["digest"] for one in value("instrument", "list", partners.be) if one["kind"] == "agreement")
    digest = Catalogue.load().types["identification"].digest
    text = json.loads(texts.migration_channel(agreement, {"identification": digest}))
    text["valid"]["from"] = (date.today() - timedelta(days=30)).isoformat()
    partners.sign("migration", canonical(text))
    partners.all_are_of("migration")
    path = form(partners, "identification", purpose="identification-for-return")
    arguments = ("dossier", "open", partners.be, "ma", "--type", "identification", "--file", path)
    result = call(*arguments, "--submit")
    assert result.code == 4, result
    assert "no-protection-claim" in result.err
    assert "--attest no-protection-claim" in result.err
    draft = value(*arguments)["draft"]
    assert call("dossier", "submit", partners.be, draft).code == 4
    late = value("dossier", "submit", partners.be, draft, "--attest", "no-protection-claim")
    assert (late["state"], late["attested"]) == ("submitted", ["no-protection-claim"])
    drafted = value(*arguments, "--attest", "no-protection-claim", "--submit")
    assert drafted["attested"] == ["no-protection-claim"]
    ok("dossier", "release", partners.be, drafted["draft"], "--as", "luc")


@pytest.fixture
def asked(partners):
    """An identification that be asks of ma, released by one person for another: the id of the dossier."""
    agreement = next(one["digest"] for one in value("instrument", "list", partners.be) if one["kind"] == "agreement")
    digest = Catalogue.load().types["identification"].digest
    text = json.loads(texts.migration_channel(agreement, {"identification": digest}))
    text["valid"]["from"] = (date.today() - timedelta(days=30)).isoformat()
    partners.sign("migration", canonical(text))
    partners.all_are_of("migration")
    path = form(partners, "identification", purpose="identification-for-return")
    arguments = ("dossier", "open", partners.be, "ma", "--type", "identification", "--file", path, "--submit")
    made = value(*arguments, "--attest", "no-protection-claim")
    return partners, made


def keys_of(content):
    """Every key of a content that could be taken for a word."""
    for key, child in content.items():
        yield key
        for one in child if isinstance(child, list) else [child]:
            if isinstance(one, dict):
                yield from keys_of(one)


SAID = {
    "fr": ("Finalité", "Identité déclarée", "Personne à identifier", "Décision de retour", "Envoi validé par"),
    "nl": ("Doel", "Opgegeven identiteit", "Te identificeren persoon", "Terugkeerbesluit", "Vrijgegeven door"),
    "ar": ("الغرض", "الهوية المصرح بها", "شخص مطلوب تحديد هويته", "قرار الإرجاع", "الآذن بالإرسال"),
}


@pytest.mark.parametrize("language", SAID)
def test_a_content_is_shown_under_its_labels(asked, language):
    scene, made = asked
    with words.speaking(language):
        colon = words._(":")
    drafts = ("dossier", "drafts", scene.be, "--content", "--as", "luc", "--language", language)
    outs = {"drafts": ok(*drafts).out}
    assert value(*drafts)[0]["content"]["subjects"][0]["category"] == "to-identify"
    ok("dossier", "release", scene.be, made["draft"], "--as", "luc")
    shown = ("dossier", "show", scene.be, made["dossier"], "--content", "--language", language)
    outs["show"] = ok(*shown).out
    content = value(*shown)["timeline"][0]["content"]
    assert content["body"]["claim"]["from"] == "person"  # JSON keeps the words of the code
    labels = {one.text(language) for one in (Catalogue.load().types["identification"].acts["request"].labels,)}
    for name, out in outs.items():
        assert balanced(out)
        assert all(label in out for label in labels)
        for label in SAID[language][: 5 if name == "show" else 4]:
            assert label in out
        told = {line.strip().partition(colon)[0] for line in out.splitlines() if line.startswith("  ")}
        assert not told & set(keys_of(content))
        assert "to-identify" not in out
    if language == "ar":
        lines = [line for line in outs["show"].splitlines() if line.endswith(f"\u2068{content['id']}\u2069")]
        assert lines[1].count("\u2068") == lines[1].count("\u2069") == 3  # the row of the table, then the heading


def test_what_a_type_does_not_know_is_shown_as_it_is():
    kind = Catalogue.load().types["wanted-trace"]
    content = {"act": "request", "urgency": "urgent", "body": {"later": "new", "warrant": {"later": [True, "a\nb"]}}}
    with words.speaking("fr"):
        told = list(lines_of(content, kind))
        assert any("Urgence" in line and "Urgente" in line for line in told)
        assert [line.strip().split()[0] for line in told if "later" in line] == ["later:", "later:"]
        assert told[-1].endswith("oui, a\n        | b")
        assert next(iter(lines_of(content, None))).strip().startswith("urgency")
