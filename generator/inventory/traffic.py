"""Read what the models were asked, from CSV or parquet, long or wide, into requests/s in even bins."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from generator.errors import TrafficError
from generator.inventory.cells import normal, numbers, require, texts, where
from generator.inventory.fields import as_utc
from generator.inventory.request_trace import request_trace
from generator.inventory.table_file import MOST_CELLS, table_file
from generator.inventory.traffic_document import InterarrivalEntry, TrafficEntry
from generator.inventory.yaml_source import shown
from generator.model import FloatArray, Traffic, Window

MOST_BINS = 2**20


@dataclass(frozen=True, slots=True)
class Reading:
    """How one workload takes its traffic from the file.

    Parameters
    ----------
    series : str
        Name in the file.
    scale : float
        Requests (or requests/s, or erlangs) that one unit of the file stands for.
    shift_h : float
        Hours by which this workload's traffic comes later than the file says.
    service_s : float
        Mean service time on the reference machine, which turns erlangs into requests/s.
    """

    workload: str
    series: str
    scale: float
    shift_h: float
    service_s: float


def read_traffic(folder: Path, entry: TrafficEntry, readings: Sequence[Reading]) -> Traffic:
    """Read the traffic of all workloads, in the order of `readings`.

    A count per bin is divided by the bin, erlangs by the service time (Little's law); single requests are counted.
    Bins are taken together where the inventory plans on longer ones. Where series are shifted, the window shrinks to
    the bins in which every workload has traffic: nothing wraps around from the end to the start.

    Raises
    ------
    TrafficError
        The file is missing, empty, unreadable or too large; a column is missing; a value is missing, not a number, not
        finite or negative; a time is off the grid or repeated; or the series are not those of the workloads.
    """
    path = _inside(folder, entry.file)
    frame = table_file(path, TrafficError)
    measured: FloatArray | None = None
    if entry.shape == "trace":
        names, table, measured = request_trace(path, frame, entry, most_bins=MOST_BINS)
    else:
        names, table = _long(path, frame, entry) if entry.shape == "long" else _wide(path, frame, entry)
        table = _resampled(path, table, entry)
    row_of = _rows(path, names, readings)
    rows = [row_of[reading.series] for reading in readings]
    to_rps = {"requests": 1 / entry.bin_s, "rate": 1.0, "erlangs": 1.0}[entry.unit]
    factor = np.array([r.scale * to_rps / (r.service_s if entry.unit == "erlangs" else 1.0) for r in readings])
    shifts = _shift_bins(path, entry, readings)
    first, last = max(shifts), table.shape[1] + min(shifts)
    if last <= first:
        raise TrafficError(
            str(path), "The shifts leave no bin in which every workload has traffic.", "Shift by less, or give more."
        )
    rate_rps = np.empty((len(rows), last - first))
    with np.errstate(over="ignore"):  # said in words below
        for w, (row, shift) in enumerate(zip(rows, shifts, strict=True)):
            np.multiply(table[row, first - shift : last - shift], factor[w], out=rate_rps[w])
    if not np.isfinite(rate_rps).all():
        raise TrafficError(str(path), "A scaled rate is too large to be a number.", "Lower `traffic_scale`.")
    variation = (_variation(folder, entry, names) if measured is None else measured)[rows]
    rate_rps.setflags(write=False)
    variation.setflags(write=False)
    bin_length = timedelta(seconds=entry.planned_bin_s)
    start = _start(path, entry)
    window = Window(start + first * bin_length, start + last * bin_length, entry.planned_bin_s)
    return Traffic(tuple(reading.workload for reading in readings), rate_rps, variation, window)


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise TrafficError(str(path), "The file does not exist.", "Name a file beside fleet.yaml under `traffic`.")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise TrafficError(str(path), "The file lies outside the fleet's folder.", "Copy it there instead of linking.")
    return path


def _wide(path: Path, frame: pl.DataFrame, entry: TrafficEntry) -> tuple[list[str], FloatArray]:
    require(path, frame, [entry.columns.workload])
    columns = [column for column in frame.columns if column != entry.columns.workload]
    if not columns:
        raise TrafficError(str(path), "The file has no column of a bin.", "Write one column for each bin.")
    bins = [_bin(lambda column: f"{path}:1 column {shown(column)}", column, entry) for column in columns]
    if len(set(bins)) < len(bins):
        twice = next(column for i, column in enumerate(columns) if bins[i] in bins[:i])
        raise TrafficError(f"{path}:1 column {shown(twice)}", "Two columns are the same bin.", "Keep one of them.")
    names = texts(path, frame, entry.columns.workload)
    if len(set(names)) < len(names):
        row = next(i for i, name in enumerate(names) if name in names[:i])
        raise TrafficError(
            where(path, row), f"The series {shown(names[row])} has two rows.", "Keep one row for each series."
        )
    table = _empty_table(path, len(names), max(bins) + 1)
    for position, column in zip(bins, columns, strict=True):
        table[:, position] = numbers(path, frame, column)
    return names, _filled(path, table, names, entry)


def _long(path: Path, frame: pl.DataFrame, entry: TrafficEntry) -> tuple[list[str], FloatArray]:
    columns = entry.columns
    require(path, frame, [columns.workload, columns.time, columns.value])
    raw_names = frame[columns.workload].cast(pl.String)
    distinct = raw_names.unique(maintain_order=True).to_list()
    if None in distinct:
        row = int(raw_names.is_null().arg_max() or 0)
        raise TrafficError(where(path, row, columns.workload), "The name is empty.", "Write the series' name.")
    names = sorted({normal(name) for name in distinct})
    position = {name: i for i, name in enumerate(names)}
    code = raw_names.replace_strict(distinct, [position[normal(name)] for name in distinct], return_dtype=pl.Int64)
    times = frame[columns.time]
    if times.null_count():
        raise TrafficError(
            where(path, int(times.is_null().arg_max() or 0), columns.time), "The time is empty.", "Write the bin."
        )
    instants = times.unique(maintain_order=True)
    if instants.len() > MOST_BINS:
        raise TrafficError(str(path), f"There are more than {MOST_BINS:,} times.", "Use longer bins.")

    def place(instant: Any) -> str:
        return where(path, int((times == instant).arg_max() or 0), columns.time)

    bin_of = [_bin(place, instant, entry) for instant in instants.to_list()]
    index = pl.DataFrame({"time": instants, "bin": bin_of})
    bins = pl.DataFrame({"time": times}).join(index, on="time", how="left", maintain_order="left")["bin"].to_numpy()
    table = _empty_table(path, len(names), max(bin_of) + 1)
    values = numbers(path, frame, columns.value)
    cells = code.to_numpy() * table.shape[1] + bins
    order = np.argsort(cells, kind="stable")
    repeated = np.flatnonzero(np.diff(cells[order]) == 0)
    if repeated.size:
        row = int(order[repeated + 1].min())
        name = shown(names[cells[row] // table.shape[1]])
        raise TrafficError(where(path, row), f"{name} has this bin twice.", "Keep one row for each series and bin.")
    table.reshape(-1)[cells] = values
    return names, _filled(path, table, names, entry)


def _start(path: Path, entry: TrafficEntry) -> datetime:
    try:
        return as_utc(entry.start, entry.time_zone)
    except (ValueError, OverflowError) as error:
        raise TrafficError(str(path), f"The start {error}.", "Write it with an offset, such as +01:00.") from error


def _bin(place: Callable[[Any], str], value: Any, entry: TrafficEntry) -> int:
    """Give the number of the bin that begins at a time."""
    try:
        if entry.time == "iso":
            instant = value if isinstance(value, datetime) else _iso(str(value))
            elapsed = as_utc(instant, entry.time_zone) - as_utc(entry.start, entry.time_zone)
            position = elapsed / timedelta(seconds=entry.bin_s)
        else:
            position = _number(value) / (entry.bin_s if entry.time == "seconds" else 1)
    except (ValueError, OverflowError) as error:
        raise TrafficError(place(value), f"{error}.", "Correct the time, or say `traffic: time:`.") from error
    number = round(position)
    if not math.isclose(position, number, abs_tol=1e-6) or not 0 <= number < MOST_BINS:
        raise TrafficError(
            place(value),
            f"{shown(str(value))} does not begin one of the first {MOST_BINS:,} bins of {entry.bin_s:g} s.",
            "Correct the time, or `bin_s`, `start` and `time` under `traffic:`.",
        )
    return number


def _iso(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{shown(text)} is not a date and time such as 2026-01-31T00:00") from None


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (ValueError, TypeError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{shown(str(value))} is not the number of a bin, or of seconds")
    return number


def _empty_table(path: Path, series: int, bins: int) -> FloatArray:
    if series * bins > MOST_CELLS:
        raise TrafficError(
            str(path), f"{series:,} series of {bins:,} bins are more than {MOST_CELLS:,} cells.", "Use longer bins."
        )
    return np.full((series, bins), np.nan)


def _filled(path: Path, table: FloatArray, names: Sequence[str], entry: TrafficEntry) -> FloatArray:
    missing = np.isnan(table)
    if missing.any():
        if entry.missing == "refuse":
            series, position = (int(i) for i in np.unravel_index(int(missing.argmax()), table.shape))
            raise TrafficError(
                str(path),
                f"{int(missing.sum()):,} bins are missing, the first is bin {position} of {shown(names[series])}.",
                "Add them, or say `missing: zero` under `traffic:` if a bin that is not there had no traffic.",
            )
        table[missing] = 0.0
    return table


def _resampled(path: Path, table: FloatArray, entry: TrafficEntry) -> FloatArray:
    """Give the means of the bins that are planned as one."""
    together, (series, bins) = round(entry.planned_bin_s / entry.bin_s), table.shape
    if together == 1:
        return table
    if bins < together:
        raise TrafficError(
            str(path),
            f"Its {bins} bins of {entry.bin_s:g} s do not fill one of {entry.planned_bin_s:g} s.",
            "Lower `resample_to_s` under `traffic:`, or give more traffic.",
        )
    if over := bins % together:
        table = np.pad(table, ((0, 0), (0, together - over))) if entry.missing == "zero" else table[:, : bins - over]
    with np.errstate(over="ignore"):  # said in words where rates are scaled
        return table.reshape(series, -1, together).mean(axis=2)


def _rows(path: Path, names: Sequence[str], readings: Sequence[Reading]) -> dict[str, int]:
    row_of = {name: row for row, name in enumerate(names)}
    wanted = {reading.series for reading in readings}
    without = sorted(wanted - row_of.keys())
    if without:
        raise TrafficError(
            str(path),
            f"{len(without)} workloads have no traffic here: {_some(without)}.",
            "Add their rows, or name their `series` in fleet.yaml, or take the workloads out.",
        )
    unknown = sorted(row_of.keys() - wanted)
    if unknown:
        raise TrafficError(
            str(path),
            f"{len(unknown)} series belong to no workload: {_some(unknown)}.",
            "Add the workloads to fleet.yaml, or take the rows out.",
        )
    return row_of


def _some(names: Sequence[str]) -> str:
    return ", ".join(shown(name) for name in names[:5]) + (", …" if len(names) > 5 else "")


def _shift_bins(path: Path, entry: TrafficEntry, readings: Sequence[Reading]) -> list[int]:
    shifts: list[int] = []
    for reading in readings:
        position = reading.shift_h * 3600 / entry.planned_bin_s
        if not math.isclose(position, round(position), abs_tol=1e-6):
            raise TrafficError(
                str(path),
                f"A shift of {reading.shift_h:g} h for {shown(reading.workload)} is not a whole number of bins.",
                f"Shift by multiples of {entry.planned_bin_s:g} s.",
            )
        shifts.append(round(position))
    return shifts


def _variation(folder: Path, entry: TrafficEntry, names: Sequence[str]) -> FloatArray:
    given = entry.interarrival_variation
    if not isinstance(given, InterarrivalEntry):
        return np.full(len(names), float(given))
    path = _inside(folder, given.file)
    frame = table_file(path, TrafficError)
    require(path, frame, ["workload", "variation"])
    of_series = dict(zip(texts(path, frame, "workload"), numbers(path, frame, "variation"), strict=True))
    without = [name for name in names if not math.isfinite(of_series.get(name, math.nan))]
    if without:
        raise TrafficError(
            str(path), f"{len(without)} series have no variation: {_some(without)}.", "Add a row for each of them."
        )
    return np.array([of_series[name] for name in names], dtype=np.float64)
