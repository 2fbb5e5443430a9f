"""The closed list of relations: four languages, and nothing that contradicts itself is read."""

import tomllib
from importlib import resources

import pytest

from passerelle.dossiers import relations
from passerelle.dossiers.schema import CatalogueError
from passerelle.dossiers.types import LANGUAGES, Catalogue

TEXT = (resources.files("passerelle.catalogue") / relations.FILE).read_text("utf-8")


def test_every_kind_and_thing_has_four_languages_that_differ_from_each_other():
    for kind in relations.kinds().values():
        for labels in (kind.labels, kind.help, kind.back):
            if labels is not None:
                assert len({labels.text(one) for one in LANGUAGES}) == len(LANGUAGES)
    assert all(labels.text(one) for labels in relations.shipped().things.values() for one in LANGUAGES)


def test_what_relations_follow_are_common_acts_of_every_type_that_has_them():
    follows = relations.shipped().follows
    names = {*follows.ends, *follows.again, *follows.bars, follows.question, follows.answer}
    common = set(tomllib.loads((resources.files("passerelle.catalogue") / "common.toml").read_text("utf-8"))["acts"])
    assert names <= common
    for kind in Catalogue.load():
        for name in follows.ends:
            assert name not in kind.acts or kind.acts[name].revokes, (kind.name, name)


def test_which_are_symmetric_and_which_deny_each_other():
    kinds = relations.kinds()
    assert {name for name, one in kinds.items() if not one.symmetric} == {
        "member-of",
        "leads",
        "uses",
        "finances",
        "part-of",
    }
    assert {(name, one.denies) for name, one in kinds.items() if one.denies} == {
        ("same-person", "not-same-person"),
        ("not-same-person", "same-person"),
    }


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'denies = "not-same-person"',
            'denies = "contact-of"',
            "kinds.same-person.denies: expected a kind that denies",
        ),
        ('things = ["group", "company"]\n', "", "kinds.member-of.things: expected kinds of things"),
        ('"vehicle", "telephone"', '"boat", "telephone"', "kinds.uses.things: expected one of group"),
        ('[kinds.contact-of]\none = ["person"]', "[kinds.contact-of]\none = []", "kinds.contact-of: expected what may"),
        ('[kinds.contact-of]\none = ["person"]', '[kinds.contact-of]\none = ["dossier"]', "kinds.contact-of.back"),
        ('[kinds.contact-of]\none = ["person"]', '[kinds.contact-of]\none = ["boat"]', "file: expected the form"),
        ('group = { en = "group", ', "group = { ", "file: expected the form"),
        ("\n[things]\n", "\n[things\n", "file: expected the form"),
    ],
)
def test_a_file_that_contradicts_itself_is_not_read(old, new, words):
    assert old in TEXT
    with pytest.raises(CatalogueError, match=words):
        relations.read(TEXT.replace(old, new, 1).encode())
