"""The region's CloudWatch dashboards: a few graphs for each group, and as many dashboards as it takes to hold them."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

import pulumi
import pulumi_aws as aws

from .aws_api import STAGE, place
from .aws_watch import INSTANCES, SAGEMAKER, VARIANT
from .values import AwsGroup, AwsRegion

# What one dashboard holds: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
MOST_WIDGETS = 500
MOST_METRICS = 2_500
# One graph may hold 500 lines; nobody can tell more than this many apart.
MODELS_PER_GRAPH = 50

Graph = Mapping[str, object]


def dashboards(stack: AwsRegion, region: pulumi.ResourceOptions) -> None:
    """Make the region's dashboards."""
    several = pages(stack.groups)
    for number, groups in enumerate(several, start=1):
        widgets = [
            {
                "type": "metric",
                "x": 6 * (cell % 4),
                "y": 6 * (cell // 4),
                "width": 6,
                "height": 6,
                "properties": {"region": stack.region, "period": 60, "stat": "Average", **graph},
            }
            for cell, graph in enumerate(graph for group in groups for graph in graphs(group, stack))
        ]
        suffix = f"-{number}" if len(several) > 1 else ""
        aws.cloudwatch.Dashboard(
            f"dashboard{suffix}",
            dashboard_name=f"{stack.environment}-{stack.region}-models{suffix}",
            dashboard_body=json.dumps({"widgets": widgets}, sort_keys=True),
            opts=region,
        )


def pages(groups: Sequence[AwsGroup]) -> list[list[AwsGroup]]:
    """Spread groups over one dashboard, or twice as many until each holds its groups.

    A group's place follows from its own name, so one that joins moves no other as long as its dashboard has room.
    """
    count = 1
    while True:
        spread: list[list[AwsGroup]] = [[] for _ in range(count)]
        for group in groups:
            spread[int(sha256(group.name.encode()).hexdigest(), 16) % count].append(group)
        if all(fits(page) for page in spread):
            return spread
        count *= 2


def fits(page: Sequence[AwsGroup]) -> bool:
    """Whether one dashboard holds these groups. One group of its own always stands alone: it cannot be divided."""
    per_model = [-(-len(group.models) // MODELS_PER_GRAPH) for group in page]
    widgets = sum(4 + graphs_of_models for graphs_of_models in per_model)
    metrics = sum(12 + len(group.models) for group in page)
    return len(page) <= 1 or (widgets <= MOST_WIDGETS and metrics <= MOST_METRICS)


def graphs(group: AwsGroup, stack: AwsRegion) -> list[Graph]:
    """Return a group's graphs: four of its endpoint, then its models at the edge."""
    where = ["EndpointName", group.endpoint, "VariantName", VARIANT]
    loads: tuple[str, ...] = ()
    used: tuple[str, ...] = ("CPUUtilization",)
    if group.gpus:
        used = ("GPUUtilization", "GPUMemoryUtilization")
    if group.hosting == "sagemaker-multi-model":
        loads = ("ModelLoadingWaitTime", "ModelCacheHit")
    if group.hosting == "sagemaker-serverless":
        used, loads = (), ("ModelSetupTime", "ServerlessConcurrentExecutionsUtilization")
    made: list[Graph] = [
        {
            "title": f"{group.name}: invocations",
            "metrics": [
                [SAGEMAKER, "Invocations", *where, {"stat": "Sum"}],
                [SAGEMAKER, "InvocationsPerInstance", *where, {"stat": "Sum"}],
            ],
        },
        {
            "title": f"{group.name}: latency, microseconds",
            "metrics": [
                [SAGEMAKER, "ModelLatency", *where, {"stat": "p99"}],
                [SAGEMAKER, "OverheadLatency", *where, {"stat": "p99"}],
            ],
        },
        {
            "title": f"{group.name}: machine, percent of one core or GPU",
            "metrics": [[INSTANCES, metric, *where] for metric in (*used, "MemoryUtilization")],
        },
        {
            "title": f"{group.name}: errors and loads",
            "metrics": [
                [SAGEMAKER, "Invocation5XXErrors", *where],
                [SAGEMAKER, "Invocation4XXErrors", *where],
                *([SAGEMAKER, metric, *where, {"yAxis": "right"}] for metric in loads),
            ],
        },
    ]
    for start in range(0, len(group.models), MODELS_PER_GRAPH):
        lines: list[list[object]] = []
        for model in group.models[start : start + MODELS_PER_GRAPH]:
            api, _, path = place(stack, model)
            edge = ["ApiName", api, "Stage", STAGE, "Method", "POST", "Resource", path]
            lines.append(["AWS/ApiGateway", "Latency", *edge, {"stat": "p99", "label": model.path}])
        made.append({"title": f"{group.name}: latency by model, milliseconds", "metrics": lines})
    return made
