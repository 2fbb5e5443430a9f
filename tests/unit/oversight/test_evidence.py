"""Evidence as two real nodes write it: from either side, of everything that passed between them, it verifies."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from passerelle.core import ids, json
from passerelle.core.errors import NotFoundError, StateError
from passerelle.identity import identity as identities
from passerelle.identity import keys
from passerelle.identity.identity import Identity
from passerelle.ledger import checkpoint, proof
from passerelle.oversight.evidence import collect
from passerelle.oversight.verify import FAILED, UNCONFIRMED, VERIFIED, Report, verify
from tests.peers.pair import partners
from tests.unit.oversight.test_evidence_corpus import (
    FILES,
    Scene,
    evidence,
    exchanged,
    label,
    reopened,
    sealed,
    unsigned,
    withheld,
)

Of = tuple[Callable[[], Scene], str, str]


def results(report: Report, says: str, about: str = "") -> list[str]:
    """The results of all statements that begin so."""
    return [one.result for one in report.statements if one.says.startswith(says) and about in one.about]


def details(report: Report, says: str, about: str = "") -> list[str]:
    return [one.detail for one in report.statements if one.says.startswith(says) and about in one.about]


def stranger(name: str) -> Identity:
    """A node of this name with keys of its own."""
    made = keys.NodeKeys(name, keys.generate(name))
    return identities.make(made, country="BE", languages=("fr",), timezone="UTC", endpoints=(), tls="1" * 64)


def read(scene: Scene, by: str, name: str, trusted: Iterable[Identity] | None = None) -> Report:
    return verify(sealed(scene.file(by, name)), scene.trusted if trusted is None else trusted)


def item_of(value: dict[str, Any], message: str) -> dict[str, str]:
    """What a file has of one message."""
    found: list[dict[str, str]] = [one for one in value["messages"] if message in one["leaf"]]
    assert len(found) == 1
    return found[0]


# -- the verdict -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("of", FILES, ids=map(label, FILES))
def test_every_file_verifies_and_the_verdict_is_as_good_as_the_trust(of: Of) -> None:
    scene, by, name = of[0](), of[1], of[2]
    peer = scene.pair.peer(by)
    data = collect(peer.ctx, peer.identity, scene.ids[name], "ann")
    be, ma = scene.trusted

    report = verify(data, (be, ma))
    assert report.verdict == VERIFIED
    assert {one.result for one in report.statements} <= {"holds", "absent", "attested"}
    assert verify(data.removesuffix(b"\n"), (ma, be)) == report

    for trusted in ((), (be,), (ma,), (stranger("fr"),)):
        some = verify(data, trusted)
        assert some.verdict == UNCONFIRMED
        assert results(some, "is one that the reader trusts").count("absent") == 2 - len({be, ma} & set(trusted))

    wrong = verify(data, (be, stranger("ma")))
    assert wrong.verdict == FAILED
    assert [(one.about, one.says) for one in wrong.statements if one.result == "fails"] == [
        ("identity ma", "is one that the reader trusts")
    ]


def test_a_reader_may_know_two_of_one_name_and_trusts_both() -> None:
    be, ma = exchanged().trusted
    other = stranger("ma")
    for trusted in ((be, ma, other), (be, other, ma)):
        assert read(exchanged(), "be", "opening", trusted).verdict == VERIFIED
    assert read(exchanged(), "be", "opening", (be, other, stranger("ma"))).verdict == FAILED


def test_an_identity_whose_address_alone_is_another_is_the_same() -> None:
    be, ma = exchanged().trusted
    value = json.parse_object(ma.body) | {"endpoints": ["https://ma.example:8443"], "tls": "2" * 64}
    moved = identities.parse(json.canonical(value))
    assert moved.fingerprint != ma.fingerprint
    assert read(exchanged(), "be", "opening", (be, moved)).verdict == VERIFIED


BOTH = [(make, name) for make, by, name in FILES if by == "be" and (make, "ma", name) in FILES]


@pytest.mark.parametrize(("make", "name"), BOTH, ids=[label((make, "both", name)) for make, name in BOTH])
def test_both_nodes_tell_the_same_of_the_same_message(make: Callable[[], Scene], name: str) -> None:
    scene = make()
    ours, theirs = ({one["leaf"]: one for one in scene.file(by, name)["messages"]} for by in ("be", "ma"))
    shared = set(ours) & set(theirs)
    assert shared
    if "dossier" not in name:
        assert any(scene.ids[name] in leaf for leaf in shared)
    for leaf in shared:
        told = [one for one in (ours[leaf], theirs[leaf]) if "content" in one]
        # What was refused or withheld, one of them does not have; the rest is the same to the byte, salt and all.
        assert len({(one["salt"], one["content"]) for one in told}) <= 1


# -- what is said ------------------------------------------------------------------------------------------------------


def test_a_message_was_sent_received_and_stands_under_what_both_signed() -> None:
    scene = exchanged()
    report = read(scene, "ma", "opening")
    opening = scene.ids["opening"]
    assert details(report, "was sent by be", opening) == [
        "entry 0 of be to ma, lane routine, generation 1, 2026-11-21T12:00:01.000Z"
    ]
    assert results(report, "was received by ma", opening) == ["holds"]
    assert results(report, "its content is the one", opening) == ["holds"]
    assert results(report, "names a channel and an agreement", opening) == ["holds"]
    for digest in (scene.pair.channel, scene.pair.agreement):
        for name in ("be", "ma"):
            (detail,) = details(report, f"was signed by {name}", digest[:12])
            assert f"by {name}-chief, message " in detail
    (detail,) = details(report, "author and releaser", opening)
    assert detail.startswith("author be-017, released by be-003, audit ")
    assert results(report, "author and releaser", opening) == ["attested"]
    assert results(report, "was written by ma at 2026-11-21T12:00:01.000Z") == ["attested"]


def test_a_dossier_is_told_whole_by_its_author_s_side() -> None:
    report = read(exchanged(), "be", "dossier")
    assert results(report, "is about dossier") == ["holds"]
    assert details(report, "is about dossier")[0].startswith("messages of the dossier: 5")
    assert results(report, "holds every message") == ["holds"]
    assert results(report, "author and releaser").count("attested") == 5
    alone = read(exchanged(), "be", "flash")
    assert results(alone, "holds every message") == ["absent"]
    assert details(alone, "holds every message") == ["1 earlier messages are not in the file"]


@pytest.mark.parametrize("name", ["refused", "dossier"])
def test_a_refused_message_is_refused_by_whom_and_for_what(name: str) -> None:
    scene = exchanged()
    refused = scene.ids["refused"]
    for by in ("be", "ma"):
        report = read(scene, by, name)
        (detail,) = details(report, "was refused by ma", refused)
        assert detail == f"checks 9, 2026-11-21T12:00:01.000Z, message {scene.ids['refusal']}"
        assert results(report, "was received by ma", refused) == ["holds"]
    sent, kept = (item_of(scene.file(by, name), refused) for by in ("be", "ma"))
    assert "whenever" in sent["content"]
    assert set(kept) == {"leaf", "proof", "withheld"}
    assert kept["withheld"] == "not-held"
    assert kept["leaf"] == sent["leaf"]
    report = read(scene, "ma", name)
    assert results(report, "its content is in the file", refused) == ["absent"]
    # What a content that is not there builds on is not known.
    if name == "dossier":
        assert results(report, "holds every message") == ["absent"]
        assert details(report, "holds every message") == ["1 contents are withheld, and what those build on"]


def test_a_message_without_a_receipt_says_so_and_is_consistent() -> None:
    scene = exchanged()
    for name in ("late", "late dossier"):
        report = read(scene, "be", name)
        assert report.verdict == VERIFIED
        assert results(report, "was received by ma", scene.ids["late"]) == ["absent"]
        assert results(report, "was sent by be", scene.ids["late"]) == ["holds"]
        assert read(scene, "be", name, ()).verdict == UNCONFIRMED
    head = proof.parse(item_of(scene.file("be", "late"), scene.ids["late"])["proof"]).checkpoint
    assert [one.name for one in head.note.signatures] == ["be/log", "be/log"]


@pytest.mark.parametrize("by", ["be", "ma"])
@pytest.mark.parametrize("name", ["proposal", "signature", "their signature"])
def test_the_steps_of_an_instrument_prove_it(name: str, by: str) -> None:
    scene = exchanged()
    report = read(scene, by, name)
    digest = scene.pair.channel
    assert results(report, "was signed by", digest[:12]) == ["holds", "holds"]
    assert results(report, "was signed by", scene.pair.agreement[:12]) == ["holds", "holds"]
    assert results(report, f"is about message {scene.ids[name]}") == ["holds"]
    assert results(report, "holds every message") == []  # nothing here is an act


def test_a_signature_that_was_refused_is_none() -> None:
    scene = unsigned()
    for by in ("be", "ma"):
        report = read(scene, by, "refused signature")
        assert details(report, "was refused by ma", scene.ids["refused signature"])[0].startswith("checks 10")
    report = read(scene, "be", "refused signature")
    signed = [(one.result, one.detail) for one in report.statements if one.says == "was signed by be"]
    assert ("absent", "its signature was refused") in signed
    assert results(read(scene, "ma", "refused signature"), "was signed by") == []  # ma does not even know of what


@pytest.mark.parametrize("by", ["be", "ma"])
def test_after_a_new_generation_a_message_is_proven_where_it_stands_now(by: str) -> None:
    scene = reopened()
    for name, generation, index in (("opening", 1, 0), ("generation", 2, 0), ("again", 2, 1), ("after", 2, 2)):
        report = read(scene, by, name)
        (detail,) = details(report, "was sent by be", scene.ids[name])
        assert detail.startswith(f"entry {index} of be to ma, lane routine, generation {generation}, ")
        assert results(report, "was received by ma", scene.ids[name]) == ["holds"]
    whole = read(scene, by, "dossier")
    assert results(whole, "holds every message") == ["holds"]
    assert details(whole, "is about dossier")[0].startswith("messages of the dossier: 4")
    # The first entry of the generation carries the checkpoint that it continues, as its sender had signed it.
    first = json.parse_object(item_of(scene.file(by, "generation"), scene.ids["generation"])["content"])
    previous = checkpoint.parse(first["previous"])
    assert previous.origin == "passerelle/be/ma/routine/1"
    checkpoint.verify(previous, scene.pair.be.identity.log)


def test_a_withheld_content_is_absent_with_the_reason_that_came() -> None:
    scene = withheld()
    gone = scene.ids["gone"]
    theirs, ours = (item_of(scene.file(by, "gone"), gone) for by in ("ma", "be"))
    assert (theirs["withheld"], ours["withheld"]) == ("withdrawn", "not-held")
    assert theirs["leaf"] == ours["leaf"]
    for by in ("be", "ma"):
        report = read(scene, by, "gone")
        assert results(report, "its content is in the file", gone) == ["absent"]
        assert results(report, "was received by ma", gone) == ["holds"]
    partly = read(scene, "be", "dossier")
    assert partly.verdict == VERIFIED
    assert results(partly, "its content is the one").count("holds") == 5
    assert results(partly, "holds every message") == ["absent"]


def test_a_text_that_no_message_in_the_file_names_does_not_get_into_it() -> None:
    """ma refused the act under a channel that was only proposed: its file has neither the content nor the channel."""
    scene = unsigned()
    value = scene.file("ma", "under a proposal")
    assert value["instruments"] == []
    assert item_of(value, scene.ids["under a proposal"])["withheld"] == "not-held"
    sent = read(scene, "be", "under a proposal")
    assert results(sent, "was signed by be") == ["absent", "holds"]  # the proposal, and the agreement
    assert details(sent, "was refused by ma", scene.ids["under a proposal"])[0].startswith("checks 7")


def test_a_channel_with_somebody_else_does_not_get_into_the_file() -> None:
    """be names a channel of ma with fr: nothing of it is told, and ma's file stays one that verifies."""
    scene = unsigned()
    value = scene.file("ma", "under a channel with fr")
    assert "content" in item_of(value, scene.ids["under a channel with fr"])
    assert value["instruments"] == []
    assert [json.parse_object(one)["name"] for one in value["identities"]] == ["ma", "be"]
    assert {one["leaf"].split("\n")[1] for one in value["messages"]} == {"passerelle/be/ma/routine/1"}
    report = read(scene, "ma", "under a channel with fr")
    assert results(report, "names a channel and an agreement") == ["absent"]


def test_the_same_message_verifies_under_every_checkpoint_that_holds_it() -> None:
    """A file that was written before the log grew is as good as one that was written after."""
    pair = partners()
    _, message = pair.open_trace()
    pair.settle()
    early = evidence(pair.be, message.id)
    pair.open_trace()
    pair.settle()
    later = evidence(pair.be, message.id)
    items = [item_of(value, message.id) for value in (early, later)]
    assert [proof.parse(one["proof"]).checkpoint.size for one in items] == [1, 2]
    later["messages"][later["messages"].index(items[1])] = items[0]
    for value in (early, later):
        assert verify(sealed(value), (pair.be.identity, pair.ma.identity)).verdict == VERIFIED


def test_there_is_no_evidence_of_what_is_not_here_or_has_no_index() -> None:
    scene = exchanged()
    peer = scene.pair.ma
    for wanted in (ids.new_id(), "BE-2026-0017", ""):
        with pytest.raises(NotFoundError, match="expected the id of a message or a dossier"):
            evidence(peer, wanted)
    fresh, message = reopened().pair.open_trace()
    for wanted in (fresh, message.id):
        with pytest.raises(StateError, match="to have an entry in a log, got none yet"):
            evidence(reopened().pair.be, wanted)
