"""A goAML report becomes the form of an act: transactions and parties, and nothing of who reported."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from passerelle.cli.goaml import read
from passerelle.core.errors import InputError
from passerelle.dossiers.content import problems
from tests.types.financial_intelligence import REQUEST, SAMPLE
from tests.unit.cli.scene import call, ok
from tests.unit.dossiers.samples import NOW

REPORTER = (
    "Banque Déclarante Exemple",
    "RE-4711",
    "Agence Centre",
    "Hélène Caissière",
    "REF-INT-9",
    "complaint of our",
)
XML = """<?xml version="1.0" encoding="UTF-8"?>
<report>
  <rentity_id>RE-4711</rentity_id><rentity_branch>Agence Centre</rentity_branch>
  <submission_code>E</submission_code><report_code>STR</report_code><entity_reference>REF-INT-9</entity_reference>
  <currency_code_local>EUR</currency_code_local>
  <reporting_person><first_name>Hélène</first_name><last_name>Caissière</last_name></reporting_person>
  <location><address>Banque Déclarante Exemple</address></location>
  <reason>After a complaint of our customer</reason><action>Account watched</action>
  <transaction>
    <transactionnumber>T-1</transactionnumber><transaction_location>Agence Centre</transaction_location>
    <date_transaction>2026-10-02T10:00:00</date_transaction><teller>Hélène Caissière</teller>
    <transmode_code>BA</transmode_code><amount_local>09800.00</amount_local>
    <t_from_my_client>
      <from_funds_code>K</from_funds_code>
      <t_conductor><first_name>Karim</first_name><last_name>Oulad Ziane</last_name></t_conductor>
      <from_account>
        <branch>Agence Centre</branch><iban>BE00000000000017</iban><currency_code>EUR</currency_code>
        <t_entity><name>Atlas Négoce Exemple SRL</name><incorporation_country_code>BE</incorporation_country_code>
          <director_id><first_name>Karim</first_name><last_name>Oulad Ziane</last_name></director_id></t_entity>
        <signatory><t_person><first_name>Karim</first_name><last_name>Oulad Ziane</last_name></t_person></signatory>
      </from_account><from_country>BE</from_country>
    </t_from_my_client>
    <t_to>
      <to_person><gender>F</gender><first_name>سلمى</first_name><last_name>الزرهوني</last_name>
        <birthdate>1981-04-05T00:00:00</birthdate><passport_number>ZZ000017</passport_number>
        <passport_country>MA</passport_country><nationality1>MA</nationality1></to_person>
      <to_country>MA</to_country>
    </t_to>
    <comments>Seen by Hélène Caissière</comments>
  </transaction>
  <report_indicators><indicator>STRUCT</indicator></report_indicators>
</report>
"""


def content_of(taken: Any) -> dict[str, Any]:
    body = {**REQUEST, "report": taken.report}
    return SAMPLE.act("request", body=body, subjects=[{**one, "minor": minor(one)} for one in taken.subjects])


def minor(person: dict[str, Any]) -> str:
    return "no" if "births" in person else "doubt"


def test_what_is_taken_over_is_a_valid_report() -> None:
    taken = read(XML.encode(), "suspect")
    assert problems(content_of(taken), SAMPLE.kind, now=NOW) == ()
    [transaction] = taken.report["transactions"]
    assert transaction == {
        "number": "T-1",
        "date": "2026-10-02",
        "amount": "9800.00",
        "currency": "EUR",
        "kind": "cross-border-transfer",
        "conductor": "p1",
        "from": {"party": "a1", "funds": "K", "country": "BE"},
        "to": {"party": "p2", "country": "MA"},
    }
    assert taken.report["accounts"][0]["holders"] == ["e1"]
    assert taken.report["entities"][0]["directors"] == ["p1"], "the same person stands once"
    assert [one["names"][0]["script"] for one in taken.subjects] == ["Latn", "Arab"]
    assert (taken.report["kind"], taken.report["indicators"]) == ("suspicious-transaction", ["STRUCT"])


def test_nothing_of_who_reported_is_taken_over_and_what_was_left_out_is_named() -> None:
    taken = read(XML.encode(), "suspect")
    text = json.dumps([taken.report, taken.subjects], ensure_ascii=False)
    assert not [words for words in REPORTER if words in text]
    assert "my_client" not in text
    left_out = {"rentity_id", "rentity_branch", "reporting_person", "entity_reference", "location", "reason", "action"}
    assert left_out | {"teller", "transaction_location", "branch", "comments"} <= set(taken.left_out)


def test_what_is_longer_than_its_field_is_left_out_whole_and_named() -> None:
    taken = read(XML.replace("<indicator>STRUCT<", f"<indicator>{'x' * 161}<").encode(), "suspect")
    assert "indicators" not in taken.report
    assert "indicator" in taken.left_out


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no XML",
        "<report>",
        "<other/>",
        '<!DOCTYPE report [<!ENTITY a "b">]><report>&a;</report>',
        '<!DOCTYPE report SYSTEM "file:///etc/passwd"><report/>',
        "<report>" + "<a>" * 60 + "</a>" * 60 + "</report>",
        "<report><transaction><amount_local>much</amount_local></transaction></report>",
    ],
)
def test_other_files_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="goaml: expected"):
        read(text.encode(), "suspect")


def test_the_form_is_filled_and_says_what_was_left_out(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(XML, "utf-8")
    text = ok("dossier", "form", "financial-intelligence", "--goaml", path).out
    made = tomllib.loads(text)
    assert made["body"]["report"]["transactions"][0]["number"] == "T-1"
    assert [one["category"][:1] for one in made["subjects"]] == ["<", "<"], "a person says who is what"
    assert "rentity_id" in text.splitlines()[0]
    assert not [words for words in REPORTER if words in text]


def test_a_form_without_a_place_for_a_report_takes_none(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(XML, "utf-8")
    assert "body.report" in call("dossier", "form", "wanted-trace", "--goaml", path).err
