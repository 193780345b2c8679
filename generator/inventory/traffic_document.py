"""What people write in `fleet.yaml` about traffic: the file, how to read it, and what to plan and score on."""

import math
from typing import Annotated, Literal

from pydantic import Field, model_validator

from generator.inventory.fields import Entry, FileName, Instant, Positive, TimeZone

ColumnName = Annotated[str, Field(min_length=1, max_length=128)]


class ColumnsEntry(Entry):
    """What the columns of the traffic file are called."""

    workload: ColumnName = Field(default="workload", description="Names of the series.")
    time: ColumnName = Field(default="time", description="Long form: the bin.")
    value: ColumnName = Field(default="value", description="Long form: the amount.")
    tokens: list[ColumnName] = Field(
        default_factory=list[str],
        max_length=8,
        description="Trace: columns whose sum says how much work a request is, such as tokens of prompt and answer. A "
        "request then counts as so many of its series' mean size; without them all count alike.",
    )


class InterarrivalEntry(Entry):
    """A file with the burstiness of every series."""

    file: FileName = Field(description="CSV or parquet with the columns workload and variation.")


class TrafficEntry(Entry):
    """The traffic file and how to read it."""

    file: FileName = Field(description="CSV or parquet file, relative to the folder of fleet.yaml.")
    shape: Literal["long", "wide", "trace"] = Field(
        description="long: one row for each series and bin; wide: one row for each series, one column for each bin; "
        "trace: one row for each request, with the time at which it came."
    )
    unit: Literal["requests", "rate", "erlangs"] = Field(
        description="requests: count in each bin; rate: requests/s; erlangs: busy servers on the reference machine."
    )
    bin_s: Positive = Field(description="Length of a bin of the file in seconds.")
    resample_to_s: Positive | None = Field(
        default=None,
        description="Length in seconds of the bins to plan and score on, a multiple of `bin_s`: each has the mean rate "
        "of the file's bins in it, from `start` on. A last one that the file ends in counts with `missing: zero`, and "
        "is left out otherwise. What moves within a bin is not seen: the longer the bins, the less is held ready for "
        "bursts. By default the file's own bins.",
    )
    start: Instant = Field(description="Start of the first bin, in `time_zone` unless it carries an offset.")
    time_zone: TimeZone = Field(description="Time zone of times without an offset.")
    time: Literal["bin", "seconds", "iso"] = Field(
        default="bin",
        description="How bins are named: number from 0, seconds since `start`, or ISO 8601 date and time.",
    )
    columns: ColumnsEntry = Field(default_factory=ColumnsEntry, description="Names of the columns.")
    missing: Literal["refuse", "zero"] = Field(
        default="refuse", description="zero: a bin that is not in the file had no traffic."
    )
    interarrival_variation: Annotated[float, Field(ge=0, le=1000)] | InterarrivalEntry | Literal["measured"] = Field(
        default=1.0,
        description="Coefficient of variation of the time between requests: one number, a file, or `measured` in a "
        "trace, bin by bin. 1 is Poisson.",
    )

    @model_validator(mode="after")
    def _a_trace_is_of_requests(self) -> "TrafficEntry":
        if self.shape == "trace" and (self.unit != "requests" or self.time == "bin"):
            raise ValueError("a trace holds requests (`unit: requests`) and their times (`time: seconds` or `iso`)")
        if self.shape != "trace" and (self.interarrival_variation == "measured" or self.columns.tokens):
            raise ValueError("only in a trace (`shape: trace`) can single requests be measured")
        return self

    @model_validator(mode="after")
    def _bins_are_planned_whole(self) -> "TrafficEntry":
        if self.resample_to_s is None:
            return self
        if self.shape == "trace":
            raise ValueError("a trace is counted in bins of any length: say it with `bin_s`, not with `resample_to_s`")
        times = self.resample_to_s / self.bin_s
        if round(times) < 1 or not math.isclose(times, round(times)):
            raise ValueError(f"`resample_to_s` must be a multiple of `bin_s`, {self.bin_s:g}")
        return self

    @property
    def planned_bin_s(self) -> float:
        """Length of the bins to plan and score on in seconds."""
        return self.bin_s if self.resample_to_s is None else self.resample_to_s


class WindowEntry(Entry):
    """A half-open stretch of time."""

    start: Instant = Field(description="First instant, in the traffic's time zone unless it carries an offset.")
    end: Instant = Field(description="First instant after it.")


class WindowsEntry(Entry):
    """The early window a plan is made from, and the later one it is scored on."""

    plan: WindowEntry = Field(description="Traffic the plan is made from.")
    score: WindowEntry = Field(description="Later traffic the plan is scored on, never planned on.")
