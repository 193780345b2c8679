"""What keeps endpoints serving: scaling, updates that go back, errors that show. Changes are in `changing`."""

import re
from collections.abc import Iterator
from typing import Any

from .documents import operations
from .links import configuration_of, is_called, is_serverless, scaling_of
from .rule import Resource, Rule, Stack
from .tokens import (
    ALARM,
    API,
    CONFIGURATION,
    ENDPOINT,
    SCALING_POLICY,
    SCALING_TARGET,
    SERVICE,
)

TERRAFORM_AWS = "https://github.com/hashicorp/terraform-provider-aws/issues"


def _does_not_scale(resource: Resource, stack: Stack) -> Iterator[str]:
    if is_serverless(resource, stack):
        return
    target = scaling_of(resource, stack)
    if target is None:
        yield f"The endpoint {resource.get('name')} has no scalable target."
    elif not any(policy.get("resourceId") == target.get("resourceId") for policy in stack.of(SCALING_POLICY)):
        yield f"The scalable target of {resource.get('name')} has no policy, so nothing ever changes its count."


SCALED = Rule(
    id="endpoint-scales",
    domain="reliability",
    severity="high",
    title="Every endpoint follows its traffic.",
    incident="Without a target and a policy an endpoint keeps the count it was created with, whatever arrives: "
    "ray#41135 asks for what people miss when it is gone. The plan's service level assumes the range it was judged "
    "with.",
    remedy="Give it an appautoscaling Target and a target-tracking Policy, as components/aws_endpoint.py does.",
    link="https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html",
    types=(ENDPOINT,),
    check=_does_not_scale,
    scope="stack",
    reads=(CONFIGURATION, SCALING_POLICY, SCALING_TARGET),
)


def _range(resource: Resource, _: Stack) -> Iterator[str]:
    if resource.type == SERVICE:
        least = resource.get("scaling", "minInstanceCount") or 0
        most = resource.get("template", "scaling", "maxInstanceCount")
        lowest = 0
    else:
        least, most, lowest = resource.get("minCapacity"), resource.get("maxCapacity"), 1
    if least < lowest:
        yield f"{resource.name} may shrink to {least:g}; {lowest} is the least."
    if most is not None and most < max(1, least):
        yield f"{resource.name} scales from {least:g} to {most:g}."


RANGE = Rule(
    id="scaling-range-is-a-range",
    domain="reliability",
    severity="high",
    title="Scaling goes from at least one instance (Cloud Run: none) up to no less than that.",
    incident="A multi-model variant cannot go to zero, and a maximum below the minimum is refused only when the "
    "update has come to it, after the endpoint has changed (CreateEndpointConfig, InitialInstanceCount of at least "
    "1).",
    remedy="Correct min_replicas and max_replicas of the group.",
    link="https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html",
    types=(SCALING_TARGET, SERVICE),
    check=_range,
)


def _below_floor(resource: Resource, stack: Stack) -> Iterator[str]:
    configuration, target = configuration_of(resource, stack), scaling_of(resource, stack)
    if configuration is None or target is None:
        return
    count, floor = configuration.get("productionVariants", 0, "initialInstanceCount"), target.get("minCapacity")
    if count is not None and count < floor:
        yield f"{resource.get('name')} starts every update with {count:g} instances, below its floor of {floor:g}."


FLOOR = Rule(
    id="initial-count-is-the-floor",
    domain="reliability",
    severity="high",
    title="An update starts with no fewer instances than the floor.",
    incident="UpdateEndpoint resets the live count to initial_instance_count, and there is no flag that retains it: "
    "terraform-provider-aws#48990, sagemaker-python-sdk#3126. A count below the floor drops requests with every "
    "update.",
    remedy="Set initial_instance_count to the scalable target's min_capacity.",
    link=f"{TERRAFORM_AWS}/48990",
    types=(ENDPOINT,),
    check=_below_floor,
    scope="stack",
    reads=(CONFIGURATION, SCALING_TARGET),
)


def _rollback_names(endpoint: Resource) -> list[Any]:
    alarms = endpoint.get("deploymentConfig", "autoRollbackConfiguration", "alarms") or ()
    return [alarm.get("alarmName") for alarm in alarms]


def _stays_broken(resource: Resource, stack: Stack) -> Iterator[str]:
    if is_serverless(resource, stack):
        return
    names = _rollback_names(resource)
    if not names:
        yield f"No alarm rolls a failed update of {resource.get('name')} back."
    for name in names:
        if not any(is_called(alarm, name) for alarm in stack.of(ALARM)):
            yield f"{resource.get('name')} would be rolled back by the alarm {name}, which is not in this stack."


ROLLBACK = Rule(
    id="updates-roll-back",
    domain="reliability",
    severity="high",
    title="An update that raises errors or latency goes back by itself.",
    incident="Without rollback alarms a bad model or image takes all traffic and keeps it: asked for in "
    "aws-cdk#23152 and mlflow#7848.",
    remedy="Name the group's error and latency alarms in deployment_config.auto_rollback_configuration.",
    link="https://github.com/aws/aws-cdk/issues/23152",
    types=(ENDPOINT,),
    check=_stays_broken,
    scope="stack",
    reads=(ALARM, CONFIGURATION),
)


def _blocks(resource: Resource, stack: Stack) -> Iterator[str]:
    names = _rollback_names(resource)
    for alarm in stack.of(ALARM):
        treatment = alarm.get("treatMissingData")
        if treatment != "notBreaching" and any(is_called(alarm, name) for name in names):
            taken = treatment or "missing"
            yield f"{alarm.name} rolls {resource.get('name')} back, and takes missing data for {taken}."


SILENCE = Rule(
    id="silence-does-not-roll-back",
    domain="reliability",
    severity="high",
    title="A rollback alarm takes missing data for health.",
    incident="A new endpoint has no data yet: an alarm that takes this for trouble blocks the first deployment, and "
    "rolls back every update at night (CloudWatch, treating missing data).",
    remedy="Set treat_missing_data='notBreaching' on the alarms that roll back.",
    link="https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html",
    types=(ENDPOINT,),
    check=_blocks,
    scope="stack",
    reads=(ALARM,),
)


def _hides_errors(resource: Resource, _: Stack) -> Iterator[str]:
    for path, method, operation in operations(resource):
        integration = operation.get("x-amazon-apigateway-integration") or {}
        if str(integration.get("type")).lower() != "aws":
            continue
        for status in ("400", "500"):
            answers = [
                str(response.get("statusCode"))
                for pattern, response in (integration.get("responses") or {}).items()
                if _matches(pattern, status)
            ]
            if not any(answer.startswith(("4", "5")) for answer in answers):
                yield f"{method.upper()} {path} answers 200 when the endpoint answers {status}."


def _matches(pattern: str, status: str) -> bool:
    try:
        return re.fullmatch(pattern, status) is not None
    except re.error:
        return False


MAPPED = Rule(
    id="errors-reach-the-caller",
    domain="reliability",
    severity="high",
    title="A path answers an error when its endpoint does.",
    incident="An integration of type AWS answers 200 to whatever the backend says unless its responses are mapped; "
    "callers take errors for answers, and no alarm of that model ever fires (PutIntegrationResponse, "
    "selectionPattern).",
    remedy=r"Map the patterns 4\d{2} and 5\d{2} in the integration's responses.",
    link="https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html",
    types=(API,),
    check=_hides_errors,
)


def _unready(resource: Resource, _: Stack) -> Iterator[str]:
    for at, container in enumerate(resource.get("template", "containers") or ()):
        probe = container.get("startupProbe") or {}
        if not (probe.get("httpGet") or probe.get("grpc")):
            yield f"Container {at} of {resource.get('name')} counts as ready before its server answers."


READY = Rule(
    id="ready-means-answering",
    domain="reliability",
    severity="high",
    title="An instance gets traffic once its server answers.",
    incident="A server that has opened its port but not its models fails its first requests: "
    "sagemaker-inference-toolkit#138.",
    remedy="Give the container a startup probe on the server's health path.",
    link="https://github.com/aws/sagemaker-inference-toolkit/issues/138",
    types=(SERVICE,),
    check=_unready,
)


RULES: tuple[Rule, ...] = (
    SCALED,
    RANGE,
    FLOOR,
    ROLLBACK,
    SILENCE,
    MAPPED,
    READY,
)
