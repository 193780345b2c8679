"""Which rejections somebody took back, off the journal."""

from collections.abc import Mapping

from generator.journal.chain import Entry
from generator.journal.records import RetractionRecord
from generator.journal.store import Journal

# Of the newest: older ones are of rejections that have lapsed.
RETRACTIONS = 200


def taken_back(journal: Journal) -> Mapping[str, Entry]:
    """Return the newest retraction of each rejection, by the digest of the rejection's content.

    A rejection that was said again after it, by a later entry of the same content, stands.

    Raises
    ------
    JournalError
        The journal, or a retraction in it, cannot be read.
    """
    retractions = journal.entries(kind="retraction", newest=RETRACTIONS)
    return {journal.record(entry.content, RetractionRecord).rejection: entry for entry in retractions}
