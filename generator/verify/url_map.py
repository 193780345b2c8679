"""Routes of a global load balancer: its URL map to backend services, these to endpoint groups, these to Cloud Run.

A program's state, the pretend cloud and the Compute API spell all three alike:
https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps#resource
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from generator.verify.routes import Route

URL_MAP = "gcp:compute/uRLMap:URLMap"
BACKEND = "gcp:compute/backendService:BackendService"
GROUP = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"


@dataclass(frozen=True, slots=True)
class WantedUrlMap:
    """A load balancer's map, ``projects/P/global/urlMaps/M``, and its routes."""

    name: str
    routes: tuple[Route, ...]

    @property
    def place(self) -> str:
        """What to call it where its whole name was told."""
        return f"map {self.name.rpartition('/')[2]}"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Rewrite(_Part):
    path: str | None = Field(None, alias="pathPrefixRewrite")


class _Action(_Part):
    rewrite: _Rewrite | None = Field(None, alias="urlRewrite")


class _PathRule(_Part):
    paths: tuple[str, ...] = ()
    service: str = ""
    action: _Action | None = Field(None, alias="routeAction")


class _PathMatcher(_Part):
    name: str
    rules: tuple[_PathRule, ...] = Field((), alias="pathRules")


class _HostRule(_Part):
    hosts: tuple[str, ...] = ()
    matcher: str = Field("", alias="pathMatcher")


class UrlMap(_Part):
    """Which backend service each path of each host leads to."""

    hosts: tuple[_HostRule, ...] = Field((), alias="hostRules")
    matchers: tuple[_PathMatcher, ...] = Field((), alias="pathMatchers")


class _Backend(_Part):
    group: str = ""


class BackendService(_Part):
    """Endpoint groups, the nearest of which is asked."""

    backends: tuple[_Backend, ...] = ()


class _CloudRun(_Part):
    service: str = ""


class EndpointGroup(_Part):
    """One Cloud Run service; `region` may be spelled as an address."""

    region: str = ""
    cloud_run: _CloudRun = Field(_CloudRun(), alias="cloudRun")


def named(reference: str) -> str:
    """Return a resource's name, ``projects/…``, off its name or its address."""
    _, word, rest = reference.partition("projects/")
    return word + rest


def map_routes(
    found: UrlMap, backend: Callable[[str], BackendService | None], group: Callable[[str], EndpointGroup | None]
) -> tuple[Route, ...]:
    """Follow every path of a map to the services that answer it, sorted by host and path.

    Parameters
    ----------
    found : UrlMap
    backend, group : callable
        Look up by the name that `named` gives; None where there is none.
    """
    by_name = {matcher.name: matcher for matcher in found.matchers}
    rules = [
        (host, rule)
        for said in found.hosts
        for host in said.hosts
        for rule in (by_name[said.matcher].rules if said.matcher in by_name else ())
    ]
    backends = {name: backend(name) for name in sorted({named(rule.service) for _, rule in rules})}
    members = {one.group for held in backends.values() if held is not None for one in held.backends}
    services = {member: _service(group(named(member))) for member in sorted(members)}

    def leads_to(rule: _PathRule) -> str:
        held = backends[named(rule.service)]
        return ", ".join(sorted(services[one.group] for one in held.backends)) if held is not None else ""

    def asks_for(rule: _PathRule) -> str | None:
        return rule.action.rewrite.path if rule.action is not None and rule.action.rewrite is not None else None

    routes = [Route(f"{host}{path}", leads_to(rule), asks_for(rule)) for host, rule in rules for path in rule.paths]
    return tuple(sorted(routes, key=lambda route: route.path))


def recorded_routes(url_map: Mapping[str, Any], resources: Sequence[Mapping[str, Any]]) -> tuple[Route, ...]:
    """Follow the paths of a map that a state or the pretend cloud holds, by their resources' inputs."""

    def held(kind: str, name: str) -> Any:
        return next((one["inputs"] for one in resources if (one.get("type"), one.get("id")) == (kind, name)), None)

    def backend(name: str) -> BackendService | None:
        inputs = held(BACKEND, name)
        return None if inputs is None else BackendService.model_validate(inputs)

    def group(name: str) -> EndpointGroup | None:
        inputs = held(GROUP, name)
        return None if inputs is None else EndpointGroup.model_validate(inputs)

    return map_routes(UrlMap.model_validate(url_map["inputs"]), backend, group)


def _service(group: EndpointGroup | None) -> str:
    return "nothing" if group is None else f"{group.region.rpartition('/')[2]}/{group.cloud_run.service}"
