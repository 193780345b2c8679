"""Decisions off the journal."""

from generator.dialogue import Example
from generator.journal.chain import Entry
from generator.journal.memory import Decision, memory
from generator.journal.records import (
    ApprovedPart,
    RecommendationRecord,
    RecommendationsRecord,
    RejectionRecord,
)
from generator.journal.store import Journal
from generator.journal.taken_back import taken_back

# Of the newest: older ones have been planned over many times.
DECISIONS = 200
PLANS = 200


def recall(journal: Journal) -> tuple[Example, ...]:
    """Read what people approved and rejected of the plans in a journal.

    A decision about a plan that this journal does not hold teaches nothing, and neither does a rejection taken back.

    Returns
    -------
    tuple of Example
        As `memory` orders them.

    Raises
    ------
    JournalError
        The journal, or a content that is needed, cannot be read.
    """
    decided = [
        *journal.entries(kind="approval", newest=DECISIONS),
        *journal.entries(kind="rejection", newest=DECISIONS),
    ]
    if not decided:
        return ()
    known: dict[str, RecommendationRecord] = {}
    for content in dict.fromkeys(entry.content for entry in journal.entries(kind="recommendations", newest=PLANS)):
        held = journal.record(content, RecommendationsRecord)
        known.update({found.digest: found for found in held.recommendations.values()})
    ended = {rejection: entry.sequence for rejection, entry in taken_back(journal).items()}
    standing = [entry for entry in decided if entry.sequence > ended.get(entry.content, 0)]
    found = [_decision(journal, entry, known) for entry in sorted(standing, key=lambda entry: entry.sequence)]
    return memory(decision for decision in found if decision is not None)


def _decision(journal: Journal, entry: Entry, known: dict[str, RecommendationRecord]) -> Decision | None:
    if entry.kind == "approval":
        approved = known.get(journal.record(entry.content, ApprovedPart).provenance.recommendation)
        return None if approved is None else Decision(approved.groups, "approved")
    rejection = journal.record(entry.content, RejectionRecord)
    rejected = known.get(rejection.recommendation)
    if rejected is None:
        return None
    groups = rejected.groups
    if rejection.groups is not None:
        groups = tuple(groups[number] for number in rejection.groups if 0 <= number < len(groups))
    return Decision(groups, "rejected", rejection.reason)
