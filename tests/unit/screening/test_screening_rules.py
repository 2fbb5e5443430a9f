"""What must be named before travellers are screened, and whose figures hold."""

import json

import msgspec
import pytest

from passerelle.cli.screening import LINKS
from passerelle.core.clock import from_iso
from passerelle.core.errors import InputError, StateError
from passerelle.core.json import canonical
from passerelle.instruments.model import digest_of
from passerelle.ports.records import INSTRUMENTS
from passerelle.ports.screening import RUNS
from passerelle.screening import lists, rules
from tests.peers.pair import CATALOGUE
from tests.unit.instruments import samples as texts
from tests.unit.screening.desk import ASKED, WANTED, Counter

KIND = CATALOGUE.types[rules.TYPE]
DAY = 86_400_000


@pytest.fixture
def desk(tmp_path):
    made = Counter(tmp_path)
    made.take(WANTED)
    return made


def asked(**changes):
    return msgspec.structs.replace(ASKED, **changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"link": ""}, "--link: expected one of aimed-at-transport, by-means-of-travel, .* got ''"),
        ({"link": "suspicion"}, "--link: expected one of aimed-at-transport, .*, got 'suspicion'"),
        (
            {"journey": ""},
            "--journey: expected the journey in words, or a passengers' message that says it, got neither",
        ),
        ({"offence": ""}, "--offence: expected one line of 1 to 200 characters, got ''"),
        ({"offence": "Carrying a\nknife"}, "--offence: expected one line"),
        (
            {"offence": "All Muslims"},
            "--offence: expected no word of origin or religion, which are no criterion, got one",
        ),
        ({"journey": "vol des Maghrébins"}, "--journey: expected no word of origin or religion"),
        ({"journey": "رحلة المسلمين"}, "--journey: expected no word of origin or religion"),
        ({"offence": "Defamation"}, "--offence: expected an offence that is not one of opinion, got one"),
        ({"purpose": "tourism"}, "--purpose: expected one of prevention, .* got 'tourism'"),
        ({"purpose": "return"}, "--purpose: expected one for criminal or security purposes, .* got return"),
        (
            {"purpose": "national-security"},
            "--purpose: expected a criminal one, as list watch has, got national-security",
        ),
        ({"channel": "f" * 64}, "--channel: expected a channel in force with the type border-data, got ffffffffffff"),
    ],
)
def test_nobody_is_looked_up_without_what_must_be_named(desk, changes, words):
    with pytest.raises((InputError, StateError), match=words):
        desk.screen(asked=asked(**changes))
    assert desk.read(lambda tx: tx.count(RUNS)) == 0
    assert desk.audits("list.screened") == []


def test_what_was_named_is_written_down_before_anybody_is_looked_up(desk):
    def travellers():
        [record] = desk.audits("list.screened")
        assert {key: record[key] for key in ("link", "offence", "journey", "purpose", "list", "who")} == {
            "link": ASKED.link,
            "offence": ASKED.offence,
            "journey": ASKED.journey,
            "purpose": "counter-terrorism",
            "list": "watch",
            "who": "ann",
        }
        yield WANTED[0]

    assert desk.screen(travellers(), asked(purpose="counter-terrorism")).purpose == "counter-terrorism"


def test_the_links_are_those_of_the_type():
    assert LINKS.split("|") == list(rules.links(KIND))


def test_a_list_for_return_is_screened_by_nobody(desk):
    desk.take(WANTED, name="return", purpose="return")
    row = desk.read(lambda tx: lists.find(tx, "return"))
    with pytest.raises(InputError, match="for which travellers are screened, got return"):
        rules.checked(ASKED, row, KIND)


def test_without_a_channel_the_figures_of_the_type_hold(desk):
    assert desk.read(lambda tx: rules.times(tx, desk.ctx, KIND, "")) == rules.Times("PT24H", "P1Y")


def channel(agreement, **figures):
    kinds = {rules.TYPE: {"digest": KIND.digest, "version": str(KIND.version), "acts": ["*"], "deadlines": figures}}
    return texts.channel(agreement, kinds)


def test_the_signed_channel_replaces_the_figures(desk):
    agreement = texts.agreement()
    digest = digest_of(agreement)
    long = channel(digest, **{rules.ERASURE: "PT36H"})
    short = json.loads(channel(digest, **{rules.ERASURE: "PT6H"})) | {"retention": "P6M", "title": "Ports"}
    bodies = [agreement, long, canonical(short)]
    desk.ctx.store.write("test", lambda tx: tx.add(INSTRUMENTS, [texts.signed(body) for body in bodies]))
    # Named, a channel's own figure holds, longer or shorter; confirmed hits never stay longer than it lets a message.
    assert desk.read(lambda tx: rules.times(tx, desk.ctx, KIND, digest_of(long))) == rules.Times("PT36H", "P1Y")
    assert desk.read(lambda tx: rules.times(tx, desk.ctx, KIND, digest_of(bodies[2]))) == rules.Times("PT6H", "P6M")
    # Not named, the shortest of all in force.
    assert desk.read(lambda tx: rules.times(tx, desk.ctx, KIND, "")) == rules.Times("PT6H", "P6M")
    run = desk.screen(asked=asked(channel=digest_of(long)))
    assert run.expires - run.begun == DAY * 3 // 2
    desk.clock.time = from_iso("2030-01-01T00:00:00Z")  # both have ended
    assert desk.read(lambda tx: rules.times(tx, desk.ctx, KIND, "")) == rules.Times("PT24H", "P1Y")
