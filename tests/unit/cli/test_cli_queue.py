"""What waits, what can be taken back, and what persons must look at."""

import json

from passerelle.exchange import answering, inbox
from passerelle.exchange.sender import Sender
from passerelle.node import Node
from tests.unit.cli.scene import call, ok, request, said, value
from tests.unit.instruments import samples as texts

LISTS = ("in_line", "without_receipt", "waiting", "files", "drafts", "retries", "links", "alarms")


def test_nothing_waits(partners):
    assert value("queue", partners.be) == {name: [] for name in LISTS} | {
        "serving": False,
        "more_in_line": 0,
        "by_hand": [],
        "other_drafts": 0,
    }
    assert ok("queue", partners.be).out == "nothing waits\n"


def test_drafts_are_shown_to_those_who_may_look_at_them(partners):
    made = partners.draft("be", request(), "open", "ma", "--type", "wanted-trace")
    mine = value("queue", partners.be, "--as", "luc")
    assert ([one["draft"] for one in mine["drafts"]], mine["other_drafts"]) == ([made["draft"]], 0)
    other = value("queue", partners.be, "--as", "eva")  # she keeps the node
    assert (other["drafts"], other["other_drafts"]) == ([], 1)
    shown = ok("queue", partners.be, "--as", "eva").out
    assert "1 more draft waits for release, of a domain that is not yours" in shown
    assert made["draft"] not in shown


def test_what_is_in_line_then_without_receipt_then_gone(partners):
    made = partners.act("be", request(), "open", "ma", "--type", "wanted-trace")
    [line] = value("queue", partners.be)["in_line"]
    assert (line["message"], line["what"], line["lane"]) == (made["message"], "request", "routine")
    shown = ok("queue", partners.be).out
    assert made["message"] in shown
    assert "no process serves this folder" in shown
    node, other = Node.open(partners.be), Node.open(partners.ma)
    try:
        sender = Sender(node.ctx, "ma")
        nonce = bytes(16)
        sender.compare(nonce, answering.status(other.ctx, sender.question(nonce)), "routine")
        posting = sender.step("routine")
        inbox.receive(other.ctx, posting.body)  # and the answer is lost
        sender.failed("routine", "the answer was lost", 0.5)
    finally:
        node.close()
        other.close()
    waits = value("queue", partners.be)
    assert waits["in_line"] == []
    assert [one["message"] for one in waits["without_receipt"]] == [made["message"]]
    assert waits["without_receipt"][0]["waits"] == "index 0, no receipt yet"
    [retry] = waits["retries"]
    assert (retry["failures"], retry["reason"], retry["lane"]) == (1, "the answer was lost", "routine")
    assert retry["next_try"] > retry["failed"]
    assert "the answer was lost" in ok("queue", partners.be).out
    show = value("dossier", "show", partners.be, made["dossier"])
    assert show["timeline"][0]["delivery"]["state"] == "sent"
    partners.deliver("be")
    assert value("queue", partners.be)["without_receipt"] == []


def test_a_message_that_waits_says_for_what(partners):
    path = partners.folder / "agreement.json"
    path.write_bytes(texts.agreement(title="A second one"))
    ok("instrument", "propose", partners.be, "ma", path, "--as", "carl")
    node = Node.open(partners.be)
    try:
        # The governance log grows and its batch is lost; what is written after relies on it.
        sender = Sender(node.ctx, "ma")
        sender.compared.add("governance")
        assert sender.step("governance") is not None
    finally:
        node.close()
    made = partners.act("be", request(), "open", "ma", "--type", "wanted-trace")
    partners.deliver("be", "routine")
    [waits] = value("queue", partners.ma)["waiting"]
    assert waits["message"] == made["message"]
    assert "waits for the governance log of be up to 1/" in waits["waits"]
    assert "the governance log of be" in ok("queue", partners.ma).out
    partners.deliver("be", "governance")
    assert value("queue", partners.ma)["waiting"] == []
    assert value("dossier", "show", partners.ma, made["dossier"])["state"] == "opened"


def test_a_message_behind_one_that_is_missing(partners):
    made = partners.open()
    review = said(examined=["political", "military", "religious", "racial"], outcome="none-found")
    before = partners.act("ma", review, "act", made, "--act", "review")
    seen = said(on="2026-01-02", place={"kind": "seen", "text": "Tanger"})
    partners.act("ma", seen, "act", made, "--act", "sighting", "--lane", "flash")
    partners.deliver("ma", "flash")
    [waits] = value("queue", partners.be)["waiting"]
    assert (waits["what"], waits["waits"]) == ("sighting", f"waits for message {before['message']}")
    shown = value("dossier", "show", partners.be, made)
    assert [one["act"] for one in shown["timeline"]] == ["request", "sighting"]
    assert shown["timeline"][1]["delivery"]["words"] == f"waiting for message {before['message']}"
    partners.deliver("ma", "routine")
    assert value("queue", partners.be)["waiting"] == []
    shown = value("dossier", "show", partners.be, made)
    assert [one["act"] for one in shown["timeline"]] == ["request", "review", "sighting"]


def test_what_a_strange_server_answers_does_not_move_the_cursor(partners):
    reason = "expected 200, got \x1b[2J\x9b31m\u202egnihton"
    node = Node.open(partners.be)
    try:
        Sender(node.ctx, "ma").failed("flash", reason, 0)
    finally:
        node.close()
    plain, made = ok("queue", partners.be).out, ok("queue", partners.be, "--json")
    for text in (plain, made.out):
        assert not {"\x1b", "\x9b", "\u202e"} & set(text)
    assert made.json["retries"][0]["reason"] == reason
    assert "expected 200, got \ufffd[2J" in plain


def test_long_lines_are_cut_for_persons_only(partners):
    for number in range(51):
        partners.draft("be", request(reference=f"BE-{number}"), "open", "ma", "--type", "wanted-trace")
    assert "and 1 more" in ok("queue", partners.be, "--as", "luc").out
    assert len(value("queue", partners.be, "--as", "luc")["drafts"]) == 51


def test_drafts_wait_too(partners):
    made = partners.draft("be", request(), "open", "ma", "--type", "wanted-trace")
    [draft] = value("queue", partners.be, "--as", "luc")["drafts"]
    assert (draft["draft"], draft["author"]) == (made["draft"], "ann")
    assert made["draft"] in ok("queue", partners.be, "--as", "luc").out


def test_a_message_without_index_is_taken_back(partners):
    made = partners.act("be", request(), "open", "ma", "--type", "wanted-trace")
    assert call("message", "withdraw", partners.be, made["message"]).code == 2
    gone = value("message", "withdraw", partners.be, made["message"], "--reason", "wrong person")
    assert gone == {"message": made["message"], "state": "withdrawn", "reason": "wrong person"}
    assert value("queue", partners.be)["in_line"] == []
    shown = value("dossier", "show", partners.be, made["dossier"])
    assert shown["status"] == "ended"
    assert shown["timeline"][0]["delivery"]["words"] == "never sent: wrong person"
    partners.settle()
    assert value("dossier", "list", partners.ma) == []
    assert call("message", "withdraw", partners.be, made["message"], "--reason", "again").code == 4


def test_a_message_that_left_is_not_taken_back(partners):
    made = partners.open()
    message = value("dossier", "show", partners.be, made)["timeline"][0]["message"]
    assert call("message", "withdraw", partners.be, message, "--reason", "too late").code == 4
    assert call("message", "withdraw", partners.ma, message, "--reason", "not ours").code == 3
    assert call("message", "withdraw", partners.be, "00000000", "--reason", "unknown").code == 3


def test_alarms_are_seen_by_persons(partners):
    made = partners.act("be", request(), "open", "ma", "--type", "wanted-trace")
    channel = value("dossier", "show", partners.be, made["dossier"])["channel"]
    ok("instrument", "terminate", partners.be, channel, "--as", "carl", "--reason", "at once")
    partners.deliver("be")
    listed = value("alarm", "list", partners.be)
    assert {one["what"] for one in listed} == {"message.not-sent"}
    [alarm] = listed
    assert made["message"] in alarm["text"]
    assert alarm["alarm"] in ok("queue", partners.be).out
    seen = value("alarm", "seen", partners.be, alarm["alarm"][:14], "--as", "eva")
    assert seen["status"] == "seen"
    assert value("alarm", "list", partners.be) == []
    assert ok("alarm", "list", partners.be).out == "no alarm\n"
    [again] = value("alarm", "list", partners.be, "--all")
    assert again["alarm"] == alarm["alarm"]
    assert call("alarm", "seen", partners.be, alarm["alarm"], "--as", "eva").code == 4
    assert call("alarm", "seen", partners.be, "00000000", "--as", "eva").code == 3


def test_json_needs_no_terminal_and_no_language(partners):
    partners.open()
    for command in (
        ("queue",),
        ("link", "list"),
        ("alarm", "list"),
        ("dossier", "list"),
        ("dossier", "drafts"),
        ("instrument", "list"),
        ("partner", "list"),
        ("config", "show"),
    ):
        made = ok(*command, partners.be, "--json")
        assert json.loads(made.out) == made.json
