"""The port every source of observations is read through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from generator.model import FloatArray, Watched, Window

Subject = Literal["group", "workload"]
Measure = Literal[
    "rate_rps",
    "errors_rps",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "replicas",
    "utilization",
    "cost_usd_per_h",
]
REQUEST_MEASURES: tuple[Measure, ...] = ("rate_rps", "errors_rps", "latency_p50_ms", "latency_p95_ms", "latency_p99_ms")
GROUP_MEASURES: tuple[Measure, ...] = ("replicas", "utilization", "cost_usd_per_h")
# More of anything that is measured than this is no measurement.
MOST = 1e12

Series = Mapping[tuple[Subject, str, Measure], FloatArray]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source has of some groups and their workloads.

    Parameters
    ----------
    series : mapping of (str, str, str) to ndarray, shape (T,)
        By kind of subject, its name in the plan, and what was measured; NaN where a bin has no value. What was never
        measured may be left out.
    notes : tuple of str
        What was mended or left out, each naming the series and the time.
    """

    series: Series
    notes: tuple[str, ...] = ()


class Source(Protocol):
    """Where measurements are kept."""

    @property
    def name(self) -> str:
        """Name of the source, without anything secret."""
        ...

    def places(self, watched: Sequence[Watched]) -> Mapping[str, Sequence[Watched]]:
        """Split what is watched into what one request path answers for: regions, or all at once."""
        ...

    def read(self, watched: Sequence[Watched], window: Window) -> Reading:
        """Read one of the places.

        Raises
        ------
        ObserveError
            It does not answer, or in no way that can be used.
        """
        ...
