"""Single requests as traffic: counted by bin, weighed by their tokens, their burstiness measured."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from generator.errors import TrafficError
from generator.inventory.traffic import MOST_BINS, Reading, read_traffic
from generator.inventory.traffic_document import TrafficEntry
from generator.model import FloatArray, Traffic

TRACE = "workload,time,prompt,answer\na,0.5,10,90\nb,0.1,1,1\na,599.9,100,200\na,600,0,200\nb,1799.9,3,3\n"
HOUR_S = 3600.0


def read(tmp_path: Path, content: str | pl.DataFrame, names: str = "ab", **fields: Any) -> Traffic:
    given: dict[str, Any] = {
        "file": "t.csv", "shape": "trace", "unit": "requests", "time": "seconds", "bin_s": 600,
        "start": "2026-03-01T00:00", "time_zone": "UTC",
    }  # fmt: skip
    entry = TrafficEntry.model_validate(given | fields)
    if isinstance(content, pl.DataFrame):
        content.write_parquet(tmp_path / entry.file)
    else:
        (tmp_path / entry.file).write_text(content)
    return read_traffic(tmp_path, entry, [Reading(name, name, 1.0, 0.0, 1.0) for name in names])


def test_requests_are_counted_in_the_bins_they_came_in_and_silence_is_no_gap(tmp_path: Path) -> None:
    traffic = read(tmp_path, TRACE)

    assert [[2, 1, 0], [1, 0, 1]] == (traffic.rate_rps * 600).tolist()
    assert [1.0, 1.0] == traffic.interarrival_variation.tolist()
    assert 3 == traffic.window.bins


def test_the_order_of_the_rows_does_not_matter_nor_does_the_file_s_format(tmp_path: Path) -> None:
    header, *rows = TRACE.splitlines()
    backward = "\n".join([header, *rows[::-1]]) + "\n"
    iso = TRACE.replace(",0.5,", ",2026-03-01T00:00:00.5,").replace(",0.1,", ",2026-03-01T00:00:00.1,")
    iso = iso.replace(",599.9,", ",2026-03-01T01:09:59.9+01:00,").replace(",600,", ",2026-03-01T00:10,")
    iso = iso.replace(",1799.9,", ",2026-03-01T00:29:59.9,")
    frame = pl.read_csv(TRACE.encode())
    plain = read(tmp_path, TRACE).rate_rps.tolist()

    assert plain == read(tmp_path, backward).rate_rps.tolist()
    assert plain == read(tmp_path, iso, time="iso").rate_rps.tolist()
    assert plain == read(tmp_path, frame, file="t.parquet").rate_rps.tolist()


def test_a_request_of_many_tokens_counts_as_more_and_all_of_them_as_so_many(tmp_path: Path) -> None:
    traffic = read(tmp_path, TRACE, columns={"tokens": ["prompt", "answer"]})

    # 100, 300 and 200 tokens of a: half, one and a half, and one request of its mean size.
    assert [[2.0, 1.0, 0.0], [0.5, 0.0, 1.5]] == pytest.approx(traffic.rate_rps * 600)


def test_a_series_without_tokens_counts_its_requests(tmp_path: Path) -> None:
    traffic = read(tmp_path, "workload,time,n\na,0,0\na,1,0\nb,2,4\n", columns={"tokens": ["n"]})

    assert [2.0, 1.0] == pytest.approx(traffic.rate_rps[:, 0] * 600)


def arrivals(variation: float, seed: int) -> FloatArray:
    """Return arrivals of a day whose rate has a rhythm, by a gamma renewal process on the clock of expected ones."""
    rng = np.random.default_rng(seed)
    times = np.arange(0.0, 24 * HOUR_S + 1.0, 60.0)
    expected = np.concatenate([[0.0], np.cumsum(60.0 * (1.0 + 0.8 * np.sin(2 * np.pi * times[1:] / (24 * HOUR_S))))])
    gaps = rng.gamma(variation**-2, variation**2, 120_000)
    return np.interp(np.cumsum(gaps)[np.cumsum(gaps) < expected[-1]], expected, times)


@pytest.mark.parametrize("variation", [0.3, 1.0, 2.5])
def test_burstiness_is_measured_beside_the_rhythm(tmp_path: Path, variation: float) -> None:
    came = arrivals(variation, seed=1)
    frame = pl.DataFrame({"workload": ["a"] * len(came), "time": came})
    traffic = read(tmp_path, frame, "a", file="t.parquet", interarrival_variation="measured")

    assert variation == pytest.approx(traffic.interarrival_variation[0], rel=0.1)


def test_few_requests_tell_no_burstiness(tmp_path: Path) -> None:
    assert [1.0, 1.0] == read(tmp_path, TRACE, interarrival_variation="measured").interarrival_variation.tolist()


def test_an_hour_that_comes_twice_is_told_apart_by_its_offset_and_refused_without(tmp_path: Path) -> None:
    zone: dict[str, Any] = {"time": "iso", "start": "2026-10-25T00:00", "time_zone": "Europe/London", "bin_s": 3600}
    twice = "workload,time\na,2026-10-25T01:30+01:00\na,2026-10-25T01:30+00:00\na,2026-10-25T02:30\n"

    assert [0, 1, 1, 1] == (read(tmp_path, twice, "a", **zone).rate_rps[0] * 3600).tolist()
    with pytest.raises(TrafficError, match="no single instant"):
        read(tmp_path, "workload,time\na,2026-10-25T01:30\n", "a", **zone)


WRONG = {
    "no time": ("workload\na\n", {}, ":1", "'time' is missing"),
    "no tokens": ("workload,time\na,1\n", {"columns": {"tokens": ["n"]}}, ":1", "'n' is missing"),
    "an empty time": ("workload,time\na,1\na,\n", {}, ":3 column 'time'", "empty"),
    "before the first bin": ("workload,time\na,-1\n", {}, ":2 column 'time'", "no amount"),
    "not a number": ("workload,time\na,nan\n", {}, ":2 column 'time'", "no amount"),
    "infinite tokens": ("workload,time,n\na,1,inf\n", {"columns": {"tokens": ["n"]}}, ":2 column 'n'", "no amount"),
    "not a date": ("workload,time\na,soon\n", {"time": "iso"}, ":2 column 'time'", "no single instant"),
    "too early a date": ("workload,time\na,2026-02-28T23:59\n", {"time": "iso"}, ":2 column 'time'", "none of the"),
    "nobody's": ("workload,time\n,1\n", {}, ":2 column 'workload'", "The name is empty"),
    "somebody else's": ("workload,time\na,1\nx,1\n", {}, "", "1 series belong to no workload"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_request_is_refused_where_it_stands(tmp_path: Path, case: str) -> None:
    content, fields, where, what = WRONG[case]
    with pytest.raises(TrafficError) as raised:
        read(tmp_path, content, "a", **fields)

    assert f"{tmp_path}/t.csv{where}" == raised.value.where
    assert what in raised.value.what
    assert raised.value.remedy


@pytest.mark.parametrize("shape", ["trace", "long"])
def test_a_million_bins_are_read_and_one_more_is_refused(tmp_path: Path, shape: str) -> None:
    def content(last: int) -> str:
        return f"workload,time,value\na,0,1\na,{600 * last},1\n"

    fields: dict[str, Any] = {"shape": shape, "missing": "zero"}
    assert 2**20 == MOST_BINS == read(tmp_path, content(MOST_BINS - 1), "a", **fields).window.bins
    with pytest.raises(TrafficError, match="first 1,048,576 bins"):
        read(tmp_path, content(MOST_BINS), "a", **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"unit": "rate"},
        {"time": "bin"},
        {"resample_to_s": 3600},
        {"shape": "long", "interarrival_variation": "measured"},
        {"shape": "long", "columns": {"tokens": ["n"]}},
    ],
)
def test_only_a_trace_holds_single_requests_with_times(tmp_path: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="trace"):
        read(tmp_path, TRACE, **fields)
