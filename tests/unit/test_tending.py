"""`covey drift` as a person calls it: on the paper's fleet, with what was observed of it."""

import hmac
import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from typer.testing import Result

from generator.errors import SeriesError
from generator.inventory.samples import WINDOWS, read_samples
from tests.commands import covey, published
from tests.observed import at, table

PROJECT = Path(__file__).parents[2]
FLEET = PROJECT / "examples" / "paper"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a journal with an hour in which a model of the paper's fleet answers late."""
    folder = tmp_path_factory.mktemp("drift")
    rows = [
        {
            "time": at(t),
            "workload": "Fashion USA",
            "rate_rps": 50,
            "latency_p50_ms": 2000,
            "latency_p95_ms": 6000,
            "latency_p99_ms": 9000,
        }
        for t in range(12)
    ]
    seen = table(folder / "seen.csv", rows)
    done = covey("observe", PROJECT, "--source", f"files={seen}", "--journal", folder / "journal.sqlite")
    assert 0 == done.exit_code, done.stderr
    return folder / "journal.sqlite"


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = [
        {"workload": "Fashion USA", "feature": "price", "window": window, "value": float(value)}
        for window, mean in (("reference", 0.0), ("current", 2.0))
        for value in rng.normal(mean, 1.0, 300)
    ]
    return table(tmp_path / "samples.csv", rows)


def looked(journal: Path, *more: str | Path) -> Result:
    return covey("drift", FLEET, "--project", PROJECT, "--journal", journal, *more)


def test_findings_are_published_as_the_schema_says(journal: Path, samples: Path) -> None:
    done = looked(journal, "--json", "--samples", samples)

    assert 0 == done.exit_code, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, published("drift"))
    kinds = {(one["kind"], one["action"]) for one in answer["findings"]}
    assert {("service-level", "resize"), ("data", "retrain")} <= kinds
    assert any(words.startswith("level, season") for words in answer["unjudged"])


def test_findings_end_with_seven_only_where_none_was_expected(journal: Path) -> None:
    assert 0 == looked(journal).exit_code
    assert 7 == looked(journal, "--expect-no-drift").exit_code


def test_without_an_observation_there_is_a_word_about_observing() -> None:
    done = looked(Path("none"))

    assert 2 == done.exit_code
    assert "covey observe" in done.stderr


@contextmanager
def listening(status: int) -> Generator[tuple[str, list[tuple[bytes, str | None]]]]:
    """Serve one answer on loopback, and keep what was sent."""
    kept: list[tuple[bytes, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.append((body, self.headers.get("X-Covey-Signature-256")))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is its parent's)
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/retrain", kept
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()


def test_who_retrains_is_told_which_models_and_can_check_who_said_so(
    journal: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COVEY_WEBHOOK_KEY", "a secret")
    with listening(204) as (url, kept):
        done = looked(journal, "--samples", samples, "--retrain-webhook", url)

    assert 0 == done.exit_code, done.stderr
    ((body, signature),) = kept
    answer = json.loads(body)
    jsonschema.validate(answer, published("drift"))
    assert [("data", ["Fashion USA"])] == [(one["kind"], one["workloads"]) for one in answer["findings"]]
    assert f"sha256={hmac.new(b'a secret', body, sha256).hexdigest()}" == signature
    assert b"a secret" not in body


def test_nobody_is_told_where_no_model_needs_retraining(journal: Path) -> None:
    with listening(204) as (url, kept):
        assert 0 == looked(journal, "--retrain-webhook", url).exit_code

    assert not kept


@pytest.mark.parametrize("status", [302, 500])
def test_a_webhook_that_does_not_take_it_is_no_success_and_no_redirect_is_followed(
    journal: Path, samples: Path, status: int
) -> None:
    with listening(status) as (url, kept):
        done = looked(journal, "--samples", samples, "--retrain-webhook", url, "--json")

    assert 6 == done.exit_code
    assert f"answered {status}" in done.stderr
    assert json.loads(done.stdout)["findings"]
    assert 1 == len(kept)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://127.0.0.1/hook",
        "https://user:word@example.com/hook",
        "https://",
        "https://[::1/hook",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_findings_must_not_go_to_is_refused_before_any_work(journal: Path, url: str) -> None:
    done = looked(journal, "--retrain-webhook", url)

    assert 2 == done.exit_code
    assert "--retrain-webhook" in done.stderr
    assert "word" not in done.stderr.replace("password", "")


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([{"workload": "a", "feature": "x", "value": 1}], "has the columns"),
        ([{"workload": "a", "feature": "x", "window": "now", "value": 1}], "window is"),
        ([{"workload": "a", "feature": "x", "window": "current", "value": "inf"}], "no finite number"),
        (
            [{"workload": "a", "feature": "x", "window": "current", "value": value} for value in ("1", "much")],
            "'much', and other values of 'x' are not of that kind",
        ),
        (
            [{"workload": "a", "feature": "x", "window": w, "value": f"id{n}"} for w in WINDOWS for n in range(1001)],
            "has 1,001 categories",
        ),
        ([{"workload": "", "feature": "x", "window": "current", "value": 1}], "names no workload"),
        ([{"workload": "a", "feature": "x", "window": "current", "value": 1}], "no row of the window reference"),
    ],
)
def test_samples_that_say_nothing_are_refused_with_their_line(
    tmp_path: Path, rows: list[dict[str, object]], what: str
) -> None:
    with pytest.raises(SeriesError, match=what):
        read_samples(table(tmp_path / "samples.csv", rows))


def test_samples_may_be_words_and_may_be_missing(tmp_path: Path) -> None:
    rows = [
        {"workload": "a", "feature": feature, "window": window, "value": value}
        for feature, values in (("colour", ("red", "", "blue")), ("price", ("1.5", "", "nan")))
        for window in WINDOWS
        for value in values
    ]

    colour, price = read_samples(table(tmp_path / "samples.csv", rows))

    assert (True, False) == (colour.categorical, price.categorical)
    np.testing.assert_array_equal([1.0, np.nan, 0.0], colour.current)
    np.testing.assert_array_equal([1.5, np.nan, np.nan], price.reference)
