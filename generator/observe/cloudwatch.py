"""Observations out of CloudWatch.

SageMaker's metrics tell what groups did, API Gateway's what each workload did.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import numpy as np

from generator.clouds.amazon import amazon_clients, asking_amazon
from generator.errors import ObserveError
from generator.model import FloatArray, Watched, Window
from generator.observe.clock import skew_note
from generator.observe.source import Measure, Reading, Subject

SAGEMAKER, INSTANCES, EDGE = "AWS/SageMaker", "/aws/sagemaker/Endpoints", "AWS/ApiGateway"
VARIANT = "live"  # as components/aws_watch.py names it
# GetMetricData takes 500 metrics at once and answers with 100,800 points a page; pages beyond these are nobody's week.
METRICS_AT_ONCE = 500
MOST_PAGES = 10_000
MICROSECONDS_PER_MS = 1000.0
PERCENTILES: Mapping[Measure, str] = {"latency_p50_ms": "p50", "latency_p95_ms": "p95", "latency_p99_ms": "p99"}


@dataclass(frozen=True, slots=True)
class _Query:
    """One metric and what of it is asked for. `role` names it among those of its subject."""

    kind: Subject
    name: str
    role: str
    namespace: str
    metric: str
    statistic: str
    dimensions: Mapping[str, str]


class CloudWatch:
    """CloudWatch of the account that boto3 finds credentials for, region by region.

    Where nothing is invoked there are no metrics of invocations, so a bin without them counts as one without requests
    where the machines' own metrics say that they ran. Replicas are invocations over invocations per instance, so they
    are known where there were requests. CloudWatch does not know costs.

    Parameters
    ----------
    clock : callable
        Tells the time here.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        # A page holds a hundred thousand points, and whoever reads many of them is throttled.
        self._clients = amazon_clients("cloudwatch", read_timeout_s=60, attempts=6)

    @property
    def name(self) -> str:
        """CloudWatch."""
        return "CloudWatch"

    def places(self, watched: Sequence[Watched]) -> Mapping[str, Sequence[Watched]]:
        """Split by region; what runs elsewhere than on AWS is not here."""
        regions: dict[str, list[Watched]] = {}
        for one in watched:
            if one.group.cloud == "aws":
                regions.setdefault(one.group.region, []).append(one)
        return regions

    def read(self, watched: Sequence[Watched], window: Window) -> Reading:
        """Read the groups of one region.

        Raises
        ------
        ObserveError
            No credentials, no permission, no answer, or the clocks are too far apart.
        """
        region = watched[0].group.region
        queries = [query for one in watched for query in _queries(one)]
        rows: dict[tuple[Subject, str, str], FloatArray] = {}
        notes: list[str] = []
        asking = asking_amazon(region, doing="tell its metrics", allow="cloudwatch:GetMetricData", failure=ObserveError)
        with asking:
            client = self._clients(region)
            for first in range(0, len(queries), METRICS_AT_ONCE):
                asked = queries[first : first + METRICS_AT_ONCE]
                rows.update(self._asked(client, region, asked, window, notes))
        series: dict[tuple[Subject, str, Measure], FloatArray] = {}
        for one in watched:
            _complete(one, rows, window, series)
        return Reading(series, tuple(notes))

    def _asked(
        self, client: Any, region: str, queries: Sequence[_Query], window: Window, notes: list[str]
    ) -> dict[tuple[Subject, str, str], FloatArray]:
        rows = [np.full(window.bins, np.nan) for _ in queries]
        request: dict[str, Any] = {
            "MetricDataQueries": [_spelled(i, query, window) for i, query in enumerate(queries)],
            "StartTime": window.start,
            "EndTime": window.end,
            "ScanBy": "TimestampAscending",
        }
        for _ in range(MOST_PAGES):
            page = client.get_metric_data(**request)
            if not notes and (note := self._skew(page, region, window)):
                notes.append(note)
            for result in page["MetricDataResults"]:
                self._put(rows, result, region, window)
            if not page.get("NextToken"):
                return {(query.kind, query.name, query.role): row for query, row in zip(queries, rows, strict=True)}
            request["NextToken"] = page["NextToken"]
        raise ObserveError(region, "AWS answers without an end.", "Ask for a shorter time, or for longer bins.")

    def _skew(self, page: Mapping[str, Any], region: str, window: Window) -> str | None:
        try:
            theirs = parsedate_to_datetime(page["ResponseMetadata"]["HTTPHeaders"]["date"])
        except (KeyError, TypeError, ValueError):
            return None
        return skew_note(region, theirs, self._clock(), window.bin_s)

    def _put(self, rows: Sequence[FloatArray], result: Mapping[str, Any], region: str, window: Window) -> None:
        if result.get("StatusCode") in ("InternalError", "Forbidden"):
            what = f"AWS answers {result['StatusCode']} for a metric."
            raise ObserveError(region, what, "Allow cloudwatch:GetMetricData, or ask again later.")
        number = re.fullmatch(r"m(\d{1,4})", result["Id"])
        if number is None or int(number[1]) >= len(rows):
            raise ObserveError(region, "AWS answers what was not asked.", "Ask again; if it stays, report this.")
        for at, value in zip(result["Timestamps"], result["Values"], strict=True):
            position = round((at - window.start).total_seconds() / window.bin_s)
            if 0 <= position < window.bins:
                rows[int(number[1])][position] = value


def _queries(one: Watched) -> Iterator[_Query]:
    endpoint = {"EndpointName": one.endpoint, "VariantName": VARIANT}
    name = one.group.name

    def of_group(role: str, metric: str, statistic: str, namespace: str = SAGEMAKER) -> _Query:
        return _Query("group", name, role, namespace, metric, statistic, endpoint)

    yield of_group("rate_rps", "Invocations", "Sum")
    yield of_group("errors_rps", "Invocation5XXErrors", "Sum")
    for measure, statistic in PERCENTILES.items():
        yield of_group(measure, "ModelLatency", statistic)
    if one.group.hosting != "sagemaker-serverless":
        yield of_group("per instance", "InvocationsPerInstance", "Sum")
        metric = "CPUUtilization" if one.accelerator == "none" else "GPUUtilization"
        yield of_group("utilization", metric, "Average", INSTANCES)
    for workload, edge in one.edge.items():
        for role, metric, statistic in (
            ("rate_rps", "Count", "Sum"),
            ("errors_rps", "5XXError", "Sum"),
            *((measure, "Latency", statistic) for measure, statistic in PERCENTILES.items()),
        ):
            yield _Query("workload", workload, role, EDGE, metric, statistic, edge)


def _spelled(number: int, query: _Query, window: Window) -> dict[str, Any]:
    metric = {
        "Namespace": query.namespace,
        "MetricName": query.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(query.dimensions.items())],
    }
    stat = {"Metric": metric, "Period": round(window.bin_s), "Stat": query.statistic}
    return {"Id": f"m{number}", "MetricStat": stat, "ReturnData": True}


def _complete(
    one: Watched,
    rows: Mapping[tuple[Subject, str, str], FloatArray],
    window: Window,
    series: dict[tuple[Subject, str, Measure], FloatArray],
) -> None:
    """Turn what CloudWatch counts of a group and its workloads into what is measured of them."""
    group = one.group.name
    serverless = one.group.hosting == "sagemaker-serverless"
    invocations = rows["group", group, "rate_rps"]
    up = ~np.isnan(invocations)
    if not serverless:
        # 100 % for each vCPU or GPU: sixteen busy ones are 1,600 %.
        busy = rows["group", group, "utilization"] / (100.0 * one.processors)
        up |= ~np.isnan(busy)
        series["group", group, "utilization"] = busy
        # Each invocation counts for 1/n where n instances run.
        shared = rows["group", group, "per instance"]
        series["group", group, "replicas"] = invocations / np.where(shared > 0, shared, np.nan)
    elif up.any():
        # Without a request a serverless endpoint does not run, and nothing else of it is measured.
        up[:] = True
    subjects: list[tuple[Subject, str, float]] = [
        ("group", group, MICROSECONDS_PER_MS),
        *(("workload", workload, 1.0) for workload in one.edge),
    ]
    for kind, name, per_ms in subjects:
        count, failed = rows[kind, name, "rate_rps"], rows[kind, name, "errors_rps"]
        count = np.where(np.isnan(count) & up, 0.0, count)
        series[kind, name, "rate_rps"] = count / window.bin_s
        series[kind, name, "errors_rps"] = np.where(np.isnan(failed) & ~np.isnan(count), 0.0, failed) / window.bin_s
        for measure in PERCENTILES:
            series[kind, name, measure] = rows[kind, name, measure] / per_ms
