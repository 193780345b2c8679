"""Alarms and budgets on AWS.

Alarms name endpoints as plain text, so they can exist before these and roll their updates back.
"""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from .values import AwsGroup, Model, slowest_objective

SAGEMAKER = "AWS/SageMaker"
INSTANCES = "/aws/sagemaker/Endpoints"
MICROSECONDS = 1_000_000.0
VARIANT = "live"  # A variant that changes its name cannot be updated blue/green, nor keep its scaling target.


def endpoint_alarms(
    name: str,
    group: AwsGroup,
    topic_arn: pulumi.Input[str],
    tags: Mapping[str, str],
    child: pulumi.ResourceOptions,
) -> list[aws.cloudwatch.MetricAlarm]:
    """Make a group's alarms.

    Returns
    -------
    list of MetricAlarm
        Those that roll a failed update back: errors and latency. Each treats missing data as well, or it would hold
        up the first deployment.
    """
    dimensions = {"EndpointName": group.endpoint, "VariantName": VARIANT}
    slowest = slowest_objective(group.models)

    def alarm(
        role: str,
        metric: str,
        threshold: float,
        what: str,
        *,
        namespace: str = SAGEMAKER,
        statistic: str | None = "Average",
        percentile: str | None = None,
        comparison: str = "GreaterThanThreshold",
        period: int = 60,
        periods: int = 5,
        missing: str = "notBreaching",
    ) -> aws.cloudwatch.MetricAlarm:
        return aws.cloudwatch.MetricAlarm(
            f"{name}-{role}",
            alarm_description=what,
            namespace=namespace,
            metric_name=metric,
            dimensions=dimensions,
            statistic=statistic,
            extended_statistic=percentile,
            comparison_operator=comparison,
            threshold=threshold,
            period=period,
            evaluation_periods=periods,
            datapoints_to_alarm=periods if periods < 5 else periods - 2,
            treat_missing_data=missing,
            alarm_actions=[topic_arn],
            ok_actions=[topic_arn],
            tags=tags,
            opts=child,
        )

    rollback = [
        alarm("server-errors", "Invocation5XXErrors", 0.01, "More than 1 % of invocations fail in the container."),
        alarm(
            "latency",
            "ModelLatency",
            slowest.latency_s * MICROSECONDS,
            "The container takes longer than the longest objective of the group.",
            statistic=None,
            percentile=percentile(slowest),
        ),
    ]
    alarm("client-errors", "Invocation4XXErrors", 0.05, "More than 5 % of invocations are refused.")
    alarm(
        "idle",
        "Invocations",
        1.0,
        "No invocation for a day.",
        statistic="Sum",
        comparison="LessThanThreshold",
        period=3600,
        periods=24,
        missing="breaching",
    )
    # Models that take turns fill what memory there is.
    full = 90.0 if group.planned_hit_rate is None else 98.0
    alarm("memory", "MemoryUtilization", full, f"Memory above {full:.0f} %.", namespace=INSTANCES)
    if group.hosting == "sagemaker-serverless":
        alarm(
            "saturation",
            "ServerlessConcurrentExecutionsUtilization",
            0.9,
            "Above 90 % of the concurrency that the endpoint may use.",
            periods=10,
        )
        alarm(
            "cold-starts",
            "ModelSetupTime",
            slowest.latency_s * MICROSECONDS,
            "A worker takes longer to start than the longest objective of the group.",
            periods=3,
        )
        return rollback
    metric, units = ("GPUUtilization", group.gpus) if group.gpus else ("CPUUtilization", group.cores)
    # 100 % for each core or GPU: sixteen busy cores are 1,600 %.
    alarm("saturation", metric, 90.0 * units, "Above 90 % of the machine.", namespace=INSTANCES, periods=10)
    if group.gpus:
        alarm(
            "gpu-memory",
            "GPUMemoryUtilization",
            full * group.gpus,
            f"GPU memory above {full:.0f} %: the next model to load may push another out.",
            namespace=INSTANCES,
            periods=10,
        )
    if group.hosting == "sagemaker-multi-model":
        alarm(
            "cold-loads",
            "ModelLoadingWaitTime",
            slowest.latency_s * MICROSECONDS,
            "Invocations wait for a model to load longer than the longest objective of the group.",
            periods=3,
        )
        # Models that take turns are asked seldom: it takes hours of invocations to tell a rate.
        lowest = 0.9 if group.planned_hit_rate is None else round(0.8 * group.planned_hit_rate, 3)
        alarm(
            "cache-misses",
            "ModelCacheHit",
            lowest,
            f"More than {100.0 * (1.0 - lowest):.0f} % of invocations find their model not loaded: "
            "the group has outgrown its memory.",
            comparison="LessThanThreshold",
            period=300 if group.planned_hit_rate is None else 3600,
            periods=6,
        )
    return rollback


def model_alarms(
    name: str,
    model: Model,
    api: str,
    path: str,
    stage: str,
    topic_arn: pulumi.Input[str],
    child: pulumi.ResourceOptions,
) -> None:
    """Make one model's alarms at the edge, the only place where a shared endpoint's models can be told apart.

    Parameters
    ----------
    path : str
        The model's path as its API sees it.
    """
    dimensions = {"ApiName": api, "Stage": stage, "Method": "POST", "Resource": path}
    aws.cloudwatch.MetricAlarm(
        f"{name}-{model.key}-errors",
        alarm_description="More than 1 % of this model's requests fail.",
        namespace="AWS/ApiGateway",
        metric_name="5XXError",
        dimensions=dimensions,
        statistic="Average",
        comparison_operator="GreaterThanThreshold",
        threshold=0.01,
        period=60,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        treat_missing_data="notBreaching",
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags=dict(model.tags),
        opts=child,
    )
    aws.cloudwatch.MetricAlarm(
        f"{name}-{model.key}-latency",
        alarm_description="This model answers later than its objective.",
        namespace="AWS/ApiGateway",
        metric_name="Latency",
        dimensions=dimensions,
        extended_statistic=percentile(model),
        comparison_operator="GreaterThanThreshold",
        threshold=model.latency_s * 1000.0,
        period=60,
        evaluation_periods=5,
        datapoints_to_alarm=3,
        treat_missing_data="notBreaching",
        alarm_actions=[topic_arn],
        ok_actions=[topic_arn],
        tags=dict(model.tags),
        opts=child,
    )


def percentile(model: Model) -> str:
    """Return a model's percentile as CloudWatch writes it, such as ``p99.9``."""
    return f"p{model.percentile * 100:.10g}"


def budget(
    name: str,
    physical_name: str,
    tag: str,
    limit_usd: str,
    topic_arn: pulumi.Input[str],
    options: pulumi.ResourceOptions,
) -> None:
    """Make a monthly budget over one cost allocation tag (to be activated once in the billing console).

    Budgets are one list for all regions of an account, so `physical_name` carries environment and region.
    """
    aws.budgets.Budget(
        name,
        name=physical_name,
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=limit_usd,
        limit_unit="USD",
        cost_filters=[aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[tag])],
        notifications=[
            aws.budgets.BudgetNotificationArgs(
                comparison_operator="GREATER_THAN",
                notification_type=kind,
                threshold=threshold,
                threshold_type="PERCENTAGE",
                subscriber_sns_topic_arns=[topic_arn],
            )
            for kind, threshold in (("ACTUAL", 80.0), ("FORECASTED", 100.0))
        ],
        opts=options,
    )
