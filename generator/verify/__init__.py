"""Reads the clouds, not Pulumi's state, and says whether each endpoint serves what was deployed."""

from generator.verify.artifacts import artifact_digests
from generator.verify.verify import verify
from generator.verify.wanted import Wanted, WantedEndpoint, WantedService, wanted

__all__ = ["Wanted", "WantedEndpoint", "WantedService", "artifact_digests", "verify", "wanted"]
