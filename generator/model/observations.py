"""What a deployed fleet did, and by which names its metrics are found."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from generator.model.proposal import Group
from generator.model.traffic import Window
from generator.model.vocabulary import Accelerator, FloatArray


@dataclass(frozen=True, slots=True)
class Watched:
    """A deployed group, and the names its metrics go by.

    Parameters
    ----------
    group : Group
        As the program that serves it was emitted from it.
    endpoint : str
        Name in the cloud of its endpoint or service.
    account : str
        AWS account or GCP project it runs in.
    processors : int
        vCPUs or, where it has any, GPUs of one replica.
    formerly : tuple of str
        Names that metrics may still know it by.
    edge : mapping of str to mapping of str to str
        By workload, what tells its requests apart at the edge: dimensions of its metrics on API Gateway, labels on the
        load balancer. A workload without a public path has none.
    """

    group: Group
    endpoint: str
    account: str
    processors: int
    accelerator: Accelerator = "none"
    formerly: tuple[str, ...] = ()
    edge: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])


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
        Percentiles of each bin; NaN also in a bin without a request. A group's are of its servers, waiting there
        included; a workload's of the edge, which adds what lies between. The way to the caller is in neither.
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
    served : tuple of Group, length G
        What served, in the order of `groups.names`: machine, region and members.
    replicas : ndarray, shape (G, T)
        Mean number of running replicas of each group in each bin; NaN where it was not measured.
    utilization : ndarray, shape (G, T)
        Share of the running replicas' processors (vCPUs, or GPUs where there are any) that was busy; NaN where it was
        not measured.
    cost_usd_per_h : ndarray, shape (G, T), USD/h
        What each group cost; NaN where the source does not know.
    notes : tuple of str
        What was mended on the way (counter resets, clock skew, gaps), each naming the series and the time.
    unanswered : tuple of str
        Regions and services that gave no answer, each with its reason; all that they would have said is NaN.
    """

    window: Window
    served: tuple[Group, ...]
    groups: Measured
    workloads: Measured
    replicas: FloatArray
    utilization: FloatArray
    cost_usd_per_h: FloatArray
    notes: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
