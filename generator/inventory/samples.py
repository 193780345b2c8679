"""Samples of what models are asked, to hold against what they were trained on."""

import math
from pathlib import Path

import numpy as np
import polars as pl

from generator.errors import SeriesError
from generator.inventory.table_file import table_file
from generator.inventory.yaml_source import shown
from generator.model import FeatureSamples, FloatArray

COLUMNS = ("workload", "feature", "window", "value")
WINDOWS = ("reference", "current")
MOST_FEATURES = 20_000


def read_samples(path: Path) -> tuple[FeatureSamples, ...]:
    """Read samples of features, CSV or parquet, one value a row.

    Parameters
    ----------
    path : Path
        Columns ``workload``, ``feature``, ``window`` (``reference``: what the model was trained on; ``current``: what
        it is asked now) and ``value``, a finite number.

    Returns
    -------
    tuple of FeatureSamples
        Sorted by workload and feature.

    Raises
    ------
    SeriesError
        The file: line or column.
    """
    if not path.is_file():
        raise SeriesError(str(path), "there is no such file.", "Name a CSV or parquet file.")
    frame = table_file(path, SeriesError)
    if set(frame.columns) != set(COLUMNS):
        what = f"has the columns {', '.join(shown(column) for column in frame.columns[:8])}."
        raise SeriesError(f"{path}:1", what, f"Give it {', '.join(COLUMNS)}.")
    texts = frame.select(pl.col(column).cast(pl.String) for column in COLUMNS[:3]).rows()
    values = frame["value"].cast(pl.Float64, strict=False).to_list()
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for line, ((workload, feature, window), value) in enumerate(zip(texts, values, strict=True), start=2):
        where = f"{path}:{line}"
        if not workload or not feature:
            raise SeriesError(where, "a row names no workload or no feature.", "Fill every cell.")
        if window not in WINDOWS:
            raise SeriesError(where, f"window is {shown(str(window))}.", f"Write {' or '.join(WINDOWS)}.")
        if value is None or not math.isfinite(value):
            raise SeriesError(where, "value is no finite number.", "Give numbers; leave out rows without one.")
        found.setdefault((workload, feature), {}).setdefault(window, []).append(value)
    if len(found) > MOST_FEATURES:
        raise SeriesError(str(path), f"{len(found):,} features are too many at once.", "Split the file.")
    for (workload, feature), windows in found.items():
        if missing := sorted(set(WINDOWS) - windows.keys()):
            what = f"{shown(feature)} of {shown(workload)} has no row of the window {missing[0]}."
            raise SeriesError(str(path), what, "Give values of both windows.")
    return tuple(
        FeatureSamples(workload, feature, _values(windows["reference"]), _values(windows["current"]))
        for (workload, feature), windows in sorted(found.items())
    )


def _values(of: list[float]) -> FloatArray:
    values = np.array(of)
    values.setflags(write=False)
    return values
