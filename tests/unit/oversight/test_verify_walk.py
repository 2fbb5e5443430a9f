"""Each thing in an evidence file changed alone, and the digest made anew: it fails, or it is shown to do no harm."""

import re
from collections import Counter
from typing import Any

from passerelle.oversight.verify import FAILED, VERIFIED, Report, verify
from tests.unit.oversight.test_evidence_corpus import changes, compact, disguised, exchanged, judged, sealed, walked

HARMLESS = {
    # Nothing signs who wrote the file and when. It is told as attested; what holds is the same.
    r"created: first letter": "another year: a claim of the file, and told as one",
    # A reader trusts keys, not addresses: the key digest leaves these out. Without trust their change shows in the
    # fingerprint, which the reader compares.
    r"identities\[\d\]\{\}\.country: (first|last) letter": "not a key",
    r"identities\[\d\]\{\}\.languages\[0\]: twice": "not a key",
    r"identities\[\d\]\{\}\.tls#?: (first letter|last letter|byte \d+)": "not a key",
    # Every part is proven by itself; the order in which they stand says nothing and is used for nothing.
    r"(identities|instruments|messages)\[\d\]: exchanged with the one before": "no order",
    r"messages\[\d\]\.proof/\[\d+\]: exchanged with the one before": "no order among signature lines",
    # What is not in the file is not proven, and said to be absent. Nobody can be kept from leaving out a whole part:
    # the file never proves that there is nothing else.
    r"instruments(\[\d\]: gone|: made \[\])": "absent",
    r"messages\[\d\]: gone": "absent",
}
"""What may be changed without failing, by place and change, and why."""


def held(report: Report) -> set[tuple[str, str, str]]:
    """What the report says to hold of messages, instruments and identities."""
    return {(one.about, one.says, one.detail) for one in report.statements if one.result == "holds"} - {
        (one.about, one.says, one.detail) for one in report.statements if one.about == "file"
    }


def fingerprints(report: Report) -> list[str]:
    return sorted(one.detail for one in report.statements if one.says == "is one that the reader trusts")


def test_whatever_is_changed_fails_or_does_no_harm() -> None:
    value, trusted = compact()
    before = sealed(value)
    good = verify(before, trusted)
    assert good.verdict == VERIFIED
    tried, used = 0, Counter[str]()
    for where, what, made in walked():
        tried += 1
        after = sealed(made)
        assert after != before, (where, what)
        report = judged(after, trusted)
        reason = next((one for one in HARMLESS if re.fullmatch(one, f"{where}: {what}")), "")
        if report.verdict != FAILED:
            assert reason, f"{where}: {what} slipped through"
            used[reason] += 1
            assert held(report) <= held(good), f"{where}: {what} proves more than the file did"
    assert tried > 2000
    assert set(used) == set(HARMLESS), "an exception that is not needed"


def test_a_changed_identity_shows_in_the_fingerprint_that_the_reader_is_given() -> None:
    """Without trust nothing tells other keys from the right ones but what persons compare."""
    value, trusted = compact()
    shown = fingerprints(verify(sealed(value)))
    assert shown == sorted(f"fingerprint {one.fingerprint}" for one in trusted)
    accepted = 0
    for where, what, made in disguised():
        report = judged(sealed(made))
        if report.verdict != FAILED:
            accepted += 1
            assert fingerprints(report) != shown, f"{where}: {what} slipped through"
    assert accepted >= 4


def test_the_walk_reaches_every_place() -> None:
    """Else a field that is added to the format would be changed by no test."""
    value, _ = compact()
    places = {re.sub(r"\d+", "0", where) for where, _, _ in changes(value)}
    message = {"leaf/[0]", "proof/[0]", "proof/[0]#[0]", "salt#", "content", "content{}.four_eyes.author", "withheld"}
    identity = {"name", "tls#", "keys.log[0]#[0]", "keys.envelope#[0]#", "keys.sealing.mlkem0#", "endpoints"}
    wanted = {f"messages[0].{one}" for one in message} | {"identities[0]{}." + one for one in identity}
    wanted |= {"format", "created", "by", "subject.kind", "subject.id", "instruments[0]{}.parties[0]"}
    assert wanted <= places

    def leaves(part: Any) -> int:
        if isinstance(part, dict | list):
            return sum(leaves(one) for one in (part.values() if isinstance(part, dict) else part))
        return 1

    changed = {where.split("/")[0].split("#")[0].split("{")[0] for where, _, _ in changes(value)}
    assert len([one for one in changed if not one.endswith("]")]) >= leaves(value) - 4 * len(value["identities"])


def test_a_message_that_is_left_out_takes_its_claims_with_it() -> None:
    """Without the refusal nobody says that the act was refused; without the signature nobody signed."""
    value, trusted = compact()
    ids = exchanged().ids

    def without(name: str) -> Report:
        items = [one for one in value["messages"] if one["leaf"].split("\n")[4] != ids[name]]
        assert len(items) == len(value["messages"]) - 1
        return verify(sealed(value | {"messages": items}), trusted)

    good = verify(sealed(value), trusted)
    assert [one.result for one in good.statements if one.says == "was refused by ma"] == ["holds"]
    assert not [one for one in without("refusal").statements if one.says == "was refused by ma"]
    signed = [one.result for one in good.statements if one.says == "was signed by be"]
    assert sorted(signed) == ["absent", "holds"]
    assert {one.result for one in without("signature").statements if one.says == "was signed by be"} == {"absent"}
    # The act is what the dossier is known by. Where only a content is left that is withheld, nobody can say.
    left = without("opening")
    assert [one.result for one in left.statements if one.says.startswith("is about dossier")] == ["absent"]
