"""Read what a fleet did: every place on its own, so that one that is silent takes nothing from the others."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from generator.errors import ObserveError
from generator.inventory.table_file import MOST_CELLS
from generator.inventory.yaml_source import shown
from generator.model import FloatArray, Measured, Observations, Watched, Window
from generator.observe.source import GROUP_MEASURES, MOST, REQUEST_MEASURES, Measure, Series, Source, Subject

MOST_NOTES = 500


def observe(watched: Sequence[Watched], sources: Sequence[Source], window: Window) -> Observations:
    """Read rates, latencies, errors, replicas and cost of groups and workloads.

    Parameters
    ----------
    watched : sequence of Watched
    sources : sequence of Source
        Where several have the same bin of the same series, the first one's is kept.
    window : Window

    Returns
    -------
    Observations
        NaN where a bin was not measured, with a note for each series that has such bins; places that did not answer
        are named in `unanswered`.

    Raises
    ------
    ObserveError
        No place answered, or what was asked for is more than memory should hold.
    """
    served = tuple(sorted((one.group for one in watched), key=lambda group: group.name))
    names = tuple(group.name for group in served)
    workloads = tuple(sorted(name for group in served for name in group.workloads))
    cells = (len(REQUEST_MEASURES) * (len(names) + len(workloads)) + len(GROUP_MEASURES) * len(names)) * window.bins
    if cells > MOST_CELLS:
        what = f"{window.bins:,} bins of {len(names):,} groups and {len(workloads):,} workloads are too many at once."
        raise ObserveError("observe", what, "Ask for a shorter time, or for longer bins.")
    series: dict[tuple[Subject, str, Measure], FloatArray] = {}
    notes: list[str] = []
    unanswered: list[str] = []
    asked = [(source, place, there) for source in sources for place, there in source.places(watched).items()]
    if not asked:
        what = "nothing that is watched runs where these sources look."
        raise ObserveError(", ".join(source.name for source in sources), what, "Ask the source of its cloud.")
    for source, place, there in asked:
        try:
            reading = source.read(there, window)
        except ObserveError as error:
            if len(asked) == 1:
                raise
            unanswered.append(f"{place}: {error.what}")
            if len(unanswered) == len(asked):
                what = f"there is no answer. {' '.join(unanswered)}"
                raise ObserveError(", ".join(source.name for source in sources), what, error.remedy) from None
            continue
        for key, row in reading.series.items():
            before = series.get(key)
            series[key] = row if before is None else np.where(np.isnan(before), row, before)
        notes.extend(reading.notes)
    table = _Table(series, window, notes)
    return Observations(
        window=window,
        served=served,
        groups=table.measured("group", names),
        workloads=table.measured("workload", workloads),
        replicas=table.rows("group", names, "replicas"),
        utilization=table.rows("group", names, "utilization"),
        cost_usd_per_h=table.rows("group", names, "cost_usd_per_h"),
        notes=tuple(_bounded(notes)),
        unanswered=tuple(unanswered),
    )


class _Table:
    """Series by subject, held to what a measurement can be."""

    def __init__(self, series: Series, window: Window, notes: list[str]) -> None:
        self._series = series
        self._window = window
        self._notes = notes

    def measured(self, subject: Subject, names: Sequence[str]) -> Measured:
        """Return the requests of groups or workloads."""
        rate, errors, p50, p95, p99 = (self.rows(subject, names, measure) for measure in REQUEST_MEASURES)
        self._note_gaps(subject, names, rate)
        self._hold(subject, names, errors, errors > rate, rate, "errors were more than requests")
        self._hold(subject, names, p95, p95 < p50, p50, "the 95th percentile lay below the median")
        self._hold(subject, names, p99, p99 < p95, p95, "the 99th percentile lay below the 95th")
        for array in (rate, errors, p50, p95, p99):
            array.setflags(write=False)
        return Measured(tuple(names), rate, errors, p50, p95, p99)

    def rows(self, subject: Subject, names: Sequence[str], measure: Measure) -> FloatArray:
        """Return one measure of all subjects, shape (N, T)."""
        rows = np.full((len(names), self._window.bins), np.nan)
        for i, name in enumerate(names):
            found = self._series.get((subject, name, measure))
            if found is None:
                continue
            # NaN passes: it is what was not measured.
            wrong = (found < 0) | (found > MOST)
            if wrong.any():
                what = f"{int(wrong.sum())} values of {measure} were no amounts and count as not measured"
                self._note(subject, name, wrong, what)
            rows[i] = np.where(wrong, np.nan, found)
        if subject == "group" and measure in GROUP_MEASURES:
            rows.setflags(write=False)
        return rows

    def _note_gaps(self, subject: Subject, names: Sequence[str], rate: FloatArray) -> None:
        for name, row in zip(names, np.isnan(rate), strict=True):
            if row.all():
                self._notes.append(f"{subject} {shown(name)}: no request was measured in the whole window.")
            elif row.any():
                self._note(subject, name, row, f"{int(row.sum())} of {len(row)} bins have no rate")

    def _hold(
        self,
        subject: Subject,
        names: Sequence[str],
        rows: FloatArray,
        wrong: NDArray[np.bool_],
        bound: FloatArray,
        what: str,
    ) -> None:
        """Move to their bound the values that contradict it."""
        for i, name in enumerate(names):
            if wrong[i].any():
                self._note(subject, name, wrong[i], f"in {int(wrong[i].sum())} bins {what} and were made equal")
        rows[wrong] = bound[wrong]

    def _note(self, subject: Subject, name: str, bins: NDArray[np.bool_], what: str) -> None:
        first = self._window.start + (self._window.end - self._window.start) * (int(bins.argmax()) / len(bins))
        self._notes.append(f"{subject} {shown(name)}: {what}, first at {first:%Y-%m-%d %H:%M} UTC.")


def _bounded(notes: Sequence[str]) -> list[str]:
    if len(notes) <= MOST_NOTES:
        return list(notes)
    return [*notes[:MOST_NOTES], f"{len(notes) - MOST_NOTES} more notes were left out."]
