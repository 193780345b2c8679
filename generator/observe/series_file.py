"""Observations out of a file, CSV or parquet, in the shape in which covey writes them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generator.errors import SeriesError
from generator.inventory.fields import as_utc
from generator.inventory.table_file import MOST_CELLS, table_file
from generator.inventory.yaml_source import shown
from generator.model import FloatArray, Group, Measured, Observations, Watched, Window
from generator.observe.counter import counter_rate
from generator.observe.names import Gathered
from generator.observe.source import GROUP_MEASURES, REQUEST_MEASURES, Measure, Reading, Subject

# Counters that may stand in the place of a rate.
COUNTERS: Mapping[str, Measure] = {"requests_total": "rate_rps", "errors_total": "errors_rps"}
COLUMNS = ("time", "group", "workload", *REQUEST_MEASURES, *GROUP_MEASURES, *COUNTERS)
MOST_BINS = 2**20
# Times this share of a bin off its beginning are on it.
ON_TIME = 1e-6


class SeriesFile:
    """A table with one row for each bin of a group or workload.

    ``time`` is when the bin begins, with its offset or in UTC. ``workload`` names a workload, or ``group`` a group,
    whose row has no workload. All else is optional, and empty where nothing was measured: ``rate_rps``,
    ``errors_rps``, ``latency_p50_ms``, ``latency_p95_ms``, ``latency_p99_ms``, of a group also ``replicas``,
    ``utilization`` and ``cost_usd_per_h``. In the place of the first two may stand ``requests_total`` and
    ``errors_total``, counters as read when the bin began.

    Parameters
    ----------
    path : Path
    now : datetime
        What is later cannot have been measured yet.
    """

    def __init__(self, path: Path, now: datetime) -> None:
        self._path = path
        self._now = now
        if not path.is_file():
            raise SeriesError(str(path), "there is no such file.", "Name a CSV or parquet file.")
        self._frame = table_file(path, SeriesError)
        for column in self._frame.columns:
            if column not in COLUMNS:
                what = f"nobody knows the column {shown(column)}."
                raise SeriesError(f"{path}:1", what, f"Take it out, or call it one of {', '.join(COLUMNS)}.")
        for column in ("time", *(() if "workload" in self._frame.columns else ("group",))):
            if column not in self._frame.columns:
                raise SeriesError(
                    f"{path}:1", f"the column {column} is missing.", f"There may be {', '.join(COLUMNS)}."
                )
        for counter, rate in COUNTERS.items():
            if counter in self._frame.columns and rate in self._frame.columns:
                raise SeriesError(f"{path}:1", f"holds both {counter} and {rate}.", "Take one of them out.")
        self._distinct = self._distinct_times()
        self._times = [self._instant(value) for value in self._distinct.to_list()]

    @property
    def name(self) -> str:
        """The file."""
        return str(self._path)

    def extent(self, bin_s: float) -> tuple[datetime, datetime]:
        """Return the time from the first bin to the end of the last that is over."""
        bin_length = timedelta(seconds=bin_s)
        last = min(max(self._times) + bin_length, self._now)
        return min(self._times), max(last, min(self._times) + bin_length)

    def places(self, watched: Sequence[Watched]) -> Mapping[str, Sequence[Watched]]:
        """Everything at once."""
        return {self.name: watched}

    def read(self, watched: Sequence[Watched], window: Window) -> Reading:
        """Read what the file has of the window.

        Raises
        ------
        SeriesError
            A value or a time cannot be used, a bin is there twice, or nothing in the file is watched.
        """
        frame, gathered = self._frame, Gathered(watched)
        code, subjects = self._subjects(gathered)
        if not subjects:
            what = f"knows none of the groups and workloads that are watched, but {gathered.unknown}."
            remedy = "Call the series as the program does, or as it did before groups were renamed."
            raise SeriesError(self.name, what, remedy)
        if len(subjects) * (window.bins + 1) > MOST_CELLS:
            raise SeriesError(self.name, "holds too many series for so many bins.", "Ask for longer bins.")
        bins, late = self._bins(window, gathered.notes)
        self._note_future(late & (code >= 0), gathered.notes)
        # A counter's reading at the end of the window closes its last bin.
        rows = np.flatnonzero((code >= 0) & (bins >= 0) & (bins <= window.bins) & ~late)
        code, bins = code[rows], bins[rows]
        self._refuse_twice(code * (window.bins + 1) + bins, rows, subjects, window)
        for column in (*REQUEST_MEASURES, *GROUP_MEASURES, *COUNTERS):
            if column not in frame.columns:
                continue
            table = np.full((len(subjects), window.bins + 1), np.nan)
            table[code, bins] = self._numbers(column)[rows]
            if column in COUNTERS:
                table, fell = counter_rate(table, window.bin_s)
                self._note_resets(column, fell, subjects, window, gathered.notes)
            for (kind, name), row in zip(subjects, table[:, : window.bins], strict=True):
                gathered.add(kind, name, COUNTERS.get(column) or cast("Measure", column), row)
        return gathered.reading()

    def _subjects(self, gathered: Gathered) -> tuple[NDArray[np.intp], list[tuple[Subject, str]]]:
        """Number the series of the file, -1 where nobody is called so."""
        frame = self._frame
        empty = pl.Series([None] * frame.height, dtype=pl.String)
        groups, workloads = (
            frame[column].cast(pl.String) if column in frame.columns else empty for column in ("group", "workload")
        )
        pairs = pl.DataFrame({"group": groups, "workload": workloads}).with_columns(
            pl.when(pl.col("workload") == "").then(None).otherwise(pl.col("workload")).name.keep()
        )
        distinct = pairs.unique(maintain_order=True)
        subjects: dict[tuple[Subject, str], int] = {}
        numbers: list[int] = []
        for group, workload in distinct.iter_rows():
            kind: Subject = "group" if workload is None else "workload"
            name = (group or "") if workload is None else workload
            known = gathered.find(kind, name) is not None
            numbers.append(subjects.setdefault((kind, name), len(subjects)) if known else -1)
        numbered = distinct.with_columns(code=pl.Series(numbers, dtype=pl.Int64))
        code = pairs.join(numbered, on=["group", "workload"], how="left", nulls_equal=True, maintain_order="left")
        return code["code"].to_numpy().astype(np.intp), list(subjects)

    def _distinct_times(self) -> pl.Series:
        times = self._frame["time"]
        if times.null_count():
            raise SeriesError(self._where(int(times.is_null().arg_max() or 0)), "The time is empty.", "Write it.")
        distinct = times.unique(maintain_order=True)
        if distinct.len() > MOST_BINS:
            raise SeriesError(self.name, f"holds more than {MOST_BINS:,} times.", "Give longer bins.")
        return distinct

    def _instant(self, value: Any) -> datetime:
        try:
            instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
            return as_utc(instant, "UTC")
        except (ValueError, OverflowError):
            row = int((self._frame["time"] == value).arg_max() or 0)
            what = f"{shown(str(value))} is no date and time such as 2026-01-31T00:00Z."
            raise SeriesError(self._where(row), what, "Correct the time.") from None

    def _bins(self, window: Window, notes: list[str]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Number the bin of each row, and say which rows are of a bin that is not over; the window's end counts."""
        positions = np.array([(time - window.start) / timedelta(seconds=window.bin_s) for time in self._times])
        nearest = np.round(positions)
        skew = positions - nearest
        inside = (nearest >= 0) & (nearest <= window.bins)
        off = inside & (np.abs(skew) > ON_TIME)
        if off.any():
            worst = skew[off][np.abs(skew[off]).argmax()] * window.bin_s
            notes.append(
                f"clock skew: {int(off.sum())} times lie up to {worst:+.0f} s off their bins of {window.bin_s:g} s and "
                "were moved to the nearest."
            )
        apart = float(np.diff(np.unique(nearest)).min(initial=np.inf))
        if 2 <= apart < np.inf:
            notes.append(
                f"{self.name}: its rows are {apart * window.bin_s:g} s apart or more, so that of every "
                f"{apart:g} bins of {window.bin_s:g} s one is measured at most; --bin says how long they are."
            )
        late = np.array([time > self._now for time in self._times])
        held = np.clip(nearest, -1, window.bins + 1).astype(np.int64)
        index = pl.DataFrame({"time": self._distinct, "bin": held, "late": late})
        placed = pl.DataFrame({"time": self._frame["time"]}).join(index, on="time", how="left", maintain_order="left")
        return placed["bin"].to_numpy().astype(np.intp), placed["late"].to_numpy()

    def _note_future(self, late: NDArray[np.bool_], notes: list[str]) -> None:
        if late.any():
            first = min(time for time in self._times if time > self._now)
            notes.append(
                f"clock skew: {int(late.sum())} rows are of the future, first at {first:%Y-%m-%d %H:%M} UTC, and were "
                "left out."
            )

    def _refuse_twice(
        self,
        cells: NDArray[np.intp],
        rows: NDArray[np.intp],
        subjects: Sequence[tuple[Subject, str]],
        window: Window,
    ) -> None:
        order = np.argsort(cells, kind="stable")
        repeated = order[np.flatnonzero(np.diff(cells[order]) == 0) + 1]
        if repeated.size:
            first = int(repeated.min())
            subject, position = divmod(int(cells[first]), window.bins + 1)
            kind, name = subjects[subject]
            begins = window.start + timedelta(seconds=window.bin_s) * position
            what = f"{kind} {shown(name)} has the bin from {begins:%Y-%m-%d %H:%M} UTC twice."
            remedy = f"Keep one row for each, or say how long bins are: --bin, now {window.bin_s:g} s."
            raise SeriesError(self._where(int(rows[first])), what, remedy)

    def _note_resets(
        self,
        column: str,
        fell: NDArray[np.bool_],
        subjects: Sequence[tuple[Subject, str]],
        window: Window,
        notes: list[str],
    ) -> None:
        for (kind, name), row in zip(subjects, fell, strict=True):
            if row.any():
                first = window.start + timedelta(seconds=window.bin_s) * int(row.argmax())
                notes.append(
                    f"{kind} {shown(name)}: {column} was started anew in {int(row.sum())} bins, first "
                    f"at {first:%Y-%m-%d %H:%M} UTC, which have no rate."
                )

    def _numbers(self, column: str) -> FloatArray:
        series = self._frame[column]
        if not (series.dtype.is_numeric() or isinstance(series.dtype, pl.String | pl.Null)):
            raise SeriesError(f"{self.name} column {column}", f"holds {series.dtype}.", "Write numbers.")
        text = series.str.strip_chars() if isinstance(series.dtype, pl.String) else series
        text = text.replace("", None) if isinstance(series.dtype, pl.String) else text
        amounts = text.cast(pl.Float64, strict=False).to_numpy()
        wrong = ~(np.isfinite(amounts) & (amounts >= 0)) & text.is_not_null().to_numpy()
        if not isinstance(series.dtype, pl.String):
            wrong &= ~np.isnan(amounts)  # how numbers say that nothing was measured
        if wrong.any():
            row = int(wrong.argmax())
            what = f"{shown(str(series[row]))} is no amount."
            raise SeriesError(self._where(row, column), what, "Write a finite number that is not negative, or nothing.")
        return amounts

    def _where(self, row: int, column: str | None = None) -> str:
        place = f"{self._path}:{row + 2}" if self._path.suffix == ".csv" else f"{self._path} row {row + 1}"
        return place if column is None else f"{place} column {column}"


def series_frame(observations: Observations) -> pl.DataFrame:
    """Return observations as the table that `SeriesFile` reads.

    Parameters
    ----------
    observations : Observations
    """
    window = observations.window
    times = [window.start + timedelta(seconds=window.bin_s) * t for t in range(window.bins)]
    found: list[pl.DataFrame] = []
    kinds: tuple[tuple[Literal["group", "workload"], Any], ...] = (
        ("group", observations.groups),
        ("workload", observations.workloads),
    )
    for kind, measured in kinds:
        names = np.repeat(np.array(measured.names, dtype=object), window.bins)
        columns: dict[str, Any] = {
            "time": pl.Series(times * len(measured.names), dtype=pl.Datetime("us", "UTC")),
            "group": pl.Series(names if kind == "group" else [None] * len(names), dtype=pl.String),
            "workload": pl.Series(names if kind == "workload" else [None] * len(names), dtype=pl.String),
        }
        for measure in REQUEST_MEASURES:
            columns[measure] = getattr(measured, measure).reshape(-1)
        for measure in GROUP_MEASURES:
            rows = getattr(observations, measure).reshape(-1)
            columns[measure] = rows if kind == "group" else np.full(len(names), np.nan)
        found.append(pl.DataFrame(columns))
    return pl.concat(found).with_columns(pl.col(*REQUEST_MEASURES, *GROUP_MEASURES).fill_nan(None))


def of_table(
    content: bytes, served: Sequence[Group], window: Window, *, notes: Sequence[str], unanswered: Sequence[str]
) -> Observations:
    """Return the observations that `series_frame` wrote.

    Parameters
    ----------
    content : bytes
        The table as parquet.
    served : sequence of Group
        As they were then.
    window : Window
    notes, unanswered : sequence of str
    """
    frame = pl.read_parquet(content)

    def rows(kind: Subject, names: Sequence[str], column: str) -> FloatArray:
        found = frame.filter(pl.col(kind).is_not_null()).sort(kind, "time", maintain_order=True)[column]
        shaped = found.fill_null(np.nan).to_numpy().reshape(len(names), window.bins).copy()
        shaped.setflags(write=False)
        return shaped

    groups = tuple(group.name for group in served)
    workloads = tuple(sorted(name for group in served for name in group.workloads))
    return Observations(
        window=window,
        served=tuple(served),
        groups=Measured(groups, *(rows("group", groups, measure) for measure in REQUEST_MEASURES)),
        workloads=Measured(workloads, *(rows("workload", workloads, measure) for measure in REQUEST_MEASURES)),
        replicas=rows("group", groups, "replicas"),
        utilization=rows("group", groups, "utilization"),
        cost_usd_per_h=rows("group", groups, "cost_usd_per_h"),
        notes=tuple(notes),
        unanswered=tuple(unanswered),
    )
