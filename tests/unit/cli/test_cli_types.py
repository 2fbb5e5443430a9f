"""`catalogue show` draws a type, `catalogue check` says all that is wrong with a file and where."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from passerelle import catalogue
from passerelle.dossiers.drawing import layers_of, steps_of, text_of
from passerelle.dossiers.lines import line_of, lines_of
from passerelle.dossiers.svg import svg_of
from passerelle.dossiers.types import Catalogue
from tests.unit.cli.scene import call, ok, value

FILES = Path(catalogue.__file__).parent
LISTED = (FILES / "listed-person.toml").read_text("utf-8").replace('name = "listed-person"', 'name = "own-list"', 1)
CATALOGUE = Catalogue.load()
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", CATALOGUE.types)
def test_the_drawing_has_every_state_and_every_way_in_every_language(name: str) -> None:
    kind = CATALOGUE.types[name]
    steps = steps_of(kind)
    assert sorted(one for layer in layers_of(kind) for one in layer) == sorted(kind.states)
    for language in ("en", "fr", "nl", "ar"):
        text, drawn = text_of(kind, language), ET.fromstring(svg_of(kind, language))
        written = [one.text or "" for one in drawn.iter(f"{SVG}text")]
        for state in kind.states.values():
            label = state.labels.text(language)
            assert f" {label}\n" in text
            assert any(one.endswith(f" {label}") for one in written)
        for step in steps:
            act = kind.acts[step.act].labels.text(language)
            assert act in text
            assert any(one.startswith(act) for one in written) or not step.source
        lines = [one for one in steps if one.source and one.target != "@back"]
        assert len(list(drawn.iter(f"{SVG}path"))) == len(lines) + len(kind.deadlines) + 1  # the arrow head
        for deadline in kind.deadlines.values():
            assert deadline.labels.text(language) in text
            assert any(one.startswith(deadline.labels.text(language)) for one in written)


def test_the_drawing_runs_as_the_language_does() -> None:
    kind = CATALOGUE.types["urgent-alert"]
    for language, direction, arrow in (("ar", "rtl", "←"), ("nl", "ltr", "→")):
        drawn = ET.fromstring(svg_of(kind, language))
        assert (drawn.get("lang"), drawn.get("role")) == (language, "img")
        assert [one.get("direction") for one in drawn.iter(f"{SVG}g")] == [direction]
        title, description = drawn.find(f"{SVG}title"), drawn.find(f"{SVG}desc")
        assert title is not None
        assert description is not None
        assert title.text == kind.labels.text(language)
        assert (description.text or "") == text_of(kind, language)
        assert arrow in text_of(kind, language)
    places = {}
    for language in ("ar", "en"):
        boxes = [float(one.get("x", "0")) for one in ET.fromstring(svg_of(kind, language)).iter(f"{SVG}rect")][1:]
        places[language] = boxes[0] == max(boxes), boxes[0] == min(boxes)
    assert places == {"ar": (True, False), "en": (False, True)}, "the opening stands where reading begins"


def test_nothing_in_a_label_can_break_the_drawing(tmp_path: Path) -> None:
    text = LISTED.replace('en = "Seen"', 'en = "<script>alert(1)</script> & \\"so on\\""', 1)
    (tmp_path / "own-list.toml").write_text(text, "utf-8")
    kind = Catalogue.load(tmp_path).types["own-list"]
    drawn = svg_of(kind, "en")
    assert "<script" not in drawn
    assert any((one.text or "").startswith("<script>") for one in ET.fromstring(drawn).iter(f"{SVG}text"))


def test_show_writes_the_drawing_into_a_new_file(tmp_path: Path) -> None:
    out = tmp_path / "type.svg"
    said = ok("catalogue", "show", "urgent-alert", "--language", "ar", "--svg", out).out
    assert "○ مفتوح" in said
    assert ET.fromstring(out.read_text("utf-8")).tag == f"{SVG}svg"
    again = call("catalogue", "show", "urgent-alert", "--svg", out)
    assert again.code == 2
    assert "expected a new file" in again.err


def test_a_file_with_nothing_wrong_gives_its_digest(tmp_path: Path) -> None:
    file = tmp_path / "own-list.toml"
    file.write_text(LISTED, "utf-8")
    found = value("catalogue", "check", file, "--folder", tmp_path)
    assert found["wrong"] == []
    assert found["digest"] == Catalogue.load(tmp_path).types["own-list"].digest
    assert found["digest"] in ok("catalogue", "check", file).out


WRONG = {
    'version = "1.0"': ('version = "one"', "version", "a version like 1.0"),
    "rank = 40": ("rank = 400", "acts.seen.rank", "0 to 99"),
    'to = "answered"': ('to = "nowhere"', "acts.seen.transitions[0].to", "@same, @back or a state of"),
    'source = "X"': ('source = "Z"', "defaults.source", "one of"),
    'standard = "P7D", urgent = "P3D"': ('standard = "seven", urgent = "P3D"', "deadlines.acknowledge", "an ISO 8601"),
}


@pytest.mark.parametrize("old", WRONG)
def test_each_fault_is_told_with_its_line(old: str, tmp_path: Path) -> None:
    new, path, expected = WRONG[old]
    text = LISTED.replace(old, new, 1)
    file = tmp_path / "own-list.toml"
    file.write_text(text, "utf-8")
    done = call("catalogue", "check", file, "--json")
    assert done.code == 2
    [wrong] = done.json["wrong"]
    assert wrong["path"].startswith(path)
    assert wrong["expected"].startswith(expected)
    assert wrong["line"] == text[: text.index(new)].count("\n") + 1
    assert f"own-list.toml, line {wrong['line']}: {wrong['path']}: expected" in call("catalogue", "check", file).out


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = LISTED
    for old, new in (
        ('by = "answerer"\nrank = 40', 'by = "answered"\nrank = 40'),
        ('nl = "Beslissing", ', ""),
        ('status = "ended"', 'status = "over"'),
        ('days = "working"', 'days = "sunny"'),
        ("privileged = false\n", ""),
        ('[grounds]\nnot-on-list = { en = "Not on the list named", ', "[grounds]\nnot-on-list = { "),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    file = tmp_path / "own-list.toml"
    file.write_text(text, "utf-8")
    found = call("catalogue", "check", file, "--json").json["wrong"]
    assert [one["path"].split(".")[:2] for one in found] == [
        ["privileged"],
        ["states", "delisted"],
        ["acts", "seen"],
        ["acts", "delisted"],
        ["deadlines", "acknowledge"],
        ["grounds", "not-on-list"],
    ]
    assert [one["line"] for one in found[1:]] == sorted(one["line"] for one in found[1:])


def test_a_file_that_is_no_toml_or_stands_there_already(tmp_path: Path) -> None:
    file = tmp_path / "own-list.toml"
    file.write_text("name = ", "utf-8")
    assert "own-list.toml, line 1: file: expected TOML, got Invalid value" in call("catalogue", "check", file).out
    file.write_text('name = "own-list"\nversion == 1\n', "utf-8")
    [wrong] = call("catalogue", "check", file, "--json").json["wrong"]
    assert (wrong["line"], wrong["path"], wrong["expected"]) == (2, "file", "TOML")
    file.write_bytes(b'name = "own-list"\nlabels = "\xff"\n')
    assert "own-list.toml, line 2: file: expected UTF-8, got byte 0xff" in call("catalogue", "check", file).out
    file.write_text(LISTED.replace('name = "own-list"', 'name = "listed-person"', 1), "utf-8")
    assert "got listed-person" in call("catalogue", "check", file).out
    assert call("catalogue", "check", tmp_path / "nothing.toml").code == 2


@pytest.mark.parametrize("depth", [40, 300, 50_000])
def test_a_file_that_is_nested_too_deep_is_told_so(depth: int, tmp_path: Path) -> None:
    file = tmp_path / "own-list.toml"
    for text in ("deep = " + "[" * depth, LISTED + "\n[deep]\nx = " + "[" * depth + "]" * depth):
        file.write_text(text, "utf-8")
        done = call("catalogue", "check", file, "--json")
        assert done.code == 2
        assert done.json["wrong"]
    assert "32 deep" in call("catalogue", "check", file).out


@pytest.mark.parametrize("file", sorted(FILES.glob("*.toml")), ids=lambda file: file.name)
def test_every_place_of_a_file_has_a_line(file: Path) -> None:
    import tomllib

    text = file.read_text("utf-8")
    lines = lines_of(text)

    def look(value: object, path: str) -> None:
        if isinstance(value, dict):
            for name, child in value.items():
                inner = f"{path}.{name}".lstrip(".")
                assert str(name) in text.split("\n")[lines[inner] - 1]
                look(child, inner)
        elif isinstance(value, list):
            for number, child in enumerate(value):
                assert f"{path}[{number}]" in lines
                look(child, f"{path}[{number}]")

    look(tomllib.loads(text), "")
    assert line_of(lines, "acts.nothing.at.all") == lines.get("acts", 0)
