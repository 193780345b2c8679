"""A real Prometheus is asked what a fleet did: its counters restart, its series are renamed, and it may be anybody."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from generator.errors import InputError, ObserveError
from generator.model import Observations
from generator.observe import observe
from generator.observe.prometheus import TOKEN, Prometheus
from tests.observed import BIN_S, START, watched, window
from tests.prometheus_server import prometheus

BINS = 12
NAN = float("nan")
REQUESTS = "http_server_request_duration_seconds"


class Samples:
    """OpenMetrics text, one family after another, a sample a minute from a bin before the window."""

    def __init__(self) -> None:
        self.families: dict[tuple[str, str], list[str]] = {}

    def add(
        self, family: str, kind: str, name: str, labels: Mapping[str, str], value: Callable[[int], float | None]
    ) -> None:
        said = ",".join(f'{label}="{text}"' for label, text in labels.items())
        lines = self.families.setdefault((family, kind), [])
        for minute in range(-5, BINS * 5 + 1):
            if (seen := value(minute)) is not None:
                lines.append(f"{name}{{{said}}} {seen} {START.timestamp() + 60 * minute:.0f}")

    def requests(self, labels: Mapping[str, str], served: Callable[[int], float | None], faster_than_s: float) -> None:
        """Add a histogram of requests, each between half the bound and the bound."""
        for bound in (faster_than_s / 2, faster_than_s, "+Inf"):
            empty = bound == faster_than_s / 2
            self.add(
                REQUESTS,
                "histogram",
                f"{REQUESTS}_bucket",
                {**labels, "le": str(bound)},
                (lambda minute: None if served(minute) is None else 0.0) if empty else served,
            )
        self.add(REQUESTS, "histogram", f"{REQUESTS}_count", labels, served)

    def text(self) -> str:
        return (
            "".join(
                f"# TYPE {family} {kind}\n" + "\n".join(lines) + "\n" for (family, kind), lines in self.families.items()
            )
            + "# EOF\n"
        )


def past() -> str:
    samples = Samples()

    def since_restart(minute: int) -> float:
        # Two requests a second, counted from 0 again from the 31st minute on.
        return 120.0 * (minute + 5 if minute <= 30 else minute - 30)

    def steady(per_minute: float) -> Callable[[int], float]:
        return lambda minute: per_minute * (minute + 5)

    def with_a_hole(minute: int) -> float | None:
        return None if 20 <= minute < 40 else 60.0 * (minute + 5)

    ok, failed = {"http_response_status_code": "200"}, {"http_response_status_code": "503"}
    # Two replicas of the books: one restarts, one fails now and then. Half of it is asked of the novels.
    samples.requests({"group": "books", "workload": "novels", "instance": "a", **ok}, since_restart, 0.1)
    samples.requests({"group": "books", "workload": "novels", "instance": "b", **ok}, steady(54.0), 0.1)
    samples.requests({"group": "books", "workload": "novels", "instance": "b", **failed}, steady(6.0), 0.1)
    # The toys were called otherwise until half an hour, and the tools were not scraped for a while.
    samples.requests(
        {"group": "old-toys", "workload": "dolls", **ok}, lambda m: 60.0 * (m + 5) if m <= 30 else None, 0.2
    )
    samples.requests({"group": "toys", "workload": "dolls", **ok}, lambda m: 60.0 * m if m >= 30 else None, 0.2)
    samples.requests({"group": "tools", "workload": "saws", **ok}, with_a_hole, 0.4)
    samples.requests({"group": "nobody", **ok}, steady(60.0), 0.1)
    for instance in ("a", "b"):
        samples.add("up", "gauge", "up", {"group": "books", "instance": instance}, lambda _: 1.0)
        samples.add(
            "process_cpu_seconds",
            "counter",
            "process_cpu_seconds_total",
            {"group": "books", "instance": instance},
            steady(60.0),
        )
    samples.add("cost_usd_per_h", "gauge", "cost_usd_per_h", {"group": "books"}, lambda _: 0.75)
    return samples.text()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observations]:
    with prometheus(tmp_path_factory.mktemp("prometheus"), past()) as url:
        yield observe(watched(), [Prometheus(url)], window(BINS))


def row(found: Observations, group: str, measure: str) -> Any:
    held = found.groups if hasattr(found.groups, measure) else found
    return getattr(held, measure)[found.groups.names.index(group)]


def test_rates_of_restarting_replicas_neither_fall_below_zero_nor_jump(found: Observations) -> None:
    rate = row(found, "books", "rate_rps")

    assert not np.isnan(rate).any()
    # 3/s at all times; the bin of the restart lost what was counted between the last scrape and it.
    np.testing.assert_allclose(np.delete(rate, 6), 3.0, rtol=1e-6)
    assert 2.0 <= rate[6] <= 3.0 + 1e-6


def test_errors_latencies_replicas_busy_share_and_cost_are_read(found: Observations) -> None:
    np.testing.assert_allclose(row(found, "books", "errors_rps"), 0.1, rtol=1e-6)
    # Requests lie evenly between 50 and 100 ms, so the histogram says.
    np.testing.assert_allclose(row(found, "books", "latency_p50_ms"), 75.0, rtol=1e-6)
    np.testing.assert_allclose(row(found, "books", "latency_p95_ms"), 97.5, rtol=1e-6)
    np.testing.assert_allclose(row(found, "books", "replicas"), 2.0)
    np.testing.assert_allclose(row(found, "books", "utilization"), 2.0 / (2 * 4), rtol=1e-6)
    np.testing.assert_allclose(row(found, "books", "cost_usd_per_h"), 0.75)
    novels = found.workloads.names.index("novels")
    np.testing.assert_allclose(np.delete(found.workloads.rate_rps[novels], 6), 3.0, rtol=1e-6)


def test_a_group_that_was_renamed_is_read_under_both_names(found: Observations) -> None:
    rate = row(found, "toys", "rate_rps")

    assert not np.isnan(rate).any()
    np.testing.assert_allclose(rate, 1.0, rtol=1e-6)
    np.testing.assert_array_equal(row(found, "toys", "errors_rps"), 0.0)


def test_what_was_not_scraped_is_not_measured_and_named(found: Observations) -> None:
    gaps = np.isnan(row(found, "tools", "rate_rps"))

    assert gaps[5:7].all()
    assert not gaps[:4].any()
    assert not gaps[9:].any()
    assert any(note.startswith("group 'tools'") and "have no rate" in note for note in found.notes)
    assert np.isnan(row(found, "tools", "replicas")).all()


def test_a_workload_that_is_asked_nothing_where_replicas_run_has_no_rate_of_nothing(found: Observations) -> None:
    np.testing.assert_array_equal(found.workloads.rate_rps[found.workloads.names.index("poems")], 0.0)


def test_a_group_nobody_knows_is_named_and_left_out(found: Observations) -> None:
    assert "left out, for no group or workload is or was called so: 'nobody'." in found.notes


def test_a_prometheus_whose_clock_is_more_than_a_bin_off_is_refused(tmp_path: Path) -> None:
    def ahead() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=2 * BIN_S)

    with prometheus(tmp_path, "# EOF\n") as url, pytest.raises(ObserveError, match=r"clock is -\d+ s off"):
        observe(watched(), [Prometheus(url, ahead)], window(BINS))


# Whoever answers at that URL --------------------------------------------------------------------------------------


@pytest.fixture
def stranger() -> Iterator[tuple[str, list[tuple[int, bytes]], list[str]]]:
    """Serve answers one after another, the last again and again, and hear what was said in the headers."""
    answers: list[tuple[int, bytes]] = []
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(self.headers.get("Authorization", ""))
            status, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", answers, heard
    server.shutdown()
    server.server_close()


def success(data: object) -> tuple[int, bytes]:
    return 200, json.dumps({"status": "success", "data": data}).encode()


def clock(at: float | None = None) -> tuple[int, bytes]:
    return success({"resultType": "scalar", "result": [datetime.now(UTC).timestamp() if at is None else at, "0"]})


def matrix(values: object, group: object = "books") -> tuple[int, bytes]:
    return success({"resultType": "matrix", "result": [{"metric": {"group": group}, "values": values}]})


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"[" * 100_000),
        (200, b'{"status": "success"}'),
        (200, b"[]"),
        (302, b""),
        (500, b"oops"),
        (422, json.dumps({"status": "error", "error": "too \x1b[31m many"}).encode()),
        success({"resultType": "matrix", "result": [{"metric": {"group": 7}, "values": []}]}),
        matrix([[1]]),
        matrix([["soon", "5"]]),
        matrix([[START.timestamp(), {"much": 1}]]),
    ],
)
def test_any_other_answer_is_refused_in_words(stranger: Any, answer: tuple[int, bytes]) -> None:
    url, answers, _ = stranger
    answers += [clock(), answer]

    with pytest.raises(ObserveError) as refused:
        observe(watched(), [Prometheus(url)], window(BINS))

    assert str(refused.value).isprintable()


@pytest.mark.parametrize("at", [1e18, -1e18, 0.0])
def test_a_clock_that_shows_no_time_is_refused(stranger: Any, at: float) -> None:
    url, answers, _ = stranger
    answers.append(clock(at))

    with pytest.raises(ObserveError, match="clock"):
        observe(watched(), [Prometheus(url)], window(BINS))


def test_hostile_numbers_and_points_beyond_the_window_are_not_measured(stranger: Any) -> None:
    url, answers, _ = stranger
    at = START.timestamp() + BIN_S
    points = [[at - 9e9, "5"], [at, "-5"], [at + BIN_S, "NaN"], [at + 2 * BIN_S, "1e308"], [at + 9e9, "5"]]
    answers += [clock(), matrix(points)]

    found = observe(watched(), [Prometheus(url)], window(BINS))

    assert np.isnan(row(found, "books", "rate_rps")).all()


def test_a_token_is_sent_and_never_said(stranger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url, answers, heard = stranger
    monkeypatch.setenv(TOKEN, "open-sesame")
    answers.append((401, b""))

    with pytest.raises(ObserveError, match=f"refuses to answer: 401.*{TOKEN}") as refused:
        observe(watched(), [Prometheus(url)], window(BINS))

    assert ["Bearer open-sesame"] == heard
    assert "sesame" not in str(refused.value)


@pytest.mark.parametrize("url", ["https://me:sesame@127.0.0.1:1", "ftp://127.0.0.1", "127.0.0.1:9090", "http://", ""])
def test_a_url_with_a_password_or_of_something_else_is_refused_without_saying_it(url: str) -> None:
    with pytest.raises(InputError) as refused:
        Prometheus(url)

    assert "sesame" not in str(refused.value)


def test_nobody_there_is_said_in_words() -> None:
    with pytest.raises(ObserveError, match="gives no answer: ConnectionError") as refused:
        observe(watched(), [Prometheus("http://127.0.0.1:1")], window(BINS))

    assert 6 == refused.value.exit_code
