"""What serves is asked of the clouds: SageMaker as moto plays it, and Cloud Run's API, both on loopback."""

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import jsonschema
import pytest
from moto.core.exceptions import JsonRESTError
from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends
from typer.testing import CliRunner

from generator import deploy
from generator.cli import app
from generator.errors import DeployError
from generator.schemas import schemas
from generator.verify import WantedEndpoint, WantedService, verify, wanted
from tests.amazon_server import ACCOUNT
from tests.google_server import Replies, google_api, log_out
from tests.verified import look, the_only

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
