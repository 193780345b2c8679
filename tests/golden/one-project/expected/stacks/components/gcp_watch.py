"""Alerts, dashboards and budgets on GCP."""

import json
from collections.abc import Mapping, Sequence

import pulumi
import pulumi_gcp as gcp
from pulumi_gcp import monitoring
from pulumi_gcp.billing import BudgetAllUpdatesRuleArgs as UpdatesArgs
from pulumi_gcp.monitoring import AlertPolicyConditionConditionAbsentAggregationArgs as AbsentAggregationArgs
from pulumi_gcp.monitoring import AlertPolicyConditionConditionThresholdAggregationArgs as AggregationArgs
from pulumi_gcp.monitoring import (
    AlertPolicyConditionConditionThresholdDenominatorAggregationArgs as DenominatorAggregationArgs,
)

from .values import CloudRunGroup, Route, slowest_objective

Channels = Sequence[pulumi.Input[str]]
RUN = 'resource.type="cloud_run_revision" AND metric.type="run.googleapis.com'


def notification_channels(config: pulumi.Config, region: pulumi.ResourceOptions) -> tuple[pulumi.Input[str], ...]:
    """Return the channels alerts speak to: the one that exists, else one for the stack's e-mail address, else none."""
    existing = config.get("alarmChannel")
    if existing is not None:
        return (existing,)
    email = config.get("alarmEmail")
    if email is None:
        return ()
    channel = monitoring.NotificationChannel(
        "alarms", type="email", display_name="Model endpoints", labels={"email_address": email}, opts=region
    )
    return (channel.id,)


def service_alerts(
    name: str,
    group: CloudRunGroup,
    labels: Mapping[str, str],
    channels: Channels,
    child: pulumi.ResourceOptions,
) -> None:
    """Make a group's alerts: errors, latency, saturation, memory, instances, cold starts, no traffic."""
    service = f'resource.labels.service_name="{group.service}"'
    slowest = slowest_objective(group.models)

    def alert(role: str, condition: monitoring.AlertPolicyConditionArgs) -> None:
        policy(f"{name}-{role}", condition, labels, channels, child)

    requests = f'{RUN}/request_count" AND {service}'
    alert(
        "server-errors",
        ratio(
            "More than 1 % of requests fail",
            f'{requests} AND metric.labels.response_code_class="5xx"',
            requests,
            0.01,
        ),
    )
    alert(
        "latency",
        above(
            "Slower than the longest objective of the group",
            f'{RUN}/request_latencies" AND {service}',
            slowest.latency_s * 1000.0,
            aligner(slowest.percentile),
        ),
    )
    alert(
        "saturation",
        above("CPU above 90 %", f'{RUN}/container/cpu/utilizations" AND {service}', 0.9, "ALIGN_PERCENTILE_99"),
    )
    alert(
        "memory",
        above("Memory above 90 %", f'{RUN}/container/memory/utilizations" AND {service}', 0.9, "ALIGN_PERCENTILE_99"),
    )
    if group.accelerator is not None:
        alert(
            "gpu",
            above("GPU above 90 %", f'{RUN}/container/gpu/utilizations" AND {service}', 0.9, "ALIGN_PERCENTILE_99"),
        )
    # Where the maximum is also the minimum, or 1, being there says nothing.
    if group.max_replicas > max(1, group.min_replicas):
        alert(
            "instances",
            above(
                "Every instance the plan allows is busy",
                f'{RUN}/container/instance_count" AND {service} AND metric.labels.state="active"',
                group.max_replicas - 0.5,
                "ALIGN_MAX",
                "REDUCE_SUM",
            ),
        )
    alert(
        "cold-starts",
        above(
            "Instances take longer to start than the longest objective of the group",
            f'{RUN}/container/startup_latencies" AND {service}',
            slowest.latency_s * 1000.0,
            "ALIGN_PERCENTILE_95",
        ),
    )
    alert(
        "idle",
        monitoring.AlertPolicyConditionArgs(
            display_name="No request for a day",
            condition_absent=monitoring.AlertPolicyConditionConditionAbsentArgs(
                filter=requests,
                duration="84600s",  # The longest Monitoring takes, 23.5 hours.
                aggregations=[
                    AbsentAggregationArgs(
                        alignment_period="300s", per_series_aligner="ALIGN_RATE", cross_series_reducer="REDUCE_SUM"
                    )
                ],
            ),
        ),
    )


def route_alerts(
    name: str,
    route: Route,
    url_map: str,
    backend_service: pulumi.Output[str],
    labels: Mapping[str, str],
    channels: Channels,
    child: pulumi.ResourceOptions,
) -> None:
    """Make one model's alerts at the edge, the only place where a shared service's models can be told apart.

    Regions share path rules of the same text, so the backend service tells which region's it is.
    """

    def requests(metric: str, more: str = "") -> pulumi.Output[str]:
        return pulumi.Output.concat(
            f'resource.type="https_lb_rule" AND metric.type="loadbalancing.googleapis.com/https/{metric}"',
            f' AND resource.labels.url_map_name="{url_map}"',
            f' AND resource.labels.matched_url_path_rule="{route.path}"',
            ' AND resource.labels.backend_target_name="',
            backend_service,
            f'"{more}',
        )

    policy(
        f"{name}-errors",
        ratio(
            "More than 1 % of this model's requests fail",
            requests("request_count", " AND metric.labels.response_code_class=500"),
            requests("request_count"),
            0.01,
        ),
        labels,
        channels,
        child,
    )
    policy(
        f"{name}-latency",
        above(
            "This model answers later than its objective",
            requests("total_latencies"),
            route.latency_s * 1000.0,
            aligner(route.percentile),
        ),
        labels,
        channels,
        child,
    )


def aligner(percentile: float) -> str:
    """Return Monitoring's nearest percentile that is not laxer: it knows 50, 95 and 99."""
    if percentile <= 0.5:
        return "ALIGN_PERCENTILE_50"
    return "ALIGN_PERCENTILE_95" if percentile <= 0.95 else "ALIGN_PERCENTILE_99"


def above(
    what: str, filter_: pulumi.Input[str], threshold: float, per_series: str, across: str = "REDUCE_MAX"
) -> monitoring.AlertPolicyConditionArgs:
    """Return a condition: what is seen of each series, and of these across all, above a threshold for five minutes."""
    return monitoring.AlertPolicyConditionArgs(
        display_name=what,
        condition_threshold=monitoring.AlertPolicyConditionConditionThresholdArgs(
            filter=filter_,
            comparison="COMPARISON_GT",
            threshold_value=threshold,
            duration="300s",
            aggregations=[
                AggregationArgs(alignment_period="60s", per_series_aligner=per_series, cross_series_reducer=across)
            ],
        ),
    )


def ratio(
    what: str, filter_: pulumi.Input[str], denominator: pulumi.Input[str], threshold: float
) -> monitoring.AlertPolicyConditionArgs:
    """Return a condition: one count over another above a threshold for five minutes."""
    return monitoring.AlertPolicyConditionArgs(
        display_name=what,
        condition_threshold=monitoring.AlertPolicyConditionConditionThresholdArgs(
            filter=filter_,
            denominator_filter=denominator,
            comparison="COMPARISON_GT",
            threshold_value=threshold,
            duration="300s",
            aggregations=[
                AggregationArgs(
                    alignment_period="60s", per_series_aligner="ALIGN_RATE", cross_series_reducer="REDUCE_SUM"
                )
            ],
            denominator_aggregations=[
                DenominatorAggregationArgs(
                    alignment_period="60s", per_series_aligner="ALIGN_RATE", cross_series_reducer="REDUCE_SUM"
                )
            ],
        ),
    )


def policy(
    name: str,
    condition: monitoring.AlertPolicyConditionArgs,
    labels: Mapping[str, str],
    channels: Channels,
    options: pulumi.ResourceOptions,
) -> None:
    """Make one alert policy of one condition."""
    monitoring.AlertPolicy(
        name,
        display_name=name,
        combiner="OR",
        severity="WARNING",
        conditions=[condition],
        notification_channels=list(channels),
        user_labels=dict(labels),
        opts=options,
    )


def dashboard(name: str, group: CloudRunGroup, child: pulumi.ResourceOptions) -> None:
    """Make a group's dashboard: requests, latency, CPU and instances."""
    service = f'resource.labels.service_name="{group.service}"'
    tiles = [
        {
            "xPos": 12 * column,
            "width": 12,
            "height": 12,
            "widget": {
                "title": title,
                "xyChart": {
                    "dataSets": [
                        {
                            "plotType": "LINE",
                            "timeSeriesQuery": {
                                "timeSeriesFilter": {
                                    "filter": f'{RUN}/{metric}" AND {service}',
                                    "aggregation": {
                                        "alignmentPeriod": "60s",
                                        "perSeriesAligner": per_series,
                                        "crossSeriesReducer": reducer,
                                    },
                                }
                            },
                        }
                    ]
                },
            },
        }
        for column, (title, metric, per_series, reducer) in enumerate(
            (
                ("requests", "request_count", "ALIGN_RATE", "REDUCE_SUM"),
                ("latency, ms", "request_latencies", "ALIGN_PERCENTILE_99", "REDUCE_MAX"),
                ("CPU", "container/cpu/utilizations", "ALIGN_PERCENTILE_99", "REDUCE_MAX"),
                ("instances", "container/instance_count", "ALIGN_MAX", "REDUCE_SUM"),
            )
        )
    ]
    monitoring.Dashboard(
        f"{name}-dashboard",
        dashboard_json=json.dumps(
            {"displayName": group.service, "mosaicLayout": {"columns": 48, "tiles": tiles}}, sort_keys=True
        ),
        opts=child,
    )


def budget(
    name: str,
    display_name: str,
    billing_account: str,
    project: str,
    label: Mapping[str, str],
    limit_usd: str,
    channels: Channels,
    options: pulumi.ResourceOptions,
) -> None:
    """Make a monthly budget over what carries one label; the API takes no more than one."""
    gcp.billing.Budget(
        name,
        billing_account=billing_account,
        display_name=display_name,
        budget_filter=gcp.billing.BudgetBudgetFilterArgs(projects=[f"projects/{project}"], labels=dict(label)),
        amount=gcp.billing.BudgetAmountArgs(
            specified_amount=gcp.billing.BudgetAmountSpecifiedAmountArgs(currency_code="USD", units=limit_usd)
        ),
        threshold_rules=[gcp.billing.BudgetThresholdRuleArgs(threshold_percent=share) for share in (0.8, 1.0)],
        all_updates_rule=UpdatesArgs(monitoring_notification_channels=list(channels)) if channels else None,
        opts=options,
    )
