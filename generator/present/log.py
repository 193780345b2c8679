"""The journal's log as others read it, and on a terminal."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

from pydantic import AwareDatetime
from rich.console import Console
from rich.text import Text

from generator.present.answers import Answer
from generator.present.figures import count, plain
from generator.present.tables import table as opened

if TYPE_CHECKING:
    from generator.journal import Break, Entry

SHOWN_OF_A_HASH = 12


class LoggedEntry(Answer):
    """One entry; `content` is the digest `covey log show` takes, `digest` the entry's own hash.

    `says` is what the content comes to, empty where its kind is another covey's.
    """

    sequence: int
    at: AwareDatetime
    actor: str
    kind: str
    says: str
    content: str
    previous: str
    digest: str


class Log(Answer):
    """The newest entries, newest first."""

    version: Literal[1] = 1
    journal: str
    entries: tuple[LoggedEntry, ...]


class LogBreak(Answer):
    """Where the journal is not as it was written; `entry` is null where that is beside the log."""

    entry: int | None
    what: str


class LogVerification(Answer):
    """Whether the chain holds, and the hash of its newest entry, null where there is none."""

    version: Literal[1] = 1
    journal: str
    head: str | None
    breaks: tuple[LogBreak, ...]


def log(journal: str, entries: "Sequence[Entry]", says: Mapping[int, str]) -> Log:
    """Publish entries, given oldest first, with what each comes to by its sequence."""
    found = [LoggedEntry(says=says[entry.sequence], **asdict(entry)) for entry in reversed(entries)]
    return Log(journal=journal, entries=tuple(found))


def log_verification(journal: str, head: str | None, breaks: "Sequence[Break]") -> LogVerification:
    """Publish what a verification found."""
    found = tuple(LogBreak(entry=one.sequence, what=one.what) for one in breaks)
    return LogVerification(journal=journal, head=head, breaks=found)


def show_log(found: Log, console: Console) -> None:
    """Print entries as a table."""
    table = opened(">", "When (UTC)", "Who", "What", "It says", "Content")
    for entry in found.entries:
        table.add_row(
            str(entry.sequence),
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            Text(plain(entry.actor)),
            Text(plain(entry.kind)),
            Text(plain(entry.says)),
            Text(plain(entry.content[:SHOWN_OF_A_HASH])),
        )
    console.print(table)


def show_log_verification(found: LogVerification, console: Console) -> None:
    """Print what is not as it was written, or the head of a chain that holds."""
    for one in found.breaks:
        place = "beside the log" if one.entry is None else f"entry {one.entry}"
        console.print(Text(f"{place}: {plain(one.what)}"))
    if found.breaks:
        console.print(Text(f"The journal is not as it was written: {count(len(found.breaks), 'break')}."))
    else:
        console.print(Text(f"The chain holds. Its newest entry is {found.head}."))
        console.print("To notice later that entries were deleted, keep that elsewhere: covey log verify --head HASH.")
