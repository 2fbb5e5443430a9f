import hashlib
import json
import tomllib
from importlib import resources
from pathlib import Path

import pytest

from passerelle.core.clock import from_iso
from passerelle.core.errors import InputError, InstrumentError, NotFoundError
from passerelle.core.json import canonical
from passerelle.instruments.agreement import Agreement
from passerelle.instruments.channel import Channel, Search
from passerelle.instruments.errors import InstrumentFormError
from passerelle.instruments.examples import NAMES, example
from passerelle.instruments.kinds import KINDS, Instrument, Kind, register, window
from passerelle.instruments.model import MAX_BYTES, digest_of, from_file, from_toml, from_value, parse
from tests.unit.instruments.samples import TYPES, agreement, channel, migration_channel

AGREEMENT = digest_of(agreement())


def parsed(body):
    made = parse(body)
    assert isinstance(made, Channel)
    return made


def problems(body):
    with pytest.raises(InstrumentFormError) as caught:
        parse(body)
    assert isinstance(caught.value, InstrumentError)
    assert caught.value.check == "9"
    return {(problem.path, problem.expected, problem.got) for problem in caught.value.problems}


def paths(body):
    return {path for path, _, _ in problems(body)}


def test_agreement():
    body = agreement()
    made = parse(body)
    assert isinstance(made, Agreement)
    assert made.body == body
    assert made.digest == hashlib.sha256(body).hexdigest()
    assert made.parties == ("be", "ma")
    assert made.nature == "treaty"
    assert made.begins == from_iso("2025-03-01T00:00:00Z")
    assert made.ends is None
    assert made.states == {"be": "BE", "ma": "MA"}
    assert made.articles["7(1)"] == "Tracing of wanted persons"


def test_channel():
    made = parse(channel(AGREEMENT, {"wanted-trace": {"digest": "11" * 32, "acts": ["request"], "four_eyes": ["*"]}}))
    assert isinstance(made, Channel)
    assert made.agreement == AGREEMENT
    assert made.ends == from_iso("2028-01-01T00:00:00Z"), "the last day is included"
    assert made.sides["be"].levels == {"unclassified", "restricted"}
    assert made.sides["ma"].services == {"police": "police", "justice": "justice"}
    assert "request" in made.types["wanted-trace"].acts
    assert "reply" not in made.types["wanted-trace"].acts
    assert "reply" in made.types["wanted-trace"].four_eyes
    assert made.areas == {"criminal"}
    assert made.personal
    assert made.against(parse(agreement())) == ()


def test_other_party():
    made = parse(agreement())
    assert (made.other("be"), made.other("ma")) == ("ma", "be")
    with pytest.raises(InputError):
        made.other("fr")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body: json.dumps(json.loads(body), indent=1).encode(),
        lambda body: (
            json.dumps(json.loads(body), separators=(",", ":"), sort_keys=True).encode().replace(b"v", b"\\u0076")
        ),
        lambda body: body + b"\n",
        lambda body: b" " + body,
        lambda body: b"{" + b'"v":1,' + body[1:].replace(b',"v":1', b""),
    ],
)
def test_bytes_that_are_not_canonical_are_refused(spoil):
    assert "canonical JSON" in next(iter(problems(spoil(agreement()))))[1]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"v":1,"v":1}', b'{"v":1.5}', b"\xff", b'"text"'])
def test_bytes_that_are_no_strict_json_object_are_refused(body):
    assert {expected for _, expected, _ in problems(body)} == {"strict JSON"}


def test_too_long():
    assert next(iter(problems(b" " * (MAX_BYTES + 1))))[1] == f"at most {MAX_BYTES} bytes"


@pytest.mark.parametrize("kind", [None, "treaty", 7, ["agreement"], {}])
def test_unknown_kind(kind):
    assert problems(agreement(kind=kind)) == {("kind", "one of agreement, channel", repr(kind)[:80])}


def test_all_problems_of_form_are_listed_with_path_expected_and_got():
    body = agreement(
        v=2, nature="promise", signed="yesterday", extra=1, reference=None, in_force={"since": "2025-01-01"}
    )
    assert problems(body) == {
        ("v", "1, the version of this form", "2"),
        ("nature", "one of military, political-commitment, technical-arrangement, treaty", "'promise'"),
        ("signed", "a date like 2026-11-21", "'yesterday'"),
        ("reference", "a value", "nothing"),
        ("", "only the keys of this form", "'extra'"),
        ("in_force", "only the keys of this form", "'since'"),
    }


def test_an_error_message_says_all():
    with pytest.raises(InstrumentFormError) as caught:
        parse(agreement(v=2, nature="treaties"))
    assert "v: expected 1, the version of this form, got 2" in str(caught.value)
    assert "nature: expected one of military, " in str(caught.value)


@pytest.mark.parametrize(
    ("path", "overrides"),
    [
        ("parties", {"parties": ["be", "be"], "scope": {"be": {"state": "BE", "territory": "x"}, "ma": None}}),
        ("scope", {"scope": {"ma": None, "fr": {"state": "FR", "territory": "France"}}}),
        ("articles", {"articles": [{"number": "7", "subject": "a"}, {"number": "7", "subject": "b"}]}),
        ("in_force.until", {"in_force": {"until": "2025-02-28"}}),
        ("in_force.from", {"in_force": {"from": "2025-02-30"}}),
        ("in_force.from", {"signed": "2025-03-02"}),
        ("treaties", {"treaties": [{"title": "t", "reference": "r"}]}),
        ("treaties", {"nature": "technical-arrangement"}),
        ("supersedes", {"supersedes": "abc"}),
        ("title", {"title": "two\nlines"}),
        ("scope.be.state", {"scope": {"be": {"state": "Belgium"}}}),
    ],
)
def test_rules_of_an_agreement(path, overrides):
    assert path in paths(agreement(**overrides))


def test_natures_and_their_treaties():
    treaty = {"title": "Convention", "reference": "OJ 1", "digest": "aa" * 32}
    made = parse(agreement(nature="technical-arrangement", treaties=[treaty]))
    assert isinstance(made, Agreement)
    assert made.treaties[0].digest == "aa" * 32
    parse(agreement(nature="political-commitment", signed="2025-03-01"))
    parse(agreement(nature="military"))


SEARCH = {"purposes": ["criminal-investigation"], "categories": ["wanted"], "quota": {"burst": 500, "day": 9000}}


def side(**changes):
    return {"sides": {"be": changes}}


def transfer(party="be", **changes):
    return {"sides": {party: {"transfer": changes}}}


@pytest.mark.parametrize(
    ("path", "overrides"),
    [
        # 1: both parties everywhere
        ("sides", {"sides": {"ma": None, "fr": {**json.loads(channel(AGREEMENT))["sides"]["ma"]}}}),
        ("classification.ceiling", {"classification": {"ceiling": {"ma": None, "fr": "x"}}}),
        ("classification.levels.0", {"classification": {"levels": [{"be": "low", "fr": "x"}]}}),
        ("classification.ceiling", {"classification": {"ceiling": {"be": "confidential"}}}),
        (
            "classification.levels",
            {"classification": {"levels": [{"be": "restricted", "ma": "diffusion-restreinte"}] * 2}},
        ),
        # 2
        ("wall", {"nature": "military"}),
        # 3
        ("sides.be.services.agency", side(services={"agency": "intelligence"})),
        ("sides.be.services.army", side(services={"army": "military"})),
        ("sides.be.services.police", {"wall": "intelligence"}),
        ("sides.be.services", side(services={"police": None, "justice": None})),
        ("sides.be.services.spy", side(services={"spy": "other"})),
        # 4
        ("purposes.0", {"purposes": ["curiosity"]}),
        ("purposes", {"purposes": ["criminal-investigation", "return"]}),
        ("purposes", {"purposes": ["criminal-investigation", "visa"], "areas": {"visa": "migration"}}),
        ("areas", {"areas": {"criminal-investigation": "general"}}),
        ("areas", {"areas": {"visa": "migration"}}),
        ("wall", {"purposes": ["national-security"]}),
        ("sides.be.regime", side(regime="GDPR")),
        ("sides.ma.regime", {"purposes": ["return"]}),
        # 5
        ("nature", {"nature": "technical-arrangement"}),
        ("nature", {"nature": "political-commitment"}),
        ("categories", {"categories": []}),
        ("sides.be.transfer.ground", transfer(ground="none", article=None, reference=None)),
        ("sides.be.transfer.ground", transfer(ground="national-law", article=None)),
        ("sides.be.transfer.reference", transfer(reference=None)),
        ("sides.be.transfer.article", transfer(article=None)),
        ("sides.be.transfer.article", transfer(article="38(1)(a)")),
        ("sides.be.transfer.article", transfer(ground="adequacy")),
        ("sides.be.transfer.article", transfer(ground="derogation", article="38(1)(f)")),
        ("sides.be.transfer.article", transfer(article="46(2)(a)")),
        ("sides.be.transfer.test", transfer(ground="derogation", article="38(1)(d)")),
        ("sides.be.transfer.test", transfer(ground="derogation", article="38(1)(e)")),
        ("sides.ma.transfer.reference", transfer("ma", reference=None)),
        # 6
        ("valid.until", {"valid": {"until": "2025-12-31"}}),
        ("valid.until", {"valid": {"until": None}}),
        ("retention", {"retention": "two years"}),
        ("retention", {"retention": "PT"}),
        ("retention", {"retention": "P101Y"}),
        ("grace", {"grace": "P2Y"}),
        ("limits.entries", {"limits": {"entries": 0}}),
        ("lanes", {"lanes": []}),
        ("lanes.0", {"lanes": ["governance"]}),
        ("handling.0", {"handling": ["H4"]}),
        ("fields.0", {"fields": ["*"]}),
        ("agreement", {"agreement": "AA" * 32}),
        # 7
        ("search.purposes", {"search": SEARCH | {"purposes": ["extradition"]}}),
        ("search.purposes", {"search": SEARCH | {"purposes": []}}),
        ("search.categories", {"search": SEARCH | {"categories": ["suspect"]}, "categories": ["wanted"]}),
        ("search.categories", {"search": SEARCH | {"categories": []}}),
        *(
            ("search.categories.0", {"search": SEARCH | {"categories": [one]}, "categories": ["wanted", one]})
            for one in ("victim", "witness", "relative", "to-identify")
        ),
        ("search.quota.burst", {"search": SEARCH | {"quota": {"burst": 9, "day": 90}}}),
        ("search.quota.burst", {"search": SEARCH | {"quota": {"burst": 91, "day": 90}}}),
        ("search.quota", {"search": SEARCH | {"quota": None}}),
        ("search", {"search": SEARCH | {"secret": True}}),
    ],
)
def test_rules_of_a_channel(path, overrides):
    assert path in paths(channel(AGREEMENT, **overrides))


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("types.x.four_eyes", {"acts": ["request"], "four_eyes": ["reply"]}),
        ("types.x.magistrate", {"acts": ["request"], "magistrate": ["reply"]}),
        ("types.x.figures.remaining", {"figures": {"remaining": "P101Y"}}),
        ("types.x.figures.remaining", {"figures": {"remaining": "half a year"}}),
        ("types.x.deadlines.answer", {"deadlines": {"answer": "P11Y"}}),
        ("types.x.deadlines.answer", {"deadlines": {"answer": "soon"}}),
        ("types.x.acts", {"acts": []}),
        ("types.x.digest", {"digest": "11"}),
    ],
)
def test_rules_of_a_type_in_a_channel(path, entry):
    assert path in paths(channel(AGREEMENT, {"x": {"digest": "11" * 32} | entry}))


def test_several_rules_at_once():
    assert paths(channel(AGREEMENT, nature="military", retention="P101Y", purposes=["return", "prosecution"])) >= {
        "nature",
        "wall",
        "retention",
        "purposes",
        "sides.be.regime",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"ground": "adequacy", "article": "36"},
        {"article": "37(1)(b)"},
        {"ground": "derogation", "article": "38(1)(a)"},
        {"ground": "derogation", "article": "38(1)(d)", "test": "Register of transfers, no. 12"},
    ],
)
def test_grounds_for_transfer(change):
    made = parse(channel(AGREEMENT, **transfer(**change)))
    assert isinstance(made, Channel)
    assert made.sides["be"].transfer.article == change["article"]


def test_a_migration_channel():
    grounds = {"ground": "appropriate-safeguards", "article": "46(2)(a)", "reference": "Protocol"}
    sides = {
        "be": {"regime": "GDPR", "services": {"migration": "migration"}, "transfer": grounds},
        "ma": {"regime": "GDPR", "services": {"consulate": "migration"}},
    }
    made = parse(channel(AGREEMENT, purposes=["return", "identification-for-return"], sides=sides))
    assert isinstance(made, Channel)
    assert made.areas == {"migration"}


def test_what_may_be_searched():
    assert parsed(channel(AGREEMENT)).search is None, "nothing, unless both say so"
    made = parsed(channel(AGREEMENT, search=SEARCH)).search
    assert made == Search(
        purposes=frozenset({"criminal-investigation"}), categories=frozenset({"wanted"}), burst=500, day=9000
    )


@pytest.mark.parametrize("also", [[], ["training"]])
def test_under_migration_purposes_nothing_is_searched(also):
    """Not even for another purpose of the channel."""
    search = SEARCH | {"purposes": also or ["return"], "categories": ["wanted"]}
    changes = {"purposes": ["return", *also], "categories": ["wanted"]}
    parsed(migration_channel(AGREEMENT, TYPES, **changes))
    assert paths(migration_channel(AGREEMENT, TYPES, **changes, search=search)) == {"search"}


def test_an_intelligence_channel_without_personal_data_under_a_military_agreement():
    base = {"regime": "national-security", "services": {"police": None, "justice": None, "staff": "military"}}
    sides = {
        party: base | {"transfer": {"ground": "none", "article": None, "reference": None}} for party in ("be", "ma")
    }
    made = parse(
        channel(
            AGREEMENT,
            nature="military",
            wall="intelligence",
            purposes=["threat-assessment"],
            categories=[],
            fields=["body.*"],
            sides=sides,
        )
    )
    assert isinstance(made, Channel)
    assert not made.personal


def test_a_purpose_of_its_own():
    made = parse(channel(AGREEMENT, purposes=["cultural-property"], areas={"cultural-property": "criminal"}))
    assert isinstance(made, Channel)
    assert made.areas == {"criminal"}


@pytest.mark.parametrize(
    ("path", "overrides", "agreed"),
    [
        ("articles", {"articles": ["7(1)", "8"]}, {}),
        ("nature", {}, {"nature": "political-commitment"}),
        ("parties", {}, {"parties": ["be", "fr"]}),
        ("sides.ma.state", {}, {"scope": {"ma": {"state": "TN"}}}),
    ],
)
def test_a_channel_against_its_agreement(path, overrides, agreed):
    under = parse(agreement(**agreed))
    made = parse(channel(under.digest, **overrides))
    assert {problem.path for problem in made.against(under)} == {path}


def test_a_channel_against_what_is_not_its_agreement():
    made = parse(channel(AGREEMENT))
    assert [problem.path for problem in made.against(parse(agreement(title="Other")))] == ["agreement"]
    assert [problem.path for problem in made.against(made)] == ["agreement"]


def test_toml_and_json_files_make_the_canonical_bytes(tmp_path):
    body = agreement()
    (tmp_path / "a.json").write_text(json.dumps(json.loads(body), indent=2), "utf-8")
    assert from_file(tmp_path / "a.json").body == body
    (tmp_path / "a.toml").write_text(example("agreement"), "utf-8")
    made = from_file(str(tmp_path / "a.toml"))
    assert made == parse(made.body)
    assert made.body == canonical(json.loads(made.body))


def test_bare_dates_and_moments_in_toml():
    text = example("agreement").replace("from = 2025-03-01", "from = 2025-03-01T02:00:00+02:00")
    assert json.loads(from_toml(text).body)["in_force"] == {"from": "2025-03-01T00:00:00.000Z"}
    assert from_toml(text).begins == from_iso("2025-03-01T00:00:00Z")


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("from = 2025-03-01", "from = 2025-03-01T02:00:00", "in_force.from"),
        ("from = 2025-03-01", "from = 02:00:00", "in_force.from"),
        ("v = 1", "v = 1.0", "v"),
        ("v = 1", "v = ", ""),
        ('title = "', 'title = "\\u202e', ""),
    ],
)
def test_toml_that_is_refused(old, new, path):
    with pytest.raises(InstrumentFormError) as caught:
        from_toml(example("agreement").replace(old, new, 1))
    assert [problem.path for problem in caught.value.problems] == [path]


def test_values_that_json_does_not_have():
    with pytest.raises(InstrumentFormError):
        from_value({"v": 1, "kind": {1, 2}})


def test_files_that_cannot_be_read(tmp_path):
    (tmp_path / "a.yaml").write_text("v: 1")
    (tmp_path / "a.json").write_bytes(b"\xff")
    (tmp_path / "b.json").write_bytes(b"{")
    for name in ("a.yaml", "a.json", "missing.toml"):
        with pytest.raises(InputError):
            from_file(tmp_path / name)
    with pytest.raises(InstrumentFormError):
        from_file(Path(tmp_path / "b.json"))


def test_the_examples_fit_each_other():
    made = {name: from_toml(example(name)) for name in NAMES}
    for name in NAMES[1:]:
        assert made[name].against(made["agreement"]) == (), name
    with pytest.raises(NotFoundError):
        example("treaty")


@pytest.mark.parametrize("which", NAMES[1:])
def test_the_example_names_acts_and_deadlines_that_exist(which):
    made = from_toml(example(which))
    assert isinstance(made, Channel)
    catalogue = resources.files("passerelle.catalogue")
    for name, entry in made.types.items():
        kind = tomllib.loads(catalogue.joinpath(f"{name}.toml").read_text("utf-8"))
        assert entry.version == kind["version"]
        common = tomllib.loads(catalogue.joinpath("common.toml").read_text("utf-8"))["acts"]
        assert entry.four_eyes.names <= {*kind["acts"], *common}
        assert entry.deadlines.keys() <= kind.get("deadlines", {}).keys()


class Accreditation(Instrument, frozen=True, kw_only=True):
    officer: str


@pytest.fixture
def accreditation():
    """A third kind: data and a small class."""
    schema = {
        "properties": {
            "officer": {"$ref": "#/$defs/line"},
            "valid": {
                "type": "object",
                "required": ["from", "until"],
                "additionalProperties": {"$ref": "#/$defs/date"},
            },
        },
        "required": ["officer", "valid"],
    }

    def build(value, common, findings):
        begins, ends = window(value["valid"], "valid", findings)
        return Accreditation(**common, begins=begins, ends=ends, officer=value["officer"])

    register(Kind("accreditation", schema, build))
    yield {
        "v": 1,
        "kind": "accreditation",
        "title": "Liaison officer",
        "parties": ["be", "ma"],
        "officer": "be-041",
        "valid": {"from": "2026-01-01", "until": "2026-12-31"},
    }
    del KINDS["accreditation"]


def test_a_third_kind(accreditation):
    made = parse(canonical(accreditation))
    assert isinstance(made, Accreditation)
    assert made.officer == "be-041"
    assert paths(canonical(accreditation | {"valid": {"from": "2026-01-01", "until": "2025-01-01"}})) == {"valid.until"}
    assert paths(canonical(accreditation | {"rank": "major"})) == {""}


def test_a_kind_is_registered_once(accreditation):
    with pytest.raises(InputError):
        register(KINDS["accreditation"])


def test_types_of_the_sample():
    made = parse(channel(AGREEMENT))
    assert isinstance(made, Channel)
    assert {name: entry.digest for name, entry in made.types.items()} == TYPES
