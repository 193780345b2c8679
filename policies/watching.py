"""What tells that an endpoint or a model is not well: alarms that exist, can fire, and speak to somebody."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .documents import operations
from .links import configuration_of, is_multi_model, is_serverless
from .rule import Resource, Rule, Stack
from .tokens import ALARM, ALERT, API, API_METRICS, CONFIGURATION, ENDPOINT, SAGEMAKER_MODEL, SERVICE, URL_MAP

CLOUDWATCH = "https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html"


def _alarms_of(endpoint: Resource, stack: Stack) -> Iterator[Resource]:
    name = endpoint.get("name")
    return (alarm for alarm in stack.of(ALARM) if alarm.get("dimensions", "EndpointName") == name)


def _unwatched_endpoint(resource: Resource, stack: Stack) -> Iterator[str]:
    watched = {alarm.get("metricName") for alarm in _alarms_of(resource, stack)}
    wanted = {"Invocation5XXErrors": "errors", "ModelLatency": "latency"}
    if is_multi_model(resource, stack):
        wanted["ModelLoadingWaitTime"] = "cold loads"
    missing = [what for metric, what in wanted.items() if metric not in watched]
    if not is_serverless(resource, stack) and not watched & {"CPUUtilization", "GPUUtilization"}:
        missing.append("saturation")
    if missing:
        yield f"The endpoint {resource.get('name')} has no alarm for {', '.join(missing)}."


WATCHED = Rule(
    id="endpoint-is-watched",
    domain="reliability",
    severity="high",
    title="Every endpoint has alarms for errors, latency, saturation and cold loads.",
    incident="On a shared endpoint one model starves the others, and nobody knows until callers complain: "
    "triton-inference-server#1507, seldon-core#4640.",
    remedy="Restore the group's alarms (components/aws_watch.py).",
    link=CLOUDWATCH,
    types=(ENDPOINT,),
    check=_unwatched_endpoint,
    scope="stack",
    reads=(ALARM, CONFIGURATION, SAGEMAKER_MODEL),
)


def _conditions(alert: Resource) -> Iterator[Mapping[str, Any]]:
    """Iterate over what an alert policy looks at, whichever kind of condition it is."""
    for condition in alert.get("conditions") or ():
        for kind in ("conditionThreshold", "conditionAbsent"):
            if isinstance(given := condition.get(kind), Mapping):
                yield given


def _unwatched_service(resource: Resource, stack: Stack) -> Iterator[str]:
    mine = f'service_name="{resource.get("name")}"'
    filters = [str(condition.get("filter")) for alert in stack.of(ALERT) for condition in _conditions(alert)]
    wanted = {
        'response_code_class="5xx"': "errors",
        "run.googleapis.com/request_latencies": "latency",
        "run.googleapis.com/container/cpu/utilizations": "saturation",
    }
    missing = [what for metric, what in wanted.items() if not any(mine in text and metric in text for text in filters)]
    if missing:
        yield f"The service {resource.get('name')} has no alert for {', '.join(missing)}."


SERVICE_WATCHED = Rule(
    id="service-is-watched",
    domain="reliability",
    severity="high",
    title="Every service has alerts for errors, latency and saturation.",
    incident="On a shared server one model starves the others, and nobody knows until callers complain: "
    "triton-inference-server#1507, seldon-core#4640.",
    remedy="Restore the group's alerts (components/gcp_watch.py).",
    link="https://cloud.google.com/run/docs/monitoring",
    types=(SERVICE,),
    check=_unwatched_service,
    scope="stack",
    reads=(ALERT,),
)


def _unwatched_model(resource: Resource, stack: Stack) -> Iterator[str]:
    if resource.type == API:
        name = resource.get("name")
        watched = {
            alarm.get("dimensions", "Resource")
            for alarm in stack.of(ALARM)
            if alarm.get("namespace") == "AWS/ApiGateway"
            and alarm.get("metricName") == "5XXError"
            and alarm.get("dimensions", "ApiName") == name
        }
        paths = list(dict.fromkeys(path for path, _, _ in operations(resource)))
    else:
        texts = [str(condition.get("filter")) for alert in stack.of(ALERT) for condition in _conditions(alert)]
        watched = {path for text in texts for path in re.findall(r'matched_url_path_rule="([^"]*)"', text)}
        rules = [rule for matcher in resource.get("pathMatchers") or () for rule in matcher.get("pathRules") or ()]
        paths = list(dict.fromkeys(path for rule in rules for path in rule.get("paths") or ()))
    for path in paths:
        if path not in watched:
            yield f"No alarm tells that the model behind {path} fails."


MODEL_WATCHED = Rule(
    id="every-model-is-watched",
    domain="reliability",
    severity="high",
    title="Every model's path has an alarm of its own.",
    incident="A shared endpoint gives no metrics per model (multi-model-server#274): one that always fails "
    "disappears in the average. Only its path at the edge can be watched.",
    remedy="Restore the model's alarms at the edge (model_alarms on AWS, route_alerts on GCP).",
    link="https://github.com/awslabs/multi-model-server/issues/274",
    types=(API, URL_MAP),
    check=_unwatched_model,
    scope="stack",
    reads=(ALARM, ALERT),
)


def _unmeasured(resource: Resource, stack: Stack) -> Iterator[str]:
    if not any(settings.get("settings", "metricsEnabled") is True for settings in stack.of(API_METRICS)):
        yield f"{resource.get('name') or resource.name} counts nothing path by path."


MEASURED = Rule(
    id="paths-are-measured",
    domain="reliability",
    severity="high",
    title="An API counts its requests path by path.",
    incident="Metrics with the dimensions Method and Resource exist only where detailed metrics are on; without "
    "them the per-model alarms see no data and stay green (API Gateway, metrics and dimensions).",
    remedy="Set metrics_enabled=True in the stage's MethodSettings for */*.",
    link="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html",
    types=(API,),
    check=_unmeasured,
    scope="stack",
    reads=(API_METRICS,),
)


def _mute(resource: Resource, _: Stack) -> Iterator[str]:
    if not resource.has("alarmActions" if resource.type == ALARM else "notificationChannels"):
        yield f"{resource.name} tells nobody."


HEARD = Rule(
    id="alarms-are-heard",
    domain="reliability",
    severity="high",
    title="Every alarm tells somebody.",
    incident="An alarm without an action turns red in a console nobody looks at (CloudWatch, alarm actions).",
    remedy="Set alarmTopicArn, alarmChannel or alarmEmail in the stack's configuration.",
    link="https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html",
    types=(ALARM, ALERT),
    check=_mute,
)

IN_MICROSECONDS = ("ModelLatency", "OverheadLatency", "ModelLoadingWaitTime", "ModelLoadingTime")


def _wrong_unit(resource: Resource, stack: Stack) -> Iterator[str]:
    threshold = resource.get("threshold")
    if resource.get("metricName") in IN_MICROSECONDS and threshold is not None:
        least_us = stack.parameter("least_us")
        if threshold < least_us:
            yield (
                f"{resource.name} fires above {threshold:g} microseconds of {resource.get('metricName')}; "
                f"less than {least_us:g} is a mistaken unit."
            )


MICROSECONDS = Rule(
    id="latency-is-in-microseconds",
    domain="reliability",
    severity="high",
    title="SageMaker's latencies are compared in microseconds.",
    incident="ModelLatency comes in microseconds: a threshold of 300 meant as milliseconds always fires, and as a "
    "rollback alarm undoes every update (SageMaker, endpoint invocation metrics).",
    remedy="Multiply milliseconds by 1,000.",
    link=CLOUDWATCH,
    types=(ALARM,),
    check=_wrong_unit,
    parameters={"least_us": 1000.0},
)


def _cannot_fire(resource: Resource, stack: Stack) -> Iterator[str]:
    configuration = configuration_of(resource, stack)
    if configuration is None:
        return
    machine = stack.settings.tables["units"].get(configuration.get("productionVariants", 0, "instanceType"))
    if machine is None:
        return
    for alarm in _alarms_of(resource, stack):
        metric, threshold = alarm.get("metricName"), alarm.get("threshold")
        units = {"CPUUtilization": machine[0], "GPUUtilization": machine[1]}.get(metric)
        if units is not None and threshold is not None and threshold >= 100 * units:
            yield f"{alarm.name} fires above {threshold:g} % of {metric}, which ends at {100 * units:g} %."


SATURATION = Rule(
    id="saturation-can-fire",
    domain="reliability",
    severity="medium",
    title="The threshold for saturation can be reached by the machine it watches.",
    incident="SageMaker counts 100 % for every core and every GPU: a threshold kept from a larger machine can never "
    "be reached on a smaller one (SageMaker, instance metrics).",
    remedy="Set `cores` and `gpus` of the group to those of its machine.",
    link=CLOUDWATCH,
    types=(ENDPOINT,),
    check=_cannot_fire,
    scope="stack",
    reads=(ALARM, CONFIGURATION),
)

RULES: tuple[Rule, ...] = (
    WATCHED,
    SERVICE_WATCHED,
    MODEL_WATCHED,
    MEASURED,
    HEARD,
    MICROSECONDS,
    SATURATION,
)
