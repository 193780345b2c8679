"""Routes of an API, and whether they are those that were deployed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.model import Served

INTEGRATION = "x-amazon-apigateway-integration"
ARTIFACT = "integration.request.header.X-Amzn-SageMaker-Target-Model"
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Route:
    """A path, the endpoint it leads to, and the artifact it names there, None where the endpoint has but one."""

    path: str
    endpoint: str
    artifact: str | None


@dataclass(frozen=True, slots=True)
class WantedRoutes:
    """A stage of a REST API, by the API's id, and its routes."""

    name: str
    region: str
    api: str
    stage: str
    routes: tuple[Route, ...]


def routes_of(document: Any) -> tuple[Route, ...]:
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


def compared(one: WantedRoutes, found: Sequence[Route] | None) -> Served:
    """Hold routes to those that were deployed; None where there is no such stage."""
    name = f"{one.region}/{one.name}"
    if found is None:
        return Served("api-gateway", name, "missing", f"there is no stage {one.stage}")
    there = {route.path: route for route in found}
    faults = [fault for route in one.routes for fault in _faults(route, there.get(route.path))]
    faults += [
        f"{path} is a route that nobody deployed" for path in sorted(there.keys() - {r.path for r in one.routes})
    ]
    if not faults:
        return Served("api-gateway", name, "serves", f"{len(one.routes)} routes on stage {one.stage}")
    more = f" and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
    return Served("api-gateway", name, "differs", "; ".join(faults[:MOST_NAMED]) + more)


def _faults(meant: Route, found: Route | None) -> list[str]:
    if found is None:
        return [f"{meant.path} leads nowhere"]
    pairs = (("leads to", meant.endpoint, found.endpoint), ("names artifact", meant.artifact, found.artifact))
    return [f"{meant.path} {what} {is_} instead of {wanted}" for what, wanted, is_ in pairs if wanted != is_]
