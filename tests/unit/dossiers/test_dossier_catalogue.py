import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from passerelle.core.clock import check_duration
from passerelle.core.errors import DossierError
from passerelle.dossiers.reading import Common, Reader
from passerelle.dossiers.shapes import AREAS
from passerelle.dossiers.timeline import describe
from passerelle.dossiers.types import LANGUAGES, Catalogue, CatalogueError, DossierType
from passerelle.dossiers.ways import reachable
from passerelle.instruments.kinds import data

CATALOGUE = Catalogue.load()
SHIPPED = resources.files("passerelle.catalogue")
SAMPLE = (SHIPPED / "listed-person.toml").read_text("utf-8").replace('name = "listed-person"', 'name = "sample"', 1)
EVERY = pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.name)

# Each line breaks one thing in a file that is right: what stands there, what is put instead, the path of the refusal,
# and a part of what was expected and found.
BROKEN = {
    "no TOML": ('name = "sample"', "name = sample", "", "TOML"),
    "two of a key": ("[grounds]", "[states.delisted]\n[grounds]", "", "TOML"),
    "unknown key": ("privileged = false", "privileged = false\ncolour = 1", "colour", "a known key"),
    "unknown key of an act": ("opening = true", "opening = true\nquick = true", "acts.notice.quick", "a known key"),
    "another type": ('version = "1.0"', "version = 1", "version", "`str`, got `int`"),
    "bad version": ('version = "1.0"', 'version = "one"', "version", "like 1.0, got one"),
    "missing key": ("privileged = false", "", "privileged", "a value, got nothing"),
    "a date": ("privileged = false", "privileged = 2026-01-01", "privileged", "got date"),
    "name of another file": ('name = "sample"', 'name = "simple"', "name", "without .toml, got simple"),
    "missing label": (', ar = "شخص مدرج في قائمة منشورة"', "", "labels.ar", "a value, got nothing"),
    "missing label of a state": (', nl = "Van de lijst geschrapt"', "", "states.delisted.labels.nl", "a value"),
    "missing label of an act": ('fr = "Communiquer la radiation", ', "", "acts.delisted.labels.fr", "a value"),
    "missing label of a field": (
        'x-labels = { en = "List", fr = "Liste", nl = "Lijst", ar = "القائمة" }',
        'x-help = { en = "", fr = "", nl = "", ar = "" }',
        "acts.notice.body.properties.list.x-labels",
        "labels in en, fr, nl, ar",
    ),
    "empty label of a field": (
        'fr = "Liste", nl',
        'fr = " ", nl',
        "acts.notice.body.properties.list.x-labels.fr",
        "a label, got nothing",
    ),
    "unknown status": ('status = "ended"', 'status = "over"', "states.delisted.status", "a known word, got over"),
    "unknown state": (
        'from = ["refused", "closed"]',
        'from = ["lost"]',
        "acts.delisted.transitions[1].from",
        "got lost",
    ),
    "unknown target": ('to = "answered"', 'to = "done"', "acts.seen.transitions[0].to", "got done"),
    "state nobody reaches": (
        "[acts.notice]\n",
        '[states.limbo]\nstatus = "open"\nlabels = { en = "a", fr = "a", nl = "a", ar = "a" }\n'
        'help = { en = "a", fr = "a", nl = "a", ar = "a" }\n[acts.notice]\n',
        "states.limbo",
        "none leads there",
    ),
    "unknown common act": ('without = ["no-trace"]', 'without = ["no-tracing"]', "without", "got no-tracing"),
    "act of a common name": ("[acts.seen]", "[acts.reply]", "acts.reply", "common = true"),
    "change of no common act": ("[acts.seen]", "[acts.see]\ncommon = true\n[acts.seen]", "acts.see", "a common act"),
    "change of an act left out": (
        "[acts.seen]",
        "[acts.no-trace]\ncommon = true\n[acts.seen]",
        "acts.no-trace",
        "not left out",
    ),
    "change of what cannot be changed": (
        "[acts.seen]",
        "[acts.reply]\ncommon = true\nopening = true\n[acts.seen]",
        "acts.reply.opening",
        "a known key",
    ),
    "state of a common name": ("[states.delisted]", "[states.closed]", "states.closed", "not a common one"),
    "ground of a common name": ("not-on-list =", "opinion =", "grounds.opinion", "not a common one"),
    "name with capitals": ("[acts.seen]", "[acts.Seen]", "acts.Seen", "a-z"),
    "unknown side": ('by = "answerer"', 'by = "anybody"', "acts.seen.by", "a known word, got anybody"),
    "opening by the other side": (
        'opening = true\nby = "opener"',
        'opening = true\nby = "either"',
        "acts.notice.by",
        "opener",
    ),
    "opening from a state": ('from = ["@none"]', 'from = ["@open"]', "acts.notice.transitions[0].from", "@none"),
    "no opening": ("opening = true\n", "", "acts", "opening = true"),
    "rank": ("rank = 40", "rank = 400", "acts.seen.rank", "0 to 99, got 400"),
    "no way": (
        'four_eyes = true\ntransitions = [{ from = ["opened", "in-charge", "answered"], to = "answered" }]',
        "transitions = []",
        "acts.seen.transitions",
        "at least one",
    ),
    "no routine lane": ('lanes = ["routine"]', 'lanes = ["flash"]', "lanes", "routine"),
    "unknown lane": ('lanes = ["routine"]', 'lanes = ["routine", "fast"]', "lanes", "got fast"),
    "unknown rule": (
        "rank = 40",
        'rank = 40\nrules = [{ once = { act = "seen" } }]',
        "acts.seen.rules[0]",
        "requires_before",
    ),
    "unknown parameter of a rule": (
        "rank = 40",
        'rank = 40\nrules = [{ by_author_of = { act = "seen", when = "x" } }]',
        "acts.seen.rules[0].by_author_of.when",
        "a known key",
    ),
    "rule on an unknown act": (
        "rank = 40",
        'rank = 40\nrules = [{ by_author_of = { act = "saw" } }]',
        "acts.seen.rules",
        "got saw",
    ),
    "rule on an unknown field": (
        "rank = 40",
        'rank = 40\nrules = [{ requires_before = { act = ["close"], where = { result = ["done"] } } }]',
        "acts.seen.rules.where",
        "got result",
    ),
    "rule on a word that cannot be": (
        "rank = 40",
        'rank = 40\nrules = [{ requires_before = { act = ["close"], where = { outcome = ["good"] } } }]',
        "acts.seen.rules.where.outcome",
        "got good",
    ),
    "rule on free text": (
        "rank = 40",
        'rank = 40\nrules = [{ requires_before = { act = ["reply"], where = { text = ["yes"] } } }]',
        "acts.seen.rules.where.text",
        "got yes",
    ),
    "transition of the other side": (
        '"in-charge", "answered"], to = "answered"',
        '"in-charge", "answered"], to = "answered", by = "opener"',
        "acts.seen.transitions[0].by",
        "answerer, got opener",
    ),
    "author without message": ('by = "answerer"', 'by = "author"', "acts.seen.body.required", "message"),
    "opening message of an act that names none": (
        '"in-charge", "answered"], to = "answered"',
        '"in-charge", "answered"], to = "answered", opening = true',
        "acts.seen.transitions[0].opening",
        "refers to a message",
    ),
    "unknown category": ('categories = ["listed"]', 'categories = ["guilty"]', "subjects.categories", "got guilty"),
    "unknown field of a person": ('needs = ["names"]', 'needs = ["faith"]', "subjects.needs", "got faith"),
    "fewer than few": ("max = 1", "max = 0", "subjects", "1 and 0"),
    "no number of persons": ("max = 1\n", "", "subjects.max", "a value, got nothing"),
    "unknown handling": ('handling = ["H0"]', 'handling = ["H9"]', "defaults.handling", "got H9"),
    "unknown urgency": ('urgency = "standard"', 'urgency = "slow"', "defaults.urgency", "got slow"),
    "bad retention": ('retention = "P1Y"', 'retention = "1 year"', "defaults.retention", "got 1 year"),
    "bad duration": ('immediate = "P1D"', 'immediate = "1D"', "deadlines.acknowledge.duration.immediate", "ISO 8601"),
    "duration of an unknown urgency": (
        'immediate = "P1D"',
        'quick = "P1D"',
        "deadlines.acknowledge.duration",
        "got quick",
    ),
    "deadline without owner": (
        '[deadlines.deletion]\nowner = "answerer"\n',
        "[deadlines.deletion]\n",
        "deadlines.deletion.owner",
        "a value, got nothing",
    ),
    "deadline from nowhere": (
        'runs_from = [{ act = "notice" }]',
        "runs_from = []",
        "deadlines.acknowledge",
        "not empty",
    ),
    "deadline from an unknown act": (
        'runs_from = [{ act = "notice" }]',
        'runs_from = [{ act = "note" }]',
        "deadlines.acknowledge.runs_from[0]",
        "got note",
    ),
    "deadline from an act and a state": (
        'runs_from = [{ act = "notice" }]',
        'runs_from = [{ act = "notice", state = "opened" }]',
        "deadlines.acknowledge.runs_from[0]",
        "either an act or a state",
    ),
    "deadline since no day": (
        'owner = "answerer"\nruns_from = [{ act = "delisted" }]',
        'owner = "answerer"\nsince = "decision"\nruns_from = [{ act = "delisted" }]',
        "deadlines.deletion.since",
        "a day in the body of delisted",
    ),
    "deadline and then what": (
        'days = "working"',
        'days = "working"\nthen = "panic"',
        "deadlines.acknowledge.then",
        "got panic",
    ),
    "deadline of no time": ('immediate = "P1D"', 'immediate = "PT0S"', "acknowledge.duration.immediate", "not zero"),
    "deadline without end": (
        'immediate = "P1D"',
        'immediate = "P99999Y"',
        "acknowledge.duration.immediate",
        "ISO 8601",
    ),
    "moment by a side that never does it": (
        'ends_at = [{ act = "acknowledge" }',
        'ends_at = [{ act = "seen", by = "opener" }',
        "deadlines.acknowledge.ends_at[0].by",
        "the side that does seen, got opener",
    ),
    "state entered by a side": (
        'ends_at = [{ act = "acknowledge" }',
        'ends_at = [{ state = "closed", by = "opener" }',
        "deadlines.acknowledge.ends_at[0]",
        "only with an act, got state closed",
    ),
    "escalation that is no time": (
        'days = "working"',
        'days = "working"\nescalate = "soon"',
        "deadlines.acknowledge.escalate",
        "ISO 8601",
    ),
    "escalation by the calendar": (
        'days = "working"',
        'days = "working"\nescalate = "P1D"',
        "deadlines.acknowledge.escalate",
        "by the clock like PT5M, got P1D",
    ),
    "escalation after the end": (
        'days = "working"',
        'days = "working"\nescalate = "PT24H"',
        "deadlines.acknowledge.escalate",
        "less than the deadline's own P1D",
    ),
    "review of what one may release": ("rank = 0", 'rank = 0\nreview = "PT24H"', "acts.notice.review", "four_eyes"),
    "review without the flash lane": (
        "four_eyes = true",
        'four_eyes = true\nreview = "PT24H"',
        "acts.seen.review",
        "flash lane, got lanes routine",
    ),
    "review that is no time": (
        "four_eyes = true",
        'four_eyes = true\nlanes = ["routine", "flash"]\nreview = "a day"',
        "acts.seen.review",
        "ISO 8601",
    ),
    "statement to attest in three languages": (
        "rank = 0",
        'rank = 0\nattest = { sure = { en = "a", fr = "a", nl = "a" } }',
        "acts.notice.attest",
        "a value, got nothing",
    ),
    "statement to attest without words": (
        "rank = 0",
        'rank = 0\nattest = { sure = { en = "a", fr = " ", nl = "a", ar = "a" } }',
        "acts.notice.attest.sure.fr",
        "a statement, got nothing",
    ),
    "statement to attest with a bad name": (
        "rank = 0",
        'rank = 0\nattest = { "Sure!" = { en = "a", fr = "a", nl = "a", ar = "a" } }',
        "acts.notice.attest",
        "got Sure!",
    ),
    "unknown kind of days": ('days = "working"', 'days = "holy"', "deadlines.acknowledge.days", "got holy"),
    "schema with a typing mistake": (
        'listed_on = { "$ref"',
        'listed_on = { "$rf"',
        "acts.notice.body.properties.listed_on",
        "one of $ref, const, enum, type",
    ),
    "schema with an unknown keyword": (
        'number = { "$ref" = "#/$defs/line"',
        'number = { type = "string", maxlength = 3',
        "acts.notice.body.properties.number.maxlength",
        "maxLength",
    ),
    "schema without bound": (
        'number = { "$ref" = "#/$defs/line"',
        'number = { type = "string"',
        "acts.notice.body.properties.number",
        "an unbounded text",
    ),
    "list without bound": (
        'number = { "$ref" = "#/$defs/line"',
        'number = { type = "array", items = { "$ref" = "#/$defs/line" }',
        "acts.notice.body.properties.number",
        "an unbounded list",
    ),
    "open object": (
        'number = { "$ref" = "#/$defs/line"',
        'number = { type = "object"',
        "acts.notice.body.properties.number.additionalProperties",
        "false",
    ),
    "reference to nothing": (
        'number = { "$ref" = "#/$defs/line"',
        'number = { "$ref" = "#/$defs/lines"',
        "acts.notice.body.properties.number.$ref",
        "got #/$defs/lines",
    ),
    "required but not there": (
        'required = ["list", "number", "listed_on"]',
        'required = ["list", "numbers"]',
        "acts.notice.body.required",
        "got numbers",
    ),
    "bad pattern": (
        'number = { "$ref" = "#/$defs/line"',
        'number = { type = "string", pattern = "^(a$"',
        "acts.notice.body",
        "a JSON Schema 2020-12",
    ),
    "words without labels": (
        'number = { "$ref" = "#/$defs/line"',
        'number = { enum = ["a"]',
        "acts.notice.body.properties.number.x-values",
        "labels for a",
    ),
    "unknown x-date": (
        'number = { "$ref" = "#/$defs/line"',
        'number = { type = "string", format = "date", x-date = "soon"',
        "acts.notice.body.properties.number.x-date",
        "past or future, got soon",
    ),
    "no area": ('areas = ["criminal", "security"]', "areas = []", "areas", "none"),
    "unknown area": ('areas = ["criminal", "security"]', 'areas = ["sports"]', "areas", "got sports"),
    "areas not said": ('areas = ["criminal", "security"]\n', "", "areas", "a value, got nothing"),
    "demand without a case": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = {  }, then = { fields = ["on"] } }]',
        "acts.seen.demands[0].when",
        "persons, body, present or absent",
    ),
    "demand without anything": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { persons = { minor = ["yes"] } }, then = {  } }]',
        "acts.seen.demands[0].then",
        "fields, persons or handling",
    ),
    "demand on what no person has": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { persons = { faith = ["x"] } }, then = { fields = ["on"] } }]',
        "acts.seen.demands[0].when.persons",
        "got faith",
    ),
    "demand on a word that cannot be": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { persons = { minor = ["maybe"] } }, then = { fields = ["on"] } }]',
        "acts.seen.demands[0].when.persons.minor",
        "got maybe",
    ),
    "demand on a category that the act does not take": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { persons = { category = ["victim"] } }, then = { fields = ["on"] } }]',
        "acts.seen.demands[0].when.persons.category",
        "got victim",
    ),
    "demand on a field that is free": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { body = { circumstances = ["x"] } }, then = { fields = ["on"] } }]',
        "acts.seen.demands[0].when.body.where.circumstances",
        "got x",
    ),
    "demand of a field that is not there": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { persons = { minor = ["yes"] } }, then = { fields = ["guardian"] } }]',
        "acts.seen.demands[0].then.fields",
        "got guardian",
    ),
    "demand of more persons than may come": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { persons = { minor = ["yes"] } }, then = { persons = 2 } }]',
        "acts.seen.demands[0].then.persons",
        "0 to 1, got 2",
    ),
    "demand of a code that is none": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { persons = { minor = ["yes"] } }, then = { handling = ["H9"] } }]',
        "acts.seen.demands[0].then.handling",
        "got H9",
    ),
    "demand of no field, and otherwise none": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { persons = { minor = ["yes"] } }, then = { persons = 1 }, '
        'otherwise = "nothing" }]',
        "acts.seen.demands[0].otherwise",
        "fields that are not there otherwise",
    ),
    "demand and otherwise what": (
        "rank = 40",
        'rank = 40\ndemands = [{ when = { persons = { minor = ["yes"] } }, then = { fields = ["on"] }, '
        'otherwise = "panic" }]',
        "acts.seen.demands[0].otherwise",
        "a known word, got panic",
    ),
    "person without a field that is always there": (
        'needs = ["names"]',
        'needs = ["names"]\nwithout = ["minor"]',
        "subjects.without",
        "got minor",
    ),
    "person without a field that is needed": (
        'needs = ["names"]',
        'needs = ["names"]\nwithout = ["names"]',
        "subjects.without",
        "not needed, got names",
    ),
    "handling code that is none": (
        "[defaults]",
        '[handling]\nallowed = ["H9"]\n[defaults]',
        "handling.allowed",
        "got H9",
    ),
    "handling code always and not allowed": (
        "[defaults]",
        '[handling]\nallowed = ["H0"]\nalways = ["H1"]\n[defaults]',
        "handling.always",
        "got H1",
    ),
    "default that the type does not allow": (
        "[defaults]",
        '[handling]\nallowed = ["H1"]\n[defaults]',
        "defaults.handling",
        "codes of H1, got H0",
    ),
    "default without what is always there": (
        "[defaults]",
        '[handling]\nalways = ["H2"]\n[defaults]',
        "defaults.handling",
        "with H2, got H0",
    ),
    "no neutral ground": (
        'without = ["no-trace"]',
        'without = ["no-trace"]\ncommon_grounds = ["opinion"]',
        "common_grounds",
        "legal-impediment among them",
    ),
    "common ground that is none": (
        'without = ["no-trace"]',
        'without = ["no-trace"]\ncommon_grounds = ["mood"]',
        "common_grounds",
        "got mood",
    ),
    "word left unsaid that is half a word": (
        'without = ["no-trace"]',
        'without = ["no-trace"]\nunsaid = ["a*"]',
        "unsaid",
        "three letters, got a*",
    ),
    "field left out that is not there": (
        "[acts.seen]",
        '[acts.close]\ncommon = true\nleaves_out = ["reason"]\n[acts.seen]',
        "acts.close.leaves_out",
        "got reason",
    ),
    "word of a field that is not there": (
        "[acts.seen]",
        '[acts.close]\ncommon = true\nonly = { reason = ["done"] }\n[acts.seen]',
        "acts.close.only",
        "got reason",
    ),
    "word that was not there": (
        "[acts.seen]",
        '[acts.close]\ncommon = true\nonly = { outcome = ["perfect"] }\n[acts.seen]',
        "acts.close.only.outcome",
        "got perfect",
    ),
    "no word at all": (
        "[acts.seen]",
        "[acts.close]\ncommon = true\nonly = { outcome = [] }\n[acts.seen]",
        "acts.close.only.outcome",
        "at least one, got none",
    ),
    "word of a free text": (
        "[acts.seen]",
        '[acts.close]\ncommon = true\nonly = { comment = ["x"] }\n[acts.seen]',
        "acts.close.only.comment",
        "a field of a closed list",
    ),
    "field added that is there": (
        "[acts.seen]",
        "[acts.close]\ncommon = true\nadds = { properties = { outcome = { const = 1 } } }\n[acts.seen]",
        "acts.close.adds.properties.outcome",
        "not there yet",
    ),
    "field added without label": (
        "[acts.seen]",
        "[acts.close]\ncommon = true\nadds = { properties = { mood = { const = 1 } } }\n[acts.seen]",
        "acts.close.body.properties.mood.x-labels",
        "labels in en, fr, nl, ar",
    ),
    "message left out of an act that depends on it": (
        "[acts.seen]",
        '[acts.correct]\ncommon = true\nleaves_out = ["message"]\n[acts.seen]',
        "acts.correct.body.required",
        "message, since it depends on it",
    ),
    "field left out that a condition names": (
        "[acts.seen]",
        '[acts.consent]\ncommon = true\nleaves_out = ["conditions"]\n[acts.seen]',
        "acts.consent.body.allOf[0].then.required",
        "got conditions",
    ),
    "field left out that a deadline looks at": (
        "[acts.seen]",
        '[acts.report-deletion]\ncommon = true\nonly = { scope = ["messages"] }\n[acts.seen]',
        "deadlines.deletion.ends_at[0].where.scope",
        "got dossier",
    ),
    "form of a common name": ("[grounds]", "[defs.line]\nconst = 1\n[grounds]", "defs.line", "not a common one"),
}


def test_the_sample_is_right(tmp_path: Path) -> None:
    (tmp_path / "sample.toml").write_text(SAMPLE, "utf-8")
    (tmp_path / "notes.txt").write_text("not a type", "utf-8")
    catalogue = Catalogue.load(tmp_path)
    shipped = Catalogue.load().types
    assert list(catalogue.types) == sorted([*shipped, "sample"])
    assert len(catalogue) == len(shipped) + 1
    assert catalogue.types["sample"].digest != catalogue.types["listed-person"].digest
    assert catalogue.get("sample") is catalogue.types["sample"]
    assert (catalogue.get("none"), catalogue.get(["x"]), catalogue.get(None)) == (None, None, None)
    assert "sample" in catalogue
    assert "none" not in catalogue


def test_what_a_release_needs_and_who_is_called(tmp_path: Path) -> None:
    text = SAMPLE.replace('lanes = ["routine"]', 'lanes = ["routine", "flash"]', 1)
    labels = '{ en = "I have looked", fr = "J\'ai vérifié", nl = "Ik heb gekeken", ar = "تحققت من الأمر" }'
    text = text.replace("rank = 40\n", f'rank = 40\nreview = "PT24H"\nattest = {{ looked = {labels} }}\n', 1)
    text = text.replace('"P1D" }\ndays = "working"', '"PT15M" }\ndays = "working"\nescalate = "PT5M"', 1)
    text = text.replace('duration = { standard = "P7D", urgent = "P7D", immediate = "P7D" }', "duration = {}", 1)
    (tmp_path / "sample.toml").write_text(text, "utf-8")
    kind = Catalogue.load(tmp_path).types["sample"]
    seen, notice = kind.acts["seen"], kind.acts["notice"]
    assert (seen.review, seen.attest["looked"].en, notice.review, notice.attest) == ("PT24H", "I have looked", "", {})
    assert (kind.deadlines["acknowledge"].escalate, kind.deadlines["deletion"].escalate) == ("PT5M", "")
    assert kind.deadlines["deletion"].duration == {}, "it runs only where the channel gives a figure"
    for language, words in zip(LANGUAGES, ("have looked", "vérifié", "heb gekeken", "تحققت"), strict=True):
        told = describe(kind, language)
        assert words in told
        assert "PT5M" in told
        assert "PT24H" in told
    unlike = Reader(text.replace("PT24H", "PT23H").encode(), "sample.toml", _common()).read()
    assert unlike.digest != kind.digest, "both sides sign what the author must attest and when it is reviewed"


def test_a_common_act_with_fewer_fields_fewer_words_and_fields_of_its_own(tmp_path: Path) -> None:
    field = 'x-labels = { en = "Mood", fr = "Humeur", nl = "Stemming", ar = "المزاج" }'
    changed = (
        '[acts.close]\ncommon = true\nleaves_out = ["comment"]\nonly = { outcome = ["done", "no-result"] }\n'
        'help = { en = "It rests.", fr = "a", nl = "a", ar = "a" }\n'
        f'[acts.close.adds]\nrequired = ["mood"]\nproperties = {{ mood = {{ type = "boolean", {field} }} }}\n'
    )
    (tmp_path / "sample.toml").write_text(SAMPLE.replace("[acts.seen]", changed + "[acts.seen]", 1), "utf-8")
    kinds = Catalogue.load(tmp_path).types
    close, common = kinds["sample"].acts["close"], kinds["listed-person"].acts["close"]
    assert set(close.schema["properties"]) == {"outcome", "mood"}
    assert close.schema["properties"]["outcome"]["enum"] == ["done", "no-result"]
    assert set(close.schema["properties"]["outcome"]["x-values"]) == {"done", "no-result"}
    assert close.schema["required"] == ["outcome", "mood"]
    assert (close.help.en, close.labels) == ("It rests.", common.labels)
    assert close.validator.is_valid({"outcome": "done", "mood": True})
    assert not close.validator.is_valid({"outcome": "done", "mood": True, "comment": "x"})
    assert not close.validator.is_valid({"outcome": "transferred", "mood": True})
    assert "body.mood" in kinds["sample"].fields
    assert set(common.schema["properties"]) == {"outcome", "comment"}, "other types keep the common act"


def test_the_areas_of_types_are_those_of_the_vocabulary() -> None:
    assert set(AREAS) == set(data("vocabulary")["areas"])


def _common() -> Common:
    return Common(*((SHIPPED / name).read_bytes() for name in ("envelope.toml", "common.toml")))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(name: str, tmp_path: Path) -> None:
    old, new, path, words = BROKEN[name]
    assert old in SAMPLE
    (tmp_path / "sample.toml").write_text(SAMPLE.replace(old, new, 1), "utf-8")
    with pytest.raises(CatalogueError) as caught:
        Catalogue.load(tmp_path)
    error = caught.value
    assert error.file == "sample.toml"
    assert path in error.path
    assert words in str(error)
    assert str(error).startswith(f"sample.toml: {error.path}: expected {error.expected}, got ")
    assert isinstance(error, DossierError)


def test_a_state_without_exit_is_refused(tmp_path: Path) -> None:
    enders = '"no-trace", "close", "refuse", "withdraw", "suspend", "resume", "reopen"'
    text = SAMPLE.replace('"no-trace"', enders, 1).replace('status = "ended"', 'status = "open"', 1)
    (tmp_path / "sample.toml").write_text(text, "utf-8")
    with pytest.raises(CatalogueError, match=r"states\.opened: expected a way to an ended state.*got no exit"):
        Catalogue.load(tmp_path)


def test_forbidden_characters_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sample.toml").write_text(SAMPLE.replace('en = "Seen"', 'en = "Se\\u202Een"', 1), "utf-8")
    with pytest.raises(CatalogueError, match=r"acts\.seen\.labels\.en: .*got U\+202E"):
        Catalogue.load(tmp_path)


def test_a_name_stands_for_one_type_and_the_shared_files_for_all(tmp_path: Path) -> None:
    (tmp_path / "listed-person.toml").write_bytes((SHIPPED / "listed-person.toml").read_bytes())
    with pytest.raises(CatalogueError, match="a type that is not there yet, got listed-person"):
        Catalogue.load(tmp_path)
    (tmp_path / "listed-person.toml").unlink()
    (tmp_path / "common.toml").write_bytes((SHIPPED / "common.toml").read_bytes())
    with pytest.raises(CatalogueError, match="holds for all"):
        Catalogue.load(tmp_path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"):
        Catalogue.load(tmp_path / "none")


def test_the_digest_covers_the_type_and_what_all_types_share() -> None:
    envelope, common = ((SHIPPED / name).read_bytes() for name in ("envelope.toml", "common.toml"))

    def digest(envelope: bytes, common: bytes, text: str) -> str:
        return Reader(text.encode(), "sample.toml", Common(envelope, common)).read().digest

    first = digest(envelope, common, SAMPLE)
    assert len(first) == 64
    assert first == digest(envelope, common, "# a remark\n" + SAMPLE), "remarks and layout do not count"
    assert first != digest(envelope, common, SAMPLE.replace('standard = "P7D"', 'standard = "P8D"'))
    assert first != digest(envelope, common.replace(b"rank = 80", b"rank = 79"), SAMPLE)
    assert first != digest(envelope.replace(b"maxItems = 64", b"maxItems = 63"), common, SAMPLE)


def test_types_do_not_depend_on_the_process() -> None:
    script = "from passerelle.dossiers.types import Catalogue\nfor kind in Catalogue.load(): print(kind.digest)"
    expected = "".join(f"{kind.digest}\n" for kind in CATALOGUE)
    for seed in ("0", "1", "4711"):
        run = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout == expected


@EVERY
def test_every_state_can_be_reached_and_come_to_an_end(kind: DossierType) -> None:
    assert set(kind.states) == reachable(kind, "") - {""}
    for state in kind.states.values():
        if state.status == "open":
            assert any(kind.states[name].status == "ended" for name in reachable(kind, state.name)), state.name


@EVERY
def test_what_every_type_has(kind: DossierType) -> None:
    assert kind.opening
    winding_down = {"close", "withdraw", "correct", "restrict", "refuse", "report-deletion", "acknowledge"}
    assert winding_down <= {act.name for act in kind.acts.values() if act.wind_down}
    assert "legal-impediment" in kind.grounds
    assert set(kind.acts["refuse"].schema["properties"]["ground"]["enum"]) == set(kind.grounds)
    assert all(act.lanes >= {"routine"} for act in kind.acts.values())
    for deadline in kind.deadlines.values():
        for duration in deadline.duration.values():
            check_duration(duration)
    with pytest.raises(AttributeError):
        kind.name = "other"  # type: ignore[misc]


def test_figures_of_the_tracing_type() -> None:
    kind = CATALOGUE.types["wanted-trace"]
    deadlines = kind.deadlines
    assert deadlines["answer-direct"].duration == {"urgent": "PT8H", "immediate": "PT8H"}
    assert deadlines["answer"].duration == {"standard": "P7D", "urgent": "P3D", "immediate": "P3D"}
    limit = deadlines["extradition-request"]
    assert (set(limit.duration.values()), limit.most, limit.treaty, limit.then) == (
        {"P18D"},
        "P40D",
        True,
        "release-due",
    )
    assert set(deadlines["index-withdrawal"].duration.values()) == {"PT1H"}
    assert {act.name for act in kind.acts.values() if act.magistrate} == {
        "provisional-arrest",
        "extradition-announced",
        "consent",
    }
    assert {"cancelled", "release-due"} <= {act.name for act in kind.acts.values() if act.wind_down}


def test_the_listing_type_knows_no_arrest() -> None:
    kind = CATALOGUE.types["listed-person"]
    assert not {"arrested", "provisional-arrest", "no-trace"} & set(kind.acts)
    assert kind.acts["notice"].subjects.categories == {"listed"}


@EVERY
def test_a_type_in_words(kind: DossierType) -> None:
    for language in LANGUAGES:
        text = describe(kind, language)
        for part in (*kind.states.values(), *kind.acts.values(), *kind.deadlines.values()):
            assert part.labels.text(language) in text
    assert "ETS 24" in describe(CATALOGUE.types["wanted-trace"], "en")


def test_whoever_signs_reads_what_holds_for_all_acts() -> None:
    told = describe(CATALOGUE.types["identification"], "en")
    for words in (
        "For these purposes: migration",
        "Handling codes: H1, H2",
        "No statements",
        "never stand in a search",
    ):
        assert words in told
    assert all(word in told for word in CATALOGUE.types["identification"].unsaid)
    assert "For these purposes: criminal, security" in describe(CATALOGUE.types["urgent-alert"], "en")


def test_a_definition_that_refers_to_itself_is_refused(tmp_path):
    shipped = (resources.files("passerelle.catalogue") / "listed-person.toml").read_text("utf-8")
    labels = 'x-labels = { en = "a", fr = "a", nl = "a", ar = "a" }'
    loop = f'{{ "$ref" = "#/$defs/loop", {labels} }}'
    text = shipped.replace('name = "listed-person"', 'name = "loop"')
    text = text.replace("[acts.notice.body.properties]", f"[acts.notice.body.properties]\nx = {loop}")
    text += f'\n[defs.loop]\ntype = "object"\nadditionalProperties = false\n[defs.loop.properties]\nagain = {loop}\n'
    (tmp_path / "loop.toml").write_text(text, "utf-8")
    with pytest.raises(CatalogueError, match=r"defs\.loop: expected a definition that does not refer to itself"):
        Catalogue.load(tmp_path)
