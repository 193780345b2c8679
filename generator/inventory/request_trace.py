"""Single requests and when they came, counted into even bins, with how unevenly they come."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generator.errors import TrafficError
from generator.inventory.cells import normal, numbers, require, texts, where
from generator.inventory.fields import as_utc
from generator.inventory.table_file import MOST_CELLS
from generator.inventory.traffic_document import TrafficEntry
from generator.inventory.yaml_source import shown
from generator.model import FloatArray

# In fewer gaps than this chance alone makes any variation.
LEAST_GAPS = 10


def request_trace(
    path: Path, frame: pl.DataFrame, entry: TrafficEntry, *, most_bins: int
) -> tuple[list[str], FloatArray, FloatArray | None]:
    """Count the requests of a trace.

    Parameters
    ----------
    path : Path
        For errors.
    frame : DataFrame
        A row a request, in any order: series, time, and what says how large it is where the inventory names any.
    entry : TrafficEntry
    most_bins : int

    Returns
    -------
    names : list of str
    requests : ndarray, shape (S, T)
        By series and bin, from the first bin to that of the last request; where sizes are told, requests of the series'
        mean size, so that their work is told rather than their number.
    variation : ndarray, shape (S,), or None
        Coefficient of variation of the time between requests where it is to be measured: within bins, so that a rhythm
        is no burst, each bin weighing by its gaps; 1 where a series has fewer than `LEAST_GAPS`.

    Raises
    ------
    TrafficError
        A column is missing, a cell is empty or wrong, or a request came before the first bin or too long after it.
    """
    columns = entry.columns
    require(path, frame, [columns.workload, columns.time, *columns.tokens])
    series = texts(path, frame.with_columns(pl.col(columns.workload).cast(pl.String)), columns.workload)
    names, code = np.unique(np.array([normal(name) for name in series], dtype=object), return_inverse=True)
    came_s = _seconds(path, frame, entry)
    late = (came_s < 0) | (came_s >= most_bins * entry.bin_s)
    if late.any():
        row = int(late.argmax())
        told = shown(str(frame[columns.time][row]))
        raise TrafficError(
            where(path, row, columns.time),
            f"{told} lies in none of the first {most_bins:,} bins of {entry.bin_s:g} s.",
            "Correct the time, or `bin_s`, `start` and `time` under `traffic:`.",
        )
    at = (came_s / entry.bin_s).astype(np.intp)
    bins = int(at.max()) + 1
    if len(names) * bins > MOST_CELLS:
        raise TrafficError(
            str(path), f"{len(names):,} series of {bins:,} bins are more than {MOST_CELLS:,} cells.", "Use longer bins."
        )
    requests = np.zeros((len(names), bins))
    np.add.at(requests, (code, at), _sizes(path, frame, columns.tokens, code))
    variation = _variation(code, came_s, at) if entry.interarrival_variation == "measured" else None
    return names.tolist(), requests, variation


def _seconds(path: Path, frame: pl.DataFrame, entry: TrafficEntry) -> FloatArray:
    """When each request came, seconds after the first bin began."""
    column = entry.columns.time
    if entry.time == "seconds":
        return _filled(path, frame, column)
    times = frame[column]
    instants = times.unique(maintain_order=True)
    start = as_utc(entry.start, entry.time_zone)
    elapsed: dict[object, float] = {}
    for instant in instants.to_list():
        try:
            told = instant if isinstance(instant, datetime) else datetime.fromisoformat(str(instant).strip())
            elapsed[instant] = (as_utc(told, entry.time_zone) - start) / timedelta(seconds=1)
        except (ValueError, OverflowError) as error:
            row = int((times.is_null() if instant is None else times == instant).arg_max() or 0)
            raise TrafficError(
                where(path, row, column),
                f"{shown(str(instant))} is no single instant: {shown(str(error), 120)}.",
                "Write date and time, such as 2026-01-31T00:00:00.25, with an offset where an hour comes twice.",
            ) from error
    return np.array([elapsed[time] for time in times.to_list()])


def _sizes(path: Path, frame: pl.DataFrame, columns: list[str], code: NDArray[np.intp]) -> FloatArray:
    """How many requests of its series' mean size each request is."""
    if not columns:
        return np.ones(len(code))
    tokens = np.sum([_filled(path, frame, column) for column in columns], axis=0)
    mean = np.bincount(code, weights=tokens) / np.bincount(code)
    # Of a series whose requests are all empty, all are alike.
    return np.where(mean[code] > 0, tokens / np.maximum(mean[code], 1e-300), 1.0)


def _filled(path: Path, frame: pl.DataFrame, column: str) -> FloatArray:
    amounts = numbers(path, frame, column)
    if np.isnan(amounts).any():
        raise TrafficError(
            where(path, int(np.isnan(amounts).argmax()), column), "The cell is empty.", "Write a number."
        )
    return amounts


def _variation(code: NDArray[np.intp], came_s: FloatArray, at: NDArray[np.intp]) -> FloatArray:
    """Root of the mean squared variation of the gaps within each series' bins, each bin by its gaps."""
    order = np.lexsort((came_s, code))
    code, came_s, at = code[order], came_s[order], at[order]
    gap_s = np.diff(came_s)
    within = (np.diff(code) == 0) & (np.diff(at) == 0)
    _, cell = np.unique(np.stack([code[1:][within], at[1:][within]]), axis=1, return_inverse=True)
    cell, gap_s, owner = cell.ravel(), gap_s[within], code[1:][within]
    count = np.bincount(cell)
    mean = np.bincount(cell, weights=gap_s) / count
    # Of n gaps the mean square about their own mean is (n - 1) / n of the variance.
    squared = np.bincount(cell, weights=(gap_s - mean[cell]) ** 2) / np.maximum(count - 1, 1)
    of_cell = np.full(len(count), owner.max(initial=0))
    of_cell[cell] = owner
    seen = (count >= LEAST_GAPS) & (mean > 0)
    weight = np.bincount(of_cell[seen], weights=count[seen], minlength=code.max() + 1)
    total = np.bincount(
        of_cell[seen], weights=(count * squared / np.maximum(mean, 1e-300) ** 2)[seen], minlength=code.max() + 1
    )
    return np.where(weight > 0, np.sqrt(total / np.maximum(weight, 1.0)), 1.0)
