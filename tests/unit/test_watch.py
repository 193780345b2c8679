"""Which alarms fire is asked of CloudWatch as moto plays it, of Cloud Monitoring's API on loopback, or of nobody."""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.cloudwatch.models import cloudwatch_backends

from generator.errors import DeployError
from generator.offline.alarms import ring
from generator.watch import WatchedAlarm, watch, watched
from tests.amazon_server import ACCOUNT
from tests.google_server import Replies, google_api

REGIONS = ("eu-west-1", "us-east-1")
POLICY = "projects/shop/alertPolicies/17"
ALERTS = "/v3/projects/shop/alerts?filter=state%3D%22OPEN%22&pageSize=1000"


def resource(kind: str, label: str, identity: str, outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": kind, "urn": f"urn:pulumi:s::p::{kind}::{label}", "id": identity, "outputs": outputs, **more}


def metric_alarm(label: str, region: str, **more: Any) -> dict[str, Any]:
    name = f"{label}-1a2b3c4"
    arn = f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}"
    return resource("aws:cloudwatch/metricAlarm:MetricAlarm", label, name, {"arn": arn, "name": name}, **more)


STATE = {
    "deployment": {
        "resources": [
            {"type": "pulumi:pulumi:Stack", "urn": "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s"},
            metric_alarm("shop-latency", REGIONS[0]),
            metric_alarm("shop-errors", REGIONS[0]),
            metric_alarm("shop-idle", REGIONS[0]),
            metric_alarm("old-errors", REGIONS[0], delete=True),
            resource("gcp:monitoring/alertPolicy:AlertPolicy", "shop-memory", POLICY, {"name": POLICY}),
        ]
    }
}
ERRORS = WatchedAlarm("aws", REGIONS[0], "shop-errors-1a2b3c4", "shop-errors")
LATENCY = WatchedAlarm("aws", REGIONS[0], "shop-latency-1a2b3c4", "shop-latency")
MEMORY = WatchedAlarm("gcp", "shop", POLICY, "shop-memory")
FAR = WatchedAlarm("aws", REGIONS[1], "far-errors-1a2b3c4", "far-errors")


def test_what_a_stack_has_is_watched_but_for_what_takes_a_day_to_fire() -> None:
    assert (ERRORS, LATENCY, MEMORY) == watched(STATE)
    assert () == watched({"version": 3, "deployment": {}})


def put_alarm(client: Any, name: str) -> None:
    client.put_metric_alarm(
        AlarmName=name,
        MetricName="Errors",
        Namespace="AWS/SageMaker",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
    )


@pytest.fixture
def cloudwatch(amazon: None) -> Generator[dict[str, Any]]:
    """Two regions, each with its alarms, all quiet."""
    del amazon
    clients = {region: boto3.client("cloudwatch", region_name=region) for region in REGIONS}
    for one in (ERRORS, LATENCY, FAR):
        put_alarm(clients[one.place], one.name)
        clients[one.place].set_alarm_state(AlarmName=one.name, StateValue="OK", StateReason="quiet")
    yield clients
    for region in REGIONS:
        cloudwatch_backends[ACCOUNT][region].reset()


def test_the_alarms_that_fire_are_found_region_by_region(cloudwatch: dict[str, Any]) -> None:
    assert () == watch([ERRORS, LATENCY, FAR])

    cloudwatch[FAR.place].set_alarm_state(AlarmName=FAR.name, StateValue="ALARM", StateReason="many")
    cloudwatch[LATENCY.place].set_alarm_state(AlarmName=LATENCY.name, StateValue="ALARM", StateReason="slow")
    cloudwatch[ERRORS.place].set_alarm_state(
        AlarmName=ERRORS.name, StateValue="INSUFFICIENT_DATA", StateReason="no requests yet"
    )

    assert (LATENCY, FAR) == watch([ERRORS, LATENCY, FAR])


def test_more_alarms_than_one_call_takes_are_all_asked_for(cloudwatch: dict[str, Any]) -> None:
    many = [WatchedAlarm("aws", REGIONS[0], f"n{number}", f"n{number}") for number in range(150)]
    for one in many:
        put_alarm(cloudwatch[one.place], one.name)
    cloudwatch[REGIONS[0]].set_alarm_state(AlarmName="n149", StateValue="ALARM", StateReason="many")

    assert (many[149],) == watch(many)


@pytest.mark.usefixtures("cloudwatch")
def test_an_alarm_that_is_gone_is_no_quiet_alarm() -> None:
    gone = WatchedAlarm("aws", REGIONS[0], "gone-1a2b3c4", "gone-errors")
    with pytest.raises(DeployError, match="gone-errors, so nothing would warn"):
        watch([ERRORS, gone])


@pytest.mark.usefixtures("silent_amazon")
def test_a_region_that_does_not_answer_is_no_quiet_region() -> None:
    with pytest.raises(DeployError, match="alarms in eu-west-1: AWS cannot be asked"):
        watch([ERRORS])


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[Replies]:
    with google_api(monkeypatch, tmp_path, "MONITORING") as replies:
        yield replies


def page(*alerts: tuple[str, str], following: str = "") -> tuple[int, bytes]:
    listed = [{"name": "a", "state": state, "policy": {"name": name}} for name, state in alerts]
    return 200, json.dumps({"alerts": listed, "nextPageToken": following}).encode()


def test_open_alerts_are_found_on_every_page(google: Replies) -> None:
    google[ALERTS] = page(("projects/shop/alertPolicies/1", "OPEN"), following="more")
    google[f"{ALERTS}&pageToken=more"] = page((POLICY, "OPEN"))

    assert (MEMORY,) == watch([MEMORY])


@pytest.mark.parametrize("reply", [page(), page((POLICY, "CLOSED")), page(("projects/shop/alertPolicies/170", "OPEN"))])
def test_no_open_alert_of_ours_is_quiet(reply: tuple[int, bytes], google: Replies) -> None:
    google[ALERTS] = reply

    assert () == watch([MEMORY])


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((403, b"{}"), "refuses to list them: 403"),
        ((503, b"busy"), "no usable answer: 503"),
        ((200, b'{"alerts": "none"}'), "no usable answer: 200"),
        (page(following="more"), "more than"),
    ],
)
def test_an_answer_that_says_nothing_is_no_quiet_project(
    reply: tuple[int, bytes], said: str, google: Replies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generator.watch.cloud_monitoring.MOST_PAGES", 2)
    google[ALERTS] = google[f"{ALERTS}&pageToken=more"] = reply

    with pytest.raises(DeployError, match=said):
        watch([MEMORY])


def test_the_pretend_cloud_is_quiet_until_it_is_told_otherwise(tmp_path: Path) -> None:
    assert () == watch([ERRORS, MEMORY], offline=tmp_path)
    ring(tmp_path / "cloud", ["*-memory"])
    assert (MEMORY,) == watch([ERRORS, MEMORY], offline=tmp_path)
    ring(tmp_path / "cloud", [])
    assert () == watch([ERRORS, MEMORY], offline=tmp_path)
