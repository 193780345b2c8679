"""What serves is asked of the clouds: SageMaker as moto plays it, and Cloud Run's API, both on loopback."""

import io
import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto.core.exceptions import JsonRESTError
from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends
from typer.testing import CliRunner

from generator import deploy
from generator.cli import app
from generator.errors import DeployError
from generator.model import Served
from generator.schemas import schemas
from generator.verify import (
    Route,
    Wanted,
    WantedApi,
    WantedEndpoint,
    WantedService,
    WantedUrlMap,
    verify,
    wanted,
)
from tests.amazon_server import ACCOUNT, SECRET
from tests.google_server import Replies, google_api, log_out

REGION = "eu-west-1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/sklearn:1"
ENDPOINT = WantedEndpoint("prod-shop", REGION, "shop-config-2", "ml.c5.xlarge", "shop-model-2", IMAGE)
SERVICE = WantedService("projects/p/locations/europe-west1/services/prod-shop", "registry/sklearn:2", None)

# A stack's state as `pulumi stack export` gives it, cut down to what is looked at; the provider believes in its update.
STATE: dict[str, Any] = {
    "deployment": {
        "resources": [
            {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s"},
            {
                "type": "aws:sagemaker/model:Model",
                "outputs": {"name": "shop-model-2", "primaryContainer": {"image": IMAGE}},
            },
            {
                "type": "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
                "outputs": {
                    "name": "shop-config-2",
                    "productionVariants": [{"modelName": "shop-model-2", "instanceType": "ml.c5.xlarge"}],
                },
            },
            {
                "type": "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
                "delete": True,
                "outputs": {"name": "shop-config-1", "productionVariants": []},
            },
            {
                "type": "aws:sagemaker/endpoint:Endpoint",
                "inputs": {"name": "prod-shop", "endpointConfigName": "shop-config-2"},
                "outputs": {
                    "arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/prod-shop",
                    "endpointConfigName": "shop-config-1",
                },
            },
            {
                "type": "gcp:cloudrunv2/service:Service",
                "inputs": {
                    "name": "prod-shop",
                    "location": "europe-west1",
                    "template": {"containers": [{"image": "registry/sklearn:2"}]},
                    "traffics": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
                },
                "outputs": {"project": "p"},
            },
        ]
    }
}


def test_what_was_asked_for_is_read_from_inputs_not_from_what_the_provider_believes() -> None:
    assert (ENDPOINT, SERVICE) == wanted(STATE)
    assert () == wanted({"version": 3, "deployment": {}})


def test_a_held_revision_is_wanted_instead_of_the_newest() -> None:
    state = json.loads(json.dumps(STATE))
    state["deployment"]["resources"][-1]["inputs"]["traffics"] = [
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "prod-shop-00001", "percent": 100},
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 0},
    ]

    assert replace(SERVICE, held="prod-shop-00001") == wanted(state)[1]


def the_only(found: list[Served]) -> tuple[str, str]:
    (one,) = found
    return one.state, one.message


def look(*endpoints: Wanted) -> tuple[str, str]:
    return the_only(verify(endpoints, wait_s=0))


# SageMaker -----------------------------------------------------------------------------------------------------


@pytest.fixture
def sagemaker(amazon: None) -> Generator[Any]:
    """An account with two configurations, as an update leaves them, and the endpoint on the newer one."""
    del amazon
    client = boto3.client("sagemaker", region_name=REGION)
    for number, machine in (("1", "ml.m5.large"), ("2", "ml.c5.xlarge")):
        name = f"shop-model-{number}"
        client.create_model(
            ModelName=name,
            PrimaryContainer={"Image": IMAGE},
            ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution",
        )
        client.create_endpoint_config(
            EndpointConfigName=f"shop-config-{number}",
            ProductionVariants=[
                {"VariantName": "all", "ModelName": name, "InstanceType": machine, "InitialInstanceCount": 1}
            ],
        )
    client.create_endpoint(EndpointName="prod-shop", EndpointConfigName="shop-config-2")
    yield client
    sagemaker_backends[ACCOUNT][REGION].reset()


def played() -> Any:
    (endpoint,) = sagemaker_backends[ACCOUNT][REGION].endpoints.values()
    return endpoint


def roll_back() -> None:
    # What AWS leaves after a failed update: in service, on the configuration before it (moto has no UpdateEndpoint).
    played().endpoint_config_name = "shop-config-1"


@pytest.mark.usefixtures("sagemaker")
def test_an_endpoint_that_serves_what_was_deployed_says_so() -> None:
    assert ("serves", "configuration shop-config-2") == look(ENDPOINT)


@pytest.mark.usefixtures("sagemaker")
def test_a_silent_rollback_is_found() -> None:
    roll_back()

    assert ("differs", "serves configuration shop-config-1, not shop-config-2: the update was rolled back") == look(
        ENDPOINT
    )


def test_a_rollback_to_a_configuration_that_was_deleted_says_what_comes_next(sagemaker: Any) -> None:
    roll_back()
    sagemaker.delete_endpoint_config(EndpointConfigName="shop-config-1")
    state, message = look(ENDPOINT)

    assert "differs" == state
    assert message.endswith("configuration shop-config-1 has been deleted, so the next update will fail")


@pytest.mark.usefixtures("sagemaker")
def test_a_missing_endpoint_is_missing() -> None:
    assert ("missing", "there is no such endpoint") == look(replace(ENDPOINT, name="prod-other"))


@pytest.mark.usefixtures("sagemaker")
@pytest.mark.parametrize(
    ("one", "says"),
    [
        (replace(ENDPOINT, instance_type="ml.p3.2xlarge"), "machine ml.c5.xlarge instead of ml.p3.2xlarge"),
        (replace(ENDPOINT, model="shop-model-3"), "model shop-model-2 instead of shop-model-3"),
    ],
)
def test_another_machine_or_model_under_the_same_name_is_found(one: WantedEndpoint, says: str) -> None:
    assert ("differs", f"serves {says}") == look(one)


@pytest.mark.usefixtures("sagemaker")
def test_a_failed_endpoint_differs() -> None:
    played().endpoint_status = "Failed"

    assert ("differs", "is Failed") == look(ENDPOINT)


@pytest.mark.usefixtures("sagemaker")
def test_what_is_being_updated_is_asked_again_as_long_as_there_is_time() -> None:
    played().endpoint_status = "Updating"
    pauses: list[float] = []

    def settles(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            played().endpoint_status = "InService"

    assert ("undecided", "is Updating, with configuration shop-config-2") == look(ENDPOINT)
    assert "undecided" == the_only(verify([ENDPOINT], wait_s=20, pause=lambda _: None))[0]
    assert "serves" == the_only(verify([ENDPOINT], wait_s=100, pause=settles))[0]
    assert [15.0, 15.0] == pauses


@pytest.mark.usefixtures("sagemaker")
def test_a_refusal_names_the_permissions(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise JsonRESTError("AccessDeniedException", "User is not authorized to perform sagemaker:DescribeEndpoint")

    monkeypatch.setattr(SageMakerModelBackend, "describe_endpoint", refused)
    with pytest.raises(DeployError, match="refuses to describe it: AccessDeniedException") as raised:
        look(ENDPOINT)

    assert "sagemaker:DescribeEndpoint" in raised.value.remedy


def test_without_credentials_the_error_says_to_log_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(DeployError, match="Unable to locate credentials") as raised:
        look(ENDPOINT)

    assert "Log in" in raised.value.remedy


# Cloud Run -----------------------------------------------------------------------------------------------------


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[Replies]:
    with google_api(monkeypatch, tmp_path, "RUN") as replies:
        yield replies


def service(**changes: Any) -> bytes:
    """What the Admin API v2 answers of a healthy service, and what is changed."""
    revision = f"{SERVICE.name}/revisions/prod-shop-00002"
    healthy = {
        "name": SERVICE.name,
        "generation": "2",
        "template": {"containers": [{"image": "registry/sklearn:2"}]},
        "latestReadyRevision": revision,
        "latestCreatedRevision": revision,
        "terminalCondition": {"type": "Ready", "state": "CONDITION_SUCCEEDED"},
        "trafficStatuses": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
    }
    return json.dumps(healthy | changes).encode()


OLD = f"{SERVICE.name}/revisions/prod-shop-00001"
FAILED = {"state": "CONDITION_FAILED", "message": "The start-up probe failed."}


@pytest.mark.parametrize(
    ("status", "content", "one", "answer"),
    [
        (200, service(), SERVICE, ("serves", "revision prod-shop-00002")),
        (
            200,
            service(latestReadyRevision=OLD, terminalCondition=FAILED),
            SERVICE,
            ("differs", "newest revision prod-shop-00002 is not ready, prod-shop-00001 is: The start-up probe failed."),
        ),
        (
            200,
            service(trafficStatuses=[{"revision": "prod-shop-00001", "percent": 90}, {"percent": 10}]),
            SERVICE,
            ("differs", "90 % of requests go to prod-shop-00001 instead of prod-shop-00002"),
        ),
        (
            200,
            service(trafficStatuses=[{"revision": "prod-shop-00001", "percent": 100}]),
            replace(SERVICE, held="prod-shop-00001"),
            ("serves", "revision prod-shop-00001"),
        ),
        (
            200,
            service(),
            replace(SERVICE, image="registry/sklearn:3"),
            ("differs", "serves image registry/sklearn:2 instead of registry/sklearn:3"),
        ),
        (200, service(reconciling=True), SERVICE, ("undecided", "is reconciling; prod-shop-00002 is ready")),
        (404, b"{}", SERVICE, ("missing", "there is no such service")),
    ],
)
def test_what_cloud_run_serves_is_told(
    status: int, content: bytes, one: WantedService, answer: tuple[str, str], google: Replies
) -> None:
    google[f"/v2/{SERVICE.name}"] = (status, content)

    assert answer == look(one)


@pytest.mark.parametrize(
    ("status", "content", "says"),
    [
        (403, b"{}", "refuses to describe it: 403"),
        (500, b"<html>", "no usable answer: 500"),
        (200, b"<html>", "no usable answer: 200"),
        (302, b"", "no usable answer: 302"),
        (200, b'{"trafficStatuses": 1}', "no usable answer: 200"),
    ],
)
def test_a_strange_answer_is_an_error_with_a_remedy(status: int, content: bytes, says: str, google: Replies) -> None:
    google[f"/v2/{SERVICE.name}"] = (status, content)
    with pytest.raises(DeployError, match=says) as raised:
        look(SERVICE)

    assert raised.value.remedy


def test_without_google_credentials_the_error_says_to_log_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log_out(monkeypatch, tmp_path)
    with pytest.raises(DeployError, match="no credentials") as raised:
        look(SERVICE)

    assert "gcloud auth application-default login" in raised.value.remedy


# The verb ------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "infra" / "stacks" / "groups").mkdir(parents=True)
    (tmp_path / "infra" / "Pulumi.yaml").touch()
    (tmp_path / "infra" / "stacks" / "groups" / "prod_aws_eu_west_1.py").touch()
    monkeypatch.setattr(deploy, "exported", lambda *_: STATE)
    return tmp_path / "infra"


@pytest.mark.usefixtures("sagemaker")
def test_verify_ends_in_0_7_or_6_and_prints_its_schema(project: Path, google: Replies) -> None:
    google[f"/v2/{SERVICE.name}"] = (200, service())
    good = CliRunner().invoke(app, ["verify", str(project), "--json"])
    played().endpoint_status = "Updating"
    moving = CliRunner().invoke(app, ["verify", str(project)])
    played().endpoint_status = "InService"
    roll_back()
    wrong = CliRunner().invoke(app, ["verify", str(project)])

    assert (0, 6, 7) == (good.exit_code, moving.exit_code, wrong.exit_code)
    jsonschema.validate(json.loads(good.stdout), json.loads(schemas()["verification.schema.json"]))
    assert "still being updated" in moving.stderr
    assert "rolled back" in wrong.stdout
    assert "1 of 2 do not serve" in wrong.stderr


# The pretend cloud ---------------------------------------------------------------------------------------------


def record(kind: str, identity: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> str:
    return json.dumps({"type": kind, "id": identity, "urn": "", "inputs": inputs, "outputs": outputs})


@pytest.mark.parametrize(
    ("change", "answers"),
    [
        (None, [("serves", "configuration shop-config-2"), ("serves", "newest revision")]),
        ("other", [("differs", "serves configuration shop-config-1, not shop-config-2")]),
        ("gone", [("missing", "there is no such endpoint"), ("missing", "there is no such service")]),
    ],
)
def test_the_pretend_cloud_is_held_to_what_was_deployed_as_the_real_ones_are(
    change: str | None, answers: list[tuple[str, str]], tmp_path: Path
) -> None:
    folder = tmp_path / "cloud" / "resources"
    folder.mkdir(parents=True)
    config = "shop-config-1" if change == "other" else ENDPOINT.config
    arn = {"arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/prod-shop"}
    elsewhere = {"arn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/prod-shop"}
    endpoint, service = "aws:sagemaker/endpoint:Endpoint", "gcp:cloudrunv2/service:Service"
    named = {"name": "prod-shop", "endpointConfigName": config}
    image = "registry/sklearn:1" if change == "other" else SERVICE.image
    (folder / "0.json").write_text(record(endpoint, "x", {**named, "endpointConfigName": "not ours"}, elsewhere))
    if change != "gone":
        (folder / "1.json").write_text(record(endpoint, "prod-shop", named, arn))
        template = {"containers": [{"image": image}]}
        (folder / "2.json").write_text(record(service, SERVICE.name, {"template": template}, {}))

    found = verify([ENDPOINT, SERVICE], wait_s=0, offline=tmp_path)

    told = [(one.state, one.message) for one in found]
    assert answers == told[: len(answers)]
    assert change != "other" or ("differs", f"serves image {image} instead of {SERVICE.image}") == told[1]


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
            (folder / f"{number}.json").write_text(record(kind, name, inputs, {}))

    assert state == the_only(verify([MAPPED], wait_s=0, offline=tmp_path))[0]
