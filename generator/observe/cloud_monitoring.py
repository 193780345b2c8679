"""Observations out of Google's Cloud Monitoring: GETs of its API.

Cloud Run's metrics tell what groups did, the load balancer's what each workload did.

https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
https://cloud.google.com/monitoring/api/metrics_gcp
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import numpy as np
from pydantic import AwareDatetime, Field

from generator.clouds.google import GoogleApi, GoogleReply, Parameters
from generator.errors import ObserveError
from generator.model import FloatArray, Watched, Window
from generator.observe.clock import skew_note
from generator.observe.source import MOST, Measure, Reading, Subject

RUN = 'resource.type="cloud_run_revision" AND metric.type="run.googleapis.com'
EDGE = 'resource.type="https_lb_rule" AND metric.type="loadbalancing.googleapis.com/https'
SERVICE, RULE, BACKEND = "service_name", "matched_url_path_rule", "backend_target_name"
PAGE_SIZE = 10_000
MOST_PAGES = 10_000
PERCENTILES: Mapping[Measure, str] = {
    "latency_p50_ms": "REDUCE_PERCENTILE_50",
    "latency_p95_ms": "REDUCE_PERCENTILE_95",
    "latency_p99_ms": "REDUCE_PERCENTILE_99",
}


class _Interval(GoogleReply):
    end: AwareDatetime = Field(alias="endTime")


class _Value(GoogleReply):
    double: float | None = Field(None, alias="doubleValue")
    integer: int | None = Field(None, alias="int64Value")


class _Point(GoogleReply):
    interval: _Interval
    value: _Value


class _Resource(GoogleReply):
    labels: dict[str, str] = Field(default_factory=dict)


class _Series(GoogleReply):
    resource: _Resource = _Resource()
    points: list[_Point] = Field([])


class _Page(GoogleReply):
    series: list[_Series] = Field([], alias="timeSeries")
    next: str = Field("", alias="nextPageToken")


@dataclass(frozen=True, slots=True)
class _Query:
    """One measure of all services of a region, or of all rules of the load balancer before it."""

    measure: Measure
    filter: str
    aligner: str
    reducer: str
    labels: tuple[str, ...]


class CloudMonitoring:
    """Cloud Monitoring of the projects that the groups run in, region by region.

    Where nothing is asked there are no metrics of requests, so a bin without them counts as one without requests where
    instances were running, or may all have been stopped. Cloud Monitoring does not know costs.

    Parameters
    ----------
    clock : callable
        Tells the time here.

    Raises
    ------
    ObserveError
        Nobody is logged in.
    """

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._monitoring = GoogleApi("monitoring", "monitoring.read", failure=ObserveError)

    @property
    def name(self) -> str:
        """Cloud Monitoring."""
        return "Cloud Monitoring"

    def places(self, watched: Sequence[Watched]) -> Mapping[str, Sequence[Watched]]:
        """Split by project and region; what runs elsewhere than on GCP is not here."""
        places: dict[str, list[Watched]] = {}
        for one in watched:
            if one.group.cloud == "gcp":
                places.setdefault(f"{one.account} {one.group.region}", []).append(one)
        return places

    def read(self, watched: Sequence[Watched], window: Window) -> Reading:
        """Read the services of one region.

        Raises
        ------
        ObserveError
            No permission, no answer, a strange one, or the clocks are too far apart.
        """
        where = watched[0].group.region
        notes: list[str] = []
        rows: dict[tuple[Subject, str, Measure], FloatArray] = {}
        services = {one.endpoint: one for one in watched}
        for query in _of_services(watched):
            for labels, row in self._asked(where, watched[0].account, query, window, notes):
                one = services.get(labels.get(SERVICE, ""))
                if one is not None:
                    rows["group", one.group.name, query.measure] = row
        for query in _of_rules(watched):
            for labels, row in self._asked(where, watched[0].account, query, window, notes):
                workload = _behind(labels, watched)
                if workload is not None:
                    rows["workload", workload, query.measure] = row
        return Reading(_completed(watched, rows, window), tuple(notes))

    def _asked(
        self, where: str, project: str, query: _Query, window: Window, notes: list[str]
    ) -> Iterator[tuple[Mapping[str, str], FloatArray]]:
        parameters: Parameters = {
            "filter": query.filter,
            # Intervals of what is counted end at the end of a bin, and the first begins before.
            "interval.startTime": _spelled(window.start),
            "interval.endTime": _spelled(window.end),
            "aggregation.alignmentPeriod": f"{round(window.bin_s)}s",
            "aggregation.perSeriesAligner": query.aligner,
            "aggregation.crossSeriesReducer": query.reducer,
            "aggregation.groupByFields": [f"resource.labels.{label}" for label in query.labels],
            "pageSize": PAGE_SIZE,
        }
        rows: dict[tuple[tuple[str, str], ...], FloatArray] = {}
        for _ in range(MOST_PAGES):
            page = self._page(where, project, parameters, window, notes)
            for series in page.series:
                key = tuple(sorted(series.resource.labels.items()))
                row = rows.setdefault(key, np.full(window.bins, np.nan))
                for point in series.points:
                    position = round((point.interval.end - window.start).total_seconds() / window.bin_s) - 1
                    value = point.value.double if point.value.integer is None else float(point.value.integer)
                    if 0 <= position < window.bins and value is not None and abs(value) <= MOST:
                        row[position] = value
            if not page.next:
                return iter([(dict(key), row) for key, row in rows.items()])
            parameters["pageToken"] = page.next
        raise ObserveError(where, "Google Cloud answers without an end.", "Ask for a shorter time, or longer bins.")

    def _page(self, where: str, project: str, parameters: Parameters, window: Window, notes: list[str]) -> _Page:
        path = f"/v3/projects/{project}/timeSeries"
        allow = "monitoring.timeSeries.list (roles/monitoring.viewer)"
        answer = self._monitoring.get(where, path, parameters, doing="tell its metrics", allow=allow, timeout_s=60)
        page = self._monitoring.read(where, answer, _Page)
        if answer.date and not notes and (note := self._skew(answer.date, where, window)):
            notes.append(note)
        return page

    def _skew(self, said: str, where: str, window: Window) -> str | None:
        try:
            theirs = parsedate_to_datetime(said)
        except (TypeError, ValueError):
            return None
        return skew_note(where, theirs, self._clock(), window.bin_s)


def _of_services(watched: Sequence[Watched]) -> Iterator[_Query]:
    names = ", ".join(f'"{one.endpoint}"' for one in watched)
    region = watched[0].group.region
    these = f'" AND resource.labels.location="{region}" AND resource.labels.{SERVICE}=one_of({names})'
    accelerated = any(one.accelerator == "gpu" for one in watched)

    def of(measure: Measure, metric: str, aligner: str, reducer: str, more: str = "") -> _Query:
        return _Query(measure, f"{RUN}/{metric}{these}{more}", aligner, reducer, (SERVICE,))

    yield of("rate_rps", "request_count", "ALIGN_RATE", "REDUCE_SUM")
    failed = ' AND metric.labels.response_code_class="5xx"'
    yield of("errors_rps", "request_count", "ALIGN_RATE", "REDUCE_SUM", failed)
    for measure, reducer in PERCENTILES.items():
        yield of(measure, "request_latencies", "ALIGN_DELTA", reducer)
    yield of("replicas", "container/instance_count", "ALIGN_MEAN", "REDUCE_SUM")
    yield of("utilization", "container/cpu/utilizations", "ALIGN_DELTA", "REDUCE_MEAN")
    if accelerated:
        # What has no GPU has no such metric; what has one is read last and keeps it.
        yield of("utilization", "container/gpu/utilizations", "ALIGN_DELTA", "REDUCE_MEAN")


def _of_rules(watched: Sequence[Watched]) -> Iterator[_Query]:
    maps = sorted({edge["url_map_name"] for one in watched for edge in one.edge.values()})
    if not maps:
        return
    these = f'" AND resource.labels.url_map_name=one_of({", ".join(f"{chr(34)}{name}{chr(34)}" for name in maps)})'
    labels = (RULE, BACKEND)

    def of(measure: Measure, metric: str, aligner: str, reducer: str, more: str = "") -> _Query:
        return _Query(measure, f"{EDGE}/{metric}{these}{more}", aligner, reducer, labels)

    yield of("rate_rps", "request_count", "ALIGN_RATE", "REDUCE_SUM")
    failed = " AND metric.labels.response_code_class=500"
    yield of("errors_rps", "request_count", "ALIGN_RATE", "REDUCE_SUM", failed)
    for measure, reducer in PERCENTILES.items():
        yield of(measure, "total_latencies", "ALIGN_DELTA", reducer)


def _behind(labels: Mapping[str, str], watched: Sequence[Watched]) -> str | None:
    """Find the workload behind a rule: regions share rules of the same text, and the backend tells which it is."""
    for one in watched:
        for workload, edge in one.edge.items():
            if labels.get(RULE) == edge[RULE] and re.fullmatch(edge[BACKEND], labels.get(BACKEND, "")):
                return workload
    return None


def _completed(
    watched: Sequence[Watched], rows: Mapping[tuple[Subject, str, Measure], FloatArray], window: Window
) -> dict[tuple[Subject, str, Measure], FloatArray]:
    """Tell silence from absence."""
    series = dict(rows)
    unknown = np.full(window.bins, np.nan)
    for one in watched:
        group = one.group.name
        replicas = rows.get(("group", group, "replicas"), unknown)
        known = ~np.isnan(replicas) | ~np.isnan(rows.get(("group", group, "rate_rps"), unknown))
        if one.group.min_replicas == 0 and known.any():
            # Without an instance there is nothing that could report.
            series["group", group, "replicas"] = replicas = np.where(known, replicas, 0.0)
            known[:] = True
        subjects: list[tuple[Subject, str]] = [("group", group), *(("workload", name) for name in one.edge)]
        for kind, name in subjects:
            rate = series.get((kind, name, "rate_rps"), unknown)
            rate = np.where(np.isnan(rate) & known, 0.0, rate)
            series[kind, name, "rate_rps"] = rate
            failed = series.get((kind, name, "errors_rps"), unknown)
            series[kind, name, "errors_rps"] = np.where(np.isnan(failed) & ~np.isnan(rate), 0.0, failed)
    return series


def _spelled(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
