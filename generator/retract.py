"""A rejection is taken back: who does it, kept in the fleet's journal."""

from pathlib import Path

from generator.approval.approve import require_words
from generator.errors import InputError, OvertakenError
from generator.history import history_of_decisions, journal_at
from generator.journal import GENESIS, RetractionRecord, taken_back
from generator.present.figures import plain


def retract(folder: Path, rejection: str, *, by: str, journal: str | None, shown: str | None = None) -> str:
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
    shown : str, optional
        Hash of the entry that says it, as whoever takes it back saw it: it must be the newest that does.

    Returns
    -------
    str
        The whole digest.

    Raises
    ------
    InputError
        `by` cannot be kept, there is no such rejection, or nothing is recorded.
    OvertakenError
        It was taken back already, or said again since.
    JournalError
        The journal cannot be read or written; it is as it was.
    """
    require_words(by, None)
    kept = journal_at(journal, folder)
    if kept is None:
        raise InputError("--journal", "keeps nothing, so nothing was rejected.", "Name a journal.")
    said = [one for one in kept.entries(kind="rejection") if one.content.startswith(rejection)]
    found = {one.content: one for one in said}
    if len(found) != 1:
        what = f"is the beginning of {len(found) or 'no'} rejections in the journal."
        raise InputError(f"REJECTION {rejection[:64]!r}", what, "covey log --kind rejection lists them.")
    ((digest, newest),) = found.items()
    ended = taken_back(kept)
    if shown is not None and newest.digest != shown:
        raise OvertakenError("the rejection", "was said again since.", "Look again, then decide.")
    if digest in ended and ended[digest].sequence > newest.sequence:
        what = f"was taken back already, by {plain(ended[digest].actor)}, {ended[digest].at:%Y-%m-%d %H:%M} UTC."
        raise OvertakenError(f"REJECTION {digest[:12]}", what, "It weighs on no plan any more.")
    last = max(ended.values(), key=lambda one: one.sequence, default=None)
    content = RetractionRecord(rejection=digest).content()
    follows = GENESIS if last is None else last.digest
    history_of_decisions(folder, journal).add("retraction", content, by=by, follows=follows)
    return digest
