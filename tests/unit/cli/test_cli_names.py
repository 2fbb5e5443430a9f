import json
import subprocess
import sys

import pytest


def names(*arguments: str, given: str | bytes = "") -> subprocess.CompletedProcess[str]:
    data = given if isinstance(given, bytes) else given.encode()
    done = subprocess.run(
        [sys.executable, "-m", "passerelle", "names", *arguments], input=data, capture_output=True, check=False
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def lines(*values: object) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def test_pairs_are_scored_line_by_line():
    done = names(
        "score",
        given=lines(
            {"query": ["ياسين المسكيني"], "entry": ["Omar Tazi", "LMESKINI, Yassine"]},
            {"query": ["ياسين المسكيني"], "entry": ["Pieter Achterberg"]},
            {"query": [""], "entry": ["\u200b"]},
        ),
    )
    assert done.returncode == 0, done.stderr
    near, far, nothing = map(float, done.stdout.split())
    assert near > 0.5 > far >= nothing == 0.0


def test_ids_come_back_as_they_were_given(tmp_path):
    listed = tmp_path / "list.jsonl"
    listed.write_text(lines({"id": 7, "names": ["El Meskini, Yassine"]}, {"id": "b", "names": ["Omar Tazi"]}), "utf8")
    done = names(
        "search", str(listed), "1", given=lines({"names": ["عمر التازي"]}, {"names": ["Lmeskini"]}, {"names": []})
    )
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [["b"], [7], []]


def test_keys_of_persons():
    done = names(
        "keys", given=lines({"names": ["Omar Tazi"], "birth": ["1980-05-17"]}, {"names": ["Omar"], "birth": []})
    )
    assert done.returncode == 0, done.stderr
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert 1 <= len(first) <= 10
    assert second == []


@pytest.mark.parametrize(
    ("command", "given", "said"),
    [
        ("score", '{"query": ["a"], "entry": ["b"]}\nnot json\n', "line 2"),
        ("score", '{"query": "a", "entry": ["b"]}\n', "line 1: query: expected a list of texts, got str"),
        ("score", '["a"]\n', "line 1: expected an object, got list"),
        ("score", b'{"query": ["\xff"], "entry": []}\n', "expected UTF-8"),
        ("score", '{"query": ["a"], "query": ["b"], "entry": []}\n', "line 1"),
        (
            "keys",
            '{"names": ["Omar Tazi"], "birth": ["17/05/1980"]}\n',
            "line 1: birth: expected YYYY, YYYY-MM or YYYY-MM-DD",
        ),
    ],
)
def test_a_line_that_cannot_be_read_is_named(command, given, said):
    done = names(command, given=given)
    assert done.returncode != 0
    assert said in done.stderr


def test_the_list_is_held_to_the_same(tmp_path):
    listed = tmp_path / "list.jsonl"
    listed.write_text(lines({"id": "a", "names": ["Omar"]}, {"id": "a", "names": ["Tazi"]}), "utf8")
    done = names("search", str(listed), "5", given=lines({"names": ["Omar"]}))
    assert done.returncode != 0
    assert "expected each id once, got 'a' twice" in done.stderr


def test_two_names_are_compared_for_a_person_to_read():
    done = names("compare", "El Meskini", "المسكيني", "--json")
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert value["score"] > 0.5
    assert [part["kind"] for part in value["parts"]] == ["skeleton"]
    assert "same skeleton" in names("compare", "El Meskini", "المسكيني").stdout


def test_a_name_that_is_none_is_refused():
    done = names("compare", "123", "Omar")
    assert done.returncode != 0
    assert "expected at least one letter" in done.stderr


def test_a_list_that_is_not_there_is_told(tmp_path):
    done = names("search", str(tmp_path / "none.jsonl"), "5", given="")
    assert done.returncode != 0
    assert "expected a readable file, got" in done.stderr
