"""What a review of an emitted project finds: does the program run, would its clouds take it, does it keep the rules."""

from generator.check.baseline import known_fingerprints, written_baseline
from generator.check.check import check
from generator.check.findings import SEVERITIES, CheckedRule, Finding, Inspection, Place, Severity

__all__ = [
    "SEVERITIES",
    "CheckedRule",
    "Finding",
    "Inspection",
    "Place",
    "Severity",
    "check",
    "known_fingerprints",
    "written_baseline",
]
