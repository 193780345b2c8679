"""Where public paths lead is asked of the clouds: API Gateway as botocore knows it, the Compute API on loopback."""

import io
import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from generator.errors import DeployError
from generator.verify import (
    Route,
    WantedApi,
    WantedUrlMap,
    verify,
    wanted,
)
from tests.amazon_server import SECRET
from tests.google_server import Replies, google_api
from tests.verified import look, the_only

REGION = "eu-west-1"

# API Gateway ---------------------------------------------------------------------------------------------------


def openapi(**artifacts: str) -> dict[str, Any]:
    """An API of our program, cut down to what is looked at: artifacts by the name in their path."""
    header = "integration.request.header.X-Amzn-SageMaker-Target-Model"
    paths = {
        f"/{name}": {
            "post": {
                "x-amazon-apigateway-integration": {
                    "uri": f"arn:aws:apigateway:{REGION}:runtime.sagemaker:path/endpoints/prod-shop/invocations",
                    "requestParameters": {header: f"'{artifact}'"},
                }
            }
        }
        for name, artifact in artifacts.items()
    }
    return {"openapi": "3.0.1", "paths": paths}


ROUTES = WantedApi(
    "prod-shop",
    REGION,
    "a1b2c3",
    "live",
    (Route("/dolls", "prod-shop", "dolls/2.tar.gz"), Route("/kites", "prod-shop", "kites/2.tar.gz")),
)
DEPLOYED = openapi(kites="kites/2.tar.gz", dolls="dolls/2.tar.gz")
API = {
    "type": "aws:apigateway/restApi:RestApi",
    "id": "a1b2c3",
    "inputs": {"name": "prod-shop", "body": json.dumps(DEPLOYED)},
    "outputs": {},
}


def test_the_routes_of_a_stage_are_read_from_its_api() -> None:
    stage = {
        "type": "aws:apigateway/stage:Stage",
        "inputs": {"restApi": "a1b2c3", "stageName": "live"},
        "outputs": {"arn": f"arn:aws:apigateway:{REGION}::/restapis/a1b2c3/stages/live"},
    }

    assert (ROUTES,) == wanted({"deployment": {"resources": [stage, API]}})


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Generator[Stubber]:
    """API Gateway as botocore knows its requests and answers; moto exports no integrations."""
    client = boto3.client("apigateway", region_name=REGION, aws_access_key_id="x", aws_secret_access_key=SECRET)
    monkeypatch.setattr("generator.verify.api_gateway.amazon_clients", lambda _: lambda _: client)
    with Stubber(client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def exported(gateway: Stubber, content: bytes) -> None:
    asked = {
        "restApiId": "a1b2c3",
        "stageName": "live",
        "exportType": "oas30",
        "parameters": {"extensions": "integrations"},
        "accepts": "application/json",
    }
    body = StreamingBody(io.BytesIO(content), len(content))
    gateway.add_response("get_export", {"body": body}, asked)


@pytest.mark.parametrize(
    ("deployed", "answer"),
    [
        (DEPLOYED, ("serves", "2 routes on stage live")),
        (
            openapi(kites="kites/2.tar.gz", dolls="dolls/1.tar.gz"),
            ("differs", "/dolls asks for dolls/1.tar.gz instead of dolls/2.tar.gz"),
        ),
        (
            openapi(dolls="dolls/2.tar.gz", bombs="bombs/1.tar.gz"),
            ("differs", "/kites leads nowhere; /bombs is a route that nobody deployed"),
        ),
        (
            json.loads(json.dumps(DEPLOYED).replace("endpoints/prod-shop/", "endpoints/prod-old/", 1)),
            ("differs", "/kites leads to prod-old instead of prod-shop"),
        ),
        ([], ("differs", "/dolls leads nowhere; /kites leads nowhere")),
    ],
)
def test_what_a_stage_has_deployed_is_told(deployed: Any, answer: tuple[str, str], gateway: Stubber) -> None:
    exported(gateway, json.dumps(deployed).encode())

    assert answer == look(ROUTES)


def test_a_stage_that_is_gone_or_refused_is_told_apart(gateway: Stubber) -> None:
    gateway.add_client_error("get_export", "NotFoundException")
    assert ("missing", "there is no stage live") == look(ROUTES)
    gateway.add_client_error("get_export", "AccessDeniedException")
    with pytest.raises(DeployError, match="AccessDeniedException"):
        look(ROUTES)
    exported(gateway, b"<html>")
    with pytest.raises(DeployError, match="exports no JSON"):
        look(ROUTES)


@pytest.mark.parametrize(
    ("there", "state"), [(API, "serves"), (API | {"inputs": {}}, "differs"), (API | {"id": "other"}, "missing")]
)
def test_the_pretend_cloud_is_asked_for_its_routes(there: dict[str, Any], state: str, tmp_path: Path) -> None:
    folder = tmp_path / "cloud" / "resources"
    folder.mkdir(parents=True)
    (folder / "api.json").write_text(json.dumps(there))

    assert state == the_only(verify([ROUTES], wait_s=0, offline=tmp_path))[0]


# Load balancers ------------------------------------------------------------------------------------------------

HOST = "europe-west1.models.shop.example"
URL_MAP = "projects/p/global/urlMaps/prod-edge"
DOLLS = "projects/p/global/backendServices/edge-dolls-1"
BOTH = "projects/p/global/backendServices/nearest-1"
WEST = "projects/p/regions/europe-west1/networkEndpointGroups/dolls-west"
EAST = "projects/p/regions/us-east1/networkEndpointGroups/dolls-east"
NEG = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
MAPPED = WantedUrlMap(
    URL_MAP,
    (
        Route(f"{HOST}/dolls", "europe-west1/prod-dolls", "/v1/models/dolls:predict"),
        Route("models.shop.example/dolls", "europe-west1/prod-dolls, us-east1/prod-dolls", None),
    ),
)
Resources = dict[str, tuple[str, dict[str, Any]]]


def mapped(prefix: str = "", **changes: dict[str, Any]) -> Resources:
    """What a load balancer is made of, by name, as a state has it, and, with a prefix, as the Compute API answers."""
    rule = {
        "paths": ["/dolls"],
        "service": prefix + DOLLS,
        "routeAction": {"urlRewrite": {"pathPrefixRewrite": "/v1/models/dolls:predict"}},
    }
    found = {
        URL_MAP: (
            "gcp:compute/uRLMap:URLMap",
            {
                "hostRules": [
                    {"hosts": [HOST], "pathMatcher": "europe-west1"},
                    {"hosts": ["models.shop.example"], "pathMatcher": "nearest"},
                ],
                "pathMatchers": [
                    {"name": "europe-west1", "pathRules": [rule]},
                    {"name": "nearest", "pathRules": [{"paths": ["/dolls"], "service": prefix + BOTH}]},
                ],
            },
        ),
        DOLLS: ("gcp:compute/backendService:BackendService", {"backends": [{"group": prefix + WEST}]}),
        BOTH: (
            "gcp:compute/backendService:BackendService",
            {"backends": [{"group": prefix + WEST}, {"group": prefix + EAST}]},
        ),
        WEST: (NEG, {"region": f"{prefix}europe-west1", "cloudRun": {"service": "prod-dolls"}}),
        EAST: (NEG, {"region": f"{prefix}us-east1", "cloudRun": {"service": "prod-dolls"}}),
    }
    return {name: (kind, inputs | changes.get(name, {})) for name, (kind, inputs) in found.items()}


def test_the_routes_of_a_load_balancer_are_followed_to_the_services_of_the_state() -> None:
    resources = [
        {"type": kind, "id": name, "inputs": inputs, "outputs": {}} for name, (kind, inputs) in mapped().items()
    ]

    assert (MAPPED,) == wanted({"deployment": {"resources": resources}})


@pytest.fixture
def compute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[Replies]:
    with google_api(monkeypatch, tmp_path, "COMPUTE") as replies:
        yield replies


def answered(resources: Resources) -> Replies:
    return {f"/compute/v1/{name}": (200, json.dumps(inputs).encode()) for name, (_, inputs) in resources.items()}


COMPUTE = "https://www.googleapis.com/compute/v1/"


@pytest.mark.parametrize(
    ("changes", "gone", "answer"),
    [
        ({}, None, ("serves", "2 routes on map prod-edge")),
        (
            {WEST: {"cloudRun": {"service": "prod-kites"}}, EAST: {"cloudRun": {"service": "prod-dolls"}}},
            None,
            (
                "differs",
                f"{HOST}/dolls leads to europe-west1/prod-kites instead of europe-west1/prod-dolls; "
                "models.shop.example/dolls leads to europe-west1/prod-kites, us-east1/prod-dolls "
                "instead of europe-west1/prod-dolls, us-east1/prod-dolls",
            ),
        ),
        (
            {BOTH: {"backends": [{"group": COMPUTE + WEST}]}},
            None,
            (
                "differs",
                "models.shop.example/dolls leads to europe-west1/prod-dolls "
                "instead of europe-west1/prod-dolls, us-east1/prod-dolls",
            ),
        ),
        (
            {},
            DOLLS,
            ("differs", f"{HOST}/dolls leads to nothing instead of europe-west1/prod-dolls"),
        ),
        ({}, URL_MAP, ("missing", "there is no map prod-edge")),
        (
            {URL_MAP: {"hostRules": []}},
            None,
            ("differs", f"{HOST}/dolls leads nowhere; models.shop.example/dolls leads nowhere"),
        ),
    ],
)
def test_where_a_load_balancer_leads_is_told(
    changes: dict[str, dict[str, Any]], gone: str | None, answer: tuple[str, str], compute: Replies
) -> None:
    compute |= answered(mapped(COMPUTE, **changes))
    if gone is not None:
        del compute[f"/compute/v1/{gone}"]

    assert answer == look(MAPPED)


def test_a_path_rewritten_otherwise_and_one_that_nobody_deployed_are_found(compute: Replies) -> None:
    compute |= answered(mapped(COMPUTE))
    changed = json.loads(compute[f"/compute/v1/{URL_MAP}"][1])
    (rule,) = changed["pathMatchers"][0]["pathRules"]
    rule["routeAction"]["urlRewrite"]["pathPrefixRewrite"] = "/v1/models/old:predict"
    rule["paths"].append("/bombs")
    compute[f"/compute/v1/{URL_MAP}"] = (200, json.dumps(changed).encode())

    assert (
        "differs",
        f"{HOST}/dolls asks for /v1/models/old:predict instead of /v1/models/dolls:predict; "
        f"{HOST}/bombs is a route that nobody deployed",
    ) == look(MAPPED)


def test_what_an_answer_names_is_asked_of_the_same_api_or_of_nobody(compute: Replies) -> None:
    strange = {"backends": [{"group": "https://elsewhere.example/projects/p/../../../secrets?x=/global/x/y"}]}
    compute |= answered(mapped(COMPUTE, **{DOLLS: strange}))

    state, message = look(MAPPED)

    assert (state, True) == ("differs", message.startswith(f"{HOST}/dolls leads to nothing instead"))


@pytest.mark.parametrize(
    ("status", "content", "says"),
    [(403, b"{}", "refuses to describe it: 403"), (200, b'{"backends": 1}', "no usable answer: 200")],
)
def test_a_backend_that_may_not_be_read_is_an_error_and_no_verdict(
    status: int, content: bytes, says: str, compute: Replies
) -> None:
    compute |= answered(mapped(COMPUTE))
    compute[f"/compute/v1/{DOLLS}"] = (status, content)
    with pytest.raises(DeployError, match=says) as raised:
        look(MAPPED)

    assert raised.value.remedy


@pytest.mark.parametrize(
    ("gone", "state"), [(None, "serves"), (EAST, "differs"), (DOLLS, "differs"), (URL_MAP, "missing")]
)
def test_the_pretend_cloud_s_load_balancer_is_followed_too(gone: str | None, state: str, tmp_path: Path) -> None:
    folder = tmp_path / "cloud" / "resources"
    folder.mkdir(parents=True)
    for number, (name, (kind, inputs)) in enumerate(mapped().items()):
        if name != gone:
            there = {"type": kind, "id": name, "urn": "", "inputs": inputs, "outputs": {}}
            (folder / f"{number}.json").write_text(json.dumps(there))

    assert state == the_only(verify([MAPPED], wait_s=0, offline=tmp_path))[0]
