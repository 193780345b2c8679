"""The journal in a real PostgreSQL: one chain whoever writes at once, is killed, or tampers with it."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from generator.errors import JournalError
from generator.journal import Journal
from tests.commands import covey
from tests.postgresql_server import SECRET, Server, postgresql

pytestmark = pytest.mark.engine
ROOT = Path(__file__).parents[2]
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgresql() as started:
        yield started


@pytest.fixture
def database(server: Server) -> str:
    """Return the name of an empty one."""
    name = f"journal{next(NUMBERS)}"
    server.run("postgres", f"CREATE DATABASE {name}")
    return name


@pytest.fixture
def url(server: Server, database: str) -> str:
    return server.url(database)


def writing(url: str, who: str, entries: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.journal_writers", "many", url, who, str(entries)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_what_is_appended_can_be_read_back_and_is_kept_once(url: str) -> None:
    journal = Journal(url)
    contents = (b"one", b"\x00\xff", b"one", b"")
    entries = [
        Journal(url).append("plan" if number else "catalogue", content, by="ada \u202e\U0001f600", at=AT)
        for number, content in enumerate(contents)
    ]

    assert entries == journal.entries()
    assert entries[2:] == journal.entries(kind="plan", newest=2)
    assert list(contents) == [journal.content(entry.content) for entry in entries]
    assert [] == journal.verify(entries[-1].digest)


def test_two_processes_that_make_the_journal_at_once_write_one_chain_and_whoever_looks_meanwhile_finds_it_whole(
    url: str,
) -> None:
    looks: list[int] = []
    with writing(url, "ada", 60) as one, writing(url, "bob", 60) as other:
        assert one.stdout is not None
        assert other.stdout is not None
        promised = [one.stdout.readline().strip()]
        while one.poll() is None and len(looks) < 1000:
            looks.append(len(Journal(url).verify()))
        promised += [*one.stdout.read().split(), *other.stdout.read().split()]
    journal = Journal(url)

    assert [0, 0] == [one.returncode, other.returncode]
    assert 120 == len(promised)
    assert sorted(promised) == sorted(entry.digest for entry in journal.entries())
    assert {0} == {*looks, len(journal.verify())}


def test_a_killed_writer_and_a_killed_server_lose_nothing_that_was_promised(server: Server, url: str) -> None:
    with writing(url, "ada", 10_000) as process:
        assert process.stdout is not None
        promised = [process.stdout.readline().strip() for _ in range(5)]
        process.kill()
        promised += [line.strip() for line in process.stdout if line.endswith("\n")]
    with writing(url, "bob", 10_000) as process:
        assert process.stdout is not None
        promised += [process.stdout.readline().strip() for _ in range(5)]
        server.control("stop", "-m", "immediate")
        server.start()
        promised += [line.strip() for line in process.stdout if line.endswith("\n")]
    journal = Journal(url)
    after = journal.append("plan", b"after", by="ada", at=AT)
    digests = [entry.digest for entry in journal.entries()]

    assert process.returncode != 0
    # At most an entry each whose commit was not yet told of.
    assert len(promised) + 1 <= len(digests) <= len(promised) + 3
    assert promised == [digest for digest in digests if digest in promised]
    assert after.digest == digests[-1]
    assert [] == journal.verify()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE log SET actor = 'eve' WHERE sequence = 1", "its hash is another"),
        ("DELETE FROM log WHERE sequence = 2", "is missing"),
        ("UPDATE content SET body = 'x'", "names content that is not what was written"),
    ],
)
def test_what_was_changed_is_found_by_log_verify(
    statement: str, said: str, server: Server, database: str, url: str
) -> None:
    for number in range(3):
        Journal(url).append("plan", str(number).encode(), by="ada", at=AT)
    whole = covey("log", "verify", "--journal", url)
    server.run(database, statement)
    broken = covey("log", "verify", "--journal", url)

    assert [0, 7] == [whole.exit_code, broken.exit_code]
    assert said in " ".join(broken.stdout.split())
    assert SECRET not in whole.output + broken.output


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["UPDATE covey_journal SET version = 2"], "is of version 2"),
        (["DROP TABLE log"], "lacks its tables log"),
        (["DROP TABLE log, content, covey_journal", "CREATE TABLE theirs (x int)"], "is a database of something else"),
    ],
)
def test_a_database_of_another_version_or_make_is_refused_and_left_alone(
    statements: list[str], said: str, server: Server, database: str, url: str
) -> None:
    Journal(url).append("plan", b"", by="ada", at=AT)
    server.run(database, *statements)
    journal = Journal(url)

    for refused in (lambda: journal.append("plan", b"", by="ada", at=AT), journal.entries, journal.verify):
        with pytest.raises(JournalError, match=said):
            refused()


def test_a_database_that_does_not_answer_or_is_not_there_is_named_without_its_password(server: Server) -> None:
    for place in (server.url("nowhere"), f"postgresql://covey:{SECRET}@127.0.0.1:1/journal"):
        result = covey("log", "--journal", place)

        assert (2, "") == (result.exit_code, result.stdout)
        assert "cannot be read" in result.stderr
        assert SECRET not in result.stderr
        assert "Traceback" not in result.stderr
