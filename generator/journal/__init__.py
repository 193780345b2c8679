"""What was read, planned, asked, decided and deployed: contents by their digest, on a log that only grows."""

from generator.journal.chain import GENESIS, Break, Entry
from generator.journal.programs import packed, tree_digest, unpacked
from generator.journal.recall import recall
from generator.journal.records import (
    CalibrationRecord,
    ClaimRecord,
    DeploymentRecord,
    FactorRecord,
    MembershipRecord,
    ObservationsRecord,
    ProgramRecord,
    RecommendationRecord,
    RecommendationsRecord,
    RejectionRecord,
    ReplyRecord,
    RetractionRecord,
    RolloutRecord,
    RolloutStep,
    RolloutStepRecord,
    ServedGroup,
    VersionRecord,
    WaveRecord,
)
from generator.journal.store import Journal, Kind
from generator.journal.taken_back import taken_back

__all__ = [
    "GENESIS",
    "Break",
    "CalibrationRecord",
    "ClaimRecord",
    "DeploymentRecord",
    "Entry",
    "FactorRecord",
    "Journal",
    "Kind",
    "MembershipRecord",
    "ObservationsRecord",
    "ProgramRecord",
    "RecommendationRecord",
    "RecommendationsRecord",
    "RejectionRecord",
    "ReplyRecord",
    "RetractionRecord",
    "RolloutRecord",
    "RolloutStep",
    "RolloutStepRecord",
    "ServedGroup",
    "VersionRecord",
    "WaveRecord",
    "packed",
    "recall",
    "taken_back",
    "tree_digest",
    "unpacked",
]
