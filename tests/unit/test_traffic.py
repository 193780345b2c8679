from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from generator.errors import TrafficError
from generator.inventory.traffic import Reading, read_traffic
from generator.inventory.traffic_document import TrafficEntry
from generator.model import Traffic

AB = (Reading("a", "a", 1.0, 0.0, 0.5), Reading("b", "b", 1.0, 0.0, 2.0))
WIDE = "workload,0,1,2\na,0,1,2\nb,3,4,5\n"
LONG = "workload,time,value\na,0,0\na,1,1\na,2,2\nb,0,3\nb,1,4\nb,2,5\n"


def _read(
    tmp_path: Path, content: str | bytes | pl.DataFrame, readings: Sequence[Reading] = AB, **fields: Any
) -> Traffic:
    given: dict[str, Any] = {
        "file": "t.csv", "shape": "wide", "unit": "rate", "bin_s": 600, "start": "2026-03-01T00:00", "time_zone": "UTC",
    }  # fmt: skip
    entry = TrafficEntry.model_validate(given | fields)
    if isinstance(content, pl.DataFrame):
        content.write_parquet(tmp_path / entry.file)
    else:
        (tmp_path / entry.file).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_traffic(tmp_path, entry, readings)


def test_a_rate_is_read_as_it_is(tmp_path: Path) -> None:
    traffic = _read(tmp_path, WIDE)

    assert ("a", "b") == traffic.workloads
    assert [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] == traffic.rate_rps.tolist()
    assert traffic.window.start == datetime(2026, 3, 1, tzinfo=UTC)
    assert 3 == traffic.window.bins
    assert [1.0, 1.0] == traffic.interarrival_variation.tolist()


def test_requests_are_divided_by_the_bin(tmp_path: Path) -> None:
    assert _read(tmp_path, WIDE, unit="requests").rate_rps[0, 2] == pytest.approx(2 / 600)


def test_erlangs_are_divided_by_the_service_time(tmp_path: Path) -> None:
    assert [2.0, 2.0] == _read(tmp_path, WIDE, unit="erlangs").rate_rps[:, 1].tolist()


def test_traffic_is_scaled_for_each_workload(tmp_path: Path) -> None:
    readings = (Reading("x", "a", 10.0, 0.0, 1.0), Reading("y", "b", 0.5, 0.0, 1.0))

    assert [10.0, 2.0] == _read(tmp_path, WIDE, readings).rate_rps[:, 1].tolist()


def test_a_start_without_offset_is_of_the_time_zone(tmp_path: Path) -> None:
    summer = _read(tmp_path, WIDE, start="2026-07-01T00:00", time_zone="Europe/London")

    assert summer.window.start == datetime(2026, 6, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize("time", ["iso", "seconds", "bin"])
def test_long_and_wide_csv_and_parquet_read_alike(tmp_path: Path, time: str) -> None:
    words = {
        "iso": ["2026-03-01T00:00", "2026-03-01T00:10", "2026-03-01T01:20+01:00"],
        "seconds": ["0", "600.0", "1200"],
    }
    names = words.get(time, ["0", "1", "2"])
    wide = pl.DataFrame({"workload": ["a", "b"], names[0]: [0, 3], names[1]: [1, 4], names[2]: [2, 5]})
    long = wide.unpivot(index="workload", variable_name="time")

    rates = [
        _read(tmp_path, wide.write_csv(), time=time).rate_rps,
        _read(tmp_path, long.write_csv(), time=time, shape="long").rate_rps,
        _read(tmp_path, wide, time=time, file="t.parquet").rate_rps,
        _read(tmp_path, long, time=time, file="t.parquet", shape="long").rate_rps,
    ]

    assert [rate.tolist() for rate in rates] == [[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]] * 4


def test_parquet_times_are_local_unless_they_carry_a_zone(tmp_path: Path) -> None:
    times = [datetime(2026, 3, 1, h) for h in range(2)]  # noqa: DTZ001 (the point of the test)
    frame = pl.DataFrame({"workload": ["a", "a"], "time": times, "value": [1.0, 2.0]})
    fields: dict[str, Any] = {"shape": "long", "time": "iso", "bin_s": 3600, "file": "t.parquet"}
    one = AB[:1]

    local = _read(tmp_path, frame, one, time_zone="Asia/Tokyo", **fields)
    aware = frame.with_columns(pl.col("time").dt.replace_time_zone("Asia/Tokyo"))
    zoned = _read(tmp_path, aware, one, start="2026-02-28T15:00", **fields)

    assert local.rate_rps.tolist() == zoned.rate_rps.tolist() == [[1.0, 2.0]]
    assert local.window == zoned.window


def test_long_columns_may_have_other_names(tmp_path: Path) -> None:
    columns = {"workload": "model", "time": "slot", "value": "n"}

    traffic = _read(tmp_path, "n,model,slot\n7,a,0\n", AB[:1], shape="long", columns=columns)

    assert [[7.0]] == traffic.rate_rps.tolist()


def test_a_missing_bin_is_no_traffic_only_when_the_inventory_says_so(tmp_path: Path) -> None:
    content = "workload,time,value\na,0,1\nb,2,1\n"

    assert [[1, 0, 0], [0, 0, 1]] == _read(tmp_path, content, shape="long", missing="zero").rate_rps.tolist()
    with pytest.raises(
        TrafficError, match=r"4 bins are missing, the first is bin 1 of 'a'\. Add them, or say `missing: zero`"
    ):
        _read(tmp_path, content, shape="long")


def test_longer_bins_have_the_mean_rate_of_those_in_them(tmp_path: Path) -> None:
    content = "workload,0,1,2,3\na,0,1,2,4\nb,3,4,5,5\n"
    rates = {unit: _read(tmp_path, content, unit=unit, resample_to_s=1200) for unit in ("rate", "requests", "erlangs")}

    assert [[0.5, 3.0], [3.5, 5.0]] == rates["rate"].rate_rps.tolist()
    assert [1 / 1200, 6 / 1200] == pytest.approx(rates["requests"].rate_rps[0])
    assert [1.0, 6.0] == rates["erlangs"].rate_rps[0].tolist()
    assert (2, 1200.0) == (rates["rate"].window.bins, rates["rate"].window.bin_s)
    assert rates["rate"].window.end == datetime(2026, 3, 1, 0, 40, tzinfo=UTC)


def test_a_bin_that_the_file_ends_in_is_left_out_unless_what_is_missing_is_no_traffic(tmp_path: Path) -> None:
    assert [[0.5], [3.5]] == _read(tmp_path, WIDE, resample_to_s=1200).rate_rps.tolist()
    assert [[0.5, 1.0], [3.5, 2.5]] == _read(tmp_path, WIDE, resample_to_s=1200, missing="zero").rate_rps.tolist()


def test_gaps_are_told_before_bins_are_taken_together(tmp_path: Path) -> None:
    gap = "workload,time,value\na,0,1\na,1,2\na,3,4\nb,0,1\nb,1,1\nb,2,1\nb,3,1\n"

    with pytest.raises(TrafficError, match=r"1 bins are missing, the first is bin 2 of 'a'"):
        _read(tmp_path, gap, shape="long", resample_to_s=1200)


def test_quarter_hours_of_the_day_on_which_clocks_change_are_planned_by_the_hour(tmp_path: Path) -> None:
    # London's 25 October 2026 has 25 hours; its second hour comes twice.
    wide = pl.DataFrame({"workload": ["a"], **{str(i): [float(i // 4)] for i in range(100)}})
    fields: dict[str, Any] = {"bin_s": 900, "start": "2026-10-25T00:00", "time_zone": "Europe/London"}
    traffic = _read(tmp_path, wide.write_csv(), AB[:1], resample_to_s=3600, **fields)

    assert [float(hour) for hour in range(25)] == traffic.rate_rps[0].tolist()
    assert traffic.window.end == datetime(2026, 10, 26, tzinfo=UTC)


def test_shifts_are_of_the_bins_planned_on(tmp_path: Path) -> None:
    content = "workload,0,1,2,3,4,5\na,0,1,2,3,4,5\nb,0,1,2,3,4,5\n"
    later = (AB[0], Reading("b", "b", 1.0, 1 / 3, 1.0))

    traffic = _read(tmp_path, content, later, resample_to_s=1200)
    assert [[2.5, 4.5], [0.5, 2.5]] == traffic.rate_rps.tolist()
    with pytest.raises(TrafficError, match=r"Shift by multiples of 2400 s"):
        _read(tmp_path, content, later, resample_to_s=2400)


@pytest.mark.parametrize("fields", [{"resample_to_s": 900}, {"resample_to_s": 60}, {"resample_to_s": 1e-9}])
def test_bins_are_planned_whole(tmp_path: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="`resample_to_s` must be a multiple of `bin_s`, 600"):
        _read(tmp_path, WIDE, **fields)


@pytest.mark.parametrize("missing", ["refuse", "zero"])
def test_traffic_shorter_than_a_bin_planned_on_is_refused(tmp_path: Path, missing: str) -> None:
    with pytest.raises(TrafficError, match=r"Its 3 bins of 600 s do not fill one of 6e\+11 s\."):
        _read(tmp_path, WIDE, resample_to_s=6e11, missing=missing)


def test_variation_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "cv.csv").write_text("workload,variation\nb,2.5\na,0.7\n")

    traffic = _read(tmp_path, WIDE, interarrival_variation={"file": "cv.csv"})

    assert [0.7, 2.5] == traffic.interarrival_variation.tolist()


@pytest.mark.parametrize(
    ("content", "fields", "where", "what"),
    [
        pytest.param("", {}, "", "The file is empty", id="empty"),
        pytest.param("workload,0\n", {}, "", "a header and no rows", id="no rows"),
        pytest.param(b"workload,0\na,1\nb\xff,2\n", {}, ":3", "Byte 16 is not UTF-8", id="not UTF-8"),
        pytest.param("name,0\na,1\n", {}, ":1", "'workload' is missing; there are 'name', '0'", id="no column"),
        pytest.param("workload\na\n", {}, "", "no column of a bin", id="no bins"),
        pytest.param("workload,0,x\na,1,1\n", {}, ":1 column 'x'", "'x' is not the number of a bin", id="odd bin"),
        pytest.param("workload,0,0.0\na,1,1\n", {}, ":1 column '0.0'", "Two columns are the same bin", id="bin twice"),
        pytest.param("workload,0,-1\na,1,1\n", {}, ":1 column '-1'", "does not begin one of the first", id="before"),
        pytest.param("workload,1e18\na,1\n", {}, ":1 column '1e18'", "does not begin one of the first", id="far away"),
        pytest.param(
            "workload,0,650\na,1,1\n", {"time": "seconds"}, ":1 column '650'", "bins of 600 s", id="off the grid"
        ),
        pytest.param("workload,0,1\na,1,1\nb,1,NaN\n", {}, ":3 column '1'", "'NaN' is no amount", id="NaN"),
        pytest.param("workload,0,1\na,1,1\nb,-1,1\n", {}, ":3 column '0'", "'-1' is no amount", id="negative"),
        pytest.param("workload,0,1\na,inf,1\n", {}, ":2 column '0'", "'inf' is no amount", id="infinite"),
        pytest.param("workload,0,1\na,1,lots\n", {}, ":2 column '1'", "'lots' is no amount", id="a word"),
        pytest.param("workload,0\na,1\nb,1\na,1\n", {}, ":4", "The series 'a' has two rows", id="row twice"),
        pytest.param("workload,0\n,1\n", {}, ":2 column 'workload'", "The name is empty", id="no name"),
        pytest.param("workload,0\na,1,2,3\n", {}, "", "This is not CSV", id="ragged"),
    ],
)
def test_wrong_wide_traffic_is_refused_where_it_stands(
    tmp_path: Path, content: str | bytes, fields: dict[str, Any], where: str, what: str
) -> None:
    with pytest.raises(TrafficError) as raised:
        _read(tmp_path, content, **fields)

    assert raised.value.where == f"{tmp_path}/t.csv{where}"
    assert what in raised.value.what
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("content", "time", "where", "what"),
    [
        pytest.param("workload,value\na,1\n", "bin", ":1", "The column 'time' is missing", id="no column"),
        pytest.param(LONG + "a,1,9\n", "bin", ":8", "'a' has this bin twice", id="bin twice"),
        pytest.param("workload,time,value\n,0,1\n", "bin", ":2 column 'workload'", "The name is empty", id="no name"),
        pytest.param("workload,time,value\na,,1\n", "bin", ":2 column 'time'", "The time is empty", id="no time"),
        pytest.param("workload,time,value\na,0,1\na,x,1\n", "bin", ":3 column 'time'", "not the number", id="odd time"),
        pytest.param("workload,time,value\na,0,-1\n", "bin", ":2 column 'value'", "'-1' is no amount", id="negative"),
        pytest.param(
            "workload,time,value\na,yesterday,1\n", "iso", ":2 column 'time'", "not a date and time", id="no date"
        ),
        pytest.param(
            "workload,time,value\na,2026-03-01T00:05,1\n",
            "iso",
            ":2 column 'time'",
            "does not begin",
            id="off the grid",
        ),
    ],
)
def test_wrong_long_traffic_is_refused_where_it_stands(
    tmp_path: Path, content: str, time: str, where: str, what: str
) -> None:
    with pytest.raises(TrafficError) as raised:
        _read(tmp_path, content, shape="long", time=time)

    assert raised.value.where == f"{tmp_path}/t.csv{where}"
    assert what in raised.value.what
    assert raised.value.remedy


def test_a_wrong_cell_of_parquet_is_named_by_its_row(tmp_path: Path) -> None:
    frame = pl.DataFrame({"workload": ["a", "b"], "0": [1.0, 2.0], "1": [1.0, float("nan")]})

    with pytest.raises(TrafficError, match=r"t\.parquet row 2 column '1': 'nan' is no amount of traffic"):
        _read(tmp_path, frame, file="t.parquet")


def test_parquet_of_another_type_is_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame({"workload": ["a", "b"], "0": [True, False]})

    with pytest.raises(TrafficError, match=r"column '0': The type is Boolean"):
        _read(tmp_path, frame, file="t.parquet")


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1" + b"\xff" * 64 + b"PAR1", WIDE.encode()])
def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TrafficError, match=r"This is not parquet"):
        _read(tmp_path, content, file="t.parquet")


def test_an_hour_that_comes_twice_is_refused_without_an_offset(tmp_path: Path) -> None:
    content = "workload,time,value\na,2026-10-25T01:30,1\n"
    zone: dict[str, Any] = {"shape": "long", "time": "iso", "start": "2026-10-25T00:00", "time_zone": "Europe/London"}

    with pytest.raises(TrafficError, match=r"2026-10-25T01:30:00 is no single instant in Europe/London"):
        _read(tmp_path, content, AB[:1], **zone)


def test_a_variation_for_every_series_is_required(tmp_path: Path) -> None:
    (tmp_path / "cv.csv").write_text("workload,variation\nb,2.5\n")

    with pytest.raises(TrafficError, match=r"1 series have no variation: 'a'"):
        _read(tmp_path, WIDE, interarrival_variation={"file": "cv.csv"})


def test_a_rate_too_large_for_a_number_is_refused(tmp_path: Path) -> None:
    readings = (Reading("a", "a", 1e12, 0.0, 1.0),)

    with pytest.raises(TrafficError, match=r"too large to be a number"):
        _read(tmp_path, "workload,0\na,1e300\n", readings)


def test_a_thousand_workloads_of_a_month_are_read(tmp_path: Path) -> None:
    rates = np.random.default_rng(0).random((1000, 4032))
    names = [f"w{i:04}" for i in range(1000)]
    frame = pl.DataFrame(rates, schema=[str(i) for i in range(4032)]).with_columns(workload=pl.Series(names))

    traffic = _read(tmp_path, frame, [Reading(name, name, 1.0, 0.0, 1.0) for name in names], file="t.parquet")

    assert np.array_equal(traffic.rate_rps, rates)
