"""A journal to its page: the newest entries in words, and whether the chain that holds them is as it was written."""

from dataclasses import dataclass

from generator.errors import JournalError
from generator.journal import Break, Entry, Journal
from generator.present.said import said

ROWS = 50


@dataclass(frozen=True, slots=True)
class Row:
    """An entry. `says` is what its content comes to; `holds` whether the chain vouches."""

    entry: Entry
    says: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Told:
    """A page of the log, newest first.

    Parameters
    ----------
    more : bool
        Whether older entries follow.
    kinds : tuple of str
        Those there are.
    entries : int
        Of all kinds and pages.
    head : str or None
        Hash of the newest entry.
    breaks : tuple of Break
        Where the journal is not as it was written.
    readable : bool
        Whether entries can be read at all.
    """

    rows: tuple[Row, ...] = ()
    more: bool = False
    kinds: tuple[str, ...] = ()
    entries: int = 0
    head: str | None = None
    breaks: tuple[Break, ...] = ()
    readable: bool = True


def told(journal: Journal, kind: str | None, page: int) -> Told:
    """Read a page of the log, `ROWS` entries, and verify all of the journal.

    Raises
    ------
    JournalError
        It cannot be read, or is of another version.
    """
    if journal.is_absent():
        return Told()
    breaks = tuple(journal.verify())
    try:
        entries = journal.entries()
    except JournalError:
        if not breaks:
            raise
        return Told(breaks=breaks, readable=False)
    asked = [entry for entry in reversed(entries) if kind is None or entry.kind == kind]
    begin = (page - 1) * ROWS
    broken = {found.sequence for found in breaks}
    return Told(
        tuple(Row(one, said(journal, one), one.sequence not in broken) for one in asked[begin : begin + ROWS]),
        len(asked) > begin + ROWS,
        tuple(sorted({entry.kind for entry in entries})),
        len(entries),
        entries[-1].digest if entries else None,
        breaks,
    )
