"""What was read, planned, asked, decided and deployed: contents by their digest, on a log that only grows."""

from generator.journal.chain import GENESIS, Break, Entry
from generator.journal.recall import recall
from generator.journal.records import (
    ClaimRecord,
    DeploymentRecord,
    ObservationsRecord,
    RecommendationRecord,
    RecommendationsRecord,
    RejectionRecord,
    ReplyRecord,
    ServedGroup,
)
from generator.journal.store import Journal, Kind

__all__ = [
    "GENESIS",
    "Break",
    "ClaimRecord",
    "DeploymentRecord",
    "Entry",
    "Journal",
    "Kind",
    "ObservationsRecord",
    "RecommendationRecord",
    "RecommendationsRecord",
    "RejectionRecord",
    "ReplyRecord",
    "ServedGroup",
    "recall",
]
