"""Routes of a REST API, as its definition spells them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.verify.routes import Route

INTEGRATION = "x-amazon-apigateway-integration"
ARTIFACT = "integration.request.header.X-Amzn-SageMaker-Target-Model"


@dataclass(frozen=True, slots=True)
class WantedApi:
    """A stage of a REST API, by the API's id, and its routes."""

    name: str
    region: str
    api: str
    stage: str
    routes: tuple[Route, ...]


def api_routes(document: Any) -> tuple[Route, ...]:
    """Read the routes of an OpenAPI document, sorted by path; what is no route is left out."""
    paths: Any = document.get("paths") if isinstance(document, Mapping) else None
    found: list[Route] = []
    for path, methods in paths.items() if isinstance(paths, Mapping) else ():
        integration = methods.get("post", {}).get(INTEGRATION) if isinstance(methods, Mapping) else None
        if isinstance(integration, Mapping):
            endpoint = str(integration.get("uri")).partition("endpoints/")[2].partition("/")[0]
            artifact = (integration.get("requestParameters") or {}).get(ARTIFACT)
            found.append(Route(str(path), endpoint, None if artifact is None else str(artifact).strip("'")))
    return tuple(sorted(found, key=lambda route: route.path))
