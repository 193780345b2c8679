"""CloudWatch is asked what a fleet did, as moto plays it on loopback, with pages, throttling and silent regions."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from moto.cloudwatch.models import CloudWatchBackend, MetricDatum, Statistics, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult

from generator.errors import ObserveError
from generator.model import Observations
from generator.observe import cloudwatch, observe
from generator.observe.cloudwatch import CloudWatch
from tests.amazon_server import ACCOUNT, SECRET
from tests.observed import BIN_S, START, watched, window

REGION = "eu-west-1"
BINS = 6
NAN = float("nan")
ENDPOINT = [{"Name": "EndpointName", "Value": "prod-books"}, {"Name": "VariantName", "Value": "live"}]
EDGE = [
    {"Name": "ApiName", "Value": "prod-shop"},
    {"Name": "Method", "Value": "POST"},
    {"Name": "Resource", "Value": "/novels"},
    {"Name": "Stage", "Value": "live"},
]


class Refused(ServiceException):
    """A refusal of CloudWatch's; moto finds its service by the module."""

    __module__ = "moto.cloudwatch.exceptions"


@pytest.fixture
def played(amazon: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudWatchBackend]:
    """An account whose CloudWatch knows percentiles, which moto's does not."""
    del amazon
    known = Statistics.get_statistics_for_type

    def with_percentiles(self: Statistics, stat: str) -> Any:
        if stat.startswith("p"):
            return float(np.percentile(self.metric_single_values_list, float(stat[1:])))
        return known(self, stat)

    monkeypatch.setattr(Statistics, "get_statistics_for_type", with_percentiles)
    yield cloudwatch_backends[ACCOUNT][REGION]
    for region in (REGION, "us-east-1"):
        cloudwatch_backends[ACCOUNT][region].reset()


def put(
    played: CloudWatchBackend,
    namespace: str,
    metric: str,
    dimensions: list[dict[str, str]],
    bins: Sequence[Sequence[float]],
) -> None:
    """Let something be measured in each bin, spread over its minutes."""
    for t, values in enumerate(bins):
        for i, value in enumerate(values):
            # moto's own clock has no zone.
            at = START.replace(tzinfo=None) + timedelta(seconds=BIN_S * t + 60 * (i % 5))
            played.metric_data.append(
                MetricDatum(  # pyright: ignore[reportArgumentType]
                    namespace, metric, value, dimensions, at
                )
            )


def play(played: CloudWatchBackend) -> None:
    """Three invocations a bin on two instances, none in the third bin, and the machines gone in the fourth."""
    busy: list[list[float]] = [[1.0] * 3, [1.0] * 3, [], [], [1.0] * 3, [1.0] * 3]
    put(played, "AWS/SageMaker", "Invocations", ENDPOINT, busy)
    put(played, "AWS/SageMaker", "InvocationsPerInstance", ENDPOINT, [[0.5] * len(one) for one in busy])
    put(played, "AWS/SageMaker", "Invocation5XXErrors", ENDPOINT, [[0, 0, 1][: len(one)] for one in busy])
    put(played, "AWS/SageMaker", "ModelLatency", ENDPOINT, [[20e3, 40e3, 60e3][: len(one)] for one in busy])
    cpu: list[list[float]] = [[100.0, 300.0]] * 3 + [[]] + [[100.0, 300.0]] * 2
    put(played, "/aws/sagemaker/Endpoints", "CPUUtilization", ENDPOINT, cpu)
    put(played, "AWS/ApiGateway", "Count", EDGE, [one[:2] for one in busy])
    put(played, "AWS/ApiGateway", "5XXError", EDGE, [[0, 1][: len(one)] for one in busy])
    put(played, "AWS/ApiGateway", "Latency", EDGE, [[70.0, 70.0][: len(one)] for one in busy])


def books(found: Observations, measure: str) -> Any:
    held = found.groups if hasattr(found.groups, measure) else found
    return getattr(held, measure)[found.groups.names.index("books")]


def read() -> Observations:
    return observe(watched(), [CloudWatch()], window(BINS))


def test_what_an_endpoint_did_is_read_in_the_units_of_the_plan(played: CloudWatchBackend) -> None:
    play(played)

    found = read()

    np.testing.assert_allclose(books(found, "rate_rps"), np.array([3, 3, 0, NAN, 3, 3]) / BIN_S)
    np.testing.assert_allclose(books(found, "errors_rps"), np.array([1, 1, 0, NAN, 1, 1]) / BIN_S)
    np.testing.assert_allclose(books(found, "latency_p50_ms"), [40, 40, NAN, NAN, 40, 40])
    np.testing.assert_allclose(books(found, "latency_p99_ms"), [59.6, 59.6, NAN, NAN, 59.6, 59.6])
    np.testing.assert_allclose(books(found, "replicas"), [2, 2, NAN, NAN, 2, 2])
    np.testing.assert_allclose(books(found, "utilization"), [0.5, 0.5, 0.5, NAN, 0.5, 0.5])
    assert np.isnan(books(found, "cost_usd_per_h")).all()
    assert "group 'books': 1 of 6 bins have no rate, first at 2026-03-02 00:15 UTC." in found.notes
    assert () == found.unanswered


def test_what_each_workload_of_a_shared_endpoint_did_is_read_at_the_edge(played: CloudWatchBackend) -> None:
    play(played)

    found = read()

    novels, poems = (found.workloads.names.index(name) for name in ("novels", "poems"))
    np.testing.assert_allclose(found.workloads.rate_rps[novels], np.array([2, 2, 0, NAN, 2, 2]) / BIN_S)
    np.testing.assert_allclose(found.workloads.errors_rps[novels], np.array([1, 1, 0, NAN, 1, 1]) / BIN_S)
    np.testing.assert_allclose(found.workloads.latency_p95_ms[novels], [70, 70, NAN, NAN, 70, 70])
    np.testing.assert_allclose(found.workloads.rate_rps[poems], [0, 0, 0, NAN, 0, 0])


# moto knows which errors AWS documents, and AWS sends others, too.
@pytest.mark.filterwarnings("ignore:Exception.Refused. with code")
def test_many_metrics_and_pages_are_read_to_the_end_through_throttling(
    played: CloudWatchBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(played)
    expected = read()
    answered = CloudWatchResponse.get_metric_data
    asked: list[tuple[int, str]] = []

    def in_pages(self: CloudWatchResponse) -> Any:
        parameters: Any = self._get_params()  # pyright: ignore[reportPrivateUsage]
        page = int(parameters.get("NextToken") or 0)
        asked.append((len(parameters["MetricDataQueries"]), parameters.get("NextToken") or ""))
        if len(asked) in (2, 3):
            raise Refused("ThrottlingException", "Rate exceeded")
        whole: Any = answered(self).result
        results = whole["MetricDataResults"]
        cut = [
            one
            | {
                "values": one["values"][page : page + 1],
                "timestamps": one["timestamps"][page : page + 1],
                "status_code": "PartialData",
            }
            for one in results
        ]
        more = any(len(one["values"]) > page + 1 for one in results)
        return ActionResult({"MetricDataResults": cut, **({"NextToken": str(page + 1)} if more else {})})

    monkeypatch.setattr(CloudWatchResponse, "get_metric_data", in_pages)
    monkeypatch.setattr(cloudwatch, "METRICS_AT_ONCE", 7)

    found = read()

    np.testing.assert_array_equal(expected.groups.rate_rps, found.groups.rate_rps)
    np.testing.assert_array_equal(expected.workloads.latency_p99_ms, found.workloads.latency_p99_ms)
    np.testing.assert_array_equal(expected.utilization, found.utilization)
    assert {"", "1", "2", "3", "4"} == {token for _, token in asked}
    assert all(count <= 7 for count, _ in asked)


@pytest.mark.filterwarnings("ignore:Exception.Refused. with code")
def test_a_region_that_refuses_is_named_and_the_other_is_kept(
    played: CloudWatchBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(played)
    answered = CloudWatchResponse.get_metric_data

    def there(self: CloudWatchResponse) -> Any:
        if self.region != REGION:
            raise Refused("AccessDenied", "User: arn:aws:iam::123456789012:user/me is not authorized")
        return answered(self)

    monkeypatch.setattr(CloudWatchResponse, "get_metric_data", there)

    found = read()

    assert ("us-east-1: AWS refuses to tell its metrics: AccessDenied.",) == found.unanswered
    np.testing.assert_allclose(books(found, "rate_rps")[:2], 3 / BIN_S)


@pytest.mark.usefixtures("silent_amazon")
def test_nobody_there_is_said_in_words_without_a_secret() -> None:
    with pytest.raises(
        ObserveError, match=r"eu-west-1: AWS cannot be asked.*us-east-1: AWS cannot be asked"
    ) as refused:
        read()

    assert 6 == refused.value.exit_code
    assert SECRET not in str(refused.value)


@pytest.mark.usefixtures("played")
def test_a_clock_more_than_a_bin_off_is_refused() -> None:
    def behind() -> datetime:
        return datetime.now(UTC) - timedelta(seconds=3 * BIN_S)

    with pytest.raises(ObserveError, match=r"clock is \+\d+ s off"):
        observe(watched(), [CloudWatch(behind)], window(BINS))


def test_a_serverless_endpoint_that_is_asked_nothing_has_no_requests_instead_of_a_gap(
    played: CloudWatchBackend,
) -> None:

    play(played)
    one = watched()[0]
    serverless = replace(one, group=replace(one.group, hosting="sagemaker-serverless"))

    found = observe([serverless], [CloudWatch()], window(BINS))

    np.testing.assert_allclose(books(found, "rate_rps"), np.array([3, 3, 0, 0, 3, 3]) / BIN_S)


def test_what_runs_on_another_cloud_only_is_not_asked_here() -> None:
    with pytest.raises(ObserveError, match="nothing that is watched runs where these sources look"):
        observe([watched()[2]], [CloudWatch()], window(BINS))
