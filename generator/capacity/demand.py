"""What a group of workloads asks for: its load on every kind of processor, and what autoscalers see of it, compiled."""

import math
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from generator.capacity.cold_loads import History
from generator.capacity.offers import AUTOSCALERS, Offers, Records, fixed, records
from generator.capacity.scaling import WHOLE, acts_within, idle_share, late_share
from generator.compiled import compiled
from generator.model import FloatArray, Traffic


@dataclass(frozen=True, slots=True)
class Terms:
    """What a sizing must respect beside the objectives.

    Parameters
    ----------
    headroom : float
        Factor on the load that waits in queues: the plan must hold if bins turn out so much busier.
    least_replicas : int
        Fewest replicas that always run; 0 lets a service scale to zero.
    memory_share : float
        Part of a machine's usable memory that several models together may fill.
    miss_share : float
        Part of the misses its objective allows beyond those of service alone that a workload may have on the window
        planned on; the rest is for what a later window brings.
    resident : bool
        Whether every model must stay loaded, even where the fleet lets them take turns in memory.
    """

    headroom: float = 1.0
    least_replicas: int = 0
    memory_share: float = 1.0
    miss_share: float = 1.0
    resident: bool = False


Number = TypeVar("Number", np.float64, np.intp)

_AUTOSCALER = [
    ("to_zero", np.bool_),
    ("hold_s", np.float64),
    ("start_s", np.float64),
    ("load_gib_per_s", np.float64),
    ("lag_bins", np.intp),
    ("hold_bins", np.intp),
    ("late_share", np.float64),
]
_ARRIVALS = [("requests", np.float64), ("mean_rps", np.float64), ("scv", np.float64)]


class Window(NamedTuple):
    """Traffic of W workloads on T bins, and the terms on which groups are sized for it.

    Parameters
    ----------
    rate_rps : ndarray, shape (W, T)
    weights : ndarray, shape (T,)
        What each bin weighs; they sum to 1.
    arrivals : ndarray of records, shape (W,)
        Weighted sum of the rates, at least a little; mean over the whole window; squared variation of arrivals.
    autoscaler : ndarray of records, one for each of `AUTOSCALERS`
        With how many bins it lags and looks back, and what part of a bin passes before it has acted within that.
    before : History
        Of requests, where models may take turns in memory; else empty.
    bin_s, headroom, memory_share, miss_share : float
    least_replicas : int
    resident : bool
    """

    rate_rps: FloatArray
    weights: FloatArray
    arrivals: Records
    autoscaler: Records
    before: History
    bin_s: float
    headroom: float
    memory_share: float
    miss_share: float
    least_replicas: int
    resident: bool


def window(traffic: Traffic, rate_rps: FloatArray, weights: FloatArray, before: History, terms: Terms) -> Window:
    """Lay out the traffic of a window, sampled to some of its bins, and the terms for compiled code."""
    bin_s = traffic.window.bin_s
    arrivals = {
        "requests": np.maximum(rate_rps @ weights, 1e-300),
        "mean_rps": traffic.rate_rps.mean(axis=1),
        "scv": traffic.interarrival_variation**2,
    }
    autoscaler = {
        "to_zero": [one.scales_to_zero for one in AUTOSCALERS],
        "hold_s": [one.hold_s for one in AUTOSCALERS],
        "start_s": [one.start_s for one in AUTOSCALERS],
        "load_gib_per_s": [one.load_gib_per_s for one in AUTOSCALERS],
        "lag_bins": [0 if acts_within(one, bin_s) else math.ceil(one.scale_out_delay_s / bin_s) for one in AUTOSCALERS],
        "hold_bins": [1 + round(one.hold_s / bin_s) for one in AUTOSCALERS],
        "late_share": [late_share(one, bin_s) for one in AUTOSCALERS],
    }
    return Window(
        rate_rps=fixed(rate_rps),
        weights=fixed(weights),
        arrivals=records(_ARRIVALS, arrivals),
        autoscaler=records(_AUTOSCALER, autoscaler),
        before=before,
        bin_s=float(bin_s),
        headroom=float(terms.headroom),
        memory_share=float(terms.memory_share),
        miss_share=float(terms.miss_share),
        least_replicas=int(terms.least_replicas),
        resident=bool(terms.resident),
    )


class Demand(NamedTuple):
    """What M workloads ask for together; rows of classes and kinds that no usable machine has are left empty.

    A scaling signal is a load of the recent past, so one order of the loads serves all signals of a processor class:
    a signal is known by its *rank*, its place among the loads, highest first.

    Parameters
    ----------
    members : ndarray of int, shape (M,)
    load, levels : ndarray, shape (P, T), processors
        By bin; highest first.
    busiest : ndarray of int, shape (P, T)
        Bins in the order of `levels`.
    rank : ndarray of int, shape (J, T)
        Of the scaling signal, by bin.
    heavier, upward : ndarray, shape (J, T + 1)
        Weight of the bins of a rank below the column's number, and of the time they are up if they may be at zero.
    cold_requests : ndarray, shape (J, M)
        Requests of each member that meet no replica if the service scales to zero.
    patient : ndarray of bool, shape (J,)
        Whether every member bore those if the network took no time.
    share : ndarray, shape (M,)
        Of the group's requests.
    variability : float
        Mean of the squared variations of arrivals and service.
    least_always_up : int
        Fewest replicas where none can scale to zero.
    """

    members: NDArray[np.intp]
    load: FloatArray
    levels: FloatArray
    busiest: NDArray[np.intp]
    rank: NDArray[np.intp]
    heavier: FloatArray
    upward: FloatArray
    cold_requests: FloatArray
    patient: NDArray[np.bool_]
    share: FloatArray
    variability: float
    least_always_up: int


@compiled
def demand(offers: Offers, window: Window, members: NDArray[np.intp], usable: NDArray[np.bool_]) -> Demand:
    """Sum up a group's load for the machines that it may use.

    Parameters
    ----------
    offers : Offers
    window : Window
    members : ndarray of int, shape (M,)
    usable : ndarray of bool, shape (K,)

    Returns
    -------
    Demand
    """
    bins, kinds, classes = len(window.weights), len(offers.patience), offers.run.shape[1]
    load, levels = np.zeros((classes, bins)), np.zeros((classes, bins))
    busiest = np.zeros((classes, bins), dtype=np.intp)
    rank = np.zeros((kinds, bins), dtype=np.intp)
    heavier, upward = np.zeros((kinds, bins + 1)), np.zeros((kinds, bins + 1))
    cold_requests, patient = np.zeros((kinds, len(members))), np.zeros(kinds, dtype=np.bool_)
    summed, seen = np.zeros(classes, dtype=np.bool_), np.zeros(kinds, dtype=np.bool_)
    total = _summed(window.rate_rps, members, np.ones(len(members)))
    for k in range(len(usable)):
        machine = offers.machine[k]
        kind, processor = machine.kind, machine.processor
        if not usable[k] or seen[kind]:
            continue
        seen[kind] = True
        if not summed[processor]:
            summed[processor] = True
            work_s = np.empty(len(members))
            for i, m in enumerate(members):
                work_s[i] = offers.run[m, processor].work_s
            _put(load[processor], _summed(window.rate_rps, members, work_s))
            order = in_order(-load[processor])
            for r in range(bins):
                busiest[processor, r] = order[r]
                levels[processor, r] = load[processor, order[r]]
        autoscaler = window.autoscaler[machine.autoscaler]
        _put(rank[kind], signal_rank(busiest[processor], autoscaler.lag_bins, autoscaler.hold_bins))
        _put(heavier[kind], summed_by(rank[kind], window.weights))
        if machine.to_zero and window.least_replicas == 0:
            weight = np.empty(bins)
            idle = idle_share(total, autoscaler.hold_s, 0.0, window.bin_s)
            for t in range(bins):
                weight[t] = window.weights[t] * (1.0 - idle[t])
            _put(upward[kind], summed_by(rank[kind], weight))
            # All wait for the slowest model, which errs on the safe side.
            slowest_gib = 0.0
            for m in members:
                slowest_gib = max(slowest_gib, offers.workload[m].size_gib)
            start_s = autoscaler.start_s + slowest_gib / autoscaler.load_gib_per_s
            cold = idle_share(total, autoscaler.hold_s, start_s, window.bin_s)
            for t in range(bins):
                weight[t] = window.weights[t] * cold[t]
            _put(cold_requests[kind], _weighted(window.rate_rps, members, weight))
            patient[kind] = True
            for i, m in enumerate(members):
                bearable = window.miss_share * offers.workload[m].allowed_miss * window.arrivals[m].requests
                patient[kind] = patient[kind] and offers.patience[kind, m] * cold_requests[kind, i] <= bearable
    share, mean_rps, variability, always_up = np.empty(len(members)), 0.0, 0.0, 1
    for i, m in enumerate(members):
        share[i] = window.arrivals[m].mean_rps
        mean_rps += share[i]
        variability += share[i] * (window.arrivals[m].scv + offers.workload[m].service_scv) / 2.0
        always_up = 2 if offers.workload[m].two_zones else always_up
    mean_rps = max(mean_rps, 1e-12)
    for i in range(len(members)):
        share[i] /= mean_rps
    return Demand(
        members,
        load,
        levels,
        busiest,
        rank,
        heavier,
        upward,
        cold_requests,
        patient,
        share,
        variability / mean_rps,
        max(window.least_replicas, always_up),
    )


@compiled
def _put(row: NDArray[Number], values: NDArray[Number]) -> None:
    """Write a row; an assignment of arrays compiles its messages about shapes besides."""
    for i in range(len(row)):
        row[i] = values[i]


@compiled
def in_order(values: FloatArray) -> NDArray[np.intp]:
    """Indices that sort values, of equals the earlier first; compiled once for all that sort."""
    return np.argsort(values, kind="mergesort")


@compiled
def _summed(rate_rps: FloatArray, members: NDArray[np.intp], factors: FloatArray) -> FloatArray:
    """Sum of the members' rates times their factors, bin by bin."""
    total = np.zeros(rate_rps.shape[1])
    for i, m in enumerate(members):
        for t in range(len(total)):
            total[t] += factors[i] * rate_rps[m, t]
    return total


@compiled
def _weighted(rate_rps: FloatArray, members: NDArray[np.intp], weights: FloatArray) -> FloatArray:
    """Sum over the bins of each member's rates times their weights."""
    total = np.zeros(len(members))
    if weights.any():
        for i, m in enumerate(members):
            for t in range(len(weights)):
                total[i] += rate_rps[m, t] * weights[t]
    return total


@compiled
def signal_rank(busiest: NDArray[np.intp], lag: int, hold: int) -> NDArray[np.intp]:
    """Rank of the highest load among the `hold` bins that end `lag` bins ago; before the first bin it was as in it.

    The least of a sliding window by a queue of the bins that may yet be it, as `scaling.scaling_signal` finds it.
    """
    bins = len(busiest)
    place = np.empty(bins, dtype=np.intp)
    for r in range(bins):
        place[busiest[r]] = r
    rank = np.empty(bins, dtype=np.intp)
    queue = np.empty(bins, dtype=np.intp)
    head = tail = taken = 0
    for t in range(bins):
        last = max(t - lag, 0)
        while taken <= last:
            while tail > head and place[queue[tail - 1]] > place[taken]:
                tail -= 1
            queue[tail] = taken
            tail += 1
            taken += 1
        while queue[head] <= last - hold:
            head += 1
        rank[t] = place[queue[head]]
    return rank


@compiled
def summed_by(rank: NDArray[np.intp], weights: FloatArray) -> FloatArray:
    """Weight of all bins of a lower rank than the column's number, shape (T + 1,)."""
    summed = np.zeros(len(rank) + 1)
    for t in range(len(rank)):
        summed[rank[t] + 1] += weights[t]
    for r in range(len(rank)):
        summed[r + 1] += summed[r]
    return summed


@compiled
def mean_replicas(
    levels: FloatArray, heavier: FloatArray, upward: FloatArray, carried: float, fewest: float, most: float
) -> float:
    """Replicas that a policy runs on average.

    Parameters
    ----------
    levels : ndarray, shape (T,)
        Loads in processors, highest first.
    heavier, upward : ndarray, shape (T + 1,)
        Weight of the bins whose signal is among so many highest loads, and of the time they are up.
    carried : float
        Processors' worth of load for which one replica is run.
    fewest, most : float
        Replicas; fewest 0 scales to zero.
    """
    bins, rank, mean = len(levels), 0, 0.0
    always = max(fewest, 1.0)
    while rank < bins:
        wanted = math.ceil(levels[rank] / carried - WHOLE)
        if wanted <= always:
            break
        running = min(wanted, most)
        # All that run as many at once: there are far fewer such counts than bins.
        after = _first_at_most(levels, (max(running - 1.0, always) + WHOLE) * carried, rank + 1)
        mean += running * (heavier[after] - heavier[rank])
        rank = after
    if fewest == 0.0:
        return mean + upward[bins] - upward[rank]
    return mean + fewest * (heavier[bins] - heavier[rank])


@compiled
def _first_at_most(levels: FloatArray, bound: float, start: int) -> int:
    """First place from a start on at which falling levels are at most a bound, by doubled steps and halving."""
    bins, step, low = len(levels), 1, start
    while low + step < bins and levels[low + step] > bound:
        low += step
        step *= 2
    high = min(low + step, bins)
    while low < high:
        middle = (low + high) // 2
        if levels[middle] > bound:
            low = middle + 1
        else:
            high = middle
    return low
