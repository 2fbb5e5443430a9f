"""Texts are found where persons read them, and the templates of what is retold know their own texts again."""

import pytest

from passerelle.core.retold import Template
from passerelle.core.words import ERRORS, fields_of
from tools.words.find import Found, WrongError, all_texts, texts_of

TEXTS = all_texts()
TEMPLATES = [Template(one.text, one.text) for one in TEXTS if one.context == ERRORS]


def found(code, *, door=False):
    return {one for one, _line in texts_of(code, "sample.py", door=door)}


def test_marked_texts():
    code = """
_("draft {draft} " "waits", draft=1)
CONSTANT = N_("open")
n_("{count} message", "{count} messages", 2)
_(CONSTANT)
"""
    assert found(code) == {
        Found(None, "draft {draft} waits"),
        Found(None, "open"),
        Found(None, "{count} message", "{count} messages"),
    }


def test_a_text_that_no_catalogue_can_hold():
    with pytest.raises(WrongError, match=r"sample.py:1: expected a text with named fields in _\(\), got an f-string"):
        found('_(f"draft {draft} waits")')
    with pytest.raises(WrongError, match=r"expected a text in n_"):
        found("n_(one, many, 2)")


def test_what_a_door_shows():
    code = '''
"""The module."""
Lane = Annotated[str, typer.Option("--lane", metavar="LANE", help="The lane.", show_default="the only one")]
KEYS = ("next_try", "reason")

def register(app):
    link = group(app, "link", "Links.")
    command(link, "list", "link list /srv/be")(list_all)

def list_all(folder):
    """List the logs.

    All of them.
    """
    screen.table(KEYS, rows, "no log")
    screen.fields([("dossier", 1), ("own reference", 2)])

def helper():
    """Nobody reads this."""
'''
    texts = {one.text for one in found(code, door=True)}
    assert texts == {
        "The lane.", "the only one", "Links.", "List the logs.\n\nAll of them.", "next try", "reason", "no log",
        "dossier", "own reference",
    }  # fmt: skip


def test_what_is_retold():
    code = """
def work(one, many):
    raise InputError(f"expected {one.name} of {', '.join(many)}, got {len(many)} of {one.name!r} {{so}}")
    raise self.fail(f"{path}.rank", "0 to 99", str(rank) if rank else "nothing")
    raise TypeError("a mistake of ours")
    tx.alarm(tx, ctx, "what", partner, "look at " + partner)
    words = f"message {one} was not sent: {two}" if one else "expected more"
"""
    texts = {one.text for one in found(code) if one.context == ERRORS}
    assert texts == {
        "expected {name} of {many}, got {number} of {name2} {{so}}",
        "0 to 99",
        "nothing",
        "look at {partner}",
        "expected more",
    }


def test_every_text_has_its_fields():
    for one in TEXTS:
        names = fields_of(one.text)
        if one.context == ERRORS:
            assert len(set(names)) == len(names), one


def test_the_source_has_texts_of_all_kinds():
    texts = {(one.context, one.text) for one in TEXTS}
    assert (None, "Links: the logs of both directions and what holds them up.") in texts
    assert (None, "Title") in texts
    assert (ERRORS, "expected an open alarm, got one that is {status}") in texts
    assert len(TEMPLATES) > 400


def test_a_template_knows_its_own_text_again():
    for one in TEMPLATES:
        said = one.text.format_map({name: f"v{place}" for place, name in enumerate(one.names)})
        fitting = [(other, fields) for other in TEMPLATES if (fields := other.match(said)) is not None]
        best, fields = max(fitting, key=lambda found: found[0].weight)
        assert best.fill(fields) == said
        # Another may say the same words about other fields; none may take words of this one for a field of its own.
        assert best.weight == one.weight, (best.text, one.text)
