"""Observations out of a Prometheus, through its HTTP API: ``pip install covey[prometheus]``.

What is read has the names that OpenTelemetry's HTTP server metrics, the Prometheus client libraries and Prometheus
itself give it; labels ``group`` and ``workload`` say whose it is.

https://prometheus.io/docs/prometheus/latest/querying/api/
https://opentelemetry.io/docs/specs/semconv/http/http-metrics/
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import requests
from pydantic import BaseModel, ConfigDict, ValidationError
from urllib3.exceptions import HTTPError

from generator.errors import InputError, ObserveError
from generator.inventory.yaml_source import shown
from generator.model import FloatArray, Watched, Window
from generator.observe.clock import skew_note
from generator.observe.names import Gathered
from generator.observe.source import MOST, Measure, Reading, Subject

TOKEN = "COVEY_PROMETHEUS_TOKEN"  # noqa: S105 - the name of a variable
REQUESTS = "http_server_request_duration_seconds"
FAILED = 'http_response_status_code=~"5.."'
TIMEOUT_S = 60.0
MOST_BYTES = 2**28
# Prometheus refuses more than 11,000 points a series.
MOST_POINTS = 10_000
PERCENTILES: Mapping[Measure, float] = {"latency_p50_ms": 0.5, "latency_p95_ms": 0.95, "latency_p99_ms": 0.99}


class _Series(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    metric: dict[str, str]
    values: list[Any]


class _Matrix(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    result: list[_Series]


class _Scalar(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    result: tuple[float, str]


class Prometheus:
    """A Prometheus, or what speaks its API.

    Every value is the mean over its bin, or the percentile of its requests; counters that were started anew are
    Prometheus's own matter.

    Parameters
    ----------
    url : str
        Where the API begins: what stands before ``/api/v1``.
    clock : callable
        Tells the time here.

    Raises
    ------
    InputError
        It is no such URL, or holds a password.
    """

    def __init__(self, url: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        parts = urlsplit(url)
        if parts.username or parts.password:
            what = "holds a name or a password, which would end up in logs."
            raise InputError("--source", what, f"Take it out, and give a token in {TOKEN}.")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise InputError(
                "--source", f"{shown(url)} is no URL of a Prometheus.", "Such as https://prometheus.shop:9090."
            )
        self._url = url.rstrip("/")
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False  # no password out of a .netrc, and nothing by way of a proxy
        if token := os.environ.get(TOKEN):
            self._session.headers["Authorization"] = f"Bearer {token}"

    @property
    def name(self) -> str:
        """The URL."""
        return self._url

    def places(self, watched: Sequence[Watched]) -> Mapping[str, Sequence[Watched]]:
        """Everything at once."""
        return {self._url: watched}

    def read(self, watched: Sequence[Watched], window: Window) -> Reading:
        """Ask for every measure of all groups, and of all workloads.

        Raises
        ------
        ObserveError
            There is no answer, or none that can be used, or the clocks are too far apart.
        """
        gathered = Gathered(watched)
        if note := skew_note(self._url, self._time(), self._clock(), window.bin_s):
            gathered.notes.append(note)
        span = f"[{round(window.bin_s)}s]"
        for kind in ("group", "workload"):
            self._requests(kind, span, window, gathered)
        state: dict[Measure, str] = {
            "replicas": f'sum by (group) (avg_over_time(up{{group!=""}}{span}))',
            "cost_usd_per_h": f'sum by (group) (avg_over_time(cost_usd_per_h{{group!=""}}{span}))',
            # vCPUs busy; a share of those there are below.
            "utilization": f'sum by (group) (rate(process_cpu_seconds_total{{group!=""}}{span}))',
        }
        for measure, query in state.items():
            for name, row in self._rows("group", query, window).items():
                gathered.add("group", name, measure, row)
        return _completed(gathered, watched)

    def _time(self) -> datetime:
        try:
            return datetime.fromtimestamp(self._asked("query", {"query": "time()"}, _Scalar).result[0], UTC)
        except (ValueError, OverflowError, OSError):
            raise self._strange("a time that no clock shows") from None

    def _requests(self, kind: Subject, span: str, window: Window, gathered: Gathered) -> None:
        whose = f'{kind}!=""'
        queries: dict[Measure, str] = {
            "rate_rps": f"sum by ({kind}) (rate({REQUESTS}_count{{{whose}}}{span}))",
            "errors_rps": f"sum by ({kind}) (rate({REQUESTS}_count{{{whose},{FAILED}}}{span}))",
        }
        for measure, share in PERCENTILES.items():
            buckets = f"sum by ({kind}, le) (rate({REQUESTS}_bucket{{{whose}}}{span}))"
            queries[measure] = f"1000 * histogram_quantile({share}, {buckets})"
        for measure, query in queries.items():
            for name, row in self._rows(kind, query, window).items():
                gathered.add(kind, name, measure, row)

    def _rows(self, kind: Subject, query: str, window: Window) -> dict[str, FloatArray]:
        """Ask for one row a name; a point stands at the end of the bin it is about."""
        rows: dict[str, FloatArray] = {}
        start_s, step_s = window.start.timestamp(), window.bin_s
        for first in range(0, window.bins, MOST_POINTS):
            last = min(first + MOST_POINTS, window.bins)
            times = {"start": start_s + step_s * (first + 1), "end": start_s + step_s * last, "step": step_s}
            for series in self._asked("query_range", {"query": query, **times}, _Matrix).result:
                row = rows.setdefault(series.metric.get(kind, ""), np.full(window.bins, np.nan))
                self._put(row, series.values, start_s, step_s)
        return rows

    def _put(self, row: FloatArray, points: list[Any], start_s: float, step_s: float) -> None:
        try:
            at = np.array([float(point[0]) for point in points])
            values = np.array([float(point[1]) for point in points])
            ends = np.round((at - start_s) / step_s)
        except (IndexError, KeyError, TypeError, ValueError, OverflowError):
            raise self._strange("a point that is no time and number") from None
        inside = (ends >= 1) & (ends <= len(row))
        # A percentile of no request is NaN there, and one beyond the last bucket infinite: neither is a measurement.
        known = np.where(np.abs(values[inside]) <= MOST, values[inside], np.nan)
        row[ends[inside].astype(np.intp) - 1] = known

    def _asked(self, path: str, parameters: Mapping[str, object], shape: type[Any]) -> Any:
        remedy = "See that it runs and may be asked from here, then ask again for the same time."
        try:
            with self._session.post(
                f"{self._url}/api/v1/{path}",
                data=parameters,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as reply:
                content = reply.raw.read(MOST_BYTES + 1, decode_content=True)
                status = reply.status_code
        except (requests.RequestException, HTTPError, OSError) as error:
            raise ObserveError(self._url, f"gives no answer: {type(error).__name__}.", remedy) from None
        if len(content) > MOST_BYTES:
            what = f"answers with more than {MOST_BYTES // 2**20} MiB."
            raise ObserveError(self._url, what, "Ask for a shorter time, or for longer bins.")
        if status in (401, 403):
            raise ObserveError(self._url, f"refuses to answer: {status}.", f"Give a token in {TOKEN}.")
        try:
            document = json.loads(content)
            if status != 200 or document.get("status") != "success":
                what = f"refuses: {status}, {shown(str(document.get('error', 'without a reason')), 200)}."
                raise ObserveError(self._url, what, remedy)
            return shape.model_validate(document["data"])
        except (ValueError, RecursionError, AttributeError, KeyError, TypeError, ValidationError):
            raise self._strange(f"{status} and no document of its API") from None

    def _strange(self, what: str) -> ObserveError:
        return ObserveError(self._url, f"gives no usable answer: {what}.", "Name where a Prometheus's API begins.")


def _completed(gathered: Gathered, watched: Sequence[Watched]) -> Reading:
    """Tell silence from absence, and turn busy vCPUs into the share of those there are."""
    reading = gathered.reading()
    series = dict(reading.series)
    for one in watched:
        group = one.group.name
        replicas, busy = series.get(("group", group, "replicas")), series.pop(("group", group, "utilization"), None)
        if replicas is not None and busy is not None and one.accelerator == "none":
            there = np.where(replicas > 0, replicas, np.nan) * one.processors
            series["group", group, "utilization"] = busy / there
        subjects: list[tuple[Subject, str]] = [("group", group), *(("workload", name) for name in one.group.workloads)]
        for kind, name in subjects:
            unknown = np.full(len(next(iter(series.values()))) if series else 0, np.nan)
            rate = series.get((kind, name, "rate_rps"), unknown)
            if replicas is not None:
                # What runs and counts nothing was asked nothing.
                rate = np.where(np.isnan(rate) & (replicas > 0), 0.0, rate)
            series[kind, name, "rate_rps"] = rate
            failed = series.get((kind, name, "errors_rps"), unknown)
            # A status that never occurred has no counter.
            series[kind, name, "errors_rps"] = np.where(np.isnan(failed) & ~np.isnan(rate), 0.0, failed)
    return Reading(series, reading.notes)
