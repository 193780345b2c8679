"""A rejection is taken back: who does it, kept in the fleet's journal."""

from pathlib import Path

from generator.approval.approve import require_words
from generator.errors import InputError
from generator.history import history_of_decisions, journal_at
from generator.journal import RetractionRecord


def retract(folder: Path, rejection: str, *, by: str, journal: str | None) -> str:
    """Record that a rejection does not hold any more.

    Parameters
    ----------
    folder : Path
        The fleet's; its journal lies there.
    rejection : str
        Digest of its content, or how that begins.
    by : str
        Who takes it back. covey takes their word for it.
    journal : str, optional
        As `JournalAt` says.

    Returns
    -------
    str
        The whole digest.

    Raises
    ------
    InputError
        `by` cannot be kept, there is no such rejection, or nothing is recorded.
    JournalError
        The journal cannot be read or written; it is as it was.
    """
    require_words(by, None)
    kept = journal_at(journal, folder)
    if kept is None:
        raise InputError("--journal", "keeps nothing, so nothing was rejected.", "Name a journal.")
    found = sorted({one.content for one in kept.entries(kind="rejection") if one.content.startswith(rejection)})
    if len(found) != 1:
        what = f"is the beginning of {len(found) or 'no'} rejections in the journal."
        raise InputError(f"REJECTION {rejection[:64]!r}", what, "covey log --kind rejection lists them.")
    history_of_decisions(folder, journal).add("retraction", RetractionRecord(rejection=found[0]).content(), by=by)
    return found[0]
