"""Content rules that a type file names, and the second approver for offences of opinion."""

import re
from importlib import resources
from typing import Any

import pytest

from passerelle.dossiers import consistency, opinion
from passerelle.dossiers.check import Check
from passerelle.dossiers.checks import Apart, AsPerson, InOrder, OneOf, PublicAddress, Refers
from passerelle.dossiers.checks_impersonal import MARKS, Impersonal
from passerelle.dossiers.content import problems
from passerelle.dossiers.indexing import searchable
from passerelle.dossiers.reading import Common, Reader
from passerelle.dossiers.types import Catalogue, CatalogueError, DossierType
from tests.unit.dossiers import samples
from tests.unit.dossiers.samples import NOW, Content

SHIPPED = resources.files("passerelle.catalogue")
COMMON = Common(*((SHIPPED / name).read_bytes() for name in ("envelope.toml", "common.toml")))
LISTED = (SHIPPED / "listed-person.toml").read_text("utf-8").replace('name = "listed-person"', 'name = "sample"', 1)
CHARGE = 'charge = { type = "string", maxLength = 200, x-offence = true, x-labels = '
FOUR = '{ en = "Charge", fr = "Charge", nl = "Feit", ar = "التهمة" } }'
OPENING = "[acts.notice.body.properties]\n"


def read(*changes: tuple[str, str]) -> DossierType:
    text = LISTED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    kind = Reader(text.encode(), "sample.toml", COMMON).read()
    consistency.check(kind, "sample.toml")
    return kind


def found(check: Check, body: dict[str, Any] | None = None, **more: Any) -> list[str]:
    return [one.path for one in check.problems({"body": body or {}, **more})]


def test_of_some_fields_as_many_as_the_type_says() -> None:
    check = OneOf(fields=("consent", "order"))
    assert found(check, {"consent": 1}) == found(check, {"order": 1}) == []
    assert found(check, {}) == found(check, {"consent": 1, "order": 2}) == ["body"]
    assert found(OneOf(fields=("a", "b", "c"), least=0, most=2), {"a": 1, "b": 1}) == []


def test_days_stand_in_the_order_of_the_fields() -> None:
    check = InOrder(fields=("from_day", "to_day", "paid_on"))
    assert found(check, {"from_day": "2026-01-02", "paid_on": "2026-01-02"}) == []
    assert found(check, {"from_day": "2026-01-02", "to_day": "2026-01-01"}) == ["body.to_day"]
    assert found(check, {"from_day": "2026-01-02", "paid_on": "2026-01-01"}) == ["body.paid_on"]


def test_what_is_referred_to_is_there_and_is_there_once() -> None:
    check = Refers(keys=("body.scale.*", "subjects.*.key"), uses=("body.level", "body.parts.*.level"))
    body = {"scale": ["low", "high"], "level": "high", "parts": [{"level": "p1"}, {}]}
    assert found(check, body, subjects=[{"key": "p1"}]) == found(check, {}) == []
    assert found(check, body) == ["body.parts[0].level"]
    assert found(check, body | {"level": "middle"}, subjects=[{"key": "p1"}]) == ["body.level"]
    assert found(check, body, subjects=[{"key": "p1"}, {"key": "low"}]) == ["subjects[1].key"]


@pytest.mark.parametrize(
    ("check", "words"),
    [
        ('{ keys = ["body.list"], uses = [] }', "one way or more"),
        ('{ keys = ["body.lists"], uses = ["body.list"] }', "got body.lists"),
        ('{ keys = ["subjects.*.key"], uses = ["subjects"] }', "got subjects"),
    ],
)
def test_a_way_that_leads_nowhere_is_found_when_the_type_is_read(check: str, words: str) -> None:
    with pytest.raises(CatalogueError, match=words):
        read(("privileged = false\n", f"privileged = false\nchecks = [{{ refers = {check} }}]\n"))


def test_what_the_body_says_of_a_person_is_all_that_the_person_has() -> None:
    check = AsPerson(fields=("nationality", "others"), of="nationalities")
    body = {"nationality": "MA", "others": ["FR"]}
    assert found(check, body, subjects=[{"nationalities": ["FR", "MA"]}]) == []
    assert found(check, {"nationality": "MA"}, subjects=[{"nationalities": ["MA"]}]) == []
    for person in ({}, {"nationalities": ["MA"]}, {"nationalities": ["BE", "FR", "MA"]}):
        assert found(check, body, subjects=[{"nationalities": ["MA", "FR"]}, person]) == ["subjects[1].nationalities"]


def test_persons_of_different_groups_never_stand_in_one_act() -> None:
    check = Apart(categories=(("victim", "witness"), ("suspect",)))
    victim, suspect, other = ({"key": f"p{n}", "category": c} for n, c in enumerate(("victim", "suspect", "contact")))
    assert found(check, subjects=[victim, other]) == found(check, subjects=[suspect, other]) == []
    assert found(check, subjects=[victim, suspect]) == ["subjects"]
    about = [{"about": ["p0", "p1"]}]
    assert found(check, subjects=[victim], statements=about) == ["statements[0].about[1]"], "of another act"


@pytest.mark.parametrize(
    "text",
    [
        "write to a.b@example.org",
        "call +32 470 12 34 56",
        "call 00212 6 12 34 56 78",
        "number 86.03.14-000.00",
        "account BE68 5390 0754 7034",
        "P<MARELAMRAOUI<<YOUSSEF<<<<<<<<<<<<<<<<<<<<<<",
        "passport no. ZX0000017",
        "جواز رقم AB123456",
        "carte d'identité n° 5921234",
        "né le 3 mai 1990",
        "geboren op 3 mei 1990",
        "مزداد سنة ١٩٩٠",
        "met Mr El Amraoui twice",
        "Mme Bennani",
        "de heer Peeters",
        "السيد العمراوي",
        "السيّد كريم",
        "للسيدة بناني",
        "M. Dupont",
        "MR DUPONT",
        "dhr. Janssens",
        "mevr. Peeters",
        "mw. De Smet",
        "Dr. El Fassi",
        "Maître Dupont",
        "ma\u00eetre Dupont",
        "Mai\u0302tre Dupont",
        "Mr\u00ad Dupont",
        "madame Bennani",
        "0470 12 34 56",
        "0661-123456",
        "02/123.45.67",
        "06 61 12 34 56",
        "٠٦٦١١٢٣٤٥٦",
        "79031400123",
        "79.03.14-001.23",
        "AB123456",
        "CIN AB 12345",
        "born 3 March 1980",
        "né 3 mars 1980",
    ],
)
def test_a_mark_of_a_person_is_found_in_an_impersonal_text(text: str) -> None:
    content = {"necessity": "-", "body": {"phenomenon": {"note": f"It is said: {text}."}}}
    [problem] = Impersonal().problems(content)
    assert problem.path == "body.phenomenon.note"
    assert text not in str(problem)


@pytest.mark.parametrize(
    "text",
    [
        "Level 3 of 5 since 2026-11-21, 12:30; 1 200 000 EUR seized in 14 operations, +18 % on 2025",
        "c" * 64,
        "نشاط متزايد في المنطقة منذ سنة 2026",
        "Directive (EU) 2016/680, articles 35 to 38; UNSCR 2178 (2014)",
        "Les passeports perdus : 12 500 en 2025",
        "Du 01.02.2026 12:30 au 03/02/2026, 12 000 000 000 EUR ou 12000000000 MAD",
        "Il ne le fera pas avant 2026 ; M. le ministre et Madame la Ministre",
        "CVE-2026-12345, dossier 2026-0470123456, 0,1234567890",
        "Le directeur de la formation, Me voici",
    ],
)
def test_what_is_about_nobody_is_left_alone(text: str) -> None:
    assert list(Impersonal().problems({"necessity": text, "body": {}})) == []


def test_looking_for_persons_costs_as_much_as_a_text_is_long() -> None:
    """No pattern repeats without end, and none looks again from the middle of a long run."""
    for what, pattern in MARKS:
        plain = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "x", pattern)
        assert not re.search(r"[*+]|\{\d*,\}", plain), what
        assert all(int(most) <= 64 for most in re.findall(r"\{(?:\d+,)?(\d+)\}", plain)), what
    for text in ("1" * 20_000, "a" * 20_000, "A<" * 10_000, "0 " * 10_000, "السيد" * 4_000):
        list(Impersonal().problems({"necessity": text, "body": {}}))


def test_the_id_of_a_message_is_no_telephone_number() -> None:
    assert list(Impersonal().problems({"body": {"message": "01a20200-0032-7475-8137-913041864177"}})) == []
    assert list(Impersonal().problems({"necessity": "Appeler le 0032 474 58 13 79", "body": {}}))


def test_a_web_address_is_one_that_everybody_can_open() -> None:
    check = PublicAddress(fields=("url",))
    for good in (
        "https://www.example.org/a?b=1#c",
        "http://video.example.ma:8080/x",
        "https://8.8.8.8/",
        "https://t.me/s/channel/12",
        "https://example.org/watch?v=token&monkey=1",
        "https://مثال.example/",
    ):
        assert found(check, {"url": good}) == [], good
    for bad in (
        "ftp://example.org/a",
        "https://user:secret@example.org/",
        "https://localhost/",
        "https://10.0.0.7/",
        "https://[::1]/",
        "https://printer.local/",
        "https://example.org:99999999/",
        "javascript:alert(1)",
        "example.org/a",
        "https://exa mple.org/",
        "https:///a",
        "https://t.me/+AbCdEf123",
        "https://T.me/%2BAbCdEf123",
        "https://t.me/joinchat/AbC",
        "https://t.me/c/1234567/8",
        "https://chat.whatsapp.com/AbCdEf",
        "https://discord.gg/abc",
        "https://example.org/v?id=7&token=secret",
        "https://example.org/v?access_token=secret",
        "https://example.org/v?X-Amz-Signature=ab12",
        "https://example.org/v#session_id=ab12",
        "http://printer.corp/",
        "http://example.com:0/",
    ):
        assert found(check, {"url": bad}) == ["body.url"], bad
    assert found(check, {"url": ["https://example.org/", "file:///etc"]}) == ["body.url[1]"]
    assert found(check, {}) == []


def test_acts_and_contacts_may_be_left_out_of_it() -> None:
    check = Impersonal(but=("named",), contacts=("contact",))
    says = {"necessity": "-", "body": {"contact": "Mr Janssens", "note": "Mr Peeters"}}
    assert [one.path for one in check.problems({"act": "told", **says})] == ["body.note"]
    assert list(check.problems({"act": "named", **says})) == []


def test_a_check_of_the_type_holds_for_every_act_and_comes_with_9() -> None:
    kind = read(('version = "1.0"', 'version = "1.0"\nchecks = [{ impersonal = {} }]'))
    assert all(act.checks == (Impersonal(),) for act in kind.acts.values())
    content = samples.act("listed-person", "acknowledge", necessity="Mr Janssens asked", type="sample")
    assert [one.path for one in problems(content, kind, now=NOW)] == ["necessity"]


@pytest.mark.parametrize(
    ("checks", "where", "said"),
    [
        ("[{ wise = {} }]", "acts.notice.checks[0]", "one check of: "),
        (
            "[{ one_of = { fields = ['list', 'entry'], often = 2 } }]",
            "acts.notice.checks[0].one_of.often",
            "a known key",
        ),
        ("[{ one_of = { fields = ['list'] } }]", "acts.notice.checks", "two fields or more"),
        ("[{ in_order = { fields = ['list', 'date'] } }]", "acts.notice.checks", "got date"),
        ("[{ as_person = { fields = ['list'], of = 'names' } }]", "acts.notice.checks", "of: nationalities"),
        ("[{ apart = { categories = [['listed'], ['listed']] } }]", "acts.notice.checks", "two groups"),
        ("[{ impersonal = { except = ['notices'] } }]", "acts.notice.checks", "got notices"),
        ("[{ impersonal = { contacts = ['phone'] } }]", "acts.notice.checks", "got phone"),
    ],
)
def test_a_check_that_cannot_be_is_refused_at_load(checks: str, where: str, said: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read(("[acts.notice]\n", f"[acts.notice]\nchecks = {checks}\n"))
    assert caught.value.path == where
    assert said in str(caught.value)


def charged(charge: str, **eyes: str) -> tuple[Content, DossierType]:
    kind = read((OPENING, f"{OPENING}{CHARGE}{FOUR}\n"))
    content = samples.listed_notice(type="sample")
    content["body"] = {**content["body"], "charge": charge}
    content["four_eyes"] = {**content["four_eyes"], **eyes}
    return content, kind


@pytest.mark.parametrize(
    "charge",
    [
        "Criminal defamation of an official",
        "Outrage envers un corps constitué",
        "Godslastering",
        "إهانة هيئة منظمة",
        "LESE MAJESTE",
        "In\u00adsult of the king",
        "Offense au Roi",
        "Atteinte à la personne du Roi",
        "Calomnie",
        "Taking part in an unauthorized demonstration",
        "Spreading false information",
        "Diffusion d'allégations mensongères",
        "Eerroof",
        "Opruiing",
        "الردة",
        "جريمه الرده",
        "نشر ادعاءات كاذبة",
        "بث ادعاءات كاذبه",
        "التظاهر غير المرخص به",
    ],
)
def test_an_offence_of_opinion_needs_a_second_approver(charge: str) -> None:
    content, kind = charged(charge)
    assert opinion.found(content, kind) == ("body.charge",)
    assert [one.path for one in problems(content, kind, now=NOW)] == ["four_eyes.second"]
    content, kind = charged(charge, second="be-009")
    assert problems(content, kind, now=NOW) == ()


def test_the_second_approver_is_a_third_person() -> None:
    for name in ("author", "releaser"):
        content, kind = charged("Apologie du terrorisme")
        content["four_eyes"]["second"] = content["four_eyes"][name]
        assert [one.path for one in problems(content, kind, now=NOW)] == ["four_eyes.second"]


def test_what_names_one_is_never_released_by_its_author_alone() -> None:
    content, kind = charged("Apologie du terrorisme", second="be-009")
    content["four_eyes"]["releaser"] = content["four_eyes"]["author"]
    assert [one.path for one in problems(content, kind, now=NOW)] == ["four_eyes.releaser"]


def test_other_offences_need_none() -> None:
    for charge in ("Trafic de stupéfiants en association", "Doodslag", "الاتجار الدولي في المخدرات", "Armed robbery"):
        content, kind = charged(charge)
        assert opinion.found(content, kind) == ()
        assert problems(content, kind, now=NOW) == ()


def test_relatives_victims_witnesses_and_minors_stand_in_no_index() -> None:
    for kind in Catalogue.load():
        assert not kind.indexed & {"relative", "victim", "witness"}, kind.name
    kind = Catalogue.load().types["wanted-trace"]
    assert searchable(kind, samples.YOUSSEF)
    for minor in ("yes", "doubt"):
        assert not searchable(kind, {**samples.YOUSSEF, "minor": minor})
    assert not searchable(kind, {**samples.YOUSSEF, "category": "contact"})
    assert not searchable(Catalogue.load().types["identification"], samples.SALMA)


def test_a_type_cannot_open_an_index_to_them() -> None:
    for words in ('["listed", "victim"]', '["suspect"]'):
        with pytest.raises(CatalogueError) as caught:
            read(('indexed = ["listed"]', f"indexed = {words}"))
        assert caught.value.path == "indexed"
