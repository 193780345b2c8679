"""What a stack's last update asked the clouds to serve: inputs in Pulumi's state, not what a provider read back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.verify.api_routes import WantedApi, api_routes
from generator.verify.url_map import URL_MAP, WantedUrlMap, recorded_routes

ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
MODEL = "aws:sagemaker/model:Model"
SERVICE = "gcp:cloudrunv2/service:Service"
API = "aws:apigateway/restApi:RestApi"
STAGE = "aws:apigateway/stage:Stage"
HELD = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"


@dataclass(frozen=True, slots=True)
class WantedEndpoint:
    """A SageMaker endpoint: its configuration, and of its one variant machine, model and image.

    What is None is not known from the state, and not compared.
    """

    name: str
    region: str
    config: str
    instance_type: str | None
    model: str | None
    image: str | None


@dataclass(frozen=True, slots=True)
class WantedService:
    """A Cloud Run service: its image, and the revision that traffic is held at, if it is held.

    `name` is whole, ``projects/P/locations/L/services/S``.
    """

    name: str
    image: str | None
    held: str | None


Wanted = WantedEndpoint | WantedService | WantedApi | WantedUrlMap


def wanted(state: Mapping[str, Any]) -> tuple[Wanted, ...]:
    """Read what `pulumi stack export` gives, of which only names, machines, images and routes are looked at.

    The provider's own notion of the endpoint is left aside: after a rollback that it did not notice, its state names a
    configuration that nobody serves (hashicorp/terraform-provider-aws#46663, #48997).

    Parameters
    ----------
    state : mapping
        The exported deployment.

    Returns
    -------
    tuple of WantedEndpoint, WantedService, WantedApi and WantedUrlMap
        Sorted by name; without resources that only wait for their deletion.
    """
    resources = (state.get("deployment") or {}).get("resources") or []
    alive = [resource for resource in resources if not resource.get("delete")]
    endpoints: list[WantedEndpoint] = [_endpoint(found, alive) for found in alive if found.get("type") == ENDPOINT]
    services: list[WantedService] = [_service(found) for found in alive if found.get("type") == SERVICE]
    endpoints.sort(key=lambda found: (found.region, found.name))
    services.sort(key=lambda found: found.name)
    stages: list[WantedApi] = [_routes(found, alive) for found in alive if found.get("type") == STAGE]
    stages.sort(key=lambda found: (found.region, found.name))
    maps = [WantedUrlMap(found["id"], recorded_routes(found, alive)) for found in alive if found.get("type") == URL_MAP]
    maps.sort(key=lambda found: found.name)
    return (*endpoints, *services, *stages, *maps)


def _endpoint(endpoint: Mapping[str, Any], alive: Sequence[Mapping[str, Any]]) -> WantedEndpoint:
    inputs = endpoint["inputs"]
    variant = _first(_named(alive, CONFIGURATION, inputs["endpointConfigName"]).get("productionVariants"))
    container = _named(alive, MODEL, variant.get("modelName")).get("primaryContainer") or {}
    return WantedEndpoint(
        name=inputs["name"],
        region=endpoint["outputs"]["arn"].split(":")[3],
        config=inputs["endpointConfigName"],
        instance_type=variant.get("instanceType"),
        model=variant.get("modelName"),
        image=container.get("image"),
    )


def _service(service: Mapping[str, Any]) -> WantedService:
    inputs, outputs = service["inputs"], service["outputs"]
    held = [one["revision"] for one in inputs.get("traffics") or () if one["type"] == HELD and one.get("percent")]
    return WantedService(
        name=f"projects/{outputs['project']}/locations/{inputs['location']}/services/{inputs['name']}",
        image=_first(inputs["template"].get("containers")).get("image"),
        held=held[0] if held else None,
    )


def _routes(stage: Mapping[str, Any], alive: Sequence[Mapping[str, Any]]) -> WantedApi:
    """Read a stage's routes off its API; what a program other than ours deployed has none in its state."""
    inputs = stage["inputs"]
    ours = (one for one in alive if one.get("type") == API and one.get("id") == inputs["restApi"])
    api: Mapping[str, Any] = next(ours, {"inputs": {}, "outputs": {}})
    return WantedApi(
        name=str(api["inputs"].get("name", inputs["restApi"])),
        region=stage["outputs"]["arn"].split(":")[3],
        api=inputs["restApi"],
        stage=inputs["stageName"],
        routes=api_routes(json.loads(api["inputs"].get("body") or "{}")),
    )


def _named(alive: Sequence[Mapping[str, Any]], type_: str, name: str | None) -> Mapping[str, Any]:
    """Return the outputs of the resource of a type and physical name; empty where there is none."""
    found = (one["outputs"] for one in alive if one.get("type") == type_ and one["outputs"].get("name") == name)
    return next(found, {})


def _first(listed: Sequence[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    return listed[0] if listed else {}
