"""A bill out of a file: what AWS or Google Cloud export, as CSV, parquet or JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from generator.errors import SeriesError
from generator.inventory.fields import as_utc
from generator.inventory.table_file import MOST_CSV_BYTES, table_file
from generator.inventory.yaml_source import shown
from generator.model import Watched, Window
from generator.observe.bill import TAG, Charge, billed
from generator.observe.source import MOST, Reading

# A charge is for an hour, a day, or, of what recurs, a month.
LONGEST = timedelta(days=32)


@dataclass(frozen=True, slots=True)
class _Layout:
    """What an export calls its columns; of `group` the first that is there."""

    start: str
    end: str
    cost: str
    currency: str
    account: str
    group: tuple[str, ...]


# https://docs.aws.amazon.com/cur/latest/userguide/data-dictionary.html (legacy report, its parquet, and CUR 2.0),
# https://cloud.google.com/billing/docs/how-to/export-data-bigquery-tables/standard-usage
LAYOUTS = (
    _Layout(
        "lineItem/UsageStartDate",
        "lineItem/UsageEndDate",
        "lineItem/UnblendedCost",
        "lineItem/CurrencyCode",
        "lineItem/UsageAccountId",
        (f"resourceTags/user:{TAG}",),
    ),
    _Layout(
        "line_item_usage_start_date",
        "line_item_usage_end_date",
        "line_item_unblended_cost",
        "line_item_currency_code",
        "line_item_usage_account_id",
        (f"resource_tags_user_{TAG}", "resource_tags"),
    ),
    _Layout("usage_start_time", "usage_end_time", "cost", "currency", "project", (TAG, "labels")),
)
# What tags are called in a map of them.
KEYS = (TAG, f"user_{TAG}", f"user:{TAG}")


class BillFile:
    """An export of AWS's Cost and Usage Report (either generation) or of Google Cloud's billing to BigQuery.

    ``.json`` is rows as BigQuery writes them, one a line or all in a list; ``.csv`` is CSV, all else parquet. A flat
    table of Google's has the label as a column ``group``.

    Parameters
    ----------
    path : Path

    Raises
    ------
    SeriesError
        There is no such file, it is none of these, or it lacks a column.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.is_file():
            raise SeriesError(str(path), "there is no such file.", "Name an export of your bill.")
        self._frame = _rows(path) if path.suffix == ".json" else table_file(path, SeriesError)
        columns = set(self._frame.columns)
        layout = next((one for one in LAYOUTS if one.cost in columns), None)
        if layout is None:
            what = "has no column with costs that AWS or Google Cloud export."
            raise SeriesError(f"{path}:1", what, f"It needs one of {', '.join(one.cost for one in LAYOUTS)}.")
        for column in (layout.start, layout.end, layout.currency):
            if column not in columns:
                raise SeriesError(f"{path}:1", f"the column {column} is missing.", "Export it, too.")
        tags = [column for column in layout.group if column in columns]
        if not tags:
            what = f"has no column with the tag or label {TAG}."
            remedy = f"Activate the tag {TAG} for cost allocation, or export {' or '.join(layout.group)}."
            raise SeriesError(f"{path}:1", what, remedy)
        self._layout, self._tags = layout, tags[0]

    @property
    def name(self) -> str:
        """The file, and that its costs are billed ones."""
        return f"{self._path} (billed)"

    def places(self, watched: Sequence[Watched]) -> Mapping[str, Sequence[Watched]]:
        """Everything at once."""
        return {self.name: watched}

    def read(self, watched: Sequence[Watched], window: Window) -> Reading:
        """Read what groups cost.

        Raises
        ------
        SeriesError
            A time, a cost or a currency cannot be used.
        """
        return billed(self._charges({one.account for one in watched}), watched, window, self._path.name)

    def _charges(self, accounts: set[str]) -> Iterator[Charge]:
        layout = self._layout
        wanted = [layout.start, layout.end, layout.cost, layout.currency, self._tags]
        known = layout.account in self._frame.columns
        times: dict[Any, datetime] = {}
        summed: dict[tuple[str, datetime, datetime, bool], float] = {}
        rows = self._frame.select(*wanted, *([layout.account] if known else [])).iter_rows()
        for number, (start, end, cost, currency, tags, *account) in enumerate(rows, start=2):
            if account and _account(account[0]) not in ("", *accounts):
                continue
            usd = self._usd(cost, currency, number)
            if usd == 0.0:
                continue
            span = tuple(times.setdefault(text, self._instant(text, number)) for text in (start, end))
            if not timedelta(0) < span[1] - span[0] <= LONGEST:
                what = f"a charge is for {shown(str(start))} to {shown(str(end))}."
                raise SeriesError(self._where(number), what, "It has to end after it begins, within a month.")
            key = (_group(tags), span[0], span[1], usd < 0.0)
            summed[key] = summed.get(key, 0.0) + usd
        for (group, start, end, _), usd in summed.items():
            yield Charge(group, start, end, usd)

    def _usd(self, cost: object, currency: object, number: int) -> float:
        try:
            usd = float(str(cost)) if cost not in (None, "") else 0.0
        except ValueError:
            usd = np.nan
        if not abs(usd) <= MOST:
            raise SeriesError(self._where(number), f"{shown(str(cost))} is no cost.", "Export it as a number.")
        if usd and currency != "USD":
            what = f"costs are in {shown(str(currency))}, and covey counts in USD."
            raise SeriesError(self._where(number), what, "Export costs in USD, or convert them.")
        return usd

    def _instant(self, value: object, number: int) -> datetime:
        try:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace(" UTC", "+00:00"))
            return as_utc(at, "UTC")
        except (ValueError, OverflowError):
            what = f"{shown(str(value))} is no time."
            raise SeriesError(self._where(number), what, "Write it as 2026-01-31T00:00:00Z.") from None

    def _where(self, number: int) -> str:
        return f"{self._path}:{number}"


def _rows(path: Path) -> pl.DataFrame:
    """Read rows as BigQuery writes them: one a line, or all in a list."""
    try:
        if path.stat().st_size > MOST_CSV_BYTES:
            raise SeriesError(str(path), f"is larger than {MOST_CSV_BYTES // 2**20} MiB.", "Give it as parquet.")
        text = path.read_text(encoding="utf-8").strip()
        rows: Any = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]
    except (OSError, ValueError, RecursionError) as problem:
        what = f"This is not JSON of a bill: {shown(str(problem).splitlines()[0], 200)}."
        raise SeriesError(str(path), what, "Export it as JSON again.") from None
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise SeriesError(str(path), "holds no rows of a bill.", "Export it as JSON again.")
    columns = {column for row in rows for column in row}
    # As objects: what rows nest differs from row to row.
    return pl.DataFrame({name: pl.Series([row.get(name) for row in rows], dtype=pl.Object) for name in sorted(columns)})


def _group(tags: object) -> str:
    """Find the group's name: the cell itself, or in a map or list of tags, which in CSV is JSON."""
    if isinstance(tags, str) and tags[:1] in ("{", "["):
        try:
            tags = json.loads(tags)
        except (ValueError, RecursionError):
            return ""
    if isinstance(tags, dict):
        return next((str(tags[key]) for key in KEYS if tags.get(key)), "")
    if isinstance(tags, list | tuple):
        pairs = {str(one.get("key")): one.get("value") for one in tags if isinstance(one, dict)}
        return next((str(pairs[key]) for key in KEYS if pairs.get(key)), "")
    return str(tags) if tags else ""


def _account(value: object) -> str:
    """Return an account's number or a project's id, which Google nests."""
    if isinstance(value, dict):
        return str(value.get("id") or "")
    return str(value or "")
