"""Whether a fleet is still used, and still serves, as it was planned: findings, each with evidence and an action."""

from generator.drift.drift import drift

__all__ = ["drift"]
