"""Looks at the pretend cloud of offline runs: whether what serves there is what was deployed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generator.model import Served
from generator.verify.api_routes import WantedApi, api_routes
from generator.verify.routes import compared
from generator.verify.url_map import URL_MAP, WantedUrlMap, recorded_routes
from generator.verify.wanted import API, ENDPOINT, SERVICE, Wanted, WantedEndpoint, WantedService


def pretended_reader(folder: Path) -> Callable[[Wanted], Served]:
    """Return a function that looks at one endpoint, service, API or load balancer of the cloud in `folder`.

    That cloud keeps no deployments: an API is looked at as it was last updated.
    """
    records = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "resources").glob("*.json"))]

    def read(one: Wanted) -> Served:
        if isinstance(one, WantedEndpoint):
            name = f"{one.region}/{one.name}"
            found = _first(records, lambda record: _is_endpoint(record, one))
            serving = None if found is None else found["inputs"].get("endpointConfigName")
            if found is None:
                return Served("sagemaker", name, "missing", "there is no such endpoint")
            if serving != one.config:
                return Served("sagemaker", name, "differs", f"serves configuration {serving}, not {one.config}")
            return Served("sagemaker", name, "serves", f"configuration {one.config}")
        if isinstance(one, WantedUrlMap):
            return _url_map(records, one)
        return _api(records, one) if isinstance(one, WantedApi) else _service(records, one)

    return read


def _api(records: list[dict[str, Any]], one: WantedApi) -> Served:
    found = _first(records, lambda record: record["type"] == API and record["id"] == one.api)
    body = None if found is None else json.loads(found["inputs"].get("body") or "{}")
    routes = None if body is None else api_routes(body)
    return compared("api-gateway", f"{one.region}/{one.name}", f"stage {one.stage}", one.routes, routes)


def _url_map(records: list[dict[str, Any]], one: WantedUrlMap) -> Served:
    found = _first(records, lambda record: record["type"] == URL_MAP and record["id"] == one.name)
    routes = None if found is None else recorded_routes(found, records)
    return compared("url-map", one.name, one.place, one.routes, routes)


def _service(records: list[dict[str, Any]], one: WantedService) -> Served:
    found = _first(records, lambda record: record["type"] == SERVICE and record["id"] == one.name)
    if found is None:
        return Served("cloud-run", one.name, "missing", "there is no such service")
    images = [container.get("image") for container in found["inputs"]["template"].get("containers") or ()]
    if one.image is not None and one.image not in images:
        is_ = ", ".join(map(str, images)) or "none"
        return Served("cloud-run", one.name, "differs", f"serves image {is_} instead of {one.image}")
    return Served("cloud-run", one.name, "serves", "newest revision")


def _is_endpoint(record: dict[str, Any], one: WantedEndpoint) -> bool:
    return (
        record["type"] == ENDPOINT
        and record["inputs"].get("name") == one.name
        and str(record["outputs"].get("arn")).split(":")[3:4] == [one.region]
    )


def _first(records: list[dict[str, Any]], fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any] | None:
    return next((record for record in records if fits(record)), None)
