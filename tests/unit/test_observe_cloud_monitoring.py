"""Cloud Monitoring is asked what a fleet did: a server on loopback plays its API, with pages, gaps and refusals."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from generator.errors import ObserveError
from generator.model import Observations
from generator.observe import observe
from generator.observe.cloud_monitoring import CloudMonitoring
from tests.google_server import TOKEN, google_answers, log_out
from tests.observed import BIN_S, START, watched, window

BINS = 4
NAN = float("nan")
TOOLS = watched()[2]
SERVICE = {"service_name": "prod-tools"}
SAWS = {"matched_url_path_rule": "/saws", "backend_target_name": "edge-tools-0a1b2c3"}
Answer = Callable[[dict[str, str]], tuple[int, bytes]]


def spelled(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def series(labels: dict[str, str], values: list[float | None], key: str = "doubleValue") -> dict[str, Any]:
    """Spell one series; the newest point comes first, and ends with its bin."""
    points = [
        {
            "interval": {"endTime": spelled(START + timedelta(seconds=BIN_S) * (t + 1))},
            "value": {key: str(int(value)) if key == "int64Value" else value},
        }
        for t, value in enumerate(values)
        if value is not None
    ]
    return {"resource": {"type": "any", "labels": labels}, "points": points[::-1]}


def page(*found: dict[str, Any], more: str = "") -> tuple[int, bytes]:
    return 200, json.dumps({"timeSeries": list(found), **({"nextPageToken": more} if more else {})}).encode()


class Google:
    """What is asked, and who answers."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: Answer = lambda _: page()


def metric(asked: dict[str, str]) -> str:
    """Return the last word of the metric that is asked for, the percentile or the failures."""
    name = asked["filter"].split('metric.type="')[1].split('"')[0].rpartition("/")[2]
    if "response_code_class" in asked["filter"]:
        return "failed"
    return name + asked["aggregation.crossSeriesReducer"].removeprefix("REDUCE_PERCENTILE_").removeprefix("REDUCE_SUM")


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Google]:
    """A Google that lets a test answer."""
    played = Google()

    def answer(path: str) -> tuple[int, bytes]:
        parts = urlsplit(path)
        asked = {name: ",".join(values) for name, values in parse_qs(parts.query).items()} | {"path": parts.path}
        played.asked.append(asked)
        return played.answer(asked)

    with google_answers(monkeypatch, tmp_path, "MONITORING", answer):
        yield played


def measured(asked: dict[str, str]) -> tuple[int, bytes]:
    """Two requests a second, none in the third bin, and nobody there in the last."""
    edge = "loadbalancing" in asked["filter"]
    labels = SAWS if edge else SERVICE
    answers: dict[str, dict[str, Any]] = {
        "request_count": series(labels, [1.0 if edge else 2.0, 2.0, None, None]),
        "failed": series(labels, [0.5, None, None, None]),
        "request_latencies50": series(labels, [40.0, 41.0, None, None]),
        "request_latencies95": series(labels, [90.0, 91.0, None, None]),
        "request_latencies99": series(labels, [99.0, 100.0, None, None]),
        "total_latencies95": series(labels, [120.0, 121.0, None, None]),
        "instance_count": series(labels, [3, 3, 1, None], "int64Value"),
        "utilizationsREDUCE_MEAN": series(labels, [0.5, 0.25, 0.0, None]),
    }
    found = answers.get(metric(asked))
    return page(found) if found else page()


def tools(found: Observations, measure: str) -> Any:
    held = found.groups if hasattr(found.groups, measure) else found
    return getattr(held, measure)[found.groups.names.index("tools")]


def read() -> Observations:
    return observe(watched(), [CloudMonitoring()], window(BINS))


def test_what_a_service_did_is_read_in_the_units_of_the_plan(google: Google) -> None:
    google.answer = measured

    found = read()

    np.testing.assert_array_equal(tools(found, "rate_rps"), [2, 2, 0, NAN])
    np.testing.assert_array_equal(tools(found, "errors_rps"), [0.5, 0, 0, NAN])
    np.testing.assert_array_equal(tools(found, "latency_p50_ms"), [40, 41, NAN, NAN])
    np.testing.assert_array_equal(tools(found, "latency_p99_ms"), [99, 100, NAN, NAN])
    np.testing.assert_array_equal(tools(found, "replicas"), [3, 3, 1, NAN])
    np.testing.assert_array_equal(tools(found, "utilization"), [0.5, 0.25, 0.0, NAN])
    assert "group 'tools': 1 of 4 bins have no rate, first at 2026-03-02 00:15 UTC." in found.notes


def test_what_each_workload_of_a_shared_service_did_is_read_at_the_load_balancer(google: Google) -> None:
    google.answer = measured

    found = read()

    saws = found.workloads.names.index("saws")
    np.testing.assert_array_equal(found.workloads.rate_rps[saws], [1, 2, 0, NAN])
    np.testing.assert_array_equal(found.workloads.latency_p95_ms[saws], [120, 121, NAN, NAN])


def test_what_is_asked_names_project_region_services_and_whole_bins(google: Google) -> None:
    google.answer = measured

    read()

    first = google.asked[0]
    assert "/v3/projects/shop-models-prod/timeSeries" == first["path"]
    assert 'resource.labels.location="europe-west1"' in first["filter"]
    assert 'one_of("prod-tools")' in first["filter"]
    assert ("2026-03-02T00:00:00Z", "2026-03-02T00:20:00Z", "300s") == (
        first["interval.startTime"],
        first["interval.endTime"],
        first["aggregation.alignmentPeriod"],
    )


def test_rules_of_the_same_text_belong_to_the_workload_whose_backend_answers(google: Google) -> None:
    def elsewhere(asked: dict[str, str]) -> tuple[int, bytes]:
        labels = SAWS | {"backend_target_name": "edge-tools-usa-0a1b2c3"}
        return page(series(labels, [9.0] * BINS)) if "loadbalancing" in asked["filter"] else measured(asked)

    google.answer = elsewhere

    found = read()

    np.testing.assert_array_equal(found.workloads.rate_rps[found.workloads.names.index("saws")], [0, 0, 0, NAN])


def test_a_service_that_may_stop_whole_did_nothing_instead_of_being_unknown(google: Google) -> None:
    google.answer = measured
    to_zero = replace(TOOLS, group=replace(TOOLS.group, min_replicas=0))

    found = observe([to_zero], [CloudMonitoring()], window(BINS))

    np.testing.assert_array_equal(tools(found, "rate_rps"), [2, 2, 0, 0])
    np.testing.assert_array_equal(tools(found, "replicas"), [3, 3, 1, 0])


def test_pages_are_read_to_the_end(google: Google) -> None:
    def in_pages(asked: dict[str, str]) -> tuple[int, bytes]:
        if metric(asked) != "request_count" or "loadbalancing" in asked["filter"]:
            return page()
        second = asked.get("pageToken") == "next page"
        values = [None, None, 3.0, 4.0] if second else [1.0, 2.0, None, None]
        return page(series(SERVICE, values), more="" if second else "next page")

    google.answer = in_pages

    np.testing.assert_array_equal(tools(read(), "rate_rps"), [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ((403, b"{}"), "refuses to tell its metrics: 403"),
        ((500, b"oops"), "no usable answer: 500"),
        ((302, b""), "no usable answer: 302"),
        ((200, b"<html>"), "no usable answer"),
        ((200, b'{"timeSeries": [{"points": [{"interval": {"endTime": "soon"}, "value": {}}]}]}'), "no usable answer"),
        (page(series({"service_name": 7}, [1.0])), "no usable answer"),  # pyright: ignore[reportArgumentType]
    ],
)
def test_any_other_answer_is_refused_in_words_without_the_token(
    google: Google, answer: tuple[int, bytes], what: str
) -> None:
    google.answer = lambda _: answer

    with pytest.raises(ObserveError, match=what) as refused:
        read()

    assert TOKEN not in str(refused.value)


def test_hostile_numbers_and_labels_are_not_measured(google: Google) -> None:
    def hostile(asked: dict[str, str]) -> tuple[int, bytes]:
        if metric(asked) != "request_count":
            return page()
        return page(
            series({"service_name": "prod-tools"}, [-1.0, 1e300, 5.0, None]),
            series({"service_name": "\x1b[31m"}, [1.0] * BINS),
            series({}, [1.0] * BINS),
        )

    google.answer = hostile

    np.testing.assert_array_equal(tools(read(), "rate_rps"), [NAN, NAN, 5, NAN])


def test_a_clock_more_than_a_bin_off_is_refused(google: Google) -> None:
    google.answer = measured

    def behind() -> datetime:
        return datetime.now(UTC) - timedelta(seconds=3 * BIN_S)

    with pytest.raises(ObserveError, match=r"clock is \+\d+ s off"):
        observe(watched(), [CloudMonitoring(behind)], window(BINS))


def test_without_credentials_the_error_says_to_log_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log_out(monkeypatch, tmp_path)

    with pytest.raises(ObserveError, match="There are no credentials") as refused:
        CloudMonitoring()

    assert "gcloud auth application-default login" in refused.value.remedy
