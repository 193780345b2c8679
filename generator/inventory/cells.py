"""Columns of a traffic file as names and amounts, each wrong cell refused where it stands."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from generator.errors import TrafficError
from generator.inventory.yaml_source import shown
from generator.model import FloatArray


def require(path: Path, frame: pl.DataFrame, columns: Sequence[str]) -> None:
    """Refuse a table that lacks one of these columns."""
    for column in columns:
        if column not in frame.columns:
            there = ", ".join(shown(name) for name in frame.columns[:6])
            raise TrafficError(
                f"{path}:1",
                f"The column {shown(column)} is missing; there are {there}.",
                "Name it under `traffic: columns:`.",
            )


def texts(path: Path, frame: pl.DataFrame, column: str) -> list[str]:
    """Give a column as names; an empty one is refused."""
    texts = frame[column].cast(pl.String).to_list()
    for row, text in enumerate(texts):
        if text is None:
            raise TrafficError(where(path, row, column), "The name is empty.", "Write the series' name.")
    return [normal(text) for text in texts]


def normal(name: str) -> str:
    """Give a name as it is compared: accents one way."""
    return unicodedata.normalize("NFC", name)


def numbers(path: Path, frame: pl.DataFrame, column: str) -> FloatArray:
    """Give a column as numbers, NaN where the cell is empty; what is not a finite amount is refused."""
    series = frame[column]
    if not (series.dtype.is_numeric() or isinstance(series.dtype, pl.String | pl.Null)):
        raise TrafficError(f"{path} column {shown(column)}", f"The type is {series.dtype}.", "Write numbers.")
    text = series.str.strip_chars() if isinstance(series.dtype, pl.String) else series
    amounts = text.cast(pl.Float64, strict=False).to_numpy()
    wrong = ~(np.isfinite(amounts) & (amounts >= 0))
    if wrong.any():
        wrong &= series.is_not_null().to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise TrafficError(
            where(path, row, column),
            f"{shown(str(series[row]))} is no amount of traffic.",
            "Write a finite number that is not negative, or leave the cell empty and say `missing: zero`.",
        )
    return amounts


def where(path: Path, row: int, column: str | None = None) -> str:
    """Name a row, by its line where the file has lines, and a column of it."""
    place = f"{path}:{row + 2}" if path.suffix == ".csv" else f"{path} row {row + 1}"
    return place if column is None else f"{place} column {shown(column)}"
