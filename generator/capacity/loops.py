"""The loops over bins that sizing runs for every group it looks at, compiled."""

import math

import numpy as np
from numpy.typing import NDArray

from generator.capacity.queueing import STATIONARY_UTILIZATION
from generator.compiled import compiled
from generator.model import FloatArray

# A count this little above a whole number is that number: sums of rates end on it by rounding.
WHOLE = 1e-9
# Shares of late requests below this are none: a hundredth of a request in 10^10.
NEGLIGIBLE = 1e-12
# What one more step of a schedule must take off its mean: people read it, and chance alone finds many small ones.
LEAST_STEP = 0.02


@compiled
def mean_replicas(
    signal: FloatArray,
    up: FloatArray,
    weights: FloatArray,
    targets: FloatArray,
    minima: FloatArray,
    highest: FloatArray,
) -> FloatArray:
    """Replicas that policies run on average.

    Parameters
    ----------
    signal, weights : ndarray, shape (T,)
        Load the autoscaler acts on, in replicas; what each bin weighs.
    up : ndarray, shape (T,)
        Share of the bin that a service with a minimum of 0 is up.
    targets : ndarray, shape (P,)
    minima, highest : ndarray, shape (P, M)
        Fewest and most replicas of each policy.

    Returns
    -------
    ndarray, shape (P, M)
    """
    means = np.zeros(minima.shape)
    for p in range(minima.shape[0]):
        for t in range(len(signal)):
            wanted = math.ceil(signal[t] / targets[p] - WHOLE)
            for m in range(minima.shape[1]):
                if minima[p, m] == 0.0 and wanted <= 1.0:
                    running = up[t]
                else:
                    running = min(max(wanted, minima[p, m]), highest[p, m])
                means[p, m] += running * weights[t]
    return means


@compiled
def mean_above_floors(
    signal: FloatArray, weights: FloatArray, targets: FloatArray, floors: FloatArray, highest: FloatArray
) -> FloatArray:
    """Replicas that policies run on average whose fewest replicas change from bin to bin.

    Parameters
    ----------
    signal, weights : ndarray, shape (T,)
    targets : ndarray, shape (P,)
    floors : ndarray, shape (F, T)
    highest : ndarray, shape (P, F)
        Most replicas.

    Returns
    -------
    ndarray, shape (P, F)
    """
    means = np.zeros(highest.shape)
    for p in range(highest.shape[0]):
        for t in range(len(signal)):
            wanted = math.ceil(signal[t] / targets[p] - WHOLE)
            for f in range(highest.shape[1]):
                means[p, f] += min(max(wanted, floors[f, t]), highest[p, f]) * weights[t]
    return means


@compiled
def stepped(needed: FloatArray, most_steps: int, rotations: int) -> FloatArray:
    """Lowest levels in few steps that lie nowhere below what is needed.

    Parameters
    ----------
    needed : ndarray, shape (H,)
        The hours of a day, which follow one another round the clock.
    most_steps : int
        Stretches of one level each.
    rotations : int
        The first stretch may begin at any of so many first hours: 1 lets it begin at midnight only, H anywhere.

    Returns
    -------
    ndarray, shape (H,)

    Notes
    -----
    The least sum of levels by dynamic programming over where each stretch ends, for every hour the first may begin at;
    every step adds `LEAST_STEP` to it.
    """
    hours = len(needed)
    best, levels = np.inf, np.full(hours, needed.max())
    for first in range(rotations):
        # least[k, h]: lowest sum over the first h hours in k stretches; the last of them begins at `begins[k, h]`.
        least = np.full((most_steps + 1, hours + 1), np.inf)
        begins = np.zeros((most_steps + 1, hours + 1), dtype=np.int64)
        least[0, 0] = 0.0
        for k in range(1, most_steps + 1):
            for end in range(1, hours + 1):
                level = 0.0
                for begin in range(end - 1, -1, -1):
                    level = max(level, needed[(first + begin) % hours])
                    total = least[k - 1, begin] + level * (end - begin)
                    if total < least[k, end] - WHOLE:
                        least[k, end], begins[k, end] = total, begin
        priced = least[:, hours] * (1.0 + LEAST_STEP * np.arange(most_steps + 1))
        steps = int(np.argmin(priced))
        if priced[steps] < best - WHOLE:
            best = priced[steps]
            end = hours
            for k in range(steps, 0, -1):
                begin = begins[k, end]
                level = 0.0
                for hour in range(begin, end):
                    level = max(level, needed[(first + hour) % hours])
                for hour in range(begin, end):
                    levels[(first + hour) % hours] = level
                end = begin
    return levels


@compiled
def least_mean_replicas(
    signals: FloatArray,
    ups: FloatArray,
    weights: FloatArray,
    series: NDArray[np.intp],
    idle: NDArray[np.intp],
    carried: FloatArray,
    least: FloatArray,
) -> FloatArray:
    """Replicas the leanest policy of each of K machines runs on average.

    Parameters
    ----------
    signals, ups : ndarray, shape (S, T) and (U, T)
        Scaling signals in processors, and shares of time up.
    series, idle : ndarray of int, shape (K,)
        Rows of `signals` and of `ups`.
    carried : ndarray, shape (K,)
        Processors' worth of load at which the machine's autoscaler adds a replica.
    least : ndarray, shape (K,)
        Fewest replicas; 0 may scale to zero.
    """
    means = np.zeros(len(series))
    for k in range(len(series)):
        signal, up = signals[series[k]], ups[idle[k]]
        for t in range(len(weights)):
            wanted = math.ceil(signal[t] / carried[k] - WHOLE)
            if least[k] == 0.0:
                means[k] += weights[t] * (up[t] if wanted <= 1.0 else wanted)
            else:
                means[k] += weights[t] * max(wanted, least[k])
    return means


@compiled
def first_kept(
    policies: FloatArray,
    load: FloatArray,
    signal: FloatArray,
    busiest: NDArray[np.intp],
    weighted: FloatArray,
    bearable: FloatArray,
    starting: FloatArray,
    headroom: float,
    slots: float,
    service_s: float,
    variability: float,
    waits: FloatArray,
    late_share: float,
) -> int:
    """Row of the first policy under which every member keeps its objective, -1 where none does.

    The tail of the wait is that of `queueing.wait_tail`; a bin whose load outgrows its replicas is late as a whole,
    and one that outgrows the previous bin's replicas is for the `late_share` its autoscaler takes to follow.

    Parameters
    ----------
    policies : ndarray, shape (P, 3)
        Scaling target, fewest and most replicas; fewest 0 scales to zero.
    load, signal : ndarray, shape (T,)
        In replicas.
    busiest : ndarray of int, shape (T,)
        The bins, busiest first: what fails does so early.
    weighted : ndarray, shape (M, T)
        Requests of each member in each bin.
    bearable, starting : ndarray, shape (M,)
        Requests of each member that may wait too long, and that come too late by a cold start where there are any.
    waits : ndarray, shape (Q,)
        Waiting times in seconds that leave enough for service, at equally likely service times.
    """
    spare = np.empty(len(bearable))
    for p in range(len(policies)):
        target, fewest, most = policies[p]
        for m in range(len(spare)):
            spare[m] = bearable[m] - (starting[m] if fewest == 0.0 else 0.0)
        kept = spare.min() >= 0.0
        for t in busiest:
            if not kept:
                break
            late = _late(
                t,
                load,
                signal,
                target,
                max(fewest, 1.0),
                most,
                headroom,
                slots,
                service_s,
                variability,
                waits,
                late_share,
            )
            if late > 0.0:
                for m in range(len(spare)):
                    spare[m] -= weighted[m, t] * late
                    kept = kept and spare[m] >= 0.0
        if kept:
            return p
    return -1


@compiled
def _late(
    t: int,
    load: FloatArray,
    signal: FloatArray,
    target: float,
    fewest: float,
    most: float,
    headroom: float,
    slots: float,
    service_s: float,
    variability: float,
    waits: FloatArray,
    late_share: float,
) -> float:
    """Share of a bin's requests that wait too long."""
    replicas = min(max(math.ceil(signal[t] / target - WHOLE), fewest), most)
    busy = load[t] * headroom / replicas
    late = 0.0
    if busy >= 1.0:
        late = 1.0
    elif busy > 0.0:
        held = min(busy, STATIONARY_UTILIZATION)
        servers = replicas * slots
        decay = servers * (1.0 - held) / (max(service_s, 1e-9) * max(variability, 1e-3))
        for q in range(len(waits)):
            late += math.exp(-waits[q] * decay) / len(waits)
        late = late * held ** (math.sqrt(2.0 * (servers + 1.0)) - 1.0) if late > NEGLIGIBLE else 0.0
    if late_share > late and t > 0:
        before = min(max(math.ceil(signal[t - 1] / target - WHOLE), fewest), most)
        late = late_share if load[t] > before else late
    return late
