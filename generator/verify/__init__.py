"""Reads the clouds, not Pulumi's state, and says whether each endpoint and route serves what was deployed."""

from generator.verify.api_routes import WantedApi
from generator.verify.artifacts import artifact_digests
from generator.verify.routes import Route
from generator.verify.url_map import WantedUrlMap
from generator.verify.verify import verify
from generator.verify.wanted import Wanted, WantedEndpoint, WantedService, wanted

__all__ = [
    "Route",
    "Wanted",
    "WantedApi",
    "WantedEndpoint",
    "WantedService",
    "WantedUrlMap",
    "artifact_digests",
    "verify",
    "wanted",
]
