"""Reads the clouds, not Pulumi's state, and says whether each endpoint and route serves what was deployed."""

from generator.verify.artifacts import artifact_digests
from generator.verify.routes import Route, WantedRoutes
from generator.verify.verify import verify
from generator.verify.wanted import Wanted, WantedEndpoint, WantedService, wanted

__all__ = ["Route", "Wanted", "WantedEndpoint", "WantedRoutes", "WantedService", "artifact_digests", "verify", "wanted"]
