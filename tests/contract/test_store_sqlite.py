"""What is SQLite's alone: the file, its lock, the disk, the way of every look through an index."""

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from passerelle.core.errors import BusyError, FullError, StoreError
from passerelle.ports.records import CONTENTS, DOSSIERS, ENTRIES, KINDS, Content, Dossier, Entry
from passerelle.ports.store import Store
from passerelle.store import open_store
from passerelle.store.faults import Crash, FaultPlan, disk_full, hold_lock
from passerelle.store.shapes import Shape
from passerelle.store.sqlite import SqlitePlan, SqliteStore


def entries(*indexes: int) -> list[Entry]:
    return [Entry(origin="log", index=index, leaf=b"", nodes=b"", message="m") for index in indexes]


def content(message: str, size: int) -> Content:
    return Content(message=message, salt=b"", body=os.urandom(size))


@pytest.fixture
def path(sqlite_place: Any) -> Path:
    found: Path = sqlite_place.path
    return found


@pytest.fixture
def store(sqlite_place: Any) -> SqliteStore:
    found: SqliteStore = sqlite_place.open(busy=0.05)
    return found


# The file


def test_the_files_are_their_owners_only(path: Path, store: Store) -> None:
    old = os.umask(0)
    try:
        store.write("test", lambda tx: tx.add(ENTRIES, entries(1)))
    finally:
        os.umask(old)
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["node.db", "node.db-shm", "node.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_one_file_is_left_when_the_store_is_closed(path: Path, store: Store) -> None:
    store.write("test", lambda tx: tx.add(ENTRIES, entries(1)))
    store.close()
    assert [file.name for file in path.parent.iterdir()] == ["node.db"]


@pytest.mark.parametrize("form", ["{}", "sqlite:///{}"])
def test_a_store_is_opened_by_path_or_url(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (f"{tmp_path}/absolute?%41.db", "relative#.db"):
        opened = open_store(form.format(name))
        monkeypatch.chdir("/")
        opened.write("test", lambda tx: tx.add(ENTRIES, entries(1)))
        opened.close()
        monkeypatch.chdir(tmp_path)
        assert (tmp_path / name).is_file()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"expected a folder .*/none, got none"):
        open_store(str(tmp_path / "none" / "node.db"))
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="expected a file, got something else"):
        open_store(str(tmp_path))


def test_a_path_beneath_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Not a directory"):
        open_store(str(tmp_path / "file" / "node.db"))


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()
    open_store(str(path)).close()
    open_store(str(path)).close()


@pytest.mark.parametrize("bytes_", [b"not a database, but long enough to look at" * 50, b"short"])
def test_a_file_that_is_no_database(path: Path, bytes_: bytes) -> None:
    path.write_bytes(bytes_)
    with pytest.raises(StoreError, match=r"node.db: expected a SQLite file, got one that is not a database"):
        open_store(str(path))
    assert path.read_bytes() == bytes_


def test_another_programs_database(sqlite_place: Any) -> None:
    sqlite_place.execute("CREATE TABLE mail (id INTEGER)")
    before = sqlite_place.path.read_bytes()
    with pytest.raises(StoreError, match="expected a store or an empty file, got another database, with mail"):
        sqlite_place.open()
    assert sqlite_place.path.read_bytes() == before


def test_a_damaged_file(path: Path, sqlite_place: Any) -> None:
    sqlite_place.open().close()
    last = path.stat().st_size // 8192
    store = sqlite_place.open()
    store.write("test", lambda tx: tx.add(ENTRIES, entries(*range(5000))))
    store.close()
    assert path.stat().st_size // 8192 > last + 20
    with path.open("r+b") as file:
        # Behind the pages that an empty store has.
        for page in range(last, path.stat().st_size // 8192):
            file.seek(page * 8192)
            file.write(b"\xab" * 8192)
    store = sqlite_place.open()
    with pytest.raises(StoreError, match="got a damaged one: restore it from a backup"):
        store.read(lambda tx: tx.scan(ENTRIES, limit=10_000))
    store.close()


def test_a_database_without_its_tables_records(sqlite_place: Any) -> None:
    store = sqlite_place.open()
    store.close()
    sqlite_place.execute("DROP TABLE entries")
    store = sqlite_place.open()
    with pytest.raises(StoreError, match="no such table: entries"):
        store.read(lambda tx: tx.count(ENTRIES))


def test_a_crash_while_the_store_is_made_leaves_an_empty_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables come in one transaction: stopped before its end, there is none of them."""

    class Stopped(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql.startswith("INSERT INTO"):
                raise Crash
            return super().execute(sql, *rest)

    class Stopping(SqliteStore):
        def _create(self, connection: sqlite3.Connection) -> None:
            with closing(sqlite3.connect(path, isolation_level=None, factory=Stopped)) as other:
                super()._create(other)

    with pytest.raises(Crash):
        Stopping(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchall() == [(0,)]
    open_store(str(path)).close()


def test_an_erased_content_is_in_no_file(path: Path, store: Store, sqlite_place: Any) -> None:
    def found() -> list[str]:
        return [file.name for file in sorted(path.parent.iterdir()) if b"secret sentence" in file.read_bytes()]

    def write(name: str) -> None:
        secret = Content(message=name, salt=b"", body=b"a very secret sentence " * 200)
        store.write("test", lambda tx: tx.add(CONTENTS, [secret, content(f"{name}, rest", 9000)]))

    def erase(name: str) -> None:
        store.write("test", lambda tx: tx.delete(CONTENTS, [(name,)]))

    write("m")
    assert found() == ["node.db-wal"]
    erase("m")
    assert found() == []
    write("n")

    def work(tx: Any) -> None:
        tx.count(CONTENTS)
        erase("n")  # a reader is in the way
        assert found() == ["node.db-wal"]

    sqlite_place.open().read(work)
    store.write("test", lambda tx: tx.add(ENTRIES, entries(1)))
    assert found() == []


def test_what_another_process_erased_under_a_reader_leaves_the_files_when_the_reader_ends(
    path: Path, store: SqliteStore, sqlite_place: Any
) -> None:
    def found() -> list[str]:
        return [file.name for file in sorted(path.parent.iterdir()) if b"secret sentence" in file.read_bytes()]

    secret = Content(message="m", salt=b"", body=b"a very secret sentence " * 200)
    store.write("test", lambda tx: tx.add(CONTENTS, [secret, content("rest", 9000)]))
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute('SELECT count(*) FROM "contents"').fetchall()
        other = sqlite_place.open()
        other.write("test", lambda tx: tx.delete(CONTENTS, [("m",)]))
        assert not other.settle(0.05)
        other.close()
        assert not store.settle()
    store.write("test", lambda tx: tx.add(ENTRIES, entries(1)))
    assert found()  # a write of a process that erased nothing costs nothing more
    assert store.settle()
    assert found() == []


# Durable, busy, full


def test_commits_are_forced_to_the_disk(store: SqliteStore) -> None:
    with store._connection() as connection:
        found = {
            pragma: connection.execute(f"PRAGMA {pragma}").fetchall()[0][0]
            for pragma in ("journal_mode", "synchronous", "fullfsync", "secure_delete", "page_size", "encoding")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "fullfsync": 1,
        "secure_delete": 1,
        "page_size": 8192,
        "encoding": "UTF-8",
    }


def test_a_lock_of_another_program(path: Path, store: Store) -> None:
    store.write("test", lambda tx: tx.add(ENTRIES, entries(1)))
    with hold_lock(path):
        with pytest.raises(BusyError, match="another process"):
            store.write("test", lambda tx: tx.add(ENTRIES, entries(2)))
        assert store.read(lambda tx: tx.count(ENTRIES)) == 1
        open_store(str(path)).close()  # looking needs no lock
    store.write("test", lambda tx: tx.add(ENTRIES, entries(2)))
    assert store.read(lambda tx: tx.count(ENTRIES)) == 2


def test_a_lock_on_a_file_that_is_still_empty(sqlite_place: Any) -> None:
    sqlite_place.path.touch()
    with hold_lock(sqlite_place.path), pytest.raises(BusyError, match=r"node.db: "):
        sqlite_place.open(busy=0.05)


def test_a_thread_that_does_not_finish_keeps_writers_out_only(store: Store) -> None:
    inside, finish = threading.Event(), threading.Event()

    def work(tx: Any) -> None:
        tx.add(ENTRIES, entries(1))
        inside.set()
        assert finish.wait(30)

    thread = threading.Thread(target=lambda: store.write("long", work))
    thread.start()
    try:
        assert inside.wait(30)
        with pytest.raises(BusyError, match="another thread"):
            store.write("test", lambda tx: tx.add(ENTRIES, entries(1)))
        assert store.read(lambda tx: tx.count(ENTRIES)) == 0
    finally:
        finish.set()
        thread.join()
    assert store.read(lambda tx: tx.count(ENTRIES)) == 1


@pytest.mark.parametrize("deed", ["add", "put"])
def test_a_full_disk_changes_nothing(sqlite_place: Any, deed: str) -> None:
    plan = FaultPlan()
    store = sqlite_place.open(plan)
    store.write("test", lambda tx: tx.add(CONTENTS, [content("there", 50_000)]))

    def work(tx: Any) -> None:
        tx.delete(CONTENTS, [("there",)])
        tx.put(ENTRIES, entries(1))
        getattr(tx, deed)(CONTENTS, [content(f"m{number}", 50_000) for number in range(20)])

    def swallow(tx: Any) -> str:
        with pytest.raises(FullError):
            work(tx)
        with pytest.raises(StoreError, match="lost"):
            tx.put(ENTRIES, entries(1))
        return "all is well"

    with disk_full(store):
        for does in (work, swallow):
            with pytest.raises(FullError, match="nothing was changed"):
                store.write("full", does)
            assert store.read(lambda tx: (tx.count(CONTENTS), tx.count(ENTRIES))) == (1, 0)
    assert "full:commit" not in plan.passed
    store.write("test", work)
    assert store.read(lambda tx: (tx.count(CONTENTS), tx.count(ENTRIES))) == (20, 1)


def test_a_limit_of_pages(sqlite_place: Any) -> None:
    store = sqlite_place.open(max_pages=600)
    store.write("test", lambda tx: tx.add(CONTENTS, [content("m", 500_000)]))
    with pytest.raises(FullError):
        store.write("test", lambda tx: tx.add(CONTENTS, [content("n", 4_000_000)]))
    assert store.read(lambda tx: tx.count(CONTENTS)) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open any file")
def test_a_file_that_may_not_be_opened(path: Path, sqlite_place: Any) -> None:
    sqlite_place.open().close()
    path.chmod(0)
    with pytest.raises(StoreError, match="got one that cannot: look at its owner and mode"):
        sqlite_place.open()
    path.chmod(0o400)
    with pytest.raises(StoreError, match="got one that cannot: look at its owner and mode"):
        sqlite_place.open().write("test", lambda tx: tx.add(ENTRIES, entries(1)))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any folder")
def test_a_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="expected to make the file, got: Permission denied"):
        open_store(str(tmp_path / "node.db"))
    tmp_path.chmod(0o700)


def test_a_file_that_may_only_be_read(path: Path, store: SqliteStore) -> None:
    with store._connection() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreError, match="expected a file that can be written"):
        store.write("test", lambda tx: tx.add(ENTRIES, entries(1)))


# Every look goes through an index


def statements() -> Iterator[tuple[str, str, int]]:
    for kind in KINDS:
        plan = SqlitePlan(Shape(kind))
        yield kind.name, plan.select_one, len(kind.key)
        yield kind.name, plan.delete, len(kind.key)
        for count, statement in plan.selects_many.items():
            yield kind.name, statement, count * len(kind.key)
        for index, columns in kind.indexes.items():
            for prefix in range(len(columns) + 1):
                yield kind.name, plan.count(index, prefix), prefix
                for after in range(len(columns) - prefix + 1):
                    for descending in (False, True):
                        yield kind.name, plan.scan(index, prefix, after, descending), prefix + after + 1


def _numbered(kind: Any) -> bool:
    columns = {column.name: column.type for column in Shape(kind).columns}
    return [columns[name] for name in kind.key] == [int]


def test_no_look_reads_a_table_or_sorts(path: Path, store: Store) -> None:
    seen = 0
    all_key = {kind.name for kind in KINDS if set(kind.key) == set(kind.fields)}
    numbered = {kind.name for kind in KINDS if _numbered(kind)}
    with closing(sqlite3.connect(path)) as connection:
        for table, statement, parameters in statements():
            found = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", (1,) * parameters)]
            for step in found:
                assert "TEMP B-TREE" not in step, (statement, found)
                if table in all_key and (step, statement) == (f"SCAN {table}", f'SELECT count(*) FROM "{table}"'):
                    continue  # the table is as good as its index
                if table in numbered and step == f"SCAN {table}" and "WHERE" not in statement:
                    continue  # rows stand in the order of their number
                if step.startswith(("SCAN", "SEARCH")) and table in step.split()[1]:
                    # From end to end only where no field is asked for, and then along the index.
                    wanted = "SEARCH" if "WHERE" in statement or " ON " in statement else "SCAN"
                    assert step.startswith(wanted), (statement, found)
                    assert " INDEX " in step or " INTEGER PRIMARY KEY " in step, (statement, found)
                    seen += 1
            if "INDEXED BY" in statement:
                index = statement.split("INDEXED BY ")[1].split('"')[1]
                assert any(index in step for step in found), (statement, found)
    assert seen > 500


def test_behind_a_place_that_many_rows_begin_with_nothing_is_walked_over(sqlite_place: Any) -> None:
    store = sqlite_place.open()
    rows = [
        Dossier(id=f"{n:05}", partner="ma", type="a" if n else "b", channel="c", opener="be", state="", status="open")
        for n in range(5000)
    ]
    store.write("test", lambda tx: tx.add(DOSSIERS, rows))
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with store._connection() as connection:
        connection.set_progress_handler(step, 10)
    ((found,), (last,)) = store.read(
        lambda tx: (
            tx.scan(DOSSIERS, "by_type", after=("", "a"), limit=1),
            tx.scan(DOSSIERS, "by_type", after=("", "b"), limit=1, descending=True),
        )
    )
    assert (found.type, last.id) == ("b", "04999")
    assert store.read(lambda tx: tx.scan(DOSSIERS, "by_type", after=("", "b"), limit=9)) == []
    assert steps < 100
