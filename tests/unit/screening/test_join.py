"""A list and travellers as files: one SQL text gives what a loop over all pairs gives, in DuckDB and in Spark."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from passerelle import names
from passerelle.cli.joining import stopped_in_order
from passerelle.core.errors import InputError
from passerelle.screening.join import tables
from passerelle.screening.join.joining import Means, joined
from passerelle.screening.join.lines import LONGEST_LINE, rows
from passerelle.screening.join.sql import Job

ROOT = Path(__file__).parents[3]
ENTRIES = [
    {"id": "E1", "names": ["LMESKINI, Yassine", "ياسين المسكيني"], "birth": ["1980-05-17"]},
    {"id": "E2", "names": ["Yacine El Meskini"], "birth": ["1981"]},
    {"id": "E3", "names": ["Joke De Smedt", "DE SMET Joke"], "birth": ["1975-02-28", "1976"]},
    {"id": 4, "names": ["Abdelkader Benkirane"], "birth": []},
    {"id": "E5", "names": ["عبد القادر بنكيران"], "birth": ["1962-11"]},
    {"id": "E6", "names": ["Wout Vandevelde"], "nationality": ["BE"]},
    {"id": "E7", "names": ["Oleksandr Mykolenko", "MIKOLENKO, Aleksandr"], "birth": ["1990-01-01"]},
    {"id": "E8", "names": ["…"], "birth": ["1990"]},
    {"id": "E9", "names": ["Fatima Zahra Tazi", "فاطمة الزهراء التازي"], "birth": ["1999-09-09"]},
    {"id": "E10", "names": ["Fatima-Zohra Tazi"], "birth": ["1969-09-09"]},
]
TRAVELLERS = [
    {"id": "T1", "names": ["YASSINE ELMESKINI"], "birth": ["1980-05-17"]},
    {"id": "T2", "names": ["De Smedt, J."], "birth": ["1975-02-28"]},
    {"id": "T3", "names": ["BENKIRANE, Abd el Kader"], "birth": ["1962-11-30"]},
    {"id": "T4", "names": ["Александр Миколенко"]},
    {"id": "T5", "names": ["TAZI FATIMA ZAHRA"], "birth": ["1999"]},
    {"id": "T6", "names": ["?", "Ines Vilar"], "birth": ["1999"]},
    {"id": "T'; DROP TABLE entries; --", "names": ["Vandevelde, Wouter"], "birth": ["2001-01-01"]},
]


def lined(rows):
    return io.BytesIO("\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())


def hits(job, means, entries=ENTRIES, travellers=TRAVELLERS):
    found = joined(lined(entries), lined(travellers), job, means, told=lambda name, count: None)
    return [(hit.traveller, hit.entry, hit.score, hit.place) for hit in found]


def looped(job, entries=ENTRIES, travellers=TRAVELLERS):
    """The same by a loop over all pairs, with nothing but what `names` gives."""
    found = []
    for wanted in sorted(travellers, key=lambda row: str(row["id"])):
        one, scores = names.prepared(wanted["names"]), []
        for entry in entries:
            other = names.prepared(entry["names"])
            if set(names.blocks(one)) & set(names.blocks(other)) and near(wanted, entry, job.years):
                scores.append((round(names.compare(one, other), 9), str(entry["id"])))
        ranked = sorted((pair for pair in scores if pair[0] >= job.least), key=lambda pair: (-pair[0], pair[1]))
        found += [
            (str(wanted["id"]), entry, score, place) for place, (score, entry) in enumerate(ranked[: job.top], start=1)
        ]
    return found


def near(one, other, years):
    if years is None or not one.get("birth") or not other.get("birth"):
        return True
    first, second = ([int(date[:4]) for date in row["birth"]] for row in (one, other))
    return min(second) - years <= max(first) and min(first) - years <= max(second)


@pytest.mark.parametrize("job", [Job(), Job(least=0.0, top=3), Job(least=0.01, years=0), Job(least=0.01, years=25)])
def test_duckdb_gives_what_a_loop_over_all_pairs_gives(job, tmp_path):
    expected = looped(job)
    assert len(expected) >= 5
    assert hits(job, Means(processes=1, work=tmp_path)) == expected


def test_an_index_finds_the_same_with_the_same_scores(tmp_path):
    index = names.Index.build(tmp_path / "index", ((str(entry["id"]), entry["names"]) for entry in ENTRIES))
    found = {
        (str(row["id"]), entry, round(score, 9))
        for row in TRAVELLERS
        for entry, score in index.search(row["names"], len(ENTRIES))
        if score >= 0.3
    }
    by_sql = {(traveller, entry, score) for traveller, entry, score, _ in hits(Job(least=0.3), Means(processes=1))}
    assert found == by_sql
    assert len(found) >= 5


def test_the_person_is_found_in_either_script(tmp_path):
    best = {traveller: entry for traveller, entry, _, place in hits(Job(), Means(processes=1)) if place == 1}
    assert best["T1"] == "E1"
    assert best["T3"] in ("4", "E5")
    assert best["T4"] == "E7"
    assert best["T5"] == "E9"
    assert "T6" not in best


def test_nothing_is_left_behind_and_nobody_else_may_look(tmp_path):
    seen = []

    def told(name, count):
        (folder,) = tmp_path.iterdir()
        seen.append((name, count, folder.stat().st_mode & 0o777))

    found = joined(lined(ENTRIES), lined(TRAVELLERS), Job(), Means(processes=1, work=tmp_path), told=told)
    next(found)
    assert seen == [("entries", 10, 0o700), ("travellers", 7, 0o700)]
    found.close()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_behind_by_who_is_told_to_stop(tmp_path):
    def told(name, count):
        assert list(tmp_path.iterdir())
        signal.raise_signal(signal.SIGTERM)

    found = joined(lined(ENTRIES), lined(TRAVELLERS), Job(), Means(processes=1, work=tmp_path), told=told)
    with stopped_in_order(), pytest.raises(SystemExit, match="143"):
        next(found)
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_several_processes_prepare_what_one_prepares(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "BATCH", 3)
    places = [tmp_path / f"{number}.parquet" for number in (1, 2)]
    counts = [
        tables.written(rows(lined(ENTRIES), "LIST"), place, number) for number, place in enumerate(places, start=1)
    ]
    assert counts == [10, 10]
    one, other = (tables.pq.read_table(place) for place in places)
    assert one.equals(other)
    assert one.column("id").to_pylist() == [str(row["id"]) for row in ENTRIES]


def test_an_id_that_stands_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match="entries: expected each id once, got 'E1' twice"):
        hits(Job(), Means(processes=1), entries=[*ENTRIES, ENTRIES[0]])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"id": "a", "names": ["x"}', "LIST: line 2, column 26: expected a person"),
        ('{"id": "é", "names" ["x"]}'.encode(), "LIST: line 2, column 21: expected a person"),
        (b'{"names": ["x"]}', "missing required field `id`"),
        (b'{"id": "a", "names": "x"}', r"got `str` - at `\$.names`"),
        (b'{"id": "a", "names": []}', "line 2: names: expected 1 to 100, got 0"),
        (b'{"id": "a", "names": ["x"], "birth": ["17.5.1980"]}', "birth: expected YYYY, .* got '17.5.1980'"),
        (b'{"id": "a", "names": ["\xff"]}', "line 2, column 24: expected UTF-8, got the byte 0xff"),
        (b'{"id": "a", "names": ["' + b"x" * LONGEST_LINE + b'"]}', f"expected at most {LONGEST_LINE} bytes"),
    ],
)
def test_a_line_that_cannot_be_read_is_told_with_its_place(line, said):
    with pytest.raises(InputError, match=said):
        list(rows(io.BytesIO(b'{"id": "ok", "names": ["x"]}\n' + line), "LIST"))


def test_blank_lines_and_other_fields_are_passed_over():
    read = list(rows(io.BytesIO(b'\n{"id": 7, "names": ["x"], "documents": [1]}\n \n'), "LIST"))
    assert [(row.id, row.first_year, row.last_year) for row in read] == [("7", None, None)]


def test_an_empty_file_is_a_list_of_nobody(tmp_path):
    assert hits(Job(), Means(processes=1), entries=[]) == []


def test_a_folder_that_cannot_be_written_in_is_told(tmp_path):
    with pytest.raises(InputError, match="--work"):
        hits(Job(), Means(work=tmp_path / "nowhere"))


def _spark_missing():
    if not (ROOT / ".venv-spark" / ".stamp").is_file():
        return "the environment with Spark is not set up; `./run spark --help` does it"
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        return "Spark needs Java 17 or newer, and there is none"
    return ""


@pytest.mark.skipif(bool(_spark_missing()), reason=_spark_missing())
def test_spark_gives_what_duckdb_gives(tmp_path):
    for name, made in (("list", ENTRIES), ("travellers", TRAVELLERS)):
        (tmp_path / f"{name}.jsonl").write_bytes(lined(made).getvalue())
    asked = [
        "names",
        "join",
        tmp_path / "list.jsonl",
        tmp_path / "travellers.jsonl",
        "--least",
        "0.01",
        "--years",
        "20",
    ]
    spark = subprocess.run(
        [ROOT / "run", "spark", *asked, "--engine", "spark", "--partitions", "3", "--work", tmp_path],
        capture_output=True, check=False, timeout=240,
    )  # fmt: skip
    assert spark.returncode == 0, spark.stderr.decode()
    duckdb = subprocess.run([sys.executable, "-m", "passerelle", *asked], capture_output=True, check=True)
    assert spark.stdout == duckdb.stdout
    expected = looped(Job(least=0.01, years=20))
    assert [tuple(json.loads(line).values()) for line in spark.stdout.splitlines()] == expected
    assert {path.name for path in tmp_path.iterdir()} == {"list.jsonl", "travellers.jsonl"}
