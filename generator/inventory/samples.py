"""Samples of what models are asked, to hold against what they were trained on."""

import math
from pathlib import Path

import numpy as np
import polars as pl

from generator.errors import SeriesError
from generator.inventory.table_file import table_file
from generator.inventory.yaml_source import shown
from generator.model import FeatureSamples

COLUMNS = ("workload", "feature", "window", "value")
WINDOWS = ("reference", "current")
MOST_FEATURES = 20_000
MOST_CATEGORIES = 1000

_Value = float | str | None


def read_samples(path: Path) -> tuple[FeatureSamples, ...]:
    """Read samples of features, CSV or parquet, one value a row.

    Parameters
    ----------
    path : Path
        Columns ``workload``, ``feature``, ``window`` (``reference``: what the model was trained on; ``current``: what
        it is asked now) and ``value``: a finite number or, for a category, a word; empty where it is missing. A
        feature has one kind of values.

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
    values = frame["value"].cast(pl.String).to_list()
    found: dict[tuple[str, str], dict[str, list[_Value]]] = {}
    kinds: dict[tuple[str, str], type[float] | type[str]] = {}
    for line, ((workload, feature, window), value) in enumerate(zip(texts, values, strict=True), start=2):
        where = f"{path}:{line}"
        if not workload or not feature:
            raise SeriesError(where, "a row names no workload or no feature.", "Fill every cell.")
        if window not in WINDOWS:
            raise SeriesError(where, f"window is {shown(str(window))}.", f"Write {' or '.join(WINDOWS)}.")
        kept = None if value is None else _value(value)
        if isinstance(kept, float) and math.isinf(kept):
            raise SeriesError(where, "value is no finite number.", "Give a finite one, or leave the cell empty.")
        if kept is not None and kinds.setdefault((workload, feature), type(kept)) is not type(kept):
            what = f"value is {shown(str(value))}, and other values of {shown(feature)} are not of that kind."
            raise SeriesError(where, what, "Give numbers or words, and leave the cell empty where a value is missing.")
        found.setdefault((workload, feature), {}).setdefault(window, []).append(kept)
    if len(found) > MOST_FEATURES:
        raise SeriesError(str(path), f"{len(found):,} features are too many at once.", "Split the file.")
    for (workload, feature), windows in found.items():
        if missing := sorted(set(WINDOWS) - windows.keys()):
            what = f"{shown(feature)} of {shown(workload)} has no row of the window {missing[0]}."
            raise SeriesError(str(path), what, "Give values of both windows.")
    return tuple(
        _sampled(path, workload, feature, windows["reference"], windows["current"])
        for (workload, feature), windows in sorted(found.items())
    )


def _sampled(path: Path, workload: str, feature: str, *windows: list[_Value]) -> FeatureSamples:
    words = sorted({value for values in windows for value in values if isinstance(value, str)})
    if len(words) > MOST_CATEGORIES:
        what = f"{shown(feature)} of {shown(workload)} has {len(words):,} categories."
        raise SeriesError(str(path), what, "Leave out identifiers and free text; they tell no drift.")
    code = {word: float(number) for number, word in enumerate(words)}
    reference, current = (
        np.array([np.nan if value is None else code[value] if isinstance(value, str) else value for value in values])
        for values in windows
    )
    for values in (reference, current):
        values.setflags(write=False)
    return FeatureSamples(workload, feature, reference, current, bool(words))


def _value(text: str) -> _Value:
    """Read a cell: a number, None for one that says it is none, or a word."""
    try:
        number = float(text)
    except ValueError:
        return text
    return None if math.isnan(number) else number
