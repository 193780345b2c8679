"""Corruptions of inputs that an emitted program registers: how many the stand-ins refuse.

Every corruption is tried. What is missed is explained in `MISSES`, and there alone: a miss without an explanation
fails, and so does an explanation without a miss. ``pytest -s`` prints the shares of two hundred seeded corruptions by
cloud and kind.
"""

import json
import random
import re
import typing
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from generator.offline.check import check
from generator.offline.child import child
from generator.offline.shape import fields, shape, strip

pytestmark = [
    pytest.mark.engine,
    pytest.mark.filterwarnings(r"ignore:gcp\.:DeprecationWarning"),  # said when the packages are imported
]

PROJECT = Path(__file__).parent.parent / "golden" / "two-clouds" / "expected"
CORRUPTIONS = 200
SEED = 20261121

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Resource:
    token: str
    inputs: dict[str, Any]


@dataclass(frozen=True)
class Miss:
    """Why a kind of corruption of some properties is not refused."""

    kind: str
    token: str
    path: str
    reason: str


REFERENCE = "a reference: the cloud says no length for it; that nothing has a name so long only the cloud can tell"
FREE = "people's words: the cloud says a length and no alphabet"
OPEN = "a figure of the caller's: the cloud says no range for it"
MAPPING = "a key of a mapping that is free, no property"
MISSES: tuple[Miss, ...] = (
    Miss("unknown property", "aws:*", "tags.*", MAPPING),
    Miss("unknown property", "aws:cloudwatch/metricAlarm:MetricAlarm", "dimensions.*", MAPPING),
    Miss("unknown property", "aws:apigateway/deployment:Deployment", "triggers.*", MAPPING),
    Miss("bad letters", "aws:apigateway/deployment:Deployment", "triggers.*", "Pulumi's alone, never sent"),
    Miss("too long", "aws:apigateway/deployment:Deployment", "triggers.*", "Pulumi's alone, never sent"),
    Miss(
        "bad letters",
        "aws:appautoscaling/policy:Policy",
        "name",
        r"botocore's pattern is \\p{Print}+, of which the stand-in reads letters only roughly",
    ),
    Miss("bad letters", "aws:*", "*escription", FREE),
    Miss(
        "bad letters",
        "aws:sagemaker/endpoint:Endpoint",
        "*.alarmName",
        "SageMaker says a length only; whether the alarm exists only the cloud can tell",
    ),
    Miss("bad letters", "gcp:cloudrunv2/service:Service", "template.containers.*.envs.*.value", FREE),
    Miss(
        "bad letters",
        "gcp:monitoring/alertPolicy:AlertPolicy",
        "*ilter",
        "the stand-in finds metric and resource type in a filter, it does not parse the language",
    ),
    Miss("bad letters", "gcp:monitoring/alertPolicy:AlertPolicy", "*isplayName", FREE),
    Miss("bad letters", "gcp:serviceaccount/account:Account", "displayName", FREE),
    Miss("no word of the list", "aws:cloudwatch/metricAlarm:MetricAlarm", "metricName", "any metric may be watched"),
    Miss("no word of the list", "aws:cloudwatch/metricAlarm:MetricAlarm", "dimensions.*", "values are a metric's own"),
    Miss("no word of the list", "gcp:cloudrunv2/service:Service", "*.envs.*.name", "any variable may be set"),
    Miss("out of range", "aws:appautoscaling/policy:Policy", "*.targetValue", "the API takes up to 1e108"),
    Miss("out of range", "aws:cloudwatch/metricAlarm:MetricAlarm", "threshold", OPEN),
    Miss("out of range", "gcp:monitoring/alertPolicy:AlertPolicy", "*.thresholdValue", OPEN),
    Miss(
        "out of range",
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        "productionVariants.*.initial*",
        "botocore says a least only; the most is the account's quota",
    ),
    Miss(
        "out of range",
        "aws:sagemaker/endpoint:Endpoint",
        "*.canarySize.value",
        "at most half of the variant's instances, and the configuration that counts them is another resource",
    ),
    Miss("too long", "gcp:cloudrunv2/service:Service", "customAudiences.*", REFERENCE),
    Miss("too long", "gcp:cloudrunv2/service:Service", "*.path", REFERENCE),
    Miss("too long", "gcp:cloudrunv2/service:Service", "*.mountPath", REFERENCE),
    Miss("too long", "gcp:cloudrunv2/service:Service", "template.serviceAccount", REFERENCE),
    Miss("too long", "gcp:compute/backendService:BackendService", "backends.*.group", REFERENCE),
    Miss("too long", "gcp:compute/globalForwardingRule:GlobalForwardingRule", "target", REFERENCE),
    Miss("too long", "gcp:compute/targetHttpsProxy:TargetHttpsProxy", "*", REFERENCE),
    Miss("too long", "gcp:compute/uRLMap:URLMap", "*.service", REFERENCE),
    Miss("too long", "gcp:compute/uRLMap:URLMap", "*defaultService", REFERENCE),
    Miss("too long", "gcp:monitoring/alertPolicy:AlertPolicy", "notificationChannels.*", REFERENCE),
    Miss("too long", "gcp:storage/bucketIAMMember:BucketIAMMember", "*", REFERENCE),
)


@pytest.fixture(scope="module")
def resources() -> list[Resource]:
    """Every cloud resource of the golden project, as its program registers it, without a look at what is refused."""
    stacks = sorted(path.name.split(".")[1] for path in (PROJECT / "stacks" / "config").iterdir())
    registered = [one for stack in stacks for one in child("in_process", str(PROJECT), stack)["resources"]]
    # A program registers in any order, and so do its inputs come: what a seed draws must hang on neither.
    found = [
        Resource(one["type"], ordered({name: of for name, of in one["inputs"].items() if not name.startswith("__")}))
        for one in registered
        if one["type"].startswith(("aws:", "gcp:"))
    ]
    return sorted(found, key=lambda one: (one.token, json.dumps(one.inputs)))


def ordered(inputs: dict[str, Any]) -> dict[str, Any]:
    """Sort the keys of plain data, at any depth."""
    return json.loads(json.dumps(inputs, sort_keys=True))


def test_every_input_of_the_golden_project_is_taken(resources: list[Resource]) -> None:
    assert {"aws", "gcp"} == {one.token.split(":")[0] for one in resources}
    assert [] == [(one.token, found) for one in resources for found in check(one.token, one.inputs)]


def test_the_share_of_seeded_corruptions_that_is_refused(resources: list[Resource]) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same corruptions every time
    by_type: dict[str, list[Resource]] = {}
    for one in resources:
        by_type.setdefault(one.token, []).append(one)
    tried: Counter[tuple[str, str]] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    while tried.total() < CORRUPTIONS:
        cloud = ("aws", "gcp")[tried.total() % 2]
        kind = list(KINDS)[tried.total() // 2 % len(KINDS)]
        token = chance.choice(sorted(token for token in by_type if token.startswith(cloud)))
        original = chance.choice(by_type[token])
        edits = list(KINDS[kind](original))
        if not edits:
            continue
        path, value = chance.choice(edits)
        tried[cloud, kind] += 1
        refused[cloud, kind] += bool(check(token, edited(original.inputs, path, value)))
    for cloud in ("aws", "gcp"):
        for kind in KINDS:
            print(f"{cloud} {kind:20} {refused[cloud, kind]:3} of {tried[cloud, kind]:3} refused")  # noqa: T201
    print(f"in all {refused.total()} of {tried.total()} refused")  # noqa: T201 - the share is what this test tells
    assert refused.total() >= CORRUPTIONS * 0.9


def test_every_miss_is_explained_and_every_explanation_is_needed(resources: list[Resource]) -> None:
    missed = {
        (kind, one.token, path)
        for one in resources
        for kind, edits in KINDS.items()
        for path, value in edits(one)
        if not check(one.token, edited(one.inputs, path, value))
    }
    unexplained = [one for one in missed if not any(explains(miss, *one) for miss in MISSES)]
    needless = [miss for miss in MISSES if not any(explains(miss, *one) for one in missed)]
    assert [] == sorted(f"{kind} {token} {dotted(path)}" for kind, token, path in unexplained)
    assert [] == needless


Edits = Iterator[tuple[Path_, Any]]
GONE = object()


def leaves(value: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every scalar, and where it is."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from leaves(item, (*path, at))
    else:
        yield path, value


def texts(one: Resource) -> Iterator[tuple[Path_, str]]:
    return ((path, value) for path, value in leaves(one.inputs) if isinstance(value, str))


def dropped(one: Resource) -> Edits:
    """Take away what is required, at any depth."""
    known = shape(one.token)
    assert known is not None

    def required(owner: Any, value: Any, path: Path_) -> Edits:
        for name, field in owner.items():
            if value.get(name) is None:
                continue
            if field.required:
                yield (*path, name), GONE
            hint = strip(field.hint)[0]
            element = strip(typing.get_args(hint)[0])[0] if isinstance(value[name], list) else hint
            nested = fields(element) if isinstance(element, type) and typing.get_origin(element) is None else {}
            items = list(enumerate(value[name])) if isinstance(value[name], list) else [(None, value[name])]
            for at, item in items:
                if nested and isinstance(item, dict):
                    yield from required(nested, item, (*path, name) if at is None else (*path, name, at))

    return required(known.inputs, one.inputs, ())


def ill_typed(one: Resource) -> Edits:
    for path, value in leaves(one.inputs):
        yield path, {"text": value} if isinstance(value, str) else "many"


def unknown_property(one: Resource) -> Edits:
    for path, value in leaves(one.inputs):
        at = max((depth for depth, part in enumerate(path) if isinstance(part, str)), default=0)
        yield (*path[:at], f"{path[at]}X"), value


def too_long(one: Resource) -> Edits:
    return ((path, value + "a" * 70_000) for path, value in texts(one))


def bad_letters(one: Resource) -> Edits:
    return ((path, f"{value}\x07\u2603") for path, value in texts(one))


def out_of_range(one: Resource) -> Edits:
    for path, value in leaves(one.inputs):
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield path, -(10**9)
            yield path, 10**18


def bad_word(one: Resource) -> Edits:
    """Replace what is written like a word of an enumeration."""
    for path, value in texts(one):
        if re.fullmatch(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)*|[A-Z][a-z]+([A-Z][a-z]+)+", value) and "tags" not in path:
            yield path, "NEITHER_NOR"


def dangling(one: Resource) -> Edits:
    """Cut short what refers to another resource."""
    for path, value in texts(one):
        if value.startswith("arn:"):
            yield path, value.split(":", 3)[-1]
            yield path, ":".join(value.split(":")[:4])
        elif value.startswith("projects/"):
            yield path, value.rsplit("/", 1)[0]
            yield path, value.rsplit("/", 1)[1]


# By type: a property beside those it excludes, or two figures of which the lesser is to be the greater.
CONFLICTS: dict[str, tuple[tuple[Path_, Any], ...]] = {
    "aws:cloudwatch/metricAlarm:MetricAlarm": (
        (("metricQueries",), [{"id": "m1", "expression": "1"}]),
        (("datapointsToAlarm",), 99),
    ),
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration": (
        (("productionVariants", 0, "serverlessConfig"), {"memorySizeInMb": 3000, "maxConcurrency": 1}),
    ),
    "aws:sagemaker/model:Model": ((("containers",), [{"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/m:1"}]),),
    "aws:sagemaker/endpoint:Endpoint": (
        (("deploymentConfig", "rollingUpdatePolicy"), {"maximumBatchSize": {"type": "INSTANCE_COUNT", "value": 1}}),
    ),
    "aws:appautoscaling/target:Target": ((("minCapacity",), 1000),),
    "aws:route53/record:Record": ((("records",), ["192.0.2.1"]), (("ttl",), 60), (("setIdentifier",), "one")),
    "aws:apigateway/domainName:DomainName": (
        (("certificateArn",), "arn:aws:acm:us-east-1:123456789012:certificate/5b1d2c3e-0000-4000-8000-000000000000"),
    ),
    "gcp:cloudrunv2/service:Service": (
        (("template", "scaling", "minInstanceCount"), 1000),
        (("template", "volumes", 0, "emptyDir"), {"medium": "MEMORY"}),
        (("template", "containers", 0, "startupProbe", "timeoutSeconds"), 200),
        (("template", "containers", 0, "volumeMounts", 0, "name"), "elsewhere"),
        (("template", "containers", 0, "resources", "limits", "memory"), "64Gi"),
    ),
    "gcp:monitoring/alertPolicy:AlertPolicy": (
        (("conditions", 0, "conditionMatchedLog"), {"filter": "severity=ERROR"}),
    ),
    "gcp:compute/uRLMap:URLMap": (
        (("defaultUrlRedirect",), {"httpsRedirect": True, "stripQuery": False}),
        (("hostRules", 0, "pathMatcher"), "elsewhere"),
    ),
    "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": ((("appEngine",), {"service": "default"}),),
    "gcp:compute/targetHttpsProxy:TargetHttpsProxy": (
        (("sslCertificates",), ["projects/shop/global/sslCertificates/one"]),
    ),
    "gcp:compute/sSLPolicy:SSLPolicy": ((("customFeatures",), ["TLS_AES_128_GCM_SHA256"]),),
    "gcp:dns/recordSet:RecordSet": ((("routingPolicy",), {"enableGeoFencing": True}),),
}


def conflicting(one: Resource) -> Edits:
    for path, value in CONFLICTS.get(one.token, ()):
        if len(path) == 1 or path[0] in one.inputs:
            yield path, value


KINDS: dict[str, Callable[[Resource], Edits]] = {
    "required, dropped": dropped,
    "ill-typed": ill_typed,
    "unknown property": unknown_property,
    "too long": too_long,
    "bad letters": bad_letters,
    "out of range": out_of_range,
    "no word of the list": bad_word,
    "dangling reference": dangling,
    "conflicting": conflicting,
}


def edited(holder: Any, path: Path_, value: Any) -> Any:
    """Copy plain data, one place of it changed or gone."""
    head, *rest = path
    changed = value if not rest else edited(holder[head], tuple(rest), value)
    if isinstance(holder, list):
        return [changed if at == head else item for at, item in enumerate(holder)]
    kept = {name: item for name, item in holder.items() if name != head}
    return kept if changed is GONE else {**kept, head: changed}


def dotted(path: Path_) -> str:
    return ".".join(map(str, path))


def explains(miss: Miss, kind: str, token: str, path: Path_) -> bool:
    return miss.kind == kind and fnmatchcase(token, miss.token) and fnmatchcase(dotted(path), miss.path)
