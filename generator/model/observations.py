"""What a deployed fleet did, and what was learned from it."""

from dataclasses import dataclass

from generator.model.traffic import Window
from generator.model.vocabulary import FloatArray


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests as they were served, one row a group or a workload; NaN where nothing was measured.

    Parameters
    ----------
    names : tuple of str, length N
        Groups or workloads, sorted.
    rate_rps, errors_rps : ndarray, shape (N, T), requests/s
        All requests, and those answered with a failure of the server.
    latency_p50_ms, latency_p95_ms, latency_p99_ms : ndarray, shape (N, T), ms
        Percentiles of each bin; NaN also in a bin without a request.
    """

    names: tuple[str, ...]
    rate_rps: FloatArray
    errors_rps: FloatArray
    latency_p50_ms: FloatArray
    latency_p95_ms: FloatArray
    latency_p99_ms: FloatArray


@dataclass(frozen=True, slots=True)
class Observations:
    """What a fleet did over one window, by group and by workload.

    Parameters
    ----------
    replicas : ndarray, shape (G, T)
        Mean number of running replicas of each group in each bin; NaN where it was not measured.
    cost_usd_per_h : ndarray, shape (G, T), USD/h
        What each group cost; NaN where the source does not know.
    notes : tuple of str
        What was mended on the way (counter resets, clock skew, gaps), each naming the series and the time.
    """

    window: Window
    groups: Measured
    workloads: Measured
    replicas: FloatArray
    cost_usd_per_h: FloatArray
    notes: tuple[str, ...] = ()
