"""The stand-ins' tables of what a cloud takes: every row names what exists and its source, and every row bites."""

import collections.abc
import re
import typing
from fnmatch import fnmatchcase

import pytest

from generator.offline.check import STATED, check
from generator.offline.identity import IDENTITIES, identity, is_unique, scope
from generator.offline.relations import CHOICES, STATEMENTS
from generator.offline.shape import Field, fields, shape, strip
from generator.offline.stated import values_at
from generator.offline.values import UNKNOWN, Properties

pytestmark = pytest.mark.filterwarnings(r"ignore:gcp\.:DeprecationWarning")  # said when the packages are imported

RUN = "gcp:cloudrunv2/service:Service"
ALERT = "gcp:monitoring/alertPolicy:AlertPolicy"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
URL_MAP = "gcp:compute/uRLMap:URLMap"
MODEL = "aws:sagemaker/model:Model"
CONFIGURATION = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
ROUTE = "aws:route53/record:Record"

LIMITS: Properties = {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "1"}
HAPPY: dict[str, Properties] = {
    RUN: {
        "name": "shop",
        "location": "us-central1",
        "template": {
            "nodeSelector": {"accelerator": "nvidia-l4"},
            "maxInstanceRequestConcurrency": 8,
            "scaling": {"minInstanceCount": 0, "maxInstanceCount": 3},
            "volumes": [{"name": "models", "gcs": {"bucket": "shop-models"}}],
            "containers": [
                {
                    "image": "europe-docker.pkg.dev/shop/models/server:1",
                    "resources": {"limits": LIMITS, "cpuIdle": False},
                    "volumeMounts": [{"name": "models", "mountPath": "/mnt/models"}],
                    "startupProbe": {"httpGet": {"path": "/ping"}, "periodSeconds": 5, "timeoutSeconds": 5},
                }
            ],
        },
    },
    ALERT: {
        "combiner": "OR",
        "displayName": "errors",
        "conditions": [
            {
                "displayName": "errors",
                "conditionThreshold": {
                    "filter": 'resource.type="cloud_run_revision" AND metric.type="run.googleapis.com/request_count"',
                    "comparison": "COMPARISON_GT",
                    "duration": "300s",
                    "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_RATE"}],
                },
            }
        ],
    },
    ALARM: {
        "namespace": "AWS/SageMaker",
        "metricName": "Invocations",
        "period": 60,
        "statistic": "Sum",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 1,
        "evaluationPeriods": 5,
        "datapointsToAlarm": 3,
    },
    URL_MAP: {
        "name": "routes",
        "defaultUrlRedirect": {"hostRedirect": "example.com", "stripQuery": True},
        "hostRules": [{"hosts": ["eu.example.com"], "pathMatcher": "eu"}],
        "pathMatchers": [
            {
                "name": "eu",
                "defaultUrlRedirect": {"hostRedirect": "example.com", "stripQuery": True},
                "pathRules": [{"paths": ["/model1"], "service": "projects/p/global/backendServices/shop"}],
            }
        ],
    },
    MODEL: {
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "primaryContainer": {
            "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/server:1",
            "mode": "MultiModel",
            "modelDataUrl": "s3://models/",
        },
    },
    CONFIGURATION: {
        "productionVariants": [
            {"modelName": "m", "serverlessConfig": {"memorySizeInMb": 2048, "maxConcurrency": 5}},
        ]
    },
    ROUTE: {
        "zoneId": "Z0123456789ABCDEFGHIJ",
        "name": "shop.example.com",
        "type": "A",
        "aliases": [{"name": "d-1.example.com", "zoneId": "Z1", "evaluateTargetHealth": False}],
    },
}


def hint_of(known: dict[str, Field], names: list[str]) -> object:
    """Type of the property at a place, or None where there is no such property."""
    hint: object = None
    for name in names:
        if name == "[]":
            assert typing.get_origin(hint) is collections.abc.Sequence
            hint = strip(typing.get_args(hint)[0])[0]
        elif name in ("{}", "{key}"):
            assert typing.get_origin(hint) is collections.abc.Mapping
        elif typing.get_origin(hint) is collections.abc.Mapping:
            return hint  # a key of a free mapping, such as a channel's settings
        else:
            known = fields(hint) if isinstance(hint, type) else known
            if name not in known:
                return None
            hint = strip(known[name].hint)[0]
    return hint


@pytest.mark.parametrize("limit", STATED, ids=lambda limit: f"{limit.token} {limit.places[:60]}")
def test_every_limit_names_a_property_that_exists_and_its_source(limit: typing.Any) -> None:
    assert limit.source
    tokens = [token for token in TYPES if fnmatchcase(token, limit.token)]
    for place in limit.places.split():
        names = re.findall(r"\w+|\[\]|\{\}|\{key\}", place)
        assert any(hint_of(known.inputs, names) is not None for token in tokens if (known := shape(token))), place


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: f"{choice.token} {choice.place}")
def test_every_choice_is_between_properties_that_exist(choice: typing.Any) -> None:
    known = shape(choice.token)
    assert known is not None
    assert choice.source
    at = hint_of(known.inputs, re.findall(r"\w+|\[\]", choice.place)) if choice.place else None
    owner = fields(at) if isinstance(at, type) else known.inputs
    assert set(choice.names) <= owner.keys()


TYPES = sorted(
    {limit.token for limit in STATED if "*" not in limit.token}
    | {choice.token for choice in CHOICES}
    | STATEMENTS.keys()
    | IDENTITIES.keys()
    | {"gcp:storage/bucketIAMMember:BucketIAMMember", "gcp:compute/backendService:BackendService"}
)


def test_every_statement_and_identity_is_about_a_type_that_exists() -> None:
    assert [] == [token for token in TYPES if shape(token) is None]
    assert all(judge.__doc__ or judge.__name__ == "judge" for judges in STATEMENTS.values() for judge in judges)


@pytest.mark.parametrize("token", HAPPY)
def test_a_happy_resource_is_taken(token: str) -> None:
    assert [] == check(token, HAPPY[token])


@pytest.mark.parametrize(
    ("token", "place", "value", "expected"),
    [
        (RUN, "name", "a" * 50, "50 characters is more than the most, 49"),
        (RUN, "name", "1shop", "does not match"),
        (RUN, "template.timeout", "3601s", "is not within"),
        (RUN, "template.timeout", "5 minutes", "no duration"),
        (RUN, "template.maxInstanceRequestConcurrency", 1001, "is not within"),
        (RUN, "template.containers.0.resources.limits.cpu", "3", "is none of 1, 2, 4, 6, 8"),
        (RUN, "template.containers.0.resources.limits.cpu", "2", "nvidia-l4 needs 4 CPU and 16 GiB"),
        (RUN, "template.containers.0.resources.limits.memory", "17Gi", "which 4 CPU take"),
        (RUN, "template.containers.0.resources.limits.memory", "16 gigs", "no amount of memory"),
        (RUN, "template.containers.0.resources.cpuIdle", True, "instance-based billing"),
        (RUN, "template.nodeSelector", None, "need each other"),
        (RUN, "template.scaling.minInstanceCount", 4, "more than maxInstanceCount"),
        (RUN, "template.volumes.0.name", "other", "there is no volume 'models'"),
        (RUN, "template.volumes.0.emptyDir", {}, None),
        (RUN, "template.containers.0.startupProbe.httpGet.path", "ping", "does not match"),
        (RUN, "template.containers.0.startupProbe.timeoutSeconds", 9, "more than periodSeconds"),
        (RUN, "template.containers.0.startupProbe.tcpSocket", {"port": 1}, "exclude each other"),
        (RUN, "ingress", "INTERNAL", "is none of INGRESS_TRAFFIC_ALL"),
        (RUN, "labels", {"Team": "a"}, "does not match"),
        (RUN, "labels", {"team": "A.B"}, "does not match"),
        (ALERT, "combiner", "XOR", "is none of AND, OR"),
        (ALERT, "conditions.0.conditionThreshold.duration", "90s", "no multiple of 60s"),
        (ALERT, "conditions.0.conditionThreshold.filter", 'metric.type="a"', "does not match"),
        (ALERT, "conditions.0.conditionAbsent", {"duration": "300s"}, "exclude each other"),
        (ALERT, "notificationChannels", ["oncall"], "does not match"),
        (
            ALERT,
            "conditions.0.conditionThreshold.aggregations.0",
            {"crossSeriesReducer": "REDUCE_SUM"},
            "needs an aligner",
        ),
        (ALARM, "extendedStatistic", "p99", "exclude each other"),
        (ALARM, "statistic", None, "needs one of statistic"),
        (ALARM, "datapointsToAlarm", 6, "more than evaluationPeriods"),
        (ALARM, "period", 90, "nor a multiple of 60"),
        (ALARM, "alarmActions", ["topic"], "does not match"),
        (URL_MAP, "pathMatchers.0.pathRules.0.paths", ["model1"], "does not match"),
        (URL_MAP, "pathMatchers.0.pathRules.0.paths", ["/a*"], "does not match"),
        (URL_MAP, "pathMatchers.0.pathRules.0.paths", ["/a", "/a"], "more than once"),
        (URL_MAP, "hostRules.0.pathMatcher", "us", "there is no path matcher"),
        (URL_MAP, "pathMatchers.0.pathRules.0.service", "shop", "does not match"),
        (MODEL, "primaryContainer.modelDataUrl", "s3://models", "ends with /"),
        (MODEL, "primaryContainer", None, "needs one of primaryContainer"),
        (MODEL, "tags", {"aws:own": "a"}, "does not match"),
        (CONFIGURATION, "productionVariants.0.serverlessConfig.memorySizeInMb", 1536, "is none of 1024, 2048"),
        (CONFIGURATION, "productionVariants.0.instanceType", "ml.m5.large", "exclude each other"),
        (CONFIGURATION, "kmsKeyArn", "my-key", "does not match"),
        (ROUTE, "records", ["192.0.2.1"], "exclude each other"),
        (ROUTE, "ttl", 60, "exclude each other"),
        (ROUTE, "latencyRoutingPolicies", [{"region": "us-east-1"}], "is needed by a routing policy"),
    ],
)
def test_one_broken_property_is_refused(token: str, place: str, value: typing.Any, expected: str | None) -> None:
    found = [refusal.reason for refusal in check(token, broken(HAPPY[token], place.split("."), value))]
    if expected is None:
        assert [] == found
    else:
        assert any(expected in reason for reason in found), found


def broken(holder: typing.Any, place: list[str], value: typing.Any) -> typing.Any:
    """Copy plain data, one place of it changed; None takes it away."""
    if not place:
        return value
    head, *rest = place
    if isinstance(holder, list):
        return [broken(item, rest, value) if at == int(head) else item for at, item in enumerate(holder)]
    changed = broken(holder.get(head), rest, value)
    kept = {name: item for name, item in holder.items() if name != head}
    return kept if changed is None else {**kept, head: changed}


def test_what_is_not_known_yet_is_not_judged() -> None:
    inputs = broken(HAPPY[URL_MAP], ["pathMatchers", "0", "pathRules", "0", "service"], UNKNOWN)
    assert [] == check(URL_MAP, inputs)
    assert [("a[1].b", 2)] == list(values_at({"a": [{"b": UNKNOWN}, {"b": 2}, {}]}, "a[].b"))


def test_ids_are_as_each_cloud_writes_them() -> None:
    settings: Properties = {"region": "eu-west-1", "project": "shop"}
    service: Properties = {"name": "routes", "location": "us-central1"}
    assert "projects/shop/locations/us-central1/services/routes" == identity(RUN, "a", service, settings)
    assert "idle" == identity(ALARM, "a", {"name": "idle"}, settings)
    # What has no name of its own is told apart by what it is.
    one, other = (identity("aws:kms/key:Key", "key", {"description": text}, settings) for text in "ab")
    assert one != other
    assert is_unique(RUN)
    assert not is_unique(ALARM)


def test_names_are_taken_in_a_region_or_in_the_whole_account() -> None:
    settings: Properties = {"region": "eu-west-1"}
    assert "eu-west-1" == scope("aws:sagemaker/endpoint:Endpoint", settings)
    assert "" == scope("aws:iam/role:Role", settings)
    assert "" == scope(RUN, settings)
