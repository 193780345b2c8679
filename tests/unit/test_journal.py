"""The journal keeps what it was given, in one chain, whatever is killed, written at once, or tampered with."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from generator.errors import JournalError
from generator.journal import Break, ClaimRecord, Journal
from generator.journal.chain import Stored, spelled
from generator.journal.tables import METADATA

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTENTS = (b"one", b"two", b"one", b"", b"\x00\xff")


def journal_of(file: Path) -> Journal:
    return Journal(f"sqlite:///{file}")


def written(file: Path) -> Journal:
    journal = journal_of(file)
    for number, content in enumerate(CONTENTS):
        journal.append("plan" if number % 2 else "catalogue", content, by="ada", at=AT + timedelta(hours=number))
    return journal


def changed(file: Path, *statements: str) -> None:
    """Do what somebody with access to the file can."""
    connection = sqlite3.connect(file)
    with connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("original") / "journal.sqlite"
    written(file)
    return file


def copied(original: Path, folder: Path) -> Journal:
    return journal_of(Path(shutil.copy(original, folder / "journal.sqlite")))


def writers(*arguments: str | Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.journal_writers", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_what_is_appended_can_be_read_back(tmp_path: Path, original: Path) -> None:
    journal = copied(original, tmp_path)
    entries = journal.entries()

    assert list(CONTENTS) == [journal.content(entry.content) for entry in entries]
    assert [1, 2, 3, 4, 5] == [entry.sequence for entry in entries]
    assert [AT + timedelta(hours=n) for n in range(5)] == [entry.at for entry in entries]
    assert [] == journal.verify()
    assert [] == journal.verify(entries[1].digest)


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"version": 2}'])
def test_what_is_no_such_record_is_refused_by_journal_and_digest(content: bytes, tmp_path: Path) -> None:
    journal = journal_of(tmp_path / "journal.sqlite")
    digest = journal.append("claim", content, by="ada", at=AT).content

    with pytest.raises(JournalError, match=f"content {digest} is not of the shape that this covey writes") as refused:
        journal.record(digest, ClaimRecord)

    assert f"journal {journal}" == refused.value.where


def test_entries_are_found_by_kind_time_and_number(tmp_path: Path, original: Path) -> None:
    journal = copied(original, tmp_path)

    assert [2, 4] == [entry.sequence for entry in journal.entries(kind="plan")]
    assert [4, 5] == [entry.sequence for entry in journal.entries(since=AT + timedelta(hours=3))]
    assert [4, 5] == [entry.sequence for entry in journal.entries(newest=2)]


def test_the_same_content_is_kept_once(original: Path) -> None:
    connection = sqlite3.connect(original)

    assert (4,) == connection.execute("SELECT count(*) FROM content").fetchone()
    connection.close()


FIELDS = {
    "sequence": "9",
    "at": "'2026-01-02T03:04:05+00:00'",
    "actor": "'bob'",
    "kind": "'approval'",
    "content": f"'{'a' * 64}'",
    "previous": f"'{'b' * 64}'",
    "digest": f"'{'c' * 64}'",
}


@pytest.mark.parametrize("sequence", range(1, len(CONTENTS) + 1))
@pytest.mark.parametrize("field", FIELDS)
def test_a_changed_field_of_any_entry_is_found(field: str, sequence: int, tmp_path: Path, original: Path) -> None:
    journal = copied(original, tmp_path)
    changed(tmp_path / "journal.sqlite", f"UPDATE log SET {field} = {FIELDS[field]} WHERE sequence = {sequence}")

    assert sequence in [found.sequence for found in journal.verify()]


@pytest.mark.parametrize("value", ["x'00'", "17", "1.5", "''"])
@pytest.mark.parametrize("field", ["at", "actor", "kind", "content", "previous", "digest"])
def test_a_field_of_another_type_is_found_and_breaks_nothing(
    field: str, value: str, tmp_path: Path, original: Path
) -> None:
    journal = copied(original, tmp_path)
    changed(tmp_path / "journal.sqlite", f"UPDATE log SET {field} = {value} WHERE sequence = 3")

    assert 3 in [found.sequence for found in journal.verify()]


def test_entries_that_cannot_be_read_send_people_to_verify(tmp_path: Path, original: Path) -> None:
    journal = copied(original, tmp_path)
    changed(tmp_path / "journal.sqlite", "UPDATE log SET at = 'yesterday' WHERE sequence = 3")

    with pytest.raises(JournalError, match="covey log verify"):
        journal.entries()


def test_changed_content_is_found_and_not_handed_out(tmp_path: Path, original: Path) -> None:
    journal = copied(original, tmp_path)
    second = journal.entries()[1].content
    changed(tmp_path / "journal.sqlite", f"UPDATE content SET body = x'00' WHERE digest = '{second}'")

    assert [2] == [found.sequence for found in journal.verify()]
    with pytest.raises(JournalError, match="is not what was written"):
        journal.content(second)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM content WHERE body = x'74776f'",
        "UPDATE content SET digest = 'x' WHERE body = x'74776f'",
        "INSERT INTO content VALUES ('x', x'00')",
        "DELETE FROM log WHERE sequence = 1",
        "DELETE FROM log WHERE sequence = 3",
        "UPDATE log SET sequence = sequence + 100 WHERE sequence > 2",
    ],
)
def test_what_is_missing_moved_or_put_in_is_found(statement: str, tmp_path: Path, original: Path) -> None:
    journal = copied(original, tmp_path)
    changed(tmp_path / "journal.sqlite", statement)

    assert [] != journal.verify()


def test_an_entry_sealed_anew_is_found_by_the_one_that_follows_it(tmp_path: Path, original: Path) -> None:
    journal = copied(original, tmp_path)
    first, second, third, *_ = journal.entries()
    row = Stored(third.sequence, spelled(third.at), "bob", third.kind, third.content, second.digest, "")
    changed(tmp_path / "journal.sqlite", f"UPDATE log SET actor = 'bob', digest = '{row.hash}' WHERE sequence = 3")

    assert first.digest == second.previous
    assert [Break(4, "does not follow the entry before it")] == journal.verify()


def test_a_deleted_tail_is_found_by_who_knows_the_head_and_by_nobody_else(tmp_path: Path, original: Path) -> None:
    journal = copied(original, tmp_path)
    head = journal.entries()[-1].digest
    changed(
        tmp_path / "journal.sqlite",
        "DELETE FROM log WHERE sequence > 3",
        "DELETE FROM content WHERE digest NOT IN (SELECT content FROM log)",
    )

    assert [] == journal.verify()
    assert [None] == [found.sequence for found in journal.verify(head)]


@settings(max_examples=30)
@given(data=st.data())
def test_any_byte_of_any_text_or_content_is_bound(
    tmp_path_factory: pytest.TempPathFactory, original: Path, data: Any
) -> None:
    file = tmp_path_factory.mktemp("tampered") / "journal.sqlite"
    journal = copied(original, file.parent)
    table, key = data.draw(st.sampled_from([("log", "sequence"), ("content", "digest")]))
    connection = sqlite3.connect(file)
    row = dict(zip(*_row(connection, table, key, data), strict=True))
    field = data.draw(st.sampled_from([name for name in row if name != "sequence"]))
    kind = st.binary(max_size=40) if field == "body" else st.text(st.characters(exclude_categories=["Cs"]), max_size=70)
    value = data.draw(kind.filter(lambda drawn: drawn != row[field]))
    try:
        with connection:
            connection.execute(f"UPDATE {table} SET {field} = ? WHERE {key} = ?", (value, row[key]))
    except sqlite3.IntegrityError:  # another row has it: the table itself refuses
        return
    finally:
        connection.close()

    assert [] != journal.verify()


def _row(connection: sqlite3.Connection, table: str, key: str, data: Any) -> tuple[list[str], tuple[Any, ...]]:
    cursor = connection.execute(f"SELECT * FROM {table} ORDER BY {key}")
    return [column[0] for column in cursor.description], data.draw(st.sampled_from(cursor.fetchall()))


@pytest.mark.engine
def test_killed_at_any_statement_or_commit_nothing_promised_is_lost(tmp_path: Path) -> None:
    with writers("faults", tmp_path) as process:
        assert process.stdout is not None
        killed = [json.loads(line) for line in process.stdout]

    assert 0 == process.returncode
    assert len(killed) > 20
    assert [signal.SIGKILL] * (len(killed) - 1) == [one["signal"] for one in killed[:-1]]
    for one in killed:
        journal = journal_of(Path(one["file"]))
        after = journal.append("plan", b"after", by="ada", at=AT)
        digests = [entry.digest for entry in journal.entries()]

        assert one["promised"] == digests[: len(one["promised"])]
        assert after.digest == digests[-1]
        # At most the entry whose commit was not yet told of.
        assert len(digests) - len(one["promised"]) in (1, 2)
        assert [] == journal.verify()


@pytest.mark.engine
@pytest.mark.parametrize("read", [1, 5, 12])
def test_killed_from_outside_nothing_promised_is_lost(read: int, tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    with writers("many", f"sqlite:///{file}", "ada", "10000") as process:
        assert process.stdout is not None
        promised = [process.stdout.readline().strip() for _ in range(read)]
        process.kill()
        promised += [line.strip() for line in process.stdout if line.endswith("\n")]
    journal = journal_of(file)
    digests = [entry.digest for entry in journal.entries()]

    assert promised == digests[: len(promised)]
    assert len(digests) - len(promised) in (0, 1)
    assert [] == journal.verify()


@pytest.mark.engine
def test_two_processes_at_once_write_one_chain_and_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "journal.sqlite"
    url = f"sqlite:///{file}"
    with writers("many", url, "ada", "200") as one, writers("many", url, "bob", "200") as other:
        assert one.stdout is not None
        assert other.stdout is not None
        promised = [*one.stdout.read().split(), *other.stdout.read().split()]
    journal = journal_of(file)
    entries = journal.entries()

    assert [0, 0] == [one.returncode, other.returncode]
    assert 400 == len(promised)
    assert sorted(promised) == sorted(entry.digest for entry in entries)
    assert ["ada", "bob"] == sorted({entry.actor for entry in entries})
    assert [] == journal.verify()


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["UPDATE covey_journal SET version = 2"], "is of version 2"),
        (["DELETE FROM covey_journal"], "is of version none"),
        (["DROP TABLE log"], "lacks its tables log"),
        (["DROP TABLE covey_journal"], "is a database of something else"),
    ],
)
def test_a_journal_of_another_version_or_make_is_refused_and_left_alone(
    statements: list[str], said: str, tmp_path: Path, original: Path
) -> None:
    file = tmp_path / "journal.sqlite"
    journal = copied(original, tmp_path)
    changed(file, *statements)
    before = file.read_bytes()

    for refused in (lambda: journal.append("plan", b"", by="ada", at=AT), journal.entries, journal.verify):
        with pytest.raises(JournalError, match=said):
            refused()
    assert before == file.read_bytes()


def test_a_database_of_something_else_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "theirs.sqlite"
    changed(file, "CREATE TABLE theirs (x)")
    before = file.read_bytes()

    with pytest.raises(JournalError, match="is a database of something else"):
        journal_of(file).append("plan", b"", by="ada", at=AT)
    assert before == file.read_bytes()
    assert ["theirs.sqlite"] == [path.name for path in tmp_path.iterdir()]


def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no database, but long enough to be looked at as one\n" * 100)

    with pytest.raises(JournalError, match="file is not a database"):
        journal_of(tmp_path / "text").append("plan", b"", by="ada", at=AT)
    with pytest.raises(JournalError, match="unable to open"):
        journal_of(tmp_path / "nowhere" / "journal.sqlite").append("plan", b"", by="ada", at=AT)
    with pytest.raises(JournalError, match="does not exist"):
        journal_of(tmp_path / "nothing").entries()
    assert ["text"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "nowhere://x", "not a url", "postgresql+nope://x"])
def test_a_url_of_nothing_that_keeps_is_refused(url: str) -> None:
    with pytest.raises(JournalError, match="--journal"):
        Journal(url)


def test_the_tables_are_of_types_that_postgresql_has() -> None:
    texts = [str(CreateTable(table).compile(dialect=postgresql.dialect())) for table in METADATA.sorted_tables]

    assert any("BYTEA" in text for text in texts)
    assert all("UNIQUE (previous)" in text for text in texts if "CREATE TABLE log" in text)
