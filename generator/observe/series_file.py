"""Observations out of a file, CSV or parquet, in the shape in which covey writes them."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generator.errors import SeriesError
from generator.inventory.fields import as_utc
from generator.inventory.table_file import MOST_CELLS, table_file
from generator.inventory.yaml_source import shown
from generator.model import FloatArray, Group, Measured, Observations, Watched, Window
from generator.observe.counter import counter_rate
from generator.observe.source import GROUP_MEASURES, REQUEST_MEASURES, Measure, Reading, Subject

# Counters that may stand in the place of a rate.
COUNTERS: Mapping[str, Measure] = {"requests_total": "rate_rps", "errors_total": "errors_rps"}
COLUMNS = ("time", "group", "workload", *REQUEST_MEASURES, *GROUP_MEASURES, *COUNTERS)
MOST_BINS = 2**20
# Times this share of a bin off its beginning are on it.
ON_TIME = 1e-6


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a row is about, once its name is known; `rank` 0 is the name it has today."""

    kind: Subject
    name: str
    rank: int


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
                raise SeriesError(f"{path}:1", f"the column {column} is missing.", f"There may be {COLUMNS}.")
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
        frame, notes = self._frame, list[str]()
        code, subjects, unknown = self._subjects(watched)
        if not subjects:
            what = f"knows none of the groups and workloads that are watched, but {_some(unknown)}."
            remedy = "Call the series as the program does, or as it did before groups were renamed."
            raise SeriesError(self.name, what, remedy)
        if unknown:
            notes.append(f"left out, for no group or workload is or was called so: {_some(unknown)}.")
        bins, late = self._bins(window, notes)
        # A counter's reading at the end of the window closes its last bin.
        kept = (code >= 0) & (bins >= 0) & (bins <= window.bins) & ~late
        self._note_future(late & (code >= 0), notes)
        code, bins = code[kept], bins[kept]
        if len(subjects) * (window.bins + 1) > MOST_CELLS:
            raise SeriesError(self.name, "holds too many series for so many bins.", "Ask for longer bins.")
        rows = np.flatnonzero(kept)
        self._refuse_twice(code * (window.bins + 1) + bins, rows, subjects, bins, window)
        series: dict[tuple[Subject, str, Measure], FloatArray] = {}
        for column in (*REQUEST_MEASURES, *GROUP_MEASURES, *COUNTERS):
            if column not in frame.columns:
                continue
            table = np.full((len(subjects), window.bins + 1), np.nan)
            table[code, bins] = self._numbers(column)[rows]
            if column in COUNTERS:
                table, fell = counter_rate(table, window.bin_s)
                self._note_resets(column, fell, subjects, window, notes)
            self._merge(series, COUNTERS.get(column) or column, table[:, : window.bins], subjects, notes)
        return Reading(series, tuple(notes))

    def _subjects(self, watched: Sequence[Watched]) -> tuple[NDArray[np.intp], list[_Subject], list[str]]:
        """Number the series of the file, -1 where nobody is called so."""
        frame = self._frame
        group_of, workload_of = known_names(watched)
        empty = pl.Series([None] * frame.height, dtype=pl.String)
        groups, workloads = (
            frame[column].cast(pl.String) if column in frame.columns else empty for column in ("group", "workload")
        )
        pairs = pl.DataFrame({"group": groups, "workload": workloads})
        pairs = pairs.with_columns(
            pl.when(pl.col("workload") == "").then(None).otherwise(pl.col("workload")).name.keep()
        )
        distinct = pairs.unique(maintain_order=True)
        subjects: list[_Subject] = []
        unknown: list[str] = []
        numbers: list[int] = []
        for group, workload in distinct.iter_rows():
            name = _normal(workload if workload is not None else group or "")
            found = (workload_of if workload is not None else group_of).get(name)
            if found is None:
                unknown.append(name)
                numbers.append(-1)
                continue
            subject = _Subject("workload" if workload is not None else "group", *found)
            if subject not in subjects:
                subjects.append(subject)
            numbers.append(subjects.index(subject))
        numbered = distinct.with_columns(code=pl.Series(numbers, dtype=pl.Int64))
        code = pairs.join(numbered, on=["group", "workload"], how="left", nulls_equal=True, maintain_order="left")
        return code["code"].to_numpy().astype(np.intp), subjects, unknown

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
        subjects: Sequence[_Subject],
        bins: NDArray[np.intp],
        window: Window,
    ) -> None:
        order = np.argsort(cells, kind="stable")
        repeated = np.flatnonzero(np.diff(cells[order]) == 0)
        if repeated.size:
            at = int(order[repeated + 1][rows[order[repeated + 1]].argmin()])
            subject = subjects[int(cells[at]) // (window.bins + 1)]
            begins = window.start + timedelta(seconds=window.bin_s) * int(bins[at])
            what = f"{subject.kind} {shown(subject.name)} has the bin from {begins:%Y-%m-%d %H:%M} UTC twice."
            remedy = f"Keep one row for each, or say how long bins are: --bin, now {window.bin_s:g} s."
            raise SeriesError(self._where(int(rows[at])), what, remedy)

    def _note_resets(
        self, column: str, fell: NDArray[np.bool_], subjects: Sequence[_Subject], window: Window, notes: list[str]
    ) -> None:
        for subject, row in zip(subjects, fell, strict=True):
            if row.any():
                first = window.start + timedelta(seconds=window.bin_s) * int(row.argmax())
                notes.append(
                    f"{subject.kind} {shown(subject.name)}: {column} was started anew in {int(row.sum())} bins, first "
                    f"at {first:%Y-%m-%d %H:%M} UTC, which have no rate."
                )

    def _merge(
        self,
        series: dict[tuple[Subject, str, Measure], FloatArray],
        measure: Any,
        table: FloatArray,
        subjects: Sequence[_Subject],
        notes: list[str],
    ) -> None:
        """Put what a group is called today over what it was called before."""
        for subject, row in sorted(zip(subjects, table, strict=True), key=lambda pair: pair[0].rank):
            key = (subject.kind, subject.name, measure)
            if key not in series:
                series[key] = row
                continue
            both = int((~np.isnan(series[key]) & ~np.isnan(row)).sum())
            if both:
                notes.append(
                    f"{subject.kind} {shown(subject.name)}: {both} bins have {measure} under a former name, too; "
                    "that one was left out."
                )
            series[key] = np.where(np.isnan(series[key]), row, series[key])

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


def known_names(watched: Sequence[Watched]) -> tuple[dict[str, tuple[str, int]], dict[str, tuple[str, int]]]:
    """Find groups and workloads by the names that series may have.

    Returns
    -------
    groups, workloads : dict of str to (str, int)
        Name of today by any name, and how old that one is: 0 for the name of today and that of the endpoint in the
        cloud, which stays when a group is renamed.
    """
    groups: dict[str, tuple[str, int]] = {}
    for one in watched:
        for age, former in enumerate(one.formerly, start=1):
            groups.setdefault(former, (one.group.name, age))
    groups.update({one.endpoint: (one.group.name, 0) for one in watched})
    groups.update({one.group.name: (one.group.name, 0) for one in watched})
    workloads = {_normal(name): (name, 0) for one in watched for name in one.group.workloads}
    return groups, workloads


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


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _some(names: Sequence[str]) -> str:
    return ", ".join(shown(name) for name in sorted(names)[:5]) + (", …" if len(names) > 5 else "")
