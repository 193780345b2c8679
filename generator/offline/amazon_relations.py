"""Properties that AWS takes only together, or not together, or only in some order of size."""

import re

from generator.offline.amazon_limits import ALARM, CONFIGURATION, DOMAIN, ROUTE
from generator.offline.choices import Choice, Found, Statement, ordered
from generator.offline.stated import values_at
from generator.offline.values import UNKNOWN, Properties

ENDPOINT = "aws:sagemaker/endpoint:Endpoint"
MODEL = "aws:sagemaker/model:Model"
SCALING = "aws:appautoscaling/policy:Policy"
TARGET = "aws:appautoscaling/target:Target"
SCHEDULED = "aws:appautoscaling/scheduledAction:ScheduledAction"

# Of 320 characters at most: https://www.rfc-editor.org/rfc/rfc3696
ADDRESS = r"(?=.{3,320}\Z)[\w.%+-]+@[\w.-]+\.[\w-]+"

CHOICES: tuple[Choice, ...] = (
    Choice(
        ALARM,
        "",
        ("statistic", "extendedStatistic", "metricQueries"),
        "CloudWatch API, PutMetricAlarm: a metric has one of Statistic, ExtendedStatistic",
        least=1,
    ),
    Choice(ALARM, "", ("metricName", "metricQueries"), "CloudWatch API, PutMetricAlarm", least=1),
    Choice(ALARM, "", ("namespace", "metricName", "period"), "CloudWatch API, PutMetricAlarm", together=True),
    Choice(ALARM, "", ("threshold", "thresholdMetricId"), "CloudWatch API, PutMetricAlarm", least=1),
    Choice(
        CONFIGURATION,
        "productionVariants[]",
        ("serverlessConfig", "instanceType"),
        "SageMaker API, ProductionVariant: a serverless variant has no instances",
        least=1,
    ),
    Choice(
        CONFIGURATION,
        "productionVariants[]",
        ("serverlessConfig", "initialInstanceCount"),
        "SageMaker API, ProductionVariant: a serverless variant has no instances",
    ),
    Choice(
        CONFIGURATION,
        "productionVariants[]",
        ("serverlessConfig", "managedInstanceScaling"),
        "SageMaker API, ProductionVariant: a serverless variant has no instances",
    ),
    Choice(MODEL, "", ("primaryContainer", "containers"), "SageMaker API, CreateModel: one of the two", least=1),
    Choice(
        MODEL,
        "primaryContainer",
        ("modelDataUrl", "modelDataSource"),
        "SageMaker API, ContainerDefinition: ModelDataSource excludes ModelDataUrl",
    ),
    Choice(
        ENDPOINT,
        "deploymentConfig",
        ("blueGreenUpdatePolicy", "rollingUpdatePolicy"),
        "SageMaker API, DeploymentConfig: one of the two",
        least=1,
    ),
    Choice(
        SCALING,
        "",
        (
            "targetTrackingScalingPolicyConfiguration",
            "stepScalingPolicyConfiguration",
            "predictiveScalingPolicyConfiguration",
        ),
        "Application Auto Scaling API, PutScalingPolicy",
    ),
    Choice(
        SCALING,
        "targetTrackingScalingPolicyConfiguration",
        ("predefinedMetricSpecification", "customizedMetricSpecification"),
        "Application Auto Scaling API, TargetTrackingScalingPolicyConfiguration",
        least=1,
    ),
    Choice(
        SCHEDULED,
        "scalableTargetAction",
        ("minCapacity", "maxCapacity"),
        "Application Auto Scaling API, ScalableTargetAction: at least one",
        least=1,
        most=2,
    ),
    Choice(DOMAIN, "", ("certificateArn", "regionalCertificateArn"), "API Gateway API, CreateDomainName"),
    Choice(ROUTE, "", ("aliases", "records"), "Route 53 API, ResourceRecordSet: an alias has no records", least=1),
    Choice(ROUTE, "", ("aliases", "ttl"), "Route 53 API, ResourceRecordSet: an alias has no TTL", least=1),
    Choice(
        ROUTE,
        "",
        (
            "latencyRoutingPolicies",
            "geolocationRoutingPolicies",
            "geoproximityRoutingPolicy",
            "weightedRoutingPolicies",
            "failoverRoutingPolicies",
            "cidrRoutingPolicy",
            "multivalueAnswerRoutingPolicy",
        ),
        "pulumi_aws, route53.Record: routing policies exclude each other",
    ),
    Choice("aws:iam/role:Role", "", ("name", "namePrefix"), "pulumi_aws: name and prefix exclude each other"),
    Choice("aws:sns/topic:Topic", "", ("name", "namePrefix"), "pulumi_aws: name and prefix exclude each other"),
)


def alarm_period(inputs: Properties) -> Found:
    """CloudWatch API, PutMetricAlarm: 10, 20, 30 or a multiple of 60 s; in all a week at most, a day below an hour."""
    period, periods = inputs.get("period"), inputs.get("evaluationPeriods")
    if not isinstance(period, int | float):
        return
    if period not in (10, 20, 30) and period % 60 != 0:
        yield "period", f"{period:g} is neither 10, 20, 30 nor a multiple of 60"
    if isinstance(periods, int | float) and period * periods > (604_800 if period >= 3600 else 86_400):
        yield "evaluationPeriods", f"{periods:g} periods of {period:g} s are longer than CloudWatch evaluates"


def many_models(inputs: Properties) -> Found:
    """SageMaker developer guide, multi-model endpoints: the container names a prefix, which ends with a slash."""
    for path, container in values_at(inputs, "primaryContainer"):
        if not isinstance(container, dict) or container.get("mode") != "MultiModel":
            continue
        url = container.get("modelDataUrl")
        if url is None or (url != UNKNOWN and not str(url).endswith("/")):
            yield f"{path}.modelDataUrl", "a multi-model container needs an S3 prefix that ends with /"


def traffic_shift(inputs: Properties) -> Found:
    """SageMaker API, TrafficRoutingConfig: CANARY has a canary size, LINEAR a step size, no other has either."""
    needed = {"CANARY": "canarySize", "LINEAR": "linearStepSize"}
    place = "deploymentConfig.blueGreenUpdatePolicy.trafficRoutingConfiguration"
    for path, routing in values_at(inputs, place):
        kind = routing.get("type") if isinstance(routing, dict) else None
        for owner, name in needed.items():
            given = isinstance(routing, dict) and routing.get(name) is not None
            if given != (kind == owner):
                yield f"{path}.{name}", f"{'does not belong to' if given else 'is needed by'} {kind}"


def scaled_variant(inputs: Properties) -> Found:
    """Application Auto Scaling API, RegisterScalableTarget: what the resource id of each service looks like."""
    identity = inputs.get("resourceId")
    if inputs.get("serviceNamespace") != "sagemaker" or identity in (None, UNKNOWN):
        return
    component = r"inference-component/[a-zA-Z0-9-]{1,63}"
    if re.fullmatch(rf"endpoint/[a-zA-Z0-9-]{{1,63}}/variant/[a-zA-Z0-9-]{{1,63}}|{component}", str(identity)) is None:
        yield "resourceId", f"{identity!r} names no variant: endpoint/NAME/variant/NAME"
    if not str(inputs.get("scalableDimension")).startswith("sagemaker:"):
        yield "scalableDimension", "belongs to another service than serviceNamespace"


def policy_kind(inputs: Properties) -> Found:
    """Application Auto Scaling API, PutScalingPolicy: the type says which configuration is read."""
    names = {
        "TargetTrackingScaling": "targetTrackingScalingPolicyConfiguration",
        "StepScaling": "stepScalingPolicyConfiguration",
        "PredictiveScaling": "predictiveScalingPolicyConfiguration",
    }
    needed = names.get(str(inputs.get("policyType") or "StepScaling"))
    if needed is not None and inputs.get(needed) is None:
        yield needed, f"is needed by {inputs.get('policyType') or 'StepScaling'}"


def routed_record(inputs: Properties) -> Found:
    """Route 53 API, ResourceRecordSet: a routing policy needs an identifier that tells the record from its siblings."""
    routed = any(name.endswith(("RoutingPolicies", "RoutingPolicy")) and value for name, value in inputs.items())
    if routed != (inputs.get("setIdentifier") is not None):
        yield "setIdentifier", "is needed by a routing policy" if routed else "belongs to a routing policy"


def subscriber(inputs: Properties) -> Found:
    """SNS API, Subscribe: what an endpoint looks like follows from the protocol."""
    patterns = {"email": ADDRESS, "email-json": ADDRESS, "https": r"https://[!-~]+"}
    endpoint, protocol = inputs.get("endpoint"), str(inputs.get("protocol"))
    if protocol in patterns and endpoint not in (None, UNKNOWN) and not re.fullmatch(patterns[protocol], str(endpoint)):
        yield "endpoint", f"{endpoint!r} is no endpoint of protocol {protocol}"


STATEMENTS: dict[str, tuple[Statement, ...]] = {
    ALARM: (ordered("datapointsToAlarm", "evaluationPeriods"), alarm_period),
    CONFIGURATION: (ordered("provisionedConcurrency", "maxConcurrency", "productionVariants[].serverlessConfig"),),
    MODEL: (many_models,),
    ENDPOINT: (traffic_shift,),
    TARGET: (ordered("minCapacity", "maxCapacity"), scaled_variant),
    SCHEDULED: (ordered("minCapacity", "maxCapacity", "scalableTargetAction"), scaled_variant),
    SCALING: (policy_kind, scaled_variant),
    ROUTE: (routed_record,),
    "aws:sns/topicSubscription:TopicSubscription": (subscriber,),
}
