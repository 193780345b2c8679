"""Who has taken a plan to decide about it: read off the fleet's journal, and written there by one at a time."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from generator.approval.approve import require_words
from generator.errors import InputError
from generator.history import history_of_decisions, journal_at
from generator.journal import GENESIS, ClaimRecord, Journal


@dataclass(frozen=True, slots=True)
class Claim:
    """Who decides about a plan.

    Parameters
    ----------
    by : str or None
        None where nobody has taken it.
    at : datetime or None
        Since when.
    etag : str
        Hash of the journal's newest claim, of whichever plan: it changes with every claim.
    """

    by: str | None
    at: datetime | None
    etag: str


def claimed(journal: Journal | None, plan: str) -> Claim:
    """Read who has taken a plan, by its digest.

    Raises
    ------
    JournalError
        The journal cannot be read.
    """
    if journal is None or journal.is_absent():
        return Claim(None, None, GENESIS)
    entries = journal.entries(kind="claim")
    etag = entries[-1].digest if entries else GENESIS
    # Both contents that a claim of this plan can have are known, so none has to be read.
    taken, given_back = (sha256(_record(plan, taken=taken)).hexdigest() for taken in (True, False))
    last = next((entry for entry in reversed(entries) if entry.content in (taken, given_back)), None)
    if last is None or last.content == given_back:
        return Claim(None, None, etag)
    return Claim(last.actor, last.at, etag)


def claim(folder: Path, plan: str, seen: str, *, by: str, taken: bool, journal: str | None) -> None:
    """Take a plan to decide about it, or give it back.

    Parameters
    ----------
    folder : Path
        The fleet's; its journal lies there.
    plan : str
        Digest of the plan.
    seen : str
        `Claim.etag` as whoever claims knows it.
    by : str
        Who it is. covey takes their word for it.
    taken : bool
    journal : str, optional
        As `JournalAt` says.

    Raises
    ------
    OvertakenError
        Somebody else was faster.
    InputError
        `by` cannot be kept, or nothing is recorded.
    JournalError
        The journal cannot be written; it is as it was.
    """
    require_words(by, None)
    if journal_at(journal, folder) is None:
        raise InputError("--journal", "keeps nothing, and a claim is nothing but kept.", "Name a journal.")
    history_of_decisions(folder, journal).add("claim", _record(plan, taken=taken), by=by, follows=seen)


def _record(plan: str, *, taken: bool) -> bytes:
    return ClaimRecord(plan=plan, taken=taken).content()
