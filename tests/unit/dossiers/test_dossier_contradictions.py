"""Types that contradict themselves do not load, and say why: one thing is broken in a file that is right."""

import re

import pytest

from passerelle.core.words import _, speaking
from passerelle.dossiers.common import Common
from passerelle.dossiers.consistency import check
from passerelle.dossiers.reading import Reader
from passerelle.dossiers.schema import CatalogueError
from passerelle.dossiers.shapes import LANGUAGES, DossierType, Language
from passerelle.dossiers.timeline import describe
from passerelle.dossiers.ways import reachable
from tests.unit.dossiers.made import WAYS, L, text
from tests.unit.dossiers.test_dossier_catalogue import SHIPPED

COMMON = Common(*((SHIPPED / name).read_bytes() for name in ("envelope.toml", "common.toml")))
RIGHT = text()
WAY = 'rules = [{ names = { act = ["seen"], where = { sure = [true] } } }]'
ORDER = 'order = ["clear", "green", "red"]'
LIMBO = f"""
[states.limbo]
status = "open"
labels = {L}
help = {L}
"""

# What stands there, what is put instead, the path of the refusal, and a part of what was expected and found.
BROKEN = {
    "way of a message that the act does not name": (
        '[acts.share]\nby = "either"\nrank = 40\n' + WAYS,
        '[acts.share]\nby = "either"\nrank = 40\n' + WAYS.replace(" }]", ', names = ["seen"] }]'),
        "acts.share.transitions[0].names",
        "an act that refers to a message, got share",
    ),
    "way of a message of an act that there is not": (
        WAYS,
        WAYS.replace(" }]", ', names = ["sene"] }]'),
        "acts.follow.transitions[0].names",
        "got sene",
    ),
    "state nobody comes to": (
        "[grounds]",
        LIMBO + "[grounds]",
        "states.limbo",
        "a state that an act leads to, got none leads there",
    ),
    "deadline without owner": (
        '[deadlines.before]\nowner = "opener"',
        "[deadlines.before]",
        "deadlines.before.owner",
        "a value, got nothing",
    ),
    "label of a figure missing": (f'"P6M"\nlabels = {L}', '"P6M"', "figures.remaining.labels", "a value, got nothing"),
    "label of a figure empty": (
        f'"P6M"\nlabels = {L}',
        '"P6M"\nlabels = { en = "x", fr = "x", nl = "", ar = "x" }',
        "figures.remaining.labels.nl",
        "a label, got nothing",
    ),
    "label of an act empty": ('en = "Seen"', 'en = " "', "acts.seen.labels.en", "a label, got nothing"),
    "help of a state empty": (
        'en = "The person is no longer on the list; the data are erased."',
        'en = ""',
        "states.delisted.help.en",
        "a label, got nothing",
    ),
    "label of a ground empty": (
        'en = "Not on the list named"',
        'en = ""',
        "grounds.not-on-list.en",
        "a label, got nothing",
    ),
    "label of a deadline empty": (
        'en = "Erasure after delisting"',
        'en = ""',
        "deadlines.deletion.labels.en",
        "a label",
    ),
    "unknown rule": (WAY, WAY.replace("names", "knows"), "acts.follow.rules[0]", "one rule of: requires_before"),
    "rule of acts at a transition": (
        'to = "@same" }]\nlabels',
        'to = "@same", ' + WAY + " }]\nlabels",
        "acts.follow.transitions[0].rules[0]",
        "one rule of: requires_before, by_author_of, got names",
    ),
    "unknown content rule": (
        'by = "either"\nrank = 40',
        'by = "either"\nchecks = [{ sensible = {} }]\nrank = 40',
        "acts.follow.checks[0]",
        "got sensible",
    ),
    "act nobody can reach": (
        '"in-charge", "answered"], to = "answered"',
        '"withdrawn"], to = "answered", crossing = true',
        "acts.seen",
        "an act that nobody can do",
    ),
    "act that waits for itself": (
        WAY,
        'rules = [{ requires_before = { act = ["follow"] } }]',
        "acts.follow",
        "an act that nobody can do",
    ),
    "rule on no message": (
        'required = ["message"]\n[acts.follow.body.properties]',
        "[acts.follow.body.properties]",
        "acts.follow.body.required",
        "message, since a rule looks at it, got none",
    ),
    "named act that is not there": (WAY, WAY.replace("seen", "saw"), "acts.follow.rules", "got saw"),
    "named word that cannot be": (WAY, WAY.replace("[true]", '["yes"]'), "acts.follow.rules.where.sure", "got yes"),
    "order that leaves out a word": (
        ORDER,
        'order = ["clear", "red"]',
        "acts.share.rules.order",
        "each once of clear, green, red, got clear, red",
    ),
    "order of a word that cannot be": (
        ORDER,
        'order = ["clear", "green", "amber"]',
        "acts.share.rules.where.mark",
        "got amber",
    ),
    "order of no field": ('field = "mark"', 'field = "tlp"', "acts.share.rules.where", "one of mark, got tlp"),
    "counted back from no day": (
        'since = "day"\n',
        "",
        "deadlines.before.since",
        "the day from which it is counted back, got nothing",
    ),
    "counted back from another field": (
        'since = "day"',
        'since = "hour"',
        "deadlines.before.since",
        "a day in the body of plan, got hour",
    ),
    "counted back by the clock": ('"P21D"', '"PT48H"', "deadlines.before.duration.standard", "by days, to be counted"),
    "most that is counted back by the clock": (
        "back = true",
        'back = true\nmost = "PT48H"',
        "deadlines.before.duration.most",
        "got PT48H",
    ),
    "figure nobody uses": (
        'figures = [{ field = "left", at_least = "remaining" }]\n',
        "",
        "figures.remaining",
        "an act that looks at it, got none",
    ),
    "figure that is not there": ('at_least = "remaining"', 'at_least = "rest"', "acts.notice.figures[0]", "got rest"),
    "figure for no field": ('field = "left"', 'field = "rest"', "acts.notice.figures[0].field", "got rest"),
    "figure for a field that is no period": (
        'field = "left"',
        'field = "number"',
        "acts.notice.figures[0].field",
        "a field of the form #/$defs/duration, got number",
    ),
    "figure held against nothing": (
        'field = "left", at_least = "remaining"',
        'field = "left"',
        "acts.notice.figures[0]",
        "at_least or at_most, got neither",
    ),
    "figure that is no period": ('duration = "P6M"', 'duration = "6 months"', "figures.remaining.duration", "ISO 8601"),
    "unknown kind of service": ('services = ["police"]', 'services = ["navy"]', "services", "got navy"),
    "review of what a magistrate releases": (
        "judicial = true",
        'judicial = true\nlanes = ["routine", "flash"]\nreview = "PT24H"',
        "acts.plan.review",
        "none, since a magistrate releases it",
    ),
}


def read(file: str) -> DossierType:
    kind = Reader(file.encode(), "sample.toml", COMMON).read()
    check(kind, "sample.toml")
    return kind


def test_the_file_is_right() -> None:
    kind = read(RIGHT)
    assert kind.acts["plan"].judicial
    assert kind.acts["plan"].magistrate
    assert kind.acts["plan"].four_eyes
    assert kind.deadlines["before"].back
    assert kind.deadlines["before"].anew
    assert kind.services == {"police"}
    assert kind.figures["remaining"].duration == "P6M"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_description_says_it_in_words(language: Language) -> None:
    told = describe(read(RIGHT), language)
    with speaking(language):
        for words in (
            _("Only between services of these kinds: {services}", services=_("police")),
            _("Figures of the treaty; the channel replaces them"),
            _("written by another magistrate"),
            _("begins anew when that day is moved"),
        ):
            assert words in told
    assert "P6M" in told
    assert "P21D" in told
    if language == "en":
        assert "before the day in the act, counted back" in told
        assert "Only between services of these kinds: police" in told


@pytest.mark.parametrize("name", BROKEN)
def test_what_contradicts_itself_does_not_load_and_says_why(name: str) -> None:
    old, new, path, words = BROKEN[name]
    assert old in RIGHT
    with pytest.raises(CatalogueError, match=re.escape(words)) as caught:
        read(RIGHT.replace(old, new, 1))
    assert caught.value.path == path
    assert caught.value.file == "sample.toml"


def test_an_open_state_without_exit_does_not_load() -> None:
    """Limbo is entered by `follow`; closing, withdrawing and delisting no longer lead out of it."""
    known = '["opened", "in-charge", "answered", "suspended"]'
    held = RIGHT.replace('to = "@same"', 'to = "limbo"', 1)
    held = held.replace('from = ["@open"], to = "delisted"', f'from = {known}, to = "delisted"')
    closing = f'[acts.close]\ncommon = true\ntransitions = [{{ from = {known}, to = "closed" }}]\n'
    withdrawing = '[acts.withdraw]\ncommon = true\ntransitions = [{ from = ["@any"], to = "@same" }]\n'
    with pytest.raises(CatalogueError, match="a way to an ended state, since it is open, got no exit") as caught:
        read(held + LIMBO + closing + withdrawing)
    assert caught.value.path == "states.limbo"
    assert "limbo" not in reachable(read(RIGHT), "")


def test_a_dossier_that_opens_elsewhere_has_no_common_state_to_go_back_to() -> None:
    """No way leads to `opened`, from which `suspend` could be taken back: it is none of this type's states."""
    stuck = f'\n[states.stuck]\nstatus = "open"\nlabels = {L}\nhelp = {L}\n'
    text = RIGHT.replace('from = ["@none"], to = "opened"', 'from = ["@none"], to = "stuck"', 1)
    assert text != RIGHT
    known = '["in-charge", "answered", "suspended"]'
    text = text.replace('from = ["@open"]', f"from = {known}")
    text += f'\n[acts.close]\ncommon = true\ntransitions = [{{ from = {known}, to = "closed" }}]\n'
    text += '\n[acts.suspend]\ncommon = true\ntransitions = [{ from = ["opened", "stuck"], to = "suspended" }]\n'
    text += '\n[acts.resume]\ncommon = true\ntransitions = [{ from = ["stuck", "suspended"], to = "@back" }]\n'
    text += '\n[acts.withdraw]\ncommon = true\ntransitions = [{ from = ["@any"], to = "@same" }]\n'
    kind = read(text + stuck)
    assert "opened" not in kind.states
    assert "suspended" in reachable(kind, "stuck") <= kind.states.keys()
    held = text.replace('["opened", "stuck"]', '["opened", "in-charge"]').replace(
        '["stuck", "suspended"]', '["suspended"]'
    )
    with pytest.raises(CatalogueError) as caught:
        read(held + stuck)
    assert ("states.stuck", "no exit") in [(one.path, one.got) for one in (caught.value, *caught.value.others)]


def test_no_type_takes_from_a_common_act_that_its_message_must_be_untainted() -> None:
    lifted = RIGHT + "\n[acts.ask-onward]\ncommon = true\nrules = []\n"
    assert read(lifted).acts["ask-onward"].rules == read(RIGHT).acts["ask-onward"].rules
    with pytest.raises(CatalogueError) as caught:
        read(RIGHT + "\n[acts.ask-onward]\ncommon = true\nuntainted = {}\n")
    assert caught.value.path == "acts.ask-onward.untainted"
